"""Requirements as pass or fail, each with its number, or with the reason why it cannot be judged."""

from collections.abc import Callable
from typing import Final

import numpy as np

from asman.kernels import scoring_pictures
from asman.scoring.accuracy import Errors
from asman.scoring.columns import Flags, Ints, Rows
from asman.scoring.config import Measure, Requirement
from asman.scoring.identity import shown_codes
from asman.scoring.report import Verdict
from asman.scoring.scene import Scene

#: value (None: cannot be judged), rows it rests on, remark
Finding = tuple[float | None, int, str]


def judge(
    requirements: tuple[Requirement, ...], scene: Scene, truth: Rows, tracks: Rows, errors: Errors
) -> tuple[Verdict, ...]:
    """Judge every requirement."""
    return tuple(
        _verdict(one, _MEASURES[one.measure](one, scene, truth, tracks, errors)) for one in requirements
    )


def _verdict(one: Requirement, finding: Finding) -> Verdict:
    value, count, remark = finding
    limit = one.at_least if one.at_least is not None else one.at_most
    if limit is None:
        raise AssertionError("a requirement has a limit: its constructor saw to it")
    at_least = one.at_least is not None
    verdict = "not judged"
    if value is not None:
        verdict = "pass" if (value >= limit if at_least else value <= limit) else "fail"
    return Verdict(
        id=one.id, standard=one.standard, text=one.text, evidence=one.evidence, limit=limit,
        at_least=at_least, value=value, count=count, verdict=verdict, remark=remark,
    )  # fmt: skip


def _detection(one: Requirement, scene: Scene, truth: Rows, tracks: Rows, errors: Errors) -> Finding:
    places = int(scene.judged.sum())
    if not places:
        return None, 0, "no aircraft was there"
    if one.interval_s is not None and np.isfinite(errors.age_s).any():
        fresh = int((errors.age_s <= one.interval_s).sum())
        return fresh / places, places, f"followed, and the latest plot not older than {one.interval_s:g} s"
    remark = "followed at the instant"
    if one.interval_s is not None and scene.instants.step_s > one.interval_s:
        remark += f"; instants are {scene.instants.step_s:g} s apart, the standard says {one.interval_s:g} s"
    return float((scene.follower >= 0).sum()) / places, places, remark


def _gap_time(one: Requirement, scene: Scene, truth: Rows, tracks: Rows, errors: Errors) -> Finding:
    rows = np.flatnonzero(scene.judged)
    if not rows.size or one.gap_s is None:
        return None, 0, "no aircraft was there"
    missed = scene.follower[rows] < 0
    aircraft = scene.aircraft[rows]
    new = np.ones(rows.size, bool)
    new[1:] = (missed[1:] != missed[:-1]) | (aircraft[1:] != aircraft[:-1])
    run = np.cumsum(new) - 1
    length = np.bincount(run)[run]
    # Missed at one instant means nothing was there from the instant before to the one after.
    long = missed & ((length + 1) * scene.instants.step_s > one.gap_s)
    return (
        float(long.sum()) / rows.size,
        int(rows.size),
        "a gap lasts from the last place followed to the next",
    )


def _position(one: Requirement, scene: Scene, truth: Rows, tracks: Rows, errors: Errors) -> Finding:
    if not errors.row.size:
        return None, 0, "no aircraft was followed"
    return float(np.sqrt(np.mean(errors.position_m**2))), int(errors.row.size), "followed aircraft"


def _false(one: Requirement, scene: Scene, truth: Rows, tracks: Rows, errors: Errors) -> Finding:
    if not scene.nearest_m.size or one.beyond_m is None:
        return None, 0, "there is no report"
    far = scene.nearest_m > one.beyond_m
    remark = "reports, every aircraft counted as near, in truth gaps too"
    if tracks.plot_time_ns is None:
        return float(far.mean()), int(far.size), remark
    # The standard counts target reports, which hold a measurement; what coasts is a prediction.
    age_ns = scene.instants.time_ns[scene.seen_instant] - tracks.plot_time_ns[scene.report]
    fresh = age_ns <= scene.instants.step_s * 1e9
    if not fresh.any():
        return None, 0, "no report holds a plot since the instant before"
    all_far = float(far.mean())
    rows = np.flatnonzero(far & fresh)
    far[rows[_had_aircraft(one.beyond_m, scene, truth, tracks, rows)]] = False
    remark += (
        "; reports with a plot since the instant before, right where the aircraft landed since that plot; "
        f"{all_far:.2%} with what coasts and what has just landed"
    )
    return float(far[fresh].mean()), int(fresh.sum()), remark


def _had_aircraft(beyond_m: float, scene: Scene, truth: Rows, tracks: Rows, rows: Ints) -> Flags:
    """Tell of shown rows (R,) whether an aircraft that is gone now was there when their latest plot was made.

    The truth of an aircraft ends at its last sample; it may have lasted until the next would have come.
    """
    right = np.zeros(rows.size, np.bool_)
    if tracks.plot_time_ns is None or not rows.size:
        return right
    last = truth.start[1:] - 1
    steps = np.diff(truth.time_ns)
    steps = steps[steps > 0]
    step_ns = int(np.median(steps)) if steps.size else 0
    order = np.argsort(truth.time_ns[last], kind="stable")
    last = last[order]
    ended_ns = truth.time_ns[last]
    ended = scoring_pictures.surface(truth.lat[last], truth.lon[last])
    seen = scoring_pictures.surface(scene.seen_lat[rows], scene.seen_lon[rows])
    plot_ns = tracks.plot_time_ns[scene.report[rows]]
    at_ns = scene.instants.time_ns[scene.seen_instant[rows]]
    begin = np.searchsorted(ended_ns, plot_ns - step_ns)
    end = np.searchsorted(ended_ns, at_ns)
    for i in range(rows.size):
        away = np.linalg.norm(ended[begin[i] : end[i]] - seen[i], axis=1)
        right[i] = bool((away < beyond_m).any())
    return right


def _codes(name: str) -> Callable[[Requirement, Scene, Rows, Rows, Errors], Finding]:
    def measure(one: Requirement, scene: Scene, truth: Rows, tracks: Rows, errors: Errors) -> Finding:
        codes = shown_codes(scene, truth, tracks, name)
        if codes is None:
            return None, 0, f"truth and tracks do not both have a column '{name}'"
        shows, right = codes
        if not shows.any():
            return None, 0, f"no followed track shows a {name}"
        return float(right.sum() / shows.sum()), int(shows.sum()), "followed tracks that show one"

    return measure


def _height(one: Requirement, scene: Scene, truth: Rows, tracks: Rows, errors: Errors) -> Finding:
    known = errors.height_m[np.isfinite(errors.height_m)]
    if "pressure_altitude_m" not in truth.numbers:
        return (
            None,
            0,
            "truth has no pressure_altitude_m: tracks carry pressure altitude, its altitude_m is geometric",
        )
    if not known.size or one.tolerance_m is None:
        return None, 0, "truth and tracks do not both have heights"
    return (
        float((np.abs(known) <= one.tolerance_m).mean()),
        int(known.size),
        "against the truth's pressure altitude",
    )


_MEASURES: Final[dict[Measure, Callable[[Requirement, Scene, Rows, Rows, Errors], Finding]]] = {
    "detection": _detection,
    "gap_time": _gap_time,
    "position_rms_m": _position,
    "false_reports": _false,
    "address_correct": _codes("address"),
    "mode_3a_correct": _codes("mode_3a"),
    "height_correct": _height,
}
