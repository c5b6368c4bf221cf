"""A replay as a value: forward, and to any time, with the same pictures whichever way one gets there.

Every so many steps a checkpoint is kept. Their number is bounded: when there are too many, every other one is
given up and the distance doubles. Seeking goes back to the latest checkpoint before the wanted time and plays
forward from there.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from asman.model.sensor import Sensors
from asman.pipeline import node
from asman.pipeline.editions import Editions
from asman.pipeline.events import Events
from asman.pipeline.node import Inputs, NodeState
from asman.pipeline.schedule import STEP_NS, Schedule

#: Checkpoints kept at most.
MARKS_MAX: Final = 48
#: Steps between the first checkpoints.
FIRST_DISTANCE: Final = 20


class Mark(msgspec.Struct, frozen=True):
    """A checkpoint: the state after so many steps. No step ever touches it."""

    done: int
    state: NodeState


class Playback(msgspec.Struct, frozen=True):
    """Where a replay stands.

    done      steps that are done
    state     after them; spent when the playback goes on
    marks     checkpoints, rising
    distance  steps between two checkpoints
    """

    schedule: Schedule
    done: int
    state: NodeState
    marks: tuple[Mark, ...]
    distance: int = FIRST_DISTANCE

    @property
    def ended(self) -> bool:
        """Whether everything has been played."""
        return self.done >= self.schedule.steps


def start(
    schedule: Schedule,
    member: str,
    sensors: Sensors,
    editions: Editions,
    forms: Mapping[str, str] | None = None,
) -> Playback:
    """Return a replay that has not begun."""
    now_ns = int(schedule.now_ns[0]) - STEP_NS if schedule.steps else 0
    state = node.start(member, sensors, now_ns, editions, forms)
    return Playback(schedule, 0, state, (Mark(0, node.copy(state)),))


def forward(playback: Playback) -> tuple[Playback, Events]:
    """Play one step; nothing happens at the end."""
    if playback.ended:
        return playback, ()
    inputs = Inputs(playback.schedule.datagrams(playback.done))
    now_ns = int(playback.schedule.now_ns[playback.done])
    state, events = node.step(playback.state, inputs, now_ns)
    done = playback.done + 1
    marks, distance = playback.marks, playback.distance
    if done % distance == 0 and done > marks[-1].done:
        marks = (*marks, Mark(done, node.copy(state)))
        if len(marks) > MARKS_MAX:
            distance *= 2
            marks = tuple(mark for mark in marks if mark.done % distance == 0)
    return Playback(playback.schedule, done, state, marks, distance), events


def recall(playback: Playback, at_ns: int) -> NodeState:
    """Return a state in which a time is decided, or all that was played; the replay stays where it is."""
    mark = max((mark for mark in playback.marks if mark.state.tracker.closed_ns <= at_ns), key=_done)
    state, done = node.copy(mark.state), mark.done
    while done < playback.done and state.tracker.closed_ns <= at_ns:
        now_ns = int(playback.schedule.now_ns[done])
        state, _ = node.step(state, Inputs(playback.schedule.datagrams(done)), now_ns)
        done += 1
    return state


def _done(mark: Mark) -> int:
    return mark.done


def rewind(playback: Playback, done: int) -> Playback:
    """Go to the best place from which `done` steps are reached by playing forward.

    That is where the replay stands, unless that is later, or a checkpoint lies nearer.
    """
    mark = max((mark for mark in playback.marks if mark.done <= done), key=_done)
    if mark.done <= playback.done <= done:
        return playback
    return msgspec.structs.replace(playback, done=mark.done, state=node.copy(mark.state))
