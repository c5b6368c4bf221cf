"""What leaves of our own: put before the guard, accounted for, and given to each partner's outbox."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import pyarrow as pa

from asman.edge.link_messages import Visibility, Withheld
from asman.edge.outbox import Outbox
from asman.edge.seen import visibility
from asman.errors import AsmanError
from asman.model.contribution import Offer
from asman.model.tracks import TRACKS
from asman.sharing.audit import Entry, of_outcome
from asman.sharing.deciding import decide, subjects_of
from asman.sharing.guard import GuardState, Outcome, total
from asman.sharing.guard import Partner as Remembered
from asman.sharing.offering import one_of, release_all
from asman.sharing.register import Register, standings
from asman.sharing.ruleset import Ruleset, bits_at, compile_register

_log = logging.getLogger("asman.node")


class Way(Protocol):
    """Where one partner's batches go, and why they do not."""

    outbox: Outbox
    problem: str


class Giving:
    """The guard of one node, and what it remembers."""

    def __init__(
        self, register: Callable[[], Register], ways: Mapping[str, Way],
        account: Callable[[list[Entry]], Awaitable[None]], now_ns: Callable[[], int],
    ) -> None:  # fmt: skip
        """`ways`: of each partner; partners come to it."""
        self.problem = ""
        #: Told of every step's outcomes.
        self.seen: Callable[[Sequence[Outcome], int], None] = lambda _, __: None
        self._register = register
        self._ways = ways
        self._account = account
        self._now_ns = now_ns
        self._guard = GuardState()
        self._rules: tuple[Any, tuple[str, ...], Ruleset] | None = None
        self._withheld: dict[str, dict[str, int]] = {}
        self._own = Offer(what="tracks", table=TRACKS.empty_table())

    def begin(self, partner: str, next_number: int) -> None:
        """Go on with a partner's numbers where they stood."""
        partners = {**self._guard.partners, partner: Remembered(next_number)}
        self._guard = msgspec.structs.replace(self._guard, partners=partners)

    async def release(self, tracks: pa.Table | Offer, *others: Offer) -> None:
        """Give partners what they may have of fresh rows of our own. No account, no release."""
        if not self._ways:
            return
        self._own = tracks if isinstance(tracks, Offer) else Offer(what="tracks", table=tracks)
        now_ns = self._now_ns()
        self._guard, outcomes = await asyncio.to_thread(
            release_all, self._guard, self._ruleset(), self._register(), (self._own, *others), now_ns
        )
        accounted = asyncio.ensure_future(self._account([of_outcome(one, now_ns) for one in outcomes]))
        by = {one: [each for each in outcomes if each.recipient == one] for one in self._ways}
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
        way = self._ways[recipient]
        try:
            number = self._guard.partners[recipient].next_number
            released = [each for one in outcomes for each in one.released]
            await way.outbox.send(released, number, asyncio.shield(accounted))
            way.problem = ""
        except (OSError, AsmanError) as error:
            way.problem = str(error)
            _log.error("release_failed partner=%s problem=%r", recipient, str(error))

    def _ruleset(self) -> Ruleset:
        register = self._register()
        recipients, entries = tuple(sorted(self._ways)), register.entries
        if self._rules is None or self._rules[0] is not entries or self._rules[1] != recipients:
            self._rules = (entries, recipients, compile_register(register, register.member, recipients))
        return self._rules[2]

    def visible(self, track: int) -> list[Visibility]:
        """Who sees a track of our own tracker, under which clause, or why not. Nothing leaves by asking."""
        row, held = one_of(self._own, track)
        if not row.num_rows:
            return []
        now_ns, rules = self._now_ns(), self._ruleset()
        bits = bits_at(rules, standings(self._register(), now_ns))
        return visibility(rules, decide(rules, bits, subjects_of(row, *held), now_ns), 0)

    def withheld(self) -> list[Withheld]:
        """Rows that did not leave since the start, by partner and reason."""
        return [Withheld(one, dict(counts)) for one, counts in sorted(self._withheld.items())]
