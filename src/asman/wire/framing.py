"""Find the ASTERIX in a recording by what it holds, not by its name: blocks, captures, recorders' framings.

A capture's packets are unwrapped down to UDP, whatever the port: Ethernet with or without VLAN tags, Linux
cooked, loopback, raw IP; IPv4 with options, IPv6 with extension headers. What is something else is counted,
with why. Fragments of IP packets are counted too, not put together: a data block of a live feed fits one
packet.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.capture import (
    CUT_SHORT,
    FOUND,
    FRAGMENT,
    LINK_UNKNOWN,
    NOT_ASTERIX,
    NOT_IP,
    NOT_UDP,
    find_payloads,
    walk_pcap,
    walk_pcapng,
)
from asman.model.frames import NO_TIME, Frames
from asman.wire import recorders

#: first four octets of a pcap file -> (most significant octet first?, ns of a unit of its fractions)
PCAP: Final = {
    b"\xa1\xb2\xc3\xd4": (True, 1000),
    b"\xd4\xc3\xb2\xa1": (False, 1000),
    b"\xa1\xb2\x3c\x4d": (True, 1),
    b"\x4d\x3c\xb2\xa1": (False, 1),
}
PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
#: GPS framing (Comsoft): a header of so many octets, then blocks with so many octets after each.
GPS_HEADER: Final = 2200
GPS_AFTER: Final = 10

WORDS: Final = {
    NOT_IP: "packet that is not IP",
    NOT_UDP: "packet that is not UDP",
    FRAGMENT: "fragment of an IP packet: fragments are not put together",
    CUT_SHORT: "packet that was cut short when it was captured",
    LINK_UNKNOWN: "packet of a link layer that we do not know",
    NOT_ASTERIX: "UDP payload that does not begin with a data block",
}
ENDS: Final = "the capture ends within a packet"
HEXADECIMAL: Final = "hexadecimal digits as text, not octets: turn them into octets first (xxd -r -p)"


class Lost(NamedTuple):
    """A piece of a recording that holds no ASTERIX: first octet, octets, why."""

    offset: int
    length: int
    reason: str


class Framed(NamedTuple):
    """What was found.

    name      "raw", "pcap", "pcapng", "gps", "final", "rff", "rply" or "text"
    frames    where ASTERIX lies, and when it arrived
    rejected  what holds none
    """

    name: str
    frames: Frames
    rejected: tuple[Lost, ...]


def find(octets: bytes | bytearray | memoryview | NDArray[np.uint8]) -> Framed:
    """Recognise how a recording is wrapped, and find the ASTERIX in it. Never raises."""
    view: NDArray[np.uint8] = np.frombuffer(octets, np.uint8)
    view.flags.writeable = False
    magic = view[:4].tobytes()
    if magic in PCAP and view.size >= 24:
        return _packets("pcap", view, *_walk(view, PCAP[magic]))
    if magic == PCAPNG:
        return _packets("pcapng", view, *_walk(view, None))
    if _block_at(view, GPS_HEADER) and not _block_at(view, 0):
        return _gps(view)
    recorded = None if _are_blocks(view) else recorders.find(view)
    if recorded is not None:
        rest = view.size - recorded.end
        lost = (
            (Lost(recorded.end, rest, f"no frame of {recorded.name} where the next one begins"),)
            if rest
            else ()
        )
        starts, lengths = recorded.frames[:, 0].copy(), recorded.frames[:, 1].copy()
        return Framed(recorded.name, Frames(starts, lengths, np.full(starts.size, NO_TIME, np.int64)), lost)
    if view.size >= 8 and _is_text(view):
        return Framed("text", _frames([], []), (Lost(0, view.size, HEXADECIMAL),))
    return Framed("raw", _frames([0], [view.size]) if view.size else _frames([], []), ())


def _walk(view: NDArray[np.uint8], kind: tuple[bool, int] | None) -> tuple[NDArray[np.int64], int]:
    # A packet of a pcap file has a head of 16 octets; the least block of a pcapng file has 12.
    packets = np.empty((view.size // 12 + 1, 4), np.int64)
    found, end = walk_pcapng(view, packets) if kind is None else walk_pcap(view, kind[0], kind[1], packets)
    return packets[:found].copy(), int(end)


def _packets(name: str, view: NDArray[np.uint8], packets: NDArray[np.int64], end: int) -> Framed:
    payloads = np.empty((packets.shape[0], 3), np.int64)
    find_payloads(view, packets, payloads)
    good = payloads[:, 2] == FOUND
    lost = [Lost(at, size, WORDS[reason]) for at, size, reason in payloads[~good].tolist()]
    if end < view.size:
        lost.append(Lost(int(end), int(view.size - end), ENDS))
    frames = Frames(payloads[good, 0].copy(), payloads[good, 1].copy(), packets[good, 2].copy())
    return Framed(name, frames, tuple(lost))


def _block_at(view: NDArray[np.uint8], at: int) -> bool:
    """Tell whether a data block may begin there."""
    if at + 3 > view.size or view[at] == 0:
        return False
    size = int(view[at + 1]) << 8 | int(view[at + 2])
    return size >= 3 and at + size <= view.size


def _are_blocks(view: NDArray[np.uint8]) -> bool:
    """Tell whether the recording begins with some data blocks, one behind the other."""
    at = 0
    for _ in range(recorders.ENOUGH):
        if at == view.size and at:
            return True
        if not _block_at(view, at):
            return False
        at += int(view[at + 1]) << 8 | int(view[at + 2])
    return True


def _gps(view: NDArray[np.uint8]) -> Framed:
    """Follow blocks with octets of their own after each; their meaning, perhaps a time, is not published."""
    starts: list[int] = []
    lengths: list[int] = []
    at = GPS_HEADER
    while _block_at(view, at):
        size = int(view[at + 1]) << 8 | int(view[at + 2])
        starts.append(at)
        lengths.append(size)
        at += size + GPS_AFTER
    rest = view.size - at
    lost = (Lost(at, rest, "no data block where the GPS framing has the next one"),) if rest > 0 else ()
    return Framed("gps", _frames(starts, lengths), lost)


def _is_text(view: NDArray[np.uint8]) -> bool:
    """Tell whether the recording is hexadecimal digits as text."""
    return bool(np.isin(view[:4096], np.frombuffer(b"0123456789abcdefABCDEF \r\n\t", np.uint8)).all())


def _frames(starts: list[int], lengths: list[int]) -> Frames:
    return Frames(
        np.array(starts, np.int64), np.array(lengths, np.int64), np.full(len(starts), NO_TIME, np.int64)
    )
