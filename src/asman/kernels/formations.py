"""Formations: aircraft so close that a radar tells them as one.

A radar of 300 m by a degree sees four fighters in formation now as four plots, now as one. The plot goes to
the track that it fits best; the others, that are due and lie in the same resolution cell, share it: it keeps
them alive and bounds their place by the cell, and is no plot of their own, so a pair that was always one
aircraft is still found out and merged.

Source: W. Koch, G. van Keuk, "Multiple hypothesis track maintenance with possibly unresolved measurements",
IEEE Trans. AES 33(3), 1997.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.imm import Motion, combine, update
from asman.kernels.jit import lent, small
from asman.kernels.tracklife import DUE, place_in
from asman.kernels.trackrows import SECOND, Tracks, carry, contributor, usual_gap_s

Floats = NDArray[np.float64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: What a radar does not resolve: pulse and beam.
UNRESOLVED_RANGE_M: Final = 300.0
UNRESOLVED_AZIMUTH: Final = math.radians(1.5)
#: Plots of its own that a track has before it may live on another's.
OWN_PLOTS: Final = 8


@small
def may_share(tracks: Tracks, k: int, m: int, plot: Record, sensors: Records) -> bool:
    """Whether the plot of track `k` may hold the plot of track `m` as well."""
    row = tracks.row[m]
    if m == k or row.shown == 0 or row.plots < OWN_PLOTS:
        return False
    slot = contributor(m, plot.sensor, tracks.heard)
    if slot < 0:
        return False
    e, n, _, _, _, _, _, _ = place_in(tracks, m, plot, sensors)
    ahead = (plot.time_ns - row.time_ns) * SECOND
    de = e - tracks.mean[m, 0] - ahead * tracks.mean[m, 2]
    dn = n - tracks.mean[m, 1] - ahead * tracks.mean[m, 3]
    room = max(UNRESOLVED_RANGE_M, UNRESOLVED_AZIMUTH * plot.range_m)
    return de * de + dn * dn < room * room


@lent
def share(tracks: Tracks, m: int, plot: Record, sensors: Records, motion: Motion, work: Floats) -> None:
    """Let track `m` live on a plot that may hold its own: its place is known by the resolution cell."""
    sensor = sensors[plot.sensor]
    carry(tracks, m, plot.time_ns, motion, work)
    e, n, ree, ren, rnn, hee, hen, hnn = place_in(tracks, m, plot, sensors)
    # Somewhere in the cell: noise as wide as half of it, on top of the plot's own.
    half = 0.5 * max(UNRESOLVED_RANGE_M, UNRESOLVED_AZIMUTH * plot.range_m)
    ree += hee + half * half
    ren += hen
    rnn += hnn + half * half
    update(m, e, n, ree, ren, rnn, tracks.x, tracks.p, tracks.mu, work)
    combine(m, tracks.x, tracks.p, tracks.mu, tracks.mean, tracks.cov)
    row = tracks.row[m]
    row.shared_ns = plot.time_ns
    entry = tracks.heard[m, contributor(m, plot.sensor, tracks.heard)]
    entry.missed = 0
    entry.due_ns = plot.time_ns + int(DUE * usual_gap_s(entry.gap_s, row.on_ground, sensor) * 1e9)
