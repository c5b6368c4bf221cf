"""How fast an exercise is made: plots of all sensors with every effect on, and the continental data set.

Plots are timed in CPU seconds of one process, kernels compiled. The data set is what a user gets from
`asman simulate continental`: truth, plots with their index, the capture file, Beast files; wall clock and
memory of the command. No open tool makes multi-radar ASTERIX of a sky with these effects: there is no peer.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from asman import exercise
from asman.apps import warm
from asman.apps.scenarios import begin, find
from asman.model.sensor import RADAR_KINDS
from asman.wire.asterix.encode import encode
from benchmarks.figure import figure

SECOND_NS = 1_000_000_000
REPEATS = 3


def _rate(running: exercise.Exercise, seconds: int) -> float:
    """Plots a CPU second, best of some runs."""
    start = running.sky.begin_ns
    exercise.sweep(running, start, start + 20 * SECOND_NS)
    best = 0.0
    for _ in range(REPEATS):
        before = time.process_time()
        swept = exercise.sweep(running, start, start + seconds * SECOND_NS)
        best = max(best, swept.plots.num_rows / (time.process_time() - before))
    return best


def _live(running: exercise.Exercise) -> float:
    """CPU seconds of octets that a live second costs, made in steps of 100 ms."""
    start, step = running.sky.begin_ns + 60 * SECOND_NS, SECOND_NS // 10
    exercise.emissions(running, start, start + SECOND_NS, encode)
    before = time.process_time()
    for k in range(50):
        exercise.emissions(running, start + k * step, start + (k + 1) * step, encode)
    return (time.process_time() - before) / 5.0


def run() -> list[dict[str, Any]]:
    warm.prepare()
    kant = find("kant")
    radars = [one.id for one in kant.scenario.sensor if one.kind in RADAR_KINDS]
    figures = [
        figure(
            "simulated plots, kant with all sensors and effects", _rate(begin(kant), 600), "1/s/core",
            floor=300_000.0, target=1_000_000.0,
        ),
        figure(
            "simulated plots, kant with 2,000 aircraft", _rate(begin(kant, aircraft=2_000), 120), "1/s/core",
            floor=300_000.0, target=1_000_000.0,
        ),
        figure(f"live octets of kant, {len(radars)} radars: share of a core", _live(begin(kant)), "1"),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "asman.apps.main", "simulate", "continental", "-o", f"{folder}/out"]
        before = time.perf_counter()
        subprocess.run([*command, "--for", "600s"], check=True, capture_output=True)
        wall_s = time.perf_counter() - before
        octets = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    peak_gb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return [
        *figures,
        figure("continental data set, 20,000 aircraft, 64 radars, 600 s", wall_s, "s", floor=120.0),
        figure("continental data set, memory", peak_gb, "GB", floor=6.0),
        figure("continental data set, octets", octets / 1e9, "GB"),
    ]
