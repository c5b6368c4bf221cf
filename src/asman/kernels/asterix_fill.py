"""Columns of numbers, as Arrow keeps them, into the chunk of records that `asterix_encode` writes from."""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, small

Octets = NDArray[np.uint8]


@small
def is_there(valid: Octets, some: bool, row: int) -> bool:
    """Tell whether a column has a value: `valid` are bits, first is least, where `some` have none."""
    return not some or (valid[row >> 3] >> (row & 7)) & 1 == 1


@kernel
def fill(
    values: NDArray[np.int64],
    valid: Octets,
    some: bool,
    begin: int,
    count: int,
    low: int,
    high: int,
    raw: NDArray[np.uint64],
    present: NDArray[np.uint8],
) -> int:
    """Put a column's integers of rows `begin` and after into a chunk.

    values, valid  of the whole column, as `is_there` reads them
    low, high      what the leaf can say
    returns        the first row that is outside; -1: none
    """
    for k in range(count):
        if is_there(valid, some, begin + k):
            step = values[begin + k]
            if step < low or step > high:
                return begin + k
            raw[k] = np.uint64(step)
            present[k] = 1
    return -1


@kernel
def fill_scaled(
    values: NDArray[np.float64],
    valid: Octets,
    some: bool,
    begin: int,
    count: int,
    low: float,
    high: float,
    lsb: float,
    raw: NDArray[np.uint64],
    present: NDArray[np.uint8],
) -> int:
    """As `fill`, of values that are divided by `lsb` and rounded; NaN is outside."""
    for k in range(count):
        if is_there(valid, some, begin + k):
            step = np.rint(values[begin + k] / lsb)
            if not (low <= step <= high):
                return begin + k
            raw[k] = np.uint64(np.int64(step))
            present[k] = 1
    return -1
