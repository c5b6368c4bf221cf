"""Who is whom over time: the assignment behind T-GOSPA, with a bound on what the best one could gain.

Each aircraft holds at most one track at an instant and each track at most one aircraft. Holding a track
that is d < c away gains c^p - d^p; changing what is held costs `switch` (= gamma^p) from track to track
and half of it from or to none. Holding a track that is far or silent gains and costs nothing, so a short
silence is no switch. The best sum of gains less switches makes T-GOSPA.

For one aircraft alone the best sequence is a shortest path through (instant, track held): Viterbi, exact.
Aircraft meet only where they contend for a track at the same instant. Those capacity limits are priced
(Lagrange): the priced optimum bounds the best sum from above, and as each aircraft's problem is a path, the
best bound equals the linear programme that defines the T-GOSPA metric. Prices rise along the subgradient
with Polyak's step, a step for each cluster of aircraft that share tracks. From the prices a feasible
assignment is built aircraft by aircraft, each of which then improves its own; the best of those is
bettered by exchanges of two (`scoring_duels`). Small clusters are solved outright over their joint
holdings. The result is exact there, where no track is contested, and wherever
bound and assignment meet; elsewhere the gap is returned, never hidden.

Sources: A. F. García-Fernández, A. S. Rahmathullah, L. Svensson, "A metric on the space of finite sets of
trajectories for evaluation of multi-target tracking algorithms", IEEE TSP 68, 2020; B. T. Polyak,
"Minimization of unsmooth functionals", USSR Comp. Math. 9, 1969.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel
from asman.kernels.scoring_clusters import best_joint_path, clusters, holdings
from asman.kernels.scoring_duels import improve
from asman.kernels.scoring_holding import NEVER, Near, claim, copy_marks, enter, gains_and_switches, withdraw

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Flags = NDArray[np.bool_]

#: A feasible assignment is built anew from the prices after every so many rises.
_BUILD_EVERY = 8
#: Rounds of single aircraft's improvements after each building.
_SWEEPS = 3
#: Clusters with no more joint holdings than this are solved outright; no more than that are looked through.
_HOLDINGS_MAX = 64
_NUMBERS_MAX = 4096.0
#: Steps of the prices shrink to half after so many rises: what was reached is only a guess of the optimum.
_HALF_AFTER = 24.0
#: A bound this near to what was reached, as a share, is met.
_TOLERANCE = 1e-12


@kernel
def best_path(
    near: Near, slot: Ints, a: int, switch: float, price: Floats, owner: Small, path: Small, back: Small
) -> float:
    """Best sequence of one aircraft, written into `path`; returns its sum of gains less switches and prices.

    slot  (J,)    row of each track in `price` and `owner`; -1 where nobody contends for it
    price (C, K)  of holding a track at an instant
    owner (C, K)  aircraft that already gains by a track, -1 for none: others may not hold it. (0, 0): all may
    path  (K,)    pair held at each instant, counted from pair_start[a] + 1; 0 is none
    back  (K, M)  room for the way back; M is more than the pairs of any aircraft
    """
    p0 = near.pair_start[a]
    states = near.pair_start[a + 1] - p0 + 1
    value = np.zeros(states)
    gain = np.zeros(states)
    e = near.edge_start[a]
    for k in range(path.size):
        gain[:] = 0.0
        while e < near.edge_start[a + 1] and near.edge_instant[e] == k:
            gain[near.edge_pair[e] - p0 + 1] = near.edge_gain[e]
            e += 1
        best = 0
        held = -NEVER
        for s in range(1, states):
            row = slot[near.pair_track[p0 + s - 1]]
            if row >= 0:
                gain[s] -= price[row, k]
                if owner.size and owner[row, k] >= 0 and owner[row, k] != a:
                    gain[s] = -NEVER
            if value[s] > held:
                held = value[s]
                best = s
        if k == 0:
            value[:] = gain
            continue
        none = value[0]
        arrive = held - switch
        origin = best
        if none - 0.5 * switch > arrive:
            arrive = none - 0.5 * switch
            origin = 0
        for s in range(1, states):
            back[k, s] = s
            if arrive > value[s]:
                value[s] = arrive
                back[k, s] = origin
            value[s] += gain[s]
        back[k, 0] = 0
        if held - 0.5 * switch > none:
            value[0] = held - 0.5 * switch
            back[k, 0] = best
    last = np.argmax(value)
    total = value[last]
    for k in range(path.size - 1, 0, -1):
        path[k] = last
        last = back[k, last]
    path[0] = last
    return total


@kernel
def build(
    near: Near, slot: Ints, members: Ints, switch: float, price: Floats, free: Floats, owner: Small,
    taken: Flags, path: Small, back: Small,
) -> None:  # fmt: skip
    """Make a feasible assignment of a cluster: first come first served at the prices, then each improves."""
    for i in range(members.size):
        withdraw(near, slot, members[i], owner, taken)
    for sweep in range(_SWEEPS):
        for i in range(members.size):
            a = members[i]
            withdraw(near, slot, a, owner, taken)
            best_path(near, slot, a, switch, price if sweep == 0 else free, owner, path, back)
            enter(near, slot, a, path, owner, taken)


@kernel
def exact(
    near: Near,
    slot: Ints,
    members: Ints,
    instants: int,
    switch: float,
    owner: Small,
    taken: Flags,
    path: Small,
) -> bool:
    """Solve a small cluster outright; False, and nothing done, where it has too many joint holdings."""
    pairs = np.zeros(members.size + 1, np.int64)
    digits = 1.0
    for i in range(members.size):
        here = near.pair_start[members[i] + 1] - near.pair_start[members[i]]
        pairs[i + 1] = pairs[i] + here
        digits *= here + 1.0
    if digits > _NUMBERS_MAX:
        return False
    track = np.empty(pairs[-1], np.int64)
    gain = np.zeros((pairs[-1], instants))
    for i in range(members.size):
        p0 = near.pair_start[members[i]]
        track[pairs[i] : pairs[i + 1]] = near.pair_track[p0 : near.pair_start[members[i] + 1]]
        for e in range(near.edge_start[members[i]], near.edge_start[members[i] + 1]):
            gain[pairs[i] + near.edge_pair[e] - p0, near.edge_instant[e]] = near.edge_gain[e]
    held = holdings(pairs, track, _HOLDINGS_MAX)
    if held.shape[0] == 0:
        return False
    best = best_joint_path(pairs, held, gain, switch)
    for i in range(members.size):
        for k in range(instants):
            path[k] = held[best[k], i]
        enter(near, slot, members[i], path, owner, taken)
    return True


@kernel
def ask(
    near: Near, slot: Ints, members: Ints, rows: Ints, switch: float, price: Floats, nobody: Small,
    usage: Small, path: Small, back: Small,
) -> tuple[float, float]:  # fmt: skip
    """What each of a cluster would hold at these prices: the bound, and the square of its slope.

    rows  (c,)    the cluster's rows of `price`
    usage (C, K)  out: how many hold each track at each instant
    """
    for row in rows:
        usage[row, :] = 0
    bound = 0.0
    for i in range(members.size):
        a = members[i]
        bound += best_path(near, slot, a, switch, price, nobody, path, back)
        for k in range(path.size):
            if path[k] > 0:
                row = slot[near.pair_track[near.pair_start[a] + path[k] - 1]]
                if row >= 0:
                    usage[row, k] += 1
    slope2 = 0.0
    for row in rows:
        for k in range(path.size):
            bound += price[row, k]
            if usage[row, k] > 1 or price[row, k] > 0.0:
                slope2 += (usage[row, k] - 1.0) ** 2
    return bound, slope2


@kernel
def rows_of(near: Near, slot: Ints, members: Ints, seen: Flags) -> Ints:
    """Rows of the tracks that a cluster contends for, each once. seen (C,): room, False before and after."""
    count = 0
    for i in range(members.size):
        count += near.pair_start[members[i] + 1] - near.pair_start[members[i]]
    rows = np.empty(count, np.int64)
    count = 0
    for i in range(members.size):
        for pair in range(near.pair_start[members[i]], near.pair_start[members[i] + 1]):
            row = slot[near.pair_track[pair]]
            if row >= 0 and not seen[row]:
                seen[row] = True
                rows[count] = row
                count += 1
    for i in range(count):
        seen[rows[i]] = False
    return rows[:count].copy()


@kernel
def by_cluster(root: Ints) -> Ints:
    """Aircraft in order of their cluster's root, and of their number within it: a counting sort."""
    place = np.zeros(root.size + 1, np.int64)
    for a in range(root.size):
        place[root[a] + 1] += 1
    for a in range(root.size):
        place[a + 1] += place[a]
    order = np.empty(root.size, np.int64)
    for a in range(root.size):
        order[place[root[a]]] = a
        place[root[a]] += 1
    return order


@kernel
def follow(
    near: Near, tracks: int, instants: int, switch: float, rounds: int
) -> tuple[Flags, float, float, float]:
    """Assign tracks to aircraft over time, as well as can be found, and say how well that is.

    switch  what a change from track to track costs, in the unit of the gains
    rounds  at most this many rises of prices a cluster
    returns taken (E,), sum of gains, switches, and an upper bound on the best (gains - switch * switches)
    """
    aircraft = near.pair_start.size - 1
    root, slot = clusters(near.pair_start, near.pair_track, tracks)
    slots = 0
    for j in range(tracks):
        slots = max(slots, slot[j] + 1)
    price = np.zeros((slots, instants))
    free = np.zeros((slots, instants))
    usage = np.zeros((slots, instants), np.int32)
    owner = np.full((slots, instants), -1, np.int32)
    nobody = np.empty((0, 0), np.int32)
    widest = 1
    for a in range(aircraft):
        widest = max(widest, near.pair_start[a + 1] - near.pair_start[a] + 1)
    back = np.empty((instants, widest), np.int32)
    paths = np.empty((2, instants), np.int32)
    path = paths[0]
    trial = np.zeros(near.edge_gain.size, np.bool_)
    taken = np.zeros(near.edge_gain.size, np.bool_)
    last_user = np.full(tracks, -1, np.int64)
    order = by_cluster(root)
    seen = np.zeros(slots, np.bool_)
    sums = np.zeros(3)
    begin = 0
    while begin < aircraft:
        finish = begin + 1
        while finish < aircraft and root[order[finish]] == root[order[begin]]:
            finish += 1
        members = order[begin:finish]
        begin = finish
        rows = rows_of(near, slot, members, seen)
        if members.size > 1 and exact(near, slot, members, instants, switch, owner, taken, path):
            gains, switches = gains_and_switches(near, members, taken, instants, last_user)
            sums[0] += gains
            sums[1] += switches
            sums[2] += gains - switch * switches
            continue
        lowest = NEVER
        reached = np.array([-NEVER, 0.0, 0.0])
        for turn in range(rounds + 1):
            bound, slope2 = ask(near, slot, members, rows, switch, price, nobody, usage, path, back)
            lowest = min(lowest, bound)
            if turn % _BUILD_EVERY == 0 or turn == rounds or slope2 == 0.0:
                turned_round = members[::-1].copy() if turn % (2 * _BUILD_EVERY) else members
                build(near, slot, turned_round, switch, price, free, owner, trial, path, back)
                gains, switches = gains_and_switches(near, members, trial, instants, last_user)
                if gains - switch * switches > reached[0]:
                    reached[0], reached[1], reached[2] = gains - switch * switches, gains, switches
                    copy_marks(near, members, trial, taken)
            if slope2 == 0.0 or lowest - reached[0] <= _TOLERANCE * lowest:
                break
            step = max(bound - reached[0], 0.0) / (slope2 * (1.0 + turn / _HALF_AFTER))
            for row in rows:
                for k in range(instants):
                    if usage[row, k] > 1 or price[row, k] > 0.0:
                        price[row, k] = max(0.0, price[row, k] + step * (usage[row, k] - 1.0))
        if lowest - reached[0] > _TOLERANCE * lowest:
            for a in members:
                withdraw(near, slot, a, owner, trial)
            copy_marks(near, members, taken, trial)
            for a in members:
                claim(near, slot, a, owner, trial)
            improve(near, slot, members, switch, owner, trial, paths)
            gains, switches = gains_and_switches(near, members, trial, instants, last_user)
            if gains - switch * switches > reached[0]:
                reached[0], reached[1], reached[2] = gains - switch * switches, gains, switches
                copy_marks(near, members, trial, taken)
        sums[0] += reached[1]
        sums[1] += reached[2]
        sums[2] += max(lowest, reached[0])
    return taken, sums[0], sums[1], sums[2]
