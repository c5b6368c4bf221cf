"""The receiver's gate: of what a partner sends, what is taken.

Cheap checks come first, nothing is believed before the signature. What nobody can be blamed for (noise, a
forger, a repeat, a gap) is rejected and counted. What the partner itself signed and may not send puts it into
quarantine: nothing more is taken until a person lifts it.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec
import numpy as np

from asman.kernels import release as kernel
from asman.model.agreement import Volume
from asman.sharing import keys
from asman.sharing.batches import MOST_OCTETS, Batch, BatchError, Header, is_signed_by, take_apart
from asman.sharing.classes import of_any_identity
from asman.sharing.deciding import Subjects, decide
from asman.sharing.register import Register, flowing, standings
from asman.sharing.ruleset import Ruleset, bits_at, compile_rules


class Rejection(Enum):
    """Why a batch is not taken. The value is said to people."""

    OVERSIZED = "it is larger than any batch"
    MALFORMED = "it is no batch"
    UNKNOWN_MEMBER = "its origin is no party of any agreement here"
    NO_KEY = "no public key of its origin is known here"
    WRONG_KEY = "it was signed with a key that is not its origin's"
    ENDED_KEY = "it was signed with a key that its origin has replaced, after the end of that key"
    ALTERED = "its signature is not of these octets"
    NOT_FOR_US = "it is for another member"
    QUARANTINED = "its origin is in quarantine"
    FROM_THE_FUTURE = "it is dated in the future"
    DUPLICATE = "it was taken already, or is played again"
    GAP = "batches before it are missing"
    FORKED = "it does not follow the batch before it: its origin tells two stories"
    NOT_ACTIVE = "no agreement under which it may come is active"
    OTHER_AGREEMENT = "it names another text of an agreement than ours"
    NO_LABEL = "it carries data without a label"
    NOT_RELEASABLE = "its label does not name us"
    REWRITTEN = "its origin's account does not begin as it did: its history was rewritten"
    OUTSIDE_TERMS = "it holds what its origin's grants do not give"
    RELAY_ALTERED = "it passes on octets that their origin did not sign: they were altered on the way"
    RELAY_UNNAMED = "it passes on what its origin does not let it pass on to us"
    OUTLIVED = "it may not be kept any longer"


#: What only the partner itself can have done.
BLAMES: Final = frozenset(
    {
        Rejection.FORKED,
        Rejection.OTHER_AGREEMENT,
        Rejection.NO_LABEL,
        Rejection.NOT_RELEASABLE,
        Rejection.REWRITTEN,
        Rejection.OUTSIDE_TERMS,
        Rejection.RELAY_ALTERED,
        Rejection.RELAY_UNNAMED,
    }
)
#: What only the relay can have done to a batch that it passes on, since it signs for the octets.
BLAMES_RELAY: Final = frozenset({Rejection.RELAY_ALTERED, Rejection.RELAY_UNNAMED})


_NOT_GIVEN: Final = (
    kernel.NO_AGREEMENT,
    kernel.SUSPENDED,
    kernel.NOT_GRANTED,
    kernel.OUTSIDE,
    kernel.NO_PLACE,
)


class Inbox(msgspec.Struct, frozen=True):
    """What is known of one partner's stream to us.

    sequence, previous  the latest batch that was taken
    anchored            `previous` is known; not after a gap that its origin has declared
    quarantined         why nothing more is taken; None: it is
    taken, rejected     counts
    missing             batches in declared gaps
    """

    origin: str
    sequence: int = 0
    previous: str = ""
    quarantined: Rejection | None = None
    taken: int = 0
    rejected: Mapping[Rejection, int] = {}
    anchored: bool = True
    missing: int = 0


class Admitted(msgspec.Struct, frozen=True):
    """A batch that was taken; its payload may be read."""

    header: Header
    payload: bytes
    digest: str


class Rejected(msgspec.Struct, frozen=True):
    """A batch that was not taken. `digest` is empty where it was not even read."""

    reason: Rejection
    digest: str = ""


def admit(inbox: Inbox, octets: bytes, register: Register, now_ns: int) -> tuple[Inbox, Admitted | Rejected]:
    """Take one batch of a partner's stream, or reject it and count why."""
    if len(octets) > MOST_OCTETS:
        return rejected(inbox, Rejection.OVERSIZED)
    try:
        batch = take_apart(octets)
    except BatchError:
        return rejected(inbox, Rejection.MALFORMED)
    reason = (
        _stranger(inbox, batch, register, now_ns)
        or _disorder(inbox, batch, register, now_ns)
        or _unagreed(batch.header, register, now_ns)
    )
    if reason is not None:
        return rejected(inbox, reason, batch.digest)
    return taken(inbox, batch)


def taken(inbox: Inbox, batch: Batch) -> tuple[Inbox, Admitted]:
    """Go on behind a batch that is in order."""
    header = batch.header
    inbox = msgspec.structs.replace(
        inbox, sequence=header.sequence, previous=batch.digest, taken=inbox.taken + 1, anchored=True
    )
    return inbox, Admitted(header, batch.payload, batch.digest)


def compile_inbound(register: Register, origin: str, relay: str = "") -> Ruleset:
    """What `origin` gives us, for `inspect`: volumes are larger by what rounding may move a row.

    relay  what it gives that member, and lets it pass on to us; empty: what it gives us itself
    """
    entries = [(entry.agreement, entry.hash) for _, entry in sorted(register.entries.items())]
    grants = [one for agreement, _ in entries for one in agreement.terms.grant if one.giver == origin]
    # Half a cell's diagonal and half a step; and what the octets round, a centimetre and a metre.
    across_m = 1.0 + 0.75 * max((one.position_m for one in grants), default=0.0)
    up_m = 2.0 + 0.5 * max((one.altitude_m for one in grants), default=0.0)

    def wider(one: Volume) -> Volume:
        return msgspec.structs.replace(
            one,
            buffer_m=one.buffer_m + across_m,
            floor_m=max(one.floor_m - up_m, 0.0),
            ceiling_m=one.ceiling_m + up_m,
        )

    onward = register.member if relay else ""
    return compile_rules(entries, origin, (relay or register.member,), onward, widen=wider)


def inspect(
    inbox: Inbox, admitted: Admitted, subjects: Subjects, ruleset: Ruleset, register: Register
) -> tuple[Inbox, Admitted | Rejected]:
    """Judge the rows of an admitted batch by its origin's own grants to us.

    ruleset  as from `compile_inbound`

    Identities and categories are the origin's own judgement: what it may give of any of them is in order.
    """
    header = admitted.header
    bits = bits_at(ruleset, standings(register, header.sent_ns))
    bits = bits._replace(scope=of_any_identity(bits.scope), excepts=np.zeros_like(bits.excepts))
    reason = decide(ruleset, bits, subjects, header.sent_ns).reason[0]
    if len(subjects.time_ns) != header.rows or np.isin(reason, _NOT_GIVEN).any():
        return rejected(inbox, Rejection.OUTSIDE_TERMS, admitted.digest)
    return inbox, admitted


def skip(inbox: Inbox, oldest: int) -> Inbox:
    """Go on with batch `oldest`: its origin has declared that those before it cannot be had any more."""
    lost = oldest - inbox.sequence - 1
    if lost <= 0:
        return inbox
    return msgspec.structs.replace(
        inbox, sequence=oldest - 1, previous="", anchored=False, missing=inbox.missing + lost
    )


def unreadable(inbox: Inbox, admitted: Admitted) -> tuple[Inbox, Rejected]:
    """Reject an admitted batch whose payload nobody can read."""
    return rejected(inbox, Rejection.MALFORMED, admitted.digest)


def blame(inbox: Inbox, reason: Rejection) -> Inbox:
    """Put a partner into quarantine for what it did beside its batches."""
    return rejected(inbox, reason)[0]


def lift(inbox: Inbox) -> Inbox:
    """End a quarantine: a person's decision."""
    return msgspec.structs.replace(inbox, quarantined=None)


def rejected(inbox: Inbox, reason: Rejection, digest: str = "") -> tuple[Inbox, Rejected]:
    """Count a rejection; what blames puts into quarantine."""
    counts = {**inbox.rejected, reason: inbox.rejected.get(reason, 0) + 1}
    blamed = inbox.quarantined or (reason if reason in BLAMES else None)
    return msgspec.structs.replace(inbox, rejected=counts, quarantined=blamed), Rejected(reason, digest)


def _stranger(inbox: Inbox, batch: Batch, register: Register, now_ns: int) -> Rejection | None:
    """Who sent it, and for us?"""
    reason = stranger(inbox, batch, register, now_ns)
    return reason or (None if batch.header.recipient == register.member else Rejection.NOT_FOR_US)


def stranger(inbox: Inbox, batch: Batch, register: Register, now_ns: int) -> Rejection | None:
    """Who signed it?"""
    header = batch.header
    parties = {party for entry in register.entries.values() for party in entry.agreement.parties}
    if header.origin != inbox.origin or header.origin not in parties:
        return Rejection.UNKNOWN_MEMBER
    known = register.keys.get(header.origin, ())
    if not known:
        return Rejection.NO_KEY
    key = keys.find(known, header.key)
    if key is None:
        return Rejection.WRONG_KEY
    # Who stole an old key may date a batch as he likes: what counts is when it comes, too.
    if keys.has_ended(header.key, register.ends, max(header.sent_ns, now_ns)):
        return Rejection.ENDED_KEY
    return None if is_signed_by(batch, key) else Rejection.ALTERED


def _disorder(inbox: Inbox, batch: Batch, register: Register, now_ns: int) -> Rejection | None:
    """Does it come next?"""
    header = batch.header
    if inbox.quarantined is not None:
        return Rejection.QUARANTINED
    if header.sent_ns > now_ns + register.skew_ns:
        return Rejection.FROM_THE_FUTURE
    if header.sequence <= inbox.sequence:
        return Rejection.DUPLICATE
    if header.sequence > inbox.sequence + 1:
        return Rejection.GAP
    return None if header.previous == inbox.previous or not inbox.anchored else Rejection.FORKED


def _unagreed(header: Header, register: Register, now_ns: int) -> Rejection | None:
    """May it come? It must have been active when it was sent, and still be now."""
    flows = flowing(register, header.origin, register.member, header.sent_ns)
    flows &= flowing(register, header.origin, register.member, now_ns)
    if header.label is None:
        return (
            None
            if header.rows == 0 and flows
            else Rejection.NO_LABEL
            if header.rows
            else Rejection.NOT_ACTIVE
        )
    for id_, name in header.label.agreements:
        if id_ not in register.entries:
            return Rejection.OTHER_AGREEMENT
        if register.entries[id_].hash != name:
            return Rejection.OTHER_AGREEMENT
    if not flows & {id_ for id_, _ in header.label.agreements}:
        return Rejection.NOT_ACTIVE
    if header.label.origin != header.origin or register.member not in header.label.releasable_to:
        return Rejection.NOT_RELEASABLE
    return None
