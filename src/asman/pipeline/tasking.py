"""Handing the reporting of a track over by agreement: one member proposes, the other accepts or rejects.

    dialogues = proposed(dialogues, spoken)           # a person here asks a partner's people
    dialogues = answered(dialogues, spoken)           # a person here answers a partner's
    dialogues, handed = settled(dialogues, heard, numbers, now_ns)   # what partners answered takes effect

Nobody but people proposes or answers. A proposal that nobody answers in time lapses: who reports stays.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec
import pyarrow as pa

from asman.pipeline import heard as hearing
from asman.pipeline.heard import Heard
from asman.units import SECOND_NS

#: The only subject so far.
HANDOVER: Final = "handover"
#: A proposal is open for so long, unless its person says otherwise; and what is over is told for so long.
OPEN_NS: Final = 120 * SECOND_NS
TOLD_NS: Final = 60 * SECOND_NS
#: What our people said and that still counts; more is refused.
MOST_TASKS: Final = 1_000
Verb = Literal["propose", "accept", "reject"]


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal of ours, or our answer to a partner's.

    number       of this member's tasks
    joint        number of the track in our picture
    partner      to whom it is said, and to nobody else
    requested_by  who proposed
    answer       of an answer: the partner's number of what it answers; of a proposal: 0
    by           post of the person
    deadline_ns  ns  until when an answer is wanted
    outcome      of a proposal: "", accepted, rejected, lapsed; and since when
    """

    number: int
    joint: int
    partner: str
    verb: Verb
    requested_by: str
    answer: int = 0
    by: str = ""
    reason: str = ""
    at_ns: int
    deadline_ns: int
    outcome: str = ""
    over_ns: int | None = None


class Dialogues(msgspec.Struct, frozen=True, kw_only=True):
    """All that was said here, by number."""

    following: int = 1
    spoken: Mapping[int, Spoken] = {}


def proposed(dialogues: Dialogues, spoken: Spoken) -> Dialogues | None:
    """Ask a partner to report a track; None where it is asked already, or too much is open."""
    open_ = [one for one in dialogues.spoken.values() if one.verb == "propose" and not one.outcome]
    if any(one.joint == spoken.joint for one in open_):
        return None
    return _with(dialogues, spoken)


def answered(dialogues: Dialogues, spoken: Spoken) -> Dialogues | None:
    """Answer a partner's proposal; None where it was answered already."""
    before = dialogues.spoken.values()
    if any(one.partner == spoken.partner and one.answer == spoken.answer for one in before if one.answer):
        return None
    return _with(dialogues, spoken)


def settled(
    dialogues: Dialogues, heard: Heard, numbers: Callable[[str], Mapping[int, int]], now_ns: int
) -> tuple[Dialogues, tuple[tuple[int, str], ...]]:
    """What partners answered, and what lapsed; and who reports which joint track by that from now on.

    numbers  a member -> its number of each of its tracks -> the joint track's
    """
    if not dialogues.spoken:
        return dialogues, ()
    spoken = dict(dialogues.spoken)
    handed: list[tuple[int, str]] = []
    for number, one in dialogues.spoken.items():
        after = one
        if one.verb == "propose" and not one.outcome:
            said = _answer_to(one, heard, numbers)
            if said in ("accept", "reject"):
                outcome = "accepted" if said == "accept" else "rejected"
                after = msgspec.structs.replace(one, outcome=outcome, over_ns=now_ns)
                handed += [(one.joint, one.partner)] if said == "accept" else []
            elif now_ns >= one.deadline_ns:
                after = msgspec.structs.replace(one, outcome="lapsed", over_ns=now_ns)
        over_ns = after.deadline_ns if after.verb != "propose" else after.over_ns
        if over_ns is not None and now_ns - over_ns >= TOLD_NS:
            del spoken[number]
        else:
            spoken[number] = after
    return msgspec.structs.replace(dialogues, spoken=spoken), tuple(handed)


def _answer_to(one: Spoken, heard: Heard, numbers: Callable[[str], Mapping[int, int]]) -> str | None:
    """What the partner answered to a proposal of ours: about the same track, and not before it was made."""
    table = hearing.rows(heard, one.partner, "tasks")
    if not len(table):
        return None
    joints = numbers(one.partner)
    columns = [table[name].to_pylist() for name in ("verb", "subject", "requested_by", "track")]
    first_ns = table[hearing.FIRST].cast(pa.int64()).to_pylist()
    for verb, subject, asked, track, at_ns in zip(*columns, first_ns, strict=True):
        ours = subject == HANDOVER and asked == one.requested_by and joints.get(track) == one.joint
        if ours and verb in ("accept", "reject") and at_ns >= one.at_ns:
            return verb
    return None


def _with(dialogues: Dialogues, spoken: Spoken) -> Dialogues | None:
    if len(dialogues.spoken) >= MOST_TASKS:
        return None
    number = dialogues.following
    said = msgspec.structs.replace(spoken, number=number)
    return Dialogues(following=number + 1, spoken={**dialogues.spoken, number: said})
