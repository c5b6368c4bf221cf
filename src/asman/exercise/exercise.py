"""One exercise, ready to be asked: the facade of this floor's part.

A live run calls `emissions` every 250 ms or so with the span of time that has passed, and sends each
datagram to the node of the member who owns its sensor. The encoder is a parameter, because stages on one
floor do not know each other: `asman.wire.asterix.encode.encode` is the one.
"""

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise import emit
from asman.exercise.radars import make_radars
from asman.exercise.scenario import Scenario, with_aircraft
from asman.exercise.sky import Sky, make_sky
from asman.exercise.sky import truth as truth_of
from asman.exercise.sweep import Swept
from asman.exercise.sweep import sweep as sweep_of
from asman.model.datagram import Datagram
from asman.model.sensor import Sensors


class Exercise(msgspec.Struct, frozen=True):
    """A scenario, its sky laid out and its radars as numbers."""

    scenario: Scenario
    sky: Sky
    radars: NDArray[np.float64]


def start(
    scenario: Scenario, aircraft: int | None = None, seed: int | None = None, begin_ns: int | None = None
) -> Exercise:
    """Lay out a scenario.

    aircraft   how many airframes instead of the scenario's own number
    seed       instead of the scenario's own
    begin_ns   ns UTC instead of the scenario's own date: now, for a live run; cut to whole microseconds
    """
    if aircraft is not None:
        scenario = with_aircraft(scenario, aircraft)
    if seed is not None:
        scenario = msgspec.structs.replace(scenario, seed=seed)
    if begin_ns is not None:
        begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=begin_ns // 1000)
        scenario = msgspec.structs.replace(scenario, begin=begin)
    return Exercise(scenario, make_sky(scenario), make_radars(scenario))


def sensors(exercise: Exercise, member: str | None = None) -> Sensors:
    """What a member knows of its own sensors; everybody's without `member`."""
    return tuple(sensor for sensor in exercise.scenario.sensor if member in (None, sensor.member))


def truth(exercise: Exercise, times_ns: NDArray[np.int64]) -> pa.Table:
    """Where every flying aircraft truly is at each time [ns UTC]: TRUTH rows, for scoring only."""
    return truth_of(exercise.sky, times_ns)


def sweep(exercise: Exercise, begin_ns: int, end_ns: int) -> Swept:
    """What all radars say of beams that meet their aircraft in [begin, end), ns UTC."""
    count = len(exercise.radars)
    begin, end = np.full(count, begin_ns, np.int64), np.full(count, end_ns, np.int64)
    return sweep_of(exercise.scenario, exercise.sky, exercise.radars, begin, end)


def emissions(exercise: Exercise, begin_ns: int, end_ns: int, encode: emit.Encode) -> tuple[Datagram, ...]:
    """What all radars send in [begin, end), ns UTC, in order of time: `feed` is the sensor's id."""
    return emit.emissions(exercise.scenario, exercise.sky, exercise.radars, begin_ns, end_ns, encode)
