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
    Take,
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
from asman.kernels.asterix_presence import take_presence
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


@lent
def take_column(words: Words, rows: Int, take: Take, lsb: float, to: Int, room: Int, first: Int) -> None:
    """Write rows `first` on of a column.

    words     eight octets of each row; of a stretch where it lies
    to, room  address of the column, rows that it has room for
    """
    kind, leaf = np.int64(take[KIND]), np.int64(take[LEAF_KIND])
    left, right = np.int64(take[LEFT]), np.int64(take[RIGHT])
    if kind >= ICAO:
        text = octets_at(to + text_at(room), 8 * room + 8)
        letters = np.int64(take[LETTERS])
        take_text(words, rows, left, right, kind == ICAO, letters, ends_at(to, room + 1), text, first)
    elif leaf >= STRETCH:
        size = right if leaf == STRETCH else np.int64(-1)
        take_stretches(words[:rows], np.int64(take[BASE]), size, to + 8 * first)
    else:
        take_numbers(words, rows, left, right, leaf, kind, lsb, to + octets_each(kind) * first)


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
def take_records(
    m: Memory,
    places: Places,
    notes: Notes,
    records: Records,
    rows: Int,
    end: Int,
    plan: Plan,
    words: Words,
    out: Out,
    first: Int,
) -> None:
    """Turn a batch into rows `first` on of `out`, and empty it; `end` is the octet after its last."""
    filled, takes, placed = NOTES + m.repetitions, plan.takes, notes[PLACED_ALL] != 0
    address, room = np.int64(out.head[ADDRESS]), np.int64(out.head[ROWS])
    begins, which = records[0, :rows], records[FORMED, :rows]
    take_presence(m, places, notes, which, words, out, first)
    for c in range(takes.shape[0]):
        kind, column = np.int64(takes[c, KIND]), np.int64(takes[c, COLUMN])
        if notes[filled + takes[c, GROUP]]:
            column_at(out, kind, column, first)
        elif out.columns[column] >= 0:
            write_nothing(kind, address + out.columns[column], room, first, first + rows)
    for piece in range(0, rows, PIECE):
        stop = min(rows, piece + PIECE)
        fetched, base = np.int64(-1), np.int64(-1)
        for c in range(takes.shape[0]):
            take = takes[c]
            group = np.int64(take[GROUP])
            if not notes[filled + group]:
                continue
            if group != fetched or take[BASE] != base or take[LEAF_KIND] >= STRETCH:
                fetched, base = group, np.int64(take[BASE])
                if placed:
                    fetch(m, group * m.width + piece, stop - piece, take, end, words)
                else:
                    fetch_formed(m, begins[piece:stop], which[piece:stop], take, end, words)
            to = address + np.int64(out.columns[take[COLUMN]])
            take_column(words, stop - piece, take, plan.lsbs[c], to, room, first + piece)
    for group in range(m.groups):
        if notes[filled + group] and placed:
            places[group * m.width : group * m.width + rows] = 0
        notes[filled + group] = 0


@lent
def take_children(
    m: Memory,
    places: Places,
    notes: Notes,
    records: Records,
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
        group = np.int64(repeated[r, 0])
        if not notes[NOTES + m.repetitions + group]:
            ends[r, first + 1 : first + rows + 1] = at
            continue
        for i in range(rows):
            count = (
                places[group * m.width + i]
                if notes[PLACED_ALL]
                else form(m, summands(group) + records[FORMED, i])
            )
            at += np.int32(max(count - 1, 0))
            ends[r, first + i + 1] = at
    fetched, base = np.int64(-1), np.int64(-1)
    for c in range(takes.shape[0]):
        take = takes[c]
        r = np.int64(take[GROUP])
        count, begin = np.int64(notes[NOTES + r]), m.groups * m.width + r * m.height
        if count:
            if r != fetched or take[BASE] != base or take[LEAF_KIND] >= STRETCH:
                fetched, base = r, np.int64(take[BASE])
                fetch(m, begin, count, take, end, words)
            before = np.int64(out.rows_with[r])
            to = column_at(out, np.int64(take[KIND]), np.int64(take[COLUMN]), before)
            take_column(words, count, take, plan.child_lsbs[c], to, np.int64(out.head[ROWS]), before)
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
    take_children(m, places, notes, records, rows, end, plan, words, inner, first, ends)
    mark_cases(m, places, notes, records, rows, plan)
    take_records(m, places, notes, records, rows, end, plan, words, out, first)
