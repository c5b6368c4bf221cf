"""Two members' nodes on this machine, over everything that is between them: how late, how cut, how caught up.

Guard, account and record on the disk, signature, JetStream, mutual TLS, the partner's pull, its gate and the
reading of rows: timed on the wall from handing tracks to the guard until rows are read at the other end.
Both ends run in one process here, so that they share one core's time for Python; two nodes have one each.
What is timed on the wall needs an idle machine: the CPU time beside it does not.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from asman.apps import warm
from asman.edge.link_messages import Order
from asman.edge.messages import Left
from asman.edge.outbox import Limits
from benchmarks.figure import figure

TRACKS_PER_S = 20_000
SECONDS = 12
CUTS_S = (7.0, 25.0)


def run() -> list[dict[str, Any]]:
    warm.prepare()
    from tests.system import linked

    with tempfile.TemporaryDirectory(prefix="asman-link-") as name:
        folder, clock = Path(name), linked.Clock()
        giver, taker = (linked.Member(one, folder, clock, Limits()) for one in ("KG", "RU"))
        linked.join(giver, taker, folder)
        linked.agree("kg-ru-2023", giver, taker)
        try:
            giver.start()
            taker.start()
            return asyncio.run(_measured(linked, giver, taker))
        finally:
            for one in (giver, taker):
                if hasattr(one, "border"):
                    one.border.end()


async def _measured(linked: Any, giver: Any, taker: Any) -> list[dict[str, Any]]:
    figures: list[dict[str, Any]] = []
    async with linked.running(giver, taker):
        while not taker.arrived:
            await giver.federation.release(linked.tracks("KG", giver.clock()))
            await asyncio.sleep(0.2)
        for rate in (10, 1):
            cpu_s = time.process_time()
            late_ms = await _lateness(linked, giver, taker, rate)
            cpu_s = (time.process_time() - cpu_s) / SECONDS
            words = f"{TRACKS_PER_S:,} tracks/s node to node, {rate} releases a second"
            figures.append(figure(f"{words}, CPU of both ends", cpu_s, "core"))
            floor, target = (50.0, 10.0) if rate == 10 else (None, None)
            figures.append(figure(f"{words}, p50", float(np.quantile(late_ms, 0.5)), "ms"))
            figures.append(
                figure(f"{words}, p99", float(np.quantile(late_ms, 0.99)), "ms", floor=floor, target=target)
            )
        for cut_s in CUTS_S:
            figures += await _cut(linked, giver, taker, cut_s)
        figures += await _suspension(linked, giver, taker)
    return figures


async def _lateness(linked: Any, giver: Any, taker: Any, rate: int) -> np.ndarray:
    """Milliseconds, a value a track."""
    count = TRACKS_PER_S // rate
    began: dict[int, float] = {}
    taker.heard.clear()
    due = time.monotonic()
    outbox = giver.federation.partners["RU"].outbox
    for _ in range(SECONDS * rate):
        tracks = linked.tracks("KG", giver.clock(), count=count)
        handed, first = time.monotonic(), outbox.stream.sequence + 1
        await giver.federation.release(tracks)
        began |= dict.fromkeys(range(first, outbox.stream.sequence + 1), handed)
        due += 1 / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    last = outbox.stream.sequence
    await linked.until(lambda: taker.sequences("KG")[-1] == last)
    late = [
        [(at - began[one.sequence]) * 1e3] * one.rows
        for at, one in taker.heard
        if not isinstance(one, Left) and one.sequence in began
    ]
    return np.concatenate(late[len(late) // 6 :])  # after the first seconds


async def _cut(linked: Any, giver: Any, taker: Any, cut_s: float) -> list[dict[str, Any]]:
    """Cut the line, go on giving ten times a second, and see how long the rest takes after it is whole."""
    before = len(taker.sequences("KG"))
    giver.line.whole.clear()
    began = time.monotonic()
    while time.monotonic() - began < cut_s:
        await giver.federation.release(linked.tracks("KG", giver.clock(), count=200))
        await asyncio.sleep(0.1)
    last = giver.federation.partners["RU"].outbox.stream.sequence
    giver.line.whole.set()
    mended = time.monotonic()
    await linked.until(lambda: taker.sequences("KG")[-1] >= last, 60.0)
    took_s = time.monotonic() - mended
    got = taker.sequences("KG")
    lost = last - got[before - 1] - len(set(got[before:]))
    return [
        figure(f"caught up after a cut of {cut_s:.0f} s", took_s, "s"),
        figure(f"batches lost or doubled by a cut of {cut_s:.0f} s",
               float(lost + len(got) - len(set(got))), "1", floor=0.0, target=0.0),
    ]  # fmt: skip


async def _suspension(linked: Any, giver: Any, taker: Any) -> list[dict[str, Any]]:
    """From the order until the last octet leaves, either way, and until the partner's picture forgets.

    The last octet is that of the connection that carries batches, whatever it is: acknowledgements, farewell
    and what is retransmitted count too. What is tried afterwards must end with its handshake.
    """
    late_ms: dict[str, list[float]] = {giver.name: [], taker.name: []}
    after_octets: list[int] = []
    forgot_ms: list[float] = []
    for _ in range(5):
        ending = asyncio.Event()

        async def give(ending: asyncio.Event = ending) -> None:
            while not ending.is_set():
                await giver.federation.release(linked.tracks("KG", giver.clock(), count=500))
                await taker.federation.release(linked.tracks("RU", taker.clock(), count=500))
                await asyncio.sleep(0.05)

        giving = asyncio.create_task(give())
        taken, back = len(taker.arrived), len(giver.arrived)
        await linked.until(lambda taken=taken: len(taker.arrived) > taken + 10)
        await linked.until(lambda back=back: len(giver.arrived) > back + 10)
        taker.heard.clear()
        ordered = time.monotonic()
        decided = await giver.federation.order(Order(act="suspend", about="kg-ru-2023"))
        if decided.status != 200:
            raise RuntimeError(decided.reason)
        await asyncio.sleep(1.0)
        for member in (giver, taker):
            connections = [sent for sent in member.line.out.values() if sent]
            before = [sent for sent in connections if sent[0][0] < ordered]
            batches = max(before, key=lambda sent: sum(octets for at, octets in sent if at > ordered - 0.5))
            late_ms[member.name].append((batches[-1][0] - ordered) * 1e3)
            tried = [sum(octets for _, octets in sent) for sent in connections if sent[0][0] > ordered]
            after_octets += tried
        left = [at for at, one in taker.heard if isinstance(one, Left)]
        forgot_ms.append((left[0] - ordered) * 1e3 if left else float("nan"))
        ending.set()
        await giving
        await giver.federation.order(Order(act="resume", about="kg-ru-2023"))
        await linked.until(lambda: taker.federation.standing()["kg-ru-2023"].state == "active")
    last = [
        figure(f"suspension until the last octet from {name}, worst of 5", max(late), "ms",
               floor=100.0, target=100.0)
        for name, late in late_ms.items()
    ]  # fmt: skip
    return [
        *last,
        figure(
            "octets of a connection that is tried afterwards, most", float(max(after_octets, default=0)), "1"
        ),
        figure(
            "suspension until the partner's picture forgets, worst of 5", max(forgot_ms), "ms", floor=1_000.0
        ),
    ]
