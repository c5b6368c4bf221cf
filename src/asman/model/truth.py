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
