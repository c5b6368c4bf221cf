"""Who speaks in a recording is found; what is not told is asked for, in a file that is half filled in."""

import math

import pytest
from tests.sensing.tables import decoded, table

from asman.errors import ConfigError
from asman.model.sensor import Sensor
from asman.sensing.discover import discover, template
from asman.sensing.sensors_toml import parse

RADAR = {"I010/SAC": 25, "I010/SIC": 12, "I020/TYP": 5, "I040/RHO_NM": 195.0, "I040/THETA_deg": 10.0}
MARK = {"I010/SAC": 25, "I010/SIC": 12, "I000": 1, "I030_s": 10.0, "I041_s": 4.945}
SITE = {"I120/LAT_deg": 43.571, "I120/LON_deg": 16.406, "I120/HGT_m": 780.0}


def _turns(row: dict, period_s: float, count: int = 6) -> list[dict]:
    """The same target, once a turn."""
    return [{**row, "I140_s": 100.0 + period_s * i, "I220": 0x501234} for i in range(count)]


def test_a_radar_that_tells_its_site_becomes_a_sensor():
    found = discover(decoded(CAT048=table(_turns(RADAR, 5.0)), CAT034=table([{**MARK, **SITE}])))
    (sensor,) = found.sensors
    assert (sensor.id, sensor.kind, sensor.sac, sensor.sic) == ("radar-25-12", "modes", 25, 12)
    assert (sensor.lat_deg, sensor.lon_deg, sensor.height_m) == (43.571, 16.406, 780.0)
    assert sensor.period_s == 4.945
    assert sensor.range_max_m == 200 * 1852
    assert found.derived[0].site_from.startswith("as the radar says")
    assert found.missing == ()


def test_a_radar_that_does_not_is_missing_and_its_period_is_observed():
    found = discover(decoded(CAT048=table(_turns(RADAR, 5.0))))
    assert found.sensors == ()
    assert [(one.id, one.period_s, one.site_from) for one in found.missing] == [("radar-25-12", 5.0, "")]


def test_the_period_is_read_from_north_marks_where_the_radar_does_not_say_it():
    marks = [{**MARK, "I041_s": None, "I030_s": 10.0 + 7.6 * i} for i in range(5)]
    found = discover(decoded(CAT048=table(_turns(RADAR, 5.0)), CAT034=table(marks)))
    assert found.missing[0].period_s == pytest.approx(7.6)


def test_a_site_of_zero_zero_was_never_set():
    nowhere = {"I120/LAT_deg": 0.0, "I120/LON_deg": 0.0, "I120/HGT_m": 0.0}
    found = discover(decoded(CAT048=table([{**RADAR, "I140_s": 1.0}]), CAT034=table([{**MARK, **nowhere}])))
    assert len(found.missing) == 1


@pytest.mark.parametrize(
    ("types", "kind"), [([1, 1], "psr"), ([1, 2], "ssr"), ([2, 3], "ssr"), ([1, 7], "modes")]
)
def test_the_kind_is_what_it_detects(types, kind):
    rows = [{**RADAR, "I140_s": 1.0 + i, "I020/TYP": typ} for i, typ in enumerate(types)]
    assert discover(decoded(CAT048=table(rows))).missing[0].kind == kind


def test_stations_that_report_positions_need_nothing_said():
    adsb = {"I010/SAC": 20, "I010/SIC": 206, "I073_s": 1.0, "I130/LAT_deg": 38.0, "I130/LON_deg": -1.0}
    mlat = {"I010/SAC": 0, "I010/SIC": 7, "I140_s": 1.0, "I041/LAT_deg": 41.0, "I041/LON_deg": 2.0}
    found = discover(decoded(CAT021=table([adsb]), CAT020=table([mlat])))
    assert [(one.id, one.kind, one.lat_deg) for one in found.sensors] == [
        ("mlat-0-7", "mlat", 41.0),
        ("adsb-20-206", "adsb", 38.0),
    ]
    assert all(one.sigma_azimuth_deg == 0.0 for one in found.sensors)


def test_multilateration_in_a_plane_needs_its_origin():
    plane = {
        "I010/SAC": 0,
        "I010/SIC": 107,
        "I000": 1,
        "I020/TYP": 1,
        "I140_s": 1.0,
        "I042/X_m": 5.0,
        "I042/Y_m": 6.0,
    }
    (missing,) = discover(decoded(CAT010=table([plane]))).missing
    assert (missing.id, missing.kind) == ("mlat-0-107", "mlat")


def test_given_sensors_stand_and_only_the_others_are_derived():
    given = Sensor(id="kozjak", lat_deg=1.0, lon_deg=2.0, sac=25, sic=12)
    found = discover(decoded(CAT048=table(_turns(RADAR, 5.0)), CAT034=table([{**MARK, **SITE}])), (given,))
    assert found.sensors == (given,)
    assert (found.derived, found.missing) == ((), ())
    assert [one.id for one in found.sources] == ["radar-25-12"]


def test_the_template_reads_back_when_it_is_filled_and_asks_until_then():
    found = discover(decoded(CAT048=table(_turns(RADAR, 5.0))))
    text = template(found.sources)
    with pytest.raises(ConfigError, match="lat_deg: still to be filled in"):
        parse(text, "t")
    (sensor,) = parse(text.replace("nan", "16.5"), "t")
    assert (sensor.sac, sensor.sic, sensor.period_s, sensor.lat_deg) == (25, 12, 5.0, 16.5)
    assert math.isnan(found.missing[0].sensor().lat_deg)


def test_an_empty_recording_has_nobody():
    found = discover(decoded())
    assert (found.sources, found.sensors, found.derived, found.missing) == ((), (), (), ())
