"""`asman plots` and `asman.plots`: recordings become plots.

The library's functions take what a program has (paths, decoded records, sensors); the command adds words: who
spoke, what was derived, what is missing and how to mend it. Plots go to a file or to stdout, words to stderr.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeAlias

import click
import msgspec

from asman.apps.days import day_in_name
from asman.errors import ConfigError, InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from asman.model.decoded import Decoded
    from asman.model.sensor import Sensors
    from asman.sensing.discover import Source

Recording: TypeAlias = "Decoded | str | Path"
Given: TypeAlias = "Sensors | str | Path | None"
Tell = Callable[[str], None]

_ENDINGS: Final = ".parquet, .arrow, .csv, or - for CSV on stdout"


class Gathered(msgspec.Struct, frozen=True):
    """What one or several recordings gave.

    plots     PLOTS, recording after recording
    services  SERVICES: north marks, sector crossings, status messages
    ignored   reason -> number of records that became neither
    sensors   those given and those derived
    derived   sources that became sensors without being given
    missing   sources that need a sensors.toml: their site is not known
    dated     where the day is from, in words; empty where packets say it
    rejected  how many stretches of octets could not be decoded
    """

    plots: pa.Table
    services: pa.Table
    ignored: dict[str, int]
    sensors: Sensors
    derived: tuple[Source, ...]
    missing: tuple[Source, ...]
    dated: str
    rejected: int = 0


def plots(
    source: Recording | Sequence[Recording], sensors: Given = None, *, date: datetime.date | str | None = None
) -> pa.Table:
    """Make plots of recordings.

    source   a path, what `asman.decode` gave, or several of these in the order of time
    sensors  a sensors.toml, or sensors; without them stations that report positions, and radars that tell
             their site, are derived
    date     UTC day of the first record, where the packets do not say it; else the day in the file's name,
             else 2000-01-01

    The table has the columns of PLOTS; its metadata `asman.ignored` holds, as JSON, why records became no
    plots. Raises InputError when nothing can be made of it: the message holds the sensors.toml
    to fill.
    """
    gathered = gather(source, sensors, date=date)
    if gathered.missing and not gathered.plots.num_rows:
        raise InputError("sensors", _asked(gathered.missing), _to_fill(gathered.missing))
    return gathered.plots.replace_schema_metadata({"asman.ignored": json.dumps(gathered.ignored)})


def gather(
    source: Recording | Sequence[Recording],
    sensors: Given = None,
    *,
    date: datetime.date | str | None = None,
    tell: Tell = lambda _: None,
) -> Gathered:
    """As `plots`, with everything that was found on the way; `tell` hears what is being done."""
    import pyarrow as pa

    from asman.apps.warm import prepare

    prepare()
    from asman.apps.decode import decode
    from asman.model.decoded import Decoded
    from asman.sensing.discover import discover
    from asman.sensing.plots import extract
    from asman.sensing.sensors_toml import pinned
    from asman.sensing.timeline import NO_DATE, TimelineState

    several = [source] if isinstance(source, (str, Path, Decoded)) else list(source)
    known = load_sensors(sensors)
    decoded: list[tuple[str, Decoded]] = []
    for one in several:
        if isinstance(one, Decoded):
            decoded.append(("decoded", one))
        else:
            tell(f"reading {Path(one).name}")
            decoded.append((Path(one).name, decode(one, editions=pinned(known))))
    _refuse_nothing(decoded)
    found = [discover(one, known, name) for name, one in decoded]
    derived = _once(source for one in found for source in one.derived)
    missing = _once(source for one in found for source in one.missing)
    missing = tuple(one for one in missing if one.id not in {other.id for other in derived})
    everyone = (*known, *(one.sensor() for one in derived))
    day, dated = _day(date, decoded)
    state, tables, told, ignored = TimelineState(), [], [], Counter[str]()
    for name, one in decoded:
        tell(f"extracting {name}")
        extracted, state = extract(one, everyone, state.reopened(), recording=name, date=day)
        tables.append(extracted.plots)
        told.append(extracted.services)
        ignored.update(extracted.ignored)
    return Gathered(
        plots=pa.concat_tables(tables).unify_dictionaries(),
        services=pa.concat_tables(told).unify_dictionaries(),
        ignored=dict(ignored),
        sensors=everyone,
        derived=derived,
        missing=missing,
        rejected=sum(one.rejected.num_rows for _, one in decoded),
        dated=dated
        or ("" if day is not None or _timed(decoded) else f"no day is known: plots are stamped {NO_DATE}"),
    )


def _refuse_nothing(decoded: Sequence[tuple[str, Decoded]]) -> None:
    """Raise InputError where nothing at all could be read, with the first reason why not."""
    if any(one.records for _, one in decoded):
        return
    for name, one in decoded:
        if one.rejected.num_rows:
            raise InputError(
                name,
                f"holds no record that could be read, as {one.framing}: {one.rejected['reason'][0].as_py()}",
                "`asman decode` says more; its `--framing` names how it is wrapped",
            )


def load_sensors(sensors: Given) -> Sensors:
    """Sensors as they are, or of a sensors.toml; none for None. Raises ConfigError."""
    from asman.sensing.sensors_toml import parse

    if sensors is None:
        return ()
    if isinstance(sensors, (str, Path)):
        path = Path(sensors)
        try:
            return parse(path.read_text(encoding="utf-8"), path.name)
        except FileNotFoundError as error:
            raise ConfigError(str(path), "no such file", "`asman plots REC --template` makes one.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(str(path), f"cannot be read: {error}") from error
    return tuple(sensors)


def _once(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Each source once, as it was met first."""
    first: dict[str, Source] = {}
    for source in sources:
        first.setdefault(source.id, source)
    return tuple(first.values())


def _timed(decoded: list[tuple[str, Decoded]]) -> bool:
    """Tell whether the packets of the first recording were timed."""
    tables = decoded[0][1].tables.values() if decoded else []
    return any("time" in table.column_names and table["time"].null_count < table.num_rows for table in tables)


def _day(
    date: datetime.date | str | None, decoded: list[tuple[str, Decoded]]
) -> tuple[datetime.date | None, str]:
    """The day of the first record, and in words where it is from, unless the user or the packets said it."""
    if isinstance(date, str):
        try:
            return datetime.date.fromisoformat(date), ""
        except ValueError as error:
            raise InputError("date", f"'{date}' is no day", "Write it as 2023-05-02.") from error
    if date is not None or not decoded or _timed(decoded):
        return date, ""
    name = decoded[0][0]
    day = day_in_name(name)
    return day, "" if day is None else f"the day {day} is taken from the name {name}"


def _asked(missing: Sequence[Source]) -> str:
    names = ", ".join(f"node {one.name}" if one.name else f"SAC {one.sac}, SIC {one.sic}" for one in missing)
    return f"no site is known for {len(missing)} radar{'s' if len(missing) > 1 else ''} ({names})"


def _to_fill(missing: Sequence[Source]) -> str:
    from asman.sensing.discover import template

    return "Fill in this sensors.toml and name it with --sensors:\n\n" + template(missing)


#: A paragraph that begins with a backspace keeps its lines.
_HELP: Final = """Make plots of recordings: time, sensor, position, codes, and where the octets are.

\b
asman plots capture.pcap --template > sensors.toml      who speaks here?
asman plots capture.pcap --sensors sensors.toml -o plots.parquet
"""


@click.command(help=_HELP, short_help="Recordings to plots.")
@click.argument("recordings", nargs=-1, required=True, metavar="REC...", type=click.Path(path_type=Path))
@click.option("--sensors", type=click.Path(path_type=Path), help="A sensors.toml.")
@click.option(
    "--date", metavar="YYYY-MM-DD", help="UTC day of the first record, where packets do not say it."
)
@click.option("-o", "--output", default="-", metavar="FILE", help=f"{_ENDINGS}.  [default: -]")
@click.option(
    "--template", "only_template", is_flag=True, help="Print a sensors.toml of all sources, and end."
)
def command(
    recordings: tuple[Path, ...], sensors: Path | None, date: str | None, output: str, only_template: bool
) -> None:
    """Check the options, gather, say what was found, and write."""
    if output != "-" and Path(output).suffix not in (".parquet", ".arrow", ".csv"):
        raise InputError(f"-o {output}", "unknown ending", f"Known: {_ENDINGS}.")
    for path in recordings:
        if not path.is_file():
            raise InputError(str(path), "no such file")
    if only_template:
        click.echo(_template(recordings), nl=False)
        return
    gathered = _with_progress(recordings, sensors, date)
    _summary(gathered)
    if gathered.missing and not gathered.plots.num_rows:
        raise InputError("sensors", _asked(gathered.missing), _to_fill(gathered.missing))
    if not gathered.plots.num_rows:
        raise InputError(", ".join(path.name for path in recordings), "gave no plot; the reasons stand above")
    write(gathered.plots, output)


def _template(recordings: Sequence[Path]) -> str:
    """A sensors.toml of everyone who speaks in recordings."""
    from asman.apps.warm import prepare

    prepare()
    from asman.apps.decode import decode
    from asman.sensing.discover import discover, template

    found = _once(source for path in recordings for source in discover(decode(path), (), path.name).sources)
    if not found:
        raise InputError(", ".join(map(str, recordings)), "holds no target report of any sensor")
    return template(found)


def _with_progress(recordings: tuple[Path, ...], sensors: Path | None, date: str | None) -> Gathered:
    """Gather, with a spinner that says what is being done where somebody looks."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("starting") as status:
        return gather(recordings, sensors, date=date, tell=status.update)


def write(table: pa.Table, output: str) -> None:
    """Write plots as the file's ending says; `-` is CSV on stdout."""
    import pyarrow.feather
    import pyarrow.parquet

    if output == "-":
        _csv(table, sys.stdout.buffer)
    elif output.endswith(".parquet"):
        pyarrow.parquet.write_table(table, output, compression="zstd")
    elif output.endswith(".arrow"):
        pyarrow.feather.write_feather(table, output, compression="zstd")
    else:
        with Path(output).open("wb") as file:
            _csv(table, file)


def _csv(table: pa.Table, file: IO[bytes]) -> None:
    """CSV as a spreadsheet reads it; dictionary columns as their words."""
    import pyarrow as pa
    import pyarrow.csv

    plain = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    pyarrow.csv.write_csv(table.cast(pa.schema(plain)), file)


def _summary(gathered: Gathered) -> None:
    """Say on stderr who gave what, what was ignored, and what to do about what is missing."""
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True, highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in ("sensor", "plots", "first", "last", "plots/s", "address", "altitude"):
        table.add_column(heading, no_wrap=True)
    for name, *row in _per_sensor(gathered.plots):
        table.add_row(name, *row)
    if table.row_count:
        console.print(table)
    for reason, count in sorted(gathered.ignored.items(), key=lambda item: -item[1]):
        console.print(f"ignored {count:,}: {reason}", soft_wrap=True)
    if gathered.rejected:
        console.print(
            f"not decoded: {gathered.rejected:,} stretches of octets; `asman decode` says which and why"
        )
    for source in gathered.derived:
        console.print(f"derived sensor {source.id}: site {source.site_from}", soft_wrap=True)
    if gathered.dated:
        console.print(f"{gathered.dated}; --date YYYY-MM-DD says another", soft_wrap=True)
    if gathered.missing and gathered.plots.num_rows:
        console.print(f"left out: {_asked(gathered.missing)}.", soft_wrap=True)
        console.print(_to_fill(gathered.missing), markup=False, soft_wrap=True)


def _per_sensor(table: pa.Table) -> list[tuple[str, ...]]:
    """Rows of the summary, a sensor each."""
    import pyarrow as pa

    from asman.sensing.arrow import pc

    names = table["sensor"].combine_chunks().cast(pa.string())
    rows: list[tuple[str, ...]] = []
    for name in pc.unique(names).to_pylist():
        some = table.filter(pc.equal(names, name))
        # Stamps of 1/128 s need nanoseconds, which Python's own datetime lacks.
        times = some["time"].cast(pa.timestamp("us", "UTC"), safe=False)
        first, last = pc.min(times).as_py(), pc.max(times).as_py()
        seconds = (last - first).total_seconds()
        rate = f"{some.num_rows / seconds:.1f}" if seconds else "-"
        share = [f"{1 - some[c].null_count / some.num_rows:.0%}" for c in ("address", "pressure_altitude_m")]
        stamps = [f"{first:%Y-%m-%d %H:%M:%S}", f"{last:%H:%M:%S}"]
        if first.date() != last.date():
            stamps[1] = f"{last:%Y-%m-%d %H:%M:%S}"
        rows.append((str(name), f"{some.num_rows:,}", *stamps, rate, *share))
    return sorted(rows)
