"""Truth and tracks from tables to arrays, with whatever columns there are.

Only time, the identity and the position are needed. Every other column is optional: what cannot be judged
for want of it is said in the report's notes, not guessed.
"""

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asman.errors import InputError, nearest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Stands for a missing time.
NO_TIME: Final = int(np.iinfo(np.int64).min)
NUMBERS: Final = (
    "altitude_m", "pressure_altitude_m", "vn_mps", "ve_mps", "vu_mps", "climb_mps",
    "var_e_m2", "var_n_m2", "cov_en_m2",
)  # fmt: skip
CODES: Final = ("address", "mode_3a", "callsign")
GROUPS: Final = ("class", "member", "origin")


@dataclass(frozen=True, slots=True)
class Codes:
    """A column of names or codes: `code` (N,) indexes `names`; -1 is missing."""

    code: Ints
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """One table, sorted by identity, then time.

    time_ns  (N,)  ns   since 1970 UTC
    start    (I + 1,)   rows of identity i are start[i] : start[i + 1]
    label    (I,)       identities as the table has them
    lat, lon (N,)  rad
    numbers  column -> (N,), NaN where null; only the columns there are
    codes    column -> names and codes; only the columns there are
    plot_time_ns  (N,)  ns  column last_plot_time, None where there is none
    observable    (N,)  column observable, None where there is none: False is not judged
    counted  what was left out, and why: (words, count)
    """

    time_ns: Ints
    start: Ints
    label: tuple[str, ...]
    lat: Floats
    lon: Floats
    numbers: dict[str, Floats]
    codes: dict[str, Codes]
    plot_time_ns: Ints | None
    observable: Flags | None
    counted: tuple[tuple[str, int], ...]

    def number(self, name: str) -> Floats:
        """Return a column, all NaN where the table has none."""
        return self.numbers[name] if name in self.numbers else np.full(self.lat.size, np.nan)


def read_rows(table: pa.Table, identity: str, item: str, *, confirmed_only: bool = False) -> Rows:
    """Take the columns out of `table`; rows without time, identity or position are left out and counted.

    Raises InputError, naming `item` and the column, where a needed column is absent or of the wrong kind.
    """
    _need(table, item, ("time", identity, "lat_deg", "lon_deg"))
    counted: list[tuple[str, int]] = list(told(table).items())
    if confirmed_only and "confirmed" in table.column_names:
        keep = pc.fill_null(_cast(table, "confirmed", pa.bool_(), item), fill_value=False)
        counted.append(("reports of unconfirmed tracks are left out", table.num_rows - _true(keep)))
        table = table.filter(keep)
    time_ns = _times(table, "time", item)
    lat, lon = _numbers(table, "lat_deg", item), _numbers(table, "lon_deg", item)
    who = _codes(table, identity)
    whole = (time_ns != NO_TIME) & np.isfinite(lat) & np.isfinite(lon) & (who.code >= 0)
    counted.append(("rows without time, identity or position are left out", int((~whole).sum())))
    wrong = whole & ((np.abs(lat) > 90.0) | (np.abs(lon) > 360.0))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(
            item,
            f"row {at} has lat_deg {lat[at]:g}, lon_deg {lon[at]:g}: not degrees on the globe",
            "Latitude is -90 to 90 and longitude -180 to 180, in degrees.",
        )
    rows = np.flatnonzero(whole)
    rows = rows[np.lexsort((time_ns[rows], who.code[rows]))]
    again = np.zeros(rows.size, bool)
    if rows.size:
        again[:-1] = (time_ns[rows][1:] == time_ns[rows][:-1]) & (who.code[rows][1:] == who.code[rows][:-1])
    counted.append(("rows with the same identity and time as a later row are left out", int(again.sum())))
    rows = rows[~again]
    present, index = np.unique(who.code[rows], return_inverse=True)
    return Rows(
        time_ns=time_ns[rows],
        start=np.concatenate([[0], np.cumsum(np.bincount(index, minlength=present.size))]).astype(np.int64),
        label=tuple(who.names[i] for i in present),
        lat=np.radians(lat[rows]),
        lon=np.radians(lon[rows]),
        numbers={n: _numbers(table, n, item)[rows] for n in NUMBERS if n in table.column_names},
        codes={n: _picked(_codes(table, n), rows) for n in CODES + GROUPS if n in table.column_names},
        plot_time_ns=(
            _times(table, "last_plot_time", item)[rows] if "last_plot_time" in table.column_names else None
        ),
        observable=_flags(table, "observable", item)[rows] if "observable" in table.column_names else None,
        counted=tuple((words, count) for words, count in counted if count),
    )


def told(table: pa.Table) -> dict[str, int]:
    """What whoever made the table left out or noticed: words -> count, from its metadata `asman.counted`."""
    written = (table.schema.metadata or {}).get(b"asman.counted")
    return {} if written is None else msgspec.json.decode(written, type=dict[str, int])


def _need(table: pa.Table, item: str, columns: tuple[str, ...]) -> None:
    for name in columns:
        if name not in table.column_names:
            near = nearest(name, table.column_names) if table.column_names else "It has no columns."
            raise InputError(item, f"column '{name}' is missing", near)


def _cast(table: pa.Table, name: str, kind: pa.DataType, item: str) -> pa.ChunkedArray:
    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        return column.cast(kind, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            item, f"column '{name}' is {column.type} and cannot be read as {kind}", f"({error})"
        ) from error


def _numbers(table: pa.Table, name: str, item: str) -> Floats:
    column = pc.fill_null(_cast(table, name, pa.float64(), item), float("nan"))
    return np.asarray(column.to_numpy(), np.float64)


def _flags(table: pa.Table, name: str, item: str) -> Flags:
    """A column of yes and no; null is no."""
    column = pc.fill_null(_cast(table, name, pa.bool_(), item), fill_value=False)
    return np.asarray(column.to_numpy(), np.bool_)


def _times(table: pa.Table, name: str, item: str) -> Ints:
    """Nanoseconds since 1970, of a timestamp or ISO text (UTC if no zone is said), or seconds as a number."""
    column = table.column(name)
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        seconds = _numbers(table, name, item)
        known = np.isfinite(seconds)
        return np.where(known, np.round(np.where(known, seconds, 0.0) * 1e9), NO_TIME).astype(np.int64)
    stamps = _cast(table, name, pa.timestamp("ns", tz="UTC"), item)
    whole = pc.fill_null(stamps.cast(pa.int64()), NO_TIME)
    return np.asarray(whole.to_numpy(), np.int64)


def _codes(table: pa.Table, name: str) -> Codes:
    column = table.column(name)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # an empty table has no chunk to combine
        return Codes(np.zeros(0, np.int64), ())
    code = np.asarray(
        pc.fill_null(whole.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False), np.int64
    )
    return Codes(code, tuple(str(value) for value in whole.dictionary.to_pylist()))


def _picked(codes: Codes, rows: Ints) -> Codes:
    return Codes(codes.code[rows], codes.names)


def _true(flags: pa.ChunkedArray) -> int:
    return int(np.count_nonzero(flags.to_numpy()))
