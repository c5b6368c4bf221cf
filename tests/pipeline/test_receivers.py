"""Mode S in a node: a replay gives the plots of the batch, and a live stream may be cut anywhere."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from tests.sensing.test_squitters import FLIGHT
from tests.wire.modes.test_texts import SBS

from asman.model.datagram import Datagram
from asman.model.sensor import Sensor
from asman.pipeline import node, playback, recording
from asman.pipeline.events import BlocksRejected, SensorsMet
from asman.sensing.plots import extract
from asman.sensing.timeline import TimelineState
from asman.units import SECOND_NS
from asman.wire.reading import read

EAR = Sensor(id="ear", kind="adsb", lat_deg=48.1, lon_deg=11.1)
DAY = date(2024, 5, 1)


def played(recordings: dict[str, bytes], sensors=None) -> playback.Playback:
    prepared = recording.prepare(recordings, sensors, DAY)
    play = playback.start(prepared.schedule, "XX", prepared.sensors, prepared.editions, prepared.forms)
    while not play.ended:
        play, _ = playback.forward(play)
    return play


def plots_of(state: node.NodeState) -> pa.Table:
    return pa.concat_tables([heard.plots for heard in state.evidence]).unify_dictionaries()


@pytest.mark.parametrize(("name", "octets"), [("ear.beast", FLIGHT), ("ear.sbs", SBS)])
def test_a_replay_gives_the_same_plots_as_the_batch(name: str, octets: bytes):
    state = played({name: octets}, (EAR,)).state
    batch, _ = extract(read(octets), (EAR,), TimelineState(), recording=name, date=DAY)
    columns = ["time", "sensor", "address", "mode_3a", "offset", "recording"]
    assert plots_of(state).select(columns).to_pylist() == batch.plots.select(columns).to_pylist()


def test_a_replay_is_the_same_whichever_way_one_gets_there():
    straight = played({"ear.beast": FLIGHT})
    back = playback.rewind(straight, 12)
    while not back.ended:
        back, _ = playback.forward(back)
    assert node.tracks(back.state).equals(node.tracks(straight.state))
    assert node.tracks(straight.state, confirmed_only=True).num_rows == 1


def test_a_live_stream_is_heard_in_pieces_of_any_size_and_its_receiver_is_met():
    state = node.start("XX", (), 0)
    begin = 1_700_000_000 * SECOND_NS
    chance = np.random.default_rng(3)
    events, at, now = [], 0, begin
    while at < len(FLIGHT):
        size = int(chance.integers(1, 200))
        now += size * 30 * SECOND_NS // len(FLIGHT)
        state, said = node.step(state, node.Inputs((Datagram("roof", now, FLIGHT[at : at + size], at),)), now)
        events += said
        at += size
    assert [one.sensors[0].id for one in events if isinstance(one, SensorsMet)] == ["adsb-roof"]
    assert node.tracks(state, confirmed_only=True)["callsign"].to_pylist() == ["DLH4PM"]
    assert state.feeds["roof"].octets == len(FLIGHT) and state.feeds["roof"].rejected == 0
    assert state.watch.ignored == {}, "messages without a position are no rejects"


def test_damaged_octets_of_a_stream_are_counted_for_their_feed():
    state = node.start("XX", (EAR,), 0)
    noisy = FLIGHT[:500] + b"\x1a\x33noise" + FLIGHT[500:1000]
    state, events = node.step(state, node.Inputs((Datagram("ear", SECOND_NS, noisy),)), SECOND_NS)
    assert state.feeds["ear"].rejected >= 1
    assert [one.feed for one in events if isinstance(one, BlocksRejected)] == ["ear"]


def test_feeds_of_asterix_are_not_touched():
    block = b"\x30\x00\x03"
    state = node.start("XX", (EAR,), 0)
    datagrams = (Datagram("radar", SECOND_NS, block), Datagram("ear", SECOND_NS, FLIGHT[:600]))
    state, _ = node.step(state, node.Inputs(datagrams), SECOND_NS)
    assert set(state.ears) == {"ear"} and set(state.feeds) == {"radar", "ear"}
