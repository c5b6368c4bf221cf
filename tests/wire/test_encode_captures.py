"""decode -> encode on every recording that there is: the same blocks, octet by octet, or a counted reason."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from asman.wire.asterix.encode import encode
from asman.wire.reading import read

#: Categories that Asman writes.
WRITTEN = ("CAT004", "CAT021", "CAT034", "CAT048", "CAT062", "CAT063", "CAT065")
#: Octets of a data block's head and of a UDP datagram: no block is longer.
WHOLE = 65_535

LONG_FSPEC = "a field specification ends in octets that name nothing"
EMPTY_ITEM = "a compound item is named that has no subitem"
NO_LETTERS = "an identification has six-bit zeros, which are no letters, and come back as blanks"

#: What cannot be given back of which recording: a table keeps values, not ways of writing them.
KNOWN = {
    "croatia-seven-radars.cat034-048.pcap": {(NO_LETTERS,): 2},
    "asterix4py--cat062.ast": {(LONG_FSPEC,): 1},
    "asterix4py--cat062cat065.ast": {(LONG_FSPEC, NO_LETTERS): 1},
    "croatia--cat062cat065.raw": {(LONG_FSPEC, NO_LETTERS): 1},
    "asterixsharp--cat062-all-1.bin": {(LONG_FSPEC,): 2},
    "asterixsharp--cat062-boat3.bin": {(LONG_FSPEC, NO_LETTERS): 1},
    "asterixsharp--cat062.bin": {(LONG_FSPEC, NO_LETTERS): 1},
    "jasterix--cat004ed1.4.bin": {(EMPTY_ITEM,): 1},
    "jasterix--cat062ed1.12.bin": {(LONG_FSPEC,): 1},
    "jasterix--cat062ed1.16.bin": {(LONG_FSPEC,): 1},
}


def _recordings(shared_data):
    folder = shared_data / "asterix"
    return sorted(path for path in (*folder.iterdir(), *(folder / "samples").iterdir()) if path.is_file())


def explained(was: bytes, now: bytes) -> tuple[str, ...]:
    """Why a record came out in other octets than it went in; () where nothing explains all of it."""
    if was == now:
        return ()
    at = next((k for k, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), len(now) - 1)
    for more in range(1, 5):
        surplus = b"\1" * (more - 1) + b"\0"
        if was[at] == now[at] | 1 and was[at + 1 : at + 1 + more] == surplus:
            shorter = was[:at] + now[at : at + 1] + was[at + 1 + more :]
            # A record may hold several: the items' own field specifications are written alike.
            rest = explained(shorter, now)
            if shorter == now or rest:
                return tuple(sorted({LONG_FSPEC, *rest}))
    if len(was) == len(now):
        return (NO_LETTERS,) if _blanks_for_zeros(was, now) else ()
    if was[at].bit_count() == now[at].bit_count() + 1:
        for k in range(at + 1, len(was)):
            if was[k] == 0 and was[:at] + now[at : at + 1] + was[at + 1 : k] + was[k + 1 :] == now:
                return (EMPTY_ITEM,)
    return ()


def _blanks_for_zeros(was: bytes, now: bytes) -> bool:
    """Whether six-bit codes that were 0 are blanks (32), and nothing else differs."""
    before, after = (f"{int.from_bytes(one, 'big'):0{8 * len(one)}b}" for one in (was, now))
    at = 0
    while at < len(before):
        if before[at] != after[at]:
            if before[at : at + 6] != "000000" or after[at : at + 6] != "100000":
                return False
            at += 6
        else:
            at += 1
    return True


def test_every_block_of_every_recording_comes_back_or_its_records_say_why_not(shared_data):
    found: dict[str, dict[tuple[str, ...], int]] = {}
    blocks = records = 0
    categories: Counter[str] = Counter()
    for path in _recordings(shared_data):
        octets = path.read_bytes()
        decoded = read(octets)
        why: Counter[tuple[str, ...]] = Counter()
        for name in sorted(set(decoded.tables) & set(WRITTEN)):
            table, edition = decoded.tables[name], decoded.editions[name].edition
            category = int(name[3:])
            offset = table["block"].to_numpy()
            encoded = encode(table, category, edition, groups=offset, max_block_octets=WHOLE)
            assert encoded.rows.size - 1 == np.unique(offset).size
            alone = encode(
                table, category, edition, groups=np.arange(table.num_rows), max_block_octets=WHOLE
            ).blocks
            place = zip(table["offset"].to_pylist(), table["length"].to_pylist(), strict=True)
            was = [octets[at : at + size] for at, size in place]
            differ = [row for row in range(len(was)) if was[row] != alone[row][3:]]
            for row in differ:
                why[explained(was[row], alone[row][3:])] += 1
            bad = set(np.searchsorted(encoded.rows, differ, "right") - 1)
            rejected = set(decoded.rejected["block"].to_pylist())
            for k, (at, block) in enumerate(zip(encoded.groups.tolist(), encoded.blocks, strict=True)):
                if k not in bad and at not in rejected:
                    assert octets[at : at + len(block)] == block, f"{path.name}, block at octet {at}"
            blocks += len(encoded.blocks)
            records += table.num_rows
            categories[name] += table.num_rows
        if why:
            found[path.name] = dict(why)
    assert found == KNOWN
    assert blocks > 90_000
    assert records > 93_000
    assert set(categories) == set(WRITTEN)


@pytest.mark.parametrize(
    ("was", "now", "why"),
    [
        ("9f3d110300aabb", "9f3d1102aabb", (LONG_FSPEC,)),
        ("9f0100aabb", "9eaabb", (LONG_FSPEC,)),
        ("dda1400102", "dda1400103", ()),
        ("dda140", "dd8140", ()),
    ],
)
def test_a_reason_is_given_only_where_it_is_one(was, now, why):
    assert explained(bytes.fromhex(was), bytes.fromhex(now)) == why


def test_values_are_the_same_even_where_octets_are_not(shared_data):
    for name in KNOWN:
        path = next(one for one in _recordings(shared_data) if one.name == name)
        decoded = read(path.read_bytes())
        for category in sorted(set(decoded.tables) & set(WRITTEN)):
            table, edition = decoded.tables[category], decoded.editions[category].edition
            octets = encode(table, int(category[3:]), edition).octets
            again = read(octets, editions={category: edition}).tables[category]
            shared = [one for one in table.column_names if one[:1] in "IRS" and one != "RFS"]
            assert _filled(again, shared) == _filled(table, shared), name


def _filled(table: pa.Table, names: list[str]) -> list[tuple[str, list]]:
    return [(name, table[name].to_pylist()) for name in names if name in table.column_names]
