"""Streams in a capture: the connections of TCP, each direction alone, with their octets in order.

Segments may come late, twice, or overlap; what was not captured leaves a gap, behind which a new run begins.
A connection that is opened anew is another one.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.capture import AT, FLAGS, FLOW, PLACE, RST, SIZE, SYN
from asman.kernels.capture_join import join_segments
from asman.wire.origin import Ints, Origin

#: Octets by which is told what a stream holds.
SAMPLE: Final = 65_536
NO_BLOCKS: Final = "octets of a TCP stream that hold no data block"


class Stream(NamedTuple):
    """Mode S that came in packets.

    form     as `recognise` tells it
    octets   of all packets in a row;  origin  where they stand in the capture
    ends     where each packet's end;  time_ns  when they were captured
    """

    form: str
    octets: NDArray[np.uint8]
    origin: Origin
    ends: Ints
    time_ns: Ints


class Connection(NamedTuple):
    """One direction of a connection: pieces in order of the stream.

    start, length (S,)  in the capture;  packet (S,)  that each came with;  run (S,)  counts gaps before it
    missing (G,)        octets of each gap
    """

    start: Ints
    length: Ints
    packet: Ints
    run: Ints
    missing: Ints


def connections(segments: Ints, packet: Ints) -> list[Connection]:
    """All connections that carry octets.

    segments (S, 7)  rows of `find_payloads` in order of capture;  packet (S,)  the packet of each
    """
    _, flow = np.unique(segments[:, FLOW], return_inverse=True)
    order = np.argsort(flow, kind="stable")
    flow, rows = flow[order], order
    begins = (segments[rows, FLAGS] & SYN != 0) | np.r_[True, np.diff(flow) > 0]
    number = np.cumsum(begins) - 1
    sequence = segments[rows, PLACE]
    # Sequence numbers run over after 2^32: steps between segments are small, either way.
    step = np.diff(sequence, prepend=sequence[:1])
    step = (step + (1 << 31)) % (1 << 32) - (1 << 31)
    step[begins] = 0
    total = np.cumsum(step)
    place = total - total[np.flatnonzero(begins)][number]
    keep = (segments[rows, SIZE] > 0) & (segments[rows, FLAGS] & (SYN | RST) == 0)
    rows, number, place = rows[keep], number[keep], place[keep]
    if not rows.size:
        return []
    sorted_by = np.lexsort((place, number))
    skip, run = np.empty(rows.size, np.int64), np.empty(rows.size, np.int64)
    size = np.ascontiguousarray(segments[rows, SIZE])
    join_segments(sorted_by, number, np.ascontiguousarray(place), size, skip, run)
    found: list[Connection] = []
    chosen = sorted_by[skip[sorted_by] >= 0]
    for part in np.split(chosen, np.flatnonzero(np.diff(number[chosen])) + 1):
        own = rows[part]
        start = segments[own, AT] + skip[part]
        length = segments[own, SIZE] - skip[part]
        begin = place[part] + skip[part]
        missing = begin[1:] - (begin + length)[:-1]
        runs = run[part] - run[part[0]]
        found.append(Connection(start, length, packet[own], runs, missing[missing > 0]))
    return found
