"""Tables to Mode S messages."""

import math
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.modes import reader
from tests.wire.modes.reader import FOOT, FPM, KNOT, bits, me

from asman.errors import InputError
from asman.kernels import modes_encode
from asman.wire.modes import encode_replies, encode_squitters
from asman.wire.modes.encode import REPLIES, SQUITTERS


def squitter(**columns) -> bytes:
    return encode_squitters(pa.table({name: [value] for name, value in columns.items()}))[0].tobytes()


def reply(**columns) -> bytes:
    return encode_replies(pa.table({name: [value] for name, value in columns.items()}))[0].tobytes()


# --- messages of the literature ("The 1090 Megahertz Riddle", 2nd edition) ---


def test_an_identification():
    said = squitter(kind="identification", address=0x4840D6, callsign="KLM1023")
    assert said.hex().upper() == "8D4840D6202CC371C32CE0576098"


def test_two_positions_one_of_each_format():
    both = pa.table(
        {
            "kind": ["position", "position"],
            "address": [0x40621D, 0x40621D],
            "odd": [False, True],
            "lat_deg": [52.2572021484375, 52.26578017412606],
            "lon_deg": [3.91937255859375, 3.938912527901786],
            "pressure_altitude_m": [38_000 * FOOT] * 2,
            "nic": [8, 8],
        }
    )
    even, odd = encode_squitters(both)
    assert even.tobytes().hex().upper() == "8D40621D58C382D690C8AC2863A7"
    assert odd.tobytes().hex().upper() == "8D40621D58C386435CC412692AD6"


def test_a_velocity():
    said = squitter(
        kind="velocity",
        address=0x485020,
        ve_mps=-8 * KNOT,
        vn_mps=-159 * KNOT,
        climb_mps=-832 * FPM,
        climb_geometric=True,
        pressure_altitude_m=1000.0,
        geometric_altitude_m=1000.0 + 550 * FOOT,
        ifr=True,
    )
    assert said.hex().upper() == "8D485020994409940838175B284F"


def test_a_position_on_the_ground():
    said = squitter(
        kind="surface",
        address=0x484175,
        odd=True,
        lat_deg=52.320607072,
        lon_deg=4.734735,
        vn_mps=0.0,
        ve_mps=16.5 * KNOT,
        track_deg=98.4375,
        nic=8,
    )
    assert said.hex().upper() == "8C4841753A8A35323FAEBDAC702D"


# --- what a reader finds ---


@settings(max_examples=200, deadline=None)
@given(st.floats(-1200, 126_700))
def test_altitude_is_right_within_half_a_step(altitude_ft: float):
    said = squitter(
        kind="position", address=1, lat_deg=0.0, lon_deg=0.0, pressure_altitude_m=altitude_ft * FOOT
    )
    found = reader.altitude_12_ft(me(said, 9, 20))
    assert found is not None
    assert abs(found - altitude_ft) <= (12.5 if -1012 <= altitude_ft <= 50_187 else 50.0) + 1e-6
    answer = reply(kind="altitude", address=1, pressure_altitude_m=altitude_ft * FOOT)
    assert reader.altitude_ft(bits(answer[:7], 20, 32)) == found


@pytest.mark.parametrize("altitude_m", [None, math.nan, -400.0, 39_000.0, math.inf, -math.inf])
def test_an_altitude_that_no_code_can_say_is_no_information(altitude_m):
    said = squitter(kind="position", address=1, lat_deg=0.0, lon_deg=0.0, pressure_altitude_m=altitude_m)
    assert me(said, 9, 20) == 0


def test_every_hundred_feet_above_the_fine_codes_has_a_code_of_its_own():
    feet = np.arange(50_200, 126_701, 100)
    table = pa.table(
        {"kind": ["altitude"] * feet.size, "address": [1] * feet.size, "pressure_altitude_m": feet * FOOT}
    )
    codes = [bits(one.tobytes()[:7], 20, 32) for one in encode_replies(table)]
    assert [reader.altitude_ft(code) for code in codes] == feet.tolist()
    steps = [bin(a ^ b).count("1") for a, b in pairwise(codes)]
    assert set(steps) == {1}, "neighbours differ in one bit: that is what the code is for"


SPEEDS = st.floats(-2100, 2100)


@settings(max_examples=200, deadline=None)
@given(SPEEDS, SPEEDS, st.floats(-160, 160), st.floats(-900, 900))
def test_velocity_is_right_within_half_a_step(east: float, north: float, climb: float, above: float):
    said = squitter(
        kind="velocity",
        address=1,
        ve_mps=east,
        vn_mps=north,
        climb_mps=climb,
        pressure_altitude_m=5000.0,
        geometric_altitude_m=5000.0 + above,
        nacv=3,
    )
    fast = max(abs(east), abs(north)) >= 1021.5 * KNOT
    step = 4 if fast else 1
    assert me(said, 1, 5) == 19 and me(said, 6, 8) == (2 if fast else 1) and me(said, 11, 13) == 3
    for first, value in ((14, east), (25, north)):
        found = reader.signed(me(said, first + 1, first + 10), me(said, first, first) == 1, step)
        assert found is not None and abs(found - value / KNOT) <= step / 2 + 1e-9
    found = reader.signed(me(said, 38, 46), me(said, 37, 37) == 1, 64)
    assert found is not None and abs(found - climb / FPM) <= 32 + 1e-9
    assert me(said, 36, 36) == 1
    found = reader.signed(me(said, 50, 56), me(said, 49, 49) == 1, 25)
    assert found is not None and abs(found - above / FOOT) <= 12.5 + 1e-6


def test_a_velocity_beyond_all_codes_says_more_than_that():
    said = squitter(kind="velocity", address=1, ve_mps=9000.0, vn_mps=0.0, climb_mps=-900.0)
    assert (me(said, 6, 8), me(said, 14, 24), me(said, 25, 35)) == (2, 1023, 1)
    assert me(said, 37, 46) == 512 | 511


def test_a_velocity_without_information_says_so():
    said = squitter(kind="velocity", address=1, ve_mps=100.0)
    assert me(said, 14, 35) == 0 and me(said, 37, 46) == 0 and me(said, 49, 56) == 0


#: DO-260B: NIC -> type code, supplements A and B in the air; type code, supplements A and C on the ground.
NIC = {
    11: ((9, 0, 0), (5, 0, 0)),
    10: ((10, 0, 0), (6, 0, 0)),
    9: ((11, 1, 1), (7, 1, 0)),
    8: ((11, 0, 0), (7, 0, 0)),
    7: ((12, 0, 0), (8, 1, 1)),
    6: ((13, 0, 0), (8, 0, 1)),
    5: ((14, 0, 0), (8, 0, 0)),
    4: ((15, 0, 0), (8, 0, 0)),
    3: ((16, 1, 1), (8, 0, 0)),
    2: ((16, 0, 0), (8, 0, 0)),
    1: ((17, 0, 0), (8, 0, 0)),
    0: ((18, 0, 0), (8, 0, 0)),
    None: ((18, 0, 0), (8, 0, 0)),
}


@pytest.mark.parametrize("nic", NIC)
def test_integrity_chooses_type_code_and_supplements(nic):
    at = {"address": 1, "lat_deg": 40.0, "lon_deg": 70.0, "nic": nic}
    air, ground = NIC[nic]
    said, status = squitter(kind="position", **at), squitter(kind="status", address=1, nic=nic)
    assert (me(said, 1, 5), me(status, 44, 44), me(said, 8, 8)) == air
    said = squitter(kind="surface", **at)
    status = squitter(kind="status", address=1, nic=nic, on_ground=True)
    assert (me(said, 1, 5), me(status, 44, 44), me(status, 20, 20)) == ground


def test_a_position_with_geometric_altitude_alone_is_of_a_type_that_says_so():
    at = {
        "kind": "position",
        "address": 1,
        "lat_deg": 40.0,
        "lon_deg": 70.0,
        "geometric_altitude_m": 3000 * FOOT,
    }
    for nic, code in ((11, 20), (10, 21), (9, 22), (None, 22)):
        said = squitter(nic=nic, **at)
        assert me(said, 1, 5) == code and reader.altitude_12_ft(me(said, 9, 20)) == 3000


def test_a_position_that_is_not_known_leaves_the_altitude():
    said = squitter(
        kind="position", address=1, lat_deg=None, lon_deg=4.0, pressure_altitude_m=3000 * FOOT, odd=True
    )
    assert me(said, 1, 5) == 0 and me(said, 22, 56) == 0
    assert reader.altitude_12_ft(me(said, 9, 20)) == 3000
    assert me(squitter(kind="surface", address=1), 1, 56) == 0


#: Upper end of each step of movement, kt (DO-260B 2.2.3.2.4.2), and the code of what is just above it.
MOVEMENT = [
    (0.0, 1), (0.125, 2), (1.0, 8), (2.0, 12), (15.0, 38), (70.0, 93), (100.0, 108), (175.0, 123), (1e6, 124),
]  # fmt: skip


@pytest.mark.parametrize(("speed_kt", "code"), MOVEMENT)
def test_movement_on_the_ground_by_the_table(speed_kt: float, code: int):
    at = {"kind": "surface", "address": 1, "lat_deg": 40.0, "lon_deg": 70.0, "vn_mps": 0.0}
    assert me(squitter(ve_mps=speed_kt * KNOT, **at), 6, 12) == code
    assert me(squitter(ve_mps=(speed_kt + 1e-6) * KNOT, **at), 6, 12) == min(code + 1, 124)


def test_track_on_the_ground_follows_the_velocity_unless_told():
    at = {"kind": "surface", "address": 1, "lat_deg": 40.0, "lon_deg": 70.0}
    assert me(squitter(vn_mps=0.0, ve_mps=-9.0, **at), 13, 20) == 128 | 96
    assert me(squitter(vn_mps=0.0, ve_mps=-9.0, track_deg=359.9, **at), 13, 20) == 128
    assert me(squitter(vn_mps=0.0, ve_mps=0.0, **at), 13, 20) == 0
    assert me(squitter(track_deg=-90.0, **at), 13, 20) == 128 | 96


def test_a_status_has_each_value_at_its_place():
    said = squitter(
        kind="status",
        address=1,
        nic=9,
        nacp=10,
        sil=3,
        gva=2,
        sda=2,
        nic_baro=True,
        tcas=True,
        on_ground=False,
    )
    assert (me(said, 1, 5), me(said, 6, 8), me(said, 11, 11), me(said, 31, 32)) == (31, 0, 1, 2)
    assert (me(said, 41, 43), me(said, 44, 44), me(said, 45, 48), me(said, 49, 50)) == (2, 1, 10, 2)
    assert (me(said, 51, 52), me(said, 53, 53), me(said, 54, 56)) == (3, 1, 0)
    said = squitter(kind="status", address=1, nic=7, nacp=10, sil=3, nacv=2, sda=2, gva=2, on_ground=True)
    assert (me(said, 6, 8), me(said, 17, 19), me(said, 20, 20), me(said, 31, 32)) == (1, 2, 1, 2)
    assert (me(said, 44, 44), me(said, 45, 48), me(said, 49, 50), me(said, 51, 52)) == (1, 10, 0, 3)


@pytest.mark.parametrize(("code", "state"), [(0o7500, 5), (0o7600, 4), (0o7700, 1), (0o1234, 0)])
def test_an_emergency_follows_from_the_code_unless_told(code: int, state: int):
    said = squitter(kind="emergency", address=1, mode_3a=code)
    assert (me(said, 1, 5), me(said, 6, 8), me(said, 9, 11)) == (28, 1, state)
    assert reader.squawk(me(said, 12, 24)) == code
    assert me(squitter(kind="emergency", address=1, mode_3a=code, emergency=6), 9, 11) == 6
    position = {"kind": "position", "address": 1, "mode_3a": code}
    assert me(squitter(**position), 6, 7) == (state > 0)
    assert me(squitter(surveillance_status=3, **position), 6, 7) == 3


@given(st.integers(0, 4095))
def test_every_code_is_found_again(code: int):
    assert reader.squawk(bits(reply(kind="identity", address=1, mode_3a=code)[:7], 20, 32)) == code


def test_sets_of_categories_are_types():
    for name, code in zip("ABCD", (4, 3, 2, 1), strict=True):
        said = squitter(kind="identification", address=1, category_set=name, category=5, callsign="A 1")
        assert (me(said, 1, 5), me(said, 6, 8)) == (code, 5)
        assert reader.callsign(me(said, 9, 56)) == "A 1     "
    assert me(squitter(kind="identification", address=1), 9, 56) == 0


def test_an_all_call_reply_carries_the_interrogators_code():
    said = squitter(kind="all_call", address=0x4840D6)
    assert said[:4].hex() == "5d4840d6" and reader.remainder(said[:7]) == 0 and said[7:] == bytes(7)
    assert reader.remainder(squitter(kind="all_call", address=0x4840D6, interrogator=16 + 5)[:7]) == 21
    assert squitter(kind="all_call", address=1, on_ground=True)[0] == 0x5C


def test_devices_that_are_no_transponders_speak_another_format():
    assert squitter(kind="status", address=1, control_field=2)[0] == 18 << 3 | 2
    assert squitter(kind="surface", address=1)[0] == 0x8C
    assert squitter(kind="surface", address=1, on_ground=False)[0] == 0x8D


def test_replies_carry_the_address_in_their_parity():
    register = np.arange(7, dtype=np.uint8).reshape(1, 7)
    table = pa.table({"kind": ["identity"], "address": [0xABCDEF], "mode_3a": [0o7700]})
    long = encode_replies(table, register)[0].tobytes()
    assert (bits(long, 1, 5), bits(long, 6, 8), long[4:11]) == (21, 2, bytes(range(7)))
    assert reader.remainder(long) == 0xABCDEF
    short = encode_replies(table)[0].tobytes()
    assert bits(short[:7], 1, 5) == 5 and reader.remainder(short[:7]) == 0xABCDEF and short[7:] == bytes(7)
    assert bits(reply(kind="altitude", address=1, on_ground=True)[:7], 1, 8) == 4 << 3 | 1
    assert bits(reply(kind="altitude", address=1, surveillance_status=3)[:7], 6, 8) == 5


# --- any table ---


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(SQUITTERS),
            "address": st.integers(0, 0xFFFFFF),
            "control_field": st.sampled_from((None, 0, 1, 2, 5, 6)),
        },
        optional={
            "odd": st.booleans(),
            "lat_deg": st.floats(-90, 90),
            "lon_deg": st.floats(-180, 180),
            "pressure_altitude_m": st.floats(),
            "geometric_altitude_m": st.floats(),
            "vn_mps": st.floats(),
            "ve_mps": st.floats(),
            "climb_mps": st.floats(),
            "track_deg": st.floats(-360, 360),
            "callsign": st.text("ABZ019 ", max_size=8),
            "nic": st.integers(0, 11),
            "mode_3a": st.integers(0, 4095),
            "on_ground": st.booleans(),
        },
    )
)
def test_every_squitter_has_remainder_nothing_and_its_address(columns: dict):
    said = squitter(**columns)
    said = said[:7] if columns["kind"] == "all_call" else said
    assert reader.remainder(said) == 0
    assert int.from_bytes(said[1:4]) == columns["address"]


def test_registers_must_be_one_a_row():
    table = pa.table({"kind": ["identity"], "address": [1]})
    with pytest.raises(InputError, match="registers"):
        encode_replies(table, np.zeros((2, 7), np.uint8))


def test_the_kernels_codes_are_the_places_of_the_words():
    for place, word in enumerate(SQUITTERS):
        assert getattr(modes_encode, word.upper()) == place
    for place, word in enumerate(REPLIES):
        assert getattr(modes_encode, f"{word.upper()}_REPLY") == place
