"""SAPIENT (BSI Flex 335 version 2): what autonomous sensors say of what they detect.

A stream of messages, each after its length in four octets, the least significant first. Detections become the
table SAPIENT; what nodes say of themselves (registration, status) the table SAPIENT_NODE. The rest (tasks,
alerts, acknowledgements, errors) is read, and counted under its name in SAPIENT_NODE.

Only what a consumer of detections needs is read, by field number; the rest of a message is passed over, as
Protocol Buffers want. Nothing is ever sent: no node is tasked from here.

Hostile lengths: a message of over MESSAGE_OCTETS_MAX is refused before anything is kept for it. After a
length that cannot be, reading goes on at the next octets that look like a message's begin.

Sources: BSI Flex 335 v2.0:2024-03; the field numbers of the .proto files that Dstl publishes with it (Crown
copyright, Apache-2.0): sapient_message, detection_report, status_report, registration, location,
range_bearing, velocity.
"""

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from asman.errors import FeedError
from asman.model.decoded import REJECTED, Decoded
from asman.units import SECOND_NS
from asman.wire import protobuf as pb
from asman.wire.origin import Origin, moved
from asman.wire.sapient_tables import NODES, SCHEMA

FORM: Final = "sapient"
#: No detection is so long: whoever sends one means harm.
MESSAGE_OCTETS_MAX: Final = 1 << 20
HEAD: Final = 4
#: Text of a message is cut to this.
TEXT_MAX: Final = 128
#: Nodes of a stream whose units are remembered; of more, those that registered first are forgotten.
NODES_MAX: Final = 4096
#: Seconds since 1970 that a time stamp may be between.
_TIMES_S: Final = (0, 7_258_118_400)

#: SapientMessage: field -> what the message is.
_CONTENTS: Final = {
    4: "registration", 5: "registration_ack", 6: "status", 7: "detection", 8: "task", 9: "task_ack",
    10: "alert", 11: "alert_ack", 12: "error",
}  # fmt: skip
#: LocationCoordinateSystem, LocationDatum, RangeBearingCoordinateSystem, RangeBearingDatum, SpeedUnits.
_DEGREES, _RADIANS, _UTM = 1, 2, 5
ELLIPSOID, GEOID = 1, 2
_POLAR: Final = {1: (1.0, 1.0), 2: (math.degrees(1.0), 1.0), 3: (1.0, 1000.0), 4: (math.degrees(1.0), 1000.0)}
_TRUE_NORTH: Final = 1
_SPEEDS: Final = {1: 1.0, 2: 1 / 3.6}
_SYSTEMS: Final = {1: "ok", 2: "warning", 3: "error", 5: "goodbye"}

#: Metres of a degree of latitude, near enough for a standard deviation.
_DEGREE_M: Final = math.radians(1.0) * 6_371_000.0


class Stream(NamedTuple):
    """What of a stream is not a whole message yet, how many octets came before, what nodes said of units.

    units  node -> factors to m/s of (east and north, up)
    """

    left: bytes = b""
    before: int = 0
    units: tuple[tuple[str, tuple[float | None, float | None]], ...] = ()


def recognise(octets: Any) -> bool:
    """Tell whether octets begin with a message: a length that can be, then a time stamp."""
    head = bytes(memoryview(octets)[:8])
    return len(head) == 8 and _may_begin(head, 0)


def _may_begin(octets: bytes, at: int) -> bool:
    size = int.from_bytes(octets[at : at + HEAD], "little")
    # Field 1, a message of 2 to 24 octets whose first field is the seconds.
    stamp = octets[at + HEAD : at + HEAD + 3]
    return (
        8 <= size <= MESSAGE_OCTETS_MAX
        and len(stamp) == 3
        and stamp[0] == 0x0A
        and 2 <= stamp[1] <= 24
        and stamp[2] == 0x08
    )


def decode(octets: Any) -> Decoded:
    """Decode a recording; what cannot be read is a row of `rejected`, with why."""
    stream, decoded = hear(Stream(), bytes(octets))
    if not stream.left:
        return decoded
    end = stream.before + len(stream.left)
    lost = _rejects([(stream.before, end - stream.before, "SAPIENT: the recording ends within a message")])
    rejected = pa.concat_tables([decoded.rejected, lost])
    return Decoded(decoded.tables, rejected, {}, FORM, decoded.octets)


def decode_from_within(octets: Any) -> Decoded:
    """Decode, as `decode`, a recording that may begin within a message: from the next one on."""
    whole = bytes(octets)
    begin = 0 if recognise(whole) else _resume(whole, 1)
    decoded = decode(whole[begin:])
    if not begin:
        return decoded
    where = Origin(np.zeros(1, np.int64), np.array([begin]))
    tables = {name: moved(table, where) for name, table in decoded.tables.items()}
    lost = _rejects([(0, begin, "SAPIENT: the recording begins within a message")])
    rejected = pa.concat_tables([lost, moved(decoded.rejected, where)])
    return Decoded(tables, rejected, {}, FORM, len(whole))


def hear(stream: Stream, octets: bytes) -> tuple[Stream, Decoded]:
    """Read what came; offsets count from the begin of the stream."""
    whole = stream.left + octets
    units = dict(stream.units)
    detections: list[tuple[Any, ...]] = []
    nodes: list[tuple[Any, ...]] = []
    lost: list[tuple[int, int, str]] = []
    at = 0
    while at + HEAD <= len(whole):
        size = int.from_bytes(whole[at : at + HEAD], "little")
        if not 0 < size <= MESSAGE_OCTETS_MAX:
            after = _resume(whole, at + 1)
            _lose(lost, stream.before + at, after - at, f"SAPIENT: a message of {size:,} octets cannot be")
            at = after
            continue
        end = at + HEAD + size
        if end > len(whole):
            break
        place = stream.before + at
        try:
            _read(whole[at + HEAD : end], (place, HEAD + size, place), units, detections, nodes)
        except FeedError as error:
            lost.append((place, end - at, f"SAPIENT: {error}"))
        at = end
    rest = Stream(whole[at:], stream.before + at, tuple(units.items()))
    tables: dict[str, pa.Table] = {}
    if detections:
        tables["SAPIENT"] = _table(detections, SCHEMA)
    if nodes:
        tables["SAPIENT_NODE"] = _table(nodes, NODES)
    return rest, Decoded(tables, _rejects(lost), {}, FORM, len(octets))


def _lose(lost: list[tuple[int, int, str]], at: int, size: int, reason: str) -> None:
    """Note a stretch that was given up; what follows it without a message between is part of it."""
    if lost and lost[-1][0] + lost[-1][1] == at and lost[-1][2].endswith("cannot be"):
        lost[-1] = (lost[-1][0], lost[-1][1] + size, lost[-1][2])
    else:
        lost.append((at, size, reason))


def _resume(octets: bytes, at: int) -> int:
    """Where the next message may begin; the last octets that could be its head are kept."""
    while at + HEAD + 3 <= len(octets):
        found = octets.find(b"\x0a", at + HEAD)
        if found < 0:
            break
        at = found - HEAD
        if _may_begin(octets, at):
            return at
        at += 1
    return max(min(at, len(octets)), len(octets) - HEAD - 2)


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(zip(*rows, strict=True), schema, strict=True)
    return pa.Table.from_arrays([pa.array(column, field.type) for column, field in columns], schema=schema)


def _rejects(lost: list[tuple[int, int, str]]) -> pa.Table:
    offset, length = (pa.array(np.array([one[k] for one in lost], np.int64)) for k in (0, 1))
    reasons = pa.array([one[2] for one in lost], pa.string())
    nothing = pa.nulls(len(lost), pa.int16())
    return pa.Table.from_arrays([offset, offset, nothing, length, reasons], schema=REJECTED)


class _Fields:
    """The last value of each field of a message, and of repeated ones all; kinds are looked at."""

    def __init__(self, octets: bytes) -> None:
        self._found: dict[int, list[pb.Field]] = {}
        for field in pb.fields(octets):
            self._found.setdefault(field.number, []).append(field)

    def octets(self, number: int) -> bytes | None:
        """A message, or text, as octets."""
        several = self.several(number)
        return several[-1] if several else None

    def several(self, number: int) -> list[bytes]:
        """A repeated message."""
        return [self._of(field, bytes) for field in self._found.get(number, ())]

    def text(self, number: int) -> str | None:
        """Text, cut to what anybody reads."""
        octets = self.octets(number)
        return None if octets is None else octets[: 4 * TEXT_MAX].decode("utf-8", "replace")[:TEXT_MAX]

    def real(self, number: int) -> float | None:
        """A finite number; what is none counts as absent."""
        found = self._found.get(number)
        value = None if not found else self._of(found[-1], float)
        return value if value is not None and math.isfinite(value) else None

    def whole(self, number: int) -> int:
        """An integer; 0 where absent."""
        found = self._found.get(number)
        return self._of(found[-1], int) if found else 0

    def first(self, numbers: dict[int, str]) -> tuple[int, bytes] | None:
        """The last of the fields of a `oneof`."""
        there = [number for number in self._found if number in numbers]
        return (there[-1], self.several(there[-1])[-1]) if there else None

    @staticmethod
    def _of(field: pb.Field, kind: type[Any]) -> Any:
        if not isinstance(field.value, kind):
            raise FeedError(f"field {field.number} is of another kind than BSI Flex 335 v2 has it")
        return field.value


def _read(
    octets: bytes,
    place: tuple[int, int, int],
    units: dict[str, tuple[float | None, float | None]],
    detections: list[tuple[Any, ...]],
    nodes: list[tuple[Any, ...]],
) -> None:
    """Read one message. Raises FeedError."""
    message = _Fields(octets)
    stamp, node, content = message.octets(1), message.text(2), message.first(_CONTENTS)
    if stamp is None or node is None or content is None:
        raise FeedError("a message without time stamp, node or content")
    time_ns = _time_ns(_Fields(stamp))
    kind = _CONTENTS[content[0]]
    if kind == "detection":
        detections.append((time_ns, *place, node, *_detection(_Fields(content[1]), units.get(node))))
        return
    inside = _Fields(content[1])
    where: tuple[float | None, float | None, float | None] = (None, None, None)
    system = name = None
    if kind == "status":
        system = _SYSTEMS.get(inside.whole(2))
        site = inside.octets(7)
        if site is not None:
            found = _location(_Fields(site))
            where = (found.lat_deg, found.lon_deg, found.ellipsoid_m)
    elif kind == "registration":
        name = inside.text(3)
        units[node] = _units(inside)
        if len(units) > NODES_MAX:
            del units[next(iter(units))]
    nodes.append((time_ns, *place, node, kind, system, name, *where))


def _time_ns(stamp: _Fields) -> int:
    seconds, nanos = stamp.whole(1), stamp.whole(2)
    if not _TIMES_S[0] < seconds < _TIMES_S[1] or not 0 <= nanos < SECOND_NS:
        raise FeedError("a time stamp before 1970 or after 2200")
    return seconds * SECOND_NS + nanos


def _units(registration: _Fields) -> tuple[float | None, float | None]:
    """Factors to m/s of the node's velocities, where all of its modes agree."""
    found: set[tuple[int, int]] = set()
    for mode in registration.several(7):
        for definition in _Fields(mode).several(10):
            velocity = _Fields(definition).octets(6)
            enu = None if velocity is None else _Fields(velocity).octets(4)
            if enu is not None:
                said = _Fields(enu)
                found.add((said.whole(1), said.whole(2)))
    if len(found) != 1:
        return None, None
    level, up = found.pop()
    return _SPEEDS.get(level), _SPEEDS.get(up)


class _Place(NamedTuple):
    """A location: degrees and metres; `problem` says why there is none."""

    lat_deg: float | None = None
    lon_deg: float | None = None
    ellipsoid_m: float | None = None
    geoid_m: float | None = None
    sigma_e_m: float | None = None
    sigma_n_m: float | None = None
    problem: str | None = None


def _location(location: _Fields) -> _Place:
    x, y, z = (location.real(number) for number in (1, 2, 3))
    system, datum = location.whole(7), location.whole(8)
    if system == _UTM:
        return _Place(problem="a place in UTM, which is not read")
    if system not in (_DEGREES, _RADIANS) or datum not in (ELLIPSOID, GEOID):
        return _Place(problem="a place without coordinate system or datum")
    factor = 1.0 if system == _DEGREES else math.degrees(1.0)
    if x is None or y is None or not (abs(x * factor) <= 180.0 and abs(y * factor) <= 90.0):
        return _Place(problem="a place that is not on the earth")
    lat = y * factor
    east, north = (_sigma_deg(location.real(number), factor) for number in (4, 5))
    return _Place(
        lat,
        x * factor,
        z if datum == ELLIPSOID else None,
        z if datum == GEOID else None,
        None if east is None else east * _DEGREE_M * math.cos(math.radians(lat)),
        None if north is None else north * _DEGREE_M,
    )


def _sigma_deg(error: float | None, factor: float) -> float | None:
    """An error in the coordinates' own unit, which is an angle; what is none is absent."""
    return error * factor if error is not None and 0.0 < error * factor < 10.0 else None


class _Polar(NamedTuple):
    """Range and bearing; `problem` says why they are none."""

    range_m: float | None = None
    azimuth_deg: float | None = None
    elevation_deg: float | None = None
    problem: str | None = None


def _range_bearing(polar: _Fields) -> _Polar:
    elevation, azimuth, reach = (polar.real(number) for number in (1, 2, 3))
    factors = _POLAR.get(polar.whole(7))
    if factors is None:
        return _Polar(problem="range and bearing without units")
    if polar.whole(8) != _TRUE_NORTH:
        return _Polar(problem="a bearing that is not from true north")
    if azimuth is None:
        return _Polar(problem="a range without bearing")
    angle, length = factors
    # A number that fits its field may not as degrees.
    if not math.isfinite(azimuth * angle):
        return _Polar(problem="a bearing that cannot be")
    bearing = azimuth * angle % 360.0 % 360.0
    if reach is None:
        return _Polar(None, bearing, problem="a bearing without range")
    if not 0.0 <= reach * length <= 1e7:
        return _Polar(problem="a range that cannot be")
    up = None if elevation is None or not math.isfinite(elevation * angle) else elevation * angle
    return _Polar(reach * length, bearing, up)


def _detection(report: _Fields, units: tuple[float | None, float | None] | None) -> Iterator[Any]:
    """The columns of SCHEMA after those of every message."""
    location, polar = report.octets(6), report.octets(5)
    where = _Place() if location is None else _location(_Fields(location))
    seen = _Polar() if polar is None or location is not None else _range_bearing(_Fields(polar))
    problem = where.problem or seen.problem
    if location is None and polar is None:
        problem = "neither place nor range and bearing"
    level, up = units or (None, None)
    velocity = report.octets(19)
    rates: tuple[float | None, ...] = (None, None, None)
    if velocity is not None:
        said = _Fields(velocity)
        rates = (_times(said.real(2), level), _times(said.real(1), level), _times(said.real(3), up))
    best, sure = _class(report)
    yield from (report.text(2), report.text(4), where.lat_deg, where.lon_deg, where.ellipsoid_m)
    yield from (where.geoid_m, where.sigma_e_m, where.sigma_n_m)
    yield from (seen.range_m, seen.azimuth_deg, seen.elevation_deg, *rates)
    yield from (report.real(7), best, sure, report.text(23), problem)


def _times(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else value * factor


def _class(report: _Fields) -> tuple[str | None, float | None]:
    """The most probable classification, and how probable."""
    found = [_Fields(one) for one in report.several(11)]
    told = [(one.real(2) or 0.0, one.text(1)) for one in found]
    best = max(told, key=lambda one: one[0], default=None)
    return (None, None) if best is None else (best[1], best[0] or None)
