"""A member's folder, as `asman node init` makes it and its node reads it.

node.toml                 what the node is told
keys/KG.key, KG.2.key     the member's private signing keys, the newest last; RU.pub: partners' public ones
keys/KG.ends              when keys end that were replaced; RU.ends: partners' likewise
keys/operator.seed        from which the node's NATS keys derive
keys/authority.crt, .key  the authority of its certificates; keys/node.crt, .key: made anew from it
agreements/*.toml         agreements, statements signed on them, volumes
links/RU.json             partners that were accepted; links/invited/RU.json: those that were invited
audit/KG.audit            the account
store/                    the record of batches, cursors, JetStream
"""

import datetime
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.apps.agreement_files import (
    append_statement,
    read_agreement,
    read_key,
    read_public_keys,
    read_statements,
)
from asman.edge import certificates
from asman.edge.invitation import Link
from asman.edge.nkeys import SECRET_OCTETS
from asman.errors import ConfigError, InputError
from asman.sharing import keys
from asman.sharing.document import Checked
from asman.sharing.problems import errors
from asman.sharing.register import Refused, Register, Taken, add, say
from asman.sharing.statements import Signed

#: File -> when it was changed last, ns, and how long it is.
_Stamps = dict[Path, tuple[int, int]]
_SIGNED: Final = ".signed.toml"
_ENDS: Final = ".ends"
_KEYS: Final = (".pub", _ENDS)


class Home:
    """A member's folder."""

    def __init__(self, folder: Path, member: str) -> None:
        self.folder = folder
        self.member = member
        self._seen: _Stamps = {}
        self._documents: tuple[_Stamps, dict[Path, Checked]] = ({}, {})

    @property
    def keys(self) -> Path:
        """Folder of keys."""
        return self.folder / "keys"

    @property
    def audit(self) -> Path:
        """The account."""
        return self.folder / "audit" / f"{self.member}.audit"

    @property
    def store(self) -> Path:
        """Record, cursors, JetStream."""
        return self.folder / "store"

    # What changes while the node runs.

    def changed(self) -> bool:
        """Tell whether an agreement, statement or public key is not as it was read last."""
        return self._look() != self._seen

    def _look(self) -> _Stamps:
        found: _Stamps = {}
        agreements = self.folder / "agreements"
        for folder, ending in ((agreements, ".toml"), (agreements / "volumes", ""), (self.keys, _KEYS)):
            if not folder.is_dir():
                continue
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.endswith(ending):
                        stat = entry.stat()
                        found[Path(entry.path)] = (stat.st_mtime_ns, stat.st_size)
        return found

    def read(self, now_ns: int) -> tuple[Register, tuple[Taken | Refused, ...]]:
        """Read all agreements with what was said of them. Raises InputError for a document with errors."""
        self._seen = self._look()
        documents = self._read_documents()
        ends = {key: end_ns for of in read_ends(self.keys).values() for key, end_ns in of.items()}
        register = Register(member=self.member, keys=read_public_keys(self.keys), ends=ends)
        answers: list[Taken | Refused] = []
        for path in sorted(documents):
            checked = documents[path]
            wrong = errors(checked.problems)
            if checked.agreement is None:
                first = wrong[0]
                raise InputError(f"{path}: line {first.line}: {first.field}", first.problem, first.mend)
            register, answer = add(register, checked.agreement)
            answers.append(answer)
            for signed in read_statements(path) if isinstance(answer, Taken) else ():
                register, answer = say(register, checked.agreement.id, signed, now_ns)
                answers.append(answer)
        return register, tuple(answers)

    def _read_documents(self) -> dict[Path, Checked]:
        """All documents; what was read before is not read again while nothing of it has changed."""
        texts = {
            path: stamp for path, stamp in self._seen.items()
            if path.suffix not in _KEYS and not path.name.endswith(_SIGNED)
        }  # fmt: skip
        if self._documents[0] != texts:
            paths = [path for path in texts if path.suffix == ".toml"]
            self._documents = (texts, {path: read_agreement(path) for path in paths})
        return self._documents[1]

    def append(self, agreement: str, signed: Signed) -> None:
        """Keep a statement beside its agreement."""
        for path, checked in self._documents[1].items():
            if checked.agreement is not None and checked.agreement.id == agreement:
                if signed not in read_statements(path):
                    append_statement(path, signed)
                return
        raise InputError(str(self.folder / "agreements"), f"holds no agreement '{agreement}'")

    # Links.

    def links(self) -> Mapping[str, Link]:
        """Partners that were accepted. Raises ConfigError for a file that is none of ours."""
        found: dict[str, Link] = {}
        for path in sorted((self.folder / "links").glob("*.json")):
            try:
                found[path.stem] = msgspec.json.decode(path.read_bytes(), type=Link)
            except (OSError, msgspec.MsgspecError) as error:
                mend = "Remove it with `asman link remove`, and join again."
                raise ConfigError(str(path), f"is no link: {error}", mend) from error
        return found

    def keep_link(self, link: Link) -> Path:
        """Keep a link, and what of it others read as files: authority and signing key."""
        member = link.partner.origin
        path = self.folder / "links" / f"{member}.json"
        write_private(path, msgspec.json.format(msgspec.json.encode(link), indent=1))
        self.authority(member).write_text(link.partner.authority)
        self.keep_key(member, bytes.fromhex(link.partner.key))
        return path

    def keep_pass(self, member: str, door_pass: str) -> None:
        """Keep what a partner gave us to knock at its door."""
        link = self.links().get(member)
        if link is not None:
            path = self.folder / "links" / f"{member}.json"
            link = msgspec.structs.replace(link, door_pass=door_pass)
            write_private(path, msgspec.json.format(msgspec.json.encode(link), indent=1))

    def keep_key(self, member: str, public: bytes) -> None:
        """Keep a public key of a member, beside those that it had."""
        known = read_public_keys(self.keys).get(member, ())
        if public in known:
            return
        name = f"{member}.pub" if not known else f"{member}.{len(known) + 1}.pub"
        (self.keys / name).write_bytes(keys.public_to_pem(public))

    def keep_end(self, member: str, key: str, end_ns: int) -> None:
        """Keep when a key of a member, named by its fingerprint, ends."""
        path = self.keys / f"{member}{_ENDS}"
        write_private(path, msgspec.json.encode({**read_ends(self.keys).get(member, {}), key: end_ns}))

    def authority(self, member: str) -> Path:
        """File of a partner's authority."""
        return self.folder / "links" / f"{member}.crt"

    # Our own keys.

    def signing_key(self) -> Ed25519PrivateKey:
        """The newest of the member's keys. Raises InputError."""
        return self.signing_keys()[-1]

    def signing_keys(self) -> Sequence[Ed25519PrivateKey]:
        """All of the member's keys, at least one, the newest last. Raises InputError."""
        numbered = sorted(
            self.keys.glob(f"{self.member}.[0-9]*.key"), key=lambda path: int(path.name.split(".")[1])
        )
        return tuple(read_key(path) for path in (self.keys / f"{self.member}.key", *numbered))

    def secret(self) -> bytes:
        """From which all nkeys derive. Raises ConfigError."""
        path = self.keys / "operator.seed"
        try:
            if path.stat().st_mode & 0o077:
                raise ConfigError(str(path), "others may read it", f"Do `chmod 600 {path}`.")
            found = bytes.fromhex(path.read_text().strip())
        except OSError as error:
            raise ConfigError(
                str(path), f"cannot be read: {error.strerror}", "Run `asman node init`."
            ) from error
        except ValueError as error:
            raise ConfigError(str(path), "is not hexadecimal", "Restore it from your copy.") from error
        if len(found) != SECRET_OCTETS:
            raise ConfigError(str(path), f"holds {len(found)} octets, needs {SECRET_OCTETS}")
        return found

    def certify(self, hosts: tuple[str, ...], now: datetime.datetime) -> bool:
        """Make the node's certificate anew where it is due; tell whether it was. Raises ConfigError."""
        certificate, key = self.keys / "node.crt", self.keys / "node.key"
        try:
            if (
                certificate.exists()
                and key.exists()
                and not certificates.is_due(certificate.read_bytes(), hosts, now)
            ):
                return False
            authority = (self.keys / "authority.crt").read_bytes()
            made = certificates.make_node(
                authority, (self.keys / "authority.key").read_bytes(), self.member, hosts, now
            )
        except (OSError, ValueError) as error:
            raise ConfigError(
                str(self.keys / "authority.key"), f"cannot certify the node: {error}"
            ) from error
        write_private(key, made[1])
        write_private(certificate, made[0])
        return True


def read_ends(folder: Path) -> dict[str, dict[str, int]]:
    """Member -> fingerprint of a key that was replaced -> its end, ns. Raises InputError."""
    found: dict[str, dict[str, int]] = {}
    for path in sorted(folder.glob(f"*{_ENDS}")):
        try:
            found[path.stem] = msgspec.json.decode(path.read_bytes(), type=dict[str, int])
        except (OSError, msgspec.MsgspecError) as error:
            raise InputError(str(path), f"tells no ends of keys: {error}", "Remove it.") from error
    return found


def write_private(path: Path, octets: bytes) -> None:
    """Write a file that nobody else may read; it is whole at every instant."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
