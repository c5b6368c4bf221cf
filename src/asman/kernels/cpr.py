"""Compact Position Reporting: latitude and longitude in 17 bits each.

The earth is cut into zones of latitude, 60 in the even format and 59 in the odd, and those into zones of
longitude, NL(latitude) even or one fewer odd, so that they stay about as wide as high. A message says where
in its zone the aircraft is, not in which: a receiver finds that from one message of each format, or from a
position it knows. A step is about 5.1 m in the air; on the ground, where the two highest of 19 bits are left
out, 1.3 m.

Sources: RTCA DO-260B (EUROCAE ED-102A), A.1.7; ICAO Doc 9871 (2nd edition), C.2.6; J. Sun, "The 1090
Megahertz Riddle", 2nd edition, chapter 5.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, part

#: A whole number, compiled or not.
Int = int | np.integer[Any]

#: Zones of latitude between equator and pole.
ZONES: Final = 15
BITS: Final = 17
#: On the ground positions are counted with two bits more, which are not sent.
BITS_SURFACE: Final = 19


def _transition_deg(zones: int) -> float:
    """Latitude at which `zones` zones of longitude become one fewer."""
    if zones == 2:
        return 87.0
    ratio = (1 - math.cos(math.pi / (2 * ZONES))) / (1 - math.cos(2 * math.pi / zones))
    return math.degrees(math.acos(math.sqrt(ratio)))


#: The 58 latitudes, rising. The nearest step of any format is 8e-9° away (but 87° itself, which is exact), so
#: no rounding of the formula decides.
_TRANSITIONS_DEG: Final = np.array([_transition_deg(zones) for zones in range(59, 1, -1)])
_TRANSITIONS_DEG.setflags(write=False)


@part
def longitude_zones(lat_deg: float) -> Int:
    """Zones of longitude at a latitude, "NL": 59 at the equator, 2 at 87°, 1 beyond."""
    low, high = 0, _TRANSITIONS_DEG.size
    size = abs(lat_deg)
    while low < high:
        middle = (low + high) // 2
        if _TRANSITIONS_DEG[middle] < size:
            low = middle + 1
        else:
            high = middle
    return 59 - low


@part
def encode_cpr(lat_deg: float, lon_deg: float, odd: Int, bits: Int) -> Int:
    """Latitude and longitude as 34 bits, 17 each.

    odd   0 even format, 1 odd
    bits  BITS in the air, BITS_SURFACE on the ground
    """
    steps = float(1 << bits)
    zone_lat_deg = 360.0 / (4 * ZONES - odd)
    zones = lat_deg / zone_lat_deg
    first = np.floor(zones)
    lat = np.floor((zones - first) * steps + 0.5)
    # The zones of longitude are those at the latitude that the receiver will see.
    seen_deg = zone_lat_deg * (first + lat / steps)
    zones = lon_deg * max(longitude_zones(seen_deg) - odd, 1) / 360.0
    lon = np.floor((zones - np.floor(zones)) * steps + 0.5)
    mask = (1 << BITS) - 1
    return (int(lat) & mask) << BITS | (int(lon) & mask)


@kernel
def encode_positions(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64], odd: NDArray[np.bool_], bits: Int
) -> NDArray[np.int64]:
    """Encode positions.

    lat_deg, lon_deg  (N,)  WGS-84
    odd               (N,)  which format
    bits              BITS in the air, BITS_SURFACE on the ground
    returns           (N,)  34 bits: latitude, then longitude
    """
    out = np.empty(lat_deg.size, np.int64)
    for i in range(lat_deg.size):
        out[i] = encode_cpr(lat_deg[i], lon_deg[i], np.int64(odd[i]), bits)
    return out
