"""Nothing is compiled while an exercise runs: every kind of event is rehearsed."""

from typing import get_args

import pytest

from asman import exercise
from asman.apps import scenarios
from asman.apps.rehearsal import eventful
from asman.exercise.events import Event
from asman.exercise.scenario import check_event


def test_every_kind_of_event_is_rehearsed_and_could_happen():
    scenario = scenarios.find("kant").scenario
    rehearsed = eventful(scenario)
    assert {type(event) for event in rehearsed.event} == set(get_args(Event))
    for event in rehearsed.event:
        check_event(event, rehearsed, "event")


@pytest.mark.parametrize("name", scenarios.shipped())
def test_every_shipped_scenario_can_be_rehearsed_with_few_aircraft(name):
    exercise.start(eventful(scenarios.find(name).scenario), aircraft=12)
