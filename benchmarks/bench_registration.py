"""Registration: how near a network of radars with unknown biases comes to one without, after ten minutes.

Three networks: `biased`, with ADS-B to register against; the same without any position report, where radars
have each other alone; and `kant` with biases as large planted in it. The unbiased twin is the same sky with
the same seed. Ten minutes are left out of each score. GOSPA with c = 2000 m, p = 2, per root of aircraft.

    python -m benchmarks.bench_registration      the table of docs/explanation/registration.md
"""

import re
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import asman
from asman.scoring.config import ScoreConfig
from asman.tracking import TrackerConfig
from benchmarks.figure import figure

SETTLE_S = 600.0
SEEDS = (1, 2, 3)
#: Range m, azimuth deg, time s, gain: what nobody knows of the radars of `kant`.
KANT = {
    "KG-MANAS": (62.0, 0.08, 0.0, 2e-4),
    "KG-OSH": (-95.0, -0.11, 0.2, 0.0),
    "KG-KARAKOL": (48.0, 0.14, 0.0, 0.0),
    "RU-KANT": (-120.0, 0.06, -0.2, -3e-4),
    "RU-KANT-SSR": (-110.0, 0.07, -0.2, 0.0),
    "KZ-ALMATY": (85.0, -0.15, 0.0, 0.0),
    "KZ-TARAZ": (-40.0, 0.05, 0.2, 4e-4),
    "KZ-SHYMKENT": (110.0, -0.09, 0.0, 0.0),
}


def planted() -> str:
    """`kant` with these biases in place of its own."""
    text = (resources.files("asman.exercise") / "scenarios" / "kant.toml").read_text()
    text = re.sub(r"^(range_bias_m|azimuth_bias_deg) = .*\n", "", text, flags=re.MULTILINE)
    for sensor, (range_m, azimuth_deg, time_s, gain) in KANT.items():
        biases = (
            f"[effects.{sensor}]\nrange_bias_m = {range_m}\nazimuth_bias_deg = {azimuth_deg}\n"
            f"time_bias_s = {time_s}\nrange_gain = {gain}\n"
        )
        head = f"[effects.{sensor}]\n"
        text = (
            text.replace(head, biases)
            if head in text
            else text.replace("# --- Who comes", biases + "\n# --- Who comes", 1)
        )
    return text


def score(scenario: str, seed: int, *, biased: bool, registered: bool, reports: bool) -> dict[str, float]:
    """GOSPA, localisation, NEES and its share inside 95 % after ten minutes."""
    made = asman.simulate(
        scenario, seed=seed, truth_every_s=10.0, without=() if biased else ("bias", "clock")
    )
    plots = made.plots if reports else made.plots.filter(made.plots["range_m"].is_valid())
    config = TrackerConfig() if registered else TrackerConfig(registration_s=0.0)
    tracks = asman.track(plots, made.sensors, every=10.0, config=config)
    report = asman.score(made.truth, tracks, config=ScoreConfig(settle_s=SETTLE_S))
    nees = report.nees[0]
    return {
        "gospa_m": report.gospa.per_target_m,
        "rms_m": report.siap.position_m or 0.0,
        "nees": nees.mean.mean,
        "inside": nees.inside95.mean,
    }


def study(seeds: tuple[int, ...]) -> list[dict[str, Any]]:
    """A row for each network, seed and way of tracking."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        kant = Path(folder) / "kant-biased.toml"
        kant.write_text(planted())
        for name, scenario, reports in (
            ("biased", "biased", True),
            ("biased, radars alone", "biased", False),
            ("kant, biased", str(kant), True),
        ):
            for seed in seeds:
                for way, biased, registered in (
                    ("unbiased", False, False),
                    ("unbiased, registered", False, True),
                    ("biased", True, False),
                    ("biased, registered", True, True),
                ):
                    found = score(scenario, seed, biased=biased, registered=registered, reports=reports)
                    rows.append({"network": name, "seed": seed, "way": way, **found})
    return rows


def run() -> list[dict[str, Any]]:
    """GOSPA with unknown biases over that of the unbiased twin; the floor is an upper bound."""
    rows = study(SEEDS[:1])
    out: list[dict[str, Any]] = []
    for network in dict.fromkeys(row["network"] for row in rows):
        of = {row["way"]: row["gospa_m"] for row in rows if row["network"] == network}
        for way in ("biased", "biased, registered"):
            out.append(
                figure(
                    f"registration: GOSPA of {network}" + (", registered" if way != "biased" else ""),
                    of[way], "m", peer="no biases, no registration", peer_value=of["unbiased"],
                    floor=1.1 if way != "biased" else None, target=1.03 if way != "biased" else None,
                )
            )  # fmt: skip
    return out


def main() -> None:
    """Print the table of all seeds."""
    print("| network | seed | way | GOSPA m | RMS m | NEES | inside 95 % |\n|---|--:|---|--:|--:|--:|--:|")
    for row in study(SEEDS):
        print(
            f"| {row['network']} | {row['seed']} | {row['way']} | {row['gospa_m']:.1f} | {row['rms_m']:.1f} "
            f"| {row['nees']:.2f} | {100 * row['inside']:.1f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
