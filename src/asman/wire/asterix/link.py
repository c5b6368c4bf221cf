"""Put the head before the nodes of a program, and make the copy that is read by."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_program import COMPOUND, FAR, HEAD, LEAF, PART, PARTS, REPETITIVE, STRETCH
from asman.wire.asterix.specification import Edition, Path

#: categories whose records may leave out the source that an earlier record of the block named
#: (EUROCONTROL-SPEC-0149 Part 2a, I001/010; Part 2b, I002/010)
CARRYING: Final = (1, 2)
NO_CARRY: Final = [-1, -1, -1]


class Leaf(NamedTuple):
    """What the flattener remembers of a leaf, to resolve dependencies at the end."""

    raw: int
    group: int


class Linked(NamedTuple):
    """A finished program.

    program  as `asman.kernels.asterix_program` describes it;  ready  its copy that is read by
    nodes    node -> its name;  items  name of each field reference number, for each UAP
    """

    program: NDArray[np.int32]
    ready: NDArray[np.int32]
    nodes: dict[int, str]
    items: tuple[tuple[str, ...], ...]


def link(
    category: int,
    edition: Edition,
    numbers: list[int],
    names: Mapping[int, str],
    uaps: list[list[int]],
    found: Mapping[Path, Leaf],
) -> Linked:
    """Put the head before the nodes, and shift what refers to them.

    numbers  the nodes;  names  node -> name
    uaps     node of each field reference number;  found  leaves by path
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
    head = [len(uaps), len(uaps[0]), *selector, len(chosen), *carry, edition.fixed_octets]
    head += [uap.fspec_octets_max for uap in edition.uaps]
    head += [node + before if node >= 0 else -1 for row in uaps for node in row]
    program = np.array(head + chosen + nodes, np.int32)
    placed = {node + before: name for node, name in names.items()}
    items = tuple(tuple(names.get(node, "") for node in row) for row in uaps)
    return Linked(program, ready(program, placed), placed, items)


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


def _carry(category: int, found: Mapping[Path, Leaf]) -> list[int]:
    """Say where the source stands that later records of a block may leave out."""
    if category not in CARRYING:
        return NO_CARRY
    sac, sic = found["010", "SAC"], found["010", "SIC"]
    return [sac.group, sac.raw, sic.raw]


def ready(program: NDArray[np.int32], nodes: Iterable[int]) -> NDArray[np.int32]:
    """Return the copy of a program that the kernel reads by: see `asman.kernels.asterix_program`."""
    made = program.copy()
    for node in nodes:
        if made[node] == PARTS:
            part = node + 2
            for _ in range(made[node + 1]):
                count = int(made[part + 4])
                _ready_leaves(made, part + PART, count)
                part += PART + LEAF * count
        elif made[node] == REPETITIVE:
            _ready_leaves(made, node + 7, int(made[node + 6]))
    return made


def _ready_leaves(program: NDArray[np.int32], leaf: int, count: int) -> None:
    for i in range(leaf, leaf + count * LEAF, LEAF):
        octet, left, right, _, kind = program[i : i + LEAF].tolist()
        if kind == STRETCH:
            continue
        if 8 * octet + left <= right:
            program[i + 1] = 8 * octet + left
        else:
            program[i + 4] += FAR
