"""TCP feeds: a stream of octets from a receiver that we connect to, and connect to again when it ends.

What arrives together is one datagram: of ASTERIX the blocks that are whole (`cutting`); of Mode S all, and
the receiver's memory in the node puts cut messages together. A connection that brings nothing for long is
given up and made anew, because a receiver that lost its power does not say so.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from asman.edge.cutting import Cutter
from asman.edge.feeds import Address
from asman.model.datagram import Datagram

#: Octets of one read: a tenth of a second of the busiest receiver.
READ_OCTETS: Final = 65_536
#: Pause before the next attempt: doubled from the first to the longest, back at the first when octets came.
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
CONNECT_S: Final = 10.0
SILENCE_S: Final = 120.0


class StreamFeed:
    """One connection, kept by the running event loop until `close`.

    `datagrams`, `octets`, `connections` and `failures` only grow; `connected` says how it is now.
    """

    def __init__(
        self,
        name: str,
        where: Address,
        take: Callable[[Datagram], None],
        *,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self.name = name
        self.where = where
        self.datagrams = 0
        self.octets = 0
        self.dropped = 0
        self.connections = 0
        self.failures = 0
        self.connected = False
        self.problem = ""
        self.last_ns: int | None = None
        self._take = take
        self._first_pause_s = first_pause_s
        self._task = asyncio.get_running_loop().create_task(self._run())

    @property
    def port(self) -> int:
        """The port that is connected to."""
        return self.where.port

    def close(self) -> None:
        """End the connection, and make no other."""
        self._task.cancel()

    async def _run(self) -> None:
        pause_s = self._first_pause_s
        while True:
            before = self.octets
            try:
                await self._connection()
                self.problem = "the other side ended the connection"
            except (OSError, TimeoutError) as error:
                self.problem = str(error) or f"no octet for {SILENCE_S:.0f} s"
            self.failures += 1
            pause_s = self._first_pause_s if self.octets > before else min(pause_s * 2.0, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def _connection(self) -> None:
        """Connect, and read until the other side ends. Raises OSError, TimeoutError."""
        opening = asyncio.open_connection(self.where.host, self.where.port, limit=READ_OCTETS)
        reader, writer = await asyncio.wait_for(opening, CONNECT_S)
        self.connected = True
        self.connections += 1
        cutter = Cutter()
        begin = self.octets
        try:
            while octets := await asyncio.wait_for(reader.read(READ_OCTETS), SILENCE_S):
                now_ns = time.time_ns()
                self.octets += len(octets)
                self.last_ns = now_ns
                whole = cutter.take(octets)
                if not whole:
                    continue
                self._take(Datagram(feed=self.name, time_ns=now_ns, octets=whole, offset=begin))
                self.datagrams += 1
                begin = self.octets - cutter.waiting
        finally:
            self.connected = False
            self.dropped += cutter.skipped > 0
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
