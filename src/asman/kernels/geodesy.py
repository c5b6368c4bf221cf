"""Positions on and above the WGS-84 ellipsoid: geodetic, earth-centred, local tangent plane, radar polar.

Everything is SI and radians. Nothing here is flat: a stereographic plane errs by a kilometre at 800 km,
and a flat slant-range correction by 100 m at 120 km. Scalar kernels return tuples and are meant to be
called from other kernels; each has an `_array` twin that takes and gives columns. NaN in, NaN out.

Sources: NIMA TR8350.2 (WGS-84 constants); B. R. Bowring, "Transformation from spatial to geographical
coordinates", Survey Review XXIII 181, 1976, and "The accuracy of geodetic latitude and height equations",
Survey Review 28, 1985 (the seed below); Torge, Geodesy, 3rd edition, section 4.1 (radii of curvature).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, small

Floats = NDArray[np.float64]

#: WGS-84 by definition: semi-major axis and flattening; the others follow.
SEMI_MAJOR_M: Final = 6_378_137.0
FLATTENING: Final = 1.0 / 298.257223563
SEMI_MINOR_M: Final = SEMI_MAJOR_M * (1.0 - FLATTENING)
ECCENTRICITY2: Final = FLATTENING * (2.0 - FLATTENING)
SECOND_ECCENTRICITY2: Final = ECCENTRICITY2 / (1.0 - ECCENTRICITY2)

#: A polar measurement is solved when its height is right to this; three rounds reach it from the sphere.
_HEIGHT_TOLERANCE_M: Final = 1e-7
POLAR_ROUNDS_MAX: Final = 8


@kernel
def lla_to_ecef(lat: float, lon: float, h: float) -> tuple[float, float, float]:
    """Earth-centred x, y, z [m] of geodetic latitude, longitude [rad] and height above the ellipsoid [m]."""
    sin_lat = math.sin(lat)
    cos_lat = math.cos(lat)
    prime_vertical = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY2 * sin_lat * sin_lat)
    equatorial = (prime_vertical + h) * cos_lat
    return (
        equatorial * math.cos(lon),
        equatorial * math.sin(lon),
        (prime_vertical * (1.0 - ECCENTRICITY2) + h) * sin_lat,
    )


@small
def _normal_and_height(x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Sine and cosine of geodetic latitude, distance from the axis [m], height [m] of an earth-centred point.

    Bowring's iteration on the parametric latitude, twice, from his seed that is exact on the surface. Sines
    and cosines are carried as ratios, so that poles need no case of their own and no trigonometry is called.
    The height is taken along the normal: `p/cos(lat) - N` would lose all digits at the poles.
    """
    axis = math.sqrt(x * x + y * y)
    radius = math.sqrt(axis * axis + z * z)
    # Inside the earth's core "the" normal is not unique; the centre itself would divide by zero.
    sin_b = SEMI_MINOR_M * z * (1.0 + SECOND_ECCENTRICITY2 * SEMI_MINOR_M / max(radius, 1.0))
    cos_b = SEMI_MAJOR_M * axis
    sin_lat = 0.0
    cos_lat = 1.0
    for _ in range(2):
        scale = 1.0 / max(math.sqrt(sin_b * sin_b + cos_b * cos_b), 1e-300)
        sin_b *= scale
        cos_b *= scale
        sin_lat = z + SECOND_ECCENTRICITY2 * SEMI_MINOR_M * sin_b * sin_b * sin_b
        cos_lat = axis - ECCENTRICITY2 * SEMI_MAJOR_M * cos_b * cos_b * cos_b
        sin_b = (1.0 - FLATTENING) * sin_lat
        cos_b = cos_lat
    scale = 1.0 / math.sqrt(sin_lat * sin_lat + cos_lat * cos_lat)
    sin_lat *= scale
    cos_lat *= scale
    surface = SEMI_MAJOR_M * math.sqrt(1.0 - ECCENTRICITY2 * sin_lat * sin_lat)
    return sin_lat, cos_lat, axis, axis * cos_lat + z * sin_lat - surface


@kernel
def ecef_to_lla(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Latitude, longitude [rad] and height [m] of an earth-centred point [m]; inverse of `lla_to_ecef`.

    Right to a micrometre from 10 km below the ellipsoid to 100 km above it (tested against PROJ).
    """
    sin_lat, cos_lat, _, height = _normal_and_height(x, y, z)
    return math.atan2(sin_lat, cos_lat), math.atan2(y, x), height


@kernel
def ecef_to_enu(
    dx: float, dy: float, dz: float, sin_lat0: float, cos_lat0: float, sin_lon0: float, cos_lon0: float
) -> tuple[float, float, float]:
    """Turn an earth-centred difference or velocity into east, north, up at a place (its sines, cosines)."""
    outward = cos_lon0 * dx + sin_lon0 * dy
    return (
        cos_lon0 * dy - sin_lon0 * dx,
        cos_lat0 * dz - sin_lat0 * outward,
        cos_lat0 * outward + sin_lat0 * dz,
    )


@kernel
def enu_to_ecef(
    e: float, n: float, u: float, sin_lat0: float, cos_lat0: float, sin_lon0: float, cos_lon0: float
) -> tuple[float, float, float]:
    """Turn an east, north, up difference or velocity into an earth-centred one; inverse of `ecef_to_enu`."""
    outward = cos_lat0 * u - sin_lat0 * n
    return (
        cos_lon0 * outward - sin_lon0 * e,
        sin_lon0 * outward + cos_lon0 * e,
        cos_lat0 * n + sin_lat0 * u,
    )


@kernel
def lla_to_enu(
    lat: float, lon: float, h: float, lat0: float, lon0: float, h0: float
) -> tuple[float, float, float]:
    """East, north, up [m] of a point (lat, lon [rad], height [m]) in the tangent plane of an origin."""
    x, y, z = lla_to_ecef(lat, lon, h)
    x0, y0, z0 = lla_to_ecef(lat0, lon0, h0)
    return ecef_to_enu(x - x0, y - y0, z - z0, math.sin(lat0), math.cos(lat0), math.sin(lon0), math.cos(lon0))


@kernel
def enu_to_lla(
    e: float, n: float, u: float, lat0: float, lon0: float, h0: float
) -> tuple[float, float, float]:
    """Latitude, longitude [rad], height [m] of a point in an origin's tangent plane; undoes `lla_to_enu`."""
    dx, dy, dz = enu_to_ecef(e, n, u, math.sin(lat0), math.cos(lat0), math.sin(lon0), math.cos(lon0))
    x0, y0, z0 = lla_to_ecef(lat0, lon0, h0)
    return ecef_to_lla(x0 + dx, y0 + dy, z0 + dz)


@kernel
def polar_to_lla(
    range_: float, azimuth: float, height: float, lat0: float, lon0: float, h0: float
) -> tuple[float, float, float]:
    """Latitude, longitude [rad], height [m] of what a radar saw at a slant range and azimuth.

    range_      m    slant range from the antenna, a straight line
    azimuth     rad  from true north at the antenna, clockwise
    height      m    of the target above the ellipsoid, from elsewhere (Mode C); a radar measures no elevation
    lat0, lon0  rad  antenna
    h0          m    antenna above the ellipsoid

    The target lies where the sphere of that range, the vertical plane of that azimuth and the surface of that
    height meet. Start on the sphere of Euler's radius in that direction, then Newton on the up component with
    the ellipsoid's own normal: exact, not flat. Where they do not meet (the height differs from the antenna's
    by more than the range, as happens overhead when Mode C and range disagree) the target is put straight
    above or below the antenna at its range: the returned height then differs from the one asked for.
    """
    sin_lat0 = math.sin(lat0)
    cos_lat0 = math.cos(lat0)
    sin_lon0 = math.sin(lon0)
    cos_lon0 = math.cos(lon0)
    sin_az = math.sin(azimuth)
    cos_az = math.cos(azimuth)
    site = site_of(sin_lat0, cos_lat0, sin_lon0, cos_lon0, h0)
    sin_lat, cos_lat, x, y, found = polar_to_normal(
        range_, sin_az, cos_az, height, sin_lat0, cos_lat0, sin_lon0, cos_lon0, h0, site, _HEIGHT_TOLERANCE_M
    )
    return math.atan2(sin_lat, cos_lat), math.atan2(y, x), found


@kernel
def site_of(
    sin_lat0: float, cos_lat0: float, sin_lon0: float, cos_lon0: float, h0: float
) -> tuple[float, float, float, float, float]:
    """Earth-centred x, y, z [m] of an antenna; radii of curvature [m] there: meridian, prime vertical."""
    w2 = 1.0 - ECCENTRICITY2 * sin_lat0 * sin_lat0
    prime_vertical = SEMI_MAJOR_M / math.sqrt(w2)
    meridian = prime_vertical * (1.0 - ECCENTRICITY2) / w2
    x0 = (prime_vertical + h0) * cos_lat0 * cos_lon0
    y0 = (prime_vertical + h0) * cos_lat0 * sin_lon0
    z0 = (prime_vertical * (1.0 - ECCENTRICITY2) + h0) * sin_lat0
    return x0, y0, z0, meridian, prime_vertical


@kernel
def polar_to_normal(
    range_: float, sin_az: float, cos_az: float, height: float, sin_lat0: float, cos_lat0: float,
    sin_lon0: float, cos_lon0: float, h0: float, site: tuple[float, float, float, float, float],
    tolerance_m: float,
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """As `polar_to_lla`, of a place whose sines, cosines and radii (`site_of`) are known; no angle is asked.

    Returns sine and cosine of the latitude, earth-centred x, y [m], height [m], right to a tolerance.
    """
    x0, y0, z0, meridian, prime_vertical = site
    up, ax, ay, az = polar_begin(
        range_, sin_az, cos_az, height, sin_lat0, cos_lat0, sin_lon0, cos_lon0, h0, meridian, prime_vertical
    )
    ux, uy, uz = cos_lat0 * cos_lon0, cos_lat0 * sin_lon0, sin_lat0
    x = y = math.nan
    sin_lat = cos_lat = found = math.nan
    for _ in range(POLAR_ROUNDS_MAX):
        x, y, sin_lat, cos_lat, found, up, met = polar_round(
            up, range_, height, x0, y0, z0, ax, ay, az, ux, uy, uz, tolerance_m
        )
        if met:
            break
    return sin_lat, cos_lat, x, y, found


@small
def polar_begin(
    range_: float, sin_az: float, cos_az: float, height: float, sin_lat0: float, cos_lat0: float,
    sin_lon0: float, cos_lon0: float, h0: float, meridian: float, prime_vertical: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Up component [m] on the sphere of Euler's radius; the azimuth's direction, earth-centred, a unit."""
    euler = 1.0 / (cos_az * cos_az / meridian + sin_az * sin_az / prime_vertical)
    up = ((height - h0) * (2.0 * euler + height + h0) - range_ * range_) / (2.0 * (euler + h0))
    ax, ay, az = enu_to_ecef(sin_az, cos_az, 0.0, sin_lat0, cos_lat0, sin_lon0, cos_lon0)
    return up, ax, ay, az


@small
def polar_round(
    up: float, range_: float, height: float, x0: float, y0: float, z0: float, ax: float, ay: float, az: float,
    ux: float, uy: float, uz: float, tolerance_m: float,
) -> tuple[float, float, float, float, float, float, bool]:  # fmt: skip
    """One round of Newton: x, y [m], sine and cosine of latitude, height [m] at an up component; the next.

    True when the height is met: then the next is the same, so that another round changes nothing.
    """
    up = min(max(up, -range_), range_)
    along = math.sqrt(range_ * range_ - up * up)
    x = x0 + along * ax + up * ux
    y = y0 + along * ay + up * uy
    z = z0 + along * az + up * uz
    sin_lat, cos_lat, axis, found = _normal_and_height(x, y, z)
    error = found - height
    # NaN fails this test too, and is met at once.
    met = not abs(error) > tolerance_m or along == 0.0
    nx = cos_lat * x / axis
    ny = cos_lat * y / axis
    normal_up = nx * ux + ny * uy + sin_lat * uz
    normal_along = nx * ax + ny * ay + sin_lat * az
    further = up - error / (normal_up - normal_along * up / along)
    return x, y, sin_lat, cos_lat, found, up if met else further, met


@kernel
def plane_to_lla(
    e: float, n: float, height: float, lat0: float, lon0: float, h0: float
) -> tuple[float, float, float]:
    """Latitude, longitude [rad], height [m] of a point east and north in a tangent plane, its height known.

    e, n        m    in the plane that touches the ellipsoid's normal at the origin (a multilateration's x, y)
    height      m    of the target above the ellipsoid
    lat0, lon0  rad  origin of the plane
    h0          m    origin above the ellipsoid

    Newton on the up component: exact, where a plane that is taken for the ground is 31 m high at 20 km.
    """
    sin_lat0 = math.sin(lat0)
    cos_lat0 = math.cos(lat0)
    sin_lon0 = math.sin(lon0)
    cos_lon0 = math.cos(lon0)
    x0, y0, z0 = lla_to_ecef(lat0, lon0, h0)
    up = height - h0 - (e * e + n * n) / (2.0 * SEMI_MAJOR_M)
    x = y = z = math.nan
    sin_lat = cos_lat = found = math.nan
    for _ in range(POLAR_ROUNDS_MAX):
        dx, dy, dz = enu_to_ecef(e, n, up, sin_lat0, cos_lat0, sin_lon0, cos_lon0)
        x, y, z = x0 + dx, y0 + dy, z0 + dz
        sin_lat, cos_lat, axis, found = _normal_and_height(x, y, z)
        if not abs(found - height) > _HEIGHT_TOLERANCE_M:
            break
        towards = cos_lat * cos_lat0 * (x * cos_lon0 + y * sin_lon0) / axis + sin_lat * sin_lat0
        up -= (found - height) / towards
    return math.atan2(sin_lat, cos_lat), math.atan2(y, x), found


@kernel
def lla_to_polar(
    lat: float, lon: float, h: float, lat0: float, lon0: float, h0: float
) -> tuple[float, float, float]:
    """Slant range [m], azimuth and elevation [rad] at which a radar sees a point.

    Azimuth is from true north, clockwise, 0 to 2 pi. Straight lines, no refraction: the elevation is that
    of the chord. Straight overhead the azimuth is 0.
    """
    e, n, u = lla_to_enu(lat, lon, h, lat0, lon0, h0)
    ground = math.sqrt(e * e + n * n)
    azimuth = math.atan2(e, n)
    if azimuth < 0.0:
        azimuth += 2.0 * math.pi
        # A hair west of north rounds up to a full turn, which is north.
        if azimuth >= 2.0 * math.pi:
            azimuth = 0.0
    return math.sqrt(ground * ground + u * u), azimuth, math.atan2(u, ground)


@kernel
def lla_to_ecef_array(lat: Floats, lon: Floats, h: Floats) -> tuple[Floats, Floats, Floats]:
    """Columns of `lla_to_ecef`."""
    x, y, z = np.empty(lat.size), np.empty(lat.size), np.empty(lat.size)
    for i in range(lat.size):
        x[i], y[i], z[i] = lla_to_ecef(lat[i], lon[i], h[i])
    return x, y, z


@kernel
def ecef_to_lla_array(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Columns of `ecef_to_lla`."""
    lat, lon, h = np.empty(x.size), np.empty(x.size), np.empty(x.size)
    for i in range(x.size):
        lat[i], lon[i], h[i] = ecef_to_lla(x[i], y[i], z[i])
    return lat, lon, h


@kernel
def lla_to_enu_array(
    lat: Floats, lon: Floats, h: Floats, lat0: float, lon0: float, h0: float
) -> tuple[Floats, Floats, Floats]:
    """Columns of `lla_to_enu`, about one origin."""
    e, n, u = np.empty(lat.size), np.empty(lat.size), np.empty(lat.size)
    for i in range(lat.size):
        e[i], n[i], u[i] = lla_to_enu(lat[i], lon[i], h[i], lat0, lon0, h0)
    return e, n, u


@kernel
def enu_to_lla_array(
    e: Floats, n: Floats, u: Floats, lat0: float, lon0: float, h0: float
) -> tuple[Floats, Floats, Floats]:
    """Columns of `enu_to_lla`, about one origin."""
    lat, lon, h = np.empty(e.size), np.empty(e.size), np.empty(e.size)
    for i in range(e.size):
        lat[i], lon[i], h[i] = enu_to_lla(e[i], n[i], u[i], lat0, lon0, h0)
    return lat, lon, h


@kernel
def polar_to_lla_array(
    range_: Floats, azimuth: Floats, height: Floats, lat0: float, lon0: float, h0: float
) -> tuple[Floats, Floats, Floats]:
    """Columns of `polar_to_lla`, of one radar."""
    lat, lon, h = np.empty(range_.size), np.empty(range_.size), np.empty(range_.size)
    for i in range(range_.size):
        lat[i], lon[i], h[i] = polar_to_lla(range_[i], azimuth[i], height[i], lat0, lon0, h0)
    return lat, lon, h


@kernel
def plane_to_lla_array(
    e: Floats, n: Floats, height: Floats, lat0: float, lon0: float, h0: float
) -> tuple[Floats, Floats, Floats]:
    """Columns of `plane_to_lla`, in one plane."""
    lat, lon, h = np.empty(e.size), np.empty(e.size), np.empty(e.size)
    for i in range(e.size):
        lat[i], lon[i], h[i] = plane_to_lla(e[i], n[i], height[i], lat0, lon0, h0)
    return lat, lon, h


@kernel
def lla_to_polar_array(
    lat: Floats, lon: Floats, h: Floats, lat0: float, lon0: float, h0: float
) -> tuple[Floats, Floats, Floats]:
    """Columns of `lla_to_polar`, of one radar."""
    range_, azimuth, elevation = np.empty(lat.size), np.empty(lat.size), np.empty(lat.size)
    for i in range(lat.size):
        range_[i], azimuth[i], elevation[i] = lla_to_polar(lat[i], lon[i], h[i], lat0, lon0, h0)
    return range_, azimuth, elevation
