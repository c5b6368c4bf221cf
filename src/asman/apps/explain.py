"""`asman explain` and `asman.explain`: why a track is what it is.

The plots are tracked as `asman track` does, which gives the same numbers and the same bits; then the time in
question is done once more with every decision told.
"""

import sys
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from asman.apps.warm import prepare
from asman.errors import InputError
from asman.units import SECOND_NS

if TYPE_CHECKING:
    import pyarrow as pa

    from asman.apps.track import Given, Sources
    from asman.model.explanation import Explanation
    from asman.tracking import TrackerConfig

#: How long before the moment in question is told, unless said otherwise.
SPAN_S: Final = 30.0
#: After a track's latest plot until it has surely ended.
TAIL_S: Final = 100.0


class Who(NamedTuple):
    """The track that is asked about, by one of these."""

    track: int | None = None
    address: int | None = None
    callsign: str | None = None

    def __str__(self) -> str:
        """Return it as the options say it."""
        if self.track is not None:
            return f"--track {self.track}"
        return f"--callsign {self.callsign}" if self.address is None else f"--address {self.address:06X}"


def explain(
    plots: "Sources",
    sensors: "Given" = None,
    *,
    track: int | None = None,
    address: int | None = None,
    callsign: str | None = None,
    at_s: float | None = None,
    span_s: float = SPAN_S,
    config: "TrackerConfig | None" = None,
    date: str | None = None,
) -> "Explanation":
    """Tell why a track is what it is: plots with their weights, and what else was close.

    plots    PLOTS, what `asman.decode` gave, a path, or several of these
    sensors  a sensors.toml, or sensors; needed for radar plots
    track, address, callsign  whose track; one of them. Of several the one with a plot nearest before `at_s`
    at_s     s  UTC epoch; None: until the track has ended
    span_s   s  how long before that; of the track's latest plot where `at_s` is None
    config   thresholds of the tracker
    date     UTC day of a recording's first record, where its packets do not say it

    Raises InputError when there is no such track.
    """
    prepare()
    _, told = find(plots, sensors, Who(track, address, callsign), at_s, span_s, config=config, date=date)
    return told


def find(
    sources: "Sources",
    sensors: "Given",
    who: Who,
    at_s: float | None,
    span_s: float,
    *,
    config: "TrackerConfig | None" = None,
    date: str | None = None,
) -> "tuple[pa.Table, Explanation]":
    """TRACKS, a row a plot, of the track that is asked about; and why it is what it is."""
    import pyarrow as pa

    from asman import tracking
    from asman.apps.track import load, run
    from asman.pipeline.evidence import traced

    plots, known = load(sources, sensors, date)
    tracks, _ = run(plots, known, config=config)
    number = _number(tracks, who, at_s)
    mine = tracks.filter(pa.array(tracks["track"].to_numpy() == number))
    latest_ns = int(mine["time"].cast(pa.int64()).to_numpy()[-1])
    end_ns = latest_ns + round(TAIL_S * SECOND_NS) if at_s is None else round((at_s + 1.0) * SECOND_NS)
    begin_ns = (latest_ns if at_s is None else end_ns) - round(span_s * SECOND_NS)
    told = tracking.explain_plots(plots, known, number, begin_ns, end_ns, config=config)
    return mine, traced(told, [plots], known)


def _number(tracks: "pa.Table", who: Who, at_s: float | None) -> int:
    """The number of the track that is asked about: of several the one with the latest plot until `at_s`."""
    import numpy as np
    import pyarrow as pa

    if sum(value is not None for value in who) != 1:
        raise InputError("--track", "needed one of --track, --address and --callsign")
    column, value = next((name, value) for name, value in who._asdict().items() if value is not None)
    wanted = value.upper() if isinstance(value, str) else value
    rows = tracks.filter(pa.array([value == wanted for value in tracks[column].to_pylist()], pa.bool_()))
    if not rows.num_rows:
        raise InputError(str(who), "there is no such track", _mend(tracks))
    times = rows["time"].cast(pa.int64()).to_numpy()
    until_ns = times[-1] if at_s is None else (at_s + 1.0) * SECOND_NS
    before = np.flatnonzero(times <= until_ns)
    return int(rows["track"].to_numpy()[before[-1] if before.size else 0])


def _mend(tracks: "pa.Table") -> str:
    """Which tracks there are."""
    import numpy as np

    numbers = np.unique(tracks["track"].to_numpy()[tracks["confirmed"].to_numpy()])
    if not numbers.size:
        return "These plots give no confirmed track at all."
    some = ", ".join(map(str, numbers[:5]))
    return f"{numbers.size} confirmed tracks, as {some}; `asman track` lists them."


def moment_s(text: str, first_ns: int | None = None) -> float:
    """A moment as UTC epoch seconds: ISO 8601, or a time of the day that `first_ns` lies in.

    Raises InputError when it is neither.
    """
    try:
        if "T" in text or " " in text.strip():
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        clock = time.fromisoformat(text.removesuffix("Z"))
    except ValueError as error:
        raise InputError(
            f"--at {text}", "is no moment", "As 2023-05-02T10:12:30Z, or 10:12:30 of the recording's day."
        ) from error
    day = datetime.fromtimestamp((first_ns or 0) / SECOND_NS, UTC).date()
    at_s = datetime.combine(day, clock, UTC).timestamp()
    # Beyond midnight it is the next day's.
    return at_s if first_ns is None or at_s >= first_ns / SECOND_NS - 1.0 else at_s + 86_400.0


class _Address(click.ParamType[int]):
    """24 bits, in hexadecimal."""

    name = "HEX"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it. Raises InputError."""
        try:
            address = value if isinstance(value, int) else int(value, 16)
        except ValueError:
            address = -1
        if not 0 <= address <= 0xFFFFFF:
            raise InputError(f"--address {value}", "needed six hexadecimal digits, as 4CA123")
        return address


@click.command(
    "explain",
    short_help="Why a track is what it is: plots, weights, what else was close.",
    epilog="For example: asman explain capture.pcap --sensors sensors.toml --callsign KZR123 --at 10:12:30",
)
@click.argument("sources", nargs=-1, required=True, metavar="PLOTS|REC...")
@click.option("--sensors", metavar="FILE", help="A sensors.toml: where the radars stand.")
@click.option("--track", type=int, metavar="N", help="The track's number, as `asman track` gives it.")
@click.option("--address", type=_Address(), help="Or its aircraft address.")
@click.option("--callsign", metavar="NAME", help="Or its callsign.")
@click.option("--at", metavar="TIME", help="ISO 8601 or HH:MM:SS, UTC.  [default: until the track ended]")
@click.option("--span", type=float, default=SPAN_S, show_default=True, metavar="S", help="Seconds before it.")
@click.option(
    "--date", metavar="YYYY-MM-DD", help="UTC day of the first record, where packets do not say it."
)
@click.option("--json", "as_json", is_flag=True, help="A decision a line, as NDJSON.")
def command(
    sources: tuple[str, ...],
    sensors: str | None,
    track: int | None,
    address: int | None,
    callsign: str | None,
    at: str | None,
    span: float,
    date: str | None,
    as_json: bool,
) -> None:
    """Tell why a track is what it is.

    For each plot: why the track got it, how far it lay from where it was expected (squared Mahalanobis
    distance), its likelihood, the log odds that it is this track's and by what, its weight among all that
    could have had it, and which tracks and plots were close. And what was missed, dropped, merged, ended.
    """
    for source in sources:
        if not Path(source).is_file():
            raise InputError(source, "no such file")
    if not span > 0.0:
        raise InputError("--span", f"needed a number of seconds above 0, there is {span:g}")
    prepare()
    from rich.console import Console

    from asman.apps.explain_out import lines, ndjson
    from asman.apps.track import load

    with Console(stderr=True).status("tracking"):
        plots, known = load(sources, sensors, date)
        at_s = None if at is None else moment_s(at, _first_ns(plots))
        mine, told = find(plots, known, Who(track, address, callsign), at_s, span)
    if as_json:
        sys.stdout.write(ndjson(told))
    else:
        sys.stdout.write("\n".join(lines(mine, told)) + "\n")


def _first_ns(plots: "pa.Table") -> int | None:
    import pyarrow as pa

    times = plots["time"].drop_null().cast(pa.int64()).to_numpy()
    return int(times.min()) if times.size else None
