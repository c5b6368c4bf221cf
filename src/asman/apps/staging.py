"""A running exercise: what is sent, what is injected, and how its clock runs; safe between threads.

One thread makes and sends datagrams (`sending.Flight`), others inject, ask and change the pace. An event
begins no earlier than what has been made already: what was sent stays true, and the scenario with all its
events gives the same octets again.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import pyarrow as pa

from asman import exercise as exercises
from asman.apps.sending import BURST_S, Destination, Flight, Pacer, Sender
from asman.apps.stamping import Stamps, anchor
from asman.edge.exercise_asked import asked
from asman.errors import InputError
from asman.exercise import Exercise
from asman.exercise.emit import Encode
from asman.exercise.events import Event, Ghost, Launch, lasts
from asman.model.datagram import Datagram
from asman.units import SECOND_NS

#: How often a change is made beside the sending before the sending waits for it.
AHEAD_TRIES: Final = 3
#: A datagram that leaves later than this after it was due is counted as late.
LATE_S: Final = 1.0
#: Events that may be injected into one exercise: each costs a little in every step.
INJECTED_MAX: Final = 1_000
SPEED_MIN: Final = 0.1
SPEED_MAX: Final = 20.0

Tap = Callable[[Datagram], None]


class Injected(msgspec.Struct, frozen=True):
    """One event and where it comes from; `at` is empty for the scenario's own."""

    id: str
    number: int
    by: str = ""
    at: str = ""


class Counting(Sender):
    """A sender that counts each sensor's datagrams, and lets somebody see what leaves."""

    def __init__(self, to: Mapping[str, Destination], pacer: Pacer, tap: Tap | None) -> None:
        super().__init__(to)
        self._pacer = pacer
        self._tap = tap
        self._known = frozenset(to)
        self.sent: Counter[str] = Counter()
        self.octets_of: Counter[str] = Counter()
        self.late: Counter[str] = Counter()
        self.failed_of: Counter[str] = Counter()

    def send(self, datagram: Datagram) -> None:
        """Send one datagram and count it."""
        before = self.datagrams
        super().send(datagram)
        if datagram.feed not in self._known:
            return
        if self.datagrams == before:
            self.failed_of[datagram.feed] += 1
            return
        self.sent[datagram.feed] += 1
        self.octets_of[datagram.feed] += len(datagram.octets)
        late_s = (self._pacer.now_ns - datagram.time_ns) / SECOND_NS / self._pacer.speed
        if late_s > LATE_S:
            self.late[datagram.feed] += 1
        if self._tap is not None:
            self._tap(Datagram(datagram.feed, time.time_ns(), datagram.octets))


class Staged:
    """One exercise on the stage.

    sender  open sockets and counters
    flight  who makes and sends
    pacer   the exercise's clock
    """

    def __init__(
        self,
        exercise: Exercise,
        to: Mapping[str, Destination],
        encode: Encode,
        *,
        from_ns: int | None = None,
        speed: float = 1.0,
        tap: Tap | None = None,
    ) -> None:
        """Begin now, at the exercise's begin, or at `from_ns`, which is now by the wall clock as well.

        Raises ConfigError for a destination that cannot be.
        """
        begin_ns = exercise.sky.begin_ns if from_ns is None else from_ns
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._exercise = exercise
        self._made_ns = begin_ns
        self._entries = [Injected(f"s{i + 1}", i) for i in range(len(exercise.scenario.event))]
        self._injected = 0
        self.pacer = Pacer(begin_ns, checked_speed(speed), clock_ns=time.time_ns)
        wall_ns = time.time_ns() if from_ns is None else from_ns
        self._stamps = Stamps(encode, anchor(begin_ns, wall_ns, speed))
        self.sender = Counting(to, self.pacer, tap)
        self.flight = Flight(self._emit, self.sender, self.pacer)

    @property
    def exercise(self) -> Exercise:
        """As it stands, with everything injected so far."""
        return self._exercise

    @property
    def time_s(self) -> float:
        """Seconds since the exercise's begin."""
        return (self.pacer.now_ns - self._exercise.sky.begin_ns) / SECOND_NS

    @property
    def reached_s(self) -> float:
        """The time, in seconds after the begin, up to which datagrams have been made."""
        return self._now_s()

    def _emit(self, begin_ns: int, end_ns: int) -> tuple[Datagram, ...]:
        with self._lock:
            self._made_ns = max(self._made_ns, end_ns)
            return exercises.emissions(self._exercise, begin_ns, end_ns, self._stamps)

    def flying(self) -> pa.Table:
        """Who truly flies now."""
        return exercises.flying(self._exercise, max(self.pacer.now_ns, self._exercise.sky.begin_ns))

    # --- What an instructor wants ---------------------------------------------------------------------

    def inject(self, raw: Any, by: str, at: str) -> tuple[Injected, Event]:
        """Add the event that `raw` asks for. Raises InputError."""
        with self._changing:
            if self.pacer.ended:
                raise InputError("exercise", "has ended", "Start another run.")
            if self._injected >= INJECTED_MAX:
                raise InputError("event", f"{INJECTED_MAX} have been injected already", "Start another run.")

            def change(now_s: float) -> tuple[Exercise, Event]:
                event = asked(raw, self._exercise.scenario, now_s)
                _check_unique(event, self._exercise)
                return exercises.inject(self._exercise, event), event

            event = self._change(change)
            with self._lock:
                self._injected += 1
                number = len(self._exercise.scenario.event) - 1
                entry = Injected(f"e{self._injected}", number, by, at)
                self._entries.append(entry)
            return entry, event

    def end_event(self, name: str) -> tuple[Injected, Event] | None:
        """End an event now, or take it back before it begins; None where there is none of that id."""
        with self._changing:
            entry = next((one for one in self._entries if one.id == name), None)
            if entry is None:
                return None
            number, event = entry.number, self._exercise.scenario.event[entry.number]

            def change(now_s: float) -> tuple[Exercise, Event]:
                ended = _ended(name, event, now_s)
                return exercises.amend(self._exercise, number, ended), ended

            return entry, self._change(change)

    def _change(self, change: Callable[[float], tuple[Exercise, Event]]) -> Event:
        """Put a changed exercise in place of the present one; `change` is told from when it may differ.

        A large sky takes seconds to be laid anew, and sending must not wait for it: the change is made
        beside it, for a little later each time that sending has overtaken it, and at last while it waits.
        """
        ahead_s = 0.0
        for _ in range(AHEAD_TRIES):
            from_s, began_s = self._now_s() + ahead_s, time.monotonic()
            changed, event = change(from_s)
            with self._lock:
                if self._made_ns - self._exercise.sky.begin_ns <= from_s * SECOND_NS:
                    self._exercise = changed
                    return event
            ahead_s = 2.0 * (time.monotonic() - began_s) * self.pacer.speed + BURST_S
        with self._lock:
            self._exercise, event = change(self._now_s())
            return event

    def set_pace(self, *, paused: bool | None = None, speed: float | None = None) -> None:
        """Change how the clock runs; what is None stays. Raises InputError."""
        if speed is not None:
            checked_speed(speed)
        with self._lock:
            if self.pacer.ended:
                raise InputError("exercise", "has ended", "Start another run.")
            if speed is not None:
                self.pacer.speed = speed
            if paused is True:
                self.pacer.pause()
            elif paused is False:
                self.pacer.resume()
            self._stamps.meet(anchor(self.pacer.now_ns, time.time_ns(), self.pacer.speed))

    def events(self) -> list[tuple[Injected, Event]]:
        """All events, the scenario's own first."""
        with self._lock:
            return [(one, self._exercise.scenario.event[one.number]) for one in self._entries]

    def _now_s(self) -> float:
        """The earliest time, in seconds after the begin, of which nothing has been made yet."""
        return (max(self._made_ns, self.pacer.now_ns) - self._exercise.sky.begin_ns) / SECOND_NS


def _ended(name: str, event: Event, now_s: float) -> Event:
    """The event as it is when it ends now. Raises InputError when it cannot."""
    begin_s, end_s = lasts(event)
    if end_s <= now_s:
        raise InputError(f"event {name}", "is over", "Nothing needs to be done.")
    if isinstance(event, Launch) and begin_s + event.flight.begin_s <= now_s:
        raise InputError(
            f"event {name}", "this aircraft is in the air", "It is gone when it has flown its waypoints."
        )
    if begin_s > now_s:
        # Taken back: it is kept for the record, in no time at all.
        return msgspec.structs.replace(event, begin_s=now_s, end_s=now_s)
    return msgspec.structs.replace(event, end_s=now_s)


def _check_unique(event: Event, exercise: Exercise) -> None:
    """A flight is told from others by its id."""
    if not isinstance(event, Launch | Ghost):
        return
    others = [one.id for one in exercise.scenario.flight]
    others += [one.flight.id for one in exercise.scenario.event if isinstance(one, Launch | Ghost)]
    if event.flight.id in others:
        raise InputError("event: flight.id", f"'{event.flight.id}' is there already", "Choose another.")


def checked_speed(speed: float) -> float:
    """Return `speed`. Raises InputError when no live node could follow it."""
    if not SPEED_MIN <= speed <= SPEED_MAX:
        raise InputError("speed", f"needs {SPEED_MIN:g} to {SPEED_MAX:g}, not {speed:g}", "Correct it.")
    return speed
