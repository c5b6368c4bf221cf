"""The node's state in a thread of its own: one job after another, while the event loop stays free.

Steps and questions take turns, so that a question never sees half a step. The kernels release Python's lock.
"""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast, get_args

import msgspec
import pyarrow as pa

from asman.apps import handovers, partnered
from asman.apps.journal import Journal
from asman.apps.plan import Plan
from asman.apps.reason import Outlet
from asman.apps.telling import told
from asman.edge import messages
from asman.edge.health_messages import EditionHealth, FeedHealth, Health, SensorHealth, UnknownSource
from asman.edge.messages import (
    PlotEntry,
    SensorEntry,
    SourceEntry,
    TrackEntry,
    TrailPoint,
    Why,
)
from asman.edge.noun_messages import HeardAsk, Replying, Saying
from asman.edge.offers import pack_offers
from asman.edge.tables import pack_table
from asman.model.handover import HandoverTerm
from asman.model.label import agreements_of
from asman.model.registration import Registered
from asman.model.sensor import Sensors
from asman.pipeline import evidence, joint, node
from asman.pipeline.health import SensorCount
from asman.pipeline.node import NodeState
from asman.units import SECOND_NS
from asman.wire import stream

T = TypeVar("T")


class Mind:
    """Holds the state, and answers questions about it."""

    def __init__(self, state: NodeState, journal: Journal) -> None:
        self.state = state
        self.journal = journal
        #: Finds the state of an earlier time, where there is a way back to it.
        self.recall: Callable[[int], NodeState] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reasoning")

    async def do(self, work: Callable[[], T]) -> T:
        """Run a job in the reasoning's thread, after those before it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def frame(self) -> bytes:
        """Return the picture as a frame of the stream."""
        picture = node.picture(self.state)
        simulated = bool((picture.flags & stream.SIMULATED).any())
        return stream.encode_picture(picture, self.state.now_ns / SECOND_NS, simulated=simulated)

    async def answer(self, outlet: Outlet) -> None:
        """Answer what the web side asks, from now on."""

        async def tracks(_: bytes) -> bytes:
            return await self.do(lambda: pack_table(node.tracks(self.state)))

        async def track(number: bytes) -> bytes:
            return await self.do(lambda: msgspec.json.encode(entry(self.state, int(number))))

        async def why(octets: bytes) -> bytes:
            question = msgspec.json.decode(octets, type=Why)
            kept = await self.do(lambda: node.copy(self.state))
            # Not in the reasoning's thread: tracking some time once more takes time.
            return msgspec.json.encode(await asyncio.to_thread(told, kept, question, self.recall))

        async def pair(octets: bytes) -> bytes:
            pairing = msgspec.json.decode(octets, type=messages.Pairing)
            return await self.do(lambda: self._pair(pairing))

        async def own(octets: bytes) -> bytes:
            terms = msgspec.json.decode(octets, type=tuple[HandoverTerm, ...]) if octets else ()
            return await self.do(lambda: self._offers(terms))

        async def heard(octets: bytes) -> bytes:
            return await self.do(lambda: self._heard(octets))

        async def say(octets: bytes) -> bytes:
            said = msgspec.json.decode(octets, type=Saying)
            return await self.do(lambda: self._say(said))

        async def reply(octets: bytes) -> bytes:
            said = msgspec.json.decode(octets, type=Replying)
            return await self.do(lambda: self._say(said))

        async def trails(_: bytes) -> bytes:
            return await self.do(self._trails)

        await outlet.answer(messages.TRACKS, tracks)
        await outlet.answer(messages.TRACK, track)
        await outlet.answer(messages.PAIR, pair)
        await outlet.answer(messages.OWN, own)
        await outlet.answer(messages.HEARD, heard)
        await outlet.answer(messages.SAY, say)
        await outlet.answer(messages.REPLY, reply)
        await outlet.answer(messages.TRAILS, trails)
        await outlet.answer(messages.WHY, why)

    def _pair(self, pairing: messages.Pairing) -> bytes:
        state = self.state
        if state.federation is None or pairing.act not in get_args(joint.PairAct):
            return b"false"
        after = joint.paired(state.federation, pairing.track, pairing.other, cast(joint.PairAct, pairing.act))
        if after is None:
            return b"false"
        self.state = msgspec.structs.replace(state, federation=after)
        return b"true"

    def _offers(self, terms: tuple[HandoverTerm, ...]) -> bytes:
        self.state, offers = node.offers(node.agreed(self.state, terms))
        return pack_offers(offers, node.held_of_partners(self.state))

    def _heard(self, octets: bytes) -> bytes:
        """Of a class of one partner its rows; of nothing, who gave what; of "warnings", everybody's."""
        if not octets:
            return msgspec.json.encode(partnered.partners(self.state))
        if octets == messages.WARNINGS:
            return msgspec.json.encode(partnered.warnings(self.state))
        if octets == messages.TASKS:
            return msgspec.json.encode(handovers.tasks(self.state))
        return msgspec.json.encode(partnered.rows(self.state, msgspec.json.decode(octets, type=HeardAsk)))

    def _say(self, said: Saying | Replying) -> bytes:
        if isinstance(said, Replying):
            self.state, answered = handovers.reply(self.state, said)
        elif said.propose is not None:
            self.state, answered = handovers.propose(self.state, said.track, said.propose)
        else:
            self.state, answered = partnered.take(self.state, said)
        return msgspec.json.encode(answered)

    def _trails(self) -> bytes:
        return stream.encode_trails(node.trails_of(self.state), self.state.now_ns / SECOND_NS)


def entries(sensors: Sensors) -> list[SensorEntry]:
    """Return sensors as the console draws them."""
    return [
        SensorEntry(
            index=index,
            id=sensor.id,
            member=sensor.member,
            kind=sensor.kind,
            lat_deg=sensor.lat_deg,
            lon_deg=sensor.lon_deg,
            range_max_m=sensor.range_max_m,
            period_s=sensor.period_s,
        )
        for index, sensor in enumerate(sensors)
    ]


def health(plan: Plan, state: NodeState, behind_s: float, dropped: dict[str, int]) -> Health:
    """Return how the node does; what only the web's side knows is filled in there."""
    table = node.tracks(state)
    simulated = int(table["simulated"].to_numpy(zero_copy_only=False).sum())
    watch = state.watch
    known = node.registration(state)
    sensors = [_sensor(state, index, known[index]) for index in range(len(state.sensors))]
    feeds = [
        FeedHealth(
            name=name,
            datagrams=feed.datagrams,
            octets=feed.octets,
            rejected=feed.rejected,
            dropped=dropped.get(name, 0),
            last_seen_s=None if feed.last_ns is None else feed.last_ns / SECOND_NS,
        )
        for name, feed in state.feeds.items()
    ]
    return Health(
        status=_status(sensors, behind_s),
        node=plan.node,
        member=plan.member,
        mode=plan.mode,
        simulated=simulated > 0,
        simulated_tracks=simulated,
        time_s=state.now_ns / SECOND_NS,
        uptime_s=0.0,
        tracks=table.num_rows,
        confirmed=int(table["confirmed"].to_numpy().sum()),
        plots=watch.plots,
        plots_per_s=sum(sensor.plots_per_s for sensor in sensors),
        rejected=sum(feed.rejected for feed in feeds) + sum(watch.ignored.values()),
        dropped=sum(feed.dropped for feed in feeds),
        behind_s=behind_s,
        sensors=sensors,
        feeds=feeds,
        unknown=[
            UnknownSource(sac=sac, sic=sic, category=int(category[3:]), records=records)
            for (sac, sic, category), records in watch.unknown.items()
        ],
        editions=[
            EditionHealth(
                source=name,
                edition=one.edition,
                settled=one.settled,
                records=one.records,
                plausible=one.plausible,
                scores=one.scores,
                doubt=one.doubt,
            )
            for name, one in state.editions.items()
            if one.edition
        ],
    )


def _status(sensors: list[SensorHealth], behind_s: float) -> str:
    if behind_s > 2.0:
        return "behind"
    if any(sensor.silent for sensor in sensors):
        return "degraded"
    return "ok" if any(sensor.plots for sensor in sensors) else "waiting"


def _sensor(state: NodeState, index: int, known: Registered) -> SensorHealth:
    sensor = state.sensors[index]
    count = state.watch.sensors.get(sensor.id, SensorCount())
    return SensorHealth(
        id=sensor.id,
        kind=sensor.kind,
        sac=sensor.sac,
        sic=sensor.sic,
        lat_deg=sensor.lat_deg,
        lon_deg=sensor.lon_deg,
        last_seen_s=None if count.last_ns is None else count.last_ns / SECOND_NS,
        plots=count.plots,
        rejected=count.rejected,
        plots_per_s=count.plots_per_s,
        period_s=count.period_s,
        silent=count.silent,
        simulated=count.simulated,
        registration=known,
    )


def entry(state: NodeState, number: int) -> TrackEntry | None:
    """Return one track with its trail and its latest plots; None when there is none of that number."""
    table = node.tracks(state)
    # Instants in nanoseconds have no Python form; the entry's own time is the picture's.
    table = table.drop_columns(["time", "last_plot_time"])
    found = table.filter(pa.array(table["track"].to_numpy() == number)).to_pylist()
    if not found:
        return None
    row = found[0]
    sources = _sources(state, number)
    trail = node.trails_of(state)
    time_s = state.now_ns / SECOND_NS
    own = node.own_track(state, number)
    behind = evidence.behind(state.evidence, own, row["contributors"], row["address"], row["mode_3a"])
    plots = [PlotEntry(**plot._asdict()) for plot in behind]
    columns: dict[str, Any] = {
        name: _finite(row[name]) for name in TrackEntry.__struct_fields__ if name in row
    }
    return TrackEntry(
        **columns,
        time_s=time_s,
        trail=_trail(trail, number, time_s),
        latest_plots=plots,
        sources=sources,
        identities=partnered.identities(state, number),
    )


def _sources(state: NodeState, number: int) -> list[SourceEntry]:
    """Return whose tracks a track is made of."""
    if state.federation is None:
        return []
    return [
        SourceEntry(
            origin=one.origin,
            via=one.via,
            number=one.number,
            agreements=agreements_of(one.label),
            last_s=one.last_ns / SECOND_NS,
            sigma_m=one.sigma_m,
            responsible=one.responsible,
        )
        for one in joint.sources(state.federation, number)
    ]


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _trail(trails: stream.Trails, number: int, time_s: float) -> list[TrailPoint]:
    at = trails.track.searchsorted(number)
    if at >= len(trails.track) or trails.track[at] != number:
        return []
    end = int(trails.first[at + 1]) if at + 1 < len(trails.first) else len(trails.lat_e7)
    return [
        TrailPoint(
            time_s=time_s - float(trails.time_s[i]),
            lat_deg=float(trails.lat_e7[i]) / 1e7,
            lon_deg=float(trails.lon_e7[i]) / 1e7,
        )
        for i in range(int(trails.first[at]), end)
    ]
