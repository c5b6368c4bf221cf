"""What a node's border keeps over a restart: every batch verbatim, and where each stream stands.

The record is a log of batches, an hour a file, synced before anything is published or acknowledged. Where the
streams stand is in SQLite (WAL), written after the record; at the start, what the record holds beyond counts.
"""

import datetime
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from asman.edge.segment_log import SegmentLog, records
from asman.errors import InputError
from asman.sharing.audit import Head
from asman.sharing.batches import BatchError, Stream, enclosed, take_apart
from asman.sharing.gate import Inbox, Rejection

BATCH: Final = ord("B")
#: A partner's signed word on batches that cannot be had any more: it explains the gap that follows.
GAP: Final = ord("G")
#: Two heads of a partner's account that do not extend each other: its own signatures show it.
HEADS: Final = ord("H")
Way = Literal["sent", "received"]
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sent (partner TEXT PRIMARY KEY, sequence INTEGER NOT NULL, previous TEXT NOT NULL,
    next_number INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS received (origin TEXT PRIMARY KEY, inbox TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS relayed (relay TEXT NOT NULL, origin TEXT NOT NULL, inbox TEXT NOT NULL,
    PRIMARY KEY (relay, origin)) STRICT;
CREATE TABLE IF NOT EXISTS heads (member TEXT PRIMARY KEY, head TEXT NOT NULL) STRICT;
"""


class BorderStore:
    """The record and the cursors of one node, for any number of threads; `close` it."""

    def __init__(self, folder: Path, now_ns: int) -> None:
        """Open or begin a store. Raises InputError where it cannot be used, or another node uses it."""
        self.folder = folder
        self._logs: dict[tuple[Way, str], SegmentLog] = {}
        self._one_at_a_time = threading.Lock()
        self._closed = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = SegmentLog(folder / "lock")
            self._cursors = sqlite3.connect(folder / "cursors.sqlite", check_same_thread=False)
            self._cursors.execute("PRAGMA journal_mode = WAL")
            self._cursors.execute("PRAGMA synchronous = FULL")
            self._cursors.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise InputError(str(folder), f"cannot be used as a store: {error}", "Another node?") from error
        self._now_ns = now_ns

    def close(self) -> None:
        """Close everything; threads still at it are refused (ValueError, sqlite3.ProgrammingError)."""
        with self._one_at_a_time:
            self._closed = True
            for log in (*self._logs.values(), self._lock):
                with log:
                    pass
            self._logs.clear()
            self._cursors.close()

    def record(
        self, way: Way, partner: str, batches: Sequence[bytes], now_ns: int, kind: int = BATCH
    ) -> None:
        """Keep batches; they are on the disk when this returns. Raises OSError, e.g. when the disk is
        full.
        """
        with self._one_at_a_time:
            log = self._log(way, partner, now_ns)
        for octets in batches:
            log.append(kind, octets)
        log.sync()

    def stream(self, origin: str, partner: str) -> tuple[Stream, int]:
        """Where our stream to a partner stands, and the number that its next new track gets."""
        found = self._rows("SELECT sequence, previous, next_number FROM sent WHERE partner = ?", partner)
        sequence, previous, number = found[0] if found else (0, "", 1)
        for octets in self.latest("sent", partner):
            batch = take_apart(octets)
            if batch.header.sequence > sequence:
                sequence, previous = batch.header.sequence, batch.digest
        return Stream(origin, partner, sequence, previous), number

    def keep_stream(self, stream: Stream, next_number: int) -> None:
        """Remember where our stream to a partner stands."""
        with self._one_at_a_time, self._cursors:
            self._cursors.execute(
                "INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?)",
                (stream.recipient, stream.sequence, stream.previous, next_number),
            )

    def inbox(self, origin: str) -> Inbox:
        """What was taken of a partner."""
        rows = self._rows("SELECT inbox FROM received WHERE origin = ?", origin)
        inbox = _inbox(rows[0][0]) if rows else Inbox(origin)
        for octets in self.latest("received", origin):
            batch = take_apart(octets)
            if batch.header.sequence > inbox.sequence:
                inbox = msgspec.structs.replace(
                    inbox, sequence=batch.header.sequence, previous=batch.digest, taken=inbox.taken + 1
                )
        return inbox

    def keep_inbox(self, inbox: Inbox) -> None:
        """Remember what was taken of a partner, or refused."""
        with self._one_at_a_time, self._cursors:
            self._cursors.execute(
                "INSERT OR REPLACE INTO received VALUES (?, ?)", (inbox.origin, _text(inbox))
            )

    def relayed(self, relay: str) -> dict[str, Inbox]:
        """What was taken of others that a partner passed on: origin -> it."""
        rows = self._rows("SELECT origin, inbox FROM relayed WHERE relay = ?", relay)
        found = {origin: _inbox(text) for origin, text in rows}
        for octets in self.latest("received", relay):
            batch = take_apart(octets)
            inner = enclosed(batch.header, batch.payload)
            if not inner or not _reads(inner):
                continue
            one = take_apart(inner)
            inbox = found.get(one.header.origin, Inbox(one.header.origin))
            if one.header.sequence > inbox.sequence:
                found[inbox.origin] = msgspec.structs.replace(
                    inbox, sequence=one.header.sequence, previous=one.digest, taken=inbox.taken + 1
                )
        return found

    def keep_relayed(self, relay: str, inbox: Inbox) -> None:
        """Remember what was taken, or refused, of what a partner passed on of one origin."""
        with self._one_at_a_time, self._cursors:
            self._cursors.execute(
                "INSERT OR REPLACE INTO relayed VALUES (?, ?, ?)", (relay, inbox.origin, _text(inbox))
            )

    def head(self, member: str) -> Head | None:
        """The latest head of a partner's account that it has shown."""
        rows = self._rows("SELECT head FROM heads WHERE member = ?", member)
        return msgspec.json.decode(rows[0][0], type=Head) if rows else None

    def keep_head(self, head: Head) -> None:
        """Remember the latest head that a partner has shown."""
        with self._one_at_a_time, self._cursors:
            text = msgspec.json.encode(head).decode()
            self._cursors.execute("INSERT OR REPLACE INTO heads VALUES (?, ?)", (head.member, text))

    def forget_head(self, member: str) -> None:
        """Forget a partner's head: the next one that it shows is believed."""
        with self._one_at_a_time, self._cursors:
            self._cursors.execute("DELETE FROM heads WHERE member = ?", (member,))

    def forget(self, partner: str) -> None:
        """Forget where streams with a partner that left stand; the record stays."""
        with self._one_at_a_time, self._cursors:
            self._cursors.execute("DELETE FROM received WHERE origin = ?", (partner,))
            self._cursors.execute("DELETE FROM relayed WHERE relay = ?", (partner,))

    def latest(self, way: Way, partner: str) -> Iterator[bytes]:
        """Batches of the newest hour that there are any of, one after another."""
        paths = sorted((self.folder / way).glob(f"{partner}-*.log"))
        for kind, octets in records(paths[-1]) if paths else ():
            if kind == BATCH and _reads(octets):
                yield octets

    def _rows(self, query: str, name: str) -> list[Any]:
        # SQLite frees what a thread is in the midst of reading where another closes the connection.
        with self._one_at_a_time:
            return self._cursors.execute(query, (name,)).fetchall()

    def _log(self, way: Way, partner: str, now_ns: int) -> SegmentLog:
        if self._closed:
            # A log that were opened anew would keep its lock from whoever opens the store next.
            raise ValueError("the store is closed")
        path = self.folder / way / f"{partner}-{hour_of(now_ns)}.log"
        log = self._logs.get((way, partner))
        if log is None or (log.path != path and log.path < path):
            if log is not None:
                with log:
                    pass
            log = self._logs[way, partner] = SegmentLog(path)
        return log


def hour_of(now_ns: int) -> str:
    """The hour that a file of the record is named by."""
    return datetime.datetime.fromtimestamp(now_ns // 10**9, datetime.UTC).strftime("%Y-%m-%dT%H")


def _reads(octets: bytes) -> bool:
    try:
        take_apart(octets)
    except BatchError:
        return False
    return True


def _text(inbox: Inbox) -> str:
    plain: dict[str, Any] = {
        "sequence": inbox.sequence, "previous": inbox.previous, "anchored": inbox.anchored,
        "quarantined": inbox.quarantined.name if inbox.quarantined else "", "taken": inbox.taken,
        "missing": inbox.missing, "rejected": {one.name: count for one, count in inbox.rejected.items()},
        "origin": inbox.origin,
    }  # fmt: skip
    return msgspec.json.encode(plain).decode()


def _inbox(text: str) -> Inbox:
    plain: dict[str, Any] = msgspec.json.decode(text)
    said = plain["quarantined"]
    plain["quarantined"] = Rejection[said] if said else None
    plain["rejected"] = {Rejection[one]: count for one, count in plain["rejected"].items()}
    return Inbox(**plain)
