"""Exact assignment, against scipy's."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from asman.kernels.assignment import assign


def solve(gains: np.ndarray) -> tuple[np.ndarray, float]:
    """Sparse rows of the finite gains, solved; the columns taken and the sum of gains."""
    rows, columns = gains.shape
    start, column, gain = [0], [], []
    for row in gains:
        for c in np.flatnonzero(np.isfinite(row)):
            column.append(c)
            gain.append(row[c])
        start.append(len(column))
    taken = np.empty(rows, np.int64)
    assign(np.array(start), np.array(column, np.int64), np.array(gain, float), columns, taken)
    held = np.array([column[e] if e >= 0 else -1 for e in taken])
    return held, sum(gain[e] for e in taken if e >= 0)


def best(gains: np.ndarray) -> float:
    """The largest sum, each row free to go without."""
    rows, columns = gains.shape
    dense = np.zeros((rows, columns + rows))
    dense[:, :columns] = np.where(np.isfinite(gains), gains, -1e9)
    r, c = linear_sum_assignment(dense, maximize=True)
    return float(np.maximum(dense[r, c], 0).sum())


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12), st.floats(0.05, 1.0))
@settings(max_examples=300, deadline=None)
def test_the_sum_of_gains_is_the_largest_there_is(seed, rows, columns, share):
    rng = np.random.default_rng(seed)
    gains = np.where(rng.random((rows, columns)) < share, rng.normal(3, 5, (rows, columns)), np.nan)
    held, total = solve(gains)
    used = held[held >= 0]
    assert len(used) == len(set(used)), "a column went twice"
    np.testing.assert_allclose(total, best(gains), rtol=1e-9, atol=1e-9)


def test_a_large_crowd_is_solved_exactly():
    rng = np.random.default_rng(1)
    gains = np.where(rng.random((300, 280)) < 0.05, rng.normal(3, 3, (300, 280)), np.nan)
    np.testing.assert_allclose(solve(gains)[1], best(gains), rtol=1e-9)


def test_a_row_goes_without_rather_than_lose():
    held, total = solve(np.array([[5.0], [3.0]]))
    assert list(held) == [0, -1]
    assert total == 5.0
    assert list(solve(np.array([[-1.0]]))[0]) == [-1]


def test_a_row_yields_where_the_whole_gains():
    held, total = solve(np.array([[5.0, 4.0], [4.5, np.nan]]))
    assert list(held) == [1, 0]
    assert total == 8.5


def test_whole_ties_are_broken_the_same_way_each_time():
    gains = np.ones((6, 6))
    assert [list(solve(gains)[0]) for _ in range(3)] == [list(solve(gains)[0])] * 3
