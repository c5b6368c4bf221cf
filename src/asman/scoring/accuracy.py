"""How near, how honest, how late: position, height, speed and course errors, NEES, latency.

Each aircraft that is followed gives one row an instant. A report that was moved on to the instant is judged
at its own time of validity, against the truth then; what the moving on costs is in GOSPA. NEES is the
error weighed by the covariance the track itself claims, in two dimensions: 2 on average when honest, more
when it promises too much. Turning aircraft are judged apart, by the turn rate of the truth.

Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and Navigation,
2001, section 5.4 (consistency).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from asman.kernels import scoring_pictures
from asman.scoring.columns import NO_TIME, Flags, Floats, Ints, Rows
from asman.scoring.config import ScoreConfig
from asman.scoring.report import Distribution, Latency, Nees
from asman.scoring.scene import Scene
from asman.scoring.statistics import clustered, distribution, mean_of

#: 95 % quantile of chi-square with two degrees of freedom: -2 ln 0.05.
CHI2_95: Final = 5.991464547107979
#: Course is judged above this speed: slower, it is the noise's.
COURSE_SPEED_MPS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of followed aircraft, one row a place (P,): track minus truth; NaN where not known.

    row        truth row of the scene
    aircraft   whose
    east_m, north_m, along_m, across_m, height_m, speed_mps, course_deg, velocity_mps (size of the difference)
    speed_true_mps
    nees
    turning
    lent       the track followed another aircraft longer
    age_s      of the latest plot in the track, at the instant
    """

    row: Ints
    aircraft: Ints
    east_m: Floats
    north_m: Floats
    along_m: Floats
    across_m: Floats
    height_m: Floats
    speed_mps: Floats
    course_deg: Floats
    velocity_mps: Floats
    speed_true_mps: Floats
    nees: Floats
    turning: Flags
    lent: Flags
    age_s: Floats

    @property
    def position_m(self) -> Floats:
        """Horizontal distance between track and truth."""
        return np.hypot(self.east_m, self.north_m)


def measure_errors(scene: Scene, truth: Rows, tracks: Rows, config: ScoreConfig) -> Errors:
    """Compare each followed aircraft with its track's report, at the report's own time."""
    row = np.flatnonzero(scene.follower >= 0)
    report = scene.report[scene.follower[row]]
    at_ns = scene.instants.time_ns[scene.instant[row]]
    age = (at_ns - tracks.time_ns[report]) / 1e9
    # Back to the report's own time along the truth's state: ages are seconds, the path is short.
    state = scene.state[row]
    lat, lon = _moved(state, -np.where(np.abs(age) > scoring_pictures.SLACK_S, age, 0.0))
    east, north = scoring_pictures.offsets(tracks.lat[report], tracks.lon[report], lat, lon)
    vn, ve = tracks.number("vn_mps")[report], tracks.number("ve_mps")[report]
    vn_true, ve_true = state[:, 3], state[:, 4]
    speed_true = np.hypot(vn_true, ve_true)
    with np.errstate(invalid="ignore", divide="ignore"):
        un, ue = vn_true / speed_true, ve_true / speed_true
        course = np.degrees(np.arctan2(ve * un - vn * ue, vn * un + ve * ue))
    course[~(speed_true > COURSE_SPEED_MPS)] = np.nan
    return Errors(
        row=row, aircraft=scene.aircraft[row], east_m=east, north_m=north,
        along_m=east * ue + north * un, across_m=east * un - north * ue,
        height_m=tracks.number("altitude_m")[report] - state[:, 2] + age * np.nan_to_num(state[:, 5]),
        speed_mps=np.hypot(vn, ve) - speed_true, course_deg=course,
        velocity_mps=np.hypot(vn - vn_true, ve - ve_true), speed_true_mps=speed_true,
        nees=_nees(east, north, tracks, report),
        turning=np.abs(state[:, 6]) >= np.radians(config.turning_deg_s),
        lent=_lent(scene.track[scene.follower[row]], scene.aircraft[row]),
        age_s=_ages_s(scene, tracks, report, at_ns),
    )  # fmt: skip


def _lent(track: Ints, aircraft: Ints) -> Flags:
    """Whether the track of a row (P,) followed another aircraft than the row's for longer."""
    if not track.size:
        return np.zeros(0, bool)
    key = track * (aircraft.max() + 1) + aircraft
    _, pair, rows = np.unique(key, return_inverse=True, return_counts=True)
    longest = np.zeros(track.max() + 1, np.int64)
    np.maximum.at(longest, track, rows[pair])
    return rows[pair] < longest[track]


def _ages_s(scene: Scene, tracks: Rows, report: Ints, at_ns: Ints) -> Floats:
    """Age of the latest plot in each report; of the report itself where tracks report as plots come."""
    if tracks.plot_time_ns is None:
        known = np.full(report.size, not scene.instants.own)
        made_ns = tracks.time_ns[report]
    else:
        made_ns = tracks.plot_time_ns[report]
        known = made_ns != NO_TIME
    return np.where(known, (at_ns - np.where(known, made_ns, at_ns)) / 1e9, np.nan)


def _moved(state: Floats, by_s: Floats) -> tuple[Floats, Floats]:
    """Place of the truth `by_s` later, along its velocity and turn."""
    if not by_s.any():
        return state[:, 0], state[:, 1]
    half = 0.5 * state[:, 6] * by_s
    vn = state[:, 3] * np.cos(half) - state[:, 4] * np.sin(half)
    ve = state[:, 4] * np.cos(half) + state[:, 3] * np.sin(half)
    return scoring_pictures.moved(state[:, 0], state[:, 1], vn * by_s, ve * by_s)


def _nees(east: Floats, north: Floats, tracks: Rows, report: Ints) -> Floats:
    ee, nn = tracks.number("var_e_m2")[report], tracks.number("var_n_m2")[report]
    en = np.nan_to_num(tracks.number("cov_en_m2")[report])
    det = ee * nn - en * en
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (nn * east**2 - 2.0 * en * east * north + ee * north**2) / det
    return np.where((det > 0.0) & (ee > 0.0), value, np.nan)


def error_figures(errors: Errors) -> tuple[Distribution, ...]:
    """Distributions of every kind of error that could be judged."""
    kinds = (
        ("horizontal position", "m", errors.position_m),
        ("along track", "m", errors.along_m),
        ("across track", "m", errors.across_m),
        ("height", "m", errors.height_m),
        ("speed", "m/s", errors.speed_mps),
        ("course", "deg", errors.course_deg),
        ("age of the latest plot", "s", errors.age_s),
    )
    made = (distribution(name, unit, values) for name, unit, values in kinds)
    return tuple(one for one in made if one is not None)


def nees_figures(errors: Errors) -> tuple[Nees, ...]:
    """NEES of all, of straight and of turning aircraft, and where tracks were lent; where there are rows."""
    finite = np.isfinite(errors.nees)
    known = finite & ~errors.lent
    parts = (
        ("all", known), ("straight", known & ~errors.turning), ("turning", known & errors.turning),
        ("lent", finite & errors.lent),
    )  # fmt: skip
    edges = np.linspace(0.0, 15.0, 31)
    figures: list[Nees] = []
    for name, rows in parts:
        values, who = errors.nees[rows], errors.aircraft[rows]
        mean = mean_of(values, who)
        inside = mean_of((values <= CHI2_95).astype(np.float64), who)
        if mean is not None and inside is not None:
            counts = np.histogram(np.minimum(values, edges[-1]), edges)[0]
            figures.append(
                Nees(
                    name=name,
                    mean=mean,
                    inside95=inside,
                    bins=tuple(edges.tolist()),
                    counts=tuple(counts.tolist()),
                )
            )
    return tuple(figures)


def latency(errors: Errors, config: ScoreConfig) -> Latency | None:
    """How long tracks lag: the slope of the error along track over speed, straight flight only."""
    rows = (errors.speed_true_mps > config.latency_speed_mps) & ~errors.turning & np.isfinite(errors.along_m)
    speed = errors.speed_true_mps[rows]
    lag = clustered(-errors.along_m[rows] * speed, speed**2, errors.aircraft[rows])
    if lag is None:
        return None
    return Latency(lag_s=lag, across_m=float(np.median(np.abs(errors.across_m[rows]))))
