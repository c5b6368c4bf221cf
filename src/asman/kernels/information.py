"""Small linear algebra of estimation, in the same bits on every processor.

A linear-algebra library chooses its kernels by the processor that it finds, and sums in another order on
another machine. These loops do not.

Source: G. Golub, C. Van Loan, "Matrix Computations", 4th edition, 4.2 (Cholesky), 3.1 (triangular solution).
"""

import math

import numpy as np
from numpy.typing import NDArray

from asman.kernels.jit import kernel, lent

Floats = NDArray[np.float64]


@lent
def factor(size: int, a: Floats) -> None:
    """Replace the lower triangle of a symmetric positive matrix by its Cholesky factor; the upper by zeros.

    A pivot that rounding has made negative counts as nothing known: 1e-150.
    """
    # On the upper triangle, where rows lie as memory does; it holds the factor's transpose.
    for j in range(size):
        for k in range(j):
            a[k, j] = a[j, k]
    for i in range(size):
        pivot = math.sqrt(max(a[i, i], 1e-300))
        a[i, i] = pivot
        for k in range(i + 1, size):
            a[i, k] /= pivot
        for j in range(i + 1, size):
            s = a[i, j]
            if s != 0.0:
                for k in range(j, size):
                    a[j, k] -= s * a[i, k]
    for j in range(size):
        for k in range(j):
            a[j, k] = a[k, j]
            a[k, j] = 0.0


@lent
def forward(size: int, a: Floats, x: Floats) -> None:
    """Solve L y = x in place for the lower triangle L of `a`."""
    for j in range(size):
        s = x[j]
        for k in range(j):
            s -= a[j, k] * x[k]
        x[j] = s / a[j, j]


@kernel
def absorb(covariance: Floats, information: Floats, vector: Floats) -> tuple[Floats, Floats]:
    """Covariance (D, D) and step (D,) of an estimate once information (D, D), vector (D,) is added to it.

    With P = L L', the new covariance is L (1 + L' I L)^-1 L': no inverse of what may be nearly singular.
    """
    size = vector.size
    lower = covariance.copy()
    factor(size, lower)
    half = np.zeros((size, size))
    for p in range(size):
        for k in range(size):
            s = information[p, k]
            if s != 0.0:
                for q in range(k + 1):
                    half[p, q] += s * lower[k, q]
    inner = np.eye(size)
    for k in range(size):
        for p in range(k + 1):
            s = lower[k, p]
            if s != 0.0:
                for q in range(size):
                    inner[p, q] += s * half[k, q]
    factor(size, inner)
    # Rows of K^-1 L', K the factor of `inner`.
    root = lower.T.copy()
    for j in range(size):
        for k in range(j):
            s = inner[j, k]
            if s != 0.0:
                for q in range(size):
                    root[j, q] -= s * root[k, q]
        for q in range(size):
            root[j, q] /= inner[j, j]
    posterior = np.zeros((size, size))
    step = np.zeros(size)
    for j in range(size):
        along = 0.0
        for q in range(size):
            along += root[j, q] * vector[q]
        for p in range(size):
            s = root[j, p]
            step[p] += s * along
            if s != 0.0:
                for q in range(size):
                    posterior[p, q] += s * root[j, q]
    return posterior, step
