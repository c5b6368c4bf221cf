"""sensors.toml is read strictly: every message names the sensor, the field and the mend."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asman.errors import ConfigError
from asman.model.sensor import Bias, Sensor
from asman.sensing.sensors_toml import parse, written

KANT = '[[sensor]]\nid = "kant"\nlat_deg = 42.853\nlon_deg = 74.846\n'


def test_a_sensor_needs_a_name_and_a_place_and_has_defaults_for_the_rest():
    (sensor,) = parse(KANT, "sensors.toml")
    assert sensor == Sensor(id="kant", lat_deg=42.853, lon_deg=74.846)


def test_every_field_can_be_given():
    text = """
        [[sensor]]
        id = "osh"
        member = "KG"
        kind = "ssr"
        lat_deg = 40.6
        lon_deg = 72.8
        height_m = 920
        period_s = 5
        range_max_m = 370400.0
        sigma_range_m = 70
        sigma_azimuth_deg = 0.1
        pd = 0.9
        false_plots_per_scan = 3
        sac = 61
        sic = 7
        asterix_edition = { "048" = "1.31" }
        bias = { range_m = 20.0, time_s = -0.1 }
    """
    (sensor,) = parse(text, "sensors.toml")
    assert sensor.bias == Bias(range_m=20.0, time_s=-0.1)
    assert (sensor.kind, sensor.height_m, sensor.asterix_edition) == ("ssr", 920.0, {"048": "1.31"})


def test_a_station_of_positions_has_no_azimuth_error_by_default():
    (sensor,) = parse(KANT + 'kind = "adsb"\n', "sensors.toml")
    assert (sensor.sigma_azimuth_deg, sensor.period_s) == (0.0, 1.0)


def test_several_sensors_may_share_a_source_when_their_kinds_tell_them_apart():
    text = "\n".join(
        f'[[sensor]]\nid = "{kind}"\nkind = "{kind}"\nlat_deg = 1\nlon_deg = 2\nsac = 0\nsic = 7\n'
        for kind in ("psr", "mlat", "adsb")
    )
    assert [sensor.id for sensor in parse(text, "sensors.toml")] == ["psr", "mlat", "adsb"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[sensor]\n", ["s.toml", "not TOML"]),
        ("", ["s.toml", "holds no sensor", "[[sensor]]"]),
        ("sensor = 3\n", ["holds no sensor"]),
        ("sensor = [3]\n", ["sensor number 1", "not a table"]),
        ("[[sensors]]\nid = 1\n", ["sensors", "unknown key", "'sensor'"]),
        (KANT + "lat = 3\n", ["sensor 'kant': lat", "unknown key", "'lat_deg'"]),
        (KANT + "periods = 3\n", ["sensor 'kant': periods", "'period_s'"]),
        (KANT + "bias = { azimut_deg = 1 }\n", ["sensor 'kant': bias: azimut_deg", "'azimuth_deg'"]),
        (KANT + 'kind = "mode-s"\n', ["sensor 'kant': kind", "'mode-s'", "'modes'"]),
        (KANT + "kind = 4\n", ["sensor 'kant': kind", "'4'"]),
        (KANT + 'height_m = "high"\n', ["sensor 'kant': height_m", "float", "str"]),
        (KANT + 'bias = { time_s = "late" }\n', ["sensor 'kant': bias.time_s"]),
        (KANT + "pd = 95\n", ["sensor 'kant': pd", "95", "0.01 to 1"]),
        (KANT + "period_s = 0\n", ["sensor 'kant': period_s"]),
        (KANT + "period_s = inf\n", ["sensor 'kant': period_s", "inf"]),
        (KANT + "sac = 20\n", ["sensor 'kant': sac", "without sic"]),
        (KANT + "sac = 20\nsic = 256\n", ["sensor 'kant': sic", "256"]),
        (KANT + "sigma_azimuth_deg = 0\n", ["sensor 'kant': sigma_azimuth_deg"]),
        (KANT + 'asterix_edition = { "48" = "1.31" }\n', ["asterix_edition", '"048"']),
        (KANT + KANT, ["sensor 'kant'", "given twice"]),
        (
            KANT + "sac = 1\nsic = 2\n" + KANT.replace("kant", "osh") + 'kind = "psr"\nsac = 1\nsic = 2\n',
            ["sensor 'osh'", "SAC 1, SIC 2", "'kant'"],
        ),
        (KANT.replace("lat_deg = 42.853", ""), ["sensor 'kant': lat_deg", "missing"]),
        (KANT.replace("42.853", "nan"), ["sensor 'kant': lat_deg", "still to be filled in"]),
        (KANT.replace("42.853", "142.853"), ["sensor 'kant': lat_deg", "142.853", "-90 to 90"]),
        (KANT.replace('"kant"', '" "'), ["id", "empty"]),
        ("[[sensor]]\nlat_deg = 3\nlon_deg = 4\n", ["sensor number 1: id", "missing"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_mend(text, words):
    with pytest.raises(ConfigError) as caught:
        parse(text, "s.toml")
    assert str(caught.value).startswith("s.toml")
    for word in words:
        assert word in str(caught.value)


@given(
    st.builds(
        Sensor,
        id=st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1).filter(str.strip),
        lat_deg=st.integers(-90, 90).map(float),
        lon_deg=st.floats(-180, 180).map(lambda x: round(x, 6)),
        kind=st.sampled_from(["psr", "ssr", "modes"]),
        height_m=st.integers(-100, 5_000).map(float),
        period_s=st.floats(1, 20).map(lambda x: round(x, 3)),
        sac=st.integers(0, 255),
        sic=st.integers(0, 255),
        bias=st.sampled_from([Bias(), Bias(range_m=-30.0, time_s=0.25)]),
        asterix_edition=st.sampled_from([{}, {"048": "1.31", "034": "1.29"}]),
    )
)
def test_what_is_written_reads_back_as_the_same_sensor(sensor):
    assert parse(written(sensor), "sensors.toml") == (sensor,)


@given(st.text())
def test_any_text_is_read_or_refused_never_a_crash(text):
    try:
        parse(text, "sensors.toml")
    except ConfigError as error:
        assert str(error).startswith("sensors.toml")
