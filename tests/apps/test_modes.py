"""The commands on recordings of Mode S."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest
from tests.sensing.test_squitters import FLIGHT
from tests.wire.modes.test_texts import SBS

import asman


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "asman.apps.main", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("modes") / "roof-2024-05-01.beast"
    path.write_bytes(FLIGHT)
    return path


def test_decode_prints_a_line_a_message_with_the_address_in_hexadecimal(flight: Path):
    done = run("decode", str(flight))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 132 and [row["offset"] for row in rows] == sorted(row["offset"] for row in rows)
    assert {row["table"] for row in rows} == {"ADSB"} and {row["address"] for row in rows} == {"3c6586"}
    placed = [row for row in rows if "lat_deg" in row]
    assert placed[-1]["latest"]["callsign"] == "DLH4PM"


def test_a_summary_says_what_there_is_first(flight: Path):
    done = run("decode", str(flight), "--summary")
    assert done.returncode == 0, done.stderr
    for words in (
        "beast",
        "12 MHz",
        "messages: 132",
        "given up: 0",
        "aircraft: 1",
        "DLH4PM",
        "velocity",
        "local 5",
    ):
        assert words in done.stdout, words


def test_one_table_goes_to_the_very_file(flight: Path, tmp_path: Path):
    out = tmp_path / "messages.parquet"
    assert run("decode", str(flight), "-o", str(out), "--category", "adsb").returncode == 0
    table = pyarrow.parquet.read_table(out)
    assert table.num_rows == 132 and table["address"].to_pylist()[0] == 0x3C6586


def test_a_place_that_is_none_is_the_users_mistake(flight: Path):
    done = run("decode", str(flight), "--near", "north")
    assert done.returncode == 2 and "--near 52.3,4.8" in done.stderr


def test_plots_and_tracks_are_made_as_of_any_recording(flight: Path, tmp_path: Path):
    out = tmp_path / "plots.parquet"
    done = run("plots", str(flight), "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert pyarrow.parquet.read_table(out).num_rows == 57 and "2024-05-01" in done.stderr
    tracks = asman.track(str(flight), every=10, date="2024-05-01")
    shown = tracks.filter(tracks["confirmed"])
    assert shown.num_rows and set(shown["callsign"].to_pylist()) == {"DLH4PM"}


def test_a_csv_of_messages_is_a_recording_and_not_a_table_of_plots(tmp_path: Path):
    path = tmp_path / "messages.csv"
    rows = asman.decode(FLIGHT).tables["ADSB"]
    lines = []
    for begin, size, clock_ns in zip(
        *(rows[name].to_pylist() for name in ("offset", "length", "clock_ns")), strict=True
    ):
        octets = FLIGHT[begin + 2 : begin + size].replace(b"\x1a\x1a", b"\x1a")[7:]
        lines.append(f"{1_714_521_600 + (clock_ns or 0) / 1e9:.6f},{octets.hex()}\n")
    path.write_text("".join(lines))
    assert asman.track(str(path), every=10).num_rows
    text = tmp_path / "day.sbs"
    text.write_bytes(SBS)
    assert asman.plots(str(text)).num_rows == 2
