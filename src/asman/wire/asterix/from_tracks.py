"""Tracks as CAT062 records, and the heartbeat of the system that makes them as CAT065.

The columns are those of docs/reference/decoded-tables.md; `asman.wire.asterix.encode` makes octets of them.

What the tables say is said, and nothing else:

- Altitude (I135) is pressure altitude without QNH; a geometric altitude (I130) is above the WGS-84 ellipsoid.
- Accuracy (I500): deviations along east and north, which stand for the axes of a system plane; the covariance
  component is the root of the covariance with its sign. What is larger than an item can say is said as the
  largest.
- Simulated (SIM), tentative (CNF), contradicted by radars (AFF), coasting (CST), on the ground (SFC),
  and the first and last message of a number (TSB, TSE) are bits of I080.

Sources: EUROCONTROL-SPEC-0149-9 (CAT062), editions 1.18 to 1.21; EUROCONTROL CAT065, editions 1.4 to 1.6.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.units import DAY_S, FLIGHT_LEVEL_M, FOOT_M, FOOT_PER_MINUTE_MPS, SECOND_NS

#: Editions that are written unless another is asked for.
CAT062_EDITION: Final = "1.18"
CAT065_EDITION: Final = "1.5"
#: A track whose latest plot is older coasts (CST): a scan of the slowest radars in use.
COASTING_S: Final = 12.0
#: A track number has 16 bits.
NUMBERS: Final = 1 << 16
#: Ticks of a time of day.
TICKS: Final = 128
_DAY_TICKS: Final = DAY_S * TICKS
_CALLSIGN: Final = re.compile(r"[A-Z0-9]{1,8}")
#: What items of I500 can say at most.
_SIGMA_MAX_M, _COMPONENT_MAX_M, _LEVEL_MAX_FL, _HEIGHT_MAX_FT = 65_535 * 0.5, 32_767 * 0.5, 63.75, 1_593.75

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Source(NamedTuple):
    """Who sends: system area and identification code, and which of its services."""

    sac: int
    sic: int
    service: int = 1


class Numbered(NamedTuple):
    """Track numbers of 16 bits for numbers of 64.

    number  (N,)  -1 where none was free
    given   track -> number, of the tracks of this table
    """

    number: Ints
    given: dict[int, int]


def number_tracks(track: Ints, given: Mapping[int, int]) -> Numbered:
    """Give each track a number of 16 bits: the one it had, else its own last 16 bits, else the next free one.

    track  (N,)  as in TRACKS; each may stand more than once
    given  what was given before; numbers of tracks that are not here any more are free again
    """
    here = np.unique(track)
    kept = {int(one): given[int(one)] for one in here if int(one) in given}
    taken = set(kept.values())
    for one in here.tolist():
        if one in kept or len(taken) == NUMBERS:
            continue
        wanted = one % NUMBERS
        while wanted in taken:
            wanted = (wanted + 1) % NUMBERS
        kept[one] = wanted
        taken.add(wanted)
    numbers = np.array([kept.get(int(one), -1) for one in here], np.int64)
    return Numbered(numbers[np.searchsorted(here, track)] if here.size else track, kept)


def coasts(tracks: pa.Table, after_s: float = COASTING_S) -> Bools:
    """Which rows' latest plot is older than `after_s` at their time of validity."""
    times, plots = (tracks[name].cast(pa.int64()).to_numpy() for name in ("time", "last_plot_time"))
    with np.errstate(invalid="ignore"):
        return np.asarray(times - plots > after_s * SECOND_NS, np.bool_)


def ends(track: Ints, time_ns: Ints) -> tuple[Bools, Bools]:
    """Which rows are the first and the last of their track in a whole recording."""
    order = np.lexsort((np.arange(track.size), time_ns, track))
    change = np.diff(track[order]) != 0
    first, last = np.zeros(track.size, np.bool_), np.zeros(track.size, np.bool_)
    first[order[np.r_[True, change][: track.size]]] = True
    last[order[np.r_[change, True][: track.size]]] = True
    return first, last


def cat062(
    tracks: pa.Table,
    source: Source,
    number: Ints,
    *,
    first: Bools | None = None,
    last: Bools | None = None,
    coasting: Bools | None = None,
) -> pa.Table:
    """Records of TRACKS rows that have a place and a time; the others are left out.

    number    (N,)  16-bit track numbers; rows with -1 are left out
    first, last, coasting  (N,)  bits that a row of TRACKS does not say by itself; default: none
    """
    none = np.zeros(tracks.num_rows, np.bool_)
    first, last, coasting = (none if one is None else one for one in (first, last, coasting))
    placed = _there(tracks, "lat_deg") & _there(tracks, "lon_deg") & _there(tracks, "time") & (number >= 0)
    if not placed.all():
        rows = np.flatnonzero(placed)
        tracks, number = tracks.take(pa.array(rows)), number[rows]
        first, last, coasting = first[rows], last[rows], coasting[rows]
    count = tracks.num_rows
    callsign = _callsigns(tracks)
    return pa.table(
        {
            "I010/SAC": _same(count, source.sac),
            "I010/SIC": _same(count, source.sic),
            "I015": _same(count, source.service),
            "I070_s": time_of_day_s(tracks["time"].cast(pa.int64()).to_numpy()),
            "I105/LAT_deg": tracks["lat_deg"],
            "I105/LON_deg": _longitudes(tracks),
            "I185/VX_mps": _values(tracks, "ve_mps"),
            "I185/VY_mps": _values(tracks, "vn_mps"),
            **_code(tracks),
            # 0: the callsign or registration that the target sent.
            "I245/STI": pa.array(np.zeros(count, np.int64), mask=~_valid(callsign)),
            "I245/CHR": callsign,
            "I380/ADR": tracks["address"],
            "I380/ID": callsign,
            "I040": pa.array(number),
            **_status(tracks, first, last, coasting),
            "I130_ft": _values(tracks, "geometric_altitude_m", FOOT_M),
            **_level(tracks),
            "I220_ftpmin": _values(tracks, "climb_mps", FOOT_PER_MINUTE_MPS),
            **_accuracy(tracks),
        }
    )


def cat065_status(time_ns: int, source: Source, *, degraded: bool, overload: bool) -> pa.Table:
    """One SDPS status message: whether the system works as it should."""
    return pa.table(
        {
            **_message(time_ns, source, 1),
            "I040/NOGO": [int(degraded)],
            "I040/OVL": [int(overload)],
            # The clock of the machine is the time source; whether it is right is not known here.
            "I040/TSV": [0],
            "I040/PSS": [0],
            "I040/STTN": [0],
        }
    )


def cat065_end_of_batch(time_ns: int, source: Source, batch: int) -> pa.Table:
    """One end of batch message: all tracks of a moment have been sent; `batch` counts from 0, modulo 256."""
    return pa.table({**_message(time_ns, source, 2), "I020": [batch % 256]})


def _message(time_ns: int, source: Source, kind: int) -> dict[str, list[int] | pa.Array]:
    return {
        "I010/SAC": [source.sac],
        "I010/SIC": [source.sic],
        "I000": [kind],
        "I015": [source.service],
        "I030_s": time_of_day_s(np.array([time_ns], np.int64)),
    }


def time_of_day_s(time_ns: Ints) -> pa.Array:
    """Seconds since midnight UTC, at the nearest 1/128 s, below 86,400."""
    day = time_ns % (DAY_S * SECOND_NS)
    return pa.array((day * TICKS + SECOND_NS // 2) // SECOND_NS % _DAY_TICKS / TICKS)


def _same(count: int, value: int) -> pa.Array:
    return pa.array(np.full(count, value, np.int64))


def _valid(array: pa.Array) -> Bools:
    return array.is_valid().to_numpy(zero_copy_only=False)


def _there(tracks: pa.Table, name: str) -> Bools:
    """Where a column has a value that is a number."""
    column = tracks[name].combine_chunks()
    there = _valid(column)
    if pa.types.is_floating(column.type):
        there &= np.isfinite(column.to_numpy(zero_copy_only=False))
    return there


def _numbers(tracks: pa.Table, name: str) -> Floats:
    """A column as float64, NaN where null."""
    return tracks[name].combine_chunks().cast(pa.float64()).to_numpy(zero_copy_only=False)


def _values(tracks: pa.Table, name: str, unit: float = 1.0) -> pa.Array:
    """A column in another unit; null where null or no number."""
    return pa.array(_numbers(tracks, name) / unit, mask=~_there(tracks, name))


def _flag(tracks: pa.Table, name: str) -> Bools:
    return tracks[name].combine_chunks().fill_null(False).to_numpy(zero_copy_only=False)


def _longitudes(tracks: pa.Table) -> pa.Array:
    """Longitudes from -180 to below 180, as an item of 32 bits says them."""
    return pa.array((_numbers(tracks, "lon_deg") + 180.0) % 360.0 - 180.0)


def _code(tracks: pa.Table) -> dict[str, pa.Array]:
    """Mode 3/A: validated, because the tracker believed it."""
    code = tracks["mode_3a"].combine_chunks()
    zero = pa.array(np.zeros(len(code), np.int64), mask=~_valid(code))
    return {"I060/V": zero, "I060/G": zero, "I060/CH": zero, "I060/MODE3A": code}


def _callsigns(tracks: pa.Table) -> pa.Array:
    """Identifications that six-bit letters can say."""
    said = tracks["callsign"].to_pylist()
    return pa.array([one if one and _CALLSIGN.fullmatch(one) else None for one in said], pa.string())


def _status(tracks: pa.Table, first: Bools, last: Bools, coasting: Bools) -> dict[str, pa.Array]:
    """I080, as far as its last octet that has something to say."""
    count = tracks.num_rows
    ground, doubted, simulated = (
        _flag(tracks, one) for one in ("on_ground", "position_doubted", "simulated")
    )
    sensors = tracks["contributors"].combine_chunks().value_lengths().fill_null(0).to_numpy()
    geometric, pressure = _there(tracks, "geometric_altitude_m"), _there(tracks, "altitude_m")
    sixth = ground
    fourth = sixth | coasting
    second = fourth | simulated | first | last | doubted
    zero = np.zeros(count, np.int64)

    def bits(values: Bools | Ints, where: Bools) -> pa.Array:
        return pa.array(values.astype(np.int64), mask=~where)

    everywhere = np.ones(count, np.bool_)
    return {
        "I080/MON": bits(sensors == 1, everywhere),
        "I080/SPI": bits(zero, everywhere),
        "I080/MRH": bits(geometric & ~pressure, everywhere),
        "I080/SRC": bits(zero, everywhere),
        "I080/CNF": bits(~_flag(tracks, "confirmed"), everywhere),
        "I080/SIM": bits(simulated, second),
        "I080/TSE": bits(last, second),
        "I080/TSB": bits(first, second),
        "I080/AFF": bits(doubted, second),
        "I080/CST": bits(coasting, fourth),
        "I080/SFC": bits(ground, sixth),
    }


def _level(tracks: pa.Table) -> dict[str, pa.Array]:
    level = _values(tracks, "altitude_m", FLIGHT_LEVEL_M)
    return {"I135/QNH": pa.array(np.zeros(len(level), np.int64), mask=~_valid(level)), "I135/CTB_FL": level}


def _accuracy(tracks: pa.Table) -> dict[str, pa.Array]:
    """I500: deviations of position and heights, cut to what the items can say."""
    east, north, both = (_numbers(tracks, one) for one in ("var_e_m2", "var_n_m2", "cov_en_m2"))
    known = np.isfinite(east) & np.isfinite(north) & (east >= 0) & (north >= 0)
    joint = known & np.isfinite(both)
    sigma_e, sigma_n = (np.minimum(np.sqrt(np.where(known, one, 0.0)), _SIGMA_MAX_M) for one in (east, north))
    component = np.sqrt(np.abs(np.where(joint, both, 0.0))) * np.sign(np.where(joint, both, 0.0))
    component = np.clip(component, -_COMPONENT_MAX_M, _COMPONENT_MAX_M)
    heights = {
        "I500/AGA_ft": ("geometric_sigma_m", "geometric_altitude_m", FOOT_M, _HEIGHT_MAX_FT),
        "I500/ABA_FL": ("altitude_sigma_m", "altitude_m", FLIGHT_LEVEL_M, _LEVEL_MAX_FL),
    }
    said = {
        "I500/APC/X_m": pa.array(sigma_e, mask=~known),
        "I500/APC/Y_m": pa.array(sigma_n, mask=~known),
        "I500/COV_m": pa.array(component, mask=~joint),
    }
    for item, (name, of, unit, most) in heights.items():
        there = _there(tracks, name) & _there(tracks, of)
        said[item] = pa.array(np.clip(_numbers(tracks, name) / unit, 0.0, most), mask=~there)
    return said
