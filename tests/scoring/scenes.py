"""Small truths and tracks to score, made by hand or from a seed."""

import math
from typing import Any

import numpy as np
import pyarrow as pa

BEGIN_NS = 1_767_225_600_000_000_000
EARTH_M = 6_371_000.0


def times(seconds: Any) -> pa.Array:
    whole = BEGIN_NS + np.round(np.asarray(seconds, float) * 1e9).astype(np.int64)
    return pa.array(whole, pa.timestamp("ns", tz="UTC"))


def table(identity: str, rows: list[tuple[float, int, float, float]], **columns: Any) -> pa.Table:
    """A table of (seconds, identity, lat, lon) and further columns."""
    seconds, who, lat, lon = zip(*rows, strict=True) if rows else ((), (), (), ())
    made = {
        "time": times(seconds),
        identity: pa.array(who, pa.int64()),
        "lat_deg": pa.array(lat, pa.float64()),
        "lon_deg": pa.array(lon, pa.float64()),
    }
    return pa.table({**made, **{name: pa.array(values) for name, values in columns.items()}})


def straight(
    identity: str, who: int, seconds: Any, *, lat: float = 43.0, lon: float = 74.0, north_m: float = 0.0,
    vn: float = 0.0, ve: float = 200.0,
) -> list[tuple[float, int, float, float]]:  # fmt: skip
    """Rows of something that flies straight, `north_m` beside the given place."""
    del identity
    return [
        (
            float(t),
            who,
            lat + math.degrees((north_m + vn * t) / EARTH_M),
            (lon + math.degrees(ve * t / EARTH_M / math.cos(math.radians(lat))) + 180.0) % 360.0 - 180.0,
        )
        for t in seconds
    ]
