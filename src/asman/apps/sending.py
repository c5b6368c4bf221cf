"""Datagrams leave as they fall due: where each sensor's go, how fast exercise time runs, what went wrong.

    to = destinations(["udp://127.0.0.1:8600", "KG-OSH=udp://[::1]:8601"], ids)
    pacer = Pacer(begin_ns, speed=1.0)
    with Sender(to) as sender:
        flight = Flight(emit, sender, pacer)      # emit(a, b): the datagrams of [a, b), by time
        flight.run(end_ns)

A destination is written as a URL:

    udp://127.0.0.1:8600                      one receiver; a name in place of the address is looked up once
    udp://[2001:db8::7]:8600                  IPv6
    udp://239.1.1.1:8600?ttl=4                multicast, past four routers at most (1: this network only)
    udp://239.1.1.1:8600?interface=10.0.0.5   multicast, from the interface of that address
    udp://[ff15::8600]:8600?interface=eth1    IPv6 multicast, by the interface's name

A thread may change the pace (`Pacer`) and read the counters while another runs the flight.
"""

import ipaddress
import math
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit

import msgspec

from asman.errors import ConfigError, nearest
from asman.model.datagram import Datagram
from asman.units import SECOND_NS

#: Wall clock that one call of `emit` covers; more where a call costs more than half of what it covers,
#: because a large sky costs much for any span, and little more for a longer one.
BURST_S: Final = 0.1
BURST_MAX_S: Final = 1.0
#: Exercise time that one call covers when there is no pace to keep.
UNPACED_S: Final = 1.0
#: Wall clock by which a flight may be behind before it leaves out what it missed: the world does not wait.
CATCH_UP_S: Final = 2.0
#: What the system is asked to hold of ours while its network is busy.
SEND_BUFFER_OCTETS: Final = 4 * 1024 * 1024
_OPTIONS: Final = ("ttl", "interface")

Emit = Callable[[int, int], Iterable[Datagram]]


class Destination(msgspec.Struct, frozen=True):
    """Where datagrams go.

    host       address or name
    port       UDP port
    ttl        1  routers that multicast may pass, and one
    interface  address (IPv4) or name (IPv6) of the interface for multicast; empty = as the routes choose
    """

    host: str
    port: int
    ttl: int = 1
    interface: str = ""


def destination(url: str, item: str) -> Destination:
    """Read a destination's URL. Raises ConfigError that names `item`."""
    parts = urlsplit(url)
    if parts.scheme != "udp":
        raise ConfigError(item, f"needs udp://address:port, not '{url}'")
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(item, f"'{url}' names no port: {error}", "Ports are 1 to 65535.") from error
    if not host or not port:
        raise ConfigError(item, f"'{url}' names no address and port", "Write udp://127.0.0.1:8600")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options:
        if name not in _OPTIONS:
            raise ConfigError(item, f"'{url}' has the unknown option '{name}'", nearest(name, _OPTIONS))
    ttl = options.get("ttl", "1")
    if not ttl.isdecimal() or not 0 <= int(ttl) <= 255:
        raise ConfigError(item, f"'{url}' has the ttl '{ttl}'", "It must be 0 to 255.")
    return Destination(host, port, int(ttl), options.get("interface", ""))


def destinations(given: Sequence[str], ids: Sequence[str], item: str = "--to") -> dict[str, Destination]:
    """Where each sensor's datagrams go: `URL` is for all, `ID=URL` for one, whatever the order.

    ids  known sensors; those for which nothing is given are not in the result

    Raises ConfigError for an unknown sensor, a sensor given twice, a URL that cannot be read.
    """
    everybody: Destination | None = None
    single: dict[str, Destination] = {}
    for one in given:
        name, there, url = ("", True, one) if one.startswith("udp:") else one.partition("=")
        if not there:
            raise ConfigError(item, f"needs udp://address:port or SENSOR=udp://address:port, not '{one}'")
        if name and name not in ids:
            raise ConfigError(item, f"no sensor '{name}'", nearest(name, ids))
        if name in single or (not name and everybody):
            raise ConfigError(item, f"{name or 'all sensors'} twice", "One destination each.")
        if name:
            single[name] = destination(url, item)
        else:
            everybody = destination(url, item)
    common = dict.fromkeys(ids, everybody) if everybody else {}
    return {**common, **single}


class Sender:
    """Open sockets and what went through them.

    datagrams, octets   sent
    failed              reason -> how many datagrams the system did not take
    unaddressed         datagrams of feeds that have no destination
    """

    def __init__(self, to: Mapping[str, Destination]) -> None:
        """Open what is needed. Raises ConfigError for a name or interface that is not known."""
        self.datagrams = 0
        self.octets = 0
        self.failed: Counter[str] = Counter()
        self.unaddressed = 0
        self._sockets: dict[tuple[int, int, str], socket.socket] = {}
        self._to: dict[str, tuple[socket.socket, Any]] = {}
        try:
            for feed, where in to.items():
                self._to[feed] = self._open(where, f"destination of {feed}")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets."""
        for opened in self._sockets.values():
            opened.close()

    def send(self, datagram: Datagram) -> None:
        """Send one datagram to where its feed's go; what the system does not take is counted."""
        to = self._to.get(datagram.feed)
        if to is None:
            self.unaddressed += 1
            return
        try:
            to[0].sendto(datagram.octets, to[1])
        except OSError as error:
            # A receiver that is away, a network that is down: both may come back, and the world goes on.
            self.failed[error.strerror or str(error)] += 1
            return
        self.datagrams += 1
        self.octets += len(datagram.octets)

    def _open(self, where: Destination, item: str) -> tuple[socket.socket, Any]:
        """A socket of the right family and options, shared with other destinations, and the address."""
        try:
            family, _, _, _, address = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_DGRAM)[0]
            key = (int(family), where.ttl, where.interface)
            if key not in self._sockets:
                self._sockets[key] = socket.socket(family, socket.SOCK_DGRAM)
                self._sockets[key].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_OCTETS)
                if ipaddress.ip_address(str(address[0]).partition("%")[0]).is_multicast:
                    _multicast(self._sockets[key], where, family)
        except (OSError, ValueError) as error:
            raise ConfigError(
                item,
                f"cannot send to {where.host} port {where.port}: {error}",
                "Check the address, and the interface where one is named.",
            ) from error
        return self._sockets[key], address


def _multicast(opened: socket.socket, where: Destination, family: int) -> None:
    if family == socket.AF_INET:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, where.ttl)
        if where.interface:
            interface = socket.inet_aton(where.interface)
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
        return
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, where.ttl)
    if where.interface:
        index = struct.pack("@I", socket.if_nametoindex(where.interface))
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)


class Pacer:
    """Exercise time against the wall clock: at a speed, paused, or ended. Safe to use from several threads.

    begin_ns  ns UTC  exercise time at which it was made
    speed     1       seconds of exercise time a second; infinite: as fast as datagrams can be made
    """

    def __init__(
        self, begin_ns: int, speed: float = 1.0, clock_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """Begin to run at once. Raises ConfigError for a speed that is not above 0."""
        self._changed = threading.Condition()
        self._clock_ns = clock_ns
        self._speed = _speed(speed)
        self._paused = False
        self._ended = False
        self.begin_ns = begin_ns
        self._there_ns = begin_ns
        self._since_ns = clock_ns()

    @property
    def now_ns(self) -> int:
        """Exercise time, ns UTC."""
        with self._changed:
            return self._position_ns()

    @property
    def speed(self) -> float:
        """Seconds of exercise time a second, also while paused."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        with self._changed:
            self._settle(self._position_ns())
            self._speed = _speed(speed)
            self._changed.notify_all()

    @property
    def paused(self) -> bool:
        """Whether exercise time stands still until `resume`."""
        return self._paused

    @property
    def ended(self) -> bool:
        """Whether somebody called `end`."""
        return self._ended

    def pause(self) -> None:
        """Let exercise time stand still."""
        self._turn(paused=True)

    def resume(self) -> None:
        """Let it run on from where it stands."""
        self._turn(paused=False)

    def end(self) -> None:
        """Let whoever waits go home, for good."""
        with self._changed:
            self._settle(self._position_ns())
            self._ended = True
            self._changed.notify_all()

    def wait_until(self, time_ns: int) -> bool:
        """Wait for an exercise time; False when it will not come, because somebody called `end`."""
        with self._changed:
            while not self._ended:
                if self._paused:
                    self._changed.wait()
                    continue
                if math.isinf(self._speed):
                    self._settle(max(time_ns, self._there_ns))
                    return True
                left_s = (time_ns - self._position_ns()) / self._speed / SECOND_NS
                if left_s <= 0.0:
                    return True
                self._changed.wait(min(left_s, threading.TIMEOUT_MAX))
            return False

    def _turn(self, *, paused: bool) -> None:
        with self._changed:
            self._settle(self._position_ns())
            self._paused = paused
            self._changed.notify_all()

    def _settle(self, time_ns: int) -> None:
        self._there_ns, self._since_ns = time_ns, self._clock_ns()

    def _position_ns(self) -> int:
        if self._paused or self._ended or math.isinf(self._speed):
            return self._there_ns
        return self._there_ns + round((self._clock_ns() - self._since_ns) * self._speed)


def _speed(speed: float) -> float:
    if not speed > 0.0:
        raise ConfigError("--speed", f"needs a number above 0 or max, not '{speed:g}'")
    return speed


class Flight:
    """Datagrams sent as they fall due.

    done_ns     ns  exercise time up to which everything was sent or left out
    late_s      s   wall clock by which the latest datagram left after it was due; late_s_max the most so far
    skipped_s   s   exercise time left out, because making it took longer than it lasts; `skips` times
    """

    def __init__(self, emit: Emit, sender: Sender, pacer: Pacer) -> None:
        """`emit` gives the datagrams of [a, b), exercise time in ns UTC, by time."""
        self._emit = emit
        self._sender = sender
        self._pacer = pacer
        self.done_ns = pacer.begin_ns
        self.late_s = 0.0
        self.late_s_max = 0.0
        self.skipped_s = 0.0
        self.skips = 0
        self._burst_s = BURST_S

    def run(self, end_ns: int | None = None, between: Callable[[], None] = lambda: None) -> None:
        """Send what falls due until `end_ns`, or until the pacer's end.

        between  called before each burst, one to ten times a second: look after others, raise to stop
        """
        while not self._pacer.ended and (end_ns is None or self.done_ns < end_ns):
            between()
            self._skip()
            until_ns = self.done_ns + self._burst_ns()
            until_ns = until_ns if end_ns is None else min(until_ns, end_ns)
            began_s = time.monotonic()
            made = tuple(self._emit(self.done_ns, until_ns))
            self._adapt(time.monotonic() - began_s)
            for datagram in made:
                if not self._pacer.wait_until(datagram.time_ns):
                    return
                self._note(datagram.time_ns)
                self._sender.send(datagram)
            self.done_ns = until_ns
            # At most one burst ahead of its time; what is made early need not be made late.
            if not self._pacer.wait_until(until_ns - self._burst_ns()):
                return
        if end_ns is not None:
            self._pacer.wait_until(end_ns)

    def _burst_ns(self) -> int:
        speed = self._pacer.speed
        return max(round((UNPACED_S if math.isinf(speed) else self._burst_s * speed) * SECOND_NS), 1_000_000)

    def _adapt(self, cost_s: float) -> None:
        """Cover more at a time when making it takes most of the time, and less again when it does not."""
        if cost_s > 0.5 * self._burst_s:
            self._burst_s = min(2.0 * self._burst_s, BURST_MAX_S)
        elif cost_s < 0.1 * self._burst_s:
            self._burst_s = max(0.5 * self._burst_s, BURST_S)

    def _skip(self) -> None:
        """Leave out what is too late to be made."""
        if math.isinf(self._pacer.speed):
            return
        first_ns = self._pacer.now_ns - round(CATCH_UP_S * self._pacer.speed * SECOND_NS)
        if first_ns > self.done_ns:
            self.skipped_s += (first_ns - self.done_ns) / SECOND_NS
            self.skips += 1
            self.done_ns = first_ns

    def _note(self, due_ns: int) -> None:
        speed = self._pacer.speed
        if not math.isinf(speed):
            self.late_s = max((self._pacer.now_ns - due_ns) / speed / SECOND_NS, 0.0)
            self.late_s_max = max(self.late_s_max, self.late_s)
