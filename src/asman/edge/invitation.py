"""The files by which two members are joined: an invitation, and the answer to it.

Each carries what the other must know and pin: where the node is reached, the authority of its certificates,
its public signing key, and the nkeys it will come with. Each is signed with that signing key; people compare
its fingerprint by voice, and from there on everything else is certain. The answer names the invitation by its
hash, so that no answer to another one is taken.
"""

import datetime
import hashlib
import re
from typing import Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.edge.certificates import authority_problem
from asman.edge.nkeys import claims_of, is_public
from asman.errors import InputError
from asman.sharing import keys

_PURPOSE: Final = b"asman invitation 1\0"
MOST_OCTETS: Final = 64_000
#: How long an invitation may be answered, unless said otherwise.
DAYS: Final = 14
_SKEW: Final = datetime.timedelta(minutes=5)
_ADDRESS: Final = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")
_MEMBER: Final = re.compile(r"[A-Z]{2,3}")


class Invitation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a member says of itself to a partner.

    address    host:port of its listener for partners' leafs
    authority  certificate of its authority, PEM
    key        public signing key, 64 hexadecimal digits
    asks_as, pulls_as  nkeys of its users at the partner's door and data
    nonce      makes it the only one of its kind
    answers    hash of the invitation that it answers; empty: it is one itself
    door_pass  JWT by which the partner may knock at its door; only in an answer
    """

    version: Literal[1] = 1
    origin: str
    recipient: str
    address: str
    authority: str
    key: str
    asks_as: str
    pulls_as: str
    made: datetime.datetime
    expires: datetime.datetime
    nonce: str
    answers: str = ""
    door_pass: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A partner that was accepted: its word, and what it gave us to knock at its door (maybe later)."""

    partner: Invitation
    door_pass: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    invitation: Invitation
    signature: str


def _octets(invitation: Invitation) -> bytes:
    return _PURPOSE + msgspec.json.encode(invitation, order="sorted")


def name_of(invitation: Invitation) -> str:
    """The hash by which an answer names it."""
    return hashlib.sha256(_octets(invitation)).hexdigest()


def seal(invitation: Invitation, key: Ed25519PrivateKey) -> bytes:
    """Return the file of an invitation or answer."""
    made = _File(invitation, key.sign(_octets(invitation)).hex())
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


def spoken(key: str) -> str:
    """A key's fingerprint in groups of four, to be read out."""
    name = keys.fingerprint(bytes.fromhex(key))
    return " ".join(name[at : at + 4] for at in range(0, len(name), 4))


def address_problem(address: str) -> str:
    """What is wrong with host:port; empty when nothing is."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[2]) < 65_536:
        return f"needs host:port, e.g. kg.example:7422, not '{address}'"
    return ""


def open_file(octets: bytes, item: str, member: str, now: datetime.datetime) -> Invitation:
    """Read, verify and judge a partner's file for `member`. Raises InputError with the reason and the
    mend.
    """

    def refuse(problem: str, mend: str = "Ask the partner for the file again.") -> InputError:
        return InputError(item, problem, mend)

    if len(octets) > MOST_OCTETS:
        raise refuse(f"has {len(octets):,} octets; {MOST_OCTETS:,} are the most")
    try:
        read = msgspec.json.decode(octets, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise refuse(f"is no file of `asman link`: {error}") from error
    found = read.invitation
    try:
        public, signature = bytes.fromhex(found.key), bytes.fromhex(read.signature)
    except ValueError as error:
        raise refuse("holds a key or signature that is not hexadecimal") from error
    if not keys.verify(public, signature, _octets(found)):
        raise refuse("is not signed by the key in it: it was altered on the way, or cut off")
    if not _MEMBER.fullmatch(found.origin):
        raise refuse(f"is from '{found.origin}', which is no member", "Members are two or three capitals.")
    if found.origin == member:
        raise refuse("is our own", "Give it to the partner; accept the file that comes back.")
    if found.recipient != member:
        raise refuse(
            f"is for {found.recipient}, not for {member}", f"Ask {found.origin} for one for {member}."
        )
    problem = _wrong(found, now)
    if problem:
        raise refuse(problem, f"Ask {found.origin} for a new one.")
    return found


def _wrong(found: Invitation, now: datetime.datetime) -> str:
    if found.made.tzinfo is None or found.expires.tzinfo is None:
        return "holds times without a zone"
    if now >= found.expires:
        return f"expired on {found.expires:%Y-%m-%d %H:%M} UTC"
    if found.made > now + _SKEW:
        return "was made in the future: one of the two clocks is wrong"
    if not (is_public(found.asks_as, "user") and is_public(found.pulls_as, "user")):
        return "holds nkeys that are none"
    if found.answers and not _is_jwt(found.door_pass):
        return "answers, but brings nothing to knock with"
    return address_problem(found.address) or authority_problem(found.authority, now)


def _is_jwt(text: str) -> bool:
    try:
        found: Any = claims_of(text)
    except ValueError:
        return False
    return "sub" in found and len(text) < 8_000
