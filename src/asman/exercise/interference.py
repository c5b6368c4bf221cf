"""Weather and jammers of a scenario as numbers, and what they leave of primary echoes.

A jammer's power p halves a radar's range p times, in the main beam and from 100 km: echoes fall with the
fourth power of range, so its noise there is 16^p - 1 times the receiver's own. See `kernels.interference`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from asman.exercise.events import RadarJamming, Weather, lasts
from asman.exercise.scenario import Scenario
from asman.kernels import disturbance as dis
from asman.kernels.geodesy import lla_to_ecef
from asman.kernels.interference import primary_factors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def weather_cells(scenario: Scenario) -> Floats:
    """Cells of rain (W, CELL_COLUMNS of `kernels.disturbance`), in the order of their events."""
    rows = [_cell(event) for event in scenario.event if isinstance(event, Weather)]
    return np.array(rows, np.float64).reshape(-1, dis.CELL_COLUMNS)


def radar_jammers(scenario: Scenario) -> Floats:
    """Jammers of primary radars (J, JAMMER_COLUMNS of `kernels.disturbance`), in their events' order."""
    rows = [_jammer(event) for event in scenario.event if isinstance(event, RadarJamming)]
    return np.array(rows, np.float64).reshape(-1, dis.JAMMER_COLUMNS)


def primary_factor(scenario: Scenario, radars: Floats, hits: Ints, geometry: Floats) -> Floats:
    """What weather and jamming leave of the primary signal to noise of each meeting (H,); 1 is all of it.

    radars          (R, RADAR_COLUMNS)
    hits, geometry  (H, HIT_INTS), (H, HIT_FLOATS)   see `kernels.meeting`
    """
    cells, jammers = weather_cells(scenario), radar_jammers(scenario)
    if not len(cells) and not len(jammers):
        return np.ones(len(hits))
    return primary_factors(radars, hits, geometry, cells, jammers)


def _cell(event: Weather) -> list[float]:
    begin, end = lasts(event)
    lat, lon = math.radians(event.lat_deg), math.radians(event.lon_deg)
    per_lat, per_lon = dis.metres_per_radian(lat)
    return [
        begin, end, lat, lon, event.radius_m, event.north_mps / per_lat, event.east_mps / per_lon,
        event.plots_per_scan, event.loss,
    ]  # fmt: skip


def _jammer(event: RadarJamming) -> list[float]:
    begin, end = lasts(event)
    x, y, z = lla_to_ecef(math.radians(event.lat_deg), math.radians(event.lon_deg), event.height_m)
    noise = 16.0**event.power - 1.0
    return [begin, end, x, y, z, event.height_m, noise, math.radians(event.width_deg), event.plots_per_scan]
