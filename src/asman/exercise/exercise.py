"""One exercise, ready to be asked: the facade of this floor's part.

A live run calls `emissions` every 250 ms or so with the span of time that has passed, and sends each
datagram to the node of the member who owns its sensor. The encoder is a parameter, because stages on one
floor do not know each other: `asman.wire.asterix.encode.encode` is the one.
"""

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError
from asman.exercise import emit, emit_reports
from asman.exercise.clutter import make_clutter
from asman.exercise.events import Event, Launch
from asman.exercise.identities import names_of, resolve
from asman.exercise.joined import joined
from asman.exercise.radars import make_radars
from asman.exercise.reports import report
from asman.exercise.scenario import Scenario, check_event, with_aircraft
from asman.exercise.services import services
from asman.exercise.sky import Sky, line_of, make_sky
from asman.exercise.squitters import Squitters
from asman.exercise.squitters import squitters as squitters_of
from asman.exercise.sweep import Swept, World, within
from asman.exercise.sweep import sweep as sweep_of
from asman.exercise.terrain import make_masks
from asman.exercise.truth import truth as truth_of
from asman.model.datagram import Datagram
from asman.model.sensor import RADAR_KINDS, Sensors
from asman.model.terrain import Terrain


class Exercise(msgspec.Struct, frozen=True):
    """A scenario, laid out: its sky, its radars as numbers, what hides and what disturbs.

    trajectories   of recorded traffic, kept to lay the sky anew when something is injected
    """

    world: World
    trajectories: pa.Table | None = None

    @property
    def scenario(self) -> Scenario:
        """What it is made of, with everything injected since."""
        return self.world.scenario

    @property
    def sky(self) -> Sky:
        """Who flies."""
        return self.world.sky


def start(
    scenario: Scenario,
    aircraft: int | None = None,
    seed: int | None = None,
    begin_ns: int | None = None,
    *,
    terrain: Terrain | None = None,
    trajectories: pa.Table | None = None,
) -> Exercise:
    """Lay out a scenario.

    aircraft      how many airframes instead of the scenario's own number
    seed          instead of the scenario's own
    begin_ns      ns UTC instead of the scenario's own date: now, for a live run; cut to whole microseconds
    terrain       what hides aircraft from radars; None: smooth ground
    trajectories  TRAJECTORIES rows of `scenario.recorded`

    Raises InputError for an event about somebody who is not there.
    """
    if aircraft is not None:
        scenario = with_aircraft(scenario, aircraft)
    if seed is not None:
        scenario = msgspec.structs.replace(scenario, seed=seed)
    if begin_ns is not None:
        begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=begin_ns // 1000)
        scenario = msgspec.structs.replace(scenario, begin=begin)
    radars = make_radars(scenario, terrain is not None)
    masks = None
    if terrain is not None:
        true = [scenario.effects_of(sensor.id) for sensor in scenario.sensor]
        masks = make_masks(
            terrain, scenario.sensor, [one.mast_m for one in true], [one.horizon_k for one in true]
        )
    sky = make_sky(scenario, trajectories)
    _check_events(scenario, sky)
    return Exercise(World(scenario, sky, radars, make_clutter(scenario, radars), masks), trajectories)


def inject(exercise: Exercise, event: Event) -> Exercise:
    """The same exercise with one more event; what lies before the event's begin stays as it was, bit for bit.

    Raises InputError for an event about somebody, or a sensor, that is not there.
    """
    check_event(event, exercise.scenario, "event")
    return _with_events(exercise, (*exercise.scenario.event, event))


def amend(exercise: Exercise, number: int, event: Event) -> Exercise:
    """The same exercise with another event in place of `scenario.event[number]`: one that ends, say.

    What lies before the time from which the two events differ stays as it was. Raises InputError.
    """
    check_event(event, exercise.scenario, "event")
    before = exercise.scenario.event
    return _with_events(exercise, (*before[:number], event, *before[number + 1 :]))


def _with_events(exercise: Exercise, events: tuple[Event, ...]) -> Exercise:
    """With these events; the sky is laid anew only for flights that others than before have launched."""
    world = exercise.world
    scenario = msgspec.structs.replace(world.scenario, event=events)
    sky = world.sky
    if _launched(events) != _launched(world.scenario.event):
        sky = make_sky(scenario, exercise.trajectories)
    _check_events(scenario, sky)
    return msgspec.structs.replace(exercise, world=world._replace(scenario=scenario, sky=sky))


def _launched(events: tuple[Event, ...]) -> list[Event]:
    return [event for event in events if isinstance(event, Launch)]


def _check_events(scenario: Scenario, sky: Sky) -> None:
    for i, event in enumerate(scenario.event):
        who = getattr(event, "who", None)
        if who is None:
            continue
        try:
            resolve(who, sky)
        except InputError as error:
            item = f"{scenario.name}: event[{i}].{error.item}"
            raise InputError(item, error.problem, error.mend) from error


def sensors(exercise: Exercise, member: str | None = None) -> Sensors:
    """What a member knows of its own sensors; everybody's without `member`."""
    return tuple(sensor for sensor in exercise.scenario.sensor if member in (None, sensor.member))


def truth(exercise: Exercise, times_ns: NDArray[np.int64]) -> pa.Table:
    """Where every flying aircraft truly is at each time [ns UTC]: TRUTH_TOLD rows, for scoring only."""
    return truth_of(exercise.world, times_ns)


def flying(exercise: Exercise, at_ns: int) -> pa.Table:
    """Who flies at a time [ns UTC]: TRUTH_TOLD rows, with `speed_mps`, `track_deg` and `who`.

    `who` names the airframe as events do: "airliner:3", or "flight:ID" where it is scripted.
    """
    table = truth_of(exercise.world, np.array([at_ns], np.int64))
    north, east = (table[name].to_numpy() for name in ("vn_mps", "ve_mps"))
    names = names_of(exercise.sky)
    who = [names[line] for line in line_of(table["aircraft"].to_numpy()).tolist()]
    table = table.append_column("speed_mps", pa.array(np.hypot(north, east)))
    table = table.append_column("track_deg", pa.array(np.degrees(np.arctan2(east, north)) % 360.0))
    return table.append_column("who", pa.array(who, pa.string()))


def sweep(exercise: Exercise, begin_ns: int, end_ns: int) -> Swept:
    """What all sensors say of what happens in [begin, end), ns UTC: beams that meet aircraft, squitters."""
    swept = sweep_of(exercise.world, *_everybody(exercise, begin_ns, end_ns))
    return _with_reports(exercise, swept, begin_ns, end_ns)


def _everybody(exercise: Exercise, begin_ns: int, end_ns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The same window for each radar."""
    count = len(exercise.world.radars)
    return np.full(count, begin_ns, np.int64), np.full(count, end_ns, np.int64)


def _with_reports(exercise: Exercise, swept: Swept, begin_ns: int, end_ns: int) -> Swept:
    world = exercise.world
    if all(sensor.kind in RADAR_KINDS for sensor in world.scenario.sensor):
        return swept
    return joined(swept, report(world.scenario, world.sky, begin_ns, end_ns, world.masks))


def messages(exercise: Exercise, begin_ns: int, end_ns: int) -> pa.Table:
    """North markers and sector crossings of all radars in [begin, end), ns UTC: SERVICES rows."""
    origin, count = exercise.sky.begin_ns, len(exercise.world.radars)
    begin, end = (np.full(count, max(at - origin, 0), np.int64) for at in (begin_ns, end_ns))
    return services(exercise.world, begin, end)[0]


def emissions(exercise: Exercise, begin_ns: int, end_ns: int, encode: emit.Encode) -> tuple[Datagram, ...]:
    """What all sensors send in [begin, end), ns UTC, in order of time: `feed` is the sensor's id."""
    sent = emit.emissions(exercise.world, begin_ns, end_ns, encode)
    return _with_told(exercise, sent, begin_ns, end_ns, encode)


def _with_told(
    exercise: Exercise, sent: tuple[Datagram, ...], begin_ns: int, end_ns: int, encode: emit.Encode
) -> tuple[Datagram, ...]:
    world = exercise.world
    told = emit_reports.emissions(world.scenario, world.sky, begin_ns, end_ns, encode, world.masks)
    return tuple(sorted(sent + told, key=lambda datagram: datagram.time_ns)) if told else sent


def sweep_and_emissions(
    exercise: Exercise, begin_ns: int, end_ns: int, encode: emit.Encode
) -> tuple[Swept, tuple[Datagram, ...]]:
    """`sweep` and `emissions` of one span, bit for bit, at the price of little more than one of them."""
    low, high = emit.windows(exercise.world, begin_ns, end_ns)
    some = high > low
    whole = sweep_of(
        exercise.world,
        np.where(some, np.minimum(low, begin_ns), begin_ns),
        np.where(some, np.maximum(high, end_ns), end_ns),
    )
    swept = within(whole, *_everybody(exercise, begin_ns, end_ns))
    sent = emit.emissions(exercise.world, begin_ns, end_ns, encode, whole)
    return (
        _with_reports(exercise, swept, begin_ns, end_ns),
        _with_told(exercise, sent, begin_ns, end_ns, encode),
    )


def squitters(exercise: Exercise, begin_ns: int, end_ns: int) -> Squitters:
    """What every ADS-B receiver hears on 1,090 MHz of messages sent in [begin, end), ns UTC."""
    world = exercise.world
    return squitters_of(world.scenario, world.sky, begin_ns, end_ns, world.masks)
