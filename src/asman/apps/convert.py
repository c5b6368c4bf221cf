"""`asman convert`: tracks or plots in the forms that other programs read.

For the member's own use: nothing here asks an agreement. What goes to a partner goes through the release
guard (`asman agreement dry-run` shows what would).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from asman.apps.encode import write
from asman.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from asman.model.sensor import Sensors
    from asman.wire.asterix.from_tracks import Source


class Converted(NamedTuple):
    """Octets in another form, and rows that are not in them, with the reason."""

    octets: bytes
    left_out: dict[str, int]


def to_cat062(tracks: pa.Table, source: Source, edition: str = "") -> Converted:
    """TRACKS as CAT062 records: those of a moment together, in blocks of one datagram each."""
    import numpy as np
    import pyarrow as pa

    from asman.wire.asterix import from_tracks
    from asman.wire.asterix.encode import encode

    order = np.lexsort((tracks["track"].to_numpy(), tracks["time"].cast(pa.int64()).to_numpy()))
    tracks = tracks.take(pa.array(order))
    number = tracks["track"].to_numpy()
    times = tracks["time"].cast(pa.int64()).to_numpy()
    first, last = from_tracks.ends(number, times)
    numbered = from_tracks.number_tracks(number, {})
    coasting = from_tracks.coasts(tracks)
    records = from_tracks.cat062(tracks, source, numbered.number, first=first, last=last, coasting=coasting)
    moments = np.cumsum(np.r_[0, np.diff(records["I070_s"].to_numpy()) != 0])[: records.num_rows]
    encoded = encode(records, 62, edition or from_tracks.CAT062_EDITION, groups=moments)
    missing = tracks.num_rows - records.num_rows
    return Converted(encoded.octets, {"without a place or a time": missing} if missing else {})


def to_cot(tracks: pa.Table) -> Converted:
    """TRACKS as an XML document of Cursor on Target events."""
    from asman.wire import cot

    found = cot.events(tracks)
    return Converted(cot.document(found.events), found.left_out)


def to_tak(tracks: pa.Table) -> Converted:
    """TRACKS as a stream of TAK protocol version 1."""
    from asman.wire import cot

    found = cot.events(tracks)
    return Converted(b"".join(cot.stream(one) for one in found.events), found.left_out)


def to_sbs(tracks: pa.Table, simulated: bool) -> Converted:
    """TRACKS as lines of SBS; `simulated` ones, too, only where that is asked for."""
    from asman.wire.modes import sbs_write

    found = sbs_write.lines(tracks, simulated=simulated)
    return Converted(found.text, found.left_out)


def to_geojson(tracks: pa.Table) -> Converted:
    """TRACKS as GeoJSON: a line a track."""
    import msgspec

    from asman.apps.tracks_out import geojson

    return Converted(msgspec.json.encode(geojson(tracks)), {})


#: ending -> what it is, and how tracks become it; CAT062 wants a source, too
FORMS: Final[dict[str, tuple[str, Callable[..., Converted]]]] = {
    ".ast": ("ASTERIX CAT062", to_cat062),
    ".cot": ("Cursor on Target, XML", to_cot),
    ".tak": ("Cursor on Target, TAK protocol v1", to_tak),
    ".sbs": ("SBS (BaseStation)", to_sbs),
    ".geojson": ("GeoJSON, a line a track", to_geojson),
}


def plots_to_asterix(plots: pa.Table, sensors: Sensors) -> Converted:
    """PLOTS as CAT048 (radar) and CAT021 (reported positions) records, each sensor's in blocks of its own."""
    import numpy as np

    from asman.wire.asterix import from_plots
    from asman.wire.asterix.encode import encode

    radar = from_plots.cat048(plots, sensors)
    reported = from_plots.cat021(plots, sensors)
    octets = b""
    for records, category, edition in (
        (radar.table, 48, from_plots.CAT048_EDITION),
        (reported.table, 21, from_plots.CAT021_EDITION),
    ):
        sender = records["I010/SAC"].to_numpy() * 256 + records["I010/SIC"].to_numpy()
        order = np.cumsum(np.r_[0, np.diff(sender) != 0])[: records.num_rows]
        octets += encode(records, category, edition, groups=order).octets
    written = radar.table.num_rows + reported.table.num_rows
    left_out = {
        reason: count
        for reason, count in (reported.left_out | radar.left_out).items()
        if reason not in ("no radar plot", "no reported position")
    }
    neither = plots.num_rows - written - sum(left_out.values())
    return Converted(octets, left_out | ({"neither range nor place": neither} if neither > 0 else {}))


#: A paragraph that begins with a backspace keeps its lines.
_HELP: Final = """Convert tracks (or plots) to what other programs read. The ending says to what.

\b
asman convert tracks.parquet -o tracks.ast --source 25/200   ASTERIX CAT062
asman convert tracks.parquet -o tracks.cot                   Cursor on Target, XML
asman convert tracks.parquet -o tracks.tak                   Cursor on Target, TAK protocol v1
asman convert tracks.parquet -o tracks.sbs                   SBS (BaseStation)
asman convert tracks.parquet -o tracks.geojson               a line a track
asman convert plots.parquet --sensors s.toml -o plots.ast    ASTERIX CAT048 and CAT021

For your own use: no agreement is asked. What goes to a partner goes through the release guard.
"""


@click.command(help=_HELP, short_help="Tracks or plots to what others read.")
@click.argument("table", metavar="TABLE", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, metavar="FILE", help=f"{', '.join(FORMS)}.")
@click.option("--source", default="0/0", metavar="SAC/SIC", help="CAT062: who sends.  [default: 0/0]")
@click.option("--edition", default="", metavar="ED", help="CAT062: another edition than 1.18.")
@click.option("--sensors", metavar="FILE", help="Plots: a sensors.toml with SAC and SIC.")
@click.option("--unconfirmed", is_flag=True, help="Tentative tracks, too.")
@click.option("--simulated", is_flag=True, help="SBS: simulated tracks, too, though it has no word for that.")
def command(
    table: Path,
    output: str,
    source: str,
    edition: str,
    sensors: str | None,
    unconfirmed: bool,
    simulated: bool,
) -> None:
    """Check the options, convert, write, and say what is not in it."""
    from asman.apps.warm import prepare

    prepare()
    from asman.apps.track import as_plots, read

    ending = Path(output).suffix
    if ending not in FORMS:
        raise InputError(f"-o {output}", "unknown ending", f"Known: {', '.join(FORMS)}.")
    sender = source_of(source, "--source")
    if table.suffix.lower() not in (".parquet", ".arrow", ".feather", ".csv"):
        raise InputError(
            str(table), "is no table of tracks or plots", "Make one: asman track REC -o t.parquet"
        )
    rows = read(table)
    words, form = FORMS[ending]
    if "track" not in rows.column_names and "sensor" in rows.column_names:
        if ending != ".ast":
            raise InputError(str(table), f"holds plots, which cannot become {words}", "`asman track` first.")
        from asman.apps.plots import load_sensors

        words = "ASTERIX CAT048 and CAT021"
        found = plots_to_asterix(as_plots(rows, str(table)), load_sensors(sensors))
    else:
        tracks = as_tracks(rows, str(table))
        tracks = tracks if unconfirmed else tracks.filter(tracks["confirmed"])
        wanted = {to_cat062: (sender, edition), to_sbs: (simulated,)}
        found = form(tracks, *wanted.get(form, ()))
        if not tracks.num_rows:
            click.echo("no confirmed track is in it; --unconfirmed takes the tentative ones, too", err=True)
    write(found.octets, output)
    for reason, count in found.left_out.items():
        click.echo(f"left out {count:,}: {reason}", err=True)
    click.echo(f"{words}: {len(found.octets):,} octets", err=True)


def as_tracks(table: pa.Table, name: str) -> pa.Table:
    """`table` with the columns of TRACKS, and those of recorded identity where there are; absent ones null.

    Raises InputError for what holds no tracks.
    """
    import pyarrow as pa

    from asman.model.tracks import TRACKS

    for needed in ("time", "track", "lat_deg", "lon_deg"):
        if needed not in table.column_names:
            raise InputError(name, f"no column '{needed}': these are no tracks", "`asman track` makes some.")
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for field in TRACKS:
        if field.name not in table.column_names:
            columns[field.name] = pa.nulls(table.num_rows, field.type)
            continue
        try:
            columns[field.name] = table[field.name].cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InputError(
                f"{name}: {field.name}", f"needed {field.type}, there is {table[field.name].type}"
            ) from error
    recorded = {one: table[one] for one in ("identity", "category") if one in table.column_names}
    return pa.table(columns | recorded)


def source_of(text: str, item: str) -> Source:
    """Read `SAC/SIC`. Raises InputError."""
    from asman.wire.asterix.from_tracks import Source

    sac, slash, sic = text.partition("/")
    if not (slash and sac.isdecimal() and sic.isdecimal() and int(sac) < 256 and int(sic) < 256):
        raise InputError(f"{item} {text}", "is not SAC/SIC, each 0 to 255", "Write it as 25/200.")
    return Source(int(sac), int(sic))
