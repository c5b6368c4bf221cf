"""Interacting multiple models: how an aircraft moves over the ground, and what a plot says about it.

Four linear models run side by side on the state (east, north, east velocity, north velocity) in a plane
that touches the ellipsoid near the aircraft:

    0  constant velocity, low noise      cruising
    1  coordinated turn to the left      at the rate that its speed and a usual bank give
    2  coordinated turn to the right
    3  constant velocity, high noise     everything else: fighters, helicopters, taxiing

The aircraft jumps between them as a Markov chain in continuous time. Before each prediction every model
starts from the mixture that could have led to it; after each plot the models are weighed by how well they
foretold it.

All transitions have the form [I T; 0 C] with 2 x 2 blocks that are scaled rotations, so covariances are
carried in ten numbers, by blocks:

    0 ee   1 en   2 nn   3 e·ve   4 e·vn   5 n·ve   6 n·vn   7 ve·ve   8 ve·vn   9 vn·vn

Sources: H. A. P. Blom, Y. Bar-Shalom, "The interacting multiple model algorithm for systems with Markovian
switching coefficients", IEEE Trans. AC 33(8), 1988; Bar-Shalom, Li, Kirubarajan, "Estimation with
Applications to Tracking and Navigation", 2001, sections 6.2.2 (white-noise acceleration), 11.6 and 11.7.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, lent, small

Floats = NDArray[np.float64]

MODES: Final = 4
STATE: Final = 4
COVARIANCE: Final = 10
#: The model of everything else.
WILD: Final = 3
#: A model never dies out: it could not come back.
WEIGHT_MIN: Final = 1e-4
TWO_PI: Final = 2.0 * math.pi


class Motion(NamedTuple):
    """How aircraft move; kernels are handed it as a record.

    noise_low_m2ps3     m²/s³  power of the acceleration noise of model 0
    noise_turn_m2ps3    m²/s³  of models 1 and 2
    noise_high_m2ps3    m²/s³  of model 3
    turn_mps2           m/s²   lateral acceleration of a usual bank
    turn_radps_max      rad/s  no airliner turns faster
    cruise_s            s      mean time in model 0 of who flies low, or at an altitude not known
    cruise_low_m        m      above it that time is longer:
    cruise_growth_m     m      by a factor of e for each so many metres,
    cruise_max_s        s      up to this
    turn_s              s      mean time in models 1 and 2
    wild_s              s      mean time in model 3
    """

    noise_low_m2ps3: float
    noise_turn_m2ps3: float
    noise_high_m2ps3: float
    turn_mps2: float
    turn_radps_max: float
    cruise_s: float
    cruise_low_m: float
    cruise_growth_m: float
    cruise_max_s: float
    turn_s: float
    wild_s: float


@small
def cruise_time_s(altitude_m: float, motion: Motion) -> float:
    """Mean time that an aircraft flies straight on: turns are many near the ground and few in cruise."""
    # NaN, an altitude that is not known, is above nothing.
    if altitude_m > motion.cruise_low_m:
        longer = motion.cruise_s * math.exp((altitude_m - motion.cruise_low_m) / motion.cruise_growth_m)
        return min(longer, motion.cruise_max_s)
    return motion.cruise_s


@lent
def mix(dt: float, cruise_s: float, x: Floats, p: Floats, mu: Floats, motion: Motion, work: Floats) -> None:
    """Start every model of a track from the mixture that may have jumped to it during `dt` seconds.

    Covariances become second moments about the mean of all models, which mix as weights do: each is squared
    once, not once for every model that it may jump to.
    x, p  used up: they hold what is mixed
    work  (MODES, MODES + STATE + COVARIANCE)  scratch; the last fourteen columns hold the result
    """
    cruise = math.exp(-dt / cruise_s)
    turn = math.exp(-dt / motion.turn_s)
    wild = math.exp(-dt / motion.wild_s)
    for i in range(MODES):
        stay = cruise if i == 0 else (wild if i == 3 else turn)
        leave = 1.0 - stay
        for j in range(MODES):
            if i == j:
                share = stay
            elif i == 0:
                share = leave * (0.3 if j == 3 else 0.35)
            elif i == 3:
                share = leave * (0.7 if j == 0 else 0.15)
            else:
                share = leave * (0.85 if j == 0 else (0.1 if j == 3 else 0.05))
            work[j, i] = share * mu[i]
    r0 = mu[0] * x[0, 0] + mu[1] * x[1, 0] + mu[2] * x[2, 0] + mu[3] * x[3, 0]
    r1 = mu[0] * x[0, 1] + mu[1] * x[1, 1] + mu[2] * x[2, 1] + mu[3] * x[3, 1]
    r2 = mu[0] * x[0, 2] + mu[1] * x[1, 2] + mu[2] * x[2, 2] + mu[3] * x[3, 2]
    r3 = mu[0] * x[0, 3] + mu[1] * x[1, 3] + mu[2] * x[2, 3] + mu[3] * x[3, 3]
    for i in range(MODES):
        x[i, 0] -= r0
        x[i, 1] -= r1
        x[i, 2] -= r2
        x[i, 3] -= r3
        add_square(1.0, x[i, 0], x[i, 1], x[i, 2], x[i, 3], p[i], 0)
    o = MODES + STATE
    for j in range(MODES):
        total = work[j, 0] + work[j, 1] + work[j, 2] + work[j, 3]
        # One division: four take as long as all that follows of a row.
        part = 1.0 / total
        w0, w1, w2, w3 = part * work[j, 0], part * work[j, 1], part * work[j, 2], part * work[j, 3]
        mu[j] = total
        for a in range(STATE):
            work[j, MODES + a] = w0 * x[0, a] + w1 * x[1, a] + w2 * x[2, a] + w3 * x[3, a]
        for a in range(COVARIANCE):
            work[j, o + a] = w0 * p[0, a] + w1 * p[1, a] + w2 * p[2, a] + w3 * p[3, a]
        add_square(
            -1.0, work[j, MODES], work[j, MODES + 1], work[j, MODES + 2], work[j, MODES + 3], work[j], o
        )
        work[j, MODES] += r0
        work[j, MODES + 1] += r1
        work[j, MODES + 2] += r2
        work[j, MODES + 3] += r3


@small
def add_square(weight: float, de: float, dn: float, dve: float, dvn: float, row: Floats, o: int) -> None:
    """Add a vector times itself, weighted, to a covariance in a row of numbers from place `o` on."""
    e, n, ve, vn = weight * de, weight * dn, weight * dve, weight * dvn
    row[o] += e * de
    row[o + 1] += e * dn
    row[o + 2] += n * dn
    row[o + 3] += e * dve
    row[o + 4] += e * dvn
    row[o + 5] += n * dve
    row[o + 6] += n * dvn
    row[o + 7] += ve * dve
    row[o + 8] += ve * dvn
    row[o + 9] += vn * dvn


@kernel
def predict(
    dt: float, cruise_s: float, x: Floats, p: Floats, mu: Floats, motion: Motion, work: Floats
) -> None:
    """Carry all models of a track on by `dt` seconds (not negative), in place.

    cruise_s           s  mean time in model 0
    x     (MODES, 4)   m, m/s
    p     (MODES, 10)  m², m²/s, m²/s²
    mu    (MODES,)     1  weights of the models, sum 1
    work  (MODES, 18)     scratch
    """
    mix(dt, cruise_s, x, p, mu, motion, work)
    vx = mu[0] * work[0, 6] + mu[1] * work[1, 6] + mu[2] * work[2, 6] + mu[3] * work[3, 6]
    vy = mu[0] * work[0, 7] + mu[1] * work[1, 7] + mu[2] * work[2, 7] + mu[3] * work[3, 7]
    speed = math.sqrt(vx * vx + vy * vy)
    rate = motion.turn_radps_max
    if speed * rate > motion.turn_mps2:
        rate = motion.turn_mps2 / speed
    sin_turn = math.sin(rate * dt)
    cos_turn = math.cos(rate * dt)
    for j in range(MODES):
        if j in (1, 2):
            sign = 1.0 if j == 1 else -1.0
            a = sin_turn / rate
            b = sign * (1.0 - cos_turn) / rate
            c = cos_turn
            s = sign * sin_turn
            q = motion.noise_turn_m2ps3
        else:
            a = dt
            b = 0.0
            c = 1.0
            s = 0.0
            q = motion.noise_low_m2ps3 if j == 0 else motion.noise_high_m2ps3
        ve = work[j, 6]
        vn = work[j, 7]
        x[j, 0] = work[j, 4] + a * ve - b * vn
        x[j, 1] = work[j, 5] + b * ve + a * vn
        x[j, 2] = c * ve - s * vn
        x[j, 3] = s * ve + c * vn
        b00, b01, b10, b11 = work[j, 11], work[j, 12], work[j, 13], work[j, 14]
        d00, d01, d11 = work[j, 15], work[j, 16], work[j, 17]
        t00 = a * d00 - b * d01
        t01 = a * d01 - b * d11
        t10 = b * d00 + a * d01
        t11 = b * d01 + a * d11
        p[j, 0] = work[j, 8] + 2.0 * (a * b00 - b * b01) + t00 * a - t01 * b + q * dt * dt * dt / 3.0
        p[j, 1] = work[j, 9] + (a * b10 - b * b11) + (b * b00 + a * b01) + t00 * b + t01 * a
        p[j, 2] = work[j, 10] + 2.0 * (b * b10 + a * b11) + t10 * b + t11 * a + q * dt * dt * dt / 3.0
        g00, g01, g10, g11 = b00 + t00, b01 + t01, b10 + t10, b11 + t11
        p[j, 3] = g00 * c - g01 * s + q * dt * dt / 2.0
        p[j, 4] = g00 * s + g01 * c
        p[j, 5] = g10 * c - g11 * s
        p[j, 6] = g10 * s + g11 * c + q * dt * dt / 2.0
        c00 = c * d00 - s * d01
        c01 = c * d01 - s * d11
        c10 = s * d00 + c * d01
        c11 = s * d01 + c * d11
        p[j, 7] = c00 * c - c01 * s + q * dt
        p[j, 8] = c00 * s + c01 * c
        p[j, 9] = c10 * s + c11 * c + q * dt


@small
def distance2(de: float, dn: float, see: float, sen: float, snn: float) -> float:
    """Squared Mahalanobis distance of a way [m] of a covariance [m²]."""
    return (snn * de * de - 2.0 * sen * de * dn + see * dn * dn) / (see * snn - sen * sen)


@lent
def likelihood(
    j: int, ahead: float, e: float, n: float, ree: float, ren: float, rnn: float, x: Floats, p: Floats
) -> float:
    """Density [1/m²] of a plot at (e, n) under model `j` of a track, `ahead` seconds on.

    ahead          s   at most a part of a second: the velocity moves the mean, nothing turns meanwhile
    ree, ren, rnn  m²  covariance of the plot
    """
    de = e - x[j, 0] - ahead * x[j, 2]
    dn = n - x[j, 1] - ahead * x[j, 3]
    see = p[j, 0] + ahead * (2.0 * p[j, 3] + ahead * p[j, 7]) + ree
    sen = p[j, 1] + ahead * (p[j, 4] + p[j, 5] + ahead * p[j, 8]) + ren
    snn = p[j, 2] + ahead * (2.0 * p[j, 6] + ahead * p[j, 9]) + rnn
    det = see * snn - sen * sen
    return math.exp(-0.5 * (snn * de * de - 2.0 * sen * de * dn + see * dn * dn) / det) / (
        TWO_PI * math.sqrt(det)
    )


@kernel
def update(
    e: float,
    n: float,
    ree: float,
    ren: float,
    rnn: float,
    x: Floats,
    p: Floats,
    mu: Floats,
    work: Floats,
) -> None:
    """Correct all models of a track, which stands at the plot's time, by a plot; weigh them anew."""
    best = math.inf
    for j in range(MODES):
        work[j, 0], work[j, 1] = correct(j, e, n, ree, ren, rnn, x, p)
        best = min(best, work[j, 0])
    total = 0.0
    for j in range(MODES):
        w = max(mu[j] * math.exp(0.5 * (best - work[j, 0])) / math.sqrt(work[j, 1]), 1e-300)
        mu[j] = w
        total += w
    part = 1.0 / total
    again = 0.0
    for j in range(MODES):
        mu[j] = max(part * mu[j], WEIGHT_MIN)
        again += mu[j]
    part = 1.0 / again
    for j in range(MODES):
        mu[j] *= part


@lent
def correct(
    j: int, e: float, n: float, ree: float, ren: float, rnn: float, x: Floats, p: Floats
) -> tuple[float, float]:
    """Kalman correction of one model by a position.

    Returns the squared Mahalanobis distance of the innovation and the determinant [m⁴] of its covariance.
    """
    a00, a01, a11 = p[j, 0], p[j, 1], p[j, 2]
    b00, b01, b10, b11 = p[j, 3], p[j, 4], p[j, 5], p[j, 6]
    see = a00 + ree
    sen = a01 + ren
    snn = a11 + rnn
    det = see * snn - sen * sen
    inverse = 1.0 / det
    iee = snn * inverse
    ien = -sen * inverse
    inn = see * inverse
    k00 = a00 * iee + a01 * ien
    k01 = a00 * ien + a01 * inn
    k10 = a01 * iee + a11 * ien
    k11 = a01 * ien + a11 * inn
    k20 = b00 * iee + b10 * ien
    k21 = b00 * ien + b10 * inn
    k30 = b01 * iee + b11 * ien
    k31 = b01 * ien + b11 * inn
    de = e - x[j, 0]
    dn = n - x[j, 1]
    x[j, 0] += k00 * de + k01 * dn
    x[j, 1] += k10 * de + k11 * dn
    x[j, 2] += k20 * de + k21 * dn
    x[j, 3] += k30 * de + k31 * dn
    p[j, 0] = a00 - (k00 * a00 + k01 * a01)
    p[j, 1] = a01 - (k00 * a01 + k01 * a11)
    p[j, 2] = a11 - (k10 * a01 + k11 * a11)
    p[j, 3] = b00 - (k00 * b00 + k01 * b10)
    p[j, 4] = b01 - (k00 * b01 + k01 * b11)
    p[j, 5] = b10 - (k10 * b00 + k11 * b10)
    p[j, 6] = b11 - (k10 * b01 + k11 * b11)
    p[j, 7] -= k20 * b00 + k21 * b10
    p[j, 8] -= k20 * b01 + k21 * b11
    p[j, 9] -= k30 * b01 + k31 * b11
    return iee * de * de + 2.0 * ien * de * dn + inn * dn * dn, det


@kernel
def correct_velocity(ve: float, vn: float, r: float, x: Floats, p: Floats) -> None:
    """Correct all models by a reported ground velocity of variance `r` [m²/s²] per axis; weights stay.

    The blocks are turned over so that `correct` sees velocities as what is measured.
    """
    for j in range(MODES):
        turn_over(j, x, p)
        correct(j, ve, vn, r, 0.0, r, x, p)
        turn_over(j, x, p)


@small
def turn_over(j: int, x: Floats, p: Floats) -> None:
    """Exchange positions with velocities in one model; twice is as before."""
    x[j, 0], x[j, 2] = x[j, 2], x[j, 0]
    x[j, 1], x[j, 3] = x[j, 3], x[j, 1]
    p[j, 0], p[j, 7] = p[j, 7], p[j, 0]
    p[j, 1], p[j, 8] = p[j, 8], p[j, 1]
    p[j, 2], p[j, 9] = p[j, 9], p[j, 2]
    p[j, 4], p[j, 5] = p[j, 5], p[j, 4]


@kernel
def combine(x: Floats, p: Floats, mu: Floats, mean: Floats, cov: Floats) -> None:
    """Write mean (T, 4) and covariance (T, 10) of the mixture of the models into row `k`."""
    for a in range(STATE):
        s = 0.0
        for j in range(MODES):
            s += mu[j] * x[j, a]
        mean[a] = s
    for a in range(COVARIANCE):
        cov[a] = 0.0
    for j in range(MODES):
        w = mu[j]
        de = x[j, 0] - mean[0]
        dn = x[j, 1] - mean[1]
        dve = x[j, 2] - mean[2]
        dvn = x[j, 3] - mean[3]
        cov[0] += w * (p[j, 0] + de * de)
        cov[1] += w * (p[j, 1] + de * dn)
        cov[2] += w * (p[j, 2] + dn * dn)
        cov[3] += w * (p[j, 3] + de * dve)
        cov[4] += w * (p[j, 4] + de * dvn)
        cov[5] += w * (p[j, 5] + dn * dve)
        cov[6] += w * (p[j, 6] + dn * dvn)
        cov[7] += w * (p[j, 7] + dve * dve)
        cov[8] += w * (p[j, 8] + dve * dvn)
        cov[9] += w * (p[j, 9] + dvn * dvn)


@kernel
def begin(
    e: float, n: float, ree: float, ren: float, rnn: float, ve: float, vn: float, rv: float,
    x: Floats, p: Floats, mu: Floats,
) -> None:  # fmt: skip
    """Start a track at a plot, with a velocity of variance `rv` [m²/s²] per axis."""
    for j in range(MODES):
        x[j, 0] = e
        x[j, 1] = n
        x[j, 2] = ve
        x[j, 3] = vn
        for a in range(COVARIANCE):
            p[j, a] = 0.0
        p[j, 0] = ree
        p[j, 1] = ren
        p[j, 2] = rnn
        p[j, 7] = rv
        p[j, 9] = rv
        mu[j] = 0.05
    mu[0] = 0.85
