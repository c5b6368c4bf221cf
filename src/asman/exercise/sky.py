"""A seeded sky: aircraft that fly for ever, and where they truly are at any time.

Each airframe flies a closed cycle of two flights with time on the ground between (see `routes`), laid once
as pieces of exact geometry (see `kernels.motion`) and repeated without end: a sky needs no more memory for
a week than for a minute, and its state at a time needs no history. An aircraft number names one flight of
one airframe; the next flight of the same airframe is another aircraft.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise import routes
from asman.exercise.fleet import Fleet, make_fleet
from asman.exercise.routes import Line
from asman.exercise.scenario import Scenario
from asman.exercise.scenario import begin_ns as begin_of
from asman.kernels.motion import PIECE_COLUMNS, PLAN_COLUMNS, lay_lines, states_at
from asman.model.truth import TRUTH
from asman.units import SECOND_NS

#: Flights in an airframe's cycle: out and back.
FLIGHTS = 2


class Sky(msgspec.Struct, frozen=True):
    """L airframes ("lines"), laid out.

    begin_ns   ns     UTC of time 0
    pieces     (K, 12)  see `kernels.motion`
    first      (L+1,)   first piece of each line
    cycle_s    (L,)   s length of its cycle
    phase_s    (L,)   s where in its cycle it is at time 0
    equipment  (L,)     DARK, MODE_AC, MODE_S
    kinds      (L,)     names of `routes.Line.kind`
    fleet               who they are
    """

    begin_ns: int
    pieces: NDArray[np.float64]
    first: NDArray[np.int64]
    cycle_s: NDArray[np.float64]
    phase_s: NDArray[np.float64]
    equipment: NDArray[np.int64]
    kinds: tuple[str, ...]
    fleet: Fleet


def make_sky(scenario: Scenario) -> Sky:
    """Lay out the scenario's traffic; the same scenario gives the same sky, bit for bit."""
    rng = np.random.default_rng(scenario.seed)
    lines = _lines(rng, scenario)
    first, cycle, pieces = _lay(lines)
    phase = rng.random(len(lines)) * cycle
    for i, line in enumerate(lines):
        # A formation stays together: all fly by the leader's clock.
        cycle[i], phase[i] = cycle[i - line.leader], phase[i - line.leader]
    return Sky(
        begin_ns=begin_of(scenario),
        pieces=pieces,
        first=first,
        cycle_s=cycle,
        phase_s=phase,
        equipment=np.array([line.equipment for line in lines], np.int64),
        kinds=tuple(line.kind for line in lines),
        fleet=make_fleet(rng, scenario, lines),
    )


def _lines(rng: np.random.Generator, scenario: Scenario) -> list[Line]:
    traffic = scenario.traffic

    def ground() -> tuple[float, float]:
        first, second = rng.uniform(traffic.ground_min_s, traffic.ground_max_s, 2)
        return float(first), float(second)

    lines: list[Line] = []
    for count, make in (
        (traffic.airliners, routes.airliner),
        (traffic.overflights, routes.overflight),
        (traffic.circuits, routes.circuit),
        (traffic.helicopters, routes.helicopter),
        (traffic.fast_jets, routes.fast_jet),
        (traffic.dark, routes.dark),
    ):
        lines.extend(make(rng, scenario, ground()) for _ in range(count))
    for _ in range(traffic.formations):
        lines.extend(routes.formation(rng, scenario, ground()))
    return lines


def _lay(lines: Sequence[Line]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Columns for `lay_lines`, and what it makes of them: first pieces, cycles, pieces."""
    flights = [flight for line in lines for flight in line.flights]
    width = max((len(flight.waypoints) for flight in flights), default=2)
    waypoints = np.zeros((len(flights), width, 3))
    for i, flight in enumerate(flights):
        waypoints[i, : len(flight.waypoints)] = flight.waypoints
    counts = np.array([len(flight.waypoints) for flight in flights], np.int64)
    plans = np.array([flight.plan for flight in flights]).reshape(-1, PLAN_COLUMNS)
    ground = np.array([flight.ground_s for flight in flights])
    rows = int((2 * counts + plans[:, 8] + 6).sum())
    pieces = np.zeros((rows, PIECE_COLUMNS))
    first, cycle = lay_lines(waypoints, counts, plans, ground, FLIGHTS, pieces)
    return first, cycle, pieces[: first[-1]].copy()


def truth(sky: Sky, times_ns: NDArray[np.int64]) -> pa.Table:
    """Where every flying aircraft truly is at each time [ns UTC, not before the sky's begin]: TRUTH rows."""
    seconds = (np.asarray(times_ns, np.int64) - sky.begin_ns) / SECOND_NS
    out = np.empty((seconds.size * sky.cycle_s.size, 9))
    count = states_at(sky.pieces, sky.first, sky.cycle_s, sky.phase_s, FLIGHTS, seconds, out)
    row = out[:count]
    when = np.asarray(times_ns, np.int64)[row[:, 0].astype(np.int64)]
    columns = [
        when,
        row[:, 1].astype(np.int64),
        np.degrees(row[:, 2]),
        np.degrees(row[:, 3]),
        *(row[:, i].copy() for i in (4, 5, 6, 7)),
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, TRUTH, strict=True)]
    return pa.Table.from_arrays(arrays, schema=TRUTH)
