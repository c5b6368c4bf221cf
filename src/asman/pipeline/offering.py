"""What a node puts before the release guard beside its tracks: plots, warnings, identities, coverage, health.

    offering = go_on(offering, tracker, plots, own, watch, now_ns)      # every step
    offering, offers = taken(offering, tracker, own, watch, now_ns)     # whenever the border asks

All of it is of the node's own sensors and people; nothing here reads what partners contributed. What is a
state, not an event, is said again every so often, so that who comes late, or was away, learns of it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman import tracking
from asman.model.agreement import DataClass
from asman.model.contribution import HEALTH, IDENTITY_ASSERTIONS, TASKS, WARNINGS, Offer
from asman.model.plots import TIME
from asman.pipeline import saying, warned
from asman.pipeline.covering import covered
from asman.pipeline.health import SensorCount
from asman.pipeline.saying import Sayings
from asman.pipeline.tasking import HANDOVER, Dialogues
from asman.pipeline.warned import Warnings
from asman.pipeline.watch import Watch
from asman.tracking import Tracker
from asman.units import SECOND_NS

#: Warnings are looked for so often.
LOOK_NS: Final = SECOND_NS
#: Plots that wait to be asked for; beyond it the oldest are dropped and counted.
MOST_PLOTS: Final = 100_000
#: States are said again after so long.
AGAIN_NS: Final[Mapping[DataClass, int]] = {
    "identity": 10 * SECOND_NS, "warnings": 10 * SECOND_NS, "health": 10 * SECOND_NS,
    "coverage": 60 * SECOND_NS, "tasks": 10 * SECOND_NS,
}  # fmt: skip
#: A plot that no address tells from an identified aircraft is its own this near to it.
NEAR_M: Final = 5_000.0
_METRES_A_DEGREE: Final = 111_320.0
_PENDING: Final[tuple[str, str]] = ("pending", "unspecified")


class Offering(msgspec.Struct, frozen=True, kw_only=True):
    """What was not asked for yet, and what was said when.

    plots    since the border asked last, as they came
    waiting  how many those are
    looked_ns  ns  when warnings were looked at last
    said     class -> when it was said last and what it rested on
    """

    plots: tuple[pa.Table, ...] = ()
    waiting: int = 0
    dropped: int = 0
    looked_ns: int = 0
    sayings: Sayings = Sayings()
    dialogues: Dialogues = Dialogues()
    warnings: Warnings = Warnings()
    said: Mapping[DataClass, tuple[int, object]] = {}


def go_on(
    offering: Offering, tracker: Tracker, plots: pa.Table, watch: Watch, now_ns: int,
    joints: Collection[int] | None,
    told: pa.Table | None = None,
) -> Offering:  # fmt: skip
    """Take a step's plots, and see what there is to warn of.

    joints  numbers of the joint tracks; None: the node has no partner, and keeps no plots for one
    told    confirmed tracks as the node told them last, TRACKS or more; None: it tells none
    """
    kept, waiting, dropped = offering.plots, offering.waiting, offering.dropped
    if joints is not None and plots.num_rows:
        kept, waiting = (*kept, plots), waiting + plots.num_rows
        while waiting > MOST_PLOTS and kept:
            waiting, dropped = waiting - kept[0].num_rows, dropped + kept[0].num_rows
            kept = kept[1:]
    offering = msgspec.structs.replace(offering, plots=kept, waiting=waiting, dropped=dropped)
    if now_ns - offering.looked_ns < LOOK_NS:
        return offering
    tracks = tracking.picture(tracker, now_ns, confirmed_only=True) if told is None else told
    silent = [name for name, count in watch.sensors.items() if count.silent]
    simulated = [name for name, count in watch.sensors.items() if _simulated(count)]
    return msgspec.structs.replace(
        offering, looked_ns=now_ns,
        warnings=warned.look(offering.warnings, tracks, tracker.sensors, silent, now_ns, simulated),
        sayings=_said(offering.sayings, tracks, joints or (), now_ns),
    )  # fmt: skip


def _said(sayings: Sayings, tracks: pa.Table, joints: Collection[int], now_ns: int) -> Sayings:
    """What people said of tracks that are still there."""
    if not sayings.assertions:
        return sayings
    return saying.tidied(sayings, {*tracks["track"].to_pylist(), *joints}, now_ns)


def taken(
    offering: Offering, tracker: Tracker, own: pa.Table, held: Mapping[int, tuple[str, str]], watch: Watch,
    now_ns: int, own_track: Callable[[int], int] = lambda number: number,
) -> tuple[Offering, tuple[Offer, ...]]:  # fmt: skip
    """What is offered now, tracks first.

    own   the tracks that the node tells (TRACKS, or CONTRIBUTED)
    held  own track -> identity and category that the member holds it to be
    own_track  our own tracker's number of a track of the picture
    """
    member = tracker.origin
    as_held = [held.get(track, _PENDING) for track in own["track"].to_pylist()] if held else None
    offers = [Offer(what="tracks", table=own, held_as=None if as_held is None else tuple(as_held))]
    plots = tracking.placed(tracker, pa.concat_tables(offering.plots)) if offering.plots else None
    if plots is not None and plots.num_rows:
        offers.append(Offer(what="plots", table=plots, held_as=_of_plots(plots, own, held)))
    states = (
        _identities(offering.sayings, own, member, now_ns),
        _warnings(offering.warnings, own, held, member, now_ns),
        _health(tracker, watch, member, now_ns),
        _tasks(offering.dialogues, own, held, own_track, member, now_ns),
    )
    said = dict(offering.said)
    for offer, rests_on in states:
        if _due(said, offer.what, rests_on, now_ns) and offer.table.num_rows:
            offers.append(offer)
    working = tuple(one for one in tracker.sensors if not watch.sensors.get(one.id, SensorCount()).silent)
    if _due(said, "coverage", working, now_ns) and working:
        simulated = all(_simulated(watch.sensors.get(one.id, SensorCount())) for one in working)
        table = covered(working, member, now_ns, simulated=simulated)
        offers.append(Offer(what="coverage", table=table))
    return msgspec.structs.replace(offering, plots=(), waiting=0, said=said), tuple(offers)


def _due(said: dict[DataClass, tuple[int, object]], what: DataClass, rests_on: object, now_ns: int) -> bool:
    """Whether something is to be said: it changed, or was said long ago."""
    before = said.get(what)
    if before is not None and before[1] == rests_on and now_ns - before[0] < AGAIN_NS[what]:
        return False
    said[what] = (now_ns, rests_on)
    return True


def _simulated(count: SensorCount) -> bool:
    return count.simulated > 0


def _of_plots(
    plots: pa.Table, own: pa.Table, held: Mapping[int, tuple[str, str]]
) -> tuple[tuple[str, str], ...] | None:
    """What each plot's aircraft is held to be: by its address, else by being near to where one is.

    Rather too many plots than too few count as an identified aircraft's: they are what exceptions are about.
    """
    if not held:
        return None
    found: list[tuple[str, str]] = [_PENDING] * len(plots)
    address = plots["address"].fill_null(-1).to_numpy()
    lat, lon = plots["lat_deg"].to_numpy(), plots["lon_deg"].to_numpy()
    time_ns = plots["time"].cast(pa.int64()).to_numpy()
    columns = ["track", "time", "lat_deg", "lon_deg", "vn_mps", "ve_mps", "address"]
    rows = own.select(columns).set_column(1, "time", own["time"].cast(pa.int64()))
    for row in rows.filter(pa.array(np.isin(own["track"].to_numpy(), list(held)))).to_pylist():
        elapsed_s = (time_ns - row["time"]) / SECOND_NS
        north_m = (lat - row["lat_deg"]) * _METRES_A_DEGREE - row["vn_mps"] * elapsed_s
        east_m = _turned(lon - row["lon_deg"]) * _METRES_A_DEGREE * np.cos(np.radians(lat))
        east_m -= row["ve_mps"] * elapsed_s
        theirs = address == (-2 if row["address"] is None else row["address"])
        anonymous = (address < 0) | (row["address"] is None)
        mine = theirs | (anonymous & (np.hypot(north_m, east_m) < NEAR_M))
        for k in np.flatnonzero(mine).tolist():
            found[k] = held[row["track"]]
    return tuple(found)


def _turned(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    return (degrees + 180.0) % 360.0 - 180.0


def _identities(sayings: Sayings, own: pa.Table, member: str, now_ns: int) -> tuple[Offer, object]:
    """What people chose to share of what they said, at the place where the aircraft is now."""
    where = _places(own, list(sayings.assertions))
    shared = [one for one in sayings.assertions.values() if one.shared and one.track in where]
    rows = [
        {
            **where[one.track], "time": now_ns, "origin": member, "label": "", "track": one.track,
            "assertion": one.number, "value": one.value if one.withdrawn_ns is None else "withdrawn",
            "category": one.category, "criteria": one.criteria, "human": True, "expires": one.expires_ns,
        }
        for one in shared
    ]  # fmt: skip
    offer = Offer(
        what="identity", table=_table(rows, IDENTITY_ASSERTIONS),
        held_as=tuple((one.value, one.category) for one in shared),
        audience=tuple(one.audience for one in shared),
    )  # fmt: skip
    return offer, tuple(shared)


def _warnings(
    warnings: Warnings, own: pa.Table, held: Mapping[int, tuple[str, str]], member: str, now_ns: int
) -> tuple[Offer, object]:
    """Warnings where the aircraft is now, or was last."""
    told = warnings.told
    where = _places(own, [one.track for one in told if one.track is not None])
    rows = [
        {
            "lat_deg": one.place[0], "lon_deg": one.place[1],
            "altitude_m": None if np.isnan(one.place[2]) else one.place[2], "simulated": one.simulated,
            **(where.get(one.track, {}) if one.track is not None else {}),
            "time": now_ns, "origin": member, "label": "", "track": one.track, "warning": one.number,
            "code": one.code, "severity": one.severity,
            "state": "active" if one.closed_ns is None else "closed", "confidence": 1.0, "text": one.text,
        }
        for one in told
    ]  # fmt: skip
    as_held = tuple(held.get(-1 if one.track is None else one.track, _PENDING) for one in told)
    rests_on = tuple((one.number, one.closed_ns) for one in told)
    return Offer(what="warnings", table=_table(rows, WARNINGS), held_as=as_held), (rests_on, as_held)


def _tasks(
    dialogues: Dialogues, own: pa.Table, held: Mapping[int, tuple[str, str]],
    own_track: Callable[[int], int], member: str, now_ns: int,
) -> tuple[Offer, object]:  # fmt: skip
    """Proposals and answers, each for the partner alone to whom it was said."""
    where = _places(own, [own_track(one.joint) for one in dialogues.spoken.values()])
    told = [one for one in dialogues.spoken.values() if not one.outcome and own_track(one.joint) in where]
    rows = [
        {
            **where[own_track(one.joint)], "time": now_ns, "origin": member, "label": "",
            "track": own_track(one.joint), "task": one.number, "version": 1, "verb": one.verb,
            "subject": HANDOVER, "requested_by": one.requested_by,
            "decided_by": one.by if one.answer else None, "reason": one.reason, "basis": one.basis or None,
            "deadline": one.deadline_ns,
        }
        for one in told
    ]  # fmt: skip
    offer = Offer(
        what="tasks", table=_table(rows, TASKS), audience=tuple((one.partner,) for one in told),
        held_as=tuple(held.get(own_track(one.joint), _PENDING) for one in told),
    )  # fmt: skip
    return offer, tuple(one.number for one in told)


def _health(tracker: Tracker, watch: Watch, member: str, now_ns: int) -> tuple[Offer, object]:
    counts = [watch.sensors.get(one.id, SensorCount()) for one in tracker.sensors]
    heard = [
        (one, count) for one, count in zip(tracker.sensors, counts, strict=True) if count.last_ns is not None
    ]
    rows = [
        {
            "time": now_ns, "lat_deg": one.lat_deg, "lon_deg": one.lon_deg, "altitude_m": one.height_m,
            "simulated": _simulated(count), "origin": member, "label": "", "sensor": one.id, "kind": one.kind,
            "state": "silent" if count.silent else "ok", "plots_per_s": count.plots_per_s,
            "period_s": count.period_s,
        }
        for one, count in heard
    ]  # fmt: skip
    return Offer(what="health", table=_table(rows, HEALTH)), tuple((one.id, c.silent) for one, c in heard)


def _places(own: pa.Table, tracks: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Where some of the tracks are, those that are there."""
    if not tracks:
        return {}
    columns = ["track", "lat_deg", "lon_deg", "altitude_m", "simulated"]
    rows = np.flatnonzero(np.isin(own["track"].to_numpy(), np.array(tracks, np.int64)))
    return {row.pop("track"): row for row in own.select(columns).take(pa.array(rows)).to_pylist()}


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows whose times are ns UTC."""
    arrays: list[pa.Array] = []
    for field in schema:
        values = [row[field.name] for row in rows]
        stamps = field.type == TIME
        arrays.append(pa.array(values, pa.int64()).cast(TIME) if stamps else pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
