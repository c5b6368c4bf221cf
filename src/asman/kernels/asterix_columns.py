"""Turn a batch of read ASTERIX records into columns of their final type, with validity bitmaps.

The second half of decoding: `asman.kernels.asterix` has filled `Work`; one pass here scales what any record
of the batch has, packs presence into Arrow's bitmaps (least significant bit first), and writes strings.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import Cells, Int, Notes, Present, Sizes
from asman.kernels.asterix_program import NOTES
from asman.kernels.jit import kernel, part, rare

# Kinds of column that `scale` makes.
FLOAT, INT8, INT16, INT32, INT64, ICAO, ASCII = 0, 1, 2, 3, 4, 5, 6


class Out(NamedTuple):
    """Finished columns of one segment; a column's place in its array is its slot.

    valid       (G, ~)    uint8    validity bitmaps, least significant bit first, one a group
    rows_with   (G,)      int64    rows that have the group
    f64, u8, u16, u32, u64  (slots, rows)
    ends        (slots, rows + 1)  int32  where each string ends in `text`
    text        (slots, rows * 11) uint8
    """

    valid: NDArray[np.uint8]
    rows_with: NDArray[np.int64]
    f64: NDArray[np.float64]
    u8: NDArray[np.uint8]
    u16: NDArray[np.uint16]
    u32: NDArray[np.uint32]
    u64: NDArray[np.uint64]
    ends: NDArray[np.int32]
    text: NDArray[np.uint8]


@kernel
def mark_cases(
    cells: Cells, present: Present, notes: Notes, sizes: Sizes, rows: Int, cases: NDArray[np.int32]
) -> None:
    """Fill the groups of dependent leaves: present where the leaves they depend on have the case's values.

    cases (K, 8)  group to fill, group of the leaf, then twice: column (-1 none), its group, its value
    """
    width = sizes.width
    filled = NOTES + sizes.repetitions
    for k in range(cases.shape[0]):
        target, base = np.int64(cases[k, 0]), np.int64(cases[k, 1])
        if notes[filled + base] == 0:
            continue
        notes[filled + target] = 1
        for i in range(rows):
            fits = present[base * width + i] != 0
            for j in (2, 5):
                if cases[k, j] >= 0:
                    same = cells[np.int64(cases[k, j]) * width + i] == np.uint64(cases[k, j + 2])
                    fits = fits and same and present[np.int64(cases[k, j + 1]) * width + i] != 0
            if fits:
                present[target * width + i] = 1


@rare
def pack_bits(present: Present, begin: Int, rows: Int, bits: NDArray[np.uint8], first: Int) -> Int:
    """Write the presence of `rows` rows as a bitmap from bit `first` on; return how many are present.

    Eight marks of 0 or 1 are one load and one multiplication that moves each to its bit. `present` has room
    for eight marks after the last row, which are 0; `bits` for an octet after the last.
    """
    marks = present[begin : begin + (rows + 7) // 8 * 8].view(np.uint64)
    shift = np.uint64(first & 7)
    place = first >> 3
    count = np.uint64(0)
    for i in range(marks.size):
        count += (marks[i] * np.uint64(0x0101010101010101)) >> np.uint64(56)
        packed = ((marks[i] * np.uint64(0x0102040810204080)) >> np.uint64(56)) << shift
        bits[place + i] |= np.uint8(packed)
        bits[place + i + 1] = np.uint8(packed >> np.uint64(8))
    return np.int64(count)


@rare
def scale_numbers(
    raw: NDArray[np.uint64],
    present: NDArray[np.uint8],
    rows: Int,
    kind: Int,
    lsb: float,
    slot: Int,
    out: Out,
    first: Int,
) -> None:
    """Write one column of numbers, 0 where absent.

    The loops are such that the compiler does many rows at once: slices begin at 0, absence is a mask.
    """
    end = first + rows
    word, there = raw[:rows], present[:rows]
    if kind == FLOAT:
        target = out.f64[slot, first:end]
        for i in range(rows):
            target[i] = np.float64(np.int64(word[i] & -np.uint64(there[i]))) * lsb
    elif kind == INT8:
        narrow = out.u8[slot, first:end]
        for i in range(rows):
            narrow[i] = np.uint8(word[i] & -np.uint64(there[i]))
    elif kind == INT16:
        short = out.u16[slot, first:end]
        for i in range(rows):
            short[i] = np.uint16(word[i] & -np.uint64(there[i]))
    elif kind == INT32:
        middle = out.u32[slot, first:end]
        for i in range(rows):
            middle[i] = np.uint32(word[i] & -np.uint64(there[i]))
    else:
        wide = out.u64[slot, first:end]
        for i in range(rows):
            wide[i] = word[i] & -np.uint64(there[i])


@part
def icao_letter(code: Int) -> Int:
    """Return the letter of a 6-bit code (ICAO Annex 10 IV, table 3-9); 0 for codes without one."""
    if 1 <= code <= 26:
        return 64 + code
    if code == 32 or 48 <= code <= 57:
        return code
    return 0


@rare
def scale_text(
    raw: NDArray[np.uint64],
    present: NDArray[np.uint8],
    rows: Int,
    kind: Int,
    letters: Int,
    ends: NDArray[np.int32],
    text: NDArray[np.uint8],
    first: Int,
) -> None:
    """Write one column of strings without the blanks behind them; what is no letter is left out."""
    at = np.int64(ends[first])
    width = 6 if kind == ICAO else 8
    mask = np.uint64((1 << width) - 1)
    for i in range(rows):
        stop = at
        if present[i]:
            for k in range(letters):
                code = np.int64((raw[i] >> np.uint64(width * (letters - 1 - k))) & mask)
                letter = icao_letter(code) if width == 6 else (code if 32 <= code < 127 else 0)
                if letter:
                    text[at] = letter
                    at += 1
                    if letter != 32:
                        stop = at
        at = stop
        ends[first + i + 1] = at


@kernel
def scale(
    cells: Cells,
    present: Present,
    notes: Notes,
    sizes: Sizes,
    rows: Int,
    columns: NDArray[np.int32],
    lsbs: NDArray[np.float64],
    out: Out,
    first: Int,
) -> None:
    """Turn a batch into rows `first` on of `out`, and make `notes` ready for the next batch.

    columns (C, 5)  group, column in `cells`, kind, slot, letters of a string
    lsbs    (C,)    factor of FLOAT columns
    """
    width, filled = sizes.width, NOTES + sizes.repetitions
    for group in range(sizes.groups):
        if notes[filled + group]:
            out.rows_with[group] += pack_bits(present, group * width, rows, out.valid[group], first)
    for c in range(columns.shape[0]):
        group, kind, slot = np.int64(columns[c, 0]), columns[c, 2], columns[c, 3]
        raw = cells[np.int64(columns[c, 1]) * width :]
        there = present[group * width :]
        if notes[filled + group]:
            if kind >= ICAO:
                scale_text(raw, there, rows, kind, columns[c, 4], out.ends[slot], out.text[slot], first)
            else:
                scale_numbers(raw, there, rows, kind, lsbs[c], slot, out, first)
        elif kind >= ICAO:
            out.ends[slot, first + 1 : first + rows + 1] = out.ends[slot, first]
    for group in range(sizes.groups):
        if notes[filled + group]:
            present[group * width : group * width + rows] = 0
            notes[filled + group] = 0


@kernel
def scale_children(
    cells: Cells,
    present: Present,
    notes: Notes,
    sizes: Sizes,
    rows: Int,
    repeated: NDArray[np.int32],
    columns: NDArray[np.int32],
    lsbs: NDArray[np.float64],
    ones: NDArray[np.uint8],
    ends: NDArray[np.int32],
    out: Out,
    first: Int,
) -> None:
    """Append a batch's repetitions; call before `scale`.

    repeated (R, 2)         group and column of the count of each repetition
    columns  (D, 5)         repetition, column among the children, kind, slot, letters of a string
    ones     (H,)           all 1: what is repeated is there
    ends     (R, rows + 1)  int32: where each record's repetitions end
    out                     columns of children; `out.rows_with[r]` says how many there are of repetition r
    """
    width = sizes.width
    for r in range(repeated.shape[0]):
        at = ends[r, first]
        group, column = np.int64(repeated[r, 0]) * width, np.int64(repeated[r, 1]) * width
        for i in range(rows):
            if present[group + i]:
                at += np.int32(cells[column + i])
            ends[r, first + i + 1] = at
    for c in range(columns.shape[0]):
        r, kind, slot = columns[c, 0], columns[c, 2], columns[c, 3]
        raw = cells[sizes.children + np.int64(columns[c, 1]) * sizes.height :]
        count, begin = np.int64(notes[NOTES + r]), np.int64(out.rows_with[r])
        if kind >= ICAO:
            scale_text(raw, ones, count, kind, columns[c, 4], out.ends[slot], out.text[slot], begin)
        elif count:
            scale_numbers(raw, ones, count, kind, lsbs[c], slot, out, begin)
    for r in range(repeated.shape[0]):
        out.rows_with[r] += notes[NOTES + r]
        notes[NOTES + r] = 0
