"""Observations by track, and what is known of biases written into sensors, against plain numpy."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from asman.kernels.biases import by_track, correct
from asman.kernels.observing import ADSB, OBSERVATION, RADAR
from asman.kernels.placing import SENSOR
from asman.kernels.straight import UNKNOWNS


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=60))
def test_observations_come_by_track_each_in_its_order(births: list[tuple[int, int]]):
    seen = np.zeros(len(births), OBSERVATION).view(np.recarray)
    seen.born_ns = [born * 1_000_003 for born, _ in births]
    seen.born_x = [float(place) for _, place in births]
    seen.time_ns = np.arange(len(births))
    out, first = by_track(seen)
    parts = [out[a:b] for a, b in itertools.pairwise(first)]
    told = [list(dict.fromkeys(zip(p["born_ns"].tolist(), p["born_x"].tolist(), strict=True))) for p in parts]
    want = list(dict.fromkeys((born * 1_000_003, float(place)) for born, place in births))
    assert told == [[one] for one in want]
    assert all((np.diff(part["time_ns"]) > 0).all() for part in parts)
    assert sorted(out["time_ns"].tolist()) == list(range(len(births)))


def test_sensors_are_told_what_is_known_of_them_and_nothing_of_who_was_never_compared():
    rng = np.random.default_rng(5)
    size = UNKNOWNS * 4
    root = rng.normal(0, 0.3, (size, size))
    covariance, estimate = root @ root.T, rng.normal(0, 1, size)
    spread = rng.uniform(0.5, 2.0, size)
    tally = np.array([[9, 0], [5, 0], [0, 3], [7, 1]])
    slot, kind = np.array([1, 2, 3, 0]), np.array([RADAR, RADAR, RADAR, ADSB])
    sensors = np.zeros(4, SENSOR).view(np.recarray)
    correct(sensors, slot, kind, estimate, covariance, spread, tally)
    whole = covariance * spread[:, None] * spread[None, :]
    clocks = np.array([UNKNOWNS * 1 + 3, UNKNOWNS * 3 + 3])
    shared = whole[:, clocks].mean(axis=1)
    for i, time in ((0, 7), (2, 15), (3, 0)):
        want = whole[time, time] - 2 * shared[time] + shared[clocks].mean()
        np.testing.assert_allclose(sensors[i].var_time, max(want, 0.0), rtol=1e-9, atol=1e-12)
        assert sensors[i].time_bias == estimate[time]
    np.testing.assert_allclose(
        [sensors[2].var_range, sensors[2].cov_range_gain, sensors[2].var_gain, sensors[2].var_azimuth],
        [whole[12, 12], whole[12, 13], whole[13, 13], whole[14, 14]],
    )
    assert sensors[0].height_offset_m == estimate[2]
    assert sensors[1] == np.zeros(1, SENSOR)[0]
