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
from asman.wire.asterix.editions import Memory, choose, sample
from asman.wire.asterix.layout import layout
from asman.wire.asterix.specification import specifications

RE: Final = "RE"
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
    octets, blocks = contents(table[RE])
    there = np.flatnonzero(blocks.length > _HEADER)
    if not there.size:
        return table, None
    some = blocks.of(there[sample(blocks.length[there])])
    judged = choose(
        octets, some, category, editions, pinned, memory=Memory(), everything=True, expansion=True
    )
    choice = EditionChoice(judged.edition, bool(pinned), judged.scores, judged.records, judged.plausible)
    if judged.refusal:
        return table, choice
    found = read(octets, blocks, layout(category, judged.edition, True), lenient=lenient, one_each=True)
    return _joined(table, found.table), choice


def contents(column: pa.ChunkedArray) -> tuple[NDArray[np.uint8], Blocks]:
    """All RE as one buffer, each as a block whose header is left out; an empty one where a row has no RE."""
    whole = column.combine_chunks()
    _, ends, data = whole.buffers()
    offsets = np.frombuffer(ends, np.int32)[whole.offset : whole.offset + len(whole) + 1].astype(np.int64)
    nothing = np.zeros(len(whole), np.int64)
    octets: NDArray[np.uint8] = np.frombuffer(data if data is not None else b"", np.uint8)
    octets.flags.writeable = False  # as recordings are: kernels are compiled for either
    blocks = Blocks(offsets[:-1] - _HEADER, np.diff(offsets) + _HEADER, nothing, nothing, nothing + NO_TIME)
    return octets, blocks


def _joined(table: pa.Table, found: pa.Table) -> pa.Table:
    """Put what was read beside the records whose it is."""
    at = table.column_names.index(RE) + 1
    fields, columns = list(table.schema), table.columns
    fields[at:at] = [one.with_name(f"{RE}/{one.name}") for one in found.schema]
    columns[at:at] = found.columns
    return pa.table(columns, schema=pa.schema(fields, table.schema.metadata))
