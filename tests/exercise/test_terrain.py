"""Masks of sites: true to a slow exact march over real ground, and honest about what they do not know."""

import math
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from asman.apps.elevation import read_terrain
from asman.errors import InputError
from asman.exercise import terrain as masks_of
from asman.exercise.terrain import area_of, ground_m, lowest_visible_m, make_masks
from asman.kernels.motion import MEAN_RADIUS_M
from asman.model.sensor import Sensor
from asman.model.terrain import VOID, Terrain

KANT = Sensor(id="kant", lat_deg=42.853, lon_deg=74.847, height_m=0.0, range_max_m=200_000.0)
GEOD = Geod(ellps="WGS84")


def flat(height_m: int = 0, **other: float) -> Terrain:
    return Terrain(
        height_m=np.full((700, 700), height_m, np.int16),
        north_deg=46.5, west_deg=71.0, step_lat_deg=0.01, step_lon_deg=0.01, **other,
    )  # fmt: skip


@pytest.fixture(scope="module")
def around_kant(shared_data: Path) -> Terrain:
    return read_terrain([shared_data / "geo/gebco2023_kyrgyz_15s.tif"], area_of((KANT,)))


def exact_lowest_m(
    terrain: Terrain, site: Sensor, antenna_m: float, azimuth_deg: float, arc_m: float
) -> float:
    """March along a geodesic in steps of 50 m, in double precision, all trigonometry exact."""
    arcs = np.append(np.arange(50.0, arc_m, 50.0), arc_m)
    same = np.ones(arcs.size)
    lon, lat, _ = GEOD.fwd(site.lon_deg * same, site.lat_deg * same, azimuth_deg * same, arcs)
    row = (terrain.north_deg - lat) / terrain.step_lat_deg
    col = (lon - terrain.west_deg) / terrain.step_lon_deg
    i, j = np.floor(row).astype(int), np.floor(col).astype(int)
    y, x = row - i, col - j
    cells = terrain.height_m.astype(float)
    ground = (1 - y) * ((1 - x) * cells[i, j] + x * cells[i, j + 1]) + y * (
        (1 - x) * cells[i + 1, j] + x * cells[i + 1, j + 1]
    )
    earth = MEAN_RADIUS_M * 4.0 / 3.0
    angle = arcs / earth
    up = (earth + ground) * np.cos(angle) - (earth + antenna_m)
    elevation = np.arctan2(up, (earth + ground) * np.sin(angle)).max()
    return (earth + antenna_m) * math.cos(elevation) / math.cos(elevation + arc_m / earth) - earth


def test_lowest_visible_heights_around_kant_agree_with_an_exact_march(around_kant: Terrain):
    masks = make_masks(around_kant, (KANT,))
    lowest = lowest_visible_m(masks, 0)
    rng = np.random.default_rng(1)
    azimuth, arc = rng.random(2_000) * 360.0, np.sqrt(rng.random(2_000)) * 199_000.0
    # As the radar's kernel asks: the nearest node's elevation, at the aircraft's own distance.
    row = np.floor(azimuth / 360.0 * lowest.shape[0] + 0.5).astype(int) % lowest.shape[0]
    elevation = np.arcsin(
        masks.sine[0][row, np.floor(arc / masks.range_step_m + 0.5).astype(int)].astype(float)
    )
    out = masks.earth_m[0] + masks.antenna_m[0]
    said = out * np.cos(elevation) / np.cos(elevation + arc / masks.earth_m[0]) - masks.earth_m[0]
    exact = [
        exact_lowest_m(around_kant, KANT, masks.antenna_m[0], a, s) for a, s in zip(azimuth, arc, strict=True)
    ]
    off = np.abs(said - exact)
    p50, p90, p99 = np.percentile(off, [50, 90, 99])
    assert (p50 < 6.0, p90 < 40.0, p99 < 100.0, off.max() < 300.0) == (True,) * 4, (p50, p90, p99, off.max())
    assert abs(np.mean(said - exact)) < 5.0


def test_at_a_mask_s_own_nodes_only_the_sampling_errs(around_kant: Terrain):
    masks = make_masks(around_kant, (KANT,))
    lowest = lowest_visible_m(masks, 0)
    rng = np.random.default_rng(2)
    rows, columns = rng.integers(0, 2880, 500), np.sqrt(rng.random(500) * 199**2 + 1).astype(int)
    exact = [
        exact_lowest_m(around_kant, KANT, masks.antenna_m[0], r / 8.0, c * masks.range_step_m)
        for r, c in zip(rows, columns, strict=True)
    ]
    off = np.abs(lowest[rows, columns] - exact)
    assert np.percentile(off, 50) < 1.0
    assert np.percentile(off, 90) < 8.0
    assert np.percentile(off, 99) < 30.0


def test_from_kant_the_shares_of_the_sky_that_are_seen_are_those_of_an_independent_survey(
    around_kant: Terrain,
):
    lowest = lowest_visible_m(make_masks(around_kant, (KANT,)), 0)
    weight = np.arange(lowest.shape[1])
    share = [((lowest <= h) * weight).sum() / (weight.sum() * lowest.shape[0]) for h in (3e3, 5e3, 10e3)]
    assert share == pytest.approx([0.35, 0.52, 0.79], abs=0.015)


def test_the_tian_shan_shadows_the_south_and_the_steppe_does_not(around_kant: Terrain):
    lowest = lowest_visible_m(make_masks(around_kant, (KANT,)), 0)
    per_degree = lowest.shape[0] // 360
    north_west, south = slice(315 * per_degree, 340 * per_degree), slice(170 * per_degree, 190 * per_degree)
    assert lowest[north_west, 100].max() < 2_500.0
    assert lowest[south, 100].min() > 7_000.0


def test_without_terrain_all_directions_are_alike_and_the_horizon_is_smooth():
    site = Sensor(id="r", lat_deg=10.0, lon_deg=20.0, height_m=1_520.0, range_max_m=400_000.0)
    masks = make_masks(None, (site,), mast_m=20.0)
    assert masks.sine.shape == (1, 1, 401)
    assert (masks.known[0], masks.raised_m[0], masks.antenna_m[0]) == (0.0, 0.0, 1_520.0)
    radius = 2.0 * masks.earth_m[0]
    for column in (100, 200, 300, 400):
        beyond = column * 1_000.0 - math.sqrt(radius * 20.0)
        assert lowest_visible_m(masks, 0)[0, column] == pytest.approx(1_500.0 + beyond**2 / radius, abs=10.0)


def test_a_larger_effective_earth_sees_farther():
    masks = make_masks(None, (KANT, KANT), horizon_k=(1.0, 4.0 / 3.0))
    assert lowest_visible_m(masks, 0)[0, -1] > lowest_visible_m(masks, 1)[0, -1] + 200.0


def test_an_antenna_under_the_terrain_is_raised_and_that_is_told():
    low = Sensor(id="low", lat_deg=43.0, lon_deg=75.0, height_m=900.0, range_max_m=100_000.0)
    high = Sensor(id="high", lat_deg=43.0, lon_deg=75.0, height_m=1_500.0, range_max_m=100_000.0)
    masks = make_masks(flat(1_000), (low, high), mast_m=(25.0, 20.0), azimuths=8)
    assert masks.antenna_m.tolist() == [1_025.0, 1_500.0]
    assert masks.raised_m.tolist() == [125.0, 0.0]
    assert ground_m(flat(1_000), (low, high)).tolist() == [1_000.0, 1_000.0]


def test_a_site_outside_the_terrain_stands_on_smooth_ground_of_its_own():
    away = Sensor(id="away", lat_deg=-20.0, lon_deg=75.0, height_m=500.0, range_max_m=100_000.0)
    masks = make_masks(flat(1_000), (away,), azimuths=8)
    assert (masks.known[0], masks.raised_m[0]) == (0.0, 0.0)
    np.testing.assert_allclose(masks.sine[0][3], make_masks(None, (away,)).sine[0][0], atol=1e-7)


def test_the_undulation_moves_the_ground_to_the_surface_that_sites_count_from():
    ellipsoidal = Sensor(id="r", lat_deg=43.0, lon_deg=75.0, height_m=780.0, range_max_m=100_000.0)
    moved = make_masks(flat(800, undulation_m=-40.0), (ellipsoidal,), azimuths=8)
    assert moved.raised_m[0] == 0.0
    geoidal = make_masks(flat(760), (ellipsoidal,), azimuths=8)
    np.testing.assert_array_equal(moved.sine, geoidal.sine)
    assert make_masks(flat(800), (ellipsoidal,), azimuths=8).raised_m[0] == 40.0


def test_half_a_disc_over_voids_is_known_by_half():
    terrain = flat(0)
    terrain.height_m[:, 400:] = VOID
    site = Sensor(id="r", lat_deg=43.0, lon_deg=75.0, height_m=20.0, range_max_m=100_000.0)
    assert make_masks(terrain, (site,), azimuths=360).known[0] == pytest.approx(0.5, abs=0.02)


def test_masks_stay_within_their_memory_by_wider_steps_and_refuse_what_cannot_fit(
    monkeypatch: pytest.MonkeyPatch,
):
    sites = (KANT,) * 3
    monkeypatch.setattr(masks_of, "MASK_OCTETS_MAX", 1_500_000)
    masks = make_masks(flat(), sites, azimuths=720, range_step_m=500.0)
    assert masks.sine.nbytes <= 1_500_000
    assert 500.0 < masks.range_step_m < 2_000.0
    monkeypatch.setattr(masks_of, "MASK_OCTETS_MAX", 500_000)
    with pytest.raises(InputError, match="fewer sites"):
        make_masks(flat(), sites, azimuths=720)


def test_sixty_four_sites_of_400_km_fit_without_a_wider_step():
    far = Sensor(id="r", lat_deg=0.0, lon_deg=0.0, range_max_m=400_000.0)
    octets = 64 * 4 * masks_of.AZIMUTHS * (math.ceil(far.range_max_m / masks_of.RANGE_STEP_M) + 1)
    assert octets < 300e6 < masks_of.MASK_OCTETS_MAX == 600_000_000


def test_no_sensor_no_mask():
    assert make_masks(flat(), ()).sine.shape[0] == 0


@pytest.mark.parametrize(("lat", "lon"), [(42.8, 74.8), (-60.0, 179.5), (80.0, -179.0), (0.0, 0.0)])
def test_the_area_asked_for_holds_every_place_in_range(lat: float, lon: float):
    site = Sensor(id="r", lat_deg=lat, lon_deg=lon, range_max_m=400_000.0)
    west, south, east, north = area_of((site,))
    for azimuth in range(0, 360, 5):
        there_lon, there_lat, _ = GEOD.fwd(lon, lat, azimuth, 400_000.0)
        assert south < there_lat < north
        assert any(west < there_lon + turn < east for turn in (-360.0, 0.0, 360.0))
    assert north - south < 7.4
