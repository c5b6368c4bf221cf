"""Plots and services as ASTERIX records: the columns of docs/reference/decoded-tables.md.

Sources: EUROCONTROL CAT048 edition 1.32, CAT034 edition 1.29; ICAO Doc 9871 (Comm-B registers 4,0 5,0 6,0).
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.sweep import Swept
from asman.kernels import comm_b_encode as registers
from asman.kernels import radar as rad
from asman.kernels.chance import FOR_REGISTER, draws
from asman.model.sensor import Sensors
from asman.units import DAY_S, FLIGHT_LEVEL_M, NAUTICAL_MILE_M, SECOND_NS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: I048/020 TYP by `plots.detection`.
_TYP = {"psr": 1, "ssr": 2, "ssr+psr": 3, "modes": 5, "modes+psr": 7}
#: A register that is read from an aircraft is up to so old.
_REGISTER_AGE_S = 1.0
GRAVITY_MPS2 = 9.80665
#: Standard atmosphere: temperature at sea level [K], lapse [K/m], tropopause [K], sound at sea level [m/s].
_ISA_K, _LAPSE_K_M, _TROPOPAUSE_K, _SOUND_MPS = 288.15, 0.0065, 216.65, 340.294


def cat048(swept: Swept, sensors: Sensors) -> pa.Table:
    """Plots as CAT048 records."""
    plots = swept.plots
    sac, sic = codes(sensors, swept.radar)
    detection = plots["detection"].combine_chunks()
    typ = pa.array([_TYP.get(name, 0) for name in detection.dictionary.to_pylist()]).take(detection.indices)
    code, level = plots["mode_3a"].combine_chunks(), plots["pressure_altitude_m"].combine_chunks()
    one = np.ones(plots.num_rows, np.int64)
    signal = swept.motion[:, rad.SIGNAL - rad.NORTH]
    return pa.table(
        {
            "I010/SAC": sac,
            "I010/SIC": sic,
            "I140_s": time_of_day_s(plots["time"]),
            "I020/TYP": typ,
            "I020/SIM": pa.array(one),
            "I040/RHO_NM": pa.array(plots["range_m"].to_numpy() / NAUTICAL_MILE_M),
            "I040/THETA_deg": plots["azimuth_deg"],
            "I070/G": _bit(swept.garbled & rad.CODE_IS_GARBLED, code),
            "I070/MODE3A": code,
            "I090/G": _bit(swept.garbled & rad.ALTITUDE_IS_GARBLED, level),
            "I090/FL_FL": _scaled(level, FLIGHT_LEVEL_M),
            # A receiver's noise lies at -100 dBm or so.
            "I130/SAM_dBm": pa.array(np.clip(np.floor(signal - 100.0), -128, 127), mask=np.isnan(signal)),
            "I220": plots["address"],
            "I240": plots["callsign"],
            "I250": _comm_b(swept),
            # Level 2 transponders, airborne, no alert.
            "I230/COM": pa.array(one, mask=_absent(plots["address"].combine_chunks())),
        }
    )


def _comm_b(swept: Swept) -> pa.Array:
    """Registers 4,0 5,0 and 6,0 of aircraft with Mode S, as they were up to a second before."""
    plots = swept.plots
    north, east, up, turn = (swept.motion[:, k] for k in range(4))
    address = plots["address"].combine_chunks()
    read = ~_absent(address) & np.isfinite(north)
    rows = np.flatnonzero(read)
    age = draws(0, FOR_REGISTER, swept.crossing_ns[rows] ^ swept.aircraft[rows], 0) * _REGISTER_AGE_S
    speed = np.hypot(north[rows], east[rows])
    track = np.degrees(np.arctan2(east[rows], north[rows]) - turn[rows] * age)
    level = plots["pressure_altitude_m"].to_numpy()[rows]
    kelvin = np.maximum(_ISA_K - _LAPSE_K_M * level, _TROPOPAUSE_K)
    mach = speed / (_SOUND_MPS * np.sqrt(kelvin / _ISA_K))
    # Equivalent airspeed: the density of the standard atmosphere, exponential above the tropopause.
    density = (kelvin / _ISA_K) ** 4.256 * np.exp(-np.maximum(level - 11_000.0, 0.0) / 6_341.6)
    unknown = np.full(rows.size, np.nan)
    steady = np.where(np.abs(up[rows]) < 0.5, np.round(level / 30.48) * 30.48, np.nan)
    roll = np.degrees(np.arctan(speed * turn[rows] / GRAVITY_MPS2))
    words = np.stack(
        [
            _word(registers.register_40(steady, unknown, np.full(rows.size, 101_325.0))),
            _word(registers.register_50(roll, track, speed, np.degrees(turn[rows]), speed)),
            # No model of the earth's magnetic field is at hand: no heading is better than a wrong one.
            _word(registers.register_60(unknown, speed * np.sqrt(density), mach, up[rows], up[rows])),
        ],
        axis=1,
    )  # fmt: skip
    ends = np.zeros(plots.num_rows + 1, np.int32)
    ends[1:] = np.cumsum(3 * read)
    names = np.tile(np.array([4, 5, 6], np.uint8), rows.size)
    values = pa.StructArray.from_arrays(
        [pa.array(words.reshape(-1)), pa.array(names), pa.array(np.zeros(names.size, np.uint8))],
        ["MBDATA", "BDS1", "BDS2"],
    )
    return pa.ListArray.from_arrays(pa.array(ends), values, mask=pa.array(~read))


def _word(octets: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Seven octets (N, 7) as one number, the first the most significant."""
    wide = np.zeros((len(octets), 8), np.uint8)
    wide[:, 1:] = octets
    return wide.view(">u8").reshape(-1).astype(np.uint64)


def cat034(messages: pa.Table, radar: Ints, sensors: Sensors) -> pa.Table:
    """Services as CAT034 records; a north marker also says where the radar stands and how it is."""
    sac, sic = codes(sensors, radar)
    north = messages["north"].combine_chunks().to_numpy(zero_copy_only=False)
    places = {
        "I120/HGT_m": [round(sensor.height_m) for sensor in sensors],
        "I120/LAT_deg": [sensor.lat_deg for sensor in sensors],
        "I120/LON_deg": [sensor.lon_deg for sensor in sensors],
    }
    return pa.table(
        {
            "I010/SAC": sac,
            "I010/SIC": sic,
            "I000": pa.array(np.where(north, 1, 2)),
            "I030_s": time_of_day_s(messages["time"]),
            "I020_deg": pa.array(messages["azimuth_deg"].to_numpy(), mask=north),
            "I041_s": pa.array(messages["period_s"].to_numpy(), mask=~north),
            **{name: pa.array(np.array(place)[radar], mask=~north) for name, place in places.items()},
        }
    )


def time_of_day_s(time: pa.ChunkedArray) -> pa.Array:
    """Seconds since midnight UTC, exact in 1/128 s."""
    ns = time.combine_chunks().cast(pa.int64()).to_numpy() % (DAY_S * SECOND_NS)
    return pa.array(ns / SECOND_NS)


def codes(sensors: Sensors, radar: Ints) -> tuple[pa.Array, pa.Array]:
    """SAC and SIC of each row."""
    sac = np.array([sensor.sac or 0 for sensor in sensors])
    sic = np.array([sensor.sic or 0 for sensor in sensors])
    return pa.array(sac[radar]), pa.array(sic[radar])


def _bit(flag: Ints, where: pa.Array) -> pa.Array:
    """1 or 0, null where the item itself is."""
    return pa.array((flag > 0).astype(np.int64), mask=_absent(where))


def _absent(values: pa.Array) -> NDArray[np.bool_]:
    return ~values.is_valid().to_numpy(zero_copy_only=False)


def _scaled(values: pa.Array, unit: float) -> pa.Array:
    return pa.array(values.to_numpy(zero_copy_only=False) / unit, mask=_absent(values))
