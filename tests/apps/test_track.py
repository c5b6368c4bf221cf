"""`asman track`: what goes in, what comes out, what it says when it cannot."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from tests.tracking.sky import EPOCH_S, fly, observe, plots_table, radar

import asman
from asman.apps.track import command
from asman.errors import InputError
from asman.model.plots import PLOTS
from asman.model.tracks import TRACKS

SECONDS = 60


@pytest.fixture(scope="module")
def plots() -> pa.Table:
    rng = np.random.default_rng(3)
    sky = fly(rng, 12, SECONDS)
    return plots_table([observe(rng, sky, radar("kant", 43.0, 75.0), SECONDS)], sky)[0]


@pytest.fixture
def sensors(tmp_path):
    path = tmp_path / "sensors.toml"
    path.write_text(
        '[[sensor]]\nid = "kant"\nmember = "KG"\nlat_deg = 43.0\nlon_deg = 75.0\nheight_m = 800\n'
    )
    return path


def test_plots_in_a_table_become_tracks(plots, sensors):
    tracks = asman.track(plots, sensors)
    assert tracks.schema.equals(TRACKS)
    assert len(set(tracks.filter(tracks["confirmed"])["address"].drop_null().to_pylist())) == 12
    assert set(tracks["origin"].to_pylist()) == {"KG"}
    assert json.loads(tracks.schema.metadata[b"asman.counters"])["used"] > 100


def test_every_ten_seconds_means_whole_seconds_of_utc_from_plots_strictly_before(plots, sensors):
    tracks = asman.track(plots, sensors, every=10)
    times = tracks["time"].cast(pa.int64()).to_numpy()
    assert set(times % 10_000_000_000) == {0}
    assert times.max() == (EPOCH_S + SECONDS) * 10**9
    assert (tracks["last_plot_time"].cast(pa.int64()).to_numpy() < times).all()
    numbers = tracks["track"].to_numpy()
    assert len(set(zip(times, numbers, strict=True))) == len(numbers)


def test_a_stamp_before_the_whole_second_makes_no_picture_of_it(plots, sensors):
    times = plots["time"].cast(pa.int64()).to_numpy()
    first = (EPOCH_S + 10) * 10**9 - 8_000_000
    late = np.where(np.arange(times.size) == 0, first, np.maximum(times, first + 9_000_000))
    at = plots.schema.get_field_index("time")
    stamped = plots.set_column(at, "time", pa.array(late).cast(plots.schema.field(at).type))
    pictures = asman.track(stamped, sensors, every=10)["time"].cast(pa.int64()).to_numpy()
    assert pictures.min() == (EPOCH_S + 20) * 10**9
    # A recording shorter than a step has its picture all the same.
    alone = asman.track(stamped.slice(0, 1), sensors, every=10)
    assert alone["time"].cast(pa.int64()).to_pylist() == [(EPOCH_S + 10) * 10**9]


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".csv", ".geojson"])
def test_the_command_writes_what_the_ending_says(plots, sensors, tmp_path, ending):
    source = tmp_path / "plots.parquet"
    pyarrow.parquet.write_table(plots, source)
    out = tmp_path / f"tracks{ending}"
    done = CliRunner().invoke(
        command,
        [str(source), "--sensors", str(sensors), "--every", "10", "-o", str(out)],
        catch_exceptions=False,
    )
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "12 of them confirmed" in done.stderr
    if ending == ".geojson":
        features = json.loads(out.read_text())["features"]
        assert len(features) == 12
        assert len(features[0]["geometry"]["coordinates"]) == len(features[0]["properties"]["times_s"])
        return
    read = {".parquet": pyarrow.parquet.read_table, ".arrow": pyarrow.feather.read_table}.get(
        ending, pyarrow.csv.read_csv
    )
    assert read(out).column_names == TRACKS.names


def test_plots_come_from_csv_and_arrow_as_from_parquet(plots, sensors, tmp_path):
    csv, arrow = tmp_path / "plots.csv", tmp_path / "plots.arrow"
    plain = plots.cast(
        pa.schema([f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in PLOTS])
    )
    pyarrow.csv.write_csv(plain, csv)
    pyarrow.feather.write_feather(plots, arrow)
    whole = asman.track(plots, sensors)
    assert asman.track(arrow, sensors).equals(whole)
    assert asman.track(csv, sensors).equals(whole)


def test_standard_output_is_csv_alone(plots, sensors, tmp_path):
    source = tmp_path / "plots.parquet"
    pyarrow.parquet.write_table(plots, source)
    done = CliRunner().invoke(command, [str(source), "--sensors", str(sensors), "--every", "30"])
    assert done.stdout.splitlines()[0].startswith('"time","track","lat_deg"')


def test_radar_plots_without_their_sensors_are_refused_with_the_mend(plots):
    with pytest.raises(InputError, match=r"kant.*--sensors"):
        asman.track(plots)


def test_positions_need_no_sensors(plots, sensors):
    tracks = asman.track(plots, sensors)
    some = tracks.filter(tracks["confirmed"]).slice(0, 200)
    size = some.num_rows
    given = {
        "time": some["last_plot_time"],
        "sensor": pa.array(["adsb-1"] * size),
        "lat_deg": some["lat_deg"],
        "lon_deg": some["lon_deg"],
        "address": some["address"],
    }
    table = asman.track(pa.table(given))
    assert table.num_rows > 0
    assert table.schema.equals(TRACKS)


def test_a_table_that_holds_no_plots_is_named(sensors):
    with pytest.raises(InputError, match="no column 'time'"):
        asman.track(pa.table({"a": [1]}), sensors)


@pytest.mark.parametrize("every", [0.0, -10.0])
def test_a_period_of_nothing_is_refused(plots, sensors, every):
    with pytest.raises(InputError, match="--every"):
        asman.track(plots, sensors, every=every)


def test_a_period_that_is_too_long_is_suspected_aloud(plots, sensors, tmp_path):
    source = tmp_path / "plots.parquet"
    pyarrow.parquet.write_table(plots, source)
    sensors.write_text(sensors.read_text() + "period_s = 12.0\n")
    done = CliRunner().invoke(command, [str(source), "--sensors", str(sensors), "--every", "30"])
    assert "period_s" in done.stderr


def test_what_two_radars_add_is_said_and_stands_in_the_file(tmp_path):
    rng = np.random.default_rng(4)
    sky = fly(rng, 12, SECONDS, turning=False)
    sites = (radar("kant", 43.0, 75.0), radar("osh", 43.4, 75.8))
    plots, _ = plots_table([observe(rng, sky, site, SECONDS) for site in sites], sky)
    pa.parquet.write_table(plots, tmp_path / "plots.parquet")
    (tmp_path / "sensors.toml").write_text(
        "".join(
            f'[[sensor]]\nid = "{site.id}"\nheight_m = 800\n'
            f"lat_deg = {site.lat_deg}\nlon_deg = {site.lon_deg}\n"
            for site in sites
        )
    )
    done = CliRunner().invoke(
        command,
        [
            str(tmp_path / "plots.parquet"),
            "--sensors",
            str(tmp_path / "sensors.toml"),
            "-o",
            str(tmp_path / "t.parquet"),
        ],
        catch_exceptions=False,
    )
    assert done.exit_code == 0
    assert "kant adds " in done.stderr
    assert "flights" in done.stderr
    metadata = pa.parquet.read_schema(tmp_path / "t.parquet").metadata
    told = json.loads(metadata[b"asman.registration"])
    assert [one["sensor"] for one in told] == ["kant", "osh"]
    assert all(one["used"] > 0 and abs(one["azimuth_deg"]) < 4 * one["azimuth_sigma_deg"] for one in told)


def test_heights_beside_pressure_altitudes_are_told(shared_data, tmp_path):
    """Instants of 1/128 s have no form in Python's own calendar: the summary must not need one."""
    recording = tmp_path / "adsb.ast"
    recording.write_bytes((shared_data / "asterix/alicante-adsb.cat021.ast").read_bytes()[:60_000])
    ran = CliRunner().invoke(command, [str(recording), "-o", str(tmp_path / "tracks.parquet")])
    assert ran.exception is None
    assert "from pressure altitudes" in ran.stderr
