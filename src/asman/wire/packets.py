"""From the packets of a capture to what they carry: datagrams put together, streams laid end to end.

Most packets carry one UDP datagram with data blocks, which stay where they are. Fragments and segments are
copied behind the capture (`origin`). Some senders put octets of their own before the blocks of every
datagram: how many is found out, for each flow, by what makes blocks of most of them.
"""

import itertools
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_blocks import find_blocks
from asman.kernels.capture import (
    AT,
    CUT_SHORT,
    FLOW,
    FOUND,
    FRAGMENT,
    LINK_UNKNOWN,
    NO_DATA,
    NOT_ASTERIX,
    NOT_IP,
    NOT_UDP,
    PAYLOAD_COLUMNS,
    PLACE,
    SEGMENT,
    SIZE,
    VERDICT,
    find_payloads,
    reassembled,
)
from asman.kernels.capture_join import WAITS, blocks_before, first_block, join_fragments
from asman.model.frames import Frames
from asman.wire import flows
from asman.wire.asterix.decode import known_categories
from asman.wire.flows import Stream
from asman.wire.lost import Lost
from asman.wire.modes.recognise import NONE, recognise
from asman.wire.origin import Ints, Origin, copied

#: Octets that a sender may put before and behind the blocks of a datagram.
BEFORE_MAX, BEHIND_MAX = 64, 16
#: This share of a flow's datagrams must become blocks.
CLEAR: Final = 0.9
#: Datagrams of a flow by which that is judged, and flows that are judged at most: the largest.
JUDGED, FLOWS_MAX = 64, 256

WORDS: Final = {
    NOT_IP: "packet that is not IP",
    NOT_UDP: "packet that is neither UDP nor TCP",
    FRAGMENT: "fragment of an IP packet whose other fragments are not here, or overlap",
    CUT_SHORT: "packet that was cut short when it was captured",
    LINK_UNKNOWN: "packet of a link layer that we do not know",
    NOT_ASTERIX: "UDP payload that does not begin with a data block",
}


class Unwrapped(NamedTuple):
    """What a capture carries.

    octets   the capture, and behind it what was put together;  origin  None where nothing was
    frames   where ASTERIX lies in `octets`
    streams  Mode S
    lost     what holds neither
    notes    what was done, in words
    """

    octets: NDArray[np.uint8]
    origin: Origin | None
    frames: Frames
    streams: tuple[Stream, ...]
    lost: tuple[Lost, ...]
    notes: tuple[str, ...]


class _Buffer:
    """The capture, and what is put behind it."""

    def __init__(self, view: NDArray[np.uint8]) -> None:
        self.parts = [view]
        self.size = int(view.size)
        self.start, self.offset = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)]
        self.view = view

    def add(self, starts: Ints, lengths: Ints) -> Ints:
        """Copy pieces of the capture behind it; return where they begin now, and where the last ends."""
        ends = np.r_[0, np.cumsum(lengths)] + self.size
        self.parts.append(copied(self.view, starts, lengths))
        self.start.append(ends[:-1])
        self.offset.append(starts)
        self.size = int(ends[-1])
        return ends

    def whole(self) -> tuple[NDArray[np.uint8], Origin | None]:
        """All octets, and where they are from."""
        if len(self.parts) == 1:
            return self.view, None
        octets = np.concatenate(self.parts)
        octets.flags.writeable = False
        return octets, Origin(np.concatenate(self.start), np.concatenate(self.offset))


def unwrap(view: NDArray[np.uint8], packets: Ints) -> Unwrapped:
    """Find what packets carry.

    packets (P, 4)  as `walk_pcap` lists them: first octet, octets, time, link-layer type
    """
    payloads = np.empty((packets.shape[0], PAYLOAD_COLUMNS), np.int64)
    find_payloads(view, packets, payloads)
    time_ns = np.ascontiguousarray(packets[:, 2])
    index = np.arange(packets.shape[0])
    notes: list[str] = []
    buffer = _Buffer(view)
    if (payloads[:, VERDICT] == FRAGMENT).any():
        payloads, index = _joined(buffer, payloads, time_ns, notes)
    octets, _ = buffer.whole()
    _find_before(octets, payloads, notes)
    streams, heard = _heard(octets, buffer, payloads, index, time_ns)
    found = payloads[:, VERDICT] == FOUND
    starts, lengths, from_packet = payloads[found, AT], payloads[found, SIZE], index[found]
    bad = ~found & ~heard & _is_lost(payloads[:, VERDICT])
    links = packets[index[bad], 3].tolist()
    _, put = buffer.whole()
    lost = [
        one
        for row, link in zip(payloads[bad].tolist(), links, strict=True)
        for one in _lost(row, link, put, int(view.size))
    ]
    segments = np.flatnonzero(payloads[:, VERDICT] == SEGMENT)
    parts = [(starts, lengths, from_packet)]
    missing: list[int] = []
    if segments.size:
        for flow in flows.connections(payloads[segments], index[segments]):
            missing += flow.missing.tolist()
            form = recognise(copied(view, flow.start, flow.length)[: flows.SAMPLE])
            if form != NONE:
                ends = np.cumsum(flow.length)
                own = Origin(ends - flow.length, flow.start)
                piece = copied(view, flow.start, flow.length)
                streams.append(Stream(form, piece, own, ends, time_ns[flow.packet]))
                continue
            more, gone = _blocks(buffer, flow)
            lost += gone
            parts.append(more)
    starts, lengths, from_packet = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(from_packet, kind="stable")
    frames = Frames(starts[order], lengths[order], time_ns[from_packet[order]])
    octets, origin = buffer.whole()
    if segments.size:
        notes.append(f"{segments.size:,} segments of TCP laid end to end" + _gaps(missing))
    return Unwrapped(octets, origin, frames, tuple(streams), tuple(sorted(lost)), tuple(notes))


def _is_lost(verdict: Ints) -> NDArray[np.bool_]:
    return (verdict != SEGMENT) & (verdict != NO_DATA) & (verdict != _JOINED)


#: Gaps of a run of a stream behind which blocks are looked for.
_GAPS_MAX: Final = 1 << 12
#: Verdict of a fragment that became part of a datagram.
_JOINED: Final = -1


def _gaps(missing: list[int]) -> str:
    """Say what of streams was not captured."""
    if not missing:
        return ""
    gaps = "1 gap" if len(missing) == 1 else f"{len(missing):,} gaps"
    return f"; {gaps} in them, {sum(missing):,} octets were not captured"


def _lost(row: list[int], link: int, put: Origin | None, size: int) -> list[Lost]:
    """What is given up, where it stands in the capture: of what was put together, each piece."""
    begin, end, why = row[AT], row[AT] + row[SIZE], WORDS[row[VERDICT]]
    if row[VERDICT] == LINK_UNKNOWN:
        why = f"{why} (type {link})"
    if put is None or begin < size:
        return [Lost(begin, row[SIZE], why)]
    first, last = (int(one) for one in np.searchsorted(put.start, [begin, end - 1], side="right") - 1)
    edges = [begin, *put.start[first + 1 : last + 1].tolist(), end]
    places = put.of(np.array(edges[:-1], np.int64)).tolist()
    return [Lost(at, b - a, why) for at, a, b in zip(places, edges[:-1], edges[1:], strict=True)]


def _joined(buffer: _Buffer, payloads: Ints, time_ns: Ints, notes: list[str]) -> tuple[Ints, Ints]:
    """Put fragments together; return all payloads, and the packet that each came with."""
    count = payloads.shape[0]
    following, fate = np.full(count, -1, np.int64), np.full(count, WAITS, np.int64)
    whole = np.empty((count, 2), np.int64)
    done = int(join_fragments(payloads, time_ns, following, fate, whole))
    pieces: list[int] = []
    ends = [0]
    for first in whole[:done, 0].tolist():
        own = [first]
        while following[own[-1]] >= 0:
            own.append(int(following[own[-1]]))
        pieces += sorted(own, key=payloads[:, PLACE].__getitem__)
        ends.append(len(pieces))
    fragments = int((payloads[:, VERDICT] == FRAGMENT).sum())
    notes.append(f"{fragments:,} fragments, put together to {done:,} datagrams")
    payloads[pieces, VERDICT] = _JOINED
    if not done:
        return payloads, np.arange(count)
    begins = buffer.add(payloads[pieces, AT], payloads[pieces, SIZE])[ends]
    rows = np.zeros((done, PAYLOAD_COLUMNS), np.int64)
    rows[:, FLOW] = payloads[whole[:done, 0], FLOW]
    reassembled(buffer.whole()[0], begins, rows)
    index = np.r_[np.arange(count), whole[:done, 1]]
    order = np.argsort(index, kind="stable")
    return np.concatenate([payloads, rows])[order], index[order]


def _flows(payloads: Ints, chosen: NDArray[np.bool_]) -> list[Ints]:
    """Rows of each flow, the largest flows first."""
    rows = np.flatnonzero(chosen)
    _, index, counts = np.unique(payloads[rows, FLOW], return_inverse=True, return_counts=True)
    order = np.argsort(index, kind="stable")
    ends = np.cumsum(counts)
    largest = np.argsort(-counts, kind="stable")[:FLOWS_MAX]
    return [rows[order[ends[k] - counts[k] : ends[k]]] for k in largest.tolist()]


def _find_before(octets: NDArray[np.uint8], payloads: Ints, notes: list[str]) -> None:
    """Pass over octets that stand before the blocks of each datagram of a flow."""
    verdict = payloads[:, VERDICT]
    for rows in _flows(payloads, (verdict == FOUND) | (verdict == NOT_ASTERIX)):
        some = rows[:: max(1, rows.size // JUDGED)][:JUDGED]
        good = np.zeros(BEFORE_MAX + 1, np.int64)
        behind = BEHIND_MAX if some.size > 1 else 0
        starts, sizes = payloads[some, AT].copy(), payloads[some, SIZE].copy()
        blocks_before(octets, starts, sizes, BEFORE_MAX, behind, known_categories(), good)
        best = int(np.argmax(good))
        if best == 0 or 2 * good[0] >= some.size or good[best] < CLEAR * some.size:
            continue
        longer = rows[payloads[rows, SIZE] > best]
        payloads[longer, AT] += best
        payloads[longer, SIZE] -= best
        payloads[longer, VERDICT] = FOUND
        notes.append(f"{best} octets before the blocks of {longer.size:,} datagrams passed over")


def _heard(
    octets: NDArray[np.uint8], buffer: _Buffer, payloads: Ints, index: Ints, time_ns: Ints
) -> tuple[list[Stream], NDArray[np.bool_]]:
    """Datagrams that hold Mode S: each flow a stream of its own; and which payloads those are."""
    heard = np.zeros(payloads.shape[0], np.bool_)
    streams: list[Stream] = []
    for rows in _flows(payloads, payloads[:, VERDICT] == NOT_ASTERIX):
        starts, sizes = payloads[rows, AT], payloads[rows, SIZE]
        few = int(np.searchsorted(np.cumsum(sizes), flows.SAMPLE)) + 1
        form = recognise(copied(octets, starts[:few], sizes[:few]))
        if form == NONE:
            continue
        ends = np.cumsum(sizes)
        _, origin = buffer.whole()
        offsets = starts if origin is None else origin.of(starts)
        own = Origin(ends - sizes, offsets)
        streams.append(Stream(form, copied(octets, starts, sizes), own, ends, time_ns[index[rows]]))
        heard[rows] = True
    return streams, heard


def _without_blocks(place: int, length: int, starts: Ints, ends: Ints) -> list[Lost]:
    """A stretch of a stream that holds no block, where it stands in the segments (that end at `ends`)."""
    first, last = np.searchsorted(ends, [place, place + length - 1], side="right").tolist()
    edges = [place, *ends[first:last].tolist(), place + length]
    behind = starts - np.concatenate(([0], ends[:-1]))
    return [
        Lost(a + int(behind[segment]), b - a, flows.NO_BLOCKS)
        for segment, (a, b) in enumerate(itertools.pairwise(edges), start=first)
    ]


def _blocks(buffer: _Buffer, flow: flows.Connection) -> tuple[tuple[Ints, Ints, Ints], list[Lost]]:
    """Blocks of a connection: where they begin in the buffer, their octets, the packet that ended each."""
    nothing = np.empty(0, np.int64)
    starts, sizes, packets = [nothing], [nothing], [nothing]
    lost: list[Lost] = []
    known = known_categories()
    edges = np.searchsorted(flow.run, np.arange(int(flow.run[-1]) + 2))
    for run in range(edges.size - 1):
        mine = slice(edges[run], edges[run + 1])
        piece = copied(buffer.view, flow.start[mine], flow.length[mine])
        # Octets are there when all before them are.
        ends, packet = np.cumsum(flow.length[mine]), np.maximum.accumulate(flow.packet[mine])
        first = int(first_block(piece, known))
        if first == piece.size:
            lost += _without_blocks(0, piece.size, flow.start[mine], ends)
            continue
        begins = buffer.add(flow.start[mine], flow.length[mine])
        table = np.empty((4, piece.size // 3 + 1), np.int64)
        broken = np.empty((min(_GAPS_MAX, piece.size + 1), 4), np.int64)
        at, size = np.array([first]), np.array([piece.size - first])
        found, bad = find_blocks(piece, at, size, known, True, table, broken)
        gone = [(0, first, 0, 0)] * (first > 0) + broken[:bad].tolist()
        for place, length, *_ in gone:
            lost += _without_blocks(place, length, flow.start[mine], ends)
        starts.append(table[0, :found] + begins[0])
        sizes.append(table[1, :found].copy())
        packets.append(packet[np.searchsorted(ends, table[0, :found] + table[1, :found])])
    return (np.concatenate(starts), np.concatenate(sizes), np.concatenate(packets)), lost
