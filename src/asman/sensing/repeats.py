"""Reports that were sent twice are one measurement, and are used once.

Redundant networks carry each datagram twice, a moment apart. A tracker that took both would believe the
second as much as the first, and be surer than it may be.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.repeats import mix, repeated
from asman.kernels.timeline import NO_TIME
from asman.sensing.arrow import to_floats
from asman.sensing.reports import Reports

#: So many reports of a category are remembered: seconds of the busiest feed, minutes of a single radar.
MEMORY: Final = 16_384

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def find(
    reports: list[Reports], instants: list[Ints], recent: dict[int, bytes]
) -> tuple[list[Bools], dict[int, bytes]]:
    """Mark the reports that came before, by category, and give what to remember for the next batch.

    Two reports are the same when source, instant, position as sent, address, code, level and track number
    are. A report without a stamp of its own is never the same as another.
    """
    marks: list[Bools] = []
    remembered = dict(recent)
    for one, some in zip(reports, instants, strict=True):
        memory = np.frombuffer(recent.get(one.layout.category, b""), np.uint64)
        keys = _keys(one, some)
        mark = repeated(keys, memory, MEMORY)
        marks.append(mark & ~np.isnan(one.stamp_s) & (some != NO_TIME))
        fresh = np.concatenate((memory, keys[~mark]))[-MEMORY:]
        remembered[one.layout.category] = fresh.tobytes()
    return marks, remembered


def _keys(reports: Reports, instants: Ints) -> NDArray[np.uint64]:
    """Hash what makes a report itself."""
    numbers = [
        reports.range_m,
        reports.azimuth_deg,
        reports.lat_deg,
        reports.lon_deg,
        reports.x_m,
        reports.y_m,
        to_floats(reports.columns["address"]),
        to_floats(reports.columns["mode_3a"]),
        to_floats(reports.columns["pressure_altitude_m"]),
        to_floats(reports.columns["sensor_track"]),
        reports.detection.astype(np.float64),
    ]
    whole = [reports.source + reports.layout.category * 65_536, instants]
    keys = np.zeros(instants.size, np.uint64)
    for column in (*numbers, *whole):
        mix(keys, column.view(np.uint64))
    return keys
