"""What an aircraft's other reports say of each one: the second part of cleaning a reference.

First the longest chain of reports that can follow each other; then, again and again, whether each lies where
all others say, the worst first; last, what the chain had left out but the others confirm is taken back.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from asman.kernels import scoring_pictures
from asman.kernels import scoring_reference as kernel
from asman.scoring.columns import Flags, Floats, Ints
from asman.scoring.config import ReferenceConfig
from asman.scoring.reference_checks import FEW, JUMP, LATE, TWICE, Reports, in_order

#: Median of the radius, in standard deviations of one axis: sqrt(2 ln 2).
SIGMAS_50: Final = 1.1774100225154747
#: Two reports of the same time, to two steps of ASTERIX's clock (1/128 s).
SAME_TIME_S: Final = 2.5 / 128.0
#: A velocity is checked against places that are at most this far apart in time.
NEAR_S: Final = 15.0
#: So many rounds of taking the worst away; what is left then is left in, and would be seen in `random_m`.
ROUNDS_MAX: Final = 50
#: A place that is off along the course by what the aircraft flies in this time is late, not elsewhere.
LATE_MAX_S: Final = 15.0
#: Below this speed nobody can be late.
LATE_SPEED_MPS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Found:
    """What the neighbours said beside: see `Reference`."""

    random_m: float | None
    mute: int
    velocities: int


def by_neighbours(reports: Reports, config: ReferenceConfig) -> Found:
    """Leave out what the others contradict; disbelieve velocities; give the noise that is left."""
    rows = in_order(reports)
    if not rows.size:
        return Found(None, 0, 0)
    who = reports.who[rows]
    edges = np.flatnonzero(np.diff(who)) + 1
    start = np.concatenate([[0], edges, [rows.size]]).astype(np.int64)
    time = (reports.time_ns[rows] - reports.time_ns[rows].min()) / 1e9
    place = scoring_pictures.surface(reports.lat[rows], reports.lon[rows])
    velocity = kernel.velocities(reports.lat[rows], reports.lon[rows], reports.vn[rows], reports.ve[rows])
    sigma = reports.sigma[rows]
    can = kernel.Physics(
        config.speed_max_mps, np.radians(3.0), config.velocity_sigma_mps, config.noise_m2ps3, config.sigmas,
        config.apart_s,
    )  # fmt: skip
    agree, of = kernel.agreeing(start, time, place, velocity, sigma, can, NEAR_S)
    unsure = (of > 0) & (2 * agree < of)
    aircraft = np.repeat(np.arange(start.size - 1), np.diff(start))
    velocity[unsure[aircraft]] = np.nan

    keep = kernel.longest_chain(start, time, place, velocity, sigma, can)
    chained = keep.copy()
    other, off = _examine(start, time, place, velocity, sigma, keep, can, config)
    back = ~keep & (off <= 0.5 * config.gate) & ~_same_time(time, aircraft, keep)
    keep |= back & ~chained
    other, off = _examine(start, time, place, velocity, sigma, keep, can, config)

    wrong = _blame(place, other, off, sigma, config)
    twice = _same_time(time, aircraft, keep) & (off <= config.gate)
    wrong[twice] = TWICE
    reports.why[rows] = np.where(keep, -1, wrong)
    few = _too_few(start, time, keep, config)[aircraft] & keep
    reports.why[rows[few]] = FEW
    keep &= ~few
    doubt = np.einsum("ij,ij->i", velocity - other.velocity, velocity - other.velocity)
    strange = keep & (doubt > config.gate * (other.vv + config.velocity_sigma_mps**2))
    silent = (strange | unsure[aircraft]) & ~np.isnan(reports.vn[rows])
    reports.vn[rows[silent]] = np.nan
    reports.ve[rows[silent]] = np.nan
    return Found(_noise_m(place, other, sigma, keep), int(unsure.sum()), int((silent & keep).sum()))


def _examine(
    start: Ints, time: Floats, place: Floats, velocity: Floats, sigma: Floats, keep: Flags,
    can: kernel.Physics, config: ReferenceConfig,
) -> tuple[kernel.Predicted, Floats]:  # fmt: skip
    """Take away, worst first, what lies too far from where the others say; `keep` is changed.

    A wrong report draws its neighbours' predictions to itself, so only the worst of a neighbourhood goes.
    """
    other, off = _ask(start, time, place, velocity, sigma, keep, can)
    for _ in range(ROUNDS_MAX):
        rows = np.flatnonzero(keep)
        among = off[rows]
        left, right = np.append(0.0, among[:-1]), np.append(among[1:], 0.0)
        worst = (among > config.gate) & (among >= left) & (among >= right)
        if not worst.any():
            return other, off
        keep[rows[worst]] = False
        other, off = _ask(start, time, place, velocity, sigma, keep, can)
    return other, off


def _ask(
    start: Ints, time: Floats, place: Floats, velocity: Floats, sigma: Floats, keep: Flags,
    can: kernel.Physics,
) -> tuple[kernel.Predicted, Floats]:  # fmt: skip
    """Where all others say that each report should be, and its squared distance from there in sigmas."""
    other = kernel.predict_others(start, time, place, velocity, sigma, keep, can)
    gap = place - other.place
    off = np.einsum("ij,ij->i", gap, gap) / (other.pp + sigma**2)
    return other, np.where(np.isnan(off), 0.0, off)


def _same_time(time: Floats, aircraft: Ints, keep: Flags) -> Flags:
    """Reports that are not kept but have a kept one of the same aircraft at the same time."""
    kept = np.flatnonzero(keep)
    found = np.zeros(time.size, np.bool_)
    if not kept.size:
        return found
    # Aircraft are lifted apart by more than any span, so that one search serves all.
    key = time + aircraft * (2.0 * float(time.max()) + 1e4)
    at = np.searchsorted(key[kept], key)
    for near in (np.clip(at - 1, 0, kept.size - 1), np.clip(at, 0, kept.size - 1)):
        found |= np.abs(key[kept[near]] - key) <= SAME_TIME_S
    return found & ~keep


def _blame(
    place: Floats, other: kernel.Predicted, off: Floats, sigma: Floats, config: ReferenceConfig
) -> Ints:
    """Say of each report whether it would be late, or elsewhere."""
    gap = place - other.place
    speed = np.sqrt(np.einsum("ij,ij->i", other.velocity, other.velocity))
    with np.errstate(invalid="ignore", divide="ignore"):
        along = np.einsum("ij,ij->i", gap, other.velocity) / speed
    across = np.sqrt(np.maximum(np.einsum("ij,ij->i", gap, gap) - along**2, 0.0))
    slack = np.sqrt(config.gate * (np.nan_to_num(other.pp) + sigma**2))
    late = (
        (off > config.gate)
        & (speed > LATE_SPEED_MPS)
        & (np.abs(along) <= LATE_MAX_S * speed)
        & (across <= np.maximum(slack, 0.2 * np.abs(along)))
    )
    return np.where(late, LATE, JUMP)


def _too_few(start: Ints, time: Floats, keep: Flags, config: ReferenceConfig) -> Flags:
    """Aircraft of which too little is left to be followed."""
    few = np.zeros(start.size - 1, np.bool_)
    for a in range(start.size - 1):
        own = time[start[a] : start[a + 1]][keep[start[a] : start[a + 1]]]
        few[a] = own.size < config.reports_min or own[-1] - own[0] < config.span_min_s
    return few


def _noise_m(place: Floats, other: kernel.Predicted, sigma: Floats, keep: Flags) -> float | None:
    """Root mean square distance of reports from where they should be, the others' own part taken out."""
    rows = keep & (other.pp > 0.0) & (other.pp < 9.0 * sigma**2)
    if rows.sum() < 100:
        return None
    gap = np.sqrt(np.einsum("ij,ij->i", place - other.place, place - other.place))
    own = gap[rows] * np.sqrt(sigma[rows] ** 2 / (other.pp[rows] + sigma[rows] ** 2))
    return float(np.median(own)) / SIGMAS_50 * float(np.sqrt(2.0))
