"""Systematic errors and measurement: drawn as their sigmas say, and found again in the residuals of plots."""

import math

import msgspec
import numpy as np
import pyproj
import pytest
from scipy import stats
from tests.exercise.radar_scenes import (
    SECOND,
    apart_deg,
    around,
    as_likely_as,
    changed,
    column,
    empty,
    expected,
    kept,
    normal,
    polar,
    straight,
    swept_of,
)

from asman.exercise import messages, start, without
from asman.exercise.radars import resolved
from asman.kernels import radar as rad

SIGMAS = {
    "range_bias_m": 30.0, "range_gain": 4e-5, "azimuth_bias_deg": 0.05, "wobble_deg": 0.02,
    "time_bias_s": 0.03, "clock_drift_ppm": 0.5,
}  # fmt: skip
LEFT_OPEN = {
    **dict.fromkeys(SIGMAS), "wobble_at_deg": None, "site_east_m": None, "site_north_m": None,
}  # fmt: skip


def _named(name):
    return {"range_gain": "range_gain_sigma"}.get(
        name, name.rsplit("_", 1)[0] + "_sigma_" + name.rsplit("_", 1)[-1]
    )


@pytest.fixture(scope="module")
def open_errors(plain):
    """The plain radar, its systematic errors left to the seed."""
    sigmas = {_named(name): sigma for name, sigma in SIGMAS.items()}
    return changed(plain, effects={**LEFT_OPEN, **sigmas, "site_sigma_m": 40.0})


@pytest.fixture(scope="module")
def drawn(open_errors):
    """What 1,500 seeds draw for each of two sensors."""
    two = changed(open_errors, copies=2)
    seeds = [msgspec.structs.replace(two, seed=seed) for seed in range(1_500)]
    return [[resolved(scenario, index) for scenario in seeds] for index in (0, 1)]


@pytest.mark.parametrize("name", [*SIGMAS, "site_east_m", "site_north_m"])
def test_errors_left_open_are_drawn_with_their_sigmas(drawn, name):
    first, second = ([getattr(one, name) for one in sensor] for sensor in drawn)
    sigma = SIGMAS.get(name, 40.0)
    assert normal(first, 0.0, sigma) and normal(second, 0.0, sigma)
    assert stats.kstest(np.array(first) / sigma, "norm").pvalue > 1e-4
    # Neither sensor's error tells the other's.
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.0 / math.sqrt(len(first))


def test_the_errors_of_one_sensor_tell_nothing_of_one_another(drawn):
    names = [*SIGMAS, "site_east_m", "site_north_m"]
    table = np.corrcoef([[getattr(one, name) for one in drawn[0]] for name in names])
    # The largest of 28.
    assert np.abs(table - np.eye(len(names))).max() < 4.5 / math.sqrt(len(drawn[0]))
    phase = np.array([one.wobble_at_deg for one in drawn[0]]) % 360.0 / 360.0
    assert stats.kstest(phase, "uniform").pvalue > 1e-4


def test_errors_that_are_given_stand_as_given(open_errors):
    given = {"range_bias_m": 12.0, "azimuth_bias_deg": -0.07, "site_north_m": 0.0}
    true = resolved(changed(open_errors, effects=given), 0)
    assert {name: getattr(true, name) for name in given} == given
    free = resolved(open_errors, 0)
    # What is given changes no other draw.
    assert (true.range_gain, true.time_bias_s, true.site_east_m) == (
        free.range_gain, free.time_bias_s, free.site_east_m,
    )  # fmt: skip


def test_each_is_off_by_its_name(open_errors):
    quiet = resolved(without(open_errors, ("bias", "wobble", "clock", "site")), 0)
    assert {getattr(quiet, name) for name in (*SIGMAS, "site_east_m", "site_north_m")} == {0.0}


def test_residuals_of_plots_are_what_was_drawn(open_errors):
    exercise, swept = swept_of(open_errors, 120.0)
    true = resolved(open_errors, 0)
    e, n, u, _ = polar(exercise, swept.aircraft, swept.crossing_ns)
    # The antenna stands elsewhere than its owner says.
    e, n = e - true.site_east_m, n - true.site_north_m
    range_m, azimuth = np.sqrt(e * e + n * n + u * u), np.degrees(np.arctan2(e, n)) + true.azimuth_bias_deg
    azimuth += true.wobble_deg * np.sin(np.radians(azimuth + true.wobble_at_deg))
    said = column(swept, "range_m") - range_m * (1.0 + true.range_gain) - true.range_bias_m
    assert np.abs(said).max() < 2e-3
    assert np.abs(apart_deg(column(swept, "azimuth_deg"), azimuth)).max() < 1e-5
    seconds = (swept.crossing_ns - exercise.sky.begin_ns) / SECOND
    late = (swept.plots["time"].cast("int64").to_numpy() - swept.crossing_ns) / SECOND
    assert np.abs(late - true.time_bias_s - 1e-6 * true.clock_drift_ppm * seconds).max() < 5e-9


def test_a_clock_that_drifts_stamps_plots_and_sectors_alike(plain):
    scene = changed(plain, effects={"time_bias_s": 0.1, "clock_drift_ppm": 400.0})
    exercise, swept = swept_of(scene, 300.0, begin_s=600.0)
    seconds = (swept.crossing_ns - exercise.sky.begin_ns) / SECOND
    late = (swept.plots["time"].cast("int64").to_numpy() - swept.crossing_ns) / SECOND
    assert np.abs(late - 0.1 - 4e-4 * seconds).max() < 5e-9
    assert 0.33 < late.min() < late.max() < 0.47
    begin = exercise.sky.begin_ns + 600 * SECOND
    # The messages' stamps are in steps of 1/128 s.
    sector_s, true_s = (
        messages(one, begin, begin + 300 * SECOND)["time"].cast("int64").to_numpy() - exercise.sky.begin_ns
        for one in (exercise, start(plain))
    )
    late = (sector_s - true_s) / SECOND
    assert np.abs(late - 0.1 - 4e-4 * true_s / SECOND).max() < 1.01 / 128


def test_biases_swing_by_their_amplitude_and_period(plain):
    effects = {
        "swing": 2.0, "swing_period_s": 400.0, "range_bias_sigma_m": 25.0, "azimuth_bias_sigma_deg": 0.03,
    }  # fmt: skip
    exercise, swept = swept_of(changed(plain, effects=effects), 500.0)
    range_m, azimuth, _, _ = expected(exercise, swept)
    angle = 2.0 * np.pi * (swept.crossing_ns - exercise.sky.begin_ns) / SECOND / 400.0
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    for residual, amplitude, exact in (
        (column(swept, "range_m") - range_m, 50.0, 5e-3),
        (apart_deg(column(swept, "azimuth_deg"), azimuth), 0.06, 1e-5),
    ):
        fit, *_ = np.linalg.lstsq(basis, residual, rcond=None)
        assert math.hypot(*fit) == pytest.approx(amplitude, rel=1e-3)
        assert np.abs(residual - basis @ fit).max() < exact
    off, still = swept_of(without(changed(plain, effects=effects), ("bias",)), 20.0)
    assert np.abs(column(still, "range_m") - expected(off, still)[0]).max() < 1e-3


def test_what_the_air_adds_is_the_integral_of_its_refractivity_along_the_ray(plain):
    flights = [
        straight(f"f{i}", around(23.0 * i, 15e3), 23.0 * i, 400e3, speed_mps=600.0, altitude_m=height)
        for i, height in enumerate((1_000.0, 4_000.0, 9_000.0, 12_000.0, 20_000.0))
    ]
    scene = changed(empty(plain, *flights), effects={"refractivity_n": 315.0, "cone_deg": 90.0})
    exercise, swept = swept_of(scene, 600.0)
    e, n, u, _ = polar(exercise, swept.aircraft, swept.crossing_ns)
    range_m = np.sqrt(e * e + n * n + u * u)
    # A straight ray over the ellipsoid in 400 steps, each height by PROJ.
    shares = (np.arange(400) + 0.5) / 400
    back = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +inv +proj=topocentric +ellps=WGS84 +lon_0=74.5 +lat_0=43.0 +h_0=700"
        " +step +inv +proj=cart +ellps=WGS84"
    )
    heights = back.transform(*(np.outer(v, shares).ravel() for v in (e, n, u)))[2].reshape(e.size, -1)
    added = 315e-6 * np.exp(-heights / 7_350.0).mean(axis=1) * range_m
    assert range_m.max() > 350e3 and added.max() > 60.0
    off = np.abs(column(swept, "range_m") - range_m - added)
    assert off.max() < 0.002 * added.max()
    _, without_air = swept_of(without(scene, ("refraction",)), 600.0)
    # A crossing is found to 10 µs: 6 mm at this speed.
    assert np.abs(column(without_air, "range_m") - range_m).max() < 0.007


@pytest.fixture(scope="module")
def windy(plain):
    scene = changed(plain, {"period_s": 4.0}, {"rotation_jitter": 0.03})
    return *swept_of(scene, 400.0), scene


def test_crossings_are_where_the_uneven_antenna_points(windy):
    exercise, swept, _ = windy
    radar = exercise.world.radars[0]
    _, azimuth, _, _ = expected(exercise, swept)
    seconds = (swept.crossing_ns - exercise.sky.begin_ns) / SECOND
    # The turn that is nearest: uneven rotation is never off by half of one.
    turns = np.round((seconds - radar[rad.PHASE]) / 4.0 - azimuth / 360.0) + azimuth / 360.0
    assert np.abs(rad.antenna_times(radar, turns) - seconds).max() < 2e-6


def test_the_antenna_s_speed_varies_by_its_share_within_a_turn_and_over_many(windy):
    exercise, _, _ = windy
    radar = exercise.world.radars[0]
    turns = np.arange(0.0, 37.0 * 8, 0.01)
    times = rad.antenna_times(radar, turns)
    speed = np.diff(times) / (0.01 * 4.0) - 1.0
    # Two parts of 3 % each, at most together.
    assert 0.055 < np.abs(speed).max() < 0.0601
    within = speed - np.convolve(speed, np.ones(100) / 100, "same")
    assert np.abs(within[200:-200]).max() == pytest.approx(0.03, rel=0.02)
    # Over 37 turns it comes round: no drift.
    assert times[(37 * 100) * 4] - times[0] == pytest.approx(37 * 4 * 4.0, abs=1e-6)


def test_plots_lie_between_the_messages_of_their_sector(windy):
    exercise, swept, _ = windy
    begin = exercise.sky.begin_ns
    said = messages(exercise, begin, begin + 400 * SECOND)
    rows = said.drop(["time"]).to_pylist()
    stamps = said["time"].cast("int64").to_numpy()
    sector = np.array([not row["north"] for row in rows])
    azimuth, when = np.array([row["azimuth_deg"] for row in rows])[sector], stamps[sector]
    assert (np.diff(when) > 0).all() and set(np.diff(azimuth) % 360.0) == {11.25}
    stamp = swept.plots["time"].cast("int64").to_numpy()
    place = np.searchsorted(when, stamp) - 1
    inside = (place >= 0) & (place < when.size - 1)
    within = apart_deg(column(swept, "azimuth_deg")[inside], azimuth[place[inside]])
    # The messages' stamps are in steps of 1/128 s, 0.7 degrees of a turn.
    assert inside.sum() > 3_000 and within.min() > -0.36 and within.max() < 11.25 + 0.36
    steady = messages(swept_of(changed(windy[2], {"period_s": 4.0}, {"rotation_jitter": 0.0}), 1.0)[0],
                      begin, begin + 400 * SECOND)  # fmt: skip
    gaps = np.diff(steady["time"].cast("int64").to_numpy()[~np.array(steady["north"].to_pylist())]) / SECOND
    assert np.abs(gaps - 0.125).max() < 1e-9 and np.abs(np.diff(when) / SECOND - 0.125).max() > 0.005


def test_azimuths_jump_as_often_and_as_far_as_set(plain):
    effects = {"outliers": 0.05, "outlier_deg": 0.8}
    _, right = swept_of(plain, 300.0)
    _, wrong = swept_of(changed(plain, effects=effects), 300.0)
    jump = apart_deg(column(wrong, "azimuth_deg"), column(right, "azimuth_deg"))
    jumped = np.abs(jump) > 1e-9
    assert as_likely_as(jumped, 0.05)
    assert normal(jump[jumped], 0.0, 0.8)
    for same in ("range_m", "pressure_altitude_m", "address", "mode_3a"):
        assert wrong.plots[same].equals(right.plots[same])


def test_without_quantisation_values_lie_between_the_steps(plain):
    _, fine = swept_of(plain, 60.0)
    _, coarse = swept_of(changed(plain, effects={"quantised": True}), 60.0)
    assert kept(fine, coarse).all()
    for name, step in (("range_m", 1852.0 / 256.0), ("azimuth_deg", 360.0 / 65536.0)):
        rounding = (
            apart_deg(column(coarse, name), column(fine, name))
            if name == "azimuth_deg"
            else (column(coarse, name) - column(fine, name))
        )
        assert np.abs(rounding).max() <= 0.5001 * step
        # Even over the step: rounding is a uniform error.
        assert stats.kstest(rounding / step + 0.5, "uniform").pvalue > 1e-4
    late = (coarse.plots["time"].cast("int64").to_numpy() - fine.crossing_ns) / rad.TIME_STEP_NS
    assert np.abs(late).max() <= 0.5 and stats.kstest(late + 0.5, "uniform").pvalue > 1e-4
