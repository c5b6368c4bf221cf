"""What a node is told before it runs, and what stands when it does."""

import socket
import subprocess
from collections.abc import Callable

import click
import msgspec

from asman.apps.node_toml import FeedConfig, PeerConfig, SharingConfig
from asman.apps.output_toml import OutputConfig
from asman.apps.plan import Mode
from asman.edge import bus

Tell = Callable[[str], None]


def _say(text: str) -> None:
    click.echo(text, err=True)


def _show(url: str) -> None:
    click.echo(url)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a node needs to run.

    port     0 = any free one; None = the first free one from DEFAULT_PORT on
    token    the session's token; empty = a random one
    bus_url  empty = embedded
    peers    consoles of other members that people here may open
    for_s    s   end by itself after this time with exit code 0
    say      words for the person who waits
    serving  called once with the console's address when there is something to see
    """

    node: str
    member: str
    mode: Mode
    feeds: tuple[FeedConfig, ...] = ()
    outputs: tuple[OutputConfig, ...] = ()
    sensors: str | None = None
    sensors_name: str = "sensors.toml"
    recordings: list[str] = []
    date: str | None = None
    speed: float = 1.0
    picture_s: float = 1.0
    bind: str = "127.0.0.1"
    port: int | None = None
    token: str = ""
    bus_url: str = ""
    bus_token: str = ""
    peers: tuple[PeerConfig, ...] = ()
    sharing: SharingConfig | None = None
    for_s: float | None = None
    say: Tell = _say
    serving: Tell = _show


class Parts(msgspec.Struct, frozen=True):
    """What stands before the event loop runs.

    began_s     s   monotonic time of the start
    listening   socket of console and API
    token       of the session
    address     of the bus
    server      our own NATS server, where it is embedded
    reasoning   its process
    border      the process that shares with partners, where there is one
    """

    began_s: float
    listening: socket.socket
    token: str
    address: bus.BusAddress
    server: bus.EmbeddedServer | None
    reasoning: "subprocess.Popen[bytes]"
    border: "subprocess.Popen[bytes] | None" = None
