"""Write Beast frames: 0x1A, a type, a time of 48 bits, a level, a message; each 0x1A within is doubled.

Types are '1' Mode A/C (2 octets), '2' short (7), '3' long (14). The time counts a clock of 12 MHz.

Source: jetvision wiki, "Mode-S Beast: Data Output Formats", binary format.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part
from asman.kernels.modes_bits import Int, Octets

ESCAPE: Final = 0x1A
#: Octets of time and signal.
STAMP: Final = 7
MODE_AC: Final = 2


@part
def stamp_octet(tick: Int, signal: Int, k: Int) -> Int:
    """One of the octets of time (0 to 5) and signal (6)."""
    return (tick >> (40 - 8 * k)) & 0xFF if k < STAMP - 1 else signal


@kernel
def frames_size(
    messages: Octets, lengths: NDArray[np.int64], ticks: NDArray[np.int64], signal: Octets
) -> int:
    """Count the octets that `write_frames` will write."""
    size = 0
    for i in range(lengths.size):
        size += 2 + STAMP + lengths[i]
        for k in range(STAMP):
            if stamp_octet(ticks[i], np.int64(signal[i]), k) == ESCAPE:
                size += 1
        for k in range(lengths[i]):
            if messages[i, k] == ESCAPE:
                size += 1
    return size


@kernel
def write_frames(
    messages: Octets, lengths: NDArray[np.int64], ticks: NDArray[np.int64], signal: Octets, out: Octets
) -> None:
    """Write frames, one behind the other.

    messages  (N, 14)  a shorter message in the first octets
    lengths   (N,)     2, 7 or 14
    ticks     (N,)     1/12 µs; the lowest 48 bits are sent
    signal    (N,)     level, 255 is full scale
    out       (~,)     filled, as many octets as `frames_size` tells
    """
    at = 0
    for i in range(lengths.size):
        length = lengths[i]
        out[at] = ESCAPE
        out[at + 1] = ord("1") if length == MODE_AC else ord("2") if length == 7 else ord("3")
        at += 2
        for k in range(STAMP + length):
            octet = (
                stamp_octet(ticks[i], np.int64(signal[i]), k)
                if k < STAMP
                else np.int64(messages[i, k - STAMP])
            )
            out[at] = np.uint8(octet)
            at += 1
            if octet == ESCAPE:
                out[at] = ESCAPE
                at += 1
