"""The memory that a batch of records is read into, of the size that its octets need."""

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.asterix_forms import BUCKET, BUCKETS, LAST, SUMMANDS, size_of
from asman.kernels.asterix_memory import Sizes
from asman.kernels.asterix_program import CARRY, NOTES
from asman.wire.asterix.layout import Layout

#: Records of a batch: its cells fit a core's cache.
BATCH: Final = 2048
#: Added to a batch's rows and children, so that columns do not fall into the same lines of the cache; the
#: last of these rows takes what nobody wants.
PADDING: Final = 8
#: Repetitions that a batch holds; those of the largest block fit.
HEAP: Final = 65_536
#: Numbers of a square of bits, which fits into where kernels work.
SQUARE: Final = 64
#: Failures that a batch may note before it pauses.
REJECTS: Final = 1024


class Work(NamedTuple):
    """A batch: `places`, `notes`, `forms` and `sizes` as `asman.kernels.asterix_memory` says.

    records  (4, rows) int64  octet where the record begins, octets, index of its block, its form
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


def room(shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    """Allocate an array from Arrow's pool, which keeps what was used for the next one."""
    memory = pa.allocate_buffer(math.prod(shape) * np.dtype(kind).itemsize)
    return np.frombuffer(memory, kind).reshape(shape)


def make_work(
    layouts: Sequence[Layout],
    octets: int,
    *,
    rows: int = BATCH,
    lenient: bool = False,
    one_each: bool = False,
    placed: bool = False,
) -> Work:
    """Allocate a batch for blocks of so many octets in all, for any of the layouts; it is fit for the first.

    lenient, one_each, placed  as `Sizes` says; where records take from those before them, all places are
                               written down in any case
    """
    placed = placed or any(layout.program[CARRY] >= 0 for layout in layouts)
    rows = min(rows, octets // 2 // 8 * 8 + 8)
    width = rows + PADDING
    groups = max(layout.groups for layout in layouts)
    repetitions = max(len(layout.repetitions) for layout in layouts)
    height = min(HEAP, octets) + PADDING if repetitions else 0
    places = room((groups * width + repetitions * height,), np.int64)
    places[: groups * width] = 0
    return Work(
        places=places,
        notes=np.zeros(NOTES + repetitions + groups, np.int64),
        forms=_no_forms(room((size_of(groups),), np.int64), placed),
        sizes=Sizes(
            width, height, groups, len(layouts[0].repetitions), int(lenient), int(one_each), int(placed)
        ),
        records=room((4, rows), np.int64),
        rejects=room((min(REJECTS, octets // 3 + 1), 5), np.int64),
        words=room((max(width, height, SQUARE),), np.uint64),
    )


def _no_forms(forms: NDArray[np.int64], placed: int) -> NDArray[np.int64]:
    forms[: BUCKET + BUCKETS] = 0
    forms[LAST] = -1
    if not placed:
        forms[SUMMANDS:] = 0
    return forms


def fit(work: Work, layout: Layout) -> Work:
    """Use the memory of a batch, which is empty, for another of its layouts."""
    work.notes[:] = 0
    _no_forms(work.forms, work.sizes.placed)
    return work._replace(sizes=work.sizes._replace(repetitions=len(layout.repetitions)))


def empty(work: Work, rows: int) -> None:
    """Take out of a batch what was read, to go on with the next one."""
    begin, groups = NOTES + work.sizes.repetitions, work.sizes.groups
    filled = np.flatnonzero(work.notes[begin : begin + groups])
    work.places[: groups * work.sizes.width].reshape(groups, -1)[filled, :rows] = 0
    work.notes[NOTES:] = 0
