"""Which aircraft terrain hides from an ADS-B receiver."""

import math

import numpy as np
from numpy.typing import NDArray

from asman.exercise.scenario import Scenario
from asman.exercise.terrain import Masks
from asman.kernels.geodesy import lla_to_enu_array
from asman.kernels.viewing import behind_ground

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def behind_terrain(
    scenario: Scenario, masks: Masks, sensor: Ints, lat: Floats, lon: Floats, height: Floats
) -> Flags:
    """Whether terrain hides each place (N,), lat, lon [rad] and height [m], from its sensor (N,), an index.

    A sensor whose effect `terrain` is off has none around it, nor has one that is no ADS-B receiver:
    receivers of a multilateration system stand elsewhere, and have no masks.
    """
    behind = np.zeros(sensor.size, bool)
    for index, one in enumerate(scenario.sensor):
        rows = np.flatnonzero(sensor == index)
        if one.kind != "adsb" or not rows.size or not scenario.effects_of(one.id).terrain:
            continue
        east, north, up = lla_to_enu_array(
            lat[rows], lon[rows], height[rows],
            math.radians(one.lat_deg), math.radians(one.lon_deg), float(masks.antenna_m[index]),
        )  # fmt: skip
        distance = np.sqrt(east * east + north * north + up * up)
        mine = np.zeros(rows.size, bool)
        behind_ground(
            masks.sine, masks.range_step_m, masks.antenna_m, masks.earth_m, np.full(rows.size, index),
            distance, np.arctan2(east, north), up / np.maximum(distance, 1.0), height[rows], mine,
        )  # fmt: skip
        behind[rows] = mine
    return behind
