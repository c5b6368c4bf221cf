"""Rain stands in its drifted cell, strobes towards their jammer; neither where the earth hides them."""

import math

import numpy as np
import pyproj
import pytest

from asman.kernels import disturbance as dis
from asman.kernels import radar as rad
from asman.kernels.geodesy import lla_to_ecef

SECOND = 10**9
GEOD = pyproj.Geod(ellps="WGS84")


def _cell(site, east_m=60e3, north_m=0.0, **values):
    """A cell of 9 km, so far east and north of the radar, that drifts to the north-east; told by PROJ."""
    azimuth = math.degrees(math.atan2(east_m, north_m))
    lon, lat, _ = GEOD.fwd(site.lon, site.lat, azimuth, math.hypot(east_m, north_m))
    per_lat, per_lon = dis.metres_per_radian(math.radians(lat))
    row = np.zeros((1, dis.CELL_COLUMNS))
    said = {
        "CELL_END": math.inf, "CELL_LAT": math.radians(lat), "CELL_LON": math.radians(lon),
        "CELL_RADIUS": 9_000.0, "CELL_LAT_RATE": 10.0 / per_lat, "CELL_LON_RATE": 15.0 / per_lon,
        "CELL_PLOTS": 20.0, "CELL_LOSS": 0.2, **values,
    }  # fmt: skip
    for name, value in said.items():
        row[0, getattr(dis, name)] = value
    return row


def _jammer(site, azimuth_deg=120.0, away_m=100e3, height=9_000.0, **values):
    lon, lat, _ = GEOD.fwd(site.lon, site.lat, azimuth_deg, away_m)
    row = np.zeros((1, dis.JAMMER_COLUMNS))
    row[0, dis.JAMMER_X : dis.JAMMER_Z + 1] = lla_to_ecef(math.radians(lat), math.radians(lon), height)
    said = {
        "JAMMER_END": math.inf, "JAMMER_HEIGHT": height, "JAMMER_NOISE": 15.0,
        "JAMMER_WIDTH": math.radians(3.0), "JAMMER_PLOTS": 10.0, **values,
    }  # fmt: skip
    for name, value in said.items():
        row[0, getattr(dis, name)] = value
    return row


def _offsets(site, cell, ints, floats):
    """East, north [m] of each plot from where the cell's centre has drifted to; slant range for ground."""
    lon, lat, _ = GEOD.fwd(
        *(np.full(len(ints), value) for value in (site.lon, site.lat)),
        np.degrees(floats[:, rad.AZIMUTH]),
        floats[:, rad.RANGE],
    )
    t = ints[:, rad.AT] / SECOND
    to_lat = np.degrees(cell[0, dis.CELL_LAT] + cell[0, dis.CELL_LAT_RATE] * t)
    to_lon = np.degrees(cell[0, dis.CELL_LON] + cell[0, dis.CELL_LON_RATE] * t)
    azimuth, _, distance = GEOD.inv(to_lon, to_lat, lon, lat)
    return distance * np.sin(np.radians(azimuth)), distance * np.cos(np.radians(azimuth))


def test_rain_stands_in_the_cell_where_it_has_drifted_to(site, radar_row, rows):
    cell = _cell(site)
    ints, floats = rows(dis.weather, radar_row(), cell)
    assert len(ints) == pytest.approx(20 * 120, abs=4 * math.sqrt(2400))
    assert set(ints[:, rad.CAUSE]) == {rad.OF_WEATHER} and set(ints[:, rad.AIRCRAFT]) == {-1}
    # Slant ranges of echoes 8 km high are 600 m longer than the ground; the cell drifts by 90 m in a scan.
    assert np.hypot(*_offsets(site, cell, ints, floats)).max() < 9_000.0 + 700.0
    still = cell.copy()
    still[0, [dis.CELL_LAT_RATE, dis.CELL_LON_RATE]] = 0.0
    assert np.hypot(*_offsets(site, still, ints, floats)).max() > 15_000.0


def test_rain_has_cores(site, radar_row, rows):
    cell = _cell(site, CELL_LAT_RATE=0.0, CELL_LON_RATE=0.0, CELL_PLOTS=200.0)
    east, north = _offsets(site, cell, *rows(dis.weather, radar_row(), cell, seconds=(0.0, 250.0)))
    counts, _, _ = np.histogram2d(east, north, 12, [[-9e3, 9e3], [-9e3, 9e3]])
    assert counts.var() > 20.0 * counts.mean()


def test_rain_falls_from_its_begin_to_its_end(site, radar_row, rows):
    cell = _cell(site, CELL_BEGIN=100.0, CELL_END=200.0)
    when = rows(dis.weather, radar_row(), cell)[0][:, rad.AT] / SECOND
    assert when.min() >= 100.0 and when.max() < 200.0 and 300 < len(when) < 500


@pytest.mark.parametrize(
    ("cell", "radar"),
    [
        ({"east_m": 300e3}, {}),
        ({}, {"HAS_PSR": 0.0, "HAS_SSR": 1.0}),
        ({"CELL_PLOTS": 0.0}, {}),
        ({"east_m": 450e3}, {"PSR_RANGE_MAX": 500e3, "RANGE_MAX": 500e3}),
    ],
)
def test_rain_out_of_reach_or_below_the_horizon_is_not_seen(site, radar_row, rows, cell, radar):
    assert len(rows(dis.weather, radar_row(**radar), _cell(site, **cell))[0]) == 0


def test_far_rain_is_seen_by_its_tops(site, radar_row, rows):
    radar = radar_row(PSR_RANGE_MAX=500e3, RANGE_MAX=500e3)
    near, far = (len(rows(dis.weather, radar, _cell(site, east_m=e))[0]) for e in (60e3, 330e3))
    assert 0.05 * near < far < 0.6 * near


@pytest.mark.parametrize("azimuth_deg", [120.0, 0.0, 359.6])
def test_a_strobe_stands_in_the_jammers_direction_at_any_range(site, radar_row, rows, azimuth_deg):
    ints, floats = rows(dis.strobes, radar_row(), _jammer(site, azimuth_deg))
    assert len(ints) == pytest.approx(1200, abs=4 * math.sqrt(1200) + 10)
    assert set(ints[:, rad.CAUSE]) == {rad.OF_STROBE}
    aside = (np.degrees(floats[:, rad.AZIMUTH]) - azimuth_deg + 180.0) % 360.0 - 180.0
    assert np.abs(aside).max() <= 1.51 and abs(aside.mean()) < 0.1
    deciles = np.histogram(floats[:, rad.RANGE], 10, (1e3, 150e3))[0]
    assert deciles.min() > 70


@pytest.mark.parametrize(
    ("jammer", "radar"),
    [
        ({"away_m": 500e3}, {}),
        ({"height": 600.0}, {}),
        ({"JAMMER_END": 0.0}, {}),
        ({"JAMMER_PLOTS": 0.0}, {}),
        ({}, {"HAS_PSR": 0.0, "HAS_SSR": 1.0}),
    ],
)
def test_no_strobe_without_sight_of_a_jammer(site, radar_row, rows, jammer, radar):
    assert len(rows(dis.strobes, radar_row(**radar), _jammer(site, **jammer))[0]) == 0


def test_on_an_earth_that_hides_nothing_a_far_jammer_is_heard(site, radar_row, rows):
    radar = radar_row(HAS_HORIZON=0.0)
    assert len(rows(dis.strobes, radar, _jammer(site, away_m=900e3))[0]) > 1000
