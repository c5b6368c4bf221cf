"""What members say beside tracks, as words: identities, warnings, and rows of what partners contributed."""

from typing import Any, Literal

import msgspec

from asman.model.agreement import Category, DataClass, Identity


class HeardAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the rows of a class that a partner gave us, or, of the border, that it holds of us."""

    member: str
    what: DataClass


class HeardRows(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a class, the latest heard last.

    rows  columns of the class (asman.model.contribution); times in UTC epoch seconds as `..._s`; `track` is
          the number in this node's picture, `their_track` the one under which the partner told it; `first_s`
          and `last_s` say when this node heard a row first and last
    """

    member: str
    what: str
    rows: list[dict[str, Any]]


class PartnerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a partner beside tracks: class -> rows; and rows that had no room."""

    member: str
    held: dict[str, int]
    dropped: int = 0


class WarningEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A warning of ours, or of a partner's.

    origin      member that warns
    number      of its warnings
    state       active, acknowledged, assigned, resolved, closed
    track       number in this picture; null: none, or not in it
    began_s, last_s  UTC epoch: since when, and when it was seen, or said by the partner, last
    agreements  under which it came; none of our own
    """

    origin: str
    number: int
    code: str
    severity: str
    state: str
    text: str
    track: int | None
    lat_deg: float | None
    lon_deg: float | None
    altitude_m: float | None
    simulated: bool
    began_s: float
    last_s: float
    agreements: list[str] = []


class IdentityEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a member holds an aircraft to be.

    origin      the member
    by          post of the person, of our own
    at_s        UTC epoch: when it was said; of a partner's: when this node heard it first
    shared      of our own: partners may have it, as far as agreements go
    agreements  under which it came; none of our own
    """

    origin: str
    value: str
    category: str
    criteria: str
    human: bool
    by: str = ""
    at_s: float
    expires_s: float | None = None
    shared: bool = False
    agreements: list[str] = []


class Identify(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person holds an aircraft to be something; a null value takes it back.

    criteria   on what it rests, in words
    by         post of the person
    share      partners may have it, as far as agreements and the labels of what was seen go
    expires_s  UTC epoch
    """

    value: Identity | None = None
    category: Category = "unspecified"
    criteria: str = ""
    by: str = ""
    share: bool = False
    expires_s: float | None = None


class Handover(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person hands the reporting of a track to a member; empty: as the node decides."""

    to: str = ""
    by: str = ""
    reason: str = ""


class Propose(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person asks a partner's people to report a track.

    within_s  s  how long an answer is waited for; null: as long as the agreement says (`silence_s`), or
              120 s. Where the agreement lets the silent take over, it alone counts
    """

    to: str
    by: str = ""
    reason: str = ""
    within_s: float | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person answers a partner's proposal."""

    by: str = ""
    reason: str = ""


class TaskEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal of ours or of a partner's, and what was answered.

    origin    who proposed; `to` is asked
    number    of its tasks
    subject   handover: that `to` reports the track
    state     open, accepted, rejected; where nobody answered lapsed (who reports stays), or transferred (`to`
              reports it, because the agreement says so)
    basis     of the agreement, the term that says what holds where nobody answers; empty: none
    by        post of the person who proposed, of our own; who answered, once that is known
    """

    origin: str
    to: str
    number: int
    subject: str
    state: str
    track: int | None
    by: str
    reason: str
    at_s: float
    deadline_s: float | None
    agreements: list[str] = []
    basis: str = ""


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """What the web passes on to the reasoning."""

    track: int
    identify: Identify | None = None
    handover: Handover | None = None
    propose: Propose | None = None


class Replying(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a partner's proposal, as the web passes it on."""

    origin: str
    number: int
    verb: Literal["accept", "reject"]
    answer: Answer


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: 200, or a status and a reason; to whom an assertion may go at most, if it may."""

    status: int = 200
    reason: str = ""
    audience: list[str] | None = None
