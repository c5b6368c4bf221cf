"""Octets as they reached a node: the only thing that enters a node's reasoning from outside."""

import msgspec


class Datagram(msgspec.Struct, frozen=True):
    """One UDP payload, or one piece of a recording that arrived at one time.

    feed     name of the feed or recording
    time_ns  ns since 1970-01-01 UTC, when it was received
    octets   what was received, untouched
    offset   byte offset of `octets` in the recording or since the feed began
    """

    feed: str
    time_ns: int
    octets: bytes
    offset: int = 0
