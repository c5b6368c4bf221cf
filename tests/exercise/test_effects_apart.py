"""Every effect of a radar alone: turning one off leaves all draws of the others as they were, bit for bit."""

import msgspec
import numpy as np
import pytest
from tests.exercise.radar_scenes import SECOND, keys, only

from asman.exercise import CATALOGUE, emissions, messages, start, sweep, without
from asman.exercise.radars import make_radars
from asman.kernels import radar as rad
from asman.wire.asterix.encode import encode

BEGIN_S, SPAN_S = 300, 150

#: What each effect may change in plots that are there with it and without it; None: it moves the meetings.
PLACE = {"range_m", "azimuth_deg"}
SPEECH = {"mode_3a", "pressure_altitude_m", "mode_3a_valid", "altitude_valid"}
READ = {*SPEECH, "address", "callsign", "detection"}
CHANGES = {
    # Who is detected decides what merges and garbles, and so what is said of its neighbours.
    "horizon": READ | PLACE, "cone": READ | PLACE, "terrain": set(),
    "swerling": READ | PLACE, "tangential": READ | PLACE, "lobing": READ | PLACE, "shadow": READ | PLACE,
    "bias": PLACE, "wobble": {"azimuth_deg"}, "clock": {"time"}, "site": None, "refraction": {"range_m"},
    "rotation": None, "outliers": {"azimuth_deg"}, "quantisation": {"time", *PLACE}, "codes": SPEECH,
    "garble": SPEECH, "merge": READ | PLACE, "split": set(), "clutter": set(), "reflection": set(),
    "ring-around": set(), "delivery": set(),
}  # fmt: skip
#: Effects that make plots of their own, which go with them.
MAKES = {"split": {rad.OF_SPLIT}, "reflection": {rad.OF_REFLECTION}, "ring-around": {rad.OF_RING_AROUND}}


@pytest.fixture(scope="module")
def loud(kant):
    """Kant's radars under its sky, every effect so large that it shows within minutes."""
    raised = {
        "lobing": 0.3, "shadow": 0.9, "outliers": 0.02, "code_wrong": 0.2, "garble": 1.0, "split": 0.02,
        "reflection": 0.9, "ring_around": 0.4, "ring_around_m": 40e3, "blind_mps": 30.0,
        "garble_m": 9_000.0, "ssr_beam_deg": 5.0, "psr_cell_m": 2_000.0, "ssr_cell_m": 2_000.0,
        "ssr_cell_deg": 4.0, "psr_cell_deg": 4.0, "datagram_loss": 0.05, "datagram_twice": 0.05,
        "psr": True, "reflectors": 6, "cone_deg": 10.0, "time_bias_sigma_s": 0.05,
    }  # fmt: skip
    sensors = tuple(
        msgspec.structs.replace(one, range_max_m=400e3) for one in kant.sensor if one.kind != "adsb"
    )
    traffic = msgspec.structs.replace(kant.traffic, mode_ac=0.5, airliners=200, formations=6)
    return msgspec.structs.replace(kant, sensor=sensors, traffic=traffic, effects={"default": raised})


def _swept(scenario):
    exercise = start(scenario)
    begin = exercise.sky.begin_ns + BEGIN_S * SECOND
    return exercise, sweep(exercise, begin, begin + SPAN_S * SECOND)


@pytest.fixture(scope="module")
def everything(loud):
    return _swept(loud)


def test_the_list_of_effects_is_whole(loud):
    """What is not on it is no radar's: it changes no number of any."""
    for effect in CATALOGUE:
        if effect.name not in CHANGES:
            assert np.array_equal(make_radars(without(loud, (effect.name,))), make_radars(loud)), effect.name
    assert set(CHANGES) <= {effect.name for effect in CATALOGUE}


def test_every_cause_of_a_calm_day_is_among_the_plots(everything):
    _, swept = everything
    assert set(swept.cause) == {
        rad.OF_AIRCRAFT, rad.OF_SPLIT, rad.OF_REFLECTION, rad.OF_RING_AROUND, rad.OF_CLUTTER, rad.OF_SPOT,
        rad.OF_FRUIT,
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name, columns in CHANGES.items() if columns is not None])
def test_an_effect_turned_off_changes_its_own_and_nothing_else(loud, everything, name):
    _, on = everything
    _, off = _swept(without(loud, (name,)))
    columns = CHANGES[name]
    # False plots have their own tests.
    own = {rad.OF_AIRCRAFT, rad.OF_SPLIT} - MAKES.get(name, set())
    here, there = (only(one, np.isin(one.cause, list(own))) for one in (on, off))
    places = {key: row for row, key in enumerate(keys(there))}
    common = np.array([key in places for key in keys(here)])
    rows = np.array([places[key] for key in keys(here) if key in places])
    assert rows.size > 5_000
    before = here.plots.filter(common)
    after = there.plots.take(rows)
    for column in before.column_names:
        if column not in columns:
            assert before[column].equals(after[column]), column
    if name in ("bias", "wobble", "clock", "refraction", "outliers", "quantisation", "codes", "garble"):
        assert common.all() and rows.size == len(there.aircraft)
        valid = {"mode_3a_valid", "altitude_valid"}
        assert not any(before[column].equals(after[column]) for column in columns - valid)


@pytest.mark.parametrize("name", ["delivery", "split", "reflection", "ring-around", "codes"])
def test_what_is_off_leaves_none_of_it(loud, name):
    exercise, swept = _swept(without(loud, (name,)))
    begin = exercise.sky.begin_ns
    if name in MAKES:
        assert not np.isin(swept.cause, list(MAKES[name])).any()
    if name == "codes":
        own = swept.cause == rad.OF_AIRCRAFT
        said = only(swept, own).plots
        reply = np.array([detection != "psr" for detection in said["detection"].to_pylist()])
        assert said["mode_3a"].filter(reply).null_count == 0
    if name == "delivery":
        sent = emissions(exercise, begin, begin + 20 * SECOND, encode)
        assert len(set(sent)) == len(sent)
        again = messages(exercise, begin + SECOND, begin + 19 * SECOND)
        sectors = sum(one.octets[0] == 34 for one in sent)
        assert sectors >= again.num_rows - again["north"].to_pylist().count(True)


def test_an_ideal_radar_is_one_with_all_off(kant):
    """What is left is what the sensor's owner says of it: noise, probability of detection, false plots."""
    exercise, swept = _swept(without(kant, ("all",)))
    for i, sensor in enumerate(kant.sensor):
        radar = exercise.world.radars[i]
        named = [
            rad.JITTER, rad.RANGE_BIAS, rad.RANGE_GAIN, rad.AZIMUTH_BIAS, rad.WOBBLE, rad.SWING_RANGE,
            rad.SWING_AZIMUTH, rad.TIME_BIAS, rad.CLOCK_DRIFT, rad.REFRACTIVITY, rad.OUTLIERS, rad.QUANTISED,
            rad.SWERLING, rad.BLIND_SPEED, rad.LOBING, rad.SHADOW, rad.CLUTTER_MAP, rad.REFLECTION, rad.RING,
            rad.CODE_MISSING, rad.CODE_GARBLED, rad.ALTITUDE_MISSING, rad.ALTITUDE_GARBLED, rad.CODE_WRONG,
            rad.GARBLE, rad.MERGE, rad.SPLIT, rad.LATENCY_MORE, rad.LOSS, rad.TWICE, rad.HAS_HORIZON,
            rad.HAS_TERRAIN, rad.RANGE_MIN,
        ]  # fmt: skip
        if radar[rad.RANGE_MAX] > 0.0:
            assert not radar[named].any(), sensor.id
            assert radar[rad.CONE_SINE] == 1.0 and radar[rad.PD_SSR] == sensor.pd
    assert set(swept.cause) <= {rad.OF_AIRCRAFT, rad.OF_CLUTTER, rad.OF_FRUIT, rad.OF_SPOT}
