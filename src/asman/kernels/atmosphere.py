"""Atmosphere: how far heights lie from pressure altitudes, region by region, learned from who tells both.

A pressure altitude is a pressure, not a height. Weather moves it by hundreds of metres (8 m a hPa at sea
level, 1 % of the height for each 3 K off the standard), and the ellipsoid lies up to 100 m from the sea. So
the two are kept apart: tracks carry pressure altitude, as all traffic does, and radars' slant ranges are
brought to the ground with heights. Aircraft that report both (ADS-B) tell the difference. In each region of
two degrees it is a line over altitude, as temperature makes it, and drifts slowly:

    height = pressure altitude + offset + slope * pressure altitude

Errors of one aircraft's altimeter and receiver last for its flight, so a report counts for a small part of
one. A report far off moves the estimate by a bounded step and is counted: spoofed receivers say anything.
Where nobody reported, the best known neighbour serves, less surely; else nothing is corrected.

One row of `line` (CELLS, 5): 0 offset m, 1 slope m per 10 km, 2..4 variances oo, os, ss.

Sources: ICAO Doc 7488 (standard atmosphere); Bar-Shalom, Li, Kirubarajan 2001, section 3.4 (recursive least
squares); P. Huber, Robust estimation of a location parameter, 1964 (bounded influence).
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, lent, small
from asman.kernels.placing import PRESSURE_SIGMA_M, place_radar

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

CELL: Final = math.radians(2.0)
ROWS: Final = 90
COLUMNS: Final = 180
#: Prior: 15 hPa and the geoid; 9 K off the standard.
OFFSET_SIGMA_M: Final = 130.0
SLOPE_SIGMA_M: Final = 300.0
#: What is taken where nobody tells: 6 K off the standard.
UNKNOWN_SLOPE: Final = 0.02
#: One aircraft errs by 40 m (altimeter, antenna) for its flight: so many reports say what one would.
REPORT_SIGMA_M: Final = 40.0
REPORTS_IN_ONE: Final = 200.0
#: What an estimate cannot go below: aircraft differ.
FLOOR_M: Final = 25.0
#: m²/s: weather moves by 30 m an hour, its slope twice as much.
DRIFT_OFFSET_M2PS: Final = 0.25
DRIFT_SLOPE_M2PS: Final = 1.0
#: A report farther off than so many sigmas counts as if it were there.
BOUND: Final = 3.0
#: A neighbour's line is off by so much more [m].
NEIGHBOUR_M: Final = 60.0
#: A radar plot is placed anew where that moves it by so much, or makes it so much surer [m].
MOVE_M: Final = 2.0


class Atmosphere(NamedTuple):
    """What was learned, a row a region, from the south-west corner of the world eastward and up; one more row
    counts for all.

    line     (CELLS + 1, 5)       as above
    at_ns    (CELLS + 1,)    ns   of the latest report
    reports  (CELLS + 1,)    1    how many there were; 0: the prior
    bounded  (CELLS + 1,)    1    how many of them lay far off
    """

    line: Floats
    at_ns: Longs
    reports: Longs
    bounded: Longs


def empty_atmosphere() -> Atmosphere:
    """The prior, everywhere."""
    cells = ROWS * COLUMNS + 1
    line = np.zeros((cells, 5))
    line[:, 2] = OFFSET_SIGMA_M * OFFSET_SIGMA_M
    line[:, 4] = SLOPE_SIGMA_M * SLOPE_SIGMA_M
    return Atmosphere(line, np.zeros(cells, np.int64), np.zeros(cells, np.int64), np.zeros(cells, np.int64))


def copy_of_air(air: Atmosphere) -> Atmosphere:
    """An independent copy."""
    return Atmosphere(air.line.copy(), air.at_ns.copy(), air.reports.copy(), air.bounded.copy())


@lent
def region(lat: float, lon: float) -> int:
    """Row of the region of a place [rad]."""
    row = min(max(math.floor((lat + 0.5 * math.pi) / CELL), 0), ROWS - 1)
    column = math.floor((lon + math.pi) / CELL) % COLUMNS
    return row * COLUMNS + column


@lent
def learn(air: Atmosphere, r: int, pressure_m: float, height_m: float, time_ns: int) -> None:
    """Take in that an aircraft in region `r` reported both altitudes."""
    line = air.line
    h = 1e-4 * pressure_m
    if air.reports[r] > 0:
        dt = max((time_ns - air.at_ns[r]) * 1e-9, 0.0)
        line[r, 2] = min(line[r, 2] + DRIFT_OFFSET_M2PS * dt, OFFSET_SIGMA_M * OFFSET_SIGMA_M)
        line[r, 4] = min(line[r, 4] + DRIFT_SLOPE_M2PS * dt, SLOPE_SIGMA_M * SLOPE_SIGMA_M)
    air.at_ns[r] = max(air.at_ns[r], time_ns)
    air.reports[r] += 1
    air.reports[ROWS * COLUMNS] += 1
    po = line[r, 2] + h * line[r, 3]
    ps = line[r, 3] + h * line[r, 4]
    spread = po + h * ps
    d = height_m - pressure_m - line[r, 0] - h * line[r, 1]
    most = BOUND * math.sqrt(spread + REPORT_SIGMA_M * REPORT_SIGMA_M)
    if abs(d) > most:
        d = most if d > 0.0 else -most
        air.bounded[r] += 1
    s = spread + REPORT_SIGMA_M * REPORT_SIGMA_M * REPORTS_IN_ONE
    line[r, 0] += po / s * d
    line[r, 1] += ps / s * d
    line[r, 2] -= po * po / s
    line[r, 3] -= po * ps / s
    line[r, 4] -= ps * ps / s


@lent
def offset(air: Atmosphere, r: int, pressure_m: float) -> tuple[float, float]:
    """Height less pressure altitude [m], and its variance [m²], of region `r`."""
    line = air.line
    h = 1e-4 * pressure_m
    variance = line[r, 2] + h * (2.0 * line[r, 3] + h * line[r, 4]) + FLOOR_M * FLOOR_M
    return line[r, 0] + h * line[r, 1], min(variance, unknown(pressure_m))


@small
def unknown(pressure_m: float) -> float:
    """Variance [m²] of the difference where nobody tells it."""
    by_slope = UNKNOWN_SLOPE * pressure_m
    return PRESSURE_SIGMA_M * PRESSURE_SIGMA_M + by_slope * by_slope


@lent
def best_offset(air: Atmosphere, r: int, pressure_m: float) -> tuple[float, float]:
    """The same, from the best known neighbour where nobody reported in it; else 0 and the prior."""
    if air.reports[r] > 0:
        return offset(air, r, pressure_m)
    best = 0.0
    least = unknown(pressure_m)
    if air.reports[ROWS * COLUMNS] == 0:
        return best, least
    for i in range(-1, 2):
        row = r // COLUMNS + i
        if row < 0 or row >= ROWS:
            continue
        for j in range(-1, 2):
            other = row * COLUMNS + (r % COLUMNS + j) % COLUMNS
            if air.reports[other] > 0:
                value, variance = offset(air, other, pressure_m)
                if variance + NEIGHBOUR_M * NEIGHBOUR_M < least:
                    best = value
                    least = variance + NEIGHBOUR_M * NEIGHBOUR_M
    return best, least


@lent
def know_heights(plots: Records, sensors: Records, air: Atmosphere) -> None:
    """Learn from the plots of a window; give each the offset of its region, and place radars' by heights.

    Placed anew are radar plots with a pressure altitude, from their range and azimuth: doing it twice is as
    once. A plot without one carries the offset at the ground.
    """
    for i in range(plots.size):
        plot = plots[i]
        if (
            math.isnan(plot.range_m)
            and plot.address >= 0
            and plot.on_ground != 1
            and not math.isnan(plot.altitude_m)
            and not math.isnan(plot.height_m)
        ):
            learn(air, region(plot.lat, plot.lon), plot.altitude_m, plot.height_m, plot.time_ns)
    for i in range(plots.size):
        plot = plots[i]
        pressure = plot.altitude_m if not math.isnan(plot.altitude_m) else 0.0
        value, variance = best_offset(air, region(plot.lat, plot.lon), pressure)
        plot.offset_m = value
        plot.offset_var = variance
        if math.isnan(plot.range_m) or math.isnan(plot.altitude_m):
            continue
        sensor = sensors[plot.sensor]
        surer = PRESSURE_SIGMA_M - math.sqrt(variance)
        if (abs(value) + surer) * abs(pressure - sensor.height_m) < MOVE_M * plot.range_m:
            continue
        x, y, z, ree, ren, rnn, hee, hen, hnn = place_radar(
            plot.range_m, plot.azimuth, pressure + value, math.sqrt(variance), sensor
        )
        plot.x, plot.y, plot.z = x, y, z
        plot.ree, plot.ren, plot.rnn = ree, ren, rnn
        plot.hee, plot.hen, plot.hnn = hee, hen, hnn


@kernel
def learn_all(
    air: Atmosphere, lat: Floats, lon: Floats, pressure_m: Floats, height_m: Floats, time_ns: Longs
) -> None:
    """Take in reports, one a row, in time order: radians, metres, ns."""
    for i in range(lat.size):
        learn(air, region(lat[i], lon[i]), pressure_m[i], height_m[i], time_ns[i])


@kernel
def offsets_at(air: Atmosphere, lat: Floats, lon: Floats, pressure_m: Floats) -> Floats:
    """Offset [m] and its sigma [m] (N, 2) at places [rad] and pressure altitudes [m]."""
    out = np.empty((lat.size, 2))
    for i in range(lat.size):
        value, variance = best_offset(air, region(lat[i], lon[i]), pressure_m[i])
        out[i, 0], out[i, 1] = value, math.sqrt(variance)
    return out
