"""Tell by its content whether a recording holds Mode S, and in which form; never by its name."""

import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.beast_read import FRAME_COLUMNS, LENGTH, SIZE, read_frames
from asman.kernels.modes_bits import LONG
from asman.kernels.modes_check import ADSB, COMM_B, MODES, check
from asman.kernels.modes_text import BARE, FORM, LINE_COLUMNS, read_lines

#: What is looked at.
SAMPLE: Final = 65_536
#: This share of it must be frames, or lines.
SHARE: Final = 0.5
BEAST, AVR, SBS, READSB, NONE = "beast", "avr", "sbs", "readsb", ""
_SBS_LINE: Final = re.compile(rb"(?:MSG|SEL|ID|AIR|STA|CLK),[0-9]?,[^,\r\n]*,[^,\r\n]*,[^,\r\n]*,")
_AIRCRAFT: Final = re.compile(rb'"aircraft"\s*:\s*\[')

Octets = NDArray[np.uint8]


def recognise(octets: Any) -> str:
    """BEAST, AVR (and all other lines with a message in them), SBS, READSB, or NONE."""
    view: Octets = np.frombuffer(octets, np.uint8)[:SAMPLE]
    head = view.tobytes().lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        return NONE
    if head[:1] in (b"{", b"["):
        return READSB if _AIRCRAFT.search(head) else NONE
    if _is_beast(view):
        return BEAST
    if b"\0" in head:
        return NONE
    if _share_of_sbs(head.splitlines()[:64]) >= SHARE:
        return SBS
    return AVR if _is_lines(view) else NONE


def _share_of_sbs(lines: list[bytes]) -> float:
    told = [line for line in lines if line.strip()]
    return sum(_SBS_LINE.match(line) is not None for line in told) / len(told) if told else 0.0


def _is_beast(view: Octets) -> bool:
    """Most octets are frames, of which some stand whole at the same pace."""
    if not (view == 0x1A).any():
        return False
    room = view.size // 11 + 1
    frames = np.empty((room, FRAME_COLUMNS), np.int64)
    lost = np.empty((view.size // 2 + 3, 3), np.int64)
    found, _, _ = read_frames(view, 0, np.empty((room, LONG), np.uint8), frames, lost, False)
    return bool(found and frames[:found, SIZE].sum() >= SHARE * view.size)


def _is_lines(view: Octets) -> bool:
    """Most lines hold a message; where nothing but digits says so, one of them must prove itself."""
    room = view.size // 5 + 1
    messages, lines = np.empty((room, LONG), np.uint8), np.empty((room, LINE_COLUMNS), np.int64)
    found, gone, _ = read_lines(view, 0, messages, lines, np.empty((room, 3), np.int64), True)
    # The sample may end within a line.
    if not found or found < SHARE * (found + max(gone - 1, 0)):
        return False
    verdict, heads = np.empty(found, np.int8), np.empty((found, 4), np.int64)
    check(messages[:found], np.ascontiguousarray(lines[:found, LENGTH]), False, verdict, heads)
    good = np.isin(verdict, (ADSB, MODES, COMM_B))
    if (lines[:found, FORM] == BARE).all():
        return bool(((verdict == ADSB) | ((verdict == MODES) & (heads[:, 0] == 11))).any())
    return bool(good.mean() >= SHARE)
