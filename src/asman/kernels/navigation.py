"""What an aircraft believes of its own position, and when it says so: the part of ADS-B that sits in the air.

A message goes out once a slot, at a phase of the aircraft's own that wanders by up to a fifth of the slot, so
that aircraft are not in step and nobody is ever late by more than that. What it says is where the aircraft's
navigation had it some time ago (uncompensated latency), with the slow error of satellite navigation: on each
axis a sum of waves whose frequencies are drawn, evenly, from half to one and a half times 1 / period. Over
aircraft its standard deviation is sigma at any time, and its autocorrelation over a delay d is

    cos(2π d / period) sin(π d / period) / (π d / period)

All of it is a function of the aircraft and the time alone: two receivers hear the same message.

Satellite navigation that is jammed is lost to most aircraft, which then send no position; some fall back on
inertial navigation and send one that drifts and that nothing vouches for (NIC, NACp, SIL 0). Which of the
two it is belongs to the aircraft's installation. Spoofed navigation vouches for what is wrong.

Sources: RTCA DO-260B, 2.2.3.2.3 (position), 2.2.5 (latency: at most 0.6 s uncompensated), 2.2.3.3 (rates);
"Aircraft resilience to GNSS jamming and impact on ADS-B quality indicators", The Aeronautical Journal, 2025
(indicators fall to 0, position is lost, types of aircraft differ); the share that goes on is a value of ours.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.chance import FOR_DROPOUT, FOR_GNSS, FOR_REPORT, TURN, key_of, uniform
from asman.kernels.geodesy import ECCENTRICITY2, SEMI_MAJOR_M
from asman.kernels.jit import part, rare
from asman.kernels.meeting import SPEED_MAX_MPS
from asman.kernels.motion import (
    AXIS,
    BEGIN,
    CLIMB,
    FLIGHT,
    MEAN_RADIUS_M,
    RATE,
    RATE_CHANGE,
    find_piece,
    normal_at,
    normal_to_ecef,
)
from asman.kernels.radar import OF_GHOST, OF_REPORT, OF_SPOOF

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns of a listener, one row a sensor: place of its antenna (earth-centred) and how high it stands [m],
#: radius of the effective earth [m, 0: no horizon], its index among the scenario's sensors, interval [s],
#: reach [m], probability; error of satellite navigation [m], its period [s], share of poor installations;
#: latency, mean [s]; stale repeats, share and age [s]; drop-outs, share and length [s]; rounding; of a
#: multilateration system: error of a time of arrival [m], its first receiver and the one after its last.
(
    X, Y, Z, GROUND, MAST, EARTH, INDEX, PERIOD, RANGE_MAX, PD, SIGMA, SIGMA_PERIOD, POOR, LATENCY,
    STALE, STALE_AGE, DROPOUT, DROPOUT_LENGTH, QUANTISED, ARRIVAL, RECEIVERS_FROM, RECEIVERS_TO,
    LISTENER_COLUMNS,
) = range(23)  # fmt: skip

#: How far an aircraft trusts its position, least error first.
GOOD, POOR_ONE, COASTING, NONE = range(4)
#: A poor installation's error against a good one's, and inertial navigation's error [m] and period [s]: about
#: a knot and a half of drift.
POOR_FACTOR: Final = 10.0
INERTIAL_M: Final = 700.0
INERTIAL_PERIOD_S: Final = 5_400.0
#: Of aircraft whose satellite navigation is jammed, this share sends an inertial position.
COASTING_SHARE: Final = 0.3
#: Errors of height are this much larger than those of each horizontal axis.
VERTICAL_FACTOR: Final = 1.5
#: Share of a slot by which a message's time wanders.
WANDER: Final = 0.2
WAVES: Final = 4

#: Columns of an area of interference: kind, begin, end [s], unit normal of its centre, radius [m], and where
#: everybody there seems to be [rad].
(AREA_KIND, AREA_BEGIN, AREA_END, AREA_X, AREA_Y, AREA_Z, AREA_RADIUS, AREA_LAT, AREA_LON, AREA_COLUMNS) = (
    range(10)
)
JAMMED, CIRCLING = 0.0, 1.0
#: The circle that a spoofer shows: radius [m], speed [m/s], height [m]. Circles of a few kilometres have been
#: reported since 2019 (of ships) and 2023 (of aircraft); the sizes are ours.
CIRCLE_M: Final = 4_000.0
CIRCLE_MPS: Final = 90.0
CIRCLE_HEIGHT_M: Final = 300.0

#: Columns of a drift: line, flight within its cycle (-1: any), begin, end [s], east, north [m/s].
DRIFT_LINE, DRIFT_FLIGHT, DRIFT_BEGIN, DRIFT_END, DRIFT_EAST, DRIFT_NORTH, DRIFT_COLUMNS = range(7)


class Lines(NamedTuple):
    """What flies: the columns of `exercise.sky.Sky`, and the number under which line 0 draws its chance."""

    pieces: Floats
    first: Ints
    cycle: Floats
    phase: Floats
    number: int


class Interference(NamedTuple):
    """Who disturbs satellite navigation: areas (A, AREA_COLUMNS) and drifts (D, DRIFT_COLUMNS)."""

    areas: Floats
    drifts: Floats


class State(NamedTuple):
    """Where a line is: normal, height [m], velocity north, east, up [m/s], radii of the meridian and of the
    parallel's normal at that height [m], lap and flight (-1: on the ground).
    """

    nx: float
    ny: float
    nz: float
    h: float
    north: float
    east: float
    up: float
    meridian: float
    prime_vertical: float
    lap: int
    flight: int


class Said(NamedTuple):
    """What an aircraft says: latitude, longitude [rad], height by its navigation and by its barometer (which
    nothing leads astray) [m], velocity [m/s], trust, and the cause.
    """

    lat: float
    lon: float
    h: float
    barometric: float
    north: float
    east: float
    up: float
    trust: int
    cause: int


@rare
def state_of(lines: Lines, line: int, t: float) -> State:
    """The true state of a line at a time [s]."""
    lap = math.floor((t + lines.phase[line]) / lines.cycle[line])
    at = t + lines.phase[line] - lap * lines.cycle[line]
    p = find_piece(lines.pieces, lines.first[line], lines.first[line + 1], at)
    nx, ny, nz, h = normal_at(lines.pieces, p, at)
    piece = lines.pieces[p]
    rate = piece[RATE] + piece[RATE_CHANGE] * (at - piece[BEGIN])
    ax, ay, az = piece[AXIS], piece[AXIS + 1], piece[AXIS + 2]
    dx, dy, dz = rate * (ay * nz - az * ny), rate * (az * nx - ax * nz), rate * (ax * ny - ay * nx)
    level = math.sqrt(nx * nx + ny * ny)
    w2 = 1.0 - ECCENTRICITY2 * nz * nz
    prime_vertical = SEMI_MAJOR_M / math.sqrt(w2)
    meridian = prime_vertical * (1.0 - ECCENTRICITY2) / w2 + h
    prime_vertical += h
    return State(
        nx, ny, nz, h, dz / level * meridian, (nx * dy - ny * dx) / level * prime_vertical, piece[CLIMB],
        meridian, prime_vertical, int(lap), int(piece[FLIGHT]),
    )  # fmt: skip


@part
def may_be_heard(lines: Lines, line: int, begin: float, end: float, listener: Floats) -> bool:
    """Tell whether a line can come within reach in a span of time; never a wrong no."""
    middle, half = 0.5 * (begin + end), 0.5 * (end - begin)
    state = state_of(lines, line, middle)
    if state.flight < 0:
        # Its next flight may begin anywhere.
        return True
    x, y, z = normal_to_ecef(state.nx, state.ny, state.nz, state.h)
    dx, dy, dz = x - listener[X], y - listener[Y], z - listener[Z]
    reach = listener[RANGE_MAX] + SPEED_MAX_MPS * half
    return dx * dx + dy * dy + dz * dz <= reach * reach


@part
def sent_at(seed: int, who: int, service: int, interval: float, slot: int) -> float:
    """Time [s] of the one message that `who` sends in a slot of a service."""
    phase = uniform(key_of(seed, FOR_REPORT, who, service, 0), 0)
    # The first slots of all begin before the exercise does.
    wander = uniform(key_of(seed, FOR_REPORT, who, service, slot + 8), 1)
    return (slot + phase + WANDER * wander) * interval


@part
def slots_of(begin: float, end: float, interval: float) -> tuple[int, int]:
    """First and last slot whose message may go out in [begin, end)."""
    return math.floor(begin / interval - 1.0 - WANDER) - 1, math.floor(end / interval) + 1


@part
def horizon(earth: float, mast: float, above: float) -> float:
    """Range [m] at which smooth ground hides what is `above` it from a mast, on an effective earth."""
    if above <= 0.0:
        return 0.0
    return math.sqrt(2.0 * earth * mast) + math.sqrt(2.0 * earth * above)


@part
def range_to(listener: Floats, state: State) -> float:
    """Distance [m] from an antenna; infinite behind the horizon."""
    x, y, z = normal_to_ecef(state.nx, state.ny, state.nz, state.h)
    dx, dy, dz = x - listener[X], y - listener[Y], z - listener[Z]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    if listener[EARTH] > 0.0 and distance > horizon(
        listener[EARTH], listener[MAST], state.h - listener[GROUND]
    ):
        return math.inf
    return distance


@part
def probability(listener: Floats, distance: float) -> float:
    """Probability that a message from a distance [m] is read: `pd`, from 0.7 of the reach down to half."""
    if distance > listener[RANGE_MAX]:
        return 0.0
    weak = max(distance / listener[RANGE_MAX] - 0.7, 0.0) / 0.3
    return listener[PD] * (1.0 - 0.5 * weak * weak)


@part
def silent(listener: Floats, seed: int, who: int, t: float) -> bool:
    """Tell whether a listener's drop-out of an aircraft covers a time [s]."""
    if listener[DROPOUT] <= 0.0:
        return False
    index = int(listener[INDEX])
    phase = uniform(key_of(seed, FOR_DROPOUT, index, who, -1), 0)
    spell = math.floor(t / listener[DROPOUT_LENGTH] + phase)
    return uniform(key_of(seed, FOR_DROPOUT, index, who, int(spell)), 1) < listener[DROPOUT]


@part
def age_of(listener: Floats, seed: int, who: int, key: np.uint64) -> tuple[float, bool]:
    """How old [s] a position is when it is sent, and whether it is a stale one. Draws 4 and 5 of the key."""
    age = 2.0 * listener[LATENCY] * uniform(key_of(seed, FOR_GNSS, who, -1, -1), 2)
    if uniform(key, 4) < listener[STALE]:
        return age + listener[STALE_AGE] * uniform(key, 5), True
    return age, False


@part
def _wave(seed: int, who: int, axis: int, period: float, t: float) -> tuple[float, float]:
    """Unit error on an axis at a time [s], and its rate [1/s]."""
    key = key_of(seed, FOR_GNSS, who, axis, 0)
    value = rate = 0.0
    for w in range(WAVES):
        omega = TURN * (0.5 + uniform(key, 2 * w)) / period
        angle = omega * t + TURN * uniform(key, 2 * w + 1)
        value += math.cos(angle)
        rate -= omega * math.sin(angle)
    scale = math.sqrt(2.0 / WAVES)
    return scale * value, scale * rate


@part
def _in_area(area: Floats, state: State, t: float) -> bool:
    """Tell whether interference reaches an aircraft: within its circle, and above its horizon."""
    if t < area[AREA_BEGIN] or t >= area[AREA_END]:
        return False
    dx, dy, dz = state.nx - area[AREA_X], state.ny - area[AREA_Y], state.nz - area[AREA_Z]
    chord = math.sqrt(dx * dx + dy * dy + dz * dz)
    distance = 2.0 * MEAN_RADIUS_M * math.asin(min(0.5 * chord, 1.0))
    # The jammer's ground is not known: the ellipsoid is taken for it, which errs to the far side.
    reach = min(area[AREA_RADIUS], horizon(4.0 / 3.0 * MEAN_RADIUS_M, 0.0, state.h))
    return distance <= reach


@part
def _jammed_and_led(areas: Floats, state: State, t: float) -> tuple[bool, int]:
    """Whether satellite navigation is jammed, and the area that leads it astray, -1 for none."""
    jammed, led = False, -1
    for a in range(areas.shape[0]):
        if _in_area(areas[a], state, t):
            if areas[a, AREA_KIND] == JAMMED:
                jammed = True
            else:
                led = a
    return jammed, led


@part
def _drift(drifts: Floats, line: int, flight: int, t: float) -> tuple[float, float, float, float]:
    """Offset [m] and speed [m/s], east and north, by which a line's navigation is led off."""
    e = n = ve = vn = 0.0
    for d in range(drifts.shape[0]):
        drift = drifts[d]
        mine = drift[DRIFT_LINE] == line and (drift[DRIFT_FLIGHT] < 0.0 or drift[DRIFT_FLIGHT] == flight)
        if mine and drift[DRIFT_BEGIN] <= t < drift[DRIFT_END]:
            e += drift[DRIFT_EAST] * (t - drift[DRIFT_BEGIN])
            n += drift[DRIFT_NORTH] * (t - drift[DRIFT_BEGIN])
            ve += drift[DRIFT_EAST]
            vn += drift[DRIFT_NORTH]
    return e, n, ve, vn


@rare
def navigate(
    lines: Lines, line: int, state: State, t: float, listener: Floats, disturbed: Interference, seed: int
) -> Said:
    """What a line's navigation says at a time [s] at which it truly is in `state`.

    Lines whose number is not 0 are ghosts: nobody's navigation, and nobody disturbs it.
    """
    who = lines.number + line
    ghost = lines.number > 0
    key = key_of(seed, FOR_GNSS, who, -1, -1)
    trust = POOR_ONE if uniform(key, 0) < listener[POOR] else GOOD
    sigma, period = listener[SIGMA] * (POOR_FACTOR if trust == POOR_ONE else 1.0), listener[SIGMA_PERIOD]
    cause = OF_GHOST if ghost else OF_REPORT
    e = n = ve = vn = 0.0
    if not ghost:
        jammed, led = _jammed_and_led(disturbed.areas, state, t)
        if led >= 0:
            return _circling(disturbed.areas[led], state.h, t)
        if jammed:
            trust = COASTING if uniform(key, 1) < COASTING_SHARE else NONE
            sigma, period = INERTIAL_M, INERTIAL_PERIOD_S
        else:
            e, n, ve, vn = _drift(disturbed.drifts, line, state.flight, t)
            cause = OF_SPOOF if e != 0.0 or n != 0.0 else cause
    h = state.h
    if sigma > 0.0:
        in_e, in_ve = _wave(seed, who, 0, period, t)
        in_n, in_vn = _wave(seed, who, 1, period, t)
        in_h, _ = _wave(seed, who, 2, period, t)
        e, ve, n, vn = e + sigma * in_e, ve + sigma * in_ve, n + sigma * in_n, vn + sigma * in_vn
        h += VERTICAL_FACTOR * sigma * in_h
    level = math.sqrt(state.nx * state.nx + state.ny * state.ny)
    lat = math.atan2(state.nz, level) + n / state.meridian
    lon = math.atan2(state.ny, state.nx) + e / (state.prime_vertical * level)
    return Said(lat, lon, h, state.h, state.north + vn, state.east + ve, state.up, trust, cause)


@part
def _circling(area: Floats, barometric: float, t: float) -> Said:
    """The circle that a spoofer shows to everybody alike."""
    angle = CIRCLE_MPS / CIRCLE_M * (t - area[AREA_BEGIN])
    north, east = CIRCLE_M * math.cos(angle), CIRCLE_M * math.sin(angle)
    lat = area[AREA_LAT] + north / MEAN_RADIUS_M
    lon = area[AREA_LON] + east / (MEAN_RADIUS_M * math.cos(area[AREA_LAT]))
    return Said(
        lat, lon, CIRCLE_HEIGHT_M, barometric,
        -CIRCLE_MPS * math.sin(angle), CIRCLE_MPS * math.cos(angle), 0.0, GOOD, OF_SPOOF,
    )  # fmt: skip
