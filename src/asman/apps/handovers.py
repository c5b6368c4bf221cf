"""Handovers between members, from the node's state as words; and what our own people propose and answer."""

import math
from typing import Any

import msgspec
import pyarrow as pa

from asman.apps.partnered import told_by
from asman.edge.noun_messages import Answered, Propose, Replying, TaskEntry
from asman.model.contribution import parted
from asman.model.handover import HandoverTerm
from asman.model.label import agreements_of
from asman.pipeline import joint, node, tasking
from asman.pipeline.node import NodeState
from asman.pipeline.tasking import HANDOVER, Dialogues, Spoken
from asman.units import SECOND_NS


def tasks(state: NodeState) -> list[TaskEntry]:
    """Our own proposals, then the partners', with what was answered."""
    spoken = state.offering.dialogues.spoken.values()
    found = [
        TaskEntry(
            origin=state.member, to=one.partner, number=one.number, subject=HANDOVER,
            state=one.outcome or "open", track=one.joint, by=one.by, reason=one.reason,
            at_s=one.at_ns / SECOND_NS, deadline_s=one.deadline_ns / SECOND_NS, basis=one.basis,
        )
        for one in spoken if one.verb == "propose"
    ]  # fmt: skip
    replies = {(one.partner, one.answer): one for one in spoken if one.answer}
    for member in sorted(state.heard.by):
        if parted(member)[1]:
            continue  # what was said to the relay is not said to us
        for row in told_by(state, member, "tasks"):
            if row["verb"] != "propose" or row["subject"] != HANDOVER:
                continue
            mine = replies.get((member, row["task"]))
            answer = "" if mine is None else f"{mine.verb}ed"
            unanswered = _unanswered(state, member, row)
            found.append(
                TaskEntry(
                    origin=member, to=state.member, number=row["task"], subject=HANDOVER,
                    state=answer or unanswered, track=row["track"], basis=row["basis"] or "",
                    by="" if mine is None else mine.by, reason=row["reason"] or "", at_s=row["first_s"],
                    deadline_s=row["deadline_s"], agreements=agreements_of(row["label"]),
                )
            )  # fmt: skip
    return found


def propose(state: NodeState, number: int, said: Propose) -> tuple[NodeState, Answered]:
    """Ask a partner's people to report a track of the picture."""
    sources = () if state.federation is None else joint.sources(state.federation, number)
    origins = {one.origin for one in sources}
    if said.to == state.member or said.to not in origins or state.member not in origins:
        reason = f"{said.to} and {state.member} do not both contribute a track {number}"
        return state, Answered(status=409, reason=reason)
    term = _term(state, number, said.to)
    spoken = Spoken(
        number=0, joint=number, partner=said.to, verb="propose", requested_by=state.member,
        by=said.by[:100], reason=said.reason[:400], at_ns=state.now_ns,
        deadline_ns=tasking.until_ns(term, state.now_ns, said.within_s),
        basis="" if term is None else term.basis, default="retain" if term is None else term.default,
    )  # fmt: skip
    after = tasking.proposed(state.offering.dialogues, spoken)
    if after is None:
        return state, Answered(status=409, reason="it is proposed already, or too much is open")
    return _with(state, after), Answered()


def reply(state: NodeState, said: Replying) -> tuple[NodeState, Answered]:
    """Answer a partner's proposal; who accepts reports the track from now on."""
    open_ = [one for one in tasks(state) if (one.origin, one.number) == (said.origin, said.number)]
    if not open_ or said.origin == state.member:
        return state, Answered(status=404, reason=f"{said.origin} has proposed nothing as {said.number}")
    one = open_[0]
    if one.state != "open" or one.track is None or state.federation is None:
        reason = "its track is not in our picture" if one.track is None else f"it is {one.state}"
        return state, Answered(status=409, reason=reason)
    federation = state.federation
    if said.verb == "accept":
        handed = joint.handed(federation, one.track, state.member)
        if handed is None:
            return state, Answered(status=409, reason="our own sensors have no part in it")
        federation = handed
    spoken = Spoken(
        number=0, joint=one.track, partner=said.origin, verb=said.verb, requested_by=said.origin,
        answer=said.number, by=said.answer.by[:100], reason=said.answer.reason[:400], at_ns=state.now_ns,
        deadline_ns=round((one.deadline_s or 0.0) * SECOND_NS) or state.now_ns,
    )  # fmt: skip
    after = tasking.answered(state.offering.dialogues, spoken)
    if after is None:
        return state, Answered(status=409, reason="it was answered already")
    return _with(msgspec.structs.replace(state, federation=federation), after), Answered()


def _term(state: NodeState, number: int, partner: str) -> HandoverTerm | None:
    """What is agreed with a partner of a track of the picture."""
    table = node.tracks(state)
    place = table.filter(pa.array(table["track"].to_numpy() == number)).select(["lat_deg", "lon_deg"])
    found = place.to_pylist()
    if not found:
        return None
    return tasking.term_for(state.offering.dialogues, partner, found[0]["lat_deg"], found[0]["lon_deg"])


def _unanswered(state: NodeState, member: str, row: dict[str, Any]) -> str:
    """How a partner's proposal stands that nobody here has answered."""
    dialogues = state.offering.dialogues
    if (member, row["task"]) in dialogues.ended:
        return dialogues.ended[member, row["task"]]
    term = tasking.agreed_default(dialogues, member, row["basis"])
    deadline_s = row["deadline_s"] or math.inf
    if term is not None:
        deadline_s = max(row["first_s"] + term.silence_s, row["deadline_s"] or 0.0)
    return "lapsed" if deadline_s <= state.now_ns / SECOND_NS else "open"


def _with(state: NodeState, dialogues: Dialogues) -> NodeState:
    kept = msgspec.structs.replace(state.offering, dialogues=dialogues)
    return msgspec.structs.replace(state, offering=kept)
