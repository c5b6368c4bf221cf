"""Asman beside Stone Soup's GNN on the very same plots: plots a processor second, and GOSPA.

One seed and two sizes, so that it ends in minutes; benchmarks/peer_study.py has sweeps, seeds and ablations.
Both are given Mode C and no code or address. Floor: 150 times the speed, at 0.90 of the GOSPA.
"""

from typing import Any

from benchmarks import peer_case, peer_runs
from benchmarks.figure import figure
from benchmarks.peer_study import TUNED


def run() -> list[dict[str, Any]]:
    """100 and 400 aircraft, peer beside; without the peer where it cannot be installed."""
    found: list[dict[str, Any]] = []
    for aircraft in (100, 400):
        case = peer_case.make(aircraft, 1)
        plots = peer_case.given(case, "mode_c")
        peer_runs.compiled(case)
        own, other = peer_runs.ours(case, plots), peer_runs.stone_soup(case, plots, TUNED)
        rate = own["plots"] / own["cpu_s"]
        if other is None:
            found.append(figure(f"peer: {aircraft} aircraft", rate, "plots/s/core"))
            found.append(figure("  GOSPA, c = 2000 m", own["gospa_m"], "m"))
            continue
        slow = other["plots"] / other["cpu_s"]
        name = "Stone Soup GNN"
        found.append(
            figure(
                f"peer: {aircraft} aircraft", rate, "plots/s/core", peer=name, peer_value=slow,
                floor=150.0 * slow, target=500.0 * slow,
            )
        )  # fmt: skip
        found.append(
            figure(
                "  GOSPA, c = 2000 m", own["gospa_m"], "m", peer=name, peer_value=other["gospa_m"],
                floor=0.9 * other["gospa_m"], target=0.8 * other["gospa_m"],
            )
        )  # fmt: skip
    return found
