"""Biarcs on the sphere, and the spline beneath them, against what is known exactly."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.interpolate import BSpline

from asman.kernels.motion import MEAN_RADIUS_M, find_piece, normal_at
from asman.kernels.recorded_path import follow, lay_curve, strains
from asman.kernels.recorded_rows import believable, grounded, height_spikes
from asman.kernels.recorded_spline import curve_at, fit_curve

STEP = 4.0


def curve_of(way, seconds, *, across_m=1e-3):
    """Coefficients through a way (seconds -> unit normals), and the origin they are less by."""
    times = np.arange(0.0, seconds + 0.5)
    places = way(times) * MEAN_RADIUS_M
    nothing = np.full(places.shape, np.nan)
    coefficients, _, _ = fit_curve(
        times, places - places[0], nothing, across_m, 0.0, 1.0, 0.0, 3, np.array([1e3]), STEP
    )
    return coefficients, places[0]


def small_circle(radius_m, speed_mps):
    """A circle about a place: seconds -> unit normals."""
    tilt = radius_m / MEAN_RADIUS_M
    axis = np.array((0.6, 0.48, 0.64))
    side = np.cross(axis, (0.0, 0.0, 1.0))
    side /= np.linalg.norm(side)
    other = np.cross(axis, side)

    def way(times):
        turn = np.asarray(times)[:, None] * speed_mps / (MEAN_RADIUS_M * math.sin(tilt))
        return math.cos(tilt) * axis + math.sin(tilt) * (np.cos(turn) * side + np.sin(turn) * other)

    return way


def lay(way, seconds):
    coefficients, origin = curve_of(way, seconds)
    level = np.full((coefficients.shape[0], 1), 500.0)
    return lay_curve(coefficients, origin, level, STEP, 0.0, float(seconds), 5.0, 5.0)


@pytest.mark.parametrize(("radius_m", "speed"), [(3_000.0, 60.0), (20_000.0, 230.0), (9.9e6, 250.0)])
def test_a_circle_is_laid_as_a_circle(radius_m, speed):
    """From a tight turn to a great circle (a quarter of the earth's way round from its axis)."""
    way = small_circle(radius_m, speed)
    pieces = lay(way, 600)
    times = np.arange(0.0, 600.0, 7.0)
    off = follow(pieces, times, way(times), np.full(times.size, 500.0))
    assert np.abs(off).max() < 5.0
    strain = strains(pieces)
    pull = (speed * speed / MEAN_RADIUS_M) / math.tan(radius_m / MEAN_RADIUS_M)
    assert np.median(strain[:, 0]) == pytest.approx(abs(pull), rel=0.05, abs=0.01)
    assert strain[:, 4] == pytest.approx(np.full(len(pieces), speed), rel=0.02)


@given(radius_m=st.floats(300.0, 1e6), speed=st.floats(5.0, 600.0), seconds=st.integers(61, 700))
@example(radius_m=300.0, speed=116.0, seconds=62)
@example(radius_m=300.0, speed=91.0, seconds=61)
@example(radius_m=300.0, speed=104.0, seconds=100)
@example(radius_m=310.0, speed=120.0, seconds=61)
@settings(max_examples=40, deadline=None)
def test_pieces_meet_in_place_heading_and_speed(radius_m, speed, seconds):
    if speed * speed / radius_m > 60.0:
        return
    strain = strains(lay(small_circle(radius_m, speed), seconds))
    assert strain[:, 3].max() < 1e-3
    assert np.degrees(strain[:, 1].max()) < 0.01
    assert strain[:, 2].max() < 1e-3


@pytest.mark.parametrize(("radius_m", "speed", "seconds"), [(300.0, 92.0, 61), (320.9, 108.2, 256)])
def test_who_all_but_stands_stops_and_goes_gently(radius_m, speed, seconds):
    """A circle that the spline is too slow for shrinks to a dot: small ways, and turns on the spot."""
    strain = strains(lay(small_circle(radius_m, speed), seconds))
    assert strain[:, 0].max() < 60.0
    assert strain[:, 2].max() < 1e-3


def test_a_long_straight_way_needs_few_pieces():
    pieces = lay(small_circle(0.5 * math.pi * MEAN_RADIUS_M, 230.0), 3_600)
    assert len(pieces) < 90


def test_who_stands_still_stands_still():
    pieces = lay(lambda times: np.tile((0.6, 0.0, 0.8), (np.size(times), 1)), 120)
    for t in (0.0, 33.3, 119.0):
        x, y, z, h = normal_at(pieces, find_piece(pieces, 0, len(pieces), t), t)
        assert np.abs(np.array((x, y, z)) - (0.6, 0.0, 0.8)).max() < 1e-9 and h == pytest.approx(500.0)


def test_follow_tells_sides_apart():
    pieces = lay(small_circle(0.5 * math.pi * MEAN_RADIUS_M, 200.0), 120)
    x, y, z, h = normal_at(pieces, find_piece(pieces, 0, len(pieces), 61.0), 61.0)
    off = follow(pieces, np.array([60.0]), np.array([[x, y, z]]), np.array([h + 30.0]))
    assert off[0] == pytest.approx((0.0, 200.0, 30.0), abs=0.5)


def test_the_curve_is_scipys_spline():
    rng = np.random.default_rng(1)
    coefficients = rng.normal(0.0, 100.0, (12, 1))
    oracle = BSpline(STEP * np.arange(-3.0, 13.0), coefficients[:, 0], 3)
    for t in np.linspace(0.0, 36.0 - 1e-9, 50):
        value, slope = curve_at(coefficients, STEP, t, 0)
        assert value == pytest.approx(float(oracle(t)), abs=1e-9)
        assert slope == pytest.approx(float(oracle.derivative()(t)), abs=1e-9)


def test_a_fit_is_the_dense_least_squares_solution():
    """Against numpy on the same few samples: bands, penalty, weights; robust weights are near one."""
    rng = np.random.default_rng(2)
    times = np.sort(rng.uniform(0.0, 40.0, 30))
    places = (50.0 + 3.0 * times + rng.normal(0.0, 0.05, times.size))[:, None]
    nothing = np.full(places.shape, np.nan)
    sigma, density = 5.0, 0.3
    coefficients, _, _ = fit_curve(times, places, nothing, sigma, 0.0, 1.0, 0.0, 2, np.array([density]), STEP)
    size = coefficients.shape[0]
    basis = np.array([
        BSpline(STEP * np.arange(-3.0, size + 1.0), np.eye(size)[k], 3)(times) for k in range(size)
    ]).T  # fmt: skip
    bend = np.diff(np.eye(size), 2, axis=0)
    normal = basis.T @ basis / sigma**2 + bend.T @ bend / (density * STEP**3)
    wanted = np.linalg.solve(normal, basis.T @ places[:, 0] / sigma**2)
    assert np.abs(coefficients[:, 0] - wanted).max() < 0.02


def test_an_outlier_does_not_bend_the_curve():
    times = np.arange(0.0, 200.0)
    heights = (1_000.0 + 5.0 * times)[:, None]
    heights[90:93] += 400.0
    nothing = np.full(heights.shape, np.nan)
    coefficients, sigmas, _ = fit_curve(times, heights, nothing, 8.0, 0.0, 1.0, 0.1, 2, np.array([0.3]), STEP)
    assert abs(curve_at(coefficients, STEP, 91.0, 0)[0] - 1_455.0) < 2.0
    assert (sigmas > 6.0).nonzero()[0].tolist() == [90, 91, 92]


def north(metres):
    """Unit normals so far north of the equator."""
    turn = np.asarray(metres, float) / MEAN_RADIUS_M
    return np.stack((np.cos(turn), np.zeros_like(turn), np.sin(turn)), axis=1)


def test_a_wrong_block_is_left_out_and_a_lasting_jump_begins_anew():
    times = np.arange(0.0, 300.0)
    way = 100.0 * times
    way[50:60] += 50e3
    way[200:] += 80e3
    keep, begins = believable(times, north(way), np.full(300, 100.0), np.array([0, 300]), 700.0, 1.5)
    assert (~keep).nonzero()[0].tolist() == list(range(50, 60))
    assert begins.nonzero()[0].tolist() == [0, 200]


def test_a_climb_is_no_spike():
    times = np.arange(0.0, 100.0)
    heights = 60.0 * times
    heights[40] += 500.0
    spikes = height_spikes(times, heights, np.array([0, 100]), 150.0, 25.0)
    assert spikes.nonzero()[0].tolist() == [40]


def test_a_run_on_the_ground_is_known_by_its_speed():
    times = np.arange(0.0, 300.0)
    speed = np.where(times < 60.0, 5.0, np.where(times < 240.0, 80.0, 4.0))
    way = np.concatenate([[0.0], np.cumsum(speed[:-1])])
    slow = grounded(times, north(way), np.array([0, 300]), 20.0, 20.0, 55.0)
    assert slow.nonzero()[0].tolist()[0] == 0 and slow[:40].all() and slow[265:].all()
    assert not slow[62:240].any()
    assert not grounded(times, north(40.0 * times), np.array([0, 300]), 20.0, 20.0, 55.0).any()
    assert grounded(times, north(2.0 * times), np.array([0, 300]), 20.0, 20.0, 55.0).all()
