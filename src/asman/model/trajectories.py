"""Trajectories: where aircraft were recorded, a row a sample, before anybody has cleaned it.

They come from other people's recordings (ADS-B archives), from our own truth, or from any tracker. Samples
may be missing, repeated, wrong or out of order: who uses them cleans them, and says what was left out.
"""

import pyarrow as pa

from asman.model.plots import TIME

TRAJECTORIES: pa.Schema = pa.schema(
    [
        pa.field("time", TIME),  # of the position
        pa.field("flight", pa.string()),  # samples of one flight share it
        pa.field("address", pa.int32()),  # ICAO 24-bit, null where unknown
        pa.field("callsign", pa.string()),
        pa.field("lat_deg", pa.float64()),
        pa.field("lon_deg", pa.float64()),
        pa.field("altitude_m", pa.float64()),  # mostly by pressure: nothing else is recorded everywhere
        pa.field("speed_mps", pa.float64()),  # over ground
        pa.field("track_deg", pa.float64()),  # true, clockwise
        pa.field("climb_mps", pa.float64()),
        pa.field("on_ground", pa.bool_()),
    ]
)
