"""What a step of reasoning has to say: frozen nouns that the shell logs, shows or passes on."""

import msgspec

from asman.model.sensor import Sensors


class SensorsMet(msgspec.Struct, frozen=True):
    """Sensors are known that were not before; `sensors` are all, in the order of their index."""

    sensors: Sensors


class SensorSilent(msgspec.Struct, frozen=True):
    """A sensor that was heard before has been silent for three of its periods."""

    sensor: str
    last_ns: int


class SensorBack(msgspec.Struct, frozen=True):
    """A silent sensor is heard again."""

    sensor: str
    time_ns: int


class SourceUnknown(msgspec.Struct, frozen=True):
    """A SAC/SIC that no sensor is configured for sends for the first time; it is counted, not used."""

    sac: int
    sic: int
    category: str


class BlocksRejected(msgspec.Struct, frozen=True):
    """Octets of a feed that could not be read: how many blocks, and where and why the first of them."""

    feed: str
    blocks: int
    offset: int
    reason: str


class EditionSettled(msgspec.Struct, frozen=True):
    """Enough records of a source were judged to say with which edition it is read from now on.

    source  "CAT021@20/206"
    others  what other editions scored, in words
    """

    source: str
    edition: str
    records: int
    plausible: int
    others: str


class EditionDoubted(msgspec.Struct, frozen=True):
    """The records of a source do not look like the edition any more that was settled; it stays."""

    source: str
    edition: str
    reason: str


class EditionFits(msgspec.Struct, frozen=True):
    """The records of a source that was doubted look like its edition again."""

    source: str
    edition: str


Event = (
    SensorsMet
    | SensorSilent
    | SensorBack
    | SourceUnknown
    | BlocksRejected
    | EditionSettled
    | EditionDoubted
    | EditionFits
)
Events = tuple[Event, ...]
