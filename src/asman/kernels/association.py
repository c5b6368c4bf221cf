"""Association: the plots of a short window of time against the tracks in reach.

Every pair is judged at the plot's own time. The gain of a pair is the logarithm of how much better "this
plot is of this track" explains the plot than "it is of nobody we know": position under the mixture of the
motion models, altitude, Mode 3/A and address, against the density of false plots and of new aircraft.
Codes are garbled now and then, so a code that differs weighs against a pair but forbids nothing; an address
is protected by parity, so a different one does forbid, and the same one widens the gate to what an
aircraft could have flown.

One plot a sensor a turn: a radar that has just seen a track sees it again as a split (an echo beside its
answer, an answer torn in two), never as a second plot.

Source: Y. Bar-Shalom, P. Willett, X. Tian, "Tracking and Data Fusion", 2011, chapters 6 and 7.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.gating import CELL_M, Files, bucket_of_number, within
from asman.kernels.imm import MODES, TWO_PI, Motion, likelihood
from asman.kernels.jit import lent, small
from asman.kernels.tracklife import Rules, found_odds, place_in, tried_existence
from asman.kernels.trackrows import SECOND, Tracks, carry, conspicuity, contradicts, contributor, to_plane
from asman.kernels.vertical import altitude_fits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: What an aircraft may have moved in half a second beyond where it was filed, and some curvature.
STALE_M: Final = 400.0
#: Farther than this no gate is searched, whatever the covariances say.
REACH_MAX_M: Final = 10_000.0
#: How far an aircraft's place is off by what its sensor's clock may err [m].
LATE_M: Final = 100.0
#: Log odds of a common address: two aircraft that share one are a mistake of somebody's, about 1 in 10⁵.
ADDRESS_GAIN: Final = 11.5
#: What the same address is worth at least where an aircraft may have got to, though no model says so.
JUMP_GAIN: Final = 3.0
#: How rare a discrete code is among neighbours; a conspicuity code says little.
CODE_GAIN: Final = 5.0
CONSPICUITY_GAIN: Final = 0.7
#: Altitudes of aircraft that happen to be near: spread over about 12 km.
ALTITUDE_SPREAD_M: Final = 12_000.0


@lent
def candidates(tracks: Tracks, plots: Records, files: Files, start: Ints, edges: Ints) -> int:
    """Tracks that each plot of a window may be of, by a coarse look; how many pairs they are.

    start (P + 1,)    out: candidates of plot i are edges[start[i] : start[i + 1]]
    edges (E,)        out

    Where there are more than `edges` holds, the return value is more than that: the caller asks again with
    more room.
    """
    place = tracks.place
    used = 0
    for i in range(plots.size):
        start[i] = used
        plot = plots[i]
        sigma = 4.0 * math.sqrt(max(plot.ree + plot.hee, plot.rnn + plot.hnn))
        known = 0
        if plot.address >= 0:
            k = files.address_head[bucket_of_number(plot.address, files.address_head.size - 1)]
            while k >= 0:
                if tracks.row[k].address == plot.address:
                    dx, dy, dz = plot.x - place[k, 0], plot.y - place[k, 1], plot.z - place[k, 2]
                    if dx * dx + dy * dy + dz * dz < 1e10:
                        if used == edges.size:
                            return used + 1
                        edges[used] = k
                        used += 1
                        known += 1
                k = files.address_link[k]
        if known > 0:
            continue
        reach = min(sigma + 6_000.0, max(REACH_MAX_M, sigma + 3_000.0))
        reach = min(reach, 3.0 * CELL_M)
        first = used
        hits = within(plot.x, plot.y, plot.z, reach, place, files.head, files.link, edges, first)
        if first + hits > edges.size:
            return first + hits
        for f in range(first, first + hits):
            k = edges[f]
            own_address = tracks.row[k].address
            if plot.address >= 0 and own_address >= 0 and own_address != plot.address:
                continue
            track = tracks.row[k]
            dt = abs(plot.time_ns - track.time_ns) * SECOND
            cov = track.cov
            spread = max(cov[0] + track.consider[0], cov[2] + track.consider[2])
            own = math.sqrt(spread) + dt * math.sqrt(max(cov[7], cov[9]))
            radius = sigma + 4.0 * own + 25.0 * dt * math.sqrt(dt) + STALE_M
            dx, dy, dz = plot.x - place[k, 0], plot.y - place[k, 1], plot.z - place[k, 2]
            # A plot without altitude may yet be placed elsewhere by the track's own.
            if not math.isnan(plot.range_m) and math.isnan(plot.altitude_m):
                radius += min(4_000.0, 0.7 * plot.range_m)
            if dx * dx + dy * dy + dz * dz > radius * radius:
                continue
            edges[used] = k
            used += 1
    start[plots.size] = used
    return used


@lent
def judge(
    tracks: Tracks, plots: Records, sensors: Records, start: Ints, edges: Ints, rules: Rules, motion: Motion,
    work: Floats, column_of: Ints, keep_start: Ints, keep_track: Ints, keep_column: Ints, keep_gain: Floats,
    split: Ints, column_sensor: Ints, column_next: Ints,
) -> int:  # fmt: skip
    """Weigh every candidate; write those worth having, by plot, and return how many columns they make.

    A column is a track as one sensor sees it in this window: the plots of two radars do not contend.
    column_of (T,)     scratch, all -1 (not met yet); latest column of each track, or -2: met, without one
    split     (P,)     out: the track that this plot is a split of, or -1
    column_sensor, column_next (E,)  scratch
    """
    columns = 0
    kept = 0
    for i in range(plots.size):
        keep_start[i] = kept
        split[i] = -1
        plot = plots[i]
        sensor = sensors[plot.sensor]
        for q in range(start[i], start[i + 1]):
            k = edges[q]
            track = tracks.row[k]
            if column_of[k] == -1:
                if out_of_reach(track, plot, rules, motion):
                    continue
                carry(track, plot.time_ns, motion, work)
                column_of[k] = -2
            gain = pair_gain(track, plot, sensor, sensors, rules)
            if gain <= 0.0:
                continue
            if sensor.rotates == 1:
                slot = contributor(plot.sensor, track.heard)
                if slot >= 0 and 2 * (plot.time_ns - track.heard[slot].last_ns) < sensor.period_ns:
                    if not contradicts(track, plot):
                        split[i] = k
                    continue
            c = column_of[k]
            while c >= 0 and column_sensor[c] != plot.sensor:
                c = column_next[c]
            if c < 0:
                c = columns
                column_sensor[c] = plot.sensor
                column_next[c] = column_of[k]
                column_of[k] = c
                columns += 1
            keep_track[kept] = k
            keep_column[kept] = c
            keep_gain[kept] = gain
            kept += 1
    keep_start[plots.size] = kept
    for q in range(start[plots.size]):
        column_of[edges[q]] = -1
    return columns


@small
def out_of_reach(track: Record, plot: Record, rules: Rules, motion: Motion) -> bool:
    """Whether a plot is out of a track's gate however it flew since: to carry it on for that is a waste.

    Straight on, with the noise of the wildest model and as wide as the usual turn leads aside; a plot without
    an altitude is as wide as the prior of that. One that bears the track's address is looked at anyhow.
    """
    if plot.address >= 0 and plot.address == track.address:
        return False
    dt = (plot.time_ns - track.time_ns) * SECOND
    e, n = to_plane(plot.x, plot.y, plot.z, track.plane)
    cov = track.cov
    de = e - track.state[0] - dt * track.state[2]
    dn = n - track.state[1] - dt * track.state[3]
    aside = 0.5 * motion.turn_mps2 * dt * dt + LATE_M
    wide = motion.noise_high_m2ps3 * dt * dt * dt / 3.0 + aside * aside
    see = cov[0] + dt * (2.0 * cov[3] + dt * cov[7]) + track.consider[0] + plot.ree + plot.hee + wide
    sen = cov[1] + dt * (cov[4] + cov[5] + dt * cov[8]) + track.consider[1] + plot.ren + plot.hen
    snn = cov[2] + dt * (2.0 * cov[6] + dt * cov[9]) + track.consider[2] + plot.rnn + plot.hnn + wide
    return snn * de * de - 2.0 * sen * de * dn + see * dn * dn > rules.gate * (see * snn - sen * sen)


@small
def innovation(
    track: Record, plot: Record, sensors: Records, ahead: float
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    """Where a plot lies and how far from where its track is expected `ahead` seconds after its own time.

    East and north of the plot [m], its covariance (ee, en, nn) with that of both altitudes [m²], the way to
    it from the mixture's place (east, north) [m], and the covariance of that (ee, en, nn) [m²].
    """
    e, n, ree, ren, rnn, hee, hen, hnn = place_in(track, plot, sensors)
    ree += hee + track.consider[0]
    ren += hen + track.consider[1]
    rnn += hnn + track.consider[2]
    cov = track.cov
    de = e - track.state[0] - ahead * track.state[2]
    dn = n - track.state[1] - ahead * track.state[3]
    see = cov[0] + ahead * (2.0 * cov[3] + ahead * cov[7]) + ree
    sen = cov[1] + ahead * (cov[4] + cov[5] + ahead * cov[8]) + ren
    snn = cov[2] + ahead * (2.0 * cov[6] + ahead * cov[9]) + rnn
    return e, n, ree, ren, rnn, de, dn, see, sen, snn


@small
def place_density(
    track: Record, ahead: float, e: float, n: float, ree: float, ren: float, rnn: float
) -> float:
    """Density [1/m²] of a place, with its covariance, under the mixture of a track's models."""
    density = 0.0
    for j in range(MODES):
        density += track.mu[j] * likelihood(j, ahead, e, n, ree, ren, rnn, track.x, track.p)
    return density


@lent
def pair_gain(track: Record, plot: Record, sensor: Record, sensors: Records, rules: Rules) -> float:
    """Log odds that a plot is of a track rather than of nobody known; negative: out of the gate."""
    ahead = (plot.time_ns - track.time_ns) * SECOND
    e, n, ree, ren, rnn, de, dn, see, sen, snn = innovation(track, plot, sensors, ahead)
    det = see * snn - sen * sen
    d2 = (snn * de * de - 2.0 * sen * de * dn + see * dn * dn) / det
    same = plot.address >= 0 and track.address == plot.address
    if d2 > rules.gate:
        if not same:
            return -1.0
        since = (plot.time_ns - track.last_ns) * SECOND
        room = rules.jump_mps * since + 4.0 * math.sqrt(max(see, snn))
        if de * de + dn * dn > room * room:
            return -1.0
        density = math.exp(-0.5 * rules.gate) / (TWO_PI * math.sqrt(det))
    else:
        density = place_density(track, ahead, e, n, ree, ren, rnn)
    odds = max(density, 1e-300) * found_odds(tried_existence(track, plot, rules), sensor.pd)
    odds /= plot.clutter_pm2 + plot.birth_pm2
    if same:
        # Out of the gate it is still this aircraft, unless another track of the address fits.
        gain = math.log(odds) + ADDRESS_GAIN
        return gain if d2 <= rules.gate else max(gain, JUMP_GAIN)
    gain = 0.0
    odd = False
    if plot.mode_3a >= 0 and track.mode_3a >= 0:
        trust = 1.0 if plot.mode_3a_valid == 1 else 0.4
        if plot.mode_3a in (track.mode_3a, track.mode_3a_doubt):
            gain += trust * (CONSPICUITY_GAIN if conspicuity(plot.mode_3a) else CODE_GAIN)
        else:
            gain += trust * math.log(rules.garble)
            odd = plot.mode_3a_valid == 1
    if not math.isnan(plot.altitude_m) and not math.isnan(track.vertical[0]):
        fit = altitude_fits(ahead, plot.altitude_m, track.vertical)
        # A wrong code and a wrong altitude at once: somebody else.
        if odd and fit * ALTITUDE_SPREAD_M < rules.garble:
            gain += 2.0 * math.log(rules.garble)
        odds *= (1.0 - rules.garble) * fit * ALTITUDE_SPREAD_M + rules.garble
    return gain + math.log(max(odds, 1e-300))
