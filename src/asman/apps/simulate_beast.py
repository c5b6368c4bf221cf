"""Raw messages that the ADS-B receivers of an exercise hear, as Beast frames."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from asman import exercise as exercises
from asman.exercise import Exercise
from asman.kernels.modes_bits import LONG, SHORT
from asman.units import SECOND_NS
from asman.wire.modes import beast_frames, encode_squitters
from asman.wire.modes.beast import ticks_12mhz

#: Messages are many times as many as plots: what is made of them at a time is kept short.
PIECE_NS: Final = 2 * SECOND_NS


class Frames(NamedTuple):
    """Beast frames of one receiver, one behind the other, and how many messages they are."""

    messages: int
    octets: bytes


def receivers(running: Exercise, members: tuple[str, ...]) -> tuple[str, ...]:
    """The ADS-B receivers of some members; of all without any."""
    sensors = exercises.sensors(running)
    return tuple(one.id for one in sensors if one.kind == "adsb" and (not members or one.member in members))


def frames(
    running: Exercise, members: tuple[str, ...], clock_ns: int, begin_ns: int, end_ns: int
) -> Mapping[str, Frames]:
    """What receivers hear of messages sent in [begin, end), ns UTC.

    clock_ns   ns UTC at which the receivers' clocks stood at 0

    A frame's signal level is 0: not measured.
    """
    wanted = receivers(running, members)
    if not wanted:
        return {}
    found: dict[str, list[Frames]] = {name: [] for name in wanted}
    for begin in range(begin_ns, end_ns, PIECE_NS):
        for name, some in _heard(running, wanted, clock_ns, begin, min(begin + PIECE_NS, end_ns)).items():
            found[name].append(some)
    return {
        name: Frames(sum(one.messages for one in pieces), b"".join(one.octets for one in pieces))
        for name, pieces in found.items()
    }


def _heard(
    running: Exercise, wanted: tuple[str, ...], clock_ns: int, begin_ns: int, end_ns: int
) -> dict[str, Frames]:
    heard = exercises.squitters(running, begin_ns, end_ns)
    messages = encode_squitters(heard.messages)
    kinds = heard.messages["kind"].cast(pa.string()).to_numpy()
    lengths = np.where(kinds == "all_call", SHORT, LONG)
    ticks = ticks_12mhz(heard.at_ns - clock_ns)
    found: dict[str, Frames] = {}
    for place, sensor in enumerate(exercises.sensors(running)):
        if sensor.id in wanted:
            rows = np.flatnonzero(heard.sensor == place)
            level = np.zeros(rows.size, np.int64)
            octets = beast_frames(messages[rows], lengths[rows], ticks[rows], level)
            found[sensor.id] = Frames(rows.size, octets)
    return found
