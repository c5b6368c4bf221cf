"""What `asman demo` refuses, and what the members' nodes are told."""

import socket

import pytest
from click.testing import CliRunner

from asman.apps.demo import command
from asman.errors import ConfigError, InputError


@pytest.mark.parametrize("words", [["--members", "KG,XX"], ["--members", ","], ["--for", "soon"]])
def test_wrong_words_are_refused(words):
    done = CliRunner().invoke(command, words, standalone_mode=False)
    assert isinstance(done.exception, InputError)


def test_the_help_says_who_shares_with_whom():
    words = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert "KG and KZ have agreed nothing" in words


def test_consoles_stand_on_ports_in_a_row_or_the_taken_one_is_named():
    from asman.apps.nodes import consecutive

    first = consecutive(None, 3)
    with socket.create_server(("127.0.0.1", first + 1)), pytest.raises(ConfigError, match=str(first + 1)):
        consecutive(first, 3)


def test_every_member_of_the_scenario_has_radars():
    from asman import exercise
    from asman.apps.demo import MEMBERS
    from asman.apps.kant import scenario

    running = exercise.start(scenario(), aircraft=3)
    for member in MEMBERS:
        assert exercise.sensors(running, member)
