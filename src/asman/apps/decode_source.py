"""Octets of a recording, from a file or standard input, expanded, whole or in pieces; and their decoding."""

import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError
from asman.model.decoded import REJECTED, Decoded
from asman.wire import sapient
from asman.wire.compressed import DamagedError, expanding, is_compressed
from asman.wire.framing import FRAMINGS, find, form_of
from asman.wire.modes.recognise import NONE
from asman.wire.origin import moved
from asman.wire.pieces import can_be_cut, cut, origin
from asman.wire.reading import Reading, read_as

#: Octets that are decoded at a time.
PIECE_OCTETS: Final = 8 * 1024 * 1024
STDIN: Final = Path("-")

#: Called with octets that were read, and octets in all (0 unknown).
Progress = Callable[[int, int], None]


class Opened(NamedTuple):
    """A recording to read from.

    size    octets in all; 0 where that is not known
    read    gives the next octets, until there are none
    damage  what was met in reading and not told yet: a compressed file that ends too soon is read up to there
    """

    name: str
    size: int
    read: Callable[[int], bytes]
    damage: list[tuple[int, str]]


def opened(path: Path) -> Opened:
    """Open a recording, compressed or not. Raises InputError when it cannot be read, or holds nothing."""
    if path == STDIN:
        return _from("standard input", sys.stdin.buffer, 0)
    if not path.exists():
        raise InputError(str(path), "there is no such file")
    if path.is_dir():
        raise InputError(str(path), "is a folder, not a recording", f"Name the files in it: {path}/*")
    try:
        return _from(str(path), path.open("rb"), path.stat().st_size)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from error


def _from(name: str, file: IO[bytes], size: int) -> Opened:
    head = file.read(PIECE_OCTETS)
    if not head:
        raise InputError(name, "is empty")
    damage: list[tuple[int, str]] = []
    if is_compressed(head):
        return Opened(name, 0, _Rest(_expanding(head + file.read(), name, damage)).take, damage)
    return Opened(name, size, _Rest(iter([head]), file).take, damage)


def _expanding(octets: bytes, name: str, damage: list[tuple[int, str]]) -> Iterator[bytes]:
    """Expand as far as it goes. Raises InputError for bombs, and where nothing at all comes of it."""
    size = 0
    try:
        for piece in expanding(octets, name):
            size += len(piece)
            if piece:
                yield piece
    except DamagedError as error:
        if not size:
            raise
        damage.append((size, error.problem))


class _Rest:
    """Gives octets in pieces of the size that is asked for."""

    def __init__(self, pieces: Iterator[bytes], file: IO[bytes] | None = None) -> None:
        self._pieces = pieces
        self._file = file
        self._left = b""

    def take(self, count: int) -> bytes:
        """Give so many octets; fewer only at the end. A negative count gives all."""
        parts, size = [self._left], len(self._left)
        while count < 0 or size < count:
            piece = next(self._pieces, b"") or (self._file.read(max(count - size, -1)) if self._file else b"")
            if not piece:
                break
            parts.append(piece)
            size += len(piece)
        whole = b"".join(parts)
        if count < 0:
            self._left = b""
            return whole
        self._left = whole[count:]
        return whole[:count]


def opened_octets(octets: bytes) -> Opened:
    """Octets as a recording. Raises InputError as `opened`."""
    return _from("recording", BytesIO(octets), len(octets))


def told(decoded: Decoded, recording: Opened) -> Decoded:
    """Add the damage that was met in reading to what was rejected, once."""
    if not recording.damage:
        return decoded
    places, reasons = zip(*recording.damage, strict=True)
    recording.damage.clear()
    nothing = [0] * len(places)
    lost = pa.table([places, places, pa.nulls(len(places)), nothing, reasons], schema=REJECTED)
    return msgspec.structs.replace(decoded, rejected=pa.concat_tables([decoded.rejected, lost]))


def in_pieces(recording: Opened, how: Reading, progress: Progress, piece_octets: int) -> Iterator[Decoded]:
    """Decode a recording piece by piece, so that memory stays bounded; small ones are one piece.

    piece_octets  of a piece; negative: all is one piece

    What was learnt of editions goes from piece to piece; a piece that contradicts it is judged anew.
    """
    for decoded in _in_pieces(recording, how, progress, piece_octets):
        yield told(decoded, recording)


def _in_pieces(recording: Opened, how: Reading, progress: Progress, piece_octets: int) -> Iterator[Decoded]:
    octets = recording.read(piece_octets)
    if piece_octets < 0 or len(octets) < piece_octets:
        progress(len(octets), recording.size)
        yield read_as(octets, how)
        return
    framing = how.framing or _cut_as(octets)
    if not framing or framing not in FRAMINGS or not can_be_cut(find(octets, framing)):
        octets += recording.read(-1)
        progress(len(octets), recording.size)
        yield read_as(octets, how)
        return
    how = msgspec.structs.replace(how, framing=framing)
    learnt: dict[str, str] = {}
    head, position = b"", 0
    rest = octets
    while True:
        buffer = head + rest
        more = len(rest) >= piece_octets
        view: NDArray[np.uint8] = np.frombuffer(buffer, np.uint8)
        at = cut(view, framing) if more else None
        end = len(buffer) if at is None else at.end
        decoded = _decoded(buffer[:end], how, learnt)
        where = origin(len(head), position)
        if where is not None:
            tables = {name: moved(table, where) for name, table in decoded.tables.items()}
            decoded = msgspec.structs.replace(
                decoded, tables=tables, rejected=moved(decoded.rejected, where), octets=end - len(head)
            )
        progress(position + end - len(head), recording.size)
        yield decoded
        if at is None:
            return
        position += end - len(head)
        rest = buffer[end:] + recording.read(piece_octets)
        head = at.head


def _cut_as(octets: bytes) -> str:
    return "" if form_of(octets) != NONE or sapient.recognise(octets) else find(octets).name


def _decoded(octets: bytes, how: Reading, learnt: dict[str, str]) -> Decoded:
    """Decode a piece with what was learnt, and learn."""
    decoded = read_as(octets, msgspec.structs.replace(how, editions={**learnt, **how.editions}))
    gone = [name for name in learnt if name in decoded.editions and name not in decoded.tables]
    if gone:
        for name in gone:
            del learnt[name]
        decoded = read_as(octets, msgspec.structs.replace(how, editions={**learnt, **how.editions}))
    named = {key.upper().removeprefix("CAT").split("@")[0].zfill(3) for key in how.editions}
    editions = dict(decoded.editions)
    for name, choice in decoded.editions.items():
        if name in learnt:
            editions[name] = msgspec.structs.replace(choice, pinned=False)
        if name in decoded.tables and name[3:] not in named:
            learnt.setdefault(name, choice.edition)
            learnt |= {f"{name}@{source}": edition for source, edition in choice.sources.items()}
    return msgspec.structs.replace(decoded, editions=editions)
