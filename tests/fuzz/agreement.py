"""Read the same blocks as libasterix does, and list where the two disagree.

Blocks are generated and mutated over all editions; where the real recordings are at hand, half are theirs: as
they are, damaged, and read with other editions than their own.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from tests.fuzz.judge_asterix import NEWEST, laid
from tests.fuzz.records import EDITIONS, blocks
from tests.wire import libasterix_oracle as oracle
from tests.wire.recordings import blocks_of, leaves, same

from asman.wire.asterix import decode
from asman.wire.asterix.specification import specifications

COUNTS = Path(__file__).resolve().parents[1] / "golden" / "asterix_counts.json"
#: Longer blocks are left out: libasterix takes seconds for one.
LONGEST = 3000
#: Blocks of one category that are taken from a recording.
OF_RECORDING = 4000

Editions = dict[tuple[int, str], list[bytes]]


class Agreement(NamedTuple):
    """What was compared.

    blocks, records, rejected, values   how many
    disagreements  (class, edition, block in hexadecimal)
    """

    blocks: int
    records: int
    rejected: int
    values: int
    disagreements: list[tuple[str, str, str]]


def sample(seed: int, count: int, recordings: Path | None) -> Editions:
    """So many blocks, by edition."""
    draw = Random(f"agreement {seed}")
    real = list(_real(recordings)) if recordings else []
    generated = count // 2 if real else count
    out: Editions = {edition: [] for edition in EDITIONS}
    for k, edition in enumerate(EDITIONS):
        share = generated * (k + 1) // len(EDITIONS) - generated * k // len(EDITIONS)
        while len(out[edition]) < share:
            more = [one for one in blocks(*edition, draw, share) if _whole(one)]
            out[edition] += more[: share - len(out[edition])]
    for k in range(count - generated):
        category, edition, octets = real[k % len(real)] if k < len(real) else draw.choice(real)
        if k % 2:
            octets = _damaged(octets, draw)
        if k % 4 == 3:
            edition = draw.choice(specifications().categories[category]).edition
        out[category, edition].append(octets)
    return out


def _whole(octets: bytes) -> bool:
    return len(octets) <= LONGEST and int.from_bytes(octets[1:3], "big") == len(octets)


def _real(folder: Path) -> Iterator[tuple[int, str, bytes]]:
    """Blocks of all recordings with the edition that they are in, mixed."""
    found: list[tuple[int, str, bytes]] = []
    draw = Random("real")
    for name, entry in json.loads(COUNTS.read_text()).items():
        octets = (folder / name).read_bytes()
        table = blocks_of(octets)
        for category in np.unique(table.category).tolist():
            edition = entry.get(f"CAT{category:03}", {}).get("edition")
            if not edition:
                continue
            mine = table.of(table.category == category)
            places = draw.sample(range(mine.start.size), min(OF_RECORDING, mine.start.size))
            some = [octets[mine.start[k] : mine.start[k] + mine.length[k]] for k in places]
            found += [(category, edition, one) for one in some if len(one) <= LONGEST]
    draw.shuffle(found)
    return iter(found)


def _damaged(octets: bytes, draw: Random) -> bytes:
    """A few octets changed, now and then cut; the length put right."""
    one = bytearray(octets)
    if len(one) > 4:
        for _ in range(draw.choice((1, 1, 2, 3))):
            at = draw.randrange(3, len(one))
            one[at] = draw.randrange(256) if draw.random() < 0.5 else one[at] ^ 1 << draw.randrange(8)
        if draw.random() < 0.3:
            one = one[: draw.randrange(4, len(one) + 1)]
    one[1:3] = len(one).to_bytes(2, "big")
    return bytes(one)


def compare(edition: tuple[int, str], inputs: Sequence[bytes]) -> Agreement:
    """Compare accept, reject and every value of blocks of one edition."""
    category, name = edition
    octets, frames = laid(inputs)
    found = decode(octets, frames, editions={**NEWEST, str(category): name}, trusted=True)
    table = found.tables.get(f"CAT{category:03}")
    rows: dict[int, list[dict[str, Any]]] = {}
    for row in table.to_pylist() if table is not None else ():
        rows.setdefault(row["block"], []).append(row)
    reasons = {row["block"]: row["reason"] for row in found.rejected.to_pylist()}
    values: Counter[str] = Counter()
    wrong: list[tuple[str, str, str]] = []
    for start, one in zip(frames.start.tolist(), inputs, strict=True):
        got, reason = rows.get(start, []), reasons.get(start, "")
        expected, failed = oracle.parse(category, name, one)
        kind = _difference(category, got, reason, expected, failed, values)
        if kind:
            wrong.append((kind, f"{category:03} {name}", one.hex()))
    records = table.num_rows if table is not None else 0
    return Agreement(len(inputs), records, len(reasons), values.total(), wrong)


def _difference(
    category: int,
    got: list[dict[str, Any]],
    reason: str,
    expected: list[Any],
    failed: bool,
    values: Counter[str],
) -> str:
    if failed != bool(reason):
        return f"refused by us alone: {reason}" if reason else "refused by libasterix alone"
    if len(got) != len(expected):
        return f"{len(got)} records, libasterix {len(expected)}: {reason}"
    for row, (octets, known) in zip(got, expected, strict=True):
        if row["length"] != len(octets):
            return "a record of another length"
        have = leaves(row)
        if category in (1, 2) and "I010/SAC" not in known:  # carried from the record before
            have = {name: value for name, value in have.items() if not name.startswith("I010/")}
        if have.keys() != known.keys():
            return f"other items: {sorted(have.keys() ^ known.keys())[:4]}"
        differ = [name for name in known if not same(have[name], known[name])]
        if differ:
            return f"other values: {differ[:4]}"
        values.update(dict.fromkeys(known, 1))
    return ""


def compare_all(seed: int, count: int, recordings: Path | None) -> Agreement:
    total = Agreement(0, 0, 0, 0, [])
    for edition, inputs in sample(seed, count, recordings).items():
        for k in range(0, len(inputs), 2000):
            one = compare(edition, inputs[k : k + 2000])
            total = Agreement(*(a + b for a, b in zip(total, one, strict=True)))
    return total
