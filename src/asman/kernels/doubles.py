"""Doubles: two tracks that follow one aircraft become one.

They arise where plots of one aircraft fall apart: two radars that are not registered to one another, an echo
beside its answer, a navigation system that jumps. What goes on is the state of the track that was fed last,
under the number that was there first, with the codes of both.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.gating import (
    Files,
    bucket,
    bucket_of_number,
    cell,
    file_points,
    table_size,
)
from asman.kernels.integrity import ELSEWHERE, REFUSED
from asman.kernels.jit import lent, small
from asman.kernels.tracklife import MERGED
from asman.kernels.trackrows import CONTRIBUTORS, SECOND, Tracks, conspicuity, from_plane

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

MERGE_REACH_M: Final = 3_000.0
#: A track that was fed this much later than the other is where the aircraft is.
FRESHER_NS: Final = 5_000_000_000
#: A navigation system that was off comes back this near; and what is left of a track that missed some turns.
#: So long two tracks that were seen apart are two aircraft, though a radar may not resolve them now.
COMPANY_NS: Final = 60_000_000_000
JUMP_M: Final = 30_000.0
FADED: Final = 0.9995
#: m/s: a velocity that is less sure than this is not known.
UNKNOWN_MPS: Final = 100.0


@lent
def file_tracks(tracks: Tracks, count: int, at_ns: int) -> None:
    """Where every track is at a time, straight on, its address and code; dead rows are NaN and -1."""
    place, address, code = tracks.place, tracks.filed, tracks.coded
    for k in range(count):
        row = tracks.row[k]
        if row.alive == 0:
            place[k, 0] = math.nan
            address[k] = -1
            code[k] = -1
            continue
        dt = (at_ns - row.time_ns) * SECOND
        place[k, 0], place[k, 1], place[k, 2] = from_plane(
            row.state[0] + dt * row.state[2], row.state[1] + dt * row.state[3], row.plane
        )
        address[k] = row.address
        own = row.confirmed == 1 and row.mode_3a >= 0 and not conspicuity(row.mode_3a)
        code[k] = row.mode_3a if own else -1


@lent
def merge(
    tracks: Tracks,
    count: int,
    now_ns: int,
    sensors: Records,
    files: Files,
    counters: Longs,
) -> None:
    """End the lesser of two tracks wherever both follow one aircraft.

    files  all tracks are filed by address, as they are at `now_ns`; the next window files all anew
    """
    follow_jumps(tracks, count, tracks.place, tracks.filed, files.address_head, files.address_link, counters)
    head, link = files.head[: min(table_size(count), files.head.size)], files.link
    file_points(tracks.place, count, head, link)
    for k in range(count):
        if tracks.row[k].alive == 1:
            merge_near(k, tracks, now_ns, sensors, head, link, counters)


@lent
def merge_near(
    k: int, tracks: Tracks, now_ns: int, sensors: Records, head: Ints, link: Ints, counters: Longs
) -> None:
    """Merge a row with those behind it that are filed near it, cube by cube as `within` visits them."""
    place, reach, mask = tracks.place, MERGE_REACH_M, head.size - 1
    x, y, z = place[k, 0], place[k, 1], place[k, 2]
    for ix in range(cell(x - reach), cell(x + reach) + 1):
        for iy in range(cell(y - reach), cell(y + reach) + 1):
            for iz in range(cell(z - reach), cell(z + reach) + 1):
                m = head[bucket(ix, iy, iz, mask)]
                while m >= 0:
                    if m > k:
                        dx, dy, dz = x - place[m, 0], y - place[m, 1], z - place[m, 2]
                        distance2 = dx * dx + dy * dy + dz * dz
                        # Two cubes may share a bucket: only the one that is being visited counts.
                        if (
                            distance2 <= reach * reach
                            and cell(place[m, 0]) == ix
                            and cell(place[m, 1]) == iy
                            and cell(place[m, 2]) == iz
                            and tracks.row[m].alive == 1
                            and tracks.row[k].alive == 1
                            and one_aircraft(
                                tracks.row[k], tracks.row[m], math.sqrt(distance2), now_ns, sensors
                            )
                        ):
                            unite(tracks.row[k], tracks.row[m])
                            counters[MERGED] += 1
                    m = link[m]


@lent
def follow_jumps(
    tracks: Tracks, count: int, place: Floats, address: Ints, head: Ints, link: Ints, counters: Longs
) -> None:
    """Let an aircraft keep its number when its position jumps: it lives on while the old place fades.

    A reflection does not take a number away: the true aircraft goes on being seen.

    head, link  tracks are filed by address
    """
    for k in range(count):
        if address[k] < 0:
            continue
        m = head[bucket_of_number(address[k], head.size - 1)]
        while m >= 0:
            a, b = tracks.row[k], tracks.row[m]
            if (
                m != k
                and address[m] == address[k]
                and a.alive == 1
                and b.alive == 1
                and a.plots >= 4
                and b.existence < FADED
                and a.last_ns - b.last_ns > FRESHER_NS
                and a.trust[REFUSED] != ELSEWHERE
            ):
                dx, dy, dz = place[k, 0] - place[m, 0], place[k, 1] - place[m, 1], place[k, 2] - place[m, 2]
                if dx * dx + dy * dy + dz * dz < JUMP_M * JUMP_M:
                    unite(a, b)
                    counters[MERGED] += 1
            m = link[m]


@small
def unite(a: Record, b: Record) -> None:
    """Let the better of two tracks go on under the older number with the codes of both, and end the other."""
    better, lesser = a, b
    if abs(a.last_ns - b.last_ns) > FRESHER_NS:
        if b.last_ns > a.last_ns:
            better, lesser = b, a
    elif (b.confirmed, b.plots) > (a.confirmed, a.plots):
        better, lesser = b, a
    # Numbers that nobody has seen stay: with the number goes the place of birth, by which echoes prove that
    # they have come along.
    if lesser.confirmed == 1 and lesser.number < better.number:
        better.number, lesser.number = lesser.number, better.number
        better.born_ns, lesser.born_ns = lesser.born_ns, better.born_ns
        better.born_x, lesser.born_x = lesser.born_x, better.born_x
        better.born_y, lesser.born_y = lesser.born_y, better.born_y
        better.born_z, lesser.born_z = lesser.born_z, better.born_z
    better.confirmed = max(better.confirmed, lesser.confirmed)
    better.shown = max(better.shown, lesser.shown)
    better.plots += lesser.plots
    if better.address < 0:
        better.address = lesser.address
    if better.mode_3a < 0:
        better.mode_3a = lesser.mode_3a
    if better.callsign == 0:
        better.callsign = lesser.callsign
    lesser.alive = 0


@lent
def one_aircraft(a: Record, b: Record, distance: float, at_ns: int, sensors: Records) -> bool:
    """Whether two tracks at a distance [m] from each other follow one aircraft.

    Two plots of one sensor in one turn prove two aircraft, unless the address is the same.
    """
    if a.address >= 0 and b.address >= 0 and a.address != b.address:
        return False
    if a.trust[REFUSED] == ELSEWHERE or b.trust[REFUSED] == ELSEWHERE:
        return False
    same = a.address >= 0 and a.address == b.address
    alike = a.mode_3a >= 0 and a.mode_3a == b.mode_3a and not conspicuity(a.mode_3a)
    ha, hb = a.vertical[0], b.vertical[0]
    if not same and not math.isnan(ha) and not math.isnan(hb) and abs(ha - hb) > 300.0:
        return False
    if not same and a.mode_3a >= 0 and b.mode_3a >= 0 and a.mode_3a != b.mode_3a:
        return False
    de, dn = a.state[2] - b.state[2], a.state[3] - b.state[3]
    apart = math.sqrt(de * de + dn * dn)
    if not same and not alike:
        for i in range(CONTRIBUTORS):
            one = a.heard[i]
            if one.sensor < 0:
                continue
            for j in range(CONTRIBUTORS):
                other = b.heard[j]
                if other.sensor == one.sensor:
                    sensor = sensors[one.sensor]
                    share = 0.4 * sensor.period_ns if sensor.rotates == 1 else 0.75e9
                    if abs(one.last_ns - other.last_ns) < share:
                        a.company_ns = b.company_ns = at_ns
                        return False
        if at_ns - min(a.company_ns, b.company_ns) < COMPANY_NS:
            return False
    sigma = math.sqrt(
        max(a.cov[0] + a.consider[0], a.cov[2] + a.consider[2])
        + max(b.cov[0] + b.consider[0], b.cov[2] + b.consider[2])
    )
    sigma_speed = math.sqrt(max(a.cov[7], a.cov[9]) + max(b.cov[7], b.cov[9]))
    # Velocities that nobody knows are not alike: two plots of two turns are what a track begins with.
    if not same and not alike and sigma_speed > UNKNOWN_MPS:
        return False
    if alike and distance < min(600.0 + 4.0 * sigma, 2_000.0) and apart < 25.0 + 3.0 * sigma_speed:
        return True
    if same:
        return distance < min(1_000.0 + 4.0 * sigma, 3_000.0) and apart < 80.0 + 3.0 * sigma_speed
    return distance < min(150.0 + 3.0 * sigma, 1_500.0) and apart < min(15.0 + 3.0 * sigma_speed, 100.0)
