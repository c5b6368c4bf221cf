"""Every data class as octets and back, and no octets of a partner that do harm."""

import json
import zlib
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.errors import FeedError
from asman.model.contribution import SCHEMAS
from asman.model.plots import TIME
from asman.wire import payload

NS = 1_700_000_000 * 10**9
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "payloads.json"
WORDS = {name: sorted(words)[0] for (_, name), words in payload._KNOWN.items()}
CLASSES = [what for what in SCHEMAS if what != "tracks"]
maybe = lambda values: st.one_of(st.none(), values)  # noqa: E731


def values(what, field):
    # What makes a row one is never missing.
    some = (lambda one: one) if field.name in payload._NEEDED[what] else maybe
    if field.type == TIME:
        return st.integers(0, 10**6).map(lambda k: NS + k * payload.TIME_NS)
    if field.name in ("lat_deg", "lon_deg"):
        return some(st.integers(-900_000_000, 900_000_000).map(lambda k: k / 1e7))
    if pa.types.is_floating(field.type):
        return some(st.floats(-1e6, 1e6, width=32))
    if pa.types.is_boolean(field.type):
        return some(st.booleans())
    if pa.types.is_integer(field.type):
        return some(st.integers(-1, 2**15 - 1))
    known = payload._KNOWN.get((what, field.name))
    return some(st.sampled_from(sorted(known)) if known else st.text("ab \n", min_size=1, max_size=5))


@st.composite
def tables(draw, what):
    schema = SCHEMAS[what]
    rows = draw(st.lists(st.fixed_dictionaries({f.name: values(what, f) for f in schema}), max_size=4))
    columns = [pa.array([row[f.name] for row in rows], f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


@pytest.mark.parametrize("what", CLASSES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_sent_arrives(what, data):
    sent = data.draw(tables(what))
    got = payload.decode(what, payload.encode(what, sent), "KG", "the label")
    assert got["origin"].to_pylist() == ["KG"] * len(sent)
    assert got["label"].to_pylist() == ["the label"] * len(sent)
    for name in SCHEMAS[what].names:
        if name not in ("origin", "label"):
            assert got[name].cast(sent[name].type).equals(sent[name]), name


def ordinary(what):
    """One row of a class."""
    known = {"time": NS, "lat_deg": 43.0, "lon_deg": 75.0, "altitude_m": 9_000.0, "simulated": True}
    row = {}
    for field in SCHEMAS[what]:
        plain = NS if field.type == TIME else 1 if pa.types.is_integer(field.type) else 1.5
        plain = True if pa.types.is_boolean(field.type) else plain
        word = sorted(payload._KNOWN.get((what, field.name), {"word"}))[0]
        row[field.name] = known.get(field.name, word if pa.types.is_string(field.type) else plain)
    columns = [pa.array([row[f.name]] * 2, f.type) for f in SCHEMAS[what]]
    return pa.Table.from_arrays(columns, schema=SCHEMAS[what])


@pytest.mark.parametrize("what,name", [(what, name) for what in CLASSES for name in payload._NEEDED[what]])
def test_rows_without_what_makes_them_one_are_refused(what, name):
    whole = ordinary(what)
    kind = whole.schema.field(name)
    lacks = whole.set_column(
        whole.schema.get_field_index(name), kind, pa.array([whole[name][0].value if kind.type == TIME else
                                                           whole[name][0].as_py(), None], kind.type)
    )  # fmt: skip
    with pytest.raises(FeedError):
        payload.decode(what, payload.encode(what, lacks), "KG", "")


@pytest.mark.parametrize("what", CLASSES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_octets_do_harm(what, data):
    whole = bytearray(zlib.decompress(payload.encode(what, ordinary(what))))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    octets = data.draw(st.sampled_from((zlib.compress(bytes(whole)), bytes(whole))))
    try:
        table = payload.decode(what, octets, "KG", "")
    except FeedError:
        return
    assert table.schema.equals(SCHEMAS[what])
    table.validate(full=True)


def test_words_that_nobody_knows_are_refused():
    table = ordinary("identity")
    at = table.schema.get_field_index("value")
    with pytest.raises(ValueError, match="'angry' is no value"):
        payload.encode("identity", table.set_column(at, "value", pa.array(["angry", "hostile"])))


def test_octets_of_today_are_read_tomorrow():
    """Regenerate with: python -m tests.wire.test_payload"""
    golden = json.loads(GOLDEN.read_text())
    assert set(golden) == set(CLASSES)
    for what, octets in golden.items():
        got = payload.decode(what, zlib.compress(bytes.fromhex(octets)), "KG", "")
        want = payload.decode(what, payload.encode(what, ordinary(what)), "KG", "")
        assert got.equals(want), f"{what}: the form changed; regenerate tests/golden/payloads.json"
        assert zlib.decompress(payload.encode(what, ordinary(what))).hex() == octets, what


if __name__ == "__main__":
    made = {what: zlib.decompress(payload.encode(what, ordinary(what))).hex() for what in CLASSES}
    GOLDEN.write_text(json.dumps(made, indent=1) + "\n")
