"""Opening the console in a browser, where there is one that shows pictures."""

import os
import shutil
import sys
import webbrowser


def found() -> str | None:
    """Return what would show the console; None where nothing graphical is at hand."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return None
    names = ("xdg-open", "firefox", "chromium", "chromium-browser", "google-chrome")
    linux = next((name for name in names if shutil.which(name)), None)
    return linux if sys.platform.startswith("linux") else sys.platform


def show(url: str) -> bool:
    """Open `url` in a new tab; return False where no browser is at hand."""
    return found() is not None and webbrowser.open_new_tab(url)
