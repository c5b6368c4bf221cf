"""What simulated radars say: the configured statistics, and nothing that depends on how time is cut."""

import math
from itertools import pairwise

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exercise.radar_scenes import SECOND, apart_deg, changed, expected, swept_of

from asman.exercise import messages, sweep
from asman.kernels import radar as rad
from asman.kernels.motion import LINES_MAX

SPAN = 900 * SECOND


def _swept(scenario, span=SPAN):
    return swept_of(scenario, span / SECOND)


def test_a_perfect_radar_says_the_truth_as_proj_computes_it(plain):
    exercise, swept = _swept(plain, 120 * SECOND)
    range_m, azimuth_deg, _, _ = expected(exercise, swept)
    assert swept.plots.num_rows > 500
    assert np.abs(swept.plots["range_m"].to_numpy() - range_m).max() < 1e-3
    assert np.abs(apart_deg(swept.plots["azimuth_deg"].to_numpy(), azimuth_deg) * range_m).max() < 0.1


def test_the_antenna_points_at_each_aircraft_when_it_is_met(plain):
    exercise, swept = _swept(plain, 120 * SECOND)
    radar = exercise.world.radars[0]
    seconds = (swept.crossing_ns - exercise.sky.begin_ns) / SECOND
    antenna = (seconds - radar[rad.PHASE]) / radar[rad.PERIOD] * 360.0
    # 1 ns of rounding and 1 µs of iteration are 1e-4 degrees of a 5 s turn.
    assert np.abs(apart_deg(antenna, swept.plots["azimuth_deg"].to_numpy())).max() < 2e-4


def test_a_perfect_radar_meets_every_aircraft_once_a_turn(plain):
    _, swept = _swept(plain)
    order = np.lexsort((swept.crossing_ns, swept.aircraft))
    aircraft, when = swept.aircraft[order], swept.crossing_ns[order] / SECOND
    gaps = np.diff(when)[aircraft[1:] == aircraft[:-1]]
    # A gap of more turns is a cone of silence or a horizon crossed twice; none is short.
    assert gaps.min() > 4.5
    assert np.mean(np.abs(gaps - 5.0) < 0.3) > 0.999


def test_limits_of_range_cone_and_horizon_hold_and_are_used(plain):
    exercise, swept = _swept(changed(plain, effects={"cone_deg": 20.0}))
    range_m, _, elevation_deg, height = expected(exercise, swept)
    horizon = math.sqrt(2 * 4 / 3 * 6_371_008.8) * (math.sqrt(20.0) + np.sqrt(height - 680.0))
    assert range_m.max() <= 400_000.0
    assert 15.0 < elevation_deg.max() <= 20.0 + 1e-6
    assert (range_m <= horizon * (1 + 1e-6)).all()
    assert (range_m > 0.97 * horizon).any()


@pytest.mark.parametrize("pd", [0.6, 0.95])
def test_the_share_detected_is_pd(plain, pd):
    _, whole = _swept(plain)
    _, part = _swept(changed(plain, {"pd": pd}))
    n = whole.plots.num_rows
    assert abs(part.plots.num_rows / n - pd) < 4 * math.sqrt(pd * (1 - pd) / n)


def test_residuals_have_the_sigmas_and_biases_that_are_set(plain):
    biases = {"range_bias_m": 40.0, "azimuth_bias_deg": -0.1, "range_gain": 5e-5}
    exercise, swept = _swept(changed(plain, {"sigma_range_m": 60.0, "sigma_azimuth_deg": 0.08}, biases))
    range_m, azimuth_deg, _, _ = expected(exercise, swept)
    along = (swept.plots["range_m"].to_numpy() - range_m * (1 + 5e-5) - 40.0) / 60.0
    across = (apart_deg(swept.plots["azimuth_deg"].to_numpy(), azimuth_deg) + 0.1) / 0.08
    n = along.size
    assert n > 3_000
    for residual in (along, across):
        assert abs(residual.mean()) < 4 / math.sqrt(n)
        assert abs(residual.var() - 1.0) < 4 * math.sqrt(2 / n)
        # Gaussian, not merely of that variance: the share inside one sigma.
        assert abs(np.mean(np.abs(residual) < 1) - 0.6827) < 4 * math.sqrt(0.6827 * 0.3173 / n)
    assert abs(np.corrcoef(along, across)[0, 1]) < 4 / math.sqrt(n)


def test_successive_errors_of_one_aircraft_are_independent(plain):
    exercise, swept = _swept(changed(plain, {"sigma_range_m": 60.0}))
    range_m, _, _, _ = expected(exercise, swept)
    error = (swept.plots["range_m"].to_numpy() - range_m) / 60.0
    order = np.lexsort((swept.crossing_ns, swept.aircraft))
    error, aircraft = error[order], swept.aircraft[order]
    same = aircraft[1:] == aircraft[:-1]
    assert abs(np.mean((error[1:] * error[:-1])[same])) < 4 / math.sqrt(same.sum())


def test_a_wobble_and_a_wrong_clock_are_as_set(plain):
    effects = {"wobble_deg": 0.2, "wobble_at_deg": 30.0, "time_bias_s": 0.25}
    exercise, swept = _swept(changed(plain, effects=effects), 120 * SECOND)
    _, azimuth_deg, _, _ = expected(exercise, swept)
    error = apart_deg(swept.plots["azimuth_deg"].to_numpy(), azimuth_deg)
    assert np.abs(error - 0.2 * np.sin(np.radians(azimuth_deg + 30.0))).max() < 1e-5
    late = swept.plots["time"].cast("int64").to_numpy() - swept.crossing_ns
    assert (late == SECOND // 4).all()


def test_a_quantised_radar_speaks_in_the_steps_of_cat048(plain):
    _, swept = _swept(changed(plain, {"sigma_range_m": 60.0}, {"quantised": True}), 120 * SECOND)
    plots = swept.plots
    for values, step in (
        (plots["range_m"].to_numpy(), 1852.0 / 256.0),
        (plots["azimuth_deg"].to_numpy(), 360.0 / 65536.0),
        (plots["pressure_altitude_m"].to_numpy(), 25 * 0.3048),
    ):
        assert np.abs(values / step - np.round(values / step)).max() < 1e-6
    assert (plots["time"].cast("int64").to_numpy() % rad.TIME_STEP_NS == 0).all()
    assert plots["azimuth_deg"].to_numpy().max() < 360.0


def test_altitude_is_pressure_altitude(plain):
    warm = msgspec.structs.replace(
        plain, atmosphere=msgspec.convert({"isa_deviation_k": 10.0}, type(plain.atmosphere))
    )
    exercise, swept = _swept(warm, 120 * SECOND)
    _, _, _, height = expected(exercise, swept)
    said = swept.plots["pressure_altitude_m"].to_numpy()
    assert np.abs(said * (1 + 10.0 / 288.15) - height).max() < 13 * 0.3048 * 1.04


def test_false_plots_come_as_often_as_set_and_fill_the_disc_evenly(plain):
    scans, mean = 180, 12.0
    _, swept = _swept(changed(plain, {"false_plots_per_scan": mean}))
    false = swept.aircraft < 0
    assert abs(false.sum() - scans * mean) < 4 * math.sqrt(scans * mean)
    area = (swept.plots["range_m"].to_numpy()[false] / 400_000.0) ** 2
    assert abs(area.mean() - 0.5) < 4 / math.sqrt(12 * false.sum())
    assert set(swept.plots.filter(pa.array(false))["detection"].to_pylist()) == {"ssr"}


def test_who_is_dark_is_seen_by_primary_radar_only(exercise):
    begin = exercise.sky.begin_ns
    swept = sweep(exercise, begin, begin + SPAN)
    dark = np.isin(swept.aircraft % LINES_MAX, np.flatnonzero(exercise.sky.equipment == rad.DARK))
    dark &= swept.aircraft >= 0
    seen = swept.plots.filter(pa.array(dark))
    assert seen.num_rows > 20
    assert set(seen["detection"].to_pylist()) == {"psr"}
    for column in ("mode_3a", "pressure_altitude_m", "address", "callsign"):
        assert seen[column].null_count == seen.num_rows


def test_every_plot_is_marked_simulated(exercise):
    begin = exercise.sky.begin_ns
    assert pc.all(sweep(exercise, begin, begin + 10 * SECOND).plots["simulated"]).as_py()


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, 60 * SECOND), max_size=6))
def test_rows_never_depend_on_how_time_is_cut(exercise, cuts):
    begin = exercise.sky.begin_ns + 500 * SECOND
    edges = [0, *sorted(cuts), 60 * SECOND]
    whole = sweep(exercise, begin, begin + edges[-1])
    parts = [sweep(exercise, begin + a, begin + b) for a, b in pairwise(edges)]
    assert pa.concat_tables([part.plots for part in parts]).equals(whole.plots)
    said = [messages(exercise, begin + a, begin + b) for a, b in pairwise(edges)]
    assert pa.concat_tables(said).equals(messages(exercise, begin, begin + edges[-1]))
    assert np.array_equal(np.concatenate([part.cause for part in parts]), whole.cause)
    assert np.array_equal(np.concatenate([part.aircraft for part in parts]), whole.aircraft)


def test_steps_of_a_live_demo_give_what_a_batch_gives(exercise):
    begin, step = exercise.sky.begin_ns + 9_000 * SECOND, SECOND // 4
    whole = sweep(exercise, begin, begin + 60 * SECOND)
    parts = [sweep(exercise, begin + k * step, begin + (k + 1) * step) for k in range(240)]
    assert pa.concat_tables([part.plots for part in parts]).equals(whole.plots)


def test_the_same_seed_gives_the_same_plots_and_another_seed_others(plain):
    noisy = changed(plain, {"sigma_range_m": 60.0})
    _, first = _swept(noisy, 60 * SECOND)
    _, again = _swept(noisy, 60 * SECOND)
    _, other = _swept(msgspec.structs.replace(noisy, seed=99), 60 * SECOND)
    assert first.plots.equals(again.plots)
    assert not first.plots.equals(other.plots)
