"""Observing: what registration needs of a plot that a confirmed track has just taken."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import lent
from asman.kernels.placing import place_radar

Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: What a sensor measures, to registration.
RADAR, ADSB, MLAT = range(3)

#: Places in the array of marks that sweep hands on: observations written, one track of how many, which turn.
OBSERVED: Final = 5
ONE_OF: Final = 6
TURN: Final = 7

OBSERVATION: Final = np.dtype(
    [
        ("born_ns", "i8"),  # with born_x what the track is known by, whatever its number becomes
        ("born_x", "f8"),
        ("time_ns", "i8"),  # as stamped
        ("x", "f8"),  # m, earth-centred, on the ellipsoid, by what was known of the sensor's biases
        ("y", "f8"),
        ("z", "f8"),
        ("altitude_m", "f8"),
        ("ve_mps", "f8"),  # of the track
        ("vn_mps", "f8"),
        ("sigma_m", "f8"),  # of a report
        ("sensor", "i8"),
    ],
    align=True,
)


@lent
def observe(track: Record, plot: Record, sensors: Records, marks: Longs, seen: Records) -> None:
    """Note a plot that a track has just taken, if registration may learn from it.

    It may from confirmed tracks aloft, of which one in so many is chosen where they are many. A radar's plot
    needs an altitude, of its own or of the track; a report needs its integrity told, and good.
    """
    if marks[OBSERVED] >= seen.size or track.confirmed == 0 or track.on_ground == 1:
        return
    if marks[ONE_OF] > 1 and (track.born_ns // 1_000_003 + marks[TURN]) % marks[ONE_OF] != 0:
        return
    x, y, z = plot.x, plot.y, plot.z
    altitude = plot.altitude_m if not math.isnan(plot.altitude_m) else track.vertical[0]
    altitude += sensors[plot.sensor].height_offset_m
    if math.isnan(plot.range_m):
        if plot.trusted == 0:
            return
    elif math.isnan(altitude):
        return
    elif math.isnan(plot.altitude_m):
        x, y, z, _, _, _, _, _, _ = place_radar(
            plot.range_m, plot.azimuth, altitude, 0.0, sensors[plot.sensor]
        )
    out = seen[marks[OBSERVED]]
    out.born_ns = track.born_ns
    out.born_x = track.born_x
    out.time_ns = plot.time_ns
    out.x, out.y, out.z = x, y, z
    out.altitude_m = altitude
    out.ve_mps, out.vn_mps = track.state[2], track.state[3]
    out.sigma_m = plot.sigma_m if plot.sigma_m > 0.0 else sensors[plot.sensor].sigma_range_m
    out.sensor = plot.sensor
    marks[OBSERVED] += 1
