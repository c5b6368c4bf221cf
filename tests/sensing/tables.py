"""Decoded tables made by hand, after docs/reference/decoded-tables.md."""

from typing import Any

import pyarrow as pa

from asman.model.decoded import REJECTED, Decoded

_TYPES = {
    "time": pa.timestamp("ns", "UTC"),
    "offset": pa.int64(),
    "block": pa.int64(),
    "I220": pa.int32(),
    "I080": pa.int32(),
    "I070/MODE3A": pa.int16(),
    "I060/MODE3A": pa.int16(),
}


def _kind(name: str, values: list[Any]) -> pa.DataType | None:
    said = [value for value in values if value is not None]
    if name in _TYPES:
        return _TYPES[name]
    return pa.uint8() if said and all(isinstance(value, int) for value in said) else None


def table(rows: list[dict[str, Any]], first_offset: int = 0) -> pa.Table:
    """One record a row; a leaf that a row does not name is null."""
    rows = [{"offset": first_offset + 48 * i, "block": first_offset, **row} for i, row in enumerate(rows)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pa.table({name: pa.array(values, _kind(name, values)) for name, values in columns.items()})


def decoded(**tables: pa.Table) -> Decoded:
    """What `decode` would give of these tables."""
    return Decoded(tables=tables, rejected=REJECTED.empty_table(), editions={}, framing="raw", octets=0)
