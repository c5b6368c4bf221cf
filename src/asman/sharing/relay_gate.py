"""The receiver's gate for what a partner passes on: the originator is believed, not the relay.

    inbox, got = admit_relayed(inbox, "BB", octets, register, now_ns)     # of AA, by BB, to us

The relay has signed for the octets with the batch that encloses them. So octets that their origin did not
sign, or does not let the relay pass on to us, blame the relay. What the origin itself signed against its
own terms or story stops what comes of that origin by that relay. What may be our own want of knowledge, a key
or a document that we do not have, is counted and blames nobody.

Batches come in the order of the origin's own numbers; those that the relay may not pass on are missing among
them, and are counted.
"""

from collections.abc import Mapping

import msgspec

from asman.sharing.batches import Batch, BatchError, Header, take_apart
from asman.sharing.gate import Admitted, Inbox, Rejected, Rejection, rejected, stranger, taken
from asman.sharing.lifecycle import Standing
from asman.sharing.register import Register, standings
from asman.sharing.relay import onward_under, outlived_ns


def origin_of(octets: bytes) -> str:
    """Who is said to have made a batch that was passed on; empty where it cannot be read."""
    try:
        return take_apart(octets).header.origin
    except BatchError:
        return ""


def admit_relayed(
    inbox: Inbox, relay: str, octets: bytes, register: Register, now_ns: int
) -> tuple[Inbox, Admitted | Rejected]:
    """Take one batch of `inbox.origin` that `relay` passed on to us, or reject it and count why."""
    try:
        batch = take_apart(octets)
    except BatchError:
        return rejected(inbox, Rejection.RELAY_ALTERED)
    reason = (
        _strange(inbox, relay, batch, register, now_ns)
        or _disorder(inbox, batch, register, now_ns)
        or _unagreed(batch.header, relay, register, now_ns)
    )
    if reason is not None:
        return rejected(inbox, reason, batch.digest)
    missing = max(batch.header.sequence - inbox.sequence - 1, 0) if inbox.taken else 0
    return taken(msgspec.structs.replace(inbox, missing=inbox.missing + missing), batch)


def relayed_under(
    register: Register, standing: Mapping[str, Standing], origin: str, relay: str
) -> frozenset[str]:
    """Ids of the agreements under which `relay` may pass on to us what `origin` gave it."""
    return onward_under(register, standing, origin, relay, register.member)


def _strange(inbox: Inbox, relay: str, batch: Batch, register: Register, now_ns: int) -> Rejection | None:
    """Who made it, and was it the relay's to pass on?"""
    header, label = batch.header, batch.header.label
    if header.origin in (register.member, relay):
        return Rejection.RELAY_UNNAMED
    reason = stranger(inbox, batch, register, now_ns)
    if reason is not None:
        return Rejection.RELAY_ALTERED if reason is Rejection.ALTERED else reason
    if header.recipient != relay or label is None or label.origin != header.origin:
        return Rejection.RELAY_UNNAMED
    return None if register.member in label.releasable_to else Rejection.RELAY_UNNAMED


def _disorder(inbox: Inbox, batch: Batch, register: Register, now_ns: int) -> Rejection | None:
    """Is it new, and of one story with the one before it?"""
    header = batch.header
    if inbox.quarantined is not None:
        return Rejection.QUARANTINED
    if header.sent_ns > now_ns + register.skew_ns:
        return Rejection.FROM_THE_FUTURE
    if header.label is not None and now_ns >= outlived_ns(header, header.label):
        return Rejection.OUTLIVED
    if header.sequence <= inbox.sequence:
        other = header.sequence == inbox.sequence and batch.digest != inbox.previous and inbox.anchored
        return Rejection.FORKED if other else Rejection.DUPLICATE
    follows = header.sequence == inbox.sequence + 1 and inbox.taken > 0 and inbox.anchored
    return Rejection.FORKED if follows and header.previous != inbox.previous else None


def _unagreed(header: Header, relay: str, register: Register, now_ns: int) -> Rejection | None:
    """May it come? It must have been agreed when it was sent, and still be now, by the texts that we know."""
    assert header.label is not None
    ids = frozenset(id_ for id_, _ in header.label.agreements)
    for id_, name in header.label.agreements:
        if id_ not in register.entries or register.entries[id_].hash != name:
            # The parties may have signed another text since, which nobody gave us yet.
            return Rejection.NOT_ACTIVE
    for at_ns in (header.sent_ns, now_ns):
        if not ids or not ids <= relayed_under(register, standings(register, at_ns), header.origin, relay):
            return Rejection.NOT_ACTIVE
    return None
