"""A node put together: bus, reasoning, web and feeds, from the first word to the last.

    feeds --feed.<name>--> [ bus: NATS ] <--> reasoning (its own process: no browser can hold up the picture)
                               |
                              web (this process): console, API, stream

The processes that a node owns end with it (edge.process). The reasoning is started before the web's libraries
are imported: its compiler is the longest thing to load.
"""

import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from asman.apps.border_plan import BorderPlan
from asman.apps.plan import Plan
from asman.apps.setting import Parts, Setting
from asman.edge import bus, process
from asman.errors import AsmanError, ConfigError, InputError

#: Where a node without a configured port begins to look for a free one.
DEFAULT_PORT: Final = 8600
#: How many ports it tries.
PORTS_TRIED: Final = 200


def run(setting: Setting) -> int:
    """Run a node until it is told to end. Return the exit code; 1 when a part failed. Raises InputError."""
    began_s = time.monotonic()
    signal.signal(signal.SIGTERM, _interrupt)
    listening = listen(setting.bind, setting.port)
    server: bus.EmbeddedServer | None = None
    reasoning: subprocess.Popen[bytes] | None = None
    border: subprocess.Popen[bytes] | None = None
    try:
        if setting.bus_url:
            address = bus.BusAddress(setting.bus_url, setting.bus_token)
        else:
            server = bus.EmbeddedServer()
            address = server.address
        reasoning = _start_reasoning(setting, address)
        border = _start_border(setting, address)
        token = setting.token or secrets.token_urlsafe(24)
        parts = Parts(began_s, listening, token, address, server, reasoning, border)
        from asman.apps.shell import live

        return live(setting, parts)
    except InputError:
        raise
    except AsmanError as error:
        setting.say(f"asman: {error}")
        return 1
    finally:
        for part in (border, reasoning):
            if part is not None:
                process.end(part)
        if server is not None:
            server.end()
        listening.close()


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _start_reasoning(setting: Setting, address: bus.BusAddress) -> "subprocess.Popen[bytes]":
    plan = Plan(
        bus=address,
        node=setting.node,
        member=setting.member,
        mode=setting.mode,
        sensors=setting.sensors,
        sensors_name=setting.sensors_name,
        picture_s=setting.picture_s,
        recordings=setting.recordings,
        date=setting.date,
        speed=setting.speed,
        partners=_partners(setting),
    )
    return _told("asman.apps.reason", msgspec.json.encode(plan))


def _partners(setting: Setting) -> list[str]:
    if setting.sharing is None:
        return []
    from asman.apps.home import Home

    return sorted(Home(Path(setting.sharing.folder), setting.member).links())


def _start_border(setting: Setting, address: bus.BusAddress) -> "subprocess.Popen[bytes] | None":
    sharing = setting.sharing
    if sharing is None:
        return None
    plan = BorderPlan(
        bus=address, node=setting.node, member=setting.member, folder=sharing.folder, listen=sharing.listen,
        address=sharing.address, release_s=sharing.release_s, keep_s=sharing.keep_s,
        keep_octets=sharing.keep_mb * 1_000_000,
    )  # fmt: skip
    return _told("asman.apps.border", msgspec.json.encode(plan))


def _told(module: str, plan: bytes) -> "subprocess.Popen[bytes]":
    """Start a process of ours, and tell it its plan."""
    child = process.start([sys.executable, "-m", module], stdin=subprocess.PIPE)
    if child.stdin is None:
        raise AssertionError("the pipe that was asked for is missing")
    child.stdin.write(plan)
    child.stdin.close()
    return child


def listen(bind: str, port: int | None) -> socket.socket:
    """Open the socket of console and API. Raises ConfigError."""
    wanted = range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED) if port is None else (port,)
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    problem = OSError()
    for candidate in wanted:
        try:
            return socket.create_server((bind, candidate), family=family, backlog=128)
        except OSError as error:
            problem = error
    raise ConfigError(
        f"port {port or DEFAULT_PORT} on {bind}", f"cannot be opened: {problem}", "Choose another with --port"
    )


def duration_s(text: str) -> float:
    """Read a duration such as 30s, 5m, 1h, or a bare number of seconds. Raises ConfigError."""
    factor = {"s": 1.0, "m": 60.0, "h": 3600.0}
    try:
        found = float(text[:-1]) * factor[text[-1]] if text[-1:] in factor else float(text)
    except ValueError as error:
        raise ConfigError("--for", f"needs a time such as 30s, 5m or 1h, not '{text}'") from error
    if not 0 < found < 1e9:
        raise ConfigError("--for", f"needs a time above zero, not '{text}'")
    return found
