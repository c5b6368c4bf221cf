"""An explanation leaving the command: what the track is, a table of decisions, and each in words."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from asman.model.explanation import Decision, Explanation, Weight

if TYPE_CHECKING:
    import pyarrow as pa

_HEAD: Final = (
    "time UTC", "sensor", "what", "why", "d2", "log L", "gain", "place+alt+code+addr", "weight", "existence",
    "close",
)  # fmt: skip
_LEFT: Final = (0, 1, 2, 3, 10)


def ndjson(told: Explanation) -> str:
    """A decision a line."""
    return "".join(msgspec.json.encode(decision).decode() + "\n" for decision in told.decisions)


def lines(mine: "pa.Table", told: Explanation) -> list[str]:
    """Words and a table; `mine` is TRACKS, a row a plot of the track."""
    found = [*_who(mine), "", f"From {_time(told.begin_s)} to {_time(told.end_s)} UTC:", ""]
    if not told.decisions:
        return [*found, "Nothing happened to it: no plot came into question, none was due."]
    found += _table([_HEAD, *map(_row, told.decisions)])
    found += [
        "",
        "d2: squared Mahalanobis distance (99.9 % within 13.8). log L: log density of the place, 1/m2.",
        "gain: log odds against 'nobody known'; by place, altitude, Mode 3/A code, address.",
        "weight: of this track among all that could have the plot.",
        "",
    ]
    return found + [f"{_time(one.time_s)}  {one.text}{_where(one)}" for one in told.decisions]


def _who(mine: "pa.Table") -> list[str]:
    import pyarrow as pa

    last = mine.drop_columns(["time", "last_plot_time"]).slice(mine.num_rows - 1).to_pylist()[0]
    times = mine["time"].cast(pa.int64()).to_numpy() / 1e9
    shown = mine["confirmed"].to_numpy()
    marks = [
        "" if last["address"] is None else f"address {last['address']:06X}",
        "" if last["mode_3a"] is None else f"code {last['mode_3a']:04o}",
        f"callsign {last['callsign']}" if last["callsign"] else "",
    ]
    names = ", ".join(mark for mark in marks if mark) or "no codes"
    sensors = ", ".join(sorted({name for row in mine["contributors"].to_pylist() for name in row}))
    first = f"shown since {_time(float(times[shown.argmax()]))}" if shown.any() else "never shown"
    return [
        f"Track {last['track']}: {names}; {mine.num_rows:,} plots of {sensors or 'no sensor'}.",
        f"Its plots came from {_time(float(times[0]))} to {_time(float(times[-1]))}; {first}.",
    ]


def _row(decision: Decision) -> tuple[str, ...]:
    weight = decision.weight
    existence = decision.existence if decision.existence is not None else decision.existence_before
    return (
        _time(decision.time_s),
        decision.sensor or "",
        decision.act,
        decision.reason,
        "" if weight is None else f"{weight.distance2:.1f}",
        "" if weight is None else f"{weight.log_likelihood:.1f}",
        "" if weight is None or weight.gain is None else f"{weight.gain:.1f}",
        "" if weight is None else _parts(weight),
        "" if weight is None else f"{weight.share:.4f}",
        "" if existence is None else f"{existence:.4f}",
        _close(decision),
    )


def _parts(weight: Weight) -> str:
    place = "-" if weight.by_place is None else f"{weight.by_place:.1f}"
    return f"{place}{weight.by_altitude:+.1f}{weight.by_mode_3a:+.1f}{weight.by_address:+.1f}"


def _close(decision: Decision) -> str:
    if decision.act in ("absorbed", "merged", "lost", "shared") and decision.track is not None:
        return f"track {decision.track}"
    rivals = [f"track {one.track} ({one.weight.share:.4f})" for one in decision.rivals]
    return ", ".join([*rivals, *(f"plot at {_time(one.time_s)}" for one in decision.others)])


def _where(decision: Decision) -> str:
    if decision.offset is None:
        return ""
    return f" [octet {decision.offset:,} of {decision.recording}]"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return [
        "  ".join(
            cell.ljust(width) if column in _LEFT else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _time(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%H:%M:%S.%f")[:-3]
