"""The instructor's page in a real Chromium, before an exercise that writes down what it is asked."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright

from asman.edge.exercise_api import application
from asman.edge.exercise_messages import (
    EventEntry,
    ExerciseState,
    Extent,
    Ground,
    Line,
    MemberEntry,
    Pace,
    Place,
    SensorEntry,
)
from asman.edge.gate import gate
from asman.errors import InputError

from .browser import Sheet, chromium

pytestmark = pytest.mark.system
expect.set_options(timeout=30_000)


def state(events: list[EventEntry], paused: bool) -> ExerciseState:
    out = next((one for one in events if one.event["kind"] == "outage" and one.state == "active"), None)
    sensor = SensorEntry(
        id="KG-OSH", member="KG", kind="ssr", lat_deg=40.6, lon_deg=72.8, range_max_m=350e3, period_s=6.0,
        to="127.0.0.1:9", parts=("all", "ssr", "psr"), out="all" if out else "",
        out_event=out.id if out else "", datagrams=10, octets=100, late=0, failed=0,
    )  # fmt: skip
    return ExerciseState(
        scenario="kant", title="Kant", seed=1, begin="2026-06-01T04:00:00.000Z",
        time="2026-06-01T04:01:05.000Z", time_s=65.0, wall="2026-06-01T04:01:05.000Z", speed=1.0,
        paused=paused, ended=False, late_s=0.0, skipped_s=0.0, flying=2, refused=0, record="",
        members=[MemberEntry(id="KG", name="Kyrgyzstan")], sensors=[sensor], events=events,
        ground=Ground(
            area=Extent(west_deg=70, south_deg=39, east_deg=80, north_deg=45),
            airports=[Place(icao="UCFM", lat_deg=43.06, lon_deg=74.48)],
            borders=[Line(id="line", line=((73.0, 42.0), (76.0, 43.0)))],
        ),
    )  # fmt: skip


def craft(number: int, callsign: str | None, lat_deg: float, lon_deg: float) -> dict[str, Any]:
    return {
        "type": "Feature", "id": number, "geometry": {"type": "Point", "coordinates": [lon_deg, lat_deg]},
        "properties": {
            "aircraft": number, "altitude_m": 9000.0, "speed_mps": 220.0, "track_deg": 90.0, "vu_mps": 0.0,
            "mode_3a": 0o1234 if callsign else None, "address": 0x601001 if callsign else None,
            "callsign": callsign, "class": "airliner" if callsign else "dark", "member": None,
            "observable": True, "who": f"airliner:{number}" if callsign else f"dark:{number}",
        },
    }  # fmt: skip


class Exercise:
    """An exercise that does what it is told, and remembers."""

    def __init__(self) -> None:
        self.events: list[EventEntry] = []
        self.by: list[str] = []
        self.paused = False
        self.over = False
        self.over_soon = threading.Event()

    async def state(self) -> ExerciseState:
        return state(self.events, self.paused)

    async def flying(self) -> bytes:
        both = [craft(1, "MBB101", 42.5, 74.0), craft(2, None, 41.0, 77.0)]
        return json.dumps({"type": "FeatureCollection", "features": both}).encode()

    async def inject(self, asked: Any, by: str) -> EventEntry:
        if asked.get("mode_3a") == "9999":
            raise InputError("event: mode_3a", "'9999' is not four octal digits", 'Write it as "7700".')
        told = {"part": "all"} | asked if asked["kind"] == "outage" else asked
        entry = EventEntry(
            id=f"e{len(self.events) + 1}", state="planned" if "after_s" in asked else "active", begin_s=65.0,
            end_s=None, event=told, by=by, at="2026-06-01T04:01:05.000Z",
        )  # fmt: skip
        self.events.append(entry)
        self.by.append(by)
        return entry

    async def end_event(self, event: str, by: str) -> EventEntry | None:
        number = int(event[1:]) - 1
        self.events[number] = msgspec.structs.replace(self.events[number], state="past", end_s=65.0)
        return self.events[number]

    async def pace(self, by: str, *, paused: bool | None = None, speed: float | None = None) -> Pace:
        self.paused = self.paused if paused is None else paused
        return Pace(time_s=65.0, speed=1.0, paused=self.paused, ended=False)

    async def end(self, by: str) -> Pace:
        self.over = True
        self.over_soon.set()
        return Pace(time_s=65.0, speed=1.0, paused=False, ended=True)

    def refused(self, why: str, by: str) -> None:
        pass


@pytest.fixture
def exercise() -> Iterator[tuple[Exercise, str]]:
    one, listening = Exercise(), socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    app = application(one, gate("t0ken", port, "127.0.0.1"), "0")
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", access_log=False))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield one, f"http://127.0.0.1:{port}/?token=t0ken"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
def sheet(exercise: tuple[Exercise, str]) -> Iterator[Sheet]:
    with sync_playwright() as playwright, chromium(playwright) as browser:
        opened = Sheet(browser, 1366, 768)
        opened.page.goto(exercise[1])
        expect(opened.page.locator("#link")).to_have_text("CONNECTED")
        expect(opened.page.locator(".craft")).to_have_count(2)
        yield opened
        assert opened.errors == []
        host = exercise[1].partition("/?")[0]
        assert all(address.startswith(host) for address in opened.addresses), "nothing leaves this machine"
        opened.close()


def kinds(exercise: Exercise) -> list[str]:
    return [one.event["kind"] for one in exercise.events]


def test_an_instructor_works_with_the_page(exercise: tuple[Exercise, str], sheet: Sheet) -> None:
    told, page = exercise[0], sheet.page
    expect(page.locator(".banner")).to_contain_text("EXERCISE")
    expect(page.locator(".banner")).to_contain_text("SIMULATED")
    expect(page.locator("#elapsed")).to_have_text("0:01:05")
    page.fill("#by", "Айбек")

    page.click(".craft >> text=MBB101")
    page.click(".actions >> text=7700")
    expect(page.locator(".toast")).to_contain_text("MBB101")
    assert told.events[0].event == {"kind": "emergency", "code": "7700", "who": "airliner:1"}
    assert told.by == ["Айбек"]
    expect(page.locator(".craft.hit")).to_contain_text("7700")

    page.click(".actions >> text=New code")
    page.fill("dialog input", "9999")
    page.keyboard.press("Enter")
    expect(page.locator(".toast.bad")).to_contain_text("not four octal digits")
    sheet.errors.clear()  # the browser itself notes the 422

    _places(told, page)

    page.click("#tab-sensors")
    page.click("[aria-label='KG-OSH: all outage']")
    expect(page.locator("#n-sensors")).to_have_text("1 out")
    page.click("[aria-label='KG-OSH: all outage']")
    expect(page.locator("#n-sensors")).to_have_text("1")
    assert told.events[-1].state == "past"

    page.click("#tab-events")
    expect(page.locator(".event.active")).to_have_count(3)
    page.locator(".event.planned button").click()
    expect(page.locator(".event.planned")).to_have_count(0)

    page.click("#pause")
    expect(page.locator("#standing")).to_have_text("PAUSED")
    page.click("#end")
    page.click("dialog >> text=Cancel")
    assert not told.over
    page.click("#end")
    page.click("dialog >> text=End exercise")
    expect(page.locator("dialog")).to_be_hidden()
    assert told.over_soon.wait(20)


def _places(told: Exercise, page: Page) -> None:
    """Weather by a click, a launch by two, jamming in a minute by the keyboard alone."""
    page.click("[data-tool=weather]")
    page.mouse.click(400, 400)
    expect(page.locator("#n-events")).to_have_text("2 active")
    page.click("[data-tool=flight]")
    page.fill("#strip [name=callsign]", "late1")
    page.mouse.click(300, 500)
    expect(page.locator("#strip b")).to_contain_text("flies to")
    page.mouse.click(600, 300)
    expect(page.locator("#n-events")).to_have_text("3 active")
    flight = told.events[-1].event["flight"]
    assert flight["callsign"] == "LATE1" and len(flight["waypoint"]) == 2
    assert flight["altitude_m"] == pytest.approx(9144, abs=1)
    page.select_option("#begins", "60")
    page.focus("#map")
    page.keyboard.press("g")
    page.keyboard.press("Enter")
    expect(page.locator(".event.planned")).to_have_count(1)
    assert kinds(told) == ["emergency", "weather", "flight", "gnss-jamming"]
    assert told.events[-1].event["after_s"] == 60
    assert 39 < told.events[-1].event["lat_deg"] < 45
    page.select_option("#begins", "0")
