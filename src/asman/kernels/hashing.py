"""Hashing: the row of a table, whose size is a power of two, where a key is or belongs.

A key lies in one of a few rows from its own on; where all are taken, the first has to make room.

Source: D. Knuth, "The Art of Computer Programming", volume 3, section 6.4 (multiplicative hashing, open
addressing).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, small

Longs = NDArray[np.int64]

#: What a table begins with and may grow to.
ROWS: Final = 1 << 12
ROWS_MAX: Final = 1 << 18
#: Rows that a key may lie in.
PROBES: Final = 8

_GOLDEN: Final = 0x9E3779B97F4A7C15
_SHIFT: Final = 29


@small
def row_of(keys: Longs, key: int) -> int:
    """Row of a key, or the free one where it belongs, or where it may take another's place."""
    mask = keys.size - 1
    z = np.uint64(key) * np.uint64(_GOLDEN)
    first = np.int64((z ^ (z >> np.uint64(_SHIFT))) & np.uint64(mask))
    for probe in range(PROBES):
        at = (first + probe) & mask
        if keys[at] == key or keys[at] < 0:
            return int(at)
    return int(first)


@kernel
def moved(old: Longs, order: Longs, keys: Longs) -> Longs:
    """File keys of another table, in an order, and return the row of each; `keys` is filled."""
    rows = np.empty(order.size, np.int64)
    for i in range(order.size):
        at = row_of(keys, int(old[order[i]]))
        keys[at] = old[order[i]]
        rows[i] = at
    return rows
