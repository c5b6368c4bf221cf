"""What a scenario is made of, piece by piece: area, members, airports, traffic, air, borders, recordings."""

from typing import Literal

import msgspec

AircraftKind = Literal[
    "airliner", "overflight", "circuit", "helicopter", "fast_jet", "formation", "dark", "low_flyer", "drone",
    "light", "flight",
]  # fmt: skip


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where overflights come from and go to, and what a map shows first. Degrees, WGS-84."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state that takes part.

    id             as used in `sensor.member`
    name           for people
    address_first  first and last ICAO 24-bit address of the blocks that its aircraft get
    address_last
    military       callsign prefix of its state aircraft
    """

    id: str
    name: str
    address_first: int
    address_last: int
    military: str


class AgreementRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agreement that is in force between members while the exercise runs.

    id        as the agreement itself says
    parties   members
    file      where its text is, beside the scenario
    """

    id: str
    parties: tuple[str, ...]
    file: str = ""


class Airport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A real airport.

    icao                location indicator; alone, the rest is looked up
    lat_deg, lon_deg    deg
    elevation_m         m     above mean sea level
    runway_deg          deg   true; both directions are flown
    traffic             1     weight in the choice of routes; 0 is never chosen
    base_of             member whose fast jets and helicopters live here, if any
    """

    icao: str
    lat_deg: float
    lon_deg: float
    elevation_m: float
    runway_deg: float = 90.0
    traffic: float = 1.0
    base_of: str | None = None


class Operator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who flies: callsign prefix, the block of 24-bit addresses, weight in the choice."""

    callsign: str
    address_first: int
    address_last: int
    weight: float = 1.0


class Traffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many airframes of each kind. Each flies for ever: a flight, some time on the ground, the next.

    airliners          between airports, climb, cruise, descent; some of them propeller aircraft
    overflights        across the area at cruise level, seen from edge to edge
    circuits           light aircraft about an airport
    helicopters        low and slow about a base or an airport
    fast_jets          manoeuvring over a training area near their base
    formations         of `formation_size` fast jets each; only the leader's transponder is on
    formation_spread_m m  distance from wingman to wingman, at most; at least half of it
    dark               fast and light aircraft without a transponder
    low_flyers         light aircraft across country, 150 to 600 m above the airports, with a transponder
    drones             small, slow, low, without a transponder
    mode_ac            1  share of airliners and light aircraft with Mode A/C only
    adsb               1  share of Mode S airframes that send ADS-B
    duplicate_address  1  share of airframes that have another's 24-bit address
    duplicate_code     1  share of flights that have another's Mode 3/A code
    code_change        1  share of flights whose code changes once on the way
    ground_min_s       s  shortest and longest time on the ground
    ground_max_s       s
    """

    airliners: int = 0
    overflights: int = 0
    circuits: int = 0
    helicopters: int = 0
    fast_jets: int = 0
    formations: int = 0
    formation_size: int = 3
    formation_spread_m: float = 700.0
    dark: int = 0
    low_flyers: int = 0
    drones: int = 0
    mode_ac: float = 0.08
    adsb: float = 0.85
    duplicate_address: float = 0.001
    duplicate_code: float = 0.005
    code_change: float = 0.15
    ground_min_s: float = 240.0
    ground_max_s: float = 900.0


class Atmosphere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a pressure altitude is not a height.

    qnh_hpa           hPa  pressure at sea level; 27.3 ft a hPa (ICAO Doc 7488)
    isa_deviation_k   K    warmer than the standard atmosphere; heights stretch by 1 / 288.15 of it
    """

    qnh_hpa: float = 1013.25
    isa_deviation_k: float = 0.0


class Border(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line between members, and who comes near it.

    line         [lon_deg, lat_deg] of each corner, at least two
    approaches   airframes that come towards it from its left and turn away 3 to 15 km before
    violations   airframes that cross it from left to right, 10 to 40 km deep, and return
    dark         1  share of both without a transponder
    """

    id: str
    line: tuple[tuple[float, float], ...]
    approaches: int = 0
    violations: int = 0
    dark: float = 0.5


class Waypoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place to fly over; degrees, WGS-84."""

    lat_deg: float
    lon_deg: float


class ScriptedFlight(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One flight that is written down: it appears, flies its waypoints once and is gone.

    id            unique name
    kind          what a picture may call it
    member        the state whose aircraft it is, if any
    begin_s       s     after the scenario's begin
    waypoint      at least two
    speed_mps     m/s   in cruise; begin_speed_mps and end_speed_mps before and after (else the same)
    altitude_m    m     above the ellipsoid in cruise; begin_altitude_m and end_altitude_m (else the same)
    climb_mps     m/s   of climb and descent
    bank_deg      deg   of its turns
    transponder   "mode_s", "mode_ac" or "none"
    adsb          sends ADS-B
    address       ICAO 24-bit; None: one of its member's or an operator's
    callsign      None: one is made
    mode_3a       four octal digits, None: one is given
    rcs_m2        m²    radar cross-section
    """

    id: str
    waypoint: tuple[Waypoint, ...]
    kind: AircraftKind = "flight"
    member: str | None = None
    begin_s: float = 0.0
    speed_mps: float = 200.0
    begin_speed_mps: float | None = None
    end_speed_mps: float | None = None
    altitude_m: float = 9_000.0
    begin_altitude_m: float | None = None
    end_altitude_m: float | None = None
    climb_mps: float = 10.0
    bank_deg: float = 25.0
    transponder: Literal["mode_s", "mode_ac", "none"] = "mode_s"
    adsb: bool = True
    address: int | None = None
    callsign: str | None = None
    mode_3a: str | None = None
    rcs_m2: float = 5.0


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Traffic from a file of trajectories, time-shifted and re-anchored.

    file       path, beside the scenario; `asman simulate --recorded FILE` says another
    copies     1   how often each flight is flown
    anchor     places to which the recording's centre is moved, by turns; none: where it was
    spread_m   m   how far from its anchor a copy may come, at random
    turn           copies are turned by a random bearing
    repeat_s   s   a flight shows again after so long; None: when the whole recording is over
    gap_s      s   a longer silence in the recording ends a flight
    """

    file: str = ""
    copies: int = 1
    anchor: tuple[Waypoint, ...] = ()
    spread_m: float = 0.0
    turn: bool = False
    repeat_s: float | None = None
    gap_s: float = 60.0
