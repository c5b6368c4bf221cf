"""Weather and jammers, as primary radars see them: false plots in a cell of rain, and along a strobe.

A cell drifts with the wind. Its plots come from a dozen cores that last some minutes, as rain does, denser
towards its middle; each is a point in the air between the ground and the cell's top, so that a cell sinks
below the horizon of a far radar as an aircraft does.

A jammer's noise comes through the main beam as the antenna passes over it and lifts the detector's false
alarms at every range alike: a strobe, which tells its direction and not its distance.

Sources: Skolnik, Radar Handbook, 3rd edition, chapters 19 (weather) and 24 (jamming strobes). Number, life
and spread of the cores are ours.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels import radar as rad
from asman.kernels.chance import FOR_STROBE, FOR_WEATHER, TURN, key_of, uniform
from asman.kernels.clutter import above_ground, count_of, echo_db, over_horizon, put
from asman.kernels.geodesy import ECCENTRICITY2, SEMI_MAJOR_M, ecef_to_enu, lla_to_ecef
from asman.kernels.jit import kernel, part, rare

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns of a cell: begin and end [s after the begin]; centre at its begin [rad]; radius [m]; change of
#: latitude and longitude [rad/s]; mean plots a scan; share of detections lost.
(
    CELL_BEGIN, CELL_END, CELL_LAT, CELL_LON, CELL_RADIUS, CELL_LAT_RATE, CELL_LON_RATE, CELL_PLOTS,
    CELL_LOSS, CELL_COLUMNS,
) = range(10)  # fmt: skip

#: Columns of a jammer: begin and end [s after the begin]; earth-centred place [m]; height [m]; noise over
#: the receiver's own, through the main beam, from 100 km; width of its strobe [rad]; mean plots a scan.
(
    JAMMER_BEGIN, JAMMER_END, JAMMER_X, JAMMER_Y, JAMMER_Z, JAMMER_HEIGHT, JAMMER_NOISE, JAMMER_WIDTH,
    JAMMER_PLOTS, JAMMER_COLUMNS,
) = range(10)  # fmt: skip

#: Height [m] of a cell's top, above the ellipsoid.
CELL_TOP_M: Final = 8_000.0
_CORES: Final = 12
_CORE_S: Final = 300.0
#: More plots of one cell or jammer a scan than this share draws; nobody asks for so many.
_PLOTS_MAX: Final = 1 << 20


@rare
def enu_of(radar: Floats, lat: float, lon: float, height: float) -> tuple[float, float, float]:
    """East, north, up [m] of a point (lat, lon [rad], height [m]) from a radar."""
    x, y, z = lla_to_ecef(lat, lon, height)
    return ecef_to_enu(
        x - radar[rad.X], y - radar[rad.Y], z - radar[rad.Z],
        radar[rad.SIN_LAT], radar[rad.COS_LAT], radar[rad.SIN_LON], radar[rad.COS_LON],
    )  # fmt: skip


@part
def cell_place(cell: Floats, t: float) -> tuple[float, float]:
    """Latitude and longitude [rad] of a cell's centre at a time [s]."""
    since = t - cell[CELL_BEGIN]
    return cell[CELL_LAT] + cell[CELL_LAT_RATE] * since, cell[CELL_LON] + cell[CELL_LON_RATE] * since


@part
def jammer_place(radar: Floats, jammer: Floats) -> tuple[float, float]:
    """Range [m] and azimuth [rad] of a jammer; a range of NaN where smooth ground hides it."""
    e, n, u = ecef_to_enu(
        jammer[JAMMER_X] - radar[rad.X], jammer[JAMMER_Y] - radar[rad.Y], jammer[JAMMER_Z] - radar[rad.Z],
        radar[rad.SIN_LAT], radar[rad.COS_LAT], radar[rad.SIN_LON], radar[rad.COS_LON],
    )  # fmt: skip
    range_ = math.sqrt(e * e + n * n + u * u)
    if not over_horizon(radar, range_, jammer[JAMMER_HEIGHT]):
        range_ = math.nan
    return range_, math.atan2(e, n)


@kernel
def metres_per_radian(lat: float) -> tuple[float, float]:
    """Metres on the ellipsoid of a radian of latitude, and of longitude, at a latitude [rad]."""
    sine = math.sin(lat)
    w2 = 1.0 - ECCENTRICITY2 * sine * sine
    prime_vertical = SEMI_MAJOR_M / math.sqrt(w2)
    return prime_vertical * (1.0 - ECCENTRICITY2) / w2, prime_vertical * math.cos(lat)


@rare
def _rain(
    radar: Floats, cell: Floats, w: int, t: float, key: np.uint64, seed: int
) -> tuple[float, float, float, float]:
    """East, north, up [m] of one echo of cell `w` from a radar, and its height [m]."""
    core = int(uniform(key, 4) * _CORES)
    of = key_of(seed, FOR_WEATHER, w, -1, _CORES * (math.floor(t / _CORE_S) + 1) + core)
    lat, lon = cell_place(cell, t)
    # A core is within three quarters of the radius, its rain within the fourth: never outside the cell.
    out, course = 0.75 * cell[CELL_RADIUS] * uniform(of, 0), TURN * uniform(of, 1)
    east, north = out * math.sin(course), out * math.cos(course)
    out, course = 0.25 * cell[CELL_RADIUS] * math.sqrt(uniform(key, 5)), TURN * uniform(key, 6)
    east += out * math.sin(course)
    north += out * math.cos(course)
    height = radar[rad.GROUND] + uniform(key, 7) * max(CELL_TOP_M - radar[rad.GROUND], 0.0)
    per_lat, per_lon = metres_per_radian(lat)
    e, n, u = enu_of(radar, lat + north / per_lat, lon + east / per_lon, height)
    return e, n, u, height


@kernel
def weather(
    radars: Floats,
    cells: Floats,
    seed: int,
    origin_ns: int,
    begin_ns: Ints,
    end_ns: Ints,
    ints: Ints,
    floats: Floats,
    row: int,
) -> int:
    """False plots in cells of rain, of every primary radar that sees them; return the row after the last.

    cells  (W, CELL_COLUMNS)

    The other parameters are those of `clutter.scattered`. What lies beyond the primary radar's range or
    below its horizon is not seen, and not replaced.
    """
    for r in range(radars.shape[0]):
        radar = radars[r]
        if end_ns[r] <= begin_ns[r] or radar[rad.HAS_PSR] == 0.0:
            continue
        first, last = rad.scans_of(radar, begin_ns[r], end_ns[r])
        for w in range(cells.shape[0]):
            cell = cells[w]
            for scan in range(first, last + 1):
                # The cell stands still for a scan: it drifts by less than a resolution cell.
                middle = rad.antenna_time(radar, scan + 0.5)
                if (
                    middle + radar[rad.PERIOD] < cell[CELL_BEGIN]
                    or middle - radar[rad.PERIOD] > cell[CELL_END]
                ):
                    continue
                lat, lon = cell_place(cell, middle)
                e, n, u = enu_of(radar, lat, lon, 0.0)
                if math.sqrt(e * e + n * n + u * u) > radar[rad.PSR_RANGE_MAX] + 1.1 * cell[CELL_RADIUS]:
                    continue
                count = count_of(cell[CELL_PLOTS], key_of(seed, FOR_WEATHER, r, scan + 2, _PLOTS_MAX * w))
                for i in range(min(count, _PLOTS_MAX - 1)):
                    key = key_of(seed, FOR_WEATHER, r, scan + 2, _PLOTS_MAX * w + i + 1)
                    e, n, u, height = _rain(radar, cell, w, middle, key, seed)
                    azimuth = math.atan2(e, n)
                    azimuth += TURN if azimuth < 0.0 else 0.0
                    t = rad.antenna_time(radar, scan + azimuth / TURN)
                    t_ns = math.floor(t * rad.SECOND_NS + 0.5)
                    if t_ns < begin_ns[r] or t_ns >= end_ns[r]:
                        continue
                    if t < cell[CELL_BEGIN] or t >= cell[CELL_END]:
                        continue
                    range_ = math.sqrt(e * e + n * n + u * u)
                    if range_ > radar[rad.PSR_RANGE_MAX] or not above_ground(radar, range_, u, height):
                        continue
                    if row < ints.shape[0]:
                        put(
                            radar, r, origin_ns, t_ns, -1, rad.PSR, rad.OF_WEATHER, range_, azimuth, math.nan,
                            echo_db(key, 8), key, ints, floats, row,
                        )  # fmt: skip
                    row += 1
    return row


@kernel
def strobes(
    radars: Floats,
    jammers: Floats,
    seed: int,
    origin_ns: int,
    begin_ns: Ints,
    end_ns: Ints,
    ints: Ints,
    floats: Floats,
    row: int,
) -> int:
    """False plots in the direction of jammers, of every primary radar that sees them; return the row after.

    jammers  (J, JAMMER_COLUMNS)

    The other parameters are those of `clutter.scattered`.
    """
    for r in range(radars.shape[0]):
        radar = radars[r]
        if end_ns[r] <= begin_ns[r] or radar[rad.HAS_PSR] == 0.0:
            continue
        first, last = rad.scans_of(radar, begin_ns[r], end_ns[r])
        for j in range(jammers.shape[0]):
            jammer = jammers[j]
            range_, at = jammer_place(radar, jammer)
            if math.isnan(range_):
                continue
            # A strobe at north begins before the antenna's own new turn, or ends after it.
            for scan in range(first - 1, last + 2):
                count = count_of(jammer[JAMMER_PLOTS], key_of(seed, FOR_STROBE, r, scan + 4, _PLOTS_MAX * j))
                for i in range(min(count, _PLOTS_MAX - 1)):
                    key = key_of(seed, FOR_STROBE, r, scan + 4, _PLOTS_MAX * j + i + 1)
                    # The main beam's noise is strongest in the middle.
                    aside = 0.5 * (uniform(key, 0) + uniform(key, 1) - 1.0) * jammer[JAMMER_WIDTH]
                    t = rad.antenna_time(radar, scan + (at + aside) / TURN)
                    t_ns = math.floor(t * rad.SECOND_NS + 0.5)
                    if t_ns < begin_ns[r] or t_ns >= end_ns[r]:
                        continue
                    if t < jammer[JAMMER_BEGIN] or t >= jammer[JAMMER_END]:
                        continue
                    if row < ints.shape[0]:
                        near, far = radar[rad.RANGE_MIN], radar[rad.PSR_RANGE_MAX]
                        out = near + (far - near) * uniform(key, 4)
                        put(
                            radar, r, origin_ns, t_ns, -1, rad.PSR, rad.OF_STROBE, out, at + aside, math.nan,
                            echo_db(key, 5), key, ints, floats, row,
                        )  # fmt: skip
                    row += 1
    return row
