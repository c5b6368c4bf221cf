"""What partners contributed beside tracks: kept by partner and class, bounded, and gone at once when it must.

    heard = take(heard, "RU", "warnings", table, now_ns)
    heard = without(heard, "RU")                            # or only what came under some agreements
    table = rows(heard, "RU", "warnings")                   # SCHEMAS["warnings"], `first` and `last`

Nothing of it changes what this node's own people or sensors have said: it stands beside it, with its author.
"""

from collections.abc import Collection, Mapping, Set
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from asman.model.agreement import DataClass
from asman.model.contribution import SCHEMAS, parted
from asman.model.label import agreements_of
from asman.model.plots import TIME
from asman.units import SECOND_NS

#: Rows of a class that are kept of one partner; beyond it those heard longest ago go, and are counted.
MOST: Final[Mapping[DataClass, int]] = {
    "plots": 20_000, "identity": 20_000, "warnings": 5_000, "tasks": 5_000, "coverage": 20_000,
    "health": 1_000,
}  # fmt: skip
#: What was not said again for so long is forgotten.
KEEP_NS: Final[Mapping[DataClass, int]] = {
    "plots": 60 * SECOND_NS, "identity": 600 * SECOND_NS, "warnings": 3_600 * SECOND_NS,
    "tasks": 3_600 * SECOND_NS, "coverage": 600 * SECOND_NS, "health": 120 * SECOND_NS,
}  # fmt: skip
#: A later row of the same takes the place of an earlier one.
_KEY: Final[Mapping[DataClass, str]] = {
    "identity": "assertion", "warnings": "warning", "tasks": "task", "health": "sensor"
}  # fmt: skip
FIRST, LAST = "first", "last"
_STAMPS: Final = (pa.field(FIRST, TIME), pa.field(LAST, TIME))
#: Partners at most.
MOST_PARTNERS: Final = 64


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Source -> class -> SCHEMAS[class] with when each row was heard first and last, here."""

    by: Mapping[str, Mapping[DataClass, pa.Table]] = {}
    dropped: Mapping[str, int] = {}


def take(heard: Heard, member: str, what: DataClass, table: pa.Table, now_ns: int) -> Heard:
    """Keep a partner's batch of a class other than tracks; where it replaces rows, the later one holds."""
    if what == "tracks" or not table.num_rows:
        return heard
    if member not in heard.by and len(heard.by) >= MOST_PARTNERS:
        return _counted(heard, member, table.num_rows)
    theirs = heard.by.get(member, {})
    before = theirs.get(what)
    stamp = pa.array(np.full(len(table), now_ns)).cast(TIME)
    fresh = (
        table.select(SCHEMAS[what].names).append_column(_STAMPS[0], stamp).append_column(_STAMPS[1], stamp)
    )
    both = fresh if before is None else _joined(what, before, fresh)
    both = _over(what, both, now_ns)
    lost = max(len(both) - MOST[what], 0)
    heard = _counted(heard, member, lost)
    kept = {**theirs, what: both.slice(lost).combine_chunks()}
    return msgspec.structs.replace(heard, by={**heard.by, member: kept})


def without(heard: Heard, member: str, agreements: Collection[str] = ()) -> Heard:
    """Forget what came of a partner, or what it passed on of others.

    member      as of `source_name`: "KG via RU" alone forgets what RU passed on of KG
    agreements  only what came of the partner itself under one of those; empty: all
    """
    gone = [name for name in heard.by if member == name or (not agreements and member == parted(name)[1])]
    if not gone:
        return heard
    others = {name: kept for name, kept in heard.by.items() if name not in gone}
    if agreements:
        ended = set(agreements)
        others[member] = {what: _outlives(table, ended) for what, table in heard.by[member].items()}
    return msgspec.structs.replace(heard, by=others)


def sources(heard: Heard, what: DataClass) -> list[str]:
    """Who tells anything of a class, straight; or by a relay, where its origin tells nothing of it itself."""
    telling = {name for name, kept in heard.by.items() if what in kept and len(kept[what])}
    return sorted(name for name in telling if not parted(name)[1] or parted(name)[0] not in telling)


def _outlives(table: pa.Table, ended: Set[str]) -> pa.Table:
    """Rows that came under none of some agreements."""
    stays = [ended.isdisjoint(agreements_of(one)) for one in table["label"].to_pylist()]
    return table.filter(pa.array(stays, pa.bool_()))


def tidied(heard: Heard, now_ns: int) -> Heard:
    """Without what was not said again for too long."""
    by = {
        member: {what: _over(what, table, now_ns) for what, table in theirs.items()}
        for member, theirs in heard.by.items()
    }
    return msgspec.structs.replace(heard, by=by)


def rows(heard: Heard, member: str, what: DataClass) -> pa.Table:
    """What is kept of a partner's class, in the order in which it was heard last."""
    table = heard.by.get(member, {}).get(what)
    return pa.schema([*SCHEMAS[what], *_STAMPS]).empty_table() if table is None else table


def counts(heard: Heard, member: str) -> dict[str, int]:
    """Class -> rows that are kept."""
    return {what: len(table) for what, table in sorted(heard.by.get(member, {}).items())}


def _joined(what: DataClass, before: pa.Table, fresh: pa.Table) -> pa.Table:
    if what == "coverage":
        # One statement comes in several batches, all of one time; the next one replaces it whole.
        latest = _longs(fresh, "time").max()
        before = before.filter(pa.array(_longs(before, "time") >= latest))
        return pa.concat_tables([before, fresh])
    both = pa.concat_tables([before, fresh]).combine_chunks()
    if what not in _KEY:
        return both
    first: dict[object, int] = {}
    last: dict[object, int] = {}
    for place, key in enumerate(both[_KEY[what]].to_pylist()):
        first.setdefault(key, place)
        last.pop(key, None)
        last[key] = place
    began = both[FIRST].take(pa.array([first[key] for key in last], pa.int64()))
    return both.take(pa.array(list(last.values()), pa.int64())).set_column(len(both.schema) - 2, FIRST, began)


def _over(what: DataClass, table: pa.Table, now_ns: int) -> pa.Table:
    stays = now_ns - _longs(table, LAST) < KEEP_NS[what]
    if what == "identity":
        expires = table["expires"].cast(pa.int64()).fill_null(np.iinfo(np.int64).max).to_numpy()
        withdrawn = np.array([one == "withdrawn" for one in table["value"].to_pylist()], np.bool_)
        stays &= (expires > now_ns) & ~withdrawn
    return table if stays.all() else table.filter(pa.array(stays))


def _longs(table: pa.Table, name: str) -> np.ndarray:
    return table[name].cast(pa.int64()).fill_null(0).to_numpy()


def _counted(heard: Heard, member: str, lost: int) -> Heard:
    if not lost:
        return heard
    return msgspec.structs.replace(
        heard, dropped={**heard.dropped, member: heard.dropped.get(member, 0) + lost}
    )
