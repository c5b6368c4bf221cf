"""What a member says of an agreement, signed: I ratify, suspend, resume, renew, withdraw.

A statement names the agreement by its hash, so that it says nothing about any other text. Its number rises
with each statement of that member, so that an older one cannot be played again.
"""

import datetime
from enum import Enum
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.model.agreement import Agreement
from asman.sharing import keys, spans
from asman.sharing.canonical import agreement_hash, plain

Act = Literal["ratify", "suspend", "resume", "renew", "withdraw"]
_PURPOSE = b"asman statement 1\0"


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act of one member.

    agreement  hash of the agreement
    number     1 for the member's first statement on this agreement, then rising
    at         UTC
    until      renew: last day of the prolonged agreement
    towards    suspend, resume: these partners only; empty: all
    """

    agreement: str
    member: str
    act: Act
    number: int
    at: datetime.datetime
    until: datetime.date | None = None
    towards: tuple[str, ...] = ()
    reason: str = ""


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement with its signature.

    key        fingerprint of the public key
    signature  128 hexadecimal digits
    """

    statement: Statement
    key: str
    signature: str


class Refusal(Enum):
    """Why a document or a statement is not taken. The value is said to people."""

    UNSIGNED = "it carries no signature that can be read"
    UNKNOWN_MEMBER = "who signed it is no party of the agreement"
    NO_KEY = "no public key of that member is known here"
    WRONG_KEY = "it was signed with a key that is not that member's"
    ENDED_KEY = "it was signed with a key that its member has replaced, after the end of that key"
    ALTERED = "the signature is not of these words: they were altered, or signed by somebody else"
    OTHER_AGREEMENT = "it is about another text: the document was altered since, or it belongs elsewhere"
    FROM_THE_FUTURE = "it is dated in the future"
    REPLAYED = "its number is not new: it was taken already, or is played again"
    TWICE = "that member has ratified already"
    NOT_RATIFIED = "the agreement is not ratified by all parties yet"
    EXPIRED = "the agreement has expired"
    NOT_SUSPENDED = "that member has suspended nothing that it could resume"
    NO_END = "a renewal must name its last day, later than the agreement's"
    FOREIGN = "this node's member is no party of the agreement, nor named in it as a third party"
    SAME_ID = "another text of the same id is known here; a new text needs an id of its own"
    NOT_VALID = "the document has errors"


def octets_of(statement: Statement) -> bytes:
    """What is signed."""
    return _PURPOSE + msgspec.json.encode(plain(statement), order="sorted")


def sign(statement: Statement, key: Ed25519PrivateKey) -> Signed:
    """Sign a statement."""
    signature = key.sign(octets_of(statement)).hex()
    return Signed(statement, keys.fingerprint(keys.public_of(key)), signature)


def verify(
    signed: Signed, agreement: Agreement, known: keys.PublicKeys, ends: keys.Ends = keys.NO_ENDS
) -> Refusal | None:
    """Tell why a statement is not what a party of this very agreement said; None when it is."""
    statement = signed.statement
    if statement.member not in agreement.parties:
        return Refusal.UNKNOWN_MEMBER
    if not known.get(statement.member):
        return Refusal.NO_KEY
    key = keys.find(known[statement.member], signed.key)
    if key is None:
        return Refusal.WRONG_KEY
    if keys.has_ended(signed.key, ends, stated_ns(statement)):
        return Refusal.ENDED_KEY
    try:
        signature = bytes.fromhex(signed.signature)
    except ValueError:
        return Refusal.UNSIGNED
    if len(signature) != keys.SIGNATURE_OCTETS:
        return Refusal.UNSIGNED
    if not keys.verify(key, signature, octets_of(statement)):
        return Refusal.ALTERED
    return None if statement.agreement == agreement_hash(agreement) else Refusal.OTHER_AGREEMENT


def stated_ns(statement: Statement) -> int:
    """When it was said, ns since 1970 UTC; a time without zone is UTC."""
    at = statement.at
    return spans.to_ns(at if at.tzinfo else at.replace(tzinfo=datetime.UTC))
