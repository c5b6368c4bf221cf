"""Correlation: how much likelier it is that two tracks are one aircraft than that they are two.

A log likelihood ratio in nats: the difference of the states under their covariances, against the density at
which an unrelated aircraft would stand there and fly so; altitudes likewise; codes and addresses by how often
they agree and differ for one aircraft and for two. An address decides nothing alone: without places and
velocities that agree it is refused.

Source: Y. Bar-Shalom, P. Willett, X. Tian, "Tracking and Data Fusion", 2011, section 9.2 (association of
tracks).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import lla_to_ecef
from asman.kernels.information import factor, forward
from asman.kernels.jit import kernel, lent
from asman.kernels.states import States
from asman.kernels.tracklets import SIZE
from asman.kernels.trackrows import conspicuity, set_plane, to_plane

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: Unrelated aircraft: one in 30 km by 30 km, velocities within 300 m/s either way, altitudes within 12 km.
DENSITY_PM2: Final = 1.0 / 9e8
SPEED_SPAN_MPS: Final = 600.0
ALTITUDE_SPAN_M: Final = 12_000.0
#: What two members' sensors may be off against each other, beyond their covariances, per axis.
OFF_M: Final = 50.0
OFF_MPS: Final = 2.0
OFF_UP_M: Final = 30.0
#: Farther apart is no candidate [m]; nor beyond this squared distance in place and velocity.
REACH_M: Final = 15_000.0
GATE: Final = 40.0
#: Nats of codes and addresses that agree or differ.
SAME_ADDRESS: Final = 9.0
OTHER_ADDRESS: Final = -35.0
SAME_CODE: Final = 6.5
OTHER_CODE: Final = -8.0
SHARED_CODE: Final = 0.5
#: The least that is said: one bad scan must not outweigh all others.
LEAST_NATS: Final = -30.0


@lent
def ratio(
    a: States, i: int, b: States, j: int, altitude_m: Floats, sigma_m: Floats, code: Longs, address: Longs,
    p: int, q: int, plane: Floats, work: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Nats for one aircraft against two, and the squared distance, of states i, j of one time.

    altitude_m, sigma_m, code, address  of rows p and q; NaN, -1 where unknown
    """
    x, y, z = lla_to_ecef(a.lat[i], a.lon[i], 0.0)
    set_plane(a.lat[i], a.lon[i], x, y, z, plane[0])
    x, y, z = lla_to_ecef(b.lat[j], b.lon[j], 0.0)
    off, spread = work[1, 0], work[0]
    off[0], off[1] = to_plane(x, y, z, plane[0])
    off[2] = b.velocity[j, 0] - a.velocity[i, 0]
    off[3] = b.velocity[j, 1] - a.velocity[i, 1]
    for r in range(SIZE):
        for c in range(SIZE):
            spread[r, c] = a.covariance[i, r, c] + b.covariance[j, r, c]
    for r in range(2):
        spread[r, r] += OFF_M * OFF_M
        spread[r + 2, r + 2] += OFF_MPS * OFF_MPS
    factor(SIZE, spread)
    forward(SIZE, spread, off)
    d2, size = 0.0, 0.0
    for r in range(SIZE):
        d2 += off[r] * off[r]
        size += math.log(spread[r, r])
    nats = -0.5 * d2 - size - 2.0 * math.log(2.0 * math.pi)
    nats -= math.log(DENSITY_PM2) - 2.0 * math.log(SPEED_SPAN_MPS)
    up = altitude_m[p] - altitude_m[q]
    if not math.isnan(up):
        variance = sigma_m[p] * sigma_m[p] + sigma_m[q] * sigma_m[q] + OFF_UP_M * OFF_UP_M
        nats += max(
            -0.5 * up * up / variance - 0.5 * math.log(2.0 * math.pi * variance) + math.log(ALTITUDE_SPAN_M),
            LEAST_NATS,
        )
    if address[p] >= 0 and address[q] >= 0:
        nats += SAME_ADDRESS if address[p] == address[q] else OTHER_ADDRESS
    if code[p] >= 0 and code[q] >= 0:
        if code[p] != code[q]:
            nats += OTHER_CODE
        else:
            nats += SHARED_CODE if conspicuity(code[p]) else SAME_CODE
    return max(nats, LEAST_NATS), d2


@kernel
def candidates(
    states: States, altitude_m: Floats, sigma_m: Floats, code: Longs, address: Longs, of: Longs, order: Longs,
    pairs: Longs, nats: Floats,
) -> int:  # fmt: skip
    """Write pairs (C, 2) of tracks that may be one aircraft, with their nats (C,), and return how many.

    states  all of one time
    of      (N,)  bits of the members that contribute to each: two tracks that share one are two aircraft
    order   (N,)  rows rising in latitude

    Where `pairs` has no more room the rest is left out: the number returned is then its length.
    """
    plane, work = np.empty((1, 7)), np.empty((2, SIZE, SIZE))
    reach = REACH_M / 6_335_000.0
    written = 0
    for first in range(order.size):
        i = order[first]
        wide = reach / max(math.cos(states.lat[i]), 0.01)
        for second in range(first + 1, order.size):
            j = order[second]
            if states.lat[j] - states.lat[i] > reach:
                break
            if of[i] & of[j] != 0:
                continue
            apart = abs(states.lon[j] - states.lon[i])
            if apart > math.pi:
                apart = 2.0 * math.pi - apart
            if apart > wide:
                continue
            said, d2 = ratio(states, i, states, j, altitude_m, sigma_m, code, address, i, j, plane, work)
            if d2 > GATE:
                continue
            if written == nats.size:
                return written
            pairs[written, 0] = i
            pairs[written, 1] = j
            nats[written] = said
            written += 1
    return written


@kernel
def with_one(
    states: States, altitude_m: Floats, sigma_m: Floats, code: Longs, address: Longs, row: Longs,
    other: Longs, nats: Floats,
) -> None:  # fmt: skip
    """Nats (K,) that rows `row` and `other` (K,) are one aircraft."""
    plane, work = np.empty((1, 7)), np.empty((2, SIZE, SIZE))
    for k in range(row.size):
        nats[k], _ = ratio(
            states,
            row[k],
            states,
            other[k],
            altitude_m,
            sigma_m,
            code,
            address,
            row[k],
            other[k],
            plane,
            work,
        )
