"""ADS-B as receivers hear it becomes plots: a row a position, with what the aircraft said of itself beside it.

Mode S names no sensor, so that the receiver is the recording itself: the sensor of kind "adsb" that has its name,
else the only one without SAC/SIC, else one that is derived, in the middle of what it heard.
"""

import math
from collections import Counter
from datetime import date
from pathlib import PurePath
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.decoded import Decoded
from asman.model.frames import NO_TIME
from asman.model.plots import PLOTS, TIME
from asman.model.sensor import Sensor, Sensors
from asman.sensing.arrow import column, dictionary, from_floats, pc, to_floats
from asman.sensing.layouts import epu_m, nucp_m
from asman.sensing.reports import ADSB, DETECTIONS, MLAT
from asman.sensing.sensors_toml import DEFAULTS
from asman.sensing.timeline import NO_DATE
from asman.units import DAY_S, SECOND_NS

#: Tables of Mode S; the first three are messages, the others what a program made of them.
TABLES: Final = ("ADSB", "MODES", "COMM_B", "SBS", "READSB")
#: Radius of 95 % of a circular normal distribution, in standard deviations of one axis.
_SIGMAS_95: Final = math.sqrt(-2.0 * math.log(0.05))
#: The same position of the same aircraft within so much is told twice, not measured twice.
_TOLD_AGAIN_S: Final = 1.5
_ANONYMOUS: Final = (1, 5)
_REPLY: Final = "a reply has no position"
_ELSE: Final = "no position in the message"
_WAITS: Final = "position waits for one of the other format"
_UNSURE: Final = "position that no second pair has confirmed yet"
_TWICE: Final = "position sent twice"
_UNTIMED: Final = "no time in the message, and none of its arrival"

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def holds(decoded: Decoded) -> bool:
    """Tell whether these are Mode S messages, not ASTERIX records."""
    return any(name in decoded.tables for name in TABLES)


def is_usual(reason: str) -> bool:
    """Whether a reason for which a message became no plot is nothing to worry about."""
    return any(words in reason for words in (_REPLY, _ELSE, _WAITS, _UNSURE, _TWICE))


def receiver(sensors: Sensors, recording: str) -> int:
    """Index of the sensor that stands for a recording or feed; -1 for none."""
    names = {recording.lower(), _stem(recording).lower()}
    for index, sensor in enumerate(sensors):
        if sensor.kind == "adsb" and sensor.id.lower() in names:
            return index
    free = [i for i, one in enumerate(sensors) if one.kind == "adsb" and one.sac is None]
    return free[0] if len(free) == 1 else -1


def derived(decoded: Decoded, recording: str) -> Sensor:
    """The sensor that a recording stands for where nobody named one: in the middle of what it heard."""
    lat, lon = _middle(decoded)
    return Sensor(
        id=name_of(recording), kind="adsb", lat_deg=lat, lon_deg=lon, **_usual()
    )  # fmt: skip


def name_of(recording: str) -> str:
    """What a derived receiver is called."""
    stem = _stem(recording).lower()
    return stem if stem.startswith("adsb") else f"adsb-{stem}"


def _usual() -> dict[str, Any]:
    return dict(DEFAULTS["adsb"])


def _stem(recording: str) -> str:
    return PurePath(recording).name.split(".")[0] or recording


def _middle(decoded: Decoded) -> tuple[float, float]:
    """Median of all positions; (0, 0) where there is none."""
    for name in TABLES:
        table = decoded.tables.get(name)
        if table is not None and "lat_deg" in table.column_names and "lon_deg" in table.column_names:
            lat, lon = _floats(table, "lat_deg"), _floats(table, "lon_deg")
            known = ~np.isnan(lat)
            if known.any():
                return round(float(np.median(lat[known])), 4), round(float(np.median(lon[known])), 4)
    return 0.0, 0.0


def plots(
    decoded: Decoded, sensors: Sensors, *, recording: str, day: date | None = None, sensor: int | None = None
) -> tuple[pa.Table, dict[str, int]]:
    """Make plots of decoded Mode S; gives PLOTS in file order, and reason -> messages that became none.

    day     UTC day on which a recording begins that does not say it
    sensor  index of the receiver; None: by the recording's name
    """
    ignored: Counter[str] = Counter()
    mine = receiver(sensors, recording) if sensor is None else sensor
    first_ns = _first_ns(decoded)
    tables: list[pa.Table] = []
    for name in TABLES:
        table = decoded.tables.get(name)
        if table is None or not table.num_rows:
            continue
        if mine < 0:
            ignored[f"{name}: no sensor of kind adsb for the recording {recording}"] += table.num_rows
            continue
        if name in ("MODES", "COMM_B"):
            ignored[f"{name}: {_REPLY}"] += table.num_rows
            continue
        if "lat_deg" not in table.column_names:
            _count_unplaced(name, table, np.ones(table.num_rows, np.bool_), ignored)
            continue
        made = _made(name, table, sensors[mine], mine, sensors, recording, day, first_ns, ignored)
        tables.append(made)
    return pa.concat_tables(tables) if tables else PLOTS.empty_table(), dict(ignored)


def _first_ns(decoded: Decoded) -> int:
    """The receiver's clock at the recording's first message."""
    first = [
        pc.min(table["clock_ns"]).as_py()
        for table in decoded.tables.values()
        if "clock_ns" in table.column_names and table["clock_ns"].null_count < table.num_rows
    ]
    return min(first, default=0)


def instants(decoded: Decoded, day: date | None) -> tuple[Ints, Ints, Ints]:
    """Octet, block and instant of each message of a recording, in file order; NO_TIME where it has no instant."""
    first_ns = _first_ns(decoded)
    parts: list[tuple[Ints, Ints, Ints]] = []
    for name in TABLES:
        table = decoded.tables.get(name)
        if table is None or not table.num_rows:
            continue
        found, timed = _instants(table, day, first_ns)
        offset, block = (table[one].combine_chunks().to_numpy() for one in ("offset", "block"))
        parts.append((offset, block, np.where(timed, found, NO_TIME)))
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    offset, block, found = (np.concatenate(one) for one in zip(*parts, strict=True))
    order = np.argsort(offset, kind="stable")
    return offset[order], block[order], found[order]


def _instants(table: pa.Table, day: date | None, first_ns: int) -> tuple[Ints, Bools]:
    """Instants, ns since 1970 UTC, and which rows have one."""
    if table["time"].null_count < table.num_rows:
        times = table["time"].combine_chunks().cast(pa.int64())
        return _plain(times), times.is_valid().to_numpy(zero_copy_only=False)
    if "clock_ns" not in table.column_names or table["clock_ns"].null_count == table.num_rows:
        return np.zeros(table.num_rows, np.int64), np.zeros(table.num_rows, np.bool_)
    clock = table["clock_ns"].combine_chunks()
    begin_ns = ((day or NO_DATE) - date(1970, 1, 1)).days * DAY_S * SECOND_NS
    if (table.schema.metadata or {}).get(b"clock") != b"GPS":
        begin_ns -= first_ns
    return _plain(clock) + begin_ns, clock.is_valid().to_numpy(zero_copy_only=False)


def _plain(numbers: pa.Array) -> Ints:
    return numbers.fill_null(0).to_numpy(zero_copy_only=False)


def _made(
    name: str, table: pa.Table, sensor: Sensor, index: int, sensors: Sensors, recording: str, day: date | None,
    first_ns: int, ignored: Counter[str],
) -> pa.Table:  # fmt: skip
    """Plots of one table."""
    instants, timed = _instants(table, day, first_ns)
    placed = table["lat_deg"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    _count_unplaced(name, table, ~placed, ignored)
    if count := int(np.count_nonzero(placed & ~timed)):
        ignored[f"{name}: {_UNTIMED}"] += count
    used = placed & timed
    if name == "ADSB":
        sure = _column(table, "position_confirmed", pa.bool_())
        sure = (sure.combine_chunks() if isinstance(sure, pa.ChunkedArray) else sure).fill_null(False)
        unsure = used & ~sure.to_numpy(zero_copy_only=False)
        if count := int(np.count_nonzero(unsure)):
            ignored[f"ADSB: {_UNSURE}"] += count
        used &= ~unsure
    if name in ("SBS", "READSB"):
        again = _told_again(table, instants, used)
        if count := int(np.count_nonzero(again)):
            ignored[f"{name}: the same position told again"] += count
        used &= ~again
    rows = pa.array(np.flatnonzero(used))
    some = table.take(rows)
    count = some.num_rows
    columns: dict[str, pa.Array] = {
        "time": column(instants[used], TIME),
        "sensor": dictionary(np.full(count, index, np.int64), [one.id for one in sensors]),
        "recording": dictionary(np.zeros(count, np.int64), [recording]),
        "offset": some["offset"],
        **{"ADSB": _of_squitters, "SBS": _of_sbs, "READSB": _of_readsb}[name](some, sensor),
    }
    columns["mode_3a_valid"] = _true_where(columns.get("mode_3a"), count)
    columns["altitude_valid"] = _true_where(columns.get("pressure_altitude_m"), count)
    filled: list[Any] = []
    for field in PLOTS:
        one = columns.get(field.name)
        one = pa.nulls(count, field.type) if one is None else one
        one = one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one
        filled.append(one if one.type == field.type else one.cast(field.type))
    return pa.Table.from_arrays(filled, schema=PLOTS)


def _count_unplaced(name: str, table: pa.Table, rows: Bools, ignored: Counter[str]) -> None:
    """Count messages that have no position, by why."""
    if name != "ADSB":
        if rows.any():
            ignored[f"{name}: {_ELSE}"] += int(np.count_nonzero(rows))
        return
    some = table.filter(column(rows, pa.bool_()))
    kind = some["kind"].cast(pa.string()).to_numpy()
    why = some["position"].cast(pa.string()).fill_null("").to_numpy() if "position" in some.column_names else None
    of_place = np.isin(kind, ("position", "surface"))
    if count := int(np.count_nonzero(~of_place)):
        ignored[f"ADSB: {_ELSE} (velocity, identification, status: used beside positions)"] += count
    if why is not None and of_place.any():
        words, counts = np.unique(why[of_place].astype(str), return_counts=True)
        for word, count in zip(words.tolist(), counts.tolist(), strict=True):
            ignored[f"ADSB: position {word}" if word else f"ADSB: {_WAITS}"] += count


def _told_again(table: pa.Table, instants: Ints, used: Bools) -> Bools:
    """Rows whose position is that of the same aircraft's last row, a moment later."""
    rows = np.flatnonzero(used)
    address = _plain(table["address"].combine_chunks())[rows]
    order = rows[np.lexsort((instants[rows], address))]
    address = _plain(table["address"].combine_chunks())[order]
    lat, lon = _floats(table, "lat_deg")[order], _floats(table, "lon_deg")[order]
    same = (np.diff(address) == 0) & (np.diff(lat) == 0) & (np.diff(lon) == 0)
    same &= np.diff(instants[order]) <= _TOLD_AGAIN_S * SECOND_NS
    again = np.zeros(table.num_rows, np.bool_)
    again[order[1:][same]] = True
    return again


def _floats(table: pa.Table, name: str) -> Floats:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return to_floats(table[name].combine_chunks())


def _column(table: pa.Table, name: str, kind: pa.DataType) -> Any:
    return table[name] if name in table.column_names else pa.nulls(table.num_rows, kind)


def _true_where(array: Any, count: int) -> pa.Array:
    """True where a value is said, else null."""
    if array is None:
        return pa.nulls(count, pa.bool_())
    there = array.is_valid()
    there = there.combine_chunks() if isinstance(there, pa.ChunkedArray) else there
    return pc.if_else(there, pa.scalar(True), pa.scalar(None, pa.bool_()))


def _polar(speed: Floats, track_deg: Floats) -> dict[str, pa.Array]:
    track = np.radians(track_deg)
    return {"vn_mps": from_floats(speed * np.cos(track)), "ve_mps": from_floats(speed * np.sin(track))}


def _detected(code: int, count: int) -> pa.Array:
    return dictionary(np.full(count, code, np.int64), list(DETECTIONS))


def _common(some: pa.Table) -> dict[str, Any]:
    """Columns that have the same name in all tables."""
    return {name: some[name] for name in ("lat_deg", "lon_deg", "pressure_altitude_m", "containment_m") if name in some.column_names}  # fmt: skip


def _of_squitters(some: pa.Table, _: Sensor) -> dict[str, Any]:
    pressure, above = _floats(some, "pressure_altitude_m"), _floats(some, "latest/geometric_above_m")
    geometric = _floats(some, "geometric_altitude_m")
    surface = pc.equal(some["kind"].cast(pa.string()), "surface")
    speed, track = _floats(some, "ground_speed_mps"), np.radians(_floats(some, "track_deg"))
    on_ground = surface.to_numpy().astype(np.bool_)
    vn = np.where(on_ground, speed * np.cos(track), _floats(some, "latest/vn_mps"))
    ve = np.where(on_ground, speed * np.sin(track), _floats(some, "latest/ve_mps"))
    by_nacp, by_nucp = epu_m(_floats(some, "latest/nacp")), nucp_m(_floats(some, "nucp"))
    control = _floats(some, "control_field")
    named = ~np.isin(control, _ANONYMOUS)
    return {
        **_common(some),
        "geometric_altitude_m": from_floats(np.where(np.isnan(geometric), pressure + above, geometric)),
        "mode_3a": _column(some, "latest/mode_3a", pa.int16()),
        "address": pc.if_else(column(named, pa.bool_()), some["address"].combine_chunks(), pa.scalar(None, pa.int32())),
        "callsign": _column(some, "latest/callsign", pa.string()),
        "detection": _detected(ADSB, some.num_rows),
        "sigma_m": from_floats(np.where(np.isnan(by_nacp), by_nucp, by_nacp) / _SIGMAS_95),
        "vn_mps": from_floats(vn),
        "ve_mps": from_floats(ve),
        "climb_mps": _column(some, "latest/climb_mps", pa.float64()),
        "on_ground": surface,
    }


def _of_sbs(some: pa.Table, _: Sensor) -> dict[str, Any]:
    return {
        **_common(some),
        **_polar(_floats(some, "ground_speed_mps"), _floats(some, "track_deg")),
        "mode_3a": some["mode_3a"],
        "address": some["address"],
        "callsign": some["callsign"],
        "climb_mps": some["climb_mps"],
        "detection": _detected(ADSB, some.num_rows),
        "on_ground": pc.or_kleene(pc.equal(some["transmission"], 2), some["on_ground"]),
    }


def _of_readsb(some: pa.Table, _: Sensor) -> dict[str, Any]:
    kinds = np.array([str(one or "") for one in some["type"].to_pylist()], object)
    mlat = np.array([one == "mlat" for one in kinds], np.bool_)
    named = some["address_icao"].combine_chunks()
    return {
        **_common(some),
        **_polar(_floats(some, "ground_speed_mps"), _floats(some, "track_deg")),
        "geometric_altitude_m": some["geometric_altitude_m"],
        "mode_3a": some["mode_3a"],
        "address": pc.if_else(named, some["address"].combine_chunks(), pa.scalar(None, pa.int32())),
        "callsign": some["callsign"],
        "climb_mps": some["climb_mps"],
        "detection": dictionary(np.where(mlat, MLAT, ADSB), list(DETECTIONS)),
        "sigma_m": from_floats(epu_m(_floats(some, "nacp")) / _SIGMAS_95),
        "on_ground": some["on_ground"],
    }
