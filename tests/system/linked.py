"""Members' borders as nodes run them, in one process: real servers, mutual TLS, files, a clock to step."""

import asyncio
import contextlib
import datetime
import shutil
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from asman.apps import linking
from asman.apps.border import hosts_of, server_plan
from asman.apps.border_plan import BorderPlan
from asman.apps.home import Home
from asman.apps.node_init import make
from asman.apps.node_toml import SharingConfig
from asman.edge.account import Account
from asman.edge.border import Border
from asman.edge.border_store import BorderStore
from asman.edge.bus import BusAddress
from asman.edge.federation import Federation
from asman.edge.messages import Arrived, Left
from asman.edge.outbox import Limits
from asman.model.tracks import TRACKS
from asman.sharing import keys, spans, statements
from asman.sharing.canonical import agreement_hash
from asman.wire import contribution, payload

from .ports import free_port

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/agreements"
PATIENCE_S = 30.0


def kg_ru_onward(third: str = "KZ") -> str:
    """The shipped agreement, but KG's tracks and warnings may go on to a third party."""
    text = (EXAMPLES / "kg-ru-2023.toml").read_text()
    named = "onward          = []              # nobody"
    assert f"{named}: the third-party rule" in text
    return text.replace(named, f'onward          = ["{third}"]  # not nobody')


def ru_kz_everywhere() -> str:
    """The shipped agreement, but Russia gives its tracks wherever they are: the border is far from Kant."""
    text = (EXAMPLES / "ru-kz.toml").read_text()
    grant = 'from            = "RU"\nto              = ["KZ"]\nwhat            = ["tracks", "warnings"]\n'
    assert grant + 'where           = "border-belt"' in text
    return text.replace(grant + 'where           = "border-belt"', grant + 'where           = "everywhere"')


class Clock:
    """Everybody's clock."""

    def __init__(self) -> None:
        self.ahead_ns = 0

    def __call__(self) -> int:
        return time.time_ns() + self.ahead_ns


class Line:
    """The wire to one member's listener: octets are counted, and can be held up as a cut cable does."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = 0
        self.whole = asyncio.Event()
        self.whole.set()
        self.connections = 0
        #: Connection -> monotonic time and octets of each piece that the member sent on it.
        self.out: dict[int, list[tuple[float, int]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self, port: int) -> None:
        self.port = port
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)

    async def close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.to)
            sent = self.out.setdefault(self.connections, [])
            await asyncio.gather(self._carry(reader, back, None), self._carry(there, writer, sent))
        except (OSError, asyncio.CancelledError):
            pass  # a line that is closed; asyncio would log a cancelled task of a server as an error
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: list[tuple[float, int]] | None
    ) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(65_536):
                await self.whole.wait()
                writer.write(octets)
                if sent is not None:
                    sent.append((time.monotonic(), len(octets)))
                await writer.drain()
        writer.close()


class Member:
    """One member's border."""

    def __init__(self, name: str, folder: Path, clock: Clock, limits: Limits) -> None:
        self.name, self.clock, self.limits = name, clock, limits
        self.listen, self.reached = free_port(), free_port()
        address = f"127.0.0.1:{self.reached}"
        self.fingerprint = make(name, str(folder / name), address, 0).fingerprint
        self.home = Home(folder / name, name)
        self.sharing = SharingConfig(address=address, listen=f"127.0.0.1:{self.listen}")
        self.line = Line(self.listen)
        self.arrived: list[Arrived] = []
        self.heard: list[tuple[float, Arrived | Left]] = []
        self.federation: Federation

    def start(self) -> None:
        plan = BorderPlan(
            bus=BusAddress(""), node=self.name, member=self.name, folder=str(self.home.folder),
            listen=self.sharing.listen, address=self.sharing.address, release_s=1.0, keep_s=self.limits.age_s,
            keep_octets=self.limits.octets,
        )  # fmt: skip
        self.home.certify(hosts_of(plan), datetime.datetime.now(datetime.UTC))
        self.border = Border(server_plan(plan, self.home), self.clock)

    async def open(self) -> None:
        self.store = BorderStore(self.home.store, self.clock())
        self.account = Account(self.home.audit)
        self.federation = Federation(
            self.home, self.border, self.store, self.account, payload.encode, payload.decode,
            self._tell, self.limits, self.clock,
        )  # fmt: skip
        await self.federation.open()

    async def close(self) -> None:
        await self.federation.close()
        self.store.close()
        self.account.close()

    async def _tell(self, one: Arrived | Left) -> None:
        self.heard.append((time.monotonic(), one))
        if isinstance(one, Arrived):
            self.arrived.append(one)

    def sequences(self, origin: str) -> list[int]:
        return [one.sequence for one in self.arrived if one.origin == origin]

    def link(self, member: str) -> Any:
        return next(one for one in self.federation.state().links if one.member == member)

    def rows(self, origin: str) -> pa.Table:
        got = [one for one in self.arrived if one.origin == origin and one.what == "tracks"]
        return pa.concat_tables([contribution.decode(one.payload, origin, one.label) for one in got])


def join(one: Any, other: Any, folder: Path) -> None:
    """One file each way, as `asman link` does it."""
    invitation, answer = folder / f"{one.name}{other.name}.inv", folder / f"{one.name}{other.name}.ans"
    linking.invite(one.home, one.sharing, other.name, invitation, 14)
    linking.accept(other.home, other.sharing, invitation, answer, one.fingerprint)
    linking.accept(one.home, one.sharing, answer, None, other.fingerprint)


def agree(name: str, *members: Any, text: str | None = None, examples: Path = EXAMPLES) -> None:
    """Put a shipped agreement, one of another folder, or this text into each folder, ratified by all."""
    for member in members:
        agreements = member.home.folder / "agreements"
        shutil.copytree(EXAMPLES / "volumes", agreements / "volumes", dirs_exist_ok=True)
        (agreements / f"{name}.toml").write_text(text or (examples / f"{name}.toml").read_text())
    from asman.apps.agreement_files import append_statement, read_agreement

    path = members[0].home.folder / f"agreements/{name}.toml"
    agreement = read_agreement(path).agreement
    assert agreement is not None
    at = spans.midnight(agreement.terms.agreement.begins)
    for signer in members:
        said = statements.Statement(
            agreement=agreement_hash(agreement), member=signer.name, act="ratify", number=1, at=at
        )
        signed = statements.sign(said, signer.home.signing_key())
        for member in members:
            append_statement(member.home.folder / f"agreements/{name}.toml", signed)


@contextlib.asynccontextmanager
async def running(*members: Member) -> AsyncIterator[None]:
    """Lines and federations open; servers are started before, in the main thread."""
    try:
        for member in members:
            await member.line.open(member.reached)
        for member in members:
            await member.open()
        yield
    finally:
        for member in members:
            with contextlib.suppress(AttributeError):
                await member.close()
            await member.line.close()


async def until(question: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Wait until the answer is true; the answer."""
    deadline = time.monotonic() + patience_s
    while not (answer := question()):
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.02)
    return answer


def tracks(member: str, now_ns: int, count: int = 20, lat: float = 42.6, lon: float = 74.6) -> pa.Table:
    """Tracks near a place, by default Kant, that are the member's own."""
    spread = np.linspace(-0.2, 0.2, count)
    columns: dict[str, Any] = {
        "time": np.full(count, now_ns), "last_plot_time": np.full(count, now_ns),
        "track": np.arange(1, count + 1),
        "lat_deg": lat + spread, "lon_deg": lon + spread, "altitude_m": np.full(count, 9_000.0),
        "vn_mps": np.full(count, 100.0), "ve_mps": np.full(count, 50.0), "climb_mps": np.zeros(count),
        "altitude_sigma_m": np.full(count, 20.0), "var_e_m2": np.full(count, 400.0),
        "var_n_m2": np.full(count, 400.0), "cov_en_m2": np.zeros(count), "existence": np.full(count, 0.99),
        "plots": np.full(count, 50), "address": np.arange(count) + 0x601000, "mode_3a": np.full(count, 1_234),
        "callsign": [f"{member}{k:04d}" for k in range(count)], "contributors": [["hill"]] * count,
        "origin": [member] * count, "label": [""] * count, "confirmed": [True] * count,
        "on_ground": [False] * count, "simulated": [True] * count, "position_doubted": [False] * count,
    }  # fmt: skip
    return pa.Table.from_arrays(
        [pa.array(columns[one.name]).cast(one.type) if one.name in columns else pa.nulls(count, one.type)
         for one in TRACKS], schema=TRACKS
    )  # fmt: skip


def show(name: str, to: Any, *parties: Any) -> None:
    """Give a third party the text of others' agreement, what was said of it, and their public keys."""
    there = to.home.folder / "agreements"
    here = parties[0].home.folder / "agreements"
    shutil.copytree(here / "volumes", there / "volumes", dirs_exist_ok=True)
    for file in (f"{name}.toml", f"{name}.signed.toml"):
        shutil.copy(here / file, there / file)
    for party in parties:
        to.home.keep_key(party.name, public(party))


def public(member: Any) -> bytes:
    """A member's public key."""
    return keys.public_of(member.home.signing_key())


async def give(member: Member, times: int = 1, pause_s: float = 0.0, **where: Any) -> None:
    """Release a member's tracks, as `tracks` makes them, so many times."""
    for _ in range(times):
        await member.federation.release(tracks(member.name, member.clock(), **where))
        await asyncio.sleep(pause_s)
