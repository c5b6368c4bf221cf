"""`asman score` of recordings: against their own ADS-B or multilateration, and of tracks in CAT062."""

import gzip
import json
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.scoring.adsb import FAULTS, plots, transmitted
from tests.sensing.system_records import EDITION, system_records

import asman
from asman import exercise
from asman.apps.score import command, read_config
from asman.apps.score_recorded import score_recorded
from asman.errors import InputError
from asman.model.plots import PLOTS
from asman.model.sensor import RADAR_KINDS, Sensors
from asman.scoring.config import ReferenceConfig, ScoreConfig
from asman.scoring.observable import observable
from asman.scoring.reference import clean
from asman.scoring.reference_checks import JUMP, STALE
from asman.scoring.report import Report
from asman.wire.asterix.encode import encode

SECOND_NS = 10**9
MINUTES = 6
EXAMPLES = Path(__file__).resolve().parents[2] / "examples/sensors"


class Sky:
    """Some minutes of an exercise: truth a second, radar plots, ADS-B with known faults."""

    def __init__(self) -> None:
        text = files("asman.exercise").joinpath("scenarios/kant.toml").read_text(encoding="utf-8")
        scenario = exercise.parse_scenario(text, "kant.toml")
        begin = 1_767_225_600 * SECOND_NS
        running = exercise.start(scenario, aircraft=70, begin_ns=begin)
        end = begin + MINUTES * 60 * SECOND_NS
        self.truth = exercise.truth(running, np.arange(begin, end, SECOND_NS))
        self.sensors: Sensors = tuple(one for one in exercise.sensors(running) if one.kind in RADAR_KINDS)
        ids = [one.id for one in self.sensors]
        swept = exercise.sweep(running, begin, end).plots
        self.radar = swept.filter(np.isin(swept["sensor"].cast(pa.string()).to_pylist(), ids))
        self.adsb, self.fault = transmitted(self.truth, np.random.default_rng(4), 0.05)


@pytest.fixture(scope="module")
def sky() -> Sky:
    return Sky()


def rms(report: Report) -> float:
    return report.errors[0].rms


def test_a_cleaned_reference_judges_as_the_truth_does(sky: Sky):
    tracks = asman.track(sky.radar, sky.sensors, every=10.0)
    config = ScoreConfig(settle_s=60.0)
    height = sky.truth["altitude_m"].to_numpy()
    lat, lon = (np.radians(sky.truth[name].to_numpy()) for name in ("lat_deg", "lon_deg"))
    seen = observable(lat, lon, height, np.zeros(lat.size, bool), sky.sensors)
    # The simulator knows what mountains hide; a recording does not.
    kept = [name for name in sky.truth.column_names if name != "observable"]
    truth = sky.truth.select(kept).append_column("observable", pa.array(seen))
    by_truth = asman.score(truth, tracks, config)

    both = pa.concat_tables([sky.radar, sky.adsb]).unify_dictionaries()
    # Everybody here has ADS-B, so whoever it does not know is false.
    all_known = ScoreConfig(settle_s=60.0, reference=ReferenceConfig(strangers_false=True))
    by_reference = score_recorded([both], "adsb", sky.sensors, tracks, all_known)
    assert by_reference.reference is not None
    assert by_reference.about.aircraft == pytest.approx(by_truth.about.aircraft, abs=2)
    assert by_reference.gospa.per_target_m == pytest.approx(by_truth.gospa.per_target_m, rel=0.03)
    assert by_reference.gospa.missed_share == pytest.approx(by_truth.gospa.missed_share, abs=0.005)
    assert by_reference.gospa.false_share == pytest.approx(by_truth.gospa.false_share, abs=0.01)
    assert rms(by_reference) == pytest.approx(rms(by_truth), rel=0.03)
    assert by_reference.nees[0].mean.mean == pytest.approx(by_truth.nees[0].mean.mean, rel=0.1)

    # Where not everybody can be known to have it, such tracks are not judged; all else stays.
    usual = score_recorded([both], "adsb", sky.sensors, tracks, config)
    assert usual.gospa.missed_share == pytest.approx(by_truth.gospa.missed_share, abs=0.005)
    assert usual.gospa.false_share <= by_truth.gospa.false_share
    assert rms(usual) == pytest.approx(rms(by_truth), rel=0.03)

    # As it comes the same ADS-B would have judged wrongly: that is what cleaning is for.
    raw = sky.adsb.rename_columns(["aircraft" if n == "address" else n for n in sky.adsb.column_names])
    by_raw = asman.score(raw, tracks, config)
    assert by_raw.gospa.missed_share > 2.0 * by_truth.gospa.missed_share
    assert by_raw.gospa.per_target_m > 1.3 * by_truth.gospa.per_target_m


def test_what_was_put_in_is_what_was_left_out(sky: Sky):
    found = clean(sky.adsb, "adsb", ReferenceConfig(), 30.0)
    out = found.reason >= 0
    for kind in range(1, len(FAULTS)):
        assert out[sky.fault == kind].mean() >= 0.95, FAULTS[kind]
    assert out[sky.fault == 0].mean() <= 0.005


def test_without_tracks_the_other_reports_are_tracked(sky: Sky):
    both = pa.concat_tables([sky.radar, sky.adsb]).unify_dictionaries()
    own = score_recorded([both], "adsb", sky.sensors, None, ScoreConfig(settle_s=60.0))
    assert own.siap.completeness > 0.6
    assert own.gospa.false_share < 0.05
    assert own.reference is not None and own.reference.observable_share is not None
    assert any(note.startswith("reference: ") for note in own.notes)


def test_a_ready_truth_can_judge_what_recordings_hold(sky: Sky, tmp_path: Path):
    truth = tmp_path / "truth.parquet"
    pq.write_table(sky.truth, truth)
    judged = score_recorded([sky.radar], str(truth), sky.sensors)
    tracks = asman.track(sky.radar, sky.sensors, every=10.0)
    assert judged.reference is None
    assert judged.gospa == asman.score(truth, tracks).gospa


def test_tracks_as_cat062_score_as_the_same_tracks_in_a_table(sky: Sky, tmp_path: Path):
    tracks = asman.track(sky.radar, sky.sensors, every=10.0)
    octets = encode(system_records(tracks), 62, EDITION).octets
    recording, table, truth = tmp_path / "picture.bin", tmp_path / "tracks.any", tmp_path / "truth.parquet"
    recording.write_bytes(octets)
    pq.write_table(tracks, table)
    pq.write_table(sky.truth, truth)
    by_table = asman.score(truth, table)
    by_octets = asman.score(truth, recording, date="2026-01-01")
    assert by_octets.about.tracks == by_table.about.tracks
    assert by_octets.about.simulated
    assert by_octets.continuity == by_table.continuity
    # A step of latitude is 0.6 m, of velocity 0.25 m/s, of accuracy 0.5 m.
    assert by_octets.gospa.per_target_m == pytest.approx(by_table.gospa.per_target_m, abs=0.5)
    assert by_octets.gospa.missed_share == by_table.gospa.missed_share
    for seen, true in zip(by_octets.errors, by_table.errors, strict=True):
        tolerance = {"m": 4.0, "m/s": 0.3, "deg": 0.3, "s": 0.3}[true.unit]
        assert seen.rms == pytest.approx(true.rms, abs=tolerance), true.name
    assert by_octets.nees[0].mean.mean == pytest.approx(by_table.nees[0].mean.mean, rel=0.02)
    assert by_octets.identity[0].correctness == by_table.identity[0].correctness


def test_a_recording_can_be_the_truth(sky: Sky, tmp_path: Path):
    tracks = asman.track(sky.radar, sky.sensors, every=10.0)
    recording = tmp_path / "their.ast"
    recording.write_bytes(encode(system_records(tracks), 62, EDITION).octets)
    report = asman.score(recording, tracks, date="2026-01-01")
    assert rms(report) < 2.0


def test_midnight_and_day_come_from_the_files_name_where_packets_do_not_say(sky: Sky, tmp_path: Path):
    recording = tmp_path / "picture-2026-01-01.ast"
    tracks = asman.track(sky.radar, sky.sensors, every=10.0)
    recording.write_bytes(encode(system_records(tracks), 62, EDITION).octets)
    assert asman.score(sky.truth, recording).about.begin.startswith(str(date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--reference", "adsb", "{radar}"], "no ADS-B report to judge by; there are"),
        (["--reference", "mlat", "{adsb}"], "--reference adsb"),
        (["--reference", "adsb", "{adsb}"], "nothing to be judged beside the reference"),
        (["--reference", "adsb", "none.pcap"], "there is no such file"),
        (["--ground", "{adsb}", "{adsb}"], "Add --reference adsb"),
        (["{adsb}"], "needed a truth and tracks, there is 1"),
    ],
)
def test_what_cannot_be_scored_says_what_was_found_and_how_to_mend_it(
    sky: Sky, tmp_path: Path, words: list[str], said: str
):
    paths = {"radar": tmp_path / "radar.parquet", "adsb": tmp_path / "adsb.parquet"}
    pq.write_table(sky.radar, paths["radar"])
    pq.write_table(sky.adsb, paths["adsb"])
    sensors = tmp_path / "sensors.toml"
    sensors.write_text(
        "".join(
            f'[[sensor]]\nid = "{one.id}"\nlat_deg = {one.lat_deg}\nlon_deg = {one.lon_deg}\n'
            f'kind = "{one.kind}"\n'
            for one in sky.sensors
        )
    )
    filled = [word.format(**paths) for word in words]
    if "--reference" in words:
        filled += ["--sensors", str(sensors)]
    done = CliRunner().invoke(command, filled)
    assert done.exit_code != 0
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)


def test_a_radar_without_a_site_is_asked_for_and_never_left_out_in_silence(sky: Sky, shared_data: Path):
    radar = shared_data / "asterix/barcelona-radar-2023-05-02.cat048.ast"
    with pytest.raises(InputError, match=r"SAC 20, SIC 129") as refused:
        score_recorded([radar, sky.adsb], "adsb")
    assert "[[sensor]]" in str(refused.value)
    tracks = asman.track(sky.radar, sky.sensors, every=10.0)
    report = score_recorded([radar, sky.adsb], "adsb", tracks=tracks)
    assert any("SAC 20, SIC 129: no site is known" in note for note in report.notes)


def test_the_limits_of_the_reference_are_settings(tmp_path: Path):
    path = tmp_path / "score.toml"
    path.write_text("[reference]\nepu_max_m = 185.2\n")
    assert read_config(path).reference.epu_max_m == 185.2
    path.write_text("[reference]\nepu_max = 185.2\n")
    with pytest.raises(InputError, match="epu_max"):
        read_config(path)


def test_a_surface_radar_agrees_with_the_multilateration_of_its_airport(shared_data: Path, tmp_path: Path):
    folder = shared_data / "asterix"
    page, data = tmp_path / "page.html", tmp_path / "score.json"
    begin = folder / "barcelona-mlat-2020-10-02.cat010.ast"
    radar = folder / "barcelona-smr-2020-10-02.cat010.ast"
    # A quarter of an hour of each: records have no common length, so cut behind a data block.
    parts = [cut(path, tmp_path, share) for path, share in ((begin, 0.12), (radar, 0.12))]
    words = ["--reference", "mlat", *map(str, parts), "--sensors", str(EXAMPLES / "barcelona.toml")]
    words += ["--ground", "--cutoff", "100", "--date", "2020-10-02"]
    done = CliRunner().invoke(command, [*words, "--report", str(page), "--json", str(data)])
    assert done.exit_code == 0, done.output
    report = json.loads(data.read_text())
    assert report["reference"]["kind"] == "mlat"
    assert report["errors"][0]["median"] < 20.0
    assert (
        report["reference"]["used"] + sum(s["count"] for s in report["reference"]["steps"])
        == (report["reference"]["reports"])
    )
    assert "What it is judged by" in page.read_text()
    assert "multilateration" in done.output


def cut(path: Path, folder: Path, share: float) -> Path:
    """The first part of a recording of data blocks."""
    octets, end = path.read_bytes(), 0
    while end < share * path.stat().st_size:
        end += int.from_bytes(octets[end + 1 : end + 3], "big")
    part = folder / path.name
    part.write_bytes(octets[:end])
    return part


def test_tracks_of_every_second_ads_b_report_lie_on_the_others(shared_data: Path):
    found = asman.plots(shared_data / "asterix/alicante-adsb.cat021.ast")
    address = found["address"].to_numpy(zero_copy_only=False)
    time = found["time"].cast(pa.int64()).to_numpy()
    order = np.lexsort((time, address))
    number = np.empty(order.size, np.int64)
    number[order] = np.arange(order.size)
    tracks = asman.track(found.filter(pa.array(number % 2 == 1)))
    held_out = found.filter(pa.array(number % 2 == 0))
    report = score_recorded([held_out], "adsb", tracks=tracks, config=ScoreConfig(truth_gap_s=15.0))
    assert report.reference is not None and report.reference.used > 8_000
    assert report.siap.completeness > 0.95
    assert report.errors[0].median < 30.0
    assert report.continuity.swaps <= 1


def trajectories(path: Path) -> pa.Table:
    """A file of recorded flights as PLOTS: places, velocities, stamps of whole seconds."""
    rows = json.loads(gzip.decompress(path.read_bytes()))
    rows.sort(key=lambda row: row["timestamp"])

    def numbers(name: str) -> np.ndarray:
        return np.array([np.nan if row.get(name) is None else row[name] for row in rows], float)

    speed, course = numbers("groundspeed") * 1852 / 3600, np.radians(numbers("track"))
    return plots(
        len(rows), time=pa.array((numbers("timestamp") * 1e6).astype(np.int64), PLOTS.field("time").type),
        lat_deg=numbers("latitude"), lon_deg=numbers("longitude"),
        address=[int(row["icao24"], 16) for row in rows], vn_mps=speed * np.cos(course),
        ve_mps=speed * np.sin(course), on_ground=[bool(row.get("onground")) for row in rows],
    )  # fmt: skip


def test_known_faults_of_public_trajectories_are_found(shared_data: Path):
    # Stamps are whole seconds: at 200 m/s that is an error of some 60 m along the course.
    limits = ReferenceConfig(unqualified=True, ground=True, sigma_m=100.0)
    carrier = clean(trajectories(shared_data / "trajectories/aircraft_carrier.json.gz"), "adsb", limits, 30.0)
    assert carrier.about.steps[STALE].count / carrier.about.reports == pytest.approx(0.488, abs=0.005)

    table = trajectories(shared_data / "trajectories/quickstart.json.gz")
    found = clean(table, "adsb", limits, 30.0)
    stale, faster = plain_counts(table)
    # The plain count compares neighbours; a place that is repeated for many seconds is found slower, too.
    assert 0.10 < stale < found.about.steps[STALE].count / found.about.reports < stale + 0.04
    # Nobody who goes three times as fast as he says is believed.
    kept = found.truth.filter(found.truth["observable"])
    assert 0.0015 < faster < 0.0035
    assert found.about.steps[JUMP].count / found.about.reports > faster
    assert plain_counts(kept.append_column("address_", kept["address"]))[1] < 0.02 * faster


def plain_counts(table: pa.Table) -> tuple[float, float]:
    """Share of reports with the place of the one before though over 25 m/s; and of three times the speed."""
    who = table["address"].to_numpy(zero_copy_only=False)
    time = table["time"].cast(pa.int64()).to_numpy() / 1e9
    order = np.lexsort((time, who))
    speed = np.hypot(
        *(np.asarray(table[name].to_numpy(zero_copy_only=False), float) for name in ("vn_mps", "ve_mps"))
    )[order]
    lat, lon = (np.radians(table[name].to_numpy())[order] for name in ("lat_deg", "lon_deg"))
    same = np.diff(who[order]) == 0
    way = 6_371_000.0 * np.hypot(np.diff(lat), np.diff(lon) * np.cos(lat[1:]))
    step = np.maximum(np.diff(time[order]), 0.5)
    stale = same & (way == 0.0) & (speed[1:] > 25.0)
    faster = same & (way > 0.0) & (way / step > 3.0 * np.maximum(speed[1:], 50.0))
    return float(stale.mean()), float(faster.mean())
