"""What the reasoning has to say, written down: the event's noun, then its keys with their units.

    WARNING source_unknown sac=25 sic=201 category=CAT048

A feed of noise would say the same thing in every step: what cannot be read is written once a minute and feed,
with what came in between added up; health and metrics count all of it.
"""

import logging
import re
from typing import Final

import msgspec

from asman.pipeline.events import (
    BlocksRejected,
    EditionDoubted,
    Event,
    Events,
    SensorSilent,
    SensorsMet,
    SourceUnknown,
)
from asman.units import SECOND_NS

#: Time of the picture between two lines about the blocks that one feed had rejected.
REJECTED_EVERY_S: Final = 60.0
_WARNINGS: Final = (BlocksRejected, EditionDoubted, SensorSilent, SourceUnknown)


class Journal:
    """Writes events to the log `asman.node`, none of them louder than `loudest`."""

    def __init__(self, loudest: int = logging.WARNING) -> None:
        self._loudest = loudest
        self._log = logging.getLogger("asman.node")
        self._rejected: dict[str, tuple[int | None, int]] = {}

    def write(self, events: Events, now_ns: int) -> None:
        """Write the events of one step, at the picture's time."""
        for event in events:
            if isinstance(event, BlocksRejected):
                self._count(event, now_ns)
            else:
                level = self._loudest if isinstance(event, _WARNINGS) else logging.INFO
                self._log.log(level, "%s", line(event))

    def _count(self, event: BlocksRejected, now_ns: int) -> None:
        written_ns, blocks = self._rejected.get(event.feed, (None, 0))
        blocks += event.blocks
        if written_ns is None or abs(now_ns - written_ns) >= REJECTED_EVERY_S * SECOND_NS:
            self._log.log(self._loudest, "%s", line(msgspec.structs.replace(event, blocks=blocks)))
            written_ns, blocks = now_ns, 0
        self._rejected[event.feed] = (written_ns, blocks)


def line(event: Event) -> str:
    """Return one event as a line: noun, then keys."""
    noun = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    if isinstance(event, SensorsMet):
        return f"{noun} sensors={','.join(sensor.id for sensor in event.sensors)}"
    keys = ((name, getattr(event, name)) for name in event.__struct_fields__)
    return " ".join((noun, *(f"{name}={_value(value)}" for name, value in keys)))


def _value(value: object) -> str:
    text = str(value)
    return f'"{text}"' if " " in text else text
