"""Explanation: the weights of one window's pairs, as the sweep is about to judge them.

Nothing is written down while tracks are made: it would cost every plot for the sake of the few that
somebody asks about. The same plots give the same bits whenever they come again, so whoever asks why gets the
window done once more, on a copy, by the very kernels that decide (`candidates`, `judge`, `assign`). What each
kind of evidence was worth is asked of them too: the gain of a pair with it, less the gain without it.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.assignment import assign
from asman.kernels.association import candidates, innovation, judge, pair_gain, place_density
from asman.kernels.doubles import file_tracks
from asman.kernels.filing import chain, fewer
from asman.kernels.gating import Files
from asman.kernels.imm import Motion
from asman.kernels.jit import kernel, lent
from asman.kernels.sensor_maps import SensorMaps
from asman.kernels.sweep import COUNT, FILED_NS, WHOLE_SECOND_NS, map_clutter
from asman.kernels.tracklife import Rules
from asman.kernels.trackrows import SECOND, Tracks

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: A pair of a plot and a track that was looked at.
WEIGHED: Final = np.dtype(
    [
        ("plot", "i8"),  # its place in the window
        ("track", "i8"),  # number
        ("distance2", "f8"),  # squared Mahalanobis distance
        ("log_likelihood", "f8"),  # of the place under the mixture of models, log 1/m²
        ("gain", "f8"),  # log odds against "of nobody known"; not above 0: out of the gate
        ("place", "f8"),  # what of the gain is due to place, existence and densities; NaN: out of the gate
        ("altitude", "f8"),
        ("mode_3a", "f8"),
        ("address", "f8"),
        ("existence", "f8"),  # of the track, before
        ("claims", "i1"),  # 1: in the gate, and not the second plot of one turn
        ("takes", "i1"),  # 1: it gets the plot
        ("split", "i1"),  # 1: a second plot of one turn of this track's
    ],
    align=True,
)


@kernel
def weigh(
    tracks: Tracks, marks: Longs, plots: Records, sensors: Records, maps: SensorMaps, files: Files,
    rules: Rules, motion: Motion, counters: Longs,
) -> Records:  # fmt: skip
    """Weigh the plots of one window, with tracks tended up to it; all that is handed in is spent.

    plots    (P,)  PLOT, sorted by time, all of one window
    returns  (E,)  WEIGHED, every pair that was looked at, by plot
    """
    capacity = tracks.row.size
    column_of = np.full(capacity, -1)
    work = np.empty((4, 18))
    second_ns = plots[0].time_ns // rules.window_ns * rules.window_ns // WHOLE_SECOND_NS * WHOLE_SECOND_NS
    if marks[FILED_NS] != second_ns:
        file_tracks(tracks, marks[COUNT], second_ns + WHOLE_SECOND_NS // 2)
    files = fewer(files, marks[COUNT])
    chain(tracks, marks[COUNT], files)
    map_clutter(plots, sensors, maps.clutter, maps.births, rules, counters)
    start = np.empty(plots.size + 1, np.int64)
    edges = np.empty(4 * plots.size + 64, np.int64)
    used = candidates(tracks, plots, files, start, edges)
    while used > edges.size:
        edges = np.empty(2 * used, np.int64)
        used = candidates(tracks, plots, files, start, edges)
    edges = edges[:used]
    keep_start = np.empty(plots.size + 1, np.int64)
    keep_track = np.empty(edges.size, np.int64)
    keep_column = np.empty(edges.size, np.int64)
    keep_gain = np.empty(edges.size)
    split = np.empty(plots.size, np.int64)
    column_sensor, column_next = np.empty(edges.size, np.int64), np.empty(edges.size, np.int64)
    columns = judge(
        tracks, plots, sensors, start, edges, rules, motion, work, column_of, keep_start, keep_track,
        keep_column, keep_gain, split, column_sensor, column_next,
    )  # fmt: skip
    taken = np.empty(plots.size, np.int64)
    assign(keep_start, keep_column, keep_gain, columns, taken)
    out = np.empty(edges.size, WEIGHED)
    bare = np.empty(1, plots.dtype)
    for i in range(plots.size):
        for q in range(start[i], start[i + 1]):
            k = edges[q]
            row = out[q]
            row.plot = i
            row.claims = row.takes = 0
            row.split = 1 if split[i] == k else 0
            for e in range(keep_start[i], keep_start[i + 1]):
                if keep_track[e] == k:
                    row.claims = 1
                    row.takes = 1 if taken[i] == e else 0
            bare[0] = plots[i]
            weigh_pair(tracks.row[k], plots[i], bare[0], sensors, rules, row)
    return out


@lent
def weigh_pair(
    track: Record, plot: Record, bare: Record, sensors: Records, rules: Rules, out: Record
) -> None:
    """Write what one pair is worth, and by what; `bare` is a copy of the plot that loses its marks here."""
    sensor = sensors[plot.sensor]
    out.track = track.number
    out.existence = track.existence
    out.distance2, out.log_likelihood = place_fits(track, plot, sensors)
    out.gain = pair_gain(track, plot, sensor, sensors, rules)
    out.altitude = out.mode_3a = out.address = 0.0
    same = plot.address >= 0 and plot.address == track.address
    bare.address = -1
    without_address = pair_gain(track, bare, sensor, sensors, rules)
    bare.mode_3a = -1
    without_code = pair_gain(track, bare, sensor, sensors, rules)
    out.place = without_code
    if not math.isnan(plot.altitude_m):
        # Without the track's altitude, not the plot's: that would move the plot.
        altitude = track.vertical[0]
        track.vertical[0] = math.nan
        out.place = pair_gain(track, bare, sensor, sensors, rules)
        track.vertical[0] = altitude
    if out.distance2 > rules.gate:
        out.place = math.nan
        out.address = out.gain if same else 0.0
    elif same:
        # The same address overrules codes and altitude.
        out.address = out.gain - out.place
    else:
        out.altitude = without_code - out.place
        out.mode_3a = without_address - without_code


@lent
def place_fits(track: Record, plot: Record, sensors: Records) -> tuple[float, float]:
    """Squared Mahalanobis distance of a plot from a track, and the log density of its place [log 1/m²]."""
    ahead = (plot.time_ns - track.time_ns) * SECOND
    e, n, ree, ren, rnn, de, dn, see, sen, snn = innovation(track, plot, sensors, ahead)
    density = place_density(track, ahead, e, n, ree, ren, rnn)
    distance2 = (snn * de * de - 2.0 * sen * de * dn + see * dn * dn) / (see * snn - sen * sen)
    return distance2, math.log(max(density, 1e-300))
