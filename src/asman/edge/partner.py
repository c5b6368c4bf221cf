"""One partner: what we give it, what it gives us, and what it asks at our door."""

import asyncio
import contextlib
import itertools
import logging
from typing import TYPE_CHECKING, Final

import msgspec
from nats.aio.client import Client

from asman.edge import door
from asman.edge.border import GRANT_S, pass_for
from asman.edge.door import (
    AskGrant,
    AskOldest,
    Done,
    Grant,
    Hello,
    NextKey,
    No,
    Oldest,
    Question,
    Say,
    ShowHead,
)
from asman.edge.heads import Heads
from asman.edge.intake import Intake
from asman.edge.invitation import Link
from asman.edge.link_messages import LinkState
from asman.edge.outbox import Outbox
from asman.edge.signing import name_of
from asman.errors import AsmanError, PartnerError
from asman.sharing import keys
from asman.sharing.register import Refused, flowing
from asman.units import SECOND_NS

if TYPE_CHECKING:
    from asman.edge.federation import Federation

#: Pause between two attempts to greet a partner that does not answer yet.
GREET_S: Final = 1.0
#: What was announced holds at the partner's after this: its register may be read again meanwhile.
SETTLE_S: Final = 1.0
#: Pause between two greetings of one that knows us.
GREET_AGAIN_S: Final = 60.0
_log = logging.getLogger("asman.node")


class Partner:
    """One link, for the life of the event loop."""

    def __init__(self, federation: "Federation", link: Link) -> None:
        self.member = link.partner.origin
        self.link = link
        self.problem = ""
        self._all = federation
        self.outbox = Outbox(
            federation.border, self.member, federation.store, federation.signing.key, federation.encode,
            federation.limits, lambda label: federation.gives(self.member, label), federation.relaying,
            federation.now_ns,
        )  # fmt: skip
        self.intake = Intake(
            federation.border, self.member, federation.store, lambda: federation.register,
            lambda: federation.takes(self.member), federation.decode, federation.tell, federation.now_ns,
            federation.account_refused, federation.relaying.pass_on,
        )  # fmt: skip
        #: Fingerprint of the newest key of ours that the partner has.
        self.knows = ""
        self._due = asyncio.Event()
        self.heads = Heads(
            self.member, federation.store, lambda: federation.register.keys, self.intake, federation.now_ns
        )
        self._door: Client

    async def open(self) -> None:
        """Enter our rooms, and open the door. Raises AsmanError."""
        if self.link.door_pass:
            self._all.border.admit_us(self.member, "ask", self.link.door_pass)
        await self.outbox.open()
        self._door = await self._all.border.enter("door", self.member, f"door {self.member}")
        await door.keep(self._door, self._reply)
        await self.intake.open()

    async def close(self) -> None:
        """Leave all rooms."""
        await self._door.close()
        await self.outbox.close()
        await self.intake.close()

    async def run(self) -> None:
        """Pull, and greet, until cancelled."""
        await asyncio.gather(self.intake.run(), self._greet())

    async def cut(self, origin: str = "") -> None:
        """Let nothing more leave: cut the leaf off, and empty the stream.

        origin  of what we pass on of that member alone; the partner comes back at once for the rest
        """
        try:
            await self._all.border.revoke(self.member, self.link.partner.pulls_as)
        finally:
            await self.outbox.purge(origin)

    async def _greet(self) -> None:
        """Give the partner what it needs to knock at our door: it cannot have it from a file that it made
        first.
        """
        while True:
            pass_ = pass_for(
                self._all.border.plan.secret, self.member, self.link.partner.asks_as, self._all.now_ns()
            )
            pause_s = GREET_S
            with contextlib.suppress(PartnerError):
                if isinstance(await self.intake.ask(Hello(pass_)), Done) and await self._announce():
                    pause_s = GREET_AGAIN_S
            self._due.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), pause_s)

    def greet(self) -> None:
        """Greet now: there is something new to be announced."""
        self._due.set()

    async def _announce(self) -> bool:
        """Tell the partner of our newer keys, each signed with the one before; whether it has them now."""
        ours, ends = self._all.home.signing_keys(), self._all.register.ends
        for old, fresh in itertools.pairwise(ours):
            ends_s = ends.get(name_of(old), 0) // SECOND_NS
            said = door.announce_key(keys.public_of(fresh), self._all.member, old, ends_s)
            if not isinstance(await self.intake.ask(said), Done):
                return False
        if len(ours) > 1:
            await asyncio.sleep(SETTLE_S)
        self.knows = name_of(ours[-1])
        return True

    async def _reply(self, question: Question) -> door.Answer:
        try:
            return await self._answer(question)
        except (AsmanError, OSError) as error:
            _log.warning("door partner=%s problem=%r", self.member, str(error))
            return No("it cannot be done now")

    async def _answer(self, question: Question) -> door.Answer:
        match question:
            case Hello():
                return await self._heard_hello(question)
            case AskGrant():
                return self._grant()
            case Say() if self._all.spoken.known(question.agreement, question.signed):
                return Done()
            case Say():
                answer = await self._all.say(question.agreement, question.signed)
                return No(answer.reason.value) if isinstance(answer, Refused) else Done()
            case AskOldest():
                return await self._oldest(question.after)
            case NextKey():
                return self._next_key(question)
            case ShowHead():
                return await self.heads.heard(question)

    async def _heard_hello(self, said: Hello) -> door.Answer:
        if len(said.door_pass) > 8_000:
            return No("that is no pass")
        if said.door_pass != self.link.door_pass:
            self.link = msgspec.structs.replace(self.link, door_pass=said.door_pass)
            await asyncio.to_thread(self._all.home.keep_pass, self.member, said.door_pass)
            self._all.border.admit_us(self.member, "ask", said.door_pass)
        return Done()

    def _grant(self) -> door.Answer:
        """A day, or less where everything ends before; only while something flows."""
        now_ns = self._all.now_ns()
        flows = flowing(self._all.register, self._all.member, self.member, now_ns)
        ends = [one.ends_ns for id_, one in self._all.standing().items() if id_ in flows]
        if not ends:
            return No("no agreement is active")
        until_s = min(now_ns // SECOND_NS + GRANT_S, max(ends) // SECOND_NS)
        jwt = self._all.border.grant(self.member, self.link.partner.pulls_as, until_s)
        return Grant(jwt, until_s)

    async def _oldest(self, after: int) -> door.Answer:
        if not 0 <= after <= self.outbox.stream.sequence:
            return No("no such batch was ever sent")
        said = Oldest(self._all.member, self.member, await self.outbox.oldest(after), self._all.now_ns())
        return door.sign_oldest(said, self._all.signing.key)

    def _next_key(self, said: NextKey) -> door.Answer:
        register = self._all.register
        if not door.key_is_genuine(said, self.member, register.keys):
            return No("it is not announced with a key that is known here")
        fresh = bytes.fromhex(said.key)
        known = keys.find(register.keys[self.member], keys.fingerprint(fresh)) is not None
        # What ends once does not go on: an end is set, and never put off.
        end_ns = register.ends.get(said.signed_by, said.ends_s * SECOND_NS)
        if known and (end_ns == 0 or said.signed_by in register.ends):
            return Done()
        if not known and keys.has_ended(said.signed_by, register.ends, self._all.now_ns()):
            return No("it is announced with a key that has ended")
        self._all.learn(self.member, fresh, said.signed_by, end_ns)
        return Done()

    def state(self) -> LinkState:
        """How the link is now."""
        inbox, outbox, intake = self.intake.inbox, self.outbox, self.intake
        last_ns = intake.judging.last_ns
        return LinkState(
            member=self.member, address=self.link.partner.address,
            key=keys.fingerprint(bytes.fromhex(self.link.partner.key)), state=intake.state,
            sent=outbox.sent, sent_rows=outbox.rows, sent_octets=outbox.octets, waiting=outbox.waiting,
            discarded=outbox.discarded, purged=outbox.purged, held_back=outbox.held_back,
            taken=inbox.taken, rows=intake.rows, octets=intake.octets, missing=inbox.missing,
            rejected={one.name: count for one, count in inbox.rejected.items()},
            quarantined=inbox.quarantined.value if inbox.quarantined else "",
            last_s=None if last_ns is None else last_ns / SECOND_NS, lag_s=intake.judging.lag_s,
            grant_until_s=float(intake.granted_until_s),
            problem=self.problem or self.heads.problem or intake.problem,
            deferred=intake.deferred, account_entries=self.heads.entries,
            relayed=intake.relayed.states(), passed=self._all.relaying.states(self.member),
        )  # fmt: skip
