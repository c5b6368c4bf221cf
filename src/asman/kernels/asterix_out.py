"""Where finished columns stand: one piece of memory, of which each column takes room when it is first needed.

What is called with many arrays pays for each of them, nine numbers a call; so columns are addresses, and
become arrays where they are written.
"""

import ctypes
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numpy.typing import NDArray

from asman.kernels.asterix_memory import UNCOMPILED, Int
from asman.kernels.jit import lent, part

# Kinds of column that are made.
FLOAT, INT8, INT16, INT32, INT64, ICAO, ASCII, KINDS = 0, 1, 2, 3, 4, 5, 6, 7
# Places in the head.
ADDRESS, TAKEN, ROWS = 0, 1, 2
#: Octets of a line of the cache: columns begin in one of their own.
LINE = 64


class Out(NamedTuple):
    """Finished columns of one segment.

    head       (3,) int64  address of the memory, octets of it that are taken, rows that a column has room for
    columns    (C,) int64  octet of the memory where a column begins; -1: nothing has it so far
    valid      (G,) int64  the same of a group's validity bitmap, least significant bit first
    rows_with  (G,) int64  rows that have the group

    A column of strings says first where each ends, int32, one more than there are rows; `text_behind` that
    are the letters.
    """

    head: NDArray[np.int64]
    columns: NDArray[np.int64]
    valid: NDArray[np.int64]
    rows_with: NDArray[np.int64]


def _view(kind: Any, dtype: Any) -> Any:
    """Make a function (address, size) that returns an array over memory that is lent."""
    size = np.dtype(dtype).itemsize

    def plain(address: Int, count: Int) -> NDArray[Any]:
        octets: Any = (ctypes.c_uint8 * (int(count) * size)).from_address(int(address))
        return np.frombuffer(octets, dtype)

    @intrinsic
    def compiled(typing: Any, address: Any, count: Any) -> Any:
        array = types.Array(kind, 1, "C")

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            made = make_array(array)(context, builder)
            item = context.get_constant(types.intp, size)
            data = builder.inttoptr(arguments[0], made.data.type)
            populate_array(made, data=data, shape=[arguments[1]], strides=[item], itemsize=item, meminfo=None)
            return made._getvalue()

        return array(types.int64, types.int64), generate

    return plain if UNCOMPILED else compiled


#: (address, count) -> an array over memory.
octets_at = _view(types.uint8, np.uint8)
shorts_at = _view(types.uint16, np.uint16)
ints_at = _view(types.uint32, np.uint32)
words_at = _view(types.uint64, np.uint64)
doubles_at = _view(types.float64, np.float64)
ends_at = _view(types.int32, np.int32)


def room_of(octets: Int) -> Int:
    """Return the octets that a column of so many takes."""
    return (octets + LINE - 1) // LINE * LINE


def width_of(kind: Int) -> Int:
    """Return the octets of one value of a column of numbers."""
    return 8 if kind in (FLOAT, INT64) else 1 << (kind - INT8)


def text_behind(rows: Int) -> Int:
    """Return from which octet on a column of strings has its letters."""
    return (4 * rows + 4 + LINE - 1) // LINE * LINE


def bits_octets(rows: Int) -> Int:
    """Return the octets of a validity bitmap, which is made of numbers of 64 bits, one behind the last."""
    return 8 * (rows // 64 + 2)


#: The same, within kernels.
_room_of, octets_each = part(room_of), part(width_of)
text_at, bits_of = part(text_behind), part(bits_octets)


@part
def octets_of(kind: Int, rows: Int) -> Int:
    """Return the octets of a column."""
    return text_at(rows) + 8 * rows + 8 if kind >= ICAO else octets_each(kind) * rows


@part
def take_room(out: Out, octets: Int) -> Int:
    """Take room for a column; return the octet where it begins."""
    at = np.int64(out.head[TAKEN])
    out.head[TAKEN] = at + _room_of(octets)
    return at


@lent
def clear(address: Int, octets: Int) -> None:
    """Write zeros."""
    here = octets_at(address, octets)
    for i in range(octets):
        here[i] = 0


@lent
def write_nothing(kind: Int, to: Int, room: Int, begin: Int, end: Int) -> None:
    """Fill rows that lack the column: what a null hides is 0, and a string empty.

    to, room  address of the column, rows that it has room for
    """
    if kind < ICAO:
        width = octets_each(kind)
        clear(to + width * begin, width * (end - begin))
        return
    ends = ends_at(to, room + 1)
    if begin == 0:
        ends[0] = 0
    for row in range(begin, end):
        ends[row + 1] = ends[begin]


@lent
def column_at(out: Out, kind: Int, column: Int, first: Int) -> Int:
    """Return the address of a column; one that is new has nothing before row `first`."""
    at = np.int64(out.columns[column])
    if at < 0:
        room = np.int64(out.head[ROWS])
        at = take_room(out, octets_of(kind, room))
        out.columns[column] = at
        write_nothing(kind, out.head[ADDRESS] + at, room, 0, first)
    return np.int64(out.head[ADDRESS]) + at
