"""Lives: who may be gone waits unseen under its number; who flies close together stays two."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.tracking.sky import EPOCH_S, Sky, fly, observe, plots_table, radar

from asman import tracking
from asman.tracking.config import TrackerConfig

S = 10**9
RADAR = radar("A", 43.0, 75.0)


def shown(tracker, second):
    """Numbers in the picture at a second."""
    at_ns = (EPOCH_S + second) * S
    return set(tracking.picture(tracker, at_ns, confirmed_only=True)["track"].to_pylist())


def run(plots, seconds, sensor=RADAR):
    """A tracker after all plots, and who was shown each ten seconds."""
    tracker, pictures, done = tracking.start((sensor,), origin="KG"), {}, 0
    times = plots["time"].cast(pa.int64()).to_numpy()
    for second in range(10, seconds + 1, 10):
        until_ns = (EPOCH_S + second) * S
        stop = int(np.searchsorted(times, until_ns))
        tracker = tracking.advance(tracker, plots.slice(done, stop - done), until_ns)
        pictures[second] = shown(tracker, second)
        done = stop
    return tracker, pictures


def seconds_of(plots):
    return plots["time"].cast(pa.int64()).to_numpy() / 1e9 - EPOCH_S


def test_an_aircraft_behind_a_hill_leaves_the_picture_and_comes_back_as_itself():
    rng = np.random.default_rng(5)
    sky = fly(rng, 1, 160, spread_m=30_000.0, turning=False)
    plots, truth = plots_table([observe(rng, sky, RADAR, 160)], sky, identity="ssr")
    plots = plots.filter(pa.array(truth == 0))
    t = seconds_of(plots)
    _, pictures = run(plots.filter(pa.array((t < 80.0) | (t > 125.0))), 160)
    (before,) = pictures[80]
    assert pictures[120] == set()
    assert pictures[150] == {before}


def test_who_does_not_come_back_ends_and_is_not_numbered_again():
    rng = np.random.default_rng(6)
    sky = fly(rng, 1, 300, spread_m=30_000.0, turning=False)
    plots, truth = plots_table([observe(rng, sky, RADAR, 300)], sky, identity="ssr")
    plots = plots.filter(pa.array(truth == 0))
    t = seconds_of(plots)
    tracker, pictures = run(plots.filter(pa.array((t < 60.0) | (t > 200.0))), 300)
    (before,), (after,) = pictures[60], pictures[300]
    assert after > before
    assert tracking.counters(tracker)["ended"] >= 1


def pair(apart_m, seconds):
    """Two aircraft abreast and, as the third, their middle; no codes."""
    rng = np.random.default_rng(7)
    lead = fly(rng, 1, seconds, spread_m=20_000.0, turning=False)
    wing = apart_m / 6.371e6
    both = {
        name: np.concatenate([getattr(lead, name)] * 3)
        for name in ("lon", "altitude", "vn", "ve", "begin_s", "end_s", "address", "mode_3a")
    }
    sky = Sky(
        lat=np.concatenate([lead.lat, lead.lat + wing, lead.lat + 0.5 * wing]),
        **both,
        callsign=[*lead.callsign, "WING", "BOTH"],
    )
    return plots_table([observe(rng, sky, RADAR, seconds)], sky, identity="none")


def test_a_formation_that_the_radar_sees_as_one_for_a_while_stays_two():
    plots, truth = pair(450.0, 170)
    t = seconds_of(plots)
    merged = (t > 80.0) & (t < 120.0)
    tracker, pictures = run(plots.filter(pa.array((truth >= 0) & (merged == (truth == 2)))), 170)
    assert len(pictures[80]) == 2
    for second in (100, 110, 120, 150, 170):
        assert pictures[second] == pictures[80], second
    assert tracking.counters(tracker)["shared"] > 3


def test_who_falls_silent_as_slow_as_one_lands_leaves_the_picture_a_turn_sooner():
    lasted = {}
    for speed_mps in (70.0, 220.0):
        rng = np.random.default_rng(23)
        sky = fly(rng, 1, 100, spread_m=30_000.0, turning=False, speed_mps=(speed_mps, speed_mps + 1.0))
        plots, truth = plots_table([observe(rng, sky, radar("A", 43.0, 75.0, pd=1.0), 100)], sky)
        plots = plots.filter(pa.array((truth == 0) & (seconds_of(plots) < 60.0)))
        _, pictures = first_shown(plots, 100)
        gone = max(second for second, numbers in pictures.items() if numbers)
        lasted[speed_mps] = gone - seconds_of(plots)[-1]
    # A turn takes 4 s; both leave at a whole second after a miss is due.
    assert 3.0 <= lasted[220.0] - lasted[70.0] <= 8.0


def test_an_explanation_tells_which_plots_two_aircraft_shared():
    plots, truth = pair(450.0, 120)
    merged = seconds_of(plots) > 80.0
    plots = plots.filter(pa.array((truth >= 0) & (merged == (truth == 2))))
    tracker, pictures = run(plots, 120)
    begin_ns, end_ns = ((EPOCH_S + second) * S for second in (80, 120))
    told = {
        number: tracking.explain_plots(plots, (RADAR,), number, begin_ns, end_ns).decisions
        for number in sorted(pictures[80])
    }
    shared = [one for decisions in told.values() for one in decisions if one.act == "shared"]
    assert len(shared) == tracking.counters(tracker)["shared"] > 3
    assert {one.reason for one in shared} == {"unresolved"}
    assert {one.track for one in shared} <= set(told)
    assert "may not have told the two apart" in shared[0].text


def test_one_aircraft_is_one_track_though_two_might_share_it():
    plots, truth = pair(0.0, 120)
    _, pictures = run(plots.filter(pa.array(truth == 0)), 120)
    assert all(len(numbers) == 1 for second, numbers in pictures.items() if second > 40)


def first_shown(plots, seconds, alone=0.9):
    """Second of each picture, and who is in it, each second."""
    config = TrackerConfig(confirm_existence_alone=alone)
    tracker, pictures, done = tracking.start((RADAR,), origin="KG", config=config), {}, 0
    times = plots["time"].cast(pa.int64()).to_numpy()
    for second in range(1, seconds + 1):
        until_ns = (EPOCH_S + second) * S
        stop = int(np.searchsorted(times, until_ns))
        tracker = tracking.advance(tracker, plots.slice(done, stop - done), until_ns)
        pictures[second] = shown(tracker, second)
        done = stop
    return tracker, pictures


def test_an_answer_is_shown_at_the_second_and_at_once_where_one_with_an_address_is_enough():
    for identity, alone, turns in (("modes", 1.0, 2), ("modes", 0.9, 1), ("ssr", 0.9, 2)):
        rng = np.random.default_rng(11)
        sky = fly(rng, 1, 40, spread_m=30_000.0, turning=False)
        plots, truth = plots_table([observe(rng, sky, RADAR, 40)], sky, identity=identity)
        plots = plots.filter(pa.array(truth == 0))
        _, pictures = first_shown(plots, 40, alone)
        begun = min(second for second, numbers in pictures.items() if numbers)
        # Windows of a quarter of a second are closed by the next whole second.
        assert int(seconds_of(plots)[turns - 1]) <= begun - 1 <= int(seconds_of(plots)[turns - 1]) + 1


def one_aircraft(seed, seconds):
    """Answers with an address of one aircraft, straight ahead, in every turn."""
    rng = np.random.default_rng(seed)
    sky = fly(rng, 1, seconds, spread_m=30_000.0, turning=False)
    plots, truth = plots_table([observe(rng, sky, radar("A", 43.0, 75.0, pd=1.0), seconds)], sky)
    return plots.filter(pa.array(truth == 0))


def test_an_answer_that_none_follows_is_shown_for_one_turn():
    once = one_aircraft(21, 40).slice(0, 1)
    _, pictures = first_shown(once, 30)
    turns = [second for second, numbers in pictures.items() if numbers]
    assert turns
    assert turns[-1] - turns[0] <= 5


def test_two_answers_too_far_apart_for_an_aircraft_are_not_shown_any_more():
    """900 m/s: the second is of the same address, and of something else."""
    two = one_aircraft(22, 40).slice(0, 2)
    far = pa.array([two["range_m"][0].as_py(), two["range_m"][0].as_py() + 3_600.0])
    two = two.set_column(two.schema.get_field_index("range_m"), "range_m", far)
    same = pa.array([two["azimuth_deg"][0].as_py()] * 2)
    two = two.set_column(two.schema.get_field_index("azimuth_deg"), "azimuth_deg", same)
    _, pictures = first_shown(two, 20)
    second = int(seconds_of(two)[1]) + 1
    assert pictures[second - 2]
    assert not pictures[second + 1]


def test_where_addresses_are_seen_once_and_never_again_one_is_not_enough():
    rng = np.random.default_rng(12)
    sky = fly(rng, 60, 200, spread_m=60_000.0, turning=False)
    plots, truth = plots_table([observe(rng, sky, RADAR, 200)], sky, identity="modes")
    # Each address is heard once, one every three seconds: what a broken extractor makes.
    t, kept = seconds_of(plots), np.zeros(truth.size, bool)
    for aircraft in range(60):
        mine = np.flatnonzero((truth == aircraft) & (t >= 3.0 * aircraft))
        kept[mine[:1]] = True
    _, pictures = first_shown(plots.filter(pa.array(kept)), 200, 0.9)
    assert len(pictures[20]) > 0
    assert len(pictures[180]) == 0


def test_an_aircraft_that_landed_and_flies_again_is_no_reflection_of_itself():
    """Its old track still waits under its number, 12 km away, when the same address takes off."""
    rng = np.random.default_rng(13)
    sky = fly(rng, 1, 200, spread_m=20_000.0, turning=False)
    again = Sky(
        sky.lat + 12_000.0 / 6.371e6, sky.lon, sky.altitude, sky.vn, sky.ve, sky.begin_s, sky.end_s,
        sky.address, sky.mode_3a, sky.callsign,
    )  # fmt: skip
    first, of_first = plots_table([observe(rng, sky, RADAR, 200)], sky)
    second, of_second = plots_table([observe(rng, again, RADAR, 200)], again)
    t1, t2 = seconds_of(first), seconds_of(second)
    landed = first.filter(pa.array((of_first == 0) & (t1 < 60.0)))
    flies = second.filter(pa.array((of_second == 0) & (t2 > 90.0)))
    _, pictures = first_shown(pa.concat_tables([landed, flies]), 130)
    shown_again = min(at for at, numbers in pictures.items() if at > 90 and numbers)
    assert shown_again <= int(seconds_of(flies)[2]) + 2


def test_a_reflection_beside_its_aircraft_is_not_shown():
    """The same address from 12 km behind the aircraft, in every turn: a mirror's."""
    rng = np.random.default_rng(14)
    sky = fly(rng, 1, 120, spread_m=20_000.0, turning=False)
    plots, truth = plots_table([observe(rng, sky, RADAR, 120)], sky)
    mine = plots.filter(pa.array(truth == 0))
    mirrored = mine.set_column(
        mine.schema.get_field_index("range_m"), "range_m", pc.add(mine["range_m"], 12_000.0)
    )
    turned = mirrored.set_column(
        mine.schema.get_field_index("azimuth_deg"), "azimuth_deg", pc.add(mine["azimuth_deg"], 20.0)
    ).filter(pa.array(seconds_of(mine) > 20.0))
    both = pa.concat_tables([mine, turned]).sort_by("time")
    _, pictures = run(both, 120)
    assert [len(pictures[second]) for second in (30, 40, 50)] == [1, 1, 1]


def test_two_echoes_of_two_turns_are_not_taken_for_two_tracks_of_one_aircraft():
    """Nobody knows their velocities yet: what is merged at once would never begin."""
    rng = np.random.default_rng(15)
    far = radar("A", 43.0, 75.0, period_s=10.0, pd=1.0, false_plots_per_scan=0.0)
    sky = fly(rng, 1, 120, spread_m=60_000.0, turning=False, speed_mps=(80.0, 90.0))
    plots, truth = plots_table([observe(rng, sky, far, 120)], sky, identity="none")
    plots = plots.filter(pa.array(truth == 0))
    tracker = tracking.start((far,), origin="KG")
    tracker = tracking.advance(tracker, plots, (EPOCH_S + 120) * S)
    assert tracking.counters(tracker)["merged"] == 0
    assert len(shown(tracker, 120)) == 1


def circling(lat_deg, lon_deg, seconds, *, speed_mps, radius_m):
    """One aircraft on a circle, which a second's step describes well enough."""
    n = seconds + 30
    angle = np.arange(n) * speed_mps / radius_m
    north, east = radius_m * np.cos(angle), radius_m * np.sin(angle)
    lat = np.radians(lat_deg) + north / 6.371e6
    lon = np.radians(lon_deg) + east / 6.371e6 / np.cos(np.radians(lat_deg))
    vn, ve = -speed_mps * np.sin(angle), speed_mps * np.cos(angle)
    rows = [a[None, :] for a in (lat, lon, np.full(n, 3_000.0), vn, ve)]
    return Sky(*rows, np.zeros(1), np.full(1, float(seconds)), np.array([1]), np.array([1]), ["ASM0001"])


def test_a_helicopter_of_echoes_alone_is_found_though_its_own_echoes_look_like_clutter():
    """It comes when the radar has learnt that nearly all its echoes are chance, and stays in one block."""
    found = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        dense = radar("A", 43.0, 75.0, period_s=4.0, pd=0.9, false_plots_per_scan=150.0)
        sky = circling(43.9, 75.6, 300, speed_mps=55.0, radius_m=2_500.0)
        sky.begin_s[:] = 80.0
        plots, _ = plots_table([observe(rng, sky, dense, 300)], sky, identity="none")
        tracker = tracking.advance(tracking.start((dense,), origin="KG"), plots, (EPOCH_S + 240) * S)
        rows = tracking.picture(tracker, (EPOCH_S + 240) * S, confirmed_only=True)
        off = np.hypot(rows["lat_deg"].to_numpy() - 43.9, (rows["lon_deg"].to_numpy() - 75.6) * 0.72) * 111e3
        found += int((off < 5_000.0).any())
    assert found >= 3


def test_chance_alone_shows_next_to_nothing():
    rng = np.random.default_rng(9)
    dense = radar("A", 43.0, 75.0, period_s=4.0, pd=0.9, false_plots_per_scan=300.0)
    sky = fly(rng, 1, 300, turning=False)
    plots, truth = plots_table([observe(rng, sky, dense, 300)], sky, identity="none")
    plots = plots.filter(pa.array(truth < 0))
    _, pictures = run(plots, 300, dense)
    seen = sum(len(numbers) for numbers in pictures.values())
    # 75 turns of 300 echoes each; a picture every ten seconds.
    assert seen <= 6


def at_rest_in(plots, seconds, **config):
    """Existence of the one shown track in each second."""
    tracker, found, done = tracking.start((RADAR,), origin="KG", config=TrackerConfig(**config)), {}, 0
    times = plots["time"].cast(pa.int64()).to_numpy()
    for second in range(1, seconds + 1):
        stop = int(np.searchsorted(times, (EPOCH_S + second) * S))
        tracker = tracking.advance(tracker, plots.slice(done, stop - done), (EPOCH_S + second) * S)
        rows = tracking.picture(tracker, (EPOCH_S + second) * S)
        if rows.num_rows == 1:
            found[second] = rows["existence"][0].as_py()
        done = stop
    return found


@pytest.mark.parametrize(("altitude_m", "high"), [(9_000.0, True), (3_000.0, False)])
def test_who_is_known_and_too_high_to_land_is_not_taken_to_land(altitude_m, high):
    plots = one_aircraft(5, 60)
    at = plots.schema.get_field_index("pressure_altitude_m")
    level = pa.array(np.full(plots.num_rows, altitude_m)).cast(plots.schema.field(at).type)
    plots = plots.set_column(at, plots.schema.field(at), level)
    # Nobody who cannot land, and everybody else within seconds: what is left after silence tells them apart.
    found = at_rest_in(plots, 60, life_s=20.0, life_slow_s=20.0, life_high_s=1e9, coast_s=30.0)
    loss = min(found[second] for second in range(20, 50))
    assert loss > 0.99 if high else loss < 0.95
