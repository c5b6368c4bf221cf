"""Plots on the earth: where each was seen, as the tracker would place it, for whoever is given plots."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.placing import place_plots
from asman.model.contribution import PLACED_PLOTS
from asman.model.plots import TIME
from asman.tracking.intake import plot_records
from asman.tracking.picture import callsigns_of
from asman.tracking.tracker import Tracker


def placed(tracker: Tracker, plots: pa.Table) -> pa.Table:
    """PLACED_PLOTS of usable plots in order of time, biases taken off as far as they are known.

    The place is on the ground below (as tracks' is); its covariance holds noise and what is not known of
    height and biases. An altitude that the sensor calls invalid is not told.
    """
    records, _ = plot_records(plots, tracker.sensors, tracker.sensor_records, np.iinfo(np.int64).min + 1)
    if not records.size:
        return PLACED_PLOTS.empty_table()
    place_plots(records, tracker.sensor_records)
    names = np.array([one.id for one in tracker.sensors], object)
    columns: dict[str, Any] = {
        "time": pa.array(records["time_ns"]).cast(TIME),
        "lat_deg": np.degrees(records["lat"]),
        "lon_deg": (np.degrees(records["lon"]) + 180.0) % 360.0 - 180.0,
        "altitude_m": _known(records["altitude_m"]),
        "simulated": records["simulated"] != 0,
        "origin": [tracker.origin] * records.size,
        "label": [""] * records.size,
        "sensor": names[records["sensor"]],
        "geometric_altitude_m": _known(records["height_m"]),
        "var_e_m2": records["ree"] + records["hee"],
        "var_n_m2": records["rnn"] + records["hnn"],
        "cov_en_m2": records["ren"] + records["hen"],
        "mode_3a": pa.array(records["mode_3a"].astype(np.int16), mask=records["mode_3a"] < 0),
        "address": pa.array(records["address"].astype(np.int32), mask=records["address"] < 0),
        "callsign": callsigns_of(np.ascontiguousarray(records["callsign"])),
    }
    arrays = [
        one if isinstance(one, pa.Array) else pa.array(one, field.type)
        for field, one in ((field, columns[field.name]) for field in PLACED_PLOTS)
    ]
    return pa.Table.from_arrays(arrays, schema=PLACED_PLOTS)


def _known(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(np.ascontiguousarray(values), pa.float64(), from_pandas=True)
