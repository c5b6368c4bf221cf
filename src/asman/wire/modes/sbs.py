"""SBS, the text of BaseStation (port 30003 by custom): a line a message, 22 fields between commas.

    MSG,3,1,1,4840D6,1,2023/05/02,08:00:00.000,2023/05/02,08:00:00.000,,38000,,,52.25720,3.91937,,,0,0,0,0

Fields: MSG, transmission type (1 identification, 2 surface, 3 airborne position, 4 velocity, 5 to 8 replies),
session, aircraft, address (hexadecimal), flight, date and time of the message, date and time of its logging,
callsign, altitude [ft], ground speed [kt], track [deg], latitude, longitude, vertical rate [ft/min], squawk,
then alert, emergency, SPI and on the ground (0, or -1 or 1 for true). Times have no zone; they are taken as
UTC.

Source: Kinetic Avionic Products, "BaseStation: socket data and bst files".
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from asman.model.decoded import REJECTED, Decoded
from asman.model.plots import TIME
from asman.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS, SECOND_NS

FIELDS: Final = 22
#: Lines that a program sends about itself.
_OTHERS: Final = (b"SEL", b"ID", b"AIR", b"STA", b"CLK")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f]{6}")
_SQUAWK: Final = re.compile(r"[0-7]{1,4}")
_TIME: Final = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?")
_CALLSIGN: Final = re.compile(r"[A-Z0-9]{1,8}")

SCHEMA: Final = pa.schema(
    [
        pa.field("time", TIME),
        pa.field("offset", pa.int64()),
        pa.field("length", pa.int32()),
        pa.field("block", pa.int64()),
        pa.field("transmission", pa.int8()),
        pa.field("address", pa.int32(), metadata={"format": "hexadecimal", "bits": "24"}),
        pa.field("callsign", pa.string()),
        pa.field("pressure_altitude_m", pa.float64()),
        pa.field("ground_speed_mps", pa.float64()),
        pa.field("track_deg", pa.float64()),
        pa.field("lat_deg", pa.float64()),
        pa.field("lon_deg", pa.float64()),
        pa.field("climb_mps", pa.float64()),
        pa.field("mode_3a", pa.int16(), metadata={"format": "octal", "bits": "12"}),
        pa.field("alert", pa.bool_()),
        pa.field("emergency", pa.bool_()),
        pa.field("spi", pa.bool_()),
        pa.field("on_ground", pa.bool_()),
    ]
)


_FLAGS: Final = ("alert", "emergency", "SPI", "on the ground")


class _BadError(Exception):
    """A line that cannot be read, and why."""


def decode(octets: Any) -> Decoded:
    """Decode a recording of SBS; a line that cannot be read is a row of `rejected` with the field named."""
    text = bytes(octets)
    rows: list[tuple[Any, ...]] = []
    lost: list[tuple[int, int, str]] = []
    at = 0
    for line in text.splitlines(keepends=True):
        bare = line.strip(b"\r\n \t\xef\xbb\xbf")
        if bare.startswith(b"MSG,"):
            try:
                rows.append(_row(bare.decode("ascii", "replace").split(","), at, len(bare)))
            except _BadError as bad:
                lost.append((at, len(line), f"SBS line: {bad}"))
        elif bare and bare.split(b",")[0] not in _OTHERS:
            lost.append((at, len(line), "line that is no SBS message"))
        at += len(line)
    return Decoded({"SBS": table(rows, SCHEMA)} if rows else {}, rejects(lost), {}, "sbs", len(text))


def table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Rows as a table; at least one."""
    columns = zip(zip(*rows, strict=True), schema, strict=True)
    return pa.Table.from_arrays([pa.array(column, field.type) for column, field in columns], schema=schema)


def rejects(lost: list[tuple[int, int, str]]) -> pa.Table:
    """Rows of REJECTED of (offset, octets, why)."""
    offset, length = (pa.array(np.array([one[k] for one in lost], np.int64)) for k in (0, 1))
    reasons = pa.array([one[2] for one in lost], pa.string())
    return pa.Table.from_arrays(
        [offset, offset, pa.nulls(len(lost), pa.int16()), length, reasons], schema=REJECTED
    )


def _row(fields: list[str], at: int, length: int) -> tuple[Any, ...]:
    """One line as a row of SCHEMA."""
    if len(fields) < FIELDS:
        raise _BadError(f"has {len(fields)} fields where {FIELDS} are needed")
    kind = fields[1]
    if kind not in ("1", "2", "3", "4", "5", "6", "7", "8"):
        raise _BadError("transmission type is none of 1 to 8")
    if not _ADDRESS.fullmatch(fields[4]):
        raise _BadError("address is not six hexadecimal digits")
    callsign = fields[10].strip(" @")
    lat, lon = _number(fields[14], "latitude", 90.0), _number(fields[15], "longitude", 180.0)
    if (lat is None) != (lon is None):
        raise _BadError("has a latitude without longitude, or the other way round")
    squawk = fields[17].strip()
    if squawk and not _SQUAWK.fullmatch(squawk):
        raise _BadError("squawk is not octal")
    return (
        _time_ns(f"{fields[6]} {fields[7]}"), at, length, at, int(kind), int(fields[4], 16),
        callsign if _CALLSIGN.fullmatch(callsign) else None,
        _scaled(fields[11], "altitude", 200_000.0, FOOT_M),
        _scaled(fields[12], "ground speed", 10_000.0, KNOT_MPS),
        _number(fields[13], "track", 360.0),
        lat, lon,
        _scaled(fields[16], "vertical rate", 100_000.0, FOOT_PER_MINUTE_MPS),
        int(squawk, 8) if squawk else None,
        *(_flag(fields[18 + k], name) for k, name in enumerate(_FLAGS)),
    )  # fmt: skip


def _number(text: str, name: str, most: float) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        raise _BadError(f"{name} is no number") from None
    if not -most <= value <= most:
        raise _BadError(f"{name} is beyond {most:g}")
    return value


def _scaled(text: str, name: str, most: float, unit: float) -> float | None:
    value = _number(text, name, most)
    return None if value is None else value * unit


def _flag(text: str, name: str) -> bool | None:
    text = text.strip()
    if text in ("", "0", "-1", "1"):
        return None if not text else text != "0"
    raise _BadError(f"{name} is none of 0, 1 and -1")


def _time_ns(text: str) -> int | None:
    """Ns since 1970 of "2023/05/02 08:00:00.000"; None where there is no time."""
    if not text.strip():
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise _BadError("time is not as 2023/05/02 and 08:00:00.000")
    year, month, day, hour, minute, second = (int(one) for one in found.groups()[:6])
    try:
        whole = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise _BadError("time is no time") from None
    if not 1970 <= year <= 2200:
        raise _BadError("time is before 1970 or after 2200")
    return int(whole.timestamp()) * SECOND_NS + int((found.group(7) or "0").ljust(9, "0"))
