"""Where a recording can be cut, so that each piece is a recording of its own: memory stays bounded.

What stands before the first block (the head of a capture, of a recorder's file) is put before each later
piece, too. Mode S is not cut here: its receiver's memory goes on (`modes.decode.hear`).
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_blocks import find_blocks
from asman.kernels.capture import section_head, walk_pcap, walk_pcapng
from asman.wire import recorders
from asman.wire.asterix.decode import known_categories
from asman.wire.framing import PCAP, Framed
from asman.wire.origin import Origin

#: What is left at a piece's end may be the beginning of a frame of at most so many octets.
FRAME_OCTETS_MAX: Final = 1 << 20
#: Framings that can be cut.
CUT: Final = ("raw", "pcap", "pcapng", *recorders.RECORDERS)
#: Blocks of a pcapng file that describe the section and its interfaces, at most.
_HEADS_MAX: Final = 512


class Cut(NamedTuple):
    """Octets that are whole, and the head of the next piece."""

    end: int
    head: bytes


def can_be_cut(framed: Framed) -> bool:
    """Tell whether what follows can be read without what came before: nothing was put together."""
    return framed.name in CUT and framed.origin is None and not framed.streams


def cut(view: NDArray[np.uint8], framing: str) -> Cut:
    """Say where a piece ends of which more follows.

    A piece that holds no whole frame at all is given up whole: `end` is its size.
    """
    if framing == "raw":
        end, head = _raw_end(view), b""
    elif framing in recorders.RECORDERS:
        begin = recorders.RECORDERS[framing][0]
        gaps = recorders.find(view, framing).gaps
        end = gaps[-1][0] if gaps and gaps[-1][1] == view.size else view.size
        head = view[:begin].tobytes()
    else:
        end, head = _capture_end(view, framing)
    if view.size - end > FRAME_OCTETS_MAX or end <= len(head):
        end = int(view.size)
    return Cut(end, head)


def _raw_end(view: NDArray[np.uint8]) -> int:
    table, broken = np.empty((4, view.size // 3 + 1), np.int64), np.empty((1 << 16, 4), np.int64)
    starts, lengths = np.zeros(1, np.int64), np.array([view.size])
    _, bad = find_blocks(view, starts, lengths, known_categories(), True, table, broken)
    last = broken[bad - 1] if bad else (0, 0)
    return int(last[0]) if bad and last[0] + last[1] == view.size else int(view.size)


def _capture_end(view: NDArray[np.uint8], framing: str) -> tuple[int, bytes]:
    packets = np.empty((view.size // 16 + 1, 4), np.int64)
    if framing == "pcap":
        big, unit_ns, head = PCAP.get(view[:4].tobytes(), (False, 1000, 16))
        _, end = walk_pcap(view, big, unit_ns, head, packets)
        return int(end), view[:24].tobytes()
    _, end = walk_pcapng(view, packets)
    heads = np.empty((_HEADS_MAX, 2), np.int64)
    count = section_head(view, heads)
    return int(end), b"".join(view[at : at + size].tobytes() for at, size in heads[:count].tolist())


def origin(head: int, position: int) -> Origin | None:
    """Where a piece stands: its head at the recording's beginning, the rest at a position."""
    if head == position:
        return None
    return Origin(np.array([0, head]), np.array([0, position]))
