"""Nothing is compiled while an exercise runs: every kind of event is rehearsed."""

from typing import get_args

from asman.apps import scenarios
from asman.apps.rehearsal import eventful
from asman.exercise.events import Event
from asman.exercise.scenario import check_event


def test_every_kind_of_event_is_rehearsed_and_could_happen():
    scenario = scenarios.find("kant").scenario
    rehearsed = eventful(scenario)
    added = rehearsed.event[len(scenario.event) :]
    assert {type(event) for event in added} == set(get_args(Event))
    for event in added:
        check_event(event, rehearsed, "event")
