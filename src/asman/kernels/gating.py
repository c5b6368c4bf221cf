"""Gating: who is near whom anywhere on the globe, without a plane, a projection or a seam.

Points on the ellipsoid are filed by cubes of earth-centred space, so poles and the date line are places
like any other. A cube is found by its hash; points of one bucket are chained. Addresses are filed the
same way. Chains are walked in a fixed order, so results do not depend on chance.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, lent, small

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Edge of a cube: a little more than the usual reach of a gate, so that most searches meet eight cubes.
CELL_M: Final = 12_000.0
PER_CELL: Final = 1.0 / CELL_M


class Files(NamedTuple):
    """Where rows of tracks are found again: by place, by aircraft address, by Mode 3/A code.

    head, link                  as `file_points` has them
    address_head, address_link  as `file_numbers` has them
    code_head, code_link        the same, of shown tracks with a code of their own
    """

    head: Ints
    link: Ints
    address_head: Ints
    address_link: Ints
    code_head: Ints
    code_link: Ints


def empty_files(capacity: int) -> Files:
    """Files for so many rows, with nothing in them."""
    heads = table_size(capacity)
    return Files(*(np.full(n, -1, np.int64) for n in (heads, capacity, heads, capacity, heads, capacity)))


@small
def cell(metres: float) -> int:
    """Index of the slice of space that a coordinate lies in; the earth's centre is far from zero."""
    return int(metres * PER_CELL + 4096.0)


@small
def bucket(ix: int, iy: int, iz: int, mask: int) -> int:
    """Bucket of a cube in a table of `mask + 1` heads, a power of two."""
    return (ix * 73_856_093 ^ iy * 19_349_663 ^ iz * 83_492_791) & mask


@small
def bucket_of_number(number: int, mask: int) -> int:
    """Bucket of an address or code (Fibonacci hashing: addresses of a state differ in their low bits)."""
    return ((number * 2_654_435_769) >> 8) & mask


@kernel
def file_points(place: Floats, count: int, head: Ints, link: Ints) -> None:
    """Chain the first `count` points into their buckets.

    place (N, 3)  m  earth-centred; a NaN point is not filed
    head  (2^b,)     first point of each bucket, -1 where none
    link  (N,)       next point of the same bucket
    """
    for h in range(head.size):
        head[h] = -1
    mask = head.size - 1
    for i in range(count - 1, -1, -1):
        if math.isnan(place[i, 0]):
            continue
        h = bucket(cell(place[i, 0]), cell(place[i, 1]), cell(place[i, 2]), mask)
        link[i] = head[h]
        head[h] = i


@kernel
def file_numbers(number: Ints, count: int, head: Ints, link: Ints) -> None:
    """Chain the first `count` rows by address or code; rows without one (negative) are not filed."""
    for h in range(head.size):
        head[h] = -1
    mask = head.size - 1
    for i in range(count - 1, -1, -1):
        if number[i] < 0:
            continue
        h = bucket_of_number(number[i], mask)
        link[i] = head[h]
        head[h] = i


@small
def append(row: int, bucket_: int, head: Ints, link: Ints) -> None:
    """Chain one more row, of a number above all others, to the end of a bucket: as filing all anew would."""
    link[row] = -1
    last = head[bucket_]
    if last < 0:
        head[bucket_] = row
        return
    while link[last] >= 0:
        last = link[last]
    link[last] = row


@lent
def within(
    x: float, y: float, z: float, reach: float, place: Floats, head: Ints, link: Ints, found: Ints, first: int
) -> int:
    """Write the rows of filed points within `reach` metres into `found` from `first` on; return how many.

    Where there are more than `found` holds, the return value says how many, and the caller asks again
    with more room.
    """
    mask = head.size - 1
    count = 0
    for ix in range(cell(x - reach), cell(x + reach) + 1):
        for iy in range(cell(y - reach), cell(y + reach) + 1):
            for iz in range(cell(z - reach), cell(z + reach) + 1):
                i = head[bucket(ix, iy, iz, mask)]
                while i >= 0:
                    dx = place[i, 0] - x
                    dy = place[i, 1] - y
                    dz = place[i, 2] - z
                    # Two cubes may share a bucket: only the one that is being visited counts.
                    if (
                        dx * dx + dy * dy + dz * dz <= reach * reach
                        and cell(place[i, 0]) == ix
                        and cell(place[i, 1]) == iy
                        and cell(place[i, 2]) == iz
                    ):
                        if first + count < found.size:
                            found[first + count] = i
                        count += 1
                    i = link[i]
    return count


@kernel
def table_size(count: int) -> int:
    """Heads for a table of `count` entries: the next power of two, at least 64."""
    size = 64
    while size < 2 * count:
        size *= 2
    return size


@kernel
def near(
    x: float, y: float, z: float, reach: float, place: Floats, head: Ints, link: Ints, found: Ints
) -> int:
    """`within`, for who is no kernel."""
    return within(x, y, z, reach, place, head, link, found, 0)
