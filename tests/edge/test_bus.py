"""The bus and the feeds on real sockets: everything that is lost is counted, nothing outlives its owner."""

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asman.edge import bus, messages, process
from asman.edge.feeds import Feed, address
from asman.edge.messages import pack, unpack
from asman.edge.uplink import Uplink
from asman.errors import ConfigError
from asman.model.datagram import Datagram

pytestmark = pytest.mark.system


@pytest.fixture
def server():
    one = bus.EmbeddedServer()
    yield one
    one.end()


def test_a_datagram_goes_over_the_bus_untouched(server):
    sent = [Datagram("kant", 1_700_000_000_000_000_123, bytes(range(256)), 7), Datagram("kant", 0, b"")]

    async def run() -> list[Datagram]:
        heard: asyncio.Queue[Datagram] = asyncio.Queue()
        reasoning = await bus.connect(server.address, "reasoning")
        web = await bus.connect(server.address, "web")

        async def take(message) -> None:
            await heard.put(unpack(message.data))

        await reasoning.subscribe(messages.FEED + ">", cb=take)
        await reasoning.flush()
        uplink = Uplink(web)
        running = asyncio.create_task(uplink.run())
        for one in sent:
            uplink.take(one)
        got = [await asyncio.wait_for(heard.get(), 5) for _ in sent]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await web.close()
        await reasoning.close()
        return got

    assert asyncio.run(run()) == sent


def test_a_packed_datagram_is_read_again():
    one = Datagram("f", -5, b"\x30\x00", 1 << 40)
    assert unpack(pack(one)) == one


def test_nobody_joins_the_bus_without_its_token(server):
    async def run() -> None:
        await bus.connect(bus.BusAddress(server.address.url, "wrong"), "stranger", lost=lambda: None)

    with pytest.raises(ConfigError, match="cannot connect"):
        asyncio.run(run())


def test_the_server_listens_on_loopback_alone_and_leaves_no_token_on_the_disk(server):
    assert server.address.url.startswith("nats://127.0.0.1:")
    assert not server._folder.exists()
    assert server.alive
    server.end()
    server.end()
    assert not server.alive


def test_a_server_that_cannot_start_says_why(tmp_path):
    fake = tmp_path / "nats-server"
    fake.write_text("#!/bin/sh\necho no room here >&2\nexit 3\n")
    fake.chmod(0o755)
    with pytest.raises(ConfigError, match="no room here"):
        bus.EmbeddedServer(fake)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's promise is Linux'")
def test_a_child_ends_with_a_parent_that_is_killed(tmp_path):
    script = (
        "import time\nfrom asman.edge import process\n"
        "print(process.start(['sleep', '600']).pid, flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and " Z " not in Path(f"/proc/{child}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_that_does_not_listen_is_ended_by_force():
    child = process.start(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"])
    time.sleep(0.2)
    assert process.end(child, patience_s=0.3) == -9


def send(to: tuple[str, int], *octets: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        for one in octets:
            sender.sendto(one, to)


@pytest.mark.parametrize("host", ["127.0.0.1", "239.255.77.2?interface=127.0.0.1"])
def test_a_feed_takes_what_is_sent_to_it(host):
    host, _, options = host.partition("?")

    async def run() -> list[Datagram]:
        got: list[Datagram] = []
        feed = Feed("f", address(f"udp://{host}:0?{options}", "feed"), got.append)
        send((host, feed.port), b"one", b"three")
        while len(got) < 2:
            await asyncio.sleep(0.01)
        assert (feed.datagrams, feed.octets, feed.dropped) == (2, 8, 0)
        assert feed.granted_octets > 0
        feed.close()
        return got

    before = time.time_ns()
    got = asyncio.run(asyncio.wait_for(run(), 5))
    assert [(one.octets, one.offset) for one in got] == [(b"one", 0), (b"three", 3)]
    assert before <= got[0].time_ns <= time.time_ns()


def test_what_another_sender_says_is_dropped_and_counted():
    async def run() -> int:
        feed = Feed("f", address("udp://127.0.0.1:0?source=127.0.0.9", "feed"), lambda _: None)
        send(("127.0.0.1", feed.port), b"x")
        while not feed.dropped:
            await asyncio.sleep(0.01)
        feed.close()
        return feed.datagrams

    assert asyncio.run(asyncio.wait_for(run(), 5)) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counted by Linux")
def test_what_the_kernel_had_no_room_for_is_counted():
    async def run() -> tuple[int, int]:
        feed = Feed("f", address("udp://127.0.0.1:0", "feed"), lambda _: None)
        feed._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        send(("127.0.0.1", feed.port), *[bytes(1000)] * 100)
        while not feed.datagrams:
            await asyncio.sleep(0.01)
        send(("127.0.0.1", feed.port), b"last")  # the count comes with the next datagram
        while feed.octets % 1000 == 0:
            await asyncio.sleep(0.01)
        feed.close()
        return feed.datagrams, feed.dropped

    datagrams, dropped = asyncio.run(asyncio.wait_for(run(), 5))
    assert dropped > 0
    assert datagrams + dropped == 101


def test_what_the_bus_has_no_room_for_is_counted_by_feed():
    uplink = Uplink(None, room=2)
    for name in ("a", "a", "a", "b"):
        uplink.take(Datagram(name, 0, b""))
    assert uplink.dropped == {"a": 1, "b": 1}


def test_two_nodes_may_hear_the_same_group_but_not_the_same_port():
    async def run() -> None:
        one = Feed("f", address("udp://239.255.77.3:0?interface=127.0.0.1", "feed"), lambda _: None)
        two = Feed("g", address(f"udp://239.255.77.3:{one.port}?interface=127.0.0.1", "feed"), lambda _: None)
        alone = Feed("h", address("udp://127.0.0.1:0", "feed"), lambda _: None)
        with pytest.raises(ConfigError, match="feed 'i'"):
            Feed("i", address(f"udp://127.0.0.1:{alone.port}", "feed"), lambda _: None)
        for feed in (one, two, alone):
            feed.close()

    asyncio.run(run())
