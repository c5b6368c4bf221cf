"""Read the blocks of one category with one layout: batches through the kernel, segments into a table."""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.asterix import read_blocks
from asman.kernels.asterix_program import BLOCK, NOTES
from asman.model.frames import NO_TIME
from asman.model.plots import TIME
from asman.wire.asterix.blocks import Blocks
from asman.wire.asterix.layout import Layout
from asman.wire.asterix.segment import Segment, append, arrays, make_segment
from asman.wire.asterix.work import Work, make_work

#: Records and repetitions of a segment at most.
SEGMENT: Final = 131_072
#: Octets that its records span at most: places in a column of octets have 31 bits.
SEGMENT_OCTETS: Final = 1 << 30
#: Room for more than the first batch's mean promises.
MORE: Final = 1.1


class Part(NamedTuple):
    """Rows of a segment, and the columns that any of them has."""

    rows: int
    columns: dict[pa.Field, pa.Array]


class Read(NamedTuple):
    """Records as a table, and rows of `Work.rejects`."""

    table: pa.Table
    rejects: NDArray[np.int64]


def read(
    octets: NDArray[np.uint8],
    blocks: Blocks,
    layout: Layout,
    *,
    lenient: bool = False,
    one_each: bool = False,
) -> Read:
    """Read every record of `blocks`, all of the layout's category.

    one_each  every block is one record: a row for each, an empty one where it is not; only the columns of the
              specification
    """
    work = make_work([layout], int(blocks.length.sum()), lenient=lenient, one_each=one_each)
    batch = (layout.program, layout.repeated, work.places, work.notes, work.forms, work.sizes)
    failed: list[NDArray[np.int64]] = []
    parts: list[Part] = []
    segment, filled, spanned = None, 0, 0
    while work.notes[BLOCK] < blocks.start.size:
        got, rejects = read_blocks(octets, blocks.start, blocks.length, *batch, work.records, work.rejects)
        rows = int(got)
        if rejects:
            failed.append(work.rejects[:rejects].copy())
        span = int(work.records[1, :rows].sum())
        full = segment is not None and (filled + rows > segment.rows or _crowded(segment, work))
        if segment is not None and (full or spanned + span > SEGMENT_OCTETS):
            parts.append(Part(filled, finish(segment, layout, filled, octets, None if one_each else blocks)))
            segment, filled, spanned = None, 0, 0
        if segment is None:
            segment = room(layout, blocks, work, rows)
        if rows:
            append(segment, layout, work, rows, filled, octets)
            filled, spanned = filled + rows, spanned + span
    if segment is not None:
        parts.append(Part(filled, finish(segment, layout, filled, octets, None if one_each else blocks)))
    rejected = np.concatenate(failed) if failed else np.empty((0, 5), np.int64)
    return Read(join(parts, layout), rejected)


def room(layout: Layout, blocks: Blocks, work: Work, rows: int) -> Segment:
    """Allocate a segment for the batch at hand, and for what the octets to come seem to hold."""
    block = int(work.notes[BLOCK])
    left = int(blocks.length[block:].sum())
    octets = int(work.records[1, :rows].sum()) + 1
    used = _used(work)
    most = int(used.max()) if used.size else 0
    share = MORE * left / octets
    more = blocks.start.size - block if work.sizes.one_each else int(rows * share)
    return make_segment(
        layout,
        rows + min(SEGMENT, more),
        most + min(SEGMENT, int(most * share)),
    )


def _used(work: Work) -> NDArray[np.int64]:
    return work.notes[NOTES : NOTES + work.sizes.repetitions]


def _crowded(segment: Segment, work: Work) -> bool:
    used = _used(work)
    return bool(used.size) and int((segment.inner.out.rows_with + used).max()) > segment.children


def finish(
    segment: Segment, layout: Layout, rows: int, octets: NDArray[np.uint8], blocks: Blocks | None
) -> dict[pa.Field, pa.Array]:
    """Return a segment's columns, those that every table has before those of the specification.

    blocks  None: without those
    """
    if blocks is None:
        return arrays(segment, layout, rows, octets)
    block = segment.records[2, :rows]
    edition = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([layout.edition]))
    made: dict[pa.Field, pa.Array] = {
        pa.field("time", TIME): _times(blocks.time_ns[block]),
        pa.field("offset", pa.int64()): pa.array(segment.records[0, :rows]),
        pa.field("length", pa.int32()): pa.array(segment.records[1, :rows].astype(np.int32)),
        pa.field("block", pa.int64()): pa.array(blocks.start[block]),
        pa.field("edition", edition.type): edition,
    }
    return made | arrays(segment, layout, rows, octets)


def _times(time_ns: NDArray[np.int64]) -> pa.Array:
    unknown = time_ns == NO_TIME
    if unknown.all():
        return pa.nulls(time_ns.size, TIME)
    return pa.array(time_ns, TIME, mask=unknown if unknown.any() else None)


def join(parts: list[Part], layout: Layout) -> pa.Table:
    """Join segments into a table; a column that a segment lacks is null there."""
    if len(parts) == 1:
        columns = parts[0].columns
        return pa.table(list(columns.values()), schema=pa.schema(list(columns)))
    places = {name: place for place, name in enumerate(_names(layout))}
    fields = {field.name: field for part in parts for field in part.columns}
    before = [name for name in fields if name not in places]
    names = before + [name for name in places if name in fields]
    schema = pa.schema([fields[name] for name in names])
    joined: list[pa.ChunkedArray] = []
    for one in schema:
        chunks = [
            part.columns[one] if one in part.columns else pa.nulls(part.rows, one.type) for part in parts
        ]
        joined.append(pa.chunked_array(chunks, one.type))
    return pa.table(joined, schema=schema)


def _names(layout: Layout) -> list[str]:
    alone = {c.repetition: c.name for c in layout.children if c.name == "" or c.name.startswith("_")}
    return [
        layout.columns[index].name if what == "column" else layout.repetitions[index] + alone.get(index, "")
        for what, index in layout.order
    ]
