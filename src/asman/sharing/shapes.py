"""GeoJSON beside an agreement becomes rings and lines in whole 1e-7 degrees.

Edges are straight lines in longitude and latitude, and nothing crosses the 180th meridian: what does is cut
there into parts. Source: RFC 7946 (GeoJSON), sections 3.1.6 and 3.1.9.
"""

from itertools import pairwise
from typing import Any, Final

import msgspec

from asman.model.agreement import Ring

#: 1e-7 degrees: a centimetre.
UNITS_PER_DEGREE: Final = 10_000_000
#: A shape of more points than this is a mistake, or an attempt to keep a node busy.
MOST_POINTS: Final = 20_000
MOST_OCTETS: Final = 4_000_000


class ShapeError(ValueError):
    """A file that is no shape; the text says why."""


def polygon(octets: bytes) -> tuple[Ring, ...]:
    """The rings of all polygons in a GeoJSON text. Raises ShapeError."""
    found: list[Any] = []
    for geometry in _geometries(octets):
        match geometry.get("type"):
            case "Polygon":
                found += _list(geometry)
            case "MultiPolygon":
                for part in _list(geometry):
                    found += part if isinstance(part, list) else []
            case kind:
                raise ShapeError(f"holds a {kind}, needed Polygon or MultiPolygon")
    rings = tuple(_ring(ring) for ring in found)
    if not rings:
        raise ShapeError("holds no polygon")
    _refuse_many(rings)
    return rings


def line(octets: bytes) -> Ring:
    """The points of the one LineString in a GeoJSON text. Raises ShapeError."""
    geometries = _geometries(octets)
    if len(geometries) != 1 or geometries[0].get("type") != "LineString":
        raise ShapeError("needed exactly one LineString")
    points = _points(_list(geometries[0]))
    if len(points) < 2:
        raise ShapeError("the line has fewer than two points")
    _refuse_many((points,))
    return points


def _geometries(octets: bytes) -> list[dict[str, Any]]:
    if len(octets) > MOST_OCTETS:
        raise ShapeError(f"has {len(octets):,} octets; {MOST_OCTETS:,} are the most")
    try:
        whole = msgspec.json.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ShapeError(f"is not JSON: {error}") from error
    if not isinstance(whole, dict):
        raise ShapeError("is not GeoJSON")
    if whole.get("type") == "FeatureCollection":
        features = whole.get("features")
        if not isinstance(features, list):
            raise ShapeError("is a collection without features")
        parts = [one.get("geometry") if isinstance(one, dict) else None for one in features]
    else:
        parts = [whole.get("geometry")] if whole.get("type") == "Feature" else [whole]
    geometries = [one for one in parts if isinstance(one, dict)]
    if not geometries or len(geometries) < len(parts):
        raise ShapeError("has a feature without geometry")
    return geometries


def _list(geometry: dict[str, Any]) -> list[Any]:
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        raise ShapeError("a geometry has no coordinates")
    return coordinates


def _ring(raw: Any) -> Ring:
    points = _points(raw)
    if len(points) < 4 or points[0] != points[-1]:
        raise ShapeError("a ring is not closed: its last point must be its first, and it needs three others")
    area2 = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(points))
    if area2 == 0:
        raise ShapeError("a ring encloses nothing")
    return points


def _points(raw: Any) -> Ring:
    if not isinstance(raw, list):
        raise ShapeError("coordinates are no list")
    points: list[tuple[int, int]] = []
    for one in raw:
        if not (isinstance(one, list) and len(one) >= 2 and all(_is_number(part) for part in one[:2])):
            raise ShapeError(f"'{_short(one)}' is no [longitude, latitude]")
        if not (-180 <= one[0] <= 180 and -90 <= one[1] <= 90):  # whole numbers may have any number of digits
            raise ShapeError(f"[{_short(one[0])}, {_short(one[1])}] is not on earth; longitude comes first")
        lon, lat = float(one[0]), float(one[1])
        points.append((round(lon * UNITS_PER_DEGREE), round(lat * UNITS_PER_DEGREE)))
    for (lon0, _), (lon1, _) in pairwise(points):
        if abs(lon1 - lon0) > 180 * UNITS_PER_DEGREE:
            raise ShapeError("an edge crosses the 180th meridian: cut the shape there into two (RFC 7946)")
    return tuple(points)


def _short(value: Any) -> str:
    """What a message says of a value that may be of any size."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:60] + "..."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse_many(rings: tuple[Ring, ...]) -> None:
    count = sum(len(ring) for ring in rings)
    if count > MOST_POINTS:
        raise ShapeError(f"has {count:,} points; {MOST_POINTS:,} are the most")
