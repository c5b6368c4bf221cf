"""`asman decode` and `asman.decode`: recordings to tables, NDJSON, Parquet or Arrow."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from asman.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from asman.apps.decode_chosen import Chosen
    from asman.apps.decode_source import Progress
    from asman.model.decoded import Decoded
    from asman.model.sensor import Sensor
    from asman.wire.reading import Reading

Source = str | PathLike[str] | bytes | bytearray | memoryview
#: Tables beside those of ASTERIX's categories.
OTHERS: Final = ("ADSB", "MODES", "COMM_B", "SBS", "READSB", "SAPIENT", "SAPIENT_NODE")


def decode(
    source: Source,
    *,
    editions: Mapping[str, str] | None = None,
    near: tuple[float, float] | None = None,
    correct: bool = False,
    framing: str = "",
    lenient: bool = False,
    octets: bool = False,
    sensors: str | Path | tuple[Sensor, ...] | None = None,
) -> Decoded:
    """Decode a recording.

    source    a path ("-": standard input), or the octets themselves: ASTERIX (data blocks, pcap, pcapng,
              recorders' framings), Mode S (Beast, AVR, lines with a message in them), SBS, readsb's
              aircraft.json, SAPIENT; recognised by content
    editions  category ("48"), one source's of it ("48@20/129"), or its Reserved Expansion field ("48RE")
              -> edition ("1.32"); what is not named is detected
    near      latitude and longitude of a Mode S receiver, for the first positions on the ground
    correct   put single wrong bits of Mode S messages right; off, because some become wrong messages
    framing   "raw", "pcap", "final" ...: do not recognise it
    lenient   let pass what some senders do wrong without harm: a last FX bit that is set, an explicit length
              of 0; and read a named edition even where it is not plausible
    octets    the octets of records and items stand beside the values
    sensors   a sensors.toml, or sensors: the editions that they pin

    Bad octets are rows of `.rejected`, never an exception. Raises InputError when the file cannot be read,
    when it is empty, or when `editions` or `framing` name what there is not.
    """
    from asman.apps.warm import prepare

    prepare()
    from asman.apps.decode_source import opened, opened_octets, told
    from asman.wire.compressed import is_compressed
    from asman.wire.reading import read

    recording, given = None, source
    if not isinstance(source, bytes | bytearray | memoryview):
        recording = opened(Path(source))
    elif is_compressed(source):
        recording = opened_octets(bytes(source))
    if recording is not None:
        given = recording.read(-1)
    found = read(
        given,
        editions={**pinned_by(sensors), **(editions or {})},
        near_deg=near,
        correct=correct,
        framing=framing,
        lenient=lenient,
        originals=octets,
    )
    return found if recording is None else told(found, recording)


def pinned_by(sensors: str | Path | tuple[Sensor, ...] | None) -> dict[str, str]:
    """Editions that sensors pin. Raises ConfigError."""
    if sensors is None:
        return {}
    from asman.apps.plots import load_sensors
    from asman.sensing.sensors_toml import pinned

    return pinned(load_sensors(sensors))


#: A paragraph that begins with a backspace keeps its lines.
_HELP: Final = """Decode recordings to scaled values: ASTERIX (blocks, pcap, pcapng, recorders' framings),
Mode S and ADS-B (Beast, AVR, lines with a message in them), SBS, readsb's aircraft.json, SAPIENT. A
recording named - is standard input.

\b
asman decode capture.pcap --summary                  what is in it?
asman decode capture.pcap | head                     one JSON object a record
asman decode capture.pcap -o records.parquet         one file a category
asman decode capture.pcap --fields time,I048/040     these items only
asman decode capture.pcap --where "MODE3A = 7700"    these records only
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
@click.option("--summary", is_flag=True, help="Print what there is, instead of the records.")
@click.option("--json", "as_json", is_flag=True, help="With --summary: as one JSON object a recording.")
@click.option("--category", "categories", multiple=True, metavar="CAT", help="Only these: 48, or ADSB.")
@click.option("--fields", multiple=True, metavar="NAMES", help="Only these: I048/040.RHO,MODE3A; ? lists.")
@click.option("--where", metavar="EXPR", help='Only these records: "I040.RHO < 50 and MODE3A = 7700".')
@click.option("--limit", type=click.IntRange(min=1), help="So many records, of each category in files.")
@click.option("--octets", is_flag=True, help="The original octets of records and items beside the values.")
@click.option("--edition", "editions", multiple=True, metavar="CAT=ED", help="Pin: 21=2.1, or 21@20/206=2.1.")
@click.option(
    "--sensors", type=click.Path(path_type=Path), metavar="S", help="A sensors.toml: editions that it pins."
)
@click.option("--framing", default="", metavar="NAME", help="Do not recognise it: raw, pcap, final, ioss ...")
@click.option("--strict/--lenient", default=True, help="Refuse (usual) or let pass harmless faults.")
@click.option("--near", metavar="LAT,LON", help="Mode S: where the receiver stands, in degrees.")
@click.option("--correct", is_flag=True, help="Mode S: put single wrong bits right.")
def command(
    recordings: tuple[Path, ...],
    output: str,
    summary: bool,
    as_json: bool,
    categories: tuple[str, ...],
    fields: tuple[str, ...],
    where: str | None,
    limit: int | None,
    octets: bool,
    editions: tuple[str, ...],
    sensors: Path | None,
    framing: str,
    strict: bool,
    near: str | None,
    correct: bool,
) -> None:
    """Check the options, decode, write, and say what was given up."""
    from asman.apps.warm import prepare

    prepare()
    from rich.console import Console

    from asman.apps.decode_chosen import chosen, list_names
    from asman.apps.decode_output import ENDINGS
    from asman.wire.framing import named
    from asman.wire.reading import Reading

    if output != "-" and Path(output).suffix not in ENDINGS:
        raise InputError(f"-o {output}", "unknown ending", f"Known: {', '.join(ENDINGS)}, - for stdout")
    if as_json and not summary:
        raise InputError("--json", "goes with --summary", "Records are NDJSON anyway")
    if len(recordings) > 1 and Path("-") in recordings:
        raise InputError("-", "standard input stands alone", "Name files, or only -")
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    wanted = {_category(one) for one in categories}
    names = [one.strip() for text in fields for one in text.split(",") if one.strip()]
    how = Reading(
        editions={**pinned_by(sensors), **dict(_pair(one) for one in editions)},
        near_deg=_place(near),
        correct=correct,
        framing=named(framing),
        lenient=not strict,
        originals=octets,
        everything=summary,
    )
    if names == ["?"]:
        list_names(recordings, how, wanted)
        return
    ask = chosen(wanted, names, where)
    try:
        if summary:
            _summarise(recordings, how, ask, as_json)
        elif output == "-":
            _ndjson(recordings, how, ask, sys.stdout.buffer, limit, console)
            sys.stdout.buffer.flush()
        elif output.endswith(".ndjson"):
            with Path(output).open("wb") as file:
                _ndjson(recordings, how, ask, file, limit, console)
        else:
            _tables(recordings, how, ask, Path(output), limit, console)
    except BrokenPipeError:
        # The reader has enough (`| head`): nothing is left to say, and nothing to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise InputError(f"-o {output}", f"cannot be written: {error.strerror}") from error


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


def _pieces(
    path: Path, how: Reading, progress: Progress, piece_octets: int | None = None
) -> Iterator[Decoded]:
    from asman.apps.decode_source import PIECE_OCTETS, in_pieces, opened

    return in_pieces(opened(path), how, progress, piece_octets or PIECE_OCTETS)


def _ndjson(
    recordings: tuple[Path, ...],
    how: Reading,
    ask: Chosen,
    out: IO[bytes],
    limit: int | None,
    console: Console,
) -> None:
    """Write records as they are decoded, piece by piece."""
    from asman.apps.decode_chosen import Account, narrowed, progress_of
    from asman.apps.decode_output import write_ndjson

    account = Account(console)
    left = limit
    with progress_of(console) as tell:
        for path in recordings:
            account.begin(str(path))
            for decoded in _pieces(path, how, tell(path)):
                account.add(decoded, ask)
                if left != 0:
                    some = narrowed(decoded, ask)
                    name = str(path) if len(recordings) > 1 else ""
                    left = write_ndjson(some, out, recording=name, limit=left)
                    account.matched += some.records
                if left == 0:
                    break
    account.done(ask)


def _tables(
    recordings: tuple[Path, ...],
    how: Reading,
    ask: Chosen,
    output: Path,
    limit: int | None,
    console: Console,
) -> None:
    """Write Parquet or Arrow; a recording is decoded whole, so that its columns are those that it fills."""
    from asman.apps.decode_chosen import Account, narrowed, progress_of
    from asman.apps.decode_output import write_tables

    account = Account(console)
    found: dict[str, Decoded] = {}
    with progress_of(console) as tell:
        for path in recordings:
            account.begin(str(path))
            for decoded in _pieces(path, how, tell(path), -1):
                account.add(decoded, ask)
                found[str(path)] = narrowed(decoded, ask)
                account.matched += found[str(path)].records
    account.done(ask)
    with console.status(f"writing {output}"):
        written = write_tables(found, output, limit=limit)
    console.print("written: " + ", ".join(map(str, written)), markup=False)


def _summarise(recordings: tuple[Path, ...], how: Reading, ask: Chosen, as_json: bool) -> None:
    """Print what the recordings hold."""
    import msgspec
    from rich.console import Console

    from asman.apps.decode_chosen import narrowed, progress_of, refuse_nothing
    from asman.apps.decode_summary import Summing, show

    console = Console(highlight=False)
    for path in recordings:
        summing = Summing(str(path))
        with progress_of(Console(stderr=True)) as tell:
            for decoded in _pieces(path, how, tell(path)):
                summing.add(narrowed(decoded, ask._replace(fields=())))
        found = summing.done()
        if as_json:
            sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        else:
            show(found, summing.modes, console)
        if not found.records and len(recordings) == 1:
            refuse_nothing([f"{path} as {found.framing}"], ask)
