"""Absolute time from stamps that only say the time of day.

A stamp repeats every 24 hours (in CAT001 every 512 seconds), so it leaves open *which* day. Each source's
clock is carried on: a stamp means the instant nearest to where the clock of its source is expected. So a
step back of 1/128 s, or records that overtake one another by seconds, stay on their day; midnight goes over
in both directions. The expected instant moves on with the arrival of packets, through silences of any length
and for a clock that is hours off the packets'. Where packets were not timed, the newest time of any source
stands for the arrival; then a silence of all for over 12 hours cannot be told from a shorter one.

A stamp that leaps (a broken record, most likely) is not believed, and its record gets no time, until three in
a row agree: then it was a gap.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel

Ints = NDArray[np.int64]

#: "Not known", in every time of this file.
NO_TIME: Final = np.iinfo(np.int64).min
DAY_NS: Final = 86_400_000_000_000
#: A stamp beyond its wrap, e.g. 25 o'clock.
BROKEN: Final = -1
#: A step of a source's clock beyond this is doubted.
TRUST_NS: Final = 3_600_000_000_000
#: So many doubted stamps in a row, each near the one before, are believed.
DOUBTS_MAX: Final = 3

#: Stands among the newest clock's doubts when another recording begins: its first stamp may leap.
REOPENED: Final = -1

#: Columns of a clock: latest time, packet time then, latest doubted time, packet time then, doubts in a row.
TIME, PACKET, DOUBT, DOUBT_PACKET, DOUBTS = range(5)
CLOCK_WIDTH: Final = 5

#: Why a row has its time, or none.
STAMPED, LEAPED, UNTIMED = range(3)


@kernel
def _expected(clock: Ints, time_column: int, packet: int) -> int:
    """Where a clock should stand at a packet's time; as it stood, when packets are not timed."""
    if packet == NO_TIME or clock[time_column + 1] == NO_TIME:
        return clock[time_column]
    return clock[time_column] + packet - clock[time_column + 1]


@kernel
def _nearest(stamp: int, wrap: int, expected: int) -> int:
    """The instant nearest to `expected` that a stamp repeating every `wrap` from midnight can mean."""
    if wrap == DAY_NS:
        return stamp + (expected - stamp + wrap // 2) // wrap * wrap
    # 512 s do not divide the day, so the last stretch before midnight is short: look on both sides of it.
    best = NO_TIME
    for day in range(-1, 2):
        midnight = (expected // DAY_NS + day) * DAY_NS
        since = stamp + (expected - midnight - stamp + wrap // 2) // wrap * wrap
        since = min(max(since, stamp), stamp + (DAY_NS - 1 - stamp) // wrap * wrap)
        if best == NO_TIME or abs(midnight + since - expected) < abs(best - expected):
            best = midnight + since
    return best


@kernel
def unroll(
    source: Ints, stamp_ns: Ints, wrap_ns: Ints, packet_ns: Ints, clocks: Ints, first_day_ns: int
) -> tuple[Ints, Ints]:
    """Give every row its instant, and move the clocks on, in place.

    source        (N,)      index into clocks, less than S
    stamp_ns      (N,)      ns  time of day as the sensor says it, less than wrap_ns; NO_TIME where it says
                                none, BROKEN where it says what no clock shows
    wrap_ns       (N,)      ns  after how long a stamp repeats
    packet_ns     (N,)      ns  when the packet arrived, UTC; NO_TIME where unknown
    clocks        (S+1, 5)  ns  of every source, and last the newest of all; all NO_TIME (doubts 0) when new
    first_day_ns  ns            midnight of the day of the first row of all; NO_TIME: the packets say it
    returns       (N,)      ns  instants, UTC; NO_TIME where there is none
                  (N,)          STAMPED, LEAPED (a stamp not believed) or UNTIMED

    A row without a stamp takes its packet's time by its source's clock, or the latest time of its source. A
    stamp that repeats within the day (CAT001) needs a clock: rows before their source's first full stamp are
    taken from that one, backwards, and those of a source that never gives one from another source's.
    """
    rows = source.size
    newest = clocks.shape[0] - 1
    instant = np.full(rows, NO_TIME, np.int64)
    verdict = np.full(rows, UNTIMED, np.int64)
    first = clocks[:, TIME].copy()
    for i in range(rows):
        clock = clocks[source[i]]
        timed = packet_ns[i] != NO_TIME
        packet = packet_ns[i] if timed else clocks[newest, TIME]
        if stamp_ns[i] == BROKEN:
            verdict[i] = LEAPED
            continue
        expected = NO_TIME
        if clock[TIME] != NO_TIME:
            expected = _expected(clock, TIME, packet)
        elif clocks[newest, TIME] != NO_TIME and wrap_ns[i] >= DAY_NS:
            expected = _expected(clocks[newest], TIME, packet)
        elif first_day_ns != NO_TIME and stamp_ns[i] != NO_TIME and wrap_ns[i] >= DAY_NS:
            expected = first_day_ns + stamp_ns[i]
        elif timed:
            expected = packet
        if expected == NO_TIME:
            continue
        if stamp_ns[i] == NO_TIME:
            if timed or clock[TIME] != NO_TIME:
                instant[i] = expected
                verdict[i] = STAMPED
            continue
        now = _nearest(stamp_ns[i], wrap_ns[i], expected)
        trusted = clocks[newest, TIME] == NO_TIME or clocks[newest, DOUBTS] == REOPENED
        if not trusted and abs(now - expected) > TRUST_NS:
            near = clock[DOUBTS] > 0 and abs(now - _expected(clock, DOUBT, packet)) <= TRUST_NS
            clock[DOUBTS] = clock[DOUBTS] + 1 if near else 1
            clock[DOUBT] = now
            clock[DOUBT_PACKET] = packet
            if clock[DOUBTS] < DOUBTS_MAX:
                verdict[i] = LEAPED
                continue
        clock[TIME] = now
        clock[PACKET] = packet if timed else now
        clock[DOUBTS] = 0
        clocks[newest, TIME] = now
        clocks[newest, PACKET] = clock[PACKET]
        clocks[newest, DOUBTS] = 0
        if first[source[i]] == NO_TIME:
            first[source[i]] = now
        if first[newest] == NO_TIME:
            first[newest] = now
        instant[i] = now
        verdict[i] = STAMPED
    for i in range(rows):
        nearby = first[source[i]] if first[source[i]] != NO_TIME else first[newest]
        if verdict[i] == UNTIMED and stamp_ns[i] != NO_TIME and nearby != NO_TIME:
            instant[i] = _nearest(stamp_ns[i], wrap_ns[i], int(nearby))
            verdict[i] = STAMPED
    return instant, verdict
