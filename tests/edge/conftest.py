"""A node's outward side with a reasoning that says what a test tells it to."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pyarrow as pa
import pytest
import uvicorn

from asman.edge.api import application
from asman.edge.gate import gate
from asman.edge.hub import Hub
from asman.edge.messages import Clock, Hello, Pairing, ReplayCommand, Told, TrackEntry, Why
from asman.model.tracks import TRACKS
from asman.wire import stream

TOKEN = "t0ken"


class Scripted:
    """A reasoning without reason."""

    def __init__(self) -> None:
        self.table: pa.Table = TRACKS.empty_table()
        self.commands: list[ReplayCommand] = []
        self.asked: list[Why] = []
        self.told = Told()
        self.paired: list[Pairing] = []
        self.seen: dict[str, pa.Table] = {}

    async def tracks(self) -> pa.Table:
        return self.table

    async def track(self, track: int) -> TrackEntry | None:
        if track == 99:
            raise TimeoutError("busy")
        return None

    async def why(self, question: Why) -> Told:
        self.asked.append(question)
        return self.told

    async def trails(self) -> bytes:
        return stream.encode_trails(stream.NO_TRAILS, 1.0)

    async def pair(self, pairing: Pairing) -> bool:
        self.paired.append(pairing)
        return pairing.track != 99

    async def view(self, member: str) -> pa.Table | None:
        return self.seen.get(member)

    async def command(self, command: ReplayCommand) -> Clock:
        self.commands.append(command)
        return Clock(time_s=5.0, paused=bool(command.paused))


class Served:
    """An application on a real socket, in a thread of its own."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.reasoning = Scripted()
        self.hub = Hub(
            Hello(node="n", member="KG", mode="replay", sensors=[]),
            self.reasoning.trails,
            self.reasoning.command,
        )
        app = application(self.hub, self.reasoning, gate(TOKEN, self.port, "127.0.0.1"), "0")
        self.server = uvicorn.Server(
            uvicorn.Config(
                app, log_level="critical", lifespan="off", ws="websockets-sansio", access_log=False
            )
        )
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        self.loop.run_until_complete(self.server.serve(sockets=[self.socket]))
        self.loop.close()

    def call(self, function, *arguments, **keywords) -> None:
        """Call something of the hub in its own loop, and wait for it."""

        async def called() -> None:
            function(*arguments, **keywords)

        asyncio.run_coroutine_threadsafe(called(), self.loop).result(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/stream"


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    one.thread.start()
    while not one.server.started:
        time.sleep(0.005)
    yield one
    one.server.should_exit = True
    one.thread.join(10)
    one.socket.close()
