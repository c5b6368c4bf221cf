"""Reports of positions that aircraft send: which ADS-B receiver hears which message, and what it says.

One report a slot and aircraft, as a ground station gives them out; what makes a report is in `navigation`.
Whether it is read depends on the receiver alone: smooth ground's horizon, range, its drop-outs and a draw of
its own. What is said is rounded as the aircraft and the ground station do: velocity over ground in 1 kt north
and east, then as speed and track (CAT021 I160); climb in 64 ft/min, then in 6.25 (I155); heights in 25 ft;
the position in steps of CAT021 I131, 180 / 2^30 degrees.

Sources: RTCA DO-260B, 2.2.3.2.6 (velocity); EUROCONTROL CAT021 edition 2.6, items I071, I131, I140, I145,
I155, I160.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import navigation as nav
from asman.kernels.chance import FOR_REPORT, TURN, key_of, uniform
from asman.kernels.jit import kernel, part, rare
from asman.kernels.motion import LINES_MAX
from asman.kernels.navigation import Interference, Lines, Said, State
from asman.kernels.radar import FOOT_M, OF_REPORT, OF_STALE, SECOND_NS, TIME_STEP_NS, pressure_altitude

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KNOT_MPS: Final = 1852.0 / 3600.0
FOOT_PER_MINUTE_MPS: Final = FOOT_M / 60.0
#: Steps of CAT021: I131 [deg], I160 [m/s, rad].
POSITION_STEP_DEG: Final = 180.0 / 2**30
SPEED_STEP_MPS: Final = 1852.0 / 2**14
TRACK_STEP: Final = TURN / 2**16

#: Columns of a report: time sent [ns after the begin], sensor's index, aircraft (-1: none), line's number,
#: time stamp [ns UTC], cause, trust ...
AT, SENSOR, AIRCRAFT, WHO, STAMP, CAUSE, TRUST, REPORT_INTS = range(8)
#: ... position [deg], geometric and pressure altitude [m], velocity north, east, climb [m/s]; of a location
#: the error's variances east, north and covariance [m²]; and where it truly was [rad, m].
(
    LAT, LON, GEOMETRIC, PRESSURE, NORTH, EAST, UP, VAR_E, VAR_N, COV_EN, TRUE_LAT, TRUE_LON, TRUE_HEIGHT,
    REPORT_FLOATS,
) = range(14)  # fmt: skip


@part
def stepped(value: float, step: float) -> float:
    """The nearest multiple of a step."""
    return math.floor(value / step + 0.5) * step


@part
def stamped(origin_ns: int, t_ns: int, quantised: bool) -> int:
    """Time stamp [ns UTC], in steps of 1/128 s."""
    stamp = origin_ns + t_ns
    return (stamp + TIME_STEP_NS // 2) // TIME_STEP_NS * TIME_STEP_NS if quantised else stamp


@part
def velocity(north: float, east: float, quantised: bool) -> tuple[float, float]:
    """Velocity [m/s] as a ground station gives it out: of whole knots, as speed and track."""
    if not quantised:
        return north, east
    north, east = stepped(north, KNOT_MPS), stepped(east, KNOT_MPS)
    speed = stepped(math.sqrt(north * north + east * east), SPEED_STEP_MPS)
    track = stepped(math.atan2(east, north), TRACK_STEP)
    return speed * math.cos(track), speed * math.sin(track)


@part
def truly(state: State, out: Floats) -> None:
    """Write where an aircraft truly was."""
    out[TRUE_LAT] = math.atan2(state.nz, math.sqrt(state.nx * state.nx + state.ny * state.ny))
    out[TRUE_LON], out[TRUE_HEIGHT] = math.atan2(state.ny, state.nx), state.h


@part
def aircraft_of(lines: Lines, line: int, state: State, flights: int) -> int:
    """The aircraft's number, -1 of a ghost."""
    return -1 if lines.number > 0 else (state.lap * flights + state.flight) * LINES_MAX + line


@rare
def say(
    lines: Lines, line: int, state: State, t: float, listener: Floats, disturbed: Interference,
    seed: int, key: np.uint64
) -> Said:  # fmt: skip
    """What a line, truly in `state`, says in a message sent at `t` [s]; the cause of a repeat is OF_STALE."""
    age, stale = nav.age_of(listener, seed, lines.number + line, key)
    before = nav.state_of(lines, line, t - age) if age > 0.0 else state
    if before.flight != state.flight or before.lap != state.lap:
        # It has only just appeared: there is nothing older.
        before, age, stale = state, 0.0, False
    said = nav.navigate(lines, line, before, t - age, listener, disturbed, seed)
    if stale and said.cause == OF_REPORT:
        return Said(
            said.lat, said.lon, said.h, said.barometric, said.north, said.east, said.up, said.trust, OF_STALE
        )
    return said


@part
def _write(said: Said, state: State, atmosphere: tuple[float, float], listener: Floats, out: Floats) -> None:
    """Write what a report says into its floats."""
    quantised = listener[nav.QUANTISED] > 0.0
    out[LAT], out[LON] = math.degrees(said.lat), math.degrees(said.lon)
    out[GEOMETRIC], out[UP] = said.h, said.up
    out[NORTH], out[EAST] = velocity(said.north, said.east, quantised)
    if out[LON] >= 180.0:
        out[LON] -= 360.0
    if quantised:
        out[LAT], out[LON] = stepped(out[LAT], POSITION_STEP_DEG), stepped(out[LON], POSITION_STEP_DEG)
        out[GEOMETRIC] = stepped(said.h, 25.0 * FOOT_M)
        # 64 ft/min is what the aircraft sends, 6.25 ft/min the step of I155.
        out[UP] = stepped(stepped(said.up, 64.0 * FOOT_PER_MINUTE_MPS), 6.25 * FOOT_PER_MINUTE_MPS)
    out[PRESSURE] = pressure_altitude(said.barometric, atmosphere, 25.0 * FOOT_M if quantised else 1e-6)
    out[VAR_E], out[VAR_N], out[COV_EN] = math.nan, math.nan, math.nan
    truly(state, out)


@kernel
def hear(
    listeners: Floats,
    lines: Lines,
    sends: Flags,
    flights: int,
    disturbed: Interference,
    atmosphere: tuple[float, float],
    seed: int,
    origin_ns: int,
    begin_ns: int,
    end_ns: int,
    ints: Ints,
    floats: Floats,
    row: int,
) -> int:
    """Every report by ADS-B receivers of messages sent in [begin, end); return the row after the last.

    Rows beyond the capacity C are counted, not written: call again with more. Aircraft that know no position
    send none.

    listeners   (S, LISTENER_COLUMNS)    of ADS-B receivers
    lines                       the sky's, or ghosts'
    sends       (L,)            who sends ADS-B at all
    flights                     flights in a line's cycle
    atmosphere                  offset [m] and scale of height = offset + scale * pressure altitude
    origin_ns   ns UTC          of the begin
    begin_ns, end_ns  ns        after the begin
    ints  (C, REPORT_INTS), floats (C, REPORT_FLOATS)   filled from `row`
    """
    begin, end = begin_ns / SECOND_NS, end_ns / SECOND_NS
    for s in range(listeners.shape[0]):
        listener = listeners[s]
        index, interval = int(listener[nav.INDEX]), listener[nav.PERIOD]
        # Receivers that report at one interval report the same messages.
        service = int(interval * 1_000.0 + 0.5)
        low, high = nav.slots_of(begin, end, interval)
        for line in range(lines.cycle.size):
            if not sends[line] or not nav.may_be_heard(lines, line, begin, end, listener):
                continue
            who = lines.number + line
            for slot in range(low, high + 1):
                t = nav.sent_at(seed, who, service, interval, slot)
                t_ns = math.floor(t * SECOND_NS + 0.5)
                if t_ns < begin_ns or t_ns >= end_ns:
                    continue
                state = nav.state_of(lines, line, t)
                if state.flight < 0:
                    continue
                chance = nav.probability(listener, nav.range_to(listener, state))
                mine = key_of(seed, FOR_REPORT, who, service + 1_000_000 * (index + 1), slot + 8)
                if uniform(mine, 2) >= chance or nav.silent(listener, seed, who, t):
                    continue
                key = key_of(seed, FOR_REPORT, who, service, slot + 8)
                said = say(lines, line, state, t, listener, disturbed, seed, key)
                if said.trust == nav.NONE:
                    continue
                if row < ints.shape[0]:
                    _write(said, state, atmosphere, listener, floats[row])
                    ints[row, AT], ints[row, SENSOR], ints[row, WHO] = t_ns, index, who
                    ints[row, AIRCRAFT] = aircraft_of(lines, line, state, flights)
                    ints[row, STAMP] = stamped(origin_ns, t_ns, listener[nav.QUANTISED] > 0.0)
                    ints[row, CAUSE], ints[row, TRUST] = said.cause, said.trust
                row += 1
    return row
