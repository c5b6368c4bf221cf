"""Planes: estimates and equivalent measurements in another tangent plane than the one they were made in.

Tracks live on the ellipsoid, each in a plane that touches it somewhere. A place goes from one plane to the
other exactly; the state about it turns by the angle between the norths of two planes (nearly parallel).
"""

import math
from typing import Final

import numpy as np

from asman.fusion.equivalent import EquivalentMeasurement
from asman.fusion.estimate import Estimate, Floats
from asman.kernels.geodesy import lla_to_ecef
from asman.kernels.trackrows import from_plane, to_plane

#: Places farther from a plane's origin than this are told in a nearer plane [m].
REACH_M: Final = 50_000.0
_STEP_M: Final = 50.0

#: Latitude and longitude [deg] where a plane touches the ellipsoid.
Origin = tuple[float, float]


def in_plane(measurement: EquivalentMeasurement, of: Origin, to: Origin) -> EquivalentMeasurement:
    """The measurement, told in the plane that touches at `of`, in the one at `to`.

    Raises ValueError where the reference is over 50 km from either origin: the plane bends away there.
    """
    place, turn = _between(measurement.reference, of, to)
    return EquivalentMeasurement(
        time_ns=measurement.time_ns,
        since_ns=measurement.since_ns,
        reference=np.concatenate([place, (turn @ measurement.reference)[2:]]),
        information=turn @ measurement.information @ turn.T,
        push=turn @ measurement.push,
    )


def estimate_in_plane(estimate: Estimate, of: Origin, to: Origin) -> Estimate:
    """The estimate, told in the plane that touches at `of`, in the one at `to`; ValueError as above."""
    place, turn = _between(estimate.mean, of, to)
    mean = np.concatenate([place, (turn @ estimate.mean)[2:]])
    return Estimate(estimate.time_ns, mean, turn @ estimate.covariance @ turn.T)


def _between(state: Floats, of: Origin, to: Origin) -> tuple[Floats, Floats]:
    """Place (2,) of a state in the other plane, and the turn (4, 4) of vectors there."""
    source, target = _plane(of), _plane(to)
    e, n = float(state[0]), float(state[1])
    e1, n1 = _there(e, n, source, target)
    if max(math.hypot(e, n), math.hypot(e1, n1)) > REACH_M:
        raise ValueError(f"a place over {REACH_M / 1e3:.0f} km from its plane's origin: choose a nearer one")
    ahead, behind = _there(e, n + _STEP_M, source, target), _there(e, n - _STEP_M, source, target)
    angle = math.atan2(ahead[0] - behind[0], ahead[1] - behind[1])
    c, s = math.cos(angle), math.sin(angle)
    turn = np.array([[c, s, 0.0, 0.0], [-s, c, 0.0, 0.0], [0.0, 0.0, c, s], [0.0, 0.0, -s, c]])
    return np.array([e1, n1]), turn


def _plane(origin: Origin) -> Floats:
    """`plane` of a track that touches the ellipsoid at a place."""
    lat, lon = math.radians(origin[0]), math.radians(origin[1])
    x, y, z = lla_to_ecef(lat, lon, 0.0)
    return np.array([x, y, z, math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)])


def _there(e: float, n: float, source: Floats, target: Floats) -> tuple[float, float]:
    """A place of one plane in the other."""
    x, y, z = from_plane(e, n, source)
    return to_plane(x, y, z, target)
