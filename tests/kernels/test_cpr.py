"""Compact positions: what a receiver computes from them, by the published formulae, is where it is."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.wire.modes import reader

from asman.kernels.cpr import BITS, BITS_SURFACE, encode_positions

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)
#: Latitudes at which zones of longitude change, and the edges of zones of latitude.
EDGES = [10.47047130, 44.19454951, 59.95459277, 86.53536998, 87.0, 6.0, 360 / 59, 84.0, 89.99999]


def pair(lat_deg: float, lon_deg: float, bits: int) -> tuple[int, int]:
    even, odd = encode_positions(
        np.array([lat_deg] * 2), np.array([lon_deg] * 2), np.array([False, True]), bits
    ).tolist()
    return even, odd


def test_the_position_of_the_textbook():
    even, odd = pair(52.2572021484375, 3.91937255859375, BITS)
    assert (even >> 17, even & 0x1FFFF) == (93000, 51372)
    assert odd == pair(52.2572021484375 + 1e-9, 3.91937255859375, BITS)[1]


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("lon_deg", [-180.0, -0.00001, 0.0, 76.5, 179.99999, 180.0])
def test_at_edges_of_zones_every_position_is_found_again(edge: float, lon_deg: float):
    for lat_deg in (edge + step for step in (-3e-4, -4e-5, 0.0, 4e-5, 3e-4)):
        for side in (lat_deg, -lat_deg):
            if abs(side) <= 90:
                check_in_the_air(side, lon_deg)


@settings(max_examples=600, deadline=None)
@given(LATITUDES, LONGITUDES)
@example(90.0, 0.0)
@example(-90.0, 180.0)
@example(0.0, 0.0)
def test_in_the_air_every_position_is_found_again(lat_deg: float, lon_deg: float):
    check_in_the_air(lat_deg, lon_deg)


def check_in_the_air(lat_deg: float, lon_deg: float) -> None:
    even, odd = pair(lat_deg, lon_deg, BITS)
    for last_odd in (False, True):
        found = reader.global_position(even, odd, last_odd)
        if found is None:  # the two formats see different zones: only within a step of the edge between
            assert any(reader.zones(lat_deg) != reader.zones(lat_deg + step) for step in (-5e-5, 5e-5))
            continue
        step_deg = 360 / (60 - last_odd) / 2**17
        assert abs(found[0] - lat_deg) <= step_deg / 2 + 1e-10
        wide_deg = 360 / max(reader.zones(found[0]) - last_odd, 1) / 2**17
        assert abs((found[1] - lon_deg + 180) % 360 - 180) <= wide_deg / 2 + 1e-10
        # Towards the poles the odd format has so few zones that a step grows to 18 m.
        assert reader.distance_m(found, (lat_deg, lon_deg)) <= (5.1 if abs(lat_deg) < 84.8 else 9.8)


@settings(max_examples=300, deadline=None)
@given(st.floats(-89.9, 89.9), LONGITUDES)
@example(-0.00001, 10.0)
@example(52.32061, 4.73473)
def test_on_the_ground_positions_are_four_times_finer(lat_deg: float, lon_deg: float):
    even, odd = pair(lat_deg, lon_deg, BITS_SURFACE)
    for last_odd in (False, True):
        found = reader.surface_position(even, odd, last_odd, (lat_deg, lon_deg))
        if found is None:
            assert any(reader.zones(lat_deg) != reader.zones(lat_deg + step) for step in (-2e-5, 2e-5))
            continue
        assert reader.distance_m(found, (lat_deg, lon_deg)) <= (1.3 if abs(lat_deg) < 84.8 else 2.5)


def test_near_an_edge_every_step_of_both_formats_lies_on_the_side_that_the_formula_says():
    """The table of latitudes agrees with the closed formula on every step near an edge."""
    for zones in range(2, 60):
        edge = 87.0 if zones == 2 else edge_of(zones)
        for count in (60, 59):
            step = 360 / count / 2**17
            first = round(edge / step)
            lat = np.array([(first + k) * step for k in range(-3, 4)])
            for one in lat.tolist():
                even = encode_positions(np.array([one]), np.array([1e-3]), np.array([count == 59]), BITS)[0]
                seen = max(reader.zones(one) - (count == 59), 1)
                assert even & 0x1FFFF == int(np.floor(1e-3 * seen / 360 * 2**17 + 0.5))


def edge_of(zones: int) -> float:
    """The latitude where NL falls below `zones`, by halving on the closed formula."""
    low, high = 0.0, 87.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if reader.zones(middle) >= zones else (low, middle)
    return low
