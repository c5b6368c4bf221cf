"""What a contributed track tells beyond its place: covariance of the velocity, and what it learned.

Information is told as the square root of each diagonal term, a step of a fourteenth of a percent on a
logarithmic scale, rounded down, and the other terms as correlations. All quantities are near what was sent:
velocities to a centimetre a second, correlations to 1/32,767. Where what was learned speaks of a place too
far off for its columns it is left out.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PAIRS: Final = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
#: Correlations of the covariance that the place's own columns do not hold.
_CROSS: Final = (
    ("cov_e_ve_m2ps", "e", "ve"), ("cov_e_vn_m2ps", "e", "vn"), ("cov_n_ve_m2ps", "n", "ve"),
    ("cov_n_vn_m2ps", "n", "vn"), ("cov_ve_vn_m2ps2", "ve", "vn"),
)  # fmt: skip
COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("sigma_ve", "<u2"), ("sigma_vn", "<u2"), *((f"corr{k}", "<i2") for k in range(5)),
    ("since", "<i4"), *((f"about{k}", "<i2") for k in range(4)), *((f"root{k}", "<u2") for k in range(4)),
    *((f"with{k}", "<i2") for k in range(6)),
)  # fmt: skip
_SIGMA_MPS: Final = 0.01
_NONE: Final = 65_535
_ABOUT: Final = (1.0, 1.0, 0.05, 0.05)
_FULL: Final = 32_767.0
#: Roots of information from 2^-24 on, in steps of 2^(1/1024).
_LOWEST: Final = -24.0
_STEPS: Final = 1024.0
#: Rounded correlations may make a matrix of rank two slightly negative: they are drawn in by so much.
_DRAWN_IN: Final = 2e-4
_PLACES: Final = {pair: k for k, pair in enumerate((p, q) for p in range(4) for q in range(p, 4))}


def coded(tracks: pa.Table, since: NDArray[np.int64]) -> dict[str, Any]:
    """Columns of whole numbers. Rows that do not tell these things get none."""
    count = len(tracks)
    if "information" not in tracks.column_names:
        empty: dict[str, Any] = {name: np.zeros(count) for name, _ in COLUMNS}
        return {**empty, "sigma_ve": np.full(count, _NONE), "sigma_vn": np.full(count, _NONE), "since": since}
    variance = {
        "e": _floats(tracks, "var_e_m2"), "n": _floats(tracks, "var_n_m2"),
        "ve": _floats(tracks, "var_ve_m2ps2"), "vn": _floats(tracks, "var_vn_m2ps2"),
    }  # fmt: skip
    columns: dict[str, Any] = {"since": since}
    for name in ("ve", "vn"):
        steps = np.ceil(np.sqrt(variance[name]) / _SIGMA_MPS)
        columns[f"sigma_{name}"] = np.where(
            np.isnan(steps), _NONE, np.clip(np.nan_to_num(steps), 1, _NONE - 1)
        )
    for k, (name, a, b) in enumerate(_CROSS):
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = np.nan_to_num(_floats(tracks, name) / np.sqrt(variance[a] * variance[b]))
        columns[f"corr{k}"] = np.trunc(np.clip(correlation, -1.0, 1.0) * _FULL)
    about, upper = _lists(tracks, "about", 4), _lists(tracks, "information", 10)
    steps = np.rint(about / np.array(_ABOUT))
    root = np.sqrt(np.maximum(upper[:, [_PLACES[k, k] for k in range(4)]], 0.0))
    told = np.asarray((np.abs(steps) <= _FULL).all(axis=1) & (root > 0.0).any(axis=1))
    with np.errstate(divide="ignore"):
        level = np.floor((np.log2(root) - _LOWEST) * _STEPS)
    level = np.where(told[:, None] & (level >= 1.0), np.clip(level, 1, _NONE), 0.0)
    for k in range(4):
        columns[f"about{k}"] = np.where(told, np.clip(steps[:, k], -_FULL, _FULL), 0.0)
        columns[f"root{k}"] = level[:, k]
    for k, (p, q) in enumerate(_PAIRS):
        size = root[:, p] * root[:, q]
        share = np.where(size > 0.0, upper[:, _PLACES[p, q]] / np.where(size > 0.0, size, 1.0), 0.0)
        columns[f"with{k}"] = np.where(told, np.rint(np.clip(share, -1.0, 1.0) * _FULL), 0.0)
    return columns


def decoded(raw: dict[str, Any], sigma_e: Floats, sigma_n: Floats) -> dict[str, Any]:
    """The columns of CONTRIBUTED, of whole numbers as they came; `since` is the caller's."""
    sigma: dict[str, Floats] = {"e": sigma_e, "n": sigma_n}
    for name in ("ve", "vn"):
        steps = raw[f"sigma_{name}"]
        sigma[name] = np.where(steps == _NONE, np.nan, steps * _SIGMA_MPS)
    columns: dict[str, Any] = {"var_ve_m2ps2": sigma["ve"] ** 2, "var_vn_m2ps2": sigma["vn"] ** 2}
    for k, (name, a, b) in enumerate(_CROSS):
        columns[name] = raw[f"corr{k}"] / _FULL * sigma[a] * sigma[b]
    rows = len(sigma_e)
    about = np.stack([raw[f"about{k}"] * _ABOUT[k] for k in range(4)], 1) if rows else np.zeros((0, 4))
    root = np.stack([raw[f"root{k}"].astype(np.float64) for k in range(4)], 1) if rows else np.zeros((0, 4))
    root = np.where(root > 0.0, np.exp2(root / _STEPS + _LOWEST), 0.0)
    upper = np.zeros((rows, 10))
    for k in range(4):
        upper[:, _PLACES[k, k]] = root[:, k] ** 2
    for k, (p, q) in enumerate(_PAIRS):
        share = raw[f"with{k}"] / _FULL * (1.0 - _DRAWN_IN)
        upper[:, _PLACES[p, q]] = share * root[:, p] * root[:, q]
    columns["about"] = pa.FixedSizeListArray.from_arrays(pa.array(about.ravel()), 4)
    columns["information"] = pa.FixedSizeListArray.from_arrays(pa.array(upper.ravel()), 10)
    return columns


def _floats(tracks: pa.Table, name: str) -> Floats:
    return tracks[name].to_numpy().astype(np.float64)


def _lists(tracks: pa.Table, name: str, size: int) -> Floats:
    """A column of lists as a matrix; null is all zeros."""
    column: Any = tracks[name].combine_chunks()
    filled = np.zeros((len(tracks), size))
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    if valid.any():
        filled[valid] = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, size)
    return np.nan_to_num(filled, nan=0.0, posinf=0.0, neginf=0.0)
