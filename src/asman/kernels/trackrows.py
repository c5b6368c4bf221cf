"""Rows of tracks: the arrays in which a tracker keeps its tracks, and the small steps on one of them.

Row k of every array is one track. Rows of ended tracks stay, marked, until the owner packs the arrays.
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ecef_to_enu, ecef_to_lla, enu_to_ecef
from asman.kernels.imm import COVARIANCE, MODES, STATE, Motion, combine, cruise_time_s, predict
from asman.kernels.jit import kernel, lent, small
from asman.kernels.vertical import FIELDS, predict_vertical

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: How many sensors a track remembers as its contributors; beyond that the stalest makes room, and is counted.
CONTRIBUTORS: Final = 16
#: Usual silence between squitters of one aircraft: aloft, on the ground, and at most [s].
SQUITTER_GAP_S: Final = 4.0
GROUND_GAP_S: Final = 8.0
SILENCE_S: Final = 15.0
EARTH_RADIUS_M: Final = 6_371_000.0
SECOND: Final = 1e-9

CONTRIBUTOR: Final = np.dtype(
    [
        ("last_ns", "i8"),
        ("due_ns", "i8"),  # a plot not seen by then counts as missed
        ("gap_s", "f8"),  # usual time between its plots
        ("sensor", "i8"),  # -1: free
        ("missed", "i8"),
        ("share", "f8"),  # of its plots in the place, and what is wrong with them [m²]: considering.py
        ("hee", "f8"),
        ("hen", "f8"),
        ("hnn", "f8"),
    ],
    align=True,
)


#: Plots of so many radars are kept to find heights by range differences.
RANGED_PLOTS: Final = 3
RANGED_PLOT: Final = np.dtype(
    [("sensor", "i8"), ("time_ns", "i8"), ("range_m", "f8"), ("azimuth", "f8"), ("pairs", "i8")], align=True
)
HEIGHT_FIELDS: Final = 9
TRUST_FIELDS: Final = 10

#: All of one track, in one place: a piece of a kernel is handed the track, and nothing else of it.
TRACK: Final = np.dtype(
    [
        ("time_ns", "i8"),  # of the state
        ("number", "i8"),
        ("born_ns", "i8"),
        ("last_ns", "i8"),  # of the latest plot
        ("company_ns", "i8"),  # when it and a neighbour last had a plot each of one turn
        ("shared_ns", "i8"),  # of the latest plot that it shared with another
        ("due_ns", "i8"),  # no sensor that saw it owes a plot before
        ("born_x", "f8"),  # m, earth-centred: where its first plot lay
        ("born_y", "f8"),
        ("born_z", "f8"),
        ("callsign", "u8"),
        ("callsign_doubt", "u8"),
        ("existence", "f8"),
        ("address", "i8"),  # -1: none
        ("mode_3a", "i8"),  # -1: none
        ("mode_3a_doubt", "i8"),
        ("plots", "i8"),
        ("answers", "i8"),  # of them with a code, an altitude or an address
        ("outside", "i1"),  # 1: the latest lay outside its gate
        ("twin", "i1"),  # 1: another track bore its address when it began
        ("born_sensor", "i8"),
        ("born_kind", "i8"),  # as in births.py
        ("alive", "i1"),
        ("confirmed", "i1"),  # 1: it was proven once
        ("shown", "i1"),  # 1: it is, and is likely to be there still
        ("on_ground", "i1"),  # -1: not said
        ("simulated", "i1"),
        ("x", "f8", (MODES, STATE)),  # m, m/s: state of each model, in the track's plane
        ("p", "f8", (MODES, COVARIANCE)),  # m², m²/s ...: its covariance, packed as in imm.py
        ("mu", "f8", (MODES,)),  # weights of the models
        ("state", "f8", (STATE,)),  # m, m/s: of the mixture
        ("cov", "f8", (COVARIANCE,)),  # of the mixture
        ("consider", "f8", (3,)),  # m², of the place by altitudes not known well: ee, en, nn
        ("vertical", "f8", (FIELDS,)),  # altitude filter, as in vertical.py
        ("height", "f8", (HEIGHT_FIELDS,)),  # above the ellipsoid, as in heights.py
        ("trust", "f8", (TRUST_FIELDS,)),  # reports against radars, as in integrity.py
        ("plane", "f8", (7,)),  # m, origin of the plane, earth-centred; sin, cos of its lat, lon
        ("ranged", RANGED_PLOT, (RANGED_PLOTS,)),  # latest echoes, for heights; sensor -1: free
        ("heard", CONTRIBUTOR, (CONTRIBUTORS,)),  # sensors that saw it lately
    ],
    align=True,
)


class Tracks(NamedTuple):
    """All tracks.

    row       (T,)    TRACK
    place     (T, 3)  m      earth-centred, as filed this second; NaN: not filed
    filed     (T,)    1      address as filed this second, -1: none
    coded     (T,)    1      code as filed this second, of shown tracks; -1: none
    """

    row: Records
    place: Floats
    filed: Longs
    coded: Longs


def room_for_tracks(capacity: int) -> Tracks:
    """Room for `capacity` tracks; what is in a row before a track begins there, nobody reads."""
    return Tracks(
        np.empty(capacity, TRACK).view(np.recarray),
        np.empty((capacity, 3)),
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int64),
    )


@kernel
def to_plane(x: float, y: float, z: float, plane: Floats) -> tuple[float, float]:
    """East and north [m] of an earth-centred point in the plane of a track."""
    e, n, _ = ecef_to_enu(x - plane[0], y - plane[1], z - plane[2], plane[3], plane[4], plane[5], plane[6])
    return e, n


@kernel
def from_plane(e: float, n: float, plane: Floats) -> tuple[float, float, float]:
    """Earth-centred point on the ellipsoid below a point of the plane (the sagitta to first order)."""
    up = -(e * e + n * n) / (2.0 * EARTH_RADIUS_M)
    x, y, z = enu_to_ecef(e, n, up, plane[3], plane[4], plane[5], plane[6])
    return plane[0] + x, plane[1] + y, plane[2] + z


@kernel
def set_plane(lat: float, lon: float, x: float, y: float, z: float, plane: Floats) -> None:
    """Let the plane of a track touch the ellipsoid at a point."""
    plane[0] = x
    plane[1] = y
    plane[2] = z
    plane[3] = math.sin(lat)
    plane[4] = math.cos(lat)
    plane[5] = math.sin(lon)
    plane[6] = math.cos(lon)


@lent
def carry(track: Record, to_ns: int, motion: Motion, work: Floats) -> None:
    """Predict a track to a time that is not before its own."""
    dt = (to_ns - track.time_ns) * SECOND
    if dt <= 0.0:
        return
    cruise_s = cruise_time_s(track.vertical[0], motion)
    predict(dt, cruise_s, track.x, track.p, track.mu, motion, work)
    predict_vertical(dt, track.vertical, work)
    combine(track.x, track.p, track.mu, track.state, track.cov)
    track.time_ns = to_ns


@lent
def turn_state(j: int, c: float, s: float, x: Floats, p: Floats) -> None:
    """Express one model in axes turned by an angle (its cosine, sine), counter-clockwise."""
    x[j, 0], x[j, 1] = c * x[j, 0] + s * x[j, 1], c * x[j, 1] - s * x[j, 0]
    x[j, 2], x[j, 3] = c * x[j, 2] + s * x[j, 3], c * x[j, 3] - s * x[j, 2]
    for a in (0, 7):
        ee, en, nn = p[j, a], p[j, a + 1], p[j, a + 2]
        p[j, a] = c * c * ee + 2.0 * c * s * en + s * s * nn
        p[j, a + 1] = c * s * (nn - ee) + (c * c - s * s) * en
        p[j, a + 2] = s * s * ee - 2.0 * c * s * en + c * c * nn
    b00, b01, b10, b11 = p[j, 3], p[j, 4], p[j, 5], p[j, 6]
    r00, r01, r10, r11 = c * b00 + s * b10, c * b01 + s * b11, c * b10 - s * b00, c * b11 - s * b01
    p[j, 3] = r00 * c + r01 * s
    p[j, 4] = r01 * c - r00 * s
    p[j, 5] = r10 * c + r11 * s
    p[j, 6] = r11 * c - r10 * s


@kernel
def recentre(track: Record) -> None:
    """Let the plane of a track touch the ellipsoid below it, and turn its state into the new axes."""
    plane = track.plane
    east = track.state[0]
    north = track.state[1]
    x, y, z = from_plane(east, north, plane)
    lat, lon, _ = ecef_to_lla(x, y, z)
    # The old east axis, seen in the new plane, gives the angle between the two.
    ex, ey, ez = enu_to_ecef(1.0, 0.0, 0.0, plane[3], plane[4], plane[5], plane[6])
    set_plane(lat, lon, x, y, z, plane)
    c, s, _ = ecef_to_enu(ex, ey, ez, plane[3], plane[4], plane[5], plane[6])
    norm = math.sqrt(c * c + s * s)
    c /= norm
    s /= norm
    for j in range(MODES):
        track.x[j, 0] -= east
        track.x[j, 1] -= north
        # Axes turn against the vectors: what pointed along old east now has components (c, s).
        turn_state(j, c, -s, track.x, track.p)
    combine(track.x, track.p, track.mu, track.state, track.cov)


@small
def conspicuity(code: int) -> bool:
    """Whether a Mode 3/A code is shared by many: 1000 Mode S, 2000 none, 7000 and 1200 VFR, 0000."""
    return code in (0o1000, 0o2000, 0o7000, 0o1200, 0)


@small
def contributor(sensor: int, heard: Records) -> int:
    """Slot of a sensor in a track, or -1."""
    for i in range(CONTRIBUTORS):
        if heard[i].sensor == sensor:
            return i
    return -1


@small
def usual_gap_s(gap_s: float, on_ground: int, sensor: Record) -> float:
    """How long to wait for the next plot of a sensor before it counts as missed [s].

    A radar comes round. Squitters do not: reception fades for seconds, and what stands still on the ground
    speaks every ten seconds or so (ICAO Annex 10 IV, 5.1.1.4.2: surface squitters at their low rate, of which
    a receiver hears some).
    """
    period = sensor.period_ns * SECOND
    if sensor.rotates == 1:
        return min(max(gap_s, period), 3.0 * period)
    least = GROUND_GAP_S if on_ground == 1 else SQUITTER_GAP_S
    return min(max(gap_s, period, least), max(SILENCE_S, period))


@small
def contradicts(track: Record, plot: Record) -> bool:
    """Whether codes or altitude say that a plot is of another aircraft than a track."""
    if plot.address >= 0 and track.address >= 0:
        return plot.address != track.address
    if plot.mode_3a >= 0 and plot.mode_3a_valid == 1 and track.mode_3a >= 0 and plot.mode_3a != track.mode_3a:
        return True
    altitude = track.vertical[0]
    return (
        not math.isnan(plot.altitude_m)
        and not math.isnan(altitude)
        and abs(plot.altitude_m - altitude) > 400.0
    )


#: Rows are moved together when more than one in so many has ended.
GAPS_PART: Final = 4


@lent
def pack(tracks: Tracks, count: int) -> int:
    """Close the gaps that ended tracks left in the first `count` rows, in their order; return how many stay.

    Gaps are left open while they are few: a row is two thousand octets. What is filed of rows is not moved
    along: the owner files anew.
    """
    dead = 0
    for k in range(count):
        dead += 1 - tracks.row[k].alive
    if dead * GAPS_PART < count:
        return count
    kept = 0
    for k in range(count):
        if tracks.row[k].alive == 1:
            if kept < k:
                tracks.row[kept] = tracks.row[k]
            kept += 1
    return kept
