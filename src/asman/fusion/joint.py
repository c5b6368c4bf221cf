"""The joint picture: own and received tracks become one picture, by a pure step.

    state = start("KG")
    state = step(state, [Told("KG", ours), Told("RU", theirs)], now_ns)
    table = picture(state, now_ns)                # TRACKS
    state = without(state, "RU", now_ns)          # as if RU had never told anything

A joint track that one source makes is that source's state, bit for bit: a member alone sees its national
picture. Of several, each brings what it learned since it told last (equivalent measurements), so nothing
counts twice. Whenever the set of those who contribute changes, the state is made anew from their latest
states: nothing is left of who went.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.fusion import rows
from asman.fusion.correlation import joined, looks_of, parted
from asman.fusion.intake import Fresh, Told, expired, left, numbered, take
from asman.fusion.joint_state import (
    Decisions,
    Joints,
    JointState,
    Source,
    Stream,
    carried_to,
    joint_rows,
    no_states,
)
from asman.fusion.responsibility import SILENCE_NS, Reporters, held
from asman.kernels.joint import MADE_ANEW, UNKNOWN, make_anew, take_in, watch
from asman.kernels.states import States

Longs = NDArray[np.int64]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


def step(state: JointState, told: Sequence[Told], now_ns: int) -> JointState:
    """Take what was told, in any order, and bring the joint picture up to date; `now_ns` never goes back."""
    state = msgspec.structs.replace(state, happened=(), now_ns=now_ns)
    state, fresh = take(state, told, now_ns)
    state, new, recalled = numbered(state)
    state = _with_joints(state, new, now_ns)
    state = _fused(state, fresh)
    state = expired(state, told, now_ns)
    return _settled(state, fresh, recalled, now_ns)


def without(state: JointState, member: str, now_ns: int, via: str = "") -> JointState:
    """The picture without all that a member contributed or passed on; where it belonged is remembered.

    via  without what that one passed on of the member, and nothing else
    """
    out = [
        k
        for k, one in enumerate(state.streams)
        if (one == Stream(member, via) if via else member in (one.origin, one.via))
    ]
    state = msgspec.structs.replace(state, happened=())
    stays = ~np.isin(state.sources.stream, out)
    state = left(state, stays, now_ns)
    nothing = Fresh(rows.empty(), np.zeros(0, np.int64), np.zeros(0, np.bool_))
    return _settled(state, nothing, frozenset(), now_ns)


def decide(state: JointState, decisions: Decisions) -> JointState:
    """What people decided holds from the next step on."""
    return msgspec.structs.replace(state, decisions=decisions)


def sources_of(state: JointState, number: int) -> tuple[Source, ...]:
    """Whose tracks a joint track is made of."""
    places = np.flatnonzero(state.sources.number == number)
    streams = [state.streams[one] for one in state.sources.stream[places].tolist()]
    track = rows.longs(state.sources.table, "track", -1)
    return tuple(
        Source(one.origin, int(track[k]), "" if one.direct else one.via)
        for one, k in zip(streams, places.tolist(), strict=True)
    )


def counting(state: JointState) -> NDArray[np.bool_]:
    """(S,) sources that count: of one origin's the straight one; what was passed on tells the same."""
    sources = state.sources
    if not len(sources.key):
        return np.zeros(0, np.bool_)
    names = sorted({one.origin for one in state.streams})
    origin = np.array([names.index(one.origin) for one in state.streams])[sources.stream]
    relayed = np.array([0 if one.direct else 1 for one in state.streams])[sources.stream]
    order = np.lexsort((sources.stream, relayed, origin, sources.number))
    first = np.ones(len(order), np.bool_)
    first[1:] = (sources.number[order][1:] != sources.number[order][:-1]) | (
        origin[order][1:] != origin[order][:-1]
    )
    counts = np.zeros(len(order), np.bool_)
    counts[order[first]] = True
    return counts


def _with_joints(state: JointState, new: Longs, now_ns: int) -> JointState:
    """The joint tracks with some new ones, whose states are still to be made."""
    if not len(new):
        return state
    joints = state.joints
    count = len(new)
    columns: list[Any] = [np.concatenate(both) for both in zip(joints.states, no_states(count), strict=True)]
    nobody, since_ns = np.full(count, -1), np.full(count, now_ns)
    whole = Joints(
        States(*columns),
        np.concatenate((joints.number, new)),
        np.concatenate((joints.made_of, np.zeros(count, np.uint64))),
        np.concatenate((joints.born_ns, since_ns)),
        np.concatenate((joints.holder, nobody)),
        np.concatenate((joints.rival, nobody)),
        np.concatenate((joints.rival_ns, since_ns)),
    )
    return msgspec.structs.replace(state, joints=joint_rows(whole, np.argsort(whole.number, kind="stable")))


def _made_of(state: JointState, counts: NDArray[np.bool_]) -> tuple[NDArray[np.uint64], Longs]:
    """(J,) a sum over the sources that count, and how many they are."""
    place = np.searchsorted(state.joints.number, state.sources.number[counts])
    made_of, many = (
        np.zeros(len(state.joints.number), np.uint64),
        np.zeros(len(state.joints.number), np.int64),
    )
    mixed = (state.sources.key[counts].astype(np.uint64) + np.uint64(1)) * _GOLDEN
    np.add.at(made_of, place, mixed ^ (mixed >> np.uint64(29)))
    np.add.at(many, place, 1)
    return made_of, many


def _fused(state: JointState, fresh: Fresh) -> JointState:
    """What was learned joins the tracks of several sources, as long as these are the same."""
    if not len(fresh.key):
        return state
    counts = counting(state)
    made_of, many = _made_of(state, counts)
    joints = joint_rows(state.joints, np.arange(len(state.joints.number)))
    place = np.searchsorted(state.sources.key, fresh.key)
    inside = np.minimum(place, len(state.sources.key) - 1)
    there = (state.sources.key[inside] == fresh.key) & counts[inside]
    of = np.searchsorted(joints.number, state.sources.number[inside])
    of = np.where(there, of, 0)
    same = there & (many[of] > 1) & (made_of[of] == joints.made_of[of])
    of = np.where(same, of, -1)
    used = np.flatnonzero(of >= 0)
    broken = np.zeros(len(joints.number), np.int8)
    counted = state.counted.copy()
    if len(used):
        table = fresh.table.take(rows.pa.array(used))
        learned = rows.learned_of(table)
        # Own states without what was learned since are taken whole; others' are of unknown making.
        whole = (learned.kind != UNKNOWN) & ~fresh.follows[used]
        whole |= (learned.kind == UNKNOWN) & rows.has_provenance(table)
        broken[of[used][whole]] = 1
        kind = np.where(whole, 0, learned.kind).astype(np.int8)
        take_in(
            joints.states, rows.states_of(table), of[used], kind, learned.about, learned.information,
            broken, counted,
        )  # fmt: skip
    joints.made_of[broken > 0] = 0
    if len(used):
        heard = np.unique(of[used])
        _watched(state, joints, heard[broken[heard] == 0], counts, counted)
    return msgspec.structs.replace(state, joints=joints, counted=counted)


def _watched(
    state: JointState, joints: Joints, which: Longs, counts: NDArray[np.bool_], counted: Longs
) -> None:
    """Hold the states of some joint tracks against what their contributors know now."""
    states = rows.states_of(state.sources.table)
    kind, first, members = _members(state, joints, which, counts)
    anew = no_states(len(which))
    make_anew(anew, np.arange(len(which)), first, members, states, kind)
    watch(joints.states, anew, which, counted)


def _members(
    state: JointState, joints: Joints, which: Longs, counts: NDArray[np.bool_]
) -> tuple[NDArray[np.int8], Longs, Longs]:
    """Kinds of all sources, and those that count for each of some joint tracks, one after another."""
    kind = np.where(rows.has_provenance(state.sources.table), 0, UNKNOWN).astype(np.int8)
    place = np.searchsorted(joints.number, state.sources.number)
    members = np.flatnonzero(counts & np.isin(place, which))
    members = members[np.lexsort((members, kind[members], place[members]))]
    return kind, np.searchsorted(place[members], np.append(which, len(joints.number))), members


def _settled(
    state: JointState, fresh: Fresh, recalled: frozenset[tuple[int, int]], now_ns: int
) -> JointState:
    """Who belongs together, states made anew where that changed, and who reports."""
    told = np.unique(fresh.key)
    states = rows.states_of(state.sources.table)
    carried = carried_to(states, now_ns)
    looks = looks_of(state.sources.table, carried)
    if len(told):
        place = np.searchsorted(state.sources.key, told)
        inside = np.minimum(place, max(len(state.sources.key) - 1, 0))
        again = inside[state.sources.key[inside] == told] if len(state.sources.key) else told[:0]
        state = parted(state, looks, again, _held_against(state, carried))
    state = _remade(_kept(state, now_ns), states)
    of_joints = carried_to(state.joints.states, now_ns)
    best = _spokesman(state, carried)
    chosen = looks._replace(
        states=of_joints,
        **{name: getattr(looks, name)[best] for name in ("altitude_m", "sigma_m", "code", "address")},
    )  # fmt: skip
    state = joined(state, chosen, recalled, looked=len(told) > 0)
    state = _remade(state, states)
    return held(state, _reporters(state, carried, now_ns), now_ns)


def _kept(state: JointState, now_ns: int) -> JointState:
    """Joint tracks that still have a source, and new ones of sources that left another."""
    number = np.unique(state.sources.number)
    state = _with_joints(state, number[~np.isin(number, state.joints.number)], now_ns)
    gone = ~np.isin(state.joints.number, number)
    if gone.any():
        state = msgspec.structs.replace(state, joints=joint_rows(state.joints, ~gone))
    return state


def _remade(state: JointState, states: States) -> JointState:
    """States made anew where the sources are others than before, or there is but one."""
    counts = counting(state)
    made_of, many = _made_of(state, counts)
    which = np.flatnonzero((made_of != state.joints.made_of) | (many == 1))
    if not len(which):
        return state
    joints = joint_rows(state.joints, np.arange(len(made_of)))
    kind, first, members = _members(state, joints, which, counts)
    joints.states.level[which[made_of[which] != joints.made_of[which]]] = 0
    make_anew(joints.states, which, first, members, states, kind)
    counted = state.counted.copy()
    counted[MADE_ANEW] += int((made_of != joints.made_of).sum())
    joints = msgspec.structs.replace(joints, made_of=made_of)
    return msgspec.structs.replace(state, joints=joints, counted=counted)


def _sigma_m(states: States) -> NDArray[np.float64]:
    return np.sqrt(states.covariance[:, 0, 0] + states.covariance[:, 1, 1])


def _held_against(state: JointState, carried: States) -> Longs:
    """(S,) the source that each one is held against: the holder's, or where it is that itself, none."""
    sources, counts = state.sources, counting(state)
    place = np.searchsorted(state.joints.number, sources.number)
    holds = counts & (sources.stream == state.joints.holder[place])
    sigma = _sigma_m(carried)
    order = np.lexsort((sources.key, sigma, ~holds, ~counts, place))
    first = np.ones(len(order), np.bool_)
    first[1:] = place[order][1:] != place[order][:-1]
    head = np.full(len(state.joints.number), -1, np.int64)
    head[place[order[first]]] = order[first]
    against = head[place]
    return np.where(against == np.arange(len(against)), -1, against)


def _spokesman(state: JointState, carried: States) -> Longs:
    """(J,) the source whose codes and altitude stand for a joint track: the best with an address."""
    sources = state.sources
    place = np.searchsorted(state.joints.number, sources.number)
    silent = rows.longs(sources.table, "address", -1) < 0
    order = np.lexsort((sources.key, _sigma_m(carried), silent, place))
    first = np.ones(len(order), np.bool_)
    first[1:] = place[order][1:] != place[order][:-1]
    return order[first]


def _reporters(state: JointState, carried: States, now_ns: int) -> Reporters:
    counts = np.flatnonzero(counting(state))
    sources = state.sources
    silent = rows.longs(sources.table, "time", 0)[counts] < now_ns - SILENCE_NS
    place = np.searchsorted(state.joints.number, sources.number[counts])
    return Reporters(place, sources.stream[counts], _sigma_m(carried)[counts], silent)
