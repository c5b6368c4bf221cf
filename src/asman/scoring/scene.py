"""The scene that everything is measured on: truth and picture at common instants, and who is whom.

Two assignments, each for its own purpose. At each instant by itself the optimal one, as GOSPA and OSPA are
defined. Over time the one behind T-GOSPA, in which it costs something to change one's mind: it says which
track followed which aircraft, and every figure about aircraft and tracks rests on it.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError
from asman.kernels import (
    scoring_assignment,
    scoring_holding,
    scoring_pictures,
    scoring_trajectories,
    scoring_truth,
)
from asman.scoring.columns import Flags, Floats, Ints, Rows
from asman.scoring.config import ScoreConfig

#: A picture is written at whole steps of at least this; finer times are each track's own.
STEP_MIN_S: Final = 0.5
#: Instants where each track reports at its own times, unless the user says otherwise.
EVERY_S: Final = 10.0
#: Tracks times instants that fit the memory of a usual machine: some 10 GB in the worst case.
CELLS_MAX: Final = 400_000_000
SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Instants:
    """When the picture is judged: `time_ns` (K,) ns since 1970; `hold_s` (I,) of each track."""

    time_ns: Ints
    step_s: float
    hold_s: Floats
    own: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """Truth rows (M,) aircraft by aircraft, shown rows (N,) instant by instant, and who is whom.

    instants
    aircraft, instant, sample (M,)  of each truth row, and the truth sample at or before it
    state     (M, 7)  as `scoring_truth.interpolate` gives it
    judged    (M,)    False: in a gap of the truth, or not observable
    track, seen_instant, report (N,)   of each shown row, and the report it comes from
    seen_lat, seen_lon (N,)  rad
    nearest_m (N,)    m   to any aircraft, judged or not; infinite beyond the search
    paired    (N,)    truth row of the instant's own optimal assignment, -1 for none
    paired_m  (N,)    m   its distance, NaN for none
    follower  (M,)    shown row of the assignment over time, -1 for none
    redundant (N,)    not follower of anyone, but within the cut-off of an aircraft
    gain, switches, bound   of the assignment over time, in metres to the power of the order
    """

    instants: Instants
    aircraft: Ints
    instant: Ints
    sample: Ints
    state: Floats
    judged: Flags
    track: Ints
    seen_instant: Ints
    report: Ints
    seen_lat: Floats
    seen_lon: Floats
    nearest_m: Floats
    paired: Ints
    paired_m: Floats
    follower: Ints
    follower_m: Floats
    redundant: Flags
    gain: float
    switches: float
    bound: float


def choose_instants(truth: Rows, tracks: Rows, config: ScoreConfig) -> Instants:
    """Choose when to judge: where truth and tracks overlap, at the picture's own times if it has any.

    The last instant is never later than the last report, nor the first earlier than the first: a scorer that
    lacks a report at the last instant would add "missed" that nobody missed.
    """
    begin_ns = max(int(truth.time_ns.min()), int(tracks.time_ns.min()))
    end_ns = min(int(truth.time_ns.max()), int(tracks.time_ns.max()))
    if begin_ns > end_ns:
        raise InputError(
            "truth and tracks",
            "they do not overlap in time",
            "Check the date of each: midnight, time zone, or another recording.",
        )
    notes: list[str] = []
    ahead_s = (begin_ns - int(truth.time_ns.min())) / SECOND_NS
    behind_s = (int(truth.time_ns.max()) - end_ns) / SECOND_NS
    if max(ahead_s, behind_s) >= 1.0:
        notes.append(
            f"truth without any report around it is not judged: {ahead_s:.1f} s at the beginning, "
            f"{behind_s:.1f} s at the end"
        )
    if config.settle_s:
        notes.append(f"the first {config.settle_s:g} s are left out, as asked")
        begin_ns += round(config.settle_s * SECOND_NS)
    step_ns = _own_step_ns(tracks)
    asked_ns = None if config.every_s is None else round(config.every_s * SECOND_NS)
    own = step_ns is not None and (asked_ns is None or asked_ns % step_ns == 0)
    if own and step_ns is not None:
        first = int(tracks.time_ns.min())
        step_ns = asked_ns or step_ns
        hold_s = np.full(len(tracks.label), config.hold_s or 0.0)
    else:
        first = 0
        step_ns = asked_ns or round(EVERY_S * SECOND_NS)
        hold_s = np.full(len(tracks.label), config.hold_s) if config.hold_s else _own_hold_s(tracks)
        notes.append(
            f"judged at each whole {step_ns / SECOND_NS:g} s as an operator would have seen it: each track's "
            f"latest report, moved on by its velocity for at most {float(np.median(hold_s)):.1f} s "
            "(median of the tracks)"
        )
    k0 = -((first - begin_ns) // step_ns)
    k1 = (end_ns - first) // step_ns
    time_ns = first + np.arange(k0, k1 + 1, dtype=np.int64) * step_ns
    if not time_ns.size:
        raise InputError("truth and tracks", "no instant lies where both are", "Choose a smaller --every.")
    return Instants(time_ns, step_ns / SECOND_NS, hold_s, own, tuple(notes))


def _own_step_ns(tracks: Rows) -> int | None:
    """Return the step of a picture written at regular instants, None where tracks have their own times.

    Whole seconds alone make no picture: a track must usually be there from one instant to the next.
    """
    times = np.unique(tracks.time_ns)
    if times.size == 1:
        return SECOND_NS * 10
    steps = np.diff(times)
    step = int(steps.min())
    slack = SECOND_NS // 1000
    off = (times - times[0]) % step
    regular = step >= STEP_MIN_S * SECOND_NS and not (np.minimum(off, step - off) > slack).any()
    return step if regular and _usual_interval_s(tracks) * SECOND_NS < 1.5 * step else None


def _usual_interval_s(tracks: Rows) -> float:
    steps = np.diff(tracks.time_ns)
    same = np.ones(steps.size, bool)
    same[tracks.start[1:-1] - 1] = False
    return float(np.median(steps[same])) / SECOND_NS if same.any() else 0.0


def _own_hold_s(tracks: Rows) -> Floats:
    """How long each track's report stands: 2.5 of its usual intervals, or 1.5 of its long ones.

    A track that several sensors feed has many short intervals and some long ones, where but one sees it.
    """
    usual = _usual_interval_s(tracks) or EVERY_S
    hold = np.full(len(tracks.label), 2.5 * usual)
    for i, (a, b) in enumerate(pairwise(tracks.start.tolist())):
        if b - a > 2:
            steps = np.diff(tracks.time_ns[a:b]) / SECOND_NS
            middle, long = np.quantile(steps, (0.5, 0.95))
            hold[i] = max(2.5 * middle, 1.5 * long)
    return hold


def make_scene(truth: Rows, tracks: Rows, config: ScoreConfig) -> Scene:
    """Put truth and tracks on common instants and find out who is whom."""
    instants = choose_instants(truth, tracks, config)
    if len(tracks.label) * instants.time_ns.size > CELLS_MAX:
        raise InputError(
            "tracks",
            f"{len(tracks.label):,} tracks at {instants.time_ns.size:,} instants are too many at once",
            "Score shorter spans, or choose a larger --every.",
        )
    epoch = int(instants.time_ns[0])
    at = (instants.time_ns - epoch) / SECOND_NS
    aircraft, instant, sample, state, judged = _truth_rows(truth, at, epoch, config.truth_gap_s)
    track_times = (tracks.time_ns - epoch) / SECOND_NS
    seen_instant, report, lat, lon = scoring_pictures.latest(
        tracks.start, track_times, tracks.lat, tracks.lon, tracks.number("vn_mps"),
        tracks.number("ve_mps"), at, instants.hold_s,
    )  # fmt: skip
    order = np.argsort(seen_instant, kind="stable")
    seen_instant, report, lat, lon = seen_instant[order], report[order], lat[order], lon[order]
    track = np.searchsorted(tracks.start, report, side="right") - 1

    by_time = np.argsort(instant, kind="stable")
    true_place = scoring_pictures.surface(state[by_time, 0], state[by_time, 1])
    seen_place = scoring_pictures.surface(lat, lon)
    reach = max([config.cutoff_m, *(r.beyond_m for r in config.requirement if r.beyond_m is not None)])
    start, partner, distance = scoring_pictures.near_pairs(
        _starts(seen_instant, at.size), seen_place, _starts(instant, at.size), true_place, reach
    )
    partner = by_time[partner]
    nearest_m = np.full(lat.size, np.inf)
    seen_row = np.repeat(np.arange(lat.size), np.diff(start))
    np.minimum.at(nearest_m, seen_row, distance)

    gain = config.cutoff_m**config.order - distance**config.order
    usable = (gain > 0.0) & judged[partner]
    taken = scoring_assignment.best_pairs(start, partner, np.where(usable, gain, 0.0), instant.size)
    paired = np.where(taken >= 0, partner[taken], -1) if partner.size else np.full(lat.size, -1)
    # Near an aircraft whose whereabouts the truth does not tell: neither right nor wrong.
    excused = np.zeros(lat.size, bool)
    excused[seen_row[(gain > 0.0) & ~judged[partner]]] = True
    keep = ~(excused & (paired < 0))
    renumber = np.cumsum(keep) - 1
    paired_m = np.where(taken >= 0, distance[taken], np.nan) if partner.size else np.full(lat.size, np.nan)

    edges = np.flatnonzero(usable & keep[seen_row])
    followed, sums = _follow(
        aircraft[partner[edges]], instant[partner[edges]], track[seen_row[edges]], gain[edges], truth, tracks,
        at.size, config,
    )  # fmt: skip
    follower = np.full(instant.size, -1)
    follower_m = np.full(instant.size, np.nan)
    follower[partner[edges[followed]]] = renumber[seen_row[edges[followed]]]
    follower_m[partner[edges[followed]]] = distance[edges[followed]]
    near_any = np.zeros(lat.size, bool)
    near_any[seen_row[edges]] = True
    near_any = near_any[keep]
    near_any[follower[follower >= 0]] = False
    return Scene(
        instants=instants, aircraft=aircraft, instant=instant, sample=sample, state=state, judged=judged,
        track=track[keep], seen_instant=seen_instant[keep], report=report[keep], seen_lat=lat[keep],
        seen_lon=lon[keep], nearest_m=nearest_m[keep], paired=paired[keep], paired_m=paired_m[keep],
        follower=follower, follower_m=follower_m, redundant=near_any,
        gain=sums[0], switches=sums[1], bound=sums[2],
    )  # fmt: skip


def _truth_rows(truth: Rows, at: Floats, epoch: int, gap_s: float) -> tuple[Ints, Ints, Ints, Floats, Flags]:
    time = (truth.time_ns - epoch) / SECOND_NS
    vn, ve = truth.number("vn_mps").copy(), truth.number("ve_mps").copy()
    scoring_truth.fill_velocities(truth.start, time, truth.lat, truth.lon, vn, ve)
    # Tracks carry pressure altitude: truth's own, where it has one, is what they can be held against.
    pressure = truth.number("pressure_altitude_m")
    altitude = np.where(np.isfinite(pressure), pressure, truth.number("altitude_m"))
    place = np.column_stack([truth.lat, truth.lon, altitude])
    velocity = np.column_stack([vn, ve, truth.number("vu_mps")])
    aircraft, instant, sample, state, judged = scoring_truth.interpolate(
        truth.start, time, place, velocity, at, gap_s
    )
    if truth.observable is not None:
        judged &= truth.observable[sample]
    return aircraft, instant, sample, state, judged


def _starts(instant: Ints, instants: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(instant, minlength=instants))]).astype(np.int64)


def _follow(
    aircraft: Ints, instant: Ints, track: Ints, gain: Floats, truth: Rows, tracks: Rows, instants: int,
    config: ScoreConfig,
) -> tuple[NDArray[np.int64], tuple[float, float, float]]:  # fmt: skip
    """Assign over time; which of the given near pairs are taken, and the sums of `follow`."""
    order = np.lexsort((instant, aircraft))
    key = aircraft[order] * len(tracks.label) + track[order]
    pairs, pair = np.unique(key, return_inverse=True)
    near = scoring_holding.Near(
        pair_start=_starts(pairs // len(tracks.label), len(truth.label)),
        pair_track=pairs % len(tracks.label),
        edge_start=_starts(aircraft[order], len(truth.label)),
        edge_instant=instant[order],
        edge_pair=pair.astype(np.int64),
        edge_gain=gain[order],
    )
    switch = config.switch_m**config.order
    taken, gains, switches, bound = scoring_trajectories.follow(
        near, len(tracks.label), instants, switch, config.price_rounds
    )
    return order[taken], (gains, switches, bound)
