"""Datagrams to a pcap file, as a network's analyser would have recorded them.

    file = head() + packets(datagrams, endpoints)

What `head` gives comes once, then `packets` as often as there are some; how datagrams are cut into calls does
not show. `framing.find` reads it back.
"""

import ipaddress
import struct
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError
from asman.kernels.capture_write import HEADS, RECORD, write_packets
from asman.model.datagram import Datagram
from asman.units import SECOND_NS

#: Longer payloads do not fit one UDP datagram.
PAYLOAD_OCTETS_MAX: Final = 65_507
_ETHERNET: Final = 1
_SNAP_OCTETS: Final = 262_144


class Endpoint(NamedTuple):
    """From where to where a feed's datagrams go: IPv4 addresses and UDP ports."""

    source: str
    source_port: int
    destination: str
    destination_port: int


def head() -> bytes:
    """The head of a pcap file of Ethernet packets, with times in nanoseconds."""
    return struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, _SNAP_OCTETS, _ETHERNET)


def packets(datagrams: Sequence[Datagram], endpoints: Mapping[str, Endpoint]) -> bytes:
    """Records of a pcap file, one a datagram.

    endpoints  feed -> from where to where

    Raises InputError for a feed without an endpoint, an address that is none, a payload that does not fit a
    UDP datagram, a time that a pcap file cannot say (before 1970, after 2106).
    """
    places = {feed: place for place, feed in enumerate(endpoints)}
    for datagram in datagrams:
        _check(datagram, places)
    octets = np.frombuffer(b"".join(datagram.octets for datagram in datagrams), np.uint8)
    starts = np.zeros(len(datagrams) + 1, np.int64)
    np.cumsum([len(datagram.octets) for datagram in datagrams], out=starts[1:])
    out = np.empty(len(datagrams) * (RECORD + HEADS) + octets.size, np.uint8)
    write_packets(
        octets,
        starts,
        np.array([datagram.time_ns for datagram in datagrams], np.int64),
        np.array([places[datagram.feed] for datagram in datagrams], np.int64),
        _heads(endpoints),
        out,
    )
    return out.tobytes()


def _check(datagram: Datagram, places: Mapping[str, int]) -> None:
    if datagram.feed not in places:
        raise InputError(f"feed '{datagram.feed}'", "has no addresses", "Give its endpoint.")
    if len(datagram.octets) > PAYLOAD_OCTETS_MAX:
        raise InputError(
            f"feed '{datagram.feed}'",
            f"a datagram of {len(datagram.octets):,} octets, where {PAYLOAD_OCTETS_MAX:,} fit",
            "Send smaller blocks.",
        )
    if not 0 <= datagram.time_ns < SECOND_NS << 32:
        raise InputError(
            f"feed '{datagram.feed}'", "a time before 1970 or after 2106", "A pcap file cannot say it."
        )


def _heads(endpoints: Mapping[str, Endpoint]) -> NDArray[np.uint8]:
    """Ethernet, IPv4 and UDP heads of each endpoint, (E, 42), lengths and checksums 0."""
    rows = b"".join(_head(endpoint, f"endpoint of {feed}") for feed, endpoint in endpoints.items())
    return np.frombuffer(rows, np.uint8).reshape(-1, HEADS)


def _head(endpoint: Endpoint, item: str) -> bytes:
    try:
        source = ipaddress.IPv4Address(endpoint.source)
        destination = ipaddress.IPv4Address(endpoint.destination)
    except ipaddress.AddressValueError as error:
        raise InputError(item, f"not an IPv4 address: {error}", "Write it as 198.18.0.1.") from error
    for port in (endpoint.source_port, endpoint.destination_port):
        if not 0 < port < 1 << 16:
            raise InputError(item, f"{port} is no UDP port", "Ports are 1 to 65535.")
    ethernet = _station(destination) + _station(source) + b"\x08\x00"
    # Version 4, 20 octets, "do not fragment", 32 routers at most, UDP.
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 0, 0, 0x4000, 32, 17, 0) + source.packed + destination.packed
    return ethernet + ip + struct.pack(">HHHH", endpoint.source_port, endpoint.destination_port, 0, 0)


def _station(address: ipaddress.IPv4Address) -> bytes:
    """An Ethernet address: a group's by RFC 1112, else a locally administered one made of the IP address."""
    if address.is_multicast:
        return b"\x01\x00\x5e" + bytes((address.packed[1] & 0x7F,)) + address.packed[2:]
    return b"\x02\x00" + address.packed
