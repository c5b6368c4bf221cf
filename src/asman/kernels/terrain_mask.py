"""What the ground hides from an antenna: how high one must look, by direction and distance, to pass over it.

Rays bend with the air; on an earth of k times its radius (4/3 in the standard atmosphere) they are straight.
There, an antenna at height a and a point at height h and arc s, with s = kR φ, are at (0, kR + a) and
((kR + h) sin φ, (kR + h) cos φ), so the point appears at the elevation θ of

    tan θ = ((h - a) - (kR + h) (1 - cos φ)) / ((kR + h) sin φ)

exactly; the usual parabola errs by 87 m in one case of ten at 400 km. A point is hidden when some ground
before it appears higher. The ground and the aircraft go through the same formula, so that what is hidden
follows from heights and arcs alone. An aircraft's arc comes from its true position: s = R atan2(ρ, R + a + u)
of its east, north, up from the antenna, ρ² = e² + n².

Ground is sampled along rays of equal azimuth, bilinear between the grid's cells. Rays lie in the normal
section of their azimuth on the ellipsoid, taken as a circle of Euler's radius: under 1 m off at 400 km, as an
aircraft's arc is under 5 m (tested against PROJ); within a leg of 4 km they are straight in latitude and
longitude, 2 m at 80 degrees. A ray over a pole is not followed.

Sources: Skolnik, Radar Handbook, 3rd edition, chapter 26 (effective earth radius); Torge, Geodesy, 3rd
edition, section 4.1 (Euler's radius).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import ECCENTRICITY2, SEMI_MAJOR_M, ecef_to_lla, enu_to_ecef, lla_to_ecef
from asman.kernels.jit import kernel, part
from asman.kernels.motion import MEAN_RADIUS_M

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Heights = NDArray[np.int16]

TURN: Final = 2.0 * math.pi

#: What a cell of a grid holds where its height is unknown.
VOID: Final = -32768

#: Within a leg a ray is straight in latitude and longitude.
LEG_M: Final = 4_000.0

#: Nearer than this, ground is sampled twice as finely: a crest missed there is multiplied by the distance beyond.
NEAR_M: Final = 50_000.0


@part
def ground_arc(e: float, n: float, u: float, antenna: float) -> float:
    """Distance over ground at sea level [m] of a point east, north, up [m] of an antenna of a height [m]."""
    return MEAN_RADIUS_M * math.atan2(math.sqrt(e * e + n * n), MEAN_RADIUS_M + antenna + u)


@part
def sine_elevation(antenna: float, height: float, arc: float, earth: float) -> float:
    """Sine of the elevation at which a point appears.

    antenna, height  m   above the ellipsoid
    arc              m   over ground, see `ground_arc`
    earth            m   effective radius, k times the mean radius
    """
    half = math.sin(0.5 * arc / earth)
    out = 2.0 * (earth + height) * half
    up = height - antenna - out * half
    along = out * math.sqrt(1.0 - half * half)
    distance = math.sqrt(up * up + along * along)
    return up / distance if distance > 0.0 else 1.0


@part
def hidden(mask: Singles, step: float, azimuth: float, arc: float, sine: float) -> bool:
    """Tell whether ground hides a point from the site of this mask; one look into it, at the nearest node.

    mask     (A, R)   what `fill_mask` wrote
    step     m        between its columns
    azimuth  rad      from true north, clockwise, -2π to 4π
    arc      m        over ground; beyond the last column, that column counts
    sine     1        of the point's elevation, see `sine_elevation`
    """
    azimuths = mask.shape[0]
    a = math.floor(azimuth * (azimuths / TURN) + 0.5)
    if a < 0:
        a += azimuths
    while a >= azimuths:
        a -= azimuths
    r = min(int(arc / step + 0.5), mask.shape[1] - 1)
    return sine < mask[a, r]


@part
def behind_terrain(
    mask: Singles,
    step: float,
    antenna: float,
    earth: float,
    e: float,
    n: float,
    u: float,
    azimuth: float,
    height: float,
) -> bool:
    """Tell whether ground hides an aircraft.

    mask, step         the site's, see `hidden`
    antenna, earth  m  the site's height and effective earth radius that its mask was made with
    e, n, u         m  of the aircraft from the antenna, straight lines
    azimuth       rad  the same direction, as the caller has it: atan2(e, n)
    height          m  of the aircraft above the ellipsoid
    """
    arc = ground_arc(e, n, u, antenna)
    return hidden(mask, step, azimuth, arc, sine_elevation(antenna, height, arc, earth))


@part
def height_at(heights: Heights, north: float, west: float, step_lat: float, step_lon: float,
              lat: float, lon: float) -> float:  # fmt: skip
    """Height [m] of the ground at a place [deg], bilinear; NaN outside the grid and beside a void."""
    row = (north - lat) / step_lat
    # West of the grid's first column may as well be far east of it: longitudes have no end.
    col = (lon - west) - 360.0 * math.floor((lon - west) / 360.0)
    col = col / step_lon
    rows, cols = heights.shape
    if not (-0.5 <= row <= rows - 0.5):
        return math.nan
    if col > cols - 0.5:
        col -= 360.0 / step_lon
        if col < -0.5:
            return math.nan
    # The outer half of the border's cells has the border's height.
    row = min(max(row, 0.0), rows - 1.0)
    col = min(max(col, 0.0), cols - 1.0)
    i = min(int(row), max(rows - 2, 0))
    j = min(int(col), max(cols - 2, 0))
    below, right = min(i + 1, rows - 1), min(j + 1, cols - 1)
    nw, ne, sw, se = heights[i, j], heights[i, right], heights[below, j], heights[below, right]
    if min(nw, ne, sw, se) == VOID:
        return math.nan
    down, over = row - i, col - j
    top = nw + over * (ne - nw)
    return top + down * (sw + over * (se - sw) - top)


@kernel
def ground_at(
    heights: Heights, north: float, west: float, step_lat: float, step_lon: float, lat: Floats, lon: Floats
) -> Floats:
    """Height [m] of the ground at places [deg]; NaN where unknown. Grid as `model.terrain.Terrain`."""
    out = np.empty(lat.size)
    for i in range(lat.size):
        out[i] = height_at(heights, north, west, step_lat, step_lon, lat[i], lon[i])
    return out


@part
def on_ray(arc: float, azimuth: float, sin_lat: float, cos_lat: float, lon: float) -> tuple[float, float]:
    """Latitude and longitude [deg] at an arc [m] along an azimuth [rad] from a site (sines, rad)."""
    sin_az, cos_az = math.sin(azimuth), math.cos(azimuth)
    w2 = 1.0 - ECCENTRICITY2 * sin_lat * sin_lat
    prime_vertical = SEMI_MAJOR_M / math.sqrt(w2)
    meridian = prime_vertical * (1.0 - ECCENTRICITY2) / w2
    euler = 1.0 / (cos_az * cos_az / meridian + sin_az * sin_az / prime_vertical)
    along = euler * math.sin(arc / euler)
    half = math.sin(0.5 * arc / euler)
    # East of the zero meridian of the site: its own longitude is added at the end.
    dx, dy, dz = enu_to_ecef(
        along * sin_az, along * cos_az, -2.0 * euler * half * half, sin_lat, cos_lat, 0.0, 1.0
    )
    x, y, z = lla_to_ecef(math.atan2(sin_lat, cos_lat), 0.0, 0.0)
    point_lat, point_lon, _ = ecef_to_lla(x + dx, y + dy, z + dz)
    return math.degrees(point_lat), math.degrees(point_lon + lon)


@part
def _samples(columns: int, step: float, spacing: float, earth: float) -> tuple[Ints, Floats, Floats, Floats]:
    """Where rays are sampled: first sample of each column and one past the last; arc [m], sine, versine.

    The samples of column c lie in ((c - 1) * step, c * step]; column 0 has none.
    """
    first = np.zeros(columns + 1, np.int64)
    for c in range(1, columns):
        fine = 0.5 * spacing if c * step <= NEAR_M else spacing
        first[c + 1] = first[c] + max(math.ceil(step / fine), 1)
    arcs, sines, versines = np.empty(first[columns]), np.empty(first[columns]), np.empty(first[columns])
    for c in range(1, columns):
        count = first[c + 1] - first[c]
        for i in range(count):
            k = first[c] + i
            arcs[k] = (c - 1 + (i + 1) / count) * step
            half = math.sin(0.5 * arcs[k] / earth)
            sines[k], versines[k] = math.sin(arcs[k] / earth), 2.0 * half * half
    return first, arcs, sines, versines


@kernel
def fill_mask(
    heights: Heights,
    north: float,
    west: float,
    step_lat: float,
    step_lon: float,
    undulation: float,
    lat: float,
    lon: float,
    antenna: float,
    ground: float,
    earth: float,
    spacing: float,
    step: float,
    mask: Singles,
) -> float:
    """Fill the mask of one site; return the share of its disc whose ground the grid knows.

    heights, north, west, step_lat, step_lon    the grid, see `model.terrain.Terrain`; degrees
    undulation  m         added to the grid's heights
    lat, lon    rad       site
    antenna     m         above the ellipsoid
    ground      m         of the smooth earth that is assumed where the grid knows nothing
    earth       m         effective radius, k times the mean radius
    spacing     m         between samples along a ray; half of it within NEAR_M
    step        m         between the mask's columns
    mask        (A, R)    filled: row i looks to azimuth 2π i / A, column j to the arc j * step; the sine of
                          the elevation above which one sees past all ground up to there. Column 0 is -1
    """
    azimuths, columns = mask.shape
    sin_lat, cos_lat = math.sin(lat), math.cos(lat)
    first, arcs, sines, versines = _samples(columns, step, spacing, earth)
    known = total = 0.0
    for a in range(azimuths):
        azimuth = TURN * a / azimuths
        highest = -math.inf
        leg = -1
        from_lat = from_lon = to_lat = to_lon = 0.0
        mask[a, 0] = -1.0
        for c in range(1, columns):
            share = 1.0 / (first[c + 1] - first[c])
            for k in range(first[c], first[c + 1]):
                at = arcs[k] / LEG_M
                if int(at) != leg:
                    leg = int(at)
                    from_lat, from_lon = on_ray(leg * LEG_M, azimuth, sin_lat, cos_lat, lon)
                    to_lat, to_lon = on_ray((leg + 1) * LEG_M, azimuth, sin_lat, cos_lat, lon)
                height = undulation + height_at(
                    heights, north, west, step_lat, step_lon,
                    from_lat + (at - leg) * (to_lat - from_lat), from_lon + (at - leg) * (to_lon - from_lon),
                )  # fmt: skip
                # A sample stands for its part of the disc, which grows with the arc.
                total += arcs[k] * share
                if math.isnan(height):
                    height = ground
                else:
                    known += arcs[k] * share
                out = earth + height
                highest = max(highest, (height - antenna - out * versines[k]) / (out * sines[k]))
            mask[a, c] = highest / math.sqrt(1.0 + highest * highest)
    return known / total if total > 0.0 else 0.0
