"""UDP feeds over real sockets: multicast of one source; and ASTERIX that comes over TCP, cut anywhere."""

import asyncio
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.edge.cutting import Cutter
from asman.edge.feeds import Address, Feed, address
from asman.edge.streams import StreamFeed
from asman.errors import ConfigError
from asman.model.datagram import Datagram

BLOCKS = [b"\x30" + (5 + k).to_bytes(2, "big") + bytes([0x80] * (2 + k)) for k in range(20)]


def test_a_source_is_written_before_the_group():
    found = address("udp://127.0.0.1@239.7.7.7:8600?interface=127.0.0.1", "feed")
    assert found == Address("239.7.7.7", 8600, interface="127.0.0.1", source="127.0.0.1")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("udp://radar@239.1.1.1:8600", "no numeric address"),
        ("udp://10.0.0.9@239.1.1.1:8600?source=10.0.0.8", "names the source twice"),
    ],
)
def test_a_source_that_is_none_is_refused(url, problem):
    with pytest.raises(ConfigError, match=problem):
        address(url, "feed")


def test_multicast_of_one_source_brings_what_it_sends_and_nothing_of_others():
    async def scene() -> None:
        got: list[Datagram] = []
        other: list[Datagram] = []
        url = "@239.7.7.8:0?interface=127.0.0.1"
        mine = Feed("mine", address(f"udp://127.0.0.1{url}", "feed"), got.append)
        place = f"@239.7.7.8:{mine.port}?interface=127.0.0.1"
        foreign = Feed("foreign", address(f"udp://127.0.0.9{place}", "feed"), other.append)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            sender.bind(("127.0.0.1", 0))
            async with asyncio.timeout(20):
                while not got:
                    sender.sendto(BLOCKS[0], ("239.7.7.8", mine.port))
                    await asyncio.sleep(0.02)
        assert got[0].octets == BLOCKS[0]
        assert other == []
        mine.close()
        foreign.close()

    asyncio.run(scene())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1))
def test_blocks_that_were_cut_anywhere_come_out_whole(steps):
    stream, cutter, got, at = b"".join(BLOCKS), Cutter(), list[bytes](), 0
    for step in [*steps, len(stream)]:
        if at < len(stream):
            got.append(cutter.take(stream[at : at + step]))
            at += step
    assert b"".join(got) == stream
    assert cutter.skipped == cutter.waiting == 0
    assert all(one == b"" or one[:1] == b"\x30" for one in got)


def test_what_is_no_block_is_skipped_and_counted():
    cutter = Cutter()
    assert cutter.take(BLOCKS[0] + b"\0\0\0\0\xff\0" + BLOCKS[1]) == BLOCKS[0] + BLOCKS[1]
    assert cutter.skipped == 6


def test_mode_s_goes_through_as_it_comes():
    cutter = Cutter()
    assert cutter.take(b"\x1a3\0") == b"\x1a3\0"
    assert cutter.take(b"\x30\0") == b"\x30\0"


def test_asterix_over_tcp_arrives_in_whole_blocks_over_connections_that_end():
    async def scene() -> None:
        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            stream = b"".join(BLOCKS)
            for at in range(0, len(stream), 7):
                writer.write(stream[at : at + 7])
                await writer.drain()
                await asyncio.sleep(0.001)
            writer.write(BLOCKS[5][:4])  # ends within a block
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        got: list[Datagram] = []
        feed = StreamFeed("f", address(f"tcp://127.0.0.1:{port}", "feed"), got.append, first_pause_s=0.01)
        async with asyncio.timeout(30):
            while feed.connections < 3:
                await asyncio.sleep(0.01)
        feed.close()
        server.close()
        stream = b"".join(one.octets for one in got)
        assert stream.startswith(b"".join(BLOCKS) * 2)
        starts = [one.offset for one in got]
        assert starts == sorted(starts)
        for one in got:
            at = 0
            while at < len(one.octets):
                at += int.from_bytes(one.octets[at + 1 : at + 3], "big")
            assert at == len(one.octets)

    asyncio.run(scene())
