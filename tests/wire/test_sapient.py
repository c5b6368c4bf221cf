"""SAPIENT in: messages that another project's classes wrote, pieces of any size, lengths that lie."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire import sapient_messages as made

from asman.wire import sapient
from asman.wire.reading import read


def test_a_recording_cut_within_a_message_is_read_from_the_next_one():
    whole = made.framed(*(made.placed(42.5, 74.25 + k / 10) for k in range(5)))
    first = 4 + int.from_bytes(whole[:4], "little")
    for cut in (1, 3, 4, 9, first - 1):
        decoded = read(whole[cut:], framing="sapient")
        assert decoded.tables["SAPIENT"]["lon_deg"].to_pylist() == pytest.approx([74.35, 74.45, 74.55, 74.65])
        (lost,) = decoded.rejected.to_pylist()
        assert (lost["offset"], lost["length"]) == (0, first - cut)
        assert "begins within a message" in lost["reason"]
    tail = read(whole[:-1], framing="sapient")
    assert tail.tables["SAPIENT"].num_rows == 4
    assert "ends within a message" in tail.rejected["reason"][0].as_py()


def test_a_detection_is_read_as_another_projects_classes_wrote_it():
    octets = made.framed(made.registration(), made.placed(42.5, 74.25))
    decoded = read(octets)
    assert decoded.framing == "sapient"
    assert not decoded.rejected.num_rows
    (row,) = decoded.tables["SAPIENT"].drop_columns("time").to_pylist()
    assert row["node"] == made.NODE
    assert row["object"] == "01HOBJECT"
    assert (row["lat_deg"], row["lon_deg"], row["geometric_altitude_m"]) == (42.5, 74.25, 1200.0)
    assert row["sigma_n_m"] == pytest.approx(11.12, abs=0.01)
    assert row["sigma_e_m"] == pytest.approx(22.24 * math.cos(math.radians(42.5)), abs=0.01)
    assert (row["class"], round(row["class_confidence"], 2), row["confidence"]) == (
        "UAV Fixed Wing",
        0.7,
        0.75,
    )
    # The registration says km/h.
    assert (row["ve_mps"], row["vn_mps"], row["climb_mps"]) == (
        pytest.approx(10.0),
        pytest.approx(20.0),
        None,
    )
    assert decoded.tables["SAPIENT"]["time"].cast("int64").to_pylist() == [round(made.NOON * 1e9)]
    (node,) = decoded.tables["SAPIENT_NODE"].to_pylist()
    assert (node["kind"], node["name"]) == ("registration", "Mast 7")


def test_a_velocity_without_a_unit_is_none():
    (row,) = read(made.framed(made.placed(42.5, 74.25))).tables["SAPIENT"].drop_columns("time").to_pylist()
    assert (row["ve_mps"], row["vn_mps"]) == (None, None)


def test_range_and_bearing_are_metres_and_degrees():
    decoded = read(made.framed(made.status(42.0, 74.0), made.polar(12.5, 45.0)))
    (row,) = decoded.tables["SAPIENT"].drop_columns("time").to_pylist()
    assert (row["range_m"], row["azimuth_deg"], row["elevation_deg"]) == (12_500.0, 45.0, 2.0)
    (node,) = decoded.tables["SAPIENT_NODE"].drop_columns("time").to_pylist()
    assert (node["kind"], node["system"], node["lat_deg"], node["geometric_altitude_m"]) == (
        "status", "ok", 42.0, 800.0,
    )  # fmt: skip


def _changed(change):
    one = made.placed(42.5, 74.25)
    change(one.detection_report)
    return one


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: setattr(r.location, "coordinate_system", 5), "UTM"),
        (lambda r: setattr(r.location, "datum", 0), "without coordinate system or datum"),
        (lambda r: setattr(r.location, "y", 91.0), "not on the earth"),
        (lambda r: setattr(r.location, "x", float("nan")), "not on the earth"),
        (lambda r: r.ClearField("location"), "neither place nor range"),
        (lambda r: r.range_bearing.CopyFrom(_bearing(datum=2)), "not from true north"),
        (lambda r: r.range_bearing.CopyFrom(_bearing(range_=None)), "a bearing without range"),
        (lambda r: r.range_bearing.CopyFrom(_bearing(units=0)), "without units"),
    ],
)
def test_a_place_that_cannot_be_used_says_why(change, words):
    decoded = sapient.decode(made.framed(_changed(change)))
    assert not decoded.rejected.num_rows
    (row,) = decoded.tables["SAPIENT"].drop_columns("time").to_pylist()
    assert words in row["unplaced"]
    assert row["lat_deg"] is None or words == "a bearing without range"


def _bearing(*, datum: int = 1, units: int = 1, range_: float | None = 1.0):
    seen = made.polar(1.0, 10.0).detection_report.range_bearing
    seen.datum, seen.coordinate_system = datum, units
    if range_ is None:
        seen.ClearField("range")
    return seen


@settings(max_examples=60)
@given(
    cuts=st.lists(st.integers(0, 4000), max_size=12),
    count=st.integers(1, 6),
)
def test_a_stream_may_be_cut_anywhere(cuts, count):
    octets = made.framed(
        made.registration(),
        *(made.placed(42.0 + k / 10, 74.0, time_s=made.NOON + k) for k in range(count)),
        made.status(42.0, 74.0),
    )
    whole = sapient.decode(octets)
    edges = sorted({0, len(octets), *(min(cut, len(octets)) for cut in cuts)})
    stream, rows = sapient.Stream(), []
    for begin, end in pairwise(edges):
        stream, decoded = sapient.hear(stream, octets[begin:end])
        assert not decoded.rejected.num_rows
        if "SAPIENT" in decoded.tables:
            rows += decoded.tables["SAPIENT"].drop_columns("time").to_pylist()
    assert stream.left == b""
    assert rows == whole.tables["SAPIENT"].drop_columns("time").to_pylist()


@pytest.mark.parametrize("size", [0, sapient.MESSAGE_OCTETS_MAX + 1, 0xFFFFFFFF])
def test_a_length_that_lies_costs_its_octets_and_no_more(size):
    good = made.framed(made.placed(42.5, 74.25))
    octets = good + size.to_bytes(4, "little") + b"\xff" * 20 + good
    decoded = sapient.decode(octets)
    assert decoded.tables["SAPIENT"].num_rows == 2
    rejected = decoded.rejected.to_pylist()
    assert rejected[0]["offset"] == len(good)
    assert f"{size:,} octets cannot be" in rejected[0]["reason"]
    assert sum(one["length"] for one in rejected) == 24


def test_a_summary_names_nodes_and_what_has_no_place(capsys):
    from rich.console import Console

    from asman.apps.decode_sapient import summarise

    octets = made.framed(made.status(42.0, 74.0), _changed(lambda r: setattr(r.location, "datum", 0)))
    summarise(read(octets), Console(width=120))
    said = capsys.readouterr().out
    assert "messages: 2; given up: 0; nodes: 2" in said
    assert "detections without a place: 1: a place without coordinate system or datum" in said
    assert "1 status" in said


def test_what_waits_for_the_rest_of_a_message_is_bounded():
    stream = sapient.Stream()
    head = sapient.MESSAGE_OCTETS_MAX.to_bytes(4, "little")
    stream, _ = sapient.hear(stream, head)
    for _ in range(40):
        stream, _ = sapient.hear(stream, b"\xff" * 65_536)
        assert len(stream.left) <= sapient.MESSAGE_OCTETS_MAX + 65_536 + sapient.HEAD


@settings(max_examples=300)
@given(data=st.data())
def test_damaged_messages_are_read_or_rejected_and_every_octet_is_accounted_for(data):
    octets = bytearray(
        made.framed(
            made.registration(), made.placed(42.5, 74.25), made.status(42.0, 74.0), made.polar(3.0, 9.0)
        )
    )
    for _ in range(data.draw(st.integers(1, 8))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    decoded = sapient.decode(bytes(octets))
    spans = [
        (row["offset"], row["length"])
        for table in (*decoded.tables.values(), decoded.rejected)
        for row in table.select(["offset", "length"]).to_pylist()
    ]
    at = 0
    for offset, length in sorted(spans):
        assert offset == at
        at = offset + length
    assert at == len(octets)
    table = decoded.tables.get("SAPIENT")
    if table is not None:
        for lat, lon in zip(table["lat_deg"].to_pylist(), table["lon_deg"].to_pylist(), strict=True):
            assert (lat is None) == (lon is None)
            assert lat is None or (abs(lat) <= 90.0 and abs(lon) <= 180.0)


@given(st.binary(max_size=300))
def test_no_octets_at_all_do_anything_but_get_read_or_rejected(octets):
    sapient.decode(octets)


def test_asterix_is_not_taken_for_it(shared_data):
    for path in sorted((shared_data / "asterix").rglob("*")):
        if path.is_file():
            assert not sapient.recognise(path.read_bytes()), path.name
