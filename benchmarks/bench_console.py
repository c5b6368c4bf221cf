"""What a picture of 20,000 tracks costs the console's page, once a second, in a real Chromium.

Frames are packed by the tests' own server and come over a real WebSocket. Graphics are software here: frames
per second would say nothing, the page's own time does.
"""

import time
from typing import Any

from playwright.sync_api import sync_playwright
from tests.system.browser import Sheet, chromium
from tests.system.stream_server import STATIC, Sky, StreamServer

from benchmarks.figure import figure

TRACKS = 20_000
UPDATES = 20


def measure() -> tuple[float, float, float]:
    """Median ms of taking an update over, of drawing, and mean ms of all the page's work an update."""
    sky = Sky(TRACKS, lat_deg=48, lon_deg=15, radius_deg=14)
    with sync_playwright() as playwright, chromium(playwright) as browser, StreamServer(sky) as node:
        sheet = Sheet(browser)
        sheet.open(node.url, tracks=TRACKS)
        sheet.until("w.stats.updates.count > 4")
        session = sheet.page.context.new_cdp_session(sheet.page)
        session.send("Performance.enable")
        sheet.ask("(w.stats.updates.reset(), w.stats.draws.reset())")
        before = busy_s(session)
        while sheet.ask("w.stats.updates.count") < UPDATES:
            time.sleep(0.5)
        worked_ms = 1000 * (busy_s(session) - before) / sheet.ask("w.stats.updates.count")
        taking, drawing = sheet.ask("[w.stats.updates.quantile(0.5), w.stats.draws.quantile(0.5)]")
    return taking, drawing, worked_ms


def busy_s(session: Any) -> float:
    """Seconds that the page's thread has worked so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def run() -> list[dict[str, Any]]:
    """Measure once; a console that is not built is left out."""
    if not (STATIC / "index.html").is_file():
        print("console: not built, left out")
        return []
    taking, drawing, worked = measure()
    return [
        figure(
            "console, 20,000 tracks: update, page's thread", taking + drawing, "ms", floor=8.0, target=2.0
        ),
        figure("console, 20,000 tracks: all of the page's work a second", worked, "ms"),
    ]
