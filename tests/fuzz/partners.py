"""What partners send, as pieces: contributions, batches, agreements and their shapes."""

import struct
import zlib
from functools import cache
from pathlib import Path
from random import Random

from tests.fuzz.pieces import DATA, LENGTH_LITTLE, TEXT, Piece, Pieces, joined, mutated
from tests.sharing.making import BEGIN_NS, EXAMPLES, KEYS, tracks

from asman.sharing.batches import Stream, seal
from asman.wire import contribution

#: Octets of a row of each column, as the wire has them.
_WIDTHS = (4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 4, 8, 8, 2, 4, *(2,) * 7, 4, *(2,) * 14)


@cache
def _contribution(rows: int) -> Pieces:
    table = tracks([{"track": k, "contributors": ["r1", "r2"][: k % 3]} for k in range(rows)])
    whole = zlib.decompress(contribution.encode(table))
    _, _, names = struct.unpack_from("<IqI", whole)
    out = [Piece(LENGTH_LITTLE, whole[:4]), Piece(DATA, whole[4:12]), Piece(LENGTH_LITTLE, whole[12:16])]
    out.append(Piece(TEXT, whole[16 : 16 + names]))
    at = 16 + names
    for width in _WIDTHS:
        out.append(Piece(DATA, whole[at : at + rows * width]))
        at += rows * width
    assert at == len(whole)
    return out


def contributions(draw: Random, count: int) -> list[bytes]:
    out: list[bytes] = []
    for _ in range(count):
        one = _contribution(draw.choice((0, 1, 2, 9)))
        whole = zlib.compress(joined(mutated(one, draw, text=draw.random() < 0.2)), 1)
        out.append(joined(mutated([Piece(DATA, whole)], draw)) if draw.random() < 0.1 else whole)
    return out


@cache
def sealed() -> tuple[bytes, ...]:
    """Signs of life, in a chain."""
    stream, out = Stream("AA", "BB"), []
    for k in range(4):
        stream, octets = seal(stream, None, contribution.encode, BEGIN_NS + k, KEYS["AA"])
        out.append(octets)
    return tuple(out)


def batches(draw: Random, count: int) -> list[bytes]:
    out: list[bytes] = []
    for _ in range(count):
        whole = draw.choice(sealed())
        (size,) = struct.unpack_from("<I", whole, 4)
        head = whole[8 : 8 + size]
        at = draw.randrange(len(head))
        pieces = [
            Piece(DATA, whole[:4]),
            Piece(LENGTH_LITTLE, whole[4:8]),
            Piece(TEXT, head[:at]),
            Piece(TEXT, head[at:]),
            Piece(DATA, whole[8 + size : -64]),
            Piece(DATA, whole[-64:]),
        ]
        out.append(joined(mutated(pieces, draw, text=draw.random() < 0.3)))
    return out


def _words(text: bytes) -> Pieces:
    """A text's words, and what stands between them."""
    out: Pieces = []
    word = b""
    for place in range(len(text)):
        letter = text[place : place + 1]
        if letter in b'{}[],:"=\n ':
            out += [Piece(TEXT, word)] if word else []
            out.append(Piece(DATA, letter))
            word = b""
        else:
            word += letter
    return out


@cache
def _documents() -> tuple[tuple[Path, Pieces], ...]:
    return tuple((path, _words(path.read_bytes())) for path in sorted(EXAMPLES.glob("*.toml")))


def documents(draw: Random, count: int) -> list[bytes]:
    """Agreements, each with words, octets or lines that were changed."""
    known = [pieces for _, pieces in _documents()]
    return [joined(mutated(draw.choice(known), draw, draw.choice(known), text=True)) for _ in range(count)]


@cache
def _shapes() -> tuple[Pieces, ...]:
    return tuple(_words(path.read_bytes()) for path in sorted((EXAMPLES / "volumes").glob("*.geojson")))


def shapes(draw: Random, count: int) -> list[bytes]:
    known = _shapes()
    return [joined(mutated(draw.choice(known), draw, draw.choice(known), text=True)) for _ in range(count)]
