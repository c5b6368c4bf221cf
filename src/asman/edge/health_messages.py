"""How a node does, as words: sensors, feeds, outputs, and what nobody knows."""

import msgspec

from asman.model.registration import Registered


class SensorHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one sensor does.

    last_seen_s  UTC epoch seconds; null before its first word
    simulated    plots that said that they are simulated: all of them in an exercise, none of a live sensor
    registration what is known of its systematic errors
    """

    id: str
    kind: str
    sac: int | None
    sic: int | None
    lat_deg: float
    lon_deg: float
    last_seen_s: float | None
    plots: int
    rejected: int
    plots_per_s: float
    period_s: float | None = None
    silent: bool = False
    simulated: int = 0
    registration: Registered | None = None


class FeedHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one feed does."""

    name: str
    datagrams: int
    octets: int
    rejected: int
    dropped: int
    last_seen_s: float | None


class OutputHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one output does.

    readers   programs that are connected, 1 for a datagram's destination or a file
    left_out  tracks that its format could not say, in all
    dropped   messages that a reader was too slow for, or that could not be sent
    """

    name: str
    kind: str
    messages: int
    octets: int
    dropped: int
    left_out: int
    readers: int
    last_sent_s: float | None
    problem: str = ""


class UnknownSource(msgspec.Struct, frozen=True, kw_only=True):
    """A SAC/SIC that sends, but that sensors.toml does not name."""

    sac: int
    sic: int
    category: int
    records: int


class EditionHealth(msgspec.Struct, frozen=True, kw_only=True):
    """With which edition one source is read, and why.

    source     "CAT021@20/206"; "CAT021" every other source of it, in a replay
    settled    false while its first records are judged
    records    that were judged, of which `plausible` are
    scores     edition -> plausible share of what was judged
    doubt      why it does not look like that edition any more, in words
    """

    source: str
    edition: str
    settled: bool
    records: int
    plausible: int
    scores: dict[str, float] = {}
    doubt: str = ""


class Health(msgspec.Struct, frozen=True, kw_only=True, tag="health"):
    """How the node does.

    simulated         whether any track comes of plots that said that they are simulated
    simulated_tracks  how many do
    rejected  octets' blocks, records and plots that could not be used, in all
    dropped   datagrams and pictures that queues had no room for, in all
    """

    status: str
    node: str
    member: str
    mode: str
    simulated: bool
    time_s: float
    uptime_s: float
    tracks: int
    confirmed: int
    plots: int
    plots_per_s: float
    rejected: int
    dropped: int
    behind_s: float
    sensors: list[SensorHealth]
    feeds: list[FeedHealth] = []
    outputs: list[OutputHealth] = []
    unknown: list[UnknownSource] = []
    editions: list[EditionHealth] = []
    bus: dict[str, str | int | float] = {}
    simulated_tracks: int = 0
