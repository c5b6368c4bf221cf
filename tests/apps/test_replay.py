"""What `asman replay` refuses before it starts anything, and how a replay's clock obeys."""

import time

import pytest
from click.testing import CliRunner

from asman.apps.replay import command
from asman.edge.messages import Clock, Refused, ReplayCommand
from asman.errors import InputError


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.pcap"], "no such file"),
        (["REC", "--date", "2026-13-01"], "YYYY-MM-DD"),
        (["REC", "--speed", "-1"], "speed"),
        (["REC", "--sensors", "nowhere.toml"], "nowhere.toml"),
        (["REC", "--for", "soon"], "30s"),
    ],
)
def test_wrong_words_are_refused_with_their_mend(tmp_path, words, says):
    recording = tmp_path / "a.ast"
    recording.write_bytes(b"\x30\x00\x03")
    words = [str(recording) if word == "REC" else word for word in words]
    done = CliRunner().invoke(command, words, standalone_mode=False)
    assert isinstance(done.exception, InputError)
    assert says in str(done.exception)


@pytest.fixture
def player():
    import numpy as np

    from asman.apps.replaying import Player
    from asman.pipeline import playback as play
    from asman.pipeline.schedule import Piece, schedule
    from asman.units import SECOND_NS

    time_ns = np.arange(100, dtype=np.int64) * SECOND_NS
    piece = Piece("r", bytes(100), np.arange(100), np.zeros(100, np.int64), time_ns)
    return Player(play.start(schedule((piece,)), "XX", (), {}), speed=1.0)


def test_a_replay_runs_at_its_speed(player, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    player.anchor()
    assert player.goal() == 0
    now[0] += 5.5
    assert player.goal() == 5
    player.obey(ReplayCommand(speed=10.0))
    now[0] += 2
    assert player.goal() == 20
    player.obey(ReplayCommand(speed=0))
    assert player.goal() == player.playback.schedule.steps


def test_a_paused_replay_stands_and_may_still_be_sought(player, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = player.obey(ReplayCommand(paused=True))
    assert isinstance(clock, Clock) and clock.paused
    now[0] += 60
    assert player.goal() == 0
    player.obey(ReplayCommand(seek_s=42.0))
    assert player.goal() == 42
    player.rewind()
    player.run(until_s=float("inf"))
    assert player.playback.done == 42
    assert player.goal() == 42
    assert player.clock().time_s == 42.0
    player.obey(ReplayCommand(seek_s=7.0))
    player.rewind()
    player.run(until_s=float("inf"))
    assert player.clock().time_s == 7.0


@pytest.mark.parametrize("seek_s", [-1e9, 1e18])
def test_seeking_beyond_the_recording_goes_to_its_end(player, seek_s):
    player.obey(ReplayCommand(seek_s=seek_s))
    assert 1 <= player.goal() <= player.playback.schedule.steps


@pytest.mark.parametrize(
    "command_",
    [ReplayCommand(speed=-1), ReplayCommand(speed=float("nan")), ReplayCommand(seek_s=float("inf"))],
)
def test_a_command_that_makes_no_sense_is_refused_and_changes_nothing(player, command_):
    assert isinstance(player.obey(command_), Refused)
    assert player.speed == 1.0
    assert player.seeking is None


def test_the_end_is_said(player):
    player.obey(ReplayCommand(speed=0))
    player.run(until_s=float("inf"))
    clock = player.clock()
    assert clock.ended
    assert clock.progress == 1.0
