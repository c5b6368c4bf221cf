"""A recording under draft terms: what would have left for each partner, and why the rest would not.

It is the release guard itself that runs, second by second of recorded time, as it would in a node.
"""

import csv
import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.apps import warm
from asman.edge.account import write_entries
from asman.errors import InputError, nearest
from asman.model.agreement import Agreement
from asman.model.tracks import TRACKS
from asman.units import DAY_S, SECOND_NS

Numbers = NDArray[np.int64]
#: A row that a table does not say is confirmed is taken for what its owner would show.
_DEFAULTS: Final[dict[str, Any]] = {"existence": 1.0, "confirmed": True, "simulated": False}


def dry_run(
    agreements: Sequence[Agreement | None],
    tracks: str,
    member: str,
    identities: str | None = None,
    moment: str | None = None,
    audit: Path | None = None,
    output: Path | None = None,
) -> dict[str, Any]:
    """Run the guard of `member` over its tracks, all agreements taken as ratified. Raises InputError."""
    warm.prepare()
    from asman.apps.score_source import read_table
    from asman.sharing import audit as accounts
    from asman.sharing.guard import GuardState, release
    from asman.sharing.ruleset import compile_register

    chosen = [one for one in agreements if one is not None]
    register = _as_if_ratified(chosen, member)
    table, foreign = _own(_shaped(read_table(tracks), tracks), member)
    table, tentative = _confirmed(table)
    table = _moved(table, moment)
    identity, category, known = _identities(table, identities)
    recipients = sorted({party for one in chosen for party in one.parties} - {member})
    ruleset = compile_register(register, member, recipients)
    state, tally = GuardState(), _Tally(recipients)
    account: list[accounts.Entry] = []
    for now_ns, rows in _steps(table, _longest_ns(chosen)):
        part = table.take(pa.array(rows))
        state, outcomes = release(state, ruleset, register, part, now_ns, identity[rows], category[rows])
        tally.add(outcomes)
        account += [accounts.of_outcome(one, now_ns) for one in outcomes]
    if audit is not None:
        write_entries(audit, account)
    if output is not None:
        tally.write(output)
    return {
        "member": member,
        "agreements": [one.id for one in chosen],
        "rows": len(table),
        "tracks": len(table["track"].unique()),
        "left out, of other members": foreign,
        "left out, not confirmed": tentative,
        "rows with an identity": known,
        "partners": tally.result(),
    }


def _as_if_ratified(agreements: Sequence[Agreement], member: str) -> Any:
    from asman.sharing.canonical import agreement_hash
    from asman.sharing.register import Entry, Register
    from asman.sharing.spans import midnight
    from asman.sharing.statements import Signed, Statement

    entries: dict[str, Entry] = {}
    for one in agreements:
        if member not in one.parties:
            problem = f"{member} is no party of {one.id}"
            raise InputError("--as", problem, nearest(member, one.parties))
        if one.id in entries:
            raise InputError(one.id, "is given twice", "Each text needs an id of its own.")
        name, at = agreement_hash(one), midnight(one.terms.agreement.begins)
        said = [Statement(agreement=name, member=each, act="ratify", number=1, at=at) for each in one.parties]
        entries[one.id] = Entry(one, name, tuple(Signed(each, "", "") for each in said))
    return Register(member=member, keys={}, entries=entries)


def _shaped(table: pa.Table, name: str) -> pa.Table:
    """`table` with the columns of TRACKS; what is absent is null, or its default."""
    for needed in ("time", "track", "lat_deg", "lon_deg"):
        if needed not in table.column_names:
            raise InputError(name, f"no column '{needed}': these are no tracks", "`asman track` makes some.")
    columns: list[Any] = []
    for field in TRACKS:
        if field.name not in table.column_names:
            default = _DEFAULTS.get(field.name)
            columns.append(pa.array([default] * len(table), field.type))
            continue
        try:
            columns.append(table[field.name].cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            there = table[field.name].type
            raise InputError(f"{name}: {field.name}", f"needed {field.type}, there is {there}") from error
    shaped = pa.Table.from_arrays(columns, schema=TRACKS)
    return shaped.filter(shaped["time"].is_valid()).sort_by("time")


def _own(table: pa.Table, member: str) -> tuple[pa.Table, int]:
    """Rows of the member's own; what names no origin is taken for its own."""
    origin = table["origin"].fill_null("").to_pylist()
    mine = pa.array([one in ("", "XX", member) for one in origin], pa.bool_())
    own = table.filter(mine)
    return own, len(table) - len(own)


def _confirmed(table: pa.Table) -> tuple[pa.Table, int]:
    """What a node shows and shares; a table that does not say is confirmed as a whole."""
    shown = table.filter(table["confirmed"].fill_null(True))
    return shown, len(table) - len(shown)


def _moved(table: pa.Table, moment: str | None) -> pa.Table:
    """The table on another day."""
    if moment is None or not len(table):
        return table
    try:
        day = datetime.date.fromisoformat(moment)
    except ValueError as error:
        raise InputError("--at", f"'{moment}' is no day", "Write it as 2026-06-01.") from error
    times = table["time"].cast(pa.int64()).to_numpy()
    days = (day - datetime.date(1970, 1, 1)).days - int(times[0]) // (DAY_S * SECOND_NS)
    moved = pa.array(times + days * DAY_S * SECOND_NS).cast(TRACKS.field("time").type)
    return table.set_column(0, TRACKS.field("time"), moved)


def _identities(table: pa.Table, path: str | None) -> tuple[Numbers, Numbers, int]:
    """Identity and category of every row, by a list of addresses and callsigns; how many have one."""
    from asman.sharing.classes import CATEGORIES, IDENTITIES

    identity, category = np.zeros(len(table), np.int64), np.zeros(len(table), np.int64)
    if path is None:
        return identity, category, 0
    by: dict[Any, tuple[int, int]] = {}
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                said = (_place(row, "identity", IDENTITIES, path, number),
                        _place(row, "category", CATEGORIES, path, number))  # fmt: skip
                if row.get("address"):
                    by[int(row["address"], 16)] = said
                if row.get("callsign"):
                    by[row["callsign"]] = said
    except (OSError, ValueError) as error:
        raise InputError(
            path, f"cannot be read: {error}", "Columns: address (hex) or callsign, identity, category."
        ) from error
    found = 0
    for place, (address, callsign) in enumerate(
        zip(table["address"].to_pylist(), table["callsign"].to_pylist(), strict=True)
    ):
        if (said := by.get(address) or by.get(callsign)) is not None:
            identity[place], category[place] = said
            found += 1
    return identity, category, found


def _place(row: dict[str, str | None], key: str, names: tuple[str, ...], path: str, line: int) -> int:
    word = row.get(key) or names[0]
    if word not in names:
        raise InputError(f"{path}: line {line}: {key}", f"'{word}' is not known", nearest(word, names))
    return names.index(word)


def _longest_ns(agreements: Sequence[Agreement]) -> int:
    delays = [grant.delay_s for one in agreements for grant in one.terms.grant]
    return round(max(delays, default=0.0) * SECOND_NS)


def _steps(table: pa.Table, wait_ns: int) -> Iterator[tuple[int, Numbers]]:
    """The rows of each second of recorded time, at its end; then what waited, when all delays have passed."""
    times = table["time"].cast(pa.int64()).to_numpy()
    seconds = -(-times // SECOND_NS)
    values, first = np.unique(seconds, return_index=True)
    bounds = [*first.tolist(), len(times)]
    for k, second in enumerate(values.tolist()):
        yield second * SECOND_NS, np.arange(bounds[k], bounds[k + 1])
    if wait_ns and len(times):
        yield int(seconds[-1]) * SECOND_NS + wait_ns, np.empty(0, np.int64)


class _Tally:
    """What left and what did not, a partner, over all steps."""

    def __init__(self, recipients: Sequence[str]) -> None:
        self._clauses = {one: Counter[str]() for one in recipients}
        self._withheld = {one: Counter[str]() for one in recipients}
        self._tables: dict[str, list[pa.Table]] = {one: [] for one in recipients}
        self._labels: dict[str, set[str]] = {one: set() for one in recipients}

    def add(self, outcomes: Sequence[Any]) -> None:
        """Count one step."""
        for one in outcomes:
            for left in one.released:
                self._clauses[one.recipient][", ".join(left.clauses)] += left.table.num_rows
                self._labels[one.recipient].add(left.label.text)
                self._tables[one.recipient].append(left.table)
            # What waited is decided when it leaves or not; that it waited is no denial.
            for reason, count in one.withheld.counts.items():
                if reason.name != "DELAYED":
                    self._withheld[one.recipient][reason.name] += count

    def result(self) -> dict[str, Any]:
        """The figures, a partner."""
        from asman.sharing.deciding import Reason

        return {
            one: {
                "released": sum(self._clauses[one].values()),
                "tracks": len({number for table in tables for number in table["track"].to_pylist()}),
                "by": dict(self._clauses[one].most_common()),
                "labels": sorted(self._labels[one]),
                "withheld": {Reason[name].value: count for name, count in self._withheld[one].most_common()},
            }
            for one, tables in self._tables.items()
        }

    def write(self, folder: Path) -> None:
        """Write what each partner would get, as Parquet."""
        from pyarrow import parquet

        folder.mkdir(parents=True, exist_ok=True)
        for one, tables in self._tables.items():
            parquet.write_table(pa.concat_tables([TRACKS.empty_table(), *tables]), folder / f"{one}.parquet")


def shown(result: dict[str, Any]) -> str:
    """The figures for people."""
    under = " and ".join(result["agreements"])
    lines = [f"{result['rows']:,} rows of {result['tracks']:,} tracks of {result['member']}, under {under}"]
    for why in ("of other members", "not confirmed"):
        if result[f"left out, {why}"]:
            lines.append(f"left out: {result[f'left out, {why}']:,} rows, {why}")
    if not result["rows with an identity"]:
        lines.append(
            "No identities were given: everything counts as PENDING, and terms on identity did not act."
        )
    for partner, one in result["partners"].items():
        share = one["released"] / result["rows"] if result["rows"] else 0.0
        lines.append(f"\n{partner} gets {one['released']:,} rows ({share:.1%}) of {one['tracks']:,} tracks")
        lines += [f"  {count:>9,}  {clauses}" for clauses, count in one["by"].items()]
        lines += [f"             {label}" for label in one["labels"]]
        if one["withheld"]:
            lines.append(f"{partner} does not get")
            lines += [f"  {count:>9,}  {why}" for why, count in one["withheld"].items()]
    return "\n".join(lines) + "\n"
