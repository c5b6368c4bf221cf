"""All agreements of one node with what was said of them: what is taken, and what is refused and why."""

from collections.abc import Mapping

import msgspec

from asman.model.agreement import Agreement
from asman.sharing import keys
from asman.sharing.canonical import agreement_hash
from asman.sharing.lifecycle import SKEW_NS, Standing, refusal, standing
from asman.sharing.statements import Refusal, Signed, Statement, verify


class Entry(msgspec.Struct, frozen=True):
    """An agreement and the statements on it that were taken, in order of arrival."""

    agreement: Agreement
    hash: str
    signed: tuple[Signed, ...] = ()

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What was said, without signatures."""
        return tuple(one.statement for one in self.signed)


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """What a member knows of agreements.

    member   whose node this is
    keys     the members' public keys, as they were exchanged in person
    ends     fingerprint of a key that was replaced -> ns from which it counts no more
    entries  id -> agreement
    skew_ns  largest error of a member's clock
    """

    member: str
    keys: Mapping[str, tuple[bytes, ...]]
    ends: Mapping[str, int] = {}
    entries: Mapping[str, Entry] = {}
    skew_ns: int = SKEW_NS


class Taken(msgspec.Struct, frozen=True):
    """Something was taken: of which agreement, by its hash, and what it is in a word."""

    agreement: str
    hash: str
    what: str
    member: str = ""


class Refused(msgspec.Struct, frozen=True):
    """Something was refused, and why."""

    agreement: str
    hash: str
    what: str
    reason: Refusal
    member: str = ""


def add(register: Register, agreement: Agreement) -> tuple[Register, Taken | Refused]:
    """Take a checked agreement as a draft. The same text again is taken, another one of its id is not.

    Who is named as a third party to whom rows may be passed on takes it too, to judge what is passed on.
    """
    name = agreement_hash(agreement)
    if register.member not in agreement.parties and register.member not in third_parties(agreement):
        return register, Refused(agreement.id, name, "document", Refusal.FOREIGN)
    known = register.entries.get(agreement.id)
    if known is not None and known.hash != name and known.signed:
        return register, Refused(agreement.id, name, "document", Refusal.SAME_ID)
    if known is None or known.hash != name:
        register = _with(register, Entry(agreement, name))
    return register, Taken(agreement.id, name, "document")


def third_parties(agreement: Agreement) -> frozenset[str]:
    """Whom grants name as those to whom recipients may pass rows on."""
    return frozenset(one for grant in agreement.terms.grant for one in grant.onward)


def say(register: Register, id_: str, signed: Signed, now_ns: int) -> tuple[Register, Taken | Refused]:
    """Take what a party says of an agreement that is known here, or refuse it."""
    said = signed.statement
    entry = register.entries.get(id_)
    if entry is None:
        refused = Refused(id_, said.agreement, said.act, Refusal.OTHER_AGREEMENT, said.member)
        return register, refused
    reason = verify(signed, entry.agreement, register.keys, register.ends) or refusal(
        entry.agreement, entry.statements, said, now_ns, register.skew_ns
    )
    if reason is not None:
        return register, Refused(id_, entry.hash, said.act, reason, said.member)
    entry = msgspec.structs.replace(entry, signed=(*entry.signed, signed))
    return _with(register, entry), Taken(id_, entry.hash, said.act, said.member)


def standings(register: Register, now_ns: int) -> dict[str, Standing]:
    """Id -> what each agreement is now."""
    return {
        id_: standing(entry.agreement, entry.statements, now_ns, register.skew_ns)
        for id_, entry in register.entries.items()
    }


def flowing(register: Register, giver: str, recipient: str, now_ns: int) -> frozenset[str]:
    """Ids of the agreements, of which both are parties, under which anything may go between the two now."""
    return flowing_as(register, standings(register, now_ns), giver, recipient)


def flowing_as(
    register: Register, standing: Mapping[str, Standing], giver: str, recipient: str
) -> frozenset[str]:
    """As `flowing`, as agreements stand: for who asks of many pairs at once."""
    return frozenset(
        id_
        for id_, now in standing.items()
        if {giver, recipient} <= set(register.entries[id_].agreement.parties) and now.flows(giver, recipient)
    )


def _with(register: Register, entry: Entry) -> Register:
    return msgspec.structs.replace(register, entries={**register.entries, entry.agreement.id: entry})


def trusted(pems: Mapping[str, tuple[bytes, ...]]) -> dict[str, tuple[bytes, ...]]:
    """Member -> public keys, of PEM texts. Raises KeyTextError."""
    return {member: tuple(keys.public_from_pem(one) for one in texts) for member, texts in pems.items()}
