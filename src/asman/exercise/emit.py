"""Plots and services as the octets that radars send.

A radar works by sectors: when its antenna leaves one, it sends the plots of that sector (CAT048), then the
message that the next has begun (CAT034; a north marker before the first). Each is one UDP datagram, or more
where a sector's plots need more than fits. Everything carries the SIM bit where the category has one.

Sources: EUROCONTROL CAT048 edition 1.32, CAT034 edition 1.29.
"""

from typing import Literal, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.radars import sector_time_ns, sectors_between
from asman.exercise.scenario import Scenario
from asman.exercise.services import services
from asman.exercise.sky import Sky
from asman.exercise.sweep import Swept, sweep
from asman.kernels import simulation as sim
from asman.model.datagram import Datagram
from asman.model.sensor import Sensors
from asman.units import DAY_S, FLIGHT_LEVEL_M, NAUTICAL_MILE_M, SECOND_NS

#: A UDP payload that needs no fragmentation on Ethernet.
BLOCK_OCTETS_MAX = 1400

#: Editions that are spoken.
EDITION_048, EDITION_034 = "1.32", "1.29"

#: I048/020 TYP by `plots.detection`.
_TYP = {"psr": 1, "ssr": 2, "ssr+psr": 3, "modes": 5, "modes+psr": 7}

Ints = NDArray[np.int64]


class Blocks(Protocol):
    """What an encoder gives: blocks one behind the other, and the group that each belongs to."""

    @property
    def blocks(self) -> list[bytes]:
        """The data blocks."""
        ...

    @property
    def groups(self) -> Ints:
        """The group of each."""
        ...


class Encode(Protocol):
    """The encoder that `emissions` is given; its blocks never mix groups."""

    def __call__(
        self, table: pa.Table, category: int, edition: str, *, groups: Ints, max_block_octets: int
    ) -> Blocks:
        """Encode records (docs/reference/decoded-tables.md), one group number a row, rising."""
        ...


class _Windows(NamedTuple):
    """Of each radar: the sectors it enters in the span, and the span of those it leaves; ns after begin."""

    sectors: list[Ints]
    begin: Ints
    end: Ints


def emissions(
    scenario: Scenario, sky: Sky, radars: NDArray[np.float64], begin_ns: int, end_ns: int, encode: Encode
) -> tuple[Datagram, ...]:
    """What leaves the radars in [begin, end), ns UTC, by time and sensor; plots before messages."""
    windows = _windows(radars, begin_ns - sky.begin_ns, end_ns - sky.begin_ns)
    if not any(sectors.size for sectors in windows.sectors):
        return ()
    latency_ns = _latency_ns(radars)
    edges = [sector_time_ns(radars, r, sectors) + sky.begin_ns for r, sectors in enumerate(windows.sectors)]
    base = np.r_[0, np.cumsum([edge.size for edge in edges])]

    swept = sweep(scenario, sky, radars, windows.begin + sky.begin_ns, windows.end + sky.begin_ns)
    plot_group = base[swept.radar] + _sector_of(edges, swept.radar, swept.crossing_ns, "right")
    order = np.argsort(plot_group, kind="stable")
    plots = encode(
        cat048(swept, scenario.sensor).take(pa.array(order)), 48, EDITION_048,
        groups=plot_group[order], max_block_octets=BLOCK_OCTETS_MAX,
    )  # fmt: skip

    first = np.array([edge[0] if edge.size else 0 for edge in edges]) - sky.begin_ns
    last = np.array([edge[-1] + 1 if edge.size else 0 for edge in edges]) - sky.begin_ns
    messages, when, radar = services(scenario, sky, radars, first, last)
    message_group = base[radar] + _sector_of(edges, radar, when, "left")
    order = np.argsort(message_group, kind="stable")
    said = encode(
        cat034(messages, radar, scenario.sensor).take(pa.array(order)), 34, EDITION_034,
        groups=message_group[order], max_block_octets=BLOCK_OCTETS_MAX,
    )  # fmt: skip

    sent_ns = np.concatenate([edge + latency_ns[r] for r, edge in enumerate(edges)])
    group_radar = np.repeat(np.arange(len(edges)), [edge.size for edge in edges])
    rows = [
        (int(sent_ns[group]), int(group_radar[group]), kind, octets)
        for kind, batch in enumerate((plots, said))
        for group, octets in zip(batch.groups.tolist(), batch.blocks, strict=True)
    ]
    rows.sort(key=lambda row: row[:3])
    return tuple(Datagram(scenario.sensor[r].id, sent, octets) for sent, r, _, octets in rows)


def _latency_ns(radars: NDArray[np.float64]) -> Ints:
    return (radars[:, sim.LATENCY] * SECOND_NS).astype(np.int64)


def _windows(radars: NDArray[np.float64], begin: int, end: int) -> _Windows:
    """Which sectors each radar closes in the span, counting its latency, and when those began and ended."""
    sectors: list[Ints] = []
    edges = np.zeros((2, len(radars)), np.int64)
    for r, latency in enumerate(_latency_ns(radars).tolist()):
        closed = sectors_between(radars, r, max(begin - latency, 0), max(end - latency, 0))
        sectors.append(closed)
        if closed.size:
            edges[:, r] = sector_time_ns(radars, r, np.array([closed[0] - 1, closed[-1]]))
    return _Windows(sectors, edges[0], edges[1])


def _sector_of(edges: list[Ints], radar: Ints, when: Ints, side: Literal["left", "right"]) -> Ints:
    """Index, among its radar's edges, of the edge that closes the sector in which each time lies."""
    index = np.zeros(when.size, np.int64)
    for r, edge in enumerate(edges):
        mine = radar == r
        index[mine] = np.searchsorted(edge, when[mine], side=side)
    return index


def _time_of_day_s(time: pa.ChunkedArray) -> pa.Array:
    """Seconds since midnight UTC, exact in 1/128 s."""
    ns = time.combine_chunks().cast(pa.int64()).to_numpy() % (DAY_S * SECOND_NS)
    return pa.array(ns / SECOND_NS)


def _codes(sensors: Sensors, radar: Ints) -> tuple[pa.Array, pa.Array]:
    """SAC and SIC of each row."""
    sac = np.array([sensor.sac or 0 for sensor in sensors])
    sic = np.array([sensor.sic or 0 for sensor in sensors])
    return pa.array(sac[radar]), pa.array(sic[radar])


def cat048(swept: Swept, sensors: Sensors) -> pa.Table:
    """Plots as CAT048 records: the columns of docs/reference/decoded-tables.md."""
    plots = swept.plots
    count = plots.num_rows
    sac, sic = _codes(sensors, swept.radar)
    detection = plots["detection"].combine_chunks()
    typ = pa.array([_TYP.get(name, 0) for name in detection.dictionary.to_pylist()]).take(detection.indices)
    code, level = plots["mode_3a"].combine_chunks(), plots["pressure_altitude_m"].combine_chunks()
    one = np.ones(count, np.int64)
    return pa.table(
        {
            "I010/SAC": sac,
            "I010/SIC": sic,
            "I140_s": _time_of_day_s(plots["time"]),
            "I020/TYP": typ,
            "I020/SIM": pa.array(one),
            "I040/RHO_NM": pa.array(plots["range_m"].to_numpy() / NAUTICAL_MILE_M),
            "I040/THETA_deg": plots["azimuth_deg"],
            "I070/G": _bit(swept.garbled & sim.CODE_IS_GARBLED, code),
            "I070/MODE3A": code,
            "I090/G": _bit(swept.garbled & sim.ALTITUDE_IS_GARBLED, level),
            "I090/FL_FL": _scaled(level, FLIGHT_LEVEL_M),
            "I220": plots["address"],
            "I240": plots["callsign"],
            # Level 2 transponders, airborne, no alert.
            "I230/COM": pa.array(one, mask=_absent(plots["address"].combine_chunks())),
        }
    )


def _bit(flag: Ints, where: pa.Array) -> pa.Array:
    """1 or 0, null where the item itself is."""
    return pa.array((flag > 0).astype(np.int64), mask=_absent(where))


def _absent(values: pa.Array) -> NDArray[np.bool_]:
    return ~values.is_valid().to_numpy(zero_copy_only=False)


def _scaled(values: pa.Array, unit: float) -> pa.Array:
    return pa.array(values.to_numpy(zero_copy_only=False) / unit, mask=_absent(values))


def cat034(messages: pa.Table, radar: Ints, sensors: Sensors) -> pa.Table:
    """Services as CAT034 records; a north marker also says where the radar stands and how it is."""
    sac, sic = _codes(sensors, radar)
    north = messages["north"].combine_chunks().to_numpy(zero_copy_only=False)
    places = {
        "I120/HGT_m": [round(sensor.height_m) for sensor in sensors],
        "I120/LAT_deg": [sensor.lat_deg for sensor in sensors],
        "I120/LON_deg": [sensor.lon_deg for sensor in sensors],
    }
    return pa.table(
        {
            "I010/SAC": sac,
            "I010/SIC": sic,
            "I000": pa.array(np.where(north, 1, 2)),
            "I030_s": _time_of_day_s(messages["time"]),
            "I020_deg": pa.array(messages["azimuth_deg"].to_numpy(), mask=north),
            "I041_s": pa.array(messages["period_s"].to_numpy(), mask=~north),
            **{name: pa.array(np.array(place)[radar], mask=~north) for name, place in places.items()},
        }
    )
