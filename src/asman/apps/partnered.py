"""What members say beside tracks, from the node's state as words; and what our own people say, into it."""

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pyarrow as pa

from asman.edge.noun_messages import (
    Answered,
    HeardAsk,
    HeardRows,
    IdentityEntry,
    PartnerEntry,
    Saying,
    WarningEntry,
)
from asman.model.agreement import DataClass
from asman.model.contribution import parted, source_name
from asman.model.label import agreements_of, members_of
from asman.model.plots import TIME
from asman.pipeline import heard, joint, node, saying
from asman.pipeline.node import NodeState
from asman.pipeline.saying import Assertion
from asman.units import SECOND_NS


def partners(state: NodeState) -> list[PartnerEntry]:
    """Who gave what beside tracks."""
    known = sorted({*state.members, *state.heard.by} - {state.member})
    return [
        PartnerEntry(member=one, held=heard.counts(state.heard, one), dropped=state.heard.dropped.get(one, 0))
        for one in known
    ]


def rows(state: NodeState, question: HeardAsk) -> HeardRows:
    """The rows that are kept of a partner's class."""
    table = heard.rows(state.heard, question.member, question.what)
    numbers = _numbers(state, question.member)
    return HeardRows(member=question.member, what=question.what, rows=rows_of(table, numbers.get))


def rows_of(table: pa.Table, number: Callable[[int], int | None]) -> list[dict[str, Any]]:
    """Rows as JSON has them; `number` says which track of the picture a partner's is."""
    stamps = [field.name for field in table.schema if field.type == TIME]
    for name in stamps:
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(pa.int64()))
    found: list[dict[str, Any]] = []
    for row in table.to_pylist():
        told = {name: _finite(value) for name, value in row.items() if name not in stamps}
        for name in stamps:
            told[f"{name}_s"] = None if row[name] is None else row[name] / SECOND_NS
        if "track" in told:
            told["their_track"] = told["track"]
            told["track"] = None if told["track"] is None else number(told["track"])
        found.append(told)
    return found


def warnings(state: NodeState) -> list[WarningEntry]:
    """Our own warnings and the partners', those of each in the order of their numbers."""
    joints = {} if state.federation is None else joint.numbers_of(state.federation, state.member)
    found = [
        WarningEntry(
            origin=state.member, number=one.number, code=one.code, severity=one.severity,
            state="active" if one.closed_ns is None else "closed", text=one.text,
            track=None if one.track is None else joints.get(one.track, one.track),
            lat_deg=one.place[0], lon_deg=one.place[1], altitude_m=_finite(one.place[2]),
            simulated=one.simulated, began_s=one.began_ns / SECOND_NS, last_s=one.seen_ns / SECOND_NS,
        )
        for one in state.offering.warnings.told
    ]  # fmt: skip
    for member in heard.sources(state.heard, "warnings"):
        for row in sorted(told_by(state, member, "warnings"), key=lambda one: one["warning"]):
            found.append(
                WarningEntry(
                    origin=parted(member)[0], number=row["warning"], code=row["code"] or "",
                    severity=row["severity"] or "", state=row["state"] or "", text=row["text"] or "",
                    track=row["track"], lat_deg=row["lat_deg"], lon_deg=row["lon_deg"],
                    altitude_m=row["altitude_m"], simulated=bool(row["simulated"]), began_s=row["first_s"],
                    last_s=row["last_s"], agreements=agreements_of(row["label"]),
                )
            )  # fmt: skip
    return found


def identities(state: NodeState, number: int) -> list[IdentityEntry]:
    """What members hold a track of the picture to be: our own people first, nobody's over another's."""
    found: list[IdentityEntry] = []
    own = _said(state, number)
    if own is not None and own.withdrawn_ns is None:
        found.append(
            IdentityEntry(
                origin=state.member, value=own.value, category=own.category, criteria=own.criteria,
                human=True, by=own.by, at_s=own.at_ns / SECOND_NS, shared=own.shared,
                expires_s=None if own.expires_ns is None else own.expires_ns / SECOND_NS,
            )
        )  # fmt: skip
    if state.federation is None:
        return found
    for source in joint.sources(state.federation, number):
        name = source_name(source.origin, source.via)
        if source.origin == state.member or name not in heard.sources(state.heard, "identity"):
            continue
        for row in told_by(state, name, "identity"):
            if row["their_track"] == source.number:
                found.append(
                    IdentityEntry(
                        origin=source.origin, value=row["value"] or "", category=row["category"] or "",
                        criteria=row["criteria"] or "", human=bool(row["human"]), at_s=row["first_s"],
                        expires_s=row["expires_s"], agreements=agreements_of(row["label"]),
                    )
                )  # fmt: skip
    return found


def take(state: NodeState, said: Saying) -> tuple[NodeState, Answered]:
    """Take in what a person of this member says of a track of the picture."""
    if said.handover is not None:
        return _hand_over(state, said.track, said.handover.to)
    if said.identify is None:
        return state, Answered(status=400, reason="nothing is said")
    told, own = said.identify, node.own_track(state, said.track)
    if told.value is None:
        before = _said(state, said.track)
        after = (
            None if before is None else saying.withdrawn(state.offering.sayings, before.track, state.now_ns)
        )
        if after is None:
            return state, Answered(status=409, reason="nothing was said of it")
        return _with(state, after), Answered()
    sources = () if state.federation is None else joint.sources(state.federation, said.track)
    theirs = [one for one in sources if one.origin != state.member]
    if not _is_there(state, said.track):
        return state, Answered(status=404, reason=f"no track {said.track}")
    if told.share and sources and len(theirs) == len(sources):
        reason = "our own sensors have no part in it: what is said of it does not leave"
        return state, Answered(status=409, reason=reason)
    audience = _audience([one.label for one in theirs])
    assertion = Assertion(
        number=0, track=own, value=told.value, category=told.category, criteria=told.criteria[:400],
        by=told.by[:100], at_ns=state.now_ns, shared=told.share, audience=audience,
        expires_ns=None if told.expires_s is None else round(told.expires_s * SECOND_NS),
    )  # fmt: skip
    after = saying.said(state.offering.sayings, assertion)
    if after is None:
        return state, Answered(status=409, reason="too much is said already: take something back first")
    return _with(state, after), Answered(audience=None if audience is None else list(audience))


def _hand_over(state: NodeState, number: int, to: str) -> tuple[NodeState, Answered]:
    after = None if state.federation is None else joint.handed(state.federation, number, to)
    if after is None:
        return state, Answered(status=409, reason=f"{to or 'nobody'} contributes no track {number}")
    return msgspec.structs.replace(state, federation=after), Answered()


def _audience(labels: list[str]) -> tuple[str, ...] | None:
    """To whom all that was seen may go; None where nothing of partners was seen."""
    if not labels:
        return None
    return tuple(sorted(frozenset.intersection(*map(members_of, labels))))


def _with(state: NodeState, sayings: saying.Sayings) -> NodeState:
    return msgspec.structs.replace(state, offering=msgspec.structs.replace(state.offering, sayings=sayings))


def _said(state: NodeState, number: int) -> Assertion | None:
    """What was said of a track: under our own tracker's number, or the picture's where we had no part."""
    known = state.offering.sayings.assertions
    return known.get(node.own_track(state, number)) or known.get(number)


def _is_there(state: NodeState, number: int) -> bool:
    return number in node.tracks(state)["track"].to_pylist()


def _numbers(state: NodeState, member: str) -> dict[int, int]:
    """A partner's number of each of its tracks -> the one in our picture."""
    return {} if state.federation is None else joint.numbers_of(state.federation, member)


def told_by(state: NodeState, member: str, what: DataClass) -> list[dict[str, Any]]:
    """Rows of a partner's class, with the numbers of our picture."""
    return rows_of(heard.rows(state.heard, member, what), _numbers(state, member).get)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
