"""What the ground hides from an antenna: how high one must look, by direction and distance, to pass over it.

Rays bend with the air; on an earth of k times its radius (4/3 in the standard atmosphere) they are straight.
There, an antenna at height a and a point at height h and arc s, with s = kR φ, are at (0, kR + a) and
((kR + h) sin φ, (kR + h) cos φ), so the point appears at the elevation θ of

    tan θ = ((h - a) - (kR + h) (1 - cos φ)) / ((kR + h) sin φ)

exactly; the usual parabola errs by 87 m in one case of ten at 400 km. A point is hidden when some ground
before it appears higher. The ground and the aircraft go through the same formula, so that what is hidden
follows from heights and arcs alone. An aircraft's arc comes from its true position: s = R atan2(ρ, R + a + u)
of its east, north, up from the antenna, ρ² = e² + n².

Ground is sampled along rays of equal azimuth, several times a cell of the grid. Where the highest cell about
would not rise above what already hides, nothing is sampled: nine tenths of a mountainous disc.

Source: Skolnik, Radar Handbook, 3rd edition, chapter 26 (effective earth radius).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part
from asman.kernels.motion import MEAN_RADIUS_M
from asman.kernels.terrain_grid import height_at, on_ray, peak_between

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Heights = NDArray[np.int16]

TURN: Final = 2.0 * math.pi

#: Within a leg a ray is straight in latitude and longitude: 1 m off at 43 degrees, 7 m at 80.
LEG_M: Final = 8_000.0

#: Nearer than this, ground is sampled twice as finely: a crest missed there counts for all beyond it.
NEAR_M: Final = 50_000.0

#: A bound on a tangent must be lower by this to rule ground out: rounding never decides.
ROUNDING: Final = 1e-9


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
def _samples(columns: int, step: float, spacing: float, earth: float) -> tuple[Ints, Floats, Floats]:
    """Where rays are sampled: first sample of each column, and one past the last; sine and versine of each.

    The samples of column c lie in ((c - 1) * step, c * step], the last on its end; column 0 has none.
    """
    first = np.zeros(columns + 1, np.int64)
    for c in range(1, columns):
        fine = 0.5 * spacing if c * step <= NEAR_M else spacing
        first[c + 1] = first[c] + max(math.ceil(step / fine), 1)
    sines, versines = np.empty(first[columns]), np.empty(first[columns])
    for c in range(1, columns):
        count = first[c + 1] - first[c]
        for i in range(count):
            angle = (c - 1 + (i + 1) / count) * step / earth
            half = math.sin(0.5 * angle)
            sines[first[c] + i], versines[first[c] + i] = math.sin(angle), 2.0 * half * half
    return first, sines, versines


@part
def _tangent_at_most(
    height: float, antenna: float, earth: float, sine: float, versine: float, far_sine: float
) -> float:
    """Tangent of elevation that ground up to a height [m] does not exceed anywhere between two arcs.

    sine, versine  1  of the nearer arc
    far_sine       1  of the farther one
    """
    out = earth + height
    rise = height - antenna - out * versine
    # An infinite height bounds nothing.
    return rise / (out * (sine if rise > 0.0 else far_sine)) if out < math.inf else math.inf


@kernel
def fill_mask(
    heights: Heights,
    north: float,
    west: float,
    step_lat: float,
    step_lon: float,
    peaks: Heights,
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

    heights, north, west, step_lat, step_lon    the grid, see `terrain_grid`; degrees
    peaks                 of the grid, see `peaks_of`
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
    first, sines, versines = _samples(columns, step, spacing, earth)
    leg_columns = max(int(LEG_M / step), 1)
    known = total = 0.0
    for a in range(azimuths):
        azimuth = TURN * a / azimuths
        highest = -math.inf
        mask[a, 0] = -1.0
        to_lat, to_lon = on_ray(0.0, azimuth, sin_lat, cos_lat, lon)
        for begin in range(1, columns, leg_columns):
            end = min(begin + leg_columns, columns)
            from_lat, from_lon = to_lat, to_lon
            to_lat, to_lon = on_ray((end - 1) * step, azimuth, sin_lat, cos_lat, lon)
            # A leg's middle stands for its ring of the disc.
            ring = (end - begin) * (end + begin - 2)
            total += ring
            middle_lat, middle_lon = 0.5 * (from_lat + to_lat), 0.5 * (from_lon + to_lon)
            if not math.isnan(height_at(heights, north, west, step_lat, step_lon, middle_lat, middle_lon)):
                known += ring
            lat_step, lon_step = (to_lat - from_lat) / (end - begin), (to_lon - from_lon) / (end - begin)
            # What cannot rise above what already hides is not sampled: legs first, then their columns.
            peak = undulation + peak_between(
                peaks, heights, north, west, step_lat, step_lon, from_lat, from_lon, to_lat, to_lon
            )
            near, far = max(int(first[begin]) - 1, 0), int(first[end]) - 1
            bound = _tangent_at_most(peak, antenna, earth, sines[near], versines[near], sines[far])
            if begin > 1 and bound < highest - ROUNDING:
                mask[a, begin:end] = mask[a, begin - 1]
                continue
            for c in range(begin, end):
                lat0, lon0 = from_lat + (c - begin) * lat_step, from_lon + (c - begin) * lon_step
                peak = undulation + peak_between(
                    peaks, heights, north, west, step_lat, step_lon,
                    lat0, lon0, lat0 + lat_step, lon0 + lon_step,
                )  # fmt: skip
                near, far = max(int(first[c]) - 1, 0), int(first[c + 1]) - 1
                bound = _tangent_at_most(peak, antenna, earth, sines[near], versines[near], sines[far])
                if c > 1 and bound < highest - ROUNDING:
                    mask[a, c] = mask[a, c - 1]
                    continue
                count = first[c + 1] - first[c]
                for i in range(count):
                    k = first[c] + i
                    share = (i + 1) / count
                    height = undulation + height_at(
                        heights, north, west, step_lat, step_lon,
                        lat0 + share * lat_step, lon0 + share * lon_step,
                    )  # fmt: skip
                    if math.isnan(height):
                        height = ground
                    out = earth + height
                    highest = max(highest, (height - antenna - out * versines[k]) / (out * sines[k]))
                mask[a, c] = highest / math.sqrt(1.0 + highest * highest)
    return known / total if total > 0.0 else 0.0
