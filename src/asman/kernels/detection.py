"""What a radar makes of the aircraft that its beam meets: detected or not, alone or with a neighbour.

Primary detection follows Swerling 1: with one hit and a false alarm probability F, Pd = F^(1 / (1 + S)), and
S falls with the fourth power of range. Secondary detection is the sensor's own probability, less what the
vertical diagram's lobes and a banked aircraft's own body take. Neighbours matter within a resolution cell
(two become one) and within a reply's length (codes are garbled). Each meeting asks its own neighbours and no
further, so what comes out never depends on how time is cut; a row of three merges pairwise.

Sources: Skolnik, Radar Handbook, 3rd edition, chapter 2 (Swerling), 26 (multipath); Stevens, Secondary
Surveillance Radar, chapters 5 and 7; ICAO Annex 10 volume IV, 3.1.1 (replies of 20.3 µs: 3,043 m).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import meeting as M
from asman.kernels import radar as R
from asman.kernels.chance import FOR_AIRCRAFT, FOR_SPLIT, TURN, chance, key_of, uniform
from asman.kernels.jit import kernel, part, rare

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Probability of false alarm of a primary radar's detector.
FALSE_ALARM: Final = 1e-6
#: Wave length of 1,090 MHz [m].
WAVE_M: Final = 0.275
GRAVITY_MPS2: Final = 9.80665
#: Signal to noise [dB] of a reply from 100 km: what a monopulse receiver typically has in hand.
REPLY_DB: Final = 40.0

#: What the draws of a meeting's key are for; 2, 3 and 9 to 11 are the measurement's (`radar.measured`).
(_SSR, _PSR, _, _, _NO_CODE, _BAD_CODE, _NO_ALTITUDE, _BAD_ALTITUDE, _WRONG) = range(9)
_GARBLED, _SPLIT = 12, 13


@part
def primary_snr(radar: Floats, range_: float, rcs: float, factor: float) -> float:
    """Signal to noise of a primary echo; `factor` is what weather and jamming leave of it."""
    reference = 0.75 * radar[R.PSR_RANGE_MAX] / range_
    return radar[R.SNR_PSR] * rcs / radar[R.PSR_RCS] * reference * reference * reference * reference * factor


@part
def _primary(radar: Floats, hit: Floats, rcs: float, factor: float) -> float:
    """Probability that the primary radar detects."""
    if radar[R.HAS_PSR] == 0.0 or hit[M.HIT_RANGE] > radar[R.PSR_RANGE_MAX]:
        return 0.0
    p = radar[R.PD_PSR]
    if radar[R.SWERLING] > 0.0:
        p = FALSE_ALARM ** (1.0 / (1.0 + primary_snr(radar, hit[M.HIT_RANGE], rcs, factor)))
    else:
        p *= min(factor, 1.0)
    if radar[R.BLIND_SPEED] > 0.0:
        # A moving-target filter takes away what neither comes nor goes.
        p *= 1.0 - 0.9 * math.exp(-((hit[M.HIT_RADIAL] / radar[R.BLIND_SPEED]) ** 2))
    return p


@part
def _secondary(radar: Floats, hit: Floats) -> float:
    """Probability that a reply is received."""
    p = radar[R.PD_SSR]
    if radar[R.LOBING] > 0.0:
        # Ground ahead of the antenna reflects most at grazing angles: lobes λ / 2h apart in sine.
        sine = max(hit[M.HIT_SINE], 0.0)
        lobe = 0.5 + 0.5 * math.cos(2.0 * TURN * radar[R.MAST] / WAVE_M * sine)
        p *= 1.0 - radar[R.LOBING] * lobe * math.exp(-sine / 0.1)
    if radar[R.SHADOW] > 0.0:
        speed = math.sqrt(hit[M.HIT_NORTH] ** 2 + hit[M.HIT_EAST] ** 2)
        tangent = speed * hit[M.HIT_TURN_RATE] / GRAVITY_MPS2
        # In a right turn the belly, where the antenna is, looks away from who stands to the right.
        hidden = tangent / math.sqrt(1.0 + tangent * tangent) * hit[M.HIT_ASIDE]
        p *= 1.0 - radar[R.SHADOW] * min(max((hidden - 0.17) / 0.5, 0.0), 1.0)
    return p


@part
def _seen(radar: Floats, hit: Floats, transponder: int, rcs: float, factor: float, key: np.uint64) -> int:
    """Which parts of the radar detect: bits PSR, SSR, MODES, before neighbours are asked."""
    seen = 0
    if radar[R.HAS_SSR] > 0.0 and transponder != R.DARK and uniform(key, _SSR) < _secondary(radar, hit):
        seen |= R.MODES if (radar[R.HAS_MODES] > 0.0 and transponder == R.MODE_S) else R.SSR
    if radar[R.HAS_PSR] > 0.0 and uniform(key, _PSR) < _primary(radar, hit, rcs, factor):
        seen |= R.PSR
    return seen


@part
def _flaws(radar: Floats, seen: int, key: np.uint64) -> int:
    """What the radar could not read, or doubts, of a reply; and what is wrong without a doubt."""
    if seen == R.PSR:
        return R.CODE_IS_MISSING | R.ALTITUDE_IS_MISSING
    flaws = 0
    if uniform(key, _NO_CODE) < radar[R.CODE_MISSING]:
        flaws |= R.CODE_IS_MISSING
    elif uniform(key, _BAD_CODE) < radar[R.CODE_GARBLED]:
        flaws |= R.CODE_IS_GARBLED
    if uniform(key, _NO_ALTITUDE) < radar[R.ALTITUDE_MISSING]:
        flaws |= R.ALTITUDE_IS_MISSING
    elif uniform(key, _BAD_ALTITUDE) < radar[R.ALTITUDE_GARBLED]:
        flaws |= R.ALTITUDE_IS_GARBLED
    # Mode S replies carry a parity: only those of Mode A/C can be wrong and look right.
    if seen & R.MODES == 0:
        wrong = uniform(key, _WRONG)
        if wrong < radar[R.CODE_WRONG]:
            flaws |= R.CODE_IS_WRONG
        elif wrong < 2.0 * radar[R.CODE_WRONG]:
            flaws |= R.ALTITUDE_IS_WRONG
    return flaws


@part
def _key(ints: Ints, i: int, seed: int) -> np.uint64:
    """The key of a meeting."""
    return key_of(seed, FOR_AIRCRAFT, ints[i, M.HIT_RADAR], ints[i, M.HIT_AIRCRAFT], ints[i, M.HIT_SCAN])


@rare
def _with_neighbours(
    radar: Floats,
    ints: Ints,
    floats: Floats,
    transponder: Ints,
    rcs: Floats,
    factor: Floats,
    i: int,
    lo: int,
    hi: int,
    seed: int,
    seen: int,
    key: np.uint64,
) -> tuple[int, int, float, float]:
    """What is left of a detection beside its neighbours: seen, flaws, shift in range [m] and azimuth [rad].

    lo, hi   rows of this radar's meetings, by time
    """  # fmt: skip
    flaws = _flaws(radar, seen, key)
    widest = max(radar[R.SSR_BEAM], radar[R.PSR_CELL_ANGLE], radar[R.SSR_CELL_ANGLE])
    window = widest / TURN * radar[R.PERIOD] * 1.1 * R.SECOND_NS
    shift_range = shift_azimuth = 0.0
    mine = rcs[i] / floats[i, M.HIT_RANGE] ** 4
    for step in (-1, 1):
        j = i + step
        while lo <= j < hi and abs(ints[j, M.HIT_AT] - ints[i, M.HIT_AT]) <= window:
            apart = abs(floats[j, M.HIT_RANGE] - floats[i, M.HIT_RANGE])
            if apart > radar[R.GARBLE_RANGE] and apart > radar[R.PSR_CELL]:
                j += step
                continue
            turn = floats[j, M.HIT_AZIMUTH] - floats[i, M.HIT_AZIMUTH]
            turn -= TURN * math.floor(turn / TURN + 0.5)
            other = _seen(radar, floats[j], transponder[j], rcs[j], factor[j], _key(ints, j, seed))
            if (
                seen & R.SSR and transponder[j] == R.MODE_AC
                and apart < radar[R.GARBLE_RANGE] and abs(turn) < radar[R.SSR_BEAM]
                and uniform(key, _GARBLED) < radar[R.GARBLE]
            ):  # fmt: skip
                flaws |= R.ALTITUDE_IS_GARBLED if flaws & R.ALTITUDE_IS_MISSING == 0 else 0
                flaws |= R.CODE_IS_GARBLED if flaws & R.CODE_IS_MISSING == 0 else 0
            if radar[R.MERGE] > 0.0:
                theirs = rcs[j] / floats[j, M.HIT_RANGE] ** 4
                stronger = theirs > mine or (
                    theirs == mine and ints[j, M.HIT_AIRCRAFT] < ints[i, M.HIT_AIRCRAFT]
                )
                if seen & other & R.PSR and apart < radar[R.PSR_CELL] and abs(turn) < radar[R.PSR_CELL_ANGLE]:
                    if stronger:
                        seen &= ~R.PSR
                    else:
                        share = theirs / (mine + theirs)
                        shift_range += share * (floats[j, M.HIT_RANGE] - floats[i, M.HIT_RANGE])
                        shift_azimuth += share * turn
                if seen & other & R.SSR and apart < radar[R.SSR_CELL] and abs(turn) < radar[R.SSR_CELL_ANGLE]:
                    if ints[j, M.HIT_AIRCRAFT] < ints[i, M.HIT_AIRCRAFT]:
                        seen &= ~R.SSR
                    else:
                        shift_range += 0.5 * (floats[j, M.HIT_RANGE] - floats[i, M.HIT_RANGE])
                        shift_azimuth += 0.5 * turn
            j += step
    if seen == R.PSR:
        flaws = R.CODE_IS_MISSING | R.ALTITUDE_IS_MISSING
    elif seen & R.MODES:
        # A selective reply places the plot: primary merging does not move it.
        shift_range = shift_azimuth = 0.0
    return seen, flaws, shift_range, shift_azimuth


@kernel
def detect(
    radars: Floats,
    hits: Ints,
    geometry: Floats,
    hit_first: Ints,
    transponder: Ints,
    rcs: Floats,
    factor: Floats,
    atmosphere: tuple[float, float],
    seed: int,
    origin_ns: int,
    begin_ns: Ints,
    end_ns: Ints,
    ints: Ints,
    floats: Floats,
) -> int:
    """Every plot of an aircraft, in each radar's window; return how many.

    Rows beyond the capacity C are counted, not written: call again with more.

    hits, geometry   (H, HIT_INTS), (H, HIT_FLOATS)   meetings by radar, then time, then aircraft; of the
                     window and of a beam's width around it
    hit_first        (R + 1,)   rows of radar r are hit_first[r] : hit_first[r + 1]
    transponder      (H,)       DARK, MODE_AC, MODE_S
    rcs              (H,)  m²   radar cross-section
    factor           (H,)  1    what weather and jamming leave of the primary signal to noise
    atmosphere       (offset [m], scale): height = offset + scale * pressure altitude
    begin_ns, end_ns (R,)       ns after the begin
    ints, floats     (C, PLOT_INTS), (C, PLOT_FLOATS)   filled, see `kernels.radar`
    """
    row = 0
    for r in range(radars.shape[0]):
        radar = radars[r]
        lo, hi = hit_first[r], hit_first[r + 1]
        for i in range(lo, hi):
            t_ns = hits[i, M.HIT_AT]
            if t_ns < begin_ns[r] or t_ns >= end_ns[r]:
                continue
            key = _key(hits, i, seed)
            hit = geometry[i]
            seen = _seen(radar, hit, transponder[i], rcs[i], factor[i], key)
            if seen == 0:
                continue
            seen, flaws, shift_range, shift_azimuth = _with_neighbours(
                radar, hits, geometry, transponder, rcs, factor, i, lo, hi, seed, seen, key
            )
            if seen == 0:
                continue
            twice = 1 + int(uniform(key, _SPLIT) < radar[R.SPLIT])
            for copy in range(twice):
                if row < ints.shape[0]:
                    of = (
                        key
                        if copy == 0
                        else key_of(seed, FOR_SPLIT, r, hits[i, M.HIT_AIRCRAFT], hits[i, M.HIT_SCAN])
                    )
                    aside = 0.0
                    if copy == 1:
                        aside = radar[R.SPLIT_ANGLE] * (1.0 if uniform(of, 0) < 0.5 else -1.0)
                    air = R.air_delay(radar, hit[M.HIT_RANGE], hit[M.HIT_HEIGHT])
                    stamp, range_, azimuth = R.measured(
                        radar,
                        origin_ns,
                        t_ns,
                        hit[M.HIT_RANGE] + air + shift_range,
                        hit[M.HIT_AZIMUTH] + shift_azimuth + aside,
                        of,
                    )
                    cause = R.OF_AIRCRAFT if copy == 0 else R.OF_SPLIT
                    ints[row] = (t_ns, r, hits[i, M.HIT_AIRCRAFT], stamp, seen, flaws, chance(of), cause)
                    step = 25.0 * R.FOOT_M if seen & R.MODES else 100.0 * R.FOOT_M
                    pressure = math.nan
                    if flaws & R.ALTITUDE_IS_MISSING == 0:
                        pressure = R.pressure_altitude(hit[M.HIT_HEIGHT], atmosphere, step)
                    floats[row, R.RANGE], floats[row, R.AZIMUTH], floats[row, R.PRESSURE] = (
                        range_,
                        azimuth,
                        pressure,
                    )
                    for k in range(4):
                        floats[row, R.NORTH + k] = hit[M.HIT_NORTH + k]
                    signal = REPLY_DB - 20.0 * math.log10(max(hit[M.HIT_RANGE], 1.0) / 1e5)
                    if seen == R.PSR:
                        signal = 10.0 * math.log10(
                            primary_snr(radar, hit[M.HIT_RANGE], rcs[i], factor[i]) + 1e-9
                        )
                    floats[row, R.SIGNAL] = signal
                row += 1
    return row
