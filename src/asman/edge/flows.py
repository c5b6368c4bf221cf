"""Who may give what to whom now, passing on included: looked at again and again, to see what has ended."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from asman.sharing.register import Register, flowing_as, standings
from asman.sharing.relay import onward_under


class Flow(NamedTuple):
    """From one member to another; with `third`, what `recipient` passes on to it of `giver`'s."""

    giver: str
    recipient: str
    third: str = ""


class Ended(NamedTuple):
    """Agreements under which a flow goes no more; `rest`: it goes on under others."""

    flow: Flow
    agreements: tuple[str, ...]
    rest: bool


Flows = Mapping[Flow, frozenset[str]]


def look(register: Register, partners: Collection[str], now_ns: int) -> Flows:
    """Ids of the agreements under which anything flows now, of all flows that concern us."""
    member, standing = register.member, standings(register, now_ns)
    found: dict[Flow, frozenset[str]] = {}
    for one in partners:
        for giver, recipient in ((member, one), (one, member)):
            found[Flow(giver, recipient)] = flowing_as(register, standing, giver, recipient)
    for flow in relays(register, partners):
        found[flow] = onward_under(register, standing, *flow)
    return found


def relays(register: Register, partners: Collection[str]) -> frozenset[Flow]:
    """All that agreements let us pass on between partners, and all that they let partners pass on to us."""
    member = register.member
    named = (
        Flow(grant.giver, relay, third)
        for entry in register.entries.values()
        for grant in entry.agreement.terms.grant
        for third in grant.onward
        for relay in grant.to
    )
    return frozenset(
        one
        for one in named
        if len(set(one)) == 3
        and (
            (one.recipient == member and {one.giver, one.third} <= set(partners))
            or (one.third == member and one.recipient in partners)
        )
    )


def ended(before: Flows, now: Flows) -> list[Ended]:
    """What flowed before and does not now."""
    found: list[Ended] = []
    for flow, ids in before.items():
        rest = now.get(flow, frozenset())
        lost = ids - rest
        if lost:
            found.append(Ended(flow, tuple(sorted(lost)), bool(rest)))
    return found
