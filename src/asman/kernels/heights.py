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
from asman.kernels.trackrows import RANGED_PLOTS, SECOND, to_plane

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
def begin_height(track: Record) -> None:
    """Forget the height of row `k` and the plots behind it."""
    height = track.height
    height[HEIGHT] = math.nan
    height[VARIANCE] = 0.0
    height[AT_NS] = 0.0
    height[KIND] = PRIOR
    height[OFFSET] = 0.0
    height[OFFSET_VARIANCE] = PRESSURE_SIGMA_M * PRESSURE_SIGMA_M
    for i in range(RANGED_PLOTS):
        track.ranged[i].sensor = -1


@lent
def height_at(track: Record, time_ns: int) -> tuple[float, float]:
    """Height [m], NaN without one, and variance [m²] of a track at a time; from geometry alone."""
    height = track.height
    if math.isnan(height[HEIGHT]):
        return math.nan, 0.0
    dt = max((time_ns - height[AT_NS]) * SECOND, 0.0)
    if math.isnan(track.vertical[0]):
        return height[HEIGHT], height[VARIANCE] + DRIFT_M2PS * dt
    return (
        height[HEIGHT] + dt * track.vertical[1],
        height[VARIANCE] + DRIFT_KNOWN_M2PS * dt + dt * dt * track.vertical[4],
    )


@lent
def best_height(track: Record, time_ns: int) -> tuple[float, float]:
    """Height [m] and variance [m²] of a track, from whatever tells it best; NaN where nothing does.

    A height from ranges counts once it is surer than the prior of an unknown altitude made it.
    """
    value, variance = height_at(track, time_ns)
    if track.height[KIND] == PRIOR:
        value = math.nan
    if math.isnan(track.vertical[0]):
        return value, variance
    by_pressure = track.vertical[2] + track.height[OFFSET_VARIANCE]
    if math.isnan(value) or by_pressure < variance:
        return track.vertical[0] + track.height[OFFSET], by_pressure
    return value, variance


@lent
def take_height(track: Record, plot: Record, sensors: Records) -> bool:
    """Let a plot, at the track's time and before it corrects the track, tell of its height.

    False when a pair of ranges contradicts what was known, and was refused.
    """
    height = track.height
    if not math.isnan(plot.altitude_m):
        height[OFFSET] = plot.offset_m
        height[OFFSET_VARIANCE] = plot.offset_var
    if not math.isnan(plot.height_m) and track.trust[REFUSED] == NONE:
        value, variance = height_at(track, plot.time_ns)
        r = REPORTED_SIGMA_M * REPORTED_SIGMA_M
        far = 10.0 * math.sqrt(variance + r)
        if math.isnan(value) or height[KIND] != REPORTED or abs(plot.height_m - value) > far:
            value, variance = plot.height_m, r
        else:
            # Errors of one receiver last: reports do not average below half of them.
            gain = variance / (variance + r)
            value += gain * (plot.height_m - value)
            variance = max((1.0 - gain) * variance, 0.5 * r)
        height[HEIGHT], height[VARIANCE] = value, variance
        height[AT_NS], height[KIND] = plot.time_ns, REPORTED
        return True
    if math.isnan(plot.range_m) or not math.isnan(plot.altitude_m) or not math.isnan(track.vertical[0]):
        return True
    _, variance = height_at(track, plot.time_ns)
    if math.isnan(height[HEIGHT]) or (height[KIND] == REPORTED and variance > FORGOTTEN_M * FORGOTTEN_M):
        begin_square(track, plot, sensors)
    agrees = by_ranges(track, plot, sensors)
    keep(track, plot)
    return agrees


@lent
def begin_square(track: Record, plot: Record, sensors: Records) -> None:
    """Begin the search for a height at what the prior says of a slant range: uniform in the square."""
    height = track.height
    base = sensors[plot.sensor].height_m
    value, sigma = prior_altitude(plot.range_m, sensors[plot.sensor])
    above = max(value - base, LEAST_M)
    height[BASE] = base
    height[SQUARE] = above * above
    height[SQUARE_VARIANCE] = 4.0 * above * above * sigma * sigma
    height[HEIGHT], height[VARIANCE] = value, sigma * sigma
    height[AT_NS], height[KIND] = plot.time_ns, PRIOR


@lent
def keep(track: Record, plot: Record) -> None:
    """Keep a plot for pairs to come, in its sensor's place, or the stalest."""
    slot = 0
    for i in range(RANGED_PLOTS):
        one = track.ranged[i]
        if one.sensor == plot.sensor:
            slot = i
            break
        if one.sensor < 0 or (track.ranged[slot].sensor >= 0 and one.time_ns < track.ranged[slot].time_ns):
            slot = i
    one = track.ranged[slot]
    one.sensor = plot.sensor
    one.time_ns = plot.time_ns
    one.range_m = plot.range_m
    one.azimuth = plot.azimuth
    one.pairs = 0


@lent
def placed(
    track: Record, range_m: float, azimuth: float, height: float, sensor: Record
) -> tuple[float, float, float, float, float, float, float]:
    """East, north [m] of a range at a height, its covariance ee, en, nn [m²], and the place a bit higher."""
    x, y, z, ree, ren, rnn, _, _, _ = place_radar(range_m, azimuth, height, 0.0, sensor)
    e, n = to_plane(x, y, z, track.plane)
    x, y, z, _, _, _, _, _, _ = place_radar(range_m, azimuth, height + DELTA_M, 0.0, sensor)
    higher_e, higher_n = to_plane(x, y, z, track.plane)
    return e, n, ree, ren, rnn, higher_e, higher_n


@lent
def partner(track: Record, plot: Record) -> int:
    """Place of the latest plot of another radar that may make a pair with this one, or -1."""
    best = -1
    for i in range(RANGED_PLOTS):
        one = track.ranged[i]
        if (
            one.sensor >= 0
            and one.sensor != plot.sensor
            and one.pairs < PAIRS
            and (plot.time_ns - one.time_ns) * SECOND < APART_S
            and (best < 0 or one.time_ns > track.ranged[best].time_ns)
        ):
            best = i
    return best


@lent
def by_ranges(track: Record, plot: Record, sensors: Records) -> bool:
    """Correct the height of a track by a plot and the latest one of another radar; False when refused."""
    best = partner(track, plot)
    if best < 0 or track.height[KIND] == REPORTED:
        return True
    height = track.height
    other = track.ranged[best]
    square = height[SQUARE]
    above = math.sqrt(square)
    since = max((plot.time_ns - height[AT_NS]) * SECOND, 0.0)
    variance = height[SQUARE_VARIANCE] + 4.0 * square * DRIFT_M2PS * since
    value = height[BASE] + above
    e, n, ree, ren, rnn, he, hn = placed(track, plot.range_m, plot.azimuth, value, sensors[plot.sensor])
    e2, n2, ree2, ren2, rnn2, he2, hn2 = placed(
        track, other.range_m, other.azimuth, value, sensors[other.sensor]
    )
    step = DELTA_M * (2.0 * above + DELTA_M)
    ge = (he - e - he2 + e2) / step
    gn = (hn - n - hn2 + n2) / step
    dt = (plot.time_ns - other.time_ns) * SECOND
    de = e - e2 - dt * track.state[2]
    dn = n - n2 - dt * track.state[3]
    turned = 0.25 * TURN_MPS2 * TURN_MPS2 * dt * dt * dt * dt
    cov = track.cov
    cee = SHARED * (ree + ree2) + dt * dt * cov[7] + turned + BIAS_M * BIAS_M
    cen = SHARED * (ren + ren2) + dt * dt * cov[8]
    cnn = SHARED * (rnn + rnn2) + dt * dt * cov[9] + turned + BIAS_M * BIAS_M
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
    height[SQUARE] = square
    height[SQUARE_VARIANCE] = max((1.0 - gain) * variance, floor)
    height[AT_NS] = plot.time_ns
    tell(track, plot, sensors)
    return True


@lent
def tell(track: Record, plot: Record, sensors: Records) -> None:
    """Height and variance of a track from its square, once they are surer than the prior."""
    height = track.height
    sigma = math.sqrt(height[SQUARE_VARIANCE])
    above = math.sqrt(height[SQUARE])
    # As far as one sigma of the square goes to either side.
    half = 0.5 * (math.sqrt(height[SQUARE] + sigma) - math.sqrt(max(height[SQUARE] - sigma, 0.0)))
    height[HEIGHT] = height[BASE] + above
    height[VARIANCE] = half * half
    _, prior = prior_altitude(plot.range_m, sensors[plot.sensor])
    height[KIND] = RANGED if half < SURER * prior else PRIOR
