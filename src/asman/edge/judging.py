"""One partner's batches at the gate: what each comes to, the rows read, and what stands behind it.

A batch of the partner's own is judged by its grants to us; one that encloses another member's is the
partner's in its number, and that member's in all else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pyarrow as pa

from asman.edge.border_store import BorderStore
from asman.edge.messages import Arrived
from asman.edge.relayed import Relayed
from asman.edge.relaying import Took
from asman.errors import FeedError
from asman.model.agreement import DataClass
from asman.model.label import agreements_of
from asman.sharing.batches import enclosed
from asman.sharing.deciding import subjects_of
from asman.sharing.gate import (
    BLAMES_RELAY,
    Admitted,
    Inbox,
    Rejected,
    Rejection,
    admit,
    blame,
    compile_inbound,
    inspect,
    lift,
    unreadable,
)
from asman.sharing.register import Register, flowing
from asman.sharing.ruleset import Ruleset
from asman.units import SECOND_NS

#: Data class, payload, origin, label -> rows. Raises FeedError.
Decode = Callable[[DataClass, bytes, str, str], pa.Table]
#: Whose it is, name of a reason -> how many batches were refused for it. Raises OSError.
Account = Callable[[str, Mapping[str, int]], Awaitable[None]]
#: Batches that were taken straight of their origin. Raises OSError.
PassOn = Callable[[list[Took]], Awaitable[None]]


async def no_account(_: str, __: Mapping[str, int]) -> None:
    """Account for nothing."""


async def to_nobody(_: list[Took]) -> None:
    """Pass nothing on."""


class Judging:
    """What is known of one partner's stream to us, and of what it passes on."""

    def __init__(
        self, partner: str, store: BorderStore, register: Callable[[], Register], decode: Decode,
        now_ns: Callable[[], int], refused: Account, pass_on: PassOn,
    ) -> None:  # fmt: skip
        self.inbox = store.inbox(partner)
        self.relayed = Relayed(partner, store, register, decode)
        self.last_ns: int | None = None
        self.lag_s = 0.0
        self._partner = partner
        self._store = store
        self._register = register
        self._decode = decode
        self._now_ns = now_ns
        self._refused = refused
        self._pass_on = pass_on
        self._took: list[Took] = []
        self._rules: tuple[Register, Ruleset] | None = None

    def admit(self, octets: bytes) -> Arrived | Rejection:
        """Judge the next batch."""
        register, now_ns = self._register(), self._now_ns()
        before = self.inbox
        self.inbox, got = admit(before, octets, register, now_ns)
        if isinstance(got, Rejected):
            return got.reason
        header, label = got.header, got.header.label
        self.last_ns, self.lag_s = header.sent_ns, (now_ns - header.sent_ns) / SECOND_NS
        if inner := enclosed(header, got.payload):
            found = self.relayed.take(inner, now_ns)
            if found is Rejection.FROM_THE_FUTURE:
                self.inbox = before
            elif isinstance(found, Rejection) and found in BLAMES_RELAY:
                # It is the partner's own signature that says these are the octets.
                self.inbox = blame(self.inbox, found)
            return found
        if label is not None:
            what = header.what or "tracks"
            try:
                table = self._decode(what, got.payload, self._partner, label.text)
            except FeedError:
                self.inbox, refused = unreadable(self.inbox, got)
                return refused.reason
            subjects = subjects_of(table, what=what)
            self.inbox, judged = inspect(self.inbox, got, subjects, self._inbound(register), register)
            if not isinstance(judged, Admitted):
                return judged.reason
            self._took.append(Took(octets, header, table))
        return Arrived(
            origin=self._partner, sequence=header.sequence, sent_ns=header.sent_ns, what=header.what,
            label=label.text if label else "", rows=header.rows, payload=got.payload if label else b"",
        )  # fmt: skip

    def still(self, one: Arrived) -> bool:
        """Tell whether all agreements under which a batch came still give it: they may have ended since."""
        if not one.label:
            return True
        if one.via:
            return self.relayed.still(one, self._now_ns())
        flows = flowing(self._register(), self._partner, self._register().member, self._now_ns())
        return flows.issuperset(agreements_of(one.label))

    async def settle(self, before: Inbox, relayed: Mapping[str, Inbox], record: list[bytes]) -> None:
        """Pass on what may be, keep what was taken, account for what was refused since. Raises OSError."""
        took, self._took = self._took, []
        if took:
            await self._pass_on(took)
        if self.inbox is before:
            return
        await asyncio.to_thread(self._keep, relayed, record)
        await self.account(before)
        for source, counts in self.relayed.refused_since(relayed).items():
            await self._refused(source, counts)

    async def account(self, before: Inbox) -> None:
        """Account for what was refused of the partner's own since, by reason. Raises OSError."""
        counts = {
            one.name: count - before.rejected.get(one, 0)
            for one, count in self.inbox.rejected.items()
            if count > before.rejected.get(one, 0)
        }
        if counts:
            await self._refused(self._partner, counts)

    async def blame(self, reason: Rejection) -> None:
        """Put the partner into quarantine for what it did elsewhere. Raises OSError."""
        before = self.inbox
        self.inbox = blame(before, reason)
        await self.account(before)
        await asyncio.to_thread(self._store.keep_inbox, self.inbox)

    async def lift(self) -> None:
        """End the quarantine, and those of all that the partner passes on: a person's decision."""
        self.inbox = lift(self.inbox)
        await asyncio.to_thread(self.relayed.lift)
        await asyncio.to_thread(self._store.keep_inbox, self.inbox)

    def _keep(self, relayed: Mapping[str, Inbox], record: list[bytes]) -> None:
        if record:
            self._store.record("received", self._partner, record, self._now_ns())
        self._store.keep_inbox(self.inbox)
        self.relayed.keep(relayed)

    def _inbound(self, register: Register) -> Ruleset:
        if self._rules is None or self._rules[0].entries is not register.entries:
            self._rules = (register, compile_inbound(register, self._partner))
        return self._rules[1]
