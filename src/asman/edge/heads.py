"""Heads of accounts, shown between partners: neither can change afterwards what it wrote, unseen.

Every ten seconds a node signs the head of its account and shows it to each partner at the door, with a proof
that its account still begins with all that it held when the partner was shown one before. A partner that
cannot prove it goes into quarantine, and both heads, which bear its own signature, go on record.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from asman.edge.border_store import HEADS, BorderStore
from asman.edge.door import Answer, HeardHead, No, ShowHead
from asman.edge.intake import Intake
from asman.errors import PartnerError
from asman.sharing import keys
from asman.sharing.audit import Head, Shown, judge_head
from asman.sharing.gate import Rejection

#: Of so many entries nobody's account is: a proof of more hashes is none.
MOST_HASHES: Final = 128
#: A partner that has restarted shows one head without a proof, and is told from where.
MOST_UNPROVEN: Final = 3
#: Entries since, entries in all -> hashes.
Prove = Callable[[int, int], Awaitable[list[bytes]]]


class Heads:
    """Ours as one partner has it, and its as we have it."""

    def __init__(
        self, partner: str, store: BorderStore, known: Callable[[], keys.PublicKeys], intake: Intake,
        now_ns: Callable[[], int],
    ) -> None:  # fmt: skip
        self.problem = ""
        self._partner = partner
        self._store = store
        self._known = known
        self._intake = intake
        self._now_ns = now_ns
        self._theirs = store.head(partner)
        #: Heads in a row that the partner has shown without a proof from the one that we told it.
        self._unproven = 0
        #: Entries of our account in the head that the partner has.
        self._since = 0

    @property
    def entries(self) -> int:
        """Entries of the partner's account in the latest head that it has shown; 0: none."""
        return self._theirs.size if self._theirs else 0

    async def show(self, head: Head, prove: Prove) -> None:
        """Show the partner our head, from the one that it knows; that it cannot be reached is no matter."""
        for _ in range(2):
            proof = [one.hex() for one in await prove(self._since, head.size)]
            try:
                said = await self._intake.ask(ShowHead(head, self._since, tuple(proof)))
            except PartnerError:
                return
            if isinstance(said, No):
                self.problem = f"{self._partner} does not take the head of our account: {said.reason}"
                return
            if not isinstance(said, HeardHead) or not 0 <= said.size <= head.size:
                self.problem = f"{self._partner} knows a head of our account that this account does not hold"
                return
            self._since, self.problem = said.size, ""
            if said.size == head.size:
                return

    async def heard(self, said: ShowHead) -> Answer:
        """Judge the partner's head; remember it, or blame the partner. Raises OSError."""
        older = self._theirs
        if len(said.proof) > MOST_HASHES:
            return No(Shown.FORGED.value)
        shown = judge_head(older, said.head, said.since, said.proof, self._partner, self._known())
        match shown:
            case Shown.TAKEN:
                self._theirs, self._unproven = said.head, 0
                await asyncio.to_thread(self._store.keep_head, said.head)
                return HeardHead(said.head.size)
            case Shown.PROVE:
                self._unproven += 1
                if self._unproven > MOST_UNPROVEN:
                    self.problem = f"{self._partner} does not prove that its account begins as it did"
                return HeardHead(self.entries)
            case Shown.REWRITTEN if self._intake.inbox.quarantined is None:
                evidence = msgspec.json.encode((older, said.head))
                now_ns = self._now_ns()
                record = self._store.record
                await asyncio.to_thread(record, "received", self._partner, [evidence], now_ns, HEADS)
                await self._intake.judging.blame(Rejection.REWRITTEN)
            case _:
                pass
        return No(shown.value)

    async def forget(self) -> None:
        """Believe the next head that the partner shows: a person's decision."""
        self._theirs = None
        await asyncio.to_thread(self._store.forget_head, self._partner)
