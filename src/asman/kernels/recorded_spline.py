"""A smooth curve through recorded samples that are noisy, late, and sometimes wrong.

The curve is a cubic B-spline with knots every few seconds. It minimises

    sum of w (p - S)' W (p - S)  +  sum of w (v - S')' V (v - S')  +  1/q  integral of |D S|² dt

over positions p and velocities v: a penalised spline (Eilers and Marx). D S is the jerk for the way over
ground, so that a turn costs nothing once it is begun, and the acceleration for heights, which else would
swing between sparse samples: the smoother of an aircraft whose jerk, or acceleration, is white noise of
density q. The stiffest q stands that stays with the samples; a looser one must foretell samples that it was
not shown better than the stiffer ones, or noise would be taken for manoeuvres (cross-validation).

W is no multiple of one: a position's time is wrong by tenths of a second (the recorder's grid, not the
aircraft's), which at 230 m/s is 100 m along the track and nothing across it. The weights w come from the
residuals, so that an outlier pulls less the further off it is, and in the end not at all (Geman and
McClure); they and the directions are found by repetition.

Sources: P. Eilers, B. Marx, "Flexible smoothing with B-splines and penalties", Statistical Science 11, 1996;
S. Geman, D. McClure, "Statistical methods for tomographic image reconstruction", Bull. ISI 52, 1987;
G. Golub, C. Van Loan, Matrix Computations, 4th edition, 4.3 (band Cholesky).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part, rare

Floats = NDArray[np.float64]

#: Residual, in standard deviations, at which a sample has a quarter of its weight left.
SOFT_SIGMAS: Final = 3.0
_ROUNDS: Final = 6
#: Every fourth sample is not shown to a curve on trial; a looser one must foretell them this much better.
_UNSEEN: Final = 4
_BETTER: Final = 0.8
#: Samples usually further apart than this are not left out on trial [s].
_SPARSE_S: Final = 5.0
#: Times are taken for no worse than this [s].
_LATE_MAX_S: Final = 2.0
#: A flight is as stiff as it can be while this share of its samples lies within twice their error across.
_WITHIN_SHARE: Final = 0.95


@part
def _basis(u: float, order: int) -> tuple[float, float, float, float]:
    """Values (order 0) or first derivatives by u (order 1) of the four cubics over a span; u in 0 to 1."""
    w = 1.0 - u
    if order == 1:
        return (
            -0.5 * w * w,
            0.5 * (3.0 * u * u - 4.0 * u),
            0.5 * (-3.0 * u * u + 2.0 * u + 1.0),
            0.5 * u * u,
        )
    return (
        w * w * w / 6.0,
        (3.0 * u * u * u - 6.0 * u * u + 4.0) / 6.0,
        (-3.0 * u * u * u + 3.0 * u * u + 3.0 * u + 1.0) / 6.0,
        u * u * u / 6.0,
    )


@kernel
def spline_size(seconds: float, step: float) -> int:
    """Coefficients of a curve over `seconds`, knots every `step`."""
    return math.ceil(max(seconds, step) / step) + 3


@part
def _span(t: float, step: float, size: int) -> tuple[int, float]:
    """First coefficient of the span in which `t` lies, and where in it (0 to 1)."""
    first = min(max(math.floor(t / step), 0), size - 4)
    return first, t / step - first


@kernel
def curve_at(coefficients: Floats, step: float, t: float, k: int) -> tuple[float, float]:
    """Value and first derivative of component `k` of the curve at `t` [s after its begin]."""
    first, u = _span(t, step, coefficients.shape[0])
    b, d = _basis(u, 0), _basis(u, 1)
    value = slope = 0.0
    for a in range(4):
        value += b[a] * coefficients[first + a, k]
        slope += d[a] * coefficients[first + a, k]
    return value, slope / step


@rare
def _add(
    band: Floats,
    right: Floats,
    first: int,
    b: tuple[float, float, float, float],
    data: Floats,
    weight: Floats,
) -> None:
    """Add one observation: `data` (D,) of the combination `b` of four coefficients, `weight` (D, D)."""
    width = data.size
    for p in range(width):
        pull = 0.0
        for q in range(width):
            pull += weight[p, q] * data[q]
        for a in range(4):
            row = (first + a) * width + p
            right[row] += b[a] * pull
            for c in range(a + 1):
                for q in range(width if c < a else p + 1):
                    column = (first + c) * width + q
                    band[row, row - column] += b[a] * b[c] * weight[p, q]


@rare
def _solve(band: Floats, right: Floats) -> None:
    """Solve the positive definite band system in place: lower band[row, row - column], `right` the answer."""
    size, width = band.shape
    for i in range(size):
        for j in range(max(0, i - width + 1), i + 1):
            total = band[i, i - j]
            for k in range(max(0, i - width + 1, j - width + 1), j):
                total -= band[i, i - k] * band[j, j - k]
            if i == j:
                band[i, 0] = math.sqrt(max(total, 1e-300))
            else:
                band[i, i - j] = total / band[j, 0]
    for i in range(size):
        total = right[i]
        for k in range(max(0, i - width + 1), i):
            total -= band[i, i - k] * right[k]
        right[i] = total / band[i, 0]
    for i in range(size - 1, -1, -1):
        total = right[i]
        for k in range(i + 1, min(size, i + width)):
            total -= band[k, k - i] * right[k]
        right[i] = total / band[i, 0]


@rare
def _fit(
    times: Floats, places: Floats, place_weights: Floats, rates: Floats, rate_weights: Floats,
    step: float, order: int, density: float, unseen: int, coefficients: Floats,
) -> None:  # fmt: skip
    """Fill `coefficients` (M, D) with the curve through places and rates (n, D) of weights (n, D, D).

    Every `unseen`th sample is left out; none where it is 0.
    """
    size, width = coefficients.shape
    band = np.zeros((size * width, 4 * width))
    right = np.zeros(size * width)
    for i in range(times.size):
        if unseen > 0 and i % unseen == unseen // 2:
            continue
        first, u = _span(times[i], step, size)
        if place_weights[i, 0, 0] > 0.0:
            _add(band, right, first, _basis(u, 0), places[i], place_weights[i])
        if rate_weights[i, 0, 0] > 0.0:
            d = _basis(u, 1)
            slope = (d[0] / step, d[1] / step, d[2] / step, d[3] / step)
            _add(band, right, first, slope, rates[i], rate_weights[i])
    bends = (-1.0, 3.0, -3.0, 1.0) if order == 3 else (1.0, -2.0, 1.0, 0.0)
    stiff = 1.0 / (density * step ** (2 * order - 1))
    for i in range(size - order):
        for a in range(order + 1):
            for c in range(a + 1):
                for p in range(width):
                    band[(i + a) * width + p, (a - c) * width] += stiff * bends[a] * bends[c]
    for row in range(size * width):
        # Samples in one place leave the curve's bending free; a hair of ridge decides.
        band[row, 0] *= 1.0 + 1e-12
    _solve(band, right)
    for i in range(size):
        for p in range(width):
            coefficients[i, p] = right[i * width + p]


@part
def _soft(sigmas2: float) -> float:
    """Weight of an observation so many (squared) standard deviations off."""
    soft = SOFT_SIGMAS * SOFT_SIGMAS
    return (soft / (soft + sigmas2)) ** 2


@rare
def _weigh(
    times: Floats, places: Floats, rates: Floats, across_m: float, late_s: float, rate_floor: float,
    rate_share: float, step: float, coefficients: Floats, place_weights: Floats, rate_weights: Floats,
    sigmas: Floats, aside: Floats,
) -> None:  # fmt: skip
    """Weights of places and rates about the curve as it is.

    sigmas (n,)     how far off each place is, in standard deviations
    aside  (n, 2)   and how far beside the track [m], and late [s]
    """
    width = places.shape[1]
    curve, slope = np.zeros(width), np.zeros(width)
    for i in range(times.size):
        speed2 = 0.0
        for k in range(width):
            curve[k], slope[k] = curve_at(coefficients, step, times[i], k)
            speed2 += slope[k] * slope[k]
        speed = math.sqrt(speed2)
        along = off2 = wrong2 = 0.0
        for k in range(width):
            miss = places[i, k] - curve[k]
            off2 += miss * miss
            along += miss * slope[k] / max(speed, 1e-9)
            wrong2 += (rates[i, k] - slope[k]) ** 2
        across2, along2 = across_m * across_m, across_m * across_m + late_s * late_s * speed2
        seen2 = along * along / along2 + max(off2 - along * along, 0.0) / across2
        sigmas[i] = math.sqrt(seen2)
        # A height has nothing beside it: all of it counts.
        aside[i, 0] = math.sqrt(max(off2 - along * along, 0.0)) if width > 1 else math.sqrt(off2)
        aside[i, 1] = along / max(speed, 1.0)
        rate_sigma = rate_floor + rate_share * speed
        trust = _soft(seen2)
        rate_trust = _soft(wrong2 / (rate_sigma * rate_sigma)) / (rate_sigma * rate_sigma)
        for p in range(width):
            for q in range(width):
                same = 1.0 if p == q else 0.0
                turn = slope[p] * slope[q] / max(speed2, 1e-18)
                if not math.isnan(seen2):
                    place_weights[i, p, q] = trust * (same / across2 + (1.0 / along2 - 1.0 / across2) * turn)
                if not math.isnan(wrong2):
                    rate_weights[i, p, q] = rate_trust * same


@rare
def _repeat(
    times: Floats, places: Floats, rates: Floats, across_m: float, late_s: float, rate_floor: float,
    rate_share: float, step: float, order: int, density: float, unseen: int, coefficients: Floats,
    sigmas: Floats, aside: Floats,
) -> None:  # fmt: skip
    """Fit, weigh, and fit again; `coefficients`, `sigmas` and `aside` are what comes of it."""
    count, width = places.shape
    place_weights = np.zeros((count, width, width))
    rate_weights = np.zeros((count, width, width))
    for i in range(count):
        speed2 = 0.0
        for k in range(width):
            speed2 += rates[i, k] * rates[i, k]
        if math.isnan(speed2):
            speed2 = 0.0
        loose = 1.0 / (across_m * across_m + late_s * late_s * speed2)
        firm = 1.0 / (rate_floor + rate_share * math.sqrt(speed2)) ** 2
        for k in range(width):
            rate_weights[i, k, k] = 0.0 if math.isnan(rates[i, 0]) else firm
            place_weights[i, k, k] = 0.0 if math.isnan(places[i, 0]) else loose
    late = late_s
    for _ in range(_ROUNDS):
        _fit(
            times, places, place_weights, rates, rate_weights, step, order, density, unseen, coefficients
        )  # fmt: skip
        _weigh(
            times, places, rates, across_m, late, rate_floor, rate_share, step, coefficients,
            place_weights, rate_weights, sigmas, aside,
        )  # fmt: skip
        if late_s > 0.0:
            # 1.48 median absolute deviations are a standard deviation (Hampel 1974).
            late = min(max(1.48 * np.nanmedian(np.abs(aside[:, 1])), late_s), _LATE_MAX_S)


@part
def _mean_miss(aside: Floats, across_m: float, unseen: int) -> float:
    """Mean square of how far beside the track the unseen samples are, each cut at three sigmas."""
    total, count = 0.0, 0
    for i in range(unseen // 2, aside.shape[0], unseen):
        if not math.isnan(aside[i, 0]):
            total += min(aside[i, 0] ** 2, (SOFT_SIGMAS * across_m) ** 2)
            count += 1
    return total / max(count, 1)


@kernel
def fit_curve(
    times: Floats, places: Floats, rates: Floats, across_m: float, late_s: float, rate_floor: float,
    rate_share: float, order: int, densities: Floats, step: float,
) -> tuple[Floats, Floats, float]:  # fmt: skip
    """Fit the stiffest curve that stays with the samples.

    times      (n,)    s    after the curve's begin, rising
    places     (n, D)  m    NaN is not used; D is 3 on the sphere, 1 for heights
    rates      (n, D)  m/s  NaN is not used
    across_m   m       one standard deviation of a place across the track, and of its part along it
    late_s     s       one standard deviation of a place's time; more where the places themselves show it
    rate_floor m/s     one standard deviation of a rate at rest
    rate_share 1       and the share of the speed that it grows by
    order      1       2: bends are accelerations; 3: they are jerks
    densities  (Q,)    m²/s³ or m²/s⁵ of them to try, stiff ones first
    step       s       between knots
    returns    coefficients (M, D) for `curve_at`, how many sigmas each place is off (n,), the density
    """
    count = times.size
    coefficients = np.zeros((spline_size(times[-1], step), places.shape[1]))
    sigmas, aside = np.zeros(count), np.zeros((count, 2))
    chosen, least = densities[0], np.inf
    # Nobody can foretell from the other samples of a turn the one that was left out, where they are few.
    sparse = count < 2 or np.median(np.diff(times)) > _SPARSE_S
    for density in densities:
        _repeat(
            times, places, rates, across_m, late_s, rate_floor, rate_share, step, order, density, 0,
            coefficients, sigmas, aside,
        )  # fmt: skip
        near = used = 0
        for i in range(count):
            if not math.isnan(sigmas[i]):
                used += 1
                near += 1 if aside[i, 0] <= 2.0 * across_m else 0
        stays = near >= _WITHIN_SHARE * used
        if stays and (density == densities[0] or sparse):
            return coefficients, sigmas, density
        if sparse:
            continue
        _repeat(
            times, places, rates, across_m, late_s, rate_floor, rate_share, step, order, density, _UNSEEN,
            coefficients, sigmas, aside,
        )  # fmt: skip
        miss = _mean_miss(aside, across_m, _UNSEEN)
        if miss < _BETTER * least:
            chosen, least = density, miss
        if stays:
            break
    _repeat(
        times, places, rates, across_m, late_s, rate_floor, rate_share, step, order, chosen, 0,
        coefficients, sigmas, aside,
    )  # fmt: skip
    return coefficients, sigmas, chosen
