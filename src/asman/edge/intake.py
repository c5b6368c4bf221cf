"""What comes from one partner: pulled at our own pace, judged at the gate, on record before it is
acknowledged.

The cursor is our own: the number of the latest batch in an unbroken row. What overtakes waits, so many; what
the partner declares gone is skipped and counted as missing. Each batch is taken once, whatever the transport
delivers twice, late or never.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from asman.edge import door
from asman.edge.border import Border, stream_of
from asman.edge.border_store import GAP, BorderStore
from asman.edge.door import AskGrant, AskOldest, Grant, No, Oldest
from asman.edge.judging import Account, Decode, Judging, PassOn, no_account, to_nobody
from asman.edge.messages import Arrived
from asman.edge.relayed import Relayed
from asman.errors import PartnerError
from asman.sharing.batches import BatchError, take_apart
from asman.sharing.gate import Inbox, Rejected, Rejection, admit, skip
from asman.sharing.register import Register
from asman.units import SECOND_NS

#: Batches of one pull; and those that may wait for one before them.
CREDIT: Final = 64
MOST_ASIDE: Final = 256
PULL_S: Final = 1.0
#: A gap this old is asked about.
GAP_S: Final = 2.0
#: Pause after the partner refused to let us pull, or could not be asked.
PAUSE_S: Final = 1.0
#: A grant that brings no contact for so long is asked for anew.
GRANT_LOST_S: Final = 0.5
#: A grant is renewed when less than this part of it is left.
RENEW_PART: Final = 0.5
Deliver = Callable[[Arrived], Awaitable[None]]


class Intake:
    """One partner's stream to us."""

    def __init__(
        self, border: Border, partner: str, store: BorderStore, register: Callable[[], Register],
        may_come: Callable[[], bool], decode: Decode, deliver: Deliver, now_ns: Callable[[], int],
        refused: Account = no_account, pass_on: PassOn = to_nobody,
    ) -> None:  # fmt: skip
        """`refused` puts into the account what was not taken; `pass_on` judges what may go on to others."""
        self.partner = partner
        self.judging = Judging(partner, store, register, decode, now_ns, refused, pass_on)
        self.rows = self.octets = self.deferred = 0
        self.state, self.problem = "starting", ""
        self._border = border
        self._store = store
        self._register = register
        self._may_come = may_come
        self._deliver = deliver
        self._now_ns = now_ns
        self._aside: dict[int, Msg] = {}
        self._aside_since_s: float | None = None
        self._granted_s = self._until_s = 0
        self._no_contact_since_s: float | None = None
        self._doubted = False
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

    @property
    def inbox(self) -> Inbox:
        """What is known of the partner's stream."""
        return self.judging.inbox

    @property
    def relayed(self) -> Relayed:
        """What the partner passes on to us of others."""
        return self.judging.relayed

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

    def stop(self) -> None:
        """Forget the grant: the next one is asked for when something may come again."""
        self._until_s = 0

    def renew(self) -> None:
        """Ask for a grant anew: the partner cuts us off, for a part of what came."""
        self._doubted = True

    async def _granted(self) -> bool:
        """See that we have a grant; ask for one where it is due."""
        now_s = self._now_ns() // SECOND_NS
        left_s = self._until_s - now_s
        if left_s > (self._until_s - self._granted_s) * RENEW_PART and not self._doubted:
            return True
        self._doubted = False
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
            self._lost()
            await asyncio.sleep(0.1)
            return
        self.state, self._no_contact_since_s = "flowing", None
        await self.take(messages)
        await self._mind_the_gap()

    def _lost(self) -> None:
        """Doubt the grant when contact is lost for long: it may have been revoked, and another be given."""
        now_s = asyncio.get_running_loop().time()
        if self._no_contact_since_s is None:
            self._no_contact_since_s = now_s
        elif now_s - self._no_contact_since_s > GRANT_LOST_S:
            self._doubted, self._no_contact_since_s = True, now_s

    async def take(self, messages: list[Msg]) -> None:
        """Judge and show; record, and only then acknowledge.

        What is not acknowledged comes again: what waits for one before it, and what there was no room for.
        """
        judging = self.judging
        before, relayed = judging.inbox, judging.relayed.inboxes
        taken, record, done = await asyncio.to_thread(self._judge, messages)
        for one in taken:
            # Whatever was sent before it may not be taken any more must not reach the picture after that.
            if not self._may_come():
                break
            if not judging.still(one):
                continue
            self.rows += 0 if one.via else one.rows
            await self._deliver(one)
        try:
            await judging.settle(before, relayed, record)
        except OSError as error:
            # Not acknowledged: it comes again, and is judged again.
            judging.inbox, judging.relayed.inboxes = before, relayed
            self.problem = f"the record cannot be written: {error.strerror}"
            return
        self.problem = ""
        for message in done:
            with contextlib.suppress(nats.errors.Error):
                await message.ack()

    def _judge(self, messages: list[Msg]) -> tuple[list[Arrived], list[bytes], list[Msg]]:
        taken: list[Arrived] = []
        record: list[bytes] = []
        done: list[Msg] = []
        waiting = list(messages)
        while waiting:
            message = waiting.pop(0)
            if self._waits(message):
                continue
            at = self.inbox.sequence
            got = self.judging.admit(message.data)
            if got is Rejection.FROM_THE_FUTURE:
                self.deferred += 1
                continue
            done.append(message)
            if isinstance(got, Arrived):
                taken.append(got)
                record.append(message.data)
                self.octets += len(message.data)
            if self.inbox.sequence > at and self.inbox.quarantined is None:
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
        self.judging.inbox = skip(self.inbox, said.sequence)
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
            self.judging.inbox = inbox
            del self._aside[sequence]
            with contextlib.suppress(nats.errors.Error):
                await message.ack()
        try:
            await self.judging.account(before)
        except OSError as error:
            self.problem = f"the account cannot be written: {error.strerror}"
