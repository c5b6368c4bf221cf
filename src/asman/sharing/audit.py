"""The account of everything that left, did not leave, was taken or refused: entries of a tree, signed heads.

An entry of a release names the recipient, the rules, how many rows left and how many were withheld for which
reason, and a digest of every single decision. Partners exchange heads: who shows two heads that do not extend
each other has rewritten history, and the heads prove it.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.sharing import keys, merkle
from asman.sharing.deciding import Reason
from asman.sharing.guard import Outcome
from asman.sharing.register import Refused, Taken

_PURPOSE = b"asman audit head 1\0"


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the account.

    at_ns     ns since 1970 UTC
    kind      release: rows for one recipient in one step; taken, refused: documents, statements, batches;
              deleted: batches that may not be kept any longer
    member    recipient, or who said it
    what      what was taken or refused, in a word; the class of what was released, unless tracks
    about     id of the agreement; the rules under which something left
    released  rows that left, by rules
    withheld  rows that did not, by reason
    digest    SHA-256 of the decisions, or the hash of what was taken, refused or passed on
    origin    of what was passed on, or was not: the member whose it is
    """

    at_ns: int
    kind: Literal["release", "taken", "refused", "decision", "deleted"]
    member: str = ""
    what: str = ""
    about: str = ""
    reason: str = ""
    released: dict[str, int] = {}
    withheld: dict[str, int] = {}
    digest: str = ""
    origin: str = ""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member's signed word on its log: so many entries, this root."""

    member: str
    size: int
    root: str
    at_ns: int
    key: str
    signature: str


def of_outcome(outcome: Outcome, now_ns: int) -> Entry:
    """The account of one recipient's step, whether anything left or not."""
    released = {", ".join(one.clauses): one.table.num_rows for one in outcome.released}
    withheld = {reason.name: count for reason, count in outcome.withheld.counts.items()}
    return Entry(
        at_ns=now_ns, kind="release", member=outcome.recipient, released=released, withheld=withheld,
        digest=outcome.digest, what="" if outcome.what == "tracks" else outcome.what,
    )  # fmt: skip


def of_passing(
    origin: str, third: str, what: str, rows: int, said: Sequence[str] | Reason, digest: str, now_ns: int
) -> Entry:
    """The account of a batch of another member's that went on to a third, under these clauses, or why not."""
    went = not isinstance(said, Reason)
    return Entry(
        at_ns=now_ns, kind="release", member=third, what="" if what == "tracks" else what, origin=origin,
        about="" if not isinstance(said, Reason) else said.value, digest=digest,
        released={", ".join(said): rows} if went else {},
        withheld={} if went else {said.name: rows},
    )  # fmt: skip


def of_answer(answer: Taken | Refused, now_ns: int) -> Entry:
    """The account of a document or statement that was taken or refused."""
    refused = isinstance(answer, Refused)
    return Entry(
        at_ns=now_ns, kind="refused" if refused else "taken", member=answer.member, what=answer.what,
        about=answer.agreement, reason=answer.reason.name if refused else "", digest=answer.hash,
    )  # fmt: skip


def of_key(member: str, public: bytes, now_ns: int) -> Entry:
    """The account of a key: from now on a member signs with it, too."""
    name = keys.fingerprint(public)
    return Entry(at_ns=now_ns, kind="taken", member=member, what="key", digest=name)


def of_rejections(member: str, reasons: Mapping[str, int], now_ns: int) -> Entry:
    """The account of batches of one pull that were not taken: name of the reason -> how many."""
    return Entry(
        at_ns=now_ns, kind="refused", member=member, what="batches", reason=", ".join(sorted(reasons)),
        withheld=dict(reasons),
    )  # fmt: skip


def of_deletion(member: str, batches: int, rows: int, now_ns: int) -> Entry:
    """The account of what a member gave and may not be kept any longer."""
    counts = {"batches": batches, "rows": rows}
    return Entry(at_ns=now_ns, kind="deleted", member=member, what="batches", withheld=counts)


def encode(entry: Entry) -> bytes:
    """The octets that go into the log."""
    return msgspec.json.encode(entry, order="sorted")


def decode(octets: bytes) -> Entry:
    """An entry of the log. Raises msgspec.DecodeError."""
    return msgspec.json.decode(octets, type=Entry)


def sign_head(tree: merkle.Tree, member: str, at_ns: int, key: Ed25519PrivateKey) -> Head:
    """Sign what the log holds now."""
    size, root = len(tree), tree.root().hex()
    signature = key.sign(_words(member, size, root, at_ns)).hex()
    return Head(member, size, root, at_ns, keys.fingerprint(keys.public_of(key)), signature)


def head_is_genuine(head: Head, known: Mapping[str, tuple[bytes, ...]]) -> bool:
    """Tell whether that member signed the head with a key that is known here."""
    key = keys.find(known.get(head.member, ()), head.key)
    try:
        signature = bytes.fromhex(head.signature)
    except ValueError:
        return False
    return key is not None and keys.verify(
        key, signature, _words(head.member, head.size, head.root, head.at_ns)
    )


def head_extends(older: Head, newer: Head, proof: Sequence[bytes]) -> bool:
    """Tell whether the newer head's log begins with the older one's; if not, history was rewritten."""
    if older.member != newer.member:
        return False
    return merkle.extends(older.size, bytes.fromhex(older.root), newer.size, bytes.fromhex(newer.root), proof)


class Shown(Enum):
    """What a head that a member shows is worth. The value is said to people."""

    TAKEN = "its account begins as it did"
    PROVE = "the proof is not from the head that is known here"
    FORGED = "it is no head of that member's account"
    PLAYED_AGAIN = "it is older than the head that is known here"
    REWRITTEN = "its account does not begin as it did: its history was rewritten"


def judge_head(
    older: Head | None, head: Head, since: int, proof: Sequence[str], member: str,
    known: Mapping[str, tuple[bytes, ...]],
) -> Shown:  # fmt: skip
    """Judge a head that `member` shows, by the one that it showed before.

    since, proof  that the log still begins with its first `since` entries, as hexadecimal digits
    """
    if head.member != member or not head_is_genuine(head, known):
        return Shown.FORGED
    if older is None:
        return Shown.TAKEN
    if head.at_ns < older.at_ns:
        return Shown.PLAYED_AGAIN
    if head.size < older.size or (head.size == older.size and head.root != older.root):
        return Shown.REWRITTEN
    if since != older.size:
        return Shown.PROVE
    try:
        hashes = [bytes.fromhex(one) for one in proof]
    except ValueError:
        return Shown.FORGED
    return Shown.TAKEN if head_extends(older, head, hashes) else Shown.REWRITTEN


def _words(member: str, size: int, root: str, at_ns: int) -> bytes:
    return _PURPOSE + msgspec.json.encode([member, size, root, at_ns])
