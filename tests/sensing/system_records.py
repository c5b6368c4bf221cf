"""Tracks as CAT062 records, the way a tracker would send them: the inverse of what is under test."""

import numpy as np
import pyarrow as pa

from asman.units import FLIGHT_LEVEL_M, FOOT_PER_MINUTE_MPS

SAC, SIC = 25, 100
EDITION = "1.20"


def numbers(table: pa.Table, name: str) -> np.ndarray:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(zero_copy_only=False), float)


def system_records(tracks: pa.Table, **more: pa.Array) -> pa.Table:
    """Columns of docs/reference/decoded-tables.md for each row of TRACKS; `more` are further ones."""
    count = tracks.num_rows
    ns = tracks["time"].cast(pa.int64()).to_numpy()
    made = tracks["last_plot_time"].cast(pa.int64()).to_numpy(zero_copy_only=False)
    component = numbers(tracks, "cov_en_m2")

    def constant(value: int) -> pa.Array:
        return pa.array(np.full(count, value, np.uint8))

    columns = {
        "I010/SAC": constant(SAC),
        "I010/SIC": constant(SIC),
        "I070_s": pa.array((ns % 86_400_000_000_000) / 1e9),
        "I105/LAT_deg": tracks["lat_deg"],
        "I105/LON_deg": tracks["lon_deg"],
        "I185/VX_mps": tracks["ve_mps"],
        "I185/VY_mps": tracks["vn_mps"],
        "I060/V": constant(0),
        "I060/G": constant(0),
        "I060/CH": constant(0),
        "I060/MODE3A": tracks["mode_3a"].fill_null(0).cast(pa.uint16()),
        "I380/ADR": tracks["address"].cast(pa.uint32()),
        "I040": pa.array((tracks["track"].to_numpy() % 65_536).astype(np.uint16)),
        "I080/MON": constant(0),
        "I080/SPI": constant(0),
        "I080/MRH": constant(0),
        "I080/SRC": constant(0),
        "I080/CNF": pa.array((~tracks["confirmed"].to_numpy(zero_copy_only=False)).astype(np.uint8)),
        "I080/SIM": constant(1),
        "I080/TSE": constant(0),
        "I080/TSB": constant(0),
        "I080/FPC": constant(0),
        "I080/AFF": constant(0),
        "I080/STP": constant(0),
        "I080/KOS": constant(0),
        "I290/MDS_s": pa.array(np.minimum((ns - made) / 1e9, 63.75)),
        "I136_FL": pa.array(numbers(tracks, "altitude_m") / FLIGHT_LEVEL_M, from_pandas=True),
        "I220_ftpmin": pa.array(numbers(tracks, "climb_mps") / FOOT_PER_MINUTE_MPS, from_pandas=True),
        "I500/APC/X_m": pa.array(np.sqrt(numbers(tracks, "var_e_m2"))),
        "I500/APC/Y_m": pa.array(np.sqrt(numbers(tracks, "var_n_m2"))),
        "I500/COV_m": pa.array(np.sign(component) * np.sqrt(np.abs(component))),
    }
    return pa.table({**columns, **more})
