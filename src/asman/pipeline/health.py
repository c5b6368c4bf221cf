"""How sensors and feeds do: what was heard of each, how often, and what could not be used.

Rates are exponentially forgotten means, so that they need no list of the past: with time constant T, a count
n heard in dt seconds moves the rate to r exp(-dt/T) + n (1 - exp(-dt/T)) / dt.
"""

import math
from typing import Final

import msgspec

from asman.units import SECOND_NS

#: Time constant of the rates: some scans of a radar.
RATE_MEMORY_S: Final = 15.0
#: A sensor is silent when nothing came for this many of its periods, but not before SILENT_AFTER_S.
SILENT_PERIODS: Final = 3.0
SILENT_AFTER_S: Final = 10.0


class SensorCount(msgspec.Struct, frozen=True):
    """What was heard of one sensor since the node began.

    simulated       plots that said that they are simulated, or a test
    last_ns    ns   latest plot or service message, UTC; None before the first
    turned_ns  ns   latest north marker; None before the first
    period_s   s    measured rotation, from north markers; None before two of them
    """

    plots: int = 0
    simulated: int = 0
    rejected: int = 0
    plots_per_s: float = 0.0
    last_ns: int | None = None
    turned_ns: int | None = None
    period_s: float | None = None
    silent: bool = False


class FeedCount(msgspec.Struct, frozen=True):
    """What came over one feed since the node began."""

    datagrams: int = 0
    octets: int = 0
    rejected: int = 0
    last_ns: int | None = None


def heard(
    count: SensorCount, plots: int, rejected: int, last_ns: int | None, elapsed_s: float
) -> SensorCount:
    """Return the count after `elapsed_s` in which so many plots came, the latest at `last_ns`."""
    kept = math.exp(-elapsed_s / RATE_MEMORY_S)
    new = plots * (1.0 - kept) / elapsed_s if elapsed_s > 0 else 0.0
    known = [time for time in (count.last_ns, last_ns) if time is not None]
    return msgspec.structs.replace(
        count,
        plots=count.plots + plots,
        rejected=count.rejected + rejected,
        plots_per_s=count.plots_per_s * kept + new,
        last_ns=max(known, default=None),
    )


def turned(count: SensorCount, north_ns: int) -> SensorCount:
    """Return the count after the antenna passed north; a turn that was missed gives no period."""
    if count.turned_ns is None or north_ns <= count.turned_ns:
        return msgspec.structs.replace(count, turned_ns=max(north_ns, count.turned_ns or north_ns))
    between_s = (north_ns - count.turned_ns) / SECOND_NS
    missed = count.period_s is not None and between_s > 1.5 * count.period_s
    return msgspec.structs.replace(
        count, turned_ns=north_ns, period_s=count.period_s if missed else between_s
    )


def is_silent(count: SensorCount, period_s: float, now_ns: int) -> bool:
    """Whether a sensor that was heard before has been silent for too long."""
    if count.last_ns is None:
        return False
    return (now_ns - count.last_ns) / SECOND_NS > max(SILENT_PERIODS * period_s, SILENT_AFTER_S)
