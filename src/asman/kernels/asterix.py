"""Read ASTERIX data blocks of any category: one interpreter over tables, one pass over the octets.

An ASTERIX record begins with a field specification (FSPEC): seven bits an octet say which items follow, the
eighth whether another octet does. What the items look like stands in a program
(`asman.kernels.asterix_program`); nothing here knows a category, so that it compiles once for all. Nothing is
read outside the buffer.

Of each record of a batch only the places are noted where its parts begin, which are fewer than its leaves;
and of a record that is made as one before it, which has its parts where that one had them, only which one
(`asman.kernels.asterix_forms`). `asman.kernels.asterix_columns` then takes the leaves out of the octets, one
column after another.

Functions that read return the octet after what they read, or a negative reason. `m` is the reader's view of
memory, `asman.kernels.asterix_memory`.

Source: EUROCONTROL-SPEC-0149, ASTERIX Part 1, edition 3.1, sections 4 and 5.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_forms import (
    FORMED,
    LAST,
    NOTHING,
    begin_batch,
    formless,
    learn,
    place_row,
    read_known,
    where,
)
from asman.kernels.asterix_memory import (
    Forms,
    Int,
    Memory,
    Notes,
    Octets,
    Places,
    Program,
    Sizes,
    code,
    form,
    leading,
    memory,
    octet,
    put_note,
)
from asman.kernels.asterix_parts import (
    fspec_end,
    indicator_end,
    names_any,
    read_item,
    read_sequence,
)
from asman.kernels.asterix_program import (
    AT,
    BLOCK,
    CARRIED,
    CARRY,
    COMPOUND,
    EMPTY,
    FAULT,
    FAULT_NODE,
    FIXED,
    FRNS,
    FSPEC_LONG,
    HEAD,
    HEAP_FULL,
    LOGGED,
    PLACED_ALL,
    RFS,
    SELECTOR,
    UAP,
    UAPS,
    UNDEFINED,
)
from asman.kernels.asterix_rows import carry, choose, forget, log
from asman.kernels.jit import kernel, rare


@rare
def same_in_all(m: Memory, number: Int) -> bool:
    """Tell whether a field reference number means the same in every UAP."""
    first = HEAD + code(m, UAPS) + number
    same = True
    for uap in range(1, code(m, UAPS)):
        same = same and code(m, first) == code(m, first + uap * code(m, FRNS))
    return same


@rare
def longest_fspec(m: Memory) -> Int:
    """Return the octets that the FSPEC may have in any UAP."""
    longest = code(m, HEAD)
    for uap in range(1, code(m, UAPS)):
        longest = max(longest, code(m, HEAD + uap))
    return longest


@rare
def wrong_item(m: Memory, at: Int, number: Int, node: Int, chosen: bool) -> Int:
    """Return why an item that stands at `at` cannot be read; 0 where it can, before the UAP is chosen."""
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, -2 - number)
    if number < code(m, FRNS) and not chosen and not same_in_all(m, number):
        return -UAP
    return -UNDEFINED if node < 0 else 0


@rare
def uap_chosen(m: Memory, begin: Int, size: Int, row: Int) -> Int:
    """Return the UAP that the selecting item names, for a record whose FSPEC has `size` octets."""
    uap = choose(m, row)
    if uap < 0:
        return -UAP
    if size > code(m, HEAD + uap):
        put_note(m, FAULT, begin)
        put_note(m, FAULT_NODE, -1)
        return -FSPEC_LONG
    return uap


@rare
def read_record(m: Memory, at: Int, end: Int, row: Int) -> Int:
    """Read one record item by item."""
    begin = at
    put_note(m, FAULT, at)
    put_note(m, FAULT_NODE, -1)
    put_note(m, LOGGED, 0)
    uaps, frns = code(m, UAPS), code(m, FRNS)
    fixed = code(m, FIXED)
    at = fspec_end(m, at, end, longest_fspec(m)) if fixed == 0 else indicator_end(at, end, fixed)
    if at < 0:
        return at
    size = at - begin
    mask, step = (0xFE, 7) if fixed == 0 else (0xFF, 8)
    chosen = uaps == 1
    items = HEAD + uaps
    some = False
    for i in range(size):
        log(m, begin + i, 0xFF)
        flags = octet(m, begin + i) & mask
        while flags:
            bit = leading(flags)
            flags ^= 0x80 >> bit
            number = step * i + bit
            node = code(m, items + number) if number < frns else -1
            if node < 0 or not chosen:
                wrong = wrong_item(m, at, number, node, chosen)
                if wrong:
                    return wrong
            some = some or code(m, node) != COMPOUND or names_any(m, at, end)
            if code(m, node) == RFS:
                at = read_sequence(m, at, end, node, row, items)
            else:
                at = read_item(m, at, end, node, row)
            if at < 0:
                return at
            if not chosen and node == code(m, SELECTOR):
                uap = uap_chosen(m, begin, size, row)
                if uap < 0:
                    return uap
                chosen = True
                items += uap * frns
    return at if some else -EMPTY


@kernel
def read_blocks(
    octets: Octets,
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    program: Program,
    repeated: NDArray[np.int32],
    places: Places,
    notes: Notes,
    forms: Forms,
    sizes: Sizes,
    records: NDArray[np.int64],
    rejects: NDArray[np.int64],
) -> tuple[Int, Int]:
    """Read records of the blocks until a batch is full; return how many, and how many failed.

    starts, lengths (B,)  octet where each block begins, and its octets, header included; all within `octets`
    repeated  (R, 2)      group and column of the count of each repetition
    records   (4, rows)   filled: octet where the record begins, octets, index of its block, its form or -1
    rejects   (K, 5)      filled: octet of the failure, index of the block, reason, node, where the record
                          begins

    A record that cannot be read gives up the rest of its block, because nothing says where the next one
    begins; what came before it stays. `notes[BLOCK] == B` says that all is read. No more room for children or
    rejects ends a batch early.
    """
    m = memory(octets, program, places, notes, forms, sizes)
    begin_batch(m)
    row, failed = np.int64(0), np.int64(0)
    block, at = np.int64(notes[BLOCK]), np.int64(notes[AT])
    while block < starts.size:
        end = starts[block] + lengths[block]
        if at == 0:
            at = starts[block] + 3
            notes[CARRIED] = 0
        while at < end or sizes.one_each:
            if row == records.shape[1] or failed == rejects.shape[0]:
                notes[BLOCK], notes[AT] = block, at
                return row, failed
            after = read_known(m, at, end, row) if at < end else np.int64(end)
            if after == 0:
                after = read_record(m, at, end, row)
                if after > 0:
                    learn(m, at, after, row)
            known = form(m, LAST) if after > 0 and at < end else np.int64(NOTHING)
            if after < 0 or (sizes.one_each and after < end):
                if after > 0 and known >= 0 and not notes[PLACED_ALL]:
                    place_row(m, at, row, where(known))
                forget(m, repeated, row)
                known = np.int64(NOTHING)
                if after == -HEAP_FULL:
                    notes[BLOCK], notes[AT] = block, at
                    return row, failed
                if not sizes.one_each:
                    rejects[failed, 0], rejects[failed, 1], rejects[failed, 2] = notes[FAULT], block, -after
                    rejects[failed, 3], rejects[failed, 4] = notes[FAULT_NODE], at
                    failed += 1
                    break
                after = end
            if program[CARRY] >= 0:
                carry(m, row)
            records[0, row], records[1, row], records[2, row] = at, after - at, block
            records[FORMED, row] = known
            if known < 0:
                formless(m, records, row)
            row += 1
            at = after
            if sizes.one_each:
                break
        block += 1
        at = np.int64(0)
    notes[BLOCK], notes[AT] = block, 0
    return row, failed
