"""Cursor on Target: tracks as events for TAK and the many tools that read it, as XML or as TAK's protobuf.

An event says where something is, from when and until when that holds, and what it is:

- **Affiliation** comes from an identity that a person recorded, and from nothing else. Tracks without one are
  *pending* (`a-p-A`). No code here calls anything hostile; a recorded judgement is passed on as it is.
- **Height** (`hae`) is above the ellipsoid, so only a geometric altitude is one. Pressure altitude stands in
  words, in `remarks`. Unknown is 9999999, as the format has it.
- **Uncertainty** `ce` is one standard deviation along the worse axis; `le` is that of the height.
- `how` is "m-f": a machine fused it; "m-s" for what is simulated, which `remarks` says first, too.

Sources: MITRE MTR 04W0000021 (base schema of CoT); TAK Protocol version 1, as published with ATAK-CIV:
`takmessage.proto`, `cotevent.proto`, `detail.proto`, `contact.proto`, `track.proto`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pyarrow as pa

from asman.units import FLIGHT_LEVEL_M
from asman.wire import protobuf as pb

UNKNOWN_M: Final = 9_999_999.0
#: How long an event holds unless another one says more: some updates of a slow radar.
STALE_S: Final = 30.0
#: Standard identity, as recorded by a person -> affiliation.
AFFILIATIONS: Final = {
    "pending": "p", "unknown": "u", "assumed_friend": "a", "friend": "f", "neutral": "n", "suspect": "s",
    "hostile": "h",
}  # fmt: skip
_MILLISECOND_NS: Final = 1_000_000
#: TAK protocol version 1: what stands before a message in a datagram, and before its length in a stream.
MESH, STREAM = b"\xbf\x01\xbf", b"\xbf"


class Event(NamedTuple):
    """One event.

    time_ms, stale_ms  ms since 1970 UTC; it holds from the one to the other
    hae_m, ce_m, le_m  m    UNKNOWN_M where not known
    speed_mps, course_deg   course from true north, clockwise
    """

    uid: str
    type: str
    how: str
    time_ms: int
    stale_ms: int
    lat_deg: float
    lon_deg: float
    hae_m: float
    ce_m: float
    le_m: float
    callsign: str
    speed_mps: float
    course_deg: float
    remarks: str


class Events(NamedTuple):
    """Events, and rows that gave none, with the reason."""

    events: list[Event]
    left_out: dict[str, int]


def events(tracks: pa.Table, *, stale_s: float = STALE_S) -> Events:
    """Turn rows of TRACKS into events, one each.

    Columns `identity` (see AFFILIATIONS) and `category` ("civil", "state", ...) are used where the table has
    them: what people recorded. Rows without a place or a time are left out and counted.
    """
    left_out: dict[str, int] = {}
    found: list[Event] = []
    times = tracks["time"].cast(pa.int64()).to_pylist()
    names = [name for name in tracks.column_names if name not in ("time", "last_plot_time")]
    for time_ns, row in zip(times, tracks.select(names).to_pylist(), strict=True):
        lat, lon = _finite(row["lat_deg"]), _finite(row["lon_deg"])
        if time_ns is None or lat is None or lon is None:
            left_out["without a place or a time"] = left_out.get("without a place or a time", 0) + 1
            continue
        found.append(_event(row, time_ns, lat, lon, stale_s))
    return Events(found, left_out)


def _event(row: dict[str, Any], time_ns: int, lat: float, lon: float, stale_s: float) -> Event:
    time_ms = time_ns // _MILLISECOND_NS
    height = _finite(row["geometric_altitude_m"])
    height_sigma = _finite(row["geometric_sigma_m"]) if height is not None else None
    north, east = _finite(row["vn_mps"]) or 0.0, _finite(row["ve_mps"]) or 0.0
    return Event(
        uid=f"asman.{row['origin'] or 'XX'}.{row['track']}",
        type=_type(row),
        how="m-s" if row["simulated"] else "m-f",
        time_ms=time_ms,
        stale_ms=time_ms + round(stale_s * 1000.0),
        lat_deg=round(lat, 7),
        lon_deg=round(lon, 7),
        hae_m=UNKNOWN_M if height is None else round(height, 1),
        ce_m=_worse_axis_m(row),
        le_m=UNKNOWN_M if height_sigma is None else round(height_sigma, 1),
        callsign=row["callsign"] or f"{row['track']}",
        speed_mps=round(float(np.sqrt(north * north + east * east)), 2),
        course_deg=round(float(np.degrees(np.arctan2(east, north))) % 360.0, 2) % 360.0,
        remarks=_remarks(row),
    )


def _type(row: dict[str, Any]) -> str:
    affiliation = AFFILIATIONS.get(row.get("identity") or "pending", "p")
    return f"a-{affiliation}-A" + ("-C" if row.get("category") == "civil" else "")


def _worse_axis_m(row: dict[str, Any]) -> float:
    """Standard deviation along the longer axis of the position's ellipse."""
    east, north, both = (_finite(row[name]) for name in ("var_e_m2", "var_n_m2", "cov_en_m2"))
    if east is None or north is None:
        return UNKNOWN_M
    half = (east - north) / 2
    joint = both or 0.0
    return round(float(np.sqrt((east + north) / 2 + np.sqrt(half * half + joint * joint))), 1)


def _remarks(row: dict[str, Any]) -> str:
    """What CoT has no field for, in words."""
    level = _finite(row["altitude_m"])
    said = [
        "SIMULATED" if row["simulated"] else "",
        "" if row["confirmed"] else "tentative",
        "" if level is None else f"FL{round(level / FLIGHT_LEVEL_M):03d} (pressure altitude)",
        "" if row["mode_3a"] is None else f"Mode 3/A {row['mode_3a']:04o}",
        "" if row["address"] is None else f"address {row['address']:06X}",
        "on the ground" if row["on_ground"] else "",
        "position contradicted by radars" if row["position_doubted"] else "",
        f"by {', '.join(row['contributors'])}" if row["contributors"] else "",
    ]
    return "; ".join(one for one in said if one)


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def xml(event: Event) -> bytes:
    """One event as XML, with its declaration."""
    time, stale = _iso(event.time_ms), _iso(event.stale_ms)
    head = (
        f'<event version="2.0" uid={quoteattr(event.uid)} type={quoteattr(event.type)} '
        f'how={quoteattr(event.how)} time="{time}" start="{time}" stale="{stale}">'
    )
    point = (
        f'<point lat="{event.lat_deg!r}" lon="{event.lon_deg!r}" hae="{event.hae_m!r}" '
        f'ce="{event.ce_m!r}" le="{event.le_m!r}"/>'
    )
    detail = (
        f"<detail><contact callsign={quoteattr(event.callsign)}/>"
        f'<track course="{event.course_deg!r}" speed="{event.speed_mps!r}"/>'
        f"{_remarks_xml(event)}</detail>"
    )
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{head}{point}{detail}</event>'.encode()


def document(some: Iterable[Event]) -> bytes:
    """Events in one XML document, an event a line: for files; on the wire each stands alone."""
    lines = [xml(one).partition(b"\n")[2] for one in some]
    return b"\n".join([b'<?xml version="1.0" encoding="UTF-8"?>', b"<events>", *lines, b"</events>", b""])


def _remarks_xml(event: Event) -> str:
    return f"<remarks>{escape(event.remarks)}</remarks>" if event.remarks else ""


def _iso(time_ms: int) -> str:
    whole = datetime.fromtimestamp(time_ms // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"


def message(event: Event) -> bytes:
    """One event as a TakMessage, without what stands before it."""
    detail = (
        pb.text(1, _remarks_xml(event))
        + pb.octets(2, pb.text(2, event.callsign))
        + pb.octets(7, pb.double(1, event.speed_mps) + pb.double(2, event.course_deg))
    )
    return pb.octets(
        2,
        pb.text(1, event.type)
        + pb.text(5, event.uid)
        + pb.number(6, event.time_ms)
        + pb.number(7, event.time_ms)
        + pb.number(8, event.stale_ms)
        + pb.text(9, event.how)
        + pb.double(10, event.lat_deg)
        + pb.double(11, event.lon_deg)
        + pb.double(12, event.hae_m)
        + pb.double(13, event.ce_m)
        + pb.double(14, event.le_m)
        + pb.octets(15, detail),
    )


def mesh(event: Event) -> bytes:
    """One event as a datagram of TAK protocol version 1."""
    return MESH + message(event)


def stream(event: Event) -> bytes:
    """One event as a piece of a stream of TAK protocol version 1: its length stands before it."""
    body = message(event)
    return STREAM + pb.varint(len(body)) + body
