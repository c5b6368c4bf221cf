"""Tracks to octets and back: nothing moves by more than its step, and no octets of a partner do harm."""

import math
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sharing.making import BEGIN_NS, tracks

from asman.errors import FeedError
from asman.model.contribution import CONTRIBUTED
from asman.wire import contribution

number = st.floats(-900, 900)
row = st.fixed_dictionaries({
    "time": st.integers(0, 3_600_000).map(lambda ms: BEGIN_NS + ms * 1_000_000),
    "track": st.integers(0, 2**32 - 1),
    "lat_deg": st.floats(-90, 90), "lon_deg": st.floats(-180, 180),
    "altitude_m": st.none() | st.floats(-1_000, 30_000), "vn_mps": number, "ve_mps": number,
    "climb_mps": st.none() | st.floats(-200, 200),
    "altitude_sigma_m": st.none() | st.floats(0, 6_000),
    "geometric_altitude_m": st.none() | st.floats(-1_000, 30_000),
    "geometric_sigma_m": st.none() | st.floats(0, 6_000), "position_doubted": st.booleans(),
    "var_e_m2": st.floats(0, 1e7), "var_n_m2": st.floats(0, 1e7), "existence": st.floats(0, 1),
    "mode_3a": st.none() | st.integers(0, 4095), "address": st.none() | st.integers(0, 2**24 - 1),
    "callsign": st.none() | st.text("ABC123", min_size=1, max_size=8),
    "contributors": st.none() | st.lists(st.sampled_from(["r1", "r2", "r3"]), unique=True).map(sorted),
    "last_plot_time": st.none() | st.integers(0, 3_600).map(lambda s: BEGIN_NS + s * 10**9),
    "plots": st.none() | st.integers(0, 60_000), "confirmed": st.booleans(),
    "on_ground": st.booleans(), "simulated": st.booleans(),
})  # fmt: skip
STEPS = {
    "lat_deg": 1e-7, "lon_deg": 1e-7, "altitude_m": 0.51, "geometric_altitude_m": 0.51,
    "vn_mps": 0.026, "ve_mps": 0.026, "climb_mps": 0.026,
    "existence": 0.002,
}  # fmt: skip
SAME = ("time", "track", "mode_3a", "address", "callsign", "contributors", "last_plot_time", "plots",
        "confirmed", "on_ground", "simulated", "position_doubted")  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(row, max_size=8))
def test_what_is_sent_arrives(rows):
    sent = tracks([{**one, "cov_en_m2": 0.3 * math.sqrt(one["var_e_m2"] * one["var_n_m2"])} for one in rows])
    got = contribution.decode(contribution.encode(sent), "KG", "the label")
    assert got.schema.equals(CONTRIBUTED)
    for before, after in zip(sent.to_pylist(), got.to_pylist(), strict=True):
        assert (after["origin"], after["label"]) == ("KG", "the label")
        assert {name: after[name] for name in SAME} == {name: before[name] for name in SAME}
        for name, step in STEPS.items():
            assert (after[name] is None) == (before[name] is None)
            assert before[name] is None or abs(after[name] - before[name]) <= step
        for name in ("var_e_m2", "var_n_m2"):
            assert before[name] * (1 - 1e-9) <= after[name], "no track claims more than it knew"
            assert math.sqrt(after[name]) <= math.sqrt(before[name]) + 0.1 + 1e-6
        assert after["cov_en_m2"] ** 2 <= after["var_e_m2"] * after["var_n_m2"] + 1e-9


def test_a_track_takes_some_forty_octets():
    rows = [
        {"track": k, "lat_deg": 40 + k * 0.0137, "lon_deg": 70 + k * 0.0171, "address": k * 7919}
        for k in range(500)
    ]
    assert len(contribution.encode(tracks(rows))) < 500 * 48


def test_what_cannot_be_sent_is_refused():
    with pytest.raises(ValueError, match="six hours"):
        contribution.encode(tracks([{}, {"time": BEGIN_NS + 7 * 3_600 * 10**9}]))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_octets_do_harm(data):
    whole = bytearray(zlib.decompress(contribution.encode(tracks([{}, {"track": 2}]))))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    octets = data.draw(st.sampled_from((zlib.compress(bytes(whole)), bytes(whole))))
    try:
        table = contribution.decode(octets, "KG", "")
    except FeedError:
        return
    assert table.schema.equals(CONTRIBUTED)
    for lat, lon in zip(table["lat_deg"].to_pylist(), table["lon_deg"].to_pylist(), strict=True):
        assert abs(lat) <= 90 and abs(lon) <= 180


def test_a_bomb_is_not_unpacked():
    with pytest.raises(FeedError, match="larger than any picture"):
        contribution.decode(zlib.compress(bytes(contribution.MOST_OCTETS * 4)), "KG", "")


def test_names_are_not_multiplied_into_a_bomb():
    """A row may name every sensor: 100,000 rows of a long name were gigabytes out of some kilobytes."""
    rows = [{"track": k, "contributors": ["a" * 1000]} for k in range(1_000)]
    packed = zlib.decompress(contribution.encode(tracks(rows)))
    assert contribution.decode(zlib.compress(packed), "KG", "").num_rows == 1_000
    longer = packed[:12] + (100_000).to_bytes(4, "little") + b"a" * 100_000 + packed[16 + 1000 :]
    with pytest.raises(FeedError, match="longer names"):
        contribution.decode(zlib.compress(longer), "KG", "")
    many = packed[:12] + (200).to_bytes(4, "little") + b"a\0" * 100 + packed[16 + 1000 :]
    with pytest.raises(FeedError, match="names more sensors"):
        contribution.decode(zlib.compress(many), "KG", "")


def test_a_correlation_over_one_is_refused():
    packed = bytearray(zlib.decompress(contribution.encode(tracks([{}]))))
    # Behind it: existence, flags, mode 3/A, address, callsign, sensors, plots, last; and what was learned.
    place = len(packed) - (1 + 1 + 1 + 2 + 4 + 8 + 8 + 2 + 4) - (7 * 2 + 4 + 14 * 2)
    for value, fine in ((-127, True), (-128, False)):
        packed[place] = value & 0xFF
        if fine:
            got = contribution.decode(zlib.compress(bytes(packed)), "KG", "")
            assert got["cov_en_m2"][0].as_py() == -100.0
            continue
        with pytest.raises(FeedError, match="correlations"):
            contribution.decode(zlib.compress(bytes(packed)), "KG", "")


def test_a_callsign_is_made_of_letters_whatever_came():
    octets = zlib.decompress(contribution.encode(tracks([{"callsign": "KGZ12345"}])))
    hostile = octets.replace(b"KGZ12345", b"K\x1b[31m\xff\0")
    table = contribution.decode(zlib.compress(hostile), "KG", "")
    assert table["callsign"].to_pylist() == ["K?[31m?"]
