"""What a node's process hands to its reasoning at the start: one frozen struct, over standard input."""

from typing import Literal

import msgspec

from asman.edge.bus import BusAddress

Mode = Literal["live", "replay"]


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one node reasons.

    bus         where to listen and to publish
    node        name of the node
    member      the state that owns it
    mode        "live" hears feeds from the bus, "replay" reads recordings
    sensors     text of sensors.toml; null = as derived from the recordings
    sensors_name  name of that file, for messages
    picture_s   s   wall clock between two pictures
    recordings  files to replay, in order
    date        day of the recordings' first time stamp, YYYY-MM-DD, where they do not say
    partners    members that this node is linked with
    speed       1 = as recorded; 0 = as fast as it goes
    """

    bus: BusAddress
    node: str
    member: str
    mode: Mode
    sensors: str | None = None
    sensors_name: str = "sensors.toml"
    picture_s: float = 1.0
    recordings: list[str] = []
    date: str | None = None
    partners: list[str] = []
    speed: float = 1.0
