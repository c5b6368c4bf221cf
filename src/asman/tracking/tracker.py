"""The tracker: plots in, picture out. Its state is arrays that `advance` takes over and gives back."""

import math
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.gating import Files, empty_files
from asman.kernels.imm import Motion
from asman.kernels.observing import OBSERVATION, OBSERVED, ONE_OF, TURN
from asman.kernels.placing import PLOT, place_plots
from asman.kernels.report import ROW
from asman.kernels.sensor_maps import SensorMaps, copy_of, crowded, for_sensors, nothing_learnt, roomier
from asman.kernels.sweep import COUNT, MARKS, NEXT_NUMBER, WRITTEN, sweep
from asman.kernels.tracklife import (
    COUNTERS,
    Rules,
)
from asman.kernels.trackrows import CONTRIBUTORS, Tracks, room_for_tracks
from asman.model.sensor import Sensors
from asman.tracking.biases import (
    Registration,
    corrected,
    learn,
    nothing_known,
    with_room,
)
from asman.tracking.config import TrackerConfig, motion_of, record_of, rules_of
from asman.tracking.intake import REASONS, in_time_order, plot_records, sensor_records, unnamed_sensors
from asman.tracking.rollback import Past, before, is_due, joined, keep_numbers, remembered, since

# Structured arrays: numpy's types have no names for their fields.
Records = Any

_NO_ROWS = 0


class Tracker(msgspec.Struct):
    """State of one tracker. Pass it on, never use an old one; `copy` gives a checkpoint that stays.

    sensors    all that are known, named or met; sites: as kernels read them, sensor_records: as corrected
    origin     member whose node this is
    tracks     rows of all tracks
    maps       what is learnt of sensors
    held       plots of windows that are not closed yet, sorted by time
    closed_ns  all windows before it are closed: earlier plots come too late
    counted    events in the kernels; ignored: plots not used, by reason
    rows       what was known after each plot of the latest `advance(updates=True)`
    past       what is needed to take in plots that come too late; late_used: how many were
    known      what each sensor is held to add to what it says; observed: what will be learnt of this block
    """

    config: TrackerConfig
    sensors: Sensors
    sites: Records
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
    known: Registration
    observed: tuple[Records, ...] = ()
    past: Past = Past()
    late_used: int = 0


def start(sensors: Sensors, *, origin: str, config: TrackerConfig | None = None) -> Tracker:
    """A tracker without tracks. Sensors of position plots may be met later without being named here."""
    marks = np.zeros(MARKS, np.int64)
    marks[NEXT_NUMBER] = 1
    sites = sensor_records(sensors)
    tracker = Tracker(
        config=config or TrackerConfig(),
        sensors=sensors,
        sites=sites,
        sensor_records=sites,
        origin=origin,
        tracks=room_for_tracks(1024),
        marks=marks,
        maps=nothing_learnt(len(sensors)),
        held=np.empty(0, PLOT),
        closed_ns=np.iinfo(np.int64).min,
        counted=np.zeros(COUNTERS, np.int64),
        ignored=dict.fromkeys(REASONS, 0),
        grown=0,
        rows=np.recarray(_NO_ROWS, ROW),
        row_sensors=np.empty((_NO_ROWS, CONTRIBUTORS), np.int64),
        known=nothing_known(sensors),
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
    tracker.sites = sensor_records(tracker.sensors)
    tracker.known = with_room(tracker.known, tracker.sensors)
    tracker.maps = for_sensors(tracker.maps, len(tracker.sensors))
    _correct(tracker)
    return tracker


def copy(tracker: Tracker) -> Tracker:
    """An independent checkpoint."""
    return msgspec.structs.replace(
        tracker,
        tracks=_same_room(tracker.tracks, int(tracker.marks[COUNT])),
        marks=tracker.marks.copy(),
        maps=copy_of(tracker.maps),
        counted=tracker.counted.copy(),
        ignored=dict(tracker.ignored),
    )


def resumed(checkpoint: Tracker, sensors: Sensors) -> Tracker:
    """A copy of a checkpoint that knows the sensors that were met since, corrected as it knew them then."""
    again = msgspec.structs.replace(
        copy(checkpoint),
        sensors=sensors,
        sites=sensor_records(sensors),
        known=with_room(checkpoint.known, sensors),
        maps=for_sensors(copy_of(checkpoint.maps), len(sensors)),
    )
    _correct(again)
    return again


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
        # Parts of plain arrays are views; of numpy's record arrays they are objects made anew each time.
        fresh = np.asarray(fresh)
        for reason, count in ignored.items():
            tracker.ignored[reason] += count
        late = bisect_left(fresh["time_ns"], tracker.closed_ns)
        if late:
            tracker = _again(tracker, fresh[:late])
            fresh = fresh[late:]
        if tracker.held.size:
            held = np.concatenate([tracker.held, fresh])
            fresh = np.asarray(in_time_order(held, np.arange(held.size)))
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
    again = msgspec.structs.replace(
        resumed(old, tracker.sensors),
        ignored=tracker.ignored,
        held=np.asarray(in_time_order(plots, np.arange(plots.size))),
        past=Past(tracker.past.checkpoints[: index + 1], tuple(_upto(tracker.past, closed_ns))),
        late_used=tracker.late_used + late.size,
    )
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
    rules, motion = record_of(rules_of(tracker.config)), record_of(motion_of(tracker.config))
    begun = tracker.held
    # A record's numbers are numpy's, which overflow where Python's do not.
    window_ns = int(rules.window_ns)
    end_ns = (until_ns // window_ns) * window_ns
    files = empty_files(tracker.tracks.row.size)
    for stop_ns in _stops(tracker, until_ns):
        files = _sweep_block(tracker, stop_ns, rules, motion, files)
    tracker.closed_ns = max(tracker.closed_ns, end_ns)
    spent = begun[: begun.size - tracker.held.size]
    tracker.past = remembered(tracker.past, spent, tracker.closed_ns, tracker.config)
    _keep(tracker)


def _stops(tracker: Tracker, until_ns: int) -> Iterator[int]:
    """Ends of blocks in which something is held, or was observed, up to a time, and that time."""
    window_ns = round(tracker.config.window_s * 1e9)
    # A block is of whole windows.
    block_ns = math.ceil(tracker.config.registration_s * 1e9 / window_ns) * window_ns
    while block_ns:
        if tracker.observed:
            begin_ns = int(tracker.observed[0]["time_ns"][0])
        elif tracker.held.size:
            begin_ns = int(tracker.held["time_ns"][0])
        else:
            break
        end_ns = (begin_ns // block_ns + 1) * block_ns
        if end_ns > until_ns:
            break
        yield end_ns
        tracker.known = learn(
            tracker.known,
            tracker.observed,
            begin_ns // block_ns,
            tracker.sensors,
            tracker.sensor_records,
            tracker.config,
        )
        tracker.observed = ()
        _correct(tracker)
    yield until_ns


def _correct(tracker: Tracker) -> None:
    """Let kernels know what is known of the sensors' biases."""
    tracker.sensor_records = corrected(tracker.sites, tracker.known, tracker.sensors, tracker.config)


def _sweep_block(tracker: Tracker, until_ns: int, rules: Rules, motion: Motion, files: Files) -> Files:
    """Use the plots that are held, of windows that end by a time in this block, as corrected now.

    files  where rows may be filed; returned, with more room where there are more rows now
    """
    # Not numpy's: it would copy all times, which lie a record apart, to look at a few.
    due = bisect_left(tracker.held["time_ns"], until_ns)
    place_plots(tracker.held[:due].view(np.recarray), tracker.sensor_records)
    seen = np.recarray(due if tracker.config.registration_s > 0.0 else 0, OBSERVATION)
    tracker.marks[OBSERVED], tracker.marks[ONE_OF] = 0, tracker.known.one_of
    tracker.marks[TURN] = tracker.known.block
    while True:
        used = sweep(
            tracker.tracks,
            tracker.marks,
            tracker.held.view(np.recarray),
            until_ns,
            tracker.sensor_records,
            tracker.maps,
            files,
            rules,
            motion,
            tracker.rows,
            tracker.row_sensors,
            seen,
            tracker.counted,
        )
        tracker.held = tracker.held[used:]
        if crowded(tracker.maps):
            tracker.maps = roomier(tracker.maps)
            continue
        end_ns = (until_ns // rules.window_ns) * rules.window_ns
        if tracker.held.size == 0 or tracker.held["time_ns"][0] >= end_ns:
            break
        _make_room(tracker, rules.window_ns)
        if tracker.tracks.row.size != files.link.size:
            files = empty_files(tracker.tracks.row.size)
    if tracker.marks[OBSERVED]:
        tracker.observed = (*tracker.observed, np.asarray(seen)[: tracker.marks[OBSERVED]])
    return files


def _keep(tracker: Tracker) -> None:
    """Keep a copy to go back to, when one is due."""
    if is_due(tracker.past, tracker.closed_ns, tracker.config):
        bare = msgspec.structs.replace(copy(tracker), past=Past(), held=np.empty(0, PLOT))
        checkpoints = (*tracker.past.checkpoints, (tracker.closed_ns, bare))
        tracker.past = msgspec.structs.replace(tracker.past, checkpoints=checkpoints)


def _make_room(tracker: Tracker, window_ns: int) -> None:
    """Pack away ended tracks and give the next window's plots room to begin tracks."""
    count = int(tracker.marks[COUNT])
    alive = np.flatnonzero(tracker.tracks.row["alive"][:count])
    times = tracker.held["time_ns"]
    window_end = (times[0] // window_ns + 1) * window_ns
    need = alive.size + bisect_left(times, window_end)
    capacity = tracker.tracks.row.size
    if 4 * need > 3 * capacity:
        capacity = 2 * need
        tracker.grown += 1
    fresh = room_for_tracks(capacity)
    for old, new in zip(tracker.tracks, fresh, strict=True):
        _blocks(new)[: alive.size] = _blocks(old)[alive]
    tracker.tracks = fresh
    tracker.marks[COUNT] = alive.size


def _same_room(tracks: Tracks, count: int) -> Tracks:
    """A copy with as much room, of the rows in use."""
    fresh = room_for_tracks(tracks.row.size)
    for old, new in zip(tracks, fresh, strict=True):
        _blocks(new)[:count] = _blocks(old)[:count]
    return fresh


def _blocks(array: Any) -> NDArray[np.void]:
    """Rows as blocks of octets, which numpy copies whole: of records it would copy field by field."""
    return np.asarray(array).view((np.void, array.strides[0])).reshape(-1)


def rows_of(tracks: Tracks, count: int | None) -> Tracks:
    """Copies of the arrays, of the first `count` rows where that is said."""
    arrays: list[Any] = [array[:count].copy() for array in tracks]
    return Tracks(*arrays)
