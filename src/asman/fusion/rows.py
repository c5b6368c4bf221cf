"""Rows of contributions as arrays for kernels: degrees become radians, columns become covariances."""

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.joint import LEARNED, NOTHING, UNKNOWN
from asman.kernels.states import States
from asman.kernels.trackrows import EARTH_RADIUS_M
from asman.model.contribution import CONTRIBUTED

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

#: Standard deviation of a velocity that is told without any, and of a place [m/s, m].
VELOCITY_SIGMA_MPS: Final = 30.0
PLACE_SIGMA_M: Final = 500.0
#: Nobody is believed to know more.
LEAST_M2: Final = 1.0
LEAST_M2PS2: Final = 0.01
#: Information that went through rounding may miss being positive by so much.
ROUNDING: Final = 1e-3
#: Where the columns of a covariance stand in it, over east, north and their velocities.
TERMS: Final = {
    "var_e_m2": (0, 0), "var_n_m2": (1, 1), "cov_en_m2": (0, 1), "var_ve_m2ps2": (2, 2),
    "var_vn_m2ps2": (3, 3), "cov_e_ve_m2ps": (0, 2), "cov_e_vn_m2ps": (0, 3), "cov_n_ve_m2ps": (1, 2),
    "cov_n_vn_m2ps": (1, 3), "cov_ve_vn_m2ps2": (2, 3),
}  # fmt: skip
UPPER: Final = np.triu_indices(4)


class Learned(NamedTuple):
    """What rows tell beside their states.

    kind         (N,)       NOTHING, LEARNED or UNKNOWN, as in kernels/joint.py
    since_ns     (N,)       what was learned, was learned after it
    about        (N, 4)
    information  (N, 4, 4)
    """

    kind: NDArray[np.int8]
    since_ns: Longs
    about: Floats
    information: Floats


def shaped(table: pa.Table) -> pa.Table:
    """TRACKS or CONTRIBUTED rows as CONTRIBUTED in one chunk; what is absent is null."""
    if table.schema.equals(CONTRIBUTED):
        return table.combine_chunks()
    columns: list[Any] = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in CONTRIBUTED
    ]
    return pa.Table.from_arrays(columns, schema=CONTRIBUTED).combine_chunks()


def floats(table: pa.Table, name: str) -> Floats:
    """A column as numbers; null is NaN."""
    return one(table, name).to_numpy(zero_copy_only=False).astype(np.float64)


def longs(table: pa.Table, name: str, missing: int) -> Longs:
    """A column as whole numbers."""
    return one(table, name).cast(pa.int64()).fill_null(missing).to_numpy(zero_copy_only=False)


def bools(table: pa.Table, name: str) -> NDArray[np.bool_]:
    """A column as truth; null is false."""
    return one(table, name).fill_null(False).to_numpy(zero_copy_only=False).astype(np.bool_)


def one(table: pa.Table, name: str) -> Any:
    """A column in one piece."""
    column = table[name]
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def stretch(table: pa.Table) -> Floats:
    """How much longer a way is at each row's height than on the ellipsoid, on which tracks live."""
    height, pressure = floats(table, "geometric_altitude_m"), floats(table, "altitude_m")
    height = np.where(np.isnan(height), np.where(np.isnan(pressure), 0.0, pressure), height)
    return 1.0 + height / EARTH_RADIUS_M


def states_of(table: pa.Table) -> States:
    """The rows' states; a covariance that is none, or not told, becomes a wide one."""
    count = len(table)
    covariance = np.zeros((count, 4, 4))
    for name, (p, q) in TERMS.items():
        covariance[:, p, q] = covariance[:, q, p] = floats(table, name)
    scale = stretch(table)
    velocity = np.stack((floats(table, "ve_mps"), floats(table, "vn_mps")), 1) / scale[:, None]
    covariance = _believable(covariance, np.asarray(np.isnan(velocity).any(axis=1)))
    return States(
        time_ns=longs(table, "time", 0),
        lat=np.radians(floats(table, "lat_deg")),
        lon=np.radians(floats(table, "lon_deg")),
        velocity=np.ascontiguousarray(np.nan_to_num(velocity)),
        covariance=covariance,
        level=np.zeros(count, np.int64),
    )


def _believable(covariance: Floats, unmoved: NDArray[np.bool_]) -> Floats:
    """Covariances that are positive definite, and no smaller than anybody can know."""
    place = np.isfinite(covariance[:, :2, :2]).all(axis=(1, 2))
    covariance[~place] = np.nan
    covariance[~place, 0, 0] = covariance[~place, 1, 1] = PLACE_SIGMA_M**2
    covariance[~place, 0, 1] = covariance[~place, 1, 0] = 0.0
    whole = np.isfinite(covariance).all(axis=(1, 2)) & ~unmoved
    covariance[~whole, :, 2:] = covariance[~whole, 2:, :] = 0.0
    wide = np.where(unmoved, 300.0, VELOCITY_SIGMA_MPS)[~whole] ** 2
    covariance[~whole, 2, 2] = covariance[~whole, 3, 3] = wide
    for k, least in enumerate((LEAST_M2, LEAST_M2, LEAST_M2PS2, LEAST_M2PS2)):
        covariance[:, k, k] = np.maximum(covariance[:, k, k], least)
    broken = ~positive(covariance)
    for p, q in zip(*np.triu_indices(4, 1), strict=True):
        covariance[broken, p, q] = covariance[broken, q, p] = 0.0
    return covariance


def positive(matrices: Floats) -> NDArray[np.bool_]:
    """(N,) whether symmetric matrices (N, 4, 4) are positive definite: Gauss's pivots, scaled."""
    size = np.sqrt(np.maximum(np.einsum("nii->ni", matrices), 1e-300))
    left = matrices / (size[:, :, None] * size[:, None, :])
    sound = np.ones(len(matrices), np.bool_)
    for k in range(4):
        pivot = left[:, k, k]
        sound &= pivot > 1e-9
        safe = np.where(pivot > 1e-9, pivot, 1.0)
        left = left - left[:, :, k, None] * left[:, None, k, :] / safe[:, None, None]
    return sound


def learned_of(table: pa.Table) -> Learned:
    """What rows tell beside their states."""
    count = len(table)
    since = one(table, "since")
    told = since.is_valid().to_numpy(zero_copy_only=False) & np.isfinite(floats(table, "var_ve_m2ps2"))
    about, upper = _lists(table, "about", 4), _lists(table, "information", 10)
    information = np.zeros((count, 4, 4))
    information[:, UPPER[0], UPPER[1]] = upper
    information[:, UPPER[1], UPPER[0]] = upper
    told &= np.isfinite(upper).all(axis=1) & np.isfinite(about).all(axis=1)
    some = told & _gives(np.nan_to_num(information))
    kind = np.where(told, np.where(some, LEARNED, NOTHING), UNKNOWN).astype(np.int8)
    return Learned(
        kind, since.cast(pa.int64()).fill_null(0).to_numpy(), np.nan_to_num(about), np.nan_to_num(information)
    )


def _gives(information: Floats) -> NDArray[np.bool_]:
    """(N,) whether something was learned, takes no certainty away, and claims no more than can be known."""
    diagonal = np.einsum("nii->ni", information)
    tame = (diagonal[:, :2] <= 1.0 / LEAST_M2).all(axis=1) & (diagonal[:, 2:] <= 1.0 / LEAST_M2PS2).all(
        axis=1
    )
    some = tame & (diagonal > 0.0).any(axis=1)
    raised = information[some] * (1.0 - ROUNDING)
    np.einsum("nii->ni", raised)[:] += ROUNDING * diagonal[some] + 1e-30
    sound = some.copy()
    sound[some] = positive(raised)
    return sound


def has_provenance(table: pa.Table) -> NDArray[np.bool_]:
    """(N,) whether a row's state is known to be its origin's own: the whole covariance was told."""
    return np.isfinite(floats(table, "var_ve_m2ps2"))


def _lists(table: pa.Table, name: str, size: int) -> Floats:
    column = one(table, name)
    filled = np.full((len(table), size), np.nan)
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    if valid.any():
        filled[valid] = values.reshape(-1, size)
    return filled


def empty() -> pa.Table:
    """No rows."""
    return CONTRIBUTED.empty_table()
