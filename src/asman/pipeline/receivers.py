"""Feeds of Mode S and SAPIENT in a node: which they are, what was heard over each, the plots that it gives.

A feed is known by its first octets (or beforehand, in a replay) and keeps its memory from then on: half a
message at the end of a piece, the receiver's clock, the aircraft. A receiver that no sensor stands for is met
as soon as it hears a position; so is a node of SAPIENT whose site is told.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.datagram import Datagram
from asman.model.decoded import Decoded
from asman.model.frames import NO_TIME
from asman.model.plots import PLOTS
from asman.model.sensor import Sensor, Sensors
from asman.pipeline.events import BlocksRejected, Event
from asman.pipeline.health import FeedCount
from asman.pipeline.schedule import Piece, arrivals
from asman.sensing import sapient, squitters
from asman.sensing.discover import discover
from asman.sensing.plots import Extracted
from asman.units import SECOND_NS
from asman.wire import sapient as messages_of_nodes
from asman.wire.modes import decode as modes
from asman.wire.modes.decode import Receiver
from asman.wire.modes.recognise import READSB, recognise
from asman.wire.sapient import Stream as Nodes

#: Feed -> what was heard over it.
Ears = dict[str, Receiver | Nodes]
#: With what a Mode S stream may begin; no category of ASTERIX has these numbers.
_BEGINNINGS = b"\x1a*@<%"
#: Messages of so much time arrive together in a replay.
_TOGETHER_NS = SECOND_NS // 10


class Hearing(NamedTuple):
    """What a step heard.

    ears      after it
    others    datagrams of other feeds
    plots     PLOTS
    ignored   reason -> messages that became no plot
    met       sensors that were not known
    counts    feed -> datagrams, octets, latest arrival, octet of the first reject, its reason, rejects
    """

    ears: Ears
    others: tuple[Datagram, ...]
    plots: pa.Table
    ignored: dict[str, int]
    met: Sensors
    counts: dict[str, tuple[int, int, int, int, str, int]]


def begin(forms: Mapping[str, str], sensors: Sensors) -> Ears:
    """Ears for feeds whose form is known beforehand."""
    return {
        feed: Nodes() if form == messages_of_nodes.FORM else _listen(form, feed, sensors)
        for feed, form in forms.items()
    }


def copy(ears: Ears) -> Ears:
    """Ears that nothing heard later changes."""
    # What was heard of nodes is never changed, only replaced.
    return {feed: one if isinstance(one, Nodes) else modes.copy(one) for feed, one in ears.items()}


def hear(ears: Ears, datagrams: tuple[Datagram, ...], sensors: Sensors) -> Hearing:
    """Hear what came over feeds of Mode S; the other datagrams are handed back."""
    after, others = dict(ears), list[Datagram]()
    by_feed: dict[str, list[Datagram]] = {}
    for datagram in datagrams:
        if datagram.feed not in after:
            ear = _ear(datagram, sensors)
            if ear is not None:
                after[datagram.feed] = ear
        if datagram.feed in after:
            by_feed.setdefault(datagram.feed, []).append(datagram)
        else:
            others.append(datagram)
    if not by_feed:
        return Hearing(after, datagrams, PLOTS.empty_table(), {}, (), {})
    plots: list[pa.Table] = []
    ignored: dict[str, int] = {}
    met: Sensors = ()
    counts: dict[str, tuple[int, int, int, int, str, int]] = {}
    for feed, some in by_feed.items():
        ear = after[feed]
        if isinstance(ear, Nodes):
            after[feed], decoded = messages_of_nodes.hear(ear, b"".join(one.octets for one in some))
            counts[feed] = _count(some, decoded.rejected)
            met = (*met, *(one.sensor() for one in discover(decoded, (*sensors, *met), feed).derived))
            found, why = sapient.plots(decoded, (*sensors, *met), recording=feed)
            plots.append(found)
            for reason, count in why.items():
                # That nodes say how they are is as it should be.
                if not reason.endswith(sapient.NO_DETECTION):
                    ignored[reason] = ignored.get(reason, 0) + count
            continue
        decoded, after[feed] = _decoded(ear, some)
        counts[feed] = _count(some, decoded.rejected)
        everyone = (*sensors, *met)
        mine = squitters.receiver(everyone, feed)
        if mine < 0:
            made = _met(decoded, feed)
            met, mine = (*met, *made), len(everyone) if made else -1
        found, why = squitters.plots(decoded, (*sensors, *met), recording=feed, sensor=mine)
        plots.append(found)
        for reason, count in why.items():
            ignored[reason] = ignored.get(reason, 0) + count
    return Hearing(after, tuple(others), pa.concat_tables(plots).unify_dictionaries(), ignored, met, counts)


def _ear(datagram: Datagram, sensors: Sensors) -> Receiver | Nodes | None:
    """What hears a feed that begins so; None for ASTERIX."""
    if datagram.octets and datagram.octets[:1] in _BEGINNINGS:
        form = recognise(datagram.octets)
        if form:
            return _listen(form, datagram.feed, sensors)
    return Nodes() if messages_of_nodes.recognise(datagram.octets) else None


def _listen(form: str, feed: str, sensors: Sensors) -> Receiver:
    """A receiver; where it stands is known only where a sensor of its own says so."""
    index = squitters.receiver(sensors, feed)
    own = index >= 0 and sensors[index].id != squitters.name_of(feed)
    near = (sensors[index].lat_deg, sensors[index].lon_deg) if own else None
    return modes.listen(form, near_deg=near)


def _decoded(receiver: Receiver, datagrams: list[Datagram]) -> tuple[Decoded, Receiver]:
    """Hear a feed's datagrams: as one piece, but documents, each of which stands alone."""
    if receiver.form == READSB:
        pieces = [(one.octets, one.time_ns) for one in datagrams]
    else:
        pieces = [(b"".join(one.octets for one in datagrams), datagrams[-1].time_ns)]
    tables: dict[str, list[pa.Table]] = {}
    rejected: list[pa.Table] = []
    for octets, time_ns in pieces:
        receiver, heard = modes.hear(receiver, octets, time_ns)
        rejected.append(heard.rejected)
        for name, table in heard.tables.items():
            tables.setdefault(name, []).append(table)
    joined = {name: some[0] if len(some) == 1 else pa.concat_tables(some) for name, some in tables.items()}
    return Decoded(joined, pa.concat_tables(rejected), {}, receiver.form, 0), receiver


def _met(decoded: Decoded, feed: str) -> tuple[Sensor, ...]:
    """The receiver of a feed, once it heard a position."""
    placed = any(
        "lat_deg" in table.column_names and table["lat_deg"].null_count < table.num_rows
        for table in decoded.tables.values()
    )
    return (squitters.derived(decoded, feed),) if placed else ()


def _count(datagrams: list[Datagram], rejected: pa.Table) -> tuple[int, int, int, int, str, int]:
    first = (
        (int(rejected["offset"][0].as_py()), str(rejected["reason"][0].as_py()))
        if rejected.num_rows
        else (0, "")
    )
    octets = sum(len(one.octets) for one in datagrams)
    latest_ns = max(one.time_ns for one in datagrams)
    return len(datagrams), octets, latest_ns, first[0], first[1], rejected.num_rows


def joined(heard: Hearing, plots: pa.Table, extracted: Extracted) -> tuple[pa.Table, Extracted]:
    """Plots of Mode S with those of ASTERIX, for the tracker and for the watch over sensors."""
    if not heard.counts:
        return plots, extracted
    whole = pa.concat_tables([plots, heard.plots]).unify_dictionaries()
    ignored = dict(extracted.ignored)
    for reason, count in heard.ignored.items():
        # Most messages say something else than a place: nothing is wrong with them.
        if not squitters.is_usual(reason):
            ignored[reason] = ignored.get(reason, 0) + count
    return whole, Extracted(whole, extracted.services, ignored)


def counted(feeds: dict[str, FeedCount], heard: Hearing) -> tuple[dict[str, FeedCount], list[Event]]:
    """Counts of feeds with those of Mode S, and what of it could not be read."""
    counts, events = dict(feeds), list[Event]()
    for feed, (datagrams, octets, last_ns, first, reason, rejected) in heard.counts.items():
        old = counts.get(feed, FeedCount())
        counts[feed] = FeedCount(
            old.datagrams + datagrams, old.octets + octets, old.rejected + rejected, last_ns
        )
        if rejected:
            events.append(BlocksRejected(feed, rejected, first, reason))
    return counts, events


def messages(name: str, octets: bytes, decoded: Decoded, day: date | None) -> Piece:
    """When a recording's messages arrive: those of a tenth of a second together, when the latest was sent."""
    if sapient.holds(decoded):
        offset, block, time_ns = sapient.instants(decoded)
    else:
        offset, block, time_ns = squitters.instants(decoded, day)
    timed = time_ns != NO_TIME
    empty: NDArray[np.int64] = np.empty(0, np.int64)
    if not timed.any():
        return Piece(name, octets, empty, empty, empty)
    latest = np.maximum.accumulate(np.where(timed, time_ns, time_ns[timed].min()))
    fresh = np.r_[True, np.diff(latest // _TOGETHER_NS) > 0] & np.r_[True, np.diff(block) > 0]
    blocks = block[fresh].copy()
    blocks[0] = 0
    length = np.diff(blocks, append=len(octets))
    return Piece(name, octets, blocks, length, arrivals(offset[timed], time_ns[timed], blocks))
