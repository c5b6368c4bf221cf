"""Whether a Mode S message is what it says: its length, its format, its parity; and which aircraft sent it.

The parity of extended squitters (DF17, DF18) must divide without remainder; that of all-call replies (DF11)
leaves the code of the interrogator, seven bits. Replies to interrogations (DF0, 4, 5, 16, 20, 21, 24) leave
the sender's address, so that nothing proves it: the reply counts as proven once the address was heard in a
message that proves itself, or is heard again.

Putting single bits right is off unless asked for: it turns one wrong message in some hundreds into a right
one of another aircraft. The bits that say the format are never put right.

Sources: ICAO Annex 10 Vol IV (5th edition), 3.1.2.3.3 and 3.1.2.5.2.1; ICAO Doc 9871 (2nd edition).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, small
from asman.kernels.modes_bits import LONG, REMAINDER, SHORT, Int, Octets

#: Which table a message belongs to, or why it was given up.
ADSB, MODES, COMM_B = range(3)
PARITY, FORMAT, WRONG_LENGTH, MILITARY = range(3, 7)
TABLES: Final = 3
VERDICTS: Final = 7

#: Codes of interrogators: 0 to 15 are II, 16 to 79 are SI + 16.
INTERROGATORS: Final = 80

Ints = NDArray[np.int64]


def _slices() -> NDArray[np.int64]:
    """Remainder of each octet at each place of a long message, what follows being 0."""
    table = np.zeros((LONG, 256), np.int64)
    for octet in range(256):
        for place in range(LONG):
            rest = octet
            if place >= LONG - 3:
                table[place, octet] = octet << 8 * (LONG - 1 - place)
                continue
            rest = int(REMAINDER[octet])
            for _ in range(LONG - 3 - place - 1):
                rest = ((rest << 8) & 0xFFFFFF) ^ int(REMAINDER[rest >> 16])
            table[place, octet] = rest
    return table


#: So that each octet is one look-up, and none waits for the one before.
_SLICES: Final = _slices().astype(np.uint32)
_SLICES.setflags(write=False)


@small
def remainder(messages: Octets, row: Int, length: Int) -> Int:
    """Remainder of a message with its parity, 24 bits."""
    rest = np.uint32(0)
    if length == LONG:
        for k in range(LONG):
            rest ^= _SLICES[k, messages[row, k]]
    else:
        for k in range(SHORT):
            rest ^= _SLICES[k + LONG - SHORT, messages[row, k]]
    return np.int64(rest)


@small
def wrong_bit(rest: Int, length: Int) -> Int:
    """Which single bit, counted from 0, leaves this remainder; -1 for none. The format's five are none."""
    skipped = LONG - length
    for bit in range(5, 8 * length):
        if np.int64(_SLICES[skipped + bit // 8, 1 << (7 - bit % 8)]) == rest:
            return np.int64(bit)
    return np.int64(-1)


@kernel
def check(
    messages: Octets, lengths: NDArray[np.int64], correct: bool, verdict: NDArray[np.int8], heads: Ints
) -> None:
    """Judge messages.

    messages  (N, 14)  octets; where `correct`, a single wrong bit of DF11, 17 and 18 is put right in place
    lengths   (N,)     2, 7 or 14 octets
    verdict   (N,)     filled: ADSB, MODES, COMM_B, or why it was given up
    heads     (N, 4)   filled: format (-1 of Mode A/C), address (-1 of Mode A/C), bits put right, remainder
    """
    for i in range(lengths.size):
        length = lengths[i]
        heads[i, 2] = 0
        if length == 2:
            verdict[i], heads[i, 0], heads[i, 1] = MODES, -1, -1
            continue
        format_ = np.int64(messages[i, 0]) >> 3
        format_ = min(format_, 24)
        heads[i, 0] = format_
        rest = remainder(messages, i, length)
        heads[i, 1] = heads[i, 3] = rest
        if (length == LONG) != (format_ >= 16):
            verdict[i] = WRONG_LENGTH
            continue
        if format_ in (11, 17, 18):
            least = INTERROGATORS if format_ == 11 else 1
            if rest >= least and correct:
                bit = wrong_bit(rest, length)
                if bit >= 0:
                    messages[i, bit // 8] ^= np.uint8(1 << (7 - bit % 8))
                    rest, heads[i, 2] = 0, 1
            address = (
                np.int64(messages[i, 1]) << 16 | np.int64(messages[i, 2]) << 8 | np.int64(messages[i, 3])
            )
            verdict[i] = PARITY if rest >= least else (MODES if format_ == 11 else ADSB)
            heads[i, 1], heads[i, 3] = address, rest
        elif format_ in (20, 21):
            verdict[i] = COMM_B
        elif format_ in (0, 4, 5, 16, 24):
            verdict[i] = MODES
        else:
            verdict[i] = MILITARY if format_ == 19 else FORMAT
