"""A leaf of a specification as a column of a table: its name, its type, where the kernels keep it."""

from typing import Final, NamedTuple

from asman.kernels.asterix_out import ASCII, FLOAT, ICAO, INT8, INT16, INT32, INT64
from asman.wire.asterix.specification import Cases, Content, Element, Specifications

#: unit of the specification -> how a column's name ends
UNITS: Final = {
    "": "", "s": "s", "ms": "ms", "ns": "ns", "fs": "fs", "°": "deg", "°/s": "degps", "m": "m", "NM": "NM",
    "ft": "ft", "FL": "FL", "m/s": "mps", "m/s²": "mps2", "ft/min": "ftpmin", "NM/s": "NMps", "kt": "kt",
    "Mach": "Mach", "°C": "degC", "mb": "mb", "%": "percent", "dB": "dB", "dBm": "dBm", "dBµV": "dBuV",
    "MHz": "MHz", "hPa": "hPa", "ALTFL": "FL", "dBm²": "dBm2", "m²": "m2",
}  # fmt: skip


class Column(NamedTuple):
    """A leaf as a column of the table.

    name        path with its unit: "I040/RHO_NM"; of a repetition's leaf: only what follows the item's name
    title       words of the specification
    content     what the bits mean
    group       which presence says that it is there
    raw         its column in the kernel's `Work.raw`, or `Work.children`
    bits        width
    kind        FLOAT, INT8 ... of `asman.kernels.asterix_out`
    repetition  which repetition it is a leaf of, -1 none
    binary      octets: the integer is a stretch of the buffer
    cases       meanings that depend on other leaves, in words
    """

    name: str
    title: str
    content: Content
    group: int
    raw: int
    bits: int
    kind: int
    repetition: int = -1
    binary: bool = False
    cases: str = ""


class Spare(NamedTuple):
    """Bits that must be 0: their column in `Work.raw` and their group."""

    raw: int
    group: int


def suffix(content: Content) -> str:
    """Return how the name of a column ends: its unit."""
    unit = UNITS[content.unit] if content.kind == "quantity" else ""
    return f"_{unit}" if unit else ""


def kind_of(content: Content, bits: int) -> int:
    """Return the kind of column that holds such a leaf."""
    if bits > 64:
        return INT64
    if content.kind == "quantity":
        return FLOAT
    if content.kind == "string" and content.characters != "octal":
        return ICAO if content.characters == "icao" else ASCII
    return INT8 if bits <= 8 else INT16 if bits <= 16 else INT32 if bits <= 32 else INT64


def array_of(kind: int) -> int:
    """Name the kind whose array a column stands in: strings of either kind share theirs."""
    return ICAO if kind == ASCII else kind


def letters_of(column: Column) -> int:
    """Return how many letters a string has; 0 for numbers."""
    return {ICAO: column.bits // 6, ASCII: column.bits // 8}.get(column.kind, 0)


def words_of_contents(everything: Specifications, cases: Cases) -> str:
    """Put in words what a leaf means for each value of the leaves that it depends on."""
    return "; ".join(f"{_key(values)}: {_words(everything, content)}" for values, content in cases)


def words_of_variations(everything: Specifications, cases: Cases) -> str:
    """Put in words what an item is for each value of the leaves that it depends on."""
    said: list[str] = []
    for values, variation in cases:
        one = everything.variations[variation]
        words = (
            _words(everything, one.content) if isinstance(one, Element) else "see the columns of its parts"
        )
        said.append(f"{_key(values)}: {words}")
    return "; ".join(said)


def _words(everything: Specifications, content: int) -> str:
    one = everything.contents[content]
    return ", ".join(f"{value} {meaning}" for value, meaning in one.values.items()) or one.unit or one.kind


def _key(values: tuple[int, ...]) -> str:
    return ",".join(str(value) for value in values)
