"""Registration: what several sensors say of straight flights tells how each of them errs.

Over a block of time (twenty seconds) an aircraft that flies straight has one place, one velocity and at most
a slight acceleration. What its sensors add to that is the same for all aircraft: a radar a range bias, a
range gain, an azimuth bias, a time bias; reports of positions a time bias alone. The motion is eliminated
(straight.py); what is left is information on biases, with nothing counted twice. The track's own filter,
which every sensor pulls its way, has no part in it. An aircraft's own errors stay with it from block to
block, so their prior is widened by as many blocks as they last.

A block is used only if its residual is what the noise and the uncertainty of the biases allow: a turn is not
straight, a wrong association and a false position do not fit. Where leaving out one radar mends the fit, that
one is blamed and the others are used. Position reports are believed only as far as they agree with radars:
first these are compared with one another, and what all flights of the block have said of them is what each
report must fit then. If many do not, none is believed: the sky is spoofed. Where one radar alone stands
against reports, a crowd of aircraft must agree.

Source: X. Lin, Y. Bar-Shalom, T. Kirubarajan, "Multisensor multitarget bias estimation for general
asynchronous sensors", IEEE Trans. AES 41(3), 2005 (biases from differences of plots alone).
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.information import absorb, factor
from asman.kernels.jit import kernel, lent, part, small
from asman.kernels.straight import (
    REPORTS,
    UNKNOWNS,
    Block,
    assemble,
    chi_square_limit,
    copy_block,
    eliminate,
    empty_block,
    misfit,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Structured arrays: numpy's types have no names for their fields.
Records = Any

#: Blocks for which an aircraft's own errors stay the same: navigation drifts over minutes.
LASTING: Final = 20.0
#: A block changes its velocity by no more, or it is a manoeuvre [m/s].
STEADY_MPS: Final = 15.0
#: Sensors of one block; more are left out of it.
LOCAL_MAX: Final = 10
#: Sets of slots whose prior is kept at hand.
SETS: Final = 64
#: Aircraft that must agree where one radar alone stands against position reports.
CROWD: Final = 8

#: Columns of a tally, a row a slot: blocks used, blocks in which it was blamed, or could not be cleared.
USED, BLAMED, TALLIES = range(3)

#: No reports are believed in a block of time in which more than this share contradict several radars.
LIES_MAX: Final = 0.25

#: What became of a block: unused or a turn, no fit, radars alone fit, all fits, one radar fits reports.
UNUSED, MISFIT, RADARS_FIT, FIT, LONELY = range(5)


@small
def list_slots(seen: Records, slot_of: Ints, local: Ints, slots: Ints) -> int:
    """Number the slots that saw a track in a block, in rising order, after that of the reports; how many."""
    for s in range(local.size):
        local[s] = -1
    for i in range(seen.size):
        local[slot_of[seen[i].sensor]] = 0
    local[REPORTS] = 0
    used = 0
    for s in range(local.size):
        if local[s] == 0 and used < LOCAL_MAX:
            local[s] = used
            slots[used] = s
            used += 1
        else:
            local[s] = -1
    return used


@small
def has_reports(seen: Records, slot_of: Ints) -> bool:
    """Whether position reports are among the observations of a block."""
    found = False
    for i in range(seen.size):
        found |= slot_of[seen[i].sensor] == REPORTS
    return found


@small
def is_steady(seen: Records) -> bool:
    """Whether the track's velocity is the same at the end of a block as at its begin."""
    last = seen.size - 1
    de, dn = seen[last].ve_mps - seen[0].ve_mps, seen[last].vn_mps - seen[0].vn_mps
    return de * de + dn * dn < STEADY_MPS * STEADY_MPS


class Priors(NamedTuple):
    """Factors of the covariance of biases, of sets of slots: aircraft in one place are seen by the same.

    slots   (N, LOCAL_MAX + 1)  slots of each set, as `list_slots` numbers them; -1 behind the last
    factor  (N, L, L)           lower Cholesky factors, in that order
    used    (2,)                sets in use, and the one that has to make room next
    """

    slots: Ints
    factor: Floats
    used: Ints


@part
def no_priors(room: int) -> Priors:
    """Room for the sets of one block of time."""
    return Priors(
        np.empty((SETS, LOCAL_MAX + 1), np.int64), np.empty((SETS, room, room)), np.zeros(2, np.int64)
    )


@lent
def prior_of(slots: Ints, used: int, covariance: Floats, priors: Priors) -> int:
    """Place of a set of slots among priors, where its factor is once it was asked for."""
    for n in range(priors.used[0]):
        i = 0
        while i < used and priors.slots[n, i] == slots[i]:
            i += 1
        if i == used and priors.slots[n, used] < 0:
            return n
    n = priors.used[0]
    if n < SETS:
        priors.used[0] += 1
    else:
        n = priors.used[1]
        priors.used[1] = (n + 1) % SETS
    for i in range(used):
        priors.slots[n, i] = slots[i]
    priors.slots[n, used] = -1
    prior = priors.factor[n]
    for p in range(UNKNOWNS * used):
        at = UNKNOWNS * slots[p // UNKNOWNS] + p % UNKNOWNS
        for q in range(UNKNOWNS * used):
            prior[p, q] = covariance[at, UNKNOWNS * slots[q // UNKNOWNS] + q % UNKNOWNS]
    factor(UNKNOWNS * used, prior)
    return n


@lent
def judge_block(
    seen: Records, sensors: Records, slot_of: Ints, kind_of: Ints, spread: Floats, local: Ints, slots: Ints,
    used: int, dropped: int, also: int, prior: Floats, mean: Floats, block: Block, work: Block, m: Floats,
    half: Floats, g: Floats,
) -> tuple[float, int]:  # fmt: skip
    """Residual of a block over what may be, without two slots: at most 1, it fits; infinite: nothing to test.

    prior   of the unknowns, in units of `spread`, factored
    mean    the same of all slots, about the biases that are applied; empty: it is zero
    block   out: its normal equations; the second result says of how many rows
    """
    size = UNKNOWNS * used
    kept = -1
    if also >= 0:
        kept = local[also]
        local[also] = -1
    square, rows = assemble(seen, sensors, slot_of, kind_of, spread, local, dropped, size, block)
    if also >= 0:
        local[also] = kept
    freedom = rows - 4
    if freedom < 2:
        return math.inf, rows
    copy_block(size, block, work)
    nb, c = work.nb, work.c
    square = eliminate(size, 1.0, work, square)
    if mean.size > 0:
        for p in range(size):
            at = UNKNOWNS * slots[p // UNKNOWNS] + p % UNKNOWNS
            g[p] = nb[p]
            for q in range(size):
                g[p] -= c[p, q] * mean[UNKNOWNS * slots[q // UNKNOWNS] + q % UNKNOWNS]
            square -= mean[at] * (nb[p] + g[p])
        for p in range(size):
            nb[p] = g[p]
    return misfit(size, c, nb, square, prior, m, half, g) / chi_square_limit(freedom), rows


@lent
def gather(
    slots: Ints, used: int, weight: float, c: Floats, nb: Floats, information: Floats, vector: Floats
) -> None:
    """Add the information of one block to that of all."""
    for p in range(UNKNOWNS * used):
        at = UNKNOWNS * slots[p // UNKNOWNS] + p % UNKNOWNS
        vector[at] += weight * nb[p]
        for q in range(UNKNOWNS * used):
            information[at, UNKNOWNS * slots[q // UNKNOWNS] + q % UNKNOWNS] += weight * c[p, q]


@kernel
def learn_blocks(
    seen: Records, first: Ints, sensors: Records, slot_of: Ints, kind_of: Ints, spread: Floats,
    covariance: Floats, information: Floats, vector: Floats, tally: Ints,
) -> None:  # fmt: skip
    """Add to the information on biases what the tracks of one block of time say.

    seen         (N,)       OBSERVATION, by track, each in the order of time
    first        (G + 1,)   rows of each track
    slot_of      (sensors,) slot of each sensor; kind_of: RADAR, ADSB or MLAT
    spread       (4S,)      m, 1, rad, s  unit of each unknown
    covariance   (4S, 4S)   1  of the unknowns as they are known
    information  (4S, 4S)   1  zeros, filled; vector (4S,) its right side, about the biases that are applied
    tally        (S, 2)        added to: blocks used, blocks in which a slot was to blame
    """
    room = UNKNOWNS * LOCAL_MAX
    block, work, scratch = empty_block(room), empty_block(room), np.empty(room)
    m, half = np.empty((room, room)), np.empty((room, room))
    priors = no_priors(room)
    local, slots = np.empty(tally.shape[0], np.int64), np.empty(LOCAL_MAX, np.int64)
    tracks = first.size - 1
    verdict, without = np.zeros(tracks, np.int64), np.full(tracks, -1, np.int64)
    fit = np.zeros(tracks)
    mean = np.empty(0)
    of_radars, its_vector = np.zeros_like(information), np.zeros(spread.size)
    crowd = np.zeros(tally.shape[0], np.int64)
    told = np.zeros(tracks, np.bool_)
    reports = 0
    for g in range(tracks):
        part = seen[first[g] : first[g + 1]]
        used = list_slots(part, slot_of, local, slots)
        told[g] = used >= 2 and has_reports(part, slot_of) and is_steady(part)
        reports += told[g]
        if used < 3 or not is_steady(part):
            continue
        prior = priors.factor[prior_of(slots, used, covariance, priors)]
        best, rows = judge_block(
            part, sensors, slot_of, kind_of, spread, local, slots, used, REPORTS, -1, prior, mean, block,
            work, m, half, scratch,
        )  # fmt: skip
        if best == math.inf:
            continue
        verdict[g] = MISFIT
        if best > 1.0 and used > 3:
            for s in range(1, used):
                again, _ = judge_block(
                    part, sensors, slot_of, kind_of, spread, local, slots, used, REPORTS, slots[s],
                    prior, mean, block, work, m, half, scratch,
                )  # fmt: skip
                if again < best:
                    best, without[g] = again, slots[s]
        if best <= 1.0:
            verdict[g] = RADARS_FIT
            fit[g] = best
            size = UNKNOWNS * used
            if without[g] >= 0:
                local[without[g]] = -1
                _, rows = assemble(part, sensors, slot_of, kind_of, spread, local, REPORTS, size, block)
            eliminate(size, LASTING, block, 0.0)
            weight = weight_of(best, rows)
            # Of whom no report tells, nothing will be added: what its radars say is all.
            if told[g]:
                gather(slots, used, weight, block.c, block.nb, of_radars, its_vector)
            else:
                gather(slots, used, weight, block.c, block.nb, information, vector)
    asked, lies = 0, 0
    if reports > 0:
        by_radars, mean = absorb(covariance, information + of_radars, vector + its_vector)
        priors.used[:] = 0
        for g in range(tracks):
            if not told[g] or verdict[g] == MISFIT:
                continue
            part = seen[first[g] : first[g + 1]]
            used = list_slots(part, slot_of, local, slots)
            prior = priors.factor[prior_of(slots, used, by_radars, priors)]
            again, _ = judge_block(
                part, sensors, slot_of, kind_of, spread, local, slots, used, without[g], -1, prior, mean,
                block, work, m, half, scratch,
            )  # fmt: skip
            if again < math.inf and verdict[g] == RADARS_FIT:
                asked += 1
                lies += again > 1.0
            if again <= 1.0:
                verdict[g] = FIT if verdict[g] == RADARS_FIT else LONELY
                fit[g] = again
                crowd[slots[1]] += verdict[g] == LONELY
            elif again < math.inf:
                tally[REPORTS, BLAMED] += 1
                if used == 2:
                    tally[slots[1], BLAMED] += 1
    for g in range(tracks):
        part = seen[first[g] : first[g + 1]]
        used = list_slots(part, slot_of, local, slots)
        if verdict[g] == MISFIT:
            for s in range(1, used):
                tally[slots[s], BLAMED] += 1
        if verdict[g] == FIT and lies > LIES_MAX * asked:
            verdict[g] = RADARS_FIT
        alone = verdict[g] == LONELY and (crowd[slots[1]] < CROWD or lies > LIES_MAX * asked)
        if verdict[g] < RADARS_FIT or alone:
            continue
        if without[g] >= 0:
            tally[without[g], BLAMED] += 1
            local[without[g]] = -1
        dropped = REPORTS if verdict[g] == RADARS_FIT else -1
        if told[g]:
            size = UNKNOWNS * used
            _, rows = assemble(part, sensors, slot_of, kind_of, spread, local, dropped, size, block)
            eliminate(size, LASTING, block, 0.0)
            gather(slots, used, weight_of(fit[g], rows), block.c, block.nb, information, vector)
        for s in range(0 if dropped < 0 else 1, used):
            if slots[s] != without[g]:
                tally[slots[s], USED] += 1


@small
def weight_of(fit: float, rows: int) -> float:
    """What fits badly counts for less; so sigmas that are told too small do no harm."""
    return 1.0 / max(1.0, fit * chi_square_limit(rows - 4) / (rows - 4))
