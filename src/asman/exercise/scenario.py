"""Scenarios as data: who has which sensors, what flies, and from which seed.

A scenario is a TOML text; everything in it is strict, so that a misspelt key is refused with the nearest
known one named. What a sensor's owner knows of it (`[[sensor]]`, the same keys as in a sensors.toml) stands
apart from what is true of it (`[effects.ID]`): a tracker under test is given the first only.
"""

import tomllib
from datetime import UTC, datetime
from typing import Any, get_type_hints

import msgspec

from asman.errors import InputError, nearest
from asman.model.sensor import RADAR_KINDS, Sensor, Sensors


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


class Airport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A real airport.

    icao                location indicator
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

    airliners       between airports, climb, cruise, descent; some of them propeller aircraft
    overflights     across the area at cruise level, seen from edge to edge
    circuits        light aircraft about an airport
    helicopters     low and slow about a base or an airport
    fast_jets       manoeuvring over a training area near their base
    formations      of `formation_size` fast jets each; only the leader's transponder is on
    dark            fast and light aircraft without a transponder
    mode_ac         1   share of airliners and light aircraft with Mode A/C only
    ground_min_s    s   shortest and longest time on the ground
    ground_max_s    s
    """

    airliners: int = 0
    overflights: int = 0
    circuits: int = 0
    helicopters: int = 0
    fast_jets: int = 0
    formations: int = 0
    formation_size: int = 3
    dark: int = 0
    mode_ac: float = 0.08
    ground_min_s: float = 240.0
    ground_max_s: float = 900.0


class Atmosphere(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a pressure altitude is not a height.

    qnh_hpa           hPa  pressure at sea level; 27.3 ft a hPa (ICAO Doc 7488)
    isa_deviation_k   K    warmer than the standard atmosphere; heights stretch by 1 / 288.15 of it
    """

    qnh_hpa: float = 1013.25
    isa_deviation_k: float = 0.0


class Effects(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is true of a radar, whether or not its owner knows.

    psr                    a primary radar turns with the secondary one (a sensor of kind psr always has it)
    pd_psr            1    its probability of detection
    psr_range_m       m    its range
    range_min_m       m    nearer, nothing is seen
    cone_deg          deg  higher than this elevation, nothing is seen: the cone of silence
    mast_m            m    antenna above the smooth ground that makes its horizon
    horizon_k         1    effective earth radius; 4/3 in the standard atmosphere
    range_bias_m      m    added to every range
    range_gain        1    share of the range added to it (clock or refraction)
    azimuth_bias_deg  deg  added to every azimuth
    wobble_deg        deg  amplitude of the azimuth error once a turn (tilted turntable, encoder off centre)
    wobble_at_deg     deg  phase of it
    time_bias_s       s    added to every time stamp
    code_missing      1    share of replies without Mode 3/A
    code_garbled      1    share of replies whose Mode 3/A is marked garbled, and wrong
    altitude_missing  1    share of replies without Mode C
    altitude_garbled  1    share of replies whose altitude is marked garbled
    quantised              in the steps of CAT048: 1/128 s, 1/256 NM, 360/65536 deg
    latency_s         s    from the end of a sector until its plots leave the radar
    """

    psr: bool = False
    pd_psr: float = 0.8
    psr_range_m: float = 150_000.0
    range_min_m: float = 1_000.0
    cone_deg: float = 45.0
    mast_m: float = 20.0
    horizon_k: float = 4.0 / 3.0
    range_bias_m: float = 0.0
    range_gain: float = 0.0
    azimuth_bias_deg: float = 0.0
    wobble_deg: float = 0.0
    wobble_at_deg: float = 0.0
    time_bias_s: float = 0.0
    code_missing: float = 0.005
    code_garbled: float = 0.005
    altitude_missing: float = 0.01
    altitude_garbled: float = 0.005
    quantised: bool = True
    latency_s: float = 0.05


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that an exercise is made of.

    effects   "default" is laid over the defaults above, a sensor's id over that
    """

    name: str
    title: str
    seed: int
    begin: datetime
    area: Area
    member: tuple[Member, ...]
    airport: tuple[Airport, ...]
    operator: tuple[Operator, ...]
    sensor: Sensors
    traffic: Traffic
    atmosphere: Atmosphere = Atmosphere()
    effects: dict[str, dict[str, Any]] = {}

    def effects_of(self, sensor: str, source: str = "") -> Effects:
        """What is true of one sensor; `source` is what errors call the scenario."""
        merged = {**self.effects.get("default", {}), **self.effects.get(sensor, {})}
        return _convert(merged, Effects, f"{source or self.name}: effects.{sensor}")


def parse_scenario(text: str, name: str = "scenario") -> Scenario:
    """Parse and check a scenario's TOML text; `name` is what errors call it.

    Raises InputError with the item, the problem and the mend.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(name, f"not TOML: {error}", "Correct the line it names.") from error
    scenario = _convert(raw, Scenario, name)
    _check(scenario, name)
    return scenario


def with_aircraft(scenario: Scenario, aircraft: int) -> Scenario:
    """Return the scenario with so many airframes: more airliners, then overflights; fewer of everything.

    Up to 250 airliners are as many as the airports of a region carry; beyond that the sky is overflown.
    """
    kinds = ("airliners", "overflights", "circuits", "helicopters", "fast_jets", "dark")
    counts = {kind: getattr(scenario.traffic, kind) for kind in kinds}
    formations = scenario.traffic.formations
    total = sum(counts.values()) + formations * scenario.traffic.formation_size
    if aircraft < 1:
        raise InputError("aircraft", f"at least 1 is needed, {aircraft} was given", "Give a positive number.")
    if aircraft < total:
        formations = formations * aircraft // total
        counts = {kind: count * aircraft // total for kind, count in counts.items()}
    missing = aircraft - sum(counts.values()) - formations * scenario.traffic.formation_size
    extra = min(missing, max(250 - counts["airliners"], 0)) if scenario.traffic.airliners else 0
    counts["airliners"] += extra
    counts["overflights"] += missing - extra
    traffic = msgspec.structs.replace(scenario.traffic, formations=formations, **counts)
    return msgspec.structs.replace(scenario, traffic=traffic)


def begin_ns(scenario: Scenario) -> int:
    """Nanoseconds since 1970 UTC at which the scenario begins."""
    delta = scenario.begin - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1_000


def _convert(raw: Any, kind: Any, item: str) -> Any:
    _refuse_unknown(raw, kind, item)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise InputError(
            item, str(error), "See docs/how-to/simulate.md for the keys and their units."
        ) from error


def _refuse_unknown(raw: Any, kind: Any, item: str) -> None:
    """Name the nearest known key, which msgspec's own refusal does not."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)) or not isinstance(raw, dict):
        return
    hints = get_type_hints(kind)
    for key, value in raw.items():
        if key not in hints:
            raise InputError(f"{item}: {key}", "unknown key", nearest(str(key), list(hints)))
        inner = getattr(hints[key], "__args__", (hints[key],))[0]
        for i, part in enumerate(value) if isinstance(value, list) else ((None, value),):
            _refuse_unknown(part, inner, f"{item}: {key}" + ("" if i is None else f"[{i}]"))


def _check(scenario: Scenario, name: str) -> None:
    members = {member.id for member in scenario.member}
    ids = [sensor.id for sensor in scenario.sensor]
    if scenario.begin.tzinfo is None:
        raise InputError(
            f"{name}: begin", "a time without zone", "Write it in UTC, e.g. 2026-06-01T04:00:00Z."
        )
    if not 120.0 <= scenario.traffic.ground_min_s <= scenario.traffic.ground_max_s:
        raise InputError(
            f"{name}: traffic.ground_min_s",
            "must be 120 s or more, and not above ground_max_s",
            "Correct it.",
        )
    if not scenario.airport or not scenario.operator:
        raise InputError(
            name, "no airport or no operator", "Give at least one [[airport]] and one [[operator]]."
        )
    for i, sensor in enumerate(scenario.sensor):
        _check_sensor(sensor, members, f"{name}: sensor[{i}] ({sensor.id})")
        if sensor.id in ids[:i]:
            raise InputError(f"{name}: sensor[{i}].id", f"'{sensor.id}' is there twice", "Ids must differ.")
    for key in scenario.effects:
        if key not in (*ids, "default"):
            raise InputError(
                f"{name}: effects.{key}", "no sensor of this id", nearest(key, [*ids, "default"])
            )
        scenario.effects_of(key, name)


def _check_sensor(sensor: Sensor, members: set[str], item: str) -> None:
    if sensor.kind not in RADAR_KINDS:
        raise InputError(item, f"kind '{sensor.kind}' is not simulated yet", "Use psr, ssr or modes.")
    if sensor.member not in members:
        raise InputError(
            f"{item}.member", f"no [[member]] '{sensor.member}'", nearest(sensor.member, list(members))
        )
    if sensor.sac is None or sensor.sic is None:
        raise InputError(item, "sac and sic are needed to speak ASTERIX", "Give both, 0 to 255.")
    if not (1.0 <= sensor.period_s <= 60.0 and 0.0 <= sensor.pd <= 1.0 and sensor.range_max_m > 0.0):
        raise InputError(
            item, "period_s must be 1 to 60, pd 0 to 1, range_max_m positive", "Correct the value."
        )
