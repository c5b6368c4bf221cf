"""The demo put together: a node a member, and a simulator that sends what their radars see, as it happens."""

import contextlib
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any, Final

import click

from asman import exercise
from asman.apps import browser, warm
from asman.apps.kant import scenario
from asman.apps.serve import DEFAULT_PORT, PORTS_TRIED, listen
from asman.apps.warming import compile_node, compile_simulator
from asman.edge import process
from asman.errors import AsmanError, ConfigError, InputError
from asman.model.sensor import Sensors
from asman.sensing.sensors_toml import written
from asman.wire.asterix.encode import encode

#: Wall clock between two bursts of datagrams.
BURST_S: Final = 0.1
#: A simulator that fell further behind leaves out what it missed: the world does not wait.
CATCH_UP_S: Final = 2.0
START_PATIENCE_S: Final = 60.0


def _say(text: str) -> None:
    click.echo(text, err=True)


class Demonstration:
    """Everything that runs while `asman demo` does."""

    def __init__(
        self, folder: Path, members: tuple[str, ...], aircraft: int, seed: int | None, token: str
    ) -> None:
        self._folder = folder
        self._members = members
        self._aircraft = aircraft
        self._seed = seed
        self._token = token or secrets.token_urlsafe(24)
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}
        self._ports: dict[str, int] = {}
        self.late_s = 0.0
        self.skipped = 0

    def run(self, port: int | None, *, opening: bool, for_s: float | None) -> int:
        """Start, simulate until told to end, and end what was started. Return the exit code."""
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            urls = self._start(port)
            for member, url in urls.items():
                click.echo(f"{member}  {url}")
            sys.stdout.flush()
            if opening and not browser.show(urls[self._members[0]]):
                _say("no browser found: open one of the addresses above")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                self._fly(sender, for_s)
        except KeyboardInterrupt:
            _say("ending")
        except InputError:
            raise
        except AsmanError as error:
            _say(f"asman: {error}")
            return 1
        finally:
            for node in self._nodes.values():
                node.terminate()
            for node in self._nodes.values():
                process.end(node, patience_s=6.0)
        return 0

    def _start(self, port: int | None) -> dict[str, str]:
        if not (warm.is_warm() and warm.is_warm(warm.MARK_SIMULATOR)):
            _say("compiling kernels (once for this version) …")
            took_s = warm.warm(_say, compile_node)
            took_s += warm.warm(_say, compile_simulator, warm.MARK_SIMULATOR)
            _say(f"compiled in {took_s:.1f} s")
        self._exercise = exercise.start(
            scenario(), aircraft=self._aircraft, seed=self._seed, begin_ns=time.time_ns()
        )
        first = _consecutive(port, len(self._members))
        (self._folder / "token").touch(mode=0o600)
        (self._folder / "token").write_text(self._token)
        for number, member in enumerate(self._members):
            self._nodes[member] = self._node(member, first + number)
        _say(f"{self._aircraft} aircraft; starting a node for each of {', '.join(self._members)} …")
        return {member: self._address(member, node) for member, node in self._nodes.items()}

    def _node(self, member: str, port: int) -> "subprocess.Popen[bytes]":
        sensors = exercise.sensors(self._exercise, member)
        folder = self._folder / member
        folder.mkdir()
        (folder / "sensors.toml").write_text("\n".join(written(sensor) for sensor in sensors))
        (folder / "node.toml").write_text(self._config(member, port, sensors))
        with (folder / "log").open("wb") as log:
            return process.start(
                [sys.executable, "-m", "asman.apps.main", "node", folder / "node.toml"],
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def _config(self, member: str, port: int, sensors: Sensors) -> str:
        text = f'member = "{member}"\nname = "{member} demo"\nsensors = "sensors.toml"\nport = {port}\n'
        text += 'token_file = "../token"\n'
        for sensor in sensors:
            self._ports[sensor.id] = _free_udp_port()
            text += f'\n[[feed]]\nname = "{sensor.id}"\nurl = "udp://127.0.0.1:{self._ports[sensor.id]}"\n'
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
        log = (self._folder / member / "log").read_text(errors="replace").strip()
        raise AsmanError(f"the node of {member} did not start: {log[-2000:] or 'it said nothing'}")

    def _fly(self, sender: socket.socket, for_s: float | None) -> None:
        """Send what the radars see, as it happens."""
        end_s = None if for_s is None else time.monotonic() + for_s
        sent_ns = time.time_ns()
        while end_s is None or time.monotonic() < end_s:
            now_ns = time.time_ns()
            if now_ns - sent_ns > CATCH_UP_S * 1e9:
                self.skipped += 1
                sent_ns = now_ns - round(CATCH_UP_S * 1e9)
            for datagram in exercise.emissions(self._exercise, sent_ns, now_ns, encode):
                if datagram.feed in self._ports:
                    with contextlib.suppress(ConnectionError):  # a node that ended is seen below
                        sender.sendto(datagram.octets, ("127.0.0.1", self._ports[datagram.feed]))
            sent_ns = now_ns
            self.late_s = (time.time_ns() - now_ns) / 1e9
            for member, node in self._nodes.items():
                if node.poll() is not None:
                    raise AsmanError(f"the node of {member} ended (exit code {node.returncode})")
            time.sleep(max(0.0, BURST_S - self.late_s))


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _consecutive(port: int | None, count: int) -> int:
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
