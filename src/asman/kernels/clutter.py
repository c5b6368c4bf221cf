"""False plots of places: single ones from anywhere, and clutter that stays where it is.

Single ones fall evenly over the disc, Poisson in number: what passes a detector of constant false alarm
rate, and at a secondary radar replies to others ("FRUIT"), whose code and altitude mean nothing there.

Clutter is a set of scatterers. Time is cut for each into slots of its own; a draw says for each slot
whether it shows at all, a draw a scan whether the radar detects it. In a slot it moves on a straight line
through its place, at the middle of the slot. So one row of numbers is a rock on a slope that fades for
minutes (no speed), a turbine of a wind farm (all turbines of a farm share their slots), a lorry on a road
(a slot is one passage), or birds that come for some minutes, each time elsewhere and on another course.

Sources: Skolnik, Radar Handbook, 3rd edition, chapters 2 (birds, traffic on roads), 7 (false alarms) and 16
(ground); EUROCONTROL-GUID-130 (wind turbines); Stevens, Secondary Surveillance Radar, 1988 (FRUIT).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import radar as rad
from asman.kernels.chance import (
    FOR_FALSE_COUNT,
    FOR_FALSE_PLOT,
    FOR_SPOT,
    TURN,
    chance,
    key_of,
    normal_pair,
    poisson,
    uniform,
)
from asman.kernels.jit import kernel, part, rare

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Share of FRUIT in the single false plots of a radar that has a primary and a secondary part: a plot
#: extractor that asks for replies in several sweeps lets few of them through.
FRUIT_SHARE: Final = 0.1
#: Signal to noise [dB] that a primary plot has at least.
THRESHOLD_DB: Final = 13.0
#: Largest mean of one Poisson draw: its inversion begins with exp(-mean).
_MEAN_MAX: Final = 300.0
#: Scatterers stay within so much [rad] of where they are looked for.
_ASIDE_MAX: Final = 0.5

#: Columns of a scatterer: radar (row); number among the radar's own; group that shares its slots; azimuth
#: [rad] and place east, north [m] of the antenna, in the plane of slant ranges; velocity east, north [m/s];
#: slots: length [s], by how much they are ahead [s], share of them in which it shows; probability of
#: detection a scan then; how far plots scatter [m, standard deviation], how far its place is off in a slot
#: [m, at most], by how much its course is [rad, at most].
(
    OF_RADAR, NUMBER, GROUP, AT_AZIMUTH, EAST, NORTH, EAST_MPS, NORTH_MPS,
    SLOT, AHEAD, SHOWS, DETECTED, GLINT, WANDER, SWERVE, SCATTERER_COLUMNS,
) = range(16)  # fmt: skip


@part
def count_of(mean: float, key: np.uint64) -> int:
    """A Poisson number of any mean, from the draws 0, 1 ... of a key."""
    parts = int(mean / _MEAN_MAX) + 1
    total = 0
    for i in range(parts):
        total += poisson(mean / parts, uniform(key, i))
    return total


@part
def echo_db(key: np.uint64, index: int) -> float:
    """Signal to noise [dB] of a false primary plot: most are hardly above the threshold."""
    return THRESHOLD_DB - 4.0 * math.log(uniform(key, index))


@part
def over_horizon(radar: Floats, range_: float, height: float) -> bool:
    """Tell whether smooth ground lets see so far; also where terrain hides aircraft: it is not asked here."""
    hides = radar[rad.HAS_HORIZON] > 0.0 or radar[rad.HAS_TERRAIN] > 0.0
    return not hides or range_ <= rad.horizon_range(radar, height)


@part
def above_ground(radar: Floats, range_: float, up: float, height: float) -> bool:
    """Tell whether a radar could see something there: range, cone of silence, smooth ground."""
    if range_ > radar[rad.RANGE_MAX] or range_ < radar[rad.RANGE_MIN] or up > radar[rad.CONE_SINE] * range_:
        return False
    return over_horizon(radar, range_, height)


@rare
def put(
    radar: Floats,
    r: int,
    origin_ns: int,
    t_ns: int,
    aircraft: int,
    seen: int,
    cause: int,
    range_: float,
    azimuth: float,
    pressure: float,
    signal: float,
    key: np.uint64,
    ints: Ints,
    floats: Floats,
    row: int,
) -> None:
    """Write one false plot, measured as every plot is."""
    stamp, said_range, said_azimuth = rad.measured(radar, origin_ns, t_ns, range_, azimuth, key)
    flaws = rad.CODE_IS_MISSING | rad.ALTITUDE_IS_MISSING if seen == rad.PSR else 0
    ints[row] = (t_ns, r, aircraft, stamp, seen, flaws, chance(key), cause)
    plot = floats[row]
    plot[rad.RANGE], plot[rad.AZIMUTH], plot[rad.PRESSURE] = said_range, said_azimuth, pressure
    plot[rad.NORTH] = plot[rad.EAST] = plot[rad.UP] = plot[rad.TURN_RATE] = math.nan
    plot[rad.SIGNAL] = signal


@kernel
def scattered(
    radars: Floats,
    means: Floats,
    seed: int,
    origin_ns: int,
    begin_ns: Ints,
    end_ns: Ints,
    ints: Ints,
    floats: Floats,
    row: int,
) -> int:
    """Single false plots of every radar, in its window, from `row` on; return the row after the last.

    Rows beyond the capacity C are counted, not written: call again with more.

    radars            (R, RADAR_COLUMNS)
    means             (R,)   mean number a scan
    origin_ns         ns UTC of time 0
    begin_ns, end_ns  (R,)   ns after it, true time of the antenna; end excluded
    ints, floats      (C, PLOT_INTS), (C, PLOT_FLOATS)   filled, see `kernels.radar`
    """
    for r in range(radars.shape[0]):
        radar = radars[r]
        has_psr, has_ssr = radar[rad.HAS_PSR] > 0.0, radar[rad.HAS_SSR] > 0.0
        if end_ns[r] <= begin_ns[r] or means[r] <= 0.0 or not (has_psr or has_ssr):
            continue
        fruit = (FRUIT_SHARE if has_psr else 1.0) if has_ssr else 0.0
        first, last = rad.scans_of(radar, begin_ns[r], end_ns[r])
        for scan in range(first, last + 1):
            count = count_of(means[r], key_of(seed, FOR_FALSE_COUNT, r, scan, 0))
            for i in range(count):
                key = key_of(seed, FOR_FALSE_PLOT, r, scan, i)
                turn = uniform(key, 0)
                t_ns = math.floor(rad.antenna_time(radar, scan + turn) * rad.SECOND_NS + 0.5)
                if t_ns < begin_ns[r] or t_ns >= end_ns[r]:
                    continue
                if row < ints.shape[0]:
                    seen, cause, reach = rad.PSR, rad.OF_CLUTTER, radar[rad.PSR_RANGE_MAX]
                    pressure, signal = math.nan, echo_db(key, 4)
                    if uniform(key, 5) < fruit:
                        seen, cause, reach = rad.SSR, rad.OF_FRUIT, radar[rad.RANGE_MAX]
                        pressure = math.floor(uniform(key, 6) * 400.0) * 100.0 * rad.FOOT_M
                    near = (radar[rad.RANGE_MIN] / reach) ** 2
                    range_ = reach * math.sqrt(near + (1.0 - near) * uniform(key, 1))
                    put(
                        radar, r, origin_ns, t_ns, -1, seen, cause, range_, turn * TURN, pressure, signal,
                        key, ints, floats, row,
                    )  # fmt: skip
                row += 1
    return row


@part
def _place(scatterer: Floats, t: float, slot_key: np.uint64) -> tuple[float, float]:
    """East, north [m] of a scatterer at a time [s] in the slot that a key stands for."""
    since = t + scatterer[AHEAD]
    since -= (math.floor(since / scatterer[SLOT]) + 0.5) * scatterer[SLOT]
    east_mps, north_mps = scatterer[EAST_MPS], scatterer[NORTH_MPS]
    if scatterer[SWERVE] > 0.0:
        swerve = scatterer[SWERVE] * (2.0 * uniform(slot_key, 1) - 1.0)
        sine, cosine = math.sin(swerve), math.cos(swerve)
        east_mps, north_mps = east_mps * cosine + north_mps * sine, north_mps * cosine - east_mps * sine
    east, north = scatterer[EAST] + east_mps * since, scatterer[NORTH] + north_mps * since
    if scatterer[WANDER] > 0.0:
        off, course = scatterer[WANDER] * math.sqrt(uniform(slot_key, 2)), TURN * uniform(slot_key, 3)
        east += off * math.sin(course)
        north += off * math.cos(course)
    return east, north


@kernel
def spotted(
    radars: Floats,
    scatterers: Floats,
    seed: int,
    origin_ns: int,
    begin_ns: Ints,
    end_ns: Ints,
    ints: Ints,
    floats: Floats,
    row: int,
) -> int:
    """Plots of clutter that stays, of every primary radar; return the row after the last.

    scatterers  (K, SCATTERER_COLUMNS)   within 0.5 rad of their AT_AZIMUTH at all times (kept there by force)

    The other parameters are those of `scattered`. A scatterer is met once each time that the antenna comes to
    it, also at north, where that is a little before or after the antenna's own new turn.
    """
    for k in range(scatterers.shape[0]):
        scatterer = scatterers[k]
        r = int(scatterer[OF_RADAR])
        radar = radars[r]
        if end_ns[r] <= begin_ns[r] or radar[rad.HAS_PSR] == 0.0:
            continue
        turn = scatterer[AT_AZIMUTH] / TURN
        margin = (_ASIDE_MAX / TURN + rad.turns_margin(radar)) * radar[rad.PERIOD]
        # From when to when the antenna, turning evenly, would be where it is looked for.
        first = math.ceil(
            (begin_ns[r] / rad.SECOND_NS - margin - radar[rad.PHASE]) / radar[rad.PERIOD] - turn
        )
        last = math.floor((end_ns[r] / rad.SECOND_NS + margin - radar[rad.PHASE]) / radar[rad.PERIOD] - turn)
        for scan in range(first, last + 1):
            key = key_of(seed, FOR_SPOT, r, int(2.0 * scatterer[NUMBER]) + 1, scan + 2)
            if uniform(key, 0) >= scatterer[DETECTED]:
                continue
            # When the antenna would be there, turning evenly, is near enough to say where it is.
            t = radar[rad.PHASE] + (scan + turn) * radar[rad.PERIOD]
            slot = math.floor((t + scatterer[AHEAD]) / scatterer[SLOT])
            slot_key = key_of(seed, FOR_SPOT, r, int(2.0 * scatterer[GROUP]), slot + 2)
            if uniform(slot_key, 0) >= scatterer[SHOWS]:
                continue
            east, north = _place(scatterer, t, slot_key)
            by_east, by_north = normal_pair(key, 4)
            east += scatterer[GLINT] * by_east
            north += scatterer[GLINT] * by_north
            aside = math.atan2(east, north) - scatterer[AT_AZIMUTH]
            aside -= TURN * math.floor(aside / TURN + 0.5)
            azimuth = scatterer[AT_AZIMUTH] + min(max(aside, -_ASIDE_MAX), _ASIDE_MAX)
            t_ns = math.floor(rad.antenna_time(radar, scan + azimuth / TURN) * rad.SECOND_NS + 0.5)
            if t_ns < begin_ns[r] or t_ns >= end_ns[r]:
                continue
            if row < ints.shape[0]:
                range_ = math.sqrt(east * east + north * north)
                put(
                    radar, r, origin_ns, t_ns, -1, rad.PSR, rad.OF_SPOT, range_, azimuth, math.nan,
                    echo_db(key, 6), key, ints, floats, row,
                )  # fmt: skip
            row += 1
    return row
