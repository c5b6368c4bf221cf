"""What aircraft that tell both altitudes teach about the air between heights and pressures."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.kernels.atmosphere import (
    FLOOR_M,
    OFFSET_SIGMA_M,
    REPORT_SIGMA_M,
    REPORTS_IN_ONE,
    SLOPE_SIGMA_M,
    empty_atmosphere,
    learn_all,
    offsets_at,
)

S = 10**9
BISHKEK = (math.radians(42.9), math.radians(74.6))


def taught(pressure, height, *, place=BISHKEK, seconds=None):
    """An atmosphere after reports of pressure altitude and height, one a second unless told."""
    air = empty_atmosphere()
    n = len(pressure)
    at = np.arange(n) if seconds is None else seconds
    learn_all(air, np.full(n, place[0]), np.full(n, place[1]), np.asarray(pressure, float),
              np.asarray(height, float), (at * S).astype(np.int64))  # fmt: skip
    return air


def asked(air, pressure, place=BISHKEK):
    return offsets_at(air, np.full(1, place[0]), np.full(1, place[1]), np.full(1, float(pressure)))[0]


def test_where_nobody_reported_nothing_is_corrected_and_that_is_said():
    value, sigma = asked(empty_atmosphere(), 10_000.0)
    assert value == 0.0
    assert sigma > 200.0


def test_weather_and_warmth_are_learned_as_a_line_over_altitude():
    rng = np.random.default_rng(1)
    pressure = rng.uniform(500, 11_500, 6_000)
    height = -42.0 + 1.025 * pressure + rng.normal(0, 30, pressure.size)
    air = taught(pressure, height)
    for p in (0.0, 5_000.0, 10_000.0):
        value, sigma = asked(air, p)
        assert value == pytest.approx(-42.0 + 0.025 * p, abs=25.0)
        assert sigma < 45.0


def test_it_follows_the_weather():
    pressure = np.random.default_rng(2).uniform(2_000, 11_000, 7_200)
    air = taught(pressure, pressure + np.linspace(50, 130, 7_200))
    assert asked(air, 8_000.0)[0] == pytest.approx(130.0, abs=20.0)


def test_a_spoofed_receiver_among_many_moves_it_little_and_is_counted():
    pressure = np.full(3_000, 9_000.0)
    height = pressure + 150.0
    height[::10] += 20_000.0
    air = taught(pressure, height)
    assert asked(air, 9_000.0)[0] == pytest.approx(150.0, abs=40.0)
    assert air.bounded.sum() >= 300


def test_a_neighbour_serves_less_surely_and_a_stranger_not_at_all():
    air = taught(np.full(2_000, 9_000.0), np.full(2_000, 9_200.0))
    beside = (BISHKEK[0], BISHKEK[1] + math.radians(2.0))
    own, near = asked(air, 9_000.0), asked(air, 9_000.0, beside)
    assert near[0] == own[0]
    assert near[1] > own[1]
    assert asked(air, 9_000.0, (BISHKEK[0], BISHKEK[1] + math.radians(9.0)))[0] == 0.0


def test_regions_join_over_the_date_line():
    air = taught(np.full(2_000, 9_000.0), np.full(2_000, 9_200.0), place=(0.1, math.radians(179.5)))
    assert asked(air, 9_000.0, (0.1, math.radians(-179.5)))[0] > 100.0


@given(st.lists(st.tuples(st.floats(-300, 14_000), st.floats(-250, 250)), min_size=1, max_size=40))
@settings(deadline=None, max_examples=60)
def test_reports_that_are_near_are_weighed_as_batch_least_squares_does(reports):
    pressure = np.array([p for p, _ in reports])
    off = np.array([d for _, d in reports])
    air = taught(pressure, pressure + off, seconds=np.zeros(len(reports)))
    if air.bounded.sum():
        return
    h = np.stack([np.ones(pressure.size), pressure * 1e-4], axis=1)
    r = REPORT_SIGMA_M**2 * REPORTS_IN_ONE
    cov = np.linalg.inv(np.diag([OFFSET_SIGMA_M**-2, SLOPE_SIGMA_M**-2]) + h.T @ h / r)
    line = cov @ (h.T @ off / r)
    value, sigma = asked(air, 6_000.0)
    at = np.array([1.0, 0.6])
    assert value == pytest.approx(at @ line, abs=1e-6)
    assert sigma <= math.sqrt(at @ cov @ at + FLOOR_M**2) + 1e-6
