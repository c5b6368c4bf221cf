"""Clutter map: where a primary radar keeps seeing the same echo, scan after scan, nothing flies.

Hills, masts, wind farms and crossroads answer from one resolution cell for hours; an aircraft is in a cell
once and gone. So each cell of a sensor remembers how often it held an echo without a code in the last
twenty turns or so, and the density of false plots there is that share over the cell's area. It is asked
with the nearest two cells each way, because an echo that lies on an edge falls now here, now there.

Towns, shores and weather answer from somewhere in them, never twice from the same cell. So a coarse layer,
of blocks four kilometres deep, remembers the echoes that no shown track took.

Cells are kept in one table for all sensors, found by a hash of sensor and cell: what is long forgotten makes
room. A cell that has to make room while it is still remembered is counted.

Source: Skolnik, Radar Handbook, 3rd edition, section 2.4 (clutter map) and 7 (area thresholding).
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.hashing import ROWS, moved, row_of
from asman.kernels.jit import lent, small

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any

#: Turns that a cell remembers (it forgets by 1/e).
MEMORY_TURNS: Final = 20.0
#: A cell is as wide as four sigmas, but not less than radars resolve.
CELL_SIGMAS: Final = 4.0
CELL_RANGE_M: Final = 200.0
CELL_AZIMUTH: Final = math.radians(0.5)
#: A block of the coarse layer.
BLOCK_M: Final = 4_000.0
BLOCK_RAYS: Final = 128
#: Echoes that an aircraft may have left there itself before it was shown.
OWN_STRAYS: Final = 6.0
#: Below this share a cell may be taken by another.
FORGOTTEN: Final = 0.02


class ClutterMap(NamedTuple):
    """Cells of all sensors.

    key    (N,)       sensor and cell, -1 free; N is a power of two
    hits   (N,)  1    echoes remembered at `at_ns`
    at_ns  (N,)  ns   when that was
    used   (1,)       cells that are not free
    """

    key: Longs
    hits: Floats
    at_ns: Longs
    used: Longs


def empty_map(cells: int = ROWS) -> ClutterMap:
    """A map that knows nothing."""
    return ClutterMap(
        np.full(cells, -1, np.int64), np.zeros(cells), np.zeros(cells, np.int64), np.zeros(1, np.int64)
    )


def larger_clutter(old: ClutterMap) -> ClutterMap:
    """The same content with four times the room; where two cells want one place, the later one stays."""
    new = empty_map(4 * old.key.size)
    rows = np.flatnonzero(old.key >= 0)
    rows = rows[np.argsort(old.at_ns[rows], kind="stable")]
    at = moved(old.key, rows, new.key)
    new.hits[at], new.at_ns[at] = old.hits[rows], old.at_ns[rows]
    new.used[0] = np.count_nonzero(new.key >= 0)
    return new


@small
def _size(sensor: Record) -> tuple[float, float]:
    """Range [m] and azimuth [rad] of a sensor's cell."""
    return (
        max(CELL_SIGMAS * sensor.sigma_range_m, CELL_RANGE_M),
        max(CELL_SIGMAS * sensor.sigma_azimuth, CELL_AZIMUTH),
    )


@small
def _key(sensor: int, ring: int, ray: int) -> int:
    """One number of a cell."""
    return (sensor << 40) | ((ring & 0xFFFFF) << 20) | (ray & 0xFFFFF)


@small
def _block(plot: Record) -> tuple[int, float]:
    """Key and area [m²] of the block that a plot lies in."""
    ring = math.floor(plot.range_m / BLOCK_M)
    ray = math.floor(plot.azimuth / (2.0 * math.pi) * BLOCK_RAYS) % BLOCK_RAYS
    middle = (ring + 0.5) * BLOCK_M
    return _key(plot.sensor, ring, ray) | (1 << 62), BLOCK_M * middle * 2.0 * math.pi / BLOCK_RAYS


@small
def _remembered(cells: ClutterMap, key: int, now_ns: int, period_ns: int) -> float:
    """Echoes of a cell that are remembered now."""
    at = row_of(cells.key, key)
    if cells.key[at] != key:
        return 0.0
    turns = (now_ns - cells.at_ns[at]) / period_ns
    return cells.hits[at] * math.exp(-max(turns, 0.0) / MEMORY_TURNS)


@lent
def clutter_density(cells: ClutterMap, plot: Record, sensor: Record) -> float:
    """Density [1/m²] of echoes that keep coming from where a primary plot lies, a scan."""
    wide, turn = _size(sensor)
    rays = max(math.floor(2.0 * math.pi / turn), 1)
    turn = 2.0 * math.pi / rays
    ring, ray = math.floor(plot.range_m / wide - 0.5), math.floor(plot.azimuth / turn - 0.5)
    hits = 0.0
    for i in range(2):
        for j in range(2):
            key = _key(plot.sensor, ring + i, (ray + j + rays) % rays)
            hits += _remembered(cells, key, plot.time_ns, sensor.period_ns)
    fine = hits / MEMORY_TURNS / (wide * max(turn * plot.range_m, wide))
    block, area = _block(plot)
    strays = _remembered(cells, block, plot.time_ns, sensor.period_ns) - OWN_STRAYS
    return fine + max(strays, 0.0) / MEMORY_TURNS / area


@lent
def learn(cells: ClutterMap, plot: Record, sensor: Record) -> int:
    """Remember a primary plot; return 1 where another cell that was still remembered had to make room."""
    wide, turn = _size(sensor)
    rays = max(math.floor(2.0 * math.pi / turn), 1)
    ray = math.floor(plot.azimuth / (2.0 * math.pi) * rays) % rays
    return _add(cells, _key(plot.sensor, math.floor(plot.range_m / wide), ray), plot, sensor)


@lent
def learn_block(cells: ClutterMap, plot: Record, sensor: Record) -> int:
    """Remember, in the coarse layer, a primary plot that no shown track took; return as `learn`."""
    key, _ = _block(plot)
    return _add(cells, key, plot, sensor)


@small
def _add(cells: ClutterMap, key: int, plot: Record, sensor: Record) -> int:
    """Count a plot in a cell or block."""
    at = row_of(cells.key, key)
    crowded = 0
    if cells.key[at] != key:
        # Another sensor's cell is weighed by this one's period: near enough to know what is forgotten.
        if cells.key[at] >= 0:
            crowded = int(
                _remembered(cells, cells.key[at], plot.time_ns, sensor.period_ns) > FORGOTTEN * MEMORY_TURNS
            )
        else:
            cells.used[0] += 1
        cells.key[at], cells.hits[at], cells.at_ns[at] = key, 0.0, plot.time_ns
    cells.hits[at] = _remembered(cells, key, plot.time_ns, sensor.period_ns) + 1.0
    cells.at_ns[at] = max(plot.time_ns, cells.at_ns[at])
    return crowded
