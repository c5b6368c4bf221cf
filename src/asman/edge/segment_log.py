"""An append-only file of records: length, checksum, kind, octets. What was synced survives a power cut.

A record that was being written when the power went is found by its checksum and cut off at the next opening;
what came before it is whole. One writer at a time: the file is locked.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

from asman.errors import InputError

_FRAME: Final = struct.Struct("<IIB")
#: Longer than any record: a length beyond it is no length.
MOST_OCTETS: Final = 4_000_000


class SegmentLog:
    """A log that is open for appending; use it as a context."""

    def __init__(self, path: Path) -> None:
        """Open or begin a log. Raises InputError where it cannot be written, or another process writes it."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab+")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(str(path), f"cannot be written: {error.strerror}", "Another node?") from error
        whole = whole_octets(path)
        if whole < path.stat().st_size:
            self._file.truncate(whole)

    def __enter__(self) -> "SegmentLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sync()
        self._file.close()

    def append(self, kind: int, octets: bytes) -> None:
        """Add a record; it is safe after the next `sync`. Raises OSError, e.g. when the disk is full."""
        if len(octets) > MOST_OCTETS:
            raise ValueError(f"a record of {len(octets):,} octets; {MOST_OCTETS:,} are the most")
        self._file.write(_FRAME.pack(len(octets), zlib.crc32(bytes([kind]) + octets), kind) + octets)

    def sync(self) -> None:
        """Return when everything that was appended is on the disk: for a group of records at once."""
        self._file.flush()
        os.fsync(self._file.fileno())


def records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Kind and octets of every whole record. Raises InputError where the file cannot be read."""
    for kind, octets, _ in _records(path):
        yield kind, octets


def whole_octets(path: Path) -> int:
    """Octets of the file up to the end of its last whole record."""
    return max((end for _, _, end in _records(path)), default=0)


def _records(path: Path) -> Iterator[tuple[int, bytes, int]]:
    try:
        with path.open("rb") as file:
            end = 0
            while len(head := file.read(_FRAME.size)) == _FRAME.size:
                length, checksum, kind = _FRAME.unpack(head)
                octets = file.read(length) if length <= MOST_OCTETS else b""
                if len(octets) != length or zlib.crc32(bytes([kind]) + octets) != checksum:
                    return
                end += _FRAME.size + length
                yield kind, octets, end
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", "Check the path.") from error
