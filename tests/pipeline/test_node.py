"""One node's reasoning: octets in, the same picture out, whatever happens around it."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asman.model.datagram import Datagram
from asman.pipeline import events, evidence, node
from asman.pipeline.node import Inputs, NodeState
from asman.units import SECOND_NS
from asman.wire import stream


def play(
    flown, seconds: int, state: NodeState | None = None, first: int = 0
) -> tuple[NodeState, list[events.Event]]:
    state = state or node.start("KG", flown.sensors, flown.begin_ns)
    said: list[events.Event] = []
    for number in range(first, seconds):
        state, new = node.step(state, Inputs(flown.second(number)), flown.begin_ns + (number + 1) * SECOND_NS)
        said += new
    return state, said


def frame(state: NodeState) -> bytes:
    picture = stream.encode_picture(node.picture(state), state.now_ns / SECOND_NS)
    return picture + stream.encode_trails(node.trails_of(state), state.now_ns / SECOND_NS)


@pytest.fixture(scope="module")
def played(flown) -> NodeState:
    return play(flown, 40)[0]


def test_octets_of_radars_become_a_picture(flown, played):
    picture = node.picture(played)
    assert 20 <= len(picture.track) <= 60
    assert (picture.flags & stream.CONFIRMED).all()
    assert (picture.flags & stream.SIMULATED).all()
    assert (picture.address != stream.NO_ADDRESS).sum() > 0.5 * len(picture.track)
    assert sum(bytes(callsign) != b"" for callsign in picture.callsign) > 0.3 * len(picture.track)
    assert set(node.tracks(played)["origin"].to_pylist()) == {"KG"}


def test_the_same_octets_and_instants_give_the_same_bits(flown, played):
    again, _ = play(flown, 40)
    assert frame(again) == frame(played)


def test_a_checkpoint_is_not_touched_by_what_comes_after(flown):
    state, _ = play(flown, 20)
    kept = node.copy(state)
    before = frame(kept)
    straight, _ = play(flown, 30, state, 20)
    assert frame(kept) == before
    again, _ = play(flown, 30, kept, 20)
    assert frame(again) == frame(straight)


def test_sensors_are_watched(flown, played):
    for sensor in flown.sensors:
        count = played.watch.sensors[sensor.id]
        assert count.plots > 0
        assert count.period_s == pytest.approx(sensor.period_s, rel=0.05)
        assert not count.silent
    assert played.watch.plots == sum(count.plots for count in played.watch.sensors.values())


def test_a_sensor_that_falls_silent_is_said_to_and_so_is_its_return(flown):
    state, _ = play(flown, 12)
    heard: list[events.Event] = []
    for number in range(12, 50):
        now_ns = flown.begin_ns + (number + 1) * SECOND_NS
        sent = flown.second(number) if number > 45 else ()
        state, said = node.step(state, Inputs(sent), now_ns)
        heard += said
    silent = {event.sensor for event in heard if isinstance(event, events.SensorSilent)}
    back = {event.sensor for event in heard if isinstance(event, events.SensorBack)}
    assert silent == {sensor.id for sensor in flown.sensors}
    assert back


def test_a_source_that_nobody_configured_is_counted_and_not_used(flown):
    known = flown.sensors[1:]
    state = node.start("KG", known, flown.begin_ns)
    said: list[events.Event] = []
    for number in range(5):
        inputs = Inputs(flown.second(number))
        state, new = node.step(state, inputs, flown.begin_ns + (number + 1) * SECOND_NS)
        said += new
    stranger = flown.sensors[0]
    unknown = [event for event in said if isinstance(event, events.SourceUnknown)]
    assert {(event.sac, event.sic) for event in unknown} == {(stranger.sac, stranger.sic)}
    assert len(unknown) == len({event.category for event in unknown})
    assert sum(state.watch.unknown.values()) > 0
    assert stranger.id not in state.watch.sensors


def test_a_sensor_that_is_made_known_is_used_from_then_on(flown):
    state = node.start("KG", (), flown.begin_ns)
    state, said = node.step(state, Inputs(flown.second(0), flown.sensors), flown.begin_ns + SECOND_NS)
    assert [event for event in said if isinstance(event, events.SensorsMet)] == [
        events.SensorsMet(flown.sensors)
    ]
    assert state.watch.plots > 0


def test_octets_that_cannot_be_read_are_counted_at_their_place_and_the_rest_is_used(flown):
    state = node.start("KG", flown.sensors, flown.begin_ns)
    good = flown.second(0)
    bad = Datagram("noise", flown.begin_ns + 1, b"\x30\x00\x09\xff\xff\xff\xff\xff\xff", offset=700)
    state, said = node.step(state, Inputs((*good[:3], bad, *good[3:])), flown.begin_ns + SECOND_NS)
    (rejected,) = (event for event in said if isinstance(event, events.BlocksRejected))
    assert rejected.feed == "noise"
    assert 700 <= rejected.offset < 709
    assert state.feeds["noise"].rejected == rejected.blocks >= 1
    assert sum(feed.rejected for name, feed in state.feeds.items() if name != "noise") == 0
    clean, _ = node.step(
        node.start("KG", flown.sensors, flown.begin_ns), Inputs(good), flown.begin_ns + SECOND_NS
    )
    assert state.watch.plots == clean.watch.plots


def test_a_report_that_becomes_no_plot_is_counted_for_its_sensor(flown):
    sensor = flown.sensors[0]
    stamp = (flown.begin_ns // SECOND_NS % 86_400 * 128).to_bytes(4, "big")[1:]
    # FSPEC: I010, I140, I020 and no position.
    record = bytes([0b11100000, sensor.sac, sensor.sic, *stamp, 0b10100000])
    block = bytes([48, 0, 3 + len(record)]) + record
    state = node.start("KG", flown.sensors, flown.begin_ns)
    arrived = (*flown.second(0), Datagram("f", flown.begin_ns, block))
    state, _ = node.step(state, Inputs(arrived), flown.begin_ns + SECOND_NS)
    assert state.watch.sensors[sensor.id].rejected == 1
    assert sum(count.rejected for count in state.watch.sensors.values()) == 1
    assert sum(state.watch.ignored.values()) == 1


def test_the_plots_behind_a_track_lead_to_their_octets(flown, played):
    wanted = ["track", "contributors", "address", "mode_3a", "plots"]
    tracks = node.tracks(played, confirmed_only=True).sort_by([("plots", "descending")])
    row = tracks.select(wanted).slice(0, 1).to_pylist()[0]
    plots = evidence.behind(
        played.evidence, row["track"], row["contributors"], row["address"], row["mode_3a"]
    )
    assert 0 < len(plots) <= min(row["plots"], evidence.PLOTS_SHOWN)
    assert len({plot.time_s for plot in plots}) == len(plots)
    by_feed: dict[str, list[Datagram]] = {}
    for one in flown.datagrams:
        by_feed.setdefault(one.feed, []).append(one)
    for plot in plots:
        assert plot.recording == plot.sensor  # the exercise names a feed after its radar
        assert played.now_ns / SECOND_NS - 60 < plot.time_s <= played.now_ns / SECOND_NS


def test_trails_are_where_the_tracks_were(played):
    trails = node.trails_of(played)
    picture = node.picture(played)
    assert set(trails.track.tolist()) <= set(picture.track.tolist())
    assert (trails.time_s >= 0).all()
    assert trails.first[0] == 0
    assert trails.time_s[0] > trails.time_s[-1] or len(trails.time_s) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.binary(max_size=120), st.integers(0, 59)), max_size=12), st.integers(0, 255))
def test_no_octets_whatsoever_stop_the_reasoning(flown, parts, flip):
    """Random octets, real datagrams, and real ones with an octet changed: counted, never raised."""
    state = node.start("KG", flown.sensors, flown.begin_ns)
    arrived: list[Datagram] = []
    for number, part in enumerate(parts):
        if isinstance(part, bytes):
            arrived.append(Datagram("noise", flown.begin_ns + number, part))
        else:
            real = flown.datagrams[part]
            octets = bytearray(real.octets)
            octets[flip % len(octets)] ^= flip
            arrived.append(
                msgspec.structs.replace(real, time_ns=flown.begin_ns + number, octets=bytes(octets))
            )
    first, _ = node.step(node.copy(state), Inputs(tuple(arrived)), flown.begin_ns + SECOND_NS)
    second, _ = node.step(state, Inputs(tuple(arrived)), flown.begin_ns + SECOND_NS)
    assert frame(first) == frame(second)
    assert first.feeds == second.feeds
