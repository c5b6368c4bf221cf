"""Which edition a category is read with, learnt from the stream where nobody pinned it.

A live stream comes in pieces too small to judge an edition by: so what each piece says is added up, and the
edition that most of the records look like is used, until enough have been seen to settle it for good.
"""

from typing import Final

import msgspec

from asman.model.decoded import Decoded

#: Records after which an edition is settled.
SETTLED_AFTER: Final = 500
#: Records before which each piece is judged by itself.
TRUSTED_AFTER: Final = 20


class Evidence(msgspec.Struct, frozen=True):
    """What was seen of one category: records, and how many of them looked plausible in each edition."""

    records: int = 0
    plausible: dict[str, float] = {}
    settled: str = ""

    @property
    def best(self) -> str:
        """The edition that most records look like; of equals the one that was chosen first."""
        return max(self.plausible, key=lambda edition: self.plausible[edition], default="")


Editions = dict[str, Evidence]


def pins(editions: Editions, configured: dict[str, str]) -> dict[str, str]:
    """Return category ("CAT048") -> edition for those that need no guess any more."""
    learnt = {
        category: evidence.settled or evidence.best
        for category, evidence in editions.items()
        if evidence.settled or (evidence.records >= TRUSTED_AFTER and evidence.best)
    }
    return learnt | configured


def learn(editions: Editions, decoded: Decoded) -> Editions:
    """Return what is known after a piece was decoded."""
    known = dict(editions)
    for category, choice in decoded.editions.items():
        evidence = known.get(category, Evidence())
        table = decoded.tables.get(category)
        if evidence.settled or table is None or not table.num_rows:
            continue
        scores = choice.scores if not choice.pinned and choice.scores else {choice.edition: 1.0}
        plausible = dict(evidence.plausible)
        for edition in sorted(scores, key=lambda edition: edition != choice.edition):
            plausible[edition] = plausible.get(edition, 0.0) + scores[edition] * table.num_rows
        records = evidence.records + table.num_rows
        grown = Evidence(records, plausible)
        settled = grown.best if records >= SETTLED_AFTER else ""
        known[category] = Evidence(records, plausible, settled)
    return known
