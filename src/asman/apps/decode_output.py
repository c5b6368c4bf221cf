"""What `asman decode` writes: NDJSON in file order, or one Parquet or Arrow file a category."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from asman.errors import InputError
from asman.model.decoded import Decoded

ENDINGS: Final = (".ndjson", ".parquet", ".arrow")
#: Records that are turned to text at a time.
CHUNK: Final = 2048
#: JavaScript and jq round integers over so many bits.
EXACT_BITS: Final = 53

#: recording's name -> what was decoded of it
Recordings = dict[str, Decoded]


def write_ndjson(
    decoded: Decoded, out: IO[bytes], *, recording: str = "", limit: int | None = None
) -> int | None:
    """Write one line a record, in file order; nulls are left out, items nest as the specification has it.

    recording  named in each line where it is not empty
    limit      records at most; None all
    returns    what is left of `limit`
    """
    encoder = msgspec.json.Encoder()
    named = {"recording": recording} if recording else {}
    for records in _in_order(decoded):
        some = records if limit is None else records[:limit]
        lines = [encoder.encode(named | record) for record in some]
        if lines:
            out.write(b"\n".join(lines) + b"\n")
        if limit is not None:
            limit -= len(lines)
            if limit == 0:
                return 0
    return limit


def _in_order(decoded: Decoded) -> Iterator[list[dict[str, Any]]]:
    """Give the records of all categories in the order of their octets, chunk by chunk."""
    names = list(decoded.tables)
    if not names:
        return
    offsets = [decoded.tables[name]["offset"].to_numpy() for name in names]
    category = np.repeat(np.arange(len(names)), [one.size for one in offsets])
    order = category[np.argsort(np.concatenate(offsets), kind="stable")]
    plans = [_plan(decoded.tables[name].schema) for name in names]
    done = [0] * len(names)
    for begin in range(0, order.size, CHUNK):
        some = order[begin : begin + CHUNK]
        ready: list[Iterator[dict[str, Any]]] = []
        for k, name in enumerate(names):
            count = int((some == k).sum())
            ready.append(iter(_records(decoded.tables[name].slice(done[k], count), name, plans[k])))
            done[k] += count
        yield [next(ready[k]) for k in some.tolist()]


#: path of a column in a nested record, and how its values are written
Plan = list[tuple[list[str], Callable[[pa.ChunkedArray], list[Any]]]]


def _plan(schema: pa.Schema) -> Plan:
    """Say where columns stand; an item's octets stand beside what was read of them."""
    parts = [name.split("/") for name in schema.names]
    outer = {"/".join(one[:k]) for one in parts for k in range(1, len(one))}
    return [
        ((field.name + "/octets" * (field.name in outer)).split("/"), _values(field))
        for field in schema
        if (field.metadata or {}).get(b"hidden") is None
    ]


def _values(field: pa.Field) -> Callable[[pa.ChunkedArray], list[Any]]:
    """Say how a column's values become JSON's."""
    if pa.types.is_timestamp(field.type):
        return _times
    write = _writer(field)
    if write is None:
        return _plain

    def convert(column: pa.ChunkedArray) -> list[Any]:
        return [None if one is None else write(one) for one in column.to_pylist()]

    return convert


def _plain(column: pa.ChunkedArray) -> list[Any]:
    return column.to_pylist()


def _times(column: pa.ChunkedArray) -> list[Any]:
    if column.null_count == len(column):
        return [None] * len(column)
    text = np.datetime_as_string(column.to_numpy(), unit="ns").tolist()
    return [None if one == "NaT" else one + "Z" for one in text]


def _writer(field: pa.Field) -> Callable[[Any], Any] | None:
    """Say how a value that JSON has no form for is written; None when it stays as it is."""
    meaning = field.metadata or {}
    bits = int(meaning.get(b"bits", b"0"))
    kind = field.type
    if meaning.get(b"format") == b"octal":
        digits = -(-bits // 3)
        return lambda value: f"{value:0{digits}o}"
    if meaning.get(b"format") == b"hexadecimal":
        return lambda value: f"{value:0{bits // 4}x}"
    if pa.types.is_list(kind):
        inner = kind.value_field.with_metadata(meaning) if meaning else kind.value_field
        within = _writer(inner)
        return None if within is None else lambda values: [within(one) for one in values]
    if pa.types.is_struct(kind):
        writers = {one.name: write for one in kind if (write := _writer(one)) is not None}
        if not writers:
            return None
        return lambda value: {
            name: writers[name](one) if name in writers and one is not None else one
            for name, one in value.items()
        }
    if pa.types.is_binary(kind):
        return bytes.hex
    if bits > EXACT_BITS and pa.types.is_uint64(kind):
        return lambda value: f"{value:0{-(-bits // 4)}x}"
    return None


def _records(table: pa.Table, name: str, plan: Plan) -> list[dict[str, Any]]:
    """Nest the columns of a piece of a table into records."""
    head: dict[str, Any] = {"category": int(name[3:])} if name.startswith("CAT") else {"table": name}
    rows: list[dict[str, Any]] = [dict(head) for _ in range(table.num_rows)]
    shown = [
        column
        for field, column in zip(table.schema, table.columns, strict=True)
        if (field.metadata or {}).get(b"hidden") is None
    ]
    for (path, values), column in zip(plan, shown, strict=True):
        if len(path) == 1:
            name = path[0]
            for row, value in zip(rows, values(column), strict=True):
                if value is not None:
                    row[name] = value
            continue
        *outer, name = path
        for row, value in zip(rows, values(column), strict=True):
            if value is not None:
                place = row
                for step in outer:
                    place = place.setdefault(step, {})
                place[name] = value
    return rows


def write_tables(recordings: Recordings, output: Path, *, limit: int | None = None) -> list[Path]:
    """Write Parquet or Arrow: to `output` itself for one category, else to one file a category beside it."""
    import pyarrow.feather
    import pyarrow.parquet

    names = sorted({name for decoded in recordings.values() for name in decoded.tables})
    written: list[Path] = []
    for name in names:
        path = output if len(names) == 1 else output.with_suffix(f".{name}{output.suffix}")
        table = joined(recordings, name)
        table = table if limit is None else table.slice(0, limit)
        if name.startswith("CAT"):  # whoever encodes it again need not be told
            table = table.replace_schema_metadata(
                {**(table.schema.metadata or {}), "asman.category": name[3:]}
            )
        hidden = [one.name for one in table.schema if (one.metadata or {}).get(b"hidden") is not None]
        table = table.drop_columns(hidden) if hidden else table
        if output.suffix == ".parquet":
            pyarrow.parquet.write_table(table, path, compression="zstd")
        else:
            pyarrow.feather.write_feather(table, str(path), compression="zstd")
        written.append(path)
    return written


def joined(recordings: Recordings, name: str) -> pa.Table:
    """Put the records of one category of several recordings together; `recording` says whose."""
    if len(recordings) == 1:
        return next(iter(recordings.values())).tables[name]
    tables: list[pa.Table] = []
    for recording, decoded in recordings.items():
        if name in decoded.tables:
            table = decoded.tables[name]
            label = pa.DictionaryArray.from_arrays(np.zeros(table.num_rows, np.int32), pa.array([recording]))
            tables.append(table.add_column(0, "recording", label))
    try:
        return pa.concat_tables(tables, promote_options="default")
    except pa.ArrowInvalid as error:
        problem = f"the recordings hold {name} in editions whose columns differ: {error}"
        raise InputError(", ".join(recordings), problem, "Decode them one by one") from error
