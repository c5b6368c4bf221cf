"""Which rows have what: Arrow's validity bitmaps, least significant bit first.

What groups a form has stands in bits, 64 a number. So the bitmaps of 64 groups over 64 rows are a square of
bits whose rows are those of the rows' forms, turned over: six rounds of 32 swaps instead of 4,096 questions.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_forms import groups_of
from asman.kernels.asterix_memory import Int, Memory, Notes, Places, form, ones
from asman.kernels.asterix_out import ADDRESS, ROWS, Out, bits_of, clear, octets_at, take_room, words_at
from asman.kernels.asterix_program import NOTES, PLACED_ALL
from asman.kernels.jit import lent, small

Words = NDArray[np.uint64]
Rows = NDArray[np.int64]


@small
def put_bits(bits: Words, first: Int, there: np.uint64) -> None:
    """Write 64 bits to a bitmap from bit `first` on, behind which all are 0."""
    at, shift = first >> 6, np.uint64(first & 63)
    bits[at] |= there << shift
    bits[at + 1] = (there >> np.uint64(1)) >> (np.uint64(63) - shift)


@lent
def pack_bits(places: Places, rows: Int, bits: Words, first: Int, marks: Words) -> Int:
    """Write the presence of `rows` rows as a bitmap from bit `first` on; return how many are present.

    places of the group; those from `rows` to the next multiple of eight are 0
    marks  (rows / 8,) to work in

    Eight marks of 0 or 1 are one load and one multiplication that moves each to its bit.
    """
    eights = (rows + 7) // 8
    there, found = octets_at(np.int64(marks.ctypes.data), 8 * eights), places[: 8 * eights]
    for i in range(8 * eights):
        there[i] = found[i] != 0
    count = np.int64(0)
    for begin in range(0, eights, 8):
        packed = np.uint64(0)
        for i in range(begin, min(begin + 8, eights)):
            eight_of = (marks[i] * np.uint64(0x0102040810204080)) >> np.uint64(56)
            packed |= eight_of << np.uint64(8 * (i - begin))
        put_bits(bits, first + 8 * begin, packed)
        count += ones(np.int64(packed))
    return count


@lent
def transpose(square: Words) -> None:
    """Let bit i of number k be bit k of number i, of 64.

    Source: H. S. Warren, Hacker's Delight, 2nd edition, section 7-3.
    """
    shift, mask = np.int64(32), np.uint64(0x00000000FFFFFFFF)
    while shift:
        k = np.int64(0)
        while k < 64:
            swap = ((square[k] >> np.uint64(shift)) ^ square[k + shift]) & mask
            square[k] ^= swap << np.uint64(shift)
            square[k + shift] ^= swap
            k = (k + shift + 1) & ~shift
        shift >>= 1
        mask ^= mask << np.uint64(shift)


@lent
def pack_forms(m: Memory, notes: Notes, which: Rows, rows: Int, words: Words, out: Out, first: Int) -> None:
    """Write which of a batch's rows have each group, as rows `first` on, as the rows' forms say it.

    which (rows,)  form of each row;  words to work in
    """
    square, size = words[:64], bits_of(np.int64(out.head[ROWS])) // 8
    filled, address = NOTES + m.repetitions, np.int64(out.head[ADDRESS])
    for begin in range(0, rows, 64):
        count = min(rows - begin, 64)
        for some in range((m.groups + 63) // 64):
            for i in range(count):
                square[i] = np.uint64(np.int64(form(m, groups_of(m, which[begin + i]) + some)))
            for i in range(count, 64):
                square[i] = 0
            transpose(square)
            for group in range(64 * some, min(64 * some + 64, m.groups)):
                if notes[filled + group]:
                    there = square[group - 64 * some]
                    put_bits(words_at(address + out.valid[group], size), first + begin, there)
                    out.rows_with[group] += ones(np.int64(there))


@lent
def take_presence(
    m: Memory, places: Places, notes: Notes, rows: Int, words: Words, out: Out, first: Int
) -> None:
    """Write which of a batch's rows have each group, as rows `first` on, as far as places say it."""
    size = bits_of(np.int64(out.head[ROWS])) // 8
    for group in range(m.groups):
        some, begin = notes[NOTES + m.repetitions + group] != 0, np.int64(out.valid[group])
        if begin < 0 and not some:
            continue
        if begin < 0:
            begin = take_room(out, 8 * size)
            out.valid[group] = begin
            clear(out.head[ADDRESS] + begin, 8 * (first >> 6) + 8)
        if not some:
            behind = (first >> 6) + 1
            clear(out.head[ADDRESS] + begin + 8 * behind, 8 * (((first + rows) >> 6) + 1 - behind))
        elif notes[PLACED_ALL]:
            bits = words_at(out.head[ADDRESS] + begin, size)
            out.rows_with[group] += pack_bits(places[group * m.width :], rows, bits, first, words)
