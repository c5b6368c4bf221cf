"""What tracks learned, and how it joins: the loops against the plain matrices of `asman.fusion`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.fusion import (
    Estimate,
    as_linear,
    constant_velocity,
    equivalent_measurement,
    fuse,
    intersect,
    predict,
)
from asman.kernels import joint, tracklets

S = 10**9
SCALE = np.array([100.0, 100.0, 5.0, 5.0])
LAT, LON = np.array([0.75]), np.array([1.3])


def covariance(rng):
    root = rng.normal(size=(4, 4))
    return (root @ root.T + 0.3 * np.eye(4)) * np.outer(SCALE, SCALE)


def heard(rng, prior):
    """A prior corrected by a plot that says much of the place."""
    h = np.eye(2, 4)
    spread = h @ prior.covariance @ h.T + 30.0**2 * np.eye(2)
    gain = prior.covariance @ h.T @ np.linalg.inv(spread)
    after = (np.eye(4) - gain @ h) @ prior.covariance
    mean = prior.mean + gain @ (rng.normal(0.0, 100.0, 2) - prior.mean[:2])
    return Estimate(prior.time_ns, mean, 0.5 * (after + after.T))


def learned(before, after):
    local, about, information = np.empty((1, 4, 4)), np.empty((1, 4)), np.empty((1, 4, 4))
    tracklets.learned(
        LAT, LON, after.mean[None], after.covariance[None], np.array([0]),
        LAT, LON, before.mean[None], before.covariance[None], local, about, information,
    )  # fmt: skip
    return about[0], information[0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_what_was_learned_is_what_the_matrices_say(seed):
    rng = np.random.default_rng(seed)
    before = Estimate(0, rng.normal(size=4) * SCALE, covariance(rng))
    after = heard(rng, before)
    about, information = learned(before, after)
    told = equivalent_measurement(before, after, constant_velocity(0.0, 0.0))
    scale = np.abs(told.information).max()
    # A direction that brought less than LEAST may be left out.
    assert information == pytest.approx(told.information, abs=tracklets.LEAST * scale)
    linear = as_linear(told)
    off = linear.matrix @ (after.mean + about) - linear.value
    if np.allclose(information, told.information, atol=1e-9 * scale):
        assert np.abs(off / np.sqrt(np.diag(linear.covariance))).max() < 1e-4


def test_nothing_heard_is_nothing_learned():
    rng = np.random.default_rng(1)
    before = Estimate(0, np.zeros(4), covariance(rng))
    about, information = learned(before, before)
    assert not information.any()
    assert not about.any()


def states(estimate, level=0):
    """One state at the place of LAT, LON; the mean's place must be 0."""
    return joint.States(
        np.array([estimate.time_ns]), LAT.copy(), LON.copy(), estimate.mean[None, 2:].copy(),
        estimate.covariance[None].copy(), np.array([level]),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from((0.0, 1.0, 4.0)))
def test_it_joins_as_the_matrices_do(seed, dt):
    rng = np.random.default_rng(seed)
    prior = Estimate(0, np.zeros(4), covariance(rng) * 0.05)
    # Near enough that no other level of noise is asked for.
    about = rng.normal(size=4) * SCALE * 0.02
    information = np.linalg.inv(covariance(rng))
    at_ns = round(dt * S)
    told = joint.States(
        np.array([at_ns]), LAT.copy(), LON.copy(), np.zeros((1, 2)), covariance(rng)[None], np.array([0])
    )  # fmt: skip
    state, broken, counted = states(prior), np.zeros(1, np.int8), np.zeros(joint.EVENTS, np.int64)
    joint.take_in(
        state, told, np.array([0]), np.array([joint.LEARNED], np.int8), about[None], information[None],
        broken, counted,
    )  # fmt: skip
    motion = constant_velocity(dt, joint.LEVELS[0])
    from asman.fusion import EquivalentMeasurement

    push = np.zeros(4)
    want = fuse(
        predict(prior, motion, at_ns), EquivalentMeasurement(at_ns, 0, about, information, push)
    )  # fmt: skip
    assert counted[joint.FUSED] == 1
    assert state.covariance[0] == pytest.approx(want.covariance, rel=1e-6, abs=1e-6)
    assert state.velocity[0] == pytest.approx(want.mean[2:], abs=1e-4)
    north = (state.lat[0] - LAT[0]) * 6_364_000.0
    assert north == pytest.approx(want.mean[1], abs=0.02 + 0.01 * abs(want.mean[1]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_what_nobody_knows_the_making_of_is_intersected(seed):
    rng = np.random.default_rng(seed)
    ours, theirs = (Estimate(0, np.zeros(4), covariance(rng)) for _ in range(2))
    state, broken, counted = states(ours), np.zeros(1, np.int8), np.zeros(joint.EVENTS, np.int64)
    joint.take_in(
        state, states(theirs), np.array([0]), np.array([joint.UNKNOWN], np.int8), np.zeros((1, 4)),
        np.zeros((1, 4, 4)), broken, counted,
    )  # fmt: skip
    assert counted[joint.INTERSECTED] == 1
    assert state.covariance[0] == pytest.approx(intersect(ours, theirs).covariance, rel=1e-4, abs=1e-3)


def test_late_news_is_worth_less_and_older_still_nothing():
    rng = np.random.default_rng(2)
    prior = Estimate(10 * S, np.zeros(4), covariance(rng))
    information = np.diag([1e-3, 1e-3, 0.0, 0.0])
    widths = []
    kind, about = np.array([joint.LEARNED], np.int8), np.zeros((1, 4))
    for at_s in (10, 8, 2):
        told = states(Estimate(at_s * S, np.zeros(4), prior.covariance))
        state, broken, counted = states(prior), np.zeros(1, np.int8), np.zeros(joint.EVENTS, np.int64)
        joint.take_in(state, told, np.array([0]), kind, about, information[None], broken, counted)
        widths.append(np.trace(state.covariance[0][:2, :2]))
    assert widths[0] < widths[1] < widths[2] == pytest.approx(np.trace(prior.covariance[:2, :2]))
    assert broken[0] == 1, "what is too late makes the state anew"
