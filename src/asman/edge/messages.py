"""What travels on a node's bus and to its clients as words: frozen, tagged, strict.

The same structs are the text frames of `WS /api/stream` and the answers of the API.
"""

from typing import Final

import msgspec

from asman.edge.health_messages import Health
from asman.edge.link_messages import Visibility
from asman.edge.noun_messages import IdentityEntry
from asman.model.agreement import DataClass
from asman.model.datagram import Datagram
from asman.model.explanation import Explanation

FEED: Final = "feed."
FRAMES: Final = "picture.frames"
TRACKS: Final = "picture.tracks"
TRACK: Final = "picture.track"
TRAILS: Final = "picture.trails"
WHY: Final = "picture.why"
#: Asks for all that may be put before the release guard: own tracks first (asman.edge.offers). The question
#: tells what agreements say of handovers now: a list of asman.model.handover.HandoverTerm, as JSON.
OWN: Final = "picture.own"
#: What partners gave beside tracks, and what our own people say.
HEARD: Final = "picture.heard"
WARNINGS: Final = b"warnings"
TASKS: Final = b"tasks"
REPLY: Final = "picture.reply"
SAY: Final = "picture.say"
#: Asks the border what a member holds of us beside tracks.
VIEW_OF: Final = "border.view.of"
PAIR: Final = "picture.pair"
VIEW: Final = "border.view"
NEWS: Final = "node.news"
COMMAND: Final = "node.command"
BEGIN: Final = "node.begin"
#: Border -> reasoning: what partners sent. Border asks reasoning: own tracks. Web asks border: the rest.
ARRIVED: Final = "link.arrived"
LINKS: Final = "link.state"
LINK_NEWS: Final = "link.news"
ACT: Final = "link.act"
VISIBLE: Final = "link.visible"
#: NATS header of a frame whose time jumped: what clients hold is void, they get it whole.
JUMPED: Final = "Asman-Jumped"


class SensorEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor as the console draws it. `index` is its bit in a track's `contributors`."""

    index: int
    id: str
    member: str
    kind: str
    lat_deg: float
    lon_deg: float
    range_max_m: float
    period_s: float


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay plays."""

    names: list[str]
    begin_s: float
    end_s: float


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Where the traffic is."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """The console of another member, for who may open it: in a demonstration, an exercise."""

    member: str
    url: str


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """The first word to every client.

    members  whose tracks there may be, the table that `origin` of a frame counts in; empty: the node's own
             member alone
    peers    consoles of other members
    """

    protocol: int = 1
    node: str
    member: str
    mode: str
    simulated: bool = False
    sensors: list[SensorEntry]
    recording: Recording | None = None
    view: View | None = None
    members: list[str] = []
    peers: list[Peer] = []


class SensorsMet(msgspec.Struct, frozen=True, kw_only=True, tag="sensors"):
    """A sensor was met that was not known before: all sensors, in the order of their index."""

    sensors: list[SensorEntry]


class MembersMet(msgspec.Struct, frozen=True, kw_only=True, tag="members"):
    """A partner contributed that was not known before: the whole table, in its order."""

    members: list[str]


class Clock(msgspec.Struct, frozen=True, kw_only=True, tag="clock"):
    """The picture's time and how it moves.

    time_s    s   time of the picture, UTC epoch
    speed     1   as recorded; 0 = as fast as it goes
    progress  1   0 to 1 of the recording; 0 live
    behind_s  s   how far reasoning lags behind its feed, or a replay behind its speed
    """

    time_s: float
    speed: float = 1.0
    paused: bool = False
    progress: float = 0.0
    ended: bool = False
    behind_s: float = 0.0


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """A step of the start, in words for the person who waits."""

    text: str


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The reasoning cannot start or go on. `blame` is "input" (exit code 2) or "ours" (1)."""

    blame: str
    item: str
    problem: str
    mend: str = ""


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """Reasoning has subscribed to its feeds: they may begin."""


News = Hello | SensorsMet | MembersMet | Clock | Health | Progress | Failed | Ready


class ReplayCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="replay"):
    """What a person wants of a replay; what is null stays as it is."""

    paused: bool | None = None
    speed: float | None = None
    seek_s: float | None = None


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """A command that cannot be followed, and why."""

    reason: str


class PlotEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A plot behind a track, and where its octets lie; null where nobody recorded them."""

    sensor: str
    time_s: float
    recording: str | None
    offset: int | None


class TrailPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a track was."""

    time_s: float
    lat_deg: float
    lon_deg: float


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One member's part in a track.

    number      the origin's number of it, as it told us
    via         member that passed it on; the origin itself where it came straight
    agreements  under which it came; none for our own
    last_s      UTC epoch seconds: when it is valid
    sigma_m     standard deviation of the place by that member alone
    """

    origin: str
    via: str
    number: int
    agreements: list[str]
    last_s: float
    sigma_m: float
    responsible: bool


class TrackEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One track with its trail and its latest plots, oldest first.

    sources     whose contributions it is made of
    identities  what members hold it to be, side by side, our own first
    visible_to  who sees it, or why not; filled by the border
    """

    track: int
    time_s: float
    lat_deg: float
    lon_deg: float
    altitude_m: float | None
    vn_mps: float
    ve_mps: float
    climb_mps: float | None
    existence: float
    confirmed: bool
    mode_3a: int | None
    address: int | None
    callsign: str | None
    contributors: list[str]
    origin: str
    label: str
    plots: int
    simulated: bool
    trail: list[TrailPoint]
    latest_plots: list[PlotEntry]
    sources: list[SourceEntry] = []
    identities: list[IdentityEntry] = []
    visible_to: list[Visibility] | None = None


class Arrived(msgspec.Struct, frozen=True, kw_only=True, tag="arrived"):
    """A partner's batch that the gate has taken.

    what     data class; null: a sign of life
    label    in one line: under what it came, for whom, until when
    payload  its rows as they travelled
    via      member that passed it on; empty: it came straight from its origin
    """

    origin: str
    sequence: int
    sent_ns: int
    what: DataClass | None
    label: str
    rows: int
    payload: bytes
    via: str = ""


class Left(msgspec.Struct, frozen=True, kw_only=True, tag="left"):
    """Nothing of a member may be shown any more: no agreement gives it to us now.

    agreements  only what came under these; empty: all
    via         only what that member passed on; empty: all that came straight, or that `origin` passed on
    """

    origin: str
    agreements: tuple[str, ...] = ()
    via: str = ""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Asks why a track is what it is.

    at_s    s  UTC epoch: until when; null: now
    span_s  s  how long before that
    """

    track: int
    at_s: float | None = None
    span_s: float = 20.0


class Pairing(msgspec.Struct, frozen=True, kw_only=True):
    """A person says whether two tracks are one aircraft: pair, unpair, or automatic again."""

    track: int
    other: int
    act: str


class With(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The other track of a pair."""

    other: int = msgspec.field(name="with")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Why a track is what it is; null: there is none of that number, or it is refused for a reason."""

    explanation: Explanation | None = None
    refused: str = ""


_datagram_encoder = msgspec.msgpack.Encoder()
_datagram_decoder = msgspec.msgpack.Decoder(Datagram)
_arrival_encoder = msgspec.msgpack.Encoder()
_arrival_decoder = msgspec.msgpack.Decoder(Arrived | Left)
_news_encoder = msgspec.json.Encoder()
_news_decoder = msgspec.json.Decoder(News)


def pack(datagram: Datagram) -> bytes:
    """Return a datagram as it travels on the bus."""
    return _datagram_encoder.encode(datagram)


def unpack(octets: bytes) -> Datagram:
    """Read a datagram from the bus."""
    return _datagram_decoder.decode(octets)


def tell(news: News) -> bytes:
    """Return news as JSON."""
    return _news_encoder.encode(news)


def hear(octets: bytes) -> News:
    """Read news. Raises msgspec.ValidationError when it is none."""
    return _news_decoder.decode(octets)


def pack_arrival(arrival: Arrived | Left) -> bytes:
    """Return what came of a partner as it travels on the bus."""
    return _arrival_encoder.encode(arrival)


def unpack_arrival(octets: bytes) -> Arrived | Left:
    """Read what came of a partner from the bus."""
    return _arrival_decoder.decode(octets)
