"""How well heights and climb rates are known: errors of tracks against the truth of exercises.

Tracks with a pressure altitude are held against what a perfect encoder would have said and how that changed;
tracks without one, and every geometric altitude, against the height above the ellipsoid. Level and climbing
aircraft are judged apart: stair steps show in level flight, lag shows where a climb begins and ends.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.spatial import KDTree

from asman import tracking
from asman.apps import warm
from asman.apps.plots import load_sensors
from benchmarks.figure import figure

S: Final = 10**9
EVERY_S: Final = 4
BEGIN_S: Final = 60
NEAR_M: Final = 1_500.0
#: Slower is level, faster climbs; between lie the turns from one to the other.
LEVEL_MPS: Final = 0.3
CLIMBS_MPS: Final = 2.0


def make(scenario: str, folder: Path, *options: str) -> Path:
    """The data set of a shipped scenario, with truth each second."""
    out = folder / scenario
    subprocess.run(
        [
            *(sys.executable, "-m", "asman.apps.main", "simulate", scenario, "-o", str(out)),
            *("--format", "parquet", "--truth-every", "1", "--begin", "2026-06-01T04:00:00Z", *options),
        ],
        check=True,
        capture_output=True,
    )
    return out


def _table(table: pa.Table, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: table[name].to_numpy(zero_copy_only=False) for name in names if name in table.column_names}


def _ecef(lat_deg: Any, lon_deg: Any) -> Any:
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    return 6_371_000.0 * np.stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1
    )


def pairs(folder: Path) -> dict[str, Any]:
    """Every confirmed track each few seconds with the aircraft nearest to it: columns of both."""
    plots = pq.read_table(folder / "plots.parquet")
    true = pq.read_table(folder / "truth.parquet")
    truth = _table(true, ("lat_deg", "lon_deg", "altitude_m", "vu_mps", "pressure_altitude_m", "aircraft"))
    truth_ns = true["time"].cast(pa.int64()).to_numpy()
    truth["address"] = true["address"].fill_null(-1).to_numpy()
    truth["mode_3a"] = true["mode_3a"].fill_null(-1).to_numpy()
    at = {(int(a), int(t)): i for i, (a, t) in enumerate(zip(truth["aircraft"], truth_ns, strict=True))}
    times = plots["time"].cast(pa.int64()).to_numpy()
    order = np.argsort(times, kind="stable")
    plots, times = plots.take(pa.array(order)), times[order]
    tracker, done, parts = tracking.start(load_sensors(folder / "sensors.toml"), origin="XX"), 0, []
    first = (int(truth_ns.min()) // (EVERY_S * S) + BEGIN_S // EVERY_S) * EVERY_S * S
    names = ("lat_deg", "lon_deg", "altitude_m", "climb_mps", "geometric_altitude_m", "altitude_sigma_m",
             "geometric_sigma_m")  # fmt: skip
    for until in range(first, int(truth_ns.max()) - S, EVERY_S * S):
        end = int(np.searchsorted(times, until))
        tracker = tracking.advance(tracker, plots.slice(done, end - done), until)
        done = end
        shown = tracking.picture(tracker, until, confirmed_only=True)
        own = _table(shown, names)
        rows = np.flatnonzero(truth_ns == until)
        if not rows.size or not shown.num_rows:
            continue
        near = KDTree(_ecef(truth["lat_deg"][rows], truth["lon_deg"][rows]))
        far, which = near.query(_ecef(own["lat_deg"], own["lon_deg"]), k=1)
        good = np.asarray(far) < NEAR_M
        matched = rows[np.asarray(which)[good]]
        part = {name: values[good] for name, values in own.items()}
        part |= {f"true_{name}": column[matched] for name, column in truth.items()}
        # What the pressure altitude does, from a second before to a second after.
        whose = truth["aircraft"][matched]
        before = [at.get((int(a), until - S), i) for a, i in zip(whose, matched, strict=True)]
        after = [at.get((int(a), until + S), i) for a, i in zip(whose, matched, strict=True)]
        seconds = (truth_ns[after] - truth_ns[before]) / S
        rise = truth["pressure_altitude_m"][after] - truth["pressure_altitude_m"][before]
        part["true_climb"] = rise / np.where(seconds > 0, seconds, np.nan)
        part["second"] = np.full(matched.size, until // S)
        part["distance"] = np.asarray(far)[good]
        for code in ("address", "mode_3a"):
            part[code] = shown[code].fill_null(-1).to_numpy()[good]
        parts.append(part)
    counts = dict(tracking.counters(tracker))
    return {
        key: np.concatenate([part[key] for part in parts]) for key in parts[0]
    } | {"counted": counts}  # fmt: skip


def rms(values: Any) -> float:
    values = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else float("nan")


def score(p: dict[str, Any]) -> dict[str, float]:
    """Errors by kind; names carry their units."""
    climb, rate = p["true_climb"], p["climb_mps"]
    height = p["altitude_m"] - p["true_pressure_altitude_m"]
    out: dict[str, float] = {}
    coded = np.isfinite(p["altitude_m"]) & (np.abs(height) < 3_000.0)
    for name, rows in (
        ("Mode S", coded & (p["true_address"] >= 0) & (p["address"] == p["true_address"])),
        (
            "Mode C",
            coded & (p["true_address"] < 0) & (p["true_mode_3a"] >= 0) & (p["mode_3a"] == p["true_mode_3a"]),
        ),
    ):
        level, climbs = rows & (np.abs(climb) < LEVEL_MPS), rows & (np.abs(climb) > CLIMBS_MPS)
        out[f"{name}, level: altitude m"] = rms(height[level])
        out[f"{name}, level: climb m/s"] = rms(rate[level])
        out[f"{name}, level: climb beyond 2 m/s, share"] = float(np.mean(np.abs(rate[level]) > 2.0))
        out[f"{name}, climbing: altitude m"] = rms(height[climbs])
        out[f"{name}, climbing: climb m/s"] = rms((rate - climb)[climbs])
        out[f"{name}, all: altitude m"] = rms(height[rows])
        out[f"{name}, all: climb m/s"] = rms((rate - climb)[rows])
        out[f"{name}: wrong by over 150 m, share"] = float(np.mean(np.abs(height[rows]) > 150.0))
        if "altitude_sigma_m" in p:
            z = height[rows] / p["altitude_sigma_m"][rows]
            out[f"{name}: inside 95 %"] = float(np.mean(np.abs(z) < 1.96))
        out[f"{name}: rows"] = float(rows.sum())
    out["position m"] = rms(p["distance"])
    if "geometric_altitude_m" in p:
        geometric = p["geometric_altitude_m"] - p["true_altitude_m"]
        for name, rows in (
            ("geometric, with pressure altitude", coded & np.isfinite(geometric)),
            ("geometric, without", ~np.isfinite(p["altitude_m"]) & np.isfinite(geometric)),
        ):
            out[f"{name}: m"] = rms(geometric[rows])
            out[f"{name}: median m"] = float(np.median(np.abs(geometric[rows]))) if rows.any() else np.nan
            z = geometric[rows] / p["geometric_sigma_m"][rows]
            out[f"{name}: inside 95 %"] = float(np.mean(np.abs(z) < 1.96)) if rows.any() else np.nan
            out[f"{name}: sigma m"] = rms(p["geometric_sigma_m"][rows])
            out[f"{name}: rows"] = float(rows.sum())
    return out


def run() -> list[dict[str, Any]]:
    """Kant with everything, and dense traffic whose replies garble."""
    warm.prepare()
    figures: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as where:
        for scenario, options in (("kant", ()), ("dense", ("--for", "6m", "--aircraft", "800"))):
            for name, value in score(pairs(make(scenario, Path(where), *options))).items():
                figures.append(figure(f"altitude, {scenario}: {name}", value, name.split()[-1]))
    return figures
