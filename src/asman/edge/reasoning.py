"""How the web side asks the reasoning, over the bus."""

from typing import Protocol, runtime_checkable

import msgspec
import nats.errors
import pyarrow as pa
from nats.aio.client import Client

from asman.edge.messages import (
    COMMAND,
    PAIR,
    TRACK,
    TRACKS,
    TRAILS,
    VIEW,
    WHY,
    Clock,
    Pairing,
    Refused,
    ReplayCommand,
    Told,
    TrackEntry,
    Why,
)
from asman.edge.tables import unpack_table

PATIENCE_S = 5.0
#: Tracking some time once more takes longer than looking something up.
WHY_PATIENCE_S = 20.0

#: Metadata of a view's table while no agreement gives the member anything.
STOPPED = {b"asman.flows": b"no"}


def flows(view: pa.Table) -> bool:
    """Tell whether an agreement gives a member something now, of the view of it."""
    return (view.schema.metadata or {}).get(b"asman.flows") != b"no"


@runtime_checkable
class Reasoning(Protocol):
    """What the API asks of a node's reasoning. Raises TimeoutError when it does not answer in time."""

    async def tracks(self) -> pa.Table:
        """Return the picture as TRACKS."""
        ...

    async def track(self, track: int) -> TrackEntry | None:
        """Return one track with its trail and plots; None when there is none of that number."""
        ...

    async def why(self, question: Why) -> Told:
        """Return why a track is what it is."""
        ...

    async def trails(self) -> bytes:
        """Return a frame of trails; empty when the reasoning is too busy to answer."""
        ...

    async def pair(self, pairing: Pairing) -> bool:
        """Tell what a person says of two tracks; False when there are no such two."""
        ...

    async def view(self, member: str) -> pa.Table | None:
        """Return what a member may see, as TRACKS; None when this node gives nobody anything."""
        ...

    async def command(self, command: ReplayCommand) -> Clock | Refused:
        """Pass on what a person wants of the replay."""
        ...


class BusReasoning:
    """The reasoning at the other end of the bus."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._track = msgspec.json.Decoder(TrackEntry | None)
        self._told = msgspec.json.Decoder(Told)
        self._clock = msgspec.json.Decoder(Clock | Refused)

    async def tracks(self) -> pa.Table:
        """Return the picture as TRACKS."""
        return unpack_table(await self._ask(TRACKS, b""))

    async def track(self, track: int) -> TrackEntry | None:
        """Return one track with its trail and plots; None when there is none of that number."""
        return self._track.decode(await self._ask(TRACK, str(track).encode()))

    async def why(self, question: Why) -> Told:
        """Return why a track is what it is."""
        answer = await self._ask(WHY, msgspec.json.encode(question), WHY_PATIENCE_S)
        return self._told.decode(answer)

    async def trails(self) -> bytes:
        """Return a frame of trails; empty when the reasoning is too busy to answer."""
        try:
            return await self._ask(TRAILS, b"")
        except TimeoutError:
            return b""

    async def pair(self, pairing: Pairing) -> bool:
        """Tell what a person says of two tracks; False when there are no such two."""
        return (await self._ask(PAIR, msgspec.json.encode(pairing))) == b"true"

    async def view(self, member: str) -> pa.Table | None:
        """Return what a member may see, as TRACKS; None when this node gives nobody anything."""
        try:
            answer = await self._client.request(VIEW, member.encode(), timeout=PATIENCE_S)
        except nats.errors.NoRespondersError:
            return None
        except nats.errors.TimeoutError as error:
            raise TimeoutError("the border did not answer") from error
        return unpack_table(answer.data)

    async def command(self, command: ReplayCommand) -> Clock | Refused:
        """Pass on what a person wants of the replay."""
        return self._clock.decode(await self._ask(COMMAND, msgspec.json.encode(command)))

    async def _ask(self, subject: str, octets: bytes, patience_s: float = PATIENCE_S) -> bytes:
        try:
            answer = await self._client.request(subject, octets, timeout=patience_s)
        except (nats.errors.TimeoutError, nats.errors.NoRespondersError) as error:
            raise TimeoutError(f"the reasoning did not answer {subject}") from error
        return answer.data
