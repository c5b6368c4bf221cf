"""Picture: rows of kernels become the table that everyone reads."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.sensor import Sensors
from asman.model.tracks import TRACKS

# Structured arrays: numpy's types have no names for their fields.
Records = Any


def tracks_table(rows: Records, row_sensors: NDArray[np.int64], sensors: Sensors, origin: str) -> pa.Table:
    """TRACKS of the rows that a kernel wrote; `origin` is the member whose node made them."""
    missing = {
        "altitude_m": np.isnan(rows["altitude_m"]),
        "climb_mps": np.isnan(rows["climb_mps"]),
        "altitude_sigma_m": np.isnan(rows["altitude_m"]),
        "geometric_altitude_m": np.isnan(rows["geometric_altitude_m"]),
        "geometric_sigma_m": np.isnan(rows["geometric_altitude_m"]),
        "mode_3a": rows["mode_3a"] < 0,
        "address": rows["address"] < 0,
        "on_ground": rows["on_ground"] < 0,
    }
    columns: dict[str, Any] = {
        "time": rows["time_ns"],
        "last_plot_time": rows["last_ns"],
        "callsign": callsigns_of(rows["callsign"]),
        "contributors": _contributors(row_sensors, sensors),
        "origin": pa.repeat(pa.scalar(origin), rows.size),
        "label": pa.repeat(pa.scalar(""), rows.size),
        "confirmed": rows["confirmed"] == 1,
        "simulated": rows["simulated"] == 1,
        "position_doubted": rows["position_doubted"] == 1,
        "on_ground": rows["on_ground"] == 1,
    }
    arrays: list[pa.Array] = []
    for field in TRACKS:
        values = columns.get(field.name)
        if values is None:
            values = rows[field.name]
        if isinstance(values, np.ndarray):
            kind = pa.int64() if pa.types.is_timestamp(field.type) else field.type
            values = pa.array(np.ascontiguousarray(values), mask=missing.get(field.name))
            values = values.cast(kind).cast(field.type)
        arrays.append(values)
    return pa.Table.from_arrays(arrays, schema=TRACKS)


def callsigns_of(octets: NDArray[np.uint64]) -> pa.Array:
    """Eight octets in one integer, back to text; null where it is 0."""
    unique, inverse = np.unique(octets, return_inverse=True)
    texts = [raw.decode("ascii", "replace") or None for raw in unique.view("S8").tolist()]
    return pa.array(texts, pa.string()).take(pa.array(inverse.astype(np.int64)))


def _contributors(row_sensors: NDArray[np.int64], sensors: Sensors) -> pa.Array:
    """Lists of sensor ids, each in the order of their names."""
    by_name = sorted(range(len(sensors)), key=lambda i: sensors[i].id)
    rank = np.full(len(sensors) + 1, len(sensors), np.int64)
    rank[by_name] = np.arange(len(sensors))
    # An unused place holds -1, which indexes the last rank: after all names.
    ranks = np.sort(rank[row_sensors], axis=1)
    used = ranks < len(sensors)
    offsets = np.concatenate([[0], np.cumsum(used.sum(axis=1))]).astype(np.int32)
    names = pa.array([sensors[i].id for i in by_name], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(ranks[used])))
