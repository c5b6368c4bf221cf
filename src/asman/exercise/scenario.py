"""Scenarios as data: who has which sensors, what flies, what happens, and from which seed.

A scenario is a TOML text; everything in it is strict, so that a misspelt key is refused with the nearest
known one named. What a sensor's owner knows of it (`[[sensor]]`, the same keys as in a sensors.toml) stands
apart from what is true of it (`[effects.ID]`): a tracker under test is given the first only.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from asman.errors import InputError, nearest
from asman.exercise.effects import CATALOGUE, Effects
from asman.exercise.elements import (
    AgreementRef,
    Airport,
    Area,
    Atmosphere,
    Border,
    Member,
    Operator,
    Recorded,
    ScriptedFlight,
    Traffic,
)
from asman.exercise.events import CodeChange, Event, Outage, RadarJamming, Weather
from asman.exercise.limits import check_callsign, check_known, check_numbers
from asman.exercise.strict import to_struct
from asman.model.sensor import RADAR_KINDS, Sensor, Sensors

#: What an airport of a scenario needs beside its name; looked up where it is not said.
_AIRPORT_KEYS = ("lat_deg", "lon_deg", "elevation_m")


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that an exercise is made of.

    begin       UTC  date and time at which it begins, unless it is run live
    duration_s  s    how long it is, unless another time is asked for
    effects     "default" is laid over the defaults of `Effects`, a sensor's id over that
    receivers   of each sensor of kind mlat: latitude [deg], longitude [deg], height [m] of its receivers
    terrain     path of an elevation model, beside the scenario; none: smooth ground
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
    traffic: Traffic = Traffic()
    duration_s: float = 600.0
    atmosphere: Atmosphere = Atmosphere()
    effects: dict[str, dict[str, Any]] = {}
    receivers: dict[str, tuple[tuple[float, float, float], ...]] = {}
    agreement: tuple[AgreementRef, ...] = ()
    border: tuple[Border, ...] = ()
    flight: tuple[ScriptedFlight, ...] = ()
    event: tuple[Event, ...] = ()
    recorded: Recorded | None = None
    terrain: str = ""

    def effects_of(self, sensor: str, source: str = "") -> Effects:
        """What is true of one sensor; `source` is what errors call the scenario."""
        item = f"{source or self.name}: effects.{sensor}"
        said = [self.effects.get(key, {}) for key in ("default", sensor)]
        off: list[str] = [name for one in said for name in one.get("off", ())]
        return to_struct({**said[0], **said[1], **_without(off, item), "off": off}, Effects, item)


def _without(names: list[str], item: str) -> dict[str, Any]:
    """The keys that turn the named effects off."""
    known = {effect.name: effect.without for effect in CATALOGUE}
    values: dict[str, Any] = {}
    for name in names:
        if name != "all" and name not in known:
            raise InputError(f"{item}.off", f"no effect '{name}'", nearest(name, [*known, "all"]))
        for effect in known if name == "all" else (name,):
            values.update(known[effect])
    return values


def without(scenario: Scenario, names: tuple[str, ...]) -> Scenario:
    """Return the scenario with effects of `CATALOGUE` turned off for every sensor."""
    default = scenario.effects.get("default", {})
    off = [*default.get("off", ()), *names]
    changed = msgspec.structs.replace(
        scenario, effects={**scenario.effects, "default": {**default, "off": off}}
    )
    changed.effects_of("default")
    return changed


def parse_scenario(
    text: str, name: str = "scenario", airports: Mapping[str, Mapping[str, Any]] | None = None
) -> Scenario:
    """Parse and check a scenario's TOML text.

    name      what errors call it
    airports  location indicator -> lat_deg, lon_deg, elevation_m, for airports that say only their `icao`

    Raises InputError with the item, the problem and the mend.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(name, f"not TOML: {error}", "Correct the line it names.") from error
    if isinstance(raw.get("airport"), list):
        raw["airport"] = [
            _located(one, airports or {}, f"{name}: airport[{i}]") for i, one in enumerate(raw["airport"])
        ]
    scenario = to_struct(raw, Scenario, name)
    _check(scenario, name)
    return scenario


def _located(raw: Any, airports: Mapping[str, Mapping[str, Any]], item: str) -> Any:
    """Fill in where an airport is, when it does not say so itself."""
    if not isinstance(raw, dict) or not any(key not in raw for key in _AIRPORT_KEYS):
        return raw
    icao = str(raw.get("icao"))
    if icao not in airports:
        raise InputError(
            item,
            f"'{icao}' says no place, and none is known of it",
            f"Give {', '.join(_AIRPORT_KEYS)}, or a known location indicator: "
            + nearest(icao, list(airports))
            if airports
            else f"Give {', '.join(_AIRPORT_KEYS)}.",
        )
    known = airports[icao]
    return {**{key: known[key] for key in _AIRPORT_KEYS}, **raw}


def with_aircraft(scenario: Scenario, aircraft: int) -> Scenario:
    """Return the scenario with so many airframes: more airliners, then overflights; fewer of everything.

    Up to 250 airliners are as many as the airports of a region carry; beyond that the sky is overflown.
    """
    kinds = (
        "airliners", "overflights", "circuits", "helicopters", "fast_jets", "dark", "low_flyers", "drones",
    )  # fmt: skip
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


def _check(scenario: Scenario, name: str) -> None:
    members = {member.id for member in scenario.member}
    ids = [sensor.id for sensor in scenario.sensor]
    check_numbers(scenario, name)
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
        _check_sensor(sensor, scenario, members, f"{name}: sensor[{i}] ({sensor.id})")
        if sensor.id in ids[:i]:
            raise InputError(f"{name}: sensor[{i}].id", f"'{sensor.id}' is there twice", "Ids must differ.")
        for other in scenario.sensor[:i]:
            if (other.sac, other.sic) == (sensor.sac, sensor.sic):
                problem = f"SAC {sensor.sac} SIC {sensor.sic} is also {other.id}'s"
                raise InputError(
                    f"{name}: sensor[{i}] ({sensor.id}).sic", problem, "Each sensor needs its own."
                )
    for table, keys in (("effects", scenario.effects), ("receivers", scenario.receivers)):
        for key in keys:
            if key not in (*ids, "default"):
                raise InputError(
                    f"{name}: {table}.{key}", "no sensor of this id", nearest(key, [*ids, "default"])
                )
    for key in ("default", *ids):
        scenario.effects_of(key, name)
    _check_names(scenario, [member.id for member in scenario.member], name)
    _check_traffic(scenario, members, name)


def _check_names(scenario: Scenario, members: list[str], name: str) -> None:
    """Refuse members that are not there, blocks and areas that end before they begin, callsigns too long."""
    for i, agreement in enumerate(scenario.agreement):
        check_known(agreement.parties, members, "member", f"{name}: agreement[{i}].parties")
    for i, airport in enumerate(scenario.airport):
        check_known((airport.base_of,), members, "member", f"{name}: airport[{i}].base_of")
    area = scenario.area
    if not (area.west_deg < area.east_deg and area.south_deg < area.north_deg):
        mend = "west_deg < east_deg (add 360 to what lies beyond 180), south_deg < north_deg."
        raise InputError(f"{name}: area", "ends before it begins", mend)
    for table, owners in (("member", scenario.member), ("operator", scenario.operator)):
        for i, owner in enumerate(owners):
            if owner.address_first > owner.address_last:
                item = f"{name}: {table}[{i}].address_last"
                raise InputError(item, "is before address_first", "Correct one of them.")
    for i, member in enumerate(scenario.member):
        check_callsign(member.military, 6, f"{name}: member[{i}].military")
    for i, operator in enumerate(scenario.operator):
        check_callsign(operator.callsign, 4, f"{name}: operator[{i}].callsign")


def _check_sensor(sensor: Sensor, scenario: Scenario, members: set[str], item: str) -> None:
    if sensor.member not in members:
        raise InputError(
            f"{item}.member", f"no [[member]] '{sensor.member}'", nearest(sensor.member, list(members))
        )
    if sensor.sac is None or sensor.sic is None:
        raise InputError(item, "sac and sic are needed to speak ASTERIX", "Give both, 0 to 255.")
    shortest = 1.0 if sensor.kind in RADAR_KINDS else 0.5
    if not (shortest <= sensor.period_s <= 60.0 and 0.0 <= sensor.pd <= 1.0 and sensor.range_max_m > 0.0):
        raise InputError(
            item,
            f"period_s must be {shortest:g} to 60, pd 0 to 1, range_max_m positive",
            "Correct the value.",
        )
    if sensor.kind == "mlat" and len(scenario.receivers.get(sensor.id, ())) < 4:
        raise InputError(
            item,
            "multilateration needs four receivers or more",
            f"Give [receivers] {sensor.id} = [[lat_deg, lon_deg, height_m], ...].",
        )


def _check_traffic(scenario: Scenario, members: set[str], name: str) -> None:
    flights = [flight.id for flight in scenario.flight]
    for i, flight in enumerate(scenario.flight):
        item = f"{name}: flight[{i}] ({flight.id})"
        if flights.count(flight.id) > 1:
            raise InputError(item, "its id is there twice", "Ids must differ.")
        check_flight(flight, members, item)
    for i, border in enumerate(scenario.border):
        if len(border.line) < 2:
            raise InputError(f"{name}: border[{i}].line", "a line has two corners or more", "Add corners.")
    for i, event in enumerate(scenario.event):
        check_event(event, scenario, f"{name}: event[{i}]")


def check_flight(flight: ScriptedFlight, members: set[str], item: str) -> None:
    """Refuse a scripted flight that cannot be flown."""
    if flight.member is not None and flight.member not in members:
        raise InputError(
            f"{item}.member", f"no [[member]] '{flight.member}'", nearest(flight.member, [*members])
        )
    if len(flight.waypoint) < 2:
        raise InputError(f"{item}.waypoint", "two or more are needed", "Add [[flight.waypoint]] tables.")
    if not (10.0 <= flight.speed_mps <= 900.0 and flight.climb_mps > 0.0 and 1.0 <= flight.bank_deg <= 80.0):
        raise InputError(
            item, "speed_mps must be 10 to 900, climb_mps positive, bank_deg 1 to 80", "Correct it."
        )
    if flight.callsign is not None:
        check_callsign(flight.callsign, 8, f"{item}.callsign")
    if flight.mode_3a is not None:
        check_code(flight.mode_3a, f"{item}.mode_3a")


def check_code(code: str, item: str) -> int:
    """The number of a Mode 3/A code written as four octal digits."""
    if len(code) != 4 or any(digit not in "01234567" for digit in code):
        raise InputError(item, f"'{code}' is not four octal digits", 'Write it as "7700".')
    return int(code, 8)


def check_event(event: Event, scenario: Scenario, item: str) -> None:
    """Refuse an event about a sensor that does not exist, or that ends before it begins."""
    check_numbers(event, item)
    if event.end_s is not None and event.end_s < event.begin_s:
        raise InputError(f"{item}.end_s", "is before begin_s", "Correct one of them.")
    ids = [sensor.id for sensor in scenario.sensor]
    if isinstance(event, Outage) and event.sensor not in ids:
        raise InputError(f"{item}.sensor", f"no sensor '{event.sensor}'", nearest(event.sensor, ids))
    if isinstance(event, CodeChange):
        check_code(event.mode_3a, f"{item}.mode_3a")
    if isinstance(event, Weather | RadarJamming):
        _check_disturbance(event, item)
    flight = getattr(event, "flight", None)
    if isinstance(flight, ScriptedFlight):
        check_flight(flight, {member.id for member in scenario.member}, f"{item}.flight")


def _check_disturbance(event: Weather | RadarJamming, item: str) -> None:
    """Refuse weather and jamming that cannot be."""
    limits = {
        "lat_deg": (-90.0, 90.0), "lon_deg": (-180.0, 360.0), "plots_per_scan": (0.0, 10_000.0),
        "radius_m": (1.0, 1e6), "loss": (0.0, 1.0), "power": (0.0, 10.0), "width_deg": (0.0, 90.0),
        "east_mps": (-100.0, 100.0), "north_mps": (-100.0, 100.0), "height_m": (-500.0, 50_000.0),
    }  # fmt: skip
    for name, (least, most) in limits.items():
        value = getattr(event, name, least)
        if not least <= value <= most:
            raise InputError(f"{item}.{name}", f"must be {least:g} to {most:g}, not {value:g}", "Correct it.")
