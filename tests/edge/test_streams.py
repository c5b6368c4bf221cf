"""TCP feeds over real sockets: octets arrive, and a connection that ended is made again."""

import asyncio

import pytest

from asman.edge.feeds import address
from asman.edge.streams import StreamFeed
from asman.errors import ConfigError
from asman.model.datagram import Datagram


def test_octets_arrive_and_a_connection_that_ended_is_made_again():
    async def scene() -> None:
        served = 0

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal served
            served += 1
            writer.write(b"part %d;" % served)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        got: list[Datagram] = []
        feed = StreamFeed("f", address(f"tcp://127.0.0.1:{port}", "feed"), got.append, first_pause_s=0.01)
        async with asyncio.timeout(20):
            while len(got) < 3:
                await asyncio.sleep(0.01)
        assert b"".join(one.octets for one in got).startswith(b"part 1;part 2;part 3;")
        assert [one.offset for one in got[:3]] == [0, 7, 14]
        assert feed.connections >= 3 and feed.failures >= 2 and feed.octets >= 21
        feed.close()
        server.close()

    asyncio.run(scene())


def test_a_receiver_that_is_not_there_is_tried_again_until_it_is():
    async def scene() -> None:
        probe = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = probe.sockets[0].getsockname()[1]
        probe.close()
        await probe.wait_closed()
        got: list[Datagram] = []
        feed = StreamFeed("f", address(f"tcp://localhost:{port}", "feed"), got.append, first_pause_s=0.01)
        async with asyncio.timeout(20):
            while not feed.failures:
                await asyncio.sleep(0.01)
        assert feed.problem and not feed.connected

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"there")
            await writer.drain()

        server = await asyncio.start_server(serve, "127.0.0.1", port)
        async with asyncio.timeout(20):
            while not got:
                await asyncio.sleep(0.01)
        assert got[0].octets == b"there" and feed.connected
        feed.close()
        server.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    "url", ["tcp://host", "tcp://:30005", "tcp://host:30005?source=1.2.3.4", "tcp://host:x"]
)
def test_a_url_that_is_no_stream_is_refused(url: str):
    with pytest.raises(ConfigError, match="feed"):
        address(url, "feed")
