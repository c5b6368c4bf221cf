"""SIAP attributes and continuity, from the assignment over time.

An aircraft is tracked when a track follows it. A track that follows nobody but lies within the cut-off of
an aircraft is redundant: it makes the picture ambiguous. Any other is spurious.

Source: P. Votruba, R. Nisley, R. Rothrock, B. Zombro, "Single Integrated Air Picture (SIAP) attributes
version 2.0", SIAP System Engineering Task Force, 2003.
"""

import numpy as np

from asman.scoring.accuracy import Errors
from asman.scoring.columns import Flags, Ints
from asman.scoring.report import Continuity, Siap
from asman.scoring.scene import Scene


def followed_track(scene: Scene) -> Ints:
    """Track that follows each truth row, (M,); -1 for none."""
    track = np.full(scene.follower.size, -1)
    hit = scene.follower >= 0
    track[hit] = scene.track[scene.follower[hit]]
    return track


def find_switches(scene: Scene) -> tuple[Flags, Flags]:
    """Truth rows (M,) at which an aircraft's track differs from the one before, and those that are swaps."""
    track = followed_track(scene)
    rows = np.flatnonzero(track >= 0)
    switch = np.zeros(track.size, bool)
    swap = np.zeros(track.size, bool)
    if rows.size < 2:
        return switch, swap
    same = scene.aircraft[rows[1:]] == scene.aircraft[rows[:-1]]
    switch[rows[1:]] = same & (track[rows[1:]] != track[rows[:-1]])
    by_track = rows[np.lexsort((scene.instant[rows], track[rows]))]
    elsewhere = np.zeros(track.size, bool)
    elsewhere[by_track[1:]] = (track[by_track[1:]] == track[by_track[:-1]]) & (
        scene.aircraft[by_track[1:]] != scene.aircraft[by_track[:-1]]
    )
    swap[:] = switch & elsewhere
    return switch, swap


def measure_continuity(scene: Scene) -> Continuity:
    """Count switches and swaps, and measure how long pictures of an aircraft last."""
    track = followed_track(scene)
    judged = np.flatnonzero(scene.judged)
    switch, swap = find_switches(scene)
    hours = judged.size * scene.instants.step_s / 3600.0
    aircraft = scene.aircraft[judged]
    hit = track[judged] >= 0
    known = np.unique(aircraft)
    pairs = np.unique(np.column_stack([aircraft[hit], track[judged][hit]]), axis=0)
    tracked = np.unique(aircraft[hit])
    return Continuity(
        switches=int(switch.sum()),
        swaps=int(swap.sum()),
        switches_per_hour=float(switch.sum()) / hours if hours else 0.0,
        tracks_per_aircraft=pairs.shape[0] / max(tracked.size, 1),
        longest_segment_share=_longest(aircraft, track[judged]) / max(judged.size, 1),
        start_delay_s=_start_delay_s(scene, judged, hit),
        never_tracked=int(known.size - tracked.size),
    )


def _longest(aircraft: Ints, track: Ints) -> float:
    """Sum over aircraft of the rows in their longest unbroken run of one track."""
    if not aircraft.size:
        return 0.0
    new = np.ones(aircraft.size, bool)
    new[1:] = (aircraft[1:] != aircraft[:-1]) | (track[1:] != track[:-1])
    run = np.cumsum(new) - 1
    length = np.bincount(run, weights=track >= 0)
    longest = np.zeros(int(aircraft.max()) + 1)
    np.maximum.at(longest, aircraft[new], length)
    return float(longest.sum())


def _start_delay_s(scene: Scene, judged: Ints, hit: Flags) -> float | None:
    """Median time from entering to being followed, of aircraft that entered after the first instant."""
    aircraft, instant = scene.aircraft[judged], scene.instant[judged]
    known, first = np.unique(aircraft, return_index=True)
    tracked, first_hit = np.unique(aircraft[hit], return_index=True)
    entered = instant[first[np.searchsorted(known, tracked)]]
    delay = (instant[hit][first_hit] - entered) * scene.instants.step_s
    late = entered > 0
    return float(np.median(delay[late])) if late.any() else None


def measure_siap(scene: Scene, errors: Errors, continuity: Continuity) -> Siap:
    """Completeness, clarity, continuity and kinematic accuracy."""
    places, shown = int(scene.judged.sum()), scene.track.size
    followed, redundant = int((scene.follower >= 0).sum()), int(scene.redundant.sum())
    velocity = errors.velocity_mps[np.isfinite(errors.velocity_mps)]
    return Siap(
        completeness=followed / max(places, 1),
        ambiguity=(followed + redundant) / followed if followed else None,
        spuriousness=(shown - followed - redundant) / shown if shown else None,
        continuity=continuity.longest_segment_share,
        position_m=float(np.sqrt(np.mean(errors.position_m**2))) if errors.row.size else None,
        velocity_mps=float(np.sqrt(np.mean(velocity**2))) if velocity.size else None,
    )
