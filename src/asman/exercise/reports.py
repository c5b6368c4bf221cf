"""What ADS-B receivers and multilateration systems say of the sky in any span of time.

The rows of [a, c) are those of [a, b) and [b, c) together: a message's time, errors and fate are hashes of
(seed, aircraft, slot, sensor). An ADS-B report is what the aircraft says of itself, wrong where its satellite
navigation is led astray; a location is what a system measures. Who they are is asked at their own time, so
that an emergency code, a lost transponder or a changed address shows in the next report.

Terrain, outages and who they are come after the kernels: each is a question about rows.
"""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.identities import Said, said
from asman.exercise.listeners import Ghosts, ghosts, interference, lines_of, listeners
from asman.exercise.outages import PRIMARY, SECONDARY, silent
from asman.exercise.report_tables import Rows, make_plots, make_quality
from asman.exercise.report_terrain import behind_terrain
from asman.exercise.scenario import Scenario
from asman.exercise.sky import FLIGHTS, Sky
from asman.exercise.sweep import air
from asman.exercise.terrain import Masks
from asman.kernels import navigation as nav
from asman.kernels import reports as rep
from asman.kernels.motion import LINES_MAX
from asman.kernels.multilateration import locate
from asman.kernels.radar import DARK, MODE_S
from asman.units import SECOND_NS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Rows that one call of the kernels may need; longer spans are cut.
_ROWS_MAX: Final = 1_000_000


class Reported(NamedTuple):
    """What receivers and systems said in a span of time, by time, sensor and aircraft.

    plots      PLOTS rows
    aircraft   (P,)  int64   who each is of, -1 for a ghost: the truth index, for scoring only
    at_ns      (P,)  int64   when it was truly sent or located, ns UTC
    sensor     (P,)  int64   index of its sensor in the scenario
    cause      (P,)  int64   OF_REPORT, OF_STALE, OF_SPOOF, OF_GHOST of `kernels.radar`; OF_AIRCRAFT: located
    quality    QUALITY rows
    """

    plots: pa.Table
    aircraft: Ints
    at_ns: Ints
    sensor: Ints
    cause: Ints
    quality: pa.Table


class Ears(NamedTuple):
    """Everything that the kernels are asked with, made once a call."""

    receivers: Floats
    systems: Floats
    places: Floats
    disturbed: nav.Interference
    ghosts: Ghosts


def ears(scenario: Scenario, sky: Sky) -> Ears:
    """The scenario's receivers, systems, jammers and ghosts as numbers."""
    receivers, _ = listeners(scenario, "adsb")
    systems, places = listeners(scenario, "mlat")
    return Ears(receivers, systems, places, interference(scenario, sky), ghosts(scenario))


def report(scenario: Scenario, sky: Sky, begin_ns: int, end_ns: int, masks: Masks | None = None) -> Reported:
    """What every receiver and system says of messages sent in [begin, end), ns UTC.

    Nothing is sent before the exercise's begin.
    masks   what terrain hides from ADS-B receivers; without them the ground is smooth
    """
    listening = ears(scenario, sky)
    begin = max(begin_ns - sky.begin_ns, 0)
    end = max(end_ns - sky.begin_ns, begin)
    a_second = float((1.0 / _intervals(listening)).sum())
    parts = [_rows(scenario, sky, listening, a, b, masks) for a, b in spans(sky, begin, end, a_second)]
    rows = Rows(np.concatenate([p.ints for p, _ in parts]), np.concatenate([p.floats for p, _ in parts]))
    who = _together([one for _, one in parts])
    return _reported(scenario, sky, listening, rows, who)


def spans(sky: Sky, begin: int, end: int, a_second: float) -> list[tuple[int, int]]:
    """Cut a span [ns] so that none of its parts needs more rows than are good for memory.

    a_second   rows a second that each aircraft may give
    """
    step = max(int(_ROWS_MAX / max(sky.cycle_s.size * a_second, 1.0) * SECOND_NS), SECOND_NS)
    edges = [*range(begin, end, step), end] if end > begin else [begin, end]
    return list(pairwise(edges))


def _rows(
    scenario: Scenario, sky: Sky, listening: Ears, begin: int, end: int, masks: Masks | None
) -> tuple[Rows, Said]:
    """Rows of a span that fits into memory, in order, and who each is of."""
    seconds = (end - begin) / SECOND_NS
    room = 1024 + int(0.7 * sky.cycle_s.size * float((seconds / _intervals(listening) + 0.1).sum()))
    while True:
        rows = Rows(np.empty((room, rep.REPORT_INTS), np.int64), np.empty((room, rep.REPORT_FLOATS)))
        count = _filled(scenario, sky, listening, begin, end, rows)
        if count <= room:
            break
        # A first guess that was too small is made good once.
        room = count
    rows = Rows(rows.ints[:count], rows.floats[:count])
    order = np.lexsort((rows.ints[:, rep.WHO], rows.ints[:, rep.SENSOR], rows.ints[:, rep.AT]))
    order = audible(scenario, listening, rows, order, masks)
    ints = rows.ints[order]
    who = identities(scenario, sky, listening.ghosts, ints)
    speaks = np.flatnonzero((who.transponder != DARK) & (_located(listening, ints) | who.adsb))
    return rows.take(order[speaks]), some(who, speaks)


def audible(scenario: Scenario, listening: Ears, rows: Rows, order: Ints, masks: Masks | None) -> Ints:
    """Of rows in an order, those whose sensor works, whose ghost is about, and that no terrain hides."""
    sensor, at = rows.ints[order, rep.SENSOR], rows.ints[order, rep.AT] / SECOND_NS
    kept = silent(scenario, sensor, at) != PRIMARY | SECONDARY
    kept &= ~_gone(listening.ghosts, rows.ints[order, rep.WHO], at)
    if masks is not None:
        true = (rows.floats[order, column] for column in (rep.TRUE_LAT, rep.TRUE_LON, rep.TRUE_HEIGHT))
        kept &= ~behind_terrain(scenario, masks, sensor, *true)
    return order[kept]


def _located(listening: Ears, ints: Ints) -> Flags:
    """Whether each row is a location, not a report."""
    return np.isin(ints[:, rep.SENSOR], listening.systems[:, nav.INDEX].astype(np.int64))


def some(who: Said, rows: Flags | Ints) -> Said:
    """What some of the rows say."""
    return Said(
        who.transponder[rows], who.mode_3a[rows], who.address[rows], who.callsign_index[rows],
        who.no_altitude[rows], who.adsb[rows],
    )  # fmt: skip


def _together(parts: list[Said]) -> Said:
    return Said(
        np.concatenate([part.transponder for part in parts]),
        np.concatenate([part.mode_3a for part in parts]),
        np.concatenate([part.address for part in parts]),
        np.concatenate([part.callsign_index for part in parts]),
        np.concatenate([part.no_altitude for part in parts]),
        np.concatenate([part.adsb for part in parts]),
    )


def _intervals(listening: Ears) -> Floats:
    return np.r_[listening.receivers[:, nav.PERIOD], listening.systems[:, nav.PERIOD]]


def _filled(scenario: Scenario, sky: Sky, listening: Ears, begin: int, end: int, rows: Rows) -> int:
    """Let the kernels write; return how many rows there are, written or not."""
    lines, spoof = lines_of(sky), listening.ghosts.lines
    about = (air(scenario.atmosphere), scenario.seed, sky.begin_ns, begin, end, rows.ints, rows.floats)
    count = rep.hear(listening.receivers, lines, sky.adsb, FLIGHTS, listening.disturbed, *about, 0)
    everyone = np.ones(spoof.cycle.size, bool)
    count = rep.hear(listening.receivers, spoof, everyone, 1, listening.disturbed, *about, count)
    return locate(listening.systems, listening.places, lines, sky.equipment, FLIGHTS, *about, count)


def _gone(lost: Ghosts, who: Ints, seconds: Floats) -> Flags:
    """Whether each row is of a ghost whose event is over, or has not begun."""
    out = np.zeros(who.size, bool)
    unreal = np.flatnonzero(who >= LINES_MAX)
    index = who[unreal] - LINES_MAX
    out[unreal] = (seconds[unreal] < lost.begin_s[index]) | (seconds[unreal] >= lost.end_s[index])
    return out


def identities(scenario: Scenario, sky: Sky, lost: Ghosts, ints: Ints) -> Said:
    """What each row's sender says of who it is; a ghost's callsign stands behind all of the sky's."""
    answer = said(scenario, sky, np.maximum(ints[:, rep.AIRCRAFT], 0), ints[:, rep.AT] + sky.begin_ns)
    unreal = np.flatnonzero(ints[:, rep.WHO] >= LINES_MAX)
    if unreal.size == 0:
        return answer
    index = ints[unreal, rep.WHO] - LINES_MAX
    # Every row's own: what `said` gives may be the sky's.
    answer = some(answer, np.arange(len(ints)))
    answer.transponder[unreal], answer.adsb[unreal], answer.no_altitude[unreal] = MODE_S, True, False
    answer.mode_3a[unreal], answer.address[unreal] = lost.mode_3a[index], lost.address[index]
    answer.callsign_index[unreal] = len(sky.fleet.callsigns) + index
    return answer


def _reported(scenario: Scenario, sky: Sky, listening: Ears, rows: Rows, who: Said) -> Reported:
    located = _located(listening, rows.ints)
    quality = make_quality(scenario, sky, listening.ghosts, rows, who, located)
    return Reported(
        plots=make_plots(scenario, sky, listening.ghosts, rows, who, located, quality),
        aircraft=rows.ints[:, rep.AIRCRAFT].copy(),
        at_ns=rows.ints[:, rep.AT] + sky.begin_ns,
        sensor=rows.ints[:, rep.SENSOR].copy(),
        cause=rows.ints[:, rep.CAUSE].copy(),
        quality=quality,
    )
