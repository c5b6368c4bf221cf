"""The columns of a table as integers on their way to the writer of ASTERIX records.

What a leaf cannot say is refused with column and row: strings and octets at once, numbers when the chunk that
they stand in is filled.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError, nearest
from asman.kernels.asterix_fill import fill, fill_scaled
from asman.kernels.asterix_out import ASCII, FLOAT, ICAO
from asman.kernels.asterix_program import EXPLICIT, STRETCH_BITS
from asman.wire.asterix.columns import Column
from asman.wire.asterix.layout import Layout

#: Columns of a decoded table that are no leaf of a record.
BESIDE: Final = frozenset(
    ("time", "offset", "length", "block", "edition", "octets", "items", "RFS", "recording")
)

_BLANK: Final = 32
_NO_BITS: Final = np.zeros(1, np.uint8)


class Cells(NamedTuple):
    """A chunk: `raw` and `present` of `asman.kernels.asterix_encode.Records`."""

    raw: NDArray[np.uint64]
    present: NDArray[np.uint8]


class Values(NamedTuple):
    """One column of a table.

    item    its name, for words
    source  the column as it was given
    group   which presence it marks
    values  float64, to be scaled, or int64, of the whole column
    valid   bits of the rows that are there; only looked at where `some` are not
    low, high  what the leaf can say, in its steps
    """

    item: str
    column: Column
    source: pa.Array
    group: int
    values: NDArray[Any]
    valid: NDArray[np.uint8]
    some: bool
    low: Any
    high: Any


class Prepared(NamedTuple):
    """A table, ready to be cut into chunks.

    columns   those that any record has
    repeated  group of each repetition that any record has, and which records do
    filled    groups that any record has
    children, first, counts, heap  as `asman.kernels.asterix_encode.Records` says
    """

    columns: tuple[Values, ...]
    repeated: tuple[tuple[int, NDArray[np.bool_]], ...]
    filled: frozenset[int]
    children: NDArray[np.uint64]
    first: NDArray[np.int64]
    counts: NDArray[np.int64]
    heap: NDArray[np.uint8]

    def fill(self, cells: Cells, base: int, count: int) -> None:
        """Fill a chunk with `count` rows from `base` on. Raises InputError for what a leaf cannot say."""
        for one in self.columns:
            cells.raw[one.column.raw, :count] = 0
        for group in self.filled:
            cells.present[group, :count] = 0
        for one in self.columns:
            _fill(one, cells, base, count)
        for group, there in self.repeated:
            cells.present[group, :count] = there[base : base + count]


class _Heap:
    """Octets of variable length on their way to the kernel.

    It begins with zeros: a leaf of octets that is absent within an item that is there is a stretch of these.
    """

    def __init__(self, zeros: int) -> None:
        self.parts: list[NDArray[np.uint8]] = [np.zeros(zeros, np.uint8)]
        self.size = zeros

    def keep(self, octets: NDArray[np.uint8]) -> int:
        """Keep octets; return where they begin."""
        self.parts.append(octets)
        self.size += octets.size
        return self.size - octets.size

    def whole(self) -> NDArray[np.uint8]:
        """All octets."""
        return np.concatenate(self.parts)


def prepare(table: pa.Table, plan: Layout, name: str) -> Prepared:
    """Read a table's columns. Raises InputError, with `name` before the column's, for what cannot be said."""
    heap = _Heap(max(column.bits // 8 for column in (*plan.columns, *plan.children)))
    implied = {int(case[0]): int(case[1]) for case in plan.plan.cases}
    free = {int(plan.program[node + 1]) for node in plan.nodes if plan.program[node] == EXPLICIT}
    left = {one for one in table.column_names if not one.startswith("RE/")} - BESIDE
    columns: list[Values] = []
    for column in plan.columns:
        if column.name not in left:
            continue
        left.remove(column.name)
        array = table[column.name].combine_chunks()
        if array.null_count < len(array):
            octets = 0 if column.binary and column.raw in free else column.bits // 8
            group = implied.get(column.group, column.group)
            columns.append(_values(array, column, group, heap, f"{name}: {column.name}", octets))
    repeated, children, first, counts = _repetitions(table, plan, name, heap, left)
    for unknown in sorted(left):
        known = [column.name for column in plan.columns] + list(plan.repetitions)
        raise InputError(f"{name}: {unknown}", "no such column in this edition", nearest(unknown, known))
    groups = frozenset(one.group for one in columns) | {group for group, _ in repeated}
    return Prepared(tuple(columns), tuple(repeated), groups, children, first, counts, heap.whole())


def _repetitions(
    table: pa.Table, plan: Layout, name: str, heap: _Heap, left: set[str]
) -> tuple[list[tuple[int, NDArray[np.bool_]]], NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Which records have which repetition; the children; where each record's begin, and their number."""
    count = table.num_rows
    first, counts = (np.zeros((len(plan.repetitions), count), np.int64) for _ in range(2))
    filled: list[Values] = []
    repeated: list[tuple[int, NDArray[np.bool_]]] = []
    for index, repetition in enumerate(plan.repetitions):
        leaves = [leaf for leaf in plan.children if leaf.repetition == index]
        alone = len(leaves) == 1 and leaves[0].name[:1] in ("", "_")
        title = repetition + leaves[0].name if alone else repetition
        if title not in left:
            continue
        left.remove(title)
        lists = table[title].combine_chunks()
        if lists.null_count == len(lists):
            continue
        counts[index] = lists.value_lengths().fill_null(0).to_numpy()
        first[index] = np.cumsum(counts[index]) - counts[index]
        repeated.append((int(plan.repeated[index, 0]), lists.is_valid().to_numpy(zero_copy_only=False)))
        values = lists.flatten()
        for leaf in leaves:
            part = values if alone else values.field(leaf.name) if leaf.name in _fields(values) else None
            if part is not None:
                item = f"{name}: {title}" + ("" if alone else f"/{leaf.name}")
                filled.append(_values(part, leaf, 0, heap, item, leaf.bits // 8))
    most = max((len(one.source) for one in filled), default=0)
    cells = Cells(np.zeros((plan.child_raws, most), np.uint64), np.zeros((1, most), np.uint8))
    for one in filled:
        _fill(one, cells, 0, len(one.source))
    return repeated, cells.raw, first, counts


def _fields(values: pa.StructArray) -> list[str]:
    return [field.name for field in values.type]


def _fill(one: Values, cells: Cells, base: int, count: int) -> None:
    """Fill a chunk's column. Raises InputError."""
    column, raw, present = one.column, cells.raw[one.column.raw], cells.present[one.group]
    where = (one.values, one.valid, one.some, base, count, one.low, one.high)
    if column.kind == FLOAT:
        bad = fill_scaled(*where, column.content.lsb, raw, present)
    else:
        bad = fill(*where, raw, present)
    if bad >= 0:
        step = column.content.lsb if column.kind == FLOAT else 1
        raise InputError(
            f"{one.item}, row {bad}",
            f"{one.source[bad].as_py()} is outside {one.low * step:g} to {one.high * step:g}",
            "Correct the value, or make it null to leave the item out.",
        )


def _values(array: pa.Array, column: Column, group: int, heap: _Heap, item: str, octets: int) -> Values:
    """One column's numbers; `octets` is how many a binary leaf must have, 0 for any."""
    some = array.null_count > 0
    valid = _bits(array) if some else _NO_BITS
    if column.binary:
        values = _stretches(array, column, heap, item, octets)
    elif column.kind in (ICAO, ASCII):
        values = _letters(array, column, item)
    elif column.kind == FLOAT:
        values = _numbers(array.cast(pa.float64())).view(np.float64)
    else:
        values = _whole(array, item)
    low, high = _limits(column)
    if column.kind == FLOAT:
        return Values(item, column, array, group, values, valid, some, float(low), float(high))
    return Values(item, column, array, group, values, valid, some, low, high)


def _bits(array: pa.Array) -> NDArray[np.uint8]:
    """Which rows are there, as bits, least significant first."""
    buffer = array.buffers()[0]
    if buffer is not None and array.offset == 0:
        return np.frombuffer(buffer, np.uint8)
    return np.packbits(array.is_valid().to_numpy(zero_copy_only=False), bitorder="little")


def _numbers(array: pa.Array) -> NDArray[np.uint8]:
    """The octets of numbers that have eight each; what is null hides any number."""
    buffer = array.buffers()[1]
    if buffer is None:
        return np.zeros(8 * len(array), np.uint8)
    return np.frombuffer(buffer, np.uint8)[8 * array.offset : 8 * (array.offset + len(array))]


def _whole(array: pa.Array, item: str) -> NDArray[np.int64]:
    """Integers of a column that has no scale."""
    kind = pa.uint64() if array.type == pa.uint64() else pa.int64()
    try:
        # Beyond int64 only leaves of 64 bits go, and those need no sign.
        return _numbers(array.cast(kind)).view(np.int64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(item, f"needs integers: {error}", "Round the column first.") from error


def _limits(column: Column) -> tuple[int, int]:
    """What a leaf can say, in its steps; what has been looked at, or has 64 bits, may be any number."""
    if column.binary or column.kind in (ICAO, ASCII) or column.bits >= 64:
        return -(1 << 63), (1 << 63) - 1
    if column.content.signed:
        return -(1 << (column.bits - 1)), (1 << (column.bits - 1)) - 1
    return 0, (1 << column.bits) - 1


def _letters(array: pa.Array, column: Column, item: str) -> NDArray[np.int64]:
    """Strings as codes of six bits (ICAO Annex 10 IV, table 3-9) or eight, blanks behind."""
    width = 6 if column.kind == ICAO else 8
    codes = _characters(array.cast(pa.string()).fill_null(""), column.bits // width, item)
    if column.kind == ICAO:
        capital = (codes >= ord("A")) & (codes <= ord("Z"))
        good = capital | (codes == _BLANK) | ((codes >= ord("0")) & (codes <= ord("9")))
        _demand(good.all(axis=1), array, item, "has more than capitals, digits and blanks")
        codes = np.where(capital, codes - 64, codes)
    shifts = np.arange(codes.shape[1] - 1, -1, -1, dtype=np.uint64) * np.uint64(width)
    return np.bitwise_or.reduce(codes.astype(np.uint64) << shifts, axis=1).view(np.int64)


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


def _stretches(array: pa.Array, column: Column, heap: _Heap, item: str, octets: int) -> NDArray[np.int64]:
    """Octets of a column, kept on the heap; `octets` is their number where it is fixed, else 0."""
    if column.content.kind == "string":
        padded = [
            None if one is None else one.encode("ascii", "replace").ljust(octets) for one in array.to_pylist()
        ]
        array = pa.array(padded, pa.binary())
    packed = array.cast(pa.binary())
    _, places, data = packed.buffers()
    ends = np.frombuffer(places, np.int32)[packed.offset :][: len(packed) + 1].astype(np.int64)
    sizes = np.diff(ends)
    there = packed.is_valid().to_numpy(zero_copy_only=False)
    wrong = there & ((sizes != octets) if octets else (sizes >= 1 << STRETCH_BITS))
    if wrong.any():
        row = int(np.argmax(wrong))
        need = octets or "fewer"
        raise InputError(f"{item}, row {row}", f"needs {need} octets, has {sizes[row]}", "Mend it.")
    begin = heap.keep(np.frombuffer(data or b"", np.uint8)) + ends[:-1]
    return (begin << STRETCH_BITS) | sizes
