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
    KINDS,
    Out,
    copy_stretches,
    take_batch,
)
from asman.kernels.asterix_program import STRETCH_BITS
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
    records     (3, rows) int64  octet where the record begins, octets, index of its block
    """

    rows: int
    children: int
    out: Out
    inner: Out
    ends: NDArray[np.int32]
    records: NDArray[np.int64]


def make_segment(layout: Layout, rows: int, children: int) -> Segment:
    """Allocate a segment."""
    return Segment(
        rows,
        children,
        _out(layout.slots, layout.groups, len(layout.columns), rows),
        _out(
            layout.child_slots,
            len(layout.repetitions),
            len(layout.children),
            children if layout.repetitions else 0,
        ),
        np.zeros((len(layout.repetitions), rows + 1), np.int32),
        np.empty((3, rows), np.int64),
    )


def _out(slots: tuple[int, ...], groups: int, columns: int, rows: int) -> Out:
    strings = slots[ICAO] + slots[ASCII]
    return Out(
        valid=np.zeros((groups, rows // 8 + 9), np.uint8),
        rows_with=np.zeros(groups, np.int64),
        slots=np.full(columns, -1, np.int32),
        used=np.zeros(KINDS, np.int32),
        f64=_room(slots[FLOAT], rows, np.float64),
        u8=_room(slots[INT8], rows, np.uint8),
        u16=_room(slots[INT16], rows, np.uint16),
        u32=_room(slots[INT32], rows, np.uint32),
        u64=_room(slots[INT64], rows, np.uint64),
        ends=_room(strings, rows + 1, np.int32),
        text=_room(strings, rows * 8, np.uint8),
    )


def _room(slots: int, rows: int, kind: Any) -> NDArray[Any]:
    """Allocate columns from Arrow's pool."""
    memory = pa.allocate_buffer(slots * rows * np.dtype(kind).itemsize)
    return np.frombuffer(memory, kind).reshape(slots, rows)


def append(
    segment: Segment, layout: Layout, work: Work, rows: int, first: int, octets: NDArray[np.uint8]
) -> None:
    """Take a batch of `rows` records into the segment's rows from `first` on."""
    batch = (octets, layout.program, work.places, work.notes, work.forms, work.sizes, work.records, rows)
    into = (segment.records, segment.out, segment.inner, segment.ends, first)
    take_batch(*batch, layout.plan, work.words, *into)


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
                slot = int(segment.out.slots[index])
                made[field(layout, what, index)] = leaf(
                    segment.out, column, slot, rows, valid, rows - count, octets
                )
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


def leaf(
    out: Out,
    column: Column,
    slot: int,
    rows: int,
    valid: pa.Buffer | None,
    nulls: int,
    octets: NDArray[np.uint8],
) -> pa.Array:
    """Return one column as an Arrow array over the segment's memory."""
    if slot < 0:
        return pa.array([], _type(column))
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
    ends = np.empty(packed.size + 1, np.int32)
    data = np.empty(int((packed & np.uint64((1 << STRETCH_BITS) - 1)).sum()) + 7, np.uint8)
    copy_stretches(octets, packed, ends, data)
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
    places = [k for k, column in enumerate(layout.children) if column.repetition == index]
    leaves = [layout.children[k] for k in places]
    slots = segment.inner.slots[places].tolist()
    columns = [
        leaf(segment.inner, column, slot, rows, None, 0, octets)
        for column, slot in zip(leaves, slots, strict=True)
    ]
    if len(leaves) == 1 and _alone(leaves[0]):
        return columns[0]
    return pa.StructArray.from_arrays(columns, fields=[field(layout, "child", k) for k in places])


def _alone(column: Column) -> bool:
    """Tell whether the leaf is the item itself: it has no name of its own."""
    return column.name == "" or column.name.startswith("_")


def field(layout: Layout, what: str, index: int) -> pa.Field:
    """Describe a "column" or a "child", with what a reader needs to know of it; each is described once."""
    found = layout.described.get((what, index))
    if found is None:
        column = (layout.columns if what == "column" else layout.children)[index]
        found = pa.field(column.name, _type(column), metadata=metadata(column))
        layout.described[what, index] = found
    return found


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
