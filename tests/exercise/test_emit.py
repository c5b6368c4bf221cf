"""Octets that simulated radars send: what the sweep says, in sectors, in order, marked as simulated."""

from itertools import pairwise

import asterix.base as oracle
import asterix.generated as published
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.exercise import emissions, sweep
from asman.model.frames import Frames
from asman.wire.asterix.decode import decode
from asman.wire.asterix.encode import encode

SECOND = 10**9
SPAN = 30 * SECOND


@pytest.fixture(scope="module")
def sent(exercise):
    begin = exercise.sky.begin_ns + 600 * SECOND
    return emissions(exercise, begin, begin + SPAN, encode)


def _decoded(datagrams):
    octets = b"".join(datagram.octets for datagram in datagrams)
    lengths = np.array([len(datagram.octets) for datagram in datagrams])
    times = np.array([datagram.time_ns for datagram in datagrams])
    found = decode(octets, Frames(np.cumsum(lengths) - lengths, lengths, times))
    assert found.rejected.num_rows == 0
    return found


def test_datagrams_are_in_order_small_enough_and_each_one_block(sent, exercise):
    times = [datagram.time_ns for datagram in sent]
    assert times == sorted(times)
    assert {datagram.feed for datagram in sent} == {sensor.id for sensor in exercise.scenario.sensor}
    for datagram in sent:
        assert datagram.octets[0] in (34, 48)
        assert int.from_bytes(datagram.octets[1:3], "big") == len(datagram.octets) <= 1400


def _number(value, step):
    return None if value is None else round(value / step)


def _plot_key(plot, stamp_ns):
    stamp = stamp_ns % (86_400 * SECOND) // 7_812_500
    azimuth = _number(plot["azimuth_deg"], 360 / 65_536)
    return plot["sensor"], stamp, azimuth, _number(plot["range_m"], 1852 / 256)


def _plot_value(plot):
    kind = {"psr": 1, "ssr": 2, "ssr+psr": 3, "modes": 5, "modes+psr": 7}[plot["detection"]]
    level = _number(plot["pressure_altitude_m"], 7.62)
    return plot["mode_3a"], level, plot["address"], plot["callsign"], kind


def test_the_octets_say_what_the_sweep_says(sent, exercise):
    """Every plot of sectors that closed within the span, value by value, and no other."""
    begin = exercise.sky.begin_ns + 600 * SECOND
    swept = sweep(exercise, begin - 2 * SECOND, begin + SPAN)
    # A few datagrams come twice.
    records = _decoded({datagram.octets: datagram for datagram in sent}.values()).tables["CAT048"]
    sensors = {(sensor.sac, sensor.sic): sensor.id for sensor in exercise.scenario.sensor}

    stamps = swept.plots["time"].cast("int64").to_pylist()
    said = {
        _plot_key(plot, stamp): _plot_value(plot)
        for plot, stamp in zip(swept.plots.drop(["time"]).to_pylist(), stamps, strict=True)
    }
    assert records.num_rows > 1_000
    for record in records.drop(["time"]).to_pylist():
        sensor = sensors[record["I010/SAC"], record["I010/SIC"]]
        steps = (round(record["I140_s"] * 128), round(record["I040/THETA_deg"] * 65_536 / 360))
        key = (sensor, *steps, round(record["I040/RHO_NM"] * 256))
        level = _number(record["I090/FL_FL"], 0.25)
        value = (record["I070/MODE3A"], level, record["I220"], record["I240"], record["I020/TYP"])
        assert said.pop(key) == value
    # What is left crossed before the first sector that closed in the span, or after the last.
    assert len(said) < 0.15 * records.num_rows


def test_every_plot_carries_the_simulation_bit(sent):
    records = _decoded(sent).tables["CAT048"]
    assert set(records["I020/SIM"].to_pylist()) == {1}


def test_radars_send_32_sectors_a_turn_and_a_north_marker(sent, exercise):
    table = _decoded(sent).tables["CAT034"]
    for sensor in exercise.scenario.sensor:
        mine = [
            row
            for row in table.drop(["time"]).to_pylist()
            if row["I010/SIC"] == sensor.sic and row["I010/SAC"] == sensor.sac
        ]
        sectors = [row["I020_deg"] for row in mine if row["I000"] == 2]
        norths = [row for row in mine if row["I000"] == 1]
        steps = [(b - a) % 360.0 for a, b in pairwise(sectors)]
        # A datagram that is lost, or comes twice, leaves a wider step, or none.
        assert sum(step != 11.25 for step in steps) <= 1
        assert {step % 11.25 for step in steps} == {0.0}
        assert abs(len(norths) - SPAN / SECOND / sensor.period_s) <= 1
        assert all(row["I041_s"] == sensor.period_s for row in norths)
        assert all(abs(row["I120/LAT_deg"] - sensor.lat_deg) < 2e-5 for row in norths)


def test_plots_leave_after_their_sector_and_before_its_message(sent, exercise):
    for sensor in exercise.scenario.sensor:
        mine = [datagram for datagram in sent if datagram.feed == sensor.id]
        for datagram in mine:
            found = _decoded([datagram])
            for table, column in (("CAT048", "I140_s"), ("CAT034", "I030_s")):
                if table in found.tables:
                    age = datagram.time_ns / 1e9 % 86_400 - np.array(found.tables[table][column].to_pylist())
                    # A sector, 50 to 70 ms of latency, half a step of the stamp, three sigmas of the clock.
                    assert (age > 0.01).all()
                    assert (age < sensor.period_s / 32 + 0.11).all()


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 5 * SECOND), max_size=5))
def test_datagrams_never_depend_on_how_time_is_cut(exercise, cuts):
    begin = exercise.sky.begin_ns
    edges = [0, *sorted(cuts), 5 * SECOND]
    whole = emissions(exercise, begin, begin + edges[-1], encode)
    parts = [emissions(exercise, begin + a, begin + b, encode) for a, b in pairwise(edges)]
    assert sum(parts, ()) == whole


def test_an_independent_decoder_reads_every_datagram(sent):
    kinds = {34: published.Cat_034_1_29, 48: published.Cat_048_1_32}
    records = 0
    for datagram in sent[:400]:
        for block in oracle.RawDatablock.parse(oracle.Bits.from_bytes(datagram.octets)):
            found = kinds[datagram.octets[0]].cv_uap.parse(block.get_raw_records())
            assert not isinstance(found, ValueError)
            records += len(found)
    assert records > 400
