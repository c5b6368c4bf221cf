"""Passing on what another member contributed: its octets as they are, or not at all.

The third-party rule: only where the originator's own agreement names the third party, and its label does;
never back to the originator, and one hop: who got a batch itself passes it on, who got it passed on does not.
What our own terms would have to alter, or withhold a part of, does not go on, because it cannot be altered:
it is the originator's signature that the third party believes.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from asman.kernels import release as kernel
from asman.model.label import Label
from asman.sharing import spans
from asman.sharing.batches import ENCLOSING_OCTETS, MOST_OCTETS, Header, digest_of
from asman.sharing.classes import of_any_identity
from asman.sharing.deciding import Reason, Subjects, decide, reason_of
from asman.sharing.lifecycle import Standing
from asman.sharing.register import Register, flowing, standings
from asman.sharing.ruleset import Ruleset, bits_at, compile_register
from asman.sharing.terms import Terms, terms_of

_SEAL: Final = object()


class Onward:
    """Another member's batch that may go on to one third party, as it is. Only this file can make one.

    octets   as the originator signed them
    under    our own agreements under which it goes on
    clauses  of them, e.g. "bb-cc grant 1"
    every_ns  ns  of one track at most one row in this time, by our own terms
    """

    __slots__ = ("clauses", "every_ns", "header", "label", "octets", "recipient", "under")

    def __init__(
        self, seal: object, recipient: str, octets: bytes, header: Header, label: Label,
        terms: tuple[Terms, ...],
    ) -> None:  # fmt: skip
        if seal is not _SEAL:
            raise TypeError("only the third-party rule makes Onward")
        self.recipient: Final = recipient
        self.octets: Final = octets
        self.header: Final = header
        self.label: Final = label
        self.under: Final = frozenset(id_ for one in terms for id_, _ in one.label.agreements)
        self.clauses: Final = tuple(sorted({clause for one in terms for clause in one.clauses}))
        self.every_ns: Final = max((one.every_ns for one in terms), default=0)


class Rulesets(NamedTuple):
    """Of one originator, us, and one third party: what it gives us that may go on, and what we give."""

    theirs: Ruleset
    ours: Ruleset


def rulesets(register: Register, origin: str, third: str) -> Rulesets:
    """Compile them; they change with the agreements alone."""
    return Rulesets(
        compile_register(register, origin, (register.member,), onward=third),
        compile_register(register, register.member, (third,)),
    )


def onward_under(
    register: Register, standing: Mapping[str, Standing], origin: str, relay: str, third: str
) -> frozenset[str]:
    """Ids of the agreements under which `relay` may pass on to `third` what `origin` gave it.

    They flow between the two, a grant names the third party, and none of the three has stopped it: a
    suspension "towards" the third party strikes it out at once, by whichever party.
    """
    found: set[str] = set()
    for id_, now in standing.items():
        grants = register.entries[id_].agreement.terms.grant
        named = any(one.giver == origin and relay in one.to and third in one.onward for one in grants)
        if named and third not in (origin, relay) and now.flows(origin, relay):
            ends = {origin, relay}
            stopped = any(third in pair and set(pair) & ends for pair in now.stopped)
            if not stopped and third not in now.gone:
                found.add(id_)
    return frozenset(found)


def may_still(header: Header, register: Register, third: str, now_ns: int) -> Reason | None:
    """Why a batch may not go on to `third`, whatever its rows; None where its rows decide.

    Asked when it is judged, and once more when it is about to leave: what stops it stops it at once.
    """
    label, member = header.label, register.member
    if label is None or third == header.origin or third not in label.releasable_to:
        return Reason.NOT_GRANTED
    if header.recipient != member:
        return Reason.HOPS
    if now_ns >= outlived_ns(header, label):
        return Reason.OUTLIVED
    standing = standings(register, now_ns)
    may = onward_under(register, standing, header.origin, member, third)
    given = flowing(register, header.origin, member, now_ns)
    for id_, name in label.agreements:
        if id_ not in register.entries or register.entries[id_].hash != name:
            return Reason.NO_AGREEMENT
        if id_ not in may:
            struck = any(third in pair for pair in standing[id_].stopped)
            return Reason.STRUCK if struck else Reason.NOT_GRANTED if id_ in given else Reason.SUSPENDED
    return None


def outlived_ns(header: Header, label: Label) -> int:
    """From when a batch may not be kept any longer, and so not be passed on, ns."""
    try:
        return header.sent_ns + spans.length_ns(label.retain)
    except ValueError:
        return header.sent_ns


def may_pass_on(
    header: Header, subjects: Subjects, register: Register, third: str, now_ns: int
) -> Reason | None:
    """Why an admitted batch may not go on to `third`; None when it may, verbatim.

    header    of the batch as its originator signed it
    subjects  its rows, with what we know of their identity and category
    """
    reason = may_still(header, register, third, now_ns)
    if reason is not None:
        return reason
    judged = _judged(subjects, register, rulesets(register, header.origin, third), now_ns)
    return judged if isinstance(judged, Reason) else None


def pass_on(
    octets: bytes, header: Header, subjects: Subjects, register: Register, rules: Rulesets, now_ns: int
) -> Onward | Reason:
    """Let an admitted batch go on to the third party of `rules`, or say why it does not."""
    third = rules.theirs.onward
    reason = may_still(header, register, third, now_ns)
    if reason is not None:
        return reason
    if len(octets) > MOST_OCTETS - ENCLOSING_OCTETS:
        return Reason.TOO_LARGE
    judged = _judged(subjects, register, rules, now_ns)
    if isinstance(judged, Reason):
        return judged
    assert header.label is not None
    return Onward(_SEAL, third, octets, header, header.label, judged)


def digest(one: Onward | bytes) -> str:
    """SHA-256 of the octets that went on, or did not."""
    return digest_of(one.octets if isinstance(one, Onward) else one)


def _judged(
    subjects: Subjects, register: Register, rules: Rulesets, now_ns: int
) -> tuple[Terms, ...] | Reason:
    """By its rows: our own terms under which all of them go on, or why they do not."""
    if not len(subjects.time_ns):
        return Reason.NOT_GRANTED
    standing = standings(register, now_ns)
    bits = bits_at(rules.theirs, standing)
    # Who is a friend, and what is unknown, its originator has judged.
    bits = bits._replace(scope=of_any_identity(bits.scope), excepts=np.zeros_like(bits.excepts))
    reason = decide(rules.theirs, bits, subjects, now_ns).reason[0]
    # Places may have been rounded by the originator; that it named the third party is what matters here.
    granted = ~np.isin(reason, (kernel.NO_AGREEMENT, kernel.SUSPENDED, kernel.NOT_GRANTED))
    if not granted.all():
        return reason_of(int(reason[~granted][0]))
    mine = decide(rules.ours, bits_at(rules.ours, standing), subjects, now_ns)
    kept = mine.reason[0] != kernel.RELEASED
    if kept.any():
        # What nothing but time keeps back may go on later; what anything else does, never.
        reasons = mine.reason[0][kept]
        return reason_of(int(reasons[np.argmin(reasons == kernel.DELAYED)]))
    third = rules.ours.recipients[0]
    terms = [terms_of(rules.ours, one, third, standing) for one in np.unique(mine.governing[0]).tolist()]
    return Reason.VERBATIM if any(one.alters for one in terms) else tuple(terms)
