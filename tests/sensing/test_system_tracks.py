"""CAT062 becomes tracks: octets that a tracker would send, and every public sample."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sensing.system_records import EDITION, system_records

import asman
from asman.model.decoded import Decoded
from asman.model.tracks import TRACKS
from asman.sensing.system_tracks import LIFE, SOURCE, SystemTracks, read_tracks
from asman.wire.asterix.encode import encode

DAY = date(2026, 1, 1)
DAY_NS = 1_767_225_600 * 10**9
SECOND_NS = 10**9


def tracks(seconds: list[float], numbers: list[int], **columns: list[object]) -> pa.Table:
    """Rows of TRACKS at seconds of a day; what is not said has a plain value."""
    count = len(seconds)
    ns = DAY_NS + (np.array(seconds) * SECOND_NS).astype(np.int64)
    plain: dict[str, object] = {
        "time": pa.array(ns, TRACKS.field("time").type), "track": numbers, "lat_deg": [43.0] * count,
        "lon_deg": [74.5] * count, "altitude_m": [9144.0] * count, "vn_mps": [100.0] * count,
        "ve_mps": [-50.0] * count, "climb_mps": [0.0] * count, "var_e_m2": [400.0] * count,
        "var_n_m2": [900.0] * count, "cov_en_m2": [-144.0] * count, "confirmed": [True] * count,
        "mode_3a": [0o1234] * count, "address": [0x4CA123] * count,
        "last_plot_time": pa.array(ns - 2 * SECOND_NS, TRACKS.field("time").type),
    }  # fmt: skip
    plain.update(columns)
    return pa.table({name: pa.array(values, TRACKS.field(name).type) for name, values in plain.items()})


def sent(table: pa.Table, **more: pa.Array) -> SystemTracks:
    """What is read of tracks that went through octets."""
    octets = encode(system_records(table, **more), 62, EDITION).octets
    return read_tracks(asman.decode(octets, editions={"62": EDITION}), DAY)


def test_what_a_tracker_sends_is_what_is_read():
    read = sent(tracks([10.0], [77], lat_deg=[-33.5], lon_deg=[-179.9]))
    (row,) = read.tracks.drop_columns(["time", "last_plot_time"]).to_pylist()
    assert row["track"] == 77
    assert (row["lat_deg"], row["lon_deg"]) == pytest.approx((-33.5, -179.9), abs=180 / 2**26)
    assert (row["vn_mps"], row["ve_mps"]) == (100.0, -50.0)
    assert row["altitude_m"] == pytest.approx(9144.0)
    assert (row["var_e_m2"], row["var_n_m2"], row["cov_en_m2"]) == (400.0, 900.0, -144.0)
    assert (row["mode_3a"], row["address"], row["confirmed"]) == (0o1234, 0x4CA123, True)
    assert row["simulated"] is True and row["origin"] == "25/100"
    ns = read.tracks["time"].cast(pa.int64()).to_numpy()[0]
    plot_ns = read.tracks["last_plot_time"].cast(pa.int64()).to_numpy()[0]
    assert ns == DAY_NS + 10 * SECOND_NS and ns - plot_ns == 2 * SECOND_NS


def test_degrees_of_accuracy_become_metres_where_there_are_no_others():
    table = tracks([10.0], [77], lat_deg=[60.0])
    records = system_records(table).drop_columns(["I500/APC/X_m", "I500/APC/Y_m"])
    lsb = 180.0 / 2**25
    for name in ("I500/APW/LAT_deg", "I500/APW/LON_deg"):
        records = records.append_column(name, pa.array([100 * lsb]))
    octets = encode(records, 62, EDITION).octets
    read = read_tracks(asman.decode(octets, editions={"62": EDITION}), DAY).tracks
    metres = np.radians(100 * lsb) * 6_371_000.0
    assert read["var_n_m2"].to_pylist()[0] == pytest.approx(metres**2)
    assert read["var_e_m2"].to_pylist()[0] == pytest.approx(metres**2 / 4.0)


def test_a_number_that_ended_is_another_track_when_it_comes_again():
    table = tracks([0.0, 5.0, 10.0, 15.0], [7, 7, 7, 7])
    read = sent(table, **{"I080/TSE": pa.array([0, 1, 0, 0], pa.uint8())})
    assert read.tracks["track"].to_pylist() == [7, 7, 7 + LIFE, 7 + LIFE]
    assert read.counted == {"track numbers that were used again, for another track": 1}


def test_a_long_silence_ends_a_number_but_a_pause_of_the_whole_feed_ends_nobody():
    steady = [float(s) for s in range(0, 200, 5)]
    alone = sent(tracks([*steady, 0.0, 150.0], [1] * len(steady) + [2, 2]))
    assert sorted(set(alone.tracks["track"].to_pylist())) == [1, 2, 2 + LIFE]
    paused = sent(tracks([0.0, 5.0, 500.0, 505.0], [1, 2, 1, 2]))
    assert sorted(set(paused.tracks["track"].to_pylist())) == [1, 2]


def test_two_systems_may_use_the_same_number():
    table = tracks([0.0, 1.0], [9, 9])
    read = sent(table, **{"I010/SIC": pa.array([100, 101], pa.uint8())})
    assert read.tracks["track"].to_pylist() == [9, 9 + SOURCE]


def test_midnight_is_passed():
    read = sent(tracks([86_399.0, 86_401.0], [5, 5]))
    assert np.diff(read.tracks["time"].cast(pa.int64()).to_numpy()).tolist() == [2 * SECOND_NS]


def test_x_and_y_alone_are_no_place_and_are_counted():
    table = tracks([0.0], [5])
    records = system_records(table).drop_columns(["I105/LAT_deg", "I105/LON_deg"])
    records = records.append_column("I100/X_m", pa.array([1000.0])).append_column(
        "I100/Y_m", pa.array([1000.0])
    )
    read = read_tracks(asman.decode(encode(records, 62, EDITION).octets, editions={"62": EDITION}), DAY)
    assert read.tracks.num_rows == 0
    assert list(read.ignored.values()) == [1] and "X, Y" in next(iter(read.ignored))


def test_a_level_corrected_to_qnh_is_no_pressure_altitude():
    table = tracks([0.0, 1.0], [5, 5])
    read = sent(
        table,
        **{"I135/QNH": pa.array([1, 0], pa.uint8()), "I135/CTB_FL": pa.array([280.0, 290.0])},
    )
    assert read.tracks["altitude_m"].to_pylist() == pytest.approx([9144.0, 290 * 30.48])


def test_nothing_gives_empty_tables():
    nothing = read_tracks(asman.decode(b"\x30\x00\x03"), DAY)
    assert nothing.tracks.schema.equals(TRACKS) and nothing.tracks.num_rows == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 4), st.booleans()), min_size=1, max_size=40))
def test_identities_never_mix_numbers_and_keep_time(rows: list[tuple[int, int, bool]]):
    rows = sorted(rows)
    table = tracks([float(t) for t, _, _ in rows], [n for _, n, _ in rows])
    read = sent(table, **{"I080/TSE": pa.array([int(e) for _, _, e in rows], pa.uint8())})
    found = read.tracks["track"].to_pylist()
    assert [identity % LIFE for identity in found] == [n for _, n, _ in rows]
    for number in {n for _, n, _ in rows}:
        lives = [identity // LIFE for identity, (_, n, _) in zip(found, rows, strict=True) if n == number]
        assert lives == sorted(lives) and lives[0] == 0


def samples(folder: Path) -> list[Path]:
    return [folder / "croatia.cat062-065.pcap", *sorted((folder / "samples").glob("*062*"))]


def test_every_public_sample_is_read(shared_data: Path):
    found = {path.name: read_tracks(asman.decode(path)) for path in samples(shared_data / "asterix")}
    assert len(found) >= 10
    for name, read in found.items():
        assert read.tracks.schema.equals(TRACKS), name
        # One tells positions only in a plane of its own, and says so; all others are read whole.
        of_own_plane = name.startswith("jade-javaast")
        assert [count for why, count in read.ignored.items() if "X, Y" in why] == [3] * of_own_plane, name
        assert len(read.ignored) == int(of_own_plane), name
    croatia = found["croatia.cat062-065.pcap"].tracks
    assert croatia["track"].to_pylist() == [4713, 6831]
    assert croatia["callsign"].to_pylist() == ["RYR174C", "ISS2007"]
    # It says its accuracy twice: X and Y must be east and north for both to agree.
    decoded = asman.decode(shared_data / "asterix/samples/jasterix--cat062ed1.12.bin").tables["CAT062"]
    (row,) = found["jasterix--cat062ed1.12.bin"].tracks.select(["var_e_m2", "var_n_m2"]).to_pylist()
    assert (row["var_e_m2"], row["var_n_m2"]) == (40.0**2, 63.0**2)
    assert decoded["I500/APW/LAT_deg"].to_pylist()[0] * np.radians(1.0) * 6_371_000.0 == pytest.approx(
        63, abs=1
    )


def test_a_decoded_recording_without_tracks_gives_none(shared_data: Path):
    decoded = asman.decode(shared_data / "asterix/croatia-gps-framing.cat048.gps")
    assert isinstance(decoded, Decoded)
    assert read_tracks(decoded).tracks.num_rows == 0
