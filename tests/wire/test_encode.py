"""Tables to octets: against hand-made octets, the decoder, an independent decoder, and real recordings."""

import struct

import asterix.base as oracle
import asterix.generated as published
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.errors import InputError
from asman.kernels.asterix_out import ASCII, FLOAT, ICAO
from asman.model.frames import NO_TIME, Frames
from asman.wire.asterix.batches import Blocks, read
from asman.wire.asterix.decode import decode
from asman.wire.asterix.encode import encode
from asman.wire.asterix.encode_columns import BESIDE
from asman.wire.asterix.layout import layout
from asman.wire.asterix.specification import specifications

#: Categories 001 and 007 choose among several UAPs: random records would mix them.
EDITIONS = [
    (category, one.edition)
    for category, editions in specifications().categories.items()
    for one in editions
    if len(one.uaps) == 1
]


def _decoded(octets: bytes, category: int, edition: str) -> pa.Table:
    """Read blocks of one known edition; `decode` would doubt that random values are radar data."""
    view = np.frombuffer(octets, np.uint8)
    starts, at = [], 0
    while at < len(octets):
        starts.append(at)
        at += int.from_bytes(octets[at + 1 : at + 3], "big")
    start = np.array(starts, np.int64)
    blocks = Blocks(
        start=start,
        length=np.diff(np.append(start, at)),
        category=np.full(start.size, category),
        frame=np.zeros(start.size, np.int64),
        time_ns=np.full(start.size, NO_TIME),
    )
    found = read(view, blocks, layout(category, edition))
    assert at == len(octets)
    assert len(found.rejects) == 0, found.rejects
    return found.table


def _leaves(table: pa.Table) -> dict:
    """What a table says of its records, whatever the order of its columns; all-null columns left out."""
    kept = [name for name in table.column_names if name not in BESIDE and table[name].null_count < len(table)]
    return {name: table[name].to_pylist() for name in sorted(kept)}


def test_a_plot_becomes_the_octets_that_the_specification_says():
    plot = pa.table(
        {
            "I010/SAC": [25], "I010/SIC": [201], "I140_s": [27354.6015625], "I020/TYP": [2],
            "I040/RHO_NM": [197.68359375], "I040/THETA_deg": [340.13671875], "I070/MODE3A": [0o5436],
            "I090/FL_FL": [330.0], "I220": [0x3C660C], "I240": ["DLH65A"],
        }
    )  # fmt: skip
    encoded = encode(plot, 48, "1.32")
    # FSPEC: 010 140 020 040 070 090 -, then 220 240; the items follow in that order.
    body = "fdc0 19c9 356d4d 40 c5aff1e0 0b1e 0528 3c660c 10c236d41820".replace(" ", "")
    assert encoded.octets.hex() == f"30{len(body) // 2 + 3:04x}" + body
    assert encoded.starts.tolist() == [0, len(encoded.octets)]
    assert encoded.rows.tolist() == [0, 1]


def test_values_are_rounded_to_the_nearest_step():
    table = pa.table({"I010/SAC": [1, 1], "I010/SIC": [2, 2], "I040/RHO_NM": [10.0019, 10.0021]})
    assert _decoded(encode(table, 48, "1.32").octets, 48, "1.32")["I040/RHO_NM"].to_pylist() == [
        10.0,
        10.00390625,
    ]


def test_an_item_is_written_when_any_of_its_leaves_is_there():
    table = pa.table({"I010/SIC": [2], "I070/MODE3A": pa.array([None], pa.int16()), "I020/SIM": [1]})
    back = _decoded(encode(table, 48, "1.32").octets, 48, "1.32")
    assert back["I010/SAC"].to_pylist() == [0]
    assert back["I020/TYP"].to_pylist() == [0]
    assert "I070/MODE3A" not in back.column_names


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"I010/SAC": [1, 256]}, "I010/SAC, row 1: 256 is outside 0 to 255"),
        ({"I010/SAC": [-1, 1]}, "I010/SAC, row 0: -1 is outside"),
        ({"I040/THETA_deg": [0.0, 359.999]}, "I040/THETA_deg, row 1: 359.999 is outside 0 to 359.99"),
        ({"I040/RHO_NM": [1.0, float("nan")]}, "I040/RHO_NM, row 1: nan is outside"),
        ({"I090/FL_FL": [2048.0, 0.0]}, "I090/FL_FL, row 0: 2048.0 is outside -2048 to 2047.75"),
        ({"I240": ["ABC", "abc"]}, "I240, row 1: 'abc' has more than capitals, digits and blanks"),
        ({"I240": ["ABCDEFGHI", ""]}, "I240, row 0: 'ABCDEFGHI' is longer than 8 letters"),
        ({"I010/SAC": [1.5, 2.0]}, "I010/SAC: needs integers"),
        ({"I040/RHO": [1.0, 2.0]}, "I040/RHO: no such column in this edition. Did you mean 'I040/RHO_NM'?"),
        ({"I010/SAC": pa.array([1, None], pa.int8())}, "row 1: it has no item at all"),
    ],
)
def test_what_cannot_be_said_is_refused_with_column_and_row(columns, words):
    with pytest.raises(InputError) as refusal:
        encode(pa.table(columns), 48, "1.32")
    assert words in str(refusal.value)


def test_an_unknown_edition_is_refused_with_those_known():
    with pytest.raises(InputError, match=r"Known editions: .*1\.32"):
        encode(pa.table({"I010/SAC": [1]}), 48, "9.9")
    with pytest.raises(InputError, match="No edition of this category"):
        encode(pa.table({"I010/SAC": [1]}), 99, "1.0")


@settings(max_examples=50, deadline=None)
@given(groups=st.lists(st.integers(0, 3), min_size=1, max_size=60).map(sorted), longest=st.integers(12, 200))
def test_blocks_keep_to_their_group_and_length_and_lose_nothing(groups, longest):
    count = len(groups)
    table = pa.table({"I010/SAC": [1] * count, "I010/SIC": [2] * count, "I161/TRN": list(range(count))})
    encoded = encode(table, 48, "1.32", groups=np.array(groups), max_block_octets=longest)
    assert b"".join(encoded.blocks) == encoded.octets
    for k, block in enumerate(encoded.blocks):
        assert block[0] == 48
        assert int.from_bytes(block[1:3], "big") == len(block) <= longest
        rows = range(encoded.rows[k], encoded.rows[k + 1])
        assert {groups[row] for row in rows} == {encoded.groups[k]}
    assert _decoded(encoded.octets, 48, "1.32")["I161/TRN"].to_pylist() == list(range(count))


def test_a_record_longer_than_a_block_may_be_stands_alone():
    table = pa.table({"I010/SAC": [1, 1], "SP": [b"x" * 200, b"y" * 200]})
    encoded = encode(table, 48, "1.32", max_block_octets=50)
    assert [len(block) for block in encoded.blocks] == [3 + 4 + 2 + 201] * 2
    with pytest.raises(InputError, match="more than 254 octets"):
        encode(pa.table({"SP": [b"x" * 255]}), 48, "1.32")


def _random_table(category: int, edition: str, rng: np.random.Generator, rows: int) -> pa.Table:
    """Random values in every leaf, each item there or not by chance; not what depends on other leaves."""
    plan = layout(category, edition)
    program_uap = plan.items[0]
    there = {name: rng.random(rows) < 0.6 for name in plan.nodes.values()}
    first = next(name for name in program_uap if name)
    dependent = {int(case[0]) for case in plan.plan.cases}
    columns: dict[str, pa.Array] = {}

    def values(column, count):
        low, high = (0, 1 << min(column.bits, 62))
        if column.content.signed:
            low, high = -(1 << (column.bits - 1)), 1 << (column.bits - 1)
        if column.binary:
            size = column.bits // 8 if column.bits > 65 else 5
            return [rng.bytes(size) for _ in range(count)]
        if column.kind in (ICAO, ASCII):
            letters = column.bits // (6 if column.kind == ICAO else 8)
            alphabet = list("ABCXYZ0189")
            return ["".join(rng.choice(alphabet, letters)) for _ in range(count)]
        drawn = rng.integers(low, high, count)
        return drawn * column.content.lsb if column.kind == FLOAT else drawn

    def item_of(name):
        matches = [node for node in there if name == node or name.startswith((node + "/", node + "_"))]
        return max(matches, key=len) if matches else name

    for column in plan.columns:
        top = column.name.split("/")[0].split("_")[0]
        if column.name == "RFS" or column.group in dependent or column.cases or top not in program_uap:
            continue
        if column.binary and column.content.kind == "string":
            continue
        mask = ~there[item_of(column.name)] if top != first else np.zeros(rows, bool)
        drawn = values(column, rows)
        if isinstance(drawn, list):
            columns[column.name] = pa.array(
                [None if hide else one for one, hide in zip(drawn, mask, strict=True)]
            )
        else:
            columns[column.name] = pa.array(drawn, mask=mask)
    for index, name in enumerate(plan.repetitions):
        leaves = [leaf for leaf in plan.children if leaf.repetition == index]
        if name.split("/")[0] not in program_uap or any(leaf.content.kind == "string" for leaf in leaves):
            continue
        alone = len(leaves) == 1 and leaves[0].name[:1] in ("", "_")
        made = []
        for row in range(rows):
            count = int(rng.integers(1, 4))
            parts = [values(leaf, count) for leaf in leaves]
            cells = [part if isinstance(part, list) else part.tolist() for part in parts]
            one = cells[0] if alone else [
                {leaf.name: cell[k] for leaf, cell in zip(leaves, cells, strict=True)} for k in range(count)
            ]  # fmt: skip
            made.append(one if there[item_of(name)][row] else None)
        columns[name + leaves[0].name if alone else name] = pa.array(made)
    return pa.table(columns)


@pytest.mark.parametrize(("category", "edition"), EDITIONS, ids=str)
def test_random_records_of_every_category_come_back_as_they_went(category, edition):
    table = _random_table(category, edition, np.random.default_rng(category), 12)
    encoded = encode(table, category, edition)
    back = _leaves(_decoded(encoded.octets, category, edition))
    sent = _leaves(table)
    assert back.keys() >= sent.keys()
    for name, expected in sent.items():
        if isinstance(expected[0] or next(one for one in expected if one is not None), list):
            assert back[name] == expected, name
            continue
        # Parts before a part that is there are written too, as zeros: only what was sent is compared.
        pairs = [(got, one) for got, one in zip(back[name], expected, strict=True) if one is not None]
        assert [got for got, _ in pairs] == [one for _, one in pairs], name


def test_a_cat001_record_goes_by_the_uap_that_its_type_chooses():
    plot = {
        "I010/SAC": [1],
        "I010/SIC": [2],
        "I020/TYP": [0],
        "I040/RHO_NM": [20.0],
        "I040/THETA_deg": [90.0],
    }
    back = _decoded(encode(pa.table(plot), 1, "1.4").octets, 1, "1.4")
    assert back["I040/RHO_NM"].to_pylist() == [20.0]
    with pytest.raises(InputError, match="UAP does not hold"):
        encode(pa.table({**plot, "I161": [7]}), 1, "1.4")


def _frames(octets: bytes) -> Frames:
    """Payloads of a little-endian Ethernet pcap; else all of it."""
    if octets[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        return Frames(np.array([0]), np.array([len(octets)]), np.array([NO_TIME]))
    at, starts, lengths = 24, [], []
    while at + 16 <= len(octets):
        (size,) = struct.unpack_from("<I", octets, at + 8)
        head = 14 + (octets[at + 30] & 15) * 4 + 8
        starts.append(at + 16 + head)
        lengths.append(size - head)
        at += 16 + size
    return Frames(np.array(starts), np.array(lengths), np.full(len(starts), NO_TIME))


@pytest.mark.parametrize(
    ("recording", "table", "differ"),
    [
        ("barcelona-radar-2023-05-02.cat048.ast", "CAT048", 0),
        ("jahorina-modes.cat034-048.raw", "CAT048", 0),
        ("jahorina-modes.cat034-048.raw", "CAT034", 0),
        ("argentina-ssr-2026-03-03.cat034-048.pcap", "CAT048", 0),
        ("argentina-ssr-2026-03-03.cat034-048.pcap", "CAT034", 0),
        # Two records whose callsigns hold codes that are no letters, which the table leaves out.
        ("croatia-seven-radars.cat034-048.pcap", "CAT048", 2),
        ("croatia-seven-radars.cat034-048.pcap", "CAT034", 0),
        ("alicante-adsb.cat021.ast", "CAT021", 0),
    ],
)
def test_real_records_come_out_in_the_very_octets_they_went_in(shared_data, recording, table, differ):
    octets = (shared_data / "asterix" / recording).read_bytes()
    found = decode(octets, _frames(octets))
    records = found.tables[table].slice(0, 20_000)
    count = records.num_rows
    encoded = encode(records, int(table[3:]), found.editions[table].edition, groups=np.arange(count))
    places = zip(records["offset"].to_pylist(), records["length"].to_pylist(), encoded.blocks, strict=True)
    assert sum(octets[at : at + size] != block[3:] for at, size, block in places) == differ


def _published(octets: bytes, edition):
    for block in oracle.RawDatablock.parse(oracle.Bits.from_bytes(octets)):
        yield from edition.cv_uap.parse(block.get_raw_records())


def test_an_independent_decoder_reads_the_same():
    rng = np.random.default_rng(3)
    n = 50
    table = pa.table(
        {
            "I010/SAC": rng.integers(0, 256, n), "I010/SIC": rng.integers(0, 256, n),
            "I140_s": rng.integers(0, 86_400 * 128, n) / 128, "I020/TYP": rng.integers(0, 8, n),
            "I020/SIM": np.ones(n, int), "I040/RHO_NM": rng.integers(0, 65_536, n) / 256,
            "I040/THETA_deg": rng.integers(0, 65_536, n) * 360 / 65_536,
            "I070/MODE3A": rng.integers(0, 4096, n), "I090/FL_FL": rng.integers(-8192, 8192, n) / 4,
            "I220": rng.integers(0, 1 << 24, n), "I240": [f"ABC{k:04d}Z" for k in range(n)],
            "I230/COM": rng.integers(0, 5, n),
        }
    )  # fmt: skip
    records = list(_published(encode(table, 48, "1.32").octets, published.Cat_048_1_32))
    assert len(records) == n
    for record, row in zip(records, table.to_pylist(), strict=True):

        def integer(item, *names, record=record):
            found = record.get_item(item)
            for name in names:
                found = found.variation.get_item(name)
            return found.as_uint()

        assert integer("010", "SAC") == row["I010/SAC"]
        assert integer("010", "SIC") == row["I010/SIC"]
        assert integer("140") == row["I140_s"] * 128
        assert integer("020", "TYP") == row["I020/TYP"]
        assert integer("020", "SIM") == 1
        assert integer("040", "RHO") == row["I040/RHO_NM"] * 256
        assert integer("040", "THETA") == round(row["I040/THETA_deg"] * 65_536 / 360)
        assert integer("070", "MODE3A") == row["I070/MODE3A"]
        assert (
            record.get_item("090").variation.get_item("FL").variation.content.as_quantity()
            == row["I090/FL_FL"]
        )
        assert integer("220") == row["I220"]
        assert record.get_item("240").variation.content.as_string() == row["I240"]
        assert integer("230", "COM") == row["I230/COM"]
