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

from asman.kernels.births import ADDRESSED, TWIN, aircraft_share, birth_odds, came_to
from asman.kernels.considering import reconsider, weight_of
from asman.kernels.detection_map import DetectionMap, key_of, look
from asman.kernels.gating import Files
from asman.kernels.heights import KIND, OFFSET, OFFSET_VARIANCE, PRIOR, begin_height, height_at, take_height
from asman.kernels.images import has_twin_still, is_image
from asman.kernels.imm import Motion, begin, combine, correct_velocity, update
from asman.kernels.integrity import begin_trust, contradicted
from asman.kernels.jit import lent, small
from asman.kernels.naming import name
from asman.kernels.outliers import AGAIN, ALONE, outlying
from asman.kernels.placing import PRESSURE_SIGMA_M, place_radar
from asman.kernels.trackrows import (
    CONTRIBUTORS,
    SECOND,
    Tracks,
    carry,
    contributor,
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
#: Later than all plots.
NEVER_NS: Final = np.iinfo(np.int64).max

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
OUTLIER: Final = 16
COUNTERS: Final = 17


class Rules(NamedTuple):
    """How plots become tracks; meanings, units and sources in `asman.tracking.config`.

    Kernels are handed it as a record: one pointer, where a tuple would be copied at every call.
    """

    window_ns: int
    gate: float
    birth_pm2: float
    birth_speed_sigma_mps: float
    ground_speed_sigma_mps: float
    jump_mps: float
    confirm_existence: float
    confirm_existence_alone: float
    confirm_existence_of_echo: float
    try_existence: float
    confirm_plots: int
    confirm_plots_of_echo: int
    confirm_plots_of_twin: int
    show_existence: float
    least_existence: float
    end_tentative_existence: float
    end_echo_existence: float
    survival_per_s: float
    survival_slow_per_s: float
    landing_mps: float
    survival_high_per_s: float
    landing_m: float
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
def hear(track: Record, plot: Record, sensors: Records, detection: DetectionMap, counters: Longs) -> int:
    """Note that a sensor saw a track, and when its next plot is due; return its slot."""
    sensor = sensors[plot.sensor]
    on_ground = track.on_ground
    slot = contributor(plot.sensor, track.heard)
    if slot < 0:
        slot = 0
        for i in range(CONTRIBUTORS):
            if track.heard[i].sensor < 0:
                slot = i
                break
            if track.heard[i].last_ns < track.heard[slot].last_ns:
                slot = i
        if track.heard[slot].sensor >= 0:
            counters[CONTRIBUTOR_REPLACED] += 1
        fresh = track.heard[slot]
        fresh.sensor = plot.sensor
        fresh.gap_s = sensor.period_ns * SECOND
        fresh.missed = 0
        fresh.share = fresh.hee = fresh.hen = fresh.hnn = 0.0
    else:
        old = track.heard[slot]
        old.gap_s += 0.2 * ((plot.time_ns - old.last_ns) * SECOND - old.gap_s)
    entry = track.heard[slot]
    if track.answers >= ANSWERS_TO_TEACH:
        key = key_of(plot.sensor, plot.x, plot.y, plot.z, track.vertical[0])
        missed = min(entry.missed, MISSES_COUNTED)
        counters[LOOKS_CROWDED] += look(detection, key, 1.0, missed)
    entry.last_ns = plot.time_ns
    entry.missed = 0
    entry.due_ns = plot.time_ns + int(DUE * usual_gap_s(entry.gap_s, on_ground, sensor) * 1e9)
    track.due_ns = min(track.due_ns, entry.due_ns)
    return slot


@lent
def birth(
    track: Record,
    number: int,
    plot: Record,
    kind: int,
    sensors: Records,
    detection: DetectionMap,
    births: Floats,
    rules: Rules,
    counters: Longs,
) -> None:
    """Begin a track at a plot of a kind; its velocity is as reported, or unknown until the second plot."""
    track.time_ns = plot.time_ns
    track.number = number
    track.born_ns = plot.time_ns
    track.born_x, track.born_y, track.born_z = plot.x, plot.y, plot.z
    track.callsign = np.uint64(0)
    track.callsign_doubt = np.uint64(0)
    track.address = -1
    track.mode_3a = -1
    track.mode_3a_doubt = -1
    track.plots = 0
    track.outside = 0
    track.shared_ns = 0
    track.company_ns = 0
    track.due_ns = NEVER_NS
    track.answers = 0
    track.alive = 1
    track.confirmed = 0
    track.shown = 0
    track.on_ground = -1
    track.simulated = 0
    set_plane(plot.lat, plot.lon, plot.x, plot.y, plot.z, track.plane)
    sigma = rules.ground_speed_sigma_mps if plot.on_ground == 1 else rules.birth_speed_sigma_mps
    ve = 0.0
    vn = 0.0
    if not math.isnan(plot.ve_mps) and not math.isnan(plot.vn_mps):
        ve = plot.ve_mps
        vn = plot.vn_mps
        sigma = 2.0 * rules.velocity_sigma_mps
    begin(0.0, 0.0, plot.ree, plot.ren, plot.rnn, ve, vn, sigma * sigma, track.x, track.p, track.mu)
    combine(track.x, track.p, track.mu, track.state, track.cov)
    begin_vertical(plot.altitude_m, track.vertical)
    begin_height(track)
    begin_trust(track, plot)
    take_height(track, plot, sensors)
    for i in range(CONTRIBUTORS):
        track.heard[i].sensor = -1
    track.existence = plot.birth_pm2 / (plot.birth_pm2 + plot.clutter_pm2)
    track.born_sensor = plot.sensor
    track.born_kind = kind
    track.twin = int(kind == TWIN)
    if kind > ADDRESSED:
        odds = birth_odds(births, plot.sensor, kind)
        track.existence = odds / (1.0 + odds)
        counters[SAME_ADDRESS_ELSEWHERE] += track.twin
    elif track.born_kind == ADDRESSED and plot.unsure == 0:
        share = aircraft_share(births, plot.sensor)
        if share > rules.confirm_existence_alone:
            track.existence = share
            track.confirmed = track.shown = 1
    slot = hear(track, plot, sensors, detection, counters)
    reconsider(track, slot, 1.0, plot.hee, plot.hen, plot.hnn)
    name(track, plot)
    counters[BORN] += 1


@lent
def place_in(
    track: Record, plot: Record, sensors: Records
) -> tuple[float, float, float, float, float, float, float, float]:
    """East, north, and the two covariances of a plot (of noise, of altitude) in the plane of a track.

    A radar plot without altitude is placed by the track's height, where anything tells it.
    """
    sensor = sensors[plot.sensor]
    x, y, z, ree, ren, rnn = plot.x, plot.y, plot.z, plot.ree, plot.ren, plot.rnn
    hee, hen, hnn = plot.hee, plot.hen, plot.hnn
    offset, variance = track.height[OFFSET], track.height[OFFSET_VARIANCE]
    if variance >= PRESSURE_SIGMA_M * PRESSURE_SIGMA_M:
        # No report of a height told it around here: what registration made out of ranges.
        offset = sensor.height_offset_m
    altitude, variance = track.vertical[0] + offset, track.vertical[2] + variance
    if math.isnan(altitude) and track.height[KIND] > PRIOR:
        altitude, variance = height_at(track, plot.time_ns)
    if not math.isnan(plot.range_m) and math.isnan(plot.altitude_m) and not math.isnan(altitude):
        sigma = math.sqrt(variance)
        x, y, z, ree, ren, rnn, hee, hen, hnn = place_radar(
            plot.range_m, plot.azimuth, altitude, sigma, sensor
        )
    e, n = to_plane(x, y, z, track.plane)
    # A stamp that is late by so much: the aircraft has flown on since it was there.
    ve, vn, var = track.state[2], track.state[3], sensor.var_time
    e += sensor.time_bias * ve
    n += sensor.time_bias * vn
    return e, n, ree, ren, rnn, hee + var * ve * ve, hen + var * ve * vn, hnn + var * vn * vn


@small
def found_odds(existence: float, pd: float) -> float:
    """Odds that a track that exists so surely is found at a look."""
    found = min(existence * pd, 0.999)
    return found / (1.0 - found)


@small
def tried_existence(track: Record, plot: Record, rules: Rules) -> float:
    """The existence with which a plot is weighed against a track.

    Where echoes crowd, a track of echoes is so unsure that none would ever be worth giving to it, and an
    aircraft would begin anew at each: an echo is tried on it as if it existed at least so surely.
    """
    return max(track.existence, rules.try_existence) if plot.primary == 1 else track.existence


@small
def own_gain(gain: float, track: Record, plot: Record, pd: float, rules: Rules) -> float:
    """The log odds that a plot is a track's by its own existence, not by that which it was tried with."""
    tried = tried_existence(track, plot, rules)
    if tried == track.existence:
        return gain
    return gain + math.log(max(found_odds(track.existence, pd), 1e-300) / found_odds(tried, pd))


@lent
def take(
    track: Record, plot: Record, gain: float, sensors: Records, detection: DetectionMap, births: Floats,
    rules: Rules, motion: Motion, work: Floats, counters: Longs,
) -> bool:  # fmt: skip
    """Give a plot, not before the track's time, to a track; `gain` is the log odds that it is its own.

    True when the track has become one to be shown, unless it is an image.
    """
    carry(track, plot.time_ns, motion, work)
    if not take_height(track, plot, sensors):
        counters[HEIGHT_REFUSED] += 1
    e, n, ree, ren, rnn, hee, hen, hnn = place_in(track, plot, sensors)
    counters[NO_INTEGRITY] += plot.unsure
    if contradicted(track, plot, e, n, ree + hee, ren + hen, rnn + hnn):
        counters[REPORT_REFUSED] += 1
        name(track, plot)
        return False
    outlier = outlying(track, e, n, ree + hee, ren + hen, rnn + hnn, rules.gate)
    counters[OUTLIER] += int(outlier == ALONE)
    counters[STRETCHED] += int(outlier == AGAIN)
    # Radars that err by the altitude in their own directions must not tear the track to and fro.
    ree += HEIGHT_AS_NOISE * hee
    ren += HEIGHT_AS_NOISE * hen
    rnn += HEIGHT_AS_NOISE * hnn
    weight = weight_of(track, ree + rnn)
    if outlier != ALONE:
        update(e, n, ree, ren, rnn, track.x, track.p, track.mu, work)
        if not math.isnan(plot.ve_mps) and not math.isnan(plot.vn_mps):
            told = plot.velocity_sigma_mps
            sigma = max(told, VELOCITY_SIGMA_LEAST_MPS) if told > 0.0 else rules.velocity_sigma_mps
            correct_velocity(plot.ve_mps, plot.vn_mps, sigma * sigma, track.x, track.p)
    combine(track.x, track.p, track.mu, track.state, track.cov)
    h = plot.altitude_m
    if not math.isnan(h) and not update_vertical(h, plot.address >= 0, track.vertical):
        counters[GARBLED_ALTITUDE] += 1
    if not math.isnan(plot.climb_mps):
        update_climb(plot.climb_mps, track.vertical)
    alone = track.confirmed == 1 and track.plots == 1
    pd = sensors[plot.sensor].pd
    right = 1.0 / (1.0 + math.exp(-gain))
    missed = track.existence * (1.0 - pd) / max(1.0 - track.existence * pd, 1e-12)
    track.existence = min(right + (1.0 - right) * missed, EXISTENCE_MAX)
    slot = hear(track, plot, sensors, detection, counters)
    if outlier != ALONE:
        reconsider(track, slot, weight, hee, hen, hnn)
    name(track, plot)
    if alone:
        # One answer was enough to show it; with two it is asked like any other whether it is an image.
        track.confirmed = 0
    track.shown = int(track.confirmed == 1 and track.existence >= rules.show_existence)
    counters[USED] += 1
    return track.confirmed == 0 and track.existence > rules.confirm_existence and enough(track, plot, rules)


@lent
def prove(
    tracks: Tracks, files: Files, k: int, plot: Record, sensors: Records, births: Floats, rules: Rules,
    counters: Longs,
) -> None:  # fmt: skip
    """Show track `k` from now on, unless it is the image of another, or as yet may be."""
    track = tracks.row[k]
    if track.twin == 1 and track.plots < rules.confirm_plots_of_twin and has_twin_still(tracks, files, k):
        return
    if track.plots < rules.confirm_plots_of_image and is_image(tracks, files, k, plot, sensors):
        counters[IMAGE] += 1
        return
    track.confirmed = 1
    track.shown = int(track.existence >= rules.show_existence)
    came_to(births, track.born_sensor, track.born_kind, 0)


@small
def enough(track: Record, plot: Record, rules: Rules) -> bool:
    """Whether a track holds plots enough, of the kinds that prove an aircraft, to be shown."""
    vx, vy = track.state[2], track.state[3]
    speed2 = vx * vx + vy * vy
    if speed2 > rules.confirm_speed_mps * rules.confirm_speed_mps:
        return False
    if track.answers >= rules.confirm_plots:
        return True
    if track.plots < rules.confirm_plots_of_echo or track.existence < rules.confirm_existence_of_echo:
        return False
    return track.on_ground == 1 or moves(track, plot, speed2, rules)


@small
def moves(row: Record, plot: Record, speed2: float, rules: Rules) -> bool:
    """Whether a track without a code has come away from where it began: what stands still is no aircraft."""
    dx, dy, dz = plot.x - row.born_x, plot.y - row.born_y, plot.z - row.born_z
    # Four sigmas of the difference between two plots are no way.
    room2 = max(rules.moved_m * rules.moved_m, 32.0 * (plot.ree + plot.rnn))
    return dx * dx + dy * dy + dz * dz > room2 and speed2 > rules.moved_mps * rules.moved_mps
