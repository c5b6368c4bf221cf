"""pyModeS, an independent decoder, reads what we encode as what we meant (golden/make_modes_pymodes.py).

Where pyModeS reads differently from the standard, it is said beside the test.
"""

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.wire.modes import reader
from tests.wire.modes.reader import FOOT, FPM, KNOT

from asman.kernels import comm_b_encode
from asman.wire.modes import encode_replies, encode_squitters
from asman.wire.modes.columns import letters

GOLDEN = json.loads((Path(__file__).parents[2] / "golden/modes_pymodes.json").read_text())["cases"]
SQUITTERS = [case for case in GOLDEN if "register" not in case]
REPLIES = [case for case in GOLDEN if "register" in case]
MAKE = "make modes_pymodes.json again: its script's head says how"


def of(kind: str) -> list[tuple[dict, dict]]:
    """What was said and what pyModeS read, of squitters of a kind."""
    return [(case["said"], case["pymodes"]) for case in SQUITTERS if case["said"]["kind"] == kind]


def table(cases: list[dict]) -> pa.Table:
    names = sorted({name for case in cases for name in case["said"]})
    return pa.table({name: [case["said"].get(name) for case in cases] for name in names})


def registers(cases: list[dict]) -> np.ndarray:
    held = np.zeros((len(cases), 7), np.uint8)
    for i, case in enumerate(cases):
        name, values = case["register"], case["holds"]
        columns = (
            [letters(pa.chunked_array([values]), "callsign")]
            if name == "20"
            else [np.array([value], float) for value in values]
        )
        held[i] = getattr(comm_b_encode, f"register_{name}")(*columns)[0]
    return held


def test_our_octets_are_still_those_that_pymodes_read():
    found = [octets.tobytes().hex() for octets in encode_squitters(table(SQUITTERS))]
    assert found == [case["octets"] for case in SQUITTERS], MAKE
    found = [octets.tobytes().hex() for octets in encode_replies(table(REPLIES), registers(REPLIES))]
    assert found == [case["octets"] for case in REPLIES], MAKE


def test_parity_and_address():
    for case in SQUITTERS:
        assert case["pymodes"]["crc_valid"] and int(case["pymodes"]["icao"], 16) == case["said"]["address"]
    for case in REPLIES:
        assert int(case["pymodes"]["icao"], 16) == case["said"]["address"]


def altitude_is_right(said_m: float, read_ft: float) -> bool:
    feet = said_m / FOOT
    return abs(read_ft - feet) <= (12.5 if -1012.5 <= feet < 50_187.5 else 50) + 1e-6


def test_positions():
    for said, read in of("position"):
        at = read["latitude"], read["longitude"]
        assert reader.distance_m(at, (said["lat_deg"], said["lon_deg"])) <= (
            5.1 if abs(said["lat_deg"]) < 84.8 else 9.8
        )
        assert read["cpr_format"] == said["odd"]
        if "pressure_altitude_m" in said:
            assert altitude_is_right(said["pressure_altitude_m"], read["altitude"])
        else:  # pyModeS reads the field of types 20 to 22 as metres, not as the code in feet
            assert read["typecode"] in (20, 21, 22)


def test_positions_on_the_ground():
    for said, read in of("surface"):
        at = read["latitude"], read["longitude"]
        assert reader.distance_m(at, (said["lat_deg"], said["lon_deg"])) <= 2.5
        speed_kt = math.hypot(said["vn_mps"], said["ve_mps"]) / KNOT
        # pyModeS gives the lower bound of a step; below 1 kt by the table of ADS-B versions 0 and 1.
        step = 0.15 if speed_kt <= 1 else 0.25 if speed_kt <= 2 else 0.5 if speed_kt <= 15 else 1
        step = step if speed_kt <= 70 else 2 if speed_kt <= 100 else 5
        assert -0.15 <= speed_kt - read["groundspeed"] <= step
        if speed_kt > 0:
            track_deg = math.degrees(math.atan2(said["ve_mps"], said["vn_mps"]))
            assert abs((read["track"] - track_deg + 180) % 360 - 180) <= 180 / 128 + 1e-9


def test_velocities():
    for said, read in of("velocity"):
        step = 4 if max(abs(said["vn_mps"]), abs(said["ve_mps"])) >= 1021.5 * KNOT else 1
        speed_kt = math.hypot(said["vn_mps"], said["ve_mps"]) / KNOT
        # pyModeS cuts the speed to whole knots.
        assert abs(read["groundspeed"] - speed_kt) <= step * math.sqrt(0.5) + 1
        track_deg = math.degrees(math.atan2(said["ve_mps"], said["vn_mps"]))
        allowed_deg = math.degrees(step * math.sqrt(0.5) / max(speed_kt, 1))
        assert abs((read["track"] - track_deg + 180) % 360 - 180) <= allowed_deg
        assert abs(read["vertical_rate"] - said["climb_mps"] / FPM) <= 32
        assert read["vr_source"] == ("GNSS" if said["climb_geometric"] else "BARO")
        assert read["nac_v"] == said["nacv"]
        if "geometric_altitude_m" in said:
            above_ft = (said["geometric_altitude_m"] - said["pressure_altitude_m"]) / FOOT
            assert abs(read["geo_minus_baro"] - above_ft) <= 12.5 + 1e-6


def test_identifications():
    for said, read in of("identification"):
        assert read["callsign"] == said["callsign"] and read["category"] == said["category"]
        assert read["typecode"] == 4 - "ABCD".index(said["category_set"])


def test_emergencies():
    for said, read in of("emergency"):
        state = {0o7500: 5, 0o7600: 4, 0o7700: 1}.get(said["mode_3a"], 0)
        told = said["emergency"]
        assert read["emergency_state"] == (state if told is None else told)
        assert int(read["squawk"], 8) == said["mode_3a"]


def test_statuses():
    for said, read in of("status"):
        assert (read["version"], read["nac_p"], read["sil"]) == (2, said["nacp"], said["sil"])
        assert read["subtype"] == said["on_ground"]
        assert read["operational_mode"] >> 8 & 3 == said["sda"]
        if not said["on_ground"]:
            assert read["nic_supplement_a"] == (said["nic"] in (9, 3))
            assert read["nic_baro"] == said["nic_baro"]
            assert read["capability_class"] >> 13 & 1 == said["tcas"]


def test_replies():
    for case in REPLIES:
        said, read = case["said"], case["pymodes"]
        if said["kind"] == "altitude":
            assert read["df"] == 20 and altitude_is_right(said["pressure_altitude_m"], read["altitude"])
        else:
            assert read["df"] == 21 and int(read["squawk"], 8) == said["mode_3a"]


#: Register -> of each value in order: name in pyModeS, its unit in ours, step in that unit.
FIELDS = {
    "40": [
        ("selected_altitude_mcp", FOOT, 16),
        ("selected_altitude_fms", FOOT, 16),
        ("baro_pressure_setting", 100, 0.1),
    ],
    "50": [
        ("roll", 1, 45 / 256),
        ("true_track", 1, 90 / 512),
        ("groundspeed", KNOT, 2),
        ("track_rate", 1, 8 / 256),
        ("true_airspeed", KNOT, 2),
    ],
    "60": [
        ("magnetic_heading", 1, 90 / 512),
        ("indicated_airspeed", KNOT, 1),
        ("mach", 1, 0.004),
        ("baro_vertical_rate", FPM, 32),
        ("inertial_vertical_rate", FPM, 32),
    ],
}


@pytest.mark.parametrize("register", FIELDS)
def test_registers(register: str):
    read_so = 0
    for case in (case for case in REPLIES if case["register"] == register):
        read = case["pymodes"]
        if read.get("bds") != f"{register[0]},{register[1]}":
            continue  # nothing in a reply names its register: pyModeS guesses, and random values may fit none
        read_so += 1
        for value, (name, unit, step) in zip(case["holds"], FIELDS[register], strict=True):
            if value is None:
                assert name not in read
            elif name in ("true_track", "magnetic_heading"):
                assert abs((read[name] - value + 180) % 360 - 180) <= step / 2 + 1e-9
            else:
                assert abs(read[name] - value / unit) <= step / 2 + 1e-6
    assert read_so >= 8


def test_callsigns_in_registers():
    for case in (case for case in REPLIES if case["register"] == "20"):
        assert case["pymodes"]["callsign"] == case["holds"][0]
