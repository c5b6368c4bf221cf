"""Members' keys: Ed25519, named by a fingerprint, as PEM texts. Making one needs chance: the shell does it.

Source: RFC 8032 (Ed25519), RFC 8410 (its PEM form).
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

#: Member -> its public keys as 32 octets each; more than one while keys rotate.
PublicKeys = Mapping[str, tuple[bytes, ...]]
#: Fingerprint of a key that was replaced -> ns since 1970 UTC from which it counts no more.
Ends = Mapping[str, int]
NO_ENDS: Final[Ends] = {}
SIGNATURE_OCTETS: Final = 64


class KeyTextError(ValueError):
    """A text that is no Ed25519 key; it never holds any of the text."""


def private_from_pem(pem: bytes) -> Ed25519PrivateKey:
    """Read a private key. Raises KeyTextError."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyTextError("holds no private key that can be read") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyTextError("holds a key of another kind; needed Ed25519")
    return key


def private_to_pem(key: Ed25519PrivateKey) -> bytes:
    """The text of a private key. Whoever holds it signs for the member."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_from_pem(pem: bytes) -> bytes:
    """The 32 octets of a public key. Raises KeyTextError."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyTextError("holds no public key that can be read") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyTextError("holds a key of another kind; needed Ed25519")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_of(key: Ed25519PrivateKey) -> bytes:
    """The 32 octets of the public half."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_to_pem(octets: bytes) -> bytes:
    """The text of a public key, to be given to partners."""
    key = Ed25519PublicKey.from_public_bytes(octets)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(octets: bytes) -> str:
    """32 hexadecimal digits that name a public key, to be read out over the telephone."""
    return hashlib.sha256(octets).hexdigest()[:32]


def find(keys: Iterable[bytes], name: str) -> bytes | None:
    """The key of that fingerprint, or None."""
    return next((one for one in keys if fingerprint(one) == name), None)


def has_ended(name: str, ends: Ends, at_ns: int) -> bool:
    """Tell whether the key of that fingerprint counts no more at a time."""
    end_ns = ends.get(name)
    return end_ns is not None and at_ns >= end_ns


def verify(key: bytes, signature: bytes, octets: bytes) -> bool:
    """Tell whether the holder of `key` signed these octets."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, octets)
    except (InvalidSignature, ValueError):
        return False
    return True
