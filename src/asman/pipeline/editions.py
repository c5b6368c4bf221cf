"""Which edition each live source writes, judged on its first blocks where nobody pinned it.

A stream comes in pieces too small to judge an edition by. So the first blocks of each source (SAC/SIC) and
category are kept, and judged anew as they become twice as many, until there are enough. That verdict holds:
it is made of the same blocks wherever a piece ends, so it is the same live and in a replay. From then on it
is watched, not changed: where the records of a source look like its edition no longer, that is said, once.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from asman.model.decoded import Decoded, Judged
from asman.model.frames import Frames
from asman.wire.asterix.apart import Source, blocks_by_source, first_blocks, judge_blocks
from asman.wire.asterix.editions import PLAUSIBLE

#: Blocks, and their octets, on which a source is judged for good.
JUDGED_BLOCKS: Final = 64
JUDGED_OCTETS: Final = 16_384
#: Blocks up to which a source is judged anew with each piece.
FEW_BLOCKS: Final = 8
#: Records by which it is watched then, one lot after the other.
WATCHED_RECORDS: Final = 100
#: Sources and categories of them that are judged apart: a feed of noise may name 65,536.
SOURCES_MAX: Final = 256


class Evidence(msgspec.Struct, frozen=True):
    """What is known of the edition of one source's category.

    edition    what it is read with; empty: it is not known yet
    settled    it was judged for good, or known beforehand
    records    that were judged, of which `plausible` are
    scores     edition -> plausible share of the octets that were judged
    kept       first blocks of a source that is not settled, `blocks` of them; judged at `judged` last
    since      records since the last lot that was watched, of which `fine` are plausible
    doubt      why the edition does not fit any more, in words; empty: it does
    """

    edition: str = ""
    settled: bool = False
    records: int = 0
    plausible: int = 0
    scores: dict[str, float] = {}
    kept: bytes = b""
    blocks: int = 0
    judged: int = 0
    since: int = 0
    fine: int = 0
    doubt: str = ""


#: "CAT021@20/206" -> what is known; "CAT021" is of every source of which nothing else is.
Editions = dict[str, Evidence]


def pins(editions: Editions, configured: Mapping[str, str]) -> dict[str, str]:
    """Return category or source -> edition for those that need no guess; what is configured wins."""
    learnt = {
        name: one.edition
        for name, one in editions.items()
        if one.edition and not _configured(name, configured)
    }
    return {**learnt, **configured}


def weigh(editions: Editions, octets: bytes, frames: Frames, configured: Mapping[str, str]) -> Editions:
    """Return what is known with the blocks that came, before they are read."""
    if not frames.start.size:
        return editions
    known = dict(editions)
    for source, came in blocks_by_source(octets, frames).items():
        name = source.name
        before = known.get(name, Evidence())
        if before.settled or _configured(name, configured) or known.get(source.category_name, before).settled:
            continue
        if name not in known and len(known) >= SOURCES_MAX:
            continue
        left = came
        while left:
            before, left = _weighed(before, source, left)
        known[name] = before
    return known


def _weighed(before: Evidence, source: Source, blocks: bytes) -> tuple[Evidence, bytes]:
    """Keep more of a source's first blocks, and judge them where they are many more, or enough.

    Returns also what is left to weigh: where no edition fits enough blocks, all begins anew behind them.
    """
    whole = before.kept + blocks
    kept, count = first_blocks(whole, JUDGED_BLOCKS, JUDGED_OCTETS)
    enough = count >= JUDGED_BLOCKS or len(kept) < len(whole)
    after = msgspec.structs.replace(before, kept=kept, blocks=count)
    if FEW_BLOCKS < count < 2 * before.judged and not enough:
        return after, b""
    judged = judge_blocks(kept, source.category)
    if judged.refusal:
        if enough:
            return Evidence(), whole[len(kept) :]
        return msgspec.structs.replace(after, edition="", judged=count), b""
    after = msgspec.structs.replace(
        after, edition=judged.edition, records=judged.records, plausible=judged.plausible,
        scores=judged.scores, judged=count,
    )  # fmt: skip
    return (msgspec.structs.replace(after, settled=True, kept=b"") if enough else after), b""


def watch(editions: Editions, decoded: Decoded) -> Editions:
    """Return what is known after a piece was read: whether settled editions still fit."""
    known = dict(editions)
    for category, choice in decoded.editions.items():
        for source, judged in choice.judged.items():
            name = f"{category}@{source}"
            before = known.get(name)
            if before is not None and before.settled and before.edition == judged.edition:
                known[name] = _watched(before, judged)
    return known


def _watched(before: Evidence, judged: Judged) -> Evidence:
    since, fine = before.since + judged.records, before.fine + judged.plausible
    if since < WATCHED_RECORDS:
        return msgspec.structs.replace(before, since=since, fine=fine)
    share = fine / since
    doubt = f"{share:.0%} of {since} records plausible" if share < PLAUSIBLE else ""
    if doubt and judged.refusal:
        doubt = f"{doubt}; {judged.refusal}"
    return msgspec.structs.replace(before, since=0, fine=0, doubt=doubt)


def _configured(name: str, configured: Mapping[str, str]) -> bool:
    return name in configured or name.partition("@")[0] in configured
