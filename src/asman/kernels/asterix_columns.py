"""Take the leaves of ASTERIX records out of their octets into columns of their final type.

The second half of decoding: `asman.kernels.asterix` has noted where the parts of a batch's records begin. The
eight octets from there on are gathered once for all leaves that lie in them, as one unaligned big-endian
number a record; each column is then two shifts and a store, in a loop that the compiler does for many
records at once: a tenth of the work of storing each leaf of each record by itself. Presence is packed into
Arrow's bitmaps (least significant bit first); where a record lacks a part, its eight octets are 0, and so is
what the null hides.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import (
    Forms,
    Int,
    Memory,
    Notes,
    Octets,
    Places,
    Program,
    Sizes,
    buffer,
    eight,
    leaf_of,
    memory,
    place,
    word,
)
from asman.kernels.asterix_program import NOTES, STRETCH, STRETCH_BITS
from asman.kernels.asterix_text import take_text
from asman.kernels.jit import kernel, lent

# Kinds of column that are made.
FLOAT, INT8, INT16, INT32, INT64, ICAO, ASCII, KINDS = 0, 1, 2, 3, 4, 5, 6, 7
# What says how a column is taken: its group, or repetition; the octet of the part from which on eight are
# gathered; shifts and kind of the leaf; the column's kind; letters of a string; its number.
GROUP, BASE, LEFT, RIGHT, LEAF_KIND, KIND, LETTERS, COLUMN, TAKE = 0, 1, 2, 3, 4, 5, 6, 7, 8
#: Records of which all columns are taken before those of the next ones: their octets fit the nearest cache.
PIECE = 512

Takes = NDArray[np.int32]
Words = NDArray[np.uint64]


class Out(NamedTuple):
    """Finished columns of one segment.

    valid       (G, ~)    uint8    validity bitmaps, least significant bit first, one a group
    rows_with   (G,)      int64    rows that have the group
    slots       (C,)      int32    a column's place in the array of its kind; -1: nothing has it so far
    used        (KINDS,)  int32    how many places are taken
    f64, u8, u16, u32, u64  (places, rows)
    ends        (places, rows + 1) int32  where each string ends in `text`
    text        (places, rows * 8) uint8
    """

    valid: NDArray[np.uint8]
    rows_with: NDArray[np.int64]
    slots: NDArray[np.int32]
    used: NDArray[np.int32]
    f64: NDArray[np.float64]
    u8: NDArray[np.uint8]
    u16: NDArray[np.uint16]
    u32: NDArray[np.uint32]
    u64: NDArray[np.uint64]
    ends: NDArray[np.int32]
    text: NDArray[np.uint8]


class Plan(NamedTuple):
    """How the columns of a layout are taken.

    takes, child_takes  (C, TAKE)  of records, of what is repeated; in the order of GROUP and BASE
    lsbs, child_lsbs    (C,)       factor of FLOAT columns
    repeated            (R, 2)     group of each repetition in its first column
    cases   (K, 8)  group to fill, group of the leaf, then twice: column (-1 none), its group, its value
    leaves  (~, 4)  of each column of the program: octet in its part, left shift, right shift, kind
    """

    takes: Takes
    lsbs: NDArray[np.float64]
    child_takes: Takes
    child_lsbs: NDArray[np.float64]
    repeated: NDArray[np.int32]
    cases: NDArray[np.int32]
    leaves: NDArray[np.int32]


@lent
def pack_bits(places: Places, rows: Int, bits: NDArray[np.uint8], first: Int, marks: Words) -> Int:
    """Write the presence of `rows` rows as a bitmap from bit `first` on; return how many are present.

    places from the first of the group on; those from `rows` to the next multiple of eight are 0
    bits   has room for an octet after the last
    marks  (rows / 8,) to work in

    Eight marks of 0 or 1 are one load and one multiplication that moves each to its bit.
    """
    eights = (rows + 7) // 8
    there, found = marks.view(np.uint8)[: 8 * eights], places[: 8 * eights]
    for i in range(8 * eights):
        there[i] = found[i] != 0
    shift = np.uint64(first & 7)
    at = first >> 3
    count = np.uint64(0)
    for i in range(eights):
        count += (marks[i] * np.uint64(0x0101010101010101)) >> np.uint64(56)
        packed = ((marks[i] * np.uint64(0x0102040810204080)) >> np.uint64(56)) << shift
        bits[at + i] |= np.uint8(packed)
        bits[at + i + 1] = np.uint8(packed >> np.uint64(8))
    return np.int64(count)


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
def take_numbers(words: Words, rows: Int, take: Takes, lsb: float, slot: Int, out: Out, first: Int) -> None:
    """Write one column of numbers. Slices begin at 0 so that the compiler does many rows at once."""
    left, right, signed, kind = take[LEFT], take[RIGHT], take[LEAF_KIND], take[KIND]
    end = first + rows
    source = words[:rows]
    if kind == FLOAT:
        target = out.f64[slot, first:end]
        for i in range(rows):
            target[i] = np.float64(leaf_of(source[i], left, right, signed)) * lsb
    elif kind == INT8:
        narrow = out.u8[slot, first:end]
        for i in range(rows):
            narrow[i] = np.uint8(leaf_of(source[i], left, right, signed))
    elif kind == INT16:
        short = out.u16[slot, first:end]
        for i in range(rows):
            short[i] = np.uint16(leaf_of(source[i], left, right, signed))
    elif kind == INT32:
        middle = out.u32[slot, first:end]
        for i in range(rows):
            middle[i] = np.uint32(leaf_of(source[i], left, right, signed))
    else:
        wide = out.u64[slot, first:end]
        for i in range(rows):
            wide[i] = np.uint64(leaf_of(source[i], left, right, signed))


@lent
def take_stretches(m: Memory, begin: Int, rows: Int, take: Takes, target: NDArray[np.uint64]) -> None:
    """Write where the octets of each row lie, times 2^16, and how many they are; 0 where it has none."""
    for i in range(rows):
        at = place(m, begin + i)
        fixed = ((at + take[BASE]) << STRETCH_BITS) | np.int64(take[RIGHT])
        target[i] = np.uint64(fixed if take[LEAF_KIND] == STRETCH and at else at)


@lent
def write_nothing(kind: Int, slot: Int, out: Out, begin: Int, end: Int) -> None:
    """Fill rows that lack the column: what a null hides is 0, and a string empty."""
    if kind == FLOAT:
        out.f64[slot, begin:end] = 0.0
    elif kind == INT8:
        out.u8[slot, begin:end] = 0
    elif kind == INT16:
        out.u16[slot, begin:end] = 0
    elif kind == INT32:
        out.u32[slot, begin:end] = 0
    elif kind == INT64:
        out.u64[slot, begin:end] = 0
    else:
        if begin == 0:
            out.ends[slot, 0] = 0
        out.ends[slot, begin + 1 : end + 1] = out.ends[slot, begin]


@lent
def take_column(
    m: Memory, begin: Int, rows: Int, words: Words, take: Takes, lsb: float, out: Out, first: Int
) -> None:
    """Write rows `first` on of a column whose eight octets are gathered."""
    kind, column = np.int64(take[KIND]), np.int64(take[COLUMN])
    array = min(kind, ICAO)  # strings of either kind share theirs
    slot = np.int64(out.slots[column])
    if slot < 0:
        slot = np.int64(out.used[array])
        out.used[array] += 1
        out.slots[column] = slot
        write_nothing(kind, slot, out, np.int64(0), np.int64(first))
    if kind >= ICAO:
        shifts = (np.int64(take[LEFT]), np.int64(take[RIGHT]))
        letters = np.int64(take[LETTERS])
        take_text(words, rows, *shifts, kind == ICAO, letters, out.ends[slot], out.text[slot], first)
    elif take[LEAF_KIND] >= STRETCH:
        take_stretches(m, begin, rows, take, out.u64[slot, first : first + rows])
    else:
        take_numbers(words, rows, take, lsb, slot, out, first)


@kernel
def copy_stretches(
    octets: Octets, packed: NDArray[np.uint64], ends: NDArray[np.int32], data: NDArray[np.uint8]
) -> None:
    """Copy stretches of the buffer one behind the other.

    packed (N,)       where each begins, times 2^16, and how many octets it has
    ends   (N + 1,)   filled: where each ends in `data`
    data              with room for seven octets more
    """
    m = buffer(octets)
    at = np.uint64(0)
    ends[0] = 0
    for i in range(packed.size):
        size = np.int64(packed[i]) & ((1 << STRETCH_BITS) - 1)
        begin = np.int64(packed[i]) >> STRETCH_BITS
        for k in range(0, size, 8):
            eight_of = word(m, begin + k)
            for j in range(8):  # one store of eight octets, once compiled
                data[at + np.uint64(k + j)] = np.uint8(eight_of >> np.uint64(56 - 8 * j))
        at += np.uint64(size)
        ends[i + 1] = at


@lent
def mark_cases(m: Memory, places: Places, notes: Notes, rows: Int, plan: Plan) -> None:
    """Fill the groups of dependent leaves: present where the leaves they depend on have the case's values."""
    width, filled, cases = m.width, NOTES + m.repetitions, plan.cases
    for k in range(cases.shape[0]):
        target, base = np.int64(cases[k, 0]), np.int64(cases[k, 1])
        if notes[filled + base] == 0:
            continue
        notes[filled + target] = 1
        for i in range(rows):
            fits = places[base * width + i] != 0
            for j in (2, 5):
                if fits and cases[k, j] >= 0:
                    leaf = plan.leaves[np.int64(cases[k, j])]
                    at = places[np.int64(cases[k, j + 1]) * width + i]
                    value = leaf_of(word(m, at + leaf[0]), leaf[1], leaf[2], leaf[3])
                    fits = at != 0 and value == cases[k, j + 2]
            if fits:
                places[target * width + i] = places[base * width + i]


@lent
def take_records(
    m: Memory,
    places: Places,
    notes: Notes,
    rows: Int,
    end: Int,
    plan: Plan,
    words: Words,
    out: Out,
    first: Int,
) -> None:
    """Turn a batch into rows `first` on of `out`, and empty it; `end` is the octet after its last."""
    width, filled, takes = m.width, NOTES + m.repetitions, plan.takes
    for group in range(m.groups):
        if notes[filled + group]:
            out.rows_with[group] += pack_bits(places[group * width :], rows, out.valid[group], first, words)
    for c in range(takes.shape[0]):
        slot = np.int64(out.slots[takes[c, COLUMN]])
        if slot >= 0 and not notes[filled + takes[c, GROUP]]:
            write_nothing(np.int64(takes[c, KIND]), slot, out, np.int64(first), np.int64(first + rows))
    for piece in range(0, rows, PIECE):
        count = min(rows - piece, PIECE)
        gathered, base = np.int64(-1), np.int64(-1)
        for c in range(takes.shape[0]):
            take = takes[c]
            group = np.int64(take[GROUP])
            if not notes[filled + group]:
                continue
            begin = group * width + piece
            if take[LEAF_KIND] < STRETCH and (group != gathered or take[BASE] != base):
                gathered, base = group, np.int64(take[BASE])
                gather(m, begin, count, base, end, words)
            take_column(m, begin, count, words, take, plan.lsbs[c], out, first + piece)
    for group in range(m.groups):
        if notes[filled + group]:
            places[group * width : group * width + rows] = 0
            notes[filled + group] = 0


@lent
def take_children(
    m: Memory,
    places: Places,
    notes: Notes,
    rows: Int,
    end: Int,
    plan: Plan,
    words: Words,
    out: Out,
    first: Int,
    ends: NDArray[np.int32],
) -> None:
    """Append a batch's repetitions to `out`, and where those of each record end to `ends`."""
    repeated, takes = plan.repeated, plan.child_takes
    for r in range(repeated.shape[0]):
        at = ends[r, first]
        group = np.int64(repeated[r, 0]) * m.width
        for i in range(rows):
            if places[group + i]:
                at += np.int32(places[group + i] - 1)
            ends[r, first + i + 1] = at
    gathered, base = np.int64(-1), np.int64(-1)
    for c in range(takes.shape[0]):
        take = takes[c]
        r = np.int64(take[GROUP])
        count, begin = np.int64(notes[NOTES + r]), m.groups * m.width + r * m.height
        if count:
            if take[LEAF_KIND] < STRETCH and (r != gathered or take[BASE] != base):
                gathered, base = r, np.int64(take[BASE])
                gather(m, begin, count, base, end, words)
            take_column(m, begin, count, words, take, plan.child_lsbs[c], out, np.int64(out.rows_with[r]))
    for r in range(repeated.shape[0]):
        out.rows_with[r] += notes[NOTES + r]
        notes[NOTES + r] = 0


@kernel
def take_batch(
    octets: Octets,
    program: Program,
    places: Places,
    notes: Notes,
    forms: Forms,
    sizes: Sizes,
    records: NDArray[np.int64],
    rows: Int,
    plan: Plan,
    words: Words,
    kept: NDArray[np.int64],
    out: Out,
    inner: Out,
    ends: NDArray[np.int32],
    first: Int,
) -> None:
    """Turn a batch of `rows` records into rows `first` on of a segment, and make it ready for the next.

    records, kept (3, ~)    of the batch, of the segment: octet where each begins, octets, index of its block
    words (~,)              to work in: as many as the batch has rows, and as it has children
    out, inner              columns of records, and of what is repeated in them: `inner.rows_with[r]` says how
                            many there are of repetition r
    ends  (R, rows + 1)     where each record's repetitions end
    """
    m = memory(octets, program, places, notes, forms, sizes)
    end = np.int64(0)
    for i in range(rows):
        end = max(end, records[0, i] + records[1, i])
        for k in range(3):
            kept[k, first + i] = records[k, i]
    take_children(m, places, notes, rows, end, plan, words, inner, first, ends)
    mark_cases(m, places, notes, rows, plan)
    take_records(m, places, notes, rows, end, plan, words, out, first)
