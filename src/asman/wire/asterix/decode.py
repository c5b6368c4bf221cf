"""Octets and frames in, Arrow tables of every category and a list of what was given up out."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError, nearest
from asman.kernels.asterix_blocks import find_blocks
from asman.model.decoded import REJECTED, Decoded, EditionChoice
from asman.model.frames import Frames
from asman.wire.asterix import reasons
from asman.wire.asterix.batches import read
from asman.wire.asterix.blocks import Blocks
from asman.wire.asterix.editions import Judgement, choose
from asman.wire.asterix.layout import Layout, layout
from asman.wire.asterix.specification import specifications

Octets = bytes | bytearray | memoryview | NDArray[np.uint8]


class Rejected:
    """Collects what was given up, column by column."""

    def __init__(self) -> None:
        self.parts: list[pa.Table] = []

    def add(
        self,
        offset: NDArray[np.int64],
        block: NDArray[np.int64],
        category: NDArray[np.int64],
        length: NDArray[np.int64],
        reason: list[str],
    ) -> None:
        """Add rows of `REJECTED`."""
        columns = [offset, block, category.astype(np.int16), length, reason]
        self.parts.append(pa.table([pa.array(one) for one in columns], schema=REJECTED))

    def table(self) -> pa.Table:
        """Return all rows, in order of octets."""
        if not self.parts:
            return REJECTED.empty_table()
        return pa.concat_tables(self.parts).sort_by([("block", "ascending"), ("offset", "ascending")])


def decode(
    octets: Octets,
    frames: Frames,
    *,
    editions: Mapping[str, str] | None = None,
    trusted: bool = False,
    framing: str = "raw",
) -> Decoded:
    """Decode every data block that lies in the frames.

    octets    a whole recording, or the datagrams of a moment one after another
    frames    where ASTERIX lies in it, and when it arrived
    editions  category ("CAT048", "048" or "48") -> edition ("1.32"): not to be detected
    trusted   `editions` were judged before: read at once, as a live stream does
    framing   how the octets were wrapped; kept in the result

    A category that is plausible in no edition, or not in the one that is named, is rejected whole, with a
    reason that says which would be: nothing is read into garbage.

    Bad octets never raise: they are rows of `rejected`. Raises InputError when `editions` names what there is
    not.
    """
    view = as_array(octets)
    pinned = pins(editions or {})
    rejected = Rejected()
    blocks = split(view, frames, rejected)
    tables: dict[str, pa.Table] = {}
    choices: dict[str, EditionChoice] = {}
    counts = np.bincount(blocks.category, minlength=256)
    for category in np.flatnonzero(counts).tolist():
        alone = counts[category] == blocks.category.size
        mine = blocks if alone else blocks.of(blocks.category == category)
        if category not in specifications().categories:
            refuse(mine, reasons.NO_CATEGORY.format(category=category), rejected)
            continue
        name = f"CAT{category:03}"
        judged = _choose(view, mine, category, pinned.get(category, ""), trusted=trusted)
        choices[name] = EditionChoice(judged.edition, category in pinned, judged.scores)
        if judged.refusal:
            refuse(mine, judged.refusal, rejected)
            continue
        chosen = layout(category, judged.edition)
        found = read(view, mine, chosen)
        note_rejects(found.rejects, mine, chosen, rejected)
        if found.table.num_rows:
            tables[name] = found.table
    return Decoded(tables, rejected.table(), choices, framing, view.size)


def _choose(
    view: NDArray[np.uint8], blocks: Blocks, category: int, pinned: str, *, trusted: bool
) -> Judgement:
    if pinned and trusted:
        return Judgement(pinned, {}, "")
    editions = [one.edition for one in specifications().categories[category]]
    return choose(view, blocks, category, editions, pinned)


def as_array(octets: Octets) -> NDArray[np.uint8]:
    """View octets as a read-only array, without copying."""
    view: NDArray[np.uint8] = np.frombuffer(octets, np.uint8)
    view.flags.writeable = False
    return view


def pins(editions: Mapping[str, str]) -> dict[int, str]:
    """Read which categories are pinned to which edition. Raises InputError for what there is not."""
    known = specifications().categories
    found: dict[int, str] = {}
    for name, edition in editions.items():
        digits = name.upper().removeprefix("CAT")
        category = int(digits) if digits.isdecimal() else -1
        if category not in known:
            mend = nearest(f"{category:03}", [f"{one:03}" for one in known])
            raise InputError(
                f"edition {name}={edition}", f"there is no category {name} in the specifications", mend
            )
        there = [one.edition for one in known[category]]
        if edition not in there:
            raise InputError(
                f"edition {name}={edition}",
                f"CAT{category:03} has no edition {edition}",
                nearest(edition, there),
            )
        found[category] = edition
    return found


def split(view: NDArray[np.uint8], frames: Frames, rejected: Rejected) -> Blocks:
    """Find the data blocks; what is none is rejected."""
    room = int(frames.length.sum()) // 3 + 1
    table, broken = np.empty((room, 4), np.int64), np.empty((frames.start.size, 4), np.int64)
    found, bad = find_blocks(view, frames.start, frames.length, table, broken)
    if bad:
        octet, length, category, _ = broken[:bad].T
        rejected.add(octet, octet, category, length, [reasons.NO_HEADER] * bad)
    start, length, category, frame = (np.ascontiguousarray(column) for column in table[:found].T)
    return Blocks(start, length, category, frame, frames.time_ns[frame])


def refuse(blocks: Blocks, reason: str, rejected: Rejected) -> None:
    """Reject whole blocks."""
    rejected.add(blocks.start, blocks.start, blocks.category, blocks.length, [reason] * blocks.start.size)


def note_rejects(rows: NDArray[np.int64], blocks: Blocks, chosen: Layout, rejected: Rejected) -> None:
    """Put what the kernel noted in words."""
    if not rows.shape[0]:
        return
    offset, block, reason, node, record = rows.T
    length = blocks.start[block] + blocks.length[block] - record
    known = {
        pair: reasons.words(chosen, *pair) for pair in set(zip(reason.tolist(), node.tolist(), strict=True))
    }
    said = [known[pair] for pair in zip(reason.tolist(), node.tolist(), strict=True)]
    rejected.add(offset, blocks.start[block], blocks.category[block], length, said)
