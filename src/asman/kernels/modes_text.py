"""Read Mode S messages that are written as text, a line each: AVR, bare digits, tables.

    *8D4840D6202CC371C32CE0576098;               AVR, a message
    @016CE3671C748D4840D6202CC371C32CE0576098;   with the receiver's clock (48 bits, 12 MHz or GPS)
    <016CE3671C74A88D4840D6202CC371C32CE0576098; with clock and level
    8D4840D6202CC371C32CE0576098                 bare
    1457996400.25,8D406B909945DE10000405999BE4   any fields, one of them the message, one seconds since 1970

Sources: jetvision wiki, "Mode-S Beast: Data Output Formats", AVR formats.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.beast_read import LENGTH, OFFSET, SIGNAL, SIZE, TICKS
from asman.kernels.jit import kernel, small
from asman.kernels.modes_bits import Int, Octets

#: How a line was written.
NO_LINE, AVR, AVR_CLOCK, AVR_LEVEL, BARE, FIELDS = range(6)
#: Columns of a table of lines beside those of Beast's frames.
FORM, EPOCH_NS = 5, 6
LINE_COLUMNS: Final = 7
#: No epoch was in the line; no clock was.
NONE: Final = np.iinfo(np.int64).min
#: Longer lines hold no message.
LONGEST_LINE: Final = 512

Ints = NDArray[np.int64]


@small
def digit(octet: Int) -> Int:
    """Value of a hexadecimal digit; -1 for what is none."""
    if 0x30 <= octet <= 0x39:
        return octet - 0x30
    lower = octet | 0x20
    return lower - 0x57 if 0x61 <= lower <= 0x66 else -1


@small
def number(view: Octets, begin: Int, digits: Int) -> Int:
    """Value of hexadecimal digits; -1 where one is none."""
    value = np.int64(0)
    for k in range(begin, begin + digits):
        one = digit(np.int64(view[k]))
        if one < 0:
            return np.int64(-1)
        value = value << 4 | one
    return value


@small
def take(view: Octets, begin: Int, digits: Int, messages: Octets, row: Int) -> bool:
    """Write a message's octets; False where a digit is none."""
    for k in range(digits // 2):
        octet = number(view, begin + 2 * k, 2)
        if octet < 0:
            return False
        messages[row, k] = octet
    for k in range(digits // 2, messages.shape[1]):
        messages[row, k] = 0
    return True


@small
def epoch_ns(view: Octets, begin: Int, end: Int) -> Int:
    """Seconds since 1970 as decimal digits, ten of them before a point; NONE for what is none."""
    if end - begin < 10:
        return np.int64(NONE)
    value, scale = np.int64(0), np.int64(1_000_000_000)
    for k in range(begin, end):
        octet = np.int64(view[k])
        if k == begin + 10:
            if octet != 0x2E:
                return np.int64(NONE)
            continue
        if not 0x30 <= octet <= 0x39:
            return np.int64(NONE)
        if k < begin + 10:
            value = value * 10 + (octet - 0x30)
        else:
            scale //= 10
            value += (octet - 0x30) * scale
        if k == begin + 9:
            value = value * 1_000_000_000 if value < 9_000_000_000 else np.int64(0)
    return value if value > 0 else np.int64(NONE)


@small
def avr_line(view: Octets, begin: Int, end: Int, messages: Octets, lines: Ints, row: Int) -> Int:
    """Read a line that begins as AVR; returns its form, or NO_LINE."""
    sign = view[begin]
    at = begin + 1
    while end > at and view[end - 1] == 0x3B:
        end -= 1
    lines[row, TICKS], lines[row, SIGNAL] = NONE, -1
    form = AVR
    if sign in (0x40, 0x25, 0x3C):
        if end - at < 12:
            return NO_LINE
        tick = number(view, at, 12)
        if tick < 0:
            return NO_LINE
        lines[row, TICKS] = tick
        at += 12
        form = AVR_CLOCK
    if sign == 0x3C:
        if end - at < 2:
            return NO_LINE
        lines[row, SIGNAL] = number(view, at, 2)
        at += 2
        form = AVR_LEVEL
    digits = end - at
    if digits not in (4, 14, 28) or not take(view, at, digits, messages, row):
        return NO_LINE
    lines[row, LENGTH] = digits // 2
    return form


@small
def fields_line(view: Octets, begin: Int, end: Int, messages: Octets, lines: Ints, row: Int) -> Int:
    """Read a line of fields, one of them a message; returns its form, or NO_LINE."""
    lines[row, TICKS], lines[row, SIGNAL], lines[row, EPOCH_NS] = NONE, -1, NONE
    form, fields, at = NO_LINE, 0, begin
    while at < end:
        while at < end and view[at] in (0x20, 0x09, 0x22, 0x2C, 0x3B):
            at += 1
        first = at
        while at < end and view[at] not in (0x20, 0x09, 0x22, 0x2C, 0x3B):
            at += 1
        if at == first:
            break
        fields += 1
        if at - first in (14, 28) and form == NO_LINE and take(view, first, at - first, messages, row):
            lines[row, LENGTH] = (at - first) // 2
            form = BARE
        elif lines[row, EPOCH_NS] == NONE:
            lines[row, EPOCH_NS] = epoch_ns(view, first, at)
    return FIELDS if form == BARE and fields > 1 else form


@kernel
def read_lines(
    view: Octets, begin: Int, messages: Octets, lines: Ints, lost: Ints, whole: bool
) -> tuple[Int, Int, Int]:
    """Read lines until there is no room or no octet left.

    messages  (N, 14)  filled
    lines     (N, 7)   filled: as of Beast's frames, then FORM and EPOCH_NS; times NONE where not said
    lost      (M, 3)   filled: offset, octets, 1
    whole              nothing will follow: a last line needs no end
    returns            lines, losses, octet at which to go on
    """
    found, gone, at = 0, 0, begin
    while at < view.size and found < messages.shape[0] and gone < lost.shape[0]:
        stop = at
        while stop < view.size and view[stop] != 0x0A and view[stop] != 0x0D:
            stop += 1
        if stop == view.size and not whole and stop - at < LONGEST_LINE:
            return found, gone, at
        first, last = at, stop
        while first < last and (view[first] <= 0x20 or view[first] >= 0x80):
            first += 1
        while first < last and view[last - 1] <= 0x20:
            last -= 1
        form = NO_LINE
        if last - first <= LONGEST_LINE and first < last:
            lines[found, EPOCH_NS] = NONE
            if view[first] in (0x2A, 0x40, 0x25, 0x3C):
                form = avr_line(view, first, last, messages, lines, found)
            else:
                form = fields_line(view, first, last, messages, lines, found)
        if form != NO_LINE:
            lines[found, OFFSET], lines[found, SIZE], lines[found, FORM] = first, last - first, form
            found += 1
        elif first < last:
            lost[gone, 0], lost[gone, 1], lost[gone, 2] = first, last - first, 1
            gone += 1
        at = stop + 1
    return found, gone, min(at, view.size)
