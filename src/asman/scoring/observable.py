"""Which places some judged sensor can see at all: in range, and above a smooth horizon.

An aircraft that no radar can see is missed by nobody. Without terrain the horizon is that of a smooth sphere
at the ellipsoid's height, seen with a standard atmosphere (4/3 of the earth's radius): the farthest two
heights h and H can see each other is sqrt(2 R h) + sqrt(2 R H). Mountains see less; so places behind them
still count as missed. A position sensor (ADS-B, multilateration) has a range only.

Source: M. I. Skolnik, Introduction to Radar Systems, 3rd edition, 2001, section 8.2 (4/3 earth).
"""

import math
from typing import Final

import numpy as np

from asman.kernels.geodesy import lla_to_polar_array
from asman.model.sensor import RADAR_KINDS, Sensors
from asman.scoring.columns import Flags, Floats

#: Mean radius of the earth (IUGG), times 4/3.
BENT_RADIUS_M: Final = 4.0 / 3.0 * 6_371_008.8
#: A primary radar with no longer range watches the surface of an airport.
SURFACE_RANGE_M: Final = 25_000.0


def observable(lat: Floats, lon: Floats, height_m: Floats, on_ground: Flags, sensors: Sensors) -> Flags:
    """Tell of each place whether any sensor can see it.

    lat, lon  (N,)  rad
    height_m  (N,)  m    above the ellipsoid, or pressure altitude; NaN: range alone decides
    on_ground (N,)       it says so: a surface radar sees nothing else
    sensors   those whose site is known
    """
    seen = np.zeros(lat.size, np.bool_)
    height = np.nan_to_num(height_m)
    reach_m = np.where(np.isnan(height_m), np.inf, np.sqrt(2.0 * BENT_RADIUS_M * np.maximum(height, 0.0)))
    for sensor in sensors:
        range_m, _, _ = lla_to_polar_array(
            lat, lon, height, math.radians(sensor.lat_deg), math.radians(sensor.lon_deg), sensor.height_m
        )
        horizon_m = np.full(lat.size, np.inf)
        if sensor.kind in RADAR_KINDS:
            horizon_m = reach_m + math.sqrt(2.0 * BENT_RADIUS_M * max(sensor.height_m, 0.0))
        sees = (range_m <= sensor.range_max_m) & (range_m <= horizon_m)
        if sensor.kind == "psr" and sensor.range_max_m <= SURFACE_RANGE_M:
            sees &= on_ground
        seen |= sees
    return seen
