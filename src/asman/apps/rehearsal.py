"""Every kind of event in a few seconds, so that nothing is compiled while an exercise runs."""

import msgspec

from asman.exercise import Scenario
from asman.exercise.elements import ScriptedFlight, Waypoint
from asman.exercise.events import (
    AddressChange,
    CodeChange,
    Emergency,
    Event,
    Ghost,
    GnssJamming,
    Launch,
    Outage,
    RadarJamming,
    SpoofCircle,
    SpoofDrift,
    TransponderLost,
    Weather,
)


def eventful(scenario: Scenario) -> Scenario:
    """Return the scenario with one event of each kind instead of its own, all from its begin."""
    area, sensor = scenario.area, scenario.sensor[0]
    way = (Waypoint(area.south_deg, area.west_deg), Waypoint(area.north_deg, area.east_deg))
    flight = ScriptedFlight(id="rehearsal", waypoint=way)
    ghost = msgspec.structs.replace(flight, id="rehearsal-ghost")
    who, lat_deg, lon_deg = "flight:rehearsal", sensor.lat_deg, sensor.lon_deg
    events: tuple[Event, ...] = (
        Launch(flight=flight),
        Ghost(flight=ghost),
        Emergency(who=who),
        CodeChange(who=who, mode_3a="1234", begin_s=1.0),
        AddressChange(who=who, address=1),
        TransponderLost(who=who, what="altitude"),
        SpoofDrift(who=who, east_mps=10.0),
        SpoofCircle(
            lat_deg=lat_deg, lon_deg=lon_deg, radius_m=50e3, to_lat_deg=lat_deg + 1.0, to_lon_deg=lon_deg
        ),
        GnssJamming(lat_deg=lat_deg, lon_deg=lon_deg, radius_m=200e3),
        Weather(lat_deg=lat_deg, lon_deg=lon_deg, radius_m=30e3),
        RadarJamming(lat_deg=lat_deg + 0.5, lon_deg=lon_deg),
        Outage(sensor=sensor.id, part="psr"),
        Outage(sensor=sensor.id, begin_s=8.0),
    )
    return msgspec.structs.replace(scenario, event=events)
