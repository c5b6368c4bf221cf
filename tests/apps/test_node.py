"""node.toml is strict, and secrets come from where it says."""

from pathlib import Path

import pytest

from asman.apps.node_toml import read, secret
from asman.apps.serve import duration_s, listen
from asman.edge.feeds import address
from asman.errors import ConfigError

GOOD = """
member = "KG"
name = "Kant"
sensors = "sensors.toml"
port = 8700
token_file = "secrets/token"
[bus]
url = "nats://10.0.0.1:4222"
token_env = "BUS"
[[feed]]
name = "kant-1"
url = "udp://239.1.1.1:8600?interface=10.0.0.5&source=10.0.0.9"
[[feed]]
name = "osh"
url = "udp://[::1]:8601"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "node.toml"
    path.write_text(text)
    return path


def test_a_node_is_read_and_its_paths_are_beside_it(tmp_path):
    node = read(written(tmp_path, GOOD))
    assert (node.member, node.name, node.port, node.bind) == ("KG", "Kant", 8700, "127.0.0.1")
    assert node.sensors == str(tmp_path / "sensors.toml")
    assert node.token_file == str(tmp_path / "secrets/token")
    assert node.bus.url == "nats://10.0.0.1:4222"
    first, second = (feed.address for feed in node.feed)
    assert (first.host, first.port, first.interface, first.source, first.multicast) == (
        "239.1.1.1", 8600, "10.0.0.5", "10.0.0.9", True,
    )  # fmt: skip
    assert (second.host, second.port, second.multicast) == ("::1", 8601, False)


def test_a_node_without_a_name_has_its_members(tmp_path):
    assert read(written(tmp_path, GOOD.replace('name = "Kant"', ""))).name == "KG"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('member = "KG"', ""), "member"),
        (('sensors = "sensors.toml"', 'sensor = "x"'), "Did you mean 'sensors'"),
        (("port = 8700", 'port = "8700"'), "port"),
        (("port = 8700", "port = 70000"), "0 to 65535"),
        (("port = 8700", "picture_s = 0.0"), "picture_s"),
        (('url = "nats', 'uri = "nats'), "bus"),
        (('name = "osh"', 'name = "kant-1"'), "twice"),
        (('name = "osh"', 'name = "o.sh"'), "letters"),
        (("udp://[::1]:8601", "ftp://1.2.3.4:5"), "udp://"),
        (("udp://[::1]:8601", "udp://1.2.3.4"), "port"),
        (("udp://[::1]:8601", "udp://radar.example:5"), "numeric"),
        (("udp://[::1]:8601", "udp://1.2.3.4:5?interfase=x"), "Did you mean 'interface'"),
        (("[[feed]]", "[[fed]]"), "Did you mean 'feed'"),
        (("[bus]", "[bus"), "TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(tmp_path, change, says):
    with pytest.raises(ConfigError, match=says.replace("[", "\\[")) as refused:
        read(written(tmp_path, GOOD.replace(*change)))
    assert "node.toml" in str(refused.value)


def test_consoles_of_others_are_read_and_must_be_addresses_of_pages(tmp_path):
    peer = '\n[[peer]]\nmember = "RU"\nconsole = "http://127.0.0.1:8601/?token=T"\n'
    node = read(written(tmp_path, GOOD + peer))
    assert [(one.member, one.console) for one in node.peer] == [("RU", "http://127.0.0.1:8601/?token=T")]
    for wrong, says in (('console = "http', 'consol = "http'), ("http://127", "javascript:127")):
        with pytest.raises(ConfigError, match="peer"):
            read(written(tmp_path, GOOD + peer.replace(wrong, says)))


def test_a_node_without_feeds_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"\[\[feed\]\]"):
        read(written(tmp_path, 'member = "KG"\nsensors = "s"\n'))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        read(tmp_path / "nowhere.toml")


def test_a_secret_comes_from_a_file_or_a_variable_but_not_both(tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_text("  s3cret\n")
    monkeypatch.setenv("TOKEN_HERE", "other")
    assert secret(str(file), "", "t") == "s3cret"
    assert secret("", "TOKEN_HERE", "t") == "other"
    assert secret("", "", "t") == ""
    for wrong in ((str(file), "TOKEN_HERE"), ("", "TOKEN_NOWHERE"), (str(tmp_path / "no"), "")):
        with pytest.raises(ConfigError):
            secret(*wrong, "t")


def test_an_empty_secret_is_refused(tmp_path):
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError, match="empty"):
        secret(str(tmp_path / "empty"), "", "t")


def test_durations_are_read():
    assert [duration_s(text) for text in ("30s", "5m", "1h", "2.5")] == [30, 300, 3600, 2.5]
    for wrong in ("", "s", "-1s", "0", "1d", "nan", "inf"):
        with pytest.raises(ConfigError):
            duration_s(wrong)


def test_a_port_that_is_taken_is_said_to_be():
    with listen("127.0.0.1", 0) as taken, pytest.raises(ConfigError, match="--port"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_the_interface_of_a_feed_is_optional():
    assert address("udp://239.1.1.1:1", "x").interface == ""
