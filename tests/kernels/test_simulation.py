"""The simulation's kernels: draws, paths, and the same numbers without the compiler."""

import math
import os
import subprocess
import sys

import numpy as np

from asman.kernels import chance, motion

TINY = """
import warnings; warnings.simplefilter("ignore")  # uint64 is meant to wrap
from importlib.resources import files
from asman.exercise import parse_scenario, start, sweep
text = files("asman.exercise").joinpath("scenarios/kant.toml").read_text(encoding="utf-8")
exercise = start(parse_scenario(text), aircraft=8)
begin = exercise.sky.begin_ns + 700 * 10**9
swept = sweep(exercise, begin, begin + 2 * 10**9)
plots = swept.plots.drop(["time"]).to_pydict()
measured = [plots[name] for name in ("range_m", "azimuth_deg", "mode_3a", "callsign")]
print(swept.plots.num_rows, swept.crossing_ns.tolist(), measured)
"""


def _run(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", TINY],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_tiny_case_is_the_same_without_the_compiler():
    plain = _run(NUMBA_DISABLE_JIT="1")
    assert int(plain.split()[0]) > 2
    assert plain == _run()


def test_uniform_draws_are_uniform_and_differ_by_key_and_index():
    draws = np.array(
        [
            chance.uniform(np.uint64(chance.key_of(1, 1, a, b, 0)), i)
            for a in range(20)
            for b in range(50)
            for i in range(4)
        ]
    )
    n = draws.size
    assert np.unique(draws).size == n
    assert draws.min() > 0.0
    assert draws.max() < 1.0
    assert abs(draws.mean() - 0.5) < 4 / math.sqrt(12 * n)
    counts, _ = np.histogram(draws, 20, (0, 1))
    # chi-square, 19 degrees of freedom: 43.8 is exceeded once in a thousand.
    assert ((counts - n / 20) ** 2 / (n / 20)).sum() < 43.8


def test_poisson_numbers_have_mean_and_variance_of_poisson():
    for mean in (0.5, 12.0, 80.0):
        numbers = np.array([chance.poisson(mean, (k + 0.5) / 2_000) for k in range(2_000)])
        assert abs(numbers.mean() - mean) < 0.01 * mean + 0.01
        assert abs(numbers.var() - mean) < 0.03 * mean + 0.02


def _normal(lat_deg, lon_deg):
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    return np.array((math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)))


def test_a_path_is_continuous_in_place_and_heading_and_reaches_its_end():
    waypoints = np.array(
        [_normal(42, 74), _normal(43, 75), _normal(42.5, 77), _normal(44, 78), _normal(42, 76)]
    )
    arcs = np.zeros((10, motion.ARC_COLUMNS))
    count = motion.lay_path(waypoints, 8e3 / motion.MEAN_RADIUS_M, 3e3 / motion.MEAN_RADIUS_M, arcs)
    assert count == 7

    def after(arc, angle):
        axis, n = arc[3:6], arc[:3]
        place = (
            n * math.cos(angle)
            + np.cross(axis, n) * math.sin(angle)
            + axis * (axis @ n) * (1 - math.cos(angle))
        )
        heading = np.cross(axis, place)
        return place, heading / np.linalg.norm(heading)

    for k in range(count):
        assert abs(np.linalg.norm(arcs[k, 3:6]) - 1.0) < 1e-12
    for k in range(count - 1):
        end, heading = after(arcs[k], arcs[k, 6])
        begin, onward = after(arcs[k + 1], 0.0)
        assert np.linalg.norm(end - begin) * 6.4e6 < 1e-3
        assert np.linalg.norm(heading - onward) < 1e-9
    last, _ = after(arcs[count - 1], arcs[count - 1, 6])
    assert np.linalg.norm(last - waypoints[-1]) * 6.4e6 < 1.0


def test_a_circuit_flown_for_hours_stays_on_the_earth():
    """What an arc's axis errs by is in the next arc's heading: unchecked, ten laps leave the earth."""
    lap = [_normal(*place) for place in ((42.0, 74.0), (42.02, 74.0), (42.02, 74.03), (42.0, 74.03))]
    waypoints = np.array(lap * 60)
    arcs = np.zeros((2 * len(waypoints), motion.ARC_COLUMNS))
    radius = 900.0 / motion.MEAN_RADIUS_M
    count = motion.lay_path(waypoints, radius, radius, arcs)
    assert count > 300
    assert np.abs(np.linalg.norm(arcs[:count, :3], axis=1) - 1.0).max() < 1e-14
    assert np.abs(np.linalg.norm(arcs[:count, 3:6], axis=1) - 1.0).max() < 1e-14
    straight = arcs[:count][arcs[:count, 7] == 1.0]
    assert np.abs((straight[:, :3] * straight[:, 3:6]).sum(axis=1)).max() < 1e-14
