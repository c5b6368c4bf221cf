"""Lives: who may be gone waits unseen under its number; who flies close together stays two."""

import numpy as np
import pyarrow as pa
from tests.tracking.sky import EPOCH_S, Sky, fly, observe, plots_table, radar

from asman import tracking

S = 10**9
RADAR = radar("A", 43.0, 75.0)


def shown(tracker, second):
    """Numbers in the picture at a second."""
    at_ns = (EPOCH_S + second) * S
    return set(tracking.picture(tracker, at_ns, confirmed_only=True)["track"].to_pylist())


def run(plots, seconds):
    """A tracker after all plots, and who was shown each ten seconds."""
    tracker, pictures, done = tracking.start((RADAR,), origin="KG"), {}, 0
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


def test_one_aircraft_is_one_track_though_two_might_share_it():
    plots, truth = pair(0.0, 120)
    _, pictures = run(plots.filter(pa.array(truth == 0)), 120)
    assert all(len(numbers) == 1 for second, numbers in pictures.items() if second > 40)
