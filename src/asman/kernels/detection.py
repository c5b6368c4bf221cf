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

from asman.kernels import meeting as met
from asman.kernels import radar as rad
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
    reference = 0.75 * radar[rad.PSR_RANGE_MAX] / range_
    return (
        radar[rad.SNR_PSR] * rcs / radar[rad.PSR_RCS] * reference * reference * reference * reference * factor
    )


@part
def _primary(radar: Floats, hit: Floats, rcs: float, factor: float) -> float:
    """Probability that the primary radar detects."""
    if radar[rad.HAS_PSR] == 0.0 or hit[met.HIT_RANGE] > radar[rad.PSR_RANGE_MAX]:
        return 0.0
    p = radar[rad.PD_PSR]
    if radar[rad.SWERLING] > 0.0:
        p = FALSE_ALARM ** (1.0 / (1.0 + primary_snr(radar, hit[met.HIT_RANGE], rcs, factor)))
    else:
        p *= min(factor, 1.0)
    if radar[rad.BLIND_SPEED] > 0.0:
        # A moving-target filter takes away what neither comes nor goes.
        p *= 1.0 - 0.9 * math.exp(-((hit[met.HIT_RADIAL] / radar[rad.BLIND_SPEED]) ** 2))
    return p


@part
def _secondary(radar: Floats, hit: Floats) -> float:
    """Probability that a reply is received."""
    p = radar[rad.PD_SSR]
    if radar[rad.LOBING] > 0.0:
        # Ground ahead of the antenna reflects most at grazing angles: lobes λ / 2h apart in sine.
        sine = max(hit[met.HIT_SINE], 0.0)
        lobe = 0.5 + 0.5 * math.cos(2.0 * TURN * radar[rad.MAST] / WAVE_M * sine)
        p *= 1.0 - radar[rad.LOBING] * lobe * math.exp(-sine / 0.1)
    if radar[rad.SHADOW] > 0.0:
        speed = math.sqrt(hit[met.HIT_NORTH] ** 2 + hit[met.HIT_EAST] ** 2)
        tangent = speed * hit[met.HIT_TURN_RATE] / GRAVITY_MPS2
        # In a right turn the belly, where the antenna is, looks away from who stands to the right.
        hidden = tangent / math.sqrt(1.0 + tangent * tangent) * hit[met.HIT_ASIDE]
        p *= 1.0 - radar[rad.SHADOW] * min(max((hidden - 0.17) / 0.5, 0.0), 1.0)
    return p


@part
def _seen(radar: Floats, hit: Floats, transponder: int, rcs: float, factor: float, key: np.uint64) -> int:
    """Which parts of the radar detect: bits PSR, SSR, MODES, before neighbours are asked."""
    seen = 0
    if radar[rad.HAS_SSR] > 0.0 and transponder != rad.DARK and uniform(key, _SSR) < _secondary(radar, hit):
        seen |= rad.MODES if (radar[rad.HAS_MODES] > 0.0 and transponder == rad.MODE_S) else rad.SSR
    if radar[rad.HAS_PSR] > 0.0 and uniform(key, _PSR) < _primary(radar, hit, rcs, factor):
        seen |= rad.PSR
    return seen


@part
def _flaws(radar: Floats, seen: int, key: np.uint64) -> int:
    """What the radar could not read, or doubts, of a reply; and what is wrong without a doubt."""
    if seen == rad.PSR:
        return rad.CODE_IS_MISSING | rad.ALTITUDE_IS_MISSING
    flaws = 0
    if uniform(key, _NO_CODE) < radar[rad.CODE_MISSING]:
        flaws |= rad.CODE_IS_MISSING
    elif uniform(key, _BAD_CODE) < radar[rad.CODE_GARBLED]:
        flaws |= rad.CODE_IS_GARBLED
    if uniform(key, _NO_ALTITUDE) < radar[rad.ALTITUDE_MISSING]:
        flaws |= rad.ALTITUDE_IS_MISSING
    elif uniform(key, _BAD_ALTITUDE) < radar[rad.ALTITUDE_GARBLED]:
        flaws |= rad.ALTITUDE_IS_GARBLED
    # Mode S replies carry a parity: only those of Mode A/C can be wrong and look right.
    if seen & rad.MODES == 0:
        wrong = uniform(key, _WRONG)
        if wrong < radar[rad.CODE_WRONG]:
            flaws |= rad.CODE_IS_WRONG
        elif wrong < 2.0 * radar[rad.CODE_WRONG]:
            flaws |= rad.ALTITUDE_IS_WRONG
    return flaws


@part
def _key(ints: Ints, i: int, seed: int) -> np.uint64:
    """The key of a meeting."""
    return key_of(
        seed, FOR_AIRCRAFT, ints[i, met.HIT_RADAR], ints[i, met.HIT_AIRCRAFT], ints[i, met.HIT_SCAN]
    )


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
    widest = max(radar[rad.SSR_BEAM], radar[rad.PSR_CELL_ANGLE], radar[rad.SSR_CELL_ANGLE])
    window = widest / TURN * radar[rad.PERIOD] * 1.1 * rad.SECOND_NS
    # Where the reply alone, and the echo alone, would be.
    reply_range = reply_azimuth = echo_range = echo_azimuth = 0.0
    mine = rcs[i] / floats[i, met.HIT_RANGE] ** 4
    for step in (-1, 1):
        j = i + step
        while lo <= j < hi and abs(ints[j, met.HIT_AT] - ints[i, met.HIT_AT]) <= window:
            apart = abs(floats[j, met.HIT_RANGE] - floats[i, met.HIT_RANGE])
            if apart > radar[rad.GARBLE_RANGE] and apart > radar[rad.PSR_CELL]:
                j += step
                continue
            turn = floats[j, met.HIT_AZIMUTH] - floats[i, met.HIT_AZIMUTH]
            turn -= TURN * math.floor(turn / TURN + 0.5)
            other = _seen(radar, floats[j], transponder[j], rcs[j], factor[j], _key(ints, j, seed))
            if (
                seen & rad.SSR and transponder[j] == rad.MODE_AC
                and apart < radar[rad.GARBLE_RANGE] and abs(turn) < radar[rad.SSR_BEAM]
                and uniform(key, _GARBLED) < radar[rad.GARBLE]
            ):  # fmt: skip
                flaws |= rad.ALTITUDE_IS_GARBLED if flaws & rad.ALTITUDE_IS_MISSING == 0 else 0
                flaws |= rad.CODE_IS_GARBLED if flaws & rad.CODE_IS_MISSING == 0 else 0
            if radar[rad.MERGE] > 0.0:
                theirs = rcs[j] / floats[j, met.HIT_RANGE] ** 4
                stronger = theirs > mine or (
                    theirs == mine and ints[j, met.HIT_AIRCRAFT] < ints[i, met.HIT_AIRCRAFT]
                )
                if (
                    seen & other & rad.PSR
                    and apart < radar[rad.PSR_CELL]
                    and abs(turn) < radar[rad.PSR_CELL_ANGLE]
                ):
                    if stronger:
                        seen &= ~rad.PSR
                    else:
                        share = theirs / (mine + theirs)
                        echo_range += share * (floats[j, met.HIT_RANGE] - floats[i, met.HIT_RANGE])
                        echo_azimuth += share * turn
                if (
                    seen & other & rad.SSR
                    and apart < radar[rad.SSR_CELL]
                    and abs(turn) < radar[rad.SSR_CELL_ANGLE]
                ):
                    if ints[j, met.HIT_AIRCRAFT] < ints[i, met.HIT_AIRCRAFT]:
                        seen &= ~rad.SSR
                    else:
                        reply_range += 0.5 * (floats[j, met.HIT_RANGE] - floats[i, met.HIT_RANGE])
                        reply_azimuth += 0.5 * turn
            j += step
    if seen == rad.PSR:
        return seen, rad.CODE_IS_MISSING | rad.ALTITUDE_IS_MISSING, echo_range, echo_azimuth
    # A reply places the plot: what merges with its echo does not move it. None of Mode S merges.
    return seen, flaws, reply_range, reply_azimuth


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
            t_ns = hits[i, met.HIT_AT]
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
            twice = 1 + int(uniform(key, _SPLIT) < radar[rad.SPLIT])
            for copy in range(twice):
                if row < ints.shape[0]:
                    of = (
                        key
                        if copy == 0
                        else key_of(seed, FOR_SPLIT, r, hits[i, met.HIT_AIRCRAFT], hits[i, met.HIT_SCAN])
                    )
                    aside = 0.0
                    if copy == 1:
                        aside = radar[rad.SPLIT_ANGLE] * (1.0 if uniform(of, 0) < 0.5 else -1.0)
                    air = rad.air_delay(radar, hit[met.HIT_RANGE], hit[met.HIT_HEIGHT])
                    stamp, range_, azimuth = rad.measured(
                        radar,
                        origin_ns,
                        t_ns,
                        hit[met.HIT_RANGE] + air + shift_range,
                        hit[met.HIT_AZIMUTH] + shift_azimuth + aside,
                        of,
                    )
                    cause = rad.OF_AIRCRAFT if copy == 0 else rad.OF_SPLIT
                    ints[row] = (t_ns, r, hits[i, met.HIT_AIRCRAFT], stamp, seen, flaws, chance(of), cause)
                    step = 25.0 * rad.FOOT_M if seen & rad.MODES else 100.0 * rad.FOOT_M
                    pressure = math.nan
                    if flaws & rad.ALTITUDE_IS_MISSING == 0:
                        pressure = rad.pressure_altitude(hit[met.HIT_HEIGHT], atmosphere, step)
                    floats[row, rad.RANGE], floats[row, rad.AZIMUTH], floats[row, rad.PRESSURE] = (
                        range_,
                        azimuth,
                        pressure,
                    )
                    for k in range(4):
                        floats[row, rad.NORTH + k] = hit[met.HIT_NORTH + k]
                    signal = REPLY_DB - 20.0 * math.log10(max(hit[met.HIT_RANGE], 1.0) / 1e5)
                    if seen == rad.PSR:
                        signal = 10.0 * math.log10(
                            primary_snr(radar, hit[met.HIT_RANGE], rcs[i], factor[i]) + 1e-9
                        )
                    floats[row, rad.SIGNAL] = signal
                row += 1
    return row
