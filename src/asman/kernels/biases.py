"""Biases: what is known of all sensors' biases goes on from block to block of time, and into the sensors.

One call a block of time: its observations are put by track, what their straight flights say
(registration.py) is absorbed, and who has changed is forgotten.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from asman.kernels.gating import bucket_of_number, table_size
from asman.kernels.information import absorb
from asman.kernels.jit import kernel
from asman.kernels.observing import ADSB, RADAR
from asman.kernels.registration import BLAMED, USED, learn_blocks
from asman.kernels.straight import (
    ADSB_TIME,
    AZIMUTH,
    GAIN,
    HEIGHT,
    MLAT_TIME,
    RANGE,
    REPORTS,
    TIME,
    UNKNOWNS,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Structured arrays: numpy's types have no names for their fields.
Records = Any

#: A sensor that does not fit, in more blocks than it does, for so many blocks of time, has changed.
STRANGE_BLOCKS: Final = 3
STRANGE_LEAST: Final = 5
#: So does one whose estimate moves by so many of its sigmas at once.
LEAP_SIGMAS: Final = 6.0


@kernel
def by_track(seen: Records) -> tuple[Records, Ints]:
    """The observations of one block of time by track, and the first row of each track (G + 1,).

    Tracks come in the order in which they were first seen, each with its plots in theirs: sorting would cost
    more than all that is learnt.
    """
    size = seen.size
    heads = np.full(table_size(size), -1, np.int64)
    leader, link = np.empty(size, np.int64), np.empty(size, np.int64)
    group_of, count = np.empty(size, np.int64), np.zeros(size + 1, np.int64)
    groups = 0
    for i in range(size):
        h = bucket_of_number(seen[i].born_ns // 1_000_003, heads.size - 1)
        g = heads[h]
        while g >= 0 and (
            seen[leader[g]].born_ns != seen[i].born_ns or seen[leader[g]].born_x != seen[i].born_x
        ):
            g = link[g]
        if g < 0:
            g = groups
            groups += 1
            leader[g], link[g] = i, heads[h]
            heads[h] = g
        group_of[i] = g
        count[g + 1] += 1
    first = np.empty(groups + 1, np.int64)
    first[0] = 0
    for g in range(groups):
        first[g + 1] = first[g] + count[g + 1]
        count[g] = first[g]
    out = np.empty(size, seen.dtype)
    for i in range(size):
        g = group_of[i]
        out[count[g]] = seen[i]
        count[g] += 1
    return out, first


@kernel
def correct(
    sensors: Records, slot_of: Ints, kind_of: Ints, estimate: Floats, covariance: Floats, spread: Floats,
    tally: Ints,
) -> None:  # fmt: skip
    """Write into sensors, which know of no biases yet, what is known of them.

    estimate     (4S,)     m, 1, rad, s
    covariance   (4S, 4S)  in units of spread (4S,)
    tally        (S, 2)    as in `learn_blocks`
    """
    clocks = 0
    shared = np.zeros(spread.size)
    for s in range(1, tally.shape[0]):
        if tally[s, USED] > 0:
            clocks += 1
            for p in range(spread.size):
                shared[p] += covariance[p, UNKNOWNS * s + TIME] * spread[p] * spread[UNKNOWNS * s + TIME]
    if clocks == 0:
        return
    all_late = 0.0
    for p in range(spread.size):
        shared[p] /= clocks
    for s in range(1, tally.shape[0]):
        if tally[s, USED] > 0:
            all_late += shared[UNKNOWNS * s + TIME] / clocks
    for i in range(sensors.size):
        if tally[slot_of[i], USED] == 0:
            continue
        sensor, at = sensors[i], UNKNOWNS * slot_of[i]
        time = at + (TIME if kind_of[i] == RADAR else (ADSB_TIME if kind_of[i] == ADSB else MLAT_TIME))
        own = covariance[time, time] * spread[time] * spread[time]
        sensor.time_bias = estimate[time]
        sensor.var_time = max(own - 2.0 * shared[time] + all_late, 0.0)
        if kind_of[i] != RADAR:
            continue
        r, g, a = at + RANGE, at + GAIN, at + AZIMUTH
        sensor.height_offset_m = estimate[UNKNOWNS * REPORTS + HEIGHT]
        sensor.range_bias_m, sensor.range_gain, sensor.azimuth_bias = estimate[r], estimate[g], estimate[a]
        sensor.var_range = covariance[r, r] * spread[r] * spread[r]
        sensor.cov_range_gain = covariance[r, g] * spread[r] * spread[g]
        sensor.var_gain = covariance[g, g] * spread[g] * spread[g]
        sensor.var_azimuth = covariance[a, a] * spread[a] * spread[a]


@kernel
def leapt(step: Floats, before: Floats, after: Floats) -> int:
    """The slot whose estimate moved by far more than what was learnt can move it, or -1.

    The variance of a step is that by which the covariance shrinks. Only the worst slot: one radar that has
    changed pulls at all that it is compared with.
    """
    worst, most = -1, LEAP_SIGMAS
    for p in range(step.size):
        sigmas = abs(step[p]) / np.sqrt(max(before[p, p] - after[p, p], 1e-12))
        if p // UNKNOWNS != REPORTS and sigmas > most:
            worst, most = p // UNKNOWNS, sigmas
    return worst


@kernel
def go_on(
    seen: Records, sensors: Records, slot_of: Ints, kind_of: Ints, spread: Floats, worn: Floats,
    estimate: Floats, covariance: Floats, tally: Ints, strange: Ints, restarts: Ints,
) -> int:  # fmt: skip
    """Learn from one block of time; all that is known is changed in place. Returns how many tracks it held.

    seen         (N,)       OBSERVATION, in the order of windows
    sensors      (sensors,) as corrected in this block; slot_of, kind_of as in `learn_blocks`
    spread       (4S,)      m, 1, rad, s
    worn         (4S,)      1  by how much each variance has grown since it was learnt, at most to 1
    estimate     (4S,)      m, 1, rad, s
    covariance   (4S, 4S)   1
    tally (S, 2), strange (S,), restarts (S,)   as in tracking.biases
    """
    part, first = by_track(seen)
    size, slots = spread.size, strange.size
    for p in range(size):
        variance = covariance[p, p]
        covariance[p, p] = max(variance, min(variance + worn[p], 1.0))
    information, vector = np.zeros((size, size)), np.zeros(size)
    told = np.zeros_like(tally)
    learn_blocks(part, first, sensors, slot_of, kind_of, spread, covariance, information, vector, told)
    after, step = absorb(covariance, information, vector)
    leaping = leapt(step, covariance, after)
    for p in range(size):
        estimate[p] += step[p] * spread[p]
        for q in range(size):
            covariance[p, q] = after[p, q]
    for s in range(slots):
        odd = told[s, BLAMED] > told[s, USED] and told[s, BLAMED] >= STRANGE_LEAST
        strange[s] = strange[s] + 1 if odd else 0
        tally[s, USED] += told[s, USED]
        tally[s, BLAMED] += told[s, BLAMED]
        if s != REPORTS and (strange[s] >= STRANGE_BLOCKS or s == leaping):
            strange[s] = 0
            restarts[s] += 1
            for p in range(UNKNOWNS * s, UNKNOWNS * (s + 1)):
                for q in range(size):
                    covariance[p, q] = covariance[q, p] = 0.0
                covariance[p, p] = 1.0
    return first.size - 1
