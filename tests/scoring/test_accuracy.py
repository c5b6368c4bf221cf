"""Errors, NEES and latency have the values that were put in, within their own confidence."""

import math

import numpy as np
import pyarrow as pa
import pytest
from tests.scoring.scenes import EARTH_M, straight, table

from asman.scoring.config import ScoreConfig
from asman.scoring.report import Report
from asman.scoring.score import score_tables
from asman.scoring.statistics import clustered, distribution

SAMPLES = np.arange(0.0, 601.0, 4.0)
PICTURE = np.arange(0.0, 601.0, 10.0)
SPEED = 200.0


def noisy(
    aircraft: int,
    sigma_m: tuple[float, float],
    claimed_m: tuple[float, float],
    lag_s: float = 0.0,
    seed: int = 11,
) -> Report:
    """Aircraft side by side, tracks with Gaussian errors east and north, and what they claim."""
    chance = np.random.default_rng(seed)
    truth, tracks = [], []
    for a in range(aircraft):
        lat = 30.0 + 0.25 * a
        truth += straight("aircraft", a, SAMPLES, lat=lat, ve=SPEED)
        for t, who, la, lo in straight("track", 100 + a, PICTURE, lat=lat, ve=SPEED):
            east, north = chance.normal(0, sigma_m[0]) - lag_s * SPEED, chance.normal(0, sigma_m[1])
            across = math.cos(math.radians(la))
            tracks.append(
                (t, who, la + math.degrees(north / EARTH_M), lo + math.degrees(east / EARTH_M / across))
            )
    count = len(tracks)
    return score_tables(
        table("aircraft", truth, altitude_m=np.full(len(truth), 5000.0)),
        table(
            "track", tracks, var_e_m2=np.full(count, claimed_m[0] ** 2),
            var_n_m2=np.full(count, claimed_m[1] ** 2),
            cov_en_m2=np.zeros(count), vn_mps=np.full(count, 3.0), ve_mps=np.full(count, SPEED),
            altitude_m=np.full(count, 5020.0),
        ),
        ScoreConfig(),
    )  # fmt: skip


def test_an_honest_track_has_a_nees_of_two_and_95_percent_inside():
    honest = noisy(100, (150.0, 80.0), (150.0, 80.0)).nees[0]
    assert honest.mean.low is not None and honest.mean.high is not None
    assert honest.mean.low < 2.0 < honest.mean.high
    assert honest.inside95.mean == pytest.approx(0.95, abs=0.01)
    assert honest.mean.high - honest.mean.low < 0.2


def test_a_track_that_promises_too_much_is_found_out():
    boasting = noisy(30, (150.0, 80.0), (75.0, 40.0)).nees[0]
    assert boasting.mean.mean == pytest.approx(8.0, rel=0.05)


def test_root_mean_squares_are_those_put_in():
    errors = {one.name: one for one in noisy(100, (150.0, 80.0), (1.0, 1.0)).errors}
    assert errors["horizontal position"].rms == pytest.approx(math.hypot(150, 80), rel=0.03)
    assert errors["along track"].rms == pytest.approx(150.0, rel=0.04)
    assert errors["across track"].rms == pytest.approx(80.0, rel=0.04)
    assert errors["height"].rms == pytest.approx(20.0, abs=0.1)
    # The sphere on which the rows were made turns under the ellipsoid: half a per cent of the speed.
    assert errors["speed"].rms < 1.5
    assert errors["course"].median == pytest.approx(math.degrees(3.0 / SPEED), rel=0.05)


def test_latency_is_found_with_its_confidence():
    late = noisy(60, (100.0, 100.0), (100.0, 100.0), lag_s=0.5).latency
    assert late is not None and late.lag_s.low is not None and late.lag_s.high is not None
    wide = late.lag_s.high - late.lag_s.low
    assert abs(late.lag_s.mean - 0.5) < 0.75 * wide, "three standard deviations off"
    assert wide < 0.05


def test_turning_aircraft_are_judged_apart():
    rate, speed = math.radians(2.0), 150.0
    radius = speed / rate

    def rows(who: int, seconds: np.ndarray, shift_m: float) -> list:
        north, east = radius * np.sin(rate * seconds) + shift_m, radius * (1 - np.cos(rate * seconds))
        lat = 43.0 + np.degrees(north / EARTH_M)
        lon = 74.0 + np.degrees(east / EARTH_M / math.cos(math.radians(43.0)))
        return [(float(t), who, float(a), float(b)) for t, a, b in zip(seconds, lat, lon, strict=True)]

    truth = table("aircraft", rows(1, SAMPLES, 0.0) + straight("aircraft", 2, SAMPLES, lat=45.0))
    tracks = rows(8, PICTURE, 200.0) + straight("track", 9, PICTURE, lat=45.0, north_m=100.0)
    variance = np.full(len(tracks), 100.0**2)
    report = score_tables(truth, table("track", tracks, var_e_m2=variance, var_n_m2=variance), ScoreConfig())
    nees = {one.name: one for one in report.nees}
    assert nees["straight"].mean.mean == pytest.approx(1.0, rel=0.02)
    assert nees["turning"].mean.mean == pytest.approx(4.0, rel=0.02)
    assert nees["turning"].mean.low is None, "one aircraft is one sample: no interval"
    assert any("uncorrelated" in note for note in report.notes)


def test_a_track_that_stands_in_for_another_aircraft_is_judged_apart_as_lent():
    """It promised something about the aircraft that has landed, not about the one 1.5 km beside it."""
    truth = straight("aircraft", 1, SAMPLES[SAMPLES <= 400.0]) + straight(
        "aircraft", 2, SAMPLES, north_m=1500.0
    )
    tracks = straight("track", 7, PICTURE, north_m=100.0)
    variance = np.full(len(tracks), 100.0**2)
    picture = table("track", tracks, var_e_m2=variance, var_n_m2=variance)
    report = score_tables(table("aircraft", truth), picture, ScoreConfig())
    nees = {one.name: one for one in report.nees}
    assert nees["all"].mean.mean == pytest.approx(1.0, rel=0.02)
    assert nees["all"].mean.count == (PICTURE <= 400.0).sum()
    assert nees["lent"].mean.mean == pytest.approx(14.0**2, rel=0.02)
    assert nees["lent"].mean.count == (PICTURE > 400.0).sum()
    longest = next(one for one in report.errors if one.name == "horizontal position").worst
    assert longest == pytest.approx(1400.0, rel=0.01), "errors hold all rows"


def test_an_interval_counts_each_aircraft_once():
    chance = np.random.default_rng(4)
    each = np.repeat(chance.normal(0, 1, 40), 50)
    who = np.repeat(np.arange(40), 50)
    one = clustered(each, np.ones(each.size), who)
    assert one is not None and one.low is not None and one.high is not None
    assert (one.high - one.low) / 2 == pytest.approx(1.96 * each.std() / math.sqrt(40), rel=0.1)


def test_a_distribution_leaves_nothing_out():
    values = np.concatenate([np.linspace(-10, 10, 99), [1e6, np.nan]])
    one = distribution("x", "m", values)
    assert one is not None
    assert (one.count, sum(one.counts), one.worst) == (100, 100, 1e6)


def test_codes_are_judged_where_both_tables_have_them():
    rows, seen = straight("aircraft", 1, SAMPLES), straight("track", 7, PICTURE[:31])
    truth = table("aircraft", rows, address=[0x601001] * len(rows), callsign=["KGZ12"] * len(rows))
    shown = pa.array([0x601001] * 20 + [0x601002] * 5 + [None] * 6, pa.int32())
    tracks = table("track", seen, callsign=["KGZ12 "] * 31).append_column("address", shown)
    report = score_tables(truth, tracks, ScoreConfig())
    codes = {one.name: one for one in report.identity}
    assert codes["address"].completeness == pytest.approx(25 / 31)
    assert codes["address"].correctness == pytest.approx(20 / 25)
    assert codes["callsign"].correctness == 1.0
    assert "identity is not judged by mode_3a: not in both tables" in report.notes
