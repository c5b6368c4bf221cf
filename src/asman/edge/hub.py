"""The hub: one picture in, many clients out, nobody slows anybody.

The reasoning publishes whole pictures; the hub keeps the latest and sends every client what changed since
the one before. A client that does not keep up loses whole pictures, never parts: its queue is emptied, what
it lost is counted, and what it gets next is a snapshot. Words (clock, health, sensors) wait in one place
each, the newer in place of the older, so that every queue here is bounded.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from asman.edge.link_messages import LinksState
from asman.edge.messages import (
    Clock,
    Health,
    Hello,
    MembersMet,
    News,
    Refused,
    ReplayCommand,
    SensorsMet,
    tell,
)
from asman.wire import stream

#: Pictures that may wait for one client before it gets a snapshot instead.
QUEUE_PICTURES: Final = 4

Ask = Callable[[], Awaitable[bytes]]
Command = Callable[[ReplayCommand], Awaitable[Clock | Refused]]


class Client:
    """What waits for one connection."""

    def __init__(self) -> None:
        self.words: dict[str, bytes] = {}
        self.frames: deque[bytes] = deque()
        self.synced = False
        self.wants_trails = True
        self.sequence = 0
        self.dropped = 0
        self.wake = asyncio.Event()

    def say(self, tag: str, octets: bytes) -> None:
        """Queue words in place of older ones of the same kind."""
        self.words[tag] = octets
        self.wake.set()

    def offer(self, frame: bytes) -> int:
        """Queue a delta; return how many pictures were dropped because the client is too slow."""
        dropped = 0
        if self.synced and len(self.frames) >= QUEUE_PICTURES:
            dropped = len(self.frames) + 1
            self.dropped += dropped
            self.restart(trails=False)
        elif self.synced:
            self.frames.append(frame)
        self.wake.set()
        return dropped

    def restart(self, *, trails: bool) -> None:
        """Forget what waits: the next picture is a snapshot."""
        self.frames.clear()
        self.synced = False
        self.wants_trails = self.wants_trails or trails
        self.wake.set()

    def number(self, frame: bytes) -> bytes:
        """Give a frame this connection's next sequence number."""
        numbered = stream.numbered(frame, self.sequence)
        self.sequence += 1
        return numbered


class Hub:
    """The latest of everything, and the clients that want it."""

    def __init__(self, hello: Hello, trails: Ask, command: Command) -> None:
        self.hello = hello
        self.clock: Clock | None = None
        self.health: Health | None = None
        self.links: LinksState | None = None
        self.clients: set[Client] = set()
        self.pictures = 0
        self.dropped = 0
        self.command = command
        self._trails = trails
        self._picture = stream.EMPTY
        self._time_s = 0.0
        self._simulated = False

    def frame(self, octets: bytes, *, jumped: bool = False) -> None:
        """Take a whole picture from the reasoning and queue what changed for every client."""
        frame = stream.decode(octets)
        jumped = jumped or frame.time_s < self._time_s
        fresh, gone = stream.changed(self._picture, frame.picture)
        self._picture, self._time_s, self._simulated = frame.picture, frame.time_s, frame.simulated
        self.pictures += 1
        if frame.simulated and not self.hello.simulated:
            self.hello = msgspec.structs.replace(self.hello, simulated=True)
        delta = stream.encode_picture(
            fresh, frame.time_s, kind=stream.DELTA, removed=gone, simulated=frame.simulated
        )
        for client in self.clients:
            if jumped:
                client.restart(trails=True)
            else:
                self.dropped += client.offer(delta)

    def news(self, news: News) -> None:
        """Take words from the reasoning and queue them for every client."""
        match news:
            case Hello():
                self.hello = msgspec.structs.replace(news, peers=news.peers or self.hello.peers)
                news = self.hello
            case SensorsMet():
                self.hello = msgspec.structs.replace(self.hello, sensors=news.sensors)
            case MembersMet():
                self.hello = msgspec.structs.replace(self.hello, members=news.members)
            case Clock():
                self.clock = news
            case Health():
                self.health = news
            case _:
                return
        octets = tell(news)
        tag = str(news.__struct_config__.tag)
        for client in self.clients:
            client.say(tag, octets)

    async def serve(
        self, send_text: Callable[[str], Awaitable[None]], send_bytes: Callable[[bytes], Awaitable[None]]
    ) -> None:
        """Send one client everything, until a send fails or this is cancelled."""
        client = Client()
        client.say("hello", tell(self.hello))
        if self.clock is not None:
            client.say("clock", tell(self.clock))
        if self.health is not None:
            client.say("health", tell(self.health))
        self.clients.add(client)
        try:
            while True:
                client.wake.clear()
                await self._flush(client, send_text, send_bytes)
                await client.wake.wait()
        finally:
            self.clients.discard(client)

    async def _flush(
        self,
        client: Client,
        send_text: Callable[[str], Awaitable[None]],
        send_bytes: Callable[[bytes], Awaitable[None]],
    ) -> None:
        while client.words:
            tag = next(iter(client.words))
            await send_text(client.words.pop(tag).decode())
        if not client.synced and self.pictures:
            client.synced = True
            await send_bytes(client.number(self._snapshot()))
            if client.wants_trails:
                client.wants_trails = False
                trails = await self._trails()
                if trails:
                    await send_bytes(client.number(trails))
        while client.frames:
            await send_bytes(client.number(client.frames.popleft()))

    def _snapshot(self) -> bytes:
        return stream.encode_picture(
            self._picture, self._time_s, kind=stream.SNAPSHOT, simulated=self._simulated
        )
