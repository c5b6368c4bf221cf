"""Equivalent measurements equal the central filter; intersection never claims too much."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.fusion import (
    EquivalentMeasurement,
    Estimate,
    as_linear,
    constant_velocity,
    distance2,
    equivalent_measurement,
    fuse,
    in_plane,
    intersect,
    predict,
)

S = 10**9
POSITION = np.eye(2, 4)


def measured(estimate: Estimate, z, r) -> Estimate:
    """A plain Kalman correction by a position: the oracle, in Joseph's form."""
    gain = estimate.covariance @ POSITION.T @ np.linalg.inv(POSITION @ estimate.covariance @ POSITION.T + r)
    left = np.eye(4) - gain @ POSITION
    return Estimate(
        estimate.time_ns,
        estimate.mean + gain @ (z - POSITION @ estimate.mean),
        left @ estimate.covariance @ left.T + gain @ r @ gain.T,
    )


def begin(rng, spread=1.0) -> Estimate:
    """What all were told at the beginning."""
    mean = np.r_[rng.uniform(-3e4, 3e4, 2), rng.uniform(-250, 250, 2)]
    return Estimate(0, mean, spread * np.diag([300.0**2, 300.0**2, 50.0**2, 50.0**2]))


def radar_noise(rng):
    turn = rng.uniform(0, np.pi)
    c, s = np.cos(turn), np.sin(turn)
    return np.array([[c, -s], [s, c]]) @ np.diag(rng.uniform(20, 300, 2) ** 2) @ np.array([[c, s], [-s, c]])


def close(a: Estimate, b: Estimate, rel=1e-6):
    scale = np.sqrt(np.diag(b.covariance))
    assert a.time_ns == b.time_ns
    assert np.abs((a.mean - b.mean) / scale).max() < rel
    assert np.abs((a.covariance - b.covariance) / np.outer(scale, scale)).max() < rel


def test_what_a_track_learned_is_the_plot_it_took():
    """The example: one plot, so the equivalent measurement is that plot."""
    before = begin(np.random.default_rng(1))
    motion = constant_velocity(4.0, 1.0)
    plot, noise = np.array([1_000.0, -2_000.0]), np.diag([60.0**2, 90.0**2])
    after = measured(predict(before, motion, 4 * S), plot, noise)
    told = as_linear(equivalent_measurement(before, after, motion))
    assert told.matrix.shape == (2, 4)
    back = np.linalg.inv(told.matrix[:, :2])
    assert np.abs(told.matrix[:, 2:]).max() < 1e-6 * np.abs(told.matrix).max()
    assert back @ told.value == pytest.approx(plot, abs=0.1)
    assert back @ told.covariance @ back.T == pytest.approx(noise, rel=1e-4, abs=1.0)


@given(seed=st.integers(0, 10**6), nations=st.integers(1, 4), noise=st.floats(0.0, 60.0),
       gap_s=st.floats(0.5, 20.0), turns=st.integers(1, 12))  # fmt: skip
@settings(deadline=None, max_examples=80)
def test_partners_that_send_what_they_learn_know_what_one_filter_of_all_plots_knows(
    seed, nations, noise, gap_s, turns
):
    rng = np.random.default_rng(seed)
    motion, step_ns = constant_velocity(gap_s, noise), round(gap_s * S)
    central = joined = begin(rng)
    # Each nation has begun by itself, with a prior of its own that nobody is ever told.
    local = [begin(rng, rng.uniform(0.2, 5.0)) for _ in range(nations)]
    for turn in range(1, turns + 1):
        now = turn * step_ns
        central, joined = predict(central, motion, now), predict(joined, motion, now)
        for k in range(nations):
            z, r = rng.normal(0, 2e4, 2), radar_noise(rng)
            after = measured(predict(local[k], motion, now), z, r)
            joined = fuse(joined, equivalent_measurement(local[k], after, motion))
            central, local[k] = measured(central, z, r), after
    close(joined, central)


@given(seed=st.integers(0, 10**6), plots=st.integers(1, 6))
@settings(deadline=None, max_examples=50)
def test_several_plots_sent_at_once_are_exact_where_the_motion_is_certain(seed, plots):
    rng = np.random.default_rng(seed)
    motion = constant_velocity(4.0, 0.0)
    start = begin(rng)
    central = start
    local = start
    for k in range(1, plots + 1):
        z, r = rng.normal(0, 2e4, 2), radar_noise(rng)
        local = measured(predict(local, motion, 4 * k * S), z, r)
        central = measured(predict(central, motion, 4 * k * S), z, r)
    whole = constant_velocity(4.0 * plots, 0.0)
    joined = fuse(predict(start, whole, 4 * plots * S), equivalent_measurement(start, local, whole))
    close(joined, central)


@given(seed=st.integers(0, 10**6))
@settings(deadline=None, max_examples=50)
def test_a_track_that_opened_meanwhile_takes_no_certainty_away(seed):
    rng = np.random.default_rng(seed)
    before, motion = begin(rng), constant_velocity(4.0, 1.0)
    opened = predict(before, motion, 4 * S)
    opened = Estimate(4 * S, opened.mean + rng.normal(0, 500, 4), rng.uniform(1.0, 9.0) * opened.covariance)
    told = equivalent_measurement(before, opened, motion)
    assert as_linear(told).value.size == 0
    other = predict(begin(rng), motion, 4 * S)
    close(fuse(other, told), other, 1e-9)


def test_a_gate_sees_a_measurement_of_another_aircraft():
    rng = np.random.default_rng(3)
    before, motion = begin(rng), constant_velocity(4.0, 1.0)
    there = predict(before, motion, 4 * S)
    noise = np.diag([60.0**2, 60.0**2])
    mine = equivalent_measurement(before, measured(there, there.mean[:2] + 50.0, noise), motion)
    other = equivalent_measurement(before, measured(there, there.mean[:2] + 5_000.0, noise), motion)
    assert distance2(there, mine)[1] == 2
    assert distance2(there, mine)[0] < 13.8 < distance2(there, other)[0]


@given(seed=st.integers(0, 10**6), share=st.floats(0.0, 1.0))
@settings(deadline=None, max_examples=150)
def test_intersection_is_never_overconfident_whatever_both_have_in_common(seed, share):
    rng = np.random.default_rng(seed)
    roots = [rng.normal(0, 1, (4, 4)) + 0.3 * np.eye(4) for _ in range(2)]
    roots = [np.diag([100.0, 200.0, 10.0, 5.0]) @ root for root in roots]
    a, b = (Estimate(0, np.zeros(4), root @ root.T + np.diag([1.0, 1.0, 0.01, 0.01])) for root in roots)
    ra, rb = np.linalg.cholesky(a.covariance), np.linalg.cholesky(b.covariance)
    # Any correlation there can be: a contraction between the two roots.
    u, _, v = np.linalg.svd(rng.normal(0, 1, (4, 4)))
    common = ra @ (u * (share * rng.uniform(-1, 1, 4))) @ v @ rb.T
    joined = intersect(a, b)
    # The weights, seen through the means: linear in each.
    of_b = np.stack([intersect(a, Estimate(0, one, b.covariance)).mean for one in np.eye(4)], axis=1)
    of_a = np.eye(4) - of_b
    cross = of_a @ common @ of_b.T
    true = of_a @ a.covariance @ of_a.T + of_b @ b.covariance @ of_b.T + cross + cross.T
    root = np.linalg.cholesky(joined.covariance)
    surplus = np.eye(4) - np.linalg.solve(root, np.linalg.solve(root, true).T)
    assert np.linalg.eigvalsh(0.5 * (surplus + surplus.T))[0] > -1e-6
    # And it is worth having: never a larger volume than the better of both.
    sizes = [np.linalg.slogdet(one.covariance)[1] for one in (a, b, joined)]
    assert sizes[2] <= min(sizes[:2]) + 1e-6


def test_intersection_with_itself_changes_nothing():
    a = begin(np.random.default_rng(4))
    close(intersect(a, a), a, 1e-9)


def test_told_in_another_plane_it_is_of_the_same_place():
    rng = np.random.default_rng(5)
    before, motion = begin(rng), constant_velocity(4.0, 1.0)
    there = predict(before, motion, 4 * S)
    told = equivalent_measurement(
        before, measured(there, there.mean[:2], np.diag([40.0**2, 200.0**2])), motion
    )
    moved = in_plane(told, (43.0, 74.5), (43.1, 74.7))
    back = in_plane(moved, (43.1, 74.7), (43.0, 74.5))
    assert np.linalg.norm(moved.reference[:2] - told.reference[:2]) > 10_000
    assert back.reference == pytest.approx(told.reference, abs=0.05)
    assert back.information == pytest.approx(told.information, rel=1e-3, abs=1e-9)
    assert np.linalg.norm(moved.reference[2:]) == pytest.approx(np.linalg.norm(told.reference[2:]))
    with pytest.raises(ValueError, match="50 km"):
        in_plane(told, (43.0, 74.5), (44.5, 74.5))


def test_what_makes_no_sense_is_refused_with_words():
    good = np.eye(4)
    with pytest.raises(ValueError, match="positive definite"):
        Estimate(0, np.zeros(4), -good)
    with pytest.raises(ValueError, match="4 x 4"):
        Estimate(0, np.zeros(4), np.eye(3))
    with pytest.raises(ValueError, match="negative"):
        EquivalentMeasurement(1, 0, np.zeros(4), -good, np.zeros(4))
    with pytest.raises(ValueError, match="finite"):
        EquivalentMeasurement(1, 0, np.zeros(4), np.full((4, 4), np.nan), np.zeros(4))
    with pytest.raises(ValueError, match="begin"):
        EquivalentMeasurement(0, 1, np.zeros(4), good, np.zeros(4))
    with pytest.raises(ValueError, match="predict first"):
        fuse(Estimate(0, np.zeros(4), good), EquivalentMeasurement(1, 0, np.zeros(4), good, np.zeros(4)))
    with pytest.raises(ValueError, match="`before`"):
        equivalent_measurement(Estimate(2, np.zeros(4), good), Estimate(1, np.zeros(4), good),
                               constant_velocity(1.0, 1.0))  # fmt: skip


def test_golden():
    """Regenerate by printing `told.push` and the trace after a change that is meant to change them."""
    before, motion = Estimate(0, np.array([1e3, 2e3, 100.0, -50.0]), np.diag([1e4, 1e4, 400.0, 400.0])), \
        constant_velocity(4.0, 2.0)  # fmt: skip
    after = measured(predict(before, motion, 4 * S), np.array([1500.0, 1700.0]), np.diag([3600.0, 6400.0]))
    told = equivalent_measurement(before, after, motion)
    print(told.push.tolist(), np.trace(fuse(after, told).covariance))
    assert told.push[:2] == pytest.approx([100.0 / 3600.0, -100.0 / 6400.0], rel=1e-6)
    assert np.trace(told.information) == pytest.approx(1 / 3600.0 + 1 / 6400.0, rel=1e-6)
