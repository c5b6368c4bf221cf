"""Raw squitters: their rates, what they say, and that an independent reader finds the aircraft."""

import math
from itertools import pairwise

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exercise.reporting import EVERYWHERE, SECOND, SYSTEM, scene, skies, truly
from tests.wire.modes import reader

from asman.exercise.elements import ScriptedFlight, Traffic, Waypoint
from asman.exercise.events import Emergency, Ghost, GnssJamming, TransponderLost
from asman.exercise.reports import report
from asman.exercise.squitters import KINDS, squitters
from asman.wire.modes.encode import encode_squitters

RATES = {"position": 0.5, "velocity": 0.5, "identification": 5.0, "status": 2.5, "all_call": 1.0}


def _heard(scenario, seconds=20):
    sky, begin = skies(scenario)
    return squitters(scenario, sky, begin, begin + seconds * SECOND), sky


def _of(heard, kind, more=None):
    rows = np.array(heard.messages["kind"].to_pylist()) == kind
    return rows if more is None else rows & more


@pytest.fixture(scope="module")
def quiet(kant):
    """Nothing wrong with anybody, for 30 s."""
    return _heard(scene(kant), 30)


def test_each_kind_comes_at_its_own_rate(quiet):
    heard, _ = quiet
    assert (np.diff(heard.at_ns) >= 0).all()
    some = np.unique(heard.aircraft)[:40].tolist()
    for kind, interval in {**RATES, "emergency": 4.8}.items():
        rows = _of(heard, kind)
        gaps = np.concatenate([np.diff(heard.at_ns[rows & (heard.aircraft == one)]) for one in some])
        gaps = gaps / SECOND
        wander = 0.2 * (0.8 if kind == "emergency" else interval)
        assert gaps.mean() == pytest.approx(interval, rel=0.05)
        assert interval - wander <= gaps.min() < gaps.max() <= interval + wander


def test_positions_are_even_and_odd_by_turns(quiet):
    heard, _ = quiet
    rows = _of(heard, "position", heard.aircraft == heard.aircraft[0])
    odd = heard.messages["odd"].filter(pa.array(rows)).to_pylist()
    assert len(odd) > 55
    assert all(a != b for a, b in pairwise(odd))


def test_an_independent_reader_finds_the_aircraft_where_they_are(quiet):
    heard, sky = quiet
    octets = encode_squitters(heard.messages)
    true = truly(sky, heard.aircraft, heard.at_ns)
    addresses = heard.messages["address"].to_pylist()
    found = 0
    position = _of(heard, "position")
    for one in np.unique(heard.aircraft)[:20].tolist():
        rows = np.flatnonzero(position & (heard.aircraft == one))
        for before, after in pairwise(rows.tolist()):
            pair = sorted((before, after), key=lambda row: reader.me(bytes(octets[row]), 22, 22))
            even, odd = (reader.me(bytes(octets[row]), 23, 56) for row in pair)
            place = reader.global_position(even, odd, pair[1] == after)
            assert reader.bits(bytes(octets[after]), 9, 32) == addresses[after]
            if place is None:
                continue
            lat, lon = np.degrees(true[after, :2])
            # CPR has cells of 5 m by up to 9 m here.
            assert reader.distance_m(place, (lat, lon)) < 7.0
            level = reader.altitude_12_ft(reader.me(bytes(octets[after]), 9, 20))
            assert abs(level * reader.FOOT - true[after, 2]) <= 12.5 * reader.FOOT + 1e-2
            found += 1
    assert found > 800


def test_velocities_identities_and_qualities_are_the_reports_own(kant):
    scenario = scene(kant, gnss_sigma_m=6.0, gnss_poor=0.3)
    heard, sky = _heard(scenario, 10)
    said = report(scenario, sky, sky.begin_ns, sky.begin_ns + 10 * SECOND)
    octets = encode_squitters(heard.messages)
    true = truly(sky, heard.aircraft, heard.at_ns)
    truth = {}
    for row, aircraft in enumerate(said.aircraft.tolist()):
        truth[aircraft] = {"callsign": said.plots["callsign"][row].as_py()}
        truth[aircraft] |= {name: said.quality[name][row].as_py() for name in ("nic", "nacp", "nacv", "sil")}
    checked = dict.fromkeys(KINDS, 0)
    for row in range(0, octets.shape[0], 7):
        kind, message = heard.messages["kind"][row].as_py(), bytes(octets[row])
        mine = truth.get(int(heard.aircraft[row]))
        if mine is None:
            continue
        checked[kind] += 1
        if kind == "identification":
            assert reader.callsign(reader.me(message, 9, 56)).strip() == mine["callsign"]
        elif kind == "velocity":
            assert reader.me(message, 11, 13) == mine["nacv"]
            east = reader.signed(reader.me(message, 15, 24), bool(reader.me(message, 14, 14)), reader.KNOT)
            # Half a knot, and how fast an error of 60 m changes.
            assert abs(east - true[row, 4]) < 0.26 + 4.0
        elif kind == "status":
            assert reader.me(message, 45, 48) == mine["nacp"]
            assert reader.me(message, 51, 52) == mine["sil"]
        elif kind == "position":
            assert reader.me(message, 1, 5) == {8: 11, 5: 14}[mine["nic"]]
    assert min(checked.values()) > 10


def test_who_sends_no_ads_b_sends_acquisition_squitters_alone(kant):
    traffic = Traffic(overflights=60, airliners=60, dark=10, mode_ac=0.3, adsb=0.5)
    heard, sky = _heard(scene(kant, traffic=traffic), 10)
    line = heard.aircraft % (1 << 20)
    assert set(np.unique(line).tolist()) <= set(np.flatnonzero(sky.equipment == 2).tolist())
    silent = ~sky.adsb[line]
    assert silent.any()
    assert set(heard.messages.filter(pa.array(silent))["kind"].to_pylist()) == {"all_call"}
    assert set(heard.messages.filter(pa.array(~silent))["kind"].to_pylist()) == set(KINDS)


def test_an_emergency_is_sent_every_eight_tenths_of_a_second(kant):
    heard, sky = _heard(scene(kant, event=[Emergency(who="overflight:1", code="7700", begin_s=10.0)]), 30)
    rows = _of(heard, "emergency", heard.aircraft % (1 << 20) == 0)
    state = np.array(heard.messages["emergency"].filter(pa.array(rows)).to_pylist())
    seconds = (heard.at_ns[rows] - sky.begin_ns) / SECOND
    assert ((state == 1) == (seconds >= 10.0)).all()
    assert 23 <= (state == 1).sum() <= 26
    octets = encode_squitters(heard.messages.filter(pa.array(rows)))
    assert reader.squawk(reader.me(bytes(octets[-1]), 12, 24)) == 0o7700
    assert reader.me(bytes(octets[-1]), 9, 11) == 1


def test_a_jammed_aircraft_sends_altitude_and_identity_without_position(kant):
    jamming = GnssJamming(lat_deg=43.0, lon_deg=74.5, radius_m=300_000.0)
    heard, _ = _heard(scene(kant, event=[jamming]), 10)
    position = heard.messages.filter(pa.array(_of(heard, "position")))
    nowhere = ~position["lat_deg"].is_valid().to_numpy()
    assert 50 < nowhere.sum() < position.num_rows
    assert position["pressure_altitude_m"].null_count == 0
    octets = encode_squitters(position)
    types = np.array([reader.me(bytes(one), 1, 5) for one in octets])
    assert (types[nowhere] == 0).all()
    coasting = ~nowhere & (np.array(position["nic"].to_pylist()) == 0)
    assert coasting.any()
    assert (types[coasting] == 18).all()
    victims = set(np.unique(heard.aircraft[_of(heard, "position")][nowhere]).tolist())
    named = set(heard.aircraft[_of(heard, "identification")].tolist())
    assert len(victims & named) > 0.9 * len(victims)


def test_ghosts_speak_and_the_lost_do_not(kant):
    ghost = ScriptedFlight(
        id="phantom", waypoint=(Waypoint(lat_deg=43.0, lon_deg=74.0), Waypoint(lat_deg=43.0, lon_deg=76.0)),
        address=0xABCDEF,
    )  # fmt: skip
    events = (Ghost(flight=ghost, begin_s=2.0), TransponderLost(who="overflight:1", begin_s=5.0))
    heard, sky = _heard(scene(kant, event=events), 12)
    false = heard.aircraft < 0
    assert 30 < false.sum() < 70
    assert set(heard.messages.filter(pa.array(false))["address"].to_pylist()) == {0xABCDEF}
    lost = heard.aircraft % (1 << 20) == 0
    assert heard.at_ns[lost & ~false].max() < sky.begin_ns + 5 * SECOND


def test_a_message_is_read_with_the_receivers_probability(kant):
    whole, _ = _heard(scene(kant), 10)
    some, _ = _heard(scene(kant, msgspec.structs.replace(EVERYWHERE, pd=0.7)), 10)
    share = some.at_ns.size / whole.at_ns.size
    assert share == pytest.approx(0.7, abs=4.0 * math.sqrt(0.21 / whole.at_ns.size))


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 4 * SECOND), max_size=4))
def test_squitters_never_depend_on_how_time_is_cut(exercise, cuts):
    sensors = (msgspec.structs.replace(EVERYWHERE, range_max_m=500_000.0, pd=0.9), SYSTEM)
    scenario = msgspec.structs.replace(exercise.scenario, sensor=sensors, effects={})
    sky, begin = exercise.sky, exercise.sky.begin_ns
    edges = [0, *sorted(cuts), 4 * SECOND]
    whole = squitters(scenario, sky, begin, begin + edges[-1])
    parts = [squitters(scenario, sky, begin + a, begin + b) for a, b in pairwise(edges)]
    together = pa.concat_tables([part.messages for part in parts]).unify_dictionaries().combine_chunks()
    assert together.equals(whole.messages)
    for name in ("at_ns", "sensor", "aircraft", "cause"):
        columns = np.concatenate([getattr(part, name) for part in parts])
        assert columns.tolist() == getattr(whole, name).tolist()
