"""What the reader of ASTERIX records writes to a row of a batch, and takes back when the record fails."""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import (
    Int,
    Memory,
    code,
    leaf_of,
    note,
    place,
    put_note,
    put_place,
    word,
)
from asman.kernels.asterix_program import (
    CARRIED,
    CARRY,
    CHOSEN,
    COMPOUND,
    FRNS,
    HEAD,
    LEAF,
    LOG,
    LOGGED,
    LOGS,
    NOTES,
    PART,
    PARTS,
    REPETITIVE,
    SELECTOR,
    STRETCH_BITS,
    UAPS,
)
from asman.kernels.jit import part, rare


@part
def mark(m: Memory, group: Int, row: Int, at: Int) -> None:
    """Note where the row has the group."""
    put_place(m, group * m.width + row, at)
    put_note(m, NOTES + m.repetitions + group, 1)


@part
def log(m: Memory, at: Int, bits: Int) -> None:
    """Note that bits of an octet decide how the record goes on."""
    count = note(m, LOGGED)
    put_note(m, LOG + min(count, LOGS - 1), (at << 8) | bits)
    put_note(m, LOGGED, count + 1)


@part
def keep_stretch(m: Memory, node: Int, row: Int, at: Int, size: Int) -> None:
    """Note where the octets of an item lie."""
    mark(m, code(m, node + 2), row, (at << STRETCH_BITS) | size)


@rare
def choose(m: Memory, row: Int) -> Int:
    """Return the UAP that the selecting leaf names, -1 for none."""
    at_part = code(m, SELECTOR) + 2
    for _ in range(code(m, at_part - 1)):
        at = place(m, code(m, at_part + 1) * m.width + row)
        for leaf in range(at_part + PART, at_part + PART + LEAF * code(m, at_part + 3), LEAF):
            if code(m, leaf + 3) == code(m, SELECTOR + 1) and at:
                left, right = code(m, leaf + 1), code(m, leaf + 2)
                value = leaf_of(word(m, at + code(m, leaf)), left, right, code(m, leaf + 4))
                after = 8 - left - (64 - right)  # bits of the octet behind the leaf
                log(m, at + code(m, leaf), (0xFF >> left) & ~((1 << max(after, 0)) - 1))
                if after < 0:
                    put_note(m, LOGGED, LOGS + 1)
                if value >= code(m, CHOSEN):
                    return -1
                return code(m, HEAD + code(m, UAPS) * (1 + code(m, FRNS)) + value)
        at_part += PART + LEAF * code(m, at_part + 4)
    return -1


@rare
def forget(m: Memory, repeated: NDArray[np.int32], row: Int) -> None:
    """Undo a record that failed half way, and whose places are written down."""
    for r in range(m.repetitions):
        count = place(m, repeated[r, 0] * m.width + row)
        if count:
            put_note(m, NOTES + r, note(m, NOTES + r) - (count - 1))
    for group in range(m.groups):
        put_place(m, group * m.width + row, 0)


@rare
def carry(m: Memory, row: Int) -> None:
    """Give a record without source (SAC, SIC) that of the record before it in its block."""
    group = code(m, CARRY)
    at = place(m, group * m.width + row)
    if at:
        put_note(m, CARRIED, at)
    elif note(m, CARRIED):
        mark(m, group, row, note(m, CARRIED))


@part
def has_simple(m: Memory, node: Int, row: Int) -> bool:
    """Tell whether the record already has an item that holds no other items."""
    kind = code(m, node)
    group = (
        code(m, node + 3) if kind == PARTS else code(m, node + 4) if kind == REPETITIVE else code(m, node + 2)
    )
    return place(m, group * m.width + row) != 0


@rare
def has_item(m: Memory, node: Int, row: Int) -> bool:
    """Tell whether the record already has the item, or any subitem of it."""
    if code(m, node) != COMPOUND:
        return has_simple(m, node, row)
    for i in range(node + 3, node + 3 + code(m, node + 2)):
        if code(m, i) >= 0 and has_simple(m, code(m, i), row):
            return True
    return False
