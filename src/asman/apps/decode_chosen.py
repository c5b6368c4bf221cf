"""What of a recording is wanted, and the account of what was given up."""

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from asman.apps import decode_where
from asman.apps.decode_names import HEAD, Named, parsed, selected
from asman.apps.decode_source import Progress as Tell
from asman.apps.decode_source import opened
from asman.apps.decode_where import Condition
from asman.errors import InputError
from asman.model.decoded import Decoded
from asman.wire.reading import Reading, read_as

#: Reasons that stderr shows; the rest are counted together.
REASONS_SHOWN: Final = 12


class Chosen(NamedTuple):
    """What is wanted: tables (none: all), items (none: all), and of which records (None: all)."""

    tables: frozenset[str]
    fields: tuple[Named, ...]
    condition: Condition | None
    where: str


def chosen(tables: set[str], names: Sequence[str], where: str | None) -> Chosen:
    """Read what is asked for. Raises InputError for names that there are not."""
    fields = tuple(parsed(name, tables) for name in names)
    condition = None if where is None else decode_where.parse(where, tables)
    return Chosen(frozenset(tables), fields, condition, where or "")


def narrowed(decoded: Decoded, ask: Chosen) -> Decoded:
    """What is wanted of a piece."""
    tables = {name: table for name, table in decoded.tables.items() if not ask.tables or name in ask.tables}
    if ask.condition is not None:
        tables = {
            name: table.filter(pa.array(decode_where.mask(ask.condition, name, table)))
            for name, table in tables.items()
        }
    if ask.fields:
        # Of categories that have none of the items nothing is told, though they have times and offsets.
        general = all(field.columns <= set(HEAD) for field in ask.fields)
        some = {name: selected(list(ask.fields), name, table) for name, table in tables.items()}
        tables = {
            name: _placed(table, tables[name])
            for name, table in some.items()
            if table.num_columns and (general or not set(table.column_names) <= set(HEAD))
        }
    editions = {
        name: choice
        for name, choice in decoded.editions.items()
        if not ask.tables or name.split()[0] in ask.tables
    }
    tables = {name: table for name, table in tables.items() if table.num_rows}
    rejected = _rejected(decoded.rejected, ask.tables)
    return Decoded(tables, rejected, editions, decoded.framing, decoded.octets, decoded.notes)


def _placed(table: pa.Table, whole: pa.Table) -> pa.Table:
    """A table with the offsets that put records in order, marked as not asked for."""
    if "offset" in table.column_names:
        return table
    return table.append_column(pa.field("offset", pa.int64(), metadata={"hidden": "1"}), whole["offset"])


def _rejected(rejected: pa.Table, tables: frozenset[str]) -> pa.Table:
    if not tables:
        return rejected
    numbers = {int(name[3:]) for name in tables if name.startswith("CAT")}
    mine = [one is None or one in numbers for one in rejected["category"].to_pylist()]
    return rejected.filter(pa.array(mine, pa.bool_()))


def list_names(recordings: Sequence[Path], how: Reading, tables: set[str]) -> None:
    """Print the columns that recordings fill: name, unit, how many records have it, title."""
    for path in recordings:
        decoded = read_as(opened(path).read(-1), how)
        for name, table in decoded.tables.items():
            if tables and name not in tables:
                continue
            sys.stdout.write(f"{name}: {table.num_rows:,} records\n")
            for field in table.schema:
                meaning = field.metadata or {}
                title = (meaning.get(b"title") or meaning.get(b"meaning") or b"").decode()
                unit = meaning.get(b"unit", b"").decode()
                count = table.num_rows - table[field.name].null_count
                sys.stdout.write(f"  {field.name:<28} {unit:<6} {count:>9,}  {title}\n".rstrip() + "\n")


class Account:
    """What was given up, added up over pieces, and said on stderr at the end of each recording."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.matched = 0
        self._tried: list[str] = []
        self._rejected: dict[str, dict[str, list[int]]] = {}
        self._records: dict[str, int] = {}
        self._name = ""

    def begin(self, name: str) -> None:
        """Begin with a recording."""
        self._name = name
        self._rejected[name] = {}
        self._records[name] = 0

    def add(self, decoded: Decoded, ask: Chosen) -> None:
        """Add a piece of it."""
        self._records[self._name] += sum(
            table.num_rows for name, table in decoded.tables.items() if not ask.tables or name in ask.tables
        )
        tried = f"{self._name} as {decoded.framing}"
        if tried not in self._tried:
            self._tried.append(tried)
        rejected = _rejected(decoded.rejected, ask.tables)
        if not rejected.num_rows:
            return
        wanted = [("offset", "count"), ("offset", "min"), ("length", "sum")]
        reasons = self._rejected[self._name]
        for row in rejected.group_by("reason").aggregate(wanted).to_pylist():
            counts = reasons.setdefault(row["reason"], [0, row["offset_min"], 0])
            counts[0] += row["offset_count"]
            counts[2] += row["length_sum"]

    def done(self, ask: Chosen) -> None:
        """Say it. Raises InputError when nothing at all could be read, or nothing is as asked."""
        for name, reasons in self._rejected.items():
            if reasons:
                self._say(name, reasons)
        if not any(self._records.values()):
            refuse_nothing(self._tried, ask)
        if not self.matched and ask.condition is not None:
            self.console.print(f"no record is as --where asks: {ask.where}", markup=False)

    def _say(self, name: str, reasons: dict[str, list[int]]) -> None:
        total = sum(counts[0] for counts in reasons.values())
        say = self.console.print
        say(f"{name}: {total:,} rejected, {self._records[name]:,} records read", markup=False)
        ordered = sorted(reasons.items(), key=lambda one: (-one[1][0], one[1][1]))
        for reason, (count, first, octets) in ordered[:REASONS_SHOWN]:
            times = f"{count:,} x" if count > 1 else "once"
            say(f"  {times}: {reason} (first at octet {first:,}, {octets:,} octets)", markup=False)
        if len(ordered) > REASONS_SHOWN:
            say(f"  and {len(ordered) - REASONS_SHOWN} more reasons", markup=False)


def refuse_nothing(tried: Sequence[str], ask: Chosen) -> None:
    """Raise InputError: nothing could be read."""
    asked = f"of {', '.join(sorted(ask.tables))}" if ask.tables else "that could be read"
    names = ", ".join(one.rpartition(" as ")[0] for one in tried)
    raise InputError(
        names,
        f"holds no record {asked} (tried: {', '.join(tried)})",
        "The reasons stand above; `--framing` names how it is wrapped",
    )


@contextmanager
def progress_of(console: Console) -> Generator[Callable[[Path], Tell], None, None]:
    """Show on a terminal how far reading is; what is written to a pipe shows nothing."""
    text, left = TextColumn("{task.description}"), TimeRemainingColumn()
    columns = (text, BarColumn(), DownloadColumn(), TransferSpeedColumn(), left)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        def tell(path: Path) -> Tell:
            task = progress.add_task(f"{path.name} (the first run compiles, for some seconds)", total=None)

            def moved(read: int, size: int) -> None:
                progress.update(task, completed=read, total=size or None, description=path.name)

            return moved

        yield tell
