"""Truth: where simulated aircraft really are. For scoring only; no tracker may see it."""

import pyarrow as pa

from asman.model.plots import TIME

TRUTH: pa.Schema = pa.schema(
    [
        pa.field("time", TIME),
        pa.field("aircraft", pa.int64()),
        pa.field("lat_deg", pa.float64()),
        pa.field("lon_deg", pa.float64()),
        pa.field("altitude_m", pa.float64()),
        pa.field("vn_mps", pa.float64()),
        pa.field("ve_mps", pa.float64()),
        pa.field("vu_mps", pa.float64()),
    ]
)


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"meaning": meaning})


#: Truth of an exercise: what a scorer can judge beside places.
TRUTH_TOLD: pa.Schema = pa.schema(
    [
        *TRUTH,
        _field("pressure_altitude_m", pa.float64(), "what a perfect encoder would say, unquantised"),
        _field("mode_3a", pa.int16(), "code that is set; null without a transponder"),
        _field("address", pa.int32(), "null without Mode S"),
        _field("callsign", pa.string(), "null without Mode S"),
        _field("class", pa.dictionary(pa.int32(), pa.string()), "kind of aircraft"),
        _field("member", pa.dictionary(pa.int32(), pa.string()), "owner of a state aircraft, else null"),
        _field("viewers", pa.int16(), "sensors that have it in view and have what it takes to see it"),
        _field("observable", pa.bool_(), "one sensor or more does"),
    ]
)
