"""The instructor's API and page of a running exercise, as one ASGI application (docs/reference/api.md).

Behind the same gate as a node: the token of this run, Host and Origin checked. What is asked of the exercise
waits its turn in a queue with a bound; bad input is answered with item, problem and mend, and counted.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final, Protocol, TypeVar
from urllib.parse import unquote

from litestar import Litestar, Request, Response, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, NotFoundException, ServiceUnavailableException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.types import ASGIApp

from asman.edge import console
from asman.edge.exercise_kinds import KindEntry, kinds
from asman.edge.exercise_messages import EventEntry, ExerciseState, Pace, SpeedCommand
from asman.edge.gate import Gate, guarded
from asman.errors import InputError

GEOJSON: Final = "application/geo+json"
#: An event is a few words; a flight with hundreds of waypoints still fits.
MAX_BODY_OCTETS: Final = 64 * 1024
#: What may wait for the exercise at one time; more is refused with 503.
WAITING_MAX: Final = 16
FOLDER: Final = Path(__file__).parent / "instructor"

T = TypeVar("T")


class Conductor(Protocol):
    """The exercise as its instructor moves it. What raises InputError is answered with 422."""

    async def state(self) -> ExerciseState:
        """How it stands."""
        ...

    async def flying(self) -> bytes:
        """GeoJSON of who truly flies where."""
        ...

    async def inject(self, asked: Any, by: str) -> EventEntry:
        """Add one event."""
        ...

    async def end_event(self, event: str, by: str) -> EventEntry | None:
        """End one event now; None where there is none of that id."""
        ...

    async def pace(self, by: str, *, paused: bool | None = None, speed: float | None = None) -> Pace:
        """Change how the clock runs."""
        ...

    async def end(self, by: str) -> Pace:
        """End the exercise."""
        ...

    def refused(self, why: str, by: str) -> None:
        """Count what was not accepted."""
        ...


class Desk:
    """Where requests wait for the conductor: so many, and no more."""

    def __init__(self, conductor: Conductor) -> None:
        self.conductor = conductor
        self.waiting = 0

    async def ask(self, question: Callable[[Conductor], Awaitable[T]]) -> T:
        """Ask the conductor. Raises ServiceUnavailableException when too many wait already."""
        if self.waiting >= WAITING_MAX:
            self.conductor.refused("too many requests wait", "")
            raise ServiceUnavailableException("too many requests wait for the exercise: try again")
        self.waiting += 1
        try:
            return await question(self.conductor)
        finally:
            self.waiting -= 1


By = Annotated[
    str | None,
    HeaderParameter(
        name="x-instructor", description="who asks, percent-encoded; stands in the journal", max_length=200
    ),
]


def _name(by: str | None) -> str:
    """A person's name, in one line."""
    return " ".join(unquote(by or "").split())[:80]


@get("/api/exercise", summary="How the exercise stands", tags=["exercise"])
async def state(desk: NamedDependency[Desk]) -> ExerciseState:
    """Return scenario, members, sensors with what left them, clock, speed, and all events."""
    return await desk.ask(lambda conductor: conductor.state())


@get("/api/exercise/flying", summary="Who truly flies where", tags=["exercise"], media_type=GEOJSON)
async def flying(desk: NamedDependency[Desk]) -> Response[bytes]:
    """Return the truth now, one Point an aircraft. Only the instructor sees it."""
    return Response(await desk.ask(lambda conductor: conductor.flying()), media_type=GEOJSON)


@get("/api/exercise/kinds", summary="Which events there are", tags=["events"], sync_to_thread=False)
def event_kinds() -> list[KindEntry]:
    """Return every kind with its fields, their units and defaults."""
    return kinds()


@post("/api/exercise/events", summary="Inject an event", tags=["events"])
async def inject(desk: NamedDependency[Desk], data: JSONBody[dict[str, Any]], by: By = None) -> EventEntry:
    """Add an event, as in a scenario; it begins now unless `begin_s` or `after_s` says otherwise."""
    return await desk.ask(lambda conductor: conductor.inject(data, _name(by)))


@delete("/api/exercise/events/{event:str}", summary="End an event now", tags=["events"], status_code=200)
async def end_event(desk: NamedDependency[Desk], event: FromPath[str], by: By = None) -> EventEntry:
    """End an event that lasts, or take back one that has not begun."""
    found = await desk.ask(lambda conductor: conductor.end_event(event, _name(by)))
    if found is None:
        raise NotFoundException(f"no event '{event}'")
    return found


@post("/api/exercise/pause", summary="Let the exercise stand still", tags=["exercise"], status_code=200)
async def pause(desk: NamedDependency[Desk], by: By = None) -> Pace:
    """Stop the exercise's clock: nothing is sent until it is resumed."""
    return await desk.ask(lambda conductor: conductor.pace(_name(by), paused=True))


@post("/api/exercise/resume", summary="Let it go on", tags=["exercise"], status_code=200)
async def resume(desk: NamedDependency[Desk], by: By = None) -> Pace:
    """Let the exercise's clock go on from where it stands."""
    return await desk.ask(lambda conductor: conductor.pace(_name(by), paused=False))


@post("/api/exercise/speed", summary="Faster or slower", tags=["exercise"], status_code=200)
async def speed(desk: NamedDependency[Desk], data: JSONBody[SpeedCommand], by: By = None) -> Pace:
    """Set how many seconds of the exercise pass in one."""
    return await desk.ask(lambda conductor: conductor.pace(_name(by), speed=data.speed))


@post("/api/exercise/end", summary="End the exercise", tags=["exercise"], status_code=200)
async def end(desk: NamedDependency[Desk], by: By = None) -> Pace:
    """End the run, and the nodes that it started."""
    return await desk.ask(lambda conductor: conductor.end(_name(by)))


@get("/countries.json", include_in_schema=False, sync_to_thread=True)
def countries() -> Response[bytes]:
    """Return the console's basemap, where the console is built: the page draws its lines."""
    found = sorted(console.FOLDER.glob("assets/countries-*.json"))
    if not found:
        raise NotFoundException("the console is not built")
    return Response(found[0].read_bytes(), media_type="application/json")


@get(["/", "/{path:path}"], include_in_schema=False, sync_to_thread=False)
def page(path: FromPath[str] = "") -> Response[bytes]:
    """Return the instructor's page."""
    found = console.page(path, FOLDER)
    headers = {"cache-control": "no-cache"}
    return Response(found.octets, status_code=found.status, media_type=found.media_type, headers=headers)


def _not_found(_: Request[Any, Any, Any], error: NotFoundException) -> Response[dict[str, Any]]:
    return Response({"status_code": 404, "detail": error.detail}, status_code=404)


def _refused(request: Request[Any, Any, Any], error: InputError) -> Response[dict[str, Any]]:
    desk: Desk = request.app.state.desk
    desk.conductor.refused(str(error), _name(request.headers.get("x-instructor")))
    told = {"status_code": 422, "detail": str(error)}
    return Response(
        {**told, "item": error.item, "problem": error.problem, "mend": error.mend}, status_code=422
    )


def _unreadable(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """What the framework could not read is bad input like any other; the rest keeps its own code."""
    if error.status_code != 400:
        return Response(
            {"status_code": error.status_code, "detail": error.detail}, status_code=error.status_code
        )
    said = (
        "; ".join(str(one.get("message", one)) for one in error.extra)
        if isinstance(error.extra, list)
        else ""
    )
    why = said or error.detail.partition("\n")[0]
    return _refused(request, InputError("body", why, "See /api/exercise/kinds and /api/openapi.json."))


def application(conductor: Conductor, keeper: Gate, version: str) -> ASGIApp:
    """Return the guarded application of one exercise."""
    desk = Desk(conductor)
    app = Litestar(
        route_handlers=[
            state,
            flying,
            event_kinds,
            inject,
            end_event,
            pause,
            resume,
            speed,
            end,
            countries,
            page,
        ],
        dependencies={"desk": Provide(lambda: desk, sync_to_thread=False, use_cache=True)},
        exception_handlers={
            NotFoundException: _not_found,
            InputError: _refused,
            HTTPException: _unreadable,
        },
        request_max_body_size=MAX_BODY_OCTETS,
        openapi_config=OpenAPIConfig(
            title="Asman exercise",
            version=version,
            description="A running exercise and its instructor. Everything that it sends is SIMULATED.",
            path="/api/openapi.json",
            render_plugins=[JsonRenderPlugin(path="/")],
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"token": []}],
        ),
        debug=False,
        logging_config=None,
    )
    app.state.desk = desk
    return guarded(app, keeper)
