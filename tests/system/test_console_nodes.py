"""Three members' real nodes under signed agreements, in a real browser: what each sees, and a suspension."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from .browser import START_S, Sheet, chromium
from .processes import TOKEN, Running, running
from .stream_server import STATIC

expect.set_options(timeout=60_000)

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not (STATIC / "index.html").is_file(), reason="the console is not built: npm run build in console/"
    ),
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("demo")
    with running(folder, "demo", "--aircraft", "60", "--no-open", "--for", "10m", consoles=3) as node:
        yield node


def origins(url: str) -> set[str]:
    """Whose tracks are in the picture of a console's node."""
    base = url.partition("/?")[0]
    answer = httpx.get(f"{base}/api/picture", headers={"authorization": f"Bearer {TOKEN}"}, timeout=20)
    found = answer.json().get("features", [])
    named = {one["properties"]["origin"] for one in found}
    parts = {name.partition(":")[0] for one in found for name in one["properties"]["contributors"]}
    return named | {one.partition("/")[0] for one in parts if ":" in one or "/" in one}


def test_the_tour_on_real_nodes_shows_what_comes_and_how_it_leaves_with_a_suspension(demo: Running) -> None:
    kg, ru, kz = demo.urls
    with sync_playwright() as playwright, chromium(playwright) as browser:
        sheet = Sheet(browser)
        sheet.open(f"{kg}&tour=1")
        sheet.until("w.tour.at === 0 && w.members.join() === 'KG,RU'", START_S)
        sheet.until("w.origins[1] > 0", START_S)
        card = sheet.page.locator("asman-tour")
        forward = card.get_by_role("button", name="Next")
        forward.click()
        contributed = sheet.page.locator("asman-sources-panel section").first
        expect(contributed).to_contain_text("kg-ru-2023")
        forward.click()
        expect(sheet.page.locator("asman-agreements-panel")).to_contain_text("Kyrgyzstan gives Russia")
        forward.click()
        sheet.until("w.viewed !== null && w.viewed.seen !== null && w.viewed.seen.both > 0", START_S)
        forward.click()
        link = card.get_by_role("link", name="Open KZ's console")
        expect(link).to_have_attribute("href", f"{kz.partition('?')[0]}?token={TOKEN}")
        assert "KG" not in origins(kz)
        demo.until(lambda: "KG" in origins(ru), START_S)
        forward.click()
        card.locator(".act").click()
        dialog = sheet.page.locator("asman-confirm dialog")
        dialog.get_by_label("Reason").fill("a test")
        dialog.get_by_role("button", name="Suspend kg-ru-2023").click()
        expect(card.locator(".outcome")).to_contain_text("left the picture")
        expect(sheet.page.locator("asman-alarms .alarm")).to_contain_text("kg-ru-2023 SUSPENDED")
        demo.until(lambda: "KG" not in origins(ru), START_S)
        forward.click()
        card.locator(".act").click()
        dialog.get_by_role("button", name="Resume kg-ru-2023").click()
        expect(card.locator(".outcome")).to_contain_text("are back")
        assert "KG" not in origins(kz)
        sheet.close()
