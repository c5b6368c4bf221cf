"""`asman plots` on real recordings: golden plots, sane flight, the octets behind them, words for mistakes.

The golden rows were looked at beside maps of the plots, and an independent decoder (libasterix) reads the
same octets below. After a meant change, `pytest tests/apps/test_plots.py -vv` prints the new rows to put in.
"""

import json
from functools import cache
from pathlib import Path

import asterix.base as libasterix_base
import asterix.generated as libasterix
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from click.testing import CliRunner

import asman
from asman.apps.plots import command, gather
from asman.errors import InputError
from asman.kernels.geodesy import polar_to_lla_array
from asman.model.plots import PLOTS
from asman.sensing.sensors_toml import parse

EXAMPLES = Path(__file__).parents[2] / "examples" / "sensors"

COASTED = "CAT048: no detection in this scan: the sensor's own tracker coasted"
STATUS = "CAT010: a status message, no target report"
TWICE = "CAT048: sent twice: the same report came before"

#: recording -> sensors, plots, records ignored by reason, and some plots as the octets have them:
#: (offset, time, sensor, range or latitude, azimuth or longitude, pressure altitude, address or code)
GOLDEN = {
    "alicante-adsb.cat021.ast": (
        None,
        20_090,
        {},
        [
            (3, "2000-01-01T10:58:28.007812500", "adsb-20-206", 38.959763, 2.396871, 7170.42, 5024938),
            (996_777, "2000-01-01T11:13:10.187500000", "adsb-20-206", 39.03891, 1.545908, 3924.3, 5022423),
        ],
    ),
    "argentina-ssr-2026-03-03.cat034-048.pcap": (
        "argentina.toml",
        1_640,
        {},
        [(161, "2026-03-03T16:49:18.882812500", "san-luis", 161811.265625, 211.832886, 10058.4, 0o5353)],
    ),
    "argentina-ssr-2026-04-29.cat034-048.pcap": (
        "argentina.toml",
        3_541,
        {},
        [(541, "2026-04-29T16:53:59.835937500", "saenz-pena", 100355.25, 66.324463, 10972.8, 0o366)],
    ),
    "barcelona-mlat-2020-10-02.cat010.ast": (
        "barcelona.toml",
        101_790,
        {STATUS: 14_518},
        [
            (3, "2020-10-02T08:00:01.734375000", "lebl-mlat", 41.304209, 2.106818, None, 3416967),
            (3_899_438, "2020-10-02T10:01:02.031250000", "lebl-mlat", 41.292156, 2.079116, 190.5, 3432591),
        ],
    ),
    "barcelona-radar-2023-05-02.cat048.ast": (
        "barcelona.toml",
        43_913,
        {COASTED: 172},
        [
            (3, "2023-05-02T08:00:00.851562500", "barcelona", 90104.140625, 261.848145, 11277.6, 4851947),
            (2_728_180, "2023-05-02T09:00:00.054687500", "barcelona", 31889.125, 66.066284, 777.24, 3425937),
        ],
    ),
    "barcelona-smr-2020-10-02.cat010.ast": (
        "barcelona.toml",
        37_570,
        {STATUS: 14_350, "CAT010: no position in the record": 739},
        [(3, "2020-10-02T08:00:01.562500000", "lebl-smr", 1059.0, 15.622559, None, None)],
    ),
    "croatia-seven-radars.cat034-048.pcap": (
        "croatia.toml",
        19,
        {
            COASTED: 2,
            TWICE: 19,
            "CAT048: no sensor for SAC 25, SIC 11": 8,
            "CAT048: no sensor for SAC 25, SIC 13": 14,
            "CAT048: no sensor for SAC 25, SIC 14": 4,
            "CAT048: no sensor for SAC 25, SIC 201": 28,
            "CAT048: no sensor for SAC 25, SIC 204": 28,
            "CAT048: no sensor for SAC 25, SIC 205": 6,
        },
        [(1_695, "2016-05-05T07:35:55.898437500", "kozjak", 72336.515625, 312.709351, 7498.08, 3956459)],
    ),
    "jahorina-modes.cat034-048.raw": (
        "jahorina.toml",
        1_676,
        {TWICE: 423},
        [(3, "2000-01-01T09:25:55.789062500", "jahorina", 216336.75, 268.873901, 10668.0, 4344249)],
    ),
}


@cache
def _gathered(path: Path):
    sensors = GOLDEN[path.name][0]
    return gather(path, EXAMPLES / sensors if sensors else None)


def _row(plots: pa.Table, offset: int) -> tuple:
    row = plots.filter(pa.compute.equal(plots["offset"], offset))
    assert row.num_rows == 1
    time = np.datetime64(row["time"].cast(pa.int64())[0].as_py(), "ns")
    first = {name: row[name][0].as_py() for name in row.column_names if name != "time"}
    radar = first["range_m"] is not None
    place = (first["range_m"], first["azimuth_deg"]) if radar else (first["lat_deg"], first["lon_deg"])
    rounded = tuple(round(value, 6) for value in place)
    who = first["mode_3a"] if first["address"] is None else first["address"]
    altitude = first["pressure_altitude_m"]
    return offset, str(time), first["sensor"], *rounded, altitude and round(altitude, 6), who


@pytest.mark.parametrize("name", GOLDEN)
def test_a_real_recording_gives_its_golden_plots(shared_data, name):
    _, count, ignored, rows = GOLDEN[name]
    gathered = _gathered(shared_data / "asterix" / name)
    assert gathered.plots.schema.equals(PLOTS)
    assert gathered.plots.num_rows == count
    assert gathered.ignored == ignored
    assert [_row(gathered.plots, row[0]) for row in rows] == rows


@pytest.mark.parametrize("name", ["barcelona-radar-2023-05-02.cat048.ast", "jahorina-modes.cat034-048.raw"])
def test_the_octets_behind_a_plot_say_the_same_to_an_independent_decoder(shared_data, name):
    path = shared_data / "asterix" / name
    plots = _gathered(path).plots
    octets = path.read_bytes()
    edition = libasterix.manifest["CATS"][48][-1]
    for i in range(0, plots.num_rows, plots.num_rows // 40):
        offset = plots["offset"][i].as_py()
        parsed, _ = edition.cv_uap.cv_record.parse(
            libasterix_base.ParsingMode.StrictParsing, libasterix_base.Bits.from_bytes(octets[offset:])
        )
        polar = parsed.get_item("040").variation
        assert polar.get_item("RHO").variation.content.as_quantity("NM") * 1852 == plots["range_m"][i].as_py()
        assert polar.get_item("THETA").variation.content.as_quantity("°") == plots["azimuth_deg"][i].as_py()
        stamp = parsed.get_item("140").variation.content.as_quantity("s")
        assert round(stamp * 1e9) == plots["time"].cast(pa.int64())[i].as_py() % (86_400 * 10**9)
        address = parsed.get_item("220")
        assert (address.as_uint() if address else None) == plots["address"][i].as_py()


def _flight(gathered, who: str) -> dict[str, np.ndarray]:
    """Legs between successive plots of the same aircraft: seconds, metres over ground, altitude, identity."""
    plots = gathered.plots.filter(pa.compute.is_valid(gathered.plots[who]))
    lat, lon = (plots[name].to_numpy().copy() for name in ("lat_deg", "lon_deg"))
    altitude = np.nan_to_num(plots["pressure_altitude_m"].to_numpy())
    names = np.array(plots["sensor"].cast(pa.string()).to_pylist())
    for sensor in gathered.sensors:
        rows = np.flatnonzero((names == sensor.id) & np.isnan(lat))
        range_m, azimuth = (
            plots["range_m"].to_numpy()[rows],
            np.radians(plots["azimuth_deg"].to_numpy()[rows]),
        )
        site = np.radians(sensor.lat_deg), np.radians(sensor.lon_deg), sensor.height_m
        found = polar_to_lla_array(range_m, azimuth, altitude[rows], *site)
        lat[rows], lon[rows] = np.degrees(found[0]), np.degrees(found[1])
    identity, time = plots[who].to_numpy(), plots["time"].cast(pa.int64()).to_numpy() / 1e9
    order = np.lexsort((time, identity))
    same = np.diff(identity[order]) == 0
    north = np.diff(lat[order]) * 111_200.0
    east = np.diff(lon[order]) * 111_200.0 * np.cos(np.radians(lat[order][1:]))
    return {
        "seconds": np.diff(time[order])[same],
        "metres": np.hypot(north, east)[same],
        "altitude": altitude[order][1:][same],
        "identity": identity[order][1:][same],
        "row": order[1:][same],
    }


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("alicante-adsb.cat021.ast", "address"),
        ("argentina-ssr-2026-03-03.cat034-048.pcap", "mode_3a"),
        ("argentina-ssr-2026-04-29.cat034-048.pcap", "mode_3a"),
        ("barcelona-radar-2023-05-02.cat048.ast", "address"),
        ("jahorina-modes.cat034-048.raw", "address"),
    ],
)
def test_aircraft_on_their_way_fly_at_the_speed_of_aircraft(shared_data, name, who):
    legs = _flight(_gathered(shared_data / "asterix" / name), who)
    whole = (legs["seconds"] > 3.5) & (legs["seconds"] < 30.0) & (legs["altitude"] > 7_000.0)
    # San Luis sees, at 50.0 NM and level 250, a code 0000 that never moves: its test transponder, not marked.
    whole &= (legs["identity"] != 0) | (name != "argentina-ssr-2026-03-03.cat034-048.pcap")
    speed = legs["metres"][whole] / legs["seconds"][whole]
    assert speed.size > 500
    assert 180.0 < np.median(speed) < 280.0
    assert np.mean((speed > 60.0) & (speed < 350.0)) > 0.97


def test_multilateration_sees_taxiing_and_flying_and_nothing_faster(shared_data):
    gathered = _gathered(shared_data / "asterix" / "barcelona-mlat-2020-10-02.cat010.ast")
    legs = _flight(gathered, "address")
    whole = (legs["seconds"] > 0.4) & (legs["seconds"] < 5.0)
    speed = legs["metres"][whole] / legs["seconds"][whole]
    ground = legs["altitude"][whole] == 0.0
    assert np.mean(speed[ground] < 40.0) > 0.99
    assert 40.0 < np.median(speed[~ground & (legs["altitude"][whole] > 400.0)]) < 150.0


def test_ads_b_positions_move_as_their_velocities_say(shared_data):
    gathered = _gathered(shared_data / "asterix" / "alicante-adsb.cat021.ast")
    legs = _flight(gathered, "address")
    whole = (legs["seconds"] > 3.5) & (legs["seconds"] < 30.0)
    plots = gathered.plots
    said = np.hypot(plots["vn_mps"].to_numpy(), plots["ve_mps"].to_numpy())[legs["row"]]
    ratio = (legs["metres"] / np.where(legs["seconds"] > 0, legs["seconds"], 1.0) / said)[whole]
    assert 0.99 < np.nanmedian(ratio) < 1.01


def test_aircraft_run_on_the_runway_of_barcelona(shared_data):
    """Runway 25L/07R runs from 41.2922 N 2.1033 E to 41.2823 N 2.0743 E (AIP Spain): who runs, runs on it."""
    gathered = _gathered(shared_data / "asterix" / "barcelona-mlat-2020-10-02.cat010.ast")
    legs = _flight(gathered, "address")
    plots = gathered.plots
    fast = (legs["seconds"] > 0.4) & (legs["seconds"] < 3.0) & (legs["metres"] > 35.0 * legs["seconds"])
    fast &= np.array(plots["on_ground"].to_pylist(), dtype=object)[legs["row"]] == True  # noqa: E712 (null is neither)
    lat = plots["lat_deg"].to_numpy()[legs["row"][fast]]
    lon = plots["lon_deg"].to_numpy()[legs["row"][fast]]
    along = (lon - 2.0743) / (2.1033 - 2.0743)
    across_m = (lat - (41.2823 + along * (41.2922 - 41.2823))) * 111_200.0 * np.cos(np.radians(27.0))
    assert fast.sum() > 100
    assert np.median(np.abs(across_m)) < 30.0


# What follows needs no recording from outside: octets made here.

PLOT_OCTETS = bytes.fromhex(
    # CAT048, FSPEC f0: I010 SAC 20 SIC 129, I140 28,800.5 s, I020 (SSR), I040 (100 NM, 90 degrees)
    "30 000f f0 1481 384040 40 6400 4000".replace(" ", "")
)
ADSB_NONE = bytes.fromhex("3e0003")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "tower-2023-05-02.ast"
    path.write_bytes(PLOT_OCTETS[:1] + len(PLOT_OCTETS).to_bytes(2, "big") + PLOT_OCTETS[3:])
    return path


@pytest.fixture
def sensors(tmp_path: Path) -> Path:
    path = tmp_path / "sensors.toml"
    path.write_text(
        '[[sensor]]\nid = "b"\nlat_deg = 41.3\nlon_deg = 2.1\nkind = "ssr"\nsac = 20\nsic = 129\n'
    )
    return path


def test_the_library_takes_paths_decoded_records_and_sensors_alike(recording, sensors):
    of_paths = asman.plots(recording, sensors)
    assert of_paths["range_m"].to_pylist() == [185_200.0]
    assert str(of_paths["time"][0]) == "2023-05-02 08:00:00.500000+00:00"
    of_decoded = asman.plots(asman.decode(recording), parse(sensors.read_text(), "s"), date="2023-05-02")
    assert of_decoded.drop(["recording"]).equals(of_paths.drop(["recording"]))
    assert json.loads(of_paths.schema.metadata[b"asman.ignored"]) == {}


def test_the_same_recording_twice_is_used_once_and_counted(recording, sensors):
    twice = asman.plots([recording, recording], sensors)
    assert twice.num_rows == 1
    assert json.loads(twice.schema.metadata[b"asman.ignored"]) == {TWICE: 1}


def test_a_radar_without_a_site_is_asked_for_with_a_file_to_fill(recording):
    with pytest.raises(InputError) as caught:
        asman.plots(recording)
    words = str(caught.value)
    assert "SAC 20, SIC 129" in words
    template = words[words.index("[[sensor]]") :]
    assert 'kind              = "ssr"' in template
    with pytest.raises(InputError, match="still to be filled in"):
        parse(template, "template")
    assert parse(template.replace("nan", "41.3"), "template")[0].sac == 20


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_the_command_writes_what_the_ending_says(recording, sensors, tmp_path, ending):
    output = tmp_path / f"plots.{ending}"
    result = CliRunner().invoke(command, [str(recording), "--sensors", str(sensors), "-o", str(output)])
    assert result.exit_code == 0, result.output
    read = {
        "parquet": pyarrow.parquet.read_table,
        "arrow": pyarrow.feather.read_table,
        "csv": pyarrow.csv.read_csv,
    }
    table = read[ending](output)
    assert table.column_names == PLOTS.names
    assert table["azimuth_deg"].to_pylist() == [90.0]
    assert "b" in result.stderr
    assert "the day 2023-05-02 is taken from the name" in result.stderr


def test_the_command_prints_csv_and_words_apart(recording, sensors):
    result = CliRunner().invoke(command, [str(recording), "--sensors", str(sensors), "--date", "2024-02-29"])
    assert result.exit_code == 0
    head, row = result.stdout.splitlines()
    assert head.startswith('"time","sensor"')
    assert row.startswith('2024-02-29 08:00:00.500000000Z,"b",185200,90')
    assert "2024" not in result.stderr.replace("2024-02-29 08:00:00", "")


def test_the_template_goes_to_stdout(recording):
    result = CliRunner().invoke(command, [str(recording), "--template"])
    assert result.exit_code == 0
    assert "[[sensor]]" in result.stdout


def test_mistakes_are_named(recording, tmp_path):
    empty = tmp_path / "none.ast"
    empty.write_bytes(ADSB_NONE)
    for arguments, words in (
        ([str(tmp_path / "nonesuch")], "no such file"),
        ([str(recording), "-o", "plots.xls"], "unknown ending"),
        ([str(recording), "--date", "yesterday"], "2023-05-02"),
        ([str(recording), "--sensors", str(tmp_path / "nonesuch.toml")], "--template"),
        ([str(empty)], "gave no plot"),
        ([str(empty), "--template"], "no target report"),
    ):
        result = CliRunner().invoke(command, arguments)
        assert isinstance(result.exception, InputError), (arguments, result.output)
        assert words in str(result.exception)


def test_a_file_that_is_no_recording_is_refused_with_why(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("SAC,SIC,time\n20,129,12:00\n" * 50)
    with pytest.raises(InputError, match=r"list.csv: holds no record .* text that holds no Mode S"):
        gather(path)
