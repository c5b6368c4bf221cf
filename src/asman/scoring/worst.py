"""Where to look first: the aircraft that cost most, the tracks that followed nobody, and the map."""

from typing import Final

import numpy as np

from asman.scoring.accuracy import Errors
from asman.scoring.columns import Floats, Ints, Rows
from asman.scoring.config import ScoreConfig
from asman.scoring.gospa import root
from asman.scoring.report import Ghost, Sketch, Worst
from asman.scoring.scene import Scene
from asman.scoring.siap import find_switches, followed_track

WORST_SHOWN: Final = 15
GHOSTS_SHOWN: Final = 10
#: What a map can carry before it is one blot, and a page before it is slow.
PATHS_MAX: Final = 500
POINTS_A_PATH_MAX: Final = 60
MARKS_MAX: Final = 2500


def find_worst(
    scene: Scene, truth: Rows, tracks: Rows, errors: Errors, config: ScoreConfig
) -> tuple[Worst, ...]:
    """Aircraft by what they add to T-GOSPA's p-th power, the worst first."""
    aircraft = len(truth.label)
    unit, p = config.cutoff_m**config.order, config.order
    switch, _ = find_switches(scene)
    judged = np.bincount(scene.aircraft[scene.judged], minlength=aircraft)
    missed_rows = scene.judged & (scene.follower < 0)
    missed = np.bincount(scene.aircraft[missed_rows], minlength=aircraft)
    switches = np.bincount(scene.aircraft[switch], minlength=aircraft)
    near = np.bincount(errors.aircraft, weights=scene.follower_m[errors.row] ** p, minlength=aircraft)
    cost = near + missed * unit / 2.0 + switches * config.switch_m**p
    track = followed_track(scene)
    position_m = errors.position_m
    found: list[Worst] = []
    for a in np.argsort(-cost, kind="stable")[:WORST_SHOWN]:
        if cost[a] <= 0.0:
            break
        mine = position_m[errors.aircraft == a]
        seen = track[(scene.aircraft == a) & (track >= 0)]
        _, first = np.unique(seen, return_index=True)
        found.append(
            Worst(
                aircraft=truth.label[a], minutes=float(judged[a]) * scene.instants.step_s / 60.0,
                missed_share=float(missed[a] / max(judged[a], 1)),
                position_rms_m=float(np.sqrt(np.mean(mine**2))) if mine.size else None,
                position_worst_m=float(mine.max()) if mine.size else None,
                switches=int(switches[a]), tracks=tuple(tracks.label[j] for j in seen[np.sort(first)]),
                cost_m=root(float(cost[a] / max(judged[a], 1)), p),
            )
        )  # fmt: skip
    return tuple(found)


def find_ghosts(scene: Scene, tracks: Rows) -> tuple[Ghost, ...]:
    """Tracks by how long they lay on no aircraft, the longest first."""
    spurious = np.flatnonzero(_spurious(scene))
    counts = np.bincount(scene.track[spurious], minlength=len(tracks.label))
    shown = np.bincount(scene.track, minlength=len(tracks.label))
    found: list[Ghost] = []
    for j in np.argsort(-counts, kind="stable")[:GHOSTS_SHOWN]:
        if not counts[j]:
            break
        rows = spurious[scene.track[spurious] == j]
        middle = rows[rows.size // 2]
        found.append(
            Ghost(
                track=tracks.label[j], minutes=float(counts[j]) * scene.instants.step_s / 60.0,
                share=float(counts[j] / shown[j]), lat_deg=float(np.degrees(scene.seen_lat[middle])),
                lon_deg=float(np.degrees(scene.seen_lon[middle])),
            )
        )  # fmt: skip
    return tuple(found)


def _spurious(scene: Scene) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    spurious = ~scene.redundant
    spurious[scene.follower[scene.follower >= 0]] = False
    return spurious


def draw_sketch(scene: Scene) -> Sketch:
    """Paths, misses, false places and switches, thinned evenly so that nothing is favoured."""
    lat, lon = np.degrees(scene.state[:, 0]), np.degrees(scene.state[:, 1])
    known = np.unique(scene.aircraft)
    chosen = _thinned(known, PATHS_MAX)
    starts = np.searchsorted(scene.aircraft, chosen, side="left")
    ends = np.searchsorted(scene.aircraft, chosen, side="right")
    paths = tuple(
        _points(lat, lon, _thinned(np.arange(start, end), POINTS_A_PATH_MAX))
        for start, end in zip(starts, ends, strict=True)
    )
    seen_lat, seen_lon = np.degrees(scene.seen_lat), np.degrees(scene.seen_lon)
    missed = np.flatnonzero(scene.judged & (scene.follower < 0))
    switch, _ = find_switches(scene)
    return Sketch(
        truth=paths,
        followed=_points(seen_lat, seen_lon, _thinned(scene.follower[scene.follower >= 0], MARKS_MAX)),
        missed=_points(lat, lon, _thinned(missed, MARKS_MAX)),
        false=_points(seen_lat, seen_lon, _thinned(np.flatnonzero(_spurious(scene)), MARKS_MAX)),
        switches=_points(lat, lon, _thinned(np.flatnonzero(switch), MARKS_MAX)),
        drawn=int(chosen.size),
        of=int(known.size),
    )


def _thinned(rows: Ints, most: int) -> Ints:
    if rows.size <= most:
        return rows
    return rows[np.unique(np.linspace(0, rows.size - 1, most).astype(np.int64))]


def _points(lat: Floats, lon: Floats, rows: Ints) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 5), round(float(y), 5)) for x, y in zip(lon[rows], lat[rows], strict=True))
