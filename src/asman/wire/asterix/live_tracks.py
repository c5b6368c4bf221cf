"""A picture that goes on, as CAT062, 063 and 065: what is sent each time, and what is remembered of it.

    sent, datagrams = step(sent, tracks, now_ns, source, status)

Each time: the last message (TSE) of tracks that are gone; all tracks; the end of the batch; how the system
and its sensors do. A number of 16 bits stays with its track, and is free again when its last message went.
Datagrams are blocks that need no fragmentation.

Sources: EUROCONTROL CAT062, 063, 065, as `from_tracks` and `from_status` have them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from asman.model.tracks import TRACKS
from asman.wire.asterix.encode import encode
from asman.wire.asterix.from_status import CAT063_EDITION, SensorStatus, cat063
from asman.wire.asterix.from_tracks import (
    CAT062_EDITION,
    CAT065_EDITION,
    Source,
    cat062,
    cat065_end_of_batch,
    cat065_status,
    coasts,
    number_tracks,
)


class Sent(NamedTuple):
    """What was sent before.

    tracks   rows of TRACKS as they were sent last
    given    track -> its number of 16 bits
    batches  how many there were
    left_out tracks that could not be said, in all: no place, or all numbers taken
    """

    tracks: pa.Table
    given: Mapping[int, int]
    batches: int = 0
    left_out: int = 0


class Status(NamedTuple):
    """How the system does: worse than it should, too slow, and its sensors."""

    degraded: bool = False
    overload: bool = False
    sensors: Sequence[SensorStatus] = ()


def nothing() -> Sent:
    """What was sent before anything was."""
    return Sent(TRACKS.empty_table(), {})


def step(
    sent: Sent, tracks: pa.Table, now_ns: int, source: Source, status: Status, edition: str = CAT062_EDITION
) -> tuple[Sent, list[bytes]]:
    """Return the datagrams of one picture: rows of TRACKS, each track once."""
    before, now = sent.tracks["track"].to_numpy(), tracks["track"].to_numpy()
    gone = sent.tracks.filter(pa.array(~np.isin(before, now)))
    departed = np.array([sent.given[int(one)] for one in gone["track"].to_pylist()], np.int64)
    ended = cat062(gone, source, departed, last=np.ones(gone.num_rows, np.bool_))
    numbered = number_tracks(now, sent.given)
    fresh = ~np.isin(now, before)
    records = cat062(tracks, source, numbered.number, first=fresh, coasting=coasts(tracks))
    said = tracks.filter(pa.array(numbered.number >= 0))
    blocks: list[bytes] = []
    for table, category, chosen in (
        (ended, 62, edition),
        (records, 62, edition),
        (cat065_end_of_batch(now_ns, source, sent.batches), 65, CAT065_EDITION),
        (
            cat065_status(now_ns, source, degraded=status.degraded, overload=status.overload),
            65,
            CAT065_EDITION,
        ),
        (cat063(now_ns, source, status.sensors), 63, CAT063_EDITION),
    ):
        blocks += encode(table, category, chosen).blocks
    left_out = sent.left_out + tracks.num_rows - records.num_rows
    return Sent(said, numbered.given, sent.batches + 1, left_out), blocks
