"""`asman score` from files to page and JSON, and what it says when its input is wrong."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from pyarrow import csv
from tests.scoring.scenes import straight, table

import asman
from asman.apps.score import command, read_config, read_table
from asman.errors import ConfigError, InputError

SAMPLES = np.arange(0.0, 301.0, 4.0)
PICTURE = np.arange(0.0, 301.0, 10.0)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.parquet"
    pq.write_table(table("aircraft", straight("aircraft", 1, SAMPLES)), path)
    return path


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    path = tmp_path / "tracks.csv"
    csv.write_csv(table("track", straight("track", 7, PICTURE, north_m=200.0)), path)
    return path


def test_the_command_writes_a_page_and_json_and_shows_the_headline(truth: Path, tracks: Path, tmp_path: Path):
    page, data = tmp_path / "out.html", tmp_path / "out.json"
    done = CliRunner().invoke(command, [str(truth), str(tracks), "--report", str(page), "--json", str(data)])
    assert done.exit_code == 0, done.output
    assert "GOSPA per √target" in done.output
    report = json.loads(data.read_text())
    assert report["gospa"]["per_target_m"] == pytest.approx(200.0, rel=0.01)
    assert page.read_text().startswith("<!doctype html>")
    assert "tracks.csv against truth.parquet" in page.read_text()


def test_json_on_stdout_is_all_there_is_on_stdout(truth: Path, tracks: Path):
    done = CliRunner().invoke(command, [str(truth), str(tracks), "--json", "-"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["about"]["aircraft"] == 1


def test_the_library_takes_tables_and_paths(truth: Path, tracks: Path):
    from_paths = asman.score(truth, tracks)
    from_tables = asman.score(read_table(truth), read_table(tracks))
    assert from_paths == from_tables
    assert from_paths.errors[0].rms == pytest.approx(200.0, rel=0.01)


def test_arrow_files_and_streams_are_read(tmp_path: Path, truth: Path):
    rows = read_table(truth)
    for name, writer in (("file.arrow", pa.ipc.new_file), ("stream.arrow", pa.ipc.new_stream)):
        with writer(tmp_path / name, rows.schema) as sink:
            sink.write_table(rows)
        assert read_table(tmp_path / name).equals(rows)


def test_options_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path):
    path = tmp_path / "score.toml"
    path.write_text(
        'cutoff_m = 1500.0\nsettle_s = 20.0\n[[requirement]]\nid = "mine"\nstandard = "ours"\n'
        'text = "RMS"\nmeasure = "position_rms_m"\nat_most = 10.0\n'
    )
    config = read_config(path, cutoff_m=900.0, every_s=None)
    assert (config.cutoff_m, config.settle_s, len(config.requirement)) == (900.0, 20.0, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("cutof_m = 1.0", "Did you mean 'cutoff_m'"),
        ("cutoff_m = -1.0", "cutoff_m must be more than 0"),
        ('cutoff_m = "far"', "Expected `float`"),
        ("cutoff_m = ", "is not TOML"),
        ("alpha = 3.0", "at most 2"),
    ],
)
def test_a_wrong_configuration_is_named_with_its_mend(tmp_path: Path, words: str, said: str):
    path = tmp_path / "score.toml"
    path.write_text(words)
    with pytest.raises(ConfigError, match=said):
        read_config(path)


@pytest.mark.parametrize(
    ("name", "octets", "said"),
    [
        ("none.parquet", None, "there is no such file"),
        ("tracks.xls", b"", "is empty"),
        ("tracks.xls", b"no table at all", "is neither a table"),
        ("tracks.parquet", b"nonsense", "cannot be read as parquet"),
        ("tracks.arrow", b"nonsense", "cannot be read as arrow"),
        ("tracks.csv", b"time,track\n1,2\n", "column 'lat_deg' is missing"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, truth: Path, name: str, octets: bytes | None, said: str):
    path = tmp_path / name
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(InputError, match=said) as refused:
        asman.score(truth, path)
    assert str(path) in str(refused.value)
