"""A network of its own for each member, joined by one wire that is listened to. Needs root, on Linux.

Every member has a network namespace with an address on the wire, and loopback for its feeds and console. The
wire is a bridge in one more namespace: any member could reach any other. What passes a member's port is
captured there, as a wiretap would.
"""

import ctypes
import os
import select
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

_NEW_NET = 0x4000_0000
_ALL_PROTOCOLS = 3
_TIMESTAMP_NS = 35  # SO_TIMESTAMPNS
_IPV4, _ARP = 0x0800, 0x0806
_libc = ctypes.CDLL(None, use_errno=True)


class Packet(NamedTuple):
    """A packet on the wire.

    at_ns    ns since 1970 UTC, by the kernel
    octets   of what TCP carries; 0 for anything else
    """

    at_ns: int
    source: str
    source_port: int
    to: str
    to_port: int
    octets: int


class Network:
    """Namespaces, their addresses, and what was captured."""

    def __init__(self, members: Sequence[str]) -> None:
        self._tag = f"asman{os.getpid()}"
        self.addresses = {member: f"10.77.0.{k + 1}" for k, member in enumerate(members)}
        #: Whose port -> what passed it.
        self.captured: dict[str, list[Packet]] = {member: [] for member in members}
        self._taps: list[tuple[str, socket.socket]] = []
        self._ending = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def words(self, member: str) -> list[str]:
        """What goes before a command that is to run at a member's."""
        return ["ip", "netns", "exec", self._name(member)]

    def at(self, member: str, do: Callable[[], Any]) -> Any:
        """Call something whose sockets are to be opened at a member's."""
        return _within(self._name(member), do)

    def between(self, port: str, one: str, other: str) -> list[Packet]:
        """What passed a member's port from one member to another or back."""
        ends = {self.addresses[one], self.addresses[other]}
        return [packet for packet in self.captured[port] if {packet.source, packet.to} == ends]

    def open(self) -> None:
        """Make it."""
        hub = self._name("wire")
        _ip("netns", "add", hub)
        _ip("-n", hub, "link", "add", "wire", "type", "bridge")
        _ip("-n", hub, "link", "set", "wire", "up")
        for member, address in self.addresses.items():
            name = self._name(member)
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", hub, "link", "add", member, "type", "veth", "peer", "name", "net", "netns", name)
            _ip("-n", hub, "link", "set", member, "master", "wire", "up")
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "net")
            _ip("-n", name, "link", "set", "net", "up")
            self._taps.append((member, _within(hub, lambda member=member: _tap(member))))
        self._listener.start()

    def close(self) -> None:
        """Take it away."""
        self._ending.set()
        if self._listener.is_alive():
            self._listener.join(5)
        for _, tap in self._taps:
            tap.close()
        for name in (*self.addresses, "wire"):
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", self._name(name))

    def _name(self, member: str) -> str:
        return f"{self._tag}-{member}"

    def _listen(self) -> None:
        while not self._ending.is_set():
            ready, _, _ = select.select([tap for _, tap in self._taps], [], [], 0.2)
            for member, tap in self._taps:
                if tap in ready:
                    frame, told, _, _ = tap.recvmsg(128, 256)
                    packet = _packet(frame, told)
                    if packet is not None:
                        self.captured[member].append(packet)


@contextmanager
def network(*members: str) -> Iterator[Network]:
    """A network for the time of a test."""
    made = Network(members)
    try:
        made.open()
        yield made
    finally:
        made.close()


def is_possible() -> bool:
    """Whether namespaces can be made here."""
    if os.geteuid() != 0:
        return False
    probe = f"asman{os.getpid()}-probe"
    try:
        _ip("netns", "add", probe)
        _ip("netns", "del", probe)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


def _within(name: str, do: Callable[[], Any]) -> Any:
    """Call something in a thread that has gone into a namespace: sockets stay where they were opened."""
    answer: list[Any] = []
    failed: list[BaseException] = []

    def inside() -> None:
        handle = os.open(f"/run/netns/{name}", os.O_RDONLY)
        try:
            assert _libc.setns(handle, _NEW_NET) == 0, f"cannot enter {name}: error {ctypes.get_errno()}"
            answer.append(do())
        except BaseException as error:  # it is raised where it was called
            failed.append(error)
        finally:
            os.close(handle)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return answer[0]


def _tap(port: str) -> socket.socket:
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_000_000)
    tap.setsockopt(socket.SOL_SOCKET, _TIMESTAMP_NS, 1)
    tap.bind((port, 0))
    return tap


def _packet(frame: bytes, told: Sequence[tuple[int, int, bytes]]) -> Packet | None:
    """Read a frame's addresses; None for what is neither IPv4 nor a question for an IPv4 address."""
    at_ns = 0
    for level, kind, octets in told:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMP_NS:
            seconds, part = struct.unpack("@qq", octets[:16])
            at_ns = seconds * 10**9 + part
    kind = int.from_bytes(frame[12:14], "big")
    if kind == _ARP:
        return Packet(at_ns, socket.inet_ntoa(frame[28:32]), 0, socket.inet_ntoa(frame[38:42]), 0, 0)
    if kind != _IPV4:
        return None
    source, to = socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])
    if frame[23] != socket.IPPROTO_TCP:
        return Packet(at_ns, source, 0, to, 0, 0)
    tcp = 14 + (frame[14] & 15) * 4
    length = int.from_bytes(frame[16:18], "big") - (tcp - 14) - (frame[tcp + 12] >> 4) * 4
    source_port, to_port = struct.unpack_from("!HH", frame, tcp)
    return Packet(at_ns, source, source_port, to, to_port, length)
