"""Means that know how sure they are, and distributions.

Errors of one track are alike from one instant to the next: a hundred rows of one aircraft are not a hundred
samples. Intervals therefore count each aircraft as one sample (the sandwich estimator of a ratio of sums).

Source: K.-Y. Liang, S. Zeger, "Longitudinal data analysis using generalized linear models",
Biometrika 73, 1986.
"""

from typing import Final

import numpy as np

from asman.scoring.columns import Floats, Ints
from asman.scoring.report import Distribution, Interval

#: Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom; the normal one beyond.
_T95: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


def clustered(top: Floats, bottom: Floats, who: Ints) -> Interval | None:
    """Ratio of the sums of `top` and `bottom` with its 95 % interval, rows of one `who` being one sample."""
    total = float(bottom.sum())
    if total <= 0.0:
        return None
    ratio = float(top.sum()) / total
    _, index = np.unique(who, return_inverse=True)
    groups = int(index.max()) + 1
    if groups < 2:
        return Interval(ratio, None, None, int(top.size))
    rest = np.bincount(index, weights=top - ratio * bottom)
    spread = float(np.sqrt(np.sum(rest**2) * groups / (groups - 1))) / total
    wide = spread * (_T95[groups - 2] if groups - 1 <= len(_T95) else 1.96)
    return Interval(ratio, ratio - wide, ratio + wide, int(top.size))


def mean_of(values: Floats, who: Ints) -> Interval | None:
    """Mean with its 95 % interval, rows of one `who` being one sample; None without rows."""
    return clustered(values, np.ones(values.size), who)


def distribution(name: str, unit: str, errors: Floats, bins: int = 40) -> Distribution | None:
    """Figures and histogram of errors' sizes; None without rows. NaN rows are not counted."""
    errors = errors[np.isfinite(errors)]
    if not errors.size:
        return None
    size = np.abs(errors)
    p95 = float(np.quantile(size, 0.95))
    edges = np.linspace(0.0, _round_up(max(1.6 * p95, 1e-9)), bins + 1)
    counts = np.histogram(np.minimum(size, edges[-1]), edges)[0]
    return Distribution(
        name=name, unit=unit, count=int(errors.size), bias=float(errors.mean()),
        rms=float(np.sqrt(np.mean(errors**2))), median=float(np.median(size)), p95=p95,
        worst=float(size.max()), bins=tuple(edges.tolist()), counts=tuple(int(c) for c in counts),
    )  # fmt: skip


def _round_up(value: float) -> float:
    scale = 10.0 ** np.floor(np.log10(value))
    for step in (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0):
        if value <= step * scale:
            return float(step * scale)
    return value
