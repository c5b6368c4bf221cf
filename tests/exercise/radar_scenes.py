"""Small skies in which one effect can be seen alone, and the bounds that its statistics must keep."""

import math

import msgspec
import numpy as np
import pyarrow as pa
import pyproj

from asman.exercise import start, sweep, truth
from asman.exercise.elements import ScriptedFlight, Traffic, Waypoint

SECOND = 10**9
GEOD = pyproj.Geod(ellps="WGS84")
SITE = (43.0, 74.5)


def swept_of(scenario, span_s=900.0, begin_s=0.0):
    """An exercise of a scenario, and what its radars say in a span."""
    exercise = start(scenario)
    begin = exercise.sky.begin_ns + round(begin_s * SECOND)
    return exercise, sweep(exercise, begin, begin + round(span_s * SECOND))


def changed(scenario, sensor=None, effects=None, copies=0, **other):
    """The scenario with values of its only radar, its effects or anything else changed.

    copies   so many radars of this kind at the same place, R0, R1, ...: more draws of the same sky
    """
    radar = msgspec.structs.replace(scenario.sensor[0], **(sensor or {}))
    many = tuple(msgspec.structs.replace(radar, id=f"R{i}", sic=i + 1) for i in range(copies)) or (radar,)
    return msgspec.structs.replace(
        scenario,
        sensor=many,
        effects={"default": {**scenario.effects["default"], **(effects or {})}},
        **other,
    )


def empty(scenario, *flights, **other):
    """The scenario with these scripted flights and nobody else."""
    return msgspec.structs.replace(scenario, traffic=Traffic(code_change=0.0), flight=flights, **other)


def moved(lat_deg, lon_deg, course_deg, distance_m):
    """The place so far away along a geodesic."""
    lon, lat, _ = GEOD.fwd(lon_deg, lat_deg, course_deg, distance_m)
    return lat, lon


def straight(name, place, course_deg, length_m=400e3, **other):
    """A flight straight on from a place (latitude, longitude [deg])."""
    return ScriptedFlight(
        id=name, waypoint=(Waypoint(*place), Waypoint(*moved(*place, course_deg, length_m))), **other
    )


def around(azimuth_deg, distance_m):
    """A place seen from the radar of the plain scenario."""
    return moved(*SITE, azimuth_deg, distance_m)


def polar(exercise, aircraft, when_ns, radar=0):
    """East, north, up [m] and height [m] from a site of aircraft (N,) at times (N,): truth, then PROJ."""
    site = exercise.scenario.sensor[radar]
    topocentric = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=cart +ellps=WGS84 +step +proj=topocentric +ellps=WGS84"
        f" +lon_0={site.lon_deg} +lat_0={site.lat_deg} +h_0={site.height_m}"
    )
    table = truth(exercise, np.unique(when_ns))
    times = table["time"].cast("int64").to_pylist()
    place = {key: row for row, key in enumerate(zip(times, table["aircraft"].to_pylist(), strict=True))}
    rows = [place[key] for key in zip(when_ns.tolist(), aircraft.tolist(), strict=True)]
    lat, lon, height = (table[name].to_numpy()[rows] for name in ("lat_deg", "lon_deg", "altitude_m"))
    e, n, u = topocentric.transform(np.radians(lon), np.radians(lat), height, radians=True)
    return e, n, u, height


def expected(exercise, swept, radar=0, later_s=0.0):
    """Range [m], azimuth, elevation [deg], height [m] of each plot's aircraft at its crossing, or after."""
    when = swept.crossing_ns + round(later_s * SECOND)
    e, n, u, height = polar(exercise, swept.aircraft, when, radar)
    ground = np.hypot(e, n)
    azimuth = np.degrees(np.arctan2(e, n)) % 360.0
    return np.hypot(ground, u), azimuth, np.degrees(np.arctan2(u, ground)), height


def apart_deg(a, b):
    """The way from angle b to angle a, -180 to 180."""
    return (a - b + 180.0) % 360.0 - 180.0


def column(swept, name):
    """A column of the plots as numbers, NaN for null."""
    return swept.plots[name].to_numpy(zero_copy_only=False)


def keys(swept):
    """What names each plot: crossing, radar, aircraft, cause."""
    return list(
        zip(
            swept.crossing_ns.tolist(), swept.radar.tolist(), swept.aircraft.tolist(), swept.cause.tolist(),
            strict=True,
        )
    )  # fmt: skip


def kept(whole, part):
    """Which plots of `whole` (N,) are also in `part`; every one of `part` must be."""
    mine, theirs = keys(whole), set(keys(part))
    assert theirs <= set(mine)
    return np.array([key in theirs for key in mine])


def only(swept, rows):
    """The plots (N,) where `rows` is true."""
    return swept._replace(
        plots=swept.plots.filter(pa.array(rows)), **{
            name: getattr(swept, name)[rows]
            for name in ("aircraft", "crossing_ns", "radar", "cause", "garbled", "motion")
        }
    )  # fmt: skip


def as_likely_as(happened, probability, sigmas=4.0):
    """Whether the number of what happened (N,) agrees with its probabilities (N,), or one for all."""
    p = np.broadcast_to(np.asarray(probability, float), np.shape(happened))
    bound = sigmas * math.sqrt(float((p * (1.0 - p)).sum())) + 1e-9
    return abs(float(np.sum(happened) - p.sum())) <= bound


def normal(values, mean, sigma, sigmas=4.0):
    """Whether values (N,) have this mean and this standard deviation, as normal ones have."""
    n = len(values)
    z = (np.asarray(values) - mean) / sigma
    return abs(z.mean()) < sigmas / math.sqrt(n) and abs((z**2).mean() - 1.0) < sigmas * math.sqrt(2.0 / n)
