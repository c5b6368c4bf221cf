"""ADS-B as receivers hear it becomes plots: a row a position, and what the aircraft said beside it.

Mode S names no sensor, so that the receiver is the recording itself: the sensor of kind "adsb" that has its
name, else the only one without SAC/SIC, else one that is derived, in the middle of what it heard.
"""

from collections import Counter
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.decoded import Decoded
from asman.model.frames import NO_TIME
from asman.model.plots import PLOTS, TIME
from asman.model.sensor import Sensor, Sensors
from asman.sensing.arrow import column, dictionary, pc
from asman.sensing.sensors_toml import DEFAULTS
from asman.sensing.squitter_columns import COLUMNS, column_of, floats, true_where
from asman.sensing.timeline import NO_DATE
from asman.units import DAY_S, SECOND_NS

#: Tables of Mode S; the first three are messages, the others what a program made of them.
TABLES: Final = ("ADSB", "MODES", "COMM_B", "SBS", "READSB")
#: The same position of the same aircraft within so much is told twice, not measured twice.
_TOLD_AGAIN_S: Final = 1.5
#: A raw message cannot say that a simulator made it; the recordings that ours writes have it in their name.
SIMULATED: Final = ".simulated."
_REPLY: Final = "a reply has no position"
_ELSE: Final = "no position in the message"
_WAITS: Final = "position waits for one of the other format"
_UNSURE: Final = "position that no second pair has confirmed yet"
_TWICE: Final = "position sent twice"
_UNTIMED: Final = "no time in the message, and none of its arrival"

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
    return recording.replace("\\", "/").rsplit("/", 1)[-1].split(".")[0] or recording


def _middle(decoded: Decoded) -> tuple[float, float]:
    """Median of all positions; (0, 0) where there is none."""
    for name in TABLES:
        table = decoded.tables.get(name)
        if table is not None and "lat_deg" in table.column_names and "lon_deg" in table.column_names:
            lat, lon = floats(table, "lat_deg"), floats(table, "lon_deg")
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
        timing = _instants(table, day, first_ns)
        tables.append(_made(name, table, timing, (mine, [one.id for one in sensors]), recording, ignored))
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
    """Octet, block and instant of each message of a recording, in file order; NO_TIME where it has none."""
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
    name: str,
    table: pa.Table,
    timing: tuple[Ints, Bools],
    sensor: tuple[int, list[str]],
    recording: str,
    ignored: Counter[str],
) -> pa.Table:
    """Plots of one table; `timing` are its instants and which rows have one."""
    instants, timed = timing
    placed = table["lat_deg"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    _count_unplaced(name, table, ~placed, ignored)
    if count := int(np.count_nonzero(placed & ~timed)):
        ignored[f"{name}: {_UNTIMED}"] += count
    used = placed & timed
    if name == "ADSB":
        sure = column_of(table, "position_confirmed", pa.bool_())
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
        "sensor": dictionary(np.full(count, sensor[0], np.int64), sensor[1]),
        "recording": dictionary(np.zeros(count, np.int64), [recording]),
        "offset": some["offset"],
        **COLUMNS[name](some),
    }
    if SIMULATED in recording:
        columns["simulated"] = column(np.ones(count, np.bool_), pa.bool_())
    columns["mode_3a_valid"] = true_where(columns.get("mode_3a"), count)
    columns["altitude_valid"] = true_where(columns.get("pressure_altitude_m"), count)
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
    why = (
        some["position"].cast(pa.string()).fill_null("").to_numpy()
        if "position" in some.column_names
        else None
    )
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
    lat, lon = floats(table, "lat_deg")[order], floats(table, "lon_deg")[order]
    same = (np.diff(address) == 0) & (np.diff(lat) == 0) & (np.diff(lon) == 0)
    same &= np.diff(instants[order]) <= _TOLD_AGAIN_S * SECOND_NS
    again = np.zeros(table.num_rows, np.bool_)
    again[order[1:][same]] = True
    return again
