"""What partners contributed, beside our own: the latest of each track, as long as it is fresh and agreed."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from asman.model.contribution import Contribution
from asman.model.tracks import TRACKS
from asman.units import SECOND_NS

#: Origin -> TRACKS rows, one a track.
Received = Mapping[str, pa.Table]

#: A row that was not renewed for so long is not shown any more.
KEPT_NS: Final = 60 * SECOND_NS
#: Numbers of each partner's tracks begin at a multiple of this, partners in the order of their names.
BLOCK: Final = 100_000_000


def remembered(
    before: Received, contributions: Sequence[Contribution], left: Sequence[str], now_ns: int
) -> Received:
    """Take what came, and forget what is old or may not be shown any more."""
    after = {origin: table for origin, table in before.items() if origin not in left}
    for one in contributions:
        if one.what == "tracks" and one.table is not None:
            known = after.get(one.origin)
            after[one.origin] = _latest(one.table if known is None else pa.concat_tables([known, one.table]))
    return {origin: fresh for origin, table in after.items() if len(fresh := _fresh(table, now_ns))}


def beside(own: pa.Table, received: Received) -> pa.Table:
    """Our own tracks and partners', each under its origin, with numbers that do not meet."""
    parts = [own]
    for place, (_, table) in enumerate(sorted(received.items()), 1):
        numbers = pa.array(table["track"].to_numpy() + place * BLOCK)
        parts.append(table.set_column(TRACKS.get_field_index("track"), TRACKS.field("track"), numbers))
    return pa.concat_tables(parts)


def _latest(table: pa.Table) -> pa.Table:
    """The newest row of each track; of equals the one that came last."""
    track = table["track"].to_numpy()
    order = np.lexsort((np.arange(len(track)), table["time"].cast(pa.int64()).to_numpy(), track))
    last = np.append(track[order][1:] != track[order][:-1], True) if len(track) else np.empty(0, np.bool_)
    return table.take(pa.array(np.sort(order[last])))


def _fresh(table: pa.Table, now_ns: int) -> pa.Table:
    return table.filter(pa.array(table["time"].cast(pa.int64()).to_numpy() > now_ns - KEPT_NS))
