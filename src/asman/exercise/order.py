"""Rows in order of several keys, of which the first is almost never the same twice."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def in_order(first: Ints, *others: Ints) -> Ints:
    """The order (N,) of rows by `first`, where that is the same by the first of `others`, and so on.

    As `numpy.lexsort`, which sorts once a key; here the others are asked only where the first ties.
    """
    order = np.argsort(first)
    same = np.diff(first[order]) == 0
    if same.any():
        place = np.flatnonzero(np.r_[False, same] | np.r_[same, False])
        tied = order[place]
        order[place] = tied[np.lexsort([key[tied] for key in (*others[::-1], first)])]
    return order
