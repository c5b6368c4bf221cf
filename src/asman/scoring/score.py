"""A picture against truth, from two tables to the report. Pure: no file, no clock, no chance."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import pyarrow as pa

from asman.errors import InputError
from asman.scoring.accuracy import Errors, error_figures, latency, measure_errors, nees_figures
from asman.scoring.columns import CODES, Rows, read_rows
from asman.scoring.config import ScoreConfig
from asman.scoring.gospa import measure_gospa, measure_t_gospa
from asman.scoring.groups import measure_groups
from asman.scoring.identity import measure_identity
from asman.scoring.report import About, Reference, Report
from asman.scoring.scene import Scene, make_scene
from asman.scoring.siap import measure_continuity, measure_siap
from asman.scoring.strangers import judgeable, only
from asman.scoring.verdicts import judge
from asman.scoring.worst import draw_sketch, find_ghosts, find_worst


def score_tables(
    truth: pa.Table,
    tracks: pa.Table,
    config: ScoreConfig,
    *,
    truth_name: str = "truth",
    tracks_name: str = "tracks",
    reference: Reference | None = None,
) -> Report:
    """Score a table of tracks (columns as in TRACKS) against a table of truth (columns as in TRUTH).

    Needed are `time`, `lat_deg`, `lon_deg`, and `aircraft` or `track`. The names stand in messages.
    `reference` is what is known of a truth that was recorded: it goes into the report.
    Raises InputError where columns are missing or wrong, or where the tables have no time in common.
    """
    true = read_rows(truth, "aircraft", truth_name)
    seen = read_rows(tracks, "track", tracks_name, confirmed_only=not config.unconfirmed)
    for rows, item in ((true, truth_name), (seen, tracks_name)):
        if not rows.time_ns.size:
            because = "; ".join(f"{count} {words}" for words, count in rows.counted)
            raise InputError(item, "nothing to judge is in it" + (f" ({because})" if because else ""))
    scene = make_scene(true, seen, config)
    if reference is not None and not config.reference.strangers_false:
        known = judgeable(scene, true, seen, config.cutoff_m, config.truth_gap_s)
        if known.report.any() and not known.report.all():
            reference = msgspec.structs.replace(
                reference, strangers=known.strangers, beyond=int((~known.report).sum())
            )
            seen = only(seen, known.report)
            scene = make_scene(true, seen, config)
    if not scene.judged.any():
        raise InputError(
            truth_name, "no aircraft is there at any instant", "Raise truth_gap_s, or check times."
        )
    errors = measure_errors(scene, true, seen, config)
    gospa, series = measure_gospa(scene, config)
    continuity = measure_continuity(scene)
    return Report(
        about=_about(scene, true, seen, config, _simulated(tracks)),
        notes=(*_notes(scene, true, seen, errors), *_said_of(reference)),
        gospa=gospa,
        t_gospa=measure_t_gospa(scene, config),
        continuity=continuity,
        siap=measure_siap(scene, errors, continuity),
        identity=measure_identity(scene, true, seen),
        errors=error_figures(errors),
        nees=nees_figures(errors),
        latency=latency(errors, config),
        requirements=judge(config.requirement, scene, true, seen, errors),
        groups=measure_groups(scene, true, seen, errors, config),
        worst=find_worst(scene, true, seen, errors, config),
        ghosts=find_ghosts(scene, seen),
        series=series,
        sketch=draw_sketch(scene),
        reference=reference,
    )


def _about(scene: Scene, truth: Rows, tracks: Rows, config: ScoreConfig, simulated: bool | None) -> About:
    times = scene.instants.time_ns
    places = int(scene.judged.sum())
    return About(
        begin=_iso(int(times[0])), end=_iso(int(times[-1])), instants=int(times.size),
        step_s=scene.instants.step_s, own_instants=scene.instants.own,
        aircraft=int(np.unique(scene.aircraft[scene.judged]).size), tracks=int(np.unique(scene.track).size),
        truth_hours=places * scene.instants.step_s / 3600.0, truth_places=places,
        reports=int(scene.track.size), cutoff_m=config.cutoff_m, order=config.order, alpha=config.alpha,
        switch_m=config.switch_m, simulated=simulated,
    )  # fmt: skip


def _iso(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


def _simulated(tracks: pa.Table) -> bool | None:
    """Whether any track says that it is simulated; None where there is no such column."""
    if "simulated" not in tracks.column_names or tracks.column("simulated").null_count == tracks.num_rows:
        return None
    return True in tracks.column("simulated").unique().to_pylist()


def _said_of(reference: Reference | None) -> tuple[str, ...]:
    """What was left out of a recorded truth, in words; the page shows it as a table."""
    if reference is None:
        return ()
    left = [
        f"reference: {one.count:,} left out, {one.step} ({one.limit})" for one in reference.steps if one.count
    ]
    return (f"reference: {reference.used:,} of {reference.reports:,} reports are the truth", *left)


def _notes(scene: Scene, truth: Rows, tracks: Rows, errors: Errors) -> tuple[str, ...]:
    notes = list(scene.instants.notes)
    notes += [f"truth: {count} {words}" for words, count in truth.counted]
    notes += [f"tracks: {count} {words}" for words, count in tracks.counted]
    unknown = int((~scene.judged).sum())
    if unknown:
        words = (
            "in gaps of the truth or not observable"
            if truth.observable is not None
            else "in gaps of the truth"
        )
        notes.append(f"{unknown} places {words} are not judged, nor is a track near them")
    if not np.isfinite(errors.nees).any():
        notes.append("NEES is not judged: tracks have no var_e_m2 and var_n_m2")
    elif np.isnan(covariance := tracks.number("cov_en_m2")).any():
        which = "tracks have no" if np.isnan(covariance).all() else "some reports of tracks have no"
        notes.append(f"NEES takes east and north as uncorrelated where {which} cov_en_m2")
    if not np.isfinite(errors.height_m).any():
        notes.append("height is not judged: truth and tracks do not both have altitude_m")
    elif "pressure_altitude_m" not in truth.numbers:
        notes.append(
            "height errors are pressure altitude (tracks) less geometric altitude (truth): the atmosphere's "
            "difference, hundreds of metres, is in them. Give truth a column pressure_altitude_m"
        )
    if not np.isfinite(errors.velocity_mps).any():
        notes.append("speed, course and velocity are not judged: tracks have no vn_mps and ve_mps")
    missing = [name for name in CODES if name not in truth.codes or name not in tracks.codes]
    if missing:
        notes.append("identity is not judged by " + ", ".join(missing) + ": not in both tables")
    if not errors.row.size:
        notes.append("no aircraft was followed at any instant: accuracy cannot be judged")
    return tuple(notes)
