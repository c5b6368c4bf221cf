"""Who is near whom, against looking at everybody."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.kernels.gating import file_numbers, file_points, near, table_size
from asman.kernels.geodesy import lla_to_ecef


def filed(place):
    head, link = np.empty(table_size(len(place)), np.int64), np.empty(len(place), np.int64)
    file_points(place, len(place), head, link)
    return head, link


@given(st.integers(0, 2**32 - 1), st.floats(100.0, 30_000.0))
@settings(max_examples=40, deadline=None)
def test_the_near_are_exactly_those_within_reach(seed, reach):
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(-1.5, 1.5), rng.uniform(-np.pi, np.pi)
    place = np.array(lla_to_ecef(lat, lon, 0.0)) + rng.uniform(-40_000, 40_000, (300, 3))
    place[rng.random(300) < 0.05] = np.nan
    head, link = filed(place)
    found = np.empty(300, np.int64)
    centre = np.array(lla_to_ecef(lat, lon, 0.0))
    count = near(*centre, reach, place, head, link, found)
    want = np.flatnonzero(np.linalg.norm(place - centre, axis=1) <= reach)
    assert sorted(found[:count]) == list(want)


@pytest.mark.parametrize(("lat", "lon"), [(90.0, 0.0), (-90.0, 10.0), (10.0, 180.0), (0.0, 0.0)])
def test_poles_and_the_date_line_are_places_like_any_other(lat, lon):
    here = np.array(lla_to_ecef(np.radians(lat), np.radians(lon), 0.0))
    there = np.array(lla_to_ecef(np.radians(lat - np.sign(lat) * 0.01), np.radians(lon + 0.01), 0.0))
    head, link = filed(there[None, :])
    found = np.empty(4, np.int64)
    assert near(*here, 5_000.0, there[None, :], head, link, found) == 1


def test_too_little_room_says_how_much_is_needed():
    place = np.tile(np.array(lla_to_ecef(0.7, 1.3, 0.0)), (50, 1))
    head, link = filed(place)
    assert near(*place[0], 10.0, place, head, link, np.empty(8, np.int64)) == 50


def test_rows_of_one_address_are_chained_and_rows_without_one_are_not():
    address = np.array([7, -1, 7, 9, -1])
    head, link = np.empty(64, np.int64), np.empty(5, np.int64)
    file_numbers(address, 5, head, link)
    met = []
    for first in head[head >= 0]:
        k = first
        while k >= 0:
            met.append(int(k))
            k = link[k]
    assert sorted(met) == [0, 2, 3]
