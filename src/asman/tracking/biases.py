"""Registration in the tracker: what each sensor is held to add to what it measures, and how surely.

Time is cut into blocks on a fixed grid. When a block's windows are closed, what its straight flights said
(`kernels.registration`) is absorbed, and what is known then corrects the plots of the next block: never those
of the same one. So it does not matter how plots were cut into calls, and a rollback meets the same
corrections again, because they are part of the tracker that it goes back to.

The unknowns of all sensors are estimated together, with all their covariances. They drift as a slow random
walk. What no sensor can know, such as that all clocks are late alike, stays as uncertain as it was before:
the prior holds it near zero, and its sigma says so.

Source: Bar-Shalom, Li, Kirubarajan 2001, sections 5.2 (random walk), 5.4 (consistency).
"""

import math
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from asman.kernels.biases import correct, go_on
from asman.kernels.observing import ADSB, MLAT, RADAR
from asman.kernels.registration import TALLIES
from asman.kernels.straight import (
    ADSB_TIME,
    AZIMUTH,
    GAIN,
    MLAT_TIME,
    RANGE,
    REPORTS,
    TIME,
    UNKNOWNS,
)
from asman.model.registration import Registered
from asman.model.sensor import RADAR_KINDS, Sensor, Sensors
from asman.tracking.config import TrackerConfig

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Structured arrays: numpy's types have no names for their fields.
Records = Any

_KIND: Final = {"adsb": ADSB, "mlat": MLAT}


class Registration(msgspec.Struct, frozen=True):
    """What is known of all sensors' biases. Its arrays are never changed, so copies may share them.

    estimate    (4S,)     m, 1, rad, s  what each slot adds: reports, then radars in their order
    covariance  (4S, 4S)  1             of the estimate, in units of the sigmas before anything was known
    tally       (S, 2)                  blocks used, blocks in which a slot was to blame
    strange     (S,)                    blocks of time in a row in which a slot did not fit
    restarts    (S,)                    how often it was forgotten, because it had changed
    block       number of the latest block of time that was learnt from, -1: none
    one_of      of how many tracks one is used
    """

    estimate: Floats
    covariance: Floats
    tally: Ints
    strange: Ints
    restarts: Ints
    block: int = -1
    one_of: int = 1


def nothing_known(sensors: Sensors) -> Registration:
    """Before the first block."""
    slots = 1 + sum(sensor.kind in RADAR_KINDS for sensor in sensors)
    size = UNKNOWNS * slots
    return Registration(
        np.zeros(size),
        np.eye(size),
        np.zeros((slots, TALLIES), np.int64),
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int64),
    )


def with_room(known: Registration, sensors: Sensors) -> Registration:
    """The same for more sensors, those that are known first."""
    fresh = nothing_known(sensors)
    size, slots = known.estimate.size, known.strange.size
    fresh.estimate[:size] = known.estimate
    fresh.covariance[:size, :size] = known.covariance
    fresh.tally[:slots] = known.tally
    fresh.strange[:slots] = known.strange
    fresh.restarts[:slots] = known.restarts
    return msgspec.structs.replace(fresh, block=known.block, one_of=known.one_of)


def spread_of(slots: int, config: TrackerConfig) -> Floats:
    """Sigmas (4S,) of all unknowns before anything is known [m, 1, rad, s]; a unit where there is none."""
    radar = (
        config.range_bias_m,
        config.range_gain,
        math.radians(config.azimuth_bias_deg),
        config.time_bias_s,
    )
    shared = (config.report_bias_s, config.time_bias_s, config.altitude_offset_m, 1.0)
    return np.array((*shared, *radar * (slots - 1)))


def slots_of(sensors: Sensors) -> tuple[Ints, Ints]:
    """Slot and kind of each sensor."""
    slot, kind, radars = [], [], 0
    for sensor in sensors:
        rotates = sensor.kind in RADAR_KINDS
        radars += rotates
        slot.append(radars if rotates else REPORTS)
        kind.append(RADAR if rotates else _KIND[sensor.kind])
    return np.array(slot, np.int64), np.array(kind, np.int64)


def learn(
    known: Registration,
    observed: tuple[Records, ...],
    block: int,
    sensors: Sensors,
    records: Records,
    config: TrackerConfig,
) -> Registration:
    """What is known after a block of time; `records` are the sensors as corrected in it."""
    if not observed:
        return known
    seen = (observed[0] if len(observed) == 1 else np.concatenate(observed)).view(np.recarray)
    spread = spread_of(known.strange.size, config)
    fresh = msgspec.structs.replace(
        known,
        estimate=known.estimate.copy(),
        covariance=known.covariance.copy(),
        tally=known.tally.copy(),
        strange=known.strange.copy(),
        restarts=known.restarts.copy(),
        block=block,
    )
    tracks = go_on(
        seen,
        records,
        *slots_of(sensors),
        spread,
        _worn(known, block, spread, config),
        fresh.estimate,
        fresh.covariance,
        fresh.tally,
        fresh.strange,
        fresh.restarts,
    )
    most = min(config.registration_tracks, config.registration_tracks_each * max(known.strange.size - 1, 1))
    one_of = max(1, -(-tracks * known.one_of // most))
    return msgspec.structs.replace(fresh, one_of=one_of)


def _worn(known: Registration, block: int, spread: Floats, config: TrackerConfig) -> Floats:
    """By how much each variance has grown in the time since it was learnt."""
    if known.block < 0:
        return np.zeros(spread.size)
    hours = (block - known.block) * config.registration_s / 3600.0
    radar = (config.drift_m, config.drift_gain, math.radians(config.drift_deg), config.drift_s)
    shared = (config.drift_s, config.drift_s, config.drift_m, 0.0)
    return hours * (np.array((*shared, *radar * (known.strange.size - 1))) / spread) ** 2


def corrected(records: Records, known: Registration, sensors: Sensors, config: TrackerConfig) -> Records:
    """Sensors as kernels read them, with what is known of their biases.

    Of a sensor that was never compared with another nothing is said: it agrees with itself. Likewise of time
    only what sets a sensor apart from the mean of the radars is uncertain to a gate: if all are late alike,
    tracks and plots are so together.
    """
    out = records.copy()
    spread = spread_of(known.strange.size, config)
    correct(out, *slots_of(sensors), known.estimate, known.covariance, spread, known.tally)
    return out


def _time_of(kind: int) -> int:
    """Place of a sensor's time bias in its slot."""
    return {RADAR: TIME, ADSB: ADSB_TIME, MLAT: MLAT_TIME}[kind]


def registered(known: Registration, sensors: Sensors, config: TrackerConfig) -> tuple[Registered, ...]:
    """What is known of each sensor's biases, in the order of `sensors`, with its priors of sensors.toml."""
    spread = spread_of(known.strange.size, config)
    sigma = np.sqrt(np.maximum(np.diag(known.covariance), 0.0)) * spread
    slot, kind = slots_of(sensors)
    return tuple(_one(sensor, known, sigma, int(slot[i]), int(kind[i])) for i, sensor in enumerate(sensors))


def _one(sensor: Sensor, known: Registration, sigma: Floats, slot: int, kind: int) -> Registered:
    at = UNKNOWNS * slot
    used, blamed = (int(n) for n in known.tally[slot])
    time = at + _time_of(kind)
    one = Registered(
        sensor=sensor.id,
        time_s=sensor.bias.time_s + float(known.estimate[time]),
        time_sigma_s=float(sigma[time]),
        used=used,
        blamed=blamed,
        restarts=int(known.restarts[slot]),
    )
    if kind != RADAR:
        return one
    return msgspec.structs.replace(
        one,
        range_m=sensor.bias.range_m + float(known.estimate[at + RANGE]),
        range_sigma_m=float(sigma[at + RANGE]),
        range_gain=float(known.estimate[at + GAIN]),
        range_gain_sigma=float(sigma[at + GAIN]),
        azimuth_deg=sensor.bias.azimuth_deg + math.degrees(known.estimate[at + AZIMUTH]),
        azimuth_sigma_deg=math.degrees(sigma[at + AZIMUTH]),
    )
