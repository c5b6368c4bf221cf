"""A member among its partners: what is agreed now, who gives what to whom, and the word of people on it.

Twenty times a second the agreements are looked at: what the clock, a file, a person or a partner has changed
takes effect then. What no longer flows is cut at the server, purged from the stream, and taken out of the
picture.

    own tracks -> guard -> account (on disk) -> outbox -> partner
    partner -> intake -> gate -> record (on disk) -> reasoning
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa

from asman.edge.account import Account
from asman.edge.agreement_words import agreement_state
from asman.edge.border import Border
from asman.edge.border_store import BorderStore
from asman.edge.door import Say
from asman.edge.intake import Decode
from asman.edge.link_messages import (
    Decided,
    LinksState,
    Order,
    Visibility,
    Withheld,
)
from asman.edge.member_home import Home
from asman.edge.messages import Arrived, Left
from asman.edge.outbox import Encode, Limits
from asman.edge.partner import Partner
from asman.edge.retention import Retention
from asman.edge.seen import visibility
from asman.edge.signing import Signing, learn
from asman.errors import AsmanError, InputError, PartnerError
from asman.model.contribution import Offer
from asman.model.label import Label
from asman.model.tracks import TRACKS
from asman.sharing import keys, spans
from asman.sharing.audit import Entry, of_answer, of_key, of_outcome, of_rejections
from asman.sharing.guard import GuardState, Outcome, decide, subjects_of, total
from asman.sharing.guard import Partner as Remembered
from asman.sharing.lifecycle import Standing
from asman.sharing.offering import one_of, release_all
from asman.sharing.register import Refused, Taken, flowing, say, standings
from asman.sharing.ruleset import Ruleset, bits_at, compile_register
from asman.sharing.statements import Act, Refusal, Signed, Statement, sign

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
        self.retention = Retention(store.folder / "received", self._account, now_ns)
        self.signing = Signing(home, lambda: self.register, now_ns)
        self._early = [of_answer(one, now_ns()) for one in answers]
        self._guard = GuardState()
        self._rules: tuple[Any, tuple[str, ...], Ruleset] | None = None
        self._flowing: dict[tuple[str, str], frozenset[str]] = {}
        self._withheld: dict[str, dict[str, int]] = {}
        self._accounting = asyncio.Lock()
        self._own = Offer(what="tracks", table=TRACKS.empty_table())
        #: Told of every step's outcomes.
        self.seen: Callable[[Sequence[Outcome], int], None] = lambda _, __: None
        self._jobs: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Enter the border for every partner, and begin. Raises AsmanError, InputError."""
        await self._account(self._early)
        for link in self.home.links().values():
            partner = Partner(self, link)
            self.partners[partner.member] = partner
            self._guard = msgspec.structs.replace(
                self._guard,
                partners={**self._guard.partners, partner.member: Remembered(partner.outbox.next_number)},
            )
            await partner.open()
            self._start(partner.run())
        self._look_at_flows()
        for job in (self._watch(), self._count(), self.retention.run()):
            self._start(job)

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

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
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

    def takes(self, partner: str) -> bool:
        """Tell whether something of a partner's may come."""
        return bool(flowing(self.register, partner, self.member, self.now_ns()))

    async def _watch(self) -> None:
        """See what has changed, and make it hold."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self.home.changed():
                await self._read_again()
            await self._make_hold()
            await self._change_key()

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
        await self._account([of_answer(one, self.now_ns()) for one in news])
        for id_, entry in register.entries.items():
            for one in entry.signed:
                if one.signature not in before:
                    self._start(self._pass_on(id_, one))

    def _look_at_flows(self) -> dict[tuple[str, str], frozenset[str]]:
        """(giver, recipient) -> the agreements under which anything flows now; returns what was before."""
        before, now_ns = self._flowing, self.now_ns()
        pairs = [pair for one in self.partners for pair in ((self.member, one), (one, self.member))]
        self._flowing = {pair: flowing(self.register, *pair, now_ns) for pair in pairs}
        return before

    async def _make_hold(self) -> None:
        before = self._look_at_flows()
        cut: list[Partner] = []
        for (giver, recipient), flows in self._flowing.items():
            lost = before.get((giver, recipient), frozenset()) - flows
            partner = self.partners.get(recipient if giver == self.member else giver)
            if not lost or partner is None:
                continue
            told = ",".join(sorted(lost))
            _log.warning("flow_ended giver=%s recipient=%s agreements=%s", giver, recipient, told)
            if giver == self.member:
                cut.append(partner)
            elif not flows:
                partner.intake.stop()
                await self.tell(Left(origin=giver))
            else:
                await self.tell(Left(origin=giver, agreements=tuple(sorted(lost))))
        await asyncio.gather(*(partner.cut() for partner in cut))

    # Keys that follow one another.

    def learn(self, member: str, fresh: bytes, old: str, end_ns: int) -> None:
        """Take a key that a member announced with one that is known, and the end of that one."""
        self.register = learn(self.home, self.register, member, fresh, old, end_ns)
        self._start(self._account([of_key(member, fresh, self.now_ns())]))

    async def _change_key(self) -> None:
        key = self.signing.change(partner.knows for partner in self.partners.values())
        if key is None:
            return
        for partner in self.partners.values():
            partner.outbox.key = key
        await self._account([of_key(self.member, keys.public_of(key), self.now_ns())])

    # The word of people, and of partners.

    async def say(self, id_: str, signed: Signed) -> Taken | Refused:
        """Take a statement of anybody's, keep it, and make it hold."""
        register, answer = say(self.register, id_, signed, self.now_ns())
        if isinstance(answer, Taken) and keys.has_ended(signed.key, self.register.ends, self.now_ns()):
            # It is dated before the end of its key, but who has stolen one may write any date.
            refused = Refusal.ENDED_KEY
            answer = Refused(id_, answer.hash, answer.what, refused, answer.member)
        if isinstance(answer, Taken):
            self.register = register
            self._start(self._pass_on(id_, signed))
            # What takes away holds before it is on disk.
            await self._make_hold()
            await asyncio.to_thread(self.home.append, id_, signed)
        await self._account([of_answer(answer, self.now_ns())])
        return answer

    async def order(self, order: Order) -> Decided:
        """Do what a person of this member has decided."""
        if order.act == "lift":
            return await self._lift(order.about)
        if order.act == "record":
            told = Entry(at_ns=self.now_ns(), kind="decision", what=order.about, reason=order.reason)
            await self._account([told])
            return Decided(200, "")
        entry = self.register.entries.get(order.about)
        if entry is None:
            return Decided(404, f"no agreement '{order.about}' is known here")
        mine = [one.number for one in entry.statements if one.member == self.member]
        act: Act = order.act
        statement = Statement(
            agreement=entry.hash,
            member=self.member,
            act=act,
            number=1 + max(mine, default=0),
            at=spans.from_ns(self.now_ns()).replace(microsecond=0),
            towards=order.towards,
            reason=order.reason,
        )
        signed = sign(statement, self.signing.key)
        answer = await self.say(order.about, signed)
        if isinstance(answer, Refused):
            return Decided(409, answer.reason.value)
        return Decided(200, "")

    async def _lift(self, member: str) -> Decided:
        partner = self.partners.get(member)
        if partner is None:
            return Decided(404, f"no link with '{member}'")
        if partner.intake.inbox.quarantined is None:
            return Decided(409, f"{member} is not in quarantine")
        await self._account(
            [Entry(at_ns=self.now_ns(), kind="decision", member=member, what="lift quarantine")]
        )
        await partner.heads.forget()
        await partner.intake.lift()
        return Decided(200, "")

    async def _pass_on(self, id_: str, signed: Signed) -> None:
        """Tell the other parties what we have said, until each has heard it."""
        entry = self.register.entries.get(id_)
        if entry is None or signed.statement.member != self.member:
            return
        waiting = {one for one in entry.agreement.parties if one in self.partners}
        while waiting:
            for member in sorted(waiting):
                with contextlib.suppress(PartnerError):
                    await self.partners[member].intake.ask(Say(id_, signed))
                    waiting.discard(member)
            await asyncio.sleep(1.0)

    # Giving.

    async def release(self, tracks: pa.Table | Offer, *others: Offer) -> None:
        """Give partners what they may have of fresh rows of our own. No account, no release."""
        if not self.partners:
            return
        self._own = tracks if isinstance(tracks, Offer) else Offer(what="tracks", table=tracks)
        now_ns = self.now_ns()
        self._guard, outcomes = await asyncio.to_thread(
            release_all, self._guard, self._ruleset(), self.register, (self._own, *others), now_ns
        )
        accounted = asyncio.ensure_future(self._account([of_outcome(one, now_ns) for one in outcomes]))
        by = {one: [each for each in outcomes if each.recipient == one] for one in self.partners}
        await asyncio.gather(*(self._give(one, of_one, accounted) for one, of_one in by.items()))
        # After what is urgent: what partners see of us is looked at by people.
        await asyncio.to_thread(self.seen, outcomes, now_ns)
        try:
            await accounted
            self.problem = ""
        except OSError as error:
            self.problem = f"the account cannot be written, nothing is released: {error.strerror}"
            _log.error("release_stopped problem=%r", self.problem)

    async def _give(
        self, recipient: str, outcomes: Sequence[Outcome], accounted: asyncio.Future[None]
    ) -> None:
        counts = self._withheld.setdefault(recipient, {})
        for reason, count in total(outcomes).items():
            counts[reason.name] = counts.get(reason.name, 0) + count
        partner = self.partners[recipient]
        try:
            number = self._guard.partners[recipient].next_number
            released = [each for one in outcomes for each in one.released]
            await partner.outbox.send(released, number, asyncio.shield(accounted))
            partner.problem = ""
        except (OSError, AsmanError) as error:
            partner.problem = str(error)
            _log.error("release_failed partner=%s problem=%r", recipient, str(error))

    def _ruleset(self) -> Ruleset:
        recipients, entries = tuple(sorted(self.partners)), self.register.entries
        if self._rules is None or self._rules[0] is not entries or self._rules[1] != recipients:
            self._rules = (entries, recipients, compile_register(self.register, self.member, recipients))
        return self._rules[2]

    # Looking at it as others do.

    def flows_to(self, member: str) -> bool:
        """Tell whether any agreement gives a member something now."""
        return bool(flowing(self.register, self.member, member, self.now_ns()))

    def visible(self, track: int) -> list[Visibility]:
        """Who sees a track of our own tracker, under which clause, or why not. Nothing leaves by asking."""
        row, held = one_of(self._own, track)
        if not row.num_rows:
            return []
        now_ns, rules = self.now_ns(), self._ruleset()
        bits = bits_at(rules, standings(self.register, now_ns))
        return visibility(rules, decide(rules, bits, subjects_of(row, *held), now_ns), 0)

    # The account, and how things are.

    async def account_refused(self, member: str, reasons: Mapping[str, int]) -> None:
        """Account for a partner's batches that were not taken. Raises OSError."""
        await self._account([of_rejections(member, reasons, self.now_ns())])

    async def _account(self, entries: list[Entry]) -> None:
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
            member=self.member, time_s=self.now_ns() / 1e9, problem=self.problem or self.retention.problem,
            entries=len(self.account), agreements=agreements, links=links,
            withheld=[Withheld(one, dict(counts)) for one, counts in sorted(self._withheld.items())],
        )  # fmt: skip
