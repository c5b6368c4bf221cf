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
from asman.kernels.jit import kernel, small

#: A block's head: category and length.
BLOCK_HEAD = 3
#: What a block's length, or an explicit item's, can say.
BLOCK_MAX, EXPLICIT_MAX = 65_535, 254
#: Places in the state between chunks: how many blocks are begun, where the open one begins, where the next
#: record goes, and the row and reason of a record that cannot be written.
BLOCKS, BEGIN, NEXT, FAULT_ROW, FAULT_REASON, STATES = 0, 1, 2, 3, 4, 5
#: Octets of a part that are put together in one number.
WORD = 8
#: Reasons not to write a record.
NO_UAP, NO_ITEM, NOT_IN_UAP, TOO_LONG, TOO_MANY, EXPLICIT_LONG = 1, 2, 3, 4, 5, 6

Octets = NDArray[np.uint8]
Program = NDArray[np.int32]


class Records(NamedTuple):
    """A chunk of records to write, column by column.

    raw       (C, N)  uint64  integers in two's complement; a stretch of `heap` for what is octets
    present   (G, N)  uint8   1 where the record has the group of leaves
    children  (D, H)  uint64  like raw, of repetitions of all chunks, one record's after another
    first     (R, M)  int64   where a record's repetitions begin in `children`, of all chunks
    counts    (R, M)  int64   how many there are
    heap      (~,)    uint8   octets
    base      row of all chunks that is this one's first
    """

    raw: NDArray[np.uint64]
    present: NDArray[np.uint8]
    children: NDArray[np.uint64]
    first: NDArray[np.int64]
    counts: NDArray[np.int64]
    heap: Octets
    base: int


@small
def write_octets(out: Octets, at: int, word: np.uint64, count: int) -> None:
    """Write the first octets of a word, most significant first."""
    for k in range(count):
        out[at + k] = np.uint8((word >> np.uint64(56 - 8 * k)) & np.uint64(0xFF))


@small
def write_leaves(
    out: Octets,
    at: int,
    size: int,
    program: Program,
    leaf: int,
    count: int,
    raw: NDArray[np.uint64],
    row: int,
    heap: Octets,
) -> None:
    """Write a part of `size` octets at `at`, made of the program's leaves from `leaf` on."""
    word = np.uint64(0)
    if size > WORD:
        for k in range(size):
            out[at + k] = 0
    for i in range(leaf, leaf + count * LEAF, LEAF):
        left, right = program[i + 1], program[i + 2]
        value = raw[program[i + 3], row]
        if program[i + 4] == STRETCH:
            begin = np.int64(value >> np.uint64(STRETCH_BITS))
            for k in range(right):
                out[at + program[i] + k] = heap[begin + k]
            continue
        # Cut to the leaf's width, then stand where the reader's shifts would take it from.
        cut = (value << np.uint64(right)) >> np.uint64(left)
        if size <= WORD:
            word |= cut >> np.uint64(8 * program[i])
            continue
        for k in range((left + 64 - right + 7) // 8):
            out[at + program[i] + k] |= np.uint8((cut >> np.uint64(56 - 8 * k)) & np.uint64(0xFF))
    if size <= WORD:
        write_octets(out, at, word, size)


@small
def next_part(program: Program, at_part: int) -> int:
    """Return where the part after `part` stands."""
    return at_part + PART + LEAF * program[at_part + 4]


@small
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


@small
def has_item(program: Program, records: Records, row: int, node: int) -> bool:
    """Tell whether a record has an item, or any subitem of it."""
    if program[node] != COMPOUND:
        return has_simple(program, records, row, node)
    for i in range(node + 3, node + 3 + program[node + 2]):
        if program[i] >= 0 and has_simple(program, records, row, program[i]):
            return True
    return False


@small
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


@small
def write_parts(out: Octets, at: int, program: Program, records: Records, row: int, node: int) -> int:
    """Write a fixed item, or an extended one as far as its last part that is there."""
    count = count_parts(program, records, row, node)
    at_part = node + 2
    for k in range(count):
        size, leaves = program[at_part], program[at_part + 3]
        write_leaves(out, at, size, program, at_part + PART, leaves, records.raw, row, records.heap)
        at += size
        if program[at_part + 2] and k < count - 1:
            out[at - 1] |= np.uint8(1)
        at_part = next_part(program, at_part)
    return at


@small
def write_repetitive(out: Octets, at: int, program: Program, records: Records, row: int, node: int) -> int:
    """Write repetitions, their number before them or an FX bit in each."""
    counted, size, repetition = program[node + 1], program[node + 2], program[node + 3]
    whole = records.base + row
    count, child = records.counts[repetition, whole], records.first[repetition, whole]
    if (counted and count >= 1 << (8 * counted)) or (counted == 0 and count == 0):
        return -TOO_MANY
    for k in range(counted):
        out[at] = np.uint8((count >> (8 * (counted - 1 - k))) & 0xFF)
        at += 1
    for k in range(count):
        leaves = program[node + 6]
        write_leaves(out, at, size, program, node + 7, leaves, records.children, child + k, records.heap)
        at += size
        if counted == 0 and k < count - 1:
            out[at - 1] |= np.uint8(1)
    return at


@small
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


@small
def write_simple(out: Octets, at: int, program: Program, records: Records, row: int, node: int) -> int:
    """Write an item that holds no other items."""
    kind = program[node]
    if kind == PARTS:
        return write_parts(out, at, program, records, row, node)
    if kind == REPETITIVE:
        return write_repetitive(out, at, program, records, row, node)
    return write_explicit(out, at, program, records, row, node)


@small
def write_item(out: Octets, at: int, program: Program, records: Records, row: int, node: int) -> int:
    """Write any item; a compound one with a field specification of its own."""
    if program[node] != COMPOUND:
        return write_simple(out, at, program, records, row, node)
    subitems = node + 3
    last = int(program[node + 2]) - 1
    while last > 0 and not (
        program[subitems + last] >= 0 and has_simple(program, records, row, program[subitems + last])
    ):
        last -= 1
    spec = at
    at += last // 7 + 1
    for k in range(last // 7):
        out[spec + k] = np.uint8(1)
    out[at - 1] = np.uint8(0)
    for i in range(last + 1):
        if program[subitems + i] >= 0 and has_simple(program, records, row, program[subitems + i]):
            out[spec + i // 7] |= np.uint8(0x80 >> (i % 7))
            at = write_simple(out, at, program, records, row, program[subitems + i])
            if at < 0:
                return at
    return at


@small
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


@small
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


@small
def write_record(out: Octets, at: int, program: Program, records: Records, row: int) -> int:
    """Write one record."""
    items = first_item(program, records, row)
    if items < 0:
        return -NO_UAP
    if program[UAPS] > 1 and not fits(program, records, row, items):
        return -NOT_IN_UAP
    last = int(program[FRNS]) - 1
    while last >= 0 and not (
        program[items + last] >= 0 and has_item(program, records, row, program[items + last])
    ):
        last -= 1
    if last < 0:
        return -NO_ITEM
    spec = at
    at += last // 7 + 1
    for k in range(last // 7):
        out[spec + k] = np.uint8(1)
    out[at - 1] = np.uint8(0)
    for number in range(last + 1):
        node = program[items + number]
        if node >= 0 and has_item(program, records, row, node):
            out[spec + number // 7] |= np.uint8(0x80 >> (number % 7))
            at = write_item(out, at, program, records, row, node)
            if at < 0:
                return at
    return at


@small
def close_block(out: Octets, begin: int, end: int, category: int) -> None:
    """Write the head of the block that ends before `end`."""
    out[begin] = np.uint8(category)
    out[begin + 1] = np.uint8((end - begin) >> 8)
    out[begin + 2] = np.uint8((end - begin) & 0xFF)


@small
def move_on(out: Octets, begin: int, end: int) -> None:
    """Move a record by a block's head."""
    for k in range(end - 1, begin - 1, -1):
        out[k + BLOCK_HEAD] = out[k]


@kernel
def write_blocks(
    program: Program,
    records: Records,
    block: NDArray[np.int64],
    count: int,
    category: int,
    longest: int,
    out: Octets,
    state: NDArray[np.int64],
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> None:
    """Write a chunk of `count` records.

    block       (M,)      of all chunks: records of different numbers never share a block
    longest     octets of a block at most, where it has more than one record
    out         with room for the chunk after `state[NEXT]`
    state       (STATES,) all 0 before the first chunk; after the last one `finish_blocks` closes what is open
    starts      (M + 1,)  where each block begins; rows (M + 1,) its first record
    """
    blocks, begin, at = state[BLOCKS], state[BEGIN], state[NEXT]
    for k in range(count):
        row = records.base + k
        fresh = row == 0 or block[row] != block[row - 1]
        if fresh:
            if row > 0:
                close_block(out, begin, at, category)
            begin = at
            at += BLOCK_HEAD
        end = write_record(out, at, program, records, k)
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
            state[FAULT_ROW], state[FAULT_REASON] = row, -end
            return
        if fresh:
            starts[blocks], rows[blocks] = begin, row
            blocks += 1
        at = end
    state[BLOCKS], state[BEGIN], state[NEXT] = blocks, begin, at


@kernel
def finish_blocks(category: int, out: Octets, state: NDArray[np.int64]) -> None:
    """Close the block that the last chunk left open."""
    if state[BLOCKS]:
        close_block(out, state[BEGIN], state[NEXT], category)
