"""What was sent twice is found, however it is cut into batches."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from asman.kernels.repeats import mix, repeated

NOTHING = np.empty(0, np.uint64)


def test_a_key_is_known_when_it_came_within_memory():
    keys = np.array([5, 6, 5, 7, 8, 9, 5, 5], np.uint64)
    assert repeated(keys, NOTHING, 3).tolist() == [False, False, True, False, False, False, False, True]


@given(st.lists(st.integers(1, 12), max_size=60), st.integers(0, 60), st.integers(1, 20))
def test_batches_come_to_the_same_as_the_whole_and_as_the_naive_way(keys, cut, memory):
    whole = np.array(keys, np.uint64)
    naive, seen = [], []
    for key in keys:
        naive.append(key in seen[-memory:])
        if not naive[-1]:
            seen.append(key)
    assert repeated(whole, NOTHING, memory).tolist() == naive

    first = repeated(whole[:cut], NOTHING, memory)
    kept = whole[:cut][~first][-memory:]
    rest = repeated(whole[cut:], kept, memory)
    assert [*first.tolist(), *rest.tolist()] == naive


def test_rows_that_differ_anywhere_hash_apart_and_equal_rows_alike():
    draw = np.random.default_rng(3)
    columns = np.vstack([draw.integers(0, 2, 4_096), np.arange(4_096) // 2, np.zeros(4_096)]).astype(
        np.uint64
    )
    distinct = len({tuple(row) for row in columns.T.tolist()})
    with np.errstate(over="ignore"):  # it is meant to wrap; only without the compiler does numpy warn
        keys, again = np.zeros(4_096, np.uint64), np.zeros(4_096, np.uint64)
        for column in columns:
            mix(keys, column)
            mix(again, column)
    assert len(set(keys.tolist())) == distinct
    assert np.array_equal(keys, again)
    assert 0 not in keys
