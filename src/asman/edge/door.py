"""What partners' nodes ask one another at the door: few words, strict, each answered or refused with a
reason.

The door is open as long as the link stands, whether an agreement is active or not: how else would a partner
hear that it is suspended, or active again? No row of any picture passes here.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import nats.errors
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.client import Client
from nats.aio.msg import Msg

from asman.edge.border import DOOR
from asman.errors import PartnerError
from asman.sharing import keys
from asman.sharing.audit import Head
from asman.sharing.statements import Signed

MOST_OCTETS: Final = 64_000
#: Questions of one partner that may wait.
QUEUE_QUESTIONS: Final = 64
PATIENCE_S: Final = 2.0
_OLDEST: Final = b"asman oldest 1\0"
_NEXT_KEY: Final = b"asman next key 2\0"


class Hello(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="hello"):
    """Here is what you need to knock at our door."""

    door_pass: str


class AskGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ask-grant"):
    """May we pull what is for us?"""


class Say(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="say"):
    """We have said this of an agreement."""

    agreement: str
    signed: Signed


class AskOldest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ask-oldest"):
    """We have your batches up to `after`: which is the oldest that can still be had?"""

    after: int


class NextKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="next-key"):
    """From now on we also sign with this key; the one that you know says so.

    ends_s  s since 1970 UTC  from then on the one that you know counts no more; 0: it goes on
    """

    key: str
    ends_s: int
    signed_by: str
    signature: str


class ShowHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="show-head"):
    """The head of our account now, and a proof that it extends the one of `since` entries."""

    head: Head
    since: int
    proof: tuple[str, ...]


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="done"):
    """It is done."""


class No(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="no"):
    """It is not done, and why."""

    reason: str


class Grant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="grant"):
    """A JWT with which to pull, until `until_s`."""

    jwt: str
    until_s: int


class Oldest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="oldest"):
    """Batches of `origin` for `recipient` before `sequence` cannot be had any more; signed by the origin."""

    origin: str
    recipient: str
    sequence: int
    at_ns: int
    key: str = ""
    signature: str = ""


class HeardHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="heard-head"):
    """The head of your account that we know now has so many entries; 0: we know none."""

    size: int


Question = Hello | AskGrant | Say | AskOldest | NextKey | ShowHead
Answer = Done | No | Grant | Oldest | HeardHead
_question = msgspec.json.Decoder(Question)
_answer = msgspec.json.Decoder(Answer)


def sign_oldest(said: Oldest, key: Ed25519PrivateKey) -> Oldest:
    """Sign what cannot be had any more: the partner keeps it beside the gap."""
    signature = key.sign(_OLDEST + _words(said)).hex()
    return msgspec.structs.replace(said, key=keys.fingerprint(keys.public_of(key)), signature=signature)


def is_genuine(said: Oldest, known: keys.PublicKeys) -> bool:
    """Tell whether its origin signed it."""
    return _signed_by(known.get(said.origin, ()), said.key, said.signature, _OLDEST + _words(said))


def announce_key(fresh: bytes, member: str, old: Ed25519PrivateKey, ends_s: int) -> NextKey:
    """Announce a new public key, and the end of the one that partners know, signed with that one."""
    signature = old.sign(_next_key(member, fresh, ends_s)).hex()
    return NextKey(fresh.hex(), ends_s, keys.fingerprint(keys.public_of(old)), signature)


def key_is_genuine(said: NextKey, member: str, known: keys.PublicKeys) -> bool:
    """Tell whether a member announced its new key with one that is known here."""
    try:
        fresh = bytes.fromhex(said.key)
    except ValueError:
        return False
    octets = _next_key(member, fresh, said.ends_s)
    return len(fresh) == 32 and _signed_by(known.get(member, ()), said.signed_by, said.signature, octets)


def _next_key(member: str, fresh: bytes, ends_s: int) -> bytes:
    return _NEXT_KEY + msgspec.json.encode([member, fresh.hex(), ends_s])


def _signed_by(known: tuple[bytes, ...], name: str, signature: str, octets: bytes) -> bool:
    key = keys.find(known, name)
    try:
        return key is not None and keys.verify(key, bytes.fromhex(signature), octets)
    except ValueError:
        return False


def _words(said: Oldest) -> bytes:
    return msgspec.json.encode([said.origin, said.recipient, said.sequence, said.at_ns])


async def keep(client: Client, reply: Callable[[Question], Awaitable[Answer]]) -> None:
    """Answer what one partner asks, one question after another, from now on."""

    async def asked(message: Msg) -> None:
        try:
            if len(message.data) > MOST_OCTETS:
                answer: Answer = No("the question is too long")
            else:
                answer = await reply(_question.decode(message.data))
        except msgspec.MsgspecError as error:
            answer = No(f"the question cannot be read: {error}")
        if message.reply:
            await message.respond(msgspec.json.encode(answer))

    await client.subscribe(DOOR, cb=asked, pending_msgs_limit=QUEUE_QUESTIONS)
    await client.flush()


async def ask(client: Client, question: Question) -> Answer:
    """Ask at a partner's door. Raises PartnerError where nobody answers, or nothing that can be read."""
    try:
        message = await client.request(DOOR, msgspec.json.encode(question), timeout=PATIENCE_S)
        if len(message.data) > MOST_OCTETS:
            raise PartnerError("the answer is too long")
        return _answer.decode(message.data)
    except (nats.errors.Error, OSError) as error:
        raise PartnerError(f"nobody answers at the partner's door: {error!r}") from error
    except msgspec.MsgspecError as error:
        raise PartnerError(f"the partner's answer cannot be read: {error}") from error
