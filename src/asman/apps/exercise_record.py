"""What happened in an exercise, written down as it happens, so that it can be told, and run again.

DIR/journal.jsonl   append-only: one JSON object a line, of everything that was asked, by whom and when
DIR/scenario.toml   the scenario with all injected events at its end: `asman simulate DIR/scenario.toml`
                    gives the same sky, sensors and octets as were sent
DIR/sent.pcap       what was sent, as it left: stamps and times of the wall clock
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from asman.apps.scenario_toml import written
from asman.apps.sending import Destination
from asman.errors import ConfigError
from asman.exercise import Scenario
from asman.model.datagram import Datagram
from asman.wire import capture

JOURNAL: Final = "journal.jsonl"
SCENARIO: Final = "scenario.toml"
SENT: Final = "sent.pcap"
#: Octets of packets that are gathered before they are written.
GATHERED_MAX: Final = 256 * 1024
#: A network for measurements (RFC 2544) stands for sensors that have no address of their own.
_SOURCE: Final = "198.18"


class Record:
    """The files of one run; `folder` must not hold those of another."""

    def __init__(self, folder: Path, beside: Path, to: Mapping[str, Destination]) -> None:
        """`beside`: what the scenario's own paths count from. Raises ConfigError."""
        self.folder = folder
        self._beside = beside
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._journal = (folder / JOURNAL).open("x", encoding="utf-8")
            self._sent = (folder / SENT).open("xb")
        except FileExistsError as error:
            raise ConfigError(
                "--record", f"{folder} holds the record of another run", "Name a folder of its own."
            ) from error
        except OSError as error:
            raise ConfigError("--record", f"{folder} cannot be written: {error.strerror}") from error
        self._sent.write(capture.head())
        self._endpoints = {feed: _endpoint(number, where) for number, (feed, where) in enumerate(to.items())}
        self._gathered: list[Datagram] = []
        self._octets = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def note(self, what: str, time_s: float, **keys: Any) -> None:
        """Append a line; it is on the disk when this returns."""
        wall = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = msgspec.json.encode({"wall": wall, "time_s": round(time_s, 6), "what": what, **keys})
        self._journal.write(line.decode() + "\n")
        self._journal.flush()
        os.fsync(self._journal.fileno())

    def keep(self, scenario: Scenario) -> None:
        """Write the scenario as it stands now, in place of the former."""
        fresh = self.folder / f"{SCENARIO}.new"
        fresh.write_text(written(scenario, self._beside), encoding="utf-8")
        fresh.replace(self.folder / SCENARIO)

    def sent(self, datagram: Datagram) -> None:
        """Remember one datagram that left; `time_ns` is when, by the wall clock. Called from one thread."""
        self._gathered.append(datagram)
        self._octets += len(datagram.octets)
        if self._octets >= GATHERED_MAX:
            self.flush()

    def flush(self) -> None:
        """Write the datagrams that were gathered."""
        if self._gathered:
            self._sent.write(capture.packets(self._gathered, self._endpoints))
            self._sent.flush()
        self._gathered, self._octets = [], 0

    def close(self) -> None:
        """Write what is left."""
        self.flush()
        self._sent.close()
        self._journal.close()


def _endpoint(number: int, where: Destination) -> capture.Endpoint:
    """A sensor's datagrams in a pcap file; a host that is no IPv4 address is written as loopback."""
    parts = where.host.split(".")
    ipv4 = len(parts) == 4 and all(part.isdecimal() and int(part) < 256 for part in parts)
    source = f"{_SOURCE}.{number // 250 % 256}.{number % 250 + 1}"
    return capture.Endpoint(source, 8600, where.host if ipv4 else "127.0.0.1", where.port)
