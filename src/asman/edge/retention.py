"""What partners gave is deleted when the time is over for which it may be kept.

Each batch says in its label, which its origin has signed, how long it may be kept. That holds for what a
partner passed on of another member, and for what we passed on: its origin's label counts. Once an hour the
record is looked through, file by file, but not the one that is being written. Signed words about batches,
which tell nothing of any aircraft, stay.
"""

import asyncio
import fcntl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple

from asman.edge.border_store import BATCH, hour_of
from asman.edge.segment_log import SegmentLog, records
from asman.errors import InputError
from asman.sharing import spans
from asman.sharing.audit import Entry, of_deletion
from asman.sharing.batches import BatchError, Header, enclosed, take_apart

#: How often the record is looked through.
EVERY_S: Final = 3_600.0
_NEVER: Final = 2**63 - 1
#: Raises OSError.
Account = Callable[[list[Entry]], Awaitable[None]]


class Outlived(NamedTuple):
    """What of one file of the record is to be deleted."""

    path: Path
    origin: str
    batches: int
    rows: int


class Retention:
    """Looks through the received batches of one node, and those that it passed on."""

    def __init__(
        self, folder: Path, account: Account, now_ns: Callable[[], int], sent: Path | None = None
    ) -> None:
        """`account` writes what was deleted; where it raises, nothing is. `sent`: folder of what we sent."""
        self.problem = ""
        self._folder = folder
        self._sent = sent
        self._account = account
        self._now_ns = now_ns
        #: File -> when something of it is due; what is not here was not looked at yet.
        self._due: dict[Path, int] = {}

    async def run(self) -> None:
        """Delete what is due, once an hour, until cancelled."""
        while True:
            await self.forget()
            await asyncio.sleep(EVERY_S)

    async def forget(self) -> None:
        """Delete what may not be kept any longer; first the account, then the deed."""
        now_ns = self._now_ns()
        try:
            outlived = await asyncio.to_thread(self._outlived, now_ns)
            for path in sorted({one.path for one in outlived}):
                mine = [one for one in outlived if one.path == path]
                await self._account([of_deletion(one.origin, one.batches, one.rows, now_ns) for one in mine])
                await asyncio.to_thread(self._delete, path, now_ns)
            self.problem = ""
        except (OSError, InputError) as error:
            self.problem = f"what may not be kept any longer cannot be deleted: {error}"

    def _outlived(self, now_ns: int) -> list[Outlived]:
        folders = [self._folder, *([self._sent] if self._sent is not None else [])]
        paths = [path for folder in folders for path in sorted(folder.glob("*.log"))]
        return [each for path in paths for each in self._of(path, now_ns)]

    def _until_ns(self, path: Path, kind: int, octets: bytes) -> int:
        return keep_until_ns(kind, octets, passed_on_only=path.parent == self._sent)

    def _of(self, path: Path, now_ns: int) -> list[Outlived]:
        """By origin, what of a file is over."""
        if self._due.get(path, 0) > now_ns or path.stem.endswith(hour_of(now_ns)) or _is_open(path):
            return []
        counts: dict[str, tuple[int, int]] = {}
        next_ns = _NEVER
        for kind, octets in records(path):
            end_ns = self._until_ns(path, kind, octets)
            if end_ns > now_ns:
                next_ns = min(next_ns, end_ns)
                continue
            header = inmost(octets)
            count, rows = counts.get(header.origin, (0, 0))
            counts[header.origin] = (count + 1, rows + header.rows)
        self._due[path] = 0 if counts else next_ns
        return [Outlived(path, origin, *counts[origin]) for origin in sorted(counts)]

    def _delete(self, path: Path, now_ns: int) -> None:
        """Write the file anew without what is over; it goes where nothing is left."""
        fresh, rest = path.with_suffix(".new"), 0
        fresh.unlink(missing_ok=True)
        with SegmentLog(fresh) as log:
            for kind, octets in records(path):
                if self._until_ns(path, kind, octets) > now_ns:
                    log.append(kind, octets)
                    rest += 1
        if rest:
            fresh.replace(path)
        else:
            fresh.unlink()
            path.unlink()


def _is_open(path: Path) -> bool:
    """Whether batches may still be written to a file."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def inmost(octets: bytes) -> Header:
    """The header that a batch's origin signed: of what was passed on, the enclosed one. Raises BatchError."""
    batch = take_apart(octets)
    inner = enclosed(batch.header, batch.payload)
    return take_apart(inner).header if inner else batch.header


def keep_until_ns(kind: int, octets: bytes, *, passed_on_only: bool = False) -> int:
    """Until when a record may be kept, ns; far away for what holds no rows or cannot be read.

    passed_on_only  of batches that we sent: what is our own, we may keep
    """
    if kind != BATCH:
        return _NEVER
    try:
        header = inmost(octets)
        if header.label is None or (passed_on_only and header.origin == take_apart(octets).header.origin):
            return _NEVER
        return header.sent_ns + spans.length_ns(header.label.retain)
    except (BatchError, ValueError):
        return _NEVER
