"""A node on recordings: the same reasoning, its clock in the hands of the person who watches."""

import asyncio
import contextlib
import logging
import math
import time
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from asman.apps.days import day_in_name
from asman.apps.journal import Journal
from asman.apps.mind import Mind, entries, health
from asman.apps.plan import Plan
from asman.apps.reason import Outlet
from asman.apps.warming import warmed
from asman.edge import messages
from asman.edge.messages import Clock, Hello, Ready, Recording, Refused, ReplayCommand, View
from asman.errors import InputError
from asman.model.frames import NO_TIME
from asman.pipeline import playback as play
from asman.pipeline.playback import Playback
from asman.pipeline.recording import Prepared, prepare
from asman.pipeline.schedule import STEP_NS, STEP_S
from asman.sensing.sensors_toml import parse
from asman.units import SECOND_NS
from asman.wire.compressed import expanded
from asman.wire.framing import find

#: How long steps may run before the picture is shown and commands are heard.
SLICE_S: Final = 0.1
#: Wall clock between two pictures when time runs faster than the world's.
FAST_PICTURE_S: Final = 0.25
HEARTBEAT_S: Final = 1.0
HEALTH_S: Final = 2.0
#: A replay begins when there is something to see: so much is played at once at most.
PREROLL_STEPS: Final = 180
PREROLL_S: Final = 3.0


class Player:
    """Where a replay is, and where it shall be."""

    def __init__(self, playback: Playback, speed: float) -> None:
        self.playback = playback
        # What a recording holds was said when it was made ready; seeking would say it again and again.
        self.mind = Mind(playback.state, Journal(loudest=logging.INFO))
        self.mind.recall = lambda at_ns: play.recall(self.playback, at_ns)
        self.speed = speed
        self.paused = False
        self.seeking: int | None = None
        self.jumped = False
        self.wake = asyncio.Event()
        self._anchor_step = 0
        self._anchor_s = time.monotonic()

    def anchor(self) -> None:
        """Let time run on from here."""
        self._anchor_step, self._anchor_s = self.playback.done, time.monotonic()

    def goal(self) -> int:
        """How many steps should be done by now."""
        steps = self.playback.schedule.steps
        if self.seeking is not None:
            return self.seeking
        if self.paused:
            return self.playback.done
        if self.speed == 0:
            return steps
        run = (time.monotonic() - self._anchor_s) * self.speed / STEP_S
        return min(steps, self._anchor_step + math.floor(run))

    def wait_s(self) -> float:
        """How long until the next step is due; never longer than a heartbeat."""
        if self.paused or self.playback.ended or self.speed == 0:
            return HEARTBEAT_S
        due_s = self._anchor_s + (self.playback.done + 1 - self._anchor_step) * STEP_S / self.speed
        return min(max(due_s - time.monotonic(), 0.0), HEARTBEAT_S)

    def clock(self) -> Clock:
        """Return the clock as clients see it."""
        steps = max(self.playback.schedule.steps, 1)
        behind = max(0, self.goal() - self.playback.done) if self.speed and self.seeking is None else 0
        return Clock(
            time_s=self.playback.state.now_ns / SECOND_NS,
            speed=self.speed,
            paused=self.paused,
            progress=self.playback.done / steps,
            ended=self.playback.ended,
            behind_s=behind * STEP_S / self.speed if self.speed else 0.0,
        )

    def obey(self, command: ReplayCommand) -> Clock | Refused:
        """Follow a command; what is null stays as it is."""
        if command.speed is not None and not (0 <= command.speed <= 1000):
            return Refused(reason=f"speed needs 0 (as fast as it goes) to 1000, not {command.speed}")
        if command.seek_s is not None and not math.isfinite(command.seek_s):
            return Refused(reason="seek_s needs a time in UTC epoch seconds")
        if command.paused is not None:
            self.paused = command.paused
        if command.speed is not None:
            self.speed = command.speed
        if command.seek_s is not None:
            self._seek(command.seek_s)
        self.anchor()
        self.wake.set()
        return self.clock()

    def _seek(self, seek_s: float) -> None:
        begin_s = int(self.playback.schedule.now_ns[0]) / SECOND_NS
        end_s = int(self.playback.schedule.now_ns[-1]) / SECOND_NS
        wanted_ns = round(min(max(seek_s, begin_s), end_s) * SECOND_NS)
        self.seeking = max(1, self.playback.schedule.step_at(wanted_ns))

    def rewind(self) -> None:
        """Go to where the wanted time is reached by playing forward."""
        if self.seeking is not None and self.seeking != self.playback.done:
            self.playback = play.rewind(self.playback, self.seeking)
            self.mind.state = self.playback.state
            self.jumped = True

    def forward(self) -> None:
        """Play one step."""
        self.playback, said = play.forward(self.playback)
        self.mind.state = self.playback.state
        self.mind.journal.write(said, self.mind.state.now_ns)

    def run(self, until_s: float) -> None:
        """Step towards the goal until the wall clock says `until_s`."""
        goal = self.goal()
        while self.playback.done < goal and time.monotonic() < until_s:
            self.forward()
        if self.seeking is not None and self.playback.done == self.seeking:
            self.seeking = None
            self.anchor()


async def replay(plan: Plan, outlet: Outlet) -> None:
    """Replay until cancelled. Raises InputError when there is nothing to show."""
    await warmed(outlet)
    prepared = await _prepare(plan, outlet)
    playback = play.start(prepared.schedule, plan.member, prepared.sensors, prepared.editions, prepared.forms)
    player = Player(playback, plan.speed)
    await player.mind.do(lambda: _preroll(player))
    await player.mind.answer(outlet)

    async def command(octets: bytes) -> bytes:
        return msgspec.json.encode(player.obey(msgspec.json.decode(octets, type=ReplayCommand)))

    await outlet.answer(messages.COMMAND, command)
    await outlet.news(_hello(plan, prepared))
    await outlet.frame(await player.mind.do(player.mind.frame), jumped=True)
    await outlet.progress(f"the picture begins at {_clock_text(player)}")
    await outlet.news(await player.mind.do(lambda: health(plan, player.mind.state, 0.0, {})))
    await outlet.news(player.clock())
    await outlet.news(Ready())
    await outlet.client.flush()
    player.anchor()
    await _loop(plan, outlet, player)


def _clock_text(player: Player) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(player.playback.state.now_ns / SECOND_NS))


async def _prepare(plan: Plan, outlet: Outlet) -> Prepared:
    recordings: dict[str, bytes] = {}
    for name in plan.recordings:
        path = Path(name)
        try:
            whole = expanded(path.read_bytes(), name)
        except OSError as error:
            raise InputError(name, f"cannot be read: {error.strerror}") from error
        recordings[path.name if path.name not in recordings else name] = whole
    octets = sum(map(len, recordings.values()))
    await outlet.progress(f"reading {', '.join(recordings)} ({octets / 1e6:.1f} MB)")
    given = None if plan.sensors is None else parse(plan.sensors, plan.sensors_name)
    day = _named_day(recordings) if plan.date is None else date.fromisoformat(plan.date)
    if day is not None and plan.date is None:
        await outlet.progress(f"the day {day} is taken from the recording's name; --date says another")
    prepared = await asyncio.to_thread(prepare, recordings, given, day)
    for text in _found(prepared):
        await outlet.progress(text)
    return prepared


def _named_day(recordings: dict[str, bytes]) -> date | None:
    """The day that the first recording's name spells, where no packet says when it arrived."""
    if any(bool((find(octets).frames.time_ns != NO_TIME).any()) for octets in recordings.values()):
        return None
    return day_in_name(next(iter(recordings)))


def _found(prepared: Prepared) -> list[str]:
    """What was found in the recordings, in words."""
    names = ", ".join(sensor.id for sensor in prepared.sensors)
    said = [
        f"{prepared.records} records, {prepared.plots} plots, {prepared.rejected} blocks rejected; {names}"
    ]
    for source in prepared.missing:
        said.append(
            f"left out: SAC {source.sac} SIC {source.sic}, a radar whose site nobody says "
            "(`asman plots REC --template` prints a sensors.toml to fill in)"
        )
    for name, moved_s in prepared.clock_s.items():
        said.append(
            f"{name}: its packets' clock differs from its sensors' by {moved_s:.1f} s; theirs is used"
        )
    return said


def _hello(plan: Plan, prepared: Prepared) -> Hello:
    times = prepared.schedule.now_ns
    view = prepared.view
    return Hello(
        node=plan.node,
        member=plan.member,
        mode="replay",
        sensors=entries(prepared.sensors),
        recording=Recording(
            names=[piece.name for piece in prepared.schedule.pieces],
            begin_s=(int(times[0]) - STEP_NS) / SECOND_NS,
            end_s=int(times[-1]) / SECOND_NS,
        ),
        view=None
        if view is None
        else View(
            west_deg=view.west_deg, south_deg=view.south_deg, east_deg=view.east_deg, north_deg=view.north_deg
        ),
    )


def _preroll(player: Player) -> None:
    """Play up to the first track at once: nobody wants to watch an empty map."""
    player.forward()  # the first step of all loads what was compiled: it is not counted
    deadline_s = time.monotonic() + PREROLL_S
    for _ in range(min(PREROLL_STEPS, player.playback.schedule.steps)):
        player.forward()
        state = player.playback.state
        if time.monotonic() > deadline_s or bool(play.node.tracks(state)["confirmed"].to_numpy().any()):
            break


async def _loop(plan: Plan, outlet: Outlet, player: Player) -> None:
    heartbeat_due = health_due = picture_due = 0.0
    while True:
        before = player.playback.done
        if player.goal() != before:
            await player.mind.do(lambda: _advance(player))
        now_s = time.monotonic()
        moved = player.playback.done != before or player.jumped
        arrived = player.playback.done == player.goal()
        if moved and (now_s >= picture_due or arrived):
            picture_due = now_s + FAST_PICTURE_S
            jumped, player.jumped = player.jumped, False
            await outlet.frame(await player.mind.do(player.mind.frame), jumped=jumped)
        if moved or now_s >= heartbeat_due or player.wake.is_set():
            heartbeat_due = now_s + HEARTBEAT_S
            await outlet.news(player.clock())
        if now_s >= health_due:
            health_due = now_s + HEALTH_S
            late_s = player.clock().behind_s
            await outlet.news(
                await player.mind.do(lambda late=late_s: health(plan, player.mind.state, late, {}))
            )
        player.wake.clear()
        if player.playback.done >= player.goal():
            await _sleep(player)


def _advance(player: Player) -> None:
    """Go towards the goal for one slice."""
    player.rewind()
    player.run(time.monotonic() + SLICE_S)


async def _sleep(player: Player) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(player.wake.wait(), player.wait_s())
