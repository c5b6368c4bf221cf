"""Outliers: plots that are known by their address to be a track's, and lie far outside its gate.

One alone may be false: a reflection near by, a swapped azimuth, a stale position. It says that the aircraft
is there, and nothing of where. Where the next lies outside, too, or where a turn as tight as any may have led
there meanwhile, the aircraft flies as no model foresaw, and the track opens to it.
"""

import math
from typing import Any, Final

from asman.kernels.imm import COVARIANCE, MODES, WILD, distance2
from asman.kernels.jit import lent
from asman.kernels.trackrows import SECOND

# Structured rows: numpy's types have no names for their fields.
Record = Any

#: Inside the gate; outside, and not believed yet; outside, and the track is open to it now.
INSIDE: Final = 0
ALONE: Final = 1
AGAIN: Final = 2

#: A track of fewer plots does not know yet where it should be.
SETTLED_PLOTS: Final = 4
#: No aircraft turns tighter for long.
HARDEST_TURN_MPS2: Final = 30.0


@lent
def outlying(track: Record, e: float, n: float, ree: float, ren: float, rnn: float, gate: float) -> int:
    """How far outside its gate a track's own plot lies: INSIDE, ALONE or AGAIN; opens the track to the last.

    e, n           m   the plot, in the plane of the track, which stands at its time
    ree, ren, rnn  m²  covariance of the plot
    gate           1   squared Mahalanobis distance
    """
    consider, own = track.consider, track.cov
    see, sen, snn = ree + consider[0], ren + consider[1], rnn + consider[2]
    de, dn = e - track.state[0], n - track.state[1]
    d2 = distance2(de, dn, see + own[0], sen + own[1], snn + own[2])
    if d2 <= gate:
        track.outside = 0
        return INSIDE
    if track.outside == 0 and track.plots >= SETTLED_PLOTS:
        # As far as the tightest turn since its latest plot leads, and as unsure as the wildest model is.
        dt = (track.time_ns - track.last_ns) * SECOND
        short = max(0.0, 1.0 - 0.5 * HARDEST_TURN_MPS2 * dt * dt / math.sqrt(de * de + dn * dn))
        wild = track.p[WILD]
        if distance2(short * de, short * dn, see + wild[0], sen + wild[1], snn + wild[2]) > gate:
            track.outside = 1
            return ALONE
    factor = 2.0 * d2 / gate
    for j in range(MODES):
        for a in range(COVARIANCE):
            track.p[j, a] *= factor
    return AGAIN
