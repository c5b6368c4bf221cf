"""What an instructor does to a running exercise, and that its record runs it again, bit for bit."""

import json
import time
from pathlib import Path

import pytest

from asman import exercise
from asman.apps import scenarios
from asman.apps.exercise_record import JOURNAL, SCENARIO, SENT, Record
from asman.apps.sending import Destination
from asman.apps.staging import Staged
from asman.errors import ConfigError, InputError
from asman.model.datagram import Datagram
from asman.units import SECOND_NS
from asman.wire.asterix.encode import encode

SENSORS = [sensor.id for sensor in scenarios.find("kant").scenario.sensor]
TO = {name: Destination("127.0.0.1", 9) for name in SENSORS}
WAY = [{"lat_deg": 42.6, "lon_deg": 74.2}, {"lat_deg": 43.4, "lon_deg": 75.4}]


@pytest.fixture
def staged():
    now_ns = time.time_ns()
    running = scenarios.begin(scenarios.find("kant"), aircraft=40, begin_ns=now_ns)
    one = Staged(running, TO, encode, from_ns=running.sky.begin_ns)
    one.pacer.pause()  # tests say themselves what has been made: the wall clock has no part in them
    yield one
    one.pacer.end()
    one.sender.close()


def made(staged: Staged, begin_s: int, end_s: int) -> tuple[Datagram, ...]:
    """What the exercise's thread makes of a span."""
    begin_ns = staged.exercise.sky.begin_ns
    return staged._emit(begin_ns + begin_s * SECOND_NS, begin_ns + end_s * SECOND_NS)


def test_the_record_of_an_exercise_runs_it_again_bit_for_bit(staged, tmp_path: Path):
    sent = [*made(staged, 0, 10)]
    staged.inject({"kind": "emergency", "who": "airliner:1"}, "A", "")
    staged.inject({"kind": "flight", "flight": {"id": "x", "waypoint": WAY, "altitude_m": 6000}}, "A", "")
    staged.inject({"kind": "weather", "lat_deg": 42.9, "lon_deg": 74.9, "radius_m": 40e3}, "A", "")
    outage, _ = staged.inject({"kind": "outage", "sensor": SENSORS[0]}, "A", "")
    later, _ = staged.inject(
        {"kind": "code-change", "who": "airliner:2", "mode_3a": "1234", "after_s": 9}, "", ""
    )
    sent += made(staged, 10, 20)
    staged.end_event(outage.id)
    staged.inject({"kind": "flight", "flight": {"id": "y", "waypoint": WAY}, "after_s": 60}, "B", "")
    staged.end_event("e6")
    sent += made(staged, 20, 30)
    assert later.id == "e5"

    with Record(tmp_path, Path(), TO) as record:
        record.keep(staged.exercise.scenario)
    again = scenarios.begin(scenarios.find(tmp_path / SCENARIO))
    begin_ns = again.sky.begin_ns
    assert begin_ns == staged.exercise.sky.begin_ns
    assert exercise.emissions(again, begin_ns, begin_ns + 30 * SECOND_NS, encode) == tuple(sent)
    without = {one.feed for one in sent if 13 < (one.time_ns - begin_ns) / SECOND_NS < 19}
    assert SENSORS[0] not in without and len(without) >= 5


def test_an_event_never_begins_in_what_was_sent(staged):
    made(staged, 0, 10)
    _, event = staged.inject({"kind": "outage", "sensor": SENSORS[0]}, "", "")
    assert event.begin_s >= 10.0
    with pytest.raises(InputError, match="past"):
        staged.inject({"kind": "outage", "sensor": SENSORS[0], "begin_s": 1.0}, "", "")


def test_events_are_ended_once_and_planned_ones_are_taken_back(staged):
    first, _ = staged.inject({"kind": "outage", "sensor": SENSORS[0]}, "", "")
    _, ended = staged.end_event(first.id)
    assert ended.end_s >= ended.begin_s
    made(staged, 0, 5)
    with pytest.raises(InputError, match="over"):
        staged.end_event(first.id)
    assert staged.end_event("e99") is None
    second, _ = staged.inject({"kind": "outage", "sensor": SENSORS[0], "after_s": 100}, "", "")
    _, back = staged.end_event(second.id)
    assert back.begin_s == back.end_s


def test_who_is_in_the_air_is_not_ended_and_who_is_not_there_is_not_meant(staged):
    flight, _ = staged.inject({"kind": "flight", "flight": {"id": "x", "waypoint": WAY}}, "", "")
    made(staged, 0, 5)
    assert "flight:x" in staged.flying()["who"].to_pylist()
    with pytest.raises(InputError, match="in the air"):
        staged.end_event(flight.id)
    with pytest.raises(InputError, match="already"):
        staged.inject({"kind": "flight", "flight": {"id": "x", "waypoint": WAY}}, "", "")
    before = staged.exercise
    for who in ("airliner:9999", "nobody:1", "callsign:NONE", "", "address:zz"):
        with pytest.raises(InputError):
            staged.inject({"kind": "emergency", "who": who}, "", "")
    assert staged.exercise is before


def test_after_the_end_nothing_is_injected(staged):
    staged.pacer.end()
    with pytest.raises(InputError, match="ended"):
        staged.inject({"kind": "outage", "sensor": SENSORS[0]}, "", "")
    with pytest.raises(InputError, match="ended"):
        staged.set_pace(paused=True)


@pytest.mark.parametrize("speed", [0.0, -1.0, 1000.0, float("nan"), float("inf")])
def test_no_speed_is_set_that_nobody_could_follow(staged, speed):
    with pytest.raises(InputError, match="speed"):
        staged.set_pace(speed=speed)
    assert staged.pacer.speed == 1.0


def test_a_pause_holds_the_clock_and_events_are_still_taken(staged):
    staged.set_pace(paused=True)
    held = staged.pacer.now_ns
    entry, event = staged.inject({"kind": "outage", "sensor": SENSORS[1]}, "", "")
    assert staged.pacer.now_ns == held
    assert entry.id == "e1" and event.begin_s <= staged.time_s + 1e-6
    staged.set_pace(paused=False)
    assert not staged.pacer.paused


def test_the_journal_is_appended_to_and_belongs_to_one_run(tmp_path: Path):
    with Record(tmp_path / "run", Path(), TO) as record:
        record.note("begin", 0.0, scenario="kant")
        record.note("injected", 12.5, by="Айбек", id="e1", event={"kind": "outage"})
        record.sent(Datagram(SENSORS[0], 1_700_000_000_000_000_000, b"\x30\x00\x03"))
    lines = [json.loads(line) for line in (tmp_path / "run" / JOURNAL).read_text("utf-8").splitlines()]
    assert [line["what"] for line in lines] == ["begin", "injected"]
    assert lines[1]["by"] == "Айбек" and lines[1]["time_s"] == 12.5
    assert all(line["wall"].endswith("Z") for line in lines)
    assert (tmp_path / "run" / SENT).read_bytes().endswith(b"\x30\x00\x03")
    with pytest.raises(ConfigError, match="another run"):
        Record(tmp_path / "run", Path(), TO)
