"""A node's part in a federation as a pure step: its own tracks and what partners contributed, one picture.

    federation = start("KG")
    federation = step(federation, tracker, received, now_ns)
    table = federation.own.table                       # CONTRIBUTED: what may be offered to the release guard
    tracks = picture(federation, now_ns)               # TRACKS: the joint picture
    federation = without(federation, "RU", now_ns)     # suspended, expired: gone at once

Contributions come from the shell, which admitted them; what is told twice, late or in another order changes
nothing. Own tracks go to the picture once a second, as they are offered to partners.
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
import numpy as np
import pyarrow as pa

from asman import tracking
from asman.fusion import joint, joint_picture, joint_state
from asman.fusion.intake import Told
from asman.fusion.joint_state import Decisions, Happened, JointState
from asman.model.contribution import Contribution, source_name
from asman.pipeline.contributing import Own, contribution
from asman.tracking import Tracker
from asman.units import SECOND_NS

#: Own tracks are told to the picture, and offered to partners, once in this time.
EVERY_NS: Final = SECOND_NS
#: `automatic` takes back what was decided.
PairAct = Literal["pair", "unpair", "automatic"]


class Federation(msgspec.Struct, frozen=True, kw_only=True):
    """What a node knows beyond its own tracker.

    picture  sources and joint tracks
    own      what the node told last of its own
    fresh    whether `own` is of the latest step: to be offered to the release guard
    """

    picture: JointState
    own: Own | None = None
    fresh: bool = False


def start(member: str) -> Federation:
    """A node that has told and heard nothing."""
    return Federation(picture=joint_state.start(member))


def step(
    federation: Federation, tracker: Tracker, received: Sequence[Contribution], now_ns: int
) -> Federation:
    """Bring the joint picture up to date with the tracker's tracks and with what partners contributed.

    received  batches that were admitted; those of other classes than tracks are not of this picture
    """
    own, fresh = federation.own, False
    told = [
        Told(one.origin, one.table, "" if one.via in ("", one.origin) else one.via)
        for one in received
        if one.what == "tracks" and one.table is not None and one.origin != federation.picture.member
    ]
    at_ns = told_at_ns(tracker, now_ns)
    if own is None or at_ns // EVERY_NS > own.at_ns // EVERY_NS:
        own, fresh = contribution(own, tracker, at_ns), True
        told.append(Told(federation.picture.member, own.table))
    return Federation(picture=joint.step(federation.picture, told, now_ns), own=own, fresh=fresh)


def told_at_ns(tracker: Tracker, now_ns: int) -> int:
    """When own tracks are valid that are told now: as far as plots have been waited for."""
    return min(max(tracker.closed_ns, 0), now_ns) or now_ns


def without(federation: Federation, member: str, now_ns: int, via: str = "") -> Federation:
    """Take a partner's contributions, and what it passed on, out of the picture at once.

    via  what that one passed on of the member, and nothing else
    """
    state = joint.without(federation.picture, member, now_ns, via)
    return msgspec.structs.replace(federation, picture=state)


def decide(federation: Federation, decisions: Decisions) -> Federation:
    """What people decided on pairs and responsibilities."""
    return msgspec.structs.replace(federation, picture=joint.decide(federation.picture, decisions))


class SourceTold(msgspec.Struct, frozen=True, kw_only=True):
    """One member's part in a joint track.

    number       the origin's number of it, as it told us
    label        under which it came; empty for our own
    last_ns      ns  when it is valid, UTC
    sigma_m      m   standard deviation of the place, then, by that member alone
    responsible  its member reports the track
    """

    origin: str
    via: str
    number: int
    label: str
    last_ns: int
    sigma_m: float
    responsible: bool


def sources(federation: Federation, number: int) -> tuple[SourceTold, ...]:
    """Who contributes to a joint track; empty where there is none of that number."""
    state = federation.picture
    found: list[SourceTold] = []
    table = state.sources.table
    place = np.flatnonzero(state.sources.number == number)
    holder = state.joints.holder[state.joints.number == number]
    columns = ("track", "label", "var_e_m2", "var_n_m2")
    times = table["time"].cast(pa.int64()).to_numpy()
    part = table.select(columns).take(pa.array(place)).to_pylist()
    for k, row in zip(place.tolist(), part, strict=True):
        stream = int(state.sources.stream[k])
        one = state.streams[stream]
        found.append(
            SourceTold(
                origin=one.origin, via=one.via, number=row["track"], label=row["label"] or "",
                last_ns=int(times[k]), sigma_m=math.sqrt((row["var_e_m2"] or 0.0) + (row["var_n_m2"] or 0.0)),
                responsible=bool(len(holder)) and int(holder[0]) == stream,
            )
        )  # fmt: skip
    return tuple(found)


def own_track(federation: Federation, number: int) -> int:
    """Our own tracker's number of a joint track; the same number where we have no part in it."""
    state = federation.picture
    own = (one.track for one in joint.sources_of(state, number) if one.origin == state.member)
    return next(own, number)


def numbers_of(federation: Federation, source: str) -> dict[int, int]:
    """A member's own number of each of its tracks -> the joint track's.

    source  as of `source_name`: numbers of what a relay passes on are those that the relay was told
    """
    state = federation.picture
    streams = [k for k, one in enumerate(state.streams) if source_name(one.origin, one.via) == source]
    mine = np.flatnonzero(np.isin(state.sources.stream, streams))
    tracks = state.sources.table["track"].take(pa.array(mine)).to_pylist()
    return dict(zip(tracks, state.sources.number[mine].tolist(), strict=True))


def handed(federation: Federation, number: int, member: str) -> Federation | None:
    """A person hands the reporting of a joint track to a member; empty: as it is decided by itself again.

    None where there is no such track, or the member tells no track of it.
    """
    before = federation.picture.decisions
    there = joint.sources_of(federation.picture, number)
    if not there or (member and all(one.origin != member for one in there)):
        return None
    holders = {one: who for one, who in before.holders.items() if one != number}
    if member:
        holders[number] = member
    return decide(federation, msgspec.structs.replace(before, holders=holders))


def paired(federation: Federation, number: int, other: int, act: PairAct) -> Federation | None:
    """What a person decides of two tracks; None where there is no such pair.

    other  number of another joint track; to part, a source's number in this one will do
    """
    state = federation.picture
    ours, theirs = joint.sources_of(state, number), joint.sources_of(state, other)
    if act == "unpair" and (not theirs or number == other):
        theirs = tuple(one for one in ours if one.track == other and one.origin != state.member)
        ours = tuple(one for one in ours if one not in theirs)
    pairs = frozenset((a, b) for a in ours for b in theirs if a != b)
    if not pairs:
        return None
    either = pairs | frozenset((b, a) for a, b in pairs)
    before = state.decisions
    together, apart = before.together - either, before.apart - either
    decisions = msgspec.structs.replace(
        before,
        together=together | pairs if act == "pair" else together,
        apart=apart | pairs if act == "unpair" else apart,
    )
    return decide(federation, decisions)


def picture(federation: Federation, now_ns: int) -> pa.Table:
    """The joint picture as TRACKS."""
    return joint_picture.picture(federation.picture, now_ns)


def happened(federation: Federation) -> tuple[Happened, ...]:
    """What changed in the latest step: tracks that became one, or parted, and who reports."""
    return federation.picture.happened


def copy(federation: Federation) -> Federation:
    """A checkpoint that no later step changes."""
    if federation.own is None:
        return federation
    own = msgspec.structs.replace(federation.own, tracker=tracking.copy(federation.own.tracker))
    return msgspec.structs.replace(federation, own=own)
