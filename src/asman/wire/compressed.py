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
_GZIP, _ZSTD, _XZ = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00"
#: zlib: a gzip head is wanted.
_GZIP_WINDOW: Final = 31


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
        raise InputError(
            name, f"{what}, damaged or cut short after {size:,} octets: {error}", "Expand it by hand."
        ) from error


def _gzip(octets: memoryview) -> Iterator[bytes]:
    """All members, one behind the other; zeros behind the last are padding."""
    rest: bytes | memoryview = octets
    while len(rest) and any(rest[:8]):
        member = zlib.decompressobj(_GZIP_WINDOW)
        while not member.eof:
            piece = member.decompress(rest, _PIECE)
            rest = member.unconsumed_tail or member.unused_data
            if not piece and not member.eof and not rest:
                raise EOFError("the last member has no end")
            yield piece


def _xz(octets: memoryview) -> Iterator[bytes]:
    rest: bytes | memoryview = octets
    while len(rest) and any(rest[:4]):
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=1 << 30)
        piece = stream.decompress(rest, _PIECE)
        yield piece
        while not stream.eof:
            if stream.needs_input:
                raise EOFError("the last stream has no end")
            yield stream.decompress(b"", _PIECE)
        rest = stream.unused_data


def _zstd(octets: memoryview) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(octets)), "zstd") as stream:
        while piece := stream.read(_PIECE):
            yield piece
