"""The border process of a node: its NATS server for partners, and all that passes through it.

    python -m asman.apps.border < plan.json

Started by apps.serve, never by hand. It ends when the node's bus is gone. It is a process of its own so that
neither a browser nor a partner can hold up the reasoning, and what a partner reaches shares no server with
what is inside.
"""

import asyncio
import contextlib
import datetime
import logging
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from asman.apps.border_plan import BorderPlan
from asman.apps.home import Home
from asman.apps.reason import knock
from asman.apps.viewing import Viewing
from asman.apps.warm import prepare
from asman.edge import bus, messages
from asman.edge.account import Account
from asman.edge.border import Border, Peer, ServerPlan
from asman.edge.border_store import BorderStore
from asman.edge.federation import Federation
from asman.edge.link_messages import Decided, Order
from asman.edge.messages import Failed, pack_arrival, tell
from asman.edge.noun_messages import HeardAsk
from asman.edge.offers import unpack_offers
from asman.edge.outbox import Limits
from asman.errors import AsmanError, InputError
from asman.wire import payload

#: How often the web is told how links are, and links are looked at that were added or removed.
LINKS_S: Final = 1.0
#: How often certificates are looked at.
CERTIFICATES_S: Final = 3_600.0
_OWN_PATIENCE_S: Final = 5.0


def server_plan(plan: BorderPlan, home: Home) -> ServerPlan:
    """What the server is told. Raises ConfigError, InputError."""
    run = home.store / "border"
    peers = tuple(
        Peer(member=member, address=link.partner.address, authority=home.authority(member))
        for member, link in home.links().items()
    )
    return ServerPlan(
        member=plan.member, secret=home.secret(), listen=plan.listen, certificate=home.keys / "node.crt",
        key=home.keys / "node.key", run=run, store=home.store / "jetstream", disk_octets=plan.keep_octets,
        peers=peers,
    )  # fmt: skip


def hosts_of(plan: BorderPlan) -> tuple[str, ...]:
    """Names that the node's certificate is for."""
    return (plan.address.rpartition(":")[0],)


class BorderProcess:
    """Everything of it, for the life of the event loop."""

    def __init__(self, plan: BorderPlan, home: Home) -> None:
        self._plan = plan
        self._home = home
        self._ending = asyncio.Event()
        self._client: Client
        self._border: Border
        self._store: BorderStore
        self._account: Account
        self._federation: Federation | None = None
        self._viewing = Viewing(plan.member, time.time_ns)

    def end(self) -> None:
        """Ask it to end in order."""
        self._ending.set()

    async def run(self, border: Border | None, problem: AsmanError | None) -> int:
        """Run until the bus is gone, or tell the node why that cannot be. Return the exit code."""
        self._client = await bus.connect(self._plan.bus, f"{self._plan.node} border", lost=self.end)
        await knock(self._client)
        try:
            if border is None:
                raise problem or AsmanError("no server")
            self._border = border
            self._store = BorderStore(self._home.store, time.time_ns())
            self._account = Account(self._home.audit)
            await self._work()
        except AsmanError as error:
            await self._fail(error)
            return 1
        return 0

    async def _work(self) -> None:
        jobs: list[asyncio.Task[Any]] = []
        try:
            await self._begin()
            await self._client.subscribe(messages.ACT, cb=self._order)
            await self._client.subscribe(messages.LINKS, cb=self._state)
            await self._client.subscribe(messages.VIEW, cb=self._view)
            await self._client.subscribe(messages.VIEW_OF, cb=self._view_of)
            await self._client.subscribe(messages.VISIBLE, cb=self._visible)
            jobs = [asyncio.create_task(one) for one in (self._release(), self._certify(), self._mind())]
            ended = asyncio.create_task(self._ending.wait())
            done, _ = await asyncio.wait([ended, *jobs], return_when=asyncio.FIRST_COMPLETED)
            for job in done - {ended}:
                job.result()
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            if self._federation is not None:
                await self._federation.close()
            self._store.close()
            self._account.close()

    async def _fail(self, error: AsmanError) -> None:
        """Tell the node why it must end."""
        if isinstance(error, InputError):
            news = Failed(blame="input", item=error.item, problem=error.problem, mend=error.mend)
        else:
            news = Failed(blame="ours", item="border", problem=str(error))
        with contextlib.suppress(nats.errors.Error):
            await self._client.publish(messages.NEWS, tell(news))
            await self._client.flush()

    async def _begin(self) -> None:
        limits = Limits(age_s=self._plan.keep_s, octets=self._plan.keep_octets)
        federation = Federation(
            self._home, self._border, self._store, self._account, payload.encode, payload.decode,
            self._tell, limits, time.time_ns,
        )  # fmt: skip
        federation.giving.seen = self._viewing.take
        self._federation = federation
        await federation.open()

    async def _tell(self, arrival: messages.Arrived | messages.Left) -> None:
        await self._client.publish(messages.ARRIVED, pack_arrival(arrival))

    async def _release(self) -> None:
        """Ask the reasoning for all of our own, and give partners what they may have of it."""
        due_s = time.monotonic()
        while True:
            federation = self._federation
            if federation is not None and federation.partners:
                try:
                    terms = msgspec.json.encode(federation.handovers())
                    answer = await self._client.request(messages.OWN, terms, timeout=_OWN_PATIENCE_S)
                except (nats.errors.TimeoutError, nats.errors.NoRespondersError):
                    pass  # it starts, or is busy: what is not asked for does not leave
                else:
                    offers, federation.relaying.held = unpack_offers(answer.data)
                    await federation.release(*offers)
            if federation is not None:
                federation.check()
            due_s = max(due_s + self._plan.release_s, time.monotonic())
            await asyncio.sleep(due_s - time.monotonic())

    async def _mind(self) -> None:
        """Join and leave partners as files say; end when the server does."""
        known = self._names()
        while True:
            await asyncio.sleep(LINKS_S)
            if self._federation is not None:
                news = msgspec.json.encode(self._federation.state())
                await self._client.publish(messages.LINK_NEWS, news)
            if not self._border.alive:
                raise AsmanError("the border's NATS server ended unexpectedly")
            if self._names() != known:
                known = self._names()
                if self._federation is not None:
                    await self._federation.close()
                self._border.restart(server_plan(self._plan, self._home).peers)
                await self._begin()

    def _names(self) -> dict[str, str]:
        """Partner -> its signing key: what makes a link another one."""
        return {member: link.partner.nonce for member, link in self._home.links().items()}

    async def _certify(self) -> None:
        while True:
            await asyncio.sleep(CERTIFICATES_S)
            if self._home.certify(hosts_of(self._plan), datetime.datetime.now(datetime.UTC)):
                await asyncio.to_thread(self._border.reload)

    async def _order(self, message: Msg) -> None:
        try:
            order = msgspec.json.decode(message.data, type=Order)
            starting = Decided(503, "the border is starting")
            decided = await self._federation.order(order) if self._federation else starting
        except (AsmanError, OSError, msgspec.MsgspecError) as error:
            decided = Decided(500, str(error))
        await message.respond(msgspec.json.encode(decided))

    async def _state(self, message: Msg) -> None:
        if self._federation is not None:
            await message.respond(msgspec.json.encode(self._federation.state()))

    async def _view(self, message: Msg) -> None:
        member = message.data.decode(errors="replace")
        stopped = self._federation is None or not self._federation.flows_to(member)
        if stopped:
            self._viewing.forget(member)
        await message.respond(await asyncio.to_thread(self._viewing.told, member, stopped=stopped))

    async def _view_of(self, message: Msg) -> None:
        question = msgspec.json.decode(message.data, type=HeardAsk)
        if self._federation is None or not self._federation.flows_to(question.member):
            self._viewing.forget(question.member)
        await message.respond(await asyncio.to_thread(self._viewing.beside, question))

    async def _visible(self, message: Msg) -> None:
        if self._federation is not None:
            await message.respond(msgspec.json.encode(self._federation.visible(int(message.data))))


async def _run(plan: BorderPlan, home: Home, border: Border | None, problem: AsmanError | None) -> int:
    process = BorderProcess(plan, home)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, process.end)
    return await process.run(border, problem)


def main() -> int:
    """Read the plan from standard input and run until the bus is gone."""
    import uvloop

    prepare()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=BorderPlan)
    home = Home(Path(plan.folder), plan.member)
    border: Border | None = None
    problem: AsmanError | None = None
    try:
        home.certify(hosts_of(plan), datetime.datetime.now(datetime.UTC))
        # Here, in the main thread: the server ends when the thread does that started it.
        border = Border(server_plan(plan, home))
    except AsmanError as error:
        problem = error
    try:
        return uvloop.run(_run(plan, home, border, problem))
    finally:
        if border is not None:
            border.end()


if __name__ == "__main__":
    sys.exit(main())
