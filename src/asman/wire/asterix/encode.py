"""Tables to ASTERIX: records as `decode` gives them become data blocks, in any category and edition.

    encoded = encode(table, 48, "1.32")
    encoded.octets, encoded.blocks

The columns are those of docs/reference/decoded-tables.md, each value in its unit; it is rounded to the
nearest step of its leaf. What a leaf cannot say is refused with column and row: nothing wraps, nothing is
cut. Columns that a table may have but a record does not (`time`, `offset`, `length`, `block`, `edition`)
are passed over. Spare bits are 0. Items that stood under random field sequencing (`RFS`) are written at
their own places instead.
"""

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError, nearest
from asman.kernels.asterix_columns import ASCII, FLOAT, ICAO
from asman.kernels.asterix_encode import BLOCK_HEAD, Records, write_blocks
from asman.kernels.asterix_program import (
    COMPOUND,
    EXPLICIT,
    HEAD,
    LEAF,
    PART,
    PARTS,
    REPETITIVE,
    STRETCH_BITS,
    UAPS,
)
from asman.wire.asterix.columns import Column
from asman.wire.asterix.layout import Layout, layout
from asman.wire.asterix.specification import specifications

#: A UDP payload that needs no fragmentation on Ethernet.
BLOCK_OCTETS_MAX: Final = 1400
#: Columns of a decoded table that are no leaf of a record.
BESIDE: Final = frozenset(("time", "offset", "length", "block", "edition", "octets", "items", "RFS"))

_REASONS: Final = {
    1: "the leaf that chooses the UAP has a value without one",
    2: "it has no item at all",
    3: "it has an item that its UAP does not hold",
    4: "its block would be longer than 65,535 octets",
    5: "it has more repetitions than their count can say, or none where one is needed",
    6: "an explicit item holds more than 254 octets",
}

_BLANK: Final = 32


class Encoded(msgspec.Struct, frozen=True):
    """Data blocks, one behind the other.

    octets  all of them
    starts  (B + 1,)  octet where each block begins, and the end
    rows    (B + 1,)  row of each block's first record, and how many rows there are
    groups  (B,)      the group of each block's records
    """

    octets: bytes
    starts: NDArray[np.int64]
    rows: NDArray[np.int64]
    groups: NDArray[np.int64]

    @property
    def blocks(self) -> list[bytes]:
        """The octets of each block."""
        edges = self.starts.tolist()
        return [self.octets[a:b] for a, b in pairwise(edges)]


class _Heap:
    """Octets of variable length on their way to the kernel."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def stretch(self, octets: bytes) -> int:
        """Keep octets; return where they lie as the kernel reads it."""
        if len(octets) >= 1 << STRETCH_BITS:
            raise ValueError(f"{len(octets)} octets")
        self.parts.append(octets)
        self.size += len(octets)
        return ((self.size - len(octets)) << STRETCH_BITS) | len(octets)


def encode(
    table: pa.Table,
    category: int,
    edition: str,
    *,
    groups: NDArray[np.int64] | None = None,
    max_block_octets: int = BLOCK_OCTETS_MAX,
) -> Encoded:
    """Encode records as data blocks.

    table             columns of docs/reference/decoded-tables.md; null is "not in this record"
    edition           e.g. "1.32"
    groups            (N,) a block holds records of one number only: a sector, a radar; default: all are one
    max_block_octets  a block closes before the record that would make it longer; a record that is longer
                      by itself stands alone

    Raises InputError for an unknown edition or column, and for a value that its leaf cannot say.
    """
    plan = _layout(category, edition)
    name = f"CAT{category:03d} edition {edition}"
    records = _records(table, plan, name, groups)
    count = table.num_rows
    out = np.zeros(_room(plan, records), np.uint8)
    starts, rows, fault = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64), np.zeros(2, np.int64)
    blocks, end = write_blocks(plan.program, records, category, max_block_octets, out, starts, rows, fault)
    if fault[1]:
        raise InputError(
            f"{name}, row {fault[0]}", _REASONS[int(fault[1])], "Correct or leave out this record."
        )
    return Encoded(
        octets=out[:end].tobytes(),
        starts=starts[: blocks + 1],
        rows=rows[: blocks + 1],
        groups=records.block[rows[:blocks]],
    )


def _layout(category: int, edition: str) -> Layout:
    try:
        return layout(category, edition)
    except KeyError as error:
        known = [one.edition for one in specifications().categories.get(category, ())]
        raise InputError(
            f"CAT{category:03d} edition {edition}",
            "no specification of it is shipped",
            f"Known editions: {', '.join(known)}." if known else "No edition of this category is known.",
        ) from error


def _records(table: pa.Table, plan: Layout, name: str, groups: NDArray[np.int64] | None) -> Records:
    """Turn columns into integers, refusing what their leaves cannot say."""
    count = table.num_rows
    heap = _Heap()
    raw = np.zeros((plan.raws, count), np.uint64)
    present = np.zeros((plan.groups, count), np.uint8)
    implied = {int(case[0]): int(case[1]) for case in plan.cases}
    left = {one for one in table.column_names if not one.startswith("RE/")} - BESIDE
    for column in plan.columns:
        if column.name not in left:
            continue
        left.remove(column.name)
        array = table[column.name].combine_chunks()
        valid = _valid(array)
        values = _integers(array, column, valid, heap, f"{name}: {column.name}", _octets_of(plan, column))
        # A column of another case of the same leaf must not undo this one.
        raw[column.raw] = np.where(valid, values, raw[column.raw])
        present[implied.get(column.group, column.group)] |= valid
    children, first, counts = _repetitions(table, plan, name, present, heap, left)
    for unknown in sorted(left):
        known = [column.name for column in plan.columns] + list(plan.repetitions)
        raise InputError(f"{name}: {unknown}", "no such column in this edition", nearest(unknown, known))
    block = np.zeros(count, np.int64) if groups is None else np.asarray(groups, np.int64)
    if block.size != count:
        raise InputError(
            f"{name}: groups", f"{block.size} numbers for {count} rows", "Give one number a row."
        )
    octets = np.frombuffer(b"".join(heap.parts) + b"\0", np.uint8)
    return Records(raw, present, children, first, counts, octets, block)


def _repetitions(
    table: pa.Table, plan: Layout, name: str, present: NDArray[np.uint8], heap: _Heap, left: set[str]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Columns of children, and where each record's begin and how many they are; marks what is present."""
    count = table.num_rows
    first, counts = (np.zeros((len(plan.repetitions), count), np.int64) for _ in range(2))
    filled: list[tuple[Column, NDArray[np.uint64]]] = []
    for index, repetition in enumerate(plan.repetitions):
        leaves = [leaf for leaf in plan.children if leaf.repetition == index]
        alone = len(leaves) == 1 and leaves[0].name[:1] in ("", "_")
        title = repetition + leaves[0].name if alone else repetition
        if title not in left:
            continue
        left.remove(title)
        lists = table[title].combine_chunks()
        counts[index] = lists.value_lengths().fill_null(0).to_numpy()
        first[index] = np.cumsum(counts[index]) - counts[index]
        present[plan.repeated[index, 0]] |= _valid(lists)
        values = lists.flatten()
        for leaf in leaves:
            part = values if alone else values.field(leaf.name) if leaf.name in _fields(values) else None
            if part is not None:
                item = f"{name}: {title}" + ("" if alone else f"/{leaf.name}")
                filled.append((leaf, _integers(part, leaf, _valid(part), heap, item, leaf.bits // 8)))
    children = np.zeros((plan.child_raws, max((values.size for _, values in filled), default=0)), np.uint64)
    for leaf, values in filled:
        children[leaf.raw, : values.size] = values
    return children, first, counts


def _fields(values: pa.StructArray) -> list[str]:
    return [field.name for field in values.type]


def _octets_of(plan: Layout, column: Column) -> int:
    """How many octets a binary leaf must have; 0 for an item of any length."""
    free = {int(plan.program[node + 1]) for node in plan.nodes if plan.program[node] == EXPLICIT}
    return 0 if column.binary and column.raw in free else column.bits // 8


def _valid(array: pa.Array) -> NDArray[np.bool_]:
    return array.is_valid().to_numpy(zero_copy_only=False)


def _integers(
    array: pa.Array, column: Column, valid: NDArray[np.bool_], heap: _Heap, item: str, octets: int
) -> NDArray[np.uint64]:
    """The integers, in two's complement, of one column; 0 where null."""
    if column.binary:
        return _stretches(array, column, heap, item, octets)
    if column.kind in (ICAO, ASCII):
        return _letters(array, column, item)
    if column.kind == FLOAT:
        values = array.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False) / column.content.lsb
        values = np.rint(values)
    else:
        values = _whole(array, item)
    low, high = _limits(column)
    bad = valid & ~((values >= low) & (values <= high))
    if bad.any():
        row = int(np.argmax(bad))
        step = column.content.lsb if column.kind == FLOAT else 1
        raise InputError(
            f"{item}, row {row}",
            f"{array[row].as_py()} is outside {low * step:g} to {high * step:g}",
            "Correct the value, or make it null to leave the item out.",
        )
    # Beyond int64 only unsigned integers go, and those need no sign.
    return values.astype(np.uint64 if values.dtype == np.uint64 else np.int64).view(np.uint64)


def _whole(array: pa.Array, item: str) -> NDArray[np.int64] | NDArray[np.uint64]:
    """Integers of a column that has no scale."""
    kind = pa.uint64() if array.type == pa.uint64() else pa.int64()
    try:
        return array.cast(kind).fill_null(0).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(item, f"needs integers: {error}", "Round the column first.") from error


def _limits(column: Column) -> tuple[int, int]:
    if column.content.signed:
        return -(1 << (column.bits - 1)), (1 << (column.bits - 1)) - 1
    return 0, (1 << column.bits) - 1


def _letters(array: pa.Array, column: Column, item: str) -> NDArray[np.uint64]:
    """Strings as codes of six bits (ICAO Annex 10 IV, table 3-9) or eight, blanks behind."""
    width = 6 if column.kind == ICAO else 8
    codes = _characters(array.cast(pa.string()).fill_null(""), column.bits // width, item)
    if column.kind == ICAO:
        capital = (codes >= ord("A")) & (codes <= ord("Z"))
        good = capital | (codes == _BLANK) | ((codes >= ord("0")) & (codes <= ord("9")))
        _demand(good.all(axis=1), array, item, "has more than capitals, digits and blanks")
        codes = np.where(capital, codes - 64, codes)
    shifts = np.arange(codes.shape[1] - 1, -1, -1, dtype=np.uint64) * np.uint64(width)
    return np.bitwise_or.reduce(codes.astype(np.uint64) << shifts, axis=1)


def _characters(words: pa.StringArray, letters: int, item: str) -> NDArray[np.uint8]:
    """Octets of each string, (N, letters), blanks behind."""
    _, places, data = words.buffers()
    octets = np.frombuffer(data or b"", np.uint8)
    ends = np.frombuffer(places or b"\0\0\0\0", np.int32)[words.offset :][: len(words) + 1]
    lengths = np.diff(ends)
    _demand(lengths <= letters, words, item, f"is longer than {letters} letters")
    column = np.arange(letters)
    there = column < lengths[:, None]
    at = np.minimum(ends[:-1, None] + column, max(octets.size - 1, 0))
    codes = np.where(there, octets[at] if octets.size else np.uint8(_BLANK), np.uint8(_BLANK))
    _demand(np.asarray((codes < 127).all(axis=1)), words, item, "is not ASCII")
    return codes


def _demand(good: NDArray[np.bool_], array: pa.Array, item: str, problem: str) -> None:
    if not good.all():
        row = int(np.argmin(good))
        raise InputError(f"{item}, row {row}", f"'{array[row].as_py()}' {problem}", "Mend or leave it out.")


def _stretches(array: pa.Array, column: Column, heap: _Heap, item: str, octets: int) -> NDArray[np.uint64]:
    """Octets of a column, kept on the heap; `octets` is their number where it is fixed, else 0."""
    text = column.content.kind == "string"
    packed = np.zeros(len(array), np.uint64)
    for row, value in enumerate(array.to_pylist()):
        if value is None:
            # A leaf that is absent within an item that is there is zeros.
            packed[row] = heap.stretch(bytes(octets)) if octets else 0
            continue
        one = str(value).encode("ascii", "replace").ljust(octets) if text else bytes(value)
        if octets and len(one) != octets:
            raise InputError(f"{item}, row {row}", f"needs {octets} octets, has {len(one)}", "Mend it.")
        packed[row] = heap.stretch(one)
    return packed


def _room(plan: Layout, records: Records) -> int:
    """Octets that are enough for all records: heads, FSPECs, and every item that any record has, whole."""
    program, rows = plan.program, records.block.size
    fspec = int(program[HEAD : HEAD + program[UAPS]].max())
    octets = rows * (BLOCK_HEAD + fspec) + BLOCK_HEAD + records.heap.size
    for node in plan.nodes:
        kind = program[node]
        if kind == PARTS:
            octets += _parts_room(program, node, records)
        elif kind == REPETITIVE:
            counts = records.counts[program[node + 3]]
            octets += int(program[node + 1]) * rows + int(program[node + 2]) * int(counts.sum())
        elif kind == EXPLICIT:
            octets += int(records.present[program[node + 2]].sum())
        elif kind == COMPOUND:
            octets += int(program[node + 1]) * rows
    return octets


def _parts_room(program: NDArray[np.int32], node: int, records: Records) -> int:
    part, octets = node + 2, 0
    some = np.zeros(records.block.size, bool)
    for _ in range(program[node + 1]):
        octets += int(program[part])
        some |= records.present[program[part + 1]] > 0
        part += PART + LEAF * int(program[part + 4])
    return octets * int(some.sum())
