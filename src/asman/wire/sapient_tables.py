"""The tables that SAPIENT messages become (docs/how-to/sapient.md)."""

from typing import Final

import pyarrow as pa

from asman.model.plots import TIME


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"meaning": meaning})


_HEAD_FIELDS: Final = (
    _field("time", TIME, "when the message was sent, as it says"),
    _field("offset", pa.int64(), "octet where the message begins, its length before it"),
    _field("length", pa.int32(), "octets with the length"),
    _field("block", pa.int64(), "as offset"),
    _field("node", pa.string(), "the node that sends (UUID)"),
)
SCHEMA: Final = pa.schema(
    [
        *_HEAD_FIELDS,
        _field("object", pa.string(), "the node's own name of what it detected (ULID)"),
        _field("state", pa.string(), "e.g. lost"),
        _field("lat_deg", pa.float64(), "WGS-84"),
        _field("lon_deg", pa.float64(), "WGS-84"),
        _field("geometric_altitude_m", pa.float64(), "above the WGS-84 ellipsoid"),
        _field("geoid_altitude_m", pa.float64(), "above the geoid: where the datum is that"),
        _field("sigma_e_m", pa.float64(), "error of the place east"),
        _field("sigma_n_m", pa.float64(), "error of the place north"),
        _field("range_m", pa.float64(), "from the node"),
        _field("azimuth_deg", pa.float64(), "from true north, clockwise"),
        _field("elevation_deg", pa.float64(), "above the node's horizon"),
        _field("vn_mps", pa.float64(), "where the node's registration says the unit"),
        _field("ve_mps", pa.float64(), "the same east"),
        _field("climb_mps", pa.float64(), "the same up"),
        _field("confidence", pa.float64(), "that there is something, 0 to 1"),
        _field("class", pa.string(), "what it most probably is, in the node's words"),
        _field("class_confidence", pa.float64(), "of that, 0 to 1"),
        _field("id", pa.string(), "what it calls itself, e.g. a tail number"),
        _field("unplaced", pa.string(), "why there is no place, where there is none"),
    ]
)
NODES: Final = pa.schema(
    [
        *_HEAD_FIELDS,
        _field("kind", pa.string(), "registration, status, or another message"),
        _field("system", pa.string(), "ok, warning, error or goodbye"),
        _field("name", pa.string(), "what the node calls itself"),
        _field("lat_deg", pa.float64(), "where it stands"),
        _field("lon_deg", pa.float64(), "where it stands"),
        _field("geometric_altitude_m", pa.float64(), "above the WGS-84 ellipsoid"),
    ]
)
