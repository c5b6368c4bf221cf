"""Life of a track: birth at a plot, what each plot adds, what silence takes away, and the end.

Existence is the probability that there is an aircraft at all (a Bernoulli track). A plot raises it by how
much better the track than chance explains the plot. Silence lowers it, but only the silence of a sensor
that has seen this track before: a hole in some radar's coverage ends nobody.

Sources: D. Musicki, R. Evans, "Joint integrated probabilistic data association", IEEE Trans. AES 40(3),
2004 (existence); J. Williams, "Marginal multi-Bernoulli filters", IEEE Trans. AES 51(3), 2015 (birth).
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import lla_to_ecef
from asman.kernels.heights import KIND, OFFSET, OFFSET_VARIANCE, PRIOR, begin_height, height_at, take_height
from asman.kernels.imm import COVARIANCE, MODES, Motion, begin, combine, correct_velocity, update
from asman.kernels.integrity import begin_trust, contradicted
from asman.kernels.jit import lent, small
from asman.kernels.placing import place_radar
from asman.kernels.trackrows import (
    SECOND,
    Tracks,
    carry,
    conspicuity,
    contributor,
    from_plane,
    set_plane,
    to_plane,
    usual_gap_s,
)
from asman.kernels.vertical import begin_vertical, update_climb, update_vertical

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: Share of the covariance by altitude that is taken as noise when a track is corrected.
HEIGHT_AS_NOISE: Final = 0.25
#: What a reported velocity errs at least, by its age when it arrives.
VELOCITY_SIGMA_LEAST_MPS: Final = 2.5
EXISTENCE_MAX: Final = 0.999999
#: An image answers from its original's altitude.
IMAGE_ALTITUDE_M: Final = 150.0

#: Places in the array of counters.
USED: Final = 0
BORN: Final = 1
SPLIT: Final = 2
ENDED: Final = 3
MERGED: Final = 4
GARBLED_ALTITUDE: Final = 5
SAME_ADDRESS_ELSEWHERE: Final = 6
CONTRIBUTOR_REPLACED: Final = 7
STRETCHED: Final = 8
CLUTTER_CROWDED: Final = 9
IMAGE: Final = 10
HEIGHT_REFUSED: Final = 11
REPORT_REFUSED: Final = 12
NO_INTEGRITY: Final = 13
COUNTERS: Final = 14


class Rules(NamedTuple):
    """How plots become tracks; meanings, units and sources in `asman.tracking.config`."""

    window_ns: int
    gate: float
    birth_pm2: float
    birth_share: float
    birth_speed_sigma_mps: float
    ground_speed_sigma_mps: float
    jump_mps: float
    confirm_existence: float
    confirm_plots: int
    confirm_plots_with_address: int
    confirm_plots_of_twin: int
    end_existence: float
    coast_ns: int
    speed_max_mps: float
    confirm_speed_mps: float
    miss_pd_max: float
    garble: float
    velocity_sigma_mps: float
    moved_m: float
    moved_mps: float
    confirm_plots_of_image: int


@lent
def hear(tracks: Tracks, k: int, plot: Record, sensors: Records, counters: Longs) -> None:
    """Note that a sensor saw track `k`, and when its next plot is due."""
    sensor = sensors[plot.sensor]
    on_ground = tracks.row[k].on_ground
    slot = contributor(k, plot.sensor, tracks.heard)
    if slot < 0:
        slot = 0
        for i in range(tracks.heard.shape[1]):
            if tracks.heard[k, i].sensor < 0:
                slot = i
                break
            if tracks.heard[k, i].last_ns < tracks.heard[k, slot].last_ns:
                slot = i
        if tracks.heard[k, slot].sensor >= 0:
            counters[CONTRIBUTOR_REPLACED] += 1
        fresh = tracks.heard[k, slot]
        fresh.sensor = plot.sensor
        fresh.gap_s = sensor.period_ns * SECOND
    else:
        old = tracks.heard[k, slot]
        old.gap_s += 0.2 * ((plot.time_ns - old.last_ns) * SECOND - old.gap_s)
    entry = tracks.heard[k, slot]
    entry.last_ns = plot.time_ns
    entry.missed = 0
    entry.due_ns = plot.time_ns + int(1.35 * usual_gap_s(entry.gap_s, on_ground, sensor) * 1e9)


@lent
def name(tracks: Tracks, k: int, plot: Record) -> None:
    """Take codes and flags from a plot; a code or callsign that changes must be said twice."""
    row = tracks.row[k]
    if plot.address >= 0 and row.address < 0:
        row.address = plot.address
    if plot.mode_3a >= 0 and plot.mode_3a_valid == 1:
        if row.mode_3a < 0 or row.mode_3a_doubt == plot.mode_3a:
            row.mode_3a = plot.mode_3a
            row.mode_3a_doubt = -1
        elif row.mode_3a == plot.mode_3a:
            row.mode_3a_doubt = -1
        else:
            row.mode_3a_doubt = plot.mode_3a
    if plot.callsign != 0:
        if row.callsign == 0 or row.callsign_doubt == plot.callsign:
            row.callsign = plot.callsign
            row.callsign_doubt = np.uint64(0)
        elif row.callsign == plot.callsign:
            row.callsign_doubt = np.uint64(0)
        else:
            row.callsign_doubt = plot.callsign
    if plot.on_ground >= 0:
        row.on_ground = plot.on_ground
    if plot.simulated == 1:
        row.simulated = 1
    row.plots += 1
    row.last_ns = plot.time_ns


@lent
def birth(
    tracks: Tracks,
    k: int,
    number: int,
    plot: Record,
    twin: bool,
    sensors: Records,
    rules: Rules,
    counters: Longs,
) -> None:
    """Begin track `k` at a plot; its velocity is as reported, or unknown until the second plot."""
    row = tracks.row[k]
    row.time_ns = plot.time_ns
    row.number = number
    row.born_ns = plot.time_ns
    row.born_x, row.born_y, row.born_z = plot.x, plot.y, plot.z
    row.callsign = np.uint64(0)
    row.callsign_doubt = np.uint64(0)
    row.address = -1
    row.mode_3a = -1
    row.mode_3a_doubt = -1
    row.plots = 0
    row.alive = 1
    row.confirmed = 0
    row.on_ground = -1
    row.simulated = 0
    set_plane(k, plot.lat, plot.lon, plot.x, plot.y, plot.z, tracks.plane)
    sigma = rules.ground_speed_sigma_mps if plot.on_ground == 1 else rules.birth_speed_sigma_mps
    ve = 0.0
    vn = 0.0
    if not math.isnan(plot.ve_mps) and not math.isnan(plot.vn_mps):
        ve = plot.ve_mps
        vn = plot.vn_mps
        sigma = 2.0 * rules.velocity_sigma_mps
    begin(k, 0.0, 0.0, plot.ree, plot.ren, plot.rnn, ve, vn, sigma * sigma, tracks.x, tracks.p, tracks.mu)
    combine(k, tracks.x, tracks.p, tracks.mu, tracks.mean, tracks.cov)
    tracks.consider[k, 0], tracks.consider[k, 1], tracks.consider[k, 2] = plot.hee, plot.hen, plot.hnn
    begin_vertical(k, plot.altitude_m, tracks.vertical)
    begin_height(k, tracks)
    begin_trust(k, plot, tracks)
    take_height(tracks, k, plot, sensors)
    for i in range(tracks.heard.shape[1]):
        tracks.heard[k, i].sensor = -1
    # False plots carry no answers of transponders, or rarely.
    clutter = plot.clutter_pm2 * (0.01 if plot.address >= 0 else (0.1 if plot.mode_3a >= 0 else 1.0))
    fresh = max(rules.birth_pm2, rules.birth_share * plot.clutter_pm2)
    row.existence = fresh / (fresh + clutter)
    row.plots_needed = rules.confirm_plots_with_address if plot.address >= 0 else rules.confirm_plots
    if twin:
        row.plots_needed = rules.confirm_plots_of_twin
        counters[SAME_ADDRESS_ELSEWHERE] += 1
    hear(tracks, k, plot, sensors, counters)
    name(tracks, k, plot)
    counters[BORN] += 1


@lent
def place_in(
    tracks: Tracks, k: int, plot: Record, sensors: Records
) -> tuple[float, float, float, float, float, float, float, float]:
    """East, north, and the two covariances of a plot (of noise, of altitude) in the plane of track `k`.

    A radar plot without altitude is placed by the track's height, where anything tells it.
    """
    altitude = tracks.vertical[k, 0] + tracks.height[k, OFFSET]
    variance = tracks.vertical[k, 2] + tracks.height[k, OFFSET_VARIANCE]
    if math.isnan(altitude) and tracks.height[k, KIND] > PRIOR:
        altitude, variance = height_at(k, plot.time_ns, tracks)
    if not math.isnan(plot.range_m) and math.isnan(plot.altitude_m) and not math.isnan(altitude):
        sigma = math.sqrt(variance)
        _, _, x, y, z, ree, ren, rnn, hee, hen, hnn = place_radar(
            plot.range_m, plot.azimuth, altitude, sigma, sensors[plot.sensor]
        )
        e, n = to_plane(k, x, y, z, tracks.plane)
        return e, n, ree, ren, rnn, hee, hen, hnn
    e, n = to_plane(k, plot.x, plot.y, plot.z, tracks.plane)
    return e, n, plot.ree, plot.ren, plot.rnn, plot.hee, plot.hen, plot.hnn


@lent
def take(
    tracks: Tracks, count: int, k: int, plot: Record, gain: float, sensors: Records, rules: Rules,
    motion: Motion, work: Floats, counters: Longs,
) -> None:  # fmt: skip
    """Give a plot, not before the track's time, to track `k`; `gain` is the log odds that it is its own.

    count   rows of tracks in use
    """
    carry(tracks, k, plot.time_ns, motion, work)
    if not take_height(tracks, k, plot, sensors):
        counters[HEIGHT_REFUSED] += 1
    e, n, ree, ren, rnn, hee, hen, hnn = place_in(tracks, k, plot, sensors)
    counters[NO_INTEGRITY] += plot.unsure
    if contradicted(tracks, k, plot, e, n, ree + hee, ren + hen, rnn + hnn):
        counters[REPORT_REFUSED] += 1
        name(tracks, k, plot)
        return
    consider = tracks.consider
    stretch(
        tracks, k, e, n, ree + hee + consider[k, 0], ren + hen + consider[k, 1], rnn + hnn + consider[k, 2],
        rules, counters,
    )  # fmt: skip
    # Radars that err by the altitude in their own directions must not tear the track to and fro.
    ree += HEIGHT_AS_NOISE * hee
    ren += HEIGHT_AS_NOISE * hen
    rnn += HEIGHT_AS_NOISE * hnn
    consider[k, 0] += 0.5 * (hee - consider[k, 0])
    consider[k, 1] += 0.5 * (hen - consider[k, 1])
    consider[k, 2] += 0.5 * (hnn - consider[k, 2])
    update(k, e, n, ree, ren, rnn, tracks.x, tracks.p, tracks.mu, work)
    if not math.isnan(plot.ve_mps) and not math.isnan(plot.vn_mps):
        told = plot.velocity_sigma_mps
        sigma = max(told, VELOCITY_SIGMA_LEAST_MPS) if told > 0.0 else rules.velocity_sigma_mps
        correct_velocity(k, plot.ve_mps, plot.vn_mps, sigma * sigma, tracks.x, tracks.p)
    combine(k, tracks.x, tracks.p, tracks.mu, tracks.mean, tracks.cov)
    h = plot.altitude_m
    if not math.isnan(h) and not update_vertical(k, h, plot.address >= 0, tracks.vertical):
        counters[GARBLED_ALTITUDE] += 1
    if not math.isnan(plot.climb_mps):
        update_climb(k, plot.climb_mps, tracks.vertical)
    row = tracks.row[k]
    pd = sensors[plot.sensor].pd
    right = 1.0 / (1.0 + math.exp(-gain))
    missed = row.existence * (1.0 - pd) / max(1.0 - row.existence * pd, 1e-12)
    row.existence = min(right + (1.0 - right) * missed, EXISTENCE_MAX)
    hear(tracks, k, plot, sensors, counters)
    name(tracks, k, plot)
    if row.confirmed == 0 and row.existence > rules.confirm_existence and row.plots >= row.plots_needed:
        vx, vy = tracks.mean[k, 2], tracks.mean[k, 3]
        speed2 = vx * vx + vy * vy
        if speed2 < rules.confirm_speed_mps * rules.confirm_speed_mps and (
            row.mode_3a >= 0 or row.address >= 0 or row.on_ground == 1 or moves(row, plot, speed2, rules)
        ):
            if row.plots < rules.confirm_plots_of_image and is_image(tracks, count, k, plot, sensors):
                counters[IMAGE] += 1
            else:
                row.confirmed = 1
    counters[USED] += 1


@lent
def is_image(tracks: Tracks, count: int, k: int, plot: Record, sensors: Records) -> bool:
    """Whether track `k` looks like the mirror image of another: a building's or a mountain's reflection.

    An image bears its original's codes and altitude, lies farther from the radar, because the way over the
    mirror is longer, and exists for one radar only, which sees the original as well.
    """
    row = tracks.row[k]
    if sensors[plot.sensor].rotates == 0 or math.isnan(plot.range_m):
        return False
    for i in range(tracks.heard.shape[1]):
        if tracks.heard[k, i].sensor >= 0 and tracks.heard[k, i].sensor != plot.sensor:
            return False
    site = sensors[plot.sensor]
    sx, sy, sz = lla_to_ecef(site.lat, site.lon, 0.0)
    mine = math.sqrt((plot.x - sx) ** 2 + (plot.y - sy) ** 2 + (plot.z - sz) ** 2)
    altitude = tracks.vertical[k, 0]
    for m in range(count):
        other = tracks.row[m]
        if m == k or other.alive == 0 or other.confirmed == 0:
            continue
        if row.address >= 0 and other.address >= 0:
            if row.address != other.address:
                continue
        elif row.mode_3a < 0 or row.mode_3a != other.mode_3a or conspicuity(row.mode_3a):
            continue
        # NaN: an altitude that is not known contradicts nothing.
        if abs(altitude - tracks.vertical[m, 0]) > IMAGE_ALTITUDE_M:
            continue
        slot = contributor(m, plot.sensor, tracks.heard)
        if slot < 0 or plot.time_ns - tracks.heard[m, slot].last_ns > 3 * site.period_ns:
            continue
        ahead = (plot.time_ns - other.time_ns) * SECOND
        x, y, z = from_plane(
            m,
            tracks.mean[m, 0] + ahead * tracks.mean[m, 2],
            tracks.mean[m, 1] + ahead * tracks.mean[m, 3],
            tracks.plane,
        )
        if mine > math.sqrt((x - sx) ** 2 + (y - sy) ** 2 + (z - sz) ** 2) + 100.0:
            return True
    return False


@small
def moves(row: Record, plot: Record, speed2: float, rules: Rules) -> bool:
    """Whether a track without a code has come away from where it began: what stands still is no aircraft."""
    dx, dy, dz = plot.x - row.born_x, plot.y - row.born_y, plot.z - row.born_z
    # Four sigmas of the difference between two plots are no way.
    room2 = max(rules.moved_m * rules.moved_m, 32.0 * (plot.ree + plot.rnn))
    return dx * dx + dy * dy + dz * dz > room2 and speed2 > rules.moved_mps * rules.moved_mps


@lent
def stretch(
    tracks: Tracks,
    k: int,
    e: float,
    n: float,
    ree: float,
    ren: float,
    rnn: float,
    rules: Rules,
    counters: Longs,
) -> None:
    """Open the covariance of a track whose plot lies outside its gate but is known by its address."""
    de = e - tracks.mean[k, 0]
    dn = n - tracks.mean[k, 1]
    see = tracks.cov[k, 0] + ree
    sen = tracks.cov[k, 1] + ren
    snn = tracks.cov[k, 2] + rnn
    d2 = (snn * de * de - 2.0 * sen * de * dn + see * dn * dn) / (see * snn - sen * sen)
    if d2 <= rules.gate:
        return
    factor = 2.0 * d2 / rules.gate
    for j in range(MODES):
        for a in range(COVARIANCE):
            tracks.p[k, j, a] *= factor
    counters[STRETCHED] += 1


@lent
def fade(tracks: Tracks, k: int, now_ns: int, sensors: Records, rules: Rules, counters: Longs) -> None:
    """Count what the track's sensors missed by now, and end the track when too little is left of it."""
    row = tracks.row[k]
    for i in range(tracks.heard.shape[1]):
        entry = tracks.heard[k, i]
        if entry.sensor < 0 or entry.due_ns > now_ns:
            continue
        sensor = sensors[entry.sensor]
        gap_s = usual_gap_s(entry.gap_s, row.on_ground, sensor)
        gap_ns = max(int(gap_s * 1e9), 1)
        pd = min(sensor.pd, rules.miss_pd_max)
        while entry.due_ns <= now_ns:
            row.existence *= (1.0 - pd) / (1.0 - row.existence * pd)
            entry.missed += 1
            entry.due_ns += gap_ns
        # Others see it, this one no longer: the aircraft left its coverage, not the world.
        if entry.missed >= 3 and row.last_ns > entry.last_ns + gap_ns:
            entry.sensor = -1
    vx, vy = tracks.mean[k, 2], tracks.mean[k, 3]
    if (
        row.existence < (rules.end_existence if row.confirmed else 0.2 * rules.end_existence)
        or now_ns - row.last_ns > rules.coast_ns
        or vx * vx + vy * vy > rules.speed_max_mps * rules.speed_max_mps
    ):
        row.alive = 0
        counters[ENDED] += 1
