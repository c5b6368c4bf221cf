"""What weather and jamming leave of a primary echo: the share asked for where it is meant, all elsewhere."""

import math

import numpy as np
import pyproj
import pytest

from asman.kernels import disturbance as dis
from asman.kernels import meeting as met
from asman.kernels import radar as rad
from asman.kernels.geodesy import lla_to_ecef
from asman.kernels.interference import SIDE_LOBES, primary_factors

GEOD = pyproj.Geod(ellps="WGS84")
NO_CELL, NO_JAMMER = np.empty((0, dis.CELL_COLUMNS)), np.empty((0, dis.JAMMER_COLUMNS))


def _meetings(*places):
    """Meetings at azimuth [deg], range [m], height [m], time [s]."""
    hits = np.zeros((len(places), met.HIT_INTS), np.int64)
    geometry = np.zeros((len(places), met.HIT_FLOATS))
    for hit, floats, (azimuth_deg, range_, height, t) in zip(hits, geometry, places, strict=True):
        hit[met.HIT_AT] = round(t * 1e9)
        floats[[met.HIT_RANGE, met.HIT_AZIMUTH, met.HIT_HEIGHT]] = range_, math.radians(azimuth_deg), height
        floats[met.HIT_SINE] = (height - 700.0) / range_
    return hits, geometry


def _pd(radar, factor, range_=112_500.0):
    """Probability of detection of the reference aircraft at a range, by Swerling 1."""
    signal = radar[0, rad.SNR_PSR] * (112_500.0 / range_) ** 4 * factor
    return 1e-6 ** (1.0 / (1.0 + signal))


@pytest.fixture
def cell(site):
    """A cell of 10 km, 60 km east, for ten minutes, that takes a fifth of detections."""
    lon, lat, _ = GEOD.fwd(site.lon, site.lat, 90.0, 60e3)
    row = np.zeros((1, dis.CELL_COLUMNS))
    row[0] = 0.0, 600.0, math.radians(lat), math.radians(lon), 10e3, 0.0, 0.0, 0.0, 0.2
    return row


@pytest.fixture
def jammer(site):
    """A jammer that halves a radar's range, 100 km to the south."""
    lon, lat, _ = GEOD.fwd(site.lon, site.lat, 180.0, 99_600.0)
    row = np.zeros((1, dis.JAMMER_COLUMNS))
    row[0, dis.JAMMER_X : dis.JAMMER_Z + 1] = lla_to_ecef(math.radians(lat), math.radians(lon), 9_000.0)
    row[0, [dis.JAMMER_END, dis.JAMMER_HEIGHT, dis.JAMMER_NOISE]] = 600.0, 9_000.0, 15.0
    return row


def test_clear_air_takes_nothing(radar_row):
    hits, geometry = _meetings((90.0, 50e3, 5_000.0, 10.0), (0.0, 5e3, 2_000.0, 20.0))
    assert primary_factors(radar_row(), hits, geometry, NO_CELL, NO_JAMMER).tolist() == [1.0, 1.0]


def test_rain_takes_its_share_of_detections_within_and_behind_and_none_before_and_beside(radar_row, cell):
    radar = radar_row()
    hits, geometry = _meetings(
        (90.0, 60e3, 5_000.0, 10.0),
        (90.0, 100e3, 5_000.0, 10.0),
        (90.0, 45e3, 5_000.0, 10.0),
        (105.0, 60e3, 5_000.0, 10.0),
        (270.0, 60e3, 5_000.0, 10.0),
        (90.0, 60e3, 5_000.0, 600.0),
    )
    factors = primary_factors(radar, hits, geometry, cell, NO_JAMMER)
    assert _pd(radar, factors[0]) == pytest.approx(0.8 * 0.8)
    assert _pd(radar, factors[1]) == pytest.approx(0.8 * 0.8, abs=1e-3)
    assert factors[2:].tolist() == [1.0, 1.0, 1.0, 1.0]


def test_behind_the_rim_of_a_cell_less_is_lost_and_over_its_top_nothing(radar_row, cell):
    hits, geometry = _meetings(
        (90.0, 100e3, 5_000.0, 10.0), (98.0, 100e3, 5_000.0, 10.0), (90.0, 100e3, 14_500.0, 10.0)
    )
    middle, rim, over = primary_factors(radar_row(), hits, geometry, cell, NO_JAMMER)
    chord = 2.0 * math.sqrt(10e3**2 - (60e3 * math.sin(math.radians(8.0))) ** 2)
    assert math.log(rim) / math.log(middle) == pytest.approx(chord / 20e3, rel=0.01)
    assert over == 1.0


def test_two_cells_in_a_row_take_both_their_shares(radar_row, cell):
    hits, geometry = _meetings((90.0, 100e3, 5_000.0, 10.0))
    once, twice = (
        primary_factors(radar_row(), hits, geometry, cells, NO_JAMMER)[0]
        for cells in (cell, np.concatenate((cell, cell)))
    )
    assert twice == pytest.approx(once * once)


def test_a_jammer_of_power_one_halves_the_range_in_its_direction(radar_row, jammer):
    radar = radar_row()
    hits, geometry = _meetings((180.0, 112_500.0, 9_000.0, 10.0), (180.0, 56_250.0, 9_000.0, 10.0))
    factors = primary_factors(radar, hits, geometry, NO_CELL, jammer)
    assert _pd(radar, factors[1], 56_250.0) == pytest.approx(0.8, abs=0.005)
    assert _pd(radar, factors[0]) < 0.1


def test_a_near_aircraft_burns_through(radar_row, jammer):
    radar = radar_row()
    ranges = (10e3, 30e3, 60e3, 110e3)
    hits, geometry = _meetings(*((180.0, r, 5_000.0, 10.0) for r in ranges))
    factors = primary_factors(radar, hits, geometry, NO_CELL, jammer)
    pds = [_pd(radar, f, r) for f, r in zip(factors, ranges, strict=True)]
    assert pds == sorted(pds, reverse=True) and pds[0] > 0.999 and pds[-1] < 0.1


def test_beside_its_direction_only_a_strong_jammer_is_heard(radar_row, jammer):
    strong = jammer.copy()
    strong[0, dis.JAMMER_NOISE] = 16.0**4 - 1.0
    hits, geometry = _meetings((180.7, 80e3, 9_000.0, 10.0), (0.0, 80e3, 9_000.0, 10.0))
    beside, behind = primary_factors(radar_row(), hits, geometry, NO_CELL, jammer)
    # Half a beam off, half the noise.
    assert 1.0 / beside - 1.0 == pytest.approx(7.5, rel=0.03)
    assert behind == pytest.approx(1.0 / (1.0 + 15.0 * SIDE_LOBES), rel=1e-4)
    assert 0.03 < primary_factors(radar_row(), hits, geometry, NO_CELL, strong)[1] < 0.1


@pytest.mark.parametrize(
    ("change", "radar"),
    [
        ({"JAMMER_HEIGHT": 700.0}, {}),
        ({"JAMMER_END": 5.0}, {}),
        ({"JAMMER_NOISE": 0.0}, {}),
        ({}, {"HAS_PSR": 0.0}),
    ],
)
def test_who_is_not_heard_takes_nothing(radar_row, jammer, change, radar):
    for name, value in change.items():
        jammer[0, getattr(dis, name)] = value
    hits, geometry = _meetings((180.0, 80e3, 9_000.0, 10.0))
    assert primary_factors(radar_row(**radar), hits, geometry, NO_CELL, jammer)[0] == 1.0


def test_a_radar_of_fixed_detection_is_told_the_share_that_is_left(radar_row, cell, jammer):
    radar = radar_row(SWERLING=0.0)
    hits, geometry = _meetings((90.0, 112_500.0, 5_000.0, 10.0), (180.0, 56_250.0, 9_000.0, 10.0))
    behind, jammed = primary_factors(radar, hits, geometry, cell, jammer)
    assert behind == pytest.approx(0.8, abs=5e-3)
    assert jammed == pytest.approx(0.8 / _pd(radar, 1.0, 56_250.0), abs=0.01)
