"""Which recorded samples can belong to one flight: the longest believable chain of them.

A sample may follow another when the way between them can be flown in the time between them, at the speed
that was recorded, with room for times that are wrong by a second. The most samples that follow each other so
are the flight; the others jumped. (A filter that goes forward and compares each sample with the one before
follows the first wrong block that it meets.) Where a flight goes on at another place for long, it is cheaper
to break the chain than to lose what follows: it then counts as another flight.

Heights are compared with the median of their neighbours: F. Hampel, "The influence curve and its role in
robust estimation", Journal of the American Statistical Association 69, 1974.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part
from asman.kernels.motion import MEAN_RADIUS_M

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: How many samples back a predecessor is looked for.
_BACK: Final = 60
#: A break costs as much as so many samples lost.
_BREAK_COST: Final = 25
#: Neighbours on either side of a height.
_BESIDE: Final = 7


@part
def _may_follow(
    times: Floats, normals: Floats, speeds: Floats, j: int, i: int, unknown_mps: float, late_s: float
) -> bool:
    """Whether the way from sample `j` to `i` can be flown.

    A quarter more than the greater of the speeds recorded, and 20 m/s (gusts, stale speeds), and what the
    aircraft flies while its time is wrong.
    """
    dx = normals[i, 0] - normals[j, 0]
    dy = normals[i, 1] - normals[j, 1]
    dz = normals[i, 2] - normals[j, 2]
    way_m = MEAN_RADIUS_M * math.sqrt(dx * dx + dy * dy + dz * dz)
    fast = unknown_mps
    if not math.isnan(speeds[i]) and not math.isnan(speeds[j]):
        fast = min(1.25 * max(speeds[i], speeds[j]) + 20.0, unknown_mps)
    return way_m <= fast * (times[i] - times[j] + late_s) + 50.0


@kernel
def believable(
    times: Floats, normals: Floats, speeds: Floats, start: Ints, unknown_mps: float, late_s: float
) -> tuple[Flags, Flags]:
    """The longest believable chain of each flight.

    times       (n,)    s   rising within a flight
    normals     (n, 3)  unit normals
    speeds      (n,)    m/s as recorded, NaN where not
    start       (F+1,)  first row of each flight
    unknown_mps m/s     the most that is believed, whatever speed was recorded
    late_s      s       by how much two times may be wrong together
    returns     which rows are in the chain, and which of those begin it or come after a break in it
    """
    count = times.size
    keep, begins = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    best, before = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    broken = np.zeros(count, np.bool_)
    for f in range(start.size - 1):
        top = -1
        for i in range(start[f], start[f + 1]):
            best[i] = 1
            broken[i] = True
            if top >= 0 and best[top] - _BREAK_COST > 0:
                best[i], before[i] = best[top] - _BREAK_COST + 1, top
            for j in range(i - 1, max(start[f], i - _BACK) - 1, -1):
                if best[j] + 1 > best[i] and _may_follow(times, normals, speeds, j, i, unknown_mps, late_s):
                    best[i], before[i], broken[i] = best[j] + 1, j, False
            if top < 0 or best[i] >= best[top]:
                top = i
        while top >= 0:
            keep[top], begins[top] = True, broken[top]
            top = before[top]
    return keep, begins


@kernel
def height_spikes(times: Floats, heights: Floats, start: Ints, spike_m: float, climb_mps: float) -> Flags:
    """Which heights are far from the median of their neighbours.

    times     (n,)  s
    heights   (n,)  m  NaN is no neighbour and no spike
    start     (F+1,)   first row of each flight
    spike_m   m     that is far
    climb_mps m/s   and this much more a second between the height and the middle of its neighbours
    """
    spikes = np.zeros(times.size, np.bool_)
    near = np.zeros(2 * _BESIDE + 1)
    for f in range(start.size - 1):
        for i in range(start[f], start[f + 1]):
            if math.isnan(heights[i]):
                continue
            count = 0
            offset = 0.0
            for j in range(max(start[f], i - _BESIDE), min(start[f + 1], i + _BESIDE + 1)):
                if not math.isnan(heights[j]):
                    near[count] = heights[j]
                    offset += times[j] - times[i]
                    count += 1
            middle = np.median(near[:count])
            spikes[i] = abs(heights[i] - middle) > spike_m + climb_mps * abs(offset / count)
    return spikes


@kernel
def grounded(
    times: Floats, normals: Floats, start: Ints, over_s: float, taxi_mps: float, fly_mps: float
) -> Flags:
    """Which samples at either end of a flight are too slow to fly.

    times    (n,)    s
    normals  (n, 3)      unit normals
    start    (F+1,)      first row of each flight
    over_s   s       speeds are taken over so long, or as little more as the samples allow
    taxi_mps m/s     slower than this at its ends is on the ground, in a flight that reaches `fly_mps`
    fly_mps  m/s     a flight that never reaches `taxi_mps` is on the ground all the time; one between the two
                     may be a helicopter, and stays whole
    """
    slow = np.zeros(times.size, np.bool_)
    forth, back = np.zeros(times.size), np.zeros(times.size)
    for f in range(start.size - 1):
        first, last = start[f], start[f + 1]
        fastest = -1.0
        j = first
        for i in range(first, last):
            j = max(j, min(i + 1, last - 1))
            while j + 1 < last and times[j] - times[i] < over_s:
                j += 1
            if times[j] - times[i] >= over_s:
                way = normals[j] - normals[i]
                speed = MEAN_RADIUS_M * math.sqrt(np.sum(way * way)) / (times[j] - times[i])
                forth[i] = max(forth[i], speed)
                back[j] = max(back[j], speed)
                fastest = max(fastest, speed)
        if fastest < 0.0:
            continue
        if fastest < taxi_mps:
            slow[first:last] = True
        elif fastest >= fly_mps:
            while first < last and forth[first] < taxi_mps:
                slow[first] = True
                first += 1
            while last > first and back[last - 1] < taxi_mps:
                slow[last - 1] = True
                last -= 1
    return slow
