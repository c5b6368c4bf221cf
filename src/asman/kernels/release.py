"""Which grants a row falls under, and what that means for each recipient: bits in, reasons out.

A bit is a rule: a grant, or an exclusion. Volumes lie on a grid of geographic cells. A cell that no edge of
a volume comes near is wholly inside or outside of it, which is looked up; in the others the few edges of its
row decide: inside is an odd number of edges to the east, or one within the buffer. So a row costs some tens
of nanoseconds however many corners a border has, and the answer is exact.

An edge is straight in degrees. The distance to it is taken on the plane that touches the sphere at the row.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bits = NDArray[np.uint64]

#: Metres of a degree of latitude on the mean sphere.
DEGREE_M = 6_371_008.8 * math.pi / 180.0
#: Wider than rounding, narrower than anything measured: cells are marked this much too far.
SLACK_DEG = 1e-9
MINUTES_OF_WEEK = 10_080
MINUTE_NS = 60_000_000_000
#: 1970 began on a Thursday: minutes from Monday to there.
EPOCH_MINUTE = 3 * 1_440

RELEASED, NO_AGREEMENT, SUSPENDED, NOT_GRANTED, NO_PLACE, OUTSIDE, EXCEPTED, RESTRICTED, DELAYED = range(9)

#: How a pattern's entry lies to a cell.
SURE, NEAR = 0, 1


class Areas(NamedTuple):
    """Volumes on a grid of cells; V volumes, E edges.

    west, south, step        deg  corner of the grid, side of a cell
    pattern                  (rows * cols,)  which volumes a cell has to do with
    pattern_start            (P + 1,)  entries of pattern p are those from pattern_start[p] on
    pattern_volume, pattern_near  a volume, and SURE or NEAR
    edges                    (E, 4)  deg  lon, lat of both ends
    offsets, listed          edges that matter to a volume and row, as from `row_edges`
    buffer_m, floor_m, ceiling_m  (V,)  m
    unknown_inside           (V,)  what has no altitude counts as inside, for what is given
    open_minute              (10080,)  volumes that count in a minute of the week, Monday 00:00 UTC first
    begins_ns, ends_ns       (V,)  ns  from when and until when it counts
    """

    west: float
    south: float
    step: float
    rows: int
    cols: int
    pattern: Ints
    pattern_start: Ints
    pattern_volume: Ints
    pattern_near: NDArray[np.uint8]
    edges: Floats
    offsets: Ints
    listed: Ints
    buffer_m: Floats
    floor_m: Floats
    ceiling_m: Floats
    unknown_inside: NDArray[np.bool_]
    open_minute: Bits
    begins_ns: Ints
    ends_ns: Ints


class Rules(NamedTuple):
    """Bits of rules; V volumes, K classes, R recipients.

    placed_by, barred_by  (V,)  rules whose place the volume is; rules that withhold in it
    everywhere            (2,)  rules that no volume bounds: those that have a place, those that withhold
    scope, excepts        (K,)  rules that are about a class; grants that except it
    live, binds           (R,)  rules that give to a recipient now; rules that restrict what it gets
    delay_ns              (rules,)  ns
    """

    placed_by: Bits
    barred_by: Bits
    everywhere: Bits
    scope: Bits
    excepts: Bits
    live: Bits
    binds: Bits
    delay_ns: Ints


@part
def _near_m(lon: float, lat: float, x0: float, y0: float, x1: float, y1: float) -> float:
    """Metres from a place to an edge; longitudes the short way round."""
    scale = DEGREE_M * math.cos(lat * math.pi / 180.0)
    ax = x0 - lon
    ax -= 360.0 * math.floor((ax + 180.0) / 360.0)
    bx = (ax + (x1 - x0)) * scale
    ax *= scale
    ay = (y0 - lat) * DEGREE_M
    by = (y1 - lat) * DEGREE_M
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    share = 0.0
    if length2 > 0.0:
        share = min(max(-(ax * dx + ay * dy) / length2, 0.0), 1.0)
    return math.hypot(ax + share * dx, ay + share * dy)


@part
def _inside(
    lon: float, lat: float, edges: Floats, listed: Ints, first: int, last: int, buffer_m: float
) -> bool:
    """Tell whether a place is in a volume, by the edges of its row of cells."""
    odd = False
    for k in range(first, last):
        e = listed[k]
        x0, y0, x1, y1 = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        if (y0 <= lat) != (y1 <= lat) and lon < x0 + (lat - y0) * (x1 - x0) / (y1 - y0):
            odd = not odd
    if odd or buffer_m <= 0.0:
        return odd
    for k in range(first, last):
        e = listed[k]
        if _near_m(lon, lat, edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]) <= buffer_m:
            return True
    return False


@part
def _covered(
    west: float,
    south: float,
    step: float,
    edges: Floats,
    listed: Ints,
    first: int,
    last: int,
    buffer_m: float,
) -> bool:
    """Tell whether one edge's buffer holds a whole cell.

    On one plane the distance to a segment is greatest at a corner; how much the planes of the cell's places
    differ is the ratio of the lengths of a degree at its north and south.
    """
    north = south + step
    a, b = math.cos(south * math.pi / 180.0), math.cos(north * math.pi / 180.0)
    widest = 1.0 if south < 0.0 < north else max(a, b)
    enough = buffer_m * max(min(a, b), 0.0) / widest
    for k in range(first, last):
        e = listed[k]
        x0, y0, x1, y1 = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        if (
            _near_m(west, south, x0, y0, x1, y1) <= enough
            and _near_m(west + step, south, x0, y0, x1, y1) <= enough
            and _near_m(west, north, x0, y0, x1, y1) <= enough
            and _near_m(west + step, north, x0, y0, x1, y1) <= enough
        ):
            return True
    return False


@part
def _rows_of(y0: float, y1: float, buffer_m: float, south: float, step: float, rows: int) -> tuple[int, int]:
    """First and last row of cells that an edge or its buffer comes near."""
    reach = buffer_m / DEGREE_M + SLACK_DEG
    first = max(math.floor((min(y0, y1) - reach - south) / step), 0)
    last = min(math.floor((max(y0, y1) + reach - south) / step), rows - 1)
    return first, last


@kernel
def row_edges(
    edges: Floats, edge_volume: Ints, buffer_m: Floats, south: float, step: float, rows: int
) -> tuple[Ints, Ints]:
    """Which edges matter to which row of cells.

    edges        (E, 4)  deg  lon, lat of both ends
    edge_volume  (E,)         index of the volume, rising
    buffer_m     (V,)    m
    returns      (V * rows + 1,) offsets into the (K,) edge numbers, by volume and row
    """
    count = np.zeros(len(buffer_m) * rows + 1, np.int64)
    for e in range(len(edges)):
        first, last = _rows_of(edges[e, 1], edges[e, 3], float(buffer_m[edge_volume[e]]), south, step, rows)
        for row in range(first, last + 1):
            count[edge_volume[e] * rows + row + 1] += 1
    for k in range(len(count) - 1):
        count[k + 1] += count[k]
    listed = np.empty(count[-1], np.int64)
    fill = count.copy()
    for e in range(len(edges)):
        first, last = _rows_of(edges[e, 1], edges[e, 3], float(buffer_m[edge_volume[e]]), south, step, rows)
        for row in range(first, last + 1):
            listed[fill[edge_volume[e] * rows + row]] = e
            fill[edge_volume[e] * rows + row] += 1
    return count, listed


@kernel
def rasterise(
    edges: Floats, offsets: Ints, listed: Ints, buffer_m: Floats,
    west: float, south: float, step: float, rows: int, cols: int,
) -> tuple[Bits, Bits]:  # fmt: skip
    """For every cell the volumes that hold it wholly, and those that an edge or a buffer comes near in it.

    offsets, listed  as from `row_edges`
    west, south      deg  corner of the grid
    returns          (rows * cols,) bits of volumes each
    """
    sure = np.zeros(rows * cols, np.uint64)
    near = np.zeros(rows * cols, np.uint64)
    one = np.uint64(1)
    for v in range(len(buffer_m)):
        bit = one << np.uint64(v)
        reach_lat = buffer_m[v] / DEGREE_M + SLACK_DEG
        for row in range(rows):
            low = south + row * step
            high = low + step
            steepest = min(max(abs(low), abs(high)), 89.9)
            reach_lon = reach_lat / math.cos(steepest * math.pi / 180.0) * (1.0 + 1e-6) + SLACK_DEG
            first, last = offsets[v * rows + row], offsets[v * rows + row + 1]
            for k in range(first, last):
                e = listed[k]
                x0, y0, x1, y1 = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
                if y0 > y1:
                    x0, y0, x1, y1 = x1, y1, x0, y0
                a, b = x0, x1
                if y1 > y0:
                    share = (low - reach_lat - y0) / (y1 - y0)
                    if share > 0.0:
                        a = x0 + min(share, 1.0) * (x1 - x0)
                    share = (high + reach_lat - y0) / (y1 - y0)
                    if share < 1.0:
                        b = x0 + max(share, 0.0) * (x1 - x0)
                left = min(a, b) - reach_lon
                right = max(a, b) + reach_lon
                # A buffer may reach over the 180th meridian: the same edge, a turn east and a turn west.
                for turn in range(-1, 2):
                    begin = max(math.floor((left + 360.0 * turn - west) / step), 0)
                    end = min(math.floor((right + 360.0 * turn - west) / step), cols - 1)
                    for col in range(begin, end + 1):
                        near[row * cols + col] |= bit
            for col in range(cols):
                cell, left = row * cols + col, west + col * step
                if near[cell] & bit:
                    if buffer_m[v] > 0.0 and _covered(
                        left, low, step, edges, listed, first, last, buffer_m[v]
                    ):
                        sure[cell] |= bit
                        near[cell] &= ~bit
                elif _inside(left + 0.5 * step, low + 0.5 * step, edges, listed, first, last, 0.0):
                    sure[cell] |= bit
    return sure, near


@part
def _place(
    lon: float, lat: float, altitude: float, time: int, areas: Areas, rules: Rules
) -> tuple[np.uint64, np.uint64]:
    """Rules whose place a row is surely in, and rules that withhold where it may be."""
    one = np.uint64(1)
    placed, barred = rules.everywhere[0], rules.everywhere[1]
    if math.isnan(lon + lat):
        for v in range(len(rules.barred_by)):
            barred |= rules.barred_by[v]
        return placed, barred
    col = math.floor((lon - areas.west) / areas.step)
    row = math.floor((lat - areas.south) / areas.step)
    if not (0 <= col < areas.cols and 0 <= row < areas.rows):
        return placed, barred
    which = areas.pattern[row * areas.cols + col]
    first, last = areas.pattern_start[which], areas.pattern_start[which + 1]
    if first == last:
        return placed, barred
    counting = areas.open_minute[(time // MINUTE_NS + EPOCH_MINUTE) % MINUTES_OF_WEEK]
    for k in range(first, last):
        v = areas.pattern_volume[k]
        if (counting >> np.uint64(v)) & one == np.uint64(0):
            continue
        if time < areas.begins_ns[v] or time >= areas.ends_ns[v]:
            continue
        if altitude < areas.floor_m[v] or altitude >= areas.ceiling_m[v]:
            continue
        if areas.pattern_near[k] == NEAR:
            base = v * areas.rows + row
            begin, end = int(areas.offsets[base]), int(areas.offsets[base + 1])
            if not _inside(lon, lat, areas.edges, areas.listed, begin, end, float(areas.buffer_m[v])):
                continue
        barred |= rules.barred_by[v]
        if areas.unknown_inside[v] or not math.isnan(altitude):
            placed |= rules.placed_by[v]
    return placed, barred


@kernel
def decide(
    lon_deg: Floats, lat_deg: Floats, altitude_m: Floats, time_ns: Ints, kind: Ints, now_ns: int,
    areas: Areas, rules: Rules, reason: NDArray[np.uint8], governing: Bits,
) -> None:  # fmt: skip
    """Decide for every row and recipient whether it may leave at `now_ns`.

    lon_deg, lat_deg  (N,)  deg  NaN: no place; only what holds everywhere gives, all that withholds does
    altitude_m        (N,)  m    NaN: unknown; gives only where the volume says so, withholds anyway
    time_ns           (N,)  ns   time of validity
    kind              (N,)       index of the class: what, identity, category, simulated
    reason            (R, N)     out: RELEASED or why not
    governing         (R, N)     out: rules whose terms hold for what is released
    """
    one = np.uint64(1)
    none = np.uint64(0)
    live, binds, delay_ns = rules.live, rules.binds, rules.delay_ns
    delayed = none
    for g in range(len(delay_ns)):
        if delay_ns[g] > 0:
            delayed |= one << np.uint64(g)
    for i in range(len(lon_deg)):
        time = time_ns[i]
        placed, barred = _place(lon_deg[i], lat_deg[i], altitude_m[i], time, areas, rules)
        about, but = rules.scope[kind[i]], rules.excepts[kind[i]]
        for r in range(len(live)):
            here = about & placed & binds[r]
            governing[r, i] = here
            if about & placed & live[r] == none:
                if live[r] == none:
                    reason[r, i] = NO_AGREEMENT if binds[r] == none else SUSPENDED
                elif about & live[r] == none:
                    reason[r, i] = NOT_GRANTED
                else:
                    reason[r, i] = NO_PLACE if math.isnan(lon_deg[i] + lat_deg[i]) else OUTSIDE
            elif but & placed & binds[r] != none:
                reason[r, i] = EXCEPTED
            elif about & barred & binds[r] != none:
                reason[r, i] = RESTRICTED
            else:
                wait = np.int64(0)
                if here & delayed != none:
                    for g in range(len(delay_ns)):
                        if (here >> np.uint64(g)) & one != none:
                            wait = max(wait, delay_ns[g])
                reason[r, i] = DELAYED if time + wait > now_ns else RELEASED
