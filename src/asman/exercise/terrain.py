"""Which aircraft a site sees over real ground: one mask a site, made once, asked at each meeting of a beam.

A mask says for each direction and distance how high one must look to pass over all ground before it; the
geometry is in `kernels.terrain_mask`. Without terrain the earth is smooth at each site's ground, as it is
where the elevation model ends or has a void: never an error, and the share that is known is told.

A radar is never under the ground: elevation models give means of cells, 450 m wide at 15", that may lie
above a surveyed antenna. Where the ground and the mast come out higher than the sensor's own height, the
mask is made, and must be asked, for an antenna that much higher; `raised_m` tells. If it is nearly the same
for all sites, their heights count from the ellipsoid and the terrain's from the sea: give the terrain its
`undulation_m`.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError
from asman.kernels.motion import MEAN_RADIUS_M
from asman.kernels.terrain_grid import VOID, ground_at, peaks_of
from asman.kernels.terrain_mask import fill_mask
from asman.model.sensor import Sensors
from asman.model.terrain import Terrain

#: All masks together never take more memory: 64 sites of 400 km take half of it.
MASK_OCTETS_MAX: Final = 600_000_000
#: Steps of range wider than this would hide valleys; more sites than that allows are refused.
RANGE_STEP_MAX_M: Final = 2_000.0
#: An eighth of a degree by 1 km errs half as much as a quarter of a degree by 500 m, in the same memory.
AZIMUTHS: Final = 2880
RANGE_STEP_M: Final = 1_000.0
DEGREE_M: Final = math.radians(MEAN_RADIUS_M)
#: Ground is sampled four times a cell along a ray (at one a cell, crests between samples cost 11 m of lowest
#: visible height in the mean), but not closer than this unless cells are.
_SPACING_M: Final = 30.0
_SPACING_MIN_M: Final = 20.0
_SPACING_MAX_M: Final = 500.0


class Masks(msgspec.Struct, frozen=True, kw_only=True):
    """What terrain hides from each site; one row a sensor, in the order they were given.

    sine          (S, A, R) float32  1   least sine of elevation that passes over the ground: row a looks to
                                         azimuth 2π a / A, column r to the ground distance r * range_step_m.
                                         A is 1 where all directions are alike: no terrain
    range_step_m  m        between columns; wider than asked where memory needed it
    antenna_m     (S,)  m  height above the ellipsoid for which a mask is to be asked
    earth_m       (S,)  m  effective earth radius that it was made with
    raised_m      (S,)  m  how much antenna_m is above the sensor's own height; mostly 0
    known         (S,)  1  share of the disc, to the longest range, whose ground is known; the rest is smooth
    """

    sine: NDArray[np.float32]
    range_step_m: float
    antenna_m: NDArray[np.float64]
    earth_m: NDArray[np.float64]
    raised_m: NDArray[np.float64]
    known: NDArray[np.float64]


def make_masks(
    terrain: Terrain | None,
    sensors: Sensors,
    mast_m: float | Sequence[float] = 20.0,
    horizon_k: float | Sequence[float] = 4.0 / 3.0,
    azimuths: int = AZIMUTHS,
    range_step_m: float = RANGE_STEP_M,
) -> Masks:
    """Make the mask of every sensor, out to the longest of their ranges.

    terrain       None: smooth earth, a mast's height under each antenna
    mast_m        m   antenna above its ground; one for all, or one a sensor
    horizon_k     1   effective earth radius over the mean radius, likewise
    azimuths      1   directions, evenly around
    range_step_m  m   between columns

    A site of 400 km over 15" terrain takes 0.4 s, once compiled. Raises InputError where more sites are asked
    for than MASK_OCTETS_MAX can hold.
    """
    count = len(sensors)
    azimuths = azimuths if terrain is not None else 1
    reach_m = max((sensor.range_max_m for sensor in sensors), default=0.0)
    step_m = _step_within_memory(count, azimuths, reach_m, range_step_m)
    masts, earth = np.broadcast_to(mast_m, count), np.broadcast_to(horizon_k, count) * MEAN_RADIUS_M
    asked = np.array([sensor.height_m for sensor in sensors], np.float64)
    antenna = asked
    if terrain is not None:
        antenna = np.fmax(asked, ground_m(terrain, sensors) + masts)
    sine = np.empty((count, azimuths, math.ceil(reach_m / step_m) + 1), np.float32)
    known = np.zeros(count)
    grid = _grid(terrain) if terrain is not None else _NOTHING
    peaks = peaks_of(grid[0])
    for i, sensor in enumerate(sensors):
        known[i] = fill_mask(
            *grid, peaks, 0.0 if terrain is None else terrain.undulation_m,
            math.radians(sensor.lat_deg), math.radians(sensor.lon_deg),
            antenna[i], antenna[i] - masts[i], earth[i], _spacing_m(terrain, sensor.lat_deg), step_m, sine[i],
        )  # fmt: skip
    return Masks(
        sine=sine,
        range_step_m=step_m,
        antenna_m=antenna,
        earth_m=earth,
        raised_m=antenna - asked,
        known=known,
    )


def ground_m(terrain: Terrain, sensors: Sensors) -> NDArray[np.float64]:
    """Height [m] of the ground under each sensor, in the sensors' own height; NaN where unknown."""
    lat = np.array([sensor.lat_deg for sensor in sensors], np.float64)
    lon = np.array([sensor.lon_deg for sensor in sensors], np.float64)
    return ground_at(*_grid(terrain), lat, lon) + terrain.undulation_m


def lowest_visible_m(masks: Masks, site: int) -> NDArray[np.float64]:
    """Height [m] above the ellipsoid from which an aircraft is seen, for each azimuth and distance of a site.

    (A, R), as `Masks.sine`; never below the ground itself. Column 0, over the antenna, is -inf: nothing
    hides there. Infinite where the ground rises so steeply that no height is enough.
    """
    angle = np.arange(masks.sine.shape[2]) * masks.range_step_m / masks.earth_m[site]
    sine = masks.sine[site].astype(np.float64)
    tangent = np.full_like(sine, -np.inf)
    np.divide(sine, np.sqrt(1.0 - sine * sine), out=tangent, where=sine > -1.0)
    rise = np.zeros_like(sine)
    np.multiply(tangent, np.sin(angle), out=rise, where=np.isfinite(tangent))
    versine = 2.0 * np.sin(0.5 * angle) ** 2
    # (earth + height) (cos φ - tan θ sin φ) = earth + antenna, solved for the height without loss of digits.
    share = 1.0 - versine - rise
    height = np.full_like(sine, np.inf)
    np.divide(
        masks.antenna_m[site] + masks.earth_m[site] * (versine + rise), share, out=height, where=share > 0.0
    )
    height[:, 0] = -np.inf
    return height


def area_of(sensors: Sensors) -> tuple[float, float, float, float]:
    """West, south, east, north [deg] of a box around all that the sensors can see: the terrain they need.

    West and east may run past ±180 where a range crosses it.
    """
    boxes: list[tuple[float, float, float, float]] = []
    for sensor in sensors:
        angle = math.degrees(sensor.range_max_m / MEAN_RADIUS_M) * 1.01
        sine = math.sin(math.radians(angle)) / max(math.cos(math.radians(sensor.lat_deg)), 1e-9)
        wide = math.degrees(math.asin(sine)) if sine < 1.0 and abs(sensor.lat_deg) + angle < 90.0 else 180.0
        lat, lon = sensor.lat_deg, sensor.lon_deg
        boxes.append((lon - wide, max(lat - angle, -90.0), lon + wide, min(lat + angle, 90.0)))
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


#: A grid that knows no place.
_NOTHING: Final = (np.full((1, 1), VOID, np.int16), -1e9, 0.0, 1.0, 1.0)


def _grid(terrain: Terrain) -> tuple[NDArray[np.int16], float, float, float, float]:
    return (
        terrain.height_m, terrain.north_deg, terrain.west_deg, terrain.step_lat_deg, terrain.step_lon_deg
    )  # fmt: skip


def _spacing_m(terrain: Terrain | None, lat_deg: float) -> float:
    """How far apart a ray's samples are [m], from the grid's own step at a site."""
    if terrain is None:
        return _SPACING_MAX_M
    cell = min(terrain.step_lat_deg, terrain.step_lon_deg * math.cos(math.radians(lat_deg))) * DEGREE_M
    return min(max(cell / 4.0, min(cell, _SPACING_M), _SPACING_MIN_M), _SPACING_MAX_M)


def _step_within_memory(sites: int, azimuths: int, reach_m: float, step_m: float) -> float:
    """The range step asked for, or the wider one that keeps all masks within MASK_OCTETS_MAX."""
    columns_max = MASK_OCTETS_MAX // (4 * azimuths * max(sites, 1)) - 2
    widest = max(step_m, RANGE_STEP_MAX_M)
    if columns_max < 1 or reach_m / columns_max > widest:
        raise InputError(
            "terrain",
            f"masks of {sites} sites to {reach_m / 1000:.0f} km exceed {MASK_OCTETS_MAX / 1e6:.0f} MB",
            "Use fewer sites, a shorter range_max_m, or no terrain.",
        )
    return max(step_m, reach_m / columns_max)
