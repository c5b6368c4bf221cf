"""An exercise cut into batches, made ahead on all cores, handed out in order of time.

An exercise is a function of the span asked for, and its spans join without a seam. So how it is cut is a
matter of memory alone: batches grow and shrink with what they turn out to hold, are made several at a time,
and nothing of that shows in what comes out.
"""

import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from asman import exercise as exercises
from asman.apps.simulate_beast import Frames, frames
from asman.exercise import Exercise
from asman.exercise.sweep import Swept
from asman.model.datagram import Datagram
from asman.model.plots import NAME, PLOTS, TIME
from asman.units import SECOND_NS
from asman.wire.asterix.encode import encode

#: Plots that are in memory at a time, over all batches in the making; about 1 kB each while they are made.
PLOTS_MAX: Final = 600_000
#: Exercise time of the first batch, of the longest, and how much longer than the last one may be.
FIRST_S: Final = 1.0
LONGEST_S: Final = 60.0
GROWTH: Final = 4.0
#: More at a time would gain little: writing is one thread's work.
WORKERS_MAX: Final = 8

#: Words for OF_* of `kernels.radar`.
CAUSES: Final = (
    "aircraft", "split", "reflection", "ring-around", "clutter", "clutter-spot", "fruit", "weather",
    "strobe", "report", "stale", "spoof", "ghost",
)  # fmt: skip

TRUTH_INDEX: Final = pa.schema(
    [
        pa.field("aircraft", pa.int64(), metadata={"meaning": "as in truth; null: of no aircraft"}),
        pa.field("crossing_time", TIME, metadata={"meaning": "when the beam truly met it"}),
        pa.field("cause", NAME, metadata={"meaning": "what made this plot"}),
    ]
)


class Wanted(msgspec.Struct, frozen=True):
    """What is to be made of an exercise.

    begin_ns, end_ns  ns UTC, the end excluded
    truth_every_s     s  0: no truth
    tables            plots and their truth index
    octets            datagrams
    beast             raw messages that ADS-B receivers hear
    members           whose sensors; empty: everybody's
    """

    begin_ns: int
    end_ns: int
    truth_every_s: float = 4.0
    tables: bool = True
    octets: bool = True
    beast: bool = False
    members: tuple[str, ...] = ()


class Batch(NamedTuple):
    """What one span of time gave; what nobody wants is empty.

    plots        PLOTS
    truth_index  TRUTH_INDEX, row by row what is behind each plot
    truth        TRUTH_TOLD
    datagrams    by the time at which they are sent
    beast        of each ADS-B receiver
    """

    begin_ns: int
    end_ns: int
    plots: pa.Table
    truth_index: pa.Table
    truth: pa.Table
    datagrams: tuple[Datagram, ...]
    beast: Mapping[str, Frames]


class _Jobs(NamedTuple):
    """A span whose parts are being made."""

    begin_ns: int
    end_ns: int
    sensed: "Future[Sensed]"
    truth: "Future[pa.Table]"
    beast: "Future[Mapping[str, Frames]]"


class Sensed(NamedTuple):
    """Plots, their truth index, datagrams."""

    plots: pa.Table
    truth_index: pa.Table
    datagrams: tuple[Datagram, ...]


def workers() -> int:
    """How many threads make batches: the kernels leave the interpreter to others while they run."""
    return max(1, min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, WORKERS_MAX))


def batches(running: Exercise, wanted: Wanted, longest_s: float = LONGEST_S) -> Iterator[Batch]:
    """Make everything that is wanted, in order of time, with about `PLOTS_MAX` plots in memory."""
    threads = workers()
    length_s, at_ns = min(FIRST_S, longest_s), wanted.begin_ns
    pending: deque[_Jobs] = deque()
    with ThreadPoolExecutor(threads, "simulate") as pool:
        try:
            while at_ns < wanted.end_ns or pending:
                while at_ns < wanted.end_ns and len(pending) <= (threads + 1) // 2:
                    until_ns = min(at_ns + max(round(length_s * SECOND_NS), 1), wanted.end_ns)
                    pending.append(_begin(pool, running, wanted, at_ns, until_ns))
                    at_ns = until_ns
                batch = _finished(pending.popleft())
                length_s = min(_fitting_s(batch, threads), longest_s, GROWTH * length_s)
                yield batch
        finally:
            # Whoever stops reading, or fails, must not wait for what nobody wants any more.
            pool.shutdown(wait=False, cancel_futures=True)


def _begin(pool: ThreadPoolExecutor, running: Exercise, wanted: Wanted, begin_ns: int, end_ns: int) -> _Jobs:
    return _Jobs(
        begin_ns,
        end_ns,
        pool.submit(sensed, running, wanted, begin_ns, end_ns),
        pool.submit(truth, running, wanted, begin_ns, end_ns),
        pool.submit(beast, running, wanted, begin_ns, end_ns),
    )


def _finished(jobs: _Jobs) -> Batch:
    made = jobs.sensed.result()
    return Batch(
        jobs.begin_ns,
        jobs.end_ns,
        made.plots,
        made.truth_index,
        jobs.truth.result(),
        made.datagrams,
        jobs.beast.result(),
    )


def _fitting_s(batch: Batch, threads: int) -> float:
    """How long a batch may be, if the sky stays as busy as it was in this one."""
    # A datagram holds some 12 plots.
    rows = max(batch.plots.num_rows, 12 * len(batch.datagrams), batch.truth.num_rows)
    seconds = (batch.end_ns - batch.begin_ns) / SECOND_NS
    return PLOTS_MAX / (threads + 1) / max(rows, 1) * seconds


def sensed(running: Exercise, wanted: Wanted, begin_ns: int, end_ns: int) -> Sensed:
    """What sensors say in a span, as tables, as octets, or as both."""
    plots, index, sent = PLOTS.empty_table(), TRUTH_INDEX.empty_table(), ()
    if wanted.tables and wanted.octets:
        swept, sent = exercises.sweep_and_emissions(running, begin_ns, end_ns, encode)
        plots, index = _tables(running, wanted, swept)
    elif wanted.tables:
        plots, index = _tables(running, wanted, exercises.sweep(running, begin_ns, end_ns))
    elif wanted.octets:
        sent = exercises.emissions(running, begin_ns, end_ns, encode)
    return Sensed(plots, index, _of_members(running, wanted, sent))


def _tables(running: Exercise, wanted: Wanted, swept: Swept) -> tuple[pa.Table, pa.Table]:
    plots, index = swept.plots, _index(swept)
    if wanted.members:
        mine = np.array([sensor.member in wanted.members for sensor in running.scenario.sensor], bool)
        keep = pa.array(mine[swept.radar])
        plots, index = plots.filter(keep), index.filter(keep)
    return plots, index


def _index(swept: Swept) -> pa.Table:
    return pa.Table.from_arrays(
        [
            pa.array(swept.aircraft, mask=swept.aircraft < 0),
            pa.array(swept.crossing_ns).cast(TIME),
            pa.DictionaryArray.from_arrays(pa.array(swept.cause.astype(np.int32)), pa.array(CAUSES)),
        ],
        schema=TRUTH_INDEX,
    )


def truth(running: Exercise, wanted: Wanted, begin_ns: int, end_ns: int) -> pa.Table:
    """Where everybody is at each whole multiple of the interval since the exercise began."""
    step_ns = round(wanted.truth_every_s * SECOND_NS)
    if not step_ns:
        return exercises.truth(running, np.empty(0, np.int64))
    first = wanted.begin_ns + -(-(begin_ns - wanted.begin_ns) // step_ns) * step_ns
    return exercises.truth(running, np.arange(first, end_ns, step_ns, dtype=np.int64))


def _of_members(running: Exercise, wanted: Wanted, sent: tuple[Datagram, ...]) -> tuple[Datagram, ...]:
    if not wanted.members:
        return sent
    mine = {sensor.id for sensor in running.scenario.sensor if sensor.member in wanted.members}
    return tuple(datagram for datagram in sent if datagram.feed in mine)


def beast(running: Exercise, wanted: Wanted, begin_ns: int, end_ns: int) -> Mapping[str, Frames]:
    """What each ADS-B receiver hears in a span, framed."""
    if not wanted.beast:
        return {}
    return frames(running, wanted.members, wanted.begin_ns, begin_ns, end_ns)
