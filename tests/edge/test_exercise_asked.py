"""What an instructor asks for is read strictly, and begins now unless it says otherwise."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asman.apps import scenarios
from asman.edge.exercise_asked import asked
from asman.edge.exercise_kinds import kinds
from asman.errors import InputError
from asman.exercise.events import Emergency, Launch, Outage

SCENARIO = scenarios.find("kant").scenario
SENSOR = SCENARIO.sensor[0].id
NOW_S = 100.0
WAY = [{"lat_deg": 42.0, "lon_deg": 74.0}, {"lat_deg": 43.0, "lon_deg": 75.0}]


def test_an_event_begins_now_and_stays():
    event = asked({"kind": "emergency", "who": "airliner:1"}, SCENARIO, NOW_S)
    assert event == Emergency(who="airliner:1", code="7700", begin_s=NOW_S, end_s=None)


def test_it_may_begin_later_and_last_for_a_time():
    event = asked({"kind": "outage", "sensor": SENSOR, "after_s": 60, "duration_s": 30}, SCENARIO, NOW_S)
    assert event == Outage(sensor=SENSOR, begin_s=160.0, end_s=190.0)


def test_what_was_meant_for_just_now_begins_now():
    event = asked({"kind": "outage", "sensor": SENSOR, "begin_s": NOW_S - 1}, SCENARIO, NOW_S)
    assert event.begin_s == NOW_S


def test_a_flight_is_launched():
    event = asked({"kind": "flight", "flight": {"id": "x", "waypoint": WAY}}, SCENARIO, NOW_S)
    assert isinstance(event, Launch)
    assert event.flight.waypoint[1].lon_deg == 75.0


@pytest.mark.parametrize(
    ("raw", "item", "word"),
    [
        ([], "event", "object"),
        ({}, "kind", "missing"),
        ({"kind": "outrage", "sensor": SENSOR}, "kind", "outage"),
        ({"kind": "outage", "sensor": "nowhere"}, "sensor", "nowhere"),
        ({"kind": "outage", "sensr": SENSOR}, "sensr", "sensor"),
        ({"kind": "outage"}, "event", "sensor"),
        ({"kind": "outage", "sensor": SENSOR, "begin_s": 10}, "begin_s", "past"),
        ({"kind": "outage", "sensor": SENSOR, "begin_s": 200, "end_s": 150}, "end_s", "before"),
        ({"kind": "outage", "sensor": SENSOR, "begin_s": 200, "after_s": 5}, "after_s", "Keep one"),
        ({"kind": "outage", "sensor": SENSOR, "end_s": 200, "duration_s": 5}, "duration_s", "Keep one"),
        ({"kind": "outage", "sensor": SENSOR, "after_s": -5}, "after_s", "needs 0"),
        ({"kind": "outage", "sensor": SENSOR, "after_s": "soon"}, "after_s", "soon"),
        ({"kind": "outage", "sensor": SENSOR, "after_s": True}, "after_s", "True"),
        ({"kind": "outage", "sensor": SENSOR, "duration_s": 1e30}, "duration_s", "needs"),
        ({"kind": "emergency", "who": "airliner:1", "code": "1234"}, "event", "1234"),
        ({"kind": "code-change", "who": "airliner:1", "mode_3a": "7788"}, "mode_3a", "octal"),
        ({"kind": "address-change", "who": "airliner:1", "address": -1}, "address", "must be"),
        ({"kind": "weather", "lat_deg": 91, "lon_deg": 0, "radius_m": 1000}, "lat_deg", "-90 to 90"),
        ({"kind": "weather", "lat_deg": 9, "lon_deg": 0, "radius_m": 0}, "event", "radius_m"),
        ({"kind": "gnss-jamming", "lat_deg": 9, "lon_deg": 0, "radius_m": "wide"}, "event", "radius_m"),
        ({"kind": "flight", "flight": {"id": "x", "waypoint": WAY[:1]}}, "waypoint", "two"),
        ({"kind": "flight", "flight": {"id": "x", "waypoint": WAY}, "duration_s": 5}, "event", "end"),
        ({"kind": "flight", "flight": {"id": "x", "waypoint": WAY, "speed_mps": 1e9}}, "flight", "speed_mps"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(raw, item, word):
    with pytest.raises(InputError) as refused:
        asked(raw, SCENARIO, NOW_S)
    assert item in refused.value.item
    assert word in str(refused.value)


names = sorted({field.name for kind in kinds() for field in kind.fields} | {"after_s", "duration_s", "kind"})
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just(SENSOR),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=3),
    max_leaves=6,
)


@given(
    raw=st.dictionaries(st.sampled_from(names), values, max_size=6),
    kind=st.sampled_from([one.kind for one in kinds()]),
)
def test_whatever_is_asked_is_an_event_of_now_or_is_refused(raw, kind):
    try:
        event = asked({"kind": kind, **raw}, SCENARIO, NOW_S)
    except InputError as refused:
        assert refused.item and refused.problem
    else:
        assert NOW_S <= event.begin_s < math.inf
        assert event.end_s is None or event.end_s >= event.begin_s
