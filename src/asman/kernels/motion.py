"""Paths of simulated aircraft over the ellipsoid: laid once as arcs, evaluated at any time.

The horizontal position is the unit normal `n` of the ellipsoid (an "n-vector": latitude and longitude
without poles or date line). Every piece of a path, straight or turning, is a rotation of `n` about a fixed
axis: a straight line is a great circle (axis square to `n`), a turn is a small circle (axis near `n`).
Velocity is the exact derivative, so that truth is consistent with itself to the last bit that matters.
A path is a row a piece; a line (one airframe) runs through its pieces and begins anew, for ever.

Sources: K. Gade, "A non-singular horizontal position representation", Journal of Navigation 63, 2010;
Torge, Geodesy, 3rd edition, section 4.1 (radii of curvature).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ECCENTRICITY2, SEMI_MAJOR_M
from asman.kernels.jit import kernel, part, rare

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vector = tuple[float, float, float]

#: Mean radius of the earth (IUGG): turns lengths into angles when a path is laid; speeds err by 0.5 %.
MEAN_RADIUS_M: Final = 6_371_008.8

#: An aircraft number is (lap * flights + flight) * LINES_MAX + line: who joins a sky renumbers nobody.
LINES_MAX: Final = 1 << 20

#: Columns of a piece: begin in its line's cycle [s]; normal at begin; axis; rate [rad/s] and its change
#: [rad/s²] about the axis; height at begin [m]; climb [m/s]; flight within the cycle, -1 on the ground.
BEGIN, NORMAL, AXIS, RATE, RATE_CHANGE, HEIGHT, CLIMB, FLIGHT, PIECE_COLUMNS = 0, 1, 4, 7, 8, 9, 10, 11, 12

#: Columns of an arc: normal at begin, axis, angle about the axis [rad], sine of the angle to the axis.
_ARC_ANGLE, _ARC_SINE, ARC_COLUMNS = 6, 7, 8

#: Columns of a plan: speeds at begin, cruise and end [m/s]; heights at begin, cruise and end [m]; climb and
#: descent [m/s, both positive]; number of weaves and their climb [m/s] in the cruise; turn radius in the
#: cruise, and after the first and before the last waypoint [m].
PLAN_COLUMNS: Final = 12


@part
def _dot(a: Vector, b: Vector) -> float:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@part
def _cross(a: Vector, b: Vector) -> Vector:
    """Vector product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@part
def _blend(a: Vector, p: float, b: Vector, q: float) -> Vector:
    """Return a p + b q."""
    return a[0] * p + b[0] * q, a[1] * p + b[1] * q, a[2] * p + b[2] * q


@rare
def _rotated(n: Vector, axis: Vector, angle: float) -> Vector:
    """Rotate `n` about the unit `axis` (Rodrigues' formula)."""
    cosine = math.cos(angle)
    beside = _blend(n, cosine, _cross(axis, n), math.sin(angle))
    return _blend(beside, 1.0, axis, _dot(axis, n) * (1.0 - cosine))


@part
def _unit(a: Vector) -> Vector:
    """The same direction, of length one."""
    return _blend(a, 1.0 / math.sqrt(_dot(a, a)), a, 0.0)


@part
def _square(n: Vector, d: Vector) -> tuple[Vector, Vector]:
    """Return a normal and a heading as unit vectors, the heading square to the normal.

    Each arc's axis is made of the two, so what rounding leaves of an error grows with every arc: from
    centimetres after five laps of a circuit to more than the earth after ten.
    """
    n = _unit(n)
    return n, _unit(_blend(d, 1.0, n, -_dot(n, d)))


@rare
def _turn_to(n: Vector, d: Vector, target: Vector, radius: float) -> tuple[Vector, float]:
    """Return axis and angle [rad] of the turn that heads from `n`, flying along `d`, to `target`.

    The turn's end moves as it grows, so its angle is iterated; where the target lies inside the turning
    circle it ends unsettled, and the flight passes the target by. Heading never jumps.
    """
    left = _cross(n, d)
    side = 1.0 if _dot(target, left) >= 0.0 else -1.0
    # Rotation is counter-clockwise, seen from outside: a right turn goes about the opposite of its centre.
    axis = _blend(n, side * math.cos(radius), left, math.sin(radius))
    angle = 0.0
    for _ in range(12):
        end, heading = _rotated(n, axis, angle), _rotated(d, axis, angle)
        short = side * math.atan2(_dot(target, _cross(end, heading)), _dot(target, heading))
        if abs(short) < 1e-9:
            break
        angle = min(max(angle + short, 0.0), 1.9 * math.pi)
    return axis, angle


@part
def _put_arc(arcs: Floats, row: int, n: Vector, axis: Vector, angle: float, sine: float) -> None:
    """Write one arc."""
    for k in range(3):
        arcs[row, k] = n[k]
        arcs[row, 3 + k] = axis[k]
    arcs[row, _ARC_ANGLE] = angle
    arcs[row, _ARC_SINE] = sine


@kernel
def lay_path(waypoints: Floats, radius: float, terminal: float, arcs: Floats) -> int:
    """Lay arcs over waypoints: straight to each, a turn after it; return how many arcs it took.

    waypoints (W, 3)    unit normals, at least two, neighbours apart
    radius    rad       of every turn but the first and the last
    terminal  rad       of those
    arcs      (2W, 8)   filled
    """
    n = (waypoints[0, 0], waypoints[0, 1], waypoints[0, 2])
    onward = (waypoints[1, 0], waypoints[1, 1], waypoints[1, 2])
    n, d = _square(n, onward)
    count = 0
    for w in range(1, waypoints.shape[0]):
        target = (waypoints[w, 0], waypoints[w, 1], waypoints[w, 2])
        if w > 1:
            bend = terminal if w in (2, waypoints.shape[0] - 1) else radius
            axis, angle = _turn_to(n, d, target, bend)
            if angle > 1e-9:
                _put_arc(arcs, count, n, axis, angle, math.sin(bend))
                n, d = _square(_rotated(n, axis, angle), _rotated(d, axis, angle))
                count += 1
        axis = _cross(n, d)
        angle = math.atan2(_dot(target, d), _dot(target, n))
        if angle > 1e-9:
            _put_arc(arcs, count, n, axis, angle, 1.0)
            n, d = _square(_rotated(n, axis, angle), _rotated(d, axis, angle))
            count += 1
    return count


@part
def _put_phase(phases: Floats, row: int, length: float, change: float, climb: float) -> int:
    """Write one phase; return the row after it."""
    phases[row, 0], phases[row, 1], phases[row, 2] = length, change, climb
    return row + 1


@rare
def _phases(plan: Floats, length: float, phases: Floats) -> int:
    """Cut a flight of `length` into phases (length [m], speed change [m/s²], climb [m/s]); return how many.

    Climb, cruise in equal weaves that climb and sink by turns, descent. A flight too short for its cruise
    height climbs only as far as leaves four fifths of it for climb and descent.
    """
    v0, vc, v1 = plan[0], plan[1], plan[2]
    h0, hc, h1, climb, descent = plan[3], plan[4], plan[5], plan[6], plan[7]
    up_s = max(hc - h0, 0.0) / climb
    down_s = max(hc - h1, 0.0) / descent
    needed = up_s * 0.5 * (v0 + vc) + down_s * 0.5 * (vc + v1)
    if needed > 0.8 * length:
        share = 0.8 * length / needed
        up_s *= share
        down_s *= share
    up_m = up_s * 0.5 * (v0 + vc)
    down_m = down_s * 0.5 * (vc + v1)
    # Both ends must meet their heights exactly even where the flight was shortened.
    top = h0 + climb * up_s
    count = 0
    if up_s > 0.0:
        count = _put_phase(phases, count, up_m, (vc - v0) / up_s, climb)
    weaves = max(int(plan[8]), 1)
    cruise_m = (length - up_m - down_m) / weaves
    for w in range(weaves):
        count = _put_phase(phases, count, cruise_m, 0.0, plan[9] if w % 2 == 0 else -plan[9])
    if down_s > 0.0:
        count = _put_phase(phases, count, down_m, (v1 - vc) / down_s, -(top - h1) / down_s)
    return count


@rare
def lay_flight(
    waypoints: Floats, plan: Floats, begin: float, flight: int, pieces: Floats, first: int
) -> tuple[int, float]:
    """Lay one flight into `pieces` from row `first`; return the row after it and the time of its end [s].

    waypoints (W, 3)   unit normals
    plan      (12,)    see PLAN_COLUMNS
    begin     s        in the line's cycle
    """
    arcs = np.zeros((2 * waypoints.shape[0], ARC_COLUMNS))
    arc_count = lay_path(waypoints, plan[10] / MEAN_RADIUS_M, plan[11] / MEAN_RADIUS_M, arcs)
    length = 0.0
    for a in range(arc_count):
        length += arcs[a, _ARC_ANGLE] * arcs[a, _ARC_SINE] * MEAN_RADIUS_M
    phases = np.zeros((int(plan[8]) + 4, 3))
    phase_count = _phases(plan, length, phases)
    row, t, v, h = first, begin, plan[0] if plan[4] > plan[3] else plan[1], plan[3]
    p, phase_left = 0, phases[0, 0]
    for a in range(arc_count):
        n, axis = (arcs[a, 0], arcs[a, 1], arcs[a, 2]), (arcs[a, 3], arcs[a, 4], arcs[a, 5])
        per_m = 1.0 / (MEAN_RADIUS_M * arcs[a, _ARC_SINE])
        arc_m, done = arcs[a, _ARC_ANGLE] / per_m, 0.0
        while arc_m - done > 1e-6:
            while phase_left <= 1e-6 and p < phase_count - 1:
                p += 1
                phase_left = phases[p, 0]
            step = arc_m - done
            if p < phase_count - 1:
                step = min(step, phase_left)
            change, climb = phases[p, 1], phases[p, 2]
            after = math.sqrt(max(v * v + 2.0 * change * step, 1.0))
            seconds = 2.0 * step / (v + after)
            place = _rotated(n, axis, done * per_m)
            for k in range(3):
                pieces[row, NORMAL + k], pieces[row, AXIS + k] = place[k], axis[k]
            pieces[row, BEGIN], pieces[row, HEIGHT], pieces[row, FLIGHT] = t, h, flight
            pieces[row, RATE], pieces[row, RATE_CHANGE], pieces[row, CLIMB] = v * per_m, change * per_m, climb
            row += 1
            t += seconds
            h += climb * seconds
            v = after
            done += step
            phase_left -= step
    return row, t


@part
def _stay(pieces: Floats, row: int, t: float) -> None:
    """Write a piece that stands on the ground where the one before it began; nobody sees it."""
    for k in range(PIECE_COLUMNS):
        pieces[row, k] = pieces[row - 1, k]
    pieces[row, BEGIN], pieces[row, FLIGHT] = t, -1.0
    pieces[row, RATE], pieces[row, RATE_CHANGE], pieces[row, HEIGHT], pieces[row, CLIMB] = 0.0, 0.0, 0.0, 0.0


@kernel
def lay_lines(
    waypoints: Floats, counts: Ints, plans: Floats, ground_s: Floats, flights: int, pieces: Floats
) -> tuple[Ints, Floats]:
    """Lay every line's cycle: its flights one after another, each followed by its time on the ground.

    waypoints (L * F, W, 3)  unit normals of each flight, F flights a line
    counts    (L * F,)       how many of the W are used
    plans     (L * F, 12)    see PLAN_COLUMNS
    ground_s  (L * F,)   s   after the flight, unseen; 0 flies on
    pieces    (K, 12)        filled; K must hold (2W + weaves + 5) rows a flight
    returns   first row of each line (L + 1,), and length of its cycle [s] (L,)
    """
    lines = counts.size // flights
    first = np.zeros(lines + 1, np.int64)
    cycle = np.zeros(lines)
    row = 0
    for line in range(lines):
        t = 0.0
        for f in range(flights):
            i = line * flights + f
            if counts[i] < 2:
                continue
            row, t = lay_flight(waypoints[i, : counts[i]], plans[i], t, f, pieces, row)
            if ground_s[i] > 0.0:
                _stay(pieces, row, t)
                row += 1
                t += ground_s[i]
        first[line + 1] = row
        cycle[line] = t
    return first, cycle


@kernel
def find_piece(pieces: Floats, first: int, last: int, t: float) -> int:
    """Row, of those from `first` up to but without `last`, in which time `t` [s] of the cycle lies."""
    low, high = first, last - 1
    while low < high:
        middle = (low + high + 1) // 2
        if pieces[middle, BEGIN] <= t:
            low = middle
        else:
            high = middle - 1
    return low


@kernel
def normal_at(pieces: Floats, row: int, t: float) -> tuple[float, float, float, float]:
    """Unit normal and height [m] at time `t` [s] of the cycle, within piece `row`."""
    s = t - pieces[row, BEGIN]
    angle = (pieces[row, RATE] + 0.5 * pieces[row, RATE_CHANGE] * s) * s
    n = (pieces[row, NORMAL], pieces[row, NORMAL + 1], pieces[row, NORMAL + 2])
    axis = (pieces[row, AXIS], pieces[row, AXIS + 1], pieces[row, AXIS + 2])
    nx, ny, nz = _rotated(n, axis, angle)
    return nx, ny, nz, pieces[row, HEIGHT] + pieces[row, CLIMB] * s


@kernel
def normal_to_ecef(nx: float, ny: float, nz: float, h: float) -> tuple[float, float, float]:
    """Earth-centred x, y, z [m] of a unit normal and a height above the ellipsoid [m]."""
    prime_vertical = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY2 * nz * nz)
    return (
        (prime_vertical + h) * nx,
        (prime_vertical + h) * ny,
        (prime_vertical * (1.0 - ECCENTRICITY2) + h) * nz,
    )


@kernel
def states_at(
    pieces: Floats, first: Ints, cycle: Floats, phase: Floats, flights: int, times: Floats, out: Floats
) -> int:
    """Every flying aircraft at every time; return how many rows were filled.

    times (T,)          s    since the sky's begin
    out   (T * L, 9)         time index, aircraft, lat, lon [rad], height [m], north, east, up [m/s], line
    """
    row = 0
    lines = cycle.size
    for i in range(times.size):
        for line in range(lines):
            lap = math.floor((times[i] + phase[line]) / cycle[line])
            t = times[i] + phase[line] - lap * cycle[line]
            p = find_piece(pieces, first[line], first[line + 1], t)
            if pieces[p, FLIGHT] < 0.0:
                continue
            nx, ny, nz, h = normal_at(pieces, p, t)
            rate = pieces[p, RATE] + pieces[p, RATE_CHANGE] * (t - pieces[p, BEGIN])
            ax, ay, az = pieces[p, 4], pieces[p, 5], pieces[p, 6]
            dx, dy, dz = rate * (ay * nz - az * ny), rate * (az * nx - ax * nz), rate * (ax * ny - ay * nx)
            level = math.sqrt(nx * nx + ny * ny)
            w2 = 1.0 - ECCENTRICITY2 * nz * nz
            prime_vertical = SEMI_MAJOR_M / math.sqrt(w2)
            meridian = prime_vertical * (1.0 - ECCENTRICITY2) / w2
            out[row, 0] = i
            out[row, 1] = (lap * flights + pieces[p, FLIGHT]) * LINES_MAX + line
            out[row, 2] = math.atan2(nz, level)
            out[row, 3] = math.atan2(ny, nx)
            out[row, 4] = h
            # North is square to the normal: its part of the normal's change is dz / cos(latitude).
            out[row, 5] = dz / level * (meridian + h)
            out[row, 6] = (nx * dy - ny * dx) / level * (prime_vertical + h)
            out[row, 7] = pieces[p, CLIMB]
            out[row, 8] = line
            row += 1
    return row
