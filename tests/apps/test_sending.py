"""Datagrams over real sockets: where they go, when they leave, what is counted when something is wrong."""

import math
import socket
import struct
import threading
import time

import pytest

from asman.apps.sending import CATCH_UP_S, Destination, Flight, Pacer, Sender, destination, destinations
from asman.errors import ConfigError
from asman.model.datagram import Datagram

SECOND = 10**9
IDS = ["KG-OSH", "KG-MANAS", "RU-KANT"]


def receiver(family=socket.AF_INET, host="127.0.0.1") -> socket.socket:
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    opened.bind((host, 0))
    opened.settimeout(5.0)
    return opened


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as opened:
            opened.bind(("::1", 0))
    except OSError:
        return False
    return True


def every_50_ms(begin_ns: int, end_ns: int):
    """A datagram at each whole 50 ms, which says its own time."""
    step = SECOND // 20
    first = -(-begin_ns // step) * step
    return [Datagram("RU-KANT", t, struct.pack(">q", t)) for t in range(first, end_ns, step)]


class TestDestinations:
    def test_one_for_all_and_another_for_some(self):
        found = destinations(["KG-OSH=udp://10.0.0.5:8601", "udp://127.0.0.1:8600"], IDS)
        assert found == {
            "KG-OSH": Destination("10.0.0.5", 8601),
            "KG-MANAS": Destination("127.0.0.1", 8600),
            "RU-KANT": Destination("127.0.0.1", 8600),
        }

    def test_some_alone_leave_the_others_out(self):
        assert list(destinations(["KG-OSH=udp://10.0.0.5:8601"], IDS)) == ["KG-OSH"]

    def test_ipv6_and_multicast(self):
        assert destination("udp://[2001:db8::7]:8600", "--to") == Destination("2001:db8::7", 8600)
        found = destination("udp://239.1.1.1:8600?ttl=4&interface=10.0.0.5", "--to")
        assert found == Destination("239.1.1.1", 8600, 4, "10.0.0.5")

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (["tcp://127.0.0.1:8600"], "udp://"),
            (["udp://127.0.0.1"], "port"),
            (["udp://127.0.0.1:0"], "port"),
            (["udp://127.0.0.1:99999"], "port"),
            (["udp://:8600"], "address"),
            (["udp://127.0.0.1:8600?tll=4"], "ttl"),
            (["udp://239.1.1.1:8600?ttl=999"], "0 to 255"),
            (["KG-OHS=udp://127.0.0.1:8600"], "KG-OSH"),
            (["KG-OSH"], "KG-OSH"),
            (["udp://127.0.0.1:1", "udp://127.0.0.1:2"], "twice"),
            (["KG-OSH=udp://127.0.0.1:1", "KG-OSH=udp://127.0.0.1:2"], "twice"),
        ],
    )
    def test_what_is_wrong_is_named(self, given, words):
        with pytest.raises(ConfigError, match=words):
            destinations(given, IDS)


class TestSender:
    def test_each_feed_reaches_its_receiver(self):
        with receiver() as one, receiver() as two:
            to = {
                "a": Destination("127.0.0.1", one.getsockname()[1]),
                "b": Destination("127.0.0.1", two.getsockname()[1]),
            }
            with Sender(to) as sender:
                for feed, octets in (("a", b"first"), ("b", b"second"), ("c", b"nobody's")):
                    sender.send(Datagram(feed, 0, octets))
                assert (sender.datagrams, sender.octets, sender.unaddressed) == (2, 11, 1)
            assert one.recv(100) == b"first"
            assert two.recv(100) == b"second"

    @pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
    def test_ipv6(self):
        with receiver(socket.AF_INET6, "::1") as one:
            url = f"udp://[::1]:{one.getsockname()[1]}"
            with Sender(destinations([url], ["a"])) as sender:
                sender.send(Datagram("a", 0, b"six"))
            assert one.recv(100) == b"six"

    def test_multicast_from_the_named_interface(self):
        with receiver(host="0.0.0.0") as one:
            group = socket.inet_aton("239.255.77.77") + socket.inet_aton("127.0.0.1")
            one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            port = one.getsockname()[1]
            with Sender({"a": Destination("239.255.77.77", port, 1, "127.0.0.1")}) as sender:
                sender.send(Datagram("a", 0, b"many"))
            assert one.recv(100) == b"many"

    def test_what_the_system_refuses_is_counted_not_raised(self):
        with Sender({"a": Destination("127.0.0.1", 9)}) as sender:
            sender.send(Datagram("a", 0, bytes(70_000)))
            assert sum(sender.failed.values()) == 1
            assert sender.datagrams == 0

    @pytest.mark.parametrize(
        "where",
        [Destination("no-such-host.invalid", 8600), Destination("239.1.1.1", 8600, 1, "not-an-address")],
    )
    def test_an_address_that_cannot_be_is_the_operators_mistake(self, where):
        with pytest.raises(ConfigError, match="a"):
            Sender({"a": where})


class TestPacer:
    def test_time_runs_at_its_speed_stands_when_paused_and_follows_a_new_speed(self):
        clock = [0]
        pacer = Pacer(1_000, 2.0, lambda: clock[0])
        clock[0] = 500
        assert pacer.now_ns == 2_000
        pacer.pause()
        clock[0] = 900
        assert pacer.now_ns == 2_000
        pacer.resume()
        clock[0] = 1_000
        assert pacer.now_ns == 2_200
        pacer.speed = 10.0
        clock[0] = 1_010
        assert pacer.now_ns == 2_300

    def test_without_a_pace_every_time_is_there_at_once_and_a_pace_begins_where_that_stands(self):
        clock = [0]
        pacer = Pacer(0, math.inf, lambda: clock[0])
        assert pacer.wait_until(7 * SECOND)
        pacer.speed = 1.0
        clock[0] = 10
        assert pacer.now_ns == 7 * SECOND + 10

    def test_whoever_waits_hears_of_the_end(self):
        pacer = Pacer(0)
        pacer.pause()
        threading.Timer(0.05, pacer.end).start()
        assert not pacer.wait_until(SECOND)

    @pytest.mark.parametrize("speed", [0.0, -1.0, math.nan])
    def test_a_speed_is_above_zero(self, speed):
        with pytest.raises(ConfigError, match="above 0"):
            Pacer(0, speed)


class TestFlight:
    def fly(self, speed, end_s=2, emit=every_50_ms, **more):
        """What was received, in order, and the flight."""
        with receiver() as one:
            with Sender(destinations([f"udp://127.0.0.1:{one.getsockname()[1]}"], IDS)) as sender:
                flight = Flight(emit, sender, Pacer(0, speed))
                flight.run(end_s * SECOND, **more)
            one.settimeout(0.2)
            got = []
            while len(got) < sender.datagrams:
                got.append(struct.unpack(">q", one.recv(100))[0])
        return got, flight, sender

    @pytest.mark.parametrize("speed", [20.0, math.inf])
    def test_every_datagram_once_and_in_order_at_any_speed(self, speed):
        got, flight, sender = self.fly(speed)
        assert got == list(range(0, 2 * SECOND, SECOND // 20))
        assert flight.done_ns == 2 * SECOND
        assert (flight.skips, sender.failed) == (0, {})

    def test_nothing_leaves_before_it_is_due(self):
        left = []

        class Watched(Sender):
            def send(self, datagram):
                left.append((datagram.time_ns, time.monotonic_ns()))

        began = time.monotonic_ns()
        Flight(every_50_ms, Watched({}), Pacer(0, 4.0)).run(SECOND)
        assert len(left) == 20
        assert all((wall - began) * 4 >= due - 1_000_000 for due, wall in left)

    def test_what_takes_longer_than_it_lasts_is_left_out_and_counted(self):
        clock = [0]

        def slow(begin_ns, end_ns):
            clock[0] += 5 * SECOND
            return every_50_ms(begin_ns, end_ns)

        with Sender({}) as sender:
            flight = Flight(slow, sender, Pacer(0, 1.0, lambda: clock[0]))
            flight.run(20 * SECOND)
        assert flight.skips > 0
        assert flight.skipped_s == pytest.approx(20.0, abs=CATCH_UP_S + 5.0)
        assert flight.late_s_max > 1.0
        assert sender.unaddressed < 20 * 20

    def test_it_ends_when_told_and_looks_around_between_bursts(self):
        pacer, rounds = Pacer(0, 10.0), []

        def between():
            rounds.append(1)
            if len(rounds) == 3:
                pacer.end()

        with Sender({}) as sender:
            Flight(every_50_ms, sender, pacer).run(None, between)
        assert len(rounds) == 3

    def test_a_pause_holds_the_datagrams_back_and_loses_none(self):
        pacer = Pacer(0, 20.0)
        with receiver() as one:
            to = destinations([f"udp://127.0.0.1:{one.getsockname()[1]}"], IDS)
            with Sender(to) as sender:
                flight = Flight(every_50_ms, sender, pacer)
                running = threading.Thread(target=flight.run, args=(2 * SECOND,))
                running.start()
                time.sleep(0.02)
                pacer.pause()
                time.sleep(0.05)
                held = sender.datagrams
                time.sleep(0.1)
                assert sender.datagrams == held < 40
                pacer.resume()
                running.join(10.0)
                assert sender.datagrams == 40
        assert flight.skips == 0
