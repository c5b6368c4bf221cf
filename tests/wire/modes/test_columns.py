"""Tables of messages: what is read alike, and what is refused."""

import math

import pyarrow as pa
import pytest

from asman.errors import InputError
from asman.wire.modes import encode_squitters


def test_missing_columns_columns_of_nothing_and_no_rows_are_the_same_as_null():
    bare = pa.table({"kind": ["velocity"], "address": [7]})
    names = ("lat_deg", "callsign", "category_set", "nic", "odd", "vn_mps")
    full = bare
    for name in names:
        full = full.append_column(name, pa.nulls(1))
    assert (encode_squitters(bare) == encode_squitters(full)).all()
    assert encode_squitters(bare.schema.empty_table()).shape == (0, 14)
    assert encode_squitters(full.slice(0, 0)).shape == (0, 14)


def test_dictionaries_chunks_slices_and_narrow_types_are_read_alike():
    plain = pa.table(
        {
            "kind": ["position", "identification", "all_call"] * 4,
            "address": list(range(12)),
            "callsign": [None, "KLM1", "X"] * 4,
            "odd": [True, None, False] * 4,
            "nic": [7, None, 9] * 4,
            "lat_deg": [1.5, None, 60.0] * 4,
            "lon_deg": [1.5, None, 60.0] * 4,
        }
    )
    expected = encode_squitters(plain)
    narrow = plain.cast(
        pa.schema(
            [
                ("kind", pa.dictionary(pa.int8(), pa.string())),
                ("address", pa.int32()),
                ("callsign", pa.dictionary(pa.int32(), pa.string())),
                ("odd", pa.bool_()),
                ("nic", pa.int8()),
                ("lat_deg", pa.float64()),
                ("lon_deg", pa.float64()),
            ]
        )
    )
    pieces = pa.concat_tables([narrow.slice(0, 5), narrow.slice(5)])
    assert (encode_squitters(narrow) == expected).all()
    assert (encode_squitters(pieces) == expected).all()
    assert (encode_squitters(plain.slice(4, 6)) == expected[4:10]).all()
    assert (encode_squitters(narrow.slice(4, 6)) == expected[4:10]).all()


BAD = [
    ({"lat_deg": 90.1}, "lat_deg, row 1"),
    ({"lon_deg": -180.5}, "lon_deg, row 1"),
    ({"lat_deg": math.inf}, "lat_deg, row 1"),
    ({"address": 1 << 24}, "address, row 1"),
    ({"address": -1}, "address, row 1"),
    ({"address": None}, "address, row 1"),
    ({"kind": "positon"}, "kind, row 1: 'positon' is none that we know. Did you mean 'position'?"),
    ({"kind": None}, "kind, row 1"),
    ({"callsign": "klm1"}, "callsign, row 1"),
    ({"callsign": "KLM123456"}, "callsign, row 1"),
    ({"callsign": "É"}, "callsign, row 1"),
    ({"nic": 12}, "nic, row 1"),
    ({"mode_3a": 0o10000}, "mode_3a, row 1"),
    ({"emergency": 8}, "emergency, row 1"),
    ({"category": 8}, "category, row 1"),
    ({"category_set": "E"}, "category_set, row 1"),
    ({"control_field": 4}, "control_field, row 1"),
    ({"interrogator": 80}, "interrogator, row 1"),
    ({"nicc": 8}, "nicc: no such column. Did you mean 'nic'?"),
    ({"nic": "high"}, "nic: needs int64"),
    ({"lat_deg": "north"}, "lat_deg: needs double"),
]


@pytest.mark.parametrize(("wrong", "words"), BAD, ids=lambda one: str(one)[:24])
def test_a_bad_value_is_refused_with_column_and_row(wrong: dict, words: str):
    good = {"kind": "position", "address": 1, "lat_deg": 1.0, "lon_deg": 1.0}
    rows = [{**dict.fromkeys(wrong), **good}, {**good, **wrong}]
    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    if any(isinstance(value, str) for value in wrong.values()):  # a column of numbers given as words
        columns = {
            n: [v if v is None else str(v) for v in c] if n in wrong else c for n, c in columns.items()
        }
    with pytest.raises(InputError) as refused:
        encode_squitters(pa.table(columns))
    assert words in str(refused.value)
