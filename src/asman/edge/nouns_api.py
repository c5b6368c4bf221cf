"""What members say beside tracks: partners' contributions, warnings, identities, who reports a track."""

import asyncio
from typing import Any, Final, get_args

import msgspec
import nats.errors
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import FromPath, JSONBody
from nats.aio.client import Client

from asman.edge.link_messages import LinkState, Order
from asman.edge.messages import HEARD, REPLY, SAY, TASKS, VIEW_OF, WARNINGS
from asman.edge.noun_messages import (
    Answer,
    Answered,
    Handover,
    HeardAsk,
    HeardRows,
    Identify,
    PartnerEntry,
    Propose,
    Replying,
    Saying,
    TaskEntry,
    WarningEntry,
)
from asman.edge.sharing_api import Sharing
from asman.errors import InputError
from asman.model.agreement import DataClass

PATIENCE_S: Final = 5.0
TAGS: Final = ["sharing"]
GEOJSON: Final = "application/geo+json"


class Nouns:
    """The reasoning, and for views the border, at the other end of the bus."""

    def __init__(self, client: Client | None = None) -> None:
        self._client = client

    async def partners(self) -> list[PartnerEntry]:
        """Who gave what beside tracks."""
        return msgspec.json.decode(await self._ask(HEARD, b""), type=list[PartnerEntry])

    async def warnings(self) -> list[WarningEntry]:
        """Own warnings and partners'."""
        return msgspec.json.decode(await self._ask(HEARD, WARNINGS), type=list[WarningEntry])

    async def rows(self, member: str, what: DataClass) -> HeardRows:
        """What is kept of a partner's class."""
        asked = msgspec.json.encode(HeardAsk(member=member, what=what))
        return msgspec.json.decode(await self._ask(HEARD, asked), type=HeardRows)

    async def view(self, member: str, what: DataClass) -> HeardRows:
        """What a member holds of us, of a class other than tracks."""
        asked = msgspec.json.encode(HeardAsk(member=member, what=what))
        rows = msgspec.json.decode(await self._ask(VIEW_OF, asked), type=list[dict[str, Any]])
        return HeardRows(member=member, what=what, rows=rows)

    async def tasks(self) -> list[TaskEntry]:
        """Own proposals and partners'."""
        return msgspec.json.decode(await self._ask(HEARD, TASKS), type=list[TaskEntry])

    async def say(self, said: Saying | Replying) -> Answered:
        """Pass on what a person says of a track, or answers. Raises HTTPException where it is refused."""
        subject = SAY if isinstance(said, Saying) else REPLY
        answered = msgspec.json.decode(await self._ask(subject, msgspec.json.encode(said)), type=Answered)
        if answered.status != 200:
            raise HTTPException(answered.reason, status_code=answered.status)
        return answered

    async def _ask(self, subject: str, octets: bytes) -> bytes:
        if self._client is None:
            raise NotFoundException("this node has no bus")
        try:
            return (await self._client.request(subject, octets, timeout=PATIENCE_S)).data
        except nats.errors.NoRespondersError as error:
            if subject == VIEW_OF:
                raise NotFoundException("this node shares nothing: nothing leaves it") from error
            raise TimeoutError(f"nobody answers {subject}") from error
        except nats.errors.TimeoutError as error:
            raise TimeoutError(f"the node did not answer {subject}") from error


def _class(what: str) -> DataClass:
    """Read the name of a data class beside tracks. Raises InputError."""
    for one in get_args(DataClass):
        if one == what and one != "tracks":
            return one
    known = ", ".join(one for one in get_args(DataClass) if one != "tracks")
    raise InputError("what", f"'{what}' is no class beside tracks", f"There are {known}.")


@get("/api/links", summary="Links with partners", tags=TAGS)
async def links(sharing: NamedDependency[Sharing]) -> list[LinkState]:
    """Return each link's state and counts, as `/api/agreements` does; 404 on a node that shares nothing."""
    return (await sharing.state()).links


@get("/api/partners", summary="What partners gave beside tracks", tags=TAGS)
async def partners(nouns: NamedDependency[Nouns]) -> list[PartnerEntry]:
    """Return for each partner how many rows of each class are kept of it."""
    return await nouns.partners()


@get("/api/partners/{member:str}/{what:str}", summary="Rows of a class of a partner", tags=TAGS)
async def rows(nouns: NamedDependency[Nouns], member: FromPath[str], what: FromPath[str]) -> HeardRows:
    """Return plots, identity, warnings, tasks, coverage or health as a partner gave them."""
    return await nouns.rows(member, _class(what))


@get("/api/view/{member:str}/{what:str}", summary="What a member holds of us beside tracks", tags=TAGS)
async def view_of(nouns: NamedDependency[Nouns], member: FromPath[str], what: FromPath[str]) -> HeardRows:
    """Return what was released to a member of a class, under its own numbers: what its node can hold."""
    return await nouns.view(member, _class(what))


@get("/api/warnings", summary="Warnings", tags=["picture"])
async def warnings(nouns: NamedDependency[Nouns]) -> list[WarningEntry]:
    """Return this member's warnings and, with their origin, those that partners gave."""
    return await nouns.warnings()


@get("/api/coverage", summary="Coverage of partners as GeoJSON", tags=["picture"], media_type=GEOJSON)
async def coverage(nouns: NamedDependency[Nouns]) -> Response[bytes]:
    """Return a Polygon a cell of what partners say that their sensors see, with the lowest altitude."""
    cells: list[dict[str, Any]] = []
    for partner in await nouns.partners():
        if "coverage" in partner.held:
            cells += (await nouns.rows(partner.member, "coverage")).rows
    octets = await asyncio.to_thread(_collection, cells)
    return Response(octets, media_type=GEOJSON)


def _collection(cells: list[dict[str, Any]]) -> bytes:
    features: list[dict[str, Any]] = []
    for cell in cells:
        up, across = cell["step_lat_deg"] / 2.0, cell["step_lon_deg"] / 2.0
        lat, lon = cell["lat_deg"], cell["lon_deg"]
        ring = [[lon + x * across, lat + y * up] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
        told = {"member": cell["origin"], "lowest_m": cell["lowest_m"], "sensors": cell["sensors"]}
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "geometry": shape, "properties": told})
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


@post("/api/tracks/{track:int}/identity", summary="What an aircraft is", tags=["picture"], status_code=200)
async def identify(
    nouns: NamedDependency[Nouns],
    sharing: NamedDependency[Sharing],
    track: FromPath[int],
    data: JSONBody[Identify],
) -> Answered:
    """Record what a person holds an aircraft to be; null takes it back. It leaves only with `share`, and to
    no member that may not have all that was seen of it.
    """
    what = f"identity of track {track}: {data.value or 'withdrawn'}" + (", shared" if data.share else "")
    await sharing.record(Order(act="record", about=what, reason=_why(data.by, data.criteria)))
    return await nouns.say(Saying(track=track, identify=data))


@post("/api/tracks/{track:int}/handover", summary="Who reports a track", tags=["picture"], status_code=200)
async def hand_over(
    nouns: NamedDependency[Nouns],
    sharing: NamedDependency[Sharing],
    track: FromPath[int],
    data: JSONBody[Handover],
) -> Answered:
    """Hand the reporting of a track to a member that contributes to it, in this picture; empty takes that
    back. It holds as long as that member is heard; 409 where it contributes nothing.
    """
    what = f"reporting of track {track}: {data.to or 'automatic'}"
    await sharing.record(Order(act="record", about=what, reason=_why(data.by, data.reason)))
    return await nouns.say(Saying(track=track, handover=data))


@get("/api/tasks", summary="Proposals between members", tags=["picture"])
async def tasks(nouns: NamedDependency[Nouns]) -> list[TaskEntry]:
    """Return what this member's people proposed to partners' and these to them, with what was answered."""
    return await nouns.tasks()


@post("/api/tracks/{track:int}/propose", summary="Propose a handover", tags=["picture"], status_code=200)
async def propose(
    nouns: NamedDependency[Nouns],
    sharing: NamedDependency[Sharing],
    track: FromPath[int],
    data: JSONBody[Propose],
) -> Answered:
    """Ask a partner's people to report a track, where an agreement gives them tasks; when they accept, it
    reports it in both pictures; 409 where they contribute nothing, or are asked already.
    """
    if data.within_s is not None and not 1.0 <= data.within_s <= 3_600.0:
        raise InputError("within_s", f"needs 1 to 3600 s, not {data.within_s}")
    what = f"proposed to {data.to}: to report track {track}"
    await sharing.record(Order(act="record", about=what, reason=_why(data.by, data.reason)))
    return await nouns.say(Saying(track=track, propose=data))


@post("/api/tasks/{member:str}/{number:int}/accept", summary="Accept", tags=["picture"], status_code=200)
async def accept(
    nouns: NamedDependency[Nouns],
    sharing: NamedDependency[Sharing],
    member: FromPath[str],
    number: FromPath[int],
    data: JSONBody[Answer],
) -> Answered:
    """Accept a partner's proposal: this member reports the track from now on, and the partner is told."""
    return await _reply(nouns, sharing, Replying(origin=member, number=number, verb="accept", answer=data))


@post("/api/tasks/{member:str}/{number:int}/reject", summary="Reject", tags=["picture"], status_code=200)
async def reject(
    nouns: NamedDependency[Nouns],
    sharing: NamedDependency[Sharing],
    member: FromPath[str],
    number: FromPath[int],
    data: JSONBody[Answer],
) -> Answered:
    """Reject a partner's proposal, and tell it so."""
    return await _reply(nouns, sharing, Replying(origin=member, number=number, verb="reject", answer=data))


async def _reply(nouns: Nouns, sharing: Sharing, said: Replying) -> Answered:
    what = f"{said.verb}ed what {said.origin} proposed as its number {said.number}"
    why = _why(said.answer.by, said.answer.reason)
    await sharing.record(Order(act="record", about=what, reason=why))
    return await nouns.say(said)


def _why(by: str, words: str) -> str:
    return f"{by}: {words}"[:500] if by else words[:500]


HANDLERS: Final[list[Any]] = [
    links, partners, rows, view_of, warnings, coverage, identify, hand_over, tasks, propose, accept, reject
]  # fmt: skip
