"""The scorer's assignment against scipy's dense one, and near pairs against every pair looked at."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from asman.kernels import scoring_pictures
from asman.kernels.scoring_assignment import best_pairs


def sparse(gain: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(gain > 0)
    start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=gain.shape[0]))]).astype(np.int64)
    return start, columns.astype(np.int64), gain[rows, columns]


@st.composite
def gains(draw: st.DrawFn) -> np.ndarray:
    """Sparse and full matrices, wide and tall, of fine numbers and of coarse ones that tie."""
    rows, columns = draw(st.integers(1, 14)), draw(st.integers(1, 14))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    gain = chance.uniform(0, 1, (rows, columns))
    if draw(st.booleans()):
        gain = np.round(gain * 3) / 3
    return np.where(chance.random((rows, columns)) < draw(st.sampled_from([0.1, 0.3, 0.7, 1.0])), gain, 0.0)


@settings(max_examples=300, deadline=None)
@given(gains())
def test_gains_as_much_as_the_dense_optimal_assignment(gain: np.ndarray):
    start, column, worth = sparse(gain)
    taken = best_pairs(start, column, worth, gain.shape[1])

    edges = taken[taken >= 0]
    assert len(set(column[edges])) == edges.size, "a column was given twice"
    assert all(start[row] <= edge < start[row + 1] for row, edge in enumerate(taken) if edge >= 0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    assert math.isclose(worth[edges].sum(), gain[rows, columns].sum(), abs_tol=1e-12)


def test_what_gains_nothing_is_left_alone():
    taken = best_pairs(np.array([0, 1, 2]), np.array([0, 1]), np.array([0.0, -1.0]), 2)
    assert taken.tolist() == [-1, -1]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    middle=st.sampled_from([(0.0, 0.0), (43.0, 75.0), (-50.0, 179.999), (89.99, 10.0), (-90.0, 0.0)]),
    gate=st.sampled_from([500.0, 2000.0, 9000.0]),
)
def test_near_pairs_are_those_found_by_looking_at_every_pair(
    seed: int, middle: tuple[float, float], gate: float
):
    chance = np.random.default_rng(seed)
    places = []
    for count in (40, 30):
        lat = np.clip(np.radians(middle[0]) + chance.normal(0, 8e-4, count), -math.pi / 2, math.pi / 2)
        lon = np.radians(middle[1]) + chance.normal(0, 8e-4, count)
        places.append(scoring_pictures.surface(lat, lon))
    seen, true = places
    seen_start, true_start = np.array([0, 25, 25, 40]), np.array([0, 10, 20, 30])

    start, partner, distance = scoring_pictures.near_pairs(seen_start, seen, true_start, true, gate)

    expected = {
        (i, j)
        for k in range(3)
        for i in range(seen_start[k], seen_start[k + 1])
        for j in range(true_start[k], true_start[k + 1])
        if np.linalg.norm(seen[i] - true[j]) < gate
    }
    found = [(i, int(partner[e])) for i in range(40) for e in range(start[i], start[i + 1])]
    assert len(found) == len(set(found))
    assert set(found) == expected
    for e, (i, j) in enumerate(found):
        assert math.isclose(distance[e], np.linalg.norm(seen[i] - true[j]), rel_tol=1e-12)


def test_a_report_stands_until_the_next_and_no_longer_than_it_is_held():
    start, time = np.array([0, 2]), np.array([1.0, 12.0])
    lat, lon, still = np.zeros(2), np.array([0.0, 0.1]), np.full(2, np.nan)
    instants = np.arange(0.0, 40.0, 4.0)
    instant, report, _, _ = scoring_pictures.latest(
        start, time, lat, lon, still, still, instants, np.array([9.0])
    )
    assert instants[instant].tolist() == [4.0, 8.0, 12.0, 16.0, 20.0]
    assert report.tolist() == [0, 0, 1, 1, 1]


def test_a_held_report_is_moved_on_by_its_velocity():
    one = np.array([0.0])
    instant, _, lat, lon = scoring_pictures.latest(
        np.array([0, 1]), one, np.radians([60.0]), np.radians([179.99]), one + 100.0, one + 100.0,
        np.array([10.0]), np.array([10.0]),
    )  # fmt: skip
    e, n = scoring_pictures.offsets(lat, lon, np.radians([60.0]), np.radians([179.99]))
    assert instant.tolist() == [0]
    assert math.isclose(e[0], 1000.0, abs_tol=0.2)
    assert math.isclose(n[0], 1000.0, abs_tol=0.2)
