"""GOSPA, OSPA and T-GOSPA with their parts.

With n aircraft and m tracks at an instant, and G the largest sum of gains c^p - d^p over pairings,

    GOSPA^p = min(n, m) c^p - G + |n - m| c^p / alpha
    OSPA^p  = c^p - G / max(n, m)

so one exact assignment serves both and every alpha. With alpha = 2 the first splits into the distances of
pairs nearer than c, and c^p / 2 for each aircraft and each track left alone. T-GOSPA adds the switches of
the assignment over time: T^p = (sum over instants of (n + m) c^p / 2) - G_T + gamma^p switches.

Sources: A. S. Rahmathullah, A. F. García-Fernández, L. Svensson, FUSION 2017 (GOSPA); D. Schuhmacher,
B.-T. Vo, B.-N. Vo, IEEE TSP 56, 2008 (OSPA); García-Fernández, Rahmathullah, Svensson, IEEE TSP 68, 2020
(T-GOSPA).
"""

import numpy as np

from asman.scoring.columns import Floats, Ints
from asman.scoring.config import ScoreConfig
from asman.scoring.report import Gospa, Series, TGospa
from asman.scoring.scene import Scene


def powers(
    aircraft: Ints, tracks: Ints, gains: Floats, cutoff_m: float, order: float, alpha: float
) -> tuple[Floats, Floats]:
    """GOSPA^p and OSPA^p at each instant, from the counts (K,) and the sums of gains (K,) [m^p]."""
    unit = cutoff_m**order
    fewer, more = np.minimum(aircraft, tracks), np.maximum(aircraft, tracks)
    gospa = fewer * unit - gains + (more - fewer) * unit / alpha
    ospa = np.where(more > 0, unit - gains / np.maximum(more, 1), 0.0)
    return np.maximum(gospa, 0.0), np.maximum(ospa, 0.0)


def measure_gospa(scene: Scene, config: ScoreConfig) -> tuple[Gospa, Series]:
    """Measure every instant by its own optimal assignment."""
    p, unit = config.order, config.cutoff_m**config.order
    instants = scene.instants.time_ns.size
    present = np.bincount(scene.instant[scene.judged], minlength=instants)
    shown = np.bincount(scene.seen_instant, minlength=instants)
    hit = scene.paired >= 0
    pairs = np.bincount(scene.seen_instant[hit], minlength=instants)
    near = np.bincount(scene.seen_instant[hit], weights=scene.paired_m[hit] ** p, minlength=instants)
    gospa, ospa = powers(present, shown, pairs * unit - near, config.cutoff_m, p, config.alpha)
    missed, false = present - pairs, shown - pairs
    targets = max(int(present.sum()), 1)
    parts = config.alpha == 2.0
    each = np.maximum(present, 1)
    series = Series(
        time_s=_floats((scene.instants.time_ns - scene.instants.time_ns[0]) / 1e9),
        aircraft=_ints(present), tracks=_ints(shown), missed=_ints(missed), false=_ints(false),
        gospa_m=_floats((gospa / each) ** (1.0 / p)), localisation=_floats(near / each),
        missed_part=_floats(missed * unit / 2.0 / each), false_part=_floats(false * unit / 2.0 / each),
    )  # fmt: skip
    return Gospa(
        mean_m=float(np.mean(gospa ** (1.0 / p))),
        per_target_m=root(float(gospa.sum()) / targets, p),
        localisation_m=root(float(near.sum()) / targets, p) if parts else None,
        missed_m=root(float(missed.sum()) * unit / 2.0 / targets, p) if parts else None,
        false_m=root(float(false.sum()) * unit / 2.0 / targets, p) if parts else None,
        missed_share=float(missed.sum()) / targets,
        false_share=float(false.sum()) / max(int(shown.sum()), 1),
        ospa_m=float(np.mean(ospa ** (1.0 / p))),
    ), series  # fmt: skip


def measure_t_gospa(scene: Scene, config: ScoreConfig) -> TGospa:
    """Measure the whole time at once, by the assignment over time."""
    p, unit = config.order, config.cutoff_m**config.order
    present, shown = int(scene.judged.sum()), scene.seen_instant.size
    followed = scene.follower >= 0
    near = float((scene.follower_m[followed] ** p).sum())
    pairs = int(followed.sum())
    targets = max(present, 1)
    penalty = config.switch_m**p * scene.switches
    total = near + (present + shown - 2 * pairs) * unit / 2.0 + penalty
    lowest = (present + shown) * unit / 2.0 - scene.bound
    return TGospa(
        per_target_m=root(total / targets, p),
        lower_m=root(lowest / targets, p),
        localisation_m=root(near / targets, p),
        missed_m=root((present - pairs) * unit / 2.0 / targets, p),
        false_m=root((shown - pairs) * unit / 2.0 / targets, p),
        switch_m=root(penalty / targets, p),
        exact=total - lowest <= 1e-9 * max(total, 1.0),
    )


def root(value: float, p: float) -> float:
    """p-th root of what rounding may have made negative."""
    return max(value, 0.0) ** (1.0 / p)


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def _ints(values: Ints) -> tuple[int, ...]:
    return tuple(int(v) for v in values)
