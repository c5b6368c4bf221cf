"""`asman explain`: the command, its words, its machine output, and what it refuses."""

import json

import pytest
from click.testing import CliRunner
from tests.apps.small_scenario import small

import asman
from asman.apps import explain, simulate
from asman.apps.explain import moment_s
from asman.errors import InputError
from asman.model.explanation import Explanation


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Octets of a small scenario, and the sensors that made them."""
    folder = tmp_path_factory.mktemp("explain")
    done = CliRunner().invoke(
        simulate.command, [str(small(folder)), "-o", str(folder / "out"), "--for", "60s"]
    )
    assert done.exit_code == 0, done.output
    return folder / "out"


def files(folder) -> list[str]:
    return [str(next(folder.glob("*.pcap"))), "--sensors", str(folder / "sensors.toml")]


def run(*words: str):
    return CliRunner().invoke(explain.command, list(words))


@pytest.fixture(scope="module")
def some_track(made) -> int:
    recording, _, sensors = files(made)
    tracks = asman.track(recording, sensors)
    return int(tracks.filter(tracks["confirmed"])["track"].to_pylist()[-1])


def test_the_words_say_who_it_is_what_was_decided_and_why(made, some_track):
    done = run(*files(made), "--track", str(some_track))
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"Track {some_track}: address ")
    head = next(line for line in lines if line.startswith("time UTC"))
    assert {"d2", "log", "gain", "weight", "existence", "close"} <= set(head.split())
    given = [line for line in lines if " given " in line]
    assert given and all(" address " in line for line in given)
    assert any("it bears the track's address" in line and "[octet " in line for line in lines)
    assert any("The track ended" in line for line in lines)


def test_the_machine_output_is_a_decision_a_line_that_leads_to_the_octets(made, some_track):
    done = run(*files(made), "--track", str(some_track), "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    given = [one for one in found if one["act"] == "given"]
    octets = next(made.glob("*.pcap")).read_bytes()
    assert given and all(0 < one["offset"] < len(octets) for one in given)
    assert all(one["weight"]["distance2"] >= 0.0 for one in given if one["weight"])


def test_a_track_is_found_by_address_and_callsign_as_by_its_number(made, some_track):
    by_number = asman.explain(*files(made)[::2], track=some_track)
    assert isinstance(by_number, Explanation)
    recording, _, sensors = files(made)
    tracks = asman.track(recording, sensors)
    mine = [
        row
        for row in tracks.drop_columns(["time", "last_plot_time"]).to_pylist()
        if row["track"] == some_track
    ]
    assert asman.explain(recording, sensors, address=mine[-1]["address"]) == by_number
    assert asman.explain(recording, sensors, callsign=mine[-1]["callsign"].lower()) == by_number


def test_a_moment_tells_what_was_decided_before_it(made, some_track):
    whole = asman.explain(*files(made)[::2], track=some_track)
    at_s = whole.decisions[1].time_s
    part = asman.explain(*files(made)[::2], track=some_track, at_s=at_s, span_s=10.0)
    assert part.decisions and all(at_s - 10.0 <= one.time_s <= at_s + 2.0 for one in part.decisions)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--track", "987654"], "there is no such track"),
        ([], "needed one of"),
        (["--track", "1", "--callsign", "X"], "needed one of"),
        (["--address", "xyz"], "six hexadecimal digits"),
        (["--track", "1", "--at", "noon"], "is no moment"),
        (["--track", "1", "--span", "0"], "needed a number of seconds above 0"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_mend(made, words, told):
    done = run(*files(made), *words)
    assert isinstance(done.exception, InputError)
    assert told in str(done.exception)


def test_a_time_of_day_is_of_the_recording_and_beyond_midnight_of_the_next_day():
    evening_ns = 1_700_000_000 * 10**9  # 2023-11-14 22:13:20
    assert moment_s("22:13:30", evening_ns) == 1_700_000_010
    assert moment_s("00:00:10", evening_ns) == 1_700_006_410
    assert moment_s("2023-11-14T22:13:30Z") == moment_s("2023-11-14 22:13:30") == 1_700_000_010
