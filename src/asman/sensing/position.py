"""The position of each report in the form its sensor's kind calls for.

A radar's plots keep range and azimuth, because its errors live there; a multilateration or ADS-B station's
plots keep latitude and longitude. A report in another form is converted by exact geometry about the
sensor's site, at the target's own height where it tells one, else at the site's.
"""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.kernels.geodesy import lla_to_polar_array, plane_to_lla_array, polar_to_lla_array
from asman.kernels.vectors import azimuths
from asman.model.sensor import RADAR_KINDS, Sensor, Sensors
from asman.sensing.reports import Reports

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Position(msgspec.Struct, frozen=True):
    """Positions as Plots have them; NaN where not filled.

    range_m, azimuth_deg  (N,)  m, deg  of radars
    lat_deg, lon_deg      (N,)  deg     of the others
    """

    range_m: Floats
    azimuth_deg: Floats
    lat_deg: Floats
    lon_deg: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which reports have a position."""
        return ~(np.isnan(self.range_m) | np.isnan(self.azimuth_deg)) | ~(
            np.isnan(self.lat_deg) | np.isnan(self.lon_deg)
        )


def place(reports: Reports, sensors: Sensors, sensor: Rows) -> Position:
    """Convert every report's position; `sensor` (N,) indexes `sensors`, and -1 leaves a report without."""
    position = Position(*(np.full(sensor.size, math.nan) for _ in range(4)))
    for index in np.flatnonzero(np.bincount(sensor + 1)) - 1:
        if index >= 0:
            rows = np.flatnonzero(sensor == index)
            if sensors[index].kind in RADAR_KINDS:
                _as_polar(reports, sensors[index], rows, position)
            else:
                _as_geodetic(reports, sensors[index], rows, position)
    return position


def _as_polar(reports: Reports, site: Sensor, rows: Rows, position: Position) -> None:
    """Range and azimuth: as measured; else of a slant x, y; else seen from the site at a place on earth."""
    range_m, azimuth = reports.range_m[rows], reports.azimuth_deg[rows]
    x, y = reports.x_m[rows], reports.y_m[rows]
    missing = np.isnan(range_m) | np.isnan(azimuth)
    slant = missing & ~np.isnan(x) & ~reports.projected[rows]
    range_m[slant] = np.sqrt(x[slant] * x[slant] + y[slant] * y[slant])
    azimuth[slant] = np.degrees(azimuths(y[slant], x[slant])) % 360.0
    rest = np.flatnonzero(missing & ~slant)
    if rest.size:
        lat, lon = _on_earth(reports, site, rows[rest])
        seen = lla_to_polar_array(lat, lon, _height(reports, site, rows[rest]), *_origin(site))
        range_m[rest], azimuth[rest] = seen[0], np.degrees(seen[1])
    position.range_m[rows], position.azimuth_deg[rows] = range_m, azimuth


def _as_geodetic(reports: Reports, site: Sensor, rows: Rows, position: Position) -> None:
    """Latitude and longitude: as reported; else of x, y in the site's plane; else of range and azimuth."""
    lat, lon = _on_earth(reports, site, rows)
    rest = np.flatnonzero(np.isnan(lat) | np.isnan(lon))
    if rest.size:
        polar = rows[rest]
        found = polar_to_lla_array(
            reports.range_m[polar],
            np.radians(reports.azimuth_deg[polar]),
            _height(reports, site, polar),
            *_origin(site),
        )
        lat[rest], lon[rest] = found[0], found[1]
    position.lat_deg[rows], position.lon_deg[rows] = np.degrees(lat), np.degrees(lon)


def _on_earth(reports: Reports, site: Sensor, rows: Rows) -> tuple[Floats, Floats]:
    """Latitude and longitude [rad] as reported or of x, y in the plane of the site; NaN where neither is."""
    lat, lon = np.radians(reports.lat_deg[rows]), np.radians(reports.lon_deg[rows])
    plane = np.flatnonzero((np.isnan(lat) | np.isnan(lon)) & ~np.isnan(reports.x_m[rows]))
    if plane.size:
        some = rows[plane]
        found = plane_to_lla_array(
            reports.x_m[some], reports.y_m[some], _height(reports, site, some), *_origin(site)
        )
        lat[plane], lon[plane] = found[0], found[1]
    return lat, lon


def _height(reports: Reports, site: Sensor, rows: Rows) -> Floats:
    """Height of each target [m], the site's own where the target tells none."""
    height = reports.height_m[rows]
    return np.where(np.isnan(height), site.height_m, height)


def _origin(site: Sensor) -> tuple[float, float, float]:
    return math.radians(site.lat_deg), math.radians(site.lon_deg), site.height_m
