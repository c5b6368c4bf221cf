"""Heights: of echoes that two radars see, of aircraft that tell both altitudes; what they do to places."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracking.sky import EPOCH_S, fly, metres, observe, plots_table, radar

from asman import tracking
from asman.model.plots import PLOTS
from asman.tracking.offsets import OFFSETS

S = 10**9
WEST, EAST = radar("W", 43.0, 74.3, kind="psr"), radar("E", 43.0, 75.7, kind="psr")


def followed(sensors, plots, seconds):
    tracker = tracking.advance(tracking.start(sensors, origin="KG"), plots, (EPOCH_S + seconds) * S)
    return tracking.picture(tracker, (EPOCH_S + seconds) * S, confirmed_only=True), tracker


def echoes(seed, sensors, count=80, seconds=180, **changes):
    rng = np.random.default_rng(seed)
    sky = fly(rng, count, seconds, spread_m=60_000.0, turning=False, **changes)
    plots, _ = plots_table([observe(rng, sky, s, seconds) for s in sensors], sky, identity="psr")
    return sky, plots


def pairs(picture, sky, second):
    """Rows of the picture and the aircraft each follows, within 500 m."""
    for i in range(picture.num_rows):
        lat, lon = picture["lat_deg"][i].as_py(), picture["lon_deg"][i].as_py()
        e, n = metres(lat, lon, sky.lat[:, second], sky.lon[:, second])
        who = int(np.argmin(np.hypot(e, n)))
        if np.hypot(e, n)[who] < 500:
            yield i, who, float(np.hypot(e, n)[who])


def test_two_radars_find_the_height_of_echoes_between_them():
    sky, plots = echoes(1, (WEST, EAST))
    picture, _ = followed((WEST, EAST), plots, 180)
    error, sigma = [], []
    for i, who, _ in pairs(picture, sky, 180):
        height = picture["geometric_altitude_m"][i].as_py()
        if height is not None:
            error.append(height - sky.altitude[who, 180])
            sigma.append(picture["geometric_sigma_m"][i].as_py())
    assert len(error) > 40
    assert np.median(np.abs(error)) < 300
    assert np.mean(np.abs(error) < 1.96 * np.array(sigma)) > 0.9
    assert set(picture["altitude_m"].to_pylist()) == {None}


def test_one_radar_alone_tells_no_height():
    _, plots = echoes(2, (WEST,))
    picture, _ = followed((WEST,), plots, 180)
    assert picture.num_rows > 40
    assert picture["geometric_altitude_m"].null_count == picture.num_rows
    assert picture["geometric_sigma_m"].null_count == picture.num_rows


def test_places_of_echoes_come_nearer_with_the_height():
    errors = {}
    for name, sensors in (("one", (WEST,)), ("two", (WEST, EAST))):
        sky, plots = echoes(3, sensors)
        picture, _ = followed(sensors, plots, 180)
        errors[name] = np.sqrt(np.mean([d * d for _, _, d in pairs(picture, sky, 180)]))
    assert errors["two"] < 0.8 * errors["one"]


def reports(rng, sky, seconds, offset, scale, spoofed=()):
    """ADS-B of every aircraft each second: pressure altitude told, height as it is."""
    rows = []
    for a in range(sky.lat.shape[0]):
        for t in range(seconds):
            pressure = np.round((sky.altitude[a, t] - offset) / scale / 7.62) * 7.62
            height = sky.altitude[a, t] + rng.normal(0, 8) + (9_000.0 if a in spoofed else 0.0)
            rows.append((t, np.degrees(sky.lat[a, t]), np.degrees(sky.lon[a, t]), pressure, height, a + 1))
    t, lat, lon, pressure, height, address = (np.array(c, float) for c in zip(*rows, strict=True))
    data = {
        "time": pa.array(((EPOCH_S + t) * 1e9).astype(np.int64)).cast(pa.timestamp("ns", "UTC")),
        "sensor": pa.array(["adsb"] * t.size).dictionary_encode(),
        "detection": pa.array(["adsb"] * t.size).dictionary_encode(),
        "lat_deg": pa.array(lat), "lon_deg": pa.array(lon),
        "pressure_altitude_m": pa.array(pressure), "geometric_altitude_m": pa.array(height),
        "address": pa.array(address.astype(np.int32)),
    }  # fmt: skip
    arrays = [data[f.name].cast(f.type) if f.name in data else pa.nulls(t.size, f.type) for f in PLOTS]
    return pa.Table.from_arrays(arrays, schema=PLOTS).sort_by("time")


@given(offset=st.floats(-200, 200), warm=st.floats(-0.04, 0.04), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=6)
def test_pressure_and_height_are_kept_apart_and_their_difference_is_learned(offset, warm, seed):
    rng = np.random.default_rng(seed)
    sky = fly(rng, 25, 90, spread_m=50_000.0, turning=False)
    picture, tracker = followed((), reports(rng, sky, 90, offset, 1 + warm), 89)
    for i, who, _ in pairs(picture, sky, 89):
        pressure = (sky.altitude[who, 89] - offset) / (1 + warm)
        assert picture["altitude_m"][i].as_py() == pytest.approx(pressure, abs=12)
        assert picture["geometric_altitude_m"][i].as_py() == pytest.approx(sky.altitude[who, 89], abs=45)
    told = tracking.pressure_offsets(tracker)
    assert told.schema == OFFSETS
    for row in told.to_pylist():
        # Where the aircraft fly, at 6 km or so: the line itself turns about that.
        middle = 0.4 * row["ground_offset_m"] + 0.6 * row["aloft_offset_m"]
        assert abs(middle - offset - warm * 6_000) < 3.5 * max(row["ground_sigma_m"], row["aloft_sigma_m"])


def test_radar_plots_of_others_are_placed_by_the_offset_that_was_learned():
    """Mode A/C traffic near a radar: 400 m between height and pressure altitude move it on the ground."""
    rng = np.random.default_rng(5)
    site = radar("A", 43.0, 75.0)
    sky = fly(rng, 60, 150, spread_m=35_000.0, turning=False)
    seen = observe(rng, sky, site, 150)
    real = seen["truth"] >= 0
    true_height = sky.at(seen["truth"].astype(int)[real], seen["t"][real])[2]
    seen["altitude"] = seen["altitude"].copy()
    seen["altitude"][real] = np.round((true_height - 400.0) / 30.48) * 30.48
    plots, _ = plots_table([seen], sky, identity="ssr")
    told = reports(rng, fly(rng, 12, 150, spread_m=50_000.0, turning=False), 150, 400.0, 1.0)
    both = pa.concat_tables([plots, told]).sort_by("time").unify_dictionaries()
    error = {}
    for name, table in (("alone", plots), ("with reports", both)):
        picture, _ = followed((site,), table, 149)
        mine = picture.filter(pa.array([a is None for a in picture["address"].to_pylist()]))
        error[name] = np.sqrt(np.mean([d * d for _, _, d in pairs(mine, sky, 149)]))
    assert error["with reports"] < 0.75 * error["alone"]
