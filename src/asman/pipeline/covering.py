"""What sensors see over smooth ground: the lowest visible altitude of each cell of a grid.

A straight ray leaves the antenna over an earth of 4/3 of its radius, as radio bends. No terrain is known to a
live node, so that mountains hide more than is said here. Cells are as fine as fit into one batch.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from asman.model.contribution import COVERAGE
from asman.model.plots import TIME
from asman.model.sensor import Sensor, Sensors

#: Cells of a statement at most, the finest and the coarsest step.
MOST_CELLS: Final = 4_000
FINEST_DEG: Final = 0.125
COARSEST_DEG: Final = 8.0
#: An antenna stands so high above the ground at least: heights of sensors are above the ellipsoid.
MAST_M: Final = 15.0
_EARTH_M: Final = 6_371_000.0
_BENT_M: Final = _EARTH_M * 4.0 / 3.0


def covered(sensors: Sensors, origin: str, now_ns: int, *, simulated: bool) -> pa.Table:
    """COVERAGE of working sensors: a row for each cell that one of them sees at all.

    `lowest_m` is above the ellipsoid, at the cell's middle, and never below the antenna's own ground;
    `sensors` counts who sees the cell at `lowest_m`.
    """
    step = FINEST_DEG
    cells = _cells(sensors, step)
    while len(cells) > MOST_CELLS and step < COARSEST_DEG:
        step *= 2.0
        cells = _cells(sensors, step)
    cells = cells[:MOST_CELLS]
    lat, lon = (cells[:, 0] + 0.5) * step, (cells[:, 1] + 0.5) * step
    seen = np.stack([_lowest_m(one, lat, lon) for one in sensors]) if len(cells) else np.empty((1, 0))
    lowest = seen.min(axis=0)
    columns: dict[str, Any] = {
        "time": pa.array(np.full(len(lat), now_ns)).cast(TIME),
        "lat_deg": lat, "lon_deg": lon, "altitude_m": lowest,
        "simulated": np.full(len(lat), simulated), "origin": [origin] * len(lat), "label": [""] * len(lat),
        "lowest_m": lowest, "step_lat_deg": np.full(len(lat), step), "step_lon_deg": np.full(len(lat), step),
        "sensors": (seen <= lowest + 1e-6).sum(axis=0).astype(np.int16),
    }  # fmt: skip
    arrays = [
        one if isinstance(one, pa.Array) else pa.array(one, field.type)
        for field, one in ((field, columns[field.name]) for field in COVERAGE)
    ]
    return pa.Table.from_arrays(arrays, schema=COVERAGE)


def _cells(sensors: Sensors, step: float) -> np.ndarray:
    """(C, 2) rows and columns of the cells whose middle some sensor reaches, sorted."""
    found: list[np.ndarray] = []
    for one in sensors:
        high = np.degrees(one.range_max_m / _EARTH_M)
        wide = min(high / max(np.cos(np.radians(min(abs(one.lat_deg) + high, 89.0))), 0.02), 180.0)
        rows = np.arange(np.floor((one.lat_deg - high) / step), np.floor((one.lat_deg + high) / step) + 1)
        columns = np.arange(np.floor((one.lon_deg - wide) / step), np.floor((one.lon_deg + wide) / step) + 1)
        if rows.size * columns.size > 50 * MOST_CELLS:
            return np.zeros((MOST_CELLS + 1, 2))
        row, column = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
        inside = _ground_m(one, (row + 0.5) * step, (column + 0.5) * step) <= one.range_max_m
        inside &= np.abs((row + 0.5) * step) < 90.0
        turns = round(360.0 / step)
        column = (column + turns // 2) % turns - turns // 2
        found.append(np.stack((row[inside], column[inside]), axis=1))
    return np.unique(np.concatenate(found), axis=0) if found else np.zeros((0, 2))


def _ground_m(one: Sensor, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Distance along the ground, over a sphere."""
    a, b = np.radians(one.lat_deg), np.radians(lat)
    half = (
        np.sin((b - a) / 2.0) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(lon - one.lon_deg) / 2.0) ** 2
    )
    return 2.0 * _EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))


def _lowest_m(one: Sensor, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Lowest altitude that a sensor sees at places; infinite out of its range."""
    ground = _ground_m(one, lat, lon)
    horizon = np.sqrt(2.0 * _BENT_M * MAST_M)
    above = np.maximum(ground - horizon, 0.0) ** 2 / (2.0 * _BENT_M)
    base = max(one.height_m - MAST_M, 0.0)
    return np.where(ground <= one.range_max_m, base + above, np.inf)
