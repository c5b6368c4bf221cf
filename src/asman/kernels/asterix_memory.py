"""How the reader of ASTERIX records sees memory: addresses, and small functions that load and store.

An array costs a function call two atomic counts; an address costs nothing. So the entry to the reader takes
the addresses of its arrays once, as `Memory`, and what is below it loads and stores through the functions
here. Each has a plain twin, so that kernels also run uncompiled.

    octets   uint8   the recording
    program  int32   what items look like: see `asman.kernels.asterix_program`
    cells    uint64  column c of row r at c * width + r: integers as they stand in the octets, sign-extended;
                     from `children` on, column d of child h at d * height + h
    present  uint8   1 at g * width + r where row r has group g of leaves
    notes    int64   state: see `asman.kernels.asterix_program`

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
    lenient      1: a last FX bit that is set, and an explicit length of 0, are let pass
    """

    width: int
    height: int
    children: int
    groups: int
    repetitions: int
    spares: int
    lenient: int = 0


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
    lenient: Int


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
