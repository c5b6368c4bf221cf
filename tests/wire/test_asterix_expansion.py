"""What RE holds, editions of single sources, lenient reading, and the original octets beside the values."""

import pyarrow as pa
import pytest
from asterix import base, generated
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire import libasterix_oracle as oracle
from tests.wire.recordings import block, fspec, one_frame, rows, same

from asman.errors import InputError
from asman.wire.asterix import decode
from asman.wire.asterix.specification import specifications
from asman.wire.reading import read

EXPANSIONS = [
    (category, one.edition) for category, all_of in specifications().expansions.items() for one in all_of
]
NEWEST = {21: "2.7", 48: "1.32", 62: "1.21"}


def with_re(category: int, content: bytes) -> bytes:
    """A block of one record: source, and RE."""
    head = fspec(category, NEWEST[category], "010", "RE") + b"\x14\x81"
    return block(category, head + bytes([len(content) + 1]) + content)


def expected(category: int, edition: str, content: bytes) -> dict[str, object] | None:
    """What libasterix reads of it; None where it cannot, or octets are left."""
    spec = next(
        one for one in generated.manifest["REFS"][category] if ".".join(map(str, one.cv_edition)) == edition
    )
    result = spec.cv_expansion._parse(base.Bits.from_bytes(content))
    if isinstance(result, ValueError) or len(result[1]):
        return None
    out: dict[str, object] = {}
    for name, item in result[0].arg.items():
        oracle._add(out, f"RE/{name}", item.arg)
    return oracle._resolved(out)


@pytest.mark.parametrize(("category", "edition"), EXPANSIONS, ids=str)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_re_holds_is_what_libasterix_reads(category, edition, data):
    content = data.draw(st.binary(min_size=2, max_size=40))
    octets = with_re(category, content)
    pins = {str(category): NEWEST[category], f"{category}RE": edition}
    found = decode(octets, one_frame(octets), editions=pins, lenient=True)
    (row,) = rows(found, f"CAT{category:03}")
    assert row["RE"] == content
    have = {name: value for name, value in row.items() if name.startswith("RE/") and value is not None}
    wanted = expected(category, edition, content)
    if wanted is None and have:  # lenient: what libasterix refuses for a last FX bit
        return
    wanted = {name: value for name, value in (wanted or {}).items() if value is not None}
    shown = {name: value for name, value in have.items() if "-" not in name}
    if shown or wanted:
        assert shown.keys() == wanted.keys()
        assert all(same(shown[name], value) for name, value in wanted.items())


def test_re_of_a_real_station_is_read_and_its_edition_reported(shared_data):
    octets = (shared_data / "asterix" / "alicante-adsb.cat021.ast").read_bytes()
    found = read(octets)
    table = found.tables["CAT021"]
    pressure = table["RE/BPS/BPS_hPa"]
    assert (table.num_rows - table["RE"].null_count, len(pressure) - pressure.null_count) == (4518, 4500)
    headings = table["RE/SH/SH_deg"].drop_null().to_numpy()
    assert 0 <= headings.min() <= headings.max() < 360
    assert found.editions["CAT021 RE"].edition == "1.5"


def test_re_that_nobody_published_stays_octets():
    octets = b"".join(with_re(62, bytes([0xFF, k, 255 - k])) for k in range(20))
    table = decode(octets, one_frame(octets)).tables["CAT062"]
    assert [name for name in table.column_names if name.startswith("RE")] == ["RE"]


def test_a_source_that_writes_another_edition_is_read_with_its_own(shared_data):
    samples = shared_data / "asterix" / "samples"
    old = (samples / "jasterix--cat021ed0.26.bin").read_bytes()
    new = (shared_data / "asterix" / "alicante-adsb.cat021.ast").read_bytes()[:40_000]
    size = 0
    while size + 3 <= len(new) and size + int.from_bytes(new[size + 1 : size + 3], "big") <= len(new):
        size += int.from_bytes(new[size + 1 : size + 3], "big")
    found = read(old * 40 + new[:size])
    choice = found.editions["CAT021"]
    assert choice.edition == "2.7"
    assert set(choice.sources.values()) == {"0.26"}
    editions = found.tables["CAT021"]["edition"].to_pylist()
    assert editions[0] == "0.26"
    assert editions[-1] == "2.7"
    assert editions.count("0.26") == 40
    assert found.rejected.num_rows == 0
    pinned = read(old * 40 + new[:size], editions={"21@20/206": "2.4"})
    assert pinned.editions["CAT021"].sources["20/206"] == "2.4"
    assert set(pinned.tables["CAT021"]["edition"].to_pylist()) == {"0.26", "2.4"}


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("48@20", "no SAC/SIC"),
        ("48@20/300", "no SAC/SIC"),
        ("48@a/b", "no SAC/SIC"),
        ("34RE", "no Reserved Expansion field of category 34"),
        ("48RE", "CAT048 RE has no edition"),
    ],
)
def test_pins_that_cannot_be_are_refused(name, problem):
    with pytest.raises(InputError, match=problem):
        read(block(48, b"\xc0\x14\x81\0\0\1"), editions={name: "1.29"})


def test_what_some_senders_do_wrong_is_let_pass_on_request():
    extended = block(48, fspec(48, "1.32", "010", "170") + b"\x14\x81" + b"\x01\x01")
    found = read(extended)
    assert (found.records, found.rejected["reason"][0].as_py()) == (
        0,
        "CAT048 edition 1.32: I170: the last FX bit must be 0 (--lenient reads on) "
        "(editions before 1.27 of CAT048 are not published as data, and not supported)",
    )
    lenient = read(extended, lenient=True)
    assert (lenient.records, lenient.rejected.num_rows) == (1, 0)


def test_a_named_edition_that_is_not_plausible_is_read_only_when_lenient(shared_data):
    octets = (shared_data / "asterix" / "samples" / "jasterix--cat021ed0.26.bin").read_bytes() * 20
    assert read(octets, editions={"21": "2.1"}).records == 0
    assert read(octets, editions={"21": "2.1"}, lenient=True).records > 0


def test_octets_of_records_and_items_stand_beside_the_values(shared_data):
    octets = (shared_data / "asterix" / "jahorina-modes.cat034-048.raw").read_bytes()
    for table in read(octets, originals=True).tables.values():
        heads = table.select(["offset", "length", "octets", "items"]).to_pylist()
        for row in heads:
            at, size = row["offset"], row["length"]
            assert row["octets"] == octets[at : at + size]
            joined = b"".join(item["octets"] for item in row["items"])
            assert row["octets"].endswith(joined)
            place = at + size - len(joined)
            for item in row["items"]:
                assert item["offset"] == place
                place += len(item["octets"])
        assert {item["item"] for row in heads for item in row["items"]} <= _items(table)


def _items(table: pa.Table) -> set[str]:
    return {name.split("/")[0].split("_")[0] for name in table.column_names} | {"SP", "RE"}
