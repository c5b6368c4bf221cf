"""The word of people and of partners on agreements and quarantines: taken, kept, made to hold, and passed on.

What a party says is told to the other parties, and to the third parties that the agreement names: they have
no link with who said it, perhaps, and are to stop at once what came by us.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from asman.edge.door import Say
from asman.edge.link_messages import Decided, Order
from asman.errors import PartnerError
from asman.sharing import keys, spans
from asman.sharing.audit import Entry, of_answer
from asman.sharing.register import Entry as Known
from asman.sharing.register import Refused, Register, Taken, say, third_parties
from asman.sharing.statements import Act, Refusal, Signed, Statement, sign

if TYPE_CHECKING:
    from asman.edge.federation import Federation


class Spoken:
    """Of one node."""

    def __init__(self, federation: "Federation") -> None:
        self._all = federation

    async def say(self, id_: str, signed: Signed) -> Taken | Refused:
        """Take a statement of anybody's, keep it, and make it hold."""
        all_ = self._all
        register, answer = say(all_.register, id_, signed, all_.now_ns())
        if isinstance(answer, Taken) and keys.has_ended(signed.key, all_.register.ends, all_.now_ns()):
            # It is dated before the end of its key, but who has stolen one may write any date.
            refused = Refusal.ENDED_KEY
            answer = Refused(id_, answer.hash, answer.what, refused, answer.member)
        if isinstance(answer, Taken):
            all_.register = register
            all_.start(self.pass_on(id_, signed))
            # What takes away holds before it is on disk.
            await all_.make_hold()
            await asyncio.to_thread(all_.home.append, id_, signed)
        await all_.write([of_answer(answer, all_.now_ns())])
        return answer

    def known(self, id_: str, signed: Signed) -> bool:
        """Tell whether a statement was taken before: it reaches us by several ways."""
        entry = self._all.register.entries.get(id_)
        return entry is not None and signed in entry.signed

    async def order(self, order: Order) -> Decided:
        """Do what a person of this member has decided."""
        all_ = self._all
        if order.act == "lift":
            return await self._lift(order.about)
        if order.act == "record":
            told = Entry(at_ns=all_.now_ns(), kind="decision", what=order.about, reason=order.reason)
            await all_.write([told])
            return Decided(200, "")
        entry = all_.register.entries.get(order.about)
        if entry is None:
            return Decided(404, f"no agreement '{order.about}' is known here")
        mine = [one.number for one in entry.statements if one.member == all_.member]
        act: Act = order.act
        statement = Statement(
            agreement=entry.hash,
            member=all_.member,
            act=act,
            number=1 + max(mine, default=0),
            at=spans.from_ns(all_.now_ns()).replace(microsecond=0),
            towards=order.towards,
            reason=order.reason,
        )
        answer = await self.say(order.about, sign(statement, all_.signing.key))
        if isinstance(answer, Refused):
            return Decided(409, answer.reason.value)
        return Decided(200, "")

    async def _lift(self, member: str) -> Decided:
        """End a partner's quarantine, or that of what partners pass on of a member."""
        all_ = self._all
        partner = all_.partners.get(member)
        relays = [
            one for one in all_.partners.values()
            if (inbox := one.intake.relayed.inboxes.get(member)) is not None and inbox.quarantined is not None
        ]  # fmt: skip
        if partner is None and not relays:
            return Decided(404, f"no link with '{member}'")
        held = partner is not None and partner.intake.inbox.quarantined is not None
        if not held and not relays:
            return Decided(409, f"{member} is not in quarantine")
        await all_.write([Entry(at_ns=all_.now_ns(), kind="decision", member=member, what="lift quarantine")])
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
                    all_ = self._all
                    all_.start(self._tell(id_, one, third_parties(entry.agreement) - {all_.member}))

    async def pass_on(self, id_: str, signed: Signed) -> None:
        """Tell the others whom it concerns what was said, until each has heard it.

        Our own word goes to all; another's to third parties, whom it may not reach itself.
        """
        entry = self._all.register.entries.get(id_)
        if entry is not None:
            await self._tell(id_, signed, _concerned(entry, signed, self._all.member))

    async def _tell(self, id_: str, signed: Signed, whom: Iterable[str]) -> None:
        partners = self._all.partners
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
