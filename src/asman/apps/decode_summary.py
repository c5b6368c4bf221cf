"""What a recording holds, in a screen or as JSON: what one wants to know first of an unknown file.

Counts are added up piece by piece. Times are those of packets where the recording has them, else the records'
own time of day, which midnight does not confuse: steps are taken the shorter way round.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from asman.apps.decode_modes import summarise as summarise_modes
from asman.apps.decode_sapient import summarise as summarise_sapient
from asman.errors import InputError
from asman.model.decoded import Decoded, EditionChoice
from asman.sensing.arrow import pc
from asman.units import DAY_S, SECOND_NS

#: Reasons of rejects that the screen shows; JSON has all.
REASONS_SHOWN: Final = 12
SENSORS_SHOWN: Final = 40
#: Pieces of Mode S are kept for its own summary while they are so few messages.
MESSAGES_KEPT: Final = 5_000_000


class CategorySummary(msgspec.Struct):
    """Records and octets of a category; its edition and what speaks for it; times of day, counted on."""

    category: str
    records: int = 0
    octets: int = 0
    edition: str = ""
    pinned: bool = False
    judged: int = 0
    plausible: int = 0
    scores: dict[str, float] = {}
    sources: dict[str, str] = {}
    evidence: str = ""
    first_s: float | None = None
    last_s: float | None = None
    records_per_s: float | None = None


class SensorSummary(msgspec.Struct):
    """One SAC/SIC: records by category, times of day, counted on; what it seems to be."""

    sac: int
    sic: int
    kind: str = ""
    records: int = 0
    categories: dict[str, int] = {}
    period_s: float | None = None
    first_s: float | None = None
    last_s: float | None = None


class RejectSummary(msgspec.Struct):
    """Why something was given up, how often, and where first."""

    reason: str
    count: int
    octets: int
    first_offset: int


class Summary(msgspec.Struct):
    """Everything that is told of a recording."""

    recording: str
    octets: int = 0
    framing: str = ""
    notes: list[str] = []
    records: int = 0
    first: str | None = None
    last: str | None = None
    time_of: str = ""
    seconds: float | None = None
    records_per_s: float | None = None
    categories: dict[str, CategorySummary] = {}
    sensors: dict[str, SensorSummary] = {}
    rejected: int = 0
    rejects: list[RejectSummary] = []


class Summing:
    """Adds up the pieces of one recording."""

    def __init__(self, recording: str) -> None:
        self.found = Summary(recording)
        self.modes: list[Decoded] = []
        self.kept = 0
        self._rejects: dict[str, RejectSummary] = {}
        self._first_ns: list[int] = []
        self._last_ns: list[int] = []

    def add(self, decoded: Decoded) -> None:
        """Add a piece."""
        found = self.found
        found.octets += decoded.octets
        found.framing = found.framing or decoded.framing
        found.notes += [note for note in decoded.notes if note not in found.notes]
        found.records += decoded.records
        self._add_rejects(decoded.rejected)
        for name, choice in decoded.editions.items():
            self._add_choice(name, choice)
        for name, table in decoded.tables.items():
            if table.num_rows and table["time"].null_count != table.num_rows:
                self._first_ns.append(pc.min(table["time"]).cast(pa.int64()).as_py())
                self._last_ns.append(pc.max(table["time"]).cast(pa.int64()).as_py())
            if name.startswith("CAT"):
                self._add_table(name, table)
        if any(not name.startswith("CAT") for name in decoded.tables) and self.kept < MESSAGES_KEPT:
            self.modes.append(decoded)
            self.kept += decoded.records
        if not self.found.sensors or all(not one.kind for one in self.found.sensors.values()):
            self._add_kinds(decoded)

    def _add_rejects(self, rejected: pa.Table) -> None:
        if not rejected.num_rows:
            return
        self.found.rejected += rejected.num_rows
        wanted = [("offset", "count"), ("offset", "min"), ("length", "sum")]
        for row in rejected.group_by("reason").aggregate(wanted).to_pylist():
            former = self._rejects.setdefault(
                row["reason"], RejectSummary(row["reason"], 0, 0, row["offset_min"])
            )
            former.count += row["offset_count"]
            former.octets += row["length_sum"]

    def _add_choice(self, name: str, choice: EditionChoice) -> None:
        one = self.found.categories.setdefault(name, CategorySummary(name))
        weights = one.judged, choice.records
        total = sum(weights)
        for edition, score in choice.scores.items():
            former = one.scores.get(edition, score)
            one.scores[edition] = (former * weights[0] + score * weights[1]) / total if total else score
        one.edition = choice.edition
        one.pinned = choice.pinned
        one.judged += choice.records
        one.plausible += choice.plausible
        one.sources |= choice.sources

    def _add_table(self, name: str, table: pa.Table) -> None:
        one = self.found.categories.setdefault(name, CategorySummary(name))
        one.records += table.num_rows
        one.octets += int(table["length"].to_numpy().sum())
        time_s = _time_of_day(table)
        one.first_s, one.last_s = _span(one.first_s, one.last_s, time_s)
        if "I010/SAC" not in table.column_names or "I010/SIC" not in table.column_names:
            return
        sac, sic = (
            table[f"I010/{part}"].cast(pa.int32()).fill_null(-1).to_numpy() for part in ("SAC", "SIC")
        )
        codes = sac * 256 + sic
        for code in np.unique(codes[sac >= 0]).tolist():
            mine = codes == code
            sensor = self.found.sensors.setdefault(
                f"{code >> 8}/{code & 255}", SensorSummary(code >> 8, code & 255)
            )
            count = int(mine.sum())
            sensor.records += count
            sensor.categories = sensor.categories | {name: sensor.categories.get(name, 0) + count}
            sensor.first_s, sensor.last_s = _span(sensor.first_s, sensor.last_s, time_s[mine])

    def _add_kinds(self, decoded: Decoded) -> None:
        from asman.sensing.discover import discover

        if not any(name.startswith("CAT") for name in decoded.tables):
            return
        try:
            sources = discover(decoded).sources
        except InputError:  # records that cannot become plots are summed up all the same
            return
        for source in sources:
            sensor = self.found.sensors.get(f"{source.sac}/{source.sic}")
            if sensor is not None:
                sensor.kind, sensor.period_s = source.kind, source.period_s

    def done(self) -> Summary:
        """Everything, in order."""
        found = self.found
        found.rejects = sorted(self._rejects.values(), key=lambda one: (-one.count, one.first_offset))
        seconds: list[float] = []
        for one in found.categories.values():
            one.evidence = evidence(one)
            if one.first_s is not None and one.last_s is not None and one.last_s > one.first_s:
                seconds.append(one.last_s - one.first_s)
                one.records_per_s = one.records / seconds[-1]
        if self._first_ns:
            first, last = min(self._first_ns), max(self._last_ns)
            found.first, found.last = (
                str(np.datetime64(one, "ns").astype("M8[ms]")) + "Z" for one in (first, last)
            )
            found.time_of = "packets" if found.framing in ("pcap", "pcapng") else "messages"
            found.seconds = (last - first) / SECOND_NS
        else:
            spans = [one for one in found.categories.values() if one.first_s is not None]
            if spans:
                first_s = min(one.first_s or 0.0 for one in spans)
                last_s = max(one.last_s or 0.0 for one in spans)
                found.first, found.last, found.time_of = clock(first_s), clock(last_s), "time of day"
                found.seconds = last_s - first_s
        if found.seconds:
            found.records_per_s = found.records / found.seconds
        found.sensors = dict(sorted(found.sensors.items(), key=lambda one: (one[1].sac, one[1].sic)))
        return found


def _time_of_day(table: pa.Table) -> NDArray[np.float64]:
    """The first time of day that a category has: seconds, NaN where a record has none."""
    for field in table.schema:
        meaning = field.metadata or {}
        if (
            meaning.get(b"unit") == b"s"
            and meaning.get(b"bits") == b"24"
            and pa.types.is_floating(field.type)
        ):
            return table[field.name].to_numpy()
    return np.full(table.num_rows, np.nan)


def _span(
    first: float | None, last: float | None, time_s: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """The earliest and latest time of day, counted on over midnight from the latest before."""
    known = time_s[~np.isnan(time_s)]
    if not known.size:
        return first, last
    begin = known[0] if last is None else last
    step = np.diff(known, prepend=begin)
    counted = begin + np.cumsum((step + DAY_S / 2) % DAY_S - DAY_S / 2)
    low, high = float(counted.min()), float(counted.max())
    return low if first is None else min(first, low), high if last is None else max(last, high)


def clock(seconds: float) -> str:
    """A time of day, with the days that were counted on."""
    days, rest = divmod(seconds, DAY_S)
    text = f"{int(rest // 3600):02}:{int(rest // 60 % 60):02}:{rest % 60:06.3f}"
    return f"{text} ({days:+.0f} day{'s' * (abs(days) > 1)})" if days else text


def evidence(one: CategorySummary) -> str:
    """What speaks for an edition: "0.23, 12,000 of 12,000 records plausible; 2.1 to 2.7: 3 %"."""
    said = [f"{one.edition}, {one.plausible:,} of {one.judged:,} records plausible"]
    best = one.scores.get(one.edition, 0.0)
    groups: list[tuple[float, list[str]]] = []
    for edition, score in one.scores.items():
        if edition == one.edition:
            continue
        if groups and abs(groups[-1][0] - score) < 0.005:
            groups[-1][1].append(edition)
        else:
            groups.append((score, [edition]))
    for score, editions in groups:
        names = editions[0] if len(editions) == 1 else f"{editions[0]} to {editions[-1]}"
        same = abs(score - best) < 0.005
        said.append(f"{names}: the same" if same else f"{names}: {score:.0%}")
    return "; ".join(said)


def show(found: Summary, modes: Iterable[Decoded], console: Console) -> None:
    """Print a summary."""
    say = _saying(console)
    say(f"{found.recording}: {found.framing}, {found.octets:,} octets, {found.records:,} records")
    for note in found.notes:
        say(f"  {note}")
    if found.first is not None and found.categories:
        rate = f", {found.records_per_s:,.1f} records/s" if found.records_per_s else ""
        say(f"times ({found.time_of}): {found.first} to {found.last}, {found.seconds or 0:,.1f} s{rate}")
    if found.categories:
        _categories(found, console)
        for name, one in found.categories.items():
            pinned = " (pinned)" if one.pinned else ""
            say(f"{name}: {one.evidence}{pinned}")
            for source, edition in one.sources.items():
                say(f"  source {source}: edition {edition}")
    if found.sensors:
        _sensors(found, console)
    for decoded in modes:
        sapient = any(name.startswith("SAPIENT") for name in decoded.tables)
        (summarise_sapient if sapient else summarise_modes)(decoded, console)
    if found.rejected:
        say(f"rejected: {found.rejected:,}")
        for one in found.rejects[:REASONS_SHOWN]:
            times = f"{one.count:,} x" if one.count > 1 else "once"
            say(f"  {times}: {one.reason} (first at octet {one.first_offset:,}, {one.octets:,} octets)")
        if len(found.rejects) > REASONS_SHOWN:
            say(f"  and {len(found.rejects) - REASONS_SHOWN} more reasons")


def _saying(console: Console) -> Callable[[str], None]:
    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    return say


def _categories(found: Summary, console: Console) -> None:
    table = Table(
        "category", "edition", "records", "octets", "first", "last", "per s", box=None, pad_edge=False
    )
    for column in (2, 3, 6):
        table.columns[column].justify = "right"
    for name, one in found.categories.items():
        if name.endswith(" RE"):
            continue
        table.add_row(
            name,
            one.edition + (" (pinned)" if one.pinned else ""),
            f"{one.records:,}",
            f"{one.octets:,}",
            "" if one.first_s is None else clock(one.first_s),
            "" if one.last_s is None else clock(one.last_s),
            "" if one.records_per_s is None else f"{one.records_per_s:,.1f}",
        )
    console.print(table)


def _sensors(found: Summary, console: Console) -> None:
    table = Table("SAC/SIC", "seems", "period s", "records", "of", box=None, pad_edge=False)
    table.columns[3].justify = "right"
    for name, one in list(found.sensors.items())[:SENSORS_SHOWN]:
        period = "" if one.period_s is None else f"{one.period_s:g}"
        parts = ", ".join(f"{key} {count:,}" for key, count in one.categories.items())
        table.add_row(name, one.kind, period, f"{one.records:,}", parts)
    console.print(table)
    if len(found.sensors) > SENSORS_SHOWN:
        console.print(f"and {len(found.sensors) - SENSORS_SHOWN} more sensors", markup=False)
