"""Tracks as SBS, the text of BaseStation: for Virtual Radar, tar1090, readsb, and all that reads port 30003.

A track's row becomes up to four lines: identification (MSG,1), place (MSG,3), velocity (MSG,4), code (MSG,6).
Altitudes are pressure altitudes. The format knows aircraft by their ICAO address only, so that tracks without
one cannot be said: they are left out, and counted. It has no word for "simulated" either, so that simulated
tracks are left out unless whoever writes them says that the reader knows.

Source: as `asman.wire.modes.sbs`, which reads it back.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from asman.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS, SECOND_NS

_CALLSIGN: Final = re.compile(r"[A-Z0-9]{1,8}")
#: Mode 3/A codes that declare an emergency (ICAO Annex 10 IV, 3.1.1.4).
EMERGENCIES: Final = (0o7500, 0o7600, 0o7700)
_NAMES: Final = (
    "track", "lat_deg", "lon_deg", "altitude_m", "vn_mps", "ve_mps", "climb_mps", "mode_3a", "address",
    "callsign", "on_ground", "simulated",
)  # fmt: skip


class Lines(NamedTuple):
    """Lines, each ended by CR and LF, and rows that gave none, with the reason."""

    text: bytes
    left_out: dict[str, int]


def lines(tracks: pa.Table, *, simulated: bool = False) -> Lines:
    """Write rows of TRACKS; both times of a line are the track's time of validity.

    simulated  simulated tracks, too, as if they were none
    """
    left_out: dict[str, int] = {}
    out: list[str] = []
    times = tracks["time"].cast(pa.int64()).to_pylist()
    for time_ns, row in zip(times, tracks.select(list(_NAMES)).to_pylist(), strict=True):
        reason = _why_not(time_ns, row)
        if not reason and row["simulated"] and not simulated:
            reason = "simulated, which SBS has no word for"
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            out += _lines(time_ns, row)
    return Lines("".join(one + "\r\n" for one in out).encode("ascii"), left_out)


def _why_not(time_ns: int | None, row: dict[str, Any]) -> str:
    if row["address"] is None or not 0 <= row["address"] < 1 << 24:
        return "without an ICAO address, which SBS needs"
    if time_ns is None or _finite(row["lat_deg"]) is None or _finite(row["lon_deg"]) is None:
        return "without a place or a time"
    return ""


def _lines(time_ns: int, row: dict[str, Any]) -> list[str]:
    """The lines of one row, each with 22 fields."""
    stamp = _stamp(time_ns)
    address = f"{row['address']:06X}"
    ground = "" if row["on_ground"] is None else "-1" if row["on_ground"] else "0"
    code = row["mode_3a"]
    level, climb = _finite(row["altitude_m"]), _finite(row["climb_mps"])
    north, east = _finite(row["vn_mps"]), _finite(row["ve_mps"])

    def line(kind: int, fields: dict[int, str]) -> str:
        blank = dict.fromkeys(range(10, 22), "")
        said = [blank[k] if k not in fields else fields[k] for k in range(10, 22)]
        return ",".join(["MSG", str(kind), "1", "1", address, "1", *stamp, *stamp, *said])

    told: list[str] = []
    if row["callsign"] and _CALLSIGN.fullmatch(row["callsign"]):
        told.append(line(1, {10: row["callsign"]}))
    place = {14: f"{row['lat_deg']:.6f}", 15: f"{row['lon_deg']:.6f}", 21: ground}
    if level is not None:
        place[11] = str(round(level / FOOT_M))
    told.append(line(3, place))
    if north is not None and east is not None:
        course = round(float(np.degrees(np.arctan2(east, north))) % 360.0, 1) % 360.0
        speed = float(np.sqrt(north * north + east * east)) / KNOT_MPS
        velocity = {12: f"{speed:.1f}", 13: f"{course:.1f}", 21: ground}
        if climb is not None:
            velocity[16] = str(round(climb / FOOT_PER_MINUTE_MPS))
        told.append(line(4, velocity))
    if code is not None:
        emergency = "-1" if code in EMERGENCIES else "0"
        told.append(line(6, {17: f"{code:04o}", 19: emergency, 21: ground}))
    return told


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _stamp(time_ns: int) -> tuple[str, str]:
    """Date and time of day, in milliseconds."""
    whole = datetime.fromtimestamp(time_ns // SECOND_NS, UTC)
    return f"{whole:%Y/%m/%d}", f"{whole:%H:%M:%S}.{time_ns % SECOND_NS // 1_000_000:03d}"
