"""The few kinds of field of Protocol Buffers that we write and read: varints, doubles, floats, octets.

    text(5, "id") + number(6, 12) + double(10, 42.5)
    for field in fields(octets): field.number, field.value

A reader never trusts a length: what leads out of its message, a varint of over ten octets, a group, and a
field number of 0 raise FeedError. What a reader does not know it passes over, as the format wants.

Source: Protocol Buffers Documentation, "Encoding" (protobuf.dev), as of 2024.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from asman.errors import FeedError

VARINT, DOUBLE, OCTETS, FLOAT = 0, 1, 2, 5
_VARINT_OCTETS_MAX: Final = 10
_MASK_64: Final = (1 << 64) - 1


class Field(NamedTuple):
    """A field as it stands: its number, its kind on the wire, and an integer, a float or octets."""

    number: int
    kind: int
    value: int | float | bytes


def varint(value: int) -> bytes:
    """An integer of up to 64 bits, seven bits an octet, the least significant first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """A field that is a whole number, not negative; nothing for 0, which is what is absent (proto3)."""
    return varint(field << 3 | VARINT) + varint(value) if value else b""


def double(field: int, value: float) -> bytes:
    """A field that is a number; nothing for 0, but something for -0.0."""
    packed = struct.pack("<d", value)
    return varint(field << 3 | DOUBLE) + packed if any(packed) else b""


def octets(field: int, value: bytes) -> bytes:
    """A field that is octets, or a message; also an empty one."""
    return varint(field << 3 | OCTETS) + varint(len(value)) + value


def text(field: int, value: str) -> bytes:
    """A field that is text; nothing where empty."""
    return octets(field, value.encode()) if value else b""


def fields(message: bytes | memoryview) -> Iterator[Field]:
    """Read the fields of a message in their order. Raises FeedError where it is none."""
    at, end = 0, len(message)
    while at < end:
        key, at = read_varint(message, at)
        kind, field = key & 7, key >> 3
        if not 0 < field < 1 << 29:
            raise FeedError(f"protobuf: field number {field} at octet {at}")
        if kind == VARINT:
            value, at = read_varint(message, at)
            yield Field(field, kind, value)
            continue
        size = 8
        if kind == OCTETS:
            size, at = read_varint(message, at)
        elif kind == FLOAT:
            size = 4
        elif kind != DOUBLE:
            raise FeedError(f"protobuf: field {field} is of kind {kind}, which is not in use")
        if size > end - at:
            raise FeedError(f"protobuf: field {field} of {size} octets, of which {end - at} are there")
        piece = bytes(message[at : at + size])
        at += size
        if kind == OCTETS:
            yield Field(field, kind, piece)
        else:
            yield Field(field, kind, float(struct.unpack("<d" if kind == DOUBLE else "<f", piece)[0]))


def read_varint(message: bytes | memoryview, at: int) -> tuple[int, int]:
    """Read a varint; return it and the octet after it. Raises FeedError."""
    value = 0
    for k in range(_VARINT_OCTETS_MAX):
        if at + k >= len(message):
            raise FeedError("protobuf: a number is cut off")
        octet = message[at + k]
        value |= (octet & 0x7F) << (7 * k)
        if octet < 0x80:
            return value & _MASK_64, at + k + 1
    raise FeedError("protobuf: a number of over ten octets")
