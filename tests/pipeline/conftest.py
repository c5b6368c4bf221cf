"""A small exercise around Kant as the octets of its radars."""

from importlib.resources import files
from typing import NamedTuple

import msgspec
import pytest

from asman import exercise
from asman.exercise.scenario import begin_ns
from asman.model.datagram import Datagram
from asman.model.sensor import RADAR_KINDS, Sensors
from asman.units import SECOND_NS
from asman.wire.asterix.encode import encode

SECONDS = 60


class Flown(NamedTuple):
    """What was sent: `seconds` of it from `begin_ns` on."""

    sensors: Sensors
    datagrams: tuple[Datagram, ...]
    begin_ns: int

    def second(self, number: int) -> tuple[Datagram, ...]:
        first = self.begin_ns + number * SECOND_NS
        return tuple(one for one in self.datagrams if first <= one.time_ns < first + SECOND_NS)

    def octets(self) -> bytes:
        return b"".join(one.octets for one in self.datagrams)


@pytest.fixture(scope="session")
def flown() -> Flown:
    scenario = exercise.parse_scenario(
        files("asman.exercise").joinpath("scenarios/kant.toml").read_text("utf-8")
    )
    radars = tuple(sensor for sensor in scenario.sensor if sensor.kind in RADAR_KINDS)
    scenario = msgspec.structs.replace(scenario, sensor=radars, receivers={})
    running = exercise.start(scenario, aircraft=60, seed=5)
    sensors = exercise.sensors(running, "KG")
    mine = {sensor.id for sensor in sensors}
    begin = begin_ns(scenario)
    sent = exercise.emissions(running, begin, begin + SECONDS * SECOND_NS, encode)
    return Flown(sensors, tuple(one for one in sent if one.feed in mine), begin)
