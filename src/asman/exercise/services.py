"""What radars say of themselves: north markers and sector crossings."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.outages import PRIMARY, SECONDARY, silent
from asman.exercise.radars import SECTORS, sector_time_ns, sectors_between
from asman.exercise.sweep import World
from asman.kernels import radar as rad
from asman.model.plots import TIME
from asman.units import SECOND_NS

SERVICES: pa.Schema = pa.schema(
    [
        pa.field("time", TIME, metadata={"meaning": "the antenna points there, as the radar stamps it"}),
        pa.field("sensor", pa.dictionary(pa.int32(), pa.string())),
        pa.field("north", pa.bool_(), metadata={"meaning": "north marker, else sector crossing"}),
        pa.field("azimuth_deg", pa.float64()),
        pa.field("period_s", pa.float64(), metadata={"meaning": "last turn"}),
    ]
)


def services(
    world: World, begin: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[pa.Table, NDArray[np.int64], NDArray[np.int64]]:
    """Every message due in each radar's window [begin, end), ns after the exercise's begin, by time.

    Returns SERVICES rows; the true time of each [ns UTC]; the index of its radar.
    """
    scenario, radars = world.scenario, world.radars
    sectors = [sectors_between(radars, r, int(begin[r]), int(end[r])) for r in range(len(radars))]
    radar = np.repeat(np.arange(len(radars)), [sector.size for sector in sectors])
    times = [sector_time_ns(radars, r, sector) for r, sector in enumerate(sectors)]
    when, sector = np.concatenate(times), np.concatenate(sectors) % SECTORS
    speaks = silent(scenario, radar, when / SECOND_NS) != PRIMARY | SECONDARY
    radar, when, sector = radar[speaks], when[speaks], sector[speaks]
    # Where a turn begins there are two messages: north, then the sector.
    north = np.flatnonzero(sector == 0)
    row = np.r_[north, np.arange(sector.size)]
    is_north = np.arange(row.size) < north.size
    order = np.lexsort((~is_north, radar[row], when[row]))
    row, is_north = row[order], is_north[order]
    radar, when, sector = radar[row], when[row] + world.sky.begin_ns, sector[row]
    # As plots are stamped: the same clock, of the same bias and drift.
    since_s = (when - world.sky.begin_ns) / SECOND_NS
    late_s = radars[radar, rad.TIME_BIAS] + radars[radar, rad.CLOCK_DRIFT] * since_s
    stamp = when + (late_s * SECOND_NS).astype(np.int64)
    columns = [
        pa.array(rad.TIME_STEP_NS * ((stamp + rad.TIME_STEP_NS // 2) // rad.TIME_STEP_NS), pa.int64()).cast(
            TIME
        ),
        pa.DictionaryArray.from_arrays(
            pa.array(radar, pa.int32()), pa.array([sensor.id for sensor in scenario.sensor], pa.string())
        ),
        pa.array(is_north),
        pa.array(sector * (360.0 / SECTORS)),
        pa.array(radars[radar, rad.PERIOD]),
    ]
    return pa.Table.from_arrays(columns, schema=SERVICES), when, radar
