"""What leaves for one partner: `Released` rows become numbered, chained, signed batches in a bounded stream.

What another member gave and lets us pass on, `Onward`, goes the same way, its octets enclosed as they are;
under a subject of its own, so that it can be taken back alone.

In this order, so that nothing leaves that is not on record, and no number is ever used for two batches: seal,
write to the record and sync, look once more whether it may leave, publish. What a suspension or the end of an
agreement leaves behind in the stream is purged: a retransmission is a release, too.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol

import msgspec
import nats.errors
import nats.js.errors
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.client import Client
from nats.js import JetStreamContext, api

from asman.edge.border import Border, stream_of
from asman.edge.border_store import BorderStore
from asman.errors import AsmanError
from asman.model.agreement import DataClass
from asman.model.label import Label
from asman.sharing.batches import Header, Stream, enclose, enclosed, seal, take_apart
from asman.sharing.guard import Released
from asman.sharing.relay import Onward

#: After this time without an acknowledgement a batch is offered once more.
ACK_S: Final = 5.0
#: Batches that are offered and not acknowledged; beyond it a consumer stalls silently, so it is out of reach.
MOST_UNACKNOWLEDGED: Final = 1_000_000
#: Batches that the server may not have kept when it was killed, and that are published once more.
AGAIN: Final = 16
AGAIN_NS: Final = 60 * 10**9
#: Rows of a batch: the partner reads one while the next is on its way.
MOST_ROWS: Final = 4_000
_PUBLISH_PATIENCE_S: Final = 5.0
#: Data class, rows -> payload.
Encode = Callable[[DataClass, pa.Table], bytes]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much waits for a partner that does not come: beyond it the oldest is discarded and counted.

    age_s   s
    octets  all batches together
    """

    age_s: float = 3_600.0
    octets: int = 256_000_000


class Passes(Protocol):
    """Whether another member's batch may still leave."""

    def may_leave(self, one: Onward) -> bool:
        """Tell it of one that was judged."""
        ...

    def may_leave_again(self, header: Header, third: str) -> bool:
        """Tell it of one that has left before."""
        ...


class Outbox:
    """One partner's stream. Nothing but `Released` and `Onward` gets in."""

    def __init__(
        self, border: Border, partner: str, store: BorderStore, key: Ed25519PrivateKey, encode: Encode,
        limits: Limits, may_leave: Callable[[Label | None], bool], passes: Passes, now_ns: Callable[[], int],
    ) -> None:  # fmt: skip
        self.partner = partner
        self.key = key
        self.sent = self.rows = self.octets = self.discarded = self.purged = self.held_back = 0
        self.waiting = 0
        self._border = border
        self._store = store
        self._encode = encode
        self._limits = limits
        self._may_leave = may_leave
        self._passes = passes
        self._now_ns = now_ns
        self._stream, self.next_number = store.stream(border.plan.member, partner)
        self._client: Client
        self._context: JetStreamContext
        self._one_at_a_time = asyncio.Lock()

    @property
    def stream(self) -> Stream:
        """Where it stands."""
        return self._stream

    async def open(self) -> None:
        """Make the stream and the partner's durable, and publish again what may have been lost."""
        member = self._border.plan.member
        self._client = await self._border.enter("out", self.partner, f"outbox {self.partner}")
        self._context = self._client.jetstream(domain=member, timeout=_PUBLISH_PATIENCE_S)
        config: dict[str, Any] = {
            "name": stream_of(self.partner), "subjects": [self._subject, f"{self._subject}.via.*"],
            "storage": "file", "retention": "workqueue", "discard": "old", "max_age": self._limits.age_s,
            "max_bytes": self._limits.octets, "duplicate_window": min(120.0, self._limits.age_s),
        }  # fmt: skip
        consumer = api.ConsumerConfig(
            durable_name=self.partner, ack_policy=api.AckPolicy.EXPLICIT, ack_wait=ACK_S,
            max_ack_pending=MOST_UNACKNOWLEDGED,
        )  # fmt: skip
        try:
            try:
                await self._context.update_stream(api.StreamConfig(**config))
            except nats.js.errors.NotFoundError:
                await self._context.add_stream(api.StreamConfig(**config))
            await self._context.add_consumer(stream_of(self.partner), consumer)
        except (nats.errors.Error, OSError) as error:
            raise AsmanError(f"no stream for {self.partner} can be made: {error!r}") from error
        await self._again()

    async def close(self) -> None:
        """Leave the server."""
        await self._client.close()

    async def send(
        self, released: Sequence[Released], next_number: int, accounted: Awaitable[None] | None = None
    ) -> None:
        """Seal, record and publish what one step released; a sign of life where it is empty.

        accounted  what must be done before anything leaves; where it raises, nothing has left

        Raises OSError where the record cannot be written: then nothing has left.
        """
        for one in released:
            if type(one) is not Released or one.recipient != self.partner:
                raise TypeError("only what the release guard released for this partner may leave")
        async with self._one_at_a_time:
            if not self._may_leave(None):
                self.held_back += 1
                return
            # The account and the record go to the disk side by side; nothing leaves before both are there.
            sealed = await asyncio.to_thread(self._sealed, released, next_number)
            try:
                if accounted is not None:
                    await accounted
            except OSError:
                self.held_back += len(sealed)
                raise
            for sequence, one, octets in sealed:
                if self._may_leave(None if one is None else one.label):
                    await self._publish(sequence, octets)
                    self.sent += 1
                    self.rows += 0 if one is None else one.table.num_rows
                    self.octets += len(octets)
                else:
                    self.held_back += 1

    async def pass_on(self, batches: Sequence[Onward], accounted: Awaitable[None]) -> None:
        """Enclose, record and publish other members' batches, once `accounted` is done.

        Raises OSError where the account or the record cannot be written: then nothing has left.
        """
        for one in batches:
            if type(one) is not Onward or one.recipient != self.partner:
                raise TypeError("only what the third-party rule lets go on to this partner may leave")
        async with self._one_at_a_time:
            made = await asyncio.to_thread(self._enclosed, batches)
            await accounted
            for sequence, one, octets in made:
                if self._passes.may_leave(one):
                    await self._publish(sequence, octets, one.header.origin)
                    self.sent += 1
                    self.octets += len(octets)
                else:
                    self.held_back += 1

    def _enclosed(self, batches: Sequence[Onward]) -> list[tuple[int, Onward, bytes]]:
        stream, now_ns = self._stream, self._now_ns()
        made: list[tuple[int, Onward, bytes]] = []
        for one in batches:
            stream, octets = enclose(stream, one.octets, now_ns, self.key)
            made.append((stream.sequence, one, octets))
        self._store.record("sent", self.partner, [octets for _, _, octets in made], now_ns)
        self._store.keep_stream(stream, self.next_number)
        self._stream = stream
        return made

    def _sealed(
        self, released: Sequence[Released], next_number: int
    ) -> list[tuple[int, Released | None, bytes]]:
        stream, now_ns = self._stream, self._now_ns()
        made: list[tuple[int, Released | None, bytes]] = []
        parts = [part for one in released for part in one.parts(MOST_ROWS)]
        for one in parts or [None]:
            what: DataClass = "tracks" if one is None else one.what
            stream, octets = seal(stream, one, partial(self._encode, what), now_ns, self.key)
            made.append((stream.sequence, one, octets))
        self._store.record("sent", self.partner, [octets for _, _, octets in made], now_ns)
        self._store.keep_stream(stream, next_number)
        self._stream, self.next_number = stream, next_number
        return made

    async def purge(self, origin: str = "") -> None:
        """Empty the stream: what was not pulled yet does not leave any more.

        origin  take back what we passed on of that member alone
        """
        subject = self._subject_of(origin) if origin else None
        try:
            told = await self._context.stream_info(stream_of(self.partner))
            await self._context.purge_stream(stream_of(self.partner), subject=subject)
            left = await self._context.stream_info(stream_of(self.partner))
            self.purged += max(told.state.messages - left.state.messages, 0)
        except (nats.errors.Error, OSError) as error:
            raise AsmanError(f"the stream for {self.partner} cannot be purged: {error!r}") from error

    async def look(self) -> None:
        """Learn how many batches wait."""
        told = await self._context.stream_info(stream_of(self.partner))
        self.waiting = told.state.messages

    async def oldest(self, after: int) -> int:
        """The first batch after number `after` that can still be had, or that comes next."""
        async with self._one_at_a_time:
            told = await self._context.stream_info(stream_of(self.partner))
            if told.state.messages == 0:
                first = self._stream.sequence + 1
            else:
                held = await self._context.get_msg(stream_of(self.partner), told.state.first_seq)
                first = take_apart(held.data or b"").header.sequence
        found = max(first, after + 1)
        self.discarded += max(found - after - 1, 0)
        return found

    @property
    def _subject(self) -> str:
        return f"to.{self.partner}"

    def _subject_of(self, origin: str) -> str:
        return f"{self._subject}.via.{origin}" if origin else self._subject

    async def _publish(self, sequence: int, octets: bytes, origin: str = "") -> None:
        """Publish a batch; `origin` of one that is passed on."""
        headers, subject = {"Nats-Msg-Id": str(sequence)}, self._subject_of(origin)
        try:
            await self._context.publish(subject, octets, timeout=_PUBLISH_PATIENCE_S, headers=headers)
        except (nats.errors.Error, OSError) as error:
            # It is on record and has its number: it counts as discarded, and the partner learns of the gap.
            self.discarded += 1
            raise AsmanError(f"a batch for {self.partner} was not published: {error!r}") from error

    async def _again(self) -> None:
        """Publish the latest batches once more; the server and the partner know those that they have."""
        kept = deque(self._store.latest("sent", self.partner), maxlen=AGAIN)
        for octets in kept:
            batch = take_apart(octets)
            header, inner = batch.header, enclosed(batch.header, batch.payload)
            if self._now_ns() - header.sent_ns >= AGAIN_NS or not self._may_leave(header.label):
                continue
            if not inner:
                await self._publish(header.sequence, octets)
                continue
            passed = take_apart(inner).header
            if self._passes.may_leave_again(passed, self.partner):
                await self._publish(header.sequence, octets, passed.origin)
