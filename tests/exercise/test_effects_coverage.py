"""What can be seen: ridges hide, and truth says of each aircraft exactly whether a sensor could meet it."""

import msgspec
import numpy as np
import pytest
from tests.exercise.radar_scenes import SECOND, SITE, around, changed, empty, kept, polar, straight, swept_of

from asman.exercise import start, sweep, truth, without
from asman.exercise.elements import Traffic
from asman.kernels.motion import LINES_MAX
from asman.model.terrain import Terrain

STEP_DEG = 0.01
RIDGE_M = 3_500


def ridge() -> Terrain:
    """A plain at 600 m, and a wall across the east between 30 and 35 km from the radar."""
    lat = SITE[0] + 4.0 - STEP_DEG * np.arange(800)
    lon = SITE[1] - 5.5 + STEP_DEG * np.arange(1_100)
    east_m = (lon - SITE[1]) * 111_320.0 * np.cos(np.radians(SITE[0]))
    height = np.full((lat.size, lon.size), 600, np.int16)
    wall = (east_m > 30e3) & (east_m < 35e3)
    height[np.ix_(np.abs(lat - SITE[0]) < 1.5, wall)] = RIDGE_M
    return Terrain(
        height_m=height, north_deg=float(lat[0]), west_deg=float(lon[0]), step_lat_deg=STEP_DEG,
        step_lon_deg=STEP_DEG,
    )  # fmt: skip


@pytest.fixture(scope="module")
def low(plain):
    """Aircraft at 2 to 11 km that fly away to the east, over the wall, and to the west, over the plain."""
    flights = [
        straight(
            f"{side}{i}", around(course + 4.0 * (i - 4), 8e3), course + 4.0 * (i - 4), 200e3,
            altitude_m=2_000.0 + 1_000.0 * i, speed_mps=250.0,
        )
        for side, course in (("east", 90.0), ("west", 270.0))
        for i in range(10)
    ]  # fmt: skip
    effects = {"terrain": True, "horizon": True}
    return changed(empty(plain, *flights), {"period_s": 4.0, "range_max_m": 250e3}, effects)


def _with_terrain(scenario, span_s=600.0):
    exercise = start(scenario, terrain=ridge())
    begin = exercise.sky.begin_ns
    return exercise, sweep(exercise, begin, begin + round(span_s * SECOND))


def test_what_flies_behind_a_ridge_is_not_met_and_what_flies_over_it_is(low):
    exercise, swept = _with_terrain(low)
    everything, whole = swept_of(without(low, ("horizon", "terrain")), 600.0)
    seen = kept(whole, swept)
    e, n, u, height = polar(everything, whole.aircraft, whole.crossing_ns)
    range_m = np.sqrt(e * e + n * n + u * u)
    east = e > 0.0
    # Over the wall's top, from 700 m and on an effective earth: by angle, at the wall's near edge.
    earth = 4.0 / 3.0 * 6_371_008.8
    to_wall = 30e3 / np.maximum(e / np.hypot(e, n), 0.1)

    def angle(above_m, distance_m):
        return (above_m - 700.0) / distance_m - distance_m / (2.0 * earth)

    clear = angle(height, range_m) - np.maximum(
        angle(float(RIDGE_M), to_wall), angle(float(RIDGE_M), to_wall * 35.0 / 30.0)
    )
    behind = east & (range_m > 37e3 / 30e3 * to_wall)
    assert (behind & (clear < -0.004)).sum() > 150 and not seen[behind & (clear < -0.004)].any()
    assert (behind & (clear > 0.004)).sum() > 150 and seen[behind & (clear > 0.004) & (range_m < 249e3)].all()
    assert seen[east & (range_m < 29e3)].all()
    # Over the plain the ground is as smooth as without terrain: nobody within 150 km is lost above 2 km.
    assert seen[~east & (range_m < 150e3)].all() and exercise.world.masks is not None


def test_terrain_turned_off_hides_nothing_but_what_smooth_ground_does(low):
    _, without_terrain = _with_terrain(without(low, ("terrain",)))
    _, smooth = swept_of(low, 600.0)
    assert without_terrain.plots.equals(smooth.plots)


def _agrees(exercise, begin_s, end_s, period_s):
    """Truth and plots of perfect radars: observable aircraft are met within a turn, others never."""
    origin = exercise.sky.begin_ns
    swept = sweep(
        exercise, origin + round(begin_s * SECOND), origin + round((end_s + period_s + 1.0) * SECOND)
    )
    # At the very moment of a plot its aircraft is observable.
    some = np.arange(0, len(swept.aircraft), max(len(swept.aircraft) // 400, 1))
    table = truth(exercise, np.unique(swept.crossing_ns[some]))
    of = dict(
        zip(
            zip(table["time"].cast("int64").to_pylist(), table["aircraft"].to_pylist(), strict=True),
            table["observable"].to_pylist(), strict=True,
        )
    )  # fmt: skip
    keys = zip(swept.crossing_ns[some].tolist(), swept.aircraft[some].tolist(), strict=True)
    said = [of[key] for key in keys if key[1] >= 0]
    # A meeting is rounded to 1 ns, an aircraft at a limit may be on its other side.
    assert len(said) > 300 and np.mean(said) > 0.998
    # And who is observable is met in the turn that follows.
    times = origin + (np.arange(begin_s, end_s, 7.0) * SECOND).astype(np.int64)
    table = truth(exercise, times)
    when, who = table["time"].cast("int64").to_numpy(), table["aircraft"].to_numpy()
    seen = table["observable"].to_numpy(zero_copy_only=False)
    order = np.lexsort((swept.crossing_ns, swept.aircraft))
    aircraft, crossing = swept.aircraft[order], swept.crossing_ns[order]
    key = aircraft.astype(float) * 1e7 + (crossing - origin) / SECOND
    ask = who.astype(float) * 1e7 + (when - origin) / SECOND
    next_ = np.searchsorted(key, ask)
    met = (next_ < key.size) & (key[np.minimum(next_, key.size - 1)] - ask < period_s * 1.02)
    return seen, met


def _perfect(kant):
    sensors = tuple(
        msgspec.structs.replace(one, pd=1.0, period_s=4.0 + i, false_plots_per_scan=0.0)
        for i, one in enumerate(kant.sensor)
    )
    traffic = Traffic(airliners=80, overflights=30, dark=20, helicopters=10, fast_jets=10, low_flyers=10)
    scene = msgspec.structs.replace(kant, sensor=sensors, traffic=traffic, event=())
    quiet = without(scene, (
        "swerling", "tangential", "lobing", "shadow", "merge", "reflection", "ring-around", "split",
        "clutter", "site",
    ))  # fmt: skip
    default = {**quiet.effects["default"], "pd_psr": 1.0}
    return msgspec.structs.replace(quiet, effects={**quiet.effects, "default": default})


@pytest.mark.parametrize("terrain", [None, ridge()], ids=["smooth", "ridge"])
def test_who_is_observable_is_met_and_nobody_else(kant, terrain):
    scene = _perfect(kant)
    exercise = start(scene, terrain=terrain)
    longest = max(sensor.period_s for sensor in scene.sensor)
    seen, met = _agrees(exercise, 100.0, 300.0, longest)
    assert seen.sum() > 2_000 and (~seen).sum() > 200
    assert met[seen].mean() > 0.995
    # Who comes into view within the turn is met though not yet observable: of all others, few.
    assert met[~seen].mean() < 0.05


def test_viewers_are_as_many_as_the_radars_that_meet_the_aircraft(kant):
    scene = _perfect(kant)
    exercise = start(scene)
    origin, at = exercise.sky.begin_ns, 200
    table = truth(exercise, np.array([origin + at * SECOND]))
    longest = max(sensor.period_s for sensor in scene.sensor)
    swept = sweep(exercise, origin + at * SECOND, origin + round((at + longest * 1.02) * SECOND))
    radars = {}
    for who, radar in zip(swept.aircraft.tolist(), swept.radar.tolist(), strict=True):
        radars.setdefault(who, set()).add(radar)
    counted = np.array([len(radars.get(who, ())) for who in table["aircraft"].to_pylist()])
    viewers = table["viewers"].to_numpy()
    assert viewers.max() >= 4 and (counted == viewers).mean() > 0.95
    assert abs(int(counted.sum()) - int(viewers.sum())) < 0.02 * viewers.sum()


def test_who_has_no_transponder_is_observable_by_primary_radar_alone(plain):
    dark = straight("dark", around(45.0, 60e3), 45.0, transponder="none")
    for sensor, effects, observable in (
        ({}, {}, False), ({"kind": "psr"}, {}, True), ({}, {"psr": True, "psr_range_m": 100e3}, True),
        ({}, {"psr": True, "psr_range_m": 50e3}, False),
    ):  # fmt: skip
        exercise, swept = swept_of(changed(empty(plain, dark), sensor, {**effects, "pd_psr": 1.0}), 30.0)
        begin = exercise.sky.begin_ns
        table = truth(exercise, np.array([begin + 10 * SECOND]))
        assert table["observable"].to_pylist() == [observable]
        assert (len(swept.aircraft) > 0) == observable
        assert (swept.aircraft % LINES_MAX == 0).all()


def test_what_is_too_small_for_a_primary_radar_at_its_distance_is_not_observable(plain):
    """Of 2 m², 80 % at 187 km: 50 % is at 1.005 times the range; a 500th of that echoes 4.7 times nearer."""
    for rcs_m2, distance_m, observable in (
        (2.0, 240e3, True), (0.004, 60e3, False), (0.004, 45e3, True), (2.0, 260e3, False),
    ):  # fmt: skip
        flight = straight(
            "small", around(45.0, distance_m), 45.0, transponder="none", rcs_m2=rcs_m2, speed_mps=20.0,
            altitude_m=9_000.0,
        )  # fmt: skip
        radar = {"kind": "psr", "range_max_m": 250e3, "pd": 0.8}
        exercise = start(changed(empty(plain, flight), radar, {"swerling": True}))
        table = truth(exercise, np.array([exercise.sky.begin_ns + SECOND]))
        assert table["observable"].to_pylist() == [observable]
