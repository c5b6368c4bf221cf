"""Small helpers on octets that the wire's tests share."""

from typing import Any

import numpy as np

from asman.model.decoded import Decoded
from asman.model.frames import NO_TIME, Frames
from asman.wire.asterix import decode
from asman.wire.asterix.blocks import Blocks
from asman.wire.asterix.decode import Rejected, as_array, split
from asman.wire.asterix.specification import specifications
from asman.wire.framing import find

BESIDE = {"time", "offset", "length", "block", "edition", "RFS"}


def one_frame(octets: bytes) -> Frames:
    return Frames(np.array([0]), np.array([len(octets)]), np.array([NO_TIME]))


def block(category: int, body: bytes) -> bytes:
    return bytes([category]) + (len(body) + 3).to_bytes(2, "big") + body


def fspec(category: int, edition: str, *names: str) -> bytes:
    """The field specification of a record that has these items."""
    found = specifications().find(category, edition)
    assert found is not None
    places = [getattr(item, "name", item) for item in found.uaps[0].items]
    octets = bytearray()
    for name in names:
        octet, bit = divmod(places.index(name), 7)
        octets.extend(bytes(octet + 1 - len(octets)))
        octets[octet] |= 0x80 >> bit
    for k in range(len(octets) - 1):
        octets[k] |= 1
    return bytes(octets)


def trusted(octets: bytes, category: int, edition: str) -> Decoded:
    return decode(octets, one_frame(octets), editions={str(category): edition}, trusted=True)


def blocks_of(octets: bytes) -> Blocks:
    return split(as_array(octets), find(octets).frames, Rejected())


def rows(decoded: Decoded, name: str) -> list[dict[str, Any]]:
    return decoded.tables[name].to_pylist() if name in decoded.tables else []


def leaves(row: dict[str, Any]) -> dict[str, Any]:
    """What a record holds of the specification; what splits another leaf ("CPC-RAS") has no name in it, and
    what RE holds is of a specification of its own.
    """
    return {
        name: value
        for name, value in row.items()
        if value is not None and name not in BESIDE and "-" not in name and not name.startswith("RE/")
    }


def same(got: Any, expected: Any) -> bool:
    if isinstance(expected, float):
        return got is not None and abs(got - expected) <= 1e-9 * max(1.0, abs(expected))
    if isinstance(expected, list):
        return got is not None and len(got) == len(expected) and all(map(same, got, expected))
    if isinstance(expected, dict):
        return got.keys() == expected.keys() and all(same(got[key], expected[key]) for key in expected)
    return got == expected
