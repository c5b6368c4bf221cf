"""A step's datagrams as one buffer, and the way back from an octet in it to its feed.

Reading many small datagrams one by one costs more than reading them; so they are read together.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.datagram import Datagram
from asman.model.frames import Frames
from asman.model.plots import NAME

Ints = NDArray[np.int64]

_RECORDING: Final = "recording"


class Batch(NamedTuple):
    """Datagrams one behind the other.

    octets  all of them
    frames  where each lies in `octets`, and when it arrived
    feeds   names of the feeds
    feed    (F,)  index into `feeds`
    origin  (F,)  octet of its feed at which each begins
    """

    octets: bytes
    frames: Frames
    feeds: tuple[str, ...]
    feed: Ints
    origin: Ints


def gather(datagrams: tuple[Datagram, ...]) -> Batch:
    """Put datagrams one behind the other, in their order."""
    length = np.array([len(datagram.octets) for datagram in datagrams], np.int64)
    start = np.cumsum(length) - length
    time_ns = np.array([datagram.time_ns for datagram in datagrams], np.int64)
    feeds = tuple(dict.fromkeys(datagram.feed for datagram in datagrams))
    number = {name: index for index, name in enumerate(feeds)}
    return Batch(
        octets=b"".join([datagram.octets for datagram in datagrams]),
        frames=Frames(start, length, time_ns),
        feeds=feeds,
        feed=np.array([number[datagram.feed] for datagram in datagrams], np.int64),
        origin=np.array([datagram.offset for datagram in datagrams], np.int64),
    )


def frame_of(batch: Batch, offset: Ints) -> Ints:
    """Index of the datagram in which each octet of the buffer lies."""
    return np.searchsorted(batch.frames.start, offset, side="right") - 1


def trace(batch: Batch, table: pa.Table) -> pa.Table:
    """Return a table whose `offset` and `recording` lead to the feeds instead of the buffer."""
    if not table.num_rows:
        return table
    offset = table["offset"].to_numpy()
    frame = frame_of(batch, offset)
    indices: Any = pa.array(batch.feed[frame].astype(np.int32))
    recording = pa.DictionaryArray.from_arrays(indices, pa.array(batch.feeds)).cast(NAME)
    columns = {
        "offset": pa.array(batch.origin[frame] + offset - batch.frames.start[frame]),
        _RECORDING: recording,
    }
    for name, column in columns.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), column)
    return table
