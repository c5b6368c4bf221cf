"""Which of an aircraft's recorded positions can be believed: the longest consistent chain, and what each of
them should have been by all the others.

Places are points on the ellipsoid in earth-centred coordinates, heights left aside. In them a straight flight
is straight to 0.01 m/s², noise is the same in all three axes, and so one 2 x 2 covariance (place, velocity)
serves all three: no plane, no seam, no pole. The filter is a nearly-constant-velocity one, run forwards and
backwards over the believed reports; the two predictions together say where a report should be without
asking the report itself.

Sources: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and Navigation,
2001, section 6.2.2 (the motion); D. C. Fraser, J. E. Potter, "The optimum linear smoother as a combination of
two optimum linear filters", IEEE Trans. Automatic Control 14, 1969; T. H. Cormen et al., Introduction to
Algorithms, 3rd edition, section 24.2 (longest paths).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import enu_to_ecef
from asman.kernels.jit import kernel, part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Physics(NamedTuple):
    """What an aircraft can do, and how well it says so.

    speed_mps         m/s    no aircraft is faster
    turn_radps        rad/s  fastest lasting turn
    velocity_mps      m/s    standard deviation of a reported velocity, per axis
    noise_m2ps3       m²/s³  of the acceleration, in the filter
    sigmas            1      how many standard deviations two reports may disagree by
    apart_s           s      reports further apart say nothing about each other
    """

    speed_mps: float
    turn_radps: float
    velocity_mps: float
    noise_m2ps3: float
    sigmas: float
    apart_s: float


@kernel
def velocities(lat: Floats, lon: Floats, vn: Floats, ve: Floats) -> Floats:
    """Earth-centred velocity [m/s] (S, 3) of north and east ones at places [rad]; NaN stays NaN."""
    out = np.empty((lat.size, 3))
    for i in range(lat.size):
        out[i, 0], out[i, 1], out[i, 2] = enu_to_ecef(
            ve[i], vn[i], 0.0, math.sin(lat[i]), math.cos(lat[i]), math.sin(lon[i]), math.cos(lon[i])
        )
    return out


@kernel
def out_of_order(start: Ints, time: Ints) -> Ints:
    """By how much each report's time does not fit the order in which reports came.

    start    (G + 1,)   reports of sender g are start[g] : start[g + 1], as they came
    time     (S,)   ns
    returns  (S,)   ns  0 for those of the longest run of times that never goes back; for the others, how far
                        they lie before the one that came before, or behind the one that came after
    """
    off = np.zeros(time.size, np.int64)
    tail = np.empty(time.size, np.int64)  # the least last report of a run of each length
    before = np.empty(time.size, np.int64)
    fits = np.zeros(time.size, np.bool_)
    for g in range(start.size - 1):
        length = 0
        for i in range(start[g], start[g + 1]):
            low, high = 0, length
            while low < high:
                middle = (low + high) // 2
                if time[tail[middle]] <= time[i]:
                    low = middle + 1
                else:
                    high = middle
            before[i] = tail[low - 1] if low > 0 else -1
            tail[low] = i
            length = max(length, low + 1)
        i = tail[length - 1] if length else -1
        while i >= 0:
            fits[i] = True
            i = before[i]
        newest = np.iinfo(np.int64).min
        for i in range(start[g], start[g + 1]):
            if fits[i]:
                newest = time[i]
            elif newest != np.iinfo(np.int64).min:
                off[i] = max(newest - time[i], 0)
        oldest = np.iinfo(np.int64).max
        for i in range(start[g + 1] - 1, start[g] - 1, -1):
            if fits[i]:
                oldest = time[i]
            elif oldest != np.iinfo(np.int64).max:
                off[i] = max(off[i], time[i] - oldest)
    return off


@part
def _follows(
    time: Floats, place: Floats, velocity: Floats, sigma: Floats, i: int, j: int, can: Physics
) -> bool:
    """Tell whether report j can follow report i: by speed, and by their velocities where both say one."""
    dt = time[j] - time[i]
    if dt <= 0.0:
        return False
    slack = can.sigmas * math.sqrt(sigma[i] * sigma[i] + sigma[j] * sigma[j])
    dx, dy, dz = place[j, 0] - place[i, 0], place[j, 1] - place[i, 1], place[j, 2] - place[i, 2]
    if math.sqrt(dx * dx + dy * dy + dz * dz) > can.speed_mps * dt + slack:
        return False
    if velocity[i, 0] != velocity[i, 0] or velocity[j, 0] != velocity[j, 0]:
        return True
    vx, vy = velocity[i, 0] + velocity[j, 0], velocity[i, 1] + velocity[j, 1]
    vz = velocity[i, 2] + velocity[j, 2]
    half = 0.5 * dt
    rx, ry, rz = dx - half * vx, dy - half * vy, dz - half * vz
    speed = 0.5 * math.sqrt(vx * vx + vy * vy + vz * vz)
    # The mean of two velocities is wrong by the turn between them: v w² dt³ / 12.
    turn = speed * (can.turn_radps * dt) ** 2 * dt / 12.0
    return math.sqrt(rx * rx + ry * ry + rz * rz) <= slack + 2.0 * can.velocity_mps * dt + turn


@kernel
def agreeing(
    start: Ints, time: Floats, place: Floats, velocity: Floats, sigma: Floats, can: Physics, near_s: float
) -> tuple[Ints, Ints]:
    """How many neighbours, of those near in time and possible by speed, also agree by velocity; of how many.

    returns  agree, of (A,) each: an aircraft whose velocities seldom agree does not know its own
    """
    agree = np.zeros(start.size - 1, np.int64)
    of = np.zeros(start.size - 1, np.int64)
    mute = np.full((time.size, 3), np.nan)
    for a in range(start.size - 1):
        for i in range(start[a], start[a + 1] - 1):
            j = i + 1
            said = velocity[i, 0] == velocity[i, 0] and velocity[j, 0] == velocity[j, 0]
            if not said or time[j] - time[i] > near_s:
                continue
            if _follows(time, place, mute, sigma, i, j, can):
                of[a] += 1
                if _follows(time, place, velocity, sigma, i, j, can):
                    agree[a] += 1
    return agree, of


@kernel
def longest_chain(
    start: Ints, time: Floats, place: Floats, velocity: Floats, sigma: Floats, can: Physics
) -> Flags:
    """Mark, of each aircraft, the most reports of which each can follow the one before.

    start    (A + 1,)       reports of aircraft a are start[a] : start[a + 1], in order of time
    time     (S,)      s
    place    (S, 3)    m    earth-centred
    velocity (S, 3)    m/s  NaN where not said
    sigma    (S,)      m    of the place, per axis
    returns  (S,)           False: cannot be true if those that are marked are
    """
    keep = np.zeros(time.size, np.bool_)
    length = np.zeros(time.size, np.int64)
    before = np.full(time.size, -1, np.int64)
    best = np.zeros(time.size, np.int64)  # where the longest chain up to here ends
    for a in range(start.size - 1):
        free = start[a] - 1  # the last report that is too long ago to say anything
        for i in range(start[a], start[a + 1]):
            while free + 1 < i and time[free + 1] < time[i] - can.apart_s:
                free += 1
            longest, chosen = 0, -1
            if free >= start[a]:
                longest, chosen = length[best[free]], best[free]
            j = i - 1
            while j > free and length[best[j]] > longest:
                if length[j] > longest and _follows(time, place, velocity, sigma, j, i, can):
                    longest, chosen = length[j], j
                j -= 1
            length[i], before[i] = longest + 1, chosen
            best[i] = i if i == start[a] or length[i] >= length[best[i - 1]] else best[i - 1]
        if start[a + 1] > start[a]:
            i = best[start[a + 1] - 1]
            while i >= 0:
                keep[i] = True
                i = before[i]
    return keep


class Predicted(NamedTuple):
    """What all other believed reports say of each report.

    place    (S, 3)  m
    velocity (S, 3)  m/s
    pp, pv, vv (S,)  m², m²/s, m²/s²  covariance per axis; pp is NaN where nobody says anything
    """

    place: Floats
    velocity: Floats
    pp: Floats
    pv: Floats
    vv: Floats


@part
def _measure(x: Floats, p: Floats, z: Floats, v: Floats, sigma: float, velocity_sigma: float) -> None:
    """Update state x (6) and covariance p (pp, pv, vv) with a place, and a velocity if there is one."""
    s = p[0] + sigma * sigma
    k0, k1 = p[0] / s, p[1] / s
    for c in range(3):
        r = z[c] - x[c]
        x[c] += k0 * r
        x[3 + c] += k1 * r
    p[2] -= k1 * p[1]
    p[1] -= k0 * p[1]
    p[0] -= k0 * p[0]
    if v[0] != v[0]:
        return
    s = p[2] + velocity_sigma * velocity_sigma
    k0, k1 = p[1] / s, p[2] / s
    for c in range(3):
        r = v[c] - x[3 + c]
        x[c] += k0 * r
        x[3 + c] += k1 * r
    p[0] -= k0 * p[1]
    p[1] -= k0 * p[2]
    p[2] -= k1 * p[2]


@part
def _move(x: Floats, p: Floats, dt: float, noise: float) -> None:
    """Predict by dt [s], which is negative backwards."""
    for c in range(3):
        x[c] += dt * x[3 + c]
    long = abs(dt)
    p[0] += 2.0 * dt * p[1] + dt * dt * p[2] + noise * long**3 / 3.0
    p[1] += dt * p[2] + (0.5 if dt > 0.0 else -0.5) * noise * dt * dt
    p[2] += noise * long


@part
def _begin(x: Floats, p: Floats, z: Floats, v: Floats, sigma: float, can: Physics) -> None:
    """Begin a filter at a report: place as said, velocity unknown unless said."""
    for c in range(3):
        x[c] = z[c]
        x[3 + c] = v[c] if v[c] == v[c] else 0.0
    known = v[0] == v[0]
    p[0], p[1] = sigma * sigma, 0.0
    p[2] = can.velocity_mps**2 if known else can.speed_mps**2 / 3.0


@kernel
def predict_others(
    start: Ints, time: Floats, place: Floats, velocity: Floats, sigma: Floats, keep: Flags, can: Physics
) -> Predicted:
    """Where each report should be, by the believed reports before and after it, itself not asked.

    Arguments as in `longest_chain`; `keep` says which are believed.
    """
    size = time.size
    out = Predicted(
        np.zeros((size, 3)), np.zeros((size, 3)), np.full(size, np.nan), np.zeros(size), np.zeros(size)
    )
    x, p = np.zeros(6), np.zeros(3)
    for a in range(start.size - 1):
        last = -1
        for i in range(start[a], start[a + 1]):
            if last >= 0 and time[i] - time[last] <= can.apart_s:
                y, q = x.copy(), p.copy()
                _move(y, q, time[i] - time[last], can.noise_m2ps3)
                out.place[i], out.velocity[i] = y[:3], y[3:]
                out.pp[i], out.pv[i], out.vv[i] = q[0], q[1], q[2]
                if keep[i]:
                    x[:], p[:] = y, q
                    _measure(x, p, place[i], velocity[i], sigma[i], can.velocity_mps)
                    last = i
            elif keep[i]:
                _begin(x, p, place[i], velocity[i], sigma[i], can)
                last = i
        last = -1
        for i in range(start[a + 1] - 1, start[a] - 1, -1):
            if last >= 0 and time[last] - time[i] <= can.apart_s:
                y, q = x.copy(), p.copy()
                _move(y, q, time[i] - time[last], can.noise_m2ps3)
                _join(out, i, y, q)
                if keep[i]:
                    x[:], p[:] = y, q
                    _measure(x, p, place[i], velocity[i], sigma[i], can.velocity_mps)
                    last = i
            elif keep[i]:
                _begin(x, p, place[i], velocity[i], sigma[i], can)
                last = i
    return out


@part
def _join(out: Predicted, i: int, y: Floats, q: Floats) -> None:
    """Join the prediction from behind with the one from ahead: independent, so their information adds."""
    if out.pp[i] != out.pp[i]:
        out.place[i], out.velocity[i] = y[:3], y[3:]
        out.pp[i], out.pv[i], out.vv[i] = q[0], q[1], q[2]
        return
    det = out.pp[i] * out.vv[i] - out.pv[i] ** 2
    a0, a1, a2 = out.vv[i] / det, -out.pv[i] / det, out.pp[i] / det
    det = q[0] * q[2] - q[1] * q[1]
    b0, b1, b2 = q[2] / det, -q[1] / det, q[0] / det
    c0, c1, c2 = a0 + b0, a1 + b1, a2 + b2
    det = c0 * c2 - c1 * c1
    pp, pv, vv = c2 / det, -c1 / det, c0 / det
    for c in range(3):
        # As differences from the prediction behind: earth-centred numbers are too large to be weighed.
        d, w = y[c] - out.place[i, c], y[3 + c] - out.velocity[i, c]
        e, f = b0 * d + b1 * w, b1 * d + b2 * w
        out.place[i, c] += pp * e + pv * f
        out.velocity[i, c] += pv * e + vv * f
    out.pp[i], out.pv[i], out.vv[i] = pp, pv, vv
