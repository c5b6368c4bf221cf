"""Write ASTERIX data blocks of any category: `asman.kernels.asterix_program`, run the other way.

A record is written where it will stand; when it makes its block too long, the block is closed before it and
the record moves three octets on, behind a new block's head. An item is written when any of its leaves is
there; the leaves that are not are 0, as are spare bits. FSPECs are as short as they can be.

Functions that write return the octet after what they wrote, or a negative reason.

Source: EUROCONTROL-SPEC-0149, ASTERIX Part 1, edition 3.1, sections 4 and 5.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_program import (
    CHOSEN,
    COMPOUND,
    FRNS,
    HEAD,
    LEAF,
    PART,
    PARTS,
    REPETITIVE,
    SELECTOR,
    STRETCH,
    STRETCH_BITS,
    UAPS,
)
from asman.kernels.jit import kernel, part

#: A block's head: category and length.
BLOCK_HEAD = 3
#: What a block's length, or an explicit item's, can say.
BLOCK_MAX, EXPLICIT_MAX = 65_535, 254
#: Reasons not to write a record.
NO_UAP, NO_ITEM, NOT_IN_UAP, TOO_LONG, TOO_MANY, EXPLICIT_LONG = 1, 2, 3, 4, 5, 6

Octets = NDArray[np.uint8]
Program = NDArray[np.int32]


class Records(NamedTuple):
    """Records to write, column by column.

    raw       (C, N)  uint64  integers in two's complement; a stretch of `heap` for what is octets
    present   (G, N)  uint8   1 where the record has the group of leaves
    children  (D, H)  uint64  like raw, of repetitions, one record's after another
    first     (R, N)  int64   where a record's repetitions begin in `children`
    counts    (R, N)  int64   how many there are
    heap      (~,)    uint8   octets
    block     (N,)    int64   records of different numbers never share a block
    """

    raw: NDArray[np.uint64]
    present: NDArray[np.uint8]
    children: NDArray[np.uint64]
    first: NDArray[np.int64]
    counts: NDArray[np.int64]
    heap: Octets
    block: NDArray[np.int64]


@part
def write_leaves(
    out: Octets,
    at: int,
    program: Program,
    leaf: int,
    count: int,
    raw: NDArray[np.uint64],
    row: int,
    heap: Octets,
) -> None:
    """Put the program's leaves from `leaf` on into the part that begins at `at`, whose octets are 0."""
    for i in range(leaf, leaf + count * LEAF, LEAF):
        where = at + program[i]
        left, right = program[i + 1], program[i + 2]
        value = raw[program[i + 3], row]
        if program[i + 4] == STRETCH:
            begin = np.int64(value >> np.uint64(STRETCH_BITS))
            for k in range(right):
                out[where + k] = heap[begin + k]
            continue
        # Cut to the leaf's width, then stand where the reader's shifts would take it from.
        word = (value << np.uint64(right)) >> np.uint64(left)
        for k in range((left + 64 - right + 7) // 8):
            out[where + k] |= np.uint8((word >> np.uint64(56 - 8 * k)) & np.uint64(0xFF))


@part
def next_part(program: Program, at_part: int) -> int:
    """Return where the part after `part` stands."""
    return at_part + PART + LEAF * program[at_part + 4]


@part
def has_simple(program: Program, records: Records, row: int, node: int) -> bool:
    """Tell whether a record has an item that holds no other items."""
    kind = program[node]
    if kind == PARTS:
        at_part = node + 2
        for _ in range(program[node + 1]):
            if records.present[program[at_part + 1], row]:
                return True
            at_part = next_part(program, at_part)
        return False
    return records.present[program[node + 4] if kind == REPETITIVE else program[node + 2], row] != 0


@part
def has_item(program: Program, records: Records, row: int, node: int) -> bool:
    """Tell whether a record has an item, or any subitem of it."""
    if program[node] != COMPOUND:
        return has_simple(program, records, row, node)
    for i in range(node + 3, node + 3 + program[node + 2]):
        if program[i] >= 0 and has_simple(program, records, row, program[i]):
            return True
    return False


@part
def count_parts(program: Program, records: Records, row: int, node: int) -> int:
    """How many parts of an item to write: up to the last that is there, and is allowed to be last."""
    last, open_end = 0, False
    at_part = node + 2
    for k in range(program[node + 1]):
        # A part without FX cannot say that the next does not follow.
        if records.present[program[at_part + 1], row] or open_end:
            last = k + 1
        open_end = last == k + 1 and program[at_part + 2] == 0
        at_part = next_part(program, at_part)
    return last


@part
def write_parts(out: Octets, at: int, program: Program, records: Records, row: int, node: int) -> int:
    """Write a fixed item, or an extended one as far as its last part that is there."""
    count = count_parts(program, records, row, node)
    at_part = node + 2
    for k in range(count):
        write_leaves(out, at, program, at_part + PART, program[at_part + 3], records.raw, row, records.heap)
        at += program[at_part]
        if program[at_part + 2] and k < count - 1:
            out[at - 1] |= np.uint8(1)
        at_part = next_part(program, at_part)
    return at


@part
def write_repetitive(out: Octets, at: int, program: Program, records: Records, row: int, node: int) -> int:
    """Write repetitions, their number before them or an FX bit in each."""
    counted, size, repetition = program[node + 1], program[node + 2], program[node + 3]
    count, child = records.counts[repetition, row], records.first[repetition, row]
    if (counted and count >= 1 << (8 * counted)) or (counted == 0 and count == 0):
        return -TOO_MANY
    for k in range(counted):
        out[at] = np.uint8((count >> (8 * (counted - 1 - k))) & 0xFF)
        at += 1
    for k in range(count):
        write_leaves(out, at, program, node + 7, program[node + 6], records.children, child + k, records.heap)
        at += size
        if counted == 0 and k < count - 1:
            out[at - 1] |= np.uint8(1)
    return at


@part
def write_explicit(out: Octets, at: int, program: Program, records: Records, row: int, node: int) -> int:
    """Write an item of octets, its length before it."""
    stretch = records.raw[program[node + 1], row]
    begin = int(stretch >> np.uint64(STRETCH_BITS))
    size = int(stretch & np.uint64((1 << STRETCH_BITS) - 1))
    if size > EXPLICIT_MAX:
        return -EXPLICIT_LONG
    out[at] = np.uint8(size + 1)
    for k in range(size):
        out[at + 1 + k] = records.heap[begin + k]
    return at + 1 + size


@part
def write_simple(out: Octets, at: int, program: Program, records: Records, row: int, node: int) -> int:
    """Write an item that holds no other items."""
    kind = program[node]
    if kind == PARTS:
        return write_parts(out, at, program, records, row, node)
    if kind == REPETITIVE:
        return write_repetitive(out, at, program, records, row, node)
    return write_explicit(out, at, program, records, row, node)


@part
def write_item(out: Octets, at: int, program: Program, records: Records, row: int, node: int) -> int:
    """Write any item; a compound one with a field specification of its own."""
    if program[node] != COMPOUND:
        return write_simple(out, at, program, records, row, node)
    subitems = node + 3
    last = 0
    for i in range(program[node + 2]):
        if program[subitems + i] >= 0 and has_simple(program, records, row, program[subitems + i]):
            last = i
    spec = at
    at += last // 7 + 1
    for k in range(last // 7):
        out[spec + k] |= np.uint8(1)
    for i in range(last + 1):
        if program[subitems + i] >= 0 and has_simple(program, records, row, program[subitems + i]):
            out[spec + i // 7] |= np.uint8(0x80 >> (i % 7))
            at = write_simple(out, at, program, records, row, program[subitems + i])
            if at < 0:
                return at
    return at


@part
def first_item(program: Program, records: Records, row: int) -> int:
    """Return where the items of a record's UAP stand, by field reference number; -1 for no UAP."""
    items = HEAD + program[UAPS]
    if program[SELECTOR] < 0:
        return items
    value = records.raw[program[SELECTOR + 1], row]
    if value >= np.uint64(program[CHOSEN]):
        return -1
    uap = program[items + program[UAPS] * program[FRNS] + np.int64(value)]
    return items + uap * program[FRNS] if uap >= 0 else -1


@part
def fits(program: Program, records: Records, row: int, items: int) -> bool:
    """Tell whether every item that a record has, in any UAP, is one of its own UAP."""
    for other in range(HEAD + program[UAPS], HEAD + program[UAPS] * (1 + program[FRNS])):
        node = program[other]
        if node >= 0 and has_item(program, records, row, node):
            own = False
            for number in range(program[FRNS]):
                own = own or program[items + number] == node
            if not own:
                return False
    return True


@part
def write_record(out: Octets, at: int, program: Program, records: Records, row: int) -> int:
    """Write one record."""
    items = first_item(program, records, row)
    if items < 0:
        return -NO_UAP
    if program[UAPS] > 1 and not fits(program, records, row, items):
        return -NOT_IN_UAP
    last = -1
    for number in range(program[FRNS]):
        if program[items + number] >= 0 and has_item(program, records, row, program[items + number]):
            last = number
    if last < 0:
        return -NO_ITEM
    spec = at
    at += last // 7 + 1
    for k in range(last // 7):
        out[spec + k] |= np.uint8(1)
    for number in range(last + 1):
        node = program[items + number]
        if node >= 0 and has_item(program, records, row, node):
            out[spec + number // 7] |= np.uint8(0x80 >> (number % 7))
            at = write_item(out, at, program, records, row, node)
            if at < 0:
                return at
    return at


@part
def close_block(out: Octets, begin: int, end: int, category: int) -> None:
    """Write the head of the block that ends before `end`."""
    out[begin] = np.uint8(category)
    out[begin + 1] = np.uint8((end - begin) >> 8)
    out[begin + 2] = np.uint8((end - begin) & 0xFF)


@part
def move_on(out: Octets, begin: int, end: int) -> None:
    """Move a record by a block's head, and leave zeros where it was."""
    for k in range(end - 1, begin - 1, -1):
        out[k + BLOCK_HEAD] = out[k]
    for k in range(begin, begin + BLOCK_HEAD):
        out[k] = 0


@kernel
def write_blocks(
    program: Program,
    records: Records,
    category: int,
    longest: int,
    out: Octets,
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
    fault: NDArray[np.int64],
) -> tuple[int, int]:
    """Write all records; return how many blocks they took and the octet after the last.

    longest     octets of a block at most, where it has more than one record
    out         zeros, with room for all
    starts      (N + 1,)  where each block begins; rows (N + 1,) its first record
    fault       (2,)      of the first record that cannot be written: row and reason; reason 0: all is well
    """
    blocks, begin, at = 0, 0, BLOCK_HEAD
    for row in range(records.block.size):
        fresh = row == 0 or records.block[row] != records.block[row - 1]
        if fresh and row > 0:
            close_block(out, begin, at, category)
            begin = at
            at += BLOCK_HEAD
        end = write_record(out, at, program, records, row)
        if not fresh and end >= 0 and end - begin > longest:
            move_on(out, at, end)
            close_block(out, begin, at, category)
            begin = at
            at += BLOCK_HEAD
            end += BLOCK_HEAD
            fresh = True
        if end >= 0 and end - begin > BLOCK_MAX:
            end = -TOO_LONG
        if end < 0:
            fault[0], fault[1] = row, -end
            return blocks, begin
        if fresh:
            starts[blocks], rows[blocks] = begin, row
            blocks += 1
        at = end
    if blocks:
        close_block(out, begin, at, category)
        begin = at
    starts[blocks], rows[blocks] = begin, records.block.size
    return blocks, begin
