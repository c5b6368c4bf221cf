"""Intake: what was told becomes sources. The union by origin, track and time: each thing counts once.

Rows that were there already, of a time that is past, or from the future change nothing. Of the rows of one
track the latest is its source; those before it still bring what was learned in between.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.fusion import rows
from asman.fusion.joint_state import (
    MOST_SOURCES,
    REMEMBER_NS,
    TRACK_BITS,
    JointState,
    Sources,
    own_number,
    source_rows,
    stream_at,
)
from asman.units import SECOND_NS

Longs = NDArray[np.int64]

#: What is older than this tells nothing any more; what is later than now by more is not believed.
OLDEST_NS: Final = 60 * SECOND_NS
AHEAD_NS: Final = 2 * SECOND_NS
#: A partner's track that was not told for so long is gone.
SILENT_NS: Final = 20 * SECOND_NS


class Told(NamedTuple):
    """Rows of one stream: TRACKS or CONTRIBUTED.

    via  member that passed them on; empty: they come straight
    """

    origin: str
    table: pa.Table
    via: str = ""


class Fresh(NamedTuple):
    """Rows that were taken, rising in time.

    key        (R,)
    follows    (R,)  what was learned since a time that had been told: it adds up without a gap or an overlap
    """

    table: pa.Table
    key: Longs
    follows: NDArray[np.bool_]


def take(state: JointState, told: Sequence[Told], now_ns: int) -> tuple[JointState, Fresh]:
    """Take what was told; sources are brought up to date, new ones belong to no joint track yet (-1)."""
    parts, keys = [rows.empty()], [np.zeros(0, np.int64)]
    dropped = Counter(state.dropped)
    # In the order of their names, not of their arrival.
    for one in sorted(told, key=lambda told: (told.origin, told.via)):
        if not len(one.table):
            continue
        state, stream = stream_at(state, one.origin, one.via)
        table = rows.shaped(one.table)
        track = rows.longs(table, "track", -1)
        sound = _sound(table, track, now_ns) & (stream >= 0)
        dropped["not sound, too old or from the future"] += int((~sound).sum())
        parts.append(table.filter(pa.array(sound)))
        keys.append((stream << TRACK_BITS) + track[sound])
    table, key = pa.concat_tables(parts).combine_chunks(), np.concatenate(keys)
    time_ns = rows.longs(table, "time", 0)
    order = np.lexsort((time_ns, key))
    before = _before(state.sources, key[order], time_ns[order])
    new = time_ns[order] > before
    dropped["told already"] += int((~new).sum())
    order, before = order[new], before[new]
    since = rows.longs(table, "since", 0)[order]
    # Back into the order of time: the states are joined in it.
    by_time = np.lexsort((key[order], time_ns[order]))
    fresh = Fresh(
        table.take(pa.array(order[by_time])), key[order][by_time], (since >= before)[by_time]
    )  # fmt: skip
    last = np.append(key[order][1:] != key[order][:-1], True) if len(order) else np.zeros(0, np.bool_)
    state = _updated(state, table, key, order[last], dropped)
    return msgspec.structs.replace(state, dropped=dict(+dropped)), fresh


def _sound(table: pa.Table, track: Longs, now_ns: int) -> NDArray[np.bool_]:
    time_ns = rows.longs(table, "time", 0)
    with np.errstate(invalid="ignore"):
        placed = (np.abs(rows.floats(table, "lat_deg")) <= 90.0) & (
            np.abs(rows.floats(table, "lon_deg")) <= 180.0
        )
    return (
        placed & (time_ns > now_ns - OLDEST_NS) & (time_ns <= now_ns + AHEAD_NS)
        & (track >= 0) & (track < 1 << TRACK_BITS)
    )  # fmt: skip


def _before(sources: Sources, key: Longs, time_ns: Longs) -> Longs:
    """(R,) the latest time of the same track that was told before each row; rows by key and time."""
    before = np.full(len(key), np.iinfo(np.int64).min)
    if len(sources.key) and len(key):
        place = np.minimum(np.searchsorted(sources.key, key), len(sources.key) - 1)
        known = sources.key[place] == key
        before[known] = rows.longs(sources.table, "time", 0)[place[known]]
    if len(key) > 1:
        again = key[1:] == key[:-1]
        before[1:] = np.where(again, np.maximum(before[1:], time_ns[:-1]), before[1:])
    return before


def _updated(
    state: JointState, table: pa.Table, key: Longs, latest: Longs, dropped: Counter[str]
) -> JointState:
    """The sources with the latest row of each track."""
    sources = state.sources
    stays = np.flatnonzero(~np.isin(sources.key, key[latest]))
    room = max(MOST_SOURCES - len(stays), 0)
    dropped["too many tracks"] += max(len(latest) - room, 0)
    latest = latest[:room]
    place = np.searchsorted(sources.key, key[latest])
    inside = np.minimum(place, max(len(sources.key) - 1, 0))
    known = (
        sources.key[inside] == key[latest] if len(sources.key) else np.zeros(len(latest), np.bool_)
    )  # fmt: skip

    def kept(old: NDArray[Any], missing: float) -> NDArray[Any]:
        values = np.full(len(latest), missing, old.dtype)
        values[known] = old[inside[known]]
        return np.concatenate((old[stays], values))

    whole = pa.concat_tables([sources.table.take(pa.array(stays)), table.take(pa.array(latest))])
    keys = np.concatenate((sources.key[stays], key[latest]))
    order = np.argsort(keys, kind="stable")
    merged = Sources(
        whole.combine_chunks(),
        keys,
        kept(sources.number, -1),
        kept(sources.nats, 0.0),
        kept(sources.looks, 0),
    )
    return msgspec.structs.replace(state, sources=source_rows(merged, order))


def expired(state: JointState, told: Sequence[Told], now_ns: int) -> JointState:
    """Without sources that are gone: our own at once when they are told no more, others after a silence."""
    sources = state.sources
    time_ns = rows.longs(sources.table, "time", 0)
    stays = time_ns > now_ns - SILENT_NS
    for one in told:
        if one.origin == state.member and not one.via and len(one.table):
            state, stream = stream_at(state, one.origin, one.via)
            stays &= (sources.stream != stream) | (
                time_ns >= rows.longs(rows.shaped(one.table), "time", 0).max()
            )
    return left(state, stays, now_ns)


def left(state: JointState, stays: NDArray[np.bool_], now_ns: int) -> JointState:
    """Without some sources; where they belonged is remembered."""
    if stays.all():
        return state
    sources = state.sources
    memory = {key: one for key, one in state.memory.items() if one[1] > now_ns - REMEMBER_NS}
    gone = np.flatnonzero(~stays)
    memory.update(
        (key, (number, now_ns))
        for key, number in zip(sources.key[gone].tolist(), sources.number[gone].tolist(), strict=True)
        if number >= 0
    )
    # Whoever tells ever new tracks must not fill our memory.
    memory = dict(list(memory.items())[-MOST_SOURCES:])
    return msgspec.structs.replace(
        state, sources=source_rows(sources, np.flatnonzero(stays)), memory=memory
    )  # fmt: skip


def numbered(state: JointState) -> tuple[JointState, Longs, frozenset[tuple[int, int]]]:
    """Give new sources a joint track each: the number it had, or its own, or a spare one.

    returns  the state, numbers that are new (rising), and pairs of numbers that were one before
    """
    new = np.flatnonzero(state.sources.number < 0)
    if not len(new):
        return state, np.zeros(0, np.int64), frozenset()
    number = state.sources.number.copy()
    taken = set(state.joints.number.tolist())
    recalled: set[tuple[int, int]] = set()
    fresh: list[int] = []
    for place in new.tolist():
        key = int(state.sources.key[place])
        own = own_number(state, key >> TRACK_BITS, key & ((1 << TRACK_BITS) - 1))
        was = state.memory.get(key, (own, 0))[0]
        chosen = next((one for one in (was, own) if one not in taken), -1)
        if chosen < 0:
            state, chosen = spare_number(state, taken)
        if was != chosen:
            recalled.add((min(was, chosen), max(was, chosen)))
        taken.add(chosen)
        fresh.append(chosen)
        number[place] = chosen
    sources = msgspec.structs.replace(state.sources, number=number)
    state = msgspec.structs.replace(state, sources=sources)
    return state, np.array(sorted(fresh), np.int64), frozenset(recalled)


def spare_number(state: JointState, taken: set[int]) -> tuple[JointState, int]:
    """A number of our own block that no track has had."""
    number = state.spare
    while number in taken:
        number += 1
    return msgspec.structs.replace(state, spare=number + 1), number
