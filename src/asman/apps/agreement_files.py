"""Files of agreements: the document, the statements signed on it, and members' keys.

kg-ru-2023.toml            the document, with its volumes beside it
kg-ru-2023.signed.toml     what was said of it, signed: one [[signed]] a statement
keys/KG.key                a private key: mode 0600, made once, never overwritten
keys/KG.pub, KG.2.pub      public keys, exchanged in person
"""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.errors import InputError
from asman.sharing import document, keys
from asman.sharing.document import Checked
from asman.sharing.statements import Signed, Statement

_SIGNATURES: Final = ".signed.toml"
_MOST_OCTETS: Final = 4_000_000


def read_agreement(path: Path) -> Checked:
    """Read and check a document with the files beside it. Raises InputError where there is no such file."""
    return document.read(_octets(path), lambda name: (path.parent / name).read_bytes())


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "Check the path.") from error


def statements_path(path: Path) -> Path:
    """Where the statements on a document are kept."""
    return path.with_name(path.stem + _SIGNATURES)


def read_statements(path: Path) -> tuple[Signed, ...]:
    """What was said of the document at `path`, in order; none where nobody has. Raises InputError."""
    beside = statements_path(path)
    if not beside.exists():
        return ()
    octets = _octets(beside)
    if len(octets) > _MOST_OCTETS:
        raise InputError(str(beside), f"has {len(octets):,} octets; {_MOST_OCTETS:,} are the most")
    try:
        rows: list[Any] = tomllib.loads(octets.decode()).get("signed", [])
        return tuple(_signed(dict(row)) for row in rows)
    except (TypeError, ValueError) as error:  # what TOML, UTF-8 and msgspec refuse are ValueErrors
        raise InputError(
            str(beside), f"is not what was signed: {error}", "Ask for the file again."
        ) from error


def _signed(row: dict[str, Any]) -> Signed:
    key, signature = row.pop("key", ""), row.pop("signature", "")
    return msgspec.convert({"statement": row, "key": key, "signature": signature}, Signed)


def append_statement(path: Path, signed: Signed) -> Path:
    """Add a statement to those on the document at `path`; the file is whole at every instant."""
    beside = statements_path(path)
    before = beside.read_text(encoding="utf-8") if beside.exists() else ""
    row = {**_plain(signed.statement), "key": signed.key, "signature": signed.signature}
    text = before + ("\n" if before else "") + "[[signed]]\n"
    text += "".join(f"{name} = {_toml(value)}\n" for name, value in row.items())
    fresh = beside.with_name(beside.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(beside)
    return beside


def _plain(statement: Statement) -> dict[str, Any]:
    return {
        name: getattr(statement, name)
        for name in statement.__struct_fields__
        if getattr(statement, name) not in (None, (), "")
    }


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def make_key(member: str, folder: Path) -> tuple[Path, Path, str]:
    """Make a member's key pair; return its files and the fingerprint. Raises InputError if there is one."""
    key = Ed25519PrivateKey.generate()
    public = keys.public_of(key)
    secret, shown = folder / f"{member}.key", folder / f"{member}.pub"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _create(secret, keys.private_to_pem(key), 0o600)
    try:
        _create(shown, keys.public_to_pem(public), 0o644)
    except InputError:
        secret.unlink()
        raise
    return secret, shown, keys.fingerprint(public)


def _create(path: Path, octets: bytes, mode: int) -> None:
    """Write a file that must not exist, readable by nobody else from its first octet on."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        mend = "Keys are never overwritten: move it away first, or name another folder."
        raise InputError(str(path), "exists already", mend) from error
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key; one that others may read is refused. Raises InputError."""
    octets = _octets(path)
    if path.stat().st_mode & 0o077:
        raise InputError(str(path), "others may read this key", f"Do `chmod 600 {path}`, or make a new one.")
    try:
        return keys.private_from_pem(octets)
    except keys.KeyTextError as error:
        raise InputError(str(path), str(error), "`asman agreement key` makes one.") from error


def _number(path: Path) -> tuple[int, str]:
    """The first key of a member has no number, the second is 2."""
    number = path.name.split(".")[1]
    return (int(number) if number.isdecimal() else 1, path.name)


def read_public_keys(folder: Path) -> dict[str, tuple[bytes, ...]]:
    """Member -> its public keys, of `KG.pub`, `KG.2.pub` and so on, in that order. Raises InputError."""
    known: dict[str, tuple[bytes, ...]] = {}
    for path in sorted(folder.glob("*.pub"), key=_number) if folder.is_dir() else ():
        try:
            key = keys.public_from_pem(_octets(path))
        except keys.KeyTextError as error:
            raise InputError(str(path), str(error), "Ask that member for it again.") from error
        member = path.name.split(".")[0]
        known[member] = (*known.get(member, ()), key)
    return known
