"""Placing of plots: right on average, with honest covariance, and turned as the beam points."""

import math

import numpy as np
import pytest
from tests.kernels.rows import no_tracks

from asman.kernels.geodesy import ecef_to_enu, ecef_to_lla, lla_to_ecef, lla_to_polar
from asman.kernels.placing import LANES, PLOT, PRESSURE_SIGMA_M, place_plots
from asman.kernels.trackrows import from_plane, recentre, set_plane, to_plane
from asman.model.sensor import Sensor
from asman.tracking.intake import sensor_records

SITE = (43.0, 75.0, 900.0)


def placed(range_m, azimuth, altitude, **changes):
    """Plots of one radar, placed."""
    sensor = Sensor(id="r", lat_deg=SITE[0], lon_deg=SITE[1], height_m=SITE[2], kind="psr", **changes)
    plots = np.recarray(len(range_m), PLOT)
    plots.range_m, plots.azimuth, plots.altitude_m = range_m, azimuth, altitude
    plots.height_m = math.nan
    plots.sensor = 0
    place_plots(plots, sensor_records((sensor,)))
    return plots


def covariance(plots):
    ee, en, nn = ((plots[f"r{a}"] + plots[f"h{a}"]).mean() for a in ("ee", "en", "nn"))
    return np.array([[ee, en], [en, nn]])


def offsets(plots, lat, lon):
    x, y, z = lla_to_ecef(lat, lon, 0.0)
    turn = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
    return np.array([ecef_to_enu(p.x - x, p.y - y, p.z - z, *turn)[:2] for p in plots])


@pytest.mark.parametrize("target", [(43.9, 75.2, 10_000.0), (43.0, 79.5, 11_000.0), (42.95, 75.03, 3_000.0)])
def test_noisy_plots_with_altitude_scatter_as_their_covariance_says(target):
    rng = np.random.default_rng(2)
    lat, lon = map(math.radians, target[:2])
    range_m, azimuth, _ = lla_to_polar(lat, lon, target[2], math.radians(43.0), math.radians(75.0), 900.0)
    size = 20_000
    plots = placed(
        range_m + rng.normal(0, 60, size),
        azimuth + rng.normal(0, math.radians(0.1), size),
        target[2] + rng.normal(0, 120, size),
        sigma_range_m=60.0,
        sigma_azimuth_deg=0.1,
    )
    error = offsets(plots, lat, lon)
    cov = np.cov(error.T)
    assert np.abs(error.mean(axis=0)).max() < 4 * math.sqrt(max(cov[0, 0], cov[1, 1]) / size) + 0.5
    said = covariance(plots)
    np.testing.assert_allclose(said, cov, rtol=0.06, atol=0.03 * np.trace(cov))


def test_a_plot_is_placed_alone_as_it_is_among_many():
    rng = np.random.default_rng(5)
    size = 2 * LANES + 9
    sensors = sensor_records(
        (
            Sensor(id="a", lat_deg=43.0, lon_deg=75.0, height_m=900.0),
            Sensor(id="b", lat_deg=-89.9, lon_deg=180.0, kind="psr"),
            Sensor(id="c", kind="adsb", lat_deg=0.0, lon_deg=0.0, sigma_azimuth_deg=0.0),
        )
    )
    plots = np.zeros(size, PLOT).view(np.recarray)
    plots.sensor = rng.integers(0, 3, size)
    plots.range_m = np.where(plots.sensor == 2, math.nan, rng.uniform(1.0, 400_000.0, size))
    plots.azimuth = np.where(rng.random(size) < 0.1, math.nan, rng.uniform(0.0, 2.0 * math.pi, size))
    plots.altitude_m = np.where(rng.random(size) < 0.3, math.nan, rng.uniform(-300.0, 60_000.0, size))
    plots.height_m = np.where(rng.random(size) < 0.5, math.nan, plots.altitude_m)
    plots.lat, plots.lon = rng.uniform(-1.5, 1.5, size), rng.uniform(-3.0, 3.0, size)
    alone = plots.copy()
    place_plots(plots, sensors)
    for i in range(size):
        place_plots(alone[i : i + 1], sensors)
    for name in PLOT.names or ():
        np.testing.assert_array_equal(plots[name], alone[name])
    assert np.isfinite(plots.x).sum() > LANES


def test_without_an_altitude_the_covariance_holds_what_that_may_cost():
    rng = np.random.default_rng(3)
    lat, lon = math.radians(43.3), math.radians(75.0)
    for altitude in rng.uniform(1_500, 8_000, 20):
        range_m, azimuth, _ = lla_to_polar(lat, lon, altitude, math.radians(43.0), math.radians(75.0), 900.0)
        plots = placed(np.array([range_m]), azimuth, math.nan)
        error = offsets(plots, lat, lon)[0]
        assert error @ np.linalg.solve(covariance(plots), error) < 9.0


@pytest.mark.parametrize("target", [(43.9, 75.2, 10_000.0), (43.0, 78.0, 11_000.0), (43.0, 79.5, 3_000.0)])
def test_a_wrong_altitude_moves_a_place_by_what_its_covariance_says(target):
    """Against the geometry itself: the same range and azimuth, placed a metre higher."""
    lat, lon = map(math.radians, target[:2])
    range_m, azimuth, _ = lla_to_polar(lat, lon, target[2], math.radians(43.0), math.radians(75.0), 900.0)
    low, high = (
        placed(np.array([range_m]), azimuth, altitude)[0] for altitude in (target[2], target[2] + 1.0)
    )
    moved = math.dist((low.x, low.y, low.z), (high.x, high.y, high.z))
    assert math.sqrt(low.hee + low.hnn) / PRESSURE_SIGMA_M == pytest.approx(moved, rel=0.03)


def test_a_place_goes_into_a_plane_and_back():
    track = no_tracks(1).row[0]
    lat, lon = math.radians(61.0), math.radians(-150.0)
    set_plane(lat, lon, *lla_to_ecef(lat, lon, 0.0), track.plane)
    point = lla_to_ecef(math.radians(61.08), math.radians(-149.9), 0.0)
    e, n = to_plane(*point, track.plane)
    back = ecef_to_lla(*from_plane(e, n, track.plane))
    np.testing.assert_allclose(np.degrees(back[:2]), [61.08, -149.9], atol=1e-8)


def test_a_fresh_plane_leaves_place_velocity_and_covariance_as_they_were():
    track = no_tracks(1).row[0]
    lat, lon = math.radians(61.0), math.radians(179.95)
    set_plane(lat, lon, *lla_to_ecef(lat, lon, 0.0), track.plane)
    track.x[:] = track.state[:] = [11_000.0, 9_000.0, 200.0, 50.0]
    track.p[:] = [900.0, 300.0, 2500.0, 10.0, 3.0, -4.0, 20.0, 25.0, 5.0, 36.0]
    track.mu[:] = 0.25
    place = from_plane(11_000.0, 9_000.0, track.plane)
    ahead = np.array(from_plane(11_200.0, 9_050.0, track.plane))
    recentre(track)
    assert np.hypot(*track.state[:2]) < 1e-6
    np.testing.assert_allclose(from_plane(0.0, 0.0, track.plane), place, atol=1e-6)
    np.testing.assert_allclose(from_plane(*track.state[2:], track.plane), ahead, atol=0.5)
    np.testing.assert_allclose(np.hypot(*track.state[2:]), np.hypot(200, 50), rtol=1e-12)
    see, sen, snn = track.cov[:3]
    np.testing.assert_allclose(see + snn, 3400.0)
    np.testing.assert_allclose(see * snn - sen**2, 900.0 * 2500.0 - 300.0**2)
