"""How the reader of ASTERIX records sees memory: addresses, and small functions that load and store.

An array costs a function call two atomic counts; an address costs nothing. So the entry to the reader takes
the addresses of its arrays once, as `Memory`, and what is below it loads and stores through the functions
here. Each has a plain twin, so that kernels also run uncompiled.

    octets   uint8   the recording
    program  int32   what items look like: see `asman.kernels.asterix_program`
    places   int64   at g * width + r what row r has of group g of leaves: the octet where its part begins,
                     which is never 0; of octets of any number: where they begin, times 2^16, plus how many;
                     of repetitions: how many, plus 1. 0 where the row has none. Of rows whose form says it
                     all that is not written down, until a batch has one of no form (`PLACED_ALL`).
                     From groups * width on, at p * height + h: where child h of repetition p begins
    notes    int64   state: see `asman.kernels.asterix_program`
    forms    int64   how records read before were made: see `asman.kernels.asterix_forms`

Only `octets` are foreign, and only what was checked to lie within a block is read of them; `word`, which
reads eight at once, knows where the buffer ends.
"""

import ctypes
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import config
from numba.extending import intrinsic
from numpy.typing import NDArray

from asman.kernels.jit import part, rare

#: A whole number, compiled or not.
Int = int | np.integer[Any]
Octets = NDArray[np.uint8]
#: NUMBA_DISABLE_JIT: kernels run as plain Python, for tests and debuggers.
UNCOMPILED = bool(getattr(config, "DISABLE_JIT"))  # noqa: B009  (numba's settings are made at run time)
Program = NDArray[np.int32]
Places = NDArray[np.int64]
Notes = NDArray[np.int64]
Forms = NDArray[np.int64]


class Sizes(NamedTuple):
    """What there is room for, and how much there is.

    width        rows; the last takes what nobody wants
    height       children of each repetition
    groups, repetitions
    lenient      1: a last FX bit that is set, and an explicit length of 0, are let pass
    one_each     1: every block gives one row, an empty one where it is not one record from begin to end
    placed       1: places are written down of all rows, also of those whose form says them
    """

    width: int
    height: int
    groups: int
    repetitions: int
    lenient: int = 0
    one_each: int = 0
    placed: int = 0


class Memory(NamedTuple):
    """Addresses of the arrays, the octet after the buffer's last, and the sizes."""

    octets: Int
    limit: Int
    program: Int
    places: Int
    notes: Int
    forms: Int
    width: Int
    height: Int
    groups: Int
    repetitions: Int
    lenient: Int
    placed: Int


@part
def memory(
    octets: Octets, program: Program, places: Places, notes: Notes, forms: Forms, sizes: Sizes
) -> Memory:
    """Take the addresses of arrays, which must outlive their use."""
    return Memory(
        np.int64(octets.ctypes.data),
        np.int64(octets.size),
        np.int64(program.ctypes.data),
        np.int64(places.ctypes.data),
        np.int64(notes.ctypes.data),
        np.int64(forms.ctypes.data),
        sizes.width,
        sizes.height,
        sizes.groups,
        sizes.repetitions,
        sizes.lenient,
        sizes.placed,
    )


@part
def buffer(octets: Octets) -> Memory:
    """As `memory`, of octets alone."""
    none = np.int64(0)
    begin, size = np.int64(octets.ctypes.data), np.int64(octets.size)
    return Memory(begin, size, none, none, none, none, none, none, none, none, none, none)


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


def _bits(plain: Any, count: Any) -> Any:
    """Make a function of one number that is an instruction: `count` builds it."""

    @intrinsic
    def compiled(typing: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return count(builder, arguments[0])

        return types.int64(types.int64), generate

    return plain if UNCOMPILED else compiled


def _leading(builder: Any, value: Any) -> Any:
    zeros = builder.ctlz(value, ir.Constant(ir.IntType(1), 0))
    return builder.sub(zeros, ir.Constant(ir.IntType(64), 56))


def _ones(builder: Any, value: Any) -> Any:
    return builder.ctpop(value)


def _leading_plain(flags: Int) -> Int:
    return 8 - int(flags).bit_length()


def _ones_plain(value: Int) -> Int:
    return (int(value) & (1 << 64) - 1).bit_count()


#: How many of an octet's first bits are 0; how many bits of a number are 1.
leading, ones = _bits(_leading_plain, _leading), _bits(_ones_plain, _ones)
#: (m, place) -> what stands there: an octet of the buffer, eight of them, a number of the program, a place, a
#: note, a number of a form.
octet = _reader(0, ctypes.c_uint8)
eight = _reader(0, ctypes.c_uint64, big=True)
code = _reader(2, ctypes.c_int32)
place = _reader(3, ctypes.c_int64)
note = _reader(4, ctypes.c_int64)
form = _reader(5, ctypes.c_int64)
#: (m, place, value) stores there.
put_place = _writer(3, ctypes.c_int64)
put_note = _writer(4, ctypes.c_int64)
put_form = _writer(5, ctypes.c_int64)


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
def leaf_of(begin: np.uint64, left: Int, right: Int, kind: Int) -> np.int64:
    """Cut a leaf out of eight octets: shifts, and the kind of the program (SIGNED is 1)."""
    sign = np.uint64(kind) << np.uint64(63 - right)
    value = (begin << np.uint64(left)) >> np.uint64(right)
    return np.int64((value ^ sign) - sign)
