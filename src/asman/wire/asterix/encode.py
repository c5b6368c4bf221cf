"""Tables to ASTERIX: records as `decode` gives them become data blocks, in any category and edition.

    encoded = encode(table, 48, "1.32")
    encoded.octets, encoded.blocks

The columns are those of docs/reference/decoded-tables.md, each value in its unit; it is rounded to the
nearest step of its leaf. What a leaf cannot say is refused with column and row: nothing wraps, nothing is
cut. Columns that a table may have but a record does not (`time`, `offset`, `length`, `block`, `edition`)
are passed over. Spare bits are 0. Items that stood under random field sequencing (`RFS`) are written at
their own places instead.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError
from asman.kernels.asterix_encode import (
    BLOCK_HEAD,
    BLOCKS,
    EXPLICIT_MAX,
    FAULT_REASON,
    FAULT_ROW,
    NEXT,
    STATES,
    Records,
    finish_blocks,
    write_blocks,
)
from asman.kernels.asterix_program import (
    COMPOUND,
    FRNS,
    HEAD,
    LEAF,
    PART,
    PARTS,
    REPETITIVE,
    UAPS,
)
from asman.wire.asterix.encode_columns import Cells, prepare
from asman.wire.asterix.layout import Layout, layout
from asman.wire.asterix.specification import specifications

#: A UDP payload that needs no fragmentation on Ethernet.
BLOCK_OCTETS_MAX: Final = 1400
#: Records of a chunk: its cells fit a core's cache.
CHUNK: Final = 2048
#: Added to a chunk's rows, so that columns do not fall into the same lines of the cache.
PADDING: Final = 8

_REASONS: Final = {
    1: "the leaf that chooses the UAP has a value without one",
    2: "it has no item at all",
    3: "it has an item that its UAP does not hold",
    4: "its block would be longer than 65,535 octets",
    5: "it has more repetitions than their count can say, or none where one is needed",
    6: "an explicit item holds more than 254 octets",
}


class Encoded(msgspec.Struct, frozen=True):
    """Data blocks, one behind the other.

    octets  all of them
    starts  (B + 1,)  octet where each block begins, and the end
    rows    (B + 1,)  row of each block's first record, and how many rows there are
    groups  (B,)      the group of each block's records
    """

    octets: bytes
    starts: NDArray[np.int64]
    rows: NDArray[np.int64]
    groups: NDArray[np.int64]

    @property
    def blocks(self) -> list[bytes]:
        """The octets of each block."""
        edges = self.starts.tolist()
        return [self.octets[a:b] for a, b in pairwise(edges)]


def encode(
    table: pa.Table,
    category: int,
    edition: str,
    *,
    groups: NDArray[np.int64] | None = None,
    max_block_octets: int = BLOCK_OCTETS_MAX,
) -> Encoded:
    """Encode records as data blocks.

    table             columns of docs/reference/decoded-tables.md; null is "not in this record"
    edition           e.g. "1.32"
    groups            (N,) a block holds records of one number only: a sector, a radar; default: all are one
    max_block_octets  a block closes before the record that would make it longer; a record that is longer
                      by itself stands alone

    Raises InputError for an unknown edition or column, and for a value that its leaf cannot say.
    """
    plan = _layout(category, edition)
    name = f"CAT{category:03d} edition {edition}"
    count = table.num_rows
    block = np.zeros(count, np.int64) if groups is None else np.asarray(groups, np.int64)
    if block.size != count:
        raise InputError(
            f"{name}: groups", f"{block.size} numbers for {count} rows", "Give one number a row."
        )
    prepared = prepare(table, plan, name)
    alive = [node for node in plan.nodes if _is_alive(plan.program, node, prepared.filled)]
    program = _pruned(plan, alive)
    longest = _longest(program, alive)
    out = np.empty(0, np.uint8)
    state = np.zeros(STATES, np.int64)
    starts, rows = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64)
    cells = Cells(
        np.zeros((plan.raws, min(count, CHUNK) + PADDING), np.uint64),
        np.zeros((plan.groups, min(count, CHUNK) + PADDING), np.uint8),
    )
    for base in range(0, count, CHUNK):
        some = min(CHUNK, count - base)
        prepared.fill(cells, base, some)
        records = Records(
            cells.raw, cells.present, prepared.children, prepared.first, prepared.counts, prepared.heap, base
        )
        repeated = _repeated_octets(program, alive, prepared.counts[:, base : base + some])
        out = _roomier(out, int(state[NEXT]), (some + 1) * longest + repeated, count / (base + some))
        write_blocks(program, records, block, some, category, max_block_octets, out, state, starts, rows)
        if state[FAULT_REASON]:
            raise InputError(
                f"{name}, row {state[FAULT_ROW]}",
                _REASONS[int(state[FAULT_REASON])],
                "Correct or leave out this record.",
            )
    finish_blocks(category, out, state)
    blocks = int(state[BLOCKS])
    starts[blocks], rows[blocks] = state[NEXT], count
    return Encoded(
        octets=out[: state[NEXT]].tobytes(),
        starts=starts[: blocks + 1],
        rows=rows[: blocks + 1],
        groups=block[rows[:blocks]],
    )


def _layout(category: int, edition: str) -> Layout:
    try:
        return layout(category, edition)
    except KeyError as error:
        known = [one.edition for one in specifications().categories.get(category, ())]
        raise InputError(
            f"CAT{category:03d} edition {edition}",
            "no specification of it is shipped",
            f"Known editions: {', '.join(known)}." if known else "No edition of this category is known.",
        ) from error


def _pruned(plan: Layout, alive: list[int]) -> NDArray[np.int32]:
    """The program without the items that no record has: they need not be looked for in each."""
    program = plan.program.copy()
    kept = set(alive)
    for node in plan.nodes:
        if program[node] == COMPOUND:
            subitems = program[node + 3 : node + 3 + program[node + 2]]
            subitems[[one not in kept for one in subitems.tolist()]] = -1
            program[node + 2] = int(np.flatnonzero(subitems >= 0).max(initial=-1)) + 1
    items = program[HEAD + program[UAPS] :][: program[UAPS] * program[FRNS]]
    items[[one not in kept for one in items.tolist()]] = -1
    return program


def _is_alive(program: NDArray[np.int32], node: int, filled: frozenset[int]) -> bool:
    """Tell whether any record has an item."""
    kind = program[node]
    if kind == COMPOUND:
        subitems = program[node + 3 : node + 3 + program[node + 2]].tolist()
        return any(one >= 0 and _is_alive(program, one, filled) for one in subitems)
    if kind != PARTS:
        return int(program[node + (4 if kind == REPETITIVE else 2)]) in filled
    part = node + 2
    for _ in range(program[node + 1]):
        if int(program[part + 1]) in filled:
            return True
        part += PART + LEAF * int(program[part + 4])
    return False


def _roomier(out: NDArray[np.uint8], used: int, more: int, share: float) -> NDArray[np.uint8]:
    """Octets with room for `more` after those that are used; `share`: what the whole may need of it."""
    if used + more <= out.size:
        return out
    larger = np.empty(int((used + more) * max(share, 1.0)) + 1, np.uint8)
    larger[:used] = out[:used]
    return larger


def _longest(program: NDArray[np.int32], nodes: Iterable[int]) -> int:
    """Octets that are enough for a record that has every item of a pruned program, without repetitions."""
    octets = BLOCK_HEAD + int(program[HEAD : HEAD + program[UAPS]].max())
    for node in nodes:
        kind = program[node]
        if kind == PARTS:
            part = node + 2
            for _ in range(program[node + 1]):
                octets += int(program[part])
                part += PART + LEAF * int(program[part + 4])
        elif kind in (REPETITIVE, COMPOUND):
            octets += int(program[node + 1])
        else:
            octets += 1 + EXPLICIT_MAX
    return octets


def _repeated_octets(program: NDArray[np.int32], nodes: Iterable[int], counts: NDArray[np.int64]) -> int:
    """Octets of a chunk's repetitions."""
    sizes = [
        (int(program[node + 2]), int(program[node + 3])) for node in nodes if program[node] == REPETITIVE
    ]
    return sum(size * int(counts[repetition].sum()) for size, repetition in sizes)
