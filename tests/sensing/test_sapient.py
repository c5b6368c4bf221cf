"""SAPIENT detections become plots of the sensors that their nodes are."""

import pytest
from tests.wire import sapient_messages as made

from asman.model.datagram import Datagram
from asman.model.sensor import Sensor
from asman.pipeline import node, playback, recording
from asman.sensing.discover import discover, template
from asman.sensing.plots import extract
from asman.sensing.timeline import TimelineState
from asman.units import SECOND_NS
from asman.wire.reading import read


def extracted(octets: bytes, sensors=()):
    decoded = read(octets)
    found = discover(decoded, sensors, "x")
    return extract(decoded, found.sensors, TimelineState(), recording="x")[0], found


def test_a_node_of_places_and_one_of_range_and_bearing_become_sensors_and_plots():
    octets = made.framed(
        made.registration(), made.status(42.0, 74.0), made.placed(42.5, 74.25), made.polar(12.5, 45.0)
    )
    got, found = extracted(octets)
    assert [(one.id, one.kind) for one in found.sensors] == [(made.NODE, "mlat"), (made.RADAR, "psr")]
    assert (found.sensors[1].lat_deg, found.sensors[1].height_m) == (42.0, 800.0)
    placed, polar = got.plots.drop_columns("time").to_pylist()
    assert (placed["sensor"], placed["detection"], placed["lat_deg"]) == (made.NODE, "mlat", 42.5)
    assert placed["geometric_altitude_m"] == 1200.0
    assert placed["vn_mps"] == pytest.approx(20.0)
    assert (polar["sensor"], polar["detection"], polar["range_m"], polar["azimuth_deg"]) == (
        made.RADAR, "psr", 12_500.0, 45.0,
    )  # fmt: skip
    assert polar["lat_deg"] is None
    assert got.ignored == {
        "SAPIENT: registration is no detection": 1,
        "SAPIENT: status is no detection": 1,
    }


def test_a_radar_whose_site_nobody_told_asks_for_it():
    got, found = extracted(made.framed(made.polar(12.5, 45.0)))
    assert not got.plots.num_rows
    assert [one.id for one in found.missing] == [made.RADAR]
    assert f'"{made.RADAR}"' in template(found.missing)
    assert got.ignored == {f"SAPIENT: no sensor for node {made.RADAR}": 1}
    site = Sensor(id=made.RADAR.upper(), kind="psr", lat_deg=42.0, lon_deg=74.0)
    assert extracted(made.framed(made.polar(12.5, 45.0)), (site,))[0].plots.num_rows == 1


def test_what_became_no_plot_is_counted_with_why():
    lost = made.placed(42.5, 74.25)
    lost.detection_report.state = "lost"
    utm = made.placed(42.5, 74.25)
    utm.detection_report.location.coordinate_system = 5
    got, _ = extracted(made.framed(lost, utm, made.placed(42.5, 74.25)))
    assert got.plots.num_rows == 1
    assert got.ignored == {
        "SAPIENT: the node has lost it": 1,
        "SAPIENT: a place in UTM, which is not read": 1,
    }


def _flight(seconds: int) -> bytes:
    """A target that flies east at 100 m/s, seen once a second."""
    return made.framed(
        *(made.placed(42.5, 74.0 + k * 0.001216, time_s=made.NOON + k) for k in range(seconds))
    )


def test_a_live_stream_in_pieces_makes_a_track():
    octets = _flight(40)
    state = node.start("XX", (), round(made.NOON * SECOND_NS))
    at = 0
    for k in range(60):
        size = len(octets) // 40
        now = round((made.NOON + k + 1) * SECOND_NS)
        piece = octets[at : at + size + 7 * (k % 2)]
        at += len(piece)
        arrived = (Datagram("mast", now, piece),) if piece else ()
        state, _ = node.step(state, node.Inputs(arrived), now)
        if at >= len(octets):
            break
    assert [one.id for one in state.sensors] == [made.NODE]
    tracks = node.tracks(state, confirmed_only=True)
    assert tracks.num_rows == 1
    assert tracks["ve_mps"][0].as_py() == pytest.approx(100.0, abs=15.0)


def test_a_recording_is_played_as_it_was_sent():
    prepared = recording.prepare({"mast.sapient": _flight(40)}, None, None)
    play = playback.start(prepared.schedule, "XX", prepared.sensors, prepared.editions, prepared.forms)
    while not play.ended:
        play, _ = playback.forward(play)
    assert node.tracks(play.state, confirmed_only=True).num_rows == 1
