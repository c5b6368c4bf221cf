"""States of tracks on the ellipsoid, and how they go on in time.

A state is a place, a velocity over east and north there, and a covariance in the same axes; these turn with
the meridian as it moves. It goes on with constant velocity and white acceleration noise of a few levels.

Source: Y. Bar-Shalom, X. Li, T. Kirubarajan, "Estimation with Applications to Tracking and Navigation", 2001,
6.2.2.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ecef_to_lla, lla_to_ecef
from asman.kernels.jit import kernel, lent
from asman.kernels.tracklets import SIZE, turned
from asman.kernels.trackrows import SECOND, from_plane, set_plane, to_plane

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: Acceleration noise [m²/s³]: cruising, turning, wild.
LEVELS: Final = (0.5, 8.0, 80.0)


class States(NamedTuple):
    """States of tracks, each in axes at its own place.

    time_ns     (N,)       ns
    lat, lon    (N,)       rad
    velocity    (N, 2)     m/s   east, north, on the ellipsoid
    covariance  (N, 4, 4)  m², m²/s, m²/s²
    level       (N,)       index into LEVELS
    """

    time_ns: Longs
    lat: Floats
    lon: Floats
    velocity: Floats
    covariance: Floats
    level: Longs


@lent
def touch(lat: float, lon: float, plane: Floats) -> None:
    """Let a plane (1, 7) touch the ellipsoid at a place."""
    x, y, z = lla_to_ecef(lat, lon, 0.0)
    set_plane(lat, lon, x, y, z, plane[0])


@lent
def seen_from(lat: float, lon: float, plane: Floats) -> tuple[float, float]:
    """East and north [m] of a place in a plane."""
    x, y, z = lla_to_ecef(lat, lon, 0.0)
    return to_plane(x, y, z, plane[0])


@lent
def move(states: States, k: int, e: float, n: float, plane: Floats) -> None:
    """Move a state along its plane; its axes turn with the meridian."""
    touch(states.lat[k], states.lon[k], plane)
    x, y, z = from_plane(e, n, plane[0])
    lat, lon, _ = ecef_to_lla(x, y, z)
    turn = -math.sin(lon - states.lon[k]) * math.sin(lat)
    states.lat[k] = lat
    states.lon[k] = lon
    c, s = math.cos(turn), math.sin(turn)
    ve, vn = states.velocity[k, 0], states.velocity[k, 1]
    states.velocity[k, 0] = c * ve - s * vn
    states.velocity[k, 1] = s * ve + c * vn
    if abs(turn) > 1e-6:
        turned(c, -s, states.covariance[k])


@lent
def opened(dt: float, noise: float, p: Floats) -> None:
    """Carry a covariance on by constant velocity with white acceleration noise; time may run backwards."""
    for q in range(SIZE):
        p[0, q] += dt * p[2, q]
        p[1, q] += dt * p[3, q]
    for q in range(SIZE):
        p[q, 0] += dt * p[q, 2]
        p[q, 1] += dt * p[q, 3]
    t = abs(dt)
    for i in range(2):
        p[i, i] += noise * t * t * t / 3.0
        p[i, i + 2] += noise * t * dt / 2.0
        p[i + 2, i] += noise * t * dt / 2.0
        p[i + 2, i + 2] += noise * t


@lent
def carry(states: States, k: int, to_ns: int, plane: Floats) -> None:
    """Predict a state to a time that is not before its own."""
    dt = (to_ns - states.time_ns[k]) * SECOND
    if dt <= 0.0:
        return
    opened(dt, LEVELS[states.level[k]], states.covariance[k])
    move(states, k, dt * states.velocity[k, 0], dt * states.velocity[k, 1], plane)
    states.time_ns[k] = to_ns


@lent
def apart(
    joint: States, k: int, dt: float, rows: States, r: int, about: Floats, off: Floats, plane: Floats
) -> float:
    """What a row speaks of, less state `k` carried on by dt, in the axes at `k`; returns the turn of axes."""
    touch(joint.lat[k], joint.lon[k], plane)
    e, n = seen_from(rows.lat[r], rows.lon[r], plane)
    # From the row's axes to those at the state.
    turn = math.sin(rows.lon[r] - joint.lon[k]) * math.sin(joint.lat[k])
    c, s = math.cos(turn), math.sin(turn)
    ve = rows.velocity[r, 0] + about[2]
    vn = rows.velocity[r, 1] + about[3]
    off[0] = e + c * about[0] - s * about[1] - dt * joint.velocity[k, 0]
    off[1] = n + s * about[0] + c * about[1] - dt * joint.velocity[k, 1]
    off[2] = c * ve - s * vn - joint.velocity[k, 0]
    off[3] = s * ve + c * vn - joint.velocity[k, 1]
    return turn


@lent
def correct(states: States, k: int, off: Floats, plane: Floats) -> None:
    """Correct a state by a step (4,)."""
    states.velocity[k, 0] += off[2]
    states.velocity[k, 1] += off[3]
    move(states, k, off[0], off[1], plane)


@kernel
def carry_all(states: States, to_ns: int) -> None:
    """Predict all states to a time; those of a later one stay."""
    plane = np.empty((1, 7))
    for k in range(states.time_ns.size):
        carry(states, k, to_ns, plane)
