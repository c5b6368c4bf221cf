"""Integrity: does what an aircraft says of its place agree with the radars that see it?

A position that an aircraft reports (ADS-B) is only as good as its receiver, and a jammed or spoofed one looks
sound. Radars do not ask it. So each track keeps the latest report, and each radar plot is held against it,
moved on along the track: the squared distance over all that both may err by, averaged over some plots. Above
a limit the reports contradict the radars: they are refused, and the track says so, while radars go on seeing
it. Without radars nothing can be contradicted, and an aircraft is believed again when its reports agree.
Reports that are far off make a track of their own, which no radar sees: where radars see the same address
elsewhere, that track is doubted, and goes on.

`trust` (10,) of a track: 0..2 place of the latest report, earth-centred m; 3 its time ns, 0: held; 4 its
variance per axis m²; 5 averaged squared distance; 6 plots averaged; 7 time ns of the latest radar plot; 8
doubt: NONE, REFUSE or ELSEWHERE; 9 time ns of the latest report, held or not.

Sources: Bar-Shalom, Li, Kirubarajan 2001, section 5.4 (consistency); RTCA DO-260B (NIC, NACp, SIL).
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.gating import Files, bucket_of_number, file_numbers
from asman.kernels.imm import MODES, distance2
from asman.kernels.jit import lent, small
from asman.kernels.trackrows import SECOND, TRUST_FIELDS, Tracks, to_plane

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

AT_NS: Final = 3
VARIANCE: Final = 4
DISTANCE2: Final = 5
HELD: Final = 6
RADAR_NS: Final = 7
REFUSED: Final = 8
REPORT_NS: Final = 9
NONE: Final = 0.0
REFUSE: Final = 1.0
ELSEWHERE: Final = 2.0

#: A report is held against plots up to so much later; meanwhile it may have turned at [m/s²].
APART_S: Final = 6.0
TURN_MPS2: Final = 5.0
#: What a radar errs for good: range [m] and azimuth [rad].
BIAS_M: Final = 60.0
BIAS_AZIMUTH: Final = math.radians(0.04)
#: Weight of the newest plot; limits of the average, whose expectation is 2 at most when both are sound.
FORGET: Final = 0.2
DOUBT: Final = 6.0
BELIEVE: Final = 3.0
PLOTS: Final = 5
#: Nobody contradicts any more when radars have not seen it for so long [s].
ALONE_S: Final = 30.0
#: One pair says no more than this: an outlier in azimuth or a stale report is no spoofing.
MOST: Final = 12.0
#: Radars see an address now when they saw it so lately [s]; elsewhere is so far away [m].
LATELY_S: Final = 15.0
ELSEWHERE_M: Final = 300.0
#: Farther off than this an answer with the same address is a reflection rather.
NEAR_M: Final = 3_000.0
#: An aircraft that reports nothing is not doubted any more after so long [s].
SILENT_S: Final = 60.0


@lent
def begin_trust(track: Record, plot: Record) -> None:
    """Forget what was held of row `k`, which begins at a plot."""
    for i in range(TRUST_FIELDS):
        track.trust[i] = 0.0
    track.trust[REPORT_NS if math.isnan(plot.range_m) else RADAR_NS] = plot.time_ns


@lent
def refused(track: Record, plot: Record) -> bool:
    """Whether a position report is to be refused, because radars contradict it; the latest one is kept."""
    trust = track.trust
    trust[0], trust[1], trust[2] = plot.x, plot.y, plot.z
    trust[AT_NS] = trust[REPORT_NS] = plot.time_ns
    trust[VARIANCE] = max(plot.ree + plot.hee, plot.rnn + plot.hnn)
    if trust[REFUSED] == REFUSE and (plot.time_ns - trust[RADAR_NS]) * SECOND > ALONE_S:
        trust[REFUSED] = NONE
        trust[DISTANCE2] = 0.0
        trust[HELD] = 0.0
    return trust[REFUSED] == REFUSE


@lent
def hold_against(track: Record, plot: Record, e: float, n: float, ree: float, ren: float, rnn: float) -> bool:
    """Hold a radar plot at (e, n) [m] of a covariance [m²] against the latest report of a track.

    True when its reports are refused from now on: they have led it astray.
    """
    trust = track.trust
    trust[RADAR_NS] = plot.time_ns
    dt = (plot.time_ns - trust[AT_NS]) * SECOND
    if trust[AT_NS] == 0.0 or dt < 0.0 or dt > APART_S:
        return False
    e0, n0 = to_plane(trust[0], trust[1], trust[2], track.plane)
    # Each report is held against one plot: an old one among them counts once.
    trust[AT_NS] = 0.0
    de = e - e0 - dt * track.state[2]
    dn = n - n0 - dt * track.state[3]
    across = BIAS_AZIMUTH * plot.range_m
    own = trust[VARIANCE] + dt * dt * max(track.cov[7], track.cov[9])
    own += BIAS_M * BIAS_M + across * across + 0.25 * TURN_MPS2 * TURN_MPS2 * dt * dt * dt * dt
    see, snn = ree + own, rnn + own
    d2 = min(distance2(de, dn, see, ren, snn), MOST)
    trust[HELD] += 1.0
    weight = max(FORGET, 1.0 / trust[HELD])
    trust[DISTANCE2] += weight * (d2 - trust[DISTANCE2])
    before = trust[REFUSED]
    if trust[HELD] >= PLOTS and trust[DISTANCE2] > DOUBT:
        trust[REFUSED] = REFUSE
    elif trust[DISTANCE2] < BELIEVE:
        trust[REFUSED] = NONE
    return trust[REFUSED] == REFUSE and before != REFUSE


@lent
def contradicted(track: Record, plot: Record, e: float, n: float, ree: float, ren: float, rnn: float) -> bool:
    """Whether a plot is a report to refuse; a radar plot at (e, n) [m] is held against the latest report."""
    if math.isnan(plot.range_m):
        return refused(track, plot)
    if hold_against(track, plot, e, n, ree, ren, rnn):
        open_to(track, e, n)
    return False


@small
def open_to(track: Record, e: float, n: float) -> None:
    """Undo what reports did to a track's place by opening it to where radars see it."""
    de, dn = e - track.state[0], n - track.state[1]
    for j in range(MODES):
        track.p[j, 0] += de * de + dn * dn
        track.p[j, 2] += de * de + dn * dn


@lent
def hold_against_namesakes(tracks: Tracks, count: int, plot: Record, files: Files) -> None:
    """Hold a radar plot against the latest reports of tracks near it, of the first `count`, of its address.

    It lies outside their gates, and a track begins at it: so reports that lead a track away are found out
    even where its gate has become too small for the plots that would contradict them.
    """
    if math.isnan(plot.range_m):
        return
    m = int(files.address_head[bucket_of_number(plot.address, files.address_head.size - 1)])
    while m >= 0:
        other = tracks.row[m]
        if m < count and other.alive == 1 and other.address == plot.address:
            e, n = to_plane(plot.x, plot.y, plot.z, other.plane)
            if (e - other.state[0]) ** 2 + (n - other.state[1]) ** 2 < NEAR_M * NEAR_M and hold_against(
                other, plot, e, n, plot.ree + plot.hee, plot.ren + plot.hen, plot.rnn + plot.hnn
            ):
                open_to(other, e, n)
        m = int(files.address_link[m])


@lent
def doubt_elsewhere(tracks: Tracks, count: int, now_ns: int, files: Files) -> None:
    """Doubt tracks of reports alone whose address radars see elsewhere; believe those that none contradicts.

    files  tracks are filed by address anew, from `tracks.filed`
    """
    head, link = files.address_head, files.address_link
    file_numbers(tracks.filed, count, head, link)
    for k in range(count):
        row = tracks.row[k]
        if row.trust[REFUSED] == REFUSE and (now_ns - row.trust[REPORT_NS]) * SECOND > SILENT_S:
            row.trust[REFUSED] = NONE
            row.trust[HELD] = 0.0
            row.trust[DISTANCE2] = 0.0
        seen = (now_ns - row.trust[RADAR_NS]) * SECOND < ALONE_S
        if row.alive == 0 or row.address < 0 or seen or row.trust[REPORT_NS] == 0.0:
            continue
        if row.trust[REFUSED] == ELSEWHERE:
            row.trust[REFUSED] = NONE
        m = head[bucket_of_number(row.address, head.size - 1)]
        while m >= 0:
            other = tracks.row[m]
            if (
                m != k
                and other.address == row.address
                and other.alive == 1
                and other.confirmed == 1
                and (now_ns - other.trust[RADAR_NS]) * SECOND < LATELY_S
            ):
                dx = tracks.place[k, 0] - tracks.place[m, 0]
                dy = tracks.place[k, 1] - tracks.place[m, 1]
                dz = tracks.place[k, 2] - tracks.place[m, 2]
                spread = max(row.cov[0], row.cov[2]) + max(other.cov[0], other.cov[2])
                if dx * dx + dy * dy + dz * dz > max(ELSEWHERE_M * ELSEWHERE_M, 16.0 * spread):
                    row.trust[REFUSED] = ELSEWHERE
                    other.trust[REFUSED] = REFUSE
                    other.trust[REPORT_NS] = now_ns
            m = link[m]
