"""The simulated sky: endless, continuous, and true to its own velocities."""

import msgspec
import numpy as np
import pyproj

from asman.exercise import start, truth
from asman.exercise.elements import Traffic
from asman.exercise.scenario import with_aircraft
from asman.kernels.motion import LINES_MAX
from asman.kernels.radar import DARK
from asman.model.truth import TRUTH, TRUTH_TOLD

ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
SECOND = 10**9


def _at(exercise, seconds):
    """Truth columns by name at seconds after the begin; time as seconds."""
    times = exercise.sky.begin_ns + (np.asarray(seconds) * SECOND).astype(np.int64)
    table = truth(exercise, times)
    columns = {name: table[name].to_numpy() for name in table.column_names if name != "time"}
    columns["s"] = (table["time"].cast("int64").to_numpy() - exercise.sky.begin_ns) / SECOND
    columns["xyz"] = np.array(ECEF.transform(columns["lon_deg"], columns["lat_deg"], columns["altitude_m"])).T
    return columns


def test_truth_has_the_schema_everybody_knows(exercise):
    assert truth(exercise, np.array([exercise.sky.begin_ns])).schema == TRUTH_TOLD
    assert TRUTH_TOLD.names[: len(TRUTH)] == TRUTH.names


def test_about_nine_of_ten_airframes_fly_at_any_time_even_after_a_week(exercise):
    for day in (0, 1, 7):
        flying = _at(exercise, [day * 86_400.0])["aircraft"].size
        assert 0.75 * len(exercise.sky.kinds) < flying <= len(exercise.sky.kinds)


def test_who_has_landed_is_replaced_by_another_flight(exercise):
    first = set(_at(exercise, [0.0])["aircraft"].tolist())
    later = set(_at(exercise, [12 * 3600.0])["aircraft"].tolist())
    assert len(first & later) < 0.05 * len(first)
    lines = len(exercise.sky.kinds)
    assert {number % LINES_MAX for number in later} <= set(range(lines))


def test_velocity_is_the_derivative_of_position(exercise):
    """PROJ's earth-centred positions 0.1 s before and after give the speed that truth claims."""
    step = 0.1
    seconds = np.arange(600.0, 7_200.0, 131.0)
    before, now, after = (_at(exercise, seconds + k * step) for k in (-1, 0, 1))
    row_of = [
        {key: row for row, key in enumerate(zip(np.round(t["s"] - k * step, 3), t["aircraft"], strict=True))}
        for k, t in zip((-1, 0, 1), (before, now, after), strict=True)
    ]
    both = [key for key in row_of[1] if key in row_of[0] and key in row_of[2]]
    rows = [np.array([index[key] for key in both]) for index in row_of]
    measured = (after["xyz"][rows[2]] - before["xyz"][rows[0]]) / (2 * step)
    claimed = np.array([now[name][rows[1]] for name in ("vn_mps", "ve_mps", "vu_mps")])
    difference = np.abs(np.linalg.norm(measured, axis=1) - np.linalg.norm(claimed, axis=0))
    assert len(both) > 5_000
    # Where a climb begins or ends inside the step, the difference is half the change; nowhere else is any.
    assert np.quantile(difference, 0.99) < 0.02
    assert difference.max() < 10.0


def test_no_aircraft_jumps(exercise):
    states = _at(exercise, np.arange(0.0, 7_200.0, 1.0))
    order = np.lexsort((states["s"], states["aircraft"]))
    aircraft, xyz = states["aircraft"][order], states["xyz"][order]
    same = aircraft[1:] == aircraft[:-1]
    assert np.linalg.norm(np.diff(xyz, axis=0), axis=1)[same].max() < 290.0


def test_a_formation_stays_together_and_only_its_leader_answers(kant):
    scenario = msgspec.structs.replace(kant, traffic=Traffic(formations=1, formation_size=3))
    exercise = start(scenario)
    assert exercise.sky.equipment.tolist()[1:] == [DARK, DARK]
    states = _at(exercise, np.arange(0.0, 40_000.0, 60.0))
    for second in np.unique(states["s"]):
        xyz = states["xyz"][states["s"] == second]
        if len(xyz) == 3:
            assert np.linalg.norm(xyz - xyz[0], axis=1).max() < 4_000.0


def test_five_thousand_aircraft_have_addresses_of_their_own(kant):
    alone = msgspec.structs.replace(kant.traffic, duplicate_address=0.0)
    sky = start(with_aircraft(msgspec.structs.replace(kant, traffic=alone), 5_000)).sky
    assert len(sky.kinds) == 5_000
    assert np.unique(sky.fleet.address).size == 5_000
    assert ((sky.fleet.address > 0) & (sky.fleet.address < 1 << 24)).all()


def test_codes_are_unique_in_the_sky_and_change_with_each_flight(exercise):
    fleet = exercise.sky.fleet
    now = _at(exercise, [3_600.0])["aircraft"]
    assert np.unique(fleet.mode_3a(now)).size == now.size
    assert (fleet.mode_3a(now) != fleet.mode_3a(now + LINES_MAX)).all()
    assert all(0 < len(callsign) <= 8 and callsign.isalnum() for callsign in fleet.callsigns)
