"""How late plots come, so that the tracker waits for them, and no longer.

A radar sends a sector when it has left it, so a plot arrives some tenths of a second after its detection; a
slow processing chain or a clock that is behind makes it seconds. The tracker uses plots in the order of
detection and cannot use one that comes after its time was closed. So time is closed only up to now minus the
lag that was measured: it rises at once with what is later than before, and falls slowly.
"""

from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from asman.pipeline.batch import Batch, frame_of
from asman.units import SECOND_NS

#: Before anything was measured.
FIRST_S: Final = 0.5
#: Added to what was measured: half a window of association.
MARGIN_S: Final = 0.25
#: Nothing later than this is waited for.
LONGEST_S: Final = 10.0
#: Share of the plots that is waited for; the rest are stamps that leap.
SHARE: Final = 0.98
#: Time constant with which the lag falls: several rotations of a slow radar.
MEMORY_S: Final = 60.0


class Lag(msgspec.Struct, frozen=True):
    """Arrival minus detection, in seconds; what is waited for."""

    lag_s: float = FIRST_S


def measure(before: Lag, batch: Batch, plots: pa.Table, elapsed_s: float) -> Lag:
    """Return the lag after a step. `plots` still carry their offsets in the batch."""
    kept = before.lag_s - (before.lag_s - FIRST_S) * min(max(elapsed_s, 0.0) / MEMORY_S, 1.0)
    if not plots.num_rows:
        return before
    arrived = batch.frames.time_ns[frame_of(batch, plots["offset"].to_numpy())]
    late_s = (arrived - plots["time"].cast(pa.int64()).to_numpy()) / SECOND_NS
    found = float(np.quantile(late_s, SHARE, method="higher"))
    return Lag(min(max(found, kept, 0.0), LONGEST_S))


def frontier_ns(lag: Lag, now_ns: int) -> int:
    """Return the instant up to which all plots are taken to have come."""
    return now_ns - round((lag.lag_s + MARGIN_S) * SECOND_NS)
