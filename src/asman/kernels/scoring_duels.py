"""Two aircraft at a time: what of an assignment over time can be bettered by an exchange.

Where many aircraft contend for many tracks (an airport) each aircraft's own best answer to the others leaves
exchanges undone: two that hold one another's track can only change together. So whoever might gain by a
track that another holds is solved anew with that other, over their joint holdings, exactly, all others
staying as they are; until no such pair gains. A change of two is a change of one and then of the other, so an
instant costs the product of their tracks and not its square.

Source: B. W. Kernighan, S. Lin, "An efficient heuristic procedure for partitioning graphs", Bell System
Technical Journal 49, 1970 (improvement by exchanges); A. J. Viterbi, 1967.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel
from asman.kernels.scoring_holding import NEVER, Flags, Floats, Ints, Near, Small, enter, withdraw

#: Rounds over a cluster: from the second on only pairs one of whom has changed are asked again.
_ROUNDS = 6
#: So many rivals of one aircraft are asked in a round.
_RIVALS_MAX = 64

Cube = NDArray[np.int16]


@kernel
def gains_at(near: Near, slot: Ints, a: int, k: int, e: int, owner: Small, gain: Floats) -> int:
    """What aircraft `a` gains by each of its tracks at instant k, written into `gain`; the next of its edges.

    e     the first edge of `a` at or after instant k
    gain  (1 + pairs,)  0 for none; NEVER less where a third gains by the track
    """
    p0 = near.pair_start[a]
    gain[:] = 0.0
    while e < near.edge_start[a + 1] and near.edge_instant[e] == k:
        gain[near.edge_pair[e] - p0 + 1] = near.edge_gain[e]
        e += 1
    for s in range(1, gain.size):
        row = slot[near.pair_track[p0 + s - 1]]
        if row >= 0 and owner[row, k] >= 0:
            gain[s] = -NEVER
    return e


@kernel
def change_one(value: Floats, switch: float, origin: Cube) -> None:
    """Let who is counted along the first axis change what it holds; `value` becomes the best way there.

    value   (n, m)  of each joint holding before and, out, after; 0 of the first axis is none
    origin  (n, m)  out: what it held before, on the best way
    """
    for y in range(value.shape[1]):
        best = 0
        held = -NEVER
        for x in range(1, value.shape[0]):
            if value[x, y] > held:
                held = value[x, y]
                best = x
        none = value[0, y]
        arrive = held - switch
        via = best
        if none - 0.5 * switch > arrive:
            arrive = none - 0.5 * switch
            via = 0
        for x in range(1, value.shape[0]):
            origin[x, y] = x
            if arrive > value[x, y]:
                value[x, y] = arrive
                origin[x, y] = via
        origin[0, y] = 0
        if held - 0.5 * switch > none:
            value[0, y] = held - 0.5 * switch
            origin[0, y] = best


@kernel
def best_of_two(near: Near, slot: Ints, a: int, b: int, switch: float, owner: Small, paths: Small) -> None:
    """Best joint sequence of two aircraft, all others staying as they are.

    owner (C, K)  who gains by a track, as in `best_path`; the two's own marks are taken off
    paths (2, K)  out: what each holds at each instant, counted as in `best_path`
    """
    instants = paths.shape[1]
    a0, b0 = near.pair_start[a], near.pair_start[b]
    n, m = near.pair_start[a + 1] - a0 + 1, near.pair_start[b + 1] - b0 + 1
    clash = np.zeros((n, m), np.bool_)
    for x in range(1, n):
        for y in range(1, m):
            clash[x, y] = near.pair_track[a0 + x - 1] == near.pair_track[b0 + y - 1]
    value = np.zeros((n, m))
    first = np.empty((instants, n, m), np.int16)
    second = np.empty((instants, m, n), np.int16)
    gain_a, gain_b = np.zeros(n), np.zeros(m)
    ea, eb = near.edge_start[a], near.edge_start[b]
    for k in range(instants):
        if k > 0:
            change_one(value, switch, first[k])
            change_one(value.T, switch, second[k])
        ea = gains_at(near, slot, a, k, ea, owner, gain_a)
        eb = gains_at(near, slot, b, k, eb, owner, gain_b)
        for x in range(n):
            for y in range(m):
                value[x, y] += gain_a[x] + gain_b[y]
                if clash[x, y] or value[x, y] < -NEVER:
                    value[x, y] = -NEVER
    x, y = 0, 0
    for s in range(n):
        for t in range(m):
            if value[s, t] > value[x, y]:
                x, y = s, t
    for k in range(instants - 1, -1, -1):
        paths[0, k] = x
        paths[1, k] = y
        if k > 0:
            y = second[k, y, x]
            x = first[k, x, y]


@kernel
def rivals(near: Near, slot: Ints, a: int, owner: Small, taken: Flags, found: Ints) -> int:
    """Who gains by a track when aircraft `a` could gain more by it: how many, each once, into `found`."""
    count = 0
    e = near.edge_start[a]
    while e < near.edge_start[a + 1]:
        k = near.edge_instant[e]
        end = e
        mine = 0.0
        while end < near.edge_start[a + 1] and near.edge_instant[end] == k:
            if taken[end]:
                mine = near.edge_gain[end]
            end += 1
        for other in range(e, end):
            row = slot[near.pair_track[near.edge_pair[other]]]
            if row < 0 or near.edge_gain[other] <= mine:
                continue
            b = owner[row, k]
            if b < 0 or b == a:
                continue
            known = False
            for i in range(count):
                if found[i] == b:
                    known = True
            if not known and count < found.size:
                found[count] = b
                count += 1
        e = end
    return count


@kernel
def mark(near: Near, a: int, taken: Flags) -> Flags:
    """A copy of which of an aircraft's edges are taken."""
    return taken[near.edge_start[a] : near.edge_start[a + 1]].copy()


@kernel
def improve(
    near: Near, slot: Ints, members: Ints, switch: float, owner: Small, taken: Flags, paths: Small
) -> None:
    """Better a cluster's assignment, which `owner` and `taken` say, by exchanges of two until none gains.

    paths (2, K)  room
    """
    found = np.empty(_RIVALS_MAX, np.int64)
    changed = np.zeros(near.pair_start.size - 1, np.bool_)
    before = np.zeros(near.pair_start.size - 1, np.bool_)
    for a in members:
        changed[a] = True
    for _ in range(_ROUNDS):
        moved = False
        for a in members:
            before[a] = changed[a]
            changed[a] = False
        for a in members:
            for b in found[: rivals(near, slot, a, owner, taken, found)]:
                if not (before[a] or before[b] or changed[a] or changed[b]):
                    continue
                mine, theirs = mark(near, a, taken), mark(near, b, taken)
                withdraw(near, slot, a, owner, taken)
                withdraw(near, slot, b, owner, taken)
                best_of_two(near, slot, a, b, switch, owner, paths)
                enter(near, slot, a, paths[0], owner, taken)
                enter(near, slot, b, paths[1], owner, taken)
                if (mine != mark(near, a, taken)).any() or (theirs != mark(near, b, taken)).any():
                    changed[a] = True
                    changed[b] = True
                    moved = True
        if not moved:
            break
