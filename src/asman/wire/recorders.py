"""Framings of recorders: FINAL, RFF and .rply, told from bare ASTERIX by following their lengths.

FINAL   2 octets of length (all of the frame), board, line, day, 3 of time of day [10 ms]; blocks; 4 x A5
RFF     a head of 128 octets; then 4 octets of time [ms], 2 of length (lowest first); blocks
.rply   4 octets of length (lowest first), 4 of time since the beginning [ms]; blocks

A framing is believed when its first frames hold whole data blocks, one behind the other. Their times have no
day, so that they are not used as times of arrival: the records' own are.

Sources: Croatia Control, "ASTERIX decoder", description of the FINAL format; definitions of recorders that
other decoders publish.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.recorder import Frame, walk_recorder

FINAL: Final = Frame(head=8, length_at=0, length_size=2, big=True, besides=12, tail=4, mark=0xA5)
RFF: Final = Frame(head=6, length_at=4, length_size=2, big=False, besides=0, tail=0, mark=-1)
RPLY: Final = Frame(head=8, length_at=0, length_size=4, big=False, besides=0, tail=0, mark=-1)
#: Name -> octets before the first frame, and how frames are.
RECORDERS: Final = {"final": (0, FINAL), "rff": (128, RFF), "rply": (0, RPLY)}
#: So many frames in a row are no chance; a shorter recording must consist of them.
ENOUGH: Final = 3


class Recorded(NamedTuple):
    """What was found: name of the framing, (F, 2) first octets and lengths of ASTERIX, where frames end."""

    name: str
    frames: NDArray[np.int64]
    end: int


def find(view: NDArray[np.uint8]) -> Recorded | None:
    """Find a recorder's frames; None where there are none."""
    for name, (begin, frame) in RECORDERS.items():
        few = np.empty((ENOUGH, 2), np.int64)
        count, end = walk_recorder(view, begin, frame, ENOUGH, few)
        if not count or (count < ENOUGH and end < view.size):
            continue
        frames = np.empty((view.size // (frame.head + 3 + frame.tail) + 1, 2), np.int64)
        count, end = walk_recorder(view, begin, frame, frames.shape[0], frames)
        return Recorded(name, frames[:count].copy(), int(end))
    return None
