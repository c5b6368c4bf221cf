"""What was encoded is decoded to what was meant, and decoded messages encode to the same octets."""

import math

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.modes.reader import FOOT, FPM, KNOT
from tests.wire.modes.test_pymodes import REPLIES, SQUITTERS, registers, table

from asman.kernels import comm_b_encode
from asman.wire.modes import encode_replies, encode_squitters
from asman.wire.modes.columns import BESIDE, REAL, WHOLE
from asman.wire.modes.decode import decode

#: Columns of a decoded squitter that its encoder knows.
KNOWN = ("kind", "callsign", "category_set", *(column.name for column in (*REAL, *WHOLE)))
#: Columns of ours -> names of pyModeS.
SAME = {"callsign": "callsign", "emergency": "emergency_state", "version": "version", "nacp": "nac_p"}
SAME |= {"sil": "sil", "category": "category"}


def lines(octets: np.ndarray, length: int = 14) -> bytes:
    return b"".join(b"*%s;\n" % one.tobytes()[:length].hex().encode() for one in octets)


def read(octets: np.ndarray, name: str = "ADSB") -> list[dict]:
    decoded = decode(lines(octets), "avr", near_deg=(0.0, 0.0))
    assert decoded.rejected.num_rows == 0
    return decoded.tables[name].to_pylist()


def test_golden_squitters_read_as_they_were_meant_and_as_pymodes_reads_them():
    rows = read(encode_squitters(table(SQUITTERS)))
    for case, row in zip(SQUITTERS, rows, strict=True):
        said, them = case["said"], case["pymodes"]
        assert row["kind"] == said["kind"] and row["address"] == said["address"]
        assert row["type_code"] == them["typecode"] and row["df"] == them["df"]
        assert f"{row['address']:06X}" == them["icao"]
        for ours, theirs, unit in (
            ("pressure_altitude_m", "altitude", FOOT),
            ("climb_mps", "vertical_rate", FPM),
        ):
            if row.get(ours) is not None:
                assert math.isclose(row[ours], them[theirs] * unit, abs_tol=1e-6)
        for ours, theirs in SAME.items():
            if row.get(ours) is not None:
                assert row[ours] == them[theirs], (ours, case)
        if row["kind"] in ("position", "surface"):
            assert (row["cpr_lat"], row["cpr_lon"]) == (them["cpr_lat"], them["cpr_lon"])
        if row["kind"] == "emergency":
            assert f"{row['mode_3a']:04o}" == them["squawk"]


def test_golden_registers_are_known_again():
    octets = encode_replies(table(REPLIES), registers(REPLIES))
    rows = read(octets, "COMM_B")
    known = 0
    for case, row in zip(REPLIES, rows, strict=True):
        assert row["address"] == case["said"]["address"] and row["mb"] == bytes.fromhex(case["octets"])[4:11]
        if row["register"] is None:
            continue  # random values of several fields fit no flight
        known += row.get("register") == f"{case['register'][0]},{case['register'][1]}"
        assert 0.5 <= row["register_probability"] <= 1.0
    assert known >= 0.65 * len(REPLIES)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(("velocity", "identification", "emergency", "status", "surface")),
    st.integers(0, 2**32 - 1),
)
def test_decoded_squitters_encode_to_the_same_octets(kind: str, seed: int):
    chance = np.random.default_rng(seed)
    row = {
        "kind": kind, "address": int(chance.integers(1, 1 << 24)),
        "vn_mps": chance.uniform(-700, 700) if kind == "velocity" else chance.uniform(0, 60),
        "ve_mps": chance.uniform(-700, 700) if kind == "velocity" else 0.0,
        "climb_mps": chance.uniform(-80, 80), "climb_geometric": bool(chance.random() < 0.5),
        "callsign": "".join(chance.choice(list("ABCXYZ0189"), chance.integers(1, 9))),
        "category": int(chance.integers(0, 8)), "category_set": str(chance.choice(list("ABCD"))),
        "mode_3a": int(chance.integers(0, 4096)), "emergency": int(chance.integers(0, 8)),
        "nacp": int(chance.integers(0, 12)), "nacv": int(chance.integers(0, 5)),
        "sil": int(chance.integers(0, 4)),
        "sda": int(chance.integers(0, 4)), "gva": int(chance.integers(0, 3)),
        "nic_baro": bool(chance.random() < 0.5), "tcas": bool(chance.random() < 0.5),
        "on_ground": bool(kind == "surface" or (kind == "status" and chance.random() < 0.4)),
        "lat_deg": chance.uniform(-80, 80), "lon_deg": chance.uniform(-179, 179),
        "odd": bool(chance.random() < 0.5),
        "nic": int(chance.choice((8, 10, 11))),
    }  # fmt: skip
    octets = encode_squitters(pa.Table.from_pylist([row]))
    found = read(octets)[0]
    again = {name: value for name, value in found.items() if name in KNOWN and value is not None}
    if kind == "surface":
        # A single message has no place of its own yet, and a speed is told with its direction.
        speed, track = found["ground_speed_mps"], math.radians(found.get("track_deg") or 0.0)
        again |= {"vn_mps": speed * math.cos(track), "ve_mps": speed * math.sin(track)}
        again |= {"lat_deg": row["lat_deg"], "lon_deg": row["lon_deg"], "nic": row["nic"]}
    if kind == "velocity":
        again["ifr"] = found["ifr"]
    if kind == "status":
        again["nic"] = row["nic"]
    assert encode_squitters(pa.Table.from_pylist([again]))[0].tobytes().hex() == octets[0].tobytes().hex()


@settings(max_examples=150, deadline=None)
@given(st.floats(-1200, 126_700), st.integers(0, 0o7777), st.integers(0, 3), st.booleans())
def test_replies_give_altitude_code_and_status_back(altitude_ft, code, alert, ground):
    rows = {
        "kind": ["altitude", "identity"], "address": [9, 9], "pressure_altitude_m": [altitude_ft * FOOT] * 2,
        "mode_3a": [code] * 2, "surveillance_status": [alert] * 2, "on_ground": [ground] * 2,
    }  # fmt: skip
    octets = encode_replies(pa.table(rows))
    found = decode(lines(octets, 7), "avr").tables["MODES"].to_pylist()
    assert abs(found[0]["pressure_altitude_m"] / FOOT - altitude_ft) <= 50.0
    assert found[1]["mode_3a"] == code
    if alert != 3:
        assert found[0]["on_ground"] is ground and found[0]["alert"] is (alert > 0)
    else:
        assert found[0]["spi"] is True and found[0].get("on_ground") is None


def shares(found: list[dict], register: str) -> tuple[float, float]:
    """Shares of replies that were taken for a register, and for another one."""
    right = sum(row["register"] == register for row in found)
    wrong = sum(row["register"] not in (register, None) for row in found)
    return right / len(found), wrong / len(found)


def test_track_and_turn_of_flights_is_known_for_what_it_is():
    """Nothing in the bits says so, and the reply is of identity: not even an altitude helps."""
    chance, count = np.random.default_rng(5), 1000
    roll, track, speed = (
        chance.uniform(-28, 28, count),
        chance.uniform(0, 359.9, count),
        chance.uniform(110, 260, count),
    )
    true = speed + chance.normal(0, 15, count)
    rate = np.degrees(9.80665 * np.tan(np.radians(roll)) / true)
    register = comm_b_encode.register_50(roll, track, speed, rate, true)
    rows = {"kind": ["identity"] * count, "address": [9] * count, "mode_3a": [0o1000] * count}
    found = read(encode_replies(pa.table(rows), register), "COMM_B")
    right, wrong = shares(found, "5,0")
    assert right >= 0.97 and wrong <= 0.01
    for k, row in enumerate(found):
        if row["register"] == "5,0":
            assert abs(row["roll_deg"] - roll[k]) <= 0.09 and abs(row["turn_degps"] - rate[k]) <= 0.016
            assert abs((row["track_deg"] - track[k] + 180) % 360 - 180) <= 0.09
            assert abs(row["ground_speed_mps"] - speed[k]) <= KNOT + 1e-6
            assert abs(row["true_airspeed_mps"] - true[k]) <= KNOT + 1e-6


def test_heading_and_speed_of_flights_is_known_for_what_it_is():
    chance, count = np.random.default_rng(6), 1000
    heading, altitude_m = chance.uniform(0, 359.9, count), chance.uniform(2000, 11_000, count)
    mach, climb = chance.uniform(0.4, 0.84, count), chance.uniform(-15, 15, count)
    pressure = (1 - 2.25577e-5 * altitude_m) ** 5.25588
    impact = pressure * ((1 + 0.2 * mach**2) ** 3.5 - 1)
    airspeed = 661.47 * KNOT * np.sqrt(5 * ((impact + 1) ** (2 / 7) - 1))
    register = comm_b_encode.register_60(heading, airspeed, mach, climb, climb + chance.normal(0, 0.5, count))
    rows = {"kind": ["altitude"] * count, "address": [9] * count, "pressure_altitude_m": altitude_m}
    found = read(encode_replies(pa.table(rows), register), "COMM_B")
    right, wrong = shares(found, "6,0")
    assert right >= 0.97 and wrong <= 0.01
    for k, row in enumerate(found):
        if row["register"] == "6,0":
            assert (
                abs(row["mach"] - mach[k]) <= 0.003
                and abs(row["indicated_airspeed_mps"] - airspeed[k]) <= KNOT
            )
            assert abs(row["climb_baro_mps"] - climb[k]) <= 17 * FPM


def test_random_bits_are_hardly_ever_taken_for_a_register():
    chance = np.random.default_rng(3)
    count = 20_000
    rows = pa.table(
        {"kind": ["altitude"] * count, "address": [9] * count, "pressure_altitude_m": [9000.0] * count}
    )
    octets = encode_replies(rows, chance.integers(0, 256, (count, 7)).astype(np.uint8))
    found = decode(lines(octets), "avr").tables["COMM_B"]
    sure = found.filter(found["register"].is_valid())
    assert sure.num_rows < 0.02 * count


def test_the_columns_of_decoding_are_those_of_encoding():
    """So that a decoded table can be sent on; what has another name there is named here."""
    squitters = decode(lines(encode_squitters(table(SQUITTERS))), "avr").tables["ADSB"]
    other = {"lat_deg", "lon_deg", "geometric_altitude_m", "track_deg", "interrogator", "nic"}
    assert {name for name in KNOWN if name not in squitters.column_names} <= other | set(BESIDE) | {
        "control_field"
    }
