"""What radars, receivers and systems say, as one; and how many receivers and systems could."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.listeners import listeners
from asman.exercise.outages import PRIMARY, SECONDARY, silent
from asman.exercise.report_terrain import behind_terrain
from asman.exercise.reports import Reported
from asman.exercise.sweep import Swept, World
from asman.kernels import navigation as nav
from asman.kernels.geodesy import lla_to_ecef_array
from asman.kernels.radar import DARK
from asman.units import SECOND_NS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def joined(swept: Swept, said: Reported) -> Swept:
    """All that was said in a span, by true time, sensor and aircraft."""
    count = said.aircraft.size
    at = np.r_[swept.crossing_ns, said.at_ns]
    sensor, aircraft = np.r_[swept.radar, said.sensor], np.r_[swept.aircraft, said.aircraft]
    # Stable: what is alike in all of these keeps its order.
    order = np.lexsort((aircraft, sensor, at))
    plots = pa.concat_tables([swept.plots, said.plots]).unify_dictionaries().combine_chunks()
    unknown = np.full((count, swept.motion.shape[1]), np.nan)
    return Swept(
        plots=plots.take(pa.array(order)),
        aircraft=aircraft[order],
        crossing_ns=at[order],
        radar=sensor[order],
        cause=np.r_[swept.cause, said.cause][order],
        garbled=np.r_[swept.garbled, np.zeros(count, np.int64)][order],
        motion=np.concatenate([swept.motion, unknown])[order],
    )


def listening(
    world: World, place: tuple[Floats, Floats, Floats], when: Ints, transponder: Ints, adsb: Flags
) -> Ints:
    """How many ADS-B receivers and multilateration systems have each aircraft (N,) in reach of ear.

    place             lat, lon [rad], height [m], each (N,)
    when, transponder, adsb   (N,)   ns UTC; DARK, MODE_AC, MODE_S; whether ADS-B is sent
    """
    scenario = world.scenario
    count = np.zeros(when.size, np.int64)
    receivers, _ = listeners(scenario, "adsb")
    systems, antennas = listeners(scenario, "mlat")
    if not len(receivers) and not len(systems):
        return count
    spot = np.stack(lla_to_ecef_array(*place), axis=1)
    seconds = (when - world.sky.begin_ns) / SECOND_NS

    def works(index: int) -> Flags:
        out = silent(scenario, np.full(when.size, index), seconds)
        return out != PRIMARY | SECONDARY

    for row in receivers:
        index = int(row[nav.INDEX])
        hears = adsb & works(index) & _in_reach(row, row[nav.X : nav.Z + 1], row[nav.GROUND], spot, place[2])
        if world.masks is not None:
            hears &= ~behind_terrain(scenario, world.masks, np.full(when.size, index), *place)
        count += hears
    for row in systems:
        mine = antennas[int(row[nav.RECEIVERS_FROM]) : int(row[nav.RECEIVERS_TO])]
        ears = sum(_in_reach(row, one[:3], one[3], spot, place[2]).astype(np.int64) for one in mine)
        count += (ears >= 4) & (transponder != DARK) & works(int(row[nav.INDEX]))
    return count


def _in_reach(row: Floats, antenna: Floats, ground: float, spot: Floats, height: Floats) -> Flags:
    """Whether smooth ground and range let an antenna hear each place."""
    distance = np.linalg.norm(spot - antenna, axis=1)
    if row[nav.EARTH] == 0.0:
        return distance <= row[nav.RANGE_MAX]
    twice = 2.0 * row[nav.EARTH]
    horizon = np.sqrt(twice * row[nav.MAST]) + np.sqrt(twice * np.maximum(height - ground, 0.0))
    return (distance <= row[nav.RANGE_MAX]) & (distance <= horizon)
