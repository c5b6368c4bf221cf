"""A member among its partners: what is agreed now, who gives what to whom, and the word of people on it.

Twenty times a second the agreements are looked at: what the clock, a file, a person or a partner has changed
takes effect then. What no longer flows is cut at the server, purged from the stream, and taken out of the
picture.

    own tracks -> guard -> account (on disk) -> outbox -> partner
    partner -> intake -> gate -> record (on disk) -> reasoning
                              -> third-party rule -> account (on disk) -> outbox -> third party
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

import pyarrow as pa

from asman.edge import flows
from asman.edge.account import Account
from asman.edge.agreement_words import agreement_state
from asman.edge.border import Border
from asman.edge.border_store import BorderStore
from asman.edge.flows import Flows
from asman.edge.giving import Giving
from asman.edge.judging import Decode
from asman.edge.link_messages import Decided, LinksState, Order, Visibility
from asman.edge.member_home import Home
from asman.edge.messages import Arrived, Left
from asman.edge.outbox import Encode, Limits
from asman.edge.partner import Partner
from asman.edge.relaying import Relaying
from asman.edge.retention import Retention
from asman.edge.signing import Signing, learn
from asman.edge.spoken import Spoken
from asman.errors import AsmanError, InputError
from asman.model.contribution import Offer
from asman.model.handover import HandoverTerm
from asman.model.label import Label
from asman.sharing import keys
from asman.sharing.audit import Entry, of_answer, of_key, of_rejections
from asman.sharing.handovers import handover_terms
from asman.sharing.lifecycle import Standing
from asman.sharing.register import Refused, Taken, flowing, say, standings
from asman.sharing.statements import Signed

#: How often agreements are looked at: a twentieth of a second.
LOOK_S: Final = 0.05
#: How often the head of the account is signed, and streams are counted.
COUNT_S: Final = 10.0
_log = logging.getLogger("asman.node")


class Federation:
    """All links of one node."""

    def __init__(
        self, home: Home, border: Border, store: BorderStore, account: Account, encode: Encode, decode:
        Decode, tell: Callable[[Arrived | Left], Awaitable[None]], limits: Limits, now_ns: Callable[[], int],
    ) -> None:  # fmt: skip
        self.home = home
        self.border = border
        self.store = store
        self.account = account
        self.encode = encode
        self.decode = decode
        self.tell = tell
        self.limits = limits
        self.now_ns = now_ns
        self.member = border.plan.member
        self.partners: dict[str, Partner] = {}
        self.problem = ""
        self.register, answers = home.read(now_ns())
        self.retention = Retention(
            store.folder / "received", self.write, now_ns, sent=store.folder / "sent"
        )  # fmt: skip
        self.signing = Signing(home, lambda: self.register, now_ns)
        self.giving = Giving(lambda: self.register, self.partners, self.write, now_ns)
        self.relaying = Relaying(
            lambda: self.register, lambda: {one.member: one.outbox for one in self.partners.values()},
            self.write, now_ns,
        )  # fmt: skip
        self.spoken = Spoken(self)
        self._early = [of_answer(one, now_ns()) for one in answers]
        self._flowing: Flows = {}
        self._accounting = asyncio.Lock()
        self._jobs: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Enter the border for every partner, and begin. Raises AsmanError, InputError."""
        await self.write(self._early)
        for link in self.home.links().values():
            partner = Partner(self, link)
            self.partners[partner.member] = partner
            self.giving.begin(partner.member, partner.outbox.next_number)
            await partner.open()
            self.start(partner.run())
        self._look_at_flows()
        self.spoken.told_anew(self.register)
        for job in (self._watch(), self._count(), self.retention.run()):
            self.start(job)

    async def close(self) -> None:
        """End everything that was begun."""
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        for partner in self.partners.values():
            with contextlib.suppress(Exception):
                await partner.close()
        await self.border.leave()

    def check(self) -> None:
        """Raise what ended a job that never ends."""
        for job in self._jobs:
            if job.done() and not job.cancelled() and job.exception() is not None:
                raise AsmanError(f"a part of the border failed: {job.exception()!r}") from job.exception()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a job that ends with us."""
        self._jobs.add(asyncio.create_task(work))

    # What is agreed now.

    def standing(self) -> dict[str, Standing]:
        """Id -> what each agreement is now."""
        return standings(self.register, self.now_ns())

    def gives(self, partner: str, label: Label | None) -> bool:
        """Tell whether something of ours may leave for a partner under a label, or a sign of life without
        one.
        """
        flows = flowing(self.register, self.member, partner, self.now_ns())
        return bool(flows) and (label is None or {id_ for id_, _ in label.agreements} <= flows)

    def handovers(self) -> tuple[HandoverTerm, ...]:
        """What agreements that hold between us and partners say of handovers now."""
        return handover_terms(self.register, self.partners, self.now_ns())

    def takes(self, partner: str) -> bool:
        """Tell whether something of a partner's may come."""
        return bool(flowing(self.register, partner, self.member, self.now_ns()))

    async def _watch(self) -> None:
        """See what has changed, and make it hold."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self.home.changed():
                await self._read_again()
            await self.make_hold()
            await self._change_key()
            with contextlib.suppress(OSError):  # it is told where our own are given
                await self.relaying.again()

    async def _read_again(self) -> None:
        try:
            register, answers = await asyncio.to_thread(self.home.read, self.now_ns())
        except InputError as error:
            # Half a file, or a bad one: what held goes on, and is told.
            self.problem = str(error)
            return
        self.problem = ""
        before = {one.signature for entry in self.register.entries.values() for one in entry.signed}
        # What was said while files were read, or was not written yet, holds all the same.
        for id_, entry in self.register.entries.items():
            known = register.entries.get(id_)
            for one in entry.signed:
                if known is not None and one not in known.signed:
                    register, _ = say(register, id_, one, self.now_ns())
        fresh = register.entries.keys() - self.register.entries.keys()
        if register.keys.get(self.member) != self.register.keys.get(self.member):
            for partner in self.partners.values():
                partner.greet()
        self.register = register
        news = [one for one in answers if isinstance(one, Refused) or one.agreement in fresh]
        await self.write([of_answer(one, self.now_ns()) for one in news])
        for id_, entry in register.entries.items():
            for one in entry.signed:
                if one.signature not in before:
                    self.start(self.spoken.pass_on(id_, one))

    def _look_at_flows(self) -> Flows:
        """See what flows now; returns what was before."""
        before = self._flowing
        self._flowing = flows.look(self.register, self.partners, self.now_ns())
        return before

    async def make_hold(self) -> None:
        """See that what may not flow any more does not."""
        cut: list[Awaitable[None]] = []
        for flow, agreements, rest in flows.ended(self._look_at_flows(), self._flowing):
            giver, recipient, third = flow
            told = ",".join(agreements)
            _log.warning("flow_ended giver=%s recipient=%s agreements=%s", giver, third or recipient, told)
            left = agreements if rest else ()
            if third and recipient == self.member:
                cut.append(self.partners[third].cut(giver))
            elif third:
                self.partners[recipient].intake.renew()
                await self.tell(Left(origin=giver, agreements=left, via=recipient))
            elif giver == self.member:
                cut.append(self.partners[recipient].cut())
            else:
                if not rest:
                    self.partners[giver].intake.stop()
                await self.tell(Left(origin=giver, agreements=left))
        await asyncio.gather(*cut)

    # Keys that follow one another.

    def learn(self, member: str, fresh: bytes, old: str, end_ns: int) -> None:
        """Take a key that a member announced with one that is known, and the end of that one."""
        self.register = learn(self.home, self.register, member, fresh, old, end_ns)
        self.start(self.write([of_key(member, fresh, self.now_ns())]))

    async def _change_key(self) -> None:
        key = self.signing.change(partner.knows for partner in self.partners.values())
        if key is None:
            return
        for partner in self.partners.values():
            partner.outbox.key = key
        await self.write([of_key(self.member, keys.public_of(key), self.now_ns())])

    # What others call us for.

    async def say(self, id_: str, signed: Signed) -> Taken | Refused:
        """Take a statement of anybody's, keep it, and make it hold."""
        return await self.spoken.say(id_, signed)

    async def order(self, order: Order) -> Decided:
        """Do what a person of this member has decided."""
        return await self.spoken.order(order)

    async def release(self, tracks: pa.Table | Offer, *others: Offer) -> None:
        """Give partners what they may have of fresh rows of our own. No account, no release."""
        await self.giving.release(tracks, *others)

    # Looking at it as others do.

    def flows_to(self, member: str) -> bool:
        """Tell whether any agreement gives a member something now."""
        return bool(flowing(self.register, self.member, member, self.now_ns()))

    def visible(self, track: int) -> list[Visibility]:
        """Who sees a track of our own tracker, under which clause, or why not. Nothing leaves by asking."""
        return self.giving.visible(track)

    # The account, and how things are.

    async def account_refused(self, source: str, reasons: Mapping[str, int]) -> None:
        """Account for a partner's batches that were not taken, or for those that it passed on."""
        await self.write([of_rejections(source, reasons, self.now_ns())])

    async def write(self, entries: list[Entry]) -> None:
        """Add to the account; it is on the disk when this returns. Raises OSError."""
        async with self._accounting:
            await asyncio.to_thread(self.account.write, entries)

    async def prove(self, since: int, size: int) -> list[bytes]:
        """Hashes that show that our account's first `size` entries begin with the first `since`."""
        async with self._accounting:
            return self.account.proof(since, size)

    async def _count(self) -> None:
        while True:
            try:
                async with self._accounting:
                    head = await asyncio.to_thread(
                        self.account.sign, self.member, self.now_ns(), self.signing.key
                    )
            except OSError as error:
                self.problem = f"the account cannot be written: {error.strerror}"
            else:
                await asyncio.gather(*(one.heads.show(head, self.prove) for one in self.partners.values()))
            for partner in self.partners.values():
                with contextlib.suppress(Exception):
                    await partner.outbox.look()
            await asyncio.sleep(COUNT_S)

    def state(self) -> LinksState:
        """How agreements and links are now."""
        now = self.standing()
        agreements = [
            agreement_state(self.register.entries[id_], now[id_], self.member) for id_ in sorted(now)
        ]
        links = [self.partners[one].state() for one in sorted(self.partners)]
        return LinksState(
            member=self.member, time_s=self.now_ns() / 1e9, entries=len(self.account),
            agreements=agreements, links=links,
            problem=self.problem or self.giving.problem or self.relaying.problem or self.retention.problem,
            withheld=self.giving.withheld(),
        )  # fmt: skip
