"""Scenarios by name and by path, airports by their indicator, and the files beside a scenario."""

import msgspec
import pytest
from tests.apps.small_scenario import small

from asman.apps.scenarios import airframes, around, begin, find, shipped
from asman.errors import InputError
from asman.exercise.elements import Recorded


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_is_found_and_sound(name):
    found = find(name)
    assert found.scenario.name == name
    assert found.scenario.title and found.scenario.sensor
    assert (found.folder / found.name).read_text("utf-8") == found.text


def test_an_airport_that_says_only_its_indicator_is_looked_up(tmp_path):
    manas = find(small(tmp_path)).scenario.airport[0]
    assert (manas.lat_deg, manas.lon_deg) == pytest.approx((43.0613, 74.4776), abs=0.01)
    assert manas.elevation_m == pytest.approx(637, abs=5)


def test_what_an_airport_says_of_itself_stands(tmp_path):
    manas = find(small(tmp_path, first='icao = "UCFM"\nelevation_m = 1.0')).scenario.airport[0]
    assert manas.elevation_m == 1.0
    assert manas.lat_deg == pytest.approx(43.0613, abs=0.01)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kan", "kant"),
        ("no/such.toml", "no such file"),
        ("", "kant"),
    ],
)
def test_a_scenario_that_is_not_there_is_named_with_what_is(name, words):
    with pytest.raises(InputError, match=words):
        find(name)


def test_a_wrong_scenario_is_named_with_its_file(tmp_path):
    with pytest.raises(InputError, match=r"small\.toml.*'UCFX'"):
        find(small(tmp_path, first='icao = "UCFX"'))
    (tmp_path / "broken.toml").write_text("name = ")
    with pytest.raises(InputError, match="broken"):
        find(tmp_path / "broken.toml")
    (tmp_path / "octets.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="octets"):
        find(tmp_path / "octets.toml")


def test_files_that_a_scenario_names_lie_beside_it(tmp_path):
    found = find(small(tmp_path, top='terrain = "ground.tif"'))
    with pytest.raises(InputError, match=str(tmp_path / "ground.tif")):
        begin(found)


def test_recorded_traffic_needs_a_file_and_a_scenario_that_has_some(tmp_path):
    found = find(small(tmp_path))
    with pytest.raises(InputError, match="--recorded"):
        begin(found, recorded=tmp_path / "flights.json")
    recorded = msgspec.structs.replace(found.scenario, recorded=Recorded())
    with pytest.raises(InputError, match="--recorded FILE"):
        begin(found, scenario=recorded)
    named = msgspec.structs.replace(found.scenario, recorded=Recorded(file="flights.json"))
    with pytest.raises(InputError, match=str(tmp_path / "flights.json")):
        begin(found, scenario=named)


def test_the_ground_that_is_read_is_what_radars_reach(tmp_path):
    west, south, east, north = around(find(small(tmp_path)).scenario)
    assert (south, north) == pytest.approx((43.0 - 1.7986, 43.0 + 1.7986), abs=0.01)
    # At the northern edge a degree of longitude is shortest.
    assert east - 75.0 == pytest.approx(75.0 - west) == pytest.approx(2.54, abs=0.02)


def test_airframes_are_counted_as_they_fly(tmp_path):
    found = find(small(tmp_path))
    assert airframes(found.scenario) == len(begin(found).sky.kinds) == 7
    kant = find("kant")
    assert airframes(kant.scenario) == len(begin(kant).sky.kinds)
