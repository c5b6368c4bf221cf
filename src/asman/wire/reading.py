"""Any recording to tables, by what it holds: Mode S, SAPIENT, ASTERIX, or Mode S and it in a capture."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.decoded import REJECTED, Decoded
from asman.units import SECOND_NS
from asman.wire import sapient
from asman.wire.asterix.decode import decode as decode_asterix
from asman.wire.flows import Stream
from asman.wire.framing import MODE_S, SAPIENT, Framed, find, form_of, named
from asman.wire.modes import decode as modes
from asman.wire.modes.decode import READSB, Receiver
from asman.wire.origin import moved

#: Packets of Mode S that arrived within so much time are heard together.
_TOGETHER_NS: Final = SECOND_NS // 4


class Reading(msgspec.Struct, frozen=True):
    """How to read.

    editions    ASTERIX: category -> edition that is not to be detected (see `asterix.decode`)
    near_deg    Mode S: where the receiver stands, for positions on the ground
    correct     Mode S: put single wrong bits right
    framing     how octets are wrapped; empty: recognise it
    lenient     ASTERIX: let pass what some senders do wrong without harm
    originals   ASTERIX: the octets of records and items stand beside the values
    everything  ASTERIX: judge editions by all records, not by a sample
    """

    editions: Mapping[str, str] = {}
    near_deg: tuple[float, float] | None = None
    correct: bool = False
    framing: str = ""
    lenient: bool = False
    originals: bool = False
    everything: bool = False


def read(
    octets: Any,
    *,
    editions: Mapping[str, str] | None = None,
    near_deg: tuple[float, float] | None = None,
    correct: bool = False,
    framing: str = "",
    lenient: bool = False,
    originals: bool = False,
    everything: bool = False,
) -> Decoded:
    """Recognise and decode; what is asked for is what `Reading` says.

    Bad octets are rows of `rejected`. Raises InputError when `editions` or `framing` name what there is not.
    """
    how = Reading(editions or {}, near_deg, correct, framing, lenient, originals, everything)
    return read_as(octets, how)


def read_as(octets: Any, how: Reading) -> Decoded:
    """Recognise and decode, as `read`."""
    form = named(how.framing) or form_of(octets)
    if form in MODE_S:
        return modes.decode(octets, form, near_deg=how.near_deg, correct=how.correct)
    if form == SAPIENT:
        return sapient.decode_from_within(octets)
    if not how.framing and sapient.recognise(octets):
        return sapient.decode(octets)
    return decode_framed(find(octets, how.framing), how, len(octets))


def decode_framed(framed: Framed, how: Reading, octets: int) -> Decoded:
    """Decode what was found in a recording of so many octets."""
    decoded = decode_asterix(
        framed.octets,
        framed.frames,
        editions=how.editions,
        framing=framed.name,
        lenient=how.lenient,
        originals=how.originals,
        everything=how.everything,
    )
    tables, rejected = decoded.tables, decoded.rejected
    if framed.origin is not None:
        tables = {name: moved(table, framed.origin) for name, table in tables.items()}
        rejected = moved(rejected, framed.origin)
    notes = list(framed.notes)
    for stream in framed.streams:
        heard, lost = hear(stream, how)
        notes.append(f"Mode S as {stream.form} in {stream.ends.size:,} packets")
        rejected = pa.concat_tables([rejected, lost])
        for name, table in heard.items():
            former = tables.get(name)
            tables[name] = table if former is None else pa.concat_tables([former, table])
    if framed.rejected:
        rejected = pa.concat_tables([with_reasons(framed), rejected])
    rejected = rejected.sort_by([("block", "ascending"), ("offset", "ascending")])
    return Decoded(tables, rejected, decoded.editions, framed.name, octets, tuple(notes))


def with_reasons(framed: Framed) -> pa.Table:
    """What the framing could not use, as rows of REJECTED."""
    offsets = pa.array(np.array([one.offset for one in framed.rejected], np.int64))
    lengths = pa.array(np.array([one.length for one in framed.rejected], np.int64))
    nothing = pa.nulls(len(framed.rejected), pa.int16())
    reasons = pa.array([one.reason for one in framed.rejected])
    return pa.table([offsets, offsets, nothing, lengths, reasons], schema=REJECTED)


def hear(stream: Stream, how: Reading) -> tuple[dict[str, pa.Table], pa.Table]:
    """Decode Mode S that came in packets: when they were captured gives UTC and the receiver's clock."""
    receiver = modes.listen(stream.form, near_deg=how.near_deg, correct=how.correct)
    tables: dict[str, list[pa.Table]] = {}
    lost: list[pa.Table] = []
    begin = 0
    for end, time_ns in _pieces(stream):
        receiver, heard = modes.hear(receiver, stream.octets[begin:end].tobytes(), time_ns)
        begin = end
        lost.append(heard.rejected)
        for name, table in heard.tables.items():
            tables.setdefault(name, []).append(table)
    lost.append(_unfinished(receiver))
    joined = {name: moved(pa.concat_tables(some), stream.origin) for name, some in tables.items()}
    return joined, moved(pa.concat_tables(lost), stream.origin)


def _pieces(stream: Stream) -> list[tuple[int, int]]:
    """Where pieces of the stream end, and when each arrived: documents each alone, else some together."""
    if stream.form == READSB:
        last = np.arange(stream.ends.size)
    else:
        last = np.flatnonzero(np.diff(stream.time_ns // _TOGETHER_NS, append=-1))
    pairs: NDArray[np.int64] = np.column_stack([stream.ends[last], stream.time_ns[last]])
    return [(end, time_ns) for end, time_ns in pairs.tolist()]


def _unfinished(receiver: Receiver) -> pa.Table:
    if not receiver.rest:
        return REJECTED.empty_table()
    at, size = [receiver.heard], [len(receiver.rest)]
    return pa.table([at, at, [None], size, ["the capture ends within a message"]], schema=REJECTED)


__all__ = ["Reading", "decode_framed", "hear", "read", "read_as", "with_reasons"]
