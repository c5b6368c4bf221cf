"""What a node contributes: its own tracks with what they learned since the last time, free of partners' data.

The tracker of the last time is kept and predicted to now without the plots since. What the tracks know beyond
that is theirs to tell: the same for every recipient, so that whoever gets it twice can see that it is one.
"""

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman import tracking
from asman.fusion.rows import TERMS, UPPER
from asman.kernels.tracklets import learned
from asman.model.contribution import CONTRIBUTED
from asman.model.plots import TIME
from asman.tracking import Tracker
from asman.tracking.estimates import Estimates


class Own(msgspec.Struct, frozen=True):
    """What was told last, and the tracker as it was then."""

    at_ns: int
    tracker: Tracker
    table: pa.Table


def contribution(before: Own | None, tracker: Tracker, at_ns: int) -> Own:
    """Tell the confirmed tracks at a time that is not before their latest plots.

    Raises ValueError where time does not go on.
    """
    if before is not None and at_ns <= before.at_ns:
        raise ValueError("what a node contributes goes on in time")
    now = tracking.estimates(tracker, at_ns)
    then = None if before is None else tracking.estimates(before.tracker, at_ns, confirmed_only=False)
    rows = tracking.picture(tracker, at_ns, confirmed_only=True)
    local, about, information = _learned(now, then)
    since = np.zeros(len(rows), np.int64) if before is None else np.full(len(rows), before.at_ns)
    told = np.zeros(len(rows), np.bool_) if then is None else np.isin(now.track, then.track)
    columns: dict[str, Any] = {name: local[:, p, q] for name, (p, q) in TERMS.items()}
    columns["since"] = pa.array(since, pa.int64(), mask=~told).cast(TIME)
    columns["about"] = pa.FixedSizeListArray.from_arrays(pa.array(about.ravel()), 4)
    upper = np.ascontiguousarray(information[:, UPPER[0], UPPER[1]])
    columns["information"] = pa.FixedSizeListArray.from_arrays(pa.array(upper.ravel()), 10)
    arrays = [
        columns[field.name] if field.name in columns else rows[field.name].combine_chunks()
        for field in CONTRIBUTED
    ]
    arrays = [pa.array(one) if isinstance(one, np.ndarray) else one for one in arrays]
    return Own(at_ns, tracking.copy(tracker), pa.Table.from_arrays(arrays, schema=CONTRIBUTED))


def _learned(
    now: Estimates, then: Estimates | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    count = len(now.track)
    local, about, information = np.empty((count, 4, 4)), np.empty((count, 4)), np.empty((count, 4, 4))
    before = np.full(count, -1, np.int64)
    other = now if then is None else then
    if then is not None and len(then.track):
        order = np.argsort(then.track, kind="stable")
        place = np.minimum(np.searchsorted(then.track[order], now.track), len(order) - 1)
        same = then.track[order[place]] == now.track
        before[same] = order[place][same]
    learned(
        np.radians(now.lat_deg), np.radians(now.lon_deg), now.mean, now.covariance, before,
        np.radians(other.lat_deg), np.radians(other.lon_deg), other.mean, other.covariance,
        local, about, information,
    )  # fmt: skip
    return local, about, information
