"""Recorded traffic: samples with faults become paths that can be flown, near to where they were recorded."""

from itertools import pairwise

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exercise.recordings import apart_m, holding, racetrack, table

from asman.apps.trajectories import read_trajectories
from asman.errors import InputError
from asman.exercise import start, truth
from asman.exercise.recorded import GRAVITY_MPS2, lay_flights, lay_recorded
from asman.exercise.recorded_rows import clean
from asman.kernels.motion import find_piece, normal_at, states_at
from asman.kernels.recorded_path import strains

SECONDS = np.arange(0.0, 900.0)


def counts(laid) -> dict[str, int]:
    return {words.split(":")[0]: count for words, count in laid.counted}


def flown(pieces, seconds):
    """Latitude, longitude [deg] and height [m] of pieces at seconds."""
    rows = np.array([normal_at(pieces, find_piece(pieces, 0, len(pieces), s), s) for s in seconds])
    lat = np.degrees(np.arctan2(rows[:, 2], np.hypot(rows[:, 0], rows[:, 1])))
    return lat, np.degrees(np.arctan2(rows[:, 1], rows[:, 0])), rows[:, 3]


def test_a_clean_recording_is_flown_as_it_was():
    laid = lay_flights(holding(SECONDS))
    lat, lon, height = flown(laid.pieces, SECONDS)
    true_lat, true_lon, _, _ = racetrack(SECONDS)
    # A racetrack begins its turns at once, which no aircraft can: there the path rounds the corner.
    off = apart_m(lat, lon, true_lat, true_lon)
    assert np.median(off) < 2.0 and off.max() < 25.0
    assert np.abs(height - 1_000.0 - 5.0 * SECONDS).max() < 6.0
    assert laid.kind == ("airliner",) and laid.callsign == ("SWR8",) and laid.address.tolist() == [0x4B1815]


def test_noise_is_not_taken_for_manoeuvres():
    """Positions 8 m wrong and late by up to 0.7 s, as archives have them, shake nobody."""
    rng = np.random.default_rng(1)
    late = rng.uniform(0.0, 0.7, SECONDS.size)
    lat, lon, _, _ = racetrack(SECONDS - late)
    lat = lat + rng.normal(0.0, 8.0, lat.size) / 111_195.0
    laid = lay_flights(holding(SECONDS, lat_deg=lat, lon_deg=lon))
    true_lat, true_lon, _, _ = racetrack(SECONDS - 0.35)
    flown_lat, flown_lon, _ = flown(laid.pieces, SECONDS)
    assert np.quantile(apart_m(flown_lat, flown_lon, true_lat, true_lon), 0.95) < 20.0
    # The turns themselves are 0.245 g.
    assert laid.deviation is not None
    assert laid.deviation.acceleration_g.most < 0.4
    assert laid.deviation.across_m.p95 < 20.0


def test_every_fault_is_found_and_counted():
    clean_rows = holding(SECONDS).to_pylist()
    rows = [dict(row) for row in clean_rows]
    for i in range(100, 140, 2):  # the position of the second before
        rows[i]["lat_deg"], rows[i]["lon_deg"] = rows[i - 1]["lat_deg"], rows[i - 1]["lon_deg"]
    for i in (200, 201, 350):  # another place
        rows[i]["lat_deg"] += 0.5
    for i in (400, 500, 600, 601):  # heights
        rows[i]["altitude_m"] += 3_000.0
    for i in (30, 31, 32, 33, 34):
        rows[i]["lat_deg"] = None
    rows[700]["time"], rows[701]["time"] = rows[701]["time"], rows[700]["time"]
    rows[700]["lat_deg"], rows[701]["lat_deg"] = rows[701]["lat_deg"], rows[700]["lat_deg"]
    rows[700]["lon_deg"], rows[701]["lon_deg"] = rows[701]["lon_deg"], rows[700]["lon_deg"]
    rows[3]["on_ground"] = True
    rows.insert(800, dict(rows[799]))
    laid = lay_flights(pa.Table.from_pylist(rows, holding(SECONDS).schema))
    found = counts(laid)
    assert found["without time, flight or position"] == 5
    assert found["on the ground"] == 1
    assert found["times that go back, put in order"] == 1
    assert found["duplicates"] == 1
    assert found["stale"] == 20
    assert found["jumps"] == 3
    assert found["heights that are spikes, forgotten"] == 4
    assert found["samples flown"] == 900 - 5 - 1 - 20 - 3
    assert found["flights"] == 1
    lat, lon, height = flown(laid.pieces, SECONDS)
    true_lat, true_lon, _, _ = racetrack(SECONDS)
    assert apart_m(lat, lon, true_lat, true_lon).max() < 30.0
    assert np.abs(height - 1_000.0 - 5.0 * SECONDS).max() < 8.0


def test_every_sample_is_flown_or_counted():
    rng = np.random.default_rng(3)
    lat, lon, _, _ = racetrack(SECONDS)
    lat = np.where(rng.random(lat.size) < 0.05, lat + rng.normal(0.0, 1.0, lat.size), lat)
    lat[rng.random(lat.size) < 0.05] = np.nan
    rows = clean(holding(SECONDS, lat_deg=lat, lon_deg=lon), 120.0)
    counted = dict(rows.counted)
    left_out = sum(
        count
        for words, count in rows.counted
        if words.split(":")[0]
        in ("without time, flight or position", "on the ground", "duplicates", "stale", "jumps")
        or words.startswith(("without a height", "slower than", "in flights of less"))
    )
    assert counted["samples read"] == left_out + counted["samples flown"]


def test_a_gap_makes_two_flights_and_a_short_one_is_left_out():
    seconds = np.concatenate([SECONDS[:300], SECONDS[600:800], [880.0 + 300.0, 1181.0]])
    laid = lay_flights(holding(seconds), gap_s=120.0)
    assert len(laid.kind) == 2
    assert laid.begin_s.tolist() == [0.0, 600.0] and laid.seconds.tolist() == [299.0, 199.0]
    found = dict(laid.counted)
    assert found["flights cut in two at a gap of more than 120 s"] == 2
    assert found["in flights of less than 6 samples or 60 s"] == 2


def test_who_circles_unseen_is_not_flown_straight():
    """The turn back is missing: by the recorded speed, the way between was longer than the straight one."""
    seconds = np.concatenate([np.arange(0.0, 166.0), np.arange(325.0, 900.0)])
    found = dict(lay_flights(holding(seconds), gap_s=1_000.0).counted)
    assert found["flights cut in two where they turned for more than 20 s while nobody recorded"] == 1


def test_who_taxis_is_not_flown():
    lat, lon, speed, _ = racetrack(SECONDS)
    end = SECONDS >= 800.0
    lat[end] = lat[800] + (SECONDS[end] - 800.0) * 4.0 / 111_195.0
    lon[end] = lon[800]
    laid = lay_flights(holding(SECONDS, lat_deg=lat, lon_deg=lon, speed_mps=np.where(end, 4.0, speed)))
    # Speeds are taken over 20 s: the end is known as well as that.
    assert 780.0 <= laid.seconds[0] <= 820.0


def test_a_fast_jet_keeps_its_turns():
    """3 g at 220 m/s: a tenth of a second of error there is 22 m."""
    radius = 220.0**2 / (3.0 * GRAVITY_MPS2)
    lat, lon, speed, track = racetrack(SECONDS, 220.0, radius, 3_000.0)
    laid = lay_flights(holding(SECONDS, lat_deg=lat, lon_deg=lon, speed_mps=speed, track_deg=track))
    assert laid.kind == ("fast_jet",)
    assert laid.deviation is not None
    assert laid.deviation.horizontal_m.p95 < 25.0
    assert 2.8 < laid.deviation.acceleration_g.p95 < 3.3


@pytest.mark.parametrize(
    ("speed", "kind"), [(230.0, "airliner"), (55.0, "light"), (12.0, "helicopter"), (400.0, "fast_jet")]
)
def test_the_kind_follows_from_the_way_it_flies(speed, kind):
    seconds = np.arange(0.0, 2_000.0, 2.0)
    lat, lon, _, track = racetrack(seconds, speed, 40.0 * speed, 90.0 * speed)
    # A helicopter is known by being slow somewhere; it gets there somehow.
    laid = lay_flights(
        holding(seconds, lat_deg=lat, lon_deg=lon, speed_mps=np.full(lat.size, speed), track_deg=track,
                altitude_m=np.full(lat.size, 900.0), climb_mps=np.zeros(lat.size))
    ) if speed > 20.0 else lay_flights(_hovers(seconds))  # fmt: skip
    assert laid.kind == (kind,)


def _hovers(seconds):
    """North at 40 m/s, slowly for a while in the middle, and on."""
    speed = np.where(np.abs(seconds - 1_000.0) < 300.0, 6.0, 40.0)
    north = np.concatenate([[0.0], np.cumsum(0.5 * (speed[1:] + speed[:-1]) * np.diff(seconds))])
    return table(
        s=seconds, lat_deg=47.0 + north / 111_195.0, lon_deg=np.full(seconds.size, 8.0),
        altitude_m=np.full(seconds.size, 900.0), speed_mps=speed, track_deg=np.zeros(seconds.size),
    )  # fmt: skip


@given(
    seed=st.integers(0, 2**32 - 1),
    speed=st.floats(40.0, 260.0),
    period=st.floats(1.0, 12.0),
    lat=st.floats(-80.0, 80.0),
    lon=st.floats(-180.0, 180.0),
)
@settings(max_examples=40, deadline=None)
def test_a_path_is_continuous_and_near_its_samples_wherever_it_is(seed, speed, period, lat, lon):
    rng = np.random.default_rng(seed)
    seconds = np.cumsum(rng.uniform(0.5, 1.5, 200) * period)
    radius, leg = speed**2 / (0.4 * GRAVITY_MPS2), rng.uniform(5.0, 200.0) * speed
    places = racetrack(seconds, speed, radius, leg, lat, lon)
    names = ("lat_deg", "lon_deg", "speed_mps", "track_deg")
    laid = lay_flights(holding(seconds, **dict(zip(names, places, strict=True))))
    deviation = laid.deviation
    assert len(laid.kind) == 1 and deviation is not None
    assert deviation.position_jump_m < 1e-3
    assert deviation.heading_jump_deg < 0.01 and deviation.speed_jump_mps < 0.01
    assert deviation.horizontal_m.p95 < 60.0
    assert np.all(np.diff(laid.pieces[:, 0]) > 0.0)
    strain = strains(laid.pieces)
    assert np.all(np.isfinite(strain)) and np.all(np.isfinite(laid.pieces))


def test_what_cannot_be_flown_is_said():
    nobody = holding(SECONDS).slice(0, 0)
    with pytest.raises(InputError, match="no flight is left"):
        lay_recorded(
            nobody, copies=1, anchors=(), spread_m=0.0, turn=False, repeat_s=None,
            rng=np.random.default_rng(0),
        )  # fmt: skip
    with pytest.raises(InputError, match="gap_s"):
        lay_flights(holding(SECONDS), gap_s=0.0)


#: File: flights at least, stale share of samples, greatest p95 across the track [m] and horizontally [m].
FILES = {
    "airbus_tree": (4, (0.005, 0.012), 20.0, 130.0),
    "aircraft_carrier": (4, (0.48, 0.50), 10.0, 60.0),
    "belevingsvlucht": (1, (0.02, 0.025), 30.0, 90.0),
    "calfire": (100, (0.025, 0.035), 10.0, 60.0),
    "noisy_ground": (1, (0.0, 0.01), 10.0, 60.0),
    "noisy_landing": (1, (0.0, 0.01), 10.0, 30.0),
    "noisy_time_issue": (1, (0.22, 0.24), 10.0, 110.0),
    "quickstart": (236, (0.05, 0.06), 10.0, 60.0),
    "zurich_airport": (2, (0.005, 0.007), 15.0, 120.0),
}


@pytest.mark.parametrize("name", FILES)
def test_real_recordings_are_flown_near_to_where_they_were(shared_data, name):
    flights, (least, most), across_m, horizontal_m = FILES[name]
    raw = read_trajectories(shared_data / "trajectories" / f"{name}.json.gz")
    laid = lay_flights(raw)
    deviation = laid.deviation
    assert deviation is not None
    found = counts(laid)
    assert len(laid.kind) >= flights
    assert least <= found["stale"] / raw.num_rows <= most
    assert deviation.across_m.p95 < across_m
    assert deviation.horizontal_m.p95 < horizontal_m
    assert deviation.position_jump_m < 1e-3
    assert deviation.acceleration_g.p95 < 0.7
    assert deviation.acceleration_g.most < 1.6
    if name == "quickstart":
        _judge_quickstart(laid)


def _judge_quickstart(laid):
    """The figures by which it is known: 0.24 % of its steps are impossible, for times cut short."""
    deviation, found = laid.deviation, counts(laid)
    steps = found["steps faster than 350 m/s, mostly for a time cut short"]
    assert 0.002 < steps / found["samples flown"] < 0.003
    assert found["jumps"] < 20
    assert deviation.heading_jump_deg < 1.0 and deviation.acceleration_g.most < 0.7
    assert laid.kind.count("airliner") > 0.95 * len(laid.kind)


def test_stale_positions_are_as_many_as_a_plain_count_finds(shared_data):
    raw = read_trajectories(shared_data / "trajectories" / "aircraft_carrier.json.gz")
    rows = [row for row in raw.to_pylist() if row["lat_deg"] is not None]
    plain = sum((a["lat_deg"], a["lon_deg"]) == (b["lat_deg"], b["lon_deg"]) for a, b in pairwise(rows))
    assert counts(lay_flights(raw))["stale"] == plain == 4_405


def test_recorded_lines_fly_in_a_sky():
    """As pieces of `motion`, with rest between two flights, and no line twice at a time."""
    traffic = lay_recorded(
        holding(SECONDS), copies=3, anchors=[(43.0, 74.5)], spread_m=100e3, turn=True, repeat_s=1_800.0,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    times = np.arange(0.0, 7_200.0, 10.0)
    out = np.empty((times.size * 3, 9))
    count = states_at(traffic.pieces, traffic.first, traffic.cycle_s, traffic.phase_s, 2, times, out)
    assert abs(count / times.size / 3 - 900.0 / 1_800.0) < 0.02
    speed = np.hypot(out[:count, 5], out[:count, 6])
    assert abs(np.median(speed) - 120.0) < 2.0
    assert msgspec.structs.asdict(traffic)["callsign"] == ("SWR8", None, None)


def test_our_own_truth_can_be_flown_again(kant, tmp_path):
    """Jets at 3 g among them: what is known every second is flown to within metres."""
    exercise = start(kant)
    times = exercise.sky.begin_ns + np.arange(0, 900) * 10**9
    pq.write_table(truth(exercise, times), tmp_path / "truth.parquet")
    laid = lay_flights(read_trajectories(tmp_path / "truth.parquet"))
    deviation = laid.deviation
    assert deviation is not None
    assert len(laid.kind) > 150
    assert deviation.horizontal_m.p50 < 0.1 and deviation.horizontal_m.p95 < 6.0
    assert deviation.height_m.p95 < 1.0
    assert 2.8 < deviation.acceleration_g.most < 3.3
