"""Which of many aircraft which sites could see: range, cone of silence, smooth ground or terrain."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import radar as rad
from asman.kernels.detection import FALSE_ALARM, primary_snr
from asman.kernels.geodesy import ecef_to_enu, lla_to_ecef
from asman.kernels.jit import kernel, part
from asman.kernels.meeting import in_view
from asman.kernels.terrain_mask import behind_terrain

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Who gives an echo less often than this can hardly be followed: it is not in view of a primary radar.
ECHO_LEAST: Final = 0.5


@part
def _behind(
    masks: NDArray[np.float32],
    step: float,
    antenna: Floats,
    earth: Floats,
    site: int,
    e: float,
    n: float,
    u: float,
    height: float,
) -> bool:
    """Tell whether terrain hides a place east, north, up [m] from a site."""  # fmt: skip
    return behind_terrain(masks[site], step, antenna[site], earth[site], e, n, u, math.atan2(e, n), height)


@kernel
def behind_ground(
    masks: NDArray[np.float32],
    step: float,
    antenna: Floats,
    earth: Floats,
    site: Ints,
    range_: Floats,
    azimuth: Floats,
    sine: Floats,
    height: Floats,
    behind: Flags,
) -> None:
    """Write for each of N places whether terrain hides it from its site.

    masks (S, A, R), step [m], antenna (S,) [m], earth (S,) [m]    see `kernels.terrain_mask`
    site (N,), range_ (N,) [m], azimuth (N,) [rad], sine (N,) of the true elevation, height (N,) [m]
    behind (N,)   filled
    """
    for i in range(site.size):
        ground = range_[i] * math.sqrt(max(1.0 - sine[i] * sine[i], 0.0))
        e, n = ground * math.sin(azimuth[i]), ground * math.cos(azimuth[i])
        behind[i] = _behind(masks, step, antenna, earth, site[i], e, n, range_[i] * sine[i], height[i])


@part
def _has_echo(radar: Floats, distance: float, rcs: float) -> bool:
    """Whether a primary radar would detect it half of the time or oftener, were nothing else in the way."""
    if distance > radar[rad.PSR_RANGE_MAX]:
        return False
    if radar[rad.SWERLING] == 0.0 or distance < 1.0:
        return True
    return FALSE_ALARM ** (1.0 / (1.0 + primary_snr(radar, distance, rcs, 1.0))) >= ECHO_LEAST


@kernel
def count_viewers(
    radars: Floats,
    masks: NDArray[np.float32],
    step: float,
    antenna: Floats,
    earth: Floats,
    lat: Floats,
    lon: Floats,
    height: Floats,
    transponder: Ints,
    rcs: Floats,
    silent: NDArray[np.uint8],
    viewers: Ints,
) -> None:
    """Write for each of N aircraft how many radars have it in view and have what it takes to see it.

    lat, lon (N,) [rad], height (N,) [m]
    transponder  (N,)    DARK needs a primary radar
    rcs          (N,) m² radar cross-section: a primary radar sees what it detects every other time or oftener
    silent       (N, R)  bits of parts that are out of service then: 1 primary, 2 secondary; (0, R): none
    masks, step, antenna, earth   see `kernels.terrain_mask`; of no sites where there is no terrain
    viewers      (N,)    filled
    """
    for i in range(lat.size):
        x, y, z = lla_to_ecef(lat[i], lon[i], height[i])
        count = 0
        for r in range(radars.shape[0]):
            radar = radars[r]
            dx, dy, dz = x - radar[rad.X], y - radar[rad.Y], z - radar[rad.Z]
            distance2 = dx * dx + dy * dy + dz * dz
            if distance2 > radar[rad.RANGE_MAX] ** 2 or radar[rad.RANGE_MAX] < 0.0:
                continue
            out = silent[i, r] if silent.shape[0] > 0 else 0
            distance = math.sqrt(distance2)
            secondary = radar[rad.HAS_SSR] > 0.0 and transponder[i] != rad.DARK and out & 2 == 0
            primary = radar[rad.HAS_PSR] > 0.0 and out & 1 == 0 and _has_echo(radar, distance, rcs[i])
            if not (secondary or primary):
                continue
            e, n, u = ecef_to_enu(
                dx, dy, dz, radar[rad.SIN_LAT], radar[rad.COS_LAT], radar[rad.SIN_LON], radar[rad.COS_LON]
            )
            if not in_view(radar, distance, u, height[i]):
                continue
            if (
                masks.shape[0] > 0
                and radar[rad.HAS_TERRAIN] > 0.0
                and _behind(masks, step, antenna, earth, r, e, n, u, height[i])
            ):
                continue
            count += 1
        viewers[i] = count
