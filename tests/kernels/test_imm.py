"""The IMM against a plain matrix form in numpy, and its behaviour on known motions."""

import numpy as np
import pytest

from asman.kernels.imm import MODES, Motion, begin, combine, correct_velocity, cruise_time_s, predict, update
from asman.tracking.config import record_of

MOTION = record_of(
    Motion(
        noise_low_m2ps3=0.4,
        noise_turn_m2ps3=6.0,
        noise_high_m2ps3=60.0,
        turn_mps2=4.0,
        turn_radps_max=float(np.radians(3.0)),
        cruise_s=100.0,
        cruise_low_m=2_000.0,
        cruise_growth_m=3_000.0,
        cruise_max_s=2_000.0,
        turn_s=35.0,
        wild_s=15.0,
    )
)
CRUISE_S = float(MOTION.cruise_s)
#: Packed covariance -> full matrix of (e, n, ve, vn).
PACK = [(0, 0), (0, 1), (1, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)]


def full(packed: np.ndarray) -> np.ndarray:
    out = np.empty((4, 4))
    for value, (i, j) in zip(packed, PACK, strict=True):
        out[i, j] = out[j, i] = value
    return out


def state(rng: np.random.Generator):
    x = rng.normal(0, 100, (MODES, 4)) + np.array([0, 0, 150, 60])
    p = np.empty((MODES, 10))
    for j in range(MODES):
        root = rng.normal(0, 30, (4, 4))
        matrix = root @ root.T + 10 * np.eye(4)
        p[j] = [matrix[i, k] for i, k in PACK]
    mu = rng.dirichlet(np.ones(MODES))
    return x, p, mu


def transition(dt: float) -> np.ndarray:
    c, t, w = np.exp(-dt / MOTION.cruise_s), np.exp(-dt / MOTION.turn_s), np.exp(-dt / MOTION.wild_s)
    return np.array(
        [
            [c, 0.35 * (1 - c), 0.35 * (1 - c), 0.3 * (1 - c)],
            [0.85 * (1 - t), t, 0.05 * (1 - t), 0.1 * (1 - t)],
            [0.85 * (1 - t), 0.05 * (1 - t), t, 0.1 * (1 - t)],
            [0.7 * (1 - w), 0.15 * (1 - w), 0.15 * (1 - w), w],
        ]
    )


def oracle_predict(x, p, mu, dt):
    """Textbook: mix, then F x and F P F' + Q with full matrices."""
    covs = np.array([full(one) for one in p])
    weight = transition(dt) * mu[:, None]
    after = weight.sum(axis=0)
    weight /= after
    means = weight.T @ x
    mixed = np.array(
        [
            sum(weight[i, j] * (covs[i] + np.outer(x[i] - means[j], x[i] - means[j])) for i in range(MODES))
            for j in range(MODES)
        ]
    )
    speed = np.hypot(*(after @ means)[2:])
    rate = min(MOTION.turn_radps_max, MOTION.turn_mps2 / speed)
    noise = [
        MOTION.noise_low_m2ps3,
        MOTION.noise_turn_m2ps3,
        MOTION.noise_turn_m2ps3,
        MOTION.noise_high_m2ps3,
    ]
    out_x, out_p = [], []
    for j, o in enumerate([0.0, rate, -rate, 0.0]):
        f = np.eye(4)
        if o == 0.0:
            f[0, 2] = f[1, 3] = dt
        else:
            s, c = np.sin(o * dt), np.cos(o * dt)
            f[:2, 2:] = np.array([[s, -(1 - c)], [1 - c, s]]) / o
            f[2:, 2:] = [[c, -s], [s, c]]
        q = noise[j] * np.kron([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]], np.eye(2))
        out_x.append(f @ means[j])
        out_p.append(f @ mixed[j] @ f.T + q)
    return np.array(out_x), np.array(out_p), after


@pytest.mark.parametrize("dt", [0.05, 1.0, 4.0, 12.0, 60.0])
def test_prediction_is_that_of_full_matrices(dt):
    x, p, mu = state(np.random.default_rng(round(dt * 100)))
    want_x, want_p, want_mu = oracle_predict(x, p, mu, dt)
    predict(dt, CRUISE_S, x, p, mu, MOTION, np.empty((MODES, 18)))
    np.testing.assert_allclose(mu, want_mu, rtol=1e-12)
    np.testing.assert_allclose(x, want_x, rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose([full(one) for one in p], want_p, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize(
    ("altitude_m", "seconds"),
    [(np.nan, 100.0), (-50.0, 100.0), (2_000.0, 100.0), (5_000.0, 100.0 * np.e), (40_000.0, 2_000.0)],
)
def test_who_flies_high_flies_straight_on_for_longer(altitude_m, seconds):
    assert cruise_time_s.py_func(altitude_m, MOTION) == pytest.approx(seconds)


def test_correction_is_that_of_full_matrices_and_weighs_the_models_by_likelihood():
    rng = np.random.default_rng(7)
    x, p, mu = state(rng)
    r = np.array([[900.0, 200.0], [200.0, 2500.0]])
    z = np.array([30.0, -40.0])
    want, weights = [], []
    for j in range(MODES):
        prior = full(p[j])
        s = prior[:2, :2] + r
        gain = prior[:, :2] @ np.linalg.inv(s)
        innovation = z - x[j, :2]
        want.append((x[j] + gain @ innovation, prior - gain @ s @ gain.T))
        density = np.exp(-0.5 * innovation @ np.linalg.solve(s, innovation)) / np.sqrt(
            np.linalg.det(2 * np.pi * s)
        )
        weights.append(mu[j] * density)
    update(*z, r[0, 0], r[0, 1], r[1, 1], x, p, mu, np.empty((MODES, 18)))
    np.testing.assert_allclose(x, [one[0] for one in want], rtol=1e-9)
    np.testing.assert_allclose([full(one) for one in p], [one[1] for one in want], rtol=1e-8, atol=1e-6)
    np.testing.assert_allclose(mu, np.maximum(np.array(weights) / sum(weights), 1e-4), rtol=1e-3)


def test_a_reported_velocity_corrects_as_full_matrices_do():
    x, p, _ = state(np.random.default_rng(11))
    before_x, before_p = x.copy(), [full(one) for one in p]
    correct_velocity(140.0, 70.0, 25.0, x, p)
    for j in range(MODES):
        s = before_p[j][2:, 2:] + 25.0 * np.eye(2)
        gain = before_p[j][:, 2:] @ np.linalg.inv(s)
        np.testing.assert_allclose(x[j], before_x[j] + gain @ ([140.0, 70.0] - before_x[j][2:]), rtol=1e-9)
        np.testing.assert_allclose(full(p[j]), before_p[j] - gain @ s @ gain.T, rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize(("turn_radps", "favourite"), [(0.0, 0), (4.0 / 150, 1), (-4.0 / 150, 2)])
def test_the_model_that_flies_as_the_aircraft_does_wins(turn_radps, favourite):
    rng = np.random.default_rng(5)
    x, p, mu = np.empty((MODES, 4)), np.empty((MODES, 10)), np.empty(MODES)
    work = np.empty((MODES, 18))
    position, heading = np.zeros(2), 0.3
    begin(0.0, 0.0, 100.0, 0.0, 100.0, 0.0, 0.0, 4e4, x, p, mu)
    share = []
    for step in range(40):
        for _ in range(40):
            heading += turn_radps * 0.1
            position += 150.0 * 0.1 * np.array([np.cos(heading), np.sin(heading)])
        predict(4.0, CRUISE_S, x, p, mu, MOTION, work)
        update(*(position + rng.normal(0, 10, 2)), 100.0, 0.0, 100.0, x, p, mu, work)
        if step > 5:
            share.append(mu.copy())
    assert np.argmax(np.mean(share, axis=0)) == favourite
    mean, cov = np.empty(4), np.empty(10)
    combine(x, p, mu, mean, cov)
    assert np.hypot(*(mean[:2] - position)) < 40
    assert np.all(np.linalg.eigvalsh(full(cov)) > 0)
