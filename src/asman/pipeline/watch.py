"""Watching the sensors: who is heard, how often it turns, who fell silent, and who is not known at all."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from asman.model.decoded import Decoded
from asman.model.sensor import Sensors
from asman.pipeline.events import Event, SensorBack, SensorSilent, SourceUnknown
from asman.pipeline.health import SensorCount, heard, is_silent, turned
from asman.sensing.layouts import LAYOUTS
from asman.sensing.plots import Extracted
from asman.sensing.services import is_service


class Watch(msgspec.Struct, frozen=True):
    """What was seen of the sensors.

    sensors  id -> counts
    unknown  (SAC, SIC, category) of no configured sensor -> records
    ignored  reason -> records that became neither plot nor service message
    plots    all plots since the node began
    """

    sensors: dict[str, SensorCount] = {}
    unknown: dict[tuple[int, int, str], int] = {}
    ignored: dict[str, int] = {}
    plots: int = 0


def look(
    before: Watch,
    sensors: Sensors,
    decoded: Decoded,
    extracted: Extracted,
    services: pa.Table,
    now_ns: int,
    elapsed_s: float,
) -> tuple[Watch, list[Event]]:
    """Return what is known of the sensors after a step, and what changed."""
    counts, events = dict(before.sensors), list[Event]()
    plots, messages = _latest(extracted.plots), _latest(services)
    simulated = _simulated(extracted.plots)
    norths = _norths(services)
    records = _records(decoded)
    for sensor in sensors:
        count = counts.get(sensor.id, SensorCount())
        number, plot_ns = plots.get(sensor.id, (0, None))
        told, message_ns = messages.get(sensor.id, (0, None))
        # Sensors that share SAC/SIC (CAT010: surface radar and multilateration) share what is left over:
        # it is counted for the first of them.
        source = (sensor.sac, sensor.sic)
        records[source] = records.get(source, 0) - number - told
        last_ns = max((t for t in (plot_ns, message_ns) if t is not None), default=None)
        count = heard(count, number, 0, last_ns, elapsed_s)
        if sensor.id in simulated:
            count = msgspec.structs.replace(count, simulated=count.simulated + simulated[sensor.id])
        for north_ns in norths.get(sensor.id, ()):
            count = turned(count, north_ns)
        silent = is_silent(count, count.period_s or sensor.period_s, now_ns)
        if silent and not count.silent:
            events.append(SensorSilent(sensor.id, count.last_ns or 0))
        if count.silent and not silent:
            events.append(SensorBack(sensor.id, count.last_ns or 0))
        counts[sensor.id] = msgspec.structs.replace(count, silent=silent)
    for sensor in sensors:
        left = records.pop((sensor.sac, sensor.sic), 0)
        if left > 0:
            count = counts[sensor.id]
            counts[sensor.id] = msgspec.structs.replace(count, rejected=count.rejected + left)
    unknown = dict(before.unknown)
    for source, records in _unknown(decoded, sensors):
        if source not in unknown:
            events.append(SourceUnknown(*source))
        unknown[source] = unknown.get(source, 0) + records
    ignored = dict(before.ignored)
    for reason, records in extracted.ignored.items():
        ignored[reason] = ignored.get(reason, 0) + records
    total = before.plots + extracted.plots.num_rows
    return Watch(sensors=counts, unknown=unknown, ignored=ignored, plots=total), events


def _latest(table: pa.Table) -> dict[str, tuple[int, int]]:
    """Sensor -> how many rows, and the latest time in ns."""
    if not table.num_rows:
        return {}
    sensor: Any = table["sensor"].combine_chunks()
    names = sensor.dictionary.to_pylist()
    code = sensor.indices.fill_null(len(names)).to_numpy()
    latest = np.full(len(names) + 1, np.iinfo(np.int64).min)
    np.maximum.at(latest, code, table["time"].cast(pa.int64()).to_numpy())
    rows = np.bincount(code, minlength=len(names) + 1)
    return {name: (int(rows[i]), int(latest[i])) for i, name in enumerate(names) if rows[i]}


def _simulated(plots: pa.Table) -> dict[str, int]:
    """Sensor -> how many of its plots say that they are simulated."""
    said = plots.filter(plots["simulated"].fill_null(False))
    return {name: rows for name, (rows, _) in _latest(said).items()}


def _norths(services: pa.Table) -> dict[str, list[int]]:
    """Sensor -> times of its north markers in ns."""
    found: dict[str, list[int]] = {}
    if not services.num_rows:
        return found
    columns = services.select(["sensor", "kind"]).to_pylist()
    for row, time_ns in zip(columns, services["time"].cast(pa.int64()).to_pylist(), strict=True):
        if row["kind"] == "north" and row["sensor"] is not None:
            found.setdefault(row["sensor"], []).append(time_ns)
    return found


def _sources(table: pa.Table) -> Iterator[tuple[int, int, int]]:
    """SAC, SIC and number of records of each source in a decoded category."""
    if "I010/SAC" not in table.column_names or "I010/SIC" not in table.column_names:
        return
    sac, sic = (table[name].cast(pa.int64()).fill_null(-1).to_numpy() for name in ("I010/SAC", "I010/SIC"))
    rows = np.bincount(np.maximum(sac * 256 + sic + 1, 0))
    for code in np.flatnonzero(rows[1:]).tolist():
        yield code >> 8, code & 255, int(rows[code + 1])


def _records(decoded: Decoded) -> dict[tuple[int | None, int | None], int]:
    """(SAC, SIC) -> records of the categories that hold plots or service messages."""
    found: dict[tuple[int | None, int | None], int] = {}
    for category, table in decoded.tables.items():
        if category in LAYOUTS or is_service(category):
            for sac, sic, rows in _sources(table):
                found[sac, sic] = found.get((sac, sic), 0) + rows
    return found


def _unknown(decoded: Decoded, sensors: Sensors) -> Iterator[tuple[tuple[int, int, str], int]]:
    """Sources that no sensor is configured for, each with its number of records."""
    known = {(sensor.sac, sensor.sic) for sensor in sensors}
    for category, table in decoded.tables.items():
        for sac, sic, rows in _sources(table):
            if (sac, sic) not in known:
                yield (sac, sic, category), rows
