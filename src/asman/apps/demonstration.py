"""The demo put together: a node a member, and a simulator that sends what their radars see, as it happens."""

import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from asman import exercise
from asman.apps import browser, warm
from asman.apps.demo_sharing import example
from asman.apps.kant import scenario
from asman.apps.nodes import Nodes, consecutive
from asman.apps.sending import Flight, Pacer, Sender
from asman.apps.warming import compile_node, compile_simulator
from asman.errors import AsmanError, InputError
from asman.units import SECOND_NS
from asman.wire.asterix.encode import encode

#: What members of the demo have agreed. KG and KZ have agreed nothing.
AGREEMENTS: Final = ("kg-ru-2023", "ru-kz")


def say(text: str) -> None:
    """Tell the person who waits."""
    click.echo(text, err=True)


class Demonstration:
    """Everything that runs while `asman demo` does."""

    def __init__(
        self, folder: Path, members: tuple[str, ...], aircraft: int, seed: int | None, token: str
    ) -> None:
        self._members = members
        self._aircraft = aircraft
        self._seed = seed
        self._nodes = Nodes(folder, token)

    def run(self, port: int | None, *, opening: bool, for_s: float | None) -> int:
        """Start, simulate until told to end, and end what was started. Return the exit code."""
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            urls = self._start(port)
            for member, url in urls.items():
                click.echo(f"{member}  {url}")
            sys.stdout.flush()
            if opening and not browser.show(urls[self._members[0]]):
                say("no browser found: open one of the addresses above")
            self._fly(for_s)
        except KeyboardInterrupt:
            say("ending")
        except InputError:
            raise
        except AsmanError as error:
            say(f"asman: {error}")
            return 1
        finally:
            self._nodes.end()
        return 0

    def _start(self, port: int | None) -> dict[str, str]:
        compile_all()
        self._exercise = exercise.start(
            scenario(), aircraft=self._aircraft, seed=self._seed, begin_ns=time.time_ns()
        )
        first = consecutive(port, len(self._members))
        say(f"{self._aircraft} aircraft; starting a node for each of {', '.join(self._members)} …")
        self._nodes.start(
            {member: exercise.sensors(self._exercise, member) for member in self._members},
            first,
            [example(name) for name in AGREEMENTS],
        )
        return self._nodes.addresses()

    def _fly(self, for_s: float | None) -> None:
        """Send what the radars see, as it happens."""
        now_ns = time.time_ns()
        with Sender(self._nodes.to) as sender:
            flight = Flight(
                lambda begin, end: exercise.emissions(self._exercise, begin, end, encode),
                sender,
                Pacer(now_ns, clock_ns=time.time_ns),
            )
            flight.run(None if for_s is None else now_ns + round(for_s * SECOND_NS), self._nodes.check)


def compile_all() -> None:
    """Compile what nodes and simulator need, once for this version, before anything runs."""
    if warm.is_warm() and warm.is_warm(warm.MARK_SIMULATOR):
        return
    say("compiling kernels (once for this version) …")
    took_s = warm.warm(say, compile_node)
    took_s += warm.warm(say, compile_simulator, warm.MARK_SIMULATOR)
    say(f"compiled in {took_s:.1f} s")


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
