"""Silence: what a track loses when the sensors that saw it do not, and when it ends.

Only the silence of a sensor that has seen this track before counts: a hole in some radar's coverage ends
nobody.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asman.kernels.births import came_to
from asman.kernels.detection_map import DetectionMap, key_of, local_pd, look
from asman.kernels.jit import lent, small
from asman.kernels.tracklife import ANSWERS_TO_TEACH, ENDED, LOOKS_CROWDED, NEVER_NS, Rules
from asman.kernels.trackrows import CONTRIBUTORS, from_plane, usual_gap_s

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any


@lent
def miss(
    track: Record, now_ns: int, sensors: Records, detection: DetectionMap, rules: Rules, counters: Longs
) -> None:
    """Count what the track's sensors missed by now, and forget those whose coverage it left."""
    due_ns = NEVER_NS
    for i in range(CONTRIBUTORS):
        entry = track.heard[i]
        if entry.sensor < 0:
            continue
        if entry.due_ns > now_ns:
            due_ns = min(due_ns, entry.due_ns)
            continue
        sensor = sensors[entry.sensor]
        gap_s = usual_gap_s(entry.gap_s, track.on_ground, sensor)
        gap_ns = max(int(gap_s * 1e9), 1)
        x, y, z = from_plane(track.state[0], track.state[1], track.plane)
        key = key_of(entry.sensor, x, y, z, track.vertical[0])
        pd = min(local_pd(detection, key, sensor.pd), rules.miss_pd_max)
        while entry.due_ns <= now_ns:
            track.existence *= (1.0 - pd) / (1.0 - track.existence * pd)
            entry.missed += 1
            entry.due_ns += gap_ns
        # Others see it, this one no longer: the aircraft left its coverage, not the world.
        if entry.missed >= 3 and track.last_ns > entry.last_ns + gap_ns:
            if track.answers >= ANSWERS_TO_TEACH:
                counters[LOOKS_CROWDED] += look(detection, key, 0.0, entry.missed)
            entry.sensor = -1
            continue
        due_ns = min(due_ns, entry.due_ns)
    track.due_ns = due_ns


@small
def survival(track: Record, speed2: float, rules: Rules) -> float:
    """Probability that an aircraft flies a second later: high ones cannot land, slow ones are about to."""
    if track.address >= 0 and track.vertical[0] > rules.landing_m:
        return rules.survival_high_per_s
    # Drones and gliders, which nobody asks, always fly as slowly as one lands.
    if track.answers > 0 and speed2 < rules.landing_mps * rules.landing_mps:
        return rules.survival_slow_per_s
    return rules.survival_per_s


@small
def fade(
    track: Record,
    now_ns: int,
    sensors: Records,
    detection: DetectionMap,
    births: Floats,
    rules: Rules,
    counters: Longs,
) -> None:
    """Count what the track's sensors missed by now, and end the track when too little is left of it."""
    vx, vy = track.state[2], track.state[3]
    speed2 = vx * vx + vy * vy
    track.existence *= survival(track, speed2, rules)
    if track.due_ns <= now_ns:
        miss(track, now_ns, sensors, detection, rules, counters)
    if track.confirmed == 1:
        # It waits: misses come in runs, so no number of them proves that it is gone.
        if track.plots > 1:
            track.existence = max(track.existence, rules.least_existence)
        # One answer that nothing followed may have been an echo of another's: it proves one turn.
        unseen = track.plots == 1 and track.heard[0].missed > 0
        track.shown = int(track.existence >= rules.show_existence and not unseen)
    least = rules.end_echo_existence if track.answers == 0 else rules.end_tentative_existence
    if (
        ((track.confirmed == 0 or track.plots == 1) and track.existence < least)
        or now_ns - max(track.last_ns, track.shared_ns) > rules.coast_ns
        or speed2 > rules.speed_max_mps * rules.speed_max_mps
    ):
        track.alive = 0
        counters[ENDED] += 1
        if track.confirmed == 0 or track.plots == 1:
            came_to(births, track.born_sensor, track.born_kind, 1)
