"""Framings of recorders: FINAL, IOSS, RFF and .rply, told from bare ASTERIX by following their lengths.

FINAL     2 octets of length (all of the frame), board, line, day, 3 of time of day [10 ms]; blocks; 4 x A5
IOSS      the same "IOSS Final Format" of SASS-C with any four octets behind the blocks
IOSS-SEQ  the same with a sequence number of 4 octets behind the length
RFF       a head of 128 octets; then 4 octets of time [ms], 2 of length (lowest first); blocks
.rply     4 octets of length (lowest first), 4 of time since the beginning [ms]; blocks

A framing is believed when its first frames hold whole data blocks, one behind the other. Their times have
no day, so that they are not used as times of arrival: the records' own are. Where no frame begins, the next
place is looked for at which two do.

Sources: Croatia Control, "ASTERIX decoder", description of the FINAL format; the definitions of framings
(`ioss.json`, `ioss_seq.json`, `rff.json`) that the decoder jASTERIX publishes: the lengths of `ioss` are
those of FINAL, so that the two are one format; the list of recording formats of SDDL ("SASS-C IOSS (Final)").
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.recorder import Frame, next_frame, walk_recorder

FINAL: Final = Frame(head=8, length_at=0, length_size=2, big=True, besides=12, tail=4, mark=0xA5)
IOSS: Final = FINAL._replace(mark=-1)
IOSS_SEQ: Final = Frame(head=12, length_at=0, length_size=2, big=True, besides=16, tail=4, mark=-1)
RFF: Final = Frame(head=6, length_at=4, length_size=2, big=False, besides=0, tail=0, mark=-1)
RPLY: Final = Frame(head=8, length_at=0, length_size=4, big=False, besides=0, tail=0, mark=-1)
#: Name -> octets before the first frame, and how frames are.
RECORDERS: Final = {
    "final": (0, FINAL),
    "ioss": (0, IOSS),
    "ioss-seq": (0, IOSS_SEQ),
    "rff": (128, RFF),
    "rply": (0, RPLY),
}
#: So many frames in a row are no chance; a shorter recording must consist of them.
ENOUGH: Final = 3
#: Octets in which the first whole frame of a recording that was cut begins.
LATER_MAX: Final = 262_144
#: Gaps between frames behind which the next one is looked for.
GAPS_MAX: Final = 4096


class Recorded(NamedTuple):
    """What was found: (F, 2) first octets and lengths of ASTERIX; begin and end of what is no frame."""

    frames: NDArray[np.int64]
    gaps: tuple[tuple[int, int], ...]


def recognise(view: NDArray[np.uint8]) -> str:
    """Name the recorder whose frames these are; empty where there are none."""
    for name, (begin, frame) in RECORDERS.items():
        few = np.empty((ENOUGH, 2), np.int64)
        count, end = walk_recorder(view, begin, frame, ENOUGH, few)
        if count and (count == ENOUGH or end == view.size):
            return name
    return ""


def recognise_later(view: NDArray[np.uint8]) -> str:
    """Name the recorder whose frames begin later: of a recording that was cut; empty where none do."""
    for name, (_, frame) in RECORDERS.items():
        at = int(next_frame(view[:LATER_MAX], 0, frame))
        few = np.empty((ENOUGH, 2), np.int64)
        count, _ = walk_recorder(view, at, frame, ENOUGH, few)
        if count == ENOUGH:
            return name
    return ""


def find(view: NDArray[np.uint8], name: str) -> Recorded:
    """Find all frames of a recorder."""
    at, frame = RECORDERS[name]
    if walk_recorder(view, at, frame, 1, np.empty((1, 2), np.int64))[0] == 0:
        at = 0
    parts: list[NDArray[np.int64]] = []
    gaps: list[tuple[int, int]] = []
    while at < view.size:
        frames = np.empty(((view.size - at) // (frame.head + 3 + frame.tail) + 1, 2), np.int64)
        count, end = walk_recorder(view, at, frame, frames.shape[0], frames)
        parts.append(frames[:count].copy())
        if end == view.size:
            break
        at = int(next_frame(view, end + 1, frame)) if len(gaps) < GAPS_MAX else view.size
        gaps.append((int(end), at))
    return Recorded(np.concatenate(parts) if parts else np.empty((0, 2), np.int64), tuple(gaps))
