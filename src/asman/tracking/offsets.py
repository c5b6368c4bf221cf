"""Offsets: how far heights lie from pressure altitudes in each region, as its aircraft told."""

from typing import Final

import numpy as np
import pyarrow as pa

from asman.kernels.atmosphere import CELL, COLUMNS, ROWS, Atmosphere, offsets_at
from asman.model.plots import TIME


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"meaning": meaning})


OFFSETS: Final = pa.schema(
    [
        _field("lat_deg", pa.float64(), "middle of the region of two degrees"),
        _field("lon_deg", pa.float64(), "middle of the region of two degrees"),
        _field("time", TIME, "of the latest report in it"),
        _field("ground_offset_m", pa.float64(), "height above the ellipsoid less pressure altitude, at 0 m"),
        _field("ground_sigma_m", pa.float64(), "standard deviation of that"),
        _field("aloft_offset_m", pa.float64(), "the same at a pressure altitude of 10,000 m"),
        _field("aloft_sigma_m", pa.float64(), "standard deviation of that"),
        _field("reports", pa.int64(), "reports of both altitudes that were used"),
        _field("bounded", pa.int64(), "how many of them lay far off, and counted as if they were nearer"),
    ]
)


def offsets_table(air: Atmosphere) -> pa.Table:
    """OFFSETS: a row a region where aircraft reported both altitudes, from south to north."""
    cells = np.flatnonzero(air.reports[: ROWS * COLUMNS])
    lat = np.asarray((cells // COLUMNS + 0.5) * CELL - np.pi / 2, np.float64)
    lon = np.asarray((cells % COLUMNS + 0.5) * CELL - np.pi, np.float64)
    ground = offsets_at(air, lat, lon, np.zeros(cells.size))
    aloft = offsets_at(air, lat, lon, np.full(cells.size, 10_000.0))
    return pa.table(
        [
            pa.array(np.degrees(lat)),
            pa.array(np.degrees(lon)),
            pa.array(air.at_ns[cells]).cast(TIME),
            pa.array(np.ascontiguousarray(ground[:, 0])),
            pa.array(np.ascontiguousarray(ground[:, 1])),
            pa.array(np.ascontiguousarray(aloft[:, 0])),
            pa.array(np.ascontiguousarray(aloft[:, 1])),
            pa.array(air.reports[cells]),
            pa.array(air.bounded[cells]),
        ],
        schema=OFFSETS,
    )
