"""Run every benchmark and write benchmarks/results.json: `make bench`, or some by name.

    python -m benchmarks.run              all
    python -m benchmarks.run decode       one

A benchmark is a module `bench_<name>.py` with `run() -> list[figure]`. One that lacks its recordings says
so and is left out; nothing here asserts a time, because machines are noisy: read the ratio.
"""

import json
import os
import platform
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent


def shared_data() -> Path | None:
    """Return the folder of real recordings beside the project, or None."""
    folder = Path(os.environ.get("ASMAN_SHARED", HERE.parent.parent / "shared")) / "data"
    return folder if folder.is_dir() else None


def names() -> list[str]:
    """Name the benchmarks there are."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def show(figures: list[dict[str, Any]], console: Console) -> None:
    """Print the figures as a table, peers beside."""
    table = Table(title=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for column in ("figure", "value", "unit", "peer", "peer's value", "ratio", "floor", "target"):
        table.add_column(column, justify="left" if column in ("figure", "unit", "peer") else "right")
    for one in figures:
        keys = ("name", "value", "unit", "peer", "peer_value", "ratio", "floor", "target")
        table.add_row(*(_cell(one[key]) for key in keys))
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and abs(value) < 1000
        else (f"{value:,.0f}" if isinstance(value, int | float) else str(value))
    )


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, or all; write and print what they measured."""
    console = Console(width=160)
    unknown = [name for name in chosen if name not in names()]
    if unknown:
        console.print(f"no benchmark {unknown}: there are {', '.join(names())}")
        return 2
    figures: list[dict[str, Any]] = []
    for name in chosen or names():
        console.print(f"[bold]{name}[/bold] ...")
        figures += import_module(f"benchmarks.bench_{name}").run()
    (HERE / "results.json").write_text(json.dumps(_kept(figures, everything=not chosen), indent=1) + "\n")
    show(figures, console)
    return 0


def _kept(figures: list[dict[str, Any]], *, everything: bool) -> list[dict[str, Any]]:
    """What is written: the new figures, and former ones that were not measured again."""
    path = HERE / "results.json"
    if everything or not path.is_file():
        return figures
    fresh = {one["name"]: one for one in figures}
    former: list[dict[str, Any]] = json.loads(path.read_text())
    return [fresh.pop(one["name"], one) for one in former] + list(fresh.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
