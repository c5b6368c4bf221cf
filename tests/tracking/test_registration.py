"""Registration: planted biases are found, absent ones are not invented, no turn or lie teaches anything."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.tracking.judge import judge
from tests.tracking.sky import EPOCH_S, Sky, fly, observe, plots_table, radar

from asman import tracking
from asman.model.plots import PLOTS
from asman.model.sensor import Bias
from asman.tracking import TrackerConfig

S = 10**9
ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/registration.json"
SENSORS = (
    radar("A", 43.0, 75.0),
    radar("B", 43.5, 76.2, period_s=6.0),
    radar("C", 42.3, 74.2, period_s=8.0, sigma_azimuth_deg=0.1),
)
SECONDS = 300
#: Added by each radar: range m, gain, azimuth deg, time s.
BIASES = {"A": (85.0, 0.0, -0.12, 0.2), "B": (-60.0, 3e-4, 0.08, 0.0), "C": (40.0, 0.0, 0.05, -0.1)}
NONE = dict.fromkeys("ABC", (0.0, 0.0, 0.0, 0.0))


def spoilt(part: dict, bias: tuple[float, float, float, float], begin_s: float = 0.0) -> dict:
    """Plots of one radar with its biases, from a time on."""
    range_m, gain, azimuth_deg, time_s = bias
    late = part["t"] >= begin_s
    return part | {
        "range_m": np.where(late, part["range_m"] * (1.0 + gain) + range_m, part["range_m"]),
        "azimuth_deg": np.where(late, (part["azimuth_deg"] + azimuth_deg) % 360.0, part["azimuth_deg"]),
        "t": np.where(late, part["t"] + time_s, part["t"]),
    }


def reports(rng, sky: Sky, seconds: int, lie=lambda who, t: (0.0, 0.0), **columns) -> pa.Table:
    """ADS-B, every second from everybody; `lie`: how far north and east [m] of the truth they say."""
    who, t = (a.ravel() for a in np.meshgrid(np.arange(sky.lat.shape[0]), np.arange(1.0, seconds)))
    lat, lon, altitude = sky.at(who, t)
    north, east = lie(who, t)
    lat = lat + (north + rng.normal(0.0, 5.0, who.size)) / 6.371e6
    lon = lon + (east + rng.normal(0.0, 5.0, who.size)) / 6.371e6 / np.cos(lat)
    second = t.astype(int)
    data = {
        "time": pa.array(((EPOCH_S + t) * 1e9).astype(np.int64)),
        "sensor": pa.array(["SQUITTER"] * who.size).dictionary_encode(),
        "detection": pa.array(["adsb"] * who.size).dictionary_encode(),
        "lat_deg": np.degrees(lat),
        "lon_deg": np.degrees(lon),
        "pressure_altitude_m": altitude,
        "address": sky.address[who],
        "vn_mps": sky.vn[who, second],
        "ve_mps": sky.ve[who, second],
        "sigma_m": np.full(who.size, 12.0),
        "containment_m": np.full(who.size, 185.0),
    } | {name: np.full(who.size, value) for name, value in columns.items()}
    arrays = [
        pa.array(data[f.name]).cast(f.type) if f.name in data else pa.nulls(who.size, f.type) for f in PLOTS
    ]
    return pa.Table.from_arrays(arrays, schema=PLOTS)


def world(seed: int, biases: dict, seconds: int = SECONDS, count: int = 40, sensors=SENSORS, **changes):
    rng = np.random.default_rng(seed)
    sky = fly(rng, count, seconds, **changes)
    parts = [spoilt(observe(rng, sky, s, seconds), biases[s.id]) for s in sensors]
    plots, truth = plots_table(parts, sky)
    return sky, plots, truth, rng


def run(plots: pa.Table, seconds: int = SECONDS, sensors=SENSORS, **changes) -> tracking.Tracker:
    tracker = tracking.start(sensors, origin="KG", config=TrackerConfig(**changes))
    return tracking.advance(tracker, plots, (EPOCH_S + seconds) * S)


def found(tracker: tracking.Tracker) -> dict[str, np.ndarray]:
    """Radar -> estimates and sigmas (4, 2): range m, gain, azimuth deg, time s."""
    return {
        one.sensor: np.array(
            [
                (one.range_m, one.range_sigma_m),
                (one.range_gain, one.range_gain_sigma),
                (one.azimuth_deg, one.azimuth_sigma_deg),
                (one.time_s, one.time_sigma_s),
            ]
        )
        for one in tracking.registration(tracker)
        if one.range_m is not None
    }


def in_sigmas(tracker: tracking.Tracker, biases: dict) -> np.ndarray:
    """How far estimates are from the truth, in their own sigmas."""
    return np.array([(each[:, 0] - biases[name]) / each[:, 1] for name, each in found(tracker).items()])


def test_planted_biases_are_found_and_the_tracks_are_as_good_as_without_them():
    sky, plots, _, rng = world(1, BIASES)
    plots = pa.concat_tables([plots, reports(rng, sky, SECONDS)]).unify_dictionaries()
    tracker = run(plots)
    assert np.abs(in_sigmas(tracker, BIASES)).max() < 4.0
    for name, each in found(tracker).items():
        assert abs(each[0, 0] - BIASES[name][0]) < 15.0
        assert abs(each[2, 0] - BIASES[name][2]) < 0.01
        # Time: what the reports and all clocks have in common nobody can know; differences are known well.
    times = {name: each[3, 0] for name, each in found(tracker).items()}
    assert times["A"] - times["C"] == pytest.approx(0.3, abs=0.03)
    assert all(one.used > 100 for one in tracking.registration(tracker))


def test_without_any_report_radars_are_registered_against_each_other():
    sky, plots, truth, _ = world(2, BIASES, 400)
    seen = {int(a): (60.0, 400.0) for a in np.unique(truth[truth >= 0])}
    scores = {}
    for way, blocks_s in (("registered", 20.0), ("not", 0.0)):
        tracker = tracking.start(SENSORS, origin="KG", config=TrackerConfig(registration_s=blocks_s))
        tables = []
        for second in range(10, 401, 10):
            tracker = tracking.advance(
                tracker, plots if second == 10 else plots.slice(0, 0), (EPOCH_S + second) * S
            )
            tables.append(tracking.picture(tracker, (EPOCH_S + second) * S))
        scores[way] = judge(sky, pa.concat_tables(tables), 250, seen)
        if blocks_s:
            assert np.abs(in_sigmas(tracker, BIASES)).max() < 4.0
    assert scores["registered"]["rms_m"] < 0.75 * scores["not"]["rms_m"]
    assert scores["registered"]["nees"] < 2.6 < scores["not"]["nees"]


bias = st.tuples(
    st.floats(-120, 120), st.floats(-4e-4, 4e-4), st.floats(-0.15, 0.15), st.sampled_from([-0.2, 0.0, 0.2])
)


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 10_000), biases=st.fixed_dictionaries(dict.fromkeys("ABC", bias)))
def test_whatever_biases_are_planted_the_estimates_are_within_their_sigmas(seed, biases):
    _, plots, _, _ = world(seed, biases, 200)
    tracker = run(plots, 200)
    # Twelve estimates of six worlds: one in 16,000 normal draws lies beyond four.
    assert np.abs(in_sigmas(tracker, biases)).max() < 4.5


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 10_000))
def test_unbiased_radars_are_left_alone(seed):
    _, plots, _, _ = world(seed, NONE, 200)
    tracker = run(plots, 200)
    assert np.abs(in_sigmas(tracker, NONE)).max() < 4.0
    for each in found(tracker).values():
        assert abs(each[2, 0]) < 0.015


def test_manoeuvres_teach_nothing():
    # Everybody circles: each at his own rate, all to the left, so that errors of a fit would not cancel.
    rng = np.random.default_rng(5)
    sky = fly(rng, 40, SECONDS, turning=False)
    rate = rng.uniform(1.0, 3.0, 40)
    t = np.arange(sky.lat.shape[1])
    speed = np.hypot(sky.vn[:, :1], sky.ve[:, :1])
    heading = np.arctan2(sky.ve[:, :1], sky.vn[:, :1]) - np.radians(rate)[:, None] * t
    radius = speed / np.radians(rate)[:, None]
    turned = np.arctan2(sky.ve[:, :1], sky.vn[:, :1])
    north = radius * -(np.sin(heading) - np.sin(turned))
    east = radius * (np.cos(heading) - np.cos(turned))
    circling = replace(
        sky,
        lat=sky.lat[:, :1] + north / 6.371e6,
        lon=sky.lon[:, :1] + east / 6.371e6 / np.cos(sky.lat[:, :1]),
        altitude=np.repeat(sky.altitude[:, :1], t.size, axis=1),
        vn=speed * np.cos(heading),
        ve=speed * np.sin(heading),
    )
    plots, _ = plots_table([observe(rng, circling, s, SECONDS) for s in SENSORS], circling)
    tracker = run(plots)
    straight = run(world(5, NONE)[1])
    used, usual = (sum(one.used for one in tracking.registration(x)) for x in (tracker, straight))
    assert used < 0.1 * usual
    assert np.abs(in_sigmas(tracker, NONE)).max() < 2.0


@pytest.mark.parametrize("kind", ["5 km aside", "drifts away at 4 m/s"])
def test_a_spoofed_aircraft_moves_no_bias(kind):
    def lie(who, t):
        north = np.full(t.size, 5_000.0) if kind.startswith("5 km") else 4.0 * t
        return np.where(who == 3, north, 0.0), 0.0

    _, plots, _, _ = world(7, BIASES)
    both = []
    for said in (lie, lambda who, t: (0.0, 0.0)):
        sky, plots, _, rng = world(7, BIASES)
        both.append(run(pa.concat_tables([plots, reports(rng, sky, SECONDS, said)]).unify_dictionaries()))
    lied, honest = (found(tracker) for tracker in both)
    for name in "ABC":
        assert np.abs((lied[name] - honest[name])[:, 0] / honest[name][:, 1]).max() < 0.5
    assert np.abs(in_sigmas(both[0], BIASES)).max() < 4.0


def test_a_whole_sky_that_is_spoofed_moves_no_bias_where_two_radars_see_it():
    sky, plots, _, rng = world(8, NONE)
    away = reports(rng, sky, SECONDS, lambda who, t: (np.full(t.size, 900.0), 0.0))
    tracker = run(pa.concat_tables([plots, away]).unify_dictionaries())
    assert np.abs(in_sigmas(tracker, NONE)).max() < 4.0
    squitter = next(one for one in tracking.registration(tracker) if one.sensor == "SQUITTER")
    assert squitter.blamed > 3 * squitter.used


@pytest.mark.parametrize(
    "poor", [{"sigma_m": 300.0}, {"containment_m": 4_000.0}, {"containment_m": math.inf}]
)
def test_reports_of_poor_integrity_are_no_reference(poor):
    sky, plots, _, rng = world(9, NONE, 100)
    tracker = run(pa.concat_tables([plots, reports(rng, sky, 100, **poor)]).unify_dictionaries(), 100)
    squitter = next(one for one in tracking.registration(tracker) if one.sensor == "SQUITTER")
    assert squitter.used == 0


def test_one_radar_alone_is_held_to_be_right_and_its_uncertainty_stays():
    _, plots, _, _ = world(10, BIASES, 100, sensors=SENSORS[:1])
    tracker = run(plots, 100, SENSORS[:1])
    (one,) = tracking.registration(tracker)
    assert (one.used, one.range_m, one.range_sigma_m) == (0, 0.0, TrackerConfig().range_bias_m)
    assert tracker.sensor_records.var_range[0] == 0.0


def test_one_radar_and_reports_need_a_crowd_that_agrees():
    for count, registered in ((40, True), (4, False)):
        sky, plots, _, rng = world(11, BIASES, 200, count=count, sensors=SENSORS[:1])
        tracker = run(
            pa.concat_tables([plots, reports(rng, sky, 200)]).unify_dictionaries(), 200, SENSORS[:1]
        )
        one = tracking.registration(tracker)[0]
        assert (one.used > 0) == registered
        if registered:
            assert abs(one.azimuth_deg + 0.12) < 4.0 * one.azimuth_sigma_deg


def test_a_radar_that_changes_is_forgotten_and_learnt_anew():
    rng = np.random.default_rng(12)
    sky = fly(rng, 60, 500)
    jump = (0.0, 0.0, 0.2, 0.0)
    parts = [observe(rng, sky, s, 500) for s in SENSORS]
    plots, _ = plots_table([spoilt(parts[0], jump, 200.0), *parts[1:]], sky)
    tracker = run(plots, 500)
    changed, *others = tracking.registration(tracker)
    assert changed.restarts == 1
    assert changed.azimuth_deg == pytest.approx(0.2, abs=0.02)
    assert [one.restarts for one in others] == [0, 0]


def test_priors_of_the_table_are_part_of_what_is_told():
    prior = Bias(range_m=80.0, azimuth_deg=-0.1, time_s=0.15)
    known = (msgspec.structs.replace(SENSORS[0], bias=prior), *SENSORS[1:])
    _, plots, _, _ = world(13, BIASES)
    with_prior, without = found(run(plots, sensors=known))["A"], found(run(plots))["A"]
    # They tell the same, whatever was known before; and what was known is not added twice.
    assert with_prior[2, 0] == pytest.approx(without[2, 0], abs=0.01)
    assert abs(with_prior[0, 0] - BIASES["A"][0]) < 4.0 * with_prior[0, 1]


@settings(max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 1_000), step=st.integers(1, 30), late=st.sampled_from([0.0, 0.01, 0.1]))
def test_estimates_are_the_same_bits_in_batch_and_streaming_and_with_late_plots(seed, step, late):
    _, plots, _, _ = world(14, BIASES, 100, count=20)
    sent = plots["time"].cast(pa.int64()).to_numpy()
    rng = np.random.default_rng(seed)
    delay = np.where(rng.random(sent.size) < late, rng.uniform(1.0, 15.0, sent.size) * S, 0.0)
    arrival = sent + delay.astype(np.int64)
    order = np.argsort(arrival, kind="stable")
    plots_as_come, arrival = plots.take(pa.array(order)), arrival[order]
    tracker, done = tracking.start(SENSORS, origin="KG"), 0
    for now in range(EPOCH_S * S + step * S // 3, (EPOCH_S + 130) * S, step * S // 3):
        upto = int(np.searchsorted(arrival, now))
        tracker = tracking.advance(
            tracker, plots_as_come.slice(done, upto - done), min(now, (EPOCH_S + 100) * S)
        )
        done = upto
    tracker = tracking.advance(tracker, plots_as_come.slice(done), (EPOCH_S + 100) * S)
    assert tracking.counters(tracker)["ignored_late"] == 0
    assert tracking.registration(tracker) == tracking.registration(run(plots, 100))


def test_estimates_are_those_of_the_golden_run():
    _, plots, _, _ = world(15, BIASES, 120, count=20)
    tracker = run(plots, 120)
    now = {name: each.ravel().tolist() for name, each in found(tracker).items()}
    if os.environ.get("ASMAN_GOLDEN"):
        GOLDEN.write_text(json.dumps(now, indent=1) + "\n")
    golden = json.loads(GOLDEN.read_text())
    for name, values in golden.items():
        assert now[name] == pytest.approx(values, rel=1e-6, abs=1e-12), (
            "registration gives other numbers: if that is meant, ASMAN_GOLDEN=1 pytest "
            "tests/tracking/test_registration.py writes them anew"
        )


@pytest.mark.system
def test_compiled_and_interpreted_kernels_learn_the_same():
    script = """
from tests.tracking.test_registration import *
_, plots, _, _ = world(16, BIASES, 45, count=4)
for one in tracking.registration(run(plots, 45)):
    print(one)
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

    compiled = told("0")
    assert "used=0" not in compiled
    assert told("1") == compiled
