"""Who was near which track, and who holds it: the tables that the assignment over time is found in.

Each aircraft holds at most one track at an instant and each track at most one aircraft;
`scoring_trajectories` says what holding gains and what changing costs.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Small = NDArray[np.int32]
Flags = NDArray[np.bool_]

#: What may not be held costs this much: beyond any sum of gains, yet finite.
NEVER = 1e30


class Near(NamedTuple):
    """Which aircraft was near which track, when, and what holding it then gains.

    pair_start   (A + 1,)  pairs of aircraft a (one for each track that was ever near it) are a slice
    pair_track   (P,)      the pair's track
    edge_start   (A + 1,)  edges of aircraft a, in order of instant
    edge_instant (E,)
    edge_pair    (E,)
    edge_gain    (E,)      > 0
    """

    pair_start: Ints
    pair_track: Ints
    edge_start: Ints
    edge_instant: Ints
    edge_pair: Ints
    edge_gain: Floats


@kernel
def enter(near: Near, slot: Ints, a: int, path: Small, owner: Small, taken: Flags) -> None:
    """Mark the edges on an aircraft's path as taken, and the aircraft as owner there."""
    for e in range(near.edge_start[a], near.edge_start[a + 1]):
        k = near.edge_instant[e]
        if path[k] == near.edge_pair[e] - near.pair_start[a] + 1:
            taken[e] = True
            row = slot[near.pair_track[near.edge_pair[e]]]
            if row >= 0:
                owner[row, k] = a


@kernel
def claim(near: Near, slot: Ints, a: int, owner: Small, taken: Flags) -> None:
    """Mark an aircraft as owner wherever its edges are taken."""
    for e in range(near.edge_start[a], near.edge_start[a + 1]):
        row = slot[near.pair_track[near.edge_pair[e]]]
        if taken[e] and row >= 0:
            owner[row, near.edge_instant[e]] = a


@kernel
def copy_marks(near: Near, members: Ints, source: Flags, target: Flags) -> None:
    """Copy which edges of a cluster's aircraft are taken."""
    for a in members:
        for e in range(near.edge_start[a], near.edge_start[a + 1]):
            target[e] = source[e]


@kernel
def withdraw(near: Near, slot: Ints, a: int, owner: Small, taken: Flags) -> None:
    """Undo `enter` for an aircraft."""
    for e in range(near.edge_start[a], near.edge_start[a + 1]):
        if taken[e]:
            taken[e] = False
            row = slot[near.pair_track[near.edge_pair[e]]]
            if row >= 0:
                owner[row, near.edge_instant[e]] = -1


@kernel
def gains_and_switches(
    near: Near, members: Ints, taken: Flags, instants: int, last_user: Ints
) -> tuple[float, float]:
    """Sum of gains of a cluster's taken edges, and its switches: 1 from track to track, 1/2 from or to none.

    Between two gains by the same track an aircraft goes on holding it, unless another gains by it then;
    before its first and after its last likewise. That is the cheapest way to fill the instants without gain.
    last_user (J,)  room, -1 before and after
    """
    gains = 0.0
    switches = 0.0
    last_track = np.full(members.size, -1, np.int64)
    at = near.edge_start[members]
    for k in range(instants):
        for i in range(members.size):
            a = members[i]
            while at[i] < near.edge_start[a + 1] and near.edge_instant[at[i]] == k:
                e = at[i]
                at[i] += 1
                if not taken[e]:
                    continue
                gains += float(near.edge_gain[e])
                j = near.pair_track[near.edge_pair[e]]
                if last_track[i] < 0:
                    if last_user[j] >= 0:
                        switches += 0.5
                elif last_track[i] != j or last_user[j] != a:
                    switches += 1.0
                last_track[i] = j
                last_user[j] = a
    for i in range(members.size):
        if last_track[i] >= 0 and last_user[last_track[i]] != members[i]:
            switches += 0.5
    for i in range(members.size):
        for pair in range(near.pair_start[members[i]], near.pair_start[members[i] + 1]):
            last_user[near.pair_track[pair]] = -1
    return gains, switches
