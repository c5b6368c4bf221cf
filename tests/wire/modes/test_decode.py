"""Mode S octets to tables: what messages of the literature say, what is given up and why."""

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.modes import reader
from tests.wire.modes.reader import FOOT, FPM, KNOT

from asman.errors import InputError
from asman.wire.modes import beast_frames, encode_squitters
from asman.wire.modes.decode import copy, decode, hear, listen

EVEN, ODD = "8D40621D58C382D690C8AC2863A7", "8D40621D58C386435CC412692AD6"


def avr(*messages: str) -> bytes:
    return "".join(f"*{one};\n" for one in messages).encode()


def only(text: bytes, table: str = "ADSB", **options) -> dict:
    """The last row of a table."""
    decoded = decode(text, "avr", **options)
    assert decoded.rejected.num_rows == 0, decoded.rejected.to_pylist()
    return {name: value for name, value in decoded.tables[table].to_pylist()[-1].items() if value is not None}


def frames(messages: list[bytes], seconds: list[float], ticks=None) -> bytes:
    rows = np.array([list(one.ljust(14, b"\0")) for one in messages], np.uint8)
    ticks = np.array([round(second * 12e6) for second in seconds]) if ticks is None else ticks
    return beast_frames(rows, np.array([len(one) for one in messages]), ticks, np.full(len(rows), 99))


def positions(table: pa.Table) -> list[tuple[float, float] | None]:
    rows = table.to_pylist()
    return [None if row.get("lat_deg") is None else (row["lat_deg"], row["lon_deg"]) for row in rows]


# --- messages of the literature ("The 1090 Megahertz Riddle", 2nd edition) ---


def test_an_identification():
    said = only(avr("8D4840D6202CC371C32CE0576098"))
    assert (said["kind"], said["address"], said["callsign"]) == ("identification", 0x4840D6, "KLM1023")
    assert (said["df"], said["type_code"], said["category_set"], said["category"]) == (17, 4, "A", 0)


def test_a_position_by_a_pair_is_that_of_the_later_message():
    table = decode(avr(EVEN, ODD), "avr").tables["ADSB"]
    assert positions(table)[0] is None
    lat, lon = positions(table)[1]
    assert abs(lat - 52.26578) < 1e-5 and abs(lon - 3.93891) < 1e-5
    table = decode(avr(ODD, EVEN), "avr").tables["ADSB"]
    lat, lon = positions(table)[1]
    assert abs(lat - 52.25720) < 1e-5 and abs(lon - 3.91937) < 1e-5
    row = table.to_pylist()[1]
    assert row["position"] == "global" and abs(row["pressure_altitude_m"] - 38_000 * FOOT) < 1e-6
    assert (row["nucp"], row["containment_m"]) == (7, 185.2)


def test_a_velocity_over_ground():
    said = only(avr("8D485020994409940838175B284F"))
    assert math.isclose(said["ve_mps"], -8 * KNOT) and math.isclose(said["vn_mps"], -159 * KNOT)
    assert math.isclose(said["climb_mps"], -832 * FPM) and said["climb_geometric"] is True
    assert math.isclose(said["geometric_above_m"], 550 * FOOT)


def test_heading_and_airspeed():
    said = only(avr("8DA05F219B06B6AF189400CBC33F"))
    assert abs(said["heading_deg"] - 243.984375) < 1e-9 and math.isclose(said["airspeed_mps"], 375 * KNOT)
    assert said["airspeed_true"] is True and math.isclose(said["climb_mps"], -2304 * FPM)
    assert "vn_mps" not in said


def test_a_position_on_the_ground_needs_to_know_where_it_is_heard():
    pair = avr("8C4841753AAB238733C8CD4020B1", "8C4841753A8A35323FAEBDAC702D")
    lost = only(pair)
    assert lost["position"] == "no place nearby" and "lat_deg" not in lost
    said = only(pair, near_deg=(51.99, 4.375))
    assert abs(said["lat_deg"] - 52.320607) < 1e-6 and abs(said["lon_deg"] - 4.734735) < 1e-6
    assert said["on_ground"] is True and abs(said["track_deg"] - 98.4375) < 1e-9
    assert abs(said["ground_speed_mps"] / KNOT - 16.5) <= 0.5


def test_replies_with_registers():
    said = only(avr("A000083E202CC371C31DE0AA1CCF"), "COMM_B")
    assert (said["register"], said["callsign"]) == ("2,0", "KLM1017")
    said = only(avr("A000029C85E42F313000007047D3"), "COMM_B")
    assert said["register"] == "4,0" and said["register_probability"] > 0.9
    assert round(said["selected_altitude_m"] / FOOT) == 3008 and round(said["baro_setting_pa"]) == 102_000
    said = only(avr("A000139381951536E024D4CCF6B5"), "COMM_B")
    assert said["register"] == "5,0"
    assert abs(said["roll_deg"] - 2.1) < 0.1 and abs(said["track_deg"] - 114.258) < 0.001
    assert round(said["ground_speed_mps"] / KNOT) == 438 and round(said["true_airspeed_mps"] / KNOT) == 424
    said = only(avr("A00004128F39F91A7E27C46ADC21"), "COMM_B")
    assert said["register"] == "6,0" and abs(said["heading_deg"] - 42.71484375) < 1e-9
    assert (round(said["indicated_airspeed_mps"] / KNOT), round(said["mach"], 2)) == (252, 0.42)
    assert (round(said["climb_baro_mps"] / FPM), round(said["climb_inertial_mps"] / FPM)) == (-1920, -1920)
    said = only(avr("A0001692185BD5CF400000DFC696"), "COMM_B")
    assert said["register"] == "4,4" and round(said["wind_speed_mps"] / KNOT) == 22
    assert abs(said["wind_from_deg"] - 344.53125) < 1e-9 and said["temperature_degc"] == -48.75


def test_replies_without_registers():
    said = only(avr("2A00516D492B80"), "MODES")
    assert (said["kind"], said["mode_3a"], said["df"]) == ("identity", 0o356, 5)
    said = only(avr("20001718029FCD"), "MODES")
    assert said["kind"] == "altitude" and abs(said["pressure_altitude_m"] / FOOT - 36_000) < 1e-6


def test_an_address_that_nothing_proves_is_told_from_one_that_something_does():
    reply = encode_reply_bytes(0x4840D6)
    alone = only(avr(reply), "MODES")
    assert alone["address"] == 0x4840D6 and alone["address_proven"] is False
    assert only(avr(reply, reply), "MODES")["address_proven"] is True
    assert only(avr("8D4840D6202CC371C32CE0576098", reply), "MODES")["address_proven"] is True


def encode_reply_bytes(address: int) -> str:
    from asman.wire.modes import encode_replies

    table = pa.table({"kind": ["altitude"], "address": [address], "pressure_altitude_m": [1000.0]})
    return encode_replies(table)[0].tobytes()[:7].hex().upper()


# --- parity ---


def test_a_damaged_message_is_given_up_and_put_right_only_where_asked_for():
    damaged = avr("8D4840D6202CC371C32CE0576099")
    decoded = decode(damaged, "avr")
    assert decoded.records == 0
    assert decoded.rejected["reason"].to_pylist() == ["damaged message: its parity does not divide"]
    said = only(damaged, correct=True)
    assert (said["callsign"], said["corrected_bits"]) == ("KLM1023", 1)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(5, 111), min_size=1, max_size=3))
def test_any_three_wrong_bits_are_noticed(places: set[int]):
    wrong = int("8D4840D6202CC371C32CE0576098", 16)
    for place in places:
        wrong ^= 1 << (111 - place)
    assert decode(avr(f"{wrong:028X}"), "avr").records == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(5, 111))
def test_any_single_wrong_bit_behind_the_format_is_put_right(place: int):
    wrong = int("8D4840D6202CC371C32CE0576098", 16) ^ 1 << (111 - place)
    assert only(avr(f"{wrong:028X}"), correct=True)["callsign"] == "KLM1023"


def test_formats_and_lengths_that_there_are_not_are_named():
    decoded = decode(avr("B8" + "00" * 13, "8D4840D6202CC3", "98" + "00" * 13), "avr")
    assert sorted(decoded.rejected["reason"].to_pylist()) == [
        "downlink format that is not assigned",
        "message whose length is not that of its downlink format",
        "military extended squitter (DF19): its content is not published",
    ]


# --- integrity ---


@pytest.mark.parametrize("nic", range(12))
def test_integrity_goes_with_the_version_and_the_supplements(nic: int):
    rows = [
        {"kind": "status", "address": 7, "nic": nic, "nacp": 9, "sil": 3},
        {"kind": "position", "address": 7, "nic": nic, "odd": False, "lat_deg": 50.0, "lon_deg": 8.0},
        {"kind": "position", "address": 7, "nic": nic, "odd": True, "lat_deg": 50.0, "lon_deg": 8.0},
    ]
    names = sorted({name for row in rows for name in row})
    octets = encode_squitters(pa.table({name: [row.get(name) for row in rows] for name in names}))
    said = only(avr(*(one.tobytes().hex() for one in octets)))
    assert said["nic"] == nic and said["latest/nacp"] == 9 and said["latest/sil"] == 3
    assert said["containment_m"] == [
        math.inf, 37_040.0, 14_816.0, 7408.0, 3704.0, 1852.0, 926.0, 370.4, 185.2, 75.0, 25.0, 7.5,
    ][nic]  # fmt: skip


# --- streams ---


def a_flight(seconds: int = 40) -> tuple[list[bytes], list[float]]:
    """Positions of both formats twice a second, a velocity and a callsign now and then."""
    rows, times = [], []
    for k in range(2 * seconds):
        lat = 48.0 + 0.001 * k
        base = {"address": 0x3C6586, "pressure_altitude_m": 10_000.0}
        rows.append(base | {"kind": "position", "odd": k % 2 == 1, "lat_deg": lat, "lon_deg": 11.0, "nic": 8})
        rows.append({"address": 0x3C6586, "kind": "velocity", "vn_mps": 222.0, "ve_mps": 0.0})
        if k % 5 == 0:
            rows.append({"address": 0x3C6586, "kind": "identification", "callsign": "DLH4PM"})
        times += [k / 2.0 + 0.01 * j for j in range(len(rows) - len(times))]
    names = sorted({name for row in rows for name in row})
    octets = encode_squitters(pa.table({name: [row.get(name) for row in rows] for name in names}))
    return [one.tobytes() for one in octets], times


STREAM = frames(*a_flight())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_how_a_stream_is_cut_does_not_show(cuts: list[int]):
    whole = decode(STREAM, "beast")
    receiver = listen("beast")
    tables: list[pa.Table] = []
    edges = [0, *sorted(cuts), len(STREAM)]
    for begin, end in itertools.pairwise(edges):
        receiver, heard = hear(receiver, STREAM[begin:end])
        tables += heard.tables.values()
        assert heard.rejected.num_rows == 0
    joined = pa.concat_tables(tables, promote_options="default")
    # The clock is judged by the first octets, so that only it may differ.
    for name in ("offset", "length", "address", "lat_deg", "lon_deg", "latest/vn_mps", "latest/callsign"):
        assert joined[name].to_pylist() == whole.tables["ADSB"][name].to_pylist(), name
    assert receiver.rest == b""


def test_a_copy_of_a_receiver_is_not_touched_by_what_is_heard_later():
    half = len(STREAM) // 2
    receiver, _ = hear(listen("beast"), STREAM[:half])
    kept = copy(receiver)
    _, first = hear(receiver, STREAM[half:])
    _, again = hear(kept, STREAM[half:])
    assert first.tables["ADSB"].equals(again.tables["ADSB"])


def test_arrival_gives_utc_and_the_receivers_clock_gives_the_moment():
    octets, seconds = a_flight(10)
    receiver = listen("beast")
    times: list[int] = []
    for message, second in zip(octets, seconds, strict=True):
        jitter_s = 0.03 * (int(second * 100) % 7)
        arrived = 1_700_000_000_000_000_000 + round((second + jitter_s) * 1e9)
        receiver, heard = hear(receiver, frames([message], [second]), arrived)
        times += heard.tables["ADSB"]["time"].cast(pa.int64()).to_pylist()
    settled = np.array(times[20:]) - 1_700_000_000_000_000_000 - np.array(seconds[20:]) * 1e9
    assert np.ptp(settled) < 2e5, "the network's jitter must not show"


def test_gps_time_is_recognised_and_goes_over_midnight():
    octets, seconds = a_flight(10)
    of_day = np.array(seconds) + 86_395.003
    ticks = np.array([(int(s) % 86_400) << 30 | int(s % 1 * 1e9) for s in of_day])
    decoded = decode(frames(octets, seconds, ticks), "beast")
    table = decoded.tables["ADSB"]
    assert table.schema.metadata[b"clock"] == b"GPS"
    clock_s = table["clock_ns"].to_numpy() / 1e9
    assert np.allclose(clock_s, of_day, atol=1e-6), "it goes on beyond 86,400 s"
    placed = [row["lat_deg"] is not None for row in table.to_pylist() if row["kind"] == "position"]
    assert placed == [False] + [True] * 19
    assert decode(STREAM, "beast").tables["ADSB"].schema.metadata[b"clock"] == b"12 MHz"


def test_octets_that_are_no_frames_are_accounted_for():
    octets, seconds = a_flight(2)
    good = frames(octets, seconds)
    cut = frames(octets[:1], [0.5])[:-3]
    stream = b"noise" + good + cut + good + b"\x1a\x33\x00"
    decoded = decode(stream, "beast")
    assert decoded.records == 2 * len(octets)
    reasons = {row["reason"]: (row["offset"], row["length"]) for row in decoded.rejected.to_pylist()}
    assert reasons == {
        "octets that are no Beast frame": (0, 5),
        "Beast frame that was cut short: the next one begins in it": (5 + len(good), len(cut)),
        "the recording ends within a Beast frame": (len(stream) - 3, 3),
    }
    read = sum(int(table["length"].to_numpy().sum()) for table in decoded.tables.values())
    assert read + sum(length for _, length in reasons.values()) == len(stream)


def test_frames_of_status_and_receivers_numbers_are_passed_over():
    octets, seconds = a_flight(1)
    good = frames(octets, seconds)
    stream = b"\x1a\xe3" + bytes(8) + b"\x1a4" + bytes(21) + good
    decoded = decode(stream, "beast")
    assert decoded.records == len(octets) and decoded.rejected.num_rows == 0


def test_lines_in_all_their_forms_say_the_same():
    forms = [
        b"*8D4840D6202CC371C32CE0576098;",
        b"@016CE3671C748D4840D6202CC371C32CE0576098;",
        b"<016CE3671C74A88D4840D6202CC371C32CE0576098;",
        b"8d4840d6202cc371c32ce0576098",
        b'1457996400.25,"8D4840D6202CC371C32CE0576098","4840D6",4',
    ]
    rows = decode(b"\r\n".join(forms), "avr").tables["ADSB"].to_pylist()
    assert [row["callsign"] for row in rows] == ["KLM1023"] * 5
    assert [row["signal"] for row in rows] == [None, None, 0xA8, None, None]
    assert rows[1]["clock_ns"] == 0x016CE3671C74 * 1000 // 12 and rows[0]["clock_ns"] is None
    timed = decode(forms[4], "avr").tables["ADSB"].to_pylist()[0]
    assert timed["time"].timestamp() == 1_457_996_400.25


def test_a_form_that_there_is_not_is_the_callers_mistake():
    with pytest.raises(InputError, match="beast"):
        listen("best")


def test_the_readers_of_the_tests_agree_on_a_pair():
    """The oracle of these tests reads the pair of the literature as we do."""
    even, odd = bytes.fromhex(EVEN), bytes.fromhex(ODD)
    found = reader.global_position(reader.me(even, 23, 56), reader.me(odd, 23, 56), True)
    assert np.allclose(found, positions(decode(avr(EVEN, ODD), "avr").tables["ADSB"])[1], atol=1e-9)
