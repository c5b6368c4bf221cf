"""Vectors in a plane, as columns: lengths and azimuths to components and back.

numpy has its own sine, cosine, arc tangent and hypotenuse, chosen at run time by what the processor can do,
and they may differ in the last bit. What leads to tracks is computed here instead.
"""

import math

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel

Floats = NDArray[np.float64]


@kernel
def components(length: Floats, azimuth: Floats) -> tuple[Floats, Floats]:
    """North and east of vectors, in the unit of their length; azimuth [rad] from north, clockwise."""
    north, east = np.empty(length.size), np.empty(length.size)
    for i in range(length.size):
        north[i] = length[i] * math.cos(azimuth[i])
        east[i] = length[i] * math.sin(azimuth[i])
    return north, east


@kernel
def azimuths(north: Floats, east: Floats) -> Floats:
    """Azimuth [rad] of vectors, from north, clockwise, -pi to pi."""
    out = np.empty(north.size)
    for i in range(north.size):
        out[i] = math.atan2(east[i], north[i])
    return out
