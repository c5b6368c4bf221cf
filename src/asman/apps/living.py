"""A node on live feeds: what the bus brings is reasoned about four times a second, and shown once."""

import asyncio
import time
from collections import deque
from typing import Final

import msgspec
from nats.aio.msg import Msg

from asman.apps.journal import Journal
from asman.apps.mind import Mind, entries, health
from asman.apps.plan import Plan
from asman.apps.reason import Outlet
from asman.apps.warming import warmed
from asman.edge import messages
from asman.edge.messages import (
    FEED,
    Arrived,
    Clock,
    Hello,
    Left,
    MembersMet,
    Ready,
    Refused,
    SensorsMet,
    unpack,
    unpack_arrival,
)
from asman.model.contribution import Contribution, source_name
from asman.model.datagram import Datagram
from asman.model.label import agreements_of
from asman.pipeline import events, node
from asman.pipeline.node import Inputs
from asman.sensing.sensors_toml import parse
from asman.units import SECOND_NS
from asman.wire import payload

#: Wall clock between two steps of reasoning.
TICK_S: Final = 0.25
HEALTH_S: Final = 2.0
#: Batches of partners that may wait for the reasoning.
QUEUE_ARRIVALS: Final = 4_096
#: Datagrams that may wait for the reasoning.
QUEUE_DATAGRAMS: Final = 65_536


class Inbox:
    """What the bus brought and no step has taken: bounded, and every loss counted by feed."""

    def __init__(self, room: int = QUEUE_DATAGRAMS) -> None:
        self.dropped: dict[str, int] = {}
        self._room = room
        self._queue: deque[Datagram] = deque()

    async def take(self, message: Msg) -> None:
        """Queue a datagram from the bus."""
        datagram = unpack(message.data)
        if len(self._queue) >= self._room:
            self.dropped[datagram.feed] = self.dropped.get(datagram.feed, 0) + 1
        else:
            self._queue.append(datagram)

    def drain(self) -> tuple[Datagram, ...]:
        """Return everything that waits, and forget it."""
        taken = tuple(self._queue)
        self._queue.clear()
        return taken


class Arrivals:
    """What the border brought of partners and no step has taken: bounded, and every loss counted."""

    def __init__(self, room: int = QUEUE_ARRIVALS) -> None:
        self.dropped = 0
        self._room = room
        self._queue: deque[Arrived | Left] = deque()

    async def take(self, message: Msg) -> None:
        """Queue what came; the oldest batch goes where there is no room."""
        if len(self._queue) >= self._room:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(unpack_arrival(message.data))

    def drain(self) -> tuple[Arrived | Left, ...]:
        """Return everything that waits, and forget it."""
        taken = tuple(self._queue)
        self._queue.clear()
        return taken


async def live(plan: Plan, outlet: Outlet) -> None:
    """Reason until cancelled. Raises ConfigError when sensors.toml is wrong."""
    sensors = parse(plan.sensors or "", plan.sensors_name)
    await warmed(outlet)
    mind = Mind(node.start(plan.member, sensors, time.time_ns(), partners=plan.partners), Journal())
    inbox, arrivals = Inbox(), Arrivals()
    await outlet.client.subscribe(FEED + ">", cb=inbox.take)
    await outlet.client.subscribe(messages.ARRIVED, cb=arrivals.take)
    await outlet.answer(messages.COMMAND, _refuse)
    await mind.answer(outlet)
    hello = Hello(
        node=plan.node,
        member=plan.member,
        mode="live",
        sensors=entries(mind.state.sensors),
        members=list(mind.state.members),
    )
    await outlet.news(hello)
    # The first step of all loads what was compiled: before anybody is told that the node serves.
    await mind.do(lambda: _step(mind, (), ()))
    await outlet.news(await mind.do(lambda: health(plan, mind.state, 0.0, {})))
    await outlet.news(Clock(time_s=mind.state.now_ns / SECOND_NS))
    await outlet.news(Ready())
    await outlet.client.flush()
    await _loop(plan, outlet, mind, inbox, arrivals)


async def _refuse(_: bytes) -> bytes:
    return msgspec.json.encode(Refused(reason="this node is live: its clock is the world's"))


async def _loop(plan: Plan, outlet: Outlet, mind: Mind, inbox: Inbox, arrivals: Arrivals) -> None:
    picture_due = health_due = tick_due = time.monotonic()
    behind_s = 0.0
    while True:
        datagrams = inbox.drain()
        came, known = arrivals.drain(), mind.state.members
        met = await mind.do(lambda taken=datagrams, others=came: _step(mind, taken, others))
        if datagrams:
            behind_s = max(0.0, (time.time_ns() - datagrams[0].time_ns) / SECOND_NS - TICK_S)
        if mind.state.members != known:
            await outlet.news(MembersMet(members=list(mind.state.members)))
        if met:
            await outlet.news(SensorsMet(sensors=entries(mind.state.sensors)))
        if time.monotonic() >= picture_due:
            picture_due = max(picture_due + plan.picture_s, time.monotonic())
            await outlet.frame(await mind.do(mind.frame), jumped=False)
            await outlet.news(Clock(time_s=mind.state.now_ns / SECOND_NS, behind_s=behind_s))
        if time.monotonic() >= health_due:
            health_due = max(health_due + HEALTH_S, time.monotonic())
            await outlet.news(
                await mind.do(lambda late=behind_s: health(plan, mind.state, late, inbox.dropped))
            )
        tick_due = max(tick_due + TICK_S, time.monotonic())
        await asyncio.sleep(max(0.0, tick_due - time.monotonic()))


def _step(mind: Mind, datagrams: tuple[Datagram, ...], arrivals: tuple[Arrived | Left, ...]) -> bool:
    """Reason one step; return whether a sensor was met."""
    # A clock of the wall that was set back must not turn the picture's time back.
    now_ns = max(time.time_ns(), mind.state.now_ns)
    contributions, left, ended = _read(arrivals)
    mind.state, said = node.step(mind.state, Inputs(datagrams, (), contributions, left, ended), now_ns)
    mind.journal.write(said, now_ns)
    return any(isinstance(event, events.SensorsMet) for event in said)


def _read(
    arrivals: tuple[Arrived | Left, ...],
) -> tuple[tuple[Contribution, ...], tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """Contributions in order of arrival, members that left, and members of whom some agreements ended.

    What came of a member before that is void as far as it came under what ended.
    """
    taken: list[Contribution] = []
    left: dict[str, None] = {}
    ended: list[tuple[str, tuple[str, ...]]] = []
    for one in arrivals:
        if isinstance(one, Left):
            taken = [each for each in taken if not _voided(each, one)]
            source = source_name(one.origin, one.via)
            if one.agreements:
                ended.append((source, one.agreements))
            else:
                left[source] = None
            continue
        table = payload.decode(one.what, one.payload, one.origin, one.label) if one.what else None
        taken.append(
            Contribution(
                origin=one.origin,
                via=one.via or one.origin,
                sequence=one.sequence,
                sent_ns=one.sent_ns,
                what=one.what,
                table=table,
            )
        )
    return tuple(taken), tuple(left), tuple(ended)


def _voided(contribution: Contribution, left: Left) -> bool:
    """Whether a batch, whose rows have one label, came under what ended, or by whom may not tell any more."""
    passed_on = contribution.via if contribution.via != contribution.origin else ""
    if not left.via and passed_on == left.origin and not left.agreements:
        return True
    if (contribution.origin, passed_on) != (left.origin, left.via):
        return False
    if not left.agreements or contribution.table is None or not contribution.table.num_rows:
        return True
    label = contribution.table["label"][0].as_py()
    return not set(left.agreements).isdisjoint(agreements_of(label))
