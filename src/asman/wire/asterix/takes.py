"""How each column is taken out of the octets: what `asman.kernels.asterix_columns` goes by.

Leaves that lie in the same eight octets of a part share one load, so they stand one behind the other.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_gather import TAKE
from asman.kernels.asterix_program import STRETCH
from asman.wire.asterix.columns import Column, letters_of


class Leaf(NamedTuple):
    """Where a leaf lies in its part: its first octet, shifts of the eight octets from there on, kind."""

    octet: int
    left: int
    right: int
    kind: int


class Takes(NamedTuple):
    """Columns in the order in which they are taken: (C, TAKE), and the factor of each, (C,)."""

    table: NDArray[np.int32]
    lsbs: NDArray[np.float64]


def takes(columns: Sequence[Column], leaves: Sequence[Leaf]) -> Takes:
    """Put columns in order; `leaves` are in the order of `Column.raw`."""

    def key(index: int) -> tuple[int, bool, int, int]:
        column, leaf = columns[index], leaves[columns[index].raw]
        return max(column.group, column.repetition), leaf.kind >= STRETCH, leaf.octet, index

    rows: list[list[int]] = []
    order = sorted(range(len(columns)), key=key)
    group, base = -1, 0
    for index in order:
        column, leaf = columns[index], leaves[columns[index].raw]
        owner = key(index)[0]
        if owner != group:
            group, base = owner, 0
        left = leaf.left
        if leaf.kind >= STRETCH or left + 8 * (leaf.octet - base) > leaf.right:
            base = leaf.octet
        else:
            left += 8 * (leaf.octet - base)
        rows.append([owner, base, left, leaf.right, leaf.kind, column.kind, letters_of(column), index])
    return Takes(
        np.array(rows, np.int32).reshape(-1, TAKE),
        np.array([columns[index].content.lsb for index in order], np.float64),
    )
