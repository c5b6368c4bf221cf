"""Truth between its samples: against exact motion, across the date line and over the pole."""

import math

import numpy as np
import pytest

from asman.kernels import geodesy, scoring_truth

R = 6_371_000.0


def great_circle(time: np.ndarray, lat0: float, lon0: float, course: float, speed: float):
    """Places and velocities of an aircraft that flies straight over a sphere."""
    way = speed * time / R
    lat = np.arcsin(math.sin(lat0) * np.cos(way) + math.cos(lat0) * np.sin(way) * math.cos(course))
    lon = lon0 + np.arctan2(
        math.sin(course) * np.sin(way) * math.cos(lat0), np.cos(way) - math.sin(lat0) * np.sin(lat)
    )
    return lat, (lon + math.pi) % (2 * math.pi) - math.pi


def apart_m(lat: float, lon: float, lat1: float, lon1: float) -> float:
    return math.dist(geodesy.lla_to_ecef(lat, lon, 0.0), geodesy.lla_to_ecef(lat1, lon1, 0.0))


def interpolated(time, lat, lon, instants, gap_s=30.0, vn=None, ve=None):
    start = np.array([0, time.size])
    vn = np.full(time.size, np.nan) if vn is None else vn
    ve = np.full(time.size, np.nan) if ve is None else ve
    scoring_truth.fill_velocities(start, time, lat, lon, vn, ve)
    place = np.column_stack([lat, lon, 1000.0 + 2.0 * time])
    velocity = np.column_stack([vn, ve, np.full(time.size, 2.0)])
    return scoring_truth.interpolate(start, time, place, velocity, instants, gap_s)


@pytest.mark.parametrize(
    ("lat0", "lon0", "course"),
    [
        (42.0, 74.0, 60.0),
        (10.0, 179.95, 90.0),
        (-35.0, -179.95, 300.0),
        (89.9, 0.0, 5.0),
        (-89.95, 50.0, 170.0),
    ],
)
def test_straight_flight_is_followed_to_centimetres_anywhere(lat0: float, lon0: float, course: float):
    time = np.arange(0.0, 121.0, 4.0)
    instants = np.arange(0.0, 120.0, 3.0)
    where = math.radians(lat0), math.radians(lon0), math.radians(course)
    lat, lon = great_circle(time, *where, 250.0)
    _, instant, _, state, judged = interpolated(time, lat, lon, instants)

    exact = great_circle(instants[instant], *where, 250.0)
    errors = [apart_m(s[0], s[1], a, b) for s, a, b in zip(state, *exact, strict=True)]
    assert judged.all()
    assert instant.size == instants.size
    # Velocities are chords' here, and the sphere is not the ellipsoid: centimetres, not micrometres.
    assert max(errors) < 0.5
    assert np.hypot(state[:, 3], state[:, 4]) == pytest.approx(250.0, rel=0.01)
    assert state[:, 2] == pytest.approx(1000.0 + 2.0 * instants)
    assert np.abs(np.degrees(state[:, 6])).max() < 0.05


def test_a_turn_is_followed_and_its_rate_told():
    rate, speed = math.radians(3.0), 120.0
    time = np.arange(0.0, 61.0, 4.0)
    radius = speed / rate

    def exact(at):
        east, north = radius * (1 - np.cos(rate * at)), radius * np.sin(rate * at)
        return geodesy.enu_to_lla_array(
            east, north, np.zeros_like(at), math.radians(45), math.radians(7), 0.0
        )[:2]

    lat, lon = exact(time)
    vn, ve = speed * np.cos(rate * time), speed * np.sin(rate * time)
    instants = np.arange(0.0, 60.0, 1.0)
    _, _, _, state, _ = interpolated(time, lat, lon, instants, vn=vn, ve=ve)
    wanted = exact(instants)
    errors = [apart_m(s[0], s[1], a, b) for s, a, b in zip(state, *wanted, strict=True)]
    assert max(errors) < 0.5
    assert np.degrees(state[1:, 6]) == pytest.approx(3.0, abs=0.02)


def test_an_aircraft_is_there_from_its_first_to_its_last_sample_only():
    time = np.array([12.0, 16.0, 20.0])
    lat, lon = np.radians([42.0, 42.01, 42.02]), np.radians([74.0, 74.0, 74.0])
    _, instant, sample, _, _ = interpolated(time, lat, lon, np.arange(0.0, 40.0, 4.0))
    assert instant.tolist() == [3, 4, 5]
    assert sample.tolist() == [0, 1, 2]


def test_nobody_is_judged_in_a_gap_of_the_truth():
    time = np.array([0.0, 10.0, 70.0, 80.0])
    lat, lon = np.radians([42.0, 42.01, 42.07, 42.08]), np.radians(np.full(4, 74.0))
    _, instant, _, _, judged = interpolated(time, lat, lon, np.arange(0.0, 81.0, 10.0))
    assert instant[judged].tolist() == [0, 1, 7, 8]


def test_a_single_sample_is_there_for_its_own_instant():
    one = np.array([20.0])
    _, instant, _, state, judged = interpolated(one, np.array([0.5]), np.array([1.0]), np.array([10.0, 20.0]))
    assert instant.tolist() == [1]
    assert judged.all()
    assert state[0, :2].tolist() == [0.5, 1.0]
