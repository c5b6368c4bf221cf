"""SBS and readsb's aircraft.json to tables, and which form a recording has."""

import itertools
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.modes.test_decode import STREAM

from asman.wire.modes import readsb, sbs
from asman.wire.modes.decode import hear, listen
from asman.wire.modes.recognise import recognise
from asman.wire.reading import read

KNOT, FOOT = 1852 / 3600, 0.3048
SBS = b"""MSG,1,1,1,4840D6,1,2023/05/02,08:00:00.000,2023/05/02,08:00:00.100,KLM1023 ,,,,,,,,,,,0
MSG,3,1,1,4840D6,1,2023/05/02,08:00:01.250,2023/05/02,08:00:01.300,,38000,,,52.25720,3.91937,,,0,0,0,0
MSG,4,1,1,4840D6,1,2023/05/02,08:00:02.000,2023/05/02,08:00:02.000,,,450.0,90.0,,,-640,,,,,0
MSG,6,1,1,4840D6,1,2023/05/02,08:00:03.000,2023/05/02,08:00:03.000,,38000,,,,,,7700,-1,-1,0,0
MSG,2,1,1,4840D7,1,2023/05/02,08:00:03.000,2023/05/02,08:00:03.000,,0,12.0,270.0,52.30800,4.76400,,,,,,-1
"""
DOCUMENT = {
    "now": 1683014400.5,
    "messages": 12,
    "aircraft": [
        {"hex": "4840d6", "type": "adsb_icao", "flight": "KLM1023 ", "alt_baro": 38000, "alt_geom": 38500,
         "gs": 450.0, "track": 90.0, "baro_rate": -640, "squawk": "7700", "emergency": "general",
         "category": "A3",
         "lat": 52.2572, "lon": 3.91937, "nic": 8, "rc": 186, "seen_pos": 0.25, "version": 2, "nac_p": 9,
         "nac_v": 1, "sil": 3, "seen": 0.1, "rssi": -20.1},
        {"hex": "4840d7", "type": "adsb_icao", "alt_baro": "ground", "gs": 12, "lat": 52.308, "lon": 4.764,
         "seen_pos": 1},
        {"hex": "~2a0001", "type": "tisb_other", "alt_baro": 1200, "lat": 52.0, "lon": 4.0,
         "seen_pos": 3.0, "rc": 0},
        {"hex": "3c6586", "type": "mode_s", "alt_baro": 34000, "seen": 5},
    ],
}  # fmt: skip


def test_sbs_says_what_its_fields_say():
    decoded = sbs.decode(SBS)
    assert decoded.rejected.num_rows == 0
    name, place, speed, code, ground = decoded.tables["SBS"].to_pylist()
    assert (name["callsign"], name["address"], name["transmission"]) == ("KLM1023", 0x4840D6, 1)
    assert (place["lat_deg"], place["lon_deg"]) == (52.2572, 3.91937)
    assert math.isclose(place["pressure_altitude_m"], 38_000 * FOOT) and place["time"].microsecond == 250_000
    assert math.isclose(speed["ground_speed_mps"], 450 * KNOT) and math.isclose(
        speed["climb_mps"], -640 * FOOT / 60
    )
    assert (code["mode_3a"], code["alert"], code["emergency"], code["spi"]) == (0o7700, True, True, False)
    assert ground["on_ground"] is True
    assert SBS[place["offset"] : place["offset"] + place["length"]].startswith(b"MSG,3,")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (b"MSG,3,1,1,4840D6", "fields where 22"),
        (b"MSG,9,1,1,4840D6,1,2023/05/02,08:00:01.250,,,,,,,,,,,,,,0", "transmission type"),
        (b"MSG,3,1,1,4840,1,2023/05/02,08:00:01.250,,,,,,,,,,,,,,0", "address"),
        (b"MSG,3,1,1,4840D6,1,2023/13/02,08:00:01.250,,,,,,,,,,,,,,0", "time"),
        (b"MSG,3,1,1,4840D6,1,2023/05/02,08:00:01.250,,,,high,,,,,,,,,,0", "altitude"),
        (b"MSG,3,1,1,4840D6,1,2023/05/02,08:00:01.250,,,,,,,95,4,,,,,,0", "latitude"),
        (b"MSG,3,1,1,4840D6,1,2023/05/02,08:00:01.250,,,,,,,nan,4,,,,,,0", "latitude"),
        (b"MSG,3,1,1,4840D6,1,2023/05/02,08:00:01.250,,,,,,,,4,,,,,,0", "without longitude"),
        (b"MSG,3,1,1,4840D6,1,2023/05/02,08:00:01.250,,,,,,,,,,8000,,,,0", "squawk"),
        (b"what is this", "no SBS message"),
    ],
)
def test_a_line_of_sbs_that_cannot_be_read_names_the_field(wrong: bytes, words: str):
    decoded = sbs.decode(SBS + wrong + b"\r\n" + SBS)
    assert decoded.records == 10
    (row,) = decoded.rejected.to_pylist()
    assert words in row["reason"] and row["offset"] == len(SBS)


def test_aircraft_json_says_what_its_fields_say():
    text = json.dumps(DOCUMENT, indent=1).encode()
    decoded = readsb.decode(text)
    assert decoded.rejected.num_rows == 0
    air, ground, other, silent = decoded.tables["READSB"].to_pylist()
    assert (air["callsign"], air["mode_3a"], air["emergency"], air["nacp"]) == ("KLM1023", 0o7700, 1, 9)
    assert air["time"].timestamp() == 1683014400.25 and air["containment_m"] == 186.0
    assert math.isclose(air["geometric_altitude_m"], 38_500 * FOOT) and air["on_ground"] is False
    assert ground["on_ground"] is True and ground["pressure_altitude_m"] is None
    assert other["address_icao"] is False and other["containment_m"] == math.inf
    assert silent["lat_deg"] is None
    assert json.loads(text[air["offset"] : air["offset"] + air["length"]])["hex"] == "4840d6"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hex": "xyz"}, "hex"),
        ({"lat": "52"}, "$.lat"),
        ({"lat": 91.0}, "lat is beyond 90"),
        ({"lon": None}, "lat without lon"),
        ({"alt_baro": "high"}, "alt_baro"),
        ({"seen_pos": None}, "seen_pos"),
        ({"seen_pos": -1}, "seen_pos"),
        ({"squawk": 7700}, "$.squawk"),
    ],
)
def test_an_aircraft_that_cannot_be_read_is_given_up_alone(change: dict, words: str):
    bad = DOCUMENT["aircraft"][0] | change
    text = json.dumps(DOCUMENT | {"aircraft": [bad, *DOCUMENT["aircraft"][1:]]}).encode()
    decoded = readsb.decode(text)
    assert decoded.records == 3
    assert words in decoded.rejected["reason"][0].as_py()


def test_documents_in_lines_and_a_broken_one_among_them():
    one = json.dumps(DOCUMENT).encode()
    decoded = readsb.decode(one + b"\n" + one[:200] + b"\n" + one + b"\n")
    assert decoded.records == 8 and decoded.rejected.num_rows == 1
    assert decoded.rejected["offset"][0].as_py() == len(one) + 1


@pytest.mark.parametrize(
    ("octets", "form"),
    [
        (STREAM, "beast"),
        (STREAM[7:], "beast"),
        (b"\x00garbage" + STREAM, "beast"),
        (b"*8D4840D6202CC371C32CE0576098;\n", "avr"),
        (b"@016CE3671C748D4840D6202CC371C32CE0576098;\r\n", "avr"),
        (b"8D4840D6202CC371C32CE0576098\n8D40621D58C382D690C8AC2863A7\n", "avr"),
        (b"\xef\xbb\xbf1495353600,484CB8,A0000638B699F11BE3846DCA35F9\n", "avr"),
        (SBS, "sbs"),
        (json.dumps(DOCUMENT).encode(), "readsb"),
        (json.dumps(DOCUMENT, indent=2).encode(), "readsb"),
        (b"", ""),
        (b"30000f00000000000000000000000000\n", ""),
        (b"time,sensor,range_m\n2023-05-02T08:00:00Z,kant,10.5\n", ""),
        (bytes(range(256)) * 40, ""),
        (b'{"type": "FeatureCollection", "features": []}', ""),
    ],
)
def test_the_form_is_recognised_by_content(octets: bytes, form: str):
    assert recognise(octets) == form


def test_recordings_of_asterix_are_taken_for_nothing_else(shared_data: Path):
    for path in sorted((shared_data / "asterix").rglob("*")):
        if path.is_file() and path.suffix not in (".md", ".json"):
            with path.open("rb") as file:
                assert recognise(file.read(65_536)) == "", path.name


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from((SBS, json.dumps(DOCUMENT).encode() + b"\n")), st.lists(st.integers(0, 700), max_size=6)
)
def test_how_a_stream_of_text_is_cut_does_not_show(text: bytes, cuts: list[int]):
    form = recognise(text)
    whole = read(text)
    receiver = listen(form)
    rows: list[dict] = []
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    if form == "readsb":
        edges = [0, len(text)]  # a document arrives whole
    for begin, end in itertools.pairwise(edges):
        receiver, heard = hear(receiver, text[begin:end])
        assert heard.rejected.num_rows == 0
        for table in heard.tables.values():
            rows += table.to_pylist()
    assert rows == [row for table in whole.tables.values() for row in table.to_pylist()]
