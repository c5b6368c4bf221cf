"""Which message of which aircraft a 1090 MHz receiver hears: every squitter by itself.

Each kind of message has its own rate; its times, errors and what is known of the aircraft are those of
`navigation`, so that raw messages and a ground station's reports tell of the same flight. A message is read
with the receiver's probability, drawn for each receiver; drop-outs are the same spells as in its reports.

Sources: RTCA DO-260B, 2.2.3.3.2 (position and velocity 0.4 to 0.6 s, identification 4.8 to 5.2 s, operational
status 2.4 to 2.6 s, emergency 0.7 to 0.9 s, else the Mode A code every 4.8 to 5.2 s); ICAO Annex 10 volume
IV, 3.1.2.8.5 (acquisition squitter 0.8 to 1.2 s).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import navigation as nav
from asman.kernels import reports as rep
from asman.kernels.chance import FOR_SQUITTER, key_of, uniform
from asman.kernels.jit import kernel, rare
from asman.kernels.navigation import Interference, Lines, State
from asman.kernels.radar import OF_AIRCRAFT, OF_GHOST, SECOND_NS, pressure_altitude

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Kinds of messages and their mean intervals [s].
POSITION, VELOCITY, IDENTIFICATION, EMERGENCY, STATUS, ALL_CALL, KINDS = range(7)
INTERVALS: Final = np.array([0.5, 0.5, 5.0, 0.8, 2.5, 1.0])
#: Without an emergency, so many of its messages are one: the Mode A code, every 4.8 s.
EMERGENCY_RARELY: Final = 6

#: Columns of a message: those of a report, then its kind and the number of its slot. STAMP holds nothing.
KIND, SLOT, SQUITTER_INTS = rep.REPORT_INTS, rep.REPORT_INTS + 1, rep.REPORT_INTS + 2


@rare
def _tell(
    lines: Lines, line: int, state: State, t: float, listener: Floats, disturbed: Interference,
    atmosphere: tuple[float, float], seed: int, key: np.uint64, ints: Ints, out: Floats
) -> None:  # fmt: skip
    """Write what a message may say, and why."""
    said = rep.say(lines, line, state, t, listener, disturbed, seed, key)
    none = said.trust == nav.NONE
    out[rep.LAT] = math.nan if none else math.degrees(said.lat)
    out[rep.LON] = math.nan if none else math.degrees(said.lon)
    out[rep.GEOMETRIC] = math.nan if none else said.h
    out[rep.NORTH] = math.nan if none else said.north
    out[rep.EAST] = math.nan if none else said.east
    out[rep.UP] = said.up
    if out[rep.LON] >= 180.0:
        out[rep.LON] -= 360.0
    # The encoder rounds; a millimetre here keeps what it is given tidy.
    out[rep.PRESSURE] = pressure_altitude(said.barometric, atmosphere, 1e-3)
    ints[rep.TRUST], ints[rep.CAUSE] = said.trust, said.cause


@kernel
def hear_all(
    listeners: Floats,
    lines: Lines,
    speaks: Ints,
    flights: int,
    disturbed: Interference,
    atmosphere: tuple[float, float],
    seed: int,
    begin_ns: int,
    end_ns: int,
    ints: Ints,
    floats: Floats,
    row: int,
) -> int:
    """Every message sent in [begin, end) that 1090 MHz receivers hear; return the row after the last.

    speaks   (L,)   bits of the kinds that a line sends, 1 << kind
    ints     (C, SQUITTER_INTS), floats (C, REPORT_FLOATS)   filled from `row`

    The other parameters are those of `reports.hear`.
    """
    begin, end = begin_ns / SECOND_NS, end_ns / SECOND_NS
    for s in range(listeners.shape[0]):
        listener = listeners[s]
        index = int(listener[nav.INDEX])
        for line in range(lines.cycle.size):
            if speaks[line] == 0 or not nav.may_be_heard(lines, line, begin, end, listener):
                continue
            who = lines.number + line
            for kind in range(KINDS):
                if speaks[line] >> kind & 1 == 0:
                    continue
                low, high = nav.slots_of(begin, end, INTERVALS[kind])
                for slot in range(low, high + 1):
                    t = nav.sent_at(seed, who, kind + 1, INTERVALS[kind], slot)
                    t_ns = math.floor(t * SECOND_NS + 0.5)
                    if t_ns < begin_ns or t_ns >= end_ns:
                        continue
                    state = nav.state_of(lines, line, t)
                    if state.flight < 0:
                        continue
                    chance = nav.probability(listener, nav.range_to(listener, state))
                    mine = key_of(seed, FOR_SQUITTER, who, KINDS * (index + 1) + kind, slot + 8)
                    if uniform(mine, 0) >= chance or nav.silent(listener, seed, who, t):
                        continue
                    if row < ints.shape[0]:
                        out = floats[row]
                        out[:] = math.nan
                        ints[row, rep.CAUSE] = OF_GHOST if lines.number > 0 else OF_AIRCRAFT
                        ints[row, rep.TRUST] = nav.GOOD
                        if kind != ALL_CALL:
                            key = key_of(seed, FOR_SQUITTER, who, kind, slot + 8)
                            _tell(
                                lines, line, state, t, listener, disturbed, atmosphere, seed, key,
                                ints[row], out,
                            )  # fmt: skip
                        rep.truly(state, out)
                        ints[row, rep.AT], ints[row, rep.SENSOR], ints[row, rep.WHO] = t_ns, index, who
                        ints[row, rep.AIRCRAFT] = rep.aircraft_of(lines, line, state, flights)
                        ints[row, rep.STAMP], ints[row, KIND], ints[row, SLOT] = 0, kind, slot
                    row += 1
    return row
