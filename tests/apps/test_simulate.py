"""Data sets of a scenario: which files, that they say the same, bit for bit, and what is refused."""

import hashlib
import json
import signal
import socket
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from tests.apps.small_scenario import small

import asman
from asman.apps import simulate_batches, simulate_out
from asman.apps.plots import gather
from asman.apps.scenarios import begin, find
from asman.apps.simulate import command
from asman.apps.simulate_batches import TRUTH_INDEX, Wanted, batches
from asman.apps.simulate_files import describe, make_files
from asman.errors import ConfigError, InputError
from asman.kernels import radar
from asman.model.plots import PLOTS
from asman.model.truth import TRUTH_TOLD
from asman.sensing.sensors_toml import parse
from asman.wire.framing import find as find_frames

SECOND = 10**9
LENGTH = ("--for", "20s")
#: Nothing lost, doubled or late on the way: octets and plots can be compared one by one.
IDEAL_DELIVERY = ("--without", "delivery")

ADSB = """
[[sensor]]
id = "KG-EAR"
member = "KG"
kind = "adsb"
lat_deg = 43.06
lon_deg = 74.48
height_m = 700
period_s = 1.0
range_max_m = 300000
sigma_range_m = 30
sac = 211
sic = 99
"""


def run(*words):
    done = CliRunner().invoke(command, [str(word) for word in words], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert done.exit_code == 0
    return done


def contents(folder):
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "kant"
    run("kant", "-o", folder, "--format", "parquet,csv,pcap,raw", *LENGTH, *IDEAL_DELIVERY)
    return folder


@pytest.fixture(scope="module")
def manifest(made):
    return json.loads((made / "manifest.json").read_bytes())


def table(folder, name) -> pa.Table:
    return pyarrow.parquet.read_table(folder / f"{name}.parquet")


class TestFiles:
    def test_the_manifest_lists_every_file_with_its_digest(self, made, manifest):
        assert manifest["complete"] is True
        assert "simulated" in manifest["note"]
        assert (manifest["seed"], manifest["duration_s"]) == (2023, 20.0)
        assert manifest["effects_off"] == ["delivery"]
        there = contents(made)
        assert {one["name"] for one in manifest["files"]} == set(there) - {"manifest.json"}
        for one in manifest["files"]:
            octets = there[one["name"]]
            assert one["octets"] == len(octets)
            assert one["sha256"] == hashlib.sha256(octets).hexdigest()

    def test_tables_have_their_schemas_and_the_truth_index_a_row_a_plot(self, made, manifest):
        plots, index, truth = (table(made, name) for name in ("plots", "truth_index", "truth"))
        assert plots.schema.equals(PLOTS)
        assert index.schema.equals(TRUTH_INDEX)
        assert truth.schema.equals(TRUTH_TOLD)
        assert plots.num_rows == index.num_rows > 1_000
        rows = {one["name"]: one["rows"] for one in manifest["files"]}
        assert rows["plots.parquet"] == plots.num_rows
        assert rows["truth.parquet"] == truth.num_rows

    def test_plots_are_in_the_order_in_which_beams_met_them_within_the_span(self, made, manifest):
        crossing = table(made, "truth_index")["crossing_time"].cast(pa.int64()).to_numpy()
        begin_ns = int(np.datetime64(manifest["begin"].rstrip("Z"), "ns").astype(np.int64))
        assert (np.diff(crossing) >= 0).all()
        assert crossing[0] >= begin_ns and crossing[-1] < begin_ns + 20 * SECOND

    def test_who_a_plot_is_of_was_near_where_it_says(self, made):
        """The truth index is checked against truth: range from the radar of the very aircraft."""
        from asman.kernels.geodesy import lla_to_ecef

        plots, index, truth = (table(made, name) for name in ("plots", "truth_index", "truth"))
        sensors = {one.id: one for one in parse((made / "sensors.toml").read_text(), "sensors.toml")}
        where = {}
        for row in (
            truth.select(["aircraft", "time", "lat_deg", "lon_deg", "altitude_m"]).drop(["time"]).to_pylist()
        ):
            where.setdefault(row["aircraft"], row)
        checked = 0
        for i in range(0, plots.num_rows, 17):
            aircraft = index["aircraft"][i].as_py()
            radar_plot = plots["range_m"][i].is_valid
            if index["cause"][i].as_py() != "aircraft" or aircraft not in where or not radar_plot:
                continue
            sensor, at = sensors[plots["sensor"][i].as_py()], where[aircraft]
            one = lla_to_ecef(np.radians(sensor.lat_deg), np.radians(sensor.lon_deg), sensor.height_m)
            two = lla_to_ecef(np.radians(at["lat_deg"]), np.radians(at["lon_deg"]), at["altitude_m"])
            # Within 20 s nobody here flies further than 10 km.
            assert abs(np.linalg.norm(np.subtract(one, two)) - plots["range_m"][i].as_py()) < 10_000
            checked += 1
        assert checked > 50

    def test_a_plot_of_nobody_has_no_aircraft_and_says_why_it_is_there(self, made):
        index = table(made, "truth_index").drop(["crossing_time"]).to_pylist()
        of_nobody = {row["cause"] for row in index if row["aircraft"] is None}
        assert of_nobody and "aircraft" not in of_nobody
        assert all(row["cause"] for row in index)

    def test_plots_do_not_say_who_they_are_of(self, made):
        assert not {"aircraft", "crossing_time", "cause"} & set(table(made, "plots").column_names)
        assert table(made, "plots")["simulated"].to_pylist() == [True] * table(made, "plots").num_rows

    def test_truth_stands_at_each_interval(self, made):
        times = np.unique(table(made, "truth")["time"].cast(pa.int64()).to_numpy())
        assert np.diff(times).tolist() == [4 * SECOND] * 4

    def test_each_member_gets_its_own_sensors(self, made):
        everybody = parse((made / "sensors.toml").read_text(), "sensors.toml")
        own = [parse((made / f"sensors-{member}.toml").read_text(), member) for member in ("KG", "RU", "KZ")]
        assert sorted(one.id for one in everybody) == sorted(one.id for part in own for one in part)
        assert {one.member for one in own[0]} == {"KG"}
        assert everybody == find("kant").scenario.sensor

    def test_the_scenario_goes_with_it_word_by_word(self, made):
        assert (made / "scenario.toml").read_text() == find("kant").text

    def test_csv_says_what_parquet_says(self, made):
        for name in ("plots", "truth", "truth_index"):
            csv, parquet = pyarrow.csv.read_csv(made / f"{name}.csv"), table(made, name)
            assert csv.column_names == parquet.column_names
            assert csv.num_rows == parquet.num_rows
        ranges = pyarrow.csv.read_csv(made / "plots.csv")["range_m"].to_numpy()
        assert np.array_equal(ranges, table(made, "plots")["range_m"].to_numpy(), equal_nan=True)


def plot_keys(plots: pa.Table) -> set[tuple]:
    """What the octets say of each plot: floats in steps far below theirs, which never meet halfway."""
    names = ("sensor", "mode_3a", "address", "callsign", "range_m", "azimuth_deg", "lat_deg", "lon_deg")
    columns = [plots["time"].cast(pa.int64()).to_pylist(), *(plots[name].to_pylist() for name in names)]
    return {
        tuple(round(value / 1.2345e-8) if isinstance(value, float) else value for value in row)
        for row in zip(*columns, strict=True)
    }


class TestOctets:
    def test_the_capture_gives_the_plots_back(self, made):
        """Decoder and extraction know nothing of the simulator: what they read are the very plots."""
        told = table(made, "plots")
        read = gather(made / "asterix.pcap", made / "sensors.toml")
        assert (read.rejected, read.missing) == (0, ())
        keys = [plot_keys(one) for one in (told, read.plots)]
        assert len(keys[0]) > 1_000
        assert not keys[1] - keys[0]
        # What crossed after the last sector that closed within the span has not left its radar.
        late = (
            told["time"].cast(pa.int64()).to_numpy()
            >= told["time"].cast(pa.int64()).to_numpy().max() - SECOND
        )
        assert len(keys[0] - keys[1]) <= late.sum()
        assert read.plots["simulated"].to_pylist() == [True] * read.plots.num_rows

    def test_each_sensor_speaks_from_its_own_address_to_its_own_port(self, made, manifest):
        octets = (made / "asterix.pcap").read_bytes()
        framed = find_frames(octets)
        assert framed.rejected == ()
        assert (np.diff(framed.frames.time_ns) >= 0).all()
        by_port = {}
        for start, length in zip(framed.frames.start.tolist(), framed.frames.length.tolist(), strict=True):
            port = int.from_bytes(octets[start - 6 : start - 4], "big")
            by_port.setdefault(port, b"")
            by_port[port] += octets[start : start + length]
        assert len(by_port) == len(manifest["feeds"]) == len(find("kant").scenario.sensor)
        for feed in manifest["feeds"]:
            raw = (made / "asterix" / f"{feed['sensor']}.ast").read_bytes()
            assert by_port[feed["destination_port"]] == raw


def beast_frames(octets: bytes):
    """Tick and message of each frame, by a reader of the test's own: 0x1A, a kind, 7 octets, the message."""
    sizes, at, found = {0x31: 2, 0x32: 7, 0x33: 14}, 0, []
    while at < len(octets):
        assert octets[at] == 0x1A
        size, at = 7 + sizes[octets[at + 1]], at + 2
        body = bytearray()
        while len(body) < size:
            assert octets[at] != 0x1A or octets[at + 1] == 0x1A
            body.append(octets[at])
            at += 2 if octets[at] == 0x1A else 1
        found.append((int.from_bytes(body[:6], "big"), bytes(body[7:])))
    return found


class TestBeast:
    def test_each_receiver_has_a_file_of_what_it_heard_named_as_simulated(self, tmp_path):
        (tmp_path / "adsb.toml").write_text(small(tmp_path).read_text() + ADSB)
        run(tmp_path / "adsb.toml", "-o", tmp_path / "x", "--for", "30s")
        listed = {
            one["name"]: one for one in json.loads((tmp_path / "x" / "manifest.json").read_bytes())["files"]
        }
        frames = beast_frames((tmp_path / "x" / "beast" / "KG-EAR.simulated.beast").read_bytes())
        assert len(frames) == listed["beast/KG-EAR.simulated.beast"]["rows"] > 100
        ticks = [tick for tick, _ in frames]
        assert ticks == sorted(ticks) and ticks[-1] < 30 * 12_000_000
        assert {message[0] >> 3 for _, message in frames} <= {11, 17, 18}
        assert {len(message) for _, message in frames if message[0] >> 3 == 17} == {14}

    def test_without_a_receiver_there_is_nothing_to_write(self, tmp_path):
        with pytest.raises(ConfigError, match="adsb"):
            run(small(tmp_path), "-o", tmp_path / "x", "--format", "beast")
        assert not (tmp_path / "x").exists()


class TestSameAgain:
    def test_the_same_command_makes_the_same_octets(self, made, tmp_path):
        run("kant", "-o", tmp_path / "b", "--format", "parquet,csv,pcap,raw", *LENGTH, *IDEAL_DELIVERY)
        assert contents(tmp_path / "b") == contents(made)

    def test_how_time_is_cut_and_rows_are_grouped_does_not_show(self, tmp_path, monkeypatch):
        """Groups of few rows, so that they end within batches and batches within them."""
        monkeypatch.setattr(simulate_out, "GROUP_ROWS", 500)
        found = find("kant")
        running = begin(found)
        begin_ns = running.sky.begin_ns
        wanted = Wanted(begin_ns, begin_ns + 12 * SECOND)
        formats = ("parquet", "csv", "pcap", "raw")
        described = describe(running, wanted, formats, found.name)
        for name, longest_s in (("a", 60.0), ("b", 0.7), ("c", 5.0)):
            (tmp_path / name).mkdir()
            make_files(running, wanted, described, found.text, tmp_path / name, longest_s=longest_s)
        assert contents(tmp_path / "a") == contents(tmp_path / "b") == contents(tmp_path / "c")
        assert pyarrow.parquet.ParquetFile(tmp_path / "a" / "plots.parquet").num_row_groups > 1

    def test_another_seed_is_another_sky(self, tmp_path):
        for seed in ("1", "2"):
            run("kant", "-o", tmp_path / seed, "--for", "5s", "--seed", seed)
        one, two = contents(tmp_path / "1"), contents(tmp_path / "2")
        assert all(one[name] != two[name] for name in ("plots.parquet", "truth.parquet", "asterix.pcap"))

    def test_batches_join_without_a_seam_and_stay_small(self, monkeypatch):
        monkeypatch.setattr(simulate_batches, "PLOTS_MAX", 900)
        running = begin(find("kant"))
        begin_ns = running.sky.begin_ns
        cut = list(batches(running, Wanted(begin_ns, begin_ns + 30 * SECOND, octets=False)))
        assert [batch.begin_ns for batch in cut[1:]] == [batch.end_ns for batch in cut[:-1]]
        assert (cut[0].begin_ns, cut[-1].end_ns) == (begin_ns, begin_ns + 30 * SECOND)
        assert max(batch.plots.num_rows for batch in cut) < 900


class TestChoices:
    def test_members_leave_the_others_sensors_out_and_the_world_as_it_is(self, made, tmp_path):
        run("kant", "-o", tmp_path / "kg", "--members", "KG", *LENGTH, *IDEAL_DELIVERY)
        whole, mine = table(made, "plots"), table(tmp_path / "kg", "plots")
        ids = [one.id for one in find("kant").scenario.sensor if one.member == "KG"]
        kept = whole.filter(pa.compute.is_in(whole["sensor"].cast(pa.string()), pa.array(ids)))
        assert mine.num_rows > 100
        words = ["sensor", "detection"]
        assert mine.drop(words).equals(kept.drop(words))
        for name in words:
            assert mine[name].to_pylist() == kept[name].to_pylist()
        assert not (tmp_path / "kg" / "sensors-RU.toml").exists()
        assert table(tmp_path / "kg", "truth").equals(table(made, "truth"))

    def test_no_effects_no_flaws(self, tmp_path):
        run("kant", "-o", tmp_path / "ideal", "--without", "all", "--for", "10s", "--format", "parquet")
        causes = set(table(tmp_path / "ideal", "truth_index")["cause"].to_pylist())
        assert not causes & {"split", "reflection", "ring-around", "clutter-spot"}

    def test_truth_as_often_as_asked_or_never(self, tmp_path):
        run("kant", "-o", tmp_path / "1", "--for", "3s", "--truth-every", "0.5", "--format", "parquet")
        assert len(np.unique(table(tmp_path / "1", "truth")["time"].cast(pa.int64()).to_numpy())) == 6
        run("kant", "-o", tmp_path / "0", "--for", "3s", "--truth-every", "0", "--format", "parquet")
        assert not (tmp_path / "0" / "truth.parquet").exists()

    def test_another_begin_and_another_number_of_aircraft(self, tmp_path):
        run(
            "kant", "-o", tmp_path / "x", "--for", "4s", "--begin", "2027-01-02T23:59:58Z", "--aircraft", "20"
        )
        said = json.loads((tmp_path / "x" / "manifest.json").read_bytes())
        assert said["begin"] == "2027-01-02T23:59:58Z"
        # Scripted flights and those about a border come on top.
        assert 20 <= said["airframes"] < 60
        truth = table(tmp_path / "x", "truth")
        assert str(truth["time"].cast(pa.int64()).to_numpy().min().astype("datetime64[ns]")).startswith(
            "2027-01-02T23:59:58"
        )

    def test_a_former_data_set_is_replaced_only_when_asked_and_nothing_else_is_touched(self, tmp_path):
        folder = tmp_path / "x"
        run("kant", "-o", folder, "--for", "2s", "--format", "parquet,raw")
        with pytest.raises(InputError, match="--overwrite"):
            run("kant", "-o", folder, "--for", "2s")
        (folder / "notes.txt").write_text("mine")
        run("kant", "-o", folder, "--for", "2s", "--format", "pcap", "--overwrite")
        there = contents(folder)
        assert there["notes.txt"] == b"mine"
        assert "asterix.pcap" in there and "plots.parquet" not in there
        assert not [name for name in there if name.endswith(".ast")]

    def test_what_was_broken_off_says_so(self, tmp_path, monkeypatch):
        def full(self, octets):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(simulate_out.CsvSink, "write", full)
        with pytest.raises(InputError, match="No space left"):
            run("kant", "-o", tmp_path / "x", "--for", "2s", "--format", "csv")
        assert json.loads((tmp_path / "x" / "manifest.json").read_bytes())["complete"] is False
        monkeypatch.undo()
        run("kant", "-o", tmp_path / "x", "--for", "2s", "--format", "csv", "--overwrite")

    def test_the_library_gives_the_same_tables(self, made):
        got = asman.simulate("kant", seconds=20, without=["delivery"])
        assert got.plots.drop(["sensor", "detection"]).equals(
            table(made, "plots").drop(["sensor", "detection"]), check_metadata=False
        )
        assert got.truth_index["aircraft"].equals(table(made, "truth_index")["aircraft"])
        assert [one.id for one in got.sensors] == [one.id for one in find("kant").scenario.sensor]

    def test_the_lists_name_what_there_is(self):
        assert "kant" in run("--list").stdout
        assert "merge" in run("--effects").stdout

    def test_every_cause_has_a_word(self):
        numbers = [value for name, value in vars(radar).items() if name.startswith("OF_")]
        assert sorted(numbers) == list(range(len(simulate_batches.CAUSES)))
        assert simulate_batches.CAUSES[radar.OF_FRUIT] == "fruit"
        assert simulate_batches.CAUSES[radar.OF_GHOST] == "ghost"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["kan", "-o", "OUT"], "kant"),
        (["no/such.toml", "-o", "OUT"], "no such file"),
        (["-o", "OUT"], "SCENARIO"),
        (["kant"], "-o DIR or --to URL"),
        (["kant", "-o", "OUT", "--to", "udp://127.0.0.1:1"], "-o DIR or --to URL"),
        (["kant", "-o", "OUT", "--format", "parket"], "parquet"),
        (["kant", "-o", "OUT", "--for", "soon"], "30s"),
        (["kant", "-o", "OUT", "--for", "-5"], "above zero"),
        (["kant", "-o", "OUT", "--for", "9000h"], "31 days"),
        (["kant", "-o", "OUT", "--begin", "yesterday"], "2026-06-01T04:00:00Z"),
        (["kant", "-o", "OUT", "--begin", "2026-06-01T04:00:00"], "zone"),
        (["kant", "-o", "OUT", "--begin", "1950-01-01T00:00:00Z"], "1970"),
        (["kant", "-o", "OUT", "--without", "merg"], "merge"),
        (["kant", "-o", "OUT", "--members", "KG,UZ"], "UZ"),
        (["kant", "-o", "OUT", "--truth-every", "0.001"], "0.05"),
        (["kant", "-o", "OUT", "--speed", "10"], "live"),
        (["kant", "-o", "OUT", "--recorded", "x.json"], "recorded"),
        (["kant", "-o", "OUT", "--terrain", "no-such-folder"], "no-such-folder"),
        (["kant", "--to", "udp://127.0.0.1"], "port"),
        (["kant", "--to", "KG-OHS=udp://127.0.0.1:1"], "KG-OSH"),
        (["kant", "--to", "udp://127.0.0.1:1", "--speed", "fast"], "max"),
        (["kant", "--to", "udp://127.0.0.1:1", "--speed", "0"], "above 0"),
        (["kant", "--to", "udp://127.0.0.1:1", "--format", "pcap"], "files"),
        (["kant", "--to", "udp://127.0.0.1:1", "--overwrite"], "files"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_made(words, said, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match=said):
        run(*[out if word == "OUT" else word for word in words])
    assert not out.exists()


def test_a_folder_of_somebody_elses_stays_as_it_is(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    for more in ([], ["--overwrite"]):
        with pytest.raises(InputError, match="photo"):
            run("kant", "-o", tmp_path, "--for", "2s", *more)
    with pytest.raises(InputError, match="is a file"):
        run("kant", "-o", tmp_path / "photo.jpg", "--for", "2s")
    assert contents(tmp_path) == {"photo.jpg": b"x"}


class TestLive:
    def test_octets_arrive_and_are_those_of_the_exercise(self):
        from asman import exercise
        from asman.wire.asterix.encode import encode

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            one.bind(("127.0.0.1", 0))
            one.settimeout(0.5)
            url = f"udp://127.0.0.1:{one.getsockname()[1]}"
            done = run(
                "kant",
                "--to",
                f"KG-OSH={url}",
                "--begin",
                "2026-06-01T04:00:00Z",
                "--for",
                "12s",
                "--speed",
                "max",
            )
            got = []
            try:
                while True:
                    got.append(one.recv(2000))
            except TimeoutError:
                pass
        running = begin(find("kant"))
        sent = exercise.emissions(running, running.sky.begin_ns, running.sky.begin_ns + 12 * SECOND, encode)
        assert got == [datagram.octets for datagram in sent if datagram.feed == "KG-OSH"]
        assert len(got) > 50
        assert "have no --to" in done.stderr

    @pytest.mark.system
    def test_an_interrupt_ends_it_in_order(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", 0))
            one.settimeout(200.0)
            words = [
                "simulate",
                "kant",
                "--aircraft",
                "10",
                "--to",
                f"udp://127.0.0.1:{one.getsockname()[1]}",
            ]
            running = subprocess.Popen(
                [sys.executable, "-m", "asman.apps.main", *words], stderr=subprocess.PIPE, text=True
            )
            try:
                one.recv(2000)
                running.send_signal(signal.SIGINT)
                _, said = running.communicate(timeout=60)
            finally:
                running.kill()
        assert running.returncode == 0, said
        assert "sent" in said and "Traceback" not in said


def test_a_config_error_is_an_input_error():
    assert issubclass(ConfigError, InputError)
