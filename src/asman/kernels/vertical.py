"""Vertical filter: altitude and climb rate from reported pressure altitudes in steps of 25 or 100 ft.

A report says which step the altitude lies in, and nothing about where in it. Taken as Gaussian noise of that
size, level flight near an edge becomes a climb, and a slow climb a staircase. So the reported step is an
interval: each model's Gaussian is cut to it, and goes on as the Gaussian of the same mean and variance.

Three models run side by side: level; a steady climb; a climb that changes. They are weighed by how probable
each held the step that was reported. A report that none holds probable, against the chance of a garble, is
disbelieved, and held: three that agree are a real change, two where a steep climb leads from what was
believed through both, and so many in a row that agree on nothing mean that the filter is lost, so it begins
anew. Mode C is told in steps of 100 ft always, Mode S and ADS-B in 25 or 100 as the encoder is: what was once
off a whole hundred is of the fine kind.

One row of `vertical` (T, FIELDS): 0 altitude m, 1 climb m/s, 2..4 variances aa, ac, cc of the mixture; 5 held
altitude m, 6 seconds since it was said (negative: none), 7 reports that agree on it, 8 reports disbelieved in
a row; 9 step m last used; 10 1 when the encoder is known to be fine; 11 seconds since a report was believed;
from 12 on, a model each: weight, altitude, climb, aa, ac, cc. NaN altitude: none yet.

Sources: R. E. Curry, Estimation and Control with Quantized Measurements, MIT Press, 1970 (Gaussian fit);
Bar-Shalom, Li, Kirubarajan 2001, sections 6.3.2 and 11.6 (models, IMM); ICAO Annex 10 IV, 3.1.1.7.12 (codes).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, lent, small

Floats = NDArray[np.float64]

HELD: Final = 5
HELD_FOR: Final = 6
AGREEING: Final = 7
DISBELIEVED: Final = 8
STEP: Final = 9
FINE: Final = 10
BELIEVED_FOR: Final = 11
MODELS: Final = 12
LEVEL: Final = 0
STEADY: Final = 1
CHANGING: Final = 2
COUNT: Final = 3
WIDTH: Final = 6
FIELDS: Final = MODELS + COUNT * WIDTH

FOOT_M: Final = 0.3048
COARSE_M: Final = 100.0 * FOOT_M
FINE_M: Final = 25.0 * FOOT_M
#: What jitters beside the steps: turbulence and autopilot between two reports, the encoder's own threshold.
JITTER_M: Final = 3.0
#: m²/s: wandering of level flight about its level.
WANDER_M2PS: Final = 0.2
#: m²/s³: a steady climb drifts by 0.3 m/s in ten seconds; a changing one gains or loses 1 m/s².
NOISE_STEADY_M2PS3: Final = 0.01
NOISE_CHANGING_M2PS3: Final = 12.0
#: s: mean time in each model. A steady climb is given long: what coasts without reports goes on climbing.
LEVEL_S: Final = 200.0
STEADY_S: Final = 900.0
CHANGING_S: Final = 10.0
WEIGHT_MIN: Final = 1e-3
#: m/s: climb rates of airliners stay below 20, of fighters below 120 for long.
CLIMB_SIGMA_MPS: Final = 12.0
CLIMB_MAX_MPS: Final = 150.0
CLIMB_VARIANCE_MAX: Final = 4.0 * CLIMB_SIGMA_MPS * CLIMB_SIGMA_MPS
#: Share of garbled altitudes that nothing marks, and over how many metres codes spread (126,700 ft).
GARBLE: Final = 0.005
SPREAD_M: Final = 38_600.0
#: Reports that must agree before a change that no climb explains is believed; and how many in a row may be
#: disbelieved at all.
AGREE: Final = 3
PATIENCE: Final = 6
#: m, m/s: how far apart held reports may lie and agree.
AGREE_M: Final = 60.0
AGREE_MPS: Final = 40.0
#: m/s: what a reported vertical rate errs: steps of 64 ft/min, and the lag of barometric ones.
RATE_SIGMA_MPS: Final = 1.0
_ROOT_HALF: Final = math.sqrt(0.5)
_PEAK: Final = 1.0 / math.sqrt(2.0 * math.pi)


@kernel
def begin_vertical(altitude: float, vertical: Floats) -> None:
    """Start the filter of a track; a NaN altitude leaves it empty."""
    for i in range(FIELDS):
        vertical[i] = 0.0
    vertical[HELD] = math.nan
    vertical[HELD_FOR] = -1.0
    vertical[STEP] = COARSE_M
    restart(altitude, 0.0, CLIMB_SIGMA_MPS * CLIMB_SIGMA_MPS, vertical)


@lent
def restart(altitude: float, climb: float, variance: float, vertical: Floats) -> None:
    """Let every model begin at an altitude, within its step, with a climb of a variance [m²/s²]."""
    within = vertical[STEP] * vertical[STEP] / 12.0 + JITTER_M * JITTER_M
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        vertical[o] = 0.4 if j != CHANGING else 0.2
        vertical[o + 1] = altitude
        vertical[o + 2] = 0.0 if j == LEVEL else climb
        vertical[o + 3] = within
        vertical[o + 4] = 0.0
        vertical[o + 5] = 0.01 if j == LEVEL else variance
    believe(vertical)


@lent
def believe(vertical: Floats) -> None:
    """Note that a report was believed: nothing is held any more."""
    vertical[HELD_FOR] = -1.0
    vertical[AGREEING] = 0.0
    vertical[DISBELIEVED] = 0.0
    vertical[BELIEVED_FOR] = 0.0
    mixture(vertical)


@lent
def mixture(vertical: Floats) -> None:
    """Write mean and variances of all models together."""
    a = 0.0
    c = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        a += vertical[o] * vertical[o + 1]
        c += vertical[o] * vertical[o + 2]
    aa = 0.0
    ac = 0.0
    cc = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        w = vertical[o]
        da = vertical[o + 1] - a
        dc = vertical[o + 2] - c
        aa += w * (vertical[o + 3] + da * da)
        ac += w * (vertical[o + 4] + da * dc)
        cc += w * (vertical[o + 5] + dc * dc)
    vertical[0], vertical[1] = a, min(max(c, -CLIMB_MAX_MPS), CLIMB_MAX_MPS)
    vertical[2], vertical[3], vertical[4] = aa, ac, cc


@small
def jump(i: int, j: int, leave: float) -> float:
    """Probability that model `i`, left with probability `leave`, has become model `j`."""
    if i == j:
        return 1.0 - leave
    # No climb begins or ends but by a change; the rest is what was missed between two reports.
    if i == CHANGING:
        return leave * (0.4 if j == LEVEL else 0.6)
    return leave * (0.8 if j == CHANGING else 0.2)


@kernel
def predict_vertical(dt: float, vertical: Floats, work: Floats) -> None:
    """Carry the filter on by `dt` seconds (not negative).

    work  (3, 6) or more  scratch
    """
    vertical[BELIEVED_FOR] += dt
    if vertical[HELD_FOR] >= 0.0:
        vertical[HELD_FOR] += dt
    if math.isnan(vertical[0]):
        return
    leave = (dt / (dt + LEVEL_S), dt / (dt + STEADY_S), dt / (dt + CHANGING_S))
    for j in range(COUNT):
        w = 0.0
        a = 0.0
        c = 0.0
        for i in range(COUNT):
            o = MODELS + i * WIDTH
            share = vertical[o] * jump(i, j, leave[i])
            w += share
            a += share * vertical[o + 1]
            c += share * vertical[o + 2]
        a /= w
        c /= w
        aa = 0.0
        ac = 0.0
        cc = 0.0
        for i in range(COUNT):
            o = MODELS + i * WIDTH
            share = vertical[o] * jump(i, j, leave[i]) / w
            da = vertical[o + 1] - a
            dc = vertical[o + 2] - c
            aa += share * (vertical[o + 3] + da * da)
            ac += share * (vertical[o + 4] + da * dc)
            cc += share * (vertical[o + 5] + dc * dc)
        work[j, 0], work[j, 1], work[j, 2], work[j, 3], work[j, 4], work[j, 5] = w, a, c, aa, ac, cc
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        a, c, aa, ac, cc = work[j, 1], work[j, 2], work[j, 3], work[j, 4], work[j, 5]
        vertical[o] = work[j, 0]
        if j == LEVEL:
            vertical[o + 1] = a
            vertical[o + 2] = 0.0
            vertical[o + 3] = aa + WANDER_M2PS * dt
            vertical[o + 4] = 0.0
            vertical[o + 5] = 0.01
            continue
        q = NOISE_STEADY_M2PS3 if j == STEADY else NOISE_CHANGING_M2PS3
        # Coasting must not open without end: no climb lasts at more than the usual rates.
        if cc > CLIMB_VARIANCE_MAX:
            ac *= math.sqrt(CLIMB_VARIANCE_MAX / cc)
            cc = CLIMB_VARIANCE_MAX
        vertical[o + 1] = a + dt * c
        vertical[o + 2] = c
        vertical[o + 3] = aa + dt * (2.0 * ac + dt * cc) + q * dt * dt * dt / 3.0
        vertical[o + 4] = ac + dt * cc + q * dt * dt / 2.0
        vertical[o + 5] = cc + q * dt
    mixture(vertical)


@lent
def cut(mean: float, variance: float, low: float, high: float) -> tuple[float, float, float]:
    """A Gaussian cut to an interval: its probability there, how far its mean moves [m], its variance [m²]."""
    s = math.sqrt(variance)
    a = (low - mean) / s
    b = (high - mean) / s
    # By symmetry to the upper tail, where the complements do not cancel.
    sign = 1.0
    if a + b < 0.0:
        a, b = -b, -a
        sign = -1.0
    most = (high - low) * (high - low) / 12.0
    if a > 30.0:
        return 1e-200, sign * a * s, min(variance / (a * a), most)
    inside = 0.5 * (math.erfc(a * _ROOT_HALF) - math.erfc(b * _ROOT_HALF))
    if b - a < 1e-3:
        return max(inside, 1e-200), sign * 0.5 * (a + b) * s, most
    fa = _PEAK * math.exp(-0.5 * a * a)
    fb = _PEAK * math.exp(-0.5 * b * b)
    move = (fa - fb) / inside
    left = variance * (1.0 + (a * fa - b * fb) / inside - move * move)
    return max(inside, 1e-200), sign * move * s, min(max(left, 0.01 * most), variance, most)


@lent
def step_of(altitude: float, addressed: bool, vertical: Floats) -> float:
    """Step [m] that a report was told in: 100 ft where it is a whole hundred and no fine encoder is known."""
    hundreds = altitude / COARSE_M
    if abs(hundreds - math.floor(hundreds + 0.5)) > 0.02:
        return FINE_M
    return FINE_M if addressed and vertical[FINE] == 1.0 else COARSE_M


@small
def altitude_fits(ahead: float, altitude: float, vertical: Floats) -> float:
    """Likelihood [1/m] of an altitude, `ahead` seconds on; garbles are the caller's to weigh in."""
    s = vertical[2] + ahead * (2.0 * vertical[3] + ahead * vertical[4]) + COARSE_M * COARSE_M / 12.0
    # A climb that is just beginning must not look like another aircraft.
    s += 900.0
    d = altitude - vertical[0] - ahead * vertical[1]
    return math.exp(-0.5 * d * d / s) / math.sqrt(2.0 * math.pi * s)


@kernel
def update_vertical(altitude: float, addressed: bool, vertical: Floats) -> bool:
    """Take in an altitude at the filter's time; False when it is disbelieved as a garble.

    addressed  whether the report bears an aircraft address (Mode S, ADS-B): its steps may be fine ones
    """
    if math.isnan(vertical[0]):
        begin_vertical(altitude, vertical)
        vertical[FINE] = 1.0 if addressed and step_of(altitude, True, vertical) < COARSE_M else 0.0
        return True
    step = step_of(altitude, addressed, vertical)
    low, high = altitude - 0.5 * step, altitude + 0.5 * step
    level = cut(vertical[MODELS + 1], vertical[MODELS + 3] + JITTER_M * JITTER_M, low, high)
    o = MODELS + STEADY * WIDTH
    steady = cut(vertical[o + 1], vertical[o + 3] + JITTER_M * JITTER_M, low, high)
    o = MODELS + CHANGING * WIDTH
    changing = cut(vertical[o + 1], vertical[o + 3] + JITTER_M * JITTER_M, low, high)
    models = (level, steady, changing)
    total = 0.0
    for j in range(COUNT):
        total += vertical[MODELS + j * WIDTH] * models[j][0]
    if (1.0 - GARBLE) * total < GARBLE * step / SPREAD_M:
        return disbelieve(altitude, step, vertical)
    again = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        aa, ac = vertical[o + 3], vertical[o + 4]
        s = aa + JITTER_M * JITTER_M
        inside, move, left = models[j]
        less = (1.0 - left / s) / s
        vertical[o] = max(vertical[o] * inside / total, WEIGHT_MIN)
        again += vertical[o]
        vertical[o + 1] += aa / s * move
        vertical[o + 2] += ac / s * move
        vertical[o + 3] -= aa * aa * less
        vertical[o + 4] -= aa * ac * less
        vertical[o + 5] -= ac * ac * less
    for j in range(COUNT):
        vertical[MODELS + j * WIDTH] /= again
    vertical[STEP] = step
    if addressed and step < COARSE_M:
        vertical[FINE] = 1.0
    believe(vertical)
    return True


@lent
def disbelieve(altitude: float, step: float, vertical: Floats) -> bool:
    """Hold an altitude that no climb explains; True when it is believed after all."""
    held = vertical[HELD_FOR]
    vertical[DISBELIEVED] += 1.0
    climb = 0.0
    enough = vertical[DISBELIEVED] >= PATIENCE
    if held >= 0.0 and abs(altitude - vertical[HELD]) < AGREE_M + CLIMB_MAX_MPS * held:
        climb = (altitude - vertical[HELD]) / max(held, 1.0)
        if abs(altitude - vertical[HELD]) < AGREE_M + AGREE_MPS * held:
            vertical[AGREEING] += 1.0
            enough = enough or vertical[AGREEING] >= AGREE
        # Swapped codes lie level beside the track; a climb leads from the track through both reports.
        way = vertical[HELD] - vertical[0]
        reach = climb * (vertical[BELIEVED_FOR] - held)
        enough = enough or (way * climb > 0.0 and abs(way) < 1.5 * abs(reach) + AGREE_M)
    else:
        vertical[AGREEING] = 1.0
    if enough:
        vertical[STEP] = step
        restart(altitude, climb, CLIMB_SIGMA_MPS * CLIMB_SIGMA_MPS, vertical)
        return True
    vertical[HELD] = altitude
    vertical[HELD_FOR] = 0.0
    return False


@kernel
def update_climb(climb: float, vertical: Floats) -> bool:
    """Take in a reported vertical rate [m/s] at the filter's time; False when nothing supports it."""
    r = RATE_SIGMA_MPS * RATE_SIGMA_MPS
    d = climb - vertical[1]
    if math.isnan(vertical[0]) or d * d > 25.0 * (vertical[4] + NOISE_CHANGING_M2PS3 + r):
        return False
    best = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        s = vertical[o + 5] + r
        d = climb - vertical[o + 2]
        vertical[o] *= math.exp(-0.5 * min(d * d / s, 60.0)) / math.sqrt(s)
        best += vertical[o]
        ac, cc = vertical[o + 4], vertical[o + 5]
        vertical[o + 1] += ac / s * d
        vertical[o + 2] += cc / s * d
        vertical[o + 3] -= ac * ac / s
        vertical[o + 4] -= ac * cc / s
        vertical[o + 5] -= cc * cc / s
    again = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        vertical[o] = max(vertical[o] / best, WEIGHT_MIN)
        again += vertical[o]
    for j in range(COUNT):
        vertical[MODELS + j * WIDTH] /= again
    mixture(vertical)
    return True


@small
def altitude_variance(vertical: Floats) -> float:
    """Variance [m²] of the altitude, honest about level flight: no report tells where in its step it lies."""
    return vertical[2] + vertical[MODELS] * vertical[STEP] * vertical[STEP] / 12.0
