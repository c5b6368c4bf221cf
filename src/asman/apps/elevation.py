"""Terrain from the files that people have: GeoTIFF and .hgt tiles in geographic coordinates.

One file, several, or a folder of tiles become one grid, cut to the area asked for before anything is read.
The finest file gives the step; where files overlap, the finer one is heard. Cells below sea level become 0:
most are the depths that GEBCO carries; the few dry depressions (the Caspian's shore, -28 m) are filled too.

Heights in all such models count from the geoid (EGM96 or EGM2008); the heights of sites and aircraft in
Asman's tables count from the ellipsoid, which lies some 40 m higher in Central Asia. `undulation_m`, one
number for the area (-40 there), is added to the ground to make the two one. It is 0 unless given, which is
right where the sites' heights count from sea level as well: on charts, in AIPs, in the shipped scenarios.
"""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError
from asman.model.terrain import VOID, Terrain

#: More cells than this (200 MB, 460 MB while reading) are made coarser, the highest of each block kept.
#: 8 by 8 degrees at 3" fit.
CELLS_MAX: Final = 100_000_000
SUFFIXES: Final = (".tif", ".tiff", ".hgt")
#: No ground of the earth is outside, sea floors aside.
_LOWEST_M: Final = -12_000
_HIGHEST_M: Final = 9_000
#: What many tools write where nothing is known, and forget to mark; no ground is there either.
_UNMARKED_VOID: Final = -9_999.0
#: Read at a time: what is read, as it is read, takes twice the memory of the result.
_CELLS_AT_ONCE: Final = 8_000_000

Box = tuple[float, float, float, float]


class _Tile(NamedTuple):
    """What a file says of itself, before it is read: degrees; west of its box may be moved by whole turns."""

    path: Path
    box: Box
    step_lat: float
    step_lon: float


class _Grid(NamedTuple):
    """Where the result's cells lie: outer edges and steps [deg], how many, source cells a side in each."""

    west: float
    north: float
    step_lat: float
    step_lon: float
    rows: int
    cols: int
    coarsened: int


def read_terrain(
    paths: Sequence[Path], area: Box, undulation_m: float = 0.0, cells_max: int = CELLS_MAX
) -> Terrain:
    """Read the terrain of an area from files and folders of tiles.

    area          west, south, east, north [deg]; may run past ±180. What the files do not cover is VOID
    undulation_m  m   of the geoid, see above
    cells_max     1   coarser where the area has more

    Raises InputError, naming the file and the mend: nothing there, not readable, not geographic, not heights,
    not of this area.
    """
    if not math.isfinite(undulation_m) or abs(undulation_m) > 120.0:
        raise InputError(
            "undulation_m", f"{undulation_m} is not within ±120 m", "The geoid is nowhere farther."
        )
    tiles = sorted((_tile(path) for path in _files(paths)), key=lambda tile: tile.step_lat)
    near = [moved for tile in tiles for moved in _moved(tile, area)]
    if not near:
        raise InputError(
            _named(paths),
            f"no terrain where it is needed: {_words(area)}; there is {_words(_around(tiles))}",
            "Add the tiles of that area, or correct the sites.",
        )
    grid = _grid(near, area, cells_max)
    heights = np.full((grid.rows, grid.cols), VOID, np.int16)
    sea = sum(_lay(tile, grid, heights) for tile in near)
    return Terrain(
        height_m=heights,
        north_deg=grid.north - 0.5 * grid.step_lat,
        west_deg=grid.west + 0.5 * grid.step_lon,
        step_lat_deg=grid.step_lat,
        step_lon_deg=grid.step_lon,
        undulation_m=undulation_m,
        void_cells=int(np.count_nonzero(heights == VOID)),
        sea_cells=sea,
        coarsened=grid.coarsened,
    )


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            if not inside:
                raise InputError(
                    str(path), "no elevation model in this folder", f"Needed: files named {_any_suffix()}."
                )
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(str(path), "no such file or folder", "Give a GeoTIFF, or a folder of tiles.")
    if not found:
        raise InputError("terrain", "no file was given", "Give a GeoTIFF, or a folder of tiles.")
    return found


def _any_suffix() -> str:
    return ", ".join(f"*{suffix}" for suffix in SUFFIXES)


def _open(path: Path) -> Any:
    """Open a raster; rasterio is imported here, where terrain is read, and nowhere else."""
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused below, in words
        try:
            return rasterio.open(path)
        except RasterioError as error:
            raise InputError(
                str(path),
                f"not readable as an elevation model: {error}",
                "Needed: a whole GeoTIFF or .hgt file.",
            ) from error


def _tile(path: Path) -> _Tile:
    """Check what a file says of itself."""
    with _open(path) as source:
        crs, shift = source.crs, source.transform
        if crs is None:
            raise InputError(
                str(path),
                "does not say where it lies (no reference system)",
                "gdal_edit.py -a_srs EPSG:4326 FILE",
            )
        if not crs.is_geographic:
            raise InputError(
                str(path),
                f"not in degrees of latitude and longitude ({crs.to_string()})",
                f"gdalwarp -t_srs EPSG:4326 {path.name} geographic.tif",
            )
        if shift.b or shift.d or shift.a <= 0.0 or shift.e >= 0.0:
            raise InputError(str(path), "not north up", f"gdalwarp -t_srs EPSG:4326 {path.name} upright.tif")
        _check_band(path, source)
        bounds = source.bounds
        return _Tile(path, (bounds.left, bounds.bottom, bounds.right, bounds.top), -shift.e, shift.a)


def _check_band(path: Path, source: Any) -> None:
    if source.count != 1:
        raise InputError(
            str(path), f"{source.count} bands where one of heights is needed", "Give an elevation model."
        )
    if source.dtypes[0] in ("uint8", "int8") or "complex" in source.dtypes[0]:
        raise InputError(
            str(path), f"a picture ({source.dtypes[0]}), not heights in metres", "Give an elevation model."
        )
    if source.scales[0] != 1.0 or source.offsets[0] != 0.0:
        raise InputError(
            str(path), "heights are scaled", f"gdal_translate -unscale -ot Float32 {path.name} metres.tif"
        )


def _moved(tile: _Tile, area: Box) -> list[_Tile]:
    """The tile, as often as it meets the area when longitudes are counted on: once, or at ±180 twice."""
    west, south, east, north = tile.box
    if south >= area[3] or north <= area[1]:
        return []
    return [
        tile._replace(box=(west + turn, south, east + turn, north))
        for turn in (-360.0, 0.0, 360.0)
        if west + turn < area[2] and east + turn > area[0]
    ]


def _around(tiles: Sequence[_Tile]) -> Box:
    boxes = [tile.box for tile in tiles]
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )


def _grid(tiles: Sequence[_Tile], area: Box, cells_max: int) -> _Grid:
    """The finest tile's grid, where tiles and area meet, coarser if that is too many cells."""
    finest, around = tiles[0], _around(tiles)
    west, south = max(area[0], around[0]), max(area[1], around[1])
    east, north = min(area[2], around[2]), min(area[3], around[3])
    step_lat, step_lon = finest.step_lat, finest.step_lon
    # On whole cells of the finest tile; a millionth of a cell is rounding, not another cell.
    left = math.floor((west - finest.box[0]) / step_lon + 1e-6)
    right = math.ceil((east - finest.box[0]) / step_lon - 1e-6)
    top = math.floor((finest.box[3] - north) / step_lat + 1e-6)
    bottom = math.ceil((finest.box[3] - south) / step_lat - 1e-6)
    many = max(math.ceil(math.sqrt((right - left) * (bottom - top) / cells_max)), 1)
    return _Grid(
        west=finest.box[0] + left * step_lon,
        north=finest.box[3] - top * step_lat,
        step_lat=step_lat * many,
        step_lon=step_lon * many,
        rows=math.ceil((bottom - top) / many),
        cols=math.ceil((right - left) / many),
        coarsened=many,
    )


def _lay(tile: _Tile, grid: _Grid, heights: NDArray[np.int16]) -> int:
    """Lay a tile's heights where there are none yet; return how many cells of sea were among them."""
    west, south, east, north = tile.box
    left = max(math.floor((west - grid.west) / grid.step_lon + 1e-6), 0)
    right = min(math.ceil((east - grid.west) / grid.step_lon - 1e-6), grid.cols)
    top = max(math.floor((grid.north - north) / grid.step_lat + 1e-6), 0)
    bottom = min(math.ceil((grid.north - south) / grid.step_lat - 1e-6), grid.rows)
    if right <= left:
        return 0
    sea = 0
    rows = max(_CELLS_AT_ONCE // (right - left), 1)
    for row in range(top, bottom, rows):
        place = heights[row : min(row + rows, bottom), left:right]
        read = _resampled(tile, grid, left, row, place.shape)
        new = (place == VOID) & ~np.isnan(read) & (read != _UNMARKED_VOID)
        known = read[new]
        _check_heights(tile.path, known)
        place[new] = np.rint(np.maximum(known, 0.0)).astype(np.int16)
        sea += int(np.count_nonzero(known < 0.0))
    return sea


def _check_heights(path: Path, known: NDArray[np.float32]) -> None:
    if known.size and (known.min() < _LOWEST_M or known.max() > _HIGHEST_M):
        raise InputError(
            str(path),
            f"heights from {known.min():.0f} to {known.max():.0f} are not metres of ground",
            "Give an elevation model in metres, its voids marked (gdal_edit.py -a_nodata VALUE FILE).",
        )


def _resampled(tile: _Tile, grid: _Grid, left: int, top: int, shape: tuple[int, int]) -> NDArray[np.float32]:
    """A tile's heights at cells of the grid: its own where they coincide, else between; NaN where none."""
    from rasterio import Affine, band
    from rasterio.errors import RasterioError
    from rasterio.warp import Resampling, reproject

    heights = np.full(shape, np.nan, np.float32)
    with _open(tile.path) as source:
        turn = tile.box[0] - source.bounds.left
        west, north = grid.west + left * grid.step_lon - turn, grid.north - top * grid.step_lat
        try:
            reproject(
                band(source, 1),
                heights,
                src_nodata=source.nodata,
                dst_transform=Affine(grid.step_lon, 0.0, west, 0.0, -grid.step_lat, north),
                dst_crs=source.crs,
                dst_nodata=np.nan,
                resampling=Resampling.max if grid.coarsened > 1 else Resampling.bilinear,
            )
        except RasterioError as error:
            raise InputError(
                str(tile.path), f"broken off while reading: {error}", "Fetch the file anew."
            ) from error
    return heights


def _words(box: Box) -> str:
    return f"latitude {box[1]:.2f} to {box[3]:.2f}, longitude {box[0]:.2f} to {box[2]:.2f}"


def _named(paths: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in paths[:3]) + (" ..." if len(paths) > 3 else "")
