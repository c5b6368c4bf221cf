"""The comparison as a page: tables and a picture, out of benchmarks/results_peer.json.

python -m benchmarks.peer_page        writes docs/explanation/benchmark.md and its picture
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.peer_study import RESULTS, SWEEP, TUNED

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "explanation" / "benchmark.md"
PICTURE: Final = ROOT / "docs" / "images" / "benchmark-gospa.svg"
#: Two-sided 95 % quantiles of Student's t by degrees of freedom; 1.96 beyond.
T95: Final = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 9: 2.26, 14: 2.14, 19: 2.09}

Row = dict[str, Any]


def rows_of(rows: list[Row], what: str, aircraft: int) -> dict[int, Row]:
    """Rows of one run, by seed."""
    return {row["seed"]: row for row in rows if row["what"] == what and row["aircraft"] == aircraft}


def interval(values: list[float]) -> tuple[float, float]:
    """Mean and half the width of its 95 % interval."""
    array = np.array(values)
    if array.size < 2:
        return float(array.mean()), float("nan")
    return float(array.mean()), float(T95.get(array.size - 1, 2.0) * array.std(ddof=1) / np.sqrt(array.size))


def told(values: list[float], digits: int = 0) -> str:
    """A mean with its interval, as words."""
    mean, half = interval(values)
    return f"{mean:,.{digits}f}" + ("" if np.isnan(half) else f" ± {half:,.{digits}f}")


def table_of(rows: list[Row], aircraft: int) -> str:
    """All runs of one size of sky."""
    names = list(dict.fromkeys(r["what"] for r in rows if r["aircraft"] == aircraft and r["what"] != "sweep"))
    best = rows_of(rows, "peer gnn", aircraft)
    lines = [
        "| run | seeds | GOSPA m | less than the peer's GNN, paired, m "
        "| localisation, missed, false m | NEES | inside 95 % | switches/h | plots per CPU second |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name in names:
        mine = rows_of(rows, name, aircraft)
        paired = [best[s]["gospa_m"] - row["gospa_m"] for s, row in mine.items() if s in best]
        speeds = [row["plots"] / row["cpu_s"] for row in mine.values() if "cpu_s" in row]
        mean = {
            key: float(np.mean([row[key] for row in mine.values()]))
            for key in ("localisation_m", "missed_m", "false_m", "nees", "inside95", "switches_per_hour")
        }
        lines.append(
            f"| {name} | {len(mine)} | {told([r['gospa_m'] for r in mine.values()])} "
            f"| {told(paired) if paired and name != 'peer gnn' else ''} "
            f"| {mean['localisation_m']:.0f}, {mean['missed_m']:.0f}, {mean['false_m']:.0f} "
            f"| {mean['nees']:.2f} | {mean['inside95']:.1%} | {mean['switches_per_hour']:.1f} "
            f"| {told(speeds) if speeds else ''} |"
        )
    return "\n".join(lines)


def ratios(rows: list[Row], aircraft: int) -> str:
    """A sentence: our GOSPA and speed over the peer's, on the same seeds."""
    ours, peer = rows_of(rows, "asman", aircraft), rows_of(rows, "peer gnn", aircraft)
    both = sorted(set(ours) & set(peer))
    g = [ours[s]["gospa_m"] / peer[s]["gospa_m"] for s in both]
    v = [ours[s]["plots"] / ours[s]["cpu_s"] / (peer[s]["plots"] / peer[s]["cpu_s"]) for s in both]
    return (
        f"{aircraft} aircraft, {len(both)} seeds: GOSPA {told(g, 2)} of the peer's, "
        f"{told(v)} times its plots per processor second."
    )


def sweep_of(rows: list[Row]) -> str:
    """The sweep of the peer's settings, each step at the best of those before it."""
    lines = ["| setting | values and their GOSPA m, mean of seeds 101 and 102 |", "|---|---|"]
    for step, (name, values) in enumerate(SWEEP):
        cells: list[str] = []
        for value in values:
            found = [
                r["gospa_m"] for r in rows if r["what"] == "sweep" and r["step"] == step and r[name] == value
            ]
            if found:
                cells.append(f"{value:g}: {np.mean(found):.0f}")
        lines.append(f"| `{name}` | {', '.join(cells)} |")
    return "\n".join(lines)


def picture(rows: list[Row], aircraft: int) -> str:
    """GOSPA of each seed, ours and the peer's joined by a line, and the bound of an oracle."""
    ours, peer, oracle = (rows_of(rows, n, aircraft) for n in ("asman", "peer gnn", "asman, oracle"))
    seeds = sorted(set(ours) & set(peer) & set(oracle))
    top = 1.1 * max(peer[s]["gospa_m"] for s in seeds)
    wide, high, left, low = 760, 320, 60, 30

    def x(i: int) -> float:
        return left + (i + 0.5) * (wide - left - 10) / len(seeds)

    def y(value: float) -> float:
        return high - low - value / top * (high - low - 24)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{wide}" height="{high}" fill="white"/>',
    ]
    for value in range(0, int(top), 100):
        out.append(
            f'<line x1="{left}" x2="{wide - 10}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>'
        )
        out.append(f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value}</text>')
    for i, seed in enumerate(seeds):
        a, b, c = y(ours[seed]["gospa_m"]), y(peer[seed]["gospa_m"]), y(oracle[seed]["gospa_m"])
        out.append(f'<line x1="{x(i):.1f}" x2="{x(i):.1f}" y1="{a:.1f}" y2="{b:.1f}" stroke="#999"/>')
        out.append(f'<circle cx="{x(i):.1f}" cy="{b:.1f}" r="4" fill="#b5501b"/>')
        out.append(f'<circle cx="{x(i):.1f}" cy="{a:.1f}" r="4" fill="#1b5fb5"/>')
        out.append(
            f'<line x1="{x(i) - 6:.1f}" x2="{x(i) + 6:.1f}" y1="{c:.1f}" y2="{c:.1f}" '
            'stroke="#2a7d2a" stroke-width="2"/>'
        )
        out.append(f'<text x="{x(i):.1f}" y="{high - 12}" text-anchor="middle">{seed}</text>')
    for k, (colour, name) in enumerate(
        (
            ("#b5501b", "Stone Soup GNN, tuned"),
            ("#1b5fb5", "Asman"),
            ("#2a7d2a", "Asman, told whose each plot is"),
        )
    ):
        out.append(f'<circle cx="{left + 20 + 210 * k}" cy="12" r="4" fill="{colour}"/>')
        out.append(f'<text x="{left + 30 + 210 * k}" y="16">{name}</text>')
    out.append(
        f'<text x="14" y="{high / 2}" transform="rotate(-90 14 {high / 2})" '
        'text-anchor="middle">GOSPA m</text>'
    )
    return "\n".join([*out, "</svg>"]) + "\n"


def page(rows: list[Row]) -> str:
    """The page."""
    sizes = sorted({r["aircraft"] for r in rows if r["what"] == "asman"})
    text = (Path(__file__).with_name("peer_page.md")).read_text()
    tables = "\n\n".join(f"### {n} aircraft\n\n{table_of(rows, n)}" for n in sizes)
    tuned = ", ".join(f"`{k}` {v}" for k, v in TUNED.items() if k not in ("kind", "slot_s"))
    return (
        text.replace("{ratios}", "\n".join(f"- {ratios(rows, n)}" for n in sizes))
        .replace("{tables}", tables)
        .replace("{sweep}", sweep_of(rows))
        .replace("{tuned}", tuned)
    )


def main() -> None:
    """Write page and picture."""
    rows = json.loads(RESULTS.read_text())
    PICTURE.write_text(picture(rows, 100))
    PAGE.write_text(page(rows))
    print(f"{PAGE}\n{PICTURE}")


if __name__ == "__main__":
    main()
