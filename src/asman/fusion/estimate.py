"""An estimate of one aircraft's state, and how it is carried on in time."""

from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: A covariance may miss its symmetry by so much of its largest term: numbers that went through a file.
_ASYMMETRY = 1e-6


class Motion(NamedTuple):
    """A linear motion over some time.

    transition  (n, n)  state after = transition @ state before
    noise       (n, n)  covariance that is added meanwhile
    """

    transition: Floats
    noise: Floats


class Estimate(msgspec.Struct, frozen=True):
    """Mean and covariance of a state at a time.

    time_ns     ns since 1970 UTC
    mean        (n,)    tracks: east, north [m], east, north velocity [m/s] in a tangent plane
    covariance  (n, n)  positive definite
    """

    time_ns: int
    mean: Floats
    covariance: Floats

    def __post_init__(self) -> None:
        """Raise ValueError where the covariance is none."""
        checked(self.covariance, len(self.mean))


def checked(covariance: Any, size: int) -> None:
    """Raise ValueError, with what is wrong, unless `covariance` is one of a state of that size."""
    if np.shape(covariance) != (size, size):
        raise ValueError(f"a state of {size} needs a covariance {size} x {size}, not {np.shape(covariance)}")
    if not np.isfinite(covariance).all():
        raise ValueError("a covariance must be finite")
    if np.abs(covariance - covariance.T).max() > _ASYMMETRY * np.abs(covariance).max():
        raise ValueError("a covariance must be symmetric")
    try:
        np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        raise ValueError("a covariance must be positive definite") from None


def predict(estimate: Estimate, motion: Motion, time_ns: int) -> Estimate:
    """The estimate carried on to a time, over which `motion` leads."""
    transition = motion.transition
    return Estimate(
        time_ns,
        transition @ estimate.mean,
        symmetric(transition @ estimate.covariance @ transition.T + motion.noise),
    )


def constant_velocity(dt_s: float, noise_m2ps3: float) -> Motion:
    """Constant velocity in a plane with white acceleration noise; state east, north, their velocities.

    Source: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, 6.2.2.
    """
    if dt_s < 0.0:
        raise ValueError(f"time goes forward: dt_s must not be negative, it is {dt_s}")
    one = np.eye(2)
    transition = np.block([[one, dt_s * one], [np.zeros((2, 2)), one]])
    third, half = dt_s**3 / 3.0, dt_s**2 / 2.0
    return Motion(transition, noise_m2ps3 * np.block([[third * one, half * one], [half * one, dt_s * one]]))


def symmetric(matrix: Floats) -> Floats:
    """The symmetric part: products of rounded numbers miss it by a bit."""
    return 0.5 * (matrix + matrix.T)
