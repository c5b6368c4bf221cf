"""Tables with places as GeoJSON: Points with the other columns as properties (RFC 7946)."""

import math
from datetime import datetime
from typing import Any, Final

import msgspec
import pyarrow as pa

_PLACE: Final = ("lat_deg", "lon_deg")


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
