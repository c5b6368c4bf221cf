"""What the Reserved Expansion field (RE) of a record holds, as columns beside its octets.

EUROCONTROL publishes it for CAT021, CAT048 and CAT062, in editions of its own. The octets of all records'
RE are read as if each were a record: an indicator without FX bits, then the items that it names. RE is also
used for what nobody published: then no column is made of it, and its octets stay.
"""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.decoded import EditionChoice
from asman.model.frames import NO_TIME
from asman.wire.asterix.batches import read
from asman.wire.asterix.blocks import Blocks
from asman.wire.asterix.editions import choose
from asman.wire.asterix.layout import layout
from asman.wire.asterix.specification import specifications

RE: Final = "RE"
#: Columns of every table, which RE has none of.
_BESIDE: Final = ("time", "offset", "length", "block", "edition")
#: A block's header, which RE does not have.
_HEADER: Final = 3


def expand(
    table: pa.Table, category: int, pinned: str, *, lenient: bool = False
) -> tuple[pa.Table, EditionChoice | None]:
    """Add what RE holds to a category's table: columns "RE/..." after RE, null where RE cannot be read.

    pinned   edition of RE that is not to be detected, or empty
    lenient  see `work.make_work`

    Returns the table, and the edition of RE that was chosen: None where the table has no RE, or RE of the
    category is not published.
    """
    editions = [one.edition for one in specifications().expansions.get(category, ())]
    if not editions or RE not in table.column_names:
        return table, None
    octets, blocks, rows = contents(table[RE])
    if not rows.size:
        return table, None
    judged = choose(octets, blocks, category, editions, pinned, expansion=True)
    choice = EditionChoice(judged.edition, bool(pinned), judged.scores, judged.records, judged.plausible)
    if judged.refusal:
        return table, choice
    found = read(octets, blocks, layout(category, judged.edition, True), lenient=lenient)
    return _joined(table, found.table, blocks, rows), choice


def contents(column: pa.ChunkedArray) -> tuple[NDArray[np.uint8], Blocks, NDArray[np.int64]]:
    """All RE as one buffer, each as a block whose header is left out, and the row of each."""
    whole = column.combine_chunks()
    _, ends, data = whole.buffers()
    offsets = np.frombuffer(ends, np.int32)[whole.offset : whole.offset + len(whole) + 1].astype(np.int64)
    lengths = np.diff(offsets)
    rows = np.flatnonzero(lengths > 0)
    nothing = np.zeros(rows.size, np.int64)
    octets: NDArray[np.uint8] = np.frombuffer(data if data is not None else b"", np.uint8)
    blocks = Blocks(
        offsets[:-1][rows] - _HEADER, lengths[rows] + _HEADER, nothing, nothing, nothing + NO_TIME
    )
    return octets, blocks, rows


def _joined(table: pa.Table, found: pa.Table, blocks: Blocks, rows: NDArray[np.int64]) -> pa.Table:
    """Put what was read beside the records whose it is."""
    place = np.searchsorted(blocks.start, found["block"].to_numpy())
    whole = found["length"].to_numpy() == blocks.length[place] - _HEADER
    index = np.full(table.num_rows, -1, np.int64)
    index[rows[place[whole]]] = np.flatnonzero(whole)
    taken = found.drop_columns(list(_BESIDE)).take(pa.array(index, mask=index < 0))
    at = table.column_names.index(RE) + 1
    for k, (field, column) in enumerate(zip(taken.schema, taken.columns, strict=True)):
        table = table.add_column(at + k, field.with_name(f"{RE}/{field.name}"), column)
    return table
