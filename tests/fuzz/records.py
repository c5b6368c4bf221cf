"""Valid ASTERIX records of any edition, made from the tree of its specification, as pieces.

They share nothing with the reader but that tree: not its program, not its kernels.
"""

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any

from tests.fuzz.pieces import CHAIN, COUNT, DATA, FSPEC, LENGTH_BIG, SPARE, Piece, Pieces, joined, mutated

from asman.wire.asterix import specification as spec
from asman.wire.asterix.specification import specifications

EDITIONS: tuple[tuple[int, str], ...] = tuple(
    (category, one.edition) for category, all_of in specifications().categories.items() for one in all_of
)
#: Different records of an edition that inputs are made of, in one process.
CORPUS = 48


def block_of(category: int, body: bytes) -> bytes:
    return bytes([category]) + (len(body) + 3).to_bytes(2, "big") + body


def blocks(category: int, edition: str, draw: Random, count: int, seed: int = 0) -> list[bytes]:
    """Data blocks of one to three records, most of them mutated; the header lies now and then."""
    known = corpus(category, edition, seed)
    return [_block(category, known, draw) for _ in range(count)]


def _block(category: int, known: Sequence[Pieces], draw: Random) -> bytes:
    body = b""
    for _ in range(draw.choice((1, 1, 2, 3))):
        one = draw.choice(known)
        body += joined(mutated(one, draw, draw.choice(known)) if draw.random() < 0.75 else one)
    out = block_of(category, body[:65_532])
    if draw.random() < 0.06:
        size = draw.choice((0, 2, 3, len(out) - 1, len(out) + 1, 65_535, draw.randrange(65_536)))
        out = out[:1] + size.to_bytes(2, "big") + out[3:]
    return out


@cache
def corpus(category: int, edition: str, seed: int = 0) -> tuple[Pieces, ...]:
    """Valid records; together they hold every item of the edition."""
    draw = Random(f"{category} {edition} {seed}")
    one = specifications().find(category, edition)
    assert one is not None
    uaps = one.uaps
    every = [(uap, place) for uap in uaps for place, item in enumerate(uap.items) if item is not None]
    draw.shuffle(every)
    made = [_record(one, uap, {place} | _some(uap, draw), draw) for uap, place in every]
    made += [_record(one, uap, _some(uap, draw), draw) for uap in uaps for _ in range(CORPUS // len(uaps))]
    made += [more for uap in uaps for _ in range(12) if (more := _expanded(category, uap, draw))]
    return tuple(made)


def _expanded(category: int, uap: spec.Uap, draw: Random) -> Pieces:
    """A record whose Reserved Expansion field holds what is published for it; none where nothing is."""
    editions = specifications().expansions.get(category, ())
    names = [getattr(item, "name", "") for item in uap.items]
    if not editions or "RE" not in names:
        return []
    inner = draw.choice(editions)
    items = inner.uaps[0].items
    there = [place for place, item in enumerate(items) if isinstance(item, spec.Named)]
    some = sorted(draw.sample(there, min(len(there), draw.choice((0, 1, 2, 4)))))
    flags = sum(1 << (8 * inner.fixed_octets - 1 - place) for place in some)
    inside = [Piece(FSPEC, flags.to_bytes(inner.fixed_octets, "big"))]
    for place in some:
        item = items[place]
        assert isinstance(item, spec.Named)
        inside += item_of(item, draw)
    if len(joined(inside)) > 254:
        inside = inside[:1]
    size = Piece(LENGTH_BIG, bytes([len(joined(inside)) + 1]))
    return [Piece(FSPEC, fspec({names.index("RE")})), size, *inside]


def _some(uap: spec.Uap, draw: Random) -> set[int]:
    there = [place for place, item in enumerate(uap.items) if item is not None]
    return set(draw.sample(there, min(len(there), draw.choice((1, 1, 2, 3, 5, 9)))))


def _record(edition: spec.Edition, uap: spec.Uap, places: set[int], draw: Random) -> Pieces:
    selector = edition.selector
    if selector is not None and draw.random() < 0.8:
        places = places | {
            place
            for place, item in enumerate(uap.items)
            if isinstance(item, spec.Named) and item.name == selector.path[0]
        }
    out: Pieces = [Piece(FSPEC, fspec(places))]
    for place in sorted(places):
        item = uap.items[place]
        if isinstance(item, spec.Named):
            chosen = selector is not None and item.name == selector.path[0] and draw.random() < 0.8
            out += _selecting(edition, uap, item, draw) if chosen else item_of(item, draw)
        else:
            out += _sequence(uap, draw)
    return out


def fspec(places: set[int]) -> bytes:
    """The field specification that names the places, the first of which is 0."""
    octets = bytearray(max(places, default=0) // 7 + 1)
    for place in places:
        octets[place // 7] |= 0x80 >> place % 7
    for k in range(len(octets) - 1):
        octets[k] |= 1
    return bytes(octets)


def _selecting(edition: spec.Edition, uap: spec.Uap, item: spec.Named, draw: Random) -> Pieces:
    """The item that chooses the UAP, with a value that chooses this one, where that is its first bits."""
    made = item_of(item, draw)
    assert edition.selector is not None
    values = [value for value, name in edition.selector.uaps.items() if name == uap.name]
    first = bits_of(_first_part(specifications().variations[item.variation]))[0][0]
    if values and made and made[0].octets:
        octets = bytearray(made[0].octets)
        octets[0] = (octets[0] & (0xFF >> first)) | (draw.choice(values) << (8 - first) & 0xFF)
        made[0] = made[0]._replace(octets=bytes(octets))
    return made


def _first_part(variation: spec.Variation) -> Any:
    if isinstance(variation, spec.Extended):
        return spec.Group(tuple(member for member in variation.parts[0] if member is not None))
    return variation


def _sequence(uap: spec.Uap, draw: Random) -> Pieces:
    """Random field sequencing: how many, then each with its number."""
    named = [(place, item) for place, item in enumerate(uap.items) if isinstance(item, spec.Named)]
    some = [draw.choice(named) for _ in range(draw.choice((0, 1, 2, 4)))]
    out = [Piece(COUNT, bytes([len(some)]))]
    for place, item in some:
        out += [Piece(COUNT, bytes([place + 1])), *item_of(item, draw)]
    return out


def item_of(item: spec.Named, draw: Random) -> Pieces:
    return _variation(specifications().variations[item.variation], draw)


def _variation(variation: spec.Variation, draw: Random) -> Pieces:
    if isinstance(variation, spec.Element | spec.Group):
        return [_fixed(bits_of(variation), draw)]
    if isinstance(variation, spec.Extended):
        return [_extended(variation, draw)]
    if isinstance(variation, spec.Repetitive):
        return _repetitive(variation, draw)
    if isinstance(variation, spec.Explicit):
        inside = draw.randbytes(draw.choice((0, 1, 2, 5, 17, 254)))
        return [Piece(LENGTH_BIG, bytes([len(inside) + 1])), Piece(DATA, inside)]
    there = [place for place, sub in enumerate(variation.subitems) if sub is not None]
    places = set(draw.sample(there, min(len(there), draw.choice((0, 1, 1, 2, 3, 6)))))
    out = [Piece(FSPEC, fspec(places))]
    for place in sorted(places):
        sub = variation.subitems[place]
        assert sub is not None
        out += item_of(sub, draw)
    return out


def bits_of(variation: spec.Variation) -> tuple[tuple[int, bool], ...]:
    """Bits after one another, and whether they are spare."""
    if isinstance(variation, spec.Element):
        return ((variation.bits, False),)
    assert isinstance(variation, spec.Group)
    return _members(variation.members)


def _members(members: Sequence[spec.Member | None]) -> tuple[tuple[int, bool], ...]:
    out: list[tuple[int, bool]] = []
    for one in members:
        if isinstance(one, int):
            out.append((one, True))
        elif one is not None:
            out += bits_of(specifications().variations[one.variation])
    return tuple(out)


def _fixed(bits: Sequence[tuple[int, bool]], draw: Random, more: int | None = None) -> Piece:
    """Values at random, spare bits 0; `more` is the extension bit behind them."""
    value = mask = size = 0
    for width, spare in (*bits, *(() if more is None else ((1, False),))):
        full = (1 << width) - 1
        some = 0 if spare else draw.choice((0, full, draw.getrandbits(width), draw.getrandbits(width)))
        value, mask, size = value << width | some, mask << width | (full if spare else 0), size + width
    if more is not None:
        value = value & ~1 | more
    octets = value.to_bytes(size // 8, "big")
    role = CHAIN if more is not None else SPARE if mask else DATA
    return Piece(role, octets, mask.to_bytes(size // 8, "big"))


def _extended(variation: spec.Extended, draw: Random) -> Piece:
    count = draw.randint(1, len(variation.parts))
    octets = mask = b""
    for k, part in enumerate(variation.parts[:count]):
        one = _fixed(_members(part), draw, int(k + 1 < count) if part[-1] is None else None)
        octets, mask = octets + one.octets, mask + one.mask
    return Piece(CHAIN, octets, mask)


def _repetitive(variation: spec.Repetitive, draw: Random) -> Pieces:
    inner = bits_of(specifications().variations[variation.variation])
    if variation.count_octets is None:
        count = draw.choice((1, 1, 2, 3, 7))
        parts = [_fixed(inner, draw, int(k + 1 < count)) for k in range(count)]
        return [Piece(CHAIN, joined(parts), b"".join(part.mask for part in parts))]
    count = draw.choice((0, 1, 1, 2, 3)) if draw.random() < 0.97 else 255
    return [
        Piece(COUNT, count.to_bytes(variation.count_octets, "big")),
        *(_fixed(inner, draw) for _ in range(count)),
    ]
