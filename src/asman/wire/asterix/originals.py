"""The original octets beside the values: of each record, and of each of its items, with where they stand."""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.asterix_items import walk_items
from asman.wire.asterix.layout import Layout
from asman.wire.asterix.work import make_work

#: Records that are walked at a time.
PIECE: Final = 4096
_ITEM: Final = pa.struct(
    [("item", pa.dictionary(pa.int16(), pa.string())), ("offset", pa.int64()), ("octets", pa.binary())]
)


def with_octets(table: pa.Table, view: NDArray[np.uint8], layout: Layout, *, lenient: bool) -> pa.Table:
    """Add `octets`, the record, and `items`, a list of item, offset and octets in the record's order.

    table  as `batches.read` made it of `view`
    """
    start, length = table["offset"].to_numpy(), table["length"].to_numpy().astype(np.int64)
    place = table.column_names.index("edition") + 1
    table = table.add_column(place, "octets", stretches(view, start, length))
    found = _walk(view, start, length, layout, lenient)
    counts = np.bincount(found[:, 0], minlength=start.size)
    ends = np.zeros(start.size + 1, np.int32)
    np.cumsum(counts, out=ends[1:])
    nodes, index = np.unique(found[:, 1], return_inverse=True)
    names = pa.array([layout.nodes[node] for node in nodes.tolist()], pa.string())
    item = pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int16)), names)
    columns = [item, pa.array(found[:, 2]), stretches(view, found[:, 2], found[:, 3])]
    items = pa.StructArray.from_arrays(columns, fields=list(_ITEM))
    return table.add_column(place + 1, "items", pa.ListArray.from_arrays(pa.array(ends), items))


def _walk(
    view: NDArray[np.uint8],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
    layout: Layout,
    lenient: bool,
) -> NDArray[np.int64]:
    work = make_work([layout], int(length.max(initial=0)) * 2 + 64, rows=8, lenient=lenient, placed=True)
    most = len(layout.items[0]) + 1
    parts: list[NDArray[np.int64]] = []
    for begin in range(0, start.size, PIECE):
        some = slice(begin, begin + PIECE)
        found = np.empty((start[some].size * most, 4), np.int64)
        batch = (layout.program, work.places, work.notes, work.forms, work.sizes)
        count = walk_items(view, start[some], length[some], *batch, found)
        found[:count, 0] += begin
        parts.append(found[:count].copy())
    return np.concatenate(parts) if parts else np.empty((0, 4), np.int64)


def stretches(view: NDArray[np.uint8], start: NDArray[np.int64], length: NDArray[np.int64]) -> pa.Array:
    """Copy stretches of the buffer into a column of octets."""
    ends = np.zeros(start.size + 1, np.int64)
    np.cumsum(length, out=ends[1:])
    places = np.repeat(start - ends[:-1], length) + np.arange(int(ends[-1]))
    buffers = [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(view[places])]
    return pa.Array.from_buffers(pa.binary(), start.size, buffers)
