"""aircraft.json of readsb, dump1090-fa and tar1090: what a receiver knows of every aircraft at one instant.

One document, or one a line. An aircraft's position is `seen_pos` seconds older than the document's `now`.

Source: readsb, README-json.md (github.com/wiedehopf/readsb).
"""

import math
import re
from typing import Any, Final

import msgspec
import pyarrow as pa

from asman.model.decoded import Decoded
from asman.model.plots import TIME
from asman.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS, SECOND_NS
from asman.wire.modes.sbs import rejects, table

#: No document is so long: whoever sends one means harm.
_DOCUMENT_MAX: Final = 256 * 1024 * 1024
#: No radius of containment is larger than the earth's.
_RADIUS_MAX_M: Final = 1e7
_ADDRESS: Final = re.compile(r"~?[0-9a-fA-F]{6}")
_SQUAWK: Final = re.compile(r"[0-7]{4}")
_CALLSIGN: Final = re.compile(r"[A-Z0-9]{1,8}")
_EMERGENCY: Final = ("none", "general", "lifeguard", "minfuel", "nordo", "unlawful", "downed", "reserved")

Number = int | float | None


class Entry(msgspec.Struct, frozen=True):
    """One aircraft, as readsb writes it, in its units; what is not named here is passed over."""

    hex: str
    type: str | None = None
    flight: str | None = None
    alt_baro: int | float | str | None = None
    alt_geom: Number = None
    gs: Number = None
    track: Number = None
    baro_rate: Number = None
    geom_rate: Number = None
    squawk: str | None = None
    emergency: str | None = None
    category: str | None = None
    lat: Number = None
    lon: Number = None
    nic: int | None = None
    rc: Number = None
    seen_pos: Number = None
    seen: Number = None
    version: int | None = None
    nac_p: int | None = None
    nac_v: int | None = None
    sil: int | None = None
    rssi: Number = None


class Document(msgspec.Struct, frozen=True):
    """A document, its aircraft unread."""

    aircraft: tuple[msgspec.Raw, ...]
    now: int | float | None = None


SCHEMA: Final = pa.schema(
    [
        pa.field("time", TIME, metadata={"meaning": "of the position; of the document where there is none"}),
        pa.field("offset", pa.int64()),
        pa.field("length", pa.int32()),
        pa.field("block", pa.int64(), metadata={"meaning": "octet where the document begins"}),
        pa.field("address", pa.int32(), metadata={"format": "hexadecimal", "bits": "24"}),
        pa.field("address_icao", pa.bool_(), metadata={"meaning": "false: no address of ICAO's"}),
        pa.field(
            "type", pa.string(), metadata={"meaning": "where it is known from: adsb_icao, mlat, tisb_..."}
        ),
        pa.field("callsign", pa.string()),
        pa.field("pressure_altitude_m", pa.float64()),
        pa.field("geometric_altitude_m", pa.float64()),
        pa.field("ground_speed_mps", pa.float64()),
        pa.field("track_deg", pa.float64()),
        pa.field("climb_mps", pa.float64()),
        pa.field("mode_3a", pa.int16(), metadata={"format": "octal", "bits": "12"}),
        pa.field("emergency", pa.int8()),
        pa.field("category", pa.string()),
        pa.field("lat_deg", pa.float64()),
        pa.field("lon_deg", pa.float64()),
        pa.field("on_ground", pa.bool_()),
        pa.field("nic", pa.int8()),
        pa.field("containment_m", pa.float64()),
        pa.field("nacp", pa.int8()),
        pa.field("nacv", pa.int8()),
        pa.field("sil", pa.int8()),
        pa.field("version", pa.int8()),
        pa.field("signal_dbfs", pa.float64()),
    ]
)


class _BadError(Exception):
    """An entry that cannot be used, and why."""


def decode(octets: Any) -> Decoded:
    """Decode documents; an aircraft or a document that cannot be read is a row of `rejected`, with why."""
    text = bytes(octets)
    rows: list[tuple[Any, ...]] = []
    lost: list[tuple[int, int, str]] = []
    for begin, end in _documents(text):
        _read(text, begin, end, rows, lost)
    return Decoded({"READSB": table(rows, SCHEMA)} if rows else {}, rejects(lost), {}, "readsb", len(text))


def _documents(text: bytes) -> list[tuple[int, int]]:
    """Where documents stand: the whole, or each line where each begins one."""
    lines: list[tuple[int, int]] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            lines.append((at, at + len(line)))
        at += len(line)
    heads = [text[begin:end].lstrip(b"\xef\xbb\xbf \t")[:1] for begin, end in lines]
    each = len(lines) > 1 and sum(b'"aircraft"' in text[begin:end] for begin, end in lines) > len(lines) // 2
    return lines if each and heads[0] == b"{" else [(0, len(text))]


_whole: Final = msgspec.json.Decoder(Document)
_entry: Final = msgspec.json.Decoder(Entry)


def _read(text: bytes, begin: int, end: int, rows: list[Any], lost: list[tuple[int, int, str]]) -> None:
    octets = text[begin:end].lstrip(b"\xef\xbb\xbf \t\r\n")
    shift = end - len(octets)
    if len(octets) > _DOCUMENT_MAX:
        lost.append((begin, end - begin, "aircraft.json: a document of over 256 MiB"))
        return
    try:
        document = _whole.decode(octets)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        lost.append((begin, end - begin, f"aircraft.json: {error}"))
        return
    now = document.now
    if now is not None and not 0 < now < 7_258_118_400:
        lost.append((begin, end - begin, "aircraft.json: `now` is before 1970 or after 2200"))
        return
    at = 0
    for raw in document.aircraft:
        piece = bytes(raw)
        at = octets.find(piece, at)
        try:
            rows.append(_row(_entry.decode(piece), now, shift + at, len(piece), begin))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            lost.append((shift + at, len(piece), f"aircraft.json: aircraft: {error}"))
        except _BadError as error:
            lost.append((shift + at, len(piece), f"aircraft.json: aircraft: {error}"))
        at += len(piece)


def _row(one: Entry, now: float | None, at: int, length: int, document: int) -> tuple[Any, ...]:
    if not _ADDRESS.fullmatch(one.hex):
        raise _BadError("hex is not six hexadecimal digits")
    if isinstance(one.alt_baro, str) and one.alt_baro != "ground":
        raise _BadError('alt_baro is neither a number nor "ground"')
    lat, lon = _within(one.lat, "lat", 90.0), _within(one.lon, "lon", 180.0)
    if (lat is None) != (lon is None):
        raise _BadError("has lat without lon, or the other way round")
    age = one.seen_pos if lat is not None else 0.0
    if age is None or not 0.0 <= age < 86_400.0:
        raise _BadError("seen_pos of a position is missing, or no age")
    squawk = one.squawk if one.squawk and _SQUAWK.fullmatch(one.squawk) else None
    callsign = (one.flight or "").strip()
    pressure = one.alt_baro if isinstance(one.alt_baro, (int, float)) else None
    rate = one.baro_rate if one.baro_rate is not None else one.geom_rate
    return (
        None if now is None else round((now - age) * 1000.0) * (SECOND_NS // 1000),
        at, length, document,
        int(one.hex.lstrip("~"), 16), not one.hex.startswith("~"), one.type,
        callsign if _CALLSIGN.fullmatch(callsign) else None,
        _scaled(pressure, "alt_baro", 200_000.0, FOOT_M),
        _scaled(one.alt_geom, "alt_geom", 200_000.0, FOOT_M),
        _scaled(one.gs, "gs", 10_000.0, KNOT_MPS),
        _within(one.track, "track", 360.0),
        _scaled(rate, "baro_rate", 100_000.0, FOOT_PER_MINUTE_MPS),
        None if squawk is None else int(squawk, 8),
        _EMERGENCY.index(one.emergency) if one.emergency in _EMERGENCY else None,
        one.category, lat, lon,
        None if one.alt_baro is None else one.alt_baro == "ground",
        _code(one.nic, 11), _contained(one.rc), _code(one.nac_p, 11), _code(one.nac_v, 4), _code(one.sil, 3),
        _code(one.version, 7), _within(one.rssi, "rssi", 1000.0),
    )  # fmt: skip


def _within(value: Number, name: str, most: float) -> float | None:
    if value is None:
        return None
    if not -most <= value <= most:  # whole numbers may have any number of digits; no JSON number is NaN
        raise _BadError(f"{name} is beyond {most:g}")
    return float(value)


def _scaled(value: Number, name: str, most: float, unit: float) -> float | None:
    found = _within(value, name, most)
    return None if found is None else found * unit


def _code(value: int | None, most: int) -> int | None:
    return value if value is not None and 0 <= value <= most else None


def _contained(radius_m: Number) -> float | None:
    """Radius of containment; 0 says that there is none."""
    if radius_m is None or not 0 <= radius_m <= _RADIUS_MAX_M:
        return None
    return math.inf if radius_m == 0 else float(radius_m)
