"""The reasoning process of a node: pipeline.step in a loop, between the bus and the clock on the wall.

    python -m asman.apps.reason < plan.json

Started by apps.serve, never by hand. It ends when the bus is gone.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Final

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from asman.apps.plan import Plan
from asman.apps.warm import prepare
from asman.edge import bus, messages
from asman.edge.messages import Failed, News, Progress, tell
from asman.errors import InputError

#: How often the web side is asked whether it listens yet.
KNOCK_S: Final = 0.05
KNOCKS: Final = 400


class Outlet:
    """What a runner says to the rest of the node."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def news(self, news: News) -> None:
        """Publish words."""
        await self.client.publish(messages.NEWS, tell(news))

    async def progress(self, text: str) -> None:
        """Tell the person who waits, at once."""
        await self.news(Progress(text=text))
        await self.client.flush()

    async def frame(self, octets: bytes, *, jumped: bool) -> None:
        """Publish a whole picture."""
        headers = {messages.JUMPED: "1"} if jumped else None
        await self.client.publish(messages.FRAMES, octets, headers=headers)

    async def answer(self, subject: str, reply: Callable[[bytes], Awaitable[bytes]]) -> None:
        """Answer questions on a subject."""

        async def asked(message: Msg) -> None:
            try:
                await message.respond(await reply(message.data))
            except Exception:  # ours: whoever asked gets no answer and says so; the reasoning goes on
                logging.getLogger(__name__).exception("a question about %s failed", subject)

        await self.client.subscribe(subject, cb=asked)


async def _reason(plan: Plan) -> int:
    gone = asyncio.Event()
    client = await bus.connect(plan.bus, f"{plan.node} reasoning", lost=gone.set)
    await knock(client)
    outlet = Outlet(client)
    running = asyncio.create_task(_run(plan, outlet))
    await asyncio.wait([running, asyncio.create_task(gone.wait())], return_when=asyncio.FIRST_COMPLETED)
    code = 0
    if running.done():
        code = await _outcome(running, outlet)
        await client.drain()
    running.cancel()
    return code


async def knock(client: Client) -> None:
    """Wait until the web side listens."""
    for _ in range(KNOCKS):
        try:
            await client.request(messages.BEGIN, b"", timeout=1)
        except (nats.errors.NoRespondersError, nats.errors.TimeoutError):
            await asyncio.sleep(KNOCK_S)
        else:
            return


async def _run(plan: Plan, outlet: Outlet) -> None:
    # These import the compiler, which takes its time: the person who waits is told, and the bus goes on.
    await outlet.progress("starting the reasoning")
    if plan.mode == "replay":
        replaying = await asyncio.to_thread(import_module, "asman.apps.replaying")
        await replaying.replay(plan, outlet)
    else:
        living = await asyncio.to_thread(import_module, "asman.apps.living")
        await living.live(plan, outlet)


async def _outcome(running: "asyncio.Task[None]", outlet: Outlet) -> int:
    error = running.exception()
    if error is None:
        return 0
    if isinstance(error, InputError):
        await outlet.news(Failed(blame="input", item=error.item, problem=error.problem, mend=error.mend))
        return 2
    import traceback

    traceback.print_exception(error, file=sys.stderr)
    await outlet.news(Failed(blame="ours", item="reasoning", problem=repr(error)))
    return 1


def main() -> int:
    """Read the plan from standard input and reason until the bus is gone."""
    import uvloop

    prepare()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    return uvloop.run(_reason(plan))


if __name__ == "__main__":
    sys.exit(main())
