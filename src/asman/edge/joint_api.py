"""The API of a federation: what a member may see of us, and what people decide on pairs of tracks."""

import asyncio
from typing import Any, Final

import pyarrow as pa
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath, JSONBody

from asman.edge import geojson
from asman.edge.messages import Pairing, With
from asman.edge.reasoning import Reasoning

#: Handlers want a list.
TAGS: Final = ["picture"]
GEOJSON: Final = "application/geo+json"
_NOBODY: Final = "this node has no link to any partner: nothing leaves it"
_NOTHING: Final = "nothing that this member may have is in the picture, or no agreement gives it anything"


@get(
    "/api/view/{member:str}",
    summary="The picture as a member may see it",
    tags=["picture"],
    media_type=GEOJSON,
)
async def view(reasoning: NamedDependency[Reasoning], member: FromPath[str]) -> Response[bytes]:
    """Return what a member was given, with its own track numbers; `reason` where that is nothing."""
    tracks = await reasoning.view(member)
    empty = tracks is None or not tracks.num_rows
    said: dict[str, Any] = {"member": member}
    if empty:
        said["reason"] = _NOBODY if tracks is None else _NOTHING
    table = pa.table({"lat_deg": [], "lon_deg": [], "track": []}) if tracks is None else tracks
    octets = await asyncio.to_thread(lambda: geojson.collection(table, **said))
    return Response(octets, media_type=GEOJSON)


@post("/api/tracks/{track:int}/pair", summary="Two tracks are one aircraft", tags=TAGS, status_code=200)
async def pair(reasoning: NamedDependency[Reasoning], track: FromPath[int], data: JSONBody[With]) -> Pairing:
    """Say that two tracks are one aircraft; it holds until taken back. 409 where they cannot be."""
    return await _decided(reasoning, Pairing(track=track, other=data.other, act="pair"))


@post("/api/tracks/{track:int}/unpair", summary="Two tracks are two aircraft", tags=TAGS, status_code=200)
async def unpair(
    reasoning: NamedDependency[Reasoning], track: FromPath[int], data: JSONBody[With]
) -> Pairing:
    """Say that two tracks, or a track and one of its sources, are two aircraft; until taken back."""
    return await _decided(reasoning, Pairing(track=track, other=data.other, act="unpair"))


@post("/api/tracks/{track:int}/automatic", summary="Take a pairing back", tags=TAGS, status_code=200)
async def automatic(
    reasoning: NamedDependency[Reasoning], track: FromPath[int], data: JSONBody[With]
) -> Pairing:
    """Take back what was said of two tracks: the node decides again."""
    return await _decided(reasoning, Pairing(track=track, other=data.other, act="automatic"))


async def _decided(reasoning: Reasoning, pairing: Pairing) -> Pairing:
    if not await reasoning.pair(pairing):
        raise HTTPException(
            f"no tracks {pairing.track} and {pairing.other} of several members", status_code=409
        )
    return pairing


HANDLERS: Final = (view, pair, unpair, automatic)
