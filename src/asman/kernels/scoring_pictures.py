"""The picture at the instants at which it is judged, and who in it is near whom.

A picture is what an operator would have seen: at an instant, each track's latest report, moved on by its
own velocity when the report is older than the instant, until it is too old. Nothing that was reported
later is used. Nearness is the straight distance on the ellipsoid's surface, heights left aside; over a
few kilometres it equals the distance in a tangent plane to a part in ten million, and it has no seam.
"""

import math

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import enu_to_lla, lla_to_ecef, lla_to_enu
from asman.kernels.jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Reports are counted as of an instant when they are this little after it: rounding of time stamps.
SLACK_S = 1e-3


@kernel
def latest(
    start: Ints,
    time: Floats,
    lat: Floats,
    lon: Floats,
    vn: Floats,
    ve: Floats,
    instants: Floats,
    hold_s: Floats,
) -> tuple[Ints, Ints, Floats, Floats]:
    """Each track's latest report at each instant, moved on to it.

    start    (J + 1,)        reports of track j are start[j] : start[j + 1], in order of time
    time     (S,)       s
    lat, lon (S,)       rad
    vn, ve   (S,)       m/s  NaN: the report is not moved
    instants (K,)       s    rising
    hold_s   (I,)       s    a report of this identity that is older is no longer shown
    returns  instant, report (R,), lat, lon (R,) rad; track by track, instants rising
    """
    room = 0
    for j in range(start.size - 1):
        for i in range(start[j], start[j + 1]):
            room += np.searchsorted(instants, time[i] + hold_s[j] + SLACK_S, side="right")
            room -= np.searchsorted(instants, time[i] - SLACK_S, side="left")
    instant = np.empty(room, np.int64)
    report = np.empty(room, np.int64)
    out_lat = np.empty(room)
    out_lon = np.empty(room)
    rows = 0
    for j in range(start.size - 1):
        for i in range(start[j], start[j + 1]):
            k = np.searchsorted(instants, time[i] - SLACK_S, side="left")
            while k < instants.size and instants[k] <= time[i] + hold_s[j] + SLACK_S:
                # The next report takes over at its own time; of two at the same time the later row counts.
                if i + 1 < start[j + 1] and instants[k] >= time[i + 1] - SLACK_S:
                    break
                age = max(instants[k] - time[i], 0.0)
                instant[rows] = k
                report[rows] = i
                out_lat[rows] = lat[i]
                out_lon[rows] = lon[i]
                if age > SLACK_S and vn[i] == vn[i] and ve[i] == ve[i]:
                    la, lo, _ = enu_to_lla(ve[i] * age, vn[i] * age, 0.0, lat[i], lon[i], 0.0)
                    out_lat[rows] = la
                    out_lon[rows] = lo
                rows += 1
                k += 1
    return instant[:rows].copy(), report[:rows].copy(), out_lat[:rows].copy(), out_lon[:rows].copy()


@kernel
def bucket(ix: int, iy: int, iz: int, mask: int) -> int:
    """Bucket of a cube of space in a table of `mask + 1` heads, a power of two."""
    return (ix * 73_856_093 ^ iy * 19_349_663 ^ iz * 83_492_791) & mask


@kernel
def surface(lat: Floats, lon: Floats) -> Floats:
    """Earth-centred places [m] (N, 3) of points [rad] on the ellipsoid."""
    out = np.empty((lat.size, 3))
    for i in range(lat.size):
        out[i, 0], out[i, 1], out[i, 2] = lla_to_ecef(lat[i], lon[i], 0.0)
    return out


@kernel
def near_pairs(
    seen_start: Ints, seen: Floats, true_start: Ints, true: Floats, gate: float
) -> tuple[Ints, Ints, Floats]:
    """Every pair of a track's place and a true place of the same instant that are less than `gate` apart.

    seen_start (K + 1,)    rows of instant k in `seen` are seen_start[k] : seen_start[k + 1]
    seen       (N, 3)  m   earth-centred, of tracks
    true_start (K + 1,), true (M, 3)  the same of the truth
    returns    start (N + 1,), row of `true` (E,), distance (E,) m; pairs of seen row i are a slice
    """
    size = 64
    most = 0
    for k in range(true_start.size - 1):
        most = max(most, true_start[k + 1] - true_start[k])
    while size < 2 * most:
        size *= 2
    mask = size - 1
    head = np.full(size, -1, np.int64)
    link = np.empty(true.shape[0], np.int64)
    start = np.zeros(seen.shape[0] + 1, np.int64)
    partner = np.empty(max(64, 2 * seen.shape[0]), np.int64)
    distance = np.empty(partner.size)
    pairs = 0
    # A hair wider than the gate, so that rounding cannot put a partner two cubes away.
    cube_true = np.floor(true / (gate * (1.0 + 1e-9))).astype(np.int64)
    cube_seen = np.floor(seen / (gate * (1.0 + 1e-9))).astype(np.int64)
    for k in range(true_start.size - 1):
        for i in range(true_start[k], true_start[k + 1]):
            h = bucket(cube_true[i, 0], cube_true[i, 1], cube_true[i, 2], mask)
            link[i] = head[h]
            head[h] = i
        for i in range(seen_start[k], seen_start[k + 1]):
            for neighbour in range(27):
                ix = cube_seen[i, 0] + neighbour % 3 - 1
                iy = cube_seen[i, 1] + neighbour // 3 % 3 - 1
                iz = cube_seen[i, 2] + neighbour // 9 - 1
                j = head[bucket(ix, iy, iz, mask)]
                while j >= 0:
                    # Cubes may share a bucket: only points of the cube that is being visited count.
                    if cube_true[j, 0] == ix and cube_true[j, 1] == iy and cube_true[j, 2] == iz:
                        dx = true[j, 0] - seen[i, 0]
                        dy = true[j, 1] - seen[i, 1]
                        dz = true[j, 2] - seen[i, 2]
                        d = math.sqrt(dx * dx + dy * dy + dz * dz)
                        if d < gate:
                            if pairs == partner.size:
                                partner = np.concatenate((partner, np.empty_like(partner)))
                                distance = np.concatenate((distance, np.empty_like(distance)))
                            partner[pairs] = j
                            distance[pairs] = d
                            pairs += 1
                    j = link[j]
            start[i + 1] = pairs
        for i in range(true_start[k], true_start[k + 1]):
            head[bucket(cube_true[i, 0], cube_true[i, 1], cube_true[i, 2], mask)] = -1
    return start, partner[:pairs].copy(), distance[:pairs].copy()


@kernel
def offsets(lat: Floats, lon: Floats, lat0: Floats, lon0: Floats) -> tuple[Floats, Floats]:
    """East and north [m] of points from their own origins [rad], both on the ellipsoid; (N,) each."""
    e, n = np.empty(lat.size), np.empty(lat.size)
    for i in range(lat.size):
        e[i], n[i], _ = lla_to_enu(lat[i], lon[i], 0.0, lat0[i], lon0[i], 0.0)
    return e, n


@kernel
def moved(lat: Floats, lon: Floats, north: Floats, east: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude [rad] of points that went so many metres north and east; (N,) each."""
    out_lat, out_lon = np.empty(lat.size), np.empty(lat.size)
    for i in range(lat.size):
        out_lat[i], out_lon[i], _ = enu_to_lla(east[i], north[i], 0.0, lat[i], lon[i], 0.0)
    return out_lat, out_lon
