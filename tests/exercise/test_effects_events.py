"""What happens in an exercise takes effect at its time, to whom it is about, and to nobody before."""

from itertools import pairwise

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exercise.radar_scenes import SECOND, around, changed, column, empty, kept, keys, only, straight

from asman.exercise import amend, emissions, inject, messages, start, sweep, truth
from asman.exercise.elements import Traffic
from asman.exercise.events import (
    AddressChange,
    CodeChange,
    Emergency,
    Launch,
    Outage,
    TransponderLost,
    Weather,
)
from asman.kernels.motion import LINES_MAX
from asman.wire.asterix.encode import encode

BEGIN_S, END_S, SPAN_S = 61.3, 140.7, 200.0


@pytest.fixture(scope="module")
def before(plain):
    """A Mode S radar and a Mode A/C one, both with a primary part, under a small sky."""
    scene = changed(plain, effects={"psr": True, "pd_psr": 1.0, "psr_range_m": 400e3}, copies=2)
    first, second = scene.sensor
    traffic = Traffic(airliners=25, overflights=25, mode_ac=0.0, code_change=0.0)
    sensors = (first, msgspec.structs.replace(second, kind="ssr"))
    return start(msgspec.structs.replace(scene, sensor=sensors, traffic=traffic))


def _swept(exercise, begin_s=0.0, end_s=SPAN_S):
    origin = exercise.sky.begin_ns
    return sweep(exercise, origin + round(begin_s * SECOND), origin + round(end_s * SECOND))


@pytest.fixture(scope="module")
def quiet(before):
    return _swept(before)


def _during(exercise, swept):
    seconds = (swept.crossing_ns - exercise.sky.begin_ns) / SECOND
    return (seconds >= BEGIN_S) & (seconds < END_S)


def _line(swept):
    """The airframe that has most plots."""
    counts = np.bincount(swept.aircraft % LINES_MAX)
    return int(counts.argmax())


def _same_but(quiet, swept, rows, columns):
    """Nothing differs but these columns in these rows."""
    assert keys(quiet) == keys(swept)
    assert only(quiet, ~rows).plots.equals(only(swept, ~rows).plots)
    for name in quiet.plots.column_names:
        if name not in columns:
            assert quiet.plots[name].equals(swept.plots[name]), name


def _said(swept, rows, name):
    return swept.plots[name].filter(pa.array(rows)).to_pylist()


@pytest.mark.parametrize("code", ["7700", "7600", "7500"])
def test_an_emergency_is_squawked_from_its_begin_to_its_end(before, quiet, code):
    line = _line(quiet)
    who = f"address:{before.sky.fleet.address[line]:06x}"
    exercise = inject(before, Emergency(who=who, code=code, begin_s=BEGIN_S, end_s=END_S))
    swept = _swept(exercise)
    rows = _during(exercise, swept) & (swept.aircraft % LINES_MAX == line)
    assert rows.sum() > 20
    _same_but(quiet, swept, rows, {"mode_3a"})
    assert set(_said(swept, rows, "mode_3a")) == {int(code, 8)}


def test_a_code_change_and_an_address_change_are_heard_at_their_time(before, quiet):
    line = _line(quiet)
    who = f"address:{before.sky.fleet.address[line]:06x}"
    mine = quiet.aircraft % LINES_MAX == line
    exercise = inject(before, CodeChange(who=who, mode_3a="4321", begin_s=BEGIN_S, end_s=END_S))
    rows = mine & _during(exercise, quiet)
    swept = _swept(exercise)
    _same_but(quiet, swept, rows, {"mode_3a"})
    assert set(_said(swept, rows, "mode_3a")) == {0o4321}
    exercise = inject(before, AddressChange(who=who, address=0xABCDEF, begin_s=BEGIN_S))
    swept = _swept(exercise)
    seconds = (swept.crossing_ns - exercise.sky.begin_ns) / SECOND
    by_name = mine & (np.array([said.startswith("modes") for said in swept.plots["detection"].to_pylist()]))
    rows = by_name & (seconds >= BEGIN_S)
    _same_but(quiet, swept, rows, {"address"})
    assert set(_said(swept, rows, "address")) == {0xABCDEF}
    assert set(_said(swept, by_name & ~rows, "address")) == {int(before.sky.fleet.address[line])}


def test_a_lost_transponder_leaves_the_echo_and_a_lost_encoder_the_code(before, quiet):
    line = _line(quiet)
    who = f"address:{before.sky.fleet.address[line]:06x}"
    mine = quiet.aircraft % LINES_MAX == line
    rows = mine & _during(before, quiet)
    swept = _swept(inject(before, TransponderLost(who=who, what="altitude", begin_s=BEGIN_S, end_s=END_S)))
    _same_but(quiet, swept, rows, {"pressure_altitude_m", "altitude_valid"})
    assert set(_said(swept, rows, "pressure_altitude_m")) == {None}
    swept = _swept(inject(before, TransponderLost(who=who, what="all", begin_s=BEGIN_S, end_s=END_S)))
    _same_but(
        quiet, swept, rows,
        {"detection", "mode_3a", "mode_3a_valid", "altitude_valid", "pressure_altitude_m", "address",
         "callsign"},
    )  # fmt: skip
    assert set(_said(swept, rows, "detection")) == {"psr"}
    for gone in ("mode_3a", "pressure_altitude_m", "address", "callsign"):
        assert set(_said(swept, rows, gone)) == {None}


@pytest.mark.parametrize(
    ("part", "left"), [("all", set()), ("psr", {"modes"}), ("ssr", {"psr"})]
)  # fmt: skip
def test_an_outage_silences_its_part_of_its_sensor_for_its_time(before, quiet, part, left):
    exercise = inject(before, Outage(sensor="R0", part=part, begin_s=BEGIN_S, end_s=END_S))
    swept = _swept(exercise)
    out = _during(exercise, quiet) & (quiet.radar == 0)
    assert out.sum() > 300
    still = kept(quiet, swept)
    assert still[~out].all()
    hit = _during(exercise, swept) & (swept.radar == 0)
    assert only(quiet, ~out).plots.equals(only(swept, ~hit).plots)
    assert set(_said(swept, hit, "detection")) == left
    if part == "ssr":
        assert set(_said(swept, hit, "mode_3a")) == {None}
    # Sector messages stop where nothing works.
    origin = exercise.sky.begin_ns
    said = messages(exercise, origin, origin + round(SPAN_S * SECOND))
    when = (said["time"].cast("int64").to_numpy() - origin) / SECOND
    of_it = np.array([sensor == "R0" for sensor in said["sensor"].to_pylist()])
    within = (when > BEGIN_S + 0.01) & (when < END_S - 0.01)
    assert (of_it & within).any() == (part != "all") and (~of_it & within).any()
    assert (of_it & (when < BEGIN_S)).sum() > 300 and (of_it & (when > END_S)).sum() > 300


def test_truth_counts_no_sensor_that_is_out(before):
    origin = before.sky.begin_ns
    times = origin + np.array([BEGIN_S - 1.0, BEGIN_S, END_S - 0.001, END_S]) * SECOND
    exercise = before
    for sensor in ("R0", "R1"):
        exercise = inject(exercise, Outage(sensor=sensor, begin_s=BEGIN_S, end_s=END_S))
    table = truth(exercise, times.astype(np.int64))
    when = table["time"].cast("int64").to_numpy()
    seen = np.array([table["viewers"].to_numpy()[when == at].max() for at in np.unique(when)])
    assert seen.tolist() == [2, 0, 0, 2]


EVENTS = st.sampled_from(
    [
        lambda who, s: Emergency(who=who, begin_s=s),
        lambda who, s: CodeChange(who=who, mode_3a="1234", begin_s=s),
        lambda who, s: AddressChange(who=who, address=1, begin_s=s),
        lambda who, s: TransponderLost(who=who, begin_s=s),
        lambda _, s: Outage(sensor="R1", begin_s=s),
        lambda _, s: Weather(lat_deg=43.2, lon_deg=74.8, radius_m=9e3, begin_s=s),
        lambda _, s: Launch(flight=straight("late", around(10.0, 30e3), 80.0), begin_s=s),
    ]
)


@settings(max_examples=14, deadline=None)
@given(make=EVENTS, at_s=st.floats(20.0, 60.0), cuts=st.lists(st.floats(0.0, 80.0), max_size=4))
def test_what_lies_before_an_event_stays_bit_for_bit_however_time_is_cut(before, quiet, make, at_s, cuts):
    line = _line(quiet)
    exercise = inject(before, make(f"address:{before.sky.fleet.address[line]:06x}", at_s))
    edges = [0.0, *sorted(cuts), 80.0]
    parts = [_swept(exercise, a, b) for a, b in pairwise(edges)]
    whole = _swept(exercise, 0.0, 80.0)
    assert pa.concat_tables([part.plots for part in parts]).equals(whole.plots)
    earlier, was = _swept(exercise, 0.0, at_s), _swept(before, 0.0, at_s)
    assert earlier.plots.equals(was.plots) and (earlier.aircraft == was.aircraft).all()
    origin, end = before.sky.begin_ns, before.sky.begin_ns + int(at_s * SECOND)
    assert emissions(exercise, origin + 10 * SECOND, end, encode) == emissions(
        before, origin + 10 * SECOND, end, encode
    )
    assert not _swept(exercise, at_s, 200.0).plots.equals(_swept(before, at_s, 200.0).plots)


def test_an_event_that_is_amended_ends_at_its_new_end(before, quiet):
    line = _line(quiet)
    who = f"address:{before.sky.fleet.address[line]:06x}"
    open_end = inject(before, Emergency(who=who, begin_s=BEGIN_S))
    ended = amend(open_end, 0, Emergency(who=who, begin_s=BEGIN_S, end_s=END_S))
    swept = _swept(ended)
    rows = _during(ended, swept) & (swept.aircraft % LINES_MAX == line)
    _same_but(quiet, swept, rows, {"mode_3a"})
    assert set(_said(swept, rows, "mode_3a")) == {0o7700}


def test_a_flight_that_is_launched_appears_at_its_time_and_changes_nobody(before, quiet):
    flight = straight("late", around(10.0, 30e3), 80.0, begin_s=5.0, altitude_m=6_000.0)
    exercise = inject(before, Launch(flight=flight, begin_s=BEGIN_S))
    swept = _swept(exercise)
    line = exercise.sky.scripts["late"]
    mine = swept.aircraft % LINES_MAX == line
    assert only(swept, ~mine).plots.equals(quiet.plots)
    first = (swept.crossing_ns[mine].min() - exercise.sky.begin_ns) / SECOND
    assert BEGIN_S + 5.0 <= first < BEGIN_S + 5.0 + 5.0 and mine.sum() > 20


def test_an_event_about_one_of_two_flights_leaves_the_other(plain):
    scene = empty(
        plain,
        straight("a", around(80.0, 40e3), 80.0, callsign="AAA1", mode_3a="1111"),
        straight("b", around(120.0, 40e3), 120.0, callsign="BBB2", mode_3a="2222"),
    )
    exercise = inject(start(scene), Emergency(who="callsign:BBB2", begin_s=BEGIN_S))
    swept = _swept(exercise)
    seconds = (swept.crossing_ns - exercise.sky.begin_ns) / SECOND
    first = np.array([said == "AAA1" for said in swept.plots["callsign"].to_pylist()])
    code = column(swept, "mode_3a")
    assert set(code[first]) == {0o1111}
    assert set(code[~first & (seconds < BEGIN_S)]) == {0o2222}
    assert set(code[~first & (seconds >= BEGIN_S)]) == {0o7700}
