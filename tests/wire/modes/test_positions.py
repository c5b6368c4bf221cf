"""Positions of squitters: what is encoded is found again, and what is not reasonable is not believed."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.modes import reader
from tests.wire.modes.reader import KNOT
from tests.wire.modes.test_decode import frames

from asman.kernels.cpr import BITS, BITS_SURFACE, encode_positions
from asman.kernels.cpr_read import read_near, read_pairs
from asman.wire.modes import encode_squitters
from asman.wire.modes.decode import decode

LAT, LON = st.floats(-89.9, 89.9), st.floats(-180.0, 179.999)


def codes(lat: float, lon: float, bits: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(
        encode_positions(np.array([lat]), np.array([lon]), np.array([odd]), bits) for odd in (False, True)
    )


def step_m(lat: float, surface: bool) -> float:
    """Half a step in both directions, where zones are widest."""
    return (2.4 if surface else 9.8) if abs(lat) > 84.8 else (1.6 if surface else 5.2)


@settings(max_examples=400, deadline=None)
@given(LAT, LON, st.booleans())
def test_a_pair_gives_the_place_back(lat: float, lon: float, last_odd: bool):
    even, odd = codes(lat, lon, BITS)
    found = read_pairs(even, odd, np.array([last_odd]), np.full((1, 2), np.nan))[0]
    oracle = reader.global_position(int(even[0]), int(odd[0]), last_odd)
    if np.isnan(found[0]):
        # Both messages lie at a zone's edge: the standard has no solution there, nor has the oracle.
        assert oracle is None
        return
    assert reader.distance_m(tuple(found), (lat, lon)) <= step_m(lat, surface=False)
    assert oracle is not None and reader.distance_m(tuple(found), oracle) < 0.001


@settings(max_examples=400, deadline=None)
@given(LAT, LON, st.booleans(), st.floats(-0.7, 0.7), st.floats(-0.7, 0.7))
def test_a_pair_on_the_ground_gives_the_place_back(lat, lon, last_odd, north, east):
    near = (min(max(lat + north, -89.9), 89.9), (lon + east + 180) % 360 - 180)
    even, odd = codes(lat, lon, BITS_SURFACE)
    found = read_pairs(even, odd, np.array([last_odd]), np.array([near]))[0]
    if abs(lat) < 80 and not np.isnan(found[0]):
        assert reader.distance_m(tuple(found), (lat, lon)) <= step_m(lat, surface=True)
        oracle = reader.surface_position(int(even[0]), int(odd[0]), last_odd, near)
        assert oracle is not None and reader.distance_m(tuple(found), oracle) < 0.001


@settings(max_examples=400, deadline=None)
@given(LAT, LON, st.booleans(), st.booleans(), st.floats(0, 360), st.floats(0, 1))
def test_one_message_and_a_place_nearby_give_the_place_back(lat, lon, odd, surface, bearing, share):
    """A place up to 170 NM away (40 NM on the ground); near the poles a degree of longitude is short."""
    reach_deg = (40 if surface else 170) / 60 * share
    near_lat = lat + reach_deg * math.cos(math.radians(bearing))
    near_lon = lon + reach_deg * math.sin(math.radians(bearing))
    if abs(near_lat) > 89.0:
        return
    code = codes(lat, lon, BITS_SURFACE if surface else BITS)[int(odd)]
    found = read_near(code, np.array([odd]), np.array([surface]), np.array([[near_lat, near_lon]]))[0]
    # What the receiver sees may be another zone of longitude only where the near place is in none of its own.
    if abs(lat) < 60:
        assert reader.distance_m(tuple(found), (lat, lon)) <= step_m(lat, surface)


def sent(rows: list[dict], seconds: list[float], **options) -> list[dict]:
    """Messages of one aircraft at some seconds, decoded."""
    rows = [{"kind": "position", "address": 5, "nic": 8} | row for row in rows]
    names = sorted({name for row in rows for name in row})
    octets = encode_squitters(pa.table({name: [row.get(name) for row in rows] for name in names}))
    decoded = decode(
        frames([one.tobytes() for one in octets], [1.0 + s for s in seconds]), "beast", **options
    )
    return decoded.tables["ADSB"].to_pylist()


def at(lat: float, lon: float, odd: bool, **more) -> dict:
    return {"lat_deg": lat, "lon_deg": lon, "odd": odd, **more}


@pytest.mark.parametrize(("gap_s", "found"), [(9.9, True), (10.1, False)])
def test_a_pair_in_the_air_is_at_most_ten_seconds_apart(gap_s: float, found: bool):
    rows = sent([at(48, 11, False), at(48, 11, True)], [0.0, gap_s])
    assert (rows[1].get("lat_deg") is not None) is found


@pytest.mark.parametrize(
    ("gap_s", "speed_kt", "found"), [(24, 60, True), (26, 60, False), (49, 10, True), (51, 10, False)]
)
def test_a_pair_on_the_ground_may_be_older_where_it_is_slow(gap_s, speed_kt, found):
    ground = {"kind": "surface", "vn_mps": speed_kt * KNOT, "ve_mps": 0.0}
    rows = sent([at(48, 11, False, **ground), at(48, 11, True, **ground)], [0, gap_s], near_deg=(48.3, 11.2))
    assert (rows[1].get("lat_deg") is not None) is found


def test_a_leap_is_not_believed_until_the_aircraft_is_found_again_there():
    track = [at(48 + 0.001 * k, 11, k % 2 == 1) for k in range(8)]
    leap = [at(48.5 + 0.001 * k, 11, k % 2 == 1) for k in range(8)]
    rows = sent(track + leap, [0.5 * k for k in range(16)])
    found = [row.get("position") for row in rows]
    assert found[1] == "global" and found[2:8] == ["local"] * 6
    assert found[8:11] == ["refused: too far from the last"] * 3
    assert found[11] == "global" and set(found[12:]) == {"local"}
    assert all(abs(row["lat_deg"] - 48.5) < 0.02 for row in rows[11:])


def test_two_aircraft_of_one_address_are_never_confirmed_where_neither_is():
    """Pairs may be made of both, and give a place where nobody is: a second pair never confirms it."""
    here, there = ((48.0, 11.0), (48.9, 14.0))
    rows, _k = [], 0
    for odd in (False, True, True, False) * 8:
        rows += [at(*here, odd), at(*there, not odd)]
    found = sent(rows, [0.37 * k for k in range(len(rows))])
    for row in found:
        if row.get("position_confirmed"):
            place = (row["lat_deg"], row["lon_deg"])
            assert min(reader.distance_m(place, here), reader.distance_m(place, there)) < 10
    assert any(row.get("position") == "refused: too far from the last" for row in found)


def test_a_position_is_confirmed_by_a_second_pair_and_no_sooner():
    rows = sent([at(48 + 0.001 * k, 11, k % 2 == 1) for k in range(6)], [0.5 * k for k in range(6)])
    assert [row.get("position_confirmed") for row in rows] == [None, False, False, True, True, True]


def test_what_no_receiver_could_hear_is_refused_where_it_is_known_to_stand():
    rows = sent([at(48, 11, False), at(48, 11, True)], [0, 0.5], near_deg=(-33.9, 151.2))
    assert rows[1]["position"] == "refused: beyond any receiver's range"


def test_a_position_that_two_receivers_heard_counts_once():
    rows = sent([at(48, 11, False), at(48, 11, True), at(48, 11, True)], [0, 0.5, 0.51])
    assert [row.get("position") for row in rows] == [None, "global", "sent twice"]


def test_landing_and_taking_off_keep_the_place():
    ground = {"kind": "surface", "vn_mps": 30.0, "ve_mps": 0.0}
    rows = sent(
        [at(48, 11, False), at(48, 11, True), at(48.001, 11, False, **ground), at(48.002, 11, True, **ground),
         at(48.003, 11, False)],
        [0, 0.5, 1.0, 1.5, 2.0],
    )  # fmt: skip
    assert [row.get("position") for row in rows] == [None, "global", "local", "local", "local"]
    assert [row["on_ground"] for row in rows] == [False, False, True, True, False]


@settings(max_examples=60, deadline=None)
@given(st.floats(-84, 84), LON, st.floats(0, 360), st.floats(0, 330), st.integers(0, 2**31))
def test_a_flight_is_followed_wherever_and_however_fast(lat, lon, course, speed_mps, seed):
    """Twenty seconds in a straight line, twice a second, with losses: every position is right or is none."""
    chance = np.random.default_rng(seed)
    north, east = math.cos(math.radians(course)) * speed_mps, math.sin(math.radians(course)) * speed_mps
    seconds = [0.5 * k for k in range(40) if chance.random() > 0.3]
    truth = [
        (lat + north * s / 111_195, lon + east * s / 111_195 / math.cos(math.radians(lat))) for s in seconds
    ]
    truth = [(a, (b + 180) % 360 - 180) for a, b in truth]
    rows = sent([at(a, b, int(2 * s) % 2 == 1) for (a, b), s in zip(truth, seconds, strict=True)], seconds)
    for row, place in zip(rows, truth, strict=True):
        if row.get("lat_deg") is not None:
            assert reader.distance_m((row["lat_deg"], row["lon_deg"]), place) <= 10.0
