"""Read Beast frames: 0x1A, a type, a time of 48 bits, a level, a message; each 0x1A within stands twice.

A stream may begin and end anywhere, and octets may be lost in it. So a frame counts when it has as many
octets as its type needs; a single 0x1A inside of it says that it was cut short and that the next one begins.
What lies between frames is handed back as lost, octet by octet.

Types: '1' Mode A/C, '2' short, '3' long; '4' is a receiver's status and 0xE3 a receiver's number that some
aggregators put before each message: both are passed over.

Sources: jetvision wiki, "Mode-S Beast: Data Output Formats", binary format; readsb, README-json and net_io
(the number of a receiver).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, small
from asman.kernels.modes_bits import Int, Octets

ESCAPE: Final = 0x1A
#: Octets of time and signal before a message.
STAMP: Final = 7
#: Why octets were given up.
NO_FRAME, CUT_SHORT, ENDS_WITHIN = range(1, 4)
#: Columns of a table of frames, and of what was lost.
TICKS, SIGNAL, LENGTH, OFFSET, SIZE = range(5)
FRAME_COLUMNS: Final = 5
#: A longest frame, all of it doubled.
LONGEST: Final = 2 + 2 * 21

Ints = NDArray[np.int64]


@small
def frame_octets(kind: Int) -> Int:
    """Octets after the type, not doubled; 0 for what is no type."""
    if kind == 0x33:
        return STAMP + 14
    if kind == 0x32:
        return STAMP + 7
    if kind == 0x31:
        return STAMP + 2
    if kind == 0x34:
        return STAMP + 14
    return 8 if kind == 0xE3 else 0


@kernel
def read_frames(
    view: Octets, begin: Int, messages: Octets, frames: Ints, lost: Ints, whole: bool
) -> tuple[Int, Int, Int]:
    """Read frames until there is no room or no octet left.

    view      (~,)     the stream
    begin              first octet to read
    messages  (N, 14)  filled; a shorter message in the first octets, 0 behind
    frames    (N, 5)   filled: TICKS, SIGNAL, LENGTH of the message, OFFSET, SIZE in the stream
    lost      (M, 3)   filled: offset, octets, why
    whole              nothing will follow: a frame that is not complete is lost
    returns            frames, losses, octet at which to go on
    """
    found, gone, at, end = 0, 0, begin, view.size
    run = begin
    while at < end and found < messages.shape[0] and gone + 2 <= lost.shape[0]:
        if view[at] != ESCAPE:
            at += 1
            continue
        if at + 1 >= end:
            break
        need = frame_octets(np.int64(view[at + 1]))
        if need == 0:
            # A doubled 0x1A out of a lost frame's middle is one thing, not the beginning of another.
            at += 2 if view[at + 1] == ESCAPE else 1
            continue
        message = view[at + 1] <= 0x33
        had, place, cut = 0, at + 2, False
        tick = np.int64(0)
        while had < need and place < end:
            octet = view[place]
            if octet == ESCAPE:
                if place + 1 >= end:
                    break
                if view[place + 1] != ESCAPE:
                    cut = True
                    break
                place += 1
            if message:
                if had < STAMP - 1:
                    tick = tick << 8 | np.int64(octet)
                elif had == STAMP - 1:
                    frames[found, SIGNAL] = octet
                else:
                    messages[found, had - STAMP] = octet
            had += 1
            place += 1
        if had < need and not cut:
            break
        if run < at:
            lost[gone, 0], lost[gone, 1], lost[gone, 2] = run, at - run, NO_FRAME
            gone += 1
        if cut:
            lost[gone, 0], lost[gone, 1], lost[gone, 2] = at, place - at, CUT_SHORT
            gone += 1
        elif message:
            length = need - STAMP
            for k in range(length, messages.shape[1]):
                messages[found, k] = 0
            frames[found, TICKS], frames[found, LENGTH] = tick, length
            frames[found, OFFSET], frames[found, SIZE] = at, place - at
            found += 1
        at = place
        run = at
    full = found == messages.shape[0] or gone + 2 > lost.shape[0]
    if full or not whole:
        # What may still become a frame waits; octets in which none can begin do not.
        if run < at and gone < lost.shape[0]:
            lost[gone, 0], lost[gone, 1], lost[gone, 2] = run, at - run, NO_FRAME
            gone += 1
            run = at
        return found, gone, run
    if run < at and gone < lost.shape[0]:
        lost[gone, 0], lost[gone, 1], lost[gone, 2] = run, at - run, NO_FRAME
        gone += 1
    if at < end and gone < lost.shape[0]:
        lost[gone, 0], lost[gone, 1], lost[gone, 2] = at, end - at, ENDS_WITHIN
        gone += 1
    return found, gone, end
