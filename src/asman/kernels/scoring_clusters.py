"""Clusters of aircraft that contend for tracks, and who is whom in a small one, exactly.

Aircraft that share a track near them, directly or through others, form a cluster; clusters do not touch.
A joint holding says for each aircraft of the cluster which track it holds, or none, no track twice. With
a few aircraft and tracks there are a few dozen, and the best sequence of them is found by Viterbi's
algorithm outright. The same costs as in `scoring_trajectories`, which solves clusters too large for this.

Source: A. J. Viterbi, "Error bounds for convolutional codes", IEEE Trans. Information Theory 13, 1967.
"""

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def clusters(pair_start: Ints, pair_track: Ints, tracks: int) -> tuple[Ints, Ints]:
    """Number the clusters of aircraft that share tracks, directly or through others.

    returns  cluster of each aircraft (A,); of each track a slot (J,), -1 where one aircraft alone may hold it
    """
    aircraft = pair_start.size - 1
    root = np.arange(aircraft)
    first = np.full(tracks, -1, np.int64)
    slot = np.full(tracks, -1, np.int64)
    slots = 0
    for a in range(aircraft):
        for pair in range(pair_start[a], pair_start[a + 1]):
            j = pair_track[pair]
            if first[j] < 0:
                first[j] = a
                continue
            if slot[j] < 0:
                slot[j] = slots
                slots += 1
            x, y = a, first[j]
            while root[x] != x:
                root[x] = root[root[x]]
                x = root[x]
            while root[y] != y:
                root[y] = root[root[y]]
                y = root[y]
            root[max(x, y)] = min(x, y)
    for a in range(aircraft):
        x = a
        while root[x] != x:
            x = root[x]
        root[a] = x
    return root, slot


@kernel
def holdings(pairs: Ints, track: Ints, most: int) -> Ints:
    """Every joint holding of a cluster, (H, n): 0 for none, else 1 + the pair counted within the aircraft.

    pairs  (n + 1,)  pairs of aircraft i are pairs[i] : pairs[i + 1]
    track  (P,)      track of each pair
    most             give up, and return no rows, where there are more than this
    """
    aircraft = pairs.size - 1
    found = np.zeros((most, aircraft), np.int64)
    count = 0
    now = np.zeros(aircraft, np.int64)
    while True:
        clash = False
        for i in range(aircraft):
            for other in range(i):
                if (
                    now[i] > 0
                    and now[other] > 0
                    and track[pairs[i] + now[i] - 1] == track[pairs[other] + now[other] - 1]
                ):
                    clash = True
        if not clash:
            if count == most:
                return found[:0].copy()
            found[count] = now
            count += 1
        # The next number in a system whose digits have the aircraft's own bases.
        digit = 0
        while digit < aircraft and now[digit] == pairs[digit + 1] - pairs[digit]:
            now[digit] = 0
            digit += 1
        if digit == aircraft:
            return found[:count].copy()
        now[digit] += 1


@kernel
def best_joint_path(pairs: Ints, held: Ints, gain: Floats, switch: float) -> Ints:
    """The best sequence of joint holdings: (K,) rows of `held`.

    pairs  (n + 1,)  as in `holdings`
    held   (H, n)    joint holdings
    gain   (P, K)    of each pair at each instant, >= 0
    switch           of a change from track to track; half of it from or to none
    """
    count = held.shape[0]
    instants = gain.shape[1]
    change = np.zeros((count, count))
    for x in range(count):
        for y in range(count):
            for i in range(held.shape[1]):
                if held[x, i] != held[y, i]:
                    change[x, y] += switch if held[x, i] > 0 and held[y, i] > 0 else 0.5 * switch
    value = np.zeros(count)
    arrived = np.empty(count)
    back = np.zeros((instants, count), np.int16)
    for k in range(instants):
        for y in range(count):
            best = y
            if k > 0:
                for x in range(count):
                    if value[x] - change[x, y] > value[best] - change[best, y]:
                        best = x
            back[k, y] = best
            arrived[y] = value[best] - change[best, y] if k > 0 else 0.0
            for i in range(held.shape[1]):
                if held[y, i] > 0:
                    arrived[y] += gain[pairs[i] + held[y, i] - 1, k]
        value[:] = arrived
    path = np.empty(instants, np.int64)
    now = np.argmax(value)
    for k in range(instants - 1, -1, -1):
        path[k] = now
        now = back[k, now]
    return path
