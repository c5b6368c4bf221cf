"""Why a track is what it is: what is told agrees with what the tracker did, plot by plot and bit by bit."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracking.sky import EPOCH_S, fly, observe, plots_table, radar
from tests.tracking.test_tracker import SENSORS, S, world

from asman import tracking
from asman.model.explanation import Decision
from asman.model.plots import PLOTS

SECONDS = 60
END_NS = (EPOCH_S + SECONDS) * S


def table(*rows: dict) -> pa.Table:
    """PLOTS of rows; `t` in seconds after the epoch of the tests."""
    filled = [
        dict.fromkeys(PLOTS.names) | row | {"time": EPOCH_S * S + round(row.pop("t") * S)} for row in rows
    ]
    return pa.Table.from_pylist([{n: row[n] for n in PLOTS.names} for row in filled], schema=PLOTS)


def turns(azimuth_deg: float, *times_s: float, **marks) -> list[dict]:
    """Plots of an aircraft that stands 50 km away, once a turn."""
    at = {"sensor": "A", "range_m": 50_000.0, "azimuth_deg": azimuth_deg, "pressure_altitude_m": 3_000.0}
    return [at | marks | {"t": time_s} for time_s in times_s]


def told(plots: pa.Table, number: int, seconds: float = SECONDS) -> tuple[Decision, ...]:
    end_ns = EPOCH_S * S + round(seconds * S)
    return tracking.explain_plots(plots, SENSORS, number, EPOCH_S * S, end_ns).decisions


def stepwise(plots: pa.Table, arrival_ns: np.ndarray) -> tracking.Tracker:
    """A tracker that is fed second by second, as a node's is."""
    tracker = tracking.start(SENSORS, origin="KG")
    done = 0
    for until_ns in range(EPOCH_S * S + S, END_NS + 1, S):
        end = int(np.searchsorted(arrival_ns, until_ns))
        tracker = tracking.advance(tracker, plots.slice(done, end - done), until_ns)
        done = end
    return tracker


@pytest.fixture(scope="module", params=["modes", "ssr", "psr"])
def busy(request):
    """Aircraft so near each other that plots are contested, tracks are merged, and false ones end."""
    _, plots, _ = world(7, 60, SECONDS, request.param, spread_m=12_000.0)
    tracker = tracking.advance(tracking.start(SENSORS, origin="KG"), plots, END_NS, updates=True)
    return plots, tracker, tracking.updates(tracker)


def test_the_life_of_a_track_reads_as_what_happened():
    plots = table(*turns(90.0, 1.0, 5.0, 9.0, 13.0, address=0x4CA123, mode_3a=0o4321))
    found = told(plots, 1, 110.0)
    assert [(one.act, one.reason) for one in found if one.act != "missed"] == [
        ("begun", "nobody"),
        ("confirmed", "address"),
        ("given", "address"),
        ("given", "address"),
        ("given", "address"),
        ("ended", "coasting"),
    ]
    assert found[0].text.startswith(
        "The track began at a plot of A (address 4CA123, code 4321, FL098): no track had it in its gate."
    )
    second = next(one for one in found if one.act == "given")
    assert second.weight is not None and second.weight.share > 0.999
    assert second.weight.distance2 < 1.0 and second.weight.by_address > 5.0
    assert second.existence_before < second.existence
    missed = [one for one in found if one.act == "missed"]
    assert len(missed) >= 2 and all(one.sensor == "A" for one in missed)
    assert all(one.existence <= one.existence_before for one in missed)
    assert missed[2].existence < 0.5 < missed[0].existence
    assert "did not come" in missed[0].text


def test_an_alternative_that_was_close_is_named_with_its_weight():
    one = turns(90.0, 1.0, 5.0, 9.0)
    two = [*turns(90.8, 1.01), *turns(90.6, 5.01), *turns(90.4, 9.01)]
    found = told(table(*sorted(one + two, key=lambda row: row["t"])), 1, 10.0)
    last = [decision for decision in found if decision.act == "given"][-1]
    assert last.reason in ("best", "sum")
    (rival,) = last.rivals
    assert (rival.track, rival.got) == (2, "another")
    assert rival.weight.share < last.weight.share
    assert [other.to for other in last.others] == [2]
    assert "Track 2" in last.text and "weight" in last.text


def test_a_second_plot_of_one_turn_is_told_as_dropped():
    plots = table(*turns(90.0, 1.0, 5.0), *turns(90.02, 5.4), *turns(90.0, 9.0))
    dropped = [one for one in told(plots, 1, 10.0) if one.act == "split"]
    assert [one.reason for one in dropped] == ["turn"]
    assert "in this turn already" in dropped[0].text


def test_every_plot_that_a_track_got_is_told_with_the_existence_that_the_tracker_had(busy):
    plots, tracker, updates = busy
    number = updates["track"].to_numpy()
    alive = set(tracking.picture(tracker, END_NS)["track"].to_pylist())
    for one in np.random.default_rng(0).choice(np.unique(number), 12, replace=False).tolist():
        found = told(plots, one)
        got = [decision for decision in found if decision.act in ("begun", "given")]
        mine = updates.filter(pa.array(number == one))
        assert [decision.existence for decision in got] == mine["existence"].to_pylist()
        assert [decision.confirmed for decision in got] == mine["confirmed"].to_pylist()
        ends = [decision for decision in found if decision.act in ("ended", "merged")]
        assert len(ends) == (one not in alive)
        assert all(decision.text for decision in found)


def test_what_the_kinds_of_evidence_are_worth_adds_up_to_the_gain(busy):
    plots, _, updates = busy
    numbers = np.unique(updates["track"].to_numpy())
    weights = [
        weight
        for number in numbers[:: max(1, numbers.size // 8)].tolist()
        for decision in told(plots, number)
        for weight in (decision.weight, *(rival.weight for rival in decision.rivals))
        if weight is not None and weight.gain is not None and weight.by_place is not None
    ]
    assert len(weights) > 20
    for weight in weights:
        parts = weight.by_place + weight.by_altitude + weight.by_mode_3a + weight.by_address
        assert math.isclose(parts, weight.gain, abs_tol=1e-9)
        assert 0.0 <= weight.share <= 1.0 and weight.distance2 >= 0.0


def test_a_tracker_explains_from_what_it_keeps_as_all_plots_would(busy):
    plots, _, _ = busy
    tracker = stepwise(plots, plots["time"].cast(pa.int64()).to_numpy())
    before = tracking.picture(tracker, END_NS)
    begin_ns = END_NS - 10 * S
    for number in before["track"].to_pylist()[:6]:
        kept = tracking.explain(tracker, number, begin_ns, END_NS)
        whole = tracking.explain_plots(plots, SENSORS, number, begin_ns, END_NS)
        assert kept.decisions == whole.decisions
        assert kept.reach_s <= begin_ns / S
    assert tracking.picture(tracker, END_NS).equals(before)


@settings(max_examples=8, deadline=None)
@given(cut_s=st.integers(5, 55))
def test_explaining_a_part_tells_the_same_as_that_part_of_the_whole(cut_s):
    rng = np.random.default_rng(3)
    sky = fly(rng, 8, SECONDS, spread_m=8_000.0)
    plots, _ = plots_table([observe(rng, sky, radar("A", 43.0, 75.0), SECONDS)], sky)
    cut_ns = (EPOCH_S + cut_s) * S
    whole = told(plots, 2)
    part = tracking.explain_plots(plots, SENSORS, 2, cut_ns, END_NS).decisions
    assert part == tuple(one for one in whole if one.time_s > cut_s + EPOCH_S)


def test_numbers_that_late_plots_changed_are_those_that_people_see():
    _, plots, _ = world(9, 12, SECONDS, spread_m=20_000.0)
    times = plots["time"].cast(pa.int64()).to_numpy()
    arrival = times + np.where(np.arange(times.size) % 9 == 4, 6 * S, 0)
    order = np.argsort(arrival, kind="stable")
    tracker = stepwise(plots.take(pa.array(order)), arrival[order])
    assert tracking.counters(tracker)["late_used"] > 10
    picture = tracking.picture(tracker, END_NS, confirmed_only=True)
    for row in picture.select(["track", "address", "existence"]).to_pylist():
        found = tracking.explain(tracker, row["track"], END_NS - 12 * S, END_NS).decisions
        heard = {one.address for one in found if one.act == "given"} - {None}
        assert heard <= {row["address"]} and heard
        assert (
            0.98 * found[-1].existence < row["existence"] <= found[-1].existence
        )  # it may have landed since


def test_what_is_not_kept_any_more_is_said():
    _, plots, _ = world(1, 5, SECONDS)
    tracker = stepwise(plots, plots["time"].cast(pa.int64()).to_numpy())
    number = tracking.picture(tracker, END_NS)["track"].to_pylist()[0]
    answer = tracking.explain(tracker, number, EPOCH_S * S - 3600 * S, END_NS)
    assert EPOCH_S + 20 < answer.begin_s == answer.reach_s < EPOCH_S + 41
    assert all(one.time_s >= answer.begin_s for one in answer.decisions)
    assert tracking.explain(tracker, 999_999, EPOCH_S * S, END_NS).decisions == ()
