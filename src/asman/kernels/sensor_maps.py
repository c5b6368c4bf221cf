"""What a tracker learns of its sensors: where they see what does not fly, whom they miss, who is new."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.atmosphere import Atmosphere, copy_of_air, empty_atmosphere
from asman.kernels.births import no_births
from asman.kernels.clutter_map import ClutterMap, empty_map, larger_clutter
from asman.kernels.detection_map import DetectionMap, larger_map, no_looks
from asman.kernels.hashing import ROWS_MAX
from asman.kernels.jit import small


class SensorMaps(NamedTuple):
    """What is learnt of all sensors.

    clutter    where primary radars keep seeing what does not move
    detection  how often who is there is seen, region by region
    births     (S, KINDS, 2)  what became of tracks that each sensor began
    air        how far heights lie from pressure altitudes, region by region
    """

    clutter: ClutterMap
    detection: DetectionMap
    births: NDArray[np.float64]
    air: Atmosphere


def nothing_learnt(sensors: int) -> SensorMaps:
    """Maps of so many sensors that know nothing."""
    return SensorMaps(empty_map(), no_looks(), no_births(sensors), empty_atmosphere())


def copy_of(maps: SensorMaps) -> SensorMaps:
    """An independent copy."""
    c, d = maps.clutter, maps.detection
    return SensorMaps(
        ClutterMap(c.key.copy(), c.hits.copy(), c.at_ns.copy(), c.used.copy()),
        DetectionMap(d.key.copy(), d.seen.copy(), d.looks.copy(), d.used.copy()),
        maps.births.copy(),
        copy_of_air(maps.air),
    )


def for_sensors(maps: SensorMaps, sensors: int) -> SensorMaps:
    """The maps with room for sensors that were met since."""
    more = sensors - len(maps.births)
    return maps if more <= 0 else maps._replace(births=np.concatenate([maps.births, no_births(more)]))


def wants_room(key: NDArray[np.int64], used: NDArray[np.int64]) -> bool:
    """Whether more than half of a table is used, and it may grow."""
    return bool(2 * used[0] > key.size and key.size < ROWS_MAX)


_wants_room = small(wants_room)


def crowded(maps: SensorMaps) -> bool:
    """Whether a table wants room: at the end of a window, so that how calls are cut does not matter."""
    clutter, detection = maps.clutter, maps.detection
    return wants_room(clutter.key, clutter.used) or wants_room(detection.key, detection.used)


@small
def is_crowded(maps: SensorMaps) -> bool:
    """`crowded`, for kernels."""
    clutter, detection = maps.clutter, maps.detection
    return _wants_room(clutter.key, clutter.used) or _wants_room(detection.key, detection.used)


def roomier(maps: SensorMaps) -> SensorMaps:
    """The maps, larger where a table is crowded."""
    clutter, detection = maps.clutter, maps.detection
    return maps._replace(
        clutter=larger_clutter(clutter) if wants_room(clutter.key, clutter.used) else clutter,
        detection=larger_map(detection) if wants_room(detection.key, detection.used) else detection,
    )
