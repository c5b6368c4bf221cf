"""How good the tracks are: near the bound of perfect association, consistent, one an aircraft."""

import numpy as np
import pyarrow as pa
import pytest
from tests.tracking.judge import judge
from tests.tracking.sky import EPOCH_S, fly, metres, observe, plots_table, radar

from asman import tracking
from asman.model.plots import PLOTS
from asman.model.sensor import Sensor

S = 10**9
SENSORS = (
    radar("A", 43.0, 75.0),
    radar("B", 43.5, 76.2, period_s=8.0),
    radar("C", 42.3, 74.2, period_s=12.0, sigma_azimuth_deg=0.1),
)


def world(seed, count, seconds, identity, sensors=SENSORS, **changes):
    rng = np.random.default_rng(seed)
    sky = fly(rng, count, seconds, **changes)
    plots, truth = plots_table([observe(rng, sky, s, seconds) for s in sensors], sky, identity=identity)
    return sky, plots, truth


def every_ten(plots, seconds, sensors=SENSORS):
    tracker = tracking.start(sensors, origin="KG")
    tracker = tracking.advance(tracker, plots, EPOCH_S * S)
    tables = []
    for second in range(10, seconds + 1, 10):
        tracker = tracking.advance(tracker, plots.slice(0, 0), (EPOCH_S + second) * S)
        tables.append(tracking.picture(tracker, (EPOCH_S + second) * S))
    return pa.concat_tables(tables), tracker


def seen(plots, truth):
    times = plots["time"].cast(pa.int64()).to_numpy() / 1e9 - EPOCH_S
    return {
        int(a): (times[truth == a][0] + 20, times[truth == a][-1] + 10)
        for a in np.unique(truth[truth >= 0])
        if np.count_nonzero(truth == a) > 3
    }


@pytest.mark.parametrize("identity", ["modes", "ssr"])
def test_manoeuvring_traffic_is_tracked_near_its_covariance_without_doubles_or_swaps(identity):
    sky, plots, truth = world(21, 120, 240, identity)
    score = judge(sky, every_ten(plots, 240)[0], 30, seen(plots, truth))
    assert score["gospa_m"] < 190
    assert score["rms_m"] < 130
    assert 1.2 < score["nees"] < 2.6
    assert score["inside_95"] > 0.92
    assert score["missed"] < 0.01
    assert score["false"] < 0.012
    assert score["switches_per_hour"] < 2


def test_straight_flight_is_consistent():
    sky, plots, truth = world(22, 80, 240, "modes", turning=False)
    score = judge(sky, every_ten(plots, 240)[0], 60, seen(plots, truth))
    assert 1.2 < score["nees"] < 2.6
    assert score["inside_95"] > 0.93


def test_primary_echoes_alone_are_tracked_though_nobody_knows_their_altitude():
    sky, plots, truth = world(23, 100, 240, "psr")
    score = judge(sky, every_ten(plots, 240)[0], 40, seen(plots, truth))
    assert score["missed"] < 0.02
    assert score["false"] < 0.04
    assert score["nees"] < 4.0
    assert score["switches_per_hour"] < 6


def oracle(times, east, north, covs, at):
    """Kalman filter told which plots are its own: constant velocity, the noise that suits straight flight."""
    x, p = np.array([east[0], north[0], 0, 0]), np.diag([*np.diag(covs[0]), 4e4, 4e4])
    h, last = np.eye(2, 4), times[0]

    def move(dt):
        f = np.eye(4)
        f[0, 2] = f[1, 3] = dt
        q = 0.05 * np.kron([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]], np.eye(2))
        return f @ x, f @ p @ f.T + q

    for t, e, n, r in zip(times[1:], east[1:], north[1:], covs[1:], strict=True):
        x, p = move(t - last)
        gain = p @ h.T @ np.linalg.inv(h @ p @ h.T + r)
        x, p, last = x + gain @ ([e, n] - x[:2]), p - gain @ h @ p, t
    return move(at - last)[0][:2]


def test_on_straight_flight_it_comes_near_a_filter_that_knows_whose_each_plot_is():
    sky, plots, truth = world(24, 60, 200, "ssr", turning=False)
    from asman.tracking.intake import plot_records, sensor_records

    records, _ = plot_records(plots, SENSORS, sensor_records(SENSORS), 0)
    picture = tracking.picture(every_ten(plots, 200)[1], (EPOCH_S + 200) * S, confirmed_only=True)
    codes = picture["mode_3a"].to_pylist()
    bound, ours = [], []
    for a in np.unique(truth[truth >= 0]):
        own = records[truth == a]
        if own.size < 30 or own.time_ns[-1] < (EPOCH_S + 188) * S or sky.mode_3a[a] not in codes:
            continue
        lat, lon = sky.lat[a, 200], sky.lon[a, 200]
        east, north = metres(np.degrees(own.lat), np.degrees(own.lon), lat, lon)
        covs = [np.array([[r.ree, r.ren], [r.ren, r.rnn]]) for r in own]
        bound.append(np.hypot(*oracle(own.time_ns / 1e9, east, north, covs, EPOCH_S + 200.0)))
        row = codes.index(sky.mode_3a[a])
        ours.append(
            np.hypot(*metres(picture["lat_deg"][row].as_py(), picture["lon_deg"][row].as_py(), lat, lon))
        )
    assert len(ours) > 40
    assert np.sqrt(np.mean(np.square(ours))) < 1.6 * np.sqrt(np.mean(np.square(bound)))


def positions(rng, columns, sigma_m, sensor, on_ground=True):
    """Rows of PLOTS from an airport's multilateration: columns time, lat, lon (deg), address."""
    t, lat, lon, address = columns
    size = len(t)
    order = np.argsort(t, kind="stable")
    data = {
        "time": pa.array(((EPOCH_S + t[order]) * 1e9).astype(np.int64)).cast(pa.timestamp("ns", "UTC")),
        "sensor": pa.array([sensor] * size).dictionary_encode(),
        "lat_deg": pa.array(lat[order] + rng.normal(0, sigma_m / 111_000, size)),
        "lon_deg": pa.array(lon[order] + rng.normal(0, sigma_m / 83_000, size)),
        "address": pa.array(address[order].astype(np.int32), mask=address[order] < 0),
        "detection": pa.array(["mlat"] * size).dictionary_encode(),
        "on_ground": pa.array([on_ground] * size),
    }
    arrays = [data[f.name].cast(f.type) if f.name in data else pa.nulls(size, f.type) for f in PLOTS]
    return pa.Table.from_arrays(arrays, schema=PLOTS)


@pytest.mark.parametrize("named", [True, False])
def test_an_airports_surface_at_1_hz_gives_one_track_a_target(named):
    rng = np.random.default_rng(8)
    parts = []
    for k in range(12):
        t = np.arange(0, 120) + rng.uniform(0, 1)
        speed = 0.0 if k < 6 else rng.uniform(3, 12)
        heading = rng.uniform(0, 2 * np.pi)
        lat = 41.29 + 0.004 * (k // 4) + speed * t * np.cos(heading) / 111_000
        lon = 2.07 + 0.006 * (k % 4) + speed * t * np.sin(heading) / 83_000
        parts.append((t, lat, lon, np.full(120, 1000 + k if named else -1)))
    plots = positions(rng, [np.concatenate(c) for c in zip(*parts, strict=True)], 5.0, "mlat")
    tracker = tracking.advance(tracking.start((), origin="ES"), plots, (EPOCH_S + 120) * S)
    picture = tracking.picture(tracker, (EPOCH_S + 120) * S, confirmed_only=True)
    assert picture.num_rows == 12
    assert tracking.counters(tracker)["born"] <= 14
    assert set(picture["on_ground"].to_pylist()) == {True}
    still = np.sort(np.hypot(picture["vn_mps"].to_numpy(), picture["ve_mps"].to_numpy()))[:6]
    assert still.max() < 2.0


def test_a_parked_aircraft_that_squitters_in_bursts_stays_one_track():
    rng = np.random.default_rng(9)
    t = np.concatenate([np.arange(0, 600, 15.0) + k for k in (0, 1, 2)])
    where = [t, np.full(t.size, 41.3), np.full(t.size, 2.08), np.full(t.size, 77)]
    plots = positions(rng, where, 5.0, "mlat")
    tracker = tracking.advance(tracking.start((), origin="ES"), plots, (EPOCH_S + 595) * S)
    assert tracking.counters(tracker)["born"] == 1
    assert tracking.counters(tracker)["alive"] == 1


def test_an_echo_beside_its_answer_makes_no_double():
    rng = np.random.default_rng(10)
    sky = fly(rng, 40, 120)
    site = radar("A", 43.0, 75.0)
    answers, truth = plots_table([observe(rng, sky, site, 120)], sky, identity="ssr")
    echoes, _ = plots_table([observe(rng, sky, site, 120)], sky, identity="psr")
    both = pa.concat_tables([answers, echoes])
    tracker = tracking.advance(tracking.start((site,), origin="KG"), both, (EPOCH_S + 120) * S)
    picture = tracking.picture(tracker, (EPOCH_S + 120) * S, confirmed_only=True)
    aircraft = len(np.unique(truth[truth >= 0]))
    assert aircraft <= picture.num_rows <= aircraft + 2
    assert len(set(picture["mode_3a"].drop_null().to_pylist())) == aircraft


def test_two_radars_that_are_not_registered_feed_one_track():
    rng = np.random.default_rng(12)
    sky = fly(rng, 60, 160)
    a, b = radar("A", 43.0, 75.0), radar("B", 43.5, 76.2)
    shifted = observe(rng, sky, b, 160)
    shifted["range_m"] = shifted["range_m"] + 120.0
    shifted["azimuth_deg"] = (shifted["azimuth_deg"] + 0.15) % 360
    plots, truth = plots_table([observe(rng, sky, a, 160), shifted], sky, identity="ssr")
    tracker = tracking.advance(tracking.start((a, b), origin="KG"), plots, (EPOCH_S + 160) * S)
    picture = tracking.picture(tracker, (EPOCH_S + 160) * S, confirmed_only=True)
    codes = picture["mode_3a"].drop_null().to_pylist()
    assert len(codes) - len(set(codes)) <= 1
    assert len(set(codes)) >= len(np.unique(truth[truth >= 0])) - 1


def test_a_navigation_that_jumps_keeps_its_number():
    rng = np.random.default_rng(13)
    t = np.arange(0, 120, 2.0)
    lat = 43.0 + t * 200 / 111_000
    lat[30:] += 3_000 / 111_000
    where = [t, lat, np.full(t.size, 75.0), np.full(t.size, 77)]
    plots = positions(rng, where, 20.0, "adsb", on_ground=False)
    tracker = tracking.advance(tracking.start((), origin="KG"), plots, (EPOCH_S + 119) * S)
    picture = tracking.picture(tracker, (EPOCH_S + 119) * S)
    assert picture.num_rows == 1
    assert picture["track"].to_pylist() == [1]
    assert abs(picture["lat_deg"][0].as_py() - (43.0 + 119 * 200 / 111_000 + 3_000 / 111_000)) < 0.001


def test_tracks_span_the_date_line_and_the_poles():
    rng = np.random.default_rng(14)
    t = np.arange(0, 240, 4.0)
    east = 179.9 + t * 250 / 111_320
    over_line = [t, np.zeros(t.size), (east + 180) % 360 - 180, np.full(t.size, 1)]
    along = 89.8 + t * 250 / 111_700
    lat = np.where(along > 90, 180 - along, along)
    over_pole = [t, lat, np.where(along > 90, -120.0, 60.0), np.full(t.size, 2)]
    both = [np.concatenate(c) for c in zip(over_line, over_pole, strict=True)]
    plots = positions(rng, both, 0.0, "adsb", on_ground=False)
    tracker = tracking.advance(tracking.start((), origin="KG"), plots, (EPOCH_S + 238) * S)
    picture = tracking.picture(tracker, (EPOCH_S + 238) * S, confirmed_only=True)
    assert tracking.counters(tracker)["born"] == 2
    assert np.hypot(picture["vn_mps"].to_numpy(), picture["ve_mps"].to_numpy()) == pytest.approx(250.0, abs=3)


def test_an_aircraft_that_is_gone_is_dropped_after_some_missed_turns():
    sensors = (Sensor(id="A", lat_deg=43.0, lon_deg=75.0, height_m=800.0, period_s=4.0),)
    _, plots, _ = world(15, 20, 60, "modes", sensors)
    tracker = tracking.advance(tracking.start(sensors, origin="KG"), plots, (EPOCH_S + 60) * S)
    begin = tracking.picture(tracker, (EPOCH_S + 60) * S, confirmed_only=True).num_rows
    tracker = tracking.advance(tracker, plots.slice(0, 0), (EPOCH_S + 65) * S)
    assert tracking.picture(tracker, (EPOCH_S + 65) * S, confirmed_only=True).num_rows == begin
    tracker = tracking.advance(tracker, plots.slice(0, 0), (EPOCH_S + 105) * S)
    assert tracking.picture(tracker, (EPOCH_S + 105) * S, confirmed_only=True).num_rows == 0
    # They wait under their numbers for a while, should they be seen again; then they end.
    tracker = tracking.advance(tracker, plots.slice(0, 0), (EPOCH_S + 160) * S)
    assert tracking.picture(tracker, (EPOCH_S + 160) * S).num_rows == 0
