"""A replay: the same pictures whichever way one gets there."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asman.errors import InputError
from asman.model.sensor import Sensor
from asman.pipeline import playback as play
from asman.pipeline.node import picture, trails_of
from asman.pipeline.recording import prepare
from asman.pipeline.schedule import GAP_S, TAIL_STEPS, Piece, arrivals, schedule
from asman.units import SECOND_NS
from asman.wire import stream


def frame(playback: play.Playback) -> bytes:
    time_s = playback.state.now_ns / SECOND_NS
    return stream.encode_picture(picture(playback.state), time_s) + stream.encode_trails(
        trails_of(playback.state), time_s
    )


@pytest.fixture(scope="module")
def begun(flown):
    prepared = prepare({"kant": flown.octets()}, flown.sensors, None)
    return play.start(prepared.schedule, "KG", prepared.sensors, prepared.editions)


@pytest.fixture(scope="module")
def straight(begun) -> list[bytes]:
    """The frame after every step, played without a stop."""
    frames = [frame(begun)]
    playback = play.rewind(begun, 0)
    playback = play.Playback(playback.schedule, 0, play.node.copy(begun.state), begun.marks)
    while not playback.ended:
        playback, _ = play.forward(playback)
        frames.append(frame(playback))
    return frames


def test_a_replay_shows_tracks_and_then_ends(straight):
    assert len(straight) > 40
    assert len(straight[0]) < len(straight[30])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 60), min_size=1, max_size=4))
def test_seeking_gives_the_picture_of_playing_straight(begun, straight, places):
    playback = play.Playback(begun.schedule, 0, play.node.copy(begun.state), begun.marks, distance=7)
    for place in places:
        wanted = min(place, begun.schedule.steps)
        playback = play.rewind(playback, wanted)
        while playback.done < wanted:
            playback, _ = play.forward(playback)
        assert frame(playback) == straight[wanted]


def test_checkpoints_are_bounded_and_keep_the_beginning(begun, monkeypatch):
    monkeypatch.setattr(play, "MARKS_MAX", 4)
    playback = play.Playback(begun.schedule, 0, play.node.copy(begun.state), begun.marks, distance=2)
    while not playback.ended:
        playback, _ = play.forward(playback)
        assert len(playback.marks) <= 4
    assert playback.marks[0].done == 0
    assert all(mark.done % playback.distance == 0 for mark in playback.marks)


def test_an_earlier_time_is_told_while_the_replay_stays_where_it_is(begun, straight):
    playback = play.Playback(begun.schedule, 0, play.node.copy(begun.state), begun.marks, distance=7)
    while playback.done < 50:
        playback, _ = play.forward(playback)
    at_ns = int(begun.schedule.now_ns[24])
    then = play.recall(playback, at_ns)
    assert at_ns < then.tracker.closed_ns <= at_ns + 2 * SECOND_NS
    assert frame(playback) == straight[50]
    number = picture(then).track[0]
    told = play.node.explain(then, int(number), at_ns - 10 * SECOND_NS, at_ns)
    assert told.decisions and all(one.recording == "kant" for one in told.decisions if one.act == "given")
    later = play.recall(playback, at_ns + 10**6 * SECOND_NS)
    assert frame(play.Playback(begun.schedule, 50, later, ())) == straight[50]


def piece(*times_s: float) -> Piece:
    time_ns = np.array([round(time * SECOND_NS) for time in times_s], np.int64)
    start = np.arange(len(times_s), dtype=np.int64)
    return Piece("r", bytes(range(len(times_s))), start, np.ones(len(times_s), np.int64), time_ns)


def test_every_piece_is_played_once_in_its_own_second():
    cut = schedule((piece(10.0, 10.5, 11.0, 13.25),))
    played = [[one.octets[0] for one in cut.datagrams(step)] for step in range(cut.steps)]
    assert played == [[0, 1], [2], [], [3], *[[]] * TAIL_STEPS]
    assert (cut.now_ns // SECOND_NS).tolist() == [11, 12, 13, 14, 15, 16, 17]


def test_a_long_silence_is_left_out():
    cut = schedule((piece(0.0, 1_000_000.0),))
    assert cut.steps == 1 + GAP_S + 1 + TAIL_STEPS
    assert cut.now_ns[-1 - TAIL_STEPS] == 1_000_001 * SECOND_NS


times = st.lists(st.floats(0, 2_000), min_size=1, max_size=30).map(sorted)


@settings(deadline=None)
@given(times, times)
def test_no_piece_is_lost_or_played_twice_or_early(first, second):
    cut = schedule((piece(*first), piece(*second)))
    sent = [(step, one) for step in range(cut.steps) for one in cut.datagrams(step)]
    assert len(sent) == len(first) + len(second)
    for step, one in sent:
        assert one.time_ns < cut.now_ns[step] <= one.time_ns + SECOND_NS
    assert np.all(np.diff(cut.now_ns) >= SECOND_NS)
    assert [one.time_ns for _, one in sent] == sorted(one.time_ns for _, one in sent)


def test_blocks_arrive_when_their_latest_plot_was_made_and_never_before_the_one_before():
    offset = np.arange(6, dtype=np.int64) * 10
    time_ns = np.array([5, 7, 6, 6, 9, 8], np.int64) * SECOND_NS
    block = np.array([0, 20, 40], np.int64)
    assert (arrivals(offset, time_ns, block) // SECOND_NS).tolist() == [7, 7, 9]


def test_a_stamp_that_leaps_does_not_carry_the_clock_away():
    time_ns = np.arange(50, dtype=np.int64) * SECOND_NS
    time_ns[20] += 7_000 * SECOND_NS
    found = arrivals(np.arange(50, dtype=np.int64), time_ns, np.arange(50, dtype=np.int64))
    assert found.max() <= 51 * SECOND_NS


def test_a_recording_without_asterix_says_so():
    with pytest.raises(InputError, match="no ASTERIX records"):
        prepare({"notes.txt": b"hello, this is no recording at all"}, None, None)


def test_a_radar_whose_site_nobody_says_is_asked_for_with_a_file_to_fill_in(flown):
    blocks = b"".join(one.octets for one in flown.datagrams if one.octets[0] == 48)
    with pytest.raises(InputError) as refused:
        prepare({"kant": blocks}, None, None)
    for sensor in flown.sensors:
        assert f"SAC {sensor.sac} SIC {sensor.sic}" in str(refused.value)
    assert "[[sensor]]" in str(refused.value)
    assert "--sensors" in str(refused.value)


def test_radars_that_say_where_they_stand_need_no_file(flown):
    prepared = prepare({"kant": flown.octets()}, None, None)
    assert {(s.sac, s.sic) for s in prepared.sensors} == {(s.sac, s.sic) for s in flown.sensors}
    assert prepared.missing == ()
    view = prepared.view
    assert view is not None
    assert 66 < view.west_deg < 74 < view.east_deg < 86
    assert 36 < view.south_deg < 42 < view.north_deg < 49


def test_sensors_that_are_given_leave_the_others_out(flown):
    known: tuple[Sensor, ...] = flown.sensors[:1]
    blocks = b"".join(one.octets for one in flown.datagrams if one.octets[0] == 48)
    prepared = prepare({"kant": blocks}, known, None)
    assert [sensor.id for sensor in prepared.sensors] == [known[0].id]
    assert {(s.sac, s.sic) for s in prepared.missing} == {(s.sac, s.sic) for s in flown.sensors[1:]}
