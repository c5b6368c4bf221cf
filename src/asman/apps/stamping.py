"""Time stamps that live nodes believe: what an exercise sends says the wall clock's time.

An exercise that was paused, hurried, or begun on a date of its own has another clock than the nodes that
listen, and a node has no use for plots that are minutes old. So each time of day in a record is moved from
the exercise's clock to the wall clock before it is encoded. While the exercise runs with the wall clock
(begun now, never paused, speed 1) nothing is moved, and the octets are those of `asman simulate`.
"""

import threading
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from asman.errors import AsmanError
from asman.exercise.emit import Blocks, Encode
from asman.units import DAY_S, SECOND_NS

#: Category -> columns that are seconds since midnight UTC.
TIMES_OF_DAY: Final = {
    19: ("I140_s",),
    20: ("I140_s",),
    21: ("I071_s", "I072_s", "I073_s", "I075_s", "I077_s"),
    23: ("I070_s",),
    25: ("I070_s",),
    34: ("I030_s",),
    48: ("I140_s",),
}
#: The coarsest step of these columns: moving by whole steps keeps exact what was exact.
STEP_NS: Final = SECOND_NS // 128


class Anchor(msgspec.Struct, frozen=True):
    """Where the two clocks meet, and how many seconds of the exercise pass in one; ns UTC."""

    exercise_ns: int
    wall_ns: int
    speed: float = 1.0

    @property
    def idle(self) -> bool:
        """Whether both clocks are the same."""
        return self.speed == 1.0 and self.exercise_ns == self.wall_ns

    def wall(self, exercise_ns: int) -> int:
        """Wall clock of a time of the exercise."""
        return self.wall_ns + round((exercise_ns - self.exercise_ns) / self.speed)


def anchor(exercise_ns: int, wall_ns: int, speed: float) -> Anchor:
    """Let the clocks meet here, to the step of a time stamp."""
    return Anchor(exercise_ns, exercise_ns + round((wall_ns - exercise_ns) / STEP_NS) * STEP_NS, speed)


class Stamps:
    """An encoder before which times of day are moved. A thread may move the anchor while another encodes."""

    def __init__(self, encode: Encode, first: Anchor) -> None:
        self._encode = encode
        self._lock = threading.Lock()
        self._anchor = first

    def meet(self, where: Anchor) -> None:
        """Move by another anchor from now on."""
        with self._lock:
            self._anchor = where

    def __call__(
        self, table: pa.Table, category: int, edition: str, *, groups: Any, max_block_octets: int
    ) -> Blocks:
        """Encode with times of the wall clock."""
        with self._lock:
            here = self._anchor
        if not here.idle:
            table = moved(table, category, here)
        return self._encode(table, category, edition, groups=groups, max_block_octets=max_block_octets)


def moved(table: pa.Table, category: int, here: Anchor) -> pa.Table:
    """Return the records with times of the wall clock. Raises AsmanError for a category that is not known."""
    if category not in TIMES_OF_DAY:
        raise AsmanError(f"CAT{category:03d} cannot be sent at another time than it says: ours to mend")
    day = DAY_S
    there_s = here.exercise_ns % (day * SECOND_NS) / SECOND_NS
    wall_s = here.wall_ns % (day * SECOND_NS) / SECOND_NS
    for name in TIMES_OF_DAY[category]:
        if name not in table.column_names:
            continue
        column = table[name].combine_chunks()
        told = column.to_numpy(zero_copy_only=False)
        # Stamps lie within hours of the anchor: the nearer of the days before and after midnight is meant.
        since_s = (told - there_s + day / 2) % day - day / 2
        shifted = np.mod(wall_s + since_s / here.speed, day)
        array = pa.array(shifted, mask=~column.is_valid().to_numpy(zero_copy_only=False))
        table = table.set_column(table.column_names.index(name), name, array)
    return table
