"""What hostile octets may cost: memory in proportion to them, whatever they hold."""

from random import Random

import numpy as np
import pytest
from tests.fuzz.judge_asterix import NEWEST, laid
from tests.fuzz.pieces import FSPEC, Piece, joined
from tests.fuzz.records import block_of, fspec, item_of

from asman.wire import protobuf as pb
from asman.wire import sapient
from asman.wire.asterix import batches, decode
from asman.wire.asterix import specification as spec
from asman.wire.asterix.specification import specifications

#: Octets of a table for each octet of hostile records, at most: two octets may make a row of all columns.
EACH = 700


def dearest(category: int, edition: str) -> bytes:
    """Blocks that bring in every column once, and then as many rows as octets can make."""
    one = specifications().find(category, edition)
    assert one is not None
    draw, records = Random("dearest"), []
    for place, item in enumerate(one.uaps[0].items):
        if not isinstance(item, spec.Named):
            continue
        variation = specifications().variations[item.variation]
        inner = [None]
        if isinstance(variation, spec.Compound):
            inner = [k for k, sub in enumerate(variation.subitems) if sub is not None]
        records += [_shortest(place, item, variation, sub, draw) for sub in inner]
    body = b"".join(one for one in records if len(one) < 300)
    return block_of(category, (body + min(records, key=len) * 30_000)[:60_000])


def _shortest(
    place: int, item: spec.Named, variation: spec.Variation, sub: int | None, draw: Random
) -> bytes:
    made: list[bytes] = []
    for _ in range(8):
        inside = item_of(item, draw)
        if sub is not None and isinstance(variation, spec.Compound):
            named = variation.subitems[sub]
            assert named is not None
            inside = [Piece(FSPEC, fspec({sub})), *item_of(named, draw)]
        made.append(fspec({place}) + joined(inside))
    return min(made, key=len)


@pytest.mark.parametrize("category", NEWEST)
def test_a_table_is_in_proportion_to_its_octets(category: str):
    octets, frames = laid([dearest(int(category), NEWEST[category])] * 2)
    found = decode(octets, frames, editions=NEWEST, trusted=True)
    cost = sum(table.nbytes for table in found.tables.values()) + found.rejected.nbytes
    assert cost <= EACH * len(octets)
    assert found.records <= len(octets) // 2, "no record has fewer octets than two"
    assert found.rejected.num_rows <= 2, "a block is given up once"


def test_segments_of_very_long_records_are_cut(monkeypatch: pytest.MonkeyPatch):
    """A column of octets over 2 GiB would run over its places."""
    octets, frames = laid([dearest(2, "1.2")] * 3)
    whole = decode(octets, frames, editions={"2": "1.2"}, trusted=True)
    monkeypatch.setattr(batches, "SEGMENT_OCTETS", 10_000)
    cut = decode(octets, frames, editions={"2": "1.2"}, trusted=True)
    assert cut.tables["CAT002"].column(0).num_chunks > whole.tables["CAT002"].column(0).num_chunks
    assert cut.tables["CAT002"].equals(whole.tables["CAT002"])
    assert np.array_equal(cut.rejected["offset"], whole.rejected["offset"])


def test_nodes_that_register_without_end_are_forgotten():
    def registered(number: int) -> bytes:
        body = pb.octets(1, pb.number(1, 1_780_000_000)) + pb.text(2, f"node-{number}") + pb.octets(4, b"")
        return len(body).to_bytes(4, "little") + body

    count = sapient.NODES_MAX + 10
    stream, heard = sapient.hear(sapient.Stream(), b"".join(map(registered, range(count))))
    assert heard.tables["SAPIENT_NODE"].num_rows == count
    assert [name for name, _ in stream.units] == [f"node-{k}" for k in range(10, count)]
