"""The account on disk: entries and signed heads in a segment log, and their tree in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asman.edge.segment_log import SegmentLog, records
from asman.errors import InputError
from asman.sharing.audit import Entry, Head, encode, sign_head
from asman.sharing.merkle import Tree

#: Kinds of records in the log.
ENTRY: Final = ord("E")
HEAD: Final = ord("H")


def write_entries(path: Path, entries: Sequence[Entry]) -> None:
    """Add entries to a log, and return when they are on the disk."""
    with SegmentLog(path) as log:
        for entry in entries:
            log.append(ENTRY, encode(entry))


def read_log(path: Path) -> tuple[Tree, list[bytes], list[tuple[int, Head]]]:
    """The tree of a log, its entries, and its heads with how many entries stood before each."""
    tree, entries, heads = Tree(), list[bytes](), list[tuple[int, Head]]()
    for kind, octets in records(path):
        if kind == ENTRY:
            tree.append(octets)
            entries.append(octets)
        elif kind == HEAD:
            try:
                heads.append((len(tree), msgspec.json.decode(octets, type=Head)))
            except msgspec.DecodeError as error:
                raise InputError(str(path), f"holds a head that cannot be read: {error}") from error
    return tree, entries, heads


class Account:
    """A log that a running node writes."""

    def __init__(self, path: Path) -> None:
        """Open or begin it. Raises InputError where it cannot be written, or another process writes it."""
        self._log = SegmentLog(path)
        self._tree, _, _ = read_log(path)
        self._unsynced: list[bytes] = []

    def __len__(self) -> int:
        return len(self._tree)

    def close(self) -> None:
        """Close it."""
        with self._log:
            pass

    def write(self, entries: Sequence[Entry]) -> None:
        """Add entries; they are on the disk when this returns. Raises OSError: then nothing may be done."""
        for entry in entries:
            octets = encode(entry)
            self._log.append(ENTRY, octets)
            # What a full disk holds up stays in the file's buffer: it goes out, and counts, with the next
            # ones.
            self._unsynced.append(octets)
        self._log.sync()
        for octets in self._unsynced:
            self._tree.append(octets)
        self._unsynced.clear()

    def sign(self, member: str, at_ns: int, key: Ed25519PrivateKey) -> Head:
        """Sign what it holds now; the head goes into the log. Raises OSError."""
        self.write(())
        head = sign_head(self._tree, member, at_ns, key)
        self._log.append(HEAD, msgspec.json.encode(head))
        self._log.sync()
        return head

    def proof(self, older: int, size: int | None = None) -> list[bytes]:
        """Hashes that show that its first `size` entries, all unless given, begin with the first `older`."""
        return self._tree.consistency(older, size)
