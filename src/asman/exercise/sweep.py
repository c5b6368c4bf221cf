"""What each radar says of the sky in any span of time.

The rows of [a, c) are those of [a, b) and [b, c) together: crossings are solved from the scan they belong
to, and every draw is a hash of (seed, radar, aircraft, scan). So a live demo in steps of 250 ms and a batch
of an hour are one and the same exercise.
"""

import math
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.scenario import Atmosphere, Scenario
from asman.exercise.services import services
from asman.exercise.sky import FLIGHTS, Sky
from asman.kernels import simulation as sim
from asman.model.plots import PLOTS, TIME
from asman.units import FOOT_M, SECOND_NS

#: Rows that one call of the kernel may need; longer spans are cut.
_ROWS_MAX = 2_000_000

#: `plots.detection` by the bits of a detection.
_DETECTIONS = ("", "psr", "ssr", "ssr+psr", "modes", "modes+psr")


class Swept(NamedTuple):
    """What the radars said in a span of time.

    plots      PLOTS rows, by true time of crossing
    aircraft   (P,)  int64   who each plot is of, -1 for nobody: the truth index, for scoring only
    crossing_ns (P,) int64   when the beam truly met it, ns UTC
    radar      (P,)  int64   index of its sensor in the scenario
    garbled    (P,)  int64   bits CODE_IS_GARBLED, ALTITUDE_IS_GARBLED of `kernels.simulation`
    services   SERVICES rows
    """

    plots: pa.Table
    aircraft: NDArray[np.int64]
    crossing_ns: NDArray[np.int64]
    radar: NDArray[np.int64]
    garbled: NDArray[np.int64]
    services: pa.Table


def _air(atmosphere: Atmosphere) -> tuple[float, float]:
    """Offset [m] and scale of height = offset + scale * pressure altitude."""
    return (atmosphere.qnh_hpa - 1013.25) * 27.3 * FOOT_M, 1.0 + atmosphere.isa_deviation_k / 288.15


def sweep(
    scenario: Scenario,
    sky: Sky,
    radars: NDArray[np.float64],
    begin_ns: NDArray[np.int64],
    end_ns: NDArray[np.int64],
) -> Swept:
    """What every radar says in its own window.

    begin_ns, end_ns  (R,)  ns UTC, true time of crossing; end excluded; not before the exercise's begin
    """
    begin = np.maximum(begin_ns - sky.begin_ns, 0)
    end = np.maximum(end_ns - sky.begin_ns, begin)
    rows_per_s = sky.cycle_s.size * float((1.0 / radars[:, sim.PERIOD]).sum())
    step_ns = max(int(_ROWS_MAX / max(rows_per_s, 1.0) * SECOND_NS), SECOND_NS)
    parts = max(math.ceil(float((end - begin).max(initial=1)) / step_ns), 1)
    ints: list[NDArray[np.int64]] = []
    floats: list[NDArray[np.float64]] = []
    for part in range(parts):
        low = np.minimum(begin + part * step_ns, end)
        i, f = _rows(scenario, sky, radars, low, np.minimum(low + step_ns, end))
        order = np.lexsort((i[:, 2], i[:, 1], i[:, 0]))
        ints.append(i[order])
        floats.append(f[order])
    rows, measures = np.concatenate(ints), np.concatenate(floats)
    return Swept(
        plots=_plots(scenario, sky, rows, measures),
        aircraft=rows[:, 2].copy(),
        crossing_ns=rows[:, 0] + sky.begin_ns,
        radar=rows[:, 1].copy(),
        garbled=rows[:, 5] & (sim.CODE_IS_GARBLED | sim.ALTITUDE_IS_GARBLED),
        services=services(scenario, sky, radars, begin, end)[0],
    )


def _rows(
    scenario: Scenario,
    sky: Sky,
    radars: NDArray[np.float64],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Call the kernels with room enough; a first guess that was too small is made good once."""
    scans = (end - begin) / SECOND_NS / radars[:, sim.PERIOD]
    room = 1024 + int(((scans + 0.1) * (0.6 * sky.cycle_s.size + 2.0 * radars[:, sim.FALSE_MEAN])).sum())
    while True:
        ints, floats = np.empty((room, 7), np.int64), np.empty((room, 3))
        count = sim.sweep_aircraft(
            radars, sky.pieces, sky.first, sky.cycle_s, sky.phase_s, FLIGHTS, sky.equipment,
            _air(scenario.atmosphere), scenario.seed, sky.begin_ns, begin, end, ints, floats,
        )  # fmt: skip
        count = sim.sweep_clutter(radars, scenario.seed, sky.begin_ns, begin, end, ints, floats, count)
        if count <= room:
            return ints[:count], floats[:count]
        room = count


def _plots(scenario: Scenario, sky: Sky, rows: NDArray[np.int64], measures: NDArray[np.float64]) -> pa.Table:
    """PLOTS rows of the kernels' rows."""
    aircraft, stamp, seen, flaws, chance = rows[:, 2], rows[:, 3], rows[:, 4], rows[:, 5], rows[:, 6]
    real = aircraft >= 0
    code = np.where(real, sky.fleet.mode_3a(np.maximum(aircraft, 0)), chance & 0o7777)
    no_code = (flaws & sim.CODE_IS_MISSING) > 0
    bad_code, bad_altitude = (flaws & sim.CODE_IS_GARBLED) > 0, (flaws & sim.ALTITUDE_IS_GARBLED) > 0
    # A garbled reply has bits of another's: never none, or it would be whole.
    code = np.where(bad_code, code ^ (1 + (chance >> 12) % 4095), code)
    no_altitude = np.isnan(measures[:, 2])
    by_name = real & ((seen & sim.MODES) > 0)
    address = sky.fleet.address[aircraft % sky.cycle_s.size]
    callsigns = pa.DictionaryArray.from_arrays(
        pa.array(sky.fleet.callsign_index(aircraft), pa.int32(), mask=~by_name), pa.array(sky.fleet.callsigns)
    )
    filled = {
        "time": pa.array(stamp, pa.int64()).cast(TIME),
        "sensor": pa.DictionaryArray.from_arrays(
            pa.array(rows[:, 1], pa.int32()), pa.array([sensor.id for sensor in scenario.sensor], pa.string())
        ),
        "range_m": pa.array(measures[:, 0].copy()),
        "azimuth_deg": pa.array(np.degrees(measures[:, 1])),
        "pressure_altitude_m": pa.array(measures[:, 2].copy(), mask=no_altitude),
        "mode_3a": pa.array(code.astype(np.int16), mask=no_code),
        "address": pa.array(address.astype(np.int32), mask=~by_name),
        "callsign": callsigns.cast(pa.string()),
        "detection": pa.DictionaryArray.from_arrays(pa.array(seen, pa.int32()), pa.array(_DETECTIONS)),
        "mode_3a_valid": pa.array(~bad_code, mask=no_code),
        "altitude_valid": pa.array(~bad_altitude, mask=no_altitude),
        "simulated": pa.array(np.ones(stamp.size, bool)),
        "category": pa.array(np.full(stamp.size, 48, np.int16)),
    }
    return pa.Table.from_arrays(
        [filled[field.name] if field.name in filled else pa.nulls(stamp.size, field.type) for field in PLOTS],
        schema=PLOTS,
    )
