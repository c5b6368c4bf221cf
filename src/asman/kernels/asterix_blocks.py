"""Split frames into ASTERIX data blocks: a category, two octets of length, records until its end."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import Int
from asman.kernels.capture_join import USUAL, chained, is_block, next_chain
from asman.kernels.jit import kernel, rare

#: Blocks in a row by which a category is believed that nobody knows.
RUN: Final = 4


@rare
def runs_on(octets: NDArray[np.uint8], at: Int, end: Int, known: NDArray[np.bool_]) -> bool:
    """Whether blocks of one category that nobody knows follow one another from `at` on.

    So many that chance makes no such run; or two, and behind them a block of a known category or the end.
    """
    category = octets[at]
    if category == octets[at + 1] == octets[at + 2]:
        # What a file is filled up with.
        return False
    for count in range(RUN):
        if at == end or known[octets[at]]:
            return count >= 2 and bool(at == end or is_block(octets, at, end) > 0)
        size = is_block(octets, at, end)
        if size == 0 or octets[at] != category:
            return False
        at += size
    return True


@kernel
def find_blocks(
    octets: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    known: NDArray[np.bool_],
    follow: bool,
    blocks: NDArray[np.int64],
    broken: NDArray[np.int64],
) -> tuple[Int, Int]:
    """Split frames into data blocks.

    starts, lengths (F,)  the frames
    known  (256,)         categories that there are
    follow                where no block begins, go on at the next octet where some do, one behind the other
    blocks (4, B) int64   filled: first octet, octets, category, frame
    broken (K, 4) int64   filled: octet, octets given up, category, frame, of what is none
    returns how many of each
    """
    found, bad = 0, 0
    seen = np.zeros(256, np.bool_)
    for frame in range(starts.size):
        at = starts[frame]
        end = at + lengths[frame]
        while at < end:
            size = np.int64(0)
            if at + 3 <= end:
                size = (np.int64(octets[at + 1]) << 8) | np.int64(octets[at + 2])
            category = np.int64(octets[at])
            fits = size >= 3 and at + size <= end
            if fits and follow and not seen[category] and at + size < end:
                # A category that was not met yet is believed where a block follows; of known ones, any.
                after_it = is_block(octets, at + size, end) > 0 or known[octets[at + size]]
                if known[category]:
                    fits = after_it
                else:
                    fits = chained(octets, at + size, end, known, 1) == 1 or runs_on(octets, at, end, known)
                if fits and size > USUAL:
                    # Chance is as long as two octets can say: what others begin in is no block.
                    inner = next_chain(octets, at, end, known)
                    fits = inner == at or inner >= at + size
            if not fits:
                after = (
                    next_chain(octets, at + 1, end, known) if follow and bad < broken.shape[0] - 1 else end
                )
                broken[bad, 0], broken[bad, 1] = at, after - at
                broken[bad, 2], broken[bad, 3] = category, frame
                bad += 1
                at = after
                continue
            seen[category] = True
            blocks[0, found], blocks[1, found], blocks[2, found], blocks[3, found] = at, size, category, frame
            found += 1
            at += size
    return found, bad


@kernel
def block_sources(
    octets: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    sources: NDArray[np.int64],
) -> None:
    """Read who sent each block: in every category the first item is the source, two octets.

    sources (B,) int64  filled: SAC * 256 + SIC of the first record, -1 where it has none
    """
    for block in range(starts.size):
        at, end = starts[block] + 3, starts[block] + lengths[block]
        sources[block] = -1
        if at >= end or octets[at] & 0x80 == 0:
            continue
        while at < end and octets[at] & 1:
            at += 1
        if at + 3 <= end:
            sources[block] = np.int64(octets[at + 1]) << 8 | np.int64(octets[at + 2])
