"""Read ASTERIX data blocks of any category: one interpreter over tables, one pass over the octets.

An ASTERIX record begins with a field specification (FSPEC): seven bits an octet say which items follow, the
eighth whether another octet does. What the items look like stands in a program
(`asman.kernels.asterix_program`); nothing here knows a category. The octets of a leaf are loaded as one
unaligned big-endian 64-bit number, shifted twice and stored: that is faster than generated code, and compiles
once for all categories. Nothing is read outside the buffer.

A batch of records is read column by column into cells small enough to stay in the cache;
`asman.kernels.asterix_columns` then turns it into columns of their final type.

Functions that read return the octet after what they read, or a negative reason. `m` is the reader's view of
memory, `asman.kernels.asterix_memory`.

Source: EUROCONTROL-SPEC-0149, ASTERIX Part 1, edition 3.1, sections 4 and 5.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import (
    Cells,
    Int,
    Memory,
    Notes,
    Octets,
    Present,
    Program,
    Sizes,
    code,
    note,
    octet,
    put_cell,
    put_note,
)
from asman.kernels.asterix_program import (
    AT,
    BLOCK,
    CARRIED,
    CARRY,
    COMPOUND,
    COUNT,
    CUT,
    EMPTY,
    EXPLICIT_SIZE,
    FAULT,
    FAULT_NODE,
    FIXED,
    FRNS,
    FSPEC_LONG,
    FSPEC_OPEN,
    HEAD,
    HEAP_FULL,
    LAST_FX,
    LEAF,
    NOTES,
    PART,
    PARTS,
    REPETITIVE,
    RFS,
    RFS_ITEM,
    SELECTOR,
    TODO,
    UAP,
    UAPS,
    UNDEFINED,
)
from asman.kernels.asterix_rows import carry, choose, forget, has_item, keep_stretch, mark, read_leaves
from asman.kernels.jit import kernel, part, rare


@part
def read_parts(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read a fixed item (one part) or an extended one (parts that end in FX)."""
    part = node + 2
    for k in range(code(m, node + 1), 0, -1):
        size = code(m, part)
        if at + size > end:
            return -CUT
        leaves = code(m, part + 3 + m.spares)
        read_leaves(m, at, part + PART, leaves, row, m.width)
        mark(m, code(m, part + 1), row)
        at += size
        if code(m, part + 2):
            if octet(m, at - 1) & 1 == 0:
                return at
            if k == 1:
                return at if m.lenient else -LAST_FX
        part += PART + LEAF * code(m, part + 4)
    return at


@part
def read_repetitive(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read repetitions into the children."""
    counted, size, repetition = code(m, node + 1), code(m, node + 2), code(m, node + 3)
    left = 1
    if counted:
        if at + counted > end:
            return -CUT
        left = 0
        for _ in range(counted):
            left = (left << 8) | octet(m, at)
            at += 1
        if at + left * size > end:
            return -CUT
    begin = note(m, NOTES + repetition)
    child = begin
    while left > 0:
        if at + size > end:
            return -CUT
        if child >= m.height:
            return -HEAP_FULL
        read_leaves(m, at, node + 7, code(m, node + 6), m.children + child, m.height)
        child += 1
        at += size
        left = left - 1 if counted else octet(m, at - 1) & 1
    if row < m.width - 1:
        put_cell(m, code(m, node + 5) * m.width + row, child - begin)
        put_note(m, NOTES + repetition, child)
        mark(m, code(m, node + 4), row)
    return at


@part
def read_explicit(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read an item whose first octet is its length; keep where its contents lie."""
    if at + 1 > end:
        return -CUT
    size = octet(m, at)
    if size == 0:
        if not m.lenient:
            return -EXPLICIT_SIZE
        size = 1
    if at + size > end:
        return -CUT
    keep_stretch(m, node, row, at + 1, size - 1)
    return at + size


@part
def read_simple(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read an item that holds no other items."""
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, node)
    kind = code(m, node)
    if kind == PARTS:
        return read_parts(m, at, end, node, row)
    if kind == REPETITIVE:
        return read_repetitive(m, at, end, node, row)
    return read_explicit(m, at, end, node, row)


@part
def fspec_end(m: Memory, at: Int, end: Int, longest: Int) -> Int:
    """Return the octet after the FSPEC that begins at `at`."""
    for i in range(longest):
        if at + i >= end:
            return -FSPEC_OPEN
        if octet(m, at + i) & 1 == 0:
            return at + i + 1
    return -FSPEC_LONG


@part
def indicator_end(at: Int, end: Int, size: Int) -> Int:
    """Return the octet after an FSPEC of so many octets without FX bits."""
    return at + size if at + size <= end else -FSPEC_OPEN


@rare
def list_subitems(m: Memory, at: Int, end: Int, node: Int) -> Int:
    """List in the notes which subitems a compound item's own FSPEC names."""
    spec, count = at, 0
    at = fspec_end(m, at, end, code(m, node + 1))
    for i in range(at - spec):
        flags = octet(m, spec + i) & 0xFE
        place = 7 * i
        while flags:
            if flags & 0x80:
                if place >= code(m, node + 2) or code(m, node + 3 + place) < 0:
                    return -UNDEFINED
                put_note(m, TODO + count, code(m, node + 3 + place))
                count += 1
            flags = (flags << 1) & 0xFF
            place += 1
    put_note(m, COUNT, count)
    return at


@part
def read_item(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read any item but random field sequencing."""
    compound = code(m, node) == COMPOUND
    count = 1
    if compound:
        put_note(m, FAULT, at)
        put_note(m, FAULT_NODE, node)
        at = list_subitems(m, at, end, node)
        if at < 0:
            return at
        count = note(m, COUNT)
    for k in range(count):
        at = read_simple(m, at, end, note(m, TODO + k) if compound else node, row)
        if at < 0:
            return at
    return at


@rare
def next_in_sequence(m: Memory, at: Int, end: Int, node: Int, items: Int) -> Int:
    """Return the node of the item whose number stands at `at`, within random field sequencing."""
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, node)
    if at + 1 > end:
        return -CUT
    number = octet(m, at) - 1
    if number < 0 or number >= code(m, FRNS):
        return -RFS_ITEM
    item = code(m, items + number)
    if item < 0 or code(m, item) == RFS:
        return -RFS_ITEM
    return item


@part
def read_any(m: Memory, at: Int, end: Int, node: Int, row: Int, items: Int) -> Int:
    """Read any item; random field sequencing is items, each with its number before it, in any order.

    An item of those that the record already has goes to the last row, that of what nobody wants; the octets
    of all stay as a column.
    """
    begin, left, item, into = at, 1, node, row
    sequence = code(m, node) == RFS
    if sequence:
        put_note(m, FAULT, at)
        put_note(m, FAULT_NODE, node)
        if at + 1 > end:
            return -CUT
        left = octet(m, at)
        at += 1
    while left > 0:
        if sequence:
            item = next_in_sequence(m, at, end, node, items)
            if item < 0:
                return item
            into = m.width - 1 if has_item(m, item, row) else row
            at += 1
        at = read_item(m, at, end, item, into)
        if at < 0:
            return at
        left -= 1
    if sequence:
        keep_stretch(m, node, row, begin, at - begin)
    return at


@rare
def same_in_all(m: Memory, number: Int) -> bool:
    """Tell whether a field reference number means the same in every UAP."""
    first = HEAD + code(m, UAPS) + number
    same = True
    for uap in range(1, code(m, UAPS)):
        same = same and code(m, first) == code(m, first + uap * code(m, FRNS))
    return same


@rare
def longest_fspec(m: Memory) -> Int:
    """Return the octets that the FSPEC may have in any UAP."""
    longest = code(m, HEAD)
    for uap in range(1, code(m, UAPS)):
        longest = max(longest, code(m, HEAD + uap))
    return longest


@part
def read_record(m: Memory, at: Int, end: Int, row: Int) -> Int:
    """Read one record."""
    begin = at
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, -1)
    uaps, frns = code(m, UAPS), code(m, FRNS)
    fixed = code(m, FIXED)
    at = fspec_end(m, at, end, longest_fspec(m)) if fixed == 0 else indicator_end(at, end, fixed)
    if at < 0:
        return at
    size = at - begin
    mask, step = (0xFE, 7) if fixed == 0 else (0xFF, 8)
    chosen = uaps == 1
    items = HEAD + uaps
    some = False
    for i in range(size):
        flags = octet(m, begin + i) & mask
        number = step * i
        while flags:
            if flags & 0x80:
                node = code(m, items + number) if number < frns else -1
                if node < 0 or not chosen:
                    put_note(m, FAULT, at)
                    put_note(m, FAULT_NODE, -2 - number)
                    if number < frns and not chosen and not same_in_all(m, number):
                        return -UAP
                    if node < 0:
                        return -UNDEFINED
                at = read_any(m, at, end, node, row, items)
                if at < 0:
                    return at
                if not some:  # an item of subitems that names none holds nothing
                    some = code(m, node) != COMPOUND or note(m, COUNT) > 0
                if not chosen and node == code(m, SELECTOR):
                    uap = choose(m, row)
                    if uap < 0:
                        return -UAP
                    if size > code(m, HEAD + uap):
                        put_note(m, FAULT, begin)
                        put_note(m, FAULT_NODE, -1)
                        return -FSPEC_LONG
                    chosen = True
                    items += uap * frns
            flags = (flags << 1) & 0xFF
            number += 1
    return at if some else -EMPTY  # the fault is still noted at the record's begin


@kernel
def read_blocks(
    octets: Octets,
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    program: Program,
    repeated: NDArray[np.int32],
    cells: Cells,
    present: Present,
    notes: Notes,
    sizes: Sizes,
    records: NDArray[np.int64],
    rejects: NDArray[np.int64],
) -> tuple[Int, Int]:
    """Read records of the blocks until a batch is full; return how many, and how many failed.

    starts, lengths (B,)  octet where each block begins, and its octets, header included; all within `octets`
    repeated  (R, 2)      group and column of the count of each repetition
    records   (rows, 3)   filled: octet where the record begins, octets, index of its block
    rejects   (K, 5)      filled: octet of the failure, index of the block, reason, node, where the record
                          begins

    A record that cannot be read gives up the rest of its block, because nothing says where the next one
    begins; what came before it stays. `notes[BLOCK] == B` says that all is read. No more room for children or
    rejects ends a batch early.
    """
    m = Memory(
        np.int64(octets.ctypes.data),
        np.int64(octets.size),
        np.int64(program.ctypes.data),
        np.int64(cells.ctypes.data),
        np.int64(present.ctypes.data),
        np.int64(notes.ctypes.data),
        sizes.width,
        sizes.height,
        sizes.children,
        sizes.groups,
        sizes.repetitions,
        sizes.spares,
        sizes.lenient,
    )
    row, failed = np.int64(0), np.int64(0)
    block, at = np.int64(notes[BLOCK]), np.int64(notes[AT])
    while block < starts.size:
        end = starts[block] + lengths[block]
        if at == 0:
            at = starts[block] + 3
            notes[CARRIED] = 0
        while at < end:
            if row == records.shape[0] or failed == rejects.shape[0]:
                notes[BLOCK], notes[AT] = block, at
                return row, failed
            after = read_record(m, at, end, row)
            if after < 0:
                forget(m, repeated, row)
                if after == -HEAP_FULL:
                    notes[BLOCK], notes[AT] = block, at
                    return row, failed
                rejects[failed, 0], rejects[failed, 1], rejects[failed, 2] = notes[FAULT], block, -after
                rejects[failed, 3], rejects[failed, 4] = notes[FAULT_NODE], at
                failed += 1
                break
            if program[CARRY] >= 0:
                carry(m, row)
            records[row, 0], records[row, 1], records[row, 2] = at, after - at, block
            row += 1
            at = after
        block += 1
        at = np.int64(0)
    notes[BLOCK], notes[AT] = block, 0
    return row, failed
