"""Recorded positions (ADS-B, multilateration) as truth: what of them can be believed, and how far.

A reference that is wrong makes a good tracker look bad, so it is cleaned before it judges, in a fixed order;
every report that is left out is counted under the first reason that holds. First what a report says of
itself, then what its neighbours say of it: the longest chain of reports that can follow each other, and
then, again and again, whether the report lies where all others say (a two-filter prediction that does not
ask it), the worst first. What was left out by the chain but lies where the others say is taken back.

Positions are used as they were reported, not smoothed: see docs/explanation/scoring.md for the figures.

Sources of the default limits: 14 CFR 91.227 (c) (1) (NACp: 0.05 NM; NIC: 0.2 NM; NACv: 10 m/s, which is
the 95 % of 5 m/s); ICAO Doc 9871 (airborne CPR positions have steps of about 5 m).
"""

from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asman.errors import InputError
from asman.model.sensor import Sensors
from asman.scoring.columns import Flags, Ints
from asman.scoring.config import ReferenceConfig
from asman.scoring.observable import observable
from asman.scoring.reference_checks import (
    EXCUSING,
    SIGMAS_95,
    Reports,
    asks_accuracy,
    by_order,
    by_own_words,
    flags,
    floats,
    is_exercise,
    read,
)
from asman.scoring.reference_neighbours import LATE_MAX_S, by_neighbours
from asman.scoring.report import Cleaning, Reference


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A truth made of reports, and what was done to make it.

    truth   columns as scoring reads them; aircraft are named by their address, six hexadecimal digits
    about   the counts, for the report
    reason  (P,) index into `about.steps` of why a plot was left out, -1 for those that are used
    """

    truth: pa.Table
    about: Reference
    reason: Ints


def clean(plots: pa.Table, kind: str, config: ReferenceConfig, gap_s: float, judged: Sensors = ()) -> Cleaned:
    """Make truth of the position reports of a reference.

    plots   PLOTS rows of the reference alone; `sigma_m` null: accuracy not said
    kind    "adsb" or "mlat", for words; of multilateration no accuracy is asked, because few say one
    gap_s   s    silences longer than this are counted: nobody is judged in them
    judged  sensors of the tracks, where their sites are known: what none of them can see is not judged

    Raises InputError where nothing is left.
    """
    table = plots.combine_chunks()
    steps = steps_of(config, kind, is_exercise(table))
    reports = read(table, config)
    by_own_words(reports, table, config, kind)
    by_order(reports, table, config)
    notes = by_neighbours(reports, config)
    counts = np.bincount(reports.why + 1, minlength=len(steps) + 1)
    cleaned = tuple(
        Cleaning(step=name, limit=limit, count=int(counts[i + 1])) for i, (name, limit) in enumerate(steps)
    )
    kept = np.flatnonzero(reports.why < 0)
    if not kept.size:
        told = "; ".join(f"{one.count:,} {one.step} ({one.limit})" for one in cleaned if one.count)
        raise InputError(
            "reference",
            f"none of {table.num_rows:,} reports can serve as truth: {told}",
            "Loosen a limit under [reference] in --config, or take --ground for what is on the ground.",
        )
    kept = kept[np.lexsort((reports.time_ns[kept], reports.who[kept]))]
    steps_s = np.diff(reports.time_ns[kept]) / 1e9
    silent = steps_s[(np.diff(reports.who[kept]) == 0) & (steps_s > gap_s)]
    claimed = np.asarray(
        pc.fill_null(table["sigma_m"].take(pa.array(kept)), float("nan")).to_numpy(), np.float64
    )
    about = Reference(
        kind=kind, reports=table.num_rows, used=int(kept.size),
        aircraft=int(np.unique(reports.who[kept]).size), steps=cleaned,
        claimed_m=float(np.nanmedian(claimed)) * SIGMAS_95 if np.isfinite(claimed).any() else None,
        random_m=notes.random_m, mute=notes.mute, velocities=notes.velocities,
        interval_s=float(np.median(steps_s[np.diff(reports.who[kept]) == 0])) if kept.size > 1 else 0.0,
        gap_s=gap_s, gaps=int(silent.size), gap_minutes=float(silent.sum()) / 60.0,
    )  # fmt: skip
    spare = _excused(reports, kept, gap_s)
    seen = np.ones(kept.size, np.bool_)
    if judged:
        high, level = floats(table, "geometric_altitude_m")[kept], floats(table, "pressure_altitude_m")[kept]
        seen = observable(
            reports.lat[kept], reports.lon[kept], np.where(np.isnan(high), level, high),
            flags(table, "on_ground")[kept], judged,
        )  # fmt: skip
        about = msgspec.structs.replace(about, observable_share=float(seen.mean()))
    about = msgspec.structs.replace(about, excused=int(spare.size))
    rows = np.concatenate([kept, spare])
    true = np.arange(rows.size) < kept.size
    counts_as = np.concatenate([seen, np.zeros(spare.size, np.bool_)])
    return Cleaned(_truth(reports, table, rows, true, counts_as), about, reports.why)


def _excused(reports: Reports, kept: Ints, gap_s: float) -> Ints:
    """Reports that are not good enough to judge by, of aircraft that are there nevertheless.

    A track on such an aircraft is not false. Where the aircraft has a good report nearby in time, that one
    serves.
    """
    spare = np.flatnonzero(np.isin(reports.why, EXCUSING))
    if not spare.size:
        return spare
    epoch = int(reports.time_ns[np.concatenate([kept, spare])].min())
    lift = 2.0 * float((reports.time_ns[np.concatenate([kept, spare])].max() - epoch) / 1e9) + 1e4
    good = np.sort((reports.time_ns[kept] - epoch) / 1e9 + lift * reports.who[kept])
    key = (reports.time_ns[spare] - epoch) / 1e9 + lift * reports.who[spare]
    at = np.searchsorted(good, key)
    near = np.minimum(
        np.abs(good[np.clip(at - 1, 0, good.size - 1)] - key),
        np.abs(good[np.clip(at, 0, good.size - 1)] - key),
    )
    return spare[near > gap_s]


def steps_of(config: ReferenceConfig, kind: str, exercise: bool) -> list[tuple[str, str]]:
    """What is left out, in order, and its limit in words; indices are the names above."""
    unsaid = "as said in the report" if asks_accuracy(config, kind) else "not asked"
    return [
        ("simulated or test", "marked so" if not exercise else "used: all are marked so, it is an exercise"),
        ("fixed transponders of the system itself", "marked so"),
        ("no time, place or aircraft address", "needed to follow an aircraft"),
        ("on the ground", "used: --ground" if config.ground else "airborne only, unless --ground"),
        ("accuracy not said (NACp or NUCp 0 or absent)", unsaid),
        ("accuracy too low", f"95 % within {config.epu_max_m:g} m, as the aircraft says (NACp, NUCp)"),
        (
            "integrity too low",
            f"surely within {config.containment_max_m:g} m, as the aircraft says (NIC, PIC)",
        ),
        ("time out of order", f"by more than {config.order_s:g} s, among those of one sender as they came"),
        ("sent or heard twice", f"same place within {config.twice_s:g} s, or same time and fitting place"),
        (
            "stale: an earlier place again",
            f"same place, though more than {config.stale_m:g} m away by its speed",
        ),
        (
            "time of applicability doubtful",
            f"off along the course only, by up to {LATE_MAX_S:g} s of flight; judged as a jump is",
        ),
        (
            "impossible jump",
            f"faster than {config.speed_max_mps:g} m/s, against its velocity, or where the others do not "
            f"say (chi-square {config.gate:g}, 2 degrees of freedom)",
        ),
        ("too few reports of the aircraft", f"at least {config.reports_min} over {config.span_min_s:g} s"),
    ]


def _truth(reports: Reports, table: pa.Table, rows: Ints, true: Flags, counts_as: Flags) -> pa.Table:
    """Reports as truth; those that only excuse are of aircraft of their own, which nobody can miss."""
    some = table.take(pa.array(rows))
    key = reports.who[rows] * 2 + ~true
    known, code = np.unique(key, return_inverse=True)
    names = [f"{one // 2:06X}" + (" (not judged)" if one % 2 else "") for one in known.tolist()]
    return pa.table(
        {
            "time": some["time"],
            "aircraft": pa.DictionaryArray.from_arrays(pa.array(code, pa.int32()), pa.array(names)),
            "lat_deg": some["lat_deg"],
            "lon_deg": some["lon_deg"],
            "altitude_m": some["geometric_altitude_m"],
            "pressure_altitude_m": some["pressure_altitude_m"],
            "vn_mps": pa.array(reports.vn[rows], from_pandas=True),
            "ve_mps": pa.array(reports.ve[rows], from_pandas=True),
            "vu_mps": some["climb_mps"],
            "address": some["address"],
            "mode_3a": some["mode_3a"],
            "callsign": some["callsign"],
            "observable": pa.array(counts_as),
        }
    )
