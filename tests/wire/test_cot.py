"""Cursor on Target: an example to read, properties, and takproto as the independent reader and writer."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pyarrow as pa
import takproto
from hypothesis import given
from hypothesis import strategies as st
from takproto.constants import TAKProtoVer

from asman.model.tracks import TRACKS
from asman.wire import cot
from asman.wire import protobuf as pb

NOON_NS = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * 10**9 + 250_000_000

ROW = {
    "time": NOON_NS, "track": 7, "lat_deg": 42.5, "lon_deg": 74.25, "altitude_m": 10_058.4, "vn_mps": 0.0,
    "ve_mps": 200.0, "climb_mps": 0.0, "geometric_altitude_m": 10_250.0, "geometric_sigma_m": 40.0,
    "var_e_m2": 2500.0, "var_n_m2": 900.0, "cov_en_m2": 0.0, "confirmed": True, "mode_3a": 0o5436,
    "address": 0x3C660C, "callsign": "DLH65A", "contributors": ["kant"], "origin": "KG", "existence": 1.0,
    "on_ground": False, "position_doubted": False, "simulated": False,
}  # fmt: skip


def table(*rows: dict) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TRACKS)


def test_a_track_becomes_an_event_that_one_can_read():
    (event,) = cot.events(table(ROW)).events
    root = ET.fromstring(cot.xml(event))
    assert root.attrib == {
        "version": "2.0", "uid": "asman.KG.7", "type": "a-p-A", "how": "m-f",
        "time": "2026-03-01T12:00:00.250Z", "start": "2026-03-01T12:00:00.250Z",
        "stale": "2026-03-01T12:00:30.250Z",
    }  # fmt: skip
    assert root.find("point").attrib == {
        "lat": "42.5", "lon": "74.25", "hae": "10250.0", "ce": "50.0", "le": "40.0",
    }  # fmt: skip
    assert root.find("detail/contact").get("callsign") == "DLH65A"
    assert root.find("detail/track").attrib == {"course": "90.0", "speed": "200.0"}
    assert root.find("detail/remarks").text == (
        "FL330 (pressure altitude); Mode 3/A 5436; address 3C660C; by kant"
    )


def test_a_pressure_altitude_is_never_told_as_a_height():
    (event,) = cot.events(table({**ROW, "geometric_altitude_m": None})).events
    assert (event.hae_m, event.le_m) == (cot.UNKNOWN_M, cot.UNKNOWN_M)
    assert "FL330" in event.remarks


def test_nothing_is_hostile_or_anything_else_unless_a_person_recorded_it():
    # An emergency, no transponder, a contradicted position: all of it stays pending.
    odd = {**ROW, "mode_3a": 0o7500, "address": None, "callsign": None, "position_doubted": True}
    assert [one.type for one in cot.events(table(ROW, odd)).events] == ["a-p-A", "a-p-A"]
    recorded = (
        table(*[ROW] * 4)
        .append_column("identity", pa.array(["friend", "neutral", None, "nonsense"]))
        .append_column("category", pa.array(["state", "civil", "civil", None]))
    )
    assert [one.type for one in cot.events(recorded).events] == ["a-f-A", "a-n-A-C", "a-p-A-C", "a-p-A"]


def test_what_is_simulated_says_so_first():
    (event,) = cot.events(table({**ROW, "simulated": True})).events
    assert event.how == "m-s"
    assert event.remarks.startswith("SIMULATED; ")


def test_rows_without_a_place_are_left_out_and_counted():
    found = cot.events(table(ROW, {**ROW, "lat_deg": None}, {**ROW, "lon_deg": float("nan")}))
    assert len(found.events) == 1
    assert found.left_out == {"without a place or a time": 2}


_EVENTS = st.builds(
    cot.Event,
    uid=st.text("abcdefghij.0123456789", min_size=1, max_size=20),
    type=st.sampled_from(["a-p-A", "a-u-A-C"]),
    how=st.just("m-f"),
    time_ms=st.integers(10**12, 2 * 10**12),
    stale_ms=st.integers(10**12, 2 * 10**12),
    lat_deg=st.floats(-90, 90).map(lambda one: round(one, 7)),
    lon_deg=st.floats(-180, 180).map(lambda one: round(one, 7)),
    hae_m=st.floats(-400, 20_000).map(lambda one: round(one, 1)),
    ce_m=st.floats(0.1, 1e6).map(lambda one: round(one, 1)),
    le_m=st.just(cot.UNKNOWN_M),
    callsign=st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=12),
    speed_mps=st.floats(0.1, 999).map(lambda one: round(one, 2)),
    course_deg=st.floats(0.1, 359).map(lambda one: round(one, 2)),
    remarks=st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), max_size=40),
)


@given(_EVENTS)
def test_takproto_reads_from_our_octets_what_it_reads_from_our_xml(event):
    from_xml = takproto.functions.xml2message(cot.xml(event))
    for octets in (cot.mesh(event), cot.stream(event)):
        parsed = takproto.parse_proto(bytearray(octets))
        # Its times are cut to milliseconds by way of a float: one may be missing.
        for name in ("sendTime", "startTime", "staleTime"):
            ours, theirs = getattr(parsed.cotEvent, name), getattr(from_xml.cotEvent, name)
            assert 0 <= ours - theirs <= 1
            setattr(parsed.cotEvent, name, theirs)
        # It writes quotes and signs of its own in the XML that it keeps as text.
        assert _words(parsed) == _words(from_xml)
        parsed.cotEvent.detail.xmlDetail = from_xml.cotEvent.detail.xmlDetail
        assert parsed == from_xml


def _words(parsed):
    kept = parsed.cotEvent.detail.xmlDetail
    return ET.fromstring(kept).text if kept else ""


def test_our_octets_are_those_that_takproto_writes():
    (event,) = cot.events(table(ROW)).events
    assert cot.mesh(event) == bytes(takproto.xml2proto(cot.xml(event), TAKProtoVer.MESH))
    assert cot.stream(event) == bytes(takproto.xml2proto(cot.xml(event), TAKProtoVer.STREAM))
    assert cot.mesh(event)[:3] == b"\xbf\x01\xbf"


def test_a_document_holds_every_event():
    some = cot.events(table(ROW, {**ROW, "track": 8})).events
    root = ET.fromstring(cot.document(some))
    assert [one.get("uid") for one in root] == ["asman.KG.7", "asman.KG.8"]


@given(st.binary(max_size=60))
def test_reading_protobuf_never_does_anything_but_read_or_refuse(octets):
    from asman.errors import FeedError

    try:
        found = list(pb.fields(octets))
    except FeedError:
        return
    assert sum(len(one.value) for one in found if isinstance(one.value, bytes)) <= len(octets)


@given(st.integers(0, (1 << 64) - 1), st.floats(allow_nan=False), st.text(max_size=20))
def test_fields_come_back_as_they_went(whole, real, words):
    octets = pb.number(1, whole) + pb.double(2, real) + pb.text(3, words)
    expected = (
        [(1, whole)] * (whole != 0)
        + [(2, real)] * (str(real) != "0.0")
        + [(3, words.encode())] * (words != "")
    )
    assert [(one.number, one.value) for one in pb.fields(octets)] == expected
