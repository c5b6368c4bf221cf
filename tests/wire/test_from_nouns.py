"""Our nouns as ASTERIX: examples, libasterix as the independent reader, properties of the live picture."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.libasterix_oracle import parse
from tests.wire.test_cot import NOON_NS, ROW, table

from asman.model.plots import PLOTS
from asman.model.registration import Registered
from asman.model.sensor import Sensor
from asman.wire.asterix import from_plots, live_tracks
from asman.wire.asterix.encode import encode
from asman.wire.asterix.from_status import SensorStatus, cat063
from asman.wire.asterix.from_tracks import (
    NUMBERS,
    Source,
    cat062,
    cat065_end_of_batch,
    cat065_status,
    ends,
    number_tracks,
    time_of_day_s,
)
from asman.wire.asterix.from_warnings import Told, cat004, cat004_alive

OPS = Source(25, 200)


def read_by_libasterix(records: pa.Table, category: int, edition: str) -> list[dict]:
    """Every record, as an independent decoder has it."""
    found = []
    for block in encode(records, category, edition).blocks:
        some, failed = parse(category, edition, block)
        assert not failed
        found += [values for _, values in some]
    return found


@pytest.mark.parametrize("edition", ["1.18", "1.19", "1.20", "1.21"])
def test_a_track_is_read_by_libasterix_as_it_is(edition):
    row = {**ROW, "simulated": True, "position_doubted": True, "on_ground": True, "climb_mps": -3.175}
    (got,) = read_by_libasterix(cat062(table(row), OPS, np.array([7])), 62, edition)
    expected = {
        "I010/SAC": 25, "I010/SIC": 200, "I015": 1, "I040": 7, "I070_s": 43_200.25,
        "I060/MODE3A": 0o5436, "I245/CHR": "DLH65A", "I380/ADR": 0x3C660C, "I080/MON": 1, "I080/CNF": 0,
        "I080/SIM": 1, "I080/AFF": 1, "I080/SFC": 1, "I080/CST": 0, "I185/VX_mps": 200.0,
        "I135/CTB_FL": 330.0, "I135/QNH": 0, "I500/APC/X_m": 50.0, "I500/APC/Y_m": 30.0,
        "I220_ftpmin": -625.0,
    }  # fmt: skip
    assert {name: got[name] for name in expected} == expected
    assert got["I105/LAT_deg"] == pytest.approx(42.5, abs=3e-6)


def test_what_a_track_does_not_say_is_not_said():
    bare = {"time": NOON_NS, "track": 1, "lat_deg": 1.0, "lon_deg": 180.0, "simulated": False}
    (got,) = read_by_libasterix(cat062(table(bare), OPS, np.array([1])), 62, "1.18")
    assert sorted(name for name in got if name.startswith("I")) == [
        "I010/SAC", "I010/SIC", "I015", "I040", "I070_s", "I080/CNF", "I080/MON", "I080/MRH", "I080/SPI",
        "I080/SRC", "I105/LAT_deg", "I105/LON_deg",
    ]  # fmt: skip
    assert got["I105/LON_deg"] == -180.0


def test_status_sensors_and_warnings_are_read_by_libasterix():
    biases = Registered(
        sensor="a", range_m=-92.6, range_gain=1e-4, azimuth_deg=0.1, time_s=0.25, time_sigma_s=0.01,
        used=9, blamed=0, restarts=0,
    )  # fmt: skip
    sensors = [
        SensorStatus(3, 4, "modes", "operational", biases),
        SensorStatus(3, 5, "psr", "disconnected", biases),
        SensorStatus(3, 6, "adsb", "initialising"),
    ]
    radar, primary, fresh = read_by_libasterix(cat063(NOON_NS, OPS, sensors), 63, "1.6")
    assert (radar["I050/SIC"], radar["I060/CON"], radar["I070_ms"]) == (4, 0, 250)
    assert (radar["I080/SRG"], radar["I080/SRB_NM"]) == (pytest.approx(1e-4), pytest.approx(-0.05, abs=4e-3))
    assert radar["I081_deg"] == pytest.approx(0.1, abs=3e-3)
    assert (primary["I060/CON"], primary["I091_deg"]) == (3, pytest.approx(0.1, abs=3e-3))
    assert "I081_deg" not in primary
    assert fresh["I060/CON"] == 2
    assert "I070_ms" not in fresh
    (status,) = read_by_libasterix(cat065_status(NOON_NS, OPS, degraded=True, overload=False), 65, "1.5")
    assert (status["I000"], status["I040/NOGO"], status["I040/OVL"]) == (1, 1, 0)
    (batch,) = read_by_libasterix(cat065_end_of_batch(NOON_NS, OPS, 300), 65, "1.5")
    assert (batch["I000"], batch["I020"]) == (2, 44)
    told = [
        Told(NOON_NS, 70_000, "AIRSPACE_VIOLATION", 7),
        Told(NOON_NS, 2, "AIRSPACE_APPROACH", 8),
        Told(NOON_NS, 3, "COMLOSS", 9),
    ]
    alerts = cat004(told, OPS)
    assert alerts.unsaid == {"COMLOSS": 1}
    violation, approach = read_by_libasterix(alerts.table, 4, "1.12")
    assert (violation["I000"], violation["I040"], violation["I030"]) == (99, 4464, 7)
    assert "I120/CN/AIW" not in violation
    assert approach["I120/CN/AIW"] == 1
    (alive,) = read_by_libasterix(cat004_alive(NOON_NS, OPS, degraded=False), 4, "1.12")
    assert (alive["I000"], alive["I060/AIW"], alive["I060/STCA"]) == (1, 1, 0)


def test_north_marks_and_sectors_are_read_by_libasterix():
    site = Sensor(id="kant", lat_deg=42.85, lon_deg=74.85, height_m=700.0, sac=3, sic=4)
    services = pa.table(
        {
            "time": pa.array([NOON_NS] * 3, pa.timestamp("ns", "UTC")),
            "sensor": ["kant"] * 3,
            "kind": ["north", "sector", "status"],
            "azimuth_deg": pa.array([None, 359.9, None], pa.float64()),
        }
    )
    made = from_plots.cat034(services, (site,))
    assert made.left_out == {"neither north mark nor sector crossing": 1}
    north, sector = read_by_libasterix(made.table, 34, "1.29")
    assert (north["I000"], north["I120/HGT_m"]) == (1, 700)
    assert north["I120/LAT_deg"] == pytest.approx(42.85, abs=2e-5)
    assert (sector["I000"], sector["I020_deg"]) == (2, 358.59375)
    assert "I120/HGT_m" not in sector


def test_plots_that_cannot_be_said_are_counted():
    site = Sensor(id="kant", lat_deg=42.85, lon_deg=74.85, sac=3, sic=4)
    rows = [
        {"time": NOON_NS, "sensor": "kant", "range_m": 1852.0, "azimuth_deg": 359.9999},
        {"time": NOON_NS, "sensor": "kant", "range_m": 600_000.0, "azimuth_deg": 1.0},
        {"time": NOON_NS, "sensor": "kant", "lat_deg": 42.0, "lon_deg": 74.0},
        {"time": NOON_NS, "sensor": "osh", "range_m": 1.0, "azimuth_deg": 1.0},
        {"time": None, "sensor": "kant", "range_m": 1.0, "azimuth_deg": 1.0},
    ]
    made = from_plots.cat048(pa.Table.from_pylist(rows, schema=PLOTS), (site,))
    assert made.left_out == {
        "of a sensor without SAC and SIC": 1,
        "without a time": 1,
        "no radar plot": 1,
        "farther than an item can say (256 NM)": 1,
    }
    (got,) = read_by_libasterix(made.table, 48, "1.32")
    assert (got["I040/RHO_NM"], got["I040/THETA_deg"]) == (1.0, 0.0)


@given(st.integers(0, 2 * 10**18))
def test_a_time_of_day_is_the_nearest_tick_below_a_day(time_ns):
    (found,) = time_of_day_s(np.array([time_ns])).to_pylist()
    assert 0.0 <= found < 86_400.0
    apart = abs(found - time_ns % (86_400 * 10**9) / 1e9)
    assert min(apart, 86_400.0 - apart) <= 1 / 256 + 1e-9


@settings(max_examples=50)
@given(st.lists(st.sets(st.integers(0, 5 * NUMBERS).map(lambda one: one // 7 * 7), max_size=12), max_size=8))
def test_numbers_stay_with_their_tracks_and_never_stand_for_two(pictures):
    given_before: dict[int, int] = {}
    for picture in pictures:
        track = np.array(sorted(picture), np.int64)
        numbered = number_tracks(track, given_before)
        assert len(set(numbered.number.tolist())) == track.size
        assert all(0 <= one < NUMBERS for one in numbered.number.tolist())
        for one, number in zip(track.tolist(), numbered.number.tolist(), strict=True):
            assert given_before.get(one, number) == number
        given_before = dict(numbered.given)


def test_when_all_numbers_are_taken_the_rest_is_left_out():
    numbered = number_tracks(np.arange(NUMBERS + 3), {})
    assert int((numbered.number < 0).sum()) == 3


@settings(max_examples=12)
@given(st.lists(st.sets(st.integers(1, 6)), min_size=1, max_size=6))
def test_every_track_begins_once_ends_once_and_is_told_between(pictures):
    sent = live_tracks.nothing()
    alive: set[int] = set()
    for k, picture in enumerate([*pictures, set()]):
        rows = [{**ROW, "track": one, "time": NOON_NS + k * 10**9} for one in sorted(picture)]
        sent, blocks = live_tracks.step(sent, table(*rows), NOON_NS + k * 10**9, OPS, live_tracks.Status())
        records = [values for block in blocks if block[0] == 62 for _, values in parse(62, "1.18", block)[0]]
        ended = {one["I040"] for one in records if one.get("I080/TSE")}
        begun = {one["I040"] for one in records if one.get("I080/TSB")}
        told = {one["I040"] for one in records if not one.get("I080/TSE")}
        assert ended == alive - picture
        assert begun == picture - alive
        assert told == picture
        assert all(len(block) <= 1400 for block in blocks)
        alive = picture
    assert sent.batches == len(pictures) + 1


def test_first_and_last_rows_of_a_recording_are_marked():
    first, last = ends(np.array([1, 2, 1, 2, 1]), np.array([0, 0, 1, 1, 2]))
    assert first.tolist() == [True, True, False, False, False]
    assert last.tolist() == [False, False, False, True, True]
    assert ends(np.empty(0, np.int64), np.empty(0, np.int64))[0].size == 0
