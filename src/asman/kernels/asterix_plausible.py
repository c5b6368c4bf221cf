"""Count what is implausible in read ASTERIX records: the evidence by which an edition is recognised.

That a block can be read says little: most octets can be read in most editions. Values say more. The arrays
`places`, `notes` and `sizes` are those of `asman.kernels.asterix_memory`.
"""

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
    leaf_of,
    memory,
    place,
    word,
)
from asman.kernels.jit import kernel, part, rare

Faults = NDArray[np.int64]
Seen = NDArray[np.int16]
#: LSB of ASTERIX times of day, s, and a day of them.
TIME_LSB_S = 1 / 128
DAY = 86_400 * 128
#: A time of day may step back 30 s or ahead 120 s from one record to the next.
STEP_BACK, STEP_AHEAD = 30 * 128, 120 * 128
#: Records from which on a source that occurs once is odd.
RECORDS_ENOUGH = 20
# Kinds of check.
RANGE, KNOWN, LETTERS, ASCII_TEXT, THERE = 0, 1, 2, 3, 4


@part
def is_icao(value: Int, letters: Int) -> bool:
    """Tell whether the 6-bit codes are letters, digits or blanks; codes of 0 may stand behind them."""
    fine, padding = True, True
    for k in range(letters):
        code = (value >> (6 * k)) & 63
        padding = padding and code == 0
        fine = fine and (padding or 1 <= code <= 26 or code == 32 or 48 <= code <= 57)
    return bool(fine)


@part
def is_ascii(value: Int, letters: Int) -> bool:
    """Tell whether every octet is printable, or 0 as padding."""
    fine = True
    for k in range(letters):
        code = (value >> (8 * k)) & 255
        fine = fine and (code == 0 or 32 <= code < 127)
    return bool(fine)


@rare
def value_of(m: Memory, leaves: NDArray[np.int32], column: Int, group: Int, row: Int) -> np.int64:
    """Return what the leaf of a column and group says in a row, -1 where the row lacks it."""
    at = place(m, group * m.width + row)
    leaf = leaves[column]
    return leaf_of(word(m, at + leaf[0]), leaf[1], leaf[2], leaf[3]) if at else np.int64(-1)


@rare
def count_odd(
    m: Memory, rows: Int, leaves: NDArray[np.int32], where: NDArray[np.int64], seen: Seen, faults: Faults
) -> None:
    """Give faults: a time of day far from that of the record before, a source that occurs once."""
    last = np.int64(-1)
    for row in range(rows if where[0] >= 0 else 0):
        now = value_of(m, leaves, where[0], where[1], row)
        if now >= 0 and last >= 0:
            step = (now - last + DAY // 2) % DAY - DAY // 2
            faults[row] += step < -STEP_BACK or step > STEP_AHEAD
        last = now if now >= 0 else last
    for judged in range(2 if where[2] >= 0 and rows >= RECORDS_ENOUGH else 0):
        for row in range(rows):
            sac = value_of(m, leaves, where[2], where[3], row)
            if sac >= 0:
                source = (sac << 8 | value_of(m, leaves, where[4], where[5], row)) & 0xFFFF
                if judged:
                    faults[row] += seen[source] == 1
                else:
                    seen[source] += 1


@kernel
def count_faults(
    octets: Octets,
    program: Program,
    places: Places,
    notes: Notes,
    forms: Forms,
    sizes: Sizes,
    rows: Int,
    leaves: NDArray[np.int32],
    checks: NDArray[np.int64],
    known: NDArray[np.uint64],
    where: NDArray[np.int64],
    seen: Seen,
    faults: Faults,
) -> None:
    """Add to each record how many checks it fails.

    leaves (~, 4)   of each column of the program: octet in its part, left shift, right shift, kind
    checks (K, 5)   kind, group, column, two bounds: RANGE lowest and highest value; KNOWN -, -; LETTERS and
                    ASCII_TEXT number of letters, -; THERE -, -: the record must have the group
    known  (K, 4)   which values from 0 to 255 the specification names
    where  (6,)     column and group of the time of day, in steps of TIME_LSB_S, of SAC and of SIC; -1: none
    seen   (65536,) all 0, to count sources in
    faults (rows,)
    """
    m = memory(octets, program, places, notes, forms, sizes)
    for k in range(checks.shape[0]):
        kind, group, low, high = checks[k, 0], checks[k, 1] * sizes.width, checks[k, 3], checks[k, 4]
        leaf = leaves[checks[k, 2]]
        for row in range(rows):
            at = places[group + row]
            if at == 0:
                faults[row] += kind == THERE
                continue
            value = leaf_of(word(m, at + leaf[0]), leaf[1], leaf[2], leaf[3])
            if kind == RANGE:
                faults[row] += value < low or value > high
            elif kind == KNOWN:
                faults[row] += (known[k, (value >> 6) & 3] >> np.uint64(value & 63)) & np.uint64(
                    1
                ) == np.uint64(0)
            elif kind == LETTERS:
                faults[row] += not is_icao(value, low)
            elif kind == ASCII_TEXT:
                faults[row] += not is_ascii(value, low)
    count_odd(m, rows, leaves, where, seen, faults)
