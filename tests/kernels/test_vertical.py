"""The vertical filter: steps are intervals, climbs are smooth, garbles are disbelieved, but not for ever."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, truncnorm

from asman.kernels.vertical import (
    AGREE,
    COARSE_M,
    FIELDS,
    FINE_M,
    PATIENCE,
    altitude_variance,
    begin_vertical,
    cut,
    predict_vertical,
    update_climb,
    update_vertical,
)

WORK = np.empty((4, 18))
# Pieces of kernels have no entry from Python: as written, then.
cut, altitude_variance = (getattr(one, "py_func", one) for one in (cut, altitude_variance))


def follow(altitudes, dt=4.0, addressed=True):
    """States after each altitude, and which were believed; NaN stands for no altitude in that turn."""
    vertical = np.zeros(FIELDS)
    begin_vertical(altitudes[0], vertical)
    out, believed = [vertical.copy()], [True]
    for altitude in altitudes[1:]:
        predict_vertical(dt, vertical, WORK)
        believed.append(bool(np.isnan(altitude) or update_vertical(altitude, addressed, vertical)))
        out.append(vertical.copy())
    return np.array(out), believed


def told(altitude, step=FINE_M):
    return np.floor(np.asarray(altitude) / step + 0.5) * step


def profile(rate, turns=120, dt=4.0, level=40):
    return 5_000.0 + rate * np.maximum((np.arange(turns) - level) * dt, 0.0)


@pytest.mark.parametrize("step", [FINE_M, COARSE_M])
@pytest.mark.parametrize("altitude", [10_001.0, 9_995.0, 10_012.6, 3_048.0])
def test_level_flight_has_no_climb_whatever_its_step(step, altitude):
    states, _ = follow(told(np.full(60, altitude), step), addressed=step == FINE_M)
    assert np.abs(states[20:, 1]).max() < 0.1
    assert np.abs(states[20:, 0] - altitude).max() < step


def test_an_altitude_between_two_steps_flickers_without_a_climb():
    edge = (np.floor(9_000 / COARSE_M) + 0.5) * COARSE_M
    flicker = told(edge + np.where(np.arange(80) % 3 == 0, 1.0, -1.0), COARSE_M)
    states, _ = follow(flicker, addressed=False)
    assert np.abs(states[30:, 1]).max() < 0.3
    assert np.abs(states[30:, 0] - edge).max() < 6.0


def test_a_slow_climb_in_steps_of_100_ft_is_no_staircase():
    true = profile(2.0)
    states, _ = follow(told(true, COARSE_M), addressed=False)
    rates = states[70:, 1]
    assert rates.mean() == pytest.approx(2.0, abs=0.15)
    # What a difference of two reports would say: 0 or 7.6 m/s.
    assert np.abs(rates - 2.0).max() < 1.0


@pytest.mark.parametrize("step", [FINE_M, COARSE_M])
@pytest.mark.parametrize("rate", [12.0, -8.0, 25.0, 100.0])
def test_a_climb_is_followed_within_a_few_turns(step, rate):
    true = profile(rate)
    states, believed = follow(told(true, step), addressed=step == FINE_M)
    assert believed.count(False) <= (1 if abs(rate) > 20 else 0)
    assert np.abs(states[46:, 0] - true[46:]).max() < 40
    assert np.abs(states[50:, 1] - rate).max() < 2.0


def test_silence_lets_a_climb_go_on():
    altitudes = np.r_[told(profile(10.0, 70)), np.full(15, np.nan)]
    states, _ = follow(altitudes)
    assert states[-1, 0] == pytest.approx(profile(10.0, 85)[-1], abs=60)
    assert states[-1, 2] > states[69, 2]


@pytest.mark.parametrize("wrong", [3_100.0, 9_300.0, 12_000.0, -300.0])
def test_one_garbled_altitude_moves_nothing(wrong):
    true = np.full(40, 9_000.0)
    true[20] = wrong
    states, believed = follow(told(true, COARSE_M), addressed=False)
    assert believed.count(False) == 1
    assert np.abs(states[:, 0] - 9_000).max() < COARSE_M / 2 + 2


def test_altitudes_swapped_with_another_aircraft_twice_are_not_believed():
    true = np.full(40, 9_000.0)
    true[20:22] = 3_100.0
    states, believed = follow(told(true))
    assert believed.count(False) == 2
    assert np.abs(states[:, 0] - 9_000).max() < 10


@pytest.mark.parametrize("other", [3_100.0, 9_600.0])
def test_a_real_change_is_believed_when_enough_reports_agree(other):
    states, believed = follow(told(np.r_[np.full(20, 9_000.0), np.full(20, other)]))
    assert believed[20 : 20 + AGREE] == [False] * (AGREE - 1) + [True]
    assert all(believed[20 + AGREE :])
    assert states[-1, 0] == pytest.approx(other, abs=5)


def test_the_first_altitude_may_come_late():
    vertical = np.zeros(FIELDS)
    begin_vertical(math.nan, vertical)
    assert np.isnan(vertical[0])
    predict_vertical(4.0, vertical, WORK)
    assert not update_climb(3.0, vertical)
    assert update_vertical(7_000.0, True, vertical)
    assert vertical[0] == 7_000.0


def test_a_reported_vertical_rate_is_taken_in_and_an_absurd_one_is_not():
    vertical = np.zeros(FIELDS)
    begin_vertical(7_000.0, vertical)
    assert update_climb(9.0, vertical)
    assert vertical[1] == pytest.approx(9.0, abs=1.0)
    before = vertical.copy()
    assert not update_climb(-140.0, vertical)
    assert np.array_equal(before, vertical, equal_nan=True)


def test_what_it_claims_to_know_is_true_in_level_flight_and_in_climbs():
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(200):
        rate = rng.choice([0.0, rng.uniform(-15, 15)])
        true = profile(rate) + rng.uniform(-500, 500)
        step = rng.choice([FINE_M, COARSE_M])
        states, _ = follow(told(true, step), addressed=step == FINE_M)
        sigma = np.array([math.sqrt(altitude_variance(row)) for row in states[60:]])
        inside += list(np.abs(states[60:, 0] - true[60:]) < 1.96 * sigma)
    assert np.mean(inside) > 0.93


@given(
    mean=st.floats(-3_000, 3_000),
    sigma=st.floats(0.5, 500),
    low=st.floats(-500, 500),
    step=st.sampled_from([FINE_M, COARSE_M]),
)
@settings(deadline=None, max_examples=300)
def test_a_gaussian_cut_to_an_interval_is_what_scipy_says(mean, sigma, low, step):
    inside, move, left = cut(mean, sigma * sigma, low, low + step)
    a, b = (low - mean) / sigma, (low + step - mean) / sigma
    # The mean lies in the interval and nothing is learned backwards, in the farthest tail, too.
    assert low - 1e-3 * sigma <= mean + move <= low + step + 1e-3 * sigma
    assert 0.0 < left <= min(sigma * sigma, step * step / 12) + 1e-9
    if min(abs(a), abs(b)) > 8.0:
        return
    expected = truncnorm(a, b, loc=mean, scale=sigma)
    assert inside == pytest.approx(abs(norm.cdf(-abs(a)) - norm.cdf(-abs(b))) if a * b > 0 else
                                   norm.cdf(b) - norm.cdf(a), rel=1e-6, abs=1e-14)  # fmt: skip
    assert mean + move == pytest.approx(expected.mean(), abs=0.02 * step)
    assert left == pytest.approx(expected.var(), rel=0.05, abs=0.02 * step * step)


@given(st.lists(st.one_of(st.just(math.nan), st.floats(-1_000, 30_000)), min_size=2, max_size=60),
       st.floats(0.05, 30.0))  # fmt: skip
@settings(deadline=None, max_examples=100)
def test_whatever_is_said_variances_stay_sound_and_disbelief_is_bounded(altitudes, dt):
    altitudes = [5_000.0, *altitudes]
    states, believed = follow(told(altitudes), dt)
    assert np.isfinite(states[:, :5]).all()
    assert (states[:, 2] > 0).all()
    assert (states[:, 4] > 0).all()
    assert (states[:, 2] * states[:, 4] >= states[:, 3] ** 2 * (1 - 1e-9)).all()
    said = [good for good, altitude in zip(believed, altitudes, strict=True) if not np.isnan(altitude)]
    run = longest = 0
    for good in said:
        run = 0 if good else run + 1
        longest = max(longest, run)
    assert longest < PATIENCE


def test_golden_climb():
    """Regenerate: print these three numbers again after a change that is meant to change them."""
    states, _ = follow(told(profile(7.0), COARSE_M), addressed=False)
    print([round(float(v), 3) for v in states[60, :3]])
    assert states[60, :3] == pytest.approx(GOLDEN, abs=2e-3)


#: altitude m, climb m/s, variance m² in the twentieth turn of a climb of 7 m/s, in steps of 100 ft
GOLDEN = [5555.501, 6.686, 22.479]
