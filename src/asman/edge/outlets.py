"""Where octets leave a node over TCP or into a file: bounded, and every loss counted.

    tcp://HOST:PORT           we connect, again and again
    tcp-listen://ADDRESS:PORT programs connect to us, up to CLIENTS_MAX
    file:///PATH              the file is replaced each time, never half written

What a slow reader does not take is dropped for that reader, whole messages at a time, so that a stream never
loses its place. UDP leaves through `asman.apps.sending`.
"""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import msgspec

from asman.errors import ConfigError

#: What may wait for one reader: some seconds of a busy picture.
WAITING_OCTETS_MAX: Final = 8 * 1024 * 1024
CLIENTS_MAX: Final = 32
CONNECT_S: Final = 10.0
PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
_READ_OCTETS: Final = 4096


class Place(msgspec.Struct, frozen=True):
    """Where an outlet leads: "tcp" and "tcp-listen" have host and port, "file" has a path."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""


def place(url: str, item: str) -> Place:
    """Read the URL of an outlet that is not UDP. Raises ConfigError that names `item`."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc or not parts.path or parts.path.endswith("/"):
            raise ConfigError(
                item, f"'{url}' names no file of this machine", "Write file:///srv/picture.json"
            )
        return Place("file", path=unquote(parts.path))
    if parts.scheme not in ("tcp", "tcp-listen"):
        raise ConfigError(
            item, f"'{url}' is no place to send to", "Known: udp://, tcp://, tcp-listen://, file://"
        )
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(item, f"'{url}' names no port: {error}") from error
    if not host or port is None or parts.query or parts.path not in ("", "/") or parts.username:
        raise ConfigError(item, f"'{url}' is not {parts.scheme}://host:port")
    return Place(parts.scheme, host, port)


class Outlet(Protocol):
    """Takes whole messages. `messages`, `octets` and `dropped` only grow."""

    @property
    def messages(self) -> int:
        """How many were sent."""
        ...

    @property
    def octets(self) -> int:
        """Their octets."""
        ...

    @property
    def dropped(self) -> int:
        """How many were not."""
        ...

    @property
    def problem(self) -> str:
        """What went wrong last, in words; empty when all is well."""
        ...

    @property
    def readers(self) -> int:
        """How many take what is sent."""
        ...

    def send(self, message: bytes) -> None:
        """Send, or drop and count."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Served:
    """Programs connect to us and listen; what they say is not heard."""

    def __init__(self) -> None:
        self.messages = 0
        self.octets = 0
        self.dropped = 0
        self.refused = 0
        self.problem = ""
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self, where: Place, item: str) -> "Served":
        """Listen. Raises ConfigError."""
        try:
            self._server = await asyncio.start_server(self._serve, where.host, where.port)
        except OSError as error:
            raise ConfigError(
                item, f"cannot listen on {where.host} port {where.port}: {error}", "Choose another port."
            ) from error
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    @property
    def readers(self) -> int:
        """How many programs are connected."""
        return len(self._writers)

    def send(self, message: bytes) -> None:
        """Send to all; who has too much waiting does not get it."""
        for writer in tuple(self._writers):
            if writer.transport.get_write_buffer_size() + len(message) > WAITING_OCTETS_MAX:
                self.dropped += 1
                continue
            writer.write(message)
            self.messages += 1
            self.octets += len(message)

    def close(self) -> None:
        """End all connections and listen no more."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= CLIENTS_MAX:
            self.refused += 1
            writer.close()
            return
        self._writers.add(writer)
        try:
            while await reader.read(_READ_OCTETS):
                pass
        except OSError as error:
            self.problem = str(error)
        finally:
            self._writers.discard(writer)
            writer.close()


class Connected:
    """We connect to one program, and again when the connection ends."""

    def __init__(self, where: Place, *, first_pause_s: float = PAUSE_S) -> None:
        self.messages = 0
        self.octets = 0
        self.dropped = 0
        self.connections = 0
        self.problem = ""
        self._where = where
        self._first_pause_s = first_pause_s
        self._writer: asyncio.StreamWriter | None = None
        self._task = asyncio.get_running_loop().create_task(self._run())

    @property
    def readers(self) -> int:
        """1 while connected."""
        return int(self._writer is not None)

    def send(self, message: bytes) -> None:
        """Send; while there is no connection, or too much waits, drop and count."""
        writer = self._writer
        if writer is None or (writer.transport.get_write_buffer_size() + len(message) > WAITING_OCTETS_MAX):
            self.dropped += 1
            return
        writer.write(message)
        self.messages += 1
        self.octets += len(message)

    def close(self) -> None:
        """End the connection, and make no other."""
        self._task.cancel()
        if self._writer is not None:
            self._writer.close()

    async def _run(self) -> None:
        pause_s = self._first_pause_s
        while True:
            try:
                await self._connection()
                self.problem = "the other side ended the connection"
                pause_s = self._first_pause_s
            except (OSError, TimeoutError) as error:
                self.problem = str(error) or f"no answer in {CONNECT_S:.0f} s"
                pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def _connection(self) -> None:
        opening = asyncio.open_connection(self._where.host, self._where.port)
        reader, writer = await asyncio.wait_for(opening, CONNECT_S)
        self._writer = writer
        self.connections += 1
        self.problem = ""
        try:
            while await reader.read(_READ_OCTETS):
                pass
        finally:
            self._writer = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class Written:
    """A file that always holds the latest message, whole."""

    def __init__(self, where: Place) -> None:
        self.messages = 0
        self.octets = 0
        self.dropped = 0
        self.problem = ""
        self._path = Path(where.path)

    @property
    def readers(self) -> int:
        """1 where the file could be written."""
        return int(not self.problem)

    def send(self, message: bytes) -> None:
        """Write beside the file, and put it in its place."""
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            beside.write_bytes(message)
            beside.replace(self._path)
        except OSError as error:
            self.problem = error.strerror or str(error)
            self.dropped += 1
            return
        self.problem = ""
        self.messages += 1
        self.octets += len(message)

    def close(self) -> None:
        """Leave the file as it is."""
