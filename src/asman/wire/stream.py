"""The binary frames of `WS /api/stream`: columns to octets and back (docs/reference/stream.md).

A frame is a header of 40 octets and then columns, little-endian, one after another without padding, so
that a browser makes typed arrays over them without parsing.
"""

import struct
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.errors import FeedError

MAGIC: Final = 0x4E4D5341
VERSION: Final = 1
SNAPSHOT: Final = 1
DELTA: Final = 2
TRAILS: Final = 3
SIMULATED_FRAME: Final = 1

CONFIRMED: Final = 1
COASTING: Final = 2
ON_GROUND: Final = 4
SIMULATED: Final = 8

NO_ADDRESS: Final = 0xFFFFFFFF
NO_MODE_3A: Final = 0xFFFF
#: Of a member that is not in the node's table.
NO_ORIGIN: Final = 0xFF
#: Sensors from this index on share one bit.
LAST_CONTRIBUTOR_BIT: Final = 31

HEADER: Final = struct.Struct("<IHBBdIIIIQ")
SEQUENCE_AT: Final = 16

#: Columns of a picture in the order of the frame; `removed` stands after the first.
COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("track", "<f8"),
    ("lat_e7", "<i4"),
    ("lon_e7", "<i4"),
    ("altitude_m", "<f4"),
    ("vn_mps", "<f4"),
    ("ve_mps", "<f4"),
    ("climb_mps", "<f4"),
    ("sigma_m", "<f4"),
    ("age_s", "<f4"),
    ("address", "<u4"),
    ("contributors", "<u4"),
    ("plots", "<u4"),
    ("mode_3a", "<u2"),
    ("existence", "u1"),
    ("flags", "u1"),
    ("callsign", "S8"),
    ("origin", "u1"),
)
ROW_OCTETS: Final = sum(np.dtype(kind).itemsize for _, kind in COLUMNS)


class Picture(NamedTuple):
    """Tracks at one time, in the columns of the stream; each (N,), rising in `track`."""

    track: NDArray[np.float64]
    lat_e7: NDArray[np.int32]
    lon_e7: NDArray[np.int32]
    altitude_m: NDArray[np.float32]
    vn_mps: NDArray[np.float32]
    ve_mps: NDArray[np.float32]
    climb_mps: NDArray[np.float32]
    sigma_m: NDArray[np.float32]
    age_s: NDArray[np.float32]
    address: NDArray[np.uint32]
    contributors: NDArray[np.uint32]
    plots: NDArray[np.uint32]
    mode_3a: NDArray[np.uint16]
    existence: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    callsign: NDArray[np.bytes_]
    origin: NDArray[np.uint8]

    def rows(self, index: NDArray[Any]) -> "Picture":
        """Return the rows that `index` (positions or a mask) names."""
        return Picture._make(column[index] for column in self)


class Trails(NamedTuple):
    """Where tracks were before.

    track   (N,)  f64  track number
    first   (N,)  u32  index of the track's first point; its last stands before the next track's first
    lat_e7, lon_e7 (P,) i32, time_s (P,) f32  points, oldest first; seconds before the frame's time
    """

    track: NDArray[np.float64]
    first: NDArray[np.uint32]
    lat_e7: NDArray[np.int32]
    lon_e7: NDArray[np.int32]
    time_s: NDArray[np.float32]


class Frame(NamedTuple):
    """A frame that was read."""

    kind: int
    simulated: bool
    time_s: float
    sequence: int
    removed: NDArray[np.float64]
    picture: Picture
    trails: Trails


EMPTY: Final = Picture._make(np.empty(0, kind) for _, kind in COLUMNS)
NO_TRAILS: Final = Trails(
    np.empty(0, "<f8"), np.empty(0, "<u4"), np.empty(0, "<i4"), np.empty(0, "<i4"), np.empty(0, "<f4")
)
NONE_REMOVED: Final[NDArray[np.float64]] = np.empty(0, "<f8")


def encode_picture(
    picture: Picture,
    time_s: float,
    *,
    kind: int = SNAPSHOT,
    removed: NDArray[np.float64] = NONE_REMOVED,
    simulated: bool = False,
    sequence: int = 0,
) -> bytes:
    """Return the frame of a snapshot or a delta."""
    flags = SIMULATED_FRAME if simulated else 0
    head = HEADER.pack(MAGIC, VERSION, kind, flags, time_s, sequence, len(picture.track), len(removed), 0, 0)
    columns = [np.ascontiguousarray(c, kind).tobytes() for c, (_, kind) in zip(picture, COLUMNS, strict=True)]
    return b"".join((head, columns[0], np.ascontiguousarray(removed, "<f8").tobytes(), *columns[1:]))


def encode_trails(trails: Trails, time_s: float, *, simulated: bool = False, sequence: int = 0) -> bytes:
    """Return the frame of trails."""
    flags = SIMULATED_FRAME if simulated else 0
    points = len(trails.lat_e7)
    head = HEADER.pack(MAGIC, VERSION, TRAILS, flags, time_s, sequence, len(trails.track), 0, points, 0)
    kinds = ("<f8", "<u4", "<i4", "<i4", "<f4")
    return head + b"".join(np.ascontiguousarray(c, k).tobytes() for c, k in zip(trails, kinds, strict=True))


def numbered(frame: bytes, sequence: int) -> bytes:
    """Return the same frame with the sequence number of one connection."""
    return frame[:SEQUENCE_AT] + struct.pack("<I", sequence & 0xFFFFFFFF) + frame[SEQUENCE_AT + 4 :]


def decode(frame: bytes) -> Frame:
    """Read a frame. Raises FeedError when it is none, or shorter or longer than its header says."""
    if len(frame) < HEADER.size:
        raise FeedError(f"stream frame of {len(frame)} octets: a header has {HEADER.size}")
    magic, version, kind, flags, time_s, sequence, count, removed, points, _ = HEADER.unpack_from(frame)
    if magic != MAGIC or version != VERSION or kind not in (SNAPSHOT, DELTA, TRAILS):
        raise FeedError(f"stream frame: magic {magic:#x}, version {version}, kind {kind} are not known")
    body = count * 12 + points * 12 if kind == TRAILS else count * ROW_OCTETS + removed * 8
    if len(frame) != HEADER.size + body:
        raise FeedError(f"stream frame of {len(frame)} octets: its header says {HEADER.size + body}")
    read = _Reader(frame, HEADER.size)
    simulated = bool(flags & SIMULATED_FRAME)
    if kind == TRAILS:
        trails = Trails(
            read.column("<f8", count),
            read.column("<u4", count),
            read.column("<i4", points),
            read.column("<i4", points),
            read.column("<f4", points),
        )
        return Frame(kind, simulated, time_s, sequence, NONE_REMOVED, EMPTY, trails)
    track = read.column("<f8", count)
    gone = read.column("<f8", removed)
    rest = [read.column(column_kind, count) for _, column_kind in COLUMNS[1:]]
    return Frame(kind, simulated, time_s, sequence, gone, Picture(track, *rest), NO_TRAILS)


class _Reader:
    """Columns one after another."""

    def __init__(self, octets: bytes, at: int) -> None:
        self._octets = octets
        self._at = at

    def column(self, kind: str, count: int) -> NDArray[Any]:
        column = np.frombuffer(self._octets, kind, count, self._at)
        self._at += column.nbytes
        return column


def changed(before: Picture, now: Picture) -> tuple[Picture, NDArray[np.float64]]:
    """Return the rows of `now` that are new, have new plots, flags or owner, and the tracks that are gone."""
    gone = before.track[~np.isin(before.track, now.track, assume_unique=True)]
    at = np.searchsorted(before.track, now.track)
    if len(before.track) == 0:
        return now, gone
    at = np.minimum(at, len(before.track) - 1)
    fresh = (
        (before.track[at] != now.track)
        | (before.plots[at] != now.plots)
        | (before.flags[at] != now.flags)
        | (before.contributors[at] != now.contributors)
        | (before.origin[at] != now.origin)
    )
    return now.rows(fresh), gone
