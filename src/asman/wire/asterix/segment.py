"""Finished columns of up to some ten thousand records, and the Arrow arrays over them.

A segment's arrays are allocated once, larger than needed; the kernels write each value once, and Arrow takes
the columns that any record filled, without copying. What nobody touched costs address space only.
"""

import operator
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.asterix_columns import COPIED, copy_stretches, take_batch
from asman.kernels.asterix_out import (
    FLOAT,
    INT8,
    INT16,
    INT32,
    INT64,
    KINDS,
    LINE,
    ROWS,
    Out,
    bits_octets,
    room_of,
    text_behind,
    width_of,
)
from asman.kernels.asterix_program import STRETCH_BITS
from asman.wire.asterix.columns import Column
from asman.wire.asterix.layout import Layout
from asman.wire.asterix.work import Work, room

NUMBERS = (FLOAT, INT8, INT16, INT32, INT64)
#: kind -> Arrow's unsigned and signed type
INTEGERS = {
    INT8: (pa.uint8(), pa.int8()),
    INT16: (pa.uint16(), pa.int16()),
    INT32: (pa.uint32(), pa.int32()),
    INT64: (pa.uint64(), pa.int64()),
}


class Columns(NamedTuple):
    """Room for columns of so many rows.

    memory  all of it; the kernels take of it what they need
    out     where each column stands
    """

    memory: pa.Buffer
    out: Out


class Segment(NamedTuple):
    """Room for `rows` records of one layout, and for `children` of each of its repetitions.

    own, inner  columns of records and of repetitions' leaves
    ends        (R, rows + 1) int32  where each record's repetitions end
    records     (3, rows) int64  octet where the record begins, octets, index of its block
    """

    rows: int
    children: int
    own: Columns
    inner: Columns
    ends: NDArray[np.int32]
    records: NDArray[np.int64]


def make_segment(layout: Layout, rows: int, children: int) -> Segment:
    """Allocate a segment."""
    repetitions = len(layout.repetitions)
    ends = room((repetitions, rows + 1), np.int32)
    ends[:, 0] = 0
    return Segment(
        rows,
        children,
        _columns(layout.slots, layout.groups, len(layout.columns), rows),
        _columns(layout.child_slots, repetitions, len(layout.children), children if repetitions else 0),
        ends,
        room((3, rows), np.int64),
    )


def _columns(slots: tuple[int, ...], groups: int, columns: int, rows: int) -> Columns:
    each = [room_of(width_of(kind) * rows) for kind in (FLOAT, INT8, INT16, INT32, INT64)]
    each += [text_behind(rows) + room_of(8 * rows + 8)] * (KINDS - len(each))
    size = groups * room_of(bits_octets(rows)) + sum(map(operator.mul, slots, each))
    memory = pa.allocate_buffer(size + LINE)
    places = np.full(columns + groups, -1, np.int64)
    head = np.array([memory.address, 0, rows], np.int64)
    return Columns(memory, Out(head, places[:columns], places[columns:], np.zeros(groups, np.int64)))


def append(
    segment: Segment, layout: Layout, work: Work, rows: int, first: int, octets: NDArray[np.uint8]
) -> None:
    """Take a batch of `rows` records into the segment's rows from `first` on."""
    batch = (octets, layout.program, work.places, work.notes, work.forms, work.sizes, work.records, rows)
    into = (segment.records, segment.own.out, segment.inner.out, segment.ends, first)
    take_batch(*batch, layout.plan, work.words, *into)


def arrays(
    segment: Segment, layout: Layout, rows: int, octets: NDArray[np.uint8]
) -> dict[pa.Field, pa.Array]:
    """Return the columns that any record of the segment filled, in the order of the specification."""
    made: dict[pa.Field, pa.Array] = {}
    memory, out = segment.own
    counts, bits = out.rows_with.tolist(), bits_octets(segment.rows)
    maps = {
        group: memory.slice(begin, bits)
        for group, (begin, count) in enumerate(zip(out.valid.tolist(), counts, strict=True))
        if 0 < count < rows
    }
    begins = out.columns.tolist()
    for what, index in layout.order:
        if what == "column":
            column = layout.columns[index]
            count = counts[column.group]
            if count:
                valid = None if count == rows else maps[column.group]
                nulls = rows - count
                made[field(layout, what, index)] = leaf(
                    segment.own, column, begins[index], rows, valid, nulls, octets
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
    columns: Columns,
    column: Column,
    begin: int,
    rows: int,
    valid: pa.Buffer | None,
    nulls: int,
    octets: NDArray[np.uint8],
) -> pa.Array:
    """Return one column as an Arrow array over the memory where it stands from octet `begin` on."""
    kind = type_of(column)
    if begin < 0:
        return pa.array([], kind)
    memory = columns.memory
    if column.binary:
        packed = np.frombuffer(memory, np.uint64, rows, begin)
        return stretches(packed, valid, nulls, octets, text=column.content.kind == "string")
    if column.kind in NUMBERS:
        data = memory.slice(begin, width_of(column.kind) * rows)
        return pa.Array.from_buffers(kind, rows, [valid, data], nulls)
    most = int(columns.out.head[ROWS])
    ends, letters = memory.slice(begin, 4 * (rows + 1)), memory.slice(begin + text_behind(most), 8 * most)
    return pa.Array.from_buffers(kind, rows, [valid, ends, letters], nulls)


def stretches(
    packed: NDArray[np.uint64], valid: pa.Buffer | None, nulls: int, octets: NDArray[np.uint8], *, text: bool
) -> pa.Array:
    """Copy stretches of the buffer into a column of octets, or of strings without the blanks behind them."""
    size = int((packed & np.uint64((1 << STRETCH_BITS) - 1)).sum())
    ends, data = pa.allocate_buffer(4 * (packed.size + 1)), pa.allocate_buffer(size + COPIED)
    copy_stretches(octets, packed, np.frombuffer(ends, np.int32), np.frombuffer(data, np.uint8))
    found = pa.Array.from_buffers(pa.binary(), packed.size, [valid, ends, data], nulls)
    if not text:
        return found
    return pa.array([None if one is None else _letters(one) for one in found.to_pylist()], pa.string())


def _letters(octets: bytes) -> str:
    return "".join(chr(one) for one in octets if 32 <= one < 127).rstrip()


def children(segment: Segment, layout: Layout, index: int, octets: NDArray[np.uint8]) -> pa.Array:
    """Return what is repeated, of all records in a row: one column, or structs."""
    rows = int(segment.inner.out.rows_with[index])
    places = [k for k, column in enumerate(layout.children) if column.repetition == index]
    leaves = [layout.children[k] for k in places]
    begins = segment.inner.out.columns[places].tolist()
    columns = [
        leaf(segment.inner, column, begin, rows, None, 0, octets)
        for column, begin in zip(leaves, begins, strict=True)
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
        found = pa.field(column.name, type_of(column), metadata=metadata(column))
        layout.described[what, index] = found
    return found


def type_of(column: Column) -> pa.DataType:
    """Name the Arrow type of a column."""
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
