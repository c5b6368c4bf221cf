"""The vertical filter: level, climbing, garbled."""

import numpy as np

from asman.kernels.vertical import begin_vertical, predict_vertical, update_vertical

STEP_M = 25 * 0.3048


def follow(altitudes, dt=4.0):
    """States after each altitude; NaN stands for no altitude in that turn."""
    vertical = np.zeros((1, 7))
    begin_vertical(0, altitudes[0], vertical)
    out, believed = [vertical[0].copy()], [True]
    for altitude in altitudes[1:]:
        predict_vertical(0, dt, vertical)
        believed.append(np.isnan(altitude) or update_vertical(0, altitude, vertical))
        out.append(vertical[0].copy())
    return np.array(out), believed


def quantised(altitude):
    return np.round(np.asarray(altitude) / STEP_M) * STEP_M


def test_level_flight_in_steps_of_25_ft_has_no_climb():
    states, _ = follow(quantised(np.full(60, 10_001.0)))
    assert abs(states[-1, 1]) < 0.2
    assert abs(states[-1, 0] - 10_001) < STEP_M


def test_a_climb_is_followed_within_a_few_turns():
    true = 5_000 + 12.0 * np.maximum(np.arange(60) * 4.0 - 80.0, 0.0)
    states, believed = follow(quantised(true))
    assert all(believed)
    assert np.abs(states[25:, 0] - true[25:]).max() < 40
    assert abs(states[27:, 1] - 12.0).max() < 3.0


def test_one_garbled_altitude_moves_nothing():
    true = np.full(40, 9_000.0)
    true[20] = 3_100.0
    states, believed = follow(true)
    assert believed.count(False) == 1
    assert np.abs(states[:, 0] - 9_000).max() < 1.0


def test_an_altitude_said_twice_is_believed():
    true = np.r_[np.full(20, 9_000.0), np.full(20, 3_100.0)]
    states, believed = follow(true)
    assert believed[20] is False
    assert abs(states[-1, 0] - 3_100) < 5


def test_the_first_altitude_may_come_late():
    vertical = np.full((1, 7), np.nan)
    begin_vertical(0, np.nan, vertical)
    assert np.isnan(vertical[0, 0])
    predict_vertical(0, 4.0, vertical)
    assert update_vertical(0, 7_000.0, vertical)
    assert vertical[0, 0] == 7_000.0
