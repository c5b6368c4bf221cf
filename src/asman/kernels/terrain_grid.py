"""Ground as a grid of heights: between its cells, along a ray, and how high it is at most.

A grid is what `model.terrain.Terrain` describes: heights (rows, cols) int16, the latitude of the first row's
and the longitude of the first column's centres, and the steps between them, all in degrees.

Rays lie in the normal section of their azimuth on the ellipsoid, taken as a circle of Euler's radius: under
1 m off at 400 km (tested against PROJ).

Source: Torge, Geodesy, 3rd edition, section 4.1 (Euler's radius).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ECCENTRICITY2, SEMI_MAJOR_M, ecef_to_lla, enu_to_ecef, lla_to_ecef
from asman.kernels.jit import kernel, part

Floats = NDArray[np.float64]
Heights = NDArray[np.int16]

#: What a cell of a grid holds where its height is unknown.
VOID: Final = -32768
#: What a block holds that has such a cell: nothing is known of how high it is at most.
UNBOUNDED: Final = 32767
#: Cells a side of the blocks whose highest point is kept.
BLOCK: Final = 16


@part
def row_and_column(
    heights: Heights, north: float, west: float, step_lat: float, step_lon: float, lat: float, lon: float
) -> tuple[float, float]:
    """Where in the grid a place [deg] lies; outside it, a row or column that the grid has not."""
    # A place just west of the first column is not far east of it, though longitudes have no end.
    turns = math.floor((lon - west) / 360.0)
    col = (lon - west - 360.0 * turns) / step_lon
    if col > heights.shape[1] - 0.5:
        col -= 360.0 / step_lon
    return (north - lat) / step_lat, col


@part
def height_at(
    heights: Heights, north: float, west: float, step_lat: float, step_lon: float, lat: float, lon: float
) -> float:
    """Height [m] of the ground at a place [deg], bilinear; NaN outside the grid and beside a void."""
    row, col = row_and_column(heights, north, west, step_lat, step_lon, lat, lon)
    rows, cols = heights.shape
    if not (-0.5 <= row <= rows - 0.5 and -0.5 <= col <= cols - 0.5):
        return math.nan
    # The outer half of the border's cells has the border's height.
    row = min(max(row, 0.0), rows - 1.0)
    col = min(max(col, 0.0), cols - 1.0)
    i = min(int(row), max(rows - 2, 0))
    j = min(int(col), max(cols - 2, 0))
    below, right = min(i + 1, rows - 1), min(j + 1, cols - 1)
    nw, ne, sw, se = heights[i, j], heights[i, right], heights[below, j], heights[below, right]
    if min(nw, ne, sw, se) == VOID:
        return math.nan
    down, over = row - i, col - j
    top = nw + over * (ne - nw)
    return top + down * (sw + over * (se - sw) - top)


@kernel
def ground_at(
    heights: Heights, north: float, west: float, step_lat: float, step_lon: float, lat: Floats, lon: Floats
) -> Floats:
    """Height [m] of the ground at places [deg]; NaN where unknown. Grid as `model.terrain.Terrain`."""
    out = np.empty(lat.size)
    for i in range(lat.size):
        out[i] = height_at(heights, north, west, step_lat, step_lon, lat[i], lon[i])
    return out


@kernel
def peaks_of(heights: Heights) -> Heights:
    """Highest cell of each block of BLOCK cells a side, the next blocks' edges too; UNBOUNDED with a void."""
    rows, cols = heights.shape
    peaks = np.full(((rows - 1) // BLOCK + 1, (cols - 1) // BLOCK + 1), VOID, np.int16)
    for i in range(rows):
        for j in range(cols):
            height = UNBOUNDED if heights[i, j] == VOID else heights[i, j]
            # A cell on a block's edge is interpolated from on both sides.
            for bi in range(max(i - 1, 0) // BLOCK, i // BLOCK + 1):
                for bj in range(max(j - 1, 0) // BLOCK, j // BLOCK + 1):
                    peaks[bi, bj] = max(peaks[bi, bj], height)
    return peaks


@part
def peak_between(
    peaks: Heights, heights: Heights, north: float, west: float, step_lat: float, step_lon: float,
    lat0: float, lon0: float, lat1: float, lon1: float,
) -> float:  # fmt: skip
    """Height [m] that no ground between two near places [deg] exceeds; infinite where that is not known."""
    row0, col0 = row_and_column(heights, north, west, step_lat, step_lon, lat0, lon0)
    row1, col1 = row_and_column(heights, north, west, step_lat, step_lon, lat1, lon1)
    top, bottom, left, right = min(row0, row1), max(row0, row1), min(col0, col1), max(col0, col1)
    inside = top >= 0.0 and bottom <= heights.shape[0] - 1.0
    if not (inside and left >= 0.0 and right <= heights.shape[1] - 1.0 and right - left < 64 * BLOCK):
        return math.inf
    highest = np.int64(VOID)
    for bi in range(int(top) // BLOCK, int(bottom) // BLOCK + 1):
        for bj in range(int(left) // BLOCK, int(right) // BLOCK + 1):
            highest = max(highest, np.int64(peaks[bi, bj]))
    return math.inf if highest == UNBOUNDED else float(highest)


@part
def on_ray(arc: float, azimuth: float, sin_lat: float, cos_lat: float, lon: float) -> tuple[float, float]:
    """Latitude and longitude [deg] at an arc [m] along an azimuth [rad] from a site (sines, rad)."""
    sin_az, cos_az = math.sin(azimuth), math.cos(azimuth)
    w2 = 1.0 - ECCENTRICITY2 * sin_lat * sin_lat
    prime_vertical = SEMI_MAJOR_M / math.sqrt(w2)
    meridian = prime_vertical * (1.0 - ECCENTRICITY2) / w2
    euler = 1.0 / (cos_az * cos_az / meridian + sin_az * sin_az / prime_vertical)
    along = euler * math.sin(arc / euler)
    half = math.sin(0.5 * arc / euler)
    # East of the zero meridian of the site: its own longitude is added at the end.
    dx, dy, dz = enu_to_ecef(
        along * sin_az, along * cos_az, -2.0 * euler * half * half, sin_lat, cos_lat, 0.0, 1.0
    )
    x, y, z = lla_to_ecef(math.atan2(sin_lat, cos_lat), 0.0, 0.0)
    point_lat, point_lon, _ = ecef_to_lla(x + dx, y + dy, z + dz)
    return math.degrees(point_lat), math.degrees(point_lon + lon)
