"""Count what is implausible in read ASTERIX records: the evidence by which an edition is recognised.

That a block can be read says little: most octets can be read in most editions. Values say more. The arrays
`cells`, `present` and `sizes` are those of `asman.kernels.asterix_memory`.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import Cells, Int, Present, Sizes
from asman.kernels.jit import kernel, part

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


@kernel
def count_faults(
    cells: Cells,
    present: Present,
    sizes: Sizes,
    rows: Int,
    checks: NDArray[np.int64],
    known: NDArray[np.uint64],
    faults: NDArray[np.int64],
) -> None:
    """Add to each record how many checks it fails.

    checks (K, 5)     kind, group, column, two bounds: RANGE lowest and highest value; KNOWN -, -; LETTERS and
                      ASCII_TEXT number of letters, -; THERE -, -: the record must have the group
    known  (K, 4)     which values from 0 to 255 the specification names
    faults (rows,)
    """
    for k in range(checks.shape[0]):
        kind, group, low, high = checks[k, 0], checks[k, 1] * sizes.width, checks[k, 3], checks[k, 4]
        column = checks[k, 2] * sizes.width
        for row in range(rows):
            if not present[group + row]:
                faults[row] += kind == THERE
                continue
            value = np.int64(cells[column + row])
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
