"""Flights that are written down, and those that come near a border."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from asman.exercise.elements import Border, ScriptedFlight
from asman.exercise.routes import Flight, Line, bank_radius_m, bearing_deg, distance_m, moved, place
from asman.kernels.radar import DARK, MODE_AC, MODE_S

#: A scripted flight does not come again: so long is its airframe's cycle at least.
GONE_S = 30.0 * 86_400.0

_EQUIPMENT = {"none": DARK, "mode_ac": MODE_AC, "mode_s": MODE_S}


def scripted(flight: ScriptedFlight) -> Line:
    """The airframe of a scripted flight: it flies once, from the begin of its cycle."""
    speed, top = flight.speed_mps, flight.altitude_m

    def otherwise(value: float | None, cruise: float) -> float:
        return cruise if value is None else value

    radius = bank_radius_m(speed, flight.bank_deg)
    plan = (
        otherwise(flight.begin_speed_mps, speed), speed, otherwise(flight.end_speed_mps, speed),
        otherwise(flight.begin_altitude_m, top), top, otherwise(flight.end_altitude_m, top),
        flight.climb_mps, flight.climb_mps, 1.0, 0.0, radius, radius,
    )  # fmt: skip
    points = np.array([place(point.lat_deg, point.lon_deg) for point in flight.waypoint])
    return Line(
        flight.kind, _EQUIPMENT[flight.transponder], (Flight(points, plan, GONE_S),), owner=flight.member
    )


def intruders(rng: np.random.Generator, border: Border) -> list[Line]:
    """Who comes near a border: first those that turn away, then those that cross it."""
    lines: list[Line] = []
    for number in range(border.approaches + border.violations):
        deep_m = rng.uniform(10e3, 40e3) if number >= border.approaches else -rng.uniform(3e3, 15e3)
        lines.append(_towards(rng, border, deep_m))
    return lines


def _towards(rng: np.random.Generator, border: Border, deep_m: float) -> Line:
    """Towards a place on the line from its left, `deep_m` beyond it (before it where negative), and back."""
    at, along_deg = _on(border, rng.random())
    speed, top = rng.uniform(70.0, 260.0), rng.uniform(600.0, 9_000.0)
    across_deg = along_deg + 90.0
    far = moved(moved(at, across_deg + 180.0, rng.uniform(60e3, 120e3)), along_deg, rng.normal(0.0, 10e3))
    # It turns after it has passed its last place: turning back goes deeper by a radius.
    radius = bank_radius_m(speed, 35.0)
    near = moved(at, across_deg, deep_m - radius)
    back = moved(far, along_deg + 180.0, rng.uniform(15e3, 40e3))
    plan = (speed, speed, speed, top, top, top, 8.0, 8.0, 1.0, 0.0, radius, radius)
    equipment = DARK if rng.random() < border.dark else MODE_S
    flights = tuple(Flight(np.array([far, near, back]), plan, rng.uniform(120.0, 600.0)) for _ in range(2))
    return Line("dark" if equipment == DARK else "light", equipment, flights)


def _on(border: Border, share: float) -> tuple[NDArray[np.float64], float]:
    """A place at a share of a line's length, and the line's bearing there."""
    corners = [place(lat, lon) for lon, lat in border.line]
    legs = list(pairwise(corners))
    lengths = np.array([distance_m(a, b) for a, b in legs])
    ends = np.cumsum(lengths)
    leg = min(int(np.searchsorted(ends, share * ends[-1])), len(legs) - 1)
    a, b = legs[leg]
    course = bearing_deg(a, b)
    return moved(a, course, share * float(ends[-1]) - float(ends[leg] - lengths[leg])), course
