"""NATS' own identities: nkeys, and the JWTs by which an operator vouches for accounts and these for users.

An operator (the member) signs accounts, an account signs users, and a user proves with its key that a JWT is
its own. All keys of a node derive from one secret, so that there is one file to keep: HKDF (RFC 5869) with
the purpose as its info. Making JWTs here takes a page and saves a tool that every member would have to run.

Source: https://github.com/nats-io/jwt (claims, version 2), https://github.com/nats-io/nkeys (spelling).
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

Kind = Literal["operator", "account", "user"]
#: First octet of a public key, by kind: the letter that its text begins with, shifted by three bits.
_PREFIX: Final[dict[Kind, int]] = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
_SEED_PREFIX: Final = 18 << 3
SECRET_OCTETS: Final = 32
_UNLIMITED: Final = -1


class Nkey(msgspec.Struct, frozen=True):
    """A key pair of one kind."""

    kind: Kind
    secret: bytes

    @property
    def public(self) -> str:
        """Public key as NATS writes it: 56 letters and digits."""
        raw = self._key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return _spell(bytes([_PREFIX[self.kind]]) + raw)

    @property
    def seed(self) -> str:
        """The secret as NATS writes it. Whoever has it is the holder."""
        prefix = _PREFIX[self.kind]
        head = bytes([_SEED_PREFIX | prefix >> 5, (prefix & 31) << 3])
        raw = self._key().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return _spell(head + raw)

    def sign(self, octets: bytes) -> bytes:
        """Sign octets."""
        return self._key().sign(octets)

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)


def derive(secret: bytes, kind: Kind, *purpose: str) -> Nkey:
    """Return the key pair for a purpose: the same in every run, and none tells another."""
    info = "\0".join(("asman nkey 1", kind, *purpose)).encode()
    made = HKDF(algorithm=hashes.SHA256(), length=SECRET_OCTETS, salt=None, info=info).derive(secret)
    return Nkey(kind, made)


def is_public(text: str, kind: Kind) -> bool:
    """Tell whether a text spells a public key of that kind."""
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return False
    check = int.from_bytes(raw[-2:], "little")
    return len(raw) == 35 and raw[0] == _PREFIX[kind] and binascii.crc_hqx(raw[:-2], 0) == check


def _spell(raw: bytes) -> str:
    whole = raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(whole).rstrip(b"=").decode()


def _url64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _jwt(
    issuer: Nkey, subject: str, name: str, claims: Mapping[str, Any], at_s: int, until_s: int | None
) -> str:
    whole: dict[str, Any] = {"iat": at_s, "iss": issuer.public, "name": name, "sub": subject}
    if until_s is not None:
        whole["exp"] = until_s
    whole["nats"] = {**claims, "version": 2}
    digest = hashlib.new("sha512_256", json.dumps(whole).encode()).digest()
    whole["jti"] = base64.b32encode(digest).rstrip(b"=").decode()
    head = _url64(b'{"typ":"JWT","alg":"ed25519-nkey"}')
    body = f"{head}.{_url64(json.dumps(whole, separators=(',', ':')).encode())}"
    return f"{body}.{_url64(issuer.sign(body.encode()))}"


def operator_jwt(operator: Nkey, system: str, name: str, at_s: int) -> str:
    """Return the operator's word on itself; `system` is the public key of its system account."""
    return _jwt(operator, operator.public, name, {"type": "operator", "system_account": system}, at_s, None)


def account_jwt(
    operator: Nkey,
    account: str,
    name: str,
    at_s: int,
    *,
    disk_octets: int = 0,
    revoked: Mapping[str, int] | None = None,
) -> str:
    """Return the operator's word on an account.

    disk_octets   what its streams may hold; 0: it has none
    revoked       user -> s: JWTs that were made until then are refused, and who came by them is cut off
    """
    limits: dict[str, Any] = {
        **dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), _UNLIMITED),
        "wildcards": True,
    }
    if disk_octets:
        limits |= {"disk_storage": disk_octets, "mem_storage": 0, "streams": 1, "consumer": 4}
    claims: dict[str, Any] = {
        "type": "account",
        "limits": limits,
        "default_permissions": {"pub": {}, "sub": {}},
    }
    if revoked:
        claims["revocations"] = dict(revoked)
    return _jwt(operator, account, name, claims, at_s, None)


def user_jwt(
    account: Nkey,
    user: str,
    name: str,
    at_s: int,
    until_s: int,
    *,
    publish: Sequence[str] | None = None,
    subscribe: Sequence[str] | None = None,
) -> str:
    """Return an account's word on a user, until `until_s`; subjects that are not named are denied.

    publish, subscribe  None: everything inside the account
    """
    claims: dict[str, Any] = {
        "type": "user",
        "pub": {} if publish is None else {"allow": list(publish)},
        "sub": {} if subscribe is None else {"allow": list(subscribe)},
        **dict.fromkeys(("subs", "data", "payload"), _UNLIMITED),
    }
    return _jwt(account, user, name, claims, at_s, until_s)


def creds(jwt: str, user: Nkey) -> str:
    """Return the text of a credentials file, as NATS servers read it."""
    return (
        f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )


def claims_of(jwt: str) -> dict[str, Any]:
    """Read the claims of a JWT without believing them. Raises ValueError."""
    parts = jwt.split(".")
    if len(parts) != 3:
        raise ValueError("is no JWT")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError) as error:
        raise ValueError("is no JWT that can be read") from error
    if not isinstance(found, dict):
        raise ValueError("holds no claims")  # noqa: TRY004  (of the text, not of the caller)
    return found
