"""False plots of places: the configured statistics, evenly from anywhere, or from where clutter stays."""

import math

import numpy as np
import pytest
from scipy import stats

from asman.kernels import clutter as clu
from asman.kernels import radar as rad

SECOND = 10**9


def _scan(ints, radar):
    return np.floor((ints[:, rad.AT] / SECOND - radar[0, rad.PHASE]) / radar[0, rad.PERIOD]).astype(int)


@pytest.mark.parametrize("mean", [0.3, 12.0, 900.0])
def test_single_false_plots_are_poisson_in_number(radar_row, rows, mean):
    radar = radar_row()
    scans = 2000 if mean < 100 else 100
    ints, _ = rows(clu.scattered, radar, np.array([mean]), seconds=(3.3, 3.3 + 5.0 * scans), room=300_000)
    counts = np.bincount(_scan(ints, radar) - 1, minlength=scans)[:scans]
    assert counts.mean() == pytest.approx(mean, abs=4.0 * math.sqrt(mean / scans))
    dispersion = counts.var(ddof=1) / mean * (scans - 1)
    assert stats.chi2.ppf(1e-4, scans - 1) < dispersion < stats.chi2.ppf(1 - 1e-4, scans - 1)


def test_single_false_plots_fall_evenly_over_the_disc_even_if_the_antenna_does_not_turn_evenly(
    radar_row, rows
):
    radar = radar_row(JITTER=0.01, JITTER_AT=1.0)
    ints, floats = rows(clu.scattered, radar, np.array([60.0]), seconds=(0.0, 2000.0))
    assert set(ints[:, rad.CAUSE]) == {rad.OF_CLUTTER} and set(ints[:, rad.AIRCRAFT]) == {-1}
    area = (floats[:, rad.RANGE] ** 2 - 1e6) / (150e3**2 - 1e6)
    assert stats.kstest(area, "uniform").pvalue > 1e-3
    assert stats.kstest(floats[:, rad.AZIMUTH] / (2.0 * math.pi), "uniform").pvalue > 1e-3


def test_a_plot_is_seen_when_the_antenna_points_there(radar_row, rows):
    radar = radar_row(JITTER=0.01, JITTER_AT=1.0)
    ints, floats = rows(clu.scattered, radar, np.array([5.0]))
    turns = np.floor((ints[:, rad.AT] / SECOND - radar[0, rad.PHASE]) / 5.0) + np.arange(-1, 2)[:, None]
    when = np.stack(
        [rad.antenna_times(radar[0], turn + floats[:, rad.AZIMUTH] / 2.0 / math.pi) for turn in turns]
    )
    assert np.abs(when - ints[:, rad.AT] / SECOND).min(0).max() < 1e-6


def test_a_secondary_radar_alone_has_fruit_with_codes_and_altitudes_that_mean_nothing(radar_row, rows):
    ints, floats = rows(clu.scattered, radar_row(HAS_PSR=0.0, HAS_SSR=1.0), np.array([10.0]))
    assert set(ints[:, rad.CAUSE]) == {rad.OF_FRUIT}
    assert set(ints[:, rad.SEEN]) == {rad.SSR} and set(ints[:, rad.FLAWS]) == {0}
    pressure = floats[:, rad.PRESSURE]
    assert pressure.min() >= 0.0 and pressure.max() < 12_200.0 and pressure.std() > 3_000.0
    assert floats[:, rad.RANGE].max() > 300e3


def test_a_radar_with_both_parts_has_a_little_fruit(radar_row, rows):
    ints, floats = rows(clu.scattered, radar_row(HAS_SSR=1.0), np.array([50.0]))
    fruit = ints[:, rad.CAUSE] == rad.OF_FRUIT
    assert fruit.mean() == pytest.approx(clu.FRUIT_SHARE, abs=0.02)
    assert np.isnan(floats[~fruit, rad.PRESSURE]).all()
    assert (ints[~fruit, rad.FLAWS] == rad.CODE_IS_MISSING | rad.ALTITUDE_IS_MISSING).all()


@pytest.mark.parametrize("part", [{"HAS_PSR": 0.0}, {}])
def test_who_is_no_radar_or_has_no_false_plots_says_none(radar_row, rows, part):
    mean = 10.0 if part else 0.0
    assert len(rows(clu.scattered, radar_row(**part), np.array([mean]))[0]) == 0


def test_rows_beyond_the_room_are_counted_and_not_written(radar_row, rows):
    radar, mean = radar_row(), np.array([10.0])
    whole, _ = rows(clu.scattered, radar, mean)
    ints, floats = np.full((8, rad.PLOT_INTS), -9), np.empty((7, rad.PLOT_FLOATS))
    window = np.zeros(1, np.int64), np.full(1, 600 * SECOND)
    assert clu.scattered(radar, mean, 7, 0, *window, ints[:7], floats, 2) == len(whole) + 2
    assert (ints[2:7] == whole[:5]).all() and (ints[7] == -9).all() and (ints[:2] == -9).all()


def _scatterer(**values):
    """One scatterer that always shows, 30 km east, unless told otherwise."""
    row = np.zeros((1, clu.SCATTERER_COLUMNS))
    said = {"EAST": 30e3, "SLOT": 300.0, "SHOWS": 1.0, "DETECTED": 1.0, **values}
    for name, value in said.items():
        row[0, getattr(clu, name)] = value
    row[0, clu.AT_AZIMUTH] = math.atan2(row[0, clu.EAST], row[0, clu.NORTH])
    return row


def test_a_rock_is_met_once_a_turn_where_it_is(radar_row, rows):
    ints, floats = rows(clu.spotted, radar_row(), _scatterer(), seconds=(0.0, 500.0))
    assert len(ints) == 100 and (np.diff(np.sort(ints[:, rad.AT])) == 5 * SECOND).all()
    assert floats[:, rad.RANGE] == pytest.approx(30e3) and floats[:, rad.AZIMUTH] == pytest.approx(
        math.pi / 2
    )
    assert set(ints[:, rad.CAUSE]) == {rad.OF_SPOT} and set(ints[:, rad.SEEN]) == {rad.PSR}


def test_a_spot_at_north_is_met_once_a_turn_on_both_sides_of_it(radar_row, rows):
    north = _scatterer(EAST=0.0, NORTH=30e3, GLINT=200.0)
    ints, floats = rows(clu.spotted, radar_row(), north, seconds=(0.0, 2500.0))
    west = floats[:, rad.AZIMUTH] > math.pi
    assert len(ints) in (499, 500, 501) and 0.4 < west.mean() < 0.6
    assert np.abs(np.diff(np.sort(ints[:, rad.AT])) / SECOND - 5.0).max() < 0.05


def test_a_rock_shows_and_is_detected_in_its_shares(radar_row, rows):
    rock = _scatterer(SHOWS=0.6, DETECTED=0.5, SLOT=60.0)
    ints, _ = rows(clu.spotted, radar_row(), rock, seconds=(0.0, 300_000.0))
    # 5,000 slots of 12 scans: the share's deviation is that of the slots and of the scans in them.
    sigma = math.sqrt(0.25 * 0.24 / 5_000 + 0.6 * 0.25 / 60_000)
    assert len(ints) / 60_000 == pytest.approx(0.3, abs=4.0 * sigma)
    seen = np.bincount((ints[:, rad.AT] // (60 * SECOND)).astype(int), minlength=5_000)
    assert (seen == 0).mean() == pytest.approx(0.4, abs=0.03)


def test_a_lorry_drives_along_its_road_at_its_speed(radar_row, rows):
    lorry = _scatterer(EAST_MPS=25.0, NORTH_MPS=0.0, SLOT=200.0)
    ints, floats = rows(clu.spotted, radar_row(), lorry, seconds=(200.0, 400.0))
    order = np.argsort(ints[:, rad.AT])
    speed = np.diff(floats[order, rad.RANGE]) / np.diff(ints[order, rad.AT] / SECOND)
    assert speed == pytest.approx(25.0, abs=0.01)
    assert floats[:, rad.RANGE].min() == pytest.approx(27_500.0, abs=130.0)


def test_a_flock_comes_back_elsewhere_and_on_another_course(radar_row, rows):
    flock = _scatterer(EAST_MPS=10.0, SLOT=100.0, SWERVE=0.7, WANDER=1_000.0)
    ints, floats = rows(clu.spotted, radar_row(), flock, seconds=(0.0, 2_000.0))
    slot = ints[:, rad.AT] // (100 * SECOND)
    east = floats[:, rad.RANGE] * np.sin(floats[:, rad.AZIMUTH])
    north = floats[:, rad.RANGE] * np.cos(floats[:, rad.AZIMUTH])
    middles = np.array([(east[slot == s].mean(), north[slot == s].mean()) for s in range(20)])
    assert 100.0 < middles[:, 1].std() < 1_000.0 and np.abs(middles - (30e3, 0.0)).max() < 1_100.0
    drift = [np.polyfit(ints[slot == s, rad.AT] / 1e9, north[slot == s], 1)[0] for s in range(20)]
    assert np.std(drift) > 1.0 and np.abs(drift).max() < 10.0 * math.sin(0.75)
