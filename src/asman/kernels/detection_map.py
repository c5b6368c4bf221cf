"""Detection map: how often a sensor sees aircraft that are where it should see them, region by region.

Behind a hill, at the edge of range or in the lobes of an antenna a radar misses turn after turn; elsewhere
it hardly ever does. Each cell of a sensor, 20 km wide and of one band of altitude, counts looks that found
their track and looks that did not, and its share is what a miss there is weighed with. A look is a miss of
the map only once the aircraft is known to have been there: when it is seen again, or by another sensor.
Holes in coverage are so learnt, and no track that flies into one is taken for gone.

Cells are kept in one table for all sensors, found by a hash; a cell that has to make room is counted.
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

CELL_M: Final = 20_000.0
#: Tops of bands of altitude; what has no altitude is in a band of its own.
BANDS_M: Final = (1_000.0, 2_000.0, 4_000.0, 8_000.0)
#: What a sensor is said to detect counts as so many looks.
PRIOR_LOOKS: Final = 6.0
#: Looks that a cell remembers.
MEMORY_LOOKS: Final = 60.0


class DetectionMap(NamedTuple):
    """Cells of all sensors.

    key    (N,)     sensor, cell and band, -1 free; N is a power of two
    seen   (N,)  1  looks that found their aircraft
    looks  (N,)  1  all looks
    used   (1,)     cells that are not free
    """

    key: Longs
    seen: Floats
    looks: Floats
    used: Longs


def no_looks(cells: int = ROWS) -> DetectionMap:
    """A map that knows nothing."""
    return DetectionMap(np.full(cells, -1, np.int64), np.zeros(cells), np.zeros(cells), np.zeros(1, np.int64))


def larger_map(old: DetectionMap) -> DetectionMap:
    """The same content with four times the room; where two cells want one place, the better known stays."""
    new = no_looks(4 * old.key.size)
    rows = np.flatnonzero(old.key >= 0)
    rows = rows[np.argsort(old.looks[rows], kind="stable")]
    at = moved(old.key, rows, new.key)
    new.seen[at], new.looks[at] = old.seen[rows], old.looks[rows]
    new.used[0] = np.count_nonzero(new.key >= 0)
    return new


@small
def key_of(sensor: int, x: float, y: float, z: float, altitude_m: float) -> int:
    """One number of the cell of a place (earth-centred, on the ellipsoid) and an altitude (NaN: unknown)."""
    band = len(BANDS_M) + 1
    if not math.isnan(altitude_m):
        band = 0
        for top in BANDS_M:
            band += int(altitude_m > top)
    ix, iy, iz = math.floor(x / CELL_M) & 1023, math.floor(y / CELL_M) & 1023, math.floor(z / CELL_M) & 1023
    return (sensor << 40) | (band << 30) | (ix << 20) | (iy << 10) | iz


@lent
def local_pd(cells: DetectionMap, key: int, pd: float) -> float:
    """Probability that the sensor sees what is there; `pd` is what it is said to be."""
    at = row_of(cells.key, key)
    if cells.key[at] != key:
        return pd
    return (cells.seen[at] + PRIOR_LOOKS * pd) / (cells.looks[at] + PRIOR_LOOKS)


@lent
def look(cells: DetectionMap, key: int, seen: float, missed: float) -> int:
    """Count looks; return 1 where a cell that held some had to make room."""
    at = row_of(cells.key, key)
    crowded = 0
    if cells.key[at] != key:
        if cells.key[at] >= 0:
            crowded = 1
        else:
            cells.used[0] += 1
        cells.key[at], cells.seen[at], cells.looks[at] = key, 0.0, 0.0
    cells.seen[at] += seen
    cells.looks[at] += seen + missed
    if cells.looks[at] > MEMORY_LOOKS:
        kept = MEMORY_LOOKS / cells.looks[at]
        cells.seen[at] *= kept
        cells.looks[at] = MEMORY_LOOKS
    return crowded
