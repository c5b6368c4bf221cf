"""Compressed recordings: gzip, Zstandard and xz, recognised by content, expanded within bounds.

A few kilobytes can be made to expand to terabytes. Nothing is expanded beyond EXPANSION_MAX times its size
(but always to SMALL_OCTETS) or beyond OCTETS_MAX: real recordings compress two to thirty times.

Sources: RFC 1952 (gzip), RFC 8878 (Zstandard), "The .xz File Format" 1.2.
"""

import lzma
import zlib
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from asman.errors import InputError

EXPANSION_MAX: Final = 250
SMALL_OCTETS: Final = 64 * 1024 * 1024
OCTETS_MAX: Final = 16 * 1024 * 1024 * 1024
_PIECE: Final = 4 * 1024 * 1024
#: Octets that are handed to an expander at a time, doubled as a member goes on: what is left of them is
#: copied, and a file may consist of a million members.
_FED_FIRST: Final = 256
_FED_MAX: Final = 1024 * 1024
_GZIP, _ZSTD, _XZ = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00"
#: zlib: a gzip head is wanted.
_GZIP_WINDOW: Final = 31


class DamagedError(InputError):
    """What is compressed is damaged, or ends too soon; what came before was expanded."""


def expanded(octets: Any, name: str) -> Any:
    """A recording as it was before it was compressed; one that is not compressed is handed back.

    name   what messages call it

    Raises InputError for what expands beyond the bounds, is damaged, or ends too soon.
    """
    return b"".join(expanding(octets, name)) if is_compressed(octets) else octets


def is_compressed(octets: Any) -> bool:
    """Tell whether octets begin as gzip, Zstandard or xz do."""
    return bytes(memoryview(octets)[:6]).startswith((_GZIP, _ZSTD, _XZ))


def expanding(octets: Any, name: str) -> Iterator[bytes]:
    """What is compressed, piece by piece. Raises InputError as `expanded`."""
    head = bytes(memoryview(octets)[:6])
    if head.startswith(_GZIP):
        pieces, what = _gzip(memoryview(octets)), "gzip"
    elif head.startswith(_ZSTD):
        pieces, what = _zstd(memoryview(octets)), "Zstandard"
    else:
        pieces, what = _xz(memoryview(octets)), "xz"
    most = min(max(SMALL_OCTETS, EXPANSION_MAX * len(octets)), OCTETS_MAX)
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > most:
                raise InputError(
                    name,
                    f"{what} of {len(octets):,} octets that expands to more than {most:,}",
                    "No recording does; where this one is real, expand it by hand.",
                )
            yield piece
    except (zlib.error, lzma.LZMAError, pa.ArrowException, OSError, EOFError) as error:
        raise DamagedError(
            name, f"{what}, damaged or cut short after {size:,} octets: {error}", "Expand it by hand."
        ) from error


def _gzip(octets: memoryview) -> Iterator[bytes]:
    """All members, one behind the other; zeros behind one are padding."""
    at = _behind_zeros(octets, 0)
    while at < len(octets):
        member, fed = zlib.decompressobj(_GZIP_WINDOW), _FED_FIRST
        while not member.eof:
            some = octets[at : at + fed]
            if not len(some):
                raise EOFError("the last member has no end")
            piece = member.decompress(some, _PIECE)
            at += len(some) - len(member.unused_data if member.eof else member.unconsumed_tail)
            fed = min(2 * fed, _FED_MAX)
            yield piece
        at = _behind_zeros(octets, at)


def _xz(octets: memoryview) -> Iterator[bytes]:
    at = _behind_zeros(octets, 0)
    while at < len(octets):
        stream, fed = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=1 << 30), _FED_FIRST
        while not stream.eof:
            some = octets[at : at + fed] if stream.needs_input else b""
            if stream.needs_input and not len(some):
                raise EOFError("the last stream has no end")
            at += len(some)
            fed = min(2 * fed, _FED_MAX)
            yield stream.decompress(some, _PIECE)
        at = _behind_zeros(octets, at - len(stream.unused_data))


def _behind_zeros(octets: memoryview, at: int) -> int:
    """The octet that is not 0 from one on."""
    while at < len(octets):
        some = bytes(octets[at : at + _FED_FIRST])
        rest = some.lstrip(b"\0")
        if rest:
            return at + len(some) - len(rest)
        at += len(some)
    return at


def _zstd(octets: memoryview) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(octets)), "zstd") as stream:
        while piece := stream.read(_PIECE):
            yield piece
