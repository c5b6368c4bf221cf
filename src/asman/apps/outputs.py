"""A node's outputs: its own picture, or a partner's view of it, in forms that others read.

    reasoning --TRACKS--> form (a pure function of the table) --messages--> UDP, TCP, file

Default deny: nothing leaves but what `[[output]]` of the node's own node.toml names. The own picture is for
the member's own recipients: agreements are not asked here, so such an output may not lead to a partner. An
output with `view` sends what the release guard let go to that partner, and nothing else: neither our own
track numbers nor how our sensors do. While no agreement gives it anything, its picture is empty, and goes
out at the same pace. A slow reader, a lost connection or a table that cannot be said costs messages, which
are counted; never the picture.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from asman.apps.output_toml import OutputConfig, leads_to
from asman.apps.sending import Destination, Sender
from asman.edge.health_messages import Health, OutputHealth
from asman.edge.outlets import Connected, Outlet, Place, Served, Written
from asman.edge.reasoning import Reasoning, flows
from asman.errors import AsmanError
from asman.model.datagram import Datagram

if TYPE_CHECKING:
    from asman.wire.asterix.from_status import SensorStatus

#: Datagrams that go out at once before others get their turn.
BURST: Final = 64
#: An event of Cursor on Target holds for so many periods, and not less than this.
STALE_PERIODS, STALE_S = 3.0, 30.0

#: tracks, ns UTC, latest health -> messages, and rows that the format cannot say
Form = Callable[[pa.Table, int, Health | None], tuple[list[bytes], int]]


class Datagrams:
    """An outlet of UDP datagrams."""

    def __init__(self, where: Destination, name: str) -> None:
        self.dropped = 0
        self.problem = ""
        self._name = name
        self._sender = Sender({name: where})

    @property
    def messages(self) -> int:
        """Datagrams sent."""
        return self._sender.datagrams

    @property
    def octets(self) -> int:
        """Their octets."""
        return self._sender.octets

    @property
    def readers(self) -> int:
        """UDP does not say whether anybody listens."""
        return 1

    def send(self, message: bytes) -> None:
        """Send one datagram; what the system does not take is counted."""
        before = self._sender.datagrams
        self._sender.send(Datagram(self._name, 0, message))
        if self._sender.datagrams == before:
            self.dropped += 1
            self.problem = next(reversed(self._sender.failed), "")

    def close(self) -> None:
        """Close the socket."""
        self._sender.close()


class Output:
    """One `[[output]]` at work."""

    def __init__(self, config: OutputConfig, outlet: Outlet, form: Callable[[], Form]) -> None:
        self.config = config
        self.outlet = outlet
        self.left_out = 0
        self.last_s: float | None = None
        self.problem = ""
        self._make_form = form
        self._form = form()

    def begin_anew(self) -> None:
        """Forget what was sent: nothing is given now, so that not even the end of a track may be said."""
        self._form = self._make_form()

    async def send(self, tracks: pa.Table, health: Health | None) -> None:
        """Send one picture."""
        now_ns = time.time_ns()
        if not self.config.unconfirmed:
            tracks = tracks.filter(tracks["confirmed"])
        try:
            messages, left_out = await asyncio.to_thread(self._form, tracks, now_ns, health)
        except AsmanError as error:
            # One table that the format cannot say: the next one may be as it should.
            self.problem = str(error)
            logging.getLogger(__name__).warning("output '%s': %s", self.config.name, error)
            return
        except Exception as error:  # ours: an output must not take the picture with it
            self.problem = f"ours: {error!r}"
            logging.getLogger(__name__).exception("output '%s' failed", self.config.name)
            return
        self.problem = ""
        self.left_out += left_out
        for number, message in enumerate(messages):
            self.outlet.send(message)
            if number % BURST == BURST - 1:
                await asyncio.sleep(0)
        self.last_s = now_ns / 1e9

    def health(self) -> OutputHealth:
        """How it does."""
        outlet = self.outlet
        return OutputHealth(
            name=self.config.name,
            kind=self.config.kind,
            messages=outlet.messages,
            octets=outlet.octets,
            dropped=outlet.dropped,
            left_out=self.left_out,
            readers=outlet.readers,
            last_sent_s=self.last_s,
            problem=self.problem or outlet.problem,
        )


class Outputs:
    """All outputs of a node."""

    def __init__(self, configs: Sequence[OutputConfig], reasoning: Reasoning) -> None:
        self.outputs: list[Output] = []
        self._configs = configs
        self._reasoning = reasoning
        self._health: Health | None = None

    @property
    def places(self) -> list[str]:
        """What goes where, in words."""
        return [
            f"{one.config.kind} to {one.config.url}"
            + (f" as {one.config.view} sees it" * bool(one.config.view))
            for one in self.outputs
        ]

    def heard(self, health: Health) -> None:
        """Take in how the node does."""
        self._health = health

    def health(self) -> list[OutputHealth]:
        """How the outputs do."""
        return [one.health() for one in self.outputs]

    async def open(self) -> None:
        """Open all outlets. Raises ConfigError."""
        for config in self._configs:
            item = f"output '{config.name}'"
            where = leads_to(config, item)
            outlet = (
                Datagrams(where, config.name) if isinstance(where, Destination) else await _open(where, item)
            )
            form = partial(form_of, config, datagrams=isinstance(where, Destination))
            self.outputs.append(Output(config, outlet, form))

    async def run(self) -> None:
        """Send until cancelled."""
        await asyncio.gather(*(self._repeat(one) for one in self.outputs))

    async def _repeat(self, output: Output) -> None:
        due = time.monotonic()
        while True:
            view = output.config.view
            try:
                tracks = await (self._reasoning.view(view) if view else self._reasoning.tracks())
            except TimeoutError:
                output.problem = "the node was too busy to tell its tracks"
            else:
                if tracks is None:
                    output.problem = f"nothing is released to {view}: this node has no border"
                else:
                    if view and not flows(tracks):
                        output.begin_anew()
                    await output.send(tracks, None if view else self._health)
            due = max(due + output.config.period_s, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    def close(self) -> None:
        """Close all outlets."""
        for one in self.outputs:
            one.outlet.close()


async def _open(where: Place, item: str) -> Outlet:
    match where.scheme:
        case "tcp":
            return Connected(where)
        case "tcp-listen":
            return await Served().open(where, item)
        case _:
            return Written(where)


def form_of(config: OutputConfig, *, datagrams: bool) -> Form:
    """The function that turns tracks into messages; CAT062 remembers what it sent."""
    if config.kind == "cat062":
        return _asterix(config)
    stale_s = max(STALE_PERIODS * config.period_s, STALE_S)

    def events(tracks: pa.Table, _: int, __: Health | None) -> tuple[list[bytes], int]:
        from asman.wire import cot

        written = cot.xml if config.kind == "cot" else cot.mesh if datagrams else cot.stream
        found = cot.events(tracks, stale_s=stale_s)
        return [written(one) for one in found.events], sum(found.left_out.values())

    def sbs(tracks: pa.Table, _: int, __: Health | None) -> tuple[list[bytes], int]:
        from asman.wire.modes import sbs_write

        found = sbs_write.lines(tracks, simulated=config.simulated)
        return [found.text] if found.text else [], sum(found.left_out.values())

    def geojson(tracks: pa.Table, _: int, __: Health | None) -> tuple[list[bytes], int]:
        from asman.wire.geojson import collection

        return [collection(tracks)], 0

    return {"cot": events, "tak": events, "sbs": sbs, "geojson": geojson}[config.kind]


def _asterix(config: OutputConfig) -> Form:
    """CAT062 with the heartbeat of CAT065 and the sensors of CAT063."""
    from asman.apps.warm import prepare

    prepare()
    from asman.wire.asterix import live_tracks
    from asman.wire.asterix.from_tracks import Source

    sac, _, sic = config.source.partition("/")
    source = Source(int(sac), int(sic), config.service)
    state = live_tracks.nothing()

    def form(tracks: pa.Table, now_ns: int, health: Health | None) -> tuple[list[bytes], int]:
        nonlocal state
        before = state.left_out
        status = live_tracks.Status(
            degraded=health is not None and health.status in ("degraded", "waiting"),
            overload=health is not None and health.status == "behind",
            sensors=_sensors(health),
        )
        state, messages = live_tracks.step(state, tracks, now_ns, source, status, config.edition)
        return messages, state.left_out - before

    return form


def _sensors(health: Health | None) -> "list[SensorStatus]":
    """Sensors that have codes, as CAT063 tells of them."""
    from asman.wire.asterix.from_status import SensorStatus

    if health is None:
        return []
    return [
        SensorStatus(
            one.sac,
            one.sic,
            one.kind,
            "disconnected" if one.silent else "operational" if one.plots else "initialising",
            one.registration,
        )
        for one in health.sensors
        if one.sac is not None and one.sic is not None
    ]
