"""Which plots stand behind a track, for the person who asks: bounded, latest first forgotten last.

The tracker says at which instant each track was brought up to date; the plot of that instant, from one of
its sensors, is the one. Where a sensor has two plots at one instant (stamps come in 1/128 s), address and
code decide.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.model.explanation import Decision, Explanation
from asman.model.sensor import Sensors
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


def traced(explanation: Explanation, tables: Iterable[pa.Table], sensors: Sensors) -> Explanation:
    """Return the explanation with where the octets of its plots lie, as far as the tables say it.

    tables   columns of PLOTS that lead back to the octets
    sensors  whose prior biases of time were taken off the plots
    """
    wanted = np.array([one.time_s for one in explanation.decisions if one.sensor is not None])
    bias_ns = {sensor.id: round(sensor.bias.time_s * SECOND_NS) for sensor in sensors}
    by_plot: dict[tuple[float, str], list[dict[str, object]]] = {}
    for table in tables:
        names = table["sensor"].cast(pa.string()).to_pylist() if any(bias_ns.values()) else []
        late_ns = np.array([bias_ns.get(name, 0) for name in names] or 0)
        times_s = (table["time"].cast(pa.int64()).fill_null(0).to_numpy() - late_ns) / SECOND_NS
        hit = np.isin(times_s, wanted)
        rows = table.filter(pa.array(hit)).select(list(_COLUMNS[1:])).to_pylist() if hit.any() else []
        for time_s, row in zip(times_s[hit].tolist(), rows, strict=True):
            by_plot.setdefault((time_s, str(row["sensor"])), []).append(row)

    def told(decision: Decision) -> Decision:
        rows = by_plot.get((decision.time_s, decision.sensor or ""))
        if rows is None or decision.act == "missed":
            return decision
        plot = _likeliest(0, rows, decision.address, decision.mode_3a)
        return msgspec.structs.replace(decision, recording=plot.recording, offset=plot.offset)

    return msgspec.structs.replace(explanation, decisions=tuple(map(told, explanation.decisions)))
