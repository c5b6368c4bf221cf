"""Geodesy against pyproj (PROJ), against itself there and back, and against hand-made geometry."""

import math

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.kernels import geodesy

LAT = st.floats(-math.pi / 2, math.pi / 2)
LON = st.floats(-math.pi, math.pi)
HEIGHT = st.floats(-500.0, 60_000.0)
SITE_HEIGHT = st.floats(-400.0, 6_000.0)


def _world(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points spread over the whole earth, poles, equator and date line among them."""
    draw = np.random.default_rng(7)
    lat = np.concatenate([np.arcsin(draw.uniform(-1, 1, count)), [0.0, math.pi / 2, -math.pi / 2, 1.0]])
    lon = np.concatenate([draw.uniform(-math.pi, math.pi, count), [math.pi, 0.3, 0.3, -math.pi]])
    height = np.concatenate([draw.uniform(-10_000, 100_000, count), [0.0, 0.0, 9_000.0, -400.0]])
    return lat, lon, height


def _apart_m(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    return math.dist(geodesy.lla_to_ecef(*a), geodesy.lla_to_ecef(*b))


def test_ecef_agrees_with_proj_both_ways_to_a_micrometre():
    lat, lon, height = _world(5_000)
    proj = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.array(proj.transform(np.degrees(lon), np.degrees(lat), height))

    forward = np.array(geodesy.lla_to_ecef_array(lat, lon, height))
    assert np.abs(forward - expected).max() < 1e-6

    back = geodesy.ecef_to_lla_array(*expected)
    # Latitude is judged in metres along the ground, not only height: a wrong seed is right in height alone.
    assert np.abs(back[0] - lat).max() * 6.4e6 < 1e-6
    assert (np.abs(np.sin(back[1] - lon)) * np.cos(lat)).max() * 6.4e6 < 1e-6
    assert np.abs(back[2] - height).max() < 1e-6


def test_enu_agrees_with_proj_topocentric():
    lat, lon, height = (column[:200] for column in _world(5_000))
    pipeline = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=cart +ellps=WGS84"
        " +step +proj=topocentric +ellps=WGS84 +lon_0=74.47 +lat_0=42.85 +h_0=650"
    )
    expected = pipeline.transform(lon, lat, height, radians=True)
    found = geodesy.lla_to_enu_array(lat, lon, height, math.radians(42.85), math.radians(74.47), 650.0)
    assert np.abs(np.array(found) - np.array(expected)).max() < 1e-6


def test_polar_agrees_with_a_bisection_over_proj():
    """Bisect the elevation until PROJ gives the height: slow, independent, the same place."""
    pipeline = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +inv +proj=topocentric +ellps=WGS84 +lon_0=18.56 +lat_0=43.72 +h_0=1900"
        " +step +inv +proj=cart +ellps=WGS84"
    )
    site = (math.radians(43.72), math.radians(18.56), 1_900.0)
    for range_m, azimuth, height in (
        (15_000.0, 0.4, 9_000.0),
        (120_000.0, 2.0, 300.0),
        (460_000.0, 4.4, 12_000.0),
    ):
        low, high = -0.2, math.pi / 2
        for _ in range(80):
            elevation = (low + high) / 2
            ground = range_m * math.cos(elevation)
            point = pipeline.transform(
                ground * math.sin(azimuth),
                ground * math.cos(azimuth),
                range_m * math.sin(elevation),
                radians=True,
            )
            low, high = (elevation, high) if point[2] < height else (low, elevation)
        found = geodesy.polar_to_lla(range_m, azimuth, height, *site)
        assert _apart_m(found, (point[1], point[0], point[2])) < 1e-5


@given(LAT, LON, HEIGHT)
def test_ecef_there_and_back(lat: float, lon: float, height: float):
    found = geodesy.ecef_to_lla(*geodesy.lla_to_ecef(lat, lon, height))
    assert _apart_m(found, (lat, lon, height)) < 1e-7
    assert abs(found[0] - lat) * 6.4e6 < 1e-6


@given(LAT, LON, HEIGHT, LAT, LON, SITE_HEIGHT)
def test_enu_there_and_back(lat: float, lon: float, height: float, lat0: float, lon0: float, h0: float):
    enu = geodesy.lla_to_enu(lat, lon, height, lat0, lon0, h0)
    assert _apart_m(geodesy.enu_to_lla(*enu, lat0, lon0, h0), (lat, lon, height)) < 1e-6


@settings(max_examples=300)
@given(
    st.floats(500.0, 470_000.0),
    st.floats(0.0, 2 * math.pi, exclude_max=True),
    st.floats(0.0, 25_000.0),
    st.floats(-1.5, 1.5),
    LON,
    SITE_HEIGHT,
)
def test_polar_there_and_back(range_m, azimuth, height, lat0, lon0, h0):
    lat, lon, found = geodesy.polar_to_lla(range_m, azimuth, height, lat0, lon0, h0)
    back_range, back_azimuth, elevation = geodesy.lla_to_polar(lat, lon, found, lat0, lon0, h0)
    assert back_range == pytest.approx(range_m, abs=1e-5)
    if found == pytest.approx(height, abs=1e-6):
        across = math.sin(back_azimuth - azimuth) * range_m * math.cos(elevation)
        assert abs(across) < 1e-4
    else:
        # No such point: the height lies out of the range's reach, and the target is put over the antenna.
        assert abs(height - h0) > range_m * 0.99
        assert abs(elevation) == pytest.approx(math.pi / 2, abs=1e-4)


@given(LAT, LON, SITE_HEIGHT, st.floats(-0.06, 0.06), st.floats(-0.06, 0.06), st.floats(0.0, 20_000.0))
def test_polar_finds_the_point_it_was_measured_from(lat0, lon0, h0, north, east, height):
    """For any point in reach: measure it, take its true height, and get the point back."""
    if not math.hypot(north, east) * 6.37e6 > 2 * abs(height - h0) + 100.0 or abs(lat0) > 1.45:
        return
    lat, lon = lat0 + north, lon0 + east
    range_m, azimuth, _ = geodesy.lla_to_polar(lat, lon, height, lat0, lon0, h0)
    found = geodesy.polar_to_lla(range_m, azimuth, height, lat0, lon0, h0)
    assert _apart_m(found, (lat, lon, height)) < 1e-4


@given(
    st.floats(-80_000, 80_000), st.floats(-80_000, 80_000), st.floats(-100, 15_000), st.floats(-1.4, 1.4), LON
)
def test_plane_with_height_there_and_back(east, north, height, lat0, lon0):
    lat, lon, found = geodesy.plane_to_lla(east, north, height, lat0, lon0, 30.0)
    assert found == pytest.approx(height, abs=1e-6)
    assert geodesy.lla_to_enu(lat, lon, found, lat0, lon0, 30.0)[:2] == pytest.approx((east, north), abs=1e-5)


def test_azimuth_is_clockwise_from_true_north():
    here = (math.radians(45.0), math.radians(10.0), 0.0)
    step = math.radians(0.1)
    for lat, lon, azimuth in ((step, 0, 0), (0, step, 90), (-step, 0, 180), (0, -step, 270)):
        found = geodesy.lla_to_polar(here[0] + lat, here[1] + lon, 1_000.0, *here)[1]
        assert math.degrees(found) == pytest.approx(azimuth, abs=0.1)


def test_overhead_with_a_height_above_the_range_lands_on_the_antenna():
    lat, lon, h = geodesy.polar_to_lla(9_900.0, 1.0, 10_000.0, 0.7, 1.3, 0.0)
    assert (lat, lon) == pytest.approx((0.7, 1.3), abs=1e-12)
    assert h == pytest.approx(9_900.0, abs=1e-6)


def test_nan_gives_nan():
    assert all(math.isnan(value) for value in geodesy.polar_to_lla(math.nan, 1.0, 10_000.0, 0.7, 1.3, 0.0))
    assert math.isnan(geodesy.ecef_to_lla(math.nan, 1.0, 1.0)[2])


def test_array_twins_equal_their_scalars():
    lat, lon, height = (column[:50] for column in _world(60))
    site = (0.7, 1.3, 200.0)
    for scalar, array, origin in (
        (geodesy.lla_to_ecef, geodesy.lla_to_ecef_array, ()),
        (geodesy.lla_to_enu, geodesy.lla_to_enu_array, site),
        (geodesy.lla_to_polar, geodesy.lla_to_polar_array, site),
    ):
        columns = np.array(array(lat, lon, height, *origin)).T
        rows = [scalar(*row, *origin) for row in zip(lat, lon, height, strict=True)]
        assert np.array_equal(columns, np.array(rows))
    xyz = geodesy.lla_to_ecef_array(lat, lon, height)
    polar = (np.linspace(1e3, 4e5, 50), np.linspace(0, 6, 50), np.full(50, 9_000.0))
    for scalar, array, given_, origin in (
        (geodesy.ecef_to_lla, geodesy.ecef_to_lla_array, xyz, ()),
        (geodesy.enu_to_lla, geodesy.enu_to_lla_array, xyz, site),
        (geodesy.polar_to_lla, geodesy.polar_to_lla_array, polar, site),
        (geodesy.plane_to_lla, geodesy.plane_to_lla_array, polar, site),
    ):
        columns = np.array(array(*given_, *origin)).T
        rows = [scalar(*row, *origin) for row in zip(*given_, strict=True)]
        assert np.array_equal(columns, np.array(rows))
