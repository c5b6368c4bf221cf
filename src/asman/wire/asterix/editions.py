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
from asman.kernels.asterix_plausible import ASCII_TEXT, KNOWN, LETTERS, RANGE, THERE, count_faults
from asman.kernels.asterix_program import BLOCK, NOTES
from asman.units import DAY_S
from asman.wire.asterix.blocks import Blocks
from asman.wire.asterix.columns import Column
from asman.wire.asterix.layout import layout
from asman.wire.asterix.reasons import older
from asman.wire.asterix.work import make_work

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
#: Blocks from which on the share of those that cannot be read says something about the edition.
BLOCKS_ENOUGH: Final = 8
#: A time of day may step back or ahead so far from one record to the next.
STEP_BACK_S: Final = 30.0
STEP_AHEAD_S: Final = 120.0
#: Records from which on a source that occurs once is odd.
RECORDS_ENOUGH: Final = 20
#: LSB of ASTERIX times of day, s.
TIME_LSB_S: Final = 1 / 128
#: What is possible: unit -> lowest and highest value.
POSSIBLE: Final = {"FL": (-20.0, 1500.0), "NM/s": (-2.0, 2.0), "kt": (-4000.0, 4000.0), "Mach": (0.0, 6.0)}
#: last name of a leaf in degrees -> highest value
ANGLES: Final = {"LAT": 90.0, "LON": 180.0}


class Checks(NamedTuple):
    """What `count_faults` needs of a layout, and where time and source stand (column and group; -1
    nowhere).
    """

    checks: NDArray[np.int64]
    known: NDArray[np.uint64]
    time: tuple[int, int]
    sac: tuple[int, int]
    sic: tuple[int, int]


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
    return Checks(np.array([row[:5] for row in rows], np.int64).reshape(-1, 5), known, time, sac, sic)


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
        yield (RANGE, *place, 0, round(DAY_S / TIME_LSB_S) - 1, {})
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
    everything: bool = False,
    expansion: bool = False,
) -> Judgement:
    """Choose the edition of one category's blocks; a pinned one stays unless it reads as garbage.

    editions    that there are, oldest first
    pinned      the edition that was named, or empty
    everything  judge by all records, not by a sample
    expansion   they are editions of what RE holds
    """
    some = blocks if everything else sample(blocks)
    if pinned:
        first = judge(octets, some, category, pinned, expansion)
        if first.score >= PLAUSIBLE and not refused(first, some):
            return Judgement(pinned, {pinned: first.score}, "", first.records, first.plausible)
    verdicts = _judge_all(octets, some, category, editions, expansion)
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
    octets: NDArray[np.uint8], some: Blocks, category: int, editions: list[str], expansion: bool
) -> dict[str, Verdict]:
    """Judge every edition; those that differ in nothing that is read or checked are read once."""
    verdicts: dict[str, Verdict] = {}
    known: dict[bytes, Verdict] = {}
    for edition in editions:
        checks = checks_of(category, edition, expansion)
        key = (
            layout(category, edition, expansion).program.tobytes()
            + checks.checks.tobytes()
            + checks.known.tobytes()
        )
        if key not in known:
            known[key] = judge(octets, some, category, edition, expansion)
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


def sample(blocks: Blocks) -> Blocks:
    """Take runs of consecutive blocks from all over the recording."""
    ends = np.cumsum(blocks.length)
    if not ends.size or ends[-1] <= SAMPLE_OCTETS:
        return blocks
    begins = np.arange(RUNS) * (ends[-1] - SAMPLE_OCTETS // RUNS) // (RUNS - 1)
    first = np.searchsorted(ends, begins, side="right")
    last = np.searchsorted(ends, begins + SAMPLE_OCTETS // RUNS)
    runs = [np.arange(a, b + 1) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    return blocks.of(np.unique(np.concatenate(runs)))


def judge(
    octets: NDArray[np.uint8], some: Blocks, category: int, edition: str, expansion: bool = False
) -> Verdict:
    """Read a sample with one edition, and say how plausible it is."""
    shape, checks = layout(category, edition, expansion), checks_of(category, edition, expansion)
    total = int(some.length.sum()) - 3 * some.start.size
    work = make_work(shape, int(some.length.sum()), rows=1024, spares=True)
    batch = (shape.ready, shape.repeated, work.cells, work.present, work.notes, work.sizes)
    plausible, readable, records, fine = 0.0, 0, 0, 0
    while work.notes[BLOCK] < some.start.size:
        got, _ = read_blocks(octets, some.start, some.length, *batch, work.records, work.rejects)
        rows = int(got)
        faults = np.zeros(rows, np.int64)
        count_faults(work.cells, work.present, work.sizes, rows, checks.checks, checks.known, faults)
        width = work.sizes.width
        faults += _jumps(checks, work.cells, work.present, width, rows)
        faults += _strangers(checks, work.cells, work.present, width, rows)
        lengths = work.records[:rows, 1]
        plausible += float((lengths * np.maximum(0.0, 1.0 - FAULT * faults)).sum())
        readable += int(lengths.sum())
        records += rows
        fine += int((faults <= 1).sum())
        work.present[:] = 0
        work.notes[NOTES:] = 0
    score, quality = plausible / total if total else 1.0, plausible / readable if readable else 1.0
    return Verdict(score, quality, records, fine)


def _jumps(
    checks: Checks, cells: NDArray[np.uint64], present: NDArray[np.uint8], width: int, rows: int
) -> NDArray[np.int64]:
    """Give a fault to each record whose time of day is far from that of the record before it."""
    faults = np.zeros(rows, np.int64)
    column, group = checks.time
    if column < 0:
        return faults
    timed = np.flatnonzero(present[group * width : group * width + rows])
    time_s = cells[column * width + timed].astype(np.float64) * TIME_LSB_S
    step_s = (np.diff(time_s) + DAY_S / 2) % DAY_S - DAY_S / 2
    faults[timed[1:]] = (step_s < -STEP_BACK_S) | (step_s > STEP_AHEAD_S)
    return faults


def _strangers(
    checks: Checks, cells: NDArray[np.uint64], present: NDArray[np.uint8], width: int, rows: int
) -> NDArray[np.int64]:
    """Give a fault to each record of a source that occurs only once."""
    faults = np.zeros(rows, np.int64)
    column, group = checks.sac
    if column < 0 or rows < RECORDS_ENOUGH:
        return faults
    named = np.flatnonzero(present[group * width : group * width + rows])
    source = cells[column * width + named] * np.uint64(256) + cells[checks.sic[0] * width + named]
    _, place, count = np.unique(source, return_inverse=True, return_counts=True)
    faults[named] = count[place] == 1
    return faults
