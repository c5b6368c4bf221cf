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


class Read(NamedTuple):
    """Records as a table, and rows of `Work.rejects`."""

    table: pa.Table
    rejects: NDArray[np.int64]


def read(octets: NDArray[np.uint8], blocks: Blocks, layout: Layout, *, lenient: bool = False) -> Read:
    """Read every record of `blocks`, all of the layout's category."""
    work = make_work(layout, int(blocks.length.sum()), lenient=lenient)
    batch = (layout.ready, layout.repeated, work.cells, work.present, work.notes, work.sizes)
    failed: list[NDArray[np.int64]] = []
    parts: list[dict[pa.Field, pa.Array]] = []
    segment, filled, spanned = None, 0, 0
    while work.notes[BLOCK] < blocks.start.size:
        got, rejects = read_blocks(octets, blocks.start, blocks.length, *batch, work.records, work.rejects)
        rows = int(got)
        if rejects:
            failed.append(work.rejects[:rejects].copy())
        span = int(work.records[:rows, 1].sum())
        full = segment is not None and (filled + rows > segment.rows or _crowded(segment, work))
        if segment is not None and (full or spanned + span > SEGMENT_OCTETS):
            parts.append(finish(segment, layout, filled, octets, blocks))
            segment, filled, spanned = None, 0, 0
        if segment is None:
            segment = room(layout, blocks, work, rows)
        if rows:
            append(segment, layout, work, rows, filled)
            filled, spanned = filled + rows, spanned + span
    if segment is not None:
        parts.append(finish(segment, layout, filled, octets, blocks))
    rejected = np.concatenate(failed) if failed else np.empty((0, 5), np.int64)
    return Read(join(parts, layout), rejected)


def room(layout: Layout, blocks: Blocks, work: Work, rows: int) -> Segment:
    """Allocate a segment for the batch at hand, and for what the octets to come seem to hold."""
    block = int(work.notes[BLOCK])
    left = int(blocks.length[block:].sum())
    octets = int(work.records[:rows, 1].sum()) + 1
    used = _used(work)
    most = int(used.max()) if used.size else 0
    share = MORE * left / octets
    return make_segment(
        layout,
        rows + min(SEGMENT, int(rows * share)),
        most + min(SEGMENT, int(most * share)),
    )


def _used(work: Work) -> NDArray[np.int64]:
    return work.notes[NOTES : NOTES + work.sizes.repetitions]


def _crowded(segment: Segment, work: Work) -> bool:
    used = _used(work)
    return bool(used.size) and int((segment.inner.rows_with + used).max()) > segment.children


def finish(
    segment: Segment, layout: Layout, rows: int, octets: NDArray[np.uint8], blocks: Blocks
) -> dict[pa.Field, pa.Array]:
    """Return a segment's columns, those that every table has before those of the specification."""
    block = segment.records[:rows, 2]
    edition = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([layout.edition]))
    made: dict[pa.Field, pa.Array] = {
        pa.field("time", TIME): _times(blocks.time_ns[block]),
        pa.field("offset", pa.int64()): pa.array(segment.records[:rows, 0]),
        pa.field("length", pa.int32()): pa.array(segment.records[:rows, 1].astype(np.int32)),
        pa.field("block", pa.int64()): pa.array(blocks.start[block]),
        pa.field("edition", edition.type): edition,
    }
    return made | arrays(segment, layout, rows, octets)


def _times(time_ns: NDArray[np.int64]) -> pa.Array:
    unknown = time_ns == NO_TIME
    if unknown.all():
        return pa.nulls(time_ns.size, TIME)
    return pa.array(time_ns, TIME, mask=unknown if unknown.any() else None)


def join(parts: list[dict[pa.Field, pa.Array]], layout: Layout) -> pa.Table:
    """Join segments into a table; a column that a segment lacks is null there."""
    if len(parts) == 1:
        return pa.table(list(parts[0].values()), schema=pa.schema(list(parts[0])))
    places = {name: place for place, name in enumerate(_names(layout))}
    fields = {field.name: field for part in parts for field in part}
    before = [name for name in fields if name not in places]
    names = before + [name for name in places if name in fields]
    schema = pa.schema([fields[name] for name in names])
    columns: list[pa.ChunkedArray] = []
    for one in schema:
        chunks = [
            part[one] if one in part else pa.nulls(len(next(iter(part.values()))), one.type) for part in parts
        ]
        columns.append(pa.chunked_array(chunks, one.type))
    return pa.table(columns, schema=schema)


def _names(layout: Layout) -> list[str]:
    alone = {c.repetition: c.name for c in layout.children if c.name == "" or c.name.startswith("_")}
    return [
        layout.columns[index].name if what == "column" else layout.repetitions[index] + alone.get(index, "")
        for what, index in layout.order
    ]
