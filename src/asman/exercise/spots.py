"""Where clutter is around a primary radar: slopes, roads, wind farms, flocks of birds, as rows of scatterers.

Every kind says how far from the radar it is found, how often it shows, for how long, and how it moves (see
`kernels.clutter` for what a row means). Nearer is likelier: echoes fall with the fourth power of range, and
the ground soon sinks below the beam.

Sources: Skolnik, Radar Handbook, 3rd edition, chapters 2 (birds, traffic) and 16 (ground);
EUROCONTROL-GUID-130 (wind turbines). Shares and sizes of the kinds are ours. Roads that run across the beam
are missing, because a moving-target filter takes their traffic away.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels import clutter as clu

Floats = NDArray[np.float64]

#: A spot's plots stay within so much of its range about its middle: no plot leaves what the radar covers.
_EXTENT = 0.2
#: A scatterer that shows is detected about so often.
_DETECTED = 0.45


class Spot(NamedTuple):
    """One spot to be filled with scatterers.

    range_m, azimuth  m, rad  of its middle
    number            1       of the first scatterer that it may use
    plots             1       mean number a scan
    """

    range_m: float
    azimuth: float
    number: int
    plots: float


class Kind(NamedTuple):
    """What clutter of one kind is like.

    name    as people call it
    share   1  of all spots
    near_m  m  not nearer than this, where the radar's range allows
    far     1  not farther than this share of the radar's range
    shows   1  share of time in which it shows
    least   1  scatterers it has at least
    """

    name: str
    share: float
    near_m: float
    far: float
    shows: float
    least: int


SLOPE = Kind("slope", 0.45, 3_000.0, 0.75, 0.6, 12)
ROAD = Kind("road", 0.2, 5_000.0, 0.4, 0.7, 5)
FARM = Kind("wind farm", 0.1, 6_000.0, 0.5, 0.85, 8)
FLOCK = Kind("flock", 0.25, 15_000.0, 0.4, 0.35, 5)
KINDS = (SLOPE, ROAD, FARM, FLOCK)


def make_spots(
    rng: np.random.Generator, radar: int, range_min_m: float, range_max_m: float, count: int, plots: float
) -> Floats:
    """Scatterers (K, SCATTERER_COLUMNS) of `count` spots, which together make `plots` a scan in the mean."""
    if count <= 0 or plots <= 0.0:
        return np.empty((0, clu.SCATTERER_COLUMNS))
    strengths = rng.exponential(size=count) + 0.1
    strengths *= plots / strengths.sum()
    rows: list[Floats] = []
    number = 0
    for i in range(count):
        # Every site has a slope.
        kind = KINDS[int(rng.choice(len(KINDS), p=[kind.share for kind in KINDS]))] if i else SLOPE
        far = kind.far * range_max_m
        near = min(max(kind.near_m, 1.5 * range_min_m), 0.9 * range_max_m, max(far, 1.5 * range_min_m))
        away = near + max(far - near, 0.0) * float(rng.random()) ** 2
        spot = Spot(away, float(rng.uniform(0.0, 2.0 * math.pi)), number, float(strengths[i]))
        made = _scatterers(rng, kind, spot)
        made[:, clu.OF_RADAR] = radar
        number += len(made)
        rows.append(made)
    return np.concatenate(rows)


def _scatterers(rng: np.random.Generator, kind: Kind, spot: Spot) -> Floats:
    """Rows of one spot; relative to its middle until the end."""
    count = max(kind.least, math.ceil(spot.plots / (kind.shows * _DETECTED)))
    rows = np.zeros((count, clu.SCATTERER_COLUMNS))
    rows[:, clu.NUMBER] = rows[:, clu.GROUP] = spot.number + np.arange(count)
    rows[:, clu.SHOWS] = kind.shows
    strength = rng.uniform(0.6, 1.4, count)
    rows[:, clu.DETECTED] = strength / strength.sum() * spot.plots / kind.shows
    make = {SLOPE: _slope, ROAD: _road, FARM: _farm, FLOCK: _flock}[kind]
    make(rng, spot, rows)
    rows[:, clu.AHEAD] = rng.random() * rows[:, clu.SLOT]
    if kind in (SLOPE, ROAD):
        rows[:, clu.AHEAD] = rng.random(count) * rows[:, clu.SLOT]
    rows[:, clu.EAST] += spot.range_m * math.sin(spot.azimuth)
    rows[:, clu.NORTH] += spot.range_m * math.cos(spot.azimuth)
    rows[:, clu.AT_AZIMUTH] = np.arctan2(rows[:, clu.EAST], rows[:, clu.NORTH])
    return rows


def _slope(rng: np.random.Generator, spot: Spot, rows: Floats) -> None:
    """Rocks along a ridge; each fades for some minutes of its own."""
    length = min(rng.uniform(1_000.0, 12_000.0), 2.0 * _EXTENT * spot.range_m)
    course = rng.uniform(0.0, math.pi)
    along = rng.uniform(-0.5, 0.5, len(rows)) * length
    across = np.clip(rng.normal(size=len(rows)), -2.0, 2.0) * 0.08 * length
    rows[:, clu.EAST] = along * math.sin(course) + across * math.cos(course)
    rows[:, clu.NORTH] = along * math.cos(course) - across * math.sin(course)
    rows[:, clu.SLOT] = rng.uniform(120.0, 600.0, len(rows))
    rows[:, clu.GLINT] = 40.0


def _road(rng: np.random.Generator, spot: Spot, rows: Floats) -> None:
    """Lorries on three legs of a road, both ways; a slot is one passage of a leg."""
    leg = min(rng.uniform(1_500.0, 4_000.0), _EXTENT / 3.0 * spot.range_m)
    first = spot.azimuth + rng.uniform(-0.7, 0.7)
    courses = first + np.concatenate(([0.0], np.cumsum(rng.uniform(-0.4, 0.4, 2))))
    ends = np.concatenate(([[0.0, 0.0]], np.cumsum(leg * np.stack((np.sin(courses), np.cos(courses)), 1), 0)))
    middles = 0.5 * (ends[1:] + ends[:-1]) - ends[1:3].mean(0)
    on = rng.integers(0, 3, len(rows))
    speed = rng.uniform(17.0, 29.0, len(rows)) * rng.choice([-1.0, 1.0], len(rows))
    rows[:, clu.EAST], rows[:, clu.NORTH] = middles[on, 0], middles[on, 1]
    rows[:, clu.EAST_MPS], rows[:, clu.NORTH_MPS] = speed * np.sin(courses[on]), speed * np.cos(courses[on])
    rows[:, clu.SLOT] = leg / np.abs(speed)
    rows[:, clu.WANDER], rows[:, clu.GLINT] = 8.0, 8.0


def _farm(rng: np.random.Generator, spot: Spot, rows: Floats) -> None:
    """Turbines in rows, which all turn while there is wind."""
    wide = math.ceil(math.sqrt(len(rows)))
    apart = min(rng.uniform(350.0, 600.0), _EXTENT * spot.range_m / wide)
    course = rng.uniform(0.0, math.pi)
    i = np.arange(len(rows))
    along, across = (i % wide - 0.5 * (wide - 1)) * apart, (i // wide - 0.5 * (wide - 1)) * apart
    rows[:, clu.EAST] = along * math.sin(course) + across * math.cos(course)
    rows[:, clu.NORTH] = along * math.cos(course) - across * math.sin(course)
    rows[:, clu.SLOT], rows[:, clu.GROUP] = rng.uniform(900.0, 1_800.0), spot.number
    rows[:, clu.GLINT] = 15.0


def _flock(rng: np.random.Generator, spot: Spot, rows: Floats) -> None:
    """Birds that pass together for some minutes; each time elsewhere and on another course."""
    speed = rng.uniform(10.0, 18.0)
    course = rng.uniform(0.0, 2.0 * math.pi)
    spread = min(400.0, 0.02 * spot.range_m)
    rows[:, clu.EAST] = spread * np.clip(rng.normal(size=len(rows)), -2.0, 2.0)
    rows[:, clu.NORTH] = spread * np.clip(rng.normal(size=len(rows)), -2.0, 2.0)
    rows[:, clu.EAST_MPS], rows[:, clu.NORTH_MPS] = speed * math.sin(course), speed * math.cos(course)
    rows[:, clu.SLOT] = min(rng.uniform(180.0, 480.0), 0.8 * _EXTENT * spot.range_m / speed)
    rows[:, clu.GROUP], rows[:, clu.SWERVE] = spot.number, 0.7
    rows[:, clu.WANDER], rows[:, clu.GLINT] = min(2_000.0, 0.3 * _EXTENT * spot.range_m), 0.2 * spread
