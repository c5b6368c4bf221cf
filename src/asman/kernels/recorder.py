"""Follow the frames of a recorder: a head with a length, ASTERIX, a tail, and again."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, small

#: A whole number, compiled or not.
from asman.kernels.modes_bits import Int

Octets = NDArray[np.uint8]
#: Blocks that are looked at where a frame may begin, and octets of the longest frame that is looked for.
LOOKED_AT, LONGEST = 8, 1 << 20


class Frame(NamedTuple):
    """How a recorder frames.

    head         octets before the ASTERIX
    length_at    where in the head its length stands
    length_size  in so many octets
    big          the highest octet of the length first
    besides      octets that the length counts beside the ASTERIX
    tail         octets behind the ASTERIX
    mark         what each octet of the tail is; -1 for anything
    """

    head: int
    length_at: int
    length_size: int
    big: bool
    besides: int
    tail: int
    mark: int


@small
def length_of(view: Octets, at: Int, frame: Frame) -> Int:
    """Octets of ASTERIX in the frame that begins at an octet; -1 where none can begin."""
    if at + frame.head > view.size:
        return -1
    value = np.int64(0)
    for k in range(frame.length_size):
        place = k if frame.big else frame.length_size - 1 - k
        value = value << 8 | np.int64(view[at + frame.length_at + place])
    value -= frame.besides
    end = at + frame.head + value
    if value < 3 or end + frame.tail > view.size:
        return -1
    for k in range(frame.tail):
        if frame.mark >= 0 and view[end + k] != frame.mark:
            return -1
    return value


@small
def may_be_blocks(view: Octets, at: Int, size: Int) -> bool:
    """Whether octets begin as data blocks do, one behind the other: a look at some, whatever their number."""
    end = at + size
    for _ in range(LOOKED_AT):
        if at + 3 > end:
            return bool(at == end)
        block = np.int64(view[at + 1]) << 8 | np.int64(view[at + 2])
        if view[at] == 0 or block < 3:
            return False
        at += block
    return bool(at <= end)


@small
def are_blocks(view: Octets, at: Int, size: Int) -> bool:
    """Whether octets are data blocks, one behind the other, to the last."""
    end = at + size
    while at + 3 <= end:
        block = np.int64(view[at + 1]) << 8 | np.int64(view[at + 2])
        if view[at] == 0 or block < 3:
            return False
        at += block
    return at == end


@kernel
def walk_recorder(
    view: Octets, begin: Int, frame: Frame, most: Int, found: NDArray[np.int64]
) -> tuple[Int, Int]:
    """List the frames from an octet on, as long as each holds whole data blocks.

    most    frames at most
    found   (N, 2)  filled: first octet of the ASTERIX, octets
    returns how many, and the octet where walking ended
    """
    count, at = 0, begin
    while at < view.size and count < most:
        size = length_of(view, at, frame)
        if size < 0 or not are_blocks(view, at + frame.head, size):
            break
        found[count, 0], found[count, 1] = at + frame.head, size
        count += 1
        at += frame.head + size + frame.tail
    return count, at


@kernel
def next_frame(view: Octets, begin: Int, frame: Frame) -> Int:
    """First octet from `begin` on where two frames seem to stand, or one that is the last; the end for none.

    Only the first blocks of each are looked at, and none is believed that is longer than any: else a file
    could be made such that all of it is walked through from each of its octets.
    """
    for at in range(begin, view.size):
        size = length_of(view, at, frame)
        if size < 0 or size > LONGEST or not may_be_blocks(view, at + frame.head, size):
            continue
        after = at + frame.head + size + frame.tail
        if after == view.size:
            return at
        size = length_of(view, after, frame)
        if 0 <= size <= LONGEST and may_be_blocks(view, after + frame.head, size):
            return at
    return view.size
