"""Reporting responsibility: one member reports each joint track, and everybody can see which.

The best reporter holds it: the one whose own track knows the place best. It stays with the holder until
another has been better by a clear factor for some time, so that it does not wander; or until people hand it
over, which holds as long as the new holder is heard; or until the holder is silent, when the best takes over.
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.fusion.joint_state import Happened, JointState
from asman.units import SECOND_NS

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: Who takes over unasked is better by this factor in standard deviation, for this long.
BETTER: Final = 1.5
FOR_NS: Final = 10 * SECOND_NS
#: A holder whose track was not told for so long is silent.
SILENCE_NS: Final = 10 * SECOND_NS


class Reporters(NamedTuple):
    """Sources that count, by joint track and then the better first.

    joint      (M,)  row of the joint track
    stream     (M,)
    sigma_m    (M,)  standard deviation of the place now
    silent     (M,)  not told lately
    """

    joint: Longs
    stream: Longs
    sigma_m: Floats
    silent: NDArray[np.bool_]


def held(state: JointState, reporters: Reporters, now_ns: int) -> JointState:
    """Who reports each joint track now."""
    joints = state.joints
    count = len(joints.number)
    quality = np.where(reporters.silent, np.inf, reporters.sigma_m)
    order = np.lexsort((reporters.stream, quality, reporters.joint))
    first = np.full(count, -1, np.int64)
    first[reporters.joint[order[::-1]]] = order[::-1]
    best = reporters.stream[first]
    best_m = quality[first]
    holds = reporters.stream == joints.holder[reporters.joint]
    holder_m = np.full(count, np.inf)
    holder_m[reporters.joint[holds]] = quality[holds]
    better = (best != joints.holder) & (BETTER * best_m < holder_m)
    rival_ns = np.where(better & (joints.rival == best), joints.rival_ns, now_ns)
    rival = np.where(better, best, -1)
    silent = np.isinf(holder_m)
    # Where all are silent the holder keeps it, as long as it is there.
    there = np.zeros(count, np.bool_)
    there[reporters.joint[holds]] = True
    change = (silent & (np.isfinite(best_m) | ~there)) | (better & (now_ns - rival_ns >= FOR_NS))
    holder = np.where(change, best, joints.holder)
    holder, by_hand = _handed(state, reporters, quality, holder)
    told = [
        Happened(
            "handed over" if by_hand[k] else "taken over" if silent[k] else "handed over",
            int(joints.number[k]),
            member=state.streams[holder[k]].origin,
            before=state.streams[joints.holder[k]].origin,
        )
        for k in np.flatnonzero((holder != joints.holder) & (joints.holder >= 0)).tolist()
    ]
    joints = msgspec.structs.replace(joints, holder=holder, rival=rival, rival_ns=rival_ns)
    return msgspec.structs.replace(state, joints=joints, happened=(*state.happened, *told))


def _handed(
    state: JointState, reporters: Reporters, quality: Floats, holder: Longs
) -> tuple[Longs, NDArray[np.bool_]]:
    """What people handed over, as long as the new holder is heard."""
    by_hand = np.zeros(len(holder), np.bool_)
    for number, member in state.decisions.holders.items():
        k = int(np.searchsorted(state.joints.number, number))
        if k >= len(holder) or state.joints.number[k] != number:
            continue
        for m in np.flatnonzero((reporters.joint == k) & np.isfinite(quality)).tolist():
            if state.streams[reporters.stream[m]].origin == member:
                holder[k] = reporters.stream[m]
                by_hand[k] = True
    return holder, by_hand
