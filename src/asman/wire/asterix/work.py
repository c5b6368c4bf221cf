"""The memory that a batch of records is read into, of the size that its octets need."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix_forms import BUCKET, BUCKETS, LAST, SIZE
from asman.kernels.asterix_memory import Sizes
from asman.kernels.asterix_program import NOTES
from asman.wire.asterix.layout import Layout

#: Records of a batch: its cells fit a core's cache.
BATCH: Final = 2048
#: Added to a batch's rows and children, so that columns do not fall into the same lines of the cache; the
#: last of these rows takes what nobody wants.
PADDING: Final = 8
#: Repetitions that a batch holds; those of the largest block fit.
HEAP: Final = 65_536
#: Failures that a batch may note before it pauses.
REJECTS: Final = 1024


class Work(NamedTuple):
    """A batch: `places`, `notes`, `forms` and `sizes` as `asman.kernels.asterix_memory` says.

    records  (3, rows) int64  octet where the record begins, octets, index of its block
    rejects  (K, 5) int64     octet of the failure, index of its block, reason, node, where the record begins
    words    (~,) uint64      eight octets of each row, or child, to work in
    """

    places: NDArray[np.int64]
    notes: NDArray[np.int64]
    forms: NDArray[np.int64]
    sizes: Sizes
    records: NDArray[np.int64]
    rejects: NDArray[np.int64]
    words: NDArray[np.uint64]


def make_work(
    layouts: Sequence[Layout],
    octets: int,
    *,
    rows: int = BATCH,
    lenient: bool = False,
    one_each: bool = False,
) -> Work:
    """Allocate a batch for blocks of so many octets in all, for any of the layouts; it is fit for the first.

    lenient, one_each  as `Sizes` says
    """
    rows = min(rows, octets // 2 // 8 * 8 + 8)
    width = rows + PADDING
    groups = max(layout.groups for layout in layouts)
    repetitions = max(len(layout.repetitions) for layout in layouts)
    height = min(HEAP, octets) + PADDING if repetitions else 0
    places = np.empty(groups * width + repetitions * height, np.int64)
    places[: groups * width] = 0
    return Work(
        places=places,
        notes=np.zeros(NOTES + repetitions + groups, np.int64),
        forms=_no_forms(np.empty(SIZE, np.int64)),
        sizes=Sizes(width, height, groups, len(layouts[0].repetitions), int(lenient), int(one_each)),
        records=np.empty((3, rows), np.int64),
        rejects=np.empty((min(REJECTS, octets // 3 + 1), 5), np.int64),
        words=np.empty(max(width, height), np.uint64),
    )


def _no_forms(forms: NDArray[np.int64]) -> NDArray[np.int64]:
    forms[: BUCKET + BUCKETS] = 0
    forms[LAST] = -1
    return forms


def fit(work: Work, layout: Layout) -> Work:
    """Use the memory of a batch, which is empty, for another of its layouts."""
    work.notes[:] = 0
    _no_forms(work.forms)
    return work._replace(sizes=work.sizes._replace(repetitions=len(layout.repetitions)))


def empty(work: Work, rows: int) -> None:
    """Take out of a batch what was read, to go on with the next one."""
    begin, groups = NOTES + work.sizes.repetitions, work.sizes.groups
    filled = np.flatnonzero(work.notes[begin : begin + groups])
    work.places[: groups * work.sizes.width].reshape(groups, -1)[filled, :rows] = 0
    work.notes[NOTES:] = 0
