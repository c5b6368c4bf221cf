"""What a table of Mode S messages fills of a plot's columns, beside its time and its sensor."""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.sensing.arrow import column, dictionary, from_floats, pc, to_floats
from asman.sensing.layouts import epu_m, nucp_m
from asman.sensing.reports import ADSB, DETECTIONS, MLAT

#: Radius of 95 % of a circular normal distribution, in standard deviations of one axis.
_SIGMAS_95: Final = math.sqrt(-2.0 * math.log(0.05))
#: Control fields of DF18 whose address is none of ICAO's.
_ANONYMOUS: Final = (1, 5)

Floats = NDArray[np.float64]


def floats(table: pa.Table, name: str) -> Floats:
    """A column as floats, NaN for null; all NaN where there is none."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return to_floats(table[name].combine_chunks())


def column_of(table: pa.Table, name: str, kind: pa.DataType) -> Any:
    """A column; all null where there is none."""
    return table[name] if name in table.column_names else pa.nulls(table.num_rows, kind)


def true_where(array: Any, count: int) -> pa.Array:
    """True where a value is said, else null."""
    if array is None:
        return pa.nulls(count, pa.bool_())
    there = array.is_valid()
    there = there.combine_chunks() if isinstance(there, pa.ChunkedArray) else there
    return pc.if_else(there, pa.scalar(True), pa.scalar(None, pa.bool_()))


def _polar(speed: Floats, track_deg: Floats) -> dict[str, pa.Array]:
    track = np.radians(track_deg)
    return {"vn_mps": from_floats(speed * np.cos(track)), "ve_mps": from_floats(speed * np.sin(track))}


def _detected(code: int, count: int) -> pa.Array:
    return dictionary(np.full(count, code, np.int64), list(DETECTIONS))


def _common(some: pa.Table) -> dict[str, Any]:
    """Columns that have the same name in all tables."""
    names = ("lat_deg", "lon_deg", "pressure_altitude_m", "containment_m")
    return {name: some[name] for name in names if name in some.column_names}


def _of_squitters(some: pa.Table) -> dict[str, Any]:
    pressure, above = floats(some, "pressure_altitude_m"), floats(some, "latest/geometric_above_m")
    geometric = floats(some, "geometric_altitude_m")
    surface = pc.equal(some["kind"].cast(pa.string()), "surface")
    speed, track = floats(some, "ground_speed_mps"), np.radians(floats(some, "track_deg"))
    on_ground = surface.to_numpy().astype(np.bool_)
    vn = np.where(on_ground, speed * np.cos(track), floats(some, "latest/vn_mps"))
    ve = np.where(on_ground, speed * np.sin(track), floats(some, "latest/ve_mps"))
    by_nacp, by_nucp = epu_m(floats(some, "latest/nacp")), nucp_m(floats(some, "nucp"))
    control = floats(some, "control_field")
    named = ~np.isin(control, _ANONYMOUS)
    return {
        **_common(some),
        "geometric_altitude_m": from_floats(np.where(np.isnan(geometric), pressure + above, geometric)),
        "mode_3a": column_of(some, "latest/mode_3a", pa.int16()),
        "address": pc.if_else(
            column(named, pa.bool_()), some["address"].combine_chunks(), pa.scalar(None, pa.int32())
        ),
        "callsign": column_of(some, "latest/callsign", pa.string()),
        "detection": _detected(ADSB, some.num_rows),
        "sigma_m": from_floats(np.where(np.isnan(by_nacp), by_nucp, by_nacp) / _SIGMAS_95),
        "vn_mps": from_floats(vn),
        "ve_mps": from_floats(ve),
        "climb_mps": column_of(some, "latest/climb_mps", pa.float64()),
        "on_ground": surface,
    }


def _of_sbs(some: pa.Table) -> dict[str, Any]:
    return {
        **_common(some),
        **_polar(floats(some, "ground_speed_mps"), floats(some, "track_deg")),
        "mode_3a": some["mode_3a"],
        "address": some["address"],
        "callsign": some["callsign"],
        "climb_mps": some["climb_mps"],
        "detection": _detected(ADSB, some.num_rows),
        "on_ground": pc.or_kleene(pc.equal(some["transmission"], 2), some["on_ground"]),
    }


def _of_readsb(some: pa.Table) -> dict[str, Any]:
    kinds = np.array([str(one or "") for one in some["type"].to_pylist()], object)
    mlat = np.array([one == "mlat" for one in kinds], np.bool_)
    named = some["address_icao"].combine_chunks()
    return {
        **_common(some),
        **_polar(floats(some, "ground_speed_mps"), floats(some, "track_deg")),
        "geometric_altitude_m": some["geometric_altitude_m"],
        "mode_3a": some["mode_3a"],
        "address": pc.if_else(named, some["address"].combine_chunks(), pa.scalar(None, pa.int32())),
        "callsign": some["callsign"],
        "climb_mps": some["climb_mps"],
        "detection": dictionary(np.where(mlat, MLAT, ADSB), list(DETECTIONS)),
        "sigma_m": from_floats(epu_m(floats(some, "nacp")) / _SIGMAS_95),
        "on_ground": some["on_ground"],
    }


#: Table -> what makes its columns.
COLUMNS: Final[dict[str, Callable[[pa.Table], dict[str, Any]]]] = {
    "ADSB": _of_squitters,
    "SBS": _of_sbs,
    "READSB": _of_readsb,
}
