"""`asman encode`: tables as `asman decode` writes them become ASTERIX again.

Blocks are as they were where the tables say so (column `block`), those of several categories in their old
order; else they are as long as a UDP datagram takes without fragmentation.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from asman.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from asman.wire.asterix.encode import Encoded

#: A block that stood in a recording was no longer.
WHOLE_OCTETS: Final = 65_535
_NAMED: Final = re.compile(r"CAT(\d{3})")
#: Why a record whose values nobody changed comes out in other octets.
_WHY: Final = (
    "its values were changed, or it was written in another way than the usual one (a field specification with"
    " empty octets, a compound item without subitems, zeros for blanks in a name)"
)
_ENDINGS: Final = (".parquet", ".arrow", ".feather")


class Given(NamedTuple):
    """A table to encode, and where it is from."""

    name: str
    category: int
    edition: str
    table: pa.Table


class Again(NamedTuple):
    """Octets, and for each table how many of its blocks are not as they were, and where the first was.

    Octets tell it where the table has them (`asman decode --octets`), else lengths: then a block that is as
    long as it was counts as the same. -1: the table says of neither.
    """

    octets: bytes
    changed: tuple[tuple[int, int], ...]


def encode_tables(given: Sequence[Given]) -> Again:
    """Encode tables, their blocks in the order of their old places. Raises InputError."""
    from asman.wire.asterix.encode import BLOCK_OCTETS_MAX, encode

    pieces: list[tuple[tuple[str, int], bytes]] = []
    changed: list[tuple[int, int]] = []
    for one in given:
        placed = "block" in one.table.column_names
        groups = _groups(one.table) if placed else None
        most = WHOLE_OCTETS if placed else BLOCK_OCTETS_MAX
        encoded = encode(one.table, one.category, one.edition, groups=groups, max_block_octets=most)
        changed.append(_changed(one.table, encoded))
        pieces += zip(_places(one.table, encoded.rows[:-1]), encoded.blocks, strict=True)
    ordered = sorted(pieces, key=lambda piece: piece[0])
    return Again(b"".join(octets for _, octets in ordered), tuple(changed))


def _changed(table: pa.Table, encoded: Encoded) -> tuple[int, int]:
    """Count the blocks that differ from those that the records stood in, and tell the octet of the first."""
    import numpy as np

    if not {"block", "length"} <= set(table.column_names):
        return -1, -1
    edges = encoded.rows
    if "octets" in table.column_names:
        records = table["octets"].to_pylist()
        was = [b"".join(records[a:b]) for a, b in pairwise(edges.tolist())]
        differs = np.array([one != now[3:] for one, now in zip(was, encoded.blocks, strict=True)], np.bool_)
    else:
        sums = np.concatenate(([0], np.cumsum(table["length"].to_numpy().astype(np.int64))))
        differs = np.diff(sums[edges]) + 3 != np.diff(encoded.starts)
    rows = edges[:-1][differs]
    return rows.size, int(table["block"][int(rows[0])].as_py()) if rows.size else -1


def _groups(table: pa.Table) -> NDArray[np.int64]:
    """A number for each run of rows of the same block."""
    import numpy as np

    block = table["block"].to_numpy()
    change = np.diff(block) != 0
    if "recording" in table.column_names:
        change |= np.diff(table["recording"].combine_chunks().dictionary_encode().indices.to_numpy()) != 0
    return np.concatenate(([0], np.cumsum(change)))[: block.size].astype(np.int64)


def _places(table: pa.Table, rows: NDArray[np.int64]) -> list[tuple[str, int]]:
    """Recording and octet of the blocks that begin with these rows; without them, as they come."""
    import pyarrow as pa

    if "block" not in table.column_names:
        return [("", 0)] * rows.size
    taken = table.take(pa.array(rows))
    names = taken["recording"].cast(pa.string()).to_pylist() if "recording" in table.column_names else None
    blocks = taken["block"].to_pylist()
    return list(zip(names or [""] * len(blocks), blocks, strict=True))


def read_given(path: Path, editions: Mapping[int, str], category: int | None) -> Given:
    """Read a table, and find out its category and edition. Raises InputError."""
    from asman.apps.track import read
    from asman.wire.asterix.specification import specifications

    if path.suffix.lower() not in _ENDINGS:
        raise InputError(
            str(path), "is no table", f"Known: {', '.join(_ENDINGS)}; `asman decode -o` makes some."
        )
    table = read(path)
    number = category if category is not None else _category(path, table)
    known = specifications().categories.get(number)
    if known is None:
        raise InputError(str(path), f"no specification of CAT{number:03} is shipped")
    edition = editions.get(number) or _edition(path, table) or known[-1].edition
    return Given(str(path), number, edition, table)


def _category(path: Path, table: pa.Table) -> int:
    said = (table.schema.metadata or {}).get(b"asman.category")
    named = _NAMED.search(path.name)
    if said is None and named is None:
        raise InputError(
            str(path),
            "says nowhere which category it is",
            "Name it: --category 48, or records.CAT048.parquet.",
        )
    return int(said if said is not None else named[1] if named else 0)


def _edition(path: Path, table: pa.Table) -> str:
    """The edition that the records were read with; "" where nothing says it."""
    import pyarrow as pa

    if "edition" not in table.column_names:
        return ""
    found = table["edition"].cast(pa.string()).drop_null().unique().to_pylist()
    if len(found) > 1:
        raise InputError(
            str(path),
            f"holds records of several editions: {', '.join(found)}",
            "Name one: --edition 48=1.32.",
        )
    return str(found[0]) if found else ""


#: A paragraph that begins with a backspace keeps its lines.
_HELP: Final = """Encode tables as ASTERIX: what `asman decode` writes, or your own with the same columns.

\b
asman decode capture.pcap -o records.parquet
asman encode records.CAT034.parquet records.CAT048.parquet -o again.ast
asman encode mine.parquet --category 62 --edition 62=1.18 -o mine.ast

Values are rounded to the nearest step of their items; what an item cannot say is refused, with column and
row.
"""


@click.command(help=_HELP, short_help="Decoded tables back to ASTERIX.")
@click.argument("tables", nargs=-1, required=True, metavar="TABLE...", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, metavar="FILE", help="Data blocks; - is stdout.")
@click.option("--category", type=click.IntRange(0, 255), help="Where the table does not say it: 48.")
@click.option(
    "--edition", "editions", multiple=True, metavar="CAT=ED", help="Instead of the table's: 48=1.32."
)
def command(tables: tuple[Path, ...], output: str, category: int | None, editions: tuple[str, ...]) -> None:
    """Check the options, read, encode, write, and say how much."""
    from asman.apps.warm import prepare

    prepare()
    from asman.wire.asterix.decode import pins

    pinned = pins(dict(_pair(one) for one in editions)).categories
    given = [read_given(path, pinned, category) for path in tables]
    again = encode_tables(given)
    write(again.octets, output)
    for one, (changed, first) in zip(given, again.changed, strict=True):
        said = f"{one.name}: {one.table.num_rows:,} records of CAT{one.category:03} {one.edition}"
        if changed > 0:
            said += f"; {_numbered(changed, 'block')} not as before, the first at octet {first:,}: {_WHY}"
        click.echo(said, err=True)
    click.echo(f"{len(again.octets):,} octets", err=True)


def _numbered(count: int, what: str) -> str:
    return f"{count:,} {what} is" if count == 1 else f"{count:,} {what}s are"


def write(octets: bytes, output: str) -> None:
    """Write octets to a file, or to stdout. Raises InputError."""
    if output == "-":
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
        return
    try:
        Path(output).write_bytes(octets)
    except OSError as error:
        raise InputError(f"-o {output}", f"cannot be written: {error.strerror}") from error


def _pair(text: str) -> tuple[str, str]:
    category, equals, edition = text.partition("=")
    if not equals:
        raise InputError(f"--edition {text}", "is not CATEGORY=EDITION", "Write it as --edition 48=1.32")
    return category, edition
