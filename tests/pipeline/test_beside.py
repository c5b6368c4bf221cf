"""What a node offers beside tracks, and what it keeps of partners: examples, bounds, and who says what."""

import numpy as np
import pyarrow as pa
import pytest
from tests.sharing.making import tracks

from asman.apps import partnered
from asman.edge.noun_messages import Handover, HeardAsk, Identify, Saying
from asman.kernels.geodesy import lla_to_polar_array
from asman.model.contribution import SCHEMAS, Contribution
from asman.model.sensor import Sensor
from asman.pipeline import heard, node, offering, saying, warned
from asman.pipeline.covering import MOST_CELLS, covered
from asman.pipeline.heard import Heard
from asman.pipeline.node import Inputs
from asman.pipeline.saying import Assertion, Sayings
from asman.pipeline.warned import Warnings

S = 10**9
RADAR = Sensor(id="hill", lat_deg=42.9, lon_deg=74.6, height_m=900.0, range_max_m=200_000.0)


def squawking(code, *numbers):
    return tracks([{"track": one, "mode_3a": code} for one in numbers])


def looked(warnings, table, seconds, begin_s=0, silent=()):
    for second in range(begin_s, begin_s + seconds):
        warnings = warned.look(warnings, table, (RADAR,), silent, second * S)
    return warnings


def test_a_code_of_distress_warns_once_it_has_lasted_and_not_when_it_flickers():
    assert not looked(Warnings(), squawking(0o7700, 1), 4).told
    held = looked(Warnings(), squawking(0o7700, 1), 8)
    assert [(one.code, one.track, one.number, one.closed_ns) for one in held.told] == [
        ("EMERGENCY_7700", 1, 1, None)
    ]
    flickers = looked(looked(held, squawking(0o1234, 1), 20, 8), squawking(0o7700, 1), 5, 28)
    assert [one.closed_ns for one in flickers.told] == [None]
    over = looked(held, squawking(0o1234, 1), 31, 8)
    assert over.told[0].closed_ns is not None
    assert not looked(over, squawking(0o1234, 1), 61, 39).told
    again = looked(over, squawking(0o7700, 1), 2, 39)
    assert [(one.number, one.closed_ns, one.began_ns) for one in again.told] == [(1, None, 39 * S)]


def test_a_warning_does_not_end_with_its_track():
    held = looked(Warnings(), squawking(0o7500, 1), 8)
    gone = looked(held, squawking(0o1234, 2), 600, 8)
    assert [(one.code, one.closed_ns) for one in gone.told] == [("EMERGENCY_7500", None)]


def test_a_silent_sensor_warns_and_what_has_no_room_is_counted(monkeypatch):
    held = looked(Warnings(), squawking(0o1234, 1), 8, silent=("hill",))
    assert [(one.code, one.severity, one.track) for one in held.told] == [
        ("SENSOR_DEGRADED", "CAUTION", None)
    ]
    monkeypatch.setattr(warned, "MOST_WARNINGS", 2)
    full = looked(Warnings(), squawking(0o7600, 1, 2, 3), 8)
    assert len(full.told) == 2 and full.dropped == 8


def batch(what, rows, now_ns=0, label="kg-ru//REL KG RU//UNTIL 2030-01-01"):
    plain = {**dict.fromkeys(SCHEMAS[what].names), "time": now_ns, "lat_deg": 42.0, "lon_deg": 74.0,
             "simulated": True, "origin": "RU", "label": label}  # fmt: skip
    return offering._table([{**plain, **row} for row in rows], SCHEMAS[what])


def test_a_later_row_of_the_same_replaces_and_the_first_hearing_is_remembered():
    kept = heard.take(
        Heard(), "RU", "warnings", batch("warnings", [{"warning": 1, "state": "active"}]), 1 * S
    )
    kept = heard.take(kept, "RU", "warnings", batch("warnings", [{"warning": 2}]), 2 * S)
    kept = heard.take(kept, "RU", "warnings", batch("warnings", [{"warning": 1, "state": "closed"}]), 3 * S)
    rows = heard.rows(kept, "RU", "warnings")
    assert rows["warning"].to_pylist() == [2, 1] and rows["state"].to_pylist() == [None, "closed"]
    assert rows["first"].cast(pa.int64()).to_pylist() == [2 * S, 1 * S]
    assert rows["last"].cast(pa.int64()).to_pylist() == [2 * S, 3 * S]
    assert not len(heard.rows(heard.tidied(kept, 4_000 * S), "RU", "warnings"))


def test_withdrawn_and_expired_assertions_are_gone_at_once():
    one = batch("identity", [{"assertion": 1, "value": "suspect"}, {"assertion": 2, "value": "neutral",
                                                                   "expires": 9 * S}])  # fmt: skip
    kept = heard.take(Heard(), "RU", "identity", one, 1 * S)
    assert len(heard.rows(kept, "RU", "identity")) == 2
    assert len(heard.rows(heard.tidied(kept, 10 * S), "RU", "identity")) == 1
    gone = batch("identity", [{"assertion": 1, "value": "withdrawn"}])
    assert heard.rows(heard.take(kept, "RU", "identity", gone, 2 * S), "RU", "identity")[
        "assertion"
    ].to_pylist() == [2]


def test_what_has_no_room_goes_longest_heard_first_and_is_counted(monkeypatch):
    monkeypatch.setattr(heard, "MOST", {**heard.MOST, "plots": 5})
    kept = Heard()
    for second in range(4):
        kept = heard.take(kept, "RU", "plots", batch("plots", [{"sensor": f"s{second}"}] * 2), second * S)
    assert heard.rows(kept, "RU", "plots")["sensor"].to_pylist() == ["s1", "s2", "s2", "s3", "s3"]
    assert kept.dropped == {"RU": 3}


def test_a_new_statement_of_coverage_replaces_the_old_one_whole_though_it_comes_in_parts():
    parts = [
        batch("coverage", [{"lowest_m": float(k)}] * 2, now_ns=at) for k, at in ((1, S), (2, S), (3, 2 * S))
    ]
    kept = heard.take(heard.take(Heard(), "RU", "coverage", parts[0], S), "RU", "coverage", parts[1], S)
    assert heard.rows(kept, "RU", "coverage")["lowest_m"].to_pylist() == [1.0, 1.0, 2.0, 2.0]
    kept = heard.take(kept, "RU", "coverage", parts[2], 2 * S)
    assert heard.rows(kept, "RU", "coverage")["lowest_m"].to_pylist() == [3.0, 3.0]


def test_of_several_agreements_only_what_came_under_the_ended_one_goes():
    both = "a+b//REL KG RU//UNTIL 2030-01-01"
    kept = heard.take(Heard(), "RU", "health", batch("health", [{"sensor": "x"}], label="a//REL KG"), S)
    kept = heard.take(kept, "RU", "health", batch("health", [{"sensor": "y"}], label=both), S)
    kept = heard.take(kept, "RU", "health", batch("health", [{"sensor": "z"}], label="b//REL KG"), S)
    assert heard.rows(heard.without(kept, "RU", ["a"]), "RU", "health")["sensor"].to_pylist() == ["z"]
    assert heard.without(kept, "RU").by == {}


def test_smooth_ground_hides_what_is_below_the_bent_horizon_and_nothing_is_seen_out_of_range():
    table = covered((RADAR,), "KG", 5 * S, simulated=True)
    lat, lon = table["lat_deg"].to_numpy(), table["lon_deg"].to_numpy()
    lowest = table["lowest_m"].to_numpy()
    assert 100 < len(table) <= MOST_CELLS and table.schema.equals(SCHEMAS["coverage"])
    site = (np.radians(RADAR.lat_deg), np.radians(RADAR.lon_deg), RADAR.height_m)
    distance = lla_to_polar_array(np.radians(lat), np.radians(lon), lowest, *site)[0]
    # The formula of the books: height above the antenna's ground of a ray that grazes it.
    far = distance > 60_000.0
    bent = 6_371_000.0 * 4 / 3
    expected = 885.0 + (distance[far] - np.sqrt(2 * bent * 15.0)) ** 2 / (2 * bent)
    assert lowest[far] == pytest.approx(expected, rel=0.02, abs=30.0)
    assert (distance <= 202_000.0).all() and lowest.min() == pytest.approx(885.0)
    two = covered((RADAR, Sensor(id="far", lat_deg=44.9, lon_deg=74.6, range_max_m=200_000.0)), "KG", S,
                  simulated=True)  # fmt: skip
    assert len(two) > len(table) / 4 and len(two) <= MOST_CELLS


def test_many_far_sensors_are_told_in_coarser_cells():
    wide = tuple(
        Sensor(id=str(k), lat_deg=float(-60 + 10 * k), lon_deg=float(-170 + 25 * k), range_max_m=450_000.0)
        for k in range(13)
    )
    table = covered(wide, "KG", S, simulated=False)
    assert 50 < len(table) <= MOST_CELLS
    assert table["step_lat_deg"][0].as_py() > 0.125


def test_plots_of_an_identified_aircraft_count_as_its_own_by_address_or_by_being_near():
    own = tracks([{"track": 1, "address": 0xABC, "lat_deg": 50.5, "lon_deg": 10.5, "time": 10 * S}])
    rows = [
        {"address": 0xABC, "lat_deg": 51.5, "lon_deg": 10.5},
        {"address": 0xDEF, "lat_deg": 50.5, "lon_deg": 10.5},
        {"address": None, "lat_deg": 50.5, "lon_deg": 10.52},
        {"address": None, "lat_deg": 50.7, "lon_deg": 10.5},
    ]
    table = batch("plots", rows, now_ns=10 * S)
    friend, pending = ("friend", "state"), ("pending", "unspecified")
    assert offering._of_plots(table, own, {1: friend}) == (friend, pending, friend, pending)
    assert offering._of_plots(table, own, {}) is None


def test_what_is_said_replaces_what_was_said_and_withholds_for_a_while_when_it_is_withdrawn():
    one = Assertion(number=0, track=7, value="friend", category="state", at_ns=0)
    said = saying.said(Sayings(), one)
    assert said is not None and said.assertions[7].number == 1
    said = saying.said(said, Assertion(number=0, track=7, value="neutral", at_ns=1))
    assert said is not None and said.assertions[7].number == 1 and said.following == 2
    gone = saying.withdrawn(said, 7, 5 * S)
    assert gone is not None and saying.withdrawn(gone, 7, 6 * S) is None
    assert saying.held(gone) == {7: ("neutral", "unspecified")}
    assert saying.held(saying.tidied(gone, [7], 64 * S)) and not saying.held(saying.tidied(gone, [7], 66 * S))
    assert not saying.tidied(said, [8], 6 * S).assertions
    timed = saying.said(Sayings(), Assertion(number=0, track=7, value="suspect", at_ns=0, expires_ns=3 * S))
    assert timed is not None and saying.tidied(timed, [7], 4 * S).assertions[7].withdrawn_ns == 4 * S


@pytest.fixture(scope="module")
def flying(flown):
    """A node after half a minute of a small exercise, with a partner that has told it nothing."""
    state = node.start("KG", flown.sensors, flown.begin_ns, partners=("RU",))
    for second in range(30):
        state, _ = node.step(state, Inputs(flown.second(second)), flown.begin_ns + (second + 1) * S)
    return state


def test_plots_are_offered_once_where_the_tracker_would_place_them(flying, flown):
    state, offers = node.offers(node.copy(flying))
    by = {one.what: one for one in offers}
    plots = by["plots"].table
    assert len(plots) > 50 and by["plots"].held_as is None
    assert set(plots["sensor"].to_pylist()) <= {one.id for one in flown.sensors}
    own = node.own_tracks(state)
    where = {row["address"]: row for row in own.select(["address", "lat_deg", "lon_deg"]).to_pylist()}
    last = {row["address"]: row for row in plots.select(["address", "lat_deg", "lon_deg"]).to_pylist()}
    both = [one for one in last if one in where and one is not None]
    off = [abs(last[one]["lat_deg"] - where[one]["lat_deg"]) * 111_000 for one in both]
    assert len(both) > 5 and np.median(off) < 3_000
    assert {one.what for one in node.offers(state)[1]} == {"tracks"}


def test_a_persons_word_withholds_at_once_is_shared_only_by_choice_and_is_nobodys_elses(flying):
    state = node.copy(flying)
    number = node.own_tracks(state)["track"][0].as_py()
    state, answered = partnered.take(state, Saying(track=number, identify=Identify(value="friend")))
    assert answered.status == 200
    state, offers = node.offers(state)
    by = {one.what: one for one in offers}
    assert by["tracks"].held_as is not None and by["tracks"].held_as[0] == ("friend", "unspecified")
    assert "identity" not in by
    told = Identify(value="suspect", category="civil", criteria="no plan", by="duty officer", share=True)
    state, _ = partnered.take(state, Saying(track=number, identify=told))
    state, offers = node.offers(state)
    shared = {one.what: one for one in offers}["identity"]
    assert shared.table["value"].to_pylist() == ["suspect"] and shared.audience == (None,)
    found = partnered.identities(state, number)
    assert [(one.origin, one.value, one.by, one.shared) for one in found] == [
        ("KG", "suspect", "duty officer", True)
    ]
    state, answered = partnered.take(state, Saying(track=number, identify=Identify()))
    assert answered.status == 200 and partnered.identities(state, number) == []
    state, offers = node.offers(state)
    assert {one.what: one for one in offers}["identity"].table["value"].to_pylist() == ["withdrawn"]
    for wrong in (Saying(track=10**12, identify=Identify(value="friend")), Saying(track=number)):
        assert partnered.take(state, wrong)[1].status in (400, 404)


def joined(state, now_ns, label="kg-ru//REL RU KG//UNTIL 2030-01-01"):
    """The same node when RU has told the first track of ours as its number 5, and what it holds it to be."""
    own = node.own_tracks(state).slice(0, 1)
    theirs = own.set_column(own.schema.get_field_index("track"), own.schema.field("track"), pa.array([5]))
    theirs = theirs.set_column(
        own.schema.get_field_index("origin"), own.schema.field("origin"), pa.array(["RU"])
    )
    theirs = theirs.set_column(
        own.schema.get_field_index("label"), own.schema.field("label"), pa.array([label])
    )
    who = batch("identity", [{"assertion": 1, "track": 5, "value": "hostile", "human": True}], now_ns, label)
    warns = batch("warnings", [{"warning": 3, "track": 5, "code": "COMLOSS"}], now_ns, label)
    came = tuple(
        Contribution(origin="RU", via="RU", sequence=k, sent_ns=now_ns, what=what, table=table)
        for k, (what, table) in enumerate((("tracks", theirs), ("identity", who), ("warnings", warns)))
    )
    return node.step(state, Inputs((), (), came), now_ns)[0]


def test_a_partners_word_stands_beside_ours_and_what_was_said_after_seeing_it_goes_no_farther(flying):
    own = node.own_tracks(flying)["track"][0].as_py()
    state = joined(node.copy(flying), flying.now_ns + S)
    assert state.federation is not None
    number = next(n for n in node.tracks(state)["track"].to_pylist() if node.own_track(state, n) == own)
    assert [(one.origin, one.value) for one in partnered.identities(state, number)] == [("RU", "hostile")]
    state, answered = partnered.take(
        state, Saying(track=number, identify=Identify(value="neutral", share=True))
    )
    # It rests on what RU gave, which may go to RU and nobody else.
    assert answered.audience == ["KG", "RU"]
    found = partnered.identities(state, number)
    assert [(one.origin, one.value) for one in found] == [("KG", "neutral"), ("RU", "hostile")]
    warning = [one for one in partnered.warnings(state) if one.origin == "RU"]
    assert [(one.number, one.code, one.track) for one in warning] == [(3, "COMLOSS", number)]
    asked = partnered.rows(state, HeardAsk(member="RU", what="identity")).rows
    assert [(one["track"], one["their_track"], one["value"]) for one in asked] == [(number, 5, "hostile")]
    assert [(one.member, one.held) for one in partnered.partners(state)] == [
        ("RU", {"identity": 1, "warnings": 1})
    ]
    # Reporting is handed over to a member that contributes, and to no other.
    after, answered = partnered.take(state, Saying(track=number, handover=Handover(to="KZ")))
    assert answered.status == 409
    after, answered = partnered.take(state, Saying(track=number, handover=Handover(to="RU")))
    assert answered.status == 200
    assert after.federation is not None and after.federation.picture.decisions.holders == {number: "RU"}
    after, _ = partnered.take(after, Saying(track=number, handover=Handover()))
    assert after.federation is not None and not after.federation.picture.decisions.holders
    # When RU may not be shown any more, nothing of it is left.
    gone = node.step(state, Inputs((), (), (), ("RU",)), state.now_ns + S)[0]
    assert gone.heard.by == {}
    assert [one.origin for one in partnered.identities(gone, own)] == ["KG"]
    part = node.step(state, Inputs((), (), (), (), (("RU", ("kg-ru",)),)), state.now_ns + S)[0]
    assert heard.counts(part.heard, "RU") == {"identity": 0, "warnings": 0}
