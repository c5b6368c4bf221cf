"""Joint tracks: states over several members' contributions, and what is done to one of them.

A state is a place on the ellipsoid, a velocity over east and north there, and a covariance in the same axes.
Between contributions it goes on with constant velocity and white acceleration noise; how much noise is one of
a few levels, chosen as the likeliest when something new is heard (a manoeuvre shows at once, and calms down).
What is new is an equivalent measurement: a Kalman correction in information form. Where nobody knows what a
contribution is made of, covariance intersection takes its place. A state is made anew from the latest states
of all contributors when one joins or leaves: their tracks follow one aircraft's manoeuvres, so their errors
have something in common, CORRELATION of their size, and the sum of information is divided accordingly.

Sources: Y. Bar-Shalom, P. Willett, X. Tian, "Tracking and Data Fusion", 2011, 9.3 to 9.5; Y. Bar-Shalom, "On
the track-to-track correlation problem", IEEE TAC 26, 1981; S. Julier, J. Uhlmann, ACC 1997 (intersection).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.information import factor, forward
from asman.kernels.jit import kernel, lent
from asman.kernels.states import LEVELS, States, apart, carry, correct, move, opened
from asman.kernels.tracklets import SIZE, eigen, inverse, turned
from asman.kernels.trackrows import SECOND

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Bytes = NDArray[np.int8]

#: A step from one level to another costs so much log likelihood.
CHANGE: Final = 2.0
#: Below this squared distance nobody asks whether another level were likelier.
CALM: Final = 3.0
#: Beyond it a contribution is not of this state: it is made anew.
REFUSED: Final = 60.0
#: What two members' errors have in common, of their size, because they follow the same manoeuvres.
CORRELATION: Final = 0.3
#: A contribution that is older than the state by more is not carried on to it [s].
LATE_S: Final = 5.0

#: A state that strayed so far from what its contributors know now (squared distance) is made anew.
PARTED: Final = 0.5

#: So does one whose contributors' variance is larger by this factor: they see a manoeuvre.
OPENED: Final = 2.6

#: What a row is: nothing learned, an equivalent measurement, or a state that nobody knows the making of.
NOTHING: Final = 0
LEARNED: Final = 1
UNKNOWN: Final = 2

#: Places in `counted`.
FUSED, INTERSECTED, TOO_LATE, NOT_OF_IT, MADE_ANEW, STRAYED, EVENTS = 0, 1, 2, 3, 4, 5, 6


@lent
def absorbed(p: Floats, information: Floats, push: Floats, out: Floats, step: Floats, work: Floats) -> float:
    """Covariance `out` and `step` once information and push joined p; returns log det(p) - log det(out).

    As information.absorb, on lent arrays: work (3, 4, 4).
    """
    lower, half, inner = work[0], work[1], work[2]
    for a in range(SIZE):
        for b in range(SIZE):
            lower[a, b] = p[a, b]
    factor(SIZE, lower)
    for a in range(SIZE):
        for b in range(SIZE):
            s = 0.0
            for k in range(b, SIZE):
                s += information[a, k] * lower[k, b]
            half[a, b] = s
    for a in range(SIZE):
        for b in range(SIZE):
            s = 1.0 if a == b else 0.0
            for k in range(a, SIZE):
                s += lower[k, a] * half[k, b]
            inner[a, b] = s
    factor(SIZE, inner)
    gained = 0.0
    for a in range(SIZE):
        gained += 2.0 * math.log(inner[a, a])
    # Rows of K^-1 L', K the factor of `inner`.
    for a in range(SIZE):
        for b in range(SIZE):
            half[a, b] = lower[b, a]
    for a in range(SIZE):
        for k in range(a):
            s = inner[a, k]
            for b in range(SIZE):
                half[a, b] -= s * half[k, b]
        for b in range(SIZE):
            half[a, b] /= inner[a, a]
    for a in range(SIZE):
        step[a] = 0.0
        for b in range(SIZE):
            s = 0.0
            for k in range(SIZE):
                s += half[k, a] * half[k, b]
            out[a, b] = s
    for a in range(SIZE):
        for b in range(SIZE):
            step[a] += out[a, b] * push[b]
    return gained


@lent
def _distance2(push: Floats, step: Floats, off: Floats) -> float:
    """Squared distance of what was absorbed: off' S^-1 off, with push = information off."""
    d = 0.0
    for a in range(SIZE):
        d += push[a] * (off[a] - step[a])
    return max(d, 0.0)


@lent
def _forwarded(dt: float, noise: float, information: Floats, off: Floats, work: Floats) -> None:
    """Carry an equivalent measurement on by dt: what it says of a later state is worth less.

    work (6, 4, 4)
    """
    out, scratch, step = work[3], work[4], work[5, 0]
    for q in range(SIZE):
        information[2, q] -= dt * information[0, q]
        information[3, q] -= dt * information[1, q]
    for q in range(SIZE):
        information[q, 2] -= dt * information[q, 0]
        information[q, 3] -= dt * information[q, 1]
    off[0] += dt * off[2]
    off[1] += dt * off[3]
    for a in range(SIZE):
        step[a] = 0.0
        for b in range(SIZE):
            scratch[a, b] = 0.0
    opened(dt, noise, scratch)
    absorbed(scratch, information, step, out, work[5, 1], work)
    # I - I (I + Q^-1)^-1 I
    for a in range(SIZE):
        for b in range(SIZE):
            s = 0.0
            for k in range(SIZE):
                s += information[a, k] * out[k, b]
            scratch[a, b] = s
    for a in range(SIZE):
        for b in range(SIZE):
            s = 0.0
            for k in range(SIZE):
                s += scratch[a, k] * information[k, b]
            out[a, b] = s
    for a in range(SIZE):
        for b in range(SIZE):
            information[a, b] -= 0.5 * (out[a, b] + out[b, a])


@lent
def _fuse(
    joint: States, k: int, dt: float, off: Floats, information: Floats, plane: Floats, work: Floats
) -> float:
    """Join an equivalent measurement, choosing the level of noise over the last dt; the squared distance.

    off   (4,) what it speaks of, less the state carried on by dt; spent
    work  (9, 4, 4)
    """
    push, step, best_step = work[5, 2], work[5, 3], work[6, 0]
    wider, out, best_out = work[3], work[7], work[8]
    for a in range(SIZE):
        push[a] = 0.0
        for b in range(SIZE):
            push[a] += information[a, b] * off[b]
    was = joint.level[k]
    best, best_d2, found = -1e300, 0.0, was
    for turn in range(len(LEVELS)):
        # The present one first: mostly nobody has to ask further.
        level = was if turn == 0 else (turn - 1 if turn <= was else turn)
        for a in range(SIZE):
            for b in range(SIZE):
                wider[a, b] = joint.covariance[k, a, b]
        opened(dt, LEVELS[level], wider)
        gained = absorbed(wider, information, push, out, step, work)
        d2 = _distance2(push, step, off)
        score = -0.5 * d2 - 0.5 * gained - (CHANGE if level != was else 0.0)
        if score > best:
            best, best_d2, found = score, d2, level
            for a in range(SIZE):
                best_step[a] = step[a]
                for b in range(SIZE):
                    best_out[a, b] = out[a, b]
        if turn == 0 and was == 0 and d2 < CALM:
            break
    if best_d2 > REFUSED:
        return best_d2
    joint.level[k] = found
    for a in range(SIZE):
        for b in range(SIZE):
            joint.covariance[k, a, b] = best_out[a, b]
    # The move over dt and the correction in one.
    e = dt * joint.velocity[k, 0] + best_step[0]
    n = dt * joint.velocity[k, 1] + best_step[1]
    joint.velocity[k, 0] += best_step[2]
    joint.velocity[k, 1] += best_step[3]
    move(joint, k, e, n, plane)
    return best_d2


@lent
def _intersect(joint: States, k: int, off: Floats, theirs: Floats, plane: Floats, work: Floats) -> None:
    """Covariance intersection of a state with one that is `off` from it, by the weight of least volume."""
    of_theirs, root, k_matrix, axes = work[3], work[4], work[5], work[6]
    out, step = work[7], work[8, 0]
    inverse(theirs, of_theirs, work[0], work[1, 0])
    for a in range(SIZE):
        for b in range(SIZE):
            root[a, b] = joint.covariance[k, a, b]
    factor(SIZE, root)
    for a in range(SIZE):
        for b in range(SIZE):
            s = 0.0
            for i in range(a, SIZE):
                for j in range(b, SIZE):
                    s += root[i, a] * of_theirs[i, j] * root[j, b]
            k_matrix[a, b] = s
    eigen(k_matrix, axes)
    low, high = 0.0, 1.0
    for _ in range(40):
        w = 0.5 * (low + high)
        slope = 0.0
        for a in range(SIZE):
            slope += (1.0 - k_matrix[a, a]) / (w + (1.0 - w) * k_matrix[a, a])
        if slope > 0.0:
            low = w
        else:
            high = w
    w = max(0.5 * (low + high), 1e-6)
    push = work[8, 1]
    for a in range(SIZE):
        push[a] = 0.0
        for b in range(SIZE):
            of_theirs[a, b] *= 1.0 - w
            root[a, b] = joint.covariance[k, a, b] / w
        for b in range(SIZE):
            push[a] += of_theirs[a, b] * off[b]
    absorbed(root, of_theirs, push, out, step, work)
    for a in range(SIZE):
        for b in range(SIZE):
            joint.covariance[k, a, b] = out[a, b]
    correct(joint, k, step, plane)


@kernel
def take_in(
    joint: States, rows: States, of: Longs, kind: Bytes, about: Floats, information: Floats, broken: Bytes,
    counted: Longs,
) -> None:  # fmt: skip
    """Join rows, in the order given, to the states that they are of.

    joint        states; changed
    rows         (R,) the contributors' own states
    of           (R,) row of `joint`; -1: of none
    kind         (R,) NOTHING, LEARNED, UNKNOWN
    about        (R, 4)     what was learned, less the row's state
    information  (R, 4, 4)
    broken       (J,) out: 1 where a state has to be made anew
    counted      (EVENTS,)
    """
    plane, work = np.empty((1, 7)), np.empty((9, SIZE, SIZE))
    off, none, info = np.empty(SIZE), np.zeros(SIZE), np.empty((SIZE, SIZE))
    for r in range(of.size):
        k = of[r]
        if k < 0 or kind[r] == NOTHING:
            continue
        dt = (rows.time_ns[r] - joint.time_ns[k]) * SECOND
        if dt < -LATE_S:
            counted[TOO_LATE] += 1
            broken[k] = 1
            continue
        ahead = max(dt, 0.0)
        if kind[r] == LEARNED:
            # A late row speaks of where the state was; it is carried on to now with the row's own velocity.
            turn = apart(joint, k, min(dt, 0.0) + ahead, rows, r, about[r], off, plane)
            info[:] = information[r]
            turned(math.cos(turn), -math.sin(turn), info)
            if dt < 0.0:
                # off is against the state then: (place less dt velocity), velocity.
                _forwarded(-dt, LEVELS[joint.level[k]], info, off, work)
            d2 = _fuse(joint, k, ahead, off, info, plane, work)
            if d2 > REFUSED:
                counted[NOT_OF_IT] += 1
                broken[k] = 1
                continue
            counted[FUSED] += 1
        else:
            carry(joint, k, int(rows.time_ns[r]), plane)
            info[:] = rows.covariance[r]
            turn = apart(joint, k, 0.0, rows, r, none, off, plane)
            turned(math.cos(turn), -math.sin(turn), info)
            if dt < 0.0:
                off[0] -= dt * (off[2] + joint.velocity[k, 0])
                off[1] -= dt * (off[3] + joint.velocity[k, 1])
                opened(-dt, LEVELS[joint.level[k]], info)
            _intersect(joint, k, off, info, plane, work)
            counted[INTERSECTED] += 1
        joint.time_ns[k] = max(joint.time_ns[k], rows.time_ns[r])


@kernel
def make_anew(joint: States, which: Longs, first: Longs, members: Longs, rows: States, kind: Bytes) -> None:
    """Make states of the latest states of those who contribute.

    which    (K,)    rows of `joint`
    first    (K+1,)  where each one's contributors stand in `members`; one at least
    members  (M,)    rows of `rows`; those that nobody knows the making of come last
    """
    plane, work = np.empty((1, 7)), np.empty((9, SIZE, SIZE))
    off, none, theirs = np.empty(SIZE), np.zeros(SIZE), np.empty((SIZE, SIZE))
    of_theirs, push, out, step = (
        np.empty((SIZE, SIZE)), np.empty(SIZE), np.empty((SIZE, SIZE)), np.empty(SIZE),
    )  # fmt: skip
    for i in range(which.size):
        k = which[i]
        known, latest = 0, int(rows.time_ns[members[first[i]]])
        for m in members[first[i] : first[i + 1]]:
            known += 1 if kind[m] != UNKNOWN else 0
            latest = max(latest, int(rows.time_ns[m]))
        common = 1.0 + (known - 1) * CORRELATION if known > 1 else 1.0
        head = members[first[i]]
        joint.time_ns[k] = rows.time_ns[head]
        joint.lat[k], joint.lon[k] = rows.lat[head], rows.lon[head]
        joint.velocity[k] = rows.velocity[head]
        joint.covariance[k] = rows.covariance[head]
        carry(joint, k, latest, plane)
        joint.covariance[k] *= common
        for m in members[first[i] + 1 : first[i + 1]]:
            dt = (latest - int(rows.time_ns[m])) * SECOND
            theirs[:] = rows.covariance[m]
            turn = apart(joint, k, 0.0, rows, m, none, off, plane)
            turned(math.cos(turn), -math.sin(turn), theirs)
            off[0] += dt * (off[2] + joint.velocity[k, 0])
            off[1] += dt * (off[3] + joint.velocity[k, 1])
            opened(dt, LEVELS[joint.level[k]], theirs)
            if kind[m] == UNKNOWN:
                _intersect(joint, k, off, theirs, plane, work)
                continue
            theirs *= common
            inverse(theirs, of_theirs, work[0], work[1, 0])
            for a in range(SIZE):
                push[a] = 0.0
                for b in range(SIZE):
                    push[a] += of_theirs[a, b] * off[b]
            absorbed(joint.covariance[k], of_theirs, push, out, step, work)
            joint.covariance[k] = out
            correct(joint, k, step, plane)


@kernel
def watch(joint: States, anew: States, which: Longs, counted: Longs) -> None:
    """Hold states against those made anew at the same time: these know of manoeuvres what their makers know.

    Farther from it than PARTED, or while it manoeuvres, a state is replaced by it.

    joint, anew  states; `anew` is of rows `which`, of no earlier times
    """
    plane, work = np.empty((1, 7)), np.empty((2, SIZE, SIZE))
    off, none = np.empty(SIZE), np.zeros(SIZE)
    for i in range(which.size):
        k = which[i]
        carry(joint, k, int(anew.time_ns[i]), plane)
        apart(joint, k, 0.0, anew, i, none, off, plane)
        root = work[0]
        for a in range(SIZE):
            for b in range(SIZE):
                root[a, b] = anew.covariance[i, a, b]
        factor(SIZE, root)
        forward(SIZE, root, off)
        d2 = 0.0
        for a in range(SIZE):
            d2 += off[a] * off[a]
        wide = anew.covariance[i, 0, 0] + anew.covariance[i, 1, 1]
        wild = wide > OPENED * (joint.covariance[k, 0, 0] + joint.covariance[k, 1, 1])
        if (d2 > PARTED or joint.level[k] > 0 or wild) and joint.time_ns[k] <= anew.time_ns[i]:
            joint.lat[k], joint.lon[k] = anew.lat[i], anew.lon[i]
            joint.velocity[k] = anew.velocity[i]
            joint.covariance[k] = anew.covariance[i]
            counted[STRAYED] += 1
