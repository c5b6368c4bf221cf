"""Recorded flights as truth: every other report is truth, the others, with noise put on, are tracks.

The noise is known, so errors and NEES must come out as they were put in, over real turns, climbs and gaps.
"""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from asman.scoring.config import ScoreConfig
from asman.scoring.score import score_tables

SIGMA_M = 100.0
EARTH_M = 6_371_000.0


def cleaned(path: Path) -> dict[str, np.ndarray]:
    """Reports in order of aircraft and time, without repeated positions and impossible jumps."""
    rows = json.loads(gzip.decompress(path.read_bytes()))
    rows = [row for row in rows if row["latitude"] is not None and row["longitude"] is not None]
    names = sorted({row["icao24"] for row in rows})
    who = np.searchsorted(names, [row["icao24"] for row in rows])
    time = np.array([row["timestamp"] for row in rows], float) / 1000.0
    lat = np.array([row["latitude"] for row in rows], float)
    lon = np.array([row["longitude"] for row in rows], float)
    order = np.lexsort((time, who))
    who, time, lat, lon = who[order], time[order], lat[order], lon[order]
    for _ in range(3):  # a jump there and back leaves neighbours that a single pass would keep
        same = who[1:] == who[:-1]
        step = np.diff(time)
        way = EARTH_M * np.hypot(
            np.radians(np.diff(lat)), np.radians(np.diff(lon)) * np.cos(np.radians(lat[1:]))
        )
        wrong = same & ((step <= 0) | (way == 0.0) | (way > 350.0 * step))
        keep = np.concatenate([[True], ~wrong])
        who, time, lat, lon = who[keep], time[keep], lat[keep], lon[keep]
    return {"who": who, "time": time, "lat": lat, "lon": lon}


@pytest.mark.parametrize("name", ["zurich_airport", "quickstart"])
def test_noise_put_on_recorded_flights_is_measured_as_it_is(shared_data: Path, name: str):
    flown = cleaned(shared_data / f"trajectories/{name}.json.gz")
    flown = {key: values[flown["who"] < 60] for key, values in flown.items()}
    chance = np.random.default_rng(8)
    number = np.arange(flown["who"].size)
    true, seen = number % 2 == 0, number % 2 == 1
    truth = pa.table(
        {"time": flown["time"][true], "aircraft": flown["who"][true], "lat_deg": flown["lat"][true],
         "lon_deg": flown["lon"][true]}
    )  # fmt: skip
    count = int(seen.sum())
    east, north = chance.normal(0, SIGMA_M, (2, count))
    lat = flown["lat"][seen]
    variance = np.full(count, SIGMA_M**2)
    tracks = pa.table(
        {"time": flown["time"][seen], "track": flown["who"][seen],
         "lat_deg": lat + np.degrees(north / EARTH_M),
         "lon_deg": flown["lon"][seen] + np.degrees(east / EARTH_M / np.cos(np.radians(lat))),
         "var_e_m2": variance, "var_n_m2": variance}
    )  # fmt: skip
    report = score_tables(truth, tracks, ScoreConfig(hold_s=5.0, truth_gap_s=12.0, cutoff_m=1000.0))

    errors = {one.name: one for one in report.errors}
    nees = {one.name: one for one in report.nees}
    assert report.continuity.switches <= 2
    assert errors["horizontal position"].count > 500
    # Recorded positions are a second or so late at random: the sky's own noise is in it as well.
    assert errors["horizontal position"].median == pytest.approx(
        SIGMA_M * math.sqrt(2 * math.log(2)), rel=0.1
    )
    assert nees["all"].inside95.mean > 0.9
