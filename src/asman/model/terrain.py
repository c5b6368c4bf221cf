"""Terrain: heights of the ground on a regular grid of geographic coordinates."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.kernels.terrain_grid import VOID

__all__ = ["VOID", "Terrain"]


class Terrain(msgspec.Struct, frozen=True, kw_only=True):
    """A digital elevation model, north up, cut to where it is needed.

    A cell's height stands at its centre: row i, column j lies at latitude `north_deg - i * step_lat_deg` and
    longitude `west_deg + j * step_lon_deg`. Longitudes may run past 180 where the grid crosses it.

    height_m       (rows, cols) int16   m    above mean sea level (the geoid); sea is 0; VOID where unknown
    north_deg      deg   latitude of the centres of the first row
    west_deg       deg   longitude of the centres of the first column
    step_lat_deg   deg   between rows, positive
    step_lon_deg   deg   between columns, positive
    undulation_m   m     height of the geoid above the surface that the sites' and aircraft's heights count
                         from: 0 where those count from sea level too
    void_cells     1     cells without a height
    sea_cells      1     cells that were below sea level and became 0
    coarsened      1     source cells a side that became one cell here, the highest counts; 1 = as read
    """

    height_m: NDArray[np.int16]
    north_deg: float
    west_deg: float
    step_lat_deg: float
    step_lon_deg: float
    undulation_m: float = 0.0
    void_cells: int = 0
    sea_cells: int = 0
    coarsened: int = 1
