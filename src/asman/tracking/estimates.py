"""Estimates: what a tracker knows of its tracks as means and covariances, for partners' fusion."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.kernels.imm import Motion
from asman.kernels.report import ROW, report
from asman.kernels.trackrows import CONTRIBUTORS, Tracks

Floats = NDArray[np.float64]
# Structured arrays: numpy's types have no names for their fields.
Records = Any

#: Where the packed covariance of imm.py has the terms of the matrix.
_PACKED = np.array([[0, 1, 3, 4], [1, 2, 5, 6], [3, 5, 7, 8], [4, 6, 8, 9]])


class Estimates(msgspec.Struct, frozen=True):
    """States of living tracks at one time, each in its own tangent plane.

    time_ns     ns since 1970 UTC
    track       (T,)
    lat_deg, lon_deg  (T,)  deg   where each track's plane touches the ellipsoid
    mean        (T, 4)            east, north [m], east, north velocity [m/s]
    covariance  (T, 4, 4)         of it, with what altitudes not known well do to the place
    """

    time_ns: int
    track: NDArray[np.int64]
    lat_deg: Floats
    lon_deg: Floats
    mean: Floats
    covariance: Floats


def estimates_of(
    tracks: Tracks, count: int, at_ns: int, confirmed_only: bool, sensors: Records, motion: Motion
) -> Estimates:
    """Estimates at a time that is not before the tracks' latest plots; `tracks` is spent: hand in a copy.

    confirmed_only  whether tracks that are not in the picture are left out
    """
    rows = np.recarray(count, ROW)
    report(
        tracks, count, at_ns, confirmed_only, sensors, motion, rows,
        np.empty((count, CONTRIBUTORS), np.int64),
    )  # fmt: skip
    row = tracks.row[:count]
    kept = np.flatnonzero((row["alive"] == 1) & ((row["shown"] == 1) | (not confirmed_only)))
    covariance = row["cov"][kept][:, _PACKED]
    covariance[:, :2, :2] += row["consider"][kept][:, _PACKED[:2, :2]]
    plane = row["plane"][kept]
    return Estimates(
        time_ns=at_ns,
        track=row["number"][kept],
        lat_deg=np.degrees(np.arctan2(plane[:, 3], plane[:, 4])),
        lon_deg=np.degrees(np.arctan2(plane[:, 5], plane[:, 6])),
        mean=row["state"][kept],
        covariance=covariance,
    )
