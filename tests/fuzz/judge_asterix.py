"""What must hold of whatever octets are read as ASTERIX."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from tests.fuzz.memory import Guarded

from asman.model.decoded import Decoded
from asman.model.frames import NO_TIME, Frames
from asman.wire.asterix import decode
from asman.wire.asterix.specification import specifications

#: Every category has an edition, so that nothing is detected: a stray block costs no search.
NEWEST = {str(category): all_of[-1].edition for category, all_of in specifications().categories.items()}
BESIDE = ("time", "offset", "length", "block", "edition", "octets", "items")


class Walked(NamedTuple):
    """Data blocks as they stand in the frames, by this module's own walk; `broken`: what is none."""

    start: np.ndarray
    length: np.ndarray
    category: np.ndarray
    broken: list[tuple[int, int]]


def laid(inputs: Sequence[bytes], gaps: Sequence[bytes] = ()) -> tuple[bytes, Frames]:
    """Inputs one after another, each a frame; `gaps` stand behind each."""
    sizes = np.array([len(one) for one in inputs], np.int64)
    steps = sizes + np.array([len(gap) for gap in gaps] or [0] * len(inputs), np.int64)
    starts = np.cumsum(steps) - steps
    octets = (
        b"".join(inputs)
        if not gaps
        else b"".join(piece for pair in zip(inputs, gaps, strict=True) for piece in pair)
    )
    return octets, Frames(starts, sizes, np.full(len(inputs), NO_TIME, np.int64))


def walk(octets: bytes, frames: Frames, gaps: dict[int, int]) -> Walked:
    """Blocks one behind the other; a gap that was told is passed over, and must end where a block begins."""
    rows: list[tuple[int, int, int]] = []
    broken: list[tuple[int, int]] = []
    for start, size in zip(frames.start.tolist(), frames.length.tolist(), strict=True):
        at, end = start, start + size
        while at < end:
            length = int.from_bytes(octets[at + 1 : at + 3], "big") if at + 3 <= end else 0
            if at in gaps:
                broken.append((at, gaps[at]))
                at += gaps[at]
                continue
            assert length >= 3 and at + length <= end, f"what is no block at {at} is not told"
            rows.append((at, length, octets[at]))
            at += length
        assert at == end, "a gap ends where its frame does, or before"
    # Frames of what was put together stand in order of time, not of octets.
    table = np.array(sorted(rows), np.int64).reshape(-1, 3)
    return Walked(table[:, 0], table[:, 1], table[:, 2], broken)


def judge(
    inputs: Sequence[bytes], category: int, edition: str, memory: Guarded, *, twice: bool
) -> Counter[str]:
    """Read frames of blocks with a named edition, and check; gives records and why others were given up.

    twice  read them again with other octets around each, which must not show
    """
    octets, frames = laid(inputs)
    editions = {**NEWEST, str(category): edition}
    found = decode(memory.put(octets), frames, editions=editions, trusted=True)
    told = account(found, octets, frames)
    if twice:
        loose = decode(
            memory.put(octets), frames, editions=editions, trusted=True, lenient=True, originals=True
        )
        account(loose, octets, frames)
        assert loose.records >= found.records, "what is strict is not more"
        gaps = [bytes([0xFF if k % 3 else 0x00]) * (k % 17) for k in range(len(inputs))]
        spread, moved = laid(inputs, gaps)
        again = decode(memory.put(spread), moved, editions=editions, trusted=True)
        _same(found, frames, again, moved)
    return told


def account(found: Decoded, octets: bytes, frames: Frames) -> Counter[str]:
    """Every octet of every block was read or given up once; no record is empty; every reason is told."""
    lost = found.rejected
    offset, length, block = (lost[one].to_numpy() for one in ("offset", "length", "block"))
    whole = offset == block  # given up from their first octet on: no block, or all of one
    walked = walk(octets, frames, dict(zip(offset[whole].tolist(), length[whole].tolist(), strict=True)))
    assert len(walked.broken) == int(whole.sum()), "what is given up is met on the way, once"
    used = np.zeros(walked.start.size, np.int64)
    told: Counter[str] = Counter()
    for name, table in found.tables.items():
        table.validate(full=True)
        offset, length, block = (table[one].to_numpy() for one in ("offset", "length", "block"))
        order = np.argsort(offset, kind="stable")
        ends = (offset + length)[order]
        assert (offset[order][1:] >= ends[:-1]).all(), "a record's octets are used once"
        place = np.searchsorted(walked.start, block)
        assert (walked.start[place] == block).all(), "a record stands in a block"
        assert (walked.category[place] == int(name[3:])).all(), "of its category"
        assert (offset >= block + 3).all(), "behind the block's header"
        assert (offset + length <= block + walked.length[place]).all(), "and within the block"
        assert (length >= 2).all(), "a record has a field specification and an item"
        np.add.at(used, place, length)
        empty = ~_filled(table)
        assert not empty.any(), f"{name}: an empty record at {offset[empty][:3]}"
        told["records"] += table.num_rows
    reasons = lost["reason"].to_pylist()
    assert all(reasons), "a reason is told"
    told.update(reasons)
    offset, length, block = (lost[one].to_numpy()[~whole] for one in ("offset", "length", "block"))
    place = np.searchsorted(walked.start, block)
    assert (walked.start[place] == block).all(), "what is given up stands in a block"
    assert (np.bincount(place, minlength=walked.start.size) <= 1).all(), "a block is given up once"
    np.add.at(used, place, length)
    wrong = used != walked.length - 3
    assert not wrong.any(), f"octets of blocks at {walked.start[wrong][:3]} are not accounted for"
    return told


def _filled(table: pa.Table) -> np.ndarray:
    filled = np.zeros(table.num_rows, np.bool_)
    for name in table.column_names:
        if name not in BESIDE:
            column = table[name]
            if column.null_count == 0:
                return np.ones(table.num_rows, np.bool_)
            filled |= column.is_valid().to_numpy()
    return filled


def _same(found: Decoded, frames: Frames, again: Decoded, moved: Frames) -> None:
    """Two readings differ in where things stand, and in nothing else."""
    assert found.tables.keys() == again.tables.keys(), "what stands around a block shows"
    for name, table in found.tables.items():
        other = again.tables[name]
        assert table.drop(["offset", "block"]).equals(other.drop(["offset", "block"])), (
            f"{name}: what stands around a block shows"
        )
        for column in ("offset", "block"):
            _same_places(table[column], frames, other[column], moved)
    assert found.rejected.drop(["offset", "block"]).equals(again.rejected.drop(["offset", "block"])), (
        "in rejects"
    )
    for column in ("offset", "block"):
        _same_places(found.rejected[column], frames, again.rejected[column], moved)


def _same_places(here: pa.ChunkedArray, frames: Frames, there: pa.ChunkedArray, moved: Frames) -> None:
    """Octets that stand at the same place of their frames; one may be the octet behind its frame."""
    a, b = here.to_numpy(), there.to_numpy()
    place = np.searchsorted(moved.start, b, side="right") - 1
    shift = moved.start[place] - frames.start[place]
    behind = np.isin(b, moved.start) & (b - a != shift)
    shift[behind] = (moved.start - frames.start)[place[behind] - 1]
    assert (b - a == shift).all(), "places differ"
