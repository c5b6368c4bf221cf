"""Rotating radars over a simulated sky: who is met by which beam, when, and what the radar says of it.

The antenna of radar r points to azimuth 2π (t - phase)/T. An aircraft is met where its own azimuth equals
that; the crossing of scan s is solved by iteration from the middle of the scan, so it never depends on how
time is cut. All chance is a hash of (seed, radar, aircraft, scan): the same crossing draws the same
numbers whoever asks, whenever.

Sources: S. Vigna, splitmix64 (public domain), prng.di.unimi.it; Box and Muller, Annals of Mathematical
Statistics 29, 1958; Skolnik, Radar Handbook, 3rd edition, chapters 2 and 7; EUROCONTROL CAT048 edition
1.32 (quantisation of I140, I040, I090).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ecef_to_enu
from asman.kernels.jit import kernel, part, rare
from asman.kernels.motion import FLIGHT, find_piece, normal_at, normal_to_ecef

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TURN: Final = 2.0 * math.pi
SECOND_NS: Final = 1e9
FOOT_M: Final = 0.3048

#: What CAT048 can say: 1/128 s, 1/256 NM, 360/65536 degrees.
TIME_STEP_NS: Final = 7_812_500
RANGE_STEP_M: Final = 1852.0 / 256.0
AZIMUTH_STEP: Final = TURN / 65536.0

#: No simulated aircraft is faster; bounds how far it can move while a beam is on its way.
SPEED_MAX_MPS: Final = 1000.0

#: Columns of a radar, one row a radar. Angles rad, lengths m, times s, shares 0 to 1.
(
    X, Y, Z, SIN_LAT, COS_LAT, SIN_LON, COS_LON, GROUND, MAST, HORIZON_RADIUS,
    PERIOD, PHASE, RANGE_MAX, RANGE_MIN, PSR_RANGE_MAX, CONE_SINE,
    SIGMA_RANGE, SIGMA_AZIMUTH, RANGE_BIAS, RANGE_GAIN, AZIMUTH_BIAS, WOBBLE, WOBBLE_PHASE, TIME_BIAS,
    PD_SSR, PD_PSR, FALSE_MEAN, CODE_MISSING, CODE_GARBLED, ALTITUDE_MISSING, ALTITUDE_GARBLED,
    HAS_SSR, HAS_MODES, HAS_PSR, QUANTISED, LATENCY, RADAR_COLUMNS,
) = range(37)  # fmt: skip

#: Bits of a detection: which part of the radar saw it.
PSR, SSR, MODES = 1, 2, 4
#: Bits of a flaw: what the radar says of its own reply decoding.
CODE_IS_MISSING, CODE_IS_GARBLED, ALTITUDE_IS_MISSING, ALTITUDE_IS_GARBLED = 1, 2, 4, 8
#: Equipment of an aircraft: none, Mode A/C, Mode S.
DARK, MODE_AC, MODE_S = 0, 1, 2

#: What the tail of a key says the draws are for.
_AIRCRAFT, _FALSE_COUNT, _FALSE_PLOT = 1, 2, 3


@kernel
def mix(z: np.uint64) -> np.uint64:
    """Scramble 64 bits (splitmix64's finaliser)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def key_of(seed: int, kind: int, a: int, b: int, c: int) -> np.uint64:
    """One key of a seed, what it is for, and up to three numbers."""
    key = mix(np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * np.uint64(kind))
    key = mix(key + np.uint64(0x9E3779B97F4A7C15) * np.uint64(a + 1))
    key = mix(key + np.uint64(0xD1B54A32D192ED03) * np.uint64(b + 1))
    return mix(key + np.uint64(0x8CB92BA72F3D8DD7) * np.uint64(c + 1))


@kernel
def uniform(key: np.uint64, index: int) -> float:
    """The `index`-th draw of a key, uniform in (0, 1)."""
    bits = mix(key + np.uint64(0x9E3779B97F4A7C15) * np.uint64(index + 1))
    return (float(bits >> np.uint64(11)) + 0.5) * 1.1102230246251565e-16


@part
def chance(key: np.uint64) -> np.int64:
    """24 bits of a key for whoever needs some later."""
    return np.int64(mix(key) >> np.uint64(40))


@kernel
def poisson(mean: float, u: float) -> int:
    """A Poisson number by inversion of one uniform draw; `mean` up to a few hundred."""
    term = math.exp(-mean)
    total = term
    k = 0
    while u > total and k < 10_000:
        k += 1
        term *= mean / k
        total += term
    return k


@rare
def _seen_from(
    radar: Floats, pieces: Floats, first: int, last: int, cycle: float, t: float
) -> tuple[float, float, float, float, int]:
    """East, north, up [m] of a line at its time `t` [s] from a radar; its height [m] and piece."""
    lap_t = t - math.floor(t / cycle) * cycle
    p = find_piece(pieces, first, last, lap_t)
    nx, ny, nz, h = normal_at(pieces, p, lap_t)
    x, y, z = normal_to_ecef(nx, ny, nz, h)
    e, n, u = ecef_to_enu(
        x - radar[X],
        y - radar[Y],
        z - radar[Z],
        radar[SIN_LAT],
        radar[COS_LAT],
        radar[SIN_LON],
        radar[COS_LON],
    )
    return e, n, u, h, p


@part
def _may_be_met(radar: Floats, e: float, n: float, u: float, middle: float, half: float) -> bool:
    """Tell whether the beam can meet, within `half` [s] of `middle`, an aircraft that is at e, n, u then.

    A cheap no for most; never a wrong no, or rows would depend on how time is cut.
    """
    period = radar[PERIOD]
    away = SPEED_MAX_MPS * (half + period)
    if half > 0.125 * period:
        return True
    if e * e + n * n + u * u > (radar[RANGE_MAX] + away) ** 2:
        return False
    ground = math.sqrt(e * e + n * n)
    if ground < 3.0 * away:
        return True
    antenna = (middle - radar[PHASE]) / period
    ahead = math.atan2(e, n) / TURN - antenna
    ahead -= math.floor(ahead + 0.5)
    margin = 1.5 * away / ground / TURN
    return abs(ahead) * period <= half + margin * period


@rare
def _crossing(
    radar: Floats,
    pieces: Floats,
    first: int,
    last: int,
    cycle: float,
    phase: float,
    scan: int,
    azimuth: float,
) -> tuple[float, float, float, float, float, float, int]:
    """Time [s] at which the beam of `scan` meets a line, its azimuth [rad], e, n, u, height [m] and piece.

    azimuth  rad  where the line is in the middle of the scan; not wrapped: who flies through north is
                  tried one turn on or back as well, and meets the beam once, twice or never in a scan
    A time of NaN: in this scan there is no meeting.
    """
    t = radar[PHASE] + (scan + 0.5) * radar[PERIOD]
    e = n = u = h = 0.0
    p = 0
    for _ in range(30):
        before = t
        t = radar[PHASE] + (scan + azimuth / TURN) * radar[PERIOD]
        e, n, u, h, p = _seen_from(radar, pieces, first, last, cycle, t + phase)
        change = math.atan2(e, n) - azimuth
        azimuth += change - TURN * math.floor(change / TURN + 0.5)
        if abs(t - before) < 1e-6:
            break
    if azimuth < 0.0 or azimuth >= TURN:
        t = math.nan
    return t, azimuth, e, n, u, h, p


@part
def _horizon(radar: Floats, height: float) -> float:
    """Range [m] at which smooth ground under 4/3 earth hides an aircraft of this height."""
    above = height - radar[GROUND]
    if above <= 0.0:
        return 0.0
    radius = 2.0 * radar[HORIZON_RADIUS]
    return math.sqrt(radius * radar[MAST]) + math.sqrt(radius * above)


@part
def _detection(radar: Floats, equipment: int, range_: float, key: np.uint64) -> int:
    """Which parts of the radar saw an aircraft that its beam met: bits PSR, SSR, MODES."""
    seen = 0
    if radar[HAS_SSR] > 0.0 and equipment != DARK and uniform(key, 0) < radar[PD_SSR]:
        seen |= MODES if (radar[HAS_MODES] > 0.0 and equipment == MODE_S) else SSR
    if radar[HAS_PSR] > 0.0 and range_ <= radar[PSR_RANGE_MAX] and uniform(key, 1) < radar[PD_PSR]:
        seen |= PSR
    return seen


@part
def _flaws(radar: Floats, seen: int, key: np.uint64) -> int:
    """What the radar could not read, or doubts, of a reply."""
    if seen == PSR:
        return CODE_IS_MISSING | ALTITUDE_IS_MISSING
    flaws = 0
    if uniform(key, 4) < radar[CODE_MISSING]:
        flaws |= CODE_IS_MISSING
    elif uniform(key, 5) < radar[CODE_GARBLED]:
        flaws |= CODE_IS_GARBLED
    if uniform(key, 6) < radar[ALTITUDE_MISSING]:
        flaws |= ALTITUDE_IS_MISSING
    elif uniform(key, 7) < radar[ALTITUDE_GARBLED]:
        flaws |= ALTITUDE_IS_GARBLED
    return flaws


@rare
def _measure(
    radar: Floats, origin_ns: int, t_ns: int, range_: float, azimuth: float, key: np.uint64
) -> tuple[int, float, float]:
    """What the radar says: time [ns UTC], range [m], azimuth [rad], with its errors and steps."""
    spread = math.sqrt(-2.0 * math.log(uniform(key, 2)))
    angle = TURN * uniform(key, 3)
    range_ = (
        range_ * (1.0 + radar[RANGE_GAIN]) + radar[RANGE_BIAS] + radar[SIGMA_RANGE] * spread * math.cos(angle)
    )
    azimuth += radar[AZIMUTH_BIAS] + radar[WOBBLE] * math.sin(azimuth + radar[WOBBLE_PHASE])
    azimuth += radar[SIGMA_AZIMUTH] * spread * math.sin(angle)
    stamp = origin_ns + t_ns + int(radar[TIME_BIAS] * SECOND_NS)
    if radar[QUANTISED] > 0.0:
        range_ = math.floor(range_ / RANGE_STEP_M + 0.5) * RANGE_STEP_M
        azimuth = math.floor(azimuth / AZIMUTH_STEP + 0.5) * AZIMUTH_STEP
        stamp = (stamp + TIME_STEP_NS // 2) // TIME_STEP_NS * TIME_STEP_NS
    azimuth -= TURN * math.floor(azimuth / TURN)
    return stamp, max(range_, 0.0), azimuth


@part
def _pressure_altitude(height: float, offset: float, scale: float, step: float) -> float:
    """Pressure altitude [m] that a transponder reports in steps of `step` [m] at a height."""
    return math.floor((height - offset) / scale / step + 0.5) * step


@kernel
def sweep_aircraft(
    radars: Floats,
    pieces: Floats,
    first: Ints,
    cycle: Floats,
    phase: Floats,
    flights: int,
    equipment: Ints,
    atmosphere: tuple[float, float],
    seed: int,
    origin_ns: int,
    begin_ns: Ints,
    end_ns: Ints,
    ints: Ints,
    floats: Floats,
) -> int:
    """Every detection of every radar in its window; return how many.

    Rows beyond the capacity C are counted, not written: call again with more.

    radars     (R, 37)        see the columns above
    pieces, first, cycle, phase, flights    the sky, see `motion`
    equipment  (L,)           DARK, MODE_AC, MODE_S
    atmosphere (offset [m], scale): height = offset + scale * pressure altitude
    begin_ns, end_ns  (R,)    window of true crossing times, ns after the origin, end excluded
    ints       (C, 7)         crossing ns after origin, radar, aircraft, stamp ns UTC, seen, flaws, chance
    floats     (C, 3)         range [m], azimuth [rad], pressure altitude [m] (NaN where not reported)
    """
    row = 0
    lines = cycle.size
    for r in range(radars.shape[0]):
        radar = radars[r]
        begin, end = begin_ns[r] / SECOND_NS, end_ns[r] / SECOND_NS
        middle, half = 0.5 * (begin + end), 0.5 * (end - begin)
        scan_from = math.floor((begin - radar[PHASE]) / radar[PERIOD] - 1e-6)
        scan_to = math.floor((end - radar[PHASE]) / radar[PERIOD] + 1e-6)
        for line in range(lines):
            lo, hi = first[line], first[line + 1]
            e, n, u, h, p = _seen_from(radar, pieces, lo, hi, cycle[line], middle + phase[line])
            # Who stands on the ground may begin its next flight elsewhere: no distance tells anything then.
            if pieces[p, FLIGHT] >= 0.0 and not _may_be_met(radar, e, n, u, middle, half):
                continue
            for scan in range(scan_from, scan_to + 1):
                at = radar[PHASE] + (scan + 0.5) * radar[PERIOD]
                e, n, u, h, p = _seen_from(radar, pieces, lo, hi, cycle[line], at + phase[line])
                reach = radar[RANGE_MAX] + SPEED_MAX_MPS * radar[PERIOD]
                if pieces[p, FLIGHT] >= 0.0 and e * e + n * n + u * u > reach * reach:
                    continue
                bearing = math.atan2(e, n)
                bearing += TURN if bearing < 0.0 else 0.0
                for turn in range(-1, 2):
                    if (turn == 1 and bearing > 0.3) or (turn == -1 and bearing < TURN - 0.3):
                        continue
                    t, azimuth, e, n, u, h, p = _crossing(
                        radar, pieces, lo, hi, cycle[line], phase[line], scan, bearing + turn * TURN
                    )
                    t_ns = -1 if math.isnan(t) else math.floor(t * SECOND_NS + 0.5)
                    if math.isnan(t) or t_ns < begin_ns[r] or t_ns >= end_ns[r] or pieces[p, FLIGHT] < 0.0:
                        continue
                    range_ = math.sqrt(e * e + n * n + u * u)
                    if (
                        range_ > radar[RANGE_MAX]
                        or range_ < radar[RANGE_MIN]
                        or u > radar[CONE_SINE] * range_
                    ):
                        continue
                    if range_ > _horizon(radar, h):
                        continue
                    lap = math.floor((t + phase[line]) / cycle[line])
                    aircraft = int((lap * flights + pieces[p, FLIGHT]) * lines + line)
                    key = key_of(seed, _AIRCRAFT, r, aircraft, 3 * scan + turn + 1)
                    seen = _detection(radar, equipment[line], range_, key)
                    if seen == 0:
                        continue
                    if row < ints.shape[0]:
                        flaws = _flaws(radar, seen, key)
                        stamp, said_range, said_azimuth = _measure(
                            radar, origin_ns, t_ns, range_, azimuth, key
                        )
                        step = 25.0 * FOOT_M if seen & MODES else 100.0 * FOOT_M
                        ints[row] = (t_ns, r, aircraft, stamp, seen, flaws, chance(key))
                        floats[row, 0] = said_range
                        floats[row, 1] = said_azimuth
                        floats[row, 2] = math.nan
                        if flaws & ALTITUDE_IS_MISSING == 0:
                            floats[row, 2] = _pressure_altitude(h, atmosphere[0], atmosphere[1], step)
                    row += 1
    return row


@kernel
def sweep_clutter(
    radars: Floats,
    seed: int,
    origin_ns: int,
    begin_ns: Ints,
    end_ns: Ints,
    ints: Ints,
    floats: Floats,
    row: int,
) -> int:
    """Plots that come from no aircraft, uniform over the disc a radar covers; from `row` on.

    A primary radar's carry nothing but a place; a secondary radar's (replies to others, "FRUIT") carry a
    code and an altitude that mean nothing. Aircraft is -1. Columns, capacity and return as `sweep_aircraft`.
    """
    for r in range(radars.shape[0]):
        radar = radars[r]
        reach = radar[PSR_RANGE_MAX] if radar[HAS_PSR] > 0.0 else radar[RANGE_MAX]
        seen = PSR if radar[HAS_PSR] > 0.0 else SSR
        scan_from = math.floor((begin_ns[r] / SECOND_NS - radar[PHASE]) / radar[PERIOD] - 1e-6)
        scan_to = math.floor((end_ns[r] / SECOND_NS - radar[PHASE]) / radar[PERIOD] + 1e-6)
        for scan in range(scan_from, scan_to + 1):
            count = poisson(radar[FALSE_MEAN], uniform(key_of(seed, _FALSE_COUNT, r, scan, 0), 0))
            for i in range(count):
                key = key_of(seed, _FALSE_PLOT, r, scan, i)
                turn = uniform(key, 0)
                t_ns = math.floor((radar[PHASE] + (scan + turn) * radar[PERIOD]) * SECOND_NS + 0.5)
                if t_ns < begin_ns[r] or t_ns >= end_ns[r]:
                    continue
                if row < ints.shape[0]:
                    range_ = max(reach * math.sqrt(uniform(key, 1)), radar[RANGE_MIN])
                    stamp, said_range, said_azimuth = _measure(
                        radar, origin_ns, t_ns, range_, turn * TURN, key
                    )
                    flaws = CODE_IS_MISSING | ALTITUDE_IS_MISSING if seen == PSR else 0
                    ints[row] = (t_ns, r, -1, stamp, seen, flaws, chance(key))
                    floats[row, 0] = said_range
                    floats[row, 1] = said_azimuth
                    floats[row, 2] = math.nan
                    if seen != PSR:
                        floats[row, 2] = math.floor(uniform(key, 8) * 400.0) * 100.0 * FOOT_M
                row += 1
    return row
