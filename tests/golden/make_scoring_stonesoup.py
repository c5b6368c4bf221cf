"""Make scoring_stonesoup.json: GOSPA and OSPA of random scenes as Stone Soup computes them.

Stone Soup is a peer, no dependency. In an environment of its own:

    python3 -m venv benchmarks/.peers/stonesoup
    benchmarks/.peers/stonesoup/bin/pip install stonesoup==1.9.1
    benchmarks/.peers/stonesoup/bin/python tests/golden/make_scoring_stonesoup.py

Stone Soup's OSPA pairs by the sum of distances, not of their p-th powers: for p = 2 it is therefore not
always the least, as the definition has it. Both orders are kept; the test says what must hold of each.
"""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import stonesoup
from stonesoup.metricgenerator.ospametric import GOSPAMetric, OSPAMetric
from stonesoup.types.state import State

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CUTOFF_M = 2000.0


def ecef(lat_deg: float, lon_deg: float) -> list[float]:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    f = 1 / 298.257223563
    n = 6378137.0 / math.sqrt(1 - f * (2 - f) * math.sin(lat) ** 2)
    return [
        n * math.cos(lat) * math.cos(lon),
        n * math.cos(lat) * math.sin(lon),
        n * (1 - f) ** 2 * math.sin(lat),
    ]


def scene(seed: int) -> list[dict]:
    """Up to nine aircraft and eleven tracks within a few kilometres, at twelve instants."""
    chance = np.random.default_rng(seed)
    middle = [(43.0, 74.5), (0.0, 179.99), (-72.0, -30.0), (89.9, 20.0)][seed % 4]
    wide = 4000.0 / 6371000.0
    instants = []
    for k in range(12):
        places = []
        for most in (9, 11):
            count = int(chance.integers(0 if k else 1, most + 1))
            north, east = chance.normal(0, math.degrees(wide), (2, count))
            lat = np.minimum(middle[0] + north, 89.999)
            lon = middle[1] + east / np.cos(np.radians(lat))
            lon = (lon + 180.0) % 360.0 - 180.0
            places.append([[round(float(a), 9), round(float(b), 9)] for a, b in zip(lat, lon, strict=True)])
        if not places[0] and not places[1]:
            places[0] = [[middle[0], middle[1]]]
        instants.append({"truth": places[0], "tracks": places[1]})
    return instants


def judge(instant: dict, at: datetime) -> dict:
    truth = [State(ecef(*place), timestamp=at) for place in instant["truth"]]
    tracks = [State(ecef(*place), timestamp=at) for place in instant["tracks"]]
    found = {}
    for p in (1, 2):
        gospa, _ = GOSPAMetric(p=p, c=CUTOFF_M).compute_gospa_metric(tracks, truth)
        found[f"gospa{p}"] = {name: float(value) for name, value in gospa.value.items()}
        found[f"ospa{p}"] = float(OSPAMetric(p=p, c=CUTOFF_M).compute_OSPA_distance(tracks, truth).value)
    return found


def main() -> None:
    scenes = []
    for seed in range(12):
        instants = scene(seed)
        for k, one in enumerate(instants):
            one.update(judge(one, BEGIN + timedelta(seconds=10 * k)))
        scenes.append(instants)
    out = Path(__file__).with_name("scoring_stonesoup.json")
    out.write_text(
        json.dumps({"stonesoup": stonesoup.__version__, "cutoff_m": CUTOFF_M, "scenes": scenes}) + "\n"
    )
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
