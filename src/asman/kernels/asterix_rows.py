"""What the reader of ASTERIX records writes to a row of a batch, and takes back when the record fails."""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import (
    Int,
    Memory,
    cell,
    code,
    has,
    note,
    put_cell,
    put_note,
    put_present,
    word,
)
from asman.kernels.asterix_program import (
    CARRIED,
    CARRY,
    CHOSEN,
    COMPOUND,
    FAR,
    FRNS,
    HEAD,
    LEAF,
    NOTES,
    PARTS,
    REPETITIVE,
    SAC,
    SELECTOR,
    SIC,
    STRETCH,
    STRETCH_BITS,
    UAPS,
)
from asman.kernels.jit import part, rare


@part
def mark(m: Memory, group: Int, row: Int) -> None:
    """Note that the row has the group."""
    put_present(m, group * m.width + row, 1)
    put_note(m, NOTES + m.repetitions + group, 1)


@part
def read_leaves(m: Memory, at: Int, leaf: Int, count: Int, first: Int, stride: Int) -> None:
    """Store the leaves of the part that begins at `at`; column c goes to cell `first + c * stride`."""
    begin = word(m, at)
    for i in range(leaf, leaf + count * LEAF, LEAF):
        left, right, kind = code(m, i + 1), code(m, i + 2), code(m, i + 4)
        place = first + code(m, i + 3) * stride
        if kind < STRETCH:  # nearly every leaf lies in the first eight octets, which are loaded already
            sign = np.uint64(kind) << np.uint64(63 - right)
            value = (begin << np.uint64(left)) >> np.uint64(right)
            put_cell(m, place, np.int64((value ^ sign) - sign))
        elif kind == STRETCH:
            put_cell(m, place, ((at + code(m, i)) << STRETCH_BITS) | right)
        else:
            sign = np.uint64(kind - FAR) << np.uint64(63 - right)
            value = (word(m, at + code(m, i)) << np.uint64(left)) >> np.uint64(right)
            put_cell(m, place, np.int64((value ^ sign) - sign))


@part
def keep_stretch(m: Memory, node: Int, row: Int, at: Int, size: Int) -> None:
    """Note where the octets of an item lie."""
    put_cell(m, code(m, node + 1) * m.width + row, (at << STRETCH_BITS) | size)
    mark(m, code(m, node + 2), row)


@rare
def choose(m: Memory, row: Int) -> Int:
    """Return the UAP that the selecting leaf names, -1 for none."""
    value = cell(m, code(m, SELECTOR + 1) * m.width + row)
    if value >= code(m, CHOSEN):
        return -1
    return code(m, HEAD + code(m, UAPS) * (1 + code(m, FRNS)) + value)


@rare
def forget(m: Memory, repeated: NDArray[np.int32], row: Int) -> None:
    """Undo a record that failed half way."""
    for r in range(m.repetitions):
        if has(m, repeated[r, 0] * m.width + row):
            put_note(m, NOTES + r, note(m, NOTES + r) - cell(m, repeated[r, 1] * m.width + row))
    for group in range(m.groups):
        put_present(m, group * m.width + row, 0)


@rare
def carry(m: Memory, row: Int) -> None:
    """Give a record without source (SAC, SIC) that of the record before it in its block."""
    group = code(m, CARRY)
    sac, sic = code(m, CARRY + 1) * m.width + row, code(m, CARRY + 2) * m.width + row
    if has(m, group * m.width + row):
        put_note(m, CARRIED, 1)
        put_note(m, SAC, cell(m, sac))
        put_note(m, SIC, cell(m, sic))
    elif note(m, CARRIED):
        mark(m, group, row)
        put_cell(m, sac, note(m, SAC))
        put_cell(m, sic, note(m, SIC))


@part
def has_simple(m: Memory, node: Int, row: Int) -> bool:
    """Tell whether the record already has an item that holds no other items."""
    kind = code(m, node)
    group = (
        code(m, node + 3) if kind == PARTS else code(m, node + 4) if kind == REPETITIVE else code(m, node + 2)
    )
    return has(m, group * m.width + row) != 0


@rare
def has_item(m: Memory, node: Int, row: Int) -> bool:
    """Tell whether the record already has the item, or any subitem of it."""
    if code(m, node) != COMPOUND:
        return has_simple(m, node, row)
    for i in range(node + 3, node + 3 + code(m, node + 2)):
        if code(m, i) >= 0 and has_simple(m, code(m, i), row):
            return True
    return False
