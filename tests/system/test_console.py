"""The console in a real Chromium, on frames packed by hand and on the project's own node."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from .browser import Sheet, chromium
from .ports import free_port
from .stream_server import BEGIN_S, DELTA, STATIC, Sky, StreamServer, tracks_frame

expect.set_options(timeout=30_000)

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not (STATIC / "index.html").is_file(), reason="the console is not built: npm run build in console/"
    ),
]


#: Where on the page a track stands that has a label; `window.picked` is its number.
LABELLED_TRACK = """(() => {
  const v = w.view, m = w.labels.find((label) => label.track > 100), dt = w.nowS - m.timeS;
  const box = document.querySelector('.stage').getBoundingClientRect();
  window.picked = m.track;
  return [box.x + v.width / 2 + (m.x + m.vx * dt - v.x) * v.scale,
          box.y + v.height / 2 + (m.y + m.vy * dt - v.y) * v.scale];
})()"""

#: How many pixels the selected track is from the centre.
OFF_CENTRE = "Math.hypot(w.selectedMark.x - w.view.x, w.selectedMark.y - w.view.y) * w.view.scale"

PIXELS_DRAWN = """(() => {
  const canvas = document.querySelector('canvas.tracks');
  const octets = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return octets.filter((octet, k) => k % 4 === 3 && octet > 0).length;
})()"""

NAMELESS_CONTROLS = """(() => {
  const found = [];
  const visit = (root) => {
    for (const el of root.querySelectorAll('*')) {
      const named = el.getAttribute('aria-label') || el.textContent.trim();
      if (el.matches('button, input') && !named) found.push(el.outerHTML);
      if (el.shadowRoot) visit(el.shadowRoot);
    }
  };
  visit(document);
  return found;
})()"""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as opened:
        yield opened


@pytest.fixture
def sheet(browser: Browser) -> Iterator[Sheet]:
    opened = Sheet(browser)
    yield opened
    opened.close()


def test_a_picture_is_shown_from_this_host_alone_and_without_a_word_of_complaint(sheet: Sheet) -> None:
    with StreamServer(Sky(1000)) as node:
        sheet.open(node.url, tracks=1000)
        sheet.until("w.stats.updates.count >= 3")
        assert sheet.ask("w.stats.renderer") == "webgl2"
        assert sheet.ask("w.stats.counters.malformed + w.stats.counters.gaps + w.stats.counters.refused") == 0
        assert {urlsplit(a).hostname for a in sheet.addresses if not a.startswith(("data:", "blob:"))} == {
            "127.0.0.1"
        }
        assert sheet.errors == []


def test_only_the_rows_that_can_be_seen_are_in_the_page(sheet: Sheet) -> None:
    with StreamServer(Sky(20_000, radius_deg=9), beat_s=None) as node:
        sheet.open(node.url, tracks=20_000)
        grid = sheet.page.get_by_role("grid")
        expect(grid).to_have_attribute("aria-rowcount", "20001")
        assert 5 <= sheet.page.locator("asman-table .row").count() <= 40
        grid.evaluate("grid => grid.scrollTop = 24 * 12000")
        expect(sheet.page.locator("asman-table .row[data-track='12001']")).to_be_visible()
        assert sheet.page.locator("asman-table .row").count() <= 40
        for _ in range(3):
            seen = sheet.ask("w.stats.updates.count")
            node.beat()
            sheet.until(f"w.stats.updates.count > {seen}")
        assert sheet.ask("w.update.shown") == 20_000
        assert sheet.ask("w.stats.counters.gaps + w.stats.counters.malformed") == 0
        assert sheet.errors == []


def test_a_filter_holds_for_table_and_map_and_escape_clears_it(sheet: Sheet) -> None:
    sky = Sky(200)
    named = sum(name.startswith(b"KZR") for name in sky.callsign)
    with StreamServer(sky, beat_s=None) as node:
        sheet.open(node.url, tracks=200)
        sheet.page.keyboard.press("/")
        sheet.page.keyboard.type("kzr")
        sheet.until(f"w.update.shown === {named} && w.rows.total === {named}")
        expect(sheet.page.locator("asman-table .count")).to_have_text(f"{named} of 200")
        sheet.page.keyboard.press("Escape")
        sheet.until("w.update.shown === 200")


def test_a_click_on_the_map_selects_and_the_table_comes_along(sheet: Sheet) -> None:
    with StreamServer(Sky(400), beat_s=None) as node:
        node.clock["paused"] = True
        sheet.open(f"{node.url}#map=6/42/74", tracks=400)
        sheet.until("w.labels.length > 10")
        # The map may still be settling (fonts, panels): who misses looks again and clicks again.
        for _ in range(5):
            sheet.page.mouse.click(*sheet.ask(LABELLED_TRACK))
            if sheet.soon("w.selected === window.picked"):
                break
        sheet.until("w.selected === window.picked && w.detail !== null")
        track = sheet.ask("w.selected")
        expect(sheet.page.locator(f"asman-table .row[data-track='{track}']")).to_have_attribute(
            "aria-selected", "true"
        )
        expect(sheet.page.locator("asman-track-panel .title b")).to_have_text(sheet.ask("w.detail.name"))
        expect(sheet.page.locator("asman-track-panel table.plots tbody tr")).to_have_count(8)
        assert f"track={track}" in _hash(sheet)
        sheet.page.keyboard.press("Escape")
        sheet.until("w.selected === null")


def test_the_operator_asks_why_and_is_told_with_weights_and_words(sheet: Sheet) -> None:
    with StreamServer(Sky(20), beat_s=None) as node:
        sheet.open(node.url, tracks=20)
        sheet.page.locator("asman-table .row[data-track='3']").click()
        panel = sheet.page.locator("asman-why-panel")
        expect(panel.locator("tr.fact")).to_have_count(0)
        panel.get_by_role("button", name="Why?").click()
        expect(panel.locator("tr.fact")).to_have_count(2)
        expect(panel.locator("tr.fact").first).to_contain_text("plot missed")
        expect(panel.locator("tr.fact").last).to_contain_text("93.0 %")
        expect(panel.locator("tr.words").last).to_have_text("It got a plot: it fitted best.")
        sheet.page.locator("asman-table .row[data-track='4']").click()
        expect(panel.locator("tr.fact")).to_have_count(0)
        assert sheet.errors == []


def _hash(sheet: Sheet) -> str:
    sheet.until("location.hash.includes('track=')")
    return str(sheet.page.evaluate("location.hash"))


def test_a_row_selects_and_a_double_click_centres_the_map_on_it(sheet: Sheet) -> None:
    with StreamServer(Sky(100), beat_s=None) as node:
        sheet.open(f"{node.url}#map=7/40/70", tracks=100)
        sheet.page.locator("asman-table .row[data-track='3']").dblclick()
        sheet.until("w.selected === 3 && w.detail !== null")
        sheet.until(f"w.selectedMark !== null && {OFF_CENTRE} < 40")


def test_the_keyboard_reaches_tracks_and_order(sheet: Sheet) -> None:
    sky = Sky(50)
    with StreamServer(sky, beat_s=None) as node:
        sheet.open(node.url, tracks=50)
        sheet.page.keyboard.press("j")
        sheet.until("w.selected === 1")
        sheet.page.keyboard.press("j")
        sheet.until("w.selected === 2")
        sheet.page.get_by_role("columnheader", name="FL").get_by_role("button").click()
        sheet.until("w.order.column === 'level' && w.rows.rows.length > 0")
        lowest = int(sky.track[sky.altitude_m.argmin()])
        sheet.until(f"w.rows.rows[0].track === {lowest}")
        sheet.page.get_by_role("grid").focus()
        sheet.page.keyboard.press("Home")
        sheet.until(f"w.selected === {lowest}")


def test_the_operator_has_the_replays_clock_in_hand(sheet: Sheet) -> None:
    with StreamServer(Sky(20), beat_s=None) as node:
        sheet.open(node.url, tracks=20)
        sheet.page.keyboard.press("Space")
        expect(sheet.page.get_by_role("button", name="Play")).to_be_visible()
        sheet.page.keyboard.press(".")
        expect(sheet.page.get_by_role("radio", name="2×")).to_have_attribute("aria-checked", "true")
        sheet.page.get_by_role("radio", name="max").click()
        expect(sheet.page.get_by_role("radio", name="max")).to_have_attribute("aria-checked", "true")
        sheet.page.get_by_label("Time in the recording").focus()
        sheet.page.keyboard.press("End")
        # A replay that is sent elsewhere has not ended: it must have been sent before it can end there.
        deadline = time.monotonic() + 60.0
        while {"type": "replay", "seek_s": BEGIN_S + 3600} not in node.commands:
            assert time.monotonic() < deadline, "the seek did not come"
            sheet.page.wait_for_timeout(50)
        node.clock["ended"] = True
        node.time_s = BEGIN_S + 3600
        node.beat(0)
        expect(sheet.page.get_by_text("ENDED")).to_be_visible()
        assert {"type": "replay", "paused": True} in node.commands
        assert {"type": "replay", "speed": 0} in node.commands
        assert {"type": "replay", "seek_s": BEGIN_S + 3600} in node.commands


def test_a_picture_that_gets_no_frames_is_called_stale_until_it_does(sheet: Sheet) -> None:
    with StreamServer(Sky(30), beat_s=None) as node:
        sheet.open(node.url, tracks=30)
        band = sheet.page.locator(".stale-band")
        expect(band).to_contain_text("PICTURE STALE since", timeout=60_000)
        expect(sheet.page.locator(".stage")).to_have_class(re.compile("stale"))
        node.beat()
        expect(band).to_have_count(0)


def test_a_paused_replay_is_not_stale(sheet: Sheet) -> None:
    with StreamServer(Sky(30)) as node:
        node.clock["paused"] = True
        sheet.open(node.url, tracks=30)
        sheet.page.wait_for_timeout(5_000)
        assert sheet.ask("w.freshness.state") == "fresh"


def test_a_gap_and_a_malformed_frame_are_counted_and_mended_by_a_new_link(sheet: Sheet) -> None:
    with StreamServer(Sky(40), beat_s=None) as node:
        sheet.open(node.url, tracks=40)
        node.send_raw(tracks_frame(node.sky, node.time_s, DELTA)[:-3])
        sheet.until("w.counters.malformed === 1 && w.link.state === 'open' && w.counters.connects === 2")
        node.send_raw(tracks_frame(node.sky, node.time_s, DELTA))
        sheet.until("w.counters.gaps === 1 && w.link.state === 'open' && w.counters.connects === 3")
        seen = sheet.ask("w.stats.updates.count")
        node.beat()
        sheet.until(f"w.stats.updates.count > {seen} && w.stats.tracks === 40")
        assert sheet.errors == []


def test_removed_tracks_leave_map_and_table_and_their_panel_says_so(sheet: Sheet) -> None:
    with StreamServer(Sky(5), beat_s=None) as node:
        sheet.open(node.url, tracks=5)
        sheet.page.locator("asman-table .row[data-track='2']").click()
        sheet.until("w.detail !== null")
        node.send(tracks_frame(node.sky, node.time_s + 1, DELTA, removed=(2,), rows=slice(0, 0)))
        sheet.until("w.stats.tracks === 4")
        expect(sheet.page.locator("asman-track-panel")).to_contain_text("DROPPED")


def test_simulated_traffic_is_never_shown_without_saying_so(sheet: Sheet) -> None:
    with StreamServer(Sky(10).simulated(), beat_s=None) as node:
        sheet.open(node.url, tracks=10)
        expect(sheet.page.locator(".banner")).to_contain_text("SIMULATED")


def test_what_was_set_up_is_there_again_and_a_view_can_be_sent_on(sheet: Sheet) -> None:
    with StreamServer(Sky(60), beat_s=None) as node:
        sheet.open(node.url, tracks=60)
        sheet.page.keyboard.press("n")
        sheet.page.keyboard.press("v")
        sheet.page.goto("about:blank")
        sheet.open(f"{node.url}#map=8.00/42.5000/74.5000&track=7&q=is:", tracks=60)
        assert sheet.ask("[w.settings.palette, w.settings.vectorMinutes]") == ["day", 3]
        assert sheet.page.evaluate("document.documentElement.dataset.palette") == "day"
        sheet.until("w.selected === 7 && w.filter === 'is:'")
        sheet.until("Math.abs(Math.log2(w.view.scale / 512) - 8) < 0.01")


def test_without_webgl_the_same_picture_is_drawn_on_canvas(playwright: Playwright) -> None:
    with chromium(playwright, "--disable-3d-apis") as browser, StreamServer(Sky(200)) as node:
        sheet = Sheet(browser)
        sheet.open(node.url, tracks=200)
        sheet.until("w.stats.draws.count > 3 && w.stats.labels > 0")
        assert sheet.ask("[w.stats.base, w.stats.renderer]") == ["canvas", "canvas2d"]
        assert sheet.ask(PIXELS_DRAWN) > 1000
        assert sheet.errors == []


def test_everything_can_be_reached_and_has_a_name(sheet: Sheet) -> None:
    with StreamServer(Sky(10), beat_s=None) as node:
        sheet.open(node.url, tracks=10)
        assert sheet.ask(NAMELESS_CONTROLS) == []
        sheet.page.keyboard.press("?")
        expect(sheet.page.get_by_role("dialog")).to_be_visible()
        sheet.page.keyboard.press("Escape")
        expect(sheet.page.get_by_role("dialog")).to_have_count(0)


@contextmanager
def running(*words: str) -> Iterator[str]:
    """A command of the project, from its console's address until it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "asman.apps.main", *words, "--no-open", "--token", "T", "--for", "5m"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"no address on standard output, but {line!r}; exit code {process.poll()}"
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_real_recording_becomes_air_traffic_that_moves(sheet: Sheet, shared_data: Path) -> None:
    recording = shared_data / "asterix" / "barcelona-radar-2023-05-02.cat048.ast"
    sensors = STATIC.parents[3] / "examples" / "sensors" / "barcelona.toml"
    words = ("replay", str(recording), "--sensors", str(sensors), "--date", "2023-05-02", "--speed", "10")
    with running(*words, "--port", str(free_port())) as address:
        sheet.open(address)
        sheet.until("w.stats.tracks > 25 && w.hello.mode === 'replay' && !w.simulated")
        expect(sheet.page.locator("asman-header .node span")).to_have_text(recording.name)
        callsigns = "w.rows.rows.filter(row => /^[A-Z]{3}[0-9A-Z]+$/.test(row.cells[1])).length"
        sheet.until(f"{callsigns} >= 5")
        sheet.page.keyboard.press("j")
        sheet.until("w.detail !== null")
        sheet.page.keyboard.press("/")
        sheet.page.keyboard.type("fl>100 kt>200")
        sheet.until("w.update.shown > 0 && w.update.shown < w.update.total")
        sheet.page.keyboard.press("Enter")
        sheet.until("w.detail !== null && w.detail.speedMps > 90")
        track, lat, lon = sheet.ask("[w.detail.track, w.detail.lat, w.detail.lon]")
        moved = f"Math.hypot(w.detail.lat - {lat}, w.detail.lon - {lon}) > 0.01"
        sheet.until(f"w.detail.track === {track} && {moved}")
        expect(sheet.page.locator("asman-track-panel table.plots tbody tr").first).to_contain_text(
            "barcelona"
        )
        sheet.page.locator("asman-why-panel").get_by_role("button", name="Why?").click()
        words = sheet.page.locator("asman-why-panel tr.words").first
        expect(words).to_contain_text("barcelona", timeout=40_000)
        sheet.page.keyboard.press("Space")
        sheet.until("w.clock.paused")
        sheet.ask("w.replay({ seek_s: w.hello.recording.begin_s + 1800 })")
        sheet.until("Math.abs(w.clock.time_s - w.hello.recording.begin_s - 1800) < 60")
        assert sheet.ask("w.stats.counters.gaps + w.stats.counters.malformed") == 0
        assert sheet.errors == []


def test_simulated_radars_over_udp_become_a_live_picture_that_says_it_is_simulated(sheet: Sheet) -> None:
    with running("demo", "--members", "KG", "--aircraft", "60", "--port", str(free_port())) as address:
        sheet.open(address)
        sheet.until("w.stats.tracks >= 10 && w.hello.mode === 'live' && w.simulated")
        expect(sheet.page.locator(".banner")).to_contain_text("SIMULATED")
        expect(sheet.page.locator("asman-sensor-panel tbody tr").first).to_contain_text("KG")
        sheet.until("w.health !== null && w.health.sensors.some(s => s.plots > 0)")
        sheet.page.keyboard.press("j")
        expect(sheet.page.locator("asman-track-panel table.plots tbody tr").first).to_contain_text("KG")
        assert sheet.ask("w.stats.counters.gaps + w.stats.counters.malformed") == 0
        assert sheet.errors == []
