"""What an exercise says to its instructor: the answers of its API, frozen and strict.

Times of events are seconds after the exercise's begin, as in a scenario; clocks are ISO 8601 UTC.
"""

from typing import Any, Literal

import msgspec

EventState = Literal["planned", "active", "past"]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An airport: its location indicator, and whose base it is, if anybody's."""

    icao: str
    lat_deg: float
    lon_deg: float
    base_of: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A border of the scenario: [lon_deg, lat_deg] of each corner."""

    id: str
    line: tuple[tuple[float, float], ...]


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """What a map shows first, in degrees."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What does not move while the exercise runs."""

    area: Extent
    airports: list[Place]
    borders: list[Line]


class MemberEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A member that takes part; `console` is its node's address where this run started it."""

    id: str
    name: str
    console: str = ""


class SensorEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor and what left it.

    to         where its datagrams go; empty: nowhere, nobody listens
    parts      of it that can fail: "all", and "ssr" and "psr" where it has both
    out        "all", "psr" or "ssr" while an outage lasts, else empty; `out_event` is its id
    datagrams  sent; `octets` in them
    late       of them, how many left more than a second after they were due
    failed     datagrams that the system did not take
    """

    id: str
    member: str
    kind: str
    lat_deg: float
    lon_deg: float
    range_max_m: float
    period_s: float
    to: str
    parts: tuple[str, ...]
    out: str
    out_event: str
    datagrams: int
    octets: int
    late: int
    failed: int


class EventEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the scenario, or one that was injected.

    by         who injected it; empty: it stands in the scenario
    at         UTC when it was injected; empty: before the exercise
    begin_s    s  after the exercise's begin; `end_s` null: until the exercise ends
    event      the event itself, as in a scenario
    """

    id: str
    state: EventState
    begin_s: float
    end_s: float | None
    event: dict[str, Any]
    by: str = ""
    at: str = ""


class ExerciseState(msgspec.Struct, frozen=True, kw_only=True):
    """How the exercise stands.

    simulated   always: everything that an exercise sends says so
    begin       UTC of second 0; `time` is the exercise's clock, `time_s` the same in seconds after `begin`
    speed       1  seconds of the exercise a second of wall clock
    late_s      s  by how much the latest datagram left after it was due
    skipped_s   s  of the exercise that were left out because making them took longer than they last
    flying      aircraft in the air
    refused     events that were not accepted, so far
    """

    simulated: bool = True
    scenario: str
    title: str
    seed: int
    begin: str
    time: str
    time_s: float
    wall: str
    speed: float
    paused: bool
    ended: bool
    late_s: float
    skipped_s: float
    flying: int
    refused: int
    record: str
    members: list[MemberEntry]
    sensors: list[SensorEntry]
    events: list[EventEntry]
    ground: Ground


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How the exercise's clock runs."""

    time_s: float
    speed: float
    paused: bool
    ended: bool


class SpeedCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds of the exercise a second of wall clock: 0.1 to 20."""

    speed: float
