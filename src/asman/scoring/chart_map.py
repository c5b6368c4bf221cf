"""The map: where aircraft flew, where they were missed, where tracks followed nobody.

Azimuthal equidistant about the middle of what is shown: no seam at the date line, no stretch at the poles,
and distances from the middle to scale. There is no coast on it: the page needs nothing from elsewhere.

Source: J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395, 1987, chapter 25.
"""

from collections.abc import Iterable
from math import asin, atan2, cos, degrees, hypot, radians, sin, sqrt

from asman.scoring.report import Sketch
from asman.scoring.svg import BLUE, GREY, PURPLE, RED, YELLOW, Frame, drawing, legend, text

EARTH_KM = 6371.0
Point = tuple[float, float]


def project(lon_deg: float, lat_deg: float, middle: Point) -> Point:
    """East and north [km] of a place about a middle (lon, lat [deg]), distance and bearing kept."""
    lat, lat0 = radians(lat_deg), radians(middle[1])
    dlon = radians(lon_deg - middle[0])
    x = cos(lat) * sin(dlon)
    y = cos(lat0) * sin(lat) - sin(lat0) * cos(lat) * cos(dlon)
    z = sin(lat0) * sin(lat) + cos(lat0) * cos(lat) * cos(dlon)
    flat = hypot(x, y)
    if flat < 1e-12:
        return 0.0, 0.0
    scale = EARTH_KM * atan2(flat, z) / flat
    return x * scale, y * scale


def middle_of(points: Iterable[Point]) -> Point:
    """The middle of places, as of points on a sphere: (lon, lat) [deg]."""
    x = y = z = 0.0
    for lon, lat in points:
        x += cos(radians(lat)) * cos(radians(lon))
        y += cos(radians(lat)) * sin(radians(lon))
        z += sin(radians(lat))
    return degrees(atan2(y, x)), degrees(asin(z / (sqrt(x * x + y * y + z * z) or 1.0)))


def draw_map(sketch: Sketch) -> str:
    """Paths of the truth, with what was missed, false or switched on top."""
    everything = [point for path in sketch.truth for point in path] + list(sketch.false)
    if not everything:
        return "<p>No place to show.</p>"
    middle = middle_of(everything)
    places = [project(lon, lat, middle) for lon, lat in everything]
    xs, ys = sorted(x for x, _ in places), sorted(y for _, y in places)
    pad = 0.03 * max(xs[-1] - xs[0], ys[-1] - ys[0], 2.0)
    x0, x1, y0, y1 = xs[0] - pad, xs[-1] + pad, ys[0] - pad, ys[-1] + pad
    width = 960.0
    height = min(max(width * (y1 - y0) / (x1 - x0), 320.0), 720.0)
    # One kilometre is as long across as along, whichever side is short.
    scale = min(width / (x1 - x0), height / (y1 - y0))
    xc, yc = (x0 + x1) / 2, (y0 + y1) / 2
    half_x, half_y = width / 2 / scale, height / 2 / scale
    frame = Frame(width, height, xc - half_x, xc + half_x, yc - half_y, yc + half_y, 0.0, 0.0, 0.0, 0.0)
    body = [
        f'<rect width="{width:g}" height="{height:g}" fill="#f6f8fa"/>',
        graticule(frame, middle, everything),
        _paths(frame, middle, sketch.truth),
        _dots(frame, middle, sketch.followed, BLUE, 1.1, 0.5),
        _dots(frame, middle, sketch.missed, RED, 2.2, 0.8),
        _dots(frame, middle, sketch.false, YELLOW, 2.6, 0.95),
        _rings(frame, middle, sketch.switches),
        scale_bar(frame),
    ]
    words = (
        "truth" if sketch.drawn == sketch.of else f"truth ({sketch.drawn:,} of {sketch.of:,} aircraft drawn)"
    )
    return drawing(frame, "Map of truth and tracks", body) + legend(
        [(GREY, words), (BLUE, "followed"), (RED, "missed"), (YELLOW, "false"), (PURPLE, "switch")]
    )


def _paths(frame: Frame, middle: Point, paths: Iterable[Iterable[Point]]) -> str:
    parts: list[str] = []
    for path in paths:
        flat = [project(lon, lat, middle) for lon, lat in path]
        parts.append("M" + "L".join(f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in flat))
    return f'<path d="{"".join(parts)}" fill="none" stroke="{GREY}" stroke-width="0.9" stroke-opacity="0.8"/>'


def _dots(
    frame: Frame, middle: Point, points: Iterable[Point], colour: str, radius: float, opacity: float
) -> str:
    """Dots as one path of zero-length strokes with round ends: a tenth of the octets of circles."""
    spots = (project(lon, lat, middle) for lon, lat in points)
    where = "".join(f"M{frame.x(x):.1f} {frame.y(y):.1f}h0" for x, y in spots)
    return (
        f'<path d="{where}" stroke="{colour}" stroke-width="{2 * radius:g}" stroke-linecap="round" '
        f'stroke-opacity="{opacity:g}"/>'
    )


def _rings(frame: Frame, middle: Point, points: Iterable[Point]) -> str:
    spots = (project(lon, lat, middle) for lon, lat in points)
    return "".join(
        f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="5" fill="none" stroke="{PURPLE}" '
        f'stroke-width="1.5"/>'
        for x, y in spots
    )


def graticule(frame: Frame, middle: Point, points: list[Point]) -> str:
    """Meridians and parallels with their degrees."""
    lats = [lat for _, lat in points]
    span = max(max(lats) - min(lats), 0.05)
    step = next((s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30) if span / s <= 8), 30)
    around = [middle[0] + (lon - middle[0] + 180.0) % 360.0 - 180.0 for lon, _ in points]
    low_lon, high_lon = min(around), max(around)
    lon_step = max(step, step * round(1.0 / max(cos(radians(middle[1])), 0.05)))
    parts: list[str] = []
    lat = step * (min(lats) // step)
    while lat <= min(max(lats) + step, 90.0):
        parallel = [
            (low_lon - lon_step + i * (high_lon - low_lon + 2 * lon_step) / 60.0, lat) for i in range(61)
        ]
        parts.append(
            _curve(frame, middle, parallel, f"{abs(lat):g}°{'N' if lat >= 0 else 'S'}", along_left=True)
        )
        lat += step
    lon = lon_step * (low_lon // lon_step)
    while lon <= high_lon + lon_step:
        meridian = [(lon, min(lats) - step + i * (span + 2 * step) / 60.0) for i in range(61)]
        east = (lon + 180.0) % 360.0 - 180.0
        name = f"{abs(east):g}°{'E' if east >= 0 else 'W'}"
        parts.append(_curve(frame, middle, [(x, min(y, 90.0)) for x, y in meridian], name, along_left=False))
        lon += lon_step
    return "".join(parts)


def _curve(frame: Frame, middle: Point, points: list[Point], name: str, *, along_left: bool) -> str:
    flat = [project(lon, lat, middle) for lon, lat in points]
    pixels = [(frame.x(x), frame.y(y)) for x, y in flat]
    inside = [(x, y) for x, y in pixels if 0 <= x <= frame.width and 0 <= y <= frame.height]
    if not inside:
        return ""
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels)
    x, y = min(inside) if along_left else max(inside, key=lambda one: one[1])
    if y < 14:  # a label at the upper edge would be cut in two
        return f'<polyline fill="none" stroke="#dfe5ea" stroke-width="1" points="{drawn}"/>'
    label = text(min(x + 4, frame.width - 34), min(y, frame.height - 4) - 3, name, "start", "mark")
    return f'<polyline fill="none" stroke="#dfe5ea" stroke-width="1" points="{drawn}"/>' + label


def scale_bar(frame: Frame) -> str:
    """A bar of a round number of kilometres."""
    across = frame.x1 - frame.x0
    km = next((k for k in (1000, 500, 200, 100, 50, 20, 10, 5, 2, 1) if k < across / 5), 1)
    length = frame.x(frame.x0 + km) - frame.x(frame.x0)
    x, y = frame.width - 20 - length, frame.height - 34
    return f'<path d="M{x:.1f} {y - 4:.1f}v4h{length:.1f}v-4" fill="none" stroke="#1b2733"/>' + text(
        x + length / 2, y - 4, f"{km} km", "middle", "mark"
    )
