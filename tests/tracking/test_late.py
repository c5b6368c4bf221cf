"""Plots that come too late: the picture becomes what it would have been, and numbers that were shown stay."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.tracking.sky import EPOCH_S, fly, observe, plots_table
from tests.tracking.test_tracker import SENSORS, S, world

from asman import tracking
from asman.tracking import TrackerConfig

SECONDS = 90
STEP_NS = S // 2


@pytest.fixture(scope="module")
def sky():
    return world(5, 30, SECONDS)


def _live(plots: pa.Table, arrival_ns: np.ndarray, **changes) -> tuple[tracking.Tracker, list[set[int]]]:
    """Run as a node does: every half second with what has arrived; the picture's numbers at each step."""
    tracker = tracking.start(SENSORS, origin="KG", config=TrackerConfig(**changes))
    shown: list[set[int]] = []
    order = np.argsort(arrival_ns, kind="stable")
    plots, arrival_ns = plots.take(order), arrival_ns[order]
    done = 0
    for now in range(EPOCH_S * S + STEP_NS, (EPOCH_S + SECONDS + 40) * S, STEP_NS):
        upto = int(np.searchsorted(arrival_ns, now))
        until = min(now, (EPOCH_S + SECONDS) * S)
        tracker = tracking.advance(tracker, plots.slice(done, upto - done), until)
        done = upto
        numbers = tracking.picture(tracker, until, confirmed_only=True)["track"].to_pylist()
        assert len(set(numbers)) == len(numbers)
        shown.append(set(numbers))
    return tracker, shown


def _picture(tracker: tracking.Tracker) -> list[dict]:
    table = tracking.picture(tracker, (EPOCH_S + SECONDS) * S).drop_columns(
        ["time", "last_plot_time", "track"]
    )
    return sorted(table.to_pylist(), key=lambda row: (row["lat_deg"], row["lon_deg"]))


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 1_000), share=st.sampled_from([0.002, 0.02, 0.2]), worst_s=st.floats(1.0, 19.0))
def test_late_plots_give_the_picture_of_plots_in_time(sky, seed, share, worst_s):
    _, plots, _ = sky
    rng = np.random.default_rng(seed)
    sent = plots["time"].cast(pa.int64()).to_numpy()
    late = rng.random(sent.size) < share
    delay = np.where(late, rng.uniform(0.6, worst_s, sent.size) * S, 0.0).astype(np.int64)
    tracker, _ = _live(plots, sent + delay)
    in_time, _ = _live(plots, sent)
    assert tracking.counters(tracker)["late_used"] > 0 or late.sum() < 3
    assert tracking.counters(tracker)["ignored_late"] == 0
    assert tracking.counters(tracker)["used"] == tracking.counters(in_time)["used"]
    assert _picture(tracker) == _picture(in_time)


def test_what_the_clutter_map_knew_counts_once_however_often_plots_are_used():
    rng = np.random.default_rng(5)
    sky = fly(rng, 20, SECONDS)
    parts = [observe(rng, sky, sensor, SECONDS) for sensor in SENSORS]
    for _ in range(40):  # hills, that answer one radar at each turn
        range_m, azimuth_deg = rng.uniform(10e3, 60e3), rng.uniform(0.0, 360.0)
        turns = np.arange(azimuth_deg / 90.0, SECONDS, 4.0)
        parts.append(
            {
                "t": turns,
                "range_m": range_m + rng.normal(0.0, 60.0, turns.size),
                "azimuth_deg": (azimuth_deg + rng.normal(0.0, 0.07, turns.size)) % 360.0,
                "altitude": np.full(turns.size, np.nan),
                "truth": np.full(turns.size, -1),
                "sensor": np.full(turns.size, "A"),
            }
        )
    plots, _ = plots_table(parts, sky, identity="psr")
    sent = plots["time"].cast(pa.int64()).to_numpy()
    late, _ = _live(plots, np.where(np.arange(sent.size) % 50 == 7, sent + 5 * S, sent))
    in_time, _ = _live(plots, sent)
    assert tracking.counters(late)["late_used"] > 10
    assert _picture(late) == _picture(in_time)


def test_a_number_that_was_shown_stays_with_its_aircraft(sky):
    _, plots, _ = sky
    rng = np.random.default_rng(3)
    sent = plots["time"].cast(pa.int64()).to_numpy()
    delay = np.where(rng.random(sent.size) < 0.05, rng.uniform(1.0, 15.0, sent.size) * S, 0).astype(np.int64)
    tracker, shown = _live(plots, sent + delay)
    numbers = sorted(set().union(*shown))
    # Whoever was confirmed at some time keeps its number until the end, or has ended for good.
    for number in numbers:
        steps = [i for i, there in enumerate(shown) if number in there]
        assert len(steps) >= 0.95 * (steps[-1] - steps[0] + 1)
    table = tracking.picture(tracker, (EPOCH_S + SECONDS) * S, confirmed_only=True)
    first = dict(zip(table["address"].to_pylist(), table["track"].to_pylist(), strict=True))
    assert len(first) == table.num_rows


def test_what_comes_later_than_the_limit_is_counted_and_changes_nothing(sky):
    _, plots, _ = sky
    sent = plots["time"].cast(pa.int64()).to_numpy()
    lost = np.arange(sent.size) % 50 == 7
    tracker, _ = _live(plots, np.where(lost, sent + 40 * S, sent))
    without, _ = _live(plots.filter(pa.array(~lost)), sent[~lost])
    ended = (EPOCH_S + SECONDS) * S
    too_late = lost & (sent + 40 * S < ended)
    assert tracking.counters(tracker)["ignored_late"] >= too_late.sum() > 10
    assert tracking.counters(without)["ignored_late"] == 0


def test_without_rollback_late_plots_are_counted(sky):
    _, plots, _ = sky
    sent = plots["time"].cast(pa.int64()).to_numpy()
    late = np.arange(sent.size) % 20 == 3
    tracker, _ = _live(plots, np.where(late, sent + 3 * S, sent), rollback_s=0.0)
    assert tracking.counters(tracker)["ignored_late"] == late.sum()
    assert tracking.counters(tracker)["late_used"] == 0
