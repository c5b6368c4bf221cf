"""Covariance intersection: two estimates of one aircraft join, though nobody knows what they have in common.

A partner's track that comes without provenance (a CAT062 feed) may be made of the same plots as our own. The
average of both, weighed by w and 1 - w times their information, claims no more than is true whatever they
share. The weight is the one that leaves the least volume of uncertainty.

Source: S. Julier, J. Uhlmann, "A non-divergent estimation algorithm in the presence of unknown correlations",
Proc. American Control Conference, 1997.
"""

from typing import Final

import numpy as np

from asman.fusion.estimate import Estimate, Floats, symmetric

#: Halvings of the interval in which the best weight lies: to 1e-12.
_HALVINGS: Final = 40


def intersect(a: Estimate, b: Estimate) -> Estimate:
    """Join two estimates of one aircraft at one time, in one frame, whatever they have in common.

    Raises ValueError where times or sizes differ.
    """
    if a.time_ns != b.time_ns:
        raise ValueError(f"estimates are of {a.time_ns} and {b.time_ns} ns: predict first")
    if len(a.mean) != len(b.mean):
        raise ValueError(f"states of {len(a.mean)} and {len(b.mean)} do not join")
    w = _weight(a.covariance, b.covariance)
    of_a, of_b = np.linalg.inv(a.covariance), np.linalg.inv(b.covariance)
    covariance = symmetric(np.asarray(np.linalg.inv(w * of_a + (1.0 - w) * of_b), np.float64))
    # About one of the means: far from the frame's origin, differences are small and means are not.
    mean = a.mean + covariance @ ((1.0 - w) * (of_b @ (b.mean - a.mean)))
    return Estimate(a.time_ns, mean, covariance)


def _weight(a: Floats, b: Floats) -> float:
    """Weight of `a`, 0 to 1, that leaves the least determinant: where the derivative of its logarithm is 0.

    With k the eigenvalues of inverse(b) a, the logarithm of the determinant is a constant less the sum of
    log(w + (1 - w) k): convex, so halving the interval finds where it is least.
    """
    root = np.linalg.cholesky(a)
    k = np.linalg.eigvalsh(symmetric(root.T @ np.linalg.solve(b, root)))
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        w = 0.5 * (low + high)
        if np.sum((1.0 - k) / (w + (1.0 - w) * k)) > 0.0:
            low = w
        else:
            high = w
    return 0.5 * (low + high)
