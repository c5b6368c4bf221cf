"""What a node compiles before it reasons: one small exercise through all of it."""

import asyncio
from collections.abc import Callable

from asman.apps import warm
from asman.apps.reason import Outlet


async def warmed(outlet: Outlet) -> None:
    """Compile the kernels if that has not been done for these sources, and tell the person who waits."""
    if warm.is_warm():
        return
    loop = asyncio.get_running_loop()

    def tell(text: str) -> None:
        asyncio.run_coroutine_threadsafe(outlet.progress(text), loop)

    tell("compiling kernels (once for this version)")
    took_s = await asyncio.to_thread(warm.warm, tell, compile_all)
    tell(f"compiled in {took_s:.1f} s")


def compile_all(tell: Callable[[str], None]) -> None:
    """Run every kernel that a node uses, by a small exercise through decoder, plots and tracker."""
