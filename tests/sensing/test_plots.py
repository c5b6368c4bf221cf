"""Records become plots: every category by its layout, positions by sensor kind, reasons for the rest."""

import math
from datetime import UTC, date, datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sensing.tables import decoded, table

from asman.kernels.geodesy import lla_to_enu, lla_to_polar
from asman.model.frames import NO_TIME, Frames
from asman.model.plots import PLOTS
from asman.model.sensor import Sensor
from asman.sensing.discover import discover
from asman.sensing.layouts import LAYOUTS
from asman.sensing.plots import extract
from asman.sensing.services import SERVICES
from asman.sensing.timeline import TimelineState
from asman.wire.asterix import decode

MAY_2 = date(2023, 5, 2)
RADAR = Sensor(id="radar", lat_deg=41.3, lon_deg=2.1, height_m=27.0, sac=20, sic=129)
MLAT = Sensor(id="mlat", kind="mlat", lat_deg=41.297, lon_deg=2.0784, height_m=4.0, sac=0, sic=107)
SMR = Sensor(id="smr", kind="psr", lat_deg=41.2956, lon_deg=2.0951, height_m=20.0, sac=0, sic=7)
ADSB = Sensor(id="adsb", kind="adsb", lat_deg=38.3, lon_deg=-0.5, sac=20, sic=206)
WHO = {"I010/SAC": 20, "I010/SIC": 129}
CAT048 = {
    **WHO,
    "I140_s": 28_800.5,
    "I020/TYP": 5,
    "I020/SIM": 0,
    "I020/RAB": 0,
    "I020/TST": 0,
    "I040/RHO_NM": 100.0,
    "I040/THETA_deg": 90.0,
    "I070/V": 0,
    "I070/G": 0,
    "I070/MODE3A": 0o7700,
    "I090/V": 0,
    "I090/G": 1,
    "I090/FL_FL": 350.0,
    "I220": 0x3C6444,
    "I240": "DLH9LF",
    "I161/TRN": 17,
    "I230/STAT": 0,
}


def _extract(*sensors: Sensor, day: date | None = MAY_2, **tables):
    return extract(decoded(**tables), sensors, TimelineState(), recording="r", date=day)[0]


def test_a_mode_s_report_becomes_a_plot_with_its_quality_and_provenance():
    found = _extract(RADAR, CAT048=table([CAT048], first_offset=300))

    assert found.plots.schema.equals(PLOTS)
    assert found.ignored == {}
    (plot,) = found.plots.to_pylist()
    assert plot == {
        "time": datetime(2023, 5, 2, 8, 0, 0, 500_000, UTC),
        "sensor": "radar",
        "range_m": 185_200.0,
        "azimuth_deg": 90.0,
        "lat_deg": None,
        "lon_deg": None,
        "pressure_altitude_m": 35_000 * 0.3048,
        "geometric_altitude_m": None,
        "mode_3a": 0o7700,
        "address": 0x3C6444,
        "callsign": "DLH9LF",
        "detection": "modes",
        "mode_3a_valid": True,
        "altitude_valid": False,
        "sigma_m": None,
        "sigma_e_m": None,
        "sigma_n_m": None,
        "cov_en_m2": None,
        "containment_m": None,
        "velocity_sigma_mps": None,
        "vn_mps": None,
        "ve_mps": None,
        "climb_mps": None,
        "on_ground": False,
        "simulated": False,
        "field_monitor": False,
        "sensor_track": 17,
        "category": 48,
        "recording": "r",
        "offset": 300,
    }


@pytest.mark.parametrize(
    ("typ", "detection"),
    [(1, "psr"), (2, "ssr"), (3, "ssr+psr"), (4, "modes"), (5, "modes"), (6, "modes+psr")],
)
def test_the_detection_is_what_the_radar_says(typ, detection):
    plots = _extract(RADAR, CAT048=table([{**CAT048, "I020/TYP": typ}])).plots
    assert plots["detection"].to_pylist() == [detection]


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [
        ({"I070/V": 1}, "mode_3a_valid", False),
        ({"I070/G": 1}, "mode_3a_valid", False),
        ({"I090/G": 0}, "altitude_valid", True),
        ({"I020/SIM": 1}, "simulated", True),
        ({"I020/TST": 1}, "simulated", True),
        ({"I020/RAB": 1}, "field_monitor", True),
        ({"I230/STAT": 1}, "on_ground", True),
        ({"I230/STAT": 4}, "on_ground", None),
        ({"I220": 0}, "address", None),
        ({"I220": 0xFFFFFF}, "address", None),
        ({"I240": ""}, "callsign", None),
        ({"I240": "AB?1"}, "callsign", None),
        ({"I240": "IBE12 "}, "callsign", "IBE12"),
        ({"I090/FL_FL": -2.0}, "pressure_altitude_m", -60.96),
        ({"I110/3DH_ft": 1_000.0}, "geometric_altitude_m", 304.8),
    ],
)
def test_each_mark_of_a_record_reaches_its_column(change, column, value):
    plots = _extract(RADAR, CAT048=table([{**CAT048, **change}])).plots
    assert plots[column].to_pylist() == [value if not isinstance(value, float) else pytest.approx(value)]


def test_what_cannot_become_a_plot_is_counted_with_its_reason():
    bare = {name: value for name, value in CAT048.items() if not name.startswith("I040")}
    stranger = {**CAT048, "I010/SIC": 130}
    rows = [CAT048, {**CAT048, "I020/TYP": 0}, stranger, stranger, bare, {**CAT048, "I140_s": 80_000.0}]
    found = _extract(RADAR, CAT048=table(rows), CAT062=table([WHO]))
    assert found.plots.num_rows == 1
    assert found.ignored == {
        "CAT048: no detection in this scan: the sensor's own tracker coasted": 1,
        "CAT048: no sensor for SAC 20, SIC 130": 2,
        "CAT048: no position in the record": 1,
        "CAT048: time of day leaps by over an hour, not believed": 1,
        "CAT062: no category of a sensor's reports": 1,
    }


def test_a_sensor_of_another_kind_does_not_take_a_radars_records():
    adsb = Sensor(id="adsb", kind="adsb", lat_deg=41.3, lon_deg=2.1, sac=20, sic=129)
    assert _extract(adsb, CAT048=table([CAT048])).plots.num_rows == 0
    assert _extract(adsb, RADAR, CAT048=table([CAT048])).plots["sensor"].to_pylist() == ["radar"]


def test_cartesian_stands_in_where_polar_is_missing():
    """In the slant plane unless the radar says that it projected; then as seen from the antenna."""
    bare = {name: value for name, value in CAT048.items() if not name.startswith("I040")}
    slant = {**bare, "I042/X_NM": -30.0, "I042/Y_NM": 40.0}
    (plot,) = _extract(RADAR, CAT048=table([slant])).plots.to_pylist()
    assert plot["range_m"] == pytest.approx(50 * 1852)
    assert plot["azimuth_deg"] == pytest.approx(360 - math.degrees(math.atan2(3, 4)))

    (plot,) = _extract(RADAR, CAT048=table([{**slant, "I170/TCC": 1}])).plots.to_pylist()
    # In the tangent plane the target is lower than its altitude says by the curve of the earth.
    up = 35_000 * 0.3048 - 27.0 - (50 * 1852) ** 2 / (2 * 6.37e6)
    assert plot["range_m"] == pytest.approx(math.hypot(50 * 1852, up), rel=1e-4)


def test_multilateration_is_put_on_the_earth_from_its_plane():
    lat, lon, height = math.radians(41.31), math.radians(2.10), 100 * 30.48
    origin = (math.radians(MLAT.lat_deg), math.radians(MLAT.lon_deg), MLAT.height_m)
    e, n, _ = lla_to_enu(lat, lon, height, *origin)
    row = {
        "I010/SAC": 0,
        "I010/SIC": 107,
        "I000": 1,
        "I020/TYP": 1,
        "I140_s": 1.0,
        "I042/X_m": e,
        "I042/Y_m": n,
    }
    found = _extract(MLAT, CAT010=table([{**row, "I090/FL_FL": 100.0, "I245/CHR": "VLG21", "I020/GBS": 1}]))
    (plot,) = found.plots.to_pylist()
    assert (plot["lat_deg"], plot["lon_deg"]) == pytest.approx((41.31, 2.10), abs=1e-9)
    assert (plot["range_m"], plot["detection"], plot["on_ground"]) == (None, "mlat", True)


def test_a_surface_radar_keeps_polar_and_takes_a_place_on_earth_as_seen_from_it():
    row = {"I010/SAC": 0, "I010/SIC": 7, "I000": 1, "I020/TYP": 3, "I140_s": 1.0}
    polar = {**row, "I040/RHO_m": 1_500.0, "I040/TH_deg": 200.0, "I042/X_m": 1.0, "I042/Y_m": 1.0}
    placed = {**row, "I041/LAT_deg": 41.30, "I041/LON_deg": 2.08}
    plots = _extract(SMR, CAT010=table([polar, placed])).plots.to_pylist()
    assert (plots[0]["range_m"], plots[0]["azimuth_deg"]) == (1_500.0, 200.0)
    assert plots[0]["detection"] == "psr"
    origin = (math.radians(SMR.lat_deg), math.radians(SMR.lon_deg), SMR.height_m)
    seen = lla_to_polar(math.radians(41.30), math.radians(2.08), SMR.height_m, *origin)
    assert plots[1]["range_m"] == pytest.approx(seen[0])
    assert plots[1]["lat_deg"] is None


def test_status_messages_are_services_and_coasted_tracks_are_nothing():
    row = {"I010/SAC": 0, "I010/SIC": 107, "I020/TYP": 1, "I140_s": 1.0, "I042/X_m": 5.0, "I042/Y_m": 6.0}
    rows = [{**row, "I000": 1}, {**row, "I000": 2}, {**row, "I000": 3}, {**row, "I000": 1, "I170/CST": 3}]
    found = _extract(MLAT, CAT010=table(rows))
    assert found.plots["offset"].to_pylist() == [0]
    assert found.services["kind"].to_pylist() == ["cycle", "status"]
    assert found.ignored == {
        "CAT010: a status message, no target report": 2,
        "CAT010: no detection in this scan: the sensor's own tracker coasted": 1,
    }


def test_surface_radar_and_multilateration_of_one_source_are_told_apart_by_what_they_detect():
    both = (
        Sensor(id="m", kind="mlat", lat_deg=41.297, lon_deg=2.0784, sac=0, sic=1),
        Sensor(id="s", kind="psr", lat_deg=41.297, lon_deg=2.0784, sac=0, sic=1),
    )
    row = {"I010/SAC": 0, "I010/SIC": 1, "I000": 1, "I140_s": 1.0, "I042/X_m": 500.0, "I042/Y_m": 600.0}
    plots = _extract(*both, CAT010=table([{**row, "I020/TYP": 3}, {**row, "I020/TYP": 0}])).plots
    assert plots["sensor"].to_pylist() == ["s", "m"]


ADSB_2 = {
    "I010/SAC": 20,
    "I010/SIC": 206,
    "I040/ATP": 0,
    "I040/GBS": 0,
    "I073_s": 40_000.0,
    "I130/LAT_deg": 38.5,
    "I130/LON_deg": -0.5,
    "I080": 0x34_12_34,
    "I140_ft": 36_400.0,
    "I145_FL": 360.0,
    "I170": "VLG12AB",
    "I090/NACP": 9,
    "I160/RE": 0,
    "I160/GS_NMps": 0.125,
    "I160/TA_deg": 90.0,
    "I155/RE": 0,
    "I155/BVR_ftpmin": -600.0,
    "I210/VN": 2,
}


def test_ads_b_of_the_2_layouts_gives_position_vector_and_accuracy():
    row = {**ADSB_2, "I131/LAT_deg": 38.500_01, "I131/LON_deg": -0.5}
    (plot,) = _extract(ADSB, CAT021=table([row])).plots.to_pylist()
    assert (plot["lat_deg"], plot["lon_deg"]) == pytest.approx((38.500_01, -0.5), abs=1e-12)
    assert plot["time"] == datetime(2023, 5, 2, 11, 6, 40, tzinfo=UTC)
    assert plot["geometric_altitude_m"] == pytest.approx(36_400 * 0.3048)
    assert (plot["ve_mps"], plot["vn_mps"]) == pytest.approx((450 * 1852 / 3600, 0.0), abs=1e-9)
    assert plot["climb_mps"] == pytest.approx(-600 * 0.3048 / 60)
    assert plot["sigma_m"] == pytest.approx(30.0 / 2.4477, rel=1e-4)
    assert (plot["detection"], plot["on_ground"], plot["callsign"]) == ("adsb", False, "VLG12AB")


@pytest.mark.parametrize(
    ("change", "column", "value"),
    [
        ({"I040/ATP": 3}, "address", None),
        ({"I160/RE": 1}, "ve_mps", None),
        ({"I155/RE": 1, "I157/GVR_ftpmin": 300.0}, "climb_mps", 1.524),
        ({"I090/NACP": 0}, "sigma_m", None),
        ({"I090/NACP": None, "I090/NUCPNIC": 7, "I210/VN": 0}, "sigma_m", 92.6 / 2.44775),
        ({"I090/NACP": None, "I090/NUCPNIC": 7}, "sigma_m", None),
        ({"I090/PIC": 11}, "containment_m", 185.2),
        ({"I090/PIC": 0}, "containment_m", math.inf),
        ({"I090/NUCPNIC": 8, "I210/VN": 2}, "containment_m", 185.2),
        ({"I090/NUCPNIC": 8, "I210/VN": 0}, "containment_m", None),
        ({"I071_s": 39_999.5}, "time", datetime(2023, 5, 2, 11, 6, 39, 500_000, UTC)),
        ({"I040/SIM": 1}, "simulated", True),
    ],
)
def test_what_an_ads_b_report_hedges_is_not_taken_at_its_word(change, column, value):
    plots = _extract(ADSB, CAT021=table([{**ADSB_2, **change}])).plots
    assert plots[column].to_pylist() == [
        pytest.approx(value, rel=1e-5) if isinstance(value, float) else value
    ]


def test_a_latitude_beyond_the_pole_is_refused():
    found = _extract(ADSB, CAT021=table([ADSB_2, {**ADSB_2, "I130/LAT_deg": 120.0}]))
    assert found.plots.num_rows == 1
    assert found.ignored == {"CAT021: a latitude or longitude that is not on the earth": 1}


def test_ads_b_of_the_0_2_layouts_has_other_items_for_the_same():
    row = {
        name: value for name, value in ADSB_2.items() if name.split("/")[0] not in ("I073_s", "I155", "I160")
    }
    row |= {
        "I030_s": 40_000.0,
        "I160/GS_NMps": 0.125,
        "I160/TA_deg": 0.0,
        "I155_ftpmin": 600.0,
        "I070/MODE3A": 0o1234,
    }
    row |= {"I070/V": 1, "I070/G": 0}
    (plot,) = _extract(ADSB, CAT021=table([row])).plots.to_pylist()
    assert plot["vn_mps"] == pytest.approx(231.5)
    assert plot["climb_mps"] == pytest.approx(3.048)
    assert (plot["mode_3a"], plot["mode_3a_valid"]) == (0o1234, False)


def test_cat001_takes_its_source_from_the_record_before_and_its_hour_from_the_sector_message():
    sector = {**WHO, "I000": 2, "I020_deg": 45.0, "I030_s": 40_000.0, "I041_s": 5.0}
    plot = {
        "I020/SSRPSR": 3,
        "I040/RHO_NM": 60.0,
        "I040/THETA_deg": 44.0,
        "I141_s": 63.5,
        "I090/HGT_FL": 100.0,
    }
    rows = table([{**plot, **WHO}, {**plot, "I141_s": 63.75}], first_offset=100)
    found = _extract(RADAR, CAT002=table([sector]), CAT001=rows)
    assert found.plots["time"].to_pylist() == [
        datetime(2023, 5, 2, 11, 6, 39, 500_000, UTC),
        datetime(2023, 5, 2, 11, 6, 39, 750_000, UTC),
    ]
    assert found.plots["detection"].to_pylist() == ["ssr+psr"] * 2
    assert found.plots["pressure_altitude_m"].to_pylist() == [3_048.0] * 2
    (service,) = found.services.to_pylist()
    assert (service["kind"], service["azimuth_deg"], service["period_s"], service["sensor"]) == (
        "sector",
        45.0,
        5.0,
        "radar",
    )
    assert found.services.schema.equals(SERVICES)


def test_plots_of_several_categories_come_in_the_order_of_the_file():
    later = table([CAT048], first_offset=500)
    found = _extract(RADAR, ADSB, CAT048=later, CAT021=table([{**ADSB_2, "I073_s": 28_801.0}]))
    assert found.plots["category"].to_pylist() == [21, 48]
    assert found.plots["sensor"].to_pylist() == ["adsb", "radar"]


def test_a_report_that_is_sent_twice_is_used_once_also_over_batches():
    other = {**CAT048, "I040/THETA_deg": 91.0}
    found = _extract(RADAR, CAT048=table([CAT048, other, CAT048]))
    assert found.plots["azimuth_deg"].to_pylist() == [90.0, 91.0]
    assert found.ignored == {"CAT048: sent twice: the same report came before": 1}

    first, state = extract(
        decoded(CAT048=table([CAT048])), (RADAR,), TimelineState(), recording="r", date=MAY_2
    )
    again, state = extract(decoded(CAT048=table([CAT048, other])), (RADAR,), state, recording="r", date=MAY_2)
    assert (first.plots.num_rows, again.plots.num_rows) == (1, 1)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 10, 20, 21, 34, 48]), st.binary(min_size=2, max_size=80)),
        max_size=12,
    )
)
def test_whatever_octets_hold_becomes_plots_or_counted_reasons_never_a_crash(blocks):
    octets = b"".join(bytes([cat]) + (3 + len(body)).to_bytes(2, "big") + body for cat, body in blocks)
    frames = Frames(np.array([0]), np.array([len(octets)]), np.array([NO_TIME]))
    records = decode(octets, frames)
    found = discover(records)
    everyone = (
        *found.sensors,
        *(msgspec.structs.replace(one.sensor(), lat_deg=1.0, lon_deg=2.0) for one in found.missing),
    )
    extracted, _ = extract(records, everyone, TimelineState(), recording="r")
    assert extracted.plots.schema.equals(PLOTS)
    targets = sum(records.tables[name].num_rows for name in LAYOUTS if name in records.tables)
    untimed_services = sum(
        count for reason, count in extracted.ignored.items() if reason.startswith(("CAT002", "CAT034"))
    )
    told = sum(extracted.ignored.values()) - untimed_services
    assert extracted.plots.num_rows <= targets <= extracted.plots.num_rows + told


def test_nothing_gives_nothing():
    found, state = extract(decoded(), (RADAR,), TimelineState(), recording="r")
    assert (found.plots.num_rows, found.services.num_rows, found.ignored) == (0, 0, {})
    assert state == TimelineState()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(1, 29))
def test_a_stream_cut_anywhere_gives_the_same_plots_as_the_whole(kinds, cut):
    """Pure state in, state out: batches of a live feed and a file come to the same."""
    variants = [
        CAT048,
        {**CAT048, "I010/SIC": 130},
        {**CAT048, "I020/TYP": 0},
        {**CAT048, "I040/RHO_NM": None},
    ]
    # Every third report comes twice.
    rows = [{**variants[kind], "I140_s": (86_390.0 + 2 * (i // 3)) % 86_400} for i, kind in enumerate(kinds)]
    whole = _extract(RADAR, CAT048=table(rows))
    state, parts, ignored = TimelineState(), [], 0
    for low, high in ((0, cut), (cut, len(rows))):
        if rows[low:high]:
            batch = decoded(CAT048=table(rows[low:high], first_offset=48 * low))
            found, state = extract(batch, (RADAR,), state, recording="r", date=MAY_2)
            parts += found.plots.to_pylist()
            ignored += sum(found.ignored.values())
    assert parts == whole.plots.to_pylist()
    assert ignored == sum(whole.ignored.values())
