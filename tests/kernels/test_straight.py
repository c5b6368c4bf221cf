"""Straight flights as least squares, against a plain solution of the same problem by other means."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from asman.kernels.geodesy import ecef_to_lla, lla_to_polar
from asman.kernels.information import absorb
from asman.kernels.observing import ADSB, OBSERVATION, RADAR
from asman.kernels.placing import PLOT, place_plots
from asman.kernels.registration import LASTING, SETS, USED, learn_blocks
from asman.kernels.straight import UNKNOWNS
from asman.model.sensor import Sensor
from asman.tracking.intake import sensor_records

ROOT = Path(__file__).resolve().parents[2]
SITES = (
    Sensor(id="A", lat_deg=43.0, lon_deg=75.0, height_m=800.0, sigma_range_m=60.0),
    Sensor(id="B", lat_deg=43.6, lon_deg=76.4, height_m=900.0, sigma_range_m=40.0),
    Sensor(id="C", lat_deg=42.2, lon_deg=75.9, height_m=700.0, sigma_range_m=70.0),
    Sensor(id="SQUITTER", kind="adsb", lat_deg=0.0, lon_deg=0.0, sigma_azimuth_deg=0.0),
)
SPREAD = np.array([0.15, 0.1, 200.0, 1.0, *(80.0, 2.5e-4, math.radians(0.1), 0.1) * 3])
#: Range m, gain, azimuth rad, time s of each radar.
PLANTED = np.array([[50.0, 1e-4, 1e-3, 0.1], [-70.0, 0.0, -1e-3, 0.0], [30.0, -2e-4, 5e-4, -0.05]])
EARTH_M = 6_371_000.0


def flights(seed: int, count: int):
    """Observations of straight flights by three radars and ADS-B, and their plots."""
    rng = np.random.default_rng(seed)
    records = sensor_records(SITES)
    seen, plots = np.zeros(0, OBSERVATION), []
    for flight in range(count):
        lat0, lon0 = math.radians(rng.uniform(42.4, 43.4)), math.radians(rng.uniform(74.5, 76.5))
        speed, course, height = rng.uniform(120, 250), rng.uniform(0, 2 * np.pi), rng.uniform(6e3, 11e3)
        vn, ve = speed * math.cos(course), speed * math.sin(course)
        times = sorted(
            [
                (t, s)
                for s, period in enumerate((4.0, 6.0, 8.0))
                for t in np.arange(rng.uniform(0, period), 20, period)
            ]
            + [(float(t), 3) for t in range(1, 20, 3)]
        )
        part = np.zeros(len(times), OBSERVATION).view(np.recarray)
        plot = np.zeros(len(times), PLOT).view(np.recarray)
        for i, (t, s) in enumerate(times):
            bias = PLANTED[s] if s < 3 else np.array([0.0, 0.0, 0.0, 0.12])
            true_s = t - bias[3]
            lat, lon = lat0 + vn * true_s / EARTH_M, lon0 + ve * true_s / EARTH_M / math.cos(lat0)
            if s == 3:
                plot[i].lat = lat + rng.normal(0, 6) / EARTH_M
                plot[i].lon = lon + rng.normal(0, 6) / EARTH_M / math.cos(lat)
                plot[i].range_m, plot[i].sigma_m = math.nan, 12.0
            else:
                site = records[s]
                rho, theta, _ = lla_to_polar(lat, lon, height, site.lat, site.lon, site.height_m)
                plot[i].range_m = rho * (1 + bias[1]) + bias[0] + rng.normal(0, site.sigma_range_m)
                plot[i].azimuth = theta + bias[2] + rng.normal(0, site.sigma_azimuth)
            plot[i].altitude_m, plot[i].sensor, plot[i].time_ns = height, s, round(t * 1e9)
            plot[i].vn_mps = plot[i].ve_mps = math.nan
        place_plots(plot, records)
        part.born_ns, part.time_ns, part.sensor = flight, plot.time_ns, plot.sensor
        part.x, part.y, part.z = plot.x, plot.y, plot.z
        part.altitude_m, part.ve_mps, part.vn_mps, part.sigma_m = height, ve, vn, 12.0
        seen = np.concatenate([seen, part])
        plots.append(plot)
    return seen.view(np.recarray), plots, records


def solve(seen, plots, records):
    """All flights at once: dense least squares with every unknown spelt out, derivatives by differences."""
    rows, sides = [], []
    count = len(plots)
    own = 9  # of each flight: place, velocity, acceleration, offset of its reports, its altitude
    size = SPREAD.size + own * count
    shared_of = {0: 4, 1: 8, 2: 12}
    for flight, plot in enumerate(plots):
        part = seen[seen["born_ns"] == flight]
        at = SPREAD.size + own * flight
        lat, lon, _ = ecef_to_lla(part.x[0], part.y[0], part.z[0])
        east = np.array([-math.sin(lon), math.cos(lon), 0.0])
        north = np.array([-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)])
        origin = np.array([part.x[0], part.y[0], part.z[0]])
        velocity = np.array([part.ve_mps[0], part.vn_mps[0]])
        middle_s = (part.time_ns[0] + (part.time_ns[-1] - part.time_ns[0]) // 2) * 1e-9

        def place(one, east=east, north=north, origin=origin):
            copy = np.array([one], PLOT).view(np.recarray)
            place_plots(copy, records)
            d = np.array([copy.x[0], copy.y[0], copy.z[0]]) - origin
            return np.array([d @ east, d @ north]), copy[0]

        for one, stamp_ns in zip(plot, part.time_ns, strict=True):
            where, placed = place(one)
            t = stamp_ns * 1e-9 - middle_s
            block = np.zeros((2, size))
            block[:, at : at + 2] = np.eye(2)
            block[:, at + 2 : at + 4] = t * np.eye(2)
            block[:, at + 4 : at + 6] = 0.5 * 0.3 * t * t * np.eye(2)
            if one.sensor < 3:
                first = shared_of[int(one.sensor)]
                for column, field, step in ((0, "range_m", 1.0), (2, "azimuth", 1e-6)):
                    more = np.array([one], PLOT).view(np.recarray)
                    more[field] += step
                    block[:, first + column] = (place(more[0])[0] - where) / step * SPREAD[first + column]
                block[:, first + 1] = block[:, first] / SPREAD[first] * one.range_m * SPREAD[first + 1]
                block[:, first + 3] = -velocity * SPREAD[first + 3]
                higher = np.array([one], PLOT).view(np.recarray)
                higher["altitude_m"] += 1.0
                lower = place(higher[0])[0] - where
                block[:, 2] = -lower * SPREAD[2]
                block[:, at + 8] = -lower * 120.0 * math.sqrt(LASTING)
                noise = np.array([[placed.ree, placed.ren], [placed.ren, placed.rnn]])
            else:
                block[:, 0] = -velocity * SPREAD[0]
                along = velocity / np.linalg.norm(velocity)
                variance = 0.75 * 12.0**2
                block[:, at + 6] = along * math.sqrt(LASTING * (variance + 0.1**2 * velocity @ velocity))
                block[:, at + 7] = np.array([along[1], -along[0]]) * math.sqrt(LASTING * variance)
                noise = (0.5 * 12.0 + 5.0) ** 2 * np.eye(2)
            root = np.linalg.inv(np.linalg.cholesky(noise))
            rows.append(root @ block)
            sides.append(root @ where)
    prior = np.ones(size)
    for flight in range(count):
        prior[SPREAD.size + own * flight : SPREAD.size + own * flight + 4] = 0.0
    a, y = np.concatenate(rows), np.concatenate(sides)
    normal = a.T @ a + np.diag(prior)
    covariance = np.linalg.inv(normal)
    return covariance @ a.T @ y, covariance


def test_it_solves_the_same_least_squares_as_a_plain_dense_solution():
    seen, plots, records = flights(1, 12)
    slots = np.array([1, 2, 3, 0])
    kinds = np.array([RADAR, RADAR, RADAR, ADSB])
    first = np.concatenate([[0], np.flatnonzero(np.diff(seen["born_ns"])) + 1, [seen.size]])
    information, vector = np.zeros((SPREAD.size, SPREAD.size)), np.zeros(SPREAD.size)
    tally = np.zeros((4, 2), np.int64)
    learn_blocks(seen, first, records, slots, kinds, SPREAD, np.eye(SPREAD.size), information, vector, tally)
    assert tally[:, USED].tolist() == [12, 12, 12, 12]
    covariance, step = absorb(np.eye(SPREAD.size), information, vector)
    expected, its_covariance = solve(seen, plots, records)
    n = SPREAD.size
    sigma = np.sqrt(np.diag(its_covariance)[:n])
    # Derivatives by formula and by differences: a hundredth of a sigma.
    assert np.abs((step - expected[:n]) / sigma).max() < 0.02
    assert np.sqrt(np.diag(covariance)) == pytest.approx(sigma, rel=2e-3)


def test_and_so_it_finds_what_was_planted():
    seen, _, records = flights(2, 60)
    first = np.concatenate([[0], np.flatnonzero(np.diff(seen["born_ns"])) + 1, [seen.size]])
    information, vector = np.zeros((SPREAD.size, SPREAD.size)), np.zeros(SPREAD.size)
    learn_blocks(
        seen, first, records, np.array([1, 2, 3, 0]), np.array([RADAR, RADAR, RADAR, ADSB]), SPREAD,
        np.eye(SPREAD.size), information, vector, np.zeros((4, 2), np.int64),
    )  # fmt: skip
    covariance, step = absorb(np.eye(SPREAD.size), information, vector)
    planted = np.concatenate([[0.12, 0.0, 0.0, 0.0], PLANTED.ravel()]) / SPREAD
    assert np.abs((step - planted) / np.sqrt(np.diag(covariance))).max() < 4.0
    assert SPREAD.size == UNKNOWNS * 4


def test_blocks_learnt_together_are_as_each_by_itself_though_more_sets_of_radars_see_them_than_are_kept():
    seen, _, sites = flights(4, 3 * SETS)
    seen = seen[seen["sensor"] < 3]
    copies = 5
    assert copies**3 > SETS
    rng = np.random.default_rng(4)
    for flight in range(3 * SETS):
        mine = seen["born_ns"] == flight
        seen["sensor"][mine] += 3 * rng.integers(0, copies, 3)[seen["sensor"][mine]]
    records = np.concatenate([sites[:3]] * copies).view(np.recarray)
    slots, kinds = np.arange(1, 3 * copies + 1), np.full(3 * copies, RADAR)
    spread = np.concatenate([SPREAD[:4], *[SPREAD[4:8]] * (3 * copies)])
    root = np.eye(spread.size) + 0.1 * rng.normal(size=(spread.size, spread.size))
    first = np.concatenate([[0], np.flatnonzero(np.diff(seen["born_ns"])) + 1, [seen.size]])

    def learnt(cuts):
        information, vector = np.zeros((spread.size, spread.size)), np.zeros(spread.size)
        for cut in cuts:
            learn_blocks(
                seen, cut, records, slots, kinds, spread, root @ root.T, information, vector,
                np.zeros((3 * copies + 1, 2), np.int64),
            )  # fmt: skip
        return information

    together = learnt([first])
    assert np.count_nonzero(together) > 0
    assert (learnt([first[g : g + 2] for g in range(first.size - 1)]) == together).all()


@pytest.mark.parametrize("size", [1, 4, 13])
def test_absorbing_information_is_what_a_library_of_linear_algebra_says(size):
    rng = np.random.default_rng(size)
    a, b = rng.normal(size=(size, 2 * size)), rng.normal(size=(size, size))
    covariance, information, vector = a @ a.T, b @ b.T, rng.normal(size=size)
    posterior, step = absorb(covariance, information, vector)
    expected = np.linalg.inv(np.linalg.inv(covariance) + information)
    assert posterior == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert step == pytest.approx(expected @ vector, rel=1e-7, abs=1e-9)
    assert (posterior == posterior.T).all()


def test_absorbing_nothing_changes_nothing():
    posterior, step = absorb(np.diag([4.0, 0.25]), np.zeros((2, 2)), np.zeros(2))
    assert posterior == pytest.approx(np.diag([4.0, 0.25]))
    assert step.tolist() == [0.0, 0.0]


@pytest.mark.system
def test_it_gives_the_same_bits_on_a_plain_processor_as_on_this_one(tmp_path):
    script = """
import hashlib
from tests.kernels.test_straight import *
seen, _, records = flights(3, 4)
first = np.concatenate([[0], np.flatnonzero(np.diff(seen["born_ns"])) + 1, [seen.size]])
information, vector = np.zeros((SPREAD.size, SPREAD.size)), np.zeros(SPREAD.size)
slots, kinds = np.array([1, 2, 3, 0]), np.array([RADAR, RADAR, RADAR, ADSB])
tally = np.zeros((4, 2), np.int64)
learn_blocks(seen, first, records, slots, kinds, SPREAD, np.eye(SPREAD.size), information, vector, tally)
covariance, step = absorb(np.eye(SPREAD.size), information, vector)
print(tally.tolist(), hashlib.sha256(covariance.tobytes() + step.tobytes()).hexdigest())
"""

    def told(name: str, **target: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path / name), **target},
            capture_output=True,
            text=True,
            check=True,
            timeout=250,
        )
        return done.stdout

    assert told("plain", NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="") == told("this")
