"""Intake: a table of plots becomes records for the kernels; what cannot be used is counted, by reason."""

import math
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asman.kernels.entry import FLAGS, NUMBERS, WHOLE, enter
from asman.kernels.placing import PLOT, SENSOR, survey
from asman.model.sensor import RADAR_KINDS, Sensor, SensorKind, Sensors
from asman.tracking.integrity import weigh_reports

# Structured arrays: numpy's types have no names for their fields.
Records = Any

#: Why a plot was not used, in the order in which it is asked.
REASONS: Final = ("no_time", "field_monitor", "no_sensor", "no_position", "late")

#: A primary radar with no longer range watches the surface of an airport.
_SURFACE_RANGE_M: Final = 25_000.0

#: ADS-B says its accuracy in classes, each by its upper bound, three times the next one's: most are better.
_REPORTED_BOUND: Final = 0.6

#: Integrity that a report must claim to serve as a reference: NACp 8 (92.6 m in 95 %) and NIC 8 (0.2 NM),
#: which RTCA DO-260B calls enough for separation.
_TRUSTED_SIGMA_M: Final = 92.6 / 2.448
_TRUSTED_CONTAINMENT_M: Final = 370.4

#: Columns of PLOTS where kernels call them otherwise.
_COLUMN: Final = {
    "altitude_m": "pressure_altitude_m",
    "height_m": "geometric_altitude_m",
    "azimuth": "azimuth_deg",
    "lat": "lat_deg",
    "lon": "lon_deg",
}

#: Registration has found nothing yet: biases, height and their covariance.
_UNBIASED: Final = (0.0,) * 10

#: What the plots of a sensor that no table names are held to be (per axis, from experience with both).
_UNNAMED_SIGMA_M: Final = {"adsb": 30.0, "mlat": 20.0}


def sensor_records(sensors: Sensors) -> Records:
    """Sensors as kernels read them."""
    rows = [
        (
            math.radians(sensor.lat_deg),
            math.radians(sensor.lon_deg),
            sensor.height_m,
            round(sensor.period_s * 1e9),
            sensor.range_max_m,
            sensor.sigma_range_m,
            math.radians(sensor.sigma_azimuth_deg),
            sensor.pd,
            sensor.false_plots_per_scan,
            *_UNBIASED,
            int(sensor.kind in RADAR_KINDS),
            int(sensor.kind == "psr" and sensor.range_max_m <= _SURFACE_RANGE_M),
        )
        for sensor in sensors
    ]
    out = np.zeros(len(rows), SENSOR)
    for name, column in zip(SENSOR.names or (), zip(*rows, strict=True), strict=False):
        out[name] = column
    records = out.view(np.recarray)
    survey(records)
    return records


def unnamed_sensors(plots: pa.Table, sensors: Sensors) -> Sensors:
    """Sensors of position plots that are not in the table: position plots need no site to be used."""
    if plots["lat_deg"].null_count == plots.num_rows:
        return ()
    known = {sensor.id for sensor in sensors}
    positions = plots.select(["sensor", "detection"]).filter(plots["lat_deg"].is_valid())
    met: dict[str, SensorKind] = {}
    for pair in (
        positions.set_column(0, "sensor", pc.cast(positions["sensor"], pa.string()))
        .set_column(1, "detection", pc.cast(positions["detection"], pa.string()))
        .group_by(["sensor", "detection"])
        .aggregate([])
        .to_pylist()
    ):
        if pair["sensor"] is not None and pair["sensor"] not in known:
            met[pair["sensor"]] = "mlat" if pair["detection"] in ("mlat", "psr") else "adsb"
    return tuple(
        Sensor(
            id=name,
            kind=kind,
            lat_deg=0.0,
            lon_deg=0.0,
            period_s=1.0,
            sigma_range_m=_UNNAMED_SIGMA_M[kind],
            sigma_azimuth_deg=0.0,
        )
        for name, kind in sorted(met.items())
    )


def plot_records(
    plots: pa.Table, sensors: Sensors, records: Records, frontier_ns: int
) -> tuple[Records, dict[str, int]]:
    """Usable plots as records sorted by time, not placed yet, and how many were not, by reason.

    frontier_ns   plots before it come too late: their window is closed
    """
    size = plots.num_rows
    place, numbers = _numbers(plots)
    whole, flags = np.empty((len(WHOLE), size), np.int64), np.empty((len(FLAGS), size), np.int8)
    # Views of rows: what is changed in them is changed in the tables.
    said: dict[str, NDArray[Any]] = {name: numbers[row] for name, row in zip(NUMBERS, place, strict=True)}
    said.update(zip((*WHOLE, *FLAGS), (*whole, *flags), strict=True))
    index = {sensor.id: i for i, sensor in enumerate(sensors)}
    said["sensor"][:] = _sensor_index(plots["sensor"], index)
    said["time_ns"][:] = _fill(pc.cast(plots["time"], pa.int64()), np.iinfo(np.int64).min)
    said["altitude_m"][~_fill(plots["altitude_valid"], True).astype(bool)] = math.nan
    said["address"][:] = _fill(plots["address"], -1)
    said["mode_3a"][:] = _fill(plots["mode_3a"], -1)
    said["mode_3a_valid"][:] = _fill(plots["mode_3a_valid"], True)
    said["on_ground"][:] = _fill(pc.cast(plots["on_ground"], pa.int8()), -1)
    said["simulated"][:] = _fill(plots["simulated"], False)
    said["primary"][:] = (said["address"] < 0) & (said["mode_3a"] < 0) & np.isnan(said["altitude_m"])
    radar = _unbias(said, sensors)
    said["range_m"][~radar] = math.nan
    told = np.array([sensor.kind == "adsb" for sensor in sensors] or [False])
    adsb = told[np.maximum(said["sensor"], 0)]
    said["sigma_m"][adsb] *= _REPORTED_BOUND
    said["trusted"][:] = _is_trusted(plots, adsb)
    weigh_reports(said, plots, adsb)
    if records.size:
        surface = radar & (records["surface"][np.maximum(said["sensor"], 0)] == 1) & (said["address"] < 0)
        said["on_ground"][surface] = 1

    problems = np.full(size, len(REASONS), np.int8)
    placed = np.where(
        radar,
        np.isfinite(said["azimuth"]) & (said["range_m"] > 0.0),
        (np.abs(said["lat"]) <= math.pi / 2) & np.isfinite(said["lon"]),
    )
    for code, wrong in (
        (4, said["time_ns"] < frontier_ns),
        (3, ~placed),
        (2, said["sensor"] < 0),
        (1, _fill(plots["field_monitor"], False).astype(bool)),
        (0, ~plots["time"].is_valid().to_numpy()),
    ):
        problems[wrong] = code
    ignored = {reason: int(np.count_nonzero(problems == code)) for code, reason in enumerate(REASONS)}
    rows = np.flatnonzero(problems == len(REASONS))
    times = said["time_ns"][rows]
    if not (times[1:] >= times[:-1]).all():
        rows = rows[np.argsort(times, kind="stable")]
    out = np.recarray(rows.size, PLOT)
    enter(rows, place, numbers, whole, flags, callsigns_to_octets(plots["callsign"]), out)
    return out, ignored


def _numbers(plots: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Row of each of NUMBERS in a table, and the table; angles in radians, NaN where nothing is said.

    Numbers that no plot says share row 0, which stays NaN whatever biases are taken off it; `sigma_m`, which
    may be told by other columns, has a row of its own.
    """
    columns = [plots[_COLUMN.get(name, name)] for name in NUMBERS]
    own = [
        name == "sigma_m" or column.null_count < plots.num_rows
        for name, column in zip(NUMBERS, columns, strict=True)
    ]
    place = np.where(own, np.cumsum(own), 0)
    numbers = np.empty((1 + sum(own), plots.num_rows))
    numbers[0] = math.nan
    for name, column, row in zip(NUMBERS, columns, place, strict=True):
        if row:
            numbers[row] = _fill(column, math.nan)
            if name in ("azimuth", "lat", "lon"):
                np.radians(numbers[row], out=numbers[row])
    return place, numbers


def _is_trusted(plots: pa.Table, adsb: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which position reports registration may learn from: ADS-B only if its integrity is told, and good.

    Multilateration measures; it need not be told.
    """
    if not adsb.any():
        return ~adsb
    sigma_m, containment_m = _fill(plots["sigma_m"], math.inf), _fill(plots["containment_m"], math.inf)
    return ~adsb | ((sigma_m <= _TRUSTED_SIGMA_M) & (containment_m <= _TRUSTED_CONTAINMENT_M))


def in_time_order(records: Records, rows: NDArray[np.int64]) -> Records:
    """Some rows of records by time, equal times in their order. Rows move as blocks, not field by field."""
    times = records["time_ns"][rows]
    if not (times[1:] >= times[:-1]).all():
        rows = rows[np.argsort(times, kind="stable")]
    blocks = np.asarray(records).view(np.dtype((np.void, records.dtype.itemsize)))
    return blocks[rows].view(PLOT).view(np.recarray)


def _unbias(out: dict[str, NDArray[Any]], sensors: Sensors) -> NDArray[np.bool_]:
    """Subtract the prior biases; return which plots are a radar's."""
    if not sensors:
        return np.zeros(out["sensor"].size, bool)
    which = np.maximum(out["sensor"], 0)
    bias = np.array([[s.bias.range_m, math.radians(s.bias.azimuth_deg), s.bias.time_s] for s in sensors])
    if bias.any():
        out["range_m"] -= bias[which, 0]
        out["azimuth"] -= bias[which, 1]
        out["time_ns"] -= np.round(bias[which, 2] * 1e9).astype(np.int64)
    rotates = np.array([s.kind in RADAR_KINDS for s in sensors])
    return rotates[which] & (out["sensor"] >= 0) & np.isfinite(out["range_m"])


def _fill(column: pa.ChunkedArray, missing: float) -> NDArray[Any]:
    """A column as numpy, with `missing` where it is null."""
    if column.null_count == len(column):
        return np.full(len(column), missing)
    return (pc.fill_null(column, missing) if column.null_count else column).to_numpy()


def _sensor_index(column: pa.ChunkedArray, index: dict[str, int]) -> NDArray[np.int32]:
    """Each plot's place in the table of sensors, -1 where it has none."""
    parts = [np.zeros(0, np.int32)]
    for chunk in column.chunks:
        encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        places = [index.get(name, -1) for name in encoded.dictionary.to_pylist()]
        table = np.array([*places, -1], np.int32)
        parts.append(table[pc.fill_null(encoded.indices, len(places)).to_numpy()])
    return np.concatenate(parts)


def callsigns_to_octets(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    """Callsigns as eight octets in one integer; 0 where there is none. Longer ones are cut."""
    if column.null_count == len(column):
        return np.zeros(len(column), np.uint64)
    parts = [np.zeros(0, np.uint64)]
    for chunk in column.chunks:
        encoded = chunk.dictionary_encode()
        texts = [
            (text or "").strip().encode("ascii", "replace")[:8] for text in encoded.dictionary.to_pylist()
        ]
        table = np.array([*texts, b""], "S8").view(np.uint64)
        parts.append(table[pc.fill_null(encoded.indices, len(texts)).to_numpy()])
    return np.concatenate(parts)
