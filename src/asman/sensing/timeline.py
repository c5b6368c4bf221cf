"""The clocks of all sources, carried from batch to batch, so that a live stream and a file time alike."""

from datetime import date
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.kernels.timeline import BROKEN, CLOCK_WIDTH, DOUBTS, NO_TIME, REOPENED, TIME, unroll
from asman.units import DAY_S, SECOND_NS

#: Day of a recording of which nobody said the day: plainly not real, and easy to recognise.
NO_DATE: Final = date(2000, 1, 1)

Ints = NDArray[np.int64]


class TimelineState(msgspec.Struct, frozen=True):
    """Where each source's clock stood after the latest batch.

    sources  SAC * 256 + SIC of every source met, in order of appearance; -1 stands for "not said"
    clocks   a row a source, and a last one for the newest of all; see `kernels.timeline.unroll`
    recent   category -> hashes of its latest reports: what is sent again is known again (see `repeats`)
    """

    sources: tuple[int, ...] = ()
    clocks: tuple[tuple[int, ...], ...] = ()
    recent: dict[int, bytes] = {}

    @property
    def newest_ns(self) -> int | None:
        """The latest instant of any source, ns since 1970 UTC; None before the first."""
        return self.clocks[-1][TIME] if self.clocks and self.clocks[-1][TIME] != NO_TIME else None

    def reopened(self) -> "TimelineState":
        """For another recording that follows or overlaps: its clocks begin anew, on the nearest day."""
        if self.newest_ns is None:
            return self
        newest = list(self.clocks[-1])
        newest[DOUBTS] = REOPENED
        return TimelineState((), (tuple(newest),), self.recent)


class Stamps(msgspec.Struct, frozen=True):
    """What a batch of records says about its times, in the order in which the records came.

    source     (N,)  1   SAC * 256 + SIC; -1 where the record does not say
    stamp_s    (N,)  s   time of day; NaN where the record says none
    wrap_s     (N,)  s   after how long the stamp repeats: 86,400, or 512 in CAT001
    packet_ns  (N,)  ns  arrival; NO_TIME where unknown
    """

    source: Ints
    stamp_s: NDArray[np.float64]
    wrap_s: Ints
    packet_ns: Ints


def absolute(state: TimelineState, stamps: Stamps, day: date | None) -> tuple[Ints, Ints, TimelineState]:
    """Give every record its instant [ns since 1970 UTC] and a verdict, and move the clocks on.

    `day` is the day of the very first record. Without it the packets say the day, and where they are not
    timed either, it is NO_DATE. Instants and verdicts are as in `kernels.timeline.unroll`.
    """
    named = np.flatnonzero(np.bincount(stamps.source + 1)) - 1
    sources = state.sources + tuple(int(name) for name in named if name not in state.sources)
    clocks = np.full((len(sources) + 1, CLOCK_WIDTH), NO_TIME, np.int64)
    clocks[:, DOUBTS] = 0
    for row, former in enumerate(state.clocks[:-1]):
        clocks[row] = former
    if state.clocks:
        clocks[-1] = state.clocks[-1]
    place = np.zeros(max(sources, default=0) + 2, np.int64)
    place[np.array(sources, np.int64) + 1] = np.arange(len(sources))
    stamp_ns = np.full(stamps.stamp_s.size, NO_TIME, np.int64)
    said = ~np.isnan(stamps.stamp_s)
    stamp_ns[said] = np.rint(stamps.stamp_s[said] * SECOND_NS).astype(np.int64)
    stamp_ns[(stamp_ns >= stamps.wrap_s * SECOND_NS) | (said & (stamp_ns < 0))] = BROKEN
    if day is None and not np.any(stamps.packet_ns != NO_TIME):
        day = NO_DATE
    first_day_ns = NO_TIME if day is None else (day - date(1970, 1, 1)).days * DAY_S * SECOND_NS
    instants, verdicts = unroll(
        place[stamps.source + 1], stamp_ns, stamps.wrap_s * SECOND_NS, stamps.packet_ns, clocks, first_day_ns
    )
    return (
        instants,
        verdicts,
        TimelineState(sources, tuple(tuple(map(int, row)) for row in clocks), state.recent),
    )
