"""Tracks as SBS: an example, and our own reader as the way back."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asman.model.tracks import TRACKS
from asman.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from asman.wire.modes import sbs, sbs_write

NOON_NS = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * 10**9 + 250_000_000
ROW = {
    "time": NOON_NS, "track": 7, "lat_deg": 42.5, "lon_deg": 74.25, "altitude_m": 33_000 * FOOT_M,
    "vn_mps": 0.0, "ve_mps": 400 * KNOT_MPS, "climb_mps": -640 * FOOT_PER_MINUTE_MPS, "mode_3a": 0o5436,
    "address": 0x3C660C, "callsign": "DLH65A", "on_ground": False, "confirmed": True,
}  # fmt: skip


def table(*rows: dict) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TRACKS)


def test_a_track_becomes_the_lines_that_port_30003_is_known_for():
    stamp = "2026/03/01,12:00:00.250,2026/03/01,12:00:00.250"
    assert sbs_write.lines(table(ROW)).text.decode().split("\r\n") == [
        f"MSG,1,1,1,3C660C,1,{stamp},DLH65A,,,,,,,,,,,",
        f"MSG,3,1,1,3C660C,1,{stamp},,33000,,,42.500000,74.250000,,,,,,0",
        f"MSG,4,1,1,3C660C,1,{stamp},,,400.0,90.0,,,-640,,,,,0",
        f"MSG,6,1,1,3C660C,1,{stamp},,,,,,,,5436,,0,,0",
        "",
    ]


def test_tracks_that_the_format_cannot_say_are_counted():
    found = sbs_write.lines(table({**ROW, "address": None}, {**ROW, "lat_deg": None}, ROW))
    assert found.left_out == {"without an ICAO address, which SBS needs": 1, "without a place or a time": 1}
    assert found.text.count(b"MSG,3") == 1


def test_what_is_simulated_is_not_told_as_if_it_flew_unless_one_asks_for_it():
    some = table({**ROW, "simulated": True})
    assert sbs_write.lines(some).left_out == {"simulated, which SBS has no word for": 1}
    assert not sbs_write.lines(some).text
    assert sbs_write.lines(some, simulated=True).text.count(b"MSG,3") == 1


@pytest.mark.parametrize("code", sbs_write.EMERGENCIES)
def test_emergency_codes_are_told_as_such(code):
    back = sbs.decode(sbs_write.lines(table({**ROW, "mode_3a": code})).text).tables["SBS"]
    assert back["emergency"].to_pylist()[-1] is True


@given(
    st.lists(
        st.builds(
            dict,
            time=st.integers(10**18, 2 * 10**18),
            track=st.integers(0, 10**6),
            lat_deg=st.floats(-90, 90),
            lon_deg=st.floats(-180, 180),
            altitude_m=st.none() | st.floats(-300, 30_000),
            vn_mps=st.floats(-900, 900),
            ve_mps=st.floats(-900, 900),
            climb_mps=st.none() | st.floats(-200, 200),
            mode_3a=st.none() | st.integers(0, 4095),
            address=st.integers(0, (1 << 24) - 1),
            callsign=st.none() | st.text("ABCXYZ019", min_size=1, max_size=8),
            on_ground=st.none() | st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_our_own_reader_reads_it_back(rows):
    decoded = sbs.decode(sbs_write.lines(table(*rows)).text)
    assert not decoded.rejected.num_rows
    back = decoded.tables["SBS"]
    places = back.filter(pa.array(np.array(back["transmission"].to_pylist()) == 3))
    assert places.num_rows == len(rows)
    times = places["time"].cast("int64").to_pylist()
    for row, one, time in zip(rows, places.drop_columns("time").to_pylist(), times, strict=True):
        assert one["address"] == row["address"]
        assert time == row["time"] // 10**6 * 10**6
        assert abs(one["lat_deg"] - row["lat_deg"]) <= 5.1e-7
        assert abs(one["lon_deg"] - row["lon_deg"]) <= 5.1e-7
        assert one["on_ground"] == row["on_ground"]
        if row["altitude_m"] is not None:
            assert abs(one["pressure_altitude_m"] - row["altitude_m"]) <= 0.51 * FOOT_M
    velocities = back.filter(pa.array(np.array(back["transmission"].to_pylist()) == 4)).drop_columns("time")
    for row, one in zip(rows, velocities.to_pylist(), strict=True):
        assert abs(one["ground_speed_mps"] - np.hypot(row["vn_mps"], row["ve_mps"])) <= 0.051 * KNOT_MPS
