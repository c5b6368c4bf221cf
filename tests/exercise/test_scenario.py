"""Scenarios are strict data."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asman.errors import InputError
from asman.exercise import Scenario, parse_scenario, sensors, start
from asman.exercise.scenario import begin_ns, with_aircraft

COUNTS = ("airliners", "overflights", "circuits", "helicopters", "fast_jets", "dark", "low_flyers", "drones")


def _airframes(scenario: Scenario) -> int:
    traffic = scenario.traffic
    return sum(getattr(traffic, kind) for kind in COUNTS) + traffic.formations * traffic.formation_size


def test_the_shipped_scenario_has_three_members_with_radars_of_distinct_codes(kant):
    assert {member.id for member in kant.member} == {"KG", "RU", "KZ"}
    assert {sensor.member for sensor in kant.sensor} == {"KG", "RU", "KZ"}
    assert len({(sensor.sac, sensor.sic) for sensor in kant.sensor}) == len(kant.sensor)
    assert all(4.0 <= sensor.period_s <= 12.0 for sensor in kant.sensor)
    assert begin_ns(kant) == 1_780_286_400 * 10**9


@pytest.mark.parametrize(
    ("written", "misspelt", "hint"),
    [
        ("circuits", "circuts", "Did you mean 'circuits'?"),
        ("wobble_deg", "woble_deg", "Did you mean 'wobble_deg'?"),
        ("sigma_range_m", "sigma_rnge_m", "Did you mean 'sigma_range_m'?"),
        ("[effects.KG-MANAS]", "[effects.KG-MANS]", "Did you mean 'KG-MANAS'?"),
        ('member = "KG"', 'member = "KGG"', "Did you mean 'KG'?"),
    ],
)
def test_a_misspelt_word_is_refused_with_the_nearest_known(kant_text, written, misspelt, hint):
    with pytest.raises(InputError, match=r"kant\.toml") as refusal:
        parse_scenario(kant_text.replace(written, misspelt, 1), "kant.toml")
    assert refusal.value.mend == hint


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("period_s = 4.0", "period_s = 0.0"),
        ('kind = "modes"', 'kind = "radar"'),
        ("begin = 2026-06-01T04:00:00Z", "begin = 2026-06-01T04:00:00"),
        ("sic = 3", "sic = true"),
        ("seed = 2023", "seed = "),
        ('id = "KG-OSH"', 'id = "KG-MANAS"'),
        ("[atmosphere]", "ground_min_s = 1.0\n[atmosphere]"),
    ],
)
def test_a_wrong_value_is_refused(kant_text, written, wrong):
    assert written in kant_text
    with pytest.raises(InputError, match=r"kant\.toml"):
        parse_scenario(kant_text.replace(written, wrong, 1), "kant.toml")


@given(aircraft=st.integers(1, 30_000))
def test_any_number_of_aircraft_can_be_asked_for(kant, aircraft):
    assert _airframes(with_aircraft(kant, aircraft)) == aircraft


def test_no_aircraft_at_all_cannot_be_asked_for(kant):
    with pytest.raises(InputError, match="at least 1"):
        with_aircraft(kant, 0)


def test_effects_of_a_sensor_lie_over_those_of_all(kant):
    laid = msgspec.structs.replace(kant, effects={"default": {"cone_deg": 40.0}, "KG-OSH": {"mast_m": 9.0}})
    assert laid.effects_of("KG-OSH").mast_m == 9.0
    assert laid.effects_of("KG-OSH").cone_deg == 40.0
    assert laid.effects_of("KG-MANAS").mast_m == 20.0


def test_a_member_is_told_of_its_own_sensors_only(exercise):
    assert {sensor.member for sensor in sensors(exercise, "KG")} == {"KG"}
    assert sensors(exercise) == exercise.scenario.sensor


def test_the_seed_decides_everything(kant):
    small = with_aircraft(kant, 30)
    sky, again, other = start(small).sky, start(small).sky, start(small, seed=7).sky
    assert np.array_equal(sky.pieces, again.pieces)
    assert np.array_equal(sky.fleet.address, again.fleet.address)
    assert sky.fleet.callsigns == again.fleet.callsigns
    assert not np.array_equal(sky.pieces, other.pieces)
