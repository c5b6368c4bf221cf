"""How fast CAT062 records are encoded, on one core, beside libasterix's encoder in the same run.

Ours: a table in memory to the octets of data blocks, in seconds of the core; what is checked (ranges, names)
is in it. The peer (libasterix, Python, BSD and MIT) makes and writes the same records from the same integers;
its octets are compared with ours, so that both do the same work. It is slow, so it gets some of the rows.

The second figure encodes what the Croatian capture holds (79 octets a record, 84 columns, repeated), the
third tracks as the tracker tells them: their columns made, too.
"""

import time
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.figure import figure
from benchmarks.run import shared_data

ROWS = 100_000
PEER_ROWS = 1_000
#: Runs, of which the fastest counts: others on the machine only ever slow it down.
RUNS = 9
EDITION = "1.18"
CAPTURE = "asterix/croatia.cat062-065.pcap"


def integers() -> dict[str, Any]:
    """What records say, as the integers of their items: one draw for both encoders."""
    rng = np.random.default_rng(62)

    def draw(low: int, high: int) -> Any:
        return rng.integers(low, high, ROWS)

    return {
        "number": np.arange(ROWS) % 65_536, "time": draw(0, 86_400 * 128), "lat": draw(-(2**24), 2**24),
        "lon": draw(-(2**25), 2**25), "vx": draw(-1000, 1000), "vy": draw(-1000, 1000),
        "code": draw(0, 4096), "address": draw(1, 2**24), "geometric": draw(0, 6000), "level": draw(0, 1600),
        "climb": draw(-300, 300), "x": draw(1, 4000), "y": draw(1, 4000), "component": draw(-500, 500),
    }  # fmt: skip


def table(drawn: dict[str, Any]) -> pa.Table:
    """The same as a table of records."""
    zero = np.zeros(ROWS, np.int64)
    callsign = pa.array([f"DLH{k % 10_000:04d}" for k in range(ROWS)])
    degrees = 180.0 / 2**25
    return pa.table(
        {
            "I010/SAC": zero + 25, "I010/SIC": zero + 200, "I015": zero + 1, "I070_s": drawn["time"] / 128,
            "I105/LAT_deg": drawn["lat"] * degrees, "I105/LON_deg": drawn["lon"] * degrees,
            "I185/VX_mps": drawn["vx"] / 4, "I185/VY_mps": drawn["vy"] / 4, "I060/MODE3A": drawn["code"],
            "I245/STI": zero, "I245/CHR": callsign, "I380/ADR": drawn["address"], "I380/ID": callsign,
            "I040": drawn["number"], "I080/MON": zero + 1, "I080/CNF": zero,
            "I130_ft": drawn["geometric"] * 6.25, "I135/QNH": zero, "I135/CTB_FL": drawn["level"] / 4,
            "I220_ftpmin": drawn["climb"] * 6.25, "I500/APC/X_m": drawn["x"] / 2,
            "I500/APC/Y_m": drawn["y"] / 2, "I500/COV_m": drawn["component"] / 2,
        }
    )  # fmt: skip


def best(work: Any, runs: int = RUNS) -> float:
    """Seconds of the core of the fastest run, after one that compiles."""
    work()
    fastest = float("inf")
    for _ in range(runs):
        began = time.process_time()
        work()
        fastest = min(fastest, time.process_time() - began)
    return fastest


def peer(drawn: dict[str, Any]) -> tuple[float, bytes]:
    """Records a second of libasterix, and their octets."""
    from asterix import generated

    record = generated.Cat_062_1_18.cv_record
    rows = [{name: int(values[k]) for name, values in drawn.items()} for k in range(PEER_ROWS)]
    letters = [_letters(f"DLH{k % 10_000:04d}") for k in range(PEER_ROWS)]

    def one(row: dict[str, int], callsign: int) -> bytes:
        made = record.create(
            {
                "010": (("SAC", 25), ("SIC", 200)), "015": 1, "070": row["time"],
                "105": (("LAT", row["lat"]), ("LON", row["lon"])),
                "185": (("VX", row["vx"]), ("VY", row["vy"])),
                "060": (("V", 0), ("G", 0), ("CH", 0), 0, ("MODE3A", row["code"])),
                "245": (("STI", 0), 0, ("CHR", callsign)),
                "380": {"ADR": row["address"], "ID": callsign}, "040": row["number"],
                "080": [(("MON", 1), ("SPI", 0), ("MRH", 0), ("SRC", 0), ("CNF", 0), None)],
                "130": row["geometric"], "135": (("QNH", 0), ("CTB", row["level"])), "220": row["climb"],
                "500": {"APC": (("X", row["x"]), ("Y", row["y"])), "COV": row["component"]},
            }
        )  # fmt: skip
        return made.unparse().to_bytes()

    began = time.process_time()
    octets = b"".join(one(row, callsign) for row, callsign in zip(rows, letters, strict=True))
    return PEER_ROWS / (time.process_time() - began), octets


def _letters(text: str) -> int:
    """Six-bit letters, blanks behind."""
    code = 0
    for letter in text.ljust(8):
        code = code << 6 | (ord(letter) & 0x3F)
    return code


def captured() -> float | None:
    """Records a second of what a real system sent; None without the recording."""
    from asman.apps.decode import decode
    from asman.wire.asterix.encode import encode

    data = shared_data()
    if data is None:
        return None
    decoded = decode(data / CAPTURE)
    some = decoded.tables["CAT062"]
    many = pa.concat_tables([some] * (ROWS // some.num_rows)).combine_chunks()
    edition = decoded.editions["CAT062"].edition
    return many.num_rows / best(lambda: encode(many, 62, edition))


def tracked() -> float:
    """Tracks a second from TRACKS to octets, their columns made on the way."""
    from asman.model.tracks import TRACKS
    from asman.wire.asterix.encode import encode
    from asman.wire.asterix.from_tracks import Source, cat062

    count, rng = 20_000, np.random.default_rng(7)
    columns: dict[str, Any] = {
        "time": np.full(count, 1_772_366_400_000_000_000), "track": np.arange(count),
        "lat_deg": rng.uniform(40, 45, count), "lon_deg": rng.uniform(70, 80, count),
        "altitude_m": rng.uniform(0, 12_000, count), "vn_mps": rng.normal(0, 150, count),
        "ve_mps": rng.normal(0, 150, count), "climb_mps": rng.normal(0, 3, count),
        "var_e_m2": rng.uniform(100, 9000, count), "var_n_m2": rng.uniform(100, 9000, count),
        "cov_en_m2": rng.normal(0, 40, count), "confirmed": np.ones(count, np.bool_),
        "mode_3a": rng.integers(0, 4096, count), "address": rng.integers(1, 1 << 24, count),
        "callsign": [f"DLH{k:05d}" for k in range(count)], "contributors": [["kant"]] * count,
    }  # fmt: skip
    arrays = [
        pa.array(columns[field.name]).cast(field.type)
        if field.name in columns
        else pa.nulls(count, field.type)
        for field in TRACKS
    ]
    tracks = pa.Table.from_arrays(arrays, schema=TRACKS)
    number = np.arange(count)
    return count / best(lambda: encode(cat062(tracks, Source(25, 200), number), 62, EDITION))


def run() -> list[dict[str, Any]]:
    """Measure the encoder beside its peer."""
    from asman.apps.warm import prepare

    prepare()
    from asman.wire.asterix.encode import encode

    drawn = integers()
    records = table(drawn)
    rate = ROWS / best(lambda: encode(records, 62, EDITION))
    theirs, octets = peer(drawn)
    ours = encode(records.slice(0, PEER_ROWS), 62, EDITION, max_block_octets=65_535).octets
    if ours[3:] != octets:
        raise AssertionError("the two encoders do not write the same octets")
    real = captured()
    figures = [
        figure(
            "CAT062 encode from a table",
            rate,
            "records/s/core",
            peer="libasterix",
            peer_value=theirs,
            floor=500_000.0,
            target=1_000_000.0,
        ),
        figure("CAT062 encode, octets", rate * len(octets) / PEER_ROWS / 1e6, "MB/s/core"),
        figure("CAT062 encode from Tracks, columns made", tracked(), "tracks/s/core"),
    ]
    if real is not None:
        floor, target = 500_000.0, 1_000_000.0
        figures.append(
            figure(
                "CAT062 encode, records of a real capture", real, "records/s/core", floor=floor, target=target
            )
        )
    return figures
