"""The memory that a batch of records is read into, of the size that its octets need."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_memory import Sizes
from asman.kernels.asterix_program import NOTES
from asman.wire.asterix.layout import Layout

#: Records of a batch: its cells fit a core's cache.
BATCH: Final = 4096
#: Added to a batch's rows and children, so that columns do not fall into the same lines of the cache; the
#: last of these rows takes what nobody wants.
PADDING: Final = 8
#: Repetitions that a batch holds; those of the largest block fit.
HEAP: Final = 65_536
#: Failures that a batch may note before it pauses.
REJECTS: Final = 1024


class Work(NamedTuple):
    """A batch: `cells`, `present`, `notes` and `sizes` as `asman.kernels.asterix_memory` says.

    records  (rows, 3) int64  octet where the record begins, octets, index of its block
    rejects  (K, 5) int64     octet of the failure, index of its block, reason, node, where the record begins
    ones     (H,) uint8       all 1
    """

    cells: NDArray[np.uint64]
    present: NDArray[np.uint8]
    notes: NDArray[np.int64]
    sizes: Sizes
    records: NDArray[np.int64]
    rejects: NDArray[np.int64]
    ones: NDArray[np.uint8]


def make_work(
    layout: Layout, octets: int, *, rows: int = BATCH, spares: bool = False, lenient: bool = False
) -> Work:
    """Allocate a batch for blocks of so many octets in all.

    spares   spare bits are read as well
    lenient  what `Sizes.lenient` says is let pass
    """
    rows = min(rows, octets // 2 // 8 * 8 + 8)
    width = rows + PADDING
    repetitions = len(layout.repetitions)
    height = min(HEAP, octets) + PADDING if repetitions else 0
    sizes = Sizes(width, height, layout.raws * width, layout.groups, repetitions, int(spares), int(lenient))
    return Work(
        cells=np.zeros(layout.raws * width + layout.child_raws * height, np.uint64),
        present=np.zeros(layout.groups * width, np.uint8),
        notes=np.zeros(NOTES + repetitions + layout.groups, np.int64),
        sizes=sizes,
        records=np.zeros((rows, 3), np.int64),
        rejects=np.zeros((min(REJECTS, octets // 3 + 1), 5), np.int64),
        ones=np.ones(height, np.uint8),
    )
