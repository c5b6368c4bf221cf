"""Reports of tracks of which a recorded reference cannot say whether anybody is there: not judged.

A recorded reference holds those who report by it, and while they do; others fly, too. So a report that lies
near no aircraft of the reference is false only where the reference must know better: where the aircraft that
the track is of (by its address, else the one that it followed most) is in the reference at that time. A track
of nobody that the reference knows (no address of its, near its aircraft for less than half the time) is left
out as a whole.
"""

from typing import NamedTuple

import numpy as np

from asman.scoring.columns import Codes, Flags, Floats, Ints, Rows
from asman.scoring.scene import SECOND_NS, Scene

#: Near for less of its time, a track only crosses an aircraft of the reference.
NEAR_SHARE = 0.5


class Judgeable(NamedTuple):
    """Which reports can be judged.

    report   (S,)  of the tracks' rows
    strangers      tracks of which none can
    """

    report: Flags
    strangers: int


def judgeable(scene: Scene, truth: Rows, tracks: Rows, cutoff_m: float, gap_s: float) -> Judgeable:
    """Tell of each report of the tracks whether the reference can judge it."""
    count = len(tracks.label)
    near = scene.nearest_m < cutoff_m
    shown = np.bincount(scene.track, minlength=count)
    beside = np.bincount(scene.track[near], minlength=count)
    group = _groups(truth)
    owner = _by_address(truth, tracks, group)
    followed = _most_followed(scene, group, count)
    # Never shown at an instant: nothing depends on it.
    friend = (owner >= 0) | (beside >= NEAR_SHARE * shown)
    owner = np.where(owner >= 0, owner, followed)
    of = np.repeat(np.arange(count), np.diff(tracks.start))
    keep = _present(truth, group, owner[of], tracks.time_ns, gap_s)
    keep[scene.report[near]] = True
    return Judgeable(keep & friend[of], int((~friend).sum()))


def _groups(truth: Rows) -> Ints:
    """One number for all identities of the truth that share an address (I,)."""
    own = np.arange(len(truth.label))
    if "address" not in truth.codes:
        return own
    address = truth.codes["address"].code[truth.start[:-1]]
    return np.where(address >= 0, own.size + address, own)


def _by_address(truth: Rows, tracks: Rows, group: Ints) -> Ints:
    """The group of the truth whose address a track bore last (J,); -1 where there is none."""
    owner = np.full(len(tracks.label), -1)
    if "address" not in truth.codes or "address" not in tracks.codes:
        return owner
    mine, theirs = truth.codes["address"], tracks.codes["address"]
    met = {_written(mine.names[g - group.size]): g for g in group.tolist() if g >= group.size}
    of_code = np.array([met.get(_written(name), -1) for name in theirs.names] + [-1])
    of_row = of_code[theirs.code]
    rows = np.flatnonzero(of_row >= 0)
    owner[np.repeat(np.arange(owner.size), np.diff(tracks.start))[rows]] = of_row[rows]
    return owner


def _written(code: str) -> str:
    """Whole numbers may have become decimal on the way through CSV."""
    return code.removesuffix(".0")


def _most_followed(scene: Scene, group: Ints, count: int) -> Ints:
    """The group of the aircraft that each track followed most (J,); -1 where it followed nobody."""
    found = np.full(count, -1)
    places = np.flatnonzero(scene.follower >= 0)
    pairs = np.stack([scene.track[scene.follower[places]], group[scene.aircraft[places]]], axis=1)
    unique, times = np.unique(pairs, axis=0, return_counts=True)
    order = np.argsort(times, kind="stable")
    found[unique[order, 0]] = unique[order, 1]
    return found


def _present(truth: Rows, group: Ints, owner: Ints, time_ns: Ints, gap_s: float) -> Flags:
    """Tell whether the owner of each row is in the truth at the row's time, and not in a gap (S,)."""
    epoch = min(int(truth.time_ns.min()), int(time_ns.min()))
    at: Floats = (time_ns - epoch) / SECOND_NS
    samples: Floats = (truth.time_ns - epoch) / SECOND_NS
    # Groups are lifted apart by more than any span and gap, so that one search serves all.
    lift = max(float(at.max()), float(samples.max())) + 2.0 * gap_s + 1.0
    known = np.sort(samples + lift * np.repeat(group, np.diff(truth.start)))
    key = at + lift * owner
    after = np.searchsorted(known, key, side="left")
    before = np.clip(after - 1, 0, known.size - 1)
    after = np.clip(after, 0, known.size - 1)
    within = (known[after] >= key) & (known[after] - known[before] <= gap_s) & (known[before] <= key)
    return (owner >= 0) & (within | (known[after] == key))


def only(rows: Rows, keep: Flags) -> Rows:
    """Some rows (S,) alone; an identity without any is gone."""
    owner = np.repeat(np.arange(len(rows.label)), np.diff(rows.start))[keep]
    present, sizes = np.unique(owner, return_counts=True)
    return Rows(
        time_ns=rows.time_ns[keep],
        start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        label=tuple(rows.label[i] for i in present.tolist()),
        lat=rows.lat[keep],
        lon=rows.lon[keep],
        numbers={name: values[keep] for name, values in rows.numbers.items()},
        codes={name: Codes(codes.code[keep], codes.names) for name, codes in rows.codes.items()},
        plot_time_ns=None if rows.plot_time_ns is None else rows.plot_time_ns[keep],
        observable=None if rows.observable is None else rows.observable[keep],
        counted=rows.counted,
    )
