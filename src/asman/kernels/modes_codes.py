"""The codes of a Mode S message read: bits, altitudes, Mode 3/A codes.

Altitude has three forms: steps of 25 ft (bit Q = 1), the steps of 100 ft of Mode C (Q = 0), metres (bit M =
1). What is no code (Mode C pulses that no altitude has) reads as NaN, as "no information" does.

Sources: ICAO Annex 10 Vol IV (5th edition), 3.1.1 appendix (Mode C), 3.1.2.6.5.4 (AC), 3.1.2.6.7.1 (ID);
RTCA DO-260B 2.2.3.2.3.4 (the 12 bits of a squitter).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, small
from asman.kernels.modes_bits import Int, Octets
from asman.units import FOOT_M


@small
def bits(value: Int, width: Int, first: Int, last: Int) -> Int:
    """Bits `first` to `last` of a value of `width` bits, counted from 1, the highest first."""
    return value >> (width - last) & ((1 << (last - first + 1)) - 1)


@small
def octets_at(messages: Octets, row: Int, at: Int, count: Int) -> Int:
    """Some octets of a message as a number, the first highest."""
    value = np.int64(0)
    for k in range(at, at + count):
        value = value << 8 | np.int64(messages[row, k])
    return value


@small
def read_identity(code: Int) -> Int:
    """The 13 bits of a reply, C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4, as a 12-bit Mode 3/A code."""
    a = (code >> 7 & 1) << 2 | (code >> 9 & 1) << 1 | (code >> 11 & 1)
    b = (code >> 1 & 1) << 2 | (code >> 3 & 1) << 1 | (code >> 5 & 1)
    c = (code >> 8 & 1) << 2 | (code >> 10 & 1) << 1 | (code >> 12 & 1)
    d = (code & 1) << 2 | (code >> 2 & 1) << 1 | (code >> 4 & 1)
    return a << 9 | b << 6 | c << 3 | d


def _mode_c_hundreds(code: int) -> float:
    """Hundreds of feet of Mode C pulses in the order of a reply; NaN for pulses that no altitude has."""
    c1, a1, c2, a2, c4, a4, _, b1, d1, b2, d2, b4, d4 = (code >> k & 1 for k in range(12, -1, -1))
    fives = 0
    for bit in (d2, d4, a1, a2, a4, b1, b2, b4):
        fives = fives << 1 | (bit ^ (fives & 1))
    ones = {0b001: 0, 0b011: 1, 0b010: 2, 0b110: 3, 0b100: 4}.get(c1 << 2 | c2 << 1 | c4)
    if ones is None or d1:
        return float("nan")
    hundreds = 5 * fives + (4 - ones if fives & 1 else ones) - 12
    return float(hundreds) if hundreds <= 1267 else float("nan")


def _altitude_m(code: int) -> float:
    if code == 0:
        return float("nan")
    if code & 0x40:
        return float(code >> 7 << 6 | code & 0x3F)
    if code & 0x10:
        return (25.0 * (code >> 7 << 5 | (code >> 5 & 1) << 4 | code & 15) - 1000.0) * FOOT_M
    return 100.0 * _mode_c_hundreds(code) * FOOT_M


#: Altitude [m] of each of the 13-bit codes.
ALTITUDE_M: Final = np.array([_altitude_m(code) for code in range(8192)])
ALTITUDE_M.setflags(write=False)


@small
def read_altitude(code: Int) -> float:
    """Metres of a reply's 13 bits; NaN for none, and for what is no code."""
    return ALTITUDE_M[code]


@small
def read_altitude_12(code: Int) -> float:
    """Metres of an extended squitter's 12 bits, which have no bit M."""
    return ALTITUDE_M[code >> 6 << 7 | code & 0x3F]


@small
def is_letter(code: Int) -> Any:
    """Whether six bits are a letter that a callsign may have: capitals, digits, blank."""
    return 1 <= code <= 26 or code == 32 or 48 <= code <= 57


@small
def is_callsign(code: Int) -> bool:
    """Whether 48 bits are a callsign: all letters known, not all blank, and no letter behind a blank."""
    blank, some = False, False
    for k in range(42, -1, -6):
        letter = code >> k & 63
        if not is_letter(letter) or (blank and letter != 32):
            return False
        blank = blank or letter == 32
        some = some or letter != 32
    return some


#: ASCII of each letter of six bits; what is none is written as "?".
_ASCII: Final = np.array(
    [
        64 + code if 1 <= code <= 26 else code if code == 32 or 48 <= code <= 57 else ord("?")
        for code in range(64)
    ],
    np.uint8,
)
_ASCII.setflags(write=False)


@kernel
def spell(codes: NDArray[np.int64], edges: NDArray[np.int32], octets: Octets) -> int:
    """Write callsigns, 48 bits each, as ASCII without blanks behind; those below 0 are empty.

    codes    (N,)
    edges    (N + 1,)   filled: where each begins in `octets` (Arrow's offsets)
    octets   (8 N,)     filled
    returns  octets that were written
    """
    at = 0
    edges[0] = 0
    for i in range(codes.size):
        if codes[i] >= 0:
            last = 0
            for k in range(8):
                if codes[i] >> (42 - 6 * k) & 63 != 32:
                    last = k + 1
            for k in range(last):
                octets[at] = _ASCII[codes[i] >> (42 - 6 * k) & 63]
                at += 1
        edges[i + 1] = at
    return at
