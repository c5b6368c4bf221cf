"""How agreements and links are, and what people order: what the border tells the web and is told by it."""

from typing import Literal

import msgspec


class GrantWords(msgspec.Struct, frozen=True, kw_only=True):
    """A grant in plain words."""

    giver: str
    to: list[str]
    what: list[str]
    where: str
    words: str


class AgreementState(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement now.

    state       draft, ratified, active, suspended, expired
    begins_s, ends_s  UTC epoch: from when and until when anything may leave, clocks' errors kept clear
    unsigned    parties that have not ratified
    stopped     pairs [by, towards]: who has suspended what goes between the two
    gives_to, takes_from  partners to and from which this member's data flows under it now
    said, reason  the latest statement of anybody
    first_day     from when it is agreed, YYYY-MM-DD
    grants        who gives what to whom, in plain words
    illustrative  why the terms are not those of a real treaty; empty: they are
    """

    id: str
    title: str
    hash: str
    parties: list[str]
    state: str
    begins_s: float
    ends_s: float
    last_day: str
    unsigned: list[str]
    stopped: list[list[str]]
    gone: list[str]
    gives_to: list[str]
    takes_from: list[str]
    said: str
    reason: str
    first_day: str
    grants: list[GrantWords]
    illustrative: str


class RelayedState(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner passes on to us of another member.

    taken, rows  batches taken, and rows in them since the start
    missing      batches of the origin that the relay did not pass on
    rejected     batches that were not taken, by reason
    quarantined  why nothing more of it is taken, in words; empty: it is
    last_s       UTC epoch: when the latest batch was sealed, by its origin; null before the first
    """

    origin: str
    taken: int
    rows: int
    missing: int
    rejected: dict[str, int]
    quarantined: str
    last_s: float | None


class PassedState(msgspec.Struct, frozen=True, kw_only=True):
    """What we pass on to a partner of another member, since the start.

    batches, rows  that went on, as their origin signed them
    withheld       rows that did not, by reason
    waiting        batches that wait for our own delay
    """

    origin: str
    batches: int = 0
    rows: int = 0
    withheld: dict[str, int] = {}
    waiting: int = 0


class LinkState(msgspec.Struct, frozen=True, kw_only=True):
    """A link now.

    state        flowing, quiet, not active, quarantined, no contact, refused: ..., entering, starting
    sent, sent_rows, sent_octets  batches published for the partner, rows and octets in them
    waiting      batches that it has not acknowledged yet
    discarded    batches that waited too long, or had no room
    purged       batches that a suspension or an end has taken back
    held_back    batches and steps that were not published because nothing flowed any more
    taken, rows, octets  batches taken of the partner, rows and octets in them
    missing      batches that the partner declared gone
    deferred     times that a batch was left to come again: no room to wait in, or dated ahead of our clock
    account_entries  entries of the partner's account in the latest head that it proved; 0: it showed none
    rejected     batches that were not taken, by reason
    quarantined  why nothing more is taken of it, in words; empty: it is
    last_s       UTC epoch: when the latest batch was sealed; null before the first
    lag_s        from its sealing to our taking it
    relayed      what it passes on to us of others, by origin
    passed       what we pass on to it of others, by origin
    grant_until_s  UTC epoch: end of our grant to pull; 0: none
    """

    member: str
    address: str
    key: str
    state: str
    sent: int
    sent_rows: int
    sent_octets: int
    waiting: int
    discarded: int
    purged: int
    held_back: int
    taken: int
    rows: int
    octets: int
    missing: int
    rejected: dict[str, int]
    quarantined: str
    last_s: float | None
    lag_s: float
    grant_until_s: float
    problem: str = ""
    deferred: int = 0
    account_entries: int = 0
    relayed: list[RelayedState] = []
    passed: list[PassedState] = []


class Withheld(msgspec.Struct, frozen=True):
    """Rows that did not leave for a partner since the start, by reason."""

    member: str
    rows: dict[str, int]


class LinksState(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.

    entries  of the account
    problem  what keeps the node from releasing, in words; empty: nothing
    """

    member: str
    time_s: float
    problem: str
    entries: int
    agreements: list[AgreementState]
    links: list[LinkState]
    withheld: list[Withheld]


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person decides.

    about    id of the agreement; member, of a quarantine; in words, what is to be recorded
    towards  these partners only; empty: all
    """

    act: Literal["suspend", "resume", "lift", "record"]
    about: str
    towards: tuple[str, ...] = ()
    reason: str = ""


class Decided(msgspec.Struct, frozen=True):
    """What became of it: 200, or a status and a reason."""

    status: int
    reason: str


class Visibility(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a partner sees a track.

    agreement  clause that gives or withholds it; null: none is about it
    why        "released", or the reason in words
    """

    member: str
    agreement: str | None
    why: str
