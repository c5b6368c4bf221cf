"""Decoded records become plots: a sensor, an instant, a position, and the octets they came from.

`extract` is pure and goes batch by batch: the state is where each source's clock stood. The order of work:
read every category by its layout, time all records together in the order they came, give each its sensor
by SAC/SIC, make its position what its sensor's kind calls for (range and azimuth for a radar, latitude and
longitude for the others), and count, with the reason, what cannot become a plot.
"""

from collections import Counter
from datetime import date
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.kernels.timeline import LEAPED, STAMPED, UNTIMED
from asman.model.decoded import Decoded
from asman.model.plots import PLOTS, TIME
from asman.model.sensor import RADAR_KINDS, Sensors
from asman.sensing import repeats, sapient, squitters
from asman.sensing.arrow import column, dictionary, from_floats, pc
from asman.sensing.layouts import LAYOUTS
from asman.sensing.position import place
from asman.sensing.reports import DETECTIONS, Reports, read
from asman.sensing.services import KINDS, SERVICES, Messages, is_service, messages
from asman.sensing.timeline import Stamps, TimelineState, absolute
from asman.units import DAY_S

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_NO_SENSOR: Final = -1
_UNTIMED: Final = {
    LEAPED: "time of day leaps by over an hour, not believed",
    UNTIMED: "no absolute time: no time of day, or one that repeats within the day and no clock to go by",
}
_COPY: Final = "sent twice: the same report came before"
_NOWHERE: Final = "no position in the record"
#: Category of service messages -> kinds of the sensors that send it; the others are radars'.
_SPEAKERS: Final[dict[int, tuple[str, ...]]] = {10: ("mlat", "psr", "adsb"), 19: ("mlat",), 23: ("adsb",)}
_OFF_EARTH: Final = "a latitude or longitude that is not on the earth"


class Extracted(msgspec.Struct, frozen=True):
    """What a batch of records gave.

    plots     PLOTS, a row a usable target report, in file order
    services  SERVICES, a row a north mark, sector crossing or status message, in file order
    ignored   reason, with its category -> number of records that became neither
    """

    plots: pa.Table
    services: pa.Table
    ignored: dict[str, int]


def extract(
    decoded: Decoded, sensors: Sensors, state: TimelineState, *, recording: str, date: date | None = None
) -> tuple[Extracted, TimelineState]:
    """Make plots of a batch of decoded records.

    decoded    one recording, or the next piece of a stream
    sensors    who is who; records of a source that no sensor names are counted, not used
    state      where the clocks stood: `TimelineState()` at first, then what the last call gave
    recording  name that leads back to the octets
    date       UTC day of the first record of all, where the packets do not say it or say it wrongly
    """
    if squitters.holds(decoded):
        made, why = squitters.plots(decoded, sensors, recording=recording, day=date)
        return Extracted(made, SERVICES.empty_table(), why), state
    if sapient.holds(decoded):
        made, why = sapient.plots(decoded, sensors, recording=recording)
        return Extracted(made, SERVICES.empty_table(), why), state
    ignored: Counter[str] = Counter()
    reports = [
        read(LAYOUTS[name], table)
        for name, table in decoded.tables.items()
        if name in LAYOUTS and table.num_rows
    ]
    services = [found for name, table in decoded.tables.items() if (found := messages(name, table))]
    for name, table in decoded.tables.items():
        if name not in LAYOUTS and not is_service(name) and table.num_rows:
            ignored[f"{name}: no category of a sensor's reports"] += table.num_rows
    instants, verdicts, state = _times(reports, services, state, date)
    copies, recent = repeats.find(reports, instants[: len(reports)], state.recent)
    state = msgspec.structs.replace(state, recent=recent)
    plots = [
        _plots(report, sensors, (instants[i], verdicts[i], copies[i]), recording, ignored)
        for i, report in enumerate(reports)
    ]
    told = [
        _services(found, sensors, instants[len(reports) + i], verdicts[len(reports) + i], recording, ignored)
        for i, found in enumerate(services)
    ]
    return Extracted(_in_order(plots, PLOTS), _in_order(told, SERVICES), dict(ignored)), state


def _times(
    reports: list[Reports], services: list[Messages], state: TimelineState, day: date | None
) -> tuple[list[Ints], list[Ints], TimelineState]:
    """Time the records of all categories together, in file order; give instants and verdicts a category."""
    if not reports and not services:
        return [], [], state
    source = [r.source for r in reports] + [m.source for m in services]
    stamp = [r.stamp_s for r in reports] + [m.stamp_s for m in services]
    packet = [r.records.packet_ns for r in reports] + [m.packet_ns for m in services]
    offset = [r.records.offset.to_numpy(zero_copy_only=False) for r in reports] + [m.offset for m in services]
    wrap = [np.full(r.source.size, r.layout.wrap_s, np.int64) for r in reports]
    wrap += [np.full(m.source.size, DAY_S, np.int64) for m in services]
    order = np.argsort(np.concatenate(offset), kind="stable") if len(offset) > 1 else slice(None)
    stamps = Stamps(
        source=np.concatenate(source)[order],
        stamp_s=np.concatenate(stamp)[order],
        wrap_s=np.concatenate(wrap)[order],
        packet_ns=np.concatenate(packet)[order],
    )
    timed, judged, state = absolute(state, stamps, day)
    instants, verdicts = np.empty_like(timed), np.empty_like(judged)
    instants[order], verdicts[order] = timed, judged
    ends = np.cumsum([part.size for part in source])[:-1]
    return np.split(instants, ends), np.split(verdicts, ends), state


def _plots(
    reports: Reports,
    sensors: Sensors,
    timing: tuple[Ints, Ints, Bools],
    recording: str,
    ignored: Counter[str],
) -> pa.Table:
    """One category's plots; counts what is left out under the first reason that holds.

    timing  instants, verdicts on them, and which reports are copies of earlier ones
    """
    instants, verdicts, copies = timing
    name = f"CAT{reports.layout.category:03d}"
    usable = np.ones(instants.size, np.bool_)

    def refuse(reason: str, rows: Bools) -> None:
        count = int(np.count_nonzero(rows & usable))
        if count:
            ignored[f"{name}: {reason}"] += count
            usable[rows] = False

    for reason, rows in reports.refused:
        refuse(reason, rows)
    sensor = sensors_of(reports, sensors)
    for source in np.flatnonzero(np.bincount(reports.source[(sensor == _NO_SENSOR) & usable] + 1)) - 1:
        where = f"SAC {source >> 8}, SIC {source & 255}" if source >= 0 else "no SAC/SIC in the record"
        refuse(f"no sensor for {where}", (sensor == _NO_SENSOR) & (reports.source == source))
    for verdict, reason in _UNTIMED.items():
        refuse(reason, verdicts == verdict)
    refuse(_COPY, copies)
    position = place(reports, sensors, sensor)
    refuse(_NOWHERE, ~position.known)
    refuse(_OFF_EARTH, (np.abs(position.lat_deg) > 90.0) | (np.abs(position.lon_deg) > 180.0))

    columns: dict[str, pa.Array] = {
        **reports.columns,
        "time": column(instants, TIME),
        "sensor": dictionary(sensor, [one.id for one in sensors]),
        "range_m": from_floats(position.range_m),
        "azimuth_deg": from_floats(position.azimuth_deg),
        "lat_deg": from_floats(position.lat_deg),
        "lon_deg": from_floats(position.lon_deg),
        "detection": dictionary(reports.detection, list(DETECTIONS)),
        "recording": dictionary(np.zeros(instants.size, np.int64), [recording]),
    }
    return _table(columns, PLOTS, usable)


def _services(
    found: Messages, sensors: Sensors, instants: Ints, verdicts: Ints, recording: str, ignored: Counter[str]
) -> pa.Table:
    """One category's service messages as a table."""
    timed = verdicts == STAMPED
    for verdict, reason in _UNTIMED.items():
        count = int(np.count_nonzero(verdicts == verdict))
        if count:
            ignored[f"CAT{found.category:03d}: {reason}"] += count
    kinds = _SPEAKERS.get(found.category, RADAR_KINDS)
    index = _by_source(sensors, kinds)[found.source + 1]
    said = found.source >= 0
    columns: dict[str, pa.Array] = {
        "time": column(instants, TIME),
        "sensor": dictionary(index, [one.id for one in sensors]),
        "sac": column((found.source >> 8).astype(np.int16), pa.int16(), said),
        "sic": column((found.source & 255).astype(np.int16), pa.int16(), said),
        "kind": dictionary(found.kind, list(KINDS)),
        "azimuth_deg": from_floats(found.azimuth_deg),
        "period_s": from_floats(found.period_s),
        "category": column(np.full(instants.size, found.category, np.int16), pa.int16()),
        "recording": dictionary(np.zeros(instants.size, np.int64), [recording]),
        "offset": column(found.offset, pa.int64()),
    }
    return _table(columns, SERVICES, timed)


def sensors_of(reports: Reports, sensors: Sensors) -> Ints:
    """Index of each record's sensor, -1 for none: SAC/SIC must agree, and the kind must send the category.

    Where several sensors share SAC/SIC (surface radar and multilateration of one CAT010 system), the one
    whose kind agrees with the record's detection is preferred.
    """
    found = _by_source(sensors, reports.layout.kinds)[reports.source + 1]
    for kind, word in (("psr", "psr"), ("adsb", "adsb"), ("mlat", "mlat")):
        if len(reports.layout.kinds) > 1 and kind in reports.layout.kinds:
            rows = reports.detection == DETECTIONS.index(word)
            preferred = _by_source(sensors, (kind,))[reports.source + 1]
            found = np.where(rows & (preferred != _NO_SENSOR), preferred, found)
    return found


def _by_source(sensors: Sensors, kinds: tuple[str, ...]) -> Ints:
    """Table: SAC * 256 + SIC + 1 -> index of the first sensor of one of these kinds, -1 for none."""
    table = np.full(256 * 256 + 1, _NO_SENSOR, np.int64)
    for index, sensor in reversed(list(enumerate(sensors))):
        if sensor.sac is not None and sensor.sic is not None and sensor.kind in kinds:
            table[sensor.sac * 256 + sensor.sic + 1] = index
    return table


def _table(columns: dict[str, pa.Array], schema: pa.Schema, rows: Bools) -> pa.Table:
    """Columns in the schema's order, null where there is no column, and only some rows."""
    count = rows.size
    filled: list[pa.Array] = []
    for field in schema:
        one = columns.get(field.name)
        if one is None:
            one = pa.nulls(count, field.type)
        filled.append(one if one.type == field.type else one.cast(field.type))
    table = pa.Table.from_arrays(filled, schema=schema)
    return table if rows.all() else table.filter(column(rows, pa.bool_()))


def _in_order(tables: list[pa.Table], schema: pa.Schema) -> pa.Table:
    """The categories' tables as one, in file order."""
    if not tables:
        return schema.empty_table()
    if len(tables) == 1:
        return tables[0]
    whole = pa.concat_tables(tables).unify_dictionaries()
    return whole.take(pc.sort_indices(whole["offset"]))
