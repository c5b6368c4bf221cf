"""What a radar detects: each effect loses the share that its theory says, and none when it is off."""

import math

import numpy as np
import pytest
from tests.exercise.radar_scenes import (
    SITE,
    around,
    as_likely_as,
    changed,
    column,
    empty,
    expected,
    kept,
    moved,
    straight,
    swept_of,
)

from asman.exercise.elements import ScriptedFlight, Waypoint

RCS_M2 = (0.05, 2.0, 40.0)
FALSE_ALARM = 1e-6


@pytest.fixture(scope="module")
def primary(plain):
    """Four primary radars that see all within 150 km, and aircraft of three sizes that come to them."""
    flights = [
        straight(
            f"{rcs}-{i}", around(37.0 * i, 190e3), 37.0 * i + 180.0, 380e3, speed_mps=500.0,
            altitude_m=4_000.0 + 700.0 * i, rcs_m2=rcs, transponder="none",
        )
        for i in range(9)
        for rcs in (RCS_M2[i % 3],)
    ]  # fmt: skip
    sensor = {"kind": "psr", "period_s": 1.0, "range_max_m": 150e3, "pd": 1.0}
    return changed(empty(plain, *flights), sensor, copies=4)


@pytest.fixture(scope="module")
def echoes(primary):
    """Every meeting of those radars, with range and cross-section."""
    exercise, whole = swept_of(primary, 700.0)
    range_m, *_ = expected(exercise, whole)
    return exercise, whole, range_m, exercise.sky.rcs_m2[whole.aircraft % (1 << 20)]


def test_without_swerling_every_echo_has_the_same_probability(primary, echoes):
    _, whole, range_m, _ = echoes
    assert len(range_m) > 5_000
    _, part = swept_of(changed(primary, {"pd": 0.7}, copies=4), 700.0)
    seen = kept(whole, part)
    for near, far in ((0.0, 60e3), (60e3, 110e3), (110e3, 150e3)):
        assert as_likely_as(seen[(range_m >= near) & (range_m < far)], 0.7)


@pytest.mark.parametrize(("pd", "reference_m2"), [(0.8, 2.0), (0.9, 10.0)])
def test_primary_detection_follows_swerling_in_range_and_cross_section(primary, echoes, pd, reference_m2):
    _, whole, range_m, rcs = echoes
    sensor, effects = {"pd": pd}, {"swerling": True, "psr_rcs_m2": reference_m2}
    _, part = swept_of(changed(primary, sensor, effects, copies=4), 700.0)
    seen = kept(whole, part)
    # Marcum and Swerling, one hit: Pd = F^(1 / (1 + S)); S goes with the fourth power of range.
    reference = math.log(FALSE_ALARM) / math.log(pd) - 1.0
    signal = reference * rcs / reference_m2 * (0.75 * 150e3 / range_m) ** 4
    p = FALSE_ALARM ** (1.0 / (1.0 + signal))
    for size in RCS_M2:
        for low in range(0, 150, 25):
            bin_ = (rcs == size) & (range_m >= low * 1e3) & (range_m < (low + 25) * 1e3)
            assert bin_.sum() > 200 and as_likely_as(seen[bin_], p[bin_]), (size, low)
    # The point that the numbers are meant for.
    there = (rcs == 2.0) & (np.abs(range_m - 112.5e3) < 4e3)
    if reference_m2 == 2.0:
        assert as_likely_as(seen[there], p[there]) and abs(p[there].mean() - pd) < 0.02


def test_a_drone_is_seen_nearer_than_an_airliner(primary, echoes):
    _, whole, range_m, rcs = echoes
    _, part = swept_of(changed(primary, {"pd": 0.8}, {"swerling": True}, copies=4), 700.0)
    seen = kept(whole, part)

    def half_way(size):
        share = [
            seen[(rcs == size) & (np.abs(range_m - at) < 5e3)].mean() for at in np.arange(10e3, 150e3, 10e3)
        ]
        return 10e3 * (1 + sum(one > 0.5 for one in share))

    drone, light, airliner = (half_way(size) for size in RCS_M2)
    # The fourth root of the ratio of cross-sections.
    assert drone <= 80e3 and light > 1.8 * drone and airliner >= light
    assert seen[(rcs == 0.05) & (range_m > 120e3)].mean() < 0.05
    assert seen[(rcs == 40.0) & (range_m > 120e3)].mean() > 0.9


def test_who_flies_across_is_lost_in_the_clutter_filter(plain):
    flights = [
        straight(
            f"f{i}", moved(*around(72.0 * i, 60e3), 72.0 * i + 90.0, -20e3), 72.0 * i + 90.0, 40e3,
            speed_mps=100.0, altitude_m=5_000.0,
        )
        for i in range(5)
    ]  # fmt: skip
    scene = changed(empty(plain, *flights), {"kind": "psr", "period_s": 1.0}, copies=4)
    exercise, whole = swept_of(scene, 380.0, begin_s=5.0)
    _, part = swept_of(changed(scene, effects={"blind_mps": 15.0}, copies=4), 380.0, begin_s=5.0)
    seen = kept(whole, part)
    before, after = (expected(exercise, whole, later_s=s)[0] for s in (-0.5, 0.5))
    radial = after - before
    p = 1.0 - 0.9 * np.exp(-((radial / 15.0) ** 2))
    for low, high in ((0.0, 4.0), (4.0, 10.0), (10.0, 20.0), (20.0, 60.0)):
        bin_ = (np.abs(radial) >= low) & (np.abs(radial) < high)
        assert bin_.sum() > 200 and as_likely_as(seen[bin_], p[bin_])
    assert seen[np.abs(radial) < 1.0].mean() < 0.2 < seen[np.abs(radial) > 30.0].mean()


@pytest.mark.parametrize(("share", "mast_m"), [(0.3, 20.0), (0.9, 8.0)])
def test_replies_are_lost_in_the_minima_of_the_vertical_diagram(plain, share, mast_m):
    scene = changed(plain, effects={"mast_m": mast_m}, copies=4)
    exercise, whole = swept_of(scene, 120.0)
    _, part = swept_of(changed(scene, effects={"lobing": share}, copies=4), 120.0)
    seen = kept(whole, part)
    sine = np.maximum(np.sin(np.radians(expected(exercise, whole)[2])), 0.0)
    lobe = 0.5 + 0.5 * np.cos(4.0 * np.pi * mast_m / 0.275 * sine)
    p = 1.0 - share * lobe * np.exp(-sine / 0.1)
    for minimum in (lobe < 0.1, (lobe > 0.3) & (lobe < 0.7), (lobe > 0.9) & (sine < 0.05), sine > 0.05):
        assert minimum.sum() > 100 and as_likely_as(seen[minimum], p[minimum])
    assert seen[(lobe > 0.9) & (sine < 0.03)].mean() < seen[lobe < 0.1].mean()


def _turning(name, side, centre, bank_deg=45.0, **other):
    """A flight that turns half a circle about a place: to the left (-1) or to the right (+1)."""
    radius = 200.0**2 / 9.80665 / math.tan(math.radians(bank_deg))
    begin = moved(*moved(*centre, -90.0 * side, radius), 180.0, 2_000.0)
    corner = moved(*centre, -90.0 * side, radius)
    away = moved(*moved(*centre, 90.0 * side, radius), 180.0, 30e3)
    return ScriptedFlight(
        id=name, waypoint=tuple(Waypoint(*place) for place in (begin, corner, away)), speed_mps=200.0,
        bank_deg=bank_deg, **other,
    )  # fmt: skip


def test_a_banked_aircraft_loses_replies_only_to_radars_on_its_right_side(plain):
    """In a right turn the lower antenna looks away from who stands to the right."""
    flights = [
        _turning(f"{'left' if side < 0 else 'right'}{i}", side, around(40.0 * i, 50e3 + 15e3 * i), begin_s=i)
        for i in range(9)
        for side in (-1.0, 1.0)
    ]
    sensor = {"period_s": 1.0}
    scene = changed(empty(plain, *flights), sensor, copies=8)
    exercise, whole = swept_of(scene, 90.0)
    _, part = swept_of(changed(scene, sensor, {"shadow": 0.6}, copies=8), 90.0)
    seen = kept(whole, part)
    # Of the whole's own record of motion the signs are checked: against the script, and PROJ.
    north, east, _, turn = whole.motion[:, :4].T
    name = np.array(exercise.sky.fleet.callsigns)[2 * (whole.aircraft % (1 << 20))]
    scripts = {line: flight for flight, line in exercise.sky.scripts.items()}
    right = np.array([scripts[line].startswith("right") for line in (whole.aircraft % (1 << 20)).tolist()])
    turning = np.abs(turn) > 1e-6
    assert name.size and (turn[turning & right] > 0).all() and (turn[turning & ~right] < 0).all()
    azimuth = np.radians(column(whole, "azimuth_deg"))
    # To the radar is the reverse of its azimuth; right of the course is the course turned by 90 degrees.
    # Meridians converge by some tenths of a degree over 100 km: far from what the draws can tell.
    course = np.arctan2(east, north)
    aside = np.sin(azimuth + np.pi - course)
    bank = np.arctan(200.0 * turn / 9.80665)
    assert np.abs(np.abs(bank[turning]) - math.radians(45.0)).max() < 0.01
    loss = 0.6 * np.clip((np.sin(bank) * aside - 0.17) / 0.5, 0.0, 1.0)
    outside = (np.sin(bank) * aside) < 0.15
    assert (~seen).sum() > 100 and seen[outside].all() and seen[~turning].all()
    for low, high in ((0.01, 0.2), (0.2, 0.4), (0.4, 0.61)):
        bin_ = (loss > low) & (loss < high)
        assert bin_.sum() > 300 and as_likely_as(seen[bin_], 1.0 - loss[bin_])
    assert as_likely_as(seen[loss > 0.599], 0.4)


def test_nearer_than_the_shortest_range_and_above_the_cone_nothing_is_seen(plain):
    over = straight("over", moved(*SITE, 200.0, 60e3), 20.0, 120e3, altitude_m=9_000.0)
    scene = changed(empty(plain, over), {"period_s": 1.0}, {"cone_deg": 90.0, "range_min_m": 0.0})
    exercise, whole = swept_of(scene, 590.0)
    range_m, _, elevation_deg, _ = expected(exercise, whole)
    assert range_m.min() < 8_700.0 and elevation_deg.max() > 80.0
    _, far = swept_of(changed(scene, {"period_s": 1.0}, {"range_min_m": 20e3}), 590.0)
    assert (kept(whole, far) == (range_m >= 20e3)).all()
    _, low = swept_of(changed(scene, {"period_s": 1.0}, {"cone_deg": 35.0}), 590.0)
    assert (kept(whole, low) == (elevation_deg <= 35.0)).all()
    # Both as the catalogue says: gone, and no plot more is lost.
    gaps = np.diff(np.sort(whole.crossing_ns)) / 1e9
    assert gaps.max() < 1.6


def test_a_primary_radar_of_a_pair_sees_no_farther_than_its_own_range(plain):
    out = straight("out", around(10.0, 20e3), 10.0, 120e3, altitude_m=9_000.0)
    sensor = {"period_s": 1.0, "kind": "modes"}
    effects = {"psr": True, "psr_range_m": 80e3, "pd_psr": 1.0}
    exercise, whole = swept_of(changed(empty(plain, out), sensor, effects), 590.0)
    range_m, *_ = expected(exercise, whole)
    both = np.array([said == "modes+psr" for said in whole.plots["detection"].to_pylist()])
    assert (both == (range_m <= 80e3)).all() and both.any() and not both.all()
