"""A smooth curve laid as pieces of exact geometry: biarcs on the sphere of unit normals.

Between two places with given directions lie two circular arcs that meet smoothly, a biarc (K. Bolton, "Biarc
curves", Computer-Aided Design 7, 1975). With the join halfway between the two tangents' ends, a biarc of a
sphere's points and tangents lies on the sphere: along the line from tangent end to tangent end the power with
respect to the sphere is (s - d)², so that it touches the sphere in its middle, the join; and each arc's plane
cuts the sphere in a circle. So both arcs are small circles, the pieces that `motion` flies: place and heading
are continuous to rounding. Speed changes linearly along each arc; the speed at the join is the one with which
both take the time there is, so that the aircraft is at every knot at its time and with its speed. Where the
curve all but stands, its direction has no meaning: there the aircraft stops, and leaves in any direction.

Knots are as far apart as they can be while the pieces stay within a tolerance of the curve.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part, rare
from asman.kernels.motion import (
    AXIS,
    BEGIN,
    CLIMB,
    FLIGHT,
    HEIGHT,
    MEAN_RADIUS_M,
    NORMAL,
    PIECE_COLUMNS,
    RATE,
    RATE_CHANGE,
    find_piece,
    normal_at,
)
from asman.kernels.recorded_spline import curve_at

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vector = tuple[float, float, float]

#: Seconds between knots, tried in this order; the last one stands.
_SPANS: Final = (96.0, 64.0, 48.0, 32.0, 24.0, 16.0, 12.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.0)
#: Places between two knots at which pieces are compared with the curve.
_CHECKS: Final = 12
#: Slower than this an aircraft stands, and the direction of its flight has no meaning [rad/s; 1 m/s].
_STANDS: Final = 1.0 / MEAN_RADIUS_M
#: Nearer than this two places are one [rad; 6 µm].
_SAME: Final = 1e-12
#: No arc of a biarc between two knots turns further [rad]: it would be a loop that nobody flew.
_ARC_MAX: Final = 2.6


@part
def _dot(a: Vector, b: Vector) -> float:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@part
def _cross(a: Vector, b: Vector) -> Vector:
    """Vector product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@part
def _less(a: Vector, b: Vector) -> Vector:
    """Difference."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@part
def _unit(a: Vector) -> Vector:
    """A vector's direction."""
    scale = 1.0 / math.sqrt(_dot(a, a))
    return a[0] * scale, a[1] * scale, a[2] * scale


@rare
def _state(
    t: float, places: Floats, origin: Floats, heights: Floats, step: float
) -> tuple[Vector, Vector, float, float]:
    """Unit normal, direction, speed [rad/s] and height [m] of the curve at `t`."""
    x, dx = curve_at(places, step, t, 0)
    y, dy = curve_at(places, step, t, 1)
    z, dz = curve_at(places, step, t, 2)
    h, _ = curve_at(heights, step, t, 0)
    s = (origin[0] + x, origin[1] + y, origin[2] + z)
    length = math.sqrt(_dot(s, s))
    n = (s[0] / length, s[1] / length, s[2] / length)
    outward = _dot(n, (dx, dy, dz))
    v = ((dx - outward * n[0]) / length, (dy - outward * n[1]) / length, (dz - outward * n[2]) / length)
    speed = math.sqrt(_dot(v, v))
    if speed < _STANDS:
        return n, v, 0.0, h
    return n, (v[0] / speed, v[1] / speed, v[2] / speed), speed, h


@part
def _arc(n: Vector, d: Vector, end: Vector) -> tuple[Vector, float, float]:
    """Axis, angle about it [rad] and sine of the angle to it, of the arc from `n` along `d` to `end`.

    The chord leaves the tangent at half the angle that the arc turns.
    """
    chord = _less(end, n)
    left = _cross(n, d)
    bend = 2.0 * _dot(left, chord) / _dot(chord, chord)
    sine = 1.0 / math.sqrt(1.0 + bend * bend)
    axis = _unit((left[0] + bend * n[0], left[1] + bend * n[1], left[2] + bend * n[2]))
    aside = _cross(d, chord)
    angle = 2.0 * math.atan2(math.sqrt(_dot(aside, aside)), _dot(d, chord))
    return axis, angle, sine


@part
def _put(
    pieces: Floats, row: int, t: float, n: Vector, axis: Vector, rate: float, change: float, h: float,
    climb: float,
) -> None:  # fmt: skip
    """Write one piece of flight 0."""
    for k in range(3):
        pieces[row, NORMAL + k] = n[k]
        pieces[row, AXIS + k] = axis[k]
    pieces[row, BEGIN], pieces[row, RATE], pieces[row, RATE_CHANGE] = t, rate, change
    pieces[row, HEIGHT], pieces[row, CLIMB], pieces[row, FLIGHT] = h, climb, 0.0


@part
def _between(v0: float, v1: float, long0: float, long1: float, span: float) -> float:
    """Speed where two ways meet that are flown in `span` from `v0` to `v1`; not positive: none does it.

    2 long0 / (v0 + v) + 2 long1 / (v + v1) = span, for the speed v.
    """
    half = 0.5 * (span * (v0 + v1) - 2.0 * (long0 + long1)) / span
    inner = half * half - (span * v0 * v1 - 2.0 * (long0 * v1 + long1 * v0)) / span
    return math.sqrt(max(inner, 0.0)) - half


@rare
def _stop(
    t0: float, n0: Vector, d0: Vector, v0: float, h0: float,
    t1: float, n1: Vector, d1: Vector, v1: float, h1: float,
    heights: Floats, step: float, pieces: Floats, row: int,
) -> bool:  # fmt: skip
    """Write two pieces of one arc from or to a knot where the aircraft stands; false where none can be flown.

    Who stands at both goes straight from place to place.
    """
    way, span = _less(n1, n0), t1 - t0
    if _dot(way, way) < _SAME * _SAME:
        return False
    if v0 > 0.0:
        axis, angle, sine = _arc(n0, d0, n1)
    elif v1 > 0.0:
        # The way back: against the direction of arrival.
        axis, angle, sine = _arc(n1, (-d1[0], -d1[1], -d1[2]), n0)
        axis = (-axis[0], -axis[1], -axis[2])
    else:
        out = _cross(n0, n1)
        sine = math.sqrt(_dot(out, out))
        axis, angle, sine = _unit(out), math.atan2(sine, _dot(n0, n1)), 1.0
    if angle > _ARC_MAX or angle * sine <= 0.0:
        return False
    long0 = 0.5 * angle * sine
    v = _between(v0, v1, long0, long0, span)
    if not v > 0.0:
        return False
    s0 = 2.0 * long0 / (v0 + v)
    s1 = span - s0
    middle, _ = curve_at(heights, step, t0 + s0, 0)
    _put(pieces, row, t0, n0, axis, v0 / sine, (v - v0) / s0 / sine, h0, (middle - h0) / s0)
    x, y, z, _ = normal_at(pieces, row, t0 + s0)
    _put(
        pieces, row + 1, t0 + s0, (x, y, z), axis, v / sine, (v1 - v) / s1 / sine, middle, (h1 - middle) / s1
    )
    return True


@rare
def _join(
    t0: float, n0: Vector, d0: Vector, v0: float, h0: float,
    t1: float, n1: Vector, d1: Vector, v1: float, h1: float,
    heights: Floats, step: float, pieces: Floats, row: int,
) -> bool:  # fmt: skip
    """Write the two pieces from one knot to the next; false where no biarc can be flown in the time."""
    if v0 <= 0.0 or v1 <= 0.0:
        return _stop(t0, n0, d0, v0, h0, t1, n1, d1, v1, h1, heights, step, pieces, row)
    chord, both, apart = _less(n1, n0), (d0[0] + d1[0], d0[1] + d1[1], d0[2] + d1[2]), _less(d0, d1)
    forth, far2 = _dot(chord, both), _dot(chord, chord)
    # Twice 1 - d0 . d1, without cancellation, is the square of the directions' difference.
    reach = forth + math.sqrt(forth * forth + _dot(apart, apart) * far2)
    if not reach > 0.0:
        return False
    tangent = far2 / reach
    join = _unit(
        (
            n0[0] + 0.5 * (chord[0] + tangent * apart[0]),
            n0[1] + 0.5 * (chord[1] + tangent * apart[1]),
            n0[2] + 0.5 * (chord[2] + tangent * apart[2]),
        )
    )
    way = (chord[0] - tangent * both[0], chord[1] - tangent * both[1], chord[2] - tangent * both[2])
    if _dot(way, way) <= 0.0:
        return False
    out = _cross(join, _unit(way))
    heading = _unit(_cross(out, join))
    axis0, angle0, sine0 = _arc(n0, d0, join)
    axis1, angle1, sine1 = _arc(join, heading, n1)
    if angle0 > _ARC_MAX or angle1 > _ARC_MAX or angle0 * sine0 <= 0.0 or angle1 * sine1 <= 0.0:
        return False
    long0, span = angle0 * sine0, t1 - t0
    v = _between(v0, v1, long0, angle1 * sine1, span)
    if not v > 0.0:
        return False
    s0 = 2.0 * long0 / (v0 + v)
    s1 = span - s0
    middle, _ = curve_at(heights, step, t0 + s0, 0)
    _put(pieces, row, t0, n0, axis0, v0 / sine0, (v - v0) / s0 / sine0, h0, (middle - h0) / s0)
    _put(pieces, row + 1, t0 + s0, join, axis1, v / sine1, (v1 - v) / s1 / sine1, middle, (h1 - middle) / s1)
    return True


@rare
def _stays_near(
    t0: float, t1: float, places: Floats, origin: Floats, heights: Floats, step: float,
    near_m: float, near_height_m: float, pieces: Floats, row: int,
) -> bool:  # fmt: skip
    """Whether the two pieces from `row` stay within the tolerances of the curve."""
    for c in range(1, _CHECKS):
        t = t0 + (t1 - t0) * c / _CHECKS
        n, _, _, h = _state(t, places, origin, heights, step)
        x, y, z, height = normal_at(pieces, row if t < pieces[row + 1, BEGIN] else row + 1, t)
        off = _less(n, (x, y, z))
        if _dot(off, off) * MEAN_RADIUS_M**2 > near_m * near_m or abs(h - height) > near_height_m:
            return False
    return True


@rare
def _halt(
    t0: float, n0: Vector, d0: Vector, v0: float, h0: float, t1: float, n1: Vector, h1: float,
    heights: Floats, step: float, pieces: Floats, row: int,
) -> int:  # fmt: skip
    """Write what ends standing at the next knot, where no biarc leads there; return how many pieces.

    What has to turn on the spot, or is too fast for the way left, stops first, goes there, and stops again.
    """
    brake = (t1 - t0) / 3.0
    way = _less(n1, n0)
    if _dot(way, way) > (v0 * brake) ** 2 and _stop(
        t0, n0, d0, v0, h0, t1, n1, d0, 0.0, h1, heights, step, pieces, row
    ):
        return 2
    if v0 <= 0.0:
        out = _cross(n0, (1.0, 0.0, 0.0) if abs(n0[0]) < 0.5 else (0.0, 1.0, 0.0))
        _put(pieces, row, t0, n0, _unit(out), 0.0, 0.0, h0, (h1 - h0) / (t1 - t0))
        return 1
    middle, _ = curve_at(heights, step, t0 + brake, 0)
    _put(pieces, row, t0, n0, _cross(n0, d0), v0, -v0 / brake, h0, (middle - h0) / brake)
    x, y, z, _ = normal_at(pieces, row, t0 + brake)
    _stop(t0 + brake, (x, y, z), d0, 0.0, middle, t1, n1, d0, 0.0, h1, heights, step, pieces, row + 1)
    return 3


@kernel
def lay_curve(
    places: Floats, origin: Floats, heights: Floats, step: float, begin: float, end: float, near_m: float,
    near_height_m: float,
) -> Floats:  # fmt: skip
    """Lay a curve as pieces (K, 12) that begin at time 0.

    places        (M, 3)  m  coefficients of the curve of unit normal times mean radius, less `origin`
    origin        (3,)    m
    heights       (M, 1)  m  coefficients of the heights' curve
    step          s       between their knots
    begin, end    s       of the flight on the curves
    near_m        m       how far a piece may be off the curve, horizontally
    near_height_m m       and in height
    """
    rows = 3 * (math.ceil(end - begin) + 4)
    pieces = np.zeros((rows, PIECE_COLUMNS))
    row, t0 = 0, begin
    n0, d0, v0, h0 = _state(t0, places, origin, heights, step)
    while end - t0 > 1e-6:
        laid = False
        t1, n1, d1, v1, h1 = t0, n0, d0, v0, h0
        for s in range(len(_SPANS)):
            # A rest shorter than a second would be a knot of its own: it is shared out instead.
            t1 = t0 + _SPANS[s] if end - t0 >= _SPANS[s] + 1.0 else end
            if t1 - t0 > 1.5 * _SPANS[s]:
                t1 = t0 + _SPANS[s]
            if t1 == end and s + 1 < len(_SPANS) and end - t0 < _SPANS[s + 1]:
                continue
            n1, d1, v1, h1 = _state(t1, places, origin, heights, step)
            laid = _join(t0, n0, d0, v0, h0, t1, n1, d1, v1, h1, heights, step, pieces, row)
            last = s + 1 == len(_SPANS)
            if laid and (
                last or _stays_near(t0, t1, places, origin, heights, step, near_m, near_height_m, pieces, row)
            ):
                break
        if laid:
            row += 2
        else:
            row += _halt(t0, n0, d0, v0, h0, t1, n1, h1, heights, step, pieces, row)
            v1 = 0.0
        t0, n0, d0, v0, h0 = t1, n1, d1, v1, h1
    pieces[:row, BEGIN] -= begin
    return pieces[:row].copy()


@kernel
def follow(pieces: Floats, times: Floats, normals: Floats, heights: Floats) -> Floats:
    """How far samples are from the pieces at their times: (n, 3) across, along [m], in height.

    times   (n,)    s   of the flight
    normals (n, 3)      where the samples are; along is positive where they are ahead
    heights (n,)    m
    """
    out = np.empty((times.size, 3))
    for i in range(times.size):
        p = find_piece(pieces, 0, pieces.shape[0], times[i])
        x, y, z, h = normal_at(pieces, p, times[i])
        n = (x, y, z)
        axis = (pieces[p, AXIS], pieces[p, AXIS + 1], pieces[p, AXIS + 2])
        d = _cross(axis, n)
        size = math.sqrt(_dot(d, d))
        off = _less((normals[i, 0], normals[i, 1], normals[i, 2]), n)
        along = _dot(off, d) / size
        out[i, 0] = _dot(off, _cross(n, d)) / size * MEAN_RADIUS_M
        out[i, 1] = along * MEAN_RADIUS_M
        out[i, 2] = heights[i] - h
    return out


@kernel
def strains(pieces: Floats) -> Floats:
    """What each piece (K, 12) of a flight asks of its aircraft and of the eye: (K, 5).

    0  m/s²  greatest horizontal acceleration: change of speed and turn together
    1  rad   heading jump at its end, where it does not stand
    2  m/s   speed jump at its end
    3  m     horizontal jump at its end
    4  m/s   speed at its begin
    """
    count = pieces.shape[0]
    out = np.zeros((count, 5))
    for k in range(count):
        n = (pieces[k, NORMAL], pieces[k, NORMAL + 1], pieces[k, NORMAL + 2])
        axis = (pieces[k, AXIS], pieces[k, AXIS + 1], pieces[k, AXIS + 2])
        aside = _cross(axis, n)
        sine = math.sqrt(_dot(aside, aside))
        cosine = _dot(axis, n)
        span = pieces[k + 1, BEGIN] - pieces[k, BEGIN] if k + 1 < count else 0.0
        fastest = max(abs(pieces[k, RATE]), abs(pieces[k, RATE] + pieces[k, RATE_CHANGE] * span))
        turn = fastest * fastest * sine * abs(cosine)
        out[k, 0] = math.hypot(turn, pieces[k, RATE_CHANGE] * sine) * MEAN_RADIUS_M
        out[k, 4] = pieces[k, RATE] * sine * MEAN_RADIUS_M
        if k + 1 == count:
            continue
        x, y, z, _ = normal_at(pieces, k, pieces[k + 1, BEGIN])
        end = (x, y, z)
        onward = (pieces[k + 1, NORMAL], pieces[k + 1, NORMAL + 1], pieces[k + 1, NORMAL + 2])
        off = _less(onward, end)
        out[k, 3] = math.sqrt(_dot(off, off)) * MEAN_RADIUS_M
        next_axis = (pieces[k + 1, AXIS], pieces[k + 1, AXIS + 1], pieces[k + 1, AXIS + 2])
        before, after = _cross(axis, end), _cross(next_axis, onward)
        fast = (pieces[k, RATE] + pieces[k, RATE_CHANGE] * span) * math.sqrt(_dot(before, before))
        then = pieces[k + 1, RATE] * math.sqrt(_dot(after, after))
        out[k, 2] = abs(then - fast) * MEAN_RADIUS_M
        if min(fast, then) > _STANDS:
            turned = _cross(before, after)
            out[k, 1] = math.atan2(math.sqrt(_dot(turned, turned)), _dot(before, after))
    return out
