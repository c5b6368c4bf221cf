"""What a node compiles before it reasons: a minute of one aircraft, through decoder, plots, tracker, picture.

The kernels read tables, not code, so that a few records compile what every category and edition needs.
"""

import asyncio
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from asman.apps import warm
from asman.apps.reason import Outlet
from asman.model.datagram import Datagram
from asman.model.sensor import Sensor
from asman.units import DAY_S, SECOND_NS

if TYPE_CHECKING:
    from asman.exercise import Scenario

#: Long enough for a track to be confirmed, coasted and ended.
EXERCISE_S: Final = 150
HEARD_S: Final = 40
SAC: Final = 255
SIC: Final = 254


async def warmed(outlet: Outlet) -> None:
    """Compile the kernels if that has not been done for these sources, and tell the person who waits."""
    if warm.is_warm():
        return
    loop = asyncio.get_running_loop()

    def tell(text: str) -> None:
        asyncio.run_coroutine_threadsafe(outlet.progress(text), loop)

    tell("compiling kernels (once for this version)")
    took_s = await asyncio.to_thread(warm.warm, tell, compile_node)
    await outlet.progress(f"compiled in {took_s:.1f} s")


def compile_node(tell: Callable[[str], None]) -> None:
    """Run every kernel that a node uses."""
    from asman.pipeline import node, recording

    tell("  the decoder of all ASTERIX categories")
    radar = Sensor(id="r", lat_deg=42.85, lon_deg=74.85, sac=SAC, sic=SIC)
    octets = b"".join(_report(second) for second in range(HEARD_S))
    recording.prepare({"warm": octets}, (radar,), None)
    tell("  the tracker")
    state = node.start("XX", (radar,), 0)
    for second in range(EXERCISE_S):
        now_ns = (second + 1) * SECOND_NS
        heard = _report(second) if second < HEARD_S and second % 4 == 0 else b""
        arrived = (Datagram("warm", now_ns, heard),) if heard else ()
        state, _ = node.step(state, node.Inputs(arrived), now_ns)
        if second == HEARD_S:
            tell("  explanations")
            node.explain(state, 1, 0, now_ns)
    node.trails_of(state)
    node.copy(state)
    tell("  the joint picture")
    _compile_joint(radar)


def _compile_joint(radar: Sensor) -> None:
    """A node whose partner tells the same track: correlation, fusion, intersection, the picture."""
    from asman.model.contribution import Contribution
    from asman.model.tracks import TRACKS
    from asman.pipeline import node

    state = node.start("XX", (radar,), 0, federated=True)
    for second in range(HEARD_S):
        now_ns = (second + 1) * SECOND_NS
        arrived = (Datagram("warm", now_ns, _report(second)),) if second % 4 == 0 else ()
        told = node.own_tracks(state)
        # The other half of the time without what was learned, as from a feed that nobody knows the making of.
        table = told if second < HEARD_S // 2 else told.select(TRACKS.names)
        theirs = Contribution(origin="YY", sequence=second, sent_ns=now_ns, what="tracks", table=table)
        state, _ = node.step(state, node.Inputs(arrived, contributions=(theirs,)), now_ns)
    node.picture(state)


def compile_simulator(tell: Callable[[str], None]) -> None:
    """Run what an exercise needs beside its nodes: the sky, sensors, every kind of event, the encoder."""
    from asman import exercise
    from asman.apps.kant import scenario
    from asman.apps.rehearsal import eventful
    from asman.apps.simulate_beast import frames
    from asman.apps.simulate_out import endpoints
    from asman.exercise.scenario import begin_ns
    from asman.wire import capture
    from asman.wire.asterix.encode import encode

    tell("  the simulator and the encoder")
    running = exercise.start(eventful(_with_ear(scenario())), aircraft=12)
    begin = begin_ns(running.scenario)
    sent = exercise.emissions(running, begin, begin + 10 * SECOND_NS, encode)
    exercise.flying(running, begin + SECOND_NS)
    capture.packets(sent, endpoints(running.scenario.sensor))
    frames(running, (), begin, begin, begin + SECOND_NS)


def _with_ear(scenario: "Scenario") -> "Scenario":
    """The scenario with an ADS-B receiver beside its first sensor."""
    first = scenario.sensor[0]
    ear = Sensor(
        id="warm", member=first.member, kind="adsb", lat_deg=first.lat_deg, lon_deg=first.lon_deg,
        period_s=1.0, sac=SAC, sic=SIC,
    )  # fmt: skip
    return msgspec.structs.replace(scenario, sensor=(*scenario.sensor, ear))


def _report(second: int) -> bytes:
    """One CAT048 block of two records: an aircraft with a Mode S transponder, and a primary echo.

    FSPEC: I010, I140, I020, I040, I070, I090, and by extension I220; the echo has the first four.
    """
    time = (second % DAY_S) * 128
    stamp = struct.pack(">I", time)[1:]
    rho, theta = 20_000 + 20 * second, 16_384
    aircraft = (
        struct.pack(">BBBB", 0b11111101, 0b10000000, SAC, SIC)
        + stamp
        + struct.pack(">BHHHH", 0b10100000, rho, theta, 0o1234, 350 * 4)
        + b"\x60\x10\x01"
    )
    echo = (
        struct.pack(">BBB", 0b11110000, SAC, SIC) + stamp + struct.pack(">BHH", 0b00100000, rho + 900, theta)
    )
    records = aircraft + echo
    return struct.pack(">BH", 48, 3 + len(records)) + records
