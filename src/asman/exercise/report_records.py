"""Reports and status of ADS-B ground stations and multilateration systems as ASTERIX records.

The columns are those of docs/reference/decoded-tables.md. Reports carry the SIM bit.

Sources: EUROCONTROL CAT021 edition 2.6, CAT020 edition 1.11, CAT023 edition 1.3, CAT019 edition 1.3.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.exercise.records import codes, time_of_day_s
from asman.exercise.report_tables import stepped
from asman.exercise.reports import Reported
from asman.model.sensor import Sensors
from asman.units import DAY_S, FLIGHT_LEVEL_M, FOOT_M, FOOT_PER_MINUTE_MPS, NAUTICAL_MILE_M, SECOND_NS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: I021/020 emitter category by kind of aircraft.
_EMITTERS: Final = {
    "airliner": 3, "overflight": 5, "circuit": 1, "helicopter": 10, "fast_jet": 6, "formation": 6, "dark": 1,
    "low_flyer": 1, "drone": 13, "light": 1, "flight": 3,
}  # fmt: skip
#: I021/200 priority status by emergency state (DO-260B): general, radio failure, unlawful interference.
_PRIORITY: Final = np.array([0, 1, 2, 3, 4, 5, 0, 0])
#: I021/090 PIC by NIC.
_PIC: Final = np.array([0, 1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14])
_VERSION_2, _ES_1090 = 2, 2


def cat021(said: Reported, sensors: Sensors, due_ns: Ints) -> pa.Table:
    """ADS-B reports as CAT021 records; `due_ns` (N,) is when each is sent on, ns UTC."""
    plots, quality = said.plots, said.quality
    sac, sic = codes(sensors, said.sensor)
    north, east = plots["vn_mps"].to_numpy(), plots["ve_mps"].to_numpy()
    nic = quality["nic"].to_numpy()
    emergency = quality["emergency"].to_numpy()
    stamp = time_of_day_s(plots["time"])
    same = _constant(plots.num_rows)
    return pa.table(
        {
            "I010/SAC": sac, "I010/SIC": sic,
            # A 24-bit address of ICAO's, heights in 25 ft, from the air, and simulated.
            "I040/ATP": same(0), "I040/ARC": same(0), "I040/RC": same(0), "I040/RAB": same(0),
            "I040/GBS": same(0), "I040/SIM": same(1), "I040/TST": same(0),
            "I071_s": stamp,
            "I131/LAT_deg": plots["lat_deg"], "I131/LON_deg": plots["lon_deg"],
            "I080": plots["address"],
            "I073_s": time_of_day_s(quality["received"]),
            "I140_ft": _scaled(plots["geometric_altitude_m"], FOOT_M),
            "I090/NUCRNACV": quality["nacv"], "I090/NUCPNIC": quality["nic"],
            "I090/NICBARO": same(1), "I090/SIL": quality["sil"], "I090/NACP": quality["nacp"],
            "I090/SILS": same(0), "I090/SDA": same(2), "I090/GVA": same(2), "I090/PIC": pa.array(_PIC[nic]),
            "I210/VNS": same(0), "I210/VN": same(_VERSION_2), "I210/LTT": same(_ES_1090),
            "I070/MODE3A": plots["mode_3a"],
            "I145_FL": _scaled(plots["pressure_altitude_m"], FLIGHT_LEVEL_M),
            "I200/PS": pa.array(_PRIORITY[emergency]), "I200/SS": pa.array(np.where(emergency > 0, 1, 0)),
            "I155/RE": same(0), "I155/BVR_ftpmin": _scaled(plots["climb_mps"], FOOT_PER_MINUTE_MPS),
            "I160/RE": same(0),
            "I160/GS_NMps": pa.array(np.hypot(north, east) / NAUTICAL_MILE_M),
            "I160/TA_deg": pa.array(_bearing_deg(north, east)),
            "I077_s": pa.array(_rounded_s(due_ns)),
            "I170": plots["callsign"],
            "I020": pa.array(_by_kind(quality["kind"])),
        }
    )  # fmt: skip


def cat020(said: Reported, sensors: Sensors, due_ns: Ints) -> pa.Table:
    """Locations as CAT020 records; when they are sent on (`due_ns`) is not said."""
    plots, quality = said.plots, said.quality
    sac, sic = codes(sensors, said.sensor)
    mode_s = plots["address"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    same = _constant(plots.num_rows)
    covariance = quality["cov_en_m2"].to_numpy()
    # The root of the covariance with its sign, in two's complement.
    component = np.rint(np.copysign(np.sqrt(np.abs(covariance)), covariance) * 4.0).astype(np.int64) & 0xFFFF
    return pa.table(
        {
            "I010/SAC": sac, "I010/SIC": sic,
            "I020/SSR": pa.array(np.where(mode_s, 0, 1)), "I020/MS": pa.array(np.where(mode_s, 1, 0)),
            "I020/GBS": same(0), "I020/SIM": same(1), "I020/TST": same(0),
            "I140_s": time_of_day_s(plots["time"]),
            "I041/LAT_deg": plots["lat_deg"], "I041/LON_deg": plots["lon_deg"],
            "I070/V": same(0), "I070/G": same(0), "I070/L": same(0), "I070/MODE3A": plots["mode_3a"],
            **_level(plots["pressure_altitude_m"]),
            "I220": plots["address"],
            # 0: the identification that the crew has entered, as Mode S gives it.
            "I245/STI": pa.array(np.zeros(plots.num_rows, np.int64), mask=~mode_s),
            "I245/CHR": plots["callsign"],
            "I500/SDP/X_m": pa.array(stepped(quality["sigma_e_m"].to_numpy())),
            "I500/SDP/Y_m": pa.array(stepped(quality["sigma_n_m"].to_numpy())),
            "I500/SDP/XY": pa.array(component / 4.0),
        }
    )  # fmt: skip


def cat023(sensor: Ints, due_ns: Ints, sensors: Sensors) -> pa.Table:
    """Ground station status: in operation, nothing overloaded, time from satellites."""
    sac, sic = codes(sensors, sensor)
    same = _constant(sensor.size)
    bits = ("NOGO", "ODP", "OXT", "MSC", "TSV", "SPO", "RN")
    return pa.table(
        {
            "I010/SAC": sac, "I010/SIC": sic, "I000": same(1), "I070_s": pa.array(_rounded_s(due_ns)),
            **{f"I100/{name}": same(1 if name == "MSC" else 0) for name in bits},
        }
    )  # fmt: skip


def cat019(sensor: Ints, due_ns: Ints, sensors: Sensors) -> pa.Table:
    """Periodic status of a multilateration system: in operation; where its reference point is."""
    sac, sic = codes(sensors, sensor)
    same = _constant(sensor.size)
    return pa.table(
        {
            "I010/SAC": sac, "I010/SIC": sic, "I000": same(2), "I140_s": pa.array(_rounded_s(due_ns)),
            **{f"I550/{name}": same(0) for name in ("NOGO", "OVL", "TSV", "TTF")},
            "I600/LAT_deg": pa.array(np.array([one.lat_deg for one in sensors])[sensor]),
            "I600/LON_deg": pa.array(np.array([one.lon_deg for one in sensors])[sensor]),
        }
    )  # fmt: skip


def _constant(rows: int) -> Callable[[int], pa.Array]:
    """Columns of one number: same(1)."""

    def same(value: int) -> pa.Array:
        return pa.array(np.full(rows, value, np.int64))

    return same


def _level(altitude: pa.ChunkedArray) -> dict[str, pa.Array]:
    """I020/090: a valid flight level, or none of the item."""
    mask = ~altitude.combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    zero = pa.array(np.zeros(mask.size, np.int64), mask=mask)
    return {"I090/V": zero, "I090/G": zero, "I090/FL_FL": _scaled(altitude, FLIGHT_LEVEL_M)}


def _scaled(values: pa.ChunkedArray, unit: float) -> pa.Array:
    array = values.combine_chunks()
    mask = ~array.is_valid().to_numpy(zero_copy_only=False)
    return pa.array(array.to_numpy(zero_copy_only=False) / unit, mask=mask)


def _bearing_deg(north: Floats, east: Floats) -> Floats:
    """Track in the steps of CAT021 I160, below 360 degrees."""
    steps = np.rint(np.degrees(np.arctan2(east, north)) * (65_536.0 / 360.0)).astype(np.int64) % 65_536
    return np.asarray(steps * (360.0 / 65_536.0), np.float64)


def _rounded_s(ns: Ints) -> Floats:
    """Seconds since midnight UTC, in 1/128 s, cut."""
    return np.asarray((ns % (DAY_S * SECOND_NS)) * 128 // SECOND_NS / 128.0, np.float64)


def _by_kind(kinds: pa.ChunkedArray) -> Ints:
    column = kinds.combine_chunks()
    return np.array([_EMITTERS[name] for name in column.dictionary.to_pylist()])[column.indices.to_numpy()]
