"""What comes from one partner: pulled at our own pace, judged at the gate, on record before it is
acknowledged.

The cursor is our own: the number of the latest batch in an unbroken row. What overtakes waits, so many; what
the partner declares gone is skipped and counted as missing. Each batch is taken once, whatever the transport
delivers twice, late or never.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec
import nats.errors
import pyarrow as pa
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from asman.edge import door
from asman.edge.border import Border, stream_of
from asman.edge.border_store import GAP, BorderStore
from asman.edge.door import AskGrant, AskOldest, Grant, No, Oldest
from asman.edge.messages import Arrived
from asman.errors import FeedError, PartnerError
from asman.model.agreement import DataClass
from asman.model.label import agreements_of
from asman.sharing.batches import BatchError, take_apart
from asman.sharing.gate import (
    Admitted,
    Inbox,
    Rejected,
    Rejection,
    admit,
    blame,
    compile_inbound,
    inspect,
    lift,
    skip,
    unreadable,
)
from asman.sharing.guard import subjects_of
from asman.sharing.register import Register, flowing
from asman.sharing.ruleset import Ruleset
from asman.units import SECOND_NS

#: Batches of one pull; and those that may wait for one before them.
CREDIT: Final = 64
MOST_ASIDE: Final = 256
PULL_S: Final = 1.0
#: A gap this old is asked about.
GAP_S: Final = 2.0
#: Pause after the partner refused to let us pull, or could not be asked.
PAUSE_S: Final = 1.0
#: A grant is renewed when less than this part of it is left.
RENEW_PART: Final = 0.5
Deliver = Callable[[Arrived], Awaitable[None]]
#: Data class, payload, origin, label -> rows. Raises FeedError.
Decode = Callable[[DataClass, bytes, str, str], pa.Table]


#: Name of a reason -> how many batches were refused for it. Raises OSError.
Account = Callable[[Mapping[str, int]], Awaitable[None]]


async def _no_account(_: Mapping[str, int]) -> None:
    """Account for nothing."""


class Intake:
    """One partner's stream to us."""

    def __init__(
        self, border: Border, partner: str, store: BorderStore, register: Callable[[], Register],
        may_come: Callable[[], bool], decode: Decode, deliver: Deliver, now_ns: Callable[[], int],
        refused: Account = _no_account,
    ) -> None:  # fmt: skip
        """`refused` puts into the account what was not taken."""
        self.partner = partner
        self.inbox = store.inbox(partner)
        self.rows = self.octets = self.deferred = 0
        self.last_ns: int | None = None
        self.lag_s = 0.0
        self.state, self.problem = "starting", ""
        self._border = border
        self._store = store
        self._register = register
        self._may_come = may_come
        self._decode = decode
        self._deliver = deliver
        self._now_ns = now_ns
        self._refused = refused
        self._aside: dict[int, Msg] = {}
        self._aside_since_s: float | None = None
        self._granted_s = self._until_s = 0
        self._rules: tuple[Register, Ruleset] | None = None
        self._ask: Client
        self._in: Client
        self._pull: JetStreamContext.PullSubscription

    async def open(self) -> None:
        """Enter our rooms of the border."""
        self._ask = await self._border.enter("ask", self.partner, f"ask {self.partner}")
        self._in = await self._border.enter("in", self.partner, f"intake {self.partner}")
        context = self._in.jetstream(domain=self.partner)
        self._pull = await context.pull_subscribe_bind(
            durable=self.partner_durable, stream=stream_of(self._border.plan.member),
            pending_msgs_limit=CREDIT * 2,
        )  # fmt: skip

    @property
    def partner_durable(self) -> str:
        """Name of our durable at the partner's."""
        return self._border.plan.member

    async def close(self) -> None:
        """Leave the server."""
        await self._ask.close()
        await self._in.close()

    async def ask(self, question: door.Question) -> door.Answer:
        """Ask at the partner's door. Raises PartnerError."""
        return await door.ask(self._ask, question)

    async def run(self) -> None:
        """Pull until cancelled."""
        while True:
            if self.inbox.quarantined is not None:
                self.state = "quarantined"
            elif not self._may_come():
                self.state, self._until_s = "not active", 0
                self._aside.clear()
            elif await self._granted():
                await self._once()
                continue
            await asyncio.sleep(PAUSE_S / 4 if self.state == "not active" else PAUSE_S)

    @property
    def granted_until_s(self) -> int:
        """End of the grant to pull, UTC epoch; 0: none."""
        return self._until_s

    async def blame(self, reason: Rejection) -> None:
        """Put the partner into quarantine for what it did elsewhere. Raises OSError."""
        before = self.inbox
        self.inbox = blame(before, reason)
        await self._account(before)
        await asyncio.to_thread(self._store.keep_inbox, self.inbox)

    async def lift(self) -> None:
        """End the quarantine: a person's decision."""
        self.inbox = lift(self.inbox)
        await asyncio.to_thread(self._store.keep_inbox, self.inbox)

    def stop(self) -> None:
        """Forget the grant: the next one is asked for when something may come again."""
        self._until_s = 0

    async def _granted(self) -> bool:
        """See that we have a grant; ask for one where it is due."""
        now_s = self._now_ns() // SECOND_NS
        left_s = self._until_s - now_s
        if left_s > (self._until_s - self._granted_s) * RENEW_PART:
            return True
        try:
            answer = await self.ask(AskGrant())
        except PartnerError:
            self.state = "no contact"
            return left_s > 0
        if isinstance(answer, Grant):
            fresh = self._until_s == 0
            self._granted_s, self._until_s = now_s, answer.until_s
            self._border.admit_us(self.partner, "in", answer.jwt)
            if fresh:
                self.state = "entering"
            return True
        self.state = f"refused: {answer.reason}" if isinstance(answer, No) else "refused"
        return False

    async def _once(self) -> None:
        """Pull once, and take what came."""
        try:
            messages = await self._pull.fetch(CREDIT, timeout=PULL_S)
        except (TimeoutError, nats.errors.TimeoutError):
            await self._mind_the_gap()
            return
        except (nats.errors.Error, OSError):
            # No leaf, no stream, not yet let in.
            self.state = "no contact"
            await asyncio.sleep(0.1)
            return
        self.state = "flowing"
        await self.take(messages)
        await self._mind_the_gap()

    async def take(self, messages: list[Msg]) -> None:
        """Judge and show; record, and only then acknowledge.

        What is not acknowledged comes again: what waits for one before it, and what there was no room for.
        """
        before = self.inbox
        taken, record, done = await asyncio.to_thread(self._judge, messages)
        for one in taken:
            # Whatever was sent before it may not be taken any more must not reach the picture after that.
            if not self._may_come():
                break
            if not self._still(one):
                continue
            self.rows += one.rows
            await self._deliver(one)
        try:
            if self.inbox is not before:
                await asyncio.to_thread(self._keep, record)
                await self._account(before)
        except OSError as error:
            # Not acknowledged: it comes again, and is judged again.
            self.inbox, self.problem = before, f"the record cannot be written: {error.strerror}"
            return
        self.problem = ""
        for message in done:
            with contextlib.suppress(nats.errors.Error):
                await message.ack()

    def _still(self, one: Arrived) -> bool:
        """Tell whether all agreements under which a batch came still give it: they may have ended since."""
        if not one.label:
            return True
        flows = flowing(self._register(), self.partner, self._border.plan.member, self._now_ns())
        return flows.issuperset(agreements_of(one.label))

    async def _account(self, before: Inbox) -> None:
        """Account for what was refused since, by reason. Raises OSError."""
        counts = {
            one.name: count - before.rejected.get(one, 0)
            for one, count in self.inbox.rejected.items()
            if count > before.rejected.get(one, 0)
        }
        if counts:
            await self._refused(counts)

    def _keep(self, record: list[bytes]) -> None:
        if record:
            self._store.record("received", self.partner, record, self._now_ns())
        self._store.keep_inbox(self.inbox)

    def _judge(self, messages: list[Msg]) -> tuple[list[Arrived], list[bytes], list[Msg]]:
        taken: list[Arrived] = []
        record: list[bytes] = []
        done: list[Msg] = []
        waiting = list(messages)
        while waiting:
            message = waiting.pop(0)
            if self._waits(message):
                continue
            got = self._admit(message.data)
            if got is Rejection.FROM_THE_FUTURE:
                self.deferred += 1
                continue
            done.append(message)
            if isinstance(got, Arrived):
                taken.append(got)
                record.append(message.data)
                self.octets += len(message.data)
                overtaken = self._aside.pop(self.inbox.sequence + 1, None)
                if overtaken is not None:
                    waiting.insert(0, overtaken)
        return taken, record, done

    def _waits(self, message: Msg) -> bool:
        """Put aside what overtook another; what its header says is not believed, but costs no more than
        room.
        """
        try:
            sequence = take_apart(message.data).header.sequence
        except BatchError:
            return False
        if sequence <= self.inbox.sequence + 1:
            return False
        if len(self._aside) < MOST_ASIDE or sequence in self._aside:
            self._aside[sequence] = message
        else:
            self.deferred += 1
        return True

    def _admit(self, octets: bytes) -> Arrived | Rejection:
        register, now_ns = self._register(), self._now_ns()
        before = self.inbox
        self.inbox, got = admit(before, octets, register, now_ns)
        if isinstance(got, Rejected):
            return got.reason
        header, label = got.header, got.header.label
        if label is not None:
            what = header.what or "tracks"
            try:
                table = self._decode(what, got.payload, self.partner, label.text)
            except FeedError:
                self.inbox, refused = unreadable(self.inbox, got)
                return refused.reason
            subjects = subjects_of(table, what=what)
            self.inbox, judged = inspect(self.inbox, got, subjects, self._inbound(register), register)
            if not isinstance(judged, Admitted):
                return judged.reason
        self.last_ns, self.lag_s = header.sent_ns, (now_ns - header.sent_ns) / SECOND_NS
        return Arrived(
            origin=self.partner, sequence=header.sequence, sent_ns=header.sent_ns, what=header.what,
            label=label.text if label else "", rows=header.rows, payload=got.payload if label else b"",
        )  # fmt: skip

    def _inbound(self, register: Register) -> Ruleset:
        if self._rules is None or self._rules[0].entries is not register.entries:
            self._rules = (register, compile_inbound(register, self.partner))
        return self._rules[1]

    async def _mind_the_gap(self) -> None:
        """Ask about batches before those that wait, when that has lasted."""
        now_s = asyncio.get_running_loop().time()
        if not self._aside:
            self._aside_since_s = None
        elif self._aside_since_s is None:
            self._aside_since_s = now_s
        elif now_s - self._aside_since_s > GAP_S:
            self._aside_since_s = now_s
            await self._bridge()

    async def _bridge(self) -> None:
        try:
            said = await self.ask(AskOldest(self.inbox.sequence))
        except PartnerError:
            return
        known = self._register().keys
        if not isinstance(said, Oldest) or said.origin != self.partner or not door.is_genuine(said, known):
            return
        if said.recipient != self._border.plan.member or said.sequence <= self.inbox.sequence + 1:
            # Nothing is missing: what comes next is on its way, or comes again once its time to be
            # acknowledged is over. What waits and was not signed by the partner was never its own.
            await self.refuse_forged()
            return
        self.inbox = skip(self.inbox, said.sequence)
        octets = msgspec.json.encode(said)
        await asyncio.to_thread(self._store.record, "received", self.partner, [octets], self._now_ns(), GAP)
        await asyncio.to_thread(self._store.keep_inbox, self.inbox)
        waiting = [self._aside.pop(one) for one in sorted(self._aside)]
        await self.take(waiting)

    async def refuse_forged(self) -> None:
        """Of what waits, refuse what the partner did not sign; its own goes on waiting."""
        before = self.inbox
        for sequence, message in list(self._aside.items()):
            inbox, got = admit(self.inbox, message.data, self._register(), self._now_ns())
            if isinstance(got, Rejected) and got.reason is Rejection.GAP:
                continue
            self.inbox = inbox
            del self._aside[sequence]
            with contextlib.suppress(nats.errors.Error):
                await message.ack()
        try:
            await self._account(before)
        except OSError as error:
            self.problem = f"the account cannot be written: {error.strerror}"
