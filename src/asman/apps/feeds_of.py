"""Which node listens for which sensor: read from the node.toml of nodes that run already."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from asman.apps.node_toml import read
from asman.apps.sending import Destination
from asman.errors import ConfigError

#: An address that listens everywhere is reached on this machine.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Matched(NamedTuple):
    """Where sensors' octets go, and what goes nowhere.

    to         sensor -> destination
    unheard    sensors that no node listens for
    unfed      "MEMBER: feed" of feeds that no sensor of the scenario has the name of
    """

    to: dict[str, Destination]
    unheard: tuple[str, ...]
    unfed: tuple[str, ...]


def matched(configs: Iterable[Path], sensors: Iterable[str]) -> Matched:
    """Match the feeds of nodes with sensors of the same name. Upper and lower case are one.

    Raises ConfigError when none match, or two nodes listen for the same sensor.
    """
    known = list(sensors)
    to: dict[str, Destination] = {}
    unfed: list[str] = []
    for path in configs:
        node = read(path)
        for feed in node.feed:
            sensor = next((one for one in known if one.lower() == feed.name.lower()), None)
            if sensor is None or feed.address.scheme == "tcp":  # a node connects to those, nobody sends
                unfed.append(f"{node.member}: {feed.name}")
                continue
            if sensor in to:
                raise ConfigError(
                    f"{path}: feed '{feed.name}'", "another node listens for this sensor too",
                    "Send with --to a multicast group that both join.",
                )  # fmt: skip
            where = feed.address
            if not where.port:
                raise ConfigError(
                    f"{path}: feed '{feed.name}'", "listens on any free port", "Give the port a number."
                )
            host = _ANY.get(where.host, where.host)
            to[sensor] = Destination(host, where.port, interface=where.interface)
    if not to:
        raise ConfigError(
            "--nodes",
            f"no feed has the name of a sensor (feeds: {', '.join(unfed) or 'none'})",
            f"Name the feeds as the sensors are: {', '.join(known)}",
        )
    return Matched(to, tuple(one for one in known if one not in to), tuple(unfed))
