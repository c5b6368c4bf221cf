"""Load what columns are taken from: the eight octets of each row from some octet of a part on.

Where a row has the part says its place, or its form (`asman.kernels.asterix_forms`).
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_forms import summands
from asman.kernels.asterix_memory import Int, Memory, code, eight, form, place, word
from asman.kernels.asterix_program import (
    GROUP_KINDS,
    PLACED,
    REPEATED,
    STRETCH,
    STRETCH_BITS,
)
from asman.kernels.jit import lent

# What says how a column is taken: its group, or repetition; the octet of the part from which on eight are
# gathered; shifts and kind of the leaf; the column's kind; letters of a string; its number.
GROUP, BASE, LEFT, RIGHT, LEAF_KIND, KIND, LETTERS, COLUMN, TAKE = 0, 1, 2, 3, 4, 5, 6, 7, 8

Take = NDArray[np.int32]
Words = NDArray[np.uint64]
Rows = NDArray[np.int64]


@lent
def gather(m: Memory, begin: Int, rows: Int, base: Int, end: Int, words: Words) -> None:
    """Load eight octets of each row, from octet `base` of its part on; 0 where the row lacks it.

    begin  where the places begin;  end  octet after the last that any of the rows has
    """
    if max(end, base) + 8 <= m.limit:
        for i in range(rows):
            at = place(m, begin + i)
            words[i] = eight(m, at + base) & np.uint64(np.int64(-at >> 63))  # all bits where it has one
    else:
        for i in range(rows):
            at = place(m, begin + i)
            words[i] = word(m, at + base) if at else np.uint64(0)


@lent
def locate(m: Memory, group: Int, begins: Rows, which: Rows, words: Words) -> None:
    """Write where rows have a group, as the rows' forms say it; 0 where one lacks it."""
    kind = code(m, code(m, GROUP_KINDS) + group)
    factor = 0 if kind == REPEATED else 1 if kind == PLACED else 1 << STRETCH_BITS
    there = summands(group)
    for i in range(which.size):
        summand = np.int64(form(m, there + which[i]))
        words[i] = np.uint64((factor * begins[i] + summand) & (-summand >> 63))


@lent
def gather_formed(
    m: Memory, group: Int, begins: Rows, which: Rows, base: Int, end: Int, words: Words
) -> None:
    """As `gather`, of parts that lie where the rows' forms say it."""
    there = summands(group)
    if max(end, base) + 8 <= m.limit:
        for i in range(which.size):
            summand = np.int64(form(m, there + which[i]))
            here = -summand >> 63  # all bits where it has one
            words[i] = eight(m, ((begins[i] + summand) & here) + base) & np.uint64(here)
    else:
        for i in range(which.size):
            summand = np.int64(form(m, there + which[i]))
            words[i] = word(m, begins[i] + summand + base) if summand else np.uint64(0)


@lent
def fetch(m: Memory, begin: Int, rows: Int, take: Take, end: Int, words: Words) -> None:
    """Make ready what a column is taken from: eight octets of each row, or where stretches lie.

    begin  where the places of the rows begin;  end  as for `gather`
    """
    if take[LEAF_KIND] < STRETCH:
        gather(m, begin, rows, np.int64(take[BASE]), end, words)
    else:
        for i in range(rows):
            words[i] = np.uint64(place(m, begin + i))


@lent
def fetch_formed(m: Memory, begins: Rows, which: Rows, take: Take, end: Int, words: Words) -> None:
    """As `fetch`, where the forms of rows say it.

    begins, which  octet where each row begins, its form
    """
    if take[LEAF_KIND] < STRETCH:
        gather_formed(m, np.int64(take[GROUP]), begins, which, np.int64(take[BASE]), end, words)
    else:
        locate(m, np.int64(take[GROUP]), begins, which, words)
