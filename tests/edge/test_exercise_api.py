"""What an instructor may ask of a running exercise, and what is refused, in words."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import uvicorn

from asman.edge.exercise_api import WAITING_MAX, application
from asman.edge.exercise_messages import EventEntry, ExerciseState, Extent, Ground, Pace
from asman.edge.gate import gate
from asman.errors import InputError

TOKEN = {"authorization": "Bearer t0ken"}


class Scripted:
    """An exercise that remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.refusals: list[str] = []
        self.holding = threading.Event()
        self.holding.set()

    async def state(self) -> ExerciseState:
        while not self.holding.is_set():
            await asyncio.sleep(0.01)
        area = Extent(west_deg=66.5, south_deg=38.5, east_deg=82.5, north_deg=47.5)
        return ExerciseState(
            scenario="kant", title="Kant", seed=1, begin="2026-06-01T04:00:00Z", time="2026-06-01T04:00:05Z",
            time_s=5.0, wall="2026-06-01T04:00:05Z", speed=1.0, paused=False, ended=False, late_s=0.0,
            skipped_s=0.0, flying=0, refused=len(self.refusals), record="", members=[], sensors=[], events=[],
            ground=Ground(area=area, airports=[], borders=[]),
        )  # fmt: skip

    async def flying(self) -> bytes:
        return b'{"type":"FeatureCollection","features":[]}'

    async def inject(self, asked: Any, by: str) -> EventEntry:
        if asked.get("kind") != "outage":
            raise InputError("event: kind", "is not known", "Did you mean 'outage'?")
        self.asked.append(("inject", asked, by))
        return EventEntry(id="e1", state="active", begin_s=5.0, end_s=None, event=asked, by=by)

    async def end_event(self, event: str, by: str) -> EventEntry | None:
        self.asked.append(("end event", event, by))
        return EventEntry(id="e1", state="past", begin_s=1, end_s=5, event={}) if event == "e1" else None

    async def pace(self, by: str, *, paused: bool | None = None, speed: float | None = None) -> Pace:
        self.asked.append(("pace", paused, speed))
        if speed is not None and speed > 20:
            raise InputError("speed", f"needs 0.1 to 20, not {speed:g}")
        return Pace(time_s=5.0, speed=speed or 1.0, paused=bool(paused), ended=False)

    async def end(self, by: str) -> Pace:
        self.asked.append(("end", by))
        return Pace(time_s=5.0, speed=1.0, paused=False, ended=True)

    def refused(self, why: str, by: str) -> None:
        self.refusals.append(why)


class Served:
    """The application on a real socket, in a thread of its own."""

    def __init__(self) -> None:
        self.conductor = Scripted()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        app = application(self.conductor, gate("t0ken", self.port, "127.0.0.1"), "0")
        self.server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", lifespan="off", access_log=False)
        )
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve(sockets=[self.socket])))

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = TOKEN | options.pop("headers", {})
        return httpx.request(method, f"http://127.0.0.1:{self.port}{path}", headers=headers, **options)


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    one.thread.start()
    while not one.server.started:
        time.sleep(0.005)
    yield one
    one.conductor.holding.set()
    one.server.should_exit = True
    one.thread.join(10)
    one.socket.close()


def test_an_exercise_always_says_that_it_is_simulated(served):
    state = served.ask("GET", "/api/exercise").json()
    assert state["simulated"] is True
    assert state["time_s"] == 5.0


def test_the_truth_is_geojson(served):
    answer = served.ask("GET", "/api/exercise/flying")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["type"] == "FeatureCollection"


def test_an_event_is_taken_with_the_name_of_who_injected_it(served):
    answer = served.ask(
        "POST", "/api/exercise/events", json={"kind": "outage", "sensor": "KG-OSH"},
        headers={"x-instructor": quote("Айбек  K.")},
    )  # fmt: skip
    assert answer.status_code == 201
    assert answer.json()["id"] == "e1"
    assert served.conductor.asked == [("inject", {"kind": "outage", "sensor": "KG-OSH"}, "Айбек K.")]


def test_an_event_that_is_refused_names_item_problem_and_mend_and_is_counted(served):
    answer = served.ask("POST", "/api/exercise/events", json={"kind": "outrage"})
    assert answer.status_code == 422
    told = answer.json()
    assert (told["item"], told["problem"]) == ("event: kind", "is not known")
    assert "outage" in told["mend"]
    assert len(served.conductor.refusals) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[1, 2]", b'"text"', b"\xff\xfe", b'{"kind": NaN}', b"null"])
def test_a_body_that_is_no_event_is_refused_and_counted_and_never_an_error_of_ours(served, body):
    answer = served.ask(
        "POST", "/api/exercise/events", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["problem"]
    assert served.conductor.asked == []
    assert len(served.conductor.refusals) == 1


def test_a_body_beyond_all_measure_is_refused(served):
    assert served.ask("POST", "/api/exercise/events", content=b" " * 100_000).status_code == 413


def test_an_event_is_ended_by_its_id(served):
    assert served.ask("DELETE", "/api/exercise/events/e1").json()["state"] == "past"
    answer = served.ask("DELETE", "/api/exercise/events/e7")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no event 'e7'")


def test_the_clock_is_paused_resumed_hurried_and_ended(served):
    assert served.ask("POST", "/api/exercise/pause").json()["paused"] is True
    assert served.ask("POST", "/api/exercise/resume").json()["paused"] is False
    assert served.ask("POST", "/api/exercise/speed", json={"speed": 2}).json()["speed"] == 2
    assert served.ask("POST", "/api/exercise/end").json()["ended"] is True
    assert served.conductor.asked == [
        ("pace", True, None), ("pace", False, None), ("pace", None, 2.0), ("end", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("body", [{"speed": 99}, {"speed": "fast"}, {"sped": 2}, {}])
def test_a_speed_that_is_none_is_refused(served, body):
    assert served.ask("POST", "/api/exercise/speed", json=body).status_code == 422


def test_every_kind_of_event_can_be_made_into_a_form(served):
    kinds = {one["kind"]: one for one in served.ask("GET", "/api/exercise/kinds").json()}
    assert {"emergency", "outage", "weather", "gnss-jamming", "radar-jamming", "flight"} <= set(kinds)
    fields = {one["name"]: one for one in kinds["weather"]["fields"]}
    assert fields["radius_m"]["unit"] == "m"
    assert fields["radius_m"]["required"]
    assert fields["begin_s"]["default"] is None
    assert fields["loss"]["default"] == 0.2
    code = next(one for one in kinds["emergency"]["fields"] if one["name"] == "code")
    assert code["choices"] == ["7700", "7600", "7500"]
    flight = next(one for one in kinds["flight"]["fields"] if one["name"] == "flight")
    assert {"waypoint", "speed_mps"} <= {one["name"] for one in flight["fields"]}


@pytest.mark.parametrize("path", ["/api/exercise", "/api/exercise/flying", "/", "/main.js"])
def test_nobody_comes_in_without_the_token(served, path):
    answer = httpx.get(f"http://127.0.0.1:{served.port}{path}", headers={"authorization": "Bearer wrong"})
    assert answer.status_code == 401


def test_a_page_of_another_site_injects_nothing(served):
    answer = served.ask(
        "POST", "/api/exercise/events", json={"kind": "outage"}, headers={"origin": "http://elsewhere"}
    )
    assert answer.status_code == 403
    assert served.conductor.asked == []


def test_the_page_and_all_that_it_names_are_served_without_the_internet(served):
    page = served.ask("GET", "/")
    assert page.status_code == 200
    assert "SIMULATED" in page.text
    for name in (
        "main.js",
        "map.js",
        "tools.js",
        "dialogs.js",
        "words.js",
        "api.js",
        "style.css",
        "icon.svg",
    ):
        answer = served.ask("GET", f"/{name}")
        assert answer.status_code == 200, name
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in answer.text


def test_the_api_documents_itself(served):
    schema = served.ask("GET", "/api/openapi.json").json()
    assert {"/api/exercise", "/api/exercise/events", "/api/exercise/kinds"} <= set(schema["paths"])
    assert schema["security"] == [{"token": []}]


def test_too_many_at_once_are_sent_away_not_queued_without_end(served):
    served.conductor.holding.clear()
    with httpx.Client(headers=TOKEN, timeout=20) as client:
        codes: list[int] = []

        def ask() -> None:
            codes.append(client.get(f"http://127.0.0.1:{served.port}/api/exercise").status_code)

        threads = [threading.Thread(target=ask) for _ in range(WAITING_MAX + 4)]
        for thread in threads:
            thread.start()
        while codes.count(503) < 4:
            time.sleep(0.01)
        served.conductor.holding.set()
        for thread in threads:
            thread.join()
    assert sorted(codes) == [200] * WAITING_MAX + [503] * 4
