"""`asman exercise run` put together: nodes, the exercise on its own thread, the instructor's page, the end.

exercise --UDP--> nodes (ours, or running already)
   ^
instructor: page and API (this process' event loop)
"""

import asyncio
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from asman import __version__, exercise
from asman.apps import browser, scenarios
from asman.apps.conducting import Conducting
from asman.apps.demonstration import compile_all, say
from asman.apps.exercise_record import Record
from asman.apps.feeds_of import matched
from asman.apps.nodes import Nodes, consecutive
from asman.apps.rehearsal import eventful
from asman.apps.sending import Destination, destinations
from asman.apps.serve import listen
from asman.apps.staging import Staged, checked_speed
from asman.apps.web import console_url, web_server
from asman.edge.exercise_api import application
from asman.edge.gate import gate
from asman.errors import AsmanError, ConfigError, InputError, nearest
from asman.exercise import Exercise
from asman.exercise.scenario import with_aircraft
from asman.units import SECOND_NS
from asman.wire.asterix.encode import encode

#: How often the run looks whether its nodes still live.
WATCH_S: Final = 0.25
#: How long a page may still ask how the exercise ended.
LAST_WORDS_S: Final = 1.5


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for.

    to, nodes    where octets go: URLs, node.toml files; both empty with `with_nodes`
    members      whose sensors are simulated; empty: everybody's
    from_now     the exercise begins now, not at its scenario's date
    folder       for the nodes that are started
    record       folder to write down everything in; None: nothing is
    """

    scenario: str
    folder: Path
    to: tuple[str, ...] = ()
    nodes: tuple[Path, ...] = ()
    with_nodes: bool = False
    members: tuple[str, ...] = ()
    port: int | None = None
    host: str = "127.0.0.1"
    token: str = ""
    speed: float = 1.0
    for_s: float | None = None
    from_now: bool = True
    aircraft: int | None = None
    seed: int | None = None
    opening: bool = True
    record: Path | None = None


class Run:
    """Everything that runs while `asman exercise run` does."""

    def __init__(self, wanted: Wanted) -> None:
        """Read the scenario. Raises InputError."""
        self._wanted = wanted
        checked_speed(wanted.speed)
        found = scenarios.find(wanted.scenario)
        scenario = found.scenario
        if wanted.aircraft is not None:
            scenario = with_aircraft(scenario, wanted.aircraft)
        if wanted.seed is not None:
            scenario = msgspec.structs.replace(scenario, seed=wanted.seed)
        self._found = found
        self._scenario = scenario
        self._members = _members(wanted.members, [one.id for one in scenario.member])
        self._token = wanted.token or secrets.token_urlsafe(24)
        self._nodes = Nodes(wanted.folder, self._token, "exercise")
        self._failure: AsmanError | None = None

    def run(self) -> int:
        """Run until ended. Return the exit code. Raises InputError for what the user must mend."""
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            with ExitStack() as stack:
                return self._run(stack)
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

    def _run(self, stack: ExitStack) -> int:
        wanted = self._wanted
        to = {} if wanted.with_nodes else self._destinations()
        compile_all()
        first = consecutive(wanted.port or None, 1 + len(self._members)) if wanted.with_nodes else wanted.port
        listening = stack.enter_context(listen(wanted.host, first))
        consoles: dict[str, str] = {}
        if wanted.with_nodes:
            port = int(listening.getsockname()[1])
            say(f"starting a node for each of {', '.join(self._members)} …")
            own = {one: tuple(s for s in self._scenario.sensor if s.member == one) for one in self._members}
            self._nodes.start(own, port + 1)
            consoles = self._nodes.addresses()
            to = self._nodes.to
        running = self._begin()
        record = None if wanted.record is None else Record(wanted.record, self._found.folder, to)
        if record is not None:
            stack.enter_context(record)
            record.keep(running.scenario)
        from_ns = time.time_ns() if wanted.from_now else None
        staged = Staged(
            running, to, encode,
            from_ns=from_ns, speed=wanted.speed, tap=None if record is None else record.sent,
        )  # fmt: skip
        stack.enter_context(staged.sender)
        if record is not None:
            record.note("begin", staged.time_s, scenario=running.scenario.name, version=__version__)
        return asyncio.run(self._live(staged, to, record, consoles, listening))

    def _begin(self) -> Exercise:
        """Lay the exercise out; twice, so that nothing is compiled or read while its clock runs."""
        rehearsed = exercise.start(eventful(self._scenario), aircraft=12)
        running = scenarios.begin(self._found, scenario=self._scenario)
        for one in (rehearsed, running):
            begin_ns = one.sky.begin_ns
            exercise.emissions(one, begin_ns, begin_ns + SECOND_NS, encode)
            exercise.flying(one, begin_ns)
        if not self._wanted.from_now:
            return running
        return scenarios.begin(self._found, scenario=self._scenario, begin_ns=time.time_ns())

    def _destinations(self) -> dict[str, Destination]:
        """Where octets go, with a clear word on what goes nowhere."""
        sensors = [one for one in self._scenario.sensor if one.member in self._members]
        ids = [one.id for one in sensors]
        if self._wanted.to:
            return destinations(self._wanted.to, ids)
        found = matched(self._wanted.nodes, ids)
        for sensor in found.unheard:
            say(f"goes nowhere: {sensor} (no feed of that name in the node.toml files)")
        for feed in found.unfed:
            say(f"hears nothing: feed {feed} (no sensor of that name in the scenario)")
        return found.to

    async def _live(
        self,
        staged: Staged,
        to: Mapping[str, Destination],
        record: Record | None,
        consoles: Mapping[str, str],
        listening: socket.socket,
    ) -> int:
        ending, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ending.set)
        pages = {member: url.partition("?")[0] for member, url in consoles.items()}

        def ended() -> None:
            loop.call_later(LAST_WORDS_S, ending.set)

        conducting = Conducting(staged, to, record, pages, ended)
        keeper = gate(self._token, int(listening.getsockname()[1]), self._wanted.host)
        server = web_server(application(conducting, keeper, __version__))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        flight = threading.Thread(target=self._fly, args=(staged, loop, ending), name="flight")
        flight.start()
        self._announce(consoles, console_url(self._wanted.host, listening))
        try:
            while not ending.is_set():
                self._nodes.check()
                if serving.done():
                    serving.result()
                    raise AsmanError("the instructor's page is no longer served")
                try:
                    await asyncio.wait_for(ending.wait(), WATCH_S)
                except TimeoutError:
                    continue
        finally:
            staged.pacer.end()
            await asyncio.to_thread(flight.join)
            server.should_exit = True
            await asyncio.wait([serving], timeout=3)
            _tell_end(staged, record)
        if self._failure is not None:
            raise self._failure
        return 0

    def _fly(self, staged: Staged, loop: asyncio.AbstractEventLoop, ending: asyncio.Event) -> None:
        """The thread that makes and sends; its failure ends the run with that failure."""
        for_s = self._wanted.for_s
        end_ns = None if for_s is None else staged.pacer.now_ns + round(for_s * SECOND_NS)
        try:
            staged.flight.run(end_ns)
        except AsmanError as error:
            self._failure = error
        except Exception as error:  # ours: an exercise must not go on in silence
            self._failure = AsmanError(f"the exercise failed: {error!r}")
        staged.pacer.end()
        if self._failure is not None or end_ns is not None:
            loop.call_soon_threadsafe(ending.set)

    def _announce(self, consoles: Mapping[str, str], url: str) -> None:
        for member, console in consoles.items():
            click.echo(f"{member}  {console}")
        page = f"{url}/?token={self._token}"
        click.echo(f"instructor  {page}")
        sys.stdout.flush()
        if self._wanted.opening and not browser.show(page):
            say("no browser found: open the addresses above")


def _tell_end(staged: Staged, record: Record | None) -> None:
    sender, flight = staged.sender, staged.flight
    failed = sum(sender.failed.values())
    say(
        f"exercise ended after {staged.time_s:.1f} s: {sender.datagrams:,} datagrams sent"
        + (f", {failed:,} failed" if failed else "")
        + (f", {flight.skipped_s:.1f} s left out" if flight.skipped_s else "")
    )
    if record is not None:
        # Run again, it is as long as it was.
        lasted = msgspec.structs.replace(staged.exercise.scenario, duration_s=max(staged.time_s, 1.0))
        record.keep(lasted)
        record.note(
            "ended", staged.time_s, datagrams=sender.datagrams, failed=failed, skipped_s=flight.skipped_s
        )


def _members(wanted: tuple[str, ...], known: list[str]) -> tuple[str, ...]:
    for one in wanted:
        if one not in known:
            raise ConfigError("--members", f"no member '{one}' in the scenario", nearest(one, known))
    return wanted or tuple(known)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
