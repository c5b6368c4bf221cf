"""Plots as CAT048 and CAT021 records, services as CAT034: what a sensor would have sent.

The columns are those of docs/reference/decoded-tables.md. A row says what the plot says: the simulated bit
where the plot is simulated, "not validated" where the sensor did not vouch for a code or a level.

Sources: EUROCONTROL CAT048 edition 1.32, CAT034 edition 1.29, CAT021 edition 2.6.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.sensor import Sensors
from asman.units import FLIGHT_LEVEL_M, FOOT_M, FOOT_PER_MINUTE_MPS, NAUTICAL_MILE_M
from asman.wire.asterix.from_tracks import time_of_day_s

CAT048_EDITION, CAT034_EDITION, CAT021_EDITION = "1.32", "1.29", "2.6"

#: I048/020 TYP by `plots.detection`.
_TYP: Final = {"psr": 1, "ssr": 2, "ssr+psr": 3, "modes": 5, "modes+psr": 7}
#: Steps of an azimuth, and the longest range, of I048/040.
_AZIMUTH_STEPS: Final = 65_536
_RANGE_MAX_NM: Final = 65_535 / 256

Bools = NDArray[np.bool_]


class Records(NamedTuple):
    """Records, and rows that gave none, with the reason."""

    table: pa.Table
    left_out: dict[str, int]


def cat048(plots: pa.Table, sensors: Sensors) -> Records:
    """Radar plots as CAT048 records."""
    code, left_out, plots = _of_known(plots, sensors)
    plots, code, left_out = _kept(
        plots, code, left_out, _there(plots, "range_m") & _there(plots, "azimuth_deg"), "no radar plot"
    )
    near = plots["range_m"].to_numpy() <= _RANGE_MAX_NM * NAUTICAL_MILE_M
    plots, code, left_out = _kept(plots, code, left_out, near, "farther than an item can say (256 NM)")
    detection = [_TYP.get(one or "", 0) for one in plots["detection"].cast(pa.string()).to_pylist()]
    steps = np.rint(plots["azimuth_deg"].to_numpy() * (_AZIMUTH_STEPS / 360.0)).astype(np.int64)
    squawk, level = _there(plots, "mode_3a"), _there(plots, "pressure_altitude_m")
    return Records(
        pa.table(
            {
                "I010/SAC": pa.array(code[:, 0]),
                "I010/SIC": pa.array(code[:, 1]),
                "I140_s": time_of_day_s(plots["time"].cast(pa.int64()).to_numpy()),
                "I020/TYP": pa.array(detection, pa.int64()),
                "I020/SIM": _bits(_flag(plots, "simulated")),
                "I020/RAB": _bits(_flag(plots, "field_monitor")),
                "I040/RHO_NM": pa.array(plots["range_m"].to_numpy() / NAUTICAL_MILE_M),
                "I040/THETA_deg": pa.array(steps % _AZIMUTH_STEPS * (360.0 / _AZIMUTH_STEPS)),
                "I070/V": _bits(~_flag(plots, "mode_3a_valid", True), squawk),
                "I070/MODE3A": plots["mode_3a"],
                "I090/V": _bits(~_flag(plots, "altitude_valid", True), level),
                "I090/FL_FL": _scaled(plots, "pressure_altitude_m", FLIGHT_LEVEL_M),
                "I220": plots["address"],
                "I240": plots["callsign"],
            }
        ),
        left_out,
    )


def cat021(plots: pa.Table, sensors: Sensors) -> Records:
    """Reported positions of aircraft with an address as CAT021 records."""
    code, left_out, plots = _of_known(plots, sensors)
    placed = _there(plots, "lat_deg") & _there(plots, "lon_deg")
    plots, code, left_out = _kept(plots, code, left_out, placed, "no reported position")
    plots, code, left_out = _kept(plots, code, left_out, _there(plots, "address"), "no aircraft address")
    ground, simulated = _flag(plots, "on_ground"), _flag(plots, "simulated")
    moving = _there(plots, "vn_mps") & _there(plots, "ve_mps")
    north, east = (plots[one].to_numpy() for one in ("vn_mps", "ve_mps"))
    zero = np.zeros(plots.num_rows, np.bool_)
    climb = _there(plots, "climb_mps")
    track = np.rint(np.degrees(np.arctan2(east, north)) * (_AZIMUTH_STEPS / 360.0))
    track = np.where(moving, track, 0.0).astype(np.int64) % _AZIMUTH_STEPS * (360.0 / _AZIMUTH_STEPS)
    return Records(
        pa.table(
            {
                "I010/SAC": pa.array(code[:, 0]),
                "I010/SIC": pa.array(code[:, 1]),
                # 0: an address of ICAO's.
                "I040/ATP": _bits(zero),
                "I040/GBS": _bits(ground, ground | simulated),
                "I040/SIM": _bits(simulated, ground | simulated),
                "I071_s": time_of_day_s(plots["time"].cast(pa.int64()).to_numpy()),
                "I131/LAT_deg": plots["lat_deg"],
                "I131/LON_deg": plots["lon_deg"],
                "I080": plots["address"],
                "I140_ft": _scaled(plots, "geometric_altitude_m", FOOT_M),
                "I070/MODE3A": plots["mode_3a"],
                "I145_FL": _scaled(plots, "pressure_altitude_m", FLIGHT_LEVEL_M),
                "I155/RE": _bits(zero, climb),
                "I155/BVR_ftpmin": _scaled(plots, "climb_mps", FOOT_PER_MINUTE_MPS),
                "I160/RE": _bits(zero, moving),
                "I160/GS_NMps": pa.array(np.sqrt(north**2 + east**2) / NAUTICAL_MILE_M, mask=~moving),
                "I160/TA_deg": pa.array(track, mask=~moving),
                "I170": plots["callsign"],
            }
        ),
        left_out,
    )


def cat034(services: pa.Table, sensors: Sensors) -> Records:
    """North marks and sector crossings as CAT034 records; a north mark says where its radar stands, too.

    services  columns time, sensor, kind ("north", "sector"; others are left out), azimuth_deg
    """
    code, left_out, services = _of_known(services, sensors)
    kind = np.array(services["kind"].cast(pa.string()).to_pylist(), object)
    told = np.isin(kind, ("north", "sector")) if kind.size else np.zeros(0, np.bool_)
    services, code, left_out = _kept(services, code, left_out, told, "neither north mark nor sector crossing")
    north = kind[told] == "north"
    place = {one.id: one for one in sensors}
    named = [place[one] for one in services["sensor"].cast(pa.string()).to_pylist()]
    sector = services["azimuth_deg"].to_numpy()
    known = ~north & np.isfinite(sector)
    eighth = np.where(known, np.floor(np.where(known, sector, 0.0) / (360.0 / 256)), 0.0) % 256
    return Records(
        pa.table(
            {
                "I010/SAC": pa.array(code[:, 0]),
                "I010/SIC": pa.array(code[:, 1]),
                "I000": pa.array(np.where(north, 1, 2)),
                "I030_s": time_of_day_s(services["time"].cast(pa.int64()).to_numpy()),
                "I020_deg": pa.array(eighth * (360.0 / 256), mask=~known),
                "I120/HGT_m": pa.array([round(one.height_m) for one in named], pa.int64(), mask=~north),
                "I120/LAT_deg": pa.array([one.lat_deg for one in named], pa.float64(), mask=~north),
                "I120/LON_deg": pa.array([one.lon_deg for one in named], pa.float64(), mask=~north),
            }
        ),
        left_out,
    )


def _of_known(table: pa.Table, sensors: Sensors) -> tuple[NDArray[np.int64], dict[str, int], pa.Table]:
    """SAC and SIC of each row; rows without time, or of sensors that have no codes, are left out."""
    codes: Mapping[str, tuple[int, int]] = {
        one.id: (one.sac, one.sic) for one in sensors if one.sac is not None and one.sic is not None
    }
    names = table["sensor"].cast(pa.string()).to_pylist()
    code = np.array([codes.get(one or "", (-1, -1)) for one in names], np.int64).reshape(-1, 2)
    table, code, left_out = _kept(table, code, {}, code[:, 0] >= 0, "of a sensor without SAC and SIC")
    table, code, left_out = _kept(table, code, left_out, _there(table, "time"), "without a time")
    return code, left_out, table


def _kept(
    table: pa.Table, code: NDArray[np.int64], left_out: dict[str, int], good: Bools, reason: str
) -> tuple[pa.Table, NDArray[np.int64], dict[str, int]]:
    """Keep the rows that are good, and count the others."""
    bad = int(np.count_nonzero(~good))
    if not bad:
        return table, code, left_out
    rows = np.flatnonzero(good)
    return table.take(pa.array(rows)), code[rows], {**left_out, reason: bad}


def _there(table: pa.Table, name: str) -> Bools:
    return table[name].combine_chunks().is_valid().to_numpy(zero_copy_only=False)


def _flag(table: pa.Table, name: str, otherwise: bool = False) -> Bools:
    return table[name].combine_chunks().fill_null(otherwise).to_numpy(zero_copy_only=False)


def _bits(values: Bools, where: Bools | None = None) -> pa.Array:
    return pa.array(values.astype(np.int64), mask=None if where is None else ~where)


def _scaled(table: pa.Table, name: str, unit: float) -> pa.Array:
    column = table[name].combine_chunks()
    return pa.array(column.to_numpy(zero_copy_only=False) / unit, mask=~_there(table, name))
