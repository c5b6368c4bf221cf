"""What a user calls truth or tracks: a table in Parquet, Arrow or CSV, or a recording with CAT062 in it.

A file is recognised by what is in it, not by its name's ending.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asman.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from asman.model.decoded import Decoded

_PARQUET: Final = b"PAR1"
_ARROW_FILE: Final = (b"ARROW1", b"FEA1")
_ARROW_STREAM: Final = b"\xff\xff\xff\xff"
#: Endings that say what a file should be: used for words alone, when it is not.
_ENDINGS: Final = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
#: So much of a file is looked at to tell what it is.
_HEAD_OCTETS: Final = 4096


def read_table(source: Any, identity: str = "track", *, date: str | None = None) -> pa.Table:
    """Read truth or tracks, whatever they are in; a table is given back as it is.

    identity  what the caller calls a row's owner: "aircraft" for truth, "track" for tracks
    date      UTC day of a recording's first record, where its packets do not say it

    The metadata `asman.counted` of what a recording gave holds, as JSON, what was left out and noticed.
    Raises InputError, naming the file and the mend.
    """
    import pyarrow as pa

    if isinstance(source, pa.Table):
        return source
    path = Path(source)
    if not path.is_file():
        raise InputError(str(source), "there is no such file", "Check the path.")
    kind = _kind(path)
    if kind == "recording":
        return _recorded(path, identity, date)
    try:
        return _READERS[kind](path)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError) as error:
        raise InputError(str(path), f"cannot be read as {kind}: {error}") from error


def _kind(path: Path) -> str:
    """What a file is, by its first octets; a text whose first line has commas and no end of words is CSV."""
    with path.open("rb") as file:
        head = file.read(_HEAD_OCTETS)
    if head.startswith(_PARQUET):
        return "parquet"
    if head.startswith((*_ARROW_FILE, _ARROW_STREAM)):
        return "arrow"
    first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].strip()
    printable = first.isascii() and first.decode("ascii").isprintable() if first else False
    return "csv" if printable and (b"," in first) else "recording"


def _recorded(path: Path, identity: str, date: str | None) -> pa.Table:
    """A recording's CAT062 as tracks, or as truth."""
    import json

    from asman.apps.decode import decode
    from asman.sensing.system_tracks import read_tracks

    decoded = decode(path)
    system = read_tracks(decoded, day_of(path, decoded, date))
    if not system.tracks.num_rows:
        raise _refused(path, decoded, system.ignored)
    tracks = system.tracks.replace_schema_metadata(
        {"asman.counted": json.dumps({**system.ignored, **system.counted})}
    )
    if identity == "track":
        return tracks
    names = {"track": identity, "climb_mps": "vu_mps", "altitude_m": "pressure_altitude_m"}
    return tracks.rename_columns([names.get(name, name) for name in tracks.column_names])


def _refused(path: Path, decoded: Decoded, ignored: dict[str, int]) -> InputError:
    """Why nothing could be made of a file that is no table."""
    ending = path.suffix.lower()
    if not decoded.records:
        if ending in _ENDINGS:
            return InputError(str(path), f"cannot be read as {_ENDINGS[ending]}, nor as a recording")
        return InputError(
            str(path),
            "is neither a table (Parquet, Arrow, CSV) nor a recording that can be read",
            "`asman decode FILE --summary` tells what is in it.",
        )
    if ignored:
        why = "; ".join(f"{count:,} {reason}" for reason, count in ignored.items())
        return InputError(str(path), f"holds CAT062, but no record that becomes a track: {why}")
    held = ", ".join(f"{table.num_rows:,} {name}" for name, table in sorted(decoded.tables.items()))
    return InputError(
        str(path),
        f"is a recording without tracks (CAT062); it holds {held}",
        "Make tracks of it with `asman track`, or judge it against ADS-B with --reference adsb.",
    )


def day_of(path: Path, decoded: Decoded, date: str | None) -> datetime.date | None:
    """The day of a recording's first record: as said, else by its packets (None), else by its name."""
    from asman.apps.days import day_in_name

    if date is not None:
        try:
            return datetime.date.fromisoformat(date)
        except ValueError as error:
            raise InputError("--date", f"'{date}' is no day", "Write it as 2023-05-02.") from error
    timed = any(table["time"].null_count < table.num_rows for table in decoded.tables.values())
    return None if timed else day_in_name(path.name)


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(path)


def _read_csv(path: Path) -> pa.Table:
    from pyarrow import csv

    return csv.read_csv(path)


def _read_arrow(path: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import feather, ipc

    with path.open("rb") as file:
        if file.read(4) == b"FEA1":
            return feather.read_table(path)
    try:
        with pa.memory_map(str(path)) as octets:
            return ipc.open_file(octets).read_all()
    except pa.ArrowInvalid:
        with pa.memory_map(str(path)) as octets:
            return ipc.open_stream(octets).read_all()


_READERS: Final = {"parquet": _read_parquet, "csv": _read_csv, "arrow": _read_arrow}
