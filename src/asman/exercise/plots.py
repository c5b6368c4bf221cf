"""From the kernels' rows to PLOTS: who says what, and what of it the radar read."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.identities import said
from asman.exercise.scenario import Scenario
from asman.exercise.sky import Sky
from asman.kernels import radar as rad
from asman.model.plots import PLOTS, TIME
from asman.units import FOOT_M

#: `plots.detection` by the bits of a detection.
_DETECTIONS = ("", "psr", "ssr", "ssr+psr", "modes", "modes+psr")


def make_plots(
    scenario: Scenario, sky: Sky, rows: NDArray[np.int64], measures: NDArray[np.float64]
) -> pa.Table:
    """PLOTS rows of the kernels' rows (P, PLOT_INTS), (P, PLOT_FLOATS)."""
    aircraft, seen, flaws, chance = (
        rows[:, column] for column in (rad.AIRCRAFT, rad.SEEN, rad.FLAWS, rad.CHANCE)
    )
    real = aircraft >= 0
    told = said(scenario, sky, np.maximum(aircraft, 0), rows[:, rad.AT] + sky.begin_ns)
    code = np.where(real, told.mode_3a, chance & 0o7777)
    no_code = (flaws & rad.CODE_IS_MISSING) > 0
    bad_code, bad_altitude = (flaws & rad.CODE_IS_GARBLED) > 0, (flaws & rad.ALTITUDE_IS_GARBLED) > 0
    # A garbled reply has bits of another's: never none, or it would be whole.
    off = bad_code | ((flaws & rad.CODE_IS_WRONG) > 0)
    code = np.where(off, code ^ (1 + (chance >> 12) % 4095), code)
    altitude = measures[:, rad.PRESSURE].copy()
    wrong = bad_altitude | ((flaws & rad.ALTITUDE_IS_WRONG) > 0)
    # One pulse too many or too few is off by some hundreds of feet or by thousands.
    hundreds = (chance[wrong] >> 5) % 80 - 40
    altitude[wrong] += (hundreds + (hundreds >= 0)) * 100.0 * FOOT_M
    no_altitude = np.isnan(altitude) | (real & told.no_altitude)
    by_name = real & ((seen & rad.MODES) > 0)
    callsigns = pa.DictionaryArray.from_arrays(
        pa.array(told.callsign_index, pa.int32(), mask=~by_name), pa.array(sky.fleet.callsigns)
    )
    sensors = pa.array([sensor.id for sensor in scenario.sensor], pa.string())
    filled = {
        "time": pa.array(rows[:, rad.STAMP].copy(), pa.int64()).cast(TIME),
        "sensor": pa.DictionaryArray.from_arrays(pa.array(rows[:, rad.RADAR], pa.int32()), sensors),
        "range_m": pa.array(measures[:, rad.RANGE].copy()),
        "azimuth_deg": pa.array(np.degrees(measures[:, rad.AZIMUTH])),
        "pressure_altitude_m": pa.array(altitude, mask=no_altitude),
        "mode_3a": pa.array(code.astype(np.int16), mask=no_code),
        "address": pa.array(told.address.astype(np.int32), mask=~by_name),
        "callsign": callsigns.cast(pa.string()),
        "detection": pa.DictionaryArray.from_arrays(pa.array(seen, pa.int32()), pa.array(_DETECTIONS)),
        "mode_3a_valid": pa.array(~bad_code, mask=no_code),
        "altitude_valid": pa.array(~bad_altitude, mask=no_altitude),
        "simulated": pa.array(np.ones(len(rows), bool)),
        "category": pa.array(np.full(len(rows), 48, np.int16)),
    }
    return pa.Table.from_arrays(
        [filled[field.name] if field.name in filled else pa.nulls(len(rows), field.type) for field in PLOTS],
        schema=PLOTS,
    )
