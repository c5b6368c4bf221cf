"""Put the head before the nodes of a program."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_program import COMPOUND, HEAD
from asman.wire.asterix.specification import Compound, Edition, Path

#: categories whose records may leave out the source that an earlier record of the block named
#: (EUROCONTROL-SPEC-0149 Part 2a, I001/010; Part 2b, I002/010)
CARRYING: Final = (1, 2)
NO_CARRY: Final = -1


class Found(NamedTuple):
    """What the flattener remembers of a leaf, to resolve dependencies at the end."""

    raw: int
    group: int


class Linked(NamedTuple):
    """A finished program.

    program  as `asman.kernels.asterix_program` describes it
    nodes    node -> its name;  items  name of each field reference number, for each UAP
    """

    program: NDArray[np.int32]
    nodes: dict[int, str]
    items: tuple[tuple[str, ...], ...]


def link(
    category: int,
    edition: Edition,
    numbers: list[int],
    names: Mapping[int, str],
    uaps: list[list[int]],
    found: Mapping[Path, Found],
    kinds: list[int],
) -> Linked:
    """Put the head before the nodes, and shift what refers to them.

    numbers  the nodes;  names  node -> name
    uaps     node of each field reference number;  found  leaves by path;  kinds  of groups
    """
    chosen = _chosen(edition)
    before = HEAD + sum(1 + len(row) for row in uaps) + len(chosen)
    selector = [-1, -1]
    if edition.selector is not None:
        path = edition.selector.path
        node = next(node for node in uaps[0] if names.get(node, "").removeprefix("I") == path[0])
        selector = [node + before, found[path].raw]
    nodes = list(numbers)
    for node in names:
        if nodes[node] == COMPOUND:
            for k in range(node + 3, node + 3 + nodes[node + 2]):
                nodes[k] += before if nodes[k] >= 0 else 0
    carry = _carry(category, found) if not edition.fixed_octets else NO_CARRY
    head = [len(uaps), len(uaps[0]), *selector, len(chosen), carry, edition.fixed_octets]
    head.append(before + len(nodes))
    head += [uap.fspec_octets_max for uap in edition.uaps]
    head += [node + before if node >= 0 else -1 for row in uaps for node in row]
    program = np.array(head + chosen + nodes + kinds, np.int32)
    placed = {node + before: name for node, name in names.items()}
    items = tuple(tuple(names.get(node, "") for node in row) for row in uaps)
    return Linked(program, placed, items)


def _chosen(edition: Edition) -> list[int]:
    """Say which UAP each value of the selecting leaf chooses."""
    selector = edition.selector
    if selector is None:
        return []
    names = [uap.name for uap in edition.uaps]
    return [
        names.index(selector.uaps[value]) if value in selector.uaps else -1
        for value in range(max(selector.uaps) + 1)
    ]


def _carry(category: int, found: Mapping[Path, Found]) -> int:
    """Say where the source stands that later records of a block may leave out."""
    return found["010", "SAC"].group if category in CARRYING else NO_CARRY


def undefined_bits(variation: Compound) -> list[int]:
    """The bits of each octet of a compound item's FSPEC that stand for no subitem; FX is none of them."""
    bits = [0xFE] * variation.fspec_octets_max
    for place, sub in enumerate(variation.subitems):
        if sub is not None and place // 7 < len(bits):
            bits[place // 7] ^= 0x80 >> place % 7
    return bits
