"""The exercise's radars as numbers: one row a sensor, and when its antenna enters which sector.

Systematic errors that a scenario leaves open are drawn here, once, from its seed: `resolved` tells what they
are, for a report on how well registration found them.
"""

import math
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.exercise.effects import Effects
from asman.exercise.scenario import Scenario
from asman.kernels import radar as rad
from asman.kernels.detection import FALSE_ALARM
from asman.kernels.geodesy import enu_to_ecef, lla_to_ecef
from asman.kernels.motion import MEAN_RADIUS_M
from asman.model.sensor import RADAR_KINDS, Sensor
from asman.units import SECOND_NS

#: Sector messages a turn (CAT034 allows steps of 360/256 degrees; 32 sectors are what most radars send).
SECTORS = 32

#: A systematic error that is left open -> the effect that says its standard deviation.
_DRAWN = (
    ("range_bias_m", "range_bias_sigma_m"),
    ("range_gain", "range_gain_sigma"),
    ("azimuth_bias_deg", "azimuth_bias_sigma_deg"),
    ("wobble_deg", "wobble_sigma_deg"),
    ("time_bias_s", "time_bias_sigma_s"),
    ("clock_drift_ppm", "clock_drift_sigma_ppm"),
    ("site_east_m", "site_sigma_m"),
    ("site_north_m", "site_sigma_m"),
)


def resolved(scenario: Scenario, index: int) -> Effects:
    """What is true of the `index`-th sensor, with what was left open drawn from the seed."""
    effects = scenario.effects_of(scenario.sensor[index].id)
    draws = np.random.default_rng([scenario.seed, index, 1]).standard_normal(len(_DRAWN) + 1)
    values: dict[str, Any] = {}
    for (name, sigma), draw in zip(_DRAWN, draws.tolist(), strict=False):
        if getattr(effects, name) is None:
            values[name] = getattr(effects, sigma) * draw
    if effects.wobble_at_deg is None:
        values["wobble_at_deg"] = draws[-1].item() * 360.0
    return msgspec.structs.replace(effects, **values)


def make_radars(scenario: Scenario, terrain: bool = False) -> NDArray[np.float64]:
    """One row a sensor, the columns of `kernels.radar`; what is no radar has a period of 1 h and no range.

    terrain   there is some: it hides instead of smooth ground
    """
    rows = [
        _radar(sensor, resolved(scenario, i), np.random.default_rng([scenario.seed, i]).random(4).tolist())
        if sensor.kind in RADAR_KINDS
        else _nothing()
        for i, sensor in enumerate(scenario.sensor)
    ]
    radars = np.array(rows).reshape(-1, rad.RADAR_COLUMNS)
    radars[:, rad.HAS_TERRAIN] *= float(terrain)
    radars[radars[:, rad.HAS_TERRAIN] > 0.0, rad.HAS_HORIZON] = 0.0
    return radars


def _nothing() -> NDArray[np.float64]:
    row = np.zeros(rad.RADAR_COLUMNS)
    row[[rad.PERIOD, rad.PSR_RANGE_MAX, rad.PSR_RCS]] = 3_600.0, 1.0, 1.0
    row[rad.RANGE_MAX] = -1e9
    return row


def _radar(sensor: Sensor, effects: Effects, starts: list[float]) -> NDArray[np.float64]:
    """A row; `starts` are draws of where the antenna and its slow variations begin."""
    lat, lon = math.radians(sensor.lat_deg), math.radians(sensor.lon_deg)
    only_psr = sensor.kind == "psr"
    pd_psr = min(max(sensor.pd if only_psr else effects.pd_psr, 1e-6), 1.0 - 1e-9)
    values: dict[int, float | None] = {
        rad.SIN_LAT: math.sin(lat), rad.COS_LAT: math.cos(lat),
        rad.SIN_LON: math.sin(lon), rad.COS_LON: math.cos(lon),
        rad.HEIGHT: sensor.height_m, rad.GROUND: sensor.height_m - effects.mast_m, rad.MAST: effects.mast_m,
        rad.HORIZON_RADIUS: effects.horizon_k * MEAN_RADIUS_M, rad.HAS_HORIZON: effects.horizon,
        rad.HAS_TERRAIN: effects.terrain,
        rad.PERIOD: sensor.period_s, rad.PHASE: -starts[0] * sensor.period_s,
        rad.JITTER: effects.rotation_jitter,
        rad.JITTER_AT: starts[1] * 2.0 * math.pi, rad.JITTER_SLOW_AT: starts[2] * 2.0 * math.pi,
        rad.RANGE_MAX: sensor.range_max_m, rad.RANGE_MIN: effects.range_min_m,
        rad.PSR_RANGE_MAX: sensor.range_max_m if only_psr else min(effects.psr_range_m, sensor.range_max_m),
        rad.CONE_SINE: math.sin(math.radians(effects.cone_deg)),
        rad.SIGMA_RANGE: sensor.sigma_range_m, rad.SIGMA_AZIMUTH: math.radians(sensor.sigma_azimuth_deg),
        rad.RANGE_BIAS: effects.range_bias_m, rad.RANGE_GAIN: effects.range_gain,
        rad.AZIMUTH_BIAS: math.radians(effects.azimuth_bias_deg or 0.0),
        rad.WOBBLE: math.radians(effects.wobble_deg or 0.0),
        rad.WOBBLE_PHASE: math.radians(effects.wobble_at_deg or 0.0),
        rad.SWING_RANGE: effects.swing * effects.range_bias_sigma_m,
        rad.SWING_AZIMUTH: effects.swing * math.radians(effects.azimuth_bias_sigma_deg),
        rad.SWING_RATE: 2.0 * math.pi / max(effects.swing_period_s, 1.0),
        rad.SWING_AT: starts[3] * 2.0 * math.pi,
        rad.TIME_BIAS: effects.time_bias_s, rad.CLOCK_DRIFT: 1e-6 * (effects.clock_drift_ppm or 0.0),
        rad.REFRACTIVITY: effects.refractivity_n,
        rad.OUTLIERS: effects.outliers, rad.OUTLIER_SIGMA: math.radians(effects.outlier_deg),
        rad.QUANTISED: effects.quantised,
        rad.PD_SSR: sensor.pd, rad.PD_PSR: pd_psr,
        # Swerling 1 turned round: the signal to noise for which the probability is the one said.
        rad.SNR_PSR: math.log(FALSE_ALARM) / math.log(pd_psr) - 1.0,
        rad.PSR_RCS: effects.psr_rcs_m2, rad.SWERLING: effects.swerling, rad.BLIND_SPEED: effects.blind_mps,
        rad.LOBING: effects.lobing, rad.SHADOW: effects.shadow,
        rad.FALSE_MEAN: sensor.false_plots_per_scan, rad.CLUTTER_MAP: effects.clutter_map,
        rad.REFLECTION: effects.reflection,
        rad.RING_RANGE: effects.ring_around_m, rad.RING: effects.ring_around,
        rad.CODE_MISSING: effects.code_missing, rad.CODE_GARBLED: effects.code_garbled,
        rad.ALTITUDE_MISSING: effects.altitude_missing, rad.ALTITUDE_GARBLED: effects.altitude_garbled,
        rad.CODE_WRONG: effects.code_wrong,
        rad.GARBLE: effects.garble, rad.GARBLE_RANGE: effects.garble_m,
        rad.SSR_BEAM: math.radians(effects.ssr_beam_deg), rad.MERGE: effects.merge,
        rad.PSR_CELL: effects.psr_cell_m, rad.PSR_CELL_ANGLE: math.radians(effects.psr_cell_deg),
        rad.SSR_CELL: effects.ssr_cell_m, rad.SSR_CELL_ANGLE: math.radians(effects.ssr_cell_deg),
        rad.SPLIT: effects.split, rad.SPLIT_ANGLE: math.radians(effects.split_deg),
        rad.HAS_SSR: not only_psr, rad.HAS_MODES: sensor.kind == "modes",
        rad.HAS_PSR: only_psr or effects.psr, rad.LATENCY: effects.latency_s,
        rad.LATENCY_MORE: effects.latency_jitter_s, rad.LOSS: effects.datagram_loss,
        rad.TWICE: effects.datagram_twice,
    }  # fmt: skip
    east, north = effects.site_east_m or 0.0, effects.site_north_m or 0.0
    where = lla_to_ecef(lat, lon, sensor.height_m)
    off = enu_to_ecef(east, north, 0.0, math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon))
    values.update({rad.X + k: where[k] + off[k] for k in range(3)})
    return np.array([float(values[column] or 0.0) for column in range(rad.RADAR_COLUMNS)])


def sector_time_ns(radars: NDArray[np.float64], radar: int, sector: NDArray[np.int64]) -> NDArray[np.int64]:
    """Time [ns after the begin] at which a radar enters its `sector`-th sector since its first north."""
    seconds = rad.antenna_times(radars[radar], sector / SECTORS)
    return np.floor(seconds * SECOND_NS + 0.5).astype(np.int64)


def sectors_between(radars: NDArray[np.float64], radar: int, begin_ns: int, end_ns: int) -> NDArray[np.int64]:
    """Every sector that a radar enters in [begin, end), ns after the exercise's begin."""
    step, phase = radars[radar, rad.PERIOD] / SECTORS, radars[radar, rad.PHASE]
    spare = 1 + math.ceil(SECTORS * 0.5 * radars[radar, rad.JITTER] * (1.0 + rad.SLOW_TURNS))
    low = math.floor((begin_ns / SECOND_NS - phase) / step) - spare
    high = math.ceil((end_ns / SECOND_NS - phase) / step) + spare
    if radars[radar, rad.RANGE_MAX] <= 0.0:
        return np.empty(0, np.int64)
    sector = np.arange(low, high + 1, dtype=np.int64)
    when = sector_time_ns(radars, radar, sector)
    return sector[(when >= begin_ns) & (when < end_ns)]
