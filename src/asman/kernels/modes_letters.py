"""The letters of a callsign in six bits each: A to Z are 1 to 26, a blank is 32, 0 to 9 are 48 to 57.

Source: ICAO Annex 10 Vol IV (5th edition), table 3-9.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel

#: Letters of a callsign.
LETTERS: Final = 8
#: What stands for a word that has no code.
NO_CODE: Final = -2


@kernel
def pack_letters(edges: NDArray[np.int32], octets: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Pack words into 48 bits each, the first letter highest, blanks behind.

    edges    (N + 1,)  where each word begins in `octets`, and where the last ends (Arrow's offsets)
    octets   (~,)      ASCII
    returns  (N,)      NO_CODE for a word that is too long or has another letter
    """
    out = np.empty(edges.size - 1, np.int64)
    for i in range(out.size):
        begin, size = edges[i], edges[i + 1] - edges[i]
        code = np.int64(0 if size <= LETTERS else NO_CODE)
        for k in range(LETTERS):
            letter = np.int64(octets[begin + k]) if k < size else np.int64(32)
            if ord("A") <= letter <= ord("Z"):
                letter -= 64
            elif letter != 32 and not ord("0") <= letter <= ord("9"):
                code = np.int64(NO_CODE)
            if code != NO_CODE:
                code = code << 6 | letter
        out[i] = code
    return out
