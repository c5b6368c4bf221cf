"""How fast CAT048 and CAT062 are decoded to scaled Arrow tables, on one core, beside `asterix_decoder`.

The recording of CAT048 is an hour of the Barcelona radar (44,085 records, most with BDS registers). Of CAT062
no long one is public: the blocks of all samples, one behind the other, many times. What is timed, in
seconds of the core: octets in memory to finished columns, with finding frames, choosing the edition and
naming columns. The peer (0.7.11, GPL, C++ with a Python face) is timed in its own environment on the first
part of the same octets: records to its list of dicts.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.peers import python_of
from benchmarks.run import shared_data

RECORDING = "asterix/barcelona-radar-2023-05-02.cat048.ast"
#: Samples of CAT062, and how often they are repeated.
SAMPLES_062 = ("asterix4py--cat062.ast", "asterixsharp--cat062-all-1.bin", "asterixsharp--cat062-all-2.bin",
               "jasterix--cat062ed1.16.bin", "asterixsharp--cat062.bin")  # fmt: skip
REPEATED_062 = 2000
PEER = "asterix_decoder==0.7.11"
#: Runs, of which the fastest counts: others on the machine only ever slow it down.
RUNS = 25
#: Octets of the recording that the slow peer is given.
PEER_OCTETS = 300_000
#: What a decode may hold at its peak: so many times the file, and so many MB for the program itself.
MEMORY_TIMES, MEMORY_MB = 15, 300

PEER_SCRIPT = """
import json, sys, time
import asterix
octets = open(sys.argv[1], "rb").read()
best, count = 1e9, 0
for _ in range(2):
    began = time.process_time()
    records = asterix.parse(octets)
    best, count = min(best, time.process_time() - began), len(records)
print(json.dumps({"records": count, "seconds": best}))
"""

#: On Linux `ru_maxrss` is no less than what the process that started this one had resident: VmHWM is its own.
MEMORY_SCRIPT = """
import resource, sys
import asman
asman.decode(sys.argv[1])
status = open("/proc/self/status").read() if sys.platform == "linux" else ""
own = status.partition("VmHWM:")[2].split()
print(own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def ours(octets: bytes, runs: int = RUNS) -> tuple[int, float]:
    """Records, and seconds of the fastest run, after one that compiles."""
    from asman.wire.asterix import decode
    from asman.wire.framing import find

    found = decode(octets, find(octets).frames)
    best = float("inf")
    for _ in range(runs):
        began = time.process_time()
        decode(octets, find(octets).frames)
        best = min(best, time.process_time() - began)
    return found.records, best


def theirs(octets: bytes) -> float | None:
    """Records a second of the peer; None when it cannot be had."""
    python = python_of("asterix_decoder", PEER)
    if python is None:
        return None
    with tempfile.NamedTemporaryFile(suffix=".ast") as file:
        file.write(_whole_blocks(octets, PEER_OCTETS))
        file.flush()
        ran = subprocess.run(
            [python, "-c", PEER_SCRIPT, file.name], capture_output=True, text=True, check=False
        )
    if ran.returncode:
        print(f"asterix_decoder failed: {ran.stderr.strip()[-300:]}")
        return None
    said = json.loads(ran.stdout)
    return said["records"] / said["seconds"]


def _whole_blocks(octets: bytes, most: int) -> bytes:
    at = 0
    while at + 3 <= len(octets):
        size = int.from_bytes(octets[at + 1 : at + 3], "big")
        if at + size > most:
            break
        at += size
    return octets[:at]


def peak_mb(path: Path) -> float:
    """Peak memory of a process that decodes the recording and does nothing else."""
    ran = subprocess.run(
        [sys.executable, "-c", MEMORY_SCRIPT, str(path)], capture_output=True, text=True, check=True
    )
    unit = 1024 if sys.platform != "darwin" else 1
    return int(ran.stdout) * unit / 1e6


def run() -> list[dict[str, Any]]:
    """Measure the decoder, its peer and its memory."""
    data = shared_data()
    if data is None:
        print("decode: no real recordings beside the project, left out")
        return []
    path = data / RECORDING
    octets = path.read_bytes()
    records, seconds = ours(octets)
    peer = theirs(octets)
    tracks = b"".join((data / "asterix/samples" / name).read_bytes() for name in SAMPLES_062) * REPEATED_062
    tracks_read, tracks_seconds = ours(tracks)
    tracks_peer = theirs(tracks)
    peak_mb(path)  # compiles where this process had its own cache
    bound = MEMORY_TIMES * len(octets) / 1e6 + MEMORY_MB
    return [
        figure(
            "CAT048 decode to scaled Arrow",
            records / seconds,
            "records/s/core",
            peer="asterix_decoder 0.7.11",
            peer_value=peer,
            floor=2_500_000.0,
            target=3_500_000.0,
        ),
        figure(
            "CAT062 decode to scaled Arrow",
            tracks_read / tracks_seconds,
            "records/s/core",
            peer="asterix_decoder 0.7.11",
            peer_value=tracks_peer,
            floor=1_500_000.0,
            target=2_000_000.0,
        ),
        figure("CAT062 decode to scaled Arrow, octets", len(tracks) / tracks_seconds / 1e6, "MB/s/core"),
        figure("CAT048 decode to scaled Arrow", len(octets) / seconds / 1e6, "MB/s/core"),
        figure("CAT048 decode, peak memory of the process", peak_mb(path), "MB", floor=bound),
    ]
