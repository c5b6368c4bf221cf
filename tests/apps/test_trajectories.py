"""Trajectory files, whatever they call their columns, become one table; what cannot be read is named."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import csv, ipc

from asman.apps.trajectories import read_trajectories
from asman.errors import InputError
from asman.model.trajectories import TRAJECTORIES
from asman.model.truth import TRUTH

ROW = {
    "timestamp": 1_633_608_773_000, "icao24": "0101de", "callsign": "MSR799 ", "latitude": 48.5,
    "longitude": 3.75, "altitude": 10_000.0, "groundspeed": 325.0, "track": 311.0, "vertical_rate": -896.0,
    "onground": False, "squawk": "1000",
}  # fmt: skip
BEGIN_NS = 1_633_608_773 * 10**9


def expected(row):
    assert row["time"].value == BEGIN_NS
    assert row["address"] == 0x0101DE and row["callsign"] == "MSR799"
    assert (row["lat_deg"], row["lon_deg"], row["track_deg"]) == (48.5, 3.75, 311.0)
    assert row["altitude_m"] == pytest.approx(3_048.0)
    assert row["speed_mps"] == pytest.approx(325.0 * 1852.0 / 3600.0)
    assert row["climb_mps"] == pytest.approx(-896.0 * 0.3048 / 60.0)


def first(table):
    assert table.schema == TRAJECTORIES
    return _row(table)


def _row(table):
    class Time:
        value = table["time"].cast("int64")[0].as_py()

    row = {name: table[name][0].as_py() for name in table.column_names if name != "time"}
    return {**row, "time": Time}


@pytest.mark.parametrize("orient", ["rows", "columns", "lists"])
@pytest.mark.parametrize("packed", [False, True])
def test_json_of_any_orientation_is_read(tmp_path, orient, packed):
    rows = [ROW, {**ROW, "timestamp": 1_633_608_774_000, "altitude": None}]
    value = rows
    if orient != "rows":
        value = {name: [row[name] for row in rows] for name in ROW}
    if orient == "columns":
        value = {name: {str(i): one for i, one in enumerate(column)} for name, column in value.items()}
    octets = json.dumps(value).encode()
    path = tmp_path / ("t.json.gz" if packed else "t.json")
    path.write_bytes(gzip.compress(octets) if packed else octets)
    table = read_trajectories(path)
    assert table.num_rows == 2 and table["altitude_m"][1].as_py() is None
    row = first(table)
    expected(row)
    assert row["flight"] == "0101de MSR799" and row["on_ground"] is False


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet", "arrow"])
def test_tables_are_read_too(tmp_path, ending):
    table = pa.Table.from_pylist([ROW, ROW])
    path = tmp_path / f"t.{ending}"
    if ending == "csv":
        csv.write_csv(table, path)
    elif ending == "csv.gz":
        csv.write_csv(table, tmp_path / "t")
        path.write_bytes(gzip.compress((tmp_path / "t").read_bytes()))
    elif ending == "parquet":
        pq.write_table(table, path)
    else:
        with ipc.new_file(str(path), table.schema) as file:
            file.write_table(table)
    if ending.startswith("csv"):
        # A CSV knows no text: 0101de is text for its letters alone.
        assert read_trajectories(path)["address"][0].as_py() == 0x0101DE
    expected(first(read_trajectories(path)))


@pytest.mark.parametrize(
    "time",
    [BEGIN_NS, BEGIN_NS // 10**3, BEGIN_NS // 10**6, BEGIN_NS // 10**9, BEGIN_NS / 10**9,
     "2021-10-07T12:12:53Z", "2021-10-07 12:12:53", "2021-10-07T14:12:53+02:00"],
)  # fmt: skip
def test_time_is_known_by_its_size_or_its_text(tmp_path, time):
    path = tmp_path / "t.json"
    path.write_text(json.dumps([{**ROW, "timestamp": time}]))
    expected(first(read_trajectories(path)))


def test_the_time_of_the_position_itself_wins_where_there_is_one(tmp_path):
    path = tmp_path / "t.json"
    rows = [{**ROW, "last_position": ROW["timestamp"] - 316}, {**ROW, "last_position": None}]
    path.write_text(json.dumps(rows))
    times = read_trajectories(path)["time"].cast("int64").to_pylist()
    assert times == [BEGIN_NS - 316 * 10**6, BEGIN_NS]


def test_our_own_truth_is_a_trajectory(tmp_path):
    truth = pa.Table.from_pylist(
        [{"time": None, "aircraft": 7, "lat_deg": 43.0, "lon_deg": 74.5, "altitude_m": 900.0,
          "vn_mps": -30.0, "ve_mps": 40.0, "vu_mps": 2.0}], TRUTH,
    )  # fmt: skip
    pq.write_table(truth, tmp_path / "truth.parquet")
    row = read_trajectories(tmp_path / "truth.parquet").to_pylist()[0]
    assert (row["flight"], row["address"], row["callsign"], row["on_ground"]) == ("7", None, None, None)
    assert row["speed_mps"] == pytest.approx(50.0) and row["climb_mps"] == 2.0
    assert row["track_deg"] % 360.0 == pytest.approx(np.degrees(np.arctan2(40.0, -30.0)))


def test_tables_of_opensky_are_in_si(tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps([{
        "time": 1_633_608_773, "icao24": "0101de", "lat": 48.5, "lon": 3.75, "velocity": 100.0,
        "heading": 311.0, "vertrate": -4.0, "baroaltitude": 3_000.0, "onground": False,
    }]))  # fmt: skip
    row = read_trajectories(path).to_pylist()[0]
    assert (row["speed_mps"], row["climb_mps"], row["altitude_m"]) == (100.0, -4.0, 3_000.0)


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("gone.json", None, "no such file"),
        ("t.txt", "", "ending"),
        ("t.json", "{", "cannot be read as json"),
        ("t.json", "[1, 2]", "list of rows"),
        ("t.json", "7", "list of rows"),
        ("t.json", "[]", "no rows"),
        ("t.json", '{"latitude": 3}', "neither a list"),
        ("t.json.gz", "not packed and no JSON", "cannot be read as json"),
        ("t.parquet", "no Parquet", "cannot be read as parquet"),
        ("t.json", json.dumps([{k: v for k, v in ROW.items() if k != "latitude"}]), "lat"),
        ("t.json", json.dumps([{k: v for k, v in ROW.items() if k != "timestamp"}]), "time"),
        ("t.json", json.dumps([{k: v for k, v in ROW.items() if k != "altitude"}]), "altitude"),
        ("t.json", json.dumps([{k: v for k, v in ROW.items() if k not in ("icao24", "callsign")}]), "flight"),
        ("t.json", json.dumps([{**ROW, "latitude": 4_850.0}]), "not degrees"),
        ("t.json", json.dumps([{**ROW, "latitude": None}]), "no value"),
        ("t.json", json.dumps([{**ROW, "groundspeed": "fast"}]), "'groundspeed'"),
        ("t.json", json.dumps([{**ROW, "timestamp": "yesterday"}]), "'timestamp'"),
        ("t.json", json.dumps([{**ROW, "callsign": ["A"]}]), "'callsign'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name, text, named):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_trajectories(path)
    assert named in str(raised.value) and name in str(raised.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)


@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from([*ROW, "last_position", "flight_id", "address"]), json_values),
        max_size=4,
    )
)
@example(rows=[{"timestamp": None, "icao24": None, "callsign": None}])
@example(rows=[{"icao24": None, "callsign": None}, {}])
@example(rows=[{"timestamp": 8.988465674311579e307}, {"timestamp": 1.797693134862316e302}])
@settings(max_examples=300, deadline=None)
def test_any_rows_are_read_or_refused_in_words(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "t.json"
    path.write_text(json.dumps([{**ROW, **row} for row in rows]))
    try:
        table = read_trajectories(path)
    except InputError as error:
        assert str(path) in str(error)
    else:
        assert table.schema == TRAJECTORIES and table.num_rows == len(rows)


#: Rows and flights of each file.
FILES = {
    "airbus_tree": (5_412, 1), "aircraft_carrier": (9_024, 1), "belevingsvlucht": (16_005, 1),
    "calfire": (9_955, 186), "noisy_ground": (924, 1), "noisy_landing": (848, 1),
    "noisy_time_issue": (8_294, 1), "quickstart": (284_505, 236), "zurich_airport": (17_132, 10),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_real_files_are_read(shared_data, name):
    table = read_trajectories(shared_data / "trajectories" / f"{name}.json.gz")
    flights = table["flight"].unique()
    assert (table.num_rows, len(flights)) == FILES[name]
    assert table["time"].null_count == 0 and table["address"].null_count == 0
