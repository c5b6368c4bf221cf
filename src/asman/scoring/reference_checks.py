"""What a recorded position says against itself, or by coming again: first part of cleaning a reference."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asman.kernels import scoring_pictures
from asman.kernels import scoring_reference as kernel
from asman.scoring.columns import NO_TIME, Flags, Floats, Ints
from asman.scoring.config import ReferenceConfig

#: Why a report is left out, in the order in which it is asked; see `reference.steps_of` for the words.
(
    SIMULATED, MONITOR, NAMELESS, GROUND, UNSAID, INACCURATE, UNSAFE, DISORDERED, TWICE, STALE, LATE, JUMP,
    FEW,
) = range(13)  # fmt: skip


#: Left out for these, an aircraft is there nevertheless.
EXCUSING: Final = (GROUND, UNSAID, INACCURATE, UNSAFE, FEW)
#: Radius of 95 % of a circular normal distribution, in standard deviations of one axis: sqrt(-2 ln 0.05).
SIGMAS_95: Final = 2.4477468306808166


@dataclass(slots=True)
class Reports:
    """Reports under examination, in the order of the table (P,); `why` is -1 while nothing speaks against."""

    time_ns: Ints
    lat: Floats
    lon: Floats
    vn: Floats
    ve: Floats
    sigma: Floats
    who: Ints
    why: Ints

    def refuse(self, step: int, rows: Flags) -> None:
        """Leave rows out for a reason, unless they are already."""
        self.why[rows & (self.why < 0)] = step


def read(table: pa.Table, config: ReferenceConfig) -> Reports:
    """Columns as arrays; an aircraft is an address."""
    address = floats(table, "address")
    who = np.where(np.isnan(address), -1, address).astype(np.int64)
    sigma = floats(table, "sigma_m")
    return Reports(
        time_ns=np.asarray(pc.fill_null(table["time"].cast(pa.int64()), NO_TIME).to_numpy(), np.int64),
        lat=np.radians(floats(table, "lat_deg")),
        lon=np.radians(floats(table, "lon_deg")),
        vn=floats(table, "vn_mps"),
        ve=floats(table, "ve_mps"),
        sigma=np.maximum(np.where(np.isnan(sigma), config.sigma_m, sigma), config.sigma_min_m),
        who=who,
        why=np.full(table.num_rows, -1, np.int64),
    )


def floats(table: pa.Table, name: str) -> Floats:
    """A column of numbers, NaN for null; the caller owns it."""
    column = pc.fill_null(table[name].cast(pa.float64()), float("nan"))
    return np.array(column.to_numpy(), np.float64)


def flags(table: pa.Table, name: str) -> Flags:
    """A column of yes and no; null is no."""
    return np.asarray(pc.fill_null(table[name], False).to_numpy(), np.bool_)


def is_exercise(table: pa.Table) -> bool:
    """Tell whether all reports are marked as simulated: then the mark speaks against none of them."""
    return bool(table.num_rows) and bool(flags(table, "simulated").all())


def asks_accuracy(config: ReferenceConfig, kind: str) -> bool:
    """Tell whether a report that says no accuracy is left out: few multilaterations say one."""
    return kind == "adsb" and not config.unqualified


def by_own_words(reports: Reports, table: pa.Table, config: ReferenceConfig, kind: str) -> None:
    """Leave out what a report says against itself."""
    claimed, containment = floats(table, "sigma_m"), floats(table, "containment_m")
    if not is_exercise(table):
        reports.refuse(SIMULATED, flags(table, "simulated"))
    reports.refuse(MONITOR, flags(table, "field_monitor"))
    placed = np.isfinite(reports.lat) & np.isfinite(reports.lon) & (reports.time_ns != NO_TIME)
    reports.refuse(NAMELESS, (reports.who < 0) | ~placed)
    if not config.ground:
        reports.refuse(GROUND, flags(table, "on_ground"))
    if asks_accuracy(config, kind):
        reports.refuse(UNSAID, np.isnan(claimed))
    reports.refuse(INACCURATE, claimed * SIGMAS_95 > config.epu_max_m * (1.0 + 1e-9))
    reports.refuse(UNSAFE, containment > config.containment_max_m * (1.0 + 1e-9))


def by_order(reports: Reports, table: pa.Table, config: ReferenceConfig) -> None:
    """Leave out what comes again, in the order in which it came."""
    sender = _indices(table, "sensor") * 1_000_000 + _indices(table, "recording")
    rows = np.flatnonzero(reports.why < 0)
    rows = rows[np.lexsort((rows, sender[rows], reports.who[rows]))]
    if rows.size < 2:
        return
    new = (np.diff(reports.who[rows]) != 0) | (np.diff(sender[rows]) != 0)
    start = np.concatenate([[0], np.flatnonzero(new) + 1, [rows.size]]).astype(np.int64)
    off_ns = kernel.out_of_order(start, reports.time_ns[rows])
    disordered = np.zeros(reports.why.size, np.bool_)
    disordered[rows[off_ns > config.order_s * 1e9]] = True
    reports.refuse(DISORDERED, disordered)
    _by_repetition(reports, config)


def _indices(table: pa.Table, name: str) -> Ints:
    column = table[name]
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    return np.asarray(
        pc.fill_null(whole.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False), np.int64
    )


def _by_repetition(reports: Reports, config: ReferenceConfig) -> None:
    """Leave out a place that was reported before: at once it is a copy, later it is stale."""
    rows = in_order(reports)
    if rows.size < 2:
        return
    who, lat, lon = reports.who[rows], reports.lat[rows], reports.lon[rows]
    time_s = (reports.time_ns[rows] - reports.time_ns[rows[0]]) / 1e9
    again = np.zeros(rows.size, np.bool_)
    again[1:] = (np.diff(who) == 0) & (np.diff(lat) == 0.0) & (np.diff(lon) == 0.0)
    first = np.maximum.accumulate(np.where(again, 0, np.arange(rows.size)))
    age = time_s - time_s[first]
    # How fast it went meanwhile: as it says, else by the place that it reports next.
    ends = np.flatnonzero(~again)
    after = np.append(ends[1:], rows.size - 1)[np.searchsorted(ends, first)]
    east, north = scoring_pictures.offsets(lat[after], lon[after], lat[first], lon[first])
    with np.errstate(invalid="ignore", divide="ignore"):
        gone = np.hypot(east, north) / (time_s[after] - time_s[first])
    gone = np.where((who[after] == who[first]) & (after > first) & np.isfinite(gone), gone, 0.0)
    said = np.hypot(reports.vn[rows], reports.ve[rows])
    speed = np.where(np.isnan(said), gone, said)
    copies, stale = np.zeros(reports.why.size, np.bool_), np.zeros(reports.why.size, np.bool_)
    copies[rows[again & (age <= config.twice_s)]] = True
    stale[rows[again & (age > config.twice_s) & (age * speed > config.stale_m)]] = True
    reports.refuse(TWICE, copies)
    reports.refuse(STALE, stale)


def in_order(reports: Reports) -> Ints:
    """Rows that nothing speaks against yet, aircraft by aircraft, in order of time."""
    rows = np.flatnonzero(reports.why < 0)
    return rows[np.lexsort((rows, reports.time_ns[rows], reports.who[rows]))]
