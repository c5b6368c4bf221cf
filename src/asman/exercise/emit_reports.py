"""Reports as the octets that ADS-B ground stations and multilateration systems send.

A ground station gathers what it heard in half a second and sends it, CAT021 of ADS-B and CAT020 of a system's
locations, as many datagrams as are needed; stations are not in step. Every five seconds it also says that it
works (CAT023, CAT019). Delays, losses and repeats of datagrams are as those of radars. All reports carry the
SIM bit; the status messages have none.

Sources: EUROCONTROL CAT021 edition 2.6, CAT020 edition 1.11, CAT023 edition 1.3, CAT019 edition 1.3;
EUROCAE ED-129B (data-driven and periodic delivery).
"""

import math
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.emit import BLOCK_OCTETS_MAX, Encode
from asman.exercise.outages import PRIMARY, SECONDARY, silent
from asman.exercise.report_records import cat019, cat020, cat021, cat023
from asman.exercise.reports import Reported, report
from asman.exercise.scenario import Scenario
from asman.exercise.sky import Sky
from asman.exercise.terrain import Masks
from asman.kernels.chance import FOR_DATAGRAM, draws
from asman.model.datagram import Datagram
from asman.units import SECOND_NS

Ints = NDArray[np.int64]

#: Editions that are spoken.
EDITIONS: Final = {19: "1.3", 20: "1.11", 21: "2.6", 23: "1.3"}
#: How long a ground station gathers, and after how many gatherings it says that it works.
GATHERING_NS: Final = SECOND_NS // 2
STATUS_EVERY: Final = 10


class _Sent(NamedTuple):
    """Gatherings that may be delivered in a span: their sensor, number and end [ns after the begin]."""

    sensor: Ints
    number: Ints
    edge_ns: Ints


def emissions(
    scenario: Scenario, sky: Sky, begin_ns: int, end_ns: int, encode: Encode, masks: Masks | None = None
) -> tuple[Datagram, ...]:
    """What comes from receivers and systems in [begin, end), ns UTC, by time of arrival.

    masks   as in `reports.report`
    """
    origin = sky.begin_ns
    sent = _sent(scenario, begin_ns - origin, end_ns - origin)
    if not sent.edge_ns.size:
        return ()
    first, last = int(sent.edge_ns.min()) - GATHERING_NS, int(sent.edge_ns.max())
    said = report(scenario, sky, origin + first, origin + last, masks)
    group = _group(scenario, sent, said.sensor, said.at_ns - origin)
    category = said.plots["category"].to_numpy()
    due = sent.edge_ns + origin
    out: list[Datagram] = []
    for number, table in ((21, cat021), (20, cat020)):
        rows = np.flatnonzero((group >= 0) & (category == number))
        rows = rows[np.argsort(group[rows], kind="stable")]
        if rows.size:
            records = table(_taken(said, rows), scenario.sensor, due[group[rows]])
            out += _delivered(scenario, sent, origin, number, records, group[rows], encode)
    for number, table in ((23, cat023), (19, cat019)):
        rows = _telling(scenario, sent, 21 if number == 23 else 20)
        if rows.size:
            records = table(sent.sensor[rows], due[rows], scenario.sensor)
            out += _delivered(scenario, sent, origin, number, records, rows, encode)
    ids = {sensor.id: index for index, sensor in enumerate(scenario.sensor)}
    out = [one for one in out if begin_ns <= one.time_ns < end_ns]
    return tuple(sorted(out, key=lambda one: (one.time_ns, ids[one.feed], one.octets[0])))


def _sent(scenario: Scenario, begin: int, end: int) -> _Sent:
    """Every gathering that can be delivered in [begin, end), ns after the begin, by sensor and time."""
    sensors: list[Ints] = []
    numbers: list[Ints] = []
    edges: list[Ints] = []
    for index, sensor in enumerate(scenario.sensor):
        if sensor.kind not in ("adsb", "mlat"):
            continue
        effects = scenario.effects_of(sensor.id)
        late = int(effects.latency_s * SECOND_NS)
        more = int(effects.latency_jitter_s * SECOND_NS) + 1
        phase = _phase_ns(scenario, index)
        low = max(math.floor((begin - late - more - phase) / GATHERING_NS), 0)
        high = math.ceil((end - late - phase) / GATHERING_NS) + 1
        number = np.arange(low, max(high, low), dtype=np.int64)
        edge = phase + number * GATHERING_NS
        kept = (edge > 0) & (edge >= begin - late - more) & (edge < end - late)
        sensors.append(np.full(int(kept.sum()), index, np.int64))
        numbers.append(number[kept])
        edges.append(edge[kept])
    if not edges:
        return _Sent(*(np.empty(0, np.int64) for _ in range(3)))
    return _Sent(np.concatenate(sensors), np.concatenate(numbers), np.concatenate(edges))


def _phase_ns(scenario: Scenario, index: int) -> int:
    """When a sensor's first gathering ends, ns after the begin."""
    share = float(draws(scenario.seed, FOR_DATAGRAM, np.array([(1 << 60) + index]), 0)[0])
    return int(share * GATHERING_NS)


def _group(scenario: Scenario, sent: _Sent, sensor: Ints, at: Ints) -> Ints:
    """Which gathering each report goes with, -1 for none of these."""
    group = np.full(at.size, -1, np.int64)
    for index in np.unique(sent.sensor).tolist():
        base = int(np.argmax(sent.sensor == index))
        numbers = sent.number[sent.sensor == index]
        mine = np.flatnonzero(sensor == index)
        # A gathering holds what was sent before its end, from the end of the one before.
        number = (at[mine] - _phase_ns(scenario, index)) // GATHERING_NS + 1
        there = (number >= numbers[0]) & (number <= numbers[-1])
        group[mine[there]] = base + number[there] - numbers[0]
    return group


def _taken(said: Reported, rows: Ints) -> Reported:
    index = pa.array(rows)
    return Reported(
        said.plots.take(index), said.aircraft[rows], said.at_ns[rows], said.sensor[rows], said.cause[rows],
        said.quality.take(index),
    )  # fmt: skip


def _telling(scenario: Scenario, sent: _Sent, category: int) -> Ints:
    """Gatherings with which sensors of a category's kind also say that they work; who is out says nothing."""
    kind = "adsb" if category == 21 else "mlat"
    of_kind = np.array([sensor.kind == kind for sensor in scenario.sensor])
    out = silent(scenario, sent.sensor, sent.edge_ns / SECOND_NS) == PRIMARY | SECONDARY
    return np.flatnonzero(of_kind[sent.sensor] & (sent.number % STATUS_EVERY == 0) & ~out)


def _delivered(
    scenario: Scenario,
    sent: _Sent,
    origin: int,
    category: int,
    records: pa.Table,
    group: Ints,
    encode: Encode,
) -> list[Datagram]:
    """Blocks of records as datagrams: each late by its own, some lost, some twice."""
    batch = encode(records, category, EDITIONS[category], groups=group, max_block_octets=BLOCK_OCTETS_MAX)
    group, octets = batch.groups, batch.blocks
    run = np.arange(group.size)
    piece = run - np.maximum.accumulate(np.where(np.diff(group, prepend=-1) == 0, 0, run))
    sensor = sent.sensor[group]
    number = (sensor << 48) ^ ((sent.number[group] & 0xFFFFFF) << 20) ^ (category << 12) ^ (piece & 0xFFF)
    effects = [scenario.effects_of(one.id) for one in scenario.sensor]
    late, more, lost, twice = (
        np.array([getattr(one, name) for one in effects])[sensor]
        for name in ("latency_s", "latency_jitter_s", "datagram_loss", "datagram_twice")
    )
    draw = [draws(scenario.seed, FOR_DATAGRAM, number, index) for index in range(4)]
    comes = draw[1] >= lost
    out: list[Datagram] = []
    for there, delay in ((comes, draw[0]), (comes & (draw[2] < twice), draw[3])):
        at = sent.edge_ns[group] + origin + ((late + delay * more) * SECOND_NS).astype(np.int64)
        out += [
            Datagram(scenario.sensor[sensor[row]].id, int(at[row]), octets[row])
            for row in np.flatnonzero(there).tolist()
        ]
    return out
