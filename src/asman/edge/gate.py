"""The gate before everything a node serves: host, origin, token. Default deny.

- *Host*: a page of another name that resolves to our address (DNS rebinding) is refused with 421.
- *Origin*: a page of another site may neither post nor open the stream: 403. What no browser sent has no
  Origin and passes; it needs the token all the same.
- *Token*: `Authorization: Bearer T`, `?token=T`, or the cookie. Opening a page with `?token=T` sets the
  cookie and leads to the clean address, so that the token stays out of history, bookmarks and referrers.

The cookie's name carries the port: browsers keep cookies by host alone, and three members' consoles on one
machine must not overwrite one another's.
"""

import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")

_DENIED_PAGE: Final = b"""<!doctype html><html lang="en"><meta charset="utf-8">
<title>Asman: token needed</title>
<style>body{font:16px system-ui;margin:15vh auto;max-width:34em;color:#dde;background:#12161c}</style>
<h1>This console needs its token</h1>
<p>Open the address that the command printed; it ends in <code>?token=&hellip;</code>.</p></html>"""


class Gate(msgspec.Struct, frozen=True):
    """Who may come in.

    token  the session's token
    port   the port we serve on
    hosts  names we answer to, without port; IPv6 in brackets
    """

    token: str
    port: int
    hosts: frozenset[str]

    @property
    def cookie(self) -> str:
        """Name of the cookie that carries the token."""
        return f"asman_{self.port}"

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names us."""
        name, port = _split_port(host.lower())
        return name in self.hosts and port == self.port

    def knows_origin(self, origin: str) -> bool:
        """Whether an Origin header is one of our own pages."""
        scheme, separator, host = origin.partition("://")
        return bool(separator) and scheme in ("http", "https") and self.knows_host(host)

    def knows_token(self, token: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(token.encode(), self.token.encode())


def gate(token: str, port: int, bind: str) -> Gate:
    """Return the gate of a node that serves on `bind`:`port`."""
    name = f"[{bind}]" if ":" in bind else bind.lower()
    return Gate(token=token, port=port, hosts=frozenset((*LOOPBACK, name)))


def _split_port(host: str) -> tuple[str, int]:
    name, separator, port = host.rpartition(":")
    if not separator or port.endswith("]"):
        return host, 80
    return name, int(port) if port.isdecimal() and len(port) < 6 else -1


def guarded(app: ASGIApp, keeper: Gate) -> ASGIApp:
    """Return `app` behind the gate."""

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        send = _with_headers(send, scope)
        headers = _headers(scope["headers"])
        refusal = _refusal(keeper, scope, headers)
        if refusal is not None:
            await _answer(scope, send, *refusal)
            return
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if not _has_token(keeper, headers, query):
            await _deny(scope, send)
        elif _opens_page(scope, query):
            await _settle(keeper, scope, query, send)
        else:
            await app(scope, receive, send)

    return enter


def _refusal(keeper: Gate, scope: Scope, headers: dict[str, str]) -> tuple[int, bytes] | None:
    if not keeper.knows_host(headers.get("host", "")):
        return 421, b"This node does not serve that host.\n"
    unsafe = scope["type"] != "http" or scope["method"] not in SAFE_METHODS
    origin = headers.get("origin")
    if unsafe and origin is not None and not keeper.knows_origin(origin):
        return 403, b"Pages of other sites may not do this.\n"
    return None


def _has_token(keeper: Gate, headers: dict[str, str], query: list[tuple[str, str]]) -> bool:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    offered = [bearer.strip()] if scheme.lower() == "bearer" else []
    offered += [value for name, value in query if name == "token"]
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(keeper.cookie)
    except CookieError:
        cookie = None
    offered += [cookie.value] if cookie else []
    known = [keeper.knows_token(token) for token in offered]  # all are compared, whichever is right
    return any(known)


def _opens_page(scope: Scope, query: list[tuple[str, str]]) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and not scope["path"].startswith(("/api/", "/metrics"))
        and any(name == "token" for name, _ in query)
    )


async def _settle(keeper: Gate, scope: Scope, query: list[tuple[str, str]], send: Send) -> None:
    rest = urlencode([(name, value) for name, value in query if name != "token"])
    # One slash only: "//host" would lead away from us.
    path = "/" + scope["path"].lstrip("/")
    cookie = SimpleCookie({keeper.cookie: keeper.token})[keeper.cookie]
    cookie["path"] = "/"
    cookie["httponly"] = True
    cookie["samesite"] = "Strict"
    headers = [
        (b"location", (path + (f"?{rest}" if rest else "")).encode()),
        (b"set-cookie", cookie.OutputString().encode()),
        (b"cache-control", b"no-store"),
    ]
    await _answer(scope, send, 303, b"", headers)


async def _deny(scope: Scope, send: Send) -> None:
    if scope["path"].startswith(("/api", "/metrics")):
        body, kind = b'{"status_code":401,"detail":"token needed"}\n', b"application/json"
    else:
        body, kind = _DENIED_PAGE, b"text/html; charset=utf-8"
    await _answer(scope, send, 401, body, [(b"content-type", kind), (b"www-authenticate", b"Bearer")])


async def _answer(
    scope: Scope, send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    prefix = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    all_headers = [*headers, (b"content-length", str(len(body)).encode())]
    start: Any = {"type": f"{prefix}.start", "status": status, "headers": all_headers}
    rest: Any = {"type": f"{prefix}.body", "body": body, "more_body": False}
    await send(start)
    await send(rest)


def _with_headers(send: Send, scope: Scope) -> Send:
    """Every answer says what a browser may do with it; nothing may come from another host."""
    host = _headers(scope["headers"]).get("host", "")
    policy = (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
        "child-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' data: blob: ws://{host} wss://{host}; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    ours = [
        (b"content-security-policy", policy.encode("latin-1")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            message["headers"] = headers + ours
        await send(message)

    return sending


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
