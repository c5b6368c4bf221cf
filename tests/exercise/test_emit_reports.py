"""Octets of simulated ground stations: two decoders read what the reports say, and plots come out again."""

import math
from itertools import pairwise

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exercise.reporting import EVERYWHERE, RECEIVERS, SECOND, SYSTEM
from tests.wire import libasterix_oracle as oracle

from asman.exercise.elements import ScriptedFlight, Traffic, Waypoint
from asman.exercise.emit_reports import EDITIONS, emissions
from asman.exercise.events import Emergency, Ghost, GnssJamming, Outage, TransponderLost
from asman.exercise.reports import report
from asman.exercise.sky import make_sky
from asman.model.frames import Frames
from asman.model.plots import PLOTS
from asman.sensing.plots import extract
from asman.sensing.timeline import TimelineState
from asman.wire.asterix.decode import decode
from asman.wire.asterix.encode import encode

SPAN = 12 * SECOND
GHOST = ScriptedFlight(
    id="phantom", waypoint=(Waypoint(lat_deg=43.0, lon_deg=74.0), Waypoint(lat_deg=43.0, lon_deg=76.0))
)


def _events(scenario):
    """An emergency and a failed encoder of heights among those who are heard, a jammer, a ghost."""
    sky = make_sky(scenario)
    heard = report(scenario, sky, sky.begin_ns, sky.begin_ns + SECOND).plots
    callsigns = heard.filter(pa.array(heard["category"].to_numpy() == 21))["callsign"].to_pylist()
    return (
        Emergency(who=f"callsign:{callsigns[0]}", code="7500"),
        TransponderLost(who=f"callsign:{callsigns[1]}", what="altitude"),
        GnssJamming(lat_deg=41.0, lon_deg=76.0, radius_m=200_000.0),
        Ghost(flight=GHOST),
    )


@pytest.fixture(scope="module")
def scenario(kant):
    """Two receivers and a system with every effect on, shortly before midnight."""
    near = msgspec.structs.replace(EVERYWHERE, range_max_m=450_000.0, pd=0.95)
    other = msgspec.structs.replace(near, id="B", lat_deg=41.5, lon_deg=76.0, period_s=4.0, sic=3)
    quiet = msgspec.structs.replace(
        kant,
        sensor=(near, SYSTEM, other),
        receivers={"M": RECEIVERS},
        effects={"default": {"datagram_loss": 0.0, "datagram_twice": 0.0}},
        traffic=Traffic(overflights=150, airliners=150, helicopters=10),
        begin=kant.begin.replace(hour=23, minute=59, second=54),
    )
    return msgspec.structs.replace(quiet, event=_events(quiet))


@pytest.fixture(scope="module")
def sky(scenario):
    return make_sky(scenario)


@pytest.fixture(scope="module")
def sent(scenario, sky):
    return emissions(scenario, sky, sky.begin_ns, sky.begin_ns + SPAN, encode)


def _decoded(datagrams, editions=None):
    octets = b"".join(datagram.octets for datagram in datagrams)
    lengths = np.array([len(datagram.octets) for datagram in datagrams])
    times = np.array([datagram.time_ns for datagram in datagrams])
    frames = Frames(np.cumsum(lengths) - lengths, lengths, times)
    found = decode(octets, frames, editions=editions)
    assert found.rejected.num_rows == 0
    return found


def test_datagrams_are_in_order_and_small_and_each_one_block(sent, scenario):
    times = [datagram.time_ns for datagram in sent]
    assert times == sorted(times)
    assert {datagram.feed for datagram in sent} == {"A", "B", "M"}
    for datagram in sent:
        assert int.from_bytes(datagram.octets[1:3], "big") == len(datagram.octets) <= 1400
    kinds = {(datagram.feed, datagram.octets[0]) for datagram in sent}
    assert kinds == {("A", 21), ("A", 23), ("B", 21), ("B", 23), ("M", 20), ("M", 19)}


def test_octets_become_the_plots_that_were_reported(sent, scenario, sky):
    """Through the pipeline's own path: decode, then extract. Every row and column, over midnight."""
    found, _ = extract(_decoded(sent), scenario.sensor, TimelineState(), recording="r")
    assert not found.ignored
    status = {
        (row["sensor"], row["category"]) for row in found.services.select(["sensor", "category"]).to_pylist()
    }
    assert status == {("A", 23), ("B", 23), ("M", 19)}
    said = report(scenario, sky, sky.begin_ns, sky.begin_ns + SPAN)
    got = _sorted(found.plots)
    expected = _sorted(said.plots)
    # What was gathered in the last half second, and late, is still to come.
    keys = {key: row for row, key in enumerate(_keys(expected))}
    rows = [keys.pop(key) for key in _keys(got)]
    assert got.num_rows > 1_500
    last = said.plots["time"].cast("int64").to_numpy().max()
    stamps = expected["time"].cast("int64").to_numpy()
    assert len(keys) > 0
    assert all(stamps[row] > last - 0.7 * SECOND for row in keys.values())
    expected = expected.take(pa.array(rows))
    for name in PLOTS.names:
        if name in ("recording", "offset"):
            continue
        a, b = got[name].combine_chunks(), expected[name].combine_chunks()
        assert a.is_valid().equals(b.is_valid()), name
        if pa.types.is_floating(a.type):
            values = (one.fill_null(0.0).to_numpy(zero_copy_only=False) for one in (a, b))
            np.testing.assert_allclose(*values, rtol=1e-9, atol=1e-9, err_msg=name)
        else:
            assert a.to_pylist() == b.to_pylist() if name != "time" else a.equals(b), name
    assert set(expected["simulated"].to_pylist()) == {True}


def _sorted(plots):
    return plots.append_column("s", plots["sensor"].cast(pa.string())).sort_by(
        [("time", "ascending"), ("s", "ascending"), ("lat_deg", "ascending")]
    ).drop(["s"])  # fmt: skip


def _keys(plots):
    return list(
        zip(
            plots["sensor"].to_pylist(), plots["time"].cast("int64").to_pylist(),
            np.rint(plots["lat_deg"].to_numpy() * 1e8).tolist(), plots["mode_3a"].to_pylist(), strict=True,
        )
    )  # fmt: skip


def test_an_independent_decoder_reads_the_same_values(sent):
    compared = 0
    for category, edition in EDITIONS.items():
        name = f"CAT{category:03d}"
        datagrams = [datagram for datagram in sent if datagram.octets[0] == category]
        table = _decoded(datagrams, {name: edition}).tables[name].drop(["time", "offset", "length", "block"])
        ours = iter(table.drop(["edition"]).to_pylist())
        for datagram in datagrams[:120]:
            records, failed = oracle.parse(category, edition, datagram.octets)
            assert not failed
            for _, values in records:
                mine = {key: value for key, value in next(ours).items() if value is not None}
                assert mine.keys() == values.keys()
                for key, value in values.items():
                    assert (
                        mine[key] == pytest.approx(value) if isinstance(value, float) else mine[key] == value
                    )
                compared += len(values)
    assert compared > 20_000


def test_every_report_is_marked_as_simulated(sent):
    found = _decoded(sent)
    assert set(found.tables["CAT021"]["I040/SIM"].to_pylist()) == {1}
    assert set(found.tables["CAT020"]["I020/SIM"].to_pylist()) == {1}


def test_emergencies_jamming_and_ghosts_show_in_the_octets(sent):
    table = _decoded(sent).tables["CAT021"]
    emergency = table.filter(pa.array(table["I070/MODE3A"].to_numpy() == 0o7500))
    assert emergency.num_rows > 5
    assert set(emergency["I200/PS"].to_pylist()) == {5}
    assert set(emergency["I200/SS"].to_pylist()) == {1}
    jammed = table.filter(pa.array(table["I090/NUCPNIC"].to_numpy() == 0))
    assert jammed.num_rows > 5
    assert set(jammed["I090/PIC"].to_pylist()) == {0}
    assert "GST001" in table["I170"].to_pylist()


def test_a_station_gathers_for_half_a_second_and_says_when_it_sent(sent):
    table = _decoded([one for one in sent if one.octets[0] == 21]).tables["CAT021"]
    day = 86_400.0
    heard, passed_on = table["I073_s"].to_numpy(), table["I077_s"].to_numpy()
    arrived = table["time"].cast("int64").to_numpy() / SECOND % day
    assert (((passed_on - heard + 1.0) % day) < 1.5 + 2.0 / 128.0).all()
    late = (arrived - passed_on) % day
    assert late.min() >= 0.05 - 1e-6
    assert late.max() < 0.05 + 0.02 + 1.0 / 128.0


def test_stations_say_that_they_work_every_five_seconds_until_they_do_not(scenario, sky):
    out = msgspec.structs.replace(scenario, event=(Outage(sensor="A", begin_s=10.0),))
    datagrams = emissions(out, sky, sky.begin_ns, sky.begin_ns + 30 * SECOND, encode)
    told = {
        feed: [one.time_ns for one in datagrams if one.feed == feed and one.octets[0] in (19, 23)]
        for feed in "ABM"
    }
    assert {len(times) for times in (told["B"], told["M"])} <= {5, 6}
    assert np.abs(np.diff(told["B"]) / SECOND - 5.0).max() < 0.021
    assert max(one.time_ns for one in datagrams if one.feed == "A") < sky.begin_ns + 11 * SECOND


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 4 * SECOND), max_size=4))
def test_datagrams_never_depend_on_how_time_is_cut(scenario, sky, cuts):
    scenario = msgspec.structs.replace(
        scenario, effects={"default": {"datagram_loss": 0.1, "datagram_twice": 0.1}}
    )
    begin = sky.begin_ns
    edges = [0, *sorted(cuts), 4 * SECOND]
    whole = emissions(scenario, sky, begin, begin + edges[-1], encode)
    parts = [emissions(scenario, sky, begin + a, begin + b, encode) for a, b in pairwise(edges)]
    assert sum(parts, ()) == whole


def test_a_share_of_datagrams_is_lost_and_a_share_comes_twice(scenario, sky):
    span = (sky.begin_ns, sky.begin_ns + 20 * SECOND)
    whole = emissions(scenario, sky, *span, encode)
    losing = msgspec.structs.replace(
        scenario, effects={"default": {"datagram_loss": 0.2, "datagram_twice": 0.1}}
    )
    some = emissions(losing, sky, *span, encode)
    there = {(one.feed, one.octets) for one in some}
    lost = 1.0 - len(there) / len({(one.feed, one.octets) for one in whole})
    twice = len(some) - len(there)
    assert lost == pytest.approx(0.2, abs=4.0 * math.sqrt(0.16 / len(whole)))
    assert twice / len(whole) == pytest.approx(0.08, abs=4.0 * math.sqrt(0.08 / len(whole)))


def test_a_scenario_without_receivers_sends_nothing(kant):
    radars = msgspec.structs.replace(kant, sensor=tuple(one for one in kant.sensor if one.kind == "modes"))
    sky = make_sky(radars)
    assert emissions(radars, sky, sky.begin_ns, sky.begin_ns + SECOND, encode) == ()
    assert report(radars, sky, sky.begin_ns, sky.begin_ns + SECOND).plots.num_rows == 0
