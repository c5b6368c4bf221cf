"""Agreements and links in the node's API: how they are, and what people decide about them."""

from typing import Any, Final

import msgspec
import nats.errors
from litestar import get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import FromPath, JSONBody
from nats.aio.client import Client

from asman.edge.link_messages import Decided, LinksState, Order, Visibility
from asman.edge.messages import ACT, LINKS, VISIBLE

PATIENCE_S: Final = 5.0


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, in words that partners read, and towards whom; empty: towards all."""

    reason: str = ""
    towards: tuple[str, ...] = ()


class Sharing:
    """The border at the other end of the bus; a node without `[sharing]` has none."""

    def __init__(self, client: Client | None = None) -> None:
        self._client = client

    async def state(self) -> LinksState:
        """How agreements and links are. Raises NotFoundException, TimeoutError."""
        return msgspec.json.decode(await self._ask(LINKS, b""), type=LinksState)

    async def order(self, order: Order) -> LinksState:
        """Do what a person has decided. Raises HTTPException where it is refused."""
        answer = msgspec.json.decode(await self._ask(ACT, msgspec.json.encode(order)), type=Decided)
        if answer.status != 200:
            raise HTTPException(answer.reason, status_code=answer.status)
        return await self.state()

    async def record(self, order: Order) -> None:
        """Put a person's decision on the account first: without that it does not hold. Raises HTTPException.

        A node that shares nothing has no account.
        """
        if self._client is None:
            return
        answer = msgspec.json.decode(await self._ask(ACT, msgspec.json.encode(order)), type=Decided)
        if answer.status != 200:
            raise HTTPException(answer.reason, status_code=answer.status)

    async def visible(self, track: int) -> list[Visibility] | None:
        """Who sees a track of our own tracker; None on a node that shares nothing."""
        if self._client is None:
            return None
        return msgspec.json.decode(await self._ask(VISIBLE, str(track).encode()), type=list[Visibility])

    async def _ask(self, subject: str, octets: bytes) -> bytes:
        if self._client is None:
            raise NotFoundException("this node shares nothing: its node.toml has no [sharing]")
        try:
            return (await self._client.request(subject, octets, timeout=PATIENCE_S)).data
        except (nats.errors.TimeoutError, nats.errors.NoRespondersError) as error:
            raise TimeoutError("the node's border does not answer") from error


@get("/api/agreements", summary="Agreements and links", tags=["sharing"])
async def agreements(sharing: NamedDependency[Sharing]) -> LinksState:
    """Return each agreement's standing, and each link's state and counts; 404 on a node that shares
    nothing.
    """
    return await sharing.state()


@post("/api/agreements/{agreement:str}/suspend", summary="Suspend", tags=["sharing"], status_code=200)
async def suspend(
    sharing: NamedDependency[Sharing], agreement: FromPath[str], data: JSONBody[Said]
) -> LinksState:
    """Suspend an agreement at once, for this member alone: signed, accounted for, and told to the
    partners.
    """
    order = Order(act="suspend", about=agreement, towards=data.towards, reason=data.reason)
    return await sharing.order(order)


@post("/api/agreements/{agreement:str}/resume", summary="Resume", tags=["sharing"], status_code=200)
async def resume(
    sharing: NamedDependency[Sharing], agreement: FromPath[str], data: JSONBody[Said]
) -> LinksState:
    """Take back this member's own suspension; 409 where it has suspended nothing."""
    order = Order(act="resume", about=agreement, towards=data.towards, reason=data.reason)
    return await sharing.order(order)


@post("/api/links/{member:str}/lift", summary="Lift a quarantine", tags=["sharing"], status_code=200)
async def lift(sharing: NamedDependency[Sharing], member: FromPath[str]) -> LinksState:
    """Take batches of a partner again that had sent outside its terms: a person's decision, accounted for."""
    return await sharing.order(Order(act="lift", about=member))


HANDLERS: Final[list[Any]] = [agreements, suspend, resume, lift]
