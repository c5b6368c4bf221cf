"""Payloads of batches, one form a data class: tables as quantised columns, compressed, bounded.

    rows (uint32), base time (int64 ns), columns one after another in the order of the schema

Places in 1e-7 degrees, times in steps of 10 microseconds, other quantities as 32-bit floats, words through a
list of those used. Tracks have a denser form (`wire.contribution`). Origin and label stand in the batch's
signed header, not here. Octets of a partner are not trusted: what cannot be such a table is refused whole.
"""

import struct
from collections.abc import Mapping
from typing import Any, Final, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import FeedError
from asman.model.agreement import Category, DataClass, Identity
from asman.model.contribution import SCHEMAS
from asman.model.plots import TIME
from asman.wire import contribution
from asman.wire.contribution import MOST_ROWS, TIME_NS, packed, unpacked

#: Words of one column, and octets of one of them, at most.
MOST_WORDS: Final = 100_000
MOST_WORD_OCTETS: Final = 2_000
_HEAD: Final = struct.Struct("<Iq")
_WORDS: Final = struct.Struct("<II")
_NO_LONG: Final = np.iinfo(np.int64).min
_NO_PLACE: Final = np.iinfo(np.int32).min
_NO_WORD: Final = 2**32 - 1
_PLACES: Final[Mapping[str, float]] = {"lat_deg": 90.0, "lon_deg": 180.0}
_HEADER: Final = ("origin", "label")
#: Columns that hold one of a few words; anything else is refused.
_KNOWN: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("identity", "value"): frozenset((*get_args(Identity), "withdrawn")),
    ("identity", "category"): frozenset(get_args(Category)),
    ("warnings", "severity"): frozenset(("ADVISORY", "CAUTION", "WARNING")),
    ("warnings", "state"): frozenset(("active", "acknowledged", "assigned", "resolved", "closed")),
    ("tasks", "verb"): frozenset(("propose", "accept", "reject", "standby", "assume", "request", "decide")),
    ("health", "kind"): frozenset(("psr", "ssr", "modes", "adsb", "mlat")),
    ("health", "state"): frozenset(("ok", "silent", "degraded")),
}

#: Columns without which a row says nothing: a batch with such a row is refused.
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "plots": ("time", "sensor"),
    "identity": ("time", "assertion", "value"),
    "warnings": ("time", "warning", "code", "state"),
    "tasks": ("time", "task", "verb", "subject"),
    "coverage": ("time", "lat_deg", "lon_deg", "step_lat_deg", "step_lon_deg"),
    "health": ("time", "sensor", "state"),
}


def encode(what: DataClass, table: pa.Table) -> bytes:
    """Rows of SCHEMAS[what] as octets. Raises ValueError beyond `MOST_ROWS`, or for unknown words."""
    if what == "tracks":
        return contribution.encode(table)
    if len(table) > MOST_ROWS:
        raise ValueError(f"{len(table):,} rows; {MOST_ROWS:,} are the most of a batch")
    table = table.select(SCHEMAS[what].names).cast(SCHEMAS[what]).combine_chunks()
    times = table["time"].cast(pa.int64()).fill_null(0).to_numpy()
    base_ns = int(times.min(initial=2**62)) // TIME_NS * TIME_NS if len(table) else 0
    parts = [_HEAD.pack(len(table), base_ns)]
    for field in SCHEMAS[what]:
        if field.name not in _HEADER:
            parts.append(_coded(what, field, table[field.name], base_ns))
    return packed(b"".join(parts))


def decode(what: DataClass, octets: bytes, origin: str, label: str) -> pa.Table:
    """Rows of a partner's octets, under the origin and label of their header. Raises FeedError."""
    if what == "tracks":
        return contribution.decode(octets, origin, label)
    reader = _Reader(unpacked(octets))
    rows, base_ns = reader.head()
    columns: dict[str, Any] = {"origin": [origin] * rows, "label": [label] * rows}
    for field in SCHEMAS[what]:
        if field.name not in _HEADER:
            columns[field.name] = _decoded(what, field, reader, rows, base_ns)
    reader.end()
    arrays = [
        one if isinstance(one, pa.Array) else pa.array(one, field.type)
        for field, one in ((field, columns[field.name]) for field in SCHEMAS[what])
    ]
    table = pa.Table.from_arrays(arrays, schema=SCHEMAS[what])
    for name in _NEEDED[what]:
        _need(not table[name].null_count, f"has rows of {what} without {name}")
    return table


def _coded(what: DataClass, field: pa.Field, column: Any, base_ns: int) -> bytes:
    """One column's octets."""
    if field.type == TIME:
        times = column.cast(pa.int64())
        steps = np.floor_divide(times.fill_null(base_ns).to_numpy() - base_ns, TIME_NS)
        return np.where(column.is_null().to_numpy(), _NO_LONG, steps).astype("<i8").tobytes()
    if field.name in _PLACES:
        values = column.to_numpy().astype(np.float64)
        return (
            np.where(np.isnan(values), _NO_PLACE, np.rint(np.nan_to_num(values) * 1e7))
            .astype("<i4")
            .tobytes()
        )
    if pa.types.is_floating(field.type):
        return column.to_numpy().astype("<f4").tobytes()
    if pa.types.is_boolean(field.type):
        return column.cast(pa.int8()).fill_null(2).to_numpy().astype("u1").tobytes()
    if pa.types.is_integer(field.type):
        return column.cast(pa.int64()).fill_null(_NO_LONG).to_numpy().astype("<i8").tobytes()
    return _words_coded(what, field.name, column.to_pylist())


def _words_coded(what: DataClass, name: str, words: list[str | None]) -> bytes:
    used = sorted({one for one in words if one is not None})
    known = _KNOWN.get((what, name))
    strange = [one for one in used if known is not None and one not in known]
    if strange:
        raise ValueError(f"{what}: '{strange[0]}' is no {name}; there are {', '.join(sorted(known or ()))}")
    said = "\0".join(one.replace("\0", " ")[: MOST_WORD_OCTETS // 4] for one in used).encode()
    place = {one: k for k, one in enumerate(used)}
    codes = np.array([_NO_WORD if one is None else place[one] for one in words], "<u4")
    return _WORDS.pack(len(used), len(said)) + said + codes.tobytes()


def _decoded(what: DataClass, field: pa.Field, reader: "_Reader", rows: int, base_ns: int) -> Any:
    """One column of octets that nobody trusts."""
    if field.type == TIME:
        steps = reader.column("<i8", rows)
        missing = steps == _NO_LONG
        _need((np.abs(np.where(missing, 0, steps)) < 2**48).all(), "tells times that cannot be")
        values = base_ns + np.where(missing, 0, steps) * TIME_NS
        return pa.array(values, mask=missing).cast(TIME)
    if field.name in _PLACES:
        steps = reader.column("<i4", rows)
        values = np.where(steps == _NO_PLACE, np.nan, steps / 1e7)
        _need(
            (np.abs(np.nan_to_num(values)) <= _PLACES[field.name]).all(), "holds places that are not on earth"
        )
        return pa.array(values, from_pandas=True)
    if pa.types.is_floating(field.type):
        values = reader.column("<f4", rows).astype(np.float64)
        _need(not np.isinf(values).any(), "holds quantities without end")
        return pa.array(values, from_pandas=True)
    if pa.types.is_boolean(field.type):
        values = reader.column("u1", rows)
        _need((values <= 2).all(), "holds truth that is neither")
        return pa.array(values == 1, mask=values == 2)
    if pa.types.is_integer(field.type):
        values = reader.column("<i8", rows)
        missing = values == _NO_LONG
        width = np.iinfo(field.type.to_pandas_dtype())
        inside = (values >= width.min) & (values <= width.max)
        _need((inside | missing).all(), f"holds numbers that are no {field.name}")
        return pa.array(np.where(missing, 0, values).astype(width.dtype), mask=missing)
    words = reader.words()
    known = _KNOWN.get((what, field.name))
    _need(known is None or known.issuperset(words), f"holds words that are no {field.name}")
    codes = reader.column("<u4", rows)
    _need(((codes < len(words)) | (codes == _NO_WORD)).all(), "names words that it does not hold")
    return [None if code == _NO_WORD else words[code] for code in codes.tolist()]


def _need(sound: Any, otherwise: str) -> None:
    if not bool(sound):
        raise FeedError(f"a contribution {otherwise}")


class _Reader:
    """Octets from the front to the end, and never beyond."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def head(self) -> tuple[int, int]:
        rows, base_ns = _HEAD.unpack(self._take(_HEAD.size))
        _need(
            rows <= MOST_ROWS and abs(base_ns) <= 2**62, "has more rows, or a later time, than there can be"
        )
        return rows, base_ns

    def column(self, kind: str, rows: int) -> NDArray[Any]:
        return np.frombuffer(self._take(rows * np.dtype(kind).itemsize), kind)

    def words(self) -> list[str]:
        count, length = _WORDS.unpack(self._take(_WORDS.size))
        _need(count <= MOST_WORDS, "holds more words than a batch can")
        try:
            said = self._take(length).decode()
        except UnicodeDecodeError as error:
            raise FeedError("a contribution's words are not UTF-8") from error
        words = said.split("\0") if count else []
        _need(len(words) == count and (count > 0 or not said), "holds other words than it says")
        _need(all(len(one) <= MOST_WORD_OCTETS for one in words), "holds words that are too long")
        return words

    def end(self) -> None:
        _need(self._at == len(self._octets), "is longer than its rows")

    def _take(self, count: int) -> bytes:
        _need(self._at + count <= len(self._octets), "is cut off")
        taken = self._octets[self._at : self._at + count]
        self._at += count
        return taken
