"""A real Chromium for end-to-end tests: fresh profile, software graphics, nothing sent home."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Playwright

FLAGS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
#: Generous: software graphics on a busy machine. No test asserts a time.
PATIENCE_S = 60.0
#: A node that must compile its kernels first, as after every change of them.
START_S = 200.0


@contextmanager
def chromium(playwright: Playwright, *extra: str) -> Iterator[Browser]:
    """A browser with a profile of its own; `ASMAN_CHROMIUM` names another executable."""
    executable = os.environ.get("ASMAN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    try:
        browser = playwright.chromium.launch(executable_path=executable, args=[*FLAGS, *extra])
    except Error as error:
        pytest.skip(
            f"no Chromium starts here ({error.message.splitlines()[0]}): install one or set ASMAN_CHROMIUM"
        )
    try:
        yield browser
    finally:
        browser.close()


class Sheet:
    """A page with what it said: errors and every address it asked for."""

    def __init__(self, browser: Browser, width: int = 1440, height: int = 900) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": height})
        self.page.set_default_timeout(PATIENCE_S * 1000)
        self.errors: list[str] = []
        self.addresses: list[str] = []
        self.page.on(
            "console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.addresses.append(request.url))

    def _heard(self, message: ConsoleMessage) -> None:
        # A track that leaves the picture between a question and its answer is no fault: the node says 404.
        if message.type in ("error", "warning") and "/api/tracks/" not in message.location.get("url", ""):
            self.errors.append(message.text)

    def ask(self, expression: str) -> Any:
        """Evaluate in the page; `w` is its workplace."""
        return self.page.evaluate(f"(() => {{ const w = window.__asman; return {expression}; }})()")

    def until(self, expression: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until an expression holds; `w` is the workplace.

        Asked again and again from here: Playwright's own waiting evaluates strings in the page, which the
        console's content security policy forbids, as it should.
        """
        deadline_s = time.monotonic() + patience_s
        while not self.ask(f"w !== undefined && ({expression})"):
            assert time.monotonic() < deadline_s, f"never held: {expression}; errors: {self.errors}"
            self.page.wait_for_timeout(50)

    def soon(self, expression: str, patience_s: float = 5.0) -> bool:
        """Whether an expression comes to hold within a few seconds."""
        deadline_s = time.monotonic() + patience_s
        while not self.ask(f"w !== undefined && ({expression})"):
            if time.monotonic() >= deadline_s:
                return False
            self.page.wait_for_timeout(50)
        return True

    def open(self, url: str, tracks: int | None = None) -> None:
        """Open a console and wait for its map and its first picture."""
        self.page.goto(url)
        failed = "document.body.textContent.includes('cannot be drawn')"
        self.until(f"(w.stats.base !== '' && w.update !== null) || {failed}", START_S)
        assert self.ask("w.stats.base") != "", self.page.locator(".notice").text_content()
        if tracks is not None:
            self.until(f"w.stats.tracks === {tracks} && w.stats.draws.count > 0")

    def close(self) -> None:
        """Close the page."""
        self.page.close()
