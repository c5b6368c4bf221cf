"""The console's built files, served from beside this module."""

import hashlib
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

FOLDER: Final = Path(__file__).parent / "static"

#: Media types by ending; the system's own table differs from machine to machine. Texts are UTF-8.
TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".topojson": "application/json",
    ".map": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".pbf": "application/x-protobuf",
    ".txt": "text/plain",
}

_NOT_BUILT: Final = b"""<!doctype html><html lang="en"><meta charset="utf-8">
<title>Asman: console not built</title>
<style>body{font:16px system-ui;margin:15vh auto;max-width:34em;color:#dde;background:#12161c}</style>
<h1>The console is not built</h1><p>Run <code>make setup</code> in the project's folder and reload this page.
The node itself runs: <a style="color:#8bf" href="/api/picture">/api/picture</a>.</p></html>"""


class Page(msgspec.Struct, frozen=True):
    """An answer: octets, media type, how long a browser may keep it, and its fingerprint."""

    status: int
    octets: bytes
    media_type: str
    cache_control: str
    etag: str


def built(folder: Path = FOLDER) -> bool:
    """Whether the console has been built."""
    return (folder / "index.html").is_file()


def page(path: str, folder: Path = FOLDER) -> Page:
    """Return the file that `path` names below `folder`, or a page that says what to do."""
    if not built(folder):
        return Page(503, _NOT_BUILT, TYPES[".html"], "no-store", "")
    relative = PurePosixPath(path.lstrip("/") or "index.html")
    file = (folder / relative).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        return Page(404, b"not found\n", TYPES[".txt"], "no-store", "")
    octets = file.read_bytes()
    # Bundlers put a hash into the names below assets/: those never change. All else is asked for again.
    keep = "private, max-age=31536000, immutable" if relative.parts[0] == "assets" else "private, no-cache"
    kind = TYPES.get(file.suffix.lower(), "application/octet-stream")
    return Page(200, octets, kind, keep, f'"{hashlib.sha256(octets).hexdigest()[:20]}"')
