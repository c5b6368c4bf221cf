"""Which beam meets which aircraft, when: the geometry of rotating radars over a simulated sky.

An aircraft is met where its own azimuth equals the antenna's; the crossing of scan s is solved by iteration
from the middle of the scan, so it never depends on how time is cut. Positions are exact on WGS-84; the ground
hides by an effective earth (4/3), terrain by a mask of the site.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import radar as rad
from asman.kernels.chance import TURN
from asman.kernels.geodesy import ECCENTRICITY2, SEMI_MAJOR_M, ecef_to_enu
from asman.kernels.jit import kernel, part, rare
from asman.kernels.motion import (
    AXIS,
    BEGIN,
    FLIGHT,
    LINES_MAX,
    RATE,
    RATE_CHANGE,
    find_piece,
    normal_at,
    normal_to_ecef,
)
from asman.kernels.motion import CLIMB as PIECE_CLIMB

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: No simulated aircraft is faster; bounds how far it can move while a beam is on its way.
SPEED_MAX_MPS: Final = 1000.0

#: Columns of a hit: time [ns after the begin], radar, aircraft, number of the scan's crossing ...
HIT_AT, HIT_RADAR, HIT_AIRCRAFT, HIT_SCAN, HIT_INTS = range(5)
#: ... and true range [m], azimuth [rad, 0 to 2π], sine of the elevation, height [m], velocity north, east, up
#: [m/s], rate of turn [rad/s, clockwise], speed away from the radar [m/s], its part to the right of the
#: aircraft's course (sine of the radar's relative bearing).
(
    HIT_RANGE, HIT_AZIMUTH, HIT_SINE, HIT_HEIGHT, HIT_NORTH, HIT_EAST, HIT_UP, HIT_TURN_RATE, HIT_RADIAL,
    HIT_ASIDE, HIT_FLOATS,
) = range(11)  # fmt: skip


@rare
def seen_from(
    radar: Floats, pieces: Floats, first: int, last: int, cycle: float, t: float, guess: int
) -> tuple[float, float, float, float, int]:
    """East, north, up [m] of a line at its time `t` [s] from a radar; its height [m] and piece.

    guess   a piece of the line: where it is the right one, no other is looked for
    """
    lap_t = t - math.floor(t / cycle) * cycle
    p = guess
    if pieces[p, BEGIN] > lap_t or (p + 1 < last and pieces[p + 1, BEGIN] <= lap_t):
        p = find_piece(pieces, first, last, lap_t)
    nx, ny, nz, h = normal_at(pieces, p, lap_t)
    x, y, z = normal_to_ecef(nx, ny, nz, h)
    e, n, u = ecef_to_enu(
        x - radar[rad.X], y - radar[rad.Y], z - radar[rad.Z],
        radar[rad.SIN_LAT], radar[rad.COS_LAT], radar[rad.SIN_LON], radar[rad.COS_LON],
    )  # fmt: skip
    return e, n, u, h, p


@part
def _may_be_met(radar: Floats, e: float, n: float, u: float, middle: float, half: float) -> bool:
    """Tell whether the beam can meet, within `half` [s] of `middle`, an aircraft that is at e, n, u then.

    A cheap no for most; never a wrong no, or rows would depend on how time is cut.
    """
    period = radar[rad.PERIOD]
    away = SPEED_MAX_MPS * (half + period)
    if e * e + n * n + u * u > (radar[rad.RANGE_MAX] + away) ** 2:
        return False
    if half > 0.125 * period:
        return True
    ground = math.sqrt(e * e + n * n)
    if ground < 3.0 * away:
        return True
    antenna = (middle - radar[rad.PHASE]) / period
    ahead = math.atan2(e, n) / TURN - antenna
    ahead -= math.floor(ahead + 0.5)
    margin = 1.5 * away / ground / TURN + rad.turns_margin(radar)
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
    p: int,
) -> tuple[float, float, float, float, float, float, int]:
    """Time [s] at which the beam of `scan` meets a line, its azimuth [rad], e, n, u, height [m] and piece.

    azimuth  rad  where the line is in the middle of the scan; not wrapped: who flies through north is
                  tried one turn on or back as well, and meets the beam once, twice or never in a scan
    p        its piece then
    A time of NaN: in this scan there is no meeting.
    """
    t = math.inf
    e = n = u = h = 0.0
    for _ in range(30):
        before = t
        t = rad.antenna_time(radar, scan + azimuth / TURN)
        # Within 10 µs an aircraft moves 3 mm: less than what the last bit of the azimuth says at 400 km.
        if abs(t - before) < 1e-5:
            break
        e, n, u, h, p = seen_from(radar, pieces, first, last, cycle, t + phase, p)
        change = math.atan2(e, n) - azimuth
        azimuth += change - TURN * math.floor(change / TURN + 0.5)
    if azimuth < 0.0 or azimuth >= TURN:
        t = math.nan
    return t, azimuth, e, n, u, h, p


@part
def in_view(radar: Floats, range_: float, up: float, height: float) -> bool:
    """Tell whether a radar could see an aircraft there: range, cone of silence, smooth ground."""
    if range_ > radar[rad.RANGE_MAX] or range_ < radar[rad.RANGE_MIN] or up > radar[rad.CONE_SINE] * range_:
        return False
    return radar[rad.HAS_HORIZON] == 0.0 or range_ <= rad.horizon_range(radar, height)


@rare
def _moves(radar: Floats, pieces: Floats, p: int, lap_t: float, out: Floats) -> None:
    """Write velocity, rate of turn, radial speed and aspect of a line in piece `p` into a hit's floats."""
    nx, ny, nz, h = normal_at(pieces, p, lap_t)
    rate = pieces[p, RATE] + pieces[p, RATE_CHANGE] * (lap_t - pieces[p, BEGIN])
    ax, ay, az = pieces[p, AXIS], pieces[p, AXIS + 1], pieces[p, AXIS + 2]
    dx, dy, dz = rate * (ay * nz - az * ny), rate * (az * nx - ax * nz), rate * (ax * ny - ay * nx)
    level = math.sqrt(nx * nx + ny * ny)
    w2 = 1.0 - ECCENTRICITY2 * nz * nz
    prime_vertical = SEMI_MAJOR_M / math.sqrt(w2)
    north = dz / level * (prime_vertical * (1.0 - ECCENTRICITY2) / w2 + h)
    east = (nx * dy - ny * dx) / level * (prime_vertical + h)
    up = pieces[p, PIECE_CLIMB]
    x, y, z = normal_to_ecef(nx, ny, nz, h)
    lx, ly, lz = x - radar[rad.X], y - radar[rad.Y], z - radar[rad.Z]
    # Line of sight in the aircraft's own frame: east = (-ny, nx, 0) / level, north = up x east.
    le = (nx * ly - ny * lx) / level
    ln = (lz - nz * (nx * lx + ny * ly + nz * lz)) / level
    lu = nx * lx + ny * ly + nz * lz
    length = math.sqrt(lx * lx + ly * ly + lz * lz)
    speed = math.sqrt(north * north + east * east)
    ground = math.sqrt(le * le + ln * ln)
    out[HIT_NORTH], out[HIT_EAST], out[HIT_UP] = north, east, up
    # The axis of a turn to the left points up, of one to the right down; of a straight leg it lies level.
    out[HIT_TURN_RATE] = -rate * (ax * nx + ay * ny + az * nz)
    out[HIT_RADIAL] = (le * east + ln * north + lu * up) / length
    out[HIT_ASIDE] = 0.0
    if speed > 1.0 and ground > 1.0:
        # To the radar is -l; right of the course (north, east) is (-east, north) turned: (e, n) = (n, -e).
        out[HIT_ASIDE] = (-le * north + ln * east) / (speed * ground)


@part
def _flight(pieces: Floats, first: int, last: int, cycle: float, t: float) -> tuple[float, int]:
    """Lap of a line at its time `t` [s], and which of its flights it flies; below 0: none."""
    lap = math.floor(t / cycle)
    return lap, int(pieces[find_piece(pieces, first, last, t - lap * cycle), FLIGHT])


@rare
def places_of(pieces: Floats, first: Ints, cycle: Floats, phase: Floats, t: float, margin: float) -> Floats:
    """Where each line is [m, earth-centred] at a time [s], (L, 3).

    NaN for who does not fly one and the same flight from `margin` [s] before to as long after: who stands may
    begin its next flight elsewhere, and no distance tells anything then.
    """
    where = np.full((cycle.size, 3), np.nan)
    for line in range(cycle.size):
        lo, hi, length, now = first[line], first[line + 1], cycle[line], t + phase[line]
        lap, flight = _flight(pieces, lo, hi, length, now - margin)
        lap_after, flight_after = _flight(pieces, lo, hi, length, now + margin)
        if flight >= 0 and flight == flight_after and lap == lap_after:
            lap_t = now - lap * length
            nx, ny, nz, h = normal_at(pieces, find_piece(pieces, lo, hi, lap_t), lap_t)
            where[line, 0], where[line, 1], where[line, 2] = normal_to_ecef(nx, ny, nz, h)
    return where


@part
def centre_of(radars: Floats, begin_ns: Ints, end_ns: Ints) -> tuple[float, float]:
    """Middle [s] of all windows, and how far from it [s] the beam of any radar could matter."""
    low, high, period = np.int64(1) << 62, np.int64(-1) << 62, 0.0
    for r in range(radars.shape[0]):
        if end_ns[r] > begin_ns[r]:
            low, high = min(low, begin_ns[r]), max(high, end_ns[r])
            period = max(period, radars[r, rad.PERIOD])
    if low > high:
        return 0.0, 0.0
    return 0.5 * (low + high) / rad.SECOND_NS, 0.5 * (high - low) / rad.SECOND_NS + period


@part
def _scans_without(
    radar: Floats, pieces: Floats, p: int, last: int, cycle: float, t: float, distance: float
) -> int:
    """How many scans, this one first, surely meet nobody: the line is too far off, or on the ground.

    p         piece of the line at its time t [s], in the middle of the scan
    last      after the last piece of the line
    distance  m   from the radar then

    A piece is one motion without a jump, so until its end nobody is nearer than his speed allows.
    """
    period = radar[rad.PERIOD]
    lap_t = t - math.floor(t / cycle) * cycle
    left = (pieces[p + 1, BEGIN] if p + 1 < last else cycle) - lap_t
    if pieces[p, FLIGHT] < 0.0:
        half = (0.5 + rad.turns_margin(radar)) * period
        if lap_t - pieces[p, BEGIN] <= half:
            return 0
        # Counted from the middle of this scan: scan k is whole where k + 1/2 turns and a margin are.
        return max(math.floor((left - half) / period) + 1, 0)
    away = distance - radar[rad.RANGE_MAX] - SPEED_MAX_MPS * period
    if away <= 0.0:
        return 0
    return 1 + max(math.floor(min(away / SPEED_MAX_MPS, left) / period - 1e-6), 0)


@kernel
def meet(
    radars: Floats,
    pieces: Floats,
    first: Ints,
    cycle: Floats,
    phase: Floats,
    flights: int,
    begin_ns: Ints,
    end_ns: Ints,
    ints: Ints,
    floats: Floats,
) -> int:
    """Every meeting of a beam with an aircraft in view, in each radar's window; return how many.

    Rows beyond the capacity C are counted, not written: call again with more. Rows are by radar, then line.

    radars     (R, RADAR_COLUMNS)
    pieces, first, cycle, phase, flights    the sky, see `motion`
    begin_ns, end_ns  (R,)    window of true crossing times, ns after the begin, end excluded
    ints       (C, HIT_INTS), floats (C, HIT_FLOATS)   filled
    """
    row = 0
    lines = cycle.size
    centre, margin = centre_of(radars, begin_ns, end_ns)
    where = places_of(pieces, first, cycle, phase, centre, margin)
    for r in range(radars.shape[0]):
        radar = radars[r]
        middle = 0.5 * (begin_ns[r] + end_ns[r]) / rad.SECOND_NS
        half = 0.5 * (end_ns[r] - begin_ns[r]) / rad.SECOND_NS
        scan_from, scan_to = rad.scans_of(radar, begin_ns[r], end_ns[r])
        if half <= 0.0:
            continue
        beyond = radar[rad.RANGE_MAX] + SPEED_MAX_MPS * margin
        for line in range(lines):
            dx, dy = where[line, 0] - radar[rad.X], where[line, 1] - radar[rad.Y]
            dz = where[line, 2] - radar[rad.Z]
            if dx * dx + dy * dy + dz * dz > beyond * beyond:
                continue
            lo, hi = first[line], first[line + 1]
            e, n, u, h, p = seen_from(radar, pieces, lo, hi, cycle[line], middle + phase[line], lo)
            # Who stands on the ground may begin its next flight elsewhere: no distance tells anything then.
            if pieces[p, FLIGHT] >= 0.0 and not _may_be_met(radar, e, n, u, middle, half):
                continue
            nobody_until = scan_from
            for scan in range(scan_from, scan_to + 1):
                if scan < nobody_until:
                    continue
                at = radar[rad.PHASE] + (scan + 0.5) * radar[rad.PERIOD] + phase[line]
                e, n, u, h, p = seen_from(radar, pieces, lo, hi, cycle[line], at, p)
                distance = math.sqrt(e * e + n * n + u * u)
                nobody_until = scan + _scans_without(radar, pieces, p, hi, cycle[line], at, distance)
                if scan < nobody_until:
                    continue
                bearing = math.atan2(e, n)
                bearing += TURN if bearing < 0.0 else 0.0
                for turn in range(-1, 2):
                    if (turn == 1 and bearing > 0.3) or (turn == -1 and bearing < TURN - 0.3):
                        continue
                    t, azimuth, e, n, u, h, p = _crossing(
                        radar, pieces, lo, hi, cycle[line], phase[line], scan, bearing + turn * TURN, p
                    )
                    t_ns = -1 if math.isnan(t) else math.floor(t * rad.SECOND_NS + 0.5)
                    if math.isnan(t) or t_ns < begin_ns[r] or t_ns >= end_ns[r] or pieces[p, FLIGHT] < 0.0:
                        continue
                    range_ = math.sqrt(e * e + n * n + u * u)
                    if not in_view(radar, range_, u, h):
                        continue
                    if row < ints.shape[0]:
                        lap = math.floor((t + phase[line]) / cycle[line])
                        aircraft = int((lap * flights + pieces[p, FLIGHT]) * LINES_MAX + line)
                        ints[row] = (t_ns, r, aircraft, 3 * scan + turn + 1)
                        hit = floats[row]
                        hit[HIT_RANGE], hit[HIT_AZIMUTH], hit[HIT_SINE] = range_, azimuth, u / range_
                        hit[HIT_HEIGHT] = h
                        _moves(radar, pieces, p, t + phase[line] - lap * cycle[line], hit)
                    row += 1
    return row
