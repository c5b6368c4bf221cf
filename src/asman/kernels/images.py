"""Images: tracks of aircraft where they are not, in the mirror of a building or a mountain.

Source: ICAO Doc 9924, Aeronautical Surveillance Manual, appendix on reflections.
"""

import math
from typing import Any, Final

from asman.kernels.births import ADDRESSED, NAMESAKE, TWIN, kind_of
from asman.kernels.gating import Files, bucket_of_number
from asman.kernels.jit import lent, small
from asman.kernels.trackrows import CONTRIBUTORS, SECOND, Tracks, conspicuity, from_plane

# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: An image answers from its original's altitude.
IMAGE_ALTITUDE_M: Final = 150.0
#: So many plots without any of its original are of no image.
PLOTS_ALONE: Final = 3
#: A track that missed a turn where it is usually seen falls below this existence.
FADING: Final = 0.95
#: The way over the mirror is longer by no less than this.
DETOUR_M: Final = 100.0


@lent
def is_image(tracks: Tracks, files: Files, k: int, plot: Record, sensors: Records) -> bool:
    """Whether track `k` looks like the mirror image of another: a building's or a mountain's reflection.

    An image bears its original's address, or its code, and its altitude; it lies farther from the radar,
    because the way over the mirror is longer, and exists for one radar only.
    """
    row = tracks.row[k]
    if sensors[plot.sensor].rotates == 0 or math.isnan(plot.range_m):
        return False
    for i in range(CONTRIBUTORS):
        if row.heard[i].sensor >= 0 and row.heard[i].sensor != plot.sensor:
            return False
    site = sensors[plot.sensor]
    if row.address >= 0:
        m = int(files.address_head[bucket_of_number(row.address, files.address_head.size - 1)])
        while m >= 0:
            other = tracks.row[m]
            same = m != k and row.address == other.address
            if same and is_original(other, row, row.vertical[0], plot, site):
                return True
            m = int(files.address_link[m])
        return False
    if mirrors_code(tracks, files, k, row.mode_3a, row.vertical[0], plot, site):
        return True
    # Images of several aircraft in one mirror make one track: the answer itself tells whose image it is.
    return mirrors_code(tracks, files, k, plot.mode_3a, plot.altitude_m, plot, site)


@lent
def mirrors_code(
    tracks: Tracks, files: Files, k: int, code: int, altitude_m: float, plot: Record, site: Record
) -> bool:
    """Whether a code and an altitude that track `k` answered with are those of an original of it."""
    if code < 0 or conspicuity(code):
        return False
    m = int(files.code_head[bucket_of_number(code, files.code_head.size - 1)])
    while m >= 0:
        other = tracks.row[m]
        if m != k and code == other.mode_3a and is_original(other, tracks.row[k], altitude_m, plot, site):
            return True
        m = int(files.code_link[m])
    return False


@lent
def kind_of_newborn(tracks: Tracks, count: int, plot: Record, files: Files) -> int:
    """Kind of a plot, as in births.py, at which a track begins beside the first `count` tracks."""
    kind = kind_of(plot)
    if kind == ADDRESSED:
        m = int(files.address_head[bucket_of_number(plot.address, files.address_head.size - 1)])
        while m >= 0:
            other = tracks.row[m]
            if m < count and other.address == plot.address and other.alive == 1:
                return TWIN
            m = int(files.address_link[m])
    elif plot.mode_3a >= 0 and not conspicuity(plot.mode_3a):
        m = int(files.code_head[bucket_of_number(plot.mode_3a, files.code_head.size - 1)])
        while m >= 0:
            other = tracks.row[m]
            if m < count and other.mode_3a == plot.mode_3a and other.alive == 1 and other.confirmed == 1:
                return NAMESAKE
            m = int(files.code_link[m])
    return kind


@small
def seen_beside(other: Record, row: Record) -> bool:
    """Whether the track of `other` was seen since that of `row` began: an image needs its original.

    Who should have been seen since and was not may have landed, and is here again.
    """
    return row.plots < PLOTS_ALONE or other.last_ns >= row.born_ns or other.existence > FADING


@lent
def has_twin_still(tracks: Tracks, files: Files, k: int) -> bool:
    """Whether another track that bears the address of track `k` was seen since `k` began."""
    row = tracks.row[k]
    m = int(files.address_head[bucket_of_number(row.address, files.address_head.size - 1)])
    while m >= 0:
        other = tracks.row[m]
        if m != k and other.alive == 1 and other.address == row.address and seen_beside(other, row):
            return True
        m = int(files.address_link[m])
    return False


@lent
def is_original(other: Record, row: Record, altitude_m: float, plot: Record, site: Record) -> bool:
    """Whether track `row` of one radar, at this altitude, may be the image of track `other`."""
    if other.alive == 0 or other.confirmed == 0 or not seen_beside(other, row):
        return False
    # NaN: an altitude that is not known contradicts nothing.
    if abs(altitude_m - other.vertical[0]) > IMAGE_ALTITUDE_M:
        return False
    sx, sy, sz = site.foot[0], site.foot[1], site.foot[2]
    mine = math.sqrt((plot.x - sx) ** 2 + (plot.y - sy) ** 2 + (plot.z - sz) ** 2)
    ahead = (plot.time_ns - other.time_ns) * SECOND
    x, y, z = from_plane(
        other.state[0] + ahead * other.state[2], other.state[1] + ahead * other.state[3], other.plane
    )
    return mine > math.sqrt((x - sx) ** 2 + (y - sy) ** 2 + (z - sz) ** 2) + DETOUR_M
