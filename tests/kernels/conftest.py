"""Radars as rows of numbers, and skies of aircraft that stand still, for kernels to be asked about."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from asman.kernels import motion as mot
from asman.kernels import radar as rad
from asman.kernels.geodesy import lla_to_ecef

SECOND = 10**9


class Site(NamedTuple):
    """Where the radar of `radar_row` stands: degrees, metres."""

    lat: float = 43.0
    lon: float = 74.5
    height: float = 700.0


@pytest.fixture(scope="session")
def site() -> Site:
    return Site()


@pytest.fixture(scope="session")
def radar_row(site) -> Callable[..., np.ndarray]:
    """Make rows (1, RADAR_COLUMNS) of a radar without errors; name=value sets columns of `kernels.radar`."""

    def make(**values: float) -> np.ndarray:
        row = np.zeros((1, rad.RADAR_COLUMNS))
        lat, lon = math.radians(site.lat), math.radians(site.lon)
        x, y, z = lla_to_ecef(lat, lon, site.height)
        said = {
            "X": x, "Y": y, "Z": z, "SIN_LAT": math.sin(lat), "COS_LAT": math.cos(lat),
            "SIN_LON": math.sin(lon), "COS_LON": math.cos(lon), "HEIGHT": site.height,
            "GROUND": site.height - 20.0, "MAST": 20.0, "HAS_HORIZON": 1.0,
            "HORIZON_RADIUS": 4.0 / 3.0 * mot.MEAN_RADIUS_M, "PERIOD": 5.0, "PHASE": -1.7,
            "RANGE_MAX": 400e3, "RANGE_MIN": 1e3, "PSR_RANGE_MAX": 150e3, "CONE_SINE": 0.9,
            "PD_SSR": 1.0, "PD_PSR": 0.8, "SNR_PSR": math.log(1e-6) / math.log(0.8) - 1.0, "PSR_RCS": 2.0,
            "SWERLING": 1.0, "SSR_BEAM": math.radians(2.4), "PSR_CELL_ANGLE": math.radians(1.4),
            "HAS_PSR": 1.0,
        }  # fmt: skip
        for name, value in {**said, **values}.items():
            row[0, getattr(rad, name)] = value
        return row

    return make


@pytest.fixture(scope="session")
def hovering() -> Callable[..., tuple[np.ndarray, ...]]:
    """A sky (pieces, first, cycle, phase) of aircraft that stand still at lat, lon [deg], height [m]."""

    def make(*places: tuple[float, float, float]) -> tuple[np.ndarray, ...]:
        pieces = np.zeros((len(places), mot.PIECE_COLUMNS))
        for row, (lat, lon, height) in zip(pieces, places, strict=True):
            a, b = math.radians(lat), math.radians(lon)
            row[mot.NORMAL : mot.NORMAL + 3] = (
                math.cos(a) * math.cos(b),
                math.cos(a) * math.sin(b),
                math.sin(a),
            )
            row[mot.AXIS + 2], row[mot.HEIGHT] = 1.0, height
        count = len(places)
        return pieces, np.arange(count + 1), np.full(count, 1e9), np.zeros(count)

    return make


@pytest.fixture(scope="session")
def rows() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Ask a kernel for its rows: the first arguments, then seed, a window [s] and all that is the same."""

    def ask(kernel, *args, seconds=(0.0, 600.0), seed=7, room=200_000):
        ints = np.empty((room, rad.PLOT_INTS), np.int64)
        floats = np.empty((room, rad.PLOT_FLOATS))
        begin, end = (np.full(len(args[0]), round(s * SECOND), np.int64) for s in seconds)
        count = kernel(*args, seed, 0, begin, end, ints, floats, 0)
        assert count <= room
        return ints[:count], floats[:count]

    return ask
