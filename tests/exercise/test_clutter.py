"""What radars say falsely: as much as configured, each by its own switch, however time is cut."""

import math
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.errors import InputError
from asman.exercise.clutter import Clutter, false_plots, make_clutter
from asman.exercise.events import RadarJamming, Weather
from asman.exercise.interference import primary_factor
from asman.exercise.radars import make_radars
from asman.exercise.scenario import Scenario, parse_scenario
from asman.exercise.sky import FLIGHTS, Sky, make_sky
from asman.kernels import clutter as clu
from asman.kernels import meeting as met
from asman.kernels import radar as rad
from asman.model.sensor import Sensor

SECOND = 10**9
RAIN = Weather(lat_deg=43.4, lon_deg=74.9, radius_m=8_000.0, east_mps=12.0)
JAMMER = RadarJamming(lat_deg=43.5, lon_deg=73.8)


class World(NamedTuple):
    """An exercise as far as false plots need it."""

    scenario: Scenario
    sky: Sky
    radars: np.ndarray
    clutter: Clutter

    def false(self, begin_s=0.0, end_s=300.0):
        """False plots of all radars between two times [s], by time."""
        count = len(self.radars)
        begin, end = (np.full(count, round(s * SECOND), np.int64) for s in (begin_s, end_s))
        return self.within(begin, end)

    def within(self, begin, end):
        sky = self.sky
        ints, floats = false_plots(
            self.scenario, self.clutter, self.radars, sky.pieces, sky.first, sky.cycle_s, sky.phase_s,
            FLIGHTS, sky.equipment, (0.0, 1.0), sky.begin_ns, begin, end,
        )  # fmt: skip
        order = np.lexsort((ints[:, rad.CHANCE], ints[:, rad.RADAR], ints[:, rad.AT]))
        return ints[order], floats[order]

    def of(self, cause, begin_s=0.0, end_s=300.0):
        """Rows of one cause."""
        ints, floats = self.false(begin_s, end_s)
        return ints[ints[:, rad.CAUSE] == cause], floats[ints[:, rad.CAUSE] == cause]


def _world(scenario: Scenario, sky: Sky) -> World:
    radars = make_radars(scenario)
    return World(scenario, sky, radars, make_clutter(scenario, radars))


@pytest.fixture(scope="module")
def scenario(kant) -> Scenario:
    """Three radars at Bishkek, one of each sort, under plenty of traffic, rain and a jammer."""

    def radar(name, kind, sic, false):
        return Sensor(
            id=name, member="KG", kind=kind, lat_deg=43.06, lon_deg=74.48, height_m=640.0, period_s=5.0,
            range_max_m=380_000.0, false_plots_per_scan=false, sac=1, sic=sic,
        )  # fmt: skip

    sensors = (radar("both", "modes", 1, 20.0), radar("primary", "psr", 2, 30.0), radar("ssr", "ssr", 3, 6.0))
    effects = {"default": {"reflectors": 8, "ring_around": 0.2}, "both": {"psr": True}}
    changed = msgspec.structs.replace(
        kant, sensor=sensors, effects=effects, event=(RAIN, JAMMER), receivers={}, terrain=""
    )
    # Round the loop through TOML's own checks.
    changed.effects_of("both")
    return changed


@pytest.fixture(scope="module")
def sky(scenario) -> Sky:
    return make_sky(scenario)


@pytest.fixture(scope="module")
def world(scenario, sky) -> World:
    return _world(scenario, sky)


def _with(world, effects=None, event=None, sensor=None):
    """The world with other effects of all sensors, other events, or another value of each sensor."""
    old = world.scenario
    scenario = msgspec.structs.replace(
        old,
        effects={**old.effects, "default": {**old.effects["default"], **(effects or {})}},
        event=old.event if event is None else event,
        sensor=tuple(msgspec.structs.replace(one, **(sensor or {})) for one in old.sensor),
    )
    return _world(scenario, world.sky)


def test_every_cause_is_there(world):
    ints, _ = world.false()
    assert set(ints[:, rad.CAUSE]) == {
        rad.OF_REFLECTION, rad.OF_RING_AROUND, rad.OF_CLUTTER, rad.OF_SPOT, rad.OF_FRUIT, rad.OF_WEATHER,
        rad.OF_STROBE,
    }  # fmt: skip
    own = np.isin(ints[:, rad.CAUSE], (rad.OF_REFLECTION, rad.OF_RING_AROUND))
    assert (ints[own, rad.AIRCRAFT] >= 0).all() and (ints[~own, rad.AIRCRAFT] == -1).all()


def test_the_mean_number_of_false_plots_is_the_sensors_own(world):
    hours = 20.0
    scans = hours * 720.0
    quiet = _with(world, {"reflection": 0.0, "ring_around": 0.0}, ())
    ints, _ = quiet.false(0.0, hours * 3_600.0)
    for r, mean in enumerate((20.0, 30.0, 6.0)):
        count = (ints[:, rad.RADAR] == r).sum() / scans
        # Clutter fades for minutes and birds come and go: its mean is known less well than a Poisson mean.
        assert count == pytest.approx(mean, rel=0.04 if r < 2 else 4.0 / math.sqrt(scans * mean))
    spots = (ints[:, rad.CAUSE] == rad.OF_SPOT).sum() / scans
    assert spots == pytest.approx(0.6 * 50.0, rel=0.06)


def test_without_spots_or_a_primary_part_all_false_plots_come_from_anywhere(world):
    assert world.clutter.single == pytest.approx([8.0, 12.0, 6.0])
    assert set(world.clutter.scatterers[:, clu.OF_RADAR]) == {0.0, 1.0}
    for off in ({"clutter_map": 0.0}, {"clutter_spots": 0}):
        without = _with(world, off)
        assert without.clutter.single == pytest.approx([20.0, 30.0, 6.0])
        assert len(without.of(rad.OF_SPOT)[0]) == 0


def _nearest_before(ints, floats, period_s=5.0):
    """Distance [m] from each plot to the nearest one of the scan before, one radar's plots."""
    east = floats[:, rad.RANGE] * np.sin(floats[:, rad.AZIMUTH])
    north = floats[:, rad.RANGE] * np.cos(floats[:, rad.AZIMUTH])
    t = ints[:, rad.AT] / SECOND
    gaps = []
    for i in np.flatnonzero(t > t[0] + 2 * period_s):
        before = np.abs(t[i] - t - period_s) < 0.5 * period_s
        if before.any():
            gaps.append(np.hypot(east[before] - east[i], north[before] - north[i]).min())
    return np.array(gaps)


def test_clutter_stays_from_scan_to_scan_and_single_plots_do_not(world):
    share = {}
    for cause in (rad.OF_SPOT, rad.OF_CLUTTER):
        ints, floats = world.of(cause)
        mine = ints[:, rad.RADAR] == 1
        share[cause] = (_nearest_before(ints[mine], floats[mine]) < 400.0).mean()
    assert share[rad.OF_SPOT] > 0.4 and share[rad.OF_CLUTTER] < 0.01


def test_clutter_is_rather_near_and_within_reach(world):
    ints, floats = world.of(rad.OF_SPOT, 0.0, 3_600.0)
    for r in (0, 1):
        ranges = floats[ints[:, rad.RADAR] == r, rad.RANGE]
        far = world.radars[r, rad.PSR_RANGE_MAX]
        assert ranges.min() > world.radars[r, rad.RANGE_MIN] and ranges.max() < far
        assert np.median(ranges) < 0.5 * far


@pytest.mark.parametrize(
    ("cause", "effects", "event", "others_too"),
    [
        (rad.OF_REFLECTION, {"reflection": 0.0}, None, ()),
        (rad.OF_REFLECTION, {"reflectors": 0}, None, ()),
        (rad.OF_RING_AROUND, {"ring_around": 0.0}, None, ()),
        (rad.OF_WEATHER, None, (JAMMER,), ()),
        (rad.OF_STROBE, None, (RAIN,), ()),
        # What spots do not make, single plots do.
        (rad.OF_SPOT, {"clutter_map": 0.0}, None, (rad.OF_CLUTTER, rad.OF_FRUIT)),
    ],
)
def test_a_switch_takes_its_own_plots_away_and_leaves_all_others_to_the_last_bit(
    world, cause, effects, event, others_too
):
    ints, floats = world.false()
    without, values = _with(world, effects, event).false()
    keep = ~np.isin(ints[:, rad.CAUSE], (cause, *others_too))
    kept = ~np.isin(without[:, rad.CAUSE], others_too)
    assert (~keep).any() and not (without[:, rad.CAUSE] == cause).any()
    np.testing.assert_array_equal(without[kept], ints[keep])
    np.testing.assert_array_equal(values[kept], floats[keep])


def test_all_switches_off_leave_nothing(world):
    off = {"reflection": 0.0, "ring_around": 0.0}
    assert len(_with(world, off, (), {"false_plots_per_scan": 0.0}).false()[0]) == 0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.0, 60.0), min_size=1, max_size=5), st.integers(0, 100_000))
def test_false_plots_do_not_depend_on_how_time_is_cut(world, cuts, begin_s):
    low, high = begin_s * SECOND, (begin_s + 60) * SECOND
    edges = [low, *sorted(low + round(cut * SECOND) for cut in cuts), high]
    whole = world.within(np.full(3, low), np.full(3, high))
    parts = [world.within(np.full(3, a), np.full(3, b)) for a, b in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate([ints for ints, _ in parts]), whole[0])
    np.testing.assert_array_equal(np.concatenate([floats for _, floats in parts]), whole[1])


def test_every_radar_has_a_window_of_its_own(world):
    begin = np.array([0, 10, 40]) * SECOND
    end = np.array([0, 30, 60]) * SECOND
    ints, _ = world.within(begin, end)
    alone = [world.false(a / SECOND, b / SECOND)[0] for a, b in zip(begin, end, strict=True)]
    for r in range(3):
        own = alone[r][alone[r][:, rad.RADAR] == r]
        np.testing.assert_array_equal(ints[ints[:, rad.RADAR] == r], own)


def test_a_guess_of_room_that_is_too_small_is_made_good(world):
    # One second of a hundred-fold reflection: no guess foresees it.
    many = _with(world, {"reflectors": 99, "reflection": 1.0})
    ints, _ = many.of(rad.OF_REFLECTION, 0.0, 60.0)
    assert len(ints) > 1_000


def test_the_same_seed_gives_the_same_surroundings_and_another_others(scenario, sky, world):
    again = _world(scenario, sky).clutter
    np.testing.assert_array_equal(again.scatterers, world.clutter.scatterers)
    np.testing.assert_array_equal(again.reflectors, world.clutter.reflectors)
    other = _world(msgspec.structs.replace(scenario, seed=scenario.seed + 1), sky).clutter
    assert not np.array_equal(other.reflectors, again.reflectors)


def test_weather_and_jamming_weaken_primary_echoes_of_those_they_concern(world):
    hits, geometry = np.zeros((2, met.HIT_INTS), np.int64), np.zeros((2, met.HIT_FLOATS))
    geometry[:, met.HIT_RANGE], geometry[:, met.HIT_HEIGHT] = 80e3, 4_000.0
    # Behind the rain in the north-east, and nowhere.
    geometry[:, met.HIT_AZIMUTH] = np.radians([42.0, 200.0])
    factors = primary_factor(world.scenario, world.radars, hits, geometry)
    assert 0.4 < factors[0] < 0.7 and factors[1] > 0.98
    calm = msgspec.structs.replace(world.scenario, event=())
    assert primary_factor(calm, world.radars, hits, geometry).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("clutter_map", 1.5),
        ("clutter_spots", -1),
        ("reflectors", 1000),
        ("reflection", -0.1),
        ("ring_around", 2.0),
    ],
)
def test_effects_that_cannot_be_are_refused(world, key, value):
    with pytest.raises(InputError, match=f"effects.both.{key}: must be 0 to"):
        _with(world, {key: value})


@pytest.mark.parametrize(
    ("old", "new", "item"),
    [
        ('kind = "weather"', 'kind = "weather"\nloss = 1.2', "loss"),
        ('kind = "weather"', 'kind = "weather"\nplots_per_scan = -3.0', "plots_per_scan"),
        ('kind = "weather"', 'kind = "radar-jamming"\npower = 11.0', "power"),
    ],
)
def test_weather_and_jamming_that_cannot_be_are_refused(kant_text, old, new, item):
    event = f"\n[[event]]\n{old}\nlat_deg = 43.0\nlon_deg = 74.0\n".replace(old, new)
    if "weather" in new:
        event += "radius_m = 5000.0\n"
    with pytest.raises(InputError, match=rf"event\[\d+\].{item}: must be"):
        parse_scenario(kant_text + event, "kant.toml")
