"""The exercise as its instructor's API sees it: questions answered, wishes followed, all written down."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pyarrow as pa

from asman.apps.exercise_record import Record
from asman.apps.sending import Destination
from asman.apps.staging import Injected, Staged
from asman.edge import geojson
from asman.edge.exercise_messages import (
    EventEntry,
    EventState,
    ExerciseState,
    Extent,
    Ground,
    Line,
    MemberEntry,
    Pace,
    Place,
    SensorEntry,
)
from asman.exercise import Scenario
from asman.exercise.events import Event, Launch, lasts
from asman.model.sensor import Sensor

#: Who truly flies is worked out again after so long, however many ask.
FRESH_S: Final = 0.4
#: What a map and a list need of who flies.
_TOLD: Final = (
    "aircraft", "lat_deg", "lon_deg", "altitude_m", "speed_mps", "track_deg", "vu_mps", "mode_3a", "address",
    "callsign", "class", "member", "observable", "who",
)  # fmt: skip


class Conducting:
    """Answers the instructor (`edge.exercise_api.Conductor`).

    end  called once when the instructor ends the exercise
    """

    def __init__(
        self,
        staged: Staged,
        to: Mapping[str, Destination],
        record: Record | None,
        consoles: Mapping[str, str],
        ended: Callable[[], None],
    ) -> None:
        self._staged = staged
        self._to = to
        self._record = record
        self._consoles = consoles
        self._ended = ended
        self._refused = 0
        self._table: tuple[float, pa.Table] | None = None
        self._looking = asyncio.Lock()
        self._keeping = asyncio.Lock()
        scenario = staged.exercise.scenario
        self._parts = {one.id: _parts(scenario, one) for one in scenario.sensor}
        self._ground = Ground(
            area=Extent(**msgspec.structs.asdict(scenario.area)),
            airports=[
                Place(icao=one.icao, lat_deg=one.lat_deg, lon_deg=one.lon_deg, base_of=one.base_of)
                for one in scenario.airport
            ],
            borders=[Line(id=one.id, line=one.line) for one in scenario.border],
        )

    async def state(self) -> ExerciseState:
        """How the exercise stands."""
        flying = await self._flying()
        staged, scenario = self._staged, self._staged.exercise.scenario
        time_s, reached_s = staged.time_s, staged.reached_s
        events = [self._entry(entry, event, reached_s, flying) for entry, event in staged.events()]
        return ExerciseState(
            scenario=scenario.name,
            title=scenario.title,
            seed=scenario.seed,
            begin=_iso(scenario.begin),
            time=_iso(scenario.begin + timedelta(seconds=time_s)),
            time_s=time_s,
            wall=_iso(datetime.now(UTC)),
            speed=staged.pacer.speed,
            paused=staged.pacer.paused,
            ended=staged.pacer.ended,
            late_s=staged.flight.late_s,
            skipped_s=staged.flight.skipped_s,
            flying=flying.num_rows,
            refused=self._refused,
            record=str(self._record.folder) if self._record else "",
            members=[
                MemberEntry(id=one.id, name=one.name, console=self._consoles.get(one.id, ""))
                for one in scenario.member
            ],
            sensors=[self._sensor(one, events) for one in scenario.sensor],
            events=events,
            ground=self._ground,
        )

    async def flying(self) -> bytes:
        """GeoJSON of who truly flies where."""
        table = await self._flying()
        return await asyncio.to_thread(lambda: geojson.collection(table, "aircraft"))

    async def inject(self, asked: Any, by: str) -> EventEntry:
        """Add one event. Raises InputError."""
        entry, event = await asyncio.to_thread(self._staged.inject, asked, by, _iso(datetime.now(UTC)))
        await self._note("injected", by, id=entry.id, event=msgspec.to_builtins(event), asked=asked)
        return self._entry(entry, event, self._staged.reached_s, None)

    async def end_event(self, event: str, by: str) -> EventEntry | None:
        """End one event now. Raises InputError when it is over."""
        found = await asyncio.to_thread(self._staged.end_event, event)
        if found is None:
            return None
        await self._note("event_ended", by, id=event, event=msgspec.to_builtins(found[1]))
        return self._entry(*found, self._staged.reached_s, None)

    async def pace(self, by: str, *, paused: bool | None = None, speed: float | None = None) -> Pace:
        """Change how the clock runs. Raises InputError."""
        await asyncio.to_thread(lambda: self._staged.set_pace(paused=paused, speed=speed))
        what = "speed" if speed is not None else "paused" if paused else "resumed"
        await self._note(what, by, **({} if speed is None else {"speed": speed}))
        return self._pace()

    async def end(self, by: str) -> Pace:
        """End the exercise."""
        if not self._staged.pacer.ended:
            self._staged.pacer.end()
            await self._note("end", by)
            self._ended()
        return self._pace()

    def refused(self, why: str, by: str) -> None:
        """Count and write down what was not accepted."""
        self._refused += 1
        if self._record is not None:
            self._record.note("refused", self._staged.time_s, by=by, why=why[:500])

    async def _note(self, what: str, by: str, **keys: Any) -> None:
        record = self._record
        if record is not None:
            record.note(what, self._staged.time_s, by=by, **keys)
            async with self._keeping:
                if what in ("injected", "event_ended"):
                    await asyncio.to_thread(record.keep, self._staged.exercise.scenario)

    async def _flying(self) -> pa.Table:
        async with self._looking:
            if self._table is None or time.monotonic() - self._table[0] > FRESH_S:
                table = await asyncio.to_thread(self._staged.flying)
                self._table = time.monotonic(), table.select(_TOLD)
            return self._table[1]

    def _pace(self) -> Pace:
        pacer = self._staged.pacer
        return Pace(time_s=self._staged.time_s, speed=pacer.speed, paused=pacer.paused, ended=pacer.ended)

    def _sensor(self, sensor: Sensor, events: list[EventEntry]) -> SensorEntry:
        sender, where = self._staged.sender, self._to.get(sensor.id)
        outage = next(
            (
                one
                for one in events
                if one.state == "active"
                and one.event["kind"] == "outage"
                and one.event["sensor"] == sensor.id
            ),
            None,
        )
        return SensorEntry(
            id=sensor.id,
            member=sensor.member,
            kind=sensor.kind,
            lat_deg=sensor.lat_deg,
            lon_deg=sensor.lon_deg,
            range_max_m=sensor.range_max_m,
            period_s=sensor.period_s,
            to="" if where is None else f"{where.host}:{where.port}",
            parts=self._parts[sensor.id],
            out="" if outage is None else outage.event["part"],
            out_event="" if outage is None else outage.id,
            datagrams=sender.sent[sensor.id],
            octets=sender.octets_of[sensor.id],
            late=sender.late[sensor.id],
            failed=sender.failed_of[sensor.id],
        )

    def _entry(self, entry: Injected, event: Event, time_s: float, flying: pa.Table | None) -> EventEntry:
        begin_s, end_s = lasts(event)
        told: dict[str, Any] = msgspec.to_builtins(event)
        if isinstance(event, Launch):
            begin_s += event.flight.begin_s
        state: EventState = "planned" if time_s < begin_s else "active" if time_s < end_s else "past"
        if isinstance(event, Launch) and flying is not None and state == "active" and time_s > begin_s + 2.0:
            state = "active" if _flies(flying, f"flight:{event.flight.id}") else "past"
        return EventEntry(
            id=entry.id,
            state=state,
            begin_s=begin_s,
            end_s=event.end_s,
            event=told,
            by=entry.by,
            at=entry.at,
        )


def _parts(scenario: Scenario, sensor: Sensor) -> tuple[str, ...]:
    """What of a sensor can fail: a primary radar that turns with a secondary one fails alone."""
    both = sensor.kind in ("ssr", "modes") and scenario.effects_of(sensor.id).psr
    return ("all", "ssr", "psr") if both else ("all",)


def _flies(flying: pa.Table, who: str) -> bool:
    return who in flying["who"].to_pylist()


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
