"""Inputs as pieces that know what they are, and mutations that aim at what readers trust.

A blind mutation of octets seldom passes the first length. So a generator hands over pieces with a role: a
field specification, a count, a length, a chain of extension bits, spare bits, data; mutations change those,
and now and then any octet. All chance comes from one `random.Random`: a seed is an input.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

DATA, FSPEC, CHAIN, COUNT, LENGTH_BIG, LENGTH_LITTLE, SPARE, TEXT = range(8)

#: Octets that mean something to some reader, and the ends of ranges.
ODD = bytes((0, 1, 2, 3, 0x0A, 0x1A, 0x22, 0x2A, 0x2C, 0x31, 0x33, 0x3B, 0x7B, 0x7F, 0x80, 0xA5, 0xFE, 0xFF))


#: Words that are a number, or none, in another way than a reader may expect.
WORDS: tuple[bytes, ...] = (
    *b"0 -0 1e400 -1e308 1e-400 00 1_0 0x10 18446744073709551616 -9223372036854775809".split(),
    *b"nan NaN inf -inf null true [] {} [[ }} '' ../../etc/passwd 2026-02-30 24:60:60 = # , ;".split(),
    b"", b" ", b"\n", b"\r", b"\t", b'""', b'"a"', b"\\u0000", b"\xff\xfe",
    "\u202e".encode(), "\u0661\u0662".encode(),
    b"1" + b"0" * 400, b"[" * 3000, b'{"a":' * 1500, b"x" * 70_000,
)  # fmt: skip


class Piece(NamedTuple):
    """Octets and what they are.

    CHAIN   parts of an extended item: the last bit of each octet may say that more follows
    TEXT    a word, a number, a line of text
    SPARE   data with bits that must be 0: those of `mask`
    """

    role: int
    octets: bytes
    mask: bytes = b""


Pieces = list[Piece]
Mutation = Callable[[Pieces, Random, Sequence[Piece]], None]


def joined(pieces: Sequence[Piece]) -> bytes:
    return b"".join([piece.octets for piece in pieces])


def mutated(
    pieces: Sequence[Piece], draw: Random, other: Sequence[Piece] = (), *, text: bool = False
) -> Pieces:
    """One to three mutations; `other` is another input, to splice with."""
    out = list(pieces)
    known = TEXT_MUTATIONS if text else MUTATIONS
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        if out:
            draw.choice(known)(out, draw, other)
    return out


def _one(pieces: Pieces, draw: Random, *roles: int) -> int:
    """Any piece of the roles; any at all where there is none."""
    fit = [place for place, piece in enumerate(pieces) if piece.role in roles and piece.octets]
    return draw.choice(fit) if fit else draw.randrange(len(pieces))


def _put(pieces: Pieces, place: int, octets: bytes) -> None:
    pieces[place] = pieces[place]._replace(octets=octets)


def flip_a_bit(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    place = draw.randrange(len(pieces))
    octets = bytearray(pieces[place].octets)
    if octets:
        octets[draw.randrange(len(octets))] ^= 1 << draw.randrange(8)
        _put(pieces, place, bytes(octets))


def replace_an_octet(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    place = draw.randrange(len(pieces))
    octets = bytearray(pieces[place].octets)
    if octets:
        octets[draw.randrange(len(octets))] = draw.choice(ODD) if draw.random() < 0.5 else draw.randrange(256)
        _put(pieces, place, bytes(octets))


def insert_octets(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    place = draw.randrange(len(pieces))
    octets = pieces[place].octets
    at = draw.randint(0, len(octets))
    more = bytes([draw.choice(ODD)]) * draw.choice((1, 1, 2, 9)) if draw.random() < 0.5 else draw.randbytes(3)
    _put(pieces, place, octets[:at] + more + octets[at:])


def delete_octets(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    place = draw.randrange(len(pieces))
    octets = pieces[place].octets
    at = draw.randint(0, len(octets))
    _put(pieces, place, octets[:at] + octets[at + draw.choice((1, 1, 2, 5)) :])


def cut_off(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    place = draw.randrange(len(pieces))
    octets = pieces[place].octets
    pieces[place:] = [pieces[place]._replace(octets=octets[: draw.randint(0, len(octets))])]


def drop(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    del pieces[draw.randrange(len(pieces))]


def double(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    place = draw.randrange(len(pieces))
    pieces.insert(place, pieces[place])


def swap(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    a, b = draw.randrange(len(pieces)), draw.randrange(len(pieces))
    pieces[a], pieces[b] = pieces[b], pieces[a]


def splice(pieces: Pieces, draw: Random, other: Sequence[Piece]) -> None:
    """Go on with the tail of another input."""
    if other:
        pieces[draw.randrange(len(pieces)) :] = other[draw.randrange(len(other)) :]


def lie(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    """Change a count or a length: to its neighbours, to the ends of its range, to anything."""
    place = _one(pieces, draw, COUNT, LENGTH_BIG, LENGTH_LITTLE)
    role, octets, _mask = pieces[place]
    size = len(octets)
    order = "little" if role == LENGTH_LITTLE else "big"
    value, most = int.from_bytes(octets, order), (1 << 8 * size) - 1
    told = (0, 1, 2, 3, value - 1, value + 1, value * 2, most, most >> 1, most - 7, draw.randint(0, most))
    _put(pieces, place, (draw.choice(told) & most).to_bytes(size, order))


def chain(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    """Say that a chain goes on, or does not; or let it go on for long."""
    place = _one(pieces, draw, CHAIN, FSPEC)
    octets = bytearray(pieces[place].octets)
    if not octets:
        return
    if draw.random() < 0.25:
        octets[-1] |= 1
        octets += draw.choice((b"\x01", b"\xff", b"\x80")) * draw.choice((1, 2, 8, 40)) + b"\x00"
    else:
        octets[draw.randrange(len(octets))] ^= 1
    _put(pieces, place, bytes(octets))


def name_more(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    """Name another item in a field specification, or one fewer, or all."""
    place = _one(pieces, draw, FSPEC)
    octets = bytearray(pieces[place].octets)
    if octets:
        at = draw.randrange(len(octets))
        octets[at] = octets[at] ^ (2 << draw.randrange(7)) if draw.random() < 0.9 else octets[at] | 0xFE
        _put(pieces, place, bytes(octets))


def set_spares(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    place = _one(pieces, draw, SPARE)
    piece = pieces[place]
    if piece.mask and len(piece.mask) == len(piece.octets):
        some = draw.randbytes(len(piece.mask)) if draw.random() < 0.5 else b"\xff" * len(piece.mask)
        _put(
            pieces, place, bytes(o | (m & s) for o, m, s in zip(piece.octets, piece.mask, some, strict=True))
        )


def say_odd(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    place = _one(pieces, draw, TEXT)
    _put(pieces, place, draw.choice(WORDS))


def noise(pieces: Pieces, draw: Random, _: Sequence[Piece]) -> None:
    """All of a piece at random, of nearly its length."""
    place = draw.randrange(len(pieces))
    size = max(0, len(pieces[place].octets) + draw.choice((-1, 0, 0, 0, 1)))
    _put(pieces, place, draw.randbytes(size))


MUTATIONS: tuple[Mutation, ...] = (
    flip_a_bit, flip_a_bit, replace_an_octet, insert_octets, delete_octets, cut_off, drop, double, swap,
    splice, lie, lie, lie, chain, chain, name_more, name_more, set_spares, noise,
)  # fmt: skip
TEXT_MUTATIONS: tuple[Mutation, ...] = (
    flip_a_bit, replace_an_octet, insert_octets, delete_octets, cut_off, drop, double, swap, splice,
    say_odd, say_odd, say_odd, say_odd,
)  # fmt: skip
