"""Strings of ASTERIX records, eight letters at a time.

Nearly every string is letters, digits and blanks, so that its letters can be judged and written all at once,
as the octets of one number; one that holds anything else is gone through letter by letter.

Source: ICAO Annex 10 IV, table 3-9, for codes of six bits.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import Int, leaf_of
from asman.kernels.jit import lent, part

_TOPS = np.uint64(0x8080808080808080)


@part
def each(octet: Int) -> np.uint64:
    """The octet eight times."""
    return np.uint64(octet) * np.uint64(0x0101010101010101)


@part
def between(octets: np.uint64, low: Int, high: Int) -> np.uint64:
    """The first bit of each octet that lies between the two; octets and bounds are below 128."""
    return (octets + each(128 - low)) & (each(128 + high) - octets) & _TOPS


@part
def icao_octets(codes: np.uint64) -> np.uint64:
    """Eight codes of six bits as ASCII; what has no letter becomes something else than a letter."""
    wide = ((codes & np.uint64(0xFFFFFF000000)) << np.uint64(8)) | (codes & np.uint64(0xFFFFFF))
    wide = ((wide & np.uint64(0x00FFF00000FFF000)) << np.uint64(4)) | (wide & np.uint64(0x00000FFF00000FFF))
    wide = ((wide & np.uint64(0x0FC00FC00FC00FC0)) << np.uint64(2)) | (wide & np.uint64(0x003F003F003F003F))
    return wide + ((~wide & each(32)) << np.uint64(1))  # 1 is A


@part
def all_letters(octets: np.uint64, icao: bool) -> bool:
    """Tell whether every octet is a letter that strings may have."""
    if icao:
        found = (
            between(octets, ord("A"), ord("Z"))
            | between(octets, 32, 32)
            | between(octets, ord("0"), ord("9"))
        )
        return found == _TOPS
    return octets & _TOPS == np.uint64(0) and between(octets, 32, 126) == _TOPS


@part
def icao_letter(code: Int) -> Int:
    """Return the letter of a 6-bit code; 0 for codes without one."""
    if 1 <= code <= 26:
        return 64 + code
    if code == 32 or 48 <= code <= 57:
        return code
    return 0


@part
def write_each(raw: np.uint64, letters: Int, icao: bool, text: NDArray[np.uint8], at: Int) -> Int:
    """Write a string at `at`, leaving out what is no letter; return where it ends."""
    width = 6 if icao else 8
    mask = np.uint64((1 << width) - 1)
    stop = at
    for k in range(letters):
        code = np.int64((raw >> np.uint64(width * (letters - 1 - k))) & mask)
        letter = icao_letter(code) if icao else (code if 32 <= code < 127 else 0)
        if letter:
            text[at] = letter
            at += 1
            if letter != 32:
                stop = at
    return stop


@lent
def take_text(
    words: NDArray[np.uint64],
    rows: Int,
    left: Int,
    right: Int,
    icao: bool,
    letters: Int,
    ends: NDArray[np.int32],
    text: NDArray[np.uint8],
    first: Int,
) -> None:
    """Write rows `first` on of a column of strings, without the blanks behind them.

    words        eight octets of each row, 0 where it has none; the codes are what two shifts leave of them
    ends, text   where each string ends, and eight octets of room for each
    """
    at = np.int64(ends[first])
    for i in range(rows):
        if words[i]:
            raw = np.uint64(leaf_of(words[i], left, right, 0))
            if icao:
                blanks = np.uint64(0x820820820820) >> np.uint64(6 * letters)
                octets = icao_octets((raw << np.uint64(48 - 6 * letters)) | blanks)
            else:
                behind = np.uint64(8 * (8 - letters))
                octets = (raw << behind) | (each(32) & ((np.uint64(1) << behind) - np.uint64(1)))
            if all_letters(octets, icao):
                for k in range(8):  # one store, once compiled
                    text[np.uint64(at + k)] = np.uint8(octets >> np.uint64(56 - 8 * k))
                size = 8
                while size and octets & np.uint64(0xFF) == np.uint64(32):
                    octets >>= np.uint64(8)
                    size -= 1
                at += size
            else:
                at = write_each(raw, letters, icao, text, at)
        ends[first + i + 1] = at
