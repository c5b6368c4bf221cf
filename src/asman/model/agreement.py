"""An agreement: what may leave whom, for whom, where, and until when, as states signed it.

The structs are the tables of the TOML document (docs/reference/agreement-toml.md); `asman.sharing.document`
reads and checks them. A term that is left out has the default that stands here, and defaults never change:
a signature covers only what the document says, so that a later term leaves older signatures valid.
Terms that need people, such as who decides on a measure, are kept and shown; nothing here acts on them.
"""

import datetime
from typing import Literal

import msgspec

#: What a member may give. An order that the class table of the release guard relies on.
DataClass = Literal["plots", "tracks", "identity", "warnings", "tasks", "coverage", "health"]
#: Standard identities (STANAG 1241), weakest knowledge first.
Identity = Literal["pending", "unknown", "assumed_friend", "friend", "neutral", "suspect", "hostile"]
#: Of the aircraft; state aircraft serve the military, customs or police (Chicago Convention, article 3b).
Category = Literal["unspecified", "civil", "state", "unmanned"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Duty = Literal["ratify", "suspend", "decide", "be-notified", "audit"]
Verb = Literal["detect", "monitor", "shadow", "visual-identification", "escort", "interrogate"]
Occasion = Literal["suspension", "expiry", "violation", "refusal", "withdrawal"]

#: `where` of a grant that no volume bounds.
EVERYWHERE = "everywhere"


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A common reference point.

    lat_deg, lon_deg  deg  WGS-84
    """

    name: str
    lat_deg: float
    lon_deg: float


class Heading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[agreement]`: who agrees to what, and from when to when.

    begins     first day, from 00:00 UTC; `from` in the document
    duration   ISO 8601, e.g. "P5Y"
    renewal    "explicit": all parties sign; "automatic": again and again unless a party gives notice
    notice     ISO 8601: how long before it a withdrawal must be declared
    exercise   only simulated data may leave under it
    illustrative  what of it does not stand in any public record
    """

    id: str
    title: str
    parties: tuple[str, ...]
    begins: datetime.date = msgspec.field(name="from")
    duration: str
    renewal: Literal["explicit", "automatic"] = "explicit"
    notice: str = "P6M"
    suspension: Literal["unilateral-immediate"] = "unilateral-immediate"
    review: str = ""
    purpose: str = ""
    excluded_purposes: tuple[str, ...] = ()
    classification: str = ""
    exercise: bool = False
    audit_access: Literal["each-other", "none"] = "each-other"
    disputes: str = ""
    reference_point: Place | None = None
    illustrative: str = ""


class Party(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[party]]`: a member's name in words."""

    member: str
    name: str


class Post(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[post]]`: who may act for a member."""

    member: str
    name: str
    may: tuple[Duty, ...]


class Opening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of UTC in which a volume counts.

    begins, ends  "HH:MM"; an end that is not after the begin lies on the next day
    """

    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    begins: str = msgspec.field(name="from")
    ends: str = msgspec.field(name="to")


class Volume(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[volume]]`: a piece of airspace.

    file              GeoJSON beside the document: Polygon or MultiPolygon, edges straight in degrees
    floor_m           m  pressure altitude; 0 is the surface, whatever the pressure
    ceiling_m         m  pressure altitude, not included
    buffer_m          m  how far outside the polygon the volume still reaches
    without_altitude  where something of unknown altitude counts as, for what is given; what is withheld in
                      a volume is always withheld of the unknown too
    schedule          when it counts; empty: always
    begins, ends      first and last day of a temporary volume
    """

    id: str
    file: str
    title: str = ""
    floor_m: float = 0.0
    ceiling_m: float
    buffer_m: float = 0.0
    without_altitude: Literal["inside", "outside"] = "outside"
    schedule: tuple[Opening, ...] = ()
    begins: datetime.date | None = msgspec.field(name="from", default=None)
    ends: datetime.date | None = msgspec.field(name="until", default=None)


class Grant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[grant]]`: what one member gives others, and on which terms. What nobody granted does not leave.

    identity, category    only these; empty: all. They say what the grant is about
    except_identity, except_category, except_where  what it withholds, from overlapping grants too
    codes          warning codes; empty: all
    except_fields  columns that arrive empty
    position_m     m  positions are rounded to a grid of this size; 0: as measured
    altitude_m     m  the same for altitudes
    delay_s        s  nothing leaves before it is this old
    every_s        s  of one track at most one row in this time
    onward         third parties to which recipients may pass it on verbatim; empty: nobody
    retain         ISO 8601: how long recipients may keep it
    replay         recipients may show it again
    caveat         words that go with it
    clause         where the signed text says so
    """

    giver: str = msgspec.field(name="from")
    to: tuple[str, ...]
    what: tuple[DataClass, ...]
    where: str
    except_where: tuple[str, ...] = ()
    identity: tuple[Identity, ...] = ()
    except_identity: tuple[Identity, ...] = ()
    category: tuple[Category, ...] = ()
    except_category: tuple[Category, ...] = ()
    codes: tuple[str, ...] = ()
    except_fields: tuple[str, ...] = ()
    position_m: float = 0.0
    altitude_m: float = 0.0
    delay_s: float = 0.0
    every_s: float = 0.0
    onward: tuple[str, ...] = ()
    retain: str = "P30D"
    replay: bool = True
    caveat: str = ""
    clause: str = ""


class Exclusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[exclusion]]`: what never leaves, whatever any grant says; what is left out means all."""

    reason: str
    giver: str = msgspec.field(name="from", default="")
    to: tuple[str, ...] = ()
    what: tuple[DataClass, ...] = ()
    where: str = EVERYWHERE
    identity: tuple[Identity, ...] = ()
    category: tuple[Category, ...] = ()


class Handover(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[handover]]`: a line where reporting responsibility changes hands.

    line       GeoJSON LineString
    silence_s  s  after which `default` holds: the giver retains, or the other takes over
    """

    line: str
    silence_s: float
    default: Literal["retain", "transfer"] = "retain"
    propose_s: float = 300.0


class Responsibility(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[responsibility]]`: who reports in a volume, and who when that member cannot."""

    member: str
    where: str
    backup: str = ""
    rotation: str = ""


class Measure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[measure]]`: what members may ask of each other, and which post decides. A human always does."""

    name: Verb
    decided_by: str
    where: str = EVERYWHERE
    asked_by: tuple[str, ...] = ()


class Notification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[notification]]`: which post is told of what, and how soon."""

    of: tuple[Occasion, ...]
    member: str
    post: str
    within_s: float


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[classification]]`: what a level of the agreement is called by each member."""

    level: str
    names: dict[str, str]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole agreement, as its file says."""

    version: Literal[1] = 1
    agreement: Heading
    party: tuple[Party, ...] = ()
    post: tuple[Post, ...] = ()
    volume: tuple[Volume, ...] = ()
    grant: tuple[Grant, ...] = ()
    exclusion: tuple[Exclusion, ...] = ()
    handover: tuple[Handover, ...] = ()
    responsibility: tuple[Responsibility, ...] = ()
    measure: tuple[Measure, ...] = ()
    notification: tuple[Notification, ...] = ()
    classification: tuple[Level, ...] = ()


#: Longitude and latitude in 1e-7 degrees: whole numbers have one spelling, so that they can be signed.
Ring = tuple[tuple[int, int], ...]


class Agreement(msgspec.Struct, frozen=True):
    """A document with the shapes it points to: all that its parties sign.

    areas  volume id -> its rings, outer and inner; a point inside an odd number of them is inside
    lines  handover line -> its points
    """

    terms: Document
    areas: dict[str, tuple[Ring, ...]] = {}
    lines: dict[str, Ring] = {}

    @property
    def id(self) -> str:
        """Short name, e.g. "kg-ru-2023"."""
        return self.terms.agreement.id

    @property
    def parties(self) -> tuple[str, ...]:
        """Members that agree."""
        return self.terms.agreement.parties

    def named(self, member: str) -> str:
        """A member's name in words, or its code."""
        return next((one.name for one in self.terms.party if one.member == member), member)
