"""GOSPA and OSPA against Stone Soup on the same scenes, and against their definitions."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from tests.scoring.scenes import table

from asman.scoring.config import ScoreConfig
from asman.scoring.gospa import powers
from asman.scoring.report import Report
from asman.scoring.score import score_tables

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/scoring_stonesoup.json").read_text())
AGAIN = "to regenerate: see the head of tests/golden/make_scoring_stonesoup.py"


def scored(scene: list[dict], order: float) -> Report:
    """Score a golden scene; every place is an aircraft or a track of its own number."""
    rows = {"truth": [], "tracks": []}
    for k, instant in enumerate(scene):
        for kind, places in rows.items():
            places += [(10.0 * k, n, *place) for n, place in enumerate(instant[kind])]
    # Anchors far off at every instant, an exact pair each: so no instant is without truth or tracks.
    for kind in rows.values():
        kind += [(10.0 * k, 99, -20.0, 100.0) for k in range(len(scene))]
    config = ScoreConfig(order=order, every_s=10.0, truth_gap_s=1e9, unconfirmed=True)
    return score_tables(only_at_samples(rows["truth"]), table("track", rows["tracks"]), config)


def only_at_samples(rows: list[tuple]):
    """Aircraft that are there at their own samples only: a new number after every silence."""
    last: dict[int, tuple[float, int]] = {}
    renamed = []
    for time, who, lat, lon in sorted(rows):
        before, name = last.get(who, (-1e9, 0))
        name = name + (time - before > 10.0)
        last[who] = (time, name)
        renamed.append((time, who + 1000 * name, lat, lon))
    return table("aircraft", renamed)


@pytest.mark.parametrize("number", range(len(GOLDEN["scenes"])))
@pytest.mark.parametrize("order", [1, 2])
def test_gospa_and_its_parts_are_stone_soups(number: int, order: int):
    scene = GOLDEN["scenes"][number]
    series = scored(scene, float(order)).series
    for k, instant in enumerate(scene):
        peer = instant[f"gospa{order}"]
        each = len(instant["truth"]) + 1
        assert series.gospa_m[k] ** order * each == pytest.approx(peer["distance"] ** order, rel=1e-7), AGAIN
        assert series.localisation[k] * each == pytest.approx(peer["localisation"], rel=1e-7, abs=1e-6), AGAIN
        assert series.missed_part[k] * each == pytest.approx(peer["missed"]), AGAIN
        assert series.false_part[k] * each == pytest.approx(peer["false"]), AGAIN


def distances(instant: dict) -> np.ndarray:
    from asman.kernels.scoring_pictures import surface

    truth, tracks = (
        np.radians(np.array(instant[kind], float).reshape(-1, 2)) for kind in ("truth", "tracks")
    )
    a, b = (surface(one[:, 0].copy(), one[:, 1].copy()) for one in (truth, tracks))
    return np.linalg.norm(a[:, None] - b[None], axis=2)


def ours(apart: np.ndarray, cutoff: float, order: float, alpha: float) -> tuple[float, float]:
    """GOSPA and OSPA from the scorer's own assignment."""
    from asman.kernels.scoring_assignment import best_pairs

    gain = np.maximum(cutoff**order - apart**order, 0.0)
    rows, columns = np.nonzero(gain)
    start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=apart.shape[0]))]).astype(np.int64)
    worth = gain[rows, columns]
    taken = best_pairs(start, columns.astype(np.int64), worth, max(apart.shape[1], 1))
    counts = (np.array([n]) for n in apart.shape)
    gospa, ospa = powers(*counts, np.array([worth[taken[taken >= 0]].sum()]), cutoff, order, alpha)
    return float(gospa[0]) ** (1 / order), float(ospa[0]) ** (1 / order)


@pytest.mark.parametrize("number", range(len(GOLDEN["scenes"])))
def test_ospa_is_stone_soups_where_that_pairs_by_the_same_powers(number: int):
    for instant in GOLDEN["scenes"][number]:
        apart = distances(instant)
        first, second = (ours(apart, GOLDEN["cutoff_m"], order, 2.0)[1] for order in (1.0, 2.0))
        assert first == pytest.approx(instant["ospa1"], rel=1e-7), AGAIN
        # Stone Soup minimises the sum of distances also for p = 2: it can only be larger than the definition.
        assert second <= instant["ospa2"] * (1 + 1e-9), AGAIN


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32), truths=st.integers(0, 8), tracks=st.integers(0, 8),
    order=st.sampled_from([1.0, 2.0, 3.0]), alpha=st.sampled_from([0.5, 1.0, 2.0]),
)  # fmt: skip
def test_both_are_what_their_definitions_say(seed: int, truths: int, tracks: int, order: float, alpha: float):
    chance = np.random.default_rng(seed)
    apart = chance.uniform(0, 3.0, (truths, tracks))
    cut = np.minimum(apart, 1.0) ** order
    rows, columns = linear_sum_assignment(cut)
    pairs = cut[rows, columns].sum()
    more = abs(truths - tracks)
    gospa, ospa = ours(apart, 1.0, order, alpha)
    assert gospa == pytest.approx((pairs + more / alpha) ** (1 / order), abs=1e-9)
    wanted = ((pairs + more) / max(truths, tracks)) ** (1 / order) if truths or tracks else 0.0
    assert ospa == pytest.approx(wanted, abs=1e-9)


def test_parts_add_up_and_t_gospa_without_switches_is_gospa():
    report = scored(GOLDEN["scenes"][0], 2.0)
    one, t = report.gospa, report.t_gospa
    assert one.localisation_m is not None and one.missed_m is not None and one.false_m is not None
    assert math.hypot(one.localisation_m, one.missed_m, one.false_m) == pytest.approx(one.per_target_m)
    parts = (t.localisation_m, t.missed_m, t.false_m, t.switch_m)
    assert math.hypot(*parts) == pytest.approx(t.per_target_m)
    assert t.per_target_m >= one.per_target_m - 1e-9
    assert t.lower_m <= t.per_target_m + 1e-9
