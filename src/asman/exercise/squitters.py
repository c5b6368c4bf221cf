"""Raw 1090 MHz messages that ADS-B receivers hear, as rows for an encoder.

They tell of the same aircraft, with the same errors, as `reports` does; positions come even and odd by turns.
An aircraft whose satellite navigation is jammed goes on to send its identity, barometric altitude and rate
and no position. One with Mode S and without ADS-B sends acquisition squitters (DF11) alone.

1090 MHz extended squitters have no bit for "simulated": whoever writes or sends these octets says so beside
them, in the name of the file and in what describes it.

Sources: RTCA DO-260B, 2.2.3.3.2 (rates), 2.2.5.1 (categories); ICAO Annex 10 volume IV, 3.1.2.8.5.
"""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.identities import Said
from asman.exercise.listeners import lines_of
from asman.exercise.report_tables import Rows, classes, emergency
from asman.exercise.reports import Ears, audible, ears, identities, some, spans
from asman.exercise.scenario import Scenario
from asman.exercise.sky import FLIGHTS, Sky
from asman.exercise.sweep import air
from asman.exercise.terrain import Masks
from asman.kernels import reports as rep
from asman.kernels import squitters as sq
from asman.kernels.motion import LINES_MAX
from asman.kernels.radar import MODE_S
from asman.model.plots import TIME
from asman.units import SECOND_NS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Names of the kinds, in the kernel's order.
KINDS: Final = ("position", "velocity", "identification", "emergency", "status", "all_call")
#: Emitter category of a kind of aircraft: set and number (DO-260B, table 2-19).
_CATEGORIES: Final = {
    "airliner": ("A", 3), "overflight": ("A", 5), "circuit": ("A", 1), "helicopter": ("A", 7),
    "fast_jet": ("A", 6), "formation": ("A", 6), "dark": ("A", 1), "low_flyer": ("A", 1), "drone": ("B", 6),
    "light": ("A", 1), "flight": ("A", 3),
}  # fmt: skip
#: Messages a second that an aircraft sends.
_A_SECOND: Final = float((1.0 / sq.INTERVALS).sum())
_EXTENDED: Final = (1 << sq.ALL_CALL) - 1


class Squitters(NamedTuple):
    """Messages heard in a span of time, by time, sensor, sender and kind.

    messages   a row a message: the columns of `asman.wire.modes.encode`, with `time` and `sensor` beside them
    at_ns      (N,)  when it was sent, ns UTC; it arrives within 1.5 ms
    sensor     (N,)  index of the receiver in the scenario
    aircraft   (N,)  who sent it, -1 for a ghost: for scoring only
    cause      (N,)  as in `reports.Reported`
    """

    messages: pa.Table
    at_ns: Ints
    sensor: Ints
    aircraft: Ints
    cause: Ints


def squitters(
    scenario: Scenario, sky: Sky, begin_ns: int, end_ns: int, masks: Masks | None = None
) -> Squitters:
    """What every ADS-B receiver hears of messages sent in [begin, end), ns UTC; none before the begin.

    masks   as in `reports.report`
    """
    listening = ears(scenario, sky)
    begin = max(begin_ns - sky.begin_ns, 0)
    end = max(end_ns - sky.begin_ns, begin)
    parts = [
        _part(scenario, sky, listening, a, b, masks)
        for a, b in spans(sky, begin, end, _A_SECOND * len(listening.receivers))
    ]
    messages = pa.concat_tables([part.messages for part in parts]).unify_dictionaries()
    columns = (np.concatenate([part[i] for part in parts]) for i in range(1, 5))
    return Squitters(messages.combine_chunks(), *columns)


def _part(
    scenario: Scenario, sky: Sky, listening: Ears, begin: int, end: int, masks: Masks | None
) -> Squitters:
    """Messages of a span that fits into memory."""
    seconds = (end - begin) / SECOND_NS
    room = 1024 + int(0.7 * sky.cycle_s.size * len(listening.receivers) * _A_SECOND * (seconds + 0.1))
    while True:
        rows = Rows(np.empty((room, sq.SQUITTER_INTS), np.int64), np.empty((room, rep.REPORT_FLOATS)))
        count = _filled(scenario, sky, listening, begin, end, rows)
        if count <= room:
            break
        # A first guess that was too small is made good once.
        room = count
    rows = Rows(rows.ints[:count], rows.floats[:count])
    order = np.lexsort(tuple(rows.ints[:, column] for column in (sq.KIND, rep.WHO, rep.SENSOR, rep.AT)))
    order = audible(scenario, listening, rows, order, masks)
    ints = rows.ints[order]
    who = identities(scenario, sky, listening.ghosts, ints)
    spoken = np.flatnonzero(_spoken(ints, who))
    rows, who = rows.take(order[spoken]), some(who, spoken)
    return Squitters(
        messages=_messages(scenario, sky, listening, rows, who),
        at_ns=rows.ints[:, rep.AT] + sky.begin_ns,
        sensor=rows.ints[:, rep.SENSOR].copy(),
        aircraft=rows.ints[:, rep.AIRCRAFT].copy(),
        cause=rows.ints[:, rep.CAUSE].copy(),
    )


def _filled(scenario: Scenario, sky: Sky, listening: Ears, begin: int, end: int, rows: Rows) -> int:
    """Let the kernel write; return how many rows there are, written or not."""
    about = (air(scenario.atmosphere), scenario.seed, begin, end, rows.ints, rows.floats)
    speaks = _EXTENDED * sky.adsb.astype(np.int64)
    speaks += (1 << sq.ALL_CALL) * (sky.equipment == MODE_S)
    count = sq.hear_all(listening.receivers, lines_of(sky), speaks, FLIGHTS, listening.disturbed, *about, 0)
    spoof = listening.ghosts.lines
    lies = np.full(spoof.cycle.size, _EXTENDED, np.int64)
    return sq.hear_all(listening.receivers, spoof, lies, 1, listening.disturbed, *about, count)


def _spoken(ints: Ints, who: Said) -> Flags:
    """Whether a message is sent: who is lost is silent; without an emergency its message is a rare one."""
    kind = ints[:, sq.KIND]
    spoken = (who.transponder == MODE_S) & (who.adsb | (kind == sq.ALL_CALL))
    rare = (kind == sq.EMERGENCY) & (emergency(who.mode_3a) == 0)
    return spoken & (~rare | (ints[:, sq.SLOT] % sq.EMERGENCY_RARELY == 0))


def _messages(scenario: Scenario, sky: Sky, listening: Ears, rows: Rows, who: Said) -> pa.Table:
    """The columns that an encoder reads; null where a message has no such field."""
    ints, floats = rows
    kind = ints[:, sq.KIND]
    flies = np.isin(kind, (sq.POSITION, sq.VELOCITY))

    def real(column: int, there: Flags) -> pa.Array:
        values = floats[:, column].copy()
        return pa.array(values, mask=~there | np.isnan(values))

    def whole(values: Ints, there: Flags) -> pa.Array:
        return pa.array(values, pa.int32(), mask=~there)

    names = pa.array([*sky.fleet.callsigns, *listening.ghosts.callsign], pa.string())
    named = kind == sq.IDENTIFICATION
    callsigns = pa.DictionaryArray.from_arrays(pa.array(who.callsign_index, pa.int32(), mask=~named), names)
    line = ints[:, rep.WHO]
    line = np.where(line >= LINES_MAX, line - LINES_MAX + len(sky.kinds), line)
    category = np.array([_CATEGORIES[name][1] for name in (*sky.kinds, *listening.ghosts.kinds)])[line]
    sets = pa.array([_CATEGORIES[name][0] for name in (*sky.kinds, *listening.ghosts.kinds)], pa.string())
    quality = {
        name: table[ints[:, rep.SENSOR], ints[:, rep.TRUST]] for name, table in classes(scenario).items()
    }
    position, velocity, status = (kind == one for one in (sq.POSITION, sq.VELOCITY, sq.STATUS))
    heard = ~who.no_altitude
    return pa.table(
        {
            "time": pa.array(ints[:, rep.AT] + sky.begin_ns, pa.int64()).cast(TIME),
            "sensor": pa.DictionaryArray.from_arrays(
                pa.array(ints[:, rep.SENSOR], pa.int32()), pa.array([one.id for one in scenario.sensor])
            ),
            "kind": pa.DictionaryArray.from_arrays(pa.array(kind, pa.int32()), pa.array(KINDS)),
            "address": pa.array(who.address, pa.int32()),
            "odd": whole(ints[:, sq.SLOT] & 1, position),
            "lat_deg": real(rep.LAT, position),
            "lon_deg": real(rep.LON, position),
            "pressure_altitude_m": real(rep.PRESSURE, flies & heard),
            "geometric_altitude_m": real(rep.GEOMETRIC, velocity & heard),
            "vn_mps": real(rep.NORTH, velocity),
            "ve_mps": real(rep.EAST, velocity),
            "climb_mps": real(rep.UP, velocity & heard),
            "callsign": callsigns.cast(pa.string()),
            "category": whole(category, named),
            "category_set": sets.take(pa.array(line)),
            "nic": whole(quality["nic"], position | status),
            "nacp": whole(quality["nacp"], status),
            "nacv": whole(quality["nacv"], velocity),
            "sil": whole(quality["sil"], status),
            "mode_3a": whole(who.mode_3a, position | (kind == sq.EMERGENCY)),
            "emergency": whole(emergency(who.mode_3a), kind == sq.EMERGENCY),
            "on_ground": pa.array(np.zeros(kind.size, bool)),
        }
    )
