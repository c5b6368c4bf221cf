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

from asman.kernels.asterix_forms import FORMED, place_rows, summands
from asman.kernels.asterix_gather import (
    BASE,
    COLUMN,
    GROUP,
    KIND,
    LEAF_KIND,
    LEFT,
    LETTERS,
    RIGHT,
    Words,
    fetch,
    fetch_formed,
)
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
    form,
    leaf_of,
    memory,
    word,
)
from asman.kernels.asterix_out import (
    ADDRESS,
    FLOAT,
    ICAO,
    INT8,
    INT16,
    INT32,
    ROWS,
    Out,
    clear,
    column_at,
    doubles_at,
    ends_at,
    ints_at,
    octets_at,
    octets_each,
    shorts_at,
    text_at,
    words_at,
    write_nothing,
)
from asman.kernels.asterix_presence import pack_forms, take_presence
from asman.kernels.asterix_program import NOTES, PLACED_ALL, STRETCH, STRETCH_BITS
from asman.kernels.asterix_text import take_text
from asman.kernels.jit import kernel, lent, small

#: Records of which all columns are taken before those of the next ones: their octets fit the nearest cache.
PIECE = 512
#: Octets of a stretch that are copied in one go.
COPIED = 32

Takes = NDArray[np.int32]
Records = NDArray[np.int64]


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
def take_numbers(
    words: Words, rows: Int, left: Int, right: Int, signed: Int, kind: Int, lsb: float, to: Int
) -> None:
    """Write rows of a column of numbers from address `to` on.

    Slices begin at 0 so that the compiler does many rows at once.
    """
    source = words[:rows]
    if kind == FLOAT:
        target = doubles_at(to, rows)
        for i in range(rows):
            target[i] = np.float64(leaf_of(source[i], left, right, signed)) * lsb
    elif kind == INT8:
        narrow = octets_at(to, rows)
        for i in range(rows):
            narrow[i] = np.uint8(leaf_of(source[i], left, right, signed))
    elif kind == INT16:
        short = shorts_at(to, rows)
        for i in range(rows):
            short[i] = np.uint16(leaf_of(source[i], left, right, signed))
    elif kind == INT32:
        middle = ints_at(to, rows)
        for i in range(rows):
            middle[i] = np.uint32(leaf_of(source[i], left, right, signed))
    else:
        wide = words_at(to, rows)
        for i in range(rows):
            wide[i] = np.uint64(leaf_of(source[i], left, right, signed))


@lent
def take_stretches(places: Words, base: Int, size: Int, to: Int) -> None:
    """Write where the octets of each row lie, times 2^16, and how many they are; 0 where it has none.

    base, size  octets of the part before them, and how many they are; -1: as many as the place says
    """
    target = words_at(to, places.size)
    for i in range(places.size):
        at = np.int64(places[i])
        target[i] = np.uint64(((at + base) << STRETCH_BITS) | size if size >= 0 and at else at)


@small
def copy_eight(m: Memory, at: Int, data: NDArray[np.uint8], to: np.uint64) -> None:
    """Copy eight octets."""
    eight_of = word(m, at)
    for j in range(8):  # one store, once compiled
        data[to + np.uint64(j)] = np.uint8(eight_of >> np.uint64(56 - 8 * j))


@kernel
def copy_stretches(
    octets: Octets, packed: NDArray[np.uint64], ends: NDArray[np.int32], data: NDArray[np.uint8]
) -> None:
    """Copy stretches of the buffer one behind the other.

    packed (N,)       where each begins, times 2^16, and how many octets it has
    ends   (N + 1,)   filled: where each ends in `data`
    data              with room for COPIED octets more

    The first octets are copied in one go, whatever there are: most are short, and no processor foresees how.
    """
    m = buffer(octets)
    at = np.uint64(0)
    ends[0] = 0
    for i in range(packed.size):
        size = np.int64(packed[i]) & ((1 << STRETCH_BITS) - 1)
        begin = np.int64(packed[i]) >> STRETCH_BITS
        for k in range(0, COPIED, 8):
            copy_eight(m, begin + k, data, at + np.uint64(k))
        for k in range(COPIED, size, 8):
            copy_eight(m, begin + k, data, at + np.uint64(k))
        at += np.uint64(size)
        ends[i + 1] = at


@lent
def mark_cases(m: Memory, places: Places, notes: Notes, records: Records, rows: Int, plan: Plan) -> None:
    """Fill the groups of dependent leaves: present where the leaves they depend on have the case's values."""
    width, filled, cases = m.width, NOTES + m.repetitions, plan.cases
    for k in range(cases.shape[0]):
        target, base = np.int64(cases[k, 0]), np.int64(cases[k, 1])
        if notes[filled + base] == 0:
            continue
        if not notes[PLACED_ALL]:
            place_rows(m, records, rows)
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
def take_columns(
    m: Memory,
    notes: Notes,
    records: Records,
    rows: Int,
    end: Int,
    takes: Takes,
    lsbs: NDArray[np.float64],
    begin: Int,
    stop: Int,
    words: Words,
    out: Out,
    first: Int,
    repeated: bool,
) -> None:
    """Write columns of so many rows, or of what is `repeated` in them, as rows `first` on of `out`.

    end          octet after the last that any of the rows has
    begin, stop  which of `takes`
    """
    filled, formed = NOTES + m.repetitions, notes[PLACED_ALL] == 0 and not repeated
    room = np.int64(out.head[ROWS])
    for piece in range(0, rows, PIECE):
        count = min(rows - piece, PIECE)
        fetched, base = np.int64(-1), np.int64(-1)
        for c in range(begin, stop):
            take = takes[c]
            group = np.int64(take[GROUP])
            if not repeated and not notes[filled + group]:
                continue
            if group != fetched or take[BASE] != base or take[LEAF_KIND] >= STRETCH:
                fetched, base = group, np.int64(take[BASE])
                if formed:
                    begins, which = records[0, piece : piece + count], records[FORMED, piece : piece + count]
                    fetch_formed(m, begins, which, take, end, words)
                else:
                    at = m.groups * m.width + group * m.height if repeated else group * m.width
                    fetch(m, at + piece, count, take, end, words)
            kind, leaf = np.int64(take[KIND]), np.int64(take[LEAF_KIND])
            left, right = np.int64(take[LEFT]), np.int64(take[RIGHT])
            to = column_at(out, kind, np.int64(take[COLUMN]), first)
            if kind >= ICAO:
                letters = np.int64(take[LETTERS])
                ends, text = ends_at(to, room + 1), octets_at(to + text_at(room), 8 * room + 8)
                take_text(words, count, left, right, kind == ICAO, letters, ends, text, first + piece)
            elif leaf >= STRETCH:
                size = right if leaf == STRETCH else np.int64(-1)
                take_stretches(words[:count], base, size, to + 8 * (first + piece))
            else:
                to += octets_each(kind) * (first + piece)
                take_numbers(words, count, left, right, leaf, kind, lsbs[c], to)


@lent
def count_children(
    m: Memory,
    places: Places,
    notes: Notes,
    records: Records,
    rows: Int,
    repeated: NDArray[np.int32],
    first: Int,
    ends: NDArray[np.int32],
) -> None:
    """Append to `ends` where the repetitions of each record of a batch end."""
    for r in range(repeated.shape[0]):
        at = ends[r, first]
        group = np.int64(repeated[r, 0])
        some = notes[NOTES + m.repetitions + group] != 0
        for i in range(rows):
            count = np.int64(0)
            if some and notes[PLACED_ALL]:
                count = places[group * m.width + i]
            elif some:
                count = form(m, summands(group) + records[FORMED, i])
            at += np.int32(max(count - 1, 0))
            ends[r, first + i + 1] = at


@lent
def take_nothing(m: Memory, notes: Notes, rows: Int, takes: Takes, out: Out, first: Int) -> None:
    """Fill rows `first` on of the columns that none of a batch's rows has."""
    for c in range(takes.shape[0]):
        at = np.int64(out.columns[takes[c, COLUMN]])
        if at >= 0 and not notes[NOTES + m.repetitions + takes[c, GROUP]]:
            to, room = out.head[ADDRESS] + at, np.int64(out.head[ROWS])
            write_nothing(np.int64(takes[c, KIND]), to, room, first, first + rows)


@lent
def empty_batch(m: Memory, notes: Notes, rows: Int) -> None:
    """Make a batch ready for the next."""
    for group in range(m.groups):
        filled = NOTES + m.repetitions + group
        if notes[filled] and notes[PLACED_ALL]:
            clear(m.places + 8 * group * m.width, 8 * rows)
        notes[filled] = 0


@kernel
def take_batch(
    octets: Octets,
    program: Program,
    places: Places,
    notes: Notes,
    forms: Forms,
    sizes: Sizes,
    records: Records,
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

    records (4, ~)          of the batch, as `read_blocks` filled it
    kept    (3, ~)          of the segment: octet where each record begins, octets, index of its block
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
    count_children(m, places, notes, records, rows, plan.repeated, first, ends)
    begin, all_of_them = np.int64(0), np.int64(plan.takes.shape[0])
    for r in range(m.repetitions):
        stop, count = begin, np.int64(notes[NOTES + r])
        while stop < plan.child_takes.shape[0] and plan.child_takes[stop, GROUP] == r:
            stop += 1
        before = np.int64(inner.rows_with[r])
        which = (plan.child_takes, plan.child_lsbs, begin, stop)
        take_columns(m, notes, records, count, end, *which, words, inner, before, True)
        inner.rows_with[r] += count
        notes[NOTES + r] = 0
        begin = stop
    mark_cases(m, places, notes, records, rows, plan)
    take_presence(m, places, notes, rows, words, out, first)
    if not notes[PLACED_ALL]:
        pack_forms(m, notes, records[FORMED], rows, words, out, first)
    take_nothing(m, notes, rows, plan.takes, out, first)
    which = (plan.takes, plan.lsbs, np.int64(0), all_of_them)
    take_columns(m, notes, records, np.int64(rows), end, *which, words, out, np.int64(first), False)
    empty_batch(m, notes, rows)
