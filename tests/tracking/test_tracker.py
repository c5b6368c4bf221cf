"""The tracker as a whole: aircraft in, tracks out, however the plots are cut."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracking.sky import EPOCH_S, fly, metres, observe, plots_table, radar

from asman import tracking
from asman.kernels.sweep import COUNT, PAIRS_OF_WINDOW, PLOTS_OF_WINDOW
from asman.model.tracks import TRACKS

S = 10**9
ROOT = Path(__file__).resolve().parents[2]
SENSORS = (
    radar("A", 43.0, 75.0),
    radar("B", 43.5, 76.2, period_s=8.0),
    radar("C", 42.3, 74.2, period_s=12.0, sigma_azimuth_deg=0.1),
)


def world(seed: int, count: int, seconds: int, identity: str = "modes", **changes):
    rng = np.random.default_rng(seed)
    sky = fly(rng, count, seconds, **changes)
    plots, truth = plots_table([observe(rng, sky, s, seconds) for s in SENSORS], sky, identity=identity)
    return sky, plots, truth


@pytest.fixture(scope="module")
def quiet():
    return world(1, 40, 120)


def run(plots: pa.Table, seconds: int, **changes) -> tracking.Tracker:
    tracker = tracking.start(SENSORS, origin="KG", **changes)
    return tracking.advance(tracker, plots, (EPOCH_S + seconds) * S)


def test_every_aircraft_in_coverage_becomes_one_confirmed_track_that_bears_its_codes(quiet):
    sky, plots, truth = quiet
    picture = tracking.picture(run(plots, 120), (EPOCH_S + 120) * S, confirmed_only=True)
    assert picture.schema == TRACKS
    seen = {int(sky.address[w]): w for w in np.unique(truth[truth >= 0])}
    addresses = [a for a in picture["address"].to_pylist() if a is not None]
    assert sorted(addresses) == sorted(seen)
    for row in picture.drop_columns(["time", "last_plot_time"]).to_pylist():
        if row["address"] is None:
            continue
        which = seen[row["address"]]
        assert row["mode_3a"] == sky.mode_3a[which]
        assert row["callsign"] == sky.callsign[which]
        e, n = metres(row["lat_deg"], row["lon_deg"], sky.lat[which, 120], sky.lon[which, 120])
        assert np.hypot(e, n) < 1_000
        assert abs(row["altitude_m"] - sky.altitude[which, 120]) < 60
        assert set(row["contributors"]) <= {"A", "B", "C"}


@given(cuts=st.lists(st.integers(0, 240), max_size=12), ends=st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_picture_does_not_depend_on_how_the_plots_were_cut(quiet, cuts, ends):
    _, plots, _ = quiet
    whole = tracking.advance(tracking.start(SENSORS, origin="KG"), plots, (EPOCH_S + 120) * S, updates=True)
    times = plots["time"].cast(pa.int64()).to_numpy()
    tracker = tracking.start(SENSORS, origin="KG")
    done, parts = 0, []
    for cut in [*sorted(cuts), 240]:
        until = EPOCH_S * S + cut * S // 2 + (123_456_789 if ends else 0)
        end = int(np.searchsorted(times, until)) if cut < 240 else len(times)
        tracker = tracking.advance(
            tracker, plots.slice(done, end - done), min(until, (EPOCH_S + 120) * S), updates=True
        )
        parts.append(tracking.updates(tracker))
        done = end
    at = (EPOCH_S + 120) * S
    assert tracking.picture(tracker, at).equals(tracking.picture(whole, at))
    assert pa.concat_tables(parts).equals(tracking.updates(whole))
    assert tracking.counters(tracker) == tracking.counters(whole)


def test_a_checkpoint_is_not_changed_by_what_follows(quiet):
    _, plots, _ = quiet
    tracker = run(plots, 60)
    kept = tracking.copy(tracker)
    before = tracking.picture(kept, (EPOCH_S + 60) * S)
    tracking.advance(tracker, plots.slice(0, 0), (EPOCH_S + 120) * S)
    assert tracking.picture(kept, (EPOCH_S + 60) * S).equals(before)


def test_nothing_is_read_of_rows_that_no_track_uses(quiet):
    _, plots, _ = quiet
    tracker = run(plots.slice(0, 300), 40)
    poisoned = tracking.copy(tracker)
    count = int(poisoned.marks[COUNT])
    assert 0 < count < poisoned.tracks.row.size
    for array in poisoned.tracks:
        np.asarray(array).view((np.void, array.strides[0])).reshape(-1)[count:] = b"\xff" * array.strides[0]
    rest = plots.slice(300)
    at = (EPOCH_S + 120) * S
    sound, other = (tracking.advance(each, rest, at, updates=True) for each in (tracker, poisoned))
    assert tracking.updates(sound).equals(tracking.updates(other))
    assert tracking.picture(sound, at).equals(tracking.picture(other, at))
    assert tracking.counters(sound) == tracking.counters(other)


def test_what_cannot_be_used_is_counted_by_its_reason(quiet):
    _, plots, _ = quiet
    strange = plots.set_column(
        1, "sensor", pa.array(["nobody"] * plots.num_rows).dictionary_encode().cast(plots["sensor"].type)
    )
    tracker = run(pa.concat_tables([plots, strange]), 120)
    counted = tracking.counters(tracker)
    assert counted["ignored_no_sensor"] == strange.num_rows
    late = tracking.counters(tracking.advance(tracker, plots.slice(0, 7), (EPOCH_S + 121) * S))
    assert late["ignored_late"] == 7


def test_rooms_that_grow_and_are_packed_do_not_show_in_the_picture():
    _, plots, _ = world(5, 3_000, 60, "ssr")
    times = plots["time"].cast(pa.int64()).to_numpy()
    whole = run(plots, 60)
    tracker = tracking.start(SENSORS, origin="KG")
    done = 0
    for until in range(EPOCH_S * S + 130_000_000, (EPOCH_S + 60) * S, 130_000_000):
        end = int(np.searchsorted(times, until))
        tracker = tracking.advance(tracker, plots.slice(done, end - done), until)
        done = end
    tracker = tracking.advance(tracker, plots.slice(done), (EPOCH_S + 60) * S)
    at = (EPOCH_S + 60) * S
    assert tracking.counters(whole)["grown"] >= 2
    assert tracking.counters(tracker) == tracking.counters(whole)
    assert tracking.picture(tracker, at).equals(tracking.picture(whole, at))


def test_a_window_that_needs_more_room_than_most_uses_each_plot_once():
    # Three hundred parachutists, so near that each plot may be of many: one window a second.
    side, seconds = 18, 6
    east, north = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    count = side * side
    sky = fly(np.random.default_rng(8), count, seconds, spread_m=0.0, turning=False, speed_mps=(1.0, 2.0))
    columns = {
        "t": np.repeat(np.arange(seconds) + 0.1, count),
        "range_m": np.full(seconds * count, np.nan),
        "azimuth_deg": np.full(seconds * count, np.nan),
        "altitude": np.full(seconds * count, 3_048.0),
        "truth": np.tile(np.arange(count), seconds),
        "sensor": np.full(seconds * count, "M"),
    }
    plots, _ = plots_table([columns], sky, identity="ssr")
    for name, place, step in (("lat_deg", 43.0, north * 0.005), ("lon_deg", 75.0, east * 0.007)):
        at = plots.schema.get_field_index(name)
        plots = plots.set_column(at, plots.schema.field(name), pa.array(np.tile(place + step, seconds)))
    detection = pa.array(["mlat"] * plots.num_rows).cast(plots["detection"].type)
    at = plots.schema.get_field_index("detection")
    plots = plots.set_column(at, plots.schema.field("detection"), detection)
    tracker = tracking.advance(tracking.start((), origin="KG"), plots, (EPOCH_S + seconds) * S)
    counted = tracking.counters(tracker)
    assert counted["born"] == count > PLOTS_OF_WINDOW
    assert counted["used"] == count * (seconds - 1)
    near = np.hypot((east[:, None] - east) * 0.57, (north[:, None] - north) * 0.556) < 6.0
    assert near.sum() > PAIRS_OF_WINDOW
    assert tracking.picture(tracker, (EPOCH_S + seconds) * S, confirmed_only=True).num_rows == count


def test_plots_in_any_order_of_one_call_are_used_in_order_of_time(quiet):
    _, plots, _ = quiet
    shuffled = plots.take(pa.array(np.random.default_rng(0).permutation(plots.num_rows)))
    at = (EPOCH_S + 120) * S
    assert tracking.picture(run(shuffled, 120), at).equals(tracking.picture(run(plots, 120), at))


@pytest.mark.system
def test_compiled_and_interpreted_kernels_give_the_same_tracks():
    script = """
import numpy as np
from asman import tracking
from tests.tracking.sky import EPOCH_S, fly, observe, plots_table, radar
rng = np.random.default_rng(1)
site = radar("A", 43.0, 75.0)
sky = fly(rng, 5, 20)
plots, _ = plots_table([observe(rng, sky, site, 20)], sky)
tracker = tracking.advance(tracking.start((site,), origin="KG"), plots, (EPOCH_S + 20) * 10**9)
picture = tracking.picture(tracker, (EPOCH_S + 20) * 10**9)
print(*picture["track"].to_pylist())
print(*(f"{v:.9f}" for name in ("lat_deg", "var_e_m2", "existence") for v in picture[name].to_pylist()))
"""

    def told(disable: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "NUMBA_DISABLE_JIT": disable, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=250,
        )
        return done.stdout

    assert told("1") == told("0")
