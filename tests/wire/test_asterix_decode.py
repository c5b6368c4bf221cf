import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire import libasterix_oracle as oracle
from tests.wire.recordings import block, blocks_of, fspec, leaves, one_frame, rows, same, trusted

from asman.errors import InputError
from asman.wire.asterix import decode
from asman.wire.asterix.specification import specifications
from asman.wire.asterix.work import HEAP
from asman.wire.framing import find

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "asterix_counts.json"
REGENERATE = "regenerate: .venv/bin/python tools/count_asterix.py"
COUNTS = json.loads(GOLDEN.read_text())
EDITIONS = [
    (category, one.edition) for category, all_of in specifications().categories.items() for one in all_of
]
#: CAT048: FSPEC of I010, I140, I020, I040; SAC 20, SIC 129; 1.0 s; TYP 5; 100 NM, 90 degrees.
RECORD = bytes.fromhex("f0 1481 000080 a0 6400 4000".replace(" ", ""))


def test_a_record_becomes_a_row_of_scaled_values_with_where_it_stood():
    found = trusted(block(48, RECORD + RECORD), 48, "1.32")
    first, second = rows(found, "CAT048")
    assert leaves(first) == {
        "I010/SAC": 20,
        "I010/SIC": 129,
        "I140_s": 1.0,
        "I020/TYP": 5,
        "I020/SIM": 0,
        "I020/RDP": 0,
        "I020/SPI": 0,
        "I020/RAB": 0,
        "I040/RHO_NM": 100.0,
        "I040/THETA_deg": 90.0,
    }
    assert (first["offset"], first["length"], first["block"], first["edition"]) == (3, 11, 0, "1.32")
    assert second["offset"] == 14
    assert found.rejected.num_rows == 0


def test_columns_carry_title_unit_lsb_and_meanings():
    table = trusted(block(48, RECORD), 48, "1.32").tables["CAT048"]
    rho = table.schema.field("I040/RHO_NM")
    assert rho.type == pa.float64()
    assert (rho.metadata[b"unit"], rho.metadata[b"lsb"]) == (b"NM", b"0.00390625")
    kind = table.schema.field("I020/TYP")
    assert kind.type == pa.uint8()
    assert json.loads(kind.metadata[b"values"])["5"] == "Single ModeS Roll-Call"


@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_every_recording_are_those_of_libasterix(shared_data, name):
    octets = (shared_data / "asterix" / name).read_bytes()
    framed = find(octets)
    found = decode(octets, framed.frames, framing=framed.name)
    expected = {key: entry for key, entry in COUNTS[name].items() if key != "none"}
    records = {key: entry["records"] for key, entry in expected.items() if entry["records"]}
    assert {key: table.num_rows for key, table in found.tables.items()} == records, REGENERATE
    for key, table in found.tables.items():
        assert set(table["edition"].to_pylist()) == {expected[key]["edition"]}
    said = found.rejected["reason"].to_pylist() + [one.reason for one in framed.rejected]
    assert len(said) == sum(entry["failed"] for entry in COUNTS[name].values()), REGENERATE
    assert all(any(why in one for why in _why(name)) for one in said)


#: Which recordings hold something that is rejected, and why.
WHY = {
    "samples/fixmptsaster": ["hexadecimal digits as text"],
    "samples/asterixsharp--sa_test_1": ["CAT062 edition 1.21: field reference number 2"],
    "samples/jasterix--cat010ed0.24": ["CAT010 edition 1.1: I500 goes past the end"],  # a maker's own edition
    "samples/jasterix--cat030": ["category 30 is not in the published"],
    "samples/jasterix--cat252": ["category 252 is not in the published"],
    "samples/goasterix": [
        "category 30 is",
        "category 255 is",
        "CAT032 edition 1.2: a record without any item",
    ],
}


def _why(name: str) -> list[str]:
    return next((why for begin, why in WHY.items() if name.startswith(begin)), [])


@pytest.mark.parametrize("name", COUNTS)
def test_values_of_recordings_are_those_of_libasterix(shared_data, name):
    octets = (shared_data / "asterix" / name).read_bytes()
    blocks = blocks_of(octets)
    chosen = np.random.default_rng(3)
    compared = 0
    for category in np.unique(blocks.category).tolist():
        entry = COUNTS[name].get(f"CAT{category:03}", {})
        if not entry.get("records"):
            continue
        mine = blocks.of(blocks.category == category)
        for k in chosen.choice(mine.start.size, min(6, mine.start.size), replace=False):
            one = octets[mine.start[k] : mine.start[k] + mine.length[k]]
            compared += _compare(one, category, entry["edition"])
    assert compared or not any(entry["records"] for entry in COUNTS[name].values())


def _compare(one: bytes, category: int, edition: str) -> int:
    """Compare a block with the oracle, leaf by leaf; return how many records it has."""
    expected, failed = oracle.parse(category, edition, one)
    found = trusted(one, category, edition)
    got = rows(found, f"CAT{category:03}")
    assert (len(got), found.rejected.num_rows > 0) == (len(expected), failed), (
        one.hex(),
        found.rejected.to_pylist(),
    )
    for row, (octets, values) in zip(got, expected, strict=True):
        assert row["length"] == len(octets)
        have = leaves(row)
        if category in (1, 2) and "I010/SAC" not in values:  # carried from the record before
            have = {name: value for name, value in have.items() if not name.startswith("I010/")}
        assert have.keys() == values.keys(), one.hex()
        assert [name for name in values if not same(have[name], values[name])] == [], one.hex()
    return len(got)


def _random_block(draw: np.random.Generator, category: int, items: int) -> bytes:
    """A block whose FSPECs name few items, then random octets: most begin with a readable record."""
    body = bytearray()
    for _ in range(draw.integers(1, 4)):
        flags = draw.random(-(-items // 7) * 7) < draw.choice([0.05, 0.15, 0.4])
        octets = np.packbits(np.pad(flags.reshape(-1, 7), ((0, 0), (0, 1))), axis=1).ravel()
        last = int(np.flatnonzero(octets)[-1]) if octets.any() else 0
        octets[:last] |= 1
        body += octets[: last + 1].tobytes()
        noise = draw.integers(0, 256, draw.integers(0, 60), dtype=np.uint8)
        body += (noise & np.uint8(draw.choice([255, 0x7E, 0x12]))).tobytes()
    return block(category, bytes(body))


@pytest.mark.parametrize(("category", "edition"), EDITIONS, ids=str)
def test_random_blocks_of_every_edition_are_read_or_refused_as_libasterix_does(category, edition):
    items = max(len(uap.items) for uap in specifications().find(category, edition).uaps)
    draw = np.random.default_rng(category)
    for _ in range(6):
        _compare(_random_block(draw, category, items), category, edition)


@settings(max_examples=150, deadline=None)
@given(octets=st.binary(max_size=400))
def test_random_octets_never_crash_and_every_octet_is_accounted_for(octets):
    found = decode(octets, one_frame(octets))
    read = sum(int(table["length"].to_numpy().sum()) for table in found.tables.values())
    given_up = int(found.rejected["length"].to_numpy().sum())
    assert read + given_up <= len(octets)
    assert found.octets == len(octets)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_real_blocks_are_read_or_refused_as_libasterix_does(shared_data, data):
    octets = (shared_data / "asterix" / "croatia-seven-radars.cat034-048.pcap").read_bytes()
    blocks = blocks_of(octets)
    k = data.draw(st.integers(0, blocks.start.size - 1))
    one = bytearray(octets[blocks.start[k] : blocks.start[k] + blocks.length[k]])
    for _ in range(data.draw(st.integers(1, 3))):
        one[data.draw(st.integers(3, len(one) - 1))] = data.draw(st.integers(0, 255))
    keep = data.draw(st.integers(4, len(one)))
    one = one[:keep]
    one[1:3] = keep.to_bytes(2, "big")
    _compare(bytes(one), int(blocks.category[k]), {34: "1.29", 48: "1.32"}[int(blocks.category[k])])


def test_records_before_a_failure_stay_and_the_reason_names_item_and_place():
    found = trusted(block(48, RECORD + RECORD[:-1]), 48, "1.32")
    assert len(rows(found, "CAT048")) == 1
    (lost,) = found.rejected.to_pylist()
    assert lost == {
        "offset": 21,
        "block": 0,
        "category": 48,
        "length": 10,
        "reason": "CAT048 edition 1.32: I040 goes past the end of its block",
    }


@pytest.mark.parametrize(
    ("category", "body", "reason"),
    [
        (
            48,
            "01010101010100",
            "the field specification of the record is longer than the specification allows",
        ),
        (48, "0101", "the field specification of the record goes past the end of its block"),
        (1, "20 0000", "I040/I161: nothing tells which"),
        (1, "410140 00", "I080: the field specification names what the specification does not define"),
        (48, "00", "a record without any item"),
        (48, "8014810000", "a record without any item"),
        (48, "2001010101010101", "I020: the last FX bit must be 0"),
        (48, "01010102 00", "RE: a length of 0"),
        (48, "01010102 ff", "RE goes past the end of its block"),
        (48, "0120ff0102", "I250 goes past the end of its block"),
        (2, "0102 01 0f", "RFS: random field sequencing names an item that there is not"),
    ],
)
def test_malformed_records_are_rejected_with_their_reason(category, body, reason):
    newest = specifications().categories[category][-1].edition
    found = trusted(block(category, bytes.fromhex(body)), category, newest)
    assert found.rejected.num_rows == 1
    assert reason in found.rejected["reason"][0].as_py()


def test_octets_after_the_last_block_are_rejected_not_dropped():
    octets = block(48, RECORD) + b"\x30\x00"
    found = decode(octets, one_frame(octets))
    assert found.records == 1
    (lost,) = found.rejected.to_pylist()
    assert (lost["offset"], lost["length"]) == (14, 2)


def test_a_category_without_published_specification_says_so():
    octets = block(252, b"\x80\x01")
    found = decode(octets, one_frame(octets))
    assert found.rejected["reason"].to_pylist() == [
        "category 252 is not in the published specifications we carry: session and service control of ARTAS, "
        "not supported in any edition"
    ]


@pytest.mark.parametrize("behind", [b"", block(48, RECORD)])
@pytest.mark.parametrize("count", [2, 3, 30])
def test_a_row_of_blocks_that_nobody_knows_is_counted_and_nothing_is_read_out_of_them(count, behind):
    rng = np.random.default_rng(count)
    blocks = [block(99, rng.bytes(int(size))) for size in rng.integers(20, 200, count)]
    octets = b"".join(blocks) + behind
    found = decode(octets, find(octets).frames)
    assert found.records == (1 if behind else 0)
    assert [one["category"] for one in found.rejected.to_pylist()] == [99] * count
    assert sum(one["length"] for one in found.rejected.to_pylist()) == sum(map(len, blocks))


@pytest.mark.parametrize("filler", [0x63, 0xFF])
def test_what_a_file_is_filled_up_with_is_no_row_of_blocks(filler):
    octets = block(48, RECORD) * 100 + bytes([filler]) * 200_000
    found = decode(octets, one_frame(octets))
    assert found.records == 100
    assert found.rejected["length"].to_pylist() == [200_000]


def test_cat001_record_formats_are_told_apart_by_plot_or_track():
    plot = bytes.fromhex("e0 1401 00 10002000".replace(" ", ""))
    track = bytes.fromhex("f0 1401 80 0102 10002000".replace(" ", ""))
    first, second = rows(trusted(block(1, plot + track), 1, "1.4"), "CAT001")
    assert "I161" not in leaves(first)
    assert leaves(second)["I161"] == 0x0102
    assert first["I040/RHO_NM"] == second["I040/RHO_NM"] == 32.0


def test_cat001_sources_carry_over_within_a_block_and_not_beyond():
    named = bytes.fromhex("c0140100")
    unnamed = bytes.fromhex("4000")
    octets = block(1, named + unnamed + unnamed) + block(1, unnamed)
    found = rows(trusted(octets, 1, "1.4"), "CAT001")
    assert [row["I010/SIC"] for row in found] == [1, 1, 1, None]


def test_random_field_sequencing_fills_columns_and_keeps_its_octets():
    # CAT002, FRN 14 is RFS: two items, I010 (FRN 1) and I000 (FRN 2).
    found = rows(
        trusted(block(2, bytes.fromhex("0102 02 01 1401 02 05".replace(" ", ""))), 2, "1.2"), "CAT002"
    )
    assert leaves(found[0]) == {"I010/SAC": 20, "I010/SIC": 1, "I000": 5}
    assert found[0]["RFS"].hex() == "02011401" + "0205"


def test_an_item_that_the_record_has_already_is_not_overwritten_by_random_field_sequencing():
    found = rows(
        trusted(block(2, bytes.fromhex("8102 1401 01 01 9999".replace(" ", ""))), 2, "1.2"), "CAT002"
    )
    assert (found[0]["I010/SAC"], found[0]["I010/SIC"]) == (0x14, 0x01)


def test_leaves_whose_unit_depends_on_another_leaf_stand_in_a_column_for_each_unit():
    head = fspec(21, "2.7", "150")  # then IM 1 bit, AS 15 bits
    speed, mach = rows(trusted(block(21, head + b"\x40\x00" + head + b"\x83\x20"), 21, "2.7"), "CAT021")
    assert leaves(speed) == {"I150/IM": 0, "I150/AS_NMps": 1.0}
    assert leaves(mach) == {"I150/IM": 1, "I150/AS_Mach": 0.8}


def test_leaves_over_64_bits_are_octets():
    video = bytes(range(64)) + bytes(64)
    found = rows(trusted(block(240, fspec(240, "1.3", "051") + b"\x02" + video), 240, "1.3"), "CAT240")
    assert found[0]["I051"] == [video[:64], video[64:]]


def test_more_repetitions_than_a_batch_has_room_for_are_read_in_several():
    record = (
        fspec(48, "1.32", "010", "250")
        + b"\x14\x81\xff"
        + b"".join(bytes([0, 0, 0, 0, 0, 0, k, 0x40]) for k in range(255))
    )
    octets = block(48, record * 30) * 12
    count = 30 * 12
    assert count * 255 > HEAP
    found = trusted(octets, 48, "1.32")
    table = found.tables["CAT048"]
    assert found.rejected.num_rows == 0
    assert table.num_rows == count
    lists = table["I250"].combine_chunks()
    assert lists.value_lengths().to_pylist() == [255] * count
    assert [one["MBDATA"] for one in table["I250"][count - 1].as_py()] == list(range(255))


def test_an_item_of_one_record_is_null_in_all_others():
    addressed = fspec(48, "1.32", "010", "140", "020", "040", "220") + RECORD[1:] + b"\x01\x02\x03"
    octets = block(48, RECORD * 5000) + block(48, addressed)
    table = trusted(octets, 48, "1.32").tables["CAT048"]
    assert table.num_rows == 5001
    assert table["I220"].null_count == 5000
    assert table["I220"][5000].as_py() == 0x010203


def test_pins_that_there_are_not_are_refused_with_the_nearest():
    octets = block(48, RECORD)
    with pytest.raises(InputError, match=r"CAT048 has no edition 1\.33"):
        decode(octets, one_frame(octets), editions={"CAT048": "1.33"})
    with pytest.raises(InputError, match="there is no category 49"):
        decode(octets, one_frame(octets), editions={"49": "1.32"})


UNCOMPILED = """
import json, sys
import numpy as np
np.seterr(over="ignore")
from asman.wire.asterix import decode
from asman.wire.framing import find
octets = bytes.fromhex(sys.argv[1])
found = decode(octets, find(octets).frames)
tables = {k: t.to_pylist() for k, t in found.tables.items()}
print(json.dumps([tables, found.rejected.to_pylist()], default=repr))
"""


@pytest.mark.system
def test_kernels_give_the_same_uncompiled():
    plot = bytes.fromhex("e0 1401 00 10002000".replace(" ", ""))
    octets = (
        block(48, RECORD + RECORD + RECORD[:-2]) + block(1, plot) + block(34, bytes.fromhex("d0148101000080"))
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", UNCOMPILED, octets.hex()],
            env={**os.environ, "NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for flag in ("0", "1")
    ]
    assert said[0] == said[1]
    assert json.loads(said[0])[0].keys() >= {"CAT048", "CAT001"}


GUARDED = """
import ctypes, mmap, sys
import numpy as np
from asman.model.frames import NO_TIME, Frames
from asman.wire.asterix import decode
page = mmap.PAGESIZE
memory = mmap.mmap(-1, 2 * page)
whole = np.frombuffer(memory, np.uint8)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mprotect(ctypes.c_void_p(whole.ctypes.data + page), ctypes.c_size_t(page), 0) == 0
octets = np.frombuffer(bytes.fromhex(sys.argv[1]), np.uint8)
for size in range(1, octets.size + 1):
    piece = whole[page - size : page]
    piece[:] = octets[:size]
    if size >= 3:
        piece[1], piece[2] = size >> 8, size & 255
    decode(piece, Frames(np.array([0]), np.array([size]), np.array([NO_TIME])))
print("unhurt")
"""


@pytest.mark.system
def test_nothing_is_read_behind_the_buffer_wherever_it_ends(shared_data):
    octets = (shared_data / "asterix" / "barcelona-radar-2023-05-02.cat048.ast").read_bytes()[:71]
    done = subprocess.run([sys.executable, "-c", GUARDED, octets.hex()], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "unhurt"), done.stderr
