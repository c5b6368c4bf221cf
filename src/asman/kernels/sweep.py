"""Sweep: plots in time order become tracks, window by window.

Windows are a fixed grid of time (a quarter of a second), not what happened to arrive together: so a
recording gives the same tracks in one piece or in a thousand. At each whole second, tracks are aged,
ended, moved to fresh planes; every fourth second tracks of one aircraft are merged.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.assignment import assign
from asman.kernels.association import candidates, judge
from asman.kernels.atmosphere import Atmosphere, know_heights
from asman.kernels.clutter_map import ClutterMap, clutter_density, learn
from asman.kernels.doubles import file_tracks, merge
from asman.kernels.gating import (
    append,
    bucket,
    bucket_of_address,
    cell,
    file_addresses,
    file_points,
    table_size,
)
from asman.kernels.imm import Motion
from asman.kernels.integrity import doubt_elsewhere
from asman.kernels.jit import inline, kernel, lent, rare, small
from asman.kernels.report import write_row
from asman.kernels.tracklife import CLUTTER_CROWDED, SPLIT, Rules, birth, fade, take
from asman.kernels.trackrows import Tracks, contradicts, recentre

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: Places in the array of marks: rows in use, next number, next second to tend, updates written, second filed.
COUNT: Final = 0
NEXT_NUMBER: Final = 1
TEND_NS: Final = 2
WRITTEN: Final = 3
FILED_NS: Final = 4
MARKS: Final = 5

WHOLE_SECOND_NS: Final = 1_000_000_000
RECENTRE_M: Final = 10_000.0
MERGE_EVERY_S: Final = 4


@kernel
def sweep(
    tracks: Tracks, marks: Longs, plots: Records, until_ns: int, sensors: Records, cells: ClutterMap,
    air: Atmosphere, rules: Rules, motion: Motion, rows: Records, row_sensors: Ints, counters: Longs,
) -> int:  # fmt: skip
    """Use plots, sorted by time, of all windows that end by `until_ns`; return how many were used.

    Returns early when the next window might not fit into the rows of `tracks`: give it more and call again.
    rows, row_sensors: what was known after each plot; written where they have room (length 0: not wanted).
    """
    capacity = tracks.row.size
    link = np.empty(capacity, np.int64)
    address_link = np.empty(capacity, np.int64)
    column_of = np.empty(capacity, np.int64)
    for k in range(capacity):
        column_of[k] = -1
    head = np.empty(table_size(capacity), np.int64)
    address_head = np.empty(table_size(capacity), np.int64)
    work = np.empty((4, 18))
    # An earlier call may have filed this second already: what it filed is kept, so that calls do not matter.
    file_points(tracks.place, marks[COUNT], head, link)
    file_addresses(tracks.filed, marks[COUNT], address_head, address_link)
    i = 0
    while i < plots.size:
        begin_ns = plots[i].time_ns // rules.window_ns * rules.window_ns
        end_ns = begin_ns + rules.window_ns
        if end_ns > until_ns:
            break
        tend(tracks, marks, begin_ns, sensors, rules, motion, work, head, link, counters)
        j = i
        while j < plots.size and plots[j].time_ns < end_ns:
            j += 1
        if marks[COUNT] + (j - i) > capacity:
            return i
        second_ns = begin_ns // WHOLE_SECOND_NS * WHOLE_SECOND_NS
        if marks[FILED_NS] != second_ns:
            marks[FILED_NS] = second_ns
            file_tracks(tracks, marks[COUNT], second_ns + WHOLE_SECOND_NS // 2, tracks.place, tracks.filed)
            file_points(tracks.place, marks[COUNT], head, link)
            file_addresses(tracks.filed, marks[COUNT], address_head, address_link)
        window(
            tracks, marks, plots[i:j], sensors, cells, air, rules, motion, work, head, link,
            address_head, address_link, column_of, rows, row_sensors, counters,
        )  # fmt: skip
        i = j
    if i == plots.size or plots[i].time_ns // rules.window_ns * rules.window_ns + rules.window_ns > until_ns:
        tend(tracks, marks, until_ns, sensors, rules, motion, work, head, link, counters)
    return i


@inline
def window(
    tracks: Tracks, marks: Longs, plots: Records, sensors: Records, cells: ClutterMap, air: Atmosphere,
    rules: Rules, motion: Motion, work: Floats, head: Ints, link: Ints, address_head: Ints,
    address_link: Ints, column_of: Ints, rows: Records, row_sensors: Ints, counters: Longs,
) -> None:  # fmt: skip
    """Associate the plots of one window, correct tracks in time order, begin tracks at what is left."""
    size = plots.size
    first_new = marks[COUNT]
    know_heights(plots, sensors, air)
    map_clutter(plots, sensors, cells, counters)
    start = np.empty(size + 1, np.int64)
    edges = candidates(tracks, plots, head, link, address_head, address_link, start)
    keep_start = np.empty(size + 1, np.int64)
    keep_track = np.empty(edges.size, np.int64)
    keep_column = np.empty(edges.size, np.int64)
    keep_gain = np.empty(edges.size)
    split = np.empty(size, np.int64)
    columns = judge(
        tracks, plots, sensors, start, edges, rules, motion, work, column_of, keep_start, keep_track,
        keep_column, keep_gain, split,
    )  # fmt: skip
    taken = np.empty(size, np.int64)
    assign(keep_start, keep_column, keep_gain, columns, taken)
    winner = np.empty(columns, np.int64)
    for c in range(columns):
        winner[c] = -1
    for i in range(size):
        if taken[i] >= 0:
            winner[keep_column[taken[i]]] = i
    for i in range(size):
        if taken[i] >= 0:
            edge = int(taken[i])
            k = int(keep_track[edge])
            take(
                tracks,
                marks[COUNT],
                k,
                plots[i],
                float(keep_gain[edge]),
                sensors,
                rules,
                motion,
                work,
                counters,
            )
            note(tracks, k, marks, rows, row_sensors, sensors)
            continue
        if split[i] >= 0:
            counters[SPLIT] += 1
            continue
        torn = False
        for q in range(keep_start[i], keep_start[i + 1]):
            w = winner[keep_column[q]]
            torn = torn or (
                w >= 0
                and same_spot(plots[i], plots[w], sensors)
                and not contradicts(tracks, keep_track[q], plots[i])
            )
        if torn:
            counters[SPLIT] += 1
            continue
        k = newborn(tracks, first_new, marks[COUNT], plots[i], sensors)
        if k >= 0:
            same_sensor = tracks.heard[k, 0].sensor == plots[i].sensor
            if same_sensor and sensors[plots[i].sensor].rotates == 1:
                counters[SPLIT] += 1
                continue
            take(tracks, marks[COUNT], k, plots[i], 3.0, sensors, rules, motion, work, counters)
            note(tracks, k, marks, rows, row_sensors, sensors)
            continue
        k = marks[COUNT]
        marks[COUNT] += 1
        twin = has_twin(tracks, first_new, plots[i], address_head, address_link)
        birth(tracks, k, marks[NEXT_NUMBER], plots[i], twin, sensors, rules, counters)
        file_newborn(tracks, k, plots[i], head, link, address_head, address_link)
        marks[NEXT_NUMBER] += 1
        note(tracks, k, marks, rows, row_sensors, sensors)


@lent
def map_clutter(plots: Records, sensors: Records, cells: ClutterMap, counters: Longs) -> None:
    """Add to each primary plot's density of false plots what its cell remembers; then let the cells learn."""
    for i in range(plots.size):
        plot = plots[i]
        if plot.primary == 1 and not math.isnan(plot.range_m) and plot.on_ground != 1:
            plot.clutter_pm2 += clutter_density(cells, plot, sensors[plot.sensor])
            counters[CLUTTER_CROWDED] += learn(cells, plot, sensors[plot.sensor])


@lent
def file_newborn(
    tracks: Tracks, k: int, plot: Record, head: Ints, link: Ints, address_head: Ints, address_link: Ints
) -> None:
    """Let the windows that follow in this second find a track that has just begun."""
    tracks.place[k, 0], tracks.place[k, 1], tracks.place[k, 2] = plot.x, plot.y, plot.z
    tracks.filed[k] = plot.address
    append(k, bucket(cell(plot.x), cell(plot.y), cell(plot.z), head.size - 1), head, link)
    if plot.address >= 0:
        append(k, bucket_of_address(plot.address, address_head.size - 1), address_head, address_link)


@small
def note(tracks: Tracks, k: int, marks: Longs, rows: Records, row_sensors: Ints, sensors: Records) -> None:
    """Write down what is known of track `k`, if that is wanted."""
    if rows.size > 0:
        write_row(tracks, k, sensors, rows, row_sensors, marks[WRITTEN])
        marks[WRITTEN] += 1


@small
def same_spot(a: Record, b: Record, sensors: Records) -> bool:
    """Whether two plots of one sensor are closer than it resolves: then they are one aircraft torn in two."""
    de = math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2)
    # They share their altitude, so only the noise sets them apart.
    sigma = math.sqrt(max(a.ree, a.rnn) + max(b.ree, b.rnn))
    least = 300.0 if sensors[a.sensor].rotates == 1 else 60.0
    return de < max(least, 3.0 * sigma)


@lent
def newborn(tracks: Tracks, first: int, count: int, plot: Record, sensors: Records) -> int:
    """A track that began in this window and is of this plot's aircraft, or -1."""
    for k in range(first, count):
        plane = tracks.plane
        dx, dy, dz = plot.x - plane[k, 0], plot.y - plane[k, 1], plot.z - plane[k, 2]
        distance2 = dx * dx + dy * dy + dz * dz
        if distance2 > 1e8:
            continue
        sigma = math.sqrt(
            max(plot.ree + plot.hee, plot.rnn + plot.hnn)
            + max(tracks.cov[k, 0] + tracks.consider[k, 0], tracks.cov[k, 2] + tracks.consider[k, 2])
        )
        room = 3.5 * sigma + 90.0
        if sensors[plot.sensor].rotates == 1 and tracks.heard[k, 0].sensor == plot.sensor:
            room = max(room, 300.0)
        if distance2 < room * room and not contradicts(tracks, k, plot):
            return k
    return -1


@small
def has_twin(tracks: Tracks, count: int, plot: Record, address_head: Ints, address_link: Ints) -> bool:
    """Whether a living track elsewhere already bears this plot's address."""
    if plot.address < 0:
        return False
    k = address_head[bucket_of_address(plot.address, address_head.size - 1)]
    while k >= 0:
        if k < count and tracks.row[k].address == plot.address and tracks.row[k].alive == 1:
            return True
        k = address_link[k]
    return False


@rare
def tend(
    tracks: Tracks, marks: Longs, until_ns: int, sensors: Records, rules: Rules, motion: Motion,
    work: Floats, head: Ints, link: Ints, counters: Longs,
) -> None:  # fmt: skip
    """At each whole second up to a time: age tracks, end them, refresh their planes, merge doubles."""
    while marks[TEND_NS] <= until_ns:
        now_ns = marks[TEND_NS]
        alive = 0
        for k in range(marks[COUNT]):
            if tracks.row[k].alive == 0:
                continue
            alive += 1
            fade(tracks, k, now_ns, sensors, rules, counters)
            e, n = tracks.mean[k, 0], tracks.mean[k, 1]
            if e * e + n * n > RECENTRE_M * RECENTRE_M:
                recentre(tracks, k)
        if alive == 0:
            # Nothing to tend until the next plot: leap over silence, on the same grid.
            marks[TEND_NS] = until_ns // WHOLE_SECOND_NS * WHOLE_SECOND_NS + WHOLE_SECOND_NS
            return
        if (now_ns // WHOLE_SECOND_NS) % MERGE_EVERY_S == 0:
            file_tracks(tracks, marks[COUNT], now_ns, tracks.place, tracks.filed)
            doubt_elsewhere(tracks, marks[COUNT], now_ns, head, link)
            merge(tracks, marks[COUNT], now_ns, sensors, head, link, counters)
        marks[TEND_NS] = now_ns + WHOLE_SECOND_NS
