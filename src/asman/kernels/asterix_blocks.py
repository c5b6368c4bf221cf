"""Split frames into ASTERIX data blocks: a category, two octets of length, records until its end."""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import Int
from asman.kernels.jit import kernel


@kernel
def find_blocks(
    octets: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    blocks: NDArray[np.int64],
    broken: NDArray[np.int64],
) -> tuple[Int, Int]:
    """Split frames into data blocks.

    starts, lengths (F,)  the frames
    blocks (B, 4) int64   filled: first octet, octets, category, frame
    broken (F, 4) int64   filled: octet, octets given up, category, frame, of what is none
    returns how many of each
    """
    found, bad = 0, 0
    for frame in range(starts.size):
        at = starts[frame]
        end = at + lengths[frame]
        while at < end:
            size = np.int64(0)
            if at + 3 <= end:
                size = (np.int64(octets[at + 1]) << 8) | np.int64(octets[at + 2])
            category = np.int64(octets[at])
            if size < 3 or at + size > end:
                broken[bad, 0], broken[bad, 1], broken[bad, 2], broken[bad, 3] = at, end - at, category, frame
                bad += 1
                break
            blocks[found, 0], blocks[found, 1], blocks[found, 2], blocks[found, 3] = at, size, category, frame
            found += 1
            at += size
    return found, bad
