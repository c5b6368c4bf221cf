"""The node's API and console as one ASGI application (docs/reference/api.md)."""

import asyncio
import contextlib
import math
from typing import Annotated, Any, Final

import msgspec
from litestar import Litestar, MediaType, Request, Response, WebSocket, get, post, websocket
from litestar.di import NamedDependency, Provide
from litestar.exceptions import (
    HTTPException,
    NotFoundException,
    ServiceUnavailableException,
    WebSocketDisconnect,
)
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ASGIApp

from asman.edge import console, geojson, joint_api, metrics, nouns_api, sharing_api
from asman.edge.gate import Gate, guarded
from asman.edge.hub import Hub
from asman.edge.messages import Clock, Health, Refused, ReplayCommand, TrackEntry, Why
from asman.edge.nouns_api import Nouns
from asman.edge.reasoning import Reasoning
from asman.edge.sharing_api import Sharing
from asman.errors import InputError
from asman.model.explanation import Explanation

GEOJSON: Final = "application/geo+json"
#: A command is a few words; anything longer is not one.
MAX_BODY_OCTETS: Final = 64 * 1024
#: Longer than this is a question for `asman explain`.
SPAN_MAX_S: Final = 60.0


@get("/api/health", summary="How the node does", tags=["node"], sync_to_thread=False)
def health(hub: NamedDependency[Hub]) -> Health:
    """Return tracks, plots, rejects and drops, in all and for each sensor and feed; 503 before the start."""
    if hub.health is None:
        raise ServiceUnavailableException("the node is starting")
    return hub.health


@get(
    "/api/picture",
    summary="The picture as GeoJSON",
    tags=["picture"],
    media_type=GEOJSON,
)
async def picture(
    reasoning: NamedDependency[Reasoning],
    bbox: Annotated[str | None, QueryParameter(description="west,south,east,north in degrees")] = None,
    unconfirmed: Annotated[bool, QueryParameter(description="tracks that are not confirmed as well")] = False,
) -> Response[bytes]:
    """Return one Point a track, with the columns of Tracks as properties."""
    box = geojson.box(bbox) if bbox is not None else None
    tracks = await reasoning.tracks()
    octets = await asyncio.to_thread(lambda: geojson.collection(geojson.select(tracks, box, unconfirmed)))
    return Response(octets, media_type=GEOJSON)


@get("/api/tracks/{track:int}", summary="One track", tags=["picture"])
async def track(
    hub: NamedDependency[Hub],
    reasoning: NamedDependency[Reasoning],
    sharing: NamedDependency[Sharing],
    track: FromPath[int],
) -> TrackEntry:
    """Return a track with its trail and its latest plots, each with where its octets lie; with partners, who
    contributed to it, and who sees it.
    """
    entry = await reasoning.track(track)
    if entry is None:
        raise NotFoundException(f"no track {track}")
    own = next((one.number for one in entry.sources if one.origin == hub.hello.member), None)
    visible = await sharing.visible(own) if own is not None else None
    return msgspec.structs.replace(entry, visible_to=visible)


@get("/api/tracks/{track:int}/explain", summary="Why a track is what it is", tags=["picture"])
async def explain(
    reasoning: NamedDependency[Reasoning],
    track: FromPath[int],
    at_s: Annotated[float | None, QueryParameter(description="until when, UTC epoch seconds")] = None,
    span_s: Annotated[float, QueryParameter(description="how long before that, seconds")] = 20.0,
) -> Explanation:
    """Return what was decided about a track: plots, weights, alternatives; 409 where that is not kept."""
    if at_s is not None and not math.isfinite(at_s):
        raise InputError("at_s", f"needed UTC epoch seconds, there is {at_s}")
    if not 0.0 < span_s <= SPAN_MAX_S:
        raise InputError("span_s", f"needed above 0 to {SPAN_MAX_S:g} seconds, there is {span_s}")
    told = await reasoning.why(Why(track=track, at_s=at_s, span_s=span_s))
    if told.refused:
        raise HTTPException(told.refused, status_code=409)
    if told.explanation is None:
        raise NotFoundException(f"no track {track} then")
    return told.explanation


@get("/api/replay", summary="Clock of the replay", tags=["replay"], sync_to_thread=False)
def clock(hub: NamedDependency[Hub]) -> Clock:
    """Return the picture's time, speed and progress; of a live node as well."""
    if hub.clock is None:
        raise ServiceUnavailableException("the node is starting")
    return hub.clock


@post("/api/replay", summary="Pause, speed, seek", tags=["replay"], status_code=200)
async def replay(hub: NamedDependency[Hub], data: JSONBody[ReplayCommand]) -> Clock:
    """Change the replay and return its clock; what is null or absent stays as it is; 409 on a live node."""
    return _clock(await hub.command(data))


def _clock(answer: Clock | Refused) -> Clock:
    if isinstance(answer, Refused):
        raise HTTPException(answer.reason, status_code=409)
    return answer


@get("/metrics", summary="Prometheus", tags=["node"], media_type=MediaType.TEXT, sync_to_thread=False)
def prometheus(hub: NamedDependency[Hub]) -> Response[str]:
    """Return the node's health as Prometheus text."""
    return Response(metrics.text(hub), media_type=metrics.MEDIA_TYPE)


@get(["/", "/{path:path}"], include_in_schema=False, sync_to_thread=False)
def page(request: Request[Any, Any, Any], path: FromPath[str] = "") -> Response[bytes]:
    """Return the console."""
    found = console.page(path)
    headers = {"cache-control": found.cache_control}
    if found.etag:
        headers["etag"] = found.etag
        if request.headers.get("if-none-match") == found.etag:
            return Response(b"", status_code=304, headers=headers)
    return Response(found.octets, status_code=found.status, media_type=found.media_type, headers=headers)


@websocket("/api/stream")
async def live(socket: WebSocket[Any, Any, Any], hub: NamedDependency[Hub]) -> None:
    """Send the picture as it moves; take commands of a replay (docs/reference/stream.md)."""
    await socket.accept()
    sending = asyncio.create_task(_send(socket, hub))
    try:
        while True:
            text = await socket.receive_data("text")
            try:
                answer = await hub.command(msgspec.json.decode(text, type=ReplayCommand))
            except (msgspec.MsgspecError, TimeoutError) as error:
                answer = Refused(reason=str(error))
            if isinstance(answer, Refused):
                await socket.send_text(msgspec.json.encode(answer).decode())
    except WebSocketDisconnect:
        pass
    finally:
        sending.cancel()


async def _send(socket: WebSocket[Any, Any, Any], hub: Hub) -> None:
    # An error of sending says that the client is gone; the receiving side sees it too.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
        await hub.serve(socket.send_text, socket.send_bytes)


def _not_found(_: Request[Any, Any, Any], error: NotFoundException) -> Response[dict[str, Any]]:
    return Response({"status_code": 404, "detail": error.detail}, status_code=404)


def _bad_input(_: Request[Any, Any, Any], error: InputError) -> Response[dict[str, Any]]:
    return Response({"status_code": 400, "detail": str(error)}, status_code=400)


def _too_busy(_: Request[Any, Any, Any], error: TimeoutError) -> Response[dict[str, Any]]:
    return Response({"status_code": 503, "detail": str(error)}, status_code=503)


def application(
    hub: Hub, reasoning: Reasoning, keeper: Gate, version: str, sharing: Sharing | None = None,
    nouns: Nouns | None = None,
) -> ASGIApp:  # fmt: skip
    """Return the guarded application of one node."""
    app = Litestar(
        route_handlers=[
            *(health, picture, track, explain, clock, replay, prometheus, live, page),
            *joint_api.HANDLERS,
            *sharing_api.HANDLERS,
            *nouns_api.HANDLERS,
        ],
        dependencies={
            "hub": Provide(lambda: hub, sync_to_thread=False, use_cache=True),
            "reasoning": Provide(lambda: reasoning, sync_to_thread=False, use_cache=True),
            "sharing": Provide(lambda: sharing or Sharing(), sync_to_thread=False, use_cache=True),
            "nouns": Provide(lambda: nouns or Nouns(), sync_to_thread=False, use_cache=True),
        },
        exception_handlers={NotFoundException: _not_found, InputError: _bad_input, TimeoutError: _too_busy},
        request_max_body_size=MAX_BODY_OCTETS,
        openapi_config=OpenAPIConfig(
            title="Asman node",
            version=version,
            description=(
                "One member's node. `WS /api/stream` carries the picture in binary deltas: "
                "docs/reference/stream.md."
            ),
            path="/api/openapi.json",
            render_plugins=[JsonRenderPlugin(path="/")],
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"token": []}],
        ),
        debug=False,
        logging_config=None,
    )
    return guarded(app, keeper)
