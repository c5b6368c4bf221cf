"""The one spelling of an agreement that is hashed and signed, and the hash that names it ever after.

Keys sorted, no blanks, UTF-8, terms that have their default left out, shapes in whole 1e-7 degrees. Comments,
order and layout of the TOML do not change it; any term, any party, any corner of a volume does. What is
signed begins with its purpose, so that a signature of one kind never counts as another.
"""

import hashlib
from typing import Any, Final

import msgspec

from asman.model.agreement import Agreement

_PURPOSE: Final = b"asman agreement 1\0"


def canonical(agreement: Agreement) -> bytes:
    """The octets that every party signs."""
    whole = {
        "terms": plain(agreement.terms),
        "areas": agreement.areas,
        "lines": agreement.lines,
    }
    return _PURPOSE + msgspec.json.encode(whole, order="sorted")


def plain(value: Any) -> Any:
    """Structs as tables of what differs from their defaults, under the names of the document.

    Not msgspec's `omit_defaults`: that leaves out by identity, so that an explicit 0.0 may or may not count.
    """
    if isinstance(value, msgspec.Struct):
        pairs = [(field, getattr(value, field.name)) for field in msgspec.structs.fields(type(value))]
        return {
            field.encode_name: plain(one) for field, one in pairs if field.required or one != field.default
        }
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value


def agreement_hash(agreement: Agreement) -> str:
    """SHA-256 of the canonical form, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(agreement)).hexdigest()
