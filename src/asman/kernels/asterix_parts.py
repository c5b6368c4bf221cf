"""Read the items of ASTERIX records: note where their parts begin, and which bits decided that.

Functions that read return the octet after what they read, or a negative reason. `m` is the reader's view of
memory, `asman.kernels.asterix_memory`.

Source: EUROCONTROL-SPEC-0149, ASTERIX Part 1, edition 3.1, sections 4 and 5.
"""

from asman.kernels.asterix_memory import (
    Int,
    Memory,
    code,
    leading,
    note,
    octet,
    put_note,
    put_place,
)
from asman.kernels.asterix_program import (
    COMPOUND,
    CUT,
    EXPLICIT_SIZE,
    FAULT,
    FAULT_NODE,
    FRNS,
    FSPEC_LONG,
    FSPEC_OPEN,
    HEAP_FULL,
    LAST_FX,
    LEAF,
    LOGGED,
    LOGS,
    NOTES,
    PART,
    PARTS,
    REPETITIVE,
    RFS,
    RFS_ITEM,
    UNDEFINED,
)
from asman.kernels.asterix_rows import has_item, keep_stretch, log, mark
from asman.kernels.jit import part, rare


@part
def read_parts(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read a fixed item (one part) or an extended one (parts that end in FX)."""
    part = node + 2
    for k in range(code(m, node + 1), 0, -1):
        size = code(m, part)
        if at + size > end:
            return -CUT
        mark(m, code(m, part + 1), row, at)
        at += size
        if code(m, part + 2):
            log(m, at - 1, 1)
            if octet(m, at - 1) & 1 == 0:
                return at
            if k == 1:
                return at if m.lenient else -LAST_FX
        part += PART + LEAF * code(m, part + 4)
    return at


@part
def read_repetitive(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Note where repetitions begin, as children."""
    counted, size, repetition = code(m, node + 1), code(m, node + 2), code(m, node + 3)
    left = 1
    if counted:
        if at + counted > end:
            return -CUT
        left = 0
        for _ in range(counted):
            left = (left << 8) | octet(m, at)
            log(m, at, 0xFF)
            at += 1
        if at + left * size > end:
            return -CUT
    begin = note(m, NOTES + repetition)
    child = begin
    places = m.groups * m.width + repetition * m.height
    while left > 0:
        if at + size > end:
            return -CUT
        if child >= m.height:
            return -HEAP_FULL
        put_place(m, places + child, at)
        child += 1
        at += size
        if counted:
            left -= 1
        else:
            left = octet(m, at - 1) & 1
            log(m, at - 1, 1)
    if row < m.width - 1:
        put_note(m, NOTES + repetition, child)
        mark(m, code(m, node + 4), row, child - begin + 1)
    return at


@part
def read_explicit(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read an item whose first octet is its length; keep where its contents lie."""
    if at + 1 > end:
        return -CUT
    size = octet(m, at)
    log(m, at, 0xFF)
    if size == 0:
        if not m.lenient:
            return -EXPLICIT_SIZE
        size = 1
    if at + size > end:
        return -CUT
    keep_stretch(m, node, row, at + 1, size - 1)
    return at + size


@part
def read_simple(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read an item that holds no other items."""
    kind = code(m, node)
    if kind == PARTS:
        after = read_parts(m, at, end, node, row)
    elif kind == REPETITIVE:
        after = read_repetitive(m, at, end, node, row)
    else:
        after = read_explicit(m, at, end, node, row)
    if after < 0:
        put_note(m, FAULT, at)
        put_note(m, FAULT_NODE, node)
    return after


@part
def fspec_end(m: Memory, at: Int, end: Int, longest: Int) -> Int:
    """Return the octet after the FSPEC that begins at `at`."""
    for i in range(longest):
        if at + i >= end:
            return -FSPEC_OPEN
        if octet(m, at + i) & 1 == 0:
            return at + i + 1
    return -FSPEC_LONG


@part
def indicator_end(at: Int, end: Int, size: Int) -> Int:
    """Return the octet after an FSPEC of so many octets without FX bits."""
    return at + size if at + size <= end else -FSPEC_OPEN


@part
def subitems_begin(m: Memory, at: Int, end: Int, node: Int) -> Int:
    """Return the octet after a compound item's own FSPEC, all of whose subitems there are."""
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, node)
    undefined = node + 3 + code(m, node + 2)
    bad = 0
    for i in range(code(m, node + 1)):
        if at + i >= end:
            return -FSPEC_OPEN
        flags = octet(m, at + i)
        log(m, at + i, 0xFF)
        bad |= flags & code(m, undefined + i)
        if flags & 1 == 0:
            return -UNDEFINED if bad else at + i + 1
    return -FSPEC_LONG


@rare
def names_any(m: Memory, at: Int, end: Int) -> bool:
    """Tell whether a compound item names a subitem: one that names none holds nothing."""
    while at < end and octet(m, at) == 1:
        at += 1
    return bool(at < end and octet(m, at) != 0)


@rare
def read_one(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """As `read_simple`, where it is seldom needed."""
    return read_simple(m, at, end, node, row)


@rare
def read_item(m: Memory, at: Int, end: Int, node: Int, row: Int) -> Int:
    """Read any item but random field sequencing, where that is seldom needed."""
    if code(m, node) != COMPOUND:
        return read_one(m, at, end, node, row)
    spec = at
    at = subitems_begin(m, at, end, node)
    for i in range(at - spec):
        flags = octet(m, spec + i) & 0xFE
        while flags and at > 0:
            bit = leading(flags)
            flags ^= 0x80 >> bit
            at = read_one(m, at, end, code(m, node + 3 + 7 * i + bit), row)
    return at


@rare
def next_in_sequence(m: Memory, at: Int, end: Int, node: Int, items: Int) -> Int:
    """Return the node of the item whose number stands at `at`, within random field sequencing."""
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
    return item


@rare
def read_sequence(m: Memory, at: Int, end: Int, node: Int, row: Int, items: Int) -> Int:
    """Read random field sequencing: items, each with its number before it, in any order.

    An item of those that the record already has goes to the last row, that of what nobody wants; the octets
    of all stay as a column.
    """
    begin = at
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, node)
    if at + 1 > end:
        return -CUT
    left = octet(m, at)
    at += 1
    while left > 0:
        item = next_in_sequence(m, at, end, node, items)
        if item < 0:
            return item
        into = m.width - 1 if has_item(m, item, row) else row
        at = read_item(m, at + 1, end, item, into)
        if at < 0:
            return at
        left -= 1
    keep_stretch(m, node, row, begin, at - begin)
    put_note(m, LOGGED, LOGS + 1)  # of no form
    return at
