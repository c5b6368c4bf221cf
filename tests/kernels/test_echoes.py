"""Aircraft where they are not: mirror images obey the law of reflection, rings keep their range."""

import math

import numpy as np
import pyproj
import pytest
from scipy import stats

from asman.kernels import echoes as ech
from asman.kernels import radar as rad

SECOND = 10**9
AIR = (100.0, 1.02)


def _reflector(azimuth_deg=90.0, distance=2_000.0, facing_deg=300.0, width_deg=8.0):
    values = [
        0.0,
        0.0,
        math.radians(azimuth_deg),
        distance,
        math.radians(facing_deg),
        math.radians(width_deg),
    ]
    return np.array([values])


def _local(site, places):
    """East, north, up [m] of lat, lon, height from the site: by PROJ."""
    pipeline = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=cart +ellps=WGS84 +step +proj=topocentric +ellps=WGS84"
        f" +lon_0={site.lon} +lat_0={site.lat} +h_0={site.height}"
    )
    lat, lon, height = (np.array(column) for column in zip(*places, strict=True))
    return np.stack(pipeline.transform(np.radians(lon), np.radians(lat), height, radians=True), 1)


def _over(site, azimuth_deg, ground_m, height):
    lon, lat, _ = pyproj.Geod(ellps="WGS84").fwd(site.lon, site.lat, azimuth_deg, ground_m)
    return lat, lon, height


def _way_by(wall, aircraft):
    """Azimuth [rad] of, and whole way [m] by, the point of a wall's plane where the way is shortest.

    Searched: light takes the shortest way (Fermat). None where that point is not on the wall, or the wall
    looks away.
    """
    azimuth, distance, facing, width = wall[0, 2:6]
    foot = distance * np.array([math.sin(azimuth), math.cos(azimuth), 0.0])
    normal = np.array([math.sin(facing), math.cos(facing), 0.0])
    along = np.array([normal[1], -normal[0], 0.0])
    if (aircraft - foot) @ normal <= 0.0:
        return None
    low, high = -20_000.0, 20_000.0

    def way(s):
        # The height on the plane follows from the parts of the way on both sides of it.
        before, after = (abs((p - foot) @ normal) for p in (np.zeros(3), aircraft))
        q = foot + s * along + np.array([0.0, 0.0, aircraft[2] * before / (before + after)])
        return np.linalg.norm(q) + np.linalg.norm(aircraft - q), q

    for _ in range(200):
        third = (high - low) / 3.0
        if way(low + third)[0] < way(high - third)[0]:
            high -= third
        else:
            low += third
    length, q = way(0.5 * (low + high))
    seen = math.atan2(q[0], q[1])
    aside = (seen - azimuth + math.pi) % (2.0 * math.pi) - math.pi
    return (seen, length) if abs(aside) < 0.5 * width else None


def test_an_aircraft_is_seen_in_the_mirror_where_the_shortest_way_by_it_leads(
    site, radar_row, hovering, rows
):
    places = [_over(site, a, g, 9_000.0) for a in range(0, 360, 2) for g in (20e3, 60e3, 110e3)]
    wall = _reflector()
    radar = radar_row(HAS_SSR=1.0, HAS_MODES=1.0, REFLECTION=1.0)
    worn = np.full(len(places), rad.MODE_S)
    ints, floats = rows(ech.reflections, radar, wall, *hovering(*places), 1, worn, AIR, seconds=(0.0, 50.0))
    expected = {i: way for i, p in enumerate(_local(site, places)) if (way := _way_by(wall, p)) is not None}
    assert len(expected) > 5 and set(ints[:, rad.AIRCRAFT]) == set(expected)
    assert len(ints) == 10 * len(expected) and set(ints[:, rad.CAUSE]) == {rad.OF_REFLECTION}
    for row, plot in zip(ints, floats, strict=True):
        azimuth, length = expected[row[rad.AIRCRAFT]]
        assert plot[rad.RANGE] == pytest.approx(length, abs=0.5)
        assert plot[rad.AZIMUTH] == pytest.approx(azimuth, abs=2e-5)
        turns = (row[rad.AT] / SECOND - radar[0, rad.PHASE]) / 5.0
        assert turns % 1.0 == pytest.approx(azimuth / (2.0 * math.pi), abs=1e-5)
    altitude = (9_000.0 - 100.0) / 1.02
    assert np.abs(floats[:, rad.PRESSURE] - altitude).max() <= 12.5 * rad.FOOT_M + 1e-6


def test_who_has_no_transponder_or_is_too_far_is_not_in_the_mirror(site, radar_row, hovering, rows):
    wall = _reflector(width_deg=14.0)
    places = [_over(site, a, 60e3, 9_000.0) for a in range(360)]
    sky = hovering(*places)

    def count(worn, **radar):
        radar = radar_row(**{"HAS_SSR": 1.0, "REFLECTION": 1.0, **radar})
        return len(rows(ech.reflections, radar, wall, *sky, 1, np.full(360, worn), AIR)[0])

    assert count(rad.MODE_AC) > 500
    assert count(rad.DARK) == 0
    assert count(rad.MODE_AC, REFLECTION=0.0) == 0
    assert count(rad.MODE_AC, HAS_SSR=0.0) == 0
    assert count(rad.MODE_AC, RANGE_MAX=50e3) == 0


def test_a_reply_is_doubled_in_its_share(site, radar_row, hovering, rows):
    worn, wall = np.full(60, rad.MODE_S), _reflector(width_deg=14.0)
    sky = hovering(*[_over(site, 329.0 + 0.05 * i, 60e3, 9_000.0) for i in range(60)])

    def count(share):
        radar = radar_row(HAS_SSR=1.0, REFLECTION=share)
        return len(rows(ech.reflections, radar, wall, *sky, 1, worn, AIR, seconds=(0.0, 1000.0))[0])

    every = count(1.0)
    assert every == 60 * 200
    assert count(0.15) / every == pytest.approx(0.15, abs=4.0 * math.sqrt(0.15 * 0.85 / every))


def _rings(radar_row, hovering, rows, places, worn, seconds=(0.0, 20_000.0), **radar):
    radar = radar_row(**{"HAS_SSR": 1.0, "RING": 0.1, "RING_RANGE": 9_000.0, **radar})
    worn = np.full(len(places), worn)
    return rows(ech.rings, radar, *hovering(*places), 1, worn, AIR, seconds=seconds)


def test_a_near_aircraft_rings_at_its_own_range_and_any_other_azimuth(site, radar_row, hovering, rows):
    near, far = _over(site, 40.0, 6e3, 4_000.0), _over(site, 40.0, 20e3, 4_000.0)
    ints, floats = _rings(radar_row, hovering, rows, [far, near], rad.MODE_S)
    east, north, up = _local(site, [near])[0]
    assert set(ints[:, rad.AIRCRAFT]) == {1} and set(ints[:, rad.CAUSE]) == {rad.OF_RING_AROUND}
    assert floats[:, rad.RANGE] == pytest.approx(math.sqrt(east**2 + north**2 + up**2), abs=0.01)
    aside = (floats[:, rad.AZIMUTH] - math.atan2(east, north)) % (2.0 * math.pi)
    beam = math.radians(2.4)
    assert aside.min() > beam and aside.max() < 2.0 * math.pi - beam
    assert stats.kstest((aside - beam) / (2.0 * math.pi - 2.0 * beam), "uniform").pvalue > 1e-3
    assert set(ints[:, rad.SEEN]) == {rad.SSR} and not np.isnan(floats[:, rad.PRESSURE]).any()


def test_rings_are_as_many_as_their_share_says(site, radar_row, hovering, rows):
    places = [_over(site, 3.0 * i, 6e3, 4_000.0) for i in range(100)]
    ints, _ = _rings(radar_row, hovering, rows, places, rad.MODE_S, seconds=(0.0, 5_000.0))
    # They come 1 to 7 at a time, 4 in the mean; a share of 4.8 of 360 degrees is the main beam's own.
    asked = 100 * 1000 * 0.1 * (1.0 - 4.8 / 360.0)
    assert len(ints) == pytest.approx(asked, abs=4.0 * math.sqrt(asked * 20.0 / 4.0))
    per_scan = np.unique(ints[:, [rad.AT, rad.AIRCRAFT]], axis=0)
    assert len(per_scan) == len(ints)


def test_a_primary_radar_rings_with_what_has_no_transponder(site, radar_row, hovering, rows):
    near = [_over(site, 40.0, 6e3, 4_000.0)]
    ints, floats = _rings(radar_row, hovering, rows, near, rad.DARK)
    assert set(ints[:, rad.SEEN]) == {rad.PSR} and np.isnan(floats[:, rad.PRESSURE]).all()
    assert len(_rings(radar_row, hovering, rows, near, rad.DARK, HAS_PSR=0.0)[0]) == 0
    ints, _ = _rings(radar_row, hovering, rows, near, rad.MODE_S, HAS_SSR=0.0)
    assert set(ints[:, rad.SEEN]) == {rad.PSR}


@pytest.mark.parametrize("off", [{"RING": 0.0}, {"RING_RANGE": 0.0}, {"RING_RANGE": 5_000.0}])
def test_nothing_rings_where_it_is_switched_off_or_farther(site, radar_row, hovering, rows, off):
    near = [_over(site, 40.0, 6e3, 4_000.0)]
    assert len(_rings(radar_row, hovering, rows, near, rad.MODE_S, **off)[0]) == 0


def test_who_joins_a_sky_changes_nobody_elses_echoes(site, radar_row, hovering, rows):
    places = [_over(site, 353.4 + 0.02 * i, 4_360.0, 3_000.0) for i in range(18)]
    wall = _reflector(width_deg=14.0)
    radar = radar_row(HAS_SSR=1.0, RING=0.5, RING_RANGE=9_000.0, REFLECTION=0.5)
    for kernel, walls in ((ech.reflections, (wall,)), (ech.rings, ())):
        before, after = (
            rows(kernel, radar, *walls, *hovering(*places[:n]), 1, np.full(n, rad.MODE_S), AIR)
            for n in (17, 18)
        )
        others = after[0][:, rad.AIRCRAFT] != 17
        assert 0 < len(before[0]) < len(after[0])
        np.testing.assert_array_equal(after[0][others], before[0])
        np.testing.assert_array_equal(after[1][others], before[1])
