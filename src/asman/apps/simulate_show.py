"""What a person sees while a data set is made, and what was made."""

import time
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from asman.apps.simulate_batches import Batch, Wanted
from asman.apps.simulate_files import MANIFEST, Manifest


class Shown:
    """A bar on standard error: share of the exercise's time, plots so far and a second, time left."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._began_s = time.monotonic()
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("simulating"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=wanted.end_ns - wanted.begin_ns, said="")
        self.plots = 0
        self.took_s = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.took_s = time.monotonic() - self._began_s
        self._progress.stop()

    def __call__(self, batch: Batch) -> None:
        """Count a batch that is written."""
        self.plots += batch.plots.num_rows
        rate = self.plots / max(time.monotonic() - self._began_s, 1e-3)
        said = f"{self.plots:,} plots, {rate:,.0f}/s" if self._wanted.tables else ""
        self._progress.update(self._task, completed=batch.end_ns - self._wanted.begin_ns, said=said)


def summary(manifest: Manifest, folder: Path, told: Shown) -> None:
    """Say what was made."""
    console = Console(stderr=True, highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("file", no_wrap=True)
    for heading in ("rows", "octets"):
        table.add_column(heading, justify="right", no_wrap=True)
    texts = [file for file in manifest.files if file.rows is None]
    for file in manifest.files:
        if file.rows is not None:
            table.add_row(file.name, f"{file.rows:,}", f"{file.octets:,}")
    console.print(table)
    console.print(f"and {', '.join(file.name for file in texts)}, {MANIFEST}", soft_wrap=True)
    rate = f", {told.plots / max(told.took_s, 1e-3):,.0f} plots a second" if told.plots else ""
    what = f"{manifest.duration_s:,.0f} s of {manifest.airframes:,} airframes"
    console.print(f"{what} in {told.took_s:,.1f} s{rate}: {folder}", soft_wrap=True)
