"""Entry: columns of plots become records, written row by row: many columns into wide records is slow."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
# Structured arrays: numpy's types have no names for their fields.
Records = Any

#: Numbers, and rows of the tables of whole numbers and of what is 1, 0 or, not said, -1; fields of PLOT.
NUMBERS: Final = (
    "range_m", "azimuth", "lat", "lon", "altitude_m", "height_m", "sigma_m", "sigma_e_m", "sigma_n_m",
    "cov_en_m2", "velocity_sigma_mps", "vn_mps", "ve_mps", "climb_mps",
)  # fmt: skip
WHOLE: Final = ("time_ns", "sensor", "address", "mode_3a")
FLAGS: Final = ("mode_3a_valid", "on_ground", "simulated", "unsure", "primary", "trusted")


@kernel
def enter(
    rows: Longs, place: Longs, numbers: Floats, whole: Longs, flags: NDArray[np.int8],
    callsigns: NDArray[np.uint64], plots: Records,
) -> None:  # fmt: skip
    """Write some rows of columns into records, in that order; what placing finds is left open.

    rows       (P,)
    place      (NUMBERS,)    row of each number in the table of those that anybody said
    numbers    (M, N)        NaN: not said; what nobody said shares a row of them
    whole      (WHOLE, N)    -1: not said
    flags      (FLAGS, N)    likewise
    callsigns  (N,)          eight octets
    plots      (P,)          PLOT, filled
    """
    for p in range(rows.size):
        i = rows[p]
        plot = plots[p]
        plot.range_m = numbers[place[0], i]
        plot.azimuth = numbers[place[1], i]
        plot.lat = numbers[place[2], i]
        plot.lon = numbers[place[3], i]
        plot.altitude_m = numbers[place[4], i]
        plot.height_m = numbers[place[5], i]
        plot.sigma_m = numbers[place[6], i]
        plot.sigma_e_m = numbers[place[7], i]
        plot.sigma_n_m = numbers[place[8], i]
        plot.cov_en_m2 = numbers[place[9], i]
        plot.velocity_sigma_mps = numbers[place[10], i]
        plot.vn_mps = numbers[place[11], i]
        plot.ve_mps = numbers[place[12], i]
        plot.climb_mps = numbers[place[13], i]
        plot.time_ns = whole[0, i]
        plot.sensor = whole[1, i]
        plot.address = whole[2, i]
        plot.mode_3a = whole[3, i]
        plot.mode_3a_valid = flags[0, i]
        plot.on_ground = flags[1, i]
        plot.simulated = flags[2, i]
        plot.unsure = flags[3, i]
        plot.primary = flags[4, i]
        plot.trusted = flags[5, i]
        plot.callsign = callsigns[i]
