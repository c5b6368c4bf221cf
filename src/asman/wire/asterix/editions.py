"""Recognise the edition that a category is written in, by how plausible its records read.

That a block can be read proves little: a CAT021 edition 0.26 block reads without a fault as edition 2.x, into
garbage. So a sample is read with every edition, and each record is judged by its values: spare bits are 0,
values of enumerations are known ones, times of day lie within a day and hardly step back, latitudes,
longitudes, flight levels and speeds are possible, letters are letters, the source is named and does not
change wildly. A record without a fault counts 1, each fault takes a third; what cannot be read counts 0. An
edition's score is the mean over the sample's octets. The best wins; of editions within a hundredth of the
best, the newest.

Why a bound of one half (`PLAUSIBLE`): on every real recording at hand the right edition scores 0.9 or more,
and a wrong one that reads at all below 0.4, because dozens of independent values are judged in each record.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels.asterix import read_blocks
from asman.kernels.asterix_plausible import (
    ASCII_TEXT,
    DAY,
    KNOWN,
    LETTERS,
    RANGE,
    THERE,
    TIME_LSB_S,
    count_faults,
)
from asman.kernels.asterix_program import BLOCK
from asman.wire.asterix.blocks import Blocks
from asman.wire.asterix.columns import Column
from asman.wire.asterix.layout import Layout, layout
from asman.wire.asterix.reasons import older
from asman.wire.asterix.work import Work, empty, fit, make_work

#: Records below this mean plausibility are not of this edition.
PLAUSIBLE: Final = 0.5
#: Share of a record's plausibility that one fault takes.
FAULT: Final = 1 / 3
#: A named edition that reads so much worse than another is the wrong one.
CLEARLY: Final = 0.5
#: Scores this near to the best are as good.
NEAR: Final = 0.01
#: Octets that are judged, in this many runs of consecutive blocks over the recording.
SAMPLE_OCTETS: Final = 24_576
RUNS: Final = 4
#: Records that are judged together: of these, a source that occurs once is odd.
ROWS: Final = 1024
#: Blocks from which on the share of those that cannot be read says something about the edition.
BLOCKS_ENOUGH: Final = 8
#: What is possible: unit -> lowest and highest value.
POSSIBLE: Final = {"FL": (-20.0, 1500.0), "NM/s": (-2.0, 2.0), "kt": (-4000.0, 4000.0), "Mach": (0.0, 6.0)}
#: last name of a leaf in degrees -> highest value
ANGLES: Final = {"LAT": 90.0, "LON": 180.0}


class Checks(NamedTuple):
    """What records of an edition are judged by: `checks`, `known` and `where` of `count_faults`."""

    checks: NDArray[np.int64]
    known: NDArray[np.uint64]
    where: NDArray[np.int64]


class Memory:
    """Room to read samples into: made when it is first needed, and anew when a larger one is."""

    def __init__(self) -> None:
        self._for: tuple[int, int, int] = (0, 0, 0)
        self._work: Work | None = None

    def room(self, shapes: list[Layout], octets: int) -> Work:
        """Return room for a sample of so many octets, in any of the layouts."""
        need = (
            octets,
            max(shape.groups for shape in shapes),
            max(len(shape.repetitions) for shape in shapes),
        )
        if self._work is None or any(more > had for more, had in zip(need, self._for, strict=True)):
            self._for = need
            self._work = make_work(shapes, octets, rows=ROWS, placed=True)
        return self._work


class Verdict(NamedTuple):
    """How an edition reads a sample.

    score      plausible share of its octets, 0 to 1
    quality    plausible share of the octets that could be read at all; 1 when none could
    records    that could be read
    plausible  of them, those with one fault at most
    """

    score: float
    quality: float
    records: int = 0
    plausible: int = 0


class Judgement(NamedTuple):
    """The chosen edition, and what speaks for it.

    scores     edition that was tried -> plausible share
    refusal    why none will do; empty: the chosen one will
    records    records that were judged, as the chosen edition reads them
    plausible  of them, those with one fault at most
    """

    edition: str
    scores: dict[str, float]
    refusal: str
    records: int = 0
    plausible: int = 0


@cache
def checks_of(category: int, edition: str, expansion: bool = False) -> Checks:
    """Make the checks of one edition, or of one of RE, once a process."""
    shape = layout(category, edition, expansion)
    rows = [(RANGE, spare.group, spare.raw, 0, 0, {}) for spare in shape.spares]
    for column in shape.columns:
        rows += _checks(column)
    source = [column for column in shape.columns if column.name in ("I010/SAC", "I010/SIC")]
    rows += [(THERE, column.group, column.raw, 0, 0, {}) for column in source[:1]]
    times = [column for column in shape.columns if _is_time(column)]
    places = [(column.raw, column.group) for column in (*times[:1], *source)]
    missing = (-1, -1)
    time = places[0] if times else missing
    sac, sic = places[-2:] if len(source) == 2 else (missing, missing)
    known = np.zeros((len(rows), 4), np.uint64)
    for k, row in enumerate(rows):
        for value in row[5]:
            known[k, value >> 6] |= np.uint64(1 << (value & 63))
    where = np.array([*time, *sac, *sic], np.int64)
    return Checks(np.array([row[:5] for row in rows], np.int64).reshape(-1, 5), known, where)


def _checks(column: Column) -> Iterable[tuple[int, int, int, int, int, dict[int, str]]]:
    content, place = column.content, (column.group, column.raw)
    if column.binary:
        return
    if (
        content.kind == "table"
        and column.bits <= 8
        and not column.cases
        and len(content.values) < 1 << column.bits
    ):
        yield (KNOWN, *place, 0, 0, content.values)
    elif content.characters == "icao":
        yield (LETTERS, *place, column.bits // 6, 0, {})
    elif content.characters == "ascii":
        yield (ASCII_TEXT, *place, column.bits // 8, 0, {})
    elif _is_time(column):
        yield (RANGE, *place, 0, DAY - 1, {})
    elif content.kind == "quantity":
        last = column.name.rsplit("/", 1)[-1].split("_")[0]
        top = ANGLES.get(last, 0.0) if content.unit == "°" else 0.0
        low, high = (-top, top) if top else POSSIBLE.get(content.unit, (0.0, 0.0))
        if high:
            yield (RANGE, *place, int(low / content.lsb), int(high / content.lsb), {})


def _is_time(column: Column) -> bool:
    content = column.content
    return content.unit == "s" and content.lsb == TIME_LSB_S and column.bits == 24 and not content.signed


def choose(
    octets: NDArray[np.uint8],
    blocks: Blocks,
    category: int,
    editions: list[str],
    pinned: str,
    *,
    memory: Memory,
    everything: bool = False,
    expansion: bool = False,
) -> Judgement:
    """Choose the edition of one category's blocks; a pinned one stays unless it reads as garbage.

    editions    that there are, oldest first
    pinned      the edition that was named, or empty
    memory      to read samples into, one after another
    everything  judge by all records, not by a sample
    expansion   they are editions of what RE holds
    """
    some = blocks if everything else blocks.of(sample(blocks.length))
    if pinned:
        first = _judge_all(octets, some, category, [pinned], memory, expansion)[pinned]
        if first.score >= PLAUSIBLE and not refused(first, some):
            return Judgement(pinned, {pinned: first.score}, "", first.records, first.plausible)
    verdicts = _judge_all(octets, some, category, editions, memory, expansion)
    scores = {edition: verdict.score for edition, verdict in verdicts.items()}
    plausible = [edition for edition in editions if not refused(verdicts[edition], some)]
    best = max(scores[edition] for edition in plausible or editions)
    near = [edition for edition in plausible or editions if scores[edition] >= best - NEAR]
    if pinned:
        few = some.start.size < BLOCKS_ENOUGH  # an odd record or two do not outweigh who pinned it
        wrong = best - scores[pinned] >= CLEARLY or (not few and refused(verdicts[pinned], some))
        refusal = _refusal(category, pinned, scores, near) if wrong else ""
        return Judgement(pinned, scores, refusal, *verdicts[pinned][2:])
    refusal = "" if plausible else _refusal(category, "", scores, near)
    return Judgement(near[-1], scores, refusal, *verdicts[near[-1]][2:])


def _judge_all(
    octets: NDArray[np.uint8],
    some: Blocks,
    category: int,
    editions: list[str],
    memory: Memory,
    expansion: bool,
) -> dict[str, Verdict]:
    """Judge every edition; those that differ in nothing that is read or checked are read once."""
    verdicts: dict[str, Verdict] = {}
    known: dict[bytes, Verdict] = {}
    shapes = [layout(category, edition, expansion) for edition in editions]
    work = memory.room(shapes, int(some.length.sum()))
    for edition, shape in zip(editions, shapes, strict=True):
        checks = checks_of(category, edition, expansion)
        key = shape.program.tobytes() + checks.checks.tobytes() + checks.known.tobytes()
        if key not in known:
            known[key] = judge(octets, some, shape, checks, work)
        verdicts[edition] = known[key]
    return verdicts


def refused(verdict: Verdict, some: Blocks) -> bool:
    """Tell whether records read so badly that they are not of this edition.

    A few blocks that cannot be read may be damaged; many cannot all be.
    """
    return verdict.quality < PLAUSIBLE or (verdict.score < PLAUSIBLE and some.start.size >= BLOCKS_ENOUGH)


def _refusal(category: int, pinned: str, scores: dict[str, float], near: list[str]) -> str:
    """Say that the records are not of the edition, and which would fit."""
    name, best = f"CAT{category:03}", scores[near[-1]]
    asked = f" as edition {pinned} ({scores[pinned]:.0%})" if pinned else ""
    if best >= PLAUSIBLE:
        return f"{name}: not plausible{asked}; plausible as {', '.join(near)} ({best:.0%})"
    old = older(category)
    said = f"{name}: not plausible{asked} as any edition that we carry (best: {near[-1]}, {best:.0%})"
    return f"{said}; {old}" if old else said


def sample(length: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose runs of consecutive blocks, of so many octets each, from all over the recording."""
    ends = np.cumsum(length)
    if not ends.size or ends[-1] <= SAMPLE_OCTETS:
        return np.arange(length.size)
    begins = np.arange(RUNS) * (ends[-1] - SAMPLE_OCTETS // RUNS) // (RUNS - 1)
    first = np.searchsorted(ends, begins, side="right")
    last = np.searchsorted(ends, begins + SAMPLE_OCTETS // RUNS)
    runs = [np.arange(a, b + 1) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    return np.unique(np.concatenate(runs))


def judge(octets: NDArray[np.uint8], some: Blocks, shape: Layout, checks: Checks, room: Work) -> Verdict:
    """Read a sample with one edition, and say how plausible it is.

    room  made for the sample, with room for this edition; empty, before and after
    """
    work = fit(room, shape)
    total = int(some.length.sum()) - 3 * some.start.size
    batch = (work.places, work.notes, work.forms, work.sizes)
    plausible, readable, records, fine = 0.0, 0, 0, 0
    while work.notes[BLOCK] < some.start.size:
        reading = (shape.program, shape.repeated, *batch, work.records, work.rejects)
        got, _ = read_blocks(octets, some.start, some.length, *reading)
        rows = int(got)
        faults = np.zeros(rows, np.int64)
        seen = np.zeros(1 << 16, np.int16)
        count_faults(octets, shape.program, *batch, rows, shape.plan.leaves, *checks, seen, faults)
        lengths = work.records[1, :rows]
        plausible += float((lengths * np.maximum(0.0, 1.0 - FAULT * faults)).sum())
        readable += int(lengths.sum())
        records += rows
        fine += int((faults <= 1).sum())
        empty(work, rows)
    score, quality = plausible / total if total else 1.0, plausible / readable if readable else 1.0
    return Verdict(score, quality, records, fine)
