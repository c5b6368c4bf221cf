"""Warnings of a node's own sensors: codes of distress that own tracks squawk, and sensors that fell silent.

    warned = look(warned, tracks, sensors, silent, now_ns)

A warning is opened once something has lasted, and closed once it has been over for some time: a code that
flickers warns once. Each keeps its number from its first state to its last. A warning does not end with its
track: of an aircraft that squawked distress and is gone it stays open, for an hour.
"""

from collections.abc import Collection, Mapping, Set
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from asman.model.sensor import Sensors
from asman.units import SECOND_NS

#: Mode 3/A codes that mean distress -> warning code, in words.
EMERGENCIES: Final[Mapping[int, tuple[str, str]]] = {
    0o7500: ("EMERGENCY_7500", "squawks 7500: unlawful interference"),
    0o7600: ("EMERGENCY_7600", "squawks 7600: radio failure"),
    0o7700: ("EMERGENCY_7700", "squawks 7700: emergency"),
}
#: A code must last so long before it warns, and be gone so long before the warning closes.
OPEN_NS: Final = 5 * SECOND_NS
CLOSE_NS: Final = 30 * SECOND_NS
#: What was about a track that is gone stays open for so long.
GONE_NS: Final = 3_600 * SECOND_NS
#: A closed warning is told for so long, then forgotten.
TOLD_NS: Final = 60 * SECOND_NS
#: Warnings at a time; more are counted.
MOST_WARNINGS: Final = 5_000
Key = tuple[str, int, str]


class Warned(msgspec.Struct, frozen=True, kw_only=True):
    """One warning: of a track, or of a sensor.

    number     of this member's warnings; 0: it has not lasted long enough yet
    began_ns   ns  when what it is about was seen first
    seen_ns    ns  when it was seen last
    closed_ns  ns  None: it is open
    place      latitude, longitude [deg], altitude [m] (NaN: unknown), when it was seen last
    """

    code: str
    severity: str
    text: str
    track: int | None = None
    sensor: str = ""
    number: int = 0
    began_ns: int
    seen_ns: int
    closed_ns: int | None = None
    place: tuple[float, float, float]
    simulated: bool = False


class Warnings(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, by what they are about."""

    following: int = 1
    by: Mapping[Key, Warned] = {}
    dropped: int = 0

    @property
    def told(self) -> tuple[Warned, ...]:
        """Those that have lasted, in the order of their numbers."""
        return tuple(sorted((one for one in self.by.values() if one.number), key=lambda one: one.number))


def look(
    before: Warnings, tracks: pa.Table, sensors: Sensors, silent: Collection[str], now_ns: int,
    simulated: Collection[str] = (),
) -> Warnings:  # fmt: skip
    """Go on by what own confirmed tracks (TRACKS) and sensors say now.

    silent     ids of sensors that were heard before and are silent
    simulated  ids of sensors whose plots are simulated
    """
    seen = {**_codes(tracks, now_ns), **_silences(sensors, silent, simulated, now_ns)}
    there = set(tracks["track"].to_pylist())
    by: dict[Key, Warned] = {}
    following, dropped = before.following, before.dropped
    for key, one in before.by.items():
        after = _after(one, seen.pop(key, None), there, now_ns)
        if after is not None:
            by[key] = after
    for key, one in seen.items():
        if len(by) >= MOST_WARNINGS:
            dropped += 1
        else:
            by[key] = one
    for key, one in sorted(by.items()):
        if not one.number and one.seen_ns - one.began_ns >= OPEN_NS:
            by[key] = msgspec.structs.replace(one, number=following)
            following += 1
    return Warnings(following=following, by=by, dropped=dropped)


def _after(before: Warned, now: Warned | None, there: Set[int], now_ns: int) -> Warned | None:
    """What became of a warning; None: it is over and told, or never lasted.

    now    what it is about, where that is seen now
    there  tracks of the picture
    """
    if now is not None:
        began_ns = before.began_ns if before.closed_ns is None else now.began_ns
        return msgspec.structs.replace(now, number=before.number, began_ns=began_ns)
    if before.closed_ns is not None:
        return before if now_ns - before.closed_ns < TOLD_NS else None
    gone = before.track is not None and before.track not in there
    patience_ns = OPEN_NS if not before.number else GONE_NS if gone else CLOSE_NS
    if now_ns - before.seen_ns < patience_ns:
        return before
    return msgspec.structs.replace(before, closed_ns=now_ns) if before.number else None


def _codes(tracks: pa.Table, now_ns: int) -> dict[Key, Warned]:
    code = tracks["mode_3a"].fill_null(-1).to_numpy()
    rows = np.flatnonzero(np.isin(code, list(EMERGENCIES)))
    columns = ["track", "mode_3a", "lat_deg", "lon_deg", "altitude_m", "simulated"]
    found: dict[Key, Warned] = {}
    for row in tracks.select(columns).take(pa.array(rows)).to_pylist():
        name, text = EMERGENCIES[row["mode_3a"]]
        altitude_m = np.nan if row["altitude_m"] is None else row["altitude_m"]
        found[name, row["track"], ""] = Warned(
            code=name, severity="WARNING", text=text, track=row["track"], began_ns=now_ns, seen_ns=now_ns,
            place=(row["lat_deg"], row["lon_deg"], altitude_m), simulated=bool(row["simulated"]),
        )  # fmt: skip
    return found


def _silences(
    sensors: Sensors, silent: Collection[str], simulated: Collection[str], now_ns: int
) -> dict[Key, Warned]:
    return {
        ("SENSOR_DEGRADED", 0, one.id): Warned(
            code="SENSOR_DEGRADED", severity="CAUTION", text=f"{one.id} is silent", sensor=one.id,
            began_ns=now_ns, seen_ns=now_ns, place=(one.lat_deg, one.lon_deg, one.height_m),
            simulated=one.id in simulated,
        )
        for one in sensors if one.id in silent
    }  # fmt: skip
