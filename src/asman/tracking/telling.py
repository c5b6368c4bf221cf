"""Telling: what a tracker knows, as tables and counts."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from asman.kernels.report import ROW, report
from asman.kernels.sweep import COUNT, WRITTEN
from asman.kernels.tracklife import (
    BORN,
    CLUTTER_CROWDED,
    CONTRIBUTOR_REPLACED,
    ENDED,
    GARBLED_ALTITUDE,
    HEIGHT_REFUSED,
    IMAGE,
    LOOKS_CROWDED,
    MERGED,
    NO_INTEGRITY,
    OUTLIER,
    REPORT_REFUSED,
    SAME_ADDRESS_ELSEWHERE,
    SHARED,
    SPLIT,
    STRETCHED,
    USED,
)
from asman.kernels.trackrows import CONTRIBUTORS
from asman.model.registration import Registered
from asman.tracking.biases import registered
from asman.tracking.config import motion_of, record_of
from asman.tracking.estimates import Estimates, estimates_of
from asman.tracking.offsets import offsets_table
from asman.tracking.picture import tracks_table
from asman.tracking.tracker import Tracker, rows_of

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
    "outlier": OUTLIER,
}


def picture(tracker: Tracker, at_ns: int, *, confirmed_only: bool = False) -> pa.Table:
    """TRACKS: every living track, predicted to a time that is not before its latest plot."""
    count = int(tracker.marks[COUNT])
    tracks = rows_of(tracker.tracks, count)
    rows = np.recarray(count, ROW)
    row_sensors = np.empty((count, CONTRIBUTORS), np.int64)
    motion = record_of(motion_of(tracker.config))
    written = report(
        tracks,
        count,
        at_ns,
        confirmed_only,
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
        rows_of(tracker.tracks, count),
        count,
        at_ns,
        confirmed_only,
        tracker.sensor_records,
        record_of(motion_of(tracker.config)),
    )


def updates(tracker: Tracker) -> pa.Table:
    """TRACKS: what was known after each plot that the latest `advance(updates=True)` used, in time order."""
    written = int(tracker.marks[WRITTEN])
    return tracks_table(
        tracker.rows[:written], tracker.row_sensors[:written], tracker.sensors, tracker.origin
    )


def registration(tracker: Tracker) -> tuple[Registered, ...]:
    """What is known of each sensor's biases, in the order of the sensors."""
    return registered(tracker.known, tracker.sensors, tracker.config)


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
