"""`asman track` and `asman.track`: plots or recordings become tracks.

Given plots (Parquet, Arrow, CSV) it tracks them; anything else is a recording and is decoded first. Radar
plots need the sensors they came from; positions (ADS-B, multilateration) do not.
"""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click

from asman.apps.warm import prepare
from asman.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from asman.model.decoded import Decoded
    from asman.model.sensor import Sensors
    from asman.tracking import Tracker, TrackerConfig

Source: TypeAlias = "pa.Table | Decoded | str | Path"
Sources: TypeAlias = "Source | Sequence[Source]"
Given: TypeAlias = "Sensors | str | Path | None"
Tell = Callable[[float], None]

_TABLES: Final = (".parquet", ".arrow", ".feather", ".csv")
_OUTPUTS: Final = (".parquet", ".arrow", ".csv", ".geojson")
_ENDINGS: Final = ".parquet, .arrow, .csv, .geojson, or - for CSV on stdout"
#: Recorded time that one step of the tracker covers: progress is shown between steps.
_STEP_NS: Final = 60 * 10**9
#: A picture holds plots of a second at least.
_BEGINNING_NS: Final = 1_000_000_000


def track(
    plots: Sources,
    sensors: Given = None,
    *,
    every: float | None = None,
    origin: str | None = None,
    config: "TrackerConfig | None" = None,
    date: str | None = None,
) -> "pa.Table":
    """Make tracks of plots or recordings.

    plots    PLOTS, what `asman.decode` gave, a path, or several of these
    sensors  a sensors.toml, or sensors; needed for radar plots
    every    s: write all tracks at each whole multiple of it in UTC, predicted from the plots before; None
             writes a row at each plot of each track
    origin   member whose tracks these are; else the member of the first sensor
    config   thresholds of the tracker
    date     UTC day of a recording's first record, where its packets do not say it

    The table has the columns of TRACKS; its metadata `asman.counters` holds, as JSON, what was counted, and
    `asman.registration` what is known of each sensor's biases.
    Raises InputError when nothing can be tracked.
    """
    prepare()
    table, known = load(plots, sensors, date)
    tracks, tracker = run(table, known, every=every, origin=origin, config=config)
    return tracks.replace_schema_metadata(about(tracker))


def about(tracker: "Tracker") -> dict[str, str]:
    """What a table of tracks says of its making: `asman.counters` and `asman.registration`, as JSON."""
    import msgspec

    from asman.tracking import counters, registration

    return {
        "asman.counters": json.dumps(dict(counters(tracker))),
        "asman.registration": msgspec.json.encode(registration(tracker)).decode(),
    }


def load(source: Sources, sensors: Given, date: str | None = None) -> "tuple[pa.Table, Sensors]":
    """Plots and sensors of what the user gave. Raises InputError where radar plots lack their sensors."""
    import pyarrow as pa

    from asman.apps.plots import gather, load_sensors

    several: list[Any] = [source]
    if isinstance(source, Sequence) and not isinstance(source, str):
        several = list(source)
    known = load_sensors(sensors)
    tables: list[pa.Table] = []
    recordings: list[Any] = []
    for one in several:
        if isinstance(one, pa.Table):
            tables.append(as_plots(one, "plots"))
        elif isinstance(one, (str, Path)) and _is_table(Path(one)):
            tables.append(as_plots(read(Path(one)), str(one)))
        else:
            recordings.append(one)
    if recordings:
        gathered = gather(recordings, known or None, date=date)
        if gathered.missing and not gathered.plots.num_rows:
            from asman.apps.plots import plots

            plots(recordings, known or None, date=date)  # raises with the sensors.toml to fill
        tables.append(gathered.plots)
        known = gathered.sensors
    table = pa.concat_tables(tables).unify_dictionaries()
    refuse_strangers(table, known)
    return table, known


def _is_table(path: Path) -> bool:
    """Whether a file holds plots: by its ending, but for a CSV of Mode S messages, which is a recording."""
    if path.suffix.lower() not in _TABLES:
        return False
    if path.suffix.lower() != ".csv" or not path.is_file():
        return True
    from asman.wire.modes.recognise import SAMPLE, recognise

    with path.open("rb") as file:
        return not recognise(file.read(SAMPLE))


def read(path: Path) -> "pa.Table":
    """A table of plots from a file, by its ending."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.feather
    import pyarrow.parquet

    readers: dict[str, Callable[[Path], pa.Table]] = {
        ".parquet": pyarrow.parquet.read_table,
        ".csv": pyarrow.csv.read_csv,
    }
    try:
        return readers.get(path.suffix.lower(), pyarrow.feather.read_table)(path)
    except FileNotFoundError as error:
        raise InputError(str(path), "no such file") from error
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(str(path), f"cannot be read: {error}", "Make plots with `asman plots`.") from error


def as_plots(table: "pa.Table", name: str) -> "pa.Table":
    """`table` with the columns of PLOTS: types cast, what is absent null."""
    import pyarrow as pa

    from asman.model.plots import PLOTS

    for needed in ("time", "sensor"):
        if needed not in table.column_names:
            raise InputError(
                name, f"no column '{needed}': these are no plots", "`asman plots REC` makes some."
            )
    columns: list[Any] = []
    for field in PLOTS:
        if field.name not in table.column_names:
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        try:
            columns.append(table[field.name].cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InputError(
                f"{name}: {field.name}", f"needed {field.type}, there is {table[field.name].type}"
            ) from error
    return pa.Table.from_arrays(columns, schema=PLOTS)


def refuse_strangers(table: "pa.Table", known: "Sensors") -> None:
    """Raise InputError when all radar plots are of sensors whose site nobody told."""
    import pyarrow as pa

    ids = {sensor.id for sensor in known}
    radar = table.filter(table["range_m"].is_valid())
    met = {str(name) for name in radar["sensor"].cast(pa.string()).unique().to_pylist()}
    if met and not met & ids and radar.num_rows == table.num_rows:
        raise InputError(
            "sensors",
            f"the site of {', '.join(sorted(met))} is not known",
            "Radar plots need --sensors; `asman plots REC --template` prints a sensors.toml to fill.",
        )


def run(
    plots: "pa.Table",
    sensors: "Sensors",
    *,
    every: float | None = None,
    origin: str | None = None,
    config: "TrackerConfig | None" = None,
    tell: Tell = lambda _: None,
) -> "tuple[pa.Table, Tracker]":
    """Track a table of PLOTS; `tell` hears the share that is done, 0 to 1."""
    import numpy as np
    import pyarrow as pa

    from asman import tracking
    from asman.model.tracks import TRACKS

    if every is not None and not every > 0:
        raise InputError("--every", f"needed a number of seconds above 0, there is {every}")
    member = origin or (sensors[0].member if sensors else "XX")
    tracker = tracking.start(sensors, origin=member, config=config)
    plots = plots.filter(plots["time"].is_valid())
    times = plots["time"].cast(pa.int64()).to_numpy()
    order = np.argsort(times, kind="stable")
    plots, times = plots.take(pa.array(order)), times[order]
    tables = [TRACKS.empty_table()]
    done = 0
    for until_ns in _steps(times, every):
        end = int(np.searchsorted(times, until_ns))
        fresh = plots.slice(done, end - done)
        tracker = tracking.advance(tracker, fresh, until_ns, updates=every is None)
        tables.append(tracking.updates(tracker) if every is None else tracking.picture(tracker, until_ns))
        done = end
        tell(done / len(times))
    return pa.concat_tables(tables), tracker


def _steps(times: Any, every: float | None) -> Iterable[int]:
    """Times up to which the tracker goes at once: the whole multiples of `every`, or minutes."""
    if len(times) == 0:
        return []
    step = _STEP_NS if every is None else round(every * 1e9)
    # One past the last plot, so that it is used too.
    last = (int(times[-1]) // step + 1) * step
    # Stamps err: a plot a few milliseconds before the hour makes no picture of the hour.
    first = ((int(times[0]) + _BEGINNING_NS) // step + 1) * step
    return range(min(first, last), last + 1, step)


@click.command(
    "track",
    short_help="Plots or recordings to tracks.",
    epilog="For example: asman track capture.pcap --sensors sensors.toml --every 10 -o tracks.parquet",
)
@click.argument("sources", nargs=-1, required=True, metavar="PLOTS|REC...")
@click.option("--sensors", metavar="FILE", help="A sensors.toml: where the radars stand.")
@click.option(
    "--every", type=float, metavar="S", help="All tracks at each whole S seconds of UTC; else at each plot."
)
@click.option(
    "--date", metavar="YYYY-MM-DD", help="UTC day of the first record, where packets do not say it."
)
@click.option("--member", metavar="CC", help="Whose tracks these are.  [default: the first sensor's]")
@click.option("-o", "--output", default="-", metavar="FILE", help=f"{_ENDINGS}.  [default: -]")
def command(
    sources: tuple[str, ...],
    sensors: str | None,
    every: float | None,
    date: str | None,
    member: str | None,
    output: str,
) -> None:
    """Make tracks: who flies where, made of what sensors measured.

    PLOTS are what `asman plots` writes (Parquet, Arrow, CSV); any other file is taken for a recording.
    Tracks go to a file or to standard output, words to standard error.
    """
    if output != "-" and Path(output).suffix not in _OUTPUTS:
        raise InputError(f"-o {output}", "unknown ending", f"Known: {_ENDINGS}.")
    for source in sources:
        if not Path(source).is_file():
            raise InputError(source, "no such file")
    prepare()
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, highlight=False)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("reading", total=None)
        plots, known = load(sources, sensors, date)
        progress.update(bar, description="tracking", total=1.0)
        tracks, tracker = run(
            plots,
            known,
            every=every,
            origin=member,
            tell=lambda share: progress.update(bar, completed=share),
        )
    from asman.apps.tracks_out import summary, write

    for line in summary(tracks, tracker):
        console.print(line, soft_wrap=True)
    write(tracks.replace_schema_metadata(about(tracker)), output, sys.stdout.buffer)
