"""What every Mode S message is made of: the parity of 24 bits, and the codes of altitude and Mode 3/A.

The parity is the remainder of the message, as a polynomial over GF(2), divided by the generator
x²⁴ + x²³ + ... + x¹² + x¹⁰ + x³ + 1 (0xFFF409). Extended squitters carry it as it is, so that a receiver's
remainder is 0; replies to interrogations carry it added to the aircraft's address, all-call replies to the
interrogator's code.

Altitude is coded in steps of 25 ft from -1000 to 50,175 ft (bit Q = 1), outside of that in the steps of
100 ft of Mode C, a reflected code after Gillham (Q = 0). 0 says that there is none.

Sources: ICAO Annex 10 Vol IV (5th edition), 3.1.1 appendix (Mode C), 3.1.2.3.3 (parity), 3.1.2.6.5.4 (AC),
3.1.2.6.7.1 (ID); J. Sun, "The 1090 Megahertz Riddle", 2nd edition, chapters 4 and 9.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part
from asman.units import FOOT_M

#: A whole number, compiled or not.
Int = int | np.integer[Any]
Octets = NDArray[np.uint8]

#: The generator without its highest power.
GENERATOR: Final = 0xFFF409
#: Octets of a long and of a short message, with their parity.
LONG: Final = 14
SHORT: Final = 7


def _divide(octet: int) -> int:
    """Remainder of one octet, its bits shifted out one by one."""
    rest = octet << 16
    for _ in range(8):
        rest = ((rest << 1) & 0xFFFFFF) ^ (GENERATOR if rest & 0x800000 else 0)
    return rest


#: Remainder of each octet that stands before three octets of 0.
REMAINDER: Final = np.array([_divide(octet) for octet in range(256)], np.int64)
REMAINDER.setflags(write=False)


@part
def divide(rest: Int, value: Int, octets: Int) -> Int:
    """Go on dividing: from the remainder so far to that after the lowest `octets` octets of `value`."""
    for k in range(octets - 1, -1, -1):
        octet = ((rest >> 16) ^ (value >> (8 * k))) & 0xFF
        rest = ((rest << 8) & 0xFFFFFF) ^ REMAINDER[octet]
    return rest


@part
def put(out: Octets, row: Int, at: Int, value: Int, octets: Int) -> None:
    """Write the lowest `octets` octets of `value`, the highest first."""
    for k in range(octets):
        out[row, at + k] = np.uint8((value >> (8 * (octets - 1 - k))) & 0xFF)


@kernel
def remainders(messages: Octets, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Divide messages with their parity: 0 of a squitter that came whole, the address of a reply's sender.

    messages  (N, 14)  octets, a short message in the first 7
    lengths   (N,)     octets of each message, parity included: 7 or 14
    returns   (N,)     remainder, 24 bits
    """
    out = np.zeros(lengths.size, np.int64)
    for i in range(lengths.size):
        rest = np.int64(0)
        for k in range(lengths[i] - 3):
            rest = divide(rest, np.int64(messages[i, k]), 1)
        for k in range(lengths[i] - 3, lengths[i]):
            rest ^= np.int64(messages[i, k]) << (8 * (lengths[i] - 1 - k))
        out[i] = rest
    return out


@part
def identity_code(code: Int) -> Int:
    """Mode 3/A code, A4 A2 A1 B4 B2 B1 C4 C2 C1 D4 D2 D1, in the order of a reply's 13 bits.

    That order is C1 A1 C2 A2 C4 A4 0 B1 D1 B2 D2 B4 D4.
    """
    c1, a1, c2, a2 = code >> 3 & 1, code >> 9 & 1, code >> 4 & 1, code >> 10 & 1
    c4, a4, b1, d1 = code >> 5 & 1, code >> 11 & 1, code >> 6 & 1, code & 1
    b2, d2, b4, d4 = code >> 7 & 1, code >> 1 & 1, code >> 8 & 1, code >> 2 & 1
    high = c1 << 12 | a1 << 11 | c2 << 10 | a2 << 9 | c4 << 8 | a4 << 7
    return high | b1 << 5 | d1 << 4 | b2 << 3 | d2 << 2 | b4 << 1 | d4


@part
def mode_c(hundreds: Int) -> Int:
    """Hundreds of feet, -12 to 1267, as Mode C pulses in the order of a Mode 3/A code.

    500 ft are counted by a reflected code in D2 D4 A1 A2 A4 B1 B2 B4; 100 ft by C1 C2 C4, to and fro.
    """
    fives, ones = (hundreds + 12) // 5, (hundreds + 12) % 5
    if fives & 1:
        ones = 4 - ones
    # 001, 011, 010, 110, 100 as C1 C2 C4
    c = 0b100_110_010_011_001 >> (3 * ones) & 7
    gray = fives ^ (fives >> 1)
    d2, d4, a1, a2 = gray >> 7 & 1, gray >> 6 & 1, gray >> 5 & 1, gray >> 4 & 1
    a4, b1, b2, b4 = gray >> 3 & 1, gray >> 2 & 1, gray >> 1 & 1, gray & 1
    a_and_b = a4 << 11 | a2 << 10 | a1 << 9 | b4 << 8 | b2 << 7 | b1 << 6
    return a_and_b | (c & 1) << 5 | (c >> 1 & 1) << 4 | (c >> 2) << 3 | d4 << 2 | d2 << 1


@part
def altitude_code(altitude_m: float) -> Int:
    """Altitude as the 13 bits of a reply (bit M = 0: feet); 0 for NaN and for what no code can say.

    25 ft from -1000 to 50,175 ft, else 100 ft from -1200 to 126,700 ft.
    """
    feet = altitude_m / FOOT_M
    if not (feet >= -1250.0 and feet < 126_750.0):
        return 0
    steps = int(np.floor((feet + 1000.0) / 25.0 + 0.5))
    if 0 <= steps < 2048:
        return (steps >> 5) << 7 | (steps >> 4 & 1) << 5 | 1 << 4 | (steps & 15)
    return identity_code(mode_c(int(np.floor(feet / 100.0 + 0.5))))


@part
def altitude_code_12(altitude_m: float) -> Int:
    """Altitude as the 12 bits of an extended squitter: those of a reply without bit M."""
    code = altitude_code(altitude_m)
    return code >> 7 << 6 | (code & 0x3F)
