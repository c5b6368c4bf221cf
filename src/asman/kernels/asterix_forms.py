"""Read an ASTERIX record as one before it that was made the same way.

The records of a recording come in few forms: the ten at hand have 1 to 80 in each category, and 64 of them
are those of 999 records in 1,000. A form is what one record taught: which bits of its octets say what follows
(field specifications, FX bits, counts, lengths), and where its parts then lie, counted from its begin. A
record in which those bits are the same has its parts at the same places. So nothing needs to be decided item
by item, which is what the time went into: no processor foresees it.

A form is looked for first as the one that came last time behind the form of the record before, then among
those whose field specification begins alike. When there is no room for more forms and many records are of
none, all are forgotten.

`forms` begins with a head: how many forms there are, the form of the record before (-1 none), records of no
form since there was no more room; then for each of BUCKETS the latest form of it, plus 1. Of each form:

    octets, checks, marks, others, children; the form that came behind it; the next one in its bucket, plus 1;
    1 where its groups are noted as filled in this batch;
    checks    octet, bits of the eight octets from there on, what they are
    marks     where the group's places begin, octet
    others    where the group's places begin, and place = factor * begin of the record + summand
    children  repetition, octet

What the place of a group says is the record's begin, times a factor that all of the group have, plus a
summand; a summand of 0 says that there is none. Behind the forms stand the summands of each group, form by
form, and one of nothing; then of each form, and of nothing, which groups it has, 64 a number. By these
`asman.kernels.asterix_columns` goes, so that of a record of a known form nothing is written down but which
one it is; only where a batch has records of none are places written of all of its rows.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import (
    Int,
    Memory,
    code,
    form,
    note,
    octet,
    place,
    put_form,
    put_note,
    put_place,
    word,
)
from asman.kernels.asterix_program import (
    FIXED,
    GROUP_KINDS,
    LOG,
    LOGGED,
    LOGS,
    NOTES,
    PLACED,
    PLACED_ALL,
    REPEATED,
    STRETCH_BITS,
)
from asman.kernels.jit import part, rare

#: Row of a batch's records that says their form.
FORMED = 3
# Places in the head.
COUNT, LAST, MISSED, BUCKET, BUCKETS = 0, 1, 2, 3, 256
# Places in a form.
OCTETS, CHECKS, MARKS, OTHERS, CHILDREN, BEHIND, CHAIN, NOTED, BODY = 0, 1, 2, 3, 4, 5, 6, 7, 8
#: How many of each a form has room for; records that need more are of no form.
CHECKS_MAX, MARKS_MAX, OTHERS_MAX, CHILDREN_MAX = 48, 128, 16, 64
MARK = BODY + 3 * CHECKS_MAX
OTHER = MARK + 2 * MARKS_MAX
CHILD = OTHER + 3 * OTHERS_MAX
FORM = CHILD + 2 * CHILDREN_MAX
#: Forms that are known at a time, and records of none after which a full table is begun anew.
FORMS, MISSED_MAX = 128, 2048
#: The form that has nothing, and where the summands stand.
NOTHING, SUMMANDS = FORMS, BUCKET + BUCKETS + FORMS * FORM


def size_of(groups: int) -> int:
    """Return the numbers that all of it takes."""
    return SUMMANDS + (groups + (groups + 63) // 64) * (FORMS + 1)


@part
def where(number: Int) -> Int:
    """Return where a form stands."""
    return BUCKET + BUCKETS + number * FORM


@part
def summands(group: Int) -> Int:
    """Return where the summands of a group stand."""
    return SUMMANDS + group * (FORMS + 1)


@part
def groups_of(m: Memory, number: Int) -> Int:
    """Return where it stands which groups a form has."""
    return SUMMANDS + m.groups * (FORMS + 1) + number * ((m.groups + 63) // 64)


@rare
def begin_batch(m: Memory) -> None:
    """Note that no groups are filled yet."""
    put_note(m, PLACED_ALL, m.placed)
    for number in range(form(m, COUNT)):
        put_form(m, where(number) + NOTED, 0)


@part
def bucket_of(m: Memory, at: Int) -> Int:
    """Return the bucket of a record that begins at `at`, by the first three octets of its FSPEC."""
    begin = word(m, at)
    more = np.uint64(code(m, FIXED) == 0)
    second = (np.uint64(0) - ((begin >> np.uint64(56)) & more)) & (begin >> np.uint64(48)) & np.uint64(0xFF)
    third = (np.uint64(0) - (second & more)) & (begin >> np.uint64(40)) & np.uint64(0xFF)
    key = (begin >> np.uint64(56)) << np.uint64(16) | second << np.uint64(8) | third
    return BUCKET + np.int64((key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(56))


@part
def is_of(m: Memory, at: Int, end: Int, this: Int) -> bool:
    """Tell whether the record that begins at `at` is of the form that stands at `this`."""
    if at + form(m, this + OCTETS) > end:
        return False
    wrong = np.uint64(0)
    for check in range(this + BODY, this + BODY + 3 * form(m, this + CHECKS), 3):
        found = word(m, at + form(m, check)) ^ np.uint64(np.int64(form(m, check + 2)))
        wrong |= found & np.uint64(np.int64(form(m, check + 1)))
    return wrong == np.uint64(0)


@rare
def fill_notes(m: Memory, this: Int) -> None:
    """Note that the groups of a form are filled."""
    filled = NOTES + m.repetitions
    for mark in range(this + MARK, this + MARK + 2 * form(m, this + MARKS), 2):
        put_note(m, filled + form(m, mark) // m.width, 1)
    for other in range(this + OTHER, this + OTHER + 3 * form(m, this + OTHERS), 3):
        put_note(m, filled + form(m, other) // m.width, 1)
    put_form(m, this + NOTED, 1)


@rare
def place_row(m: Memory, at: Int, row: Int, this: Int) -> None:
    """Write down where the parts of a record of a form lie."""
    for mark in range(this + MARK, this + MARK + 2 * form(m, this + MARKS), 2):
        put_place(m, form(m, mark) + row, at + form(m, mark + 1))
    for other in range(this + OTHER, this + OTHER + 3 * form(m, this + OTHERS), 3):
        put_place(m, form(m, other) + row, form(m, other + 1) * at + form(m, other + 2))


@rare
def place_rows(m: Memory, records: NDArray[np.int64], rows: Int) -> None:
    """Write down where the parts of a batch's rows lie, those before `rows`, which are all of a form."""
    put_note(m, PLACED_ALL, 1)
    for row in range(rows):
        if records[FORMED, row] != NOTHING:
            place_row(m, records[0, row], row, where(records[FORMED, row]))


@rare
def place_children(m: Memory, at: Int, this: Int, children: Int) -> bool:
    """Note where what is repeated in a record of a form lies; false without room."""
    for r in range(m.repetitions):
        if note(m, NOTES + r) + children > m.height:
            return False
    for child in range(this + CHILD, this + CHILD + 2 * children, 2):
        r = form(m, child)
        count = note(m, NOTES + r)
        put_place(m, m.groups * m.width + r * m.height + count, at + form(m, child + 1))
        put_note(m, NOTES + r, count + 1)
    return True


@part
def place_all(m: Memory, at: Int, row: Int, this: Int) -> Int:
    """Note what a record of this form has; return the octet after it, 0 without room."""
    children = form(m, this + CHILDREN)
    if children and not place_children(m, at, this, children):
        return 0
    if not form(m, this + NOTED):
        fill_notes(m, this)
    if note(m, PLACED_ALL):
        place_row(m, at, row, this)
    return at + form(m, this + OCTETS)


@rare
def find_form(m: Memory, at: Int, end: Int) -> Int:
    """Return the form of a record, -1 none, and let it stand first in its bucket."""
    bucket = bucket_of(m, at)
    before, number = np.int64(-1), form(m, bucket) - 1
    while number >= 0:
        this = where(number)
        if is_of(m, at, end, this):
            if before >= 0:
                put_form(m, where(before) + CHAIN, form(m, this + CHAIN))
                put_form(m, this + CHAIN, form(m, bucket))
                put_form(m, bucket, number + 1)
            return number
        before, number = number, form(m, this + CHAIN) - 1
    return -1


@part
def read_known(m: Memory, at: Int, end: Int, row: Int) -> Int:
    """Read a record that is made as one before; return the octet after it, 0 where none was."""
    last = form(m, LAST)
    number = form(m, where(last) + BEHIND) if last >= 0 else np.int64(-1)
    if number < 0 or not is_of(m, at, end, where(number)):
        number = find_form(m, at, end)
        if number < 0:
            return 0
        if last >= 0:
            put_form(m, where(last) + BEHIND, number)
    put_form(m, LAST, number)
    return place_all(m, at, row, where(number))


@rare
def forget_forms(m: Memory) -> None:
    """Begin anew."""
    for i in range(BUCKET + BUCKETS):
        put_form(m, i, 0)
    put_form(m, LAST, -1)


@rare
def learn_checks(m: Memory, begin: Int, this: Int) -> bool:
    """Put together by which bits a record is known; false where there is no room."""
    checks, first = np.int64(0), np.int64(-1)
    for i in range(LOG, LOG + note(m, LOGGED)):
        at, bits = note(m, i) >> 8, note(m, i) & 0xFF
        behind = at - begin - first
        if first < 0 or behind < 0 or behind > 7:
            if checks == CHECKS_MAX:
                return False
            first, behind = at - begin, np.int64(0)
            put_form(m, this + BODY + 3 * checks, first)
            put_form(m, this + BODY + 3 * checks + 1, 0)
            put_form(m, this + BODY + 3 * checks + 2, 0)
            checks += 1
        check, shift = this + BODY + 3 * (checks - 1), 56 - 8 * behind
        put_form(m, check + 1, form(m, check + 1) | (bits << shift))
        put_form(m, check + 2, form(m, check + 2) | ((octet(m, at) & bits) << shift))
    put_form(m, this + CHECKS, checks)
    return True


@rare
def learn_places(m: Memory, begin: Int, row: Int, this: Int) -> bool:
    """Put together where the parts of a record lie; false where there is no room."""
    marks, others, children, r = np.int64(0), np.int64(0), np.int64(0), np.int64(-1)
    for group in range(m.groups):
        kind = code(m, code(m, GROUP_KINDS) + group)
        r += kind == REPEATED  # repetitions are numbered as their groups are
        at = place(m, group * m.width + row)
        if at == 0:
            continue
        if kind == PLACED:
            if marks == MARKS_MAX:
                return False
            put_form(m, this + MARK + 2 * marks, group * m.width)
            put_form(m, this + MARK + 2 * marks + 1, at - begin)
            marks += 1
            continue
        if others == OTHERS_MAX:
            return False
        factor = np.int64(0) if kind == REPEATED else np.int64(1 << STRETCH_BITS)
        put_form(m, this + OTHER + 3 * others, group * m.width)
        put_form(m, this + OTHER + 3 * others + 1, factor)
        put_form(m, this + OTHER + 3 * others + 2, at - factor * begin)
        others += 1
        if kind == REPEATED:
            after = m.groups * m.width + r * m.height + note(m, NOTES + r)
            if children + at - 1 > CHILDREN_MAX:
                return False
            for child in range(after - (at - 1), after):
                put_form(m, this + CHILD + 2 * children, r)
                put_form(m, this + CHILD + 2 * children + 1, place(m, child) - begin)
                children += 1
    put_form(m, this + MARKS, marks)
    put_form(m, this + OTHERS, others)
    put_form(m, this + CHILDREN, children)
    return True


@part
def learn_summand(m: Memory, group: Int, number: Int, summand: Int) -> None:
    """Keep what one group of a form adds."""
    put_form(m, summands(group) + number, summand)
    at = groups_of(m, number) + (group >> 6)
    put_form(m, at, form(m, at) | (1 << (group & 63)))


@rare
def learn_summands(m: Memory, row: Int, this: Int, number: Int) -> None:
    """Keep what the groups of a form add to a record's begin; the row's places are not needed then."""
    for i in range((m.groups + 63) // 64):
        put_form(m, groups_of(m, number) + i, 0)
    for group in range(m.groups):
        put_form(m, summands(group) + number, 0)
    for mark in range(this + MARK, this + MARK + 2 * form(m, this + MARKS), 2):
        learn_summand(m, form(m, mark) // m.width, number, form(m, mark + 1))
    for other in range(this + OTHER, this + OTHER + 3 * form(m, this + OTHERS), 3):
        learn_summand(m, form(m, other) // m.width, number, form(m, other + 2))
    if not note(m, PLACED_ALL):
        for group in range(m.groups):
            put_place(m, group * m.width + row, 0)


@rare
def learn(m: Memory, begin: Int, after: Int, row: Int) -> None:
    """Keep the form of the record that was just read."""
    put_form(m, LAST, -1)
    if note(m, LOGGED) > LOGS:
        return
    number = form(m, COUNT)
    if number == FORMS:
        put_form(m, MISSED, form(m, MISSED) + 1)
        return
    this = where(number)
    if not learn_checks(m, begin, this) or not learn_places(m, begin, row, this):
        return
    bucket = bucket_of(m, begin)
    put_form(m, this + OCTETS, after - begin)
    put_form(m, this + BEHIND, -1)
    put_form(m, this + NOTED, 0)
    put_form(m, this + CHAIN, form(m, bucket))
    put_form(m, bucket, number + 1)
    put_form(m, COUNT, number + 1)
    put_form(m, LAST, number)
    if not m.placed:
        learn_summands(m, row, this, number)


@rare
def formless(m: Memory, records: NDArray[np.int64], row: Int) -> None:
    """Note that a batch's row is of no form: places are written of all; forget all forms after many such."""
    if not note(m, PLACED_ALL):
        place_rows(m, records, row)
    if form(m, MISSED) >= MISSED_MAX:
        forget_forms(m)
