"""Registration: what several sensors say of one straight flight tells how each of them errs.

Over a block of time (twenty seconds) an aircraft that flies straight has one place, one velocity and at most
a slight acceleration. What its sensors add to that is the same for all aircraft: a radar a range bias, a
range gain, an azimuth bias, a time bias; reports of positions a time bias alone. Each plot gives two rows of
a linear model,

    plot - fit at the best biases known = motion + bias of the sensor - what is known of it + noise,

and the motion is eliminated by least squares (a Schur complement). What is left is information on biases
alone, with nothing counted twice: the track's own filter, which every sensor pulls its way, has no part in it.
Errors of an aircraft's own navigation, its latency and its altimeter stay with it from block to block. They
are unknowns of the block too, with a prior that is widened by as many blocks as they last.

A block is used only if its residual is what the noise and the uncertainty of the biases allow: a turn is not
straight, a wrong association and a false position do not fit. Where leaving out one sensor mends the fit,
that one is blamed and the others are used; position reports are the first to go.

Sources: X. Lin, Y. Bar-Shalom, T. Kirubarajan, "Multisensor multitarget bias estimation for general
asynchronous sensors", IEEE Trans. AES 41(3), 2005 (biases from differences of plots alone); Bar-Shalom, Li,
Kirubarajan 2001, section 3.4 (least squares, its residual as a test); E. B. Wilson, M. M. Hilferty, "The
distribution of chi-square", PNAS 17, 1931 (its quantiles).
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ecef_to_enu, ecef_to_lla, lla_to_ecef
from asman.kernels.information import factor, forward
from asman.kernels.jit import kernel, lent, small
from asman.kernels.observing import ADSB, RADAR
from asman.kernels.placing import PRESSURE_SIGMA_M, REPORT_NOISE, REPORT_SPREAD_S

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
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
#: Blocks for which an aircraft's own errors stay the same: navigation drifts over minutes.
LASTING: Final = 20.0
#: A block changes its velocity by no more, or it is a manoeuvre [m/s].
STEADY_MPS: Final = 15.0
#: Sensors of one block; more are left out of it.
LOCAL_MAX: Final = 10
#: 99.9 % of a normal distribution; plots scatter up to a fifth more than sensors.toml says.
_QUANTILE: Final = 3.09
_LENIENCE: Final = 1.5
#: Aircraft that must agree where one radar alone stands against position reports.
CROWD: Final = 8

#: Columns of a tally, a row a slot: blocks used, blocks in which it was blamed, or could not be cleared.
USED, BLAMED, TALLIES = range(3)

_TURN, _MISFIT, _FIT = range(3)


@lent
def assemble(
    seen: Records, sensors: Records, slot_of: Ints, kind_of: Ints, spread: Floats, local: Ints, dropped: int,
    lasting: float, a: Floats, b: Floats, c: Floats, na: Floats, nb: Floats,
) -> tuple[float, int]:  # fmt: skip
    """Sum the normal equations of one block; return the square of its residuals and how many rows it has.

    seen     (N,)     OBSERVATION of one track in one block
    local    (S,)     place of a slot in this block, -1: not in it; `dropped` is a slot to leave out.
                      That of the reports is 0, with the height that all radars share.
    lasting  1        factor of the variance of what lasts longer than a block
    a (M, M), b (M, L), c (L, L)   out: of motion, of motion with biases, of biases; na, nb their right sides

    Biases are in units of `spread` (4S,), their sigmas before anything is known.
    """
    for p in range(MOTION):
        na[p] = 0.0
        for q in range(MOTION):
            a[p, q] = 0.0
        for q in range(nb.size):
            b[p, q] = 0.0
        a[p, p] = 1.0 if p >= _ACCELERATION else 1e-9
    for p in range(nb.size):
        nb[p] = 0.0
        for q in range(nb.size):
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
            sx, sy, sz = lla_to_ecef(sensor.lat, sensor.lon, 0.0)
            ue, un, _ = ecef_to_enu(one.x - sx, one.y - sy, one.z - sz, sin_lat, cos_lat, sin_lon, cos_lon)
            ground = max(math.sqrt(ue * ue + un * un), 1.0)
            ue, un = ue / ground, un / ground
            up = one.altitude_m - sensor.height_m - ground * ground / 12_742_000.0
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
            m0, m1, m2, m3, m4, m5, m6, m7 = de, dn, de * t, dn * t, 0.0, 0.0, 0.0, 0.0
            half = 0.5 * ACCELERATION_MPS2 * t * t
            m4, m5 = de * half, dn * half
            k0, k1, k2, k3, h = 0.0, 0.0, 0.0, 0.0, 0.0
            offset_at = _ALTITUDE
            if kind == RADAR:
                if row == 0:
                    k0 = stretch / sigma * spread[UNKNOWNS * slot + RANGE]
                    k1 = stretch * stretch * ground / sigma * spread[UNKNOWNS * slot + GAIN]
                    m6 = slope / sigma * PRESSURE_SIGMA_M * math.sqrt(lasting)
                    h = slope / sigma * spread[UNKNOWNS * REPORTS + HEIGHT]
                else:
                    k2 = ground / sigma * spread[UNKNOWNS * slot + AZIMUTH]
                k3 = -(de * ve + dn * vn) * spread[UNKNOWNS * slot + TIME]
            else:
                k = -(de * ve + dn * vn) * spread[UNKNOWNS * REPORTS + (ADSB_TIME if kind == ADSB else MLAT_TIME)]
                if kind == ADSB:
                    k0 = k
                else:
                    k1 = k
                offset_at = (_ADSB_OFFSET if kind == ADSB else _MLAT_OFFSET) + row
                variance = (1.0 - REPORT_NOISE) * one.sigma_m * one.sigma_m
                if row == 0:
                    variance += REPORT_SPREAD_S * REPORT_SPREAD_S * speed * speed
                m6 = math.sqrt(lasting * variance) / sigma
            residual = de * e + dn * n
            motion = (m0, m1, m2, m3, m4, m5, m6)
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
def eliminate(size: int, a: Floats, b: Floats, c: Floats, na: Floats, nb: Floats, square: float) -> float:
    """Eliminate the motion: `c`, `nb` become the information on biases; return what no motion explains."""
    factor(MOTION, a)
    for j in range(MOTION):
        for k in range(j):
            na[j] -= a[j, k] * na[k]
            for p in range(size):
                b[j, p] -= a[j, k] * b[k, p]
        na[j] /= a[j, j]
        for p in range(size):
            b[j, p] /= a[j, j]
        square -= na[j] * na[j]
        for p in range(size):
            nb[p] -= b[j, p] * na[j]
            for q in range(size):
                c[p, q] -= b[j, p] * b[j, q]
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
        for k in range(p, size):
            g[p] += prior[k, p] * nb[k]
        for q in range(size):
            s = 0.0
            for k in range(q, size):
                s += c[p, k] * prior[k, q]
            half[p, q] = s
    for p in range(size):
        for q in range(p + 1):
            s = 1.0 if p == q else 0.0
            for k in range(p, size):
                s += prior[k, p] * half[k, q]
            m[p, q] = s
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


@small
def list_slots(seen: Records, slot_of: Ints, local: Ints, slots: Ints) -> int:
    """Number the slots that saw a track in a block, in rising order, after that of the reports; how many."""
    for s in range(local.size):
        local[s] = -1
    for i in range(seen.size):
        local[slot_of[seen[i].sensor]] = 0
    local[REPORTS] = 0
    used = 0
    for s in range(local.size):
        if local[s] == 0 and used < LOCAL_MAX:
            local[s] = used
            slots[used] = s
            used += 1
        else:
            local[s] = -1
    return used


@small
def has_reports(seen: Records, slot_of: Ints) -> bool:
    """Whether position reports are among the observations of a block."""
    for i in range(seen.size):
        if slot_of[seen[i].sensor] == REPORTS:
            return True
    return False


@small
def is_steady(seen: Records) -> bool:
    """Whether the track's velocity is the same at the end of a block as at its begin."""
    last = seen.size - 1
    de, dn = seen[last].ve_mps - seen[0].ve_mps, seen[last].vn_mps - seen[0].vn_mps
    return de * de + dn * dn < STEADY_MPS * STEADY_MPS


@lent
def judge_block(
    seen: Records, sensors: Records, slot_of: Ints, kind_of: Ints, spread: Floats, local: Ints, slots: Ints,
    used: int, dropped: int, covariance: Floats, a: Floats, b: Floats, c: Floats, na: Floats, nb: Floats,
    prior: Floats, m: Floats, half: Floats, g: Floats,
) -> float:  # fmt: skip
    """Residual of a block over what may be (at most 1: it fits) without a slot; infinite: nothing to test."""
    size = UNKNOWNS * used
    square, rows = assemble(
        seen, sensors, slot_of, kind_of, spread, local, dropped, 1.0, a, b, c, na, nb
    )  # fmt: skip
    freedom = rows - 4
    if freedom < 2:
        return math.inf
    square = eliminate(size, a, b, c, na, nb, square)
    for p in range(size):
        at = UNKNOWNS * slots[p // UNKNOWNS] + p % UNKNOWNS
        for q in range(size):
            prior[p, q] = covariance[at, UNKNOWNS * slots[q // UNKNOWNS] + q % UNKNOWNS]
    factor(size, prior)
    return misfit(size, c, nb, square, prior, m, half, g) / chi_square_limit(freedom)


@kernel
def learn_blocks(
    seen: Records, first: Ints, sensors: Records, slot_of: Ints, kind_of: Ints, spread: Floats,
    covariance: Floats, information: Floats, vector: Floats, tally: Ints,
) -> None:  # fmt: skip
    """Add to the information on biases what the tracks of one block of time say.

    seen         (N,)       OBSERVATION, by track, each in the order of time
    first        (G + 1,)   rows of each track
    slot_of      (sensors,) slot of each sensor; kind_of: RADAR, ADSB or MLAT
    spread       (4S,)      m, 1, rad, s  unit of each unknown
    covariance   (4S, 4S)   1  of the unknowns as they are known
    information  (4S, 4S)   1  added to; vector (4S,) its right side, about the biases that are applied
    tally        (S, 2)        added to: blocks used, blocks in which a slot was to blame
    """
    slots_all = slot_count(spread)
    tracks = first.size - 1
    room = UNKNOWNS * LOCAL_MAX
    a, b, c = np.empty((MOTION, MOTION)), np.empty((MOTION, room)), np.empty((room, room))
    na, nb, work = np.empty(MOTION), np.empty(room), np.empty(room)
    prior, m, half = np.empty((room, room)), np.empty((room, room)), np.empty((room, room))
    local, slots = np.empty(slots_all, np.int64), np.empty(LOCAL_MAX, np.int64)
    verdict = np.zeros(tracks, np.int64)
    without = np.full(tracks, -1, np.int64)
    fit = np.zeros(tracks)
    crowd = np.zeros(slots_all, np.int64)
    for g in range(tracks):
        part = seen[first[g] : first[g + 1]]
        used = list_slots(part, slot_of, local, slots)
        reports = 1 if has_reports(part, slot_of) else 0
        if used - 1 + reports < 2 or not is_steady(part):
            continue
        best = judge_block(
            part, sensors, slot_of, kind_of, spread, local, slots, used, -1, covariance, a, b, c, na, nb,
            prior, m, half, work,
        )  # fmt: skip
        if best == math.inf:
            continue
        verdict[g] = _MISFIT
        if best > 1.0 and used - 1 + reports > 2:
            # Reports go first: a false position must not find a radar that seems to agree.
            for s in range(1 - reports, used):
                again = judge_block(
                    part, sensors, slot_of, kind_of, spread, local, slots, used, slots[s], covariance, a, b,
                    c, na, nb, prior, m, half, work,
                )  # fmt: skip
                if again < best:
                    best = again
                    without[g] = slots[s]
                if slots[s] == REPORTS and again <= 1.0:
                    break
        if best <= 1.0:
            verdict[g] = _FIT
            fit[g] = best
            radars = used - 1 - (1 if without[g] > REPORTS else 0)
            if radars == 1:
                for s in range(used):
                    if slots[s] not in (REPORTS, without[g]):
                        crowd[slots[s]] += 1
    for g in range(tracks):
        if verdict[g] == _TURN:
            continue
        part = seen[first[g] : first[g + 1]]
        used = list_slots(part, slot_of, local, slots)
        least = 0 if has_reports(part, slot_of) else 1
        if verdict[g] == _MISFIT:
            for s in range(least, used):
                tally[slots[s], BLAMED] += 1
            continue
        radars, lonely = 0, -1
        for s in range(used):
            if slots[s] not in (REPORTS, without[g]):
                radars += 1
                lonely = slots[s]
        if radars == 0 or (radars == 1 and crowd[lonely] < CROWD):
            continue
        if without[g] >= 0:
            tally[without[g], BLAMED] += 1
        square, rows = assemble(
            part, sensors, slot_of, kind_of, spread, local, without[g], LASTING, a, b, c, na, nb
        )  # fmt: skip
        size = UNKNOWNS * used
        eliminate(size, a, b, c, na, nb, square)
        # What fits badly counts for less; so sigmas that are told too small do no harm.
        weight = 1.0 / max(1.0, fit[g] * chi_square_limit(rows - 4) / (rows - 4))
        for p in range(size):
            at = UNKNOWNS * slots[p // UNKNOWNS] + p % UNKNOWNS
            vector[at] += weight * nb[p]
            for q in range(size):
                information[at, UNKNOWNS * slots[q // UNKNOWNS] + q % UNKNOWNS] += weight * c[p, q]
        for s in range(least, used):
            if slots[s] != without[g]:
                tally[slots[s], USED] += 1


@small
def slot_count(spread: Floats) -> int:
    """How many slots the unknowns make."""
    return spread.size // UNKNOWNS
