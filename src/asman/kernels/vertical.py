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
def begin_vertical(k: int, altitude: float, vertical: Floats) -> None:
    """Start the filter of track `k`; a NaN altitude leaves it empty."""
    for i in range(FIELDS):
        vertical[k, i] = 0.0
    vertical[k, HELD] = math.nan
    vertical[k, HELD_FOR] = -1.0
    vertical[k, STEP] = COARSE_M
    restart(k, altitude, 0.0, CLIMB_SIGMA_MPS * CLIMB_SIGMA_MPS, vertical)


@lent
def restart(k: int, altitude: float, climb: float, variance: float, vertical: Floats) -> None:
    """Let every model begin at an altitude, within its step, with a climb of a variance [m²/s²]."""
    within = vertical[k, STEP] * vertical[k, STEP] / 12.0 + JITTER_M * JITTER_M
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        vertical[k, o] = 0.4 if j != CHANGING else 0.2
        vertical[k, o + 1] = altitude
        vertical[k, o + 2] = 0.0 if j == LEVEL else climb
        vertical[k, o + 3] = within
        vertical[k, o + 4] = 0.0
        vertical[k, o + 5] = 0.01 if j == LEVEL else variance
    believe(k, vertical)


@lent
def believe(k: int, vertical: Floats) -> None:
    """Note that a report was believed: nothing is held any more."""
    vertical[k, HELD_FOR] = -1.0
    vertical[k, AGREEING] = 0.0
    vertical[k, DISBELIEVED] = 0.0
    vertical[k, BELIEVED_FOR] = 0.0
    mixture(k, vertical)


@lent
def mixture(k: int, vertical: Floats) -> None:
    """Write mean and variances of all models together."""
    a = 0.0
    c = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        a += vertical[k, o] * vertical[k, o + 1]
        c += vertical[k, o] * vertical[k, o + 2]
    aa = 0.0
    ac = 0.0
    cc = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        w = vertical[k, o]
        da = vertical[k, o + 1] - a
        dc = vertical[k, o + 2] - c
        aa += w * (vertical[k, o + 3] + da * da)
        ac += w * (vertical[k, o + 4] + da * dc)
        cc += w * (vertical[k, o + 5] + dc * dc)
    vertical[k, 0], vertical[k, 1] = a, min(max(c, -CLIMB_MAX_MPS), CLIMB_MAX_MPS)
    vertical[k, 2], vertical[k, 3], vertical[k, 4] = aa, ac, cc


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
def predict_vertical(k: int, dt: float, vertical: Floats, work: Floats) -> None:
    """Carry the filter on by `dt` seconds (not negative).

    work  (3, 6) or more  scratch
    """
    vertical[k, BELIEVED_FOR] += dt
    if vertical[k, HELD_FOR] >= 0.0:
        vertical[k, HELD_FOR] += dt
    if math.isnan(vertical[k, 0]):
        return
    leave = (dt / (dt + LEVEL_S), dt / (dt + STEADY_S), dt / (dt + CHANGING_S))
    for j in range(COUNT):
        w = 0.0
        a = 0.0
        c = 0.0
        for i in range(COUNT):
            o = MODELS + i * WIDTH
            share = vertical[k, o] * jump(i, j, leave[i])
            w += share
            a += share * vertical[k, o + 1]
            c += share * vertical[k, o + 2]
        a /= w
        c /= w
        aa = 0.0
        ac = 0.0
        cc = 0.0
        for i in range(COUNT):
            o = MODELS + i * WIDTH
            share = vertical[k, o] * jump(i, j, leave[i]) / w
            da = vertical[k, o + 1] - a
            dc = vertical[k, o + 2] - c
            aa += share * (vertical[k, o + 3] + da * da)
            ac += share * (vertical[k, o + 4] + da * dc)
            cc += share * (vertical[k, o + 5] + dc * dc)
        work[j, 0], work[j, 1], work[j, 2], work[j, 3], work[j, 4], work[j, 5] = w, a, c, aa, ac, cc
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        a, c, aa, ac, cc = work[j, 1], work[j, 2], work[j, 3], work[j, 4], work[j, 5]
        vertical[k, o] = work[j, 0]
        if j == LEVEL:
            vertical[k, o + 1] = a
            vertical[k, o + 2] = 0.0
            vertical[k, o + 3] = aa + WANDER_M2PS * dt
            vertical[k, o + 4] = 0.0
            vertical[k, o + 5] = 0.01
            continue
        q = NOISE_STEADY_M2PS3 if j == STEADY else NOISE_CHANGING_M2PS3
        # Coasting must not open without end: no climb lasts at more than the usual rates.
        if cc > CLIMB_VARIANCE_MAX:
            ac *= math.sqrt(CLIMB_VARIANCE_MAX / cc)
            cc = CLIMB_VARIANCE_MAX
        vertical[k, o + 1] = a + dt * c
        vertical[k, o + 2] = c
        vertical[k, o + 3] = aa + dt * (2.0 * ac + dt * cc) + q * dt * dt * dt / 3.0
        vertical[k, o + 4] = ac + dt * cc + q * dt * dt / 2.0
        vertical[k, o + 5] = cc + q * dt
    mixture(k, vertical)


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
def step_of(k: int, altitude: float, addressed: bool, vertical: Floats) -> float:
    """Step [m] that a report was told in: 100 ft where it is a whole hundred and no fine encoder is known."""
    hundreds = altitude / COARSE_M
    if abs(hundreds - math.floor(hundreds + 0.5)) > 0.02:
        return FINE_M
    return FINE_M if addressed and vertical[k, FINE] == 1.0 else COARSE_M


@small
def altitude_fits(k: int, ahead: float, altitude: float, vertical: Floats) -> float:
    """Likelihood [1/m] of an altitude, `ahead` seconds on; garbles are the caller's to weigh in."""
    s = vertical[k, 2] + ahead * (2.0 * vertical[k, 3] + ahead * vertical[k, 4]) + COARSE_M * COARSE_M / 12.0
    # A climb that is just beginning must not look like another aircraft.
    s += 900.0
    d = altitude - vertical[k, 0] - ahead * vertical[k, 1]
    return math.exp(-0.5 * d * d / s) / math.sqrt(2.0 * math.pi * s)


@kernel
def update_vertical(k: int, altitude: float, addressed: bool, vertical: Floats) -> bool:
    """Take in an altitude at the filter's time; False when it is disbelieved as a garble.

    addressed  whether the report bears an aircraft address (Mode S, ADS-B): its steps may be fine ones
    """
    if math.isnan(vertical[k, 0]):
        begin_vertical(k, altitude, vertical)
        vertical[k, FINE] = 1.0 if addressed and step_of(k, altitude, True, vertical) < COARSE_M else 0.0
        return True
    step = step_of(k, altitude, addressed, vertical)
    low, high = altitude - 0.5 * step, altitude + 0.5 * step
    level = cut(vertical[k, MODELS + 1], vertical[k, MODELS + 3] + JITTER_M * JITTER_M, low, high)
    o = MODELS + STEADY * WIDTH
    steady = cut(vertical[k, o + 1], vertical[k, o + 3] + JITTER_M * JITTER_M, low, high)
    o = MODELS + CHANGING * WIDTH
    changing = cut(vertical[k, o + 1], vertical[k, o + 3] + JITTER_M * JITTER_M, low, high)
    models = (level, steady, changing)
    total = 0.0
    for j in range(COUNT):
        total += vertical[k, MODELS + j * WIDTH] * models[j][0]
    if (1.0 - GARBLE) * total < GARBLE * step / SPREAD_M:
        return disbelieve(k, altitude, step, vertical)
    again = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        aa, ac = vertical[k, o + 3], vertical[k, o + 4]
        s = aa + JITTER_M * JITTER_M
        inside, move, left = models[j]
        less = (1.0 - left / s) / s
        vertical[k, o] = max(vertical[k, o] * inside / total, WEIGHT_MIN)
        again += vertical[k, o]
        vertical[k, o + 1] += aa / s * move
        vertical[k, o + 2] += ac / s * move
        vertical[k, o + 3] -= aa * aa * less
        vertical[k, o + 4] -= aa * ac * less
        vertical[k, o + 5] -= ac * ac * less
    for j in range(COUNT):
        vertical[k, MODELS + j * WIDTH] /= again
    vertical[k, STEP] = step
    if addressed and step < COARSE_M:
        vertical[k, FINE] = 1.0
    believe(k, vertical)
    return True


@lent
def disbelieve(k: int, altitude: float, step: float, vertical: Floats) -> bool:
    """Hold an altitude that no climb explains; True when it is believed after all."""
    held = vertical[k, HELD_FOR]
    vertical[k, DISBELIEVED] += 1.0
    climb = 0.0
    enough = vertical[k, DISBELIEVED] >= PATIENCE
    if held >= 0.0 and abs(altitude - vertical[k, HELD]) < AGREE_M + CLIMB_MAX_MPS * held:
        climb = (altitude - vertical[k, HELD]) / max(held, 1.0)
        if abs(altitude - vertical[k, HELD]) < AGREE_M + AGREE_MPS * held:
            vertical[k, AGREEING] += 1.0
            enough = enough or vertical[k, AGREEING] >= AGREE
        # Swapped codes lie level beside the track; a climb leads from the track through both reports.
        way = vertical[k, HELD] - vertical[k, 0]
        reach = climb * (vertical[k, BELIEVED_FOR] - held)
        enough = enough or (way * climb > 0.0 and abs(way) < 1.5 * abs(reach) + AGREE_M)
    else:
        vertical[k, AGREEING] = 1.0
    if enough:
        vertical[k, STEP] = step
        restart(k, altitude, climb, CLIMB_SIGMA_MPS * CLIMB_SIGMA_MPS, vertical)
        return True
    vertical[k, HELD] = altitude
    vertical[k, HELD_FOR] = 0.0
    return False


@kernel
def update_climb(k: int, climb: float, vertical: Floats) -> bool:
    """Take in a reported vertical rate [m/s] at the filter's time; False when nothing supports it."""
    r = RATE_SIGMA_MPS * RATE_SIGMA_MPS
    d = climb - vertical[k, 1]
    if math.isnan(vertical[k, 0]) or d * d > 25.0 * (vertical[k, 4] + NOISE_CHANGING_M2PS3 + r):
        return False
    best = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        s = vertical[k, o + 5] + r
        d = climb - vertical[k, o + 2]
        vertical[k, o] *= math.exp(-0.5 * min(d * d / s, 60.0)) / math.sqrt(s)
        best += vertical[k, o]
        ac, cc = vertical[k, o + 4], vertical[k, o + 5]
        vertical[k, o + 1] += ac / s * d
        vertical[k, o + 2] += cc / s * d
        vertical[k, o + 3] -= ac * ac / s
        vertical[k, o + 4] -= ac * cc / s
        vertical[k, o + 5] -= cc * cc / s
    again = 0.0
    for j in range(COUNT):
        o = MODELS + j * WIDTH
        vertical[k, o] = max(vertical[k, o] / best, WEIGHT_MIN)
        again += vertical[k, o]
    for j in range(COUNT):
        vertical[k, MODELS + j * WIDTH] /= again
    mixture(k, vertical)
    return True


@small
def altitude_variance(k: int, vertical: Floats) -> float:
    """Variance [m²] of the altitude, honest about level flight: no report tells where in its step it lies."""
    return vertical[k, 2] + vertical[k, MODELS] * vertical[k, STEP] * vertical[k, STEP] / 12.0
