"""How fast Mode S messages become Arrow tables, on one core, beside pyModeS and rs1090 in the same run.

The messages are real: 2,000 extended squitters of one aircraft, 10,000 replies with a register over the
Netherlands, and a minute of everything that one aircraft sent (1,004). Ours are in a Beast stream, repeated,
and what is timed is octets in memory to finished tables: frames, parity, positions, registers. The peers are
given the same messages, once, as they want them (hexadecimal text with times), each in its own environment
and in its fastest way; what counts is the faster of the two. pyModeS is GPL-3, rs1090 MIT; neither is ever
imported by Asman.
"""

import csv
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figure import figure
from benchmarks.peers import python_of
from benchmarks.run import shared_data

PEERS = {"pymodes": "pyModeS==3.6.1", "rs1090": "rs1090==0.7.0"}
FILES = (("sample_data_adsb.csv", 1), ("sample_data_commb_df20.csv", 2), ("sample_data_commb_df21.csv", 2))
BEAST = "beast-one-aircraft-2018-04-03.beast"
#: Our stream: so many times the messages.
TIMES = 40
RUNS = 7
FLOOR, TARGET, FLOOR_RATIO = 2_000_000.0, 5_000_000.0, 15.0

PEER_SCRIPT = """
import json, sys, time
name, path = sys.argv[1:]
rows = [line.split() for line in open(path)]
messages, times = [row[0] for row in rows], [float(row[1]) for row in rows]
def pymodes_one():
    for one in messages:
        try:
            pyModeS.decode(one)
        except Exception:
            pass
def pymodes_pipe():
    pipe = pyModeS.PipeDecoder()
    for one, at in zip(messages, times):
        try:
            pipe.decode(one, timestamp=at)
        except Exception:
            pass
def rs1090_batch():
    rs1090.decode(messages, times, batch=1000)
if name == "pymodes":
    import pyModeS
    ways = [pymodes_one, pymodes_pipe]
else:
    import rs1090
    ways = [rs1090_batch]
best = 0.0
for way in ways:
    for _ in range(3):
        began = time.process_time()
        way()
        best = max(best, len(messages) / (time.process_time() - began))
print(json.dumps(best))
"""


def messages(data: Path) -> list[tuple[bytes, float]]:
    """Every message once, with its time in seconds."""
    from asman.wire.modes.decode import decode

    found: list[tuple[bytes, float]] = []
    for name, column in FILES:
        with (data / "modes" / name).open(encoding="utf-8-sig") as file:
            found += [(bytes.fromhex(row[column]), float(row[0])) for row in csv.reader(file)]
    octets = (data / "modes" / BEAST).read_bytes()
    decoded = decode(octets, "beast")
    for table in decoded.tables.values():
        for begin, size, clock_ns in zip(
            *(table[name].to_pylist() for name in ("offset", "length", "clock_ns")), strict=True
        ):
            plain = octets[begin + 2 : begin + size].replace(b"\x1a\x1a", b"\x1a")
            found.append((plain[7:], clock_ns / 1e9))
    return found


def stream(found: list[tuple[bytes, float]]) -> bytes:
    """The messages as a Beast stream, TIMES over, each round a while after the one before."""
    from asman.wire.modes import beast_frames

    rows = np.array([list(octets.ljust(14, b"\0")) for octets, _ in found], np.uint8)
    lengths = np.array([len(octets) for octets, _ in found], np.int64)
    times = np.array([second for _, second in found])
    ticks = ((times - times.min()) % 3600.0 * 12e6).astype(np.int64)
    one = (rows, lengths, ticks, np.full(len(found), 90))
    return b"".join(
        beast_frames(one[0], one[1], one[2] + turn * 3600 * 12_000_000, one[3]) for turn in range(TIMES)
    )


def ours(octets: bytes) -> float:
    """Messages a second, of the fastest run after one that compiles."""
    from asman.wire.modes.decode import decode

    best = 0.0
    for _ in range(RUNS):
        began = time.process_time()
        decoded = decode(octets, "beast")
        best = max(best, decoded.records / (time.process_time() - began))
    return best


def theirs(name: str, found: list[tuple[bytes, float]]) -> float | None:
    """Messages a second of a peer; None when it cannot be had."""
    python = python_of(name, PEERS[name])
    if python is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{octets.hex()} {second}\n" for octets, second in found)
        file.flush()
        ran = subprocess.run(
            [python, "-c", PEER_SCRIPT, name, file.name], capture_output=True, text=True, check=False
        )
    if ran.returncode:
        print(f"{name} failed: {ran.stderr.strip()[-300:]}")
        return None
    return float(json.loads(ran.stdout))


def run() -> list[dict[str, Any]]:
    """Measure the decoder and its peers."""
    data = shared_data()
    if data is None:
        print("modes: no real recordings beside the project, left out")
        return []
    found = messages(data)
    octets = stream(found)
    value = ours(octets)
    rates = {name: rate for name in PEERS if (rate := theirs(name, found)) is not None}
    figures = [
        figure(
            f"Mode S decode to Arrow, beside {PEERS[name]}", value, "messages/s/core", peer=PEERS[name],
            peer_value=rate, floor=max(FLOOR, FLOOR_RATIO * rate), target=TARGET,
        )
        for name, rate in rates.items()
    ]  # fmt: skip
    if not figures:
        figures = [figure("Mode S decode to Arrow", value, "messages/s/core", floor=FLOOR, target=TARGET)]
    return figures
