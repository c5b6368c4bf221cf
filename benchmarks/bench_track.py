"""The tracker: plots a second on one core, the time of one step, and how near the truth it comes.

The sky is the one of the tracker's tests: exact WGS-84, rotating beams, noise, misses, false plots; a
quarter of the aircraft turn, a quarter climb. Figures are processor seconds, so that other work on the
machine counts less. The peer runs in an environment of its own; docs/explanation/tracking.md has its figures.
"""

import math
import resource
import time
from typing import Any

import numpy as np
import pyarrow as pa
from tests.tracking.judge import judge
from tests.tracking.sky import EPOCH_S, Sky, fly, observe, plots_table, radar

from asman import tracking
from asman.model.sensor import Sensor
from benchmarks.figure import figure

S = 10**9
STEP_NS = S // 4


def network(side: int, spacing_m: float) -> tuple[Sensor, ...]:
    """A square of radars of 4, 8 and 12 s around 43 N 75 E."""
    out: list[Sensor] = []
    for i in range(side * side):
        north, east = (i // side - (side - 1) / 2) * spacing_m, (i % side - (side - 1) / 2) * spacing_m
        lat = 43.0 + math.degrees(north / 6.371e6)
        lon = 75.0 + math.degrees(east / 6.371e6 / math.cos(math.radians(lat)))
        period = (4.0, 8.0, 12.0)[i % 3]
        out.append(radar(f"radar-{i:02d}", lat, lon, period_s=period, range_max_m=400_000.0))
    return tuple(out)


def world(
    count: int, sensors: tuple[Sensor, ...], spread_m: float, seconds: int, seed: int
) -> tuple[Sky, pa.Table, Any]:
    """A sky, its plots by time, and the aircraft behind each."""
    rng = np.random.default_rng(seed)
    sky = fly(rng, count, seconds, spread_m=spread_m)
    plots, truth = plots_table(
        [observe(rng, sky, sensor, seconds) for sensor in sensors], sky, identity="ssr"
    )
    return sky, plots, truth


def whole(plots: pa.Table, sensors: tuple[Sensor, ...], seconds: int) -> tuple[float, tracking.Tracker]:
    """Plots a processor second, from the table to the tracks, in one call."""
    tracker = tracking.start(sensors, origin="KG")
    began = time.process_time()
    tracker = tracking.advance(tracker, plots, (EPOCH_S + seconds) * S)
    return plots.num_rows / (time.process_time() - began), tracker


def stepwise(plots: pa.Table, sensors: tuple[Sensor, ...], seconds: int) -> np.ndarray:
    """Milliseconds of each quarter of a second, as a live node takes them, after the first half."""
    times = plots["time"].cast(pa.int64()).to_numpy()
    tracker = tracking.start(sensors, origin="KG")
    done, spent = 0, []
    for until in range(EPOCH_S * S + STEP_NS, (EPOCH_S + seconds) * S + 1, STEP_NS):
        end = int(np.searchsorted(times, until))
        began = time.process_time()
        tracker = tracking.advance(tracker, plots.slice(done, end - done), until)
        spent.append((time.process_time() - began) * 1e3)
        done = end
    return np.array(spent[len(spent) // 2 :])


def quality(
    sky: Sky, plots: pa.Table, truth: Any, sensors: tuple[Sensor, ...], seconds: int
) -> dict[str, float]:
    """Scores of the picture at whole tens of seconds."""
    times = plots["time"].cast(pa.int64()).to_numpy() / 1e9 - EPOCH_S
    seen: dict[int, tuple[float, float]] = {}
    for aircraft in np.unique(truth[truth >= 0]):
        own = times[truth == aircraft]
        if own.size > 3:
            seen[int(aircraft)] = (own[0] + 20.0, own[-1] + 10.0)
    tracker, tables, done = tracking.start(sensors, origin="KG"), [], 0
    for second in range(10, seconds + 1, 10):
        until = (EPOCH_S + second) * S
        end = int(np.searchsorted(times, second))
        tracker = tracking.advance(tracker, plots.slice(done, end - done), until)
        tables.append(tracking.picture(tracker, until, confirmed_only=True))
        done = end
    return judge(sky, pa.concat_tables(tables), 40.0, seen)


def run() -> list[dict[str, Any]]:
    """Two sizes of sky: a region under 9 radars, a continent under 64."""
    region = network(3, 150_000.0)
    sky, plots, truth = world(2_000, region, 300_000.0, 120, 1)
    whole(plots.slice(0, 1_000), region, 120)
    rate, _ = whole(plots, region, 120)
    score = quality(sky, plots, truth, region, 120)
    continent = network(8, 375_000.0)
    _, many, _ = world(20_000, continent, 1_500_000.0, 60, 2)
    rate_many, tracker = whole(many, continent, 60)
    steps = stepwise(many, continent, 60)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return [
        figure("track: 2,000 aircraft, 9 radars", rate, "plots/s/core", floor=1e5, target=2.5e5),
        figure("track: 20,000 aircraft, 64 radars", rate_many, "plots/s/core", floor=1e5, target=2.5e5),
        figure("track: a quarter second of 20,000 aircraft, median", float(np.median(steps)), "ms"),
        figure(
            "track: the same, 99th percentile", float(np.percentile(steps, 99)), "ms", floor=50.0, target=20.0
        ),
        figure("track: living tracks, 20,000 aircraft", tracking.counters(tracker)["alive"], "tracks"),
        figure("track: most memory, simulated sky included", resident, "MB"),
        figure("track: GOSPA, 2,000 aircraft, c = 2000 m", score["gospa_m"], "m"),
        figure("track: NEES, 2 degrees of freedom", score["nees"], "1", floor=2.4, target=2.2),
        figure("track: inside 95 %", score["inside_95"], "1", floor=0.93, target=0.94),
        figure("track: missed", score["missed"], "1", floor=0.006),
        figure("track: false", score["false"], "1", floor=0.005),
        figure("track: switches an hour and aircraft", score["switches_per_hour"], "1/h", floor=2.0),
    ]
