"""What replies say: codes and altitudes missing, garbled and wrong as often as set, and identities shared."""

import msgspec
import numpy as np
import pytest
from tests.exercise.radar_scenes import (
    SECOND,
    apart_deg,
    around,
    as_likely_as,
    changed,
    column,
    empty,
    keys,
    straight,
    swept_of,
)

from asman.exercise import start
from asman.exercise.elements import Traffic
from asman.exercise.fleet import RESERVED_CODES
from asman.kernels.motion import LINES_MAX

HUNDRED_FEET_M = 30.48


def _mixed(plain, copies=4, **traffic):
    """Four radars under traffic of which half has Mode A/C only."""
    values = {"airliners": 60, "overflights": 60, "mode_ac": 0.5, "duplicate_address": 0.0,
              "duplicate_code": 0.0, "code_change": 0.0, **traffic}  # fmt: skip
    return changed(plain, copies=copies, traffic=Traffic(**values))


@pytest.fixture(scope="module")
def mixed(plain):
    return _mixed(plain)


@pytest.fixture(scope="module")
def true(mixed):
    """Every reply as it is."""
    return swept_of(mixed, 300.0)


def _null(swept, name):
    return ~swept.plots[name].combine_chunks().is_valid().to_numpy(zero_copy_only=False)


def _marked(swept, name):
    """Where the radar says that it doubts."""
    return ~swept.plots[name].fill_null(True).to_numpy()


def test_a_radar_without_such_faults_reads_every_reply(true):
    _, swept = true
    assert set(swept.plots["detection"].to_pylist()) == {"ssr", "modes"}
    assert not _null(swept, "mode_3a").any() and not _null(swept, "pressure_altitude_m").any()
    assert not _marked(swept, "mode_3a_valid").any() and not _marked(swept, "altitude_valid").any()
    assert not swept.garbled.any()
    mode_s = np.array([said == "modes" for said in swept.plots["detection"].to_pylist()])
    assert (_null(swept, "address") == ~mode_s).all() and (_null(swept, "callsign") == ~mode_s).all()


@pytest.mark.parametrize(
    ("effect", "column_name"), [("code_missing", "mode_3a"), ("altitude_missing", "pressure_altitude_m")]
)
def test_what_is_missing_is_missing_as_often_as_set_and_nothing_else_changes(
    mixed, true, effect, column_name
):
    _, right = true
    _, swept = swept_of(changed(mixed, effects={effect: 0.2}, copies=4), 300.0)
    missing = _null(swept, column_name)
    assert as_likely_as(missing, 0.2)
    assert (column(swept, column_name)[~missing] == column(right, column_name)[~missing]).all()
    valid = {"mode_3a": "mode_3a_valid", "pressure_altitude_m": "altitude_valid"}[column_name]
    for same in set(swept.plots.column_names) - {column_name, valid}:
        assert swept.plots[same].equals(right.plots[same])


@pytest.mark.parametrize(
    ("effect", "name", "valid"),
    [
        ("code_garbled", "mode_3a", "mode_3a_valid"),
        ("altitude_garbled", "pressure_altitude_m", "altitude_valid"),
    ],
)
def test_what_is_garbled_is_wrong_and_marked_as_often_as_set(mixed, true, effect, name, valid):
    _, right = true
    _, swept = swept_of(changed(mixed, effects={effect: 0.2}, copies=4), 300.0)
    garbled = _marked(swept, valid)
    assert as_likely_as(garbled, 0.2)
    assert ((swept.garbled > 0) == garbled).all()
    assert ((column(swept, name) != column(right, name)) == garbled).all()
    for same in set(swept.plots.column_names) - {name, valid}:
        assert swept.plots[same].equals(right.plots[same])
    wrong = column(swept, name)[garbled]
    if name == "mode_3a":
        assert wrong.min() >= 0 and wrong.max() < 4096 and np.unique(wrong).size > 1_000
    else:
        off = (wrong - column(right, name)[garbled]) / HUNDRED_FEET_M
        # Whole hundreds of feet, to both sides alike, never none.
        assert (
            np.abs(off - np.round(off)).max() < 1e-6 and np.abs(off).min() > 0.99 and np.abs(off).max() < 40.5
        )
        assert as_likely_as(off > 0.0, 0.5)


def test_wrong_values_of_mode_ac_have_no_mark_and_mode_s_has_none(mixed, true):
    """As many wrong codes as set, and as many wrong altitudes."""
    _, right = true
    _, swept = swept_of(changed(mixed, effects={"code_wrong": 0.05}, copies=4), 300.0)
    mode_s = np.array([said == "modes" for said in swept.plots["detection"].to_pylist()])
    assert 0.1 < mode_s.mean() < 0.9
    for name in ("mode_3a", "pressure_altitude_m"):
        wrong = column(swept, name) != column(right, name)
        assert not wrong[mode_s].any()
        assert as_likely_as(wrong[~mode_s], 0.05)
    assert not swept.garbled.any() and not _marked(swept, "mode_3a_valid").any()
    assert not _marked(swept, "altitude_valid").any()


def test_half_the_flights_change_their_code_once_on_the_way(plain):
    """Of flights that are flown from begin to end; the changes come well within them."""
    exercise = start(_mixed(plain, copies=1, code_change=0.5, airliners=400, overflights=0))
    steady = start(_mixed(plain, copies=1, airliners=400, overflights=0))
    assert exercise.sky.pieces.tobytes() == steady.sky.pieces.tobytes()
    lap = np.linspace(0.0, 1.0, 400, endpoint=False)
    lines = np.arange(400)
    changes, places = [], []
    for flight in (0, 1):
        own = lap[(lap >= 0.5 * flight) & (lap < 0.5 * flight + 0.45)]
        aircraft = np.repeat(flight * LINES_MAX + lines, own.size)
        code = exercise.sky.fleet.mode_3a(aircraft, np.tile(own, 400)).reshape(400, -1)
        before = steady.sky.fleet.mode_3a(aircraft, np.tile(own, 400)).reshape(400, -1)
        assert (before == before[:, :1]).all() and (code[:, 0] == before[:, 0]).all()
        step = code[:, 1:] != code[:, :-1]
        assert step.sum(axis=1).max() == 1
        changes.append(step.any(axis=1))
        places.append(own[1:][step.argmax(axis=1)][step.any(axis=1)] - 0.5 * flight)
        assert not np.isin(code, list(RESERVED_CODES)).any()
    assert as_likely_as(np.concatenate(changes), 0.5)
    assert np.concatenate(places).min() >= 0.1 and np.concatenate(places).max() <= 0.36


def test_a_code_change_is_heard_by_all_radars_at_the_same_time(plain):
    scene = _mixed(plain, copies=3, code_change=1.0)
    _, swept = swept_of(scene, 1_200.0)
    code, changed_ones = column(swept, "mode_3a"), 0
    for aircraft in np.unique(swept.aircraft):
        mine = swept.aircraft == aircraft
        # Plots are by time over all radars.
        steps = np.count_nonzero(np.diff(code[mine]))
        assert steps <= 1
        changed_ones += steps
    assert changed_ones > 10


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_as_many_flights_as_set_have_anothers_code(plain, share):
    fleet = start(_mixed(plain, copies=1, airliners=800, overflights=0, duplicate_code=share)).sky.fleet
    alone = start(_mixed(plain, copies=1, airliners=800, overflights=0)).sky.fleet
    aircraft = np.concatenate([np.arange(800) + k * LINES_MAX for k in (0, 1)])
    mine, own = fleet.mode_3a(aircraft), alone.mode_3a(aircraft)
    assert as_likely_as(mine != own, share)
    for k in (slice(0, 800), slice(800, None)):
        assert np.unique(own[k]).size == 800
        # It is the code of somebody who is there.
        assert np.isin(mine[k], own[k]).all()


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_as_many_airframes_as_set_have_anothers_address(plain, share):
    address = start(
        _mixed(plain, copies=1, airliners=800, overflights=0, duplicate_address=share)
    ).sky.fleet.address
    own = start(_mixed(plain, copies=1, airliners=800, overflights=0)).sky.fleet.address
    # One of 800 draws itself.
    assert np.unique(own).size == 800 and as_likely_as(address != own, share * (1.0 - 1.0 / 800.0))
    assert np.isin(address, own).all()


def _pairs(plain, kinds, aside_deg=0.0, behind_m=0.0, count=12, **sensor):
    """Pairs that fly away from the radar, one `behind_m` behind the other, or beside it."""
    flights = [
        straight(
            f"{i}{one}", around(30.0 * i + one * aside_deg, 50e3 + one * behind_m),
            30.0 * i + one * aside_deg, 200e3, speed_mps=200.0, altitude_m=8_000.0 + 300.0 * one,
            transponder=kind, mode_3a=f"{i + 10:02o}0{one}",
        )
        for i in range(count)
        for one, kind in enumerate(kinds)
    ]  # fmt: skip
    return changed(empty(plain, *flights), {"period_s": 2.0, **sensor}, copies=4)


@pytest.mark.parametrize(
    ("aside_deg", "behind_m", "overlap"),
    [
        (0.0, 2_500.0, True),
        (0.0, 3_400.0, False),
        (1.5, 500.0, True),
        (3.0, 0.0, False),
        (2.2, 2_800.0, True),
    ],
)
def test_mode_ac_replies_garble_one_another_within_a_reply_s_length_and_the_beam(
    plain, aside_deg, behind_m, overlap
):
    scene = _pairs(plain, ("mode_ac", "mode_ac"), aside_deg, behind_m)
    _, right = swept_of(scene, 120.0)
    _, swept = swept_of(changed(scene, effects={"garble": 0.4}, copies=4), 120.0)
    assert keys(swept) == keys(right) and len(swept.aircraft) > 5_000
    garbled = _marked(swept, "mode_3a_valid")
    assert as_likely_as(garbled, 0.4 if overlap else 0.0)
    assert (garbled == _marked(swept, "altitude_valid")).all()
    assert ((column(swept, "mode_3a") != column(right, "mode_3a")) == garbled).all()


def test_mode_s_replies_are_never_garbled(plain):
    scene = _pairs(plain, ("mode_s", "mode_ac"), 0.5, 800.0)
    _, swept = swept_of(changed(scene, effects={"garble": 1.0}, copies=4), 60.0)
    assert len(swept.aircraft) > 2_000 and not swept.garbled.any()
    # A radar without Mode S interrogates all at once: to it both garble.
    plainer = changed(scene, {"kind": "ssr"}, {"garble": 1.0}, copies=4)
    _, swept = swept_of(plainer, 60.0)
    mode_s = np.array([(line & 1) == 0 for line in (swept.aircraft % LINES_MAX).tolist()])
    assert set(swept.plots["detection"].to_pylist()) == {"ssr"}
    assert _marked(swept, "mode_3a_valid")[mode_s].all()


def test_garbling_asks_across_north(plain):
    scene = empty(
        plain,
        straight("a", around(359.7, 60e3), 359.7, 200e3, transponder="mode_ac", mode_3a="1001"),
        straight("b", around(0.3, 60.5e3), 0.3, 200e3, transponder="mode_ac", mode_3a="1002"),
    )
    _, swept = swept_of(changed(scene, effects={"garble": 1.0}, copies=4), 200.0)
    azimuth = column(swept, "azimuth_deg")
    assert np.abs(apart_deg(azimuth, 0.0)).max() < 0.5 and (azimuth > 180.0).any() and (azimuth < 180.0).any()
    assert _marked(swept, "mode_3a_valid").all()


def test_one_seed_says_the_same_twice_and_draws_of_one_fault_are_not_those_of_another(mixed, true):
    _, right = true
    both = changed(mixed, effects={"code_missing": 0.2, "altitude_missing": 0.2}, copies=4)
    _, swept = swept_of(both, 300.0)
    code, altitude = _null(swept, "mode_3a"), _null(swept, "pressure_altitude_m")
    assert as_likely_as(code & altitude, 0.04)
    _, again = swept_of(msgspec.structs.replace(both), 300.0)
    assert again.plots.equals(swept.plots)
    assert swept.crossing_ns.min() >= right.crossing_ns.min() - SECOND
