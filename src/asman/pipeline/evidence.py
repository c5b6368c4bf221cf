"""Which plots stand behind a track, for the person who asks: bounded, latest first forgotten last.

The tracker says at which instant each track was brought up to date; the plot of that instant, from one of
its sensors, is the one. Where a sensor has two plots at one instant (stamps come in 1/128 s), address and
code decide.
"""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.units import SECOND_NS

#: What is remembered in all.
PLOTS_KEPT: Final = 200_000
#: What is shown of one track.
PLOTS_SHOWN: Final = 20

_COLUMNS: Final = ("time", "sensor", "recording", "offset", "address", "mode_3a")


class Heard(NamedTuple):
    """One step's plots, and the tracks that were brought up to date.

    plots     columns of PLOTS that lead back to the octets
    track, time_ns, address, mode_3a  (U,)  an entry an update; address and code -1 where not known
    """

    plots: pa.Table
    track: NDArray[np.int64]
    time_ns: NDArray[np.int64]


Evidence = tuple[Heard, ...]


class Plot(NamedTuple):
    """A plot behind a track, and where its octets lie; null where nobody recorded them."""

    sensor: str
    time_s: float
    recording: str | None
    offset: int | None


def remember(evidence: Evidence, updates: pa.Table, plots: pa.Table) -> Evidence:
    """Return the evidence with one more step, without the oldest beyond PLOTS_KEPT."""
    if not plots.num_rows and not updates.num_rows:
        return evidence
    heard = Heard(
        plots.select(list(_COLUMNS)),
        updates["track"].to_numpy(),
        updates["last_plot_time"].cast(pa.int64()).to_numpy(),
    )
    kept = (*evidence, heard)
    total = sum(step.plots.num_rows for step in kept)
    while total > PLOTS_KEPT and len(kept) > 1:
        total -= kept[0].plots.num_rows
        kept = kept[1:]
    return kept


def behind(
    evidence: Evidence, track: int, sensors: list[str], address: int | None, mode_3a: int | None
) -> list[Plot]:
    """Return the latest plots of a track, oldest first, at most PLOTS_SHOWN."""
    times = np.concatenate([np.empty(0, np.int64), *(step.time_ns[step.track == track] for step in evidence)])
    times = np.unique(times)[-PLOTS_SHOWN:]
    if not len(times):
        return []
    by_time: dict[int, list[dict[str, object]]] = {}
    for step in evidence:
        instants = step.plots["time"].cast(pa.int64()).to_numpy()
        hit = np.isin(instants, times)
        rows = step.plots.filter(pa.array(hit)).drop_columns(["time"]).to_pylist() if hit.any() else []
        for instant, row in zip(instants[hit].tolist(), rows, strict=False):
            if row["sensor"] in sensors:
                by_time.setdefault(instant, []).append(row)
    return [_likeliest(instant, rows, address, mode_3a) for instant, rows in sorted(by_time.items())]


def _likeliest(instant: int, rows: list[dict[str, object]], address: int | None, mode_3a: int | None) -> Plot:
    def agreement(row: dict[str, object]) -> int:
        same_address = address is not None and row["address"] == address
        same_code = mode_3a is not None and row["mode_3a"] == mode_3a
        return 2 * same_address + same_code

    best = max(rows, key=agreement)
    recording, offset = best["recording"], best["offset"]
    return Plot(
        str(best["sensor"]),
        instant / SECOND_NS,
        None if recording is None else str(recording),
        None if offset is None else int(str(offset)),
    )
