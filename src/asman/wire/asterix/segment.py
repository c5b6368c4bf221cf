"""Finished columns of up to some ten thousand records, and the Arrow arrays over them.

A segment's arrays are allocated once, larger than needed; the kernels write each value once, and Arrow takes
the columns that any record filled, without copying. What nobody touched costs address space only.
"""

from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.asterix_columns import (
    ASCII,
    FLOAT,
    ICAO,
    INT8,
    INT16,
    INT32,
    INT64,
    Out,
    mark_cases,
    scale,
    scale_children,
)
from asman.kernels.asterix_program import NOTES, STRETCH_BITS
from asman.wire.asterix.columns import Column
from asman.wire.asterix.layout import Layout
from asman.wire.asterix.work import Work

#: kind -> Arrow's unsigned and signed type
INTEGERS = {
    INT8: (pa.uint8(), pa.int8()),
    INT16: (pa.uint16(), pa.int16()),
    INT32: (pa.uint32(), pa.int32()),
    INT64: (pa.uint64(), pa.int64()),
}


class Segment(NamedTuple):
    """Room for `rows` records of one layout, and for `children` of each of its repetitions.

    out, inner  columns of records and of repetitions' leaves
    ends        (R, rows + 1) int32  where each record's repetitions end
    records     (rows, 3) int64  octet where the record begins, octets, index of its block
    batches     of each batch: first row, the row after its last, which groups it has
    """

    rows: int
    children: int
    out: Out
    inner: Out
    ends: NDArray[np.int32]
    records: NDArray[np.int64]
    batches: list[tuple[int, int, NDArray[np.int64]]]


def make_segment(layout: Layout, rows: int, children: int) -> Segment:
    """Allocate a segment."""
    return Segment(
        rows,
        children,
        _out(layout.slots, layout.groups, rows),
        _out(layout.child_slots, len(layout.repetitions), children if layout.repetitions else 0),
        np.zeros((len(layout.repetitions), rows + 1), np.int32),
        np.empty((rows, 3), np.int64),
        [],
    )


def _out(slots: tuple[int, ...], groups: int, rows: int) -> Out:
    strings = slots[ICAO] + slots[ASCII]
    return Out(
        valid=np.zeros((groups, rows // 8 + 9), np.uint8),
        rows_with=np.zeros(groups, np.int64),
        f64=np.empty((slots[FLOAT], rows), np.float64),
        u8=np.empty((slots[INT8], rows), np.uint8),
        u16=np.empty((slots[INT16], rows), np.uint16),
        u32=np.empty((slots[INT32], rows), np.uint32),
        u64=np.empty((slots[INT64], rows), np.uint64),
        ends=np.zeros((strings, rows + 1), np.int32),
        text=np.empty((strings, rows * 8), np.uint8),
    )


def append(segment: Segment, layout: Layout, work: Work, rows: int, first: int) -> None:
    """Scale a batch of `rows` records into the segment's rows from `first` on."""
    segment.records[first : first + rows] = work.records[:rows]
    batch = (work.cells, work.present, work.notes, work.sizes, rows)
    if layout.repetitions:
        scaling = (layout.repeated, layout.child_scaling, layout.child_lsbs, work.ones)
        scale_children(*batch, *scaling, segment.ends, segment.inner, first)
    if layout.cases.size:
        mark_cases(*batch, layout.cases)
    filled = work.notes[NOTES + work.sizes.repetitions :]
    segment.batches.append((first, first + rows, filled.copy()))
    scale(*batch, layout.scaling, layout.lsbs, segment.out, first)


def arrays(
    segment: Segment, layout: Layout, rows: int, octets: NDArray[np.uint8]
) -> dict[pa.Field, pa.Array]:
    """Return the columns that any record of the segment filled, in the order of the specification."""
    made: dict[pa.Field, pa.Array] = {}
    counts = segment.out.rows_with.tolist()
    maps = {
        group: pa.py_buffer(segment.out.valid[group])
        for group, count in enumerate(counts)
        if 0 < count < rows
    }
    for what, index in layout.order:
        if what == "column":
            column = layout.columns[index]
            count = counts[column.group]
            if count:
                valid = None if count == rows else maps[column.group]
                _blank(segment, column)
                made[field(column)] = leaf(segment.out, column, rows, valid, rows - count, octets)
            continue
        group = int(layout.repeated[index, 0])
        if counts[group]:
            valid = None if counts[group] == rows else maps[group]
            values = children(segment, layout, index, octets)
            ends = pa.py_buffer(segment.ends[index])
            kind = pa.list_(values.type)
            nulls = rows - counts[group]
            made[_list_field(layout, index, kind)] = pa.Array.from_buffers(
                kind, rows, [valid, ends], nulls, children=[values]
            )
    return made


def _blank(segment: Segment, column: Column) -> None:
    """Write zeros where no batch has written: what a null hides is the same in every run."""
    out = segment.out
    data = {FLOAT: out.f64, INT8: out.u8, INT16: out.u16, INT32: out.u32, INT64: out.u64}.get(column.kind)
    if data is None:
        return
    for first, end, filled in segment.batches:
        if not filled[column.group]:
            data[column.slot, first:end] = 0


def leaf(
    out: Out, column: Column, rows: int, valid: pa.Buffer | None, nulls: int, octets: NDArray[np.uint8]
) -> pa.Array:
    """Return one column as an Arrow array over the segment's memory."""
    slot = column.slot
    if column.binary:
        return stretches(out.u64[slot, :rows], valid, nulls, octets, text=column.content.kind == "string")
    if column.kind == FLOAT:
        return pa.Array.from_buffers(pa.float64(), rows, [valid, pa.py_buffer(out.f64[slot])], nulls)
    if column.kind in INTEGERS:
        data = {INT8: out.u8, INT16: out.u16, INT32: out.u32, INT64: out.u64}[column.kind][slot]
        kind = INTEGERS[column.kind][column.content.signed]
        return pa.Array.from_buffers(kind, rows, [valid, pa.py_buffer(data)], nulls)
    buffers = [valid, pa.py_buffer(out.ends[slot]), pa.py_buffer(out.text[slot])]
    return pa.Array.from_buffers(pa.string(), rows, buffers, nulls)


def stretches(
    packed: NDArray[np.uint64], valid: pa.Buffer | None, nulls: int, octets: NDArray[np.uint8], *, text: bool
) -> pa.Array:
    """Copy stretches of the buffer into a column of octets, or of strings without the blanks behind them."""
    ends = np.zeros(packed.size + 1, np.int32)
    lengths = (packed & np.uint64((1 << STRETCH_BITS) - 1)).astype(np.int64)
    starts = (packed >> np.uint64(STRETCH_BITS)).astype(np.int64)
    np.cumsum(lengths, out=ends[1:])
    total = int(ends[-1])
    places = np.repeat(starts - ends[:-1], lengths) + np.arange(total)
    data = octets[places]
    found = pa.Array.from_buffers(
        pa.binary(), packed.size, [valid, pa.py_buffer(ends), pa.py_buffer(data)], nulls
    )
    if not text:
        return found
    return pa.array([None if one is None else _letters(one) for one in found.to_pylist()], pa.string())


def _letters(octets: bytes) -> str:
    return "".join(chr(one) for one in octets if 32 <= one < 127).rstrip()


def children(segment: Segment, layout: Layout, index: int, octets: NDArray[np.uint8]) -> pa.Array:
    """Return what is repeated, of all records in a row: one column, or structs."""
    rows = int(segment.inner.rows_with[index])
    leaves = [column for column in layout.children if column.repetition == index]
    columns = [leaf(segment.inner, column, rows, None, 0, octets) for column in leaves]
    if len(leaves) == 1 and _alone(leaves[0]):
        return columns[0]
    return pa.StructArray.from_arrays(columns, fields=[field(column) for column in leaves])


def _alone(column: Column) -> bool:
    """Tell whether the leaf is the item itself: it has no name of its own."""
    return column.name == "" or column.name.startswith("_")


def field(column: Column) -> pa.Field:
    """Describe a column, with what a reader needs to know of it."""
    return _field(column, _type(column))


def _field(column: Column, kind: pa.DataType) -> pa.Field:
    return pa.field(column.name, kind, metadata=metadata(column))


def _type(column: Column) -> pa.DataType:
    if column.binary:
        return pa.string() if column.content.kind == "string" else pa.binary()
    if column.kind == FLOAT:
        return pa.float64()
    if column.kind in INTEGERS:
        return INTEGERS[column.kind][column.content.signed]
    return pa.string()


def metadata(column: Column) -> dict[str, str]:
    """Say a column's title, unit, LSB, meanings and how people read it."""
    content = column.content
    said: dict[str, str] = {"title": column.title, "bits": str(column.bits)}
    if content.kind == "quantity":
        said |= {"unit": content.unit, "lsb": repr(content.lsb)}
    if content.kind == "table":
        said["values"] = msgspec.json.encode(content.values).decode()
    if content.characters == "octal":
        said["format"] = "octal"
    if column.cases:
        said["cases"] = column.cases
    return said


def _list_field(layout: Layout, index: int, kind: pa.DataType) -> pa.Field:
    name = layout.repetitions[index]
    leaves: list[Any] = [column for column in layout.children if column.repetition == index]
    if len(leaves) == 1 and _alone(leaves[0]):
        return pa.field(name + leaves[0].name, kind, metadata=metadata(leaves[0]))
    return pa.field(name, kind)
