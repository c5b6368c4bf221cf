"""Explaining: the plots that made a track come once more, window by window, and what is decided is told.

Tracking gives the same bits however plots are cut into calls. So the windows in question are done again from
a checkpoint, each weighed beforehand on a copy (`kernels.explanation`), and the track is compared before and
after. Tracks are known by number; where late plots have renumbered them since, by the plot they began at.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from asman.kernels.explanation import weigh
from asman.kernels.gating import empty_files
from asman.kernels.placing import place_plots
from asman.kernels.sweep import COUNT, WHOLE_SECOND_NS
from asman.model.explanation import Decision, Explanation
from asman.model.plots import PLOTS
from asman.model.sensor import Sensors
from asman.tracking import deciding
from asman.tracking.config import TrackerConfig, motion_of, record_of, rules_of
from asman.tracking.intake import plot_records, unnamed_sensors
from asman.tracking.rollback import Past, before, birthplace, joined, since
from asman.tracking.tracker import Tracker, advance, copy, resumed, start, with_sensors
from asman.tracking.wording import worded
from asman.units import SECOND_NS

# Structured arrays: numpy's types have no names for their fields.
Records = Any

_NO_PLOTS: Final = PLOTS.empty_table()
_ALWAYS: Final = np.iinfo(np.int64).min


def explain(tracker: Tracker, number: int, begin_ns: int, end_ns: int) -> Explanation:
    """Why a track is what it is, from the plots that the tracker keeps for late ones; the tracker stays.

    number            of the track
    begin_ns, end_ns  what to look at; `reach_s` of the answer says how far back plots are kept
    """
    past = tracker.past
    if not past.checkpoints:
        return _told(tracker, number, (), begin_ns, end_ns, tracker.closed_ns)
    index = max(before(past, begin_ns), 0)
    closed_ns, checkpoint = past.checkpoints[index]
    again = resumed(checkpoint, tracker.sensors)
    plots = joined([np.recarray(0, tracker.held.dtype), *since(past, closed_ns)])
    plots = plots[np.argsort(plots["time_ns"], kind="stable")].view(np.recarray)
    # Late plots give new numbers on the way; without them the numbers are the same.
    numbers = _numbers(again, plots, tracker) if tracker.late_used else {}
    was = {shown: old for old, shown in numbers.items()}.get(number, number)
    reach_ns = max(past.checkpoints[0][0], int(past.recent[0]["time_ns"][0]) if past.recent else 0)
    found = decisions(again, plots, was, max(begin_ns, reach_ns), min(end_ns, tracker.closed_ns))
    return _told(tracker, number, _renumbered(found, numbers), begin_ns, end_ns, reach_ns)


def decisions(
    tracker: Tracker, plots: Records, number: int, begin_ns: int, end_ns: int
) -> tuple[Decision, ...]:
    """What was decided about a track between two times; the tracker and the plots are spent.

    plots  placed PLOT records not used yet, sorted by time
    """
    tracker = msgspec.structs.replace(
        tracker,
        past=Past(),
        config=msgspec.structs.replace(tracker.config, rollback_s=0.0),
        held=np.recarray(0, plots.dtype),
    )
    window_ns = rules_of(tracker.config).window_ns
    begin_ns = begin_ns // window_ns * window_ns
    first = int(np.searchsorted(plots["time_ns"], begin_ns))
    tracker.held = plots[:first]
    tracker = advance(tracker, _NO_PLOTS, begin_ns)
    found: list[Decision] = []
    for until_ns, some in _steps(plots[first:], begin_ns, end_ns, window_ns):
        was = deciding.seen(tracker, number)
        weighed = _weighed(tracker, some) if some.size else None
        tracker.held = some
        tracker = advance(tracker, _NO_PLOTS, until_ns, updates=True)
        if weighed is not None:
            found += deciding.of_plots(tracker, number, some, weighed, was)
        found += deciding.of_silence(tracker, number, was, until_ns)
    return tuple(msgspec.structs.replace(one, text=worded(one)) for one in found)


def _steps(plots: Records, begin_ns: int, end_ns: int, window_ns: int) -> Iterator[tuple[int, Records]]:
    """Whole seconds and windows with plots, in order of time: until when, and the plots of the window."""
    times = plots["time_ns"]
    windows = np.unique(times[times < end_ns] // window_ns)
    ends = (windows + 1) * window_ns
    seconds = np.arange(begin_ns // WHOLE_SECOND_NS + 1, end_ns // WHOLE_SECOND_NS + 1) * WHOLE_SECOND_NS
    for until_ns in np.union1d(ends, seconds).tolist():
        low, high = np.searchsorted(times, (until_ns - window_ns, until_ns))
        yield until_ns, plots[low:high] if until_ns in ends else plots[:0]


def _weighed(tracker: Tracker, plots: Records) -> Records:
    """WEIGHED: every pair of a window, of which nothing has been used yet."""
    spent = copy(tracker)
    plots = plots.copy()
    place_plots(plots, spent.sensor_records)
    return weigh(
        spent.tracks,
        spent.marks,
        plots,
        spent.sensor_records,
        spent.maps,
        empty_files(spent.tracks.row.size),
        record_of(rules_of(spent.config)),
        record_of(motion_of(spent.config)),
        spent.counted,
    )


def _numbers(checkpoint: Tracker, plots: Records, shown: Tracker) -> dict[int, int]:
    """Number in a run from a checkpoint -> number shown, of tracks that live at its end."""
    again = msgspec.structs.replace(copy(checkpoint), past=Past(), held=plots.copy())
    again = advance(again, _NO_PLOTS, shown.closed_ns)
    rows = shown.tracks.row[: int(shown.marks[COUNT])]
    known = {birthplace(row): int(row["number"]) for row in rows if row["alive"]}
    there = again.tracks.row[: int(again.marks[COUNT])]
    return {
        int(row["number"]): known[birthplace(row)]
        for row in there
        if row["alive"] and birthplace(row) in known
    }


def _renumbered(found: tuple[Decision, ...], numbers: dict[int, int]) -> tuple[Decision, ...]:
    """Decisions with the numbers that people see."""
    if all(old == shown for old, shown in numbers.items()):
        return found
    replace = msgspec.structs.replace
    out: list[Decision] = []
    for one in found:
        rivals = tuple(replace(rival, track=numbers.get(rival.track, rival.track)) for rival in one.rivals)
        others = tuple(
            replace(other, to=None if other.to is None else numbers.get(other.to, other.to))
            for other in one.others
        )
        track = None if one.track is None else numbers.get(one.track, one.track)
        moved = replace(one, rivals=rivals, others=others, track=track)
        out.append(replace(moved, text=worded(moved)))
    return tuple(out)


def _told(
    tracker: Tracker, number: int, found: tuple[Decision, ...], begin_ns: int, end_ns: int, reach_ns: int
) -> Explanation:
    return Explanation(
        track=number,
        begin_s=max(begin_ns, reach_ns) / SECOND_NS,
        end_s=min(end_ns, tracker.closed_ns) / SECOND_NS,
        reach_s=reach_ns / SECOND_NS,
        decisions=found,
    )


def explain_plots(
    plots: pa.Table,
    sensors: Sensors,
    number: int,
    begin_ns: int,
    end_ns: int,
    *,
    config: TrackerConfig | None = None,
) -> Explanation:
    """Why a track is what it is, from all plots there are.

    plots             PLOTS, in any order
    number            of the track, as tracking the same plots with the same sensors gives it
    begin_ns, end_ns  what to look at
    """
    tracker = start(sensors, origin="", config=config)
    tracker = with_sensors(tracker, unnamed_sensors(plots, sensors))
    records, _ = plot_records(plots, tracker.sensors, tracker.sensor_records, _ALWAYS)
    if not records.size:
        return _told(tracker, number, (), begin_ns, begin_ns, begin_ns)
    first_ns = int(records["time_ns"][0])
    found = decisions(tracker, records, number, max(begin_ns, first_ns), end_ns)
    return Explanation(
        track=number,
        begin_s=max(begin_ns, first_ns) / SECOND_NS,
        end_s=end_ns / SECOND_NS,
        reach_s=first_ns / SECOND_NS,
        decisions=found,
    )
