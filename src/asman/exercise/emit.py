"""Plots and services as the octets that radars send, as the wire delivers them.

A radar works by sectors: when its antenna leaves one, it sends the plots of that sector (CAT048), then the
message that the next has begun (CAT034; a north marker before the first). Each is one UDP datagram, or more
where a sector's plots need more than fits. Datagrams are delayed unequally, so that some overtake others; a
few are lost, a few come twice. Everything carries the SIM bit where the category has one.
"""

from typing import Literal, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.radars import sector_time_ns, sectors_between
from asman.exercise.records import cat034, cat048
from asman.exercise.services import services
from asman.exercise.sweep import Swept, World, sweep, within
from asman.kernels import radar as rad
from asman.kernels.chance import FOR_DATAGRAM, draws
from asman.model.datagram import Datagram
from asman.units import SECOND_NS

#: A UDP payload that needs no fragmentation on Ethernet.
BLOCK_OCTETS_MAX = 1400

#: Editions that are spoken.
EDITION_048, EDITION_034 = "1.32", "1.29"

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


class _Closed(NamedTuple):
    """Sectors that may be sent in a span, of all radars one behind the other.

    sectors      of each radar, numbers since its first north
    edge_ns      (S,)  when each ends, ns after the begin
    radar        (S,)
    base         (R,)  where those of each radar begin
    begin, end   (R,)  from the begin of each radar's first to the end of its last, ns after the begin
    """

    sectors: list[Ints]
    edge_ns: Ints
    radar: Ints
    base: Ints
    begin: Ints
    end: Ints


def emissions(
    world: World, begin_ns: int, end_ns: int, encode: Encode, swept: Swept | None = None
) -> tuple[Datagram, ...]:
    """What comes from the radars in [begin, end), ns UTC, by time of arrival.

    swept   what radars say, where somebody has it: of the windows that `windows` tells, or more
    """
    origin = world.sky.begin_ns
    closed = _closed(world.radars, begin_ns - origin, end_ns - origin)
    if not closed.edge_ns.size:
        return ()
    begin, end = closed.begin + origin, closed.end + origin
    swept = sweep(world, begin, end) if swept is None else within(swept, begin, end)
    sensors = world.scenario.sensor
    plots = _encoded(
        cat048(swept, sensors),
        48,
        EDITION_048,
        _group(closed, swept.radar, swept.crossing_ns - origin, "right"),
        encode,
    )
    last = np.array([closed.edge_ns[closed.radar == r].max(initial=-1) for r in range(len(sensors))])
    messages, when, radar = services(world, np.where(last < 0, 0, closed.begin + 1), last + 1)
    said = _encoded(
        cat034(messages, radar, sensors),
        34,
        EDITION_034,
        _group(closed, radar, when - origin, "left"),
        encode,
    )
    return _delivered(world, closed, (plots, said), begin_ns, end_ns)


def windows(world: World, begin_ns: int, end_ns: int) -> tuple[Ints, Ints]:
    """Begin and end (R,) [ns UTC] of the crossings whose plots may come in [begin, end), ns UTC."""
    origin = world.sky.begin_ns
    closed = _closed(world.radars, begin_ns - origin, end_ns - origin)
    return closed.begin + origin, closed.end + origin


def _closed(radars: NDArray[np.float64], begin: int, end: int) -> _Closed:
    """Which sectors each radar closes in the span, counting what delays them; ns after the begin."""
    sectors: list[Ints] = []
    edges: list[Ints] = []
    spans = np.zeros((2, len(radars)), np.int64)
    for r, radar in enumerate(radars):
        late, more = (int(radar[column] * SECOND_NS) for column in (rad.LATENCY, rad.LATENCY_MORE))
        closed = sectors_between(radars, r, max(begin - late - more, 0), max(end - late, 0))
        sectors.append(closed)
        edges.append(sector_time_ns(radars, r, closed))
        if closed.size:
            spans[:, r] = sector_time_ns(radars, r, np.array([closed[0] - 1, closed[-1]]))
    count = np.array([sector.size for sector in sectors], np.int64)
    return _Closed(
        sectors,
        np.concatenate(edges),
        np.repeat(np.arange(len(radars)), count),
        np.cumsum(count) - count,
        *spans,
    )


def _group(closed: _Closed, radar: Ints, when: Ints, side: Literal["left", "right"]) -> Ints:
    """Which of the closed sectors each row goes with: the one that ends next."""
    index = np.zeros(when.size, np.int64)
    for r, sectors in enumerate(closed.sectors):
        mine = radar == r
        edges = closed.edge_ns[closed.base[r] : closed.base[r] + sectors.size]
        index[mine] = closed.base[r] + np.searchsorted(edges, when[mine], side=side)
    return index


def _encoded(table: pa.Table, category: int, edition: str, group: Ints, encode: Encode) -> Blocks:
    order = np.argsort(group, kind="stable")
    return encode(
        table.take(pa.array(order)), category, edition, groups=group[order], max_block_octets=BLOCK_OCTETS_MAX
    )


def _delivered(
    world: World, closed: _Closed, batches: tuple[Blocks, ...], begin_ns: int, end_ns: int
) -> tuple[Datagram, ...]:
    """The blocks as datagrams: each late by its own, some lost, some twice."""
    group = np.concatenate([batch.groups for batch in batches])
    octets = [block for batch in batches for block in batch.blocks]
    kind = np.repeat(np.arange(len(batches)), [batch.groups.size for batch in batches])
    radar = closed.radar[group]
    sector = np.concatenate(closed.sectors)[group]
    same = (np.diff(group, prepend=-1) == 0) & (np.diff(kind, prepend=-1) == 0)
    run = np.arange(group.size)
    piece = run - np.maximum.accumulate(np.where(same, 0, run))
    # One number a datagram: radar, sector since its first north, kind, piece of the sector.
    number = (radar << 48) ^ ((sector & 0xFFFFFFFF) << 12) ^ (kind << 11) ^ (piece & 0x7FF)
    seed = world.scenario.seed
    late, more, lost, twice = (
        world.radars[radar, column] for column in (rad.LATENCY, rad.LATENCY_MORE, rad.LOSS, rad.TWICE)
    )
    comes = draws(seed, FOR_DATAGRAM, number, 1) >= lost
    again = comes & (draws(seed, FOR_DATAGRAM, number, 2) < twice)
    rows = np.r_[np.flatnonzero(comes), np.flatnonzero(again)]
    index = np.r_[np.zeros(int(comes.sum()), np.int64), np.full(int(again.sum()), 3)]
    delay = np.where(
        index == 0, draws(seed, FOR_DATAGRAM, number[rows], 0), draws(seed, FOR_DATAGRAM, number[rows], 3)
    )
    sent = (
        closed.edge_ns[group[rows]]
        + world.sky.begin_ns
        + ((late[rows] + delay * more[rows]) * SECOND_NS).astype(np.int64)
    )
    due = (sent >= begin_ns) & (sent < end_ns)
    rows, sent = rows[due], sent[due]
    order = np.lexsort((piece[rows], kind[rows], radar[rows], sent))
    ids = [sensor.id for sensor in world.scenario.sensor]
    return tuple(
        Datagram(ids[radar[row]], at, octets[row])
        for row, at in zip(rows[order].tolist(), sent[order].tolist(), strict=True)
    )
