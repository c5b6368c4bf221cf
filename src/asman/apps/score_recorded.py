"""`asman score --reference adsb REC...`: recordings that hold both what is judged and what it is judged by.

The reports of the reference (ADS-B, or multilateration) become the truth, cleaned; all other reports are
tracked as `asman track` would, unless somebody's tracks are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from asman.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from asman.model.sensor import Sensors
    from asman.scoring.config import ScoreConfig
    from asman.scoring.report import Report

KINDS: Final = {"adsb": "ADS-B", "mlat": "multilateration"}


def score_recorded(
    recordings: Sequence[Any],
    reference: str = "adsb",
    sensors: Any = None,
    tracks: Any = None,
    config: ScoreConfig | str | Path | None = None,
    *,
    date: str | None = None,
) -> Report:
    """Score what recordings hold against what they hold of a reference.

    recordings  paths, decoded recordings, or tables of PLOTS
    reference   "adsb" or "mlat": the reports of this kind are the truth, all others are tracked; or a path to
                a ready truth, against which all reports are judged
    sensors     a sensors.toml, or sensors
    tracks      somebody's tracks instead of our own: a table, or a path as `asman.score` takes it
    config      how to score, with the limits of the reference under `reference`
    date        UTC day of a recording's first record, where its packets do not say it

    Raises InputError when there is nothing to judge, or nothing to judge by: it says what was found.
    """
    from asman.apps import warm

    warm.prepare()
    from asman.apps.score import read_config
    from asman.apps.score_source import read_table
    from asman.scoring.config import ScoreConfig
    from asman.scoring.reference import clean
    from asman.scoring.score import score_tables

    settings = config if isinstance(config, ScoreConfig) else read_config(config)
    held = _load(recordings, sensors, date)
    plots, known = held.plots, held.sensors
    names = ", ".join(str(one) if isinstance(one, (str, Path)) else "plots" for one in recordings)
    if reference not in KINDS:
        _refuse_nothing(plots, names)
        report = score_tables(
            read_table(reference, "aircraft", date=date),
            _own_tracks(held, plots, tracks, date, settings),
            settings, truth_name=str(reference), tracks_name=f"tracks of {names}",
        )  # fmt: skip
        return _with_notes(report, held)
    mine, others = _parted(plots, reference)
    if not mine.num_rows:
        raise InputError(
            names,
            f"holds no {KINDS[reference]} report to judge by; there are {_found(plots)}",
            held.unplaced or _other_reference(plots, reference),
        )
    if tracks is None and not others.num_rows:
        raise InputError(
            names,
            f"holds nothing to be judged beside the reference; there are {_found(plots)}",
            held.unplaced
            or "Name recordings of the radars as well (and --sensors, for their sites), or --tracks FILE.",
        )
    seen = _own_tracks(held, others, tracks, date, settings)
    judged = _judged(others, known, given=tracks is not None)
    cleaned = clean(_filled(mine, known), reference, settings.reference, settings.truth_gap_s, judged)
    report = score_tables(
        cleaned.truth, seen, settings, truth_name=f"{KINDS[reference]} of {names}",
        tracks_name=str(tracks) if isinstance(tracks, (str, Path)) else f"tracks of {names}",
        reference=cleaned.about,
    )  # fmt: skip
    return _with_notes(report, held)


class _Held(NamedTuple):
    """What recordings hold: plots, all sensors, words on radars without a site, and notes for the report."""

    plots: pa.Table
    sensors: Sensors
    unplaced: str
    notes: tuple[str, ...]


def _load(recordings: Sequence[Any], sensors: Any, date: str | None) -> _Held:
    """Plots of recordings and of tables; what was left out on the way is told."""
    import pyarrow as pa

    from asman.apps.plots import gather, load_sensors
    from asman.apps.track import load
    from asman.sensing.discover import template

    known = load_sensors(sensors)
    made = [one for one in recordings if isinstance(one, pa.Table) or _is_table(one)]
    heard = [one for one in recordings if not (isinstance(one, pa.Table) or _is_table(one))]
    tables: list[pa.Table] = []
    unplaced, notes = "", list[str]()
    if heard:
        gathered = gather(heard, known or None, date=date)
        tables.append(gathered.plots)
        known = gathered.sensors
        notes += [f"recordings: {count:,} {reason}" for reason, count in gathered.ignored.items()]
        notes += [f"recordings: {gathered.dated}"] if gathered.dated else []
        if gathered.missing:
            who = ", ".join(f"SAC {one.sac}, SIC {one.sic}" for one in gathered.missing)
            notes.append(f"recordings: {who}: no site is known, so nothing of it is judged")
            unplaced = f"No site is known of {who}. Fill in this sensors.toml and name it with --sensors:\n\n"
            unplaced += template(gathered.missing)
    if made:
        plots, known = load(made, known or None, date)
        tables.append(plots)
    return _Held(pa.concat_tables(tables).unify_dictionaries(), known, unplaced, tuple(notes))


def _is_table(one: Any) -> bool:
    """Tell whether a path is of plots that were made before."""
    return isinstance(one, (str, Path)) and Path(one).suffix.lower() in (
        ".parquet",
        ".arrow",
        ".feather",
        ".csv",
    )


def _with_notes(report: Report, held: _Held) -> Report:
    from msgspec.structs import replace

    return replace(report, notes=(*report.notes, *held.notes))


def _own_tracks(
    held: _Held, plots: pa.Table, tracks: Any, date: str | None, settings: ScoreConfig
) -> pa.Table:
    """Tracks as given, else made of the plots: a picture at the instants at which it is judged."""
    if tracks is not None:
        from asman.apps.score_source import read_table

        return read_table(tracks, date=date)
    from asman.apps.track import run
    from asman.scoring.scene import EVERY_S

    made, _ = run(plots, held.sensors, every=settings.every_s or EVERY_S)
    return made


def _parted(plots: pa.Table, reference: str) -> tuple[pa.Table, pa.Table]:
    """Reports of the reference, and all others."""
    import pyarrow as pa

    from asman.sensing.arrow import pc

    detection = plots["detection"].cast(pa.string())
    mine = pc.fill_null(pc.equal(detection, reference), False)
    return plots.filter(mine), plots.filter(pc.invert(mine))


def _found(plots: pa.Table) -> str:
    """What there is, in words: 43,913 modes of barcelona, ..."""
    import pyarrow as pa

    pairs = pa.table(
        {"detection": plots["detection"].cast(pa.string()), "sensor": plots["sensor"].cast(pa.string())}
    )
    counted = pairs.group_by(["detection", "sensor"]).aggregate([([], "count_all")]).to_pylist()
    told = [f"{one['count_all']:,} {one['detection'] or 'unmarked'} of {one['sensor']}" for one in counted]
    return ", ".join(sorted(told)) or "no usable reports at all"


def _other_reference(plots: pa.Table, reference: str) -> str:
    other = next(kind for kind in KINDS if kind != reference)
    if _parted(plots, other)[0].num_rows:
        return f"Take --reference {other}, or name a recording of the same time that has {KINDS[reference]}."
    return f"Name a recording of the same time that has {KINDS[reference]} (CAT021 or CAT010, CAT020)."


def _refuse_nothing(plots: pa.Table, names: str) -> None:
    if not plots.num_rows:
        raise InputError(names, "holds no report to be judged", "`asman plots` tells why, record by record.")


def _judged(others: pa.Table, known: Sensors, *, given: bool) -> Sensors:
    """Sensors that made what is judged, if each has a site; of somebody's tracks all radars named."""
    from asman.model.sensor import RADAR_KINDS

    if given and not others.num_rows:
        return tuple(sensor for sensor in known if sensor.kind in RADAR_KINDS)
    ids = {str(name) for name in others["sensor"].unique().to_pylist()}
    sensors = tuple(sensor for sensor in known if sensor.id in ids)
    return sensors if len(sensors) == len(ids) else ()


def _filled(plots: pa.Table, known: Sensors) -> pa.Table:
    """A multilateration's accuracy as its sensor is said to have, where its reports do not say."""
    import pyarrow as pa

    from asman.sensing.arrow import pc

    usual = {sensor.id: sensor.sigma_range_m for sensor in known if sensor.kind == "mlat"}
    if not usual:
        return plots
    own = pa.array([usual.get(str(name)) for name in plots["sensor"].to_pylist()], pa.float64())
    place = plots.column_names.index("sigma_m")
    return plots.set_column(place, plots.schema.field("sigma_m"), pc.coalesce(plots["sigma_m"], own))
