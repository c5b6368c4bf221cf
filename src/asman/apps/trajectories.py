"""Trajectory files to fly: JSON rows as archives of ADS-B write them, CSV, Parquet, Arrow, our own truth.

Whatever the file calls them, the columns become those of `asman.model.trajectories`, in their units. Nothing
is cleaned here: that is the exercise's part, which counts it.
"""

import gzip
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import csv, ipc

from asman.errors import InputError, nearest
from asman.model.trajectories import TRAJECTORIES
from asman.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS

#: pyarrow makes its compute functions while it is imported, where no type checker can see them.
pc: Final[Any] = import_module("pyarrow.compute")

#: What archives call each column, the surest name first, and the unit's factor. The names without a unit in
#: them are those of the `traffic` package (feet, knots, feet a minute) and of OpenSky's tables (SI).
_NUMBERS: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "lat_deg": (("lat_deg", 1.0), ("latitude", 1.0), ("lat", 1.0)),
    "lon_deg": (("lon_deg", 1.0), ("longitude", 1.0), ("lon", 1.0)),
    "altitude_m": (
        ("altitude_m", 1.0), ("pressure_altitude_m", 1.0), ("geometric_altitude_m", 1.0),
        ("altitude_ft", FOOT_M), ("altitude", FOOT_M), ("baroaltitude", 1.0),
    ),
    "speed_mps": (
        ("speed_mps", 1.0), ("groundspeed_kt", KNOT_MPS), ("groundspeed", KNOT_MPS), ("velocity", 1.0),
    ),
    "track_deg": (("track_deg", 1.0), ("track", 1.0), ("heading", 1.0)),
    "climb_mps": (
        ("climb_mps", 1.0), ("vu_mps", 1.0), ("vertical_rate", FOOT_PER_MINUTE_MPS), ("vertrate", 1.0),
    ),
}  # fmt: skip
#: The time of the position itself is better than the time of the row.
_TIMES: Final = ("last_position", "lastposupdate", "timestamp", "time")
_FLIGHTS: Final = ("flight", "flight_id", "aircraft")
_ADDRESSES: Final = ("address", "icao24")
_GROUND: Final = ("on_ground", "onground")
#: Numbers of time above these are in milli-, micro- or nanoseconds: the year 2603 in seconds.
_TIME_UNITS: Final = ((2e16, 1.0), (2e13, 1e3), (2e10, 1e6), (0.0, 1e9))


def read_trajectories(path: str | Path) -> pa.Table:
    """Read a trajectory file as TRAJECTORIES rows.

    JSON (also .json.gz) holds a list of rows, or an object of columns. What is needed is a time, a latitude
    and a longitude, and an altitude; who flies is told by flight_id, or by icao24 and callsign, or aircraft.

    Raises InputError, naming the file, the column and the mend.
    """
    item = str(path)
    raw = _read(Path(path), item)
    if raw.num_rows == 0:
        raise InputError(item, "holds no rows", "Give a file with recorded trajectories.")
    columns = {"time": _time(raw, item), "flight": _flight(raw, item)}
    columns["address"] = _address(raw, item)
    columns["callsign"] = _callsign(raw, item)
    for name in _NUMBERS:
        columns[name] = _number(raw, name, item)
    _from_components(raw, columns, item)
    columns["on_ground"] = _on_ground(raw, item)
    _check_degrees(columns, item)
    return pa.table(columns, schema=TRAJECTORIES)


def _read(path: Path, item: str) -> pa.Table:
    if not path.is_file():
        raise InputError(item, "there is no such file", "Check the path.")
    name = path.name.lower()
    readers = {
        (".json", ".json.gz"): _read_json, (".csv", ".csv.gz"): csv.read_csv,
        (".parquet",): pq.read_table, (".arrow", ".feather", ".ipc"): _read_arrow,
    }  # fmt: skip
    for endings, reader in readers.items():
        if name.endswith(endings):
            try:
                return reader(path)
            except (pa.ArrowInvalid, pa.ArrowTypeError, OSError, EOFError, msgspec.DecodeError) as error:
                raise InputError(item, f"cannot be read as {endings[0][1:]}: {error}") from error
    known = ", ".join(ending for endings in readers for ending in endings)
    raise InputError(item, "its ending is not known", f"Known: {known}.")


def _read_arrow(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as octets:
        try:
            return ipc.open_file(octets).read_all()
        except pa.ArrowInvalid:
            return ipc.open_stream(octets).read_all()


def _read_json(path: Path) -> pa.Table:
    octets = path.read_bytes()
    if octets[:2] == b"\x1f\x8b":
        octets = gzip.decompress(octets)
    raw = msgspec.json.decode(octets)
    if isinstance(raw, dict):
        return _table_of_columns(raw)
    if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
        raise pa.ArrowInvalid("neither a list of rows nor an object of columns")
    names: dict[str, None] = {}
    for row in raw:
        names.update(dict.fromkeys(row))
    return pa.table({name: _array([row.get(name) for row in raw]) for name in names})


def _table_of_columns(raw: dict[str, Any]) -> pa.Table:
    """Columns as lists, or as objects from row number to value (what pandas writes)."""
    columns: dict[str, pa.Array] = {}
    rows: dict[str, None] = {}
    for column in raw.values():
        if isinstance(column, dict):
            rows.update(dict.fromkeys(column))
    for name, column in raw.items():
        if isinstance(column, dict):
            columns[name] = _array([column.get(row) for row in rows])
        elif isinstance(column, list):
            columns[name] = _array(column)
        else:
            raise pa.ArrowInvalid(f"'{name}' is neither a list nor an object of rows")
    return pa.table(columns)


def _array(values: list[Any]) -> pa.Array:
    """A column of whatever the values are; text where they are mixed."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values])


def _cast(column: pa.ChunkedArray, kind: pa.DataType, name: str, item: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        return column.cast(kind, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            item, f"column '{name}' is {column.type} and cannot be read as {kind}", f"({error})"
        ) from error


def _first(raw: pa.Table, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in raw.column_names), None)


def _need(raw: pa.Table, names: tuple[str, ...], what: str, item: str) -> str:
    name = _first(raw, names)
    if name is None:
        raise InputError(
            item,
            f"no column tells the {what}: none of {', '.join(names)} is there",
            nearest(names[-1], raw.column_names),
        )
    return name


def _time(raw: pa.Table, item: str) -> pa.ChunkedArray:
    """The first time that each row has."""
    _need(raw, _TIMES, "time", item)
    return pc.coalesce(*(_instants(raw, name, item) for name in _TIMES if name in raw.column_names))


def _instants(raw: pa.Table, name: str, item: str) -> pa.ChunkedArray:
    """Timestamps, ISO text (UTC if no zone is said), or numbers since 1970: s, ms, µs or ns by their size."""
    column, kind = raw[name], TRAJECTORIES.field("time").type
    if pa.types.is_integer(column.type):
        whole = _cast(column, pa.int64(), name, item)
        factor = int(_time_unit(pc.drop_null(whole).to_numpy()))
        try:
            return pc.multiply_checked(whole, factor).cast(kind)
        except pa.ArrowInvalid as error:
            raise InputError(item, f"column '{name}' holds no times: {error}") from error
    if not pa.types.is_floating(column.type):
        try:
            return _cast(column, kind, name, item)
        except InputError:
            # Arrow insists on a zone in text; a timestamp without one it takes for UTC.
            return _cast(_cast(column, pa.timestamp("ns"), name, item), kind, name, item)
    values = np.asarray(pc.fill_null(column, float("nan")).to_numpy(), np.float64)
    values = np.where(np.abs(values) < 2**63, values, np.nan)  # what is a time in no unit
    factor = _time_unit(values[np.isfinite(values)])
    known = np.abs(values) * factor < 2**63
    ns = np.round(np.where(known, values, 0.0) * factor).astype(np.int64)
    return pa.chunked_array([pa.array(ns, mask=~known)]).cast(kind)


def _time_unit(values: NDArray[Any]) -> float:
    """Nanoseconds in the unit of a column of times."""
    size = float(np.median(np.abs(np.asarray(values, np.float64)))) if values.size else 0.0
    return next(factor for least, factor in _TIME_UNITS if size >= least or least == 0.0)


def _text(raw: pa.Table, name: str, item: str) -> pa.ChunkedArray:
    """A column as text without padding; empty is null."""
    words = pc.utf8_trim_whitespace(_cast(raw[name], pa.string(), name, item))
    return pc.if_else(pc.equal(words, ""), None, words)


def _flight(raw: pa.Table, item: str) -> pa.ChunkedArray:
    """One name a flight: what the file calls it, else address and callsign together."""
    name = _first(raw, _FLIGHTS)
    if name is not None:
        return _text(raw, name, item)
    parts = [_text(raw, one, item) for one in ("icao24", "address", "callsign") if one in raw.column_names]
    if not parts:
        _need(raw, (*_FLIGHTS, *_ADDRESSES, "callsign"), "flight", item)
    rows = zip(*(part.to_pylist() for part in parts), strict=True)
    return pa.chunked_array([pa.array([" ".join(filter(None, row)) or None for row in rows], pa.string())])


def _address(raw: pa.Table, item: str) -> pa.ChunkedArray:
    name = _first(raw, _ADDRESSES)
    if name is None:
        return pa.chunked_array([pa.nulls(raw.num_rows, pa.int32())])
    if pa.types.is_integer(raw[name].type) and name == "address":
        return _cast(raw[name], pa.int32(), name, item)
    return pa.chunked_array(
        [pa.array([_hex(word) for word in _text(raw, name, item).to_pylist()], pa.int32())]
    )


def _hex(word: str | None) -> int | None:
    """A 24-bit address written in hexadecimal; null where it is none (archives mark made-up ones)."""
    try:
        value = int(word or "", 16)
    except ValueError:
        return None
    return value if 0 < value < 1 << 24 else None


def _callsign(raw: pa.Table, item: str) -> pa.ChunkedArray:
    if "callsign" not in raw.column_names:
        return pa.chunked_array([pa.nulls(raw.num_rows, pa.string())])
    return _text(raw, "callsign", item)


def _number(raw: pa.Table, target: str, item: str) -> pa.ChunkedArray:
    for name, factor in _NUMBERS[target]:
        if name in raw.column_names:
            return pc.multiply(_cast(raw[name], pa.float64(), name, item), factor)
    if target in ("lat_deg", "lon_deg", "altitude_m"):
        _need(raw, tuple(name for name, _ in _NUMBERS[target]), target.split("_", maxsplit=1)[0], item)
    return pa.chunked_array([pa.nulls(raw.num_rows, pa.float64())])


def _from_components(raw: pa.Table, columns: dict[str, Any], item: str) -> None:
    """Speed and track of velocities north and east, where the file has those (our own truth and tracks)."""
    if not {"vn_mps", "ve_mps"} <= set(raw.column_names) or "speed_mps" in raw.column_names:
        return
    north, east = (_cast(raw[name], pa.float64(), name, item) for name in ("vn_mps", "ve_mps"))
    columns["speed_mps"] = pc.sqrt(pc.add(pc.multiply(north, north), pc.multiply(east, east)))
    columns["track_deg"] = pc.multiply(pc.atan2(east, north), 180.0 / np.pi)


def _on_ground(raw: pa.Table, item: str) -> pa.ChunkedArray:
    name = _first(raw, _GROUND)
    if name is None:
        return pa.chunked_array([pa.nulls(raw.num_rows, pa.bool_())])
    return _cast(raw[name], pa.bool_(), name, item)


def _check_degrees(columns: dict[str, Any], item: str) -> None:
    for name, most in (("lat_deg", 90.0), ("lon_deg", 360.0)):
        least = pc.max(pc.abs(columns[name])).as_py()
        if least is None:
            raise InputError(item, f"column for {name} has no value in any row", "Give recorded positions.")
        if least > most:
            raise InputError(
                item, f"{name} reaches {least:g}: not degrees on the globe", f"It must be within {most:g}."
            )
