"""Find what a recording carries by what it holds, not by its name: blocks, captures, recorders' framings.

A capture's packets are unwrapped down to UDP and TCP, whatever the port: Ethernet with or without VLAN tags,
SNAP, PPP, PPPoE, MPLS, Linux cooked, loopback, raw IP; IPv4 with options, IPv6 with extension headers;
fragments are put together, and streams laid end to end (`packets`). What is something else is counted, with
why. Who knows better may name the framing.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError, nearest
from asman.kernels.capture import walk_pcap, walk_pcapng
from asman.kernels.capture_join import find_spacing, walk_spaced
from asman.model.frames import NO_TIME, Frames
from asman.wire import recorders
from asman.wire.asterix.decode import known_categories
from asman.wire.flows import Stream
from asman.wire.lost import Lost
from asman.wire.modes.recognise import AVR, BEAST, NONE, READSB, SBS, recognise
from asman.wire.origin import Origin
from asman.wire.packets import unwrap

__all__ = ["FRAMINGS", "Framed", "Lost", "find", "form_of", "named"]

#: first four octets of a pcap file -> (most significant octet first?, ns of a unit of its fractions, octets
#: of the head before each packet)
PCAP: Final = {
    b"\xa1\xb2\xc3\xd4": (True, 1000, 16),
    b"\xd4\xc3\xb2\xa1": (False, 1000, 16),
    b"\xa1\xb2\x3c\x4d": (True, 1, 16),
    b"\x4d\x3c\xb2\xa1": (False, 1, 16),
    b"\xa1\xb2\xcd\x34": (True, 1000, 24),
    b"\x34\xcd\xb2\xa1": (False, 1000, 24),
}
PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
#: GPS framing (Comsoft): a header of so many octets, then blocks with so many octets after each.
GPS_HEADER: Final = 2200
GPS_AFTER: Final = 10

#: Octets between blocks, and before the first, at most; blocks in a row by which they are believed.
SPACED_MAX, SPACED_BEGIN_MAX, SPACED_ROW = 64, 4096, 6

NO_BLOCK: Final = "no data block where the framing has the next one"
ENDS: Final = "the capture ends within a packet"
HEXADECIMAL: Final = "hexadecimal digits as text, not octets: turn them into octets first (xxd -r -p)"
#: What else people hand over -> first octets, and what to do.
OTHERS: Final = {
    b"PK\x03\x04": "a zip archive: unpack it first",
    b"BZh": "compressed with bzip2: expand it first (bunzip2)",
    b"\x04\x22\x4d\x18": "compressed with lz4: expand it first (unlz4)",
    b"7z\xbc\xaf\x27\x1c": "a 7-zip archive: unpack it first",
    b"PAR1": "a Parquet file, not a recording",
    b"ARROW1": "an Arrow file, not a recording",
}
#: Shorter recordings may look like text by chance.
TEXT_MIN: Final = 64
_PRINTABLE: Final = np.isin(np.arange(256), [9, 10, 13, *range(32, 127)])
MODE_S: Final = (BEAST, AVR, SBS, READSB)
#: Messages behind their lengths, which `sapient` reads.
SAPIENT: Final = "sapient"
FRAMINGS: Final = ("raw", "pcap", "pcapng", "gps", "spaced", *recorders.RECORDERS, *MODE_S, SAPIENT)


class Framed(NamedTuple):
    """What was found.

    name      "raw", "pcap", "pcapng", "gps", "spaced", "final", "ioss", "ioss-seq", "rff", "rply", "text",
              "other"
    frames    where ASTERIX lies in `octets`, and when it arrived
    rejected  what holds nothing; offsets count in the recording
    octets    the recording, and behind it what was put together
    origin    where `octets` stand in the recording; None: where they are
    streams   Mode S in a capture
    notes     what was done beside, in words
    """

    name: str
    frames: Frames
    rejected: tuple[Lost, ...]
    octets: NDArray[np.uint8]
    origin: Origin | None = None
    streams: tuple[Stream, ...] = ()
    notes: tuple[str, ...] = ()


def named(framing: str) -> str:
    """A framing as it is called here; empty stays empty. Raises InputError for one that there is not."""
    if framing and framing not in FRAMINGS:
        raise InputError(f"--framing {framing}", "there is no such framing", nearest(framing, FRAMINGS))
    return framing


def find(octets: bytes | bytearray | memoryview | NDArray[np.uint8], framing: str = "") -> Framed:
    """Recognise how a recording is wrapped, or take it as it is said to be; find what it carries.

    Never raises.

    framing  "raw", "pcap" ...; empty: recognise it
    """
    view: NDArray[np.uint8] = np.frombuffer(octets, np.uint8)
    view.flags.writeable = False
    framing = framing or _recognised(view)
    if framing in ("pcap", "pcapng"):
        return _capture(framing, view)
    if framing in ("gps", "spaced"):
        return _spaced(framing, view)
    if framing in recorders.RECORDERS:
        return _recorded(framing, view)
    if framing == "raw":
        frames = _frames([0], [view.size]) if view.size else _frames([], [])
        return Framed("raw", frames, (), view)
    reason = HEXADECIMAL if framing == "text" else _other(view)
    return Framed(framing, _frames([], []), (Lost(0, view.size, reason),), view)


def form_of(octets: Any) -> str:
    """Tell which form of Mode S a recording is; NONE for everything else, captures that carry it too."""
    view: NDArray[np.uint8] = np.frombuffer(octets, np.uint8)
    return NONE if _capture_name(view) else recognise(view)


def _capture_name(view: NDArray[np.uint8]) -> str:
    magic = view[:4].tobytes()
    if magic in PCAP and view.size >= 24:
        return "pcap"
    return "pcapng" if magic == PCAPNG else ""


def _recognised(view: NDArray[np.uint8]) -> str:
    if name := _capture_name(view):
        return name
    if recorder := recorders.recognise(view):
        return recorder
    if _other(view):
        return "other"
    if not _is_one_block(view):
        begin, gap = _spacing(view)
        if (begin, gap) == (GPS_HEADER, GPS_AFTER):
            return "gps"
        # Frames alike of a recorder are spaced as well, but between their first blocks others may stand.
        recorder = recorders.recognise_later(view) if begin < 0 or gap > 0 else ""
        if recorder or gap > 0:
            return recorder or "spaced"
    return "text" if view.size >= 8 and _is_text(view) else "raw"


def _other(view: NDArray[np.uint8]) -> str:
    head = view[:8].tobytes()
    if view.size >= TEXT_MIN and bool(_PRINTABLE[view[:4096]].all()) and not _is_text(view):
        return "text that holds no Mode S messages, not a recording"
    return next((said for begin, said in OTHERS.items() if head.startswith(begin)), "")


def _capture(name: str, view: NDArray[np.uint8]) -> Framed:
    # A packet of a pcap file has a head of 16 octets; the least block of a pcapng file has 12.
    packets = np.empty((view.size // 12 + 1, 4), np.int64)
    if name == "pcapng":
        found, end = walk_pcapng(view, packets)
    else:
        big, unit_ns, head = PCAP.get(view[:4].tobytes(), (False, 1000, 16))
        found, end = walk_pcap(view, big, unit_ns, head, packets) if view.size >= 24 else (0, 0)
    carried = unwrap(view, packets[:found].copy())
    lost = carried.lost
    if end < view.size:
        lost = (*lost, Lost(int(end), int(view.size - end), ENDS))
    notes = carried.notes if found else (*carried.notes, "it holds no packets")
    return Framed(name, carried.frames, lost, carried.octets, carried.origin, carried.streams, notes)


def _recorded(name: str, view: NDArray[np.uint8]) -> Framed:
    recorded = recorders.find(view, name)
    lost = tuple(
        Lost(begin, end - begin, f"no frame of {name} where the next one begins")
        for begin, end in recorded.gaps
    )
    starts, lengths = recorded.frames[:, 0].copy(), recorded.frames[:, 1].copy()
    return Framed(name, Frames(starts, lengths, np.full(starts.size, NO_TIME, np.int64)), lost, view)


def _is_one_block(view: NDArray[np.uint8]) -> bool:
    """Tell whether the recording is one data block."""
    return view.size > 3 and bool(view[0]) and int(view[1]) << 8 | int(view[2]) == view.size


def _spacing(view: NDArray[np.uint8]) -> tuple[int, int]:
    """Where blocks begin, and the octets between two; -1, -1 where no row of blocks is found."""
    begin, gap = find_spacing(view, SPACED_BEGIN_MAX, SPACED_MAX, SPACED_ROW, known_categories())
    return int(begin), int(gap)


def _spaced(name: str, view: NDArray[np.uint8]) -> Framed:
    """Blocks with as many octets between any two; their meaning, perhaps a time, is not known."""
    begin, gap = (GPS_HEADER, GPS_AFTER) if name == "gps" else _spacing(view)
    frames = np.empty((view.size // (4 + max(gap, 0)) + 1, 2), np.int64)
    count = int(walk_spaced(view, begin, gap, known_categories(), frames)) if begin >= 0 else 0
    starts, lengths = frames[:count, 0].tolist(), frames[:count, 1].tolist()
    lost: list[Lost] = []
    at = begin if count else 0
    for start, length in zip([*starts, view.size], [*lengths, 0], strict=True):
        if start > at:
            lost.append(Lost(at, start - at, NO_BLOCK))
        at = start + length + gap
    notes = (f"{gap} octets behind each block passed over, and {begin} before the first",) if count else ()
    return Framed(name, _frames(starts, lengths), tuple(lost), view, notes=notes)


def _is_text(view: NDArray[np.uint8]) -> bool:
    """Tell whether the recording is hexadecimal digits as text."""
    return bool(np.isin(view[:4096], np.frombuffer(b"0123456789abcdefABCDEF \r\n\t", np.uint8)).all())


def _frames(starts: list[int], lengths: list[int]) -> Frames:
    return Frames(
        np.array(starts, np.int64), np.array(lengths, np.int64), np.full(len(starts), NO_TIME, np.int64)
    )
