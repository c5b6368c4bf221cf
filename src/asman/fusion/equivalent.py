"""Equivalent measurements: what a track learned between two instants, free of what it knew before.

A track's estimates at two instants share all that was known at the first, and both share it with whoever was
told then: sent as they are, they would count it twice. So the first is carried on to the second's time and
taken away again, as information (inverse covariance):

    I = inverse(P1) - inverse(P1 from P0),      i = inverse(P1) x1 - inverse(P1 from P0) (x1 from x0)

What is left is what the sensors said in between: a linear measurement with errors of its own. Fusing it with
any other estimate is a Kalman correction. It is exact where the measurements of the interval came at its end,
or nothing is uncertain about the motion meanwhile; else the noise of the motion, common to all who watch one
aircraft, leaves a small correlation: keep intervals short against the manoeuvres.

A track whose covariance opened (a manoeuvre, another model) knows less than was predicted in some direction:
such a direction carries nothing. Sent as information with a reference state, nothing is ever divided by it.

Sources: O. Drummond, "Track and tracklet fusion filtering", Proc. SPIE 4728, 2002; Y. Bar-Shalom, P. Willett,
X. Tian, Tracking and Data Fusion, 2011, section 9.5 (information decorrelation).
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np

from asman.fusion.estimate import Estimate, Floats, Motion, predict, symmetric

#: Information below this share of what the prediction held is rounding.
LEAST: Final = 1e-9


class EquivalentMeasurement(msgspec.Struct, frozen=True):
    """What was learned of one aircraft, valid at one time.

    time_ns      ns since 1970 UTC: when it is valid
    since_ns     ns since 1970 UTC: what came before is not in it
    reference    (n,)    state about which it is told: what was predicted
    information  (n, n)  inverse covariance, positive semidefinite; zero in directions it says nothing of
    push         (n,)    information times (what was measured less the reference)
    """

    time_ns: int
    since_ns: int
    reference: Floats
    information: Floats
    push: Floats

    def __post_init__(self) -> None:
        """Raise ValueError where shapes differ, or the information could take certainty away."""
        size = len(self.reference)
        if self.information.shape != (size, size) or self.push.shape != (size,):
            raise ValueError(f"a state of {size} needs information {size} x {size} and a push of {size}")
        parts = (self.reference, self.information, self.push)
        if not all(np.isfinite(part).all() for part in parts):
            raise ValueError("an equivalent measurement must be finite")
        if self.since_ns > self.time_ns:
            raise ValueError("an equivalent measurement must not begin after it is valid")
        scale = np.sqrt(np.maximum(np.diag(self.information), 1e-300))
        if np.linalg.eigvalsh(symmetric(self.information) / np.outer(scale, scale))[0] < -1e-6:
            raise ValueError("information must not be negative in any direction")


class Linear(NamedTuple):
    """The same as a measurement value = matrix @ state + errors of a diagonal covariance.

    matrix      (m, n)  m directions in which it says something
    value       (m,)
    covariance  (m, m)  diagonal: the directions are independent
    """

    matrix: Floats
    value: Floats
    covariance: Floats


def equivalent_measurement(before: Estimate, after: Estimate, motion: Motion) -> EquivalentMeasurement:
    """What a track learned from `before` to `after`, over which `motion` leads.

    Raises ValueError where time goes backwards.
    """
    if after.time_ns < before.time_ns:
        raise ValueError("`after` must not be before `before`")
    predicted = predict(before, motion, after.time_ns)
    # Scaled so that the prediction is the unit: what was learned is what exceeds it.
    root = np.linalg.cholesky(predicted.covariance)
    gained = root.T @ np.linalg.solve(after.covariance, root) - np.eye(len(root))
    share, axes = np.linalg.eigh(symmetric(gained))
    kept = share > LEAST
    axes, share = axes[:, kept], share[kept]
    back = np.linalg.solve(root.T, axes)
    moved = np.linalg.solve(after.covariance, after.mean - predicted.mean)
    return EquivalentMeasurement(
        time_ns=after.time_ns,
        since_ns=before.time_ns,
        reference=predicted.mean,
        information=symmetric((back * share) @ back.T),
        push=back @ (axes.T @ (root.T @ moved)),
    )


def fuse(estimate: Estimate, measurement: EquivalentMeasurement) -> Estimate:
    """Correct an estimate by an equivalent measurement that is valid at its time and in its frame.

    Raises ValueError at another time: predict first. The caller sees to it that each measurement comes once.
    """
    _same_time(estimate, measurement)
    root = np.linalg.cholesky(estimate.covariance)
    # I + root' information root is never worse conditioned than what was learned.
    inner = np.eye(len(root)) + root.T @ measurement.information @ root
    covariance = root @ np.linalg.solve(inner, root.T)
    push = measurement.push + measurement.information @ (measurement.reference - estimate.mean)
    return Estimate(estimate.time_ns, estimate.mean + covariance @ push, symmetric(covariance))


def distance2(estimate: Estimate, measurement: EquivalentMeasurement) -> tuple[float, int]:
    """Squared Mahalanobis distance of a measurement from an estimate, and its degrees of freedom."""
    _same_time(estimate, measurement)
    linear = as_linear(measurement)
    off = linear.value - linear.matrix @ estimate.mean
    spread = linear.matrix @ estimate.covariance @ linear.matrix.T + linear.covariance
    return float(off @ np.linalg.solve(spread, off)), len(off)


def as_linear(measurement: EquivalentMeasurement) -> Linear:
    """The measurement as matrix, value and covariance, for filters that want these."""
    scale = np.sqrt(np.maximum(np.diag(measurement.information), 1e-300))
    share, axes = np.linalg.eigh(symmetric(measurement.information / np.outer(scale, scale)))
    kept = share > LEAST
    matrix = (axes[:, kept] * scale[:, None]).T
    value = matrix @ measurement.reference + (axes[:, kept].T @ (measurement.push / scale)) / share[kept]
    return Linear(matrix, value, np.diag(1.0 / share[kept]))


def _same_time(estimate: Estimate, measurement: EquivalentMeasurement) -> None:
    if estimate.time_ns != measurement.time_ns:
        raise ValueError(
            f"estimate of {estimate.time_ns} ns, measurement of {measurement.time_ns} ns: predict first"
        )
