"""Plots that come too late for their window: go back to before it, and do again what came since.

Every few seconds a copy of the tracker is kept, and the plots used since the oldest of them. A plot that is
not older than that is taken in as if it had come in time: the picture is then, bit for bit, what it would
have been, but for track numbers. A number that people have seen stays with its aircraft: tracks that began at
the same plot keep theirs, others get new ones.
"""

from bisect import bisect_left
from typing import Any

import msgspec
import numpy as np

from asman.tracking.config import TrackerConfig

# Structured arrays: numpy's types have no names for their fields.
Records = Any


#: More than this used in one call is a recording, not a feed.
_LEAP_NS = 60_000_000_000


class Past(msgspec.Struct, frozen=True):
    """What is needed to go back.

    checkpoints  (closed_ns, tracker without a past), rising; nobody changes them
    recent       placed plots that were used since the oldest checkpoint, as they came
    """

    checkpoints: tuple[tuple[int, Any], ...] = ()
    recent: tuple[Records, ...] = ()


def remembered(past: Past, used: Records, closed_ns: int, config: TrackerConfig) -> Past:
    """The past with more plots used, without what is too old to go back to."""
    if config.rollback_s <= 0.0:
        return past
    back_ns = closed_ns - round(config.rollback_s * 1e9)
    checkpoints = past.checkpoints
    while len(checkpoints) > 1 and checkpoints[1][0] <= back_ns:
        checkpoints = checkpoints[1:]
    if len(checkpoints) == 1 and used.size and checkpoints[0][0] < used["time_ns"][0] <= back_ns - _LEAP_NS:
        # A recording in one piece: nothing can be late that was sorted, and hours need not be kept.
        checkpoints = ()
    oldest_ns = checkpoints[0][0] if checkpoints else back_ns
    recent = [*past.recent, used] if used.size else list(past.recent)
    kept = tuple(part for part in (_not_before(part, oldest_ns) for part in recent) if part.size)
    return Past(checkpoints, kept)


def _not_before(part: Records, oldest_ns: int) -> Records:
    """What of plots, sorted by time, is not before a time; the very same where all are."""
    times = np.asarray(part)["time_ns"]
    return part if times[0] >= oldest_ns else part[bisect_left(times, oldest_ns) :]


def is_due(past: Past, closed_ns: int, config: TrackerConfig) -> bool:
    """Whether another checkpoint is to be kept."""
    if config.rollback_s <= 0.0:
        return False
    return not past.checkpoints or closed_ns - past.checkpoints[-1][0] >= round(config.checkpoint_s * 1e9)


def before(past: Past, time_ns: int) -> int:
    """Index of the latest checkpoint that closed no window after a time, or -1."""
    found = [i for i, (closed_ns, _) in enumerate(past.checkpoints) if closed_ns <= time_ns]
    return found[-1] if found else -1


def since(past: Past, closed_ns: int) -> list[Records]:
    """Plots used of windows that were not closed at a time."""
    return [part[part["time_ns"] >= closed_ns] for part in past.recent]


def keep_numbers(fresh: Records, shown: Records, next_number: int) -> int:
    """Give rows of tracks that were shown before the numbers they had, others new ones; return the next.

    fresh, shown   TRACK rows in use, after and before; a track is known again by the plot it began at
    """
    known = {birthplace(row): int(row["number"]) for row in shown if row["alive"]}
    given = set(known.values())
    for row in fresh:
        if not row["alive"]:
            continue
        number = known.pop(birthplace(row), None)
        if number is None:
            while next_number in given:
                next_number += 1
            number, next_number = next_number, next_number + 1
        row["number"] = number
    return next_number


def birthplace(row: Any) -> tuple[float, ...]:
    """What a track is known by: where and when it began."""
    return int(row["born_ns"]), float(row["born_x"]), float(row["born_y"]), float(row["born_z"])


def joined(parts: list[Records]) -> Records:
    """Records one behind the other."""
    return np.concatenate(parts)
