"""Which tracks of the picture are asked for, as GeoJSON."""

import math
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from asman.errors import InputError
from asman.wire.geojson import collection

__all__ = ["MEDIA_TYPE", "Box", "box", "collection", "select"]

MEDIA_TYPE: Final = "application/geo+json"


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
