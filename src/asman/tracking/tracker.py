"""The tracker: plots in, picture out. Its state is arrays that `advance` takes over and gives back."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.gating import empty_files
from asman.kernels.placing import PLOT, place_plots
from asman.kernels.report import ROW, report
from asman.kernels.sensor_maps import SensorMaps, copy_of, crowded, for_sensors, nothing_learnt, with_room
from asman.kernels.sweep import COUNT, MARKS, NEXT_NUMBER, WRITTEN, sweep
from asman.kernels.tracklife import (
    BORN,
    CLUTTER_CROWDED,
    CONTRIBUTOR_REPLACED,
    COUNTERS,
    ENDED,
    GARBLED_ALTITUDE,
    HEIGHT_REFUSED,
    IMAGE,
    LOOKS_CROWDED,
    MERGED,
    NO_INTEGRITY,
    REPORT_REFUSED,
    SAME_ADDRESS_ELSEWHERE,
    SHARED,
    SPLIT,
    STRETCHED,
    USED,
)
from asman.kernels.trackrows import CONTRIBUTORS, Tracks, empty_tracks
from asman.model.sensor import Sensors
from asman.tracking.config import TrackerConfig, motion_of, rules_of
from asman.tracking.estimates import Estimates, estimates_of
from asman.tracking.intake import REASONS, in_time_order, plot_records, sensor_records, unnamed_sensors
from asman.tracking.offsets import offsets_table
from asman.tracking.picture import tracks_table
from asman.tracking.rollback import Past, before, is_due, joined, keep_numbers, remembered, since

# Structured arrays: numpy's types have no names for their fields.
Records = Any

_NO_ROWS = 0
_COUNTED = {
    "used": USED,
    "born": BORN,
    "split": SPLIT,
    "ended": ENDED,
    "merged": MERGED,
    "garbled_altitude": GARBLED_ALTITUDE,
    "same_address_elsewhere": SAME_ADDRESS_ELSEWHERE,
    "contributor_replaced": CONTRIBUTOR_REPLACED,
    "stretched": STRETCHED,
    "clutter_crowded": CLUTTER_CROWDED,
    "held_as_image": IMAGE,
    "looks_crowded": LOOKS_CROWDED,
    "shared": SHARED,
    "height_refused": HEIGHT_REFUSED,
    "report_refused": REPORT_REFUSED,
    "no_integrity": NO_INTEGRITY,
}


class Tracker(msgspec.Struct):
    """State of one tracker. Pass it on, never use an old one; `copy` gives a checkpoint that stays.

    sensors    all that are known, named or met
    origin     member whose node this is
    tracks     rows of all tracks
    maps       what is learnt of sensors
    held       placed plots of windows that are not closed yet, sorted by time
    closed_ns  all windows before it are closed: earlier plots come too late
    counted    events in the kernels; ignored: plots not used, by reason
    rows       what was known after each plot of the latest `advance(updates=True)`
    past       what is needed to take in plots that come too late; late_used: how many were
    """

    config: TrackerConfig
    sensors: Sensors
    sensor_records: Records
    origin: str
    tracks: Tracks
    marks: NDArray[np.int64]
    maps: SensorMaps
    held: Records
    closed_ns: int
    counted: NDArray[np.int64]
    ignored: dict[str, int]
    grown: int
    rows: Records
    row_sensors: NDArray[np.int64]
    past: Past = Past()
    late_used: int = 0


def start(sensors: Sensors, *, origin: str, config: TrackerConfig | None = None) -> Tracker:
    """A tracker without tracks. Sensors of position plots may be met later without being named here."""
    marks = np.zeros(MARKS, np.int64)
    marks[NEXT_NUMBER] = 1
    tracker = Tracker(
        config=config or TrackerConfig(),
        sensors=sensors,
        sensor_records=sensor_records(sensors),
        origin=origin,
        tracks=empty_tracks(256),
        marks=marks,
        maps=nothing_learnt(len(sensors)),
        held=np.recarray(0, PLOT),
        closed_ns=np.iinfo(np.int64).min,
        counted=np.zeros(COUNTERS, np.int64),
        ignored=dict.fromkeys(REASONS, 0),
        grown=0,
        rows=np.recarray(_NO_ROWS, ROW),
        row_sensors=np.empty((_NO_ROWS, CONTRIBUTORS), np.int64),
    )
    _keep(tracker)
    return tracker


def with_sensors(tracker: Tracker, sensors: Sensors) -> Tracker:
    """The tracker, knowing more sensors; those that it knows already are replaced by what is said now."""
    said = {sensor.id: sensor for sensor in sensors}
    known = {sensor.id for sensor in tracker.sensors}
    tracker.sensors = tuple(said.get(sensor.id, sensor) for sensor in tracker.sensors) + tuple(
        sensor for sensor in sensors if sensor.id not in known
    )
    tracker.sensor_records = sensor_records(tracker.sensors)
    tracker.maps = for_sensors(tracker.maps, len(tracker.sensors))
    return tracker


def copy(tracker: Tracker) -> Tracker:
    """An independent checkpoint."""
    return msgspec.structs.replace(
        tracker,
        tracks=_each(tracker.tracks, None),
        marks=tracker.marks.copy(),
        maps=copy_of(tracker.maps),
        counted=tracker.counted.copy(),
        ignored=dict(tracker.ignored),
    )


def advance(tracker: Tracker, plots: pa.Table, until_ns: int, updates: bool = False) -> Tracker:
    """Use all held and given plots of the windows that end by `until_ns`; keep later ones.

    plots     PLOTS, in any order; what cannot be used is counted
    until_ns  ns since 1970 UTC
    updates   whether `updates` shall tell what was known after each plot
    """
    if plots.num_rows:
        met = unnamed_sensors(plots, tracker.sensors)
        if met:
            tracker = with_sensors(tracker, met)
        fresh, ignored = plot_records(
            plots, tracker.sensors, tracker.sensor_records, _frontier_ns(tracker.past, tracker.closed_ns)
        )
        for reason, count in ignored.items():
            tracker.ignored[reason] += count
        late = int(np.searchsorted(fresh["time_ns"], tracker.closed_ns))
        if late:
            tracker = _again(tracker, fresh[:late])
            fresh = fresh[late:]
        if tracker.held.size:
            held = np.concatenate([tracker.held, fresh])
            fresh = in_time_order(held, np.arange(held.size))
        tracker.held = fresh
    rows = tracker.held.size if updates else _NO_ROWS
    tracker.rows = np.recarray(rows, ROW)
    tracker.row_sensors = np.empty((rows, CONTRIBUTORS), np.int64)
    tracker.marks[WRITTEN] = 0
    _sweep(tracker, until_ns)
    # The plots that are held must not keep the whole batch alive.
    tracker.held = tracker.held.copy()
    return tracker


def _frontier_ns(past: Past, closed_ns: int) -> int:
    """Plots before it cannot be used any more."""
    return past.checkpoints[0][0] if past.checkpoints else closed_ns


def _again(tracker: Tracker, late: Records) -> Tracker:
    """Take in plots of windows that are closed: go back to before them, and use all plots since once more."""
    index = before(tracker.past, int(late["time_ns"][0]))
    closed_ns, old = tracker.past.checkpoints[index]
    shown = tracker.tracks.row[: int(tracker.marks[COUNT])]
    plots = joined([*since(tracker.past, closed_ns), late])
    place_plots(plots, tracker.sensor_records)  # without the clutter that the first run added to theirs
    again = msgspec.structs.replace(
        copy(old),
        sensors=tracker.sensors,
        sensor_records=tracker.sensor_records,
        ignored=tracker.ignored,
        held=in_time_order(plots, np.arange(plots.size)),
        past=Past(tracker.past.checkpoints[: index + 1], tuple(_upto(tracker.past, closed_ns))),
        late_used=tracker.late_used + late.size,
    )
    again.maps = for_sensors(again.maps, len(again.sensors))
    again.rows = np.recarray(_NO_ROWS, ROW)
    again.row_sensors = np.empty((_NO_ROWS, CONTRIBUTORS), np.int64)
    # In steps, so that the next late plot finds a checkpoint near.
    step_ns = max(round(tracker.config.checkpoint_s * 1e9), 1)
    for until_ns in range(int(plots["time_ns"].min()) + step_ns, tracker.closed_ns, step_ns):
        _sweep(again, until_ns)
    _sweep(again, tracker.closed_ns)
    rows = again.tracks.row[: int(again.marks[COUNT])]
    again.marks[NEXT_NUMBER] = keep_numbers(rows, shown, int(tracker.marks[NEXT_NUMBER]))
    again.held = tracker.held
    return again


def _upto(past: Past, closed_ns: int) -> list[Records]:
    """Plots used of windows that were closed at a time."""
    parts = (part[part["time_ns"] < closed_ns] for part in past.recent)
    return [part for part in parts if part.size]


def _sweep(tracker: Tracker, until_ns: int) -> None:
    """Use the plots that are held, of windows that end by a time."""
    rules = rules_of(tracker.config)
    motion = motion_of(tracker.config)
    begun = tracker.held
    files = empty_files(tracker.tracks.row.size)
    while True:
        used = sweep(
            tracker.tracks,
            tracker.marks,
            tracker.held,
            until_ns,
            tracker.sensor_records,
            tracker.maps,
            files,
            rules,
            motion,
            tracker.rows,
            tracker.row_sensors,
            tracker.counted,
        )
        tracker.held = tracker.held[used:]
        if crowded(tracker.maps):
            tracker.maps = with_room(tracker.maps)
            continue
        end_ns = (until_ns // rules.window_ns) * rules.window_ns
        if tracker.held.size == 0 or tracker.held["time_ns"][0] >= end_ns:
            break
        _make_room(tracker, rules.window_ns)
        files = empty_files(tracker.tracks.row.size)
    tracker.closed_ns = max(tracker.closed_ns, end_ns)
    spent = begun[: begun.size - tracker.held.size]
    tracker.past = remembered(tracker.past, spent, tracker.closed_ns, tracker.config)
    _keep(tracker)


def _keep(tracker: Tracker) -> None:
    """Keep a copy to go back to, when one is due."""
    if is_due(tracker.past, tracker.closed_ns, tracker.config):
        bare = msgspec.structs.replace(copy(tracker), past=Past(), held=np.recarray(0, PLOT))
        checkpoints = (*tracker.past.checkpoints, (tracker.closed_ns, bare))
        tracker.past = msgspec.structs.replace(tracker.past, checkpoints=checkpoints)


def _make_room(tracker: Tracker, window_ns: int) -> None:
    """Pack away ended tracks and give the next window's plots room to begin tracks."""
    count = int(tracker.marks[COUNT])
    alive = np.flatnonzero(tracker.tracks.row["alive"][:count])
    times = tracker.held["time_ns"]
    window_end = (times[0] // window_ns + 1) * window_ns
    need = alive.size + int(np.searchsorted(times, window_end))
    capacity = tracker.tracks.row.size
    if 4 * need > 3 * capacity:
        capacity = 2 * need
        tracker.grown += 1
    fresh = empty_tracks(capacity)
    for old, new in zip(tracker.tracks, fresh, strict=True):
        new[: alive.size] = old[alive]
    tracker.tracks = fresh
    tracker.marks[COUNT] = alive.size


def _each(tracks: Tracks, count: int | None) -> Tracks:
    """Copies of the arrays, of the first `count` rows where that is said."""
    arrays: list[Any] = [array[:count].copy() for array in tracks]
    return Tracks(*arrays)


def picture(tracker: Tracker, at_ns: int, *, confirmed_only: bool = False) -> pa.Table:
    """TRACKS: every living track, predicted to a time that is not before its latest plot."""
    count = int(tracker.marks[COUNT])
    tracks = _each(tracker.tracks, count)
    rows = np.recarray(count, ROW)
    row_sensors = np.empty((count, CONTRIBUTORS), np.int64)
    motion = motion_of(tracker.config)
    written = report(
        tracks,
        count,
        at_ns,
        tracker.config.show_existence if confirmed_only else 0.0,
        tracker.sensor_records,
        motion,
        rows,
        row_sensors,
    )
    return tracks_table(rows[:written], row_sensors[:written], tracker.sensors, tracker.origin)


def estimates(tracker: Tracker, at_ns: int, *, confirmed_only: bool = True) -> Estimates:
    """Means and covariances of tracks, predicted to a time that is not before their latest plots."""
    count = int(tracker.marks[COUNT])
    return estimates_of(
        _each(tracker.tracks, count),
        count,
        at_ns,
        tracker.config.show_existence if confirmed_only else 0.0,
        tracker.sensor_records,
        motion_of(tracker.config),
    )


def updates(tracker: Tracker) -> pa.Table:
    """TRACKS: what was known after each plot that the latest `advance(updates=True)` used, in time order."""
    written = int(tracker.marks[WRITTEN])
    return tracks_table(
        tracker.rows[:written], tracker.row_sensors[:written], tracker.sensors, tracker.origin
    )


def pressure_offsets(tracker: Tracker) -> pa.Table:
    """OFFSETS: how far heights lie from pressure altitudes, by region, where aircraft told both."""
    return offsets_table(tracker.maps.air)


def counters(tracker: Tracker) -> Mapping[str, int]:
    """What happened so far: plots used and not used by reason, tracks begun, merged, ended, rooms grown."""
    counted = {name: int(tracker.counted[place]) for name, place in _COUNTED.items()}
    ignored = {f"ignored_{reason}": count for reason, count in tracker.ignored.items()}
    alive = int(np.count_nonzero(tracker.tracks.row["alive"][: int(tracker.marks[COUNT])]))
    return {
        **counted,
        **ignored,
        "late_used": tracker.late_used,
        "held": int(tracker.held.size),
        "alive": alive,
        "grown": tracker.grown,
    }
