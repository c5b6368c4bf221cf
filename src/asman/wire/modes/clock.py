"""What a receiver's 48 bits of time count: a clock of 12 MHz, or GPS seconds of the day with nanoseconds.

GPS time has the second of the day in the upper 18 bits and the nanosecond in the lower 30. The lower 30 bits
go to 1,073,741,823, a nanosecond only to 999,999,999: 7 % of what a counter shows is no time. So one such
value, or a second beyond the day, says "12 MHz"; GPS is believed where the second goes on at least once and
no value is in the gap. A recording too short for that is read as 12 MHz, the custom of nearly all receivers.

Source: jetvision wiki, "Mode-S Beast: Data Output Formats" and "Radarcape: Firmware Versions", time stamps.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.model.frames import NO_TIME
from asman.units import DAY_S, SECOND_NS

Ints = NDArray[np.int64]

TWELVE_MHZ: Final = "12 MHz"
GPS: Final = "GPS"
EPOCH: Final = "UTC"
NONE: Final = "none"
#: Times that are none: of a receiver without clock, and of what aggregators make (multilateration, UAT).
_NO_CLOCK: Final = (0, 0xFF004D4C4154, 0xFF004D4C4155, 0xFF0055415400)
_NANOSECOND_BITS: Final = 30
_HALF_DAY_NS: Final = 43_200 * SECOND_NS


class Unrolled(NamedTuple):
    """Where a clock of the day stood: its last time, and midnights that it passed."""

    last_ns: int = -1
    days: int = 0


def judge(ticks: Ints) -> str:
    """Say which clock made these times: TWELVE_MHZ, GPS, or NONE where there is no time in them."""
    told = ticks[(ticks >= 0) & ~np.isin(ticks, _NO_CLOCK)]
    if not told.size:
        return NONE
    seconds, ns = told >> _NANOSECOND_BITS, told & ((1 << _NANOSECOND_BITS) - 1)
    if (seconds >= DAY_S).any() or (ns >= SECOND_NS).any():
        return TWELVE_MHZ
    steps = np.diff(seconds)
    # A second of a day follows the one before; a counter's upper bits go on once in 89 s.
    return (
        GPS
        if np.count_nonzero(steps == 1) >= 1 and steps.size and np.abs(steps).max() < DAY_S
        else TWELVE_MHZ
    )


def nanoseconds(ticks: Ints, clock: str, before: Unrolled) -> tuple[Ints, Unrolled]:
    """Times in ns, NO_TIME where there is none; a clock of the day goes on over midnight."""
    none = (ticks < 0) | np.isin(ticks, _NO_CLOCK)
    if clock == NONE or none.all():
        return np.full(ticks.size, NO_TIME, np.int64), before
    if clock == TWELVE_MHZ:
        return np.where(none, NO_TIME, ticks // 3 * 250 + ticks % 3 * 250 // 3), before
    ns = (ticks >> _NANOSECOND_BITS) * SECOND_NS + (ticks & ((1 << _NANOSECOND_BITS) - 1))
    told = np.flatnonzero(~none)
    steps = np.diff(ns[told], prepend=before.last_ns if before.last_ns >= 0 else ns[told[0]])
    days = before.days + np.cumsum((steps < -_HALF_DAY_NS).astype(np.int64) - (steps > _HALF_DAY_NS))
    out = np.full(ticks.size, NO_TIME, np.int64)
    out[told] = ns[told] + days * DAY_S * SECOND_NS
    return out, Unrolled(int(ns[told[-1]]), int(days[-1]))


class Anchor(NamedTuple):
    """By how much UTC is ahead of a receiver's clock, as arrivals show it.

    ahead_ns  UTC less the clock
    least_ns  the least difference of this window, since `began_ns` of its arrival
    """

    ahead_ns: int
    least_ns: int
    began_ns: int


#: A receiver's clock is followed a window at a time: it drifts by some microseconds a second.
_WINDOW_NS: Final = 60 * SECOND_NS
_DRIFTED_NS: Final = SECOND_NS // 50
#: A difference that leaps by more was set anew: the receiver was started again.
_LEAPT_NS: Final = 5 * SECOND_NS


def anchored(before: Anchor | None, arrived_ns: int, latest_ns: int) -> Anchor:
    """Follow a clock: octets whose latest message has `latest_ns` arrived at `arrived_ns`.

    Messages arrive late, never early, so that the least difference is the truest.
    """
    ahead = arrived_ns - latest_ns
    if before is None or abs(ahead - before.ahead_ns) > _LEAPT_NS:
        return Anchor(ahead, ahead, arrived_ns)
    if ahead < before.ahead_ns:
        return Anchor(ahead, ahead, arrived_ns)
    least = min(ahead, before.least_ns)
    if arrived_ns - before.began_ns < _WINDOW_NS:
        return Anchor(before.ahead_ns, least, before.began_ns)
    return Anchor(least if least - before.ahead_ns > _DRIFTED_NS else before.ahead_ns, ahead, arrived_ns)
