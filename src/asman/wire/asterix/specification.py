"""The ASTERIX specifications as data: every category and edition, as a tree of items.

`specifications.json.z` (JSON, zlib) is made by `tools/compile_asterix.py` from the published EUROCONTROL
specifications as the package `libasterix` carries them; its notice stands beside it. The tree is what a
reader (`layout`) and a writer of records both start from.

The parts of the tree, in the words of EUROCONTROL-SPEC-0149 (Part 1, edition 3.1):

    Edition     a category's edition: one UAP, or several of which `selector` chooses by a leaf's value
    Uap         User Application Profile: item of each field reference number (FRN); None spare, "RFS"
                random field sequencing
    Named       a named item, subitem or leaf, with its variation
    Element     bits with a content: a leaf
    Group       leaves and spare bits after one another (a spare is its number of bits)
    Extended    parts, each ending in an FX bit (None) that says whether the next part follows; the last
                part of some items has none
    Repetitive  `count_octets` give the number of repetitions; None: an FX bit ends each one
    Explicit    one octet of length (itself included), then octets of their own format (RE, SP)
    Compound    a field specification of its own, then the subitems it names

Variations and contents stand in pools; the tree holds their indices. A *dependent* leaf or item has
`depends` (paths of leaves in the same record) and `cases` (their values -> content or variation).
"""

import zlib
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec

Path = tuple[str, ...]
#: values of the leaves that a dependent thing depends on -> index of its content or variation
Cases = tuple[tuple[tuple[int, ...], int], ...]

RFS: Final = "RFS"
FILE: Final = "specifications.json.z"


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the bits of a leaf mean.

    kind        raw, table (enumeration), integer, quantity, string, bds
    signed      two's complement
    lsb, unit   of a quantity: value = integer * lsb
    values      of a table: integer -> meaning
    characters  of a string: ascii (8 bits each), icao (6 bits), octal (3 bits)
    """

    kind: Literal["raw", "table", "integer", "quantity", "string", "bds"]
    signed: bool = False
    lsb: float = 1.0
    unit: str = ""
    values: dict[int, str] = {}
    characters: Literal["", "ascii", "icao", "octal"] = ""


class Named(msgspec.Struct, frozen=True, array_like=True):
    """A named item; `variation` is an index into `Specifications.variations`."""

    name: str
    title: str
    variation: int
    depends: tuple[Path, ...] = ()
    cases: Cases = ()


Member = int | Named


class Element(msgspec.Struct, frozen=True, array_like=True, tag="element"):
    """A leaf; `content` is an index into `Specifications.contents`."""

    bits: int
    content: int
    depends: tuple[Path, ...] = ()
    cases: Cases = ()


class Group(msgspec.Struct, frozen=True, array_like=True, tag="group"):
    """Members after one another: an integer is that many spare bits."""

    members: tuple[Member, ...]


class Extended(msgspec.Struct, frozen=True, array_like=True, tag="extended"):
    """Parts of members; None is the FX bit."""

    parts: tuple[tuple[Member | None, ...], ...]


class Repetitive(msgspec.Struct, frozen=True, array_like=True, tag="repetitive"):
    """A variation (element or group) several times."""

    count_octets: int | None
    variation: int


class Explicit(msgspec.Struct, frozen=True, array_like=True, tag="explicit"):
    """Octets with their length before them; purpose RE, SP or empty."""

    purpose: str


class Compound(msgspec.Struct, frozen=True, array_like=True, tag="compound"):
    """Subitems that its own field specification names; None is a bit without a subitem."""

    fspec_octets_max: int
    subitems: tuple[Named | None, ...]


Variation = Element | Group | Extended | Repetitive | Explicit | Compound


class Uap(msgspec.Struct, frozen=True):
    """Which item each FRN means; index 0 is FRN 1."""

    name: str
    fspec_octets_max: int
    items: tuple[Named | Literal["RFS"] | None, ...]


class Selector(msgspec.Struct, frozen=True):
    """The leaf whose value names the UAP of a record."""

    path: Path
    uaps: dict[int, str]


class Edition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One edition of one category, or of what its Reserved Expansion field holds.

    fixed_octets  of a field specification that has no FX bits, as that of RE; 0: as the standard has it
    """

    edition: str
    uaps: tuple[Uap, ...]
    selector: Selector | None = None
    fixed_octets: int = 0


class Specifications(msgspec.Struct, frozen=True):
    """Everything: `categories[48]` lists its editions, oldest first; `expansions[48]` those of its RE."""

    source: str
    contents: tuple[Content, ...]
    variations: tuple[Variation, ...]
    categories: dict[int, tuple[Edition, ...]]
    expansions: dict[int, tuple[Edition, ...]] = {}

    def find(self, category: int, edition: str) -> Edition | None:
        """Return one edition of a category, None when there is no such."""
        return next((one for one in self.categories.get(category, ()) if one.edition == edition), None)

    def expansion(self, category: int, edition: str) -> Edition | None:
        """Return one edition of what a category's RE holds, None when there is no such."""
        return next((one for one in self.expansions.get(category, ()) if one.edition == edition), None)


@cache
def specifications() -> Specifications:
    """Read the shipped specifications, once a process."""
    packed = files("asman.wire.asterix").joinpath(FILE).read_bytes()
    return msgspec.json.decode(zlib.decompress(packed), type=Specifications)
