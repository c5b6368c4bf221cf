"""Watching the sensors: who is heard, how often it turns, who fell silent, and who is not known at all."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pyarrow as pa

from asman.model.decoded import Decoded
from asman.model.sensor import Sensors
from asman.pipeline.events import Event, SensorBack, SensorSilent, SourceUnknown
from asman.pipeline.health import SensorCount, heard, is_silent, turned
from asman.sensing.plots import Extracted


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
    plots = _latest(extracted.plots)
    messages = _latest(services)
    norths = _norths(services)
    for sensor in sensors:
        count = counts.get(sensor.id, SensorCount())
        number, plot_ns = plots.get(sensor.id, (0, None))
        _, message_ns = messages.get(sensor.id, (0, None))
        last_ns = max((t for t in (plot_ns, message_ns) if t is not None), default=None)
        count = heard(count, number, 0, last_ns, elapsed_s)
        for north_ns in norths.get(sensor.id, ()):
            count = turned(count, north_ns)
        silent = is_silent(count, count.period_s or sensor.period_s, now_ns)
        if silent and not count.silent:
            events.append(SensorSilent(sensor.id, count.last_ns or 0))
        if count.silent and not silent:
            events.append(SensorBack(sensor.id, count.last_ns or 0))
        counts[sensor.id] = msgspec.structs.replace(count, silent=silent)
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
    times = table.select(["sensor"]).append_column("time_ns", table["time"].cast(pa.int64()))
    grouped = times.group_by("sensor").aggregate([("time_ns", "count"), ("time_ns", "max")])
    return {
        row["sensor"]: (row["time_ns_count"], row["time_ns_max"])
        for row in grouped.to_pylist()
        if row["sensor"] is not None
    }


def _norths(services: pa.Table) -> dict[str, list[int]]:
    """Sensor -> times of its north markers in ns."""
    found: dict[str, list[int]] = {}
    columns = services.select(["sensor", "kind"]).to_pylist()
    for row, time_ns in zip(columns, services["time"].cast(pa.int64()).to_pylist(), strict=True):
        if row["kind"] == "north" and row["sensor"] is not None:
            found.setdefault(row["sensor"], []).append(time_ns)
    return found


def _unknown(decoded: Decoded, sensors: Sensors) -> Iterator[tuple[tuple[int, int, str], int]]:
    """Sources that no sensor is configured for, each with its number of records."""
    known = {(sensor.sac, sensor.sic) for sensor in sensors}
    for category, table in decoded.tables.items():
        if "I010/SAC" not in table.column_names or "I010/SIC" not in table.column_names:
            continue
        sac, sic = (
            table[name].cast(pa.int64()).fill_null(-1).to_numpy() for name in ("I010/SAC", "I010/SIC")
        )
        sources, records = np.unique(sac * 256 + sic, return_counts=True)
        for source, count in zip(sources.tolist(), records.tolist(), strict=True):
            pair = (source >> 8, source & 255)
            if source >= 0 and pair not in known:
                yield (*pair, category), count
