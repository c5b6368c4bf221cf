"""Truth at the instants at which a picture is judged: cubic Hermite curves on local tangent planes.

Between two samples the aircraft follows the cubic that has the sampled positions and velocities at both
ends, in the tangent plane of the earlier sample, heights left aside. Nothing is flat over more than that
one step, so the date line and high latitudes are places like any other. Before its first and after its
last sample an aircraft is not there. Between samples further apart than `gap_s` its place is known only
roughly: such a row is marked, and nobody is judged by it.

Source: F. N. Fritsch, R. E. Carlson, "Monotone piecewise cubic interpolation", SIAM J. Numer. Anal. 17,
1980, section 1 (the Hermite basis).
"""

import math

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ecef_to_enu, enu_to_ecef, enu_to_lla, lla_to_enu
from asman.kernels.jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Below this speed a course means nothing, and so no turn is counted.
SPEED_TURN_MIN_MPS = 10.0


@kernel
def fill_velocities(start: Ints, time: Floats, lat: Floats, lon: Floats, vn: Floats, ve: Floats) -> None:
    """Give samples without velocity that of the chord between their neighbours, in place.

    start    (A + 1,)       samples of aircraft a are start[a] : start[a + 1], in order of time
    time     (S,)      s    rising within an aircraft
    lat, lon (S,)      rad
    vn, ve   (S,)      m/s  NaN where not reported; stays NaN where an aircraft has one sample only
    """
    for a in range(start.size - 1):
        for i in range(start[a], start[a + 1]):
            if vn[i] == vn[i] and ve[i] == ve[i]:
                continue
            before = max(i - 1, start[a])
            after = min(i + 1, start[a + 1] - 1)
            step = time[after] - time[before]
            if step <= 0.0:
                continue
            e0, n0, _ = lla_to_enu(lat[before], lon[before], 0.0, lat[i], lon[i], 0.0)
            e1, n1, _ = lla_to_enu(lat[after], lon[after], 0.0, lat[i], lon[i], 0.0)
            ve[i] = (e1 - e0) / step
            vn[i] = (n1 - n0) / step


@kernel
def turned(vn: float, ve: float, lat: float, lon: float, lat0: float, lon0: float) -> tuple[float, float]:
    """Velocity north, east [m/s] at (lat, lon [rad]) as seen in the tangent plane of (lat0, lon0)."""
    x, y, z = enu_to_ecef(ve, vn, 0.0, math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon))
    e, n, _ = ecef_to_enu(x, y, z, math.sin(lat0), math.cos(lat0), math.sin(lon0), math.cos(lon0))
    return n, e


@kernel
def hermite(p0: float, v0: float, p1: float, v1: float, step: float, f: float) -> tuple[float, float]:
    """Value and slope at the fraction `f` of a step [s]; a straight line where a velocity is NaN."""
    if math.isnan(v0) or math.isnan(v1):
        return p0 + f * (p1 - p0), (p1 - p0) / step
    a = 2.0 * (p0 - p1) / step + v0 + v1
    b = 3.0 * (p1 - p0) / step - 2.0 * v0 - v1
    return p0 + f * step * (v0 + f * (b + f * a)), v0 + f * (2.0 * b + 3.0 * f * a)


@kernel
def turn_rate(vn0: float, ve0: float, vn1: float, ve1: float, step: float) -> float:
    """Change of course per second [rad/s], clockwise positive; 0 where it can hardly be said."""
    slow = SPEED_TURN_MIN_MPS * SPEED_TURN_MIN_MPS
    if not (vn0 * vn0 + ve0 * ve0 > slow and vn1 * vn1 + ve1 * ve1 > slow):
        return 0.0
    return math.atan2(ve1 * vn0 - vn1 * ve0, vn0 * vn1 + ve0 * ve1) / step


@kernel
def count_instants(start: Ints, time: Floats, instants: Floats) -> Ints:
    """How many instants [s] lie between the first and the last sample of each aircraft; (A,)."""
    counts = np.zeros(start.size - 1, np.int64)
    for a in range(start.size - 1):
        if start[a + 1] > start[a]:
            first = np.searchsorted(instants, time[start[a]], side="left")
            last = np.searchsorted(instants, time[start[a + 1] - 1], side="right")
            counts[a] = last - first
    return counts


@kernel
def interpolate(
    start: Ints, time: Floats, place: Floats, velocity: Floats, instants: Floats, gap_s: float
) -> tuple[Ints, Ints, Ints, Floats, Flags]:
    """Truth at the instants, one row for each instant within an aircraft's samples, aircraft by aircraft.

    start    (A + 1,)        samples of aircraft a are start[a] : start[a + 1], in order of time
    time     (S,)       s
    place    (S, 3)     rad, rad, m    latitude, longitude, altitude (NaN where not known)
    velocity (S, 3)     m/s            north, east, up; NaN where not known
    instants (K,)       s              rising
    gap_s               s              rows between samples further apart are marked as not judged
    returns
      aircraft, instant, sample (R,)   whose, when, and the sample at or before it
      state    (R, 7)  rad, rad, m, m/s, m/s, m/s, rad/s  place, velocity north, east, up, turn rate
      judged   (R,)
    """
    counts = count_instants(start, time, instants)
    rows = counts.sum()
    aircraft = np.empty(rows, np.int64)
    instant = np.empty(rows, np.int64)
    sample = np.empty(rows, np.int64)
    state = np.empty((rows, 7))
    judged = np.empty(rows, np.bool_)
    row = 0
    for a in range(start.size - 1):
        if counts[a] == 0:
            continue
        i = start[a]
        last = start[a + 1] - 1
        k0 = np.searchsorted(instants, time[i], side="left")
        for k in range(k0, k0 + counts[a]):
            while i < last and time[i + 1] <= instants[k]:
                i += 1
            aircraft[row] = a
            instant[row] = k
            sample[row] = i
            judged[row] = True
            if i == last or time[i] == instants[k]:
                other = i - 1 if i == last else i + 1
                state[row, :3] = place[i]
                state[row, 3:6] = velocity[i]
                state[row, 6] = 0.0
                if start[a] <= other <= last and other != i:
                    vn, ve = turned(
                        velocity[other, 0], velocity[other, 1],
                        place[other, 0], place[other, 1], place[i, 0], place[i, 1],
                    )  # fmt: skip
                    state[row, 6] = turn_rate(
                        velocity[i, 0], velocity[i, 1], vn, ve, float(time[other] - time[i])
                    )
            else:
                judged[row] = time[i + 1] - time[i] <= gap_s
                between(time, place, velocity, i, instants[k], state[row])
            row += 1
    return aircraft, instant, sample, state, judged


@kernel
def between(time: Floats, place: Floats, velocity: Floats, i: int, at: float, state: Floats) -> None:
    """State [as in `interpolate`] at `at` s between samples i and i + 1, written into `state`."""
    step = time[i + 1] - time[i]
    f = (at - time[i]) / step
    lat0, lon0 = place[i, 0], place[i, 1]
    e1, n1, u1 = lla_to_enu(place[i + 1, 0], place[i + 1, 1], 0.0, lat0, lon0, 0.0)
    vn0, ve0 = velocity[i, 0], velocity[i, 1]
    vn1, ve1 = turned(velocity[i + 1, 0], velocity[i + 1, 1], place[i + 1, 0], place[i + 1, 1], lat0, lon0)
    e, ve = hermite(0.0, ve0, e1, ve1, step, f)
    n, vn = hermite(0.0, vn0, n1, vn1, step, f)
    lat, lon, _ = enu_to_lla(e, n, f * u1, lat0, lon0, 0.0)
    # Where the plane of sample i looks elsewhere than that of the place reached: near the poles.
    x, y, z = enu_to_ecef(ve, vn, 0.0, math.sin(lat0), math.cos(lat0), math.sin(lon0), math.cos(lon0))
    ve, vn, _ = ecef_to_enu(x, y, z, math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon))
    altitude, climb = hermite(place[i, 2], velocity[i, 2], place[i + 1, 2], velocity[i + 1, 2], step, f)
    state[0], state[1], state[2] = lat, lon, altitude
    state[3], state[4], state[5] = vn, ve, climb
    state[6] = turn_rate(vn0, ve0, vn1, ve1, step)
