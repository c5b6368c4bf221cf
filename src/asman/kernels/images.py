"""Images: tracks of aircraft where they are not, in the mirror of a building or a mountain.

Source: ICAO Doc 9924, Aeronautical Surveillance Manual, appendix on reflections.
"""

import math
from typing import Any, Final

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
    number, head, link = row.address, files.address_head, files.address_link
    if number < 0:
        number, head, link = row.mode_3a, files.code_head, files.code_link
    if number < 0 or (row.address < 0 and conspicuity(row.mode_3a)):
        return False
    m = int(head[bucket_of_number(number, head.size - 1)])
    while m >= 0:
        if m != k and is_original(tracks.row[m], row, plot, sensors[plot.sensor]):
            return True
        m = int(link[m])
    return False


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
def is_original(other: Record, row: Record, plot: Record, site: Record) -> bool:
    """Whether track `row` of one radar may be the image of track `other`."""
    if other.alive == 0 or other.confirmed == 0 or not seen_beside(other, row):
        return False
    if row.address >= 0 and row.address != other.address:
        return False
    if row.address < 0 and row.mode_3a != other.mode_3a:
        return False
    # NaN: an altitude that is not known contradicts nothing.
    if abs(row.vertical[0] - other.vertical[0]) > IMAGE_ALTITUDE_M:
        return False
    sx, sy, sz = site.foot[0], site.foot[1], site.foot[2]
    mine = math.sqrt((plot.x - sx) ** 2 + (plot.y - sy) ** 2 + (plot.z - sz) ** 2)
    ahead = (plot.time_ns - other.time_ns) * SECOND
    x, y, z = from_plane(
        other.state[0] + ahead * other.state[2], other.state[1] + ahead * other.state[3], other.plane
    )
    return mine > math.sqrt((x - sx) ** 2 + (y - sy) ** 2 + (z - sz) ** 2) + DETOUR_M
