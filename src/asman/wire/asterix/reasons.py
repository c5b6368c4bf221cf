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
    LAST_FX: "{item}: the last FX bit must be 0",
    EXPLICIT_SIZE: "{item}: a length of 0",
    RFS_ITEM: "{item}: random field sequencing names an item that there is not",
    UAP: "{item}: nothing tells which of the category's two record formats this is",
    EMPTY: "a record without any item",
}
NO_HEADER: Final = "what follows is no data block: fewer than 3 octets, or a length that does not fit"
NO_CATEGORY: Final = "category {category} is not in the published specifications we carry"


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
