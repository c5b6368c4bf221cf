"""What is learnt of sensors: who is new, who is missed; and the tables that hold it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asman.kernels.births import (
    ADDRESSED,
    CODED,
    ECHO,
    LEAST_ODDS_OF_TWINS,
    MEMORY,
    NAMESAKE,
    TWIN,
    birth_odds,
    came_to,
    no_births,
)
from asman.kernels.detection_map import PRIOR_LOOKS, key_of, larger_map, local_pd, look, no_looks
from asman.kernels.hashing import PROBES, moved
from asman.kernels.jit import kernel
from asman.kernels.sensor_maps import copy_of, crowded, for_sensors, nothing_learnt, roomier


@kernel
def outcomes(births, kind, ended):
    """Note what came of tracks; return the odds after each."""
    odds = np.empty(ended.size)
    for i in range(ended.size):
        came_to(births, 0, kind, ended[i])
        odds[i] = birth_odds(births, 0, kind)
    return odds


def test_odds_of_new_aircraft_follow_what_came_of_tracks():
    rng = np.random.default_rng(1)
    ended = (rng.random(2_000) > 0.02).astype(np.int64)
    odds = outcomes(no_births(1), ECHO, ended)
    share = odds / (1.0 + odds)
    # One in fifty was an aircraft; a memory of two hundred scatters by a percent.
    assert abs(share[-1_000:].mean() - 0.02) < 0.008
    assert share[0] < 0.1


def test_kinds_of_plots_are_counted_apart_and_uncounted_ones_not_at_all():
    births = no_births(1)
    outcomes(births, ADDRESSED, np.zeros(50, np.int64))
    outcomes(births, -1, np.ones(50, np.int64))
    assert births[0, CODED].sum() == births[0, ECHO].sum() == 0.0
    assert births[0, ADDRESSED, 0] > 40.0


@pytest.mark.parametrize("kind", [NAMESAKE, TWIN])
def test_who_bears_anothers_address_or_code_is_counted_apart_and_never_written_off(kind):
    births = no_births(1)
    odds = outcomes(births, kind, np.ones(300, np.int64))
    assert odds[-1] == LEAST_ODDS_OF_TWINS
    assert births[0, ADDRESSED].sum() == births[0, CODED].sum() == 0.0


@given(st.lists(st.integers(0, 1), max_size=300))
def test_odds_stay_within_their_bounds(ended):
    births = no_births(1)
    odds = outcomes(births, ECHO, np.array(ended, np.int64))
    assert ((odds >= 5e-4) & (odds <= 5.0)).all()
    assert births.sum() <= MEMORY + 1.0


@kernel
def looks(cells, key, seen):
    """Count looks; return how likely the next is to see, after each."""
    out = np.empty(seen.size)
    for i in range(seen.size):
        look(cells, key, seen[i], 1.0 - seen[i])
        out[i] = local_pd(cells, key, 0.9)
    return out


@kernel
def key(sensor, x, y, z, altitude_m):
    """`key_of` from Python."""
    return key_of(sensor, x, y, z, altitude_m)


def test_a_hole_in_coverage_is_learnt_and_only_there():
    cells = no_looks()
    hole = key(3, 1.0e6, 4.5e6, 4.4e6, 900.0)
    pd = looks(cells, hole, np.zeros(40))
    assert pd[0] == pytest.approx(0.9 * PRIOR_LOOKS / (PRIOR_LOOKS + 1.0))
    assert pd[-1] < 0.15
    above = key(3, 1.0e6, 4.5e6, 4.4e6, 9_000.0)
    elsewhere = key(3, 1.1e6, 4.5e6, 4.4e6, 900.0)
    other = key(4, 1.0e6, 4.5e6, 4.4e6, 900.0)
    unknown = key(3, 1.0e6, 4.5e6, 4.4e6, np.nan)
    assert len({hole, above, elsewhere, other, unknown}) == 5
    for one in (above, elsewhere, other, unknown):
        assert looks(cells, one, np.ones(1))[0] > 0.9


def test_a_cell_forgets_an_old_share():
    pd = looks(no_looks(), 7, np.concatenate([np.zeros(60), np.ones(200)]))
    assert pd[-1] > 0.9


@given(st.sets(st.integers(0, 2**50), min_size=1, max_size=200))
def test_what_is_filed_is_found_in_a_larger_table(keys):
    order = np.arange(len(keys))
    table = np.full(4_096, -1, np.int64)
    rows = moved(np.array(sorted(keys), np.int64), order, table)
    assert np.unique(rows).size == len(keys)
    assert np.array_equal(table[rows], np.array(sorted(keys)))
    assert PROBES < 4_096


def test_tables_grow_when_they_are_crowded_and_keep_what_they_know():
    maps = nothing_learnt(2)
    assert not crowded(maps)
    cells = maps.detection
    for one in range(cells.key.size // 2 + 200):
        looks(cells, one, np.zeros(3))
    assert crowded(maps)
    kept = looks(copy_of(maps).detection, 5, np.zeros(1))[0]
    larger = roomier(maps)
    assert larger.detection.key.size == 4 * cells.key.size
    assert larger.clutter is maps.clutter
    assert not crowded(larger)
    assert looks(larger.detection, 5, np.zeros(1))[0] == kept
    assert larger_map(cells).used[0] == cells.used[0]
    assert for_sensors(larger, 5).births.shape[0] == 5
