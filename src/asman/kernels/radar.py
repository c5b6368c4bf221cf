"""A rotating radar as a row of numbers: where it stands, how its antenna turns, and what it measures.

The antenna's bearing after `turns` since its first north is 2π turns; it comes there at

    t = phase + period (turns + j / 2π (sin(2π turns + a) - sin a
                                        + 37 sin(2π turns / 37 + b) - 37 sin b))

so that its speed varies by the share j within each turn (wind on the antenna) and over 37 turns. The time of
any bearing is a closed formula: nothing has to be integrated, and nothing depends on how time is cut.

Sources: Skolnik, Radar Handbook, 3rd edition, chapters 7 and 9; EUROCONTROL CAT048 edition 1.32 (steps of
I140, I040); ITU-R P.453 (refractivity falls off by exp(-h / 7.35 km)).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.chance import TURN, normal_pair, uniform
from asman.kernels.jit import kernel, part
from asman.kernels.motion import MEAN_RADIUS_M

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SECOND_NS: Final = 1e9
FOOT_M: Final = 0.3048
#: What CAT048 can say: 1/128 s, 1/256 NM, 360/65536 degrees.
TIME_STEP_NS: Final = 7_812_500
RANGE_STEP_M: Final = 1852.0 / 256.0
AZIMUTH_STEP: Final = TURN / 65536.0
#: Height [m] over which the air's refractivity falls by e.
AIR_SCALE_M: Final = 7_350.0
#: Shares of a way, and their weights in a mean along it (Gauss and Legendre, four points).
_ALONG: Final = (
    (0.06943184420297371, 0.17392742256872692), (0.33000947820757187, 0.32607257743127307),
    (0.6699905217924281, 0.32607257743127307), (0.9305681557970263, 0.17392742256872692),
)  # fmt: skip
#: Turns after which the slow part of the antenna's variation comes back.
SLOW_TURNS: Final = 37.0

#: Columns of a radar, one row a radar. Angles rad, lengths m, times s, shares 0 to 1.
(
    X, Y, Z, SIN_LAT, COS_LAT, SIN_LON, COS_LON, HEIGHT, GROUND, MAST, HORIZON_RADIUS, HAS_HORIZON,
    HAS_TERRAIN, PERIOD, PHASE, JITTER, JITTER_AT, JITTER_SLOW_AT, RANGE_MAX, RANGE_MIN, PSR_RANGE_MAX,
    CONE_SINE,
    SIGMA_RANGE, SIGMA_AZIMUTH, RANGE_BIAS, RANGE_GAIN, AZIMUTH_BIAS, WOBBLE, WOBBLE_PHASE,
    SWING_RANGE, SWING_AZIMUTH, SWING_RATE, SWING_AT, TIME_BIAS, CLOCK_DRIFT, REFRACTIVITY,
    OUTLIERS, OUTLIER_SIGMA, QUANTISED,
    PD_SSR, PD_PSR, SNR_PSR, PSR_RCS, SWERLING, BLIND_SPEED, LOBING, SHADOW,
    FALSE_MEAN, CLUTTER_MAP, REFLECTION, RING_RANGE, RING,
    CODE_MISSING, CODE_GARBLED, ALTITUDE_MISSING, ALTITUDE_GARBLED, CODE_WRONG,
    GARBLE, GARBLE_RANGE, SSR_BEAM, MERGE, PSR_CELL, PSR_CELL_ANGLE, SSR_CELL, SSR_CELL_ANGLE,
    SPLIT, SPLIT_ANGLE, HAS_SSR, HAS_MODES, HAS_PSR, LATENCY, LATENCY_MORE, LOSS, TWICE, RADAR_COLUMNS,
) = range(75)  # fmt: skip

#: Bits of a detection: which part of the radar saw it.
PSR, SSR, MODES = 1, 2, 4
#: Bits of a flaw: what the radar says of its own reply decoding; of WRONG it says nothing.
CODE_IS_MISSING, CODE_IS_GARBLED, ALTITUDE_IS_MISSING, ALTITUDE_IS_GARBLED, CODE_IS_WRONG = 1, 2, 4, 8, 16
ALTITUDE_IS_WRONG = 32
#: Equipment of an aircraft: none, Mode A/C, Mode S.
DARK, MODE_AC, MODE_S = 0, 1, 2
#: Why there is a plot, for the truth index: never told to a tracker.
(
    OF_AIRCRAFT, OF_SPLIT, OF_REFLECTION, OF_RING_AROUND, OF_CLUTTER, OF_SPOT, OF_FRUIT, OF_WEATHER,
    OF_STROBE, OF_REPORT, OF_STALE, OF_SPOOF, OF_GHOST,
) = range(13)  # fmt: skip

#: Columns of a plot as kernels write it: integers ...
AT, RADAR, AIRCRAFT, STAMP, SEEN, FLAWS, CHANCE, CAUSE, PLOT_INTS = range(9)
#: ... and floats: range [m], azimuth [rad], pressure altitude [m], velocity north, east, up [m/s], rate of
#: turn [rad/s, clockwise], signal to noise [dB]. NaN is unknown.
RANGE, AZIMUTH, PRESSURE, NORTH, EAST, UP, TURN_RATE, SIGNAL, PLOT_FLOATS = range(9)


@part
def antenna_time(radar: Floats, turns: float) -> float:
    """Time [s after the begin] at which an antenna has made so many turns since its first north."""
    j = radar[JITTER] / TURN
    fast = math.sin(TURN * turns + radar[JITTER_AT]) - math.sin(radar[JITTER_AT])
    slow = math.sin(TURN / SLOW_TURNS * turns + radar[JITTER_SLOW_AT]) - math.sin(radar[JITTER_SLOW_AT])
    return radar[PHASE] + radar[PERIOD] * (turns + j * (fast + SLOW_TURNS * slow))


@part
def turns_margin(radar: Floats) -> float:
    """By how much, in turns, an antenna may be off from where even rotation would have it."""
    return radar[JITTER] / TURN * 2.0 * (1.0 + SLOW_TURNS) + 1e-6


@kernel
def antenna_times(radar: Floats, turns: Floats) -> Floats:
    """Time [s after the begin] of each number of turns (N,) of one radar's antenna."""
    times = np.empty(turns.size)
    for i in range(turns.size):
        times[i] = antenna_time(radar, turns[i])
    return times


@part
def scans_of(radar: Floats, begin_ns: int, end_ns: int) -> tuple[int, int]:
    """First and last scan that may have a part in [begin, end), ns after the begin."""
    margin = turns_margin(radar)
    first = math.floor((begin_ns / SECOND_NS - radar[PHASE]) / radar[PERIOD] - margin)
    last = math.floor((end_ns / SECOND_NS - radar[PHASE]) / radar[PERIOD] + margin)
    return first, last


@part
def air_delay(radar: Floats, range_: float, height: float) -> float:
    """What the air adds to a range [m] to a height [m], over what the radar's correction takes away.

    The mean of exp(-h / 7.35 km) along the straight way, which dips towards the ground: at the share f of it
    the distance from the earth's centre is that of Stewart's theorem. Four points err by less than 0.1 %.
    """
    near, far = (MEAN_RADIUS_M + radar[HEIGHT]) ** 2, (MEAN_RADIUS_M + height) ** 2
    mean = 0.0
    for share, weight in _ALONG:
        out2 = (1.0 - share) * near + share * far - share * (1.0 - share) * range_ * range_
        mean += weight * math.exp((MEAN_RADIUS_M - math.sqrt(out2)) / AIR_SCALE_M)
    return 1e-6 * radar[REFRACTIVITY] * mean * range_


@part
def measured(
    radar: Floats, origin_ns: int, t_ns: int, range_: float, azimuth: float, key: np.uint64
) -> tuple[int, float, float]:
    """What the radar says: time [ns UTC], range [m], azimuth [rad, 0 to 2π], with its errors and steps.

    Uses the draws 2, 3 (noise) and 9 to 11 (outliers) of `key`.
    """
    in_range, in_azimuth = normal_pair(key, 2)
    t = t_ns / SECOND_NS
    swing = math.sin(radar[SWING_RATE] * t + radar[SWING_AT])
    range_ = range_ * (1.0 + radar[RANGE_GAIN]) + radar[RANGE_BIAS] + radar[SWING_RANGE] * swing
    range_ += radar[SIGMA_RANGE] * in_range
    azimuth += radar[AZIMUTH_BIAS] + radar[SWING_AZIMUTH] * swing
    azimuth += radar[WOBBLE] * math.sin(azimuth + radar[WOBBLE_PHASE]) + radar[SIGMA_AZIMUTH] * in_azimuth
    if uniform(key, 9) < radar[OUTLIERS]:
        azimuth += radar[OUTLIER_SIGMA] * normal_pair(key, 10)[0]
    stamp = origin_ns + t_ns + int((radar[TIME_BIAS] + radar[CLOCK_DRIFT] * t) * SECOND_NS)
    if radar[QUANTISED] > 0.0:
        range_ = math.floor(range_ / RANGE_STEP_M + 0.5) * RANGE_STEP_M
        azimuth = math.floor(azimuth / AZIMUTH_STEP + 0.5) * AZIMUTH_STEP
        stamp = (stamp + TIME_STEP_NS // 2) // TIME_STEP_NS * TIME_STEP_NS
    azimuth -= TURN * math.floor(azimuth / TURN)
    return stamp, max(range_, 0.0), azimuth


@part
def pressure_altitude(height: float, atmosphere: tuple[float, float], step: float) -> float:
    """Pressure altitude [m] that a transponder reports in steps of `step` [m] at a height [m].

    atmosphere   offset [m] and scale of height = offset + scale * pressure altitude
    """
    return math.floor((height - atmosphere[0]) / atmosphere[1] / step + 0.5) * step


@part
def horizon_range(radar: Floats, height: float) -> float:
    """Range [m] at which smooth ground hides an aircraft of this height, on an effective earth."""
    above = height - radar[GROUND]
    if above <= 0.0:
        return 0.0
    radius = 2.0 * radar[HORIZON_RADIUS]
    return math.sqrt(radius * radar[MAST]) + math.sqrt(radius * above)
