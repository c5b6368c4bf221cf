"""`asman encode` and `asman convert` as people run them, and what they refuse."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.wire.test_cot import ROW, table

import asman
from asman.apps import convert, decode, encode
from asman.errors import InputError
from asman.sensing.system_tracks import read_tracks

ARGENTINA = "asterix/argentina-ssr-2026-03-03.cat034-048.pcap"


def run(command, *words: object):
    done = CliRunner().invoke(command, [str(one) for one in words], catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_recording_of_two_categories_comes_back_in_its_order(shared_data: Path, tmp_path: Path):
    recording = shared_data / ARGENTINA
    run(decode.command, recording, "-o", tmp_path / "r.parquet")
    tables = [tmp_path / f"r.CAT{one}.parquet" for one in ("048", "034")]
    done = run(encode.command, *tables, "-o", tmp_path / "again.ast")
    assert "5,936 records of CAT034 1.29" in done.stderr
    again = asman.decode(tmp_path / "again.ast")
    whole = recording.read_bytes()
    before = asman.decode(whole)
    blocks = sorted({at for one in before.tables.values() for at in one["block"].to_pylist()})
    sizes = [int.from_bytes(whole[at + 1 : at + 3], "big") for at in blocks]
    assert (tmp_path / "again.ast").read_bytes() == b"".join(
        whole[at : at + size] for at, size in zip(blocks, sizes, strict=True)
    )
    assert again.records == before.records


def test_one_category_keeps_its_name_in_the_file_and_goes_to_stdout(shared_data: Path, tmp_path: Path):
    name = shared_data / "asterix/jahorina-modes.cat034-048.raw"
    run(decode.command, name, "--category", "34", "-o", tmp_path / "mine.parquet")
    done = run(encode.command, tmp_path / "mine.parquet", "-o", "-")
    assert done.stdout_bytes[:1] == b"\x22"


def test_what_a_table_does_not_say_is_asked_for(tmp_path: Path):
    plain = table(ROW).select(["track"]).rename_columns(["I040"])
    pq.write_table(plain, tmp_path / "mine.parquet")
    with pytest.raises(InputError, match="--category 48"):
        run(encode.command, tmp_path / "mine.parquet", "-o", tmp_path / "x.ast")
    run(encode.command, tmp_path / "mine.parquet", "--category", "62", "-o", tmp_path / "x.ast")
    assert (tmp_path / "x.ast").read_bytes() == bytes.fromhex("3e0007" + "0108" + "0007")
    with pytest.raises(InputError, match="no edition 9"):
        run(encode.command, tmp_path / "mine.parquet", "--category", "62", "--edition", "62=9", "-o", "-")


@pytest.mark.parametrize("octets", [[], ["--octets"]])
def test_blocks_that_do_not_come_back_as_they_were_are_counted(shared_data: Path, tmp_path: Path, octets):
    """asterix4py's sample ends a field specification in octets that name nothing."""
    name = shared_data / "asterix/samples/asterix4py--cat062.ast"
    run(decode.command, name, *octets, "-o", tmp_path / "r.parquet")
    (table_of,) = tmp_path.glob("r*.parquet")
    done = run(encode.command, table_of, "-o", tmp_path / "again.ast")
    assert "1 block is not as before, the first at octet" in done.stderr
    assert "field specification with empty octets" in done.stderr


def test_blocks_that_come_back_as_they_were_are_passed_over_in_silence(shared_data: Path, tmp_path: Path):
    run(decode.command, shared_data / ARGENTINA, "--octets", "-o", tmp_path / "r.parquet")
    done = run(encode.command, tmp_path / "r.CAT048.parquet", "-o", tmp_path / "again.ast")
    assert "as before" not in done.stderr


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    path = tmp_path / "tracks.parquet"
    rows = [{**ROW, "time": ROW["time"] + k * 10**10, "last_plot_time": ROW["time"]} for k in range(3)]
    pq.write_table(table(*rows, {**ROW, "track": 9, "confirmed": False}), path)
    return path


def test_tracks_become_cat062_that_our_reader_takes_for_the_same_tracks(tracks: Path, tmp_path: Path):
    done = run(convert.command, tracks, "-o", tmp_path / "t.ast", "--source", "25/200")
    assert "ASTERIX CAT062" in done.stderr
    decoded = asman.decode(tmp_path / "t.ast", editions={"62": "1.18"})
    rows = decoded.tables["CAT062"].to_pylist()
    assert [(row["I010/SIC"], row["I080/TSB"], row["I080/TSE"], row.get("I080/CST")) for row in rows] == [
        (200, 1, 0, None), (200, None, None, None), (200, 0, 1, 1),
    ]  # fmt: skip
    back = read_tracks(decoded).tracks
    assert back["callsign"].to_pylist() == ["DLH65A"] * 3
    assert back["on_ground"].to_pylist() == [None] * 3


@pytest.mark.parametrize("ending", ["cot", "sbs", "tak", "geojson"])
def test_tracks_become_what_the_ending_says(tracks: Path, tmp_path: Path, ending: str):
    out = tmp_path / f"t.{ending}"
    run(convert.command, tracks, "-o", out, "--unconfirmed")
    octets = out.read_bytes()
    if ending == "cot":
        assert len(ET.fromstring(octets)) == 4
    elif ending == "sbs":
        assert asman.decode(octets).tables["SBS"].num_rows == 16
    elif ending == "tak":
        assert octets[0] == 0xBF
    else:
        assert len(json.loads(octets)["features"]) == 1


def test_plots_become_the_records_of_their_sensors(shared_data: Path, tmp_path: Path):
    sensors = Path(__file__).parents[2] / "examples/sensors/barcelona.toml"
    recording = shared_data / "asterix/barcelona-radar-2023-05-02.cat048.ast"
    whole = recording.read_bytes()
    plots = asman.plots(asman.decode(whole[: 100 * 1024]), sensors, date="2023-05-02")
    pq.write_table(plots, tmp_path / "p.parquet")
    run(convert.command, tmp_path / "p.parquet", "--sensors", sensors, "-o", tmp_path / "p.ast")
    back = asman.plots(asman.decode(tmp_path / "p.ast"), sensors, date="2023-05-02")
    told = [
        "time", "sensor", "range_m", "azimuth_deg", "pressure_altitude_m", "mode_3a", "address", "callsign",
        "detection", "mode_3a_valid", "altitude_valid", "simulated", "field_monitor",
    ]  # fmt: skip
    assert back.num_rows == plots.num_rows > 1000
    for name in told:
        assert (
            back[name].cast("int64" if name == "time" else back[name].type).to_pylist()
            == plots[name].cast("int64" if name == "time" else plots[name].type).to_pylist()
        ), name


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("-o", "x.kml"), "unknown ending"),
        (("-o", "x.ast", "--source", "300/1"), "is not SAC/SIC"),
    ],
)
def test_what_cannot_be_asked_is_refused(tracks: Path, words: tuple[str, ...], problem: str):
    with pytest.raises(InputError, match=problem):
        run(convert.command, tracks, *words)
