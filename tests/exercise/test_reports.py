"""ADS-B reports and multilateration: what each effect does, and that it does nothing when it is off."""

import math
from itertools import pairwise

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exercise.reporting import EVERYWHERE, RECEIVERS, SECOND, SYSTEM, errors, scene, skies

from asman.exercise.elements import Traffic
from asman.exercise.listeners import listeners
from asman.exercise.report_tables import QUALITY
from asman.exercise.reports import report
from asman.kernels import navigation as nav
from asman.kernels.geodesy import lla_to_ecef, lla_to_enu
from asman.kernels.radar import OF_AIRCRAFT, OF_REPORT, OF_STALE
from asman.model.plots import PLOTS


def test_without_effects_a_report_is_the_truth_in_the_steps_of_the_formats(kant):
    scenario = scene(kant, EVERYWHERE, SYSTEM, quantised=True)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin, begin + 5 * SECOND)
    error, true = errors(said, sky)
    located = said.sensor == 1

    assert said.plots.schema.equals(PLOTS)
    assert said.quality.schema.equals(QUALITY)
    assert located.sum() > 100
    assert (~located).sum() > 1_000
    # Half a step of I021/131 is 9 mm, half of one of I020/041 0.3 m.
    assert np.abs(error[~located]).max() < 0.010
    assert np.abs(error[located]).max() < 0.30
    stamp = said.plots["time"].cast("int64").to_numpy()
    assert np.abs(stamp - said.at_ns).max() <= SECOND // 256
    assert (stamp % 7_812_500 == 0).all()
    level = said.plots["pressure_altitude_m"].to_numpy()
    assert np.abs(level - true[:, 2]).max() < 12.5 * 0.3048 + 1e-6
    speed = np.c_[said.plots["vn_mps"].to_numpy(), said.plots["ve_mps"].to_numpy()][~located]
    # Half a knot on each axis, and half a step of speed and of track at 250 m/s.
    assert np.abs(speed - true[~located, 3:5]).max() < 0.26 + 0.07


def test_without_steps_either_it_is_exact(kant):
    scenario = scene(kant, EVERYWHERE, SYSTEM)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin, begin + 3 * SECOND)
    error, _ = errors(said, sky)
    assert np.abs(error).max() < 1e-5
    assert set(said.cause.tolist()) == {OF_REPORT, OF_AIRCRAFT}


def test_each_aircraft_reports_once_a_slot_and_not_in_step(kant):
    scenario = scene(kant)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin + 10 * SECOND, begin + 40 * SECOND)
    assert (np.diff(said.at_ns) >= 0).all()
    one = said.at_ns[said.aircraft == said.aircraft[0]]
    assert 28 <= one.size <= 31
    assert np.diff(one).min() >= 0.8 * SECOND
    assert np.diff(one).max() <= 1.2 * SECOND
    phases = said.at_ns[: np.unique(said.aircraft).size] % SECOND / SECOND
    # Uniform over the second: its mean within four standard errors.
    assert abs(phases.mean() - 0.5) < 4.0 * 0.289 / math.sqrt(phases.size)


def test_nothing_is_sent_before_the_begin(kant):
    scenario = scene(kant, EVERYWHERE, SYSTEM)
    sky, begin = skies(scenario)
    early = report(scenario, sky, begin - 60 * SECOND, begin + 2 * SECOND)
    assert early.at_ns.min() >= begin
    assert early.plots.equals(report(scenario, sky, begin, begin + 2 * SECOND).plots)


@pytest.fixture(scope="module")
def crowd(kant):
    """Some 1,500 aircraft with satellite navigation of 6 m, unpoor: reports of 400 s, every 25 s."""
    sensor = msgspec.structs.replace(EVERYWHERE, period_s=25.0)
    traffic = Traffic(overflights=1_500, mode_ac=0.0, adsb=1.0)
    scenario = scene(kant, sensor, traffic=traffic, gnss_sigma_m=6.0, gnss_period_s=400.0)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin, begin + 400 * SECOND)
    return said, errors(said, sky)[0]


def test_satellite_navigation_has_the_sigma_that_was_asked_for(crowd):
    said, error = crowd
    first = np.unique(said.aircraft, return_index=True)[1]
    # Independent between aircraft: a standard deviation of n normal numbers is known to 1 / sqrt(2 n).
    bound = 4.0 * 6.0 / math.sqrt(2.0 * first.size)
    assert np.abs(error[first].std(axis=0) - 6.0).max() < bound
    assert np.abs(error[first].mean(axis=0)).max() < 4.0 * 6.0 / math.sqrt(first.size)
    assert abs(np.corrcoef(error[first].T)[0, 1]) < 4.0 / math.sqrt(first.size)


@pytest.mark.parametrize("slots", [2, 4, 8])
def test_its_error_varies_slowly_as_its_docstring_says(crowd, slots):
    said, error = crowd
    order = np.lexsort((said.at_ns, said.aircraft))
    who, at, error = said.aircraft[order], said.at_ns[order], error[order]
    same = who[:-slots] == who[slots:]
    delay = (at[slots:] - at[:-slots])[same] / SECOND / 400.0
    product = (error[:-slots][same] * error[slots:][same]).mean() / 36.0
    expected = (np.cos(2.0 * np.pi * delay) * np.sinc(delay)).mean()
    assert product == pytest.approx(expected, abs=4.0 / math.sqrt(2.0 * np.unique(who).size))


def test_the_claimed_accuracy_holds_the_error_of_good_and_of_poor_aircraft(kant):
    traffic = Traffic(overflights=1_500, mode_ac=0.0, adsb=1.0)
    sensor = msgspec.structs.replace(EVERYWHERE, period_s=10.0)
    scenario = scene(kant, sensor, traffic=traffic, gnss_sigma_m=6.0, gnss_poor=0.2)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin, begin + 12 * SECOND)
    error, _ = errors(said, sky)
    off = np.hypot(*error.T)
    nacp, nic = said.quality["nacp"].to_numpy(), said.quality["nic"].to_numpy()
    sigma = said.plots["sigma_m"].to_numpy()
    contained = said.plots["containment_m"].to_numpy()
    assert set(nacp.tolist()) == {7, 9}
    assert set(nic.tolist()) == {5, 8}
    poor = nacp == 7
    line = np.unique(said.aircraft, return_index=True)[1]
    assert abs(poor[line].mean() - 0.2) < 4.0 * math.sqrt(0.16 / line.size)
    assert error[poor & np.isin(np.arange(off.size), line)].std() == pytest.approx(60.0, rel=0.2)
    for kind in (poor, ~poor):
        assert (off < sigma * math.sqrt(-2.0 * math.log(0.05)))[kind].mean() > 0.95
        assert (off < contained)[kind].all()


def test_two_receivers_hear_one_and_the_same_message(kant):
    other = msgspec.structs.replace(EVERYWHERE, id="B", lat_deg=40.0, sic=3)
    scenario = scene(kant, EVERYWHERE, other, gnss_sigma_m=6.0, report_latency_s=0.15, stale=0.1)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin, begin + 3 * SECOND)
    first, second = (said.plots.filter(pa.array(said.sensor == i)).drop(["sensor"]) for i in (0, 1))
    assert first.num_rows > 500
    assert first.equals(second)


def test_latency_puts_a_report_behind_by_up_to_twice_its_mean(kant):
    scenario = scene(kant, report_latency_s=0.15)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin, begin + 2 * SECOND)
    error, true = errors(said, sky)
    speed2 = true[:, 3] ** 2 + true[:, 4] ** 2
    lag = -(error[:, 0] * true[:, 4] + error[:, 1] * true[:, 3]) / speed2
    aside = (error[:, 0] * true[:, 3] - error[:, 1] * true[:, 4]) / np.sqrt(speed2)
    of_each = lag[np.unique(said.aircraft, return_index=True)[1]]
    assert lag.min() > -1e-6
    assert lag.max() < 0.3 + 1e-6
    assert of_each.mean() == pytest.approx(0.15, abs=4.0 * 0.0866 / math.sqrt(of_each.size))
    assert np.abs(aside).max() < 1.0
    # It belongs to the aircraft: the same in every report.
    assert lag[said.aircraft == said.aircraft[0]].std() < 1e-3


def test_stale_reports_repeat_what_was_up_to_four_seconds_ago(kant):
    scenario = scene(kant, stale=0.1, stale_s=4.0)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin, begin + 20 * SECOND)
    error, true = errors(said, sky)
    stale = said.cause == OF_STALE
    age = np.hypot(*error.T) / np.hypot(true[:, 3], true[:, 4])
    assert stale.mean() == pytest.approx(0.1, abs=4.0 * math.sqrt(0.09 / stale.size))
    assert np.abs(error[~stale]).max() < 1e-5
    assert age[stale].max() < 4.1
    assert age[stale].mean() == pytest.approx(2.0, abs=0.05 + 4.0 * 1.155 / math.sqrt(stale.sum()))


def test_drop_outs_take_their_share_of_time_in_spells(kant):
    whole = scene(kant)
    scenario = scene(kant, dropout=0.1, dropout_s=12.0)
    sky, begin = skies(whole)
    span = 240
    all_of_it = report(whole, sky, begin, begin + span * SECOND)
    heard = report(scenario, sky, begin, begin + span * SECOND)
    keys = [set(zip(one.aircraft.tolist(), one.at_ns.tolist(), strict=True)) for one in (all_of_it, heard)]
    assert keys[1] < keys[0]
    lost = 1.0 - len(keys[1]) / len(keys[0])
    spells = len(keys[0]) / 12.0
    assert lost == pytest.approx(0.1, abs=4.0 * math.sqrt(0.09 / spells))
    gaps = np.concatenate(
        [np.diff(heard.at_ns[heard.aircraft == one]) / SECOND for one in np.unique(heard.aircraft)[:100]]
    )
    # Spells follow one another at times: what is silent is silent for a multiple of their length.
    assert not ((gaps > 1.3) & (gaps < 11.0)).any()
    assert ((gaps > 11.0) & (gaps < 14.0)).sum() > 50


def test_detection_falls_towards_the_edge_of_the_range(kant):
    sensor = msgspec.structs.replace(EVERYWHERE, range_max_m=400_000.0, pd=0.9)
    sure = msgspec.structs.replace(sensor, pd=1.0, range_max_m=800_000.0)
    scenario, whole = scene(kant, sensor), scene(kant, sure)
    sky, begin = skies(scenario)
    heard, all_of_it = (report(one, sky, begin, begin + 60 * SECOND) for one in (scenario, whole))
    _, true = errors(all_of_it, sky)
    site = lla_to_ecef(math.radians(43.0), math.radians(74.5), 1_200.0)
    apart = np.array([math.dist(site, lla_to_ecef(*state[:3])) for state in true])
    keys = set(zip(heard.aircraft.tolist(), heard.at_ns.tolist(), strict=True))
    got = np.array(
        [key in keys for key in zip(all_of_it.aircraft.tolist(), all_of_it.at_ns.tolist(), strict=True)]
    )
    near, rim, out = apart < 280_000.0, (apart > 370_000.0) & (apart < 400_000.0), apart > 400_000.0
    assert got[near].mean() == pytest.approx(0.9, abs=4.0 * math.sqrt(0.09 / near.sum()))
    weak = 0.9 * (1.0 - 0.5 * ((apart[rim] / 400_000.0 - 0.7) / 0.3) ** 2)
    assert got[rim].mean() == pytest.approx(weak.mean(), abs=4.0 * math.sqrt(0.25 / rim.sum()))
    assert not got[out].any()


def test_smooth_ground_hides_who_flies_low_and_far(kant):
    traffic = Traffic(circuits=40, low_flyers=60, airliners=60, mode_ac=0.0, adsb=1.0)
    scenario, flat = (scene(kant, traffic=traffic, horizon=on) for on in (True, False))
    sky, begin = skies(scenario)
    heard, all_of_it = (report(one, sky, begin, begin + 5 * SECOND) for one in (scenario, flat))
    _, true = errors(all_of_it, sky)
    site = lla_to_ecef(math.radians(43.0), math.radians(74.5), 1_200.0)
    apart = np.array([math.dist(site, lla_to_ecef(*state[:3])) for state in true])
    radius = 2.0 * 4.0 / 3.0 * 6_371_008.8
    reach = math.sqrt(radius * 20.0) + np.sqrt(radius * np.maximum(true[:, 2] - 1_180.0, 0.0))
    reach[true[:, 2] <= 1_180.0] = 0.0
    seen = apart <= reach
    assert 0.1 < seen.mean() < 0.9
    assert heard.at_ns.tolist() == all_of_it.at_ns[seen].tolist()


def test_only_who_has_it_is_heard(kant):
    traffic = Traffic(overflights=100, airliners=200, dark=20, mode_ac=0.5, adsb=0.6)
    scenario = scene(kant, EVERYWHERE, SYSTEM, traffic=traffic)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin, begin + 3 * SECOND)
    line = said.aircraft % (1 << 20)
    located = said.sensor == 1
    assert sky.adsb[line[~located]].all()
    assert not sky.adsb.all()
    named = said.plots["address"].is_valid().to_numpy()
    assert (named == (sky.equipment[line] == 2)).all()
    assert not named[located].all()
    assert (named == said.plots["callsign"].is_valid().to_numpy()).all()
    assert said.plots["mode_3a"].null_count == 0


# Multilateration


@pytest.fixture(scope="module")
def located(kant):
    traffic = Traffic(overflights=250, airliners=150, mode_ac=0.0, adsb=1.0)
    scenario = scene(kant, SYSTEM, traffic=traffic, mlat_time_ns=10.0)
    sky, begin = skies(scenario)
    said = report(scenario, sky, begin, begin + 120 * SECOND)
    return said, *errors(said, sky), scenario


def test_its_errors_are_those_of_its_covariance(located):
    said, error, _, _ = located
    var_e, var_n = (said.quality[name].to_numpy() ** 2 for name in ("sigma_e_m", "sigma_n_m"))
    cov = said.quality["cov_en_m2"].to_numpy()
    normalised = (
        var_n * error[:, 0] ** 2 - 2.0 * cov * error[:, 0] * error[:, 1] + var_e * error[:, 1] ** 2
    ) / (var_e * var_n - cov**2)
    # Chi-square of two degrees of freedom: mean 2, standard deviation 2.
    assert normalised.size > 3_000
    assert normalised.mean() == pytest.approx(2.0, abs=4.0 * 2.0 / math.sqrt(normalised.size))
    assert (normalised < 5.991).mean() == pytest.approx(0.95, abs=4.0 * 0.218 / math.sqrt(normalised.size))


def test_its_covariance_is_that_of_the_times_of_arrival(located):
    """The whole problem, with the time of sending as an unknown of its own, solved by other code."""
    said, _, true, _ = located
    places = [lla_to_ecef(math.radians(a), math.radians(o), h) for a, o, h in RECEIVERS]
    checked = 0
    for row in range(0, said.at_ns.size, 97):
        lat, lon, height = true[row, :3]
        here = np.array(lla_to_ecef(lat, lon, height))
        # Central differences of the ranges, east and north.
        step = np.array([[1.0, 0.0], [0.0, 1.0]])
        jacobian = []
        for a, o, h in RECEIVERS:
            e, n, u = lla_to_enu(math.radians(a), math.radians(o), h, lat, lon, height)
            distance = [math.dist((e, n, u), (*(sign * d), 0.0)) for d in step for sign in (1, -1)]
            jacobian.append([(distance[0] - distance[1]) / 2.0, (distance[2] - distance[3]) / 2.0, 1.0])
        apart = [math.dist(here, place) for place in places]
        if max(apart) > 240_000.0 or height < 5_000.0:
            continue
        checked += 1
        unit = np.linalg.inv(np.array(jacobian).T @ np.array(jacobian))[:2, :2] * 2.99792458**2
        sigma = [said.quality[name][row].as_py() for name in ("sigma_e_m", "sigma_n_m")]
        assert sigma == pytest.approx(np.sqrt(np.diag(unit)).tolist(), rel=1e-4)
        assert said.quality["cov_en_m2"][row].as_py() == pytest.approx(unit[0, 1], rel=1e-3, abs=1e-3)
    assert checked > 10


def test_its_accuracy_falls_outside_the_ring_of_receivers(located):
    said, _, true, _ = located
    middle = lla_to_ecef(math.radians(43.0), math.radians(74.5), 9_000.0)
    apart = np.array([math.dist(middle, lla_to_ecef(*state[:3])) for state in true])
    sigma = said.plots["sigma_m"].to_numpy()
    assert np.median(sigma[apart < 40_000.0]) < 4.0
    assert np.median(sigma[apart > 150_000.0]) > 4.0 * np.median(sigma[apart < 40_000.0])


def test_three_receivers_locate_nobody(kant):
    scenario = scene(kant, SYSTEM)
    scenario = msgspec.structs.replace(scenario, receivers={"M": RECEIVERS[:3]})
    sky, begin = skies(scenario)
    assert report(scenario, sky, begin, begin + 10 * SECOND).plots.num_rows == 0


def test_receivers_know_their_ground(kant):
    rows, places = listeners(scene(kant, EVERYWHERE, SYSTEM, mast_m=15.0), "mlat")
    assert places.shape == (5, 4)
    assert places[:, 3].tolist() == [height - 15.0 for _, _, height in RECEIVERS]
    assert rows[0, [nav.RECEIVERS_FROM, nav.RECEIVERS_TO]].tolist() == [0.0, 5.0]


# Time, cut


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(0, 8 * SECOND), max_size=4))
def test_reports_never_depend_on_how_time_is_cut(exercise, cuts):
    sensors = (msgspec.structs.replace(EVERYWHERE, range_max_m=500_000.0, pd=0.9), SYSTEM)
    scenario = msgspec.structs.replace(
        exercise.scenario, sensor=sensors, receivers={"M": RECEIVERS}, effects={}
    )
    sky, begin = exercise.sky, exercise.sky.begin_ns
    edges = [0, *sorted(cuts), 8 * SECOND]
    whole = report(scenario, sky, begin, begin + edges[-1])
    parts = [report(scenario, sky, begin + a, begin + b) for a, b in pairwise(edges)]
    for name in ("plots", "quality"):
        together = pa.concat_tables([getattr(part, name) for part in parts]).unify_dictionaries()
        assert together.combine_chunks().equals(getattr(whole, name).combine_chunks())
    for name in ("aircraft", "at_ns", "sensor", "cause"):
        assert (
            np.concatenate([getattr(part, name) for part in parts]).tolist() == getattr(whole, name).tolist()
        )


def test_long_spans_are_cut_without_a_trace(kant, monkeypatch):
    scenario = scene(kant, EVERYWHERE, SYSTEM, gnss_sigma_m=6.0, stale=0.1, dropout=0.1)
    sky, begin = skies(scenario)
    whole = report(scenario, sky, begin, begin + 10 * SECOND)
    monkeypatch.setattr("asman.exercise.reports._ROWS_MAX", 1_000)
    parts = report(scenario, sky, begin, begin + 10 * SECOND)
    assert parts.plots.equals(whole.plots)
    assert parts.aircraft.tolist() == whole.aircraft.tolist()
