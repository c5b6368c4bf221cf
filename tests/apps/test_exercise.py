"""What `asman exercise` refuses, whom it sends to, and what its small client says."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from asman.apps.exercise import command
from asman.apps.exercise_client import Client, read_events
from asman.apps.feeds_of import matched
from asman.errors import AsmanError, ConfigError, InputError

NODE = 'member = "KG"\nsensors = "s.toml"\n[[feed]]\nname = "{}"\nurl = "{}"\n'


@pytest.mark.parametrize(
    "words",
    [
        ["run", "kant"],
        ["run", "kant", "--with-nodes", "--to", "udp://127.0.0.1:9"],
        ["run", "nowhere", "--with-nodes"],
        ["run", "kant", "--with-nodes", "--speed", "1000"],
        ["run", "kant", "--with-nodes", "--members", "KG,XX"],
        ["run", "kant", "--with-nodes", "--for", "soon"],
        ["run", "kant", "--to", "NOBODY=udp://127.0.0.1:9"],
        ["run", "kant", "--nodes", "missing.toml"],
        ["inject", "nowhere", "kind=outage", "sensor=x"],
        ["inject", "http://127.0.0.1:9", "kind=outrage"],
        ["inject", "http://127.0.0.1:9", "kind=outage", "sensr=x"],
        ["inject", "http://127.0.0.1:9", "missing.toml"],
    ],
)
def test_wrong_words_are_refused(words):
    done = CliRunner().invoke(command, words, standalone_mode=False)
    assert isinstance(done.exception, InputError), done.exception


def node(folder: Path, name: str, feed: str, url: str) -> Path:
    (folder / name).write_text(NODE.format(feed, url))
    return folder / name


def test_feeds_get_the_octets_of_the_sensors_of_their_name_and_the_rest_is_told(tmp_path: Path):
    one = node(tmp_path, "one.toml", "kg-osh", "udp://0.0.0.0:7001")
    two = node(tmp_path, "two.toml", "other", "udp://127.0.0.1:7002")
    many = node(tmp_path, "many.toml", "KG-MANAS", "udp://239.1.1.1:7003?interface=127.0.0.1")
    found = matched([one, two, many], ["KG-OSH", "KG-MANAS", "KG-KARAKOL"])
    assert (found.to["KG-OSH"].host, found.to["KG-OSH"].port) == ("127.0.0.1", 7001)
    assert (found.to["KG-MANAS"].host, found.to["KG-MANAS"].interface) == ("239.1.1.1", "127.0.0.1")
    assert found.unheard == ("KG-KARAKOL",)
    assert found.unfed == ("KG: other",)


def test_nodes_that_hear_nothing_of_an_exercise_are_the_users_mistake(tmp_path: Path):
    with pytest.raises(ConfigError, match="KG-OSH"):
        matched([node(tmp_path, "n.toml", "other", "udp://127.0.0.1:7002")], ["KG-OSH"])
    twice = [node(tmp_path, f"{i}.toml", "KG-OSH", f"udp://127.0.0.1:{7000 + i}") for i in range(2)]
    with pytest.raises(ConfigError, match="another node"):
        matched(twice, ["KG-OSH"])


def test_values_on_the_command_line_become_what_their_fields_want():
    (event,) = read_events(["kind=emergency", "who=callsign:MBB1", "code=7700", "after_s=5"])
    assert event == {"kind": "emergency", "who": "callsign:MBB1", "code": "7700", "after_s": 5.0}
    (event,) = read_events(["kind=address-change", "who=airliner:1", "address=42"])
    assert event["address"] == 42
    with pytest.raises(InputError, match="radius_m"):
        read_events(["kind=weather", "radius_m=wide"])


def test_a_file_holds_one_event_or_some(tmp_path: Path):
    path = tmp_path / "event.toml"
    path.write_text('kind = "outage"\nsensor = "KG-OSH"\n')
    assert read_events([str(path)]) == [{"kind": "outage", "sensor": "KG-OSH"}]
    path.write_text('[[event]]\nkind = "outage"\n[[event]]\nkind = "weather"\n')
    assert [one["kind"] for one in read_events([str(path)])] == ["outage", "weather"]


def test_an_exercise_that_does_not_answer_is_said_to_not_answer():
    with pytest.raises(AsmanError, match="does not answer"):
        Client("http://127.0.0.1:9/?token=t").ask("GET", "/api/exercise")


def test_what_the_client_says_of_a_token_and_help_names_what_is_simulated():
    assert Client("http://127.0.0.1:9/?token=abc")._token == "abc"
    assert "SIMULATED" in CliRunner().invoke(command, ["--help"]).output
