"""The exercise's radars as numbers: one row a sensor, and when its antenna enters which sector."""

import math

import numpy as np
from numpy.typing import NDArray

from asman.exercise.scenario import Effects, Scenario
from asman.kernels import simulation as sim
from asman.kernels.geodesy import lla_to_ecef
from asman.kernels.motion import MEAN_RADIUS_M
from asman.model.sensor import Sensor
from asman.units import SECOND_NS

#: Sector messages a turn (CAT034 allows steps of 360/256 degrees; 32 sectors are what most radars send).
SECTORS = 32


def make_radars(scenario: Scenario) -> NDArray[np.float64]:
    """One row a sensor, the columns of `kernels.simulation`."""
    rows = [
        _radar(sensor, scenario.effects_of(sensor.id), _start(scenario.seed, i, sensor.period_s))
        for i, sensor in enumerate(scenario.sensor)
    ]
    return np.array(rows).reshape(-1, sim.RADAR_COLUMNS)


def _start(seed: int, index: int, period_s: float) -> float:
    """Where the antenna stands when the exercise begins, as the time [s] of its last north, at most 0."""
    return -float(np.random.default_rng([seed, index]).random()) * period_s


def _radar(sensor: Sensor, effects: Effects, phase_s: float) -> NDArray[np.float64]:
    lat, lon = math.radians(sensor.lat_deg), math.radians(sensor.lon_deg)
    only_psr = sensor.kind == "psr"
    values = {
        sim.X: 0.0, sim.Y: 0.0, sim.Z: 0.0,
        sim.SIN_LAT: math.sin(lat), sim.COS_LAT: math.cos(lat),
        sim.SIN_LON: math.sin(lon), sim.COS_LON: math.cos(lon),
        sim.GROUND: sensor.height_m - effects.mast_m, sim.MAST: effects.mast_m,
        sim.HORIZON_RADIUS: effects.horizon_k * MEAN_RADIUS_M,
        sim.PERIOD: sensor.period_s, sim.PHASE: phase_s,
        sim.RANGE_MAX: sensor.range_max_m, sim.RANGE_MIN: effects.range_min_m,
        sim.PSR_RANGE_MAX: min(effects.psr_range_m, sensor.range_max_m),
        sim.CONE_SINE: math.sin(math.radians(effects.cone_deg)),
        sim.SIGMA_RANGE: sensor.sigma_range_m, sim.SIGMA_AZIMUTH: math.radians(sensor.sigma_azimuth_deg),
        sim.RANGE_BIAS: effects.range_bias_m, sim.RANGE_GAIN: effects.range_gain,
        sim.AZIMUTH_BIAS: math.radians(effects.azimuth_bias_deg),
        sim.WOBBLE: math.radians(effects.wobble_deg), sim.WOBBLE_PHASE: math.radians(effects.wobble_at_deg),
        sim.TIME_BIAS: effects.time_bias_s,
        sim.PD_SSR: sensor.pd, sim.PD_PSR: sensor.pd if only_psr else effects.pd_psr,
        sim.FALSE_MEAN: sensor.false_plots_per_scan,
        sim.CODE_MISSING: effects.code_missing, sim.CODE_GARBLED: effects.code_garbled,
        sim.ALTITUDE_MISSING: effects.altitude_missing, sim.ALTITUDE_GARBLED: effects.altitude_garbled,
        sim.HAS_SSR: float(not only_psr), sim.HAS_MODES: float(sensor.kind == "modes"),
        sim.HAS_PSR: float(only_psr or effects.psr), sim.QUANTISED: float(effects.quantised),
        sim.LATENCY: effects.latency_s,
    }  # fmt: skip
    row = np.array([values[column] for column in range(sim.RADAR_COLUMNS)])
    row[[sim.X, sim.Y, sim.Z]] = lla_to_ecef(lat, lon, sensor.height_m)
    return row


def sector_time_ns(radars: NDArray[np.float64], radar: int, sector: NDArray[np.int64]) -> NDArray[np.int64]:
    """Time [ns after the begin] at which a radar enters its `sector`-th sector since its first north."""
    seconds = radars[radar, sim.PHASE] + sector * (radars[radar, sim.PERIOD] / SECTORS)
    return np.floor(seconds * SECOND_NS + 0.5).astype(np.int64)


def sectors_between(radars: NDArray[np.float64], radar: int, begin_ns: int, end_ns: int) -> NDArray[np.int64]:
    """Every sector that a radar enters in [begin, end), ns after the exercise's begin."""
    step, phase = radars[radar, sim.PERIOD] / SECTORS, radars[radar, sim.PHASE]
    low = math.floor((begin_ns / SECOND_NS - phase) / step) - 1
    high = math.ceil((end_ns / SECOND_NS - phase) / step) + 1
    sector = np.arange(low, high + 1, dtype=np.int64)
    when = sector_time_ns(radars, radar, sector)
    return sector[(when >= begin_ns) & (when < end_ns)]
