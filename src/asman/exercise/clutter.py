"""Everything false that radars say: what makes it, drawn once from the seed; its plots in any span of time.

A sensor's `false_plots_per_scan` is the mean number of plots that come from no aircraft in a fair sky. At a
radar with a primary part the share `clutter_map` of them comes from spots that persist (ground, roads, wind
farms, birds) and the rest from anywhere; one of ten of these is FRUIT where the radar has a secondary part
too. A radar with a secondary part alone knows no such spots: all are FRUIT. Plots of weather, jammers,
reflections and side lobes come on top: they have switches of their own, and none of them shares a draw with
another.
"""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.errors import InputError
from asman.exercise.effects import Effects
from asman.exercise.interference import radar_jammers, weather_cells
from asman.exercise.scenario import Scenario
from asman.exercise.spots import make_spots
from asman.kernels import clutter as clu
from asman.kernels import disturbance as dis
from asman.kernels import echoes as ech
from asman.kernels import radar as rad
from asman.units import SECOND_NS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What the draws of a sensor's own generator are for, beside [seed, index of the sensor].
_FOR_SPOTS, _FOR_REFLECTORS = 21, 22


class Clutter(msgspec.Struct, frozen=True):
    """What makes false plots around R radars.

    scatterers  (K, SCATTERER_COLUMNS of `kernels.clutter`)   clutter that stays
    single      (R,)  1   mean number a scan of false plots from anywhere
    reflectors  (M, REFLECTOR_COLUMNS of `kernels.echoes`)
    """

    scatterers: Floats
    single: Floats
    reflectors: Floats


def make_clutter(scenario: Scenario, radars: Floats) -> Clutter:
    """Draw the surroundings of every radar; row i of `radars` (R, RADAR_COLUMNS) is `scenario.sensor[i]`."""
    single = radars[:, rad.FALSE_MEAN].copy()
    scatterers = [np.empty((0, clu.SCATTERER_COLUMNS))]
    reflectors = [np.empty((0, ech.REFLECTOR_COLUMNS))]
    for i, sensor in enumerate(scenario.sensor):
        effects, radar = scenario.effects_of(sensor.id), radars[i]
        _check(effects, f"{scenario.name}: effects.{sensor.id}")
        if radar[rad.HAS_PSR] > 0.0 and effects.clutter_spots > 0:
            plots = radar[rad.FALSE_MEAN] * radar[rad.CLUTTER_MAP]
            rng = np.random.default_rng([scenario.seed, i, _FOR_SPOTS])
            scatterers.append(
                make_spots(
                    rng, i, radar[rad.RANGE_MIN], radar[rad.PSR_RANGE_MAX], effects.clutter_spots, plots
                )
            )
            single[i] -= plots
        if radar[rad.HAS_SSR] > 0.0:
            reflectors.append(_reflectors(scenario.seed, i, effects))
    return Clutter(np.concatenate(scatterers), single, np.concatenate(reflectors))


def _check(effects: Effects, item: str) -> None:
    """Refuse shares and numbers that cannot be."""
    limits = {
        "clutter_map": 1.0, "reflection": 1.0, "ring_around": 1.0, "clutter_spots": 1_000, "reflectors": 99,
    }  # fmt: skip
    for name, most in limits.items():
        value = getattr(effects, name)
        if not 0 <= value <= most:
            raise InputError(f"{item}.{name}", f"must be 0 to {most:g}, not {value:g}", "Correct it.")


def _reflectors(seed: int, radar: int, effects: Effects) -> Floats:
    """Walls of 40 to 250 m around a secondary radar, 0.3 to 8 km away, that look past it more or less."""
    rng = np.random.default_rng([seed, radar, _FOR_REFLECTORS])
    rows = np.zeros((effects.reflectors, ech.REFLECTOR_COLUMNS))
    for number, row in enumerate(rows):
        distance = math.exp(rng.uniform(math.log(300.0), math.log(8_000.0)))
        azimuth, aside = rng.uniform(0.0, 2.0 * math.pi), rng.uniform(-1.1, 1.1)
        width = rng.uniform(40.0, 250.0) * math.cos(aside) / distance
        row[ech.REFLECTOR_RADAR], row[ech.REFLECTOR_NUMBER] = radar, number
        row[ech.REFLECTOR_AZIMUTH], row[ech.REFLECTOR_DISTANCE] = azimuth, distance
        row[ech.REFLECTOR_FACING] = azimuth + math.pi + aside
        # A beam is 2.4 degrees wide: a narrower wall mirrors no less of the sky.
        row[ech.REFLECTOR_WIDTH] = min(max(width, math.radians(2.5)), math.radians(14.0))
    return rows


def false_plots(
    scenario: Scenario,
    clutter: Clutter,
    radars: Floats,
    pieces: Floats,
    first: Ints,
    cycle_s: Floats,
    phase_s: Floats,
    flights: int,
    equipment: Ints,
    atmosphere: tuple[float, float],
    origin_ns: int,
    begin_ns: Ints,
    end_ns: Ints,
) -> tuple[Ints, Floats]:
    """Every false plot of every radar in its window: (P, PLOT_INTS), (P, PLOT_FLOATS) of `kernels.radar`.

    Rows are by cause, then radar, not by time. `CAUSE` says what each is; `AIRCRAFT` is -1, but for
    reflections and ring-around.

    radars            (R, RADAR_COLUMNS)
    pieces, first, cycle_s, phase_s, flights   the sky, see `kernels.motion`
    equipment         (L,)   DARK, MODE_AC, MODE_S of each line
    atmosphere        (offset [m], scale): height = offset + scale * pressure altitude
    origin_ns         ns UTC of time 0
    begin_ns, end_ns  (R,)   ns after it, true time of the antenna; end excluded
    """
    cells, jammers = weather_cells(scenario), radar_jammers(scenario)
    window = (scenario.seed, origin_ns, begin_ns, end_ns)
    sky = (pieces, first, cycle_s, phase_s, flights, equipment, atmosphere)
    room = _room(radars, clutter, cells, jammers, begin_ns, end_ns)
    while True:
        ints, floats = np.empty((room, rad.PLOT_INTS), np.int64), np.empty((room, rad.PLOT_FLOATS))
        count = clu.scattered(radars, clutter.single, *window, ints, floats, 0)
        count = clu.spotted(radars, clutter.scatterers, *window, ints, floats, count)
        if len(cells):
            count = dis.weather(radars, cells, *window, ints, floats, count)
        if len(jammers):
            count = dis.strobes(radars, jammers, *window, ints, floats, count)
        count = ech.reflections(radars, clutter.reflectors, *sky, *window, ints, floats, count)
        count = ech.rings(radars, *sky, *window, ints, floats, count)
        if count <= room:
            return ints[:count], floats[:count]
        room = count


def _room(
    radars: Floats, clutter: Clutter, cells: Floats, jammers: Floats, begin_ns: Ints, end_ns: Ints
) -> int:
    """A first guess of how many rows there will be."""
    a_scan = (
        radars[:, rad.FALSE_MEAN] + cells[:, dis.CELL_PLOTS].sum() + jammers[:, dis.JAMMER_PLOTS].sum() + 2.0
    )
    scans = np.maximum(end_ns - begin_ns, 0) / SECOND_NS / radars[:, rad.PERIOD]
    return 256 + int(1.3 * float((a_scan * scans).sum())) + len(clutter.scatterers) // 4
