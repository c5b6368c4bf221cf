"""The word of people and of partners on agreements and quarantines: taken, kept, made to hold, and passed on.

What a party says is told to the other parties, and to the third parties that the agreement names: they have
no link with who said it, perhaps, and are to stop at once what came by us.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, Protocol

from asman.edge.door import Say
from asman.edge.link_messages import Decided, Order
from asman.edge.member_home import Home
from asman.edge.partner import Partner
from asman.edge.signing import Signing
from asman.errors import PartnerError
from asman.sharing import keys, spans
from asman.sharing.audit import Entry, of_answer
from asman.sharing.register import Entry as Known
from asman.sharing.register import Refused, Register, Taken, say, third_parties
from asman.sharing.statements import Act, Refusal, Signed, Statement, sign


class Node(Protocol):
    """What is asked of the node whose word it is."""

    member: str
    register: Register
    home: Home
    signing: Signing

    @property
    def partners(self) -> Mapping[str, Partner]:
        """By member."""
        ...

    def now_ns(self) -> int:
        """The node's clock."""
        ...

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a job that ends with the node."""
        ...

    async def write(self, entries: list[Entry]) -> None:
        """Add to the account. Raises OSError."""
        ...

    async def make_hold(self) -> None:
        """See that what may not flow any more does not."""
        ...


class Spoken:
    """Of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def say(self, id_: str, signed: Signed) -> Taken | Refused:
        """Take a statement of anybody's, keep it, and make it hold."""
        node = self._node
        register, answer = say(node.register, id_, signed, node.now_ns())
        if isinstance(answer, Taken) and keys.has_ended(signed.key, node.register.ends, node.now_ns()):
            # It is dated before the end of its key, but who has stolen one may write any date.
            refused = Refusal.ENDED_KEY
            answer = Refused(id_, answer.hash, answer.what, refused, answer.member)
        if isinstance(answer, Taken):
            node.register = register
            node.start(self.pass_on(id_, signed))
            # What takes away holds before it is on disk.
            await node.make_hold()
            await asyncio.to_thread(node.home.append, id_, signed)
        await node.write([of_answer(answer, node.now_ns())])
        return answer

    def known(self, id_: str, signed: Signed) -> bool:
        """Tell whether a statement was taken before: it reaches us by several ways."""
        entry = self._node.register.entries.get(id_)
        return entry is not None and signed in entry.signed

    async def order(self, order: Order) -> Decided:
        """Do what a person of this member has decided."""
        node = self._node
        if order.act == "lift":
            return await self._lift(order.about)
        if order.act == "record":
            told = Entry(at_ns=node.now_ns(), kind="decision", what=order.about, reason=order.reason)
            await node.write([told])
            return Decided(200, "")
        entry = node.register.entries.get(order.about)
        if entry is None:
            return Decided(404, f"no agreement '{order.about}' is known here")
        mine = [one.number for one in entry.statements if one.member == node.member]
        act: Act = order.act
        statement = Statement(
            agreement=entry.hash,
            member=node.member,
            act=act,
            number=1 + max(mine, default=0),
            at=spans.from_ns(node.now_ns()).replace(microsecond=0),
            towards=order.towards,
            reason=order.reason,
        )
        answer = await self.say(order.about, sign(statement, node.signing.key))
        if isinstance(answer, Refused):
            return Decided(409, answer.reason.value)
        return Decided(200, "")

    async def _lift(self, member: str) -> Decided:
        """End a partner's quarantine, or that of what partners pass on of a member."""
        node = self._node
        partner = node.partners.get(member)
        relays = [
            one for one in node.partners.values()
            if (inbox := one.intake.relayed.inboxes.get(member)) is not None and inbox.quarantined is not None
        ]  # fmt: skip
        if partner is None and not relays:
            return Decided(404, f"no link with '{member}'")
        held = partner is not None and partner.intake.inbox.quarantined is not None
        if not held and not relays:
            return Decided(409, f"{member} is not in quarantine")
        await node.write([Entry(at_ns=node.now_ns(), kind="decision", member=member, what="lift quarantine")])
        for relay in relays:
            await asyncio.to_thread(relay.intake.relayed.lift, member)
        if partner is not None and held:
            await partner.heads.forget()
            await partner.intake.judging.lift()
        return Decided(200, "")

    def told_anew(self, register: Register) -> None:
        """Tell third parties once more what was said: nobody knows whether they heard it before we ended."""
        for id_, entry in register.entries.items():
            if third_parties(entry.agreement):
                for one in entry.signed:
                    node = self._node
                    node.start(self._tell(id_, one, third_parties(entry.agreement) - {node.member}))

    async def pass_on(self, id_: str, signed: Signed) -> None:
        """Tell the others whom it concerns what was said, until each has heard it.

        Our own word goes to all; another's to third parties, whom it may not reach itself.
        """
        entry = self._node.register.entries.get(id_)
        if entry is not None:
            await self._tell(id_, signed, _concerned(entry, signed, self._node.member))

    async def _tell(self, id_: str, signed: Signed, whom: Iterable[str]) -> None:
        partners = self._node.partners
        waiting = {one for one in whom if one in partners and one != signed.statement.member}
        while waiting:
            for member in sorted(waiting):
                with contextlib.suppress(PartnerError):
                    await partners[member].intake.ask(Say(id_, signed))
                    waiting.discard(member)
            await asyncio.sleep(1.0)


def _concerned(entry: Known, signed: Signed, member: str) -> frozenset[str]:
    thirds = third_parties(entry.agreement)
    ours = signed.statement.member == member
    return thirds | frozenset(entry.agreement.parties) if ours else thirds
