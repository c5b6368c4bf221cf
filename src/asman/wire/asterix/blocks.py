"""Data blocks: where they lie, of which category, and when they arrived."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Blocks(NamedTuple):
    """Data blocks in file order: first octet, octets, category, frame, and when the frame arrived."""

    start: NDArray[np.int64]
    length: NDArray[np.int64]
    category: NDArray[np.int64]
    frame: NDArray[np.int64]
    time_ns: NDArray[np.int64]

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Blocks":
        """Return some of the blocks."""
        return Blocks(*(column[chosen] for column in self))
