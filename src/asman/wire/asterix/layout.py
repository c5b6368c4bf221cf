"""Flatten one edition's tree of items into the program that the kernel reads by, and describe its columns."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.asterix_columns import Plan
from asman.kernels.asterix_out import INT64, KINDS
from asman.kernels.asterix_program import (
    COMPOUND,
    EXPLICIT,
    LEAF,
    PARTS,
    PLACED,
    REPEATED,
    REPETITIVE,
    RFS,
    SIGNED,
    STRETCH,
    STRETCHED,
    UNSIGNED,
    WHOLE,
)
from asman.wire.asterix import specification as spec
from asman.wire.asterix.columns import (
    Column,
    Spare,
    array_of,
    kind_of,
    suffix,
    words_of_contents,
    words_of_variations,
)
from asman.wire.asterix.link import Found, link, undefined_bits
from asman.wire.asterix.specification import Content, Edition, Named, Specifications
from asman.wire.asterix.takes import Leaf, takes


class Layout(NamedTuple):
    """One edition of one category, ready to read.

    program      the edition, as `asman.kernels.asterix_program` describes it
    repeated     (R, 2) group and column of the count of each repetition
    columns      of records, in the order of the specification; a repetition stands as its index in `order`
    children     leaves of repetitions
    repetitions  name of each repetition
    order        ("column", index) or ("repetition", index), as the table shows them
    plan         how columns are taken out of octets
    slots        how many columns there are of each kind, and of each kind among the children
    raws         columns of the program, of its children; groups
    nodes        node -> its name, for words about failures
    items        name of each field reference number, for each UAP
    spares       bits that must be 0
    described    ("column" or "child", index) -> its field in Arrow's words, of those that were met
    """

    category: int
    edition: str
    program: NDArray[np.int32]
    repeated: NDArray[np.int32]
    columns: tuple[Column, ...]
    children: tuple[Column, ...]
    repetitions: tuple[str, ...]
    order: tuple[tuple[str, int], ...]
    plan: Plan
    slots: tuple[int, ...]
    child_slots: tuple[int, ...]
    raws: int
    child_raws: int
    groups: int
    nodes: dict[int, str]
    items: tuple[tuple[str, ...], ...]
    spares: tuple[Spare, ...]
    described: dict[tuple[str, int], pa.Field]


class Flattener:
    """Builds the tables of one edition."""

    def __init__(self, everything: Specifications, category: int, edition: Edition) -> None:
        self.all = everything
        self.category = category
        self.edition = edition
        self.program: list[int] = []
        self.nodes: dict[int, str] = {}
        self.columns: list[Column] = []
        self.children: list[Column] = []
        self.repetitions: list[tuple[str, int, int]] = []
        self.order: list[tuple[str, int]] = []
        self.spares: list[Spare] = []
        self.cases: list[tuple[int, int, tuple[spec.Path, ...], tuple[int, ...]]] = []
        self.found: dict[spec.Path, Found] = {}
        self.kinds: list[int] = []
        self.places: list[Leaf] = []
        self.child_places: list[Leaf] = []

    def item(self, named: Named) -> int:
        """Flatten a top-level item; return its node."""
        name = "I" + named.name if named.name.isdigit() else named.name
        return self.node(self.all.variations[named.variation], name, named, (named.name,))

    def node(self, variation: spec.Variation, name: str, named: Named, path: spec.Path) -> int:
        """Append one variation to the program; return its node."""
        if isinstance(variation, spec.Compound):
            rows = [COMPOUND, variation.fspec_octets_max, len(variation.subitems)]
            for sub in variation.subitems:
                rows.append(
                    -1
                    if sub is None
                    else self.node(
                        self.all.variations[sub.variation], f"{name}/{sub.name}", sub, (*path, sub.name)
                    )
                )
            rows += undefined_bits(variation)
        elif isinstance(variation, spec.Element | spec.Group):
            rows = [PARTS, 1, *self.part((named,), name, path, whole=True)]
        elif isinstance(variation, spec.Extended):
            rows = [PARTS, len(variation.parts)]
            for part in variation.parts:
                rows += self.part(part, name, path, whole=False)
        elif isinstance(variation, spec.Repetitive):
            rows = self.repetitive(variation, name, named)
        else:
            rows = [EXPLICIT, *self.stretch(name, named.title)]
        return self.emit(rows, name)

    def group(self, kind: int) -> int:
        """Add a group of leaves."""
        self.kinds.append(kind)
        return len(self.kinds) - 1

    def emit(self, rows: list[int], name: str) -> int:
        """Append a finished node; return where it stands, as yet without the head before it."""
        node = len(self.program)
        self.program += rows
        self.nodes[node] = name
        return node

    def part(
        self, members: tuple[spec.Member | None, ...], name: str, path: spec.Path, *, whole: bool
    ) -> list[int]:
        """Flatten a part: a whole item, or what stands between two FX bits."""
        group = self.group(PLACED)
        self.leaves: list[int] = []
        spares: list[tuple[int, int]] = []
        bit = 0
        for member in members:
            if member is None:
                bit += 1
            elif whole and isinstance(member, Named):
                bit = self.inside(member, bit, name, path, group, spares)
            else:
                bit = self.member(member, bit, name, path, group, spares)
        count = len(self.leaves) // LEAF
        for at, bits in spares:
            self.spares.append(Spare(self.leaf_row(at, bits, self.places, signed=False), group))
        if bit % 8:
            raise ValueError(f"CAT{self.category:03} {name}: a part ends within an octet")
        fx = int(members[-1] is None)
        return [bit // 8, group, fx, count, len(self.leaves) // LEAF, *self.leaves]

    def member(
        self,
        member: spec.Member,
        bit: int,
        name: str,
        path: spec.Path,
        group: int,
        spares: list[tuple[int, int]],
    ) -> int:
        """Flatten a member that begins at `bit`; return the bit after it."""
        if isinstance(member, int):
            spares.append((bit, member))
            return bit + member
        return self.inside(member, bit, f"{name}/{member.name}", (*path, member.name), group, spares)

    def inside(
        self, named: Named, bit: int, name: str, path: spec.Path, group: int, spares: list[tuple[int, int]]
    ) -> int:
        """Flatten what is named: a leaf or a group of them; return the bit after it."""
        variation = self.all.variations[named.variation]
        if isinstance(variation, spec.Group):
            for member in variation.members:
                bit = self.member(member, bit, name, path, group, spares)
            return bit
        if not isinstance(variation, spec.Element):
            raise TypeError(f"CAT{self.category:03} {name}: {type(variation).__name__} within a part")
        self.leaf(variation, named, bit, name, path, group)
        return bit + variation.bits

    def leaf(
        self, element: spec.Element, named: Named, bit: int, name: str, path: spec.Path, group: int
    ) -> None:
        """Flatten a leaf into one raw column, and the column or columns that it shows as."""
        quantities = [case for case in element.cases if self.all.contents[case[1]].kind == "quantity"]
        content = self.all.contents[element.content]
        raw = self.leaf_row(bit, element.bits, self.places, signed=content.signed)
        self.found[path] = Found(raw, group)
        if quantities:
            for values, case in quantities:
                target = self.case(group, element.depends, (values,))
                self.column(self.all.contents[case], name, named.title, target, raw, element.bits)
            return
        words = words_of_contents(self.all, element.cases)
        if named.cases:
            words = words_of_variations(self.all, named.cases)
            self.column(content, name, named.title, group, raw, element.bits, words)
            self.regrouped(named, bit, name, group)
        else:
            self.column(content, name, named.title, group, raw, element.bits, words)

    def regrouped(self, named: Named, bit: int, name: str, group: int) -> None:
        """Add the leaves of cases that split the default leaf's bits (I004/120 CC/CPC)."""
        seen: dict[int, list[tuple[int, ...]]] = {}
        for values, case in named.cases:
            seen.setdefault(case, []).append(values)
        for case, values in seen.items():
            variation = self.all.variations[case]
            if not isinstance(variation, spec.Group):
                continue
            target = self.case(group, named.depends, tuple(values))
            at = bit
            for member in variation.members:
                if isinstance(member, int):
                    at += member
                    continue
                element = self.all.variations[member.variation]
                if not isinstance(element, spec.Element):
                    raise TypeError(f"CAT{self.category:03} {name}: a case that is not made of leaves")
                raw = self.leaf_row(at, element.bits, self.places, signed=False)
                content = self.all.contents[element.content]
                self.column(content, f"{name}-{member.name}", member.title, target, raw, element.bits)
                at += element.bits

    def case(self, group: int, depends: tuple[spec.Path, ...], values: tuple[tuple[int, ...], ...]) -> int:
        """Make a group that is present where the leaves it depends on have one of the values."""
        target = self.group(PLACED)
        for one in values:
            self.cases.append((target, group, depends, one))
        return target

    def leaf_row(self, bit: int, bits: int, places: list[Leaf], *, signed: bool) -> int:
        """Say how the kernels find a leaf; return its column, the next one of `places`."""
        octet, within = divmod(bit, 8)
        leaf = Leaf(octet, within, 64 - bits, SIGNED if signed else UNSIGNED)
        if bits > 64:
            if within or bits % 8:
                raise ValueError(f"CAT{self.category:03}: a leaf over 64 bits that begins within an octet")
            leaf = Leaf(octet, 0, bits // 8, STRETCH)
        elif within + bits > 64:
            raise ValueError(f"CAT{self.category:03}: a leaf that spans nine octets")
        self.leaves += [*leaf[:3], len(places), leaf.kind]
        places.append(leaf)
        return len(places) - 1

    def column(
        self, content: Content, name: str, title: str, group: int, raw: int, bits: int, cases: str = ""
    ) -> None:
        """Show a raw column in the table."""
        kind = kind_of(content, bits)
        self.order.append(("column", len(self.columns)))
        full = name + suffix(content)
        self.columns.append(Column(full, title, content, group, raw, bits, kind, -1, bits > 64, cases))

    def stretch(self, name: str, title: str) -> list[int]:
        """Add a column of octets with a group of its own; return its raw column and group."""
        self.order.append(("column", len(self.columns)))
        raw = len(self.places)
        content = Content(kind="raw")
        group = self.group(STRETCHED)
        self.columns.append(Column(name, title, content, group, raw, 65, INT64, -1, True))
        self.places.append(Leaf(0, 0, 0, WHOLE))
        return [raw, group]

    def repetitive(self, variation: spec.Repetitive, name: str, named: Named) -> list[int]:
        """Flatten a repetitive item."""
        index = len(self.repetitions)
        self.order.append(("repetition", index))
        group, count = self.group(REPEATED), len(self.places)
        self.repetitions.append((name, group, count))
        self.places.append(Leaf(0, 0, 0, WHOLE))
        self.leaves = []
        bit = self.child(self.all.variations[variation.variation], named.title, "", 0, index)
        if variation.count_octets is None:
            bit += 1
        if bit % 8:
            raise ValueError(f"CAT{self.category:03} {name}: a repetition ends within an octet")
        leaves = len(self.leaves) // LEAF
        return [REPETITIVE, variation.count_octets or 0, bit // 8, index, group, count, leaves, *self.leaves]

    def child(self, variation: spec.Variation, title: str, name: str, bit: int, index: int) -> int:
        """Flatten what is repeated; return the bit after it."""
        if isinstance(variation, spec.Group):
            for member in variation.members:
                if isinstance(member, int):
                    bit += member
                    continue
                inner = f"{name}/{member.name}" if name else member.name
                bit = self.child(self.all.variations[member.variation], member.title, inner, bit, index)
            return bit
        if not isinstance(variation, spec.Element):
            raise TypeError(f"CAT{self.category:03}: {type(variation).__name__} is repeated")
        content = self.all.contents[variation.content]
        kind = kind_of(content, variation.bits)
        words = words_of_contents(self.all, variation.cases)
        big = variation.bits > 64
        raw = self.leaf_row(bit, variation.bits, self.child_places, signed=content.signed)
        full = name + suffix(content)
        column = Column(full, title, content, -1, raw, variation.bits, kind, index, big, words)
        self.children.append(column)
        return bit + variation.bits

    def finish(self) -> Layout:
        """Flatten all UAPs and resolve what depends on what."""
        known: dict[tuple[str, int], int] = {}
        uaps: list[list[int]] = []
        widest = max(len(uap.items) for uap in self.edition.uaps)
        for uap in self.edition.uaps:
            row: list[int] = []
            for item in uap.items:
                if item is None:
                    row.append(-1)
                    continue
                key = (spec.RFS, -1) if isinstance(item, str) else (item.name, item.variation)
                if key not in known:
                    known[key] = self.rfs() if isinstance(item, str) else self.item(item)
                row.append(known[key])
            uaps.append(row + [-1] * (widest - len(row)))
        linked = link(self.category, self.edition, self.program, self.nodes, uaps, self.found, self.kinds)
        plan = Plan(
            *takes(self.columns, self.places),
            *takes(self.children, self.child_places),
            repeated=_table([[group, count] for _, group, count in self.repetitions], 2),
            cases=_table([self.case_row(*case) for case in self.cases], 8),
            leaves=_table([list(leaf) for leaf in self.places], len(Leaf._fields)),
        )
        return Layout(
            category=self.category,
            edition=self.edition.edition,
            program=linked.program,
            repeated=plan.repeated,
            columns=tuple(self.columns),
            children=tuple(self.children),
            repetitions=tuple(name for name, _, _ in self.repetitions),
            order=tuple(self.order),
            plan=plan,
            slots=_slots(self.columns),
            child_slots=_slots(self.children),
            raws=len(self.places),
            child_raws=len(self.child_places),
            groups=len(self.kinds),
            nodes=linked.nodes,
            items=linked.items,
            spares=tuple(self.spares),
            described={},
        )

    def rfs(self) -> int:
        """Add the node of random field sequencing."""
        return self.emit([RFS, *self.stretch("RFS", "Random Field Sequencing: all its octets")], "RFS")

    def case_row(
        self, target: int, group: int, depends: tuple[spec.Path, ...], values: tuple[int, ...]
    ) -> list[int]:
        """Resolve the paths of a case."""
        row = [target, group, -1, 0, 0, -1, 0, 0]
        for k, (path, value) in enumerate(zip(depends, values, strict=True)):
            leaf = self.found[path]
            row[2 + 3 * k : 5 + 3 * k] = [leaf.raw, leaf.group, value]
        return row


def _slots(columns: list[Column]) -> tuple[int, ...]:
    kinds = [array_of(column.kind) for column in columns]
    return tuple(kinds.count(kind) for kind in range(KINDS))


def _table(rows: list[list[int]], width: int) -> NDArray[np.int32]:
    return np.array(rows, np.int32).reshape(-1, width)


@cache
def layout(category: int, edition: str, expansion: bool = False) -> Layout:
    """Return the tables of one edition, or of an edition of what RE holds, made once a process.

    Raises KeyError when there is no such edition.
    """
    everything = spec.specifications()
    found = (everything.expansion if expansion else everything.find)(category, edition)
    if found is None:
        raise KeyError(f"CAT{category:03} edition {edition}")
    return Flattener(everything, category, found).finish()
