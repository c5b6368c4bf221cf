"""Members' nodes on this machine: each told its own sensors, started, waited for, watched and ended."""

import os
import secrets
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final

from asman.apps.demo_sharing import Joining
from asman.apps.sending import Destination
from asman.apps.serve import DEFAULT_PORT, PORTS_TRIED, listen
from asman.edge import process
from asman.errors import AsmanError, ConfigError
from asman.model.sensor import Sensors
from asman.sensing.sensors_toml import written

START_PATIENCE_S: Final = 60.0


class Nodes:
    """A node for each of some members, and where the octets of their sensors go.

    to     sensor -> where its node listens
    token  of all their consoles
    """

    def __init__(self, folder: Path, token: str = "", title: str = "demo") -> None:
        """`folder` holds what they are told; the caller removes it."""
        self.token = token or secrets.token_urlsafe(24)
        self.to: dict[str, Destination] = {}
        self._folder = folder
        self._title = title
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ports: dict[str, int] = {}
        self._joining: Joining | None = None

    def start(
        self, members: Mapping[str, Sensors], first_port: int, agreements: Sequence[Path] | None = None
    ) -> None:
        """Start a node for each member, on ports in a row. Call it from the main thread.

        agreements  documents that they sign with one another before, and share by; None: they share nothing
        """
        token_file = os.open(self._folder / "token", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(token_file, "w") as file:
            file.write(self.token)
        self._joining = None if agreements is None else Joining(self._folder, tuple(members), agreements)
        self._ports = {member: first_port + number for number, member in enumerate(members)}
        for member, sensors in members.items():
            self._running[member] = self._start(member, sensors, self._ports[member])

    def addresses(self) -> dict[str, str]:
        """Wait for the address of each console. Raises AsmanError when a node does not start."""
        return {member: self._address(member, node) for member, node in self._running.items()}

    def check(self) -> None:
        """Raise AsmanError when a node is no longer there."""
        for member, node in self._running.items():
            if node.poll() is not None:
                ended = f"the node of {member} ended (exit code {node.returncode})"
                raise AsmanError(f"{ended}: {self._log(member)}")

    def end(self) -> None:
        """End them all, by their own pids."""
        for node in self._running.values():
            node.terminate()
        for node in self._running.values():
            process.end(node, patience_s=6.0)

    def _start(self, member: str, sensors: Sensors, port: int) -> "subprocess.Popen[bytes]":
        folder = self._folder / member
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "sensors.toml").write_text("\n".join(written(sensor) for sensor in sensors))
        (folder / "node.toml").write_text(self._config(member, port, sensors))
        with (folder / "log").open("wb") as log:
            return process.start(
                [sys.executable, "-m", "asman.apps.main", "node", folder / "node.toml"],
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def _config(self, member: str, port: int, sensors: Sensors) -> str:
        text = (
            f'member = "{member}"\nname = "{member} {self._title}"\nsensors = "sensors.toml"\nport = {port}\n'
        )
        text += 'token_file = "../token"\n'
        if self._joining is not None:
            text += self._joining.toml(member)
        for sensor, udp in zip(sensors, free_udp_ports(len(sensors)), strict=True):
            self.to[sensor.id] = Destination("127.0.0.1", udp)
            text += f'\n[[feed]]\nname = "{sensor.id}"\nurl = "udp://127.0.0.1:{udp}"\n'
        for other, console in self._ports.items():
            if other != member:
                text += f'\n[[peer]]\nmember = "{other}"\nconsole = "http://127.0.0.1:{console}/?token={self.token}"\n'
        return text

    def _address(self, member: str, node: "subprocess.Popen[bytes]") -> str:
        """Wait for the address that a node prints when it serves."""
        deadline_s = time.monotonic() + START_PATIENCE_S
        out: IO[Any] | None = node.stdout
        while out is not None and time.monotonic() < deadline_s and node.poll() is None:
            readable, _, _ = select.select([out], [], [], 0.2)
            line = out.readline().decode().strip() if readable else ""
            if line.startswith("http"):
                return line
        raise AsmanError(f"the node of {member} did not start: {self._log(member)}")

    def _log(self, member: str) -> str:
        """The end of what a node said."""
        log = (self._folder / member / "log").read_text(errors="replace").strip()
        return log[-2000:] or "it said nothing"


def free_udp_ports(count: int) -> list[int]:
    """Return so many different UDP ports that are free on loopback."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def consecutive(port: int | None, count: int) -> int:
    """Return the first of `count` free consecutive ports. Raises ConfigError when the one named is taken."""
    for first in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED) if port is None else (port,):
        opened: list[socket.socket] = []
        try:
            opened += [listen("127.0.0.1", first + number) for number in range(count)]
        except ConfigError:
            if port is not None:
                raise
        else:
            return first
        finally:
            for one in opened:
                one.close()
    raise ConfigError("--port", f"no {count} free ports in a row from {DEFAULT_PORT} on")
