"""Terrain masks: where rays run, what flat ground, a ridge and a bowl hide, and what never happens."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from pyproj import Geod

from asman.kernels import radar as rad
from asman.kernels import terrain_grid as grid
from asman.kernels import terrain_mask as tm
from asman.kernels.geodesy import lla_to_enu
from asman.kernels.motion import MEAN_RADIUS_M

EARTH_M = 4.0 / 3.0 * MEAN_RADIUS_M
GEOD = Geod(ellps="WGS84")
AZIMUTHS = 360

# Parts of kernels have no entry from Python: these are their doors.


@njit
def on_ray(arc, azimuth, sin_lat, cos_lat, lon):
    return grid.on_ray(arc, azimuth, sin_lat, cos_lat, lon)


@njit
def ground_arc(e, n, u, antenna):
    return tm.ground_arc(e, n, u, antenna)


@njit
def sine_elevation(antenna, height, arc, earth):
    return tm.sine_elevation(antenna, height, arc, earth)


@njit
def hidden(mask, step, azimuth, arc, sine):
    return tm.hidden(mask, step, azimuth, arc, sine)


@njit
def behind(mask, step, antenna, earth, e, n, u, azimuth, height):
    return tm.behind_terrain(mask, step, antenna, earth, e, n, u, azimuth, height)


@njit
def horizon(radar, height):
    return rad.horizon_range(radar, height)


class Ground:
    """A grid of 0.01 degrees, 5 degrees a side, around a site at 43 N 75 E."""

    lat, lon = math.radians(43.0), math.radians(75.0)
    step = 0.01

    def __init__(self, heights):
        self.heights = heights.astype(np.int16)
        self.peaks = grid.peaks_of(self.heights)

    @staticmethod
    def places():
        """Latitude and longitude [deg] of all cells."""
        return np.meshgrid(45.5 - 0.01 * np.arange(501), 72.5 + 0.01 * np.arange(501), indexing="ij")

    def mask(self, antenna, reach=150_000.0, step=500.0, earth=EARTH_M, ground=0.0, azimuths=AZIMUTHS):
        mask = np.empty((azimuths, math.ceil(reach / step) + 1), np.float32)
        known = tm.fill_mask(
            self.heights, 45.5, 72.5, self.step, self.step, self.peaks, 0.0,
            self.lat, self.lon, antenna, ground, earth, 200.0, step, mask,
        )  # fmt: skip
        return mask, known


def lowest(mask, antenna, arc, earth=EARTH_M):
    """Least height seen at an arc by a mask's elevation: triangle of antenna, aircraft, earth's centre."""
    elevation = np.arcsin(mask.astype(np.float64))
    return (earth + antenna) * np.cos(elevation) / np.cos(elevation + arc / earth) - earth


@pytest.mark.parametrize("lat", [-55.0, 0.0, 43.0, 78.0])
def test_rays_and_arcs_agree_with_proj_on_the_ellipsoid(lat):
    for azimuth in range(0, 360, 35):
        for arc in (1_000.0, 50_000.0, 400_000.0):
            lon_true, lat_true, _ = GEOD.fwd(75.0, lat, azimuth, arc)
            lat_is, lon_is = on_ray(
                arc, math.radians(azimuth), math.sin(math.radians(lat)), math.cos(math.radians(lat)),
                math.radians(75.0),
            )  # fmt: skip
            assert GEOD.inv(lon_true, lat_true, lon_is, lat_is)[2] < 1.0
            e, n, u = lla_to_enu(
                math.radians(lat_true), math.radians(lon_true), 9_000.0,
                math.radians(lat), math.radians(75.0), 800.0,
            )  # fmt: skip
            assert abs(ground_arc(e, n, u, 800.0) - arc) < 5.0
            off = math.degrees(math.atan2(e, n)) - azimuth
            assert abs((off + 180.0) % 360.0 - 180.0) < 0.001


def test_a_point_appears_where_plane_trigonometry_puts_it():
    for antenna, height, arc in [
        (20.0, 10_000.0, 300_000.0),
        (3_000.0, 0.0, 100_000.0),
        (800.0, 800.0, 50.0),
    ]:
        angle = arc / EARTH_M
        a = np.array([0.0, EARTH_M + antenna])
        p = (EARTH_M + height) * np.array([math.sin(angle), math.cos(angle)])
        assert sine_elevation(antenna, height, arc, EARTH_M) == pytest.approx(
            (p - a)[1] / np.linalg.norm(p - a), abs=1e-9
        )
    assert sine_elevation(5.0, 500.0, 0.0, EARTH_M) == 1.0


@pytest.mark.parametrize("level", [0, 1_500])
@pytest.mark.parametrize("known", [True, False], ids=["flat terrain", "no terrain"])
def test_flat_ground_hides_what_the_smooth_horizon_hides(level, known):
    step, mast = 500.0, 20.0
    ground = Ground(np.full((501, 501), level if known else grid.VOID))
    mask, share = ground.mask(level + mast, reach=520_000.0, step=step, ground=float(level), azimuths=8)
    assert (share > 0.1) == known  # the grid is smaller than the disc: beyond it the same level is assumed
    radar = np.zeros(rad.RADAR_COLUMNS)
    radar[rad.GROUND], radar[rad.MAST], radar[rad.HORIZON_RADIUS] = level, mast, EARTH_M
    for above in (100.0, 1_000.0, 5_000.0, 10_000.0):
        height = level + above
        arcs = np.arange(5_000.0, 519_000.0, 50.0)
        seen = [
            not hidden(mask, step, 0.3, arc, sine_elevation(level + mast, height, arc, EARTH_M))
            for arc in arcs
        ]
        first = arcs[np.argmin(seen)]
        assert not any(seen[np.argmin(seen) :])
        assert abs(first - horizon(radar, height)) < step


def test_a_ridge_throws_the_shadow_that_geometry_says():
    crest_m, antenna = 2_400, 500.0
    lat, _ = Ground.places()
    # A wall along the parallel 43.4 N, 2 km thick: its near edge is 43 km north of the site.
    wall = np.where(np.abs(lat - 43.4) < 0.011, crest_m, 400)
    mask, _ = Ground(wall).mask(antenna, reach=200_000.0)
    d = GEOD.inv(75.0, 43.0, 75.0, 43.39)[2]
    a, c = np.array([0.0, EARTH_M + antenna]), EARTH_M + crest_m
    crest = c * np.array([math.sin(d / EARTH_M), math.cos(d / EARTH_M)])
    elevation = math.atan2(*(crest - a)[::-1])
    for column in (100, 200, 300, 400):
        arc = column * 500.0
        # Sine rule in the triangle of antenna, shadow's edge and earth's centre.
        edge = (EARTH_M + antenna) * math.cos(elevation) / math.cos(elevation + arc / EARTH_M) - EARTH_M
        assert lowest(mask[0, column], antenna, arc) == pytest.approx(edge, abs=0.005 * (edge - antenna))
        assert lowest(mask[180, column], antenna, arc) < 0.7 * edge
    before = int(d / 500.0) - 2
    assert mask[0, before] < 0.005 < mask[0, before + 5]


def test_an_aircraft_behind_the_ridge_is_hidden_until_it_climbs_and_seen_before_it():
    lat, _ = Ground.places()
    mask, _ = Ground(np.where(np.abs(lat - 43.4) < 0.011, 2_400, 400)).mask(500.0, reach=200_000.0)

    def is_hidden(lat_deg, height):
        e, n, u = lla_to_enu(math.radians(lat_deg), Ground.lon, height, Ground.lat, Ground.lon, 500.0)
        return behind(mask, 500.0, 500.0, EARTH_M, e, n, u, math.atan2(e, n), height)

    assert not is_hidden(43.3, 2_000.0)
    assert is_hidden(43.6, 2_400.0)
    assert not is_hidden(43.6, 4_500.0)
    assert not is_hidden(42.4, 2_400.0)


def test_a_site_in_a_bowl_sees_only_what_is_above_its_rim():
    lat, lon = Ground.places()
    distance = GEOD.inv(np.full(lat.shape, 75.0), np.full(lat.shape, 43.0), lon, lat)[2]
    mask, _ = Ground(np.where(distance > 20_000.0, 3_000, 1_000)).mask(1_020.0)
    rim = (3_000 - 1_020) / 20_000.0
    inside, outside = mask[:, 36], mask[:, 60]
    assert inside.max() < 0.0
    assert np.all(np.abs(outside / rim - 1.0) < 0.08)
    assert np.all(np.abs(lowest(outside, 1_020.0, 30_000.0) - (1_020 + rim * 30_000)) < 250.0)


def test_what_is_hidden_grows_with_distance_along_every_ray():
    rng = np.random.default_rng(3)
    mask, known = Ground(rng.integers(0, 4_000, (501, 501))).mask(2_000.0)
    assert np.all(np.diff(mask, axis=1) >= 0.0)
    assert np.all(mask[:, 0] == -1.0)
    assert known == pytest.approx(1.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 800))
def test_raising_terrain_never_reveals(seed, by):
    rng = np.random.default_rng(seed)
    heights = rng.integers(0, 3_000, (501, 501))
    row, col = rng.integers(150, 350, 2)
    raised = heights.copy()
    raised[row : row + 15, col : col + 15] += by
    before, _ = Ground(heights).mask(3_100.0, reach=100_000.0, step=1_000.0, azimuths=120)
    after, _ = Ground(raised).mask(3_100.0, reach=100_000.0, step=1_000.0, azimuths=120)
    assert np.all(after >= before)
    everywhere, _ = Ground(heights + by).mask(3_900.0, reach=100_000.0, step=1_000.0, azimuths=120)
    level, _ = Ground(heights).mask(3_900.0, reach=100_000.0, step=1_000.0, azimuths=120)
    assert np.all(everywhere[:, 1:] > level[:, 1:])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1.0, 900.0))
def test_lowering_the_antenna_never_reveals(seed, by):
    ground = Ground(np.random.default_rng(seed).integers(0, 3_000, (501, 501)))
    arcs = np.arange(101) * 1_000.0
    high, _ = ground.mask(4_000.0, reach=100_000.0, step=1_000.0, azimuths=120)
    low, _ = ground.mask(4_000.0 - by, reach=100_000.0, step=1_000.0, azimuths=120)
    seen_high, seen_low = lowest(high, 4_000.0, arcs)[:, 1:], lowest(low, 4_000.0 - by, arcs)[:, 1:]
    # The mask holds single precision: at 100 km that is centimetres.
    assert np.all(seen_low >= seen_high - 0.05)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([300.0, 1_000.0, 1_700.0]))
def test_ground_that_is_passed_over_unsampled_would_have_changed_nothing(seed, step):
    rng = np.random.default_rng(seed)
    coarse = np.repeat(np.repeat(rng.integers(0, 5_000, (21, 21)), 25, axis=0), 25, axis=1)[:501, :501]
    heights = coarse + rng.integers(0, 300, (501, 501))
    heights[rng.integers(0, 501, 40), rng.integers(0, 501, 40)] = grid.VOID
    ground = Ground(heights)
    skipping, _ = ground.mask(2_500.0, reach=240_000.0, step=step, azimuths=90)
    ground.peaks = np.full_like(ground.peaks, grid.UNBOUNDED)
    sampling, _ = ground.mask(2_500.0, reach=240_000.0, step=step, azimuths=90)
    np.testing.assert_array_equal(skipping, sampling)


def test_a_block_s_peak_is_its_highest_cell_with_the_next_ones_edge():
    heights = np.zeros((40, 33), np.int16)
    heights[16, 5], heights[39, 32] = 700, grid.VOID
    peaks = grid.peaks_of(heights)
    assert peaks.tolist() == [[700, 0, 0], [700, 0, 0], [0, grid.UNBOUNDED, grid.UNBOUNDED]]


def test_beyond_the_grid_and_in_voids_the_earth_is_smooth_and_the_share_known_is_told():
    heights = np.zeros((501, 501))
    heights[:, 250:] = grid.VOID
    mask, known = Ground(heights).mask(20.0, reach=150_000.0)
    assert 0.48 < known < 0.52
    smooth, nothing = Ground(np.full((501, 501), grid.VOID)).mask(20.0, reach=150_000.0)
    assert nothing == 0.0
    np.testing.assert_array_equal(mask, smooth)


def test_a_grid_across_the_antimeridian_is_one_grid():
    lat, _ = Ground.places()
    ridge = np.where(np.abs(lat - 43.4) < 0.006, 2_400, 400).astype(np.int16)
    masks = []
    for lon, west in ((75.0, 72.5), (180.0, 177.5), (-179.9, 177.6), (-180.0, -182.5)):
        mask = np.empty((90, 200), np.float32)
        known = tm.fill_mask(
            ridge, 45.5, west, 0.01, 0.01, grid.peaks_of(ridge), 0.0,
            math.radians(43.0), math.radians(lon), 500.0, 480.0, EARTH_M, 200.0, 500.0, mask,
        )  # fmt: skip
        assert known == pytest.approx(1.0)
        masks.append(mask)
    for mask in masks[1:]:
        np.testing.assert_allclose(mask, masks[0], atol=1e-5)


def test_every_direction_finds_its_own_row():
    mask = np.repeat(np.arange(8.0, dtype=np.float32)[:, None], 3, axis=1) / 10.0
    for turns in (-1, 0, 1):
        for row in range(8):
            azimuth = (row / 8 + turns) * 2 * math.pi
            assert hidden(mask, 1.0, azimuth + 0.1, 1.0, row / 10 - 0.01)
            assert not hidden(mask, 1.0, azimuth - 0.1, 9.0, row / 10 + 0.01)
    one = np.full((1, 2), 0.5, np.float32)
    assert all(hidden(one, 1.0, azimuth, 1.0, 0.4) for azimuth in (-3.0, 0.0, 3.2, 6.28))


TINY = """
import math, numpy as np
from asman.kernels import terrain_grid as grid
from asman.kernels import terrain_grid as grid, terrain_mask as tm
heights = np.random.default_rng(1).integers(0, 4000, (60, 60)).astype(np.int16)
heights[:5] = grid.VOID
mask = np.empty((7, 31), np.float32)
peaks = grid.peaks_of(heights)
known = tm.fill_mask(
    heights, 43.3, 74.7, .01, .01, peaks, -40., .7505, 1.309, 3000., 2900., 8.49e6, 300., 1e3, mask
)
print(known, peaks.tolist(), mask.tolist())
"""


def test_a_tiny_mask_is_the_same_without_the_compiler():
    def run(**environment):
        environment = {**os.environ, **environment}
        done = subprocess.run(
            [sys.executable, "-c", TINY], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert run(NUMBA_DISABLE_JIT="1") == run()
