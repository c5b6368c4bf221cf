"""Mode S octets in, Arrow tables out, and the memory that goes from one piece of a stream to the next.

    decoded = decode(octets, "beast")                       # a whole recording
    receiver = listen("beast"); receiver, part = hear(receiver, octets, arrived_ns)     # a live stream

How a stream is cut does not show in what is decoded. A piece of so many messages is worked on at a time, so
that what is not yet a table stays in the processor's cache, whatever the size of the recording.
"""

from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError
from asman.kernels import comm_b_read, modes_check
from asman.kernels import modes_aircraft as of
from asman.kernels import modes_read as mr
from asman.kernels import squitter_read as sq
from asman.kernels.beast_read import (
    CUT_SHORT,
    ENDS_WITHIN,
    FRAME_COLUMNS,
    LENGTH,
    NO_FRAME,
    OFFSET,
    SIGNAL,
    SIZE,
    TICKS,
    read_frames,
)
from asman.kernels.modes_aircraft import Aircraft
from asman.kernels.modes_bits import LONG
from asman.kernels.modes_text import EPOCH_NS, LINE_COLUMNS, read_lines
from asman.model.decoded import REJECTED, Decoded
from asman.model.frames import NO_TIME
from asman.model.plots import TIME
from asman.units import SECOND_NS
from asman.wire.modes import clock as clocks
from asman.wire.modes import readsb, sbs
from asman.wire.modes.clock import Anchor, Unrolled
from asman.wire.modes.recognise import AVR, BEAST, READSB, SBS
from asman.wire.modes.tables import TABLES, batch, plain, whole_table

#: Messages that are worked on at a time.
PIECE: Final = 32_768
#: Messages by which the clock is judged.
JUDGED: Final = 65_536
#: Aircraft that were not heard for so long make room when there is none.
MEMORY_NS: Final = 300 * SECOND_NS
FORMS: Final = (BEAST, AVR, SBS, READSB)
#: Octets that wait for the end of their line at most.
REST_MAX: Final = 16 * 1024 * 1024
_OTHERS: Final = {SBS: sbs.decode, READSB: readsb.decode}
_LOST: Final = {
    ("beast", NO_FRAME): "octets that are no Beast frame",
    ("beast", CUT_SHORT): "Beast frame that was cut short: the next one begins in it",
    ("beast", ENDS_WITHIN): "the recording ends within a Beast frame",
    ("avr", 1): "line that holds no Mode S message",
}
PARITY: Final = "damaged message: its parity does not divide"
_GIVEN_UP: Final = {
    modes_check.PARITY: PARITY,
    modes_check.FORMAT: "downlink format that is not assigned",
    modes_check.WRONG_LENGTH: "message whose length is not that of its downlink format",
    modes_check.MILITARY: "military extended squitter (DF19): its content is not published",
}
_NAMES: Final = tuple(TABLES)

Ints = NDArray[np.int64]
Octets = NDArray[np.uint8]


class Receiver(msgspec.Struct, frozen=True):
    """What is remembered of a stream.

    form      "beast" or "avr"
    aircraft  what was heard of each; `hear` works in it: a receiver that was handed over is spent
    clock     what the times count; "" before anything was heard
    unrolled  where a clock of the day stood
    anchor    UTC by that clock, where arrivals are timed
    near_deg  latitude and longitude of the antenna; NaN where unknown
    correct   single wrong bits are put right
    rest      octets that are not a message yet
    heard     octets before those
    """

    form: str
    aircraft: Aircraft
    clock: str = ""
    unrolled: Unrolled = Unrolled()
    anchor: Anchor | None = None
    near_deg: tuple[float, float] = (float("nan"), float("nan"))
    correct: bool = False
    rest: bytes = b""
    heard: int = 0


class Heard(NamedTuple):
    """What a piece of a stream gave: tables by name, and rows of REJECTED."""

    tables: dict[str, pa.Table]
    rejected: pa.Table


def listen(form: str, *, near_deg: tuple[float, float] | None = None, correct: bool = False) -> Receiver:
    """Begin with a stream. Raises InputError for a form that there is not."""
    if form not in FORMS:
        raise InputError(f"form {form}", "is no form of Mode S messages", "Known: " + ", ".join(FORMS))
    near = near_deg or (float("nan"), float("nan"))
    return Receiver(form, of.nobody(), near_deg=near, correct=correct)


def copy(receiver: Receiver) -> Receiver:
    """A receiver that nothing heard later changes."""
    return msgspec.structs.replace(receiver, aircraft=of.copied(receiver.aircraft))


def decode(
    octets: Any, form: str, *, near_deg: tuple[float, float] | None = None, correct: bool = False
) -> Decoded:
    """Decode a whole recording; bad octets are rows of `rejected`, never an exception.

    form      "beast" or "avr" (and all other lines with a message in them)
    near_deg  latitude and longitude of the antenna, for positions on the ground and a test of range
    correct   put single wrong bits right: off, because it makes wrong messages of damaged ones
    """
    if form in _OTHERS:
        return _OTHERS[form](octets)
    view: Octets = np.frombuffer(octets, np.uint8)
    view.flags.writeable = False
    work = _Work(listen(form, near_deg=near_deg, correct=correct), int(view.size))
    at = work.read(view, 0, NO_TIME, whole=True)
    assert at == view.size
    tables, rejected = work.tables()
    return Decoded(tables, rejected, {}, form, int(view.size))


def hear(receiver: Receiver, octets: bytes, arrived_ns: int = NO_TIME) -> tuple[Receiver, Heard]:
    """Decode the next octets of a stream; what is not a message yet waits for the next call.

    Offsets in the tables count from the stream's first octet.
    """
    if receiver.form in _OTHERS:
        return _hear_text(receiver, receiver.rest + octets)
    view: Octets = np.frombuffer(receiver.rest + octets, np.uint8)
    work = _Work(receiver, int(view.size))
    at = work.read(view, receiver.heard, arrived_ns, whole=False)
    after = msgspec.structs.replace(
        work.receiver, rest=view[at:].tobytes(), heard=receiver.heard + at, aircraft=work.receiver.aircraft
    )
    return after, Heard(*work.tables())


def _hear_text(receiver: Receiver, octets: bytes) -> tuple[Receiver, Heard]:
    """Whole lines of SBS; whole documents of readsb, each of which arrives at once or ends a line."""
    ends = octets.rstrip(b" \t\r\n").endswith(b"}") if receiver.form == READSB else False
    at = len(octets) if ends else octets.rfind(b"\n") + 1
    if not at and len(octets) > REST_MAX:
        at = len(octets)
    decoded = _OTHERS[receiver.form](octets[:at])
    after = msgspec.structs.replace(receiver, rest=octets[at:], heard=receiver.heard + at)
    tables = {name: _moved(table, receiver.heard) for name, table in decoded.tables.items()}
    return after, Heard(tables, _moved(decoded.rejected, receiver.heard))


def _moved(table: pa.Table, by: int) -> pa.Table:
    """A table whose offsets count from the stream's first octet."""
    for name in ("offset", "block"):
        at = table.schema.get_field_index(name)
        moved: Any = pa.array(table[name].to_numpy() + by)
        table = table.set_column(at, table.schema.field(at), moved)
    return table


class _Work:
    """Arrays that are filled piece by piece, and the batches that were made of them."""

    def __init__(self, receiver: Receiver, octets: int) -> None:
        self.receiver = receiver
        # No message is shorter than a line of a Mode A/C reply.
        self.size = size = min(PIECE, octets // 5 + 2)
        self.batches: dict[str, list[pa.RecordBatch]] = {name: [] for name in _NAMES}
        self.lost: list[pa.RecordBatch] = []
        self.messages = np.zeros((size, LONG), np.uint8)
        columns = FRAME_COLUMNS if receiver.form == "beast" else LINE_COLUMNS
        self.frames = np.empty((size, columns), np.int64)
        self.broken = np.empty((size, 3), np.int64)
        self.rows = mr.Rows(
            np.empty((sq.WHOLES, size), np.int32),
            np.empty((sq.REALS, size)),
            np.empty((sq.NAMES, size), np.int64),
            np.empty((mr.WHOLES, size), np.int32),
            np.empty((mr.REALS, size)),
            np.empty((mr.WHOLES_B, size), np.int32),
            np.empty((mr.REALS_B, size)),
            np.empty((2, size), np.int64),
            np.zeros(3, np.int64),
        )
        assert comm_b_read.VALUES + 2 == mr.REALS_B

    def read(self, view: Octets, base: int, arrived_ns: int, *, whole: bool) -> int:
        """Read all that can be read, and give the octet at which to go on."""
        reader = read_frames if self.receiver.form == "beast" else read_lines
        at = 0
        while at < view.size:
            counts = reader(view, at, self.messages, self.frames, self.broken, whole)
            found, gone, at_next = (int(one) for one in counts)
            if self.receiver.clock in ("", clocks.NONE) and found:
                self._judge(view, at, whole)
            self._note_lost(gone, base)
            if found:
                self._piece(found, base, arrived_ns)
            if at_next == at and not found and not gone:
                break
            at = at_next
            if not whole and found < self.size and gone + 2 <= self.size:
                break
        return at

    def _judge(self, view: Octets, at: int, whole: bool) -> None:
        """Say what the clock counts, by the first messages of all."""
        reader = read_frames if self.receiver.form == "beast" else read_lines
        room = min(JUDGED, (view.size - at) // 11 + 1)
        frames = np.empty((room, self.frames.shape[1]), np.int64)
        found, _, _ = reader(
            view, at, np.empty((room, LONG), np.uint8), frames, np.empty((room + 2, 3), np.int64), whole
        )
        clock = clocks.judge(frames[:found, TICKS])
        if (
            clock == clocks.NONE
            and self.receiver.form == "avr"
            and (frames[:found, EPOCH_NS] != NO_TIME).any()
        ):
            clock = clocks.EPOCH
        self.receiver = msgspec.structs.replace(self.receiver, clock=clock)

    def _piece(self, found: int, base: int, arrived_ns: int) -> None:
        messages, frames = self.messages[:found], self.frames[:found]
        verdict, heads = np.empty(found, np.int8), np.empty((found, 4), np.int64)
        modes_check.check(
            messages, np.ascontiguousarray(frames[:, LENGTH]), self.receiver.correct, verdict, heads
        )
        clock_ns, time_ns = self._times(frames, arrived_ns)
        by_ns = clock_ns if self.receiver.clock in (clocks.TWELVE_MHZ, clocks.GPS) else time_ns
        self._fill(messages, verdict, heads, by_ns)
        for place, name in enumerate(_NAMES):
            mine = np.flatnonzero(verdict == place)
            if mine.size:
                head = _head(frames[mine], base, clock_ns[mine], time_ns[mine])
                self.batches[name].append(self._batch(name, place, head))
        for reason, words in _GIVEN_UP.items():
            bad = frames[verdict == reason]
            if bad.shape[0]:
                self._reject(bad[:, OFFSET] + base, bad[:, SIZE], words)

    def _times(self, frames: Ints, arrived_ns: int) -> tuple[Ints, Ints]:
        """Times of the receiver's clock and UTC, ns; NO_TIME where unknown."""
        clock_ns, unrolled = clocks.nanoseconds(frames[:, TICKS], self.receiver.clock, self.receiver.unrolled)
        self.receiver = msgspec.structs.replace(self.receiver, unrolled=unrolled)
        time_ns = np.full(frames.shape[0], arrived_ns, np.int64)
        told = clock_ns != NO_TIME
        if arrived_ns != NO_TIME and told.any():
            anchor = clocks.anchored(self.receiver.anchor, arrived_ns, int(clock_ns.max()))
            self.receiver = msgspec.structs.replace(self.receiver, anchor=anchor)
            time_ns[told] = clock_ns[told] + anchor.ahead_ns
        if self.receiver.form == AVR:
            said = frames[:, EPOCH_NS]
            time_ns = np.where(said != NO_TIME, said, time_ns)
        return clock_ns, time_ns

    def _fill(self, messages: Octets, verdict: NDArray[np.int8], heads: Ints, by_ns: Ints) -> None:
        counts = np.bincount(verdict, minlength=modes_check.VERDICTS)
        rows = self.rows
        tables = (
            (rows.sq_whole, rows.sq_real, rows.sq_name),
            (rows.re_whole, rows.re_real),
            (rows.cb_whole, rows.cb_real, rows.cb_bits),
        )
        for place, arrays in enumerate(tables):
            for one in arrays:
                one[:, : counts[place]] = np.nan if one.dtype == np.float64 else -1
        rows.done[:] = 0
        near = np.array(self.receiver.near_deg)
        at = 0
        while True:
            at = mr.read_messages(messages, verdict, heads, by_ns, at, near, self.receiver.aircraft, rows)
            if at == len(messages):
                return
            self._make_room(int(by_ns[at]))

    def _make_room(self, now_ns: int) -> None:
        """Double the table of aircraft; at its bound forget those that were not heard for long."""
        old = self.receiver.aircraft
        places = min(old.key.size * 2, of.PLACES_MAX)
        memory_ns = np.iinfo(np.int64).max if places > old.key.size else MEMORY_NS
        new = of.nobody(places)
        of.moved(old, new, now_ns, memory_ns)
        if new.counts[of.KNOWN] * 2 >= new.key.size:
            # More are heard at once than there are aircraft in the world's sky: all of it is noise.
            new = of.nobody(places)
            new.counts[of.FORGOTTEN] = old.counts[of.FORGOTTEN] + old.counts[of.KNOWN]
        self.receiver = msgspec.structs.replace(self.receiver, aircraft=new)

    def _batch(self, name: str, place: int, head: list[pa.Array]) -> pa.RecordBatch:
        rows = self.rows
        whole, real, names = (
            (rows.sq_whole, rows.sq_real, rows.sq_name),
            (rows.re_whole, rows.re_real, rows.cb_bits),
            (rows.cb_whole, rows.cb_real, rows.cb_bits),
        )[place]
        return batch(name, head, whole, real, names, int(rows.done[place]))

    def _note_lost(self, gone: int, base: int) -> None:
        broken = self.broken[:gone]
        for reason in np.unique(broken[:, 2]).tolist():
            some = broken[broken[:, 2] == reason]
            self._reject(some[:, 0] + base, some[:, 1], _LOST[self.receiver.form, reason])

    def _reject(self, offset: Ints, length: Ints, reason: str) -> None:
        words: Any = pa.DictionaryArray.from_arrays(np.zeros(offset.size, np.int32), pa.array([reason]))
        columns = [pa.array(offset), pa.array(offset), pa.nulls(offset.size, pa.int16()), pa.array(length)]
        self.lost.append(pa.RecordBatch.from_arrays([*columns, words.cast(pa.string())], schema=REJECTED))

    def tables(self) -> tuple[dict[str, pa.Table], pa.Table]:
        """All batches as tables, and what was given up, in file order."""
        clock = self.receiver.clock or clocks.NONE
        tables = {
            name: whole_table(name, batches, clock) for name, batches in self.batches.items() if batches
        }
        lost = pa.Table.from_batches(self.lost, schema=REJECTED)
        return tables, lost.sort_by([("offset", "ascending")]) if lost.num_rows else lost


def _head(frames: Ints, base: int, clock_ns: Ints, time_ns: Ints) -> list[pa.Array]:
    """The arrays of HEAD."""
    count = frames.shape[0]
    offset = frames[:, OFFSET] + base
    offsets = pa.Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(offset)])
    signal = frames[:, SIGNAL]
    return [
        _nanoseconds(time_ns, TIME),
        _nanoseconds(clock_ns, pa.int64()),
        offsets,
        plain(frames[:, SIZE], np.ones(count, np.bool_), pa.int32()),
        offsets,
        plain(signal, signal >= 0, pa.int16()),
    ]


def _nanoseconds(values: Ints, kind: pa.DataType) -> pa.Array:
    there = values != NO_TIME
    if not there.any():
        return pa.nulls(values.size, kind)
    bitmap = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(kind, values.size, [bitmap, pa.py_buffer(np.ascontiguousarray(values))])
