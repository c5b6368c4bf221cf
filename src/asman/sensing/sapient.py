"""SAPIENT detections become plots: positions as they are, range and bearing from where the node stands.

Nodes have no SAC/SIC: the sensor that stands for a node is the one whose id is the node's UUID, else one that
is derived. A node of positions needs nothing said ("mlat"); one of range and bearing (a radar without
transponders, "psr") stands where its status says, or where sensors.toml does.

A height above the geoid is no height above the ellipsoid, and is not used. Neither is an elevation: a plot's
altitude is what somebody measured, not what a mast and an angle come to.
"""

from collections import Counter
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.decoded import Decoded
from asman.model.plots import PLOTS
from asman.model.sensor import RADAR_KINDS, Sensors
from asman.sensing.arrow import dictionary, from_floats, to_floats
from asman.sensing.reports import callsigns

TABLES: Final = ("SAPIENT", "SAPIENT_NODE")
#: How the reason ends for which other messages become no plots.
NO_DETECTION: Final = "is no detection"
#: States in which the node does not see what it reports.
_LOST: Final = ("lost", "object lost", "track lost")
#: How plots of nodes were detected: see PLOTS.
_DETECTION: Final = ("psr", "mlat")

Bools = NDArray[np.bool_]


class Node(NamedTuple):
    """A node that sent detections: its UUID, whether by range and bearing, how many, and where it stands."""

    node: str
    polar: bool
    records: int
    lat_deg: float | None
    lon_deg: float | None
    height_m: float | None


def holds(decoded: Decoded) -> bool:
    """Tell whether these are SAPIENT messages."""
    return any(name in decoded.tables for name in TABLES)


def nodes(decoded: Decoded) -> tuple[Node, ...]:
    """The nodes that sent detections, in the order in which they were first heard."""
    table = decoded.tables.get("SAPIENT")
    if table is None:
        return ()
    sites = _sites(decoded)
    names = table["node"].to_pylist()
    polar = table["range_m"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    lat, lon = (to_floats(table[one].combine_chunks()) for one in ("lat_deg", "lon_deg"))
    found: list[Node] = []
    for name in dict.fromkeys(names):
        mine = np.array([one == name for one in names])
        by_range = bool((polar & mine).sum() * 2 > (mine & (polar | ~np.isnan(lat))).sum())
        site = sites.get(name)
        if site is None and not by_range and (placed := mine & ~np.isnan(lat)).any():
            site = (round(float(np.median(lat[placed])), 4), round(float(np.median(lon[placed])), 4), 0.0)
        found.append(Node(name, by_range, int(mine.sum()), *(site or (None, None, None))))
    return tuple(found)


def _sites(decoded: Decoded) -> dict[str, tuple[float, float, float]]:
    """Where nodes say that they stand; the last word counts, a height that is not told is 0."""
    table = decoded.tables.get("SAPIENT_NODE")
    if table is None:
        return {}
    columns = ("node", "lat_deg", "lon_deg", "geometric_altitude_m")
    rows = zip(*(table[one].to_pylist() for one in columns), strict=True)
    return {node: (lat, lon, up or 0.0) for node, lat, lon, up in rows if lat is not None and lon is not None}


def instants(decoded: Decoded) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Octet, block and instant of each message of a recording, in file order."""
    tables = [decoded.tables[one] for one in TABLES if one in decoded.tables]
    offset = np.concatenate([one["offset"].to_numpy() for one in tables])
    time_ns = np.concatenate([one["time"].combine_chunks().cast(pa.int64()).to_numpy() for one in tables])
    order = np.argsort(offset, kind="stable")
    return offset[order], offset[order], time_ns[order]


def plots(decoded: Decoded, sensors: Sensors, *, recording: str) -> tuple[pa.Table, dict[str, int]]:
    """Make plots of detections; gives PLOTS in file order, and reason -> messages that became none."""
    ignored: Counter[str] = Counter()
    told = decoded.tables.get("SAPIENT_NODE")
    if told is not None:
        for kind, count in Counter(told["kind"].to_pylist()).items():
            ignored[f"SAPIENT: {kind} {NO_DETECTION}"] += count
    table = decoded.tables.get("SAPIENT")
    if table is None:
        return PLOTS.empty_table(), dict(ignored)
    index = {one.id.lower(): number for number, one in enumerate(sensors)}
    sensor = np.array([index.get(one.lower(), -1) for one in table["node"].to_pylist()], np.int64)
    polar = np.array([number >= 0 and sensors[number].kind in RADAR_KINDS for number in sensor])
    known = {one: to_floats(table[one].combine_chunks()) for one in ("lat_deg", "range_m", "azimuth_deg")}
    usable = np.ones(table.num_rows, np.bool_)

    def refuse(reason: str, rows: Bools) -> None:
        count = int(np.count_nonzero(rows & usable))
        if count:
            ignored[f"SAPIENT: {reason}"] += count
            usable[rows] = False

    state = [(one or "").lower() for one in table["state"].to_pylist()]
    refuse("the node has lost it", np.array([one in _LOST for one in state], np.bool_))
    problems = table["unplaced"].to_pylist()
    for problem in dict.fromkeys(one for one in problems if one):
        refuse(problem, np.array([one == problem for one in problems], np.bool_))
    for name in dict.fromkeys(np.array(table["node"].to_pylist(), object)[sensor < 0].tolist()):
        refuse(f"no sensor for node {name}", np.array([one == name for one in table["node"].to_pylist()]))
    refuse("a place, of a sensor that measures range and bearing", polar & np.isnan(known["range_m"]))
    refuse("range and bearing, of a sensor that reports places", ~polar & np.isnan(known["lat_deg"]))
    return _table(table, sensors, sensor, polar, usable, recording), dict(ignored)


def _table(
    table: pa.Table,
    sensors: Sensors,
    sensor: NDArray[np.int64],
    polar: Bools,
    usable: Bools,
    recording: str,
) -> pa.Table:
    """PLOTS of the usable rows."""
    rows = pa.array(np.flatnonzero(usable))
    some, count = table.take(rows), len(rows)
    radar = polar[usable]

    def where(name: str, rows: Bools) -> pa.Array:
        return from_floats(np.where(rows, to_floats(some[name].combine_chunks()), np.nan))

    east, north = (to_floats(some[one].combine_chunks()) for one in ("sigma_e_m", "sigma_n_m"))
    columns: dict[str, Any] = {
        "time": some["time"],
        "sensor": dictionary(sensor[usable], [one.id for one in sensors]),
        "range_m": where("range_m", radar),
        "azimuth_deg": where("azimuth_deg", radar),
        "lat_deg": where("lat_deg", ~radar),
        "lon_deg": where("lon_deg", ~radar),
        "geometric_altitude_m": some["geometric_altitude_m"],
        "callsign": callsigns(some["id"].combine_chunks()),
        "detection": dictionary(np.where(radar, 0, 1), list(_DETECTION)),
        "sigma_e_m": from_floats(np.where(radar, np.nan, east)),
        "sigma_n_m": from_floats(np.where(radar, np.nan, north)),
        "vn_mps": some["vn_mps"],
        "ve_mps": some["ve_mps"],
        "climb_mps": some["climb_mps"],
        "recording": dictionary(np.zeros(count, np.int64), [recording]),
        "offset": some["offset"],
    }
    filled: list[Any] = []
    for field in PLOTS:
        one = columns.get(field.name)
        one = pa.nulls(count, field.type) if one is None else one
        one = one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one
        filled.append(one if one.type == field.type else one.cast(field.type))
    return pa.Table.from_arrays(filled, schema=PLOTS)
