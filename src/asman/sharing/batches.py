"""Batches: what leaves for a partner, numbered, chained, signed by its originator, never changed after.

    "ASMB", length of the header (uint32), header, payload, signature

The signature covers all octets before it. The header names the agreements by hash, carries the label, and
the hash of the batch before it on the same stream, so that neither side can drop, insert or reorder one
unseen. A permitted relay passes the octets on as they are: they are the payload of its own next batch, which
has no label, because the label is inside. So they are numbered, and answered for, by who passes them on, and
believed for who made them. A node that knows nothing of relays takes such a batch for a sign of life.
"""

import hashlib
import struct
from collections.abc import Callable
from typing import Final

import msgspec
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.model.agreement import DataClass
from asman.model.label import Label
from asman.sharing import keys
from asman.sharing.guard import Released

_MAGIC: Final = b"ASMB"
_LENGTH: Final = struct.Struct("<I")
_PURPOSE: Final = b"asman batch 1\0"
MOST_OCTETS: Final = 4_000_000
MOST_HEADER_OCTETS: Final = 100_000
#: What a batch that encloses another has beside it, at most.
ENCLOSING_OCTETS: Final = 1_000


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands before the payload.

    origin, recipient  members; the stream is theirs
    sequence           1, 2, 3 ... on the stream
    previous           SHA-256 of the batch before it; empty for the first
    sent_ns            ns since 1970 UTC
    what               data class; empty for a sign of life
    label              null for a sign of life
    rows               rows in the payload
    key                fingerprint of the key that signed
    """

    version: int = 1
    origin: str
    recipient: str
    sequence: int
    previous: str
    sent_ns: int
    what: DataClass | None
    label: Label | None
    rows: int
    key: str


class Batch(msgspec.Struct, frozen=True):
    """A batch taken apart; nothing in it is believed before its signature was verified."""

    header: Header
    payload: bytes
    signed: bytes
    signature: bytes
    digest: str


class Stream(msgspec.Struct, frozen=True):
    """Where one member's stream to one partner stands."""

    origin: str
    recipient: str
    sequence: int = 0
    previous: str = ""


class BatchError(ValueError):
    """Octets that are no batch."""


def seal(
    stream: Stream, released: Released | None, payload: Callable[[pa.Table], bytes], now_ns: int,
    key: Ed25519PrivateKey,
) -> tuple[Stream, bytes]:  # fmt: skip
    """Make the next batch of what was released, or a sign of life. Raises ValueError for another's."""
    if released is not None and released.recipient != stream.recipient:
        raise ValueError(f"released for {released.recipient}, not for {stream.recipient}")
    body = b"" if released is None else payload(released.table)
    return _signed(stream, released, body, now_ns, key)


def enclose(stream: Stream, octets: bytes, now_ns: int, key: Ed25519PrivateKey) -> tuple[Stream, bytes]:
    """Make the next batch of another member's batch, as it is. Raises ValueError where it has no room."""
    if len(octets) > MOST_OCTETS - ENCLOSING_OCTETS:
        raise ValueError(f"{len(octets):,} octets have no room in a batch")
    return _signed(stream, None, octets, now_ns, key)


def enclosed(header: Header, payload: bytes) -> bytes:
    """The octets of another member's batch that a batch holds; empty where it holds none."""
    return payload if header.label is None and header.rows == 0 else b""


def _signed(
    stream: Stream, released: Released | None, body: bytes, now_ns: int, key: Ed25519PrivateKey
) -> tuple[Stream, bytes]:
    header = Header(
        origin=stream.origin,
        recipient=stream.recipient,
        sequence=stream.sequence + 1,
        previous=stream.previous,
        sent_ns=now_ns,
        what=None if released is None else released.what,
        label=None if released is None else released.label,
        rows=0 if released is None else released.table.num_rows,
        key=keys.fingerprint(keys.public_of(key)),
    )
    head = msgspec.msgpack.encode(header, order="deterministic")
    signed = _MAGIC + _LENGTH.pack(len(head)) + head + body
    octets = signed + key.sign(_PURPOSE + signed)
    return Stream(stream.origin, stream.recipient, header.sequence, digest_of(octets)), octets


def digest_of(octets: bytes) -> str:
    """What the next batch names this one by."""
    return hashlib.sha256(octets).hexdigest()


def take_apart(octets: bytes) -> Batch:
    """Read a batch; nothing is verified. Raises BatchError."""
    start = len(_MAGIC) + _LENGTH.size
    if octets[: len(_MAGIC)] != _MAGIC or len(octets) < start + keys.SIGNATURE_OCTETS:
        raise BatchError("is no batch")
    (length,) = _LENGTH.unpack_from(octets, len(_MAGIC))
    if length > min(MOST_HEADER_OCTETS, len(octets) - start - keys.SIGNATURE_OCTETS):
        raise BatchError("is cut off")
    try:
        header = msgspec.msgpack.decode(octets[start : start + length], type=Header)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BatchError(f"has no header that can be read: {error}") from error
    signed, signature = octets[: -keys.SIGNATURE_OCTETS], octets[-keys.SIGNATURE_OCTETS :]
    return Batch(header, signed[start + length :], signed, signature, digest_of(octets))


def is_signed_by(batch: Batch, key: bytes) -> bool:
    """Tell whether the holder of `key` signed the batch."""
    return keys.verify(key, batch.signature, _PURPOSE + batch.signed)
