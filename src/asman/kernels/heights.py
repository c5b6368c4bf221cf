"""Heights of tracks above the ellipsoid, apart from pressure altitude: reported, or from range differences.

An echo has no altitude. But two radars that see it from different sides measure slant ranges that agree on
the ground for one height only: the wrong one puts the aircraft at two places. What a slant range becomes on
the ground falls with the square of the height, so the square u is estimated, in which all is nearly linear:

    p_i(u) - p_j(u) - v dt = (g_i - g_j) (u - true) + noise,      g = how a place moves as u does

with the latest plots of two radars, one moved on along the track's velocity; weighed by both plots' noise, by
what the velocity leaves open, and by what radars err for good (biases), below which no number of pairs goes.
Where radars stand on one side, far away, or the aircraft is low, g_i - g_j is small and the height stays as
wide as its prior: that is in its variance, which is carried into every place made with it.

A reported geometric height (ADS-B, multilateration) is taken in directly.

One row of `height` (T, HEIGHT_FIELDS): 0 height m, NaN: none; 1 variance m²; 2 time ns; 3 kind: PRIOR,
RANGED, REPORTED; 4 regional offset of its pressure altitude m, 5 its variance m²; 6 square of the height
above 8, m²; 7 variance of that, m⁴; 8 height of the radar that saw it first, m.

Source: Y. Bar-Shalom, P. Willett, X. Tian, Tracking and Data Fusion, 2011, section 1.7 (slant ranges).
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.integrity import NONE, REFUSED
from asman.kernels.jit import lent
from asman.kernels.placing import PRESSURE_SIGMA_M, place_radar, prior_altitude
from asman.kernels.trackrows import RANGED_PLOTS, SECOND, Tracks, to_plane

Floats = NDArray[np.float64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

HEIGHT: Final = 0
VARIANCE: Final = 1
AT_NS: Final = 2
KIND: Final = 3
OFFSET: Final = 4
OFFSET_VARIANCE: Final = 5
SQUARE: Final = 6
SQUARE_VARIANCE: Final = 7
BASE: Final = 8

PRIOR: Final = 0.0
RANGED: Final = 1.0
REPORTED: Final = 2.0

#: m²/s: unknown climbs: 400 m in a minute, and what a climb rate leaves open.
DRIFT_M2PS: Final = 2500.0
DRIFT_KNOWN_M2PS: Final = 25.0
#: A pair of plots may be so far apart in time [s]; meanwhile it may have turned at [m/s²].
APART_S: Final = 13.0
TURN_MPS2: Final = 2.0
#: m: what two radars' ranges err for good, each.
BIAS_M: Final = 40.0
#: A plot serves in so many pairs; pairs share plots, so each counts for less.
PAIRS: Final = 2
SHARED: Final = 2.5
#: A height farther off than so many sigmas is of other plots.
GATE: Final = 4.0
#: Heights above the radar are searched from here on: below, places hardly move with them.
LEAST_M: Final = 150.0
MOST_M: Final = 25_000.0
#: A height is told, and used, when it is so much surer than the prior.
SURER: Final = 0.7
#: A reported height that is so unsure since is given up for ranges [m].
FORGOTTEN_M: Final = 1_000.0
#: Step of the derivative [m].
DELTA_M: Final = 50.0
#: Standard deviation of a reported height (ICAO Annex 10 I, table 3.7.2.4-1: 37 m, 95 %, vertically).
REPORTED_SIGMA_M: Final = 20.0


@lent
def begin_height(k: int, tracks: Tracks) -> None:
    """Forget the height of row `k` and the plots behind it."""
    height = tracks.height
    height[k, HEIGHT] = math.nan
    height[k, VARIANCE] = 0.0
    height[k, AT_NS] = 0.0
    height[k, KIND] = PRIOR
    height[k, OFFSET] = 0.0
    height[k, OFFSET_VARIANCE] = PRESSURE_SIGMA_M * PRESSURE_SIGMA_M
    for i in range(RANGED_PLOTS):
        tracks.ranged[k, i].sensor = -1


@lent
def height_at(k: int, time_ns: int, tracks: Tracks) -> tuple[float, float]:
    """Height [m], NaN without one, and variance [m²] of track `k` at a time; from geometry alone."""
    height = tracks.height
    if math.isnan(height[k, HEIGHT]):
        return math.nan, 0.0
    dt = max((time_ns - height[k, AT_NS]) * SECOND, 0.0)
    if math.isnan(tracks.vertical[k, 0]):
        return height[k, HEIGHT], height[k, VARIANCE] + DRIFT_M2PS * dt
    return (
        height[k, HEIGHT] + dt * tracks.vertical[k, 1],
        height[k, VARIANCE] + DRIFT_KNOWN_M2PS * dt + dt * dt * tracks.vertical[k, 4],
    )


@lent
def best_height(k: int, time_ns: int, tracks: Tracks) -> tuple[float, float]:
    """Height [m] and variance [m²] of track `k`, from whatever tells it best; NaN where nothing does.

    A height from ranges counts once it is surer than the prior of an unknown altitude made it.
    """
    value, variance = height_at(k, time_ns, tracks)
    if tracks.height[k, KIND] == PRIOR:
        value = math.nan
    if math.isnan(tracks.vertical[k, 0]):
        return value, variance
    by_pressure = tracks.vertical[k, 2] + tracks.height[k, OFFSET_VARIANCE]
    if math.isnan(value) or by_pressure < variance:
        return tracks.vertical[k, 0] + tracks.height[k, OFFSET], by_pressure
    return value, variance


@lent
def take_height(tracks: Tracks, k: int, plot: Record, sensors: Records) -> bool:
    """Let a plot, at the track's time and before it corrects the track, tell of its height.

    False when a pair of ranges contradicts what was known, and was refused.
    """
    height = tracks.height
    if not math.isnan(plot.altitude_m):
        height[k, OFFSET] = plot.offset_m
        height[k, OFFSET_VARIANCE] = plot.offset_var
    if not math.isnan(plot.height_m) and tracks.trust[k, REFUSED] == NONE:
        value, variance = height_at(k, plot.time_ns, tracks)
        r = REPORTED_SIGMA_M * REPORTED_SIGMA_M
        far = 10.0 * math.sqrt(variance + r)
        if math.isnan(value) or height[k, KIND] != REPORTED or abs(plot.height_m - value) > far:
            value, variance = plot.height_m, r
        else:
            # Errors of one receiver last: reports do not average below half of them.
            gain = variance / (variance + r)
            value += gain * (plot.height_m - value)
            variance = max((1.0 - gain) * variance, 0.5 * r)
        height[k, HEIGHT], height[k, VARIANCE] = value, variance
        height[k, AT_NS], height[k, KIND] = plot.time_ns, REPORTED
        return True
    if math.isnan(plot.range_m) or not math.isnan(plot.altitude_m) or not math.isnan(tracks.vertical[k, 0]):
        return True
    _, variance = height_at(k, plot.time_ns, tracks)
    if math.isnan(height[k, HEIGHT]) or (
        height[k, KIND] == REPORTED and variance > FORGOTTEN_M * FORGOTTEN_M
    ):
        begin_square(tracks, k, plot, sensors)
    agrees = by_ranges(tracks, k, plot, sensors)
    keep(tracks, k, plot)
    return agrees


@lent
def begin_square(tracks: Tracks, k: int, plot: Record, sensors: Records) -> None:
    """Begin the search for a height at what the prior says of a slant range: uniform in the square."""
    height = tracks.height
    base = sensors[plot.sensor].height_m
    value, sigma = prior_altitude(plot.range_m, sensors[plot.sensor])
    above = max(value - base, LEAST_M)
    height[k, BASE] = base
    height[k, SQUARE] = above * above
    height[k, SQUARE_VARIANCE] = 4.0 * above * above * sigma * sigma
    height[k, HEIGHT], height[k, VARIANCE] = value, sigma * sigma
    height[k, AT_NS], height[k, KIND] = plot.time_ns, PRIOR


@lent
def keep(tracks: Tracks, k: int, plot: Record) -> None:
    """Keep a plot for pairs to come, in its sensor's place, or the stalest."""
    slot = 0
    for i in range(RANGED_PLOTS):
        one = tracks.ranged[k, i]
        if one.sensor == plot.sensor:
            slot = i
            break
        if one.sensor < 0 or (
            tracks.ranged[k, slot].sensor >= 0 and one.time_ns < tracks.ranged[k, slot].time_ns
        ):
            slot = i
    one = tracks.ranged[k, slot]
    one.sensor = plot.sensor
    one.time_ns = plot.time_ns
    one.range_m = plot.range_m
    one.azimuth = plot.azimuth
    one.pairs = 0


@lent
def placed(
    tracks: Tracks, k: int, range_m: float, azimuth: float, height: float, sensor: Record
) -> tuple[float, float, float, float, float, float, float]:
    """East, north [m] of a range at a height, its covariance ee, en, nn [m²], and the place a bit higher."""
    _, _, x, y, z, ree, ren, rnn, _, _, _ = place_radar(range_m, azimuth, height, 0.0, sensor)
    e, n = to_plane(k, x, y, z, tracks.plane)
    _, _, x, y, z, _, _, _, _, _, _ = place_radar(range_m, azimuth, height + DELTA_M, 0.0, sensor)
    higher_e, higher_n = to_plane(k, x, y, z, tracks.plane)
    return e, n, ree, ren, rnn, higher_e, higher_n


@lent
def partner(tracks: Tracks, k: int, plot: Record) -> int:
    """Place of the latest plot of another radar that may make a pair with this one, or -1."""
    best = -1
    for i in range(RANGED_PLOTS):
        one = tracks.ranged[k, i]
        if (
            one.sensor >= 0
            and one.sensor != plot.sensor
            and one.pairs < PAIRS
            and (plot.time_ns - one.time_ns) * SECOND < APART_S
            and (best < 0 or one.time_ns > tracks.ranged[k, best].time_ns)
        ):
            best = i
    return best


@lent
def by_ranges(tracks: Tracks, k: int, plot: Record, sensors: Records) -> bool:
    """Correct the height of track `k` by a plot and the latest one of another radar; False when refused."""
    best = partner(tracks, k, plot)
    if best < 0 or tracks.height[k, KIND] == REPORTED:
        return True
    height = tracks.height
    other = tracks.ranged[k, best]
    square = height[k, SQUARE]
    above = math.sqrt(square)
    since = max((plot.time_ns - height[k, AT_NS]) * SECOND, 0.0)
    variance = height[k, SQUARE_VARIANCE] + 4.0 * square * DRIFT_M2PS * since
    value = height[k, BASE] + above
    e, n, ree, ren, rnn, he, hn = placed(tracks, k, plot.range_m, plot.azimuth, value, sensors[plot.sensor])
    e2, n2, ree2, ren2, rnn2, he2, hn2 = placed(
        tracks, k, other.range_m, other.azimuth, value, sensors[other.sensor]
    )
    step = DELTA_M * (2.0 * above + DELTA_M)
    ge = (he - e - he2 + e2) / step
    gn = (hn - n - hn2 + n2) / step
    dt = (plot.time_ns - other.time_ns) * SECOND
    de = e - e2 - dt * tracks.mean[k, 2]
    dn = n - n2 - dt * tracks.mean[k, 3]
    turned = 0.25 * TURN_MPS2 * TURN_MPS2 * dt * dt * dt * dt
    cov = tracks.cov
    cee = SHARED * (ree + ree2) + dt * dt * cov[k, 7] + turned + BIAS_M * BIAS_M
    cen = SHARED * (ren + ren2) + dt * dt * cov[k, 8]
    cnn = SHARED * (rnn + rnn2) + dt * dt * cov[k, 9] + turned + BIAS_M * BIAS_M
    det = cee * cnn - cen * cen
    we = (cnn * ge - cen * gn) / det
    wn = (cee * gn - cen * ge) / det
    information = we * ge + wn * gn
    if information * variance < 1e-4:
        return True
    off = -(we * de + wn * dn) / information
    s = variance + 1.0 / information
    if off * off > GATE * GATE * s:
        return False
    gain = variance / s
    other.pairs += 1
    floor = min(variance, 2.0 * BIAS_M * BIAS_M / (ge * ge + gn * gn))
    square = min(max(square + gain * off, LEAST_M * LEAST_M), MOST_M * MOST_M)
    height[k, SQUARE] = square
    height[k, SQUARE_VARIANCE] = max((1.0 - gain) * variance, floor)
    height[k, AT_NS] = plot.time_ns
    tell(tracks, k, plot, sensors)
    return True


@lent
def tell(tracks: Tracks, k: int, plot: Record, sensors: Records) -> None:
    """Height and variance of track `k` from its square, once they are surer than the prior."""
    height = tracks.height
    sigma = math.sqrt(height[k, SQUARE_VARIANCE])
    above = math.sqrt(height[k, SQUARE])
    # As far as one sigma of the square goes to either side.
    half = 0.5 * (math.sqrt(height[k, SQUARE] + sigma) - math.sqrt(max(height[k, SQUARE] - sigma, 0.0)))
    height[k, HEIGHT] = height[k, BASE] + above
    height[k, VARIANCE] = half * half
    _, prior = prior_altitude(plot.range_m, sensors[plot.sensor])
    height[k, KIND] = RANGED if half < SURER * prior else PRIOR
