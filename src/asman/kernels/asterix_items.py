"""Where each item of ASTERIX records lies: their octets beside their values.

Records that were read are walked once more, by the same interpreter (`asman.kernels.asterix`), with one row
of memory that each record overwrites.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix import longest_fspec
from asman.kernels.asterix_memory import (
    Forms,
    Int,
    Memory,
    Notes,
    Octets,
    Places,
    Program,
    Sizes,
    code,
    memory,
    octet,
)
from asman.kernels.asterix_parts import fspec_end, indicator_end, read_item, read_sequence
from asman.kernels.asterix_program import FIXED, FRNS, HEAD, NOTES, RFS, SELECTOR, UAPS
from asman.kernels.asterix_rows import choose
from asman.kernels.jit import kernel, part


@part
def walk_record(m: Memory, at: Int, end: Int, record: Int, found: NDArray[np.int64], count: Int) -> Int:
    """List the items of a record that can be read; return how many there are in all."""
    begin, fixed = at, code(m, FIXED)
    at = fspec_end(m, at, end, longest_fspec(m)) if fixed == 0 else indicator_end(at, end, fixed)
    size = at - begin
    mask, step = (0xFE, 7) if fixed == 0 else (0xFF, 8)
    uaps, frns = code(m, UAPS), code(m, FRNS)
    chosen = uaps == 1
    items = HEAD + uaps
    for i in range(size):
        flags = octet(m, begin + i) & mask
        number = step * i
        while flags:
            if flags & 0x80 and number < frns:
                node = code(m, items + number)
                after = np.int64(-1)
                if node >= 0 and code(m, node) == RFS:
                    after = read_sequence(m, at, end, node, 0, items)
                elif node >= 0:
                    after = read_item(m, at, end, node, 0)
                if after < 0 or count == found.shape[0]:
                    return count
                found[count, 0], found[count, 1], found[count, 2], found[count, 3] = (
                    record,
                    node,
                    at,
                    after - at,
                )
                count += 1
                at = after
                if not chosen and node == code(m, SELECTOR):
                    items += max(choose(m, 0), 0) * frns
                    chosen = True
            flags = (flags << 1) & 0xFF
            number += 1
    return count


@kernel
def walk_items(
    octets: Octets,
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    program: Program,
    places: Places,
    notes: Notes,
    forms: Forms,
    sizes: Sizes,
    found: NDArray[np.int64],
) -> Int:
    """List the items of records; return how many.

    starts, lengths (N,)  records that `read_blocks` read with this program
    found (K, 4)          filled: index of the record, node of the item, octet where it begins, octets
    """
    m = memory(octets, program, places, notes, forms, sizes)
    count = np.int64(0)
    for record in range(starts.size):
        for group in range(sizes.groups):
            places[group * sizes.width] = 0
        notes[NOTES : NOTES + sizes.repetitions] = 0
        count = walk_record(m, starts[record], starts[record] + lengths[record], record, found, count)
    return count
