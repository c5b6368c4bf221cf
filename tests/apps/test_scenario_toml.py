"""A scenario is written as TOML and read again: the same, bit for bit."""

import math
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asman.apps import scenarios
from asman.apps.scenario_toml import written
from asman.exercise import parse_scenario
from asman.exercise.elements import ScriptedFlight, Waypoint
from asman.exercise.events import Emergency, Event, Ghost, GnssJamming, Launch, Outage, Weather

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
seconds = st.floats(0.0, 1e6)


@pytest.mark.parametrize("name", scenarios.shipped())
def test_every_shipped_scenario_comes_back_as_it_was(name):
    found = scenarios.find(name)
    again = parse_scenario(written(found.scenario, found.folder), name)
    assert without_paths(again) == without_paths(found.scenario)


def without_paths(scenario):
    recorded = scenario.recorded and msgspec.structs.replace(scenario.recorded, file="")
    agreement = tuple(msgspec.structs.replace(one, file="") for one in scenario.agreement)
    return msgspec.structs.replace(scenario, terrain="", recorded=recorded, agreement=agreement)


def test_what_stands_beside_a_scenario_is_named_by_its_full_path():
    found = scenarios.find("kant")
    scenario = msgspec.structs.replace(found.scenario, terrain="ground.tif")
    assert parse_scenario(written(scenario, Path("/somewhere")), "x").terrain == "/somewhere/ground.tif"


flights = st.builds(
    ScriptedFlight,
    id=st.text(min_size=1, max_size=12),
    waypoint=st.lists(
        st.builds(Waypoint, lat_deg=st.floats(-80, 80), lon_deg=st.floats(-180, 180)), min_size=2, max_size=4
    ).map(tuple),
    speed_mps=st.floats(10, 900),
    begin_altitude_m=st.none() | st.floats(0, 9000),
    callsign=st.none() | st.text(max_size=8),
)
events = st.one_of(
    st.builds(Emergency, who=st.text(max_size=30), begin_s=seconds),
    st.builds(Outage, sensor=st.just("KG-OSH"), begin_s=seconds),
    st.builds(GnssJamming, lat_deg=finite, lon_deg=finite, radius_m=st.floats(1.0, 1e300), begin_s=seconds),
    st.builds(Weather, lat_deg=finite, lon_deg=finite, radius_m=st.just(5e-324), loss=st.floats(0, 1)),
)


@given(happened=st.lists(events, max_size=4), flight=flights, ghost=flights, year=st.integers(1970, 2200))
def test_whatever_was_injected_comes_back_exactly(happened: list[Event], flight, ghost, year):
    scenario = scenarios.find("kant").scenario
    ghost = msgspec.structs.replace(ghost, id=ghost.id + "'")
    everything = (*happened, Launch(flight=flight, begin_s=math.pi), Ghost(flight=ghost, begin_s=1 / 3))
    begin = datetime(year, 2, 28, 23, 59, 59, 123_457, tzinfo=UTC)
    scenario = msgspec.structs.replace(scenario, event=everything, begin=begin)
    again = msgspec.toml.decode(written(scenario, Path("/")))
    assert msgspec.convert(again, type(scenario)) == scenario
