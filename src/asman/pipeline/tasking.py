"""Handing the reporting of a track over by agreement: one member proposes, the other accepts or rejects.

    dialogues = proposed(dialogues, spoken)           # a person here asks a partner's people
    dialogues = answered(dialogues, spoken)           # a person here answers a partner's
    dialogues, handed = settled(dialogues, heard, numbers, now_ns)   # what partners answered takes effect
    dialogues, ours = transferred(dialogues, heard, numbers, now_ns)  # what nobody here answered does, too

Nobody but people proposes or answers. What holds where nobody answers in time, the agreement says: who
reports stays, or the other takes over. Each member's node reads it off the text that both have signed, by its
own clock; without such a term, who reports stays.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
import pyarrow as pa

from asman.kernels.release import DEGREE_M
from asman.model.handover import HandoverTerm
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
    basis, default  of a proposal: the agreement's term, and what holds where nobody answers
    outcome      of a proposal: "", accepted, rejected, lapsed, transferred; and since when
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
    basis: str = ""
    default: Literal["retain", "transfer"] = "retain"
    outcome: str = ""
    over_ns: int | None = None


class Dialogues(msgspec.Struct, frozen=True, kw_only=True):
    """All that was said here, by number.

    terms  what agreements that hold now say of handovers
    ended  (partner, its number) of proposals -> accepted, rejected here, or transferred: nobody answered
    """

    following: int = 1
    spoken: Mapping[int, Spoken] = {}
    terms: tuple[HandoverTerm, ...] = ()
    ended: Mapping[tuple[str, int], str] = {}


def term_for(dialogues: Dialogues, partner: str, lat_deg: float, lon_deg: float) -> HandoverTerm | None:
    """The term with a partner whose line is nearest to a place; None where nothing is agreed."""
    terms = [one for one in dialogues.terms if one.partner == partner]
    return min(terms, key=lambda one: _distance_m(one, lat_deg, lon_deg), default=None)


def _distance_m(term: HandoverTerm, lat_deg: float, lon_deg: float) -> float:
    """Metres from a place to a line, on the plane that touches the earth at the place."""
    scale = DEGREE_M * math.cos(math.radians(lat_deg))
    points = [
        (((lon / 1e7 - lon_deg + 180.0) % 360.0 - 180.0) * scale, (lat / 1e7 - lat_deg) * DEGREE_M)
        for lon, lat in term.line
    ]
    nearest = min(math.hypot(*one) for one in points)
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        dx, dy = x1 - x0, y1 - y0
        length2 = dx * dx + dy * dy
        if length2 > 0.0:
            share = min(max(-(x0 * dx + y0 * dy) / length2, 0.0), 1.0)
            nearest = min(nearest, math.hypot(x0 + share * dx, y0 + share * dy))
    return nearest


def until_ns(term: HandoverTerm | None, at_ns: int, within_s: float | None) -> int:
    """Until when an answer is waited for: as agreed; a person may wait less where silence gives nothing."""
    if term is None:
        return at_ns + (OPEN_NS if within_s is None else round(within_s * SECOND_NS))
    silence_ns = round(term.silence_s * SECOND_NS)
    if within_s is None or term.default == "transfer":
        return at_ns + silence_ns
    return at_ns + min(silence_ns, round(within_s * SECOND_NS))


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
                gives = _transfers(dialogues, one) and one.joint in numbers(one.partner).values()
                outcome = "transferred" if gives else "lapsed"
                after = msgspec.structs.replace(one, outcome=outcome, over_ns=now_ns)
                handed += [(one.joint, one.partner)] if gives else []
        over_ns = after.deadline_ns if after.verb != "propose" else after.over_ns
        if over_ns is not None and now_ns - over_ns >= TOLD_NS:
            del spoken[number]
        else:
            spoken[number] = after
    return msgspec.structs.replace(dialogues, spoken=spoken), tuple(handed)


def transferred(
    dialogues: Dialogues, heard: Heard, numbers: Callable[[str], Mapping[int, int]], now_ns: int
) -> tuple[Dialogues, tuple[int, ...]]:
    """Joint tracks that we report from now on, because nobody here answered a partner and so it is agreed."""
    found: list[int] = []
    ended: dict[tuple[str, int], str] = {}
    for member in sorted({one.partner for one in dialogues.terms if one.default == "transfer"}):
        said = dialogues.spoken.values()
        answered = {one.answer: f"{one.verb}ed" for one in said if one.answer and one.partner == member}
        joints = numbers(member)
        for row in _rows(heard, member):
            key = (member, row["task"])
            if not is_proposal(row, member):
                continue
            if row["task"] in answered or key in dialogues.ended:
                ended[key] = answered.get(row["task"]) or dialogues.ended[key]
            elif _is_over(dialogues, member, row, now_ns) and row["track"] in joints:
                ended[key] = "transferred"
                found.append(joints[row["track"]])
    return msgspec.structs.replace(dialogues, ended=ended), tuple(found)


def _rows(heard: Heard, member: str) -> list[dict[str, Any]]:
    """A partner's tasks; times as whole ns, because instants in nanoseconds have no Python form."""
    table = hearing.rows(heard, member, "tasks").select(
        ["task", "verb", "subject", "requested_by", "track", "basis", "deadline", hearing.FIRST]
    )
    for name in ("deadline", hearing.FIRST):
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(pa.int64()))
    return table.to_pylist()


def is_proposal(row: Mapping[str, Any], member: str) -> bool:
    """Tell whether a partner's task row proposes a handover."""
    return row["verb"] == "propose" and row["subject"] == HANDOVER and row["requested_by"] == member


def agreed_default(dialogues: Dialogues, partner: str, basis: str | None) -> HandoverTerm | None:
    """The term by which silence hands over to the asked; None where it does not."""
    return next(
        (
            one
            for one in dialogues.terms
            if (one.partner, one.basis, one.default) == (partner, basis, "transfer")
        ),
        None,
    )


def _is_over(dialogues: Dialogues, member: str, row: Mapping[str, Any], now_ns: int) -> bool:
    """Whether silence has lasted as long as agreed since we heard it, whatever deadline it names."""
    term = agreed_default(dialogues, member, row["basis"])
    if term is None:
        return False
    heard_ns: int = row[hearing.FIRST]
    deadline_ns: int = heard_ns if row["deadline"] is None else row["deadline"]
    return now_ns >= max(heard_ns + round(term.silence_s * SECOND_NS), deadline_ns)


def _transfers(dialogues: Dialogues, one: Spoken) -> bool:
    """Whether the term under which it was proposed still holds, and gives to who is silent."""
    return one.default == "transfer" and agreed_default(dialogues, one.partner, one.basis) is not None


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
    return msgspec.structs.replace(dialogues, following=number + 1, spoken={**dialogues.spoken, number: said})
