"""A server of real frames over real sockets, for the console's tests: a node's words, when the test says so.

It packs its octets after docs/reference/stream.md by itself, with nothing of the project, so that console
and node are each held to the page and not to one another.
"""

import asyncio
import contextlib
import json
import mimetypes
import struct
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

STATIC = Path(__file__).resolve().parents[2] / "src" / "asman" / "edge" / "static"
POLICY = (
    "default-src 'self'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self' ws:; object-src 'none'; base-uri 'none'"
)
SNAPSHOT, DELTA, TRAILS = 1, 2, 3
BEGIN_S = 1_700_000_000.0
M_PER_DEG = 111_195.0


class Sky:
    """Aircraft in straight flight around a place; seeded, so that every run is the same.

    count aircraft within `radius_deg` of (lat_deg, lon_deg); numbers are 1 to count.
    """

    def __init__(
        self, count: int, lat_deg: float = 42.0, lon_deg: float = 74.0, radius_deg: float = 3.0, seed: int = 1
    ):
        rng = np.random.default_rng(seed)
        self.track = np.arange(1, count + 1, dtype=np.float64)
        self.lat_deg = lat_deg + radius_deg * rng.uniform(-1, 1, count) * 0.8
        self.lon_deg = lon_deg + radius_deg * rng.uniform(-1, 1, count) * 1.6
        course = rng.uniform(0, 2 * np.pi, count)
        speed = rng.uniform(90, 260, count)
        self.vn_mps, self.ve_mps = speed * np.cos(course), speed * np.sin(course)
        self.altitude_m = rng.uniform(900, 12_200, count)
        self.climb_mps = np.where(rng.random(count) < 0.3, rng.uniform(-12, 12, count), 0.0)
        self.address = rng.integers(0x100000, 0xF00000, count).astype(np.uint32)
        self.mode_3a = rng.integers(0, 0o7777, count).astype(np.uint16)
        names = ["KZR", "AFL", "THY", "UAE", "KGA", "DLH", "SVR", "CSN"]
        self.callsign = np.array(
            [f"{names[i % 8]}{100 + i % 9000}".encode() for i in range(count)], dtype="S8"
        )
        self.flags = np.full(count, 1, dtype=np.uint8)
        self.age_s = rng.uniform(0, 4, count)
        bare = rng.random(count) < 0.08
        self.callsign[bare], self.address[bare] = b"", 0xFFFFFFFF
        self.mode_3a[rng.random(count) < 0.04] = 0xFFFF
        if count > 10:
            coasting = rng.random(count) < 0.06
            self.flags[coasting] |= 2
            self.age_s[coasting] += rng.uniform(8, 40, int(coasting.sum()))
        self.contributors = rng.integers(1, 8, count).astype(np.uint32)
        self.plots = rng.integers(5, 900, count).astype(np.uint32)
        self.origin = np.zeros(count, np.uint8)

    def move(self, seconds: float) -> None:
        """Fly on."""
        self.lat_deg = self.lat_deg + self.vn_mps * seconds / M_PER_DEG
        self.lon_deg = self.lon_deg + self.ve_mps * seconds / (M_PER_DEG * np.cos(np.radians(self.lat_deg)))
        self.altitude_m = np.clip(self.altitude_m + self.climb_mps * seconds, 300, 12_500)

    def part(self, rows: NDArray[Any]) -> "Sky":
        """Some of the aircraft, in flight for themselves."""
        some = object.__new__(Sky)
        for name, column in vars(self).items():
            setattr(some, name, column[rows])
        return some

    def simulated(self) -> "Sky":
        """The same, flagged as simulated."""
        self.flags |= 8
        return self


def header(
    kind: int, time_s: float, sequence: int, count: int, removed: int = 0, points: int = 0, flags: int = 0
) -> bytes:
    """Forty octets."""
    return struct.pack("<IHBBdIIIIQ", 0x4E4D5341, 1, kind, flags, time_s, sequence, count, removed, points, 0)


def tracks_frame(
    sky: Sky,
    time_s: float,
    kind: int,
    removed: tuple[int, ...] = (),
    rows: NDArray[Any] | slice = slice(None),
) -> bytes:
    """A snapshot or delta with sequence 0; `numbered` gives it its own."""
    columns = [
        sky.track[rows].astype("<f8"),
        np.array(removed, "<f8"),
        np.round(sky.lat_deg[rows] * 1e7).astype("<i4"),
        np.round(sky.lon_deg[rows] * 1e7).astype("<i4"),
        *(column[rows].astype("<f4") for column in (sky.altitude_m, sky.vn_mps, sky.ve_mps, sky.climb_mps)),
        np.full_like(sky.track[rows], 62).astype("<f4"),
        sky.age_s[rows].astype("<f4"),
        sky.address[rows].astype("<u4"),
        sky.contributors[rows].astype("<u4"),
        sky.plots[rows].astype("<u4"),
        sky.mode_3a[rows].astype("<u2"),
        np.full_like(sky.track[rows], 252).astype("u1"),
        sky.flags[rows].astype("u1"),
        sky.callsign[rows].astype("S8"),
        sky.origin[rows].astype("u1"),
    ]
    count = len(sky.track[rows])
    simulated = int(bool(count and (sky.flags & 8).all()))
    return header(kind, time_s, 0, count, len(removed), flags=simulated) + b"".join(
        c.tobytes() for c in columns
    )


def trails_frame(sky: Sky, time_s: float, points: int = 24, step_s: float = 8.0) -> bytes:
    """Where the tracks were, on their straight lines."""
    before = np.arange(points, 0, -1) * step_s
    lat = sky.lat_deg[:, None] - sky.vn_mps[:, None] * before / M_PER_DEG
    lon = sky.lon_deg[:, None] - sky.ve_mps[:, None] * before / (M_PER_DEG * np.cos(np.radians(lat)))
    count = len(sky.track)
    return (
        header(TRAILS, time_s, 0, count, points=count * points)
        + sky.track.astype("<f8").tobytes()
        + (np.arange(count) * points).astype("<u4").tobytes()
        + np.round(lat * 1e7).astype("<i4").tobytes()
        + np.round(lon * 1e7).astype("<i4").tobytes()
        + np.tile(before, count).astype("<f4").tobytes()
    )


def numbered(frame: bytes, sequence: int) -> bytes:
    """The frame with its place in the connection's sequence."""
    return frame[:16] + struct.pack("<I", sequence) + frame[20:]


SENSORS = [
    {
        "index": 0,
        "id": "KANT",
        "member": "KG",
        "kind": "modes",
        "lat_deg": 42.85,
        "lon_deg": 74.85,
        "range_max_m": 370_000,
        "period_s": 4.0,
    },
    {
        "index": 1,
        "id": "OSH",
        "member": "KG",
        "kind": "ssr",
        "lat_deg": 40.61,
        "lon_deg": 72.79,
        "range_max_m": 250_000,
        "period_s": 10.0,
    },
    {
        "index": 2,
        "id": "ADSB-1",
        "member": "KG",
        "kind": "adsb",
        "lat_deg": 42.5,
        "lon_deg": 78.4,
        "range_max_m": 300_000,
        "period_s": 1.0,
    },
]


class StreamServer:
    """Serves the built console, the stream and a track's plots on a free port, in a thread of its own."""

    def __init__(
        self,
        sky: Sky,
        *,
        mode: str = "replay",
        beat_s: float | None = 1.0,
        names: tuple[str, ...] = ("kant-2023-11-14.pcap",),
    ):
        self.sky = sky
        self.mode = mode
        self.beat_s = beat_s
        self.time_s = BEGIN_S
        self.clock = {"speed": 1.0, "paused": False, "ended": False}
        self.names = names
        self.simulated = False
        self.view: dict[str, float] | None = None
        self.commands: list[dict[str, Any]] = []
        self.opened = 0
        self.port = 0
        self._links: dict[ServerConnection, int] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "StreamServer":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def do(self, work: Callable[[], Any]) -> Any:
        """Call something in the server's thread; coroutines are waited for."""

        async def call() -> Any:
            result = work()
            return await result if asyncio.iscoroutine(result) else result

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def send(self, frame: bytes) -> None:
        """Send a frame to all clients with their next sequence numbers."""
        self.do(lambda: self._broadcast(frame))

    def send_raw(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.do(lambda: self._raw(octets))

    def beat(self, seconds: float = 1.0) -> None:
        """Fly on and send what a node sends once a second."""
        self.do(lambda: self._beat(seconds))

    def cut(self) -> None:
        """Close every link."""
        self.do(self._close_all)

    def say(self, message: dict[str, Any]) -> None:
        """Send a text frame to all clients."""
        self.do(lambda: self._text(message))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server: Server = await serve(
            self._link,
            "127.0.0.1",
            0,
            process_request=self._http,
            max_size=None,
            compression=None,
            ping_interval=None,
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        beating = asyncio.create_task(self._beats())
        await self._stop.wait()
        beating.cancel()
        server.close()
        await server.wait_closed()

    async def _beats(self) -> None:
        # A node tells its clock once a second, whether its picture moves or not.
        while True:
            await asyncio.sleep(self.beat_s or 1)
            if self.beat_s is None or self.clock["paused"] or self.clock["ended"]:
                await self._text(self._clock())
            else:
                await self._beat(self.beat_s * (self.clock["speed"] or 10))

    async def _beat(self, seconds: float) -> None:
        self.sky.move(seconds)
        self.time_s += seconds
        await self._text(self._clock())
        await self._text(self._health())
        await self._broadcast(tracks_frame(self.sky, self.time_s, DELTA))

    async def _broadcast(self, frame: bytes) -> None:
        for link, sequence in list(self._links.items()):
            self._links[link] = sequence + 1
            await self._guard(link.send(numbered(frame, sequence)))

    async def _raw(self, octets: bytes) -> None:
        for link in list(self._links):
            await self._guard(link.send(octets))

    async def _text(self, message: dict[str, Any]) -> None:
        for link in list(self._links):
            await self._guard(link.send(json.dumps(message)))

    async def _close_all(self) -> None:
        for link in list(self._links):
            await link.close()

    async def _guard(self, sending: Any) -> None:
        with contextlib.suppress(ConnectionClosed):
            await sending

    def _clock(self) -> dict[str, Any]:
        progress = (self.time_s - BEGIN_S) / 3600
        return {"type": "clock", "time_s": self.time_s, "progress": progress, "behind_s": 0.1, **self.clock}

    def _health(self) -> dict[str, Any]:
        count = len(self.sky.track)
        return {
            "type": "health",
            "plots_per_s": count / 4,
            "tracks": count,
            "rejected": 12,
            "dropped": 0,
            "sensors": [
                {
                    "id": s["id"],
                    "last_seen_s": self.time_s - (40 if s["id"] == "OSH" else 1),
                    "plots": 90_412,
                    "rejected": 4,
                    "plots_per_s": count / 12,
                }
                for s in SENSORS
            ],
        }

    def _hello(self) -> dict[str, Any]:
        recording = {"names": list(self.names), "begin_s": BEGIN_S, "end_s": BEGIN_S + 3600}
        return {
            "type": "hello",
            "protocol": 1,
            "node": "kant",
            "member": "KG",
            "mode": self.mode,
            "simulated": self.simulated,
            "sensors": SENSORS,
            "recording": recording if self.mode == "replay" else None,
            "view": self.view,
        }

    async def _link(self, link: ServerConnection) -> None:
        self.opened += 1
        await link.send(json.dumps(self._hello()))
        await link.send(json.dumps(self._clock()))
        await link.send(json.dumps(self._health()))
        await link.send(numbered(tracks_frame(self.sky, self.time_s, SNAPSHOT), 0))
        await link.send(numbered(trails_frame(self.sky, self.time_s), 1))
        self._links[link] = 2
        try:
            async for text in link:
                self._command(json.loads(text))
                await link.send(json.dumps(self._clock()))
        except ConnectionClosed:
            pass
        finally:
            del self._links[link]

    def _command(self, command: dict[str, Any]) -> None:
        for name in ("paused", "speed"):
            if command.get(name) is not None:
                self.clock[name] = command[name]
        if command.get("seek_s") is not None:
            self.time_s = command["seek_s"]
            self.clock["ended"] = False
        # Whoever waits for it to have come finds it done.
        self.commands.append(command)

    def _why(self, track: int) -> dict[str, Any]:
        weight = {"distance2": 2.5, "log_likelihood": -9.1, "gain": 8.4, "share": 0.93}
        rival = {"track": track + 1, "got": "none", "weight": weight | {"distance2": 6.1, "share": 0.07}}
        given = {"act": "given", "reason": "best", "text": "It got a plot: it fitted best.", "weight": weight}
        missed = {"act": "missed", "reason": "due", "text": "A plot was due.", "weight": None}
        decisions = [
            {**fact, "time_s": self.time_s - 8 + 4 * k, "sensor": SENSORS[k]["id"], "existence": 0.99}
            for k, fact in enumerate((given | {"rivals": [rival]}, missed | {"rivals": []}))
        ]
        return {
            "track": track,
            "begin_s": self.time_s - 20,
            "end_s": self.time_s,
            "reach_s": self.time_s - 20,
            "decisions": decisions,
        }

    def answer(self, path: str) -> Any:
        """What an address of the API gives; None: it is none of them."""
        if path.endswith("/explain"):
            return self._why(int(path.split("/")[-2]))
        if not path.startswith("/api/tracks/"):
            return None
        plots = [
            {
                "sensor": SENSORS[k % 3]["id"],
                "time_s": self.time_s - 4 * (9 - k),
                "recording": self.names[0],
                "offset": 184_220 + 4_120 * k,
            }
            for k in range(10)
        ]
        return {"track": int(path.rsplit("/", 1)[1]), "latest_plots": plots}

    def _http(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.split("?")[0]
        if path == "/api/stream":
            return None
        answer = self.answer(path)
        if answer is not None:
            return _response(json.dumps(answer).encode(), "application/json")
        file = (STATIC / (path.lstrip("/") or "index.html")).resolve()
        if not file.is_relative_to(STATIC) or not file.is_file():
            return connection.respond(HTTPStatus.NOT_FOUND, "not found\n")
        return _response(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream")


def _response(octets: bytes, kind: str) -> Response:
    headers = Headers(
        {"Content-Type": kind, "Content-Length": str(len(octets)), "Content-Security-Policy": POLICY}
    )
    return Response(200, "OK", headers, octets)
