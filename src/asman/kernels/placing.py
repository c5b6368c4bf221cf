"""Placing: where on the ellipsoid a plot lies, and how surely.

Tracks live on the ellipsoid: every plot is brought down along the normal to height zero. So a radar that
measured a slant range and a radar that did not know the altitude speak of the same plane, and a climb moves
nobody sideways. A radar measures a slant range: with an altitude it becomes a place; without one the
track's altitude serves, or a prior with its spread. An altitude that is wrong moves the place by
tan(elevation) times the error, the same way at every turn: that is no noise, and no number of plots averages
it out. So its covariance is kept apart from the noise's, as what Schmidt's filter considers and never learns.

Polar noise makes the mean of converted plots fall short by exp(-sigma²/2) of the azimuth; that is undone.

Sources: Bar-Shalom, Li, Kirubarajan 2001, section 10.4.3 (debiased conversion); geodesy.py for the rest.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import (
    ECCENTRICITY2,
    POLAR_ROUNDS_MAX,
    SEMI_MAJOR_M,
    ecef_to_enu,
    lla_to_ecef,
    polar_begin,
    polar_round,
    polar_to_normal,
    site_of,
)
from asman.kernels.jit import kernel, lent, small

# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any
Floats = NDArray[np.float64]

#: Where no altitude is known: the least and most above the antenna, and the steepest line of sight.
PRIOR_LEAST_M: Final = 300.0
PRIOR_MOST_M: Final = 11_000.0
PRIOR_SLOPE_MAX: Final = 0.5
#: Pressure altitude differs from height above the ellipsoid by weather and geoid.
PRESSURE_SIGMA_M: Final = 120.0

#: Share of a position report's variance that differs from report to report.
REPORT_NOISE: Final = 0.25
#: What aircraft leave uncompensated of their latency, standard deviation (RTCA DO-260B: at most 0.6 s).
REPORT_LATENCY_S: Final = 0.2
#: By how much aircraft differ in it, once registration has found their mean.
REPORT_SPREAD_S: Final = 0.1

#: Heights are met to this: it moves no place by more [m].
HEIGHT_TOLERANCE_M: Final = 0.01

#: A correlation that is rounded must stay below 1.
CORRELATION_MAX: Final = 0.99

#: A surface movement radar stands on a tower, and sees what rolls below it.
SURFACE_MAST_M: Final = 20.0
SURFACE_SIGMA_M: Final = 10.0

#: No place is free of false plots [1/m²].
CLUTTER_LEAST_PM2: Final = 1e-14

#: Radars' plots are placed so many at a time; columns of what is known of each, a run of so many numbers.
LANES: Final = 64
(
    _MEASURED, _ALTITUDE, _SIGMA, _RANGE, _UP, _X0, _Y0, _Z0, _AX, _AY, _AZ, _UX, _UY, _UZ, _X, _Y, _SIN,
    _COS,
) = range(0, 18 * LANES, LANES)  # fmt: skip
_FIELDS: Final = 18

#: A sensor, as kernels see it.
SENSOR: Final = np.dtype(
    [
        ("lat", "f8"),  # rad
        ("lon", "f8"),  # rad
        ("height_m", "f8"),
        ("period_ns", "i8"),
        ("range_max_m", "f8"),
        ("sigma_range_m", "f8"),
        ("sigma_azimuth", "f8"),  # rad
        ("pd", "f8"),
        ("false_plots_per_scan", "f8"),
        ("range_bias_m", "f8"),  # what registration found the sensor to add, and how surely: see tracking
        ("range_gain", "f8"),
        ("azimuth_bias", "f8"),  # rad
        ("time_bias", "f8"),  # s
        ("height_offset_m", "f8"),  # aircraft are so much higher than their pressure altitude says
        ("var_range", "f8"),  # m²
        ("cov_range_gain", "f8"),  # m
        ("var_gain", "f8"),
        ("var_azimuth", "f8"),  # rad²
        ("var_time", "f8"),  # s²
        ("rotates", "i1"),  # 1: a radar, which sees an aircraft once a turn
        ("surface", "i1"),  # 1: a radar of the surface of an airport
        ("sin_lat", "f8"),  # of its site, as `survey` finds them
        ("cos_lat", "f8"),
        ("sin_lon", "f8"),
        ("cos_lon", "f8"),
        ("antenna", "f8", (5,)),  # m, earth-centred, and radii of curvature, as geodesy.site_of
        ("foot", "f8", (3,)),  # m, earth-centred, on the ellipsoid below it
        ("debias", "f8"),  # factor of ranges, for the noise of azimuths
    ],
    align=True,
)

#: A plot, as kernels see it. NaN: not said. Times in ns since 1970 UTC.
PLOT: Final = np.dtype(
    [
        ("time_ns", "i8"),
        ("callsign", "u8"),  # eight octets, 0: none
        ("range_m", "f8"),
        ("azimuth", "f8"),  # rad
        ("lat", "f8"),  # rad
        ("lon", "f8"),  # rad
        ("altitude_m", "f8"),  # pressure altitude, as valid as the sensor says
        ("height_m", "f8"),  # geometric altitude
        ("sigma_m", "f8"),
        ("sigma_e_m", "f8"),  # where its axes differ
        ("sigma_n_m", "f8"),
        ("cov_en_m2", "f8"),
        ("velocity_sigma_mps", "f8"),
        ("vn_mps", "f8"),
        ("ve_mps", "f8"),
        ("climb_mps", "f8"),
        ("x", "f8"),  # m, earth-centred, on the ellipsoid
        ("y", "f8"),
        ("z", "f8"),
        ("ree", "f8"),  # m², covariance of the place by noise
        ("ren", "f8"),
        ("rnn", "f8"),
        ("hee", "f8"),  # m², covariance of the place by an altitude that is not known well
        ("hen", "f8"),
        ("hnn", "f8"),
        ("offset_m", "f8"),  # height less pressure altitude there, as the region's reports tell
        ("offset_var", "f8"),  # m², of that
        ("clutter_pm2", "f8"),  # density of false plots there, per scan
        ("birth_pm2", "f8"),  # density of plots of aircraft not known yet
        ("sensor", "i8"),
        ("address", "i8"),  # -1: none
        ("mode_3a", "i8"),  # -1: none
        ("mode_3a_valid", "i1"),
        ("on_ground", "i1"),  # -1: not said
        ("simulated", "i1"),
        ("unsure", "i1"),  # 1: a position report that guarantees nothing
        ("primary", "i1"),  # 1: an echo alone, no transponder
        ("trusted", "i1"),  # 1: a report whose integrity is told, and good
    ],
    align=True,
)


@kernel
def survey(sensors: Records) -> None:
    """Fill what follows from the sensors' places, once for all plots, in place."""
    for i in range(sensors.size):
        sensor = sensors[i]
        sensor.sin_lat, sensor.cos_lat = math.sin(sensor.lat), math.cos(sensor.lat)
        sensor.sin_lon, sensor.cos_lon = math.sin(sensor.lon), math.cos(sensor.lon)
        antenna = site_of(sensor.sin_lat, sensor.cos_lat, sensor.sin_lon, sensor.cos_lon, sensor.height_m)
        for a in range(5):
            sensor.antenna[a] = antenna[a]
        foot = lla_to_ecef(sensor.lat, sensor.lon, 0.0)
        for a in range(3):
            sensor.foot[a] = foot[a]
        sensor.debias = math.exp(0.5 * sensor.sigma_azimuth * sensor.sigma_azimuth)


@lent
def place_radar(
    range_: float, azimuth: float, altitude: float, altitude_sigma: float, sensor: Record
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """Place a slant range [m] and azimuth [rad], given an altitude [m] and its sigma [m].

    Returns earth-centred x, y, z [m] on the ellipsoid, then two covariances ee, en, nn [m²]: of the noise,
    and of what the altitude's uncertainty does.
    """
    range_, azimuth = as_measured(range_, azimuth, sensor)
    antenna = sensor.antenna
    site = (antenna[0], antenna[1], antenna[2], antenna[3], antenna[4])
    sin_lat, cos_lat, x, y, _ = polar_to_normal(
        range_ * sensor.debias, math.sin(azimuth), math.cos(azimuth), altitude, sensor.sin_lat,
        sensor.cos_lat, sensor.sin_lon, sensor.cos_lon, sensor.height_m, site, HEIGHT_TOLERANCE_M,
    )  # fmt: skip
    return on_ground(range_, altitude, altitude_sigma, sin_lat, cos_lat, x, y, sensor)


@small
def as_measured(range_: float, azimuth: float, sensor: Record) -> tuple[float, float]:
    """Slant range [m] and azimuth [rad] without what the sensor is known to add."""
    return max((range_ - sensor.range_bias_m) / (1.0 + sensor.range_gain), 1.0), azimuth - sensor.azimuth_bias


@small
def on_ground(
    range_: float, altitude: float, altitude_sigma: float, sin_lat: float, cos_lat: float, x: float, y: float,
    sensor: Record,
) -> tuple[float, float, float, float, float, float, float, float, float]:  # fmt: skip
    """What `place_radar` returns, once latitude and axis of the place [m] are known."""
    sigma_azimuth = sensor.sigma_azimuth
    # Farther above the antenna than the range is nobody: weather and garbles, and the spread must say so.
    above = altitude - sensor.height_m
    if above > range_:
        altitude_sigma += above - range_
        above = range_
    # Down along the normal.
    axis = max(math.sqrt(x * x + y * y), 1e-9)
    sin_lon, cos_lon = y / axis, x / axis
    prime_vertical = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY2 * sin_lat * sin_lat)
    x = prime_vertical * cos_lat * cos_lon
    y = prime_vertical * cos_lat * sin_lon
    z = prime_vertical * (1.0 - ECCENTRICITY2) * sin_lat
    foot = sensor.foot
    e, n, _ = ecef_to_enu(x - foot[0], y - foot[1], z - foot[2], sin_lat, cos_lat, sin_lon, cos_lon)
    ground = max(math.sqrt(e * e + n * n), 1.0)
    ue = e / ground
    un = n / ground
    # How ground distance answers to range and to height: by the slope of the line of sight at the aircraft,
    # where it is steeper than at the radar, because the aircraft's plane is tilted.
    up = above + ground * ground / 12_742_000.0
    slope = min(abs(up) / ground, 5.0)
    stretch2 = 1.0 + slope * slope
    along = sensor.sigma_range_m * sensor.sigma_range_m * stretch2
    by_height = slope * slope * altitude_sigma * altitude_sigma
    across = ground * ground * sigma_azimuth * sigma_azimuth + 1.0
    ree = ue * ue * along + un * un * across
    ren = ue * un * (along - across)
    rnn = un * un * along + ue * ue * across
    # What is not known of the sensor's biases is no noise either: it is the same at every turn.
    by_height += stretch2 * (
        sensor.var_range + range_ * (2.0 * sensor.cov_range_gain + range_ * sensor.var_gain)
    )
    by_turn = ground * ground * sensor.var_azimuth
    hee = ue * ue * by_height + un * un * by_turn
    hen = ue * un * (by_height - by_turn)
    hnn = un * un * by_height + ue * ue * by_turn
    return x, y, z, ree, ren, rnn, hee, hen, hnn


@lent
def prior_altitude(range_: float, sensor: Record) -> tuple[float, float]:
    """Altitude [m] and its sigma [m] of what a radar sees at a range, when nothing tells it.

    A radar of the airport's surface sees what rolls. For others the middle is that of the ground ranges which
    the least and the most altitude would give: ground range falls with the square of the height.
    """
    if sensor.surface == 1:
        return sensor.height_m - SURFACE_MAST_M, SURFACE_SIGMA_M
    most = max(min(PRIOR_MOST_M, PRIOR_SLOPE_MAX * range_), PRIOR_LEAST_M)
    middle = math.sqrt(0.5 * (PRIOR_LEAST_M * PRIOR_LEAST_M + most * most))
    sigma = (most * most - PRIOR_LEAST_M * PRIOR_LEAST_M) / (2.0 * math.sqrt(12.0) * middle)
    return sensor.height_m + middle, sigma + 50.0


@small
def altitude_of(plot: Record, sensor: Record) -> tuple[float, float]:
    """Altitude [m] that a radar's plot is placed by, before any track tells it, and its sigma [m]."""
    if not math.isnan(plot.altitude_m):
        return plot.altitude_m + sensor.height_offset_m, PRESSURE_SIGMA_M
    if not math.isnan(plot.height_m):
        return plot.height_m, 30.0
    return prior_altitude(plot.range_m, sensor)


@lent
def take_lane(lane: int, plot: Record, sensor: Record, lanes: Floats) -> None:
    """Begin the search for where a radar's plot lies in one of the lanes."""
    range_, azimuth = as_measured(plot.range_m, plot.azimuth, sensor)
    altitude, sigma = altitude_of(plot, sensor)
    antenna = sensor.antenna
    lanes[_MEASURED + lane] = range_
    lanes[_ALTITUDE + lane] = altitude
    lanes[_SIGMA + lane] = sigma
    range_ *= sensor.debias
    lanes[_RANGE + lane] = range_
    up, ax, ay, az = polar_begin(
        range_, math.sin(azimuth), math.cos(azimuth), altitude, sensor.sin_lat, sensor.cos_lat,
        sensor.sin_lon, sensor.cos_lon, sensor.height_m, antenna[3], antenna[4],
    )  # fmt: skip
    lanes[_UP + lane] = up
    lanes[_AX + lane], lanes[_AY + lane], lanes[_AZ + lane] = ax, ay, az
    for a in range(3):
        lanes[_X0 + a * LANES + lane] = antenna[a]
    lanes[_UX + lane] = sensor.cos_lat * sensor.cos_lon
    lanes[_UY + lane] = sensor.cos_lat * sensor.sin_lon
    lanes[_UZ + lane] = sensor.sin_lat


@lent
def run_lanes(used: int, lanes: Floats) -> None:
    """Go on in all lanes until all heights are met: side by side, no plot waits for another's roots."""
    for _ in range(POLAR_ROUNDS_MAX):
        unmet = 0
        for i in range(used):
            x, y, sin_lat, cos_lat, _, up, met = polar_round(
                lanes[_UP + i], lanes[_RANGE + i], lanes[_ALTITUDE + i], lanes[_X0 + i], lanes[_Y0 + i],
                lanes[_Z0 + i], lanes[_AX + i], lanes[_AY + i], lanes[_AZ + i], lanes[_UX + i],
                lanes[_UY + i], lanes[_UZ + i], HEIGHT_TOLERANCE_M,
            )  # fmt: skip
            lanes[_X + i], lanes[_Y + i], lanes[_SIN + i], lanes[_COS + i] = x, y, sin_lat, cos_lat
            lanes[_UP + i] = up
            unmet += 0 if met else 1
        if unmet == 0:
            break


@lent
def leave_lane(lane: int, plot: Record, sensor: Record, lanes: Floats) -> None:
    """Write into a radar's plot where it was found to lie, as `place_radar` tells it."""
    x, y, z, ree, ren, rnn, hee, hen, hnn = on_ground(
        lanes[_MEASURED + lane], lanes[_ALTITUDE + lane], lanes[_SIGMA + lane], lanes[_SIN + lane],
        lanes[_COS + lane], lanes[_X + lane], lanes[_Y + lane], sensor,
    )  # fmt: skip
    # On the ellipsoid itself no height disturbs the latitude.
    plot.lat = math.atan2(z, (1.0 - ECCENTRICITY2) * math.sqrt(x * x + y * y))
    plot.lon = math.atan2(y, x)
    plot.x, plot.y, plot.z = x, y, z
    plot.ree, plot.ren, plot.rnn = ree, ren, rnn
    plot.hee, plot.hen, plot.hnn = hee, hen, hnn
    plot.clutter_pm2 = sensor.false_plots_per_scan / (
        2.0 * math.pi * sensor.range_max_m * max(plot.range_m, 2_000.0)
    )
    plot.clutter_pm2 = max(plot.clutter_pm2, CLUTTER_LEAST_PM2)


@lent
def place_report(plot: Record, sensor: Record) -> None:
    """Place a plot by its latitude and longitude."""
    x, y, z = lla_to_ecef(plot.lat, plot.lon, 0.0)
    plot.x, plot.y, plot.z = x, y, z
    sigma = plot.sigma_m if plot.sigma_m > 0.0 else sensor.sigma_range_m
    # Errors of satellite navigation last for minutes, and what an aircraft leaves out of its latency
    # lasts for the flight: no number of reports averages them out.
    see = snn = sigma * sigma
    sen = 0.0
    # Multilateration tells its axes: receivers on one side leave it wide along the line of sight.
    if plot.sigma_e_m > 0.0 and plot.sigma_n_m > 0.0:
        see = plot.sigma_e_m * plot.sigma_e_m
        snn = plot.sigma_n_m * plot.sigma_n_m
        most = CORRELATION_MAX * plot.sigma_e_m * plot.sigma_n_m
        sen = min(max(plot.cov_en_m2, -most), most) if not math.isnan(plot.cov_en_m2) else 0.0
    plot.ree, plot.ren, plot.rnn = REPORT_NOISE * see, REPORT_NOISE * sen, REPORT_NOISE * snn
    lasting = 1.0 - REPORT_NOISE
    plot.hee, plot.hen, plot.hnn = lasting * see, lasting * sen, lasting * snn
    if not math.isnan(plot.vn_mps) and not math.isnan(plot.ve_mps):
        late = REPORT_SPREAD_S if sensor.var_time > 0.0 else REPORT_LATENCY_S
        late2 = late * late
        plot.hee += late2 * plot.ve_mps * plot.ve_mps
        plot.hen += late2 * plot.ve_mps * plot.vn_mps
        plot.hnn += late2 * plot.vn_mps * plot.vn_mps
    plot.clutter_pm2 = sensor.false_plots_per_scan / (math.pi * sensor.range_max_m * sensor.range_max_m)
    plot.clutter_pm2 = max(plot.clutter_pm2, CLUTTER_LEAST_PM2)


@kernel
def place_plots(plots: Records, sensors: Records) -> None:
    """Fill place, covariance and clutter density of every plot, in place.

    Radar plots (finite range) are placed by their own altitude or the prior, others by lat and lon.
    """
    lanes = np.empty(LANES * _FIELDS)
    row = np.empty(LANES, np.int64)
    used = 0
    for i in range(plots.size):
        plot = plots[i]
        plot.offset_m = 0.0
        plot.offset_var = PRESSURE_SIGMA_M * PRESSURE_SIGMA_M
        if math.isnan(plot.range_m):
            place_report(plot, sensors[plot.sensor])
        else:
            take_lane(used, plot, sensors[plot.sensor], lanes)
            row[used] = i
            used += 1
        if used == LANES or (i == plots.size - 1 and used > 0):
            run_lanes(used, lanes)
            for lane in range(used):
                plot = plots[row[lane]]
                leave_lane(lane, plot, sensors[plot.sensor], lanes)
            used = 0
