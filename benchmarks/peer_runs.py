"""Runs of Asman and of its peer on one sky, each timed in processor seconds, and how they are judged."""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

import asman
from asman import tracking
from asman.model.sensor import Sensors
from asman.scoring.config import ScoreConfig
from asman.tracking import TrackerConfig
from benchmarks import peer_case
from benchmarks.peer_case import Case
from benchmarks.peers import python_of

STONESOUP: Final = "stonesoup==1.9.1"
SCORE: Final = ScoreConfig(settle_s=float(peer_case.SETTLE_S), every_s=float(peer_case.STEP_S))
PROGRAM: Final = Path(__file__).with_name("peer_stonesoup.py")


def constant_velocity(noise_m2ps3: float) -> TrackerConfig:
    """Our tracker without its models: all four are the same constant velocity."""
    return TrackerConfig(
        noise_low_m2ps3=noise_m2ps3,
        noise_turn_m2ps3=noise_m2ps3,
        noise_high_m2ps3=noise_m2ps3,
        turn_mps2=1e-9,
    )


def judged(case: Case, tracks: pa.Table, truth: pa.Table | None = None) -> dict[str, float]:
    """The figures of a picture."""
    report = asman.score(case.truth if truth is None else truth, tracks, SCORE)
    g, position = report.gospa, report.siap.position_m
    return {
        "gospa_m": g.per_target_m,
        "localisation_m": g.localisation_m or 0.0,
        "missed_m": g.missed_m or 0.0,
        "false_m": g.false_m or 0.0,
        "missed_share": g.missed_share,
        "false_share": g.false_share,
        "rms_m": next((e.rms for e in report.errors if e.name.startswith("position")), position or 0.0),
        "nees": report.nees[0].mean.mean if report.nees else float("nan"),
        "inside95": report.nees[0].inside95.mean if report.nees else float("nan"),
        "switches_per_hour": report.continuity.switches_per_hour,
        "targets": report.about.truth_places / max(report.about.instants, 1),
    }


def compiled(case: Case) -> None:
    """Run the tracker once on a little, so that no timing holds its compilation."""
    plots = peer_case.given(case, "mode_c").slice(0, 500)
    tracking.advance(tracking.start(case.sensors, origin="KG"), plots, int(peer_case.instants_ns(case)[0]))


def ours(
    case: Case, plots: pa.Table, sensors: Sensors | None = None, config: TrackerConfig | None = None,
    *, timed: bool = True, truth: pa.Table | None = None,
) -> dict[str, float]:  # fmt: skip
    """Asman: processor seconds of one call over all plots, and the score of its picture each 10 s."""
    known = case.sensors if sensors is None else sensors
    out: dict[str, float] = {"plots": plots.num_rows}
    end = int(peer_case.instants_ns(case)[-1])
    if timed:
        spent: list[float] = []
        for _ in range(3):
            tracker = tracking.start(known, origin="KG", config=config)
            began = time.process_time()
            tracking.advance(tracker, plots, end)
            spent.append(time.process_time() - began)
        out["cpu_s"] = float(np.median(spent))
    times = plots["time"].cast(pa.int64()).to_numpy()
    tracker, tables, done, stepped = tracking.start(known, origin="KG", config=config), [], 0, 0.0
    for until in peer_case.instants_ns(case).tolist():
        stop = int(np.searchsorted(times, until))
        began = time.process_time()
        tracker = tracking.advance(tracker, plots.slice(done, stop - done), until)
        stepped += time.process_time() - began
        tables.append(tracking.picture(tracker, until, confirmed_only=True))
        done = stop
    out["stepped_cpu_s"] = stepped
    return {**out, **judged(case, pa.concat_tables(tables), truth)}


def stone_soup(case: Case, plots: pa.Table, settings: dict[str, Any]) -> dict[str, float] | None:
    """The peer on the same plots; None where its environment cannot be made."""
    python = python_of("stonesoup", STONESOUP)
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "case.npz", **peer_case.for_peer(plots, case))
        (folder / "settings.json").write_text(json.dumps(settings))
        command = [
            str(python),
            str(PROGRAM),
            *(str(folder / n) for n in ("case.npz", "settings.json", "out.npz")),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PATH": "",
        })  # fmt: skip
        found = json.loads(done.stdout.splitlines()[-1])
        rows = np.load(folder / "out.npz")["rows"]
    return {**found, **judged(case, _tracks(case, rows))}


def _tracks(case: Case, rows: Any) -> pa.Table:
    """The peer's rows as a table of tracks."""
    lat, lon = peer_case.unplane(rows[:, 2], rows[:, 4])
    times = peer_case.instants_ns(case)[rows[:, 0].astype(int)]
    return pa.table(
        {
            "time": pa.array(times, pa.timestamp("ns", tz="UTC")), "track": rows[:, 1].astype(np.int64),
            "lat_deg": np.degrees(lat), "lon_deg": np.degrees(lon), "vn_mps": rows[:, 5],
            "ve_mps": rows[:, 3],
            "var_e_m2": rows[:, 6], "cov_en_m2": rows[:, 7], "var_n_m2": rows[:, 8],
        }
    )  # fmt: skip
