"""Correlation: joint tracks that are one aircraft become one; a source that parts from the others leaves.

Each look at a pair gives nats for one aircraft against two (`kernels.correlating`); their mean over the last
few looks decides, with a wide gap between joining and parting, so that nothing flickers. Best pairs first.
What people decided stands: it is neither asked nor undone.
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.fusion import rows
from asman.fusion.intake import spare_number
from asman.fusion.joint_state import (
    TRACK_BITS,
    Happened,
    JointState,
    Pairs,
    Source,
    joint_rows,
    own_number,
)
from asman.kernels.correlating import candidates, with_one
from asman.kernels.states import States

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: Mean nats from which two tracks are one, and below which a source parts.
JOIN: Final = 6.0
PART: Final = -4.0
#: Looks that are needed, and over how many the mean goes.
LOOKS: Final = 3
MEMORY: Final = 5
#: Candidate pairs a joint track; more are left out in very dense traffic.
ROOM: Final = 12


class Looks(NamedTuple):
    """What correlation looks at, a row a track, all of one time."""

    states: States
    altitude_m: Floats
    sigma_m: Floats
    code: Longs
    address: Longs


def parted(state: JointState, looks: Looks, fresh: Longs, main: Longs) -> JointState:
    """Sources that are not of their joint track's aircraft leave it.

    looks  of the sources
    fresh  (F,)  rows of sources that were told anew
    main   (S,)  row of the source that each one is held against, -1: it is alone or the holder's own
    """
    rows_ = fresh[main[fresh] >= 0]
    sources = state.sources
    nats, looked = sources.nats.copy(), sources.looks.copy()
    said = np.empty(len(rows_))
    with_one(*looks, rows_, main[rows_], said)
    weight = np.minimum(looked[rows_], MEMORY - 1)
    nats[rows_] = (nats[rows_] * weight + said) / (weight + 1)
    looked[rows_] += 1
    sources = msgspec.structs.replace(sources, nats=nats, looks=looked)
    state = msgspec.structs.replace(state, sources=sources)
    out = set(rows_[(nats[rows_] < PART) & (looked[rows_] >= LOOKS)].tolist())
    out -= _bound(state, state.decisions.together)
    apart = _decided(state, state.decisions.apart)
    for a, b in apart:
        if sources.number[a] == sources.number[b]:
            out.add(b if main[b] >= 0 else a)
    for place in sorted(out):
        state = _leaves(state, place)
    return state


def _leaves(state: JointState, place: int) -> JointState:
    """One source leaves its joint track for one of its own."""
    sources = state.sources
    number = sources.number.copy()
    was = int(number[place])
    key = int(sources.key[place])
    taken = set(state.joints.number.tolist()) | set(number.tolist())
    own = own_number(state, key >> TRACK_BITS, key & ((1 << TRACK_BITS) - 1))
    if own in taken:
        state, own = spare_number(state, taken)
    number[place] = own
    looks, nats = sources.looks.copy(), sources.nats.copy()
    said = float(nats[place])
    looks[place], nats[place] = 0, 0.0
    told = Happened("decorrelated", was, own, state.streams[key >> TRACK_BITS].origin, nats=said)
    return msgspec.structs.replace(
        state, sources=msgspec.structs.replace(sources, number=number, looks=looks, nats=nats),
        happened=(*state.happened, told),
    )  # fmt: skip


def joined(state: JointState, looks: Looks, recalled: frozenset[tuple[int, int]], looked: bool) -> JointState:
    """Joint tracks that are one aircraft become one, under the older number.

    looks     of the joint tracks
    recalled  pairs of numbers that were one before: one look is enough
    looked    whether anything was told since the last look
    """
    joints = state.joints
    number = joints.number
    bits = _bits(state)
    pairs = _looked_at(state, looks, bits) if looked else _still_here(state.pairs, number)
    address = looks.address
    at = np.searchsorted(number, pairs.numbers)
    needed = np.full(len(pairs.nats), LOOKS)
    if len(pairs.nats):
        same = (address[at[:, 0]] >= 0) & (address[at[:, 0]] == address[at[:, 1]])
        needed[same] = 1
        if recalled:
            needed[[tuple(one) in recalled for one in pairs.numbers.tolist()]] = 1
    good = np.flatnonzero((pairs.nats > JOIN) & (pairs.looks >= needed))
    good = good[np.lexsort((pairs.numbers[good, 1], pairs.numbers[good, 0], -pairs.nats[good]))]
    wanted = [
        (int(a), int(b), float(said))
        for (a, b), said in zip(pairs.numbers[good].tolist(), pairs.nats[good].tolist(), strict=True)
    ]
    forbidden = {
        frozenset((int(state.sources.number[a]), int(state.sources.number[b])))
        for a, b in _decided(state, state.decisions.apart)
    }
    forced = [
        (int(state.sources.number[a]), int(state.sources.number[b]), np.inf)
        for a, b in _decided(state, state.decisions.together)
        if state.sources.number[a] != state.sources.number[b]
    ]
    into = _merged(state, forced + wanted, forbidden, bits)
    state = msgspec.structs.replace(state, pairs=_living(pairs, into))
    return _renumbered(state, into)


def _still_here(pairs: Pairs, number: Longs) -> Pairs:
    here = np.isin(pairs.numbers, number).all(axis=1)
    return Pairs(pairs.numbers[here], pairs.nats[here], pairs.looks[here])


def _looked_at(state: JointState, looks: Looks, bits: Longs) -> Pairs:
    number = state.joints.number
    order = np.argsort(looks.states.lat, kind="stable")
    places = np.empty((ROOM * max(len(number), 16), 2), np.int64)
    nats = np.empty(len(places))
    count = candidates(*looks, bits, order, places, nats)
    numbers = np.sort(number[places[:count]], axis=1)
    nats = nats[:count]
    order = np.lexsort((numbers[:, 1], numbers[:, 0]))
    numbers, nats = numbers[order], nats[order]
    seen = np.zeros(count, np.int64)
    known = {tuple(one): k for k, one in enumerate(state.pairs.numbers.tolist())}
    for k, one in enumerate(numbers.tolist()):
        before = known.get(tuple(one))
        if before is None:
            seen[k] = 1
            continue
        weight = min(int(state.pairs.looks[before]), MEMORY - 1)
        nats[k] = (state.pairs.nats[before] * weight + nats[k]) / (weight + 1)
        seen[k] = state.pairs.looks[before] + 1
    return Pairs(numbers, nats, seen)


def _merged(
    state: JointState, wanted: list[tuple[int, int, float]], forbidden: set[frozenset[int]], bits: Longs
) -> dict[int, tuple[int, float]]:
    """Number -> the number that it becomes, and why; each joint track takes part once a step."""
    into: dict[int, tuple[int, float]] = {}
    busy: set[int] = set()
    place = {one: k for k, one in enumerate(state.joints.number.tolist())} if wanted else {}
    for a, b, nats in wanted:
        if a in busy or b in busy or frozenset((a, b)) in forbidden or a not in place or b not in place:
            continue
        if bits[place[a]] & bits[place[b]]:
            continue
        ages = {one: int(state.joints.born_ns[place[one]]) for one in (a, b)}
        stays, goes = sorted((a, b), key=lambda one: (ages[one], one))
        into[goes] = (stays, nats)
        busy |= {a, b}
    return into


def _renumbered(state: JointState, into: dict[int, tuple[int, float]]) -> JointState:
    if not into:
        return state
    gone = np.array(sorted(into), np.int64)
    goes_to = np.array([into[one][0] for one in gone.tolist()], np.int64)
    number = state.sources.number.copy()
    place = np.minimum(np.searchsorted(gone, number), len(gone) - 1)
    hit = gone[place] == number
    number[hit] = goes_to[place[hit]]
    nats, looks = state.sources.nats.copy(), state.sources.looks.copy()
    nats[hit], looks[hit] = 0.0, 0
    told = tuple(
        Happened("correlated", stays, goes, nats=float(min(why, 1e9)))
        for goes, (stays, why) in sorted(into.items())
    )
    memory = {
        key: ((into[one[0]][0], one[1]) if one[0] in into else one) for key, one in state.memory.items()
    }
    return msgspec.structs.replace(
        state,
        sources=msgspec.structs.replace(state.sources, number=number, nats=nats, looks=looks),
        joints=joint_rows(state.joints, ~np.isin(state.joints.number, gone)),
        memory=memory, happened=(*state.happened, *told),
    )  # fmt: skip


def _living(pairs: Pairs, into: dict[int, tuple[int, float]]) -> Pairs:
    if not into:
        return pairs
    touched = np.isin(pairs.numbers, list(into)).any(axis=1) if len(pairs.nats) else np.zeros(0, np.bool_)
    return Pairs(pairs.numbers[~touched], pairs.nats[~touched], pairs.looks[~touched])


def _bits(state: JointState) -> Longs:
    """(J,) a bit for each stream that a joint track has a source of."""
    bits = np.zeros(len(state.joints.number), np.int64)
    place = np.searchsorted(state.joints.number, state.sources.number)
    np.bitwise_or.at(bits, place, np.int64(1) << state.sources.stream)
    return bits


def _decided(state: JointState, pairs: frozenset[tuple[Source, Source]]) -> list[tuple[int, int]]:
    """Rows of the sources of each pair that are here."""
    found = [(row_of(state, a), row_of(state, b)) for a, b in sorted(pairs, key=str)]
    return [(a, b) for a, b in found if a >= 0 and b >= 0]


def _bound(state: JointState, pairs: frozenset[tuple[Source, Source]]) -> set[int]:
    return {row for pair in _decided(state, pairs) for row in pair}


def row_of(state: JointState, source: Source) -> int:
    """Row of a source; -1: it is not here."""
    for index, stream in enumerate(state.streams):
        if stream.origin == source.origin and stream.via == (source.via or source.origin):
            key = (index << TRACK_BITS) + source.track
            place = int(np.searchsorted(state.sources.key, key))
            if place < len(state.sources.key) and state.sources.key[place] == key:
                return place
    return -1


def looks_of(table: rows.pa.Table, states: States) -> Looks:
    """What correlation looks at, of the sources."""
    sigma = rows.floats(table, "altitude_sigma_m")
    return Looks(
        states, rows.floats(table, "altitude_m"), np.where(np.isnan(sigma), 100.0, sigma),
        rows.longs(table, "mode_3a", -1), rows.longs(table, "address", -1),
    )  # fmt: skip
