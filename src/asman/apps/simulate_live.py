"""A scenario live: what its sensors send leaves over UDP as exercise time passes."""

import math
import signal
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from asman import exercise as exercises
from asman.apps.sending import Destination, Flight, Pacer, Sender
from asman.exercise import Exercise
from asman.units import SECOND_NS
from asman.wire.asterix.encode import encode

#: Wall clock between two looks at the counters.
SHOWN_EVERY_S: Final = 0.5


def send(
    running: Exercise,
    to: Mapping[str, Destination],
    *,
    speed: float = 1.0,
    for_s: float | None = None,
    console: Console | None = None,
) -> Flight:
    """Send until `for_s` of exercise time has passed, or somebody interrupts; show counters on the console.

    Returns the flight with its counters. Raises ConfigError for destinations that cannot be.
    """
    begin_ns = running.sky.begin_ns
    end_ns = None if for_s is None else begin_ns + round(for_s * SECOND_NS)
    console = Console(stderr=True, highlight=False) if console is None else console
    # Kernels are compiled, or read from where they are kept, before the clock runs.
    exercises.emissions(running, begin_ns, begin_ns + SECOND_NS, encode)
    with Sender(to) as sender:
        pacer = Pacer(begin_ns, speed)
        flight = Flight(lambda a, b: exercises.emissions(running, a, b, encode), sender, pacer)
        began_s = time.monotonic()
        with _EndsWhenTold(pacer), Live(console=console, transient=True, auto_refresh=False) as shown:
            last_s = -math.inf

            def show() -> None:
                nonlocal last_s
                now_s = time.monotonic()
                if now_s - last_s >= SHOWN_EVERY_S and console.is_terminal:
                    shown.update(_counters(flight, sender, pacer), refresh=True)
                    last_s = now_s

            flight.run(end_ns, show)
        for line in _summary(flight, sender, begin_ns, time.monotonic() - began_s):
            console.print(line, soft_wrap=True)
    return flight


class _EndsWhenTold:
    """While it lasts, an interrupt or a termination ends the flight in order, and not by a traceback."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._former: dict[int, Any] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for one in (signal.SIGINT, signal.SIGTERM):
                self._former[one] = signal.signal(one, self._told)

    def __exit__(self, *_: object) -> None:
        for one, former in self._former.items():
            signal.signal(one, former)

    def _told(self, *_: Any) -> None:
        # The condition's lock may be ours already: a handler runs between two steps of the main thread.
        threading.Thread(target=self._pacer.end).start()


def _counters(flight: Flight, sender: Sender, pacer: Pacer) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    seconds = (pacer.now_ns - pacer.begin_ns) / SECOND_NS
    cells = [f"{seconds:,.0f} s", f"{sender.datagrams:,} datagrams", f"{sender.octets / 1e6:,.1f} MB"]
    cells.append(f"late {flight.late_s * 1e3:.0f} ms")
    if flight.skips:
        cells.append(f"left out {flight.skipped_s:,.0f} s")
    if sender.failed:
        cells.append(f"not sent {sum(sender.failed.values()):,}")
    table.add_row(*cells)
    return table


def _summary(flight: Flight, sender: Sender, begin_ns: int, took_s: float) -> list[str]:
    seconds = (flight.done_ns - begin_ns) / SECOND_NS
    lines = [
        f"sent {sender.datagrams:,} datagrams, {sender.octets:,} octets: {seconds:,.1f} s of exercise time"
        f" in {took_s:,.1f} s",
        f"latest {flight.late_s_max * 1e3:,.0f} ms after its time",
    ]
    if flight.skips:
        lines.append(
            f"left out {flight.skipped_s:,.1f} s in {flight.skips:,} pieces: this machine is too slow for"
            " so many aircraft and sensors, or for that speed"
        )
    if sender.unaddressed:
        lines.append(f"{sender.unaddressed:,} datagrams of sensors that have no --to")
    lines += [f"{count:,} datagrams not sent: {reason}" for reason, count in sender.failed.items()]
    return lines
