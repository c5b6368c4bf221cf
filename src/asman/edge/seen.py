"""What each partner was given lately: the picture that it may see of us, and nothing else.

A closed world: made of released rows alone, with the numbers that the partner knows, so that looking at it
tells nothing that the partner could not know.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.edge.link_messages import Visibility
from asman.kernels import release as kernel
from asman.model.tracks import TRACKS
from asman.sharing.guard import Decisions, Released, reason_of
from asman.sharing.ruleset import Ruleset
from asman.units import SECOND_NS

#: A track that was not given again for so long is not of the partner's picture any more.
KEPT_NS: Final = 20 * SECOND_NS
_GIVEN: Final = "given_ns"
RELEASED: Final = "released"


class View(msgspec.Struct, frozen=True):
    """What a member may see, as Arrow octets of TRACKS; or why it is nothing."""

    reason: str
    table: bytes


class Given:
    """The latest row of each track that a partner was given."""

    def __init__(self) -> None:
        self._tables: dict[str, pa.Table] = {}

    def take(self, recipient: str, released: Sequence[Released], now_ns: int) -> None:
        """Remember what left just now; forget what was not given again."""
        parts = [_stamped(one.table, now_ns) for one in released if one.recipient == recipient]
        known = self._tables.get(recipient)
        if known is not None:
            parts.insert(0, known)
        if not parts:
            return
        table = pa.concat_tables(parts).combine_chunks()
        last = _last(table["track"].to_numpy())
        fresh = table[_GIVEN].to_numpy() > now_ns - KEPT_NS
        self._tables[recipient] = table.filter(pa.array(last & fresh))

    def forget(self, recipient: str) -> None:
        """Nothing is given to it now: its picture of us is empty."""
        self._tables.pop(recipient, None)

    def table(self, recipient: str, now_ns: int) -> pa.Table:
        """TRACKS that the recipient has of us."""
        known = self._tables.get(recipient)
        if known is None:
            return TRACKS.empty_table()
        fresh = known[_GIVEN].to_numpy() > now_ns - KEPT_NS
        return known.filter(pa.array(fresh)).select(TRACKS.names)


def _stamped(table: pa.Table, now_ns: int) -> pa.Table:
    given = pa.array(np.full(table.num_rows, now_ns, np.int64))
    return table.select(TRACKS.names).cast(TRACKS).append_column(_GIVEN, given)


def _last(track: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each row is the last one of its track."""
    found = np.zeros(len(track), np.bool_)
    _, first_from_behind = np.unique(track[::-1], return_index=True)
    found[len(track) - 1 - first_from_behind] = True
    return found


def visibility(ruleset: Ruleset, decided: Decisions, row: int) -> list[Visibility]:
    """Who sees a row of ours, and why not."""
    found: list[Visibility] = []
    for r, recipient in enumerate(ruleset.recipients):
        code, mask = int(decided.reason[r, row]), int(decided.governing[r, row])
        clauses = [rule.clause for bit, rule in enumerate(ruleset.rules) if mask >> bit & 1]
        why = RELEASED if code == kernel.RELEASED else reason_of(code).value
        found.append(Visibility(member=recipient, agreement=", ".join(clauses) or None, why=why))
    return found


def octets(table: pa.Table) -> bytes:
    """Arrow octets of a table."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
