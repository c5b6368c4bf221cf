"""The small parts of the reasoning: lateness, liveness, the picture's columns, trails."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.model.datagram import Datagram
from asman.model.plots import PLOTS
from asman.model.sensor import Sensor
from asman.model.tracks import TRACKS
from asman.pipeline import trails
from asman.pipeline.batch import gather, trace
from asman.pipeline.health import SensorCount, heard, is_silent, turned
from asman.pipeline.lag import FIRST_S, LONGEST_S, Lag, frontier_ns, measure
from asman.pipeline.picture import picture
from asman.units import SECOND_NS
from asman.wire import stream

S = SECOND_NS


def plots(times_ns: list[int], offsets: list[int]) -> pa.Table:
    table = PLOTS.empty_table()
    columns = {name: pa.nulls(len(times_ns), table.schema.field(name).type) for name in table.column_names}
    columns["time"] = pa.array(times_ns, pa.int64()).cast(PLOTS.field("time").type)
    columns["offset"] = pa.array(offsets, pa.int64())
    return pa.table(columns, schema=PLOTS)


def test_plots_are_led_back_to_their_feed_and_octet():
    batch = gather(
        (Datagram("a", 1, b"12345", 100), Datagram("b", 2, b"678", 0), Datagram("a", 3, b"9", 105))
    )
    assert batch.octets == b"123456789"
    traced = trace(batch, plots([0, 0, 0, 0], [0, 4, 6, 8]))
    assert traced["recording"].to_pylist() == ["a", "a", "b", "a"]
    assert traced["offset"].to_pylist() == [100, 104, 1, 105]


def test_lag_rises_at_once_and_falls_slowly():
    late = gather((Datagram("a", 10 * S, b"x"),))
    found = measure(Lag(), late, plots([7 * S], [0]), 1.0)
    assert found.lag_s == 3.0
    assert frontier_ns(found, 10 * S) < 7 * S
    after = measure(found, late, plots([10 * S], [0]), 1.0)
    assert FIRST_S < after.lag_s < 3.0
    for _ in range(600):
        after = measure(after, late, plots([10 * S], [0]), 1.0)
    assert after.lag_s == pytest.approx(FIRST_S, abs=0.01)


@settings(deadline=None)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20))
def test_nothing_makes_the_picture_wait_longer_than_it_may(times):
    batch = gather((Datagram("a", 0, b"x"),))
    found = measure(Lag(), batch, plots(times, [0] * len(times)), 1.0)
    assert 0.0 <= found.lag_s <= LONGEST_S


def test_a_rotation_is_measured_and_a_missed_north_marker_does_not_double_it():
    count = SensorCount()
    for north_s in (0, 4, 8, 16, 20):
        count = turned(count, north_s * S)
    assert count.period_s == 4.0
    assert count.turned_ns == 20 * S


def test_a_rate_finds_the_true_one_and_silence_is_noticed():
    count = SensorCount()
    for second in range(120):
        count = heard(count, 25, 1, second * S, 1.0)
    assert count.plots_per_s == pytest.approx(25, rel=0.01)
    assert (count.plots, count.rejected) == (3000, 120)
    assert not is_silent(count, 4.0, 130 * S)
    assert is_silent(count, 4.0, 132 * S)
    assert not is_silent(SensorCount(), 4.0, 10**18)


def tracks(**columns) -> pa.Table:
    count = len(columns["track"])
    row = {name: [None] * count for name in TRACKS.names}
    row |= {
        "contributors": [[] for _ in range(count)],
        "confirmed": [True] * count,
        "existence": [1.0] * count,
    }
    row |= {name: [1.0] * count for name in ("lat_deg", "lon_deg", "vn_mps", "ve_mps")}
    row |= {name: [0.0] * count for name in ("var_e_m2", "var_n_m2", "cov_en_m2")}
    row |= {"last_plot_time": [0] * count, "plots": [1] * count}
    return pa.table({name: pa.array((row | columns)[name], TRACKS.field(name).type) for name in TRACKS.names})


def sensor(name: str, period_s: float = 4.0) -> Sensor:
    return Sensor(id=name, lat_deg=0, lon_deg=0, period_s=period_s)


def test_the_picture_has_the_columns_of_the_stream_in_order_of_track():
    found = picture(
        tracks(
            track=[9, 3], lat_deg=[42.5, -1.0], altitude_m=[None, 3000.0], mode_3a=[None, 0o7700],
            address=[None, 0xABCDEF], callsign=["KGZ1", None], var_e_m2=[400.0, 100.0],
            var_n_m2=[100.0, 100.0], contributors=[["b"], ["a", "b"]],
            on_ground=[True, None], simulated=[None, True],
        ),
        (sensor("a"), sensor("b")),
        at_ns=2 * S,
    )  # fmt: skip
    assert found.track.tolist() == [3, 9]
    assert found.lat_e7.tolist() == [-10_000_000, 425_000_000]
    assert found.mode_3a.tolist() == [0o7700, stream.NO_MODE_3A]
    assert found.address.tolist() == [0xABCDEF, stream.NO_ADDRESS]
    assert found.contributors.tolist() == [0b11, 0b10]
    assert found.flags.tolist() == [stream.CONFIRMED | stream.SIMULATED, stream.CONFIRMED | stream.ON_GROUND]
    assert found.sigma_m.tolist() == [10.0, 20.0]
    assert found.age_s.tolist() == [2.0, 2.0]
    assert found.callsign.tolist() == [b"", b"KGZ1"]
    assert np.isnan(found.altitude_m[1])


def test_the_owner_of_a_track_is_told_by_its_place_in_the_table_of_members():
    table = tracks(track=[1, 2, 3], origin=["RU", "KG", "ZZ"])
    assert picture(table, (), 0, ("KG", "RU")).origin.tolist() == [1, 0, stream.NO_ORIGIN]
    assert picture(table, (), 0).origin.tolist() == [0, 0, 0]


@settings(deadline=None)
@given(st.floats(0, 2 * np.pi), st.floats(1, 1000), st.floats(1, 1000))
def test_sigma_is_the_larger_axis_however_the_ellipse_lies(turn, long_m, short_m):
    long_m, short_m = max(long_m, short_m), min(long_m, short_m)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    cov = axes @ np.diag([long_m**2, short_m**2]) @ axes.T
    found = picture(
        tracks(track=[1], var_e_m2=[cov[0, 0]], var_n_m2=[cov[1, 1]], cov_en_m2=[cov[0, 1]]), (), at_ns=0
    )
    assert found.sigma_m[0] == pytest.approx(long_m, rel=1e-4)


def test_a_track_coasts_when_its_slowest_radar_missed_it():
    table = tracks(track=[1, 2], contributors=[["fast"], ["fast", "slow"]])
    known = (sensor("fast", 4.0), sensor("slow", 12.0))
    found = picture(table, known, at_ns=7 * S)
    assert (found.flags & stream.COASTING > 0).tolist() == [True, False]
    assert (picture(table, known, at_ns=19 * S).flags & stream.COASTING > 0).all()


def test_sensors_beyond_the_last_bit_share_it():
    names = [f"s{number}" for number in range(40)]
    table = tracks(track=[1], contributors=[["s0", "s31", "s39"]])
    found = picture(table, tuple(sensor(name) for name in names), at_ns=0)
    assert found.contributors.tolist() == [1 | 1 << 31]


def test_an_empty_picture_is_one_too():
    found = picture(TRACKS.empty_table(), (), at_ns=0)
    assert stream.decode(stream.encode_picture(found, 0.0)).picture.track.tolist() == []


def at(numbers: list[int], lat_e7: int) -> stream.Picture:
    found = stream.EMPTY._asdict()
    found["track"] = np.array(numbers, "<f8")
    found["lat_e7"] = np.full(len(numbers), lat_e7, "<i4")
    found["lon_e7"] = np.zeros(len(numbers), "<i4")
    return stream.Picture(**found)


def test_trails_hold_the_places_of_living_tracks_oldest_first():
    ring: trails.Ring = ()
    for second, numbers in ((10, [1, 2]), (20, [2, 3]), (30, [1, 2, 3])):
        assert trails.due(ring, second * S)
        ring = trails.remember(ring, at(numbers, second), second * S)
        assert not trails.due(ring, second * S + 9 * S)
    found = trails.trails(ring, np.array([2.0, 3.0]), 35 * S)
    assert found.track.tolist() == [2, 3]
    assert found.first.tolist() == [0, 3]
    assert found.lat_e7.tolist() == [10, 20, 30, 20, 30]
    assert found.time_s.tolist() == [25, 15, 5, 15, 5]


def test_trails_are_bounded():
    ring: trails.Ring = ()
    for number in range(100):
        ring = trails.remember(ring, at([1], number), number * S)
    assert len(ring) == trails.POINTS
    assert trails.trails(ring, np.array([1.0]), 100 * S).lat_e7[-1] == 99
