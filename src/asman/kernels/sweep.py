"""Sweep: plots in time order become tracks, window by window.

Windows are a fixed grid of time (a quarter of a second), not what happened to arrive together: so a
recording gives the same tracks in one piece or in a thousand. At each whole second, tracks are aged,
ended, moved to fresh planes; every fourth second tracks of one aircraft are merged.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.assignment import assign_rows
from asman.kernels.association import candidates, judge
from asman.kernels.atmosphere import know_heights
from asman.kernels.births import LEAST_ODDS_IN_CLUTTER, birth_odds, kind_of
from asman.kernels.clutter_map import ClutterMap, clutter_density, learn, learn_block
from asman.kernels.desk import Desk, make_desk
from asman.kernels.detection_map import DetectionMap
from asman.kernels.doubles import file_tracks, merge
from asman.kernels.filing import chain, fewer_lent, file_newborn
from asman.kernels.formations import may_share, share
from asman.kernels.gating import Files
from asman.kernels.images import kind_of_newborn
from asman.kernels.imm import Motion
from asman.kernels.integrity import doubt_elsewhere, hold_against_namesakes
from asman.kernels.jit import kernel, lent, small
from asman.kernels.observing import observe
from asman.kernels.report import write_row
from asman.kernels.sensor_maps import SensorMaps, is_crowded
from asman.kernels.silence import fade
from asman.kernels.tracklife import CLUTTER_CROWDED, SHARED, SPLIT, Rules, birth, own_gain, prove, take
from asman.kernels.trackrows import Tracks, contradicts, pack, recentre

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: Places in the array of marks: rows in use, next number, next second to tend, updates written, second filed;
#: three more are of `observing`.
COUNT: Final = 0
NEXT_NUMBER: Final = 1
TEND_NS: Final = 2
WRITTEN: Final = 3
FILED_NS: Final = 4
MARKS: Final = 8

WHOLE_SECOND_NS: Final = 1_000_000_000
RECENTRE_M: Final = 10_000.0
MERGE_EVERY_S: Final = 4
#: What most windows hold; a desk grows where one holds more.
PLOTS_OF_WINDOW: Final = 256
PAIRS_OF_WINDOW: Final = 4096


@kernel
def sweep(
    tracks: Tracks, marks: Longs, plots: Records, until_ns: int, sensors: Records, maps: SensorMaps,
    files: Files, rules: Rules, motion: Motion, rows: Records, row_sensors: Ints, seen: Records,
    counters: Longs,
) -> int:  # fmt: skip
    """Use plots, sorted by time, of all windows that end by `until_ns`; return how many were used.

    Returns early when the next window might not fit into the rows of `tracks`, or a table of `maps` is
    crowded: give it more room and call again.
    rows, row_sensors: what was known after each plot; written where they have room (length 0: not wanted).
    seen: what registration may learn from, likewise.
    """
    column_of = np.empty(tracks.row.size, np.int64)
    for k in range(column_of.size):
        column_of[k] = -1
    work = np.empty((4, 18))
    desk = make_desk(PLOTS_OF_WINDOW, PAIRS_OF_WINDOW)
    i, met = 0, False
    while True:
        # At one place only: what is compiled into a caller is compiled once for each call.
        i, more_plots, more_pairs = windows(
            i, met, tracks, marks, plots, until_ns, desk, sensors, maps, files, rules, motion, work,
            column_of, rows, row_sensors, seen, counters,
        )  # fmt: skip
        if more_plots + more_pairs == 0:
            return i
        desk = make_desk(max(2 * more_plots, desk.taken.size), max(2 * more_pairs, desk.edges.size))
        met = more_pairs > 0


@lent
def windows(
    i: int, met: bool, tracks: Tracks, marks: Longs, plots: Records, until_ns: int, desk: Desk,
    sensors: Records, maps: SensorMaps, files: Files, rules: Rules, motion: Motion, work: Floats,
    column_of: Ints, rows: Records, row_sensors: Ints, seen: Records, counters: Longs,
) -> tuple[int, int, int]:  # fmt: skip
    """Use plots from the `i`-th on, window by window, as far as `sweep` may; return the next one.

    Apart from `sweep`, which makes arrays and so counts references on all that it hands to a window. Where a
    window does not fit on the desk the other results say how many plots, or pairs, it has: come back then.
    met  whether maps have learnt from the first window's plots already
    """
    # An earlier call may have filed this second already: what it filed is kept, so that calls do not matter.
    filed = fewer_lent(files, marks[COUNT])
    chain(tracks, marks[COUNT], filed)
    while i < plots.size:
        begin_ns = plots[i].time_ns // rules.window_ns * rules.window_ns
        end_ns = begin_ns + rules.window_ns
        if end_ns > until_ns:
            break
        if marks[TEND_NS] <= begin_ns:
            tend(tracks, marks, begin_ns, sensors, maps, rules, motion, work, files, counters)
        j = i
        while j < plots.size and plots[j].time_ns < end_ns:
            j += 1
        if marks[COUNT] + (j - i) > tracks.row.size:
            return i, 0, 0
        if j - i > desk.taken.size:
            return i, j - i, 0
        second_ns = begin_ns // WHOLE_SECOND_NS * WHOLE_SECOND_NS
        if marks[FILED_NS] != second_ns:
            marks[FILED_NS] = second_ns
            file_tracks(tracks, marks[COUNT], second_ns + WHOLE_SECOND_NS // 2)
            filed = fewer_lent(files, marks[COUNT])
            chain(tracks, marks[COUNT], filed)
        some = plots[i:j]
        if not met:
            know_heights(some, sensors, maps.air)
            map_clutter(some, sensors, maps.clutter, maps.births, rules, counters)
        met = False
        pairs = candidates(tracks, some, filed, desk.start, desk.edges)
        if pairs > desk.edges.size:
            return i, 0, pairs
        window(
            tracks, marks, some, desk, sensors, maps, rules, motion, work, filed, column_of,
            rows, row_sensors, seen, counters,
        )  # fmt: skip
        i = j
        if is_crowded(maps):
            return i, 0, 0
    if i == plots.size or plots[i].time_ns // rules.window_ns * rules.window_ns + rules.window_ns > until_ns:
        tend(tracks, marks, until_ns, sensors, maps, rules, motion, work, files, counters)
    return i, 0, 0


@small
def window(
    tracks: Tracks, marks: Longs, plots: Records, desk: Desk, sensors: Records, maps: SensorMaps,
    rules: Rules, motion: Motion, work: Floats, files: Files, column_of: Ints, rows: Records,
    row_sensors: Ints, seen: Records, counters: Longs,
) -> None:  # fmt: skip
    """Associate the plots of one window, correct tracks in time order, begin tracks at what is left.

    desk   with the pairs to look at
    """
    size = plots.size
    first_new = marks[COUNT]
    columns = judge(
        tracks, plots, sensors, desk.start, desk.edges, rules, motion, work, column_of, desk.keep_start,
        desk.keep_track, desk.keep_column, desk.keep_gain, desk.split, desk.column_sensor, desk.column_next,
    )  # fmt: skip
    assign_rows(
        desk.keep_start, desk.keep_column, desk.keep_gain, size, columns, desk.taken, desk.owner, desk.back,
        desk.mark, desk.touched, desk.scanned, desk.value, desk.distance,
    )  # fmt: skip
    for c in range(columns):
        desk.winner[c] = -1
    for i in range(size):
        if desk.taken[i] >= 0:
            desk.winner[desk.keep_column[desk.taken[i]]] = i
    share_all(
        tracks, plots, desk.keep_start, desk.keep_track, desk.keep_column, desk.winner, desk.taken, sensors,
        motion, work, counters,
    )  # fmt: skip
    settle(
        tracks, marks, first_new, plots, desk.keep_start, desk.keep_track, desk.keep_column, desk.keep_gain,
        desk.split, desk.taken, desk.winner, sensors, maps.detection, maps.births, maps.clutter, files,
        rules, motion, work, rows, row_sensors, seen, counters,
    )  # fmt: skip


@lent
def settle(
    tracks: Tracks, marks: Longs, first_new: int, plots: Records, keep_start: Ints, keep_track: Ints,
    keep_column: Ints, keep_gain: Floats, split: Ints, taken: Ints, winner: Ints, sensors: Records,
    detection: DetectionMap, births: Floats, clutter: ClutterMap, files: Files, rules: Rules, motion: Motion,
    work: Floats, rows: Records, row_sensors: Ints, seen: Records, counters: Longs,
) -> None:  # fmt: skip
    """Give each plot of a window to the track that it was assigned to, or begin one at it."""
    size = plots.size
    for i in range(size):
        if taken[i] >= 0:
            edge = int(taken[i])
            k = int(keep_track[edge])
            track = tracks.row[k]
            gain = own_gain(float(keep_gain[edge]), track, plots[i], sensors[plots[i].sensor].pd, rules)
            if take(track, plots[i], gain, sensors, detection, births, rules, motion, work, counters):
                prove(tracks, files, k, plots[i], sensors, births, rules, counters)
            observe(track, plots[i], sensors, marks, seen)
            note(track, i, marks, rows, row_sensors, sensors)
            if track.confirmed == 0:
                map_stray(plots[i], sensors, clutter, counters)
            continue
        if split[i] >= 0:
            counters[SPLIT] += 1
            continue
        torn = False
        for q in range(keep_start[i], keep_start[i + 1]):
            w = winner[keep_column[q]]
            torn = torn or (
                0 <= w < size
                and same_spot(plots[i], plots[w], sensors)
                and not contradicts(tracks.row[keep_track[q]], plots[i])
            )
        if torn:
            counters[SPLIT] += 1
            continue
        k = newborn(tracks, first_new, marks[COUNT], plots[i], sensors)
        if k >= 0:
            track = tracks.row[k]
            same_sensor = track.heard[0].sensor == plots[i].sensor
            if same_sensor and sensors[plots[i].sensor].rotates == 1:
                counters[SPLIT] += 1
                continue
            if take(track, plots[i], 3.0, sensors, detection, births, rules, motion, work, counters):
                prove(tracks, files, k, plots[i], sensors, births, rules, counters)
            note(track, i, marks, rows, row_sensors, sensors)
            continue
        map_stray(plots[i], sensors, clutter, counters)
        k = marks[COUNT]
        marks[COUNT] += 1
        kind = kind_of_newborn(tracks, first_new, plots[i], files)
        born = tracks.row[k]
        birth(born, marks[NEXT_NUMBER], plots[i], kind, sensors, detection, births, rules, counters)
        if born.twin == 1:
            hold_against_namesakes(tracks, first_new, plots[i], files)
        file_newborn(tracks, k, plots[i], files)
        marks[NEXT_NUMBER] += 1
        note(born, i, marks, rows, row_sensors, sensors)


@lent
def share_all(
    tracks: Tracks, plots: Records, keep_start: Ints, keep_track: Ints, keep_column: Ints, winner: Ints,
    taken: Ints, sensors: Records, motion: Motion, work: Floats, counters: Longs,
) -> None:  # fmt: skip
    """Let tracks whose own plot is hidden in a neighbour's share it: aircraft not resolved by a radar."""
    for i in range(plots.size):
        if taken[i] < 0 or sensors[plots[i].sensor].rotates == 0:
            continue
        for q in range(keep_start[i], keep_start[i + 1]):
            if q == taken[i]:
                continue
            k, m = int(keep_track[taken[i]]), int(keep_track[q])
            if winner[keep_column[q]] >= 0:
                continue
            if m != k and may_share(tracks.row[m], plots[i], sensors):
                # It won a plot: no second one of this window may be shared to it.
                winner[keep_column[q]] = plots.size
                share(tracks.row[m], plots[i], sensors, motion, work)
                counters[SHARED] += 1


@lent
def map_clutter(
    plots: Records, sensors: Records, clutter: ClutterMap, births: Floats, rules: Rules, counters: Longs
) -> None:
    """Add to each primary plot's density of false plots what its cell remembers; then let the cells learn."""
    for i in range(plots.size):
        plot = plots[i]
        odds = birth_odds(births, plot.sensor, kind_of(plot))
        plot.birth_pm2 = max(rules.birth_pm2, odds * plot.clutter_pm2)
        if plot.primary == 1 and not math.isnan(plot.range_m) and plot.on_ground != 1:
            plot.clutter_pm2 += clutter_density(clutter, plot, sensors[plot.sensor])
            plot.birth_pm2 = max(plot.birth_pm2, LEAST_ODDS_IN_CLUTTER * plot.clutter_pm2)
            counters[CLUTTER_CROWDED] += learn(clutter, plot, sensors[plot.sensor])


@small
def map_stray(plot: Record, sensors: Records, clutter: ClutterMap, counters: Longs) -> None:
    """Let the blocks learn a primary plot that no shown track took."""
    if plot.primary == 1 and not math.isnan(plot.range_m) and plot.on_ground != 1:
        counters[CLUTTER_CROWDED] += learn_block(clutter, plot, sensors[plot.sensor])


@small
def note(track: Record, plot: int, marks: Longs, rows: Records, row_sensors: Ints, sensors: Records) -> None:
    """Write down what is known of a track after a plot of the window, if that is wanted."""
    if rows.size > 0:
        rows[marks[WRITTEN]].plot = plot
        write_row(track, sensors, rows, row_sensors, marks[WRITTEN])
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
        track = tracks.row[k]
        plane = track.plane
        dx, dy, dz = plot.x - plane[0], plot.y - plane[1], plot.z - plane[2]
        distance2 = dx * dx + dy * dy + dz * dz
        if distance2 > 1e8:
            continue
        sigma = math.sqrt(
            max(plot.ree + plot.hee, plot.rnn + plot.hnn)
            + max(track.cov[0] + track.consider[0], track.cov[2] + track.consider[2])
        )
        room = 3.5 * sigma + 90.0
        if sensors[plot.sensor].rotates == 1 and track.heard[0].sensor == plot.sensor:
            room = max(room, 300.0)
        if distance2 < room * room and not contradicts(track, plot):
            return k
    return -1


@lent
def age(
    tracks: Tracks, count: int, now_ns: int, sensors: Records, detection: DetectionMap, births: Floats,
    rules: Rules, counters: Longs,
) -> int:  # fmt: skip
    """Pack the rows, then age all tracks, end them, refresh their planes; return how many rows are in use."""
    kept = pack(tracks, count)
    for k in range(kept):
        track = tracks.row[k]
        if track.alive == 0:
            continue
        fade(track, now_ns, sensors, detection, births, rules, counters)
        e, n = track.state[0], track.state[1]
        if e * e + n * n > RECENTRE_M * RECENTRE_M:
            recentre(track)
    return kept


@lent
def tend(
    tracks: Tracks, marks: Longs, until_ns: int, sensors: Records, maps: SensorMaps, rules: Rules,
    motion: Motion, work: Floats, files: Files, counters: Longs,
) -> None:  # fmt: skip
    """At each whole second up to a time: age tracks, end them, refresh their planes, merge doubles."""
    while marks[TEND_NS] <= until_ns:
        now_ns = marks[TEND_NS]
        alive = age(tracks, marks[COUNT], now_ns, sensors, maps.detection, maps.births, rules, counters)
        marks[COUNT] = alive
        if alive == 0:
            # Nothing to tend until the next plot: leap over silence, on the same grid.
            marks[TEND_NS] = until_ns // WHOLE_SECOND_NS * WHOLE_SECOND_NS + WHOLE_SECOND_NS
            return
        if (now_ns // WHOLE_SECOND_NS) % MERGE_EVERY_S == 0:
            file_tracks(tracks, marks[COUNT], now_ns)
            doubt_elsewhere(tracks, marks[COUNT], now_ns, files)
            merge(tracks, marks[COUNT], now_ns, sensors, files, counters)
        marks[TEND_NS] = now_ns + WHOLE_SECOND_NS
