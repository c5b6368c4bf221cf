"""Aircraft where they are not: in the mirror of a building, and all around through side lobes.

A reflector is a vertical plane that covers some degrees as the radar sees it. Interrogation and reply go by
it, so the radar sees the aircraft's mirror image: at the azimuth of the point of the plane where the ray
turns, as far as the whole way, with the aircraft's own code and altitude. That is exact for a plane:

    A' = A - 2 ((A - P) · m) m        P a point of the plane, m its level normal on the radar's side

and a reply is doubled where A is in front of the plane and A' lies behind the part of it that is a wall.

Near a radar, side lobes interrogate too, or a primary echo comes back through them: an aircraft rings
around the antenna, at its own range, several times in a scan when it does.

Sources: Stevens, Secondary Surveillance Radar, 1988 (side lobes, reflections); EUROCONTROL
SUR.ET1.ST01.1000-STD-01-01, section 5 (multiple targets). How often an aircraft rings at a time is ours.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import radar as rad
from asman.kernels.chance import FOR_REFLECTION, FOR_RING, TURN, key_of, uniform
from asman.kernels.clutter import above_ground, count_of, echo_db, put
from asman.kernels.detection import REPLY_DB
from asman.kernels.jit import kernel, part, rare
from asman.kernels.meeting import SPEED_MAX_MPS, centre_of, places_of, seen_from
from asman.kernels.motion import FLIGHT, LINES_MAX

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns of a reflector: radar (row); number among the radar's own; azimuth [rad] and distance [m] of its
#: middle; azimuth to which its face looks [rad]; width as the radar sees it [rad].
(
    REFLECTOR_RADAR, REFLECTOR_NUMBER, REFLECTOR_AZIMUTH, REFLECTOR_DISTANCE, REFLECTOR_FACING,
    REFLECTOR_WIDTH, REFLECTOR_COLUMNS,
) = range(7)  # fmt: skip

#: What a reflection, and a side lobe, take from a signal [dB].
_REFLECTED_DB: Final = 12.0
_SIDE_LOBE_DB: Final = 25.0
#: An aircraft that rings does so in a scan as often as this in the mean: 1 to twice that less 1.
_RINGS: Final = 4.0
#: Lines are asked for ring-around in blocks: few draws, and a line that is added changes nobody else's.
_BLOCK: Final = 64


@part
def _reply(
    radar: Floats, transponder: int, height: float, atmosphere: tuple[float, float]
) -> tuple[int, float]:
    """What a secondary radar sees of a transponder: bit SSR or MODES, pressure altitude [m]."""
    if radar[rad.HAS_MODES] > 0.0 and transponder == rad.MODE_S:
        return rad.MODES, rad.pressure_altitude(height, atmosphere, 25.0 * rad.FOOT_M)
    return rad.SSR, rad.pressure_altitude(height, atmosphere, 100.0 * rad.FOOT_M)


@part
def _aircraft(pieces: Floats, p: int, t: float, cycle: float, flights: int, line: int) -> int:
    """Number of the aircraft that a line is at its time [s], in piece `p`."""
    return int((math.floor(t / cycle) * flights + pieces[p, FLIGHT]) * LINES_MAX + line)


@part
def _mirrored(reflector: Floats, e: float, n: float, u: float) -> tuple[float, float, bool]:
    """Range [m] of a point's mirror image, its azimuth off the reflector's middle [rad]; is there one?"""
    me, mn = math.sin(reflector[REFLECTOR_FACING]), math.cos(reflector[REFLECTOR_FACING])
    pe = reflector[REFLECTOR_DISTANCE] * math.sin(reflector[REFLECTOR_AZIMUTH])
    pn = reflector[REFLECTOR_DISTANCE] * math.cos(reflector[REFLECTOR_AZIMUTH])
    before = (e - pe) * me + (n - pn) * mn
    e -= 2.0 * before * me
    n -= 2.0 * before * mn
    aside = math.atan2(e, n) - reflector[REFLECTOR_AZIMUTH]
    aside -= TURN * math.floor(aside / TURN + 0.5)
    return math.sqrt(e * e + n * n + u * u), aside, before > 0.0


@rare
def _image(
    radar: Floats,
    reflector: Floats,
    pieces: Floats,
    first: int,
    last: int,
    cycle: float,
    phase: float,
    scan: int,
    t: float,
) -> tuple[float, float, float, float, int]:
    """When the antenna meets a line's mirror image [s]; its range [m], azimuth [rad], height [m], piece.

    t   s   when the antenna is at the reflector's middle in this scan

    A time of NaN: there is none. The azimuth is not wrapped. Nothing here depends on a window.
    """
    at, width = reflector[REFLECTOR_AZIMUTH], reflector[REFLECTOR_WIDTH]
    aside, range_, h = 0.0, math.nan, 0.0
    p = first
    # Two further looks: the antenna needs 0.1 s over a reflector; the image moves by less than its quantum.
    for look in range(3):
        if look > 0:
            t = rad.antenna_time(radar, scan + (at + aside) / TURN)
        e, n, u, h, p = seen_from(radar, pieces, first, last, cycle, t + phase, p)
        range_, aside, front = _mirrored(reflector, e, n, u)
        wide = 0.5 * width + (0.1 if look == 0 else 0.0)
        straight = math.sqrt(e * e + n * n + u * u)
        if (
            pieces[p, FLIGHT] < 0.0
            or not front
            or abs(aside) > wide
            or not above_ground(radar, straight, u, h)
        ):
            return math.nan, range_, at, h, p
    return t, range_, at + aside, h, p


@kernel
def reflections(
    radars: Floats,
    reflectors: Floats,
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
    row: int,
) -> int:
    """Plots of mirror images, of every secondary radar, in its window; return the row after the last.

    Rows beyond the capacity C are counted, not written: call again with more.

    radars            (R, RADAR_COLUMNS)
    reflectors        (M, REFLECTOR_COLUMNS)
    pieces, first, cycle, phase, flights    the sky, see `motion`
    equipment         (L,)   DARK, MODE_AC, MODE_S of each line
    atmosphere        (offset [m], scale): height = offset + scale * pressure altitude
    origin_ns         ns UTC of time 0
    begin_ns, end_ns  (R,)   ns after it, true time of the antenna; end excluded
    ints, floats      (C, PLOT_INTS), (C, PLOT_FLOATS)   filled, see `kernels.radar`
    """
    lines = cycle.size
    middle, half = centre_of(radars, begin_ns, end_ns)
    where = np.empty((0, 3))
    for m in range(reflectors.shape[0]):
        reflector = reflectors[m]
        r = int(reflector[REFLECTOR_RADAR])
        radar = radars[r]
        if end_ns[r] <= begin_ns[r] or radar[rad.HAS_SSR] == 0.0 or radar[rad.REFLECTION] <= 0.0:
            continue
        at, width = reflector[REFLECTOR_AZIMUTH], reflector[REFLECTOR_WIDTH]
        reach = radar[rad.RANGE_MAX] + SPEED_MAX_MPS * half
        scan_from, scan_to = rad.scans_of(radar, begin_ns[r], end_ns[r])
        # Most windows are shorter than a turn and hold few reflectors: no line is asked for the others.
        scan_from, scan_to = scan_from - 1, scan_to + 1
        while scan_from <= scan_to and (
            rad.antenna_time(radar, scan_from + (at + width) / TURN) * rad.SECOND_NS < begin_ns[r]
        ):
            scan_from += 1
        while scan_from <= scan_to and (
            rad.antenna_time(radar, scan_to + (at - width) / TURN) * rad.SECOND_NS > end_ns[r]
        ):
            scan_to -= 1
        middles = np.empty(max(scan_to + 1 - scan_from, 0))
        for scan in range(scan_from, scan_to + 1):
            middles[scan - scan_from] = rad.antenna_time(radar, scan + at / TURN)
        if scan_from <= scan_to and where.shape[0] == 0:
            where = places_of(pieces, first, cycle, phase, middle, half)
        for line in range(lines if scan_from <= scan_to else 0):
            if equipment[line] == rad.DARK:
                continue
            dx, dy = where[line, 0] - radar[rad.X], where[line, 1] - radar[rad.Y]
            dz = where[line, 2] - radar[rad.Z]
            # The way over a mirror is the longer: who is out of range has no image within it (NaN: asked).
            if dx * dx + dy * dy + dz * dz > reach * reach:
                continue
            lo, hi, number = first[line], first[line + 1], 4096 * r + int(reflector[REFLECTOR_NUMBER])
            for scan in range(scan_from, scan_to + 1):
                key = key_of(seed, FOR_REFLECTION, number, line, scan + 4)
                if uniform(key, 0) >= radar[rad.REFLECTION]:
                    continue
                t, range_, azimuth, h, p = _image(
                    radar,
                    reflector,
                    pieces,
                    lo,
                    hi,
                    cycle[line],
                    phase[line],
                    scan,
                    middles[scan - scan_from],
                )
                if math.isnan(t) or range_ > radar[rad.RANGE_MAX]:
                    continue
                t_ns = math.floor(t * rad.SECOND_NS + 0.5)
                if t_ns < begin_ns[r] or t_ns >= end_ns[r]:
                    continue
                if row < ints.shape[0]:
                    who = _aircraft(pieces, p, t + phase[line], cycle[line], flights, line)
                    seen, pressure = _reply(radar, equipment[line], h, atmosphere)
                    signal = REPLY_DB - 20.0 * math.log10(range_ / 1e5) - _REFLECTED_DB
                    put(
                        radar, r, origin_ns, t_ns, who, seen, rad.OF_REFLECTION,
                        range_ + rad.air_delay(radar, range_, h), azimuth, pressure, signal, key,
                        ints, floats, row,
                    )  # fmt: skip
                row += 1
    return row


@kernel
def rings(
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
    row: int,
) -> int:
    """Plots of near aircraft through side lobes, of every radar; return the row after the last.

    The parameters are those of `reflections`. What has a transponder rings at a secondary radar, the
    rest at a primary one. Which lines may ring in a scan is drawn first (a Poisson number for every 64 of
    them), so that positions are worked out for those few only.
    """
    lines = cycle.size
    for r in range(radars.shape[0]):
        radar = radars[r]
        if end_ns[r] <= begin_ns[r] or radar[rad.RING] <= 0.0 or radar[rad.RING_RANGE] <= 0.0:
            continue
        own = max(radar[rad.SSR_BEAM], radar[rad.PSR_CELL_ANGLE])
        scan_from, scan_to = rad.scans_of(radar, begin_ns[r], end_ns[r])
        for scan in range(scan_from, scan_to + 1):
            for block in range(0, lines, _BLOCK):
                of = key_of(seed, FOR_RING, r, scan + 4, 2 * block)
                for i in range(count_of(_BLOCK * radar[rad.RING] / _RINGS, of)):
                    line = block + int(_BLOCK * uniform(of, 20 + 2 * i))
                    if line >= lines:
                        continue
                    for ring in range(1 + int((2.0 * _RINGS - 1.0) * uniform(of, 21 + 2 * i))):
                        key = key_of(seed, FOR_RING, r, scan + 4, 16 * (_BLOCK * block + i) + 2 * ring + 1)
                        turn = uniform(key, 0)
                        t = rad.antenna_time(radar, scan + turn)
                        t_ns = math.floor(t * rad.SECOND_NS + 0.5)
                        if t_ns < begin_ns[r] or t_ns >= end_ns[r]:
                            continue
                        e, n, u, h, p = seen_from(
                            radar, pieces, first[line], first[line + 1], cycle[line], t + phase[line],
                            first[line],
                        )  # fmt: skip
                        range_ = math.sqrt(e * e + n * n + u * u)
                        if range_ > radar[rad.RING_RANGE] or pieces[p, FLIGHT] < 0.0:
                            continue
                        aside = TURN * turn - math.atan2(e, n)
                        aside -= TURN * math.floor(aside / TURN + 0.5)
                        if abs(aside) < own or not above_ground(radar, range_, u, h):
                            continue
                        replies = radar[rad.HAS_SSR] > 0.0 and equipment[line] != rad.DARK
                        if not replies and (radar[rad.HAS_PSR] == 0.0 or range_ > radar[rad.PSR_RANGE_MAX]):
                            continue
                        if row < ints.shape[0]:
                            who = _aircraft(pieces, p, t + phase[line], cycle[line], flights, line)
                            seen, pressure, signal = rad.PSR, math.nan, echo_db(key, 4)
                            if replies:
                                seen, pressure = _reply(radar, equipment[line], h, atmosphere)
                                signal = REPLY_DB - 20.0 * math.log10(range_ / 1e5) - _SIDE_LOBE_DB
                            put(
                                radar, r, origin_ns, t_ns, who, seen, rad.OF_RING_AROUND,
                                range_ + rad.air_delay(radar, range_, h), TURN * turn, pressure, signal, key,
                                ints, floats, row,
                            )  # fmt: skip
                        row += 1
    return row
