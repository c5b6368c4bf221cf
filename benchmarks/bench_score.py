"""How fast a picture is scored: 20,000 aircraft at 60 instants, and the peer on a size that it can do.

The case is made from a seed: aircraft that fly straight over 3,000 x 3,000 km, tracks with 100 m of noise,
2 % missed, 2 % false, now and then a new number. The peer is Stone Soup's GOSPA metric, dense, on the same
places and the same instants, in an environment of its own: see tests/golden/make_scoring_stonesoup.py. Where
that environment is absent the figure stands without a peer.
"""

import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.figure import figure

HERE = Path(__file__).resolve().parent
PEER = HERE / ".peers/stonesoup/bin/python"
BEGIN_NS = 1_767_225_600_000_000_000
STEP_S = 10.0


def case(aircraft: int, instants: int, seed: int = 1) -> tuple[pa.Table, pa.Table]:
    """Truth every 5 s and tracks every 10 s, made from a seed."""
    chance = np.random.default_rng(seed)
    lat0, lon0 = chance.uniform(35.0, 60.0, aircraft), chance.uniform(55.0, 95.0, aircraft)
    speed, course = chance.uniform(80.0, 260.0, aircraft), chance.uniform(0.0, 2.0 * np.pi, aircraft)
    vn, ve = speed * np.cos(course), speed * np.sin(course)

    def places(seconds: Any, who: Any, north_m: Any = 0.0, east_m: Any = 0.0) -> tuple[Any, Any]:
        lat = lat0[who] + np.degrees((vn[who] * seconds + north_m) / 6_371_000.0)
        across = 6_371_000.0 * np.cos(np.radians(lat0[who]))
        return lat, lon0[who] + np.degrees((ve[who] * seconds + east_m) / across)

    who, k = (grid.ravel() for grid in np.meshgrid(np.arange(aircraft), np.arange(2 * instants - 1)))
    lat, lon = places(k * STEP_S / 2.0, who)
    truth = pa.table(
        {
            "time": _times(k * STEP_S / 2.0),
            "aircraft": who,
            "lat_deg": lat,
            "lon_deg": lon,
            "vn_mps": vn[who],
            "ve_mps": ve[who],
        }
    )
    who, k = (grid.ravel() for grid in np.meshgrid(np.arange(aircraft), np.arange(instants)))
    kept = chance.random(who.size) > 0.02
    who, k = who[kept], k[kept]
    lat, lon = places(k * STEP_S, who, chance.normal(0, 100.0, who.size), chance.normal(0, 100.0, who.size))
    number = who + aircraft * (k > chance.integers(0, 40 * instants, aircraft)[who])
    false = chance.random(who.size) < 0.02
    lat[false] += chance.normal(0, 0.5, int(false.sum()))
    variance = np.full(who.size, 1e4)
    tracks = pa.table(
        {
            "time": _times(k * STEP_S), "track": number, "lat_deg": lat, "lon_deg": lon, "vn_mps": vn[who],
            "ve_mps": ve[who], "var_e_m2": variance, "var_n_m2": variance,
        }
    )  # fmt: skip
    return truth, tracks


def _times(seconds: Any) -> pa.Array:
    return pa.array(BEGIN_NS + np.round(seconds * 1e9).astype(np.int64), pa.timestamp("ns", tz="UTC"))


_PEER = """
import json, math, sys, time
from datetime import datetime, timedelta
from stonesoup.metricgenerator.ospametric import GOSPAMetric
from stonesoup.types.state import State
begin = datetime(2026, 1, 1)
instants = json.load(open(sys.argv[1]))
states = [
    [[State(p, timestamp=begin + timedelta(seconds=k)) for p in one[kind]] for kind in ("tracks", "truth")]
    for k, one in enumerate(instants)
]
metric = GOSPAMetric(p=2, c=2000.0)
began = time.process_time()
total = sum(metric.compute_gospa_metric(*one)[0].value["distance"] ** 2 for one in states)
print(json.dumps({"s": time.process_time() - began, "total": total}))
"""


def peer(truth: pa.Table, tracks: pa.Table, instants: int) -> dict[str, float] | None:
    """Seconds and sum of GOSPA² of the peer on the same places; None where it is not installed."""
    if not PEER.is_file():
        print(f"score: no peer at {PEER.parent.parent}, left out")
        return None
    from asman.kernels.scoring_pictures import surface

    places: list[dict[str, Any]] = [{} for _ in range(instants)]
    for kind, table in (("truth", truth), ("tracks", tracks)):
        at = (table["time"].cast(pa.int64()).to_numpy() - BEGIN_NS) / 1e9 / STEP_S
        lat, lon = (np.radians(table[name].to_numpy()) for name in ("lat_deg", "lon_deg"))
        place = surface(lat, lon)
        for k in range(instants):
            places[k][kind] = place[at == k].tolist()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "places.json"
        file.write_text(json.dumps(places))
        done = subprocess.run([str(PEER), "-c", _PEER, str(file)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def ours(truth: pa.Table, tracks: pa.Table) -> tuple[float, Any]:
    """CPU seconds of the whole report, compiled before."""
    import asman

    began = time.process_time()
    report = asman.score(truth, tracks)
    return time.process_time() - began, report


def run() -> list[dict[str, Any]]:
    """Score a small case beside the peer, then the large one."""
    small = case(100, 20)
    ours(*small)  # compile
    seconds, report = ours(*small)
    found = [figure("scoring 100 aircraft x 20 instants, whole report", seconds, "CPU s")]
    other = peer(*small, 20)
    if other is not None:
        total = sum(g * g * n for g, n in zip(report.series.gospa_m, report.series.aircraft, strict=True))
        if abs(total - other["total"]) > 1e-6 * total:
            raise RuntimeError(f"GOSPA differs from the peer's: {total} against {other['total']}")
        found = [
            figure(
                "scoring 100 aircraft x 20 instants, whole report (peer: GOSPA alone)", seconds, "CPU s",
                peer="Stone Soup", peer_value=other["s"],
            )
        ]  # fmt: skip
    seconds, report = ours(*case(20_000, 60))
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    t = report.t_gospa
    return [
        *found,
        figure(
            "scoring 20,000 aircraft x 60 instants, whole report", seconds, "CPU s", floor=120.0, target=30.0
        ),
        figure("  peak memory of it", peak_gb, "GB", floor=6.0, target=3.0),
        figure("  gap of T-GOSPA to its bound", (t.per_target_m - t.lower_m) / t.per_target_m, "of T-GOSPA"),
    ]
