"""An exercise as its staff runs it: real nodes, real octets over UDP, events injected over the API."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from . import processes
from .ports import free_port
from .processes import gone, running

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc"),
]


TOKEN = {"authorization": f"Bearer {processes.TOKEN}"}
EMERGENCY = 0o7700


class Desk:
    """An instructor with the token of the run."""

    def __init__(self, url: str) -> None:
        self.url = url.partition("/?")[0]

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        headers = options.pop("headers", TOKEN)
        url = f"{self.url}/api/exercise{path}"
        return httpx.request(method, url, headers=headers, json=body, timeout=20, **options)

    def state(self) -> dict[str, Any]:
        return self.ask("GET", "").json()


def asman(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "asman.apps.main", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_an_instructor_injects_and_the_nodes_see_it_simulated(tmp_path: Path) -> None:
    record = tmp_path / "record"
    words = ("exercise", "run", "kant", "--with-nodes", "--members", "KG", "--aircraft", "60", "--no-open")
    with running(tmp_path, *words, "--record", str(record), consoles=2) as run:
        desk = Desk(run.urls[1])
        assert desk.url != run.url

        known = run.until(lambda: _tracked(run))
        flying = {
            one["properties"]["callsign"]: one["properties"]
            for one in desk.ask("GET", "/flying").json()["features"]
        }
        callsign = next(name for name in known if name in flying)
        assert desk.ask("GET", "", headers={"authorization": "Bearer wrong"}).status_code == 401
        assert desk.ask("POST", "/events", {"kind": "outage"}, headers={}).status_code == 401

        refused = desk.ask("POST", "/events", {"kind": "emergency", "who": "callsign:NOBODY"})
        assert refused.status_code == 422
        assert refused.json()["item"] and refused.json()["problem"] and refused.json()["mend"]
        assert desk.state()["refused"] == 1

        who = flying[callsign]["who"]
        accepted = desk.ask(
            "POST", "/events", {"kind": "emergency", "who": who}, headers=TOKEN | {"x-instructor": "Aibek"}
        )
        assert accepted.status_code == 201
        out = asman("exercise", "inject", run.urls[1], "kind=outage", "sensor=KG-OSH")
        assert out.returncode == 0, out.stderr
        assert json.loads(out.stdout)["state"] == "active"

        hit = run.until(lambda: _track(run, callsign, EMERGENCY))
        assert hit["simulated"] is True
        health = run.until(lambda: _silent(run, "KG-OSH"))
        assert health["simulated"] is True
        assert all(feed["rejected"] == 0 for feed in health["feeds"])
        assert [one["id"] for one in health["sensors"] if one["silent"]] == ["KG-OSH"]
        assert all(one["simulated"] == one["plots"] for one in health["sensors"])
        assert "asman_simulated 1" in run.get("/metrics").text

        ended = desk.ask("DELETE", f"/events/{json.loads(out.stdout)['id']}")
        assert ended.json()["state"] == "past"
        run.until(lambda: not any(one["silent"] for one in run.get("/api/health").json()["sensors"]))

        desk.ask("POST", "/pause")
        standing = desk.state()
        assert standing["paused"] is True
        assert desk.ask("POST", "/speed", {"speed": 1000}).status_code == 422
        assert desk.state()["time_s"] == pytest.approx(standing["time_s"], abs=1e-9)
        desk.ask("POST", "/resume")
        told = asman("exercise", "status", run.urls[1])
        assert "SIMULATED" in told.stdout and "emergency" in told.stdout

        family = processes.descendants(run.process.pid)
        assert desk.ask("POST", "/end").json()["ended"] is True
        assert run.process.wait(20) == 0
        gone(family)

    lines = [json.loads(line) for line in (record / "journal.jsonl").read_text("utf-8").splitlines()]
    assert [line["what"] for line in lines] == [
        "begin", "refused", "injected", "injected", "event_ended", "paused", "refused", "resumed", "end",
        "ended",
    ]  # fmt: skip
    assert (lines[2]["by"], lines[2]["event"]["who"]) == ("Aibek", who)
    assert 'kind = "outage"' in (record / "scenario.toml").read_text("utf-8")
    assert (record / "sent.pcap").stat().st_size > 1000


def _tracked(run: Any) -> list[str] | None:
    """Callsigns of tracks that more than one plot a scan keeps up."""
    features = run.get("/api/picture").json()["features"]
    found = [one["properties"] for one in features if one["properties"]["plots"] >= 3]
    return [one["callsign"] for one in found if one["callsign"]] or None


def _track(run: Any, callsign: str, code: int) -> dict[str, Any] | None:
    features = [one["properties"] for one in run.get("/api/picture").json()["features"]]
    return next((one for one in features if one["callsign"] == callsign and one["mode_3a"] == code), None)


def _silent(run: Any, sensor: str) -> dict[str, Any] | None:
    health = run.get("/api/health").json()
    return health if any(one["id"] == sensor and one["silent"] for one in health["sensors"]) else None


def test_nodes_that_run_already_are_sent_what_their_feeds_are_named_after(tmp_path: Path) -> None:
    (tmp_path / "sensors.toml").write_text(
        '[[sensor]]\nid = "KG-MANAS"\nlat_deg = 43.045\nlon_deg = 74.5\nmember = "KG"\nsac = 1\nsic = 2\n'
    )
    port = free_port()
    (tmp_path / "node.toml").write_text(
        f'member = "KG"\nsensors = "sensors.toml"\n[[feed]]\nname = "kg-manas"\nurl = "udp://127.0.0.1:{port}"\n'
        f'[[feed]]\nname = "spare"\nurl = "udp://127.0.0.1:{port + 1}"\n'
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as node:
        node.bind(("127.0.0.1", port))
        node.settimeout(120)
        command = [
            sys.executable, "-m", "asman.apps.main", "exercise", "run", "kant", "--nodes",
            str(tmp_path / "node.toml"), "--no-open", "--port", "0", "--for", "3s", "--aircraft", "20",
            "--begin", "scenario",
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            octets, _ = node.recvfrom(2048)
            out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    assert octets[0] in (34, 48)
    assert "goes nowhere: KG-OSH" in err and "hears nothing: feed KG: spare" in err
    assert out.startswith("instructor  http://127.0.0.1:")
