"""What a node knows of one sky with several members in it: sources and joint tracks.

A *source* is one track of one stream: our own, a partner's, or a third member's that a partner passed on.
Each belongs to one joint track; a joint track has one source of a stream at most. Everything is arrays, a row
a source or a joint track, rising in key or number.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.fusion import rows
from asman.kernels.joint import EVENTS
from asman.kernels.states import States, carry_all

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: Numbers of a block, one block a member; a node's own tracks keep their numbers.
BLOCK: Final = 1_000_000_000
#: From here on a block's numbers are given where a track's own is taken.
SPARE: Final = 900_000_000
#: Bits of a key below the stream's.
TRACK_BITS: Final = 40
#: Streams: a bit each.
MOST_STREAMS: Final = 62
#: Joint tracks at most; what does not fit is counted.
MOST_SOURCES: Final = 200_000
#: Where a source belonged is remembered for so long after it was heard last.
REMEMBER_NS: Final = 3_600 * 10**9


class Stream(msgspec.Struct, frozen=True):
    """Where contributions come from: their origin, and who passed them on."""

    origin: str
    via: str

    @property
    def direct(self) -> bool:
        """Tell whether it comes straight from its origin."""
        return self.origin == self.via


class Source(msgspec.Struct, frozen=True):
    """How people name a source: a stream's track."""

    origin: str
    track: int
    via: str = ""


class Decisions(msgspec.Struct, frozen=True):
    """What people decided; it stays until they take it back.

    together, apart  pairs of sources that are, or are not, one aircraft
    holders          joint number -> member that reports it, as handed over
    """

    together: frozenset[tuple[Source, Source]] = frozenset()
    apart: frozenset[tuple[Source, Source]] = frozenset()
    holders: Mapping[int, str] = {}


class Sources(msgspec.Struct, frozen=True):
    """Tracks as their members told them last; rising in `key`.

    table   CONTRIBUTED, a row a source
    key     (S,)  stream and track
    number  (S,)  of the joint track
    nats    (S,)  mean log likelihood ratio against the others of its joint track, lately
    looks   (S,)  over how many looks
    """

    table: pa.Table
    key: Longs
    number: Longs
    nats: Floats
    looks: Longs

    @property
    def stream(self) -> Longs:
        """(S,) index of each one's stream."""
        return self.key >> TRACK_BITS


class Joints(msgspec.Struct, frozen=True):
    """Joint tracks; rising in `number`.

    states   places, velocities, covariances
    made_of  (J,)  sum over the sources that count: another sum is another set
    born_ns  (J,)
    holder   (J,)  index of the stream whose member reports it; -1: nobody yet
    rival, rival_ns  (J,)  who has been better, and since when
    """

    states: States
    number: Longs
    made_of: NDArray[np.uint64]
    born_ns: Longs
    holder: Longs
    rival: Longs
    rival_ns: Longs


class Pairs(msgspec.Struct, frozen=True):
    """Pairs of joint tracks that may be one aircraft: numbers (C, 2), mean nats (C,), looks (C,)."""

    numbers: Longs
    nats: Floats
    looks: Longs


Event = Literal["correlated", "decorrelated", "handed over", "taken over"]


class Happened(msgspec.Struct, frozen=True):
    """What changed: `number` and, of two tracks, the `other`; `member` now reports it, or left it."""

    event: Event
    number: int
    other: int = 0
    member: str = ""
    before: str = ""
    nats: float = 0.0


class JointState(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, between two steps.

    member    whose node it is
    now_ns    latest step
    memory    key -> (joint number, when it was heard last)
    counted   as in kernels/joint.py; `dropped`: rows that could not be taken, by reason
    happened  in the latest step
    """

    member: str
    now_ns: int = 0
    streams: tuple[Stream, ...] = ()
    sources: Sources
    joints: Joints
    pairs: Pairs
    memory: Mapping[int, tuple[int, int]] = {}
    spare: int = SPARE
    decisions: Decisions = Decisions()
    counted: Longs
    dropped: Mapping[str, int] = {}
    happened: tuple[Happened, ...] = ()


def start(member: str) -> JointState:
    """Nobody has told anything."""
    return JointState(
        member=member,
        sources=Sources(rows.empty(), _longs(), _longs(), _floats(), _longs()),
        joints=Joints(no_states(), _longs(), np.zeros(0, np.uint64), _longs(), _longs(), _longs(), _longs()),
        pairs=Pairs(np.zeros((0, 2), np.int64), _floats(), _longs()),
        counted=np.zeros(EVENTS, np.int64),
    )


def no_states(count: int = 0) -> States:
    """States that are still to be made."""
    return States(
        np.zeros(count, np.int64), np.zeros(count), np.zeros(count), np.zeros((count, 2)),
        np.zeros((count, 4, 4)), np.zeros(count, np.int64),
    )  # fmt: skip


def block_of(member: str) -> int:
    """Which block of numbers a member's has: by the letters of its code, the same on every node."""
    value = 0
    for letter in member.upper()[:2]:
        value = value * 36 + (int(letter, 36) if letter.isascii() and letter.isalnum() else 0)
    return value + 1


def own_number(state: JointState, stream: int, track: int) -> int:
    """The number that a source's track would have in the picture."""
    origin = state.streams[stream].origin
    return track if origin == state.member else block_of(origin) * BLOCK + track


def stream_at(state: JointState, origin: str, via: str) -> tuple[JointState, int]:
    """Index of a stream, which is met here if it was not before; -1 where there is no room."""
    stream = Stream(origin, via or origin)
    if stream in state.streams:
        return state, state.streams.index(stream)
    if len(state.streams) == MOST_STREAMS:
        return state, -1
    return msgspec.structs.replace(state, streams=(*state.streams, stream)), len(state.streams)


def chosen_states(states: States, chosen: Any) -> States:
    """Some of the states, copied."""
    columns: list[Any] = [np.ascontiguousarray(column[chosen]) for column in states]
    return States(*columns)


def carried_to(states: States, now_ns: int) -> States:
    """The states predicted to a time, copied; those of a later one stay."""
    columns: list[Any] = [column.copy() for column in states]
    carried = States(*columns)
    carry_all(carried, now_ns)
    return carried


def joint_rows(joints: Joints, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Joints:
    """Some of the joint tracks, copied."""
    return Joints(
        chosen_states(joints.states, chosen),
        joints.number[chosen], joints.made_of[chosen], joints.born_ns[chosen], joints.holder[chosen],
        joints.rival[chosen], joints.rival_ns[chosen],
    )  # fmt: skip


def source_rows(sources: Sources, chosen: NDArray[np.int64]) -> Sources:
    """Some of the sources."""
    return Sources(
        sources.table.take(pa.array(chosen)), sources.key[chosen], sources.number[chosen],
        sources.nats[chosen], sources.looks[chosen],
    )  # fmt: skip


def _longs() -> Longs:
    return np.zeros(0, np.int64)


def _floats() -> Floats:
    return np.zeros(0)
