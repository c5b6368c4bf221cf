"""Nodes as people run them: real processes, sockets, NATS, HTTP and stream."""

import json
import socket
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect

import asman
from asman import exercise
from asman.edge import bus
from asman.exercise.scenario import begin_ns
from asman.sensing.sensors_toml import written
from asman.units import SECOND_NS
from asman.wire import stream
from asman.wire.asterix.encode import encode

from . import processes
from .ports import free_port, free_ports_in_a_row
from .processes import descendants, gone, running

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc"),
]


GROUP = "239.255.77.1"


def scenario() -> exercise.Scenario:
    return exercise.parse_scenario(files("asman.exercise").joinpath("scenarios/kant.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of the octets of Kant's radars, which say where they stand."""
    sky = exercise.start(scenario(), aircraft=80, seed=3)
    begin = begin_ns(sky.scenario)
    sent = exercise.emissions(sky, begin, begin + 60 * SECOND_NS, encode)
    path = tmp_path_factory.mktemp("recording") / "kant.ast"
    path.write_bytes(b"".join(one.octets for one in sent))
    return path


def words(client: ClientConnection, kind: str, patience_s: float = 30.0) -> dict:
    """Return the next text frame of a kind."""
    deadline = time.monotonic() + patience_s
    while True:
        message = client.recv(timeout=max(0.1, deadline - time.monotonic()))
        if isinstance(message, str) and (found := json.loads(message))["type"] == kind:
            return found


def picture(client: ClientConnection) -> stream.Frame:
    """Return the next snapshot."""
    while True:
        message = client.recv(timeout=30)
        if isinstance(message, bytes) and (frame := stream.decode(message)).kind == stream.SNAPSHOT:
            return frame


def test_a_recording_is_played_paused_sought_and_shown(tmp_path: Path, recording: Path) -> None:
    with running(
        tmp_path, "replay", str(recording), "--port", "0", "--no-open", "--date", "2026-06-01"
    ) as node:
        assert node.get("/api/replay").json()["paused"] is False
        assert processes.httpx.get(node.url + "/api/picture").status_code == 401
        with connect(node.stream_url, max_size=None) as client:
            hello = words(client, "hello")
            assert hello["mode"] == "replay"
            assert len(hello["sensors"]) == len(scenario().sensor)
            span = hello["recording"]
            assert 55 < span["end_s"] - span["begin_s"] < 70
            assert hello["view"]["west_deg"] < hello["view"]["east_deg"]
            first = picture(client)
            assert len(first.picture.track) > 0
            assert first.simulated

            node.post("/api/replay", {"paused": True, "seek_s": span["begin_s"] + 40})
            seen = node.until(lambda: _at(client, span["begin_s"] + 40))
            assert node.get("/api/replay").json()["paused"] is True
            assert len(seen.picture.track) >= 20

            node.post("/api/replay", {"seek_s": span["begin_s"] + 10})
            node.until(lambda: _at(client, span["begin_s"] + 10))
            client.send(json.dumps({"type": "replay", "seek_s": span["begin_s"] + 40}))
            again = node.until(lambda: _at(client, span["begin_s"] + 40))
            for before, after in zip(seen.picture, again.picture, strict=True):
                assert before.tobytes() == after.tobytes()

            found = node.get("/api/picture").json()["features"]
            assert {feature["id"] for feature in found} == set(again.picture.track.astype(int).tolist())
            most = max(found, key=lambda feature: feature["properties"]["plots"])
            track = node.get(f"/api/tracks/{most['id']}").json()
            assert 15 <= len(track["latest_plots"]) <= 20 < most["properties"]["plots"]
            assert {plot["recording"] for plot in track["latest_plots"]} == {"kant.ast"}
            octets = recording.read_bytes()
            assert all(0 < plot["offset"] < len(octets) for plot in track["latest_plots"])
            assert len(track["trail"]) >= 2
            why = node.get(f"/api/tracks/{most['id']}/explain").json()["decisions"]
            given = [one for one in why if one["act"] == "given"]
            assert given and all(one["weight"] or one["reason"] == "newborn" for one in given)
            assert {one["recording"] for one in given} == {"kant.ast"}
            early = node.get(f"/api/tracks/{most['id']}/explain?at_s={span['begin_s'] + 12}").json()
            assert early["end_s"] < span["begin_s"] + 13
            assert node.get("/api/tracks/987654/explain").status_code == 404

            node.post("/api/replay", {"paused": False, "speed": 0})
            node.until(lambda: node.get("/api/replay").json()["ended"])
        health = node.until(lambda: node.get("/api/health").json())
        assert health["rejected"] == sum(feed["rejected"] for feed in health["feeds"]) == 0
        assert len(node.get("/api/picture").json()["features"]) > 20
        assert (
            "asman_tracks_confirmed" in node.get("/metrics").text
            or "asman_confirmed" in node.get("/metrics").text
        )


def _at(client: ClientConnection, time_s: float) -> stream.Frame | None:
    """Return the next snapshot if it is that second's: on the way there, the seconds before are shown too."""
    frame = picture(client)
    return frame if abs(frame.time_s - time_s) < 0.5 else None


def test_a_real_recording_is_live_without_any_file_beside(tmp_path: Path, shared_data: Path) -> None:
    recording = shared_data / "asterix" / "alicante-adsb.cat021.ast"
    with running(tmp_path, "replay", str(recording), "--port", "0", "--no-open", "--speed", "30") as node:
        with connect(node.stream_url, max_size=None) as client:
            assert words(client, "hello")["sensors"][0]["kind"] == "adsb"
            assert len(picture(client).picture.track) > 0
            before = words(client, "clock")["time_s"]
            time.sleep(1)
            assert words(client, "clock")["time_s"] > before
        assert node.until(lambda: len(node.get("/api/picture").json()["features"]) >= 3)


def test_udp_unicast_and_multicast_reach_the_picture(tmp_path: Path) -> None:
    ports = [free_port() for _ in range(3)]
    begin = time.time_ns()
    sky = exercise.start(scenario(), aircraft=60, seed=3, begin_ns=begin - 8 * SECOND_NS)
    manas, osh = exercise.sensors(sky, "KG")[:2]
    (tmp_path / "sensors.toml").write_text(written(manas) + "\n" + written(osh))
    (tmp_path / "token").write_text(processes.TOKEN)
    (tmp_path / "node.toml").write_text(
        f'member = "KG"\nsensors = "sensors.toml"\nport = 0\n'
        f'[[feed]]\nname = "one"\nurl = "udp://127.0.0.1:{ports[0]}"\n'
        f'[[feed]]\nname = "many"\nurl = "udp://{GROUP}:{ports[1]}?interface=127.0.0.1"\n'
        f'[[output]]\nname = "ops"\nkind = "cat062"\nurl = "udp://127.0.0.1:{ports[2]}"\nperiod_s = 0.5\n'
        'source = "25/200"\nunconfirmed = true\n'
    )
    with running(tmp_path, "node", str(tmp_path / "node.toml")) as node:
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", ports[2]))
        receiver.settimeout(60)
        receiver.recv(65_535)  # the heartbeat: from here on the encoder is compiled
        now = time.time_ns()
        sky = exercise.start(scenario(), aircraft=60, seed=3, begin_ns=now - 8 * SECOND_NS)
        sent = exercise.emissions(sky, now - 8 * SECOND_NS, now, encode)
        places = {manas.id: ("127.0.0.1", ports[0]), osh.id: (GROUP, ports[1])}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            for one in sent:
                if one.feed in places:
                    sender.sendto(one.octets, places[one.feed])
            sender.sendto(b"no asterix at all", places[manas.id])

        def heard() -> dict | None:
            health = node.get("/api/health").json()
            sensors = health.get("sensors", [])
            return health if sensors and all(sensor["plots"] > 0 for sensor in sensors) else None

        health = node.until(heard)
        feeds = {feed["name"]: feed for feed in health["feeds"]}
        assert feeds["one"]["datagrams"] == 1 + sum(datagram.feed == manas.id for datagram in sent)
        assert feeds["many"]["datagrams"] == sum(datagram.feed == osh.id for datagram in sent)
        assert feeds["one"]["rejected"] >= 1
        assert feeds["many"]["rejected"] == 0
        assert health["dropped"] == 0
        assert health["bus"]["embedded"] == 1
        # What it sends is there for others to read: its tracks and its sensors, as simulated as they are.
        tables: dict[str, list] = {}
        deadline = time.monotonic() + 60
        while not {"CAT062", "CAT063", "CAT065"} <= tables.keys():
            assert time.monotonic() < deadline, tables.keys()
            octets = receiver.recv(65_535)
            for name, table in asman.decode(octets).tables.items():
                tables.setdefault(name, []).extend(table.drop_columns("time").to_pylist())
        receiver.close()
        assert {row["I080/SIM"] for row in tables["CAT062"]} == {1}
        assert {row["I010/SIC"] for row in tables["CAT062"]} == {200}
        assert {row["I050/SIC"] for row in tables["CAT063"]} <= {manas.sic, osh.sic}
        (output,) = node.get("/api/health").json()["outputs"]
        assert output["kind"] == "cat062"
        assert output["messages"] > 0
        assert output["dropped"] == 0
        assert "asman_output_messages_total" in node.get("/metrics").text
        answer = node.post("/api/replay", {"paused": True})
        assert answer.status_code == 409


def test_a_node_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "sensors.toml").write_text(
        '[[sensor]]\nid = "r"\nlat_deg = 42.8\nlon_deg = 74.8\nsac = 1\nsic = 2\n'
    )
    (tmp_path / "node.toml").write_text(
        f'member = "KG"\nsensors = "sensors.toml"\nport = 0\n[[feed]]\nname = "r"\nurl = "udp://127.0.0.1:{free_port()}"\n'
    )
    with running(tmp_path, "node", str(tmp_path / "node.toml")) as node:
        family = descendants(node.process.pid)
        assert len(family) >= 2
        node.process.kill()
        node.process.wait(10)
        gone(family)


def test_the_demo_flies_in_every_members_console(tmp_path: Path) -> None:
    first = free_ports_in_a_row(2)
    words_ = ("demo", "--aircraft", "80", "--members", "KG,KZ", "--port", str(first), "--no-open")
    with running(tmp_path, *words_, consoles=2) as demo:
        ports = [int(url.partition("/?")[0].rpartition(":")[2]) for url in demo.urls]
        assert ports == [first, first + 1]
        for port in ports:
            url = f"http://127.0.0.1:{port}/api/health?token={processes.TOKEN}"
            health = demo.until(lambda url=url: _confirmed(url))
            assert health["simulated"] is True
            assert all(feed["rejected"] == 0 for feed in health["feeds"])
            # Datagrams that come twice, as on real networks, are all that is left out.
            assert all(sensor["rejected"] <= 0.05 * sensor["plots"] + 2 for sensor in health["sensors"])
        best = max(demo.get("/api/picture").json()["features"], key=lambda one: one["properties"]["plots"])
        track = demo.get(f"/api/tracks/{best['id']}")
        assert track.status_code == 200
        assert track.json()["latest_plots"]


def test_a_node_ends_by_itself_after_the_time_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "sensors.toml").write_text(
        '[[sensor]]\nid = "r"\nlat_deg = 42.8\nlon_deg = 74.8\nsac = 1\nsic = 2\n'
    )
    (tmp_path / "node.toml").write_text(
        f'member = "KG"\nsensors = "sensors.toml"\nport = 0\n'
        f'[[feed]]\nname = "r"\nurl = "udp://127.0.0.1:{free_port()}"\n'
    )
    with running(tmp_path, "node", str(tmp_path / "node.toml"), "--for", "1s") as node:
        assert node.process.wait(30) == 0


def test_a_node_may_use_a_bus_that_is_there_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = bus.EmbeddedServer()
    monkeypatch.setenv("BUS_TOKEN_HERE", server.address.token)
    (tmp_path / "sensors.toml").write_text(
        '[[sensor]]\nid = "r"\nlat_deg = 42.8\nlon_deg = 74.8\nsac = 1\nsic = 2\n'
    )
    (tmp_path / "node.toml").write_text(
        f'member = "KG"\nsensors = "sensors.toml"\nport = 0\n'
        f'[bus]\nurl = "{server.address.url}"\ntoken_env = "BUS_TOKEN_HERE"\n'
        f'[[feed]]\nname = "r"\nurl = "udp://127.0.0.1:{free_port()}"\n'
    )
    try:
        with running(tmp_path, "node", str(tmp_path / "node.toml")) as node:
            health = node.get("/api/health").json()
            assert (health["bus"]["url"], health["bus"]["embedded"]) == (server.address.url, 0)
            assert health["status"] == "waiting"
        assert server.alive
    finally:
        server.end()


def _confirmed(url: str) -> dict | None:
    health = processes.httpx.get(url).json()
    return health if health.get("confirmed", 0) > 5 else None


def test_a_recording_that_is_none_ends_with_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are no octets of a sensor")
    done = subprocess.run(
        [sys.executable, "-m", "asman.apps.main", "replay", str(path), "--no-open", "--port", "0"],
        capture_output=True, text=True, timeout=processes.START_PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "notes.txt" in done.stderr and "no ASTERIX" in done.stderr
    assert done.stdout == ""
