"""A recording in which everything lies in one piece, as a replay needs it: it hands out the octets again.

Of a capture whose datagrams were fragments, segments of a stream, or had octets before their blocks, a
capture is made with one datagram each; of one that carries Mode S, the stream.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from asman.model.datagram import Datagram
from asman.model.decoded import Decoded
from asman.model.frames import NO_TIME
from asman.wire import capture, sapient
from asman.wire.framing import Framed, find, form_of
from asman.wire.modes.recognise import NONE
from asman.wire.origin import Origin
from asman.wire.reading import Reading, hear, read_as

#: Addresses for documentation (RFC 5737), and the group that UDP of sensors goes to by custom.
_ENDPOINT: Final = {"": capture.Endpoint("192.0.2.1", 8600, "239.1.1.1", 8600)}


def plain(octets: bytes, editions: Mapping[str, str]) -> tuple[bytes, Decoded]:
    """The recording, or one that carries the same in one piece, and what is in it."""
    how = Reading(editions)
    if form_of(octets) != NONE or sapient.recognise(octets):
        return octets, read_as(octets, how)
    framed = find(octets)
    if framed.streams and not framed.frames.start.size:
        largest = max(framed.streams, key=lambda one: one.octets.size)
        zero = np.zeros(1, np.int64)
        tables, rejected = hear(largest._replace(origin=Origin(zero, zero)), how)
        return largest.octets.tobytes(), Decoded(tables, rejected, {}, largest.form, int(largest.octets.size))
    made = octets if framed.origin is None and not framed.notes else as_capture(framed)
    return made, read_as(made, how)


def as_capture(framed: Framed) -> bytes:
    """One UDP datagram for each frame whose time is known and that fits one."""
    start, length, time_ns = framed.frames
    datagrams = [
        Datagram("", time, framed.octets[at : at + size].tobytes())
        for at, size, time in zip(start.tolist(), length.tolist(), time_ns.tolist(), strict=True)
        if time != NO_TIME and size <= capture.PAYLOAD_OCTETS_MAX
    ]
    return capture.head() + capture.packets(datagrams, _ENDPOINT)
