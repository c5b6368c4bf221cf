"""Records that are made as ones before them are read by what those taught: that must never show."""

from random import Random

import numpy as np
import pytest
from tests.fuzz import records
from tests.fuzz.judge_asterix import NEWEST, laid
from tests.wire.recordings import block, fspec, trusted

from asman.kernels.asterix_forms import FORMS, MISSED_MAX
from asman.model.decoded import Decoded
from asman.wire.asterix import decode

#: Items of CAT048 of fixed length, and the octets that they have here.
ITEMS = {
    "010": b"\x14\x81", "140": b"\x00\x00\x80", "020": b"\xa0", "040": b"\x64\x00\x40\x00",
    "070": b"\x02\x9c", "090": b"\x05\x78", "220": b"\x01\x02\x03", "161": b"\x00\x07",
    "042": b"\x00\x01\x00\x02", "200": b"\x01\x00\x02\x00",
}  # fmt: skip


def told(found: Decoded, begin: int, end: int) -> list[object]:
    """What was read and refused of one block of many, counted from its begin.

    Left out is what is chosen by all of a category together: the edition of RE, and hints on older editions.
    """
    rows: list[object] = []
    for table in found.tables.values():
        at = np.asarray(table["block"])
        for row in table.filter((at >= begin) & (at < end)).to_pylist():
            kept = {name: value for name, value in row.items() if value is not None and name[:3] != "RE/"}
            rows.append({**kept, "offset": row["offset"] - begin, "block": row["block"] - begin})
    at = np.asarray(found.rejected["block"])
    for row in found.rejected.filter((at >= begin) & (at < end)).to_pylist():
        rows.append((row["offset"] - begin, row["length"], row["reason"].partition(" (")[0]))
    return rows


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("category", NEWEST)
def test_a_block_reads_the_same_alone_and_among_others_of_its_form(category: str, lenient: bool):
    draw = Random(f"forms {category} {lenient}")
    some = records.blocks(int(category), NEWEST[category], draw, 24)
    among = some * 3
    draw.shuffle(among)
    octets, frames = laid(among)
    found = decode(octets, frames, editions=NEWEST, trusted=True, lenient=lenient)
    alone: dict[bytes, list[object]] = {}
    for one in some:
        twice = decode(*laid([one, one]), editions=NEWEST, trusted=True, lenient=lenient)
        alone[one] = told(twice, 0, len(one))
    for begin, one in zip(frames.start.tolist(), among, strict=True):
        assert told(found, begin, begin + len(one)) == alone[one]


def test_records_of_more_forms_than_there_is_room_for_are_read_as_well():
    """Two thirds are of ever new forms, until all are forgotten and learnt anew, twice."""
    draw = Random("many forms")
    count = 3 * (FORMS + 2 * MISSED_MAX)
    subsets = [
        [name for name in ITEMS if name == "010" or draw.random() < 0.5] if k % 3 else ["010", "161"]
        for k in range(count)
    ]
    made: list[bytes] = []
    for k, names in enumerate(subsets):
        octets = {**ITEMS, "161": (k % 4096).to_bytes(2, "big")}
        order = [name for name in ITEMS if name in names]
        made.append(block(48, fspec(48, "1.32", *order) + b"".join(octets[name] for name in order)))
    table = trusted(b"".join(made), 48, "1.32").tables["CAT048"]
    assert table.num_rows == count
    shown = {"140": "I140_s", "040": "I040/RHO_NM", "220": "I220", "042": "I042/X_NM"}
    for name, column in shown.items():
        has = [name in names for names in subsets]
        assert table[column].is_valid().to_pylist() == has
    track = next(name for name in table.column_names if name.startswith("I161"))
    expected = [k % 4096 if "161" in names else None for k, names in enumerate(subsets)]
    assert table[track].to_pylist() == expected
