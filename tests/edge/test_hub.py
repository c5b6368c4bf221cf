"""One picture in, many clients out; a slow one loses whole pictures and slows nobody."""

import asyncio
import json

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect

from asman.edge.hub import QUEUE_PICTURES, Hub
from asman.edge.messages import Clock, Hello, MembersMet, Peer, ReplayCommand
from asman.wire import stream

HELLO = Hello(node="n", member="KG", mode="live", sensors=[])


def frame(time_s: float, tracks: dict[int, int], simulated: bool = False) -> bytes:
    columns = {name: np.zeros(len(tracks), kind) for name, kind in stream.COLUMNS}
    columns["track"] = np.array(sorted(tracks), "<f8")
    columns["plots"] = np.array([tracks[n] for n in sorted(tracks)], "<u4")
    return stream.encode_picture(stream.Picture(**columns), time_s, simulated=simulated)


class Console:
    """A client as a browser's worker is one: applies what comes, and notices gaps."""

    def __init__(self) -> None:
        self.held: dict[int, int] = {}
        self.sequence = -1
        self.kinds: list[int] = []

    async def text(self, text: str) -> None:
        pass

    async def octets(self, octets: bytes) -> None:
        got = stream.decode(octets)
        assert got.sequence == self.sequence + 1
        self.sequence = got.sequence
        self.kinds.append(got.kind)
        if got.kind == stream.TRAILS:
            return
        if got.kind == stream.SNAPSHOT:
            self.held.clear()
        for number in got.removed.tolist():
            self.held.pop(int(number), None)
        self.held |= {int(n): int(p) for n, p in zip(got.picture.track, got.picture.plots, strict=True)}


async def no_trails() -> bytes:
    return stream.encode_trails(stream.NO_TRAILS, 0.0)


async def no_command(_: ReplayCommand) -> Clock:
    return Clock(time_s=0.0)


def test_a_client_gets_hello_snapshot_trails_and_then_deltas(served):
    served.call(served.hub.frame, frame(1.0, {1: 1, 2: 1}))
    with connect(served.stream_url + "?token=t0ken") as client:
        assert json.loads(client.recv())["type"] == "hello"
        assert stream.decode(client.recv()).kind == stream.SNAPSHOT
        assert stream.decode(client.recv()).kind == stream.TRAILS
        served.call(served.hub.frame, frame(2.0, {2: 2, 3: 1}, simulated=True))
        delta = stream.decode(client.recv())
        assert (delta.kind, delta.sequence, delta.simulated) == (stream.DELTA, 2, True)
        assert delta.picture.track.tolist() == [2, 3]
        assert delta.removed.tolist() == [1]
        served.call(served.hub.news, Clock(time_s=2.0, speed=4.0))
        assert json.loads(client.recv())["speed"] == 4.0
        client.send('{"type": "replay", "paused": true}')
        client.send('{"type": "replay", "pausd": true}')
        assert json.loads(client.recv())["type"] == "refused"
        assert served.reasoning.commands == [ReplayCommand(paused=True)]


def test_who_comes_later_is_told_of_the_consoles_that_the_node_was_told_of_and_of_all_members():
    peers = [Peer(member="RU", url="http://127.0.0.1:8601/")]
    hub = Hub(msgspec.structs.replace(HELLO, peers=peers), no_trails, no_command)
    hub.news(msgspec.structs.replace(HELLO, node="reasoning", members=["KG"]))
    hub.news(MembersMet(members=["KG", "RU"]))
    assert (hub.hello.node, hub.hello.members, hub.hello.peers) == ("reasoning", ["KG", "RU"], peers)


def test_a_picture_whose_time_jumped_is_sent_whole(served):
    served.call(served.hub.frame, frame(5.0, {1: 1}))
    with connect(served.stream_url + "?token=t0ken") as client:
        for _ in range(3):
            client.recv()
        served.call(served.hub.frame, frame(3.0, {1: 1}))
        assert stream.decode(client.recv()).kind == stream.SNAPSHOT
        assert stream.decode(client.recv()).kind == stream.TRAILS
        served.call(served.hub.frame, frame(9.0, {1: 1}), jumped=True)
        assert stream.decode(client.recv()).kind == stream.SNAPSHOT


pictures = st.lists(
    st.dictionaries(st.integers(1, 20), st.integers(1, 4), max_size=8), min_size=1, max_size=25
)


@settings(deadline=None)
@given(pictures, st.lists(st.integers(0, 3), min_size=25, max_size=25))
def test_a_slow_client_loses_whole_pictures_and_ends_with_the_right_one(pictures, pauses):
    """The client takes frames only now and then; whatever it missed, it holds the picture in the end."""

    async def run() -> None:
        hub, console = Hub(HELLO, no_trails, no_command), Console()
        gate = asyncio.Event()

        async def slowly(octets: bytes) -> None:
            await gate.wait()
            await console.octets(octets)

        serving = asyncio.create_task(hub.serve(console.text, slowly))
        await asyncio.sleep(0)
        for time_s, (tracks, pause) in enumerate(zip(pictures, pauses, strict=False)):
            hub.frame(frame(float(time_s), tracks))
            (gate.clear if pause else gate.set)()
            for client in hub.clients:
                assert len(client.frames) <= QUEUE_PICTURES
            await asyncio.sleep(0)
        gate.set()
        for _ in range(50):
            await asyncio.sleep(0)
        assert console.held == pictures[-1]
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        assert not hub.clients

    asyncio.run(run())


def test_what_a_slow_client_lost_is_counted():
    async def run() -> int:
        hub, stuck = Hub(HELLO, no_trails, no_command), asyncio.Event()

        async def never(_: bytes) -> None:
            await stuck.wait()

        async def text(_: str) -> None:
            pass

        serving = asyncio.create_task(hub.serve(text, never))
        hub.frame(frame(0.0, {1: 1}))
        await asyncio.sleep(0)
        for time_s in range(1, QUEUE_PICTURES + 2):
            hub.frame(frame(float(time_s), {1: time_s}))
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return hub.dropped

    assert asyncio.run(run()) == QUEUE_PICTURES + 1
