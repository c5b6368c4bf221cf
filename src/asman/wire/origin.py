"""Where the octets of a buffer stand in the recording that they are from.

What was put together (fragments, segments of a stream) does not lie in the recording in one piece. It is
copied behind the recording's own octets, and its origin says where each piece of it was.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Origin(NamedTuple):
    """Pieces of a buffer, in order: where each begins in the buffer, and in the recording."""

    start: Ints
    offset: Ints

    def of(self, places: Ints) -> Ints:
        """Offsets in the recording of places in the buffer."""
        piece = np.searchsorted(self.start, places, side="right") - 1
        return places - self.start[piece] + self.offset[piece]


def moved(table: pa.Table, origin: Origin) -> pa.Table:
    """A table, decoded or rejected, whose offsets count in the recording; those of items, too."""
    for name in ("offset", "block"):
        index = table.schema.get_field_index(name)
        if index >= 0:
            places = table[name].to_numpy()
            table = table.set_column(index, table.schema.field(index), pa.array(origin.of(places)))
    index = table.schema.get_field_index("items")
    if index < 0:
        return table
    lists = table["items"].combine_chunks()
    inner = lists.flatten()
    columns = [inner.field(k) for k in range(inner.type.num_fields)]
    columns[1] = pa.array(origin.of(columns[1].to_numpy()))
    items = pa.StructArray.from_arrays(columns, fields=list(inner.type))
    ends = pa.array(np.r_[0, np.cumsum(lists.value_lengths().to_numpy())].astype(np.int32))
    return table.set_column(index, table.schema.field(index), pa.ListArray.from_arrays(ends, items))


def copied(octets: NDArray[np.uint8], starts: Ints, lengths: Ints) -> NDArray[np.uint8]:
    """Pieces of a buffer, one behind the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    places = np.repeat(starts - (ends - lengths), lengths) + np.arange(total)
    return octets[places]
