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
from asman.kernels.trackrows import SECOND, carry, contributor, usual_gap_s

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
def may_share(track: Record, plot: Record, sensors: Records) -> bool:
    """Whether a plot of another track may hold the plot of this one as well."""
    if track.shown == 0 or track.plots < OWN_PLOTS:
        return False
    slot = contributor(plot.sensor, track.heard)
    if slot < 0:
        return False
    e, n, _, _, _, _, _, _ = place_in(track, plot, sensors)
    ahead = (plot.time_ns - track.time_ns) * SECOND
    de = e - track.state[0] - ahead * track.state[2]
    dn = n - track.state[1] - ahead * track.state[3]
    room = max(UNRESOLVED_RANGE_M, UNRESOLVED_AZIMUTH * plot.range_m)
    return de * de + dn * dn < room * room


@lent
def share(track: Record, plot: Record, sensors: Records, motion: Motion, work: Floats) -> None:
    """Let track `m` live on a plot that may hold its own: its place is known by the resolution cell."""
    sensor = sensors[plot.sensor]
    carry(track, plot.time_ns, motion, work)
    e, n, ree, ren, rnn, hee, hen, hnn = place_in(track, plot, sensors)
    # Somewhere in the cell: noise as wide as half of it, on top of the plot's own.
    half = 0.5 * max(UNRESOLVED_RANGE_M, UNRESOLVED_AZIMUTH * plot.range_m)
    ree += hee + half * half
    ren += hen
    rnn += hnn + half * half
    update(e, n, ree, ren, rnn, track.x, track.p, track.mu, work)
    combine(track.x, track.p, track.mu, track.state, track.cov)
    track.shared_ns = plot.time_ns
    entry = track.heard[contributor(plot.sensor, track.heard)]
    entry.missed = 0
    entry.due_ns = plot.time_ns + int(DUE * usual_gap_s(entry.gap_s, track.on_ground, sensor) * 1e9)
    track.due_ns = min(track.due_ns, entry.due_ns)
