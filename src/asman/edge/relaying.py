"""What we pass on: partners' batches as they are, to third parties whom their origins name.

    intake of A's batch -> third-party rule -> account (on disk) -> outbox for C -> C

Every batch with rows is judged for every other partner, and what becomes of it stands in the account: under
which clauses it went on, or why it did not. It is done before the batch is acknowledged to its origin, so
that a crash passes it on twice rather than never: the third party knows it by its origin and number.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from asman.edge.link_messages import PassedState
from asman.edge.offers import Held
from asman.model.agreement import DataClass
from asman.sharing.audit import Entry, of_passing
from asman.sharing.batches import Header, digest_of
from asman.sharing.classes import CATEGORIES, IDENTITIES
from asman.sharing.deciding import Reason, Subjects, subjects_of
from asman.sharing.register import Register, flowing
from asman.sharing.relay import Onward, Rulesets, may_still, pass_on, rulesets

#: Batches that wait for the delay of our own terms, all third parties together; beyond it the oldest go.
MOST_WAITING: Final = 4_096
_PENDING: Final = ("pending", "unspecified")
#: How often what waits is looked at.
AGAIN_S: Final = 0.5


class Took(NamedTuple):
    """A batch that was taken straight of its origin, and its rows."""

    octets: bytes
    header: Header
    table: pa.Table


class Way(Protocol):
    """Where batches for one partner go."""

    async def pass_on(self, batches: Sequence[Onward], accounted: Awaitable[None]) -> None:
        """Enclose, record and publish them when the account has them. Raises OSError, AsmanError."""
        ...


class Relaying:
    """All that one node passes on."""

    def __init__(
        self, register: Callable[[], Register], ways: Callable[[], Mapping[str, Way]],
        account: Callable[[list[Entry]], Awaitable[None]], now_ns: Callable[[], int],
    ) -> None:  # fmt: skip
        self.problem = ""
        #: What our people hold partners' tracks to be: our own terms may withhold them.
        self.held: Held = {}
        self._register = register
        self._ways = ways
        self._account = account
        self._now_ns = now_ns
        self._rules: dict[tuple[str, str], tuple[Mapping[str, object], Rulesets]] = {}
        #: (third, origin) -> batches, rows, rows withheld by reason
        self._went: dict[tuple[str, str], tuple[int, int]] = {}
        self._kept: dict[tuple[str, str], dict[str, int]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._asked_again_s = 0.0
        self._waiting: deque[tuple[str, Took]] = deque()
        #: (third, origin, class) -> when the latest was sealed, and the time of its latest row.
        self._latest: dict[tuple[str, str, str], tuple[int, int]] = {}

    def may_leave(self, one: Onward) -> bool:
        """Tell whether what was judged may still leave, now that it is about to."""
        register, now_ns = self._register(), self._now_ns()
        if may_still(one.header, register, one.recipient, now_ns) is not None:
            return False
        return one.under <= flowing(register, register.member, one.recipient, now_ns)

    def may_leave_again(self, header: Header, third: str) -> bool:
        """Tell whether what has left may leave once more, after a restart."""
        register, now_ns = self._register(), self._now_ns()
        flows = flowing(register, register.member, third, now_ns)
        return bool(flows) and may_still(header, register, third, now_ns) is None

    async def pass_on(self, took: Sequence[Took]) -> None:
        """Pass on what may be of batches that were taken of one origin. Raises OSError: nothing went on."""
        thirds = sorted(self._ways())
        asked = [(third, one) for one in took for third in thirds if third != one.header.origin]
        if asked:
            await self._go(asked)

    async def again(self) -> None:
        """Pass on what has waited for our own delay long enough. Raises OSError."""
        now_s = asyncio.get_running_loop().time()
        if self._waiting and now_s - self._asked_again_s > AGAIN_S:
            self._asked_again_s = now_s
            due = list(self._waiting)
            self._waiting.clear()
            await self._go(due)

    def states(self, third: str) -> list[PassedState]:
        """What was passed on to a third party, and what not, by origin."""
        origins = {origin for to, origin in (*self._went, *self._kept) if to == third}
        return [
            PassedState(
                origin=origin, batches=self._went.get((third, origin), (0, 0))[0],
                rows=self._went.get((third, origin), (0, 0))[1],
                withheld=dict(self._kept.get((third, origin), {})),
                waiting=sum(to == third and one.header.origin == origin for to, one in self._waiting),
            )
            for origin in sorted(origins)
        ]  # fmt: skip

    async def _go(self, asked: Sequence[tuple[str, Took]]) -> None:
        async with self._one_at_a_time:
            entries, onward = await asyncio.to_thread(self._judge, asked)
        accounted = asyncio.ensure_future(self._account(entries) if entries else _nothing())
        ways = self._ways()
        sent = await asyncio.gather(
            *(ways[third].pass_on(some, asyncio.shield(accounted)) for third, some in onward.items()),
            return_exceptions=True,
        )
        # What the account does not hold has not gone on; what one way could not take is that partner's loss.
        await accounted
        problems = [one for one in sent if isinstance(one, BaseException)]
        self.problem = f"something was not passed on: {problems[0]}" if problems else ""

    def _judge(self, asked: Sequence[tuple[str, Took]]) -> tuple[list[Entry], dict[str, list[Onward]]]:
        register, now_ns = self._register(), self._now_ns()
        entries: list[Entry] = []
        onward: dict[str, list[Onward]] = {}
        for third, one in asked:
            header, rows = one.header, one.header.rows
            said = self._decided(register, third, one, now_ns)
            if said is Reason.DELAYED:
                self._wait(third, one)
                continue
            told = said.clauses if isinstance(said, Onward) else said
            digest, what = digest_of(one.octets), header.what or ""
            entries.append(of_passing(header.origin, third, what, rows, told, digest, now_ns))
            key = (third, header.origin)
            if isinstance(said, Onward):
                onward.setdefault(third, []).append(said)
                batches, before = self._went.get(key, (0, 0))
                self._went[key] = (batches + 1, before + rows)
            else:
                self._withheld(key, said, rows)
        return entries, onward

    def _decided(self, register: Register, third: str, one: Took, now_ns: int) -> Onward | Reason:
        header = one.header
        reason = may_still(header, register, third, now_ns)
        if reason is not None:
            return reason
        if any(to == third and each.header.origin == header.origin for to, each in self._waiting):
            return Reason.DELAYED  # it does not overtake what waits
        rules = self._of(register, third, header)
        said: Onward | Reason = Reason.NOT_GRANTED
        for subjects in self._subjects(one):
            said = pass_on(one.octets, header, subjects, register, rules, now_ns)
            if isinstance(said, Reason):
                return said
        if isinstance(said, Onward) and said.every_ns and not self._is_due(said, one.table):
            return Reason.TOO_OFTEN
        return said

    def _subjects(self, one: Took) -> Iterator[Subjects]:
        """The rows as what our people hold them to be; where a row may be of any track that they hold to be
        something, once as each of those.
        """
        what, table = one.header.what or "tracks", one.table
        held = self.held.get(one.header.origin, {})
        if "track" in table.column_names or not held:
            of = [_PENDING if one is None else held.get(one, _PENDING) for one in _tracks(table)]
            yield _as(table, what, of)
            return
        for each in sorted({_PENDING, *held.values()}):
            yield _as(table, what, [each] * len(table))

    def _is_due(self, one: Onward, table: pa.Table) -> bool:
        """Whether the interval of our own terms has passed since the batch before; pieces of one step go."""
        header = one.header
        key = (one.recipient, header.origin, header.what or "")
        sealed_ns, last_ns = self._latest.get(key, (0, 0))
        times_ns = table["time"].cast(pa.int64()).to_numpy()
        first_ns, latest_ns = int(times_ns.min()), int(times_ns.max())
        if header.sent_ns != sealed_ns and first_ns < last_ns + one.every_ns:
            return False
        self._latest[key] = (header.sent_ns, max(latest_ns, last_ns))
        return True

    def _wait(self, third: str, one: Took) -> None:
        if len(self._waiting) >= MOST_WAITING:
            to, lost = self._waiting.popleft()
            self._withheld((to, lost.header.origin), Reason.GIVEN_UP, lost.header.rows)
        self._waiting.append((third, one))

    def _withheld(self, key: tuple[str, str], reason: Reason, rows: int) -> None:
        counts = self._kept.setdefault(key, {})
        counts[reason.name] = counts.get(reason.name, 0) + rows

    def _of(self, register: Register, third: str, header: Header) -> Rulesets:
        key = (header.origin, third)
        known = self._rules.get(key)
        if known is None or known[0] is not register.entries:
            known = self._rules[key] = (register.entries, rulesets(register, header.origin, third))
        return known[1]


def _tracks(table: pa.Table) -> list[int | None]:
    return table["track"].to_pylist() if "track" in table.column_names else [None] * len(table)


def _as(table: pa.Table, what: DataClass, held: Sequence[tuple[str, str]]) -> Subjects:
    identity = np.array([IDENTITIES.index(one) for one, _ in held], np.int64)
    category = np.array([CATEGORIES.index(one) for _, one in held], np.int64)
    return subjects_of(table, identity, category, what)


async def _nothing() -> None:
    """Account for nothing."""
