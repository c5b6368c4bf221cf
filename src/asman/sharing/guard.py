"""The release guard: of all a member has, what leaves for whom, and an account of what does not.

    state, outcomes = release(state, ruleset, register, tracks, now_ns)

What a recipient gets depends on nothing but rows that it may have, the agreements and the clock: rows come
in the order of their own content, under numbers of that recipient's own, and an outcome is made for every
recipient at every step, empty or not. `Released` is made here and nowhere else; whoever sends to partners
takes nothing but that.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels import release as kernel
from asman.model.agreement import DataClass
from asman.model.contribution import CONTRIBUTED, SCHEMAS
from asman.model.label import Label
from asman.model.tracks import TRACKS
from asman.sharing.deciding import (
    AUDIENCE_CODE,
    REASONS,
    TOO_OFTEN_CODE,
    Reason,
    decide,
    subjects_of,
)
from asman.sharing.lifecycle import Standing
from asman.sharing.register import Register, standings
from asman.sharing.ruleset import Ruleset, bits_at
from asman.sharing.terms import Terms, applied, terms_of

#: Rows that wait for their delay, a recipient; beyond it the oldest are given up and counted.
MOST_HELD: Final = 500_000
#: A recipient's number for a track is forgotten when nothing of it left for so long; it is not used again.
FORGET_NS: Final = 3_600 * 10**9


class Released:
    """Rows that may leave for one recipient under one label. Only this file can make one."""

    __slots__ = ("_terms", "clauses", "label", "recipient", "table", "what")

    def __init__(
        self, seal: object, recipient: str, table: pa.Table, terms: Terms, what: DataClass = "tracks"
    ) -> None:
        if seal is not _SEAL:
            raise TypeError("only the release guard makes Released")
        self.recipient: Final = recipient
        self.table: Final = table
        self.what: Final[DataClass] = what
        self.label: Final[Label] = terms.label
        self.clauses: Final = terms.clauses
        self._terms = terms

    def parts(self, rows: int) -> "tuple[Released, ...]":
        """The same in pieces of at most so many rows, each under the same label."""
        if self.table.num_rows <= rows:
            return (self,)
        begins = range(0, self.table.num_rows, rows)
        return tuple(
            Released(_SEAL, self.recipient, self.table.slice(at, rows), self._terms, self.what)
            for at in begins
        )


_SEAL: Final = object()
#: Columns whose numbers count everything that a member has: each recipient gets numbers of its own.
NUMBERED: Final[Mapping[DataClass, str]] = {
    "tracks": "track", "identity": "assertion", "warnings": "warning", "tasks": "task",
}  # fmt: skip
#: Of rows that say nothing of a place, these columns give the order.
_ALSO_BY: Final = ("sensor", "code", "value", "state", "verb", "subject", "text", "reason", "criteria")


class Withheld(msgspec.Struct, frozen=True):
    """What did not leave for one recipient, and why: rows by reason."""

    recipient: str
    counts: dict[Reason, int]


class Outcome(msgspec.Struct, frozen=True):
    """One step's account for one recipient.

    released  one a set of rules, in the order of their bits
    withheld  everything else
    digest    SHA-256 of every decision: track, time, reason, so that each can be proven later
    what      class of all of it
    """

    recipient: str
    released: tuple[Released, ...]
    withheld: Withheld
    digest: str
    what: DataClass = "tracks"

    @property
    def rows(self) -> int:
        """How many rows left."""
        return sum(one.table.num_rows for one in self.released)


class _Waiting(msgspec.Struct, frozen=True):
    """Rows that are not old enough yet, and what each was held to be when it came.

    tracks  rows of a class, as they were offered: terms are applied when they leave
    kind    (N,)  class number, as of `classes.numbers`
    """

    tracks: pa.Table
    kind: NDArray[np.int64]


class Partner(msgspec.Struct, frozen=True):
    """What the guard remembers of one recipient: its numbers of tracks, and when each left last.

    others  the same of other classes than tracks, by class
    """

    next_number: int = 1
    numbers: Mapping[int, tuple[int, int]] = {}
    waiting: _Waiting | None = None
    others: Mapping[str, "Partner"] = {}


class GuardState(msgspec.Struct, frozen=True):
    """What the guard remembers between steps, by recipient."""

    partners: Mapping[str, Partner] = {}


def release(
    state: GuardState,
    ruleset: Ruleset,
    register: Register,
    tracks: pa.Table,
    now_ns: int,
    identity: NDArray[np.integer] | None = None,
    category: NDArray[np.integer] | None = None,
    what: DataClass = "tracks",
    audience: Sequence[Collection[str] | None] | None = None,
) -> tuple[GuardState, tuple[Outcome, ...]]:
    """Release what may leave at `now_ns` of fresh rows of the member's own, and of what waited.

    tracks              rows of SCHEMAS[what]; of tracks TRACKS as well, without what they learned
    identity, category  (N,)  indices into IDENTITIES and CATEGORIES
    audience            (N,)  to whom a row may go at most, whatever is granted; None: no such bound
    returns             an outcome for every recipient, in their order
    """
    schema = SCHEMAS[what]
    if what == "tracks" and CONTRIBUTED.names[-1] not in tracks.column_names:
        schema = TRACKS
    tracks = tracks.select(schema.names).cast(schema).combine_chunks()
    standing = standings(register, now_ns)
    bits = bits_at(ruleset, standing)
    subjects = subjects_of(tracks, identity, category, what)
    fresh = decide(ruleset, bits, subjects, now_ns)
    partners: dict[str, Partner] = {}
    outcomes: list[Outcome] = []
    for r, recipient in enumerate(ruleset.recipients):
        whole = state.partners.get(recipient, Partner())
        before = whole if what == "tracks" else whole.others.get(what, Partner())
        rows, kind, reason, governing = tracks, subjects.kind, fresh.reason[r], fresh.governing[r]
        if audience is not None:
            kept = np.array([one is not None and recipient not in one for one in audience], np.bool_)
            reason = np.where(kept, AUDIENCE_CODE, reason).astype(np.uint8)
        if before.waiting is not None:
            waited = subjects_of(before.waiting.tracks, what=what)
            again = decide(ruleset, bits, msgspec.structs.replace(waited, kind=before.waiting.kind), now_ns)
            # What waited may be of the poorer schema: it has all that it will ever tell.
            rows = pa.concat_tables([before.waiting.tracks, tracks], promote_options="default")
            rows = rows.combine_chunks()
            kind = np.concatenate((before.waiting.kind, kind))
            reason = np.concatenate((again.reason[r], reason))
            governing = np.concatenate((again.governing[r], governing))
        after, outcome = _one(
            before, ruleset, recipient, rows, kind, reason, governing, standing, now_ns, what, whole.numbers
        )
        if what == "tracks":
            after = msgspec.structs.replace(after, others=whole.others)
        else:
            after = msgspec.structs.replace(whole, others={**whole.others, what: after})
        partners[recipient] = after
        outcomes.append(outcome)
    return GuardState(partners), tuple(outcomes)


def _one(
    partner: Partner, ruleset: Ruleset, recipient: str, rows: pa.Table, kind: NDArray[np.int64],
    reason: NDArray[np.uint8], governing: NDArray[np.uint64], standing: Mapping[str, Standing], now_ns: int,
    what: DataClass, known: Mapping[int, tuple[int, int]],
) -> tuple[Partner, Outcome]:  # fmt: skip
    """One recipient's share: order, thin, number, apply terms, account."""
    column = NUMBERED.get(what)
    order = _by_content(rows, np.flatnonzero(reason == kernel.RELEASED), column)
    masks, group = np.unique(governing[order], return_inverse=True)
    terms = [terms_of(ruleset, int(mask), recipient, standing) for mask in masks]
    # What has no number of its own is each time something new.
    track = np.arange(len(rows)) if column is None else rows[column].fill_null(-1).to_numpy()
    time_ns = rows["time"].cast(pa.int64()).to_numpy()
    every_ns = np.array([one.every_ns for one in terms], np.int64)[group]
    if column is None:
        numbers = np.ones(len(order), np.int64)
    else:
        partner, numbers = _numbered(partner, track[order], time_ns[order], every_ns, now_ns)
    reason = reason.copy()
    reason[order[numbers == 0]] = TOO_OFTEN_CODE
    released: list[Released] = []
    for place, one in enumerate(terms):
        mine = (group == place) & (numbers > 0)
        if mine.any():
            table = applied(rows.take(pa.array(order[mine])), one)
            if column is not None:
                table = _with(table, column, pa.array(numbers[mine]))
            if what != "tracks" and "track" in table.column_names:
                table = _with(table, "track", _their_numbers(table["track"].to_pylist(), known))
            released.append(Released(_SEAL, recipient, table, one, what))
    waiting, lost = _held(rows, kind, np.flatnonzero(reason == kernel.DELAYED))
    counts = Counter(
        {
            REASONS[code]: int(number)
            for code, number in enumerate(np.bincount(reason))
            if number and code in REASONS
        }
    )
    counts[Reason.TOO_OFTEN] = int((reason == TOO_OFTEN_CODE).sum())
    counts[Reason.AUDIENCE] = int((reason == AUDIENCE_CODE).sum())
    counts[Reason.GIVEN_UP] = lost
    withheld = Withheld(recipient, {one: counts[one] for one in Reason if counts[one]})
    digest = hashlib.sha256(track.tobytes() + time_ns.tobytes() + reason.tobytes()).hexdigest()
    partner = msgspec.structs.replace(partner, waiting=waiting)
    return partner, Outcome(recipient, tuple(released), withheld, digest, what)


def _by_content(rows: pa.Table, chosen: NDArray[np.int64], column: str | None) -> NDArray[np.int64]:
    """Chosen rows in an order that their own content gives: other rows, or their numbers, do not matter."""
    columns = [rows[name].to_numpy()[chosen] for name in ("altitude_m", "lon_deg", "lat_deg")]
    texts = [
        rows[name].fill_null("").to_numpy(zero_copy_only=False)[chosen].astype(str)
        for name in _ALSO_BY
        if column != "track" and name in rows.column_names
    ]
    return chosen[np.lexsort((*texts, *columns, rows["time"].cast(pa.int64()).to_numpy()[chosen]))]


def _numbered(
    partner: Partner,
    track: NDArray[np.int64],
    time_ns: NDArray[np.int64],
    every_ns: NDArray[np.int64],
    now_ns: int,
) -> tuple[Partner, NDArray[np.int64]]:
    """The recipient's own number of each row's track; 0 for rows that come too soon after the last one."""
    known = {one: last for one, last in partner.numbers.items() if now_ns - last[1] < FORGET_NS}
    following = partner.next_number
    numbers = np.zeros(len(track), np.int64)
    for i, (one, at_ns, gap_ns) in enumerate(
        zip(track.tolist(), time_ns.tolist(), every_ns.tolist(), strict=True)
    ):
        number, last_ns = known.get(one, (0, 0))
        if number and gap_ns and at_ns < last_ns + gap_ns:
            continue
        if not number:
            number, following = following, following + 1
        known[one] = (number, max(at_ns, last_ns))
        numbers[i] = number
    return Partner(following, known, partner.waiting), numbers


def _with(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """`table` with another column of a name."""
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)


def _their_numbers(tracks: Sequence[int | None], known: Mapping[int, tuple[int, int]]) -> pa.Array:
    """The recipient's numbers of tracks; null of one that it never got."""
    theirs = [None if one is None or one not in known else known[one][0] for one in tracks]
    return pa.array(theirs, pa.int64())


def _held(rows: pa.Table, kind: NDArray[np.int64], places: NDArray[np.int64]) -> tuple[_Waiting | None, int]:
    """Rows that wait on, and how many were given up because too many do."""
    lost = max(len(places) - MOST_HELD, 0)
    places = places[lost:]
    return (_Waiting(rows.take(pa.array(places)), kind[places]) if len(places) else None), lost


def waits(state: GuardState, what: DataClass) -> bool:
    """Tell whether rows of a class other than tracks wait for their delay."""
    return any(one.others.get(what, Partner()).waiting is not None for one in state.partners.values())


def total(outcomes: Sequence[Outcome]) -> dict[Reason, int]:
    """Rows withheld over several outcomes, by reason."""
    counts: Counter[Reason] = Counter()
    for one in outcomes:
        counts.update(one.withheld.counts)
    return {one: counts[one] for one in Reason if counts[one]}
