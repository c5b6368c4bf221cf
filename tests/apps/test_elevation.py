"""Elevation models as people have them: tiles, folders, seas, voids, seams; and what is none."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from asman.apps import elevation
from asman.apps.elevation import read_terrain
from asman.errors import InputError
from asman.model.terrain import VOID

STEP = 0.01


def tile(
    path: Path, heights: Any, west: float = 74.0, north: float = 43.0, step: float = STEP, **profile: Any
) -> Path:
    """Write a GeoTIFF; west and north are the outer edges of its first cell."""
    cells = np.asarray(heights)
    given: dict[str, Any] = {
        "driver": "GTiff", "height": cells.shape[0], "width": cells.shape[1], "count": 1,
        "dtype": cells.dtype, "crs": "EPSG:4326", "transform": Affine(step, 0.0, west, 0.0, -step, north),
    }  # fmt: skip
    with rasterio.open(path, "w", **{**given, **profile}) as file:
        file.write(cells, 1)
    return path


def numbered(rows: int = 100, cols: int = 100, first: int = 1) -> np.ndarray:
    return (np.arange(rows * cols) % 8_000 + first).reshape(rows, cols).astype(np.int16)


def test_heights_stand_at_the_centres_of_cells(tmp_path: Path):
    cells = numbered()
    terrain = read_terrain([tile(tmp_path / "a.tif", cells)], (70.0, 40.0, 80.0, 50.0))
    np.testing.assert_array_equal(terrain.height_m, cells)
    assert (terrain.north_deg, terrain.west_deg) == pytest.approx((42.995, 74.005))
    assert (terrain.step_lat_deg, terrain.step_lon_deg) == pytest.approx((STEP, STEP))
    assert (terrain.void_cells, terrain.sea_cells, terrain.coarsened, terrain.undulation_m) == (0, 0, 1, 0.0)


def test_only_the_area_asked_for_is_kept_on_the_file_s_own_cells(tmp_path: Path):
    cells = numbered()
    terrain = read_terrain([tile(tmp_path / "a.tif", cells)], (74.203, 42.5, 74.4, 42.7), undulation_m=-40.0)
    np.testing.assert_array_equal(terrain.height_m, cells[30:50, 20:40])
    assert (terrain.north_deg, terrain.west_deg) == pytest.approx((42.695, 74.205))
    assert terrain.undulation_m == -40.0


def test_tiles_of_a_folder_become_one_grid_and_a_missing_one_a_void(tmp_path: Path):
    cells = numbered(200, 200)
    (tmp_path / "inner").mkdir()
    tile(tmp_path / "inner/nw.tif", cells[:100, :100])
    tile(tmp_path / "ne.TIFF", cells[:100, 100:], west=75.0)
    tile(tmp_path / "sw.tif", cells[100:, :100], north=42.0)
    (tmp_path / "readme.txt").write_text("not a tile")
    terrain = read_terrain([tmp_path], (70.0, 40.0, 80.0, 50.0))
    expected = cells.copy()
    expected[100:, 100:] = VOID
    np.testing.assert_array_equal(terrain.height_m, expected)
    assert terrain.void_cells == 10_000


def test_tiles_that_share_an_edge_row_as_srtm_s_do_meet_without_a_seam(tmp_path: Path):
    """Cells centred on whole degrees: the last column of one tile is the first of the next."""
    cells = numbered(101, 201)
    tile(tmp_path / "a.tif", cells[:, :101], west=74.0 - STEP / 2, north=43.0 + STEP / 2)
    tile(tmp_path / "b.tif", cells[:, 100:], west=75.0 - STEP / 2, north=43.0 + STEP / 2)
    terrain = read_terrain([tmp_path], (70.0, 40.0, 80.0, 50.0))
    np.testing.assert_array_equal(terrain.height_m, cells)
    assert (terrain.north_deg, terrain.west_deg) == pytest.approx((43.0, 74.0))


def test_an_hgt_file_is_placed_by_its_name(tmp_path: Path):
    cells = numbered(1201, 1201)
    cells[7, 9] = VOID
    (tmp_path / "N42E074.hgt").write_bytes(cells.astype(">i2").tobytes())
    terrain = read_terrain([tmp_path], (70.0, 40.0, 80.0, 50.0))
    np.testing.assert_array_equal(terrain.height_m, cells)
    assert (terrain.north_deg, terrain.west_deg, terrain.void_cells) == pytest.approx((43.0, 74.0, 1))


def test_depths_become_the_sea_s_surface_and_voids_stay_voids(tmp_path: Path):
    cells = np.full((10, 10), 100.0, np.float32)
    cells[0], cells[1, :3], cells[2, 0], cells[3, 0] = -4_000.0, -32_767.0, np.nan, -9_999.0
    terrain = read_terrain([tile(tmp_path / "a.tif", cells, nodata=-32_767.0)], (70.0, 40.0, 80.0, 50.0))
    assert (terrain.sea_cells, terrain.void_cells) == (10, 5)
    assert terrain.height_m[0].tolist() == [0] * 10
    assert terrain.height_m[1].tolist() == [VOID] * 3 + [100] * 7
    assert terrain.height_m[2:4, 0].tolist() == [VOID, VOID]


def test_where_files_overlap_the_finer_one_is_heard(tmp_path: Path):
    coarse = tile(tmp_path / "a_coarse.tif", np.full((20, 20), 500, np.int16), step=0.1)
    fine = tile(tmp_path / "b_fine.tif", np.full((50, 50), 900, np.int16), west=74.5)
    terrain = read_terrain([coarse, fine], (74.0, 42.0, 75.0, 43.0))
    assert terrain.step_lat_deg == pytest.approx(STEP)
    assert (terrain.height_m[:50, 50:] == 900).all()
    assert (terrain.height_m[50:] == 500).all()
    assert (terrain.height_m[:, :50] == 500).all()


def test_too_many_cells_become_fewer_and_keep_their_summits(tmp_path: Path):
    cells = np.zeros((90, 90), np.int16)
    cells[10, 71] = 5_000
    terrain = read_terrain([tile(tmp_path / "a.tif", cells)], (70.0, 40.0, 80.0, 50.0), cells_max=1_000)
    assert (terrain.height_m.shape, terrain.coarsened) == ((30, 30), 3)
    assert terrain.step_lat_deg == pytest.approx(3 * STEP)
    assert terrain.height_m[3, 23] == 5_000
    assert (terrain.height_m == 5_000).sum() == 1


def test_reading_in_pieces_is_reading_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tile(tmp_path / "a.tif", numbered())
    area = (74.1, 42.2, 74.9, 42.9)
    whole = read_terrain([path], area)
    coarse = read_terrain([path], area, cells_max=2_000)
    monkeypatch.setattr(elevation, "_CELLS_AT_ONCE", 700)
    np.testing.assert_array_equal(read_terrain([path], area).height_m, whole.height_m)
    np.testing.assert_array_equal(read_terrain([path], area, cells_max=2_000).height_m, coarse.height_m)


def test_an_area_across_the_antimeridian_takes_tiles_of_both_sides(tmp_path: Path):
    cells = numbered(100, 200)
    tile(tmp_path / "east.tif", cells[:, :100], west=179.0)
    tile(tmp_path / "west.tif", cells[:, 100:], west=-180.0)
    for area in ((178.0, 40.0, 182.0, 50.0), (-182.0, 40.0, -178.0, 50.0)):
        terrain = read_terrain([tmp_path], area)
        np.testing.assert_array_equal(terrain.height_m, cells)
        assert terrain.west_deg % 360.0 == pytest.approx(179.005)


def _projected(path: Path) -> Path:
    return tile(
        path, numbered(), crs="EPSG:32643", transform=Affine(90.0, 0.0, 400_000.0, 0.0, -90.0, 4_700_000.0)
    )


REFUSED = {
    "absent": (lambda path: path, "no such file or folder"),
    "a text": (lambda path: path.write_text("hello") and path, "not readable as an elevation model"),
    "projected": (_projected, "gdalwarp -t_srs EPSG:4326"),
    "nowhere": (lambda path: tile(path, numbered(), crs=None), "EPSG:4326"),
    "a picture": (lambda path: tile(path, numbered().astype(np.uint8)), "not heights in metres"),
    "elsewhere": (lambda path: tile(path, numbered(), west=10.0), "no terrain where it is needed"),
    "millimetres": (lambda path: tile(path, np.full((9, 9), 4e5, np.float32)), "not metres of ground"),
    "south up": (
        lambda path: tile(path, numbered(), transform=Affine(STEP, 0, 74.0, 0, STEP, 42.0)),
        "not north up",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_elevation_model_of_the_area_is_refused_by_name_with_the_mend(kind: str, tmp_path: Path):
    make, words = REFUSED[kind]
    path = make(tmp_path / "given.tif")
    with pytest.raises(InputError) as refused:
        read_terrain([path], (70.0, 40.0, 80.0, 50.0))
    assert words in str(refused.value)
    assert "given.tif" in str(refused.value)
    assert refused.value.mend


def test_a_file_cut_short_is_refused(tmp_path: Path):
    rng = np.random.default_rng(1)
    path = tile(tmp_path / "cut.tif", rng.integers(0, 8_000, (300, 300)).astype(np.int16))
    path.write_bytes(path.read_bytes()[:90_000])
    with pytest.raises(InputError, match=r"cut\.tif"):
        read_terrain([path], (70.0, 40.0, 80.0, 50.0))


def test_a_folder_without_tiles_and_no_path_at_all_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no elevation model in this folder"):
        read_terrain([tmp_path], (70.0, 40.0, 80.0, 50.0))
    with pytest.raises(InputError, match="no file was given"):
        read_terrain([], (70.0, 40.0, 80.0, 50.0))


def test_an_undulation_that_no_geoid_has_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="120"):
        read_terrain([tile(tmp_path / "a.tif", numbered())], (70.0, 40.0, 80.0, 50.0), undulation_m=400.0)


def test_nothing_that_needs_no_terrain_waits_for_rasterio():
    said = "import sys, asman.apps.elevation, asman.exercise; sys.exit('rasterio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], timeout=60).returncode == 0


def test_real_gebco_terrain_is_read_as_it_is(shared_data: Path):
    path = shared_data / "geo/gebco2023_kyrgyz_15s.tif"
    terrain = read_terrain([path], (66.0, 36.0, 85.0, 45.0))
    with rasterio.open(path) as file:
        np.testing.assert_array_equal(terrain.height_m, file.read(1))
    # Khan Tengri and its neighbours; 15 arc seconds blunt them.
    assert 6_900 < terrain.height_m[: int((44.7 - 42.0) * 240)].max() < 7_439
