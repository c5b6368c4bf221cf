"""A recording cut into steps of reasoning: which octets arrive before which instant.

The grid is fixed (whole multiples of STEP_S of UTC), whatever the speed of the replay. So playing straight,
pausing, and seeking feed the reasoning exactly the same steps, and give exactly the same pictures. Silences
longer than GAP_S are left out: after that time every track has ended, and there is nothing to wait for.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.model.datagram import Datagram
from asman.units import SECOND_NS

STEP_S: Final = 1
STEP_NS: Final = STEP_S * SECOND_NS
#: Silence that is still played through.
GAP_S: Final = 180
#: Steps after the last octet, so that the plots for which the tracker waits come to their end.
TAIL_STEPS: Final = 3

Ints = NDArray[np.int64]


class Piece(NamedTuple):
    """One recording's octets and when its pieces arrive, rising in time.

    start, length (P,) octets; time_ns (P,) ns UTC
    """

    name: str
    octets: bytes
    start: Ints
    length: Ints
    time_ns: Ints


class Schedule(NamedTuple):
    """Steps of a replay.

    now_ns  (S,)           ns  end of each step, UTC, rising
    first   per recording  (S+1,)  piece with which each step begins
    """

    pieces: tuple[Piece, ...]
    now_ns: Ints
    first: tuple[Ints, ...]

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.now_ns)

    def datagrams(self, step: int) -> tuple[Datagram, ...]:
        """Return what arrives in a step, in order of arrival; of equal times, the first recording's first."""
        found: list[Datagram] = []
        for piece, first in zip(self.pieces, self.first, strict=True):
            for i in range(int(first[step]), int(first[step + 1])):
                start = int(piece.start[i])
                octets = piece.octets[start : start + int(piece.length[i])]
                found.append(Datagram(piece.name, int(piece.time_ns[i]), octets, start))
        if len(self.pieces) > 1:
            found.sort(key=lambda datagram: datagram.time_ns)
        return tuple(found)

    def step_at(self, time_ns: int) -> int:
        """Return how many steps are done when the picture's time is the grid's latest not after `time_ns`."""
        return int(np.searchsorted(self.now_ns, time_ns, side="right"))


def schedule(pieces: tuple[Piece, ...]) -> Schedule:
    """Cut recordings into steps; a piece that arrives exactly at a step's end belongs to the next."""
    times = [piece.time_ns for piece in pieces if len(piece.time_ns)]
    if not times:
        return Schedule(pieces, np.empty(0, np.int64), tuple(np.zeros(1, np.int64) for _ in pieces))
    busy = np.unique(np.concatenate(times) // STEP_NS)
    gap = GAP_S // STEP_S
    # Every busy step, and the silent ones after it up to the gap.
    silent = np.minimum(np.diff(busy, append=busy[-1] + 1 + TAIL_STEPS) - 1, gap)
    steps = np.repeat(busy, silent + 1)
    runs = np.arange(len(steps)) - np.repeat(np.cumsum(silent + 1) - (silent + 1), silent + 1)
    now_ns = (steps + runs + 1) * STEP_NS
    first = tuple(
        np.searchsorted(piece.time_ns, np.concatenate((now_ns[:1] - STEP_NS, now_ns)), side="left")
        for piece in pieces
    )
    return Schedule(pieces, now_ns, first)


def arrivals(offset: Ints, time_ns: Ints, block: Ints) -> Ints:
    """Return when each block of an untimed recording arrived, from the times of detection inside it.

    offset   (N,)  octet  where each timed record begins, rising
    time_ns  (N,)  ns     its time of detection, UTC
    block    (B,)  octet  where each data block begins, rising
    returns  (B,)  ns     rising: the latest detection up to the block's last record

    Stamps that stand alone, far from their neighbours, are not followed.
    """
    if not len(offset):
        return np.zeros(len(block), np.int64)
    trusted = _without_leaps(time_ns)
    latest = np.maximum.accumulate(trusted)
    last = np.searchsorted(offset, np.append(block[1:], np.iinfo(np.int64).max), side="left") - 1
    return latest[np.maximum(last, 0)]


#: A time of detection this far from the median of its neighbours is not followed.
LEAP_NS: Final = 60 * SECOND_NS
NEIGHBOURS: Final = 10


def _without_leaps(time_ns: Ints) -> Ints:
    """Replace the stamps that leap by the median of their neighbours."""
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(time_ns, NEIGHBOURS, mode="edge"), 2 * NEIGHBOURS + 1
    )
    middle = np.median(around, axis=1).astype(np.int64)
    return np.where(np.abs(time_ns - middle) > LEAP_NS, middle, time_ns)
