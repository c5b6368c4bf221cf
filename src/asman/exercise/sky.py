"""A seeded sky: aircraft that fly for ever, and where they are at any time.

Each airframe flies a closed cycle of two flights with time on the ground between (see `routes`), laid once
as pieces of exact geometry (see `kernels.motion`) and repeated without end: a sky needs no more memory for
a week than for a minute, and its state at a time needs no history. An aircraft number names one flight of
one airframe; the next flight of the same airframe is another aircraft. Scripted flights stand last, so that
one more changes nobody else.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError
from asman.exercise import routes
from asman.exercise.elements import ScriptedFlight
from asman.exercise.events import Launch
from asman.exercise.fleet import Fleet, make_fleet
from asman.exercise.recorded import RecordedTraffic, lay_recorded
from asman.exercise.routes import Line
from asman.exercise.scenario import Scenario
from asman.exercise.scenario import begin_ns as begin_of
from asman.exercise.scripted import intruders, scripted
from asman.kernels.motion import LINES_MAX, PIECE_COLUMNS, PLAN_COLUMNS, lay_lines
from asman.kernels.radar import DARK, MODE_AC, MODE_S

#: After the end of every exercise.
NEVER_S = 1e9

#: Flights in an airframe's cycle: out and back.
FLIGHTS = 2

#: Radar cross-section [m²] by kind, of a median aspect: Skolnik, Radar Handbook, 3rd edition, chapter 14.
RCS_M2 = {
    "airliner": 30.0, "overflight": 40.0, "circuit": 2.0, "helicopter": 4.0, "fast_jet": 4.0,
    "formation": 4.0, "dark": 2.0, "low_flyer": 2.0, "drone": 0.05, "light": 2.0, "flight": 5.0,
}  # fmt: skip


class Sky(msgspec.Struct, frozen=True):
    """L airframes ("lines"), laid out.

    begin_ns   ns     UTC of time 0
    pieces     (K, 12)  see `kernels.motion`
    first      (L+1,)   first piece of each line
    cycle_s    (L,)   s length of its cycle
    phase_s    (L,)   s where in its cycle it is at time 0
    equipment  (L,)     DARK, MODE_AC, MODE_S
    adsb       (L,)     sends ADS-B
    rcs_m2     (L,)  m² radar cross-section
    kinds      (L,)     of `elements.AircraftKind`
    fleet               who they are
    scripts             id of a scripted flight -> its line
    counted             what of a recording could not be flown, and why: (words, rows)
    """

    begin_ns: int
    pieces: NDArray[np.float64]
    first: NDArray[np.int64]
    cycle_s: NDArray[np.float64]
    phase_s: NDArray[np.float64]
    equipment: NDArray[np.int64]
    adsb: NDArray[np.bool_]
    rcs_m2: NDArray[np.float64]
    kinds: tuple[str, ...]
    fleet: Fleet
    scripts: dict[str, int]
    counted: tuple[tuple[str, int], ...] = ()


def line_of(aircraft: NDArray[np.int64]) -> NDArray[np.int64]:
    """The airframe of each aircraft number; only of those that are somebody (0 or more)."""
    return aircraft % LINES_MAX


def flight_of(aircraft: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which flight of its airframe each aircraft number is, counted from the begin of the exercise."""
    return aircraft // LINES_MAX


def make_sky(scenario: Scenario, trajectories: pa.Table | None = None) -> Sky:
    """Lay out the scenario's traffic; the same scenario gives the same sky, bit for bit.

    trajectories   of `scenario.recorded`, with the columns that `recorded.lay_recorded` reads
    """
    seed = scenario.seed
    lines = _lines(np.random.default_rng([seed, 11]), scenario)
    first, cycle, pieces = _lay(lines)
    phase = np.random.default_rng([seed, 12]).random(len(lines)) * cycle
    for i, line in enumerate(lines):
        # A formation stays together: all fly by the leader's clock.
        cycle[i], phase[i] = cycle[i - line.leader], phase[i - line.leader]
    equipment = [line.equipment for line in lines]
    kinds = [line.kind for line in lines]
    recorded = _recorded(scenario, trajectories)
    if recorded is not None:
        pieces, first = _joined(pieces, first, recorded.pieces, recorded.first)
        cycle, phase = np.r_[cycle, recorded.cycle_s], np.r_[phase, recorded.phase_s]
        kinds += recorded.kind
        some = np.random.default_rng([seed, 13]).random(len(recorded.kind)) < scenario.traffic.mode_ac
        equipment += np.where(some, MODE_AC, MODE_S).tolist()
    scripts = _scripts(scenario)
    own = [scripted(flight) for flight, _ in scripts]
    more_first, more_cycle, more_pieces = _lay(own)
    pieces, first = _joined(pieces, first, more_pieces, more_first)
    adsb = np.random.default_rng([seed, 14]).random(len(kinds)) < scenario.traffic.adsb
    base = len(kinds)
    equipment += [line.equipment for line in own]
    kinds += [line.kind for line in own]
    rcs = [RCS_M2[kind] for kind in kinds[:base]] + [flight.rcs_m2 for flight, _ in scripts]
    adsb = np.r_[adsb, np.array([flight.adsb for flight, _ in scripts], bool)]
    if len(kinds) > LINES_MAX:
        raise InputError("traffic", f"{len(kinds)} airframes, at most {LINES_MAX} fit", "Ask for fewer.")
    worn = np.array(equipment, np.int64)
    return Sky(
        begin_ns=begin_of(scenario),
        pieces=pieces,
        first=first,
        cycle_s=np.r_[cycle, more_cycle],
        phase_s=np.r_[phase, np.array([-begin for _, begin in scripts])],
        equipment=worn,
        adsb=adsb & (worn == MODE_S) & (worn != DARK),
        rcs_m2=np.array(rcs),
        kinds=tuple(kinds),
        fleet=make_fleet(scenario, lines, recorded, [flight for flight, _ in scripts]),
        scripts={flight.id: base + i for i, (flight, _) in enumerate(scripts)},
        counted=() if recorded is None else tuple(recorded.counted),
    )


def _scripts(scenario: Scenario) -> list[tuple[ScriptedFlight, float]]:
    """Every scripted flight and when it begins [s]: the scenario's own, then those that were launched."""
    launched = [event for event in scenario.event if isinstance(event, Launch)]
    return [(flight, flight.begin_s) for flight in scenario.flight] + [
        (event.flight, NEVER_S if _taken_back(event) else event.begin_s + event.flight.begin_s)
        for event in launched
    ]


def _taken_back(event: Launch) -> bool:
    """Whether it ended before it began: nobody flies, but who was launched later keeps his number."""
    return event.end_s is not None and event.end_s <= event.begin_s


def _recorded(scenario: Scenario, trajectories: pa.Table | None) -> RecordedTraffic | None:
    said = scenario.recorded
    if said is None or trajectories is None:
        return None
    return lay_recorded(
        trajectories,
        copies=said.copies,
        anchors=[(anchor.lat_deg, anchor.lon_deg) for anchor in said.anchor],
        spread_m=said.spread_m,
        turn=said.turn,
        repeat_s=said.repeat_s,
        rng=np.random.default_rng([scenario.seed, 15]),
        gap_s=said.gap_s,
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
        (traffic.low_flyers, routes.low_flyer),
        (traffic.drones, routes.drone),
    ):
        lines.extend(make(rng, scenario, ground()) for _ in range(count))
    for _ in range(traffic.formations):
        lines.extend(routes.formation(rng, scenario, ground()))
    for border in scenario.border:
        lines.extend(intruders(rng, border))
    return lines


def _lay(lines: Sequence[Line]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Columns for `lay_lines`, and what it makes of them: first pieces, cycles, pieces."""
    slots = [line.flights[k] if k < len(line.flights) else None for line in lines for k in range(FLIGHTS)]
    width = max((len(flight.waypoints) for flight in slots if flight is not None), default=2)
    waypoints = np.zeros((len(slots), width, 3))
    counts = np.zeros(len(slots), np.int64)
    plans = np.zeros((len(slots), PLAN_COLUMNS))
    ground = np.zeros(len(slots))
    for i, flight in enumerate(slots):
        if flight is not None:
            counts[i] = len(flight.waypoints)
            waypoints[i, : counts[i]] = flight.waypoints
            plans[i], ground[i] = flight.plan, flight.ground_s
    rows = int((2 * counts + plans[:, 8] + 6).sum())
    pieces = np.zeros((rows, PIECE_COLUMNS))
    first, cycle = lay_lines(waypoints, counts, plans, ground, FLIGHTS, pieces)
    return first, cycle, pieces[: first[-1]].copy()


def _joined(
    pieces: NDArray[np.float64],
    first: NDArray[np.int64],
    more: NDArray[np.float64],
    more_first: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Pieces of two lots of lines, one behind the other, and where each line begins."""
    return np.concatenate([pieces, more]), np.r_[first, more_first[1:] + first[-1]]
