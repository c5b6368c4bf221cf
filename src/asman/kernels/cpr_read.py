"""Compact Position Reporting read: from one message of each format, or from one and a place nearby.

Two messages of different formats name the zone between them, as long as the aircraft did not move far from
one to the other ("global"). One message names the place in every zone; a position that is known to be less
than half a zone away (180 NM in the air, 45 NM on the ground) says in which ("local"). On the ground zones
are a quarter as wide, so that a pair has eight solutions; the one nearest to a known place counts.

Sources: RTCA DO-260B (EUROCAE ED-102A), A.1.7.4 to A.1.7.8; ICAO Doc 9871 (2nd edition), C.2.6.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.cpr import BITS, ZONES, longitude_zones
from asman.kernels.jit import kernel, small
from asman.kernels.modes_bits import Int

STEPS: Final = float(1 << BITS)
MASK: Final = (1 << BITS) - 1
EARTH_RADIUS_M: Final = 6_371_008.8


@small
def turned(lon_deg: float) -> float:
    """A longitude from -180 to below 180."""
    return lon_deg - 360.0 * np.floor((lon_deg + 180.0) / 360.0)


@small
def apart_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Distance on a sphere, degrees in, metres out."""
    half_lat = math.radians(lat_b - lat_a) / 2.0
    half_lon = math.radians(turned(lon_b - lon_a)) / 2.0
    chord = (
        math.sin(half_lat) ** 2
        + math.cos(math.radians(lat_a)) * math.cos(math.radians(lat_b)) * math.sin(half_lon) ** 2
    )
    return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


@small
def cpr_local(code: Int, odd: Int, surface: bool, near_lat: float, near_lon: float) -> tuple[float, float]:
    """Position of one message nearest to a known place; NaN where there is none on the earth."""
    turn = 90.0 if surface else 360.0
    zone = turn / (4 * ZONES - odd)
    part_lat, part_lon = (code >> BITS & MASK) / STEPS, (code & MASK) / STEPS
    lat = zone * (np.floor(near_lat / zone - part_lat + 0.5) + part_lat)
    if abs(lat) > 90.0:
        return np.nan, np.nan
    zone = turn / max(longitude_zones(lat) - odd, 1)
    lon = zone * (np.floor(near_lon / zone - part_lon + 0.5) + part_lon)
    return lat, turned(lon)


@small
def cpr_global(even: Int, odd: Int, last_odd: Int) -> tuple[float, float]:
    """Position in the air of the later of two messages; NaN where their zones of longitude differ."""
    lat_e, lon_e = (even >> BITS & MASK) / STEPS, (even & MASK) / STEPS
    lat_o, lon_o = (odd >> BITS & MASK) / STEPS, (odd & MASK) / STEPS
    j = np.floor(59.0 * lat_e - 60.0 * lat_o + 0.5)
    north_e = 6.0 * (j - 60.0 * np.floor(j / 60.0) + lat_e)
    north_o = 360.0 / 59.0 * (j - 59.0 * np.floor(j / 59.0) + lat_o)
    north_e -= 360.0 if north_e >= 270.0 else 0.0
    north_o -= 360.0 if north_o >= 270.0 else 0.0
    zones = longitude_zones(north_e)
    lat = north_o if last_odd else north_e
    if abs(north_e) > 90.0 or abs(north_o) > 90.0 or zones != longitude_zones(north_o):
        return np.nan, np.nan
    m = np.floor(lon_e * (zones - 1) - lon_o * zones + 0.5)
    count = float(max(zones - last_odd, 1))
    lon = 360.0 / count * (m - count * np.floor(m / count) + (lon_o if last_odd else lon_e))
    return lat, turned(lon)


@small
def cpr_global_surface(
    even: Int, odd: Int, last_odd: Int, near_lat: float, near_lon: float
) -> tuple[float, float]:
    """Position on the ground of the later of two messages, the nearest of eight; NaN for none."""
    lat_e, lon_e = (even >> BITS & MASK) / STEPS, (even & MASK) / STEPS
    lat_o, lon_o = (odd >> BITS & MASK) / STEPS, (odd & MASK) / STEPS
    j = np.floor(59.0 * lat_e - 60.0 * lat_o + 0.5)
    north_e = 1.5 * (j - 60.0 * np.floor(j / 60.0) + lat_e)
    north_o = 90.0 / 59.0 * (j - 59.0 * np.floor(j / 59.0) + lat_o)
    south = 90.0 if abs(north_e - 90.0 - near_lat) < abs(north_e - near_lat) else 0.0
    north_e, north_o = north_e - south, north_o - south
    zones = longitude_zones(north_e)
    lat = north_o if last_odd else north_e
    if abs(lat) > 90.0 or zones != longitude_zones(north_o):
        return np.nan, np.nan
    m = np.floor(lon_e * (zones - 1) - lon_o * zones + 0.5)
    count = float(max(zones - last_odd, 1))
    lon = 90.0 / count * (m - count * np.floor(m / count) + (lon_o if last_odd else lon_e))
    lon += 90.0 * np.floor((near_lon - lon) / 90.0 + 0.5)
    return lat, turned(lon)


@kernel
def read_pairs(
    even: NDArray[np.int64],
    odd: NDArray[np.int64],
    last_odd: NDArray[np.bool_],
    near_deg: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Read pairs of messages.

    even, odd  (N,)    34 bits: latitude, then longitude
    last_odd   (N,)    which of them is the later, whose position is wanted
    near_deg   (N, 2)  latitude and longitude of a known place: then the pair is of the ground; NaN in the air
    returns    (N, 2)  degrees; NaN where the pair has no position
    """
    out = np.empty((even.size, 2))
    for i in range(even.size):
        if np.isnan(near_deg[i, 0]):
            place = cpr_global(even[i], odd[i], np.int64(last_odd[i]))
        else:
            place = cpr_global_surface(even[i], odd[i], np.int64(last_odd[i]), near_deg[i, 0], near_deg[i, 1])
        out[i, 0], out[i, 1] = place
    return out


@kernel
def read_near(
    code: NDArray[np.int64],
    odd: NDArray[np.bool_],
    surface: NDArray[np.bool_],
    near_deg: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Read single messages with a place nearby: (N,) codes, formats and kinds, (N, 2) degrees in and out."""
    out = np.empty((code.size, 2))
    for i in range(code.size):
        out[i, 0], out[i, 1] = cpr_local(
            code[i], np.int64(odd[i]), surface[i], near_deg[i, 0], near_deg[i, 1]
        )
    return out
