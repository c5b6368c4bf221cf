"""Deciding: what a step of the tracker did to one track, read from the weights before and the state after."""

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.doubles import JUMP_M, MERGE_REACH_M
from asman.kernels.sweep import COUNT, WHOLE_SECOND_NS, WRITTEN
from asman.kernels.tracklife import Rules
from asman.kernels.trackrows import from_plane
from asman.model.explanation import Decision, Other, Rival, Weight
from asman.tracking.config import rules_of
from asman.tracking.tracker import Tracker
from asman.units import SECOND_NS

# Structured arrays and rows of them: numpy's types have no names for their fields.
Record = Any
Records = Any

#: A pair is told of although it is out of the gate, up to so many times the gate.
NEAR_GATES: Final = 4.0
TOLD_MAX: Final = 5


class Seen(NamedTuple):
    """A track, and all others, between two steps.

    row     TRACK row, None: no such track lives
    missed  index of a sensor -> plots it owes, since its latest
    number, plots  (T,)  of all that live
    """

    row: Record | None
    missed: dict[int, int]
    number: NDArray[np.int64]
    plots: NDArray[np.int64]


def seen(tracker: Tracker, number: int) -> Seen:
    """Look at a track."""
    rows = tracker.tracks.row[: int(tracker.marks[COUNT])]
    alive = np.flatnonzero(rows["alive"])
    mine = alive[rows["number"][alive] == number]
    others = (rows["number"][alive].copy(), rows["plots"][alive].copy())
    if not mine.size:
        return Seen(None, {}, *others)
    k = int(mine[0])
    heard = rows[k]["heard"]
    missed = {int(entry["sensor"]): int(entry["missed"]) for entry in heard if entry["sensor"] >= 0}
    return Seen(rows[k].copy(), missed, *others)


def of_plots(tracker: Tracker, number: int, plots: Records, weighed: Records, was: Seen) -> list[Decision]:
    """What became of the plots of a window that a track got, or could have had."""
    rows = tracker.rows[: int(tracker.marks[WRITTEN])]
    owner = np.full(plots.size, -1)
    owner[rows["plot"]] = rows["track"]
    claimed = (weighed["track"] == number) & ((weighed["claims"] == 1) | (weighed["split"] == 1))
    found: list[Decision] = []
    before = was.row
    shared = _shared(seen(tracker, number).row, before, plots, owner)
    for i in np.union1d(np.flatnonzero(owner == number), weighed["plot"][claimed]).tolist():
        pairs = weighed[weighed["plot"] == i]
        mine = pairs[pairs["track"] == number]
        common: dict[str, Any] = _of_plot(tracker, plots[i]) | {
            "weight": _weight(mine[0], pairs) if mine.size else None,
            "rivals": _rivals(number, i, pairs, owner, rules_of(tracker.config)),
            "existence_before": None if before is None else float(before["existence"]),
        }
        if i == shared:
            common["existence"] = common["existence_before"]
            found.append(Decision(act="shared", reason="unresolved", track=int(owner[i]), **common))
            continue
        if owner[i] != number:
            found.append(_refused(number, plots, i, owner, mine[0], common))
            continue
        after = rows[rows["plot"] == i][0]
        common |= {"existence": float(after["existence"]), "confirmed": bool(after["confirmed"])}
        if before is None:
            found.append(Decision(act="begun", reason=_why_begun(tracker, number, plots[i], pairs), **common))
        else:
            others = _others(number, i, plots, weighed, owner, tracker)
            reason = _why_given(mine, pairs, others, plots[i], before)
            found.append(Decision(act="given", reason=reason, others=others, **common))
        if after["confirmed"] and not (before is not None and before["confirmed"]):
            shown: dict[str, Any] = {name: common[name] for name in ("time_s", "existence", "confirmed")}
            found.append(
                Decision(act="confirmed", reason="address" if before is None else "existence", **shown)
            )
        before = after
    return found


def _shared(now: Record | None, before: Record | None, plots: Records, owner: NDArray[np.int64]) -> int:
    """Place in its window of the plot that a track shared with the one that got it, the latest; -1: none."""
    if now is None or before is None or now["shared_ns"] <= before["shared_ns"]:
        return -1
    held = (plots["time_ns"] == now["shared_ns"]) & (owner >= 0) & (owner != now["number"])
    return int(np.flatnonzero(held)[-1]) if held.any() else -1


def instant_s(time_ns: int) -> float:
    """A time as explanations tell it: rounded twice, as columns of times are, so that one finds the other."""
    return float(time_ns) / SECOND_NS


def _of_plot(tracker: Tracker, plot: Record) -> dict[str, Any]:
    altitude_m = float(plot["altitude_m"])
    return {
        "time_s": instant_s(plot["time_ns"]),
        "sensor": tracker.sensors[int(plot["sensor"])].id,
        "address": None if plot["address"] < 0 else int(plot["address"]),
        "mode_3a": None if plot["mode_3a"] < 0 else int(plot["mode_3a"]),
        "altitude_m": None if math.isnan(altitude_m) else altitude_m,
    }


def _weight(pair: Record, pairs: Records) -> Weight:
    """Weights of one pair among those of its plot."""
    claims = bool(pair["claims"])
    # Against nobody known, whose gain is 0; from the largest down, so that nothing overflows.
    gains = np.append(pairs["gain"][pairs["claims"] == 1], 0.0)
    largest = float(gains.max())
    total = math.fsum(math.exp(float(gain) - largest) for gain in gains)
    place = float(pair["place"])
    return Weight(
        distance2=float(pair["distance2"]),
        log_likelihood=float(pair["log_likelihood"]),
        gain=float(pair["gain"]) if claims or pair["split"] else None,
        share=math.exp(float(pair["gain"]) - largest) / total if claims else 0.0,
        by_place=None if math.isnan(place) else place,
        by_altitude=float(pair["altitude"]),
        by_mode_3a=float(pair["mode_3a"]),
        by_address=float(pair["address"]),
    )


def _rivals(
    number: int, plot: int, pairs: Records, owner: NDArray[np.int64], rules: Rules
) -> tuple[Rival, ...]:
    near = (pairs["claims"] == 1) | (pairs["distance2"] < NEAR_GATES * rules.gate)
    rivals = pairs[near & (pairs["track"] != number)]
    order = np.lexsort((rivals["distance2"], -rivals["gain"], -rivals["claims"]))[:TOLD_MAX]
    return tuple(
        Rival(
            track=int(rival["track"]),
            weight=_weight(rival, pairs),
            got="this"
            if owner[plot] == rival["track"]
            else ("another" if rival["track"] in owner else "none"),
        )
        for rival in rivals[order]
    )


def _others(
    number: int, plot: int, plots: Records, weighed: Records, owner: NDArray[np.int64], tracker: Tracker
) -> tuple[Other, ...]:
    """Plots of the same sensor: those of two sensors do not contend."""
    near = (weighed["claims"] == 1) | (weighed["distance2"] < NEAR_GATES * rules_of(tracker.config).gate)
    same = plots["sensor"][weighed["plot"]] == plots["sensor"][plot]
    pairs = weighed[(weighed["track"] == number) & (weighed["plot"] != plot) & near & same]
    return tuple(
        Other(
            time_s=instant_s(plots["time_ns"][pair["plot"]]),
            sensor=tracker.sensors[int(plots["sensor"][plot])].id,
            weight=_weight(pair, weighed[weighed["plot"] == pair["plot"]]),
            to=None if owner[pair["plot"]] < 0 else int(owner[pair["plot"]]),
        )
        for pair in pairs[np.argsort(-pairs["gain"], kind="stable")][:TOLD_MAX]
    )


def _why_given(mine: Records, pairs: Records, others: tuple[Other, ...], plot: Record, before: Record) -> str:
    if not mine.size:
        return "newborn"
    if plot["address"] >= 0 and plot["address"] == before["address"]:
        return "address" if mine["place"][0] == mine["place"][0] else "jump"
    claims = pairs[pairs["claims"] == 1]
    if claims.size == 1 and all(other.weight.gain is None for other in others):
        return "alone"
    return "best" if mine["gain"][0] >= claims["gain"].max() else "sum"


def _why_begun(tracker: Tracker, number: int, plot: Record, pairs: Records) -> str:
    rows = tracker.tracks.row[: int(tracker.marks[COUNT])]
    twins = (rows["alive"] == 1) & (rows["address"] == plot["address"]) & (rows["number"] != number)
    if plot["address"] >= 0 and twins.any():
        return "twin"
    return "left" if (pairs["claims"] == 1).any() else "nobody"


def _refused(
    number: int, plots: Records, plot: int, owner: NDArray[np.int64], pair: Record, common: dict[str, Any]
) -> Decision:
    """A plot that the track claimed and did not get."""
    common["existence"] = common["existence_before"]
    if owner[plot] >= 0:
        return Decision(act="lost", reason="sum", track=int(owner[plot]), **common)
    if pair["split"]:
        return Decision(act="split", reason="turn", **common)
    torn = (owner == number) & (plots["sensor"] == plots["sensor"][plot])
    return Decision(act="split", reason="torn" if torn.any() else "rival", **common)


def of_silence(tracker: Tracker, number: int, was: Seen, until_ns: int) -> list[Decision]:
    """What looking after all tracks at a whole second did to one: misses, a merger, its end."""
    rows = tracker.rows[: int(tracker.marks[WRITTEN])]
    mine = rows[rows["track"] == number]
    if mine.size:
        before = float(mine["existence"][-1])
    elif was.row is not None:
        before = float(was.row["existence"])
    else:
        return []
    now = seen(tracker, number)
    time_s = until_ns // WHOLE_SECOND_NS * WHOLE_SECOND_NS / SECOND_NS
    if now.row is None:
        return [_end(tracker, number, was, time_s, before)]
    after: dict[str, Any] = {
        "time_s": time_s,
        "existence_before": before,
        "existence": float(now.row["existence"]),
        "confirmed": bool(now.row["confirmed"]),
    }
    found: list[Decision] = []
    for sensor, missed in now.missed.items():
        if missed > was.missed.get(sensor, 0):
            found.append(Decision(act="missed", reason="due", sensor=tracker.sensors[sensor].id, **after))
    gained = int(now.row["plots"]) - (int(was.row["plots"]) if was.row is not None else 0) - mine.size
    if gained > 0:
        gone = ~np.isin(was.number, now.number) & (was.plots == gained)
        other = int(was.number[gone][0]) if gone.any() else None
        found.append(Decision(act="absorbed", reason="double", track=other, **after))
    return found


def _end(tracker: Tracker, number: int, was: Seen, time_s: float, before: float) -> Decision:
    """Why a track is no longer there."""
    rules = rules_of(tracker.config)
    rows = tracker.tracks.row[: int(tracker.marks[COUNT])]
    told: dict[str, Any] = {"time_s": time_s, "existence_before": before}
    dead = np.flatnonzero((rows["number"] == number) & (rows["alive"] == 0))
    if not dead.size:
        return Decision(act="ended", reason="existence", **told)
    k = int(dead[-1])
    heir = _heir(tracker, number, k, was)
    if heir is not None:
        return Decision(act="merged", reason="double", track=heir, **told)
    told["existence"] = float(rows["existence"][k])
    if round(time_s) * SECOND_NS - rows["last_ns"][k] > rules.coast_ns:
        return Decision(act="ended", reason="coasting", **told)
    _, _, ve, vn = rows[k]["state"]
    fast = ve * ve + vn * vn > rules.speed_max_mps * rules.speed_max_mps
    return Decision(act="ended", reason="speed" if fast else "existence", **told)


def _heir(tracker: Tracker, number: int, k: int, was: Seen) -> int | None:
    """The track that took over the plots of one that ended as row `k`: the nearest that grew by so many more.

    None: none did, so it was not merged.
    """
    tracks = tracker.tracks
    rows = tracks.row[: int(tracker.marks[COUNT])]
    got = tracker.rows["track"][: int(tracker.marks[WRITTEN])]
    own = dict(zip(was.number.tolist(), was.plots.tolist(), strict=True))
    alive = np.flatnonzero(rows["alive"])
    more = [int(rows["plots"][m]) - own.get(int(rows["number"][m]), 0) for m in alive]
    more = [plots - np.count_nonzero(got == rows["number"][m]) for plots, m in zip(more, alive, strict=True)]
    here = _place(rows[k])
    heirs: dict[float, int] = {}
    for m, plots in zip(alive.tolist(), more, strict=True):
        if plots >= max(own.get(number, 0), 1):
            there = _place(rows[m])
            # As far as doubles are looked for, farther only where one address jumped.
            jumped = rows["address"][m] >= 0 and rows["address"][m] == rows["address"][k]
            if (away_m := math.dist(here, there)) < (JUMP_M if jumped else MERGE_REACH_M):
                heirs[away_m] = int(rows["number"][m])
    return heirs[min(heirs)] if heirs else None


def _place(row: Record) -> tuple[float, float, float]:
    """Earth-centred point below a track [m]."""
    return from_plane(float(row["state"][0]), float(row["state"][1]), row["plane"])
