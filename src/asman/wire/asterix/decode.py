"""Octets and frames in, Arrow tables of every category and a list of what was given up out."""

from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.asterix_blocks import find_blocks
from asman.model.decoded import REJECTED, Decoded, EditionChoice, Judged
from asman.model.frames import Frames
from asman.wire.asterix import reasons
from asman.wire.asterix.batches import read
from asman.wire.asterix.blocks import Blocks
from asman.wire.asterix.expansion import RE, expand
from asman.wire.asterix.layout import Layout, layout
from asman.wire.asterix.originals import with_octets
from asman.wire.asterix.sources import Part, pins, settle, source_name
from asman.wire.asterix.specification import specifications
from asman.wire.asterix.work import room

#: No frame of a network is longer.
DATAGRAM_OCTETS_MAX: Final = 65_535
#: Places in a file where no block begins, behind which blocks are looked for again; behind more, none are.
GAPS_MAX: Final = 65_536

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
    lenient: bool = False,
    originals: bool = False,
    everything: bool = False,
) -> Decoded:
    """Decode every data block that lies in the frames.

    octets      a whole recording, or the datagrams of a moment one after another
    frames      where ASTERIX lies in it, and when it arrived
    editions    category ("CAT048", "048" or "48"), one source's of it ("48@20/129"), or what its RE holds
                ("48RE") -> edition ("1.32"): not to be detected
    trusted     `editions` were judged before: read at once, as a live stream does
    framing     how the octets were wrapped; kept in the result
    lenient     let pass what some senders do wrong without harm: a last FX bit that is set, an explicit
                length of 0; and read a named edition even where it is not plausible
    originals   the octets of records and items stand beside the values
    everything  judge editions by all records, not by a sample

    A category that is plausible in no edition, or not in the one that is named, is rejected whole, with a
    reason that says which would be: nothing is read into garbage. So is each source that writes an edition of
    its own.

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
            refuse(mine, reasons.no_category(category), rejected)
            continue
        name = f"CAT{category:03}"
        parts = settle(view, mine, category, pinned, trusted=trusted, everything=everything)
        choices[name] = _choice(parts)
        found: list[pa.Table] = []
        for part in parts:
            if part.judged.refusal and not (lenient and part.pinned):
                refuse(part.blocks, part.judged.refusal, rejected)
                continue
            found.append(
                _read(view, part, layout(category, part.judged.edition), rejected, lenient, originals)
            )
        table = in_order([one for one in found if one.num_rows])
        if table is not None:
            tables[name], expansion = expand(
                table, category, pinned.expansions.get(category, ""), lenient=lenient
            )
            if expansion is not None:
                choices[f"{name} {RE}"] = expansion
    return Decoded(tables, rejected.table(), choices, framing, view.size)


def _choice(parts: list[Part]) -> EditionChoice:
    """What is reported of a category: the edition of most blocks, and sources that write another one."""
    first = parts[0]
    judged = first.judged
    apart = {source_name(part.source): part for part in parts if part.source >= 0}
    sources = {name: part.judged.edition for name, part in apart.items()}
    each = {name: _judged(part) for name, part in apart.items()}
    return EditionChoice(
        judged.edition, first.pinned, judged.scores, judged.records, judged.plausible, sources, each
    )


def _judged(part: Part) -> Judged:
    one = part.judged
    return Judged(one.edition, one.records or part.blocks.start.size, one.plausible, one.refusal)


def _read(
    view: NDArray[np.uint8], part: Part, chosen: Layout, rejected: Rejected, lenient: bool, originals: bool
) -> pa.Table:
    """Read blocks of one edition; what cannot be read is rejected."""
    found = read(view, part.blocks, chosen, lenient=lenient)
    perhaps = "" if found.table.num_rows else reasons.older(chosen.category)
    note_rejects(found.rejects, part.blocks, chosen, rejected, perhaps)
    if originals and found.table.num_rows:
        return with_octets(found.table, view, chosen, lenient=lenient)
    return found.table


def in_order(tables: list[pa.Table]) -> pa.Table | None:
    """Put tables of several editions together, in file order; None where there is none.

    A column whose type is wider in one of them is so in all; one whose types do not unite stands twice, the
    second time as "name@edition".
    """
    if len(tables) < 2:
        return tables[0] if tables else None
    joined = tables[0]
    for table in tables[1:]:
        edition = table["edition"][0].as_py()
        names = [one.name if _unites(joined.schema, one) else f"{one.name}@{edition}" for one in table.schema]
        joined = pa.concat_tables([joined, table.rename_columns(names)], promote_options="permissive")
    return joined.sort_by("offset").unify_dictionaries()


def _unites(schema: pa.Schema, field: pa.Field) -> bool:
    """Tell whether a field can stand in the column of that name."""
    if field.name not in schema.names:
        return True
    try:
        pa.unify_schemas(
            [pa.schema([schema.field(field.name)]), pa.schema([field])], promote_options="permissive"
        )
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return False
    return True


def as_array(octets: Octets) -> NDArray[np.uint8]:
    """View octets as a read-only array, without copying."""
    view: NDArray[np.uint8] = np.frombuffer(octets, np.uint8)
    view.flags.writeable = False
    return view


def split(view: NDArray[np.uint8], frames: Frames, rejected: Rejected) -> Blocks:
    """Find the data blocks; what is none is rejected.

    A frame that is longer than any datagram is a file: behind what is no block, the next ones are looked for.
    """
    most = int(frames.length.sum()) // 3 + 1
    follow = bool(frames.length.max(initial=0) > DATAGRAM_OCTETS_MAX or frames.start.size == 1)
    gaps = frames.start.size + (GAPS_MAX if follow else 0)
    table, broken = room((4, most), np.int64), np.empty((gaps, 4), np.int64)
    found, bad = find_blocks(view, frames.start, frames.length, known_categories(), follow, table, broken)
    if bad:
        octet, length, category, frame = broken[:bad].T
        behind = octet > frames.start[frame]
        ends = octet + length == frames.start[frame] + frames.length[frame]
        trailing = behind & ends & (frames.start.size > 1)
        said = [reasons.BEHIND if one else reasons.NO_HEADER for one in trailing.tolist()]
        rejected.add(octet, octet, category, length, said)
    start, length, category, frame = table[:, :found].copy()
    return Blocks(start, length, category, frame, frames.time_ns[frame])


@cache
def known_categories() -> NDArray[np.bool_]:
    """Which of the 256 categories there are: those we carry, and those that are known by name."""
    known = np.zeros(256, np.bool_)
    known[[*specifications().categories, *reasons.NEVER_PUBLISHED]] = True
    known.flags.writeable = False
    return known


def refuse(blocks: Blocks, reason: str, rejected: Rejected) -> None:
    """Reject whole blocks."""
    rejected.add(blocks.start, blocks.start, blocks.category, blocks.length, [reason] * blocks.start.size)


def note_rejects(
    rows: NDArray[np.int64], blocks: Blocks, chosen: Layout, rejected: Rejected, perhaps: str = ""
) -> None:
    """Put what the kernel noted in words; `perhaps` is what may be behind it."""
    if not rows.shape[0]:
        return
    offset, block, reason, node, record = rows.T
    length = blocks.start[block] + blocks.length[block] - record
    known = {
        pair: reasons.words(chosen, *pair) for pair in set(zip(reason.tolist(), node.tolist(), strict=True))
    }
    behind = f" ({perhaps})" if perhaps else ""
    said = [known[pair] + behind for pair in zip(reason.tolist(), node.tolist(), strict=True)]
    rejected.add(offset, blocks.start[block], blocks.category[block], length, said)
