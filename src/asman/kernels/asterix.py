"""Read ASTERIX data blocks of any category: one interpreter over tables, one pass over the octets.

An ASTERIX record begins with a field specification (FSPEC): seven bits an octet say which items follow, the
eighth whether another octet does. What the items look like stands in a *program* that
`asman.wire.asterix.layout` makes from the published specification; nothing here knows a category. The octets
of a leaf are loaded as one unaligned big-endian 64-bit number, shifted twice and stored: that is faster than
generated code, and compiles once for all categories. Nothing is read outside the buffer.

A batch of records is read column by column into cells small enough to stay in the cache;
`asman.kernels.asterix_columns` then turns it into columns of their final type.

Arrays, all one-dimensional:

    octets   uint8   the recording
    program  int32   what items look like, see below
    cells    uint64  column c of row r at c * width + r: integers as they stand in the octets, sign-extended;
                     from `children` on, column d of child h at d * height + h
    present  uint8   1 at g * width + r where row r has group g of leaves
    notes    int64   state, see below

An array costs a function call two atomic counts, so the functions below the entry take addresses, as
`Memory`. Those that read return the octet after what they read, or a negative reason. The program:

    head        UAPS, FRNS, SELECTOR (node, column), CHOSEN (count), CARRY (group, SAC column, SIC column);
                then for each UAP the octets that its FSPEC may have, then its nodes by field reference number
                (-1 undefined), then the UAP of each value of the selector (-1 none). A node is an index:
    PARTS       number of parts; each: octets, group, ends in FX?, leaves, leaves with spares; leaves
    REPETITIVE  octets of the count (0: FX), octets of one, repetition, group, column of the count, number of
                leaves; leaves
    EXPLICIT    column, group
    COMPOUND    octets its FSPEC may have, number of subitems; nodes of the subitems (-1 undefined)
    RFS         column, group
    leaf        octet in its part, left shift, right shift, column, kind

In the copy of a program that is read by (`layout.ready`), a leaf in the first eight octets of its part, which
are loaded at once, has its octet in the left shift, and the others are FAR.

Source: EUROCONTROL-SPEC-0149, ASTERIX Part 1, edition 3.1, sections 4 and 5.
"""

import ctypes
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import config
from numba.extending import intrinsic
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part, rare

# Kinds of node.
PARTS, REPETITIVE, EXPLICIT, COMPOUND, RFS = 0, 1, 2, 3, 4
# Kinds of leaf. A stretch is a piece of the buffer: where it begins, times 2^16, plus its octets. FAR is added
# to a number that does not lie within the first eight octets of its part.
UNSIGNED, SIGNED, STRETCH, FAR = 0, 1, 2, 4
STRETCH_BITS = 16

# Places in the program's head.
UAPS, FRNS, SELECTOR, CHOSEN, CARRY, HEAD = 0, 1, 2, 4, 5, 8
# Lengths of what the program holds.
PART, LEAF = 5, 5

# Places in the notes: where reading goes on (block, octet or 0), the source that was carried, the latest
# failure (octet, node), how many nodes are to do, which; then the children of each repetition, then which
# groups are filled.
BLOCK, AT, CARRIED, SAC, SIC, FAULT, FAULT_NODE, COUNT, TODO, NOTES = 0, 1, 2, 3, 4, 5, 6, 7, 8, 264

# Reasons to give up a record, and with it the rest of its block.
CUT, FSPEC_LONG, FSPEC_OPEN, UNDEFINED, LAST_FX, EXPLICIT_SIZE, RFS_ITEM, UAP, EMPTY = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
)
# Not the data's fault: there is no room for more children; empty it and come back to the same record.
HEAP_FULL = 100

#: A whole number, compiled or not.
Int = int | np.integer[Any]
Octets = NDArray[np.uint8]
#: NUMBA_DISABLE_JIT: kernels run as plain Python, for tests and debuggers.
UNCOMPILED = bool(getattr(config, "DISABLE_JIT"))  # noqa: B009  (numba's settings are made at run time)
Program = NDArray[np.int32]
Cells = NDArray[np.uint64]
Present = NDArray[np.uint8]
Notes = NDArray[np.int64]


class Sizes(NamedTuple):
    """What there is room for, and how much there is.

    width        rows; the last takes what nobody wants
    height       children
    children     where they begin in `cells`
    groups, repetitions
    spares       1: spare bits are read as well
    """

    width: int
    height: int
    children: int
    groups: int
    repetitions: int
    spares: int


class Memory(NamedTuple):
    """Addresses of the arrays, the octet after the buffer's last, and the sizes."""

    octets: Int
    limit: Int
    program: Int
    cells: Int
    present: Int
    notes: Int
    width: Int
    height: Int
    children: Int
    groups: Int
    repetitions: Int
    spares: Int


def _reader(field: Int, kind: Any, *, big: bool = False) -> Any:
    """Make a function (m, place) that loads element `place` of the array whose address is `field` of `m`.

    With `big`, place counts octets, and eight of them are loaded, most significant first.
    """
    size = ctypes.sizeof(kind)
    step = 1 if big else size

    def plain(m: Memory, place: Int) -> Int:
        address = int(m[field]) + int(place) * step
        return (
            int.from_bytes(ctypes.string_at(address, 8), "big") if big else kind.from_address(address).value
        )

    @intrinsic
    def compiled(typing: Any, m: Any, place: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            bits = ir.IntType(8 * size)
            begin = builder.extract_value(arguments[0], field)
            address = builder.add(begin, builder.mul(arguments[1], ir.Constant(ir.IntType(64), step)))
            value = builder.load(builder.inttoptr(address, bits.as_pointer()))
            if big:
                value.align = 1
                return builder.bswap(value)
            if size == 8:
                return value
            widen = builder.zext if kind is ctypes.c_uint8 else builder.sext
            return widen(value, ir.IntType(64))

        return (types.uint64 if big else types.int64)(m, types.int64), generate

    return plain if UNCOMPILED else compiled


def _writer(field: Int, kind: Any) -> Any:
    """Make a function (m, place, value) that stores to an element of the array whose address is `field`."""
    size = ctypes.sizeof(kind)

    def plain(m: Memory, place: Int, value: Int) -> None:
        kind.from_address(int(m[field]) + int(place) * size).value = int(value)

    @intrinsic
    def compiled(typing: Any, m: Any, place: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            bits = ir.IntType(8 * size)
            begin = builder.extract_value(arguments[0], field)
            address = builder.add(begin, builder.mul(arguments[1], ir.Constant(ir.IntType(64), size)))
            narrow = arguments[2] if size == 8 else builder.trunc(arguments[2], bits)
            builder.store(narrow, builder.inttoptr(address, bits.as_pointer()))
            return context.get_dummy_value()

        return types.void(m, types.int64, types.int64), generate

    return plain if UNCOMPILED else compiled


#: (m, place) -> what stands there: an octet of the buffer, eight of them, a number of the program, a cell, a
#: mark of presence, a note.
octet = _reader(0, ctypes.c_uint8)
eight = _reader(0, ctypes.c_uint64, big=True)
code = _reader(2, ctypes.c_int32)
cell = _reader(3, ctypes.c_int64)
has = _reader(4, ctypes.c_uint8)
note = _reader(5, ctypes.c_int64)
#: (m, place, value) stores there.
put_cell = _writer(3, ctypes.c_int64)
put_present = _writer(4, ctypes.c_uint8)
put_note = _writer(5, ctypes.c_int64)


@rare
def last_word(m: Memory, at: Int) -> np.uint64:
    """Return eight octets from `at` on, most significant first; those after the buffer's end count as 0."""
    value = np.uint64(0)
    for i in range(8):
        value = value << np.uint64(8)
        if at + i < m.limit:
            value = value | np.uint64(octet(m, at + i))
    return value


@part
def word(m: Memory, at: Int) -> np.uint64:
    """Return eight octets from `at` on, most significant first."""
    if at + 8 <= m.limit:
        return np.uint64(eight(m, at))
    return last_word(m, at)


@part
def mark(m: Memory, group: Int, row: Int) -> None:
    """Note that the row has the group."""
    put_present(m, group * m.width + row, 1)
    put_note(m, NOTES + m.repetitions + group, 1)


@part
def read_leaves(m: Memory, at: Int, leaf: Int, count: Int, first: Int, stride: Int) -> None:
    """Store the leaves of the part that begins at `at`; column c goes to cell `first + c * stride`."""
    begin = word(m, at)
    for i in range(leaf, leaf + count * LEAF, LEAF):
        left, right, kind = code(m, i + 1), code(m, i + 2), code(m, i + 4)
        place = first + code(m, i + 3) * stride
        if kind < STRETCH:  # nearly every leaf lies in the first eight octets, which are loaded already
            sign = np.uint64(kind) << np.uint64(63 - right)
            value = (begin << np.uint64(left)) >> np.uint64(right)
            put_cell(m, place, np.int64((value ^ sign) - sign))
        elif kind == STRETCH:
            put_cell(m, place, ((at + code(m, i)) << STRETCH_BITS) | right)
        else:
            sign = np.uint64(kind - FAR) << np.uint64(63 - right)
            value = (word(m, at + code(m, i)) << np.uint64(left)) >> np.uint64(right)
            put_cell(m, place, np.int64((value ^ sign) - sign))


@part
def read_parts(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read a fixed item (one part) or an extended one (parts that end in FX)."""
    part = node + 2
    for k in range(code(m, node + 1), 0, -1):
        size = code(m, part)
        if at + size > end:
            return -CUT
        leaves = code(m, part + 3 + m.spares)
        read_leaves(m, at, part + PART, leaves, row, m.width)
        mark(m, code(m, part + 1), row)
        at += size
        if code(m, part + 2):
            if octet(m, at - 1) & 1 == 0:
                return at
            if k == 1:
                return -LAST_FX
        part += PART + LEAF * code(m, part + 4)
    return at


@part
def read_repetitive(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read repetitions into the children."""
    counted, size, repetition = code(m, node + 1), code(m, node + 2), code(m, node + 3)
    left = 1
    if counted:
        if at + counted > end:
            return -CUT
        left = 0
        for _ in range(counted):
            left = (left << 8) | octet(m, at)
            at += 1
        if at + left * size > end:
            return -CUT
    begin = note(m, NOTES + repetition)
    child = begin
    while left > 0:
        if at + size > end:
            return -CUT
        if child >= m.height:
            return -HEAP_FULL
        read_leaves(m, at, node + 7, code(m, node + 6), m.children + child, m.height)
        child += 1
        at += size
        left = left - 1 if counted else octet(m, at - 1) & 1
    if row < m.width - 1:
        put_cell(m, code(m, node + 5) * m.width + row, child - begin)
        put_note(m, NOTES + repetition, child)
        mark(m, code(m, node + 4), row)
    return at


@part
def keep_stretch(m: Memory, node: Int, row: Int, at: Int, size: Int) -> None:
    """Note where the octets of an item lie."""
    put_cell(m, code(m, node + 1) * m.width + row, (at << STRETCH_BITS) | size)
    mark(m, code(m, node + 2), row)


@part
def read_explicit(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read an item whose first octet is its length; keep where its contents lie."""
    if at + 1 > end:
        return -CUT
    size = octet(m, at)
    if size == 0:
        return -EXPLICIT_SIZE
    if at + size > end:
        return -CUT
    keep_stretch(m, node, row, at + 1, size - 1)
    return at + size


@part
def read_simple(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read an item that holds no other items."""
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, node)
    kind = code(m, node)
    if kind == PARTS:
        return read_parts(m, at, end, node, row)
    if kind == REPETITIVE:
        return read_repetitive(m, at, end, node, row)
    return read_explicit(m, at, end, node, row)


@part
def fspec_end(m: Memory, at: Int, end: Int, longest: Int) -> Int:
    """Return the octet after the FSPEC that begins at `at`."""
    for i in range(longest):
        if at + i >= end:
            return -FSPEC_OPEN
        if octet(m, at + i) & 1 == 0:
            return at + i + 1
    return -FSPEC_LONG


@rare
def list_subitems(m: Memory, at: Int, end: Int, node: Int) -> Int:
    """List in the notes which subitems a compound item's own FSPEC names."""
    spec, count = at, 0
    at = fspec_end(m, at, end, code(m, node + 1))
    for i in range(at - spec):
        flags = octet(m, spec + i) & 0xFE
        place = 7 * i
        while flags:
            if flags & 0x80:
                if place >= code(m, node + 2) or code(m, node + 3 + place) < 0:
                    return -UNDEFINED
                put_note(m, TODO + count, code(m, node + 3 + place))
                count += 1
            flags = (flags << 1) & 0xFF
            place += 1
    put_note(m, COUNT, count)
    return at


@part
def read_item(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read any item but random field sequencing."""
    compound = code(m, node) == COMPOUND
    count = 1
    if compound:
        put_note(m, FAULT, at)
        put_note(m, FAULT_NODE, node)
        at = list_subitems(m, at, end, node)
        if at < 0:
            return at
        count = note(m, COUNT)
    for k in range(count):
        at = read_simple(m, at, end, note(m, TODO + k) if compound else node, row)
        if at < 0:
            return at
    return at


@part
def has_simple(m: Memory, node: Int, row: Int) -> bool:
    """Tell whether the record already has an item that holds no other items."""
    kind = code(m, node)
    group = (
        code(m, node + 3) if kind == PARTS else code(m, node + 4) if kind == REPETITIVE else code(m, node + 2)
    )
    return has(m, group * m.width + row) != 0


@rare
def has_item(m: Memory, node: Int, row: Int) -> bool:
    """Tell whether the record already has the item, or any subitem of it."""
    if code(m, node) != COMPOUND:
        return has_simple(m, node, row)
    for i in range(node + 3, node + 3 + code(m, node + 2)):
        if code(m, i) >= 0 and has_simple(m, code(m, i), row):
            return True
    return False


@rare
def read_rfs(m: Memory, at: Int, end: Int, node: Int, row: Int, items: Int) -> Int:
    """Read random field sequencing: items, each with its number before it, in any order.

    An item that the record already has goes to the last row, that of what nobody wants; the octets of all
    stay as a column.
    """
    begin = at
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, node)
    if at + 1 > end:
        return -CUT
    left = octet(m, at)
    at += 1
    while left > 0:
        put_note(m, FAULT, at)
        put_note(m, FAULT_NODE, node)
        if at + 1 > end:
            return -CUT
        number = octet(m, at) - 1
        if number < 0 or number >= code(m, FRNS):
            return -RFS_ITEM
        item = code(m, items + number)
        if item < 0 or code(m, item) == RFS:
            return -RFS_ITEM
        into = m.width - 1 if has_item(m, item, row) else row
        at = read_item(m, at + 1, end, item, into)
        if at < 0:
            return at
        left -= 1
    keep_stretch(m, node, row, begin, at - begin)
    return at


@rare
def same_in_all(m: Memory, number: Int) -> bool:
    """Tell whether a field reference number means the same in every UAP."""
    first = HEAD + code(m, UAPS) + number
    same = True
    for uap in range(1, code(m, UAPS)):
        same = same and code(m, first) == code(m, first + uap * code(m, FRNS))
    return same


@rare
def choose(m: Memory, row: Int) -> Int:
    """Return the UAP that the selecting leaf names, -1 for none."""
    value = cell(m, code(m, SELECTOR + 1) * m.width + row)
    if value >= code(m, CHOSEN):
        return -1
    return code(m, HEAD + code(m, UAPS) * (1 + code(m, FRNS)) + value)


@rare
def longest_fspec(m: Memory) -> Int:
    """Return the octets that the FSPEC may have in any UAP."""
    longest = code(m, HEAD)
    for uap in range(1, code(m, UAPS)):
        longest = max(longest, code(m, HEAD + uap))
    return longest


@part
def read_record(m: Memory, at: Int, end: Int, row: Int) -> Int:
    """Read one record."""
    begin = at
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, -1)
    uaps, frns = code(m, UAPS), code(m, FRNS)
    at = fspec_end(m, at, end, longest_fspec(m))
    if at < 0:
        return at
    size = at - begin
    chosen = uaps == 1
    items = HEAD + uaps
    some = False
    for i in range(size):
        flags = octet(m, begin + i) & 0xFE
        number = 7 * i
        while flags:
            if flags & 0x80:
                node = code(m, items + number) if number < frns else -1
                if node < 0 or not chosen:
                    put_note(m, FAULT, at)
                    put_note(m, FAULT_NODE, -2 - number)
                    if number < frns and not chosen and not same_in_all(m, number):
                        return -UAP
                    if node < 0:
                        return -UNDEFINED
                if code(m, node) == RFS:
                    at = read_rfs(m, at, end, node, row, items)
                else:
                    at = read_item(m, at, end, node, row)
                if at < 0:
                    return at
                some = True
                if not chosen and node == code(m, SELECTOR):
                    uap = choose(m, row)
                    if uap < 0:
                        return -UAP
                    if size > code(m, HEAD + uap):
                        put_note(m, FAULT, begin)
                        put_note(m, FAULT_NODE, -1)
                        return -FSPEC_LONG
                    chosen = True
                    items += uap * frns
            flags = (flags << 1) & 0xFF
            number += 1
    return at if some else -EMPTY  # the fault is still noted at the record's begin


@rare
def forget(m: Memory, repeated: NDArray[np.int32], row: Int) -> None:
    """Undo a record that failed half way."""
    for r in range(m.repetitions):
        if has(m, repeated[r, 0] * m.width + row):
            put_note(m, NOTES + r, note(m, NOTES + r) - cell(m, repeated[r, 1] * m.width + row))
    for group in range(m.groups):
        put_present(m, group * m.width + row, 0)


@rare
def carry(m: Memory, row: Int) -> None:
    """Give a record without source (SAC, SIC) that of the record before it in its block."""
    group = code(m, CARRY)
    sac, sic = code(m, CARRY + 1) * m.width + row, code(m, CARRY + 2) * m.width + row
    if has(m, group * m.width + row):
        put_note(m, CARRIED, 1)
        put_note(m, SAC, cell(m, sac))
        put_note(m, SIC, cell(m, sic))
    elif note(m, CARRIED):
        mark(m, group, row)
        put_cell(m, sac, note(m, SAC))
        put_cell(m, sic, note(m, SIC))


@kernel
def read_blocks(
    octets: Octets,
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    program: Program,
    repeated: NDArray[np.int32],
    cells: Cells,
    present: Present,
    notes: Notes,
    sizes: Sizes,
    records: NDArray[np.int64],
    rejects: NDArray[np.int64],
) -> tuple[Int, Int]:
    """Read records of the blocks until a batch is full; return how many, and how many failed.

    starts, lengths (B,)  octet where each block begins, and its octets, header included; all within `octets`
    repeated  (R, 2)      group and column of the count of each repetition
    records   (rows, 3)   filled: octet where the record begins, octets, index of its block
    rejects   (K, 5)      filled: octet of the failure, index of the block, reason, node, where the record
                          begins

    A record that cannot be read gives up the rest of its block, because nothing says where the next one
    begins; what came before it stays. `notes[BLOCK] == B` says that all is read. No more room for children or
    rejects ends a batch early.
    """
    m = Memory(
        np.int64(octets.ctypes.data),
        np.int64(octets.size),
        np.int64(program.ctypes.data),
        np.int64(cells.ctypes.data),
        np.int64(present.ctypes.data),
        np.int64(notes.ctypes.data),
        sizes.width,
        sizes.height,
        sizes.children,
        sizes.groups,
        sizes.repetitions,
        sizes.spares,
    )
    row, failed = np.int64(0), np.int64(0)
    block, at = np.int64(notes[BLOCK]), np.int64(notes[AT])
    while block < starts.size:
        end = starts[block] + lengths[block]
        if at == 0:
            at = starts[block] + 3
            notes[CARRIED] = 0
        while at < end:
            if row == records.shape[0] or failed == rejects.shape[0]:
                notes[BLOCK], notes[AT] = block, at
                return row, failed
            after = read_record(m, at, end, row)
            if after < 0:
                forget(m, repeated, row)
                if after == -HEAP_FULL:
                    notes[BLOCK], notes[AT] = block, at
                    return row, failed
                rejects[failed, 0], rejects[failed, 1], rejects[failed, 2] = notes[FAULT], block, -after
                rejects[failed, 3], rejects[failed, 4] = notes[FAULT_NODE], at
                failed += 1
                break
            if program[CARRY] >= 0:
                carry(m, row)
            records[row, 0], records[row, 1], records[row, 2] = at, after - at, block
            row += 1
            at = after
        block += 1
        at = np.int64(0)
    notes[BLOCK], notes[AT] = block, 0
    return row, failed
