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

from asman.kernels.births import ADDRESSED, aircraft_share, came_to, kind_of
from asman.kernels.detection_map import key_of, local_pd, look
from asman.kernels.gating import Files
from asman.kernels.heights import KIND, OFFSET, OFFSET_VARIANCE, PRIOR, begin_height, height_at, take_height
from asman.kernels.images import has_twin_still, is_image
from asman.kernels.imm import COVARIANCE, MODES, Motion, begin, combine, correct_velocity, update
from asman.kernels.integrity import begin_trust, contradicted
from asman.kernels.jit import lent, small
from asman.kernels.naming import name
from asman.kernels.placing import PRESSURE_SIGMA_M, place_radar
from asman.kernels.sensor_maps import SensorMaps
from asman.kernels.trackrows import (
    SECOND,
    Tracks,
    carry,
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
#: A plot counts as missed when this share of the usual time between plots went by.
DUE: Final = 1.2
#: Only who answered this often is sure to have been there when a sensor missed it.
ANSWERS_TO_TEACH: Final = 6
#: Misses in a row that a detection map learns at most: what follows is of another region.
MISSES_COUNTED: Final = 4

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
LOOKS_CROWDED: Final = 11
SHARED: Final = 12
HEIGHT_REFUSED: Final = 13
REPORT_REFUSED: Final = 14
NO_INTEGRITY: Final = 15
COUNTERS: Final = 16


class Rules(NamedTuple):
    """How plots become tracks; meanings, units and sources in `asman.tracking.config`."""

    window_ns: int
    gate: float
    birth_pm2: float
    birth_speed_sigma_mps: float
    ground_speed_sigma_mps: float
    jump_mps: float
    confirm_existence: float
    confirm_existence_alone: float
    confirm_plots: int
    confirm_plots_of_echo: int
    confirm_plots_of_twin: int
    show_existence: float
    least_existence: float
    end_tentative_existence: float
    survival_per_s: float
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
def hear(tracks: Tracks, k: int, plot: Record, sensors: Records, maps: SensorMaps, counters: Longs) -> None:
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
        fresh.missed = 0
    else:
        old = tracks.heard[k, slot]
        old.gap_s += 0.2 * ((plot.time_ns - old.last_ns) * SECOND - old.gap_s)
    entry = tracks.heard[k, slot]
    if tracks.row[k].answers >= ANSWERS_TO_TEACH:
        key = key_of(plot.sensor, plot.x, plot.y, plot.z, tracks.vertical[k, 0])
        missed = min(entry.missed, MISSES_COUNTED)
        counters[LOOKS_CROWDED] += look(maps.detection, key, 1.0, missed)
    entry.last_ns = plot.time_ns
    entry.missed = 0
    entry.due_ns = plot.time_ns + int(DUE * usual_gap_s(entry.gap_s, on_ground, sensor) * 1e9)


@lent
def birth(
    tracks: Tracks,
    k: int,
    number: int,
    plot: Record,
    twin: bool,
    sensors: Records,
    maps: SensorMaps,
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
    row.shared_ns = 0
    row.company_ns = 0
    row.answers = 0
    row.alive = 1
    row.confirmed = 0
    row.shown = 0
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
    row.existence = plot.birth_pm2 / (plot.birth_pm2 + plot.clutter_pm2)
    row.born_sensor = plot.sensor
    row.born_kind = kind_of(plot)
    row.twin = int(twin)
    if twin:
        counters[SAME_ADDRESS_ELSEWHERE] += 1
    elif row.born_kind == ADDRESSED and plot.unsure == 0:
        share = aircraft_share(maps.births, plot.sensor)
        if share > rules.confirm_existence_alone:
            row.existence = share
            row.confirmed = row.shown = 1
    hear(tracks, k, plot, sensors, maps, counters)
    name(tracks, k, plot)
    counters[BORN] += 1


@lent
def place_in(
    tracks: Tracks, k: int, plot: Record, sensors: Records
) -> tuple[float, float, float, float, float, float, float, float]:
    """East, north, and the two covariances of a plot (of noise, of altitude) in the plane of track `k`.

    A radar plot without altitude is placed by the track's height, where anything tells it.
    """
    sensor = sensors[plot.sensor]
    x, y, z, ree, ren, rnn = plot.x, plot.y, plot.z, plot.ree, plot.ren, plot.rnn
    hee, hen, hnn = plot.hee, plot.hen, plot.hnn
    offset, variance = tracks.height[k, OFFSET], tracks.height[k, OFFSET_VARIANCE]
    if variance >= PRESSURE_SIGMA_M * PRESSURE_SIGMA_M:
        # No report of a height told it around here: what registration made out of ranges.
        offset = sensor.height_offset_m
    altitude, variance = tracks.vertical[k, 0] + offset, tracks.vertical[k, 2] + variance
    if math.isnan(altitude) and tracks.height[k, KIND] > PRIOR:
        altitude, variance = height_at(k, plot.time_ns, tracks)
    if not math.isnan(plot.range_m) and math.isnan(plot.altitude_m) and not math.isnan(altitude):
        sigma = math.sqrt(variance)
        _, _, x, y, z, ree, ren, rnn, hee, hen, hnn = place_radar(
            plot.range_m, plot.azimuth, altitude, sigma, sensor
        )
    e, n = to_plane(k, x, y, z, tracks.plane)
    # A stamp that is late by so much: the aircraft has flown on since it was there.
    ve, vn, var = tracks.mean[k, 2], tracks.mean[k, 3], sensor.var_time
    e += sensor.time_bias * ve
    n += sensor.time_bias * vn
    return e, n, ree, ren, rnn, hee + var * ve * ve, hen + var * ve * vn, hnn + var * vn * vn


@lent
def take(
    tracks: Tracks, files: Files, k: int, plot: Record, gain: float, sensors: Records, maps: SensorMaps,
    rules: Rules, motion: Motion, work: Floats, counters: Longs,
) -> None:  # fmt: skip
    """Give a plot, not before the track's time, to track `k`; `gain` is the log odds that it is its own."""
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
    alone = row.confirmed == 1 and row.plots == 1
    pd = sensors[plot.sensor].pd
    right = 1.0 / (1.0 + math.exp(-gain))
    missed = row.existence * (1.0 - pd) / max(1.0 - row.existence * pd, 1e-12)
    row.existence = min(right + (1.0 - right) * missed, EXISTENCE_MAX)
    hear(tracks, k, plot, sensors, maps, counters)
    name(tracks, k, plot)
    if (
        row.confirmed == 0
        and row.existence > rules.confirm_existence
        and enough(tracks, files, k, plot, rules)
    ):
        if row.plots < rules.confirm_plots_of_image and is_image(tracks, files, k, plot, sensors):
            counters[IMAGE] += 1
        else:
            row.confirmed = 1
            came_to(maps.births, row.born_sensor, row.born_kind, 0)
    elif alone:
        came_to(maps.births, row.born_sensor, row.born_kind, 0)
    row.shown = int(row.confirmed == 1 and row.existence >= rules.show_existence)
    counters[USED] += 1


@lent
def enough(tracks: Tracks, files: Files, k: int, plot: Record, rules: Rules) -> bool:
    """Whether a track holds plots enough, of the kinds that prove an aircraft, to be shown."""
    row = tracks.row[k]
    vx, vy = tracks.mean[k, 2], tracks.mean[k, 3]
    speed2 = vx * vx + vy * vy
    if speed2 > rules.confirm_speed_mps * rules.confirm_speed_mps:
        return False
    if row.twin == 1 and row.plots < rules.confirm_plots_of_twin and has_twin_still(tracks, files, k):
        return False
    if row.answers >= rules.confirm_plots:
        return True
    return row.plots >= rules.confirm_plots_of_echo and (
        row.on_ground == 1 or moves(row, plot, speed2, rules)
    )


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
def fade(
    tracks: Tracks, k: int, now_ns: int, sensors: Records, maps: SensorMaps, rules: Rules, counters: Longs
) -> None:
    """Count what the track's sensors missed by now, and end the track when too little is left of it."""
    row = tracks.row[k]
    row.existence *= rules.survival_per_s
    for i in range(tracks.heard.shape[1]):
        entry = tracks.heard[k, i]
        if entry.sensor < 0 or entry.due_ns > now_ns:
            continue
        sensor = sensors[entry.sensor]
        gap_s = usual_gap_s(entry.gap_s, row.on_ground, sensor)
        gap_ns = max(int(gap_s * 1e9), 1)
        x, y, z = from_plane(k, tracks.mean[k, 0], tracks.mean[k, 1], tracks.plane)
        key = key_of(entry.sensor, x, y, z, tracks.vertical[k, 0])
        pd = min(local_pd(maps.detection, key, sensor.pd), rules.miss_pd_max)
        while entry.due_ns <= now_ns:
            row.existence *= (1.0 - pd) / (1.0 - row.existence * pd)
            entry.missed += 1
            entry.due_ns += gap_ns
        # Others see it, this one no longer: the aircraft left its coverage, not the world.
        if entry.missed >= 3 and row.last_ns > entry.last_ns + gap_ns:
            if row.answers >= ANSWERS_TO_TEACH:
                counters[LOOKS_CROWDED] += look(maps.detection, key, 0.0, entry.missed)
            entry.sensor = -1
    if row.confirmed == 1:
        # It waits: misses come in runs, so no number of them proves that it is gone.
        if row.plots > 1:
            row.existence = max(row.existence, rules.least_existence)
        row.shown = int(row.existence >= rules.show_existence)
    vx, vy = tracks.mean[k, 2], tracks.mean[k, 3]
    if (
        ((row.confirmed == 0 or row.plots == 1) and row.existence < rules.end_tentative_existence)
        or now_ns - max(row.last_ns, row.shared_ns) > rules.coast_ns
        or vx * vx + vy * vy > rules.speed_max_mps * rules.speed_max_mps
    ):
        row.alive = 0
        counters[ENDED] += 1
        if row.confirmed == 0 or row.plots == 1:
            came_to(maps.births, row.born_sensor, row.born_kind, 1)
