"""The picture as GeoJSON: Points with the columns of Tracks as properties (RFC 7946)."""

import math
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from asman.errors import InputError

MEDIA_TYPE: Final = "application/geo+json"
_PLACE: Final = ("lat_deg", "lon_deg")


class Box(msgspec.Struct, frozen=True):
    """A rectangle of longitude and latitude; west of east, or across the antimeridian when not."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


def box(text: str) -> Box:
    """Read `W,S,E,N` in degrees. Raises InputError."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError("bbox", f"needs west,south,east,north in degrees, not '{text}'") from error
    if not (all(map(math.isfinite, (west, east))) and -90 <= south <= north <= 90):
        raise InputError("bbox", f"south must not be north of north, nor beyond the poles: '{text}'")
    return Box(west, south, east, north)


def select(tracks: pa.Table, inside: Box | None, unconfirmed: bool) -> pa.Table:
    """Return the tracks inside the box, the confirmed ones unless told otherwise."""
    keep = np.ones(tracks.num_rows, np.bool_)
    if not unconfirmed:
        keep &= tracks["confirmed"].to_numpy()
    if inside is not None:
        lat, lon = tracks["lat_deg"].to_numpy(), tracks["lon_deg"].to_numpy()
        west, east = lon >= inside.west_deg, lon <= inside.east_deg
        keep &= (west | east) if inside.west_deg > inside.east_deg else (west & east)
        keep &= (lat >= inside.south_deg) & (lat <= inside.north_deg)
    return tracks.filter(pa.array(keep))


def _texts(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        return [_iso(value) for value in column.cast(pa.timestamp("us", tz="UTC"), safe=False).to_pylist()]
    return [_finite(value) for value in column.to_pylist()]


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def collection(table: pa.Table, number: str = "track", **said: Any) -> bytes:
    """Return a FeatureCollection, one Point a row; `number` is its id, `said` stands beside the features."""
    names = [name for name in table.column_names if name not in _PLACE]
    columns = [_texts(table[name]) for name in names]
    lon, lat = _texts(table["lon_deg"]), _texts(table["lat_deg"])
    features = [
        {
            "type": "Feature",
            "id": row[names.index(number)],
            "geometry": {"type": "Point", "coordinates": [round(x, 7), round(y, 7)]},
            "properties": dict(zip(names, row, strict=True)),
        }
        for x, y, *row in zip(lon, lat, *columns, strict=True)
    ]
    return msgspec.json.encode({"type": "FeatureCollection", **said, "features": features})
