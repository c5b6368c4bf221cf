"""Where each kind of aircraft flies: waypoints and a plan for two flights, out and back, an airframe.

Everything here is drawn once from the scenario's generator. Speeds and rates are those that the field
knows: airliners 210 to 250 m/s at flight level 280 to 400 (eastbound odd, westbound even), propeller
aircraft half as high and two thirds as fast, turns at 25 degrees of bank; fast jets turn at 3 g.
Sources: EUROCONTROL Aircraft Performance Database (typical climb, cruise, descent); ICAO Annex 2,
appendix 3 (cruising levels).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.exercise.elements import AircraftKind, Airport, Area
from asman.exercise.scenario import Scenario
from asman.kernels.motion import MEAN_RADIUS_M
from asman.kernels.radar import DARK, MODE_AC, MODE_S
from asman.units import FLIGHT_LEVEL_M

Place = NDArray[np.float64]  # unit normal of the ellipsoid
GRAVITY_MPS2 = 9.80665


class Flight(NamedTuple):
    """One flight: waypoints (W, 3) as unit normals, plan (12,) as in `motion`, seconds on ground after."""

    waypoints: NDArray[np.float64]
    plan: tuple[float, ...]
    ground_s: float


class Line(NamedTuple):
    """One airframe and what it flies for ever.

    kind        of `elements.AircraftKind`
    equipment   DARK, MODE_AC, MODE_S
    flights     one or two, by turns
    owner       id of the member that owns it, for state aircraft
    leader      how many lines before this one its formation's leader stands; 0 for who leads itself
    """

    kind: AircraftKind
    equipment: int
    flights: tuple[Flight, ...]
    owner: str | None = None
    leader: int = 0


def place(lat_deg: float, lon_deg: float) -> Place:
    """Unit normal of a latitude and longitude."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    return np.array((math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)))


def _cross(a: Place, b: Place) -> Place:
    """Vector product; of one pair, numpy's own takes many times as long."""
    return np.array((a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]))


def moved(start: Place, bearing_deg: float, distance_m: float) -> Place:
    """The place at a bearing and distance, along a great circle."""
    east = np.array((-start[1], start[0], 0.0))
    east /= np.linalg.norm(east)
    north = _cross(start, east)
    bearing, angle = math.radians(bearing_deg), distance_m / MEAN_RADIUS_M
    heading = math.cos(bearing) * north + math.sin(bearing) * east
    return math.cos(angle) * start + math.sin(angle) * heading


def bearing_deg(start: Place, end: Place) -> float:
    """Initial bearing from one place to another."""
    east = np.array((-start[1], start[0], 0.0))
    north = _cross(start, east)
    return math.degrees(math.atan2(float(end @ east), float(end @ north))) % 360.0


def distance_m(start: Place, end: Place) -> float:
    """Length of the great circle between two places."""
    return MEAN_RADIUS_M * math.atan2(float(np.linalg.norm(_cross(start, end))), float(start @ end))


def bank_radius_m(speed_mps: float, bank_deg: float) -> float:
    """Radius of a level turn."""
    return speed_mps**2 / (GRAVITY_MPS2 * math.tan(math.radians(bank_deg)))


def _runway(airport: Airport, course_deg: float) -> float:
    """The direction of the runway, of its two, that is nearer to a course."""
    off = (airport.runway_deg - course_deg + 180.0) % 360.0 - 180.0
    return airport.runway_deg if abs(off) <= 90.0 else airport.runway_deg + 180.0


def _cruise_m(rng: np.random.Generator, course_deg: float, low_fl: int, high_fl: int) -> float:
    """An odd flight level eastbound, an even one westbound."""
    level = int(rng.integers(low_fl // 20, high_fl // 20 + 1)) * 20
    return (level + (10 if course_deg % 360.0 < 180.0 else 0)) * FLIGHT_LEVEL_M


def _between(rng: np.random.Generator, a: Airport, b: Airport, airway_m: float, ground_s: float) -> Flight:
    """Fly from one airport to another: departure, an airway of two fixes, approach."""
    start, end = place(a.lat_deg, a.lon_deg), place(b.lat_deg, b.lon_deg)
    length, course = distance_m(start, end), bearing_deg(start, end)
    jet = length > 300e3
    speed = rng.uniform(212.0, 250.0) if jet else rng.uniform(120.0, 150.0)
    height = _cruise_m(rng, course, 280, 400) if jet else _cruise_m(rng, course, 140, 220)
    fixes = [
        moved(moved(start, course, share * length), course + 90.0, airway_m + rng.normal(0.0, 2e3))
        for share in (0.36, 0.64)
    ]
    out = moved(start, _runway(a, course), 16e3)
    final = moved(end, _runway(b, bearing_deg(end, start) + 180.0) + 180.0, 22e3)
    plan = (
        105.0, speed, 75.0, a.elevation_m, height, b.elevation_m,
        rng.uniform(8.0, 12.0), rng.uniform(7.0, 10.0), 1.0, 0.0, bank_radius_m(speed, 25.0), 3_000.0,
    )  # fmt: skip
    return Flight(np.array([start, out, *fixes, final, end]), plan, ground_s)


def airliner(rng: np.random.Generator, scenario: Scenario, ground_s: tuple[float, float]) -> Line:
    """To another airport and back; both ways share an airway, side by side."""
    weights = np.array([airport.traffic for airport in scenario.airport])
    while True:
        i, j = (int(k) for k in rng.choice(weights.size, 2, p=weights / weights.sum()))
        a, b = scenario.airport[i], scenario.airport[j]
        if 90e3 < distance_m(place(a.lat_deg, a.lon_deg), place(b.lat_deg, b.lon_deg)) < 2_500e3:
            break
    # The airway of a pair of airports lies where it lies, whoever flies it.
    airway_m = float(np.random.default_rng([scenario.seed, min(i, j), max(i, j)]).uniform(3e3, 25e3))
    equipment = MODE_AC if rng.random() < scenario.traffic.mode_ac else MODE_S
    there = _between(rng, a, b, airway_m, ground_s[0])
    return Line("airliner", equipment, (there, _between(rng, b, a, airway_m, ground_s[1])))


def _edge(rng: np.random.Generator, area: Area, side: int) -> Place:
    """A place 30 km outside one side of the area: west, south, east, north."""
    lon = rng.uniform(area.west_deg, area.east_deg)
    lat = rng.uniform(area.south_deg, area.north_deg)
    lon = (area.west_deg, lon, area.east_deg, lon)[side]
    lat = (lat, area.south_deg, lat, area.north_deg)[side]
    return moved(place(lat, lon), (270.0, 180.0, 90.0, 0.0)[side], 30e3)


def overflight(rng: np.random.Generator, scenario: Scenario, ground_s: tuple[float, float]) -> Line:
    """From one edge of the area to another at cruise level, and back; mostly east and west."""
    sides = (0, 2) if rng.random() < 0.6 else tuple(int(k) for k in rng.permutation(4)[:2])
    ends = [_edge(rng, scenario.area, side) for side in sides]
    flights: list[Flight] = []
    for way in range(2):
        start, end = ends[way], ends[1 - way]
        course, length = bearing_deg(start, end), distance_m(start, end)
        middle = moved(
            moved(start, course, rng.uniform(0.3, 0.7) * length), course + 90.0, rng.normal(0.0, 30e3)
        )
        speed, height = rng.uniform(225.0, 255.0), _cruise_m(rng, course, 300, 400)
        radius = bank_radius_m(speed, 25.0)
        plan = (speed, speed, speed, height, height, height, 10.0, 10.0, 1.0, 0.0, radius, radius)
        flights.append(Flight(np.array([start, middle, end]), plan, 0.3 * ground_s[way]))
    return Line("overflight", MODE_S, (flights[0], flights[1]))


def circuit(rng: np.random.Generator, scenario: Scenario, ground_s: tuple[float, float]) -> Line:
    """Rounds about an airport's runway, 300 to 450 m above it."""
    airport = _pick(rng, scenario)
    here, way = place(airport.lat_deg, airport.lon_deg), _runway(airport, rng.uniform(0.0, 360.0))
    side = float(rng.choice((-90.0, 90.0)))
    corners = [moved(here, way, 3.5e3)]
    corners.append(moved(corners[0], way + side, 2.8e3))
    corners.append(moved(corners[1], way + 180.0, 8e3))
    corners.append(moved(corners[2], way - side, 2.8e3))
    speed = rng.uniform(42.0, 58.0)
    top = airport.elevation_m + rng.uniform(300.0, 450.0)
    plan = (
        35.0, speed, 32.0, airport.elevation_m, top, airport.elevation_m, 3.0, 2.5, 1.0, 0.0, 550.0, 550.0,
    )  # fmt: skip
    equipment = MODE_AC if rng.random() < 0.5 else MODE_S
    flights = [
        Flight(np.array([here, *corners * int(rng.integers(4, 9)), here]), plan, ground)
        for ground in ground_s
    ]
    return Line("circuit", equipment, (flights[0], flights[1]))


def _scatter(
    rng: np.random.Generator, centre: Place, count: int, spread_m: float, apart_m: float
) -> list[Place]:
    """Random places about a centre, neighbours at least `apart_m` from each other.

    Not more than 0.8 of the spread, or a place near the centre would have no neighbour at all.
    """
    apart_m = min(apart_m, 0.8 * spread_m)
    places: list[Place] = []
    while len(places) < count:
        there = moved(centre, rng.uniform(0.0, 360.0), spread_m * math.sqrt(rng.random()))
        if not places or distance_m(places[-1], there) > apart_m:
            places.append(there)
    return places


def _pick(rng: np.random.Generator, scenario: Scenario, base: bool = False) -> Airport:
    """A base of a member where one is asked for and there is one; else an airport with traffic."""
    bases = [airport for airport in scenario.airport if airport.base_of is not None]
    choice = (
        bases
        if base and bases
        else [a for a in scenario.airport if a.traffic > 0.0] or list(scenario.airport)
    )
    return choice[int(rng.integers(len(choice)))]


def helicopter(rng: np.random.Generator, scenario: Scenario, ground_s: tuple[float, float]) -> Line:
    """Low and slow from place to place about a base."""
    airport = _pick(rng, scenario, base=True)
    here, speed = place(airport.lat_deg, airport.lon_deg), rng.uniform(50.0, 70.0)
    top = airport.elevation_m + rng.uniform(200.0, 900.0)
    plan = (
        30.0, speed, 30.0, airport.elevation_m, top, airport.elevation_m, 5.0, 4.0, 1.0, 0.0, 800.0, 800.0,
    )  # fmt: skip
    flights = [
        Flight(np.array([here, *_scatter(rng, here, int(rng.integers(4, 9)), 40e3, 6e3), here]), plan, ground)
        for ground in ground_s
    ]
    return Line("helicopter", MODE_S, (flights[0], flights[1]), owner=airport.base_of)


def _sortie(
    rng: np.random.Generator, airport: Airport, ground_s: float, bank_deg: float, legs: int
) -> Flight:
    """Out to a training area, turns and climbs there, and home."""
    here, speed = place(airport.lat_deg, airport.lon_deg), rng.uniform(200.0, 270.0)
    centre = moved(here, rng.uniform(0.0, 360.0), rng.uniform(50e3, 110e3))
    radius = bank_radius_m(speed, bank_deg)
    out = moved(here, _runway(airport, bearing_deg(here, centre)), 8e3)
    places = [here, out, *_scatter(rng, centre, legs, 35e3, 4.0 * radius + 6e3), here]
    top = airport.elevation_m + rng.uniform(3_000.0, 5_000.0)
    plan = (
        110.0, speed, 90.0, airport.elevation_m, top, airport.elevation_m,
        50.0, 30.0, 8.0, rng.uniform(5.0, 20.0), radius, max(radius, 3e3),
    )  # fmt: skip
    return Flight(np.array(places), plan, ground_s)


def fast_jet(rng: np.random.Generator, scenario: Scenario, ground_s: tuple[float, float]) -> Line:
    """Manoeuvres at 3 g over a training area near its base."""
    airport = _pick(rng, scenario, base=True)
    first, second = (_sortie(rng, airport, ground, 70.0, 12) for ground in ground_s)
    return Line("fast_jet", MODE_S, (first, second), owner=airport.base_of)


def formation(rng: np.random.Generator, scenario: Scenario, ground_s: tuple[float, float]) -> list[Line]:
    """Fast jets a few hundred metres apart; the wingmen's transponders are on standby."""
    airport = _pick(rng, scenario, base=True)
    lead = [_sortie(rng, airport, ground, 45.0, 5) for ground in ground_s]
    lines = [Line("formation", MODE_S, (lead[0], lead[1]), owner=airport.base_of)]
    for wing in range(1, scenario.traffic.formation_size):
        spread_m = scenario.traffic.formation_spread_m
        offset = (rng.uniform(0.0, 360.0), wing * rng.uniform(0.5 * spread_m, spread_m))
        beside = [
            Flight(
                np.array([moved(point, *offset) for point in flight.waypoints]), flight.plan, flight.ground_s
            )
            for flight in lead
        ]
        lines.append(Line("formation", DARK, (beside[0], beside[1]), owner=airport.base_of, leader=wing))
    return lines


def dark(rng: np.random.Generator, scenario: Scenario, ground_s: tuple[float, float]) -> Line:
    """Low across country without a transponder: only a primary radar sees it."""
    airport = _pick(rng, scenario, base=True)
    speed, top = rng.uniform(55.0, 95.0), airport.elevation_m + rng.uniform(300.0, 1_500.0)
    plan = (speed, speed, speed, top, top, top, 3.0, 3.0, 1.0, 0.0, 1_500.0, 1_500.0)
    here = place(airport.lat_deg, airport.lon_deg)
    flights = [Flight(np.array(_scatter(rng, here, 5, 90e3, 30e3)), plan, ground) for ground in ground_s]
    return Line("dark", DARK, (flights[0], flights[1]))


def _across(
    rng: np.random.Generator,
    here: Place,
    speed: float,
    top: float,
    spread_m: float,
    ground_s: tuple[float, float],
) -> tuple[Flight, ...]:
    """Two flights across country at one height, about a place."""
    radius = max(bank_radius_m(speed, 20.0), 200.0)
    plan = (speed, speed, speed, top, top, top, 3.0, 3.0, 1.0, 0.0, radius, radius)
    return tuple(
        Flight(np.array(_scatter(rng, here, 5, spread_m, 0.3 * spread_m)), plan, ground)
        for ground in ground_s
    )


def low_flyer(rng: np.random.Generator, scenario: Scenario, ground_s: tuple[float, float]) -> Line:
    """Low across country with a transponder, often under a radar's horizon."""
    airport = _pick(rng, scenario)
    speed, top = rng.uniform(45.0, 75.0), airport.elevation_m + rng.uniform(150.0, 600.0)
    flights = _across(rng, place(airport.lat_deg, airport.lon_deg), speed, top, 80e3, ground_s)
    return Line("low_flyer", MODE_AC if rng.random() < 0.5 else MODE_S, flights)


def drone(rng: np.random.Generator, scenario: Scenario, ground_s: tuple[float, float]) -> Line:
    """Small, slow and low about a place near an airport; only a primary radar that is near sees it."""
    airport = _pick(rng, scenario)
    speed, top = rng.uniform(18.0, 40.0), airport.elevation_m + rng.uniform(120.0, 800.0)
    here = moved(place(airport.lat_deg, airport.lon_deg), rng.uniform(0.0, 360.0), rng.uniform(5e3, 40e3))
    return Line("drone", DARK, _across(rng, here, speed, top, 12e3, ground_s))
