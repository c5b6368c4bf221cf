"""Feeds: UDP unicast and multicast here, TCP in `streams`; bounded, and all that is dropped is counted.

An address is written as a URL:

    udp://0.0.0.0:8600                    unicast, on every interface
    udp://127.0.0.1:8600                  unicast, on one interface
    udp://239.1.1.1:8600                  multicast, on the interface that the routes choose
    udp://239.1.1.1:8600?interface=10.0.0.5   multicast, on the interface of that address
    udp://[ff15::8600]:8600?interface=eth1    IPv6 multicast, by the interface's name
    udp://10.0.0.9@239.1.1.1:8600         source-specific multicast: only what that sender sends is asked for
                                          (IGMPv3, RFC 4607; IPv4), and what others send is dropped
    ...&source=10.0.0.9                   the same; of unicast, filtered after receipt
    tcp://receiver.example:30005          a stream that we connect to, again and again (see `streams`)
"""

import asyncio
import ipaddress
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from asman.errors import ConfigError, nearest
from asman.model.datagram import Datagram

#: What the kernel is asked to hold for us while we are busy; it may grant less, see `granted_octets`.
RECEIVE_BUFFER_OCTETS: Final = 8 * 1024 * 1024
#: What one wake-up reads at most from one socket, so that no feed starves the others.
READS_A_TURN: Final = 512
LARGEST_DATAGRAM_OCTETS: Final = 65_535
_OPTIONS: Final = ("interface", "source")
#: Linux: the kernel's count of datagrams it dropped on this socket arrives with each datagram.
_SO_RXQ_OVFL: Final = 40
#: Python names it from 3.12 on; the number is Linux's.
_IP_ADD_SOURCE_MEMBERSHIP: Final = getattr(socket, "IP_ADD_SOURCE_MEMBERSHIP", 39)


class Address(msgspec.Struct, frozen=True):
    """Where a feed listens.

    host       address to bind to, or multicast group to join
    port       UDP port; 0 = any free one
    interface  address (IPv4) or name (IPv6) of the interface for multicast; empty = as the routes choose
    source     only datagrams from this address; empty = from anybody
    scheme     "udp", or "tcp": then we connect to host and port
    """

    host: str
    port: int
    interface: str = ""
    source: str = ""
    scheme: str = "udp"

    @property
    def multicast(self) -> bool:
        """Whether `host` is a multicast group."""
        return self.scheme == "udp" and ipaddress.ip_address(self.host).is_multicast


def address(url: str, item: str) -> Address:
    """Read a feed's URL. Raises ConfigError that names `item`."""
    parts = urlsplit(url)
    if parts.scheme == "tcp":
        return _stream(url, item)
    if parts.scheme != "udp":
        raise ConfigError(item, f"needs udp://address:port or tcp://host:port, not '{url}'")
    try:
        host, port = parts.hostname or "", parts.port
        ipaddress.ip_address(host)
        if parts.username is not None:
            ipaddress.ip_address(parts.username)
    except ValueError as error:
        raise ConfigError(item, f"'{url}' names no numeric address and port: {error}") from error
    if port is None:
        raise ConfigError(item, f"'{url}' has no port", "Write udp://239.1.1.1:8600")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options:
        if name not in _OPTIONS:
            raise ConfigError(item, f"'{url}' has the unknown option '{name}'", nearest(name, _OPTIONS))
    if parts.username is not None:
        if "source" in options:
            raise ConfigError(item, f"'{url}' names the source twice", "Write udp://source@group:port")
        options["source"] = parts.username
    return Address(host=host, port=port, **options)


def _stream(url: str, item: str) -> Address:
    """A stream's URL: a host by name or number, and a port, nothing else."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(item, f"'{url}' names no port: {error}") from error
    if not host or not port or parts.query or parts.path not in ("", "/") or parts.username:
        raise ConfigError(item, f"'{url}' is not tcp://host:port", "Write tcp://127.0.0.1:30005")
    return Address(host=host, port=port, scheme="tcp")


class Feed:
    """One open socket, read by the running event loop.

    Every datagram goes to `take` with the time at which we read it. `datagrams`, `octets` and `dropped` (by
    the kernel, because we were slow, or by `source`) only grow.
    """

    def __init__(self, name: str, where: Address, take: Callable[[Datagram], None]) -> None:
        self.name = name
        self.where = where
        self.datagrams = 0
        self.octets = 0
        self.dropped = 0
        self.last_ns: int | None = None
        self._take = take
        self._kernel_drops = 0
        self._socket = open_socket(where, f"feed '{name}'")
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    @property
    def port(self) -> int:
        """The UDP port that is open."""
        return int(self._socket.getsockname()[1])

    @property
    def granted_octets(self) -> int:
        """What the kernel granted as receive buffer."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def close(self) -> None:
        """Stop listening."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def _read(self) -> None:
        for _ in range(READS_A_TURN):
            try:
                octets, ancillary, _, sender = self._socket.recvmsg(LARGEST_DATAGRAM_OCTETS, 64)
            except (BlockingIOError, InterruptedError):
                return
            self._count_drops(ancillary)
            if self.where.source and sender[0] != self.where.source:
                self.dropped += 1
                continue
            now_ns = time.time_ns()
            self._take(Datagram(feed=self.name, time_ns=now_ns, octets=octets, offset=self.octets))
            self.datagrams += 1
            self.octets += len(octets)
            self.last_ns = now_ns

    def _count_drops(self, ancillary: list[tuple[int, int, bytes]]) -> None:
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(data) >= 4:
                total = struct.unpack_from("=I", data)[0]
                self.dropped += (total - self._kernel_drops) & 0xFFFFFFFF
                self._kernel_drops = total


def open_socket(where: Address, item: str) -> socket.socket:
    """Open, bind and join. Raises ConfigError that names `item`."""
    version = ipaddress.ip_address(where.host).version
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
        if sys.platform.startswith("linux"):
            opened.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        if where.multicast:
            # Several nodes of one machine may listen to the same group.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((where.host, where.port))
        if where.multicast:
            _join(opened, where, family)
    except (OSError, ValueError) as error:
        opened.close()
        raise ConfigError(
            item, f"cannot listen on {where.host} port {where.port}: {error}", _mend(where)
        ) from error
    return opened


def _join(opened: socket.socket, where: Address, family: int) -> None:
    group = socket.inet_pton(family, where.host)
    if family == socket.AF_INET:
        interface = socket.inet_aton(where.interface or "0.0.0.0")
        if where.source:
            # struct ip_mreq_source: group, interface, source on Linux (netinet/in.h, ip(7)).
            wanted = group + interface + socket.inet_aton(where.source)
            opened.setsockopt(socket.IPPROTO_IP, _IP_ADD_SOURCE_MEMBERSHIP, wanted)
        else:
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + interface)
    else:
        index = socket.if_nametoindex(where.interface) if where.interface else 0
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("@I", index))


def _mend(where: Address) -> str:
    if where.multicast:
        return (
            "Name the interface: ?interface=<its address>; `asman doctor` shows whether multicast is routed"
        )
    return "Is another program listening there? Choose another port, or end it"
