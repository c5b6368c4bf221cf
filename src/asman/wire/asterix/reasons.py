"""Why octets were given up, in words that an operator can act on and that count well."""

from typing import Final

from asman.kernels.asterix_program import (
    CUT,
    EMPTY,
    EXPLICIT_SIZE,
    FSPEC_LONG,
    FSPEC_OPEN,
    LAST_FX,
    RFS_ITEM,
    UAP,
    UNDEFINED,
)
from asman.wire.asterix.layout import Layout

#: reason -> words; {item} is filled
WORDS: Final = {
    CUT: "{item} goes past the end of its block",
    FSPEC_LONG: "the field specification of {item} is longer than the specification allows",
    FSPEC_OPEN: "the field specification of {item} goes past the end of its block",
    UNDEFINED: "{item}: the field specification names what the specification does not define",
    LAST_FX: "{item}: the last FX bit must be 0 (--lenient reads on)",
    EXPLICIT_SIZE: "{item}: a length of 0 (--lenient reads on)",
    RFS_ITEM: "{item}: random field sequencing names an item that there is not",
    UAP: "{item}: nothing tells which of the category's two record formats this is",
    EMPTY: "a record without any item",
}
NO_HEADER: Final = "what follows is no data block: fewer than 3 octets, or a length that does not fit"
BEHIND: Final = "octets behind the last data block of a packet"
NO_CATEGORY: Final = "category {category} is not in the published specifications we carry"
#: category -> what it is, where it is known but nobody publishes it as data
NEVER_PUBLISHED: Final = {
    30: "tracks of ARTAS before CAT062",
    31: "sensor information of ARTAS before CAT063",
    252: "session and service control of ARTAS",
}
#: category -> editions that recordings are met in, but that are not published as data
OLDER: Final = {
    1: "1.0, 1.1", 4: "before 1.12", 10: "0.24 of Sensis, 0.31", 11: "0.14, 0.17", 20: "before 1.9",
    21: "0.12 to 0.20, 1.0 to 1.4", 23: "before 1.2", 34: "before 1.27", 48: "before 1.27", 62: "before 1.16",
    63: "before 1.6", 65: "before 1.4",
}  # fmt: skip


def no_category(category: int) -> str:
    """Say that a category is not carried, and what it is where that is known."""
    said = NO_CATEGORY.format(category=category)
    if category in NEVER_PUBLISHED:
        return f"{said}: {NEVER_PUBLISHED[category]}, not supported in any edition"
    return said


def older(category: int) -> str:
    """Say which editions of a category are not carried; empty where none is known."""
    if category not in OLDER:
        return ""
    return f"editions {OLDER[category]} of CAT{category:03} are not published as data, and not supported"


def words(layout: Layout, reason: int, node: int) -> str:
    """Say why a record failed, and with which edition it was read.

    node  of the program; -1 the record itself; -2 - n: field reference number n + 1
    """
    if node >= 0:
        item = layout.nodes[node]
    elif node == -1:
        item = "the record"
    else:
        number = -2 - node
        names = {row[number] for row in layout.items if number < len(row) and row[number]}
        item = "/".join(sorted(names)) or f"field reference number {number + 1}"
    return f"CAT{layout.category:03} edition {layout.edition}: {WORDS[reason].format(item=item)}"
