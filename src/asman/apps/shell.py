"""The process of a node that faces outwards: feeds in, console and API out, the reasoning beside it."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg

from asman import __version__
from asman.apps.outputs import Outputs
from asman.apps.setting import Parts, Setting
from asman.apps.web import console_url, web_server
from asman.edge import bus, messages
from asman.edge.api import application
from asman.edge.feeds import Feed
from asman.edge.gate import gate
from asman.edge.health_messages import FeedHealth, Health
from asman.edge.hub import Hub
from asman.edge.link_messages import LinksState
from asman.edge.messages import Failed, Hello, Peer, Progress, Ready
from asman.edge.nouns_api import Nouns
from asman.edge.reasoning import BusReasoning
from asman.edge.sharing_api import Sharing
from asman.edge.streams import StreamFeed
from asman.edge.uplink import Uplink
from asman.errors import AsmanError, FeedError, InputError

#: How often the node looks whether its processes still live.
WATCH_S: Final = 0.25


def live(setting: Setting, parts: Parts) -> int:
    """Run the event loop of a node until it ends; return the exit code."""
    if sys.platform == "win32":
        return asyncio.run(_live(setting, parts))
    import uvloop

    return uvloop.run(_live(setting, parts))


async def _live(setting: Setting, parts: Parts) -> int:
    shell = Shell(setting, parts)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, shell.end)
    return await shell.run()


class Shell:
    """One node's outward side, for the life of its event loop."""

    def __init__(self, setting: Setting, parts: Parts) -> None:
        self._setting = setting
        self._parts = parts
        self._ending = asyncio.Event()
        self._ready = asyncio.Event()
        self._failure: AsmanError | None = None
        self._feeds: list[Feed | StreamFeed] = []
        self._uplink: Uplink | None = None
        self._outputs: Outputs | None = None
        self._hub: Hub

    def end(self) -> None:
        """Ask the node to end in order."""
        self._ending.set()

    async def run(self) -> int:
        """Serve until asked to end, or until a part fails. Raises AsmanError."""
        client = await bus.connect(self._parts.address, f"{self._setting.node} web")
        reasoning = BusReasoning(client)
        first = Hello(
            node=self._setting.node,
            member=self._setting.member,
            mode=self._setting.mode,
            sensors=[],
            peers=[Peer(member=peer.member, url=peer.console) for peer in self._setting.peers],
        )
        sharing = Sharing(client if self._parts.border is not None else None)
        self._hub = Hub(first, reasoning.trails, reasoning.command)
        await self._subscribe(client)
        port = int(self._parts.listening.getsockname()[1])
        keeper = gate(self._parts.token, port, self._setting.bind)
        server = web_server(application(self._hub, reasoning, keeper, __version__, sharing, Nouns(client)))
        jobs: list[asyncio.Task[Any]] = []
        self._outputs = Outputs(self._setting.outputs, reasoning)
        for job in (
            server.serve(sockets=[self._parts.listening]),
            self._watch(),
            self._begin(client),
            self._send(self._outputs),
        ):
            jobs.append(self._guard(job))
        try:
            await self._ending.wait()
        finally:
            server.should_exit = True
            for feed in self._feeds:
                feed.close()
            self._outputs.close()
            await asyncio.wait(jobs[:1], timeout=3)
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await client.close()
        if self._failure is not None:
            raise self._failure
        return 0

    def _guard(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a job whose failure ends the node with that failure."""

        async def guarded() -> None:
            try:
                await job
            except AsmanError as error:
                self._fail(error)
            except Exception as error:  # ours: the node must not go on half alive
                logging.getLogger(__name__).exception("a part of the node failed")
                self._fail(AsmanError(f"a part of the node failed: {error!r}"))

        return asyncio.create_task(guarded())

    def _fail(self, error: AsmanError) -> None:
        self._failure = self._failure or error
        self._ending.set()

    async def _subscribe(self, client: Client) -> None:
        async def frame(message: Msg) -> None:
            jumped = bool(message.headers and messages.JUMPED in message.headers)
            self._hub.frame(message.data, jumped=jumped)

        async def news(message: Msg) -> None:
            self._heard(messages.hear(message.data))

        async def begin(message: Msg) -> None:
            await message.respond(b"")

        async def links(message: Msg) -> None:
            self._hub.links = msgspec.json.decode(message.data, type=LinksState)

        await client.subscribe(messages.LINK_NEWS, cb=links)
        await client.subscribe(messages.FRAMES, cb=_counted(frame))
        await client.subscribe(messages.NEWS, cb=news)
        await client.subscribe(messages.BEGIN, cb=begin)
        await client.flush()

    def _heard(self, news: messages.News) -> None:
        match news:
            case Progress():
                self._setting.say(f"{time.monotonic() - self._parts.began_s:5.1f} s  {news.text}")
            case Failed(blame="input"):
                self._fail(InputError(news.item, news.problem, news.mend))
            case Failed():
                self._fail(AsmanError(f"{news.item}: {news.problem}"))
            case Ready():
                self._ready.set()
            case Health():
                self._hub.news(self._completed(news))
            case _:
                self._hub.news(news)

    def _completed(self, health: Health) -> Health:
        """Return the reasoning's health with what only this side knows."""
        waiting = self._uplink.dropped if self._uplink else {}
        theirs = {feed.name: feed for feed in health.feeds}
        feeds: list[FeedHealth] = []
        for feed in self._feeds:
            known = theirs.pop(feed.name, None)
            feeds.append(
                FeedHealth(
                    name=feed.name,
                    datagrams=feed.datagrams,
                    octets=feed.octets,
                    rejected=known.rejected if known else 0,
                    dropped=feed.dropped + waiting.get(feed.name, 0) + (known.dropped if known else 0),
                    last_seen_s=None if feed.last_ns is None else feed.last_ns / 1e9,
                )
            )
        feeds += theirs.values()
        server = self._parts.server
        outputs = self._outputs.health() if self._outputs else []
        if self._outputs:
            self._outputs.heard(health)
        return msgspec.structs.replace(
            health,
            outputs=outputs,
            uptime_s=time.monotonic() - self._parts.began_s,
            feeds=feeds,
            dropped=sum(feed.dropped for feed in feeds) + self._hub.dropped,
            bus={
                "url": self._parts.address.url,
                "embedded": int(server is not None),
                "clients": len(self._hub.clients),
            },
        )

    async def _send(self, outputs: Outputs) -> None:
        """Open the outputs when the reasoning listens, and send until the end."""
        await self._ready.wait()
        await outputs.open()
        if outputs.places:
            self._setting.say(
                f"{time.monotonic() - self._parts.began_s:5.1f} s  sending: {', '.join(outputs.places)}"
            )
        await outputs.run()

    async def _begin(self, client: Client) -> None:
        """Open the feeds when the reasoning listens, say where to look, end after the time that was set."""
        await self._ready.wait()
        self._uplink = Uplink(client)
        for feed in self._setting.feeds:
            kind = StreamFeed if feed.address.scheme == "tcp" else Feed
            self._feeds.append(kind(feed.name, feed.address, self._uplink.take))
        if self._setting.feeds:
            self._setting.say(f"{time.monotonic() - self._parts.began_s:5.1f} s  listening: {self._places()}")
        self._setting.serving(
            f"{console_url(self._setting.bind, self._parts.listening)}/?token={self._parts.token}"
        )
        if self._setting.for_s is not None:
            asyncio.get_running_loop().call_later(self._setting.for_s, self.end)
        await self._uplink.run()

    def _places(self) -> str:
        return ", ".join(f"{feed.name} on {feed.where.host} port {feed.port}" for feed in self._feeds)

    async def _watch(self) -> None:
        while not self._ending.is_set():
            await asyncio.sleep(WATCH_S)
            code = self._parts.reasoning.poll()
            if code is not None and self._failure is None:
                raise AsmanError(f"the node's reasoning ended unexpectedly (exit code {code})")
            border = self._parts.border
            if border is not None and border.poll() is not None and self._failure is None:
                raise AsmanError(f"the node's border ended unexpectedly (exit code {border.poll()})")
            if self._parts.server is not None and not self._parts.server.alive:
                raise AsmanError("the node's NATS server ended unexpectedly")


def _counted(take: Callable[[Msg], Awaitable[None]]) -> Callable[[Msg], Awaitable[None]]:
    """A frame that cannot be read is logged and lost; the next one is whole again."""

    async def safely(message: Msg) -> None:
        try:
            await take(message)
        except FeedError as error:
            logging.getLogger(__name__).warning("picture lost: %s", error)

    return safely
