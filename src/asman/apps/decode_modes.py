"""What a recording of Mode S holds, in a screen: what was sent, by how many, when, how well heard."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from asman.model.decoded import Decoded
from asman.sensing.arrow import pc
from asman.units import SECOND_NS

_EMERGENCIES: Final = {"7500": "hijack", "7600": "no radio", "7700": "emergency"}
#: Callsigns that are shown.
_SHOWN: Final = 8


def summarise(decoded: Decoded, console: Console) -> None:
    """Print what there is of messages, aircraft, positions, registers, and what was given up."""
    for line in lines(decoded):
        console.print(line, markup=False, soft_wrap=True)
    table = Table("table", "kind", "messages", "aircraft", box=None, pad_edge=False)
    table.columns[2].justify = table.columns[3].justify = "right"
    for name, one in decoded.tables.items():
        for kind, count, aircraft in _kinds(one):
            table.add_row(name, kind, f"{count:,}", f"{aircraft:,}")
    console.print(table)


def lines(decoded: Decoded) -> list[str]:
    """What is said before the table."""
    clock = next((_clock(one) for one in decoded.tables.values() if _clock(one)), "")
    said = [f"times: {span(decoded, clock)}"]
    messages = decoded.records
    damaged = decoded.rejected.num_rows
    share = f" ({damaged / (messages + damaged):.1%})" if messages + damaged else ""
    said.append(f"messages: {messages:,}; given up: {damaged:,}{share}; aircraft: {_aircraft(decoded):,}")
    for name, column in (("ADSB", "position"), ("COMM_B", "register")):
        if (told := _counts(decoded, name, column)) is not None:
            said.append(f"{column}s: {told}" if column == "register" else f"positions: {told}")
    said += _identities(decoded)
    return said


def _clock(table: pa.Table) -> str:
    return (table.schema.metadata or {}).get(b"clock", b"").decode()


def span(decoded: Decoded, clock: str) -> str:
    """From when to when, by which clock, and how many messages a second."""
    for column in ("time", "clock_ns"):
        known = [
            one[column].drop_null().cast(pa.int64())
            for one in decoded.tables.values()
            if column in one.column_names
        ]
        known = [one for one in known if len(one)]
        if not known:
            continue
        first, last = min(pc.min(one).as_py() for one in known), max(pc.max(one).as_py() for one in known)
        seconds = (last - first) / SECOND_NS
        rate = f", {decoded.records / seconds:,.1f} messages/s" if seconds else ""
        if column == "time":
            begin, end = (np.datetime64(one, "ns").astype("M8[ms]") for one in (first, last))
            return f"{begin} to {end} UTC{rate}"
        what = (
            "a clock of GPS, seconds of a day"
            if clock == "GPS"
            else f"the receiver's clock of {clock}: no UTC in it"
        )
        return f"{seconds:,.1f} s by {what}{rate}"
    return "none in the messages"


def _aircraft(decoded: Decoded) -> int:
    """Addresses that are proven."""
    found: set[int] = set()
    for table in decoded.tables.values():
        some = table.filter(table["address_proven"]) if "address_proven" in table.column_names else table
        found |= set(some["address"].drop_null().unique().to_pylist())
    return len(found)


def _counts(decoded: Decoded, name: str, column: str) -> str | None:
    """Values of a column and how often each is there, the most frequent first."""
    table = decoded.tables.get(name)
    if table is None or column not in table.column_names:
        return None
    found = table[column].cast(pa.string()).value_counts().to_pylist()
    rest = sum(int(one["counts"]) for one in found if one["values"] is None)
    known = sorted((-int(one["counts"]), str(one["values"])) for one in found if one["values"] is not None)
    said = [f"{word} {-count:,}" for count, word in known]
    if name == "COMM_B" and rest:
        said.append(f"empty or not known {rest:,}")
    return ", ".join(said) or None


def _identities(decoded: Decoded) -> list[str]:
    names: set[str] = set()
    codes: set[str] = set()
    for table in decoded.tables.values():
        if "callsign" in table.column_names:
            names |= set(table["callsign"].drop_null().unique().to_pylist())
        if "mode_3a" in table.column_names:
            some = table.filter(table["address_proven"]) if "address_proven" in table.column_names else table
            codes |= {f"{code:04o}" for code in some["mode_3a"].drop_null().unique().to_pylist()}
    said: list[str] = []
    if names:
        shown = ", ".join(sorted(names)[:_SHOWN])
        said.append(f"callsigns: {len(names):,} ({shown}{', ...' if len(names) > _SHOWN else ''})")
    for code, word in _EMERGENCIES.items():
        if code in codes:
            said.append(f"code {code} ({word}) was set")
    return said


def _kinds(table: pa.Table) -> list[tuple[str, int, int]]:
    """Kind, messages and aircraft, the most frequent first."""
    column = next((one for one in ("kind", "transmission", "type") if one in table.column_names), None)
    if column is None:
        return [("", table.num_rows, len(table["address"].unique()))]
    kinds: Any = table[column].cast(pa.string())
    grouped = pa.table({"kind": kinds, "address": table["address"]}).group_by("kind")
    rows = grouped.aggregate([("address", "count_distinct"), ([], "count_all")]).to_pylist()
    named = [(str(row["kind"]), int(row["count_all"]), int(row["address_count_distinct"])) for row in rows]
    return sorted(named, key=_by_count)


def _by_count(row: tuple[str, int, int]) -> tuple[int, str]:
    return -row[1], row[0]
