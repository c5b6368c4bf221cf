"""From the feeds to the reasoning, over the bus: bounded, and every loss counted."""

import asyncio
from collections import deque
from typing import Final

import nats.errors
from nats.aio.client import Client

from asman.edge.messages import FEED, pack
from asman.model.datagram import Datagram

#: Datagrams that may wait for the bus: some seconds of a busy nation.
QUEUE_DATAGRAMS: Final = 65_536


class Uplink:
    """Takes datagrams from feeds, without waiting, and publishes them as `feed.<name>`."""

    def __init__(self, bus: Client, room: int = QUEUE_DATAGRAMS) -> None:
        self.dropped: dict[str, int] = {}
        self._bus = bus
        self._room = room
        self._queue: deque[Datagram] = deque()
        self._wake = asyncio.Event()

    def take(self, datagram: Datagram) -> None:
        """Queue a datagram; when there is no room it is dropped and counted for its feed."""
        if len(self._queue) >= self._room:
            self.dropped[datagram.feed] = self.dropped.get(datagram.feed, 0) + 1
            return
        self._queue.append(datagram)
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                datagram = self._queue.popleft()
                try:
                    await self._bus.publish(FEED + datagram.feed, pack(datagram))
                except (nats.errors.Error, OSError):
                    self.dropped[datagram.feed] = self.dropped.get(datagram.feed, 0) + 1
