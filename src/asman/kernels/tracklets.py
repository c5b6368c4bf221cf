"""Tracklets: what tracks learned in an interval, from what they were predicted to be and what they became.

With P1 what a track knows after the interval and P what it was predicted to know, the information gained is
inverse(P1) - inverse(P). Scaled so that the prediction is the unit (P = L L'), its eigenvalues say how much
was learned in each direction; those that nothing was learned in, or that opened, are left out. What is left
is told as information about the state and one place that it speaks of, near the track: a measurement with
errors of its own (`asman.fusion.equivalent` has the theory, and is the oracle of these loops).

Sources: O. Drummond, "Track and tracklet fusion filtering", Proc. SPIE 4728, 2002; G. Golub, C. Van Loan,
"Matrix Computations", 4th edition, 8.5 (Jacobi's rotations).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ecef_to_lla, lla_to_ecef
from asman.kernels.information import factor, forward
from asman.kernels.jit import kernel, lent
from asman.kernels.trackrows import from_plane, set_plane, to_plane

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: East, north, and their velocities.
SIZE: Final = 4
#: A direction in which less than this share of the prediction's information was learned carries nothing.
LEAST: Final = 0.02
#: Rounds of rotations: four by four converges to rounding in six.
_ROUNDS: Final = 8


@lent
def back(size: int, a: Floats, x: Floats) -> None:
    """Solve L' y = x in place for the lower triangle L of `a`."""
    for j in range(size - 1, -1, -1):
        s = x[j]
        for k in range(j + 1, size):
            s -= a[k, j] * x[k]
        x[j] = s / a[j, j]


@lent
def inverse(a: Floats, out: Floats, work: Floats, column: Floats) -> None:
    """Inverse of a symmetric positive matrix (4, 4); `a` stays. work (4, 4) and column (4,) are scratch."""
    for p in range(SIZE):
        for q in range(SIZE):
            work[p, q] = a[p, q]
    factor(SIZE, work)
    for q in range(SIZE):
        for p in range(SIZE):
            column[p] = 1.0 if p == q else 0.0
        forward(SIZE, work, column)
        back(SIZE, work, column)
        for p in range(SIZE):
            out[p, q] = column[p]
    for p in range(SIZE):
        for q in range(p):
            mean = 0.5 * (out[p, q] + out[q, p])
            out[p, q] = mean
            out[q, p] = mean


@lent
def eigen(a: Floats, axes: Floats) -> None:
    """Turn a symmetric matrix (4, 4) into its eigenvalues, on the diagonal; `axes` gets their vectors."""
    for p in range(SIZE):
        for q in range(SIZE):
            axes[p, q] = 1.0 if p == q else 0.0
    for _ in range(_ROUNDS):
        off, size = 0.0, 0.0
        for p in range(SIZE):
            size += a[p, p] * a[p, p]
            for q in range(p + 1, SIZE):
                off += a[p, q] * a[p, q]
        if off <= 1e-28 * size:
            break
        for p in range(SIZE - 1):
            for q in range(p + 1, SIZE):
                if a[p, q] != 0.0:
                    _rotate(a, axes, p, q)


@lent
def _rotate(a: Floats, axes: Floats, p: int, q: int) -> None:
    """One rotation that makes the term (p, q) vanish."""
    theta = 0.5 * (a[q, q] - a[p, p]) / a[p, q]
    t = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
    if theta < 0.0:
        t = -t
    c = 1.0 / math.sqrt(t * t + 1.0)
    s = t * c
    for k in range(SIZE):
        kp, kq = a[k, p], a[k, q]
        a[k, p] = c * kp - s * kq
        a[k, q] = s * kp + c * kq
    for k in range(SIZE):
        pk, qk = a[p, k], a[q, k]
        a[p, k] = c * pk - s * qk
        a[q, k] = s * pk + c * qk
        vp, vq = axes[k, p], axes[k, q]
        axes[k, p] = c * vp - s * vq
        axes[k, q] = s * vp + c * vq


@lent
def turned(c: float, s: float, a: Floats) -> None:
    """Express a matrix (4, 4) over east, north and their velocities in axes turned by an angle (cos, sin).

    A vector's components become (c e + s n, -s e + c n).
    """
    for p in range(SIZE):
        for o in range(0, SIZE, 2):
            e, n = a[p, o], a[p, o + 1]
            a[p, o] = c * e + s * n
            a[p, o + 1] = c * n - s * e
    for q in range(SIZE):
        for o in range(0, SIZE, 2):
            e, n = a[o, q], a[o + 1, q]
            a[o, q] = c * e + s * n
            a[o + 1, q] = c * n - s * e


@lent
def learned_in(
    predicted: Floats, p_predicted: Floats, state: Floats, p_state: Floats, information: Floats,
    about: Floats, work: Floats,
) -> bool:  # fmt: skip
    """What a track learned: information (4, 4), and the state (4,) that it speaks of; False: nothing.

    work (6, 4, 4) is scratch
    """
    root, gained, axes, w, scratch, row = work[0], work[1], work[2], work[3], work[4], work[5, 0]
    inverse(p_state, w, scratch, row)
    for p in range(SIZE):
        for q in range(SIZE):
            root[p, q] = p_predicted[p, q]
    factor(SIZE, root)
    for p in range(SIZE):
        for q in range(SIZE):
            s = 0.0
            for k in range(q, SIZE):
                s += w[p, k] * root[k, q]
            scratch[p, q] = s
    for p in range(SIZE):
        for q in range(SIZE):
            s = -1.0 if p == q else 0.0
            for k in range(p, SIZE):
                s += root[k, p] * scratch[k, q]
            gained[p, q] = s
    for p in range(SIZE):
        for q in range(p):
            mean = 0.5 * (gained[p, q] + gained[q, p])
            gained[p, q] = mean
            gained[q, p] = mean
    # The step of the mean, in units of the prediction.
    for p in range(SIZE):
        row[p] = state[p] - predicted[p]
        about[p] = predicted[p]
    forward(SIZE, root, row)
    eigen(gained, axes)
    for p in range(SIZE):
        for q in range(SIZE):
            information[p, q] = 0.0
    told = False
    for k in range(SIZE):
        share = gained[k, k]
        if share <= LEAST:
            continue
        told = True
        along = 0.0
        for p in range(SIZE):
            along += axes[p, k] * row[p]
        along *= (1.0 + share) / share
        # about += L axis along; information += share (L'^-1 axis) (L'^-1 axis)'
        for p in range(SIZE):
            for q in range(p + 1):
                about[p] += root[p, q] * axes[q, k] * along
        column = work[5, 1]
        for p in range(SIZE):
            column[p] = axes[p, k]
        back(SIZE, root, column)
        for p in range(SIZE):
            for q in range(SIZE):
                information[p, q] += share * column[p] * column[q]
    return told


@kernel
def learned(
    lat: Floats, lon: Floats, mean: Floats, covariance: Floats, before: Longs,
    lat0: Floats, lon0: Floats, mean0: Floats, covariance0: Floats,
    local: Floats, about: Floats, information: Floats,
) -> None:  # fmt: skip
    """What tracks learned since they were predicted, each in east and north axes at its own place.

    lat, lon     (T,)       rad     origin of each track's plane
    mean         (T, 4)     m, m/s  in it, what is known now
    covariance   (T, 4, 4)  of it
    before       (T,)       row of the same track in the predictions; -1: it was not there
    lat0, lon0, mean0, covariance0  the same of what was predicted without the plots since
    local        (T, 4, 4)  out: covariance in axes at the aircraft
    about        (T, 4)     out: the state that was learned, less the track's own
    information  (T, 4, 4)  out: zero where nothing was learned
    """
    work = np.empty((6, SIZE, SIZE))
    predicted, p_predicted = np.empty(SIZE), np.empty((SIZE, SIZE))
    planes = np.empty((2, 7))
    for k in range(lat.size):
        at_lat, at_lon = float(lat[k]), float(lon[k])
        x, y, z = lla_to_ecef(at_lat, at_lon, 0.0)
        set_plane(at_lat, at_lon, x, y, z, planes[0])
        x, y, z = from_plane(mean[k, 0], mean[k, 1], planes[0])
        here_lat, here_lon, _ = ecef_to_lla(x, y, z)
        # North at the aircraft, against north of its plane.
        turn = -math.sin(here_lon - lon[k]) * math.sin(here_lat)
        c, s = math.cos(turn), math.sin(turn)
        information[k] = 0.0
        about[k] = 0.0
        local[k] = covariance[k]
        j = before[k]
        if j >= 0:
            lat_j, lon_j = float(lat0[j]), float(lon0[j])
            x, y, z = lla_to_ecef(lat_j, lon_j, 0.0)
            set_plane(lat_j, lon_j, x, y, z, planes[1])
            x, y, z = from_plane(mean0[j, 0], mean0[j, 1], planes[1])
            predicted[0], predicted[1] = to_plane(x, y, z, planes[0])
            swing = -math.sin(lon[k] - lon_j) * math.sin(lat[k])
            cj, sj = math.cos(swing), math.sin(swing)
            p_predicted[:] = covariance0[j]
            if swing != 0.0:
                turned(cj, -sj, p_predicted)
            predicted[2] = cj * mean0[j, 2] - sj * mean0[j, 3]
            predicted[3] = sj * mean0[j, 2] + cj * mean0[j, 3]
            if learned_in(predicted, p_predicted, mean[k], covariance[k], information[k], about[k], work):
                for p in range(SIZE):
                    about[k, p] -= mean[k, p]
                for o in range(0, SIZE, 2):
                    e, n = about[k, o], about[k, o + 1]
                    about[k, o] = c * e - s * n
                    about[k, o + 1] = s * e + c * n
                turned(c, -s, information[k])
            else:
                about[k] = 0.0
        turned(c, -s, local[k])
