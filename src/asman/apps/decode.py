"""`asman decode` and `asman.decode`: recordings to tables, NDJSON, Parquet or Arrow."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from asman.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from asman.model.decoded import Decoded

Source = str | PathLike[str] | bytes | bytearray | memoryview
#: Reasons that stderr shows; the rest are counted together.
REASONS_SHOWN: Final = 12
#: Tables beside those of ASTERIX's categories.
OTHERS: Final = ("ADSB", "MODES", "COMM_B", "SBS", "READSB", "SAPIENT", "SAPIENT_NODE")


def decode(
    source: Source,
    *,
    editions: Mapping[str, str] | None = None,
    near: tuple[float, float] | None = None,
    correct: bool = False,
) -> Decoded:
    """Decode a recording.

    source    a path, or the octets themselves: ASTERIX (data blocks, pcap, pcapng), Mode S (Beast, AVR,
              lines with a message in them), SBS, readsb's aircraft.json, SAPIENT; recognised by content
    editions  category ("48") -> edition ("1.32"); what is not named is detected
    near      latitude and longitude of a Mode S receiver, for the first positions on the ground
    correct   put single wrong bits of Mode S messages right; off, because some become wrong messages

    Bad octets are rows of `.rejected`, never an exception. Raises InputError when the file cannot be read,
    when it is empty, or when `editions` names what there is not.
    """
    from asman.apps.warm import prepare

    prepare()
    from asman.wire.compressed import expanded
    from asman.wire.reading import read

    whole = source if isinstance(source, bytes | bytearray | memoryview) else read_file(Path(source))
    octets = expanded(whole, "recording" if whole is source else str(source))
    return read(octets, editions=editions, near_deg=near, correct=correct)


def read_file(path: Path) -> bytes:
    """Read a recording. Raises InputError when it cannot be read, or holds nothing."""
    if not path.exists():
        raise InputError(str(path), "there is no such file")
    if path.is_dir():
        raise InputError(str(path), "is a folder, not a recording", "Name the files in it")
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from error
    if not octets:
        raise InputError(str(path), "is empty")
    return octets


#: A paragraph that begins with a backspace keeps its lines.
_HELP: Final = """Decode recordings to scaled values: ASTERIX (data blocks, pcap, pcapng), Mode S and ADS-B
(Beast, AVR, lines with a message in them), SBS, readsb's aircraft.json, SAPIENT.

\b
asman decode capture.pcap | head                     one JSON object a record
asman decode capture.pcap -o records.parquet         one file a category
asman decode capture.pcap --summary                  what is in it?
asman decode old.ast --edition 21=0.26               do not detect the edition
asman decode dump.beast --near 52.3,4.8              where the receiver stands

Its form is recognised by what it holds. Editions are detected by how plausible the records read. What cannot
be read is counted on stderr, with why.
"""


@click.command(help=_HELP, short_help="Recordings to NDJSON, Parquet or Arrow.")
@click.argument("recordings", nargs=-1, required=True, metavar="REC...", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", default="-", metavar="FILE", help=".ndjson, .parquet, .arrow; - is NDJSON on stdout."
)
@click.option("--edition", "editions", multiple=True, metavar="CAT=ED", help="Pin an edition: 21=2.1.")
@click.option(
    "--category",
    "categories",
    multiple=True,
    metavar="CAT",
    help="Only these: 48, or another table: ADSB.",
)
@click.option("--limit", type=click.IntRange(min=1), help="So many records, of each category in files.")
@click.option("--near", metavar="LAT,LON", help="Mode S: where the receiver stands, in degrees.")
@click.option("--correct", is_flag=True, help="Mode S: put single wrong bits right.")
@click.option("--summary", is_flag=True, help="Print what there is, instead of the records.")
def command(
    recordings: tuple[Path, ...],
    output: str,
    editions: tuple[str, ...],
    categories: tuple[str, ...],
    limit: int | None,
    near: str | None,
    correct: bool,
    summary: bool,
) -> None:
    """Check the options, decode, write, and say what was given up."""
    from rich.console import Console

    from asman.apps.decode_output import ENDINGS, write_ndjson, write_tables

    if output != "-" and Path(output).suffix not in ENDINGS:
        raise InputError(f"-o {output}", "unknown ending", f"Known: {', '.join(ENDINGS)}, - for stdout")
    pinned = dict(_pair(one) for one in editions)
    wanted = {_category(one) for one in categories}
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    options: dict[str, Any] = {"editions": pinned, "near": _place(near), "correct": correct}
    found = _decode_all(recordings, options, wanted, console)
    try:
        if summary:
            _summarise(found)
        elif output == "-":
            write_ndjson(found, sys.stdout.buffer, limit=limit)
            sys.stdout.buffer.flush()
        elif output.endswith(".ndjson"):
            with Path(output).open("wb") as file, console.status(f"writing {output}"):
                write_ndjson(found, file, limit=limit)
        else:
            with console.status(f"writing {output}"):
                written = write_tables(found, Path(output), limit=limit)
            console.print("written: " + ", ".join(map(str, written)))
    except BrokenPipeError:
        # The reader has enough (`| head`): nothing is left to say, and nothing to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except OSError as error:
        raise InputError(f"-o {output}", f"cannot be written: {error.strerror}") from error
    _say_rejected(found, console)


def _pair(text: str) -> tuple[str, str]:
    category, equals, edition = text.partition("=")
    if not equals:
        raise InputError(f"--edition {text}", "is not CATEGORY=EDITION", "Write it as --edition 21=2.1")
    return category, edition


def _place(text: str | None) -> tuple[float, float] | None:
    """A latitude and a longitude in degrees."""
    if text is None:
        return None
    try:
        lat, lon = (float(one) for one in text.split(","))
    except ValueError:
        lat, lon = math.nan, math.nan
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        raise InputError(f"--near {text}", "is no latitude and longitude", "Write it as --near 52.3,4.8")
    return lat, lon


def _category(text: str) -> str:
    if text.upper() in OTHERS:
        return text.upper()
    digits = text.upper().removeprefix("CAT")
    if not digits.isdecimal() or int(digits) > 255:
        raise InputError(f"--category {text}", "is no category", "Write it as --category 48")
    return f"CAT{int(digits):03}"


def _decode_all(
    paths: Sequence[Path], options: dict[str, Any], wanted: set[str], console: Console
) -> dict[str, Decoded]:
    """Decode every recording. Raises InputError when nothing at all could be read."""
    found: dict[str, Decoded] = {}
    for path in paths:
        with console.status(f"reading {path.name} (the first run compiles, for some seconds)"):
            decoded = decode(path, **options)
        found[str(path)] = _only(decoded, wanted) if wanted else decoded
    if not any(decoded.records for decoded in found.values()):
        _say_rejected(found, console)
        tried = ", ".join(f"{path} as {decoded.framing}" for path, decoded in found.items())
        asked = f"of {', '.join(sorted(wanted))}" if wanted else "that could be read"
        raise InputError(
            ", ".join(found), f"holds no record {asked} (tried: {tried})", "The reasons stand above"
        )
    return found


def _only(decoded: Decoded, wanted: set[str]) -> Decoded:
    import pyarrow as pa

    from asman.model.decoded import Decoded

    numbers = {int(name[3:]) for name in wanted if name.startswith("CAT")}
    mine = pa.array(
        [one is None or one in numbers for one in decoded.rejected["category"].to_pylist()], pa.bool_()
    )
    tables = {name: table for name, table in decoded.tables.items() if name in wanted}
    editions = {name: choice for name, choice in decoded.editions.items() if name in wanted}
    return Decoded(tables, decoded.rejected.filter(mine), editions, decoded.framing, decoded.octets)


def _say_rejected(found: dict[str, Decoded], console: Console) -> None:
    """Say on stderr what was given up: why, how often, and where first."""
    for name, decoded in found.items():
        if not decoded.rejected.num_rows:
            continue
        grouped = decoded.rejected.group_by("reason").aggregate(
            [("offset", "count"), ("offset", "min"), ("length", "sum")]
        )
        rows = grouped.sort_by([("offset_count", "descending"), ("offset_min", "ascending")]).to_pylist()
        head = f"{name}: {decoded.rejected.num_rows:,} rejected, {decoded.records:,} records read"
        console.print(head, markup=False)
        for row in rows[:REASONS_SHOWN]:
            times = f"{row['offset_count']:,} x" if row["offset_count"] > 1 else "once"
            where = f"first at octet {row['offset_min']:,}, {row['length_sum']:,} octets"
            console.print(f"  {times}: {row['reason']} ({where})", markup=False)
        if len(rows) > REASONS_SHOWN:
            console.print(f"  and {len(rows) - REASONS_SHOWN} more reasons", markup=False)


def _summarise(found: dict[str, Decoded]) -> None:
    """Print what the recordings hold."""
    from rich.console import Console
    from rich.table import Table

    from asman.apps import decode_modes, decode_sapient

    console = Console(highlight=False)
    for name, decoded in found.items():
        console.print(f"{name}: {decoded.framing}, {decoded.octets:,} octets", markup=False, soft_wrap=True)
        if not decoded.editions:
            sapient = any(name.startswith("SAPIENT") for name in decoded.tables)
            (decode_sapient if sapient else decode_modes).summarise(decoded, console)
            continue
        table = Table("category", "edition", "plausible", "records", "octets", box=None, pad_edge=False)
        for category, choice in decoded.editions.items():
            records = decoded.tables.get(category)
            octets = int(records["length"].to_numpy().sum()) if records is not None else 0
            score = choice.scores.get(choice.edition)
            table.add_row(
                category,
                choice.edition + (" (pinned)" if choice.pinned else ""),
                "" if score is None else f"{score:.1%}",
                f"{records.num_rows if records is not None else 0:,}",
                f"{octets:,}",
            )
        console.print(table)
