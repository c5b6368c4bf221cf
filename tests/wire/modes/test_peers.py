"""The same messages read by us, by pyModeS and by rs1090: what they all say agrees.

The peers are asked in environments of their own (benchmarks/.peers, made by `python -m benchmarks.run
modes`); where there is none the tests skip. Where a peer reads otherwise than the standard, it is said beside
the comparison.
"""

import csv
import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from tests.wire.modes.test_beast import read as read_frames

from asman.wire.modes.decode import decode

PEERS = Path(__file__).resolve().parents[3] / "benchmarks" / ".peers"
FT, KT, FPM = 0.3048, 1852 / 3600, 0.3048 / 60

ASK = {
    "pymodes": """
import json, sys, pyModeS
for line in sys.stdin:
    try:
        found = {k: v for k, v in pyModeS.decode(line.strip(), include_meteo=True).items() if v is not None}
    except Exception as error:
        found = {"error": repr(error)}
    print(json.dumps(found))
""",
    "rs1090": """
import json, sys, rs1090
for line in sys.stdin:
    try:
        found = rs1090.decode(line.strip())
    except BaseException as error:
        found = {"error": repr(error)}
    print(json.dumps(found))
""",
}


def ask(name: str, messages: list[bytes]) -> list[dict]:
    """What a peer reads in each message; skips without its environment."""
    python = PEERS / name / "bin" / "python"
    if not python.is_file():
        pytest.skip(f"no {name} in {PEERS}: `.venv/bin/python -m benchmarks.run modes` makes its environment")
    text = "\n".join(octets.hex().upper() for octets in messages)
    ran = subprocess.run([python, "-c", ASK[name]], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def ours(messages: list[bytes]) -> list[dict]:
    """What we read, in the same order; damaged messages are {}."""
    lines = [b"*%s;\n" % octets.hex().encode() for octets in messages]
    decoded = decode(b"".join(lines), "avr")
    by_offset = {row["offset"]: row for table in decoded.tables.values() for row in table.to_pylist()}
    at, found = 0, []
    for line in lines:
        found.append(by_offset.get(at, {}))
        at += len(line)
    return found


def recorded(shared_data: Path) -> list[bytes]:
    found = [
        octets
        for octets, _, _ in read_frames(
            (shared_data / "modes/beast-one-aircraft-2018-04-03.beast").read_bytes()
        )
    ]
    for name, column in (
        ("sample_data_adsb.csv", 1),
        ("sample_data_commb_df20.csv", 2),
        ("sample_data_commb_df21.csv", 2),
    ):
        with (shared_data / "modes" / name).open(encoding="utf-8-sig") as file:
            found += [bytes.fromhex(row[column]) for row in csv.reader(file)]
    return found


def near(a: float | None, b: float | None, within: float) -> bool:
    return (a is None and b is None) or (a is not None and b is not None and abs(a - b) <= within)


def test_pymodes_reads_the_same(shared_data: Path):
    messages = recorded(shared_data)
    counts: Counter[str] = Counter()
    for octets, us, them in zip(messages, ours(messages), ask("pymodes", messages), strict=True):
        assert us and "error" not in them, (octets.hex(), them)
        assert f"{us['address']:06X}" == them["icao"], octets.hex()
        assert us["df"] == them["df"]
        counts["all"] += 1
        if "squawk" in them:
            assert f"{us['mode_3a']:04o}" == them["squawk"], octets.hex()
            counts["squawk"] += 1
        if us["df"] in (0, 4, 16, 20) and them.get("altitude") is not None:
            assert near(us["pressure_altitude_m"], them["altitude"] * FT, 0.01), octets.hex()
            counts["altitude"] += 1
        if us["df"] == 17:
            counts[us["kind"]] += 1
            _same_squitter(octets, us, them)
    assert counts["all"] > 12_000 and counts["position"] > 900 and counts["velocity"] > 900, counts
    assert counts["squawk"] > 4000 and counts["altitude"] > 5000, counts


def _same_squitter(octets: bytes, us: dict, them: dict) -> None:
    assert us["type_code"] == them["typecode"]
    if us["kind"] == "position":
        assert near(us["pressure_altitude_m"], them["altitude"] * FT, 0.01), octets.hex()
        assert (us["odd"], us["cpr_lat"], us["cpr_lon"]) == (
            them["cpr_format"] == 1,
            them["cpr_lat"],
            them["cpr_lon"],
        )
    elif us["kind"] == "velocity":
        speed_kt = (us["vn_mps"] ** 2 + us["ve_mps"] ** 2) ** 0.5 / KT
        assert abs(speed_kt - them["groundspeed"]) <= 1.0, octets.hex()  # pyModeS cuts to whole knots
        assert (
            near(us["climb_mps"], them.get("vertical_rate") and them["vertical_rate"] * FPM, 0.001)
            or them.get("vertical_rate") == 0
        )
        assert us["climb_geometric"] == (them["vr_source"] == "GNSS")
    elif us["kind"] == "identification":
        assert (us["callsign"] or "") == them["callsign"].strip("_ "), octets.hex()
    elif us["kind"] == "emergency":
        assert (us["emergency"], f"{us['mode_3a']:04o}") == (them["emergency_state"], them["squawk"])
    elif us["kind"] == "status":
        assert (us["version"], us["nacp"], us["sil"]) == (them["version"], them["nac_p"], them["sil"])


def test_registers_are_those_that_pymodes_infers(shared_data: Path):
    """Nothing names a register: where both are sure they agree, and where one is silent it is counted."""
    messages = [octets for octets in recorded(shared_data) if octets[0] >> 3 in (20, 21)]
    agree = Counter()
    for _octets, us, them in zip(messages, ours(messages), ask("pymodes", messages), strict=True):
        said = them.get("bds")
        ours_is = us.get("register")
        alone = "we alone" if said is None else "they alone" if ours_is is None else f"{ours_is} not {said}"
        agree["both" if ours_is == said else alone] += 1
    told = sum(count for name, count in agree.items() if name != "we alone")
    assert agree["both"] >= 0.98 * told, agree


def test_rs1090_reads_the_same(shared_data: Path):
    messages = recorded(shared_data)
    counts: Counter[str] = Counter()
    for octets, us, them in zip(messages, ours(messages), ask("rs1090", messages), strict=True):
        if not them or "error" in them:
            counts["not read by rs1090"] += 1
            continue
        assert f"{us['address']:06x}" == them["icao24"], octets.hex()
        assert str(us["df"]) == them["df"]
        counts["all"] += 1
        if "squawk" in them:
            assert f"{us['mode_3a']:04o}" == them["squawk"], octets.hex()
        if us["df"] in (0, 4, 16, 20) and them.get("altitude") is not None:
            assert near(us["pressure_altitude_m"], them["altitude"] * FT, 0.01), octets.hex()
            counts["altitude"] += 1
        if us["df"] == 17 and us["kind"] == "position" and "lat_cpr" in them:
            assert (us["cpr_lat"], us["cpr_lon"], us["odd"]) == (
                them["lat_cpr"],
                them["lon_cpr"],
                them["parity"] == "odd",
            )
            counts["position"] += 1
        if us["df"] == 17 and us["kind"] == "velocity" and "groundspeed" in them:
            speed_kt = (us["vn_mps"] ** 2 + us["ve_mps"] ** 2) ** 0.5 / KT
            assert abs(speed_kt - them["groundspeed"]) <= 0.01, octets.hex()
            # rs1090 names the vertical rate's source the wrong way round (bit 36: 1 is barometric).
            if them.get("vertical_rate"):
                assert near(us["climb_mps"], them["vertical_rate"] * FPM, 0.001)
            counts["velocity"] += 1
    assert counts["all"] > 12_000 and counts["position"] > 900 and counts["velocity"] > 900, counts
