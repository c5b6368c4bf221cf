"""How the web side asks the reasoning, over the bus."""

from typing import Protocol, runtime_checkable

import msgspec
import nats.errors
import pyarrow as pa
from nats.aio.client import Client

from asman.edge.messages import COMMAND, TRACK, TRACKS, TRAILS, Clock, Refused, ReplayCommand, TrackEntry

PATIENCE_S = 5.0


@runtime_checkable
class Reasoning(Protocol):
    """What the API asks of a node's reasoning. Raises TimeoutError when it does not answer in time."""

    async def tracks(self) -> pa.Table:
        """Return the picture as TRACKS."""
        ...

    async def track(self, track: int) -> TrackEntry | None:
        """Return one track with its trail and plots; None when there is none of that number."""
        ...

    async def trails(self) -> bytes:
        """Return a frame of trails; empty when the reasoning is too busy to answer."""
        ...

    async def command(self, command: ReplayCommand) -> Clock | Refused:
        """Pass on what a person wants of the replay."""
        ...


class BusReasoning:
    """The reasoning at the other end of the bus."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._track = msgspec.json.Decoder(TrackEntry | None)
        self._clock = msgspec.json.Decoder(Clock | Refused)

    async def tracks(self) -> pa.Table:
        """Return the picture as TRACKS."""
        with pa.ipc.open_stream(await self._ask(TRACKS, b"")) as reader:
            return reader.read_all()

    async def track(self, track: int) -> TrackEntry | None:
        """Return one track with its trail and plots; None when there is none of that number."""
        return self._track.decode(await self._ask(TRACK, str(track).encode()))

    async def trails(self) -> bytes:
        """Return a frame of trails; empty when the reasoning is too busy to answer."""
        try:
            return await self._ask(TRAILS, b"")
        except TimeoutError:
            return b""

    async def command(self, command: ReplayCommand) -> Clock | Refused:
        """Pass on what a person wants of the replay."""
        return self._clock.decode(await self._ask(COMMAND, msgspec.json.encode(command)))

    async def _ask(self, subject: str, octets: bytes) -> bytes:
        try:
            answer = await self._client.request(subject, octets, timeout=PATIENCE_S)
        except (nats.errors.TimeoutError, nats.errors.NoRespondersError) as error:
            raise TimeoutError(f"the reasoning did not answer {subject}") from error
        return answer.data
