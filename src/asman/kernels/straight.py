"""Straight flight: one aircraft in one block of time, linear in its motion and its sensors' biases.

Each plot gives two rows, along and across its line of sight (of a report: its flight), over its sigmas:

    plot - known bias = place + velocity t + acceleration t²/2 + bias + errors that last + noise

The normal equations are summed, the motion is eliminated (a Schur complement), and what is left is the
information of this flight on biases alone. Errors that last are those of the aircraft's own navigation, its
latency and its altimeter: unknowns of the block, with a prior.

Sources: Bar-Shalom, Li, Kirubarajan 2001, section 3.4 (least squares, its residual as a test); E. B. Wilson,
M. M. Hilferty, "The distribution of chi-square", PNAS 17, 1931 (its quantiles).
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ecef_to_enu, ecef_to_lla
from asman.kernels.information import factor, forward
from asman.kernels.jit import kernel, lent, small
from asman.kernels.observing import ADSB, RADAR
from asman.kernels.placing import PRESSURE_SIGMA_M, REPORT_NOISE, REPORT_SPREAD_S

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Structured arrays: numpy's types have no names for their fields.
Records = Any

#: Unknowns of a radar, in this order; reports have a time bias alone, those of ADS-B in the first place of
#: slot 0 (it comes from the aircraft, whoever receives it), those of multilateration in the second. The third
#: there is how much higher all aircraft are than their pressure altitude says: weather is no radar's fault.
RANGE, GAIN, AZIMUTH, TIME = range(4)
ADSB_TIME, MLAT_TIME, HEIGHT = range(3)
UNKNOWNS: Final = 4
REPORTS: Final = 0

#: Unknowns of a block that are no bias: place, velocity, acceleration, an offset of ADS-B, one of
#: multilateration, the altitude.
_PLACE, _VELOCITY, _ACCELERATION, _ADSB_OFFSET, _MLAT_OFFSET, _ALTITUDE = 0, 2, 4, 6, 8, 10
MOTION: Final = 11
#: m/s²: straight flight still speeds up and slows down.
ACCELERATION_MPS2: Final = 0.3
#: m: a position report is rounded (CPR) and stamped in steps.
REPORT_STEP_M: Final = 5.0
#: 99.9 % of a normal distribution; plots scatter up to a fifth more than sensors.toml says.
_QUANTILE: Final = 3.09
_LENIENCE: Final = 1.5


class Block(NamedTuple):
    """Normal equations of one track in one block of time, without what is held of its motion beforehand.

    a (M, M), b (M, L), c (L, L)   of motion, of motion with biases, of biases
    na (M,), nb (L,)               their right sides
    """

    a: Floats
    b: Floats
    c: Floats
    na: Floats
    nb: Floats


@kernel
def empty_block(room: int) -> Block:
    """Room for so many unknowns of biases."""
    return Block(
        np.empty((MOTION, MOTION)), np.empty((MOTION, room)), np.empty((room, room)), np.empty(MOTION),
        np.empty(room),
    )  # fmt: skip


@lent
def copy_block(size: int, source: Block, target: Block) -> None:
    """Copy what is used of one."""
    for p in range(MOTION):
        target.na[p] = source.na[p]
        for q in range(MOTION):
            target.a[p, q] = source.a[p, q]
        for q in range(size):
            target.b[p, q] = source.b[p, q]
    for p in range(size):
        target.nb[p] = source.nb[p]
        for q in range(size):
            target.c[p, q] = source.c[p, q]


@lent
def assemble(
    seen: Records, sensors: Records, slot_of: Ints, kind_of: Ints, spread: Floats, local: Ints, dropped: int,
    size: int, block: Block,
) -> tuple[float, int]:  # fmt: skip
    """Sum the normal equations of one block; return the square of its residuals and how many rows it has.

    seen     (N,)     OBSERVATION of one track in one block
    local    (S,)     place of a slot in this block, -1: not in it; `dropped` is a slot to leave out.
                      That of the reports is 0, with the height that all radars share.
    size              how many unknowns of biases there are, L
    block             out

    Biases are in units of `spread` (4S,), their sigmas before anything is known.
    """
    a, b, c, na, nb = block
    for p in range(MOTION):
        na[p] = 0.0
        for q in range(MOTION):
            a[p, q] = 0.0
        for q in range(size):
            b[p, q] = 0.0
    for p in range(size):
        nb[p] = 0.0
        for q in range(size):
            c[p, q] = 0.0
    x0, y0, z0 = seen[0].x, seen[0].y, seen[0].z
    lat, lon, _ = ecef_to_lla(x0, y0, z0)
    sin_lat, cos_lat, sin_lon, cos_lon = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
    middle_ns = seen[0].time_ns + (seen[seen.size - 1].time_ns - seen[0].time_ns) // 2
    ve, vn = mean_velocity(seen)
    speed = max(math.sqrt(ve * ve + vn * vn), 1e-3)
    rows = 0
    square = 0.0
    for i in range(seen.size):
        one = seen[i]
        slot = slot_of[one.sensor]
        if slot == dropped or local[slot] < 0:
            continue
        sensor = sensors[one.sensor]
        kind = kind_of[one.sensor]
        at = UNKNOWNS * local[slot]
        t = (one.time_ns - middle_ns) * 1e-9
        e, n, _ = ecef_to_enu(one.x - x0, one.y - y0, one.z - z0, sin_lat, cos_lat, sin_lon, cos_lon)
        e += sensor.time_bias * ve
        n += sensor.time_bias * vn
        if kind == RADAR:
            foot = sensor.foot
            ue, un, _ = ecef_to_enu(
                one.x - foot[0], one.y - foot[1], one.z - foot[2], sin_lat, cos_lat, sin_lon, cos_lon
            )
            ground = max(math.sqrt(ue * ue + un * un), 1.0)
            ue, un = ue / ground, un / ground
            # At the aircraft the line of sight is steeper than at the radar: its plane is tilted.
            up = one.altitude_m - sensor.height_m + ground * ground / 12_742_000.0
            slope = max(min(up / ground, 5.0), -5.0)
            stretch = math.sqrt(1.0 + slope * slope)
            along = sensor.sigma_range_m * stretch
            across = math.sqrt(ground * ground * sensor.sigma_azimuth * sensor.sigma_azimuth + 1.0)
        else:
            # Along the flight and across it: the latency lasts along it.
            ue, un = ve / speed, vn / speed
            ground = slope = stretch = 0.0
            along = math.sqrt(REPORT_NOISE) * one.sigma_m + REPORT_STEP_M
            across = along
        for row in range(2):
            de, dn = (ue, un) if row == 0 else (un, -ue)
            sigma = along if row == 0 else across
            de, dn = de / sigma, dn / sigma
            half = 0.5 * ACCELERATION_MPS2 * t * t
            m6 = 0.0
            k0, k1, k2, k3, h = 0.0, 0.0, 0.0, 0.0, 0.0
            offset_at = _ALTITUDE
            if kind == RADAR:
                if row == 0:
                    k0 = stretch / sigma * spread[UNKNOWNS * slot + RANGE]
                    k1 = stretch * stretch * ground / sigma * spread[UNKNOWNS * slot + GAIN]
                    m6 = slope / sigma * PRESSURE_SIGMA_M
                    h = slope / sigma * spread[UNKNOWNS * REPORTS + HEIGHT]
                else:
                    k2 = ground / sigma * spread[UNKNOWNS * slot + AZIMUTH]
                k3 = -(de * ve + dn * vn) * spread[UNKNOWNS * slot + TIME]
            else:
                k = (
                    -(de * ve + dn * vn)
                    * spread[UNKNOWNS * REPORTS + (ADSB_TIME if kind == ADSB else MLAT_TIME)]
                )
                if kind == ADSB:
                    k0 = k
                else:
                    k1 = k
                offset_at = (_ADSB_OFFSET if kind == ADSB else _MLAT_OFFSET) + row
                variance = (1.0 - REPORT_NOISE) * one.sigma_m * one.sigma_m
                if row == 0:
                    variance += REPORT_SPREAD_S * REPORT_SPREAD_S * speed * speed
                m6 = math.sqrt(variance) / sigma
            residual = de * e + dn * n
            motion = (de, dn, de * t, dn * t, de * half, dn * half, m6)
            bias = (k0, k1, k2, k3, h)
            for p in range(7):
                u = offset_at if p == 6 else p
                for q in range(7):
                    a[u, offset_at if q == 6 else q] += motion[p] * motion[q]
                for q in range(5):
                    b[u, HEIGHT if q == 4 else at + q] += motion[p] * bias[q]
                na[u] += motion[p] * residual
            for p in range(5):
                v = HEIGHT if p == 4 else at + p
                for q in range(5):
                    c[v, HEIGHT if q == 4 else at + q] += bias[p] * bias[q]
                nb[v] += bias[p] * residual
            square += residual * residual
            rows += 1
    return square, rows


@small
def mean_velocity(seen: Records) -> tuple[float, float]:
    """East and north velocity [m/s] of a track over a block."""
    ve, vn = 0.0, 0.0
    for i in range(seen.size):
        ve += seen[i].ve_mps
        vn += seen[i].vn_mps
    return ve / seen.size, vn / seen.size


@lent
def eliminate(size: int, lasting: float, block: Block, square: float) -> float:
    """Eliminate the motion: `c`, `nb` become the information on biases; return what no motion explains.

    lasting  1  factor of the variance of what lasts longer than a block, before anything is known of it
    """
    a, b, c, na, nb = block
    for p in range(MOTION):
        a[p, p] += 1e-9 if p < _ACCELERATION else (1.0 if p < _ADSB_OFFSET else 1.0 / lasting)
    factor(MOTION, a)
    for j in range(MOTION):
        for k in range(j):
            s = a[j, k]
            if s != 0.0:
                na[j] -= s * na[k]
                for p in range(size):
                    b[j, p] -= s * b[k, p]
        na[j] /= a[j, j]
        for p in range(size):
            b[j, p] /= a[j, j]
        square -= na[j] * na[j]
        # Row by row: an unknown that no plot of the block tells of costs nothing.
        for p in range(size):
            s = b[j, p]
            if s != 0.0:
                nb[p] -= s * na[j]
                for q in range(size):
                    c[p, q] -= s * b[j, q]
    return square


@lent
def misfit(
    size: int, c: Floats, nb: Floats, square: float, prior: Floats, m: Floats, half: Floats, g: Floats
) -> float:
    """Squared residual that not even the uncertainty of the biases explains (chi-square).

    prior (L, L)  lower Cholesky factor of the covariance of the biases in this block
    m, half (L, L), g (L,)  scratch
    """
    for p in range(size):
        g[p] = 0.0
        for q in range(size):
            half[p, q] = 0.0
            m[p, q] = 1.0 if p == q else 0.0
    for k in range(size):
        for p in range(k + 1):
            g[p] += prior[k, p] * nb[k]
    for p in range(size):
        for k in range(size):
            s = c[p, k]
            if s != 0.0:
                for q in range(k + 1):
                    half[p, q] += s * prior[k, q]
    for p in range(size):
        for k in range(p, size):
            s = prior[k, p]
            if s != 0.0:
                for q in range(p + 1):
                    m[p, q] += s * half[k, q]
    factor(size, m)
    forward(size, m, g)
    for p in range(size):
        square -= g[p] * g[p]
    return square


@small
def chi_square_limit(freedom: int) -> float:
    """What a chi-square exceeds once in a thousand, by Wilson and Hilferty, with some lenience."""
    part = 2.0 / (9.0 * freedom)
    return _LENIENCE * freedom * (1.0 - part + _QUANTILE * math.sqrt(part)) ** 3
