"""Sensors that are out of service for a time, in whole or in part."""

import numpy as np
from numpy.typing import NDArray

from asman.exercise.events import Outage, lasts
from asman.exercise.scenario import Scenario
from asman.exercise.sky import Sky
from asman.kernels import radar as rad
from asman.units import SECOND_NS

Ints = NDArray[np.int64]

#: Bits of what is silent.
PRIMARY, SECONDARY = 1, 2
_BITS = {"psr": PRIMARY, "ssr": SECONDARY, "all": PRIMARY | SECONDARY}


def silent(scenario: Scenario, sensor: Ints, seconds: NDArray[np.float64]) -> Ints:
    """Bits of what is out of service of each sensor (N,), an index, at its time (N,) [s after the begin]."""
    bits = np.zeros(sensor.size, np.int64)
    ids = [one.id for one in scenario.sensor]
    for event in scenario.event:
        if isinstance(event, Outage):
            begin, end = lasts(event)
            out = (sensor == ids.index(event.sensor)) & (seconds >= begin) & (seconds < end)
            bits[out] |= _BITS[event.part]
    return bits


def silence_plots(
    scenario: Scenario, sky: Sky, rows: Ints, measures: NDArray[np.float64]
) -> tuple[Ints, NDArray[np.float64]]:
    """Take away what a part that is out of service would have said; kernels' rows in, and out."""
    if not any(isinstance(event, Outage) for event in scenario.event):
        return rows, measures
    bits = silent(scenario, rows[:, rad.RADAR], rows[:, rad.AT] / SECOND_NS)
    out = np.flatnonzero(bits)
    seen, bits = rows[out, rad.SEEN], bits[out]
    seen = np.where(bits & PRIMARY, seen & ~rad.PSR, seen)
    seen = np.where(bits & SECONDARY, seen & rad.PSR, seen)
    rows, measures = np.delete(rows, out[seen == 0], 0), np.delete(measures, out[seen == 0], 0)
    # What is left of the others stands as many rows higher as are gone before it.
    left = out[seen > 0] - np.searchsorted(out[seen == 0], out[seen > 0])
    rows[left, rad.SEEN] = seen[seen > 0]
    bare = left[seen[seen > 0] == rad.PSR]
    rows[bare, rad.FLAWS] = rad.CODE_IS_MISSING | rad.ALTITUDE_IS_MISSING
    measures[bare, rad.PRESSURE] = np.nan
    return rows, measures
